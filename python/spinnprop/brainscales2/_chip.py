"""Chips: a seed is one."""

from __future__ import annotations

import json
import os
from typing import Any, Dict, Optional, Tuple

import numpy as np

from .. import _core
from .._support import checks
from .._support.files import replaced
from .._support.types import Float64Array, Int32Array, PathLike
from .._support.values import Value

#: What circuits deviate in.
_PARAMETERS: Dict[Optional[str], int] = {
    "tau_mem": _core.BRAINSCALES2_TAU_MEM,
    "tau_syn": _core.BRAINSCALES2_TAU_SYN,
    "threshold": _core.BRAINSCALES2_THRESHOLD,
    "reset": _core.BRAINSCALES2_RESET,
    "gain": _core.BRAINSCALES2_GAIN,
    "delay": _core.BRAINSCALES2_DELAY,
    "row": _core.BRAINSCALES2_ROW,
}


_FORMAT = "spinnprop brainscales2 chip 1"


class Chip(Value):
    """An emulated BrainScaleS-2: 512 analog neuron circuits, each with deviations of its own. The same seed is the same chip on
    any machine.

    Parameters
    ----------
    seed : int
        What the circuits are drawn from, 0 .. 2**64 - 1.
    calibrated : bool
        Whether defaults of spreads are those of a calibrated chip, or of one as it comes.
    **statistics : float or int
        Spreads and noise that are to differ from the defaults, by name; 0 is a perfect one. Spreads are standard deviations over
        circuits, relative to what a circuit was meant to have; factors are log-normal with mean 1.

        ================== ========== ============ =============== ===========================================================
        name               calibrated uncalibrated unit            meaning
        ================== ========== ============ =============== ===========================================================
        noise_seed         0          0                            of noise, with each run's parameters and input
        tau_mem_spread     .07        .103                         of membrane time constants
        tau_syn_spread     .049       .35                          of synaptic ones: those of excitatory inputs serve for both
        threshold_spread   .14        .25                          of the way from leak to threshold
        threshold_shift    0          0                            by how much all thresholds are off
        reset_spread       .0207      .175         thresholds      5.9 and 50 mV of 286 mV
        gain_spread        .17        .17                          over neurons, of what a weight is worth
        row_offset         0          0            steps of 63     over synapse rows, what is added to weights other than 0
        delay_spread       .1         .1                           of delays: 1.0(1) us
        noise              .007       .007         thresholds      of a membrane, anew for each spike: 2 mV
        batch_noise        .015       .015                         of thresholds, anew for each batch
        jitter             .01        .01          tau_syn         of spikes on their way
        drift              0          0            1/hour          over circuits: how fast time constants and thresholds drift
        age                0          0            hours           for how long they have drifted
        correlation        0          0                            between any two deviations of one circuit but its delay
        sensor_spread      .2         .2                           over synapses, of what sensors of correlations add; assumed
        sensor_offset      2          2            read-out        over synapses, of what is added to their read-outs; assumed
        resolution         8e-9       8e-9         s of the chip   of event times; 0: they are not rounded
        event_interval     8e-9       8e-9         s of the chip   from one event to the next; 0: no limit
        weight_bits        6          6                            of a weight beside its sign; 0: no rounding, no saturation
        readout_bits       8          8                            of what reads a leaky read-out; 0: no rounding
        ================== ========== ============ =============== ===========================================================

    Raises
    ------
    ValueError, TypeError
        If there is no such statistic, or it cannot have that value; the message says which there are.

    Notes
    -----
    Statistics of published measurements of 512 neurons; noise per batch and jitter are those of DelGrad's model of the chip (arXiv
    2404.19165). No spread of rows is published, nor how deviations of a circuit go together. Sensors of correlations are those of arrays
    (`Array.on`).

    Examples
    --------
    >>> import spinnprop as sp
    >>> chip = sp.brainscales2.Chip(seed=3, gain_spread=0.1)
    >>> chip.gain_spread, chip.tau_mem_spread, chip.deviations("gain").shape
    (0.1, 0.07, (512,))
    """

    _core_chip: Tuple[int, object]
    __slots__ = ("_core_chip",)

    def __init__(self, seed: int = 0, calibrated: bool = True, **statistics: float) -> None:
        is_calibrated = checks.boolean(calibrated, "calibrated")
        self._take(_core.BRAINSCALES2_CALIBRATED if is_calibrated else _core.BRAINSCALES2_UNCALIBRATED, seed, statistics)

    @classmethod
    def ideal(cls, seed: int = 0, **statistics: float) -> Chip:
        """A chip on which no circuit differs and nothing is noisy; weights and times are rounded all the same."""
        return cls._of(_core.BRAINSCALES2_IDEAL, seed, statistics)

    @classmethod
    def hardware_aware(cls, seed: int = 0, **statistics: float) -> Chip:
        """DelGrad's model by which networks are trained in simulation before they go to the chip (arXiv 2404.19165).

        Thresholds are 2.6 + N(.13, .08), and N(0, .04) more in each batch; times of spikes jitter by N(0, .01) tau_syn; weights have six
        bits. Nothing else differs. Take several seeds for several chips at once.
        """
        return cls._of(_core.BRAINSCALES2_HARDWARE_AWARE, seed, statistics)

    @classmethod
    def _of(cls, preset: int, seed: int, statistics: Dict[str, float]) -> Chip:
        chip = cls.__new__(cls)
        chip._take(preset, seed, statistics)
        return chip

    def _take(self, preset: int, seed: int, statistics: Dict[str, float]) -> None:
        options = _core.brainscales2_preset(preset)
        for name, value in {"seed": seed, **statistics}.items():
            if name not in options:
                raise ValueError(f"{name} is no statistic of a chip; there are {', '.join(options)}")
            options[name] = (
                checks.integer(value, name, 0, checks.UINT64)
                if name in ("seed", "noise_seed")
                else checks.option(value, name, _core.DOMAINS_BRAINSCALES2_CHIP)
            )
        self.__dict__.update(options)
        self._make()

    def _options(self) -> Dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_codes"}

    def _make(self) -> None:
        codes = self.codes
        made = (
            _core.brainscales2_chip_create(self._options())
            if codes is None
            else _core.brainscales2_chip_create_with_codes(self._options(), codes.ravel())
        )
        object.__setattr__(self, "_core_chip", (os.getpid(), made))

    @property
    def codes(self) -> Optional[Int32Array]:
        """The settings that `calibrate` has found, 0 .. 1023, of shape (4, 512): for tau_mem, tau_syn, threshold and reset, each
        circuit's; None if it has not."""
        codes = vars(self).get("_codes")
        return None if codes is None else np.frombuffer(codes, np.int32).reshape(4, -1)

    def save(self, path: PathLike) -> None:
        """Writes the chip to a file (JSON), its settings included; `Chip.load` reads it."""
        codes = self.codes
        content = {"format": _FORMAT, "options": self._options(), "codes": None if codes is None else codes.ravel().tolist()}
        with replaced(checks.path(path)) as part, open(part, "w", encoding="utf-8") as file:
            json.dump(content, file)

    @classmethod
    def load(cls, path: PathLike) -> Chip:
        """The chip that `save` has written.

        Raises
        ------
        ValueError
            If the file is of something else.
        """
        checks.path(path)
        with open(path, encoding="utf-8") as file:
            try:
                content = json.load(file)
                options, codes = dict(content["options"]), content["codes"]
                if content["format"] == _FORMAT and set(options) == set(_core.brainscales2_preset(0)):
                    chip = cls(**options)
                    return chip if codes is None else coded(chip, checks.array(codes, np.int32, "codes", ndim=1))
                reason = None
            # What the core refuses is as little a chip's as what is no JSON.
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                reason = error
        raise ValueError(f"{os.fspath(path)!r} is no chip; Chip.save writes one") from reason

    @property
    def _handle(self) -> object:
        """The one core chip; another in a forked child."""
        if self._core_chip[0] != os.getpid():
            self._make()
        return self._core_chip[1]

    def later(self, hours: float) -> Chip:
        """The same chip when it has drifted for so many hours more; with `drift` 0, the default, it is still what it was.

        An engine's chip stands still while it runs. A chip that drifts during a training is a training in pieces: a new `Trainer` on the network
        so far, with an engine of ``chip.later(...)``.

        Parameters
        ----------
        hours : float
            Not before age 0.

        >>> import spinnprop as sp
        >>> sp.brainscales2.Chip(seed=3, drift=0.01).later(2.5)
        Chip(seed=3, drift=0.01, age=2.5)
        """
        chip, more = type(self).__new__(type(self)), checks.real(hours, "hours")
        try:
            age = checks.option(self._options()["age"] + more, "age", _core.DOMAINS_BRAINSCALES2_CHIP)
        except ValueError as error:
            raise ValueError(f"hours is {more}, with which the chip's {error}") from None
        chip.__dict__.update(vars(self), age=age)
        chip._make()
        return chip

    def deviations(self, of: str) -> Float64Array:
        """What the 512 circuits (of "row": the 2 x 256 synapse rows) deviate by.

        Parameters
        ----------
        of : "tau_mem", "tau_syn", "threshold", "gain", "delay", "reset" or "row"
            Factors, but for "reset", in thresholds, and "row", in steps of 63, which are added.

        Returns
        -------
        float64 array of shape (512,)
        """
        parameter = checks.choice(of, "of", _PARAMETERS)
        values = np.empty(_core.BRAINSCALES2_CIRCUITS)
        _core.brainscales2_chip_values(values, self._handle, parameter)
        return values

    def __repr__(self) -> str:
        usual = _core.brainscales2_preset(_core.BRAINSCALES2_CALIBRATED)
        own = {name: value for name, value in self._options().items() if name == "seed" or value != usual[name]}
        text = f"Chip({', '.join(f'{name}={value!r}' for name, value in own.items())})"
        return text if self.codes is None else f"<{text}, calibrated>"

    def __reduce__(self) -> Tuple[Any, ...]:
        return _chip, (self._options(), self.codes)


def _chip(options: Dict[str, Any], codes: Optional[Int32Array]) -> Chip:
    chip = Chip(**options)
    return chip if codes is None else coded(chip, codes)


def coded(chip: Chip, codes: Int32Array) -> Chip:
    """The same chip with other settings."""
    own = type(chip).__new__(type(chip))
    own.__dict__.update(chip._options(), _codes=codes.tobytes())
    own._make()
    return own
