"""A network of a published setting on one engine: how it is trained for a seed, and the file that keeps what was found."""

from __future__ import annotations

import math
import os
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ... import datasets, encoding
from ..._engines.base import BaseEngine
from ..._library import __version__
from ..._network import Network
from ..._support.bars import EpochBar
from ..._trainer import Trainer
from ...losses import Loss
from ..folder import CHECKPOINT
from .results import file_name, finished, is_number, kept, write

#: Samples and seed of each set: the published ones, but for a test set so large that its own chance, which all networks share, is
#: less than what is to be told apart.
SAMPLES: Dict[str, List[int]] = {
    "train": [5000, 42], "validation": [1000, 41], "published test": [1000, 40], "test": [10000, 43]
}  # fmt: skip
#: Names of what a run finds, in its file.
VALIDATION, TEST, PUBLISHED_TEST = "validation_accuracy_by_epoch", "test_accuracy", "published_test_accuracy"
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
        return sum(each.size for layers in (network.weights, network.delays) for each in layers)

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
    """What the seeds of a case found, in percent: accuracies on both test sets, and validation accuracies by epoch."""

    case: Case
    accuracies: List[float]
    published: List[float]
    curves: List[List[float]]


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
    own = case.describe(seed, epochs)
    found = finished(path, own, [VALIDATION])
    if all(is_number(found.get(each), 100.0) for each in (TEST, PUBLISHED_TEST)):
        return found, True
    checkpoint = f"{os.path.splitext(path)[0]}.{CHECKPOINT}"
    with kept(out, "runs"):
        found = _run(case, seed, epochs, sets, checkpoint)
    write(path, {**own, **found})
    if os.path.isfile(checkpoint):
        os.remove(checkpoint)
    return found, False


def _run(case: Case, seed: int, epochs: int, sets: Dict[str, Tuple[Any, Any]], checkpoint: str) -> Dict[str, Any]:
    """Validation accuracy in percent after every epoch; test accuracies at the end, and how many samples no output answers."""
    trainer = Trainer(
        case.untrained(seed), case.loss, engine=case.engine, **case.training, epochs=epochs, seed=seed,
        checkpoint=checkpoint, checkpoint_every=_PAUSE, resume=True,
    )  # fmt: skip
    with EpochBar(epochs, f"{case.engine.name}, {case.shape}, delays {case.delays}, seed {seed}") as bar:
        # Nothing is chosen by the validation set: it is only watched.
        trainer.run(*sets["train"], validation=sets["validation"], progress=bar)
    found: Dict[str, Any] = {VALIDATION: [100 * float(accuracy) for accuracy in trainer.history["validation_accuracy"]]}
    for name, of in ((PUBLISHED_TEST, "published test"), (TEST, "test")):
        spikes, labels = sets[of]
        classes = trainer.network.forward(spikes, engine=case.engine).predict(case.loss)
        found[name] = 100 * float((classes == labels).mean())
    return {**found, "silent_test_samples_percent": 100 * float((classes < 0).mean())}
