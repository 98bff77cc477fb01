"""Pictures of what a classifier has learnt."""

from __future__ import annotations

from typing import Any, List, Optional, Sequence, Tuple

import matplotlib
import numpy as np

from .._support import checks
from ._axes import new_or_given, word

#: Numbers that are no classes would make a matrix as large as the memory.
_CLASSES = 1000


def decision_map(
    classifier: Any,
    X: Any = None,
    y: Any = None,
    ax: Any = None,
    resolution: int = 200,
    classes: Optional[Sequence[Any]] = None,
) -> Any:
    """What a classifier of two features makes of every point of the plane, and the accuracy on given samples.

    Parameters
    ----------
    classifier : object with predict
        Of two features, or of the Yin-Yang data's x, y, 1 - x, 1 - y.
    X, y : (n_samples, 2 or 4) float64 and (n_samples,), or None
        Samples to draw on top; those judged wrongly get a cross. For two features the plane
        is drawn as far as they reach; otherwise, and without samples, it is the unit square.
    ax : matplotlib Axes or None
        None: a new figure.
    resolution : int
        Points along each side.
    classes : sequence or None
        The labels in order; None: ``classifier.classes_``.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError, TypeError
        If the data have another number of features, a label is none of the classes, only one of X and y is given, or the classifier is not fitted.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(300)
    >>> clf = sp.SpikingClassifier(hidden=(30,), epochs=1).fit(X, y)
    >>> ax = sp.plot.decision_map(clf, X, y, resolution=20)
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    resolution = checks.integer(resolution, "resolution", 2, 10000)
    if (X is None) != (y is None):
        raise ValueError(f"{'X' if X is None else 'y'} is None; give both X and y, or neither")
    points = None if X is None else np.asarray(X)
    if points is not None and (points.ndim != 2 or not len(points)):
        raise ValueError(f"X has the shape {points.shape}; it must be (n_samples, 2), or (n_samples, 4) for Yin-Yang")
    n_features = int(getattr(classifier, "n_features_in_", 4)) if points is None else points.shape[1]
    if n_features not in (2, 4):
        raise ValueError(f"the data have {n_features} features; a map needs 2, or the 4 of Yin-Yang: x, y, 1 - x, 1 - y")
    if points is not None and n_features == 4 and not np.allclose(points[:, :2] + points[:, 2:], 1.0):
        raise ValueError("X has 4 features that are not x, y, 1 - x, 1 - y; a map needs 2 features or those of Yin-Yang")
    if points is not None:
        checks.shape(np.asarray(y), points.shape[:1], "y")
    if not hasattr(classifier, "predict") or (classes is None and not hasattr(classifier, "classes_")):
        raise TypeError(f"classifier is {checks.shown(classifier)}; it must be a fitted classifier, or have predict and its labels be given as classes")
    labels = np.asarray(classifier.classes_ if classes is None else classes)
    colours = np.array([matplotlib.colormaps["tab10"](n % 10) for n in range(len(labels))])
    low, high = _reach(points, n_features)
    x, height = (
        grid.ravel() for grid in np.meshgrid(*(a + (np.arange(resolution) + 0.5) / resolution * (b - a) for a, b in zip(low, high)))
    )
    features = [x, height] if n_features == 2 else [x, height, 1 - x, 1 - height]
    image = colours[_indices(labels, classifier.predict(np.stack(features, axis=1)))].reshape(resolution, resolution, 4)
    image[..., 3] = 0.45
    if n_features == 4:
        # The data lie in a disc; what is outside is no part of the task.
        image[np.hypot(x - 0.5, height - 0.5).reshape(resolution, resolution) > 0.5, 3] = 0.1
    axes = new_or_given(ax)
    axes.imshow(image, origin="lower", extent=(low[0], high[0], low[1], high[1]), interpolation="nearest", aspect="auto")
    handles: List[Any] = [Rectangle((0, 0), 1, 1, color=colour, label=f"class {word(name)}") for colour, name in zip(colours, labels)]
    if points is not None:
        given = _indices(labels, np.asarray(y))
        wrong = classifier.predict(points) != np.asarray(y)
        axes.scatter(points[~wrong, 0], points[~wrong, 1], s=4, c=colours[given[~wrong]])
        axes.scatter(points[wrong, 0], points[wrong, 1], s=30, marker="x", linewidths=1.2, c=colours[given[wrong]])
        axes.set_title(f"accuracy {100 * float(np.mean(~wrong)):.1f} % of {len(points)} samples", fontsize="medium")
        if wrong.any():
            handles.append(Line2D([], [], color="0.3", marker="x", linestyle="none", label=f"mistakes ({int(wrong.sum())})"))
    axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.13), ncol=4, fontsize="small", frameon=False)
    if n_features == 4:
        axes.set_aspect("equal")
    axes.set_xlabel("x" if n_features == 4 else "feature 0")
    axes.set_ylabel("y" if n_features == 4 else "feature 1")
    return axes


def confusion_matrix(y: Any, predicted: Any, classes: Optional[Sequence[Any]] = None, ax: Any = None) -> Any:
    """How many samples of each class were taken for which: a row for each true class, coloured by its samples' shares.

    Parameters
    ----------
    y, predicted : (n_samples,)
        What samples are, and what was made of them: `predict` of an estimator or of a `Recording`. Where that is -1, for no output spoke, and -1
        is no class, there is a column "no answer".
    classes : sequence or None
        The labels in order, or words for the labels 0, 1, ...; None: the labels of y and predicted, sorted.
    ax : matplotlib Axes or None
        None: a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If y and predicted have different lengths or none, a label is none of the classes, or there are more than 1,000 classes.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(300)
    >>> clf = sp.SpikingClassifier(hidden=(30,), epochs=1).fit(X, y)
    >>> ax = sp.plot.confusion_matrix(y, clf.predict(X), classes=["yin", "yang", "dot"])
    """
    true, said = np.asarray(y), np.asarray(predicted)
    if true.ndim != 1 or true.shape != said.shape or not len(true):
        raise ValueError(f"y and predicted have the shapes {true.shape} and {said.shape}; both must be (n_samples,), with at least one sample")
    silent = np.zeros(len(said), bool)
    if said.dtype.kind == "i" and not (true == -1).any():
        silent = said == -1
    if classes is None:
        labels = np.unique(np.concatenate([true, said[~silent]]))
    else:
        labels = np.asarray(list(checks.each(classes, "classes", "labels")))
    words = [word(label) for label in labels]
    if labels.dtype.kind == "U" and true.dtype.kind in "iu":
        labels = np.arange(len(words))
    if len(labels) > _CLASSES:
        raise ValueError(f"there are {len(labels)} labels; at most {_CLASSES} classes can be shown")
    n_columns = len(labels) + bool(silent.any())
    columns = np.full(len(said), len(labels))
    columns[~silent] = _indices(labels, said[~silent])
    counts = np.bincount(_indices(labels, true) * n_columns + columns, minlength=len(labels) * n_columns).reshape(len(labels), n_columns)
    axes = new_or_given(ax)
    shares = 100 * counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    axes.figure.colorbar(image, ax=axes, label="share of the true class (%)", shrink=0.85)
    # Numbers in more cells than these would overlap.
    if n_columns <= 20:
        for (row, column), count in np.ndenumerate(counts):
            axes.text(
                column, row, str(count), ha="center", va="center", fontsize="small" if n_columns <= 12 else "xx-small",
                color="white" if shares[row, column] > 50 else "black",
            )  # fmt: skip
    names = words + ["no answer"] * bool(silent.any())
    # Of many classes every second, third and so on is named.
    step = -(-n_columns // 30)
    axes.set_xticks(range(0, n_columns, step))
    long = max(map(len, names)) * n_columns > 40
    axes.set_xticklabels(names[::step], rotation=90 if long else 0)
    axes.set_yticks(range(0, len(labels), step))
    axes.set_yticklabels(names[: len(labels) : step])
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    right = int(np.sum(counts[:, : len(labels)].diagonal()))
    axes.set_title(f"accuracy {100 * right / len(true):.1f} % of {len(true)} samples", fontsize="medium")
    return axes


def _indices(labels: Any, given: Any) -> Any:
    """The position of each given label among the labels, which need not be sorted."""
    if not len(labels):
        raise ValueError("there are no classes, but labels")
    order = np.argsort(labels)
    found = order[np.minimum(np.searchsorted(labels, given, sorter=order), len(labels) - 1)]
    strange = given[labels[found] != given]
    if len(strange):
        raise ValueError(f"label {strange[:1].tolist()[0]!r} is none of the classes {', '.join(map(str, labels))}; give them as classes")
    return found


def _reach(points: Any, n_features: int) -> Tuple[Any, Any]:
    """The plane's lower left and upper right corners: the unit square, or all samples and a margin."""
    if points is None or n_features == 4:
        return np.zeros(2), np.ones(2)
    low, high = points.min(axis=0), points.max(axis=0)
    margin = np.where(high > low, 0.05 * (high - low), 0.5)
    return low - margin, high + margin
