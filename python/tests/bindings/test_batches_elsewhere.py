"""Trainings whose batches run on executors: the bits of one process, whoever runs them and whatever dies meanwhile."""

import concurrent.futures
import os
import pickle
import signal
import time

import numpy as np
import pytest

import spinnprop as sp
from spinnprop import _library, _trainer

X, y = sp.datasets.yin_yang(90)
VALIDATION = sp.datasets.yin_yang(30, seed=1)
SPIKES, HELD_OUT = (sp.encoding.latency(own, bias=0.0) for own in (X, VALIDATION[0]))


def net(**options):
    return sp.Network([5, 8, 3], seed=1, **options)


def trainer(network=None, **options):
    return sp.Trainer(net() if network is None else network, **{"epochs": 3, "batch_size": 11, "accumulate": 3, **options})


def same(one, other):
    for name in ("weights", "delays", "tau_mem"):
        assert all(np.array_equal(*pair) for pair in zip(getattr(one.network, name), getattr(other.network, name))), name
    for name in set(one.history.dtype.names) - {"seconds"}:
        np.testing.assert_array_equal(one.history[name], other.history[name], name)


def masked(times, own):
    finite = np.isfinite(times)
    return float(np.sum(times[finite])) * 1e-3, np.where(finite, 1e-3, 0.0)


CASES = {
    "plain": (net(), {}),
    "one batch a step": (net(), {"accumulate": 1, "patience": 2, "restore_best": True}),
    "delays, dropout, averages": (
        net(delays="synaptic"),
        {"delay_learning_rate": 1e-4, "input_dropout": 0.2, "average_epochs": 2, "delay_parameter": "sigmoid", "delay_init": (0.0, 0.25)},
    ),
    "neurons": (net(), {"train": ["weights", "tau_mem", "threshold"]}),
    "only neurons": (net(), {"train": ["drive"], "t_end": 0.1}),
    "recurrence": (net(recurrent=True, delays="axonal"), {"t_end": 50e-3, "rate": sp.losses.RateRegularisation(1e-3)}),
    "skips": (net(connections=[(0, 1), (0, 2), (1, 2)]), {"delay_l2": 1.0}),
    "time steps, bumping": (net(), {"engine": sp.ClockEngine(time_step=1e-3, steps=60, weight_bits=4), "bump": 1e-3}),
    "bumped alone": (sp.Network([5, 8, 3], weight_mean=[0.01, 0.01], weight_std=[0.0, 0.0], seed=1), {"bump": 1e-3, "bump_pairs": True}),
    "an analog chip": (net(), {"engine": "brainscales2", "gradient_engine": "event"}),
    "read-out": (net(readout="leaky"), {}),
    "own loss": (net(), {"loss": sp.losses.Custom(masked)}),
}


@pytest.mark.parametrize("case", CASES)
def test_whoever_runs_batches_the_bits_are_the_same(case):
    network, options = CASES[case]
    weights = None if case == "own loss" else np.linspace(0.0, 2.0, len(y))
    here = trainer(network, **options)
    assert here.run(SPIKES, y, (HELD_OUT, VALIDATION[1]), sample_weight=weights)
    for jobs in (1, 3):
        with concurrent.futures.ThreadPoolExecutor(jobs) as executor:
            there = trainer(network, **options)
            assert there.run(SPIKES, y, (HELD_OUT, VALIDATION[1]), sample_weight=weights, executor=executor)
        same(here, there)
    assert len(here.history) > 1


def test_targets_and_other_losses():
    rng = np.random.default_rng(0)
    for loss, targets in ((sp.losses.SpikeTimeMSE(), rng.uniform(10e-3, 40e-3, (len(y), 3))), (sp.losses.SpikeCountMSE(), np.ones((len(y), 3)))):
        here, there = trainer(loss=loss), trainer(loss=loss)
        here.run(SPIKES, targets)
        with concurrent.futures.ThreadPoolExecutor(2) as executor:
            there.run(SPIKES, targets, executor=executor)
        same(here, there)


class _Killing:
    """An executor that kills a process of its pool before its seventh batch."""

    def __init__(self, executor):
        self._executor, self._left = executor, 6

    def submit(self, *arguments):
        if self._left == 0:
            pool = getattr(self._executor, "_pool", self._executor)
            os.kill(next(iter(pool._processes)), signal.SIGKILL)
            while not pool._broken:
                time.sleep(1e-3)
        self._left -= 1
        return self._executor.submit(*arguments)


