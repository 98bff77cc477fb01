"""Neurons with a drive or a refractory period."""

import copy
import pickle

import numpy as np
import pytest

import spinnprop as sp

NONE = sp.SpikeTrains([], [], [0, 0, 0], 2)


def test_a_drive_needs_no_arrivals():
    net = sp.Network([2, 3], drive=[2.0, 1.5, 0.9], refractory=[0.0, 4e-3, 0.0])
    with pytest.raises(ValueError, match=r"drive of neuron 0 of layer 0 is 2\.0.*give a finite t_end"):
        net.forward(NONE)
    rec = net.forward(NONE, t_end=0.1)
    for sample in range(2):
        times, units = rec.spikes[0][sample]
        for unit, period in ((0, 20e-3 * np.log(2)), (1, 20e-3 * np.log(3))):
            held = 4e-3 * unit
            own = times[units == unit]
            assert own == pytest.approx(period + (period + held) * np.arange(len(own)), rel=1e-12) and len(own) > 3
        assert not np.any(units == 2)
    _, grad = net.gradient(rec, sp.losses.TTFSCrossEntropy(), [0, 0], neurons=True)
    assert np.all(grad.drive[0][:2] != 0) and grad.drive[0][2] == 0 and not grad.weights[0].any()


def test_a_read_out_rises_to_its_drive():
    net = sp.Network([2, 1], drive=0.5, readout="leaky")
    with pytest.raises(ValueError, match="rises for ever.*give a finite t_end"):
        net.forward(NONE)
    rec = net.forward(NONE, t_end=0.02)
    assert rec.maxima[:, 0] == pytest.approx(0.5 * -np.expm1(-1), rel=1e-14)


def test_a_read_out_that_never_rises_has_the_left_derivative():
    net = sp.Network([1, 2], readout="leaky", drive=0.0)
    net.weights[0] = [[-3.0], [0.1]]
    spikes, loss = sp.SpikeTrains([1e-3], [0], [0, 1], 1), sp.losses.VMaxCrossEntropy()

    def value(drive):
        net.drive[0] = [drive, 0.0]
        return net.gradient(net.forward(spikes, t_end=0.03), loss, [1], neurons=True)

    (at, grad), (left, _), (right, _) = value(0.0), value(-1e-6), value(1e-6)
    assert grad.drive[0][0] == 0 == left - at and (right - at) / 1e-6 > 1e-3


@pytest.mark.parametrize("engine", ["clock", "spinnaker2", "first-spike"])
@pytest.mark.parametrize("name, value", [("drive", 0.25), ("drive", -1.0), ("refractory", 1e-3)])
def test_other_engines_refuse(engine, name, value):
    X, y = sp.datasets.yin_yang(10)
    spikes = sp.encoding.latency(X, bias=0.0) if engine == "first-spike" else sp.encoding.latency_grid(X)
    net = sp.Network([5, 6, 3], tau_mem=None, tau_syn=None, engine=engine)
    getattr(net, name)[1] = [0.0, value, 0.0]
    match = f'{name} of neuron 1 of layer 1 is .*engine "{engine}".* set {name} to 0, or use "event" in its place'
    with pytest.raises(sp.SpinnpropError, match=match):
        net.forward(spikes, engine=engine)
    with pytest.raises(sp.SpinnpropError, match=match):
        sp.Trainer(net, epochs=1, engine=engine).run(spikes, y)
    # The remedy works.
    net.forward(spikes if engine == "first-spike" else sp.encoding.latency(X, bias=0.0), engine="event")
    getattr(net, name)[1] = np.zeros(3)
    net.forward(spikes, engine=engine)


def test_files_pickles_and_copies_have_them(tmp_path):
    net = sp.Network([2, 3, 1], drive=[0.5, -0.25, 0.0, 2.0], refractory=[1e-3, 0.0])
    sp.save(net, tmp_path / "net")
    for other in (sp.load(tmp_path / "net"), pickle.loads(pickle.dumps(net)), copy.copy(net)):
        assert [list(own) for own in other.drive] == [[0.5, -0.25, 0.0], [2.0]]
        assert [list(own) for own in other.refractory] == [[1e-3] * 3, [0.0]]
    rec = net.forward(NONE, t_end=0.1)
    for name in ("drive", "refractory"):
        other = copy.copy(net)
        getattr(other, name)[0] = getattr(net, name)[0] + 1e-6
        with pytest.raises(sp.SpinnpropError, match="changed since"):
            other.gradient(rec, sp.losses.TTFSCrossEntropy(), [0, 0])
    again = pickle.loads(pickle.dumps(rec))
    for one, two in zip(again.diagnostics, rec.diagnostics):
        assert one["smallest_slope"] == two["smallest_slope"] and not one["impossible_spikes"]


def test_measured_spikes():
    X, y = sp.datasets.yin_yang(20, seed=1)
    spikes = sp.encoding.latency(X, bias=0.0)
    net = sp.Network([5, 10, 3], seed=2, drive=0.4, refractory=2e-3)
    net.weights[0] = 3 * net.weights[0]
    rec = net.forward(spikes)
    measured = sp.Recording.measured(net, spikes, rec.spikes)
    loss = sp.losses.TTFSCrossEntropy()
    (value, own), (same, other) = (net.gradient(each, loss, y, neurons=True) for each in (rec, measured))
    assert same == pytest.approx(value, rel=1e-12)
    for name in ("weights", "drive", "refractory", "reset"):
        for one, two in zip(getattr(own, name), getattr(other, name)):
            assert one == pytest.approx(two, rel=1e-8, abs=1e-9)
    net.refractory[0] = np.full(10, 1.0)
    with pytest.raises(ValueError, match="within its refractory period of 1.0 s; leave one of both out, or set a shorter period"):
        sp.Recording.measured(net, spikes, rec.spikes)


def test_the_estimator_passes_them_on():
    X, y = sp.datasets.yin_yang(60)
    clf = sp.SpikingClassifier(hidden=(10,), epochs=1, train=["weights", "drive"], drive=0.1, refractory=1e-3).fit(X, y)
    assert clf.network_.drive[0][0] not in (0, 0.1) and clf.network_.refractory[0][0] == 1e-3


def test_drives_are_trained():
    X, y = sp.datasets.yin_yang(100, seed=1)
    spikes = sp.encoding.latency(X, bias=0.0)
    net = sp.Network([5, 20, 3], seed=2, refractory=1e-3)
    trainer = sp.Trainer(net, epochs=3, train=["weights", "drive"], neuron_learning_rate=1e-2, t_end=0.1)
    trainer.run(spikes, y)
    assert all(own.any() for own in trainer.network.drive) and trainer.network.refractory[0][0] == 1e-3
