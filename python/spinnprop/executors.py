"""Work that outgrows a machine: executors of other packages, for what takes a ``concurrent.futures.Executor``, and gradients of batches on any.

What a cluster's workers are sent they run, functions included (pickled): whoever can reach a scheduler's address can make them run
anything. Neither Ray nor Dask asks who somebody is unless told to, so keep them on a network that you trust. On every worker the
same version of this package must be installed.
"""

from __future__ import annotations

import contextlib
import pickle
import socket
import sys
import threading
import uuid
import weakref
from collections import deque
from concurrent import futures
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Any, Callable, Deque, Dict, Iterable, List, NamedTuple, Optional, Tuple

from . import _core
from ._shards import gradient
from ._support import checks
from ._support.jobs import begin_process, run_sent
from ._support.optional import need
from ._support.public import only

__all__ = ["dask", "gradient", "processes", "ray"]
__dir__ = only(__all__)

#: The errors of calls whose workers died, by module. Who has one has imported its module.
_DEATHS = {
    "concurrent.futures": ("BrokenExecutor",),
    "distributed": ("KilledWorker",),
    "ray.exceptions": ("WorkerCrashedError", "OutOfMemoryError", "NodeDiedError"),
}
_CLOSED = "the executor has been shut down; make a new one"
#: Seconds in which the port of a Ray cluster must answer, as Ray itself tries for many minutes, and a worker of Dask tells what it runs, or comes back
#: when it has been ended.
_ANSWERS = 10.0


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
        Its ``shutdown`` leaves the cluster, which runs on, unless this process was connected before; with ``wait=False`` what has not ended then
        raises RuntimeError. Ray does not tell what has begun, so ``cancel`` and ``cancel_futures`` end what runs, too; its ``kill(future)``
        also what does not heed an interrupt.

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
    return _RayExecutor(need("ray", "spinnprop.executors.ray", "ray"), _text(address, "host:6379"), checks.integer(retries, "retries", 0, checks.INT32))


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
        ``distributed.scheduler.allowed-failures`` says. Its ``kill(future)`` ends what runs, with its worker's process and all else that this runs,
        others' work too, which the worker's nanny starts again; where it has none (``dask worker --no-nanny``) both run on.

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
    return _DaskExecutor(need("distributed", "spinnprop.executors.dask", "dask").Client(_text(address, "tcp://host:8786")))


def processes(n_workers: Optional[int] = None, retries: int = 3) -> Executor:
    """An executor on processes of this machine, which are replaced when one dies.

    Parameters
    ----------
    n_workers : int or None
        None: one for each thread that the library would use here (`set_threads`).
    retries : int
        How often what ran when a process died is done again: with it everything else that had begun. What waits has not. What raises is not
        done again; where its error cannot be sent from process to process, a RuntimeError has its text.

    Returns
    -------
    concurrent.futures.Executor
        Without the replacing it is a ``ProcessPoolExecutor``, whose processes run Python anew (spawn): a script needs its
        ``if __name__ == "__main__":``. Each uses one thread of the library. What still waits when Python ends never begins; ``shutdown``, or
        the end of a ``with``, waits for it. Its ``kill(future)`` ends a call that runs, with its process: the future then has a BrokenExecutor, and
        what else had begun is done again, however often it has been before.

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
    count = getattr(executor, "n_workers", getattr(executor, "_max_workers", None))
    if count == 0:
        raise ValueError("the executor has no workers yet; start some, or say by n_jobs=4 (--jobs 4) how many trials there are to be at a time")
    if not isinstance(count, int):
        raise ValueError(f"how many workers {checks.shown(executor)} has is not known; give n_jobs as a positive number")
    return count


def begins(executor: Executor, n_calls: int) -> Optional[Callable[[Future[Any]], bool]]:
    """What tells whether a worker has begun a call; None where that is not known with so many calls at a time."""
    own: Optional[Callable[[Future[Any]], bool]] = getattr(executor, "has_begun", None)
    # With more, what waits may be told to run; the workers of clusters may be others' as well.
    if own is None and isinstance(executor, (ThreadPoolExecutor, ProcessPoolExecutor)) and n_calls <= workers(executor):
        return lambda job: job.running() or job.done()
    return own


def has_died(error: Optional[BaseException]) -> bool:
    """Whether a call ended because its worker died, of any executor."""
    kinds = [getattr(sys.modules[module], name, ()) for module, names in _DEATHS.items() if module in sys.modules for name in names]
    return isinstance(error, tuple(kinds))


def _text(address: Any, example: str) -> str:
    if not isinstance(address, str) or not address:
        raise TypeError(f"address is {address!r}; it must be that of a scheduler, as {example!r}")
    return address


def _found(address: str) -> str:
    """What Ray takes "auto" for: its environment variable or this machine's cluster, the last one if none runs, which it would try for many minutes."""
    if address == "auto":
        # Of Ray's own insides: where they are others, it finds the cluster by itself.
        with contextlib.suppress(ImportError, TypeError):
            from ray._private.services import get_ray_address_from_environment

            try:
                return str(get_ray_address_from_environment(address, None))
            except ConnectionError as error:
                raise ConnectionError(
                    "no Ray cluster runs on this machine; start one by ray start --head, or give the address of another, as 'host:6379'"
                ) from error
    return address


