"""Exported graphs in other public libraries: the same spikes, step by step, as `ClockEngine(decay="euler")`, or the exact engine's times."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import spinnprop as sp

DT, STEPS = 1e-4, 400
#: Each peer with what it imports; `make test-peers` installs them.
NEEDS = {
    "spikingjelly": ("torch", "nirtorch", "spikingjelly", "loguru"),
    "snntorch": ("torch", "nirtorch", "snntorch"),
    "norse": ("torch", "nirtorch", "norse"),
    "sc_neurocore": ("sc_neurocore", "defusedxml"),
    "jaxsnn": ("jaxsnn", "jax", "jaxlib", "optax", "tree_math", "networkx"),
}


def in_peer(peer, graph, layers, folder, **data):
    """What a peer makes of a graph; `layers`: of each layer the name that the peer has for it."""
    nir = pytest.importorskip("nir")
    missing = [name for name in NEEDS[peer] if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} is not installed; make test-peers installs what this needs")
    nir.write(folder / "graph.nir", graph)
    np.savez(folder / "input.npz", layers=list(layers), modules=list(layers.values()), **data)
    script = Path(__file__).parent / "nir_peers.py"
    run = subprocess.run([sys.executable, "-W", "ignore", script, peer, folder], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-3000:]
    with np.load(folder / "output.npz") as file:
        return dict(file)


def grid(spikes):
    return spikes.to_dense(DT, STEPS) if len(spikes.times) else np.zeros((len(spikes), STEPS, spikes.n_units), np.int32)


def on_grid(spikes):
    """Spikes in the middle of steps would be counted in the step before by one, in the nearest by the other."""
    return sp.SpikeTrains(np.round(spikes.times / DT) * DT * (1 + 1e-12), spikes.units, spikes.offsets, spikes.n_units)


def margin(net, spikes):
    """How near, in float64, a membrane that counts comes to its threshold: below that, roundings decide."""
    least, arriving = np.inf, grid(spikes).astype(float)
    for layer in range(len(net.layer_sizes) - 1):
        if layer == len(net.layer_sizes) - 2 and net.readout == "leaky":
            break
        tau_mem, tau_syn, threshold, reset = (
            np.array(getattr(net, name)[layer]) for name in ("tau_mem", "tau_syn", "threshold", "reset")
        )
        kind = net.delay_kinds[layer]
        steps = np.zeros(len(tau_mem)) if kind is None else np.round(np.array(net.delays[layer]) / DT)
        if kind == "axonal":
            arriving = shifted(arriving, steps)
        own = np.array(net.weights[layer])
        if kind == "synaptic":
            currents = sum(shifted(arriving[:, :, [pre]] * own[:, pre], steps[:, pre]) for pre in range(own.shape[1]))
        else:
            currents = arriving @ own.T
        if kind == "dendritic":
            currents = shifted(currents, steps)
        recurrent = np.array(net.recurrent_weights[layer])
        V = current = np.zeros((len(spikes), len(tau_mem)))
        out = np.zeros((len(spikes), STEPS, len(tau_mem)))
        for step in range(STEPS - 1):
            fed = out[:, step] @ recurrent.T if recurrent.size else 0.0
            current = (1 - DT / tau_syn) * current + currents[:, step] + fed
            V = (1 - DT / tau_mem) * V + DT / tau_mem * current
            least = min(least, np.abs(V / threshold - 1).min())
            out[:, step + 1] = V > threshold
            V = np.where(V > threshold, reset, V)
        arriving = out
    return least


def shifted(spikes, steps):
    moved = np.zeros_like(spikes)
    for channel, step in enumerate(steps.astype(int)):
        moved[:, step:, channel] = spikes[:, : STEPS - step, channel]
    return moved


def network(make, spikes, needed=1e-5):
    """The first network, by seed, whose spikes no rounding of float32 changes."""
    for seed in range(200):
        net = make(np.random.default_rng(seed))
        if margin(net, spikes) > needed:
            return net
    raise AssertionError(f"no network of 200 has a margin of {needed}")


def weights(net, rng, factor):
    for ends in net.connections:
        mean, spread = (0.0, 0.15) if ends[0] == ends[1] else (0.3, 0.5)
        net.weights[ends] = rng.normal(mean, spread, net.weights[ends].shape) * factor
    return net


def chain(rng, **options):
    return weights(sp.Network([5, 12, 3], **options), rng, 6.0)


def unequal(rng, kind):
    net = chain(rng, delays=kind, readout="leaky")
    for layer, n in enumerate(net.layer_sizes[1:]):
        net.tau_mem[layer], net.tau_syn[layer] = rng.uniform(10e-3, 30e-3, n), rng.uniform(3e-3, 8e-3, n)
        net.delays[layer] = DT * rng.integers(0, 30, net.delays[layer].shape)
    net.threshold[0], net.reset[0] = rng.uniform(0.5, 1.5, 12), rng.uniform(-0.5, 0.2, 12)
    return net


@pytest.fixture(scope="module")
def spikes():
    X, _ = sp.datasets.yin_yang(8, seed=5)
    return on_grid(sp.encoding.latency(X, bias=0.0))


def differing(net, spikes, found, least=20):
    """How many spikes of each layer differ: ours act a step later, so that layer l's come l + 1 steps later."""
    rec = net.forward(spikes, engine=sp.ClockEngine(time_step=DT, steps=STEPS, decay="euler"))
    for layer in range(len(net.layer_sizes) - 1 - (net.readout == "leaky")):
        ours, later = grid(rec.spikes[layer]), layer + 1
        assert ours.sum() > least and not ours[:, :later].any()
        theirs = found[f"layer_{layer + 1}"][:, : STEPS - later]
        assert np.isin(theirs, (0, 1)).all()
        yield int((ours[:, later:] != theirs).sum())


