"""What Python adds to an epoch of training: the same training by `sp.Trainer` and by a host in C, on one thread.

    python Benchmarks/bench_binding.py [--rounds 20] [--epochs 5]

Ends with an error if it is 2 % or more, or if the trained networks differ. Needs a C compiler; with valgrind, instructions are counted, too,
which other processes do not disturb: on a busy machine they alone are judged.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import results

import spinnprop

LIMIT = 1.02
NAMES = {
    "c": "a host in C",
    "python": "`sp.Trainer.run`",
    "watched": "`sp.Trainer.run`, a function for progress",
}


def command(*words, **more):
    environment = dict(os.environ, SPINNPROP_THREADS="1", PYTHONHASHSEED="0", **more)
    return subprocess.run([*map(str, words)], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True).stdout


def instructions(contestants, folder, epochs):
    """Of each contestant, per epoch; None without valgrind."""
    if shutil.which("valgrind") is None:
        return None
    counted = {}
    for name, words in contestants.items():
        out = folder / f"{name}.out"
        # Of the host in C the call alone, of Python from the method on.
        where = ["--toggle-collect=spinnprop_trainer_run"] if name == "c" else ["--instr-atstart=no"]
        program, *arguments = words(1, epochs)
        # What Python counts is in a dump of its own.
        more = {} if name == "c" else {"COUNTED": "1"}
        command("valgrind", "-q", "--tool=callgrind", *where, f"--callgrind-out-file={out}", program, *arguments, **more)
        dump = out if name == "c" else out.with_suffix(".out.1")
        counted[name] = results.instructions(dump) / epochs
    return counted


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--rounds", type=int, default=20)
parser.add_argument("--epochs", type=int, default=5)
options = parser.parse_args()
section = results.Section("What Python adds to an epoch")
library = Path(spinnprop.__file__).parent
with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    host = folder / "epochs"
    sources = results.FOLDER / "contestants"
    command("cc", "-std=c11", "-O2", sources / "epochs.c", f"-I{results.FOLDER.parent / 'include'}", f"-L{library}", f"-Wl,-rpath,{library}",
            "-lspinnprop", "-o", host)
    contestants = {
        "c": lambda runs, epochs: (host, runs, epochs, folder / "c"),
        "python": lambda runs, epochs: (sys.executable, sources / "epochs.py", runs, epochs, folder / "python"),
        "watched": lambda runs, epochs: (sys.executable, sources / "epochs.py", runs, epochs, folder / "watched", "watched"),
    }
    seconds = {name: [] for name in contestants}
    for _ in range(options.rounds):
        for name, words in contestants.items():
            seconds[name] += map(float, command(*words(5, options.epochs)).split())
    trained = [(folder / name).read_bytes() for name in contestants]
    counted = instructions(contestants, folder, options.epochs)
if not trained[0] == trained[1] == trained[2]:
    sys.exit("the networks that were trained from Python are not the one that was trained from C")
rows = []
for name, text in NAMES.items():
    least, median = min(seconds[name]), statistics.median(seconds[name])
    row = [text, "%.3f" % (1e3 * least), "%.3f" % (1e3 * median), "%.4f" % (least / min(seconds["c"]))]
    rows.append(row + (["%.2f" % (counted[name] / 1e6), "%.5f" % (counted[name] / counted["c"])] if counted else ["-", "-"]))
header = ["an epoch", "least ms", "median ms", "over C's least", "million instructions", "over C's"]
section.write("""
5,000 Yin-Yang samples through 5-120-3 in batches of 150 on the exact engine, %d epochs a run, processor time of one thread. The
trained networks are the same, bit for bit.

%s
""" % (options.epochs, results.table(header, rows)))
is_busy = section.is_busy()
for name in ("python", "watched"):
    ratios = {"instructions": counted[name] / counted["c"]} if counted else {}
    if not (ratios and is_busy):
        ratios["time"] = min(seconds[name]) / min(seconds["c"])
    for what, ratio in ratios.items():
        if ratio >= LIMIT:
            sys.exit("%s adds %.1f %% to an epoch's %s; it may add less than %.0f %%" % (NAMES[name], 100 * ratio - 100, what, 100 * LIMIT - 100))
