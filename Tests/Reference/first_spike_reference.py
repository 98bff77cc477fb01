"""Writes first_spike_reference.json: single neurons, their first spikes and derivatives to double precision, from 50 digits.

    python3 first_spike_reference.py            writes the fixture
    python3 first_spike_reference.py --check    fails unless the fixture on disk is what would be written

The membrane is added up input by input; where it first exceeds the threshold is found by bisection and Newton's method, derivatives are differences
over 1e-16: no closed form is used. Needs mpmath. Takes a minute.
"""
import json
import pathlib
import random
import sys

from mpmath import exp, log, mp, mpf

mp.dps = 50
FIXTURE = pathlib.Path(__file__).with_name("first_spike_reference.json")


def membrane(time, ratio, tau_mem, times, weights):
    """V and I with the inputs up to `time`."""
    v = i = mpf(0)
    for own, weight in zip(times, weights):
        if own <= time:
            x = (time - own) / tau_mem
            v += weight * (x * exp(-x) if ratio == 1 else exp(-x) - exp(-2 * x))
            i += weight * exp(-ratio * x)
    return v, i


def first_spike(ratio, tau_mem, threshold, times, weights):
    """The first time at which V exceeds the threshold, and the current there; None if it never does."""
    ends = sorted(set(times))
    for start, end in zip(ends, ends[1:] + [None]):
        v, i = membrane(start, ratio, tau_mem, times, weights)
        if i <= v:
            continue
        # V' = 0 after so many tau_mem.
        peak = start + tau_mem * ((1 - v / i) if ratio == 1 else log(2 * i / (v + i)) if v + i > 0 else mpf(1000))
        high = peak if end is None else min(peak, end)
        causal = [t if t <= start else high + 1 for t in times]
        if membrane(high, ratio, tau_mem, causal, weights)[0] <= threshold:
            continue
        low = start
        for _ in range(12):
            middle = (low + high) / 2
            if membrane(middle, ratio, tau_mem, causal, weights)[0] > threshold:
                high = middle
            else:
                low = middle
        # The rise is concave: Newton's method from the left stays there.
        for _ in range(40):
            v, i = membrane(low, ratio, tau_mem, causal, weights)
            step = tau_mem * (threshold - v) / (i - v)
            low += step
            if abs(step) < mpf(10) ** -26 * tau_mem:
                break
        return low, membrane(low, ratio, tau_mem, causal, weights)[1]
    return None


def difference(function, values, index):
    """Fourth order."""
    step = mpf(10) ** -9 * (1 + abs(values[index]))

    def shifted(places):
        return function([value + places * step if n == index else value for n, value in enumerate(values)])

    return (8 * (shifted(1) - shifted(-1)) - (shifted(2) - shifted(-2))) / (12 * step)


def make_case(ratio, kind, seed):
    draw = random.Random(f"{ratio} {kind} {seed}").uniform
    count = {"few": 1 + seed % 6, "many": 30, "crowded": 30, "late": 6, "inhibited": 12}[kind]
    tau_mem = 2.0 ** round(draw(-8, 2)) * draw(1, 2)
    threshold = draw(0.3, 3)
    window = {"crowded": 1e-6, "late": 2}.get(kind, 3)
    # Late: exponentials of the times themselves leave float64.
    first = 1e4 if kind == "late" else 0
    low = -1.2 if kind == "inhibited" else -0.4
    times = [tau_mem * (first + draw(0, window)) for _ in range(count)]
    weights = [threshold * draw(low, 1.6) * 9 / count for _ in range(count)]
    case = {"kind": kind, "ratio": ratio, "tau_mem": tau_mem, "threshold": threshold, "times": times, "weights": weights}
    # From here on with 50 digits, of the very doubles.
    exact = [mpf(t) for t in times], [mpf(w) for w in weights]

    def spike(own_times, own_weights):
        return first_spike(ratio, mpf(tau_mem), mpf(threshold), own_times, own_weights)

    found = spike(*exact)
    case["time"] = case["current"] = None
    case["by_weight"] = case["by_time"] = []
    if found:
        case["time"], case["current"] = float(found[0]), float(found[1])
        case["by_weight"] = [float(difference(lambda w: spike(exact[0], w)[0], exact[1], n)) for n in range(count)]
        case["by_time"] = [float(difference(lambda t: spike(t, exact[1])[0], exact[0], n)) for n in range(count)]
    return case


def main():
    cases = [
        make_case(ratio, kind, seed)
        for ratio in (1, 2) for kind in ("few", "many", "crowded", "late", "inhibited")
        for seed in range(20 if kind == "few" else 6)
    ]
    text = "[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n"
    if "--check" in sys.argv[1:]:
        if FIXTURE.read_text() != text:
            sys.exit(f"{FIXTURE} is not what this script writes")
    else:
        FIXTURE.write_text(text)
    spikes = sum(case["time"] is not None for case in cases)
    print(f"{len(cases)} cases, {spikes} with a spike")


if __name__ == "__main__":
    main()
