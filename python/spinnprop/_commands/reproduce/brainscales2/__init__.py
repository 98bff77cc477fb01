"""``spinnprop reproduce brainscales2-...``: what was published of networks with plasticity, on arrays of an emulated BrainScaleS-2."""

from __future__ import annotations

from typing import Any

from . import pong
from .experiment import add_parser as _add_parser

#: All of them.
EXPERIMENTS = (pong.EXPERIMENT,)


def add_parser(settings: Any) -> None:
    """The grammar of all of them."""
    for experiment in EXPERIMENTS:
        _add_parser(settings, experiment)
