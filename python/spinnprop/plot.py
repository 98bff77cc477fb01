"""Pictures, drawn by matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional, Sequence, Union

import numpy as np

from . import _checks
from ._plot_chip import chip
from ._recording import Recording
from ._spikes import SpikeTrains

if TYPE_CHECKING:
    from ._search_result import SearchResult

try:
    import matplotlib
except ImportError as error:
    raise ImportError(f"spinnprop.plot needs matplotlib ({error}); pip install 'spinnprop[plot]'") from error

__all__ = ["chip", "decision_map", "learning_curve", "pareto_front", "raster", "search_history"]

#: Of the costs that a search knows by itself.
_UNITS = {"spikes": "per sample", "energy": "J per sample, estimated", "time": "s per sample, estimated"}


def raster(spikes: Union[SpikeTrains, Recording], sample: int = 0, ax: Any = None) -> Any:
    """The spikes of one sample: time in ms to the right, units upwards; for a recording, layer above layer.

    Parameters
    ----------
    spikes : SpikeTrains or Recording
    sample : int
    ax : matplotlib Axes or None
        None: a new figure.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(1)
    >>> rec = sp.Network([5, 30, 3]).forward(sp.encoding.latency(X, bias=0.0))
    >>> ax = sp.plot.raster(rec)
    """
    trains = [spikes.input, *spikes.spikes] if isinstance(spikes, Recording) else [spikes]
    for each in trains:
        if not isinstance(each, SpikeTrains):
            raise TypeError(f"spikes is {type(each).__name__!r}; it must be SpikeTrains or a Recording")
    axes = _axes(ax)
    names = ["input", *(f"layer {layer}" for layer in range(len(trains) - 2)), "output"] if len(trains) > 1 else [None]
    base = 0.0
    for layer, (name, each) in enumerate(zip(names, trains)):
        times, units = each[sample]
        # A small layer's rows would vanish beside a large one's: every layer gets the same height.
        height = 1.0 if len(trains) > 1 else each.n_units
        rows = base + (units + 0.5) / each.n_units * height
        axes.scatter(1e3 * times, rows, s=40, marker="|", color=f"C{layer}", linewidths=1.5)
        if name is not None and layer > 0:
            axes.axhline(base, color="0.8", linewidth=0.8)
        base += height
    axes.set_ylim(0, base)
    axes.set_xlim(left=-0.5)
    axes.set_xlabel("time (ms)")
    if len(trains) > 1:
        axes.set_yticks([layer + 0.5 for layer in range(len(trains))])
        axes.set_yticklabels([f"{name} ({each.n_units})" for name, each in zip(names, trains)])
    else:
        axes.set_ylabel("unit")
    return axes


def learning_curve(history: Any, ax: Any = None) -> Any:
    """Accuracy by epoch, in training and validation.

    Parameters
    ----------
    history : structured array
        `Trainer.history`, or `history_` of an estimator.
    ax : matplotlib Axes or None
        None: a new figure.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(100)
    >>> trainer = sp.Trainer(sp.Network([4, 30, 3]), epochs=2)
    >>> trainer.run(sp.encoding.latency(X), y)
    True
    >>> ax = sp.plot.learning_curve(trainer.history)
    """
    axes = _axes(ax)
    epochs = np.arange(1, len(history) + 1)
    axes.plot(epochs, 100 * history["accuracy"], label="training")
    if not np.all(np.isnan(history["validation_accuracy"])):
        axes.plot(epochs, 100 * history["validation_accuracy"], label="validation")
    axes.set_xlabel("epoch")
    axes.set_ylabel("accuracy (%)")
    axes.grid(True, alpha=0.3)
    axes.legend(loc="lower right")
    return axes


def decision_map(
    classifier: Any,
    X: Any = None,
    y: Any = None,
    ax: Any = None,
    resolution: int = 200,
    classes: Optional[Sequence[Any]] = None,
) -> Any:
    """What a classifier of the Yin-Yang data makes of every point of the plane.

    Parameters
    ----------
    classifier : object with predict
        Of features x, y, 1 - x, 1 - y.
    X, y : (n_samples, 4) float64 and (n_samples,), or None
        Samples to draw on top; those judged wrongly get a cross.
    ax : matplotlib Axes or None
        None: a new figure.
    resolution : int
        Points along each side.
    classes : sequence or None
        The labels in order; None: ``classifier.classes_``.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(300)
    >>> clf = sp.SpikingClassifier(hidden=(30,), epochs=1).fit(X, y)
    >>> ax = sp.plot.decision_map(clf, X, y, resolution=20)
    """
    resolution = _checks.integer(resolution, "resolution", 2, 10000)
    labels = np.asarray(classifier.classes_ if classes is None else classes)
    colours = [matplotlib.colormaps["tab10"](n % 10) for n in range(len(labels))]
    centres = (np.arange(resolution) + 0.5) / resolution
    x, height = (grid.ravel() for grid in np.meshgrid(centres, centres))
    decisions = np.searchsorted(labels, classifier.predict(np.stack([x, height, 1 - x, 1 - height], axis=1)))
    image = np.array(colours)[decisions].reshape(resolution, resolution, 4)
    inside = np.hypot(x - 0.5, height - 0.5).reshape(resolution, resolution) <= 0.5
    image[..., 3] = np.where(inside, 0.45, 0.1)
    axes = _axes(ax)
    axes.imshow(image, origin="lower", extent=(0, 1, 0, 1), interpolation="nearest")
    if X is not None and y is not None:
        points, given = np.asarray(X), np.searchsorted(labels, np.asarray(y))
        wrong = classifier.predict(points) != np.asarray(y)
        axes.scatter(points[~wrong, 0], points[~wrong, 1], s=4, c=[colours[label] for label in given[~wrong]])
        axes.scatter(points[wrong, 0], points[wrong, 1], s=30, marker="x", c=[colours[label] for label in given[wrong]])
    axes.set_aspect("equal")
    axes.set_xlabel("x")
    axes.set_ylabel("y")
    return axes


def search_history(result: SearchResult, ax: Any = None) -> Any:
    """The validation accuracy of each trial of a search in order, and the best so far.

    Parameters
    ----------
    result : SearchResult
    ax : matplotlib Axes or None
        None: a new figure.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(100)
    >>> small = sp.SpikingClassifier(epochs=1)
    >>> ax = sp.plot.search_history(sp.search(X, y, {"hidden": (5, 20)}, estimator=small, n_trials=2))
    """
    axes = _axes(ax)
    trials = result.trials
    for state, marker, colour in (("complete", "o", "C0"), ("pruned", "x", "0.6")):
        points = [(trial["number"], 100 * trial["accuracy"]) for trial in trials if trial["state"] == state]
        if points:
            axes.scatter(*zip(*points), s=20, marker=marker, c=colour, label=state)
    best = np.maximum.accumulate([trial["accuracy"] if trial["state"] == "complete" else 0.0 for trial in trials])
    axes.step([trial["number"] for trial in trials], 100 * best, where="post", color="C1", label="best so far")
    axes.set_xlabel("trial")
    axes.set_ylabel("validation accuracy (%)")
    axes.grid(True, alpha=0.3)
    axes.legend(loc="lower right")
    return axes


def pareto_front(result: SearchResult, cost: Optional[str] = None, ax: Any = None) -> Any:
    """The complete trials of a search, a cost to the right and accuracy upwards, and the front among them.

    Parameters
    ----------
    result : SearchResult
        Of a search with a cost among its objectives.
    cost : str or None
        Which of the costs; None: the first.
    ax : matplotlib Axes or None
        None: a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If the search had no such cost.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(100)
    >>> found = sp.search(
    ...     X, y, {"hidden": (5, 20)}, estimator=sp.SpikingClassifier(epochs=1), n_trials=2,
    ...     objectives=("accuracy", "spikes"),
    ... )
    >>> ax = sp.plot.pareto_front(found)
    """
    costs = result.objectives[1:]
    if not costs or (cost is not None and cost not in costs):
        raise ValueError(f"cost is {cost!r}; the search had the objectives {', '.join(result.objectives)}")
    name = costs[0] if cost is None else cost
    axes = _axes(ax)
    complete = [trial for trial in result.trials if trial["state"] == "complete"]
    points, front = (
        np.array([(trial[name], 100 * trial["accuracy"]) for trial in trials]).reshape(-1, 2)
        for trials in (complete, sorted(result.pareto, key=lambda trial: (trial[name], trial["accuracy"])))
    )
    axes.scatter(points[:, 0], points[:, 1], s=20, c="0.6", label="trials")
    axes.step(front[:, 0], front[:, 1], where="post", marker="o", markersize=5, color="C1", label="Pareto front")
    axes.set_xlabel(f"{name} ({_UNITS[name]})" if name in _UNITS else name)
    axes.set_ylabel("validation accuracy (%)")
    axes.grid(True, alpha=0.3)
    axes.legend(loc="lower right")
    return axes


def _axes(ax: Any) -> Any:
    """What is drawn on: the given axes, or those of a new figure for None."""
    if ax is None:
        from matplotlib import pyplot

        return pyplot.subplots()[1]
    from matplotlib.axes import Axes

    if not isinstance(ax, Axes):
        raise TypeError(f"ax is {_checks._shown(ax)}; it must be matplotlib Axes, or None for a new figure")
    return ax
