"""Local learning against the same rule written in torch, with a trace for each synapse and sample: what the benchmark compares with."""

import sys
from pathlib import Path

import numpy as np
import pytest

import spinnprop as sp

torch = pytest.importorskip("torch")
CONTESTANTS = Path(__file__).resolve().parents[3] / "Benchmarks" / "contestants"


@pytest.fixture(scope="module")
def peer():
    sys.path.insert(0, str(CONTESTANTS))
    try:
        import biograd_torch

        yield biograd_torch
    finally:
        sys.path.remove(str(CONTESTANTS))


def test_gradients_agree(peer):
    """Weights and decay are dyadic, so that membranes are exact in any order of additions and spikes are the same."""
    random = np.random.default_rng(3)
    sizes, n_samples = [30, 24, 16, 4], 50
    training = sp.BioGrad(
        sizes, batch_size=n_samples, decay=peer.DECAY, threshold=peer.THRESHOLD, window=peer.WINDOW, steps=peer.STEPS,
        soft_start=peer.SOFT_START,
    )
    for layer in range(3):
        training.set("weights", layer, random.integers(-20, 24, (sizes[layer + 1], sizes[layer])) / 64)
        training.set("biases", layer, random.integers(-4, 8, sizes[layer + 1]) / 64)
    for layer in range(2):
        training.set("feedback", layer, random.integers(-8, 9, (sizes[layer + 1], 4)) / 8)
    spikes = random.random((peer.STEPS, n_samples, sizes[0])) < 0.2
    labels = random.integers(0, 4, n_samples)
    trains = [np.nonzero(spikes[:, sample]) for sample in range(n_samples)]
    events = sp.SpikeTrains(
        np.concatenate([steps + 0.5 for steps, _ in trains]), np.concatenate([units for _, units in trains]).astype(np.int32),
        np.cumsum([0] + [len(units) for _, units in trains]), sizes[0])
    weights, biases = training.gradient(events, labels, step_time=1.0)

    tensors = {name: [torch.tensor(array.astype(np.float32)) for array in getattr(training, name)]
               for name in ("weights", "biases", "feedback")}
    x, membranes = peer.forward(tensors["weights"], tensors["biases"], torch.tensor(spikes.astype(np.float32)))
    np.testing.assert_array_equal(x[-1].sum(0).numpy(), training.counts(events, step_time=1.0))
    assert all(0.02 < float(layer.mean()) < 0.98 for layer in x)
    error = peer.dendrites(x[-1], torch.tensor(labels))
    assert float(error.abs().max()) > 0
    for layer in range(3):
        own = error if layer == 2 else error @ tensors["feedback"][layer].T
        for rule in (peer.traces, peer.folded):
            of_weights, of_biases = rule(x[layer], x[layer + 1], membranes[layer], own)
            np.testing.assert_allclose(of_weights.numpy(), weights[layer], atol=2e-5 * np.abs(weights[layer]).max())
            np.testing.assert_allclose(of_biases.numpy(), biases[layer], atol=2e-5 * np.abs(biases[layer]).max())
