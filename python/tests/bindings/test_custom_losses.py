"""Membranes at any time, errors taken back, losses that somebody writes."""

from __future__ import annotations

import copy
import math
import pickle
import sys
import warnings
from functools import partial

import numpy as np
import pytest

import spinnprop as sp

TTFS = sp.losses.TTFSCrossEntropy(tau0=2e-3, alpha=0.0)


def ttfs(times, y):
    """TTFSCrossEntropy(tau0=2e-3, alpha=0), restated."""
    n = len(y)
    heard = np.isfinite(times[np.arange(n), y])
    logits = np.where(np.isfinite(times), -times / 2e-3, -np.inf)
    logits = logits - np.where(heard, logits.max(axis=1), 0.0)[:, None]
    p = np.exp(logits)
    p /= np.where(p.sum(axis=1) > 0, p.sum(axis=1), 1.0)[:, None]
    onehot = np.eye(times.shape[1])[y]
    value = -np.log(p[heard, y[heard]]).sum() / n
    return value, -(p - onehot) * heard[:, None] / 2e-3 / n


@pytest.fixture(scope="module")
def case():
    X, y = sp.datasets.yin_yang(40, seed=3)
    net = sp.Network([4, 20, 3], seed=1)
    return net, net.forward(sp.encoding.latency(X)), y


@pytest.fixture(scope="module")
def leaky():
    X, y = sp.datasets.yin_yang(25, seed=3)
    net = sp.Network([4, 20, 3], readout="leaky", seed=1)
    return net, net.forward(sp.encoding.latency(X), t_end=60e-3), y


def same(a, b, rtol):
    for name in ("weights", "delays"):
        for one, other in zip(getattr(a, name), getattr(b, name)):
            np.testing.assert_allclose(one, other, rtol=rtol, atol=1e-12 * max(1e-300, np.abs(other).max(initial=0)))
    np.testing.assert_allclose(a.input_times, b.input_times, rtol=rtol, atol=1e-12 * np.abs(b.input_times).max())


def test_a_loss_of_ones_own_is_the_built_in_one(case):
    net, rec, y = case
    wanted_value, wanted = net.gradient(rec, TTFS, y)
    value, grad = net.gradient(rec, sp.losses.Custom(ttfs), y)
    assert abs(value - wanted_value) < 1e-12
    same(grad, wanted, 1e-9)
    assert 0 < grad.skipped == np.isinf(rec.first_spike_times).all(axis=1).sum() <= wanted.skipped


LAID = {
    "columns": np.asfortranarray,
    "backwards": lambda own: own[::-1, ::-1].copy()[::-1, ::-1],
    "between others": lambda own: np.repeat(own, 3, axis=1)[:, ::3],
    "off words": lambda own: np.frombuffer(b"-" + own.tobytes(), np.float64, offset=1).reshape(own.shape),
    "bytes the other way": lambda own: own.astype(">f8"),
    "lists": np.ndarray.tolist,
}


@pytest.mark.parametrize("laid", LAID.values(), ids=LAID)
@pytest.mark.parametrize("of", ["first spikes", "spikes"])
def test_derivatives_may_lie_in_memory_in_any_order(case, laid, of):
    net, rec, y = case

    def plain(values, y):
        return 1.0, np.random.default_rng(0).normal(size=values.shape)

    def other(values, y):
        value, derivative = plain(values, y)
        return value, laid(derivative)

    wanted, own = (net.gradient(rec, sp.losses.Custom(one, of=of), y)[1] for one in (plain, other))
    for one, another in zip(wanted.weights, own.weights):
        assert np.array_equal(one, another)


def test_all_spikes_are_given_in_order(case):
    net, rec, y = case
    seen = {}

    def last(times, y):
        seen["times"] = times
        return 0.0, np.where(np.isfinite(times), 1.0, math.nan)

    _, grad = net.gradient(rec, sp.losses.Custom(last, of="spikes"), y)
    times = seen["times"]
    n_spikes = len(rec.spikes[-1].times)
    assert np.isfinite(times).sum() == n_spikes and times.shape[:2] == (40, 3)
    np.testing.assert_array_equal(times[:, :, 0], rec.first_spike_times)
    with np.errstate(invalid="ignore"):
        assert not (np.diff(times, axis=2) < 0).any()
    same(grad, net.pull_back(rec, [None, np.ones(n_spikes)]), 0.0)


