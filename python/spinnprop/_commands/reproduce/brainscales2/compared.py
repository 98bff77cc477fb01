"""What experiments of trained networks on the emulated BrainScaleS-2 have in common: options, runs, table and picture."""

from __future__ import annotations

import argparse
import functools
from functools import partial
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Sequence, Tuple

from ...._library import __version__
from ... import grammar
from ...folder import begin, clear
from ...report import write_results
from ..results import EARLIER, add_shared, counted
from ..trained import quartiles
from .experiment import QUICK
from .runs import CHIP, LOOP, METHODS, TRAINED, Case, Row, Trained, find

DELAYS = ("none", "axonal")


class Experiment(NamedTuple):
    """An experiment: networks, each trained in some way for the chip of each seed."""

    name: str
    #: For its help: what it is in a line, and what is done.
    summary: str
    description: str
    epochs: int
    #: Those of a quick run.
    quick: int
    methods: Sequence[str]
    #: Of a kind of delays and a method.
    cases: Callable[[str, str], List[Case]]
    #: What a reader must know of the table.
    notes: Sequence[str]
    #: Draws rows on a figure of this size.
    draw: Callable[[Any, Sequence[Row]], None]
    size: Tuple[float, float]
    #: The statistics of chips that each sweep varies, if there are sweeps.
    sweeps: Mapping[str, Tuple[str, ...]] = {}


def add_parser(settings: Any, experiment: Experiment) -> None:
    """The grammar of an experiment."""
    parser = grammar.command(
        settings,
        experiment.name,
        partial(run, experiment=experiment),
        experiment.summary,
        f"{experiment.description} Each seed has a chip of its own. Runs that are already in the folder are not run again.",
        pictures=True,
    )
    parser.add_argument(
        "--methods", nargs="+", default=list(experiment.methods), choices=experiment.methods, metavar="NAME",
        help="what networks are trained on; " + "; ".join(f"{name}: {METHODS[name]}" for name in experiment.methods),
    )  # fmt: skip
    parser.add_argument(
        "--delays", nargs="+", default=list(DELAYS), choices=DELAYS, metavar="KIND", help=f"kinds of delays: {', '.join(DELAYS)}"
    )
    if experiment.sweeps:
        parser.add_argument(
            "--sweeps", nargs="+", default=list(experiment.sweeps), choices=list(experiment.sweeps), metavar="NAME",
            help="; ".join(f"{name}: {', '.join(statistics)}" for name, statistics in experiment.sweeps.items()),
        )  # fmt: skip
    else:
        parser.set_defaults(sweeps=None)
    add_shared(parser, seeds=5, epochs=experiment.epochs, out=f"reproduce-{experiment.name}")
    parser.add_argument(
        "--quick", dest="epochs", action="store_const", const=experiment.quick, default=argparse.SUPPRESS,
        help=f"{experiment.quick} epochs, for a first impression",
    )  # fmt: skip


def run(options: argparse.Namespace, experiment: Experiment) -> None:
    """Runs what is not in ``options.out`` yet, then prints the table and writes it with a picture."""
    # Imported before the training, so that what is missing is missed at once.
    from .... import plot as plot

    command = f"reproduce {experiment.name}"
    begin(options.out, command)
    cases = [
        case
        for delays in dict.fromkeys(options.delays)
        for method in dict.fromkeys(options.methods)
        for case in experiment.cases(delays, method)
        if options.sweeps is None or tuple(case.statistics) in [experiment.sweeps[name] for name in options.sweeps]
    ]
    print(f"{counted(len(cases), 'network')}, {counted(options.epochs, 'epoch')}, {counted(options.seeds, 'seed')}", flush=True)
    rows = train(experiment.name, cases, options.seeds, options.epochs, options.out)
    _print_table(rows, experiment.notes)
    if options.epochs <= experiment.quick:
        print(QUICK)
    clear(options.out, command, but=(f"{experiment.name}-*",))
    chosen = {name: getattr(options, name) for name in ("methods", "delays", "sweeps", "seeds", "epochs")}
    metrics = {
        "spinnprop": __version__, "setting": experiment.name, "options": chosen, "networks": [row.as_json() for row in rows]
    }  # fmt: skip
    pictures = {experiment.name.split("-", 1)[1]: (lambda figure: experiment.draw(figure, rows), experiment.size)}
    write_results(options, command, metrics, pictures)


def train(name: str, cases: Sequence[Case], seeds: int, epochs: int, out: str) -> List[Row]:
    """All seeds of all cases; lines say how far it is. A case that is trained in the loop has one row, others have one besides for
    what they were trained on."""
    rows = []
    loaded: Dict[Any, Any] = {}
    trained: Dict[str, Trained] = {}
    for case in cases:
        found = []
        for seed in range(seeds):
            load = loaded.setdefault((id(case.task), seed), functools.lru_cache(None)(partial(case.task.load, seed)))
            result, is_earlier = find(name, case, seed, epochs, load, trained, out)
            found.append(result)
            print(
                f"{case.label}, seed {seed}: test accuracy {result[TRAINED]:.1f} %, on the chip {result[CHIP]:.1f} %"
                f"{EARLIER if is_earlier else ''}",
                flush=True,
            )
        places = [CHIP] if case.method == LOOP else [TRAINED, CHIP]
        rows += [Row(case, place, [result[place] for result in found]) for place in places]
    return rows


def _print_table(rows: Sequence[Row], notes: Sequence[str]) -> None:
    line = "{:<9}  {:<7}  {:<24}  {:<14}  {:<9}  {:>6}  {:>14}  {}"
    print("\n" + line.format("network", "delays", "chip", "trained", "tested on", "median", "quartiles", "published"))
    for row in rows:
        low, middle, high = quartiles(row.accuracies)
        known = "" if row.known is None else " to ".join(f"{value:.1f}" for value in dict.fromkeys(row.known))
        chip = ", ".join(f"{name} {value:g}" for name, value in row.case.statistics.items()) or "calibrated"
        print(
            line.format(
                row.case.task.shape, row.case.delays, chip, row.case.method, "the chip" if row.tested == CHIP else "the same",
                f"{middle:.1f}", f"{low:.1f} .. {high:.1f}", known,
            ).rstrip()
        )  # fmt: skip
    print(
        f"\ntest accuracy in percent over {counted(len(rows[0].accuracies), 'seed')}, each with a chip; what no output answers counts as wrong"
    )
    for method in dict.fromkeys(row.case.method for row in rows):
        print(f"{method}: trained on {METHODS[method]}")
    for note in notes:
        print(note)
