"""Small tables of HTML, for notebooks and reports: complete in themselves, without scripts, everything escaped."""

from __future__ import annotations

import html
from typing import Any, Iterable, List, Optional, Sequence, Tuple

import numpy as np

#: Rows of a table of layers, connections or trials; the rest is counted.
ROWS = 12
#: Arrays of more elements are not read for a table.
_LIMIT = 1 << 20
_LEFT = ' style="text-align:left"'


def page(title: str, *tables: str) -> str:
    """Tables below a title."""
    return f"<div><b>{html.escape(title)}</b>{''.join(tables)}</div>"


def facts(rows: Iterable[Tuple[str, Any]]) -> str:
    """A table of names and values."""
    cells = "".join(f"<tr><th{_LEFT}>{html.escape(name)}</th><td{_LEFT}>{html.escape(str(value))}</td></tr>" for name, value in rows)
    return f"<table>{cells}</table>"


def grid(header: Sequence[str], rows: Iterable[Sequence[Any]], n_rows: Optional[int] = None) -> str:
    """A table with a header; where there are more rows (`n_rows`) than are given, the last line says so."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in header)
    lines: List[str] = ["".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) for row in rows]
    if n_rows is not None and n_rows > len(lines):
        lines.append(f'<td colspan="{len(header)}"{_LEFT}>and {n_rows - len(lines)} more</td>')
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def is_small(values: Any) -> bool:
    """Whether an array, or one of so many elements, is read for a table without keeping anybody waiting."""
    return bool((values if isinstance(values, int) else values.size) <= _LIMIT)


def number(value: float) -> str:
    """A number as short as it may be read."""
    return f"{value:.4g}"


def span(values: Any, factor: float = 1.0) -> str:
    """From the least to the largest, or the one value that all have."""
    if not is_small(values):
        return "not read"
    if not values.size:
        return "none"
    low, high = (number(factor * float(end)) for end in (values.min(), values.max()))
    return low if low == high else f"{low} .. {high}"


def spread(values: Any) -> str:
    """Mean and standard deviation."""
    return f"{number(float(np.mean(values)))} ± {number(float(np.std(values)))}" if values.size else "none"
