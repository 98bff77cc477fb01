"""The gradient of a batch, a part of it on each of many processors."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from ._batches import in_order
from ._engines.names import EngineLike
from ._gradients import PARAMETERS, Gradients
from ._library import __version__, must_be_here
from ._network import Network
from ._spikes import SpikeTrains, trains
from ._support import checks
from ._support.jobs import must_be_sendable
from ._support.layers import ConnectionList


def gradient(
    network: Network,
    spikes: SpikeTrains,
    loss: Any,
    y: Any,
    *,
    executor: Executor,
    shards: int,
    engine: EngineLike = "event",
    t_end: Optional[float] = None,
    max_spikes: Optional[int] = None,
    neurons: bool = False,
    input_times: bool = True,
) -> Tuple[float, Gradients]:
    """The mean over a batch of a loss, and its gradient, by the workers of an executor: for `Trainer.step`.

    The batch is cut into `shards` parts, one after another and as equal as can be, which are run forward and backward wherever the executor
    has room. Their results are multiplied by their share of the samples and added up in the order of the samples, by whom ever and whenever
    they were made: the number of shards decides about the last digits, that of workers does not. (An engine with noise draws it shard by
    shard, so that with it their number decides about more.)

    Parameters
    ----------
    network : Network
        Is sent with every shard.
    spikes : SpikeTrains
        The batch.
    loss : Loss or Custom
        Of `losses`. One whose value is no mean over samples is that of the shards' values.
    y
        As in `Network.gradient`, for the whole batch.
    executor : concurrent.futures.Executor
        Threads, processes, or a cluster's (`ray`, `dask`): a shard whose worker there died is done again.
    shards : int
        At least 1; with more than there are samples, each has one.
    engine, t_end, max_spikes
        As in `Network.forward`.
    neurons, input_times : bool
        As in `Network.gradient`.

    Returns
    -------
    value : float
    gradients : Gradients

    Raises
    ------
    ValueError, TypeError, SpinnpropError
        As `Network.forward` and `Network.gradient`, for the first shard that fails.
    concurrent.futures.BrokenExecutor
        If processes died that the executor does not replace.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(100)
    >>> spikes = sp.encoding.latency(X, bias=0.0)
    >>> trainer = sp.Trainer(sp.Network([5, 30, 3]))
    >>> with ThreadPoolExecutor(2) as executor:
    ...     for batch in (slice(0, 50), slice(50, 100)):
    ...         value, grad = sp.executors.gradient(
    ...             trainer.network, spikes[batch], trainer.loss, y[batch], executor=executor, shards=4
    ...         )
    ...         trainer.step(grad)
    """
    if not isinstance(network, Network):
        raise TypeError(f"network is {type(network).__name__!r}; it must be a Network")
    must_be_sendable(checks.executor(executor), loss=loss)
    n_samples = len(trains(spikes, "spikes"))
    checks.one_each(y, "y", n_samples)
    n_shards = max(1, min(checks.integer(shards, "shards", 1, checks.INT32), n_samples))
    ends = [n_samples * shard // n_shards for shard in range(n_shards + 1)]
    forward = {"engine": engine, "t_end": t_end, "max_spikes": max_spikes}
    parts = [slice(first, last) for first, last in zip(ends, ends[1:])]
    jobs = [executor.submit(_shard, __version__, network, spikes[part], loss, y[part], forward, neurons, input_times) for part in parts]
    results = in_order(jobs, parts, tuple)
    shares = [(part.stop - part.start) / max(1, n_samples) for part in parts]
    return sum(share * value for share, (value, _) in zip(shares, results)), _sum(shares, [grad for _, grad in results])


def _shard(
    version: str, network: Network, spikes: SpikeTrains, loss: Any, y: Any, forward: Dict[str, Any], neurons: bool, input_times: bool
) -> Tuple[float, Gradients]:
    must_be_here(version, "who sends it work")
    return network.gradient(network.forward(spikes, **forward), loss, y, neurons=neurons, input_times=input_times)


def _sum(shares: List[float], gradients: List[Gradients]) -> Gradients:
    """The sum of shares of gradients, in their order."""
    total = gradients[0]
    for name in PARAMETERS:
        # Neuron parameters are there if they were asked for.
        own: Any = getattr(total, name, ())
        for place in own.places() if isinstance(own, ConnectionList) else range(len(own)):
            own[place] = sum(share * getattr(grad, name)[place] for share, grad in zip(shares, gradients))
    if hasattr(total, "input_times"):
        total.input_times = np.concatenate([share * grad.input_times for share, grad in zip(shares, gradients)])
    total.skipped = sum(grad.skipped for grad in gradients)
    return total
