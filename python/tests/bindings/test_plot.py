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
