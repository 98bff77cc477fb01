"""What provokes each message that names a remedy, and the same as the message says."""

import copy
import importlib.util
import os
import pickle
import re
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np

import spinnprop as sp
from spinnprop import _core

X, Y = sp.datasets.yin_yang(40)
SPIKES = sp.encoding.latency(X, bias=0.0)
LATE = sp.SpikeTrains(SPIKES.times + 0.5, SPIKES.units, SPIKES.offsets, SPIKES.n_units)
GRID = sp.encoding.latency_grid(X)
#: So many that progress is asked.
MANY = sp.encoding.latency_grid(sp.datasets.yin_yang(100000)[0])
AT_ONCE = sp.encoding.latency_grid(np.ones((2, 4)))
LOSS, STEP_LOSS = sp.losses.TTFSCrossEntropy(), sp.losses.StepTTFSCrossEntropy()
FAR = sp.SpikeTrains([1e6], [0], [0, 1], 1)
EVENTS = np.array([(3, 1)], [("t", "i8"), ("x", "i2")])
FEW = {"hidden": (5,), "epochs": 1}


def reptile_with_delays(delays=0.0, **options):
    network = net(delays="axonal")
    for layer, each in enumerate(network.delays):
        network.delays[layer] = np.full(each.shape, delays)
    options = dict(epochs=1, delay_learning_rate=1e-3, delay_parameter="sigmoid", delay_scale=1.0, **options)
    return sp.meta.reptile(network, [(SPIKES, Y)], steps=1, **options)


def net(**options):
    return sp.Network([5, 6, 3], seed=1, **options)


def on_times(y):
    return sp.Trainer(net(), sp.losses.SpikeTimeMSE(), epochs=1).run(SPIKES, y)


def on_samples(weights):
    return sp.Trainer(net(), LOSS, epochs=1).run(SPIKES, Y, sample_weight=weights)


def rate(strength=1e-3):
    return sp.losses.RateRegularisation(strength)


def taken_back(readout="spiking", engine="event", rule=None, **errors):
    network = net(readout=readout)
    recording = network.forward(GRID if engine != "event" else SPIKES, engine=engine)
    return network.pull_back(recording, engine=rule, **errors)


INTEGRALS = sp.losses.VIntegralCrossEntropy()


def read_out(engine="event", **options):
    return net(readout="leaky").forward(GRID if engine != "event" else SPIKES, engine=engine, **options)


def adjoint(change=lambda gradients: gradients, engine="event"):
    network = net()
    return change(network.gradient(network.forward(SPIKES if engine != "clock" else GRID, engine=engine), LOSS, Y)[1]).adjoint(0, 0, [0.0])


CUSTOM = sp.losses.Custom(lambda times, y: (0.0, np.zeros_like(times)))


def squared(values, y):
    return ((values - y) ** 2).mean(), 2 * (values - y) / values.size


def step(network):
    network.weights[0] = network.weights[0] - np.ones((6, 5))


def halved(network):
    network.weights[0] *= 0.5


def on_chip(n_spikes, duration, **options):
    burst = sp.SpikeTrains(np.linspace(0, duration, n_spikes), np.zeros(n_spikes, int), [0, n_spikes], 1)
    return sp.Network([1, 3]).forward(burst, engine=sp.brainscales2.Engine(**options))


def slow_enough(n_spikes, duration):
    """The speedup that the message names."""
    try:
        on_chip(n_spikes, duration)
    except sp.SpinnpropError as error:
        return float(re.search(r"speedup of at most ([^,]+),", str(error)).group(1))


HOMEOSTASIS = sp.brainscales2.RateHomeostasis()


def array(**options):
    return sp.brainscales2.Array(2, 1, **options)


def placed(**statistics):
    return sp.brainscales2.Array.on(sp.brainscales2.Chip(**statistics), n=2, n_sources=1)


def late(duration):
    return array().run(sp.SpikeTrains([0.75], [0], [0, 1], 1), duration)


def assigned(own, weights):
    own.weights = weights


def raised(own):
    own.weights += 1


def sparse(**options):
    return sp.sparse.RecurrentNetwork(20, 4, **options)


def set_sparse(network, values):
    network.weights = values


def scaled_sparse(network):
    network.weights *= 2


def file(kind):
    """The name of a file of a kind."""
    if kind == "network":
        sp.save(net(), kind)
    elif kind == "training":
        sp.BioGrad([5, 6, 3]).save(kind)
    else:
        sp.Trainer(net(), epochs=1, checkpoint=kind).run(SPIKES, Y)
    return kind


def pathless():
    sp.save(net(), "")


def masked(fill):
    times = np.ma.masked_array([1e-3, 2e-3], [False, True])
    return sp.SpikeTrains(times.filled(3e-3) if fill else times, [0, 1], [0, 2], 2)


def searched(space=None, **options):
    own = {"estimator": sp.SpikingClassifier(**FEW), "n_trials": 1, **options}
    return sp.search(X, Y, space or {"hidden": (5, 6)}, **own)


def trained(loss=None, engine="event", delays=None, **options):
    return sp.Trainer(net(delays=delays), loss, engine=engine, epochs=1, **options).run(GRID if engine != "event" else SPIKES, Y)


def aimed(loss, y, **options):
    return sp.Trainer(net(**options), loss, epochs=1).run(SPIKES, y)


def forward_on_grid(**options):
    return net().forward(GRID, engine="clock", **options)


def gradient(recording_engine, engine=None, y=Y, loss=None, **options):
    network = net()
    recording = network.forward(GRID, engine=recording_engine)
    loss = loss or (LOSS if recording_engine == "event" else STEP_LOSS)
    return network.gradient(recording, loss, y, engine, **options)


def studied(tmp_path, name="search", **options):
    return searched(storage=tmp_path / "study.db", name=name, **options)


def grown(values):
    own = sp.Network([5, 6, 3], delays=values)
    own.delays[0] = np.full((6, 5), 1e-3)
    return own


def sigmoid(delay, **options):
    own = sp.Network([5, 6, 3], delays=["axonal", None])
    own.delays[0] = np.full(5, delay)
    sp.Trainer(own, epochs=1, delay_parameter="sigmoid", delay_learning_rate=0.1, **options).run(SPIKES, Y)


def asked_while_running(engine, ask):
    net().forward(MANY, engine=engine, progress=(lambda seen: engine.account() and None) if ask else None)
    return engine.account()


def used_while_running(engine, other):
    network = net()
    return network.forward(MANY, engine=engine, progress=lambda seen: network.forward(GRID, engine=other) and None)


def adjoint_of(copy):
    """A picture of adjoints, of the recording's own gradients or of a copy of the recording."""
    own = net()
    recording = own.forward(SPIKES)
    _, gradients = own.gradient(recording, LOSS, Y)
    return sp.plot.adjoint(gradients, pickle.loads(pickle.dumps(recording)) if copy else recording)


def mapped(labels):
    classifier = sp.SpikingClassifier(**FEW).fit(X, Y)
    return sp.plot.decision_map(classifier, X, Y, resolution=5, classes=labels)


def chip(**options):
    return sp.spinnaker2.Engine(**options)


def weighted(value):
    own = net()
    own.weights[0] = np.full((6, 5), value)
    return own


NO_SYNAPSE = np.zeros((6, 5), bool)


def held(weight=None, **given):
    own = net()
    for name, value in given.items():
        getattr(own, name)[0] = value
    if weight is not None:
        own.weights[0] = np.full((6, 5), weight)
    return own


def spiked(times, units, n_units):
    return sp.SpikeTrains(times, units, [0] + [len(times)] * len(SPIKES), n_units)


#: Of which layers what was measured.
HIDDEN, OUTPUT, SILENT = spiked([2e-3], [1], 6), spiked([4e-3], [1], 3), spiked([], [], 3)


def measured(*layers, readout="spiking", refractory=0.0, **options):
    return sp.Recording.measured(net(readout=readout, refractory=refractory), SPIKES, layers, **options)


