#!/usr/bin/env python3
"""Builds the documentation as a site: `scripts/site/build.py FOLDER`, by a Python that has spinnprop[docs]; `make docs` does so.

Pages are those of docs/, README.md and the like, the notebooks with the outputs that are stored in them, and the reference of all languages:
Python's from docstrings, C's from the header, Swift's by DocC. A warning is an error.
"""

import inspect
import shutil
import subprocess
import sys
from pathlib import Path

import pages
import swift

import spinnprop as sp


def public_modules():
    """Names of modules and the names that each shows: the package's own, then those of its public modules."""
    shown = {}
    for name in dir(sp):
        try:
            shown[name] = getattr(sp, name)
        except ImportError as error:
            print(f"spinnprop: the documentation is without {name}: {error}")
    inner = {name: value for name, value in shown.items() if inspect.ismodule(value)}
    own = [name for name in shown if name not in inner and not name.startswith("__")]
    return {"spinnprop": own, **{f"spinnprop.{name}": list(module.__all__) for name, module in sorted(inner.items())}}


def main() -> int:
    out = Path(sys.argv[1])
    source, html = out / "source", out / "html"
    # What was there may be older than what it was made from.
    for folder in (source, html):
        shutil.rmtree(folder, ignore_errors=True)
    source.mkdir(parents=True)
    pages.write(source, public_modules())
    subprocess.run([sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-q", "-j", "auto", str(source), str(html)], check=True)
    swift.build(out, html)
    print(f"spinnprop: the documentation is in {html}: {sys.executable} -m http.server --directory {html}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
