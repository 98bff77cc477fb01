"""Training options as the core wants them: words, and learning rates of layers and kinds of parameters."""

from __future__ import annotations

from functools import partial
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Union

import numpy as np

from .. import _core
from . import checks

OPTIMIZERS: Dict[Optional[str], int] = {
    "sgd": _core.OPTIMIZER_SGD,
    "adam": _core.OPTIMIZER_ADAM,
    "adamw": _core.OPTIMIZER_ADAMW,
}
DELAY_PARAMETERS: Dict[Optional[str], int] = {
    "clip": _core.DELAY_PARAMETER_CLIP,
    "sigmoid": _core.DELAY_PARAMETER_SIGMOID,
}
TRAINED: Dict[str, int] = {
    "weights": _core.TRAIN_WEIGHTS,
    "delays": _core.TRAIN_DELAYS,
    "tau_mem": _core.TRAIN_TAU_MEM,
    "tau_syn": _core.TRAIN_TAU_SYN,
    "threshold": _core.TRAIN_THRESHOLD,
    "reset": _core.TRAIN_RESET,
    "drive": _core.TRAIN_DRIVE,
}
#: The neuron parameters among them.
NEURONS = tuple(name for name in TRAINED if name not in ("weights", "delays"))
SCHEDULES: Dict[Optional[str], int] = {
    "constant": _core.SCHEDULE_CONSTANT,
    "step": _core.SCHEDULE_STEP,
    "exponential": _core.SCHEDULE_EXPONENTIAL,
    "smooth": _core.SCHEDULE_SMOOTH,
}


#: One learning rate, or one for each layer.
Rates = Union[float, Sequence[float]]


def trained_kinds(value: Any) -> List[str]:
    """What is trained, by names."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(f"train is {value!r}; it must be a list of names, as ['weights', 'tau_mem'], or None")
    names = list(value)
    for n, name in enumerate(names):
        if not isinstance(name, str) or name not in TRAINED:
            raise ValueError(f"element {n} of train is {name!r}; it must be one of {', '.join(map(repr, TRAINED))}")
    if not names:
        raise ValueError("train is empty; name what is to be trained, as ['weights'], or give None")
    return names


def layer_rates(value: Any, name: str, n_layers: int, field: Optional[str] = None) -> List[float]:
    """A learning rate for each layer."""
    own = partial(checks.option, of=_core.DOMAINS_TRAINING, field=field or name)
    if not isinstance(value, (list, tuple, np.ndarray)) or np.ndim(value) == 0:
        return [own(value, name)] * n_layers
    if len(value) != n_layers:
        raise ValueError(f"{name} has {len(value)} elements; give one number, or one for each of {n_layers} layers")
    return [own(rate, f"{name}[{n}]") for n, rate in enumerate(value)]


def neuron_rates(value: Any, n_layers: int, trained: Iterable[str]) -> Dict[str, List[float]]:
    """Learning rates of each kind of neuron parameter that is trained."""
    own = [kind for kind in NEURONS if kind in trained]
    if not isinstance(value, Mapping):
        return dict.fromkeys(own, layer_rates(value, "neuron_learning_rate", n_layers))
    for kind in value:
        if kind not in own:
            raise ValueError(f"neuron_learning_rate names {kind!r}, which train does not; name it there, too, or leave it out")
    return {
        kind: layer_rates(rates, f"neuron_learning_rate[{kind!r}]", n_layers, "neuron_learning_rate")
        for kind, rates in value.items()
    }


def delay_init_fields(value: Any) -> Dict[str, Any]:
    """The core's fields of a pair (mean, std)."""
    parts = checks.pair(value, "delay_init", "(mean, std)")
    fields = ("delay_init_mean", "delay_init_std")
    numbers = (
        checks.option(part, f"delay_init[{n}]", _core.DOMAINS_TRAINING, field)
        for n, (part, field) in enumerate(zip(parts, fields))
    )
    return {"delay_init": 1, **dict(zip(fields, numbers))}
