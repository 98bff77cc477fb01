"""The spike trains that the authors of the chip's training printed, from the recipe of their network.

A notebook of the code for arXiv 2412.15021, at the commit that calls off-chip and on-chip results identical: 196-10-2, 100 steps
of 1 ms, time constants 20 and 5 ms, threshold 1, forward Euler, one step of delay from layer to layer. Everything is drawn, in this
order, from numpy's ``RandomState(42)``: one spike of each input, then both layers' weights, sender by sender.
"""

import numpy as np
import pytest

import spinnprop as sp

#: Steps at which the two outputs spiked.
PRINTED = ([66, 94], [22, 35, 48, 58, 67, 80, 92, 99])
#: By which the membrane's adjoint jumped at the first of them, for an error of 1.
PRINTED_JUMP = 0.7929034
SIZES, STEPS, TIME_STEP = [196, 10, 2], 100, 1e-3


@pytest.fixture(scope="module")
def recipe():
    random = np.random.RandomState(42)
    input_steps = np.array([random.choice(np.arange(STEPS)) for _ in range(196)])
    weights = [
        (scale * random.normal(1 / np.sqrt(pre), 1 / np.sqrt(pre), (pre, post))).T
        for scale, pre, post in ((3, 196, 10), (2, 10, 2))
    ]
    spikes = sp.SpikeTrains(TIME_STEP * input_steps, np.arange(196, dtype=np.int32), [0, 196], 196)
    return input_steps, weights, spikes


ENGINES = {
    "twin": sp.ClockEngine(TIME_STEP, STEPS, decay="euler"),
    "chip": sp.spinnaker2.Engine(time_step=TIME_STEP, steps=STEPS, decay="euler", active_senders=1.0),
    "chip as published": sp.spinnaker2.Engine(
        time_step=TIME_STEP, steps=STEPS, decay="euler", active_senders=1.0, batch_size=1, placement="published"
    ),
}


def recorded(recipe, engine):
    _, weights, spikes = recipe
    net = sp.Network(SIZES, tau_mem=20e-3, tau_syn=5e-3, threshold=1.0)
    for layer, matrix in enumerate(weights):
        net.weights[layer] = matrix
    return net.forward(spikes, engine=engine)


def steps_of(trains, unit):
    times, units = trains[0]
    return np.rint(times[units == unit] / TIME_STEP).astype(int).tolist()


@pytest.mark.parametrize("name", ENGINES)
def test_the_printed_spike_trains(recipe, name):
    rec = recorded(recipe, ENGINES[name])
    assert tuple(steps_of(rec.spikes[1], unit) for unit in (0, 1)) == PRINTED
    # Of an output without later spikes, the adjoint jumps by the error over the overshoot of the current.
    first = np.flatnonzero(rec.spikes[1].units == 0)[0]
    jump = 1 / (rec.currents[1][first] - rec.membranes[1][first])
    assert abs(jump / PRINTED_JUMP - 1) < 1e-6


def test_another_decay_gives_others(recipe):
    """The printed trains tell the forms apart, so that they are worth comparing with."""
    rec = recorded(recipe, sp.ClockEngine(TIME_STEP, STEPS, decay="exponential"))
    assert tuple(steps_of(rec.spikes[1], unit) for unit in (0, 1)) != PRINTED


def test_every_spike_of_the_hidden_layer_is_that_of_plain_loops(recipe):
    """The recursion written out, float32, one neuron after another."""
    input_steps, weights, _ = recipe
    f = np.float32
    first, second = (matrix.astype(f) for matrix in weights)
    alpha, beta, rest = f(1 - 1 / 5), f(1 - 1 / 20), f(1 - (1 - 1 / 20))
    spikes = {0: set(), 1: set()}
    currents, membranes = [np.zeros(10, f), np.zeros(2, f)], [np.zeros(10, f), np.zeros(2, f)]
    arriving = []
    for step in range(1, STEPS):
        senders = (np.flatnonzero(input_steps == step - 1), arriving)
        for layer, matrix in enumerate((first, second)):
            for n in range(len(matrix)):
                current = alpha * currents[layer][n]
                for sender in senders[layer]:
                    current = current + matrix[n, sender]
                currents[layer][n] = current
                membrane = beta * membranes[layer][n] + rest * current
                if membrane > 1:
                    spikes[layer].add((step, n))
                membranes[layer][n] = 0 if membrane > 1 else membrane
        arriving = sorted(n for at, n in spikes[0] if at == step)
    rec = recorded(recipe, ENGINES["chip"])
    for layer in (0, 1):
        times, units = rec.spikes[layer][0]
        assert spikes[layer] == set(zip(np.rint(times / TIME_STEP).astype(int).tolist(), units.tolist()))
    assert len(spikes[0]) == 68
