"""Networks and spikes to the Neuromorphic Intermediate Representation and back: every bit; and what cannot be read is refused by name."""

import copy
import pickle

import numpy as np
import pytest

import spinnprop as sp

nir = pytest.importorskip("nir", reason="nir is not installed; it needs Python 3.10")


def same(a, b):
    return pickle.dumps(a) == pickle.dumps(b)


def drawn(net, seed=0):
    """A network all of whose parameters are drawn at random."""
    rng = np.random.default_rng(seed)
    for ends in net.connections:
        net.weights[ends] = rng.normal(size=net.weights[ends].shape)
        if net.delays[ends].size:
            net.delays[ends] = rng.uniform(0, 5e-3, net.delays[ends].shape)
    n_layers = len(net.layer_sizes) - 1
    for layer, n in enumerate(net.layer_sizes[1:]):
        net.tau_mem[layer], net.tau_syn[layer] = rng.uniform(1e-2, 3e-2, n), rng.uniform(3e-3, 8e-3, n)
        net.drive[layer] = rng.uniform(0, 0.3, n)
        if net.readout == "spiking" or layer < n_layers - 1:
            net.threshold[layer], net.reset[layer] = rng.uniform(0.5, 2, n), rng.uniform(-1, 0.2, n)
    return net


SHAPES = {
    **{
        f"{delays}, {recurrent}, {readout}": {"delays": delays, "recurrent": recurrent, "readout": readout}
        for delays in (None, "axonal", "dendritic", "synaptic")
        for recurrent in (False, True)
        for readout in ("spiking", "leaky")
    },
    "twelve layers": {
        "layer_sizes": [5] + [4] * 12,
        "connections": [(i, i + 1) for i in range(12)] + [(0, 12), (3, 9), (2, 2), (11, 11)],
        "delays": ["axonal", "dendritic", "synaptic", None] * 4,
    },
    "side by side": {"layer_sizes": [5, 3, 4, 2], "connections": [(0, 1), (0, 2), (1, 3), (2, 3)]},
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("dt", "recurrence", "time_unit"), [(None, "flat", "s"), (None, "nested", "ms"), (1e-4, "flat", "s"), (3e-4, "nested", "us")]
)
def test_every_bit_comes_back(shape, dt, recurrence, time_unit, tmp_path):
    net = drawn(sp.Network(**{"layer_sizes": [5, 7, 4, 3], **SHAPES[shape]}))
    graph = sp.to_nir(net, dt, recurrence, time_unit)
    nir.write(tmp_path / "net.nir", graph)
    for told in ({}, {"time_unit": time_unit}):
        assert same(net, sp.from_nir(graph, **told))
        assert same(net, sp.from_nir(tmp_path / "net.nir", **told))


def test_the_unit_that_metadata_name_is_taken_unless_another_is_given():
    net = sp.Network([3, 4, 2], delays="axonal")
    net.delays[0] = [1e-3, 2e-3, 3e-3]
    graph = sp.to_nir(net, time_unit="ms")
    for name in ("layer_1", "layer_2", "delays_0_1"):  # changed elsewhere, so that no exact numbers agree
        for field in ("tau_mem", "tau_syn", "w_in", "delay"):
            if hasattr(graph.nodes[name], field):
                setattr(graph.nodes[name], field, getattr(graph.nodes[name], field) * 0.75)
    back = sp.from_nir(graph)
    assert back.tau_mem[0][0] == 15e-3 and back.tau_syn[1][0] == 3.75e-3
    np.testing.assert_allclose(back.delays[0], [0.75e-3, 1.5e-3, 2.25e-3], rtol=1e-15)
    assert sp.from_nir(graph, time_unit="s").tau_mem[0][0] == 15.0
    graph.nodes["layer_1"].metadata["time_unit"] = "us"
    with pytest.raises(ValueError, match="several units.*'us'.*'ms'|several units.*'ms'.*'us'"):
        sp.from_nir(graph)
    for unknown in ("fortnight", b"\xff", 3, ["ms"]):
        graph.nodes["layer_1"].metadata["time_unit"] = unknown
        with pytest.raises(ValueError, match="node 'layer_1' is .*give from_nir the time_unit"):
            sp.from_nir(graph)
        assert sp.from_nir(graph, time_unit="ms").tau_mem[0][0] == 15e-3


