"""The batches of a training, run by the workers of an executor."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from typing import Any, Callable, List, Optional, Sequence, Tuple

import numpy as np

from ._core import SpinnpropError
from ._network import Network
from ._spikes import SpikeTrains
from ._support.jobs import must_be_answer, result_of
from ._support.types import Float64Array


def in_order(jobs: Sequence[Future[Any]], sample_ranges: Sequence[slice], kind: type) -> List[Any]:
    """The results of parts of a batch, as they come, all of one kind; if one fails, the others are given up."""
    results = []
    try:
        for part, job in zip(sample_ranges, jobs):
            place = f"samples {part.start} .. {part.stop - 1} of the batch"
            try:
                result = result_of(job)
            except (ValueError, SpinnpropError) as error:
                # Subclasses may be made of more than a message.
                if type(error) not in (ValueError, SpinnpropError):
                    raise
                raise type(error)(f"{place}: {error}") from error
            must_be_answer(result, kind, place)
            results.append(result)
    except BaseException:
        for job in jobs:
            job.cancel()
        raise
    return results


def run_batches(
    executor: Executor,
    run: Callable[..., Float64Array],
    y: Any,
    weights: Optional[Float64Array],
    network: Any,
    spikes: List[Tuple[bytes, bytes, bytes, int]],
    samples: bytes,
) -> Float64Array:
    """What the batches of a step give, which the core hands out: what ``run(network, spikes, y, weights)`` gives of each.

    `y` and `weights` are those of all samples that the training was given.
    """
    shown = Network._of(network)
    index = np.frombuffer(samples, np.int64)
    jobs, parts, first = [], [], 0
    for times, units, offsets, n_units in spikes:
        batch = SpikeTrains(np.frombuffer(times), np.frombuffer(units, np.int32), np.frombuffer(offsets, np.int64), n_units)
        part = slice(first, first + len(batch))
        first = part.stop
        own = index[part]
        own_weights = None if weights is None else weights[own]
        parts.append(part)
        jobs.append(executor.submit(run, shown, batch, y[own], own_weights))
    return np.concatenate(in_order(jobs, parts, np.ndarray))
