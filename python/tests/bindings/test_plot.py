"""Pictures."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import spinnprop as sp


def axes():
    return Figure().add_subplot()


def test_raster(net, data):
    rec = net.forward(data[0])
    ax = axes()
    assert sp.plot.raster(rec, sample=3, ax=ax) is ax
    drawn = sum(len(collection.get_offsets()) for collection in ax.collections)
    assert drawn == sum(len(trains[3][0]) for trains in (data[0], *rec.spikes))
    single = sp.plot.raster(data[0], ax=axes())
    points = single.collections[0].get_offsets()
    assert np.allclose(points[:, 0], 1e3 * data[0][0][0]) and np.allclose(points[:, 1], data[0][0][1] + 0.5)
    assert sp.plot.raster(rec).figure is not None
    with pytest.raises(IndexError):
        sp.plot.raster(rec, sample=60)
    for wrong in (None, [1.0], net):
        with pytest.raises(TypeError):
            sp.plot.raster(wrong)


def test_learning_curve(net, data):
    trainer = sp.Trainer(net, epochs=3)
    trainer.run(*data)
    lines = sp.plot.learning_curve(trainer.history, ax=axes()).get_lines()
    assert len(lines) == 1 and np.allclose(lines[0].get_ydata(), 100 * trainer.history["accuracy"])
    trainer = sp.Trainer(net, epochs=3)
    trainer.run(*data, validation=data)
    assert len(sp.plot.learning_curve(trainer.history, ax=axes()).get_lines()) == 2


@pytest.mark.parametrize("wrong", ["a", 3, [None]])
def test_axes_that_are_none(data, wrong):
    with pytest.raises(TypeError, match="ax is .*; it must be matplotlib Axes"):
        sp.plot.raster(data[0], ax=wrong)
    engine = sp.spinnaker2.Engine()
    sp.Network([5, 8, 3]).forward(sp.encoding.latency_grid(sp.datasets.yin_yang(2)[0]), engine=engine)
    with pytest.raises(TypeError, match="ax is .*; it must be matplotlib Axes"):
        sp.plot.chip(engine, ax=wrong)


def test_decision_map():
    X, y = sp.datasets.yin_yang(60)
    names = np.array(["yin", "yang", "dot"])
    clf = sp.SpikingClassifier(hidden=(20,), epochs=3).fit(X, names[y])
    ax = sp.plot.decision_map(clf, X, names[y], ax=axes(), resolution=30)
    wrong = np.sum(clf.predict(X) != names[y])
    assert [len(collection.get_offsets()) for collection in ax.collections] == [60 - wrong, wrong]
    image = ax.get_images()[0].get_array()
    assert image.shape == (30, 30, 4)
    with pytest.raises(ValueError):
        sp.plot.decision_map(clf, resolution=0)


def test_searches():
    X, y = sp.datasets.yin_yang(100)
    options = {"space": {"hidden": (4, 20), "max_spikes": [20, 10**6]}, "estimator": sp.SpikingClassifier(epochs=1)}
    found = sp.search(X, y, n_trials=6, objectives=("accuracy", "spikes"), **options)
    complete = [trial for trial in found.trials if trial["state"] == "complete"]
    assert 0 < len(complete) < 6
    ax = sp.plot.pareto_front(found, ax=axes())
    points = ax.collections[0].get_offsets()
    assert np.allclose(points, [(trial["spikes"], 100 * trial["accuracy"]) for trial in complete])
    assert len(ax.get_lines()[0].get_xdata()) == len(found.pareto) and "spikes" in ax.get_xlabel()
    ax = sp.plot.search_history(found, ax=axes())
    assert len(ax.collections[0].get_offsets()) == len(complete)
    best = ax.get_lines()[0].get_ydata()
    assert len(best) == 6 and np.all(np.diff(best) >= 0) and best[-1] == pytest.approx(100 * found.best_score)
    for wrong in ("energy", "accuracy"):
        with pytest.raises(ValueError, match=wrong):
            sp.plot.pareto_front(found, wrong)
    with pytest.raises(ValueError, match="objectives accuracy"):
        sp.plot.pareto_front(sp.search(X, y, n_trials=1, **options))
    nothing = {**options, "space": {"max_spikes": [20]}}
    for draw, objectives in ((sp.plot.search_history, "accuracy"), (sp.plot.pareto_front, ("accuracy", "spikes"))):
        draw(sp.search(X, y, n_trials=1, objectives=objectives, **nothing), ax=axes()).figure.canvas.draw()
