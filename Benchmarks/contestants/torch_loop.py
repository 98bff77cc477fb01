"""The training loop of the peers built on torch: cross-entropy of the summed read-out, Adam, one update per batch."""

import setting
import torch


def prepare():
    torch.set_num_threads(setting.threads())
    torch.manual_seed(0)


def measure(name, version, model, forward, before, reset=lambda: None):
    """forward(model, spikes (T, batch, inputs)) returns the read-out's membrane summed over time, (batch, classes)."""
    x, y = setting.yin_yang(setting.SAMPLES, 42)
    inputs, labels = torch.from_numpy(setting.spikes_on_grid(x)), torch.from_numpy(y)
    optimiser = torch.optim.Adam(model.parameters(), lr=setting.LEARNING_RATE)
    cross_entropy = torch.nn.CrossEntropyLoss()

    def train_epoch(order):
        for chosen in setting.batches(torch.from_numpy(order)):
            optimiser.zero_grad()
            cross_entropy(forward(model, inputs[:, chosen]), labels[chosen]).backward()
            optimiser.step()
            reset()

    def accuracy():
        with torch.no_grad():
            hits = (forward(model, inputs).argmax(dim=1) == labels).double().mean()
        reset()
        return hits

    setting.measure(name, version, train_epoch, before, accuracy)
