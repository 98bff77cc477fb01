"""One network, trained for a seed: what it comes to, how well its update is aligned with its twin's, and the file that keeps it."""

from __future__ import annotations

import os
from functools import partial
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple

import numpy as np
import numpy.typing as npt

from ...._biograd import BioGrad
from ...._core import SpinnpropError
from ...._library import __version__
from ...._support.bars import EpochBar
from ...folder import CHECKPOINT
from ..results import begun, file_name, found_or_run, is_number, write
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
            "options": self.untrained(seed, epochs).options,
        }


class Found(NamedTuple):
    """A case and what its seeds came to: accuracies in percent (seeds, epochs), angles in degrees (seeds, epochs, hidden layers), cosines
    (seeds, epochs, layers)."""

    case: Case
    accuracies: npt.NDArray[np.float64]
    angles: npt.NDArray[np.float64]
    cosines: npt.NDArray[np.float64]


def find(case: Case, seed: int, epochs: int, data: Callable[[], Data], out: str) -> Tuple[Dict[str, Any], bool]:
    """What a run found, and whether its file was there; a run that was interrupted goes on after its last epoch."""
    path = os.path.join(out, file_name(f"{case.setting.name}-{case.name}-seed-{seed}", epochs))
    checkpoint = f"{os.path.splitext(path)[0]}.{CHECKPOINT}"
    own = case.describe(seed, epochs)
    is_whole = partial(_is_whole, case=case, epochs=epochs)
    found, is_earlier = found_or_run(
        path, own, [TEST, _TRAINING], partial(_run, case, own, data, path, checkpoint), is_whole, things="runs"
    )
    if not is_earlier:
        os.remove(checkpoint)
    return found, is_earlier


def _is_whole(found: Dict[str, Any], case: Case, epochs: int) -> bool:
    """Whether an earlier run's file has all that `_run` gives besides accuracies."""
    layers = len(case.setting.sizes) - 1
    has_cosines = case.is_twin or _is_table(found.get(COSINES), epochs, layers, 1.0)
    return _is_table(found.get(ANGLES), epochs, layers - 1, 180.0) and has_cosines


def _is_table(rows: Any, length: int, columns: int, most: float) -> bool:
    """Whether there are so many rows of so many numbers of at most this size."""
    if not isinstance(rows, list) or len(rows) != length:
        return False
    if not all(isinstance(row, list) and len(row) == columns for row in rows):
        return False
    return all(is_number(abs(value) if isinstance(value, float) else value, most) for row in rows for value in row)


def _run(case: Case, own: Dict[str, Any], load: Callable[[], Data], path: str, checkpoint: str) -> Dict[str, Any]:
    """Accuracies in percent, angles and cosines after every epoch."""
    (X, y), (X_test, y_test), step_time = load()
    seed, epochs = own["seed"], own["epochs"]
    twin = None if case.is_twin else case.untrained(seed, epochs, rule="bptt", integer=False)
    probed = np.linspace(0, len(y) - 1, min(_PROBED, len(y))).astype(np.int64)
    probe = X[probed], y[probed]
    training, accuracies, cosines = _interrupted(case, own, path, checkpoint)
    if training is None:
        training = case.untrained(seed, epochs)
        training.wake(X, step_time=step_time)
    with EpochBar(epochs, f"{case.words}, seed {seed}") as bar:

        def stop_after_epoch(state: Dict[str, Any]) -> bool:
            bar(state)
            return bool(state["epoch_finished"])

        # The test set is only watched: nothing is chosen by it.
        while training.epochs_done < epochs:
            training.run(X, y, step_time=step_time, progress=stop_after_epoch)
            accuracies.append(100 * float((training.predict(X_test, step_time=step_time) == y_test).mean()))
            if twin is not None:
                cosines.append(_cosines(training, twin, probe, step_time))
            # In this order: what is kept is of the checkpoint's epochs at least.
            write(path, {**own, TEST: accuracies, COSINES: cosines})
            training.save(checkpoint)
    history = training.history
    return {
        TEST: accuracies,
        _TRAINING: [100 * float(accuracy) for accuracy in history["accuracy"]],
        ANGLES: history["angle"].tolist(),
        COSINES: cosines,
        "spikes_per_sample": history["spikes"][-1].tolist(),
        "silent_test_samples_percent": 100 * float((training.predict(X_test, step_time=step_time) < 0).mean()),
    }


def _interrupted(
    case: Case, own: Dict[str, Any], path: str, checkpoint: str
) -> Tuple[Optional[BioGrad], List[float], List[List[float]]]:
    """The training that an earlier run of the same description left, with accuracies and cosines so far; or nothing."""
    found = begun(path, own)
    accuracies, cosines = found.get(TEST), found.get(COSINES)
    if not isinstance(accuracies, list) or not isinstance(cosines, list):
        return None, [], []
    try:
        training = BioGrad.load(checkpoint)
    except (FileNotFoundError, SpinnpropError):
        return None, [], []
    done = training.epochs_done
    accuracies, cosines = accuracies[:done], cosines[:done]
    layers = len(case.setting.sizes) - 1
    has_all = _is_table([accuracies], 1, done, 100.0) and (case.is_twin or _is_table(cosines, done, layers, 1.0))
    is_own = list(training.layer_sizes) == case.setting.sizes and training.options == own["options"]
    return (training, accuracies, cosines) if has_all and is_own else (None, [], [])


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
