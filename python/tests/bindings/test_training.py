"""The trainer: its defaults, what it promises, stopping, checkpoints."""

import copy
import inspect
import math
import os
import pickle
import signal

import numpy as np
import pytest

import spinnprop as sp
from spinnprop import _core

#: Names of the core where Python's differ.
CORE_NAMES = {"checkpoint": "checkpoint_path"}


def test_defaults_are_the_cores():
    core = _core.training_defaults()
    core.update(engine="event", gradient_engine=None, max_spikes=None, t_end=None)
    codes = {
        "adam": _core.OPTIMIZER_ADAM,
        "exponential": _core.SCHEDULE_EXPONENTIAL,
        "clip": _core.DELAY_PARAMETER_CLIP,
    }
    # None leaves them open.
    core.update({name: core[name] or None for name in ("delay_scale", "delay_init", "train")})
    checked = 0
    for name, parameter in inspect.signature(sp.Trainer).parameters.items():
        if name in ("network", "loss", "rate"):
            continue
        value = codes.get(parameter.default, parameter.default)
        assert core[CORE_NAMES.get(name, name)] == value, name
        checked += 1
    assert checked == 40
    assert _core.forward_defaults() == {"engine": None, "t_end": math.inf, "max_spikes": 0}
    assert _core.engine_describe(sp.EventEngine()._handle)["kind"] == _core.ENGINE_EVENT


def test_a_smooth_schedule_falls_with_every_batch():
    """Two batches of the same sample within an epoch are two epochs of it, at the root of gamma."""
    X, y = sp.datasets.yin_yang(1)
    once, twice = (sp.encoding.latency(np.tile(X, (n, 1)), bias=0.0) for n in (1, 2))
    net = sp.Network([5, 30, 3], seed=1)
    options = dict(optimizer="sgd", learning_rate=0.05, batch_size=1, clip_norm=math.inf)
    by_epoch = sp.Trainer(net, schedule="exponential", schedule_gamma=0.6, epochs=4, **options)
    by_batch = sp.Trainer(net, schedule="smooth", schedule_gamma=0.36, epochs=2, **options)
    assert by_epoch.run(once, y) and by_batch.run(twice, np.tile(y, 2))
    assert np.allclose(by_batch.network.weights[1], by_epoch.network.weights[1], rtol=1e-12, atol=0)
    assert not np.array_equal(by_batch.network.weights[1], net.weights[1])
    assert np.allclose(by_batch.history["learning_rate"], [0.05, 0.05 * 0.36], rtol=1e-15)


def trained(data, **options):
    trainer = sp.Trainer(sp.Network([5, 30, 3], seed=1), **{"epochs": 4, "batch_size": 25, **options})
    assert trainer.run(*data) is True
    return trainer


def test_training_learns_and_leaves_its_network_alone(data):
    net = sp.Network([5, 30, 3], seed=1)
    before = net.weights[0]
    trainer = sp.Trainer(net, epochs=30, batch_size=20)
    assert trainer.run(*data, validation=data)
    assert np.array_equal(net.weights[0], before)
    assert not np.array_equal(trainer.network.weights[0], before)
    history = trainer.history
    assert history.shape == (30,) and trainer.epochs_done == 30
    assert history["accuracy"][-1] > history["accuracy"][0] + 0.2
    assert 0 < history[-1]["validation_accuracy"] <= 1 and history[-1]["validation_loss"] > 0
    assert history["learning_rate"][0] == _core.training_defaults()["learning_rate"] and history["seconds"].min() >= 0
    assert 0 <= history["skipped"].min() and history["skipped"].max() <= 1


def test_one_step_is_sgd(data):
    spikes, y = data
    net = sp.Network([5, 30, 3], seed=1)
    value, grad = net.gradient(net.forward(spikes), sp.losses.TTFSCrossEntropy(), y)
    trainer = sp.Trainer(net, optimizer="sgd", learning_rate=0.1, epochs=1, batch_size=60, clip_norm=math.inf)
    trainer.run(spikes, y)
    for layer in range(2):
        assert np.allclose(trainer.network.weights[layer], net.weights[layer] - 0.1 * grad.weights[layer], atol=1e-13)
    # Those without an answer add nothing to the value, and count as undecided in the history.
    assert 0 < grad.skipped < 60 and trainer.history["skipped"][0] == grad.skipped / 60
    assert trainer.history["loss"][0] == pytest.approx(value + grad.skipped / 60 * math.log(3), rel=1e-12)


