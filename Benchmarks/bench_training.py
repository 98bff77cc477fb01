"""One training epoch of 5-120-3 on Yin-Yang (5,000 samples, batches of 150), beside what pip can install, in one run.

Every contestant runs in a process of its own with its own virtual environment (.build-peers/, made when missing); within it
a few warm-up epochs (compilation included) come before the measured ones. The rounds go through all contestants in turn, so
that a machine that slows down slows all of them.

Then 784-350-10, in the trainer's session and call by call; first spikes in closed form; and other kinds of networks on the exact engine.

    python Benchmarks/bench_training.py [--rounds 3] [--epochs 7] [--threads 1 2] [--only NAME ...] [--no-peers]
                                        [--sessions] [--first-spikes] [--kinds]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import venv

import results

ROOT = results.FOLDER.parent
ENVIRONMENTS = ROOT / ".build-peers"
# torch is pinned: this version is on PyPI as a build for processors alone, most others bring gigabytes for CUDA.
TORCH = "torch==2.13.*"
# Name: script, its arguments, packages.
PEERS = {
    "spyx": ("train_spyx.py", [], ["spyx"]),
    "spyx-compiled": ("train_spyx.py", ["compiled"], ["spyx"]),
    "norse": ("train_norse.py", [], [TORCH, "norse"]),
    "snntorch": ("train_snntorch.py", [], [TORCH, "numpy", "snntorch"]),
    "spikingjelly": ("train_spikingjelly.py", [], [TORCH, "spikingjelly"]),
}
#: Ours: the engines.
OURS = {"spinnprop": [], "spinnprop-clock": ["clock"], "spinnprop-spinnaker2": ["spinnaker2"]}
METHODS = {
    "spinnprop": "exact, event-driven, float64",
    "spinnprop-clock": "EventProp in time steps, T = 27, float32",
    "spinnprop-spinnaker2": "the same on an emulated chip, with its account",
    "spyx": "surrogate gradient, T = 30, JAX",
    "norse": "surrogate gradient, T = 30, torch",
    "snntorch": "surrogate gradient, T = 30, torch",
    "spikingjelly": "surrogate gradient, T = 30, torch",
}


def interpreter(script, packages):
    """The Python of the peer's environment, which is made if it is not there; None where pip cannot."""
    folder = ENVIRONMENTS / script.replace("train_", "").replace(".py", "")
    python, made = folder / "bin" / "python", folder / ".made"
    if not made.exists():
        print("setting up", folder.name, file=sys.stderr, flush=True)
        venv.create(folder, clear=True, with_pip=True)
        pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        if subprocess.run(pip + packages, stdin=subprocess.DEVNULL).returncode:
            print("pip could not install", *packages, file=sys.stderr)
            return None
        made.touch()
    return python


def method(name):
    return METHODS.get(name) or METHODS[name.split("-")[0]]


def run(python, script, arguments, threads):
    """One process; its line of JSON as a dictionary, None if it failed."""
    environment = dict(os.environ, BENCH_THREADS=str(threads), SPINNPROP_THREADS=str(threads),
                       OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads))
    cores = sorted(os.sched_getaffinity(0))[:threads]
    process = subprocess.run(
        [str(python), "-W", "ignore", str(results.FOLDER / "contestants" / script)] + [str(word) for word in arguments],
        env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, cores))
    if process.returncode:
        print("%s failed:\n%s" % (script, process.stderr[-2000:]), file=sys.stderr)
        return None
    return json.loads(process.stdout.strip().splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=7, help="measured in each process")
    parser.add_argument("--warm-up", type=int, default=3)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--only", nargs="+", choices=list(PEERS), default=list(PEERS), help="these peers alone")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--sessions", action="store_true", help="784-350-10 alone")
    parser.add_argument("--first-spikes", action="store_true", help="first spikes alone")
    parser.add_argument("--kinds", action="store_true", help="kinds of networks alone")
    options = parser.parse_args()
    alone = {
        compare_sessions: options.sessions, compare_first_spikes: options.first_spikes, compare_kinds: options.kinds}
    for compare in [name for name, is_chosen in alone.items() if is_chosen] or [compare_contestants, *alone]:
        compare(options)


