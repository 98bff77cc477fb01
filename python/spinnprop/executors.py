"""Work that outgrows a machine: executors of other packages, for what takes a ``concurrent.futures.Executor``, and gradients of batches on any.

What a cluster's workers are sent they run, functions included (pickled): whoever can reach a scheduler's address can make them run
anything. Neither Ray nor Dask asks who somebody is unless told to, so keep them on a network that you trust. On every worker the
same version of this package must be installed.
"""

from __future__ import annotations

from concurrent.futures import Executor, Future
from typing import Any, Callable, Optional

from ._shards import gradient
from ._support import checks
from ._support.optional import need
from ._support.public import only

__all__ = ["dask", "gradient", "ray"]
__dir__ = only(__all__)


def ray(address: Optional[str] = None, retries: int = 3) -> Executor:
    """An executor on a Ray cluster.

    Parameters
    ----------
    address : str or None
        "auto" for the cluster that runs on this machine, or "host:port"; None: one is started here, on this machine alone.
    retries : int
        How often what ran on a worker that died is done again.

    Returns
    -------
    concurrent.futures.Executor
        Its ``shutdown`` leaves the cluster; one that was started here ends with that.

    Raises
    ------
    ImportError
        Without Ray: ``pip install ray``.
    ConnectionError
        If there is no cluster at the address.

    Examples
    --------
    See `search`.
    """
    retries = checks.integer(retries, "retries", 0, checks.INT32)
    return _RayExecutor(need("ray", "spinnprop.executors.ray", "ray"), address, retries)


def dask(address: str, retries: int = 3) -> Executor:
    """An executor on a Dask cluster.

    Parameters
    ----------
    address : str
        Of the scheduler, as ``"tcp://host:8786"``.
    retries : int
        How often what ran on a worker that died is done again.

    Returns
    -------
    concurrent.futures.Executor
        Its ``shutdown`` leaves the cluster, which runs on.

    Raises
    ------
    ImportError
        Without Dask's scheduler: ``pip install distributed``.
    OSError
        If no scheduler answers.

    Examples
    --------
    See `search`.
    """
    retries = checks.integer(retries, "retries", 0, checks.INT32)
    if not isinstance(address, str) or not address:
        raise TypeError(f"address is {address!r}; it must be that of a scheduler, as 'tcp://host:8786'")
    return _DaskExecutor(need("distributed", "spinnprop.executors.dask", "dask").Client(address), retries)


def _call(function: Callable[..., Any], arguments: Any, named: Any) -> Any:
    return function(*arguments, **named)


class _RayExecutor(Executor):
    def __init__(self, module: Any, address: Optional[str], retries: int) -> None:
        self._ray = module
        self._is_own = not module.is_initialized()
        if self._is_own:
            # One that is started here listens to this machine alone.
            where = {"_node_ip_address": "127.0.0.1", "include_dashboard": False} if address is None else {"address": address}
            module.init(logging_level="ERROR", log_to_driver=False, **where)
        self._remote = module.remote(max_retries=retries)(_call)

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = self._remote.remote(function, arguments, named).future()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        if self._is_own:
            self._ray.shutdown()


class _DaskExecutor(Executor):
    def __init__(self, client: Any, retries: int) -> None:
        self._client = client
        self._own = client.get_executor(retries=retries, pure=False)

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = self._own.submit(function, *arguments, **named)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._own.shutdown(wait)
        self._client.close()
