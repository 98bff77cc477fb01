"""Pictures of a network's parameters."""

from __future__ import annotations

from typing import Any, List, Optional, Tuple

import numpy as np

from .._network import Network
from .._support import checks
from .._support.overviews import population
from .._support.types import Float64Array
from ._axes import new_or_given


def weight_histogram(network: Any, connection: Optional[Tuple[int, int]] = None, ax: Any = None, bins: int = 50) -> Any:
    """What share of a connection's synapses has which weight, an outline for each; synapses that a mask takes out do not count.

    Parameters
    ----------
    network : Network, or who has one: a fitted estimator, a Trainer
    connection : (source, target) or None
        0 is the input, k the k-th layer; None: all.
    ax : matplotlib Axes or None
        None: a new figure.
    bins : int
        From the least to the largest weight.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import spinnprop as sp
    >>> ax = sp.plot.weight_histogram(sp.Network([5, 120, 3], recurrent=True))
    """
    own = _network(network)
    values = [(pair, own.weights[pair][own.masks[pair]]) for pair in _connections(own, connection)]
    return _histogram(own, values, "weight", "synapses", bins, ax)


def delay_histogram(network: Any, connection: Optional[Tuple[int, int]] = None, ax: Any = None, bins: int = 50) -> Any:
    """What share of a connection's delays is how long, an outline for each that has any.

    Parameters
    ----------
    network : Network, or who has one: a fitted estimator, a Trainer
    connection : (source, target) or None
        0 is the input, k the k-th layer; None: all with delays.
    ax : matplotlib Axes or None
        None: a new figure.
    bins : int
        From the shortest to the longest.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If there are no delays.

    Examples
    --------
    >>> import spinnprop as sp
    >>> net = sp.Network([5, 120, 3], delays="axonal")
    >>> net.delays[1] = [1e-3 * (neuron % 7) for neuron in range(120)]
    >>> ax = sp.plot.delay_histogram(net)
    """
    own = _network(network)
    values = [(pair, 1e3 * own.delays[pair]) for pair in _connections(own, connection)]
    values = [(pair, delays[own.masks[pair]] if delays.ndim == 2 else delays) for pair, delays in values if delays.size]
    if not values:
        raise ValueError("these connections have no delays; give Network(..., delays='synaptic') or of another kind")
    return _histogram(own, values, "delay (ms)", "delays", bins, ax)


def _network(given: Any) -> Network:
    """The network of who has one."""
    found = getattr(given, "network_", getattr(given, "network", given))
    if not isinstance(found, Network):
        raise TypeError(f"network is {checks.shown(given)}; it must be a Network, or a Trainer or fitted estimator, which have one")
    return found


def _connections(network: Network, chosen: Optional[Tuple[int, int]]) -> List[Tuple[int, int]]:
    return list(network.connections) if chosen is None else [checks.pair(chosen, "connection", "(source, target)")]


def _histogram(network: Network, values: List[Tuple[Tuple[int, int], Float64Array]], label: str, what: str, bins: int, ax: Any) -> Any:
    from matplotlib.colors import to_rgba

    bins = checks.integer(bins, "bins", 1, 10000)
    axes = new_or_given(ax)
    n_layers = len(network.layer_sizes) - 1
    edges = np.histogram_bin_edges(np.concatenate([own.ravel() for _, own in values]), bins)
    for place, ((source, target), own) in enumerate(values):
        # Shares, as one connection may have a hundred times the synapses of another.
        axes.hist(
            own.ravel(), edges, weights=np.full(own.size, 100 / max(1, own.size)), histtype="stepfilled", linewidth=1.2,
            facecolor=to_rgba(f"C{place}", 0.25), edgecolor=f"C{place}", label=f"{population(source, n_layers)} to {population(target, n_layers)} ({own.size})",
        )  # fmt: skip
    axes.set_xlabel(label)
    axes.set_ylabel(f"share of {what} (%)")
    axes.legend(fontsize="small")
    return axes
