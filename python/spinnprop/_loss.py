"""What all losses have in common."""

from __future__ import annotations

from typing import Any, ClassVar, Dict, Optional

from . import _core
from ._support import checks
from ._support.types import Float64Array, Supervision
from ._support.values import Value


class Loss(Value):
    """What all losses have in common; make one of its subclasses."""

    _kind: ClassVar[int]
    #: Whether the loss looks at the membrane of a leaky read-out rather than at spikes.
    needs_leaky_readout: ClassVar[bool] = False
    #: Whether numbers can stand in the place of labels.
    _has_targets: ClassVar[bool] = False

    def __init__(self) -> None:
        raise TypeError("Loss is what all losses have in common; make one of those in spinnprop.losses")

    def _set(self, **fields: Any) -> None:
        super()._set(**fields)
        _core.loss_check(self._fields())

    def _fields(self) -> Dict[str, Any]:
        """As the core takes it."""
        return {"kind": self._kind, **vars(self)}

    def _supervision(
        self, y: Any, sample_weight: Any, n_samples: int, n_outputs: int, name: str = "y", weight_name: str = "sample_weight"
    ) -> Supervision:
        """Labels or targets, and weights if there are any, as the core takes them."""
        targets = self._targets(y, n_samples, n_outputs, name)
        labels = None
        if targets is None:
            labels, targets = checks.labels_or_targets(y, n_samples, n_outputs, name)
        if targets is not None and not self._has_targets and checks.is_one_hot(targets):
            raise ValueError(f"{name} is 1 once in each row and else 0; {type(self).__name__} takes labels, {name}.argmax(axis=1)")
        return labels, targets, checks.weights(sample_weight, n_samples, weight_name)

    def _targets(self, y: Any, n_samples: int, n_outputs: int, name: str) -> Optional[Float64Array]:
        """Targets of the loss's own shape, (n_samples, anything); None where y are labels, or a number per output."""
        return None
