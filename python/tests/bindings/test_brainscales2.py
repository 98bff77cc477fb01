"""The emulated BrainScaleS-2: chips, the engine, training in the loop."""

import copy
import json
import math
import pickle

import numpy as np
import pytest

import spinnprop as sp
from spinnprop import _core

X, Y = sp.datasets.yin_yang(150)
SPIKES = sp.encoding.latency(X, bias=0.0)
NET = sp.Network([5, 30, 3], seed=1)
LOSS = sp.losses.TTFSCrossEntropy()
#: A chip on which nothing differs from the exact engine.
NOTHING = {"resolution": 0, "event_interval": 0, "weight_bits": 0, "readout_bits": 0}


def engine(chip=None, **options):
    return sp.brainscales2.Engine(chip, **{"input_copies": 5, **options})


def same(one, other):
    return all(np.array_equal(a.times, b.times) and np.array_equal(a.units, b.units) for a, b in zip(one.spikes, other.spikes))


def test_a_seed_is_a_chip():
    chip = sp.brainscales2.Chip(seed=3)
    assert chip == sp.brainscales2.Chip(seed=3) != sp.brainscales2.Chip(seed=4)
    assert hash(chip) == hash(sp.brainscales2.Chip(seed=3))
    for name in ("tau_mem", "tau_syn", "threshold", "gain", "delay"):
        values = chip.deviations(name)
        assert values.shape == (512,) and (values > 0).all() and abs(values.mean() - 1) < 0.05
        assert np.array_equal(values, sp.brainscales2.Chip(seed=3).deviations(name))
        assert not np.array_equal(values, sp.brainscales2.Chip(seed=4).deviations(name))
    assert chip.deviations("row").tolist() == [0.0] * 512
    assert abs(sp.brainscales2.Chip(calibrated=False).deviations("tau_syn").std() - 0.35) < 0.05
    assert (sp.brainscales2.Chip.ideal().deviations("threshold") == 1).all()
    aware = sp.brainscales2.Chip.hardware_aware(seed=2)
    assert abs(aware.deviations("threshold").mean() - 1.05) < 0.01 and aware.jitter == 0.01


def test_chips_are_values():
    chip = sp.brainscales2.Chip(seed=2**64 - 1, gain_spread=0.1)
    assert repr(chip) == f"Chip(seed={2**64 - 1}, gain_spread=0.1)"
    own = engine([chip, sp.brainscales2.Chip.ideal(1)])
    for value in (chip, own):
        assert pickle.loads(pickle.dumps(value)) == value == copy.deepcopy(value)
    with pytest.raises(AttributeError, match="never changes"):
        chip.gain_spread = 0.2


@pytest.mark.parametrize("row", _core.domains(_core.DOMAINS_BRAINSCALES2_CHIP), ids=lambda row: row["name"])
def test_statistics_have_domains(row):
    assert getattr(sp.brainscales2.Chip(), row["name"]) == row["initial"]
    sp.brainscales2.Chip(**{row["name"]: row["low"] if not row["is_whole"] else int(row["low"])})
    for value in (math.nan, math.inf, -math.inf, row["high"] + 1, row["low"] - 1):
        if row["is_whole"] and not math.isfinite(value):
            continue
        with pytest.raises(ValueError, match=f"{row['name']} is .*; it must be"):
            sp.brainscales2.Chip(**{row["name"]: int(value) if row["is_whole"] else value})


def test_wrong_arguments_are_named():
    for make, error, message in (
        (lambda: sp.brainscales2.Chip(spread=1), ValueError, "spread is no statistic of a chip; there are seed"),
        (lambda: sp.brainscales2.Chip(seed=-1), ValueError, "seed is -1"),
        (lambda: sp.brainscales2.Chip(calibrated="no"), TypeError, "calibrated is 'no'"),
        (lambda: sp.brainscales2.Chip(gain_spread="wide"), TypeError, "gain_spread is 'wide'"),
        (lambda: engine(5), TypeError, "chip is 5; it must be a sequence"),
        (lambda: engine([]), ValueError, "chip is empty"),
        (lambda: engine([None]), TypeError, r"chip\[0\] is None"),
        (lambda: engine(input_copies=0), ValueError, "input_copies is 0; it must be 1 .. 128"),
        (lambda: engine().weights(5), TypeError, "network is 5"),
        (lambda: engine().weights(NET, 2), IndexError, "index"),
        (lambda: sp.brainscales2.Chip().deviations("weight"), ValueError, "of is 'weight'"),
    ):
        with pytest.raises(error, match=message):
            make()