def compare_kinds(options):
    """What it costs that neurons differ, time constants have another ratio, spikes come late or again."""
    section = results.Section("Training: kinds of networks, one epoch of 5-120-3")
    kinds = ["20/5 ms", "20/10 ms", "20/20 ms", "20/7 ms", "5/20 ms", "reset -0.5", "thresholds differ", "resets differ", "taus differ",
             "axonal", "dendritic", "synaptic", "recurrent", "drives below", "drives above", "refractory", "skips",
             "neurons trained", "deep", "deep, 10 %", "deep, 1 %",
             *("%s, as active" % kind for kind in ("20/10 ms", "20/20 ms", "20/7 ms", "5/20 ms"))]
    measured = {}
    for _ in range(options.rounds):
        for kind in kinds:
            measured.setdefault(kind, []).append(run(sys.executable, "kinds.py", [kind, options.warm_up, options.epochs], 1))
    rows, first = [], None
    for kind, runs in measured.items():
        if None in runs:
            rows.append([kind, "failed"] + [""] * 4)
            continue
        seconds = [second for one in runs for second in one["seconds"]]
        median = statistics.median(seconds)
        first = first or median
        rows.append([kind, "%.1f" % (1e3 * median), "%.1f" % (1e3 * min(seconds)), "%.1f" % (1e3 * max(seconds)),
                     "%.2f" % (median / first), "%.0f" % runs[0]["hidden_spikes"]])
    text = """
On the exact engine, one thread, the 5,000 Yin-Yang samples of seed 42 in batches of 150, delays trained where there are any. 20/5 ms: tau_mem and
tau_syn. The recurrent layer is the hidden one, run to 60 ms, and so are neurons with drives above and below their thresholds (0.5 to 1.3). Refractory
periods are 2 ms; skips lead from the input to the output; trained neurons learn tau_mem, tau_syn, threshold, reset and drive beside weights. Deep ones are
5-400-400-3, of whose synapses between hidden layers all exist or so many. Weights follow from the time constants by default, so that a spike raises
membranes as far, but slower ones for longer: those "as active" are scaled until hidden neurons spike as often as in the first row. Medians over %d rounds
of %d epochs after %d. Layers whose neurons see the same events, their own spikes among them, or the same ones later, are moved as one; others go four
neurons at a time. Several samples go side by side through layers that are moved as one without recurrence.

""" % (options.rounds, options.epochs, options.warm_up)
    section.write(text + results.table(["kind", "median ms", "min", "max", "times the first", "hidden spikes a sample"], rows))


def compare_first_spikes(options):
    """The two ratios of time constants and all kinds of delays, each on one thread."""
    section = results.Section("Training: first spikes in closed form")
    cases = [(sizes, ratio, delays) for sizes in ("4-30-3", "64-100-10") for ratio in (2, 1)
             for delays in ("none", "axonal", "dendritic", "synaptic")]
    measured = {}
    for _ in range(options.rounds):
        for case in cases:
            sizes, ratio, delays = case
            measured.setdefault(case, []).append(
                run(sys.executable, "first_spikes.py", [ratio, delays, sizes, options.warm_up, options.epochs], 1))
    rows = []
    for case in cases:
        sizes, ratio, delays = case
        if None in measured[case]:
            rows.append([sizes, ratio, delays, "failed"] + [""] * 5)
            continue
        seconds = [second for one in measured[case] for second in one["seconds"]]
        median = statistics.median(seconds)
        updates, spikes = (statistics.median(one[key] for one in measured[case]) for key in ("updates", "spikes"))
        rows.append([
            sizes, ratio, delays, "%.1f" % (1e3 * median), "%.1f" % (1e3 * min(seconds)), "%.1f" % (1e3 * max(seconds)),
            "%.1f" % (1e3 * statistics.median(one["processor_seconds"] for one in measured[case])),
            "%.2f" % (updates / 1e6), "%.0f" % (spikes / 1e3)])
    text = """
One epoch on one thread, batches of 150: 4-30-3 on the 5,000 Yin-Yang samples of seed 42 with the published time constants, times and weights, and 64-100-10
on 1,797 samples of 32 random input spikes each; delays are trained with the weights. Forward, backward and an Adam update per batch. Medians over %d rounds
of %d epochs after %d. An update is a spike that arrives at a neuron.

""" % (options.rounds, options.epochs, options.warm_up)
    section.write(text + results.table(
        ["network", "tau_mem / tau_syn", "delays", "median ms", "min", "max", "processor ms", "million updates",
         "thousand spikes"], rows))


def compare_sessions(options):
    """What it brings that parameters stay in the engine's layout between batches."""
    section = results.Section("Training: 784-350-10 in a session")
    rows = []
    for engine in ("event", "clock"):
        measured = [run(sys.executable, "sessions.py", [engine, options.epochs], 1) for _ in range(options.rounds)]
        if None in measured:
            rows.append([engine, "failed", "", ""])
            continue
        session, calls = (
            statistics.median(second for one in measured for second in one[way]) for way in ("session", "calls"))
        rows.append([engine, "%.1f" % (1e3 * session), "%.1f" % (1e3 * calls), "%.2f" % (calls / session)])
    text = """
One epoch of 784-350-10 on 150 samples in one batch, 100 of the 784 inputs spiking once in each, on one thread: by the trainer, whose weights and
optimiser stay in the engine's layout from batch to batch, and call by call from Python: forward, gradient, an Adam step in numpy, weights set. Epochs of the
two alternate in one process; medians over %d rounds of %d epochs. On the exact engine both ways end with the same weights but for rounding.

""" % (options.rounds, options.epochs)
    section.write(text + results.table(["engine", "session, ms", "call by call, ms", "times"], rows))