@pytest.mark.parametrize("of", ["maxima", "membrane"])
def test_a_leaky_readout_against_differences(leaky, of):
    net, rec, y = leaky
    times = np.array([20e-3, 5e-3, 60e-3])
    target = np.eye(3)[y] if of == "maxima" else np.eye(3)[y][:, None, :] * [[1.0], [0.5], [0.2]]

    def mse(values, y):
        return 0.5 * ((values - target) ** 2).mean(), (values - target) / values.size

    loss = sp.losses.Custom(mse, of=of, times=times if of == "membrane" else None)
    _, grad = net.gradient(rec, loss, y)

    def value(layer, place, step):
        other = copy.copy(net)
        weights = np.array(other.weights[layer])
        weights[place] += step
        other.weights[layer] = weights
        return other.gradient(other.forward(rec.input, t_end=60e-3), loss, y)[0]

    for layer, place in [(0, (3, 1)), (0, (7, 2)), (1, (0, 5)), (1, (2, 11))]:
        h = 1e-5 * np.abs(net.weights[layer]).mean()
        narrow = (value(layer, place, h) - value(layer, place, -h)) / (2 * h)
        wide = (value(layer, place, 2 * h) - value(layer, place, -2 * h)) / (4 * h)
        scale = np.abs(grad.weights[layer]).max()
        assert abs((4 * narrow - wide) / 3 - grad.weights[layer][place]) < 1e-6 * scale


def test_torch_differentiates(case, leaky):
    torch = pytest.importorskip("torch")

    def function(times, y):
        rows = torch.arange(len(y))
        heard = torch.isfinite(times[rows, torch.as_tensor(y)])
        loss = torch.nn.functional.cross_entropy((-times / 2e-3)[heard], torch.as_tensor(y)[heard], reduction="sum")
        return loss / len(y)

    net, rec, y = case
    value, grad = net.gradient(rec, sp.losses.Custom(function, autograd="torch"), y)
    wanted_value, wanted = net.gradient(rec, TTFS, y)
    assert abs(value - wanted_value) < 1e-12
    same(grad, wanted, 1e-9)
    with torch.no_grad():
        assert net.gradient(rec, sp.losses.Custom(function, autograd="torch"), y)[0] == value
    net, rec, y = leaky
    _, grad = net.gradient(
        rec, sp.losses.Custom(lambda v, y: torch.nn.functional.cross_entropy(v, torch.as_tensor(y)), "maxima", autograd="torch"), y
    )
    same(grad, net.gradient(rec, sp.losses.VMaxCrossEntropy(), y)[1], 1e-9)
    own = torch.nn.Parameter(torch.ones(()))
    for bad in (lambda t, y: 1.0, lambda t, y: t, lambda t, y: torch.zeros(()), lambda t, y: own * 2):
        with pytest.raises(TypeError, match="must return one number"):
            net.gradient(rec, sp.losses.Custom(bad, "maxima", autograd="torch"), y)


def test_jax_differentiates(case, leaky):
    jax = pytest.importorskip("jax")
    jnp = jax.numpy

    def function(times, y):
        rows = jnp.arange(len(y))
        heard = jnp.isfinite(times[rows, y])
        # Where an output is silent no derivative may come back, not even 0 times infinity.
        loud = jnp.where(jnp.isfinite(times), times, 1.0)
        return -jnp.sum(jnp.where(heard, jax.nn.log_softmax(-loud / 2e-3)[rows, y], 0.0)) / len(y)

    net, rec, y = case
    value, grad = net.gradient(rec, sp.losses.Custom(function, autograd="jax"), y)
    wanted_value, wanted = net.gradient(rec, TTFS, y)
    assert abs(value - wanted_value) < 1e-5
    for own, known in zip(grad.weights, wanted.weights):
        assert np.abs(own - known).max() < 1e-5 * np.abs(known).max()  # in float32
    net, rec, y = leaky
    for bad in (lambda v, y: 1.0, lambda v, y: v, lambda v, y: 1, lambda v, y: (v.sum(), v)):
        with pytest.raises(TypeError, match=r"function returned .*; it must return one number that depends on the values"):
            net.gradient(rec, sp.losses.Custom(bad, "maxima", autograd="jax"), y)


