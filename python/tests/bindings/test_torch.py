"""Layers in PyTorch: their numbers are the core's, to the last bit; derivatives against differences; what is refused."""

import copy
import io
import pickle
import subprocess
import sys

import numpy as np
import pytest

import spinnprop as sp

torch = pytest.importorskip("torch", minversion="2.4")
from torch.library import opcheck  # noqa: E402

from spinnprop.torch import EventProp  # noqa: E402

INF = float("inf")


def padded(spikes):
    """Spike times (n_samples, n_units, k), +inf where there are none."""
    samples = [[np.sort(times[units == unit]) for unit in range(spikes.n_units)] for times, units in spikes]
    k = max(1, max((len(own) for sample in samples for own in sample), default=1))
    dense = np.full((len(spikes), spikes.n_units, k), INF)
    for n, sample in enumerate(samples):
        for unit, own in enumerate(sample):
            dense[n, unit, : len(own)] = own
    return torch.from_numpy(dense)


def some_times(n_samples, n_inputs, k, seed=0):
    """Times between 1 and 30 ms, some of them missing."""
    random = np.random.default_rng(seed)
    times = 1e-3 + 29e-3 * random.random((n_samples, n_inputs, k))
    times[random.random(times.shape) < 0.2] = INF
    return torch.from_numpy(times)


def trains(times):
    """Of padded times, in the order in which the layer takes them."""
    heard = np.isfinite(times.numpy())
    sample, unit, _ = np.nonzero(heard)
    offsets = np.concatenate([[0], np.cumsum(heard.sum((1, 2)))])
    return sp.SpikeTrains(times.numpy()[heard], unit, offsets, times.shape[1])


def errors_of(spikes, gradient):
    """Derivatives of the first k spikes of each unit, brought to the order of a recording."""
    errors = np.zeros(len(spikes.times))
    for n in range(len(spikes)):
        seen = dict.fromkeys(range(spikes.n_units), 0)
        for place in range(spikes.offsets[n], spikes.offsets[n + 1]):
            unit = spikes.units[place]
            if seen[unit] < gradient.shape[2]:
                errors[place] = gradient[n, unit, seen[unit]]
            seen[unit] += 1
    return errors


ENGINES = {
    "event": lambda: "event",
    "first-spike": lambda: "first-spike",
    "clock": lambda: sp.ClockEngine(steps=60),
    "spinnaker2": lambda: sp.spinnaker2.Engine(steps=60),
    "brainscales2": lambda: sp.brainscales2.Engine(sp.brainscales2.Chip(seed=3), input_copies=5),
}


@pytest.mark.parametrize("name", ENGINES)
def test_bits_are_the_cores(name):
    engine = ENGINES[name]()
    net = sp.Network([4, 20, 3], tau_mem=20e-3, tau_syn=10e-3, seed=1)
    for layer in range(2):
        net.weights[layer] = 1.2 * net.weights[layer]
    times = some_times(30, 4, 2).requires_grad_()
    layer = EventProp(net, engine=engine, n_spikes=2)
    output = layer(times)
    rec = net.forward(trains(times.detach()), engine=engine)
    np.testing.assert_array_equal(output.detach()[:, :, 0], rec.first_spike_times)
    assert torch.isfinite(output).sum() > 40
    given = torch.from_numpy(np.random.default_rng(1).normal(size=output.shape))
    output.backward(given)
    wanted = net.pull_back(rec, [None, errors_of(rec.spikes[1], given.numpy())])
    for n in range(2):
        assert np.abs(wanted.weights[n]).max() > 0
        np.testing.assert_array_equal(layer.weights[n].grad, wanted.weights[n])
    heard = torch.isfinite(times)
    np.testing.assert_array_equal(times.grad[heard], wanted.input_times)
    assert (times.grad[~heard] == 0).all()


