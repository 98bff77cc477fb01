"""``spinnprop train``: a network from data to pictures."""

from __future__ import annotations

import argparse
import math
import os
import sys
import warnings
from typing import Any, Dict, Optional

import numpy as np

from .. import encoding, losses
from .._core import SpinnpropError
from .._engines.names import ENGINES, kind_of
from .._library import __version__
from .._network import _READOUTS, Network
from .._spikes import SpikeTrains
from .._support.network_arguments import DELAY_KINDS
from .._support.training import DELAY_PARAMETERS, TRAINED, delay_init_fields
from . import folder, grammar, training_page
from .output import percent, write_json, write_table
from .sets import LARGEST, OF_PASS, SETS, SMALLEST, Set, batch_of, some

#: Of an engine with time steps, unless others are given: fewer let classes share cells of the encoding.
STEPS = 52
#: Of delays.
KINDS = [name or "none" for name in DELAY_KINDS]
PARAMETERS = [name for name in DELAY_PARAMETERS if name]
#: By name: those that take labels and need nothing told.
LOSSES = {name: getattr(losses, name) for name in losses.__all__ if name.endswith("CrossEntropy")}
#: What is said of how delays are trained, by the trainer's names.
DELAYS = {
    "delay_learning_rate": "per step; 0: they stay, and the range and penalties do nothing",
    "delay_shift": "the smallest, seconds",
    "delay_scale": "the largest less the smallest, seconds; no limit, or for a sigmoid tau_syn, unless given",
    "delay_l1": "penalty that makes them sparse, per second",
    "delay_l2": "penalty on their squares, per second squared",
}
#: What is said of steps and of what they leave, by the trainer's names.
STEPPING = {"accumulate": "batches per step, of the mean over all their samples", "average_epochs": "last epochs whose mean weights are kept"}
#: What the estimator is told by the options of the same names.
HANDED_ON = (
    *DELAYS, "delay_parameter", "delay_init", "bump", "drive", "refractory", "t_end", "max_spikes", "train", "neuron_learning_rate", "readout", "input_dropout",
    *STEPPING,
)  # fmt: skip


def add_parser(commands: Any) -> None:
    """The grammar of ``spinnprop train``."""
    sets = grammar.family(commands, "train", "train a network on a data set", "Train a network.", "data sets", "DATA")
    for word, own in SETS.items():
        _add_set(sets, word, own)