def local(feedback, labels=4, **options):
    training = sp.BioGrad([5, 6, 3], epochs=5, **options)
    training.set("feedback", 0, feedback * np.tile([1.0, -1.0, 1.0], (6, 1)))
    X = np.random.default_rng(0).random((labels, 5))
    training.wake(X)
    training.run(X, np.arange(labels) % 3)


def graded(**options):
    training = sp.BioGrad([5, 6, 3], window=10, **{"amplitude": 50, "decay": 1.0, "steps": 200, **options})
    training.gradient(np.full((3, 5), 0.5), [0, 1, 2])


def slept(rate):
    training = sp.BioGrad([5, 6, 3], sleep_rate=rate)
    training.set("feedback", 0, np.full((6, 3), 1e36))
    training.sleep(20)


def shown(X, **options):
    return sp.BioGrad([5, 6, 3], epochs=1).run(X, Y, **options)


def fitted(**options):
    return sp.BioGradClassifier(**{**FEW, **options}).fit(np.tile(np.arange(12.0)[:, None], 3), np.arange(12) % 3)


def local_on_chip(sizes=(5, 6, 3), engine=None, **options):
    """On the host with engine "host"."""
    own = "host" if engine == "host" else sp.spinnaker2.Engine(**(engine or {}))
    sp.BioGrad(list(sizes), epochs=1, engine=own, **options).run(np.full((len(Y), sizes[0]), 0.5), Y)


def loaded_chip(text):
    """A chip from a file that somebody else has written, or that `save` has."""
    if text is None:
        sp.brainscales2.Chip().save("chip.json")
    else:
        with open("chip.json", "w", encoding="utf-8") as file:
            file.write(text)
    return sp.brainscales2.Chip.load("chip.json")


def loaded_array(text):
    """Likewise of an array."""
    if text is None:
        array().save("array.json")
    else:
        with open("array.json", "w", encoding="utf-8") as file:
            file.write(text)
    return sp.brainscales2.Array.load("array.json")


def state_set(other):
    """The state of `array()` given to another."""
    state = np.empty(_core.brainscales2_array_state_size(array()._handle), np.uint8)
    _core.brainscales2_array_state(state, array()._handle)
    _core.brainscales2_array_set_state(other._handle, state)


#: What provokes a message, and the same as the message says.
def run_on_threads(spikes=SPIKES, **options):
    trainer = sp.Trainer(net(), epochs=1, **options)
    with ThreadPoolExecutor(1) as executor:
        return trainer.run(spikes, Y, executor=executor)


TAUS = {"train": ["weights", "tau_mem"]}