def test_bits_of_everything_that_trains():
    net = sp.Network([3, 12, 8, 2], delays="synaptic", recurrent=[True, False], drive=0.1, refractory=1e-3, seed=2)
    random = np.random.default_rng(5)
    for n in range(3):
        net.weights[n] = 1.4 * np.abs(net.weights[n])
        net.delays[n] = 3e-3 * random.random(net.delays[n].shape)
    net.recurrent_delays[0] = 3e-3 * random.random((12, 12))
    neurons = ("tau_mem", "tau_syn", "threshold", "reset", "drive", "refractory")
    layer = EventProp(net, train=("weights", "delays", *neurons), t_end=60e-3, n_spikes=3, n_hidden_spikes=2)
    assert layer.fixed.numel() == 0
    times = some_times(10, 3, 2)
    output, hidden = layer(times)
    rec = net.forward(trains(times), t_end=60e-3)
    assert [tuple(each.shape) for each in hidden] == [(10, 12, 2), (10, 8, 2)] and output.shape == (10, 2, 3)
    given = [torch.from_numpy(random.normal(size=each.shape)) for each in (*hidden, output)]
    torch.autograd.backward([*hidden, output], given)
    wanted = net.pull_back(rec, [errors_of(rec.spikes[n], given[n].numpy()) for n in range(3)], neurons=True)
    for name in ("weights", "delays", *neurons):
        for n in range(3):
            np.testing.assert_array_equal(getattr(layer, name)[n].grad, getattr(wanted, name)[n], err_msg=f"{name}[{n}]")
    np.testing.assert_array_equal(layer.recurrent_weights[0].grad, wanted.recurrent_weights[0])
    np.testing.assert_array_equal(layer.recurrent_delays[0].grad, wanted.recurrent_delays[0])
    assert all(parameter.grad.abs().max() > 0 for parameter in layer.parameters())


def test_connections_past_a_layer():
    net = sp.Network([3, 8, 2], connections=[(0, 1), (0, 2), (1, 2), (1, 1)], delays=["axonal", None, None, None], seed=1)
    layer = EventProp(net, t_end=50e-3)
    names = ["delays.0", "recurrent_weights.0", "weights.0", "weights.0-2", "weights.1"]
    assert sorted(name for name, _ in layer.named_parameters()) == names
    times = some_times(6, 3, 1)
    output = layer(times)
    output.backward(torch.ones_like(output))
    rec = net.forward(trains(times), t_end=50e-3)
    wanted = net.pull_back(rec, [None, errors_of(rec.spikes[1], np.ones(output.shape))])
    np.testing.assert_array_equal(layer.weights[0, 2].grad, wanted.weights[0, 2])
    np.testing.assert_array_equal(layer.recurrent_weights[0].grad, wanted.recurrent_weights[0])
    assert layer.weights[-1] is layer.weights[1] and len(layer.weights) == len(list(layer.weights)) == 3
    assert "(0-2): 2 x 3" in repr(layer)
    for wrong in ((1, 2), 2, -3):
        with pytest.raises(IndexError, match="there are 0, 1, 0-2"):
            layer.weights[wrong]


@pytest.mark.parametrize("n_hidden_spikes", [0, 2])
@pytest.mark.parametrize("of", ["maxima", "membrane", "integrals"])
def test_leaky_readouts(of, n_hidden_spikes):
    net = sp.Network([4, 10, 6, 3], readout="leaky", seed=3)
    for n in range(2):
        net.weights[n] = 1.5 * np.abs(net.weights[n])
    at = [5e-3, 20e-3, 35e-3]
    options = {"membrane": {"times": at}, "integrals": {"tau": 15e-3}}.get(of, {})
    layer = EventProp(net, output=of, t_end=40e-3, n_hidden_spikes=n_hidden_spikes, **options)
    times = some_times(7, 4, 1).squeeze(-1).requires_grad_()
    output, hidden = layer(times) if n_hidden_spikes else (layer(times), [])
    rec = net.forward(trains(times.detach().unsqueeze(-1)), t_end=40e-3)
    given, *of_hidden = (np.random.default_rng(2).normal(size=each.shape) for each in (output, *hidden))
    torch.autograd.backward([output, *hidden], [torch.from_numpy(each) for each in (given, *of_hidden)])
    spike_errors = [errors_of(rec.spikes[n], each) for n, each in enumerate(of_hidden)] + [None] if hidden else None
    if of == "maxima":
        np.testing.assert_array_equal(output.detach(), rec.maxima)
        wanted = net.pull_back(rec, spike_errors, maximum_errors=given)
    elif of == "integrals":
        np.testing.assert_array_equal(output.detach(), rec.integrals(15e-3))
        wanted = net.pull_back(rec, spike_errors, integral_errors=given, tau=15e-3)
    else:
        np.testing.assert_array_equal(output.detach(), rec.membrane(-1, None, at))
        wanted = net.pull_back(rec, spike_errors, membrane_errors=given, times=at)
    for n in range(3):
        np.testing.assert_array_equal(layer.weights[n].grad, wanted.weights[n])
        assert layer.weights[n].grad.abs().max() > 0
    np.testing.assert_array_equal(times.grad[torch.isfinite(times)], wanted.input_times)


