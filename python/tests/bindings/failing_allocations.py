"""Calls of the extension in which one allocation of Python's after the other fails: each call succeeds or raises MemoryError."""

from _testcapi import remove_mem_hooks, set_nomemory

import numpy as np

import spinnprop as sp
from spinnprop import _core

X, y = sp.datasets.yin_yang(20)
spikes = sp.encoding.latency(X, bias=0.0)
net = sp.Network([5, 8, 3], recurrent=True)
chip = sp.spinnaker2.Engine(steps=10)
analog = sp.brainscales2.Engine()
clocked = sp.Network([2, 3])
clocked.forward(sp.SpikeTrains([1e-3], [0], [0, 1], 2), engine=chip)
rec = net.forward(spikes, t_end=0.1)
leaky = sp.Network([5, 8, 3], readout="leaky").forward(spikes)
loss, distance = sp.losses.TTFSCrossEntropy()._fields(), sp.losses.SpikeTimeMSE()._fields()
custom = sp.losses.Custom(lambda times, y: None)._fields()


def given_zeros(values, *more):
    return 0.0, np.zeros(len(values) // 8)


def as_layer():
    own = _core.layer_network(net._handle, ((_core.WEIGHTS, 1),), (np.ones((3, 8)),))
    recording = _core.layer_forward(own, np.full((2, 5, 2), 1e-3), forward)
    hidden, output = np.empty((2, 8, 3)), np.empty((2, 3, 2))
    _core.layer_spikes(output, hidden, recording)
    return _core.network_pull_back(own, recording, (output, hidden), None, None, None, 1.0, {}, None)


gradient, _ = _core.network_gradient(net._handle, rec._handle, loss, (y, None, None), {}, None, None)
trainer = sp.Trainer(net, t_end=0.1, epochs=1)
trainer.run(spikes, y)
trains = spikes._arrays
given_numbers = np.empty(_core.trainer_batch_size(trainer._handle))
_core.trainer_batch(given_numbers, trainer._handle, trains, (y, None, None), None, None)
rounding = sp.ClockEngine(weight_bits=4)._handle
forward, sizes = {"t_end": 0.1}, np.array([5, 8, 3], np.int32)
slices, largest = np.zeros(2, np.int32), np.zeros(3, np.int32)
sparse = _core.sparse_create({"n_neurons": 20, "degree": 3}, None, None, None, None)
nothing = (None,) * 5
sparse_run = _core.sparse_run(sparse, {"n_spikes": 50}, nothing, None)
tau, kinds = np.array([20e-3]), np.zeros(1, np.int32)
probabilities = (np.full((4, 2), 0.5), 4, 2, None, 0.0)
labels = np.array([0, 1, 0, 1])
local = _core.biograd_create(np.array([2, 4, 2]), {"epochs": 1})
errors = np.zeros(50)
event = sp.EventEngine()._handle
neurons = _core.brainscales2_array_create({"n_neurons": 3, "n_sources": 2, "has_sensors": 1}, (None,) * 10, None, None)


def array_state(array):
    state = np.empty(_core.brainscales2_array_state_size(array), np.uint8)
    _core.brainscales2_array_state(state, array)
    return state


heard = (np.array([0.0, 1e-3]), np.zeros(2, np.int32), np.array([0, 2]), 2)
replaced = ((b"hop_energy", 1e-12),)

CALLS = {
    "domains": lambda: [_core.domains(of) for of in range(-11, 5)],
    "network_create": lambda: _core.network_create(
        sizes, tau, None, tau, None, tau, tau, kinds, None, 0, None, None, 7, event, None, None, None, None
    ),
    "network_create_connections": lambda: _core.network_create(
        sizes, None, None, None, None, None, None, None, None, 0, None, None, 7, event, None, None, None, np.array([[0, 1], [0, 2], [1, 2], [1, 1]], np.int32)
    ),
    "network_copy": lambda: _core.network_copy(net._handle),
    "network_set": lambda: _core.network_set(clocked._handle, _core.WEIGHTS, 0, np.ones((3, 2))),
    "network_to_bytes": lambda: _core.network_from_bytes(_core.network_to_bytes(net._handle)),
    "network_wake": lambda: _core.network_wake(_core.network_copy(net._handle), trains, forward, None),
    "network_forward": lambda: _core.network_forward(net._handle, trains, forward, lambda progress: False),
    "network_gradient": lambda: _core.network_gradient(net._handle, rec._handle, loss, (y, None, None), {"rate_strength": 1.0, "neurons": 1}, None, None),
    "network_gradient_custom": lambda: _core.network_gradient(net._handle, rec._handle, custom, (y, None, None), {}, None, given_zeros),
    "gradient_input_times": lambda: _core.gradient_input_times(np.empty(len(trains[0])), gradient),
    "gradient_adjoint": lambda: _core.gradient_adjoint(*np.empty((2, len(y) * 8 * 2)), gradient, 0, 0, len(y), np.array([0.0, 1e-3]), None),
    "layer": as_layer,
    "recording_integrate": lambda: _core.recording_integrals(
        np.empty(3 * len(y)), _core.recording_integrate(leaky._handle, leaky._network, 0.1, lambda progress: False)
    ),
    "recording": lambda: (_core.recording_describe(rec._handle), _core.recording_diagnose(rec._handle, 0)),
    "recording_to_bytes": lambda: _core.recording_from_bytes(_core.recording_to_bytes(rec._handle)),
    "trainer": lambda: _core.trainer_create(net._handle, {"epochs": 1}, forward, loss, {"rate_strength": 0.0}),
    "trainer_run_neurons": lambda: _core.trainer_run(
        _core.trainer_create(net._handle, {"epochs": 1, "train": 13}, forward, None, {}), trains, (y, None, None), None, None, lambda progress: False,
        lambda epoch: 1.0, None, None
    ),
    "trainer_run": lambda: _core.trainer_run(
        _core.trainer_create(net._handle, {"epochs": 1}, forward, None, {}), trains, (y, None, np.ones(len(y))), None, None,
        lambda progress: False, lambda epoch: 1.0, None, None
    ),
    "trainer_run_elsewhere": lambda: _core.trainer_run(
        _core.trainer_create(net._handle, {"epochs": 1}, forward, None, {}), trains, (y, None, None), None, None, None, None, None,
        lambda network, batches, samples: given_numbers
    ),
    "trainer_batch": lambda: _core.trainer_batch(given_numbers, trainer._handle, trains, (y, None, None), None, None),
    "clock_round_weights": lambda: _core.clock_round_weights(
        np.empty(64 + 40 + 24), np.empty(64 + 40 + 24, np.int32), np.empty(sum(sizes[1:])), rounding, net._handle
    ),
    "trainer_run_custom": lambda: _core.trainer_run(
        _core.trainer_create(net._handle, {"epochs": 1}, forward, custom, {}), trains, (y, None, None), None, None, None, None, given_zeros, None
    ),
    "trainer_run_targets": lambda: _core.trainer_run(
        _core.trainer_create(net._handle, {"epochs": 1}, forward, distance, {}), trains, (None, np.full((len(y), sizes[-1]), 0.02), None), None, None,
        lambda progress: False, None, None, None
    ),
    "trainer_step_batch": lambda: _core.trainer_step_batch(
        _core.trainer_create(net._handle, {"epochs": 1}, forward, None, {}), trains, (y, None, None), 1.0, lambda progress: False, None
    ),
    "trainer_history": lambda: _core.trainer_history(trainer._handle),
    "neuron_array": lambda: _core.brainscales2_array_describe(
        _core.brainscales2_array_copy(_core.brainscales2_array_create({"n_neurons": 2, "n_sources": 1}, (tau,) * 4 + (None,) * 6, None, None))
    ),
    "neuron_array_on_chip": lambda: _core.brainscales2_array_place(np.empty((10, 3)), {"n_neurons": 3, "n_sources": 2}, (None,) * 10, analog.chip._handle),
    "neuron_array_run": lambda: _core.brainscales2_array_run(neurons, heard, {"duration": 0.1, "period": 0.05}, {"target": 3}, lambda progress: False),
    "neuron_array_rule": lambda: _core.brainscales2_array_apply(neurons, lambda weights, mask, *more: (weights, mask)),
    "neuron_array_state": lambda: _core.brainscales2_array_set_state(neurons, array_state(neurons)),
    "neuron_array_read": lambda: _core.brainscales2_array_correlations(np.empty(6, np.uint8), np.empty(6, np.uint8), neurons, True),
    "engines": lambda: (_core.engine_create(0), _core.clock_create({"steps": 9}), _core.engine_describe(event)),
    "engine_setting": lambda: (_core.engine_setting(event, None), _core.engine_loss(event, net._handle)),
    "brainscales2_create": lambda: _core.brainscales2_create({"input_copies": 2}, (_core.brainscales2_chip_create({"seed": 1}),)),
    "brainscales2_calibrate": lambda: _core.brainscales2_chip_calibrate(analog.chip._handle, {"repeats": 2}),
    "brainscales2_place": lambda: (_core.brainscales2_place(slices, sizes, {"input_copies": 1}), _core.brainscales2_costs(1e-5, 10)),
    "brainscales2_codes": lambda: _core.brainscales2_chip_codes(
        np.empty(2048, np.int32), _core.brainscales2_chip_create_with_codes({"seed": 1}, np.full(2048, 512, np.int32))
    ),
    "brainscales2_weights": lambda: (
        _core.brainscales2_chip_values(np.empty(512), analog.chip._handle, _core.BRAINSCALES2_GAIN),
        _core.brainscales2_weights(np.empty((8, 5)), analog._handle, net._handle, 0),
    ),
    "brainscales2_forward": lambda: _core.network_forward(net._handle, trains, {**forward, "engine": analog._handle}, None),
    "spinnaker2_create": lambda: _core.spinnaker2_create({"steps": 9}, replaced),
    "spinnaker2_describe": lambda: _core.spinnaker2_describe(chip._handle),
    "spinnaker2_estimate": lambda: _core.spinnaker2_estimate(chip._handle, sizes, 0, 1, 1.0, None, 1, slices, largest),
    "spinnaker2_account": lambda: _core.spinnaker2_account(chip._handle),
    "biograd_create": lambda: _core.biograd_copy(_core.biograd_create(np.array([2, 4, 2]), {"epochs": 1})),
    "biograd_run": lambda: _core.biograd_run(_core.biograd_copy(local), probabilities, labels, None, None, lambda progress: False),
    "biograd_events": lambda: _core.biograd_counts(
        np.empty((20, 3), np.int32), _core.biograd_create(np.array([5, 4, 3]), {}), (None, 0, 1, trains, 1e-3), 0, None, None
    ),
    "biograd_on_chip": lambda: _core.biograd_run(_core.biograd_copy(local), probabilities, labels, chip._handle, None, None),
    "biograd_gradient": lambda: _core.biograd_gradient(np.empty(16), np.empty(6), local, probabilities, labels, 0, None),
    "biograd_history": lambda: (_core.biograd_describe(local), _core.biograd_history(local)),
    "biograd_arrays": lambda: (
        _core.biograd_get(np.empty(8), local, _core.BIOGRAD_WEIGHTS, 0),
        _core.biograd_set(_core.biograd_copy(local), _core.BIOGRAD_WEIGHTS, 0, np.ones(8)),
        _core.biograd_layer_sizes(np.empty(3, np.int64), local),
        _core.biograd_get_options(local),
        _core.biograd_curves(np.empty(0), np.empty(0), np.empty(0), local),
        _core.biograd_alignment(np.empty(1), np.empty(1), local, None),
    ),
    "biograd_to_bytes": lambda: _core.biograd_from_bytes(_core.biograd_to_bytes(local)),
    "biograd_sleep": lambda: (_core.biograd_sleep(_core.biograd_copy(local), 2, None), _core.biograd_wake(_core.biograd_copy(local), probabilities, None)),
    "sparse": lambda: _core.sparse_create({"n_neurons": 20, "degree": 3}, None, None, None, None),
    "sparse_run": lambda: _core.sparse_run(sparse, {"n_spikes": 50}, nothing, None),
    "sparse_stream": lambda: _core.sparse_stream(sparse, {"n_spikes": 50}, nothing, lambda *batch: False, None),
    "sparse_differentiate": lambda: _core.sparse_differentiate(sparse_run, errors, None, None),
    "sparse_lyapunov": lambda: _core.sparse_lyapunov(np.empty(2), sparse_run, {"skip": 1}, None),
}

for name, call in CALLS.items():
    call()
    n, failed, succeeded = 1, 0, 0
    # Some failures go unseen, as that of a list that Python keeps for later.
    while succeeded < 3:
        set_nomemory(n, n + 1)
        try:
            call()
        except MemoryError:
            remove_mem_hooks()
            failed, succeeded = failed + 1, 0
        else:
            remove_mem_hooks()
            succeeded += 1
        # All of the first ones; of thousands that make the rows of an account, some.
        n += 1 + n // 20
    # Everything is as it was.
    call()
    assert failed > 0, f"{name}: nothing failed"
    print(name, failed)