def test_same_bits_for_the_same_seed(data):
    one, two, other = trained(data), trained(data), trained(data, seed=1)
    assert one.network.weights[0].tobytes() == two.network.weights[0].tobytes()
    assert one.network.weights[0].tobytes() != other.network.weights[0].tobytes()


def test_delays_are_trained_and_stay_positive(data):
    net = sp.Network([5, 30, 3], delays="synaptic", seed=1)
    trainer = sp.Trainer(net, epochs=3, batch_size=20, delay_learning_rate=1e-4)
    trainer.run(*data)
    delays = trainer.network.delays[0]
    assert delays.any() and np.all(delays >= 0)


@pytest.mark.parametrize("kind", ["axonal", ["synaptic", None], [None, "dendritic"]])
@pytest.mark.parametrize("engine", ["event", "clock", "spinnaker2", "first-spike"])
def test_delays_by_a_sigmoid(engine, kind):
    X, y = sp.datasets.yin_yang(60, seed=3)
    on_grid = engine in ("clock", "spinnaker2")
    spikes = sp.encoding.latency_grid(X) if on_grid else sp.encoding.latency(X, bias=0.0)
    net = sp.Network([5, 20, 3], tau_mem=None, tau_syn=None, delays=kind, seed=1, engine=engine)
    tau_syn = np.mean([own.mean() for own in net.tau_syn])
    options = dict(engine=engine, batch_size=20, delay_parameter="sigmoid", delay_init=(0.0, 0.25), seed=5)
    trainer = sp.Trainer(net, epochs=0, **options)
    start = trainer.network
    other = sp.Trainer(net, epochs=0, **{**options, "seed": 6}).network
    assert any(not np.array_equal(one, two) for one, two in zip(start.delays, other.delays))
    trainer = sp.Trainer(net, epochs=2, delay_learning_rate=0.1, **options)
    trainer.run(spikes, y)
    assert trainer.network.delay_kinds == net.delay_kinds
    sp.set_threads(1 if sp.get_threads() > 1 else 3)
    try:
        alone = sp.Trainer(net, epochs=2, delay_learning_rate=0.1, **options)
        alone.run(spikes, y)
    finally:
        sp.set_threads(0)
    for one, other in zip(trainer.network.delays, alone.network.delays):
        assert one.tobytes() == other.tobytes()
    for before, after in zip(start.delays, trainer.network.delays):
        assert before.shape == after.shape
        if before.size:
            assert np.all((0 < before) & (before < tau_syn)) and np.all((0 < after) & (after < tau_syn))
            assert not np.array_equal(before, after)


def test_sigmoid_resumes_to_the_same_bits(data, tmp_path):
    net = sp.Network([5, 30, 3], delays=["synaptic", "axonal"], seed=1)

    def train(epochs, **more):
        trainer = sp.Trainer(
            net, epochs=epochs, batch_size=20, delay_learning_rate=0.3, delay_parameter="sigmoid", delay_init=(-6, 4),
            delay_shift=1e-3, delay_l1=0.1, **more,
        )  # fmt: skip
        trainer.run(*data)
        return trainer.network

    whole = train(6)
    path = tmp_path / "checkpoint"
    train(2, checkpoint=path)
    again = train(6, checkpoint=path, resume=True)
    for one, other in zip(list(whole.weights) + list(whole.delays), list(again.weights) + list(again.delays)):
        assert one.tobytes() == other.tobytes()


def test_what_a_sigmoid_cannot_begin_with_is_refused(data):
    net = sp.Network([5, 4, 3], delays="axonal")
    options = dict(delay_learning_rate=0.1, delay_parameter="sigmoid")
    with pytest.raises(ValueError, match=r"delays\[0\]\[0\] is 0.0; .* give delay_init, as \(0, 0.25\)"):
        sp.Trainer(net, **options)
    sp.Trainer(net, delay_init=(0, 0.25), **options)
    for engine, means in (("event", (40, 1000, -40)), ("clock", (20, -20, 1000))):
        for mean in means:
            with pytest.raises(ValueError, match=r"delay_init = .* for delays\[0\]\[0\], .* nearer to 0, as \(0, 0.25\)"):
                sp.Trainer(net, delay_init=(mean, 0), engine=engine, **options)
    for layer in range(2):
        net.delays[layer] = np.full(net.delays[layer].shape, 1e-3)
    sp.Trainer(net, **options)


