"""Who imports whom within the package: the table here, and no circle anywhere."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "spinnprop"

#: Each part (a file, or a folder with all in it) and the parts it imports, besides `_core` and `_support`, which are
#: everybody's. A part stands below those that it imports.
ARROWS = {
    "_library": "",
    "callbacks": "",
    "_spikes": "",
    "_loss": "",
    "_custom_loss": "_loss",
    "losses": "_spikes _loss _custom_loss",
    "_gradients": "",
    "_encoders": "_spikes",
    "datasets": "_spikes _encoders",
    "_engines": "losses",
    "sparse": "_spikes",
    "brainscales2": "_spikes _engines",
    "_recording": "_spikes _engines losses",
    "_network": "_spikes _engines losses _recording _gradients",
    "torch": "_spikes _engines _gradients _recording _network",
    "_files": "_network",
    "_nir": "_network _recording _spikes",
    "_batches": "_network _spikes",
    "_shards": "_batches _library _spikes _engines _gradients _network",
    "executors": "_shards",
    "spinnaker2": "_spikes _engines losses _network _nir _recording",
    "_biograd": "_spikes spinnaker2",
    "_trainer": "_batches _library _spikes _engines losses _gradients _recording _network",
    "meta": "_spikes _gradients _network _trainer datasets",
    "_estimators": "_biograd _spikes _engines losses _recording _network _trainer _encoders spinnaker2",
    "encoding": "_encoders _estimators",
    "_search": "_library _engines _estimators executors spinnaker2 _spikes",
    "plot": "_spikes _recording _network _gradients _search spinnaker2 brainscales2",
    "_commands": "_library executors losses _biograd _spikes datasets encoding _engines spinnaker2 brainscales2 sparse "
    "_network _files _trainer _estimators _search plot",
    "__main__": "_commands",
}


def modules():
    """Every module of the package by its dotted name, and its syntax tree."""
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = parts[:-1] if parts[-1] == "__init__" else parts
        yield ".".join(name), path.name == "__init__.py", ast.parse(path.read_text(encoding="utf-8"))


TREES = {name: (is_package, tree) for name, is_package, tree in modules()}


def imported(name):
    """The modules of the package that one imports anywhere, in its functions and for type checkers too."""
    is_package, tree = TREES[name]
    home = name.split(".") if name else []
    if not is_package:
        home = home[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert not any(alias.name.split(".")[0] == "spinnprop" for alias in node.names), "imports are relative"
        if isinstance(node, ast.ImportFrom):
            if node.level == 0:
                assert (node.module or "").split(".")[0] != "spinnprop", "imports are relative"
                continue
            base = home[: len(home) - node.level + 1] + (node.module.split(".") if node.module else [])
            for alias in node.names:
                inner = ".".join([*base, alias.name])
                yield inner if inner in TREES or inner == "_core" else ".".join(base)


IMPORTS = {name: set(imported(name)) - {name} for name in TREES}


def part(name):
    return name.split(".")[0]


def test_the_table_names_every_part():
    parts = {part(name) for name in TREES} - {"", "_support"}
    assert parts == set(ARROWS)


@pytest.mark.parametrize("name", ARROWS)
def test_arrows_are_the_tables(name):
    found = {part(other) for own in TREES if part(own) == name for other in IMPORTS[own]} - {name, "_core", "_support"}
    assert found == set(ARROWS[name].split())
    # An import of the package itself would have everything loaded first.
    assert "" not in found


def test_arrows_only_go_up():
    seen = set()
    for name, above in ARROWS.items():
        assert set(above.split()) <= seen, name
        seen.add(name)


def test_the_ground_floor_imports_the_core_alone():
    for name in TREES:
        if part(name) == "_support":
            assert {part(other) for other in IMPORTS[name]} <= {"_support", "_core"}


def test_no_module_imports_itself_by_way_of_others():
    finished, path = set(), []

    def visit(name):
        assert name not in path, " -> ".join([*path[path.index(name) :], name])
        if name in finished:
            return
        path.append(name)
        for other in sorted(IMPORTS.get(name, ())):
            visit(other)
        finished.add(path.pop())

    for name in TREES:
        visit(name)


def test_pictures_and_commands_are_nobodys_ground():
    for name, above in ARROWS.items():
        assert "_commands" not in above.split() or name == "__main__"
        assert "plot" not in above.split() or name == "_commands"


def test_the_walk_finds_imports():
    assert {"_core", "_support.checks", "losses"} <= IMPORTS["_network"]
    assert "_trainer" in IMPORTS["_estimators.base"] and "plot" in IMPORTS["_commands.train"]
