"""What settings have in common that train several networks for several seeds: options, runs, table and pictures."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence

import numpy as np

from ..._engines.base import BaseEngine
from ..._library import __version__
from .. import grammar
from ..folder import begin, clear
from ..report import Pictures, write_results
from . import trained
from .results import EARLIER, add_shared, counted
from .trained import ENDED, PUBLISHED_TEST, TEST, VALIDATION, Case, Found, find, load, quartiles

#: Kinds of delays, and sizes of the hidden layer, in the order in which they are trained.
DELAYS = ("none", "axonal", "dendritic", "synaptic")
HIDDEN = (30, 25, 20, 15, 10, 5)


class Setting(NamedTuple):
    """A published setting."""

    name: str
    #: For its help: what it is in a line, and what is done.
    summary: str
    description: str
    #: In a word, what the known numbers are of, and in a sentence what they are and what measured them.
    known: str
    source: str
    #: What else a reader must know of the table.
    notes: Sequence[str]
    #: Makes what it runs on, by name; "both" stands for the first two.
    engines: Callable[[], Dict[str, BaseEngine]]
    #: The networks: of an engine, hidden neurons, a kind of delays.
    case: Callable[[BaseEngine, int, str], Case]
    hidden: Sequence[int] = HIDDEN
    delays: Sequence[str] = DELAYS
    #: Where `case` has choices of this project: what makes its training the published one.
    as_published: Optional[Callable[[Case], Case]] = None


def add_parser(settings: Any, setting: Setting) -> None:
    """The grammar of a setting."""
    engines = setting.engines()
    both = _both(engines)
    parser = grammar.command(
        settings,
        setting.name,
        lambda options: run(options, setting, engines),
        setting.summary,
        f"{setting.description} Runs that are already in the folder are not run again.",
        pictures=True,
    )
    parser.add_argument(
        "--engine",
        default="both",
        choices=["both", *engines],
        help=f"what networks are trained and tested on; both: {both[0]}, then {both[1]}",
    )
    if len(setting.hidden) > 1:
        parser.add_argument(
            "--hidden", type=grammar.positive, nargs="+", default=list(setting.hidden), choices=setting.hidden,
            metavar="N", help="hidden neurons",
        )  # fmt: skip
        parser.add_argument(
            "--delays", nargs="+", default=list(setting.delays), choices=setting.delays, metavar="KIND",
            help=f"kinds of delays: {', '.join(setting.delays)}",
        )  # fmt: skip
    else:
        parser.set_defaults(hidden=list(setting.hidden), delays=list(setting.delays))
    if setting.as_published is not None:
        parser.add_argument("--as-published", action="store_true", help="train as the authors do, without this project's choices")
    add_shared(parser, seeds=5, epochs=300, out=f"reproduce-{setting.name}")


def _both(engines: Mapping[str, BaseEngine]) -> List[str]:
    return list(engines)[:2]


def run(options: argparse.Namespace, setting: Setting, engines: Mapping[str, BaseEngine]) -> None:
    """Runs what is not in ``options.out`` yet, then prints the table and writes it with pictures."""
    # Imported before the training, so that what is missing is missed at once.
    from ... import plot as plot
    from . import pictures

    command = f"reproduce {setting.name}"
    begin(options.out, command)
    cases = [
        setting.case(engines[engine], hidden, delays)
        for engine in (_both(engines) if options.engine == "both" else [options.engine])
        for hidden in dict.fromkeys(options.hidden)
        for delays in dict.fromkeys(options.delays)
    ]
    name, names = setting.name, ["engine", "hidden", "delays", "seeds", "epochs"]
    if setting.as_published is not None:
        names.append("as_published")
        if options.as_published:
            name, cases = f"{setting.name}-as-published", list(map(setting.as_published, cases))
    print(
        f"Yin-Yang, {counted(len(cases), 'network')}, {counted(options.epochs, 'epoch')} of "
        f"{trained.SAMPLES['train'][0]:,} samples, {counted(options.seeds, 'seed')}, engine {options.engine}",
        flush=True,
    )
    sets = load(cases[0])
    found, ended = [], []
    for case in cases:
        own = Found(case, case.parameters, [], [], [])
        for seed in range(options.seeds):
            result, is_earlier = find(name, case, seed, options.epochs, sets, options.out)
            own.accuracies.append(result[TEST])
            own.published.append(result[PUBLISHED_TEST])
            own.curves.append(result[VALIDATION])
            if ENDED in result:
                ended.append(f"{case.engine.name}, {case.shape}, delays {case.delays}, seed {seed} ended {result[ENDED]}")
            print(
                f"{case.engine.name}, {case.shape}, delays {case.delays}, seed {seed}: "
                f"test accuracy {result[TEST]:.1f} %{EARLIER if is_earlier else ''}",
                flush=True,
            )
        found.append(own)
    rows = [_row(own) for own in found]
    _print_table(rows, setting)
    if ended:
        print("runs that ended early count with what they had learnt:", *ended, sep="\n")
    clear(options.out, command, but=(f"{setting.name}-*",))
    chosen = {each: getattr(options, each) for each in names}
    metrics = {"spinnprop": __version__, "setting": setting.name, "options": chosen, "samples": trained.SAMPLES, "networks": rows, "ended": ended}
    drawn: Pictures = {}
    if len(set(options.hidden)) > 1:
        for by in ("hidden", "parameters"):
            drawn[f"error_by_{by}"] = (partial(pictures.draw_errors, found=found, by=by, known=setting.known), (7, 5))
    width = 3 + 3 * len(set(options.delays))
    drawn["validation_error"] = (lambda figure: pictures.draw_courses(figure, found), (width, 4.5))
    write_results(options, command, metrics, drawn)


def _row(found: Found) -> Dict[str, Any]:
    """What the table says of a case, in percent."""
    case, accuracies = found.case, found.accuracies
    low, middle, high = map(float, quartiles(accuracies))
    spread: Optional[float] = float(np.std(accuracies, ddof=1)) if len(accuracies) > 1 else None
    return {
        "engine": case.engine.name,
        "network": case.shape,
        "delays": case.delays,
        "parameters": found.parameters,
        "test_accuracies": accuracies,
        "median": middle,
        "quartiles": [low, high],
        "mean": float(np.mean(accuracies)),
        "standard_deviation": spread,
        "published_test_accuracies": found.published,
        "mean_on_published_test": float(np.mean(found.published)),
        "known": case.known,
    }


def _print_table(rows: List[Dict[str, Any]], setting: Setting) -> None:
    line = "{:<11}  {:<8}  {:<9}  {:>10}  {:>6}  {:>12}  {:>12}  {:>14}  {}"
    heads = ("engine", "network", "delays", "parameters", "median", "quartiles", "mean", "published set", setting.known)
    print("\n" + line.format(*heads))
    for row in rows:
        spread = "" if row["standard_deviation"] is None else f" +- {row['standard_deviation']:.1f}"
        print(
            line.format(
                row["engine"],
                row["network"],
                row["delays"],
                row["parameters"],
                f"{row['median']:.1f}",
                "{:.1f} .. {:.1f}".format(*row["quartiles"]),
                f"{row['mean']:.1f}{spread}",
                f"{row['mean_on_published_test']:.1f}",
                "" if row["known"] is None else f"{row['known']:.1f}",
            ).rstrip()
        )
    print(
        f"\ntest accuracy in percent over {counted(len(rows[0]['test_accuracies']), 'seed')}, on {trained.SAMPLES['test'][0]:,} samples; "
        f"published set: the mean on the {trained.SAMPLES['published test'][0]:,} test samples of the data set's authors"
    )
    print("what no output answers counts as wrong")
    print(f"{setting.known}: {setting.source}")
    for note in setting.notes:
        print(note)
