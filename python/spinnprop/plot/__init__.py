"""Pictures, drawn by matplotlib; `ax.figure.savefig(path)` writes PNG, SVG or PDF by the path's ending."""

from .._support.optional import need
from .._support.public import only

need("matplotlib", "spinnprop.plot", "plot")

from ._brainscales2 import brainscales2_spread  # noqa: E402
from ._search import pareto_front, search_history  # noqa: E402
from ._spikes import raster  # noqa: E402
from ._spinnaker2 import spinnaker2  # noqa: E402
from ._training import decision_map, learning_curve  # noqa: E402

__all__ = ["brainscales2_spread", "decision_map", "learning_curve", "pareto_front", "raster", "search_history", "spinnaker2"]
__dir__ = only(__all__)
