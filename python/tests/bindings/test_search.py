"""The search: what it draws, prunes, keeps and refuses."""

import itertools
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import optuna
import pytest
from searching import SPACE, X, hanging, search, y

import spinnprop as sp
from spinnprop._search import costs, trials
from spinnprop._search import space as spaces


def without_clock(trials):
    return [{name: value for name, value in trial.items() if name != "seconds"} for trial in trials]


def without_number(trials):
    return [{name: value for name, value in trial.items() if name != "number"} for trial in without_clock(trials)]


def test_trials_and_the_best():
    found = search(n_trials=5)
    assert [trial["number"] for trial in found.trials] == [0, 1, 2, 3, 4]
    for trial in found.trials:
        assert trial["state"] == "complete" and trial["epochs"] == 2 and trial["error"] is None
        assert set(trial["params"]) == set(SPACE) and trial["params"] == trial["drawn"]
        assert 4 <= trial["params"]["hidden"] <= 12 and 1e-3 <= trial["params"]["learning_rate"] <= 1e-1
    accuracies = [trial["accuracy"] for trial in found.trials]
    assert found.best_score == max(accuracies) == found.study.best_value
    assert found.best_params == found.trials[int(np.argmax(accuracies))]["params"]
    assert found.pareto[-1]["accuracy"] == found.best_score and found.objectives == ("accuracy",)
    assert "5 complete" in repr(found)


def test_the_score_is_the_validation_accuracy():
    validation = sp.datasets.yin_yang(50, seed=41)
    found = search(validation=validation, n_trials=2)
    for trial in found.trials:
        again = found.estimator(trial["number"]).fit(X, y, validation)
        assert trial["accuracy"] == again.history_["validation_accuracy"][-1]
    averaged = search(validation=validation, n_trials=1, last_epochs=2).trials[0]
    history = found.estimator(0).fit(X, y, validation).history_["validation_accuracy"]
    assert averaged["accuracy"] == np.mean(history) and averaged["params"] == found.trials[0]["params"]
    stopping = sp.SpikingClassifier(epochs=6, early_stopping=True, patience=2, learning_rate=0.1)
    found = search(validation=validation, n_trials=1, estimator=stopping, space={"hidden": (8, 9)})
    refitted = found.refit(X, y, validation=validation)
    judged = refitted._forward(refitted.network_, validation[0]).predict(refitted.loss_)
    assert found.best_score == np.mean(judged == validation[1])


@pytest.mark.parametrize("readout, engine", [("spiking", "event"), ("leaky", sp.ClockEngine(steps=20))])
def test_regressors_are_judged_by_r2(readout, engine):
    targets, validation = X @ [1.0, -2.0, 0.5, 0.0], (sp.datasets.yin_yang(50, seed=41)[0], np.linspace(0, 1, 50))
    estimator = sp.SpikingRegressor(epochs=2, readout=readout, engine=engine)
    found = search(y=targets, validation=validation, estimator=estimator, objectives=None, n_trials=2)
    assert found.objectives == ("r2",) and "best r2" in repr(found)
    for trial in found.trials:
        assert trial["r2"] == found.estimator(trial["number"]).fit(X, targets).score(*validation) and "accuracy" not in trial
    assert found.best_score == max(trial["r2"] for trial in found.trials) == found.best_trial["r2"]
    assert found.refit(X, targets).predict(X).shape == (120,)
    held_out = search(y=targets, estimator=estimator, objectives=("r2", "spikes"), n_trials=2)
    assert held_out.pareto and all(trial["state"] == "complete" and trial["spikes"] > 0 for trial in held_out.trials)
    made = search(y=targets, validation=validation, estimator=_regressor, objectives="r2", n_trials=1)
    assert made.trials[0]["state"] == "complete"


def _regressor(**drawn):
    return sp.SpikingRegressor(epochs=1, **drawn)


