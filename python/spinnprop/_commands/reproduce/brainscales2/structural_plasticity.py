"""``spinnprop reproduce brainscales2-structural-plasticity``: few synapses per neuron, which look for the inputs that tell."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Tuple

import numpy as np

from .... import datasets
from ...._spikes import SpikeTrains
from ...._support.bars import Bar
from ....brainscales2 import Array, Chip, Processor, StructuralPlasticity
from .experiment import EVEN, SENSORS, Experiment, Results, Row, draw_band

#: Scikit-learn's digits: 64 pixels, a neuron for each class. Nothing of it is published but the principle.
_SIZES: Dict[str, Any] = {
    "fan_in": 8, "train": 500, "test": 300, "epochs": 20,
    "spikes": 8, "duration": 0.05, "pause": 0.03, "noise": 0.02,
    "amplitude": 20.0, "tau": 0.02, "learning_rate": 0.05, "forgetting": 0.001, "weight": 16, "threshold": 10,
    "neurons": {
        "tau_mem": 0.02, "tau_syn_exc": 0.005, "tau_syn_inh": 0.005, "threshold": 1.0, "reset": 0.0, "gain": 0.08, "refractory": 0.002,
    },
}  # fmt: skip
_CLASSES, _PIXELS = 10, 64
WORDS = {
    "re-drawn": "weak synapses are re-drawn after every epoch",
    "fixed": "synapses stay where they were drawn",
    "unforgetting": "synapses stay, and nothing is forgotten",
    "even-sensors": "as re-drawn, with even sensors",
}
_CASES: Dict[str, Dict[str, Any]] = {
    **{name: {"synapses": name, "sensors": {}} for name in ("re-drawn", "fixed", "unforgetting")},
    "even-sensors": {"synapses": "re-drawn", "sensors": EVEN},
}


class _Classifier:
    """An array whose most active neuron is the answer."""

    def __init__(self, seed: int, sizes: Mapping[str, Any], sensors: Mapping[str, float]) -> None:
        self._sizes, self._rng = sizes, np.random.default_rng(seed)
        mask = np.zeros((_PIXELS, _CLASSES), np.bool_)
        for neuron in range(_CLASSES):
            mask[self._rng.choice(_PIXELS, sizes["fan_in"], replace=False), neuron] = True
        self.array = Array.on(
            Chip(seed), n=_CLASSES, n_sources=_PIXELS, mask=mask, weights=np.where(mask, sizes["weight"], 0), fan_in=sizes["fan_in"], noise=sizes["noise"],
            sensors=True, sensor_amplitude=sizes["amplitude"], sensor_tau_causal=sizes["tau"], seed=seed, **sensors, **sizes["neurons"],
        )  # fmt: skip

    def counts(self, image: Any) -> Any:
        """Each neuron's spikes, where each pixel spikes as often as it is bright."""
        units = np.repeat(np.arange(_PIXELS), np.rint(image * self._sizes["spikes"]).astype(np.int64))
        times = self._rng.uniform(0, self._sizes["duration"], len(units))
        order = np.argsort(times)
        spikes = SpikeTrains(times[order], units[order], [0, len(units)], n_units=_PIXELS)
        found = self.array.run(spikes, self._sizes["duration"] + self._sizes["pause"])
        return np.bincount(found.units, minlength=_CLASSES)

    def learn(self, image: Any, label: int) -> None:
        """Weights change by their causal correlation, upwards of the label's neuron, downwards of the others as far as they answered; and they
        are forgotten, or synapses would stay for ever on pixels that are never bright."""
        counts = self.counts(image)
        shares = np.exp(counts - counts.max())
        errors = (np.arange(_CLASSES) == label) - shares / shares.sum()
        rate, forgetting = self._sizes["learning_rate"], self._sizes["forgetting"]

        def rule(processor: Processor) -> Any:
            change = rate * errors * processor.causal - forgetting * processor.weights
            weights = processor.weights + np.floor(change + processor.rng.random(change.shape))
            return np.where(processor.mask, np.clip(weights, -63, 63), 0).astype(np.int8)

        self.array.apply(rule)

    def accuracy(self, images: Any, labels: Any) -> float:
        """In percent; of neurons that are equally active one is drawn."""
        right = 0
        for image, label in zip(images, labels):
            counts = self.counts(image)
            right += int(self._rng.choice(np.flatnonzero(counts == counts.max()))) == label
        return 100 * right / len(labels)


