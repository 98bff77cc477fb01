"""What tests send to other processes. It imports little, as each of these has to import it too."""

import ctypes
import os
import signal
import threading
import time

from spinnprop._support.jobs import begin_process


def aborts(*arguments):
    os.abort()


def begins_late(path, marks):
    """A process of a pool that takes calls only when there is a file."""
    while not path.exists():
        time.sleep(0.01)
    begin_process(marks)


def appears(path):
    while not path.exists():
        time.sleep(0.01)


def dies_once(path):
    """Kills its process, unless it has done so before."""
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return path.name


def holds(begun, go):
    """Tells by one file that it has begun, and ends when there is another."""
    begun.touch()
    appears(go)
    return "held"


def hangs(path):
    """Tells by a file that it has begun."""
    path.touch()
    threading.Event().wait()


def hangs_alone(path):
    """The same in code that does not let go of the interpreter, so that its process does nothing else either."""
    path.touch()
    ctypes.PyDLL(None).pause()


class NotUnpickled(Exception):
    """Is made of more than its message, so that unpickling it fails."""

    def __init__(self, message, code):
        super().__init__(message)


class Result:
    """Cannot be unpickled."""

    def __reduce__(self):
        return fails, ()


def fails(*ignored):
    raise NotUnpickled("the membrane burst", 7)


def notes(path, function, *arguments):
    """Notes that it has run a function."""
    with path.open("a") as runs:
        runs.write("run\n")
    return function(*arguments)
