"""The settings: BioGrad from random and aligned feedback, with and without sleep, beside its twin; table and pictures."""

from __future__ import annotations

import argparse
import functools
from functools import partial
from typing import Any, Dict, List, Optional, Sequence

import numpy as np
import numpy.typing as npt

from ...._library import __version__
from ... import grammar
from ...folder import begin, clear
from ...report import Pictures, write_results
from ..results import EARLIER, add_shared, counted
from .runs import ANGLES, COSINES, TEST, Case, Found, find
from .settings import LEARNERS, TWIN, WORDS, Setting


def add_parser(settings: Any, setting: Setting) -> None:
    """The grammar of a setting."""
    parser = grammar.command(
        settings,
        setting.name,
        partial(run, setting=setting),
        f"{setting.data}, {setting.shape}, by BioGrad (arXiv 2110.14092) and its twin",
        "Train by local traces, error spikes and sleep, from random and from aligned feedback, and without sleep, and by backpropagation through "
        "time of the same network, for several seeds; print accuracies, angles between feedback and forward weights, and how well updates are "
        "aligned with the twin's. Runs that are already in the folder are not run again.",
        pictures=True,
    )
    if setting.needs_folder:
        parser.add_argument("--data", required=True, metavar="FOLDER", help="where the files of the data lie; nothing is downloaded")
    else:
        parser.set_defaults(data=None)
    parser.add_argument(
        "--learners", nargs="+", default=list(LEARNERS), choices=list(LEARNERS), metavar="NAME",
        help="; ".join(f"{name}: {words}" for name, words in WORDS.items()),
    )  # fmt: skip
    add_shared(parser, seeds=5, epochs=setting.epochs, out=f"reproduce-{setting.name}")


def run(options: argparse.Namespace, setting: Setting) -> None:
    """Runs what is not in ``options.out`` yet, then prints the table and writes it with pictures."""
    # Imported before the training, so that what is missing is missed at once.
    from .... import plot as plot
    from . import pictures

    command = f"reproduce {setting.name}"
    begin(options.out, command)
    learners = list(dict.fromkeys(options.learners))
    print(
        f"{setting.data}, {setting.shape}, {counted(options.epochs, 'epoch')}, {counted(options.seeds, 'seed')}",
        flush=True,
    )
    cases = [Case(setting, name, WORDS[name], {**LEARNERS[name], **(setting.twin if name == TWIN else {})}) for name in learners]
    found = train(cases, options.seeds, options.epochs, options.data, options.out)
    rows = [_row(own) for own in found]
    _print_table(rows, setting)
    clear(options.out, command, but=(f"{setting.name}-*",))
    chosen = {name: getattr(options, name) for name in ("learners", "seeds", "epochs")}
    metrics = {"spinnprop": __version__, "setting": setting.name, "options": chosen, "networks": rows}
    drawn: Pictures = {"accuracy": (partial(pictures.draw_accuracies, found=found, known=setting.known), (7, 5))}
    local = [own for own in found if not own.case.is_twin]
    if local:
        hidden = len(setting.sizes) - 2
        drawn["angle"] = (partial(pictures.draw_angles, found=local), (3 + 3 * hidden, 4.5))
        drawn["cosine"] = (partial(pictures.draw_cosines, found=local), (6 + 3 * hidden, 4.5))
    write_results(options, f"{setting.data}, {setting.shape}: {command}", metrics, drawn)


def train(cases: Sequence[Case], seeds: int, epochs: int, folder: Optional[str], out: str) -> List[Found]:
    """All seeds of all cases, each seed's data loaded once at most; lines say how far it is."""
    results: Dict[str, List[Dict[str, Any]]] = {case.name: [] for case in cases}
    for seed in range(seeds):
        load: Any = functools.lru_cache(None)(partial(cases[0].setting.load, folder, seed))
        for case in cases:
            result, is_earlier = find(case, seed, epochs, load, out)
            results[case.name].append(result)
            print(f"{case.words}, seed {seed}: test accuracy {result[TEST][-1]:.1f} %{EARLIER if is_earlier else ''}", flush=True)
    return [
        Found(case, *(np.array([result[name] for result in results[case.name]]) for name in (TEST, ANGLES, COSINES)))
        for case in cases
    ]


def spread(values: npt.NDArray[np.float64]) -> Optional[float]:
    """One seed has none."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else None


def with_spread(mean: float, deviation: Optional[float], digits: int = 1) -> str:
    """As in 95.0 +- 0.4."""
    return f"{mean:.{digits}f}" + ("" if deviation is None else f" +- {deviation:.{digits}f}")


def _row(found: Found) -> Dict[str, Any]:
    """What the table says of a case."""
    last = found.accuracies[:, -1]
    is_twin = found.case.is_twin
    return {
        "learner": found.case.name,
        "words": found.case.words,
        "test_accuracies": last.tolist(),
        "mean": float(last.mean()),
        "standard_deviation": spread(last),
        "lowest": float(last.min()),
        "mean_angles": None if is_twin else found.angles[:, -1].mean(axis=0).tolist(),
        "mean_cosines": None if is_twin else found.cosines[:, -1].mean(axis=0).tolist(),
    }


def _print_table(rows: List[Dict[str, Any]], setting: Setting) -> None:
    def listed(values: Optional[List[float]], digits: int) -> str:
        return "" if values is None else " ".join(f"{value:.{digits}f}" for value in values)

    line = "{:<34}  {:>12}  {:>6}  {:<12}  {}"
    print("\n" + line.format("", "accuracy", "lowest", "angles", "cosines"))
    for row in rows:
        accuracy = with_spread(row["mean"], row["standard_deviation"])
        cells = row["words"], accuracy, f"{row['lowest']:.1f}", listed(row["mean_angles"], 1), listed(row["mean_cosines"], 3)
        print(line.format(*cells).rstrip())
    if setting.known is not None:
        print(line.format("published: random feedback, sleep", f"{setting.known:.2f}", "", "", "").rstrip())
    print(
        f"\naccuracy: on the test set after the last epoch, in percent, over {counted(len(rows[0]['test_accuracies']), 'seed')}; "
        "what no output answers counts as wrong"
    )
    print("angles: between feedback and the product of the forward weights, in degrees, of each hidden layer from the input on")
    print("cosines: of the update and the twin's from the same weights and samples, of each layer from the input on")
    for note in setting.notes:
        print(note)
    means = {row["learner"]: row["mean"] for row in rows}
    for name in ("sleep", "no-sleep"):
        if {name, TWIN} <= set(means):
            below = means[TWIN] - means[name]
            print(f"{WORDS[name]}: {abs(below):.1f} points {'below' if below >= 0 else 'above'} the twin")
