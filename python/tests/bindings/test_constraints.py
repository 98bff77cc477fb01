"""Masks, signs and bounds of weights: what they refuse, and what keeps to them."""

import copy
import pickle

import numpy as np
import pytest

import spinnprop as sp

LOSS = sp.losses.TTFSCrossEntropy()
SIZES = [5, 24, 3]
ATTRIBUTES = ("masks", "recurrent_masks", "signs", "recurrent_signs", "weight_bounds", "recurrent_weight_bounds")


def masks(density=0.4, sizes=SIZES, seed=0):
    random = np.random.default_rng(seed)
    return [random.random((n, before)) < density for before, n in zip(sizes, sizes[1:])]


def network(**options):
    signs = [np.array([1, 1, -1, 1, 0]), np.where(np.arange(24) % 3, 1, -1)]
    return sp.Network(SIZES, seed=1, masks=masks(0.6), signs=signs, **options)


def held(net):
    return {name: [own.copy() for own in getattr(net, name)] for name in ATTRIBUTES}


def assert_kept(net, like):
    """Everything that a network is held to is as before, and its weights keep to it."""
    for name in ATTRIBUTES:
        for own, wanted in zip(getattr(net, name), getattr(like, name)):
            assert own.dtype == wanted.dtype and np.array_equal(own, wanted), name
    for weights, mask, signs, bounds in [
        *zip(net.weights, net.masks, net.signs, net.weight_bounds),
        *zip(net.recurrent_weights, net.recurrent_masks, net.recurrent_signs, net.recurrent_weight_bounds),
    ]:
        if weights.size == 0:
            continue
        assert (weights[~mask] == 0).all()
        assert (weights * signs >= 0).all()
        assert (weights[mask] >= bounds[0]).all() and (weights[mask] <= bounds[1]).all()


def test_defaults_hold_nobody():
    net = sp.Network(SIZES, recurrent=True)
    assert [own.shape for own in net.masks] == [(24, 5), (3, 24)] and all(own.all() for own in net.masks)
    assert [own.shape for own in net.recurrent_masks] == [(24, 24), (0, 0)]
    assert [own.shape for own in net.signs] == [(5,), (24,)] and not any(own.any() for own in net.signs)
    assert [own.shape for own in net.recurrent_signs] == [(24,), (0, 0)]
    assert [own.tolist() for own in net.weight_bounds] == [[-np.inf, np.inf]] * 2
    assert net.masks[0].dtype == np.bool_ and net.signs[0].dtype == np.int8 and net.weight_bounds[0].dtype == np.float64


def test_initial_weights_keep_to_constraints():
    net = network(recurrent=True, recurrent_masks=[np.eye(24, dtype=bool), None], recurrent_signs=[np.ones(24, int), None])
    assert_kept(net, net)
    assert np.count_nonzero(net.weights[0]) == net.masks[0].sum() and np.count_nonzero(net.recurrent_weights[0]) == 24
    free = sp.Network(SIZES, seed=1)
    assert (np.sign(net.weights[0][net.masks[0]]) == (net.signs[0] * net.masks[0])[net.masks[0]])[:2].all()
    # A layer with a fifth of the synapses has stronger ones, and spikes.
    sparse = sp.Network([5, 200, 3], seed=1, masks=[masks(0.2, [5, 200])[0], None])
    kept = sparse.masks[0].sum(1) == 1
    ratio = sparse.weights[0][sparse.masks[0] & kept[:, None]] / sp.Network([5, 200, 3], seed=1).weights[0][sparse.masks[0] & kept[:, None]]
    assert np.allclose(ratio, 5**0.5, rtol=1e-14)
    # So about as many neurons spike as in a full layer of as many inputs.
    silent = []
    tenths = np.random.default_rng(0).random((50, 100)).argsort(1) < 10
    for n_inputs, own in ((10, None), (100, [tenths, None])):
        many = sp.encoding.latency(np.random.default_rng(0).random((20, n_inputs)))
        silent.append(sp.Network([n_inputs, 50, 3], seed=1, masks=own).forward(many).diagnostics[0]["silent_pairs"] / 1000)
    assert abs(silent[0] - silent[1]) < 0.15, silent
    # Where the spread is given, it is as given.
    given = sp.Network(SIZES, seed=1, masks=masks(), weight_mean=[0.3, 0.1], weight_std=[0.1, 0.1])
    plain = sp.Network(SIZES, seed=1, weight_mean=[0.3, 0.1], weight_std=[0.1, 0.1])
    assert np.array_equal(given.weights[0], plain.weights[0] * given.masks[0])
    bounded = sp.Network(SIZES, seed=1, weight_bounds=(-0.05, 0.4))
    assert np.array_equal(bounded.weights[0], np.clip(free.weights[0], -0.05, 0.4)) and bounded.weights[0].max() == 0.4


