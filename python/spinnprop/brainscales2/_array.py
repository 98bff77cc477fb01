"""The neuron array as a machine: it runs, and goes on from where it was."""

from __future__ import annotations

import json
import os
from typing import Any, Dict, NamedTuple, Optional, Tuple

import numpy as np

from .. import _core
from .._spikes import SpikeTrains, trains
from .._support import checks, tables
from .._support.files import replaced
from .._support.types import BoolArray, Float64Array, Int8Array, PathLike, Progress, UInt8Array
from ._array_files import Made, content, restored
from ._chip import Chip
from ._programs import WEIGHTS, AnyProgram, carried

#: Neuron parameters, in the order of the core's.
_NEURONS = ("tau_mem", "tau_syn_exc", "tau_syn_inh", "threshold", "reset", "drive", "refractory", "gain", "delay", "noise")
#: What else an array on a chip has from it.
_OF_CHIPS = ("seed", "resolution", "event_interval", "delay_jitter", "sensor_spread", "sensor_offset", "sensor_seed")


class Account(NamedTuple):
    """What programs have done since the array's beginning, and the time it would take on the chip, estimated.

    Operations are on vectors of 128 lanes; what each takes is assumed (`ProcessorCosts` in Sources/BrainScaleS2).
    See `Array.account`, which gives it.
    """

    #: Calls of programs and rules; what a rule computes in Python is not counted, only what it reads and writes.
    calls: int
    #: Rows of synapses or counters read or written.
    rows: int
    #: Read-outs of sensors and membranes.
    conversions: int
    #: Vectors computed.
    instructions: int
    #: Estimated seconds of the chip.
    seconds: float
    #: Calls that would last longer than their period, estimated.
    overruns: int

    def _repr_html_(self) -> str:
        names = {"seconds": "seconds of the chip (estimated)", "overruns": "overruns (estimated)"}
        rows = [(names.get(name, name), tables.number(value) if isinstance(value, float) else value) for name, value in self._asdict().items()]
        return tables.page("Account of programs on an emulated BrainScaleS-2", tables.facts(rows))


