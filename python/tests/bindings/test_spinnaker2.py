"""The emulated chip as an engine, its account, what fits, and the pictures and commands that show them."""

import copy
import json
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import spinnprop as sp
from spinnprop._commands import main

LOSS = sp.losses.StepTTFSCrossEntropy()


@pytest.fixture
def data():
    X, y = sp.datasets.yin_yang(12, seed=7)
    return sp.encoding.latency_grid(X), y


def network():
    return sp.Network([5, 20, 3], seed=3)


def test_links_stretch_ticks():
    """Links far too slow for the gradients of copies on other chips: slips that name the link, the same weights."""
    X, y = sp.datasets.yin_yang(80, seed=7)
    runs = []
    for chip in (sp.spinnaker2.Chip(), sp.spinnaker2.Chip(link_bandwidth=1e7)):
        engine = sp.spinnaker2.Engine(sp.spinnaker2.Board(4, chip), batch_size=80)
        trainer = sp.Trainer(network(), LOSS, engine=engine, epochs=1, batch_size=80)
        trainer.run(sp.encoding.latency_grid(X), y)
        runs.append((trainer.network.weights[0].tobytes(), engine.account()))
    (weights, fast), (same, slow) = runs
    assert weights == same
    assert fast.phases["link_slips"].sum() == 0 < slow.phases["link_slips"][3]
    assert slow.phases["slips"][3] == slow.phases["link_slips"][3]
    assert slow.seconds_per_step > fast.seconds_per_step and slow.energy_per_step > fast.energy_per_step
    slip = slow.slips[0]
    assert (slip["phase"], slip["cause"], slip["pe"]) == ("gather", "link", -1)
    assert slip["chip"] == slip["link"] // 6 and 8 * slip["bytes"] == slow.link_bits.flat[slip["link"]]
    assert "for links between chips" in str(slow)


def test_threads_that_share_an_engine_do_not_share_gradients():
    """Each steps with the gradient of its own batch, whoever has run in between."""
    X, y = sp.datasets.yin_yang(64, seed=7)
    halves = [(sp.encoding.latency_grid(X[own]), y[own]) for own in (slice(32), slice(32, 64))]

    def trained(half, engine):
        trainer = sp.Trainer(network(), LOSS, engine=engine, epochs=1, batch_size=32)
        trainer.run(*half)
        return trainer.network.weights[0].tobytes()

    alone = [trained(half, sp.spinnaker2.Engine(batch_size=32)) for half in halves]
    assert alone[0] != alone[1]
    engine = sp.spinnaker2.Engine(batch_size=32)
    with ThreadPoolExecutor(2) as pool:
        shared = list(pool.map(lambda n: trained(halves[n % 2], engine), range(120)))
    assert [shared[n] == alone[n % 2] for n in range(120)] == [True] * 120
    assert engine.account().batches == 120 >= engine.account().updates


def test_an_estimator_leaves_its_engine_alone():
    X, y = sp.datasets.yin_yang(60)
    engine = sp.spinnaker2.Engine(batch_size=30)
    fits = [sp.SpikingClassifier(hidden=(10,), engine=engine, epochs=2, batch_size=30).fit(X, y) for _ in range(2)]
    assert len({own.report_["account"].backward_samples for own in fits}) == 1 and fits[0].report_["account"].batches == 4
    with pytest.raises(ValueError, match="nothing has run"):
        engine.account()


def test_steps_are_counted_by_batches(data):
    """Where weights of silent neurons are raised instead of a step, the batch counts all the same."""
    spikes, y = data
    costs = {}
    for bump, mean in ((0.0, None), (1e-3, -9.0)):
        engine = sp.spinnaker2.Engine(copies=4)
        own = sp.Network([5, 20, 3], seed=3) if mean is None else sp.Network([5, 20, 3], seed=3, weight_mean=[mean, mean])
        sp.Trainer(own, LOSS, engine=engine, epochs=2, batch_size=4, bump=bump).run(spikes, y)
        costs[bump] = engine.account()
    assert costs[0.0].batches == costs[0.0].updates == 6
    assert costs[1e-3].batches == 6 and costs[1e-3].updates == 0 and "in 6 batches, 0 updates" in str(costs[1e-3])
    assert 0 < costs[1e-3].seconds_per_step <= costs[0.0].seconds_per_step