def test_full_masks_change_nothing(data):
    spikes, y = data
    plain = sp.Network(SIZES, seed=1)
    full = sp.Network(
        SIZES, seed=1, masks=[np.ones((24, 5), bool), None], signs=[None, np.zeros(24, int)], weight_bounds=(-np.inf, np.inf)
    )
    assert pickle.dumps(plain) == pickle.dumps(full)
    mask = full.masks[1].copy()
    mask[0, 0] = False
    full.masks[1] = mask
    assert pickle.dumps(plain) != pickle.dumps(full) and full.weights[1][0, 0] == 0
    full.masks[1] = np.ones((3, 24), bool)
    full.weights[1] = plain.weights[1]
    trained = [sp.Trainer(net, epochs=1, batch_size=20) for net in (plain, full)]
    for trainer in trained:
        trainer.run(spikes, y)
    assert pickle.dumps(trained[0].network) == pickle.dumps(trained[1].network)


def test_setting_brings_weights_to_the_nearest_allowed():
    net = sp.Network([2, 3], seed=0)
    net.weights[0] = [[1.0, -2.0], [3.0, 4.0], [-5.0, 0.5]]
    net.signs[0] = [1, -1]
    assert net.weights[0].tolist() == [[1.0, -2.0], [3.0, 0.0], [0.0, 0.0]]
    net.signs[0] = np.zeros(2, np.int64)
    net.weight_bounds[0] = (0.5, 2)
    assert net.weights[0].tolist() == [[1.0, 0.5], [2.0, 0.5], [0.5, 0.5]]
    # 0 is not within the bounds, but an absent synapse has no weight.
    net.masks[0] = np.array([[True, True, False], [False, True, True]]).T[:, ::-1][:, ::-1]
    assert net.weights[0].tolist() == [[1.0, 0.0], [2.0, 0.5], [0.0, 0.5]]
    net.weight_bounds[0] = (0.25, 0.25)
    assert net.weights[0].tolist() == [[0.25, 0.0], [0.25, 0.25], [0.0, 0.25]]
    net.masks[0] = np.zeros((3, 2), bool)
    assert not net.weights[0].any() and net.weight_bounds[0].tolist() == [0.25, 0.25]


