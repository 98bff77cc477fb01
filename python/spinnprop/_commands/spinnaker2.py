"""``spinnprop spinnaker2``: what fits an emulated SpiNNaker2, what it rests on, what has run on it, and what goes from it to a real one."""

from __future__ import annotations

import argparse
import json
import math
import os
from typing import Any, Dict

from .. import _core, losses, spinnaker2
from .._files import load
from .._network import Network
from .._support import checks
from .._support.files import judge
from ..spinnaker2._account import ESTIMATED, Account, estimated_column
from ..spinnaker2._fit import _answer
from . import grammar
from .folder import EXPORTED, FILES, MODEL, RUN, digest_of_model
from .output import write_json, write_table
from .sets import SETS

#: What `write_account` leaves in a folder.
ACCOUNT_FILE = "spinnaker2.json"
_COLUMNS = ("value", "unit", "mark", "source")


def _chip(options: argparse.Namespace) -> spinnaker2.Chip:
    """The chip with the constants that were given."""
    given: Dict[str, float] = {}
    for pair in options.set or ():
        name, _, value = pair.partition("=")
        try:
            given[name] = float(value)
        except ValueError:
            raise grammar.Unusable(f"--set {pair}: give NAME=NUMBER, with a name of `spinnprop spinnaker2 constants`") from None
    if {"clock_hz", "high_clock"} <= set(given):
        raise grammar.Unusable("--set high_clock and clock_hz: these are one constant; give one of them")
    if "high_clock" in given:
        given["clock_hz"] = given.pop("high_clock")
    with grammar.judged():
        return spinnaker2.Chip(**given)


def fit(options: argparse.Namespace) -> int:
    """Says whether a network fits, and what a training step would take; gives the exit code, 1 if it does not fit."""
    try:
        sizes = [int(size) for size in options.sizes.split("-")]
    except ValueError:
        raise grammar.Unusable(f"{options.sizes!r} are no sizes; give them as 784-350-10, the input first") from None
    room = {name: getattr(options, name) for name in ("spikes_per_neuron", "active_senders")}
    given = {name: value for name, value in room.items() if value is not None}
    chip = _chip(options)
    with grammar.judged():
        engine = spinnaker2.Engine(
            spinnaker2.Board(options.chips, chip),
            steps=options.steps,
            copies="auto" if options.copies is None else options.copies,
            power=options.power,
            **given,
        )
        # What is given is laid out as it is.
        answer = _answer(
            engine, sizes, options.batch, options.recurrent, options.input_activity, options.activity, makes_room=not given
        )
    print(json.dumps({"estimated": ESTIMATED, **vars(answer)}, indent=2) if options.json else answer)
    return 0 if answer.fits else 1


def constants(options: argparse.Namespace) -> None:
    """Prints the table that all estimates rest on."""
    rows = _chip(options).constants
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        print(f"{row['name']:<{width}}  {row['value']:<12.6g} {row['unit']:<7} {row['mark']:<8} {row['source']}")
    print("\nP: from the chip's makers; S: quoted by others; D: derived from other rows; assumed: nothing is published")


_BASES = {
    "prediction": "predicted (estimated)",
    "derived": "no prediction, derived from what is published:",
    "bound": "no prediction, a bound that could not be missed:",
}


def published(options: argparse.Namespace) -> None:
    """Prints predictions beside published measurements."""
    rows = _chip(options).published
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    for row in rows:
        low, high = f"{row['predicted_low']:.4g}", f"{row['predicted_high']:.4g}"
        print(f"{row['workload']}: {row['quantity']}")
        print(
            f"  {_BASES[row['basis']]} {low if low == high else f'{low} .. {high}'} {row['unit']}, published "
            f"{row['published']:.4g} {row['unit']}, factor {'-' if row['factor'] is None else format(row['factor'], '.2f')}"
        )
        print(f"  {row['remark']}")


def account(options: argparse.Namespace) -> None:
    """Prints the account that ``spinnprop train --engine spinnaker2`` has left in a folder."""
    path = os.path.join(options.folder, ACCOUNT_FILE)
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
        text = found["summary"]
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError) as error:
        state = "is not there" if isinstance(error, OSError) else "is no account"
        raise ValueError(f"{path} {state}; `spinnprop train yin-yang --engine spinnaker2` writes one") from None
    metrics = os.path.join(options.folder, "metrics.json")
    try:
        with open(metrics, encoding="utf-8") as file:
            of_run = json.load(file)["model_sha256"]
        belongs = of_run == found["model_sha256"] == digest_of_model(options.folder)
    except (OSError, ValueError, KeyError, TypeError):
        belongs = False
    if not belongs:
        raise ValueError(
            f"{path} is not of the same run as the model and metrics.json beside it; train again into a folder of its own"
        )
    print(json.dumps(found, indent=2) if options.json else text)