@pytest.mark.parametrize(
    "wrong, message",
    [
        (dict(delay_parameter="logit"), "delay_parameter is 'logit'; it must be 'clip' or 'sigmoid'"),
        (dict(delay_parameter=None), "delay_parameter is None"),
        (dict(delay_scale=0), "delay_scale is 0.0; it must be > 0 and <= 1000000, or None"),
        (dict(delay_shift=-1e-3), "delay_shift is -0.001"),
        (dict(delay_l1=math.nan), "delay_l1 is nan"),
        (dict(delay_l2=math.inf), "delay_l2 is inf"),
        (dict(delay_init=(0, -1)), r"delay_init\[1\] is -1.0; it must be 0 .. 1000000"),
        (dict(delay_init=(math.nan, 1)), r"delay_init\[0\] is nan"),
        (dict(delay_init=(0, math.inf)), r"delay_init\[1\] is inf"),
        (dict(delay_init=(0, 1, 2)), r"delay_init is \(0, 1, 2\); it must be a pair \(mean, std\), or None"),
        (dict(delay_init=0.25), "delay_init is 0.25; it must be a pair"),
        (dict(delay_init=("0", 1)), r"delay_init\[0\] is '0'; it must be a number"),
    ],
)
def test_wrong_delay_options(wrong, message):
    with pytest.raises((ValueError, TypeError), match=message):
        sp.Trainer(sp.Network([5, 4, 3], delays="axonal"), **wrong)


def test_a_penalty_makes_delays_sparse():
    X, y = sp.datasets.yin_yang(600, seed=42)
    spikes = sp.encoding.latency(X, bias=0.0)
    net = sp.Network([5, 30, 3], delays="synaptic", seed=1)

    def zeros(**penalty):
        trainer = sp.Trainer(
            net, epochs=30, batch_size=50, delay_learning_rate=1e-4, delay_init=(2e-3, 0.5e-3), clip_norm=math.inf, **penalty
        )
        trainer.run(spikes, y)
        delays = np.concatenate([own.ravel() for own in trainer.network.delays])
        return np.mean(delays == 0), trainer.history["accuracy"][-1], delays

    without, plain_accuracy, plain = zeros()
    sparse, accuracy, _ = zeros(delay_l1=1.0)
    _, _, short = zeros(delay_l2=300.0)
    assert sparse > 0.7 > 0.2 > without
    assert accuracy > 0.93 and plain_accuracy > 0.93
    assert short.mean() < 0.5 * plain.mean()


def test_penalties_are_not_in_the_loss_that_is_reported(data):
    net = sp.Network([5, 30, 3], delays="axonal", seed=1)
    net.delays[0] = np.full(5, 2e-3)
    trainers = [
        sp.Trainer(net, epochs=1, batch_size=60, delay_learning_rate=1e-4, delay_l1=own, delay_l2=own) for own in (0.0, 50.0)
    ]
    for trainer in trainers:
        trainer.run(*data)
    assert trainers[0].history["loss"][0] == trainers[1].history["loss"][0]
    one, other = (own.network.delays[0] for own in trainers)
    assert other.sum() < one.sum()


def test_delays_alone_tell_two_sequences_apart():
    """Both inputs excite both outputs alike; only delays can bring one order's spikes together."""
    spikes = sp.SpikeTrains([0.0, 10e-3, 0.0, 10e-3], [0, 1, 1, 0], [0, 2, 4], 2)
    y = np.array([0, 1])
    net = sp.Network([2, 2], tau_mem=10e-3, tau_syn=5e-3, delays="synaptic", readout="leaky")
    net.weights[0] = np.ones((2, 2))
    trainer = sp.Trainer(
        net, epochs=100, batch_size=2, learning_rate=0, delay_learning_rate=1e-3, delay_scale=15e-3, clip_norm=math.inf
    )
    assert net.forward(spikes).predict(trainer.loss).tolist() != y.tolist()
    trainer.run(spikes, y)
    assert trainer.network.forward(spikes).predict(trainer.loss).tolist() == y.tolist()
    assert trainer.history["accuracy"][-1] == 1.0
    assert np.array_equal(trainer.network.weights[0], net.weights[0])
    delays = trainer.network.delays[0]
    assert np.all((0 <= delays) & (delays <= 15e-3))
    # Each output waits for the input that comes first in its own sequence.
    assert delays[0, 0] > delays[0, 1] + 5e-3 and delays[1, 1] > delays[1, 0] + 5e-3


def test_early_stopping_and_best(data):
    trainer = sp.Trainer(
        sp.Network([5, 30, 3], seed=1),
        epochs=400,
        batch_size=20,
        learning_rate=0.1,
        clip_norm=math.inf,
        patience=3,
        restore_best=True,
    )
    trainer.run(*data, validation=data)
    losses = trainer.history["validation_loss"]
    assert len(losses) < 400 and len(losses) == np.argmin(losses) + 4
    rec = trainer.network.forward(data[0])
    assert trainer.network.gradient(rec, trainer.loss, data[1])[0] == pytest.approx(losses.min(), rel=1e-9)