REFUSED = [
    ("masks", 0, np.ones((3, 5), bool), ValueError, r"masks\[0\] has shape \(3, 5\)"),
    ("masks", 0, np.ones(120, bool), ValueError, r"masks\[0\] has shape \(120,\)"),
    ("masks", 0, np.ones((24, 5)), TypeError, r"masks\[0\] has dtype float64.*astype\(bool\)"),
    ("masks", 0, np.ones((24, 5), int), TypeError, r"astype\(bool\)"),
    ("masks", 0, None, TypeError, "dtype object"),
    ("recurrent_masks", 0, np.ones((24, 24), bool), ValueError, r"recurrent_masks\[0\] has shape"),
    ("signs", 0, [1, 1], ValueError, r"signs\[0\] has shape \(2,\)"),
    ("signs", 0, [1, 1, 0, 0, 2], ValueError, r"signs\[0\]\[4\] is 2; it must be 1 \(excitatory\)"),
    ("signs", 0, [1, 1, 0, 0, 0.5], ValueError, "whole numbers"),
    ("signs", 0, [1, 1, 0, 0, np.nan], ValueError, "whole numbers"),
    ("weight_bounds", 0, [0.0], ValueError, r"weight_bounds\[0\] has shape \(1,\)"),
    ("weight_bounds", 0, (np.nan, 1.0), ValueError, r"weight_bounds\[0\] are nan .. 1.0; give two numbers"),
    ("weight_bounds", 0, (0.0, np.nan), ValueError, r"weight_bounds\[0\] are 0.0 .. nan"),
    ("weight_bounds", 0, (1.0, -1.0), ValueError, "give the smaller one first"),
    ("weight_bounds", 0, (np.inf, np.inf), ValueError, "between which there is no number"),
    ("weight_bounds", 0, (-np.inf, -np.inf), ValueError, "between which there is no number"),
    ("weight_bounds", 0, (-2.0, -1.0), ValueError, r"signs\[0\]\[0\] is 1, and no weight is both; change the bounds, or set the sign to 0"),
    ("weight_bounds", 1, (1.0, 2.0), ValueError, r"signs\[1\]\[0\] is -1, and no weight is both"),
]


@pytest.mark.parametrize("name, layer, value, error, message", REFUSED)
def test_what_cannot_be_is_refused_and_changes_nothing(name, layer, value, error, message):
    net = network()
    before = pickle.dumps(net)
    with pytest.raises(error, match=message):
        getattr(net, name)[layer] = value
    assert pickle.dumps(net) == before


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"masks": np.ones((24, 5), bool)}, TypeError, "give a list of arrays"),
        ({"masks": [np.ones((24, 5), bool)]}, ValueError, "masks has 1 elements; give one for each of the 2 layers"),
        ({"masks": [np.ones((5, 24), bool), None]}, ValueError, r"masks\[0\] has shape \(5, 24\); it must have \(24, 5\)"),
        ({"recurrent_masks": [np.ones((24, 24), bool), None]}, ValueError, r"recurrent_masks\[0\] has shape"),
        ({"signs": [[1, 0, 0, 0, 3], None]}, ValueError, r"signs\[0\]\[4\] is 3"),
        ({"weight_bounds": (1.0,)}, ValueError, "weight_bounds has 1 elements; give none or 2"),
        ({"weight_bounds": (2.0, 1.0)}, ValueError, "give the smaller one first"),
        ({"signs": [[1, 0, 0, 0, 0], None], "weight_bounds": (-2.0, -1.0)}, ValueError, "and no weight is both"),
    ],
)
def test_networks_that_cannot_be(options, error, message):
    with pytest.raises(error, match=message):
        sp.Network(SIZES, **options)


def test_weights_that_are_not_allowed_are_refused():
    net = network()
    before = pickle.dumps(net)
    absent = tuple(np.argwhere(~net.masks[0])[0])
    weights = net.weights[0].copy()
    weights[absent] = 0.1
    with pytest.raises(ValueError, match=rf"weights\[0\]\[{absent[0]}, {absent[1]}\] is 0.1, but the mask has no such synapse"):
        net.weights[0] = weights
    with pytest.raises(ValueError, match=r"weights\[0\]\[\d+, \d\] is -\d.*hold it to 0.0 .. inf"):
        net.weights[0] = -net.weights[0]
    assert pickle.dumps(net) == before
    with pytest.raises(ValueError, match="read-only.*write net.masks"):
        net.masks[0][0, 0] = False
    trainer = sp.Trainer(net)
    with pytest.raises(ValueError, match="a trainer's network is a copy"):
        trainer.network.masks[0] = net.masks[0]
    with pytest.raises(ValueError, match="a trainer's network is a copy"):
        trainer.network.wake(sp.SpikeTrains([0.0], [0], [0, 1], net.layer_sizes[0]))


