"""How long a search takes, how good its winners are, and what a second worker of a cluster saves.

    python Benchmarks/bench_search.py                    # all of it, some fifteen minutes on two processors
    python Benchmarks/bench_search.py --seeds 3 4        # searches of these seeds alone; others keep their rows
    python Benchmarks/bench_search.py --clusters         # Dask and Ray alone
    python Benchmarks/bench_search.py --pruned           # what pruning costs alone, which trains every trial to its end, some minutes a seed
    python Benchmarks/bench_search.py --pruned --seeds 1 # that of these seeds alone; others keep their rows

Writes its sections of RESULTS.md. Ends with an error if searches of five seeds take longer than they may in the mean, or their winners are not as good as
they must be; if two workers save too little; or if a trial that was pruned would have won.
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
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import results

import spinnprop as sp
from spinnprop._commands.search import LAST_EPOCHS, Maker, space
from spinnprop._search.evaluation import Judge

TRIALS, EPOCHS = 100, 30
#: In the mean of so many seeds a search may take so many seconds, and its winners are to reach so many % of the test set.
SEEDS, SECONDS, WINNERS = 5, 80, 98.2
#: What two workers may take of the time of one.
SHARE = 0.6
TITLE, PRUNED = "A search", "What pruning costs"


def kept(title):
    """The rows of a section's table, by their seeds."""
    old = results.FILE.read_text().partition(f"## {title}\n")[2].partition("\n## ")[0]
    cells = [line.strip("| ").split(" | ") for line in old.splitlines() if re.match(r"\| \d+ \|", line)]
    return {int(seed): row for seed, *row in cells}


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
    rows = kept(TITLE)
    rows.update((seed, searched(seed)) for seed in seeds)
    tests = [float(row[3]) for row in rows.values()]
    table = results.table(
        ["seed", "seconds", "of processors", "validation %", "test %", "taken by others"], [[seed, *rows[seed]] for seed in sorted(rows)]
    )
    section.write(
        f"`spinnprop search yin-yang --trials {TRIALS}`, as many trials side by side as there are processors; the winner is trained again and judged once on\n"
        f"the test set. Where others took much of the processors, the time by the clock is too long. Winners: {np.mean(tests):.1f} % in the mean.\n\n{table}"
    )
    # On a busy machine what it kept processors at work for, all of them at once, is the least that it can have taken.
    taken = [float(row[1]) / os.cpu_count() if float(row[4].rstrip(" %")) > 10 else float(row[0]) for row in rows.values()]
    if len(rows) < SEEDS:
        return
    if np.mean(taken) > SECONDS:
        yield f"a search takes {np.mean(taken):.0f} s; it may take {SECONDS}"
    if np.mean(tests) < WINNERS:
        yield f"winners reach {np.mean(tests):.2f} %; they must reach {WINNERS}"


def pruned(seed):
    """The winner's validation accuracy, how many trials were pruned, and accuracies of these when they are trained to their end, the best first."""
    make, data = Maker("event", EPOCHS), (*sp.datasets.yin_yang(5000, seed=42), sp.datasets.yin_yang(1000, seed=41))
    judge = Judge(("accuracy",), lambda fitted: [], LAST_EPOCHS, data[2])
    found = sp.search(
        *data[:2], space("event", None, None), estimator=make, validation=data[2], n_trials=TRIALS, last_epochs=LAST_EPOCHS, seed=seed, n_jobs=-1
    )

    def ended(trial):
        return judge(make(**trial["params"]).fit(*data))[0]

    lagging = [trial for trial in found.trials if trial["state"] == "pruned"]
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return found.best_score, sorted(pool.map(ended, lagging), reverse=True)


def write_pruned(seeds):
    section = results.Section(PRUNED)
    rows = kept(PRUNED)
    for seed in seeds:
        best, others = pruned(seed)
        rows[seed] = [f"{100 * best:.2f}", len(others), f"{100 * others[0]:.2f}", sum(other > best for other in others)]
    section.write(
        f"The same searches; then every trial that was pruned trained to its end, all {EPOCHS} epochs. Validation accuracies that judge trials, the mean\n"
        f"of the last {LAST_EPOCHS} epochs.\n\n"
        + results.table(
            ["seed", "winner %", "pruned", "best of these %", "better than the winner"], [[seed, *rows[seed]] for seed in sorted(rows)]
        ),
        tells_load=False,
    )
    for seed, row in rows.items():
        if int(row[3]):
            yield f"seed {seed}: {row[3]} trials that were pruned are better than the winner"


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
        "the\nlesser of two runs, and the ratio.\n\n" + results.table(["", "1 worker", "2 workers", "ratio"], rows),
        # The workers are processes of their own.
        tells_load=False,
    )
    for name, *_, ratio in rows:
        if float(ratio) > SHARE:
            yield f"two workers of {name} take {ratio} of the time of one; they may take {SHARE}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", metavar="N")
    parser.add_argument("--clusters", action="store_true")
    parser.add_argument("--pruned", action="store_true")
    options = parser.parse_args()
    is_all, found = not (options.seeds or options.clusters or options.pruned), []
    if is_all or options.seeds and not options.pruned:
        found += write_searches(options.seeds or range(SEEDS))
    if is_all or options.clusters:
        found += write_clusters()
    if is_all or options.pruned:
        found += write_pruned(options.seeds or range(SEEDS))
    if found:
        sys.exit("; ".join(found))


if __name__ == "__main__":
    main()
