"""What a trained network costs: the objectives a search weighs against accuracy or R2."""

from __future__ import annotations

import copy
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Type, Union

from .. import spinnaker2
from .._engines.base import BaseEngine
from .._engines.clock import ClockEngine
from .._estimators.base import SpikingEstimator
from .._estimators.regressor import SpikingRegressor
from .._support import checks
from .result import ACCURACY, R2, SCORES

Cost = Callable[[SpikingEstimator], float]
EngineOrKind = Union[BaseEngine, Type[BaseEngine]]

#: Joules and seconds of a sample run forward, which engines with an emulated chip estimate.
_ESTIMATES = ("energy", "time")
#: Samples that the chip of a twin is estimated with: some hundred are several for each copy of the network.
_ESTIMATE_SAMPLES = 512


def _spikes(estimator: SpikingEstimator) -> float:
    """Spikes per training sample, hidden and output, in the last epoch."""
    return float(estimator.report_["hidden_spikes"] + estimator.report_["output_spikes"])


def _estimated(estimator: SpikingEstimator, X: Any) -> Mapping[str, float]:
    """What a sample is estimated to take on the chip: the report's word where training ran on one, else from a run of samples."""
    if all(name in estimator.report_ for name in _ESTIMATES):
        return estimator.report_
    chip = _chip(estimator.engine_, estimator._of_batch)
    few = X[: min(_ESTIMATE_SAMPLES, estimator._at_once)]
    estimator.network_.forward(estimator._encode(few), engine=chip, max_spikes=estimator.max_spikes)
    return chip._report()


def _chip(engine: BaseEngine, batch_size: int) -> spinnaker2.Engine:
    """An emulated chip with the same grid and an account of its own, laid out for batches of this size."""
    if isinstance(engine, spinnaker2.Engine):
        return copy.copy(engine)
    grid = engine._grid
    assert grid is not None
    return spinnaker2.Engine(time_step=grid.time_step, steps=grid.steps, decay=grid.decay, batch_size=batch_size)


def estimates(engine: EngineOrKind) -> bool:
    """Whether it can tell what a sample is estimated to take."""
    return issubclass(engine if isinstance(engine, type) else type(engine), (ClockEngine, spinnaker2.Engine))


def _must_estimate(engine: EngineOrKind, name: str) -> None:
    if not estimates(engine):
        raise ValueError(
            f"the engine {engine.name!r} does not estimate the {name} of a sample; take one that does, or give "
            f"costs={{{name!r}: a function of the fitted estimator}}"
        )


def named(objectives: Union[str, Sequence[str], None], estimator: Any) -> Tuple[str, ...]:
    """The names of the objectives: the score that an estimator can be judged by, then costs."""
    usual = R2 if isinstance(estimator, SpikingRegressor) else ACCURACY
    if objectives is None:
        return (usual,)
    names = (objectives,) if isinstance(objectives, str) else tuple(objectives)
    # What a callable makes is known when it has been made.
    scores = SCORES if callable(estimator) else (usual,)
    if not names or names[0] not in scores or len(set(names)) < len(names):
        of = "of a SpikingRegressor " if scores == (R2,) else ""
        raise ValueError(f"objectives is {checks.shown(objectives)}; {of}it must be {' or '.join(map(repr, scores))}, then costs if any")
    return names


def resolve(
    names: Sequence[str],
    costs: Optional[Mapping[str, Cost]],
    engines: Sequence[EngineOrKind],
    X: Any,
) -> Callable[[SpikingEstimator], List[float]]:
    """A function that gives all objectives but the first, which is the score.

    Engines that are known beforehand are asked at once whether they can tell the costs, not after the first training. X are
    samples to estimate with.
    """
    functions: Dict[str, Cost] = {"spikes": _spikes, **(costs or {})}
    for name in names[1:]:
        if name in functions:
            if not callable(functions[name]):
                raise TypeError(f"costs[{name!r}] is {checks.shown(functions[name])}; it must be callable")
        elif name in _ESTIMATES:
            for engine in engines:
                _must_estimate(engine, name)
        else:
            known = ", ".join(dict.fromkeys((names[0], *functions, *_ESTIMATES)))
            raise ValueError(f"objectives has {name!r}; there are {known}, and what costs= names")

    return Costs(names[1:], functions, X)


class Costs:
    """From a fitted estimator to its costs; a class, so that it can be sent to other processes."""

    def __init__(self, names: Sequence[str], functions: Mapping[str, Cost], X: Any) -> None:
        self._functions = {name: functions.get(name) for name in names}
        self._X = X

    def __call__(self, estimator: SpikingEstimator) -> List[float]:
        estimated = [name for name, function in self._functions.items() if function is None]
        if estimated:
            _must_estimate(estimator.engine_, estimated[0])
        known = _estimated(estimator, self._X) if estimated else {}
        return [
            known[name] if function is None else _number(function(estimator), name) for name, function in self._functions.items()
        ]


def _number(value: Any, name: str) -> float:
    """Of any type that is one: tensors too."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"costs[{name!r}] has given {checks.shown(value)}; it must return a number") from None