def test_copies_and_files(tmp_path):
    net = network(recurrent=True, delays="synaptic", recurrent_signs=[np.ones(24, int), None])
    net.recurrent_weight_bounds[0] = (0.0, 0.1)
    net.weight_bounds[1] = (-0.7, 0.0)
    sp.save(net, tmp_path / "net.safetensors")
    for other in (
        copy.copy(net), copy.deepcopy(net), pickle.loads(pickle.dumps(net)), sp.load(tmp_path / "net.safetensors"),
        sp.Trainer(net).network,
    ):  # fmt: skip
        assert_kept(other, net)
        assert pickle.dumps(other) == pickle.dumps(net)
    mask = net.masks[0].copy()
    mask[:] = False
    other = copy.copy(net)
    other.masks[0] = mask
    assert net.weights[0].any() and not other.weights[0].any()


def test_damaged_files_are_refused(tmp_path):
    plain, net = pickle.dumps(sp.Network(SIZES, seed=1)), network(weight_bounds=(-0.9, 0.9))
    sp.save(net, tmp_path / "net.safetensors")
    data = (tmp_path / "net.safetensors").read_bytes()
    assert b".mask" in data and b".signs" in data and b".weight_bounds" in data and b"mask" not in plain
    start = 8 + int.from_bytes(data[:8], "little")

    def refused(changed):
        (tmp_path / "bad.safetensors").write_bytes(changed)
        with pytest.raises(Exception) as caught:
            sp.load(tmp_path / "bad.safetensors")
        return str(caught.value)

    header = data[8:start].decode()
    import json

    tensors = json.loads(header)

    def with_bytes(name, new):
        first = start + tensors[name]["data_offsets"][0]
        return data[:first] + new + data[first + len(new) :]

    assert "mask is 2; it must be 0 or 1" in refused(with_bytes("layers.0.mask", b"\2"))
    flipped = 1 - data[start + tensors["layers.0.mask"]["data_offsets"][0]]
    if flipped == 0:
        assert "no such synapse" in refused(with_bytes("layers.0.mask", b"\0"))
    assert "it must be 1 (excitatory)" in refused(with_bytes("layers.0.signs", (300).to_bytes(4, "little")))
    assert "hold it to" in refused(with_bytes("layers.0.signs", (-1).to_bytes(4, "little", signed=True)))
    assert "weight_bounds[0] are nan" in refused(with_bytes("layers.0.weight_bounds", np.float64(np.nan).tobytes()))
    assert "hold it to" in refused(with_bytes("layers.0.weight_bounds", np.array([-1e-9, 1e-9]).tobytes()))
    wrong = data[:8] + data[8:start].replace(b'"shape":[24,5]', b'"shape":[5,24]') + data[start:]
    assert refused(wrong)


ENGINES = {
    "event": dict(),
    "first-spike": dict(engine="first-spike"),
    "clock": dict(engine=sp.ClockEngine(steps=52)),
    "spinnaker2": dict(engine=sp.spinnaker2.Engine(sp.spinnaker2.Chip(), steps=52)),
    "hybrid": dict(engine=sp.ClockEngine(steps=52), gradient_engine=sp.ClockEngine(steps=52)),
}


def trainable(name, **options):
    engine = ENGINES[name].get("engine", "event")
    if name == "first-spike":
        options = dict(tau_mem=None, tau_syn=None, **options)
    return network(engine=engine, **options)


def spikes_for(name, n=60):
    X, y = sp.datasets.yin_yang(n, seed=3)
    return (sp.encoding.latency(X, bias=0.0) if name in ("event", "first-spike") else sp.encoding.latency_grid(X, steps=52)), y


