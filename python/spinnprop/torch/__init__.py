"""Exact layers in PyTorch models."""

from .._support.optional import need
from .._support.public import only

need("torch", "spinnprop.torch")

from ._module import EventProp  # noqa: E402

__all__ = ["EventProp"]
__dir__ = only(__all__)
