"""Sparse recurrent networks: time per delivered spike over sizes and models beside peers, a million neurons, gradients.

    python Benchmarks/bench_sparse.py [--quick] [--largest 10000000] [--brian2 PYTHON] [--nest PYTHON]

--brian2 names a Python in which Brian2 is installed (pip install brian2 cython "numpy<2"), --nest one with NEST (pip install
nest-simulator); this one unless told otherwise.
"""

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cache_misses
import results

K = 100
FOLDER = Path(__file__).resolve().parent / "contestants"


def measure(model, n, way, n_spikes, is_varied=False):
    """One process: processor seconds per delivered spike in pieces of some thousand spikes, after a settling half."""
    import numpy as np

    import spinnprop as sp

    # 30 percent around the drive for 1 Hz.
    drives = 0.1 * np.random.RandomState(0).uniform(0.7, 1.3, n) if is_varied else None
    begin = time.process_time()
    network = sp.sparse.RecurrentNetwork(n, K, model=model, stored=way == "stored", drives=drives)
    set_up = time.process_time() - begin
    pieces, seen, late, last, first = [], 0, 0, 0.0, 0.0

    def take(times, units):
        nonlocal seen, late, last, first
        now = time.process_time()
        if seen >= n_spikes / 2:
            pieces.append(1e9 * (now - last) / (K * len(times)))
            late += len(times)
        else:
            first = times[-1]
        seen, last = seen + len(times), now

    begin = time.process_time()
    summary = network.stream(take, n_spikes)
    return {
        "set_up": set_up, "run": time.process_time() - begin, "median": statistics.median(pieces), "fastest": min(pieces),
        "rate": late / (n * (summary.t_end - first)), "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def second(n):
    """One second of model time."""
    import spinnprop as sp

    begin = time.perf_counter()
    network = sp.sparse.RecurrentNetwork(n, K)
    made = time.perf_counter()
    summary = network.stream(lambda times, units: None, t_end=1.0)
    return {"set_up": made - begin, "run": time.perf_counter() - made, "spikes": summary.n_spikes, "rate": summary.rate,
            "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def gradient(model, n, n_spikes, kind):
    """A run that keeps its tape, and the gradient of all its spike times."""
    import numpy as np

    import spinnprop as sp

    network = sp.sparse.RecurrentNetwork(n, K, model=model)
    if kind == "a weight per synapse":
        network.weights = np.full(network.n_synapses, network.weights[0])
    begin = time.process_time()
    run = network.run(n_spikes)
    between = time.process_time()
    found = run.gradient(np.ones(n_spikes))
    assert found.weights.any()
    return {"run": between - begin, "gradient": time.process_time() - between,
            "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def apart(*call):
    """The answer of a process of its own, or None where memory does not suffice."""
    command = [sys.executable, __file__, "--measure", json.dumps(call)]
    finished = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if finished.returncode:
        print(finished.stderr.decode()[-300:], file=sys.stderr)
        return None
    return json.loads(finished.stdout)


def plain_heap(folder):
    """The compiled peer, or None without a compiler."""
    compiler = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        return None
    program = str(Path(folder) / "plain_heap")
    subprocess.run([compiler, "-O3", "-march=native", str(FOLDER / "plain_heap.cpp"), "-o", program], check=True)
    return program


def words(command):
    """What a peer prints: numbers, or None if it fails."""
    finished = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    lines = finished.stdout.decode().split("\n")
    if finished.returncode:
        print(finished.stderr.decode()[-300:], file=sys.stderr)
        return None
    return [float(word) for word in lines[-2].split()]


def curve(options, program):
    """Rows of the table of times per delivered spike."""
    sizes = [n for n in (10**3, 10**4, 10**5, 10**6, 10**7) if n <= options.largest]
    if options.quick:
        sizes = [n for n in sizes if n <= 10**5]
    part = 4 if options.quick else 1
    for n in sizes:
        n_spikes = max(200_000, 2 * n) // part
        for way in ("stored", "drawn again"):
            found = apart("measure", "lif", n, way, n_spikes)
            if found is None:
                yield ["spinnprop, lif, " + way, n, *["-"] * 5, "too much for this machine"]
                continue
            # Each delivery reads and writes back one cache line that it shares with nobody, and reads one target.
            traffic = (128 + (4 if way == "stored" else 0)) / found["median"]
            yield ["spinnprop, lif, " + way, n, "%.1f" % found["median"], "%.1f" % found["fastest"],
                   "%.1f" % traffic if n >= 10**6 else "in cache", "%.2f" % found["rate"], "%.2f" % found["set_up"], "%.0f MB" % found["memory"]]
        if program is not None and n <= 10**6:
            found = words([program, str(n), str(K), str(n_spikes)])
            if found is not None:
                yield ["plain heap (C++), lif, stored", n, "%.1f" % found[0], "", "", "%.2f" % found[1], "", ""]
        if n in (10**4, 10**5):
            for peer, python, script in (("Brian2", options.brian2, "run_brian2.py"), ("NEST", options.nest, "run_nest.py")):
                found = words([python, str(FOLDER / script), str(n), str(K), "0.1" if options.quick else "0.5"])
                cells = ["%.1f" % found[0], "", "", "%.2f" % found[1]] if found else ["not installed", "", "", ""]
                yield [peer + " (0.1 ms steps), lif, stored", n, *cells, "", ""]
    for model, drives in (("qif", "one drive"), ("eif", "one drive"), ("eif-table", "one drive"), ("lif", "a drive each"),
                          ("qif", "a drive each"), ("eif", "a drive each")):
        for n in sizes[1:3]:
            found = apart("measure", model, n, "stored", 80_000 // part, drives == "a drive each")
            if found is not None:
                yield ["spinnprop, %s, stored, %s" % (model, drives), n, "%.1f" % found["median"], "%.1f" % found["fastest"], "",
                       "%.2f" % found["rate"], "%.2f" % found["set_up"], "%.0f MB" % found["memory"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer and smaller networks; writes nothing")
    parser.add_argument("--largest", type=int, default=10**7, metavar="N", help="neurons of the largest network")
    parser.add_argument("--brian2", default=sys.executable, metavar="PYTHON", help="a Python that has Brian2")
    parser.add_argument("--nest", default=sys.executable, metavar="PYTHON", help="a Python that has NEST")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        name, *arguments = json.loads(options.measure)
        print(json.dumps({"measure": measure, "second": second, "gradient": gradient}[name](*arguments)))
        return
    section = results.Section("Sparse recurrent networks: time per delivered spike")
    with tempfile.TemporaryDirectory() as folder:
        rows = list(curve(options, plain_heap(folder)))
    header = ["what", "neurons", "ns per delivered spike", "fastest piece", "GB/s", "rate Hz", "set-up s", "peak memory"]
    text = """
The balanced network of Engelken (arXiv 2312.17216), K = %d, drive for 1 Hz, one thread, processor time. After a settling half
the spikes are timed in pieces of 8,192; shown are the median and the fastest piece. GB/s is what each delivery moves if the neuron's
cache line (64 bytes) is read and written back and its target is read (counted below): for LIF a delivery is one addition, and once
the keys outgrow the caches this traffic bounds it. "Plain heap" is `contestants/plain_heap.cpp`: phases, an exponential and a logarithm per
delivered spike and a binary heap, by the machine's C++ compiler at -O3 -march=native. Brian2 and NEST step
grids of 0.1 ms, so they solve a coarser problem; in NEST a spike also takes one step to arrive.

%s
""" % (K, results.table(header, rows))
    how, header, rows = cache_misses.table([n for n in ((10**4, 10**5) if options.quick else (10**5, 10**6, 10**7)) if n <= options.largest])
    text += "\nCache lines that a delivered spike waits for, targets drawn again; the GB/s above assume one. %s.\n" % how.capitalize()
    if rows:
        text += """
Misses per delivery in each cache:

%s

Where the last column is 0 the neurons (8 bytes each, quadratic ones 24) fit into the last cache, and the GB/s are its traffic, not
the memory's.
""" % results.table(header, rows)
    n = 10**5 if options.quick else min(10**6, options.largest)
    found = apart("second", n)
    if found is not None:
        text += (
            "\n%d LIF neurons, K = %d, one second of model time on one core: %d spikes (%.2f Hz), %.1f s, set-up %.1f s, "
            "peak memory %.0f MB.\n" % (n, K, found["spikes"], found["rate"], found["run"], found["set_up"], found["memory"]))
    rows = []
    n, n_spikes = (10**4, 10**5) if options.quick else (10**5, 10**6)
    for model, kind, count in (("lif", "one weight", n_spikes), ("lif", "a weight per synapse", n_spikes),
                               ("qif", "a weight per synapse", n_spikes // 10)):
        found = apart("gradient", model, n, count, kind)
        if found is not None:
            rows.append([model, kind, n, count, "%.2f" % found["run"], "%.2f" % found["gradient"],
                         "%.2f" % (found["gradient"] / found["run"]), "%.0f MB" % found["memory"]])
    header = ["model", "weights", "neurons", "spikes", "run with tape s", "gradient s", "ratio", "peak memory"]
    text += "\nThe gradient of all spike times through a whole run, against the run that kept its tape:\n\n"
    text += results.table(header, rows) + "\n"
    if options.quick:
        print(text)
    else:
        section.write(text)


if __name__ == "__main__":
    main()
