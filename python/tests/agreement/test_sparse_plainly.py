"""Sparse networks against a plain simulator that moves every neuron from spike to spike, and losses against differences."""

import numpy as np
import pytest

import spinnprop as sp


def start(model, drive, phases):
    """Membrane potentials at given phases."""
    if model == "lif":
        return drive - (1 + drive) * np.exp(-phases * np.log(1 + 1 / drive))
    return np.sqrt(drive) * np.tan(phases / 2)


def plain(model, tau, drive, rows, weights, phases, n_spikes, inputs=()):
    """Spikes of a network whose every potential is moved to every event. O(n) per spike, no phases, no queue."""
    v, now, pending = start(model, drive, phases), 0.0, sorted(inputs)
    root = np.sqrt(drive)
    found = []
    while len(found) < n_spikes:
        if model == "lif":
            left = np.where(v >= 0, 0.0, np.log((drive - v) / drive))
        else:
            left = (np.pi / 2 - np.arctan(v / root)) / root
        if model == "lif" and (v >= 0).any():
            left = -v
        j = int(np.argmin(left))
        step = max(0.0, left[j])
        is_input = bool(pending) and pending[0][0] / tau <= now + step
        if is_input:
            step = pending[0][0] / tau - now
        if model == "lif":
            v = drive + (v - drive) * np.exp(-step)
        else:
            t = np.tan(root * step)
            with np.errstate(divide="ignore"):
                v = root * (v + root * t) / (root - v * t)
        now += step
        if is_input:
            _, unit, weight = pending.pop(0)
            v[unit] += weight
            continue
        found.append((tau * now, j))
        v[rows[j]] += weights[j]
        v[j] = -1.0 if model == "lif" else -1e300
    return np.array([t for t, _ in found]), np.array([j for _, j in found])


def rows_of(net):
    offsets, targets = net.adjacency
    weights = net.weights if len(net.weights) > 1 else np.full(net.n_synapses, net.weights[0])
    parts = [slice(offsets[j], offsets[j + 1]) for j in range(net.n)]
    return [targets[part] for part in parts], [weights[part] for part in parts]


@pytest.mark.parametrize("model", ["lif", "qif"])
@pytest.mark.parametrize("excitation", [False, True])
def test_plain_simulator(model, excitation):
    n = 60
    random = np.random.RandomState(3)
    net = sp.sparse.RecurrentNetwork(n, 8, model=model, seed=4, drives=random.uniform(0.2, 0.6, n))
    signs = random.uniform(-0.3, 0.03 if excitation else 0.0, net.n_synapses)
    net.weights = signs
    phases = random.uniform(*net.phase_range, n) * 0.98
    inputs = [(random.uniform(0, 0.05), int(random.randint(n)), float(random.uniform(-0.2, 0.1))) for _ in range(20)]
    # Qif is chaotic: long comparisons would compare rounding errors.
    count = 2000 if model == "lif" else 200
    rows, weights = rows_of(net)
    times, units = plain(model, net.tau, net.drives, rows, weights, phases, count, inputs)
    run = net.run(count, phases, inputs=tuple(list(each) for each in zip(*inputs)))
    assert np.array_equal(run.units, units)
    assert np.allclose(run.times, times, rtol=0, atol=1e-11)


def test_published_rate():
    """The balanced network's rate of 3.41 Hz for 1 Hz and 13.87 Hz for 10 Hz at K = 100, tau = 10 ms."""
    for rate, wanted in ((1.0, 3.41), (10.0, 13.87)):
        run = sp.sparse.RecurrentNetwork(10000, 100, rate=rate).run(200000, keep_tape=False)
        late = run.times > run.t_end / 4
        measured = late.sum() / (10000 * 0.75 * run.t_end)
        assert measured == pytest.approx(wanted, rel=0.01)


def test_targets_drawn_again_are_the_stored_ones():
    stored = sp.sparse.RecurrentNetwork(500, 30, seed=7)
    drawn = sp.sparse.RecurrentNetwork(500, 30, seed=7, stored=False)
    given = sp.sparse.RecurrentNetwork(500, 30, seed=7, adjacency=stored.adjacency)
    expected = stored.run(5000)
    for other in (drawn, given):
        assert all(np.array_equal(a, b) for a, b in zip(other.adjacency, stored.adjacency))
        run = other.run(5000)
        assert np.array_equal(run.times, expected.times) and np.array_equal(run.units, expected.units)


