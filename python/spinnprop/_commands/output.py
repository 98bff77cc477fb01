"""What the commands write and say alike."""

from __future__ import annotations

import argparse
import json
import os
from typing import Any, Callable, Tuple

from .._support.optional import need


def percent(fraction: float) -> str:
    """With one digit after the point."""
    return f"{100 * fraction:.1f} %"


def write_json(path: str, content: Any) -> None:
    """One value, laid out for readers."""
    with open(path, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
        file.write("\n")


def save_picture(
    options: argparse.Namespace, name: str, draw: Callable[[Any], Any], size: Tuple[float, float] = (6, 5)
) -> None:
    """Draws on a figure of its own, which needs no screen, and writes it to the folder as ``--pictures`` says."""
    figure: Any = need("matplotlib.figure", "a picture", "plot").Figure(figsize=size, layout="constrained")
    draw(figure)
    figure.savefig(os.path.join(options.out, f"{name}.{options.pictures}"), dpi=120)
