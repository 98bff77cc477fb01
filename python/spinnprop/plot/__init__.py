"""Pictures, drawn by matplotlib; `ax.figure.savefig(path)` writes PNG, SVG or PDF by the path's ending."""

from .._support.optional import need
from .._support.public import only

need("matplotlib", "spinnprop.plot", "plot")

from ._brainscales2 import brainscales2_spread  # noqa: E402
from ._decisions import confusion_matrix, decision_map  # noqa: E402
from ._membranes import adjoint, membrane  # noqa: E402
from ._parameters import delay_histogram, weight_histogram  # noqa: E402
from ._search import pareto_front, search_history  # noqa: E402
from ._spikes import raster  # noqa: E402
from ._spinnaker2 import spinnaker2  # noqa: E402
from ._training import learning_curve, learning_curves  # noqa: E402

__all__ = [
    "adjoint",
    "brainscales2_spread",
    "confusion_matrix",
    "decision_map",
    "delay_histogram",
    "learning_curve",
    "learning_curves",
    "membrane",
    "pareto_front",
    "raster",
    "search_history",
    "spinnaker2",
    "weight_histogram",
]
__dir__ = only(__all__)