def test_what_does_not_fit_is_refused_with_its_sizes():
    net = sp.Network([5, 510, 3])
    with pytest.raises(sp.SpinnpropError, match="takes 522 neuron circuits of BrainScaleS-2's 512: 510 of layer 0"):
        net.forward(SPIKES, engine="brainscales2")
    with pytest.raises(sp.SpinnpropError, match="takes 522"):
        sp.Trainer(net, engine="brainscales2", epochs=1).run(SPIKES, Y)


def test_without_imperfections_it_is_the_exact_engine():
    exact = NET.forward(SPIKES)
    own = NET.forward(SPIKES, engine=engine(sp.brainscales2.Chip.ideal(**NOTHING)))
    assert own.engine == "measured" and same(exact, own)
    value, grad = NET.gradient(exact, LOSS, Y)
    own_value, own_grad = NET.gradient(own, LOSS, Y)
    assert own_value == value
    for layer in range(2):
        np.testing.assert_allclose(own_grad.weights[layer], grad.weights[layer], rtol=1e-9, atol=1e-12)
    # Chip times are the network's times, if it says so.
    for speedup in (1.0, 1000.0):
        chip = sp.brainscales2.Chip.ideal(**{**NOTHING, "resolution": 1e-4 / speedup})
        times = NET.forward(SPIKES, engine=engine(chip, speedup=speedup)).spikes[0].times
        assert abs(times / 1e-4 - np.round(times / 1e-4)).max() < 1e-9 and len(times) > 100


def test_runs_repeat_and_noise_does_not():
    own = engine(sp.brainscales2.Chip(seed=5))
    first = NET.forward(SPIKES, engine=own)
    assert same(first, NET.forward(SPIKES, engine=own))
    assert same(first, NET.forward(SPIKES, engine=engine(sp.brainscales2.Chip(seed=5))))
    assert not same(first, NET.forward(SPIKES, engine=engine(sp.brainscales2.Chip(seed=5, noise_seed=1))))
    assert np.isfinite(first.deviations[0][np.isfinite(first.deviations[0])]).any()


def test_weights_are_whole_numbers():
    own = engine(sp.brainscales2.Chip.ideal(), weight_scale=40)
    whole = own.weights(NET, 1) * 40
    np.testing.assert_allclose(whole, np.round(whole), atol=1e-9)
    np.testing.assert_array_equal(np.round(whole), np.clip(np.round(NET.weights[1] * 40), -63, 63))


@pytest.mark.parametrize("rule", [None, "event", "first-spike"])
def test_training_in_the_loop(rule):
    net = sp.Network([5, 30, 3], tau_mem=20e-3, tau_syn=10e-3, seed=1)
    X, y = sp.datasets.yin_yang(600)
    spikes = sp.encoding.latency(X, bias=0.0)
    own = engine(sp.brainscales2.Chip(seed=3), single_spikes=rule == "first-spike")
    settings = {"engine": own, "gradient_engine": rule, "seed": 1}
    trainer = sp.Trainer(net, epochs=6, **settings)
    trainer.run(spikes, y)
    history = trainer.history
    assert history["loss"][-1] < 0.85 * history["loss"][0] and np.isfinite(history["loss"]).all()
    again = sp.Trainer(net, epochs=6, **settings)
    again.run(spikes, y)
    assert np.array_equal(again.network.weights[0], trainer.network.weights[0])


def test_a_resumed_training_ends_alike_and_knows_its_chip(tmp_path):
    path = tmp_path / "checkpoint"
    settings = {"engine": engine(sp.brainscales2.Chip(seed=3)), "seed": 1, "batch_size": 50}
    whole = sp.Trainer(NET, epochs=3, **settings)
    whole.run(SPIKES, Y)
    sp.Trainer(NET, epochs=1, checkpoint=path, **settings).run(SPIKES, Y)
    resumed = sp.Trainer(NET, epochs=3, checkpoint=path, resume=True, **settings)
    resumed.run(SPIKES, Y)
    assert np.array_equal(resumed.network.weights[0], whole.network.weights[0])
    other = {**settings, "engine": engine(sp.brainscales2.Chip(seed=4))}
    with pytest.raises(sp.SpinnpropError, match="options"):
        sp.Trainer(NET, epochs=3, checkpoint=path, resume=True, **other)


