"""Every notebook runs from the first cell to the last, and gives what is stored in it."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[3]
NOTEBOOKS = {path.stem: path for path in sorted((ROOT / "examples" / "notebooks").glob("*.ipynb"))}
#: These take more than a minute; unless SPINNPROP_LONG is set, as `make test-notebooks` does, they run with less of everything, and only what kinds of
#: output they give is compared.
LONG = ("delays", "temporal-tasks")
#: Packages of some of them that not everybody has.
NEEDS = {"pytorch": "torch", "two-nodes": "distributed"}

specification = importlib.util.spec_from_file_location("notebooks", ROOT / "scripts" / "notebooks.py")
notebooks = importlib.util.module_from_spec(specification)
specification.loader.exec_module(notebooks)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def text(cell):
    """What a cell prints and what it gives, but for pictures."""
    shown = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs]
    return "\n".join(each for each in shown if not each.startswith("<Figure"))


def pictures(cell):
    return sum("image/png" in output.get("data", {}) for output in cell.outputs)


def test_there_are_notebooks():
    assert "first-steps" in NOTEBOOKS and set(LONG) <= set(NOTEBOOKS)


@pytest.mark.parametrize("name", list(NOTEBOOKS))
def test_outputs_are_stored(name):
    notebook = nbformat.read(NOTEBOOKS[name], as_version=4)
    nbformat.validate(notebook)
    cells = code(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert sum(map(pictures, cells)) > 0
    kinds = {(output.output_type, output.get("name")) for cell in cells for output in cell.outputs}
    assert not kinds & {("error", None), ("stream", "stderr")}
    # A clone of the repository stays small.
    assert NOTEBOOKS[name].stat().st_size < 400_000


WITHOUT = """
import sys
sys.modules["sklearn"] = sys.modules["scipy"] = None
import matplotlib
matplotlib.use("Agg")
for cell in sys.argv[1:]:
    exec(cell)
"""


def test_the_first_model_needs_no_scikit_learn():
    cells = [cell.source for cell in code(nbformat.read(NOTEBOOKS["first-steps"], as_version=4))]
    (trained,) = (number for number, cell in enumerate(cells) if "trainer.run(" in cell)
    command = [sys.executable, "-c", WITHOUT, *cells[: trained + 1]]
    done = subprocess.run(command, env={**os.environ, "SPINNPROP_NOTEBOOK_EPOCHS": "1"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0 and "test accuracy" in done.stdout, done.stderr


def apart(here, there):
    """Whether a number differs by more than its last digit, as printed."""
    digits = len(there.partition("e")[0].partition(".")[2])
    scale = 10.0 ** int(there.partition("e")[2] or 0)
    return abs(float(here) - float(there)) > 1.01 * scale * 10.0**-digits


NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d*)?(?:e[-+]?\d+)?")


@pytest.mark.parametrize("name", list(NOTEBOOKS))
def test_running_gives_what_is_stored(name, tmp_path):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    is_short = name in LONG and "SPINNPROP_LONG" not in os.environ
    stored = code(nbformat.read(NOTEBOOKS[name], as_version=4))
    # An error in a cell raises here.
    found = code(notebooks.run(NOTEBOOKS[name], str(tmp_path), **({"SPINNPROP_NOTEBOOK_EPOCHS": "2"} if is_short else {})))
    for cell, before in zip(found, stored):
        assert pictures(cell) == pictures(before), cell.source
        now, then = text(cell), text(before)
        assert bool(now) == bool(then), cell.source
        # A cell with this tag prints how long something took, or what hangs on the last bits of numpy's functions, which processors differ in.
        if not is_short and "varies" not in cell.metadata.get("tags", []):
            assert NUMBER.sub("#", now).split() == NUMBER.sub("#", then).split(), cell.source
            pairs = list(zip(NUMBER.findall(now), NUMBER.findall(then)))
            assert not [pair for pair in pairs if apart(*pair)], f"{cell.source}\nprints\n{now}\nbut has stored\n{then}"
