"""Every code block of README.md and of the pages in docs/ runs and prints what is shown, and every file they point to is there."""

import ast
import doctest
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import spinnprop
from spinnprop import _commands

ROOT = Path(__file__).resolve().parents[3]
PAGES = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]}
TEXTS = dict(PAGES, **{name: (ROOT / name).read_text(encoding="utf-8") for name in ("CONTRIBUTING.md", "CHANGELOG.md")})
FENCE = re.compile(r"^```(\S+)(?: (\S+))?\n((?:(?!```).*\n)*)```\n(?:\n((?:    .*\n|\n(?=    ))+))?", re.MULTILINE)


def blocks(language):
    """Page and number, what package the block needs besides this one, the code, and what it prints: an indented block right below."""
    return [
        pytest.param(needed, code, re.sub("^    ", "", output, flags=re.MULTILINE), id=f"{page}-{number}")
        for page, text in PAGES.items()
        for number, (found, needed, code, output) in enumerate(FENCE.findall(text))
        if found == language
    ]


def hold(printed, output):
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    assert not output or doctest.OutputChecker().check_output(output, printed, flags), f"shown:\n{output}\nprinted:\n{printed}"


def test_no_block_is_overlooked():
    for page, text in PAGES.items():
        fences = re.findall(r"^ *```.*$", text, re.MULTILINE)
        assert len(fences) == 2 * len(FENCE.findall(text)), page
        assert {found[0] for found in FENCE.findall(text)} <= {"python", "c", "cpp", "swift"}, page


def printed_by(command, folder):
    return subprocess.run(command, cwd=str(folder), check=True, stdout=subprocess.PIPE).stdout.decode()


