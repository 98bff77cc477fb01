"""``spinnprop reproduce fast-and-deep-yin-yang``: first spikes at equal time constants, as in Fast & Deep."""

from __future__ import annotations

from ..._engines.base import BaseEngine
from ...losses import TTFSCrossEntropy
from . import comparison
from .trained import ONCE, Case, first_spike_and_exact, training_options

#: Which input units reach an output.
_BIAS_ALONE = [False, False, False, False, True]


def case(engine: BaseEngine, hidden: int, delays: str) -> Case:
    """The published network; times are in units of tau_syn, 1 s."""
    return Case(
        engine=engine,
        sizes=[5, hidden, 3],
        delays=delays,
        encoding={"t_early": 0.15, "t_late": 2.0, "bias": 0.9},
        network={
            "tau_mem": 1.0,
            "tau_syn": 1.0,
            "threshold": 1.0,
            "reset": ONCE,
            "weight_mean": [1.5, 0.5],
            "weight_std": [0.8, 0.8],
            "connections": [[0, 1], [1, 2], [0, 2]],
            "masks": [None, None, 3 * [_BIAS_ALONE]],
        },
        training=training_options(learning_rate=5e-3, schedule="step", schedule_epochs=20, schedule_gamma=0.95),
        loss=TTFSCrossEntropy.in_tau_syn(1.0),
        known=96.0,
    )


SETTING = comparison.Setting(
    name="fast-and-deep-yin-yang",
    summary="Yin-Yang, 5-120-3 on first spikes, as in Fast & Deep (arXiv 1912.11443)",
    description="Train the published network, its bias going into both layers, for several seeds; print median and quartiles beside a stored network "
    "of the authors.",
    known="stored net",
    source="test accuracy of one network that comes with the authors' public code, measured by this project",
    notes=[],
    engines=first_spike_and_exact,
    case=case,
    hidden=[120],
    delays=["none"],
)
