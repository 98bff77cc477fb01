"""``spinnprop reproduce brainscales2-robustness``: what imperfections of a chip cost, by how a network was trained, with and without delays."""

from __future__ import annotations

from typing import Dict, List, Tuple

from . import compared, pictures
from .runs import CHIPS, IDEAL, LOOP, Case
from .yin_yang import task

#: Samples and seed of each set.
SAMPLES: Dict[str, List[int]] = {"train": [3000, 42], "test": [2000, 43]}
#: What is swept: statistics of chips that go together, and their values.
SWEEPS: Dict[str, Tuple[Tuple[str, ...], Tuple[float, ...]]] = {
    "spread": (("tau_mem_spread", "tau_syn_spread", "threshold_spread"), (0.0, 0.1, 0.3, 0.5)),
    "bits": (("weight_bits",), (2, 3, 4, 6)),
    "jitter": (("jitter",), (0.0, 0.1, 0.3)),
    "noise": (("noise",), (0.0, 0.1, 0.3)),
}


def cases(delays: str, method: str) -> List[Case]:
    """4-30-3 for chips with each value of each sweep; what is not swept is as usual."""
    own = task(30, delays, SAMPLES)
    return [
        Case(own, delays, method, statistics=dict.fromkeys(names, value)) for names, values in SWEEPS.values() for value in values
    ]


EXPERIMENT = compared.Experiment(
    name="brainscales2-robustness",
    summary="Yin-Yang on emulated BrainScaleS-2 chips of more and less spread, noise, jitter and weight bits",
    description="Train 4-30-3, without delays and with axonal ones, for chips whose parameters spread, weights have bits, spikes jitter and "
    "membranes are noisy to several degrees, and test it on the chip.",
    epochs=15,
    quick=2,
    methods=[IDEAL, CHIPS, LOOP],
    cases=cases,
    sweeps={name: names for name, (names, _) in SWEEPS.items()},
    notes=[
        "spread: of membrane and synaptic time constants and thresholds alike; what is not named is that of a calibrated chip",
        "hardware-aware training is that on several chips, which have the same statistics as the one that is tested",
        "published, on a chip that was decalibrated: in the loop training hardly suffers up to 30 % of spread, transferred weights do",
    ],
    draw=pictures.draw_sweeps,
    size=(13, 4.5),
)
