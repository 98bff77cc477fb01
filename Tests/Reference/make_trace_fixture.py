"""Writes trace_reference.json: membranes, currents and adjoints of the networks of event_reference.json at some times, from 60 digits.

    python3 make_trace_fixture.py            writes the fixture
    python3 make_trace_fixture.py --check    fails unless the fixture on disk is what would be written

An adjoint is what the loss of one sample does when a neuron is kicked at a time: dL/dV = -tau_mem lambda_v, dL/dI = -tau_syn lambda_i, by
differences. Needs mpmath (gmpy2 makes it faster). Takes a few minutes.
"""
import json
import multiprocessing
import pathlib
import random

import event_reference as reference
from make_event_fixture import cases, rounded, write_or_check
from mpmath import mpf

FIXTURE = pathlib.Path(__file__).with_name("trace_reference.json")
READINGS = 36  # of each case: more than a thousand in all
KICKS = 6


def trace(case):
    """What one sample of a case does, of the objective that looks at most spikes."""
    rng = random.Random(case["name"])
    p = reference.named(reference.parameters_of(case))
    samples = len(case["offsets"]) - 1
    sample = rng.randrange(samples)
    objective = case["objectives"][-1 if case["leaky"] else 2]
    base = [reference.run_sample(case, p, s) for s in range(samples)]
    ends = [time for layer in base[sample] if not isinstance(layer, tuple) for time, _, _ in layer]
    ends += case["times"][case["offsets"][sample]:case["offsets"][sample + 1]] + ([0] if not case["leaky"] else base[sample][-1][1])
    end = 1.1 * float(max(ends))
    if case["t_end"] is not None:
        end = min(end, case["t_end"])
    draw = lambda count: sorted(end * rng.random() for _ in range(count))
    layers = []
    for layer, size in enumerate(case["sizes"][1:]):
        pick = lambda name, j: p[name][layer][j if len(p[name][layer]) > 1 else 0]
        readings, kicks = draw(READINGS), draw(KICKS)
        units, states = [rng.randrange(size) for _ in readings], {}
        visits = [(mpf(time), unit, lambda neuron, at: states.__setitem__(at, neuron.state(at))) for time, unit in zip(readings, units)]
        reference.run_sample(case, p, sample, {layer: visits})

        def slope(time, unit, **which):
            def value(step):
                run = reference.run_sample(case, p, sample, {layer: [(
                    mpf(time), unit, lambda neuron, at: neuron.kick(at, **{name: step for name in which}))]})
                runs = base[:sample] + [run] + base[sample + 1:]
                assert reference.structure(case, runs) == reference.structure(case, base), "the case sits on an edge"
                return reference.value_of(case, objective, runs)[0]

            step = reference.STEP
            if case["leaky"] and layer == len(case["sizes"]) - 2 and base[sample][layer][0][unit] == 0:
                # A maximum that is never above 0 would rise with more.
                return (3 * value(0) - 4 * value(-step) + value(-2 * step)) / (2 * step)
            return (value(step) - value(-step)) / (2 * step)

        last = mpf("inf") if case["t_end"] is None else mpf(case["t_end"])
        seen = [time for time in readings if mpf(time) <= last and mpf(time) in states]
        assert len(seen) == READINGS
        layers.append({
            "times": readings, "units": units, "membranes": rounded([states[mpf(time)][0] for time in readings]),
            "currents": rounded([states[mpf(time)][1] for time in readings]), "adjoint_times": kicks,
            "lambda_v": rounded([[-slope(time, j, membrane=1) / pick("tau_mem", j) for j in range(size)] for time in kicks]),
            "lambda_i": rounded([[-slope(time, j, current=1) / pick("tau_syn", j) for j in range(size)] for time in kicks])})
    return {"name": case["name"], "sample": sample, "objective": case["objectives"].index(objective), "layers": layers}


def text():
    with multiprocessing.Pool(2) as pool:
        traced = list(pool.imap(trace, cases()))
    return "[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in traced) + "\n]\n"


if __name__ == "__main__":
    write_or_check(FIXTURE, text, __doc__)