def test_spike_trains_go_in(data):
    spikes, _ = data
    net = sp.Network([5, 20, 3], seed=1)
    layer = EventProp(net)
    output, dense = layer(spikes), layer(padded(spikes))
    assert torch.equal(output, dense) and output.dtype == torch.float64
    output.sum().backward()
    rec = net.forward(spikes)
    wanted = net.pull_back(rec, [None, errors_of(rec.spikes[1], np.ones(output.shape))])
    np.testing.assert_array_equal(layer.weights[0].grad, wanted.weights[0])


def small(**options):
    net = sp.Network([3, 6, 2], delays="synaptic", seed=4)
    random = np.random.default_rng(1)
    for n in range(2):
        net.weights[n] = 2.5 * np.abs(net.weights[n])
        net.delays[n] = 1e-3 + 2e-3 * random.random(net.delays[n].shape)
    return EventProp(net, **options)


def test_derivatives_against_differences():
    layer = small(train=("weights", "delays", "tau_mem", "tau_syn", "threshold", "reset"), n_spikes=2, t_end=0.2)
    times = some_times(3, 3, 1, seed=3)
    names = [name for name, _ in layer.named_parameters()]

    def scaled(times, *parameters):
        values = {name: own * 1e-3 if name.startswith(("delays", "tau")) else own for name, own in zip(names, parameters)}
        output = torch.func.functional_call(layer, values, (times * 1e-3,))
        return torch.where(torch.isfinite(output), output * 1e3, 0.0)

    inputs = [(times * 1e3).requires_grad_()] + [
        (own * 1e3 if name.startswith(("delays", "tau")) else own).detach().clone().requires_grad_()
        for name, own in layer.named_parameters()
    ]
    assert (scaled(*inputs) > 0).sum() >= 9
    assert torch.autograd.gradcheck(scaled, inputs, eps=1e-6, atol=1e-5, rtol=1e-4)


def operands(layer, n_samples=4):
    times = some_times(n_samples, 3, 2)
    trained = torch.cat([own.detach().reshape(-1) for own in layer.parameters()])
    return [times.requires_grad_(), None, None, trained.requires_grad_(), layer.fixed, layer._layer.key, False]


@pytest.mark.parametrize("kind", ["spikes", "hidden", "maxima", "SpikeTrains"])
def test_operators_are_what_they_say(kind):
    layer = {
        "hidden": lambda: small(n_hidden_spikes=2),
        "maxima": lambda: EventProp(sp.Network([3, 6, 2], readout="leaky", delays="axonal", seed=4)),
    }.get(kind, lambda: small(n_spikes=2))()
    inputs = operands(layer)
    if kind == "SpikeTrains":
        spikes = trains(inputs[0].detach())
        inputs[:3] = [torch.tensor(np.asarray(own)) for own in (spikes.times, spikes.units, spikes.offsets)]
        inputs[0].requires_grad_()
    assert set(opcheck(torch.ops.spinnprop.event_prop.default, tuple(inputs)).values()) == {"SUCCESS"}
    output, hidden, tape = torch.ops.spinnprop.event_prop.default(*inputs)
    errors = [torch.ones_like(output), torch.ones_like(hidden), torch.zeros_like(tape)]
    plain = [each.detach() if isinstance(each, torch.Tensor) else each for each in inputs]
    assert set(opcheck(torch.ops.spinnprop.event_prop_backward.default, (*errors, *plain)).values()) == {"SUCCESS"}


def test_silence():
    layer = EventProp([3, 5, 2], seed=0, n_spikes=50, n_hidden_spikes=3)
    for times in (torch.full((4, 3), INF), torch.empty(0, 3), torch.empty(4, 3, 0), torch.full((2, 3, 2), INF)):
        times = times.double().requires_grad_()
        output, hidden = layer(times)
        assert output.shape == (len(times), 2, 50) and hidden[0].shape == (len(times), 5, 3)
        assert torch.isinf(output).all()
        (torch.exp(-output).sum() + (output - output).nansum() + hidden[0].sum()).backward()
        assert times.grad.shape == times.shape and not times.grad.any()
        assert not layer.weights[0].grad.any() and not layer.weights[1].grad.any()


