#!/usr/bin/env python3
"""Runs notebooks and stores what they print and draw in them: `scripts/notebooks.py [NOTEBOOK...]`, all where none is named.

Pictures are kept small: 256 colours. A test holds what is stored against what running gives.
"""

import base64
import io
import os
import re
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image
from traitlets.config import Config

FOLDER = Path(__file__).resolve().parents[1] / "examples" / "notebooks"


def run(path: Path, folder: str, **environment: str) -> nbformat.NotebookNode:
    """The notebook with its outputs, run by this Python in a folder; nothing is stored."""
    notebook = nbformat.read(path, as_version=4)
    # Pictures go into the notebook, whatever was chosen for programs; bars of progress would be drawn over and over, and what bars there
    # could be is of no interest.
    own = {"MPLBACKEND": "module://matplotlib_inline.backend_inline", "TQDM_DISABLE": "1", "PYTHONWARNINGS": "ignore:IProgress not found"}
    environment = {**os.environ, **own, **environment}
    with tempfile.TemporaryDirectory() as sockets:
        # What is sent to the kernel goes by files of this user's, not by ports of the machine.
        config = Config(KernelManager={"transport": "ipc", "ip": os.path.join(sockets, "kernel")})
        client = NotebookClient(notebook, timeout=None, kernel_name="python3", record_timing=False, coalesce_streams=True, config=config)
        client.execute(env=environment, cwd=folder)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "text" in output:
                # Temporary folders have a new name each time.
                output.text = re.sub(r"/tmp/\w+", "/tmp/...", output.text)
    return notebook


def small(png: str) -> str:
    """A picture in 256 colours."""
    picture = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return base64.b64encode(out.getvalue()).decode()


def store(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Stores it with small pictures, and without what is nobody's business: which Python it was."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                output.data["image/png"] = small(output.data["image/png"])
    notebook.metadata = {"kernelspec": notebook.metadata.kernelspec, "language_info": {"name": "python"}}
    nbformat.write(notebook, path)


def main() -> None:
    for path in [Path(name) for name in sys.argv[1:]] or sorted(FOLDER.glob("*.ipynb")):
        print(f"spinnprop: running {path.name}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            store(run(path, folder), path)


if __name__ == "__main__":
    main()
