"""Who imports whom among the Swift targets: what their sources say is what Package.swift lets them, no more and no less."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
#: Modules that come with Swift; Foundation is for tests alone.
SYSTEM = {"Swift", "Glibc", "Synchronization"}
TESTS_TOO = SYSTEM | {"Foundation", "Testing"}

IMPORT = re.compile(
    r"^[ \t]*(?:(?:@\w+(?:\([^)]*\))?|public|package|internal|fileprivate|private)[ \t]+)*"
    r"import[ \t]+(?:(?:typealias|struct|class|enum|protocol|let|var|func)[ \t]+)?(\w+)",
    re.MULTILINE,
)


@pytest.fixture(scope="module")
def targets():
    assert shutil.which("swift"), "swift is needed, with which the library was built"
    package = subprocess.run(
        ["swift", "package", "dump-package"], cwd=str(ROOT), check=True, stdout=subprocess.PIPE
    ).stdout
    return {target["name"]: target for target in json.loads(package)["targets"]}


def folder(target):
    return ROOT / (target.get("path") or f"{'Tests' if target['type'] == 'test' else 'Sources'}/{target['name']}")


def declared(target):
    return {dependency["byName"][0] for dependency in target["dependencies"]}


def rooms(targets):
    return {name for name, target in targets.items() if folder(target).parent == ROOT / "Sources"}


def test_imports_are_those_that_are_declared(targets):
    faults = []
    for name, target in targets.items():
        system = TESTS_TOO if folder(target).relative_to(ROOT).parts[0] == "Tests" else SYSTEM
        found = set()
        for path in sorted(folder(target).rglob("*.swift")):
            own = set(IMPORT.findall(path.read_text(encoding="utf-8"))) - system
            faults += [f"{path.relative_to(ROOT)} imports {other}" for other in own - declared(target)]
            found |= own
        faults += [f"Package.swift lets {name} import {other}, which it does not" for other in declared(target) - found]
    assert not faults


def test_the_pattern_finds_imports():
    text = "import A\n@testable import B\n  @_exported import C.D\npublic import struct E.F\n// import G\nlet import_ = 1\n"
    assert IMPORT.findall(text) == ["A", "B", "C", "E"]


def test_every_folder_is_a_target(targets):
    assert {path.name for path in (ROOT / "Sources").iterdir() if path.is_dir()} == rooms(targets)


def above(name, arrows):
    """A room and all that it imports, directly or by way of others."""
    return {name}.union(*(above(other, arrows) for other in arrows[name]))


def test_the_table_of_rooms_says_the_same(targets):
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = {}
    for room, said in re.findall(r"^\| `(\w+)` \|.*\| ([^|]*) \|$", text, re.MULTILINE):
        table[room] = set(table) if said == "all above" else set(re.findall(r"\w+", said)) - {"nothing"}
    assert set(table) == rooms(targets)
    arrows = {name: declared(targets[name]) & set(table) for name in table}
    for room in table:
        assert above(room, table) == above(room, arrows), room
