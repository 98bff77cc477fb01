"""``spinnprop reproduce learning-rules-on-chip``: what a learning rule costs on the emulated SpiNNaker2, beside what it learns."""

from __future__ import annotations

import argparse
import hashlib
import os
import re
from functools import partial
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

import numpy as np
import numpy.typing as npt

from ... import datasets
from ..._biograd import BioGrad, answers
from ..._core import SpinnpropError
from ..._library import __version__
from ..._support.bars import EpochBar
from ...spinnaker2 import Account, Chip, Engine
from ...spinnaker2._account import ESTIMATED
from .. import grammar
from ..folder import begin, clear
from ..report import write_results
from .results import EARLIER, add_shared, counted, file_name, found_or_run, is_number

NAME = "learning-rules-on-chip"
#: Scikit-learn's digits, one hidden layer, as many copies of the network side by side for each rule.
SETTING: Dict[str, Any] = {
    "data": "scikit-learn's digits, 8 x 8 pixels",
    "test_samples": 360,
    "hidden": 100,
    "batch_size": 32,
    "copies": 8,
    "eventprop": {"loss": "StepTTFSCrossEntropy", "steps": 27, "t_min": 2, "input": "one spike a pixel, large values early"},
    "biograd": {"steps": 20, "learning_rate": 0.01, "input": "Bernoulli spikes of each pixel"},
    "short-sleep": {"sleep_steps": 20},
}
#: The rules, and what is said of them.
RULES: Dict[str, str] = {
    "eventprop": "EventProp: exact gradients of first spikes by a backward pass, Adam",
    "biograd": "BioGrad: local credit, errors as spikes, sleep; credit as one recursion per neuron",
    "short-sleep": "BioGrad with sleeps of 20 steps in place of its default's 50",
    "traces": "BioGrad's bits with a trace and a gradient per synapse, as e-prop keeps them",
}
_CURVE, _SILENT, _WEIGHTS, _ON_CHIP = "test_accuracy_by_epoch", "silent_test_samples_percent", "weights_sha256", "on_chip"
_BEYOND = 1e15
#: Of a training sample, estimated but the last two; all are summed over phases.
_PER_SAMPLE = ("seconds", "energy", "cycles", "slips", "packets_sent", "hop_bits")
_Data = Tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]


class _Case(NamedTuple):
    """A rule for a seed."""

    rule: str
    seed: int
    epochs: int


def add_parser(settings: Any) -> None:
    """The grammar of ``spinnprop reproduce learning-rules-on-chip``."""
    parser = grammar.command(
        settings,
        NAME,
        run,
        "EventProp, BioGrad and traces per synapse on the emulated SpiNNaker2",
        "Train a network on scikit-learn's digits by EventProp, by BioGrad, by BioGrad with shorter sleeps, and with a trace per synapse "
        "(memory and work as in e-prop), all on an emulated SpiNNaker2; print accuracy, time and energy per training sample, memory and packets beside each "
        "other, the constants under them, and draw accuracy over energy. Seeds that are already in the folder are not run again. "
        "--seeds 1 --epochs 3 gives a first impression.",
        pictures=True,
    )
    add_shared(parser, seeds=5, epochs=30, out=f"reproduce-{NAME}")


def run(options: argparse.Namespace) -> None:
    """Runs what is not in ``options.out`` yet, then prints the tables and draws the figure."""
    begin(options.out, f"reproduce {NAME}")
    train, test = _digits()
    print(
        f"{SETTING['data']}: {len(train[1])} samples to train, {len(test[1])} to test; 64-{SETTING['hidden']}-10, batches of "
        f"{SETTING['batch_size']}, {SETTING['copies']} copies, {counted(options.epochs, 'epoch')}, {counted(options.seeds, 'seed')}",
        flush=True,
    )
    found: Dict[str, List[Dict[str, Any]]] = {rule: [] for rule in RULES}
    for seed in range(options.seeds):
        for rule in RULES:
            case = _Case(rule, seed, options.epochs)
            path = os.path.join(options.out, file_name(f"{rule}-seed-{seed}", options.epochs))
            own = {"spinnprop": __version__, "rule": rule, "seed": seed, "epochs": options.epochs, "setting": SETTING}
            result, is_earlier = found_or_run(path, own, [_CURVE], partial(_run, case, train, test), _is_whole, "rules")
            found[rule].append(result)
            chip = result[_ON_CHIP]
            print(
                f"seed {seed}, {rule}: test accuracy {result[_CURVE][-1]:.1f} %; estimated {1e3 * chip['seconds']:.3g} ms and "
                f"{1e6 * chip['energy']:.4g} uJ a training sample{EARLIER * is_earlier}",
                flush=True,
            )
        if found["biograd"][-1][_WEIGHTS] != found["traces"][-1][_WEIGHTS]:
            raise SpinnpropError(f"seed {seed}: both forms of BioGrad's credit must give the same bits; please report this")
    constants = Chip().constants
    clear(options.out, f"reproduce {NAME}", but=("*-epochs.json",))
    rows = [_row(rule, results) for rule, results in found.items()]
    metrics = {"spinnprop": __version__, "estimated": ESTIMATED, "setting": SETTING, "rules": rows, "constants": constants}
    write_results(options, "Learning rules on an emulated SpiNNaker2", metrics, {"accuracy_over_energy": (partial(_draw, found=found), (8, 4.5))})
    _print(rows, constants)


