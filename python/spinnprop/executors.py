"""Work that outgrows a machine: executors of other packages, for what takes a ``concurrent.futures.Executor``, and gradients of batches on any.

What a cluster's workers are sent they run, functions included (pickled): whoever can reach a scheduler's address can make them run
anything. Neither Ray nor Dask asks who somebody is unless told to, so keep them on a network that you trust. On every worker the
same version of this package must be installed.
"""

from __future__ import annotations

import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Callable, Optional

from . import _core
from ._shards import gradient
from ._support import checks
from ._support.optional import need
from ._support.public import only

__all__ = ["dask", "gradient", "processes", "ray"]
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


def processes(n_workers: Optional[int] = None, retries: int = 3) -> Executor:
    """An executor on processes of this machine, which are replaced when one dies.

    Parameters
    ----------
    n_workers : int or None
        None: one for each thread that the library would use here (`set_threads`).
    retries : int
        How often what ran when a process died is done again: with it everything else that had begun.

    Returns
    -------
    concurrent.futures.Executor
        Without the replacing it is a ``ProcessPoolExecutor``, whose processes run Python anew (spawn): a script needs its
        ``if __name__ == "__main__":``. Each uses one thread of the library.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(300)
    >>> trainer = sp.Trainer(sp.Network([5, 30, 3]), epochs=2, batch_size=50, accumulate=2)
    >>> with sp.executors.processes(2) as executor:
    ...     trainer.run(sp.encoding.latency(X, bias=0.0), y, executor=executor)
    True
    """
    if n_workers is None:
        n_workers = _core.thread_count()
    return _Processes(checks.integer(n_workers, "n_workers", 1, 1024), checks.integer(retries, "retries", 0, checks.INT32))


def workers(executor: Executor) -> int:
    """How many calls an executor runs at once."""
    # Those of concurrent.futures have no public name for it.
    count = getattr(executor, "n_workers", None) or getattr(executor, "_max_workers", None)
    if not isinstance(count, int):
        raise ValueError(f"how many workers {checks.shown(executor)} has is not known; give n_jobs as a positive number")
    return count


def _text(address: Any) -> str:
    if not isinstance(address, str) or not address:
        raise TypeError(f"address is {address!r}; it must be that of a scheduler, as 'host:8786'")
    return address


def _call(function: Callable[..., Any], arguments: Any, named: Any) -> Any:
    return function(*arguments, **named)


def _one_thread() -> None:
    _core.set_threads(1)


class _Processes(Executor):
    def __init__(self, n_workers: int, retries: int) -> None:
        self.n_workers, self._retries = n_workers, retries
        self._lock = threading.Lock()
        self._pool = self._made()

    def _made(self) -> ProcessPoolExecutor:
        import multiprocessing

        return ProcessPoolExecutor(self.n_workers, multiprocessing.get_context("spawn"), _one_thread)

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        outer: Future[Any] = Future()
        self._begin(outer, self._retries, function, arguments, named)
        return outer

    def _begin(self, outer: Future[Any], retries: int, function: Callable[..., Any], arguments: Any, named: Any) -> None:
        def ended(inner: Future[Any]) -> None:
            if outer.cancelled() or inner.cancelled():
                outer.cancel()
                return
            error = inner.exception()
            if isinstance(error, BrokenProcessPool) and retries > 0:
                try:
                    self._begin(outer, retries - 1, function, arguments, named)
                    return
                except RuntimeError as closed:
                    error = closed
            if outer.set_running_or_notify_cancel():
                if error is None:
                    outer.set_result(inner.result())
                else:
                    outer.set_exception(error)

        with self._lock:
            try:
                job = self._pool.submit(function, *arguments, **named)
            except BrokenProcessPool:
                self._pool.shutdown(wait=False)
                self._pool = self._made()
                job = self._pool.submit(function, *arguments, **named)
        job.add_done_callback(ended)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._pool.shutdown(wait, cancel_futures=cancel_futures)


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

    @property
    def n_workers(self) -> int:
        return int(self._ray.cluster_resources().get("CPU", 0))

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

    @property
    def n_workers(self) -> int:
        return sum(self._client.nthreads().values())

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._own.shutdown(wait)
        self._client.close()
