"""Runs a NIR graph in another public library: python nir_peers.py PEER FOLDER. In a process of its own, for what these libraries change.

Reads FOLDER/graph.nir and FOLDER/input.npz; writes FOLDER/output.npz with what each layer gave.
"""

import contextlib
import io
import sys
import warnings

import numpy as np


def in_steps(module, layers, spikes):
    """(n_samples, n_steps, n) of each layer of a torch module, whose state goes in and comes out at each step."""
    import torch

    found = {name: [] for name in layers}
    modules = dict(module.named_modules())

    def keep(name):
        def hook(module, given, result):
            found[name].append((result[0] if isinstance(result, tuple) else result).detach().numpy().copy())

        return hook

    for name in layers:
        modules[layers[name]].register_forward_hook(keep(name))
    state = None
    with torch.no_grad():
        for step in range(spikes.shape[1]):
            _, state = module(torch.from_numpy(spikes[:, step]), state)
    return {name: np.stack(found[name], 1) for name in layers}


def spikingjelly(graph, layers, data):
    from spikingjelly.activation_based.nir_exchange import import_from_nir

    return in_steps(import_from_nir(graph, dt=float(data["dt"])), layers, data["spikes"])


def snntorch(graph, layers, data):
    from snntorch.import_nir import import_from_nir

    assert data["dt"] == 1e-4, "its only step"
    return in_steps(import_from_nir(graph), layers, data["spikes"])


def norse(graph, layers, data):
    import norse.torch

    return in_steps(norse.torch.from_nir(graph, dt=float(data["dt"])), layers, data["spikes"])


def sc_neurocore(graph, layers, data):
    from sc_neurocore.nir_bridge import from_nir

    outputs = {name: [] for name in layers}
    for sample in data["spikes"].astype(np.float64):
        network = from_nir(graph, dt=float(data["dt"]))
        found = {name: [] for name in layers}

        def watched(node, kept):
            forward = node.forward

            def kept_forward(x):
                kept.append(forward(x).copy())
                return kept[-1]

            node.forward = kept_forward

        for name in layers:
            watched(network.nodes[name], found[name])
        for step in sample:
            network.step({"input": step})
        for name in layers:
            outputs[name].append(np.stack(found[name]))
    return {name: np.stack(values) for name, values in outputs.items()}


def jaxsnn(graph, layers, data):
    import jax

    jax.config.update("jax_enable_x64", True)
    import nir
    from jaxsnn.event import ConversionConfig, from_nir, from_nir_data, to_nir_data

    t_max = float(data["t_max"])
    # It takes (n_before, n) for what NIR has as (n, n_before).
    for node in graph.nodes.values():
        if isinstance(node, nir.Linear):
            node.weight = node.weight.T
        if isinstance(node, nir.Input):
            node.input_type["input"] = int(node.input_type["input"][0])
    steps = {name: int(data["n_events"]) for name in layers}
    topology = from_nir(graph, ConversionConfig(t_max=t_max, n_steps=steps))
    initial, apply = topology.done()
    given = nir.NIRGraphData({"input": nir.NIRNodeData({"spikes": nir.EventData(data["idx"], data["time"], int(data["n"]), t_max)})})
    events = apply(from_nir_data(given, topology), initial(jax.random.PRNGKey(0)))
    recorded = to_nir_data({name: events[name] for name in layers}, topology)
    found = {}
    for name in layers:
        own = recorded.nodes[name].observables["spikes"]
        # Events of a layer are arrivals, too.
        found[name + "_idx"] = np.where(np.asarray(events[name].internal), own.idx, -1)
        found[name + "_time"] = np.asarray(own.time)
    return found


def main(peer, folder):
    import nir

    graph = nir.read(f"{folder}/graph.nir")
    with np.load(f"{folder}/input.npz") as file:
        data = dict(file)
    layers = dict(zip(data["layers"].tolist(), data["modules"].tolist()))
    with contextlib.redirect_stdout(io.StringIO()):
        found = globals()[peer](graph, layers, data)
    np.savez(f"{folder}/output.npz", **found)


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    main(*sys.argv[1:])
