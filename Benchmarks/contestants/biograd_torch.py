"""BioGrad written in torch, 784-500-100-10 or other sizes.

    biograd_torch.py traces|folded SIZES BATCHES DATA.npz      as in: biograd_torch.py folded 784-500-100-10 79 data.npz

traces: the rule as it is stated, with a trace and a gradient for each synapse and sample. folded: the same sum as one recursion per
neuron backward over the steps, then one dense product per layer, which is what a library of matrices does best. Prints a line of JSON."""

import json
import sys
import time

import numpy as np
import setting
import torch

DECAY, THRESHOLD, WINDOW = 0.5, 0.5, 1.0
STEPS, SOFT_START, SLEEP_STEPS = 20, 5, 50
LEARNING_RATE, SLEEP_RATE = 1e-2, 3.33e-5


def forward(weights, biases, x):
    """Spikes and membranes of each layer, each (steps, batch, neurons), of input spikes x of that shape."""
    spikes, membranes = [x], []
    for w, b in zip(weights, biases):
        drive = torch.addmm(b, spikes[-1].flatten(0, 1), w.T).view(STEPS, x.shape[1], -1)
        own = torch.empty_like(drive)
        v = torch.zeros_like(drive[0])
        for t in range(STEPS):
            own[t] = torch.addcmul(drive[t], v, (v <= THRESHOLD).float(), value=DECAY)
            v = own[t]
        membranes.append(own)
        spikes.append((own > THRESHOLD).float())
    return spikes, membranes


def dendrites(output, labels):
    """z+ - z- summed over the steps with an error: (batch, outputs)."""
    counts = output.cumsum(0)[SOFT_START:]
    errors = counts.softmax(2) - torch.nn.functional.one_hot(labels, output.shape[2])
    above, total = torch.zeros_like(errors[0]), torch.zeros_like(errors[0])
    below = torch.zeros_like(above)
    for error in errors:
        above += error
        below -= error
        plus, minus = (above > 1).float(), (below > 1).float()
        above -= plus
        below -= minus
        total += plus - minus
    return total / (STEPS - SOFT_START)


def factors(membrane, spikes):
    """h, and what a trace keeps besides its decay: 1 - s - v h."""
    h = ((membrane - THRESHOLD).abs() < WINDOW).float()
    return h, 1 - spikes - membrane * h


def traces(x, spikes, membrane, error):
    """Changes of weights and biases from a trace per synapse and sample."""
    h, kept = factors(membrane, spikes)
    batch, before, own = x.shape[1], x.shape[2], membrane.shape[2]
    e, g = torch.zeros(batch, own, before), torch.zeros(batch, own, before)
    e_bias, g_bias = torch.zeros(batch, own), torch.zeros(batch, own)
    for t in range(STEPS):
        e.mul_(DECAY).add_(x[t][:, None, :])
        g.addcmul_(e, h[t][:, :, None])
        e.mul_(kept[t][:, :, None])
        e_bias.mul_(DECAY).add_(1.0)
        g_bias.addcmul_(e_bias, h[t])
        e_bias.mul_(kept[t])
    return torch.einsum("bo,boi->oi", error, g) / batch, (error * g_bias).mean(0)


def folded(x, spikes, membrane, error):
    """The same, the worth of an input spike in each step and neuron first."""
    h, kept = factors(membrane, spikes)
    worth = error * h
    for t in range(STEPS - 2, -1, -1):
        worth[t].addcmul_(kept[t], worth[t + 1], value=DECAY)
    flat = worth.flatten(0, 1)
    return flat.T @ x.flatten(0, 1) / x.shape[1], flat.sum(0) / x.shape[1]


def sleep(weights, feedback, batch, generator):
    """Random spikes of either sign, from each hidden layer up."""
    changed = []
    for layer, b in enumerate(feedback):
        rate = torch.rand(batch, 1, generator=generator)
        own = b.shape[0]
        sign = [(torch.rand(SLEEP_STEPS, batch, own, generator=generator) < rate).float() for _ in range(2)]
        signal = sign[0] - sign[1]
        hidden = signal.sum(0)
        for w in weights[layer + 1:]:
            drive = (signal.flatten(0, 1) @ w.T).view(SLEEP_STEPS, batch, -1)
            v = torch.zeros_like(drive[0])
            signal = torch.empty_like(drive)
            for t in range(SLEEP_STEPS):
                v = torch.addcmul(drive[t], v, (v <= THRESHOLD).float(), value=DECAY)
                signal[t] = v > THRESHOLD
        output = signal.sum(0)
        changed.append(b + SLEEP_RATE * (hidden.T @ output - output.square().mean(0) * b))
    return changed


def main():
    rule = {"traces": traces, "folded": folded}[sys.argv[1]]
    batches = int(sys.argv[3])
    torch.set_num_threads(setting.threads())
    generator = torch.Generator().manual_seed(0)
    data = np.load(sys.argv[4])
    x, labels = torch.from_numpy(data["x"]), torch.from_numpy(data["labels"])
    layers = sys.argv[2].count("-")
    weights = [torch.from_numpy(data["weights%d" % n]) for n in range(layers)]
    biases = [torch.zeros(w.shape[0]) for w in weights]
    feedback = [torch.from_numpy(data["feedback%d" % n]) for n in range(layers - 1)]
    batch = int(data["batch"])
    order = torch.randperm(len(x), generator=generator)
    seconds, hits = [], 0
    with torch.no_grad():
        for n in range(batches):
            chosen = order[n * batch:(n + 1) * batch]
            begun = time.perf_counter()
            probabilities = x[chosen]
            spikes = (torch.rand(STEPS, *probabilities.shape, generator=generator) < probabilities).float()
            spikes, membranes = forward(weights, biases, spikes)
            error = dendrites(spikes[-1], labels[chosen])
            changes = []
            for layer in range(layers):
                own = error if layer == layers - 1 else error @ feedback[layer].T
                changes.append(rule(spikes[layer], spikes[layer + 1], membranes[layer], own))
            for w, b, (of_weights, of_biases) in zip(weights, biases, changes):
                w.sub_(LEARNING_RATE * of_weights)
                b.sub_(LEARNING_RATE * of_biases)
            feedback = sleep(weights, feedback, len(chosen), generator)
            seconds.append(time.perf_counter() - begun)
            hits += int((spikes[-1].sum(0).argmax(1) == labels[chosen]).sum())
    shown = min(len(x), batches * batch)
    print(json.dumps({
        "seconds": sum(seconds) / shown, "accuracy": hits / shown, "version": torch.__version__,
        "spikes": [float(layer.sum()) / layer.shape[1] for layer in spikes]}))


if __name__ == "__main__":
    main()
