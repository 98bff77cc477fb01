"""Domains and defaults of options: the core's are the only ones, and what Python shows is the same."""

import inspect
import math

import numpy as np
import pytest

import spinnprop as sp
from spinnprop import _core

#: Those whose parameters are numbers.
LOSSES = {loss._kind: loss for loss in sp.losses.Loss.__subclasses__() if loss not in (sp.losses.Custom, sp.losses.MembraneMSE)}
TRAINING = {row["name"]: row for row in _core.domains(_core.DOMAINS_TRAINING)}
#: Fields that Python sets by words.
PYTHON_NAMES = {"optimizer": None, "schedule": None, "delay_parameter": None, "delay_init_mean": None, "delay_init_std": None}
NET, DELAYED = sp.Network([2, 2, 2]), sp.Network([2, 2, 2], delays="axonal")


def edges(row):
    """Pairs (value, whether it is in the domain) at the bounds and just beyond them."""
    for bound, is_in, direction in (
        (row["low"], row["includes_low"], -math.inf),
        (row["high"], row["includes_high"], math.inf),
    ):
        if row["is_whole"]:
            # No float64 is the largest whole number of 64 bits.
            bound = min(int(bound), 2**63 - 1)
            beyond, inside = (bound + 1, bound - 1) if direction > 0 else (bound - 1, bound + 1)
        else:
            beyond, inside = np.nextafter(bound, direction), np.nextafter(bound, -direction)
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
            most = np.nextafter(math.inf, 0)
            others = {"t_label": {"t_other": math.inf}, "t_other": {"t_label": 0.0}, "n_label": {"n_other": 0.0}, "n_other": {"n_label": most}}.get(name, {})
            # Nor can the label's count be the larger one then.
            is_in = is_in and (name, value) not in (("t_other", 0.0), ("n_label", 0.0), ("n_other", most))
            assert accepts(lambda: LOSSES[kind](**{name: float(value)}, **others)) == is_in, (name, value)
        assert not accepts(lambda: LOSSES[kind](**{name: math.nan}))


def test_there_is_a_class_for_every_loss():
    codes = {value for name, value in vars(_core).items() if name.startswith("LOSS_")}
    assert codes == {loss._kind for loss in sp.losses.Loss.__subclasses__()}
    for of in (1000, _core.DOMAINS_BRAINSCALES2_PROGRAM - 1):
        with pytest.raises(ValueError, match=f"of is {of}"):
            _core.domains(of)


@pytest.mark.parametrize("name", sorted(TRAINING))
def test_training_options(name):
    row, options = TRAINING[name], _core.training_defaults()
    assert row["initial"] == options[name]
    python_name = PYTHON_NAMES.get(name, name)
    if python_name:
        default = inspect.signature(sp.Trainer).parameters[python_name].default
        assert default == (None if row["is_optional"] else row["initial"])
    for value, is_in in edges(row):
        if row["is_whole"] and not -(2**31) <= value < 2**31:
            continue
        made = lambda: _core.trainer_create(DELAYED._handle, {name: value}, {}, None, {})  # noqa: E731
        # Where an option may be left open, 0 says so.
        assert accepts(made) == (is_in or (value == 0 and bool(row["is_optional"]))), (name, value)


def forward(**options):
    return NET.forward(sp.SpikeTrains([], [], [0], 2), **options)


def network(**elements):
    """With values of the other parameters that go with this one, and arrays of one element where Python has arrays only."""
    ((name, value),) = elements.items()
    others = {
        "tau_mem": {"tau_syn": value}, "tau_syn": {"tau_mem": value},
        "threshold": {"reset": -1.0}, "reset": {"threshold": np.nextafter(math.inf, 0)},
    }  # fmt: skip
    weights = {"weight_mean": [0.0], "weight_std": [0.0]}
    return sp.Network([2, 2], **{**weights, **others.get(name, {}), name: [value] if name in weights else value})


#: What makes an object of each kind of options, whose signature it is, and what Python calls the fields otherwise; those that are None
#: are words there.
KINDS = {
    _core.DOMAINS_FORWARD: (forward, sp.Network.forward, {}),
    _core.DOMAINS_CLOCK: (sp.ClockEngine, sp.ClockEngine, {"decay": None}),
    _core.DOMAINS_SPINNAKER2: (
        lambda chips=1, **options: sp.spinnaker2.Engine(sp.spinnaker2.Board(chips), **options),
        sp.spinnaker2.Engine,
        dict.fromkeys(("decay", "overflow", "faults", "placement", "power", "credit")),
    ),
    _core.DOMAINS_GRADIENT: (
        lambda **options: sp.losses.RateRegularisation(**{"strength": 1.0, **options}),
        sp.losses.RateRegularisation,
        {f"rate_{name}": name for name in ("strength", "target", "tau")},
    ),
    _core.DOMAINS_FIRST_SPIKE: (sp.FirstSpikeEngine, sp.FirstSpikeEngine, {}),
    _core.DOMAINS_BRAINSCALES2: (sp.brainscales2.Engine, sp.brainscales2.Engine, {}),
    _core.DOMAINS_NETWORK: (network, sp.Network, {}),
}
#: What Python writes for a default that is infinite or that an engine chooses; what it wants to be given; what a board has.
OTHERWISE = {"t_end": None, "copies": "auto", "rate_strength": inspect.Parameter.empty, "chips": None}
CHECKED = [(of, row["name"]) for of in KINDS for row in _core.domains(of) if KINDS[of][2].get(row["name"], "") is not None]


