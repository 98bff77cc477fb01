"""Calibration, as one does it with a chip."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional

import numpy as np

from .. import _core
from .._support import checks
from ._chip import Chip, coded

#: What circuits have a setting of ten bits for.
_TARGETS = ("tau_mem", "tau_syn", "threshold", "reset")


def calibrate(
    chip: Chip, targets: Optional[Mapping[str, float]] = None, *, seed: int = 0, noise: float = 1.0, repeats: int = 1
) -> Chip:
    """A chip whose circuits' settings, ten bits each, have been moved toward targets by bisection, as noisy measurements say.

    Parameters
    ----------
    chip : Chip
        As it comes: ``Chip(seed, calibrated=False)``. Whatever settings it has are found anew.
    targets : dict or None
        Of "tau_mem", "tau_syn" and "threshold" what is aimed at, over what circuits are meant to have (1 unless given), and
        of "reset" what is aimed at, less that, in thresholds (0).
    seed : int
        Of the noise of measurements.
    noise : float
        Of a measurement, over that which leaves the published spread of calibrated chips; 0: none.
    repeats : int
        Measurements of each setting, whose mean is taken.

    Returns
    -------
    Chip
        With ``codes``, the settings. `Chip.save` keeps them.

    Raises
    ------
    ValueError, TypeError
        If there is no such target, or a number is out of its domain.

    Notes
    -----
    A setting moves a factor between a quarter and four times in equal ratios, a reset within a threshold. Gains, delays and rows have none.

    Examples
    --------
    >>> import spinnprop as sp
    >>> raw = sp.brainscales2.Chip(seed=1, calibrated=False)
    >>> chip = sp.brainscales2.calibrate(raw, {"threshold": 1.1})
    >>> bool(chip.deviations("tau_syn").std() < 0.3 * raw.deviations("tau_syn").std())
    True
    """
    if not isinstance(chip, Chip):
        raise TypeError(f"chip is {checks.shown(chip)}; it must be a brainscales2.Chip")
    if targets is not None and not isinstance(targets, Mapping):
        raise TypeError(f"targets is {checks.shown(targets)}; it must be a dict by name, or None")
    given: Dict[str, Any] = dict(targets or {})
    for name in given:
        if name not in _TARGETS:
            raise ValueError(f"targets has {name!r}; circuits have settings for {', '.join(_TARGETS)}")
    of = _core.DOMAINS_BRAINSCALES2_CALIBRATION
    options = {
        **{name: checks.option(value, name, of) for name, value in given.items()},
        "seed": checks.integer(seed, "seed", 0, checks.UINT64),
        "noise": checks.option(noise, "noise", of),
        "repeats": checks.option(repeats, "repeats", of),
    }
    calibrated = _core.brainscales2_chip_calibrate(chip._handle, options)
    codes = np.empty(_core.brainscales2_chip_code_count(calibrated), np.int32)
    _core.brainscales2_chip_codes(codes, calibrated)
    return coded(chip, codes)