def test_a_process_that_dies_is_replaced_and_its_batch_done_again():
    here, there = trainer(), trainer()
    here.run(SPIKES, y)
    with sp.executors.processes(2) as executor:
        assert there.run(SPIKES, y, executor=_Killing(executor))
        assert executor.submit(sp.get_threads).result() == 1
        with pytest.raises(ZeroDivisionError):
            executor.submit(divmod, 1, 0).result()
    same(here, there)
    with pytest.raises(RuntimeError, match="has been shut down"):
        executor.submit(os.getpid)
    with sp.executors.processes(1, retries=1) as executor:
        with pytest.raises(concurrent.futures.process.BrokenProcessPool):
            executor.submit(signal.raise_signal, signal.SIGKILL).result()
        assert executor.submit(abs, -3).result() == 3


def test_after_a_pool_that_breaks_training_goes_on_from_the_last_step(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    here, there = trainer(), trainer(checkpoint=path)
    here.run(SPIKES, y)
    with concurrent.futures.ProcessPoolExecutor(2) as executor:
        with pytest.raises(concurrent.futures.BrokenExecutor):
            there.run(SPIKES, y, executor=_Killing(executor))
    assert there.epochs_done < 3
    with concurrent.futures.ThreadPoolExecutor(2) as executor:
        there.run(SPIKES, y, executor=executor, callbacks=[lambda own: own.epochs_done == 2])
        assert there.epochs_done == 2
        # Another trainer goes on from the checkpoint, here or there.
        again = trainer(checkpoint=path, resume=True)
        again.run(SPIKES, y, executor=executor)
    there.run(SPIKES, y)
    same(here, there)
    same(here, again)


def test_what_goes_wrong_on_a_worker(monkeypatch):
    own = trainer(max_spikes=1)
    with concurrent.futures.ThreadPoolExecutor(2) as executor:
        with pytest.raises(sp.SpinnpropError, match="samples 0 .. 10 of the batch: .*max_spikes"):
            own.run(SPIKES, y, executor=executor)
        assert own.epochs_done == 0 and np.array_equal(own.network.weights[0], net().weights[0])

        def stops(*arguments):
            raise KeyboardInterrupt

        healthy, whole = trainer(), trainer()
        whole.run(SPIKES, y)
        with monkeypatch.context() as patch:
            patch.setattr(_trainer, "_run_batch", stops)
            with pytest.raises(KeyboardInterrupt):
                healthy.run(SPIKES, y, executor=executor)
        healthy.run(SPIKES, y, executor=executor)
        same(healthy, whole)
        for wrong, said in ((np.empty(3), "numbers came back"), (None, "numbers"), ("no", "numbers")):
            with monkeypatch.context() as patch:
                patch.setattr("spinnprop._trainer.run_batches", lambda *arguments, wrong=wrong: wrong)
                with pytest.raises((ValueError, TypeError), match=said):
                    trainer().run(SPIKES, y, executor=executor)
        with monkeypatch.context() as patch:
            patch.setattr(_library, "__version__", "0.0")
            with pytest.raises(sp.SpinnpropError, match="install the same"):
                trainer().run(SPIKES, y, executor=executor)


def test_what_is_refused():
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        with pytest.raises(TypeError, match="executor is 3"):
            trainer().run(SPIKES, y, executor=3)
        chip = trainer(engine=sp.spinnaker2.Engine(steps=60))
        with pytest.raises(sp.SpinnpropError, match='keeps account of what runs on it.*on the engine "clock"'):
            chip.run(sp.encoding.latency_grid(X, steps=60), y, executor=executor)
        followed = trainer(train=["weights", "tau_mem"], rate=sp.losses.RateRegularisation(1e-3))
        with pytest.raises(ValueError, match="rate has no tau"):
            followed.run(SPIKES, y, executor=executor)
        with pytest.raises(ValueError, match="labels"):
            trainer().run(SPIKES, y[:-1], executor=executor)
    for wrong in (0, -1, 1.5, "two"):
        with pytest.raises((ValueError, TypeError), match="n_workers"):
            sp.executors.processes(wrong)


def test_what_is_sent_pickles():
    pickle.loads(pickle.dumps((_trainer._run_batch, sp.Network([5, 3]), trainer()._of_batches)))


class _Lost:
    """An executor whose cluster is gone: it gives up what it is sent."""

    def submit(self, *arguments):
        job = concurrent.futures.Future()
        job.cancel()
        job.set_running_or_notify_cancel()
        return job


def test_a_cluster_that_is_lost_is_told():
    there = trainer()
    with pytest.raises(sp.SpinnpropError, match="the executor has given up a call.*go on with another executor"):
        there.run(SPIKES, y, executor=_Lost())
    assert there.epochs_done == 0
    pytest.importorskip("sklearn")
    pytest.importorskip("optuna")
    with pytest.raises(sp.SpinnpropError, match="has given up a call") as caught:
        sp.search(X, y, {"hidden": [(4,), (5,)]}, n_trials=2, executor=_Lost(), verbose=False)
    # What was given up does not count as a trial.
    assert len(caught.value.result.trials) == 0
