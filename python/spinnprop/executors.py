"""Work that outgrows a machine: executors of other packages, for what takes a ``concurrent.futures.Executor``, and gradients of batches on any.

What a cluster's workers are sent they run, functions included (pickled): whoever can reach a scheduler's address can make them run
anything. Neither Ray nor Dask asks who somebody is unless told to, so keep them on a network that you trust. On every worker the
same version of this package must be installed.
"""

from __future__ import annotations

from concurrent.futures import Executor, Future
from typing import Any, Callable

from ._shards import gradient
from ._support import checks
from ._support.optional import need
from ._support.public import only

__all__ = ["dask", "gradient", "ray"]
__dir__ = only(__all__)


def ray(address: str = "auto", retries: int = 3) -> Executor:
    """An executor on a Ray cluster that runs.

    Parameters
    ----------
    address : str
        "auto" for the cluster of this machine, as ``ray start --head`` starts one, or "host:port". Where this process is connected
        to it already, that is used.
    retries : int
        How often what ran on a worker that died is done again.

    Returns
    -------
    concurrent.futures.Executor
        Its ``shutdown`` leaves the cluster, which runs on, unless this process was connected before.

    Raises
    ------
    ImportError
        Without Ray: ``pip install ray``.
    ConnectionError
        If there is no cluster at the address.
    ValueError
        If this process is connected to another.

    Examples
    --------
    See `search`.
    """
    return _RayExecutor(need("ray", "spinnprop.executors.ray", "ray"), _text(address), checks.integer(retries, "retries", 0, checks.INT32))


def dask(address: str) -> Executor:
    """An executor on a Dask cluster that runs.

    Parameters
    ----------
    address : str
        Of the scheduler, as ``"tcp://host:8786"``.

    Returns
    -------
    concurrent.futures.Executor
        Its ``shutdown`` leaves the cluster, which runs on. What ran on a worker that died is done again, as often as the cluster's
        ``distributed.scheduler.allowed-failures`` says.

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
    return _DaskExecutor(need("distributed", "spinnprop.executors.dask", "dask").Client(_text(address)))


def _text(address: Any) -> str:
    if not isinstance(address, str) or not address:
        raise TypeError(f"address is {address!r}; it must be that of a scheduler, as 'host:8786'")
    return address


def _call(function: Callable[..., Any], arguments: Any, named: Any) -> Any:
    return function(*arguments, **named)


class _RayExecutor(Executor):
    def __init__(self, module: Any, address: str, retries: int) -> None:
        self._ray = module
        self._is_own = not module.is_initialized()
        self._is_closed = False
        if self._is_own:
            module.init(address=address, logging_level="ERROR", log_to_driver=False)
        elif address not in ("auto", module.get_runtime_context().gcs_address):
            raise ValueError(f"address is {address!r}, but this process is connected to another cluster of Ray; leave that first: ray.shutdown()")
        self._remote = module.remote(max_retries=retries)(_call)

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        if self._is_closed:
            raise RuntimeError("the executor has been shut down; make a new one")
        future: Future[Any] = self._remote.remote(function, arguments, named).future()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        if self._is_own and not self._is_closed:
            self._ray.shutdown()
        self._is_closed = True


class _DaskExecutor(Executor):
    def __init__(self, client: Any) -> None:
        self._client = client
        self._own = client.get_executor(pure=False)

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = self._own.submit(function, *arguments, **named)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._own.shutdown(wait)
        self._client.close()
