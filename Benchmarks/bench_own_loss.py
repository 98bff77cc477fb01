"""What a loss of one's own in numpy adds to training with the built-in one: the same loss by both, epochs of 5-120-3 on one thread.

    python Benchmarks/bench_own_loss.py [--rounds 40]

Writes its section of RESULTS.md. Ends with an error if it is more than 10 % on a machine that is not busy, or if what is learnt differs.
"""

import argparse
import math
import time

import numpy as np
import results

import spinnprop as sp

LIMIT = 1.1
BATCH = 150
TAU0, ALPHA, TAU1 = 0.5e-3, 3e-3, 6.4e-3


def ttfs(times, y):
    """`sp.losses.TTFSCrossEntropy()` by its definition, where a silent label counts as a guess, and its derivative by the times."""
    # An output that is silent is as one that speaks far too late. Outputs come first: numpy's loops are then along samples, of which there are more.
    times = np.minimum(times.T, 1.0, order="C")
    label = y, np.arange(len(y))
    own, first = times[label], times.min(axis=0)
    heard = own < 1
    p = np.exp((first - times) / TAU0)
    sums = p.sum(axis=0)
    late = np.exp(own / TAU1)
    values = ALPHA * (late - 1) + np.log(sums) + (own - first) / TAU0
    guessed = (len(y) - np.count_nonzero(heard)) * math.log(len(times))
    p /= sums
    p[label] -= 1 + ALPHA * TAU0 / TAU1 * late
    p *= heard / (-TAU0 * len(y))
    return (heard @ values + guessed) / len(y), p.T


def epochs(loss, readout):
    """A function that trains one more epoch and returns its seconds of this thread's processor, and the trainer."""
    X, y = sp.datasets.yin_yang(5000, seed=42)
    spikes = sp.encoding.latency(X, bias=0.0)
    net = sp.Network([5, 120, 3], seed=0, readout=readout)
    net.wake(spikes)
    trainer = sp.Trainer(net, loss, epochs=1, batch_size=BATCH)

    def one():
        begun = time.thread_time()
        trainer.run(spikes, y)
        trainer.epochs += 1
        return time.thread_time() - begun

    return one, trainer


def maxima(values, y):
    """`sp.losses.VMaxCrossEntropy()` by its definition."""
    values = np.ascontiguousarray(values.T)
    label = y, np.arange(len(y))
    values -= values.max(axis=0)
    p = np.exp(values)
    sums = p.sum(axis=0)
    value = (np.log(sums) - values[label]).sum() / len(y)
    p /= sums
    p[label] -= 1
    return value, p.T / len(y)


CASES = {
    "first spikes": ("spiking", sp.losses.TTFSCrossEntropy(), sp.losses.Custom(ttfs)),
    "maxima of membranes": ("leaky", sp.losses.VMaxCrossEntropy(), sp.losses.Custom(maxima, of="maxima")),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    sp.set_threads(1)
    section = results.Section("A loss of one's own")
    rows, worst = [], 0.0
    for name, (readout, built_in, own) in CASES.items():
        trained = [epochs(loss, readout) for loss in (built_in, own)]
        taken = [[one() for one, _ in trained]]
        # Later on rounding grows with every spike that comes or goes.
        learnt, other = (trainer.history["loss"][0] for _, trainer in trained)
        if not np.isclose(learnt, other, rtol=1e-4):
            raise SystemExit(f"{name}: the loss of the first epoch is {learnt} and {other}")
        taken = np.array(taken + [[one() for one, _ in trained] for _ in range(options.rounds - 1)])
        least, middle = 1e3 * taken.min(axis=0), 1e3 * np.median(taken, axis=0)
        worst = max(worst, least[1] / least[0])
        rows += [[name, *(f"{number:.2f}" for number in (*least, *middle)), f"{least[1] / least[0]:.3f}"]]
    header = ["a loss of", "built in, least ms", "own, least ms", "built in, median ms", "own, median ms", "own over built in, least"]
    section.write(
        f"""
5,000 Yin-Yang samples through 5-120-3 in batches of {BATCH} on the exact engine, {options.rounds} epochs each in turn, time of one thread's processor. The loss
of one's own is the built-in one written in numpy; the mean loss of the first epoch agrees to a ten thousandth.

{results.table(header, rows)}
"""
    )
    if worst > LIMIT and not section.is_busy():
        raise SystemExit(f"a loss of one's own takes {worst:.3f} times as long as the built-in one, more than {LIMIT}")


if __name__ == "__main__":
    main()