def _add_set(sets: Any, word: str, own: Set) -> None:
    parser = grammar.command(
        sets, word, run, own.title, f"Train on {own.title} and write metrics, model, pictures and a page with all of it to a folder.", pictures=True
    )
    add, training = parser.add_argument, grammar.TRAINING
    open_size = f"; unless given so many that a pass takes {OF_PASS} steps, {SMALLEST} at least and {LARGEST} at most"
    if own.has_files:
        add("--data", required=True, metavar="FOLDER", help="where the files of the data lie; nothing is downloaded")
    if own.has_events:
        add("--step-time", type=grammar.above_zero, metavar="X", help="seconds in which a unit's events are one spike; as they are unless given")
    add("--engine", default="event", choices=list(ENGINES), help="what the network runs on")
    add(
        "--epochs",
        type=grammar.positive,
        default=int(training["epochs"]["initial"]),
        metavar="N",
        help="passes through the training set",
    )
    add("--hidden", type=grammar.positive, nargs="+", default=[120], metavar="N", help="neurons of each hidden layer")
    add(
        "--batch-size",
        type=grammar.positive,
        default=int(training["batch_size"]["initial"]),
        metavar="N",
        help="samples per step of the optimizer" + open_size * ("batch_size" in own.defaults and own.defaults["batch_size"] is None),
    )
    for name, meaning in STEPPING.items():
        flag = f"--{name.replace('_', '-')}"
        add(flag, type=grammar.positive, default=int(training[name]["initial"]), metavar="N", help=meaning)
    add("--learning-rate", type=grammar.learning_rate, metavar="X", help="of Adam; the engine's choice unless given")
    add("--bump", type=grammar.trained("bump"), metavar="X", help="first amount added to weights of silent neurons; the engine's choice unless given")
    add("--input-dropout", type=grammar.trained("input_dropout"), default=0.0, metavar="X", help="the share of input units that a sample goes without")
    add("--recurrent", default="no", choices=["yes", "no"], help="whether hidden layers are connected to themselves")
    add("--readout", default="spiking", choices=[each for each in _READOUTS if each], help="whether the last layer spikes, or its membranes count")
    add("--loss", choices=sorted(LOSSES), help="of the last layer's spikes or membranes; the engine's choice unless given")
    for tau, of in (("mem", "membranes"), ("syn", "currents")):
        add(
            f"--tau-{tau}",
            type=grammar.above_zero,
            nargs="+",
            metavar="X",
            help=f"time constant of {of}, seconds: of all layers, of hidden ones and of the last, or of each; the engine's choice unless given",
        )
    add("--delays", nargs="+", choices=KINDS, default=["none"], metavar="KIND", help=f"{', '.join(KINDS)}: of all, or of each layer")
    for name, meaning in DELAYS.items():
        default = training[name]["initial"] if not training[name]["is_optional"] else None
        flag = f"--{name.replace('_', '-')}"
        add(flag, type=grammar.trained(name), default=default, metavar="X", help=f"of delays: {meaning}")
    add("--delay-parameter", default="clip", choices=sorted(PARAMETERS), help="of delays: what is trained")
    add("--delay-init", type=float, nargs=2, metavar=("MEAN", "STD"), help="of delays: drawn in the beginning, what is trained")
    add("--drive", type=grammar.number(-math.inf), default=0.0, metavar="X", help="a constant current into every neuron")
    add("--refractory", type=grammar.number(0.0), default=0.0, metavar="X", help="seconds for which membranes stay at the reset after a spike")
    add("--t-end", type=grammar.number(0.0), metavar="X", help="seconds after which a sample ends; needed where a drive is not below the threshold")
    add("--max-spikes", type=grammar.positive, metavar="N", help="spikes of a batch above which a training ends; the engine's choice unless given")
    add(
        "--train",
        nargs="+",
        choices=list(TRAINED),
        metavar="NAME",
        help=f"what is trained, of {', '.join(TRAINED)}; weights, and delays that have a learning rate, unless given",
    )
    add(
        "--neuron-learning-rate",
        type=grammar.trained("neuron_learning_rate"),
        default=training["neuron_learning_rate"]["initial"],
        metavar="X",
        help="per step, of parameters of neurons that --train names",
    )
    add("--steps", type=grammar.positive, metavar="N", help=f"of an engine with time steps, {STEPS} unless given")
    add(
        "--samples", type=grammar.positive, default=own.samples, metavar="N", help=f"training samples{'' if own.samples else ', all unless given'}"
    )
    add("--seed", type=grammar.seed, default=0, metavar="N", help="of weights and sample order")
    add("--resume", action="store_true", help="go on with an interrupted training in the folder")
    grammar.add_out(parser, folder.RUN if word == "yin-yang" else f"{folder.RUN}-{word}")
    parser.set_defaults(data_set=word, **own.defaults)


def _judge_delays(options: argparse.Namespace, has_delays: bool) -> None:
    """Refuses what is said of delays without delays, and a sigmoid of delays that all begin at 0, an end of its range."""
    trained = options.delay_learning_rate > 0
    if not has_delays and (trained or options.delay_init is not None):
        flag = "--delay-learning-rate" if trained else "--delay-init"
        raise grammar.Unusable(f"{flag} is for networks with delays; give --delays")
    if has_delays and trained and options.delay_parameter == "sigmoid" and options.delay_init is None:
        raise grammar.Unusable("--delay-parameter sigmoid trains no delay from 0, an end of its range; give --delay-init, as 0 0.25")


