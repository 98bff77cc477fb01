"""Files of results, which a later run goes on from."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from typing import Any, Callable, Dict, Iterator, Mapping, Sequence, Tuple

from .. import grammar, report

#: What is said of a seed that need not be run again.
EARLIER = " (from an earlier run)"


def add_shared(parser: argparse.ArgumentParser, seeds: int, epochs: int, out: str) -> None:
    """How many seeds and epochs, and the folder."""
    parser.add_argument("--seeds", type=grammar.positive, default=seeds, metavar="N", help="seeds 0 .. N - 1")
    parser.add_argument(
        "--epochs", type=grammar.positive, default=epochs, metavar="N", help="passes through the training set"
    )
    grammar.add_out(parser, out, "for results: a JSON for each seed and number of epochs")


@contextlib.contextmanager
def kept(out: str, things: str = "seeds") -> Iterator[None]:
    """Within, Ctrl-C says what is left and how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        print(f"\n{things} that are done are in {out}; the same command goes on with the others", file=sys.stderr)
        raise


def file_name(start: str, epochs: int) -> str:
    """The name of a result's file: it names the epochs, so that a short run leaves a long one as it is."""
    return f"{start}-{epochs}-epochs.json"


def found_or_run(
    path: str,
    own: Dict[str, Any],
    curves: Sequence[str],
    run: Callable[[], Dict[str, Any]],
    is_whole: Callable[[Dict[str, Any]], bool] = bool,
    things: str = "seeds",
) -> Tuple[Dict[str, Any], bool]:
    """What a run that is described by `own` found, and whether its file was there; if not, it is run and its file written.

    `is_whole` says whether an earlier run's file has what there is to be besides `curves`, `things` what a folder holds when
    Ctrl-C comes.
    """
    found = finished(path, own, curves)
    if found and is_whole(found):
        return found, True
    with kept(os.path.dirname(path), things):
        found = run()
    write(path, {**own, **found})
    return found, False


def finished(path: str, run: Dict[str, Any], curves: Sequence[str]) -> Dict[str, Any]:
    """What an earlier run with the same setting found, its curves by these names, in percent; empty if there is none.

    A file that holds anything else, or only a part, counts as none: it is written anew.

    Raises
    ------
    IsADirectoryError
        If a folder has the name of the file.
    """
    for name in (path, _unfinished(path)):
        if os.path.isdir(name):
            raise IsADirectoryError(f"{name} is a folder, but a file is to go there; move it or give another --out")
    found = begun(path, run)
    if not found:
        return {}
    values = [found.get("silent_test_samples_percent")]
    for name in curves:
        curve = found.get(name)
        if not isinstance(curve, list) or len(curve) != run["epochs"]:
            return {}
        values += curve
    return found if all(is_number(value, 100.0) for value in values) else {}


def begun(path: str, run: Dict[str, Any]) -> Dict[str, Any]:
    """What the file of an earlier run with the same setting holds, whole or not; empty if there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    # Text that is no UTF-8 or no JSON is a ValueError.
    except (FileNotFoundError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict) or any(found.pop(name, None) != value for name, value in run.items()):
        return {}
    return found


def is_number(value: Any, most: float) -> bool:
    """Whether what a file holds is a number from 0 to `most`; NaN is none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= most


def write(path: str, run: Dict[str, Any]) -> None:
    """Writes a file in one step, so that a file that is there is whole."""
    with open(_unfinished(path), "w", encoding="utf-8") as file:
        json.dump(run, file, indent=2)
        file.write("\n")
    os.replace(_unfinished(path), path)


def write_page(out: str, title: str, runs: Mapping[str, Dict[str, Any]]) -> None:
    """Writes a page with what each run found: its numbers, and its curves by epoch beside those of the others."""
    numbers = [{"run": run, **{name: value for name, value in found.items() if not isinstance(value, list)}} for run, found in runs.items()]
    parts = [("Runs", [report.rows(numbers)])]
    for name in [name for name, value in next(iter(runs.values())).items() if isinstance(value, list)]:
        values = zip(*(found[name] for found in runs.values()))
        epochs = [{"epoch": epoch, **dict(zip(runs, own))} for epoch, own in enumerate(values, start=1)]
        parts.append((name.replace("_", " "), [report.rows(epochs)]))
    report.write(out, title, parts)


def _unfinished(path: str) -> str:
    return path + ".part"


def counted(number: int, noun: str) -> str:
    """A number and its noun, "1 epoch" or "2 epochs"."""
    return f"{number} {noun}{'s' * (number != 1)}"
