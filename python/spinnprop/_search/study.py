"""The Optuna study of a search: a new one, or the one that a storage keeps."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import json
import os
import threading
import time
from typing import Any, Callable, Dict, Iterator, Mapping, Optional, Tuple

from .._core import SpinnpropError
from .._estimators.spiking import SpikingClassifier
from .._support import checks
from .._support.optional import need
from .._support.types import PathLike
from . import space as spaces
from .result import NOTES, directions

#: The median pruner judges no trial before so many have finished, nor in its first epochs.
_PRUNER_TRIALS = 5
_PRUNER_EPOCHS = 3
#: How the name of a journal of Optuna's ends, a file that may lie in a folder which machines share.
_JOURNAL = ".journal"
#: Seconds that a process waits for others to be done with a file.
_PATIENCE = 60.0
#: Seconds without a change of a journal after which its lock is taken for that of a dead process: a write takes some milliseconds.
_LOCKED = 10
#: How a record of it begins.
_RECORD = b'{"op_code":'
#: Bytes that are read of its end at a time.
_BLOCK = 4096
#: How often opening is tried, and the seconds in between.
_ATTEMPTS, _PAUSE = 5, 0.2


def make_pruner(pruner: Optional[str]) -> Any:
    """Optuna's pruner of a name."""
    pruners = need("optuna", "spinnprop.search", "search").pruners
    if pruner == "median":
        return pruners.MedianPruner(n_startup_trials=_PRUNER_TRIALS, n_warmup_steps=_PRUNER_EPOCHS)
    return pruners.NopPruner() if pruner is None else pruners.HyperbandPruner()


def open_study(storage: Optional[PathLike], name: str, pruner: Any, made_with: Dict[str, Any]) -> Any:
    """A new study, or the one in the storage if it was made with the same."""
    need("optuna", "spinnprop.search", "search")
    if not isinstance(name, str) or not name:
        raise TypeError(f"name is {name!r}; it must be the name of a study")
    where, opened = _storage(storage)
    with storage_failures():
        return _opened(opened, where, name, pruner, made_with)


def _opened(opened: Callable[[], Any], where: str, name: str, pruner: Any, made_with: Dict[str, Any]) -> Any:
    import optuna

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study, is_new = _study(opened, where, study_name=name, pruner=pruner, n_objectives=len(made_with["objectives"]))
    finally:
        optuna.logging.set_verbosity(verbosity)
    if is_new:
        study.set_user_attr(NOTES, made_with)
        return study
    before = _notes(study)
    if before is None and not study.get_trials(deepcopy=False):
        # Who made it was killed in the next moment.
        study.set_user_attr(NOTES, made_with)
        return study
    if before is None:
        raise ValueError(f"the study {name!r} in {where} does not say what it was made with; take another name or storage")
    if before != made_with:
        raise ValueError(
            f"the study {name!r} in {where} was made with other {_difference(before, made_with)}; "
            "take another name or storage, or search as before"
        )
    return study


def _storage(storage: Optional[PathLike]) -> Tuple[str, Callable[[], Any]]:
    """What messages call a storage, and what opens it."""
    from optuna import storages

    if storage is None:
        return "memory", storages.InMemoryStorage
    if isinstance(storage, str) and "://" in storage:
        scheme, _, rest = storage.partition("://")
        # Addresses of databases hold passwords.
        where = f"{scheme}://{rest.rpartition('@')[2]}"
        if scheme == "postgresql":
            # Which of its drivers an address without one means depends on SQLAlchemy's version.
            found = [driver for driver in ("psycopg", "psycopg2") if importlib.util.find_spec(driver)]
            storage = f"{scheme}+{found[0]}://{rest}" if found else storage
        if scheme.partition("+")[0] != "sqlite":
            return where, lambda: storages.RDBStorage(storage, engine_kwargs={"pool_pre_ping": True})
        _must_name_a_file(storage)
        return where, lambda: _sqlite(storage)
    path = os.path.abspath(os.fsdecode(checks.path(storage, "storage")))
    if not os.path.isdir(os.path.dirname(path)):
        raise FileNotFoundError(f"storage is {path}, but there is no such folder")
    if os.path.isdir(path):
        raise IsADirectoryError(f"storage is {path}, a folder; give the path of a file, as {os.path.join(path, 'trials.sqlite')}")
    if path.endswith(_JOURNAL):
        return path, lambda: _journal(path)
    url = _sqlite_url(path)
    return path, lambda: _sqlite(url)


