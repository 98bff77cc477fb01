"""Whether a network fits the chip, and what it takes there."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from .. import _core
from .._support import checks, tables
from .._support.network_arguments import DELAY_KINDS
from .._support.values import Value
from ._engine import Engine


class Fit(Value):
    """Whether and how a network fits: the answer of `fit`. See `fit` for an example.

    Attributes
    ----------
    fits : bool
    circuits, available : int
        Neuron circuits that the network takes, and that there are.
    merged : tuple of int
        Of each layer, the circuits that a neuron takes.
    delay_circuits : int
        Circuits that delay, of those that it takes.
    input_spikes : int
        Of a sample, as asked.
    carried_spikes : int or None
        How many the chip's link carries, evenly spread over the duration that was asked for; None: none was.
    """

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)

    def __bool__(self) -> bool:
        return bool(self.__dict__["fits"])

    def __reduce__(self) -> Tuple[Any, ...]:
        return _fit, (dict(vars(self)),)

    def __str__(self) -> str:
        own = vars(self)
        sizes = own["sizes"]
        parts = [
            f"layer {layer}: {size} neurons, {merged} circuit{'s merged for each' if merged > 1 else ' each'}"
            for layer, (size, merged) in enumerate(zip(sizes[1:], own["merged"]))
        ]
        if own["delay_circuits"]:
            parts.append(f"delays: {own['delay_circuits']} circuits")
        if own["carried_spikes"] is not None:
            parts.append(f"input: {own['input_spikes']} of {own['carried_spikes']} spikes that the link carries")
        state = "fits" if own["fits"] else "does not fit"
        return "\n".join([
            f"{'-'.join(map(str, sizes))} {state}: {own['circuits']} of {own['available']} neuron circuits", *parts
        ])


def _fit(fields: Dict[str, Any]) -> Fit:
    return Fit(**fields)


def fit(
    sizes: Sequence[int], input_copies: int = 1, *, delays: Optional[str] = None, recurrent: bool = False, input_spikes: int = 0,
    duration: Optional[float] = None, speedup: float = 1000.0,
) -> Fit:  # fmt: skip
    """Whether a network fits a chip; nothing is run.

    Each of the 512 neuron circuits has 256 synapses, two for each signed input. A neuron of more than 128 signed inputs takes several circuits,
    merged into one, each trained delay one of its own. The link to the chip carries an event in 8 ns, and 128 can wait: of more input spikes than
    that some would be lost.

    Parameters
    ----------
    sizes : sequence of int
        Input units, then neurons of each layer.
    input_copies : int
        As in `Engine`.
    delays : None, "synaptic", "axonal" or "dendritic"
        Of all connections.
    recurrent : bool
        Whether hidden layers are.
    input_spikes : int
        Of a sample, >= 0; copies of an input share its spikes.
    duration : float or None
        Seconds of the network's time from the first of them to the last, >= 0; None: rates are not looked at.
    speedup : float
        As in `Engine`.

    Returns
    -------
    Fit
        True if it fits. That it does not fit is an answer, no error.

    Raises
    ------
    ValueError, TypeError
        For sizes no network has; for input_spikes without a duration.

    Examples
    --------
    >>> import spinnprop as sp
    >>> answer = sp.brainscales2.fit([25, 120, 3], delays="axonal")
    >>> bool(answer), answer.circuits, answer.delay_circuits
    (True, 268, 145)
    >>> answer = sp.brainscales2.fit([25, 120, 3], input_spikes=5000, duration=30e-3)
    >>> bool(answer), answer.carried_spikes
    (False, 3879)
    """
    own = [
        checks.integer(size, f"sizes[{place}]", 1, checks.INT32)
        for place, size in enumerate(checks.each(sizes, "sizes", "numbers of neurons"))
    ]
    options = {
        "delays": checks.choice(delays, "delays", DELAY_KINDS),
        "recurrent": int(checks.boolean(recurrent, "recurrent")),
        "input_copies": checks.option(input_copies, "input_copies", _core.DOMAINS_BRAINSCALES2),
        "speedup": checks.option(speedup, "speedup", _core.DOMAINS_BRAINSCALES2),
        "input_spikes": checks.integer(input_spikes, "input_spikes", 0, checks.INT64),
    }
    if duration is not None:
        options["duration"] = checks.real(duration, "duration")
    elif input_spikes:
        raise ValueError(f"input_spikes is {input_spikes}, duration is None; give the seconds that they lie in")
    merged = np.empty(max(0, len(own) - 1), np.int32)
    found = _core.brainscales2_place(merged, np.array(own, np.int32), options)
    found.update(fits=bool(found["fits"]), sizes=tuple(own), merged=tuple(merged.tolist()), input_spikes=options["input_spikes"])
    if duration is None:
        found["carried_spikes"] = None
    return Fit(**found)


class Costs(Value):
    """The answer of `account`: estimates, one for each published measurement. See `account` for an example.

    Attributes
    ----------
    rows : tuple of dict
        source, published_seconds and published_joules (of one image: the constants), watts, sample_seconds, sample_joules,
        step_seconds, step_joules.
    """

    rows: Tuple[Dict[str, Any], ...]

    def __init__(self, rows: Sequence[Dict[str, Any]], batch_size: int) -> None:
        self.__dict__.update(rows=tuple(rows), batch_size=batch_size)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _repr_html_(self) -> str:
        header = ["published in", "power (mW)", "a sample (us)", "(uJ)", f"a step of {vars(self)['batch_size']} (ms)", "(mJ)"]
        rows = [
            (row["source"], *map(tables.number, (
                1e3 * row["watts"], 1e6 * row["sample_seconds"], 1e6 * row["sample_joules"], 1e3 * row["step_seconds"], 1e3 * row["step_joules"],
            )))
            for row in self.rows
        ]  # fmt: skip
        return tables.page("BrainScaleS-2, estimated from published measurements; the host's gradient is not in it", tables.grid(header, rows))

    def _lines(self) -> List[str]:
        return ["BrainScaleS-2, estimated from published measurements; the host's gradient is not in it"] + [
            f"  {1e6 * row['sample_seconds']:.4g} us and {1e6 * row['sample_joules']:.4g} uJ a sample, "
            f"{1e3 * row['step_seconds']:.4g} ms and {1e3 * row['step_joules']:.4g} mJ a step of {vars(self)['batch_size']} "
            f"({1e3 * row['watts']:.0f} mW; one image {1e6 * row['published_seconds']:.3g} us, "
            f"{1e6 * row['published_joules']:.2g} uJ: {row['source']})"
            for row in self.rows
        ]

    def beside(self, other: Any) -> str:
        """The same beside an account of an emulated SpiNNaker2 (`spinnaker2.Engine.account`) of the same network, as text: what a sample
        takes and, if it has trained there, a training step of its batches.

        Parameters
        ----------
        other : spinnaker2.Account

        Returns
        -------
        str
        """
        seconds, joules = getattr(other, "seconds_per_sample", None), getattr(other, "energy_per_sample", None)
        if seconds is None or joules is None:
            raise TypeError(f"other is {checks.shown(other)}; it must be a spinnaker2.Account")
        step = f", {1e3 * other.seconds_per_step:.4g} ms and {1e3 * other.energy_per_step:.4g} mJ a training step" if other.batches else ""
        return "\n".join([
            *self._lines(),
            "SpiNNaker2, estimated from counts and constants; gradients and steps are the chip's",
            f"  {1e6 * seconds:.4g} us and {1e6 * joules:.4g} uJ a sample{step}",
        ])


def account(duration: float, engine: Optional[Engine] = None, batch_size: int = 150) -> Costs:
    """Time and energy of a sample and of a training step on the chip, estimated from published measurements.

    A sample takes as long as the published one (with configuration and read-out), or as long as it runs, if that is longer, at
    the power that was measured: the whole chip is on, whatever the network's size. What the host does, the gradient, is not in it.

    Parameters
    ----------
    duration : float
        How long a sample runs, seconds of the network's time, >= 0.
    engine : Engine or None
        Whose ``speedup`` makes it the chip's time; None: one with its defaults.
    batch_size : int
        Samples of a step, which run one after another.

    Returns
    -------
    Costs

    Notes
    -----
    48 us and 8.4 uJ per image: Göltz et al., arXiv 1912.11443; later 85,000 images a second at some 200 mW, 2.4 uJ each.

    Examples
    --------
    >>> import spinnprop as sp
    >>> account = sp.brainscales2.account(30e-3)
    >>> f"{1e6 * account.rows[0]['sample_joules']:.1f} uJ"
    '8.4 uJ'
    """
    own = Engine() if engine is None else engine
    if not isinstance(own, Engine):
        raise TypeError(f"engine is {checks.shown(engine)}; it must be a brainscales2.Engine, or None")
    number = checks.integer(batch_size, "batch_size", 1, checks.INT32)
    return Costs(_core.brainscales2_costs(checks.real(duration, "duration") / own.speedup, number), number)
