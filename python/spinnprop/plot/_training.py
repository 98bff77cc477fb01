"""Pictures of training and of what was learnt."""

from __future__ import annotations

from typing import Any, Optional, Sequence

import matplotlib
import numpy as np

from .._support import checks
from ._axes import new_or_given


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
    axes = new_or_given(ax)
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
    resolution = checks.integer(resolution, "resolution", 2, 10000)
    labels = np.asarray(classifier.classes_ if classes is None else classes)
    colours = [matplotlib.colormaps["tab10"](n % 10) for n in range(len(labels))]
    centres = (np.arange(resolution) + 0.5) / resolution
    x, height = (grid.ravel() for grid in np.meshgrid(centres, centres))
    decisions = np.searchsorted(labels, classifier.predict(np.stack([x, height, 1 - x, 1 - height], axis=1)))
    image = np.array(colours)[decisions].reshape(resolution, resolution, 4)
    inside = np.hypot(x - 0.5, height - 0.5).reshape(resolution, resolution) <= 0.5
    image[..., 3] = np.where(inside, 0.45, 0.1)
    axes = new_or_given(ax)
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
