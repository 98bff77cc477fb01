"""The command ``spinnprop``."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Optional, Sequence

from .. import _core
from .._core import SpinnpropError
from .._engines.names import ENGINES
from .._library import __version__, set_threads
from .folder import PICTURES


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Runs the command; returns its exit code: 0, 1 after a failure, 2 after wrong usage, 130 after Ctrl-C."""
    try:
        options = build_parser().parse_args(arguments)
        if options.threads is not None:
            set_threads(options.threads)
        # Only an answer of no has a code of its own.
        return options.run(options) or 0
    except KeyboardInterrupt:
        print("\nspinnprop: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read the output has had enough of it; keep the interpreter from complaining when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ValueError, ImportError, MemoryError, OSError, SpinnpropError) as error:
        print(f"spinnprop: {_said(error)}", file=sys.stderr)
        return 1


def _said(error: BaseException) -> str:
    """One line for somebody who knows nothing of Python."""
    if isinstance(error, MemoryError) and type(error) is not MemoryError:
        return "there is not enough memory for this; give smaller numbers"
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error) or "there is not enough memory for this; give smaller numbers"


def build_parser() -> argparse.ArgumentParser:
    """The command's grammar."""
    parser = argparse.ArgumentParser(prog="spinnprop", description="Exact, event-based training of spiking networks.")
    parser.add_argument("--version", action="version", version=f"spinnprop {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--threads", type=int, metavar="N", help="host threads; 0: one per processor")
    drawing = argparse.ArgumentParser(add_help=False)
    drawing.add_argument("--pictures", default="png", choices=list(PICTURES), help="what files pictures are written as")

    defaults = _core.training_defaults()
    train = commands.add_parser("train", help="train a network on a data set", description="Train a network.")
    train_sets = train.add_subparsers(title="data sets", metavar="DATA", required=True)
    yin_yang = train_sets.add_parser(
        "yin-yang",
        parents=[common, drawing],
        help="the Yin-Yang data set",
        description="Train on the published Yin-Yang sets and write metrics, model and pictures to a folder.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    yin_yang.add_argument("--engine", default="event", choices=list(ENGINES), help="what the network runs on")
    yin_yang.add_argument(
        "--epochs", type=_positive, default=defaults["epochs"], metavar="N", help="passes through the training set"
    )
    yin_yang.add_argument(
        "--hidden", type=_positive, nargs="+", default=[120], metavar="N", help="neurons of each hidden layer"
    )
    yin_yang.add_argument(
        "--batch-size",
        type=_positive,
        default=defaults["batch_size"],
        metavar="N",
        help="samples per step of the optimizer",
    )
    yin_yang.add_argument(
        "--learning-rate",
        type=float,
        metavar="X",
        help="of Adam; the engine's choice unless given",
    )
    yin_yang.add_argument(
        "--steps", type=_positive, metavar="N", help="of an engine with time steps, 52 unless given"
    )
    yin_yang.add_argument("--samples", type=_positive, default=5000, metavar="N", help="training samples")
    yin_yang.add_argument("--seed", type=int, default=0, metavar="N", help="of weights and sample order")
    yin_yang.add_argument("--resume", action="store_true", help="go on with an interrupted training in the folder")
    yin_yang.add_argument("--out", default="run", metavar="FOLDER", help="where to write the results")
    yin_yang.set_defaults(run=_train_yin_yang)

    search = commands.add_parser("search", help="search for parameters", description="Search for parameters by Optuna.")
    search_sets = search.add_subparsers(title="data sets", metavar="DATA", required=True)
    searched = search_sets.add_parser(
        "yin-yang",
        parents=[common, drawing],
        help="the Yin-Yang data set",
        description="Search for parameters by validation accuracy on the published Yin-Yang sets; write the trials, "
        "the best of them, its model and a picture to a folder.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    searched.add_argument("--engine", default="event", choices=list(ENGINES), help="what networks run on")
    searched.add_argument("--trials", type=_positive, default=50, metavar="N", help="in all, with those in the file")
    searched.add_argument("--epochs", type=_positive, default=30, metavar="N", help="of a trial, unless it is pruned")
    searched.add_argument("--hidden", type=_positive, metavar="N", help="neurons of the hidden layer; searched unless given")
    searched.add_argument(
        "--steps", type=_positive, metavar="N", help="of an engine with time steps; searched unless given"
    )
    searched.add_argument("--samples", type=_positive, default=5000, metavar="N", help="training samples")
    searched.add_argument(
        "--objective",
        default="accuracy",
        choices=["accuracy", "accuracy-spikes", "accuracy-energy", "accuracy-time"],
        help="validation accuracy alone, or against a cost: spikes per sample, or what the engine estimates",
    )
    searched.add_argument("--seed", type=int, default=0, metavar="N", help="of what is drawn")
    searched.add_argument("--storage", metavar="FILE", help="SQLite file of trials, from which to go on")
    searched.add_argument("--out", default="search", metavar="FOLDER", help="where to write the results")
    searched.set_defaults(run=_search_yin_yang)

    simulate = commands.add_parser("simulate", help="run a network", description="Run a network without training.")
    simulated = simulate.add_subparsers(title="networks", metavar="NETWORK", required=True)
    sparse = simulated.add_parser(
        "sparse",
        parents=[common, drawing],
        help="a balanced sparse recurrent network, spike by spike",
        description="Simulate a balanced sparse recurrent network exactly; write rates, metrics and a raster to a folder.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    drawn = _core.sparse_defaults()
    sparse.add_argument("--n", type=_positive, default=100_000, metavar="N", help="neurons")
    sparse.add_argument("--k", type=_positive, default=100, metavar="K", help="targets per neuron")
    sparse.add_argument("--model", default="lif", choices=["lif", "qif", "theta", "eif", "eif-table"], help="of a neuron")
    sparse.add_argument("--rate", type=float, default=drawn["rate"], metavar="HZ", help="sets the drive")
    sparse.add_argument("--coupling", type=float, default=drawn["coupling"], metavar="J", help="strength of inhibition")
    sparse.add_argument("--tau", type=float, default=drawn["tau"], metavar="S", help="membrane time constant")
    sparse.add_argument("--seconds", type=float, default=1.0, metavar="S", help="model time")
    sparse.add_argument("--spikes", type=_positive, metavar="N", help="end earlier, with this many spikes")
    sparse.add_argument("--seed", type=int, default=0, metavar="N", help="of targets and initial state")
    sparse.add_argument("--redraw", action="store_true", help="draw targets again at every spike instead of keeping them")
    sparse.add_argument("--out", default="run", metavar="FOLDER", help="where to write the results")
    sparse.set_defaults(run=_simulate_sparse)

    from . import spinnaker2

    spinnaker2.add_parsers(commands, common, _positive)

    reproduce = commands.add_parser("reproduce", help="run a published setting", description="Run a published setting.")
    tables = reproduce.add_subparsers(title="settings", metavar="SETTING", required=True)
    published = tables.add_parser(
        "eventprop-yin-yang",
        parents=[common],
        help="Yin-Yang, 5-200-3, as in Wunderlich and Pehle (2021)",
        description="Train the published network for several seeds; print mean and spread beside the published ones. "
        "Seeds that are already in the folder are not run again.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    published.add_argument("--seeds", type=_positive, default=10, metavar="N", help="seeds 0 .. N - 1")
    published.add_argument("--epochs", type=_positive, default=100, metavar="N", help="passes through the training set")
    published.add_argument(
        "--out",
        default="reproduce-eventprop-yin-yang",
        metavar="FOLDER",
        help="for results: a JSON for each seed and number of epochs",
    )
    published.set_defaults(run=_reproduce_yin_yang)

    on_a_grid = tables.add_parser(
        "spinnaker2-yin-yang",
        parents=[common],
        help="Yin-Yang, 5-120-3 in 27 time steps, as in the SpiNNaker2 training code (arXiv 2412.15021)",
        description="Train the authors' last setting in time steps for several seeds; print the accuracies "
        "beside the encoding's ceiling and an independent restatement's. Seeds that are already in the folder are not run "
        "again.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    on_a_grid.add_argument(
        "--engine",
        default="both",
        choices=["both", "clock", "spinnaker2"],
        help="off chip, on an emulated chip with 22 copies of the network, or off chip and then the same on the chip: equal "
        "weights are checked, time and energy estimated",
    )
    on_a_grid.add_argument("--seeds", type=_positive, default=3, metavar="N", help="seeds 0 .. N - 1")
    on_a_grid.add_argument("--epochs", type=_positive, default=40, metavar="N", help="passes through the training set")
    on_a_grid.add_argument(
        "--resolve-silent", action="store_true", help="lift the weights of outputs that are silent on a whole batch"
    )
    on_a_grid.add_argument(
        "--out",
        default="reproduce-spinnaker2-yin-yang",
        metavar="FOLDER",
        help="for results: a JSON for each seed and number of epochs",
    )
    on_a_grid.set_defaults(run=_reproduce_spinnaker2_yin_yang)
    return parser


def _positive(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number >= 2**31:
        raise argparse.ArgumentTypeError(f"{text} is too large; at most {2**31 - 1}")
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive integer")
    return number


def _train_yin_yang(options: argparse.Namespace) -> None:
    from . import train

    train.train_yin_yang(options)


def _simulate_sparse(options: argparse.Namespace) -> None:
    from . import simulate

    simulate.simulate_sparse(options)


def _search_yin_yang(options: argparse.Namespace) -> None:
    from . import search

    search.search_yin_yang(options)


def _reproduce_spinnaker2_yin_yang(options: argparse.Namespace) -> None:
    from .reproduce import spinnaker2_yin_yang

    spinnaker2_yin_yang.reproduce_spinnaker2_yin_yang(options)


def _reproduce_yin_yang(options: argparse.Namespace) -> None:
    from .reproduce import eventprop_yin_yang

    eventprop_yin_yang.reproduce_yin_yang(options)
