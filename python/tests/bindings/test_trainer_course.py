"""The course of a training: learning rates of layers, what is frozen, schedules, callbacks, and going on for longer."""

import copy
import math
import re
import warnings

import numpy as np
import pytest

import spinnprop as sp

ENGINES = ["event", "clock", "first-spike", "brainscales2", "spinnaker2"]


@pytest.fixture(scope="module")
def data():
    X, y = sp.datasets.yin_yang(60, seed=3)
    return sp.encoding.latency(X, bias=0.0), y


@pytest.fixture(scope="module")
def on_grid():
    X, y = sp.datasets.yin_yang(60, seed=3)
    return sp.encoding.latency_grid(X, 27, 2, 1e-3), y


def net(**options):
    return sp.Network([5, 12, 3], seed=1, **options)


def bits(network):
    names = ("weights", "recurrent_weights", "delays", "recurrent_delays", "tau_mem", "tau_syn", "threshold", "reset", "drive")
    return [np.array(own).view(np.uint64) for name in names for own in getattr(network, name)]


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(bits(a), bits(b)))


@pytest.mark.parametrize("engine", ENGINES)
def test_frozen_layers_keep_their_bits(engine, data, on_grid):
    """Also where all else would move them: decay, bumping, rounding to float32."""
    spikes, y = on_grid if engine in ("clock", "spinnaker2") else data
    network = net(tau_mem=10e-3) if engine == "first-spike" else net()
    own = dict(engine=engine, epochs=2, batch_size=20, optimizer="adamw", weight_decay=0.1, bump=1e-3, bump_pairs=True)
    trainer = sp.Trainer(network, learning_rate=[0, 1e-2], **own)
    assert trainer.run(spikes, y)
    assert np.array_equal(trainer.network.weights[0].view(np.uint64), network.weights[0].view(np.uint64))
    assert (trainer.network.weights[1] != network.weights[1]).any()
    assert trainer.learning_rate == (0, 1e-2)
    # All of it frozen, then thawed.
    trainer.learning_rate = 0
    trainer.epochs = 3
    before = trainer.network
    assert trainer.run(spikes, y) and trainer.epochs_done == 3
    assert same(trainer.network, before) and trainer.history["learning_rate"][-1] == 0
    trainer.learning_rate = [1e-2, 0]
    trainer.epochs = 4
    trainer.run(spikes, y)
    assert (trainer.network.weights[0] != before.weights[0]).any() and (trainer.network.weights[1] == before.weights[1]).all()


def test_delays_and_neurons_have_rates_of_their_own(data):
    spikes, y = data
    network = net(delays="synaptic", recurrent=True)
    for layer, delays in enumerate(network.delays):
        network.delays[layer] = np.full_like(delays, 1e-3)
    kinds = ["weights", "delays", "tau_mem", "threshold"]
    trainer = sp.Trainer(
        network,
        epochs=1,
        batch_size=20,
        t_end=60e-3,
        train=kinds,
        learning_rate=[1e-3, 0],
        delay_learning_rate=[0, 1e-5],
        neuron_learning_rate={"tau_mem": [0, 1e-3], "threshold": 0},
    )
    assert trainer.neuron_learning_rate == {"tau_mem": (0, 1e-3), "threshold": (0, 0)} and trainer.delay_learning_rate == (0, 1e-5)
    trainer.run(spikes, y)
    own = trainer.network
    stays = [(own.weights[1], network.weights[1]), (own.delays[0], network.delays[0])]
    stays += [(own.tau_mem[0], network.tau_mem[0]), (own.threshold[0], network.threshold[0]), (own.threshold[1], network.threshold[1])]
    assert all(np.array_equal(a, b) for a, b in stays)
    moves = [(own.weights[0], network.weights[0]), (own.recurrent_weights[0], network.recurrent_weights[0])]
    moves += [(own.delays[1], network.delays[1]), (own.tau_mem[1], network.tau_mem[1])]
    assert all(not np.array_equal(a, b) for a, b in moves)


def test_frozen_layers_do_not_count_in_clipping(data):
    """The gradient of the rest is clipped as if it were the whole."""
    spikes, y = data
    own = dict(optimizer="sgd", clip_norm=1e-4)
    frozen = sp.Trainer(net(), learning_rate=[0, 0.1], **own)
    plain = sp.Trainer(net(), learning_rate=0.1, **own)
    network = frozen.network
    _, grad = network.gradient(network.forward(spikes), frozen.loss, y)
    frozen.step(grad)
    alone = copy.copy(grad)
    alone.weights[0][:] = 0
    plain.step(alone)
    assert same(frozen.network, plain.network)
    step = frozen.network.weights[1] - network.weights[1]
    assert np.linalg.norm(step) == pytest.approx(0.1 * 1e-4, rel=1e-9)