def test_drives_refractory_periods_and_masks_are_drawn():
    rng = np.random.default_rng(0)
    masks = [[rng.random((40, 5)) < share, rng.random((3, 40)) < share] for share in (0.5, 0.9)]
    space = {"drive": sp.Uniform(-0.2, 0.5), "refractory": sp.LogUniform(1e-4, 5e-3), "masks": masks}
    given = sp.SpikingClassifier(hidden=40, epochs=1, train=["weights", "drive"])
    found = search(space=space, estimator=given)
    for trial in found.trials:
        network = found.estimator(trial["number"]).fit(X, y).network_
        assert -0.2 <= trial["params"]["drive"] <= 0.5 and network.refractory[0][0] == trial["params"]["refractory"]
        assert np.array_equal(network.masks[0], masks[trial["drawn"]["masks"] == spaces.describe(masks[1])][0])
    # Printed, arrays as large look alike.
    assert len({spaces.describe(tuple(parts)) for parts in masks}) == 2 and spaces.describe((1,)) == "(1,)"


def test_same_seed_same_trials():
    one, two, other = search(), search(), search(seed=1)
    assert without_clock(one.trials) == without_clock(two.trials)
    assert one.trials[0]["params"] != other.trials[0]["params"]


# One more than Optuna's ten random trials, so that the model of earlier ones counts.
@pytest.mark.parametrize("objectives, n_trials", [("accuracy", 11), (("accuracy", "spikes"), 3)])
def test_a_resumed_search_goes_on_as_if_it_had_never_stopped(tmp_path, objectives, n_trials):
    options = {"storage": tmp_path / "search.db", "objectives": objectives}
    whole = search(objectives=objectives, n_trials=n_trials)
    first = search(n_trials=n_trials - 2, **options)
    assert len(first.trials) == n_trials - 2
    # As a process leaves it that was killed: its trial runs for ever, and does not count.
    hanging(n_trials=n_trials, **options).kill()
    resumed = search(n_trials=n_trials, **options)
    states = [trial.state.name for trial in resumed.study.get_trials()]
    assert states.count("FAIL") == 1 and len(states) == n_trials + 1
    assert without_number(resumed.trials) == without_number(whole.trials)
    assert len(search(n_trials=1, **options).trials) == n_trials


@pytest.mark.parametrize("name", ["run%201.sqlite", "100%ff.sqlite", "{of} braces.sqlite", "why?.sqlite", "a#b&c.sqlite"])
def test_a_file_is_called_as_it_is(tmp_path, name):
    search(storage=tmp_path / name, n_trials=1)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def cost(_):
    return 1.0


def dear(_):
    return 1000.0


def test_costs_belong_to_a_study(tmp_path):
    options = dict(storage=tmp_path / "search.db", n_trials=1, objectives=("accuracy", "own"))
    search(**options, costs={"own": cost, "unasked": dear})
    search(**options, costs={"own": cost})
    with pytest.raises(ValueError, match="was made with other costs: own was .*cost, is .*dear"):
        search(**options, costs={"own": dear})


@pytest.mark.parametrize("value", [None, "much", [1.0, 2.0], ()])
def test_costs_that_are_no_numbers_are_named(value):
    with pytest.raises(TypeError, match=r"costs\['own'\] has given .*; it must return a number"):
        search(n_trials=1, objectives=("accuracy", "own"), costs={"own": lambda estimator: value})


def test_what_does_not_belong_to_a_study_is_refused(tmp_path):
    storage = tmp_path / "search.db"
    search(storage=storage, n_trials=1)
    for changed, said in (
        ({"space": {**SPACE, "hidden": [5, 9]}}, "space: hidden was LogUniform"),
        ({"space": {"hidden": SPACE["hidden"]}}, "space: learning_rate was"),
        ({"X": X + 1e-9}, "data"),
        ({"y": y[::-1]}, "data"),
        ({"validation": (X, y)}, "data"),
        ({"estimator": sp.SpikingClassifier(epochs=3, batch_size=60)}, "estimator: epochs was 2, is 3"),
        ({"objectives": ("accuracy", "spikes")}, "objectives"),
        ({"last_epochs": 2}, "last_epochs"),
    ):
        with pytest.raises(ValueError, match="was made with other " + said):
            search(storage=storage, **changed)
    assert len(search(storage=storage, name="another", n_trials=1, last_epochs=2).trials) == 1
    same = {**SPACE, "learning_rate": sp.Uniform(1e-3, 1e-1)}
    assert len(search(storage=storage, n_trials=2, space=same).trials) == 2
    optuna.create_study(storage=f"sqlite:///{storage}", study_name="foreign").ask()
    with pytest.raises(ValueError, match="foreign"):
        search(storage=storage, name="foreign")
    (tmp_path / "text").write_text("no database" * 100)
    with pytest.raises(sp.SpinnpropError, match="text cannot be used"):
        search(storage=tmp_path / "text")
    with pytest.raises(FileNotFoundError, match="no such folder"):
        search(storage=tmp_path / "nowhere" / "search.db")


