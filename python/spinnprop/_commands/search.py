"""``spinnprop search``: parameters for a data set, from trials to a trained winner."""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import sys
from concurrent.futures import Executor
from typing import Any, Dict, Iterator, List, Optional

from .. import _core, datasets, executors
from .._engines.names import ENGINES
from .._library import __version__
from .._search.space import Build, LogUniform, Uniform
from .._support.values import Value
from ..losses import StepTTFSCrossEntropy, TTFSCrossEntropy
from . import folder, grammar, report
from .output import percent, save_picture, write_json, write_table
from .train import on_steps

#: Validation accuracy swings from epoch to epoch: trials are judged by the mean of so many last ones.
LAST_EPOCHS = 5
#: Four features and the bias.
_INPUTS = 5


def add_parser(commands: Any) -> None:
    """The grammar of ``spinnprop search``."""
    sets = grammar.family(
        commands, "search", "search for parameters", "Search for parameters by Optuna.", "data sets", "DATA"
    )
    parser = grammar.command(
        sets,
        "yin-yang",
        run,
        "the Yin-Yang data set",
        "Search for parameters by validation accuracy on the published Yin-Yang sets; write the trials, the best of them, "
        "its model and a picture to a folder.",
        pictures=True,
    )
    add = parser.add_argument
    add("--engine", default="event", choices=list(ENGINES), help="what networks run on")
    add("--trials", type=grammar.positive, default=50, metavar="N", help="in all, with those of an earlier run")
    add("--epochs", type=grammar.positive, default=30, metavar="N", help="of a trial, unless it is pruned")
    add("--hidden", type=grammar.positive, metavar="N", help="neurons of the hidden layer; searched unless given")
    add("--steps", type=grammar.positive, metavar="N", help="of an engine with time steps; searched unless given")
    add("--samples", type=grammar.positive, default=5000, metavar="N", help="training samples")
    add(
        "--objective",
        default="accuracy",
        choices=["accuracy", "accuracy-spikes", "accuracy-energy", "accuracy-time"],
        help="validation accuracy alone, or against a cost: spikes per sample, or what the engine estimates",
    )
    add("--seed", type=grammar.seed, default=0, metavar="N", help="of what is drawn")
    add("--resume", action="store_true", help="go on with the trials in the folder")
    add(
        "--storage",
        metavar="WHERE",
        help="keep the trials here and go on with those there: an SQLite file, a file that ends in .journal, or a database's "
        "address; any number of commands may share one, each with its own --out",
    )
    add(
        "--jobs",
        type=grammar.positive,
        metavar="N",
        help="trials at the same time; one for each thread, or each worker of a cluster, unless given. What is drawn depends on the seed "
        "alone with 1",
    )
    add("--timeout", type=grammar.above_zero, metavar="SECONDS", help="give up trials that take longer, and go on with others")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--ray", metavar="ADDRESS", help="train on a Ray cluster: auto for this machine's, or host:port")
    where.add_argument("--dask", metavar="ADDRESS", help="train on a Dask cluster, as tcp://host:8786")
    grammar.add_out(parser, "search")


#: Engines of continuous time.
_WITHOUT_STEPS = ("event", "first-spike", "brainscales2")


def space(engine: str, steps: Optional[int], hidden: Optional[int]) -> Dict[str, Any]:
    """What is searched on an engine; steps and hidden are searched unless they are given."""
    drawn: Dict[str, Any] = {
        "hidden": LogUniform(20, 300) if hidden is None else LogUniform(hidden, hidden),
        "batch_size": LogUniform(16, 256),
        "schedule_gamma": Uniform(0.85, 1.0),
    }
    if engine in _WITHOUT_STEPS:
        return {
            **drawn,
            "learning_rate": LogUniform(1e-3, 5e-2),
            # Only ratios of times matter, so tau_syn stays as it is. For twice and four times of it, threshold crossings
            # have closed forms, with which exact training is several times faster; first spikes have one ratio by default.
            **({"tau_mem": [10e-3, 20e-3]} if engine == "event" else {}),
            "t_late": LogUniform(10e-3, 60e-3),
            "loss": Build(TTFSCrossEntropy, tau0=LogUniform(1e-4, 5e-3), alpha=Uniform(0.0, 1e-2)),
        }
    return {
        **drawn,
        # The encoding rounds to steps: few of them let classes share cells.
        "steps": LogUniform(27, 108) if steps is None else LogUniform(steps, steps),
        "learning_rate": LogUniform(1e-3, 3e-2),
        "clip_norm": LogUniform(0.1, 1e3),
        "bump": LogUniform(1e-4, 1e-2),
        # Times in units of the run's length.
        "tau_mem": LogUniform(0.3, 2.0),
        "tau_syn": LogUniform(0.15, 1.5),
        "xi": LogUniform(5e-3, 0.1),
        "beta": LogUniform(0.3, 5.0),
        "alpha": LogUniform(3e-4, 3e-2),
        # Initial weights in units of 1 / sqrt(number of senders).
        "hidden_mean": LogUniform(0.2, 6.0),
        "hidden_std": LogUniform(0.3, 6.0),
        "output_mean": LogUniform(0.5, 10.0),
        "output_std": LogUniform(0.3, 6.0),
    }


