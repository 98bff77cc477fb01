"""How much a network's accuracy on a grid swings from epoch to epoch, with and without the mean over the last epochs.

    python Benchmarks/bench_averaging.py [--epochs N]

Draws docs/pictures/averaging.png and writes its section of RESULTS.md. Yin-Yang, 5-120-3, the clock-driven engine with 52 steps, its defaults but a constant
learning rate; nothing of it depends on the machine.
"""

import argparse
import os

import matplotlib
import numpy as np
import results

import spinnprop as sp

matplotlib.use("agg")
import matplotlib.pyplot as plt  # noqa: E402

SEEDS = (0, 1, 2)
WAYS = {
    "constant": dict(schedule="constant"),
    "constant, mean of the last 10 epochs": dict(schedule="constant", average_epochs=10),
    "x 0.96 each epoch (the default)": dict(),
}
PICTURE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "docs", "pictures", "averaging.png")


def curves(epochs):
    """For each way the accuracies on 1,000 validation samples, (seeds, epochs)."""
    X, y = sp.datasets.yin_yang(5000, seed=42)
    held_out = sp.datasets.yin_yang(1000, seed=41)
    return {
        name: np.array(
            [
                sp.SpikingClassifier(hidden=(120,), engine=sp.ClockEngine(steps=52), epochs=epochs, seed=seed, **way)
                .fit(X, y, validation=held_out)
                .history_["validation_accuracy"]
                for seed in SEEDS
            ]
        )
        for name, way in WAYS.items()
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=40)
    epochs = parser.parse_args().epochs
    section = results.Section("Accuracy from epoch to epoch")
    figure, axes = plt.subplots(1, len(WAYS), figsize=(9, 2.6), sharey=True, layout="constrained")
    rows = []
    for ax, (name, accuracies) in zip(axes, curves(epochs).items()):
        ax.plot(np.arange(1, epochs + 1), 100 * accuracies.T, lw=1)
        ax.set(xlabel="epoch", ylim=(85, 100))
        ax.set_title(name, fontsize=9)
        last = 100 * accuracies[:, epochs // 2 :]
        swing, widest = np.abs(np.diff(last)).mean(), (last.max(axis=1) - last.min(axis=1)).max()
        rows.append([name, f"{swing:.2f}", f"{widest:.1f}", f"{last[:, -1].mean():.1f}"])
    axes[0].set_ylabel("validation accuracy, %")
    figure.savefig(PICTURE, dpi=110)
    section.write(
        f"Yin-Yang, 5-120-3, `ClockEngine(steps=52)`, {epochs} epochs, seeds {', '.join(map(str, SEEDS))}: accuracies on 1,000 validation samples in %, "
        "swings over the second half. Picture: `docs/pictures/averaging.png`.\n\n"
        + results.table(["learning rate", "mean change from epoch to epoch", "widest range of a seed", "at the end, mean"], rows)
    )


if __name__ == "__main__":
    main()