def compare_contestants(options):
    """The engines and what pip can install, side by side."""
    section = results.Section("Training: one epoch of 5-120-3")

    contestants = {name: (sys.executable, "train_spinnprop.py", arguments) for name, arguments in OURS.items()}
    for name in [] if options.no_peers else options.only:
        script, arguments, packages = PEERS[name]
        python = interpreter(script, packages)
        if python:
            contestants[name] = (python, script, arguments)

    measured = {}
    for _ in range(options.rounds):
        for threads in options.threads:
            for name, (python, script, arguments) in contestants.items():
                result = run(python, script, [options.warm_up, options.epochs] + arguments, threads)
                if result is None:
                    continue
                print("%-20s %d thread(s)  %7.1f ms" % (name, threads, 1e3 * statistics.median(result["seconds"])),
                      file=sys.stderr, flush=True)
                measured.setdefault((name, threads), []).append(result)

    rows = []
    for name in contestants:
        for threads in options.threads:
            runs = measured.get((name, threads))
            if not runs:
                rows.append([name, method(name), threads, "failed"] + [""] * 7)
                continue
            seconds = [second for one in runs for second in one["seconds"]]
            median = statistics.median(seconds)
            ours = measured.get(("spinnprop", threads))
            ratio = median / statistics.median(s for one in ours for s in one["seconds"]) if ours else float("nan")
            rows.append([
                "%s %s" % (runs[0]["name"], runs[0]["version"]), method(name), threads,
                "%.1f" % (1e3 * median), "%.1f" % (1e3 * min(seconds)), "%.1f" % (1e3 * max(seconds)), "%.1f" % ratio,
                "%.1f" % (1e3 * statistics.median(one["processor_seconds"] for one in runs)),
                "%.1f" % statistics.median(one["warm_up_seconds"] for one in runs),
                "%.0f" % (max(one["peak_bytes"] for one in runs) / 1e6),
                "%.1f" % (100 * statistics.median(one["accuracy"] for one in runs))])

    text = """
One epoch of training 5-120-3 on the 5,000 Yin-Yang samples of seed 42, batches of 150 (the last one of 50): forward,
backward and an Adam update per batch. Rounds: %d, of %d measured epochs after %d warm-up epochs, each contestant in a
process of its own, bound to as many cores as threads. Each engine of spinnprop takes the estimator's defaults.
The peers step through T = 30 grid steps of 1 ms and have no synaptic
current (less work per step than the current-based neuron that spinnprop solves exactly); their loss is the cross-entropy of
the summed read-out. "Times spinnprop" is the ratio of medians at the same number of threads. "Processor ms" is what all threads of
the process were running per epoch, which other processes disturb less than the time that passes. Peak memory is above what the
process held after its imports, data included. The accuracy on the training set after all %d epochs shows that each loop learns; it
compares no tuned settings.

""" % (options.rounds, options.epochs, options.warm_up, options.warm_up + options.epochs)
    text += results.table(
        ["contestant", "method", "threads", "median ms", "min", "max", "times spinnprop", "processor ms", "warm-up s", "peak MB",
         "training accuracy %"], rows)
    ours = measured.get(("spinnprop", options.threads[0]))
    if ours:
        updates, roots = (statistics.median(one[key] for one in ours) for key in ("updates", "roots"))
        seconds = statistics.median(second for one in ours for second in one["seconds"])
        text += """

Operations of an epoch of spinnprop: %.2f million times a spike arrives at a neuron (its membrane and current decay, a weight is added, the time to
the next event is searched for a crossing), %.0f thousand spikes sent (a root each), and the adjoint once over the same. That is %.1f ns
per arrival on %d thread(s), all else included: backward pass, updates of the weights and the trainer. About 40 floating-point
operations per arrival forward and 10 backward are unavoidable; at the 16 per cycle of a core with two 256-bit multiply-add units
and 3 GHz that is 1 ns, so the distance to the machine's arithmetic limit is, by this estimate, a factor of about %.0f. Branches
(which neurons cross at all), roots, and the
ordering of spikes make up the rest.""" % (
            updates / 1e6, roots / 1e3, 1e9 * seconds / updates, options.threads[0], 1e9 * seconds / updates)
    section.write(text)


if __name__ == "__main__":
    main()
