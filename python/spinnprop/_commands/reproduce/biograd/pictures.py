"""Pictures of networks that learn locally: accuracy, angle and cosine over epochs, means over seeds in bands from the least to the most."""

from __future__ import annotations

from typing import Any, Optional, Sequence

import numpy as np

from .runs import Found


def draw_accuracies(figure: Any, found: Sequence[Found], known: Optional[float]) -> None:
    """Test accuracy of every case."""
    axes = figure.add_subplot()
    for n, each in enumerate(found):
        _draw(axes, each.accuracies, f"C{n}", each.case.words, "--" if each.case.is_twin else "-")
    if known is not None:
        axes.axhline(known, color="black", linestyle=":", linewidth=1, label="published: random feedback, sleep")
    axes.set_ylabel("test accuracy (%): mean, least, most")
    _finish(axes)


def draw_angles(figure: Any, found: Sequence[Found]) -> None:
    """The angle of each hidden layer's feedback, a panel each."""
    panels = _panels(figure, found, [each.angles for each in found], "hidden layer")
    panels[0].set_ylabel("angle of feedback to forward weights (degrees)")
    panels[0].set_ylim(0, None)


def draw_cosines(figure: Any, found: Sequence[Found]) -> None:
    """The cosine of each layer's update and the twin's, a panel each."""
    panels = _panels(figure, found, [each.cosines for each in found], "layer")
    panels[0].set_ylabel("cosine of update and twin's")


def _panels(figure: Any, found: Sequence[Found], curves: Sequence[Any], noun: str) -> Any:
    layers = curves[0].shape[2]
    panels = figure.subplots(1, layers, sharey=True, squeeze=False)[0]
    for layer, axes in enumerate(panels):
        for n, (each, values) in enumerate(zip(found, curves)):
            _draw(axes, values[:, :, layer], f"C{n}", each.case.words, "-")
        axes.set_title(f"{noun} {layer + 1}", fontsize="medium")
        _finish(axes)
        axes.get_legend().set_visible(layer == layers - 1)
    return panels


def _draw(axes: Any, values: Any, colour: str, label: str, style: str) -> None:
    epochs = np.arange(1, values.shape[1] + 1)
    axes.plot(epochs, values.mean(axis=0), color=colour, linestyle=style, linewidth=1.2, marker="." if len(epochs) == 1 else "", label=label)
    axes.fill_between(epochs, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.15, linewidth=0)


def _finish(axes: Any) -> None:
    axes.set_xlabel("epoch")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(True, alpha=0.3)
    axes.legend(fontsize="small")
