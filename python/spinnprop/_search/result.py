"""What a search has found: its trials, the best of them, the front."""

from __future__ import annotations

import math
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from .._core import SpinnpropError
from .._estimators.spiking import SpikingClassifier
from .._support import checks, tables
from . import space as spaces

#: Under this name a trial, and a study, keeps what Optuna has no place for.
NOTES = "spinnprop"


class SearchResult:
    """What a search found so far. See `search`.

    Attributes
    ----------
    objectives : tuple of str
    study : optuna.Study
    trials : list of dict
    best_trial, best_params, best_score
    pareto : list of dict
    """

    def __init__(
        self, study: Any, space: Mapping[str, Any], make: Callable[..., Any], objectives: Sequence[str]
    ) -> None:
        self.study = study
        self.objectives = tuple(objectives)
        self._space = dict(space)
        self._make = make

    @property
    def trials(self) -> List[Dict[str, Any]]:
        """One dict per trial, in order: those that were interrupted are left out.

        Keys: number, state ("complete", "pruned" or "failed"), params (as `SpikingClassifier` takes them), drawn (the
        numbers and choices behind them, ``"loss.tau0"`` for a part of a built object), one per objective (NaN where not
        known; the accuracy of a pruned trial is its last), epochs, seconds, error (why a trial failed; otherwise None).
        """
        return [self._record(trial) for trial in counted(self.study)]

    @property
    def pareto(self) -> List[Dict[str, Any]]:
        """The complete trials that no other beats in one objective without being worse in another.

        Dicts as in `trials`, the best accuracy last.
        """
        found = [self._record(trial) for trial in self.study.best_trials]
        return sorted(found, key=lambda trial: ([trial[name] for name in self.objectives], -trial["number"]))

    @property
    def best_trial(self) -> Dict[str, Any]:
        """The complete trial of the best accuracy; of equals the cheapest, then the first.

        Raises
        ------
        SpinnpropError
            If no trial is complete.
        """
        complete = [trial for trial in self.trials if trial["state"] == "complete"]
        if not complete:
            raise SpinnpropError(f"none of {len(self.trials)} trials is complete{self._reason()}")
        costs = self.objectives[1:]
        return min(complete, key=lambda trial: (-trial["accuracy"], [trial[name] for name in costs], trial["number"]))

    @property
    def best_params(self) -> Dict[str, Any]:
        """The parameters of the best trial, as `SpikingClassifier` takes them."""
        params: Dict[str, Any] = self.best_trial["params"]
        return params

    @property
    def best_score(self) -> float:
        """The validation accuracy of the best trial."""
        return float(self.best_trial["accuracy"])

    def estimator(self, number: Optional[int] = None) -> SpikingClassifier:
        """An estimator with the parameters of a trial, not fitted yet; None: of the best trial."""
        if number is None:
            return made(self._make, self.best_params)
        known = {trial["number"]: trial for trial in self.trials}
        if number not in known:
            raise ValueError(f"number is {number!r}; there are the trials {sorted(known)}")
        return made(self._make, known[number]["params"])

    def refit(
        self, X: Any, y: Any, number: Optional[int] = None, validation: Optional[Tuple[Any, Any]] = None
    ) -> SpikingClassifier:
        """Fits an estimator with the parameters of a trial (None: of the best trial) to all of X and y."""
        estimator: SpikingClassifier = self.estimator(number).fit(X, y, validation)
        return estimator

    def __repr__(self) -> str:
        states = [trial["state"] for trial in self.trials]
        counts = ", ".join(f"{states.count(state)} {state}" for state in ("complete", "pruned", "failed"))
        best = f", best accuracy {self.best_score:.3f}" if "complete" in states else ""
        return f"<SearchResult {counts}{best}>"

    def _repr_html_(self) -> str:
        trials = counted(self.study)
        complete = [trial for trial in trials if trial.state.name == "COMPLETE"]
        best = sorted(complete, key=lambda trial: (-trial.values[0], trial.number))[: tables.ROWS]
        drawn = sorted({name for trial in best for name in trial.params})
        rows = [
            (trial.number, *map(tables.number, trial.values), *(checks.shown(trial.params.get(name, "")) for name in drawn)) for trial in best
        ]
        return tables.page(
            f"SearchResult, {len(complete)} of {len(trials)} trials complete, the most accurate first",
            tables.grid(["trial", *self.objectives, *drawn], rows, len(complete)),
        )

    def _record(self, trial: Any) -> Dict[str, Any]:
        from optuna.trial import FixedTrial

        notes = trial.user_attrs.get(NOTES, {})
        complete = trial.state.name == "COMPLETE"
        scores = trial.values if complete else [notes.get("accuracy")] + [None] * (len(self.objectives) - 1)
        return {
            "number": trial.number,
            "state": "complete" if complete else "failed" if notes.get("error") else "pruned",
            "params": spaces.draw(FixedTrial(trial.params), self._space),
            "drawn": dict(trial.params),
            **{name: math.nan if value is None else value for name, value in zip(self.objectives, scores)},
            "epochs": notes.get("epochs", 0),
            "seconds": notes.get("seconds", math.nan),
            "error": notes.get("error"),
        }

    def _reason(self) -> str:
        errors = [trial["error"] for trial in self.trials if trial["error"]]
        return f"; the last failed: {errors[-1]}" if errors else ""


def must_be_sound(result: SearchResult, name: str) -> None:
    """Raises unless all that a storage holds of trials that have ended can be read."""
    try:
        if len(result.study.directions) != len(result.objectives):
            raise ValueError(f"it has {len(result.study.directions)} objectives and was made with {len(result.objectives)}")
        for trial in counted(result.study):
            values = trial.values if trial.state.name == "COMPLETE" else [0.0] * len(result.objectives)
            if not isinstance(values, list) or len(values) != len(result.objectives) or not all(isinstance(value, float) for value in values):
                raise ValueError(f"trial {trial.number} has the values {checks.shown(values)}")
            result._record(trial)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        reason = f"{type(error).__name__} {error}" if isinstance(error, LookupError) else str(error)
        raise SpinnpropError(f"the study {name!r} is damaged: {reason}; take another name or storage") from error


def counted(study: Any) -> List[Any]:
    """The trials that have ended by themselves."""
    from optuna.trial import TrialState

    trials: List[Any] = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
    return trials


def made(make: Callable[..., Any], params: Mapping[str, Any]) -> SpikingClassifier:
    estimator = make(**params)
    if not isinstance(estimator, SpikingClassifier):
        raise TypeError(f"estimator made {checks.shown(estimator)}; it must make a SpikingClassifier")
    return estimator
