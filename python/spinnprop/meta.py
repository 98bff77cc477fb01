"""Meta-learning: an initialisation from which few samples suffice."""

from __future__ import annotations

import copy
import math
from typing import Any, Callable, Dict, Sequence, Tuple, Union

import numpy as np

from . import _core, datasets
from ._gradients import PARAMETERS
from ._network import Network
from ._spikes import SpikeTrains
from ._support import checks
from ._support.bars import Bar
from ._support.public import only
from ._support.types import Float64Array, Int64Array, Progress
from ._trainer import Trainer

__all__ = ["reptile", "yin_yang_task"]
__dir__ = only(__all__)

Tasks = Union[Callable[[int], Tuple[SpikeTrains, Any]], Sequence[Tuple[SpikeTrains, Any]]]


def reptile(
    network: Network,
    tasks: Tasks,
    *,
    steps: int = 60,
    step_size: float = 1.0,
    seed: int = 0,
    progress: Progress = None,
    verbose: bool = False,
    **training: Any,
) -> Network:
    """An initialisation that adapts quickly to tasks like the given ones, learnt by Reptile.

    Each step trains on one task from the initialisation so far, theta, to theta', and moves it towards what was learnt:
    theta += step_size (1 - step / steps) (theta' - theta).

    Parameters
    ----------
    network : Network
        Where to begin; it is left as it is.
    tasks : callable or sequence
        A callable is given the number of the step and gives (spikes, labels); from a sequence of such pairs, tasks are
        drawn with the seed.
    steps : int
        Tasks to learn from.
    step_size : float
        The size of the first step, 0 < step_size <= 1; it falls linearly to 0.
    seed : int
        Seeds the order of samples in each training, and the tasks drawn from a sequence.
    progress : callable or None
        After each step given a dict with the keys done, total, loss and accuracy (of that task's training: in its first
        epoch, which tells how good the initialisation was); returns True to stop with what has been learnt.
    verbose : bool
        Whether to show progress: a bar, or lines where there is no terminal.
    **training
        As in `Trainer`: engine, loss, epochs (here at least 1), batch_size, learning_rate and the rest of the
        training on each task. Delays are drawn for no task: what they begin with is set in the network.

    Returns
    -------
    Network

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C, within 0.2 s, with what has been learnt so far as its attribute ``network``.
    ValueError, TypeError, SpinnpropError
        If an argument is out of its domain, a task does not fit the network, or a run passes max_spikes.

    Notes
    -----
    Nichol, Achiam and Schulman (2018), arXiv 1803.02999. Neurons that all tasks leave silent have no gradient; give
    `bump`, so that no class is lost on the way.

    Examples
    --------
    >>> import spinnprop as sp
    >>> def task(number):
    ...     X, y = sp.meta.yin_yang_task(number, 50)
    ...     return sp.encoding.latency(X, bias=0.0), y
    >>> few = dict(epochs=2, batch_size=1, bump=1e-2)
    >>> start = sp.meta.reptile(sp.Network([5, 20, 3]), task, steps=3, **few)
    >>> trainer = sp.Trainer(start, **few)
    >>> trainer.run(*task(1000))
    True
    """
    if not isinstance(network, Network):
        raise TypeError(f"network is {type(network).__name__!r}; it must be a Network")
    steps = checks.integer(steps, "steps", 1, checks.INT32)
    checks.progress(progress)
    step_size = checks.real(step_size, "step_size")
    if not 0 < step_size <= 1:
        raise ValueError(f"step_size is {step_size}; it must be above 0 and at most 1")
    seed = checks.integer(seed, "seed", 0, checks.UINT64)
    if "checkpoint" in training or "resume" in training:
        raise TypeError("training on a task is short and writes no checkpoints; leave checkpoint and resume out")
    if training.get("delay_init") is not None:
        raise ValueError(
            f"delay_init is {checks.shown(training['delay_init'])}; it would draw delays anew for every task, so leave it out and "
            "set network.delays before"
        )
    # Without an epoch nothing would be learnt from any task.
    if "epochs" in training:
        training["epochs"] = checks.integer(training["epochs"], "epochs", 1, checks.INT32)
    verbose = checks.boolean(verbose, "verbose")
    network = copy.copy(network)
    try:
        with Bar(steps, "task", shown=verbose) as bar:
            for step in range(steps):
                order, drawn = map(int, np.random.SeedSequence([seed, step]).generate_state(2, np.uint64))
                spikes, y = _task(tasks, step, drawn)
                trainer = Trainer(network, seed=order, **training)
                trainer.run(spikes, y)
                _move(network, trainer.network, step_size * (1 - step / steps))
                state = _state(trainer, step + 1, steps)
                bar.move(step + 1, {"accuracy": f"{100 * state['accuracy']:.1f} %"})
                if progress is not None and _core.asks_to_stop(progress(state), "progress"):
                    break
    except KeyboardInterrupt as interrupt:
        interrupt.network = network  # type: ignore[attr-defined]
        raise
    return network


