"""The source distribution holds what the repository holds, and nothing that building and testing leave behind."""

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
#: For who works in the repository.
LEFT_OUT = {".ci/run", ".gitignore"}
JUNK = [
    ".build/library/libspinnprop.so", ".venv/pyvenv.cfg", "build/lib/x.py", "dist/x.whl", "run/model.safetensors", ".hypothesis/x",
    "Benchmarks/sparse/.build/x.o", "Tests/adding/.build-copy/x.o", "python/spinnprop/__pycache__/x.cpython-311.pyc", "python/spinnprop/libspinnprop.so",
    "python/spinnprop/glibc-hwcaps/x86-64-v3/libspinnprop.so", "python/spinnprop/_core.abi3.so", "python/tests/.pytest_cache/x", "python/tests/.hypothesis/x",
    "examples/notebooks/.ipynb_checkpoints/x.ipynb", "docs/.DS_Store", "Sources/Networks/x.swift~",
]  # fmt: skip


def test_files_of_the_source_distribution(tmp_path):
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if listed.returncode:
        pytest.skip("this is no repository")
    tracked = [name for name in listed.stdout.decode().split("\0") if (ROOT / name).is_file()]
    copy = tmp_path / "a copy é"
    for name in tracked:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(str(ROOT / name), str(copy / name))
    for name in JUNK:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_text("left behind")
    build = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, str(tmp_path)], cwd=str(copy), check=True, stdout=subprocess.DEVNULL)
    (package,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(str(package)) as opened:
        held = {member.name.partition("/")[2] for member in opened if member.isfile()}
    written = {name for name in held if name in ("PKG-INFO", "setup.cfg") or name.startswith("python/spinnprop.egg-info/")}
    assert held - written == set(tracked) - LEFT_OUT