def test_pruning():
    # The first trials learn; those after them cannot, and lag after the first epochs that are judged.
    rates = iter([0.05] * 5 + [1e-9] * 4)
    options = {"hidden": 12, "batch_size": 10, "epochs": 9}
    data = {"X": X, "y": y, "validation": (X, y), "space": {"seed": (0, 3)}, "n_trials": 9}
    found = sp.search(
        **data, estimator=lambda seed: sp.SpikingClassifier(seed=seed, learning_rate=next(rates), **options)
    )
    assert [trial["state"] for trial in found.trials] == ["complete"] * 5 + ["pruned"] * 4
    for trial in found.trials[5:]:
        assert 3 <= trial["epochs"] < 9 and trial["accuracy"] < found.best_score
    rates = iter([0.05] * 5 + [1e-9] * 4)
    found = sp.search(
        **data,
        pruner=None,
        estimator=lambda seed: sp.SpikingClassifier(seed=seed, learning_rate=next(rates), **options),
    )
    assert {trial["state"] for trial in found.trials} == {"complete"}
    assert len(search(pruner="hyperband").trials) == 4


def test_two_objectives_give_a_front():
    found = search(n_trials=8, objectives=("accuracy", "spikes"))
    for trial in found.trials:
        fitted = found.estimator(trial["number"])
        assert trial["state"] == "complete" and trial["spikes"] > 0 and fitted.get_params()["epochs"] == 2
    front = [(trial["accuracy"], trial["spikes"]) for trial in found.pareto]
    assert front == sorted(front) and [cost for _, cost in front] == sorted(cost for _, cost in front)
    for trial in found.trials:
        point = (trial["accuracy"], trial["spikes"])
        others = [other for other in front if other != point]
        beaten = any(accuracy >= point[0] and spikes <= point[1] for accuracy, spikes in others)
        assert beaten != (point in front)
    assert found.best_trial == found.pareto[-1]


def test_costs_of_ones_own():
    found = search(
        objectives=("accuracy", "neurons", "energy"),
        costs={"neurons": lambda fitted: sum(fitted.network_.layer_sizes), "energy": lambda fitted: 1.0},
    )
    for trial in found.trials:
        assert trial["neurons"] == 5 + trial["params"]["hidden"] + 3 and trial["energy"] == 1.0


def test_what_a_sample_takes_on_the_chip():
    validation = sp.datasets.yin_yang(600, seed=41)
    engine = sp.Build(sp.ClockEngine, steps=(20, 40), decay=["euler"])
    options = dict(space={"engine": engine, "hidden": (5, 30)}, validation=validation)
    found = search(objectives=("accuracy", "time", "energy"), **options)
    for trial in found.trials:
        fitted = found.refit(X, y, trial["number"])
        # The same network on a chip with the same grid, run by hand.
        steps = fitted.engine_.steps
        chip = sp.spinnaker2.Engine(steps=steps, decay="euler", batch_size=fitted.batch_size)
        spikes = fitted._encode(validation[0][:512])
        assert fitted.network_.forward(spikes, engine=chip).spikes[0].times.tolist() == (
            fitted.network_.forward(spikes, engine=fitted.engine_).spikes[0].times.tolist()
        )
        account = chip.account()
        assert (account.steps, account.forward_samples, account.updates) == (steps, 512, 0)
        assert (trial["time"], trial["energy"]) == (account.seconds_per_sample, account.energy_per_sample)
    longest = max(found.trials, key=lambda trial: trial["params"]["engine"].steps)
    assert longest["time"] == max(trial["time"] for trial in found.trials) > 0
    # On the chip itself, the account is that of the training.
    on_chip = sp.SpikingClassifier(engine="spinnaker2", epochs=1, batch_size=60)
    trial = search(estimator=on_chip, space={"hidden": (5, 9)}, n_trials=1, objectives=("accuracy", "energy")).trials[0]
    again = on_chip.set_params(**trial["params"])
    assert trial["state"] == "complete" and trial["energy"] > 0 and again.engine == "spinnaker2"