def test_what_is_not_there_gives_no_nan():
    layer = small()
    times = some_times(20, 3, 1).requires_grad_()
    output = layer(times)
    assert torch.isinf(output).any() and torch.isfinite(output).any()
    (output - output.detach()).sum().backward()  # inf - inf: NaN in the loss, and 1 as the derivative of all
    assert torch.isfinite(times.grad).all()
    layer.zero_grad()
    softmin = torch.softmax(-layer(times).squeeze(-1) / 1e-3, dim=1)  # NaN where all are silent
    softmin.sum().backward()


def test_what_is_wrong_is_named():
    layer = EventProp([3, 5, 2], seed=0)
    good = torch.full((2, 3), 1e-3, dtype=torch.float64)
    for value in (float("nan"), -1e-3, -INF):
        bad = good.clone()
        bad[1, 2] = value
        with pytest.raises(ValueError, match=r"times\[1, 2\] is (nan|-0.001|-inf); .* >= 0"):
            layer(bad)
        with pytest.raises(ValueError, match=r"times\[1, 2, 1\] is (nan|-0.001|-inf); .* >= 0"):
            layer(torch.stack([good, bad], dim=2))
    for bad, error, message in (
        (good[:, :2], ValueError, r"\(2, 2\); it must be \(n_samples, 3\)"),
        (good[0], ValueError, "shape"),
        (good.int(), TypeError, "int32"),
        (good.to_sparse(), TypeError, "sparse"),
        (good.numpy(), TypeError, "ndarray"),
        (sp.SpikeTrains([], [], [0], 4), ValueError, "4 units"),
    ):
        with pytest.raises(error, match=message):
            layer(bad)
    with torch.no_grad():
        layer.weights[0][1, 1] = float("nan")
    with pytest.raises(ValueError, match=r"weights\[0\].*nan"):
        layer(good)
    for wrong, error, message in (
        ({"output": "maxima"}, ValueError, "spiking read-out gives 'spikes'"),
        ({"output": "membrane", "readout": "leaky"}, ValueError, "times"),
        ({"times": [0.0]}, ValueError, "membrane"),
        ({"tau": 1.0}, ValueError, "output='integrals' alone"),
        ({"n_spikes": 0}, ValueError, "n_spikes"),
        ({"n_hidden_spikes": -1}, ValueError, "n_hidden_spikes"),
        ({"train": "weights"}, TypeError, "list of names"),
        ({"train": ["weight"]}, ValueError, "'weight'; it must be one of 'weights'"),
        ({"engine": "gpu"}, ValueError, "gpu"),
        ({"dtype": torch.int32}, TypeError, "int32"),
        ({"t_end": float("nan")}, ValueError, "t_end"),
        ({"nonsense": 1}, TypeError, "nonsense"),
    ):
        with pytest.raises(error, match=message):
            EventProp([3, 5, 2], **wrong)
    with pytest.raises(TypeError, match="seed"):
        EventProp(sp.Network([3, 2]), seed=1)


def test_parameters_of_another_shape_are_refused():
    layer, times = EventProp([3, 5, 2], seed=0), torch.full((2, 3), 1e-3)
    # As many numbers, in another order.
    other = {"weights.0": layer.weights[0].detach().t().contiguous()}
    with pytest.raises(ValueError, match=r"weights\[0\] has shape \(3, 5\); it must be \(5, 3\)"):
        torch.func.functional_call(layer, other, (times,))
    # As they are told, wherever they lie.
    same = {"weights.0": layer.weights[0].detach().t().contiguous().t()}
    assert torch.equal(torch.func.functional_call(layer, same, (times,)), layer(times))


def test_other_devices_are_refused():
    from torch._subclasses.fake_tensor import FakeTensorMode

    layer = EventProp([3, 5, 2], seed=0)
    with FakeTensorMode(allow_non_fake_inputs=True):
        with pytest.raises(ValueError, match=r"times is on cuda:0.*times.cpu\(\)"):
            layer(torch.empty(2, 3, device="cuda"))
    with pytest.raises(ValueError, match=r"times is on meta"):
        layer(torch.empty(2, 3, device="meta"))
    with pytest.raises(ValueError, match=r"weights\[0\] is on meta.*layer.cpu\(\)"):
        layer.to("meta")(torch.empty(2, 3))


def test_second_derivatives_are_refused():
    layer = small()
    times = some_times(3, 3, 1).requires_grad_()
    output = layer(times)
    (gradient,) = torch.autograd.grad(output[torch.isfinite(output)].sum(), times, create_graph=True)
    with pytest.raises(RuntimeError, match="first derivatives alone"):
        gradient.sum().backward()
    # A loss that is linear in the output: what comes back depends on parameters alone.
    output = layer(times.detach())
    (gradient,) = torch.autograd.grad(output[torch.isfinite(output)].sum(), layer.weights[0], create_graph=True)
    with pytest.raises(RuntimeError, match="first derivatives alone"):
        (output.nansum() + gradient.square().sum()).backward()