def _data(sizes: Mapping[str, Any]) -> Tuple[Any, Any, Any, Any]:
    X, y = datasets.digits()
    order = np.random.default_rng(0).permutation(len(y))
    train, test = order[: sizes["train"]], order[len(y) - sizes["test"] :]
    return X[train], y[train], X[test], y[test]


def _run(case: Mapping[str, Any], seed: int, sizes: Mapping[str, Any]) -> Dict[str, Any]:
    """Test accuracy in percent at first and after every epoch, and on which pixels synapses are in the end, neuron by neuron."""
    images, labels, test_images, test_labels = _data(sizes)
    forgetting = 0.0 if case["synapses"] == "unforgetting" else sizes["forgetting"]
    classifier = _Classifier(seed, {**sizes, "forgetting": forgetting}, case["sensors"])
    accuracy = [classifier.accuracy(test_images, test_labels)]
    redraw = StructuralPlasticity(threshold=sizes["threshold"], weight=sizes["weight"])
    moved = 0
    with Bar(sizes["epochs"], "epoch", f"{case['synapses']}{', even sensors' if case['sensors'] else ''}, seed {seed}") as bar:
        for epoch in range(sizes["epochs"]):
            # What was re-drawn has an epoch to learn before it is tested.
            if case["synapses"] == "re-drawn" and epoch > 0:
                before = classifier.array.mask
                classifier.array.apply(redraw)
                moved += int((before & ~classifier.array.mask).sum())
            for image, label in zip(images, labels):
                classifier.learn(image, label)
            accuracy.append(classifier.accuracy(test_images, test_labels))
            bar.move(epoch + 1, {"accuracy": f"{accuracy[-1]:.1f} %"})
    used = classifier.array.mask
    return {"accuracy": accuracy, "moved": moved, "fan_in": used.sum(axis=0).tolist(), "used": used.sum(axis=1).tolist()}


def _rows(found: Mapping[str, Results]) -> List[Row]:
    rows = []
    for name, results in found.items():
        rows += [
            Row(f"{name}: test accuracy after the first epoch (%)", "", [result["accuracy"][1] for result in results], 1),
            Row(f"{name}: test accuracy at the end (%)", "", [result["accuracy"][-1] for result in results], 1),
            Row(f"{name}: synapses that were moved", "", [result["moved"] for result in results], 0),
        ]
    return rows


def _draw(figure: Any, found: Mapping[str, Results]) -> None:
    """Accuracies, and how many synapses are on each pixel in the end, of the first seed."""
    axes, *images = figure.subplots(1, 1 + len(found), width_ratios=[2] + [1] * len(found))
    for n, (name, results) in enumerate(found.items()):
        curves = np.array([result["accuracy"] for result in results])
        draw_band(axes, np.arange(curves.shape[1]), curves, WORDS[name], f"C{n}")
        images[n].imshow(np.array(results[0]["used"]).reshape(8, 8), cmap="Greys", vmin=0, vmax=_CLASSES)
        images[n].set_title(f"{name}:\nsynapses on each\npixel, seed 0", fontsize="medium")
        images[n].set_xticks([])
        images[n].set_yticks([])
    axes.set_xlabel("epoch")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_ylabel("test accuracy (%): median, quartiles")
    axes.set_ylim(0, 100)
    axes.grid(True, alpha=0.3)
    axes.legend(fontsize="x-small", loc="upper left")


EXPERIMENT = Experiment(
    name="brainscales2-structural-plasticity",
    summary="few synapses per neuron that look for their inputs, on an emulated BrainScaleS-2",
    description="Ten neurons learn scikit-learn's digits with eight synapses each; after every epoch weak synapses listen to other pixels, or stay (the "
    "principle is that of Billaudelle et al., arXiv 1912.12047).",
    sizes=_SIZES,
    quick={"epochs": 2, "train": 60, "test": 40},
    cases=_CASES,
    run=_run,
    finds=("accuracy", "moved", "fan_in", "used"),
    say=lambda result: f"test accuracy {result['accuracy'][-1]:.1f} %, {result['moved']} synapses moved",
    rows=_rows,
    draw=_draw,
    figure_size=(12, 4),
    notes=(
        "published: that the fan-in stays as it is and that weak synapses are re-drawn",
        "its parameters are not public: data, network and rule are chosen here",
        SENSORS,
        *(f"{name}: {words}" for name, words in WORDS.items()),
    ),
)