@pytest.mark.parametrize("model", ["lif", "qif", "eif", "eif-table"])
def test_gradients(model):
    random = np.random.RandomState(0)
    n = 12
    net = sp.sparse.RecurrentNetwork(n, 4, model=model, seed=1, rate=10.0)
    weights = random.uniform(-0.2, 0.01, net.n_synapses)
    phases = random.uniform(*net.phase_range, n) * 0.9
    inputs = (np.array([0.03, 0.011]), np.array([3, 5], np.int32), np.array([-0.1, 0.02]))
    factors = random.normal(size=60)

    def run(weights=weights, phases=phases, inputs=inputs):
        net.weights = weights
        return net.run(60, phases, inputs=inputs)

    recorded = run()
    gradient = recorded.gradient(factors)

    def difference(vary, step):
        low, high = vary(-step), vary(step)
        assert np.array_equal(low.units, recorded.units) and np.array_equal(high.units, recorded.units)
        return factors @ (high.times - low.times) / (2 * step)

    def nudged(values, index, by):
        changed = np.array(values)
        changed[index] += by
        return changed

    step = 1e-6
    for index in range(0, net.n_synapses, 5):
        found = difference(lambda by: run(weights=nudged(weights, index, by)), step)
        assert gradient.weights[index] == pytest.approx(found, rel=1e-5, abs=1e-7)
    for index in range(n):
        found = difference(lambda by: run(phases=nudged(phases, index, by)), step)
        assert gradient.phases[index] == pytest.approx(found, rel=1e-5, abs=1e-7)
    for index in range(2):
        found = difference(lambda by: run(inputs=(nudged(inputs[0], index, by), *inputs[1:])), 1e-8)
        assert gradient.input_times[index] == pytest.approx(found, rel=1e-4, abs=1e-5)
        found = difference(lambda by: run(inputs=(*inputs[:2], nudged(inputs[2], index, by))), step)
        assert gradient.input_weights[index] == pytest.approx(found, rel=1e-5, abs=1e-7)


def test_losses():
    net = sp.sparse.RecurrentNetwork(20, 5, seed=2)
    run = net.run(100)
    targets = run.times + 1e-3
    value, errors = run.spike_time_loss(sp.SpikeTrains(targets, run.units, [0, 100], 20), tau0=2e-3)
    assert value == pytest.approx(100 / 8) and np.allclose(errors, -0.5 / 2e-3)
    wanted = np.full(20, 8.0)
    wanted[3] = np.nan
    value, errors = run.rate_loss(wanted)
    expected = 0.0
    for unit in set(range(20)) - {3}:
        own = run.times[run.units == unit]
        if len(own) > 1:
            expected += 0.5 * ((len(own) - 1) / (own[-1] - own[0]) - 8.0) ** 2
    assert value == pytest.approx(expected, rel=1e-12) and errors.shape == (100,)


def test_jacobian_and_its_transpose():
    random = np.random.RandomState(5)
    for model in ("lif", "qif", "eif"):
        run = sp.sparse.RecurrentNetwork(30, 6, model=model, seed=3).run(300)
        right, left = random.normal(size=(2, 30))
        transposed = run.gradient(np.zeros(300), left).next_times
        assert left @ run.jacobian_product(right) == pytest.approx(transposed @ right, rel=1e-9)
        assert np.allclose(run.jacobian_product(np.ones(30)), 1, rtol=0, atol=1e-9)


def test_lyapunov_spectrum():
    run = sp.sparse.RecurrentNetwork(50, 10, model="qif", seed=1).run(5000)
    spectrum = run.lyapunov_spectrum(skip=500)
    assert spectrum.exponents.sum() == pytest.approx(spectrum.contraction, rel=1e-9)
    assert np.abs(spectrum.exponents).min() < 0.02 * np.abs(spectrum.exponents).max()
    few = run.lyapunov_spectrum(3, skip=500)
    assert np.allclose(few.exponents, spectrum.exponents[:3], rtol=0.2, atol=2.0)


def eif_course(v, drive, slope):
    """V' = -V + D e^(V/D) + I from v to its spike, in s = e^(-V/D), which falls to 0: V by time, and the time of the spike."""
    integrate = pytest.importorskip("scipy.integrate")

    def flow(t, s):
        log = np.log(s[0]) if s[0] > 0 else 0.0
        return [-1 - s[0] * (drive / slope + log)]

    def spike(t, s):
        return s[0]

    spike.terminal = True
    start = [np.exp(-v / slope)]
    solved = integrate.solve_ivp(flow, (0, 100), start, "DOP853", dense_output=True, events=spike, rtol=1e-12, atol=1e-15)
    return lambda t: -slope * np.log(solved.sol(t)[0]), solved.t_events[0][0]


@pytest.mark.parametrize("model", ["eif", "eif-table"])
def test_exponential_neurons_by_an_ode_solver(model):
    n, drive, slope, n_spikes = 6, 0.7, 0.1, 24
    random = np.random.RandomState(2)
    net = sp.sparse.RecurrentNetwork(n, 2, model=model, seed=3, drives=[drive])
    net.weights = random.uniform(-0.4, 0.2, net.n_synapses)
    rows, weights = rows_of(net)
    phases = random.uniform(0.05, 0.9, n)
    whole = eif_course(-1.0, drive, slope)
    v = np.array([whole[0](phase * whole[1]) for phase in phases])
    now, times, units = 0.0, [], []
    while len(times) < n_spikes:
        courses = [eif_course(each, drive, slope) for each in v]
        j = int(np.argmin([left for _, left in courses]))
        step = courses[j][1]
        v = np.array([-1.0 if i == j else course(step) for i, (course, _) in enumerate(courses)])
        v[rows[j]] += weights[j]
        now += step
        times.append(net.tau * now)
        units.append(j)
    run = net.run(n_spikes, phases)
    assert run.units.tolist() == units
    assert np.allclose(run.times, times, rtol=0, atol=1e-11)