@pytest.mark.parametrize("kind", ["synaptic", "axonal", "dendritic"])
def test_delays_that_are_learnt_keep_the_account(kind):
    """A chip with room for longer delays gives the same bits as one laid out for those there are."""
    X, y = sp.datasets.yin_yang(60, seed=7)
    spikes = sp.encoding.latency_grid(X)
    results = []
    for engine in (sp.spinnaker2.Engine(batch_size=20), sp.ClockEngine(copies=20)):
        own = sp.Network([5, 20, 3], seed=3, delays=kind)
        for layer in (0, 1):
            own.delays[layer] = np.random.default_rng(layer).uniform(1e-3, 3e-3, own.delays[layer].shape)
        trainer = sp.Trainer(own, LOSS, engine=engine, epochs=6, batch_size=20, delay_learning_rate=3e-4)
        trainer.run(spikes, y)
        results.append(trainer.network)
        if engine.name == "spinnaker2":
            report = engine.account()
            assert (report.batches, report.backward_samples, report.updates) == (18, 360, 0)
            assert report.phases["ticks"].tolist()[:4] == [18 * 28, 18, 18 * 27, 18]
            assert all(report.phases[name].sum() == report.counters[name].sum() for name in ("packets_sent", "hops"))
    for chip, twin in zip(results[0].delays, results[1].delays):
        assert chip.tobytes() == twin.tobytes()
    assert results[0].weights[0].tobytes() == results[1].weights[0].tobytes()
    assert max(float(own.max()) for own in results[0].delays) > 3e-3


def test_hybrid_training(data):
    """Forward on the chip, backward and updates off it: the weights of training on the chip alone, bit for bit."""
    spikes, y = data
    weights = []
    for gradient_engine in (None, sp.ClockEngine(copies=4)):
        engine = sp.spinnaker2.Engine(copies=4)
        trainer = sp.Trainer(
            network(), LOSS, engine=engine, gradient_engine=gradient_engine, epochs=3, batch_size=4, learning_rate=0.05
        )
        trainer.run(spikes, y)
        weights.append(trainer.network.weights[0].tobytes())
        account = engine.account()
        assert (account.updates, account.backward_samples) == ((9, 36) if gradient_engine is None else (0, 0))
    assert weights[0] == weights[1] != network().weights[0].tobytes()
    with pytest.raises((ValueError, TypeError, NotImplementedError), match="grid"):
        sp.Trainer(network(), LOSS, engine=sp.spinnaker2.Engine(), gradient_engine=sp.ClockEngine(steps=30)).run(spikes, y)


def test_evaluations_stand_apart(data):
    spikes, y = data
    engine = sp.spinnaker2.Engine(copies=4)
    sp.Trainer(network(), engine=engine, epochs=2, batch_size=4).run(spikes, y)
    alone = engine.account()
    engine.reset_account()
    sp.Trainer(network(), engine=engine, epochs=2, batch_size=4).run(spikes, y, validation=(spikes, y))
    watched = engine.account()
    assert alone.evaluation_samples == 0 and watched.evaluation_samples == 24
    assert watched.seconds_per_step == pytest.approx(alone.seconds_per_step, rel=1e-9)
    assert watched.energy_per_step == pytest.approx(alone.energy_per_step, rel=1e-9)
    assert watched.seconds == pytest.approx(alone.seconds + watched.evaluation_seconds)
    assert watched.energy == pytest.approx(alone.energy + watched.evaluation_energy)


@pytest.mark.parametrize("overflow", ["drop", "overwrite", "stall"])
def test_full_fifos(data, overflow):
    spikes, _ = data
    net = sp.Network([5, 40, 3], seed=3, weight_mean=[0.8, 0.2])
    options = {"fifo_packets": 1, "spikes_per_neuron": 30.0, "overflow": overflow}
    with pytest.raises(ValueError, match="full at 1 packets .*faults: count"):
        net.forward(spikes, engine=sp.spinnaker2.Engine(**options))
    engine = sp.spinnaker2.Engine(faults="count", **options)
    net.forward(spikes, engine=engine)
    names = {"drop": "dropped", "overwrite": "overwritten", "stall": "stalled"}
    counted = {name: engine.account().phases[column].sum() > 0 for name, column in names.items()}
    assert counted == {name: name == overflow for name in names}


