"""What a build puts beside the extension module."""

from pathlib import Path

import pytest

pytest.importorskip("setuptools")
from distutils.core import run_setup  # noqa: E402  # setuptools brings it where Python does not

ROOT = Path(__file__).resolve().parents[3]
NEWER = Path("glibc-hwcaps") / "x86-64-v3"


def test_libraries_are_those_of_this_build(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    library, built = tmp_path / "library", tmp_path / "built"
    (library / NEWER).mkdir(parents=True)
    for folder in (library, library / NEWER):
        (folder / "libspinnprop.so").write_bytes(b"first")

    def build():
        command = run_setup("setup.py", stop_after="init").get_command_obj("build_ext")
        monkeypatch.setitem(type(command).run.__globals__, "build_library", lambda: str(library))
        monkeypatch.setattr(command, "build_extensions", lambda: None)
        command.build_lib = str(built)
        command.ensure_finalized()
        command.run()

    build()
    package = built / "spinnprop"
    assert (package / NEWER / "libspinnprop.so").read_bytes() == b"first"
    # The next build is for one kind of processors alone.
    (library / NEWER / "libspinnprop.so").unlink()
    (library / NEWER).rmdir()
    (library / NEWER.parent).rmdir()
    (library / "libspinnprop.so").write_bytes(b"second")
    build()
    assert [path.relative_to(package).as_posix() for path in package.rglob("*.so")] == ["libspinnprop.so"]
    assert (package / "libspinnprop.so").read_bytes() == b"second"
