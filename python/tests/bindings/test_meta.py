"""Reptile: what it learns, its arithmetic, stopping, what it refuses; the family of tasks."""

import math
import os
import signal

import numpy as np
import pytest

import spinnprop as sp

FEW = dict(batch_size=1, learning_rate=0.0162, schedule_gamma=0.41, bump=1e-2, clip_norm=math.inf)


def task(number, n=200, samples=0):
    X, y = sp.meta.yin_yang_task(number, n, samples)
    return sp.encoding.latency(X, bias=0.0), y


def adapted_accuracy(start):
    """Mean over tasks that were not learnt from, after two epochs of 50 samples, one at a time."""
    accuracies = []
    for number in range(1000, 1006):
        trainer = sp.Trainer(start, epochs=2, seed=number, **FEW)
        trainer.run(*task(number, 50))
        spikes, y = task(number, 300, samples=1)
        accuracies.append(np.mean(trainer.network.forward(spikes).predict(trainer.loss) == y))
    return np.mean(accuracies)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_new_tasks_are_learnt_from_fewer_samples(seed):
    random = sp.Network([5, 20, 3], seed=seed)
    learnt = sp.meta.reptile(random, task, steps=40, epochs=1, seed=seed, **FEW)
    assert adapted_accuracy(learnt) > adapted_accuracy(random) + 0.08


def test_a_step_moves_towards_what_was_learnt():
    start = sp.Network([5, 8, 3], delays="synaptic", recurrent=True, seed=1)
    names = ["weights", "delays", "tau_mem", "tau_syn", "threshold"]
    options = dict(epochs=1, t_end=0.1, train=names, delay_learning_rate=1e-3, batch_size=10)
    learnt = sp.meta.reptile(start, lambda number: task(3, 40), steps=1, step_size=1.0, **options)
    quarter = sp.meta.reptile(start, lambda number: task(3, 40), steps=1, step_size=0.25, **options)
    for name in (*names, "recurrent_weights", "recurrent_delays"):
        for old, new, between in zip(getattr(start, name), getattr(learnt, name), getattr(quarter, name)):
            assert np.allclose(between, old + 0.25 * (new - old), rtol=1e-13, atol=1e-18)
        assert any(np.any(new != old) for old, new in zip(getattr(start, name), getattr(learnt, name))), name


def test_steps_become_smaller():
    start = sp.Network([5, 8, 3], seed=1)
    # With one batch per epoch, the order of samples matters to rounding alone.
    options = dict(epochs=1, batch_size=40)
    expected, seen = start, []
    for size in (0.8, 0.6, 0.4, 0.2):
        trainer = sp.Trainer(expected, **options)
        trainer.run(*task(len(seen), 40))
        moved = sp.Network([5, 8, 3])
        for layer in range(2):
            old, new = expected.weights[layer], trainer.network.weights[layer]
            moved.weights[layer] = old + size * (new - old)
        expected = moved
        seen.append(size)
    found = sp.meta.reptile(start, lambda number: task(number, 40), steps=4, step_size=0.8, **options)
    for layer in range(2):
        assert np.allclose(found.weights[layer], expected.weights[layer], rtol=1e-9, atol=1e-12)


def test_other_engines():
    def on_grid(number):
        X, y = sp.meta.yin_yang_task(number, 40)
        return sp.encoding.latency_grid(X, steps=28), y

    start = sp.Network([5, 8, 3], seed=1, weight_mean=[1.5, 1.0], weight_std=[1.5, 1.0])
    learnt = sp.meta.reptile(start, on_grid, steps=2, engine=sp.ClockEngine(steps=28), epochs=1, batch_size=1)
    assert not np.array_equal(learnt.weights[0], start.weights[0])


def test_seeds():
    start = sp.Network([5, 8, 3], seed=1)
    before = [weights.copy() for weights in start.weights]
    tasks = [task(number, 20) for number in range(3)]

    def weights(seed, tasks=tasks):
        return sp.meta.reptile(start, tasks, steps=3, seed=seed, epochs=1, batch_size=5).weights[0].tobytes()

    assert weights(0) == weights(0) != weights(1)
    assert all(np.array_equal(old, new) for old, new in zip(before, start.weights))


def test_progress_stops_and_tells():
    states = []

    def watch(state):
        states.append(state)
        return state["done"] == 2

    start = sp.Network([5, 8, 3], seed=1)
    stopped = sp.meta.reptile(start, task, steps=9, epochs=2, batch_size=50, progress=watch)
    assert [state["done"] for state in states] == [1, 2] and states[0]["total"] == 9
    trainer = sp.Trainer(start, epochs=2, batch_size=50)
    trainer.run(*task(0))
    assert states[0]["loss"] == pytest.approx(trainer.history["loss"][0], rel=0.2)
    assert not np.array_equal(stopped.weights[0], start.weights[0])


