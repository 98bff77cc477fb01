"""``spinnprop reproduce biograd-...``: BioGrad with and without sleep beside its twin, and what each open choice of it does."""

from __future__ import annotations

from typing import Any

from . import choices, compared
from .settings import SETTINGS


def add_parser(settings: Any) -> None:
    """The grammar of all of them."""
    for setting in SETTINGS:
        compared.add_parser(settings, setting)
    choices.add_parser(settings)
