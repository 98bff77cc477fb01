"""First spikes through many layers, from the estimator's defaults."""

import numpy as np
import pytest

import spinnprop as sp

datasets = pytest.importorskip("sklearn.datasets")
model_selection = pytest.importorskip("sklearn.model_selection")


def test_digits_over_splits():
    """A mean, as one split of 360 samples is a point more or less."""
    X, y = datasets.load_digits(return_X_y=True)
    scores = []
    for seed in range(5):
        parts = model_selection.train_test_split(X, y, test_size=0.2, random_state=seed, stratify=y)
        clf = sp.SpikingClassifier(hidden=(100,), engine="first-spike", epochs=30, seed=seed).fit(parts[0], parts[2])
        scores.append(clf.score(parts[1], parts[3]))
    assert np.mean(scores) >= 0.96, scores


@pytest.mark.parametrize("hidden, epochs, wanted", [((100,) * 4, 20, 0.93), ((100,) * 8, 15, 0.85), ((60, 30), 20, 0.9)])
def test_digits(hidden, epochs, wanted):
    """Handwritten digits, 1,437 to learn from and 360 to judge by."""
    X, y = datasets.load_digits(return_X_y=True)
    X, X_test, y, y_test = model_selection.train_test_split(X, y, test_size=0.2, random_state=0, stratify=y)
    clf = sp.SpikingClassifier(hidden=hidden, engine="first-spike", epochs=epochs, seed=0).fit(X, y)
    assert clf.score(X_test, y_test) >= wanted
    # No layer has fallen silent on any sample, no output on all.
    rec = clf.network_.forward(clf._encode(X_test), engine="first-spike")
    assert all((np.diff(own.offsets) > 0).all() for own in rec.spikes) and not rec.silent[len(hidden)].any()
    # Bumping and all else leave weights that are numbers.
    assert clf.history_["skipped"][-1] < 0.05 and np.isfinite(clf.history_["loss"]).all()


def test_deep_yin_yang():
    X, y = sp.datasets.yin_yang(2000, seed=42)
    X_test, y_test = sp.datasets.yin_yang(1000, seed=40)
    clf = sp.SpikingClassifier(hidden=(60,) * 4, engine="first-spike", epochs=30, seed=0).fit(X, y)
    assert clf.score(X_test, y_test) >= 0.9