def test_a_derivative_that_is_none(leaky):
    net, rec, y = leaky
    with pytest.raises(TypeError, match="function returned None for the derivative; it must return an array"):
        net.gradient(rec, sp.losses.Custom(lambda v, y: (0.0, None), "maxima"), y)


@pytest.mark.parametrize("engine", ["event", "clock", "first-spike"])
def test_given_errors_are_taken_back_by_every_rule(engine):
    X, y = sp.datasets.yin_yang(16, seed=3)
    on_grid = engine == "clock"
    spikes = sp.encoding.latency_grid(X, steps=27) if on_grid else sp.encoding.latency(X)
    net = sp.Network([spikes.n_units, 20, 3], tau_mem=20e-3, tau_syn=10e-3, seed=1)
    rec = net.forward(spikes, engine=engine)
    assert len(rec.spikes[0].times) > 20
    errors = [np.linspace(-1, 1, len(each.times)) for each in rec.spikes]
    whole = net.pull_back(rec, errors)
    parts = [net.pull_back(rec, [errors[0], None]), net.pull_back(rec, [None, errors[1]])]
    same(parts[1], net.pull_back(rec, [np.zeros_like(errors[0]), errors[1]]), 0.0)
    for layer in range(2):
        sum_of_parts = parts[0].weights[layer] + parts[1].weights[layer]
        np.testing.assert_allclose(whole.weights[layer], sum_of_parts, rtol=1e-4 if on_grid else 1e-9, atol=1e-5 if on_grid else 1e-12)
    assert np.abs(parts[0].weights[0]).max() > 0 and not parts[0].weights[1].any()


def test_membranes_reach_thresholds_at_spikes_and_maxima_at_theirs(case, leaky):
    net, rec, _ = case
    for layer in range(2):
        for sample in range(3):
            times, units = rec.spikes[layer][sample]
            at = rec.membrane(layer, sample, times)
            np.testing.assert_allclose(at[np.arange(len(times)), units], 1.0, rtol=1e-9)
    net, rec, _ = leaky
    for sample in (0, 24, -1):
        at = rec.membrane(-1, sample, rec.maximum_times[sample])
        np.testing.assert_allclose(np.maximum(at.diagonal(), 0), rec.maxima[sample], rtol=1e-9, atol=1e-12)
    times = [0.0, 50e-3, 10e-3]
    whole = rec.membrane(0, None, times)
    assert whole.shape == (25, 3, 20)
    np.testing.assert_array_equal(whole[4], rec.membrane(0, 4, times))
    assert rec.membrane(0, 0, []).shape == (0, 20)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(rec)).current(0, 2, times), rec.current(0, 2, times))


def test_membranes_stay_those_of_the_network_that_ran(case):
    net, rec, _ = case
    before = rec.membrane(0, 0, [10e-3])
    other = copy.copy(net)
    rec = other.forward(rec.input)
    other.weights[0] = np.zeros((20, 4))
    np.testing.assert_array_equal(rec.membrane(0, 0, [10e-3]), before)


@pytest.mark.parametrize("times", [[math.nan], [-1e-3], [math.inf], [0.061], [[0.0]], "x", None])
def test_times_that_are_none(leaky, times):
    with pytest.raises((ValueError, TypeError)):
        leaky[1].membrane(0, 0, times)


