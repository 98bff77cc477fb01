"""Exact layers in PyTorch models."""

from .._support.optional import need
from .._support.public import only

_torch = need("torch", "spinnprop.torch", "")
if not hasattr(_torch.library, "register_autograd"):
    raise ImportError(f"spinnprop.torch needs PyTorch 2.4 or newer, this is {_torch.__version__}; pip install --upgrade torch")

from ._module import EventProp  # noqa: E402

__all__ = ["EventProp"]
__dir__ = only(__all__)
