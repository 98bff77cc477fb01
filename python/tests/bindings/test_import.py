"""What importing the package brings, and what it does not."""

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import spinnprop as sp
from spinnprop import _core


def modules_after(code):
    output = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"], check=True, stdout=subprocess.PIPE
    ).stdout.decode()
    return {name.split(".")[0] for name in output.split()}


def test_import_brings_numpy_alone():
    brought = modules_after("import spinnprop; spinnprop.Trainer") - modules_after("import numpy")
    outside = {name for name in brought if name not in getattr(sys, "stdlib_module_names", sys.builtin_module_names)}
    if sys.version_info >= (3, 10):
        assert outside == {"spinnprop"}
    assert not {"sklearn", "scipy", "matplotlib", "tqdm", "safetensors", "torch", "optuna"} & brought


def test_later_names_bring_what_they_need():
    assert "sklearn" in modules_after("import spinnprop; spinnprop.SpikingClassifier")
    brought = modules_after("import spinnprop; spinnprop.plot")
    assert "matplotlib" in brought and not {"sklearn", "scipy", "optuna"} & brought
    assert not {"sklearn", "optuna"} & modules_after("import spinnprop; spinnprop.LogUniform")
    assert "optuna" not in modules_after("import spinnprop; spinnprop.search")


def test_every_name_exists():
    for name in sp.__all__:
        assert getattr(sp, name) is not None
    assert dir(sp) == sorted([*sp.__all__, "torch"])
    with pytest.raises(AttributeError, match="nonsense"):
        sp.nonsense


PUBLIC = [name for name in sp.__all__ if inspect.ismodule(getattr(sp, name))]


@pytest.mark.parametrize("name", PUBLIC)
def test_public_modules_show_public_names_alone(name):
    module = getattr(sp, name)
    assert dir(module) == sorted(module.__all__)
    for inner in module.__all__:
        assert not inner.startswith("_") and getattr(module, inner).__module__.startswith("spinnprop.")


def test_public_modules_are_all_there_are():
    folder = Path(sp.__file__).parent
    found = {path.stem for path in folder.glob("[a-z]*.py")} | {path.parent.name for path in folder.glob("[a-z]*/__init__.py")}
    # One that a star must not bring, since it would hide PyTorch, and that is there with PyTorch alone.
    assert {*PUBLIC, "torch"} == found and "torch" not in sp.__all__


def test_no_substrate_comes_before_it_is_asked_for():
    code = "import sys, spinnprop as sp; sp.ClockEngine; print(*sys.modules); sp.Network([2, 1], engine='spinnaker2'); print('NOW', *sys.modules)"
    output = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE).stdout.decode()
    before, after = output.split("NOW")
    assert "spinnprop._engines.clock" in before and "spinnprop.spinnaker2" not in before.split()
    assert "spinnprop.spinnaker2" in after.split() and "spinnprop.sparse" not in after.split()


def test_what_is_missing_is_named():
    code = (
        "import sys; sys.modules['sklearn'] = None; sys.modules['matplotlib'] = None\n"
        "import spinnprop\n"
        "for name in ('SpikingClassifier', 'plot'):\n"
        "    try: getattr(spinnprop, name)\n"
        "    except ImportError as error: print(error)\n"
    )
    output = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE).stdout.decode()
    assert "pip install 'spinnprop[sklearn]'" in output and "pip install 'spinnprop[plot]'" in output


