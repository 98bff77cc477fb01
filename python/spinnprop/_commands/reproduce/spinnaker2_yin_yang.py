"""``spinnprop reproduce spinnaker2-yin-yang``: the last setting of the SpiNNaker2 training code, and what bounds it."""

from __future__ import annotations

import argparse
import copy
import hashlib
import math
import os
import statistics
import time
from functools import partial
from typing import Any, Dict, List

import numpy as np

from ... import datasets, encoding, spinnaker2
from ..._core import SpinnpropError
from ..._engines.base import BaseEngine
from ..._engines.clock import ClockEngine
from ..._library import __version__
from ..._network import Network
from ..._support.bars import EpochBar
from ..._trainer import Trainer
from ...losses import StepTTFSCrossEntropy
from ...spinnaker2._account import ESTIMATED, Account
from .. import grammar
from ..folder import begin
from .results import EARLIER, add_shared, counted, file_name, found_or_run, is_number, kept, write, write_page

_SIZES = (5, 120, 3)
#: Weights ~ N(mu / sqrt(n), sigma / sqrt(n)) for n senders.
_MU, _SIGMA = (3.2, 5.2), (3.2, 2.8)


def _over_root_of_senders(values: Any) -> List[float]:
    return [value / math.sqrt(n) for value, n in zip(values, _SIZES)]


_STEPS_PER_SECOND = 1000

#: The last Yin-Yang setting in the public training code of arXiv 2412.15021.
SETTING: Dict[str, Any] = {
    "samples": {"train": [60000, 42], "test": [10000, 43]},
    "encoding": {"steps": 27, "t_min": 2, "time_step": 1e-3},
    "network": {
        "layer_sizes": list(_SIZES),
        "tau_mem": 20e-3,
        "tau_syn": 5e-3,
        "threshold": 1.0,
        "weight_mean": _over_root_of_senders(_MU),
        "weight_std": _over_root_of_senders(_SIGMA),
    },
    "loss": {"xi": 1.5, "alpha": 1e-2, "beta": 100.0},
    "training": {
        "batch_size": 22,
        "optimizer": "adam",
        "learning_rate": 1.9e-3,
        "beta1": 0.9,
        "beta2": 0.999,
        # That code has tau_s of the gradient in seconds, this library in steps, so its gradients are a thousand times
        # smaller; Adam sees that through these two numbers alone (there 6.5e-7 and 1e-8).
        "weight_decay": 6.5e-7 * _STEPS_PER_SECOND,
        "epsilon": 1e-8 * _STEPS_PER_SECOND,
        "schedule": "smooth",
        "schedule_gamma": 0.95,
        "clip_norm": math.inf,
    },
}
#: That code can also lift the weights of neurons that are silent on a whole batch by 1 / sqrt(senders): here the outputs'.
RESOLVE_SILENT: Dict[str, float] = {
    "bump": 1 / math.sqrt(_SIZES[1]),
    "bump_hidden_limit": 1.0,
    "bump_output_limit": 0.0,
}
#: Test accuracy in percent of an independent restatement of the setting in NumPy: three seeds, 30 epochs.
RESTATED = (91.1, 94.0, 96.3)
#: Accuracies swing between epochs; so the mean of the last ones is reported.
LAST = 5
#: The class that code gives to a sample without any output spike: its outputs all stand at the end of the grid, and of equal times
#: the lowest index wins.
_CLASS_OF_SILENCE = 0
#: Names of curves in the files: a silent sample counts as wrong, or as of that class.
_STRICT, _LENIENT = "test_accuracy_by_epoch", "test_accuracy_by_epoch_as_published_code_counts"
#: A hash of the weights at the end, and what training took without the tests.
_WEIGHTS, _SECONDS = "weights_sha256", "training_seconds"
#: What the chip is estimated to take: these numbers of its account, and how long it was emulated.
_ON_CHIP, _EMULATION = "on_chip", "emulation_seconds"
_ACCOUNT = (
    "copies",
    "n_pes",
    "batches",
    "updates",
    "backward_samples",
    "seconds_per_step",
    "energy_per_step",
    "seconds",
    "energy",
    "mean_power",
)
#: No count, time, energy or power of a run comes near.
_BEYOND = 1e15


