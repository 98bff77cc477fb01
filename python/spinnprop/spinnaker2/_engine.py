"""The engine that trains on an emulated SpiNNaker2."""

from __future__ import annotations

from functools import partial
from typing import Any, Dict, Optional, Tuple, Union

from .. import _core
from .._engines.base import BaseEngine
from .._engines.grid import TimeGrid
from .._support import checks
from ._account import Account
from ._chip import Board, Chip

_OVERFLOW: Dict[Optional[str], int] = {
    "drop": _core.SPINNAKER2_OVERFLOW_DROP,
    "overwrite": _core.SPINNAKER2_OVERFLOW_OVERWRITE,
    "stall": _core.SPINNAKER2_OVERFLOW_STALL,
}
_FAULTS: Dict[Optional[str], int] = {"error": _core.SPINNAKER2_FAULTS_ERROR, "count": _core.SPINNAKER2_FAULTS_COUNT}
_PLACEMENTS: Dict[Optional[str], int] = {
    "compact": _core.SPINNAKER2_PLACEMENT_COMPACT,
    "scattered": _core.SPINNAKER2_PLACEMENT_SCATTERED,
    "published": _core.SPINNAKER2_PLACEMENT_PUBLISHED,
}
_POWER: Dict[Optional[str], int] = {
    "low": _core.SPINNAKER2_POWER_LOW,
    "high": _core.SPINNAKER2_POWER_HIGH,
    "automatic": _core.SPINNAKER2_POWER_AUTOMATIC,
}
_CREDIT: Dict[Optional[str], int] = {
    "recursion": _core.SPINNAKER2_CREDIT_RECURSION,
    "traces": _core.SPINNAKER2_CREDIT_TRACES,
}


