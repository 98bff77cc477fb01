"""What a trained network costs: the objectives a search weighs against accuracy."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Type, Union

from . import _checks, _engines
from ._estimator import SpikingClassifier

Cost = Callable[[SpikingClassifier], float]
EngineOrKind = Union[_engines.Engine, Type[_engines.Engine]]


def _spikes(estimator: SpikingClassifier) -> float:
    """Per training sample, hidden and output, in the last epoch."""
    return float(estimator.report_["hidden_spikes"] + estimator.report_["output_spikes"])


def _estimate(name: str) -> Cost:
    """What the engine estimates a sample to cost, as the report says."""

    def cost(estimator: SpikingClassifier) -> float:
        _must_estimate(_engines.resolve(estimator.engine), name)
        return float(estimator.report_[name])

    return cost


def _must_estimate(engine: EngineOrKind, name: str) -> None:
    if name not in engine._estimates:
        raise ValueError(
            f"the engine {engine.name!r} does not estimate the {name} of a sample; take one that does, or give "
            f"costs={{{name!r}: a function of the fitted estimator}}"
        )


#: Costs that the reports of some engines tell: joules and seconds.
_ESTIMATES = ("energy", "time")
_COSTS: Dict[str, Cost] = {"spikes": _spikes, **{name: _estimate(name) for name in _ESTIMATES}}


def resolve(
    objectives: Union[str, Sequence[str]], costs: Optional[Mapping[str, Cost]], engines: Sequence[EngineOrKind]
) -> Tuple[Tuple[str, ...], List[Cost]]:
    """The names of the objectives, and the functions of all but the first, which is the accuracy.

    Engines that are known beforehand are asked at once whether they can tell the costs, not after the first training.
    """
    names = (objectives,) if isinstance(objectives, str) else tuple(objectives)
    known: Dict[Any, Any] = {**_COSTS, **(costs or {})}
    if not names or names[0] != "accuracy" or len(set(names)) < len(names):
        raise ValueError(f"objectives is {_checks._shown(objectives)}; it must be 'accuracy', then costs if any")
    for name in names[1:]:
        if name not in known:
            raise ValueError(f"objectives has {name!r}; there are accuracy, {', '.join(known)}, and what costs= names")
        if not callable(known[name]):
            raise TypeError(f"costs[{name!r}] is {_checks._shown(known[name])}; it must be callable")
        if name in _ESTIMATES and name not in (costs or {}):
            for engine in engines:
                _must_estimate(engine, name)
    return names, [known[name] for name in names[1:]]