def test_many_chips_take_turns():
    chips = [sp.brainscales2.Chip.hardware_aware(seed) for seed in range(4)]
    firsts = [NET.forward(SPIKES[n : n + 10], engine=engine(chips)).spikes[0].times for n in range(0, 150, 10)]
    alone = [[NET.forward(SPIKES[n : n + 10], engine=engine(chip)).spikes[0] for chip in chips] for n in range(0, 150, 10)]
    taken = {
        seed for first, others in zip(firsts, alone) for seed, own in enumerate(others) if len(own.times) == len(first) and
        abs(own.times - first).max() < 5e-3
    }
    assert taken
    trainer = sp.Trainer(NET, engine=engine(chips), epochs=1)
    trainer.run(SPIKES, Y)
    assert np.isfinite(trainer.history["loss"]).all()


def test_estimators_and_pickles():
    classifier = sp.SpikingClassifier(hidden=(20,), engine=engine(sp.brainscales2.Chip(seed=3)), epochs=2)
    classifier.fit(X, Y)
    assert classifier.predict(X).shape == (150,)
    sp.SpikingClassifier(hidden=(20,), engine="brainscales2", epochs=1).fit(X, Y)
    rec = NET.forward(SPIKES, engine=engine())
    again = pickle.loads(pickle.dumps(rec))
    assert same(again, rec) and again.engine == "measured"


def test_leaky_readouts_are_read_by_eight_bits():
    net = sp.Network([5, 30, 3], readout="leaky", seed=1)
    chip = sp.brainscales2.Chip.ideal(resolution=0, event_interval=0, weight_bits=0)
    maxima = net.forward(SPIKES, engine=engine(chip, readout_range=4.0)).maxima
    exact = net.forward(SPIKES).maxima
    steps = maxima / (4.0 / 255)
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-9)
    assert abs(maxima - np.minimum(exact, 4.0)).max() < 4.0 / 255


def test_calibration_hits_its_targets(tmp_path):
    raw = sp.brainscales2.Chip(seed=1, calibrated=False)
    assert raw.codes is None
    chip = sp.brainscales2.calibrate(raw, {"threshold": 1.2})
    published = sp.brainscales2.Chip()
    for name in ("tau_mem", "tau_syn"):
        spread = chip.deviations(name).std() / chip.deviations(name).mean()
        assert abs(spread / getattr(published, f"{name}_spread") - 1) < 0.2
    assert abs(chip.deviations("threshold").mean() - 1.2) < 0.03
    assert np.array_equal(chip.deviations("gain"), raw.deviations("gain"))
    assert chip.codes.shape == (4, 512) and chip.codes.max() <= 1023
    assert chip == sp.brainscales2.calibrate(raw, {"threshold": 1.2}) != sp.brainscales2.calibrate(raw)
    assert chip != raw and "calibrated" in repr(chip)
    chip.save(tmp_path / "chip.json")
    for copied in (sp.brainscales2.Chip.load(tmp_path / "chip.json"), pickle.loads(pickle.dumps(chip)), copy.deepcopy(chip)):
        assert copied == chip and np.array_equal(copied.deviations("reset"), chip.deviations("reset"))
    raw.save(tmp_path / "raw.json")
    assert sp.brainscales2.Chip.load(tmp_path / "raw.json") == raw
    assert not same(NET.forward(SPIKES, engine=engine(raw)), NET.forward(SPIKES, engine=engine(chip)))


def test_calibrations_that_cannot_be(tmp_path):
    chip = sp.brainscales2.Chip(calibrated=False)
    path = tmp_path / "chip"
    path.write_text("{}")
    for make, error, message in (
        (lambda: sp.brainscales2.calibrate(None), TypeError, "chip is None"),
        (lambda: sp.brainscales2.calibrate(chip, 5), TypeError, "targets is 5"),
        (lambda: sp.brainscales2.calibrate(chip, {"gain": 1}), ValueError, "targets has 'gain'; circuits have settings for tau_mem"),
        (lambda: sp.brainscales2.calibrate(chip, {"tau_mem": math.nan}), ValueError, "tau_mem is nan; it must be 0.1 .. 10"),
        (lambda: sp.brainscales2.calibrate(chip, repeats=0), ValueError, "repeats is 0"),
        (lambda: sp.brainscales2.calibrate(chip, noise=-1), ValueError, "noise is -1.0"),
        (lambda: sp.brainscales2.Chip.load(path), ValueError, "is no chip; Chip.save writes one"),
        (lambda: sp.brainscales2.Chip.load(tmp_path / "none"), FileNotFoundError, "none"),
    ):
        with pytest.raises(error, match=message):
            make()


