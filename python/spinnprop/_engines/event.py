"""The exact engine."""

from __future__ import annotations

from .base import BaseEngine


class EventEngine(BaseEngine):
    """Exact and event-driven, in continuous time: any time constants, delays, recurrence. ``engine="event"``.

    Examples
    --------
    >>> import spinnprop as sp
    >>> net = sp.Network([1, 1])
    >>> net.forward(sp.SpikeTrains([0.0], [0], [0, 1], 1), engine=sp.EventEngine()).engine
    'event'
    """

    name = "event"