def test_what_there_is_not(case, leaky):
    net, rec, y = case
    for layer, sample in [(2, 0), (-3, 0), (0, 40), (0, -41)]:
        with pytest.raises(IndexError):
            rec.membrane(layer, sample, [0.0])
    clocked = net.forward(rec.input, engine=sp.ClockEngine(steps=60))
    with pytest.raises(sp.SpinnpropError, match="grid"):
        clocked.membrane(0, 0, [0.0])
    n = len(rec.spikes[1].times)
    for arguments in (
        dict(spike_errors=[None]),
        dict(spike_errors=[None, np.ones(n + 1)]),
        dict(spike_errors=[None, np.full(n, math.nan)]),
        dict(spike_errors=[None, ["a"] * n]),
        dict(spike_errors=3),
        dict(maximum_errors=np.ones((40, 3))),
        dict(membrane_errors=np.ones((40, 1, 3)), times=[0.0]),
        dict(times=[0.0]),
    ):
        with pytest.raises((ValueError, TypeError)):
            net.pull_back(rec, **arguments)
    other, readout, _ = leaky
    for arguments in (
        dict(spike_errors=[None, np.ones(3)]),
        dict(maximum_errors=np.ones((25, 2))),
        dict(membrane_errors=np.ones((25, 1, 3)), times=[0.2]),
        dict(membrane_errors=np.ones((25, 2, 3)), times=[0.0]),
        dict(membrane_errors=np.full((25, 1, 3), math.inf), times=[0.0]),
    ):
        with pytest.raises((ValueError, TypeError)):
            other.pull_back(readout, **arguments)
    changed = copy.copy(net)
    changed.weights[0] = np.zeros((20, 4))
    with pytest.raises(sp.SpinnpropError, match="changed"):
        changed.pull_back(rec)
    with pytest.raises(TypeError):
        net.pull_back(3)


@pytest.mark.parametrize(
    "answer, error",
    [
        (1.0, TypeError),
        ((1.0,), TypeError),
        ((math.nan, 0), ValueError),
        ((1.0, np.zeros((40, 2))), ValueError),
        ((1.0, np.full((40, 3), math.nan)), ValueError),
        ((1.0, None), TypeError),
        (("a", np.zeros((40, 3))), TypeError),
    ],
)
def test_functions_that_answer_wrongly(case, answer, error):
    net, rec, y = case
    with pytest.raises(error):
        net.gradient(rec, sp.losses.Custom(lambda times, y: answer), y)


def test_an_autograd_that_is_not_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match="pytorch.org.*or leave it out and return the derivative"):
        sp.losses.Custom(ttfs, autograd="torch")


def test_functions_that_raise_or_change_what_they_are_given(case):
    net, rec, y = case
    with pytest.raises(ZeroDivisionError):
        net.gradient(rec, sp.losses.Custom(lambda times, y: 1 / 0), y)

    def changes(times, y):
        times[0] = 0

    with pytest.raises(ValueError, match="read-only"):
        net.gradient(rec, sp.losses.Custom(changes), y)
    rate = sp.losses.RateRegularisation(1.0)
    value, grad = net.gradient(rec, sp.losses.Custom(ttfs), y, rate=rate)
    wanted_value, wanted = net.gradient(rec, TTFS, y, rate=rate)
    assert abs(value - wanted_value) < 1e-12
    same(grad, wanted, 1e-9)
    for arguments in (
        dict(function=3),
        dict(function=ttfs, of="x"),
        dict(function=ttfs, of="membrane"),
        dict(function=ttfs, times=[0.0]),
        dict(function=ttfs, autograd="numpy"),
    ):
        with pytest.raises((ValueError, TypeError)):
            sp.losses.Custom(**arguments)


def test_validation_without_weights_has_ones_where_training_has_weights():
    X, y = sp.datasets.yin_yang(40)
    spikes, seen = sp.encoding.latency(X, bias=0.0), []

    def weighted(times, y, weight):
        seen.append(weight.copy())
        return 0.0, np.zeros_like(times)

    trainer = sp.Trainer(sp.Network([5, 6, 3]), sp.losses.Custom(weighted), epochs=1, batch_size=40)
    trainer.run(spikes, y, validation=(spikes[:10], y[:10]), sample_weight=np.full(40, 2.0))
    assert [own.tolist() for own in seen] == [[2.0] * 40, [1.0] * 10]