def export(options: argparse.Namespace) -> None:
    """Writes a trained model in whole numbers for the real chip's software, and prints what rounding costs on the test set."""
    # Imported here: it needs scikit-learn.
    from .._estimators.spiking import SpikingClassifier

    out = os.path.join(options.folder, EXPORTED) if options.out is None else options.out
    path = os.path.join(options.folder, "metrics.json")
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
        own, name = found["settings"], found["data"]
        data, is_of_model = SETS[name], found["model_sha256"] == digest_of_model(options.folder)
        loss = getattr(losses, own["loss"].partition("(")[0])()
        is_gridded = own["engine"] in ("clock", "spinnaker2")
        grid = (float(own["time_step"]), int(own["steps"])) if is_gridded else None
        n_samples, step_time = int(own["samples"]), own.get("step_time")
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError, AttributeError) as error:
        state = "is not there" if isinstance(error, OSError) else "is not of a training"
        raise ValueError(f"{path} {state}; `spinnprop train yin-yang --engine clock` writes one, with a model beside it") from None
    if not is_of_model:
        raise ValueError(f"{path} is not of the same run as the model beside it; train again into a folder of its own")
    if grid is None:
        raise ValueError(
            f"the model in {options.folder} was trained by the engine {own['engine']}, and the chip runs in time steps; train by --engine clock or spinnaker2"
        )
    if data.has_files and options.data is None:
        raise grammar.Unusable(f"the model was trained on {name}; say by --data where its files lie")
    folder, file_name = os.path.split(os.path.realpath(out))
    if folder == os.path.realpath(options.folder) and file_name in FILES["train"] and file_name != EXPORTED:
        raise grammar.Unusable(f"--to {out} is a file of the training; give another path")
    judge(out)
    network = load(os.path.join(options.folder, MODEL))
    _judge_training(network, options.folder)
    engine = spinnaker2.Engine(time_step=grid[0], steps=grid[1])
    X, y = data.load(options.data, step_time, n_samples).test
    encoder = SpikingClassifier(engine=engine, rescale=False)
    encoder.engine_ = engine
    report = spinnaker2.export(network, out, encoder._encode(X), y, engine=engine, weight_bits=options.bits, loss=loss)
    if options.json:
        numbers = {name: value for name, value in vars(report).items() if name != "network"}
        print(json.dumps({"test_samples": len(y), **numbers}, indent=2))
        return
    print(report)
    assert report.accuracy is not None and report.rounded_accuracy is not None
    lost = 100 * (report.accuracy - report.rounded_accuracy)
    spread = 100 * math.sqrt(report.accuracy * (1 - report.accuracy) / len(y))
    print(f"quantisation costs {lost:.2f} points on {len(y)} test samples (standard error of such an accuracy: {spread:.2f})")


def _judge_training(network: Network, folder: str) -> None:
    """Refuses what the export would, by the flags that are in the way."""
    flags = {"--delays": any(network.delay_kinds), "--readout leaky": network.readout == "leaky"}
    given = " and ".join(flag for flag, is_given in flags.items() if is_given)
    if given:
        raise ValueError(f"the model in {folder} was trained with {given}, for which such files or the real chip have no room; train without {given}")


def write_account(found: Account, folder: str, model_sha256: str) -> None:
    """Writes spinnaker2.json, and as CSV the tables by phase, program and processing element, to a folder, with the digest of the model."""
    write_json(os.path.join(folder, ACCOUNT_FILE), {"summary": str(found), "model_sha256": model_sha256, **found.to_dict()})
    for name, table in (("pes", found.pes), ("phases", found.phases), ("programs", found.programs)):
        write_table(os.path.join(folder, f"spinnaker2-{name}.csv"), map(estimated_column, table.dtype.names), table.tolist())


def add_parser(commands: Any) -> None:
    """The grammar of ``spinnprop spinnaker2``."""
    questions = grammar.family(
        commands,
        "spinnaker2",
        "what fits an emulated SpiNNaker2, and what it takes",
        "What fits an emulated SpiNNaker2, how long a step takes and how much energy, all estimated.",
        "questions",
        "QUESTION",
    )

    def question(name: str, text: str, run: Any, has_constants: bool = True) -> Any:
        parser = grammar.command(questions, name, run, text, text[0].upper() + text[1:] + ".")
        parser.add_argument("--json", action="store_true", help="print JSON")
        if has_constants:
            parser.add_argument(
                "--set", action="append", metavar="NAME=NUMBER", help="replace a constant; may be given several times"
            )
        return parser

    fits = question("fit", "whether a network fits, and what a training step would take; nothing is run", fit)
    add = fits.add_argument
    add("sizes", metavar="SIZES", help="as 784-350-10, the input first")
    add("--batch", type=grammar.positive, default=1, metavar="N", help="samples of a step")
    add("--chips", type=grammar.positive, default=1, metavar="N", help="on the board, up to 48")
    steps = int(checks.domains(_core.DOMAINS_SPINNAKER2)["steps"]["initial"])
    add("--steps", type=grammar.positive, default=steps, metavar="N", help="time steps of a sample")
    add("--copies", type=grammar.positive, metavar="N", help="of the network; as many as fit unless given")
    add("--power", choices=["low", "high"], default="high", help="power level")
    add("--recurrent", action="store_true", help="hidden layers are connected to themselves")
    add("--activity", type=float, nargs="+", metavar="X", help="spikes per neuron and sample, by layer")
    add("--input-activity", type=float, metavar="X", help="spikes per input unit and sample")
    add("--spikes-per-neuron", type=float, metavar="X", help="what tapes of spikes are made for; what suits unless given")
    add("--active-senders", type=float, metavar="X", help="part of a layer that sums have room for; likewise")
    exports = question("export", "a trained model in whole numbers for the real chip's software, and what rounding costs", export, has_constants=False)
    exports.add_argument("folder", nargs="?", default=RUN, metavar="FOLDER", help="of a training by engine clock or spinnaker2")
    exports.add_argument("--bits", type=grammar.whole(2, 8), default=8, metavar="N", help="of weights, 2 .. 8")
    exports.add_argument("--data", metavar="FOLDER", help="where the files of the data set lie, if it has any")
    exports.add_argument("--to", dest="out", metavar="FILE", help=f"what to write; {EXPORTED} in the folder unless given")
    question("constants", "the table that all estimates rest on", constants)
    question("published", "published measurements beside what the constants predict", published)
    accounts = question("account", "the account of a training on the chip", account, has_constants=False)
    accounts.add_argument("folder", nargs="?", default=RUN, metavar="FOLDER", help="of that training")
