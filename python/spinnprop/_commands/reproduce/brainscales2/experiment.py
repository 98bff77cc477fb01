"""What the experiments on an emulated BrainScaleS-2 have in common: options, runs that are found again, table and picture."""

from __future__ import annotations

import argparse
import math
import os
from functools import partial
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Sequence, Tuple

import numpy as np

from ...._library import __version__
from ...._spikes import SpikeTrains
from ....brainscales2 import Chip
from ... import grammar
from ...folder import begin, clear
from ...report import write_results
from ..results import EARLIER, begun, counted, kept, write
from ..trained import quartiles

#: Chips by name, each made from a seed, and what they are in words.
CHIPS: Dict[str, Callable[[int], Chip]] = {"ideal": Chip.ideal, "calibrated": Chip, "uncalibrated": partial(Chip, calibrated=False)}
WORDS = {
    "ideal": "neurons that do not differ",
    "calibrated": "neurons that differ as on a calibrated chip",
    "uncalibrated": "neurons that differ as on a chip before calibration",
}
#: Keywords of an array whose sensors of correlations do not differ between synapses, on whatever chip; and what is said of those that do.
EVEN = {"sensor_spread": 0.0, "sensor_offset": 0.0}
SENSORS = "sensors of correlations are each chip's own (assumed: amplitudes differ by 20 %, read-outs by 2 of 255) unless a case has even ones, which do not"

#: What the runs of a case found, one per seed: numbers, and lists of them, by name.
Results = List[Dict[str, Any]]


#: What is said of the table of a quick run.
QUICK = "a quick run: it shows that everything runs; its numbers are too few to show an effect"


class Row(NamedTuple):
    """A line of the table: what was published of something, and what each seed has of it."""

    what: str
    published: str
    values: Sequence[float]
    digits: int = 2


class Experiment(NamedTuple):
    """A published experiment."""

    #: "brainscales2-" and the picture's name.
    name: str
    #: For its help: what it is in a line, and what is done.
    summary: str
    description: str
    #: All numbers of the model, and those of them that a quick run has otherwise; files of results hold them.
    sizes: Mapping[str, Any]
    quick: Mapping[str, Any]
    #: What is run for each seed, by name: what `run` is told besides the sizes.
    cases: Mapping[str, Mapping[str, Any]]
    #: Of a case, a seed and sizes; the names of what it finds.
    run: Callable[[Mapping[str, Any], int, Mapping[str, Any]], Dict[str, Any]]
    finds: Sequence[str]
    #: What is said of a run, in a line.
    say: Callable[[Mapping[str, Any]], str]
    rows: Callable[[Mapping[str, Results]], List[Row]]
    draw: Callable[[Any, Mapping[str, Results]], Any]
    figure_size: Tuple[float, float]
    #: What a reader must know of the table: what is published and what was chosen.
    notes: Sequence[str]


def add_parser(settings: Any, experiment: Experiment) -> None:
    """The grammar of an experiment."""
    parser = grammar.command(
        settings,
        experiment.name,
        partial(run, experiment=experiment),
        experiment.summary,
        f"{experiment.description} Runs that are already in the folder are not run again.",
        pictures=True,
    )
    parser.add_argument("--seeds", type=grammar.positive, default=5, metavar="N", help="seeds 0 .. N - 1")
    parser.add_argument("--quick", action="store_true", help="shorter runs, for a first impression")
    grammar.add_out(parser, f"reproduce-{experiment.name}", "for results: a JSON for each case and seed")


def run(options: argparse.Namespace, experiment: Experiment) -> None:
    """Runs what is not in ``options.out`` yet, then prints the table and writes it with the picture."""
    # Imported before the work, so that what is missing is missed at once.
    from .... import plot as plot

    command = f"reproduce {experiment.name}"
    begin(options.out, command)
    sizes = {**experiment.sizes, **(experiment.quick if options.quick else {})}
    print(f"{counted(len(experiment.cases), 'case')}, {counted(options.seeds, 'seed')}", flush=True)
    found: Dict[str, Results] = {name: [] for name in experiment.cases}
    for seed in range(options.seeds):
        for name in experiment.cases:
            result, is_earlier = _find(experiment, name, seed, sizes, options)
            found[name].append(result)
            print(f"{name}, seed {seed}: {experiment.say(result)}{EARLIER * is_earlier}", flush=True)
    rows = experiment.rows(found)
    _print(rows, experiment, options.seeds)
    if options.quick:
        print(QUICK)
    clear(options.out, command, but=(f"{experiment.name}-*",))
    table = [{**row._asdict(), "values": list(row.values), "quartiles": list(quartiles(row.values))} for row in rows]
    metrics = {"spinnprop": __version__, "setting": experiment.name, "sizes": sizes, "seeds": options.seeds, "table": table}
    picture = experiment.name[len("brainscales2-") :]
    write_results(options, command, metrics, {picture: (lambda figure: experiment.draw(figure, found), experiment.figure_size)})


def _find(
    experiment: Experiment, name: str, seed: int, sizes: Mapping[str, Any], options: argparse.Namespace
) -> Tuple[Dict[str, Any], bool]:
    """What a case found for a seed, and whether an earlier run did; quick runs have files of their own."""
    case = experiment.cases[name]
    path = os.path.join(options.out, f"{experiment.name}-{name}-seed-{seed}{'-quick' * options.quick}.json")
    own = {"spinnprop": __version__, "case": dict(case), "seed": seed, "sizes": sizes}
    found = begun(path, own)
    if found and set(found) == set(experiment.finds) and all(map(_is_finite, found.values())):
        return found, True
    with kept(options.out, "runs"):
        found = experiment.run(case, seed, sizes)
    write(path, {**own, **found})
    return found, False


def _is_finite(value: Any) -> bool:
    """Whether a file holds a number, or lists of them, as runs find them."""
    if isinstance(value, list):
        return all(map(_is_finite, value))
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < math.inf


def _print(rows: Sequence[Row], experiment: Experiment, seeds: int) -> None:
    width = max(len(row.what) for row in rows)
    line = f"{{:<{width}}}  {{:>14}}  {{:>8}}  {{:>18}}"
    print("\n" + line.format("", "published", "median", "quartiles"))
    for row in rows:
        low, middle, high = (f"{value:.{row.digits}f}" for value in quartiles(row.values))
        print(line.format(row.what, row.published, middle, f"{low} .. {high}"))
    print(f"\nover {counted(seeds, 'seed')}")
    for note in experiment.notes:
        print(note)


def poisson(rng: np.random.Generator, rate: float, n_units: int, duration: float) -> SpikeTrains:
    """One sample of Poisson spikes of so many Hz from each unit."""
    count = rng.poisson(rate * n_units * duration)
    times, units = np.sort(rng.uniform(0, duration, count)), rng.integers(0, n_units, count)
    return SpikeTrains(times, units, [0, count], n_units)


def around(rng: np.random.Generator, mean: float, spread: float, n: int) -> Any:
    """A parameter of each neuron, with a relative standard deviation; what would be below a tenth of the mean is that."""
    return mean * np.maximum(0.1, 1 + spread * rng.standard_normal(n))


def draw_band(axes: Any, x: Any, values: Any, label: str, colour: str, **style: Any) -> None:
    """Medians over seeds, (seeds, points), with a band between the quartiles."""
    low, middle, high = quartiles(values)
    axes.plot(x, middle, color=colour, label=label, **style)
    axes.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)
