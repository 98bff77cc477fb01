"""A homeostatic network on an emulated BrainScaleS-2 beside Brian2: processor time per second of model time.

    python Benchmarks/bench_brainscales2.py [--quick] [--brian2 PYTHON]

512 neurons, a fifth of which inhibit, hear 100 of each other and 64 of 256 Poisson sources; every second, programs bring them nearer to
10 Hz, for 100 s before anything is measured; what they have come to is beside the times. With the lesser input they are still on their
way then, and how far depends on the input's spikes: ours are run with several, exactly and with events on the grid of Brian2's steps, so that
what these make of the rate can be told.
Brian2 runs the same model in steps, as it does by default and as a C++ program.
--brian2 names a Python in which Brian2 is installed (pip install brian2 cython "numpy<2"); this one unless told otherwise.
"""

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

import results

FOLDER = Path(__file__).resolve().parent / "contestants"
sys.path.insert(0, str(FOLDER))


def measure(rate, settling, seconds, resolution, seed):
    """Processor seconds per second of model time, the rate in Hz, and nanoseconds per spike that arrives at a synapse; of an input."""
    import homeostasis as model

    import spinnprop as sp

    mask, weights, signs = model.network()
    array = sp.brainscales2.Array(
        model.N, model.SOURCES, True, mask=mask, weights=weights, signs=signs, tau_mem=model.TAU_MEM, tau_syn_exc=model.TAU_SYN,
        tau_syn_inh=model.TAU_SYN, refractory=model.REFRACTORY, delay=model.DELAY, gain=model.GAIN, resolution=resolution)
    program = sp.brainscales2.RateHomeostasis(model.TARGET, model.LEARNING_RATE, model.PROBABILITY)

    def run(duration, seed):
        times, units = model.inputs(rate, duration, seed)
        return array.run(sp.SpikeTrains(times, units, [0, len(times)], model.SOURCES), duration, program, model.PERIOD), len(times)

    run(settling, 2 * seed - 1)
    begin = time.process_time()
    spikes, n_inputs = run(seconds, 2 * seed)
    took = time.process_time() - begin
    arrivals = n_inputs * mask[: model.SOURCES].sum() / model.SOURCES + len(spikes.times) * model.FAN_IN
    return took / seconds, len(spikes.times) / (model.N * seconds), 1e9 * took / arrivals


def brian2(python, *arguments):
    command = [python, str(FOLDER / "run_brian2_homeostasis.py"), *map(str, arguments)]
    found = subprocess.run(command, capture_output=True, text=True)
    if found.returncode != 0:
        print(found.stderr.strip().splitlines()[-1:], file=sys.stderr)
        return None
    return [float(word) for word in found.stdout.split()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="shorter runs; writes nothing")
    parser.add_argument("--brian2", default=sys.executable, metavar="PYTHON", help="a Python that has Brian2")
    options = parser.parse_args()
    section = results.Section("A homeostatic network on an emulated BrainScaleS-2")
    settling, seconds = (2.0, 2.0) if options.quick else (100.0, 20.0)
    rows, inputs = [], 2 if options.quick else 5
    for rate in (580, 800):
        # On the chip a thousandth of Brian2's step.
        took = 0.0
        for name, resolution in (("exact", 0.0), ("events in steps of 0.1 ms", 1e-7)):
            found = [measure(rate, settling, seconds, resolution, seed) for seed in range(1, inputs + 1)]
            own, each = (statistics.median(run[k] for run in found) for k in (0, 2))
            took = took or own
            hertz = sorted(run[1] for run in found)
            cells = ["%.1f" % (1e3 * own), "%.1f to %.1f" % (hertz[0], hertz[-1]), "%.1f" % each, "%.1f" % (own / took)]
            rows.append([f"spinnprop, {name}, {inputs} inputs, {rate} Hz in", *cells])
        for name, arguments in (("Brian2", ()), ("Brian2, C++ standalone", ("standalone",))):
            found = brian2(options.brian2, rate, settling, seconds, *arguments)
            cells = ["%.1f" % (1e3 * found[0]), "%.1f" % found[1], "", "%.1f" % (found[0] / took)] if found else ["not installed", "", "", ""]
            rows.append([f"{name}, 0.1 ms steps, {rate} Hz in", *cells])
    header = ["512 neurons", "ms of the processor per s", "rate, Hz", "ns per arrival", "times spinnprop's time"]
    if options.quick:
        print(results.table(header, rows))
    else:
        section.write(results.table(header, rows))


if __name__ == "__main__":
    main()