def test_every_bit_of_odd_numbers_comes_back():
    net = sp.Network([2, 3, 1], delays="synaptic")
    net.weights[0] = [[-0.0, 0.0], [5e-324, -1e300], [np.pi, -np.finfo(float).tiny]]
    net.delays[0] = [[1e-300, 0.0], [3e-3, 1e3], [0.1, 0.2]]
    back = sp.from_nir(sp.to_nir(net))
    assert same(net, back) and np.signbit(back.weights[0][0, 0])


def test_without_metadata_the_plain_form_keeps_every_bit_and_the_step_form_some_units_of_the_last_place():
    net = drawn(sp.Network([5, 7, 4, 3], delays="synaptic", recurrent=True))
    for dt, ulps in ((None, 0), (1e-4, 8)):
        graph = sp.to_nir(net, dt)
        for node in graph.nodes.values():
            node.metadata = {}
        back = sp.from_nir(graph)
        for ends in net.connections:
            difference = np.abs(np.array(back.weights[ends]) - net.weights[ends])
            assert (difference <= ulps * np.spacing(np.abs(net.weights[ends]))).all()


def test_metadata_are_believed_only_where_they_agree():
    net = sp.Network([3, 2])
    graph = sp.to_nir(net, dt=1e-4)
    linear = graph.nodes["weights_0_1"]
    linear.weight = linear.weight.copy()
    linear.weight[0, 1] *= 2
    back = sp.from_nir(graph)
    assert np.isclose(back.weights[0][0, 1], 2 * net.weights[0][0, 1], rtol=1e-14)
    for wrong in (np.full((2, 3), np.nan), np.ones((3, 3)), "weights", np.array(["a"] * 6).reshape(2, 3), None):
        linear.metadata = {"exact_weight": wrong}
        assert np.isfinite(sp.from_nir(graph).weights[0]).all()


def test_the_step_form():
    dt, net = 1e-4, drawn(sp.Network([4, 3, 2], readout="leaky", delays="axonal"))
    graph = sp.to_nir(net, dt=dt)
    assert sorted(graph.nodes) == sorted(
        ["input", "delays_0_1", "weights_0_1", "layer_1", "delays_1_2", "weights_1_2", "layer_2", "output"]
    )
    assert isinstance(graph.nodes["layer_2"], nir.CubaLI)
    for layer in range(2):
        node = graph.nodes[f"layer_{layer + 1}"]
        np.testing.assert_array_equal(node.r, net.tau_mem[layer] / dt)
        np.testing.assert_array_equal(node.w_in, net.tau_syn[layer] / dt)
        np.testing.assert_array_equal(node.v_leak, net.drive[layer])
        weight = graph.nodes[f"weights_{layer}_{layer + 1}"].weight
        np.testing.assert_allclose(weight, net.weights[layer] * dt / np.array(net.tau_mem[layer])[:, None], rtol=1e-15)
        assert all(getattr(node, name).shape == node.r.shape for name in ("tau_mem", "tau_syn", "w_in", "v_leak"))


def test_arrays_are_the_graphs_own():
    net = sp.Network([3, 2], delays="dendritic")
    graph, before = sp.to_nir(net), pickle.dumps(net)
    graph.nodes["weights_0_1"].weight[:] = 7
    graph.nodes["layer_1"].tau_mem[:] = 1
    assert pickle.dumps(net) == before
    back = sp.from_nir(graph)
    graph.nodes["weights_0_1"].weight[:] = 8
    assert (back.weights[0] == 7).all()


def neurons(n=2, kind=nir.CubaLIF, **fields):
    own = {"tau_mem": 0.02, "tau_syn": 0.005, "r": 1.0, "v_leak": 0.0, "w_in": 0.005}
    if kind is nir.CubaLIF:
        own.update(v_threshold=1.0, v_reset=0.0)
    return kind(**{name: np.full(n, value) if np.ndim(value) == 0 else np.asarray(value) for name, value in {**own, **fields}.items()})


