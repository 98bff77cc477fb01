"""Chips and boards of chips."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from .. import _core
from .._support import checks
from .._support.values import Value

#: Of the constant high_clock, as the core has it.
_CLOCK_HZ = 300e6


class Chip(Value):
    """One kind of chip: the constants that all estimates rest on.

    Parameters
    ----------
    clock_hz : float
        The clock of the high power level; that of the low one is the constant ``low_clock``.
    **constants : float
        Any other row of the table, by name: see `constants`. Names that begin with ``cost_`` are what the programs charge
        for their work, in cycles. A value that is given counts as assumed.

    Raises
    ------
    ValueError, TypeError
        If there is no such constant, or it cannot have that value; the message lists the names.

    Examples
    --------
    >>> import spinnprop as sp
    >>> chip = sp.spinnaker2.Chip(hop_energy=0.3e-12)
    >>> row = next(row for row in chip.constants if row["name"] == "hop_energy")
    >>> row["value"], row["unit"], row["mark"]
    (3e-13, 'J/bit', 'assumed')
    """

    def __init__(self, clock_hz: float = _CLOCK_HZ, **constants: float) -> None:
        self._set(clock_hz=clock_hz, **constants)
        if "high_clock" in constants:
            raise ValueError("high_clock is clock_hz; give it by that name")
        self._engine()

    @property
    def constants(self) -> List[Dict[str, Any]]:
        """The table: name, value, unit, mark and source of each constant.

        Marks: "P" from the chip's makers, "S" quoted by others, "D" derived from other rows, "assumed".
        """
        rows: List[Dict[str, Any]] = self._tables["constants"]
        return rows

    @property
    def published(self) -> List[Dict[str, Any]]:
        """Published workloads: what the constants give (a range), what was measured, and why they differ.

        ``basis`` says what that is worth: "prediction"; "derived" from that measurement or its publication; "bound", a range too
        wide to be missed. ``factor`` (>= 1) lies between the measurement and the farther end of a prediction's range; None
        for all else.
        """
        rows: List[Dict[str, Any]] = self._tables["published"]
        return [{**row, "factor": row["factor"] if row["basis"] == "prediction" else None} for row in rows]

    @property
    def _tables(self) -> Dict[str, Any]:
        return _core.spinnaker2_describe(self._engine())

    def _engine(self) -> object:
        """A core engine with this chip's constants."""
        return _core.spinnaker2_create({}, self._constants())

    def _constants(self) -> Tuple[Tuple[bytes, float], ...]:
        given = {name: value for name, value in vars(self).items() if name != "clock_hz"}
        if self.__dict__["clock_hz"] != _CLOCK_HZ:
            given["high_clock"] = self.__dict__["clock_hz"]
        return tuple((name.encode(), value) for name, value in given.items())

    def __hash__(self) -> int:
        return hash((type(self), frozenset(vars(self).items())))

    def __reduce__(self) -> Tuple[Any, ...]:
        return _chip, (dict(vars(self)),)


def _chip(constants: Dict[str, float]) -> Chip:
    return Chip(**constants)


class Board(Value):
    """Chips of one kind, connected by their links to a torus.

    Parameters
    ----------
    chips : int
        1 .. 48.
    chip : Chip or None
        None: a chip as published.

    Examples
    --------
    >>> import spinnprop as sp
    >>> sp.spinnaker2.Board(chips=2).chips
    2
    """

    chips: int
    chip: Chip

    def __init__(self, chips: int = 48, chip: Optional[Chip] = None) -> None:
        if chip is not None and not isinstance(chip, Chip):
            raise TypeError(f"chip is {checks.shown(chip)}; it must be a spinnaker2.Chip")
        self.__dict__.update(chips=checks.option(chips, "chips", _core.DOMAINS_SPINNAKER2), chip=Chip() if chip is None else chip)
