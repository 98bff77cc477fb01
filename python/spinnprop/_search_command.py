"""``spinnprop search``: parameters for a data set, from trials to a trained winner."""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import sys
from typing import Any, Dict

from . import datasets
from ._engines import ClockEngine
from ._files import save
from ._library import __version__
from ._space import Build, LogUniform, Uniform
from ._train_command import _accuracy, _percent
from .losses import StepTTFSCrossEntropy, TTFSCrossEntropy

#: Validation accuracy swings from epoch to epoch: trials are judged by the mean of so many last ones.
LAST_EPOCHS = 5


def space(engine: str) -> Dict[str, Any]:
    """What is searched on an engine."""
    common: Dict[str, Any] = {
        "hidden": LogUniform(20, 300),
        "batch_size": LogUniform(16, 256),
        "learning_rate": LogUniform(1e-3, 5e-2),
        "schedule_gamma": Uniform(0.9, 1.0),
        # Only ratios of times matter, so tau_syn stays as it is. For twice and four times of it, threshold crossings have
        # closed forms, with which exact training is several times faster.
        "tau_mem": [10e-3, 20e-3],
    }
    if engine == "event":
        common["t_late"] = LogUniform(10e-3, 60e-3)
        common["loss"] = Build(TTFSCrossEntropy, tau0=LogUniform(1e-4, 5e-3), alpha=Uniform(0.0, 1e-2))
    elif engine == "clock":
        # The encoding rounds to steps: few of them let classes share cells.
        common["engine"] = Build(ClockEngine, steps=LogUniform(27, 108))
        common["loss"] = Build(StepTTFSCrossEntropy, xi=LogUniform(0.3, 6.0), alpha=Uniform(0.0, 3e-2))
    return common


def search_yin_yang(options: argparse.Namespace) -> None:
    """Searches on the published sets and writes the folder ``options.out``; the last line says the test accuracy."""
    # Imported before the search, so that what is missing is missed at once.
    from . import plot
    from ._estimator import SpikingClassifier
    from ._search import search

    os.makedirs(options.out, exist_ok=True)
    X, y = datasets.yin_yang(options.samples, seed=42)
    validation = datasets.yin_yang(1000, seed=41)
    objectives = tuple(options.objective.split("-"))
    print(
        f"Yin-Yang, engine {options.engine}, {options.trials} trials of at most {options.epochs} epochs, "
        f"objective {options.objective}",
        flush=True,
    )
    try:
        found = search(
            X,
            y,
            space(options.engine),
            estimator=SpikingClassifier(engine=options.engine, epochs=options.epochs, rescale=False),
            validation=validation,
            n_trials=options.trials,
            objectives=objectives,
            last_epochs=LAST_EPOCHS,
            seed=options.seed,
            storage=options.storage,
            verbose=sys.stderr.isatty(),
        )
    except KeyboardInterrupt as interrupt:
        # Without the attribute it came before the first trial.
        partial = getattr(interrupt, "result", None)
        if partial is not None and partial.trials:
            _write_trials(options.out, partial)
            print(f"\nstopped after {len(partial.trials)} trials; they are in {options.out}", file=sys.stderr)
        raise
    _write_trials(options.out, found)
    best = found.best_trial
    _write_picture(options.out, plot, found)
    winner = found.refit(X, y, validation=validation)
    save(winner.network_, os.path.join(options.out, "model.safetensors"))
    # Nothing was chosen by the test set: it is looked at here, once.
    test = _accuracy(winner, *datasets.yin_yang(1000, seed=40))
    settings = ("engine", "epochs", "objective", "samples", "seed", "trials")
    with open(os.path.join(options.out, "best.json"), "w", encoding="utf-8") as file:
        json.dump(
            {
                "spinnprop": __version__,
                "data": "yin-yang",
                "settings": {name: getattr(options, name) for name in settings},
                "trial": best["number"],
                "params": best["drawn"],
                "accuracy": {"validation": best["accuracy"], "test": test},
                "costs": {name: best[name] for name in objectives[1:]},
            },
            file,
            indent=2,
        )
        file.write("\n")

    states = [trial["state"] for trial in found.trials]
    print(", ".join(f"{states.count(state)} trials {state}" for state in ("complete", "pruned", "failed")))
    if len(objectives) > 1:
        estimated = ", estimated on an emulated chip" * (objectives[1] != "spikes")
        print(f"Pareto front of {len(found.pareto)} trials, accuracy against {objectives[1]}{estimated}:")
        for trial in found.pareto:
            print(f"  trial {trial['number']}: {_percent(trial['accuracy'])}, {trial[objectives[1]]:.4g}")
    print(f"best trial {best['number']}:")
    for name, value in best["drawn"].items():
        print(f"  {name} {value if isinstance(value, (int, str)) else format(value, '.4g')}")
    epochs = min(LAST_EPOCHS, options.epochs)
    print(f"validation accuracy {_percent(best['accuracy'])}, mean of the last {epochs} epochs")
    print(f"results in {options.out}")
    print(f"test accuracy {_percent(test)}")


def _write_trials(folder: str, found: Any) -> None:
    """One row per trial; what is not known is left empty."""
    trials = found.trials
    names = sorted({name for trial in trials for name in trial["drawn"]})
    front = {trial["number"] for trial in found.pareto}
    with open(os.path.join(folder, "trials.csv"), "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["trial", "state", *found.objectives, "on_front", "epochs", "seconds", *names, "error"])
        for trial in trials:
            scores = [trial[name] for name in (*found.objectives, "seconds")]
            accuracy_and_costs = ["" if math.isnan(score) else repr(float(score)) for score in scores]
            writer.writerow(
                [trial["number"], trial["state"], *accuracy_and_costs[:-1], int(trial["number"] in front)]
                + [trial["epochs"], accuracy_and_costs[-1]]
                + [trial["drawn"].get(name, "") for name in names]
                + [trial["error"] or ""]
            )


def _write_picture(folder: str, plot: Any, found: Any) -> None:
    from matplotlib.figure import Figure

    name, draw = ("history", plot.search_history) if len(found.objectives) == 1 else ("pareto", plot.pareto_front)
    figure: Any = Figure(figsize=(6, 5), layout="constrained")
    draw(found, ax=figure.add_subplot())
    figure.savefig(os.path.join(folder, f"{name}.png"), dpi=120)
