"""Packages that only some parts need."""

from __future__ import annotations

from importlib import import_module
from typing import Any

#: The build without CUDA, which is not on PyPI.
_TORCH = "pip install torch --index-url https://download.pytorch.org/whl/cpu"


def need(module: str, whose: str, extra: str) -> Any:
    """A module from outside; if it is missing, an error that says who needs it and how it is installed."""
    try:
        return import_module(module)
    except ImportError as error:
        name = module.partition(".")[0]
        install = _TORCH if name == "torch" else f"pip install 'spinnprop[{extra}]'"
        raise ImportError(f"{whose} needs {name} ({error}); {install}") from error
