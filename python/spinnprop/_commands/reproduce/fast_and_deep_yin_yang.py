"""``spinnprop reproduce fast-and-deep-yin-yang``: first spikes at equal time constants, as in Fast & Deep."""

from __future__ import annotations

from ..._engines.base import BaseEngine
from ...losses import TTFSCrossEntropy
from . import comparison
from .trained import AS_PUBLISHED, ONCE, Case, as_published, first_spike_and_exact, training_options

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
        training=training_options(
            learning_rate=5e-3, schedule="step", schedule_epochs=20, schedule_gamma=0.95,
            # Ours: as for networks with delays.
            batch_size=50, average_epochs=20, bump_hidden_limit=0.1,
        ),  # fmt: skip
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
    notes=[
        "choices of this project: batches of 50, silent neurons bumped where they miss more than 0.1 of the hidden layer's spikes, no limit to a sample's part "
        "in a weight's step, and the mean of the last 20 epochs' parameters",
        AS_PUBLISHED,
    ],
    engines=first_spike_and_exact,
    case=case,
    as_published=as_published,
    hidden=[120],
    delays=["none"],
)