@pytest.mark.parametrize("engine", ["event", "first-spike", "clock"])
@pytest.mark.parametrize("of", ["first spikes", "spikes"])
def test_samples_without_a_spike_are_counted(engine, of):
    X, y = sp.datasets.yin_yang(40)
    spikes = sp.encoding.latency_grid(X) if engine == "clock" else sp.encoding.latency(X, bias=0.0)
    network = sp.Network([5, 20, 3], engine=engine, **(dict(tau_mem=1e-2) if engine == "first-spike" else {}))
    network.wake(spikes, engine)
    loss = sp.losses.Custom(lambda times, y: (0.25, np.ones_like(times)), of=of)
    heard = np.isfinite(network.forward(spikes, engine=engine).first_spike_times).any(axis=1)
    for weights in (network.weights[1], np.zeros((3, 20))):
        network.weights[1] = weights
        silent = float(1 - np.mean(heard & weights.any()))
        assert network.gradient(network.forward(spikes, engine=engine), loss, y, engine=engine)[1].skipped == 40 * silent
        trainer = sp.Trainer(network, loss, engine=engine, epochs=1, batch_size=15, learning_rate=1e-6)
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            trainer.run(spikes, y, (spikes, y))
        assert ["no sample had an answer in the last epoch" in str(own.message) for own in seen] == [True] * (silent == 1)
        last = trainer.history[-1]
        assert last["skipped"] == silent and last["loss"] == last["validation_loss"] == 0.25


def test_membranes_are_never_skipped(leaky):
    net, rec, y = leaky
    quiet = copy.copy(net)
    quiet.weights[1] = np.zeros((3, 20))
    loss = sp.losses.Custom(lambda maxima, y: (0.0, np.zeros_like(maxima)), "maxima")
    assert quiet.gradient(quiet.forward(rec.input, t_end=60e-3), loss, y)[1].skipped == 0


def test_a_value_that_is_infinite_tells_what_to_leave_out(case):
    net, rec, y = case
    with pytest.raises(ValueError, match="which may be clamped; .*leave out samples whose label's output is silent"):
        net.gradient(rec, sp.losses.Custom(lambda times, y: (np.inf, np.zeros_like(times))), y)


def test_masks_are_not_lost_in_trainings():
    X, y = sp.datasets.yin_yang(10)
    trainer = sp.Trainer(sp.Network([5, 10, 3]), sp.losses.Custom(lambda times, y: (0.0, np.zeros_like(times))), epochs=1)
    with pytest.raises(TypeError, match="y is a masked array, whose mask would be lost"):
        trainer.run(sp.encoding.latency(X, bias=0.0), np.ma.masked_array(y, y == 1))
    assert trainer.epochs_done == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"of": "membrane", "times": [math.nan]}, "times must be finite"),
        ({"of": "membrane", "times": []}, "give one at least"),
        ({"of": "integrals", "tau": 0.0}, "must be > 0"),
        ({"autograd": ["torch"]}, "must be one of None"),
    ],
)
def test_functions_are_given_what_can_be_read(options, message):
    with pytest.raises(ValueError, match=message):
        sp.losses.Custom(ttfs, **options)


