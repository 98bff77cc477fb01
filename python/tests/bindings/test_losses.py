"""Losses: validated on construction, never changing, with the core's defaults."""

import copy
import inspect
import math
import pickle

import numpy as np
import pytest

import spinnprop as sp
from spinnprop import _core

#: Those whose parameters are numbers.
LOSSES = [loss for loss in sp.losses.Loss.__subclasses__() if loss not in (sp.losses.Custom, sp.losses.MembraneMSE)]


@pytest.mark.parametrize("kind", LOSSES)
def test_defaults_are_the_cores(kind):
    core = _core.loss_defaults(kind._kind)
    for name, value in vars(kind()).items():
        assert core[name] == value, name


def test_rate_defaults_are_the_cores():
    core = _core.gradient_defaults()
    rate = sp.losses.RateRegularisation(strength=1.0)
    # The core writes 0 for a tau that is left open.
    assert rate.target == core["rate_target"] and rate.tau is None and core["rate_tau"] == 0


@pytest.mark.parametrize("kind", LOSSES)
def test_values(kind):
    loss = kind()
    assert loss == kind() and hash(loss) == hash(kind())
    for twin in (
        copy.copy(loss),
        copy.deepcopy(loss),
        pickle.loads(pickle.dumps(loss)),
        eval(repr(loss), {**vars(sp.losses), "inf": float("inf")}),
    ):
        assert twin == loss and type(twin) is kind
    with pytest.raises(AttributeError, match="never changes"):
        loss.tau0 = 1.0
    with pytest.raises(AttributeError):
        del loss.tau0
    assert loss != 1 and loss != sp.EventEngine()


@pytest.mark.parametrize("kind", LOSSES)
def test_wrong_parameters(kind):
    # Flags have a test for all there are.
    for name in [name for name, parameter in inspect.signature(kind).parameters.items() if not isinstance(parameter.default, bool)]:
        with pytest.raises(ValueError, match=name):
            kind(**{name: math.nan})
        with pytest.raises(ValueError, match=name):
            kind(**{name: -1.0})
        for wrong in ("1", None, 1j, [1.0], True):
            with pytest.raises(TypeError, match=name):
                kind(**{name: wrong})
    with pytest.raises(TypeError):
        kind(nonsense=1.0)


def test_zero_time_constants():
    for kind, name in (
        (sp.losses.TTFSCrossEntropy, "tau0"), (sp.losses.TTFSCrossEntropy, "tau1"), (sp.losses.SpikeTimeMSE, "tau0"),
        (sp.losses.ShiftInvariantMSE, "tau0"),
    ):
        with pytest.raises(ValueError, match=name):
            kind(**{name: 0.0})
    assert sp.losses.SpikeCountCrossEntropy(tau0=math.inf).tau0 == math.inf


def test_rate_regularisation():
    for wrong in (dict(strength=-1.0), dict(target=-1.0), dict(tau=0.0), dict(strength=math.nan), dict(tau=math.inf)):
        with pytest.raises(ValueError):
            sp.losses.RateRegularisation(**{"strength": 1.0, **wrong})
    assert pickle.loads(pickle.dumps(sp.losses.RateRegularisation(2.0))) == sp.losses.RateRegularisation(2.0)


@pytest.mark.parametrize("kind", [sp.BaseEngine, sp.losses.Loss])
def test_what_is_in_common_cannot_be_made(kind):
    with pytest.raises(TypeError, match="in common"):
        kind()


def test_engines_know_the_loss_that_suits_a_read_out():
    for readout, loss in (("spiking", sp.losses.TTFSCrossEntropy()), ("leaky", sp.losses.VMaxCrossEntropy())):
        net = sp.Network([5, 10, 3], readout=readout, seed=1)
        assert sp.Trainer(net).loss == loss
        rec = net.forward(sp.encoding.latency(sp.datasets.yin_yang(50)[0], bias=0.0))
        assert np.array_equal(rec.predict(), rec.predict(loss))
        assert np.array_equal(rec.probabilities(), rec.probabilities(loss))


def test_in_units_of_tau_syn():
    loss = sp.losses.TTFSCrossEntropy.in_tau_syn(5e-3, xi=0.4, alpha=0.0, beta=2.0)
    assert loss == sp.losses.TTFSCrossEntropy(tau0=0.4 * 5e-3, alpha=0.0, tau1=2.0 * 5e-3)
    for wrong in (0.0, -1.0, math.nan, math.inf):
        for name in ("tau_syn", "xi", "beta"):
            with pytest.raises(ValueError, match=f"{name} is {wrong}; it must be > 0"):
                sp.losses.TTFSCrossEntropy.in_tau_syn(**{"tau_syn": 5e-3, name: wrong})
    with pytest.raises(TypeError, match="xi is 'x'"):
        sp.losses.TTFSCrossEntropy.in_tau_syn(5e-3, xi="x")