REMEDIES = [
    # batches elsewhere
    (lambda: run_on_threads(rate=rate(), **TAUS), lambda: run_on_threads(rate=sp.losses.RateRegularisation(1e-3, tau=20e-3), **TAUS)),
    (lambda: run_on_threads(GRID, engine="spinnaker2"), lambda: run_on_threads(GRID, engine="clock")),
    # spike trains
    (lambda: sp.SpikeTrains.from_lists([3], 2), lambda: sp.SpikeTrains.from_lists([([3.0], [0])], 2)),
    (lambda: sp.SpikeTrains.from_lists([([0.1, 0.2], [0])], 2), lambda: sp.SpikeTrains.from_lists([([0.1, 0.2], [0, 0])], 2)),
    (lambda: SPIKES[np.zeros(7, bool)], lambda: SPIKES[np.zeros(40, bool)]),
    (lambda: sp.SpikeTrains.concatenate([]), lambda: sp.SpikeTrains.concatenate([SPIKES])),
    (lambda: FAR.to_dense(1e-9), lambda: (FAR.to_dense(1.0), FAR.to_dense(1e-9, 3))),
    (lambda: FAR.to_dense(5e-324), lambda: FAR.to_dense(1.0)),
    (lambda: sp.SpikeTrains.from_dense([[[0], [1]]], 1e308), lambda: sp.SpikeTrains.from_dense([[[0], [1]]], 1e307)),
    (lambda: sp.encoding.delta_modulation(SPIKES, 1e-3, 0.1), lambda: net().forward(SPIKES)),
    (
        lambda: sp.SpikeTrains.from_events(EVENTS, ()),
        lambda: [sp.SpikeTrains.from_events(EVENTS, size) for size in ((3, 1, 1), (3, 1), 3)],
    ),
    (
        lambda: sp.SpikeTrains.from_events(EVENTS, sample_starts=[]),
        lambda: [sp.SpikeTrains.from_events(EVENTS, sample_starts=starts) for starts in ([0], None)],
    ),
    (
        lambda: sp.SpikingRegressor(**FEW, readout="leaky", loss=sp.losses.Custom(squared, of="integrals", tau=0.02)).fit(X, Y),
        lambda: [
            sp.SpikingRegressor(**FEW, readout="leaky", loss=sp.losses.Custom(squared, of="maxima")).fit(X, Y),
            sp.Trainer(net(readout="leaky"), sp.losses.Custom(squared, of="integrals", tau=0.02), epochs=1).run(SPIKES, Y[:, None]),
        ],
    ),
    (
        lambda: sp.Trainer(net(), neuron_learning_rate={"tau_mem": 1e-3}),
        lambda: [sp.Trainer(net(), train=["tau_mem"], neuron_learning_rate={"tau_mem": 1e-3}), sp.Trainer(net(), neuron_learning_rate={})],
    ),
    (
        lambda: sp.Network([5, 6, 3], tau_mem=net().tau_mem),
        lambda: [sp.Network([5, 6, 3], tau_mem=taus) for taus in (20e-3, [20e-3, 10e-3], np.concatenate(net().tau_mem))],
    ),
    (lambda: sp.SpikeTrains.from_events([EVENTS], sample_starts=[10**9]), lambda: sp.SpikeTrains.from_events([EVENTS], sample_starts=[0])),
    (lambda: sp.encoding.poisson([[1.5]]), lambda: sp.encoding.poisson([[1.0]])),
    (lambda: sp.SpikingClassifier(**FEW).fit(SPIKES, Y).predict(X), lambda: sp.SpikingClassifier(**FEW).fit(SPIKES, Y).predict(SPIKES)),
    (lambda: sp.SpikingClassifier(**FEW).fit(LATE, Y).predict(SPIKES), lambda: sp.SpikingClassifier(**FEW).fit(LATE, Y).predict(LATE)),
    (
        lambda: sp.encoding.DeltaModulation(threshold=0.5).fit(np.zeros((0, 3, 1))),
        lambda: sp.encoding.DeltaModulation(threshold=0.5).fit(np.zeros((1, 3, 1))),
    ),
    (lambda: said_in_numbers(weight_mean=[0.0, 0.0], weight_std=[0.0, 0.0]), lambda: [said_in_numbers(), said_in_numbers(weight_mean=[2.0, 2.0])]),
    (lambda: sp.encoding.Latency().fit(SPIKES), lambda: sp.SpikingClassifier(**FEW).fit(SPIKES, Y)),
    (
        lambda: sp.encoding.DeltaModulation(threshold=0.5).fit([np.zeros((0, 1))]),
        lambda: [
            sp.encoding.DeltaModulation(threshold=0.5).fit([np.zeros((3, 1))]),
            sp.encoding.DeltaModulation(threshold=0.5, rescale=False).fit([np.zeros((0, 1))]),
        ],
    ),
    # local learning
    (lambda: shown(SPIKES), lambda: shown(SPIKES, step_time=1e-3)),
    (lambda: shown(np.zeros((len(Y), 5)), step_time=1e-3), lambda: shown(np.zeros((len(Y), 5)))),
    (
        lambda: local(1e36, rule="exact-error", learning_rate=1e6, sleep=False),
        lambda: local(1e36, rule="exact-error", learning_rate=1e-37, sleep=False),
    ),
    (graded, lambda: (graded(amplitude=0.1), graded(decay=0.0), graded(steps=6))),
    (lambda: slept(1e6), lambda: slept(1e-5)),
    (lambda: sp.BioGrad([5, 6, 6, 3], integer=True), lambda: (sp.BioGrad([5, 6, 3], integer=True), sp.BioGrad([5, 6, 6, 3], integer=False))),
    (lambda: sp.BioGrad([5, 6, 3], integer=True, rule="bptt"), lambda: (sp.BioGrad([5, 6, 3], integer=True), sp.BioGrad([5, 6, 3], rule="bptt"))),
    (lambda: sp.BioGrad([5, 6, 3], integer=True, steps=70000), lambda: (sp.BioGrad([5, 6, 3], integer=True, steps=65535), sp.BioGrad([5, 6, 3], steps=70000))),
    (lambda: fitted(resume=True), lambda: fitted(resume=True, checkpoint="local")),
    (
        lambda: local_on_chip(rule="bptt"),
        lambda: [local_on_chip(rule=rule) for rule in ("biograd", "exact-error")] + [local_on_chip(rule="bptt", engine="host")],
    ),
    (lambda: local_on_chip(integer=True), lambda: [local_on_chip(), local_on_chip(integer=True, engine="host")]),
    (lambda: local_on_chip(sleep_steps=100_000), lambda: local_on_chip(sleep_steps=10)),
    (
        lambda: local_on_chip(batch_size=4, engine={"copies": 5}),
        lambda: [local_on_chip(batch_size=4, engine={"copies": copies}) for copies in (4, 3, "auto")],
    ),
    (lambda: local_on_chip((5, 20000, 3)), lambda: [local_on_chip((5, 200, 3)), local_on_chip((5, 200, 3), steps=10)]),
    (
        lambda: local_on_chip((500, 6, 3), engine={"credit": "traces"}, steps=1600),
        lambda: [local_on_chip((500, 6, 3), engine={"credit": "traces"}), local_on_chip((5, 6, 3), engine={"credit": "traces"}, steps=100)],
    ),
    (
        lambda: local_on_chip((5, 800, 800, 3), engine={"copies": 2}),
        lambda: [
            local_on_chip((5, 200, 200, 3), engine={"copies": 2}),
            local_on_chip((5, 800, 800, 3), engine={"copies": 2, "chip": sp.spinnaker2.Board(2)}),
        ],
    ),
    # errors that are given, membranes
    (lambda: taken_back(spike_errors=[]), lambda: [taken_back(spike_errors=[None, None]), taken_back()]),
    (lambda: taken_back(maximum_errors=np.ones((40, 3))), lambda: taken_back()),
    (lambda: taken_back("leaky", spike_errors=[None, []]), lambda: taken_back("leaky", spike_errors=[None, None])),
    (
        lambda: taken_back("leaky", times=[0.0]),
        lambda: [taken_back("leaky", times=[0.0], membrane_errors=np.ones((40, 1, 3))), taken_back("leaky")],
    ),
    (
        lambda: taken_back("leaky", "clock", times=[0.0], membrane_errors=np.ones((40, 1, 3))),
        lambda: taken_back("leaky", "clock", maximum_errors=np.ones((40, 3))),
    ),
    (
        lambda: taken_back(engine=chip(), rule=chip()),
        lambda: [taken_back(engine=chip(), rule="clock"), taken_back(engine=chip())],
    ),
    (
        lambda: net().forward(GRID, engine="clock").membrane(0, 0, [0.0]),
        lambda: net().forward(SPIKES, engine="event").membrane(0, 0, [0.0]),
    ),
    # integrals of membranes, adjoints
    (lambda: read_out().integrals(), lambda: [read_out().integrals(0.1), read_out(t_end=0.1).integrals()]),
    (lambda: read_out("clock").integrals(1.0), lambda: read_out("event").integrals(1.0)),
    (
        lambda: sp.Trainer(net(readout="leaky"), INTEGRALS, engine="clock"),
        lambda: [
            sp.Trainer(net(readout="leaky"), INTEGRALS, engine="event"),
            sp.Trainer(net(readout="leaky"), sp.losses.VMaxCrossEntropy(), engine="clock"),
        ],
    ),
    (lambda: sp.losses.Custom(len, of="maxima", tau=1.0), lambda: sp.losses.Custom(len, of="maxima")),
    (lambda: taken_back(integral_errors=np.ones((40, 3))), lambda: taken_back()),
    (lambda: adjoint(copy.copy), lambda: adjoint()),
    (lambda: adjoint(engine="clock"), lambda: adjoint(engine="event")),
    (
        lambda: sp.Trainer(net(engine="spinnaker2"), CUSTOM, engine="spinnaker2", epochs=1).run(GRID, Y),
        lambda: sp.Trainer(net(engine="spinnaker2"), CUSTOM, engine="spinnaker2", gradient_engine="clock", epochs=1).run(GRID, Y),
    ),
    (lambda: sp.losses.SpikeCountMSE(n_other=2.0), lambda: sp.losses.SpikeCountMSE(n_other=1.0)),
    (lambda: sp.losses.MembraneMSE([]), lambda: sp.losses.MembraneMSE([1e-3])),
    (
        lambda: sp.losses.Custom(len, of="membrane"),
        lambda: [sp.losses.Custom(len, of="membrane", times=[0.0]), sp.losses.Custom(len, of="maxima")],
    ),
    # engines, networks, losses
    (lambda: sp.BaseEngine(), lambda: sp.EventEngine()),
    (lambda: sp.losses.Loss(), lambda: sp.losses.TTFSCrossEntropy()),
    (lambda: net(tau_mem=[]), lambda: [net(tau_mem=20e-3), net(tau_mem=[20e-3, 10e-3]), net(tau_mem=[20e-3] * 9)]),
    (lambda: net(tau_mem=[20e-3] * 4), lambda: [net(tau_mem=[20e-3]), net(tau_mem=[20e-3] * 2), net(tau_mem=[20e-3] * 9)]),
    (lambda: net(connections=[]), lambda: [net(connections=[(0, 1), (0, 2), (1, 2)]), net(connections=None)]),
    (lambda: net(connections=[(0, 1), (0, 2), (2, 1)]), lambda: [net(connections=[(0, 1), (0, 2), (1, 2)]), net(connections=[(0, 1), (0, 2), (2, 2)])]),
    (lambda: net(connections=[(0, 1)] * 6), lambda: [net(connections=[(0, 1), (0, 2), (1, 2)]), net(connections=None)]),
    (lambda: net(connections=[(0, 1), (1, 2), (0, 1)]), lambda: net(connections=[(0, 1), (1, 2)])),
    (
        lambda: net(connections=[(0, 1), (1, 2), (2, 2)], readout="leaky"),
        lambda: net(connections=[(0, 1), (1, 2)], readout="leaky"),
    ),
    (
        lambda: net(connections=[(0, 1), (1, 2)], delays=["axonal"]),
        lambda: [net(connections=[(0, 1), (1, 2)], delays="axonal"), net(connections=[(0, 1), (1, 2)], delays=["axonal", None])],
    ),
    (
        lambda: net(connections=[(0, 1), (0, 2), (1, 2)]).forward(GRID, engine="spinnaker2"),
        lambda: net(connections=[(0, 1), (0, 2), (1, 2)]).forward(GRID, engine="clock"),
    ),
    (
        lambda: net(connections=[(0, 1), (0, 2), (1, 2)], delays="dendritic", tau_mem=10e-3).forward(GRID, engine="first-spike"),
        lambda: net(connections=[(0, 1), (0, 2), (1, 2)], delays="dendritic", tau_mem=10e-3).forward(GRID, engine="event"),
    ),
    (
        lambda: net(connections=[(0, 1), (1, 2)], recurrent_masks=[None, None]),
        lambda: net(connections=[(0, 1), (1, 2)], masks=[None, None]),
    ),
    (lambda: net(weight_mean=[]), lambda: [net(weight_mean=[1.0, 1.0]), net(weight_mean=None)]),
    (lambda: net(weight_mean=[1.0] * 3), lambda: [net(weight_mean=[1.0, 1.0]), net(weight_mean=None)]),
    (lambda: net(masks=~NO_SYNAPSE), lambda: [net(masks=[~NO_SYNAPSE, None]), net(masks=None)]),
    (lambda: net(masks=[~NO_SYNAPSE]), lambda: net(masks=[~NO_SYNAPSE, None])),
    (lambda: net(weight_bounds=[1.0]), lambda: [net(weight_bounds=None), net(weight_bounds=[0.0, 1.0])]),
    (lambda: held(1.0, masks=NO_SYNAPSE), lambda: [held(0.0, masks=NO_SYNAPSE), held(1.0, masks=~NO_SYNAPSE)]),
    (lambda: held(1.0, weight_bounds=(0, 0.5)), lambda: [held(0.5, weight_bounds=(0, 0.5)), held(1.0, weight_bounds=(0, 1))]),
    (lambda: held(weight_bounds=(np.nan, 1.0)), lambda: held(weight_bounds=(-np.inf, 1.0))),
    (lambda: held(weight_bounds=(1.0, 0.0)), lambda: held(weight_bounds=(0.0, 1.0))),
    (
        lambda: held(signs=[1] * 5, weight_bounds=(-2, -1)),
        lambda: [held(signs=[1] * 5, weight_bounds=(1, 2)), held(signs=[0] * 5, weight_bounds=(-2, -1))],
    ),
    (
        lambda: sp.Trainer(net(weight_bounds=[0.1, 0.1]), engine="clock"),
        lambda: [sp.Trainer(net(weight_bounds=[0.1, 0.2]), engine="clock"), sp.Trainer(net(weight_bounds=[0.1, 0.1]), engine="event")],
    ),
    (lambda: net(recurrent=[[True]]), lambda: [net(recurrent=True), net(recurrent=[True])]),
    (lambda: net(recurrent=[]), lambda: [net(recurrent=True), net(recurrent=[True])]),
    (lambda: net(recurrent=[True, False]), lambda: [net(recurrent=True), net(recurrent=[True])]),
    (lambda: halved(net()), lambda: step(net())),
    (lambda: step(sp.Trainer(net()).network), lambda: sp.Trainer([own := copy.copy(sp.Trainer(net()).network), step(own)][0])),
    (lambda: grown(None), lambda: grown("synaptic")),
    (lambda: net(delays=["axonal"] * 3), lambda: [net(delays="axonal"), net(delays=["axonal", None])]),
    (
        lambda: sigmoid(0.0),
        lambda: [sigmoid(0.0, delay_init=(0, 0.25)), sigmoid(1e-3), sigmoid(6e-3, delay_shift=5e-3), sigmoid(6e-3, delay_scale=1e-2)],
    ),
    *(
        (lambda mean=mean: sigmoid(0.0, delay_init=(mean, 0)), lambda: [sigmoid(0.0, delay_init=(0, 0.25))])
        for mean in (40, -40, 1000)
    ),
    (lambda: sigmoid(5e-3), lambda: sigmoid(5e-3, delay_scale=6e-3)),
    (lambda: net(recurrent=True).forward(SPIKES), lambda: net(recurrent=True).forward(SPIKES, t_end=0.1)),
    (lambda: net(drive=2.0).forward(SPIKES), lambda: net(drive=2.0).forward(SPIKES, t_end=0.05)),
    (
        lambda: net(drive=0.1, readout="leaky").forward(SPIKES),
        lambda: net(drive=0.1, readout="leaky").forward(SPIKES, t_end=0.05),
    ),
    *(
        (
            lambda own=own: net(**own).forward(GRID, engine="clock"),
            lambda own=own: [net(**own).forward(GRID, engine="event"), net().forward(GRID, engine="clock")],
        )
        for own in ({"drive": 0.1}, {"refractory": 1e-3})
    ),
    (lambda: setattr(LOSS, "tau0", 1.0), lambda: sp.losses.TTFSCrossEntropy(tau0=1.0)),
    (lambda: on_times(np.full((40, 3), np.inf)), lambda: on_times(np.where(np.eye(40, 3) > 0, 1e-2, np.inf))),
    (lambda: on_samples(np.full(40, 1e308)), lambda: on_samples(np.ones(40))),
    (lambda: on_samples(np.zeros(40)), lambda: [on_samples(np.r_[np.zeros(39), 1.0]), on_samples(None)]),
    (lambda: sp.losses.SpikeTimeMSE(t_label=2e-2, t_other=1e-2), lambda: sp.losses.SpikeTimeMSE(t_label=1e-2, t_other=2e-2)),
    (lambda: SPIKES.times.__setitem__(0, 1.0), lambda: SPIKES.times.copy().__setitem__(0, 1.0)),
    (pathless, lambda: sp.save(net(), "named.safetensors")),
    (lambda: masked(False), lambda: masked(True)),
    (
        lambda: sp.encoding.latency(np.array([["0.5"]])),
        lambda: sp.encoding.latency(np.array([["0.5"]]).astype(np.float64)),
    ),
    (lambda: sp.encoding.latency([[2.0]]), lambda: sp.encoding.latency(np.array([[2.0]]) / 2)),
    (lambda: pickle.dumps(sp.Trainer(net())), lambda: pickle.dumps(sp.Trainer(net()).network)),
    (
        lambda: sp.SpikingClassifier(**FEW).fit(SPIKES.to_column()[:, 0], Y),
        lambda: [sp.SpikingClassifier(**FEW).fit(samples, Y) for samples in (sp.SpikeTrains.concatenate(SPIKES.to_column()[:, 0]), SPIKES.to_column())],
    ),
    # gradients and training
    (lambda: gradient("event", "clock"), lambda: gradient("event")),
    (lambda: gradient("clock", sp.ClockEngine(steps=30)), lambda: gradient("clock")),
    (lambda: gradient(sp.ClockEngine(weight_bits=2), "clock"), lambda: gradient(sp.ClockEngine(weight_bits=2))),
    (lambda: gradient("clock", "event"), lambda: gradient("clock")),
    (lambda: gradient("event", y=Y[:, None]), lambda: [gradient("event", y=Y[:, None].ravel()), on_times(np.full((40, 3), 1e-2))]),
    (lambda: gradient("event", loss=STEP_LOSS), lambda: [gradient("clock", loss=STEP_LOSS), gradient("event", loss=LOSS)]),
    (
        lambda: gradient("event", y=np.full((40, 3), 1e-2)),
        lambda: [gradient("event", y=np.full((40, 3), 1e-2), loss=sp.losses.SpikeTimeMSE()), gradient("event")],
    ),
    (lambda: gradient("clock", neurons=True), lambda: [gradient("event", neurons=True), gradient("clock")]),
    (lambda: trained(STEP_LOSS), lambda: [trained(STEP_LOSS, "clock"), trained(LOSS)]),
    (lambda: trained(train=[]), lambda: [trained(train=["weights"]), trained(train=None)]),
    (
        lambda: trained(train=["delays"], delays="axonal"),
        lambda: [trained(train=["delays"], delays="axonal", delay_learning_rate=1e-3), trained(train=["weights"])],
    ),
    (
        lambda: trained(delay_learning_rate=1e-3),
        lambda: [trained(delay_learning_rate=1e-3, delays="axonal"), trained(delay_learning_rate=0.0)],
    ),
    (
        lambda: aimed(sp.losses.VanRossum(), Y),
        lambda: [
            *(aimed(sp.losses.VanRossum(), wanted) for wanted in (net().forward(SPIKES).spikes[-1], np.full((40, 3, 1), 0.02))),
            aimed(sp.losses.SpikeCountMSE(), Y),
        ],
    ),
    (
        lambda: aimed(sp.losses.MembraneMSE([0.01, 0.02]), np.zeros((40, 3)), readout="leaky"),
        lambda: [aimed(sp.losses.MembraneMSE([0.01, 0.02]), wanted, readout="leaky") for wanted in (np.zeros((40, 2, 3)), Y)],
    ),
    (lambda: np.asarray(SPIKES), lambda: [sp.SpikeTrains.concatenate([SPIKES, SPIKES]), SPIKES.to_dense(1e-3), SPIKES.times]),
    (lambda: sp.load(file("training")), lambda: sp.BioGrad.load(file("training"))),
    (lambda: sp.BioGrad.load(file("network")), lambda: sp.load(file("network"))),
    (lambda: sp.BioGrad.load(file("checkpoint")), lambda: sp.Trainer(net(), epochs=1, checkpoint=file("checkpoint"), resume=True)),
    (lambda: sp.Trainer(net(), resume=True), lambda: sp.Trainer(net(), resume=True, checkpoint="to-go-on-from")),
    (lambda: trained_on(X[:, 0]), lambda: [trained_on(Y), aimed_with(validation=None)]),
    (lambda: aimed_with(validation=(SPIKES, Y)), lambda: [aimed_with(validation=(SPIKES, TIMES)), trained_with(validation=(SPIKES, Y))]),
    (lambda: trained_with(validation=empty()), lambda: [trained_with(validation=(SPIKES, Y)), trained_with(validation=None)]),
    (lambda: sp.Trainer(net()).run(SPIKES, Y[:5]), lambda: sp.Trainer(net(), epochs=1).run(SPIKES, Y)),
    (lambda: forward_on_grid(t_end=0.1), lambda: forward_on_grid()),
    (
        lambda: net().forward(SPIKES, engine="clock"),
        lambda: [
            net().forward(SPIKES, engine=sp.ClockEngine(steps=40)),
            net().forward(SPIKES, engine=sp.ClockEngine(time_step=2e-3)),
        ],
    ),
    (
        lambda: forward_coarse(decay="euler"),
        lambda: [forward_coarse(time_step=1e-3, decay="euler"), forward_coarse(decay="exponential")],
    ),
    (lambda: weighted(2e38).forward(AT_ONCE, engine="clock"), lambda: weighted(1e3).forward(AT_ONCE, engine="clock")),
    (lambda: net(threshold=1e-60).forward(GRID, engine="clock"), lambda: net(threshold=1e-60).forward(GRID, engine="event")),
    (lambda: kept_too_long(anew=False), lambda: kept_too_long(anew=True)),
    # measured spikes
    (lambda: measured(HIDDEN), lambda: measured(HIDDEN, OUTPUT)),
    (lambda: measured(HIDDEN, OUTPUT, OUTPUT), lambda: measured(HIDDEN, OUTPUT)),
    (
        lambda: sp.Network([5, 7, 3]).gradient(measured(HIDDEN, OUTPUT), LOSS, Y),
        lambda: [
            own := sp.Network([5, 7, 3]),
            own.gradient(sp.Recording.measured(own, SPIKES, own.forward(SPIKES).spikes), LOSS, Y),
        ],
    ),
    (lambda: measured(spiked([2e-3] * 2, [1, 1], 6), OUTPUT), lambda: measured(HIDDEN, OUTPUT)),
    (
        lambda: measured(spiked([1e-3, 2e-3], [1, 1], 6), OUTPUT, refractory=2e-3),
        lambda: [
            measured(spiked([2e-3], [1], 6), OUTPUT, refractory=2e-3),
            measured(spiked([1e-3, 2e-3], [1, 1], 6), OUTPUT, refractory=5e-4),
        ],
    ),
    (lambda: measured(HIDDEN, OUTPUT, readout="leaky"), lambda: [measured(HIDDEN, SILENT, readout="leaky"), measured(HIDDEN, readout="leaky")]),
    (
        lambda: measured(HIDDEN, OUTPUT, t_end=3e-3),
        lambda: [measured(HIDDEN, SILENT, t_end=3e-3), measured(HIDDEN, OUTPUT, t_end=5e-3)],
    ),
    (lambda: measured_before(anew=False), lambda: measured_before(anew=True)),
    (
        lambda: sp.Network([5, 7, 3]).gradient(net().forward(SPIKES), LOSS, Y),
        lambda: [own := sp.Network([5, 7, 3]), own.gradient(own.forward(SPIKES), LOSS, Y)],
    ),
    (lambda: leaky(1.7e308), lambda: leaky(1e3)),
    (
        lambda: net(threshold=1e308, tau_syn=1e-7, tau_mem=1e-6),
        lambda: [
            net(threshold=1.0, tau_syn=1e-7, tau_mem=1e-6),
            net(threshold=1e308, tau_syn=1e-7, tau_mem=1e-6, weight_mean=[0.0, 0.0], weight_std=[1.0, 1.0]),
        ],
    ),
    (lambda: sp.Network([2**20, 2**20, 3]), lambda: sp.Network([2**10, 2**10, 3])),
    # estimators, searches, initialisations
    (
        lambda: sp.SpikingClassifier().set_params(loss__tau0=1e-3),
        lambda: sp.SpikingClassifier(loss=sp.losses.TTFSCrossEntropy()).set_params(loss__tau0=1e-3),
    ),
    (
        lambda: sp.SpikingClassifier(class_weight="balanced", **FEW).partial_fit(X, Y, classes=[0, 1, 2]),
        lambda: sp.SpikingClassifier(class_weight={0: 2.0}, **FEW).partial_fit(X, Y, classes=[0, 1, 2]),
    ),
    (
        lambda: sp.SpikingClassifier(**FEW).partial_fit(X, Y),
        lambda: sp.SpikingClassifier(**FEW).partial_fit(X, Y, classes=[0, 1, 2]),
    ),
    (
        lambda: sp.SpikingClassifier(**FEW).fit(X, Y, X_val=X),
        lambda: [sp.SpikingClassifier(**FEW).fit(X, Y, validation=(X, Y)), sp.SpikingClassifier(**FEW).fit(X, Y, X_val=X, y_val=Y)],
    ),
    (
        lambda: sp.SpikingClassifier(**FEW).fit(X, Y).set_params(hidden=(7,)).partial_fit(X, Y),
        lambda: sp.SpikingClassifier(**FEW).fit(X, Y).set_params(hidden=(7,), warm_start=False).fit(X, Y),
    ),
    (
        lambda: sp.SpikingClassifier(**FEW).fit(X, Y).set_params(warm_start=True, resume=True, checkpoint="warm").fit(X, Y),
        lambda: [
            sp.SpikingClassifier(**FEW).fit(X, Y).set_params(warm_start=warm, resume=not warm, checkpoint="warm").fit(X, Y) for warm in (False, True)
        ],
    ),
    (
        lambda: sp.SpikingClassifier(**FEW).fit(X, Y).set_params(tau_mem=50e-3).partial_fit(X, Y),
        lambda: [
            sp.SpikingClassifier(**FEW).fit(X, Y).set_params(tau_mem=50e-3, warm_start=False).fit(X, Y),
            sp.SpikingClassifier(**FEW, tau_mem=50e-3).fit(X, Y).set_params(tau_mem=50e-3).partial_fit(X, Y),
        ],
    ),
    (
        lambda: sp.SpikingRegressor(**FEW).partial_fit(X[:1], X[:1, 0]),
        lambda: sp.SpikingRegressor(**FEW).partial_fit(X, X[:, 0]),
    ),
    (lambda: reptile_with_delays(delay_init=(0, 0.25)), lambda: reptile_with_delays(delays=0.1)),
    (lambda: sp.meta.reptile(net(), [(SPIKES, Y)], steps=1, resume=False), lambda: sp.meta.reptile(net(), [(SPIKES, Y)], steps=1, epochs=1)),
    (
        lambda: searched(estimator=sp.SpikingClassifier(checkpoint="there", **FEW)),
        lambda: searched(estimator=sp.SpikingClassifier(checkpoint=None, **FEW)),
    ),
    (lambda: searched(storage=os.getcwd()), lambda: searched(storage=os.path.join(os.getcwd(), "trials.sqlite"))),
    (lambda: searched(estimator=3), lambda: [searched(), searched(estimator=lambda hidden: sp.SpikingClassifier(hidden=(hidden,), epochs=1))]),
    (
        lambda: searched(objectives=("accuracy", "energy")),
        lambda: [
            searched(objectives=("accuracy", "energy"), estimator=sp.SpikingClassifier(engine="clock", **FEW)),
            searched(objectives=("accuracy", "energy"), costs={"energy": lambda fitted: 1.0}),
        ],
    ),
    (
        lambda: sp.Build(sp.losses.TTFSCrossEntropy, tau0=1e-3),
        lambda: [
            sp.Build(sp.losses.TTFSCrossEntropy, tau0=(1e-3, 2e-3)),
            sp.Build(sp.losses.TTFSCrossEntropy, tau0=[1e-3, 2e-3]),
            sp.losses.TTFSCrossEntropy(tau0=1e-3),
        ],
    ),
    # neuron arrays
    (lambda: placed(weight_bits=4), placed),
    (lambda: placed(readout_bits=10), placed),
    (lambda: placed(row_offset=0.5), lambda: placed(row_offset=0.0)),
    (lambda: sp.brainscales2.Array(2, 0), lambda: [sp.brainscales2.Array(2, 1), sp.brainscales2.Array(2, 0, True)]),
    (
        lambda: sp.brainscales2.Array(2, 300),
        lambda: [sp.brainscales2.Array(2, 300, mask=np.arange(600).reshape(300, 2) < 400), sp.brainscales2.Array(2, 300, fan_in=300)],
    ),
    (
        lambda: sp.brainscales2.Array(2, 1, mask=[[True, False]], weights=[[1, 1]]),
        lambda: sp.brainscales2.Array(2, 1, mask=[[True, False]], weights=[[1, 0]]),
    ),
    (lambda: array(tau_mem=[]), lambda: [array(tau_mem=1e-2), array(tau_mem=[1e-2, 2e-2])]),
    (lambda: array().correlations(), lambda: array(sensors=True).correlations()),
    (lambda: array().apply(lambda processor: processor.causal), lambda: array(sensors=True).apply(lambda processor: processor.weights * 0 * processor.causal)),
    (lambda: array().apply(None), lambda: [array().apply(HOMEOSTASIS), array().apply(lambda processor: None)]),
    (
        lambda: array().run(None, 1.0, HOMEOSTASIS),
        lambda: [array().run(None, 1.0, HOMEOSTASIS, 0.5), array().run(None, 1.0), array().apply(HOMEOSTASIS)],
    ),
    (lambda: array().run(duration=1e16), lambda: [array().run(duration=1.0), array().reset()]),
    (lambda: late(0.5), lambda: late(1.0)),
    (lambda: array(tau_mem=np.ones(2000)), lambda: [array(tau_mem=1e-2), array(tau_mem=[1e-2, 2e-2])]),
    (lambda: assigned(array(), None), lambda: assigned(array(), [[1, 2]])),
    (lambda: raised(array()), lambda: [own := array(), assigned(own, own.weights + 1)]),
    (lambda: state_set(array(gain=0.5)), lambda: state_set(array())),
    # sparse networks
    (lambda: sparse(drives=[]), lambda: [sparse(drives=5.0), sparse(drives=np.full(20, 5.0))]),
    (lambda: sparse(drives=[5.0] * 3), lambda: [sparse(drives=5.0), sparse(drives=np.full(20, 5.0))]),
    (lambda: sparse(drives=-1.0), lambda: [sparse(drives=1.0), sparse(rate=2.0)]),
    (lambda: sparse(weights=[1.0] * 3), lambda: [sparse(weights=-0.1), sparse(weights=np.full(80, -0.1))]),
    (lambda: set_sparse(sparse(), None), lambda: [set_sparse(sparse(), -0.1), set_sparse(sparse(), np.full(80, -0.1))]),
    (lambda: scaled_sparse(sparse()), lambda: [own := sparse(), set_sparse(own, own.weights - 0.01)]),
    (lambda: set_sparse(sparse().run(5).network, -0.1), lambda: set_sparse(copy.copy(sparse().run(5).network), -0.1)),
    (lambda: sparse(coupling=-1.0), lambda: sparse(weights=0.01)),
    (
        lambda: sp.sparse.RecurrentNetwork(2, 1, adjacency=([0, 1, 2], [0, 0])),
        lambda: sp.sparse.RecurrentNetwork(2, 1, adjacency=([0, 0, 1], [0])),
    ),
    (lambda: sparse().run(9, [0.0] * 3 + [0.1] * 17).gradient([1.0]), lambda: sparse().run(9).gradient(np.ones(9))),
    (
        lambda: sparse().run(9).gradient(np.ones(9), [1.0]),
        lambda: [sparse().run(9).gradient(np.ones(9), np.ones(20)), sparse().run(9).gradient(np.ones(9))],
    ),
    (lambda: sparse().run(9).rate_loss([1.0]), lambda: sparse().run(9).rate_loss(np.ones(20))),
    (
        lambda: sparse().run(9).spike_time_loss(sp.SpikeTrains([0.1], [0], [0, 1], 1)),
        lambda: sparse().run(9).spike_time_loss(sp.SpikeTrains([0.1], [0], [0, 1], 20)),
    ),
    (
        lambda: sparse().run(9, inputs=([0.1], [0, 1], [0.1])),
        lambda: sparse().run(9, inputs=([0.1, 0.2], [0, 1], [0.1, 0.1])),
    ),
    (lambda: sparse().run(t_end=float("inf")), lambda: [sparse().run(9, t_end=float("inf")), sparse().run(t_end=0.1)]),
    (
        lambda: sparse().run(9, keep_tape=False).gradient(np.ones(9)),
        lambda: sparse().run(9, keep_tape=True).gradient(np.ones(9)),
    ),
    # emulated chips
    (lambda: loaded_chip("{}"), lambda: loaded_chip(None)),
    (lambda: loaded_array("{}"), lambda: loaded_array(None)),
    (lambda: sp.brainscales2.Engine([]), lambda: sp.brainscales2.Engine([sp.brainscales2.Chip()])),
    (
        lambda: sp.Network([5, 510, 3]).forward(SPIKES, engine="brainscales2"),
        lambda: sp.Network([5, 500, 3]).forward(SPIKES, engine="brainscales2"),
    ),
    (
        lambda: sp.Network([5, 500, 3], delays="axonal").forward(SPIKES, engine=sp.brainscales2.Engine(input_copies=30)),
        lambda: [
            sp.Network([5, 3], delays="axonal").forward(SPIKES, engine=sp.brainscales2.Engine(input_copies=30)),
            sp.Network([5, 500, 3]).forward(SPIKES, engine=sp.brainscales2.Engine(input_copies=1)),
        ],
    ),
    (
        lambda: on_chip(200, 1e-5),
        lambda: [on_chip(129, 1e-5), on_chip(200, 1e-3), on_chip(200, 1e-5, speedup=slow_enough(200, 1e-5)), on_chip(200, 1e-5, count_losses=True)],
    ),
    (lambda: sp.brainscales2.fit([5, 3], input_spikes=9), lambda: sp.brainscales2.fit([5, 3], input_spikes=9, duration=1.0)),
    (lambda: sp.spinnaker2.Chip(high_clock=2e8), lambda: sp.spinnaker2.Chip(clock_hz=2e8)),
    (lambda: sp.spinnaker2.fit(5), lambda: sp.spinnaker2.fit([5, 3])),
    (lambda: sp.spinnaker2.fit([5]), lambda: sp.spinnaker2.fit([5, 3])),
    (lambda: sp.spinnaker2.fit([5, 3], activity=[]), lambda: sp.spinnaker2.fit([5, 3], activity=[0.5])),
    (lambda: chip().account(), lambda: asked_while_running(chip(), False)),
    (lambda: asked_while_running(chip(), True), lambda: asked_while_running(chip(), False)),
    (lambda: used_while_running(own := chip(), own), lambda: used_while_running(chip(), chip())),
    (
        lambda: gradient_on_chip(rate=rate()),
        lambda: [gradient_on_chip(rate=rate(), engine="clock"), gradient_on_chip()],
    ),
    (
        lambda: net(readout="leaky").forward(GRID, engine=chip()),
        lambda: net(readout="spiking").forward(GRID, engine=chip()),
    ),
    (
        lambda: sp.spinnaker2.Chip(code_bytes=1e5, heap_bytes=1e5),
        lambda: sp.spinnaker2.Chip(code_bytes=1e4, heap_bytes=1e4),
    ),
    (
        lambda: net().forward(GRID, engine=chip(copies=200)),
        lambda: [
            net().forward(GRID, engine=chip(copies=2)),
            net().forward(GRID, engine=chip(chip=sp.spinnaker2.Board(48), copies=200)),
        ],
    ),
    (
        lambda: sp.Network([5, 700, 3]).forward(GRID, engine=chip(placement="published", largest_slice=100)),
        lambda: sp.Network([5, 700, 3]).forward(GRID, engine=chip(placement="compact", largest_slice=100)),
    ),
    (
        lambda: net().forward(GRID, engine=chip(chip=sp.spinnaker2.Chip(dram_bytes=1e5), copies=10)),
        lambda: [
            net().forward(GRID, engine=chip(chip=sp.spinnaker2.Chip(dram_bytes=1e5), copies=2)),
            net().forward(GRID, engine=chip(chip=sp.spinnaker2.Chip(dram_bytes=1e6), copies=10)),
        ],
    ),
    (
        lambda: net().forward(GRID, engine=chip(chip=sp.spinnaker2.Chip(router_entries=20), copies=10)),
        lambda: net().forward(GRID, engine=chip(chip=sp.spinnaker2.Chip(router_entries=20), copies=1)),
    ),
    (
        lambda: busy(spikes_per_neuron=1.0),
        lambda: [busy(spikes_per_neuron=40.0, active_senders=1.0), busy(scale=0.1, spikes_per_neuron=1.0)],
    ),
    # courses of trainings
    (
        lambda: sp.Trainer(net(), learning_rate=[1e-2] * 3),
        lambda: [sp.Trainer(net(), learning_rate=rate) for rate in (1e-2, [1e-2, 0.0])],
    ),
    (lambda: lengthened(during=True), lambda: lengthened(during=False)),
    (
        lambda: differentiated(sp.losses.MembraneMSE([1e-3]), np.zeros((40, 1, 3)), "clock"),
        lambda: [
            differentiated(sp.losses.MembraneMSE([1e-3]), np.zeros((40, 1, 3)), "event"),
            differentiated(sp.losses.VMaxMSE(), np.zeros((40, 3)), "clock"),
        ],
    ),
    (lambda: in_shards(Y[:3]), lambda: in_shards(Y)),
    # pictures
    (
        lambda: sp.plot.decision_map(sp.SpikingClassifier(), X),
        lambda: [mapped([0, 1, 2]), sp.plot.decision_map(sp.SpikingClassifier(**FEW).fit(X, Y), resolution=5)],
    ),
    (lambda: mapped([0, 1]), lambda: mapped([0, 1, 2])),
    (
        lambda: sp.plot.delay_histogram(net()),
        lambda: [sp.plot.delay_histogram(net(delays=kind)) for kind in ("synaptic", "axonal", "dendritic")],
    ),
    (lambda: adjoint_of(copy=True), lambda: [adjoint_of(copy=False)]),
    (lambda: sp.plot.learning_curve([]), lambda: sp.plot.learning_curve([sp.Trainer(net())])),
    (
        lambda: sp.plot.membrane(net().forward(SPIKES), neurons=[]),
        lambda: [sp.plot.membrane(net().forward(SPIKES), neurons=neurons) for neurons in ([0], None)],
    ),
    (lambda: sp.plot.raster(SPIKES, y=Y + 1, classes=["a"]), lambda: sp.plot.raster(SPIKES, y=Y, classes=["a", "b", "c"])),
]