def test_what_fits():
    for sizes, copies, delays, circuits in (
        ([25, 120, 3], 1, None, 123), ([25, 120, 3], 5, None, 123), ([25, 120, 3], 6, None, 243), ([25, 120, 3], 1, "axonal", 268),
        ([256, 246, 10], 1, None, 512), ([256, 246, 11], 1, None, 514), ([4, 30, 3], 5, "synaptic", 243), ([2**31 - 1] * 3, 128, None, 4647714811134607361),
        ([30000, 30000, 3], 1, "synaptic", 30000 * 235 + 3 * 235 + 900090000), ([2**31 - 1] * 3, 128, "synaptic", 2**63 - 1),
    ):  # fmt: skip
        answer = sp.brainscales2.fit(sizes, copies, delays=delays)
        assert answer.circuits == circuits and bool(answer) == answer.fits == (circuits <= answer.available == 512), sizes
        assert ("does not fit" in str(answer)) != answer.fits and "-".join(map(str, sizes)) in str(answer)
    assert sp.brainscales2.fit([30000, 30000, 3], delays="synaptic").delay_circuits == 900090000
    assert sp.brainscales2.fit([5, 100, 3], recurrent=True).merged == (1, 1)
    assert sp.brainscales2.fit([50, 100, 3], recurrent=True).merged == (2, 1)
    for make, error in (
        (lambda: sp.brainscales2.fit([5]), ValueError),
        (lambda: sp.brainscales2.fit(5), TypeError),
        (lambda: sp.brainscales2.fit([5, 0]), ValueError),
        (lambda: sp.brainscales2.fit([5, 3], 129), ValueError),
        (lambda: sp.brainscales2.fit([5, 3], delays="long"), ValueError),
        *((lambda n=n: sp.brainscales2.fit([5, 3], input_spikes=n, duration=1.0), ValueError) for n in (-1, 2**63)),
        *((lambda n=n: sp.brainscales2.fit([5, 3], input_spikes=n, duration=1.0), TypeError) for n in (0.5, "1", None, True)),
        *((lambda t=t: sp.brainscales2.fit([5, 3], duration=t), ValueError) for t in (-1.0, float("nan"))),
        *((lambda s=s: sp.brainscales2.fit([5, 3], duration=1.0, speedup=s), ValueError) for s in (0.0, float("nan"), float("inf"))),
    ):
        with pytest.raises(error):
            make()


def test_fits_as_it_runs():
    for sizes, delays in (([5, 509, 3], None), ([5, 510, 3], None), ([200, 250, 3], "axonal"), ([5, 100, 3], "synaptic")):
        spikes = sp.SpikeTrains([], [], [0, 0], sizes[0])
        net = sp.Network(sizes, delays=delays)
        if sp.brainscales2.fit(sizes, delays=delays):
            net.forward(spikes, engine="brainscales2")
        else:
            with pytest.raises(sp.SpinnpropError, match="neuron circuits"):
                net.forward(spikes, engine="brainscales2")


def test_accounts_are_the_published_figures():
    account = sp.brainscales2.account(30e-3)
    first, later = account.rows
    assert (first["published_seconds"], first["published_joules"]) == (48e-6, 8.4e-6)
    assert first["sample_seconds"] == 48e-6 and first["sample_joules"] == pytest.approx(8.4e-6)
    assert later["sample_seconds"] == pytest.approx(30e-6) and later["sample_joules"] == pytest.approx(30e-6 * 2.4e-6 * 85000)
    assert first["step_joules"] == pytest.approx(150 * 8.4e-6)
    assert "estimated" in str(account) and "8.4 uJ" in str(account)
    chip = sp.brainscales2.Engine(speedup=1)
    assert sp.brainscales2.account(30e-3, chip).rows[0]["sample_seconds"] == 30e-3
    own, grid = sp.spinnaker2.Engine(), sp.encoding.latency_grid(X)
    net = sp.Network([5, 30, 3])
    net.forward(grid, engine=own)
    text = account.beside(own.account())
    assert "SpiNNaker2, estimated" in text and "training step" not in text
    sp.Trainer(net, sp.losses.StepTTFSCrossEntropy(), engine=own, epochs=1).run(grid, Y)
    assert f"{1e3 * own.account().energy_per_step:.4g} mJ a training step" in account.beside(own.account())
    for make, error in (
        (lambda: sp.brainscales2.account(-1), ValueError),
        (lambda: sp.brainscales2.account(math.nan), ValueError),
        (lambda: sp.brainscales2.account(1, batch_size=0), ValueError),
        (lambda: sp.brainscales2.account(1, "brainscales2"), TypeError),
        (lambda: account.beside(5), TypeError),
    ):
        with pytest.raises(error):
            make()


