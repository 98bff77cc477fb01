"""A network of a published setting on one engine: how it is trained for a seed, and the file that keeps what was found."""

from __future__ import annotations

import math
import os
from functools import partial
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from ... import datasets, encoding
from ..._core import SpinnpropError
from ..._engines.base import BaseEngine
from ..._engines.event import EventEngine
from ..._engines.first_spike import FirstSpikeEngine
from ..._library import __version__
from ..._network import Network
from ..._support.bars import EpochBar
from ..._trainer import Trainer
from ...losses import Loss
from ..folder import CHECKPOINT
from .results import file_name, found_or_run, is_number

#: Samples and seed of each set: the published ones, but for a test set so large that its own chance, which all networks share, is
#: less than what is to be told apart.
SAMPLES: Dict[str, List[int]] = {
    "train": [5000, 42], "validation": [1000, 41], "published test": [1000, 40], "test": [10000, 43]
}  # fmt: skip
#: Names of what a run finds, in its file.
VALIDATION, TEST, PUBLISHED_TEST = "validation_accuracy_by_epoch", "test_accuracy", "published_test_accuracy"
#: Why a run ended before its last epoch, where it did.
ENDED = "ended"
#: A reset so far below the threshold that who has spiked is silent for the rest of a sample: where published neurons spike once,
#: ours do so on every engine.
ONCE = -1e6
#: Epochs between two checkpoints.
_PAUSE = 10


class Case(NamedTuple):
    """A network of a published setting and the engine that trains it."""

    engine: BaseEngine
    sizes: List[int]
    #: "none", or the kind.
    delays: str
    encoding: Dict[str, Any]
    #: Keywords of `Network` and of `Trainer`.
    network: Dict[str, Any]
    training: Dict[str, Any]
    loss: Loss
    #: Test accuracy in percent that is known of just this network.
    known: Optional[float] = None

    @property
    def shape(self) -> str:
        """As in 4-30-3."""
        return "-".join(map(str, self.sizes))

    @property
    def parameters(self) -> int:
        """How many numbers are trained."""
        network = self.untrained(0)
        return sum(int(network.masks[ends].sum()) + network.delays[ends].size for ends in network.connections)

    def untrained(self, seed: int) -> Network:
        """The network at the start."""
        kind = None if self.delays == "none" else self.delays
        return Network(self.sizes, delays=kind, **self.network, seed=seed)

    def describe(self, seed: int, epochs: int) -> Dict[str, Any]:
        """All that shapes a run, in words and numbers that JSON has."""
        return {
            "spinnprop": __version__,
            "seed": seed,
            "epochs": epochs,
            "setting": {
                "samples": SAMPLES,
                "encoding": self.encoding,
                "network": {"layer_sizes": self.sizes, "delays": self.delays, **self.network},
                "loss": repr(self.loss),
                "training": {name: "none" if value == math.inf else value for name, value in self.training.items()},
                "engine": repr(self.engine),
            },
        }


class Found(NamedTuple):
    """A case, how many numbers it trains, and what its seeds found, in percent: accuracies on both test sets, validation by epoch."""

    case: Case
    parameters: int
    accuracies: List[float]
    published: List[float]
    curves: List[List[float]]


class Quartiles(NamedTuple):
    """Lower quartile, median, upper quartile."""

    low: Any
    middle: Any
    high: Any


def quartiles(values: Any, axis: int = 0) -> Quartiles:
    """Those of numbers, or of each row or column of a table."""
    return Quartiles(*np.percentile(values, [25, 50, 75], axis=axis))


def first_spike_and_exact() -> Dict[str, BaseEngine]:
    """First spikes in closed form, and the exact engine."""
    return {"first-spike": FirstSpikeEngine(), "event": EventEngine()}


def training_options(**own: Any) -> Dict[str, Any]:
    """A setting's own keywords of `Trainer` among those that all settings share, in the order in which files have them."""
    shared = {"batch_size": 150, "optimizer": "adam"}
    bumping = {"bump": 5e-4, "bump_hidden_limit": 0.3, "bump_output_limit": 0.0, "bump_pairs": True}
    return {**shared, **own, "clip_norm": math.inf, **bumping, **own}