@pytest.mark.parametrize("name", ["dma_alignment", "dma_setup_cycles", "packet_bits", "dma_bytes_per_cycle", "link_bandwidth"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf"), 1e-300, 1e300])
def test_constants_have_a_domain(name, value):
    with pytest.raises(ValueError, match=name):
        sp.spinnaker2.Chip(**{name: value})


@pytest.mark.parametrize("options", [{}, {"copies": 2}, {"placement": "scattered", "largest_slice": 8, "copies": 3}])
def test_same_bits_as_the_twin(data, options):
    spikes, y = data
    net = network()
    engine = sp.spinnaker2.Engine(active_senders=1.0, **options)
    on_chip = net.forward(spikes, engine=engine)
    twin = net.forward(spikes, engine=on_chip.grid)
    assert on_chip.engine == "spinnaker2" and twin.engine == "clock"
    for layer in range(2):
        np.testing.assert_array_equal(on_chip.spikes[layer].times, twin.spikes[layer].times)
        np.testing.assert_array_equal(on_chip.spikes[layer].units, twin.spikes[layer].units)
    here = net.gradient(on_chip, LOSS, y)
    assert engine.account().backward_samples == 12
    # Forward there, backward here, and the other way round.
    for recording, rule in ((on_chip, on_chip.grid), (twin, engine), (twin, None)):
        value, gradient = net.gradient(recording, LOSS, y, engine=rule)
        assert value == here[0]
        for own, other in zip(gradient.weights, here[1].weights):
            np.testing.assert_array_equal(own, other)


def test_training_gives_the_same_weights(data):
    spikes, y = data
    weights = []
    for engine in (sp.spinnaker2.Engine(copies=4), sp.ClockEngine(copies=4)):
        trainer = sp.Trainer(network(), engine=engine, epochs=3, batch_size=4)
        trainer.run(spikes, y)
        weights.append(trainer.network.weights[0])
    np.testing.assert_array_equal(*weights)


def test_account(data):
    spikes, y = data
    engine = sp.spinnaker2.Engine(copies=4, batch_size=4)
    with pytest.raises(ValueError, match="nothing has run"):
        engine.account()
    sp.Trainer(network(), engine=engine, epochs=2, batch_size=4).run(spikes, y)
    report = engine.account()
    assert (report.copies, report.chips, report.forward_samples, report.updates) == (4, 1, 24, 6)
    assert report.phases["name"].tolist() == ["forward", "loss", "backward", "gather", "update"]
    assert report.seconds == report.phases["seconds"].sum() > 0
    assert report.energy == pytest.approx(report.phases["energy"].sum(), rel=1e-12)
    assert report.mean_power == pytest.approx(report.energy / report.seconds)
    for name in ("cycles", "packets_sent", "hops"):
        assert report.pes[name].sum() == report.phases[name].sum() == report.programs[name].sum() > 0
    assert report.counters.shape == (report.n_pes, 5)
    for buffers, used, most in zip(report.buffers, report.pes["sram_used"], report.pes["sram_high_water"]):
        assert 0 < sum(buffers.values()) <= used <= most <= report.sram_available
    assert report.link_bits.shape == (1, 6)
    assert pickle.loads(pickle.dumps(report)) == report
    json.dumps(report.to_dict())
    assert "estimated" in str(report) and "estimated" in report._repr_html_()
    engine.reset_account()
    assert engine.account().seconds == 0


def test_progress_cannot_ask_the_running_engine(data):
    X, _ = sp.datasets.yin_yang(3000)
    engine = sp.spinnaker2.Engine()
    refused = []

    def ask(_):
        try:
            engine.account()
        except ValueError as error:
            refused.append(str(error))
        return True

    with pytest.raises(sp.SpinnpropError):
        network().forward(sp.encoding.latency_grid(np.tile(X, (20, 1))), engine=engine, progress=ask)
    assert refused and "running" in refused[0]


def test_values(data):
    engine = sp.spinnaker2.Engine(sp.spinnaker2.Board(2, sp.spinnaker2.Chip(hop_energy=1e-12)), copies=2)
    for other in (pickle.loads(pickle.dumps(engine)), copy.deepcopy(engine)):
        assert other == engine and hash(other) == hash(engine) and other._handle is not engine._handle
    network().forward(data[0], engine=engine)
    report = engine.account()
    assert report.chips == 2 and report.link_bits.shape == (2, 6)
    row = next(row for row in report.constants if row["name"] == "hop_energy")
    assert row["value"] == 1e-12 and row["mark"] == "assumed" and row["unit"] == "J/bit"


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: sp.spinnaker2.Chip(hop=1.0), "hop_energy"),
        (lambda: sp.spinnaker2.Chip(cost_walk=1.0), "cost_neuron"),
        (lambda: sp.spinnaker2.Chip(cost_neuron=1.5), "whole"),
        (lambda: sp.spinnaker2.Chip(tick=-1.0), "tick"),
        (lambda: sp.spinnaker2.Board(49), "48"),
        (lambda: sp.spinnaker2.Engine(copies=0), "copies"),
        (lambda: sp.spinnaker2.Engine(overflow="wait"), "overflow"),
        (lambda: sp.spinnaker2.Engine(active_senders=2.0), "active_senders"),
        (lambda: sp.spinnaker2.Chip(cost_neuron=1e300), "0 .. 1000000"),
        (lambda: sp.spinnaker2.Chip(application_pes=1e9), "is 1000000000.0 PEs; it must be 1.0 .. 152.0"),
        (lambda: sp.spinnaker2.Chip(dma_alignment=3), "dma_alignment is 3.0 B; it must be 1, 2, 4, 8, 16 or 32"),
        (lambda: sp.spinnaker2.Chip(dma_alignment=128), "dma_alignment is 128.0 B"),
        (lambda: sp.spinnaker2.fit([5]), "sizes"),
        (lambda: sp.spinnaker2.fit([5, 3], activity=[]), r"activity is \[\]; give"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("sizes", [None, 5, sp.Network([2, 3], seed=0)])
def test_fit_needs_a_list(sizes):
    with pytest.raises(TypeError, match="sizes is .*; give a list"):
        sp.spinnaker2.fit(sizes)


@pytest.mark.parametrize("alignment", [1, 2, 4, 8, 16, 32])
def test_dma_alignments(data, alignment):
    spikes, y = data
    net, loss = network(), sp.losses.StepTTFSCrossEntropy()
    engine = sp.spinnaker2.Engine(sp.spinnaker2.Chip(dma_alignment=alignment), copies=2)
    _, gradient = net.gradient(net.forward(spikes, engine=engine), loss, y)
    _, same = net.gradient(net.forward(spikes, engine=sp.ClockEngine(copies=2)), loss, y)
    for ours, theirs in zip(gradient.weights, same.weights):
        np.testing.assert_array_equal(ours, theirs)


def test_constants_that_no_estimate_uses_say_so():
    unused = {row["name"] for row in sp.spinnaker2.Chip().constants if "in no estimate" in row["source"]}
    assert unused == {"noc_clock", "noc_cycles_per_hop", "router_bandwidth", "router_link_bandwidth"}


@pytest.mark.parametrize(
    "sizes, batch, chip",
    [
        ([5, 1104, 3], 1, None),
        ([5, 1105, 3], 1, None),
        ([784, 424, 10], 8, None),
        ([784, 425, 10], 8, None),
        ([784, 425, 10], 36, None),
        ([784, 450, 10], 1, sp.spinnaker2.Board(2)),
    ],
)
def test_the_largest_of_a_shape_fits_whatever_was_asked(sizes, batch, chip):
    answer = sp.spinnaker2.fit(sizes, batch, chip)
    largest = sp.spinnaker2.fit(answer.largest, batch, chip)
    small = sp.spinnaker2.fit([sizes[0], 8, sizes[-1]], batch, chip)
    assert largest and largest.largest == small.largest == answer.largest
    assert bool(answer) == (answer.largest[1] >= sizes[1])
    if not answer:
        # Of the layout that has room for the activity.
        assert "active_senders" not in answer.reason and answer.active_senders == 1.0


def test_fit_says_what_activity_it_assumes():
    answer = sp.spinnaker2.fit([5, 120, 3], 32)
    assert (answer.input_activity, answer.activity) == (1.0, (0.2,))
    assert "assumed per sample: 1 spikes of an input unit, 0.2 of a neuron" in str(answer)
    answer = sp.spinnaker2.fit([784, 9000, 10], 8, input_activity=0.5, activity=[3, 0.1])
    assert not answer and (answer.input_activity, answer.activity) == (0.5, (3.0, 0.1))
    assert "assumed per sample: 0.5 spikes of an input unit, 3, 0.1 of a neuron" in str(answer)


def test_what_does_not_fit(data):
    answer = sp.spinnaker2.fit([784, 350, 10], batch=8)
    assert answer and answer.copies >= 1 and answer.used_pes <= answer.available_pes == 148
    assert answer.seconds_per_step == pytest.approx(sum(answer.phase_seconds.values()))
    assert sp.spinnaker2.fit(answer.largest, batch=8)
    answer = sp.spinnaker2.fit([784, 100000, 10], batch=8)
    assert not answer and answer.reason and "does not fit" in str(answer)
    assert pickle.loads(pickle.dumps(answer)) == answer
    with pytest.raises(MemoryError, match="copies"):
        network().forward(data[0], engine=sp.spinnaker2.Engine(copies=100))


def test_full_routing_tables_leave_the_bits_alone():
    rng = np.random.default_rng(1)
    # Units that spike repeatedly in a sample: the order of sums shows.
    units = np.tile(np.repeat(np.arange(5), 4), 22).astype(np.int32)
    spikes = sp.SpikeTrains(1e-3 * rng.integers(0, 12, 440), units, 20 * np.arange(23), 5)
    y = rng.integers(0, 3, 22)
    net = sp.Network([5, 40, 3], seed=1)
    loss = sp.losses.StepTTFSCrossEntropy()
    # There are PEs for a copy of each sample, but entries for three copies.
    chip = sp.spinnaker2.Chip(router_entries=20)
    engine = sp.spinnaker2.Engine(chip, batch_size=22, spikes_per_neuron=27.0)
    value, gradient = net.gradient(net.forward(spikes, engine=engine), loss, y)
    assert engine.account().copies == 3
    twin = sp.ClockEngine(copies=3)
    same_value, same = net.gradient(net.forward(spikes, engine=twin), loss, y)
    assert value == same_value
    for ours, theirs in zip(gradient.weights, same.weights):
        np.testing.assert_array_equal(ours, theirs)


def test_fit_knows_what_activity_needs():
    def run(engine):
        rng = np.random.default_rng(0)
        net = sp.Network([300, 40, 3], seed=1)
        net.weights[0] = np.full((40, 300), 0.03)
        net.weights[1] = np.full((3, 40), 0.5)
        rec = net.forward(sp.encoding.latency_grid(rng.random((4, 299))), engine=engine)
        net.gradient(rec, sp.losses.StepTTFSCrossEntropy(), [0, 1, 2, 0])

    # All 300 inputs spike: more than the 150 there is room for by default.
    tight = sp.spinnaker2.Engine(copies=2)
    answer = sp.spinnaker2.fit([300, 40, 3], 4, tight, activity=[1.0])
    assert not answer and "active_senders" in answer.reason
    with pytest.raises(MemoryError, match="active_senders"):
        run(tight)
    answer = sp.spinnaker2.fit([300, 40, 3], 40, activity=[1.0])
    assert answer and (answer.spikes_per_neuron, answer.active_senders) == (1.0, 1.0)
    assert "laid out with spikes_per_neuron=1, active_senders=1" in str(answer)
    run(sp.spinnaker2.Engine(copies=2, active_senders=answer.active_senders))
    assert not sp.spinnaker2.fit([784, 350, 10], 8, activity=[1e6])
    assert "laid out" not in str(sp.spinnaker2.fit([5, 120, 3], 32))


def test_estimator_reports_costs():
    X, y = sp.datasets.yin_yang(40)
    # Without bumping, which takes the optimiser's place in a batch.
    classifier = sp.SpikingClassifier(hidden=(10,), engine="spinnaker2", epochs=2, batch_size=10, bump=0.0).fit(X, y)
    report = classifier.report_
    assert report["engine"] == "spinnaker2" and report["account"].updates == 8
    assert report["energy"] == report["account"].energy_per_sample > 0
    assert report["time"] == report["account"].seconds_per_sample > 0
    assert pickle.loads(pickle.dumps(classifier)).score(X, y) == classifier.score(X, y)


@pytest.mark.parametrize("by", ["program", "load", "memory", "traffic"])
def test_picture(data, by):
    pytest.importorskip("matplotlib").use("Agg")
    engine = sp.spinnaker2.Engine(sp.spinnaker2.Board(2))
    network().forward(data[0], engine=engine)
    axes = sp.plot.spinnaker2(engine, by=by)
    assert axes.collections
    for wrong in ("colour", ["load"], None):
        with pytest.raises(ValueError, match="by is .*'traffic'"):
            sp.plot.spinnaker2(engine, by=wrong)


@pytest.mark.parametrize("chips, columns, rows", [(1, 1, 1), (2, 2, 1), (3, 2, 2), (6, 3, 2), (13, 4, 4), (48, 8, 6)])
def test_the_picture_of_a_board_is_no_strip(data, chips, columns, rows):
    pytest.importorskip("matplotlib").use("Agg")
    engine = sp.spinnaker2.Engine(sp.spinnaker2.Board(chips))
    network().forward(data[0], engine=engine)
    quads = sp.plot.spinnaker2(engine, by="load").collections[0].get_paths()
    # The lower left quad of each chip.
    corners = {tuple(np.round(path.vertices[0] - [0.52, 0.52], 6)) for path in quads}
    origins = [(8.4 * (chip % columns), 7.4 * (chip // columns)) for chip in range(chips)]
    assert {tuple(np.round(origin, 6)) for origin in origins} <= corners and len(quads) == 38 * chips
    assert max(y for _, y in origins) < 7.4 * rows


def test_commands(tmp_path, capsys):
    assert main(["spinnaker2", "fit", "784-350-10", "--batch", "8"]) == 0
    shown = capsys.readouterr().out
    for word in ("fits", "copies", "tightest", "estimated", "mJ", "largest network"):
        assert word in shown
    assert main(["spinnaker2", "constants"]) == main(["spinnaker2", "published"]) == 0
    assert "hop_energy" in capsys.readouterr().out
    room = ["--spikes-per-neuron", "4", "--input-activity", "0.5"]
    assert main(["spinnaker2", "fit", "784-60-10", "--batch", "8", "--json", *room]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["spikes_per_neuron"], answer["active_senders"], answer["input_activity"]) == (4.0, 0.5, 0.5)
    assert main(["spinnaker2", "fit", "784-350-10", "--batch", "8", "--active-senders", "0.5"]) == 1
    assert "raise active_senders" in capsys.readouterr().out
    assert main(["spinnaker2", "fit", "5-x"]) == 2 and "sizes" in capsys.readouterr().err
    assert main(["spinnaker2", "account", str(tmp_path)]) == 1 and "is not there; `spinnprop train" in capsys.readouterr().err
    assert main(["spinnaker2", "constants", "--set", "clock_hz=1e8", "--set", "high_clock=2e8"]) == 2
    assert "one constant" in capsys.readouterr().err
    pytest.importorskip("matplotlib")
    out = str(tmp_path / "run")
    small = ["--epochs", "1", "--samples", "30", "--hidden", "10", "--batch-size", "10", "--out", out]
    assert main(["train", "yin-yang", "--engine", "spinnaker2", *small]) == 0
    for name in ("spinnaker2.json", "spinnaker2-pes.csv", "spinnaker2-phases.csv", "spinnaker2_load.png"):
        assert (tmp_path / "run" / name).stat().st_size > 0
    header = (tmp_path / "run" / "spinnaker2-phases.csv").read_text(encoding="utf-8").split("\n")[0].split(",")
    assert {"ticks", "seconds_estimated", "link_energy_estimated", "cycles_estimated", "packets_sent"} <= set(header)
    assert "estimated" in json.loads((tmp_path / "run" / "spinnaker2.json").read_text(encoding="utf-8"))
    capsys.readouterr()
    assert main(["spinnaker2", "fit", "5-120-3", "--json"]) == 0
    assert "estimated" in json.loads(capsys.readouterr().out)
    capsys.readouterr()
    assert main(["spinnaker2", "account", out]) == 0 and "estimated" in capsys.readouterr().out


def test_data_with_many_spikes_train_with_the_default_engine():
    """Tapes take the memory that is left: handwritten digits make more spikes than tapes are made for."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    X, y = X[:300], y[:300]
    on_chip = sp.SpikingClassifier(engine="spinnaker2", epochs=2, batch_size=32, seed=0).fit(X, y)
    copies = on_chip.report_["account"].copies
    twin = sp.SpikingClassifier(engine=sp.ClockEngine(copies=copies), epochs=2, batch_size=32, seed=0).fit(X, y)
    for ours, theirs in zip(on_chip.network_.weights, twin.network_.weights):
        np.testing.assert_array_equal(ours, theirs)
