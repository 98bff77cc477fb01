"""``spinnprop reproduce eventprop-delays-yin-yang``: delays trained by EventProp, as the authors' public code has it."""

from __future__ import annotations

from typing import Dict

from ..._engines.base import BaseEngine
from ..._engines.clock import ClockEngine
from ..._engines.event import EventEngine
from ..._engines.first_spike import FirstSpikeEngine
from ...losses import ShiftInvariantMSE
from . import comparison
from .trained import Case, training_options

#: Published learning rates by hidden neurons: of weights without delays and with them, and of delays in published time steps.
RATES = {
    30: (0.005, 0.02, 10),
    25: (0.01, 0.02, 6),
    20: (0.015, 0.015, 6),
    15: (0.01, 0.015, 10),
    10: (0.02, 0.01, 5),
    5: (0.02, 0.015, 10),
}
#: Seconds of one of these steps: the default of the authors' script.
_PUBLISHED_STEP = 5e-6


def case(engine: BaseEngine, hidden: int, delays: str) -> Case:
    """A network as published; all kinds of delays with the rates of those per synapse."""
    without, weight_rate, delay_rate = RATES[hidden]
    # Its bumping is ours: without it nothing wakes outputs that are silent from the first epoch, as most of networks of 5 hidden
    # neurons are.
    training = training_options(
        learning_rate=without if delays == "none" else weight_rate, schedule="exponential", schedule_gamma=0.9975
    )
    if delays != "none":
        # Delays of at most 10 ms, themselves trained.
        training.update(delay_learning_rate=delay_rate * _PUBLISHED_STEP, delay_parameter="clip", delay_shift=0.0, delay_scale=10e-3)
    return Case(
        engine=engine,
        sizes=[4, hidden, 3],
        delays=delays,
        encoding={"t_early": 1.5e-3, "t_late": 20e-3},
        network={
            "tau_mem": 20e-3,
            "tau_syn": 10e-3,
            "threshold": 1.0,
            "reset": 0.0,
            "weight_mean": [1.0, 1.0],
            "weight_std": [1.0, 1.0],
        },
        training=training,
        loss=ShiftInvariantMSE(separation=2e-3, tau0=1e-3),
    )


def engines() -> Dict[str, BaseEngine]:
    """The exact ones, and one in time steps of 0.1 ms, of which 500 are more than any sample takes."""
    return {"first-spike": FirstSpikeEngine(), "event": EventEngine(), "clock": ClockEngine(time_step=1e-4, steps=500)}


SETTING = comparison.Setting(
    name="eventprop-delays-yin-yang",
    summary="Yin-Yang, 4-30-3 to 4-5-3 with and without trained delays, as in EventProp with delays (arXiv 2501.07331)",
    description="Train the published networks, silent neurons bumped, with each kind of delays and in several sizes, for several seeds; print "
    "medians and quartiles.",
    known="published",
    source="no number of these networks is at hand",
    notes=[
        "neurons spike several times on event and clock, as in EventProp, and once on first-spike",
        "silent neurons' weights are bumped, which is this project's choice: otherwise most of the smallest networks never begin to learn",
        "learning rates are published for networks without delays and with delays per synapse; axonal and dendritic ones have the latter's",
    ],
    engines=engines,
    case=case,
)