def lengthened(during):
    trainer = sp.Trainer(net(), epochs=1)

    def lengthen(state=None):
        trainer.epochs = 2

    trainer.run(SPIKES, Y, progress=lengthen if during else None)
    lengthen()
    return trainer.run(SPIKES, Y)


def differentiated(loss, y, engine):
    network = net(readout="leaky")
    return network.gradient(network.forward(GRID if engine == "clock" else SPIKES, engine=engine), loss, y)


def in_shards(y):
    with ThreadPoolExecutor(1) as executor:
        return sp.executors.gradient(net(), SPIKES, LOSS, y, executor=executor, shards=2)


def busy(scale=1.0, **options):
    own = sp.Network([5, 60, 3], seed=1)
    for layer, shape in enumerate(((60, 5), (3, 60))):
        own.weights[layer] = np.full(shape, 10 * scale)
    return own.forward(GRID, engine=chip(copies=1, **options))


def kept_too_long(anew):
    own = net()
    recording = own.forward(SPIKES)
    step(own)
    return own.gradient(own.forward(SPIKES) if anew else recording, LOSS, Y)


def measured_before(anew):
    own = net()
    recording = sp.Recording.measured(own, SPIKES, [HIDDEN, OUTPUT])
    step(own)
    return own.gradient(sp.Recording.measured(own, SPIKES, [HIDDEN, OUTPUT]) if anew else recording, LOSS, Y)


