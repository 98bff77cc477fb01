"""One network, trained for a seed: what it comes to, how well its update is aligned with its twin's, and the file that keeps it."""

from __future__ import annotations

import os
from functools import partial
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple

import numpy as np
import numpy.typing as npt

from ...._biograd import BioGrad
from ...._library import __version__
from ...._spikes import SpikeTrains
from ...._support.bars import EpochBar
from ..results import file_name, found_or_run, is_number
from .settings import Data, Setting

#: Names of what a run finds, in its file; each has a value for every epoch, those of layers a row.
TEST, ANGLES, COSINES = "test_accuracy_by_epoch", "angle_by_epoch", "cosine_by_epoch"
_TRAINING = "training_accuracy"
#: So many training samples, spread over the set, tell how updates differ.
_PROBED = 128


class Case(NamedTuple):
    """A network to be trained."""

    setting: Setting
    #: In file names, and in words.
    name: str
    words: str
    #: Keywords of `BioGrad` besides the setting's.
    options: Mapping[str, Any]

    @property
    def is_twin(self) -> bool:
        return self.options.get("rule") == "bptt"

    def untrained(self, seed: int, epochs: int, **other: Any) -> BioGrad:
        """The network at the start; `other`: keywords in place of the case's."""
        options = {**self.setting.training, **self.options, **other}
        return BioGrad(self.setting.sizes, **options, seed=seed, epochs=epochs)

    def describe(self, seed: int, epochs: int) -> Dict[str, Any]:
        """All that shapes a run, in words and numbers that JSON has."""
        return {
            "spinnprop": __version__,
            "seed": seed,
            "epochs": epochs,
            "setting": self.setting.name,
            "network": self.setting.sizes,
            # Defaults, too: a run with others is another run.
            "options": self.untrained(seed, epochs)._options,
        }


class Found(NamedTuple):
    """A case and what its seeds came to: accuracies in percent (seeds, epochs), angles in degrees (seeds, epochs, hidden layers), cosines
    (seeds, epochs, layers)."""

    case: Case
    accuracies: npt.NDArray[np.float64]
    angles: npt.NDArray[np.float64]
    cosines: npt.NDArray[np.float64]


def find(case: Case, seed: int, epochs: int, data: Callable[[], Data], out: str) -> Tuple[Dict[str, Any], bool]:
    """What a run found, and whether its file was there."""
    path = os.path.join(out, file_name(f"{case.setting.name}-{case.name}-seed-{seed}", epochs))
    layers = len(case.setting.sizes) - 1
    is_whole = partial(_is_whole, epochs=epochs, layers=layers, is_twin=case.is_twin)
    run = partial(_run, case, seed, epochs, data)
    return found_or_run(path, case.describe(seed, epochs), [TEST, _TRAINING], run, is_whole, things="runs")


def _is_whole(found: Dict[str, Any], epochs: int, layers: int, is_twin: bool) -> bool:
    """Whether an earlier run's file has all that `_run` gives besides accuracies."""

    def is_table(name: str, columns: int, most: float) -> bool:
        rows = found.get(name)
        if not isinstance(rows, list) or len(rows) != epochs:
            return False
        if not all(isinstance(row, list) and len(row) == columns for row in rows):
            return False
        return all(is_number(abs(value) if isinstance(value, float) else value, most) for row in rows for value in row)

    return is_table(ANGLES, layers - 1, 180.0) and (is_twin or is_table(COSINES, layers, 1.0))


def _run(case: Case, seed: int, epochs: int, load: Callable[[], Data]) -> Dict[str, Any]:
    """Accuracies in percent, angles and cosines after every epoch."""
    data = load()
    step_time = data.step_time
    (X, y), (X_test, y_test) = data.train, data.test
    training = case.untrained(seed, epochs)
    twin = None if case.is_twin else case.untrained(seed, epochs, rule="bptt")
    probed = np.linspace(0, len(y) - 1, min(_PROBED, len(y))).astype(np.int64)
    probe = _chosen(X, probed), y[probed]
    training.wake(X, step_time=step_time)
    accuracies: List[float] = []
    cosines: List[List[float]] = []
    silent = 0.0
    with EpochBar(epochs, f"{case.words}, seed {seed}") as bar:

        def stop_after_epoch(state: Dict[str, Any]) -> bool:
            bar(state)
            return bool(state["epoch_finished"])

        # The test set is only watched: nothing is chosen by it.
        while training.epochs_done < epochs:
            training.run(X, y, step_time=step_time, progress=stop_after_epoch)
            classes = training.predict(X_test, step_time=step_time)
            accuracies.append(100 * float((classes == y_test).mean()))
            silent = 100 * float((classes < 0).mean())
            if twin is not None:
                cosines.append(_cosines(training, twin, probe, step_time))
    history = training.history
    return {
        TEST: accuracies,
        _TRAINING: [100 * float(accuracy) for accuracy in history["accuracy"]],
        ANGLES: history["angle"].tolist(),
        COSINES: cosines,
        "spikes_per_sample": history["spikes"][-1].tolist(),
        "silent_test_samples_percent": silent,
    }


def _chosen(X: Any, at: npt.NDArray[np.int64]) -> Any:
    """Some samples."""
    if not isinstance(X, SpikeTrains):
        return X[at]
    times, units = zip(*(X[int(n)] for n in at))
    offsets = np.concatenate([[0], np.cumsum([len(own) for own in times])])
    return SpikeTrains(np.concatenate(times), np.concatenate(units), offsets, X.n_units)


def _cosines(training: BioGrad, twin: BioGrad, probe: Tuple[Any, Any], step_time: Optional[float]) -> List[float]:
    """Of what both rules would change the same weights by, on the same samples: one for each layer, 0 where one of them is 0."""
    for layer, (weights, biases) in enumerate(zip(training.weights, training.biases)):
        twin.set("weights", layer, weights)
        twin.set("biases", layer, biases)
    found = []
    for own, other in zip(training.gradient(*probe, step_time=step_time)[0], twin.gradient(*probe, step_time=step_time)[0]):
        size = float(np.linalg.norm(own) * np.linalg.norm(other))
        found.append(max(-1.0, min(1.0, float((own * other).sum()) / size)) if size > 0 else 0.0)
    return found