def _must_answer(address: str) -> None:
    """Raises ConnectionError if nobody listens at "host:port"; other addresses are not looked at."""
    host, _, port = address.rpartition(":")
    if host and port.isdecimal() and "//" not in host:
        try:
            socket.create_connection((host.strip("[]"), int(port)), _ANSWERS).close()
        except (OSError, OverflowError, UnicodeError) as error:
            raise ConnectionError(f"no Ray cluster answers at {address}: {error}; start one there by ray start --head, or take the address it tells") from error


def _call(function: Callable[..., Any], arguments: Any, named: Any) -> Any:
    return function(*arguments, **named)


class _Call(NamedTuple):
    """What a future will tell: the result of a function, which deaths of its process may still stop so many times."""

    future: Future[Any]
    retries: int
    function: Callable[..., Any]
    arguments: Any
    named: Any


class _Pool(ProcessPoolExecutor):
    """Its `marks`, one for each call that it may run at a time, are set when these begin: not while their process still starts."""

    def __init__(self, n_workers: int) -> None:
        import multiprocessing

        context = multiprocessing.get_context("spawn")
        # Without a lock, which a process might die with. A pool has its own: processes of one that is broken may run on for a moment.
        self.marks = context.RawArray("b", n_workers)
        super().__init__(n_workers, context, begin_process, (self.marks,))


