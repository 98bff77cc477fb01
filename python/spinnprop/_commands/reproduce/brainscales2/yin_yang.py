"""``spinnprop reproduce brainscales2-yin-yang``: a network ideal, transferred, hardware-aware and trained in the loop."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from .... import datasets, encoding
from ....losses import ShiftInvariantMSE
from . import compared, pictures
from .runs import AWARE, CHIP, IDEAL, LOOP, METHODS, TRAINED, Case, Sets, Task

#: Samples and seed of each set.
SAMPLES: Dict[str, List[int]] = {"train": [5000, 42], "test": [4000, 43]}
#: Published accuracies by hidden neurons, delays and method.
PUBLISHED: Dict[Tuple[int, str, str], Dict[str, Tuple[float, float]]] = {
    (30, "none", IDEAL): {TRAINED: (96.7, 96.7)},
    (30, "axonal", IDEAL): {TRAINED: (97.6, 97.6)},
    (30, "none", AWARE): {TRAINED: (86.1, 86.1)},
    (30, "axonal", AWARE): {TRAINED: (93.0, 93.0)},
    (30, "none", LOOP): {CHIP: (84.9, 86.3)},
    (30, "axonal", LOOP): {CHIP: (90.9, 92.6)},
    (120, "none", LOOP): {CHIP: (93.7, 93.7)},
}
#: Initial weights of both layers and learning rates of weights and delays, by hidden neurons and delays: this project's choice.
INITIAL = {
    (30, "none"): ([(3.0, 2.6), (1.0, 1.3)], 0.02, 0.0),
    (30, "axonal"): ([(4.0, 2.6), (1.0, 1.0)], 0.02, 0.01),
    (120, "none"): ([(3.0, 2.6), (0.2, 0.7)], 0.005, 0.0),
}
LOSS = ShiftInvariantMSE(separation=0.2, tau0=1.0)


def task(hidden: int, delays: str, samples: Dict[str, List[int]], bias: bool = False) -> Task:
    """Yin-Yang with so many hidden neurons; the bias is an input that spikes at .9."""
    times: Dict[str, Any] = {"t_early": 0.15, "t_late": 2.0, **({"bias": 0.9} if bias else {})}

    def load(seed: int) -> Sets:
        sets = {}
        for name, (n_samples, of) in samples.items():
            X, y = datasets.yin_yang(n_samples, seed=of)
            sets[name] = (encoding.latency(X, **times), y)
        return sets

    weights, learning_rate, delay_learning_rate = INITIAL[hidden, delays]
    return Task(
        sizes=[5 if bias else 4, hidden, 3], load=load, data={"yin_yang": samples, "encoding": times},
        weights=weights, learning_rate=learning_rate, delay_learning_rate=delay_learning_rate, batch_size=150, loss=LOSS,
        copies=5,
    )  # fmt: skip


def cases(delays: str, method: str) -> List[Case]:
    """4-30-3, and the one of 25 lines of input and 120 hidden neurons without delays, transferred and in the loop."""
    networks = [task(30, delays, SAMPLES)] + ([task(120, delays, SAMPLES, bias=True)] if delays == "none" and method in (IDEAL, LOOP) else [])
    return [Case(own, delays, method, known=PUBLISHED.get((own.sizes[1], delays, method), {})) for own in networks]


EXPERIMENT = compared.Experiment(
    name="brainscales2-yin-yang",
    summary="Yin-Yang on emulated BrainScaleS-2 chips: ideal, transferred, hardware-aware and in the loop, as in DelGrad (arXiv 2404.19165)",
    description="Train 4-30-3, without delays and with axonal ones, and 5-120-3 (each input five times: 20 and 25 lines of the chip), "
    "and test each network on what it was trained on and on the chip.",
    epochs=300,
    quick=10,
    methods=list(METHODS),
    cases=cases,
    notes=[
        "published: 4-30-3 of DelGrad and its chips (hardware-aware: in simulation, by the same model); 25-120-3 of Fast & Deep's chip, whose bias "
        "spike goes to the outputs, too",
        "published after 300 epochs; initial weights and learning rates are this project's choice",
    ],
    draw=pictures.draw_places,
    size=(9, 5),
)
