"""Networks: making, reading, setting, copying, storing."""

import copy
import os
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spinnprop as sp

PARAMETERS = [
    "weights",
    "recurrent_weights",
    "delays",
    "recurrent_delays",
    "tau_mem",
    "tau_syn",
    "threshold",
    "reset",
    "drive",
    "refractory",
]


def state(net):
    return {name: [array.copy() for array in getattr(net, name)] for name in PARAMETERS}


def assert_same(net, before):
    for name, arrays in before.items():
        for own, old in zip(getattr(net, name), arrays):
            assert np.array_equal(own, old), name


def test_defaults_shown_are_the_cores():
    shown = sp.Network([5, 7, 3])
    core = sp._core.network_create(
        np.array([5, 7, 3], np.int32), None, None, None, None, None, None, None, None, sp._core.READOUT_SPIKING,
        None, None, 0, sp.EventEngine()._handle, None, None, None, None,
    )  # fmt: skip
    assert_same(sp.Network._of(core), state(shown))
    assert shown.tau_mem[0].tolist() == [20e-3] * 7 and shown.threshold[1].tolist() == [1.0] * 3


def test_shapes_and_kinds():
    net = sp.Network([5, 7, 4, 3], recurrent=[True, False])
    assert net.layer_sizes == (5, 7, 4, 3) and net.delay_kinds == (None,) * 3 and net.readout == "spiking"
    assert [w.shape for w in net.weights] == [(7, 5), (4, 7), (3, 4)]
    assert [w.shape for w in net.recurrent_weights] == [(7, 7), (0, 0), (0, 0)]
    assert [d.shape for d in net.delays] == [(0, 0)] * 3
    for kind, shapes in (("synaptic", [(7, 5), (3, 7)]), ("axonal", [(5,), (7,)]), ("dendritic", [(7,), (3,)])):
        delayed = sp.Network([5, 7, 3], delays=kind, recurrent=True)
        assert [d.shape for d in delayed.delays] == shapes and delayed.delay_kinds == (kind,) * 2
        assert delayed.recurrent_delays[0].shape == ((7, 7) if kind == "synaptic" else (7,))
        assert not delayed.delays[0].any()
    assert sp.Network([5, 3], readout="leaky").readout == "leaky"


def test_each_layer_has_its_kind_of_delay():
    net = sp.Network([5, 7, 4, 3], delays=["axonal", None, "dendritic"], recurrent=True)
    assert net.delay_kinds == ("axonal", None, "dendritic")
    assert [d.shape for d in net.delays] == [(5,), (0, 0), (3,)]
    assert [d.shape for d in net.recurrent_delays] == [(7,), (0, 0), (0, 0)]
    assert repr(net) == "<Network 5-7-4-3, delays=['axonal', None, 'dendritic']>"
    assert repr(sp.Network([5, 7, 3], delays=("axonal", "axonal"))) == "<Network 5-7-3, delays='axonal'>"
    net.delays[0] = np.linspace(0, 1e-3, 5)
    net.delays[1] = np.zeros((4, 7))
    with pytest.raises(ValueError, match=r"delays\[1\]\[0, 3\] is .* layer 1 was made without delays"):
        net.delays[1] = np.repeat([0.0, 1e-3], [3, 25]).reshape(4, 7)
    assert_same(pickle.loads(pickle.dumps(net)), state(net))
    for wrong, message in (
        (["axonal", None], r"delays is \['axonal', None\]; give one kind, or one for each layer after the input, 3"),
        ([], "one for each layer after the input, 3"),
        (["axonal", None, "dentritic"], r"delays\[2\] is 'dentritic'; it must be None, 'synaptic', 'axonal' or 'dendritic'"),
        ([1, 2, 3], r"delays\[0\] is 1; it must be None"),
        ([["axonal"], None, None], r"delays\[0\] is \['axonal'\]|delays is"),
        (np.zeros((3, 1)), "delays is array"),
        ("dentritic", "delays is 'dentritic'"),
        (3, "delays is 3"),
    ):
        with pytest.raises(ValueError, match=message):
            sp.Network([5, 7, 4, 3], delays=wrong)