@pytest.mark.parametrize(
    "options, error",
    [
        (dict(learning_rate=[1e-2]), "learning_rate has 1 elements; .* 2 layers"),
        (dict(learning_rate=[1e-2, -1]), r"learning_rate\[1\] is -1"),
        (dict(learning_rate=[1e-2, math.nan]), r"learning_rate\[1\] is nan"),
        (dict(learning_rate=[1e-2, "x"]), r"learning_rate\[1\] is 'x'"),
        (dict(learning_rate=[[1e-2, 1e-2]]), "learning_rate"),
        (dict(delay_learning_rate=[0, 2e6]), r"delay_learning_rate\[1\] is 2000000"),
        (dict(neuron_learning_rate={"tau_mem": 1}), "names 'tau_mem'"),
        (dict(train=["weights", "tau_mem"], neuron_learning_rate={"tau_mem": [1, -1]}), r"neuron_learning_rate\['tau_mem'\]\[1\] is -1"),
        (dict(schedule="falling"), "schedule"),
    ],
)
def test_rates_that_cannot_be(options, error):
    with pytest.raises((ValueError, TypeError), match=error):
        sp.Trainer(net(), **options)


def test_rates_of_what_is_not_trained():
    trainer = sp.Trainer(net(delays="axonal"))
    for name in ("delay_learning_rate", "learning_rate"):
        for wrong in ([1, 2, 3], -1, None, [1, math.inf]):
            with pytest.raises((ValueError, TypeError), match=name):
                setattr(trainer, name, wrong)
    with pytest.raises(ValueError, match="delays are not trained"):
        trainer.delay_learning_rate = 1e-3
    with pytest.raises(ValueError, match="tau_mem"):
        trainer.neuron_learning_rate = {"tau_mem": 1e-3}
    trainer.neuron_learning_rate = 1e-3
    assert trainer.learning_rate == (2e-2, 2e-2) and trainer.delay_learning_rate == () and trainer.neuron_learning_rate == {}


def test_schedules_are_functions(data):
    spikes, y = data
    own = dict(epochs=4, batch_size=20)
    asked = []

    def falling(epoch):
        asked.append(epoch)
        return 0.96**epoch

    plain, mine = sp.Trainer(net(), **own), sp.Trainer(net(), schedule=falling, **own)
    plain.run(spikes, y)
    mine.run(spikes, y)
    np.testing.assert_allclose(mine.history["learning_rate"], plain.history["learning_rate"], rtol=1e-15)
    assert asked == [0, 1, 2, 3]
    frozen = sp.Trainer(net(), schedule=lambda epoch: np.float32(0), **own)
    frozen.run(spikes, y)
    assert (frozen.history["learning_rate"] == 0).all()


@pytest.mark.parametrize("wrong", [-1.0, math.nan, math.inf, 1e7, None, "x", [1.0]])
def test_schedules_that_give_nonsense(data, wrong):
    spikes, y = data
    trainer = sp.Trainer(net(), epochs=3, batch_size=20, schedule=lambda epoch: wrong if epoch == 1 else 1.0)
    for _ in range(2):
        with pytest.raises((ValueError, TypeError), match="epoch 1"):
            trainer.run(spikes, y)
        assert trainer.epochs_done == 1


def test_schedules_that_raise(data):
    spikes, y = data
    answers = iter([1.0, KeyError("mine"), KeyboardInterrupt(), 1.0, 1.0])

    def schedule(epoch):
        answer = next(answers)
        if isinstance(answer, BaseException):
            raise answer
        with pytest.raises(sp.SpinnpropError, match="in use"):
            trainer.history  # noqa: B018
        return answer

    trainer = sp.Trainer(net(), epochs=3, batch_size=20, schedule=schedule)
    with pytest.raises(KeyError, match="mine"):
        trainer.run(spikes, y)
    with pytest.raises(KeyboardInterrupt):
        trainer.run(spikes, y)
    assert trainer.epochs_done == 1 and trainer.run(spikes, y) and trainer.epochs_done == 3


def test_callbacks_see_every_epoch_and_change_nothing(data):
    spikes, y = data
    own = dict(epochs=4, batch_size=20)
    plain, trainer = sp.Trainer(net(), **own), sp.Trainer(net(), **own)
    plain.run(spikes, y, (spikes, y))
    seen, told = [], []

    def watch(given):
        assert given is trainer
        with pytest.raises(ValueError, match="copy"):
            given.network.weights[0] = np.zeros((12, 5))
        seen.append((len(given.history), given.history["validation_loss"][-1], given.network.weights[0].copy()))

    assert trainer.run(spikes, y, (spikes, y), told.append, callbacks=[watch, lambda given: 0])
    assert [n for n, _, _ in seen] == [1, 2, 3, 4] and same(trainer.network, plain.network)
    assert [value for _, value, _ in seen] == list(plain.history["validation_loss"])
    assert sum(state["epoch_finished"] for state in told) == 4
    assert all((a != b).any() for (_, _, a), (_, _, b) in zip(seen, seen[1:]))


