"""``spinnprop reproduce biograd-choices``: what each choice that the published rule leaves open does, one at a time."""

from __future__ import annotations

import argparse
import inspect
import os
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np

from ...._biograd import BioGrad
from ...._library import __version__
from ... import grammar
from ...folder import begin, clear
from ...output import write_text
from ...report import write_results
from ..results import add_shared, counted
from .compared import spread, train, with_spread
from .runs import Case, Found
from .settings import SETTINGS, Data, Setting

NAME = "biograd-choices"


def _complemented(setting: Setting) -> Setting:
    """With an input for 1 - x beside that of each feature x."""

    def load(folder: Any, seed: int) -> Data:
        train, test = ((np.hstack([X, 1 - X]), y) for X, y in setting.load(folder, seed)[:2])
        return Data(train, test)

    return setting._replace(sizes=[2 * setting.sizes[0], *setting.sizes[1:]], load=load)


_DIGITS = next(each for each in SETTINGS if each.name == "biograd-digits")._replace(name=NAME, epochs=30, training={"learning_rate": 0.01})
_AS_IT_IS = {**{name: parameter.default for name, parameter in inspect.signature(BioGrad).parameters.items()}, **_DIGITS.training}
_CHOSEN = ", ".join(f"{name} {value}" for name, value in _DIGITS.training.items())
#: What is changed, in the order of the table: keywords of `BioGrad`.
CHANGES: Tuple[Dict[str, Any], ...] = (
    {},
    {"counts": "final"},
    {"counts_from": 5},
    {"traces_from": 5},
    {"includes_threshold": True},
    {"rule": "exact-error"},
    {"soft_start": 0},
    {"soft_start": 10},
    {"window": 0.5},
    {"window": 0.75},
    {"window": 1.0},
    {"window": 1.5},
    {"decay": 0.3, "threshold": 0.3, "window": 0.3},
    {"sleep_draw": "batch"},
    {"sleep_draw": "step"},
    {"averages_sleep": True},
    {"averages_sleep": True, "sleep_rate": 1e-3},
    {"sleep_rate": 1e-5},
    {"sleep_rate": 1e-4},
    {"sleep_power": 1},
    {"sleep_steps": 20},
    {"learning_rate": 0.003},
    {"learning_rate": 0.03},
    {"batch_size": 8},
    {"batch_size": 128},
    {"feedback": "aligned"},
    {"sleep": False},
    {"integer": True},
)


def cases() -> List[Case]:
    """All networks of the table, the one with nothing changed first."""
    found = []
    for change in CHANGES:
        words = ", ".join(f"{name} {value}" for name, value in change.items()) or "nothing"
        name = "-".join(f"{name}-{value}" for name, value in change.items()) or "nothing"
        if not change or any(_AS_IT_IS[name] != value for name, value in change.items()):
            found.append(Case(_DIGITS, name, words, change))
    return [*found, Case(_complemented(_DIGITS), "complement", "complement True", {})]


def add_parser(settings: Any) -> None:
    """The grammar of ``spinnprop reproduce biograd-choices``."""
    parser = grammar.command(
        settings,
        NAME,
        run,
        f"{_DIGITS.data}, {_DIGITS.shape}, by BioGrad, one option changed at a time",
        f"Train with every option as it is by default, but {_CHOSEN}, then with one changed at a time, for several seeds; print and write a "
        "table of accuracies and angles. Runs that are already in the folder are not run again.",
    )
    add_shared(parser, seeds=5, epochs=_DIGITS.epochs, out=f"reproduce-{NAME}")


def run(options: argparse.Namespace) -> None:
    """Runs what is not in ``options.out`` yet, then prints the table and writes it."""
    command = f"reproduce {NAME}"
    begin(options.out, command)
    chosen = cases()
    print(
        f"{_DIGITS.data}, {_DIGITS.shape}, {counted(len(chosen), 'network')}, {counted(options.epochs, 'epoch')}, "
        f"{counted(options.seeds, 'seed')}",
        flush=True,
    )
    rows = _rows([train([case], options.seeds, options.epochs, None, options.out)[0] for case in chosen])
    clear(options.out, command, but=(f"{NAME}-*",))
    shown = {"seeds": options.seeds, "epochs": options.epochs}
    write_results(options, command, {"spinnprop": __version__, "setting": NAME, "options": shown, "networks": rows}, {})
    table = _table(rows)
    write_text(os.path.join(options.out, "choices.md"), f"{table}\n")
    print(f"\n{table}")


def _rows(found: Sequence[Found]) -> List[Dict[str, Any]]:
    base = found[0].accuracies[:, -1]
    rows = []
    for each in found:
        accuracies, angles, cosines = each.accuracies[:, -1], each.angles[:, -1, 0], each.cosines[:, -1]
        rows.append(
            {
                "changed": each.case.words,
                "test_accuracies": accuracies.tolist(),
                "mean": float(accuracies.mean()),
                "standard_deviation": spread(accuracies),
                # The same samples, weights and order for each seed: what a change makes is less uncertain than accuracies are.
                "mean_difference": float((accuracies - base).mean()),
                "deviation_of_difference": spread(accuracies - base),
                "mean_angle": float(angles.mean()),
                "deviation_of_angle": spread(angles),
                "mean_cosines": cosines.mean(axis=0).tolist(),
            }
        )
    return rows


def _table(rows: List[Dict[str, Any]]) -> str:
    """In Markdown."""
    lines = [
        "| changed | test accuracy, % | difference, points | angle, degrees | cosine with the twin's update: hidden, output |",
        "|---|---:|---:|---:|---:|",
    ]
    for row in rows:
        cells = (
            row["changed"],
            with_spread(row["mean"], row["standard_deviation"]),
            with_spread(row["mean_difference"], row["deviation_of_difference"]),
            with_spread(row["mean_angle"], row["deviation_of_angle"]),
            ", ".join(f"{value:.2f}" for value in row["mean_cosines"]),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines).replace("+-", "±")
