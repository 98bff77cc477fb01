"""Whether a network fits an emulated chip, and what a training step would take."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np

from .. import _core
from .._support import checks
from .._support.values import Value
from ._chip import Board, Chip
from ._engine import Engine


class Fit(Value):
    """The answer of `fit`, for the activity it names. Times, powers and energies are estimated. See `fit` for an
    example.

    Attributes
    ----------
    fits : bool
    reason : str
        Why it does not fit; empty if it does.
    copies, pes_per_copy, optimizer_pes, used_pes, available_pes : int
    slices : tuple of int
        Over how many processing elements each layer of a copy is cut.
    tightest_program, tightest_buffer : str
        The program on the processing element with the least memory left, and its largest buffer.
    tightest_bytes, sram_used, sram_available : int
        Bytes of that buffer; bytes used and available on that processing element.
    rounds : int
        Samples that a copy runs one after another in a step.
    input_activity : float
        The spikes per input unit and sample that are assumed.
    activity : tuple of float
        The spikes per neuron and sample that are assumed, for each layer; the last counts for all further ones.
    spikes_per_neuron, active_senders : float
        Options of the `Engine` it is about.
    slips : int
        Tick periods by which a step is expected to run over.
    seconds_per_step, mean_power, energy_per_step : float
        What a training step takes: s, W, J.
    phase_seconds : dict
    largest : tuple of int
        Sizes of the largest network of this shape that fits with the same batch, activity and copies: all hidden layers
        scaled alike. Where no engine was given, with the tapes and sums that suit it best. Empty if none does.
    """

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"a Fit has no {name!r}; it has {', '.join(vars(self))}")

    def __bool__(self) -> bool:
        return bool(self.__dict__["fits"])

    def __hash__(self) -> int:
        return hash(repr(self))

    def __reduce__(self) -> Tuple[Any, ...]:
        return _fit, (dict(vars(self)),)

    def __str__(self) -> str:
        own = vars(self)
        sizes = "-".join(map(str, own["sizes"]))
        largest = "-".join(map(str, own["largest"])) or "none"
        assumed = [
            f"assumed per sample: {own['input_activity']:g} spikes of an input unit, "
            f"{', '.join(f'{spikes:g}' for spikes in own['activity'])} of a neuron; real networks may spike more",
            *self._room(),
            f"largest network of this shape: {largest}",
        ]
        if not own["fits"]:
            return "\n".join([f"{sizes} does not fit: {own['reason']}", *assumed])
        phases = ", ".join(f"{name} {1e3 * value:.3g}" for name, value in own["phase_seconds"].items())
        return "\n".join([
            f"{sizes} fits: {own['copies']} copies of {own['pes_per_copy']} PEs and {own['optimizer_pes']} for the "
            f"optimiser, {own['used_pes']} of {own['available_pes']} PEs",
            f"tightest: {own['tightest_program']}, {own['sram_used']} of {own['sram_available']} bytes used; largest buffer "
            f"\"{own['tightest_buffer']}\", {own['tightest_bytes']} bytes",
            f"a step of {own['batch_size']} samples, {own['rounds']} one after another, estimated: "
            f"{1e3 * own['seconds_per_step']:.4g} ms ({phases}), {1e3 * own['energy_per_step']:.4g} mJ, "
            f"{own['mean_power']:.3g} W, {own['slips']} slips",
            *assumed,
        ])

    def _room(self) -> List[str]:
        own, usual = ({name: vars(of)[name] for name in ("spikes_per_neuron", "active_senders")} for of in (self, Engine()))
        return [] if own == usual else ["laid out with " + ", ".join(f"{name}={value:g}" for name, value in own.items())]


def _fit(fields: Dict[str, Any]) -> Fit:
    return Fit(**fields)


def fit(
    sizes: Sequence[int],
    batch: int = 1,
    chip: Union[None, Chip, Board, Engine] = None,
    *,
    recurrent: bool = False,
    input_activity: Optional[float] = None,
    activity: Optional[Sequence[float]] = None,
) -> Fit:
    """Whether a network fits a chip, and what a training step of EventProp would take; nothing is run.

    Parameters
    ----------
    sizes : sequence of int
        Input units, then neurons of each layer.
    batch : int
        Samples of a step.
    chip : Chip, Board, Engine or None
        An engine says how it would be laid out, with its tapes and sums as they are. Otherwise, where the defaults of
        `Engine` have no room for the activity, the answer is for the ones that have. None: one chip as published.
    recurrent : bool
        Whether hidden layers are.
    input_activity : float or None
        Spikes per input unit and sample; None: 1.
    activity : sequence of float or None
        Spikes per neuron and sample, for each layer; the last counts for all further ones. None: 0.2.

    Returns
    -------
    Fit
        True if it fits. That it does not fit is an answer, no error. The activity is a mean: a sample far above it, or
        one with more spikes in a step than a FIFO holds, can still end a run. Real networks may spike far more than the
        defaults say: hidden neurons of 784-350-10 with the initial weights of `Network` spike 3 to 6 times a digit.

    Raises
    ------
    ValueError, TypeError
        For sizes no network has.

    Examples
    --------
    >>> import spinnprop as sp
    >>> answer = sp.spinnaker2.fit([784, 350, 10], batch=8)
    >>> bool(answer), answer.copies >= 1
    (True, True)
    """
    if isinstance(chip, Engine):
        return _answer(chip, sizes, batch, recurrent, input_activity, activity, makes_room=False)
    return _answer(Engine(chip), sizes, batch, recurrent, input_activity, activity, makes_room=True)


def _answer(
    engine: Engine,
    sizes: Sequence[int],
    batch: int,
    recurrent: bool,
    input_activity: Optional[float],
    activity: Optional[Sequence[float]],
    makes_room: bool,
) -> Fit:
    """For an engine as it is, or, with `makes_room`, where a network does not fit that, for one that has room for the activity."""
    try:
        listed = list(sizes)
    except TypeError:
        shown = checks.shown(sizes)
        raise TypeError(f"sizes is {shown}; give a list: input units, then neurons of each layer") from None
    given = checks.array(listed, np.int32, "sizes", ndim=1)
    batch = checks.integer(batch, "batch", 1, checks.INT32)
    numbers = None if activity is None else checks.array(activity, np.float64, "activity", ndim=1)
    if numbers is not None and not len(numbers):
        raise ValueError(f"activity is {checks.shown(activity)}; give spikes per neuron of at least one layer")
    slices, largest = np.zeros(max(0, len(given) - 1), np.int32), np.zeros(len(given), np.int32)
    fields = _core.spinnaker2_estimate(
        engine._handle,
        given,
        int(checks.boolean(recurrent, "recurrent")),
        batch,
        None if input_activity is None else checks.real(input_activity, "input_activity"),
        numbers,
        int(makes_room),
        slices,
        largest,
    )
    phases = {name: fields.pop(f"{name}_seconds") for name in ("forward", "loss", "backward", "gather", "update")}
    return Fit(
        sizes=tuple(given.tolist()),
        batch_size=batch,
        **{
            **fields,
            "fits": bool(fields["fits"]),
            "slices": tuple(fields["slices"]),
            "activity": (fields["activity"],) if numbers is None else tuple(numbers.tolist()),
            "largest": tuple(size for size in fields["largest"] if size),
            "phase_seconds": phases,
        },
    )

