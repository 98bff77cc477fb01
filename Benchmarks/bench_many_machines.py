"""What a search and a training by many workers take of the one process that leads them, from which the plan in docs/how-to/many-machines.md follows.

    python Benchmarks/bench_many_machines.py

Writes its section of RESULTS.md, and by plan.py the plan. One thread.
"""

import argparse
import pickle
import time
from concurrent import futures

import numpy as np
import optuna
import plan
import results

import spinnprop as sp
from spinnprop import _shards
from spinnprop._commands.search import Maker, space
from spinnprop._search import sampler
from spinnprop._search import space as spaces
from spinnprop._search.durations import Durations
from spinnprop._search.evaluation import Judge, Outcome, Work, evaluate
from spinnprop._search.result import SearchResult
from spinnprop._search.runners import Runners
from spinnprop._search.trials import Trials, show
from spinnprop._support.bars import Bar

TRIALS = (100, 1000, 10000)
#: A batch of 150, and spikes as a latency code has them.
NETWORKS = ([5, 120, 3], [784, 350, 10])
SHARDS = (1, 10, 150)


def milliseconds(work, repeats):
    """The least processor milliseconds of a call."""
    found = []
    for _ in range(repeats):
        begun = time.process_time()
        work()
        found.append(1e3 * (time.process_time() - begun))
    return min(found)


class Answers:
    """An executor whose trials take no time."""

    def __init__(self):
        self._rng = np.random.default_rng(1)

    def submit(self, *arguments):
        job = futures.Future()
        job.set_result(Outcome([self._rng.random()], {"epochs": 30, "accuracy": 0.9, "seconds": 1.0, "error": None}))
        return job


def led(n_trials, make, work):
    """What it takes to begin a trial and to end it, given so many."""
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0))
    parts, rng = spaces.checked(space("event", None, None)), np.random.default_rng(0)
    for position in range(n_trials):
        trial = study.ask()
        spaces.draw(trial, parts)
        trial.set_user_attr(sampler.POSITION, position)
        study.tell(trial, rng.random())
    result, more = SearchResult(study, parts, make, ("accuracy",)), 5
    with Bar(n_trials + more, "trial", shown=False) as bar, Runners(study) as runners:
        begun = time.process_time()
        Trials(result, work, n_trials + more, 0, 1, False, runners, Durations(None)).on(Answers(), lambda: show(bar, result))
        return 1e3 * (time.process_time() - begun) / more


def shard(sizes, n_shards):
    """Bytes there and back, and processor milliseconds of the worker's run and of who sends and adds up, of one shard of a batch of 150."""
    n = 150 // n_shards
    rng = np.random.default_rng(0)
    spikes = sp.encoding.latency(rng.random((n, sizes[0])))
    net, y = sp.Network(sizes, seed=0), rng.integers(0, sizes[-1], n)
    net.wake(spikes)
    arguments = (sp.__version__, net, spikes, sp.losses.TTFSCrossEntropy(), y, {"engine": "event"}, False, True)
    back = _shards._shard(*arguments)
    sent, answer = pickle.dumps((_shards._shard, arguments)), pickle.dumps(back)
    sends = milliseconds(lambda: pickle.dumps((_shards._shard, arguments)), 20)
    adds = milliseconds(lambda: _shards._sum([0.5, 0.5], [pickle.loads(answer)[1] for _ in range(2)]), 20) / 2
    return len(sent), len(answer), milliseconds(lambda: _shards._shard(*arguments), 5), sends + adds


def main():
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sp.set_threads(1)
    section = results.Section("Many machines")
    data = (*sp.datasets.yin_yang(5000), sp.datasets.yin_yang(1000, seed=41))
    make = Maker("event", 30)
    work = Work(make, data, Judge(("accuracy",), None, 5, data[2]), None)
    there = len(pickle.dumps((evaluate, work, {"hidden": 120})))
    back = len(pickle.dumps(Outcome([0.9], {"epochs": 30, "accuracy": 0.9, "seconds": 1.0, "error": None})))
    shards = [
        ["-".join(map(str, sizes)), n, there / 1e3, back / 1e3, *spent]
        for sizes in NETWORKS for n in SHARDS for there, back, *spent in [shard(sizes, n)]
    ]  # fmt: skip
    section.write(
        f"A trial of `spinnprop search yin-yang` is {there / 1e3:.0f} kB to a worker, data included, and {back} bytes back. What the leading process takes to\n"
        "begin and to end a trial, choosing its parameters included, processor milliseconds without what sending takes:\n\n"
        + results.table(["trials so far", "ms"], [[n, f"{led(n, make, work):.0f}"] for n in TRIALS])
        + "\n\nA shard of a batch of 150 samples: network and spikes to a worker, gradient back, and processor milliseconds of\nthe worker and of the "
        "leading process, which pickles, unpickles and adds up:\n\n"
        + results.table(
            ["network", "shards", "kB there", "kB back", "ms of the worker", "ms of the leader"],
            [[name, n, f"{a:.0f}", f"{b:.0f}", f"{spent:.2f}", f"{own:.2f}"] for name, n, a, b, spent, own in shards],
        )
    )
    plan.main()


if __name__ == "__main__":
    main()
