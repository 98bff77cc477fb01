"""What `spinnaker2.export` writes, by the rules of py-spinnaker2's reader of NIR graphs: those of its module s2_nir, in words of our own.

That package is on no registry, and its neurons run on the chip alone, so both are stated anew here: a file that breaks a rule would not be
taken there, and one that keeps them all gives the parameters below. How a neuron goes through a step is NIR's equation in the integrator's
form; the order of its parts on silicon is not known.
"""

import numpy as np
import pytest

import spinnprop as sp

nir = pytest.importorskip("nir")

NEURONS, WEIGHTS = ("CubaLIF",), ("Linear",)
X, Y = sp.datasets.yin_yang(60, seed=4)
SPIKES = sp.encoding.latency_grid(X)


def kind(graph, name):
    return type(graph.nodes[name]).__name__


def read(graph, dt, integrator, scale_weights=False):
    """Of each population of neurons its parameters on the chip, and of each projection (source, target) its weights, (senders, receivers)."""
    after = {name: [b for a, b in graph.edges if a == name] for name in graph.nodes}
    before = {name: [a for a, b in graph.edges if b == name] for name in graph.nodes}
    assert [kind(graph, name) for name in graph.nodes].count("Input") == 1
    populations, projections = {}, {}
    for name, node in graph.nodes.items():
        known = kind(graph, name)
        assert known in (*NEURONS, *WEIGHTS, "Input", "Output"), known
        assert known not in WEIGHTS or not any(kind(graph, other) in WEIGHTS for other in (*after[name], *before[name]))
        if known not in NEURONS:
            continue
        largest = max(np.abs(graph.nodes[own].weight).max() for own in before[name])
        scale = 127 / largest if scale_weights else 1.0
        rise, decay = {
            "FORWARD": (lambda tau: dt / tau, lambda tau: 1 - dt / tau),
            "EXPONENTIAL": (lambda tau: 1 - np.exp(-dt / tau), lambda tau: np.exp(-dt / tau)),
        }[integrator]
        for field in ("tau_mem", "tau_syn", "r", "w_in", "v_leak", "v_threshold"):
            assert np.shape(getattr(node, field)) == (int(np.prod(node.input_type["input"])),)
        by_current, by_spike = rise(node.tau_mem) * node.r, rise(node.tau_syn) * node.w_in
        populations[name] = {
            "threshold": node.v_threshold / by_current / by_spike * scale,
            "alpha_decay": decay(node.tau_mem),
            "syn_decay": decay(node.tau_syn),
            "i_offset": rise(node.tau_mem) * node.v_leak,
            "scale": scale,
        }
    for name in graph.nodes:
        if kind(graph, name) not in (*NEURONS, "Input"):
            continue
        for way in after[name]:
            assert kind(graph, way) in (*WEIGHTS, "Output"), "neurons are reached by weights alone"
            for target in after[way] if kind(graph, way) in WEIGHTS else []:
                assert kind(graph, target) in NEURONS
                # What the chip keeps of a weight are eight bits of a whole number.
                weights = graph.nodes[way].weight.T * populations[target]["scale"]
                assert np.array_equal(weights, np.rint(weights)) and np.abs(weights).max() <= 127
                projections[name, target] = weights
    return populations, projections


def run(populations, projections, spikes, dt, steps):
    """Spikes of each population, (samples, steps, neurons): those of a step act in the next."""
    dense = spikes.to_dense(dt, steps)
    out = {"input": dense, **{name: np.zeros((len(dense), steps, len(own["threshold"]))) for name, own in populations.items()}}
    state = {name: np.zeros((2, len(dense), len(own["threshold"]))) for name, own in populations.items()}
    for step in range(steps - 1):
        for name, own in populations.items():
            current, v = state[name]
            arriving = sum(out[a][:, step] @ weights for (a, b), weights in projections.items() if b == name)
            current = own["syn_decay"] * current + arriving
            v = own["alpha_decay"] * v + current + own["i_offset"]
            spiked = v > own["threshold"]
            out[name][:, step + 1] = spiked
            state[name] = current, np.where(spiked, 0.0, v)
    return out


NETWORKS = {
    "chain": lambda **options: sp.Network([5, 30, 20, 3], **options),
    "recurrent": lambda **options: sp.Network([5, 30, 3], recurrent=True, **options),
}


@pytest.mark.parametrize("shape", list(NETWORKS))
@pytest.mark.parametrize(("decay", "integrator"), [("euler", "FORWARD"), ("exponential", "EXPONENTIAL")])
def test_the_reader_gets_the_network_that_the_emulated_chip_runs(shape, decay, integrator, tmp_path):
    n_spikes = 0
    for bits in (2, 4, 8):
        for seed in range(3):
            net = NETWORKS[shape](seed=seed, engine="clock", tau_mem=20e-3, tau_syn=8e-3)
            net.wake(SPIKES, engine=sp.ClockEngine(decay=decay))
            engine = sp.spinnaker2.Engine(decay=decay)
            report = sp.spinnaker2.export(net, tmp_path / "net.nir", engine=engine, weight_bits=bits)
            assert f"dt={engine.time_step!r}, conn_delay=0, scale_weights=False" in report.reader
            assert f"IntegratorMethod.{integrator}, reset=ResetMethod.ZERO" in report.reader
            graph = nir.read(tmp_path / "net.nir")
            out = run(*read(graph, engine.time_step, integrator), SPIKES, engine.time_step, engine.steps)
            rec = report.network.forward(SPIKES, engine=engine)
            for layer, own in enumerate(rec.spikes, 1):
                dense = own.to_dense(engine.time_step, engine.steps) if len(own.times) else np.zeros_like(out[f"layer_{layer}"])
                assert np.array_equal(dense, out[f"layer_{layer}"]), (shape, decay, bits, seed, layer)
                n_spikes += len(own.times)
            # Fewer bits than it scales to the reader would be told to leave alone.
            if bits == 8:
                scaled, _ = read(graph, engine.time_step, integrator, scale_weights=True)
                assert all(own["scale"] == 1 for own in scaled.values())
    assert n_spikes > 5_000