@pytest.mark.parametrize("answer", [float("nan"), np.float64(0.5), 2, "no", [], np.zeros(2)], ids=repr)
def test_what_is_no_answer_of_a_callback_is_an_error(data, answer):
    spikes, y = data

    def mine(given):
        return answer

    for said, options in [(r"callbacks\[1\] \(.*mine\)", dict(callbacks=[lambda own: None, mine])), ("progress", dict(progress=mine)),
                          ("progress", dict(progress=mine, callbacks=[lambda own: None]))]:  # fmt: skip
        trainer = sp.Trainer(sp.Network([5, 12, 3], seed=1), epochs=4, batch_size=50)
        with pytest.raises(TypeError, match=rf"^{said} returned {re.escape(repr(answer))}; it must return None or False to go on, or True to stop"):
            trainer.run(spikes, y, **options)
        assert trainer.run(spikes, y) and trainer.epochs_done == 4


@pytest.mark.parametrize("answer, stops", [(None, False), (False, False), (np.False_, False), (0, False), (True, True), (np.True_, True), (1, True)])
def test_answers_of_callbacks(data, answer, stops):
    spikes, y = data
    for options in (dict(callbacks=[lambda own: answer]), dict(progress=lambda seen: answer)):
        trainer = sp.Trainer(sp.Network([5, 12, 3], seed=1), epochs=2, batch_size=50)
        assert trainer.run(spikes, y, **options) is not stops


def test_callbacks_stop_raise_and_steer(data, tmp_path):
    spikes, y = data
    plain = sp.Trainer(net(), epochs=5, batch_size=20)
    plain.run(spikes, y)
    trainer = sp.Trainer(net(), epochs=5, batch_size=20, checkpoint=tmp_path / "c", checkpoint_every=100)
    assert trainer.run(spikes, y, callbacks=[lambda own: own.epochs_done == 2]) is False and trainer.epochs_done == 2

    def fail(own):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        trainer.run(spikes, y, callbacks=(fail,))
    assert trainer.epochs_done == 3
    # The epochs before are on the disk.
    resumed = sp.Trainer(net(), epochs=5, batch_size=20, checkpoint=tmp_path / "c", resume=True)
    assert resumed.epochs_done == 3
    for own in (trainer, resumed):
        assert own.run(spikes, y) and same(own.network, plain.network)

    def steer(own):
        own.learning_rate = [0, 1e-3 / own.epochs_done]
        own.epochs = 3

    steered = sp.Trainer(net(), epochs=9, batch_size=20)
    assert steered.run(spikes, y, callbacks=[steer]) and steered.epochs_done == 3
    np.testing.assert_allclose(steered.history["learning_rate"], [2e-2, 1e-3 * 0.96, 0.5e-3 * 0.96**2])
    for wrong in (3, [3], "x", [None]):
        with pytest.raises(TypeError, match="callbacks"):
            trainer.run(spikes, y, callbacks=wrong)
    # An epoch that progress stops at is over.
    calls = []
    stopped = sp.Trainer(net(), epochs=3, batch_size=20)
    assert stopped.run(spikes, y, progress=lambda state: state["epoch_finished"], callbacks=[calls.append]) is False
    assert calls == [stopped] and stopped.epochs_done == 1


def test_more_epochs_and_other_rates_after_a_resume(data, tmp_path):
    spikes, y = data
    own = dict(batch_size=20, checkpoint=tmp_path / "c")
    first = sp.Trainer(net(), epochs=2, **own)
    first.run(spikes, y)
    further = sp.Trainer(
        net(), epochs=4, learning_rate=[1e-3, 0], schedule=lambda epoch: 0.5, patience=9, restore_best=True, resume=True, **own
    )
    assert further.epochs_done == 2
    with pytest.raises(ValueError, match="validation"):
        further.run(spikes, y)
    further = sp.Trainer(net(), epochs=4, learning_rate=[1e-3, 0], schedule=lambda epoch: 0.5, resume=True, **own)
    further.run(spikes, y)
    assert further.epochs_done == 4 and list(further.history["learning_rate"][2:]) == [5e-4, 5e-4]
    assert (further.network.weights[1] == first.network.weights[1]).all()
    for other in (dict(seed=1), dict(optimizer="sgd"), dict(train=["drive"]), dict(clip_norm=1.0)):
        with pytest.raises(sp.SpinnpropError, match=rf"other options \({[*other][0]}\)"):
            sp.Trainer(net(), epochs=4, resume=True, **{**own, **other})
    with pytest.raises(sp.SpinnpropError, match=r"other options \(loss, t_end, batch_size, engine, gradient_engine\)"):
        engine = sp.ClockEngine(steps=9)
        sp.Trainer(net(), sp.losses.SpikeCountMSE(), engine=engine, t_end=0.1, resume=True, **{**own, "batch_size": 9})
    # How many spikes a run may make ends it or not, and shapes nothing.
    assert sp.Trainer(net(), epochs=4, resume=True, max_spikes=10**7, **own).epochs_done == 4
    first.epochs = 3
    assert first.run(spikes, y) and first.epochs_done == 3 and first.epochs == 3
    for wrong in (-1, 2**40, 1.5, True, None):
        with pytest.raises((ValueError, TypeError), match="epochs"):
            first.epochs = wrong