def test_the_command_says_what_fits(capsys):
    from spinnprop._commands import main

    assert main(["brainscales2", "fit", "25-120-3"]) == 0
    assert "25-120-3 fits: 123 of 512 neuron circuits" in capsys.readouterr().out
    assert main(["brainscales2", "fit", "25-600-3"]) == 1
    assert "does not fit" in capsys.readouterr().out
    assert main(["brainscales2", "fit", "25-120-3", "--delays", "axonal", "--json"]) == 0
    assert main(["brainscales2", "fit", "many"]) == 2
    load = ["brainscales2", "fit", "25-120-3", "--input-spikes", "200"]
    assert main([*load, "--duration", "1e-5"]) == 1 and "input: 200 of 130 spikes" in capsys.readouterr().out
    assert main([*load, "--duration", "1e-5", "--speedup", "10"]) == 0
    capsys.readouterr()
    assert main(load) == 2 and "--input-spikes is 200, --duration is None" in capsys.readouterr().err
    assert main([*load, "--duration", "1", "--speedup", "nan"]) == 2 and "--speedup is nan" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*load, "--duration", "-1"])
    assert main(["brainscales2", "account", "0.03"]) == 0
    assert "estimated" in capsys.readouterr().out


def test_spreads_are_drawn():
    pytest.importorskip("matplotlib").use("agg")
    raw = sp.brainscales2.Chip(calibrated=False)
    axes = sp.plot.brainscales2_spread(raw, sp.brainscales2.calibrate(raw), "tau_syn")
    assert [text.get_text() for text in axes.get_legend().get_texts()][0].startswith("before calibration")
    sp.plot.brainscales2_spread(raw, of="reset")
    with pytest.raises(TypeError, match="after is 5"):
        sp.plot.brainscales2_spread(raw, 5)


def test_lost_events_are_counted():
    burst = sp.encoding.latency(np.zeros((3, 200)))
    chip = sp.brainscales2.Engine(sp.brainscales2.Chip.ideal(), count_losses=True)
    net = sp.Network([200, 4], seed=1)
    net.forward(burst, engine=chip)
    # One event leaves at once, 128 wait.
    assert chip.lost_events == 3 * (200 - 129)
    sp.Trainer(net, engine=chip, gradient_engine="event", epochs=2).run(burst, [0, 1, 2])
    assert chip.lost_events > 3 * (200 - 129)
    assert sp.brainscales2.Engine().lost_events == 0


