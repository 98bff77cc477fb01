"""Types: the stubs against the binary, and what users' code gets; `make lint` checks the package itself."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("mypy")

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))


def run(*command):
    # The sources' types, the installed package's binary.
    environment = {**os.environ, "MYPYPATH": os.path.join(ROOT, "python")}
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def test_the_stubs_are_the_binarys(tmp_path):
    # Names and parameters alone: what the stub imports has its types checked by `make lint`, and reading it takes a minute here.
    settings = tmp_path / "mypy.ini"
    settings.write_text("[mypy]\nfollow_imports = skip\nfollow_imports_for_stubs = True\nignore_missing_imports = True\n")
    finished = run("mypy.stubtest", "spinnprop._core", "--mypy-config-file", str(settings))
    assert finished.returncode == 0, finished.stdout.decode()


def test_users_code_is_checked(tmp_path):
    (tmp_path / "good.py").write_text(
        "import spinnprop as sp\n"
        "X, y = sp.datasets.yin_yang(5)\n"
        "net = sp.Network([5, 3])\n"
        "value, grad = net.gradient(net.forward(sp.encoding.latency(X, bias=0.0)), sp.losses.TTFSCrossEntropy(), y)\n"
        "shape: tuple[int, ...] = grad.weights[0].shape\n"
        "score: float = value\n"
    )
    (tmp_path / "bad.py").write_text("import spinnprop as sp\nsp.Network('5-3', seed='0')\n")
    # As a user runs it: without our configuration, and without what mypy thinks of the package's own sources. The types of these packages, which this
    # code does not use, take longer to read than all else.
    settings = tmp_path / "mypy.ini"
    settings.write_text("[mypy]\n[mypy-torch.*,sqlalchemy.*,matplotlib.*,optuna.*,IPython.*]\nfollow_imports = skip\n")
    cache = os.path.join(ROOT, ".mypy_cache", "users")
    command = ("mypy", "--strict", "--follow-imports=silent", "--config-file", str(settings), "--cache-dir", cache)
    right = run(*command, str(tmp_path / "good.py"))
    assert right.returncode == 0, right.stdout.decode()
    wrong = run(*command, str(tmp_path / "bad.py"))
    assert wrong.returncode == 1 and b"seed" in wrong.stdout