def test_seeds_and_spread():
    assert np.array_equal(sp.Network([5, 7, 3], seed=4).weights[0], sp.Network([5, 7, 3], seed=4).weights[0])
    assert not np.array_equal(sp.Network([5, 7, 3], seed=4).weights[0], sp.Network([5, 7, 3], seed=5).weights[0])
    net = sp.Network([50, 400, 3], weight_mean=[1.5, 0.9], weight_std=[0.78, 0.0], seed=2**64 - 1)
    assert abs(net.weights[0].mean() - 1.5) < 0.05 and abs(net.weights[0].std() - 0.78) < 0.05
    assert np.all(net.weights[1] == 0.9)


def test_neuron_parameters_for_all_per_layer_and_per_neuron():
    assert sp.Network([2, 2, 1], tau_mem=[1e-2, 2e-2]).tau_mem[0].tolist() == [1e-2, 1e-2]
    net = sp.Network([2, 2, 1], tau_syn=[1e-3, 2e-3, 3e-3], reset=-0.5, threshold=np.float32(2))
    assert net.tau_syn[0].tolist() == [1e-3, 2e-3] and net.tau_syn[1].tolist() == [3e-3]
    assert net.reset[1].tolist() == [-0.5] and net.threshold[0].tolist() == [2.0, 2.0]
    # What a network has is an array for each layer.
    with pytest.raises(ValueError, match="tau_syn has an array in the place of a number.*, as np.concatenate makes"):
        sp.Network([2, 2, 1], tau_syn=net.tau_syn)
    assert [own.tolist() for own in sp.Network([2, 2, 1], tau_syn=np.concatenate(net.tau_syn)).tau_syn] == [own.tolist() for own in net.tau_syn]


@pytest.mark.parametrize(
    "arguments, options",
    [
        ([[5]], {}),
        ([[]], {}),
        ([[5, 0, 3]], {}),
        ([[5, -1]], {}),
        ([[[5, 3]]], {}),
        ([5], {}),
        ([[5, 3]], dict(tau_mem=0.0)),
        ([[5, 3]], dict(tau_mem=-1.0)),
        ([[5, 3]], dict(tau_syn=np.nan)),
        ([[5, 3]], dict(tau_syn=np.inf)),
        ([[5, 3]], dict(threshold=0.0)),
        ([[5, 3]], dict(threshold=[1.0, 2.0])),
        ([[5, 3]], dict(threshold=[])),
        ([[5, 3]], dict(reset=1.0)),
        ([[5, 3]], dict(tau_mem=[[1.0]])),
        ([[5, 3]], dict(delays="none")),
        ([[5, 3]], dict(readout="integrating")),
        ([[5, 4, 3]], dict(recurrent=[True, True])),
        ([[5, 4, 3]], dict(recurrent=[[True]])),
        ([[5, 4, 3]], dict(recurrent=[])),
        ([[5, 3]], dict(seed=-1)),
        ([[5, 3]], dict(seed=2**64)),
        ([[5, 3]], dict(weight_mean=[1.0, 2.0])),
        ([[5, 3]], dict(weight_mean=[])),
        ([[5, 3]], dict(weight_std=[])),
        ([[5, 3]], dict(weight_std=[-1.0])),
        ([[5, 3]], dict(weight_std=[np.nan])),
    ],
)
def test_bad_values(arguments, options):
    with pytest.raises(ValueError) as caught:
        sp.Network(*arguments, **options)
    assert "\n" not in str(caught.value) and "NULL" not in str(caught.value)


def test_no_hidden_layers_take_no_flags():
    assert np.array_equal(sp.Network([5, 3], recurrent=[]).weights[0], sp.Network([5, 3]).weights[0])


@pytest.mark.parametrize(
    "arguments, options",
    [
        (["5-3"], {}),
        ([None], {}),
        ([[5, 3]], dict(tau_mem="20")),
        ([[5, 3]], dict(threshold=None)),
        ([[5, 4, 3]], dict(recurrent=1)),
        ([[5, 4, 3]], dict(recurrent="yes")),
        ([[5, 3]], dict(seed=1.5)),
        ([[5, 3]], dict(seed=True)),
        ([[5, 3]], dict(nonsense=1)),
    ],
)
def test_bad_types(arguments, options):
    with pytest.raises(TypeError):
        sp.Network(*arguments, **options)