def add_parser(settings: Any) -> None:
    """The grammar of ``spinnprop reproduce spinnaker2-yin-yang``."""
    parser = grammar.command(
        settings,
        "spinnaker2-yin-yang",
        run,
        "Yin-Yang, 5-120-3 in 27 time steps, as in the SpiNNaker2 training code (arXiv 2412.15021)",
        "Train the authors' last setting in time steps for several seeds; print the accuracies beside the encoding's ceiling "
        "and an independent restatement's. Seeds that are already in the folder are not run again.",
    )
    parser.add_argument(
        "--engine",
        default="both",
        choices=["both", "clock", "spinnaker2"],
        help="off chip, on an emulated chip with 22 copies of the network, or off chip and then the same on the chip: equal "
        "weights are checked, time and energy estimated",
    )
    parser.add_argument(
        "--resolve-silent", action="store_true", help="lift the weights of outputs that are silent on a whole batch"
    )
    add_shared(parser, seeds=3, epochs=40, out="reproduce-spinnaker2-yin-yang")


def run(options: argparse.Namespace) -> None:
    """Runs the seeds that are not in ``options.out`` yet, then prints the table."""
    begin(options.out, "reproduce spinnaker2-yin-yang")
    sets = {}
    for name, (n_samples, seed) in SETTING["samples"].items():
        X, y = datasets.yin_yang(n_samples, seed=seed)
        sets[name] = (encoding.latency_grid(X, **SETTING["encoding"]), y)
    training = {**SETTING["training"], **(RESOLVE_SILENT if options.resolve_silent else {})}
    rescue = ", silent outputs lifted" if options.resolve_silent else ""
    print(
        f"Yin-Yang, 5-120-3, {SETTING['encoding']['steps']} steps of 1 ms, {counted(options.epochs, 'epoch')} of "
        f"60,000 samples, {counted(options.seeds, 'seed')}, engine {options.engine}{rescue} (arXiv 2412.15021)",
        flush=True,
    )
    curves: List[List[float]] = []
    lenient: List[List[float]] = []
    results: Dict[str, Dict[str, Any]] = {}
    # Off chip first: on the chip the same would come out, so there it is trained only.
    engine = ClockEngine.name if options.engine == "both" else options.engine
    for seed in range(options.seeds):
        start = f"{engine}-seed-{seed}{'-resolve-silent' * options.resolve_silent}"
        path = os.path.join(options.out, file_name(start, options.epochs))
        own = {
            "spinnprop": __version__,
            "seed": seed,
            "epochs": options.epochs,
            "setting": {**SETTING, "training": {**training, "clip_norm": "none"}},
        }
        run_seed = partial(_run, seed, options.epochs, training, sets, engine)
        result, is_earlier = found_or_run(path, own, [_STRICT, _LENIENT], run_seed, partial(_is_whole, engine))
        results[f"seed {seed}"] = result
        note = EARLIER if is_earlier else ""
        curve = result[_STRICT]
        curves.append(curve)
        lenient.append(result[_LENIENT])
        late = curve[-2 * LAST :]
        span = f"last {len(late)} between {min(late):.2f} and {max(late):.2f} %, " if len(late) > 1 else ""
        print(
            f"seed {seed}: test accuracy {curve[-1]:.2f} %, "
            f"{_last(options.epochs)} {statistics.mean(curve[-LAST:]):.2f} %, {span}"
            f"no output on {result['silent_test_samples_percent']:.2f} %, as that code counts "
            f"{statistics.mean(lenient[-1][-LAST:]):.2f} %{note}",
            flush=True,
        )
        is_compared = options.engine == "both"
        if is_compared:
            note = EARLIER
            if not _is_account(result.get(_ON_CHIP)):
                with kept(options.out):
                    result[_ON_CHIP] = _run_on_chip(seed, options.epochs, training, sets["train"], result[_WEIGHTS])
                write(path, {**own, **result})
                note = ""
        if is_compared or engine == spinnaker2.Engine.name:
            print(f"{_chip_line(seed, result, is_compared)}{note}", flush=True)
    _print_summary(curves, lenient, 100 * encoding.ceiling(*sets["test"]))
    title = f"reproduce spinnaker2-yin-yang, engine {options.engine}, {counted(options.epochs, 'epoch')}; what a chip takes is estimated"
    write_page(options.out, title, results)


