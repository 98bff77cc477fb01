"""Pictures."""

import types

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
    assert [label.get_text() for label in ax.get_yticklabels()] == ["input\n(5 units)", "hidden layer 1\n(30 units)", "output\n(3 units)"]
    assert sp.plot.raster(rec).figure is not None
    with pytest.raises(IndexError):
        sp.plot.raster(rec, sample=60)
    # A leaky read-out never spikes, and would be a row of nothing.
    leaky = sp.plot.raster(sp.Network([5, 30, 3], readout="leaky").forward(data[0]), ax=axes())
    assert [label.get_text() for label in leaky.get_yticklabels()] == ["input\n(5 units)", "hidden layer 1\n(30 units)"]
    assert leaky.get_ylim() == (0, 2)
    alone = sp.plot.raster(sp.Network([5, 3], readout="leaky").forward(data[0]), ax=axes())
    assert [label.get_text() for label in alone.get_yticklabels()] == ["input\n(5 units)"] and alone.get_ylim() == (0, 1)
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
        sp.plot.spinnaker2(engine, ax=wrong)


def test_decision_map():
    X, y = sp.datasets.yin_yang(60)
    names = np.array(["yin", "yang", "dot"])
    clf = sp.SpikingClassifier(hidden=(20,), epochs=3).fit(X, names[y])
    ax = sp.plot.decision_map(clf, X, names[y], ax=axes(), resolution=30)
    wrong = np.sum(clf.predict(X) != names[y])
    assert [len(collection.get_offsets()) for collection in ax.collections] == [60 - wrong, wrong]
    image = ax.get_images()[0].get_array()
    assert image.shape == (30, 30, 4)
    said = [text.get_text() for text in ax.get_legend().get_texts()]
    assert said[:3] == ["class dot", "class yang", "class yin"] and said[3:] == ([f"mistakes ({wrong})"] if wrong else [])
    assert ax.get_title() == f"accuracy {100 * np.mean(clf.predict(X) == names[y]):.1f} % of 60 samples"
    with pytest.raises(ValueError):
        sp.plot.decision_map(clf, resolution=0)


class Upper:
    """Says "up" where the second feature is larger than 5, of classes that are not sorted."""

    classes_ = ("up", "down")

    def predict(self, X):
        return np.where(X[:, 1] > 5, "up", "down")


def test_decision_map_of_any_two_features():
    X, y = np.array([[-20.0, 0.0], [0.0, 10.0], [20.0, 4.0]]), np.array(["down", "up", "up"])
    ax = sp.plot.decision_map(Upper(), X, y, ax=axes(), resolution=40)
    assert ax.get_title() == "accuracy 66.7 % of 3 samples"
    assert ax.get_xlim() == pytest.approx((-22, 22)) and ax.get_ylim() == pytest.approx((-0.5, 10.5))
    image = ax.get_images()[0].get_array()
    up, down = (handle.get_facecolor()[:3] for handle in ax.get_legend().get_patches())
    assert np.allclose(image[-1, :, :3], up) and np.allclose(image[0, :, :3], down) and not np.allclose(up, down)
    for wrong, message in (
        ((np.zeros((3, 5)), y), "5 features"),
        ((np.zeros((3, 4)), y), "not x, y, 1 - x, 1 - y"),
        ((np.zeros(3), y), "shape"),
        ((X, None), "y is None"),
        ((X, np.array(["down", "up", "left"])), "^label 'left' is none"),
        ((X, y[:2]), r"y has shape \(2,\); it must have \(3,\)"),
    ):
        with pytest.raises(ValueError, match=message):
            sp.plot.decision_map(Upper(), *wrong, ax=axes())
    for wrong in (sp.SpikingClassifier(), sp.SpikingRegressor(), None):
        with pytest.raises(TypeError, match="must be a fitted classifier"):
            sp.plot.decision_map(wrong, ax=axes())
    unnamed = types.SimpleNamespace(predict=Upper().predict)
    assert sp.plot.decision_map(unnamed, X, y, ax=axes(), classes=Upper.classes_).get_title() == ax.get_title()


def test_titles_of_chips_differ():
    engine = sp.spinnaker2.Engine()
    sp.Network([5, 8, 3]).forward(sp.encoding.latency_grid(sp.datasets.yin_yang(2)[0]), engine=engine)
    titles = {sp.plot.spinnaker2(engine, by, ax=axes()).get_title() for by in ("program", "load", "memory", "traffic")}
    assert len(titles) == 4


