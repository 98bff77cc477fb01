"""Networks on disk."""

from __future__ import annotations

from . import _core
from ._network import Network
from ._support import checks
from ._support.types import PathLike


def save(network: Network, path: PathLike) -> None:
    """Writes a network to a safetensors file: numbers only, no pickle. A crash leaves the old file as it was.

    Parameters
    ----------
    network : Network
    path : path

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.
    SpinnpropError
        If the file cannot be written.

    Examples
    --------
    >>> import spinnprop as sp, tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "net.safetensors")
    >>> sp.save(sp.Network([5, 30, 3]), path)
    >>> sp.load(path)
    <Network 5-30-3>
    """
    if not isinstance(network, Network):
        raise TypeError(f"network is {type(network).__name__!r}; it must be a Network (an estimator's is network_)")
    _core.network_save(network._handle, checks.path(path))


def load(path: PathLike) -> Network:
    """Reads a network from a file that `save` wrote, or `Trainer.save`, or a checkpoint: the one that the trainer hands out.

    Parameters
    ----------
    path : path

    Returns
    -------
    Network

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    SpinnpropError
        If it cannot be read, or is not a network.

    Examples
    --------
    See `save`.
    """
    return Network._of(_core.network_load(checks.path(path)))
