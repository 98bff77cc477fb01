"""Training on emulated chips: host time against the chip's own and against the clock-driven twin, and memory.

    python Benchmarks/bench_chip.py [--repeats 5] [--quick]
"""

import argparse
import json
import re
import subprocess
import sys
import time

import results

import spinnprop as sp
from spinnprop._commands.reproduce.spinnaker2_yin_yang import SETTING

SAMPLES = 5000
CHIPS = (1, 4, 48)
STEPS = (27, 52)
BATCHES = (22, 150, SAMPLES)
THREADS = (1, 2)


def memory(field):
    """VmRSS is what the process holds, VmHWM the most it ever did; in bytes."""
    with open("/proc/self/status") as file:
        return int(re.search(field + r":\s*(\d+)", file.read()).group(1)) * 1024


def epochs(engine, train, labels, batch, repeats):
    """Seconds and processor seconds of one epoch from the same start, each the least of some repeats."""
    wall, processor = [], []
    # The first maps the network and warms caches; it is not counted.
    for _ in range(repeats + 1):
        trainer = sp.Trainer(
            sp.Network(**SETTING["network"], seed=0), sp.losses.StepTTFSCrossEntropy(**SETTING["loss"]), engine=engine,
            **{**SETTING["training"], "batch_size": batch}, epochs=1, seed=0)
        start, processor_start = time.perf_counter(), time.process_time()
        trainer.run(train, labels)
        wall.append(time.perf_counter() - start)
        processor.append(time.process_time() - processor_start)
    return min(wall[1:]), min(processor[1:])


def measure(chips, steps, batch, threads, repeats):
    """One row, as a dictionary; in a process of its own, for the memory."""
    sp.set_threads(threads)
    x, labels = sp.datasets.yin_yang(SAMPLES, seed=42)
    train = sp.encoding.latency_grid(x, steps=steps)
    before = memory("VmRSS")
    engine = sp.spinnaker2.Engine(sp.spinnaker2.Board(chips), steps=steps, batch_size=batch)
    host, processor = epochs(engine, train, labels, batch, repeats)
    peak = memory("VmHWM") - before
    account = engine.account()
    twin = epochs(sp.ClockEngine(steps=steps, copies=account.copies), train, labels, batch, repeats)
    return {
        "copies": account.copies, "host": host, "processor": processor, "chip": account.seconds / (repeats + 1),
        "twin": twin[0], "twin processor": twin[1], "peak": peak}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="fewer sizes; writes nothing")
    parser.add_argument("--one", type=int, nargs=4, metavar=("CHIPS", "STEPS", "BATCH", "THREADS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(*options.one, options.repeats)))
        return
    section = results.Section("Emulated SpiNNaker2: one epoch of 5-120-3")
    steps, batches, threads = (STEPS[:1], BATCHES[1:2], THREADS[:1]) if options.quick else (STEPS, BATCHES, THREADS)
    rows, slowest_chip, slowest_twin = [], 0.0, 0.0
    for own in [(c, t, b, n) for n in threads for c in CHIPS for t in steps for b in batches]:
        command = [sys.executable, __file__, "--repeats", str(options.repeats), "--one", *map(str, own)]
        found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        to_chip, to_twin = found["host"] / found["chip"], found["processor"] / found["twin processor"]
        slowest_chip, slowest_twin = max(slowest_chip, to_chip), max(slowest_twin, to_twin)
        rows.append([
            own[0], own[1], own[2], own[3], found["copies"], "%.1f" % (1e3 * found["host"]),
            "%.1f" % (1e3 * found["processor"]), "%.0f" % (1e3 * found["chip"]), "%.3f" % to_chip,
            "%.1f" % (1e3 * found["twin processor"]), "%.2f" % to_twin, "%.0f" % (found["peak"] / 1e6)])
    header = ["chips", "steps T", "batch", "threads", "copies", "host ms", "processor ms", "chip ms, estimated", "host / chip",
              "twin, processor ms", "times the twin", "peak MB"]
    text = """
One epoch of the published Yin-Yang setting (5-120-3, ticks of 1 ms) on %d samples: forward, loss, backward, gather and an Adam
update per batch, each the least of %d epochs after one that is not counted, each row in a process of its own. "Chip ms" is what the
account estimates that the chips would take for the same epoch; host / chip below 1 is faster than the real chip. The twin is the
clock-driven engine with as many copies, which gives the same bits; "times the twin" compares processor time. Peak memory is above what the
process held with the data in place; it grows with the copies, whose buffers and queues are all there.

%s

At most %.2f of the chip's time (aim: 1) and %.2f times the twin (aim: 5).
""" % (SAMPLES, options.repeats, results.table(header, rows), slowest_chip, slowest_twin)
    if options.quick:
        print(text)
    else:
        section.write(text)


if __name__ == "__main__":
    main()