def leaky(value):
    own = net(readout="leaky")
    own.weights[0], own.weights[1] = np.full((6, 5), 10.0), np.full((3, 6), value)
    return own.forward(SPIKES)


def forward_coarse(time_step=30e-3, **options):
    return net().forward(sp.SpikeTrains([0.0], [0], [0, 1], 5), engine=sp.ClockEngine(time_step=time_step, **options))


def empty():
    return sp.SpikeTrains([], [], [0], 5), np.empty(0, np.int64)


TIMES = np.full((40, 3), 0.02)


def aimed_with(validation):
    return sp.Trainer(net(), sp.losses.SpikeTimeMSE(), epochs=1).run(SPIKES, TIMES, validation=validation)


def said_in_numbers(**options):
    return sp.SpikingRegressor(**FEW, **options).fit(X, X[:, 0])


def trained_on(y):
    return sp.Trainer(net(), epochs=1).run(SPIKES, y)


def trained_with(validation):
    return sp.Trainer(net(), epochs=1).run(SPIKES, Y, validation=validation)


def gradient_on_chip(engine=None, **options):
    network = net()
    return network.gradient(network.forward(GRID, engine=chip(copies=1)), STEP_LOSS, Y, engine, **options)


def studies(tmp_path):
    """A study that was made with another space."""
    studied(tmp_path)
    other = {"hidden": (5, 7)}
    return (
        lambda: studied(tmp_path, space=other),
        lambda: [
            studied(tmp_path, space=other, name="other"),
            searched(other, storage=tmp_path / "other.db"),
            studied(tmp_path),
        ],
    )


