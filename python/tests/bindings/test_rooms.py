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


def targets():
    assert shutil.which("swift"), "swift is needed, with which the library was built"
    package = subprocess.run(
        ["swift", "package", "dump-package"], cwd=str(ROOT), check=True, stdout=subprocess.PIPE
    ).stdout
    return {target["name"]: target for target in json.loads(package)["targets"]}


TARGETS = targets()


def folder(target):
    return ROOT / (target.get("path") or f"{'Tests' if target['type'] == 'test' else 'Sources'}/{target['name']}")


def declared(target):
    return {dependency["byName"][0] for dependency in target["dependencies"]}


def imported(text):
    return set(IMPORT.findall(text))


@pytest.mark.parametrize("name", TARGETS)
def test_imports_are_those_that_are_declared(name):
    target = TARGETS[name]
    files = sorted(folder(target).rglob("*.swift"))
    assert files or target["type"] == "system" or not declared(target)
    is_test = folder(target).relative_to(ROOT).parts[0] == "Tests"
    found = set()
    for path in files:
        own = imported(path.read_text(encoding="utf-8")) - (TESTS_TOO if is_test else SYSTEM)
        assert own <= declared(target), f"{path.relative_to(ROOT)} imports {own - declared(target)}"
        found |= own
    assert declared(target) <= found, f"Package.swift lets {name} import {declared(target) - found}, which it does not"


def test_every_folder_is_a_target():
    rooms = {path for path in (ROOT / "Sources").iterdir() if path.is_dir()}
    assert rooms == {folder(target) for target in TARGETS.values() if folder(target).parent == ROOT / "Sources"}


def above(name, arrows):
    """A room and all that it imports, directly or by way of others."""
    return {name}.union(*(above(other, arrows) for other in arrows[name]))


def test_the_table_of_rooms_says_the_same():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = {}
    for room, said in re.findall(r"^\| `(\w+)` \|.*\| ([^|]*) \|$", text, re.MULTILINE):
        table[room] = set(table) if said == "all above" else set(re.findall(r"\w+", said)) - {"nothing"}
    rooms = {name for name, target in TARGETS.items() if folder(target).parent == ROOT / "Sources"}
    assert set(table) == rooms
    arrows = {name: declared(TARGETS[name]) & rooms for name in rooms}
    for room in table:
        assert above(room, table) == above(room, arrows), room