class Maker(Value):
    """From what is drawn to an estimator of Yin-Yang: what hangs together on a grid is put together here."""

    def __init__(self, engine: str, epochs: int) -> None:
        self.__dict__.update(engine=engine, epochs=epochs)

    def __call__(self, **drawn: Any) -> Any:
        from .._estimators.spiking import SpikingClassifier

        engine, epochs = vars(self).values()
        fixed: Dict[str, Any] = {"epochs": epochs, "rescale": False}
        if engine in _WITHOUT_STEPS:
            return SpikingClassifier(engine=engine, **fixed, **drawn)
        grid = on_steps(engine, drawn.pop("steps"))
        length = grid.steps * grid.time_step
        loss = StepTTFSCrossEntropy(
            xi=drawn.pop("xi") * grid.steps, alpha=drawn.pop("alpha"), beta=drawn.pop("beta") * grid.steps
        )
        spread: Dict[str, Any] = {
            f"weight_{moment}": [
                drawn.pop(f"hidden_{moment}") / math.sqrt(_INPUTS),
                drawn.pop(f"output_{moment}") / math.sqrt(drawn["hidden"]),
            ]
            for moment in ("mean", "std")
        }
        times: Dict[str, Any] = {name: drawn.pop(name) * length for name in ("tau_mem", "tau_syn")}
        return SpikingClassifier(engine=grid, loss=loss, **times, **spread, **fixed, **drawn)


#: Of what is reported; the rest has none.
UNITS = {
    **dict.fromkeys(("tau_mem", "tau_syn", "t_late", "loss.tau0", "loss.tau1", "engine.time_step"), "s"),
    **dict.fromkeys(("loss.xi", "loss.beta", "engine.steps"), "steps"),
}


def reported(make: Maker, params: Dict[str, Any]) -> Dict[str, Any]:
    """What was drawn as `SpikingClassifier` takes it, in seconds and steps; of the loss and the engine their own fields."""
    estimator = make(**params)
    names = set(params) & set(estimator.get_params(deep=False))
    on_grid = {"loss", "engine", "weight_mean", "weight_std"} if "steps" in params else set()
    found: Dict[str, Any] = {}
    for name in sorted(names | on_grid):
        value = getattr(estimator, name)
        if name == "loss":
            found.update((f"loss.{part}", number) for part, number in vars(value).items())
        elif name == "engine":
            found.update({"engine.steps": value.steps, "engine.time_step": value.time_step})
        else:
            found[name] = value
    return found


