"""Pictures of a search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional, Tuple

import numpy as np

from .._support import checks
from ._axes import new_or_given

if TYPE_CHECKING:
    # Searches need scikit-learn, and pictures of anything else do not.
    from .._search.result import SearchResult

#: Of the costs that a search knows by itself: the axis' label, and what a cost is multiplied by for its unit.
_AXES = {
    "spikes": ("spikes per sample", 1.0),
    "energy": ("energy per sample (mJ, estimated)", 1e3),
    "time": ("time per sample (ms, estimated)", 1e3),
}


def search_history(result: SearchResult, ax: Any = None) -> Any:
    """The validation accuracy, of regressors R2, of each trial of a search in order, and the best so far.

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
    name, label, factor = _score(result)
    axes = new_or_given(ax)
    trials = result.trials
    for state, marker, colour in (("complete", "o", "C0"), ("pruned", "x", "0.6")):
        points = [(trial["number"], factor * trial[name]) for trial in trials if trial["state"] == state]
        if points:
            axes.scatter(*zip(*points), s=20, marker=marker, c=colour, label=state)
    best = np.maximum.accumulate([trial[name] if trial["state"] == "complete" else -np.inf for trial in trials])
    axes.step([trial["number"] for trial in trials], factor * best, where="post", color="C1", label="best so far")
    axes.set_xlabel("trial")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_ylabel(label)
    axes.grid(True, alpha=0.3)
    axes.legend(loc="lower right")
    return axes


def pareto_front(result: SearchResult, cost: Optional[str] = None, ax: Any = None) -> Any:
    """The complete trials of a search, a cost to the right and accuracy, of regressors R2, upwards, and the front among them.

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
    score, label, factor = _score(result)
    costs = result.objectives[1:]
    if not costs or (cost is not None and cost not in costs):
        raise ValueError(f"cost is {cost!r}; the search had the objectives {', '.join(result.objectives)}")
    name = costs[0] if cost is None else cost
    cost_label, unit = _AXES.get(name, (name, 1.0))
    axes = new_or_given(ax)
    complete = [trial for trial in result.trials if trial["state"] == "complete"]
    points, front = (
        np.array([(unit * trial[name], factor * trial[score]) for trial in trials]).reshape(-1, 2)
        for trials in (complete, sorted(result.pareto, key=lambda trial: (trial[name], trial[score])))
    )
    axes.scatter(points[:, 0], points[:, 1], s=20, c="0.6", label="trials")
    axes.step(front[:, 0], front[:, 1], where="post", marker="o", markersize=5, color="C1", label="Pareto front")
    axes.set_xlabel(cost_label)
    axes.locator_params(axis="x", nbins=6)
    axes.set_ylabel(label)
    axes.grid(True, alpha=0.3)
    axes.legend(loc="lower right")
    return axes


def _score(result: SearchResult) -> Tuple[str, str, float]:
    """What trials were judged by: its name, the axis' label, and what it is multiplied by for that."""
    if not hasattr(result, "objectives"):
        raise TypeError(f"result is {checks.shown(result)}; it must be what spinnprop.search returns")
    name = result.objectives[0]
    return (name, "validation R2", 1.0) if name == "r2" else (name, "validation accuracy (%)", 100.0)
