"""The clock-driven engine through the binding: options, recordings, gradients, training, hostile input."""

import copy
import inspect
import pickle

import numpy as np
import pytest

import spinnprop as sp
from spinnprop import _core
from spinnprop._engines import grid, names

GRID = sp.ClockEngine(steps=60)
LOSS = sp.losses.StepTTFSCrossEntropy()
X, y = sp.datasets.yin_yang(100)
SPIKES = sp.encoding.latency_grid(X, steps=30)


@pytest.fixture
def net():
    return sp.Network([5, 30, 3], seed=1, weight_mean=[1.5, 0.5], weight_std=[1.0, 0.3])


def test_defaults_are_the_cores():
    core = _core.clock_defaults()
    for name, parameter in inspect.signature(sp.ClockEngine).parameters.items():
        ours = grid._DECAYS[parameter.default] if name == "decay" else parameter.default or 0
        assert core[name] == ours, name
    handle = sp.ClockEngine(2e-3, 40, "euler", 3, 8)._handle
    options = {"time_step": 2e-3, "steps": 40, "decay": _core.DECAY_EULER, "copies": 3, "weight_bits": 8}
    assert _core.clock_get_options(handle) == options
    assert _core.engine_describe(handle) == {**_core.clock_get_options(handle), "kind": _core.ENGINE_CLOCK}
    core = _core.loss_defaults(_core.LOSS_STEP_TTFS_CROSS_ENTROPY)
    for name, parameter in inspect.signature(sp.losses.StepTTFSCrossEntropy).parameters.items():
        assert core[name] == parameter.default, name


def test_engines_are_values():
    engine = sp.ClockEngine(0.5e-3, 40, "euler", 3)
    assert repr(engine) == "ClockEngine(time_step=0.0005, steps=40, decay='euler', copies=3, weight_bits=None)"
    for other in (pickle.loads(pickle.dumps(engine)), copy.deepcopy(engine)):
        assert other == engine and hash(other) == hash(engine)
    assert engine != sp.ClockEngine(0.5e-3, 40, "euler")
    with pytest.raises(AttributeError, match="never changes"):
        engine.steps = 3
    assert pickle.loads(pickle.dumps(sp.losses.StepTTFSCrossEntropy(ties_are_wrong=True))).ties_are_wrong is True


@pytest.mark.parametrize(
    "options, error, said",
    [
        (dict(time_step=0.0), ValueError, "time_step is 0.0"),
        (dict(time_step=-1e-3), ValueError, "time_step"),
        (dict(time_step=float("nan")), ValueError, "time_step is nan"),
        (dict(time_step=float("inf")), ValueError, "time_step is inf"),
        (dict(time_step=1e-300), ValueError, "time_step"),
        (dict(time_step="1 ms"), TypeError, "time_step"),
        (dict(steps=0), ValueError, "steps is 0"),
        (dict(steps=1), ValueError, "steps is 1"),
        (dict(steps=-5), ValueError, "steps is -5"),
        (dict(steps=2**31), ValueError, "steps"),
        (dict(steps=27.0), TypeError, "steps"),
        (dict(steps=True), TypeError, "steps"),
        (dict(decay="linear"), ValueError, "decay is 'linear'"),
        (dict(decay=None), ValueError, "decay is None"),
        (dict(copies=0), ValueError, "copies is 0"),
        (dict(copies=-1), ValueError, "copies is -1"),
        (dict(copies=1.5), TypeError, "copies"),
    ],
)
def test_engines_out_of_their_domain(options, error, said):
    with pytest.raises(error, match=said):
        sp.ClockEngine(**options)


