"""Writes event_reference.json: small networks, their spikes, losses and gradients to double precision, from 60 digits.

    python3 make_event_fixture.py            writes the fixture
    python3 make_event_fixture.py --check    fails unless the fixture on disk is what would be written

Needs mpmath (gmpy2 makes it faster). Takes a few minutes.
"""
import json
import math
import multiprocessing
import pathlib
import random
import sys

import event_reference as reference
from mpmath import mpf

FIXTURE = pathlib.Path(__file__).with_name("event_reference.json")


def psp_peak(tau_mem, tau_syn):
    """The largest membrane value after one arrival of weight 1; rounded, so that no libm shows in the cases."""
    ratio = tau_syn / tau_mem
    return round(math.exp(-1) if abs(ratio - 1) < 1e-6 else ratio ** (1 / (1 - ratio)), 9)


def make_case(name, sizes, tau_mem, tau_syn, seed, threshold=1.0, reset=0.0, drive=0.0, refractory=0.0, delays="none",
              recurrent=(), leaky=False, t_end=None, gain=(1.5, 1.0, .8), inhibition=.25, recurrent_gain=.6, per_input=2, samples=3, window=None,
              inputs=None, zero_delays=False, targets=False, dead=()):
    """A random case; every number is drawn from `seed` and is an exact double.

    gain: per layer, how many thresholds all its inputs together would be worth; dead: (layer, unit) with weights < 0.
    """
    rng = random.Random(seed)
    uniform = lambda low, high: low + (high - low) * rng.random()
    n_layers = len(sizes) - 1
    # One number for all, or a list of numbers per layer.
    expand = lambda value: [value[l] if isinstance(value, list) else [value] for l in range(n_layers)]
    case = {"name": name, "sizes": sizes, "tau_mem": expand(tau_mem), "tau_syn": expand(tau_syn),
            "threshold": expand(threshold), "reset": expand(reset), "drive": expand(drive),
            "refractory": expand(refractory), "delays": delays,
            "recurrent": list(recurrent), "leaky": leaky, "t_end": t_end}
    scale = max(max(values) for values in case["tau_syn"])
    window = 2 * scale if window is None else window
    count = lambda pre, post: {"none": 0, "synaptic": pre * post, "axonal": pre, "dendritic": post}[delays]

    def strength(is_dead):
        if is_dead:
            return -uniform(.6, 1.8)
        return uniform(.6, 1.8) if rng.random() > inhibition else uniform(-.7, -.1)

    case["weights"], case["recurrent_weights"], case["delays_values"], case["recurrent_delays_values"] = [], [], [], []
    for layer in range(n_layers):
        pre, post = sizes[layer], sizes[layer + 1]
        pick = lambda key, j: case[key][layer][j if len(case[key][layer]) > 1 else 0]
        unit = [pick("threshold", j) / psp_peak(pick("tau_mem", j), pick("tau_syn", j)) for j in range(post)]
        case["weights"].append([
            unit[j] * gain[layer] / pre * strength((layer, j) in dead) for j in range(post) for _ in range(pre)])
        case["delays_values"].append([uniform(.1, 1.2) * scale for _ in range(count(pre, post))])
        is_recurrent = layer < len(recurrent) and recurrent[layer]
        case["recurrent_weights"].append(
            [unit[j] * recurrent_gain / post * uniform(-1, 1) for j in range(post) for _ in range(post)]
            if is_recurrent else [])
        case["recurrent_delays_values"].append(
            [0.0 if zero_delays and rng.random() < .6 else uniform(.1, 1.2) * scale for _ in range(count(post, post))]
            if is_recurrent else [])
    if inputs is None:
        inputs = []
        for _ in range(samples):
            own = [(uniform(0, window), unit) for unit in range(sizes[0]) for _ in range(per_input)]
            rng.shuffle(own)  # unsorted on purpose
            inputs.append(own)
    case["times"] = [float(time) for own in inputs for time, _ in own]
    case["units"] = [unit for own in inputs for _, unit in own]
    case["offsets"] = [0]
    for own in inputs:
        case["offsets"].append(case["offsets"][-1] + len(own))

    labels = [s % sizes[-1] for s in range(len(inputs))]
    rate = {"strength": .3, "target": .5, "tau": 6 * scale}
    base = {"labels": labels, "targets": [], "rate": None}
    if leaky:
        case["objectives"] = [base | {"kind": "vmax"}, base | {"kind": "vmax", "rate": rate}]
    else:
        ttfs = {"kind": "ttfs", "tau0": .5 * scale, "alpha": .03, "tau1": 1.3 * scale}
        mse = {"kind": "mse", "tau0": .7 * scale, "t_label": .5 * scale, "t_other": 3 * scale}
        case["objectives"] = [base | ttfs, base | mse,
                              base | {"kind": "count", "scale": 1.7, "tau0": 4 * scale}]
        if n_layers > 1:
            case["objectives"].append(base | ttfs | {"rate": rate})
        if targets:
            given = [None if rng.random() < .3 else uniform(.5, 3) * scale for _ in range(len(inputs) * sizes[-1])]
            case["objectives"].append(base | mse | {"labels": [], "targets": given})
    return case