def test_states_are_saved_and_loaded(tmp_path):
    layer = small(train=("weights", "tau_mem"))
    times = some_times(5, 3, 1)
    wanted = layer(times)
    other = EventProp([3, 6, 2], delays="synaptic", train=("weights", "tau_mem"), seed=9)
    assert not torch.equal(other(times), wanted)
    torch.save(layer.state_dict(), tmp_path / "state.pt")
    other.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert torch.equal(other(times), wanted)
    with pytest.raises(RuntimeError, match=r"layer_sizes\[1\] of the state is 6, of this layer 7; load it"):
        EventProp([3, 7, 2], delays="synaptic", train=("weights", "tau_mem")).load_state_dict(layer.state_dict())
    whole = io.BytesIO()
    torch.save(layer, whole)
    whole.seek(0)
    for same in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer)), torch.load(whole, weights_only=False)):
        assert torch.equal(same(times), wanted)
        with torch.no_grad():
            same.weights[0].mul_(0.5)
        assert not torch.equal(same(times), wanted) and torch.equal(layer(times), wanted)


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ({"delays": "axonal"}, {"delays": "dendritic"}, r"delay_kinds\[0\] of the state is 'axonal', of this layer 'dendritic'"),
        ({"delays": "axonal", "train": ()}, {"delays": "dendritic", "train": ()}, r"delay_kinds\[0\]"),
        ({"readout": "spiking"}, {"readout": "leaky"}, "readout of the state is 'spiking', of this layer 'leaky'"),
        ({"connections": [(0, 1), (1, 2)]}, {"connections": [(0, 1), (0, 2)]}, r"connections\[1\] of the state is \[1, 2\], of this layer \[0, 2\]"),
        ({"train": ("weights", "tau_mem")}, {"train": ("weights", "tau_syn")}, r"fixed\[0\] of the state is 'tau_syn\[0\]', of this layer 'tau_mem\[0\]'"),
    ],
)
def test_states_of_another_structure_are_refused(one, other, said):
    """Their values have the same shapes, or lie one after another, as long."""
    layer, wrong = EventProp([4, 4, 4], seed=0, **one), EventProp([4, 4, 4], seed=1, **other)
    before = [own.clone() for own in (*wrong.parameters(), wrong.fixed)]
    for strict in (True, False):
        with pytest.raises(RuntimeError, match=said + ".*; load it into a layer made with the same arguments"):
            torch.nn.Sequential(wrong).load_state_dict(torch.nn.Sequential(layer).state_dict(), strict=strict)
        assert all(torch.equal(own, old) for own, old in zip((*wrong.parameters(), wrong.fixed), before))
    # What runs a layer and what is read of it are not its state.
    same = EventProp([4, 4, 4], seed=2, t_end=0.1, n_spikes=2, **one)
    same.load_state_dict(layer.state_dict())
    assert all(torch.equal(own, mine) for own, mine in zip((*same.parameters(), same.fixed), (*layer.parameters(), layer.fixed)))


def test_states_that_do_not_say_what_they_are_of():
    layer, other = EventProp([4, 4, 4], seed=0), EventProp([4, 4, 4], seed=1)
    values = {name: own for name, own in layer.state_dict().items() if name != "_extra_state"}
    with pytest.raises(RuntimeError, match="Missing key.*_extra_state"):
        other.load_state_dict(values)
    other.load_state_dict(values, strict=False)
    assert torch.equal(other.weights[0], layer.weights[0])
    for wrong in (None, 3, torch.zeros(4), torch.tensor([255, 0], dtype=torch.uint8), torch.frombuffer(bytearray(b"[]"), dtype=torch.uint8)):
        with pytest.raises(RuntimeError, match="_extra_state of an EventProp layer is .*; it must be"):
            other.load_state_dict({**values, "_extra_state": wrong})