def of_nir():
    """Graphs, recordings and exports that are refused, and as the message wants them."""
    import nir
    from test_nir import CHAIN, in_row, linear, neurons, single, two, with_edges

    one, row = (np.array([[0]]), np.array([[1.0]])), [("input", "n0"), ("n0", "n1"), ("n1", "output")]
    recorded = nir.NIRGraphData({"g": sp.to_nir(net().forward(SPIKES))})
    never = net(refractory=1e-3)
    for layer, size in enumerate((6, 3)):
        never.refractory[layer] = np.zeros(size)

    def affine(bias):
        return in_row(nir.Affine(np.ones((2, 3)), np.full(2, bias)), neurons())

    def loose(*edges):
        return two([*CHAIN, *edges], x=linear(2, 2))

    def export(*samples, network=None, name="net.nir", engine=None):
        with tempfile.TemporaryDirectory() as folder:
            return sp.spinnaker2.export(network or net(), os.path.join(folder, name), *samples, engine=engine)

    def noted(*units):
        graph = sp.to_nir(sp.Network([3, 4, 2]), time_unit="ms")
        for layer, unit in enumerate(units, 1):
            graph.nodes[f"layer_{layer}"].metadata["time_unit"] = unit
        return graph

    read, skipping, fast = sp.from_nir, net(connections=[(0, 1), (1, 2), (0, 2)]), net(tau_syn=5e-4)
    spiking = nir.NIRNodeData({"spikes": nir.EventData(*one, 3, 1.0)})
    return [
        (lambda: sp.to_nir(SPIKES, dt=1e-3), lambda: sp.to_nir(SPIKES)),
        (lambda: sp.to_nir(net(refractory=1e-3)), lambda: sp.to_nir(never)),
        (
            lambda: sp.to_nir(sp.Network([300, 200], delays="synaptic")),
            lambda: [sp.to_nir(sp.Network([300, 200], delays=kind)) for kind in ("axonal", "dendritic")],
        ),
        (lambda: read(noted("h", "h")), lambda: read(noted("h", "h"), time_unit="s")),
        (lambda: read(noted("us", "ms")), lambda: read(noted("ms", "ms"), time_unit="ms")),
        (lambda: read(nir.ValuedEventData(*one, 3, 1.0, one[1])), lambda: read(spiking.observables["spikes"])),
        (lambda: read(recorded), lambda: read(recorded.nodes["g"])),
        (lambda: read(two([*CHAIN, ("b", "input")])), lambda: read(two(CHAIN))),
        (lambda: read(with_edges([*row, row[0]])), lambda: read(with_edges(row))),
        (lambda: read(in_row(single())), lambda: read(in_row(neurons(3), n_out=3))),
        (lambda: read(affine(1.0)), lambda: (read(affine(0.0)), read(in_row(linear(2, 4), neurons(), n_in=4)))),
        (lambda: read(loose(("a", "x"))), lambda: (read(two(CHAIN)), read(loose(("b", "x"), ("x", "b"))))),
        (lambda: read(loose()), lambda: (read(two(CHAIN)), read(loose(("b", "x"), ("x", "b"))))),
        (lambda: export(GRID), lambda: (export(GRID, Y), export())),
        (lambda: export(GRID, Y + 3), lambda: export(GRID, Y)),
        (lambda: export(GRID[:0], Y[:0]), lambda: (export(GRID[:1], Y[:1]), export())),
        (lambda: export(name="missing/net.nir"), lambda: export()),
        (lambda: export(name=""), lambda: export()),
        (lambda: export(network=net(delays="axonal")), lambda: export()),
        (lambda: export(network=net(readout="leaky")), lambda: export()),
        (lambda: export(network=net(refractory=1e-3)), lambda: export(network=never)),
        (lambda: export(network=skipping), lambda: (export(), sp.to_nir(skipping))),
        (lambda: export(network=fast), lambda: export(network=fast, engine=sp.spinnaker2.Engine(time_step=1e-4))),
    ]