def test_a_cost_has_the_unit_that_reports_have():
    X, y = sp.datasets.yin_yang(40)
    found = sp.search(
        X, y, {"hidden": (4, 8)}, estimator=sp.SpikingClassifier(engine="clock", epochs=1), n_trials=1,
        objectives=("accuracy", "energy"),
    )
    ax = sp.plot.pareto_front(found, ax=axes())
    assert ax.get_xlabel() == "energy per sample (mJ, estimated)"
    assert np.allclose(ax.collections[0].get_offsets()[:, 0], 1e3 * found.trials[0]["energy"])


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
    for draw in (sp.plot.search_history, sp.plot.pareto_front):
        with pytest.raises(TypeError, match="what spinnprop.search returns"):
            draw(found.study)
    nothing = {**options, "space": {"max_spikes": [20]}}
    for draw, objectives in ((sp.plot.search_history, "accuracy"), (sp.plot.pareto_front, ("accuracy", "spikes"))):
        draw(sp.search(X, y, n_trials=1, objectives=objectives, **nothing), ax=axes()).figure.canvas.draw()


def test_learning_curves_of_several_runs(net, data):
    runs = []
    for seed, epochs in enumerate((4, 3, 5)):
        trainer = sp.Trainer(net, epochs=epochs, seed=seed)
        trainer.run(*data, validation=data if seed == 0 else None)
        runs.append(trainer)
    lines = sp.plot.learning_curve(runs, ax=axes(), of="loss").get_lines()
    values = np.array([run.history["loss"][:3] for run in runs])
    assert np.allclose(lines[0].get_ydata(), np.median(values, axis=0)) and list(lines[0].get_xdata()) == [1, 2, 3]
    band = sp.plot.learning_curve(runs, ax=axes(), of="loss").collections[0].get_paths()[0].vertices
    for quarter in (0.25, 0.75):
        assert set(np.quantile(values, quarter, axis=0)) <= set(band[:, 1])
    left, right = sp.plot.learning_curves(runs[0])
    assert (left.get_ylabel(), right.get_ylabel()) == ("loss", "accuracy (%)") and left.figure is right.figure
    for panel, of, factor in ((left, "loss", 1), (right, "accuracy", 100)):
        for line, field in zip(panel.get_lines(), (of, f"validation_{of}")):
            assert np.allclose(line.get_ydata(), factor * runs[0].history[field])
    given = Figure().subplots(1, 2)
    assert list(sp.plot.learning_curves(runs, ax=given)) == list(given) == list(sp.plot.learning_curves(runs, ax=tuple(given)))


def test_learning_curves_of_whoever_has_a_history(data):
    X, y = sp.datasets.yin_yang(60)
    fitted = sp.SpikingClassifier(hidden=(5,), epochs=2).fit(X, y)
    assert np.allclose(sp.plot.learning_curve(fitted, ax=axes()).get_lines()[0].get_ydata(), 100 * fitted.history_["accuracy"])
    # Of numbers there is no accuracy.
    numbers = sp.SpikingRegressor(hidden=(20,), epochs=2).fit(X, X[:, 0])
    ax = sp.plot.learning_curve(numbers, ax=axes())
    assert ax.get_ylabel() == "loss" and np.allclose(ax.get_lines()[0].get_ydata(), numbers.history_["loss"])
    local = sp.BioGradClassifier(hidden=(8,), epochs=2).fit(X, y)
    assert np.allclose(sp.plot.learning_curve(local, ax=axes()).get_lines()[0].get_ydata(), 100 * local.history_["accuracy"])
    sp.plot.learning_curve(fitted.history_[:0], ax=axes()).figure.canvas.draw()
    sp.plot.learning_curve(fitted.history_[:1], ax=axes()).figure.canvas.draw()
    for error, wrong in ((TypeError, None), (TypeError, [1.0]), (TypeError, sp.SpikingClassifier()), (TypeError, {}), (ValueError, [])):
        with pytest.raises(error, match="history is"):
            sp.plot.learning_curve(wrong, ax=axes())
    for run, of in ((fitted, "speed"), (fitted, 3), (local, "angle")):
        with pytest.raises(ValueError, match="the history has .*accuracy"):
            sp.plot.learning_curve(run, ax=axes(), of=of)
    for error, wrong in ((TypeError, "ab"), (TypeError, (1, 2)), (TypeError, axes()), (ValueError, Figure().subplots(1, 3))):
        with pytest.raises(error, match="ax "):
            sp.plot.learning_curves(fitted, wrong)