def test_networks_go_in_and_come_out():
    net = sp.Network([3, 6, 2], delays="axonal", recurrent=True, masks=[np.eye(6, 3) == 0, None], seed=4)
    layer = EventProp(net, t_end=0.1)
    again = layer.to_network()
    for name in ("weights", "delays", "recurrent_weights", "recurrent_delays", "tau_mem", "tau_syn", "threshold", "reset", "masks"):
        for one, other in zip(getattr(net, name), getattr(again, name)):
            np.testing.assert_array_equal(one, other)
    times = some_times(5, 3, 1)
    again.threshold[0] = np.full(6, 0.5)
    again.weights[1] = 1.5 * again.weights[1]
    before, parameter = layer(times), layer.weights[1]
    layer.load_network(again)
    assert layer.weights[1] is parameter and not torch.equal(layer(times), before)
    assert torch.equal(layer(times), EventProp(again, t_end=0.1)(times))
    for wrong, error in ((sp.Network([3, 6, 2]), ValueError), ("net", TypeError)):
        with pytest.raises(error, match="network is"):
            layer.load_network(wrong)
    with pytest.raises(ValueError, match="readout of network is 'leaky', of this layer 'spiking'; make another"):
        EventProp([3, 6, 2]).load_network(sp.Network([3, 6, 2], readout="leaky"))
    again.masks[1, 1] = np.eye(6) == 0
    with pytest.raises(ValueError, match=r"other masks of the connection \(1, 1\)"):
        layer.load_network(again)
    with torch.no_grad():
        layer.weights[0][0, 0] = 1.0
    with pytest.raises(ValueError, match=r"weights\[0\]"):
        layer(times)
    layer.constrain_()
    assert torch.isfinite(layer(times)).any() and layer.weights[0][0, 0] == 0


def test_parameters_are_brought_back():
    net = sp.Network([2, 3, 2], delays="synaptic", signs=[[1, -1], [0, 0, 0]], weight_bounds=(-2.0, 3.0), seed=0)
    layer = EventProp(net, train=("weights", "delays", "refractory"))
    with torch.no_grad():
        layer.weights[0].copy_(torch.tensor([[-1.0, 1.0], [9.0, -9.0], [0.5, -0.5]]))
        layer.delays[0].fill_(-1e-3)
        layer.refractory[0].fill_(-1e-3)
    with pytest.raises(ValueError, match="weights"):
        layer(torch.ones(1, 2))
    layer.constrain_()
    assert layer.weights[0].tolist() == [[0.0, 0.0], [3.0, -2.0], [0.5, -0.5]]
    assert not layer.delays[0].any() and not layer.refractory[0].any()
    layer(torch.ones(1, 2))
    rounded = EventProp(sp.Network([2, 2], weight_bounds=(-0.1, 0.1)), dtype=torch.float32)
    with torch.no_grad():
        rounded.weights[0].copy_(torch.tensor([[1.0, -1.0], [0.05, 0.0]]))
    rounded.constrain_()
    rounded(torch.ones(1, 2))
    net = sp.Network([2, 3, 2], connections=[(0, 1), (0, 2), (1, 2), (1, 1)], masks=[None, np.eye(2) == 1, None, np.eye(3) == 0])
    layer = EventProp(net)
    with torch.no_grad():
        for own in layer.parameters():
            own.fill_(1.0)
    layer.constrain_()
    assert layer.weights[0, 2].tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert torch.equal(layer.recurrent_weights[0], 1 - torch.eye(3, dtype=torch.float64)) and (layer.weights[0] == 1).all()