@pytest.mark.parametrize("name", ENGINES)
def test_absent_synapses_have_no_gradient(name):
    spikes, y = spikes_for(name, 30)
    net = trainable(name)
    engine = ENGINES[name].get("engine", "event")
    net.wake(spikes, engine=engine)
    rec = net.forward(spikes, engine=engine)
    loss = LOSS if name in ("event", "first-spike") else sp.losses.StepTTFSCrossEntropy()
    _, grad = net.gradient(rec, loss, y)
    free = sp.Network(SIZES, tau_mem=net.tau_mem[0][0], tau_syn=net.tau_syn[0][0])
    for layer in range(2):
        free.weights[layer] = net.weights[layer]
    _, whole = free.gradient(free.forward(spikes, engine=engine), loss, y)
    for own, every, mask in zip(grad.weights, whole.weights, net.masks):
        assert not own[~mask].any() and every[~mask].any() and own[mask].any()
        assert np.allclose(own[mask], every[mask], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize(
    "options",
    [
        dict(optimizer="adam", weight_decay=1e-3, clip_value=1e-3),
        dict(optimizer="adamw", weight_decay=1e-1, clip_norm=1e-2, learning_rate=0.1),
        dict(optimizer="sgd", weight_decay=1e-2, momentum=0.9, learning_rate=1.0, clip_norm=float("inf")),
    ],
)
def test_trainings_keep_to_constraints(name, options, tmp_path):
    if name == "spinnaker2" and options["optimizer"] == "sgd":
        pytest.skip("the emulated chip takes its time; its rules are those of the clock engine")
    spikes, y = spikes_for(name)
    net = trainable(name, weight_bounds=(-0.8, 1.5))
    net.wake(spikes, engine=ENGINES[name].get("engine", "event"))
    before = [own.copy() for own in net.weights]
    options = dict(options, epochs=3, batch_size=20, seed=3, **ENGINES[name])
    path = tmp_path / "run.safetensors"
    whole = sp.Trainer(net, **options)
    whole.run(spikes, y)
    trained = whole.network
    assert_kept(trained, net)
    for own, old, mask in zip(trained.weights, before, net.masks):
        assert (own[mask] != old[mask]).mean() > 0.5
    # In the middle stopped and gone on with: the same to the last bit.
    sp.Trainer(net, checkpoint=path, **{**options, "epochs": 1}).run(spikes, y)
    again = sp.Trainer(net, checkpoint=path, resume=True, **options)
    assert again.epochs_done == 1
    again.run(spikes, y)
    assert pickle.dumps(again.network) == pickle.dumps(trained)
    # What is held is part of the network that a run began with.
    other = copy.copy(net)
    other.weight_bounds[0] = (-0.8, 1.6)
    with pytest.raises(Exception, match="another network"):
        sp.Trainer(other, checkpoint=path, resume=True, **options)


def test_training_with_delays_and_recurrence_keeps_to_constraints(data):
    spikes, y = data
    net = network(
        delays="synaptic", recurrent=True, recurrent_masks=[masks(0.2, [24, 24])[0], None],
        recurrent_signs=[np.where(np.arange(24) % 3, 1, -1), None],
    )  # fmt: skip
    net.wake(spikes, t_end=0.06)
    for parameter in (dict(delay_parameter="sigmoid", delay_init=(0.0, 0.25)), dict(delay_l1=0.1, delay_l2=3.0)):
        options = dict(epochs=2, batch_size=50, t_end=0.06, delay_learning_rate=1e-3, weight_decay=1e-3, **parameter)
        trainer = sp.Trainer(net, **options)
        start = [own.copy() for own in trainer.network.delays]
        trainer.run(spikes, y)
        assert_kept(trainer.network, net)
        for own, old, mask in zip(trainer.network.delays, start, net.masks):
            # As a sigmoid's number says it, to its last digits.
            assert np.allclose(own[~mask], old[~mask], rtol=1e-13, atol=0) and not np.allclose(own[mask], old[mask], rtol=1e-9, atol=0)


def test_bumped_and_woken_weights_keep_to_constraints(data):
    spikes, y = data
    net = network(weight_bounds=(-0.01, 0.02))
    woken = copy.copy(net)
    woken.wake(spikes)
    assert_kept(woken, net)
    assert woken.weights[0].max() == 0.02
    trainer = sp.Trainer(net, epochs=3, batch_size=50, bump=0.5)
    trainer.run(spikes, y)
    assert_kept(trainer.network, net)
    assert trainer.network.weights[0].max() == 0.02 and trainer.network.weights[0][:, 2].max() <= 0


def test_bounds_without_a_float32_number_train_in_float64_alone(data):
    spikes, y = data
    net = sp.Network(SIZES, weight_bounds=(0.1, 0.1))
    trainer = sp.Trainer(net, epochs=1)
    trainer.run(spikes, y)
    assert all((own == 0.1).all() for own in trainer.network.weights)
    with pytest.raises(ValueError, match=r"weight_bounds\[0\] are 0.1 .. 0.1, and no float32 number.*engine=\"event\""):
        sp.Trainer(net, engine="clock")
    grid, _ = spikes_for("clock")
    fixed = sp.Network(SIZES, weight_bounds=(0.125, 0.125))
    trainer = sp.Trainer(fixed, engine=sp.ClockEngine(steps=52), epochs=1)
    trainer.run(grid, _)
    assert all((own == 0.125).all() for own in trainer.network.weights)


def test_a_layer_without_synapses_gets_nothing(data):
    spikes, y = data
    net = sp.Network(SIZES, seed=1, masks=[np.zeros((24, 5), bool), None])
    rec = net.forward(spikes)
    assert len(rec.spikes[0].times) == 0 and not net.weights[0].any()
    _, grad = net.gradient(rec, LOSS, y)
    assert not any(own.any() for own in grad.weights)
    trainer = sp.Trainer(net, epochs=2, weight_decay=0.1)
    trainer.run(spikes, y)
    assert not trainer.network.weights[0].any()


@pytest.mark.parametrize("options", [{}, {"delays": "synaptic"}, {"recurrent": True}, {"recurrent": True, "delays": "synaptic"}])
def test_few_synapses_give_what_all_give(options):
    """A layer that goes through what is there, against one that goes through zeros; the same bits with any number of threads."""
    sizes = [300, 120, 3]
    random = np.random.default_rng(4)
    own = masks(0.012, sizes[:2]) + [None]
    recurrent = [random.random((120, 120)) < 0.012, None]
    net = sp.Network(sizes, seed=1, masks=own, **options, **({"recurrent_masks": recurrent} if "recurrent" in options else {}))
    full = sp.Network(sizes, seed=1, **options)
    for name in ("weights", "recurrent_weights", "delays", "recurrent_delays"):
        for layer, values in enumerate(getattr(net, name)):
            if not values.size:
                continue
            if "delays" in name:
                getattr(net, name)[layer] = random.uniform(0, 5e-3, values.shape)
            getattr(full, name)[layer] = getattr(net, name)[layer]
    times = np.sort(random.uniform(0, 0.03, (20, 200)))
    spikes = sp.SpikeTrains(times.ravel(), random.integers(0, 300, 4000), np.arange(21) * 200, 300)
    y = np.arange(20) % 3
    found = []
    for each in (net, full):
        rec = each.forward(spikes, t_end=0.05)
        value, grad = each.gradient(rec, LOSS, y)
        found.append((rec.spikes[0], grad))
    assert len(found[0][0].times) > 300 and np.array_equal(found[0][0].units, found[1][0].units)
    assert np.allclose(found[0][0].times, found[1][0].times, rtol=1e-12, atol=0)
    for name in ("weights", "recurrent_weights", "delays", "recurrent_delays"):
        held = net.recurrent_masks if "recurrent" in name else net.masks
        for one, other, mask in zip(getattr(found[0][1], name), getattr(found[1][1], name), held):
            if one.size:
                assert np.abs(one - other)[mask].max() <= 1e-9 * np.abs(other).max() and not one[~mask].any()
    trained = []
    for threads in (1, 3):
        sp.set_threads(threads)
        try:
            trainer = sp.Trainer(net, epochs=2, batch_size=10, t_end=0.05)
            trainer.run(spikes, y)
            trained.append(pickle.dumps(trainer.network))
        finally:
            sp.set_threads(0)
    assert trained[0] == trained[1] != pickle.dumps(net)
    assert_kept(pickle.loads(trained[0]), net)