def test_steps_of_batches(data):
    spikes, y = data
    own = dict(learning_rate=1e-2)
    by_batch, by_gradient = sp.Trainer(net(), **own), sp.Trainer(net(), **own)
    for n in (0, 20, 40):
        part = slice(n, n + 20)
        network = by_gradient.network
        value, grad = network.gradient(network.forward(spikes[part]), by_gradient.loss, y[part])
        assert by_gradient.step(grad, 0.5) is None
        assert by_batch.step((spikes[part], y[part]), factor=0.5) == value
    assert same(by_batch.network, by_gradient.network) and by_batch.epochs_done == 0
    assert by_batch.step((spikes, y, np.zeros(60)), 0.0) == 0
    before = by_batch.network
    for wrong, error in [
        ((spikes, y[:3]), "labels"),
        ((spikes, y, y, y), "batch"),
        ((spikes, y, y[:3]), "batch"),
        (spikes, "batch"),
        ((spikes[:0], y[:0]), "0 samples"),
        ((spikes, np.full(60, 3)), "label"),
        ((spikes, np.zeros((60, 3))), "targets|labels"),
    ]:
        with pytest.raises((ValueError, TypeError, sp.SpinnpropError), match=error):
            by_batch.step(wrong)
    for factor in (-1, math.nan, math.inf, 2e6):
        with pytest.raises(ValueError, match="factor of the learning rates"):
            by_batch.step((spikes, y), factor)
    assert same(by_batch.network, before)
    aims = sp.Trainer(net(), sp.losses.SpikeTimeMSE())
    assert aims.step((spikes, np.full((60, 3), 20e-3))) > 0


@pytest.mark.parametrize("engine", ["event", "clock", "spinnaker2"])
def test_accumulated_batches_are_one_batch(engine, data, on_grid):
    """Up to rounding, that of float32 on a grid. On an analog chip each batch would be a run with noise of its own."""
    spikes, y = on_grid if engine in ("clock", "spinnaker2") else data
    own = dict(engine=engine, epochs=2, optimizer="sgd", momentum=0.9, clip_norm=1e-2, learning_rate=1e-1)
    whole, parts = sp.Trainer(net(), batch_size=40, **own), sp.Trainer(net(), batch_size=10, accumulate=4, **own)
    for trainer in (whole, parts):
        assert trainer.run(spikes, y)
    atol = 1e-11 if engine == "event" else 1e-6
    for a, b, start in zip(whole.network.weights, parts.network.weights, net().weights):
        np.testing.assert_allclose(a, b, rtol=0, atol=atol)
        assert np.abs(a - start).max() > 1e3 * atol
    np.testing.assert_allclose(whole.history["loss"], parts.history["loss"], rtol=1e-5)


def test_a_loss_of_ones_own_is_given_what_belongs_to_accumulated_samples(data):
    spikes, y = data
    pairs = set()

    def paired(times, ids):
        pairs.update((int(n), tuple(row)) for n, row in zip(ids, times))
        return 0.0, np.zeros_like(times)

    trainer = sp.Trainer(net(), sp.losses.Custom(paired), batch_size=10, accumulate=3, epochs=2)
    trainer.run(spikes, np.arange(len(y)))
    assert {n for n, _ in pairs} == set(range(len(y)))
    first = net().forward(spikes).first_spike_times
    assert pairs == {(n, tuple(row)) for n, row in enumerate(first)}


def test_averages_are_of_the_ends_of_epochs(data, tmp_path):
    spikes, y = data
    ends = []
    plain = sp.Trainer(net(), epochs=5, batch_size=20)
    plain.run(spikes, y, callbacks=[lambda trainer: ends.append(trainer.network.weights[0])])
    own = dict(epochs=5, batch_size=20, average_epochs=3)
    trainer = sp.Trainer(net(), checkpoint=tmp_path / "c", **own)
    handed_out = []
    trainer.run(spikes, y, callbacks=[lambda trainer: handed_out.append(trainer.network.weights[0])])
    for n, found in enumerate(handed_out):
        np.testing.assert_allclose(found, np.mean(ends[max(0, n - 2) : n + 1], axis=0), rtol=0, atol=1e-15)
    assert same(sp.load(tmp_path / "c"), trainer.network)
    # A frozen layer keeps its bits on average, too.
    frozen = sp.Trainer(net(), learning_rate=[0, 1e-2], **own)
    frozen.run(spikes, y)
    assert np.array_equal(frozen.network.weights[0], net().weights[0])
    for wrong in (0, -1, 1.5, 2**40):
        for name in ("average_epochs", "accumulate"):
            with pytest.raises((ValueError, TypeError), match=name):
                sp.Trainer(net(), **{name: wrong})