def single():
    """Neurons whose parameters are single numbers, of any dtype."""
    node = neurons()
    for name, dtype in zip(("tau_mem", "tau_syn", "r", "v_leak", "w_in", "v_threshold", "v_reset"), ("f8", "f4", "i4", "u1", "f8", "?", "i8")):
        setattr(node, name, np.array(getattr(node, name)[0], dtype))
    return node


def linear(*shape):
    return nir.Linear(weight=np.arange(1.0, 1 + np.prod(shape)).reshape(shape))


def graph_of(nodes, edges, n_in=3, n_out=2, check=False):
    ends = {"input": nir.Input({"input": np.array([n_in])}), "output": nir.Output({"output": np.array([n_out])})}
    return nir.NIRGraph({**ends, **nodes}, edges, type_check=check)


def in_row(*nodes, n_in=3, n_out=2, check=False):
    names = ["input", *(f"n{place}" for place in range(len(nodes))), "output"]
    return graph_of(dict(zip(names[1:], nodes)), list(zip(names, names[1:])), n_in, n_out, check)


def test_what_other_libraries_write():
    W = linear(2, 3).weight
    impulse = sp.from_nir(in_row(linear(2, 3), neurons(r=4.0, w_in=0.01, v_leak=0.25)))
    np.testing.assert_allclose(impulse.weights[0], 8 * W, rtol=1e-15)
    assert (impulse.drive[0] == 0.25).all()
    step = neurons(r=np.float32(0.02 / 1e-3), w_in=np.float32(0.005 / 1e-3))
    for dt in ("auto", 1e-3):
        np.testing.assert_allclose(sp.from_nir(in_row(linear(2, 3), step), dt=dt).weights[0], 20 * W, rtol=1e-6)
    np.testing.assert_allclose(sp.from_nir(in_row(linear(2, 3), step), dt=None).weights[0], 2e4 * W, rtol=1e-6)
    whole = sp.from_nir(in_row(nir.Linear(np.ones((2, 3), np.int8)), neurons(tau_mem=20, tau_syn=5, w_in=5)), time_unit="ms")
    assert (whole.weights[0] == 1).all() and (whole.tau_mem[0] == 0.02).all()
    assert sp.from_nir(in_row(linear(2, 3), single())).layer_sizes == (3, 2)


def test_what_lies_between_neurons():
    delay, W = nir.Delay(np.array([1e-3, 2e-3, 3e-3])), linear(2, 3).weight
    both = sp.from_nir(in_row(delay, linear(2, 3), nir.Delay(np.array([0.0, 1e-3])), neurons()))
    np.testing.assert_array_equal(both.delays[0], [[1e-3, 2e-3, 3e-3], [1e-3 + 1e-3, 2e-3 + 1e-3, 3e-3 + 1e-3]])
    assert both.delay_kinds == ("synaptic",)
    twice = sp.from_nir(in_row(delay, delay, linear(2, 3), neurons()))
    np.testing.assert_array_equal(twice.delays[0], 2 * delay.delay)
    scaled = sp.from_nir(in_row(nir.Scale(np.array([1.0, 2.0, 0.5])), linear(2, 3), nir.Scale(np.array([3.0, 1.0])), neurons()))
    np.testing.assert_allclose(scaled.weights[0], W * [1, 2, 0.5] * [[3], [1]])
    product = sp.from_nir(in_row(linear(4, 3), linear(2, 4), neurons()))
    np.testing.assert_allclose(product.weights[0], linear(2, 4).weight @ linear(4, 3).weight)
    affine = sp.from_nir(in_row(nir.Affine(weight=W, bias=np.zeros(2)), neurons()))
    np.testing.assert_array_equal(affine.weights[0], W)
    straight = sp.from_nir(in_row(neurons(3), n_out=3))
    np.testing.assert_array_equal(straight.weights[0], np.eye(3))
    # Two channels of the first sender, of which each receiver takes another.
    expand = np.array([[1.0, 0, 0], [2.0, 0, 0], [0, 0, 1]])
    collect = np.array([[1.0, 0, 4], [0, 3.0, 0]])
    channels = sp.from_nir(in_row(nir.Linear(expand), delay, nir.Linear(collect), neurons()))
    np.testing.assert_array_equal(channels.weights[0], [[1, 0, 4], [6, 0, 0]])
    np.testing.assert_array_equal(channels.delays[0], [[1e-3, 0, 3e-3], [2e-3, 0, 0]])