def test_networks_that_no_chip_runs_are_noted_and_left_behind():
    leaky = sp.SpikingClassifier(engine="clock", epochs=1, batch_size=60, readout="leaky")
    found = search(estimator=leaky, space={"hidden": (5, 9)}, n_trials=2, objectives=("accuracy", "energy"))
    assert [trial["state"] for trial in found.trials] == ["failed"] * 2
    assert "spiking read-out" in found.trials[0]["error"]
    wide = sp.SpikingClassifier(engine="clock", epochs=0, batch_size=60, hidden=(60000,))
    with pytest.raises(MemoryError):
        costs.resolve(("accuracy", "energy"), None, [], X)(wide.fit(X, y))


def test_built_objects_and_choices():
    space = {
        "loss": sp.Build(sp.losses.TTFSCrossEntropy, tau0=sp.LogUniform(1e-4, 1e-2), alpha=0.0),
        "hidden": [(6,), (4, 5), np.array([7])],
        "bias": [None, 0.0],
        "batch_size": [30, 60],
    }
    found = search(space=space, n_trials=6)
    kinds = set()
    for trial in found.trials:
        assert set(trial["drawn"]) == {"loss.tau0", "hidden", "bias", "batch_size"}
        assert trial["drawn"]["batch_size"] == trial["params"]["batch_size"] and trial["drawn"]["bias"] in ("None", "0.0")
        assert trial["params"]["loss"] == sp.losses.TTFSCrossEntropy(tau0=trial["drawn"]["loss.tau0"], alpha=0.0)
        kinds.add(type(trial["params"]["hidden"]))
    assert kinds <= {tuple, np.ndarray} and found.estimator().loss == found.best_params["loss"]


def test_other_engines():
    loss = sp.Build(sp.losses.StepTTFSCrossEntropy, xi=(1.0, 2.0))
    space = {"engine": sp.Build(sp.ClockEngine, steps=(20, 40)), "loss": loss}
    found = search(space=space, n_trials=2)
    assert {trial["state"] for trial in found.trials} == {"complete"}
    assert found.refit(X, y).engine == sp.ClockEngine(steps=found.best_trial["drawn"]["engine.steps"])


def test_parameters_that_hang_together():
    def make(window, **rest):
        return sp.SpikingClassifier(t_late=window, t_end=2 * window, epochs=1, **rest)

    found = sp.search(X, y, {"window": (10e-3, 40e-3), "hidden": (4, 8)}, estimator=make, n_trials=2)
    fitted = found.refit(X, y)
    assert fitted.t_end == 2 * found.best_params["window"] and fitted.predict(X).shape == (120,)


@pytest.mark.parametrize("joy", [np.nan, np.inf, -np.inf])
def test_an_objective_that_is_not_finite_is_noted(joy):
    found = search(n_trials=2, objectives=("accuracy", "joy"), costs={"joy": lambda fitted: joy})
    assert [trial["state"] for trial in found.trials] == ["failed"] * 2 and f"'joy' is {joy}; it must be a finite number" in found.trials[0]["error"]


