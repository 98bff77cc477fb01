"""Every public object is documented, and every example in a docstring runs."""

import doctest
import importlib.util
import inspect
from pathlib import Path

import pytest

import spinnprop as sp

FOLDER = Path(sp.__file__).parent
MODULES = sorted(
    ".".join(path.relative_to(FOLDER.parent).with_suffix("").parts).replace(".__init__", "")
    for path in FOLDER.rglob("*.py")
    if path.stem != "__main__"
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if name == "spinnprop.callbacks":
        pytest.importorskip("tensorboardX")
    if name.startswith("spinnprop.torch"):
        pytest.importorskip("torch")
    if name.startswith("spinnprop._nir") or name == "spinnprop.spinnaker2._export":
        pytest.importorskip("nir")
    module = importlib.import_module(name)
    assert module.__doc__
    outcome = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert outcome.failed == 0


def public_objects():
    for name in (*sp.__all__, *(["torch"] if importlib.util.find_spec("torch") else [])):
        value = getattr(sp, name)
        if inspect.ismodule(value):
            yield from ((f"{name}.{inner}", getattr(value, inner)) for inner in value.__all__)
        elif not isinstance(value, str):
            yield name, value


@pytest.mark.parametrize(
    "name, value", list(public_objects()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_public_objects_are_documented(name, value):
    text = inspect.getdoc(value)
    assert text and len(text.splitlines()[0]) > 20
    is_bare = name in ("SpinnpropError", "BaseEngine", "losses.Loss")
    assert is_bare or ">>>" in text or "See `" in text
    if inspect.isclass(value):
        for member_name, member in vars(value).items():
            if not member_name.startswith("_") and (inspect.isfunction(member) or isinstance(member, property)):
                assert inspect.getdoc(member), f"{name}.{member_name}"