def _is_whole(engine_name: str, result: Dict[str, Any]) -> bool:
    """Whether an earlier run's file has all that `_run` gives besides the curves."""
    has_account = engine_name != spinnaker2.Engine.name or _is_account(result.get(_ON_CHIP))
    return isinstance(result.get(_WEIGHTS), str) and is_number(result.get(_SECONDS), _BEYOND) and has_account


def _is_account(found: Any) -> bool:
    is_whole = isinstance(found, dict) and all(is_number(found.get(name), _BEYOND) for name in (*_ACCOUNT, _EMULATION))
    return is_whole and found["batches"] > 0


def _engine(name: str, batch_size: int) -> BaseEngine:
    """Either gives the same bits for the same number of copies; the chip holds one for each sample of a batch."""
    grid = SETTING["encoding"]
    if name == ClockEngine.name:
        return ClockEngine(grid["time_step"], grid["steps"], copies=batch_size)
    return spinnaker2.Engine(time_step=grid["time_step"], steps=grid["steps"], batch_size=batch_size)


def _trainer(seed: int, epochs: int, training: Dict[str, Any], engine: BaseEngine) -> Trainer:
    network, loss = Network(**SETTING["network"], seed=seed), StepTTFSCrossEntropy(**SETTING["loss"])
    return Trainer(network, loss, engine=engine, **training, epochs=epochs, seed=seed)


def _run(
    seed: int, epochs: int, training: Dict[str, Any], sets: Dict[str, Any], engine_name: str
) -> Dict[str, Any]:
    """Test accuracy in percent after every epoch, by two countings, and how many samples no output answers at last.

    From the chip also what that is estimated to take.
    """
    engine = _engine(engine_name, training["batch_size"])
    # A chip's account is then of training alone.
    watching = copy.copy(engine)
    trainer = _trainer(seed, epochs, training, engine)
    (spikes, labels), (test, test_labels) = sets["train"], sets["test"]
    strict, lenient, silent, seconds = [], [], 0.0, 0.0
    with EpochBar(epochs, f"seed {seed}") as bar:

        def stop_after_epoch(state: Dict[str, Any]) -> bool:
            bar(state)
            return bool(state["epoch_finished"])

        # The test set is only watched: nothing is chosen by it.
        while trainer.epochs_done < epochs:
            start = time.perf_counter()
            trainer.run(spikes, labels, progress=stop_after_epoch)
            seconds += time.perf_counter() - start
            classes = trainer.network.forward(test, engine=watching).predict()
            silent = 100 * float((classes < 0).mean())
            strict.append(100 * float((classes == test_labels).mean()))
            lenient.append(100 * float((np.where(classes < 0, _CLASS_OF_SILENCE, classes) == test_labels).mean()))
    return {
        _STRICT: strict,
        _LENIENT: lenient,
        "silent_test_samples_percent": silent,
        _WEIGHTS: _digest(trainer.network),
        _SECONDS: seconds,
        **({_ON_CHIP: _account(engine.account(), seconds)} if isinstance(engine, spinnaker2.Engine) else {}),
    }


