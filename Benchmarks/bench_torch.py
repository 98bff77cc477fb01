"""What `spinnprop.torch.EventProp` adds to the core: a batch of 150 through 5-120-3, forward and backward, on one thread.

    python Benchmarks/bench_torch.py [--rounds 2000]

Ends with an error if that is more than 10 %, or if the gradients differ in a bit. Needs PyTorch; with valgrind, instructions are
counted, too, which other processes do not disturb: on a busy machine they alone are judged.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import results

LIMIT = 1.1
SCRIPT = results.FOLDER / "contestants" / "torch_layer.py"
NAMES = {
    "two calls": "`net.forward`, `net.pull_back`",
    "core": "weights set, `net.forward`, first spikes read, `net.pull_back`",
    "calls": "the same by the library's calls, weights and errors at hand",
    "layer": "`EventProp`: forward and `backward`, from and to tensors",
    "torch": "a module that does nothing, likewise",
}


def command(*words):
    environment = dict(os.environ, SPINNPROP_THREADS="1", OMP_NUM_THREADS="1")
    return subprocess.run([*words], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True).stdout


def instructions():
    """Of each contestant, per batch; None without valgrind."""
    if shutil.which("valgrind") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        out = f"--callgrind-out-file={folder}/out"
        command("valgrind", "-q", "--tool=callgrind", "--instr-atstart=no", out, sys.executable, str(SCRIPT), "0")
        counted = {}
        for dump in Path(folder).glob("out.*"):
            text = dump.read_text(errors="replace")
            name = re.search(r"^desc: Trigger: dump (.*)$", text, re.MULTILINE)
            if name:
                counted[name[1]] = results.instructions(dump) / 30
    return counted


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--rounds", type=int, default=2000)
options = parser.parse_args()
section = results.Section("Layers in PyTorch")
found = json.loads(command(sys.executable, str(SCRIPT), str(options.rounds)).splitlines()[-1])
counted = instructions()
seconds = found["seconds"]
rows = []
# Within a round, so that what slows all of it down, another process or a clock, does not count.
paired = {name: statistics.median(own / core for own, core in zip(seconds[name], seconds["core"])) for name in NAMES}
for name, text in NAMES.items():
    row = [text, "%.3f" % (1e3 * min(seconds[name])), "%.3f" % (1e3 * statistics.median(seconds[name])), "%.3f" % paired[name]]
    row += ["%.2f" % (counted[name] / 1e6), "%.3f" % (counted[name] / counted["core"])] if counted else ["-", "-"]
    rows.append(row)
header = ["a batch of 150", "least ms", "median ms", "over the core's", "million instructions", "over the core's"]
section.write("""
One batch of Yin-Yang samples through 5-120-3, forward and backward, %d rounds that take all contestants in an order drawn anew, in processor time of the
one thread; ratios are medians of those within each round. The second row is what any training has the core do for a batch: weights that have changed, a
run, its first spikes, and errors of these taken back, not to input times; what they are is not computed. The third is what of that is not Python. The
fourth does the same as a module of torch %s, and its gradients are the same bits. The last is what torch takes for any module with as many tensors.

%s
""" % (options.rounds, found["version"], results.table(header, rows)))
ratios = {"instructions": counted["layer"] / counted["core"]} if counted else {}
if not (ratios and section.is_busy()):
    ratios["time"] = paired["layer"]
for what, ratio in ratios.items():
    if ratio > LIMIT:
        sys.exit("the layer takes %.3f times the core's %s; it may take %.1f" % (ratio, what, LIMIT))
