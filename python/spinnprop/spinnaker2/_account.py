"""The account of an emulated chip as a value: totals, and tables by phase, program and processing element."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import numpy as np

from .._support import tables

#: Numbers of a processing element, a program or a phase, in the order of the core's counters.
_LARGEST = ("largest_tick", "largest_fifo")
#: What every file says of its numbers.
ESTIMATED = "cycles are charged at assumed costs; seconds, watts, joules and slips follow from them: all are estimated"
_ESTIMATES = ("cycles", "high_cycles", "largest_tick", "slips", "link_slips", "dram_slips", "seconds", "mean_power", "energy")


def estimated_column(name: str) -> str:
    """The name of a column in a file: estimates are called so."""
    return f"{name}_estimated" if name in _ESTIMATES or name.endswith("_energy") else name


class Account:
    """What has run on an emulated chip. Never changes; pickles. Seconds, watts and joules are estimated.
    See `Engine` for an example.

    A run that failed or was stopped is in the counters as far as it came, but not in ticks and seconds.

    Attributes
    ----------
    chips, copies, n_pes, steps : int
        Chips, copies of the network, processing elements (PEs) with a program, time steps of a sample.
    forward_samples, backward_samples, batches, updates : int
        What has run: samples forward, samples backward, the batches they came in, and steps of the optimiser on the chip: fewer
        than batches where weights of silent neurons were raised instead or delays are trained, both on the host.
    seconds, energy, mean_power : float
        What the chips take, estimated: s, J, W. Without the host's traffic: `host_bytes`, estimated `host_seconds`.
    seconds_per_sample, energy_per_sample : float
        What a sample run forward takes, copies side by side; estimated.
    seconds_per_step, energy_per_step : float
        What a training step takes: all that has run but evaluations, over `batches`; estimated.
    evaluation_samples, evaluation_seconds, evaluation_energy : int, float, float
        Of what ran forward, the part that no backward run on the chip has followed, as the runs on a validation set; estimated.
    busiest_link_load, busiest_dram_load : float
        Part of the time in which the busiest link between chips, and the busiest memory interface, is in use; estimated.
    set_up_seconds : float
        What loading the programs and cleaning up takes; not in `seconds`. Estimated.
    phases : structured array
        name; ticks and slips of the machine: tick periods added because a program, a link or a memory interface had not
        finished, and of these link_slips and dram_slips; seconds, energy, mean_power, parts of the energy; counters of all PEs.
    programs : structured array
        name, phase, n_pes and counters, a row for each program and phase.
    pes : structured array
        pe, chip, x, y (of its quad), program, copy, layer, first_unit, n_units, sram_used, sram_high_water, n_buffers,
        and counters over all phases.
    counters : (n_pes, phases) structured array
        The same counters, phase by phase.
    buffers : tuple of dict
        For each PE, bytes by name of buffer.
    link_bits : (chips, 6) int64
        Bits over the links between chips: east, north-east, north, west, south-west, south.
    slips : list of dict
        The first ticks that did not fit their period: phase, tick, cause. "work" and "stall" (a packet found a full FIFO) are
        of a PE: pe, cycles; "link" of a link between chips: link (6 * chip + direction), bytes; "dram" of a memory interface:
        bytes; chip.
    constants : list of dict
        What the estimates rest on: name, value, unit, mark, source.
    """

    def __init__(self, account: Dict[str, Any], tables: Dict[str, Any]) -> None:
        own = dict(account)
        phases, programs, pes = own.pop("phases"), own.pop("programs"), own.pop("pes")
        links, slips = own.pop("link_bits"), own.pop("slips")
        for name in ("n_phases", "n_programs", "n_links", "n_slips"):
            own.pop(name)
        self.__dict__.update(own)
        names = [phase["name"] for phase in phases]
        own_phases = [({k: v for k, v in row.items() if k != "counters"}, row["counters"]) for row in phases]
        # Ticks and slips of the machine, not those of all PEs added up.
        self.phases = _table([{**row, **{k: v for k, v in counters.items() if k not in row}} for row, counters in own_phases])
        self.programs = _table([
            {"name": row["name"], "phase": phase, "n_pes": row["n_pes"], **counters}
            for row in programs
            for phase, counters in zip(names, row["counters"])
        ])
        self.counters = np.array([_table(row["counters"]) for row in pes])
        self.pes = _table([
            {**{name: value for name, value in row.items() if name not in ("counters", "buffers")}, **_sum(row["counters"])}
            for row in pes
        ])
        self.buffers = tuple({buffer["name"]: buffer["bytes"] for buffer in row["buffers"]} for row in pes)
        self.link_bits = np.array(links, np.int64).reshape(-1, 6)
        self.slips: List[Dict[str, Any]] = [{**slip, "phase": names[slip["phase"]]} for slip in slips]
        self.constants: List[Dict[str, Any]] = tables["constants"]
        self.width, self.height = tables["width"], tables["height"]
        self.sram_available, self.pes_per_chip = tables["sram_available"], tables["pes_per_chip"]
        for values in (self.phases, self.programs, self.counters, self.pes, self.link_bits):
            values.flags.writeable = False

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"an Account has no {name!r}")

    @property
    def tightest(self) -> Dict[str, Any]:
        """The PE with the least memory left: its number, program, bytes used, and the largest buffer's name and bytes."""
        index = int(np.argmax(self.pes["sram_high_water"]))
        name = max(self.buffers[index], key=lambda buffer: self.buffers[index][buffer])
        return {
            "pe": int(self.pes["pe"][index]),
            "program": str(self.pes["program"][index]),
            "sram_high_water": int(self.pes["sram_high_water"][index]),
            "buffer": name,
            "bytes": self.buffers[index][name],
        }

    def totals(self) -> Dict[str, Any]:
        """The numbers that are of the whole run."""
        return {name: value for name, value in vars(self).items() if isinstance(value, (int, float))}

    def to_dict(self) -> Dict[str, Any]:
        """All of it as what JSON knows."""
        return {
            "estimated": ESTIMATED,
            **self.totals(),
            "tightest": self.tightest,
            "phases": _rows(self.phases),
            "programs": _rows(self.programs),
            "pes": [{**row, "buffers": buffers} for row, buffers in zip(_rows(self.pes), self.buffers)],
            "link_bits": self.link_bits.tolist(),
            "first_slips": self.slips,
            "constants": self.constants,
        }

    def __eq__(self, other: object) -> bool:
        return self.to_dict() == other.to_dict() if isinstance(other, Account) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self.totals().items()))

    def __repr__(self) -> str:
        return (
            f"<Account: {self.chips} chip{'s' * (self.chips != 1)}, {self.copies} copies, {self.forward_samples} samples "
            f"forward, {self.updates} updates, {self.seconds:.3g} s and {self.energy:.3g} J estimated>"
        )

    def __str__(self) -> str:
        lines = [f"{name}: {value}" for name, value in self._summary()]
        header = ["phase", "ticks", "slips", "ms", "mJ", "W", "cycles", "packets", "hops", "bytes"]
        lines.append("estimated in the table: slips, ms, mJ, W, cycles")
        rows = [header, *([str(cell) for cell in row] for row in self._phase_rows())]
        widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
        lines += ["  ".join(cell.rjust(width) for cell, width in zip(row, widths)) for row in rows]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        header = ["phase", "ticks", *(f"{name} (estimated)" for name in ("slips", "ms", "mJ", "W", "cycles")), "packets", "hops"]
        return tables.page("Account of an emulated SpiNNaker2", tables.facts(self._summary()), tables.grid(header, [row[:9] for row in self._phase_rows()]))

    def _summary(self) -> List[Tuple[str, str]]:
        tight = self.tightest
        slips, links, drams = (self.phases[name].sum() for name in ("slips", "link_slips", "dram_slips"))
        return [
            ("chips", f"{self.chips}, {self.n_pes} processing elements with a program, {self.copies} copies of the network"),
            ("ran", f"{self.forward_samples} samples forward, {self.evaluation_samples} of these only to evaluate, "
             f"{self.backward_samples} backward in {self.batches} batches, {self.updates} updates"),
            ("time, estimated", f"{self.seconds:.4g} s; {1e3 * self.seconds_per_sample:.4g} ms a sample forward, "
             f"{1e3 * self.seconds_per_step:.4g} ms a training step"),
            ("energy, estimated", f"{self.energy:.4g} J; {1e3 * self.energy_per_sample:.4g} mJ a sample forward, "
             f"{1e3 * self.energy_per_step:.4g} mJ a training step; mean power {self.mean_power:.3g} W"),
            ("memory", f"PE {tight['pe']} ({tight['program']}) used {tight['sram_high_water']} of {self.sram_available} bytes; "
             f"its largest buffer is {tight['buffer']}, {tight['bytes']} bytes"),
            ("slips", f"{slips} tick periods, of these {links} for links between chips and {drams} for memory interfaces"),
            ("host", f"{self.host_bytes} bytes, {self.host_seconds:.3g} s estimated"),
        ]

    def _phase_rows(self) -> List[Tuple[Any, ...]]:
        return [
            (
                row["name"], row["ticks"], row["slips"], f"{1e3 * row['seconds']:.4g}", f"{1e3 * row['energy']:.4g}",
                f"{row['mean_power']:.3g}", row["cycles"], row["packets_sent"], row["hops"],
                row["payload_bytes"] + row["dma_bytes"],
            )
            for row in self.phases
        ]


def _table(rows: List[Dict[str, Any]]) -> Any:
    """A structured array of dictionaries with the same keys."""
    def kind(name: str, value: Any) -> Any:
        if isinstance(value, str):
            return f"U{max(len(row[name]) for row in rows)}"
        return np.float64 if isinstance(value, float) else np.int64

    dtype = [(name, kind(name, value)) for name, value in rows[0].items()]
    return np.array([tuple(row.values()) for row in rows], dtype)


def _rows(table: Any) -> List[Dict[str, Any]]:
    return [dict(zip(table.dtype.names, row)) for row in table.tolist()]


def _sum(counters: List[Dict[str, int]]) -> Dict[str, int]:
    """Over phases: the largest of what is a largest, the sum of all else."""
    return {
        name: (max if name in _LARGEST else sum)(row[name] for row in counters) for name in counters[0]
    }