@pytest.fixture(scope="module")
def run_forked():
    """Runs a script and gives what it prints."""
    command = [sys.executable, "-W", "error", str(Path(__file__).with_name("forks.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, universal_newlines=True) as process:

        def run(script):
            process.stdin.write(f"{script}\n")
            process.stdin.flush()
            assert process.stdout.readline() == "0\n"
            return (script.parent / "printed").read_text(encoding="utf-8")

        yield run
        process.stdin.close()


def test_scripts_fail_and_warn_in_forks_too(run_forked, tmp_path):
    script = tmp_path / "block.py"
    script.write_text("import sys; print(__name__, 'spinnprop' in sys.modules, sys.argv, input)")
    assert run_forked(script) == f"__main__ False ['{script}'] <built-in function input>\n"
    for wrong in ("raise SystemExit(3)", "undefined", "import warnings; warnings.warn('x')", "input()", "import os; os._exit(4)"):
        script.write_text(wrong)
        with pytest.raises(AssertionError):
            run_forked(script)


@pytest.mark.parametrize("needed, code, output", blocks("python"))
def test_python_block(needed, code, output, tmp_path, run_forked):
    ast.parse(code)
    if needed and importlib.util.find_spec(needed) is None:
        pytest.skip(f"needs {needed}")
    (tmp_path / "block.py").write_text(code, encoding="utf-8")
    # What other packages warn of is not ours.
    hold(printed_by([sys.executable, "block.py"], tmp_path) if needed else run_forked(tmp_path / "block.py"), output)
    # Pictures are of the size that is stored; what they show is for the eye.
    for drawn in tmp_path.glob("*.png"):
        stored = ROOT / "docs" / "pictures" / "gallery" / drawn.name
        assert drawn.read_bytes()[16:24] == stored.read_bytes()[16:24]


@pytest.mark.parametrize("page, number, needed, seed", [("own-loss", 0, None, 0), ("own-loss", 0, None, 1), ("pytorch", 0, "torch", 0)])
def test_losses_that_are_shown_learn_for_long_too(page, number, needed, seed, tmp_path):
    """What people copy they train longer: outputs do not fall silent then."""
    if needed is not None:
        pytest.importorskip(needed)
    code = FENCE.findall(PAGES[f"docs/how-to/{page}.md"])[number][2]
    longer = re.sub(r"epoch in range\(20\)", "epoch in range(60)", code).replace("seed=0", f"seed={seed}")
    assert longer.count("range(60)") == 1
    printed = printed_by([sys.executable, "-c", longer], tmp_path)
    assert float(re.findall(r"accuracy ([\d.]+)%", printed)[-1]) > 90


@pytest.mark.parametrize("needed, code, output", [*blocks("c"), *blocks("cpp")])
def test_c_block(needed, code, output, tmp_path):
    is_cpp = ".hpp>" in code
    compiler = shutil.which("c++" if is_cpp else "cc")
    assert compiler, "a compiler is needed: apt-get install g++"
    source = "block.cpp" if is_cpp else "block.c"
    (tmp_path / source).write_text(code, encoding="utf-8")
    library = Path(spinnprop.__file__).parent
    subprocess.run(
        [compiler, "-std=c++17" if is_cpp else "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", source]
        + ["-I", str(ROOT / "include"), str(library / "libspinnprop.so"), "-Wl,-rpath," + str(library), "-o", "block"],
        cwd=str(tmp_path), check=True)
    hold(printed_by(["./block"], tmp_path), output)


@pytest.mark.parametrize("needed, code, output", blocks("swift"))
def test_swift_block(needed, code, output, tmp_path):
    if not code.startswith("dependencies:"):
        # `make test-swift` builds and runs these programs.
        assert any(code in path.read_text(encoding="utf-8") for path in ROOT.glob("examples/*/main.swift"))
        return
    # Lines of a package's manifest: they lead to this package, and to the product that is named.
    if shutil.which("swift") is None:
        pytest.skip("needs Swift")
    (tmp_path / "App" / "Sources" / "App").mkdir(parents=True)
    (tmp_path / "App" / "Sources" / "App" / "main.swift").write_text("import Spinnprop\n")
    (tmp_path / "spinnprop").symlink_to(ROOT)
    manifest = '// swift-tools-version:6.0\nimport PackageDescription\nlet package = Package(name: "App",\n%s)\n' % code
    (tmp_path / "App" / "Package.swift").write_text(manifest)
    graph = subprocess.run(
        ["swift", "package", "show-dependencies", "--format", "flatlist"], cwd=str(tmp_path / "App"), check=True, stdout=subprocess.PIPE
    )
    assert graph.stdout.decode().split() == ["spinnprop"]
    product = re.search(r'\.product\(name: "(\w+)"', code)
    assert product and f'.library(name: "{product[1]}", targets:' in (ROOT / "Package.swift").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", list(TEXTS))
def test_files_that_are_pointed_to_are_there(name):
    text = TEXTS[name]
    linked = [target for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text) if "://" not in target]
    named = re.findall(r"`((?:Sources|Tests|include|scripts|python|examples|Benchmarks|docs)/[^`*<> ]*)`", text)
    missing = [path for path in linked if not (ROOT / name).parent.joinpath(path).exists()]
    missing += [path for path in named if not (ROOT / path).exists() and "Your" not in path]
    assert not missing


def test_every_page_is_found_from_the_first():
    seen, found = set(), ["README.md"]
    while found:
        page = found.pop()
        if page not in seen and page in PAGES:
            seen.add(page)
            linked = re.findall(r"\]\(([^)#:]+\.md)(?:#[^)]*)?\)", PAGES[page])
            found += [(ROOT / page).parent.joinpath(each).resolve().relative_to(ROOT).as_posix() for each in linked]
    assert set(PAGES) == seen


def test_make_targets_that_are_named_are_there():
    help_text = subprocess.run(["make", "-s", "help"], cwd=str(ROOT), check=True, stdout=subprocess.PIPE).stdout.decode()
    targets = set(re.findall(r"^  make (\S+)", help_text, re.MULTILINE))
    for name, text in TEXTS.items():
        if name != "CHANGELOG.md":
            for line in re.findall(r"(?:`|^    )make ([a-z][a-z -]*[a-z])", text, re.MULTILINE):
                assert set(line.split()) <= targets, "%s says make %s" % (name, line)


def test_commands_that_are_named_are_there(capsys):
    named = [each for text in PAGES.values() for each in re.findall(r"(?:`|^    )spinnprop (\w+) ([a-z0-9|-]+)", text, re.MULTILINE)]
    commands = {(verb, noun) for verb, nouns in named for noun in nouns.split("|")}
    assert ("train", "yin-yang") in commands
    for command in sorted(commands):
        with pytest.raises(SystemExit) as ended:
            _commands.main([*command, "--help"])
        assert ended.value.code == 0, command
        assert command[1] in capsys.readouterr().out