def circle(*nodes):
    """A recurrent layer through nodes."""
    names = [f"r{place}" for place in range(len(nodes))]
    edges = list(zip(["a", *names], [*names, "a"]))
    return graph_of({"w": linear(2, 3), "a": neurons(), **dict(zip(names, nodes))}, [("input", "w"), ("w", "a"), *edges, ("a", "output")])


def two(edges, **more):
    return graph_of({"w": linear(2, 3), "a": neurons(), "v": linear(2, 2), "b": neurons(), **more}, edges)


CHAIN = [("input", "w"), ("w", "a"), ("a", "v"), ("v", "b"), ("b", "output")]


def held_by_itself():
    inner = in_row(linear(2, 3), neurons())
    inner.nodes["self"] = inner
    return in_row(inner)


def with_edges(edges):
    graph = in_row(linear(2, 3), neurons())
    graph.edges = edges
    return graph


def with_field(name, value):
    graph = in_row(linear(2, 3), neurons())
    setattr(graph.nodes["n0"], name, value)
    return graph


def unused_branch():
    graph = in_row(linear(2, 3), neurons())
    graph.nodes["loose"] = linear(2, 2)
    return graph


#: Graphs that are refused, each with what its error says.
def unequal():
    node = neurons()
    node.tau_mem = [[1.0, 2.0], [1.0]]
    return node