def names(net, inner=""):
    return {f"layer_{layer}": f"layer_{layer}{inner if layer == 1 else ''}" for layer in range(1, len(net.layer_sizes))}


@pytest.mark.parametrize("peer", ["spikingjelly", "snntorch", "norse", "sc_neurocore"])
def test_feed_forward(peer, spikes, tmp_path):
    net = network(chain, spikes)
    found = in_peer(peer, sp.to_nir(net, dt=DT), names(net), tmp_path, dt=DT, spikes=grid(spikes).astype(np.float32))
    assert list(differing(net, spikes, found)) == [0, 0]


@pytest.mark.parametrize(
    ("peer", "recurrence", "inner"),
    [("spikingjelly", "flat", ""), ("norse", "nested", ".neurons"), ("sc_neurocore", "flat", ""), ("sc_neurocore", "nested", "")],
)
def test_recurrent(peer, recurrence, inner, spikes, tmp_path):
    net = network(lambda rng: chain(rng, recurrent=True), spikes)
    graph = sp.to_nir(net, dt=DT, recurrence=recurrence)
    found = in_peer(peer, graph, names(net, inner), tmp_path, dt=DT, spikes=grid(spikes).astype(np.float32))
    assert list(differing(net, spikes, found)) == [0, 0]


@pytest.mark.parametrize("kind", ["axonal", "dendritic", "synaptic"])
def test_delays_unequal_neurons_and_readout(kind, spikes, tmp_path):
    net = network(lambda rng: unequal(rng, kind), spikes)
    found = in_peer("sc_neurocore", sp.to_nir(net, dt=DT), names(net), tmp_path, dt=DT, spikes=grid(spikes).astype(np.float32))
    assert list(differing(net, spikes, found)) == [0]
    rec = net.forward(spikes, engine=sp.ClockEngine(time_step=DT, steps=STEPS, decay="euler"))
    maxima = found["layer_2"][:, : STEPS - 2].max(axis=1)
    # Ours is float32: three roundings of a membrane and two of a current a step, as many steps as they remember.
    steps = (3 * net.tau_mem[1].max() + 2 * net.tau_syn[1].max()) / DT
    assert np.abs(maxima / rec.maxima - 1).max() < steps * 2.0**-24


def test_spike_times_of_jaxsnn(tmp_path):
    X, _ = sp.datasets.yin_yang(6, seed=5)
    spikes = sp.encoding.latency(X, bias=0.0)
    net = chain(np.random.default_rng(1), tau_mem=10e-3, tau_syn=5e-3)
    t_end = 60e-3
    rec = net.forward(spikes, t_end=t_end)
    # It takes events in the order of time.
    given = sp.to_nir(sp.SpikeTrains.from_lists([(t[np.argsort(t)], u[np.argsort(t)]) for t, u in spikes], 5))
    most = max(int(np.diff(each.offsets).max()) for each in rec.spikes)
    found = in_peer(
        "jaxsnn", sp.to_nir(net, time_unit="ms"), names(net), tmp_path,
        t_max=t_end, n=5, idx=given.idx, time=given.time, n_events=5 + 2 * most + 60,
    )  # fmt: skip
    nir = pytest.importorskip("nir")
    for layer, ours in enumerate(rec.spikes):
        name = f"layer_{layer + 1}"
        idx, time = found[name + "_idx"], found[name + "_time"]
        theirs = sp.from_nir(nir.EventData(np.where(time < t_end, idx, -1), time, ours.n_units, t_end))
        assert len(ours.times) > 20
        assert np.array_equal(ours.offsets, theirs.offsets) and np.array_equal(ours.units, theirs.units)
        assert np.abs(ours.times - theirs.times).max() < 1e-15