def test_steps_are_of_the_parameters_themselves(data, tmp_path):
    spikes, y = data
    own = dict(epochs=3, batch_size=20, average_epochs=3, optimizer="sgd")
    whole, stepped = sp.Trainer(net(), **own), sp.Trainer(net(), **own)
    for trainer in (whole, stepped):
        trainer.run(spikes, y)
    mean = stepped.network
    stepped.step((spikes, y), factor=0.0)
    last = sp.Trainer(net(), **{**own, "average_epochs": 1})
    last.run(spikes, y)
    assert same(stepped.network, last.network) and not same(stepped.network, mean)
    stepped.save(tmp_path / "stepped.safetensors")
    assert same(sp.load(tmp_path / "stepped.safetensors"), stepped.network)
    for trainer in (whole, stepped):
        trainer.epochs = 6
        trainer.run(spikes, y)
    assert same(stepped.network, whole.network)


def test_a_saved_training_goes_on(data, tmp_path):
    spikes, y = data
    whole = sp.Trainer(net(), epochs=4, batch_size=20)
    whole.run(spikes, y)
    begun = sp.Trainer(net(), epochs=2, batch_size=20)
    begun.run(spikes, y)
    path = tmp_path / "model.safetensors"
    begun.save(path)
    network = sp.load(path)
    assert same(network, begun.network)
    for start in (network, net()):
        begun.save(path)
        further = sp.Trainer(start, epochs=4, batch_size=20, checkpoint=path, resume=True)
        assert further.run(spikes, y) and same(further.network, whole.network)
        np.testing.assert_array_equal(further.history["loss"], whole.history["loss"])
    # What the file held before the training went on is another network than it holds now.
    for other in (network, sp.Network([5, 12, 3], seed=2)):
        with pytest.raises(sp.SpinnpropError, match="another network .* or with the one that it holds now, loaded from it again; remove the file"):
            sp.Trainer(other, epochs=6, batch_size=20, checkpoint=path, resume=True)
    assert sp.Trainer(sp.load(path), epochs=6, batch_size=20, checkpoint=path, resume=True).epochs_done == 4
    with pytest.raises(FileNotFoundError):
        begun.save(tmp_path / "none" / "there")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(sp.SpinnpropError):
        sp.load(path)


@pytest.mark.parametrize(
    "options",
    [
        {"train": ["weights", "tau_mem"]},
        {"train": ["tau_syn", "threshold", "reset", "drive"]},
        {"train": ["weights", "tau_syn"], "rate": sp.losses.RateRegularisation(strength=1e-3, target=2.0)},
        {"train": ["weights", "tau_mem", "threshold"], "average_epochs": 2},
        {"train": ["weights", "delays", "tau_syn"], "delay_learning_rate": 1e-4, "delay_parameter": "sigmoid", "delay_init": (0, 0.25)},
    ],
)
def test_a_training_of_neurons_goes_on_from_the_network_of_its_file(data, tmp_path, options):
    spikes, y = data
    path = tmp_path / "model.safetensors"
    # Some neurons that share their values, and some that each have their own.
    taus = np.append(np.linspace(0.008, 0.03, 12), [0.02] * 3)
    start = net(tau_mem=taus, delays="axonal" if "delays" in options["train"] else None)
    start.wake(spikes)
    options = dict(options, batch_size=20, neuron_learning_rate=0.05)
    whole = sp.Trainer(start, epochs=6, **options)
    whole.run(spikes, y)
    begun = sp.Trainer(start, epochs=2, **options)
    begun.run(spikes, y)
    # Twice, the second time from a training that has itself gone on.
    for epochs in (4, 6):
        begun.save(path)
        network = sp.load(path)
        assert same(network, begun.network) and not np.array_equal(network.tau_syn[0] + network.tau_mem[0], start.tau_syn[0] + start.tau_mem[0])
        begun = sp.Trainer(network, epochs=epochs, checkpoint=path, resume=True, **options)
        assert begun.loss == whole.loss
        assert begun.run(spikes, y)
    assert same(begun.network, whole.network)
    np.testing.assert_array_equal(begun.history["loss"], whole.history["loss"])
    other = sp.load(path)
    other.weights[0] = other.weights[0] * 2
    with pytest.raises(sp.SpinnpropError, match="another network"):
        sp.Trainer(other, epochs=8, checkpoint=path, resume=True, **options)
    more = [*options["train"], *(kind for kind in ("tau_mem", "tau_syn", "drive") if kind not in options["train"])]
    with pytest.raises(sp.SpinnpropError, match=r"other options \(.*train\)"):
        sp.Trainer(sp.load(path), epochs=8, checkpoint=path, resume=True, **{**options, "train": more})


