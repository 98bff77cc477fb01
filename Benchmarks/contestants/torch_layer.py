"""A batch of 150 through 5-120-3, by the core's calls and by `spinnprop.torch.EventProp`, in turn on one thread.

    torch_layer.py ROUNDS

Prints a line of JSON: of each contestant the processor seconds of all rounds, each in an order of its own, so that none always finds the caches as one
of its kind has left them. Under `valgrind --tool=callgrind --instr-atstart=no`, and with
0 rounds, it has a dump written for each contestant, of REPEATS batches.
"""

import json
import os
import random
import subprocess
import sys
import time

import numpy as np
import setting
import torch

import spinnprop as sp
from spinnprop import _core
from spinnprop.torch import EventProp

REPEATS = 30
#: Rounds that do not count.
WARM = 20
rounds = int(sys.argv[1])
torch.set_num_threads(1)
sp.set_threads(1)
x, y = setting.yin_yang(setting.BATCH, 42)
spikes = sp.encoding.latency(x, bias=0.0)
net = sp.Network([setting.INPUTS, setting.HIDDEN, setting.CLASSES], seed=0)
weights = [np.array(own) for own in net.weights]
# What is taken back: the sum of the first spikes of all outputs.
recording = net.forward(spikes)
output = recording.spikes[1]
errors = np.zeros(len(output.times))
for n, first in enumerate(output.offsets[:-1]):
    errors[first + np.unique(output[n][1], return_index=True)[1]] = 1.0

layer = EventProp(net)
parameters = list(layer.parameters())
times = torch.full((len(x), setting.INPUTS), float("inf"), dtype=torch.float64)
times[np.repeat(np.arange(len(x)), setting.INPUTS), spikes.units.astype(np.int64)] = torch.tensor(np.asarray(spikes.times))
given = torch.ones(len(x), setting.CLASSES, 1, dtype=torch.float64)


def two_calls():
    return net.pull_back(net.forward(spikes), [None, errors], input_times=False)


def core():
    for n in range(2):
        net.weights[n] = weights[n]
    recording = net.forward(spikes)
    return recording.first_spike_times, net.pull_back(recording, [None, errors], input_times=False)


dense, dense_errors = times.numpy(), given.numpy()
places = tuple((_core.WEIGHTS, n) for n in range(2))


def calls():
    own = _core.layer_network(net._handle, places, tuple(weights))
    recording = _core.layer_forward(own, dense, {})
    _core.layer_spikes(np.empty(dense_errors.shape), None, recording)
    gradient = _core.network_pull_back(own, recording, (dense_errors, None), None, None, None, 1.0, {"input_times": 0}, None)
    for n in range(2):
        _core.gradient_get(np.empty(weights[n].shape), gradient, _core.WEIGHTS, n)


def module():
    for own in parameters:
        own.grad = None
    layer(times).backward(given)


class Nothing(torch.autograd.Function):
    """What has the layer's tensors and does nothing."""

    @staticmethod
    def forward(ctx, times, fixed, *trained):
        ctx.save_for_backward(times)
        return times.new_zeros(len(x), setting.CLASSES, 1)

    @staticmethod
    def backward(ctx, errors):
        _ = ctx.saved_tensors
        return None, None, *map(torch.zeros_like, parameters)


class NothingLayer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = parameters
        self.register_buffer("fixed", layer.fixed)

    def forward(self, times):
        return Nothing.apply(times, self.fixed, self.first, self.second)


nothing = NothingLayer()


def torch_alone():
    for own in parameters:
        own.grad = None
    nothing(times).backward(given)


CONTESTANTS = {"two calls": two_calls, "core": core, "calls": calls, "layer": module, "torch": torch_alone}
module()
_, gradients = core()
if not all(np.array_equal(own.grad, wanted) for own, wanted in zip(layer.weights, gradients.weights)):
    sys.exit("the layer's gradient is not the core's")
if rounds:
    seconds = {name: [] for name in CONTESTANTS}
    order, chance = list(CONTESTANTS), random.Random(0)
    for turn in range(-WARM, rounds):
        chance.shuffle(order)
        for name in order:
            contestant = CONTESTANTS[name]
            start = time.thread_time()
            contestant()
            spent = time.thread_time() - start
            if turn >= 0:
                seconds[name].append(spent)
    print(json.dumps({"seconds": seconds, "version": torch.__version__}))
else:

    def control(*words):
        subprocess.run(["callgrind_control", *words, str(os.getpid())], stdout=subprocess.DEVNULL, check=True)

    control("-i", "on")
    for name, contestant in CONTESTANTS.items():
        contestant()
        control("-z")
        for _ in range(REPEATS):
            contestant()
        control("-d", name)
