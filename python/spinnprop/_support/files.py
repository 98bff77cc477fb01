"""Files that are whole or not there."""

from __future__ import annotations

import errno
import os
import threading
from contextlib import contextmanager
from typing import Iterator, TypeVar

#: Where a disk has no room, errors name no file.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
#: A path as it was given: text, bytes stay bytes.
_Path = TypeVar("_Path", str, bytes)


def judge(path: str) -> None:
    """Refuses a path where no file can come to be, before the work whose result goes there.

    Raises FileNotFoundError, NotADirectoryError or IsADirectoryError.
    """
    folder = os.path.dirname(os.path.realpath(path))
    if os.path.isdir(path) or path.endswith(os.sep):
        raise IsADirectoryError(f"{path} is a folder; give the path of a file")
    if not os.path.exists(folder):
        raise FileNotFoundError(f"{path} cannot be written: there is no folder {folder}; make it first, or give another path")
    if not os.path.isdir(folder):
        raise NotADirectoryError(f"{path} cannot be written: {folder} is no folder; give another path")


@contextmanager
def replaced(path: _Path) -> Iterator[_Path]:
    """A path beside another, of a file that takes its place at the end; if anything is raised it is removed, and the other stays as it was.

    A link stays, and leads to the new file. Raises OSError for what is there and no file, as a device or a pipe; IsADirectoryError for a path that
    ends as only a folder's may; where the part cannot be written, its error names the path that was given.
    """
    given, path = path, os.path.realpath(path)
    if os.fsdecode(given).endswith(os.sep):
        raise _refusal(errno.EISDIR, given)
    # What is still a link then leads to itself.
    if os.path.islink(path):
        raise _refusal(errno.ELOOP, given)
    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        raise OSError(f"{os.fsdecode(path)} is no file that could be replaced; give another path")
    ending = f".{os.getpid()}-{threading.get_ident()}.part"
    part = path + (ending if isinstance(path, str) else ending.encode())
    try:
        yield part
        os.replace(part, path)
    except BaseException as error:
        if os.path.exists(part):
            os.remove(part)
        if isinstance(error, OSError) and (error.filename == part or (error.filename is None and error.errno in _FULL)):
            raise OSError(error.errno, error.strerror, os.fsdecode(given)) from None
        raise


def _refusal(code: int, path: str | bytes) -> OSError:
    """As the operating system would refuse the path."""
    return OSError(code, os.strerror(code), os.fsdecode(path))