@pytest.mark.parametrize("hidden, said", [([10], "no hidden neuron spiked in the last epoch"), ([], "no sample had an answer in the last epoch")])
def test_silence_is_told_once_at_the_end(hidden, said):
    X, y = sp.datasets.moons(20, seed=0)
    spikes = sp.encoding.latency(X, bias=0.0)
    n_layers = len(hidden) + 1
    net = sp.Network([spikes.n_units, *hidden, 2], weight_mean=[1e-9] * n_layers, weight_std=[0.0] * n_layers, seed=0)
    trainer = sp.Trainer(net, epochs=3, batch_size=10)
    for callbacks in ([], [lambda own: None]):
        with pytest.warns(RuntimeWarning, match=f"{said}.*net.wake") as told:
            assert trainer.run(spikes, y, callbacks=callbacks)
        assert len(told) == 1 and told[0].filename == __file__
        trainer.epochs += 1
    trainer.epochs -= 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # A run without an epoch has nothing to tell, nor one whose network is awake.
        assert trainer.run(spikes, y)
        net = sp.Network([spikes.n_units, 10, 2], seed=0)
        net.wake(spikes)
        assert sp.Trainer(net, epochs=1).run(spikes, y)
    with pytest.warns(RuntimeWarning, match="no hidden neuron spiked.*give larger weight_mean or weight_std, or neither; see") as told:
        sp.SpikingClassifier(hidden=(10,), weight_mean=[1e-9] * 2, weight_std=[0.0] * 2, epochs=1, bump=0.0).fit(X, y)
    assert len(told) == 1 and told[0].filename == __file__


def test_the_remedy_for_silence_is_one_that_helps():
    X, y = sp.datasets.moons(20, seed=0)
    spikes = sp.encoding.latency(X, bias=0.0)
    net = sp.Network([spikes.n_units, 10, 2], weight_mean=[-1.0] * 2, weight_std=[0.0] * 2)
    with pytest.warns(RuntimeWarning, match="no weight into them is above 0; give larger ones"):
        sp.Trainer(net, epochs=1).run(spikes, y)
    net = sp.Network([spikes.n_units, 10, 2], seed=0)
    net.wake(spikes)
    with pytest.warns(RuntimeWarning, match="they spiked in the first one: bump=0.01 with bump_pairs=True wakes.*and a lower learning_rate"):
        sp.Trainer(net, epochs=2, learning_rate=1.0, weight_decay=1.0, batch_size=20).run(spikes, y)