def test_ctrl_c_keeps_what_was_learnt():
    start = sp.Network([5, 8, 3], seed=1)

    def interrupt(state):
        if state["done"] == 2:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt) as caught:
        sp.meta.reptile(start, task, steps=10**6, epochs=1, batch_size=50, progress=interrupt)
    assert not np.array_equal(caught.value.network.weights[0], start.weights[0])


def test_the_progress_bar(capsys):
    start = sp.Network([5, 8, 3], seed=1)
    sp.meta.reptile(start, task, steps=2, epochs=1, batch_size=50)
    assert capsys.readouterr() == ("", "")
    sp.meta.reptile(start, task, steps=2, epochs=1, batch_size=50, verbose=True)
    shown = capsys.readouterr().err
    assert "2 of 2" in shown and "accuracy" in shown


@pytest.mark.parametrize(
    "options, error, said",
    [
        ({"network": "net"}, TypeError, "network"),
        ({"tasks": 3}, TypeError, "tasks is 3"),
        ({"tasks": []}, TypeError, "tasks is"),
        ({"tasks": [3]}, TypeError, "a task is 3"),
        ({"tasks": lambda number: None}, TypeError, "a task is None"),
        ({"tasks": lambda number: (1, 2)}, TypeError, "SpikeTrains"),
        ({"steps": 0}, ValueError, "steps"),
        ({"step_size": 0.0}, ValueError, "step_size"),
        ({"step_size": 1.5}, ValueError, "step_size"),
        ({"step_size": math.nan}, ValueError, "step_size"),
        ({"seed": -1}, ValueError, "seed"),
        ({"learning_rate": -1.0}, ValueError, "learning_rate"),
        ({"epochs": 0}, ValueError, "epochs is 0; it must be 1 .."),
        ({"epochs": 1.0}, TypeError, "epochs is 1.0"),
        ({"verbose": "no"}, TypeError, "verbose is 'no'; it must be True or False"),
        ({"verbose": 1}, TypeError, "verbose is 1"),
        ({"nonsense": 1}, TypeError, "nonsense"),
        ({"delay_init": (0, 0.25)}, ValueError, r"delay_init is \(0, 0.25\); it would draw .* set network.delays before"),
        ({"checkpoint": "here"}, TypeError, "checkpoint"),
    ],
)
def test_bad_arguments(options, error, said):
    with pytest.raises(error, match=said) as caught:
        sp.meta.reptile(**{"network": sp.Network([5, 8, 3]), "tasks": task, "steps": 1, **options})
    assert "\n" not in str(caught.value)


def test_tasks_are_the_plane_turned():
    X, y = sp.meta.yin_yang_task(4, 200)
    again, labels = sp.meta.yin_yang_task(4, 200)
    assert np.array_equal(X, again) and np.array_equal(y, labels) and y.dtype == np.int64
    assert X.min() >= 0 and X.max() <= 1 and np.array_equal(X[:, 2:], 1 - X[:, :2])
    assert not np.array_equal(X, sp.meta.yin_yang_task(4, 200, samples=1)[0])
    # Not turned, it is the data set; turned back, it is too.
    plain, plain_y = sp.meta.yin_yang_task(4, 200, max_angle=0.0)
    assert np.array_equal(plain_y, y)
    centred, original = X[:, :2] - 0.5, plain[:, :2] - 0.5
    angles = np.angle((centred @ [1, 1j]) / (original @ [1, 1j]))
    assert np.ptp(angles) < 1e-9 and np.allclose(np.hypot(*centred.T), np.hypot(*original.T))
    other = sp.meta.yin_yang_task(5, 200)[0]
    assert not np.allclose(X, other)
    narrow = [sp.meta.yin_yang_task(k, 1, max_angle=0.1) for k in range(20)]
    flat = [sp.meta.yin_yang_task(k, 1, max_angle=0.0) for k in range(20)]
    turns = [
        np.angle(complex(*(a[0][0, :2] - 0.5)) / complex(*(b[0][0, :2] - 0.5))) for a, b in zip(narrow, flat)
    ]
    assert 0.05 < np.max(np.abs(turns)) <= 0.1 + 1e-12


def test_labels_are_exchanged():
    seen = set()
    for number in range(30):
        y = sp.meta.yin_yang_task(number, 100)[1]
        exchanged = sp.meta.yin_yang_task(number, 100, permute_labels=True)[1]
        pairs = set(zip(y.tolist(), exchanged.tolist()))
        assert len(pairs) == 3
        seen.add(tuple(sorted(pairs)))
    assert len(seen) == 6


@pytest.mark.parametrize(
    "arguments, error",
    [
        ((-1, 10), ValueError),
        ((0, -1), ValueError),
        ((0, 10, -1), ValueError),
        ((0.5, 10), TypeError),
        ((0, 10, 0, 4.0), ValueError),
        ((0, 10, 0, math.nan), ValueError),
        ((0, 10, 0, 1.0, 1), TypeError),
    ],
)
def test_tasks_that_cannot_be(arguments, error):
    with pytest.raises(error):
        sp.meta.yin_yang_task(*arguments)
