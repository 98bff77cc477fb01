"""What ``spinnprop train`` shows of a training: its pictures, and the page with all of it."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any, Callable, Dict, List

import numpy as np

from .._spikes import SpikeTrains
from ..spinnaker2._account import ESTIMATED
from . import report
from .output import percent, save_picture


def write_pictures(options: argparse.Namespace, plot: Any, classifier: Any, X: Any, y: Any, predicted: Any) -> Dict[str, bytes]:
    """Draws and writes all pictures of a training; gives them as PNG. `predicted` is -1 where no output spoke."""
    account = classifier.report_.get("account")
    # A sample of each class, or of the first three.
    chosen = [int(np.argmax(y == own)) for own in classifier.classes_[:3] if (y == own).any()] or [0]
    recording = classifier._forward(classifier.network_, X[chosen])
    # Of a label that the training set has not, as of no answer, -1.
    labels, said = (
        np.where(np.isin(of, classifier.classes_), np.searchsorted(classifier.classes_, of), -1) for of in (y[chosen], predicted[chosen])
    )

    def beside(draw: Callable[[int, Any], Any]) -> Callable[[Any], None]:
        """One sample beside the other."""

        def drawn(figure: Any) -> None:
            for sample, ax in enumerate(figure.subplots(1, len(chosen), squeeze=False)[0]):
                draw(sample, ax)

        return drawn

    wide = 5.0 * len(chosen)
    pictures: report.Pictures = {
        "learning_curve": (partial(_draw_curves, plot=plot, classifier=classifier), (9, 4)),
        "confusion_matrix": (lambda figure: plot.confusion_matrix(y, predicted, ax=figure.add_subplot()), (6, 5)),
        "raster": (beside(lambda n, ax: plot.raster(recording, n, ax, labels, said, classifier.classes_)), (wide, 5)),
    }
    if recording.grid is None:
        pictures["membrane"] = (beside(lambda n, ax: plot.membrane(recording, -1, n, ax=ax).set_title(f"label {y[chosen[n]]}")), (wide, 4))
    if not isinstance(X, SpikeTrains) and X.shape[1] == 4:
        pictures["decision_map"] = (lambda figure: plot.decision_map(classifier, X, y, ax=figure.add_subplot()), (6, 5))
    if account is not None:
        for by in ("program", "load", "memory", "traffic"):
            pictures[f"spinnaker2_{by}"] = (partial(_draw_chip, plot=plot, account=account, by=by), (6, 5))
    return {name: save_picture(options, name, *how) for name, how in pictures.items()}


def _draw_curves(figure: Any, plot: Any, classifier: Any) -> None:
    plot.learning_curves(classifier, figure.subplots(1, 2))
    n_averaged = min(classifier.average_epochs, classifier.n_iter_)
    if n_averaged > 1:
        # The curves of training are of parameters on their way, and do not end where the report's accuracies are.
        figure.suptitle(f"training: epoch by epoch; the model is the mean of the last {n_averaged} epochs", fontsize="medium")


def _draw_chip(figure: Any, plot: Any, account: Any, by: str) -> None:
    plot.spinnaker2(account, by, figure.add_subplot())


def write(
    out: str, title: str, metrics: Dict[str, Any], accuracies: Dict[str, float], classifier: Any, pictures: Dict[str, bytes]
) -> None:
    """Writes the page of a training to its folder."""

    def drawn(*names: str) -> List[str]:
        return [report.picture(pictures[name], name) for name in names if name in pictures]

    history = classifier.history_
    epochs = [{"epoch": epoch, **dict(zip(history.dtype.names, own.tolist()))} for epoch, own in enumerate(history, start=1)]
    parts: List[report.Part] = [
        ("Accuracy", [report.values({name: percent(share) for name, share in accuracies.items()})]),
        ("Learning", [*drawn("learning_curve"), report.rows(epochs)]),
        ("Decisions on the test set", drawn("confusion_matrix", "decision_map")),
        ("Samples of the test set", drawn("raster", "membrane")),
        ("Network", [classifier.network_._repr_html_()]),
        ("Settings and measurements", [report.values({name: value for name, value in metrics.items() if name != "spinnaker2"})]),
    ]
    account = classifier.report_.get("account")
    if account is not None:
        on_chip = [name for name in pictures if name.startswith("spinnaker2")]
        constants = ["<h3>constants of the estimates</h3>", report.rows(account.constants)]
        numbers = [account._repr_html_(), report.values(metrics["spinnaker2"]), *constants]
        parts.append((f"Emulated SpiNNaker2: {ESTIMATED}", [*drawn(*on_chip), *numbers]))
    report.write(out, title, parts)
