"""Domains and defaults of options: the core's are the only ones, and what Python shows is the same."""

import inspect
import math

import numpy as np
import pytest

import spinnprop as sp
from spinnprop import _core

LOSSES = {loss._kind: loss for loss in sp.losses.Loss.__subclasses__()}
TRAINING = {row["name"]: row for row in _core.domains(_core.DOMAINS_TRAINING)}
#: Fields that Python sets by words.
PYTHON_NAMES = {"optimizer": None, "schedule": None}
NET = sp.Network([2, 2, 2])


def edges(row):
    """Pairs (value, whether it is in the domain) at the bounds and just beyond them."""
    for bound, is_in, direction in (
        (row["low"], row["includes_low"], -math.inf),
        (row["high"], row["includes_high"], math.inf),
    ):
        beyond = bound + math.copysign(1, direction) if row["is_whole"] else np.nextafter(bound, direction)
        inside = bound - math.copysign(1, direction) if row["is_whole"] else np.nextafter(bound, -direction)
        yield bound, bool(is_in)
        yield inside, True
        if not math.isinf(bound):
            yield beyond, False


def accepts(make):
    try:
        make()
    except ValueError as error:
        assert "must be" in str(error)
        return False
    return True


@pytest.mark.parametrize("kind", sorted(LOSSES))
def test_losses(kind):
    shown = inspect.signature(LOSSES[kind]).parameters
    rows = {row["name"]: row for row in _core.domains(kind)}
    flags = {name for name, parameter in shown.items() if isinstance(parameter.default, bool)}
    assert set(rows) == set(shown) - flags
    for name, row in rows.items():
        assert shown[name].default == row["initial"] == _core.loss_defaults(kind)[name]
        for value, is_in in edges(row):
            # The label's target comes before the others', so that none of those is 0.
            others = {"t_label": {"t_other": math.inf}, "t_other": {"t_label": 0.0}}.get(name, {})
            is_in = is_in and (name, value) != ("t_other", 0.0)
            assert accepts(lambda: LOSSES[kind](**{name: float(value)}, **others)) == is_in, (name, value)
        assert not accepts(lambda: LOSSES[kind](**{name: math.nan}))


def test_there_is_a_class_for_every_loss():
    codes = {value for name, value in vars(_core).items() if name.startswith("LOSS_")}
    assert codes == set(LOSSES)
    with pytest.raises(ValueError, match="of is 1000"):
        _core.domains(1000)


@pytest.mark.parametrize("name", sorted(TRAINING))
def test_training_options(name):
    row, options = TRAINING[name], _core.training_defaults()
    assert row["initial"] == options[name]
    python_name = PYTHON_NAMES.get(name, name)
    if python_name:
        assert inspect.signature(sp.Trainer).parameters[python_name].default == row["initial"]
    for value, is_in in edges(row):
        if row["is_whole"]:
            value = int(value)
            if not -(2**31) <= value < 2**31:
                continue
        made = lambda: _core.trainer_create(NET._handle, {name: value}, {}, None, {})  # noqa: E731
        assert accepts(made) == is_in, (name, value)


def test_every_number_has_a_domain():
    """What has none is a flag, a seed, a path, or says so by another option."""
    free = set(_core.training_defaults()) - set(TRAINING)
    assert free == {"seed", "restore_best", "resume", "checkpoint_path"}


def test_the_estimator_asks_for_the_same():
    constraints = sp.SpikingClassifier._parameter_constraints
    for name, row in TRAINING.items():
        if PYTHON_NAMES.get(name, name) != name or name not in constraints:
            continue
        interval = constraints[name][0]
        for value, is_in in edges(row):
            if not math.isnan(value):
                assert (value in interval) == is_in, (name, value)


@pytest.mark.parametrize("ratio", [1e-6, 1e6])
def test_ratios_of_time_constants_at_their_bounds_run(ratio):
    """Bounds are in the domain, and networks there run, learn and come back from their files."""
    tau_syn = 5e-3 if ratio < 1 else 5e-9
    net = sp.Network([2, 3, 2], tau_mem=tau_syn * ratio, tau_syn=tau_syn, weight_mean=[1e-3 if ratio < 1 else 0.5] * 2)
    rec = net.forward(sp.SpikeTrains([1e-3, 2e-3], [0, 1], [0, 2], 2), t_end=1.0)
    value, grad = net.gradient(rec, sp.losses.TTFSCrossEntropy(), np.array([0]))
    assert np.isfinite(value) and all(np.isfinite(g).all() for g in grad.weights)
    assert sp.Network._of(_core.network_from_bytes(_core.network_to_bytes(net._handle))).tau_mem[0][0] == net.tau_mem[0][0]
    with pytest.raises(ValueError, match=r"1e-6 \.\. 1e6"):
        sp.Network([2, 3, 2], tau_mem=tau_syn * ratio * ratio, tau_syn=tau_syn)
