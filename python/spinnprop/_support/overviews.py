"""What notebooks show of the package's objects: the numbers a person wants, at once, however large an object is."""

from __future__ import annotations

from typing import Any, List, Sequence, Tuple

import numpy as np

from .. import _core
from .tables import ROWS, facts, grid, is_small, number, page, span, spread

#: In seconds, but shown in ms.
_SECONDS = ("tau_mem", "tau_syn", "refractory")


def population(index: int, n_layers: int) -> str:
    """What a population is called: 0 is the input, k the k-th layer."""
    return "input" if index == 0 else "output" if index == n_layers else f"hidden layer {index}"


def spike_trains(spikes: Any) -> str:
    """Of SpikeTrains."""
    n_spikes, n_samples = len(spikes.times), len(spikes)
    per_sample = f"{number(n_spikes / max(1, n_samples))} in the mean"
    if n_samples and is_small(spikes.offsets):
        per_sample += f", {span(np.diff(spikes.offsets))}"
    rows = [("samples", n_samples), ("units", spikes.n_units), ("spikes", n_spikes), ("per sample", per_sample)]
    return page("SpikeTrains", facts([*rows, ("times (ms)", span(spikes.times, 1e3))]))


def network(own: Any, neuron_parameters: Sequence[str]) -> str:
    """Of a Network."""
    sizes = own.layer_sizes
    n_layers = len(sizes) - 1
    layers: List[Tuple[Any, ...]] = [("input", sizes[0], *[""] * len(neuron_parameters))]
    for layer, size in enumerate(sizes[1:ROWS]):
        numbers = [
            "none" if name == "threshold" and own.readout == "leaky" and layer == n_layers - 1
            else span(getattr(own, name)[layer], 1e3 if name in _SECONDS else 1.0) if is_small(size) else "not read"
            for name in neuron_parameters
        ]  # fmt: skip
        layers.append((population(layer + 1, n_layers), size, *numbers))
    connections = [_connection(own, ends, sizes) for ends in own.connections[:ROWS]]
    units = [f"{name} (ms)" if name in _SECONDS else name for name in neuron_parameters]
    return page(
        f"Network, {own.readout} read-out",
        grid(["", "neurons", *units], layers, len(sizes)),
        grid(["from", "to", "synapses", "weights", "of these", "delays", "(ms)"], connections, len(own.connections)),
    )


def _connection(own: Any, ends: Tuple[int, int], sizes: Sequence[int]) -> Tuple[Any, ...]:
    source, target = (population(end, len(sizes) - 1) for end in ends)
    kind = own._kinds[own._places[ends]] or ""
    n = sizes[ends[0]] * sizes[ends[1]]
    if not is_small(n):
        return source, target, f"at most {n}", "not read", "", kind, "not read" if kind else ""
    # Synapses that do not exist have no weight.
    weights, delays = own.weights[ends][own.masks[ends]], own.delays[ends]
    return source, target, weights.size, spread(weights), span(weights), kind, span(delays, 1e3) if delays.size else ""


def recording(own: Any) -> str:
    """Of a Recording."""
    n_samples, n_layers = len(own), own._info["n_layers"]
    rows: List[Tuple[Any, ...]] = [("input", own._info["n_inputs"], len(own.input.times), "", "")]
    for layer in range(min(n_layers, ROWS - 1)):
        size, n_spikes = _core.recording_layer_size(own._handle, layer), _core.recording_spike_count(own._handle, layer)
        if layer == n_layers - 1 and own._info["readout"] == _core.READOUT_LEAKY:
            silent: Any = "never spikes"
        else:
            # Whoever was silent is found by looking at every sample and neuron.
            silent = int(own.silent[layer].sum()) if is_small(n_samples * size + n_spikes) else "not counted"
        rows.append((population(layer + 1, n_layers), size, n_spikes, number(n_spikes / max(1, n_samples * size)), silent))
    steps = own.grid
    ran = own.engine if steps is None else f"{own.engine}, {steps.steps} steps of {number(1e3 * steps.time_step)} ms"
    header = ["", "units", "spikes", "per neuron and sample", "silent throughout"]
    return page("Recording", facts([("samples", n_samples), ("engine", ran)]), grid(header, rows, n_layers + 1))


def gradients(own: Any, names: Sequence[str]) -> str:
    """Of Gradients: of the arrays of these names, one per layer, and of the input."""
    given = [(name, getattr(own, name, [])) for name in names]
    layers = [(f"{name}[{layer}]", values) for name, each in given if isinstance(each, (list, tuple)) for layer, values in enumerate(each)]
    arrays = [(name, _array(values)) for name, values in [*layers, ("input_times", getattr(own, "input_times", []))]]
    there = [(name, values) for name, values in arrays if values.size]
    rows = [(name, " x ".join(map(str, values.shape)), *_magnitude(values)) for name, values in there[:ROWS]]
    header = ["", "shape", "Euclidean norm", "largest magnitude", "not finite"]
    return page(f"Gradients, {own.skipped} samples skipped", grid(header, rows, len(there)))


def _array(values: Any) -> Any:
    """An array of what its owner may have changed to anything."""
    try:
        return np.asarray(values)
    except ValueError:
        return np.asarray(None)


def _magnitude(values: Any) -> Tuple[Any, ...]:
    """Euclidean norm, largest magnitude, and how many elements are not finite."""
    if values.dtype.kind not in "biuf" or not is_small(values):
        return "not read", "not read", "not read"
    magnitudes = np.abs(values.astype(np.float64))
    largest = float(magnitudes.max())
    # Squares of numbers near the ends of float64 would be infinite, or 0.
    norm = largest * float(np.sqrt(np.sum((magnitudes / largest) ** 2))) if 0 < largest < np.inf else largest
    return number(norm), number(largest), int(np.sum(~np.isfinite(magnitudes)))


def sparse_network(own: Any) -> str:
    """Of a sparse recurrent network."""
    return page(
        f"Sparse recurrent network of {own.model} neurons",
        facts([
            ("neurons", own.n),
            ("synapses", f"{own.n_synapses}, {number(own.n_synapses / own.n)} a neuron in the mean"),
            ("tau (ms)", number(1e3 * own.tau)),
            ("drives", span(own.drives) if is_small(own.n) else "not read"),
            ("weights", span(own.weights) if is_small(own.n_synapses) else "not read"),
            ("seed", own.seed),
        ]),
    )


def biograd(own: Any) -> str:
    """Of a training by local learning."""
    history, all_weights = own.history, own.weights
    last = [(name, number(float(history[name][-1]))) for name in ("loss", "accuracy", "silent") if len(history)]
    layers = [
        (population(layer, len(all_weights)), weights.shape[0], weights.size, spread(weights), span(weights))
        for layer, weights in enumerate(all_weights, 1)
    ]
    return page(
        f"Local learning, {'-'.join(map(str, own.layer_sizes))}",
        facts([("epochs", own.epochs_done), *last]),
        grid(["", "neurons", "synapses", "weights", "of these"], layers),
    )


def sparse_run(own: Any) -> str:
    """Of a run of a sparse recurrent network."""
    run_by = own._network
    return page(
        "Run of a sparse recurrent network",
        facts([
            ("neurons", f"{run_by.n} {run_by.model}, {run_by.n_synapses} synapses"),
            ("spikes", len(own)),
            ("lasted (s)", number(own.t_end)),
            ("rate (Hz per neuron)", number(own.rate)),
        ]),
    )