def cases():
    ms = 1e-3
    yield make_case("ratio 4", [4, 5, 3], 20 * ms, 5 * ms, 1, targets=True, gain=[2.03, 1.12])
    yield make_case("ratio 2", [4, 5, 3], 10 * ms, 5 * ms, 2, targets=True, gain=[0.93, 0.88])
    yield make_case("ratio 1", [4, 5, 3], 1.0, 1.0, 3, gain=[0.95, 0.78])
    yield make_case("ratio 1/2", [4, 5, 3], 5 * ms, 10 * ms, 4, gain=[0.93, 1.16])
    yield make_case("ratio 1/4", [4, 5, 3], 5 * ms, 20 * ms, 5, gain=[0.91, 1.24])
    yield make_case("generic ratio", [3, 5, 3], 13.7 * ms, 4.1 * ms, 6, reset=-.25, gain=[1.28, 1.21])
    yield make_case("taus 1e-9 apart", [3, 4, 2], 1.0, 1.0 + 1e-9, 7, gain=[1.01, 1.31])
    yield make_case("taus 1e-9 apart, other order", [3, 4, 2], 7 * ms * (1 + 1e-9), 7 * ms, 8, gain=[0.94, 0.99])
    yield make_case("ratios near 2 and 4", [3, 4, 2], [[10 * ms * (1 + 1e-9)], [20 * ms * (1 - 1e-9)]], 5 * ms, 9,
                    gain=[1.36, 1.26])
    yield make_case("synaptic delays", [3, 4, 2], 20 * ms, 5 * ms, 10, delays="synaptic", gain=[1.0, 1.54])
    yield make_case("axonal delays, three layers", [3, 4, 3, 2], 10 * ms, 10 * ms, 11, delays="axonal",
                    gain=[1.12, 0.95, 0.84])
    yield make_case("dendritic delays", [3, 4, 2], 5 * ms, 12 * ms, 112, delays="dendritic", gain=[0.9, 0.82])
    yield make_case("recurrence without delays", [3, 5, 2], 20 * ms, 5 * ms, 13, recurrent=[True], t_end=50 * ms,
                    gain=[1.06, 1.28])
    yield make_case("recurrence, strong, without delays, reset", [2, 4, 2], 8 * ms, 6 * ms, 14,
                    recurrent=[True], recurrent_gain=1.6, reset=.3, threshold=1.2, t_end=40 * ms, gain=[0.84, 1.62])
    yield make_case("recurrence with synaptic delays", [3, 4, 2], 20 * ms, 5 * ms, 15, recurrent=[True],
                    recurrent_gain=1.2, delays="synaptic", t_end=60 * ms, gain=[1.13, 1.52])
    yield make_case("recurrence with dendritic delays, two layers", [3, 4, 3, 2], 5 * ms, 10 * ms, 116,
                    recurrent=[True, True], delays="dendritic", t_end=70 * ms, samples=2, gain=[0.7, 1.03, 5.96])
    yield make_case("recurrence with axonal delays", [3, 4, 2], 6 * ms, 6 * ms, 17, recurrent=[True],
                    recurrent_gain=1.2, delays="axonal", t_end=45 * ms, gain=[0.6, 1.15])
    yield make_case("recurrence with some delays 0", [3, 4, 2], 20 * ms, 5 * ms, 18, recurrent=[True],
                    recurrent_gain=1.2, delays="synaptic", zero_delays=True, t_end=60 * ms, gain=[1.01, 2.51])
    # The label of sample 1 is the silent output 1, sample 2 has no spikes, hidden neuron 2 never spikes.
    silent = [[(.001, 0), (.002, 1), (.003, 2), (.0045, 0)], [(.0, 0), (.001, 2), (.0015, 1), (.002, 1)], [],
              [(.004, 2), (.001, 1), (.002, 0), (.0025, 2)]]
    yield make_case("silent neurons, a silent label, an empty sample", [3, 4, 2], 20 * ms, 5 * ms, 19,
                    inputs=silent, dead=((0, 2), (1, 1)), targets=True, gain=[2.03, 1.22])
    yield make_case("many spikes, reset above rest", [2, 3, 2], 9 * ms, 14 * ms, 20, reset=.4, threshold=.8,
                    inhibition=.1, gain=[0.66, 0.43])
    same = [[(.002, 0), (.002, 1), (.002, 2), (.002, 1), (.005, 0)],
            [(.0, 2), (.0, 0), (.003, 1), (.003, 1), (.003, 2)]]
    yield make_case("simultaneous and repeated inputs", [3, 4, 2], 10 * ms, 5 * ms, 21, inputs=same, gain=[1.85, 1.8])
    yield make_case("parameters per neuron", [3, 5, 3],
                    [[20 * ms, 10 * ms, 7 * ms, 5 * ms, 8.3 * ms], [5 * ms, 10 * ms, 11 * ms]],
                    [[5 * ms, 5 * ms, 7 * ms, 10 * ms, 6.1 * ms], [20 * ms, 5 * ms, 11 * ms]], 22,
                    threshold=[[1.0, .5, 2.0, 1.5, .7], [1.0]], reset=[[0.0, -.2, .5, 0.0, .1], [0.0, .1, -.1]],
                    delays="synaptic", recurrent=[True], t_end=60 * ms, gain=[0.98, 1.9])
    yield make_case("leaky read-out, ratio 4", [4, 5, 3], 20 * ms, 5 * ms, 23, leaky=True, inhibition=.4,
                    gain=[1.4, 1.0])
    yield make_case("leaky read-out, ratio 1/2, delays", [3, 4, 3], 5 * ms, 10 * ms, 24, leaky=True,
                    delays="synaptic", inhibition=.4, gain=[1.22, 1.0])
    yield make_case("leaky read-out, equal taus, cut by t_end", [3, 4, 3], 8 * ms, 8 * ms, 25, leaky=True,
                    recurrent=[True], t_end=14 * ms, inhibition=.4, gain=[2.17, 1.0])
    yield make_case("drives below the threshold", [3, 5, 3], 20 * ms, 5 * ms, 26, reset=-.1,
                    drive=[[.4, -.3, .2, .6, 0.0], [.3]], gain=[1.2, 1.0])
    yield make_case("drives on both sides of the threshold, dendritic delays", [3, 5, 3], 8 * ms, 5 * ms, 27,
                    drive=[[1.3, .5, 1.05, -.4, 2.1], [.2, 1.1, .8]], delays="dendritic", t_end=15 * ms, samples=2,
                    gain=[.8, .7])
    yield make_case("refractory periods", [3, 5, 3], 10 * ms, 5 * ms, 28, reset=.1,
                    refractory=[[2 * ms, .3 * ms, 1 * ms, 0.0, 4 * ms], [1.5 * ms]], gain=[1.6, 1.4])
    yield make_case("refractory periods and drives, recurrence with synaptic delays", [3, 4, 2], 6 * ms, 9 * ms, 29,
                    refractory=[[1 * ms, 3 * ms, .5 * ms, 2 * ms], [1 * ms]], drive=[[1.2, .3, -.2, 1.02], [.4]],
                    recurrent=[True], delays="synaptic", t_end=25 * ms, samples=2, gain=[.8, .8])
    yield make_case("refractory periods and drives, recurrence without delays, equal taus", [3, 4, 2], 7 * ms, 7 * ms, 30,
                    refractory=2 * ms, drive=[[1.5], [.5]], recurrent=[True], t_end=20 * ms, samples=2, gain=[.8, .8])
    yield make_case("leaky read-out with drives", [3, 4, 4], 8 * ms, 5 * ms, 31, leaky=True, inhibition=.4,
                    drive=[[.5], [.6, -.4, 1.5, .1]], t_end=25 * ms, gain=[1.1, .7])


