"""``spinnprop reproduce fast-and-deep-yin-yang``: first spikes at equal time constants, as in Fast & Deep."""

from __future__ import annotations

import math
from typing import Any, Dict

from ..._engines.base import BaseEngine
from ..._engines.event import EventEngine
from ..._engines.first_spike import FirstSpikeEngine
from ...losses import TTFSCrossEntropy
from . import comparison
from .trained import ONCE, Case


def case(engine: str, hidden: int, delays: str) -> Case:
    """The published network; times are in units of tau_syn, 1 s."""
    return Case(
        engine=engines()[engine],
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
        },
        training={
            "batch_size": 150,
            "optimizer": "adam",
            "learning_rate": 5e-3,
            "schedule": "step",
            "schedule_epochs": 20,
            "schedule_gamma": 0.95,
            "clip_norm": math.inf,
            "bump": 5e-4,
            "bump_hidden_limit": 0.3,
            "bump_output_limit": 0.0,
            "bump_pairs": True,
        },
        loss=TTFSCrossEntropy.in_tau_syn(1.0),
        known=96.0,
    )


def engines() -> Dict[str, BaseEngine]:
    """First spikes with the published limit to a weight's step, and the exact engine, which has no such limit."""
    return {"first-spike": FirstSpikeEngine(max_weight_step=0.2), "event": EventEngine()}


SETTING = comparison.Setting(
    "fast-and-deep-yin-yang",
    "stored net",
    "test accuracy of one network that comes with the authors' public code, measured by this project",
    [
        "the published network has a bias spike into the output layer, too; here layers receive spikes of the layer before alone, so "
        "the bias goes into the hidden layer only",
    ],
    case,
    [120],
    ["none"],
)


def add_parser(settings: Any) -> None:
    """The grammar of ``spinnprop reproduce fast-and-deep-yin-yang``."""
    comparison.add_parser(
        settings,
        SETTING,
        list(engines()),
        "Yin-Yang, 5-120-3 on first spikes, as in Fast & Deep (arXiv 1912.11443), its bias into the hidden layer only",
        "Train the published network, without its bias into the output layer, for several seeds; print median and quartiles beside a "
        "stored network of the authors.",
    )
