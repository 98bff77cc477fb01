"""SpikingRegressor: numbers as first spike times."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import spinnprop as sp
from spinnprop._estimators.windows import told_by_others

RANDOM = np.random.default_rng(0)
X = RANDOM.uniform(size=(300, 6))
Y = X @ RANDOM.normal(size=(6, 2))
FEW = dict(hidden=(20,), epochs=3, batch_size=50)


# Batches of all samples: of parts of them, those that weigh twice would be other ones than those that are there twice. So would inputs that are dropped.
@parametrize_with_checks([sp.SpikingRegressor(hidden=(40,), epochs=300, batch_size=300, schedule_gamma=0.99, input_dropout=0.0)])
def test_conventions(estimator, check):
    check(estimator)


@pytest.mark.parametrize("seed", range(5))
def test_a_number_by_its_spike_time(seed):
    """Digits as regression of their number, with defaults, on five splits."""
    images, numbers = load_digits(return_X_y=True)
    parts = train_test_split(images, numbers.astype(float), test_size=0.25, random_state=seed)
    model = sp.SpikingRegressor(seed=seed).fit(parts[0], parts[2])
    assert model.score(parts[1], parts[3]) > 0.85
    assert np.isnan(model.history_["accuracy"]).all() and model.history_["loss"][-1] < 0.1 * model.history_["loss"][0]


def test_inputs_that_tell_of_each_other_are_dropped():
    """Of those which each count none is missed, whether they come as numbers or as spikes; what is given stands."""
    def dropped(X, **options):
        model = sp.SpikingRegressor(**{**FEW, "epochs": 1, **options}).fit(X, Y)
        return model.setting_["input_dropout"]

    often = np.column_stack([X] * 4)
    assert dropped(X) == 0.0 and dropped(often) == pytest.approx(0.1)
    # One other alone is no help.
    assert dropped(np.column_stack([X, 1 - X])) == 0.0
    noisy = often + np.random.default_rng(1).normal(0, X.std(), often.shape)
    assert dropped(noisy) == pytest.approx(0.025, rel=0.25)
    assert dropped(sp.encoding.latency(often, bias=0.0)) == pytest.approx(0.1)
    assert dropped(often, engine="clock") == pytest.approx(0.1, rel=0.01)
    assert dropped(often, input_dropout=0.0) == 0.0 and dropped(X, input_dropout=0.1) == 0.1
    # Samples that weigh twice are as those that are there twice.
    spikes, counts = sp.encoding.latency(MinMaxScaler().fit_transform(noisy), bias=0.0), 1 + np.arange(300) % 2
    assert told_by_others(spikes[np.repeat(np.arange(300), counts)]) == pytest.approx(told_by_others(spikes, 0.3 * counts))
    # Where there is nothing to compare: one feature, features that never change, units that are silent.
    assert dropped(X[:, :1]) == dropped(np.ones((300, 4))) == 0.0
    silent = sp.SpikeTrains(np.full(300, 1e-3), np.zeros(300), np.arange(301), 4)
    assert told_by_others(silent) == told_by_others(silent[:0]) == told_by_others(silent[:1]) == 0.0
    assert told_by_others(sp.SpikeTrains([1e300, 5e-324, 1e300, 1e-300], [0, 1, 0, 1], [0, 2, 4], 2)) >= 0.0
    wide = sp.SpikeTrains([1e-3, 2e-3] * 20, [0, 2**30] * 20, np.arange(0, 41, 2), 2**31 - 1)
    assert told_by_others(wide) == 0.0


def test_a_number_by_a_membrane():
    images, numbers = load_digits(return_X_y=True)
    parts = train_test_split(images, numbers.astype(float), test_size=0.25, random_state=0)
    model = sp.SpikingRegressor(readout="leaky").fit(parts[0], parts[2])
    assert model.loss_ == sp.losses.VMaxMSE() and model.score(parts[1], parts[3]) > 0.8


@pytest.mark.parametrize("engine, least", [("event", 0.8), ("clock", 0.4)])
def test_membranes_begin_spread(engine, least):
    model = sp.SpikingRegressor(readout="leaky", engine=engine, hidden=(30,), epochs=0).fit(X, Y)
    maxima = model._forward(model.network_, X).maxima
    np.testing.assert_allclose(maxima.mean(axis=0), 1.0, rtol=1e-3)
    np.testing.assert_allclose(model.target_outputs_, [[0.5, 0.5], [1.5, 1.5]], rtol=1e-3)
    np.testing.assert_allclose(model.network_.weights[1].sum(axis=1), 0.0, atol=1e-6)
    learnt = clone(model).set_params(epochs=60).fit(X, Y)
    assert learnt.score(X, Y) > least
    given = dict(weight_mean=[0.5, 0.3], weight_std=[0.2, 0.1])
    kept = clone(model).set_params(**given).fit(X, Y).network_
    plain = sp.Network(kept.layer_sizes, tau_mem=None, tau_syn=None, engine=engine, readout="leaky", **given)
    np.testing.assert_array_equal(kept.weights[1], plain.weights[1])


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("coded", [True, False])
def test_spike_times_are_met(coded, seed):
    """16 inputs, 3 outputs, 500 samples; the error in units of 1.4 ms for one standard deviation, on samples it has not seen."""
    random = np.random.default_rng(0)
    features = random.uniform(size=(600, 16))
    mixed = features @ random.normal(size=(16, 3))
    times = 20e-3 + 1.4e-3 * (mixed - mixed.mean(axis=0)) / mixed.std(axis=0)
    inputs = features if coded else sp.encoding.latency(features, t_late=5e-3, bias=0.0)
    model = sp.SpikingRegressor(seed=seed).fit(inputs[:500], times[:500])
    assert np.sqrt(np.mean((model.predict(inputs[500:]) - times[500:]) ** 2)) < 0.2e-3


def test_time_constants_follow_the_length_of_spike_trains():
    volleys = sp.encoding.latency(X, t_late=7e-3, bias=0.0)
    short = dict(hidden=(20,), epochs=1)

    def taus(spikes, **options):
        model = sp.SpikingRegressor(**short, **options).fit(spikes, Y)
        taken = model.network_.tau_mem[0][0], model.network_.tau_syn[0][0]
        assert taken == (model.setting_["tau_mem"], model.setting_["tau_syn"])
        return pytest.approx(taken, rel=0.02)

    assert taus(volleys) == (40e-3, 10e-3) and taus(volleys, engine="first-spike") == (20e-3, 10e-3)
    own = dict(tau_mem=20e-3)
    assert taus(volleys, **own) == (20e-3, 5e-3) and taus(X) == (20e-3, 5e-3)
    twice = sp.SpikeTrains.from_lists([(np.append(times, 8e-3), np.append(units, 0)) for times, units in volleys], n_units=7)
    assert taus(twice) == (4 * 8e-3 / 0.7, 8e-3 / 0.7)
    for length in (1e-9, 100.0):
        assert taus(sp.encoding.latency(X, t_late=length, bias=0.0)) == (4 * length / 0.7, length / 0.7)


@pytest.mark.parametrize("length", [5e-3, 0.1, 0.58, 30.0])
def test_spikes_of_any_length_are_learnt(length):
    """One sample in which a unit spikes twice is no other code."""
    v = np.random.default_rng(0).random(500)
    pairs = [([0.1 * length, (0.2 + 0.6 * x) * length], [0, 1]) for x in v]
    pairs[7] = ([*pairs[7][0], 0.9 * length], [0, 1, 1])
    spikes = sp.SpikeTrains.from_lists(pairs, n_units=2)
    assert sp.SpikingRegressor(epochs=40).fit(spikes[:400], v[:400]).score(spikes[400:], v[400:]) > 0.95
    classifier = sp.SpikingClassifier(epochs=20).fit(spikes[:400], v[:400] > 0.5)
    assert classifier.score(spikes[400:], v[400:] > 0.5) > 0.95


def test_one_feature_keeps_its_neurons():
    """A latency code of one feature leaves most neurons silent in the beginning; they are woken in training."""
    feature = np.random.default_rng(3).uniform(size=(300, 1))
    model = sp.SpikingRegressor().fit(feature[:200], np.sin(6 * feature[:200, 0]))
    assert model.score(feature[200:], np.sin(6 * feature[200:, 0])) > 0.9
    assert len(np.unique(model._forward(model.network_, feature).spikes[0].units)) > 80


@pytest.mark.parametrize("seed", [1, 2])
def test_curves_of_one_feature_by_a_membrane(seed):
    feature = np.random.default_rng(seed).uniform(-1, 1, (400, 1))
    coded = sp.encoding.latency((feature + 1) / 2, bias=0.0, early="large")
    for inputs, curve, least in ((feature, lambda x: x, 0.9), (feature, lambda x: x**2, 0.85), (coded, lambda x: np.sin(3 * x), 0.85)):
        y = curve(feature[:, 0])
        model = sp.SpikingRegressor(readout="leaky", seed=seed, epochs=60).fit(inputs[:300], y[:300])
        assert model.score(inputs[300:], y[300:]) > least
    assert model.setting_["tau_syn"] == pytest.approx(30e-3 / 2.1, rel=0.02)


@pytest.mark.parametrize("seed", [2, 4])
def test_membranes_begin_where_samples_differ(seed):
    """On the other side of zero those of these seeds are highest in their tails, which spike times hardly change, and learn little more than a line."""
    drawn = np.random.default_rng(3)
    inputs = drawn.uniform(-2, 5, (1200, 5))
    y = 40 + 10 * np.sin(inputs[:, 0]) + 3 * inputs[:, 1] - inputs[:, 2] * inputs[:, 3] + drawn.normal(0, 0.5, 1200)
    parts = train_test_split(inputs, y, random_state=1)
    assert sp.SpikingRegressor(readout="leaky", seed=seed).fit(parts[0], parts[2]).score(parts[1], parts[3]) > 0.85


def test_neurons_that_speak_once():
    hidden = [0.02] * 20
    assert sp.SpikingRegressor(**FEW).fit(X, Y).network_.refractory[0].tolist() == hidden
    for options in (dict(engine="clock"), dict(engine="first-spike"), dict(recurrent=True, t_end=0.05), dict(refractory=0.0)):
        assert not sp.SpikingRegressor(**{**FEW, **options}).fit(X, Y).network_.refractory[0].any()
    assert not sp.SpikingRegressor(connections=[(0, 1), (1, 1), (1, 2)], t_end=0.05, **FEW).fit(X, Y).network_.refractory[0].any()


def test_several_targets_each_by_its_own_line():
    model = sp.SpikingRegressor(hidden=(80,)).fit(X, Y)
    assert model.predict(X).shape == Y.shape and model.score(X, Y) > 0.95
    # Of a few epochs, in which what rounding of y changes cannot grow.
    short = sp.SpikingRegressor(hidden=(80,), epochs=5)
    plain, scaled = (clone(short).fit(X, y).predict(X) for y in (Y, Y * [1e-6, 1e6] + [5, -3]))
    np.testing.assert_allclose((scaled - [5, -3]) / [1e-6, 1e6], plain, rtol=0, atol=1e-6)


@pytest.mark.parametrize("engine", ["event", "first-spike", "clock", "spinnaker2"])
def test_engines(engine):
    model = sp.SpikingRegressor(engine=engine, **FEW).fit(X, Y[:, 0])
    assert model.predict(X).shape == (300,) and np.isfinite(model.predict(X)).all()
    low, high = model.target_outputs_[:, 0]
    assert low > high >= 0  # large values are early
    assert clone(model).set_params(early="small").fit(X, Y[:, 0]).target_outputs_[0, 0] < high + model.network_.tau_syn[-1].mean()


def test_what_scikit_learn_does_with_it():
    assert cross_val_score(sp.SpikingRegressor(**FEW), X, Y, cv=3).shape == (3,)
    found = GridSearchCV(make_pipeline(MinMaxScaler(), sp.SpikingRegressor(**FEW)), {"spikingregressor__hidden": [(5,), (9,)]}, cv=2)
    assert found.fit(X, Y).best_estimator_.predict(X).shape == Y.shape
    model = sp.SpikingRegressor(**FEW).fit(X, Y)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))


def test_spike_trains_and_a_validation_set():
    spikes = sp.encoding.latency(X, t_late=5e-3, bias=0.0)
    model = sp.SpikingRegressor(**FEW).fit(spikes[:200], Y[:200], (spikes[200:], 3 * Y[200:]))
    assert np.isfinite(model.history_["validation_loss"]).all() and model.predict(spikes).shape == Y.shape
    stopped = sp.SpikingRegressor(early_stopping=True, patience=1, hidden=(10,), epochs=50).fit(X, Y)
    assert stopped.n_iter_ <= 50 and np.isfinite(stopped.history_["validation_loss"]).all()


@pytest.mark.parametrize("readout", ["spiking", "leaky"])
def test_silent_outputs_say_the_mean(readout):
    model = sp.SpikingRegressor(readout=readout, **FEW).fit(X, Y)
    model.network_.weights[1] = 0 * model.network_.weights[1]
    np.testing.assert_allclose(model.predict(X), np.broadcast_to(Y.mean(axis=0), Y.shape), rtol=1e-12)


@pytest.mark.parametrize(
    "options, y, error, message",
    [
        (dict(readout="leaky", engine="first-spike"), Y, sp.SpinnpropError, "leaky"),
        (dict(readout="leaky", loss=sp.losses.SpikeTimeMSE()), Y, ValueError, "leaky read-out has losses.VMaxMSE"),
        (dict(loss=sp.losses.TTFSCrossEntropy()), Y, ValueError, "spiking read-out has losses.SpikeTimeMSE"),
        (dict(loss=sp.losses.VMaxMSE()), Y, ValueError, "spiking read-out has losses.SpikeTimeMSE"),
        (dict(readout="leaky", loss=sp.losses.Custom(min, of="integrals", tau=0.02)), Y, ValueError, "reads largest membranes; give of='maxima'"),
        (dict(weight_mean=[0.0, 0.0], weight_std=[0.0, 0.0]), Y, ValueError, "an output of the untrained network is silent"),
        ({}, np.where(Y > 0, np.nan, Y), ValueError, "NaN"),
        ({}, np.where(Y > 0, np.inf, Y), ValueError, "infinity"),
        ({}, Y[:299], ValueError, "inconsistent"),
        ({}, np.array([-1.7e308, 1.7e308] * 150), ValueError, "more than float64 holds"),
        ({}, ["a"] * 300, ValueError, "could not convert"),
    ],
)
def test_what_cannot_be(options, y, error, message):
    model = sp.SpikingRegressor(**FEW).fit(X, Y)
    before = model.predict(X)
    with pytest.raises(error, match=message):
        model.set_params(**options).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), before)


@pytest.mark.parametrize("y, message", [(Y[:, 0], "shape"), (np.where(Y > 0, np.nan, Y), "finite"), (Y[:5], "shape|samples")])
def test_validation_that_cannot_be(y, message):
    with pytest.raises(ValueError, match=message):
        sp.SpikingRegressor(**FEW).fit(X, Y, (X, y))


@pytest.mark.parametrize("readout, least", [("spiking", 0.85), ("leaky", 0.75)])
def test_it_learns_on_a_grid_of_time_steps(readout, least):
    model = sp.SpikingRegressor(engine="clock", readout=readout).fit(X[:200], Y[:200])
    assert model.score(X[200:], Y[200:]) > least
    # All inputs have spiked before the second half of the run.
    assert model.encode(X).times.max() < 13.1e-3 < model.engine_._grid.time_step * model.engine_._grid.steps / 2


@pytest.mark.parametrize("readout, options", [("spiking", dict(epochs=30)), ("leaky", {})])
def test_digits_on_a_grid_of_time_steps(readout, options):
    images, numbers = load_digits(return_X_y=True)
    parts = train_test_split(images, numbers.astype(float), test_size=0.25, random_state=0)
    assert sp.SpikingRegressor(engine="clock", readout=readout, **options).fit(parts[0], parts[2]).score(parts[1], parts[3]) > 0.75


def test_membranes_on_time_steps_are_chosen_for():
    leaky = dict(readout="leaky", hidden=(20, 10), epochs=1)

    def made(**options):
        model = sp.SpikingRegressor(**{**leaky, **options}).fit(X, Y)
        net = model.network_
        return [own[0] for own in net.tau_syn], net.reset[0][0], model.setting_["clip_norm"], len(X) / model._of_batch

    stepped = [pytest.approx(tau) for tau in (27e-3, 27e-3, 8.1e-3)]
    assert made(engine="clock") == (stepped, -10.0, 0.1, 10)
    assert made(engine=sp.ClockEngine(time_step=2e-3))[0] == [2 * tau for tau in (27e-3, 27e-3)] + [pytest.approx(16.2e-3)]
    given = made(engine="clock", tau_syn=10e-3, reset=0.0, clip_norm=1.0, batch_size=100)
    assert given == ([10e-3] * 3, 0.0, 1.0, 3)
    assert made()[:2] == ([5e-3] * 3, 0.0) and made(engine="clock", readout="spiking")[:2] == ([27e-3] * 3, 0.0)


@pytest.mark.parametrize("options", [dict(engine="clock"), dict(engine=sp.ClockEngine(steps=52)), dict(engine="clock", early="small"), dict(t_end=8e-3)])
def test_what_stands_for_a_number_is_within_the_run(options):
    model = sp.SpikingRegressor(**FEW, **options).fit(X, Y)
    grid = model.engine_._grid
    assert model.target_outputs_.min() >= 0
    assert model.target_outputs_.max() <= (model.t_end or grid.time_step * (grid.steps - 1)) + 1e-12


def test_long_spike_trains_are_learnt():
    spikes = sp.encoding.latency(X, bias=0.0)
    assert sp.SpikingRegressor(epochs=60, batch_size=50).fit(spikes, Y[:, 0]).score(spikes, Y[:, 0]) > 0.5


@pytest.mark.parametrize("y", [np.full(300, 1e-9), np.full(300, 1.7e308), np.column_stack([Y[:, 0], np.ones(300)])])
def test_what_never_changes_is_said(y):
    model = sp.SpikingRegressor(**FEW).fit(X, y)
    flat = np.ptp(y, axis=0) == 0
    np.testing.assert_array_equal(model.predict(X).T[flat] if y.ndim > 1 else model.predict(X), y.T[flat] if y.ndim > 1 else y)
    assert np.isfinite(model.target_mean_).all()


def test_means_of_huge_numbers():
    model = sp.SpikingRegressor(**FEW).fit(X, 1.5e308 + 1e307 * X[:, 0])
    assert 1.5e308 < model.target_mean_ < 1.6e308


def test_outputs_that_fire_by_themselves_need_no_input():
    model = sp.SpikingRegressor(drive=1.5, t_end=50e-3, **FEW)
    spikes = sp.SpikeTrains([], [], np.zeros(31, np.int64), 4)
    assert np.isfinite(model.fit(spikes, np.arange(30.0)).predict(spikes)).all()


def test_no_samples_are_named_in_a_first_pass():
    with pytest.raises(ValueError, match="0 sample"):
        sp.SpikingRegressor(hidden=(5,)).partial_fit(np.empty((0, 3)), np.empty(0))


@pytest.mark.filterwarnings("error")
def test_targets_that_never_change_are_said_by_silent_outputs_too():
    numbers = np.stack([np.full(120, 3.0), Y[:120, 0]], axis=1)
    model = sp.SpikingRegressor(hidden=(20,), epochs=1, engine=sp.ClockEngine(steps=30), bump=0.0).fit(X[:120], numbers)
    network = model.network_
    network.weights[1] = 0.0 * network.weights[1]
    said = model.predict(X[:5])
    assert (said[:, 0] == 3.0).all() and np.allclose(said[:, 1], Y[:120, 0].mean())


def test_samples_without_spikes_in_the_beginning():
    spikes = sp.encoding.latency(X)
    late = sp.SpikeTrains.concatenate([sp.SpikeTrains([], [], np.zeros(1002, np.int64), spikes.n_units), spikes])
    numbers = np.concatenate([np.full(1001, Y[:, 0].mean()), Y[:, 0]])
    model = sp.SpikingRegressor(hidden=(20,), epochs=1, batch_size=50).fit(late, numbers, sample_weight=np.ones(len(numbers)))
    alone = sp.SpikingRegressor(hidden=(20,), epochs=1, batch_size=50).fit(spikes, Y[:, 0])
    assert np.array_equal(model.target_outputs_, alone.target_outputs_) and model.setting_["input_dropout"] == alone.setting_["input_dropout"]
    with pytest.raises(ValueError, match="an output of the untrained network is silent in all of 1000 samples; see that X has spikes"):
        sp.SpikingRegressor(hidden=(20,), epochs=1).fit(late[:1001], numbers[:1001])
