"""What a search has found: its trials, the best of them, the front."""

from __future__ import annotations

import math
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from .._core import SpinnpropError
from .._estimators.base import SpikingEstimator
from .._estimators.regressor import SpikingRegressor
from .._estimators.spiking import SpikingClassifier
from .._support import checks, tables
from . import sampler
from . import space as spaces

#: Under this name a trial, and a study, keeps what Optuna has no place for.
NOTES = "spinnprop"
#: What a trial is judged by, on the validation set: of classifiers and of regressors.
ACCURACY, R2 = SCORES = ("accuracy", "r2")


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

        Keys: number, state ("complete", "pruned" or "failed"), params (as the estimator takes them), drawn (the
        numbers and choices behind them, ``"loss.tau0"`` for a part of a built object), one per objective (NaN where not
        known; the accuracy of a pruned trial is its last), epochs, seconds, error (why a trial failed; otherwise None).
        """
        return [self._record(trial) for trial in counted(self.study)]

    @property
    def pareto(self) -> List[Dict[str, Any]]:
        """The complete trials that no other beats in one objective without being worse in another.

        Dicts as in `trials`, the best score last.
        """
        found = [self._record(trial) for trial in self.study.best_trials]
        return sorted(found, key=lambda trial: ([trial[name] for name in self.objectives], -trial["number"]))

    @property
    def best_trial(self) -> Dict[str, Any]:
        """The complete trial of the best score; of equals the cheapest, then the first.

        Raises
        ------
        SpinnpropError
            If no trial is complete.
        """
        complete = [trial for trial in self.trials if trial["state"] == "complete"]
        if not complete:
            raise SpinnpropError(f"none of {len(self.trials)} trials is complete{self._reason()}")
        score, *costs = self.objectives
        return min(complete, key=lambda trial: (-trial[score], [trial[name] for name in costs], trial["number"]))

    @property
    def best_params(self) -> Dict[str, Any]:
        """The parameters of the best trial, as the estimator takes them."""
        params: Dict[str, Any] = self.best_trial["params"]
        return params

    @property
    def best_score(self) -> float:
        """The validation accuracy of the best trial, of a regressor R2."""
        return float(self.best_trial[self.objectives[0]])

    def estimator(self, number: Optional[int] = None) -> Any:
        """An estimator with the parameters of a trial, not fitted yet; None: of the best trial."""
        if number is None:
            return made(self._make, self.best_params, self.objectives[0])
        known = {trial["number"]: trial for trial in self.trials}
        if number not in known:
            raise ValueError(f"number is {number!r}; there are the trials {sorted(known)}")
        return made(self._make, known[number]["params"], self.objectives[0])

    def refit(
        self, X: Any, y: Any, number: Optional[int] = None, validation: Optional[Tuple[Any, Any]] = None
    ) -> Any:
        """Fits an estimator with the parameters of a trial (None: of the best trial) to all of X and y."""
        return self.estimator(number).fit(X, y, validation)

    def __repr__(self) -> str:
        states = [trial["state"] for trial in self.trials]
        counts = ", ".join(f"{states.count(state)} {state}" for state in ("complete", "pruned", "failed"))
        best = f", best {self.objectives[0]} {self.best_score:.3f}" if "complete" in states else ""
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
            f"SearchResult, {len(complete)} of {len(trials)} trials complete, the best first",
            tables.grid(["trial", *self.objectives, *drawn], rows, len(complete)),
        )

    def _record(self, trial: Any) -> Dict[str, Any]:
        notes = trial.user_attrs.get(NOTES, {})
        complete = trial.state.name == "COMPLETE"
        scores = trial.values if complete else [notes.get("score")] + [None] * (len(self.objectives) - 1)
        return {
            "number": trial.number,
            "state": "complete" if complete else "failed" if notes.get("error") else "pruned",
            "params": spaces.draw(spaces.Drawn(trial.params), self._space),
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
    """Raises unless what a storage holds of a study can be read, and a search can have written it."""
    try:
        searched, wanted = ([direction.name for direction in found] for found in (result.study.directions, directions(len(result.objectives))))
        if searched != wanted:
            raise ValueError(f"its directions are {searched}, of the objectives {list(result.objectives)} they are {wanted}")
        for trial in counted(result.study):
            values = trial.values if trial.state.name == "COMPLETE" else [0.0] * len(result.objectives)
            if not isinstance(values, list) or len(values) != len(result.objectives) or not all(isinstance(value, float) for value in values):
                raise ValueError(f"trial {trial.number} has the values {checks.shown(values)}")
            try:
                must_be_values(result.objectives, values)
                result._record(trial)
            except ValueError as error:
                raise ValueError(f"of trial {trial.number} {error}") from error
        sampler.must_be_positions(result.study)
    except (ValueError, TypeError, LookupError, AttributeError, AssertionError) as error:
        # Optuna asserts without a word what its tables must hold.
        reason = f"{type(error).__name__} {error}" if isinstance(error, LookupError) else str(error) or "Optuna cannot read the values of its trials"
        raise SpinnpropError(f"the study {name!r} is damaged: {reason}; take another name or storage") from error


def directions(n_objectives: int) -> List[Any]:
    """Optuna's words for more of the score and less of each cost."""
    from optuna.study import StudyDirection

    return [StudyDirection.MAXIMIZE, *[StudyDirection.MINIMIZE] * (n_objectives - 1)]


def must_be_values(objectives: Sequence[str], values: Sequence[float]) -> None:
    """Raises ValueError for what no trial can be worth."""
    for name, value in zip(objectives, values):
        if not math.isfinite(value):
            raise ValueError(f"the objective {name!r} is {value}; it must be a finite number")
    score = values[0]
    if score > 1 or (objectives[0] == ACCURACY and score < 0):
        raise ValueError(f"the objective {objectives[0]!r} is {score}; it must be {'0 to 1' if objectives[0] == ACCURACY else 'at most 1'}")


def counted(study: Any) -> List[Any]:
    """The trials that have ended by themselves."""
    from optuna.trial import TrialState

    trials: List[Any] = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
    return trials


def made(make: Callable[..., Any], params: Mapping[str, Any], score: str) -> SpikingEstimator:
    """An estimator that can be judged by this score."""
    wanted = SpikingRegressor if score == R2 else SpikingClassifier
    estimator = make(**params)
    if not isinstance(estimator, wanted):
        raise TypeError(f"estimator made {checks.shown(estimator)}; by the objective {score!r} it must make a {wanted.__name__}")
    return estimator