REFUSED = {
    "a neuron without a current": (lambda: in_row(linear(2, 3), nir.LIF(*[np.ones(2)] * 5)), "'n1' is LIF"),
    "an integrator": (lambda: in_row(linear(2, 3), nir.IF(np.ones(2), np.ones(2), np.zeros(2))), "'n1' is IF"),
    "a threshold": (lambda: in_row(linear(2, 3), nir.Threshold(np.ones(2))), "'n1' is Threshold"),
    "a convolution": (
        lambda: in_row(nir.Conv1d(3, np.ones((1, 1, 1)), 1, 0, 1, 1, np.zeros(1)), neurons()), "'n0' is Conv1d, .*Linear",
    ),
    "a pool": (lambda: in_row(nir.SumPool2d(np.ones(2), np.ones(2), np.zeros(2)), neurons()), "'n0' is SumPool2d"),
    "something else": (lambda: graph_of({"x": object()}, []), "'x' is object"),
    "a bias": (lambda: in_row(nir.Affine(np.ones((2, 3)), np.array([0.0, 1.0])), neurons()), "'n0' has a bias"),
    "not a number": (lambda: in_row(nir.Linear(np.array([[1, 2, np.nan], [0, 0, 0]])), neurons()), "weight of node 'n0' has the value nan"),
    "an infinite threshold": (lambda: in_row(linear(2, 3), neurons(v_threshold=np.inf)), "v_threshold of node 'n1' has the value inf"),
    "words": (lambda: in_row(nir.Linear(np.array([["a", "b", "c"]] * 2)), neurons()), "weight of node 'n0' has dtype <U1"),
    "objects": (lambda: in_row(nir.Linear(np.array([[None] * 3] * 2)), neurons()), "weight of node 'n0' has dtype object"),
    "unequal lists": (lambda: with_field("weight", [[1.0, 2.0], [1.0]]), "weight of node 'n0' is no array"),
    "complex": (lambda: in_row(nir.Linear(np.ones((2, 3), complex)), neurons()), "weight of node 'n0' has dtype complex"),
    "no neurons": (lambda: in_row(linear(2, 3)), "no neurons"),
    "no neurons in a node": (lambda: in_row(linear(0, 3), neurons(0), n_out=2), "'n1' has no neurons"),
    "tau of 0": (lambda: in_row(linear(2, 3), neurons(tau_mem=0.0)), "tau_mem of node 'n1' has the value 0.0"),
    "negative tau": (lambda: in_row(linear(2, 3), neurons(tau_syn=-1.0)), "tau_syn of node 'n1' has the value -1.0"),
    "threshold of 0": (lambda: in_row(linear(2, 3), neurons(v_threshold=0.0)), "the neurons of 'n1', .*: threshold of neuron 0"),
    "reset above threshold": (lambda: in_row(linear(2, 3), neurons(v_reset=2.0)), "the neurons of 'n1', counted in this order: reset of neuron 0"),
    "taus of unequal lists": (lambda: in_row(linear(2, 3), unequal()), "tau_mem of node 'n1' is no array"),
    "negative delay": (lambda: in_row(nir.Delay(np.array([0.0, -1, 0])), linear(2, 3), neurons()), "delay of node 'n0' has the value -1.0"),
    "other shapes": (lambda: in_row(linear(2, 4), neurons()), r"weight of node 'n0' has shape \(2, 4\)"),
    "more neurons": (lambda: in_row(linear(2, 3), neurons(5)), "2 channels lead from 'input' to 'n1', which has 5"),
    "more delays": (lambda: in_row(nir.Delay(np.zeros(4)), linear(2, 3), neurons()), "delay of node 'n0'"),
    "parameters of a plane": (lambda: in_row(linear(2, 3), neurons(1, **dict.fromkeys(
        ("tau_mem", "tau_syn", "r", "v_leak", "w_in", "v_threshold", "v_reset"), np.ones((1, 2))))), "one dimension"),
    "weights of a cube": (lambda: in_row(nir.Linear(np.ones((1, 2, 3))), neurons()), r"shape \(1, 2, 3\)"),
    "more inputs than neurons": (lambda: in_row(neurons()), "3 channels lead from 'input' to 'n0', which has 2"),
    "single numbers without weights": (lambda: in_row(single()), "does not say how many"),
    "a read-out in the middle": (lambda: in_row(linear(2, 3), neurons(kind=nir.CubaLI), linear(2, 2), neurons()), "'n1' is CubaLI"),
    "weights at the end": (lambda: in_row(linear(3, 3), neurons(3), linear(2, 3)), "'n2' leads to the output"),
    "the input at the end": (lambda: two([*CHAIN[:-1], ("input", "output"), ("b", "output")]), "lead to the output"),
    "two outputs": (lambda: two(CHAIN, more=nir.Output({"output": np.array([2])})), "2 Output nodes"),
    "two inputs": (lambda: two(CHAIN, more=nir.Input({"input": np.array([2])})), "2 Input nodes"),
    "feedback": (lambda: two([*CHAIN, ("b", "a")]), "feed back"),
    "more from the last": (lambda: two([("input", "w"), ("w", "a"), ("a", "v"), ("v", "b"), ("a", "output")]), "'a' leads to the output and to 'b'"),
    "two ways": (lambda: two([*CHAIN, ("a", "x"), ("x", "b")], x=linear(2, 2)), "two ways lead from 'a' to 'b'"),
    "a circle of weights": (lambda: two([*CHAIN, ("v", "x"), ("x", "v")], x=linear(2, 2)), "two ways"),
    "an edge twice": (lambda: with_edges([("input", "n0"), ("n0", "n1"), ("n0", "n1"), ("n1", "output")]), "there twice"),
    "an edge to nowhere": (lambda: with_edges([("input", "n7")]), "'n7', and there is no such node"),
    "edges of three": (lambda: with_edges([("input", "n0", "n1")]), "pair of names"),
    "edges of numbers": (lambda: with_edges([(0, 1)]), "pair of names"),
    "edges of words": (lambda: with_edges(["ab"]), "pair of names"),
    "no edges": (lambda: with_edges([]), "."),
    "edges that are a number": (lambda: with_edges(3), "list of pairs"),
    "into the input": (lambda: two([*CHAIN, ("b", "input")]), "back to the input"),
    "loose": (unused_branch, "'loose' lies on no way"),
    "a dead end": (lambda: two([*CHAIN, ("a", "x")], x=linear(2, 2)), "'x' leads nowhere"),
    "unreached neurons": (lambda: two([("input", "w"), ("w", "a"), ("a", "output"), ("b", "v")]), "'v' leads nowhere|'b'"),
    "a graph in itself": (held_by_itself, "holds itself"),
    "two delays of a synapse": (
        lambda: in_row(nir.Linear(np.ones((2, 1))), nir.Delay(np.array([1.0, 2.0])), nir.Linear(np.ones((2, 2))), neurons(), n_in=1),
        "two delays from channel 0 for channel 0",
    ),
    "senders that share a delay": (
        lambda: in_row(linear(2, 3), nir.Delay(np.ones(2)), nir.Linear(np.ones((2, 2))), neurons()), "several senders",
    ),
    "weights beyond numbers": (lambda: in_row(nir.Linear(np.full((2, 3), 1e308)), neurons(r=100.0)), "the way from 'input' to 'n1': weights"),
    "products beyond numbers": (
        lambda: in_row(nir.Linear(np.full((2, 3), 1e200)), nir.Linear(np.full((2, 2), 1e200)), neurons()), "beyond float64",
    ),
    "an input of no channels": (lambda: in_row(linear(2, 3), neurons(), n_in=0), "shape of node 'input'"),
    "an input of too many": (lambda: in_row(linear(2, 3), neurons(), n_in=2**62), "weight of node 'n0'"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    make, said = REFUSED[case]
    with pytest.raises(ValueError, match=said) as caught:
        sp.from_nir(make())
    assert "\n" not in str(caught.value)


def test_recurrent_ways():
    for graph, kind in (
        (circle(linear(2, 2)), None),
        (circle(), None),
        (circle(nir.Delay(np.zeros(2)), linear(2, 2)), "axonal"),
        (circle(linear(2, 2), nir.Delay(np.zeros(2))), "dendritic"),
    ):
        net = sp.from_nir(graph)
        assert net.connections == ((0, 1), (1, 1)) and net._kinds == (None, kind)


def test_huge_graphs_are_refused_before_they_are_made():
    n = 3_000_000
    with pytest.raises(MemoryError, match="without a Linear"):
        sp.from_nir(in_row(neurons(n), n_in=n, n_out=n))
    net = sp.Network([300, 40], delays="synaptic")
    with pytest.raises(ValueError, match="axonal.*dendritic"):
        sp.to_nir(sp.Network([300, 200], delays="synaptic"))
    assert same(net, sp.from_nir(sp.to_nir(net)))


def test_arguments():
    net = sp.Network([3, 2])
    for arguments, error, said in (
        ({"dt": 0.005}, ValueError, "below the least time constant, 0.005"),
        ({"dt": -1.0}, ValueError, "dt"),
        ({"dt": np.nan}, ValueError, "dt"),
        ({"dt": "1"}, TypeError, "dt"),
        ({"recurrence": "deep"}, ValueError, "'flat' or 'nested'"),
        ({"time_unit": "h"}, ValueError, "'ms'"),
        ({"time_unit": None}, ValueError, "'ms'"),
    ):
        with pytest.raises(error, match=said):
            sp.to_nir(net, **arguments)
    with pytest.raises(TypeError, match="Network"):
        sp.to_nir([net])
    with pytest.raises(ValueError, match="refractory"):
        sp.to_nir(sp.Network([3, 2], refractory=1e-3))
    with pytest.raises(TypeError, match="NIRGraph"):
        sp.from_nir(net)
    for dt in (0, -1.0, "step", np.inf):
        with pytest.raises((ValueError, TypeError), match="dt"):
            sp.from_nir(sp.to_nir(net), dt=dt)
    for unit in ("h", None, ["ms"]):
        with pytest.raises(ValueError, match="time_unit is .*'ms'"):
            sp.from_nir(sp.to_nir(net), time_unit=unit)
    with pytest.raises(ValueError, match="dt is for networks"):
        sp.to_nir(sp.SpikeTrains([], [], [0], 1), dt=1e-3)


def test_files(tmp_path):
    net = drawn(sp.Network([3, 4, 2], delays="axonal", recurrent=True))
    path = tmp_path / "net.nir"
    nir.write(path, sp.to_nir(net, dt=1e-4))
    assert same(net, sp.from_nir(path)) and same(net, sp.from_nir(str(path)))
    with pytest.raises(FileNotFoundError, match="missing"):
        sp.from_nir(tmp_path / "missing.nir")
    for content in (b"", b"\x89HDF\r\n\x1a\n", b"text" * 100, path.read_bytes()[:-4000]):
        (tmp_path / "damaged.nir").write_bytes(content)
        with pytest.raises(ValueError, match="damaged.nir.*no NIR graph") as caught:
            sp.from_nir(tmp_path / "damaged.nir")
        assert "\n" not in str(caught.value)


def test_files_that_promise_too_much(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "huge.nir", "w") as file:
        node = file.create_group("node")
        node.create_dataset("type", data="Linear", dtype=h5py.string_dtype())
        node.create_dataset("weight", shape=(10**6, 10**7), dtype="f8", chunks=(100, 100))
    with pytest.raises(MemoryError, match="huge.nir"):
        sp.from_nir(tmp_path / "huge.nir")
    with h5py.File(tmp_path / "ring.nir", "w") as file:
        node = file.create_group("node")
        node["within"] = node
    with pytest.raises(ValueError, match="hold themselves"):
        sp.from_nir(tmp_path / "ring.nir")


def test_damaged_graphs_are_refused_or_read():
    """Fields of nodes exchanged for others, and edges drawn at random: a network, or a ValueError of one line."""
    rng, outcomes = np.random.default_rng(1), set()
    base = sp.to_nir(drawn(sp.Network([3, 4, 2], delays="synaptic", recurrent=True)), recurrence="nested")
    odd = [np.zeros(0), np.array(1.0), np.array([np.nan] * 4), np.ones((2, 2)), np.array([1, 2, 3, 4]), None, "x", np.array([b"x"]), 3,
           np.array([1e308] * 4), np.array([-1.0, 1, 1, 1]), np.ones(4, bool), np.array([1j] * 4), {}, [1.0, 2.0], np.ones(10**5)]  # fmt: skip
    for _ in range(400):
        graph = copy.deepcopy(base)
        names = list(graph.nodes)
        for _ in range(rng.integers(1, 3)):
            node = graph.nodes[names[rng.integers(len(names))]]
            fields = [field for field in vars(node) if field != "metadata"]
            kind = rng.integers(4)
            if kind == 0 and fields:
                setattr(node, fields[rng.integers(len(fields))], odd[rng.integers(len(odd))])
            elif kind == 1:
                graph.edges.append((names[rng.integers(len(names))], names[rng.integers(len(names))]))
            elif kind == 2 and graph.edges:
                del graph.edges[rng.integers(len(graph.edges))]
            else:
                graph.nodes[names[rng.integers(len(names))]] = graph.nodes[names[rng.integers(len(names))]]
        try:
            net = sp.from_nir(graph)
            assert isinstance(net, sp.Network)
            outcomes.add("read")
        except ValueError as error:
            assert "\n" not in str(error)
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}


def test_spikes_come_back():
    X, _ = sp.datasets.yin_yang(20, seed=1)
    spikes = sp.encoding.latency(X, bias=0.0)
    data = sp.to_nir(spikes)
    assert isinstance(data, nir.EventData) and data.idx.shape == (20, 5) and data.t_max == spikes.times.max()
    assert sp.from_nir(data) == spikes
    uneven = sp.SpikeTrains([3.0, 1.0, 1.0, 2.0], [1, 0, 0, 2], [0, 3, 3, 4], 3)
    data = sp.to_nir(uneven)
    assert data.idx.tolist() == [[1, 0, 0], [-1] * 3, [2, -1, -1]] and data.time[1].tolist() == [np.inf] * 3
    assert sp.from_nir(data) == uneven
    for empty in (sp.SpikeTrains([], [], [0], 4), sp.SpikeTrains([], [], [0, 0, 0], 4)):
        assert sp.from_nir(sp.to_nir(empty)) == empty
    in_ms = sp.to_nir(uneven, time_unit="ms")
    assert in_ms.time[0].tolist() == [3000.0, 1000.0, 1000.0] and sp.from_nir(in_ms, time_unit="ms") == uneven
    for unit in ("ms", "us", "ns"):
        back = sp.from_nir(sp.to_nir(spikes, time_unit=unit), time_unit=unit)
        assert (back.units == spikes.units).all() and (np.abs(back.times - spikes.times) <= 2.0**-52 * spikes.times).all()
    steps = sp.from_nir(nir.TimeGriddedData(np.eye(3, dtype=bool)[None], 0.5))
    assert steps.times.tolist() == [0.0, 0.5, 1.0] and steps.units.tolist() == [0, 1, 2]


def test_recordings_come_back(tmp_path):
    X, _ = sp.datasets.yin_yang(5, seed=1)
    net = sp.Network([5, 30, 3], seed=1, readout="leaky")
    rec = net.forward(sp.encoding.latency(X, bias=0.0))
    data = sp.to_nir(rec)
    data.check_nodes(sp.to_nir(net))
    nir.write_data(tmp_path / "rec.nir", data)
    back = sp.from_nir(nir.read_data(tmp_path / "rec.nir"))
    assert back["input"] == rec.input and back["layer_1"] == rec.spikes[0]
    measured = sp.Recording.measured(net, back["input"], [back["layer_1"]])
    np.testing.assert_array_equal(measured.maxima, rec.maxima)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (lambda: nir.EventData(np.array([[5]]), np.array([[1.0]]), 3, 1.0), "value 5"),
        (lambda: nir.EventData(np.array([[-2]]), np.array([[1.0]]), 3, 1.0), "value -2"),
        (lambda: nir.EventData(np.array([[0.5]]), np.array([[1.0]]), 3, 1.0), "value 0.5"),
        (lambda: nir.EventData(np.array([[np.nan]]), np.array([[1.0]]), 3, 1.0), "nan"),
        (lambda: nir.EventData(np.array([[0]]), np.array([[np.inf]]), 3, 1.0), "inf"),
        (lambda: nir.EventData(np.array([[0]]), np.array([[-1.0]]), 3, 1.0), "-1"),
        (lambda: nir.EventData(np.array([0]), np.array([1.0]), 3, 1.0), "shape"),
        (lambda: nir.EventData(np.array([[0]]), np.array([["a"]]), 3, 1.0), "^time of the recording has dtype"),
        (lambda: nir.EventData(np.array([[0]]), np.array([[1.0]]), 0, 1.0), "n_neurons"),
        (lambda: nir.EventData(np.array([["a"]]), np.array([[1.0]]), 3, 1.0), "dtype"),
        (lambda: nir.ValuedEventData(np.array([[0]]), np.array([[1.0]]), 3, 1.0, np.array([[2.0]])), "ValuedEventData"),
        (lambda: nir.TimeGriddedData(np.full((1, 2, 3), 0.5), 1e-3), "other numbers than 0 and 1"),
        (lambda: nir.TimeGriddedData(np.zeros((1, 2, 3)), 0.0), "dt"),
        (lambda: nir.TimeGriddedData(np.full((1, 2, 3), np.nan), 1e-3), "^data of the recording has the value nan"),
        (lambda: nir.NIRGraphData({"g": nir.NIRGraphData({})}), "'g' is a recording of a graph"),
        (lambda: nir.NIRGraphData({"g": None}), "node 'g' is NoneType; it must be NIRNodeData"),
    ],
)
def test_recordings_that_are_refused(data, said):
    with pytest.raises(ValueError, match=said) as caught:
        sp.from_nir(data())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("values", "weight"), [({"r": 1e308, "w_in": 1e10}, 1.0), ({"w_in": 1e308}, 1.0), ({"w_in": 1e308}, 0.0)])
def test_gains_beyond_float64_are_refused_without_a_warning(values, weight):
    graph = sp.to_nir(sp.Network([3, 4, 2], seed=1))
    neurons = graph.nodes["layer_1"]
    neurons.metadata.clear()
    for field, value in values.items():
        setattr(neurons, field, np.full(4, value))
    graph.nodes["weights_0_1"].weight = np.full((4, 3), weight)
    with pytest.raises(ValueError, match="the way from 'input' to 'layer_1': .* every element must be finite"):
        sp.from_nir(graph, dt=None)


def test_milliseconds_have_fewer_numbers_than_seconds():
    """Why spike times in another unit than seconds cannot keep every bit."""
    first = 1.5
    times = [first]
    while len(times) < 100:
        times.append(np.nextafter(times[-1], np.inf))
    spikes = sp.SpikeTrains(times, [0] * 100, [0, 100], 1)
    assert len(set(sp.to_nir(spikes, time_unit="ms").time[0])) < 100 == len(set(sp.to_nir(spikes).time[0]))
    assert sp.from_nir(sp.to_nir(spikes)) == spikes
