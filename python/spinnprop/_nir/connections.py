"""A way through NIR's graph as one connection: weights, and delays of a kind."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

import numpy as np

from .._support import checks, memory
from .._support.types import Float64Array
from .graphs import Named, Way, n_channels
from .values import parameter, per_channel, scaled_back


class Connection(NamedTuple):
    """Weights as the graph has them, (n, n_before); delays in the graph's unit of time; the last node with weights."""

    weights: Float64Array
    kind: Optional[str]
    delays: Optional[Float64Array]
    linear: Any


class _State(NamedTuple):
    """What the nodes up to a place do to spikes: delays before weights, the weights, delays after them."""

    before: Optional[Float64Array]
    #: None: each channel is a sender's.
    weights: Optional[Float64Array]
    #: One for each channel, or where it depends on the sender, too, (n, n_before).
    after: Optional[Float64Array]
    linear: Any


def connection(way: Way, n_before: int, n: int, scale: float) -> Connection:
    """The connection that a way from n_before senders to n receivers is; `scale`: how many of the graph's units of time a second has.

    Raises
    ------
    ValueError
        If shapes do not fit, or two delays lead from a sender to a receiver.
    MemoryError
    """
    state, channels = _State(None, None, None, None), n_before
    for node in way.nodes:
        state = _passed(state, node, channels, scale)
        channels = n_before if state.weights is None else len(state.weights)
    if channels != n:
        raise ValueError(f"{channels} channels lead from {way.source!r} to {way.target!r}, which has {n}; they must be as many")
    weights = state.weights
    if weights is None:
        memory.must_fit(16.0 * n * n, f"a matrix of ones in the diagonal, for {way.source!r} to {way.target!r} without a Linear", "take fewer")
        weights = np.eye(n)
    before, after = state.before, state.after
    if before is None:
        kind = None if after is None else "dendritic" if after.ndim == 1 else "synaptic"
        return Connection(weights, kind, after, state.linear)
    if after is None:
        return Connection(weights, "axonal", before, state.linear)
    return Connection(weights, "synaptic", before[None, :] + (after if after.ndim == 2 else after[:, None]), state.linear)


def _passed(state: _State, named: Named, channels: int, scale: float) -> _State:
    name, node = named
    kind = type(node).__name__
    if kind == "Delay":
        delay = per_channel(parameter(node, name, "delay"), channels, f"delay of node {name!r}")
        if (delay < 0).any():
            raise ValueError(f"delay of node {name!r} has the value {delay.min()}; all must be >= 0")
        delay = scaled_back(node, "delay", delay / scale)
        if state.weights is None:
            return state._replace(before=_sum(state.before, delay))
        return state._replace(after=_sum(state.after, delay if state.after is None or state.after.ndim == 1 else delay[:, None]))
    if kind in ("Linear", "Affine"):
        return _weighted(state, named, channels)
    if kind == "Scale":
        factor = per_channel(parameter(node, name, "scale"), channels, f"scale of node {name!r}")
        if state.weights is None:
            memory.must_fit(16.0 * channels * channels, f"node {name!r} as a matrix", "multiply its scale into a Linear")
        return state._replace(weights=np.diag(factor) if state.weights is None else state.weights * factor[:, None])
    said = n_channels(node, name, "output" if kind == "Output" else "input")
    if said not in (0, channels):
        raise ValueError(f"node {name!r} has {said} channels, and {channels} lead to it; they must be as many")
    return state


def _sum(given: Optional[Float64Array], delay: Float64Array) -> Float64Array:
    return delay if given is None else given + delay


def _weighted(state: _State, named: Named, channels: int) -> _State:
    name, node = named
    weight = parameter(node, name, "weight")
    if weight.ndim != 2:
        raise ValueError(f"weight of node {name!r} has shape {weight.shape}; it must be (n, n_before)")
    checks.shape(weight, (len(weight), channels), f"weight of node {name!r}")
    if type(node).__name__ == "Affine" and parameter(node, name, "bias").any():
        raise ValueError(f"node {name!r} has a bias, which is no constant current as drives are; leave it out, or give the input a unit that spikes")
    if state.weights is None:
        return state._replace(weights=weight, linear=node)
    if state.after is None:
        with np.errstate(all="ignore"):
            product = weight @ state.weights
        if not np.isfinite(product).all():
            raise ValueError(f"the weights up to node {name!r} multiply to numbers beyond float64")
        return state._replace(weights=product, linear=node)
    weights, delays = _collected(weight, state.weights, state.after, name)
    return state._replace(weights=weights, after=delays, linear=node)


def _collected(collect: Float64Array, expand: Float64Array, delay: Float64Array, name: str) -> "tuple[Float64Array, Float64Array]":
    """Channels of one sender each, with a delay each, collected by receivers: as many synapses, (n, n_before) weights and delays."""
    (n, n_channels), n_before = collect.shape, expand.shape[1]
    if delay.ndim != 1 or (np.count_nonzero(expand, axis=1) != 1).any():
        raise ValueError(f"node {name!r} collects channels that have a delay and several senders each; a synapse has one delay")
    sender = np.argmax(expand != 0, axis=1)
    gain = expand[np.arange(n_channels), sender]
    # A channel for each synapse, those of the first receiver first: zeros, too, have their delays.
    if n_channels == n * n_before and np.array_equal(sender, np.arange(n_channels) % n_before):
        receiver = np.arange(n_channels) // n_before
        inside = np.zeros(collect.shape, np.bool_)
        inside[receiver, np.arange(n_channels)] = True
        if not collect[~inside].any():
            return (collect[inside] * gain).reshape(n, n_before), delay.reshape(n, n_before)
    receiver, channel = np.nonzero(collect)
    synapse = receiver * n_before + sender[channel]
    order = np.argsort(synapse, kind="stable")
    synapse, receiver, channel = synapse[order], receiver[order], channel[order]
    is_same = synapse[1:] == synapse[:-1]
    if (is_same & (delay[channel][1:] != delay[channel][:-1])).any():
        place = int(np.argmax(is_same & (delay[channel][1:] != delay[channel][:-1])))
        ends = (int(sender[channel[place]]), int(receiver[place]))
        raise ValueError(f"node {name!r} collects two delays from channel {ends[0]} for channel {ends[1]}; a synapse has one delay")
    weights, delays = np.zeros(n * n_before), np.zeros(n * n_before)
    np.add.at(weights, synapse, collect[receiver, channel] * gain[channel])
    delays[synapse] = delay[channel]
    return weights.reshape(n, n_before), delays.reshape(n, n_before)
