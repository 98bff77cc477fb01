"""From a thousand to a billion LIF neurons: time per spike of the network and bytes per neuron, beside the published curve.

    python Benchmarks/bench_billion.py [--largest 1000000000] [--spikes 20000000] [--brian2 PYTHON] [--nest PYTHON]
    python Benchmarks/bench_billion.py --draw       # the picture alone, from billion.json

A billion neurons take 8.4 bytes each and ten minutes. Each size is a process of its own; one for which memory does not suffice is left
out, and one that would leave the machine less than 1 GB is ended. Writes billion.json, billion.svg and a section of RESULTS.md.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import results

K = 100
#: Seconds of model time, five membrane time constants: the rate of the whole network is steady from there on.
SETTLING = 50e-3
#: The largest size has to run with so much left for everybody else.
RESERVE = 10**9
FOLDER = Path(__file__).resolve().parent
#: The author's figure (Engelken, arXiv 2312.17216), microseconds per spike of the network; K and machine are not stated.
PUBLISHED = {10**3: 62.7, 10**4: 78.9, 10**5: 89.7, 10**6: 126.0, 10**7: 146.0, 10**8: 149.0, 10**9: 153.0}
PUBLISHED_PLAIN = {10**4: 12.4e3, 1.25e6: 1.74e6}


def available():
    """Bytes that the system can give without swapping."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return 1024 * int(line.split()[1])
    raise SystemExit("/proc/meminfo does not say how much memory is available")


def measure(n, n_spikes):
    """One network in this process: settles, then runs for so many spikes."""
    import numpy  # noqa: F401  (its memory is not the network's)

    import spinnprop as sp

    before = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    network = sp.sparse.RecurrentNetwork(n, K, stored=False)
    begin = time.process_time()
    seen = {"set-up": None, "settled": None, "n": 0, "last": (0.0, 0, 0.0)}

    def take(times, units):
        now = time.process_time()
        if seen["set-up"] is None:
            seen["set-up"] = now - begin
        seen["n"] += len(times)
        last = (now, seen["n"], times[-1])
        if seen["settled"] is None:
            seen["settled"] = last if times[-1] >= SETTLING else None
        seen["last"] = last
        return seen["settled"] is not None and seen["n"] - seen["settled"][1] >= n_spikes

    network.stream(take, t_end=1e9)
    (t0, n0, model0), (t1, n1, model1) = seen["settled"], seen["last"]
    return {
        "n": n, "spikes": n1 - n0, "microseconds per spike": 1e6 * (t1 - t0) / (n1 - n0), "rate": (n1 - n0) / (n * (model1 - model0)),
        "set-up": seen["set-up"], "settling": t0 - begin - seen["set-up"], "settling spikes": n0, "peak": 1024 * resource.getrusage(
            resource.RUSAGE_SELF).ru_maxrss - before}


def watched(n, n_spikes):
    """The answer of a process of its own, or a string that says why there is none."""
    needed = 9 * n + RESERVE
    if available() < needed:
        return "%d neurons want %.1f GB, of which %.1f GB are available" % (n, needed * 1e-9, available() * 1e-9)
    child = subprocess.Popen([sys.executable, __file__, "--measure", str(n), "--spikes", str(n_spikes)], stdout=subprocess.PIPE)
    try:
        while True:
            try:
                answer, _ = child.communicate(timeout=0.2)
                break
            except subprocess.TimeoutExpired:
                if available() < RESERVE:
                    return "%d neurons: ended, as less than %.1f GB were available" % (n, RESERVE * 1e-9)
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
    return json.loads(answer) if child.returncode == 0 else "%d neurons: the process ended with %d" % (n, child.returncode)


def peers(options):
    """Microseconds per spike of Brian2 and NEST, where they are installed."""
    found = {}
    for name, python, script in (("Brian2", options.brian2, "run_brian2.py"), ("NEST", options.nest, "run_nest.py")):
        if python is None:
            continue
        for n in (10**4, 10**5):
            finished = subprocess.run([python, str(FOLDER / "contestants" / script), str(n), str(K), "0.5"], stdout=subprocess.PIPE)
            if finished.returncode == 0:
                nanoseconds = float(finished.stdout.decode().split("\n")[-2].split()[0])
                found.setdefault(name, {})[str(n)] = 1e-3 * K * nanoseconds
    return found


