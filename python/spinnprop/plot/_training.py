"""Pictures of how training went."""

from __future__ import annotations

from typing import Any, List, Optional, Sequence

import numpy as np

from .._support import checks
from ._axes import new_or_given

#: Of the fields of a history: the axis' label, and what a value is multiplied by for its unit.
_QUANTITIES = {
    "loss": ("loss", 1.0),
    "accuracy": ("accuracy (%)", 100.0),
    "hidden_spikes": ("hidden spikes per sample", 1.0),
    "output_spikes": ("output spikes per sample", 1.0),
    "skipped": ("samples without an answer (%)", 100.0),
    "learning_rate": ("learning rate", 1.0),
    "seconds": ("time per epoch (s)", 1.0),
}


def learning_curve(history: Any, ax: Any = None, of: Optional[str] = None) -> Any:
    """Accuracy or loss by epoch, in training and validation; of several runs the median, and the quartiles around it.

    Parameters
    ----------
    history : structured array, Trainer, fitted estimator, or sequence of these
        `Trainer.history`, `history_` of an estimator, or who has it. Several runs are drawn as far as the shortest came.
    ax : matplotlib Axes or None
        None: a new figure.
    of : str or None
        A field of the history with one number per epoch: "accuracy", "loss", "hidden_spikes", "learning_rate" and so on. None: the accuracy, or
        the loss of what was trained on targets, which has none.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError, TypeError
        If there is no history, or none of this field.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(1000)
    >>> trainer = sp.Trainer(sp.Network([5, 30, 3], seed=0), epochs=3, batch_size=50)
    >>> trainer.run(sp.encoding.latency(X, bias=0.0), y)
    True
    >>> ax = sp.plot.learning_curve(trainer, of="loss")
    """
    runs = _histories(history)
    if of is None:
        of = "accuracy" if any(_has_numbers(run, "accuracy") for run in runs) or not _has_numbers(runs[0], "loss") else "loss"
    curves = {"training": _curves(runs, of)}
    if any(_has_numbers(run, f"validation_{of}") for run in runs):
        curves["validation"] = _curves(runs, f"validation_{of}")
    label, factor = _QUANTITIES.get(of, (of, 1.0))
    axes = new_or_given(ax)
    epochs = np.arange(1, len(curves["training"][0]) + 1)
    for name, values in curves.items():
        low, middle, high = np.quantile(factor * values, [0.25, 0.5, 0.75], axis=0)
        # A line of one point would not be seen.
        marker = "o" if len(epochs) == 1 else None
        (line,) = axes.plot(epochs, middle, marker=marker, label=name if len(runs) == 1 else f"{name}, median and quartiles of {len(runs)}")
        if len(runs) > 1:
            axes.fill_between(epochs, low, high, color=line.get_color(), alpha=0.25, linewidth=0)
    axes.set_xlabel("epoch")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_ylabel(label)
    axes.grid(True, alpha=0.3)
    axes.legend(fontsize="small" if len(runs) > 1 else None, loc="lower right" if of == "accuracy" else "best")
    return axes


def learning_curves(history: Any, ax: Optional[Sequence[Any]] = None) -> Any:
    """Loss and accuracy by epoch, side by side; each as `learning_curve` draws it.

    Parameters
    ----------
    history : structured array, Trainer, fitted estimator, or sequence of these
    ax : pair of matplotlib Axes or None
        For the loss and for the accuracy; None: a new figure.

    Returns
    -------
    (2,) array of matplotlib Axes

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(100)
    >>> runs = [sp.SpikingClassifier(hidden=(20,), epochs=2, seed=seed).fit(X, y) for seed in range(3)]
    >>> loss, accuracy = sp.plot.learning_curves(runs)
    """
    runs = _histories(history)
    if ax is None:
        from matplotlib import pyplot

        panels = pyplot.subplots(1, 2, figsize=(9, 3.6), layout="constrained")[1]
    else:
        panels = np.array(checks.pair(ax, "ax", "of matplotlib Axes") if not isinstance(ax, np.ndarray) else ax, dtype=object).ravel()
        if len(panels) != 2:
            raise ValueError(f"ax has {len(panels)} elements; it must be a pair of matplotlib Axes, or None for a new figure")
    for panel, of in zip(panels, ("loss", "accuracy")):
        learning_curve(runs, new_or_given(panel), of)
    return panels


def _histories(given: Any) -> List[Any]:
    """The histories of what was given, or of each of several."""
    several = given if isinstance(given, (list, tuple)) else [given]
    if not several:
        raise ValueError("history is empty; give at least one run")
    found = [getattr(each, "history_", getattr(each, "history", each)) for each in several]
    for each, history in zip(several, found):
        if not isinstance(history, np.ndarray) or history.dtype.names is None or history.ndim != 1:
            raise TypeError(f"history is {checks.shown(each)}; it must be Trainer.history, history_ of a fitted estimator, or who has it")
    return found


def _has_numbers(history: Any, field: str) -> bool:
    return field in history.dtype.names and not bool(np.isnan(history[field]).all())


def _curves(runs: Sequence[Any], field: str) -> Any:
    """(n_runs, n_epochs): a field of each run, as far as all came."""
    for run in runs:
        if field not in run.dtype.names or run[field].ndim != 1:
            one = [name for name in run.dtype.names if run[name].ndim == 1]
            raise ValueError(f"of is {checks.shown(field)}; the history has {', '.join(one)}")
    n_epochs = min(len(run) for run in runs)
    return np.array([run[field][:n_epochs] for run in runs], np.float64)
