"""Yin-Yang on a grid of time steps: the setting that a search found."""

from __future__ import annotations

import math
from typing import Any, Dict, List, Sequence

from . import _engines
from .losses import StepTTFSCrossEntropy

#: With 52 steps 98.6 % of the 10,000 test samples can be told apart, with 27 97.4 %.
STEPS = 52
_INPUTS = 5


def _over_roots(numbers: Sequence[float], hidden: Sequence[int]) -> List[float]:
    """One number per layer in units of 1 / sqrt(number of senders), the last two for the first and the last layer."""
    first, last = numbers
    return [first / math.sqrt(_INPUTS), *(last / math.sqrt(senders) for senders in hidden)]


#: Parameters of `SpikingClassifier` on a grid, but for the initial weights. The estimator's defaults are tuned for the exact
#: engine; on a grid of time steps outputs fall silent with them, which no gradient repairs. With these, larger initial weights,
#: slower neurons and weight bumping keep them alive. Found in 150 trials of 25 epochs of 5-120-3 by `spinnprop.search`
#: (validation accuracy, mean of the last three epochs), and rounded. Five seeds, 5,000 samples, 100 epochs: 96.6 to 97.5 % of the
#: 10,000 test samples; 60,000 samples, 12 epochs: 96.3 to 97.9 %.
GRID: Dict[str, Any] = {
    "learning_rate": 6.7e-3,
    "schedule_gamma": 0.96,
    "batch_size": 32,
    "loss": StepTTFSCrossEntropy(xi=1.09, alpha=1.9e-3, beta=38.7),
    "tau_mem": 64e-3,
    "tau_syn": 19.8e-3,
    "bump": 1e-3,
    "clip_norm": 69.0,
}


def found(engine: str, hidden: Sequence[int]) -> Dict[str, Any]:
    """Parameters of `SpikingClassifier` for an engine by its name: its defaults for the exact engine, or `GRID`."""
    kind: Any = _engines._ENGINES[engine]
    if kind is _engines.EventEngine:
        return {"engine": engine}
    return {
        **GRID,
        "engine": kind(steps=STEPS),
        "weight_mean": _over_roots((1.37, 5.7), hidden),
        "weight_std": _over_roots((3.04, 1.6), hidden),
    }
