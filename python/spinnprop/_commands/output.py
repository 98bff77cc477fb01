"""What the commands write and say alike."""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
from typing import Any, Callable, Iterable, Sequence, Tuple

from .._support.files import replaced
from .._support.optional import need


def percent(fraction: float) -> str:
    """With one digit after the point."""
    return f"{100 * fraction:.1f} %"


def write_text(path: str, text: str) -> None:
    """A file that is whole or not there."""
    with replaced(path) as part, open(part, "w", encoding="utf-8", newline="") as file:
        file.write(text)


def write_json(path: str, content: Any) -> None:
    """One value, laid out for readers."""
    write_text(path, json.dumps(content, indent=2) + "\n")


def write_table(path: str, header: Iterable[Any], rows: Iterable[Sequence[Any]]) -> None:
    """Rows of values as CSV."""
    with replaced(path) as part, open(part, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def save_picture(
    options: argparse.Namespace, name: str, draw: Callable[[Any], Any], size: Tuple[float, float] = (6, 5)
) -> bytes:
    """Draws on a figure of its own, which needs no screen, and writes it to the folder as ``--pictures`` says; gives it as PNG."""
    figure: Any = need("matplotlib.figure", "a picture", "plot").Figure(figsize=size, layout="constrained")
    draw(figure)

    def drawn(ending: str) -> bytes:
        found = io.BytesIO()
        figure.savefig(found, format=ending, dpi=120)
        return found.getvalue()

    png = drawn("png")
    with replaced(os.path.join(options.out, f"{name}.{options.pictures}")) as part, open(part, "wb") as file:
        file.write(png if options.pictures == "png" else drawn(options.pictures))
    return png