@contextlib.contextmanager
def storage_failures() -> Iterator[None]:
    """Says of a storage that goes away, is full or is damaged what it is and what has become of the search."""
    from optuna.exceptions import StorageInternalError

    try:
        yield
    except (StorageInternalError, json.JSONDecodeError) as error:
        raise SpinnpropError(f"the storage of the search has failed: {_said(error)}; trials that had ended are in it") from error


def _said(error: BaseException) -> str:
    """The first line of an error; where Optuna hands on a database's, what that said itself."""
    said = str(getattr(error.__cause__, "orig", None) or error)
    return said.splitlines()[0] if said else type(error).__name__


def _journal(path: str) -> Any:
    """A journal of Optuna's; what a process that died, or a full disk, has left of its last line is cut off before another is written after it."""
    from optuna import __version__ as optuna_version
    from optuna.exceptions import StorageInternalError
    from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock, JournalStorage

    class Lock(JournalFileSymlinkLock):
        def acquire(self) -> bool:
            super().acquire()
            try:
                _cut(path)
            except BaseException:
                self.release()
                raise
            return True

        def release(self) -> None:
            # Gone already where its owner was stopped for so long that others took it for dead.
            with contextlib.suppress(RuntimeError):
                super().release()

    class Journal(JournalFileBackend):
        """What goes wrong with its file is the storage's fault, as with databases."""

        #: The record read last, and its line.
        record: Any = None
        line = 0

        def append_logs(self, logs: Any) -> None:
            if not os.path.exists(path):
                # Written anew it would lack what came before.
                raise _gone(path)
            try:
                super().append_logs(logs)
            except OSError as error:
                raise StorageInternalError(f"{path}: {error.strerror or error}") from error

        def read_logs(self, log_number_from: int) -> Any:
            self.line = log_number_from
            try:
                for log in super().read_logs(log_number_from):
                    self.record = log
                    self.line += 1
                    if not (isinstance(log, dict) and isinstance(log.get("op_code"), int) and isinstance(log.get("worker_id"), str)):
                        raise StorageInternalError(f"{path} is damaged: line {self.line} has {checks.shown(log)} where a record must be")
                    yield log
            except FileNotFoundError as error:
                raise _gone(path) from error
            except OSError as error:
                raise StorageInternalError(f"{path}: {error.strerror or error}") from error
            except (ValueError, RecursionError) as error:
                said = getattr(error, "msg", error)
                raise StorageInternalError(
                    f"{path} is damaged: line {self.line + 1} is no JSON: {said}; without that line it can be read, or take another file"
                ) from error

    class Storage(JournalStorage):
        """Optuna takes each record for one that it has written."""

        def _sync_with_backend(self) -> None:
            try:
                super()._sync_with_backend()
            except (AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
                raise StorageInternalError(
                    f"{path} is damaged, or of another version of Optuna than {optuna_version}: line {journal.line} has {checks.shown(journal.record)}"
                ) from error

    lock = Lock(path, _LOCKED)
    journal = Journal(path, lock)
    lock.acquire()
    lock.release()
    return Storage(journal)


def _cut(path: str) -> None:
    """Takes off the end of a journal what is less than a line. Raises StorageInternalError, and leaves the file alone, if it is no journal."""
    from optuna.exceptions import StorageInternalError

    with open(path, "rb+") as file:
        start = file.read(len(_RECORD))
        end = first = file.seek(0, os.SEEK_END)
        line = b""
        while first and b"\n" not in line:
            last, first = first, max(0, first - _BLOCK)
            file.seek(first)
            line = file.read(last - first) + line
        whole = first + line.rfind(b"\n") + 1
        # A machine that goes down may leave null bytes.
        if start != _RECORD and (whole or not _RECORD.startswith(line.strip(b"\0"))):
            raise StorageInternalError(f"{path} is no journal of Optuna's, which begins with {_RECORD.decode()}; take another file")
        if whole < end:
            file.truncate(whole)


#: Reading methods of Optuna's storage of databases that are not named so.
_READING = ("_get_trials",)


def _sqlite_url(path: str) -> str:
    """The address of a file, whatever it is called."""
    from sqlalchemy.engine import URL, make_url

    url = URL.create("sqlite", database=path).render_as_string()
    if make_url(url).database != path:
        raise ValueError(f"storage is {path}, a name that addresses of SQLAlchemy cannot hold before 2.1; rename it, or pip install --upgrade sqlalchemy")
    # Optuna fills in what it finds in braces.
    return url.replace("{", "{{").replace("}", "}}")


def _must_name_a_file(url: str) -> None:
    """A database in memory is one for each connection."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    with contextlib.suppress(ArgumentError):
        if make_url(url).database in (None, "", ":memory:"):
            raise ValueError(f"storage is {url!r}, which names no file; give one, as 'sqlite:///trials.sqlite', or None to keep trials in memory")


def _sqlite(url: str) -> Any:
    """An SQLite storage that several processes use."""
    from optuna.storages import RDBStorage

    reads = threading.local()

    def reading(method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def read(*arguments: Any, **options: Any) -> Any:
            before, reads.alone = getattr(reads, "alone", False), True
            try:
                return method(*arguments, **options)
            finally:
                reads.alone = before

        return read

    class Storage(RDBStorage):
        """Who only reads neither waits for those who are about to write nor keeps them waiting."""

        def __reduce__(self) -> Tuple[Any, ...]:
            return _sqlite, (url,)

    for name in dir(RDBStorage):
        if name.startswith("get_") or name in _READING:
            setattr(Storage, name, reading(getattr(RDBStorage, name)))
    storage = Storage(url, engine_kwargs={"connect_args": {"timeout": _PATIENCE}})
    from sqlalchemy import event

    # By itself a transaction that first reads asks for the right to write later, which fails at once if another process has it:
    # one that asks at its beginning waits.
    event.listen(storage.engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
    path = storage.engine.url.database

    def begin(connection: Any) -> None:
        # A file that was removed would be written on, where nobody finds it.
        if path and not path.startswith((":memory:", "file:")) and not os.path.exists(path):
            raise _gone(path)
        connection.exec_driver_sql("BEGIN" if getattr(reads, "alone", False) else "BEGIN IMMEDIATE")

    event.listen(storage.engine, "begin", begin)
    storage.engine.dispose()
    return storage


def _gone(path: str) -> SpinnpropError:
    return SpinnpropError(f"the storage of the search, {path}, has been removed while it ran; search again")


def _study(opened: Callable[[], Any], where: str, study_name: str, pruner: Any, n_objectives: int) -> Tuple[Any, bool]:
    """A study, and whether this call has made it. Tried again: several processes may make the tables of a database at once."""
    import optuna

    for attempt in range(_ATTEMPTS):
        try:
            storage = opened()
            try:
                study = optuna.create_study(
                    storage=storage, study_name=study_name, pruner=pruner, directions=directions(n_objectives)
                )
                return study, True
            except optuna.exceptions.DuplicatedStudyError:
                return optuna.load_study(storage=storage, study_name=study_name, pruner=pruner), False
        except ImportError as error:
            raise ImportError(f"the storage {where} needs a driver ({error}); install it, psycopg2-binary for PostgreSQL, or take an SQLite file") from error
        except Exception as error:
            if attempt == _ATTEMPTS - 1:
                raise SpinnpropError(f"{where} cannot be used as the storage of a search: {_said(error)}") from error
            time.sleep(_PAUSE)
    raise AssertionError("the last attempt returns or raises")


def _notes(study: Any) -> Any:
    """What a study was made with: who made it may be about to write that down."""
    for _ in range(_ATTEMPTS):
        if NOTES in study.user_attrs:
            break
        time.sleep(_PAUSE)
    return study.user_attrs.get(NOTES)


def _difference(before: Any, now: Dict[str, Any]) -> str:
    """What is not the same, for a message."""
    for part, value in now.items():
        earlier = before.get(part) if isinstance(before, dict) else None
        if earlier == value:
            continue
        if part == "data" or earlier is None:
            return part
        if isinstance(value, dict):
            name = next(name for name in (*value, *earlier) if value.get(name) != earlier.get(name))
            return f"{part}: {name} was {earlier.get(name)}, is {value.get(name)}"
        return f"{part}: {earlier} before, {value} now"
    return "settings"


def fingerprint(estimator: Any, space: Mapping[str, Any]) -> Dict[str, str]:
    """The parameters that are not searched, in words."""
    if estimator is None:
        estimator = SpikingClassifier()
    if callable(estimator):
        return {"callable": spaces.describe(estimator)}
    params = estimator.get_params(deep=False)
    return {name: spaces.describe(params[name]) for name in sorted(params) if name not in (*space, "verbose")}