def _digits() -> Tuple[_Data, _Data]:
    X, y = datasets.digits()
    order, first = np.random.default_rng(0).permutation(len(y)), SETTING["test_samples"]
    X, y = X[order], y[order]
    return (X[first:], y[first:]), (X[:first], y[:first])


def _run(case: _Case, train: _Data, test: _Data) -> Dict[str, Any]:
    """Test accuracy in percent after every epoch, and what a training sample takes on the chip."""
    engine = Engine(
        copies=SETTING["copies"],
        batch_size=SETTING["batch_size"],
        credit="traces" if case.rule == "traces" else "recursion",
    )
    with EpochBar(case.epochs, f"seed {case.seed}, {case.rule}") as bar:
        learn = _eventprop if case.rule == "eventprop" else _biograd
        curve, silent, weights, account = learn(case, engine, train, test, bar)
    return {
        _CURVE: curve,
        _SILENT: silent,
        _WEIGHTS: hashlib.sha256(b"".join(np.asarray(own).tobytes() for own in weights)).hexdigest(),
        _ON_CHIP: _costs(account),
    }


#: Curve, silent samples in percent, all that has been learnt, and the account.
_Learnt = Tuple[List[float], float, List[Any], Account]


def _eventprop(case: _Case, engine: Engine, train: _Data, test: _Data, bar: Callable[[Dict[str, Any]], Any]) -> _Learnt:
    from ..._estimators.spiking import SpikingClassifier

    model = SpikingClassifier(
        hidden=(SETTING["hidden"],), engine=engine, epochs=case.epochs, batch_size=SETTING["batch_size"], seed=case.seed,
        rescale=False, t_min=SETTING["eventprop"]["t_min"],
    )  # fmt: skip
    model.fit(*train, validation=test, progress=bar)
    silent = 100 * float((model._decide(test[0]) < 0).mean())
    curve = (100 * model.history_["validation_accuracy"]).tolist()
    # The estimator has an engine of its own.
    assert isinstance(model.engine_, Engine)
    return curve, silent, list(model.network_.weights), model.engine_.account()


def _biograd(case: _Case, engine: Engine, train: _Data, test: _Data, bar: Callable[[Dict[str, Any]], Any]) -> _Learnt:
    training = BioGrad(
        [train[0].shape[1], SETTING["hidden"], 10], epochs=case.epochs, batch_size=SETTING["batch_size"], seed=case.seed,
        **{name: SETTING["biograd"][name] for name in ("steps", "learning_rate")},
        **(SETTING["short-sleep"] if case.rule == "short-sleep" else {}), engine=engine,
    )  # fmt: skip
    training.wake(train[0])
    curve, silent = [], 0.0

    def stop_after_epoch(state: Dict[str, Any]) -> bool:
        bar(state)
        return bool(state["epoch_finished"])

    while training.epochs_done < case.epochs:
        training.run(*train, progress=stop_after_epoch)
        classes = answers(training.counts(test[0]))
        curve.append(100 * float((classes == test[1]).mean()))
        silent = 100 * float((classes < 0).mean())
    return curve, silent, [*training.weights, *training.biases, *training.feedback], engine.account()


def _costs(account: Account) -> Dict[str, Any]:
    """What a training sample takes; of the forward phase, in which test samples ran as well, the mean over all."""
    phases: Dict[str, Dict[str, float]] = {}
    for row in account.phases:
        samples = account.forward_samples if row["name"] == "forward" else account.backward_samples
        phases[str(row["name"])] = {name: float(row[name]) / samples for name in _PER_SAMPLE}
    memory: Dict[str, int] = {}
    for pe in account.buffers:
        for name, size in pe.items():
            kind = re.sub(r" \d+$", "", name)
            memory[kind] = memory.get(kind, 0) + size
    totals = {name: sum(own[name] for own in phases.values()) for name in _PER_SAMPLE}
    return {
        "estimated": ESTIMATED,
        **totals,
        "copies": account.copies,
        "n_pes": account.n_pes,
        "training_samples": account.backward_samples,
        "phases": phases,
        "memory": memory,
        "fullest_pe": account.tightest["sram_high_water"],
    }