class _Processes(Executor):
    """A pool is handed no more calls than it has processes: what waits here has not begun, so a death costs it nothing."""

    pickles = True

    def __init__(self, n_workers: int, retries: int) -> None:
        self.n_workers, self._retries = n_workers, retries
        self._waiting: Deque[_Call] = deque()
        self._n_begun = 0
        self._is_closed = False
        self._killed: weakref.WeakSet[_Pool] = weakref.WeakSet()
        # Is held for what stands here alone: a pool's own locks may be held when it tells of an end.
        self._changed = threading.Condition()
        self._closing = threading.Lock()
        self._pool = _Pool(n_workers)
        #: Of what has been handed to a pool: that, and its place among the marks.
        self._places: Dict[Future[Any], Tuple[_Pool, int]] = {}
        self._free = list(range(n_workers))

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        call = _Call(Future(), self._retries, function, arguments, named)
        with self._changed:
            if self._is_closed:
                raise RuntimeError(_CLOSED)
            self._waiting.append(call)
        self._fill(call)
        return call.future

    def _fill(self, new: Optional[_Call] = None) -> None:
        """Begins what waits while a process is free; raises if a new call cannot begin."""
        while True:
            with self._changed:
                if not self._waiting or self._n_begun == self.n_workers:
                    self._changed.notify_all()
                    return
                call, pool = self._waiting.popleft(), self._pool
                future = call.future
                is_killed = future.done() and not future.cancelled()
                # What is done again runs already.
                if is_killed or not (future.running() or future.set_running_or_notify_cancel()):
                    continue
                self._n_begun += 1
                place = self._free.pop()
                self._places[future] = pool, place
                pool.marks[place] = 0
            try:
                sent = pickle.dumps((call.function, call.arguments, call.named))
            except BaseException as error:
                self._end(call, error)
                if not isinstance(error, Exception):
                    raise
                continue
            try:
                job = pool.submit(run_sent, place, sent)
            except BrokenProcessPool:
                self._replace(pool)
                self._put_back(call)
            except BaseException as error:
                self._end(call, error)
                if call is new or not isinstance(error, Exception):
                    raise
            else:
                job.add_done_callback(partial(self._ended, call, pool))

    def _ended(self, call: _Call, pool: _Pool, job: Future[Any]) -> None:
        error, result = job.exception(), None
        has_died = isinstance(error, BrokenProcessPool)
        if has_died:
            self._replace(pool)
        was_killed = pool in self._killed
        if has_died and not call.future.done() and (was_killed or call.retries > 0):
            self._put_back(call._replace(retries=call.retries - (not was_killed)))
        else:
            if error is None:
                try:
                    result = pickle.loads(job.result())
                except Exception as wrong:
                    error = wrong
            self._end(call, error, result)
        self._fill()

    def _replace(self, broken: _Pool) -> None:
        with self._changed:
            # Each call that was with it tells of the death.
            if self._pool is broken:
                self._pool = _Pool(self.n_workers)

    def _put_back(self, call: _Call) -> None:
        with self._changed:
            self._waiting.appendleft(call)
            self._leave(call)

    def _end(self, call: _Call, error: Optional[BaseException], result: Any = None) -> None:
        # Nobody waits for one that was killed.
        with contextlib.suppress(futures.InvalidStateError):
            if error is None:
                call.future.set_result(result)
            else:
                call.future.set_exception(error)
        with self._changed:
            self._leave(call)

    def _leave(self, call: _Call) -> None:
        """What is handed to a pool no more; `_changed` is held."""
        self._n_begun -= 1
        self._free.append(self._places.pop(call.future)[1])

    def has_begun(self, future: Future[Any]) -> bool:
        with self._changed:
            pool, place = self._places.get(future, (None, 0))
            return future.done() or (pool is not None and pool.marks[place] == 1)

    def kill(self, future: Future[Any]) -> bool:
        """Ends a call; whether its worker is free then."""
        if not future.running():
            future.cancel()
            return True
        try:
            future.set_exception(futures.BrokenExecutor("the call was killed"))
        except futures.InvalidStateError:
            # It has ended in this moment.
            return True
        with self._changed:
            pool = self._pool
            self._killed.add(pool)
        # Which of them runs the call a pool does not tell.
        for process in list((pool._processes or {}).values()):
            process.kill()
        return True

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        with self._changed:
            self._is_closed = True
            waiting = list(self._waiting)
        if cancel_futures:
            for call in waiting:
                call.future.cancel()
        if not wait:
            threading.Thread(target=self.shutdown).start()
            return
        self._fill()
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting and self._n_begun == 0)
        with self._closing:
            self._pool.shutdown()