def test_progress(data):
    seen = []
    trainer = sp.Trainer(sp.Network([5, 30, 3], seed=1), epochs=3, batch_size=20)
    trainer.run(*data, progress=lambda progress: seen.append(progress))
    ends = [p for p in seen if p["epoch_finished"]]
    assert [p["epoch"] for p in ends] == [0, 1, 2] and all(p["n_epochs"] == 3 for p in seen)
    assert [p["loss"] for p in ends] == list(trainer.history["loss"])
    assert set(seen[0]) == {
        "epoch", "n_epochs", "done", "total", "epoch_finished", "loss", "accuracy", "validation_loss",
        "validation_accuracy", "hidden_spikes", "output_spikes", "skipped",
    }  # fmt: skip


def test_stopping_and_going_on(data):
    whole = trained(data)
    parts = sp.Trainer(sp.Network([5, 30, 3], seed=1), epochs=4, batch_size=25)
    assert parts.run(*data, progress=lambda p: p["epoch_finished"] and p["epoch"] == 1) is False
    assert parts.epochs_done == 2
    assert parts.run(*data) is True
    assert parts.network.weights[0].tobytes() == whole.network.weights[0].tobytes()


def test_exceptions_of_progress_come_out_and_leave_the_trainer_usable(data):
    trainer = sp.Trainer(sp.Network([5, 30, 3], seed=1), epochs=4, batch_size=25)

    def fail(progress):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        trainer.run(*data, progress=fail)
    assert trainer.run(*data) is True and trainer.epochs_done == 4


def test_interrupts(data):
    trainer = sp.Trainer(sp.Network([5, 30, 3], seed=1), epochs=100000, batch_size=25)
    calls = []

    def interrupt(progress):
        calls.append(progress)
        if len(calls) == 3:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        trainer.run(*data, progress=interrupt)
    assert 3 <= len(calls) <= 4
    assert trainer.epochs_done < 100000 and np.isfinite(trainer.network.weights[0]).all()
    assert trainer.run(*data, progress=lambda p: True) is False


def test_a_trainer_cannot_be_used_while_it_trains(data):
    trainer = sp.Trainer(sp.Network([5, 30, 3], seed=1), epochs=2, batch_size=25)
    refused = []

    def reenter(progress):
        for use in (
            lambda: trainer.run(*data),
            lambda: trainer.network,
            lambda: trainer.history,
            lambda: trainer.epochs_done,
        ):
            with pytest.raises(sp.SpinnpropError, match="call"):
                use()
            refused.append(use)

    assert trainer.run(*data, progress=reenter) is True
    assert len(refused) >= 8 and trainer.epochs_done == 2


def test_checkpoints_resume_to_the_same_bits(data, tmp_path):
    whole = trained(data)
    path = tmp_path / "checkpoint"
    first = sp.Trainer(sp.Network([5, 30, 3], seed=1), epochs=4, batch_size=25, checkpoint=path)
    first.run(*data, progress=lambda p: p["epoch_finished"] and p["epoch"] == 1)
    assert path.exists()
    second = sp.Trainer(sp.Network([5, 30, 3], seed=1), epochs=4, batch_size=25, checkpoint=path, resume=True)
    assert second.run(*data)
    assert second.network.weights[0].tobytes() == whole.network.weights[0].tobytes()
    assert np.array_equal(second.history["loss"], whole.history["loss"])
    fresh = tmp_path / "fresh"
    sp.Trainer(sp.Network([5, 3]), epochs=1, checkpoint=fresh, resume=True).run(*data)
    assert fresh.exists()

    def resumed(epochs=4, seed=1):
        sp.Trainer(sp.Network([5, 30, 3], seed=seed), epochs=epochs, batch_size=25, checkpoint=path, resume=True).run(*data)

    def refused(said, **options):
        with pytest.raises(sp.SpinnpropError, match=f"{said}.*; remove the file to begin anew$") as caught:
            resumed(**options)
        assert str(caught.value).startswith(f"the checkpoint {path} cannot be resumed: ")

    refused("begun with another network", seed=2)
    whole_file = path.read_bytes()
    for damage in (b"junk", b"", whole_file[:-1], whole_file[:-1] + bytes([whole_file[-1] ^ 1])):
        path.write_bytes(damage)
        refused("")
    path.unlink()
    resumed()