class Engine(BaseEngine):
    """Trains on an emulated SpiNNaker2 (arXiv 2412.15021), and keeps account of it. ``engine="spinnaker2"``.

    Programs for input, neurons, loss and optimiser run on the chip's processing elements and exchange spikes and errors
    as packets. Weights, spikes and losses are the very bits of `ClockEngine` with as many copies, wherever the
    programs lie. What is counted follows from the programs; seconds and joules are estimated from the counts and the
    chip's constants. A tick lasts until the slowest processing element, link between chips and memory interface are done:
    what goes over a link, or to and from a DRAM, within a tick goes one after another at the bandwidth the constants give, and
    what takes longer than the tick's period adds whole periods, slips. Waiting within a tick is not modelled. Not emulated:
    single instructions, conflicts in DRAM or on the mesh, anything analogue.

    Parameters
    ----------
    chip : Chip, Board or None
        None: one chip as published.
    time_step, steps, decay
        As in `ClockEngine`.
    copies : int or "auto"
        Copies of the network, side by side, that share a batch's samples. "auto": as many as fit, at most `batch_size`.
    batch_size : int or None
        The largest batch there will be; None: any.
    placement : "compact", "scattered" or "published"
        Which processing elements are taken: by number; shuffled by `seed`; or as the authors' figure shows it, each copy on
        the four of a quad, row by row from (1, 1), the optimiser at (1, 6). The last refuses networks that take more than four.
    largest_slice : int or None
        The most neurons of a layer on one processing element; None: as many as fit.
    fifo_packets : int or None
        Capacity of the receive FIFOs; None: what the worst case needs, within reason.
    overflow : "drop", "overwrite" or "stall"
        What a full FIFO does with one packet more.
    faults : "error" or "count"
        Whether a lost or late packet ends the run or is only counted.
    power : "low", "high" or "automatic"
        Supply voltage and clock; automatic: in each tick high if more than `power_threshold` packets wait.
    spikes_per_neuron : float
        Spikes per neuron and sample that spike tapes are made for. Tapes are up to eight times as long where memory is left.
    active_senders : float
        The part of a population of more than 128 that spikes in a sample: what sums per sample are made for.
    credit : "recursion" or "traces"
        What `BioGrad`'s programs keep of a sample for its gradient: membranes and input spikes of all steps, for one backward recursion per
        neuron; or a trace and a gradient per synapse, brought on in each step, as e-prop does. The bits are the same, time, energy and
        memory are not.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its domain.
    MemoryError
        When a network is run that does not fit; the message names program and buffer. See `fit`.

    Notes
    -----
    An engine has one account, which begins anew when a network of another shape is put on it, or when delays outgrow the memory
    of their processing element, so that all is laid out anew. Copies and pickles have the same options and an account of their
    own. Threads wait for each other call by call; where one has run another batch between another's gradient and its step, that
    step is taken on the host: the same weights, but no part of the account.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(20)
    >>> net = sp.Network([5, 30, 3], seed=1)
    >>> engine = sp.spinnaker2.Engine()
    >>> rec = net.forward(sp.encoding.latency_grid(X), engine=engine)
    >>> value, grad = net.gradient(rec, sp.losses.StepTTFSCrossEntropy(), y)
    >>> account = engine.account()
    >>> account.forward_samples, account.seconds_per_sample > 0
    (20, True)
    """

    name = "spinnaker2"
    chip: Union[Chip, Board]
    time_step: float
    steps: int
    decay: str
    copies: Union[int, str]
    spikes_per_neuron: float
    active_senders: float

    def __init__(
        self,
        chip: Union[None, Chip, Board] = None,
        time_step: float = 1e-3,
        steps: int = 27,
        copies: Union[int, str] = "auto",
        decay: str = "exponential",
        batch_size: Optional[int] = None,
        placement: str = "compact",
        seed: int = 0,
        largest_slice: Optional[int] = None,
        fifo_packets: Optional[int] = None,
        overflow: str = "drop",
        faults: str = "error",
        power: str = "high",
        power_threshold: int = 0,
        spikes_per_neuron: float = 2.0,
        active_senders: float = 0.5,
        credit: str = "recursion",
    ) -> None:
        if chip is not None and not isinstance(chip, (Chip, Board)):
            raise TypeError(f"chip is {checks.shown(chip)}; it must be a spinnaker2.Chip or a spinnaker2.Board")
        self.__dict__["chip"] = Chip() if chip is None else chip
        grid = TimeGrid(time_step, steps, decay, 1 if copies == "auto" else copies)  # type: ignore[arg-type]
        self.__dict__.update(time_step=grid.time_step, steps=grid.steps, decay=grid.decay)
        checks.choice(placement, "placement", _PLACEMENTS)
        checks.choice(overflow, "overflow", _OVERFLOW)
        checks.choice(faults, "faults", _FAULTS)
        checks.choice(power, "power", _POWER)
        checks.choice(credit, "credit", _CREDIT)
        own = partial(checks.option, of=_core.DOMAINS_SPINNAKER2)
        self.__dict__.update(
            copies="auto" if copies == "auto" else grid.copies,
            batch_size=own(batch_size, "batch_size"),
            placement=placement,
            seed=checks.integer(seed, "seed", 0, checks.UINT64),
            largest_slice=own(largest_slice, "largest_slice"),
            fifo_packets=own(fifo_packets, "fifo_packets"),
            overflow=overflow,
            faults=faults,
            power=power,
            power_threshold=own(power_threshold, "power_threshold"),
            spikes_per_neuron=own(spikes_per_neuron, "spikes_per_neuron"),
            active_senders=own(active_senders, "active_senders"),
            credit=credit,
        )
        self._make()

    def account(self) -> Account:
        """What has run since the engine was made, the account was reset, or another network was put on the chip.

        Raises
        ------
        ValueError
            If nothing has run yet, or from the progress callback of a run.
        """
        return Account(_core.spinnaker2_account(self._handle), self._tables)

    def reset_account(self) -> None:
        """Starts the account anew."""
        _core.spinnaker2_reset_account(self._handle)

    @property
    def _tables(self) -> Dict[str, Any]:
        return _core.spinnaker2_describe(self._handle)

    def _report(self) -> Dict[str, Any]:
        account = self.account()
        return {"account": account, "energy": account.energy_per_sample, "time": account.seconds_per_sample}

    @property
    def _grid(self) -> TimeGrid:
        copies = self.copies if isinstance(self.copies, int) else 1
        return TimeGrid(self.time_step, self.steps, self.decay, copies)

    def _made(self) -> object:
        chip = self.chip.chip if isinstance(self.chip, Board) else self.chip
        return _core.spinnaker2_create(self._options(), chip._constants())

    def _options(self) -> Dict[str, Any]:
        own = dict(vars(self))
        chip, seed = own.pop("chip"), own.pop("seed")
        grid = self._grid._options()
        del grid["weight_bits"]
        return {
            **own,
            "chips": chip.chips if isinstance(chip, Board) else 1,
            **grid,
            "copies": 0 if self.copies == "auto" else self.copies,
            "placement": _PLACEMENTS[own["placement"]],
            "placement_seed": seed,
            "overflow": _OVERFLOW[own["overflow"]],
            "faults": _FAULTS[own["faults"]],
            "power": _POWER[own["power"]],
            "credit": _CREDIT[own["credit"]],
            **{name: own[name] or 0 for name in ("batch_size", "largest_slice", "fifo_packets")},
        }

    def __reduce__(self) -> Tuple[Any, ...]:
        return _engine, (dict(vars(self)),)


def _engine(options: Dict[str, Any]) -> Engine:
    return Engine(**options)