def told_of(work):
    """The messages of a run's warnings."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        work()
    assert all(each.filename == __file__ for each in told)
    return [str(each.message) for each in told]


@pytest.mark.parametrize("late, learning_rate", [(40e-3, 5e-3), (40e-3, 1e-3), (30e-3, 2e-2)])
def test_outputs_that_times_to_learn_make_silent_are_told_with_what_wakes_them(late, learning_rate):
    X, y = sp.datasets.yin_yang(500, seed=1)
    spikes = sp.encoding.latency(X, bias=0.0)
    targets = np.where(np.arange(3) == y[:, None], 20e-3, late)

    def trained(**options):
        trainer = sp.Trainer(sp.Network([5, 60, 3], seed=0), sp.losses.SpikeTimeMSE(), epochs=20, batch_size=50, learning_rate=learning_rate, **options)
        said = told_of(lambda: trainer.run(spikes, targets))
        return said, np.mean(np.isinf(trainer.network.forward(spikes).first_spike_times))

    (said,), silent = trained()
    assert "the loss rose from" in said and "bump=0.01 with bump_pairs=True" in said and silent > 0.2
    said, silent = trained(bump=0.01, bump_pairs=True)
    assert not said and silent < 0.1


@pytest.mark.parametrize("readout, of", [("spiking", "first spikes"), ("leaky", "maxima")])
def test_a_derivative_that_leads_up_is_told(readout, of):
    X, y = sp.datasets.yin_yang(200, seed=1)
    spikes = sp.encoding.latency(X, bias=0.0)
    net = sp.Network([5, 30, 3], readout=readout, seed=0)
    net.wake(spikes)
    middle = np.median(net.forward(spikes).first_spike_times) if readout == "spiking" else 0.5

    def squares(values, y, sign):
        apart = np.where(np.isfinite(values), values - middle, 0.0) / middle
        return (apart**2).mean(), sign * 2 * apart / middle / apart.size

    for sign in (1, -1):
        loss = sp.losses.Custom(lambda values, y, sign=sign: squares(values, y, sign), of=of)
        trainer = sp.Trainer(net, loss, epochs=10, batch_size=20, learning_rate=1e-3)
        said = told_of(lambda: trainer.run(spikes, y))
        assert len(said) == (sign < 0)
        assert all("the loss rose from" in each and "see by finite differences that the derivative" in each for each in said)


def test_a_loss_without_a_derivative_is_told():
    X, y = sp.datasets.yin_yang(60, seed=1)
    spikes = sp.encoding.latency(X, bias=0.0)
    net = sp.Network([5, 30, 3], seed=0)
    net.wake(spikes)

    def said(loss, **options):
        trainer = sp.Trainer(net, loss, epochs=2, batch_size=20, **options)
        return told_of(lambda: trainer.run(spikes, y))

    for counts in (sp.losses.SpikeCountCrossEntropy, sp.losses.SpikeCountMSE):
        (message,) = said(counts(tau0=math.inf))
        assert "no weight into the outputs has moved" in message and "give a tau0 that is finite" in message
        assert not said(counts())
        # Weights that rates alone, or nothing, shall move.
        assert not said(counts(tau0=math.inf), learning_rate=[0.01, 0.0])
        assert not said(counts(tau0=math.inf), schedule=lambda epoch: 0.0)
    (message,) = said(sp.losses.Custom(lambda times, y: (1.0, np.zeros_like(times))))
    assert "no weight into the outputs has moved" in message and "finite differences" in message
    steps = sp.Trainer(sp.Network([5, 30, 3], engine="clock", seed=0), sp.losses.SpikeCountMSE(tau0=math.inf), engine="clock", epochs=1)
    assert "no weight into the outputs has moved" in told_of(lambda: steps.run(sp.encoding.latency_grid(X), y))[0]
    # What is met already has nothing to learn.
    assert not said(sp.losses.Custom(lambda times, y: (0.0, np.zeros_like(times))))


def test_times_of_another_unit_are_told():
    X, y = sp.datasets.yin_yang(60, seed=1)
    spikes = sp.encoding.latency(X, bias=0.0)
    milliseconds = [(1e3 * times, units) for times, units in spikes]
    targets = np.full((60, 3), 20.0)

    def said(spikes, targets, net, **options):
        loss = None if targets is y else sp.losses.SpikeTimeMSE()
        return told_of(lambda: sp.Trainer(net, loss, epochs=1, **options).run(spikes, targets))

    def net(**options):
        return sp.Network([5, 20, 3], seed=0, **options)

    assert "target times begin at 20 s, and input ends at 0.0298 s; give both in seconds" in said(spikes, targets, net())[0]
    assert not said(spikes, 1e-3 * targets, net())
    assert not said(spikes, targets, net(drive=[0.0, 2.0]), t_end=0.1)
    one_hot = np.eye(3)[y]
    assert "give labels, y.argmax(axis=1)" in said(spikes, one_hot, net())[0]
    assert not said(spikes, one_hot.argmax(axis=1), net())
    as_seconds = sp.SpikeTrains.from_lists(milliseconds, n_units=5)
    assert "input lasts 29.8 s, very long" in said(as_seconds, y, net())[0]
    assert not said(sp.SpikeTrains.from_lists(milliseconds, n_units=5, time_unit="ms"), y, net())
    assert not said(as_seconds, y, net(tau_mem=20.0, tau_syn=5.0))


@pytest.mark.parametrize("hidden, said", [([10], "no hidden neuron spiked"), ([], "no sample had an answer")])
def test_silence_that_input_dropout_makes_is_told_so(hidden, said):
    X, y = sp.datasets.moons(20, seed=0)
    spikes = sp.encoding.latency(X, bias=0.0)
    net = sp.Network([spikes.n_units, *hidden, 2], seed=0)
    net.wake(spikes)
    for dropout, remedy in ((0.999, "with input_dropout = 0.999 too little is left; give a smaller one"), (0.0, None)):
        trainer = sp.Trainer(net, epochs=1, input_dropout=dropout)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            trainer.run(spikes, y)
        assert [said in str(each.message) and remedy in str(each.message) for each in told] == [True] * (remedy is not None)
    # Weights that nothing wakes are not the dropout's fault.
    quiet = sp.Network([spikes.n_units, *hidden, 2], weight_mean=[1e-9] * (len(hidden) + 1), weight_std=[0.0] * (len(hidden) + 1))
    with pytest.warns(RuntimeWarning, match=f"{said}.*net.wake"):
        sp.Trainer(quiet, epochs=1, input_dropout=0.5).run(spikes, y)


def test_a_limit_of_spikes_is_of_a_batch_wherever_samples_run(tmp_path):
    X, y = sp.datasets.yin_yang(200, seed=0)
    spikes = sp.encoding.latency(X, bias=0.0)
    net = sp.Network([5, 20, 3], seed=0)
    made = net.forward(spikes)
    counts = np.sum([np.diff(layer.offsets) for layer in made.spikes], axis=0)
    most = int(counts.max())
    options = dict(epochs=1, batch_size=10, learning_rate=1e-9)
    assert sum(len(layer.times) for layer in made.spikes) > 10 * most
    trainer = sp.Trainer(net, max_spikes=10 * most, **options)
    trainer.run(spikes, y, (spikes, y))
    with pytest.raises(sp.SpinnpropError, match=f"more than max_spikes = {most} spikes"):
        sp.Trainer(net, max_spikes=most, **options).run(spikes, y)
    few, many = np.argsort(counts)[:10], np.argsort(counts)[-20:]
    least = int(counts[few].sum())
    assert counts[many].sum() > 2 * least
    with pytest.raises(sp.SpinnpropError, match=rf"max_spikes = {2 * least} spikes.*\(max_spikes is {least} for each 10 samples\)"):
        sp.Trainer(net, max_spikes=least, **options).run(spikes[few], y[few], (spikes[many], y[many]))
    model = sp.SpikingClassifier(hidden=(20,), max_spikes=10**6, **options).fit(X, y)
    made = model.network_.forward(model._encode(X))
    most = int(np.sum([np.diff(layer.offsets) for layer in made.spikes], axis=0).max())
    assert len(model.set_params(max_spikes=10 * most).predict(X)) == 200
    with pytest.raises(sp.SpinnpropError, match="max_spikes"):
        model.set_params(max_spikes=1).predict(X)


def test_rates_of_delays_need_delays():
    with pytest.raises(ValueError, match="delay_learning_rate is 0.001, but no connection of the network has delays"):
        sp.Trainer(sp.Network([2, 3]), delay_learning_rate=1e-3)
    sp.Trainer(sp.Network([2, 3, 2], delays=[None, "dendritic"]), delay_learning_rate=1e-3)


def test_a_validation_set_may_come_in_later_and_other_data_are_named(tmp_path):
    X, y = sp.datasets.yin_yang(60, seed=0)
    spikes = sp.encoding.latency(X, bias=0.0)
    own = dict(batch_size=20, checkpoint=tmp_path / "c", resume=True)
    net = sp.Network([5, 10, 3], seed=0)
    sp.Trainer(net, epochs=1, **own).run(spikes, y)
    later = sp.Trainer(net, epochs=3, patience=5, restore_best=True, **own)
    later.run(spikes, y, (spikes, y))
    assert later.epochs_done == 3 and np.isnan(later.history["validation_loss"][0]) and np.isfinite(later.history["validation_loss"][1:]).all()
    again = sp.Trainer(net, epochs=4, **own)
    for given, named in (
        ((spikes, y[::-1]), "other y;"), ((spikes[::-1], y), "other spikes;"), ((spikes, y, (spikes[:9], y[:9])), "other validation;"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=named):
            again.run(*given)
    with pytest.raises(ValueError, match="other sample_weight;"):
        again.run(spikes, y, sample_weight=np.ones(60))
    again.run(spikes, y)
    assert again.epochs_done == 4


def test_what_patience_has_ended_says_so_when_it_is_asked_to_go_on():
    X, y = sp.datasets.yin_yang(60, seed=0)
    spikes = sp.encoding.latency(X, bias=0.0)
    trainer = sp.Trainer(sp.Network([5, 10, 3], seed=0), epochs=9, patience=1, learning_rate=0.0, batch_size=20)
    assert trainer.run(spikes, y, (spikes, y))
    done = trainer.epochs_done
    assert done < 9
    with pytest.warns(RuntimeWarning, match=f"patience has ended the training after {done} of 12 epochs.*larger patience"):
        trainer.epochs = 12
        assert trainer.run(spikes, y, (spikes, y)) and trainer.epochs_done == done


def test_samples_without_spikes_are_what_is_told_of():
    with pytest.warns(RuntimeWarning, match="the samples have no spikes; see where they were lost"):
        sp.Trainer(sp.Network([5, 10, 3]), epochs=1).run(sp.SpikeTrains([], [], [0] * 5, 5), [0, 1, 2, 0])


def test_input_after_the_end_is_what_is_told_of():
    spikes = sp.SpikeTrains(np.linspace(0.2, 900.0, 20), np.arange(20) % 5, np.arange(5) * 5, 5)
    with pytest.warns(RuntimeWarning, match=r"95 % of the input spikes come after t_end = 1.4; give times in seconds, or a larger t_end"):
        sp.Trainer(sp.Network([5, 10, 3], weight_mean=[0.1, 0.1], weight_std=[0.0, 0.0]), epochs=1, t_end=1.4, bump=0.0).run(spikes, [0, 1, 2, 0])