def _judge_neurons(options: argparse.Namespace, engine: Any) -> None:
    """Refuses what other engines cannot do for neurons, and delays that are named without a learning rate or the reverse."""
    trained = set(options.train or ()) - {"weights", "delays"}
    given = {"--drive": options.drive, "--refractory": options.refractory, f"--train {' '.join(sorted(trained))}": trained}
    for flag in (flag for flag, value in given.items() if value and options.engine != "event"):
        raise grammar.Unusable(f"{flag} is for --engine event, which this is not; leave it out on engine {options.engine}")
    if options.drive >= 1 and options.t_end is None:
        raise grammar.Unusable(f"--drive is {options.drive}, with which neurons fire by themselves for ever; give --t-end, or less than 1")
    if options.t_end is not None and engine._grid is not None:
        raise grammar.Unusable(f"--t-end is {options.t_end}, but engine {options.engine} ends after its steps; leave it out, or give --steps")
    if options.train is not None and ("delays" in options.train) != (options.delay_learning_rate > 0):
        raise grammar.Unusable(
            f"--train is {' '.join(options.train)}, and --delay-learning-rate {options.delay_learning_rate}; name delays and give them a "
            "learning rate, or neither"
        )


def run(options: argparse.Namespace) -> None:
    """Trains on a set and writes the folder ``options.out``; the last line says the test accuracy."""
    # Imported before the training, so that what is missing is missed at once.
    from .. import plot
    from .._estimators.spiking import SpikingClassifier

    with grammar.judged():
        engine = on_steps(options.engine, options.steps)
        if options.delay_init is not None:
            delay_init_fields(options.delay_init)
    delays = [None if kind == "none" else kind for kind in options.delays]
    if len(delays) not in (1, len(options.hidden) + 1):
        raise grammar.Unusable(
            f"--delays has {len(delays)} kinds; give one, or one for each of the {len(options.hidden) + 1} layers after the input"
        )
    taus = {name: _taus(getattr(options, name), name, len(options.hidden)) for name in ("tau_mem", "tau_syn")}
    with grammar.judged():
        Network([1] * (len(options.hidden) + 2), engine=engine, **taus)
    # What a set has by default gives way to what rules it out.
    defaults = SETS[options.data_set].defaults
    if engine._grid is not None and options.t_end == defaults.get("t_end"):
        options.t_end = None
    if options.engine != "event" and options.refractory == defaults.get("refractory"):
        options.refractory = 0.0
    if options.loss == defaults.get("loss") and (engine._grid is not None or options.readout != defaults.get("readout")):
        options.loss = None
    if not any(delays) and options.delay_learning_rate == defaults.get("delay_learning_rate"):
        options.delay_learning_rate = 0.0
    _judge_delays(options, any(delays))
    _judge_neurons(options, engine)
    loss = _loss(options)
    folder.begin(options.out, "train")
    checkpoint = os.path.join(options.out, folder.CHECKPOINT)
    if options.resume and not os.path.exists(checkpoint):
        print(f"nothing to go on from in {options.out}; training from the start", file=sys.stderr)
    if not options.resume and os.path.isfile(checkpoint):
        os.remove(checkpoint)
    own = SETS[options.data_set]
    data = own.load(getattr(options, "data", None), getattr(options, "step_time", None), options.samples)
    X, y = some(data.train, options.samples)
    X_test, y_test = data.test
    strange = np.setdiff1d(y_test, y)
    if len(strange):
        told = ", ".join(map(str, strange))
        warnings.warn(f"labels of test samples that no training sample has are {told}: these samples count as wrong", stacklevel=2)
    if options.batch_size is None:
        options.batch_size = batch_of(len(X))
    classifier = SpikingClassifier(
        hidden=tuple(options.hidden),
        engine=engine,
        epochs=options.epochs,
        batch_size=options.batch_size,
        seed=options.seed,
        learning_rate=options.learning_rate,
        delays=delays[0] if len(delays) == 1 else delays,
        recurrent=options.recurrent == "yes",
        **taus,
        **{name: getattr(options, name) for name in HANDED_ON},
        loss=loss,
        rescale=False,
        verbose=True,
        checkpoint=checkpoint,
        resume=options.resume,
    )
    n_inputs = X.n_units if isinstance(X, SpikeTrains) else X.shape[1] + 1
    sizes = "-".join(map(str, [n_inputs, *options.hidden, len(np.unique(y))]))
    print(
        f"{own.title}, network {sizes}, engine {options.engine}, {options.epochs} epochs of {len(X)} samples", flush=True
    )
    try:
        classifier.fit(X, y, validation=data.validation)
    except KeyboardInterrupt:
        _keep(classifier, options)
        raise
    except (SpinnpropError, ValueError) as error:
        # Where the checkpoint could not be written, it is not the training that failed.
        is_learning = getattr(error, "status", None) != "file_error"
        if _keep(classifier, options, "with a lower --learning-rate than {learning_rate}" if is_learning else "when there is room"):
            print(f"test accuracy of the model so far {_tested(classifier, options, *data.test)}", flush=True)
        raise
    folder.clear(options.out, "train", but=(folder.CHECKPOINT,))
    folder.save_model(classifier.network_, options.out)
    found = classifier.report_
    judged = {"training": (X, y), "validation": data.validation}
    try:
        accuracies = {name: classifier.score(*samples) for name, samples in judged.items() if samples is not None}
        decisions = classifier._decide(X_test)
    except SpinnpropError:
        print(f"\nthe training is over and its model in {options.out}, but not judged; --resume with other flags judges it", file=sys.stderr)
        raise
    predicted = np.where(decisions < 0, -1, classifier.classes_[np.maximum(decisions, 0)])
    accuracies["test"] = float(np.mean(predicted == y_test))
    metrics = {
        "spinnprop": __version__,
        "data": options.data_set,
        "model_sha256": folder.digest_of_model(options.out),
        "settings": {
            "samples": len(X),
            "engine": options.engine,
            **({} if engine._grid is None else {"steps": engine.steps, "time_step": engine.time_step}),
            "hidden": options.hidden,
            "loss": repr(classifier.loss_),
            **{name: getattr(options, name) for name in ("step_time",) if hasattr(options, name)},
            **{name: getattr(classifier, name) for name in ("epochs", "batch_size", "seed", "delays", "recurrent", *HANDED_ON)},
            # Without a bound JSON has no number.
            **{name: value for name, value in classifier.setting_.items() if value != math.inf},
        },
        "accuracy": {"train" if name == "training" else name: share for name, share in accuracies.items()},
        "spikes_per_sample": {"hidden": found["hidden_spikes"], "output": found["output_spikes"]},
        "seconds_per_epoch": found["seconds_per_epoch"],
        "seconds": found["seconds"],
    }
    account = found.get("account")
    if account is not None:
        from . import spinnaker2

        metrics["spinnaker2"] = {"estimated": True, **account.totals()}
        spinnaker2.write_account(account, options.out, metrics["model_sha256"])
    title = f"{own.title}, network {sizes}, engine {options.engine}"
    try:
        _write_metrics(options.out, metrics, classifier.history_)
        pictures = training_page.write_pictures(options, plot, classifier, X_test, y_test, predicted)
        training_page.write(options.out, title, metrics, accuracies, classifier, pictures)
    except OSError as error:
        raise OSError(
            f"the model is in {options.out}, but not all of its results could be written ({error.strerror or error}); make room, and --resume writes them"
        ) from error

    for name in (name for name in accuracies if name != "test"):
        print(f"{name} accuracy {percent(accuracies[name])}")
    print(f"spikes per sample {found['hidden_spikes']:.1f} hidden, {found['output_spikes']:.1f} output")
    print(f"time per epoch {1e3 * found['seconds_per_epoch']:.1f} ms")
    if account is not None:
        print(account)
    print(f"results in {options.out}")
    if engine._grid is not None:
        ceiling = encoding.ceiling(classifier._encode(X_test), y_test)
        if ceiling < 1:
            print(f"no more than {percent(ceiling)} of the test samples can be told apart on the grid of time steps")
    print(f"test accuracy {percent(accuracies['test'])}")