def _task(tasks: Tasks, step: int, drawn: int) -> Tuple[SpikeTrains, Any]:
    if callable(tasks):
        task = tasks(step)
    elif isinstance(tasks, Sequence) and len(tasks) > 0:
        task = tasks[drawn % len(tasks)]
    else:
        raise TypeError(f"tasks is {checks.shown(tasks)}; it must be a callable or a sequence of (spikes, labels)")
    if not isinstance(task, (tuple, list)) or len(task) != 2:
        raise TypeError(f"a task is {checks.shown(task)}; it must be a pair (spikes, labels)")
    return task[0], task[1]


def _move(network: Network, learnt: Network, step_size: float) -> None:
    """theta += step_size (theta' - theta)."""
    for name in PARAMETERS:
        ours, theirs = getattr(network, name), getattr(learnt, name)
        # Recurrent ones are among the connections.
        for place in network.connections if name in ("weights", "delays") else () if "recurrent" in name else range(len(ours)):
            if not ours[place].size:
                continue
            own, other = ours[place], theirs[place]
            moved = own + step_size * (other - own)
            if name == "weights" and np.isfinite(network.weight_bounds[place]).any():
                # Rounded, what lies between two weights within bounds may lie outside these.
                moved = np.clip(moved, np.minimum(own, other), np.maximum(own, other))
            ours[place] = moved


def _state(trainer: Trainer, done: int, total: int) -> Dict[str, Any]:
    first = trainer.history[0]
    return {"done": done, "total": total, "loss": float(first["loss"]), "accuracy": float(first["accuracy"])}


def yin_yang_task(
    number: int, n: int, samples: int = 0, max_angle: float = math.pi, permute_labels: bool = False
) -> Tuple[Float64Array, Int64Array]:
    """One of a family of tasks: the Yin-Yang plane turned about its centre, on request with its labels exchanged.

    Parameters
    ----------
    number : int
        The number of the task, >= 0: it alone decides angle and labels.
    n : int
        How many samples.
    samples : int
        >= 0; another one gives other samples of the same task, for example to test with.
    max_angle : float
        Radians; angles are even in [-max_angle, max_angle]. 0 leaves the plane as it is.
    permute_labels : bool
        Whether the three labels are exchanged at random, too.

    Returns
    -------
    X : (n, 4) float64
    y : (n,) int64

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its domain.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.meta.yin_yang_task(7, 300)
    >>> X_test, y_test = sp.meta.yin_yang_task(7, 1000, samples=1)
    """
    number = checks.integer(number, "number", 0, checks.INT64)
    samples = checks.integer(samples, "samples", 0, checks.INT64)
    max_angle = checks.real(max_angle, "max_angle")
    if not 0 <= max_angle <= math.pi:
        raise ValueError(f"max_angle is {max_angle}; it must be 0 .. pi radians")
    stream = np.random.default_rng([number, 0])
    angle = stream.uniform(-max_angle, max_angle)
    names = stream.permutation(3) if checks.boolean(permute_labels, "permute_labels") else np.arange(3)
    points, y = datasets.yin_yang(n, seed=int(np.random.SeedSequence([number, 1, samples]).generate_state(1)[0]))
    x, height = points[:, 0] - 0.5, points[:, 1] - 0.5
    # The circle stays where it is; rounding alone could leave [0, 1].
    turned = np.stack(
        [math.cos(angle) * x - math.sin(angle) * height, math.sin(angle) * x + math.cos(angle) * height], axis=1
    )
    turned = np.clip(turned + 0.5, 0.0, 1.0)
    return np.hstack([turned, 1 - turned]), names[y].astype(np.int64)
