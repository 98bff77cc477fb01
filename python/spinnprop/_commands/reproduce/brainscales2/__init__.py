"""``spinnprop reproduce brainscales2-...``: networks that are trained for emulated BrainScaleS-2 chips, and arrays of neurons with plasticity."""

from __future__ import annotations

from typing import Any

from . import (
    compared,
    digits,
    homeostasis,
    path_integration,
    pong,
    robustness,
    sampling,
    structural_plasticity,
    yin_yang,
)
from .experiment import add_parser as _add_parser

#: Those with plasticity.
EXPERIMENTS = (homeostasis.EXPERIMENT, path_integration.EXPERIMENT, pong.EXPERIMENT, sampling.EXPERIMENT, structural_plasticity.EXPERIMENT)
#: Those of trained networks.
NETWORKS = (yin_yang.EXPERIMENT, robustness.EXPERIMENT, digits.EXPERIMENT)


def add_parser(settings: Any) -> None:
    """The grammar of all of them."""
    for experiment in EXPERIMENTS:
        _add_parser(settings, experiment)
    for networks in NETWORKS:
        compared.add_parser(settings, networks)