def test_too_large_is_a_memory_error():
    with pytest.raises(MemoryError):
        sp.Network([2**31 - 1, 2**31 - 1, 2**31 - 1])


def test_sequences(net):
    assert len(net.weights) == 2 and len(list(net.weights)) == 2
    assert np.array_equal(net.weights[-1], net.weights[1])
    for index in (2, -3, 2**70):
        with pytest.raises(IndexError, match=str(index)):
            net.weights[index]
    for index in ("0", 0.0, None, slice(2)):
        with pytest.raises(TypeError):
            net.weights[index]
    for index in (2, -3):
        with pytest.raises(IndexError, match=str(index)):
            net.weights[index] = np.zeros((30, 5))
    with pytest.raises(AttributeError):
        net.weights = []
    with pytest.raises(AttributeError):
        del net.weights[0]


def test_reading_gives_a_read_only_copy(net):
    array = net.weights[0]
    assert array.dtype == np.float64 and not array.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        array[0, 0] = 7.0
    assert array is not net.weights[0]


def test_setting(net):
    net.weights[0] = np.full((30, 5), 2.0)
    assert np.all(net.weights[0] == 2.0)
    net.weights[-1] = np.ones((3, 30), np.float32)
    assert np.all(net.weights[1] == 1.0)
    net.weights[0] = np.arange(150, dtype=">f8").reshape(5, 30).T
    assert net.weights[0][1, 0] == 1.0
    net.tau_mem[0] = np.linspace(1e-3, 30e-3, 30)
    assert net.tau_mem[0][-1] == 30e-3


@pytest.mark.parametrize(
    "name, value, error",
    [
        ("weights", np.zeros((5, 30)), ValueError),
        ("weights", np.zeros(150), ValueError),
        ("weights", 0.0, ValueError),
        ("weights", np.full((30, 5), np.nan), ValueError),
        ("weights", np.full((30, 5), np.inf), ValueError),
        ("weights", np.zeros((30, 5), complex), TypeError),
        ("weights", np.zeros((30, 5), object), TypeError),
        ("weights", None, TypeError),
        ("weights", "zeros", TypeError),
        ("recurrent_weights", np.zeros((30, 30)), ValueError),
        ("delays", np.full((30, 5), 1e-3), ValueError),
        ("delays", np.zeros(5), ValueError),
        ("recurrent_delays", np.zeros((30, 30)), ValueError),
        ("tau_mem", np.zeros(30), ValueError),
        ("tau_mem", np.full(30, np.nan), ValueError),
        ("tau_syn", np.full(29, 1e-3), ValueError),
        ("threshold", np.full(30, -1.0), ValueError),
        ("reset", np.full(30, 1.0), ValueError),
        ("drive", np.full(30, np.nan), ValueError),
        ("drive", np.full(30, -1e300), ValueError),
        ("refractory", np.full(30, -1e-9), ValueError),
        ("refractory", np.full(30, np.inf), ValueError),
    ],
)
def test_refused_values_change_nothing(net, name, value, error):
    before = state(net)
    with pytest.raises(error):
        getattr(net, name)[0] = value
    assert_same(net, before)


def test_delays_are_not_negative():
    net = sp.Network([2, 3], delays="synaptic")
    net.delays[0] = np.full((3, 2), 1e-3)
    for wrong in (-1e-9, np.nan, np.inf):
        with pytest.raises(ValueError):
            net.delays[0] = np.full((3, 2), wrong)
    assert np.all(net.delays[0] == 1e-3)


def test_zeros_may_be_set_where_there_are_no_delays():
    net = sp.Network([5, 7, 3], recurrent=True)
    net.delays[0] = np.zeros((7, 5))
    net.recurrent_delays[0] = np.zeros((7, 7))
    with pytest.raises(ValueError):
        net.recurrent_delays[0] = np.zeros((7, 5))
    with pytest.raises(ValueError):
        net.recurrent_delays[1] = np.zeros((3, 3))