def test_numpy_and_tqdm_are_enough_for_all_that_needs_no_more(tmp_path):
    import numpy
    import tqdm

    packages = tmp_path / "packages"
    packages.mkdir()
    for module in (numpy, tqdm, sp):
        folder = Path(module.__file__).parent
        for own in (folder, folder.with_name(f"{folder.name}.libs")):
            if own.exists():
                (packages / own.name).symlink_to(own)
    code = """
import os
import sys

import numpy as np
import spinnprop as sp
from tqdm.auto import tqdm

for name in ("yin_yang", "moons", "circles", "spirals"):
    X, y = getattr(sp.datasets, name)(60)
for name in ("latency", "latency_grid", "poisson", "bernoulli", "population"):
    assert len(getattr(sp.encoding, name)(X)) == 60
signal = np.random.default_rng(0).normal(size=(2, 9, 3))
assert len(sp.encoding.delta_modulation(signal, 1e-3, 0.1)) == len(sp.encoding.level_crossing(signal, 1e-3, [0.0])) == 2
trainer = sp.Trainer(sp.Network([5, 10, 2]), epochs=2)
trainer.run(sp.encoding.latency(X, bias=0.0), y)
sp.save(trainer.network, "model.safetensors")
assert sp.load("model.safetensors").layer_sizes == (5, 10, 2)
sp.BioGrad([4, 8, 2], epochs=1).run(X, y)
sp.sparse.RecurrentNetwork(50, 5).run(20)
sp.spinnaker2.Chip()
from spinnprop import _commands
assert _commands.main(["simulate", "sparse", "--n", "50", "--k", "5", "--seconds", "0.1", "--out", "out"]) == 1
assert sorted(os.listdir("out")) == ["metrics.json", "rates.npy"]
for need, extra in (
    (lambda: sp.SpikingClassifier, "sklearn"), (lambda: sp.encoding.Poisson, "sklearn"), (lambda: sp.datasets.digits(), "sklearn"),
    (lambda: sp.datasets.mnist5k(), "data"), (lambda: sp.datasets.shd("."), "data"), (lambda: sp.plot, "plot"),
    (lambda: sp.to_nir(trainer.network), "nir"), (lambda: sp.from_nir("net.nir"), "nir"),
    (lambda: sp.search(X, y, {"hidden": (5, 9)}), "sklearn"),
):
    try:
        need()
    except ImportError as error:
        assert f"pip install 'spinnprop[{extra}]'" in str(error), error
    else:
        raise AssertionError(extra)
try:
    sp.datasets.japanese_vowels()
except ImportError as error:
    assert "pip install --no-deps aeon" in str(error)
assert not {"sklearn", "scipy", "matplotlib", "pandas", "h5py"} & set(sys.modules)
"""
    environment = {**os.environ, "PYTHONPATH": str(packages)}
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=str(tmp_path), env=environment, stderr=subprocess.PIPE)
    said = done.stderr.decode()
    assert done.returncode == 0 and "a picture needs matplotlib (No module named 'matplotlib'); pip install 'spinnprop[plot]'" in said, said


def test_a_search_names_optuna_if_it_is_missing():
    code = (
        "import sys; sys.modules['optuna'] = None\n"
        "import spinnprop as sp\n"
        "X, y = sp.datasets.yin_yang(50)\n"
        "try: sp.search(X, y, {'hidden': (5, 9)})\n"
        "except ImportError as error: print(error)\n"
    )
    output = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE).stdout.decode()
    assert "pip install 'spinnprop[search]'" in output


def test_version_is_the_headers():
    root = os.path.join(os.path.dirname(__file__), "..", "..", "..")
    with open(os.path.join(root, "include", "spinnprop.h"), encoding="utf-8") as header:
        assert sp.__version__ == re.search(r'SPINNPROP_VERSION "(.*)"', header.read()).group(1)


def test_the_library_lies_in_the_package():
    folder = os.path.dirname(sp.__file__)
    assert os.path.exists(os.path.join(folder, "libspinnprop.so"))
    assert os.path.exists(os.path.join(folder, "py.typed"))
    with open("/proc/self/maps", encoding="utf-8") as maps:
        loaded = {line.rstrip("\n").split(None, 5)[5] for line in maps if "libspinnprop" in line}
    # One of the two, whichever the dynamic linker takes for this processor.
    own = {os.path.join(folder, name) for name in ("libspinnprop.so", "glibc-hwcaps/x86-64-v3/libspinnprop.so")}
    assert len(loaded) == 1 and {os.path.realpath(path) for path in loaded} <= {os.path.realpath(path) for path in own}


def test_threads():
    sp.set_threads(3)
    assert sp.get_threads() == 3
    for wrong in (-1, 1025, 2**40):
        with pytest.raises(ValueError, match=str(wrong)):
            sp.set_threads(wrong)
    # The header's limit, which Python takes, is what the library holds to.
    _core.set_threads(_core.MAX_THREADS)
    with pytest.raises(ValueError, match=str(_core.MAX_THREADS)):
        _core.set_threads(_core.MAX_THREADS + 1)
    sp.set_threads(3)
    with pytest.raises(TypeError):
        sp.set_threads(1.5)
    assert sp.get_threads() == 3
    environment = {**os.environ, "SPINNPROP_THREADS": "2"}
    code = "import spinnprop; print(spinnprop.get_threads())"
    assert subprocess.run([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE).stdout == b"2\n"


def test_import_brings_no_slow_modules():
    code = "import numpy, sys; before = set(sys.modules); import spinnprop; spinnprop.Trainer; print(*set(sys.modules) - before)"
    output = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE).stdout.decode()
    assert "spinnprop" in output.split()
    assert not {"dataclasses", "inspect", "numpy.typing"} & set(output.split())