def run(options: argparse.Namespace) -> None:
    """Searches on the published sets and writes the folder ``options.out``; the last line says the test accuracy."""
    # Imported before the search, so that what is missing is missed at once.
    from .. import plot
    from .._search.search import search

    with grammar.judged():
        engine = on_steps(options.engine, options.steps)
        _must_tell(options.objective, engine)
    folder.begin(options.out, "search")
    storage = os.path.join(options.out, folder.TRIALS) if options.storage is None else options.storage
    if options.resume and "://" not in storage and not os.path.exists(storage):
        print(f"nothing to go on from in {storage}; searching from the start", file=sys.stderr)
    if not options.resume and options.storage is None:
        folder.clear(options.out, "search")
    X, y = datasets.yin_yang(options.samples, seed=42)
    validation = datasets.yin_yang(1000, seed=41)
    going_on = "the same command goes on" if options.storage is not None else "--resume goes on"
    objectives = tuple(options.objective.split("-"))
    print(
        f"Yin-Yang, engine {options.engine}, {options.trials} trials of at most {options.epochs} epochs, "
        f"objective {options.objective}",
        flush=True,
    )
    if options.jobs is None and options.ray is None and options.dask is None:
        # What is drawn hangs on it, so best.json tells it.
        options.jobs = _core.thread_count()
    kept = () if options.storage is not None else (folder.TRIALS, f"{folder.TRIALS}-journal")
    make = Maker(options.engine, options.epochs)
    try:
        with _executor(options) as executor:
            found = search(
                X,
                y,
                space(options.engine, options.steps, options.hidden),
                estimator=make,
                validation=validation,
                n_trials=options.trials,
                objectives=objectives,
                last_epochs=LAST_EPOCHS,
                seed=options.seed,
                storage=storage,
                verbose=True,
                n_jobs=-1 if options.jobs is None else options.jobs,
                executor=executor,
                timeout=options.timeout,
            )
    except KeyboardInterrupt as interrupt:
        # Without the attribute it came before the first trial.
        partial = getattr(interrupt, "result", None)
        if partial is not None and partial.trials:
            folder.clear(options.out, "search", but=kept)
            _write_trials(options.out, partial, make)
            print(
                f"\nstopped after {len(partial.trials)} trials; they are in {options.out}; {going_on}", file=sys.stderr
            )
        raise
    folder.clear(options.out, "search", but=kept)
    _write_trials(options.out, found, make)
    best = found.best_trial
    params = reported(make, best["params"])
    picture = _write_picture(options, plot, found)
    winner = found.refit(X, y, validation=validation)
    folder.save_model(winner.network_, options.out)
    # Nothing was chosen by the test set: it is looked at here, once.
    test = winner.score(*datasets.yin_yang(1000, seed=40))
    settings = ("engine", "epochs", "hidden", "jobs", "objective", "samples", "seed", "steps", "timeout", "trials")
    content = {
        "spinnprop": __version__,
        "data": "yin-yang",
        "settings": {name: getattr(options, name) for name in settings},
        "trial": best["number"],
        "params": params,
        "units": {name: UNITS[name] for name in params if name in UNITS},
        "fixed": {"epochs": options.epochs, "rescale": False},
        "accuracy": {"validation": best["accuracy"], "test": test},
        "costs": {name: best[name] for name in objectives[1:]},
    }
    write_json(os.path.join(options.out, "best.json"), content)
    report.write(options.out, f"Search on Yin-Yang, engine {options.engine}, objective {options.objective}", [
        ("Best trial", [report.values(content)]),
        ("Trials", [picture, report.rows([_row(trial, make) for trial in found.trials])]),
        ("Network of the best trial", [winner.network_._repr_html_()]),
    ])  # fmt: skip

    states = [trial["state"] for trial in found.trials]
    print(", ".join(f"{states.count(state)} trials {state}" for state in ("complete", "pruned", "failed")))
    if len(objectives) > 1:
        estimated = ", estimated on an emulated chip" * (objectives[1] != "spikes")
        print(f"Pareto front of {len(found.pareto)} trials, accuracy against {objectives[1]}{estimated}:")
        for trial in found.pareto:
            print(f"  trial {trial['number']}: {percent(trial['accuracy'])}, {trial[objectives[1]]:.4g}")
    print(f"best trial {best['number']}:")
    for name, value in params.items():
        print(f"  {name} {value!r} {UNITS.get(name, '')}".rstrip())
    epochs = min(LAST_EPOCHS, options.epochs)
    print(f"validation accuracy {percent(best['accuracy'])}, mean of the last {epochs} epochs")
    print(f"results in {options.out}")
    print(f"test accuracy {percent(test)}")


@contextlib.contextmanager
def _executor(options: argparse.Namespace) -> Iterator[Optional[Executor]]:
    """Where trials are trained, if not here."""
    if options.ray is None and options.dask is None:
        yield None
        return
    executor: Any = executors.ray(options.ray) if options.ray is not None else executors.dask(options.dask)
    try:
        yield executor
    finally:
        # What runs there after Ctrl-C is not waited for.
        executor.shutdown(wait=False)


def _must_tell(objective: str, engine: Any) -> None:
    """Raises unless the engine can tell the cost."""
    from .._search.costs import estimates

    _, _, cost = objective.partition("-")
    if cost not in ("", "spikes") and not estimates(engine):
        raise ValueError(
            f"--objective is {objective}, but engine {engine.name} does not estimate the {cost} of a sample; "
            "give --engine clock or spinnaker2"
        )


def _write_trials(out: str, found: Any, make: Maker) -> None:
    """One row per trial; what is not known is left empty."""
    trials = found.trials
    settings = [reported(make, trial["params"]) for trial in trials]
    names = sorted({name for setting in settings for name in setting})
    front = {trial["number"] for trial in found.pareto}
    rows: List[List[Any]] = []
    for trial, setting in zip(trials, settings):
        scores = [trial[name] for name in (*found.objectives, "seconds")]
        accuracy_and_costs = ["" if math.isnan(score) else repr(float(score)) for score in scores]
        rows.append(
            [trial["number"], trial["state"], *accuracy_and_costs[:-1], int(trial["number"] in front)]
            + [trial["epochs"], accuracy_and_costs[-1]]
            + [setting.get(name, "") for name in names]
            + [trial["error"] or ""]
        )
    header = ["trial", "state", *found.objectives, "on_front", "epochs", "seconds", *names, "error"]
    write_table(os.path.join(out, "trials.csv"), header, rows)


def _row(trial: Dict[str, Any], make: Maker) -> Dict[str, Any]:
    """A trial with its settings beside its scores."""
    scores = {name: value for name, value in trial.items() if name not in ("params", "drawn")}
    return {**scores, **reported(make, trial["params"])}


def _write_picture(options: argparse.Namespace, plot: Any, found: Any) -> str:
    name, draw = ("history", plot.search_history) if len(found.objectives) == 1 else ("pareto", plot.pareto_front)
    return report.picture(save_picture(options, name, lambda figure: draw(found, ax=figure.add_subplot())), name)