def test_copies_are_equal_and_independent():
    net = sp.Network([5, 7, 3], delays="axonal", recurrent=True, readout="leaky", tau_mem=[1e-2, 2e-2], seed=3)
    net.delays[0] = np.linspace(0, 1e-3, 5)
    before = state(net)
    for twin in (copy.copy(net), copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert_same(twin, before)
        assert repr(twin) == repr(net) == "<Network 5-7-3, delays='axonal', readout='leaky'>"
        twin.weights[0] = np.zeros((7, 5))
        assert_same(net, before)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert_same(pickle.loads(pickle.dumps(net, protocol)), before)


def test_files(tmp_path, net):
    path = tmp_path / "net.safetensors"
    sp.save(net, path)
    assert_same(sp.load(path), state(net))
    assert_same(sp.load(os.fsencode(path)), state(net))
    assert_same(sp.load(str(path)), state(net))
    assert os.listdir(tmp_path) == ["net.safetensors"]
    # A name that is no text.
    name = os.path.join(os.fsencode(tmp_path), b"\xff\xc3")
    sp.save(net, name)
    assert_same(sp.load(os.fsdecode(name)), state(net))
    with pytest.raises(FileNotFoundError, match=r"\\xff\\xc3x: No such file"):
        sp.load(name + b"x")


def test_file_errors(tmp_path, net):
    with pytest.raises(FileNotFoundError, match="missing"):
        sp.load(tmp_path / "missing")
    with pytest.raises((FileNotFoundError, sp.SpinnpropError)):
        sp.save(net, tmp_path / "no" / "folder")
    with pytest.raises(sp.SpinnpropError):
        sp.load(tmp_path)
    for junk in (b"", b"junk", b"\xff" * 100, (2**63 - 1).to_bytes(8, "little") + b"{}"):
        (tmp_path / "junk").write_bytes(junk)
        with pytest.raises(sp.SpinnpropError, match=f"^the network {tmp_path}/junk cannot be loaded: "):
            sp.load(tmp_path / "junk")
        with pytest.raises(sp.SpinnpropError):
            sp._core.network_from_bytes(junk)
        with pytest.raises(sp.SpinnpropError):
            sp._core.recording_from_bytes(junk)
    for wrong in ("a\0b", b"a\0b"):
        with pytest.raises(ValueError):
            sp.load(wrong)
        with pytest.raises(ValueError):
            sp.save(net, wrong)
    for wrong in (None, 3, 1.5, []):
        with pytest.raises(TypeError):
            sp.load(wrong)
    with pytest.raises(TypeError):
        sp.save("net", tmp_path / "net")


@given(st.data())
def test_damaged_files_are_refused_or_read(source):
    good = sp._core.network_to_bytes(sp.Network([3, 4, 2], recurrent=True)._handle)
    start = source.draw(st.integers(0, len(good)))
    patch = source.draw(st.binary(max_size=20))
    damaged = good[:start] + patch + good[start + source.draw(st.integers(0, 20)) :]
    try:
        net = sp.Network._of(sp._core.network_from_bytes(damaged))
    except (ValueError, MemoryError, sp.SpinnpropError):
        return
    assert all(np.isfinite(array).all() for name in PARAMETERS for array in getattr(net, name))


@given(
    st.sampled_from([np.float64, np.float32, np.int8, np.int64, ">f8", np.bool_, np.complex128, object, "U3"]),
    st.sampled_from([(2, 3), (3, 2), (6,), (), (0, 0), (2, 3, 1), (0,)]),
    st.lists(st.floats(width=16), min_size=6, max_size=6),
)
def test_any_array_is_set_or_refused_without_a_trace(dtype, shape, numbers):
    with np.errstate(all="ignore"):
        values = np.array(numbers[: int(np.prod(shape))]).astype(dtype).reshape(shape)
    net = sp.Network([3, 2])
    before = state(net)
    try:
        net.weights[0] = values
    except (ValueError, TypeError):
        assert_same(net, before)
    else:
        assert np.array_equal(net.weights[0], values.astype(np.float64))


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: sp.Network([]), r"layer_sizes is \[\]; "),
        (lambda: sp.Network([4]), r"layer_sizes is \[4\]; "),
        (lambda: sp.Network([1, 1], tau_mem=[0.1, 0.2]), "tau_mem has 2 elements; give none or 1$"),
        (lambda: sp.Trainer(sp.Network([1, 1]), checkpoint=""), "^checkpoint is empty; "),
        (lambda: sp.Network([1, 2, 3], tau_mem=[0.1] * 4), "tau_mem has 4 elements; give none or 1 or 2 or 5$"),
    ],
)
def test_messages_name_the_argument(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_messages_name_the_recurrent_arrays():
    net = sp.Network([1, 2, 1], recurrent=True, delays="synaptic")
    for array in (net.recurrent_weights, net.recurrent_delays):
        with pytest.raises(ValueError, match=r"recurrent_(weights|delays)\[0\]\[0, 0\] is nan"):
            array[0] = np.full((2, 2), np.nan)
    with pytest.raises(ValueError, match=r"recurrent_delays\[0\]\[0, 0\] is -1.0"):
        net.recurrent_delays[0] = np.full((2, 2), -1.0)


def test_masked_arrays_are_refused():
    net = sp.Network([1, 2])
    masked = np.ma.masked_array(net.weights[0], mask=[[True], [False]])
    with pytest.raises(TypeError, match="masked"):
        net.weights[0] = masked
    with pytest.raises(TypeError, match="times is a masked array"):
        sp.SpikeTrains(np.ma.masked_array([0.0, 1.0], mask=[True, False]), [0, 0], [0, 2], 1)
    with pytest.raises(TypeError, match="X is a masked array"):
        sp.encoding.latency(np.ma.masked_array([[0.5]], mask=[[True]]))


def test_wake():
    X, _ = sp.datasets.yin_yang(50)
    spikes = sp.encoding.latency(X, bias=0.0)
    net = sp.Network([5, 20, 3], weight_mean=[0.1, 0.1], weight_std=[0.05, 0.05])
    assert net.forward(spikes).diagnostics[0]["silent_pairs"] > 0.7 * 50 * 20
    before = net.weights[0]
    with pytest.raises(sp.SpinnpropError):
        net.wake(spikes, max_spikes=1)
    assert np.array_equal(net.weights[0], before)
    net.wake(spikes)
    recording = net.forward(spikes)
    assert recording.diagnostics[0]["silent_pairs"] <= 0.7 * 50 * 20
    assert recording.diagnostics[1]["silent_pairs"] <= 0.1 * 50 * 3
    ratio = net.weights[0] / before
    assert ratio.min() == pytest.approx(ratio.max()) and ratio.min() > 1
    with pytest.raises(TypeError):
        net.wake(X)
    # What nothing wakes stays as it was.
    before = net.weights[0]
    net.wake(sp.SpikeTrains([], [], [0] * 4, 5))
    assert np.array_equal(net.weights[0], before)


def test_messages_name_layer_and_element():
    net = sp.Network([2, 3, 3, 1], recurrent=[False, True], delays=["axonal", "synaptic", "dendritic"])

    def refused(array, layer, at, value, match):
        values = array[layer].copy() if array[layer].size else np.zeros((3, 3))
        values[at] = value
        with pytest.raises(ValueError, match=match):
            array[layer] = values

    refused(net.weights, 1, (2, 0), np.inf, r"^weights\[1\]\[2, 0\] is inf")
    refused(net.delays, 0, 1, -1.0, r"^delays\[0\]\[1\] is -1.0")
    refused(net.delays, 1, (1, 2), -1.0, r"^delays\[1\]\[1, 2\] is -1.0")
    refused(net.delays, 2, 0, np.nan, r"^delays\[2\]\[0\] is nan")
    refused(net.recurrent_delays, 1, (1, 2), np.nan, r"^recurrent_delays\[1\]\[1, 2\] is nan")
    plain = sp.Network([2, 3, 3, 1], recurrent=[False, True])
    refused(plain.recurrent_delays, 1, (2, 1), 1.0, r"^recurrent_delays\[1\]\[2, 1\] is 1.0, but layer 1 was made without")
    net.weights[1] = np.full((3, 3), 1e39)
    with pytest.raises(ValueError, match=r"weights\[1\]\[0, 0\] is 1e\+39; the clock engine takes"):
        net.forward(sp.SpikeTrains([0.0], [0], [0, 1], 2), engine="clock", t_end=None)