def _keep(classifier: Any, options: argparse.Namespace, how: str = "") -> bool:
    """Writes what a training has learnt that did not come to its end, and says how to go on; whether there is anything."""
    if not hasattr(classifier, "network_"):
        return False
    folder.clear(options.out, "train", but=(folder.CHECKPOINT,))
    folder.save_model(classifier.network_, options.out)
    told = f"\nstopped after {classifier.n_iter_} epochs; the model so far is in {options.out}"
    if os.path.exists(os.path.join(options.out, folder.CHECKPOINT)):
        told += f"; --resume goes on {how.format(**classifier.setting_)}".rstrip()
    print(told, file=sys.stderr)
    return True


def _tested(classifier: Any, options: argparse.Namespace, X: Any, y: Any) -> str:
    """The test accuracy, if the network bears the test."""
    try:
        return percent(classifier.score(X, y))
    except SpinnpropError as error:
        return f"unknown, as it fails there, too ({grammar.in_flags(str(error), options.grammar)})"


def _loss(options: argparse.Namespace) -> Optional[losses.Loss]:
    """The loss by its name; None: the engine's choice. Integrals of membranes have the weight of the paper, exp(-t / t_end)."""
    if options.loss is None:
        return None
    own: Any = LOSSES[options.loss]
    if own is losses.VIntegralCrossEntropy and (options.t_end is None or options.readout != "leaky"):
        raise grammar.Unusable(f"--loss {options.loss} is a mean over the membranes of samples that end; give --readout leaky and --t-end")
    with grammar.judged():
        chosen: losses.Loss = own(tau0=options.t_end) if own is losses.VIntegralCrossEntropy else own()
    wanted = "leaky" if chosen.needs_leaky_readout else "spiking"
    if options.readout != wanted:
        raise grammar.Unusable(f"--loss {options.loss} is of a {wanted} read-out; give --readout {wanted}, or another loss")
    return chosen