@pytest.mark.parametrize("kind", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("train", [None, ("tau_mem",)])
def test_weights_on_bounds_stay_on_them_in_any_type(kind, train):
    net = sp.Network([9, 8, 2], recurrent=True, weight_bounds=(-0.1, 2.9), seed=0)
    exact = EventProp(net, t_end=60e-3, train=train)
    on_bounds = {pair: net.weights[pair] == -0.1 for pair in net.connections}
    assert any(own.any() for own in on_bounds.values())
    loaded, taken = (EventProp(net, t_end=60e-3, train=train, dtype=kind) for _ in range(2))
    loaded.load_state_dict(exact.state_dict())
    taken.load_network(net)
    times = some_times(4, 9, 1).requires_grad_()
    for layer in (EventProp(net, t_end=60e-3, train=train, dtype=kind), copy.deepcopy(exact).to(kind), loaded, taken):
        found = layer(times)
        found[torch.isfinite(found)].sum().backward()
        again = layer.to_network()
        assert all((again.weights[pair][on] == -0.1).all() for pair, on in on_bounds.items())
    if train is None:
        found = exact(times)
        found[torch.isfinite(found)].sum().backward()
        for one, other in zip(layer.parameters(), exact.parameters()):
            assert other.grad.any()
            torch.testing.assert_close(one.grad.double(), other.grad, rtol=0.2, atol=0.1 * float(other.grad.abs().max()))


def test_delays_that_are_not_there_are_not_trained():
    with pytest.raises(ValueError, match="element 1 of train is 'delays', but no connection has delays; give delays='synaptic'"):
        EventProp([3, 2], train=["weights", "delays"])
    assert len(EventProp([3, 2], train=["weights", "delays"], delays="synaptic").delays) == 1


@pytest.mark.parametrize("key", ["2", slice(1), 2, (0, 2), -3])
def test_parameters_that_are_not_there(key):
    with pytest.raises(IndexError, match="there is no .*; there are 0, 1"):
        EventProp([3, 4, 2]).weights[key]


def test_types():
    layer, times = small(), some_times(6, 3, 1)
    exact = layer(times)
    single = layer(times.float())
    assert single.dtype == torch.float32
    torch.testing.assert_close(single, layer(times.float().double()).float(), rtol=0, atol=0)
    half = copy.deepcopy(layer).to(torch.float32)
    assert {own.dtype for own in (*half.parameters(), *half.buffers())} == {torch.float32}
    torch.testing.assert_close(half(times), exact, rtol=1e-5, atol=0)
    assert half(times).dtype == torch.float64 and half(trains(times)).dtype == torch.float32
    half(times)[:, 0].nansum().backward()
    assert half.weights[0].grad.dtype == torch.float32
    assert layer(times.bfloat16()).dtype == torch.bfloat16
    assert EventProp([3, 2], dtype=torch.float32).weights[0].dtype == torch.float32


def test_seeds():
    torch.manual_seed(3)
    first, second = EventProp([3, 2]), EventProp([3, 2])
    assert not torch.equal(first.weights[0], second.weights[0])
    torch.manual_seed(3)
    assert torch.equal(EventProp([3, 2]).weights[0], first.weights[0])
    np.testing.assert_array_equal(EventProp([3, 2], seed=7).weights[0].detach(), sp.Network([3, 2], seed=7).weights[0])


def test_torch_is_named_if_it_is_missing():
    code = "import sys; sys.modules['torch'] = None\nimport spinnprop as sp\ntry: sp.torch\nexcept ImportError as error: print(error)"
    said = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE).stdout.decode()
    assert "spinnprop.torch needs torch" in said and "https://download.pytorch.org/whl/cpu" in said
    code = "import torch; del torch.library.register_autograd\nimport spinnprop as sp\ntry: sp.torch\nexcept ImportError as error: print(error)"
    said = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE).stdout.decode()
    assert f"needs PyTorch 2.4 or newer, this is {torch.__version__}; pip install --upgrade torch" in said


def test_dense_arrays_of_the_extension():
    """What the layer never hands over is refused as well."""
    from spinnprop import _core

    net = sp.Network([3, 4, 2], seed=1)
    times = np.full((5, 3), 1e-3)
    rec = _core.layer_forward(net._handle, times, {})
    places = ((_core.WEIGHTS, 0),)
    for call, error in (
        (lambda: _core.layer_forward(net._handle, times[0], {}), ValueError),
        (lambda: _core.layer_forward(net._handle, times[None, None], {}), ValueError),
        (lambda: _core.layer_forward(net._handle, None, {}), ValueError),
        (lambda: _core.layer_forward(net._handle, np.full((5, 2), 1e-3), {}), ValueError),
        (lambda: _core.layer_forward(net._handle, np.empty((5, 0)), {}), ValueError),
        (lambda: _core.layer_forward(net._handle, times.astype(np.float32), {}), TypeError),
        (lambda: _core.layer_forward(net._handle, times.T, {}), TypeError),
        (lambda: _core.layer_forward(rec, times, {}), TypeError),
        (lambda: _core.layer_network(net._handle, places, ()), ValueError),
        (lambda: _core.layer_network(net._handle, places, (np.ones(3),)), ValueError),
        (lambda: _core.layer_network(net._handle, places, (None,)), ValueError),
        (lambda: _core.layer_network(net._handle, ((0,),), (np.ones(3),)), TypeError),
        (lambda: _core.layer_network(net._handle, (3,), (np.ones(3),)), TypeError),
        (lambda: _core.layer_spikes(np.empty((5, 3, 1)), None, rec), ValueError),
        (lambda: _core.layer_spikes(None, np.empty((4, 4, 1)), rec), ValueError),
        (lambda: _core.layer_spikes(np.empty(10), None, rec), ValueError),
        (lambda: _core.network_pull_back(net._handle, rec, (np.ones((5, 2, 1)),), None, None, None, 1.0, {}, None), TypeError),
        (lambda: _core.network_pull_back(net._handle, rec, (np.ones((5, 1, 1)), None), None, None, None, 1.0, {}, None), ValueError),
    ):
        with pytest.raises(error):
            call()
    leaky = sp.Network([3, 4, 2], readout="leaky", seed=1)
    of_leaky = _core.layer_forward(leaky._handle, times, {})
    for k in (0, 2):
        with pytest.raises(ValueError, match=f"output has {10 * k} elements; there are 10 maxima"):
            _core.network_pull_back(leaky._handle, of_leaky, (np.ones((5, 2, k)), None), None, None, None, 1.0, {}, None)
    _core.layer_spikes(None, None, rec)
    output = np.empty((5, 2, 0))
    _core.layer_spikes(output, None, rec)
    _core.network_pull_back(net._handle, rec, (output, None), None, None, None, 1.0, {}, None)