def draw(found):
    """The picture, from what billion.json holds."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "spinnprop"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, 4.2), constrained_layout=True)
    axes.loglog(list(PUBLISHED), list(PUBLISHED.values()), "s-", color="tab:gray", label="SparseProp, published (K not stated)")
    axes.loglog(list(PUBLISHED_PLAIN), list(PUBLISHED_PLAIN.values()), "x:", color="tab:gray", label="conventional, published")
    for (name, points), marker, color in zip(sorted(found["peers"].items()), "^v", ("tab:green", "tab:orange")):
        sizes = sorted(points, key=int)
        axes.loglog([int(n) for n in sizes], [points[n] for n in sizes], marker + "--", color=color, label="%s, 0.1 ms steps, K = %d" % (name, K))
    axes.loglog([row["n"] for row in found["rows"]], [row["microseconds per spike"] for row in found["rows"]], "o-", color="tab:blue",
                label="spinnprop, one thread, K = %d" % K)
    axes.set(xlabel="neurons", ylabel="time per spike of the network (µs)", title="Balanced LIF networks, simulated event by event")
    axes.grid(True, which="major", alpha=0.3)
    axes.legend(frameon=False, fontsize="small")
    figure.savefig(FOLDER / "billion.svg", metadata={"Date": None})


def text(found):
    """The section of RESULTS.md."""
    rows = [[row["n"], "%.3f" % row["microseconds per spike"], "%.2f" % (10 * row["microseconds per spike"]), PUBLISHED.get(row["n"], ""),
             "%.1f" % (row["peak"] / row["n"]) if row["n"] >= 10**6 else "", "%.2f" % row["rate"], "%.1f" % row["set-up"],
             "%.1f" % row["settling"], row["spikes"]] for row in found["rows"]]
    header = ["neurons", "µs per spike", "ns per delivery", "published, µs per spike", "peak bytes per neuron", "rate Hz", "set-up s",
              "settling s", "spikes timed"]
    by_size = {row["n"]: row["microseconds per spike"] for row in found["rows"]}
    lines = [
        "The balanced network of Engelken (arXiv 2312.17216), K = %d, drive for 1 Hz, targets drawn again at every spike, one thread, "
        "processor time.\nEach network runs for %.0f ms of model time (five membrane time constants), after which its rate is steady; the "
        "mean over the spikes that follow is\nshown. Bytes per neuron are the process's peak above what it held with numpy loaded, set-up "
        "included. The published times are\nread from the author's figure; K and machine are not stated there." % (K, 1e3 * SETTLING),
        "", "![time per spike over the number of neurons](billion.svg)", "", results.table(header, rows), ""]
    if 10**7 in by_size and 10**9 in by_size:
        lines.append("A spike among 10^9 neurons takes %.2f times as long as one among 10^7 (aim: 2)." % (by_size[10**9] / by_size[10**7]))
    return "\n".join(lines + found["missing"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--largest", type=int, default=10**9, metavar="N", help="neurons of the largest network")
    parser.add_argument("--spikes", type=int, default=2 * 10**7, help="to be timed at each size")
    parser.add_argument("--brian2", metavar="PYTHON", help="a Python that has Brian2")
    parser.add_argument("--nest", metavar="PYTHON", help="a Python that has NEST")
    parser.add_argument("--draw", action="store_true", help="only the picture, from billion.json")
    parser.add_argument("--dry", action="store_true", help="prints, writes nothing")
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure, options.spikes)))
        return
    file = FOLDER / "billion.json"
    if options.draw:
        draw(json.loads(file.read_text()))
        return
    section = results.Section("Sparse recurrent networks: from a thousand to a billion neurons")
    found = {"rows": [], "peers": peers(options), "missing": []}
    for exponent in range(3, 10):
        if 10**exponent > options.largest:
            break
        answer = watched(10**exponent, options.spikes)
        print(answer, flush=True)
        (found["missing"] if isinstance(answer, str) else found["rows"]).append(answer)
    if options.dry:
        print(text(found))
        return
    file.write_text(json.dumps(found, indent=1) + "\n")
    draw(found)
    section.write(text(found))


if __name__ == "__main__":
    main()