def test_outputs_that_a_loss_drives_to_silence_are_told_of():
    """Silent labels that count push their rivals later, until hardly a sample has an answer."""
    pytest.importorskip("sklearn")
    X, y = sp.datasets.yin_yang(600)

    def hinge(leaves_out, times, y):
        label = np.arange(len(y)), y
        heard = np.isfinite(times[label]) if leaves_out else np.ones(len(y), bool)
        times = np.minimum(times, 50e-3)
        lag = times[label][:, None] - times + 2e-3
        lag[label] = 0.0
        lag[~heard] = 0.0
        derivative = -(lag > 0).astype(float)
        derivative[label] = (lag > 0).sum(axis=1)
        return np.maximum(lag, 0.0).sum() / len(y), derivative / len(y)

    classifier = sp.SpikingClassifier(hidden=(60,), epochs=30, loss=sp.losses.Custom(partial(hinge, False)))
    with pytest.warns(RuntimeWarning, match="of the samples had no answer in the last epoch, .*leave out samples whose label's output is silent"):
        classifier.fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classifier.set_params(loss=sp.losses.Custom(partial(hinge, True))).fit(X, y)
    assert classifier.score(X, y) > 0.8


@pytest.mark.parametrize("use", [
    lambda loss: sp.Trainer(sp.Network([5, 6, 3]), loss),
    lambda loss: sp.SpikingClassifier(loss=loss).fit([[0.0], [1.0]], [0, 1]),
    lambda loss: sp.SpikingRegressor(loss=loss).fit([[0.0], [1.0]], [0.0, 1.0]),
])  # fmt: skip
def test_a_function_in_the_place_of_a_loss(use):
    with pytest.raises(TypeError, match=r"loss is <function .*; it must be one of those .*: make one of the function by losses.Custom\(function\)"):
        use(lambda times, y: 0.0)


@pytest.mark.parametrize("use", [lambda own: sp.Network([5, 6, 3]).gradient(own, sp.losses.TTFSCrossEntropy(), [0]), lambda own: sp.plot.membrane(own)])
def test_a_network_in_the_place_of_its_recording(use):
    with pytest.raises(TypeError, match=r"recording is <Network 5-6-3>; it must be a Recording: make one by network.forward.*network_.forward\(encode\(X\)\)"):
        use(sp.Network([5, 6, 3]))


def test_a_tensor_alone_needs_its_library_named():
    torch = pytest.importorskip("torch")

    def mean(times, y):
        return torch.as_tensor(times).clamp(max=0.1).mean()

    X, y = sp.datasets.yin_yang(10)
    net = sp.Network([5, 6, 3], seed=0)
    rec = net.forward(sp.encoding.latency(X, bias=0.0))
    with pytest.raises(TypeError, match=r"returned 'Tensor'; it must return .*, or the value alone of tensors, with autograd='torch' or 'jax'"):
        net.gradient(rec, sp.losses.Custom(mean), y)
    assert net.gradient(rec, sp.losses.Custom(mean, autograd="torch"), y)[0] > 0


@pytest.mark.parametrize("autograd", [None, "torch"])
def test_a_function_of_too_few_arguments_is_told_which_there_are(autograd):
    if autograd:
        pytest.importorskip(autograd)

    def mean(times, y):
        return times.mean() if autograd else (0.0, np.zeros_like(times))

    X, y = sp.datasets.yin_yang(20)
    spikes, net = sp.encoding.latency(X, bias=0.0), sp.Network([5, 6, 3], seed=0)
    weights = np.ones(20)
    with pytest.raises(TypeError, match=r"3 were given; with sample_weight or class_weight it is function\(values, y, sample_weight\)"):
        sp.Trainer(net, sp.losses.Custom(mean, autograd=autograd), epochs=1).run(spikes, y, sample_weight=weights)
    with pytest.raises(TypeError, match=r"2 were given; it is function\(values, y\)"):
        sp.Trainer(net, sp.losses.Custom(lambda times: mean(times, None), autograd=autograd), epochs=1).run(spikes, y)

    def wrong(times, y, sample_weight=None):
        raise TypeError("of the function's own")

    with pytest.raises(TypeError, match="^of the function's own$"):
        sp.Trainer(net, sp.losses.Custom(wrong, autograd=autograd), epochs=1).run(spikes, y, sample_weight=weights)
    # A function that does not tell what it takes.
    with pytest.raises(TypeError, match="^dict expected at most 1 argument, got 2$"):
        sp.Trainer(net, sp.losses.Custom(dict, autograd=autograd), epochs=1).run(spikes, y)
