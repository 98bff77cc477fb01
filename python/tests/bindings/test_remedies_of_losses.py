"""Whoever follows the remedies for a loss that does not suit engine, gradient rule or read-out comes to a training, and never back to where they were."""

import re

import numpy as np
import pytest

import spinnprop as sp

X, Y = sp.datasets.yin_yang(20)
SPIKES, GRID = sp.encoding.latency(X, bias=0.0), sp.encoding.latency_grid(X)
ENGINES = ("event", "clock", "spinnaker2", "first-spike", "brainscales2")
ON_STEPS = ("clock", "spinnaker2")


def nothing(values, y):
    return 0.0, np.zeros_like(values)


LOSSES = {
    **{name: getattr(sp.losses, name) for name in sp.losses.__all__ if name not in ("Loss", "Custom", "MembraneMSE", "RateRegularisation")},
    "MembraneMSE": lambda: sp.losses.MembraneMSE([1e-3]),
    **{f"Custom of {of}": lambda of=of: sp.losses.Custom(nothing, of=of) for of in ("first spikes", "spikes", "maxima", "integrals")},
    "Custom of membrane": lambda: sp.losses.Custom(nothing, of="membrane", times=[1e-3]),
}
TARGETS = {
    "MembraneMSE": np.zeros((20, 1, 3)),
    "SpikeTimeMSE": np.full((20, 3), 0.02),
    "VMaxMSE": np.zeros((20, 3)),
    "VanRossum": np.full((20, 3, 1), 0.02),
}


def trained(loss, readout, engine, rule, t_end):
    options = dict(engine=engine, gradient_engine=rule, t_end=t_end, epochs=1)
    run(lambda net, spikes: sp.Trainer(net, LOSSES[loss](), **options).run(spikes, wanted(loss)), readout, engine)


def differentiated(loss, readout, engine, rule, t_end):
    run(lambda net, spikes: net.gradient(net.forward(spikes, engine, t_end), LOSSES[loss](), wanted(loss), rule), readout, engine)


def wanted(loss):
    return TARGETS.get(loss, Y)


def run(work, readout, engine):
    # A ratio for which engine "first-spike" has closed forms.
    taus = {} if engine in ON_STEPS else {"tau_mem": 10e-3, "tau_syn": 10e-3}
    net = sp.Network([5, 6, 3], seed=1, readout=readout, engine=engine, **taus)
    work(net, GRID if engine in ON_STEPS else SPIKES)


def followed(message, loss, readout, engine, rule, t_end):
    """What the message advises, its first word where it has several."""
    named = re.findall(r'engine "([a-z0-9-]+)"', message)
    if "leave the engine of the gradient open" in message:
        return loss, readout, engine, None, t_end
    if found := re.search('make the network with readout "(leaky|spiking)"', message):
        return loss, found[1], engine, rule, t_end
    if 'use "event" in its place' in message:
        return (loss, readout, engine, "event", t_end) if rule == named[0] else (loss, readout, "event", rule, t_end)
    if "or with its gradient rule (gradient_engine)" in message:
        return loss, readout, engine, "clock", t_end
    if "use that engine" in message:
        return loss, readout, named[-1], rule, t_end
    if found := re.search('; use engine "([a-z]+)"', message):
        return loss, readout, found[1], rule, t_end
    if "or a finite t_end" in message:
        return loss, readout, engine, rule, 0.1
    raise AssertionError(f"no remedy in {message!r}")


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("work", [trained, differentiated])
def test_remedies_lead_on(loss, work):
    for readout in ("spiking", "leaky"):
        for engine in ENGINES:
            for rule in (None, *ENGINES):
                case, seen = (loss, readout, engine, rule, None), {}
                while True:
                    try:
                        work(*case)
                        break
                    except (sp.SpinnpropError, ValueError) as error:
                        seen[case] = str(error)
                        case = followed(seen[case], *case)
                    assert case not in seen and len(seen) < 9, (case, seen)