def rounded(value):
    """To double precision; what finite differences of 60 digits cannot tell from 0 is 0."""
    if not isinstance(value, mpf):
        return [rounded(v) for v in value]
    return 0.0 if abs(value) < 1e-45 else float(value)


def solve(case):
    runs, reports = reference.differentiate(case)
    # Spikes a reader would call near-tangential are legitimate, but badly conditioned: choose other seeds.
    for layer in range(len(case["sizes"]) - 1):
        if case["leaky"] and layer == len(case["sizes"]) - 2:
            continue
        for run in runs:
            for _, unit, current in run[layer]:
                thresholds = case["threshold"][layer]
                threshold = thresholds[unit if len(thresholds) > 1 else 0]
                drives = case["drive"][layer]
                drive = drives[unit if len(drives) > 1 else 0]
                assert current + drive > 1.01 * threshold, f"{case['name']}: near-tangential spike"
    case["spikes"] = []
    for layer in range(len(case["sizes"]) - 1):
        if case["leaky"] and layer == len(case["sizes"]) - 2:
            case["maxima"] = [rounded(run[layer][0]) for run in runs]
            case["maximum_times"] = [rounded(run[layer][1]) for run in runs]
            continue
        flat = [spike for run in runs for spike in run[layer]]
        offsets = [0]
        for run in runs:
            offsets.append(offsets[-1] + len(run[layer]))
        case["spikes"].append({"times": rounded([s[0] for s in flat]), "units": [s[1] for s in flat],
                               "currents": rounded([s[2] for s in flat]), "offsets": offsets})
    for objective, report in zip(case["objectives"], reports):
        objective["value"], objective["skipped"] = rounded(report["value"]), report["skipped"]
        objective["gradients"] = {name: rounded(values) for name, values in report["gradients"].items()}
    return case


def text():
    reference.check_model()
    with multiprocessing.Pool(2) as pool:
        solved = list(pool.imap(solve, cases()))
    return "[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in solved) + "\n]\n"


def write_or_check(fixture, text, usage):
    """Writes a file; with --check, says whether it has this text already."""
    if sys.argv[1:] == ["--check"]:
        if fixture.read_text() != text():
            sys.exit(f"{fixture.name} is not what this script writes")
        print(f"{fixture.name} is what this script writes")
    elif sys.argv[1:]:
        sys.exit(usage)
    else:
        fixture.write_text(text())


if __name__ == "__main__":
    write_or_check(FIXTURE, text, __doc__)