def _digest(network: Network) -> str:
    """Of the bits of all weights."""
    return hashlib.sha256(b"".join(np.asarray(own).tobytes() for own in network.weights)).hexdigest()


def _account(account: Account, seconds: float) -> Dict[str, Any]:
    """What the chip is estimated to take, emulated in so many seconds."""
    return {"estimated": ESTIMATED, **{name: getattr(account, name) for name in _ACCOUNT}, _EMULATION: seconds}


def _run_on_chip(seed: int, epochs: int, training: Dict[str, Any], train: Any, weights: str) -> Dict[str, Any]:
    """Trains on the chip and compares the weights with those trained off it bit for bit; gives what `_account` does.

    Raises
    ------
    SpinnpropError
        If the weights differ: the engines promise that they do not.
    """
    engine = _engine(spinnaker2.Engine.name, training["batch_size"])
    trainer = _trainer(seed, epochs, training, engine)
    start = time.perf_counter()
    with EpochBar(epochs, f"seed {seed}, {engine.name}") as bar:
        trainer.run(train[0], train[1], progress=bar)
    seconds = time.perf_counter() - start
    assert isinstance(engine, spinnaker2.Engine)
    if _digest(trainer.network) != weights:
        raise SpinnpropError(f"seed {seed}: weights trained on and off the chip differ; please report this")
    return _account(engine.account(), seconds)


def _chip_line(seed: int, result: Dict[str, Any], is_compared: bool) -> str:
    """What the chip is estimated to take; `is_compared`: with a network trained off it, too."""
    account = result[_ON_CHIP]
    samples = account["backward_samples"] / account["batches"]
    steps = counted(account["updates"], "step")
    ran = f": the same weights bit for bit after {steps}" if is_compared else f", {steps}"
    off_chip = f", off chip {result[_SECONDS]:.3g} s" if is_compared else ""
    time_of_step, energy_of_step = 1e3 * account["seconds_per_step"], 1e3 * account["energy_per_step"]
    return (
        f"seed {seed} on the chip, {account['copies']} copies on {account['n_pes']} PEs{ran}; estimated: "
        f"{time_of_step:.4g} ms and {energy_of_step:.4g} mJ a training step, {time_of_step / samples:.4g} ms and "
        f"{energy_of_step / samples:.4g} mJ a sample of it, {account['seconds']:.4g} s and {account['energy']:.4g} J "
        f"in all, mean power {account['mean_power']:.3g} W (emulated in {account[_EMULATION]:.3g} s{off_chip})"
    )


def _last(epochs: int) -> str:
    """Over which epochs a mean is: of a short run there are fewer than `LAST`."""
    return "last epoch" if epochs == 1 else f"last {min(LAST, epochs)} epochs"


def _print_summary(curves: List[List[float]], lenient: List[List[float]], ceiling: float) -> None:
    late = sorted(statistics.mean(curve[-LAST:]) for curve in curves)
    print(f"\ntest accuracy, mean of the {_last(len(curves[0]))}: {', '.join(f'{value:.2f}' for value in late)} %")
    as_published = sorted(statistics.mean(curve[-LAST:]) for curve in lenient)
    print(
        "as the published code counts, which takes a sample that no output answers for class "
        f"{_CLASS_OF_SILENCE}: {', '.join(f'{value:.2f}' for value in as_published)} %"
    )
    print(f"independent restatement in NumPy, 30 epochs: {', '.join(f'{value:.1f}' for value in RESTATED)} %")
    print(f"ceiling: {ceiling:.2f} % of the test samples can be told apart on this grid")
    print("the paper's own tables (accuracy, time, energy, memory) are not available here: nothing is compared with them")
    print("ties go to the output with the lowest index; unless said otherwise a sample that no output answers counts as wrong")
    print(
        f"median over seeds {statistics.median(late):.2f} %, of the ceiling {statistics.median(late) / ceiling:.1%}; "
        f"as the published code counts {statistics.median(as_published):.2f} %"
    )