@pytest.mark.parametrize("of, name", CHECKED)
def test_options(of, name):
    """Defaults are the core's, and so are both ends of each domain."""
    (row,) = [row for row in _core.domains(of) if row["name"] == name]
    make, shown, names = KINDS[of]
    python_name = names.get(name, name)
    if python_name in inspect.signature(shown).parameters:
        default = inspect.signature(shown).parameters[python_name].default
        own = None if row["is_optional"] else row["initial"]
        assert default == own or (default is OTHERWISE.get(name, "") or default == OTHERWISE.get(name, ""))
    else:
        assert name == "chips"
    for value, is_in in edges(row):
        # No threshold is above the largest number.
        is_in = is_in and not (name == "reset" and value > 1e308)
        # At most a million thresholds, which are 1.
        is_in = is_in and not (name == "drive" and abs(value) > 1e6)
        assert accepts(lambda: make(**{python_name: value})) == is_in, (name, value)
    if row["is_optional"] and name != "copies" and "weight" not in name:
        make(**{python_name: None})
    if not row["is_whole"]:
        assert not accepts(lambda: make(**{python_name: math.nan}))


def test_words_have_the_cores_defaults():
    from spinnprop._engines import grid
    from spinnprop.spinnaker2 import _engine

    core, shown = _core.spinnaker2_defaults(), inspect.signature(sp.spinnaker2.Engine).parameters
    tables = {
        "decay": grid._DECAYS, "overflow": _engine._OVERFLOW, "faults": _engine._FAULTS, "placement": _engine._PLACEMENTS,
        "power": _engine._POWER, "credit": _engine._CREDIT,
    }  # fmt: skip
    rows = {row["name"]: row for row in _core.domains(_core.DOMAINS_SPINNAKER2)}
    for name, words in tables.items():
        assert words[shown[name].default] == core[name] == rows[name]["initial"]
        assert sorted(words.values()) == list(range(int(rows[name]["high"]) + 1))
    assert core["placement_seed"] == shown["seed"].default
    own = {row["name"]: row["value"] for row in sp.spinnaker2.Chip().constants}
    assert inspect.signature(sp.spinnaker2.Chip).parameters["clock_hz"].default == own["high_clock"]
    clock = inspect.signature(sp.ClockEngine).parameters
    assert grid._DECAYS[clock["decay"].default] == _core.clock_defaults()["decay"]


def test_messages_name_the_parameter_the_value_and_the_domain():
    for make, message in (
        (lambda: sp.ClockEngine(steps=1), "steps is 1; it must be 2 .. 2147483647"),
        (lambda: sp.spinnaker2.Engine(batch_size=0), "batch_size is 0; it must be 1 .. 2147483647, or None"),
        (lambda: sp.losses.RateRegularisation(1.0, tau=-1), "tau is -1.0; it must be > 0 and finite, or None"),
        (lambda: sp.Trainer(NET, patience=-1), "patience is -1; it must be 0 .. 2147483647"),
        (lambda: forward(t_end=-1), "t_end is -1.0; it must be >= 0, infinite for a run until silence"),
        (lambda: network(tau_mem=0.0), "tau_mem of neuron 0 is 0.0; it must be > 0 and finite"),
    ):
        with pytest.raises(ValueError) as refusal:
            make()
        assert str(refusal.value) == message


def test_every_number_has_a_domain():
    """What has none is a flag, a seed, a path, or says so by another option."""
    free = set(_core.training_defaults()) - set(TRAINING)
    assert free == {"seed", "train", "bump_pairs", "restore_best", "resume", "checkpoint_path", "delay_init"}


def test_the_estimator_asks_for_the_same():
    constraints = sp.SpikingClassifier._parameter_constraints
    for name, row in TRAINING.items():
        # Whether to stop early is a parameter of its own there, so patience is never 0.
        if PYTHON_NAMES.get(name, name) != name or name not in constraints or name == "patience":
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