def test_networks_that_run_away_are_noted_and_left_behind():
    found = search(space={"max_spikes": [1, 10**6]}, n_trials=6)
    for trial in found.trials:
        assert (trial["state"] == "failed") == (trial["params"]["max_spikes"] == 1)
        assert (trial["error"] is None) == (trial["state"] == "complete")
    failed = [trial for trial in found.trials if trial["state"] == "failed"]
    assert failed and "max_spikes" in failed[0]["error"] and np.isnan(failed[0]["accuracy"])
    nothing = search(space={"hidden": (4, 8)}, estimator=sp.SpikingClassifier(max_spikes=1), n_trials=2)
    assert nothing.pareto == []
    with pytest.raises(sp.SpinnpropError, match="none of 2 trials is complete; the last failed: .*max_spikes"):
        nothing.best_params


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_ctrl_c_keeps_what_is_finished(tmp_path, n_jobs, monkeypatch):
    own, numbers, run_all = [], itertools.count(1), trials.Trials.all
    # However long what runs takes to stop.
    monkeypatch.setattr(trials, "GRACE", 1e6)
    monkeypatch.setattr(trials.Trials, "all", lambda self, bar: own.append(self) or run_all(self, bar))

    def cost(fitted):
        if next(numbers) == 3:
            os.kill(os.getpid(), signal.SIGINT)
            # Ctrl-C is heard by the main thread, which may be this one.
            own[0]._stopped.wait()
        return 1.0

    options = {"objectives": ("accuracy", "one"), "storage": tmp_path / "search.db", "n_jobs": n_jobs}
    with pytest.raises(KeyboardInterrupt) as caught:
        search(n_trials=50, costs={"one": cost}, **options)
    kept = caught.value.result.trials
    assert 1 <= len(kept) < 50 and all(trial["state"] == "complete" for trial in kept)
    if n_jobs == 1:
        assert len(kept) == 2
    assert not any(thread.name == "spinnprop trials" for thread in threading.enumerate())
    resumed = search(n_trials=len(kept) + 2, costs={"one": cost}, **options)
    assert without_clock(resumed.trials[: len(kept)]) == without_clock(kept) and len(resumed.trials) == len(kept) + 2
    if n_jobs == 1:
        options.pop("storage")
        whole = search(n_trials=4, costs={"one": lambda fitted: 1.0}, **options)
        same = [trial["params"] for trial in whole.trials]
        assert [trial["params"] for trial in resumed.trials] == same


def test_several_at_a_time():
    found = search(n_trials=7, n_jobs=3)
    assert len(found.trials) == 7 and len({trial["params"]["learning_rate"] for trial in found.trials}) == 7
    with pytest.raises(ValueError, match="learning_rate"):
        search(space={"learning_rate": (-2.0, -1.0)}, n_jobs=2)


def test_as_many_at_a_time_as_there_are_threads_or_workers():
    from spinnprop._search.search import _jobs

    class Elsewhere:
        def submit(self, function, *arguments):
            raise NotImplementedError

    before = sp.get_threads()
    try:
        sp.set_threads(3)
        assert [_jobs(own, None) for own in (None, 1, 5, -1, -2, -3, -4, -1024)] == [1, 1, 5, 3, 2, 1, 1, 1]
    finally:
        sp.set_threads(before)
    with ThreadPoolExecutor(4) as executor:
        assert [_jobs(own, executor) for own in (None, 2, -1, -2)] == [1, 2, 4, 3]
    assert _jobs(2, Elsewhere()) == 2
    with pytest.raises(ValueError, match="is not known; give n_jobs"):
        _jobs(-1, Elsewhere())


def test_the_progress_bar(capsys):
    level = optuna.logging.get_verbosity()
    search(n_trials=2)
    assert capsys.readouterr() == ("", "") and optuna.logging.get_verbosity() == level
    search(n_trials=2, verbose=True)
    shown = capsys.readouterr().err
    assert "2 of 2" in shown and "best " in shown