def test_forward_mode_is_refused():
    layer = EventProp([3, 4, 2], seed=1)
    times = torch.full((2, 3), 1e-3, dtype=torch.float64)
    with pytest.raises(RuntimeError, match="no forward-mode derivatives"):
        torch.func.jvp(layer, (times,), (torch.ones_like(times),))


def one_to_one(engine):
    """A network with time constants that all engines run."""
    ratio = {"tau_mem": 20e-3, "tau_syn": 10e-3}
    return sp.Network([5, 20, 3], seed=0, **({} if engine == "brainscales2" else ratio))


#: For each engine: the gradient engines that take its runs back, and those of them that know neuron parameters.
PAIRS = {
    "event": ([None, "event", "brainscales2", "first-spike"], [None, "event", "brainscales2"]),
    "clock": ([None, "clock"], []),
    "first-spike": ([None, "first-spike", "event", "brainscales2"], ["event", "brainscales2"]),
    "spinnaker2": ([None, "clock"], []),
    "brainscales2": ([None, "event", "brainscales2"], [None, "event", "brainscales2"]),
}


@pytest.mark.parametrize("engine", PAIRS)
@pytest.mark.parametrize("neurons", [False, True])
def test_pairs_of_engines_that_do_not_differentiate_are_refused_when_a_layer_is_made(engine, neurons):
    train = ["weights", "tau_mem"] if neurons else ["weights"]
    working = PAIRS[engine][neurons]
    for rule in (None, "event", "clock", "first-spike", "spinnaker2", "brainscales2", sp.ClockEngine(steps=20)):
        make = lambda: EventProp(one_to_one(engine), engine=engine, gradient_engine=rule, train=train)  # noqa: E731
        if rule in working:
            # A single input spike: no neuron spikes twice, so that the rule of first spikes holds.
            times = torch.full((1, 5), INF, dtype=torch.float64)
            times[0, 0] = 1e-3
            layer = make()
            layer(times).clamp(max=1.0).sum().backward()
            assert layer.weights[0].grad is not None
            continue
        with pytest.raises(ValueError, match="cannot be differentiated so") as refused:
            make()
        said = str(refused.value).rpartition(". Here ")[2]
        offered = [name for name in PAIRS if f"{name!r}" in said.partition("may be")[2]] + [None] * ("may be None" in said)
        assert sorted(offered, key=str) == sorted(working, key=str), said


@pytest.mark.parametrize(
    "arguments, said",
    [
        (dict(output="membrane", times=[1e-3], engine="clock"), 'the recording of engine "clock" is on a grid of time steps'),
        (dict(output="membrane", times=[0.2], t_end=0.1), "time 0 is 0.2 s"),
        (dict(output="integrals"), "needs a finite tau"),
    ],
)
def test_a_layer_that_cannot_be_read_is_not_made(arguments, said):
    with pytest.raises(ValueError, match=f"cannot be read: .*{said}"):
        EventProp([3, 4, 2], readout="leaky", **arguments)


def test_a_layer_whose_values_its_engine_does_not_run_yet_can_be_made():
    layer = EventProp([5, 20, 3], engine="first-spike", tau_mem=[20e-3, 20e-3], tau_syn=[5e-3, 5e-3], seed=0)
    layer.load_network(sp.Network([5, 20, 3], tau_mem=20e-3, tau_syn=10e-3, seed=0))
    assert layer(torch.full((1, 5), 1e-3)).shape == (1, 3, 1)
