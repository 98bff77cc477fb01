"""Long input into a recurrent layer, as of spoken digits: 700-H-20 with a leaky read-out, 8,000 spikes in 1 s, forward and gradient, one thread.

Beside it the same network in 1,000 time steps in JAX, where pip can install that.

    python Benchmarks/bench_temporal.py [--hidden 64 128 256 512 1024] [--rounds 3] [--repeats 5] [--no-peers]
"""

import argparse
import statistics
import sys

import bench_training
import results

sys.path.insert(0, str(results.FOLDER / "contestants"))
import temporal_load as load  # noqa: E402

KINDS = ["plain", "recurrent", "recurrent, 1 %", "taus differ", "dendritic", "synaptic", "both"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hidden", type=int, nargs="+", default=[64, 128, 256, 512, 1024])
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=5, help="measured in each process")
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    section = results.Section("Long input: 700-H-20 with a leaky read-out")
    peer = None if options.no_peers else bench_training.interpreter("train_spyx.py", bench_training.PEERS["spyx"][2])
    ours, theirs = {}, {}
    for _ in range(options.rounds):
        for hidden in options.hidden:
            for kind in options.kinds:
                arguments = [hidden, kind, options.repeats]
                ours.setdefault((hidden, kind), []).append(
                    bench_training.run(sys.executable, "temporal.py", arguments, 1))
                if peer and kind == "recurrent":
                    theirs.setdefault((hidden, kind), []).append(
                        bench_training.run(peer, "temporal_jax.py", arguments, 1))
    rows = []
    for (hidden, kind), runs in ours.items():
        if None in runs:
            rows.append([kind, hidden, "failed"] + [""] * 7)
            continue
        forward, gradient = (
            statistics.median(second for one in runs for second in one[part]) for part in ("forward", "gradient"))
        spikes = runs[0]["hidden_spikes"]
        arrivals = hidden * (load.SPIKES + (0 if kind in ("plain", "synaptic") else spikes))
        steps = theirs.get((hidden, kind), [None])
        peer_seconds = (
            None if None in steps else statistics.median(second for one in steps for second in one["seconds"]))
        rows.append([
            kind, hidden, "%.1f" % (spikes / hidden / load.DURATION), "%.2f" % (1e3 * forward), "%.2f" % (1e3 * gradient),
            "%.2f" % (1e9 * forward / arrivals), "%.2f" % (1e9 * gradient / arrivals),
            "" if peer_seconds is None else "%.2f" % (1e3 * peer_seconds),
            "" if peer_seconds is None else "%.1f" % (peer_seconds / (forward + gradient)),
            "" if peer_seconds is None else "%.1f" % (steps[0]["hidden_spikes"] / hidden / load.DURATION)])
    text = """
%d samples of %s input spikes in %g s, tau_mem %g ms and tau_syn %g ms, weights of mean 0 and standard deviation 0.3 (within the layer times the square root of
128 / H), delays up to %g ms; exact, float64, one thread. Medians per sample over %d rounds of %d repeats. Arrivals are input spikes, with recurrence
the layer's own, too: in all kinds but plain and synaptic; both is recurrence with synaptic delays, dendritic with those of receivers, "taus differ" with
time constants of neurons' own, from .9 to 1.1 of the others'; of "recurrent, 1 %%" so many synapses exist into and within the layer, ten times as strong.
Gradients of weights and delays, not of input times.
"ns" is all time per arrival and hidden neuron, the read-out's included. JAX: the recurrent
network in steps of 1 ms, float32, surrogate gradient, compiled, value and gradient together, one thread, the same batch.

""" % (load.SAMPLES, "{:,}".format(load.SPIKES), load.DURATION, 1e3 * load.TAU_MEM, 1e3 * load.TAU_SYN, 1e3 * load.LONGEST_DELAY,
       options.rounds, options.repeats)
    section.write(text + results.table(
        ["kind", "H", "Hz", "forward, ms", "gradient, ms", "forward, ns", "gradient, ns", "JAX, ms", "times", "JAX, Hz"], rows))


if __name__ == "__main__":
    main()