def _taus(given: Any, name: str, n_hidden: int) -> Any:
    """Time constants as the network takes them: one number, or one of each layer; None: the engine's choice."""
    if given is None or len(given) == 1:
        return given and given[0]
    each = [given[0]] * n_hidden + [given[1]] if len(given) == 2 else given
    if len(each) != n_hidden + 1:
        raise grammar.Unusable(
            f"--{name.replace('_', '-')} has {len(given)} numbers; give one, two of hidden layers and the last, or one for each of the "
            f"{n_hidden + 1} layers after the input"
        )
    return each


def on_steps(engine: str, steps: Optional[int]) -> Any:
    """The engine by its name; on a grid of so many time steps if it has one (None: `STEPS`).

    Raises
    ------
    ValueError
        If there are steps for an engine without any.
    """
    kind: Any = kind_of(engine)
    if kind()._grid is not None:
        return kind(steps=STEPS if steps is None else steps)
    if steps is not None:
        raise ValueError(f"--steps is {steps}, but engine {engine} has no time steps; leave it out or give --engine clock")
    return kind()


def _write_metrics(out: str, metrics: Dict[str, Any], history: Any) -> None:
    write_json(os.path.join(out, "metrics.json"), metrics)
    rows = ([epoch, *("" if math.isnan(number) else repr(float(number)) for number in own)] for epoch, own in enumerate(history, start=1))
    write_table(os.path.join(out, "metrics.csv"), ["epoch", *history.dtype.names], rows)