@pytest.mark.parametrize("options", [dict(xi=0.0), dict(xi=np.nan), dict(beta=-1.0), dict(beta=0.0), dict(alpha=-1.0)])
def test_losses_out_of_their_domain(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        sp.losses.StepTTFSCrossEntropy(**options)
    with pytest.raises(TypeError, match="ties_are_wrong"):
        sp.losses.StepTTFSCrossEntropy(ties_are_wrong=1)


def test_recordings_remember_their_grid(net):
    rec = net.forward(SPIKES, engine=GRID)
    assert (rec.engine, rec.grid) == ("clock", GRID)
    assert net.forward(SPIKES).grid is None
    assert net.forward(sp.encoding.latency_grid(X), engine="clock").grid == sp.ClockEngine()
    for layer in (0, 1):
        steps = rec.spikes[layer].times / GRID.time_step
        assert len(steps) and np.array_equal(np.rint(steps) * GRID.time_step, rec.spikes[layer].times)
        assert len(rec.membranes[layer]) == len(steps) and np.all(rec.membranes[layer] > 1.0)
        assert np.all(rec.currents[layer] > rec.membranes[layer])
    exact = net.forward(SPIKES)
    assert np.all(exact.membranes[0] == 1.0) and len(exact.membranes[0]) == len(exact.spikes[0].times)
    again = pickle.loads(pickle.dumps(rec))
    assert again.grid == GRID and np.array_equal(again.membranes[0], rec.membranes[0])
    value, grad = net.gradient(rec, LOSS, y)
    same_value, same = net.gradient(again, LOSS, y)
    assert same_value == value and np.array_equal(same.weights[0], grad.weights[0])


def test_gradients_follow_the_grid(net):
    rec = net.forward(SPIKES, engine=GRID)
    value, grad = net.gradient(rec, LOSS, y)
    assert np.array_equal(net.gradient(rec, LOSS, y, engine=rec.grid)[1].weights[0], grad.weights[0])
    # As many copies as samples, or more, add one sample after the other: as one copy does.
    for copies in (7, 100, 5000):
        engine = sp.ClockEngine(steps=60, copies=copies)
        own_value, own = net.gradient(rec, LOSS, y, engine=engine)
        assert own_value == value
        assert np.allclose(own.weights[0], grad.weights[0], rtol=0, atol=1e-5 * np.abs(grad.weights[0]).max())
    for other in ("clock", sp.ClockEngine(1e-4, 60), sp.ClockEngine(steps=60, decay="euler")):
        with pytest.raises(ValueError, match="grid"):
            net.gradient(rec, LOSS, y, engine=other)
    with pytest.raises(sp.SpinnpropError, match="engine"):
        net.gradient(rec, sp.losses.TTFSCrossEntropy(), y, engine="event")
    exact = net.forward(SPIKES)
    with pytest.raises(sp.SpinnpropError, match="engine"):
        net.gradient(exact, sp.losses.TTFSCrossEntropy(), y, engine="clock")
    for call in (lambda: net.gradient(exact, LOSS, y), lambda: exact.predict(LOSS), lambda: exact.probabilities(LOSS)):
        with pytest.raises(sp.SpinnpropError, match="steps"):
            call()


def test_silent_samples_and_ties():
    net = sp.Network([1, 2])
    spikes = sp.SpikeTrains([0.0, 0.0], [0, 0], [0, 1, 2], 1)
    net.weights[0] = [[20.0], [20.0]]
    rec = net.forward(spikes, engine="clock")
    assert rec.predict().tolist() == [0, 0]
    assert rec.predict(sp.losses.StepTTFSCrossEntropy(ties_are_wrong=True)).tolist() == [-1, -1]
    net.weights[0] = [[0.0], [0.0]]
    rec = net.forward(spikes, engine="clock")
    assert rec.predict().tolist() == [-1, -1] and np.array_equal(rec.probabilities(), np.full((2, 2), 0.5))
    value, grad = net.gradient(rec, LOSS, [0, 1])
    assert np.isfinite(value) and not grad.weights[0].any()


def test_spikes_past_the_end_and_ends_that_are_not_the_grids(net):
    with pytest.raises(ValueError, match="past the last step"):
        net.forward(sp.encoding.latency(X, bias=0.0, t_late=27.5e-3), engine="clock")
    with pytest.raises(ValueError, match="past the last step"):
        net.forward(SPIKES, engine=sp.ClockEngine(time_step=1e-4))
    with pytest.raises(ValueError, match="t_end"):
        net.forward(SPIKES, engine=GRID, t_end=0.02)
    with pytest.raises(ValueError, match="t_end"):
        sp.Trainer(net, engine=GRID, t_end=0.02, epochs=1).run(SPIKES, y)
    with pytest.raises(ValueError, match="27"):
        sp.encoding.latency_grid(X, steps=27, t_min=26)
    with pytest.raises(ValueError, match="t_min"):
        sp.SpikingClassifier(engine=sp.ClockEngine(steps=3), epochs=1).fit(X, y)


def test_weights_that_float32_does_not_hold(net):
    with pytest.raises(ValueError, match="nan"):
        net.weights[0] = np.full((30, 5), np.nan)
    net.weights[0] = np.full((30, 5), 1e200)
    with pytest.raises((ValueError, sp.SpinnpropError), match="weight|float32"):
        net.forward(SPIKES, engine=GRID)


def test_absurd_steps_end_in_an_error_or_at_once(net):
    """Nothing is spent on steps in which nothing happens that memory cannot hold."""
    engine = sp.ClockEngine(steps=2**31 - 1)
    one = sp.SpikeTrains([0.0], [0], [0, 1], 5)
    with pytest.raises(sp.SpinnpropError, match="cancelled"):
        net.forward(one, engine=engine, progress=lambda seen: True)


def test_runaway_activity_ends(net):
    recurrent = sp.Network([5, 30, 3], recurrent=True, seed=1)
    recurrent.weights[0] = np.full((30, 5), 10.0)
    recurrent.recurrent_weights[0] = np.full((30, 30), 10.0)
    with pytest.raises(sp.SpinnpropError, match="max_spikes"):
        recurrent.forward(SPIKES, engine=sp.ClockEngine(steps=10**6), max_spikes=10**5)


def test_training(net):
    trainer = sp.Trainer(net, engine=GRID, epochs=40, batch_size=20)
    assert trainer.loss == GRID._default_loss(trainer.network._handle)
    assert trainer.run(SPIKES, y, validation=(SPIKES, y))
    losses = trainer.history["loss"]
    assert losses[-1] < 0.7 * losses[0]
    other = sp.Trainer(net, engine=sp.ClockEngine(steps=60, copies=4), epochs=40, batch_size=20)
    other.run(SPIKES, y)
    assert not np.array_equal(other.network.weights[0], trainer.network.weights[0])
    # As on a chip, copies beyond the samples of a batch are idle.
    weights = []
    for copies in (20, 21, 1000):
        idle = sp.Trainer(net, engine=sp.ClockEngine(steps=60, copies=copies), epochs=2, batch_size=20)
        idle.run(SPIKES, y)
        weights.append(idle.network.weights[0].tobytes())
    assert weights[0] == weights[1] == weights[2]
    with pytest.raises(sp.SpinnpropError, match="steps"):
        sp.Trainer(net, LOSS)


def test_checkpoints_resume_to_the_same_bits(net, tmp_path):
    options = dict(engine=GRID, epochs=4, batch_size=30, checkpoint=tmp_path / "run", resume=True)
    whole = sp.Trainer(net, engine=GRID, epochs=4, batch_size=30)
    whole.run(SPIKES, y)
    first = sp.Trainer(net, **options)
    assert first.run(SPIKES, y, progress=lambda seen: seen["epoch_finished"] and seen["epoch"] == 1) is False
    second = sp.Trainer(net, **options)
    assert second.epochs_done == 2 and second.run(SPIKES, y)
    assert np.array_equal(second.network.weights[0], whole.network.weights[0])
    # The engine is a part of the course.
    with pytest.raises(sp.SpinnpropError, match="other options"):
        sp.Trainer(net, **{**options, "engine": "event"})


@pytest.mark.parametrize("engine", ["clock", sp.ClockEngine(time_step=0.5e-3, steps=52, decay="euler", copies=2)])
def test_the_estimator_follows_the_engine(engine):
    clf = sp.SpikingClassifier(hidden=(20,), engine=engine, epochs=3, batch_size=20, rescale=False).fit(X, y)
    grid = names.resolve(engine)
    assert clf.loss_ == grid._default_loss(clf.network_._handle) and clf.report_["engine"] == "clock"
    rec = clf.network_.forward(sp.encoding.latency_grid(X, grid.steps, time_step=grid.time_step), engine=grid)
    assert np.array_equal(clf.predict_proba(X), rec.probabilities())
    other = pickle.loads(pickle.dumps(clf))
    assert np.array_equal(other.predict(X), clf.predict(X))


def test_leaky_read_outs_on_a_grid():
    clf = sp.SpikingClassifier(hidden=(20,), engine="clock", readout="leaky", epochs=3, batch_size=20).fit(X, y)
    assert clf.loss_ == sp.losses.VMaxCrossEntropy() and np.isfinite(clf.predict_proba(X)).all()


def test_delays_are_whole_steps():
    net = sp.Network([1, 1], delays="axonal")
    net.weights[0] = [[20.0]]
    spikes = sp.SpikeTrains([0.0], [0], [0, 1], 1)
    at = []
    for delay in (0.0, 0.4e-3, 3e-3, 3.4e-3):
        net.delays[0] = [delay]
        at.append(net.forward(spikes, engine="clock").first_spike_times[0, 0])
    assert at[1] == at[0] and at[2] == at[3] and np.isclose(at[2] - at[0], 3e-3)


def test_any_bytes_that_load_as_a_recording_on_a_grid_can_be_used(net):
    """One byte after the other changed: an error, or a recording that answers."""
    small = sp.Network([1, 2])
    small.weights[0] = [[20.0], [0.0]]
    rec = small.forward(sp.SpikeTrains([0.0], [0], [0, 1], 1), engine="clock")
    data = _core.recording_to_bytes(rec._handle)
    loaded = 0
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 1 << position % 8
        try:
            handle = _core.recording_from_bytes(bytes(changed))
        except (sp.SpinnpropError, ValueError, MemoryError):
            continue
        loaded += 1
        again = sp.Recording._of(handle, rec._network, rec.input)
        again.predict(), again.grid, again.membranes[0]
        try:
            value, _ = small.gradient(again, LOSS, [0])
            assert np.isfinite(value)
        except (sp.SpinnpropError, ValueError):
            pass
    assert loaded
