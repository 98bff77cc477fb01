"""Neurons of a drawn chip, as arguments of arrays."""

from __future__ import annotations

from functools import partial
from typing import Any, Callable, Dict

import numpy as np

from ....brainscales2 import Chip

#: Chips by name, each made from a seed, and what they are in words.
CHIPS: Dict[str, Callable[[int], Chip]] = {"ideal": Chip.ideal, "calibrated": Chip, "uncalibrated": partial(Chip, calibrated=False)}
WORDS = {
    "ideal": "neurons that do not differ",
    "calibrated": "neurons that differ as on a calibrated chip",
    "uncalibrated": "neurons that differ as on a chip before calibration",
}
#: What deviates as which circuit of a chip.
_DEVIATIONS = {"tau_mem": "tau_mem", "tau_syn_exc": "tau_syn", "tau_syn_inh": "tau_syn", "threshold": "threshold", "gain": "gain"}


def drawn(chip: str, seed: int, neurons: int, targets: Dict[str, float]) -> Dict[str, Any]:
    """What a chip's first neurons have that were meant to have `targets`."""
    own = CHIPS[chip](seed)
    found: Dict[str, Any] = {name: np.full(neurons, value) for name, value in targets.items()}
    for name, circuit in _DEVIATIONS.items():
        found[name] *= own.deviations(circuit)[:neurons]
    found["reset"] += own.deviations("reset")[:neurons] * found["threshold"]
    return found
