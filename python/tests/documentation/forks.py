"""Runs the scripts that it is told on its input, one after another, each in a fork of this process, and says how each ended.

What others made and many scripts use is imported here, once: that takes longer than what most of them do. Each begins without this package.
"""

import importlib
import importlib.util
import os
import runpy
import sys
from pathlib import Path

SHARED = ("numpy", "matplotlib.pyplot", "sklearn.datasets", "sklearn.model_selection", "sklearn.pipeline")


def run(script: str) -> None:
    """The script as Python would run it: in its folder, with nothing to read, printing into a file beside it; what follows ends the process."""
    folder = Path(script).parent
    os.chdir(folder)
    for number, file in ((0, os.open(os.devnull, os.O_RDONLY)), (1, os.open("printed", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))):
        os.dup2(file, number)
    sys.argv[:] = [script]
    sys.path[0] = str(folder)
    runpy.run_path(script, run_name="__main__")


def main() -> None:
    for name in SHARED:
        if importlib.util.find_spec(name.partition(".")[0]) is not None:
            importlib.import_module(name)
    for line in iter(sys.stdin.readline, ""):
        child = os.fork()
        if child == 0:
            return run(line.rstrip("\n"))
        print(os.waitpid(child, 0)[1], flush=True)


if __name__ == "__main__":
    main()