def test_confusion_matrix():
    y, predicted = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 1, -1, 1, 1, 0])
    ax = sp.plot.confusion_matrix(y, predicted, ax=axes())
    assert [text.get_text() for text in ax.texts] == ["1", "1", "0", "1", "0", "2", "0", "0", "1", "0", "0", "0"]
    assert np.allclose(ax.get_images()[0].get_array()[:2], [[100 / 3, 100 / 3, 0, 100 / 3], [0, 100, 0, 0]])
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["0", "1", "2", "no answer"]
    assert ax.get_title() == "accuracy 50.0 % of 6 samples"
    named = sp.plot.confusion_matrix(y, predicted, classes=["a", "<script>", "$x"], ax=axes())
    assert [tick.get_text() for tick in named.get_yticklabels()] == ["a", "<script>", r"\$x"]
    named.figure.canvas.draw()
    # Labels of any sort, in an order of one's own; -1 may be a class.
    words = sp.plot.confusion_matrix(np.array(["b", "a"]), np.array(["b", "b"]), classes=["b", "a"], ax=axes())
    assert [text.get_text() for text in words.texts] == ["1", "0", "1", "0"]
    signs = sp.plot.confusion_matrix([-1, 1, 1], [1, -1, 1], ax=axes())
    assert [tick.get_text() for tick in signs.get_xticklabels()] == ["-1", "1"]
    many = sp.plot.confusion_matrix(np.arange(300), np.arange(300), ax=axes())
    assert not many.texts and len(many.get_xticklabels()) == 30
    many.figure.canvas.draw()
    for wrong in (([], []), ([0, 1], [0]), ([[0]], [[0]])):
        with pytest.raises(ValueError, match="shapes"):
            sp.plot.confusion_matrix(*wrong, ax=axes())
    with pytest.raises(ValueError, match="100000 labels; at most 1000"):
        sp.plot.confusion_matrix(np.arange(1e5), np.arange(1e5), ax=axes())
    with pytest.raises(ValueError, match="label .*3.* is none of the classes"):
        sp.plot.confusion_matrix([0, 3], [0, 0], classes=["a", "b"], ax=axes())
    with pytest.raises(ValueError, match="no classes"):
        sp.plot.confusion_matrix([0, 1], [0, 1], classes=[], ax=axes())
    with pytest.raises(TypeError, match="classes is 3"):
        sp.plot.confusion_matrix([0], [0], classes=3, ax=axes())


def test_a_raster_says_label_and_decision(net, data):
    rec = net.forward(data[0])
    predicted = rec.predict()
    sample = int(np.flatnonzero(predicted >= 0)[0])
    ax = sp.plot.raster(rec, sample, axes(), data[1], predicted, ["yin", "yang", "$<dot>"])
    names = ["yin", "yang", r"\$<dot>"]
    assert ax.get_title() == f"label {names[data[1][sample]]}, decision {names[predicted[sample]]}"
    ax.figure.canvas.draw()
    (ring,) = (line for line in ax.get_lines() if line.get_marker() == "o")
    assert ring.get_xdata() == pytest.approx(1e3 * rec.first_spike_times[sample, predicted[sample]])
    assert ring.get_ydata() == pytest.approx(2 + (predicted[sample] + 0.5) / 3)
    shaded = ax.patches[0].get_extents().transformed(ax.transData.inverted())
    assert (shaded.y0, shaded.y1) == pytest.approx((2 + data[1][sample] / 3, 2 + (data[1][sample] + 1) / 3))
    silent = sp.plot.raster(rec, sample, axes(), predicted=np.full(60, -1))
    assert silent.get_title() == "decision none" and not [line for line in silent.get_lines() if line.get_marker() == "o"]
    assert sp.plot.raster(data[0], sample, axes(), data[1]).get_title() == f"label {data[1][sample]}"
    leaky = sp.plot.raster(sp.Network([5, 30, 3], readout="leaky").forward(data[0]), sample, axes(), data[1], predicted)
    assert leaky.get_legend() is None and leaky.get_title() == f"label {data[1][sample]}, decision {predicted[sample]}"
    for error, arguments in (
        (ValueError, {"y": [0]}),
        (ValueError, {"y": np.full(60, 0.5)}),
        (ValueError, {"y": np.full(60, 9), "classes": ["a"]}),
        (TypeError, {"y": data[1], "classes": 3}),
    ):
        with pytest.raises(error):
            sp.plot.raster(rec, sample, axes(), **arguments)
