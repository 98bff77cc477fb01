"""``spinnprop reproduce``: published settings, our numbers beside the published ones."""

from __future__ import annotations

from typing import Any

from .. import grammar
from . import (
    biograd,
    brainscales2,
    comparison,
    delgrad_yin_yang,
    eventprop_delays_yin_yang,
    eventprop_yin_yang,
    fast_and_deep_yin_yang,
    learning_rules_on_chip,
    spinnaker2_yin_yang,
)


def add_parser(commands: Any) -> None:
    """The grammar of ``spinnprop reproduce``."""
    settings = grammar.family(
        commands, "reproduce", "run a published setting", "Run a published setting.", "settings", "SETTING"
    )
    eventprop_yin_yang.add_parser(settings)
    spinnaker2_yin_yang.add_parser(settings)
    learning_rules_on_chip.add_parser(settings)
    for module in (fast_and_deep_yin_yang, delgrad_yin_yang, eventprop_delays_yin_yang):
        comparison.add_parser(settings, module.SETTING)
    biograd.add_parser(settings)
    brainscales2.add_parser(settings)
