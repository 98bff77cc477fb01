"""Every code block of README.md runs, and every file it points to is there."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import spinnprop

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(r"^```%s\n(.*?)^```$" % language, TEXT, re.MULTILINE | re.DOTALL)


def test_no_block_is_overlooked():
    languages = re.findall(r"^```(\w+)$", TEXT, re.MULTILINE)
    assert set(languages) == {"python", "c", "swift"}
    assert TEXT.count("\n```") == 2 * len(languages)


@pytest.mark.parametrize("index", range(len(blocks("python"))))
def test_python_block(index, tmp_path):
    program = tmp_path / "block.py"
    program.write_text(blocks("python")[index], encoding="utf-8")
    subprocess.run([sys.executable, "-W", "error", str(program)], cwd=str(tmp_path), check=True)


@pytest.mark.parametrize("index", range(len(blocks("c"))))
def test_c_block(index, tmp_path):
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    assert compiler, "a C compiler is needed: apt-get install gcc"
    (tmp_path / "block.c").write_text(blocks("c")[index], encoding="utf-8")
    library = Path(spinnprop.__file__).parent
    subprocess.run(
        [compiler, "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "block.c", "-I", str(ROOT / "include")]
        + [str(library / "libspinnprop.so"), "-Wl,-rpath," + str(library), "-o", "block"],
        cwd=str(tmp_path), check=True)
    output = subprocess.run(["./block"], cwd=str(tmp_path), check=True, stdout=subprocess.PIPE).stdout.decode()
    assert re.fullmatch(r"sample 0, output 0 spikes first at (\d+\.\d+|inf) ms\n", output)


@pytest.mark.parametrize("index", range(len(blocks("swift"))))
def test_swift_block_is_part_of_a_program_that_is_built(index):
    # `make test-swift` builds and runs that program.
    assert blocks("swift")[index] in (ROOT / "examples" / "swift" / "main.swift").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_files_that_are_pointed_to_are_there(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    linked = [target for target in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in target]
    named = re.findall(r"`((?:Sources|Tests|include|scripts|python|examples|Benchmarks)/[^`*<> ]*)`", text)
    missing = [path for path in linked + named if not (ROOT / path).exists() and "Your" not in path]
    assert not missing


def test_make_targets_that_are_named_are_there():
    help_text = subprocess.run(["make", "-s", "help"], cwd=str(ROOT), check=True, stdout=subprocess.PIPE).stdout.decode()
    targets = set(re.findall(r"^  make (\S+)", help_text, re.MULTILINE))
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for line in re.findall(r"(?:`|^    )make ([a-z][a-z -]*)", text, re.MULTILINE):
            assert set(line.split()) <= targets, "%s says make %s" % (name, line)


def test_commands_that_are_named_are_there():
    commands = set(re.findall(r"`spinnprop ((?:train|search|reproduce) [a-z0-9-]+)", TEXT))
    assert commands
    for command in commands:
        subprocess.run(
            [sys.executable, "-m", "spinnprop"] + command.split() + ["--help"], check=True, stdout=subprocess.DEVNULL)
