"""What draws the trials of a search, and the positions it draws for.

A search of n trials has the positions 0 .. n - 1. Each is held by one trial that runs or has ended by itself; that of a trial which
failed is free again. So a search that was interrupted draws what it would have drawn, and of processes that share a
study no two draw the same.
"""

from __future__ import annotations

from itertools import count
from typing import Any, Dict, Iterator, Optional

import numpy as np

from .._support import checks

#: Under this name a trial keeps its position.
POSITION = "spinnprop position"


def held(study: Any, but: Optional[int] = None, silent: bool = True) -> Dict[int, Any]:
    """The trials that hold a position, by position; without the one of number `but`.

    With `silent`, trials that have not written their position down yet count as having the first that are free when all others have theirs.
    """
    from optuna.trial import TrialState

    states = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)
    trials = study.get_trials(deepcopy=False, states=states)
    others = sorted((trial for trial in trials if trial.number != but), key=lambda trial: trial.number)
    found: Dict[int, Any] = {}
    for trial in others:
        if POSITION in trial.user_attrs:
            found.setdefault(trial.user_attrs[POSITION], trial)
    unknown = [trial for trial in others if POSITION not in trial.user_attrs] if silent else []
    for position, trial in zip(_free(found), unknown):
        found[position] = trial
    return found


def must_be_positions(study: Any) -> None:
    """Raises ValueError unless trials hold positions that they can have taken: the first that was free, which no other that has ended has."""
    from optuna.trial import TrialState

    trials = study.get_trials(deepcopy=False)
    ended: Dict[int, int] = {}
    for trial in trials:
        if POSITION not in trial.user_attrs or trial.state == TrialState.FAIL:
            continue
        position = trial.user_attrs[POSITION]
        if type(position) is not int or not 0 <= position < len(trials):
            raise ValueError(f"trial {trial.number} has the position {checks.shown(position)}; of {len(trials)} trials it must be 0 to {len(trials) - 1}")
        # Two that run may have the same for a moment, until one gives way.
        if trial.state != TrialState.RUNNING and ended.setdefault(position, trial.number) != trial.number:
            raise ValueError(f"the trials {ended[position]} and {trial.number} have the same position {position}")


def _free(found: Dict[int, Any]) -> Iterator[int]:
    """Positions that no trial holds, the first ones first."""
    return (position for position in count() if position not in found)


def make(study: Any, seed: int) -> Any:
    """Optuna's tree-structured Parzen estimator for one trial, with a stream of random numbers that belongs to the trial's position."""
    from optuna.samplers import BaseSampler, TPESampler

    class Positioned(BaseSampler):
        """Its `position` is that of the trial it was asked for."""

        def before_trial(self, shown: Any, trial: Any) -> None:
            # A pruner may show the sampler only some of the study's trials.
            self.position = next(_free(held(study, but=trial.number)))
            stream = np.random.SeedSequence([seed, self.position]).generate_state(1)[0]
            # Trials that others run count as bad ones until they have ended, so that not all search at one place.
            self._own = TPESampler(seed=int(stream), constant_liar=True)
            self._own.before_trial(shown, trial)

        def infer_relative_search_space(self, *arguments: Any) -> Any:
            return self._own.infer_relative_search_space(*arguments)

        def sample_relative(self, *arguments: Any) -> Any:
            return self._own.sample_relative(*arguments)

        def sample_independent(self, *arguments: Any) -> Any:
            return self._own.sample_independent(*arguments)

    return Positioned()
