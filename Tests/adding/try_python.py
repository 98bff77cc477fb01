"""The toy loss, option and engine in Python: derivatives against finite differences, domains, and learning."""

import copy

import numpy as np

import spinnprop as sp
from spinnprop import _core

random = np.random.default_rng(0)
net = sp.Network([4, 6], engine="toy", seed=0)
net.weights[0] = 0.2 * random.standard_normal((6, 4))
times = random.uniform(1e-3, 10e-3, 20)
spikes = sp.SpikeTrains(times, np.tile(np.arange(4), 5), np.arange(0, 21, 4), 4)
y = np.arange(5)
loss = sp.losses.ToyLoss(gain=3.0)

recording = net.forward(spikes, engine="toy")
value, gradient = net.gradient(recording, loss, y)
assert recording.engine == "toy" and value > 0
for place in ((0, 1), (4, 3)):
    values = []
    for sign in (1, -1):
        other, weights = copy.copy(net), net.weights[0].copy()
        weights[place] += sign * 1e-5
        other.weights[0] = weights
        values.append(other.gradient(other.forward(spikes, engine="toy"), loss, y)[0])
    difference = (values[0] - values[1]) / 2e-5
    assert abs(difference - gradient.weights[0][place]) < 1e-7 * abs(difference) + 1e-9, (place, difference)

row = next(row for row in _core.domains(_core.LOSS_TOY) if row["name"] == "gain")
assert (row["initial"], row["high"], row["text"]) == (2.0, 8.0, "> 0 and <= 8")
for make, message in (
    (lambda: sp.losses.ToyLoss(gain=9.0), "gain is 9.0; it must be > 0 and <= 8"),
    (lambda: sp.Trainer(net, toy_option=-1.0), "toy_option is -1.0; it must be 0 .. 2"),
):
    try:
        make()
    except ValueError as error:
        assert str(error) == message, error
    else:
        raise AssertionError(message)

trainer = sp.Trainer(net, loss, engine="toy", epochs=20, toy_option=2.0)
trainer.run(spikes, y)
assert trainer.history["loss"][-1] < trainer.history["loss"][0]