class _RayExecutor(Executor):
    def __init__(self, module: Any, address: str, retries: int) -> None:
        self._ray = module
        self._is_own = not module.is_initialized()
        self._is_closed = False
        self._lock = threading.Lock()
        #: Ray's reference of each call that has not ended.
        self._jobs: Dict[Future[Any], Any] = {}
        self._killed: weakref.WeakSet[Future[Any]] = weakref.WeakSet()
        if self._is_own:
            _must_answer(_found(address))
            module.init(address=address, logging_level="ERROR", log_to_driver=False)
        elif address not in ("auto", module.get_runtime_context().gcs_address):
            raise ValueError(f"address is {address!r}, but this process is connected to another cluster of Ray; leave that first: ray.shutdown()")
        self._remote = module.remote(max_retries=retries)(_call)

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        with self._lock:
            if self._is_closed:
                raise RuntimeError(_CLOSED)
            reference = self._remote.remote(function, arguments, named)
            future: Future[Any] = Future()
            self._jobs[future] = reference
        reference.future().add_done_callback(partial(self._pass_on, future))
        future.add_done_callback(partial(self._ended, reference))
        return future

    def _pass_on(self, future: Future[Any], inner: Future[Any]) -> None:
        error = inner.exception()
        if isinstance(error, self._ray.exceptions.RayTaskError) and isinstance(error.cause, BaseException):
            # What the function has raised, as other executors give it; Ray's own tells where.
            error.cause.__cause__ = error
            error = error.cause
        # Who has given it up is not told.
        with contextlib.suppress(futures.InvalidStateError):
            if error is None:
                future.set_result(inner.result())
            else:
                future.set_exception(error)

    def kill(self, future: Future[Any]) -> bool:
        if future in self._jobs:
            self._killed.add(future)
            future.cancel()
        return True

    def _ended(self, reference: Any, future: Future[Any]) -> None:
        self._jobs.pop(future, None)
        if future.cancelled():
            # Without that, who waits for it is not told.
            future.set_running_or_notify_cancel()
            # Once: asked to stop first, a process is not ended any more by force.
            self._ray.cancel(reference, force=future in self._killed)

    @property
    def n_workers(self) -> int:
        return int(self._ray.cluster_resources().get("CPU", 0))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        with self._lock:
            leaves, self._is_closed = self._is_own and not self._is_closed, True
        if cancel_futures:
            _cancel(self._jobs)
        try:
            if wait:
                futures.wait(list(self._jobs))
        finally:
            if leaves:
                self._ray.shutdown()
                for future in list(self._jobs):
                    with contextlib.suppress(futures.InvalidStateError):
                        future.set_exception(RuntimeError("the executor has left the cluster before this ended; shut it down with wait=True"))


def _cancel(jobs: Iterable[Future[Any]]) -> None:
    """Gives calls up; those that end meanwhile leave what is iterated over."""
    for future in list(jobs):
        future.cancel()


class _DaskExecutor(Executor):
    def __init__(self, client: Any) -> None:
        self._client = client
        self._own = client.get_executor(pure=False)
        #: Dask's key of each call that somebody waits for.
        self._keys: weakref.WeakKeyDictionary[Future[Any], str] = weakref.WeakKeyDictionary()
        #: Given up, and their workers run them still: cancelled, these would pass for free and be handed others.
        self._left: List[Future[Any]] = []

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        key = f"spinnprop-{uuid.uuid4().hex}"
        future: Future[Any] = self._own.submit(function, *arguments, key=key, **named)
        self._keys[future] = key
        return future

    def kill(self, future: Future[Any]) -> bool:
        where = self._running(self._keys.get(future))
        if not all(map(self._has_nanny, where)):
            self._left.append(future)
            return False
        # Given up first: what a worker that dies has run is done again.
        if future.cancel() and where:
            # A worker that has left meanwhile needs no end, and one that does not come back is not waited for.
            with contextlib.suppress(Exception):
                self._client.restart_workers(where, timeout=_ANSWERS, raise_for_error=False)
        return True

    def _running(self, key: Optional[str]) -> List[str]:
        """The worker on which a call runs. One that has been told to run it may still run what others have sent before."""
        import asyncio

        told = [address for address, keys in self._client.processing().items() if key in keys]
        try:
            return list(self._client.sync(self._client.scheduler.call_stack, keys=[key], callback_timeout=_ANSWERS)) if told else []
        except asyncio.TimeoutError:
            # Code that keeps the interpreter to itself keeps a worker from answering.
            return told
        except Exception:  # noqa: BLE001: it has ended meanwhile, or its worker has left
            return []

    def _has_nanny(self, address: str) -> bool:
        try:
            known = self._client.scheduler_info(n_workers=-1)
        except TypeError:
            # Older ones tell of all without being asked.
            known = self._client.scheduler_info()
        return known["workers"].get(address, {}).get("nanny") is not None

    @property
    def n_workers(self) -> int:
        return sum(self._client.nthreads().values())

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        _cancel(self._keys if cancel_futures else self._left)
        self._own.shutdown(wait)
        self._client.close()
