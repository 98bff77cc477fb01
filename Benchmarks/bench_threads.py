"""What a second thread brings: training epochs on two threads and on one, in pairs, beside an idle and a busy processor; and what two
processes that have nothing to wait for would bring on this machine, whose processors share caches, memory and perhaps a core.

    python Benchmarks/bench_threads.py [--pairs N]

Writes its section of RESULTS.md. Bound to two processors; the busy process is bound to one of them.
"""

import argparse
import multiprocessing
import os
import statistics
import subprocess
import sys
import time

import results

import spinnprop as sp

ENGINES = ("event", "clock", "spinnaker2")
BATCHES = (22, 150)
#: What the ratio may be at most: batch 22, batch 150, and beside a busy process.
LIMITS = {(22, False): 1.02, (150, False): 0.65, (22, True): 1.10, (150, True): 1.10}


def epochs(engine, batch):
    """A function that trains one more epoch of 5-120-3 on 5,000 samples and returns its seconds."""
    X, y = sp.datasets.yin_yang(5000)
    steps = {} if engine == "event" else {"steps": 52}
    spikes = sp.encoding.latency(X, bias=0.0) if engine == "event" else sp.encoding.latency_grid(X, **steps)
    chosen = {"event": "event", "clock": sp.ClockEngine(**steps)}.get(engine) or sp.spinnaker2.Engine(**steps)
    net = sp.Network([5, 120, 3], engine=chosen, seed=0)

    def run(threads):
        sp.set_threads(threads)
        trainer = sp.Trainer(net, engine=chosen, epochs=1, batch_size=batch)
        begun = time.perf_counter()
        trainer.run(spikes, y)
        return time.perf_counter() - begun

    return run


def ratios(run, pairs):
    run(1), run(2)
    found = []
    for _ in range(pairs):
        one, two = run(1), run(2)
        found.append(two / one)
    return found


def train_when_told(engine, batch, processor, told):
    """Trains so many epochs on one thread as it is told, and answers with the seconds that they took."""
    os.sched_setaffinity(0, [processor])
    run = epochs(engine, batch)
    run(1)
    told.send(None)
    while (count := told.recv()) > 0:
        told.send(sum(run(1) for _ in range(count)))


def side_by_side(engine, batch, processors, pairs, count=20):
    """The time of epochs in two processes at once, each on one thread and a processor of its own, as a part of the time of both one after
    the other: no division of an epoch between threads takes less."""
    context = multiprocessing.get_context("spawn")
    ends, workers = [], []
    for processor in processors:
        end, told = context.Pipe()
        workers.append(context.Process(target=train_when_told, args=(engine, batch, processor, told)))
        workers[-1].start()
        end.recv()
        ends.append(end)

    def seconds(some):
        for end in some:
            end.send(count)
        return [end.recv() for end in some]

    found = []
    for _ in range(pairs):
        alone = sum(seconds(ends[:1]) + seconds(ends[1:]))
        found.append(max(seconds(ends)) / alone)
    for end, worker in zip(ends, workers):
        end.send(0)
        worker.join()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--pairs", type=int, default=15)
    pairs = parser.parse_args().pairs
    processors = sorted(os.sched_getaffinity(0))[:2]
    if len(processors) < 2:
        raise SystemExit("two processors are needed to compare two threads with one")
    os.sched_setaffinity(0, processors)
    section = results.Section("Threads")
    rows = []
    for is_busy in (False, True):
        busy = subprocess.Popen([sys.executable, "-c", "while True: pass"]) if is_busy else None
        try:
            if busy:
                os.sched_setaffinity(busy.pid, processors[1:])
            for engine in ENGINES:
                for batch in BATCHES:
                    found = ratios(epochs(engine, batch), pairs)
                    least = "" if is_busy else "%.2f" % statistics.median(side_by_side(engine, batch, processors, pairs))
                    rows.append([engine, batch, "busy" if is_busy else "idle", "%.2f" % statistics.median(found),
                                 "%.2f to %.2f" % (min(found), max(found)), least, "%.2f" % LIMITS[batch, is_busy]])
        finally:
            if busy:
                busy.kill()
                busy.wait()
    section.write(
        "Time of a training epoch (5-120-3, 5,000 samples) on two threads as a part of that on one; median and range of\n"
        "%d pairs, on an otherwise idle machine and beside a process that keeps one of the two processors busy.\n"
        "Two processes that train by themselves, each on one thread and a processor of its own, take as long as the next column says, as a part of\n"
        "both one after the other: what this machine's second processor brings at most.\n\n" % pairs
        + results.table(["engine", "batch", "other processor", "two threads / one", "range", "two processes / one after the other", "limit"], rows))


if __name__ == "__main__":
    main()