def of_torch():
    """Layers in PyTorch that are refused, and as the message wants them."""
    import torch

    from spinnprop.torch import EventProp

    own, masks = net(), [np.ones((6, 5), bool), np.eye(3, 6, dtype=bool)]
    times = torch.full((2, 5), 1e-3)
    return [
        (lambda: EventProp(own, tau_mem=10e-3), lambda: EventProp(net(tau_mem=10e-3))),
        (lambda: EventProp(own).load_network(sp.Network([5, 3])), lambda: EventProp(sp.Network([5, 3]))),
        (lambda: EventProp(own).load_network(net(masks=masks)), lambda: EventProp(net(masks=masks))),
        (lambda: EventProp(own)(times.to_sparse()), lambda: EventProp(own)(times)),
        (
            lambda: EventProp([5, 3], train=["weights", "delays"]),
            lambda: [EventProp([5, 3], train=["weights", "delays"], delays="synaptic"), EventProp([5, 3], train=["weights"])],
        ),
        (
            lambda: EventProp(net(readout="leaky"), output="membrane"),
            lambda: [EventProp(net(readout="leaky"), output="membrane", times=[1e-3]), EventProp(net(readout="leaky"))],
        ),
    ]


if importlib.util.find_spec("nir"):
    REMEDIES += of_nir()