def as_published(own: Case) -> Case:
    """A network of first spikes, trained as the authors' public code trains those of Fast & Deep and of DelGrad."""
    engine = FirstSpikeEngine(max_weight_step=0.2) if isinstance(own.engine, FirstSpikeEngine) else own.engine
    published = {"batch_size": 150, "schedule_epochs": 20, "schedule_gamma": 0.95, "average_epochs": 1, "bump_hidden_limit": 0.3}
    return own._replace(engine=engine, training={**own.training, **published})


#: The same in words.
AS_PUBLISHED = (
    "published, and trained by with --as-published: batches of 150, rates times 0.95 every 20 epochs, bumped beyond 0.3, a limit of 0.2 (first-spike alone "
    "has it), and the parameters of the last epoch"
)


def load(case: Case) -> Dict[str, Tuple[Any, Any]]:
    """Each set's spikes and labels."""
    sets = {}
    for name, (n_samples, seed) in SAMPLES.items():
        X, y = datasets.yin_yang(n_samples, seed=seed)
        sets[name] = (encoding.latency(X, **case.encoding), y)
    return sets


def find(name: str, case: Case, seed: int, epochs: int, sets: Dict[str, Tuple[Any, Any]], out: str) -> Tuple[Dict[str, Any], bool]:
    """What a run of the setting `name` found, and whether its file was there; a run that was interrupted goes on."""
    start = f"{name}-{case.engine.name}-{case.shape}-{case.delays}-seed-{seed}"
    path = os.path.join(out, file_name(start, epochs))
    checkpoint = f"{os.path.splitext(path)[0]}.{CHECKPOINT}"
    run = partial(_run, case, seed, epochs, sets, checkpoint)
    found, is_earlier = found_or_run(path, case.describe(seed, epochs), [VALIDATION], run, _is_whole, things="runs")
    if not is_earlier and os.path.isfile(checkpoint):
        os.remove(checkpoint)
    return found, is_earlier


def _is_whole(found: Dict[str, Any]) -> bool:
    """Whether an earlier run's file has all that `_run` gives besides the curve."""
    return all(is_number(found.get(each), 100.0) for each in (TEST, PUBLISHED_TEST))


def _run(case: Case, seed: int, epochs: int, sets: Dict[str, Tuple[Any, Any]], checkpoint: str) -> Dict[str, Any]:
    """Validation accuracy in percent after every epoch; test accuracies at the end, and how many samples no output answers."""
    trainer = Trainer(
        case.untrained(seed), case.loss, engine=case.engine, **case.training, epochs=epochs, seed=seed,
        checkpoint=checkpoint, checkpoint_every=_PAUSE, resume=True,
    )  # fmt: skip
    ended: Optional[str] = None
    with EpochBar(epochs, f"{case.engine.name}, {case.shape}, delays {case.delays}, seed {seed}") as bar:
        try:
            # Nothing is chosen by the validation set: it is only watched.
            trainer.run(*sets["train"], validation=sets["validation"], progress=bar)
        except SpinnpropError as error:
            # Some published rates make some seeds' activity run away: what such a network has learnt counts, as it is.
            if not trainer.epochs_done:
                raise
            ended = str(error)
    (published, published_labels), (test, test_labels) = sets["published test"], sets["test"]
    published_classes, classes = (_answers(trainer.network, case, spikes) for spikes in (published, test))
    course = [100 * float(accuracy) for accuracy in trainer.history["validation_accuracy"]]
    return {
        # A network that is not trained any more stays as it is.
        VALIDATION: course + course[-1:] * (epochs - len(course)),
        **({} if ended is None else {ENDED: f"in epoch {len(course) + 1}: {ended}"}),
        PUBLISHED_TEST: 100 * float((published_classes == published_labels).mean()),
        TEST: 100 * float((classes == test_labels).mean()),
        "silent_test_samples_percent": 100 * float((classes < 0).mean()),
    }


def _answers(network: Network, case: Case, spikes: Any) -> Any:
    """The class of each sample; none of any where activity runs away."""
    try:
        return network.forward(spikes, engine=case.engine).predict(case.loss)
    except SpinnpropError:
        return np.full(len(spikes), -1)