class Array:
    """Up to 512 leaky integrate-and-fire neurons that all differ, 6-bit synapses, and a processor that changes these.

    Each neuron has an excitatory and an inhibitory current; between spikes it is exact::

        tau_mem dV/dt = -V + I_exc + I_inh + drive + noise sqrt(2 tau_mem) xi
        a spike of a sender with weight w adds gain * w to I_exc (w > 0) or I_inh (w < 0)
        V reaches threshold: V = reset for `refractory`, the currents go on

    State lives on between calls: `run` goes on where the last run ended. All times are yours but `resolution` and
    `event_interval`: give biological ones with the default speedup, or the chip's own with ``speedup=1``.

    Parameters
    ----------
    n : int
        Neurons, 1 .. 512.
    n_sources : int
        Senders outside, 0 .. 16384.
    recurrent : bool
        Whether neurons are senders, too. Senders are the sources, then the neurons; matrices are (senders, neurons).
    mask : (senders, n) bool or None
        Where synapses are; None: everywhere.
    weights : (senders, n) int or None
        -63 .. 63, 0 where no synapse is; None: 0.
    signs : (senders,) int or None
        What each sender's weights may be: 1 (0 .. 63), -1 (-63 .. 0) or 0 (both); None: both.
    tau_mem, tau_syn_exc, tau_syn_inh, refractory : float or (n,)
        Seconds.
    threshold, reset, drive : float or (n,)
        The membrane value that fires, the one after a spike, and the one it leaks to.
    gain : float or (n,)
        The current that a weight of 1 adds.
    delay : float or (n,)
        From a neuron's spike to its arrival at others, seconds.
    noise : float or (n,)
        Spread that temporal noise alone gives a membrane; increments are exact, 1 / 32 of the shortest tau_mem of those that have noise apart.
    fan_in : int
        The most synapses a neuron may have; the chip's columns have 256.
    speedup : float
        How many times faster than your time the chip is.
    resolution : float
        Of event times in seconds of the chip, 8e-9 there: inputs go to the nearest point of the grid, spikes to the next. 0: exact.
    event_interval : float
        From one event to the next at least, seconds of the chip, 8e-9 there: the sources' events take turns among themselves, and so do the neurons'.
        Of either up to 128 wait; further ones are lost, and counted (`lost_events`). 0: any number at once.
    delay_jitter : float
        Spread of each spike's delay, seconds.
    sensors : bool
        Whether synapses have correlation sensors.
    sensor_amplitude : float
        What a pair of spikes at the same time adds to a read-out.
    sensor_tau_causal, sensor_tau_acausal : float
        Seconds.
    sensor_spread, sensor_offset : float
        Standard deviations between synapses: of amplitudes, relative, and of offsets, in units of the read-out.
    sensor_seed : int
        What these are drawn from.
    read_low, read_high : float
        Membrane values that read as 0 and as 255.
    seed : int
        Of noise, jitter, and the processor's random numbers.

    Raises
    ------
    ValueError, TypeError
        For what no array can have; the message names the value.

    Examples
    --------
    >>> import numpy as np
    >>> import spinnprop as sp
    >>> array = sp.brainscales2.Array(3, 1, gain=0.2, weights=np.full((1, 3), 20), refractory=2e-3)
    >>> inputs = sp.SpikeTrains([1e-3, 2e-3, 3e-3], [0, 0, 0], [0, 3], n_units=1)
    >>> array.run(inputs, 0.02)
    SpikeTrains(1 samples, 3 spikes, n_units=3)
    >>> array.time
    0.02
    >>> array.run(duration=0.02)
    SpikeTrains(1 samples, 0 spikes, n_units=3)
    """

    __slots__ = ("_handle", "_made")
    _handle: object
    _made: Made

    def __init__(
        self,
        n: int = 512,
        n_sources: int = 0,
        recurrent: bool = False,
        *,
        mask: Any = None,
        weights: Any = None,
        signs: Any = None,
        tau_mem: Any = 20e-3,
        tau_syn_exc: Any = 5e-3,
        tau_syn_inh: Any = 5e-3,
        threshold: Any = 1.0,
        reset: Any = 0.0,
        drive: Any = 0.0,
        refractory: Any = 0.0,
        gain: Any = 1 / 63,
        delay: Any = 0.0,
        noise: Any = 0.0,
        fan_in: int = 256,
        speedup: float = 1000.0,
        resolution: float = 0.0,
        event_interval: float = 0.0,
        delay_jitter: float = 0.0,
        sensors: bool = False,
        sensor_amplitude: float = 36.0,
        sensor_tau_causal: float = 20e-3,
        sensor_tau_acausal: float = 20e-3,
        sensor_spread: float = 0.0,
        sensor_offset: float = 0.0,
        sensor_seed: int = 0,
        read_low: float = -1.0,
        read_high: float = 2.0,
        seed: int = 0,
    ) -> None:
        options: Dict[str, Any] = {
            "n_neurons": checks.integer(n, "n", 1, _core.BRAINSCALES2_CIRCUITS),
            "n_sources": checks.integer(n_sources, "n_sources", 0, 16384),
            "is_recurrent": int(checks.boolean(recurrent, "recurrent")),
            "fan_in": checks.integer(fan_in, "fan_in", 1, checks.INT32),
            "seed": checks.integer(seed, "seed", 0, checks.UINT64),
            "speedup": checks.real(speedup, "speedup"),
            "resolution": checks.real(resolution, "resolution"),
            "event_interval": checks.real(event_interval, "event_interval"),
            "delay_jitter": checks.real(delay_jitter, "delay_jitter"),
            "has_sensors": int(checks.boolean(sensors, "sensors")),
            "sensor_amplitude": checks.real(sensor_amplitude, "sensor_amplitude"),
            "sensor_tau_causal": checks.real(sensor_tau_causal, "sensor_tau_causal"),
            "sensor_tau_acausal": checks.real(sensor_tau_acausal, "sensor_tau_acausal"),
            "sensor_spread": checks.real(sensor_spread, "sensor_spread"),
            "sensor_offset": checks.real(sensor_offset, "sensor_offset"),
            "sensor_seed": checks.integer(sensor_seed, "sensor_seed", 0, checks.UINT64),
            "read_low": checks.real(read_low, "read_low"),
            "read_high": checks.real(read_high, "read_high"),
        }
        neurons = (tau_mem, tau_syn_exc, tau_syn_inh, threshold, reset, drive, refractory, gain, delay, noise)
        self._made = Made(options, tuple(map(_each, neurons, _NEURONS)), None)
        if signs is not None:
            self._made = self._made._replace(signs=self._signs(signs))
        self._handle = self._made.array(self._matrix(mask, np.bool_, "mask"))
        if weights is not None:
            self.weights = weights

    @classmethod
    def on(cls, chip: Chip, **arguments: Any) -> Array:
        """An array on the first circuits of a chip: what they make of the parameters that are asked for.

        Time constants (the chip's synaptic ones serve for both), gains and delays are multiplied by each circuit's factor, and so is the way from
        drive to threshold; resets are moved. Noise, resolution, the interval of events, jitter (in tau_syn_exc), the seed (the chip's `noise_seed`)
        and spreads and seed of correlation sensors are the chip's unless given. Its `batch_noise` makes no difference: there are no batches.

        Parameters
        ----------
        chip : Chip
        **arguments
            As `Array` takes them.

        Raises
        ------
        SpinnpropError
            For a chip that differs in what an array always has: `weight_bits` 6, `readout_bits` 8, `row_offset` 0.
        ValueError, TypeError
            As `Array` does: a circuit may deviate so far that no neuron is left, its reset above its threshold, say.

        Examples
        --------
        >>> import spinnprop as sp
        >>> sp.brainscales2.Array.on(sp.brainscales2.Chip(seed=3), n=100, n_sources=20, tau_mem=10e-3)
        <Array of 100 neurons, 20 sources, 2000 synapses>
        """
        if not isinstance(chip, Chip):
            raise TypeError(f"chip is {checks.shown(chip)}; it must be a spinnprop.brainscales2.Chip")
        # Neurons as they are meant, whoever they hear.
        asked = {name: value for name, value in arguments.items() if name not in ("mask", "weights", "signs")}
        meant = cls(**{**asked, "n_sources": 1, "recurrent": False})._made
        values = np.empty((len(_NEURONS), meant.shape[1]))
        found = _core.brainscales2_array_place(values, meant.options, meant.parameters, chip._handle)
        circuits = dict(zip(_NEURONS, values))
        own = {"noise": circuits.pop("noise"), **{name: found[name] for name in _OF_CHIPS}}
        return cls(**{**own, **arguments, **circuits})

    def _matrix(self, values: Any, dtype: Any, name: str) -> Any:
        if values is None:
            return None
        found = checks.array(values, dtype, name, ndim=2, limits=WEIGHTS)
        checks.shape(found, self._shape, name)
        return found

    def _signs(self, values: Any) -> Any:
        signs = checks.array(values, np.int8, "signs", ndim=1)
        checks.shape(signs, self._shape[:1], "signs")
        return signs.view(np.uint8)

    @property
    def _info(self) -> Dict[str, Any]:
        return _core.brainscales2_array_describe(self._handle)

    @property
    def _shape(self) -> Tuple[int, int]:
        return self._made.shape

    @property
    def n(self) -> int:
        """Neurons."""
        return self._shape[1]

    @property
    def n_sources(self) -> int:
        """Senders outside."""
        return int(self._made.options["n_sources"])

    @property
    def n_synapses(self) -> int:
        """Synapses that exist."""
        return int(self._info["n_synapses"])

    @property
    def lost_events(self) -> int:
        """Events since the beginning that were lost because too many waited for their turn (`event_interval`)."""
        return int(self._info["n_lost_events"])

    @property
    def time(self) -> float:
        """Seconds since the beginning."""
        return float(self._info["time"])

    @property
    def weights(self) -> Int8Array:
        """(senders, n) int8; a read-only copy. Assign to set: whole numbers -63 .. 63, 0 where no synapse is."""
        values = np.empty(self._shape, np.int8)
        _core.brainscales2_array_weights(values.view(np.uint8), self._handle)
        return checks.read_only(values, "write array.weights = array.weights + step, say")

    @weights.setter
    def weights(self, weights: Any) -> None:
        if weights is None:
            raise TypeError("weights is None; give whole numbers (senders, neurons)")
        _core.brainscales2_array_set_weights(self._handle, self._matrix(weights, np.int8, "weights").view(np.uint8))

    @property
    def mask(self) -> BoolArray:
        """(senders, n) bool, where synapses are; a read-only copy."""
        values = np.empty(self._shape, np.bool_)
        _core.brainscales2_array_mask(values, self._handle)
        return checks.read_only(values)

    def run(
        self,
        spikes: Optional[SpikeTrains] = None,
        duration: float = 1.0,
        program: Optional[AnyProgram] = None,
        period: Optional[float] = None,
        *,
        max_spikes: Optional[int] = None,
        progress: Progress = None,
    ) -> SpikeTrains:
        """Goes on for a duration.

        Parameters
        ----------
        spikes : SpikeTrains or None
            One sample of the sources' spikes, seconds since the beginning of this run, none after its end; None: silence.
        duration : float
            Seconds.
        program : a program, a function of a `Processor`, or None
            Run at each multiple of `period` since time 0. If it raises, the run ends there, and what it did is kept.
        period : float or None
            Seconds.
        max_spikes : int or None
            A run with more ends with an error. None: 10 million.
        progress : callable or None
            Called now and then, by a run that is over soon never; True ends the run by an error.

        Returns
        -------
        SpikeTrains
            One sample: the neurons' spikes, seconds since the beginning of this run. With a `resolution` each is at the next point of that grid,
            with an `event_interval` where its turn is; both may be later than the run's end.

        Raises
        ------
        ValueError, TypeError, IndexError
            Before anything is run; IndexError for a program's sender that the array has not.
        SpinnpropError, KeyboardInterrupt, MemoryError, or what a rule raises
            The array is then at the time of that; `spikes` has those until then.
        """
        checks.progress(progress)
        options: Dict[str, Any] = {"duration": checks.real(duration, "duration")}
        if period is not None:
            options["period"] = checks.real(period, "period")
        if (program is None) != (period is None):
            raise ValueError("give a program with a period, or neither; array.apply(program) runs one now")
        if max_spikes is not None:
            options["max_spikes"] = checks.integer(max_spikes, "max_spikes", 1, checks.INT64)
        arrays = None if spikes is None else trains(spikes, "spikes")._arrays
        _core.brainscales2_array_run(self._handle, arrays, options, carried(program, self._shape), progress)
        return self.spikes

    def apply(self, program: AnyProgram) -> None:
        """Runs a program, or a function of a `Processor`, now."""
        if program is None:
            raise TypeError("program is None; give a program, or a function of a Processor")
        _core.brainscales2_array_apply(self._handle, carried(program, self._shape))

    @property
    def spikes(self) -> SpikeTrains:
        """One sample: the spikes of the last run, whether it ended well or not."""
        n_spikes = self._info["n_spikes"]
        times, units = np.empty(n_spikes), np.empty(n_spikes, np.int32)
        _core.brainscales2_array_spikes(times, units, self._handle)
        return SpikeTrains._trusted(times, units, np.array([0, n_spikes]), self.n)

    def correlations(self, reset: bool = True) -> Tuple[UInt8Array, UInt8Array]:
        """Read-outs of all sensors, (causal, acausal), each (senders, n) uint8; reading resets, as on the chip, unless it shall not.

        causal grows by ``amplitude * exp(-(t_post - t_pre) / tau)`` at each spike of a neuron, with its sender's last arrival; acausal at each arrival,
        with the neuron's last spike.
        """
        causal, acausal = np.empty(self._shape, np.uint8), np.empty(self._shape, np.uint8)
        _core.brainscales2_array_correlations(causal, acausal, self._handle, checks.boolean(reset, "reset"))
        return causal, acausal

    def rates(self) -> UInt8Array:
        """(n,) uint8: spikes of each neuron since they were read last, at most 255; reading resets."""
        values = np.empty(self.n, np.uint8)
        _core.brainscales2_array_rates(values, self._handle)
        return values

    def membranes(self) -> UInt8Array:
        """(n,) uint8: membranes now, as the chip reads them."""
        return self._membranes()[1]

    @property
    def membrane(self) -> Float64Array:
        """(n,) float64: membranes now, as the emulation has them."""
        return checks.read_only(self._membranes()[0])

    def _membranes(self) -> Tuple[Float64Array, UInt8Array]:
        values, read_outs = np.empty(self.n), np.empty(self.n, np.uint8)
        _core.brainscales2_array_membranes(values, read_outs, self._handle)
        return values, read_outs

    @property
    def account(self) -> Account:
        """What programs have done since the beginning."""
        info = self._info
        return Account(
            info["n_calls"], info["n_rows"], info["n_conversions"], info["n_instructions"], info["processor_seconds"],
            info["n_overruns"],
        )  # fmt: skip

    def reset(self) -> None:
        """Back to time 0 and the state of then, random numbers included; weights and synapses stay."""
        _core.brainscales2_array_reset(self._handle)

    def __copy__(self) -> Array:
        copy = Array.__new__(Array)
        copy._handle, copy._made = _core.brainscales2_array_copy(self._handle), self._made
        return copy

    def copy(self) -> Array:
        """An independent one, with its state."""
        return self.__copy__()

    def __deepcopy__(self, memo: Any) -> Array:
        return self.__copy__()

    def save(self, path: PathLike) -> None:
        """Writes the array to a file (JSON): what it was made of, synapses, and its state; `Array.load` reads it. The last run's spikes are not kept.

        >>> import os, tempfile, spinnprop as sp
        >>> array = sp.brainscales2.Array(3, 2, drive=1.2, seed=5)
        >>> first = array.run(duration=0.1)
        >>> path = os.path.join(tempfile.mkdtemp(), "array.json")
        >>> array.save(path)
        >>> sp.brainscales2.Array.load(path).run(duration=0.1) == array.run(duration=0.1)
        True
        """
        with replaced(checks.path(path)) as part, open(part, "w", encoding="utf-8") as file:
            json.dump(content(self._made, self._handle, self.mask, self.weights), file)

    @classmethod
    def load(cls, path: PathLike) -> Array:
        """The array that `save` has written, which goes on with the bits that the saved one would have had.

        Raises
        ------
        ValueError
            If the file is of something else.
        """
        checks.path(path)
        with open(path, encoding="utf-8") as file:
            try:
                return cls._restored(json.load(file))
            # What the core refuses is as little an array as what is no JSON.
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                reason = error
        raise ValueError(f"{os.fspath(path)!r} is no array; Array.save writes one") from reason

    @classmethod
    def _restored(cls, found: Any) -> Array:
        array = cls.__new__(cls)
        array._made, array._handle = restored(found)
        return array

    def __reduce__(self) -> Tuple[Any, ...]:
        return type(self)._restored, (content(self._made, self._handle, self.mask, self.weights),)

    def __repr__(self) -> str:
        return f"<Array of {self.n} neurons, {self.n_sources} sources, {self.n_synapses} synapses>"


def _each(values: Any, name: str) -> Float64Array:
    """One number for all neurons, or one each."""
    found = checks.array(values, np.float64, name)
    if found.ndim > 1 or found.size == 0:
        raise ValueError(f"{name} has shape {found.shape}; give one number, or one per neuron")
    return found.reshape(-1)