def _is_whole(result: Dict[str, Any]) -> bool:
    """Whether an earlier run's file has all that `_run` gives besides the curve."""
    chip = result.get(_ON_CHIP)
    if not isinstance(result.get(_WEIGHTS), str) or not isinstance(chip, dict):
        return False
    numbers = [chip.get(name) for name in (*_PER_SAMPLE, "copies", "n_pes", "training_samples", "fullest_pe")]
    phases, memory = chip.get("phases"), chip.get("memory")
    if not isinstance(phases, dict) or not isinstance(memory, dict) or not all(isinstance(own, dict) for own in phases.values()):
        return False
    numbers += [own.get(name) for own in phases.values() for name in _PER_SAMPLE] + list(memory.values())
    return all(is_number(value, _BEYOND) for value in numbers)


def _row(rule: str, results: List[Dict[str, Any]]) -> Dict[str, Any]:
    """A rule's medians over seeds, with the layout of the first: it is the same for all."""
    chips, first = [result[_ON_CHIP] for result in results], results[0][_ON_CHIP]
    return {
        "rule": rule,
        "what": RULES[rule],
        "test_accuracies": [result[_CURVE][-1] for result in results],
        "test_accuracy": float(np.median([result[_CURVE][-1] for result in results])),
        **{name: float(np.median([chip[name] for chip in chips])) for name in _PER_SAMPLE},
        "phases": {
            phase: {name: float(np.median([chip["phases"][phase][name] for chip in chips])) for name in _PER_SAMPLE}
            for phase in first["phases"]
        },
        **{name: first[name] for name in ("copies", "n_pes", "memory", "fullest_pe")},
    }


def _print(rows: List[Dict[str, Any]], constants: List[Dict[str, Any]]) -> None:
    line = "{:<12}{:>10}{:>10}{:>10}{:>12}{:>10}{:>6}{:>11}{:>13}"
    print("\n" + line.format("rule", "accuracy", "ms", "uJ", "cycles", "packets", "PEs", "SRAM", "fullest PE"))
    for row in rows:
        print(
            line.format(
                row["rule"], f"{row['test_accuracy']:.1f} %", f"{1e3 * row['seconds']:.3g}", f"{1e6 * row['energy']:.4g}",
                f"{row['cycles']:.4g}", f"{row['packets_sent']:.4g}", row["n_pes"], f"{sum(row['memory'].values()) / 1024:.0f} kB",
                f"{row['fullest_pe'] / 1024:.1f} kB",
            )  # fmt: skip
        )
    print("of a training sample, copies side by side, medians over seeds; estimated: ms, uJ, cycles. SRAM: of all PEs; EventProp's spike")
    print("tapes are up to eight times as long as asked for where memory is left")
    for row in rows:
        print(f"\n{row['rule']}: {row['what']}")
        phases = [
            f"{name} {1e3 * own['seconds']:.3g} ms, {1e6 * own['energy']:.3g} uJ, {own['packets_sent']:.4g} packets"
            for name, own in row["phases"].items()
            if own["seconds"]
        ]
        print("  phases, estimated: " + "; ".join(phases))
        largest = sorted(row["memory"].items(), key=lambda each: -each[1])
        print("  memory, kB: " + ", ".join(f"{name} {size / 1024:.1f}" for name, size in largest))
    print("\nthe constants under it (value, unit, mark, source); P: from the chip's makers, S: quoted, D: derived")
    for own in constants:
        print(f"  {own['name']:<24}{own['value']:<12.6g}{own['unit']:<10}{own['mark']:<9}{own['source']}")


def _draw(figure: Any, found: Dict[str, List[Dict[str, Any]]]) -> None:
    """Test accuracy over the energy spent so far, a line per seed; and where a training sample's energy goes."""
    curves, bars = figure.subplots(1, 2, width_ratios=(3, 2))
    for place, (rule, results) in enumerate(found.items()):
        colour = f"C{place}"
        for seed, result in enumerate(results):
            chip, curve = result[_ON_CHIP], result[_CURVE]
            joules = chip["energy"] * chip["training_samples"] / len(curve) * np.arange(1, len(curve) + 1)
            label = rule if seed == 0 else None
            curves.plot(joules, curve, color=colour, marker=".", linewidth=1, alpha=0.8, label=label)
        bottom = 0.0
        for n, (phase, own) in enumerate(results[0][_ON_CHIP]["phases"].items()):
            height = 1e6 * own["energy"]
            bars.bar(place, height, bottom=bottom, color=colour, alpha=1 - 0.13 * n, edgecolor="white")
            if height > 0.04 * 1e6 * max(each[0][_ON_CHIP]["energy"] for each in found.values()):
                bars.text(place, bottom + height / 2, phase, ha="center", va="center", fontsize="x-small")
            bottom += height
    curves.set_xscale("log")
    curves.set_xlabel("energy of training (J, estimated)")
    curves.set_ylabel("test accuracy (%)")
    curves.grid(True, alpha=0.3)
    curves.legend(fontsize="small", loc="lower right")
    bars.set_xticks(range(len(found)), list(found), fontsize="small", rotation=25)
    bars.set_ylabel("energy of a training sample (uJ, estimated), by phase")