if importlib.util.find_spec("torch"):
    REMEDIES += of_torch()

#: Remedies that are not tried here, and why.
ELSEWHERE = {
    **({} if importlib.util.find_spec("nir") else {
        "NIR|ValuedEventData|graph|node|edge|dt is for|spikes and y|the chip's|no accuracy|give labels|is no folder|path of a file": "nir is missing",
    }),
    **({} if importlib.util.find_spec("torch") else {"EventProp|times has layout|for output|beside a network|no connection has delays": "torch is missing"}),
    "pip install|the storage .* needs": "test_import.py and test_clusters.py take the packages away",
    "make the network with readout|reads membranes, and programs": "test_remedies_of_losses.py follows all of them",
    "install the same everywhere": "a worker of another version: test_clusters.py, test_shards.py",
    "the executor has been shut down|cluster of Ray; leave|no Ray cluster answers|no Ray cluster runs|has no workers yet": "test_clusters.py",
    "no forward-mode derivatives|no torch.func.grad": "test_torch.py, test_torch_training.py",
    "how many workers": "test_search.py",
    "which may be clamped": "test_custom_losses.py, and own-loss.md trains so",
    "begins with|without that line|cannot be sent|names no file|addresses of SQLAlchemy": "test_search.py, test_search_together.py",
    "with a model beside it|as the model beside it|the model .*was trained": "test_command_spinnaker2.py",
    "batches came back of|does not round weights": "Python counts first, and rounds by engines that do; LearningTests, Tests/hosts/",
    "does not say what it was made with": "a study of somebody else's: test_search.py",
    "the study .* is damaged": "test_search_together.py",
    "not all of its results could be written": "a disk that is full: test_command_train.py",
    "no file that could be replaced": "test_files.py",
    "is no file, or leads|may not be read|which is a file": "files that are none, or closed: test_datasets.py",
    "too short to tell steps apart": "files of events: test_heidelberg.py",
    "is no folder; give another path": "test_rounded_weights.py",
    "is a file of the training": "test_command_spinnaker2.py",
    "please report": "a defect nobody knows how to provoke",
    "SPINNPROP_|NULL|_init function|spinnprop_|n_.* is 0|free yet": "hosts in C alone can do that; Tests/hosts/ does",
    "more than the system gives|the memory there is|the system gives this process|any machine holds": "test_memory.py",
    "install a newer": "a file of a later version",
    "wait": "by threads: test_processes.py",
    "the path is empty|zero byte": "Python looks at paths first",
    "elements for .* (neurons|layers);|initial phases|errors for .* spikes|errors of final states|labels for|kinds of delay for|"
    "sample weights for|learning rates for .* layers|targets per sample|between two runs|neither labels nor targets|"
    r"sets of neuron|has \.\* \.\*s for \.\* neurons|flags for|; give 1, one for each|targets for": "Python "
    "or the border of C counts first; the rooms' own tests do it",
    "gradients have the shape of another|errors of .* layers for a recording|errors for (the|.* membranes|.* integrals)|errors of membranes are for": "Python "
    "counts first; GivenErrorsTests",
    "autograd=": "test_custom_losses.py",
    "tracker is closed": "needs a package that may be missing: test_callbacks.py",
    "needs spikes on a grid|counts time in steps, and engine": "the composition says so before the engine",
    "run a batch first|of a training, which does not|chips is empty": "sessions are the core's own, and Python looks at chips first",
    "engine .first-spike.": "FirstSpikeTests, and the tests of that engine here",
    "payload words|receive FIFO|no routing entry|asks for .* bytes and|packet keys|routing table of chip|senders": "a machine that is "
    "programmed by hand, or filled to the brim: SpiNNaker2Tests and SpiNNaker2ProgramsTests",
    "spike tape of copy|fill their tapes": "likewise",
    "input has .* probabilities and events": "hosts in C alone can do that; Tests/hosts/ does",
    "probabilities for samples of": "Python counts first; LocalLearningTests",
    "too large to learn from|is too late for float64|lower the learning rate": "a training that blows up: LearningTests",
}
