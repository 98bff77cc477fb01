"""Gradients of batches by shards, on executors."""

import concurrent.futures
import pickle
import re

import numpy as np
import pytest

import spinnprop as sp
from spinnprop import _library, _shards
from spinnprop._gradients import PARAMETERS

X, y = sp.datasets.yin_yang(31)
SPIKES = sp.encoding.latency(X, bias=0.0)
LOSS = sp.losses.TTFSCrossEntropy()
NETS = [
    (sp.Network([5, 8, 3], seed=1), {}),
    (sp.Network([5, 8, 3], delays="synaptic", connections=[(0, 1), (0, 2), (1, 2)], seed=1), {"neurons": True}),
    (sp.Network([5, 8, 3], recurrent=True, delays="axonal", seed=1), {"t_end": 50e-3}),
    (sp.Network([5, 8, 3], seed=1), {"engine": sp.ClockEngine(time_step=1e-3, steps=60)}),
]


def here(jobs=1):
    return concurrent.futures.ThreadPoolExecutor(jobs)


def arrays(gradients, connections=()):
    for name in PARAMETERS:
        for place, own in enumerate(getattr(gradients, name, ())):
            yield f"{name}[{place}]", own
    for place in connections:
        yield f"weights[{place}]", gradients.weights[place]
        yield f"delays[{place}]", gradients.delays[place]
    yield "input_times", gradients.input_times


@pytest.mark.parametrize("net, options", NETS)
def test_shards_add_up_to_the_batch_whatever_runs_them(net, options):
    rec = net.forward(SPIKES, **{name: value for name, value in options.items() if name != "neurons"})
    value, whole = net.gradient(rec, LOSS, y, neurons="neurons" in options)
    skips = [(0, 2)] if (0, 2) in net.connections else []
    with here() as one, here(3) as three, concurrent.futures.ProcessPoolExecutor(2) as processes:
        results = [
            sp.executors.gradient(net, SPIKES, LOSS, y, executor=executor, shards=4, **options)
            for executor in (one, three, processes)
        ]
        (alone, only) = sp.executors.gradient(net, SPIKES, LOSS, y, executor=one, shards=1, **options)
    for name, expected in arrays(whole, skips):
        assert np.array_equal(dict(arrays(only, skips))[name], expected), name
        close = dict(arrays(results[0][1], skips))[name]
        # The clock engine adds up in single precision.
        bound = (1e-5 if "engine" in options else 1e-9) * np.abs(expected).max(initial=0)
        np.testing.assert_allclose(close, expected, rtol=0, atol=bound)
        for _, grad in results[1:]:
            assert np.array_equal(dict(arrays(grad, skips))[name], close), name
    assert alone == value and {result[0] for result in results} == {results[0][0]}
    np.testing.assert_allclose(results[0][0], value, rtol=1e-6 if "engine" in options else 1e-12)
    assert all(grad.skipped == whole.skipped for _, grad in results)
    trainer = sp.Trainer(net, **{name: value for name, value in options.items() if name != "neurons"})
    trainer.step(results[0][1])
    assert not np.array_equal(trainer.network.weights[0], net.weights[0])


def test_more_shards_than_samples_and_none():
    net = NETS[0][0]
    value, grad = net.gradient(net.forward(SPIKES[:3]), LOSS, y[:3])
    with here() as executor:
        many, by_many = sp.executors.gradient(net, SPIKES[:3], LOSS, y[:3], executor=executor, shards=100)
        nothing, zero = sp.executors.gradient(net, SPIKES[:0], LOSS, y[:0], executor=executor, shards=4)
    np.testing.assert_allclose(many, value, rtol=1e-12)
    np.testing.assert_allclose(by_many.weights[0], grad.weights[0], rtol=1e-9, atol=1e-12)
    assert nothing == 0 and not zero.weights[0].any() and zero.input_times.shape == (0,)


def test_gradients_pickle():
    net = NETS[1][0]
    _, grad = net.gradient(net.forward(SPIKES), LOSS, y)
    copy = pickle.loads(pickle.dumps(grad))
    assert all(np.array_equal(*pair) for pair in zip(*(dict(arrays(own, [(0, 2)])).values() for own in (grad, copy))))


def test_a_worker_of_another_version_is_refused(monkeypatch):
    sent = sp.__version__
    monkeypatch.setattr(_library, "__version__", "0.0")
    with pytest.raises(sp.SpinnpropError, match=r"a worker has version 0\.0, .*install the same"):
        _shards._shard(sent, NETS[0][0], SPIKES, LOSS, y, {}, False, True)


class _Answering:
    """An executor that does nothing but say what it was told to, or raise it."""

    def __init__(self, answer):
        self._answer = answer

    def submit(self, *arguments):
        job = concurrent.futures.Future()
        if isinstance(self._answer, Exception):
            job.set_exception(self._answer)
        else:
            job.set_result(self._answer)
        return job


def both(answer):
    """What calls it for a gradient and for a training."""
    executor = _Answering(answer)
    yield lambda: sp.executors.gradient(NETS[0][0], SPIKES, LOSS, y, executor=executor, shards=2)
    yield lambda: sp.Trainer(NETS[0][0], epochs=1, batch_size=15).run(SPIKES, y, executor=executor)


def test_errors_of_workers_come_out_as_they_are():
    for error in (UnicodeDecodeError("ascii", b"\xff", 0, 1, "no"), KeyError("x"), OSError(2, "gone")):
        for call in both(error):
            with pytest.raises(type(error)) as caught:
                call()
            assert caught.value is error
    for kind in (ValueError, sp.SpinnpropError):
        for call in both(kind("no")):
            with pytest.raises(kind, match=r"^samples 0 \.\. 14 of the batch: no$"):
                call()


@pytest.mark.parametrize("answer", [None, "x", 3.0, [1.0]])
def test_answers_that_are_none(answer):
    for call in both(answer):
        with pytest.raises(TypeError, match=rf"samples 0 \.\. 14 of the batch: the executor answers {re.escape(repr(answer))}; "):
            call()


def test_what_is_refused():
    net = NETS[0][0]
    with here() as executor:
        for arguments, changed, said in (
            ((3, SPIKES, LOSS, y), {}, "network is 'int'"),
            ((net, X, LOSS, y), {}, "spikes"),
            ((net, SPIKES, LOSS, y), {"executor": None}, "executor is None"),
            ((net, SPIKES, LOSS, y), {"shards": 0}, "shards is 0"),
            ((net, SPIKES, LOSS, y), {"shards": 1.5}, "shards is 1.5"),
            ((net, SPIKES, LOSS, y[:-1]), {}, "y has 30 elements for 31 samples"),
            ((net, SPIKES, LOSS, 3), {}, "y has 1 elements for 31 samples"),
            ((net, SPIKES, LOSS, y + 3), {}, "label"),
        ):
            with pytest.raises((ValueError, TypeError), match=said):
                sp.executors.gradient(*arguments, **{"executor": executor, "shards": 2, **changed})
        with pytest.raises(sp.SpinnpropError, match="samples 0 .. 14 of the batch: .*max_spikes"):
            sp.executors.gradient(net, SPIKES, LOSS, y, executor=executor, shards=2, max_spikes=1)
