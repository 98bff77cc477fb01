"""Networks for an emulated BrainScaleS-2, trained off it or in the loop: what a run is, and the file that keeps what it found."""

from __future__ import annotations

import json
import os
from functools import partial
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Tuple

import numpy as np

from .... import brainscales2
from ...._engines.base import BaseEngine
from ...._engines.first_spike import FirstSpikeEngine
from ...._library import __version__
from ...._network import Network
from ...._support.bars import EpochBar
from ...._trainer import Trainer
from ....losses import Loss
from ..results import file_name, found_or_run, is_number
from ..trained import ONCE, quartiles

#: How networks are trained.
IDEAL, AWARE, CHIPS, LOOP = "ideal", "hardware-aware", "several-chips", "in-the-loop"
METHODS: Dict[str, str] = {
    IDEAL: "exact first spikes, without any chip",
    AWARE: "DelGrad's model of a chip: spread and noise of thresholds, jitter, six-bit weights",
    CHIPS: "many chips at once, others than the one that is tested, each batch on one of them",
    LOOP: "the chip itself",
}
#: Where they are tested: on what they were trained on, or on the chip.
TRAINED, CHIP = "training_substrate", "chip"
#: How many chips "several chips" are.
N_CHIPS = 10
COURSE, SILENT = "training_accuracy_by_epoch", "silent_test_samples_percent"
#: Of synapses: steps that a weight of 1 is worth, and how many there are.
_SCALE, _LARGEST = 30.0, 63
#: Seconds of a synaptic time constant of the chip; networks have it as 1 s.
_TAU_SYN = 6e-6

Sets = Dict[str, Tuple[Any, Any]]


class Task(NamedTuple):
    """Data and the network that learns them."""

    sizes: List[int]
    #: Spikes and labels of "train" and "test" for a seed.
    load: Callable[[int], Sets]
    #: What these are, in words and numbers that JSON has.
    data: Dict[str, Any]
    #: Mean and deviation of initial weights of each layer.
    weights: List[Tuple[float, float]]
    learning_rate: float
    delay_learning_rate: float
    batch_size: int
    loss: Loss
    #: Synapses of each pair of an input and a neuron.
    copies: int
    #: Keywords of `Trainer` that it has otherwise.
    training: Mapping[str, Any] = {}

    @property
    def shape(self) -> str:
        """As in 4-30-3."""
        return "-".join(map(str, self.sizes))


class Case(NamedTuple):
    """How a task is trained, and for which chips."""

    task: Task
    #: "none" or "axonal".
    delays: str
    method: str
    #: Of chips, where they are not the usual ones.
    statistics: Mapping[str, Any] = {}
    #: Published accuracies in percent, the least and the most, by where a network is tested.
    known: Mapping[str, Tuple[float, float]] = {}

    @property
    def label(self) -> str:
        """For file names and lines."""
        own = [f"{name}-{value:g}" for name, value in self.statistics.items()]
        return "-".join([self.task.shape, self.delays, *own, self.method])

    def chip(self, seed: int) -> BaseEngine:
        """What the network is for: each seed has a chip."""
        return self._engine(brainscales2.Chip(seed, **self.statistics))

    def substrate(self, seed: int) -> BaseEngine:
        """What it is trained on."""
        if self.method == IDEAL:
            return FirstSpikeEngine()
        if self.method == AWARE:
            return self._engine(brainscales2.Chip.hardware_aware(seed))
        if self.method == CHIPS:
            return self._engine([brainscales2.Chip(N_CHIPS * (seed + 1000) + n, **self.statistics) for n in range(N_CHIPS)])
        return self.chip(seed)

    def untrained(self, seed: int) -> Network:
        """The network at the start; weights stay within what synapses can be."""
        mean, deviation = zip(*self.task.weights)
        # Time constants and thresholds of DelGrad's model.
        network = Network(
            self.task.sizes, tau_mem=1.0, tau_syn=1.0, threshold=2.6, reset=ONCE, weight_mean=list(mean), weight_std=list(deviation),
            delays=None if self.delays == "none" else self.delays, seed=seed,
        )  # fmt: skip
        for layer in range(len(self.task.sizes) - 1):
            largest = _LARGEST / _SCALE * (self.task.copies if layer == 0 else 1)
            network.weight_bounds[layer] = [-largest, largest]
        return network

    def training(self, epochs: int) -> Dict[str, Any]:
        """Keywords of `Trainer`."""
        task = self.task
        own: Dict[str, Any] = {
            "batch_size": task.batch_size, "learning_rate": task.learning_rate,
            "schedule": "step", "schedule_epochs": max(1, round(0.8 * epochs)), "schedule_gamma": 0.1,
            "bump": 5e-4, "bump_hidden_limit": 0.3, "bump_output_limit": 0.0, "bump_pairs": True, **task.training,
        }  # fmt: skip
        if self.delays != "none":
            own.update(
                delay_learning_rate=task.delay_learning_rate, delay_parameter="sigmoid", delay_shift=0.0, delay_scale=1.0,
                delay_init=[0.0, 0.25],
            )  # fmt: skip
        if self.method != IDEAL:
            own["gradient_engine"] = "event"
        return own

    def describe(self, seed: int, epochs: int) -> Dict[str, Any]:
        """All that shapes a run, in words and numbers that JSON has."""
        return {
            "spinnprop": __version__, "seed": seed, "epochs": epochs,
            "setting": {
                "layer_sizes": self.task.sizes, "data": self.task.data, "weights": [list(pair) for pair in self.task.weights],
                "delays": self.delays, "loss": repr(self.task.loss), "training": self.training(epochs),
                "substrate": repr(self.substrate(seed)), "chip": repr(self.chip(seed)),
            },
        }  # fmt: skip

    def _engine(self, chip: Any) -> BaseEngine:
        return brainscales2.Engine(chip, input_copies=self.task.copies, weight_scale=_SCALE, speedup=1 / _TAU_SYN)


