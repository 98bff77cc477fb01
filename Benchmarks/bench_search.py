"""How long a search takes, how good its winners are, and what a second worker of a cluster saves.

    python Benchmarks/bench_search.py                    # all of it, some five minutes on two processors
    python Benchmarks/bench_search.py --seeds 3 4        # searches of these seeds alone; others keep their rows
    python Benchmarks/bench_search.py --clusters         # Dask and Ray alone

Writes its sections of RESULTS.md.
"""

import argparse
import contextlib
import json
import logging
import os
import re
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np
import results

import spinnprop as sp

TRIALS = 100
TITLE = "A search"
#: Of the table's rows.
ROW = re.compile(r"^\| (\d+) \| (\d+) \| (\d+) \| ([\d.]+) \| ([\d.]+) \| (\d+ %) \|$", re.M)


def searched(seed):
    """Seconds by the clock and of processors, and the winner's accuracies, of the command as anybody types it."""
    with tempfile.TemporaryDirectory() as folder:
        section = results.Section(TITLE)
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        command = [sys.executable, "-m", "spinnprop", "search", "yin-yang", "--trials", str(TRIALS), "--seed", str(seed), "--out", folder]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        with open(os.path.join(folder, "best.json"), encoding="utf-8") as file:
            accuracy = json.load(file)["accuracy"]
        return f"{seconds:.0f}", f"{spent:.0f}", f"{100 * accuracy['validation']:.1f}", f"{100 * accuracy['test']:.1f}", f"{100 * section.others():.0f} %"


def write_searches(seeds):
    section = results.Section(TITLE)
    old = results.FILE.read_text().partition(f"## {TITLE}\n")[2].partition("\n## ")[0]
    rows = {int(row[0]): row[1:] for row in ROW.findall(old)}
    rows.update((seed, searched(seed)) for seed in seeds)
    tests = [float(row[3]) for row in rows.values()]
    table = results.table(
        ["seed", "seconds", "of processors", "validation %", "test %", "taken by others"], [[seed, *rows[seed]] for seed in sorted(rows)]
    )
    section.write(
        f"`spinnprop search yin-yang --trials {TRIALS}`, as many trials side by side as there are processors; the winner is trained again and judged once on\n"
        f"the test set. Where others took much of the processors, the time by the clock is too long. Winners: {np.mean(tests):.1f} % in the mean.\n\n{table}"
    )


@contextlib.contextmanager
def dask(n_workers):
    import distributed

    with distributed.LocalCluster(
        n_workers=n_workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, silence_logs=logging.CRITICAL
    ) as cluster, sp.executors.dask(cluster.scheduler_address) as executor:
        yield executor


@contextlib.contextmanager
def ray(n_workers):
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": n_workers, "include_dashboard": False})
    try:
        with sp.executors.ray(cluster.address) as executor:
            yield executor
    finally:
        cluster.shutdown()


def seconds_on(cluster, n_workers):
    """Of 24 trials that cost the same, when the workers are there."""
    X, y = sp.datasets.yin_yang(2000)
    estimator = sp.SpikingClassifier(epochs=20)
    with cluster(n_workers) as executor:
        list(executor.map(time.sleep, [0.5] * n_workers))
        sp.search(X, y, {"learning_rate": (1e-3, 1e-2)}, estimator=estimator, n_trials=n_workers, n_jobs=-1, executor=executor)
        begun = time.perf_counter()
        sp.search(X, y, {"learning_rate": (1e-3, 1e-2)}, estimator=estimator, n_trials=24, n_jobs=-1, executor=executor)
        return time.perf_counter() - begun


def write_clusters():
    section = results.Section("A search on a cluster")
    rows = []
    for name, cluster in (("Dask", dask), ("Ray", ray)):
        try:
            seconds = [min(seconds_on(cluster, n) for _ in range(2)) for n in (1, 2)]
        except ImportError as error:
            print(f"{name}: {error}", file=sys.stderr)
            continue
        rows.append([name, *(f"{own:.1f}" for own in seconds), f"{seconds[1] / seconds[0]:.2f}"])
    section.write(
        "24 trials that cost the same (2,000 samples of Yin-Yang, 120 hidden neurons, 20 epochs) on workers of one thread each, all on this machine; seconds, "
        "the\nlesser of two runs, and the ratio.\n\n" + results.table(["", "1 worker", "2 workers", "ratio"], rows)
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", metavar="N")
    parser.add_argument("--clusters", action="store_true")
    options = parser.parse_args()
    if options.seeds or not options.clusters:
        write_searches(options.seeds or range(5))
    if options.clusters or not options.seeds:
        write_clusters()


if __name__ == "__main__":
    main()
