"""A run as one page of HTML that is complete in itself: its numbers as tables, its pictures within."""

from __future__ import annotations

import argparse
import base64
import html
import os
from typing import Any, Callable, Dict, Iterator, List, Mapping, Sequence, Tuple

from .._library import __version__
from .._support import tables
from .folder import REPORT
from .output import save_picture, write_json, write_text

#: How a picture is drawn, and how large it is.
Pictures = Dict[str, Tuple[Callable[[Any], Any], Tuple[float, float]]]
#: A heading, and the tables and pictures below it.
Part = Tuple[str, Sequence[str]]

#: So many numbers of a list are shown; tables of more rows than these are folded.
_NUMBERS, _ROWS = 30, 30
# Nothing is fetched and nothing runs, whatever is in the page.
_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
body {{ font-family: sans-serif; color: #222; max-width: 72em; margin: 2em auto; padding: 0 1em; }}
h2 {{ border-bottom: 1px solid #ccc; padding-bottom: .2em; margin-top: 2em; }}
table {{ border-collapse: collapse; margin: .8em 0; font-size: .9em; }}
th, td {{ padding: .2em .7em; text-align: right; border-bottom: 1px solid #eee; }}
figure {{ margin: 1em 0; overflow-x: auto; }}
img {{ max-width: 100%; }}
div {{ overflow-x: auto; }}
</style>
</head>
<body>
<h1>{title}</h1>
"""


def write(out: str, title: str, parts: Sequence[Part]) -> None:
    """Writes the page to a folder, whole or not at all.

    Raises
    ------
    OSError
        If it cannot be written; what else is in the folder stays.
    """
    body = "".join(f"<h2>{html.escape(heading)}</h2>\n{''.join(content)}\n" for heading, content in parts if content)
    end = f"<p>spinnprop {html.escape(__version__)}</p>\n</body>\n</html>\n"
    write_text(os.path.join(out, REPORT), _HEAD.format(title=html.escape(title)) + body + end)


def write_results(options: argparse.Namespace, title: str, metrics: Dict[str, Any], pictures: Pictures) -> None:
    """Writes metrics.json, the pictures, and a page with both to the folder ``options.out``."""
    write_json(os.path.join(options.out, "metrics.json"), metrics)
    drawn = [picture(save_picture(options, name, draw, size), name) for name, (draw, size) in pictures.items()]
    write(options.out, title, [("Pictures", drawn), ("Numbers", [values(metrics)])])


def picture(png: bytes, name: str) -> str:
    """A picture within the page."""
    said = html.escape(name.replace("_", " "))
    return f'<figure><img alt="{said}" src="data:image/png;base64,{base64.b64encode(png).decode()}"></figure>'


def values(content: Mapping[str, Any]) -> str:
    """What JSON holds: names and values, and a table for each list of things that have the same names."""
    single: List[Tuple[str, str]] = []
    lists: List[str] = []
    for name, value in _flat(content, ""):
        if isinstance(value, (list, tuple)) and value and all(isinstance(row, Mapping) for row in value):
            lists.append(f"<h3>{html.escape(name)}</h3>{rows(value)}")
        else:
            single.append((name, shown(value)))
    return tables.facts(single) + "".join(lists)


def _flat(content: Mapping[str, Any], start: str) -> Iterator[Tuple[str, Any]]:
    for name, value in content.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{start}{name}.")
        else:
            yield f"{start}{name}", value


def rows(content: Sequence[Mapping[str, Any]]) -> str:
    """A table with a column for each name; one of many rows unfolds."""
    flat = [dict(_flat(row, "")) for row in content]
    names = list(dict.fromkeys(name for row in flat for name in row))
    cells = [[shown(row.get(name, "")) for name in names] for row in flat]
    table = tables.grid(names, cells)
    return table if len(cells) <= _ROWS else f"<details><summary>{len(cells)} rows</summary>{table}</details>"


def shown(value: Any) -> str:
    """A value as text: numbers short, lists not too long."""
    if value is None or value != value:
        return "-"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (list, tuple)):
        more = f", ... ({len(value)} in all)" if len(value) > _NUMBERS else ""
        return ", ".join(map(shown, value[:_NUMBERS])) + more
    return str(value)
