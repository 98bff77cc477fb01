"""Every notebook is valid and its cells run from the first to the last, with fewer epochs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).resolve().parents[3] / "examples" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def test_there_are_notebooks():
    assert FOLDER / "first-steps.ipynb" in NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(path, tmp_path):
    if path.stem == "pytorch":
        pytest.importorskip("torch")
    notebook = json.loads(path.read_text(encoding="utf-8"))
    nbformat.validate(notebook)
    # One process per notebook, so that they share nothing; plain Python, so that no kernel is needed.
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    program = tmp_path / (path.stem + ".py")
    program.write_text("\n\n".join(cells), encoding="utf-8")
    environment = dict(os.environ, MPLBACKEND="agg", SPINNPROP_NOTEBOOK_EPOCHS="2")
    subprocess.run([sys.executable, str(program)], cwd=str(tmp_path), env=environment, check=True)