def test_inputs_of_too_many_spikes_are_refused_before_anything_runs():
    X = np.tile(np.linspace(0, 1, 200), (5, 1))
    slow, fast = sp.encoding.latency(X, t_late=30e-3), sp.encoding.latency(X, t_late=1e-5)
    assert sp.brainscales2.fit([200, 4], input_spikes=200, duration=30e-3)
    answer = sp.brainscales2.fit([200, 4], input_spikes=200, duration=1e-5)
    assert not answer and answer.carried_spikes == 130 and "input: 200 of 130 spikes that the link carries" in str(answer)
    slower = sp.brainscales2.fit([200, 4], input_spikes=200, duration=1e-5, speedup=10)
    assert slower and pickle.loads(pickle.dumps(slower)) == slower
    chip = sp.brainscales2.Engine()
    net = sp.Network([200, 4], seed=1)
    net.forward(slow, engine=chip)
    for run in (
        lambda: net.forward(fast, engine=chip),
        lambda: net.forward(fast, engine=sp.brainscales2.Engine([sp.brainscales2.Chip.ideal(), sp.brainscales2.Chip()])),
    ):
        within = r"sample 0 of the input has 200 spikes within 8\.?\d{0,8}e-06 s, of which BrainScaleS-2's link carries 130:"
        with pytest.raises(sp.SpinnpropError, match=within):
            run()
    # One sample of six, each a batch, is too fast; none runs before it is refused.
    mixed = sp.SpikeTrains(np.append(slow.times, fast.times[:200]), np.append(slow.units, fast.units[:200]), 200 * np.arange(7), 200)
    trainer = sp.Trainer(net, engine=chip, gradient_engine="event", epochs=2, batch_size=1)
    for data in ((mixed, [0] * 6), (slow, [0] * 5, (mixed, [0] * 6))):
        batches = []
        with pytest.raises(sp.SpinnpropError, match="sample 5 of the input has 200 spikes"):
            trainer.run(*data, progress=lambda state: batches.append(state))
        assert not batches and len(trainer.history["loss"]) == 0
    with pytest.raises(sp.SpinnpropError, match="sample 0 of the input"):
        sp.SpikingClassifier(hidden=(5,), epochs=1, engine=chip).fit(fast, [0, 1, 0, 1, 0])
    net.forward(fast, engine=sp.brainscales2.Engine(sp.brainscales2.Chip(event_interval=0)))
    # At once, or nearly: no speed that there is would help.
    for close in (0.0, 1e-12):
        with pytest.raises(sp.SpinnpropError, match="samples that last longer, or count_losses"):
            net.forward(sp.encoding.latency(X, t_late=close), engine=sp.brainscales2.Engine(sp.brainscales2.Chip(resolution=0)))
    assert chip.lost_events == 0


def test_sizes_of_no_network_are_named_by_their_place():
    with pytest.raises(ValueError, match=r"sizes\[1\] is 0; it must be 1"):
        sp.brainscales2.fit([25, 0, 3])


def test_chips_drift_between_runs():
    chip = sp.brainscales2.Chip(seed=3, drift=0.01)
    later = chip.later(2.5)
    assert later == sp.brainscales2.Chip(seed=3, drift=0.01, age=2.5) and chip.later(0) == chip
    assert later.later(1).age == 3.5 and (later.deviations("tau_mem") != chip.deviations("tau_mem")).all()
    assert (sp.brainscales2.Chip(seed=3).later(2.5).deviations("tau_mem") == chip.deviations("tau_mem")).all()
    for hours in (-1, float("nan"), float("inf"), 1e300):
        with pytest.raises(ValueError, match=r"hours is \S+, with which the chip's age is"):
            chip.later(hours)
    with pytest.raises(TypeError, match="hours is '1'"):
        chip.later("1")


def test_deviations_may_be_correlated():
    chip = sp.brainscales2.Chip(seed=3, correlation=1)
    logarithms = [np.log(chip.deviations(name)) for name in ("tau_mem", "gain", "delay")]
    correlations = np.corrcoef(logarithms)
    assert correlations[0, 1] > 1 - 1e-9 and abs(correlations[0, 2]) < 0.2


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.update(codes=[-1] + content["codes"][1:]), lambda content: content.update(codes=[1, 2]),
        lambda content: content.update(codes=[0.5] * 2048), lambda content: content.update(codes=7), lambda content: content.update(options={}),
        lambda content: content["options"].pop("seed"), lambda content: content["options"].update(more=1), lambda content: content.pop("format"),
    ],
)  # fmt: skip
def test_files_that_are_no_chips(tmp_path, change):
    path = tmp_path / "chip.json"
    sp.brainscales2.calibrate(sp.brainscales2.Chip(seed=1), repeats=1).save(path)
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="is no chip"):
        sp.brainscales2.Chip.load(path)
    path.write_text("[" * 100_000)
    with pytest.raises(ValueError, match="is no chip"):
        sp.brainscales2.Chip.load(path)
    assert [each.name for each in tmp_path.iterdir()] == ["chip.json"]


def test_a_chip_that_cannot_be_written_leaves_the_older_file(tmp_path, monkeypatch):
    path = tmp_path / "chip.json"
    sp.brainscales2.Chip(seed=1).save(path)
    before = path.read_bytes()

    def full(content, file):
        file.write("{")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(json, "dump", full)
        with pytest.raises(OSError, match="No space"):
            sp.brainscales2.Chip(seed=2).save(path)
    assert path.read_bytes() == before and [each.name for each in tmp_path.iterdir()] == ["chip.json"]
    assert sp.brainscales2.Chip.load(path) == sp.brainscales2.Chip(seed=1)