@pytest.mark.parametrize(
    "options, error, said",
    [
        ({"space": {}}, TypeError, "space"),
        ({"space": 3}, TypeError, "space"),
        ({"space": {"nonsense": (1, 2)}}, ValueError, "'nonsense'"),
        ({"space": {"hidden": 30}}, TypeError, "belongs to the estimator"),
        ({"space": {"hidden": (1, 2, 3)}}, ValueError, "choices are a list"),
        ({"space": {"hidden": (3, 2)}}, ValueError, "low <= high"),
        ({"space": {"hidden": ("a", 2)}}, TypeError, "'a'"),
        ({"space": {"tau_mem": (0.0, float("inf"))}}, ValueError, "finite"),
        ({"space": {"hidden": []}}, ValueError, "different choices"),
        ({"space": {"hidden": [5, 5]}}, ValueError, "different choices"),
        ({"space": {"learning_rate": (-2.0, -1.0)}}, ValueError, "learning_rate"),
        ({"estimator": 3}, TypeError, "estimator is 3"),
        ({"estimator": lambda **drawn: drawn}, TypeError, "must make"),
        ({"estimator": sp.SpikingClassifier(epochs=0)}, ValueError, "epochs is 0"),
        ({"estimator": sp.SpikingClassifier(checkpoint="here")}, ValueError, "checkpoint"),
        ({"validation": 3}, TypeError, "validation"),
        ({"n_trials": 0}, ValueError, "n_trials"),
        ({"n_jobs": 0}, ValueError, "n_jobs is 0"),
        ({"n_jobs": 1025}, ValueError, "n_jobs"),
        ({"n_jobs": 1.5}, (ValueError, TypeError), "n_jobs"),
        ({"last_epochs": 0}, ValueError, "last_epochs"),
        ({"seed": -1}, ValueError, "seed"),
        ({"pruner": "best"}, ValueError, "pruner"),
        ({"name": ""}, TypeError, "name"),
        ({"storage": 3}, TypeError, "storage"),
        ({"objectives": "energy"}, ValueError, "'accuracy', then"),
        ({"objectives": ()}, ValueError, "'accuracy', then"),
        ({"objectives": "r2"}, ValueError, "'accuracy', then"),
        ({"objectives": ("accuracy", "spikes"), "estimator": sp.SpikingRegressor()}, ValueError, "of a SpikingRegressor it must be 'r2', then"),
        ({"estimator": lambda **drawn: sp.SpikingRegressor(epochs=1)}, TypeError, "'accuracy' it must make a SpikingClassifier"),
        ({"objectives": ("accuracy", "joy")}, ValueError, "'joy'.*spikes"),
        ({"objectives": ("accuracy", "energy")}, ValueError, "engine 'event' does not estimate the energy"),
        ({"objectives": ("accuracy", "time"), "space": {"engine": ["event"]}}, ValueError, "estimate the time"),
        ({"objectives": ("accuracy", "joy"), "costs": {"joy": 3}}, TypeError, "joy"),
    ],
)
def test_bad_arguments(options, error, said):
    with pytest.raises(error, match=said) as caught:
        search(**options)
    assert "\n" not in str(caught.value)


def test_ranges():
    assert sp.Uniform(1, 3) == sp.Uniform(1, 3) != sp.Uniform(1, 4)
    assert sp.Uniform(1, 3) != sp.LogUniform(1, 3)
    for wrong in ((0, 3), (-1.0, 2.0)):
        with pytest.raises(ValueError, match="above 0"):
            sp.LogUniform(*wrong)
    with pytest.raises(TypeError):
        sp.Uniform(True, 3)
    for wrong in (3, "loss"):
        with pytest.raises(TypeError, match="callable"):
            sp.Build(wrong, tau=(1, 2))
    with pytest.raises(ValueError, match="draws nothing"):
        sp.Build(sp.losses.TTFSCrossEntropy, alpha=0.0)
    seen = {spaces.draw(spaces.Drawn({"n": n}), {"n": sp.Uniform(1, 3)})["n"] for n in (1, 2, 3)}
    assert seen == {1, 2, 3}
    for part, inside, outside in (
        (sp.Uniform(1, 3), (1, 3), (0, 4, float("nan"))),
        (sp.Uniform(-0.1, 0.2), (-0.1 - 1e-17, np.nextafter(0.2, 1)), (-0.1001, 0.2001, float("-inf"))),
        (sp.LogUniform(1e-6, 1.0), (np.nextafter(1e-6, 0), np.nextafter(1.0, 2)), (0.999e-6, 1.001)),
        ([5, 6], (5, 6), (7, "5")),
    ):
        for value in inside:
            assert spaces.draw(spaces.Drawn({"n": value}), {"n": part}) == {"n": value}
        for value in outside:
            with pytest.raises(ValueError, match="the parameter 'n' is .*; it must be"):
                spaces.draw(spaces.Drawn({"n": value}), {"n": part})


def test_descriptions_are_the_same_in_every_process():
    class Odd:
        pass

    assert " at " not in spaces.describe(Odd()) and spaces.describe(search) == "searching.search"
    assert spaces.describe([np.float64(0.5), {"a": np.arange(3)}]) == spaces.describe([0.5, {"a": np.arange(3)}])
    assert spaces.digest(np.arange(3)) != spaces.digest(np.arange(3.0)) != spaces.digest(np.arange(4.0))
    assert spaces.digest(np.array(["a", 1], object)) == spaces.digest(np.array(["a", 1], object))