@pytest.mark.parametrize(
    "options, error",
    [
        (dict(epochs=-1), ValueError),
        (dict(epochs=2**31), ValueError),
        (dict(epochs=1.5), TypeError),
        (dict(batch_size=0), ValueError),
        (dict(seed=-1), ValueError),
        (dict(optimizer="lbfgs"), ValueError),
        (dict(optimizer=None), ValueError),
        (dict(optimizer=1), ValueError),
        (dict(schedule="linear"), ValueError),
        (dict(schedule_epochs=0), ValueError),
        (dict(schedule_gamma=0.0), ValueError),
        (dict(schedule_gamma=math.nan), ValueError),
        (dict(learning_rate=-1.0), ValueError),
        (dict(learning_rate=math.nan), ValueError),
        (dict(learning_rate="fast"), TypeError),
        (dict(delay_learning_rate=-1.0), ValueError),
        (dict(neuron_learning_rate=-1.0), ValueError),
        (dict(neuron_learning_rate=math.nan), ValueError),
        (dict(train="weights"), TypeError),
        (dict(train=1), TypeError),
        (dict(train=[]), ValueError),
        (dict(train=["weight"]), ValueError),
        (dict(train=[None]), ValueError),
        (dict(train=["delays"]), ValueError),
        (dict(train=["weights"], delay_learning_rate=1e-3), ValueError),
        (dict(momentum=1.0), ValueError),
        (dict(beta1=1.0), ValueError),
        (dict(beta2=-0.1), ValueError),
        (dict(epsilon=0.0), ValueError),
        (dict(weight_decay=-1.0), ValueError),
        (dict(clip_value=0.0), ValueError),
        (dict(clip_norm=-1.0), ValueError),
        (dict(bump=-1.0), ValueError),
        (dict(bump_hidden_limit=1.5), ValueError),
        (dict(bump_output_limit=math.nan), ValueError),
        (dict(input_dropout=1.0), ValueError),
        (dict(patience=-1), ValueError),
        (dict(checkpoint_every=0), ValueError),
        (dict(resume=True), ValueError),
        (dict(checkpoint=3), TypeError),
        (dict(checkpoint="a\0b"), ValueError),
        (dict(loss="ttfs"), TypeError),
        (dict(rate=1.0), TypeError),
        (dict(engine="abacus"), ValueError),
        (dict(t_end=-1.0), ValueError),
        (dict(max_spikes=0), ValueError),
        (dict(nonsense=0), TypeError),
    ],
)
def test_bad_options(net, options, error):
    with pytest.raises(error):
        sp.Trainer(net, **options)


def test_bad_data(net, data):
    spikes, y = data
    trainer = sp.Trainer(net, epochs=1)
    with pytest.raises(TypeError):
        sp.Trainer("net")
    for wrong in ((None, y), (spikes, None), (spikes.times, y), (spikes, y.astype(complex))):
        with pytest.raises(TypeError):
            trainer.run(*wrong)
    for wrong in ((spikes, y[:-1]), (spikes, y + 1), (spikes, y - 1), (sp.SpikeTrains([], [], [0], 5), y)):
        with pytest.raises(ValueError):
            trainer.run(*wrong)
    for validation in ((spikes, y[:-1]), (spikes, y + 5), (sp.SpikeTrains([], [], [0, 0], 4), y[:1])):
        with pytest.raises(ValueError):
            trainer.run(spikes, y, validation=validation)
    for validation in ((spikes, None), (None, y)):
        with pytest.raises(TypeError):
            trainer.run(spikes, y, validation=validation)
    assert trainer.epochs_done == 0 and np.array_equal(trainer.network.weights[0], net.weights[0])
    assert trainer.run(spikes, y)


@pytest.mark.parametrize("name", ["bump_pairs", "restore_best", "resume"])
def test_flags_are_booleans(net, name):
    for wrong in ("no", 1, 0.0, None, [True]):
        with pytest.raises(TypeError, match=f"{name} is .* True or False"):
            sp.Trainer(net, **{name: wrong})
    for right in (False, np.False_):
        sp.Trainer(net, **{name: right})


def test_validation_is_a_pair(net, data):
    trainer = sp.Trainer(net, epochs=1)
    for wrong in (5, (data[0],), (*data, None, None), data[0]):
        with pytest.raises(TypeError, match=r"validation is .* \(spikes, y\)"):
            trainer.run(*data, validation=wrong)
    assert trainer.epochs_done == 0


def test_a_trainer_can_be_neither_pickled_nor_copied(net):
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="neither pickled nor copied"):
            attempt(sp.Trainer(net))