class Row(NamedTuple):
    """What the seeds of a case found in one place, in percent."""

    case: Case
    tested: str
    accuracies: List[float]

    @property
    def known(self) -> Any:
        """Least and most that are published of it, or None."""
        return self.case.known.get(self.tested)

    def as_json(self) -> Dict[str, Any]:
        """For metrics.json."""
        low, middle, high = map(float, quartiles(self.accuracies))
        return {
            "network": self.case.task.shape, "delays": self.case.delays, "trained": self.case.method, "tested": self.tested,
            "chip": dict(self.case.statistics), "test_accuracies": self.accuracies, "median": middle, "quartiles": [low, high],
            "published": None if self.known is None else list(self.known),
        }  # fmt: skip


#: A network after its training, and its training accuracy after every epoch.
Trained = Tuple[Network, List[float]]


def find(
    name: str, case: Case, seed: int, epochs: int, load: Callable[[], Sets], trained: Dict[str, Trained], out: str
) -> Tuple[Dict[str, Any], bool]:
    """What a run of the experiment `name` found, and whether its file was there. Networks in `trained` are not trained again."""
    path = os.path.join(out, file_name(f"{name}-{case.label}-seed-{seed}", epochs))
    run = partial(_run, case, seed, epochs, load, trained)
    return found_or_run(path, case.describe(seed, epochs), [COURSE], run, _is_whole, things="runs")


def _is_whole(found: Dict[str, Any]) -> bool:
    """Whether an earlier run's file has all that `_run` gives besides the curve."""
    return all(is_number(found.get(each), 100.0) for each in (TRAINED, CHIP))


def _run(case: Case, seed: int, epochs: int, load: Callable[[], Sets], trained: Dict[str, Trained]) -> Dict[str, Any]:
    """Training accuracy after every epoch, test accuracies at the end, and how many samples no output answers on the chip."""
    described = case.describe(seed, epochs)
    # Cases may differ in nothing but the chip on which the network is tested.
    del described["setting"]["chip"]
    key = json.dumps(described)
    if key not in trained:
        trained[key] = _train(case, seed, epochs, load)
    network, course = trained[key]
    spikes, labels = load()["test"]
    here, there = (_predict(case.task, network, spikes, engine) for engine in (case.substrate(seed), case.chip(seed)))
    return {
        COURSE: course,
        TRAINED: 100 * float((here == labels).mean()),
        CHIP: 100 * float((there == labels).mean()),
        SILENT: 100 * float((there < 0).mean()),
    }


def _predict(task: Task, network: Network, spikes: Any, engine: BaseEngine) -> Any:
    """In batches as in training: what is drawn anew for each batch on a chip counts by its mean."""
    parts = [spikes[first : first + task.batch_size] for first in range(0, len(spikes), task.batch_size)]
    return np.concatenate([network.forward(part, engine=engine).predict(task.loss) for part in parts])


def _train(case: Case, seed: int, epochs: int, load: Callable[[], Sets]) -> Trained:
    trainer = Trainer(case.untrained(seed), case.task.loss, engine=case.substrate(seed), **case.training(epochs), epochs=epochs, seed=seed)
    with EpochBar(epochs, f"{case.label}, seed {seed}") as bar:
        trainer.run(*load()["train"], progress=bar)
    return trainer.network, [100 * float(accuracy) for accuracy in trainer.history["accuracy"]]
