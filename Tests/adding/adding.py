"""Adds a toy loss, a toy option of the trainer and a toy substrate to a copy of the sources, as CONTRIBUTING.md says it is done.

Each takes the files that CONTRIBUTING.md names and no other; then all of it is built and held by the checks that every loss,
substrate and rule is held by. With SPINNPROP_LONG=1 the library and Python have them, too.
"""

import ctypes
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Dict, List, Set, Tuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
#: Stays, so that the next time only what has changed is built.
PLACE = ROOT / ".build-adding"
COPY = PLACE / "checkout"
COPIED = ("Package.swift", "CONTRIBUTING.md", "Sources", "include", "scripts", "python", "Tests", "examples", "Benchmarks")



def next_number(what: str) -> int:
    """The first that the header does not have, below those that stand apart from 100 on."""
    header = (ROOT / "include" / "spinnprop.h").read_text(encoding="utf-8")
    return 1 + max(int(number) for number in re.findall(rf"SPINNPROP_{what}_\w+ = (\d{{1,2}})\b", header))


NEXT_LOSS, NEXT_ENGINE = next_number("LOSS"), next_number("ENGINE")

#: Of each addition: its paragraph in CONTRIBUTING.md, how many files it may take (None: any), new files, and what is inserted: a file, the
#: line before which, and the lines.
Insertion = Tuple[str, str, str]
ADDITIONS: List[Tuple[str, object, Tuple[str, ...], Tuple[Insertion, ...]]] = [
    (
        "a loss",
        4,
        ("Sources/Learning/Losses/ToyLoss.swift",),
        (
            ("Sources/Learning/Losses/LossParameters.swift", "    fileprivate var row: LossRow {", f"    case toy = {NEXT_LOSS}\n"),
            (
                "Sources/Learning/Losses/LossParameters.swift",
                "        case .vMaxCrossEntropy: LossRow(",
                "        case .toy: LossRow(ToyLoss.self)\n",
            ),
            ("Sources/Learning/Losses/LossParameters.swift", "    public var tiesAreWrong", "    public var gain = 0.0\n"),
            (
                "Sources/Learning/Losses/LossParameters.swift",
                '        OptionField("ties_are_wrong"',
                '        OptionField("gain", \\.gain, .any),\n',
            ),
            ("include/spinnprop.h", "    SPINNPROP_LOSS_VMAX_CROSS_ENTROPY = 1", f"    SPINNPROP_LOSS_TOY = {NEXT_LOSS},\n"),
            ("include/spinnprop.h", "} spinnprop_loss;", "    double gain;\n"),
            (
                "python/spinnprop/losses.py",
                "class RateRegularisation(Value):",
                "class ToyLoss(Loss):\n"
                '    """gain / 2 (t_label / tau0)^2."""\n\n'
                "    _kind = _core.LOSS_TOY\n\n"
                "    def __init__(self, gain: float = 2.0, tau0: float = 5e-3) -> None:\n"
                "        self._set(gain=gain, tau0=tau0)\n\n\n",
            ),
            ("python/spinnprop/losses.py", '    "VanRossum",\n]', '    "ToyLoss",\n'),
        ),
    ),
    (
        "an option of the trainer",
        4,
        (),
        (
            ("Sources/Learning/Training/TrainingOptions.swift", "    public var restoreBest", "    public var toyOption = 0.5\n"),
            (
                "Sources/Learning/Training/OptionTable.swift",
                '            OptionField("restore_best"',
                '            OptionField("toy_option", \\.toyOption, .closed(0, 2)),\n',
            ),
            ("include/spinnprop.h", "} spinnprop_training_options;", "    double toy_option;\n"),
            ("python/spinnprop/_trainer.py", "        restore_best: bool = False,", "        toy_option: float = 0.5,\n"),
            (
                "python/spinnprop/_trainer.py",
                '                "restore_best": ',
                '                "toy_option": own(toy_option, "toy_option"),\n',
            ),
        ),
    ),
    (
        "a substrate or a gradient rule",
        None,
        (
            "Sources/Toy/ToySubstrate.swift",
            "Sources/CInterface/Engine/Toy.swift",
            "python/spinnprop/_engines/toy.py",
        ),
        (
            (
                "Package.swift",
                '        room("ClockArithmetic"',
                '        room("Toy", ["Networks", "Spikes", "Mathematics"]),\n',
            ),
            ("Package.swift", '                "ClockDriven", "EventDriven",', '                "Toy",\n'),
            ("Package.swift", '                "Spinnprop", ', '                "Toy",\n'),
            ("Sources/Spinnprop/Engine.swift", "import SpiNNaker2Programs", "import Toy\n"),
            (
                "Sources/Spinnprop/Engine.swift",
                "        EngineKind(1, ",
                f"        EngineKind({NEXT_ENGINE}, make: {{ Engine(ToySubstrate()) }}),\n",
            ),
            ("include/spinnprop.h", "    SPINNPROP_ENGINE_CLOCK = 1, ", f"    SPINNPROP_ENGINE_TOY = {NEXT_ENGINE},\n"),
            (
                "include/spinnprop.h",
                "/* ------------------------------------------------------------------------------------------- forward and recording",
                "typedef struct spinnprop_toy_options {\n"
                "    size_t size;\n"
                "    double latency;\n"
                "} spinnprop_toy_options;\n"
                "SPINNPROP_API void spinnprop_toy_options_init(spinnprop_toy_options *options);\n"
                "SPINNPROP_API spinnprop_status spinnprop_toy_create(spinnprop_engine **engine, const spinnprop_toy_options "
                "*options);\n"
                "SPINNPROP_API spinnprop_status spinnprop_toy_get_options(spinnprop_toy_options *options,\n"
                "                                                         const spinnprop_engine *engine);\n\n",
            ),
            (
                "python/spinnprop/_engines/names.py",
                '    "clock": "spinnprop._engines.clock:ClockEngine",',
                '    "toy": "spinnprop._engines.toy:ToyEngine",\n',
            ),
        ),
    ),
]


def say(text: str) -> None:
    """A line for whoever waits."""
    print(f"adding: {text}", flush=True)


def copy_sources() -> None:
    """Makes the copy the same as the checkout; files that are so already keep their dates, and are not built again."""
    wanted: Dict[Path, Path] = {}
    for name in COPIED:
        source = ROOT / name
        for path in sorted(source.rglob("*")) if source.is_dir() else [source]:
            is_made = "__pycache__" in path.parts or path.suffix == ".so"
            if path.is_file() and not is_made and HERE / "new" not in path.parents:
                wanted[COPY / path.relative_to(ROOT)] = path
    for path in sorted(COPY.rglob("*")):
        if path.is_file() and path not in wanted and not (HERE / "new" / path.relative_to(COPY)).is_file():
            path.unlink()
    for target, path in wanted.items():
        texts[target.relative_to(COPY).as_posix()] = path.read_bytes()


#: What the copy is to hold, by name; written when it is complete.
texts: Dict[str, bytes] = {}


def write() -> None:
    """Writes what differs from what is there."""
    for name, text in texts.items():
        target = COPY / name
        if target.is_file() and target.read_bytes() == text:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text)
        shutil.copymode(ROOT / name if (ROOT / name).exists() else HERE / "new" / name, target)


def insert(name: str, before: str, lines: str) -> None:
    """Inserts lines before the one line that begins so."""
    text = texts[name].decode()
    assert text.count("\n" + before) == 1, f"{name} has {text.count(before)} lines {before.splitlines()[0]!r}"
    texts[name] = text.replace("\n" + before, "\n" + lines + before).encode()


def paragraph(heading: str) -> str:
    """What CONTRIBUTING.md says of adding one."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## How to add ...")[2]
    begin = text.index(f"**{heading}.**")
    return text[begin : text.index("\n\n", begin)]


def add(heading: str, most: object, files: Tuple[str, ...], insertions: Tuple[Insertion, ...]) -> None:
    """Adds one thing, and counts what that takes."""
    touched: Set[str] = set(files)
    for name in files:
        texts[name] = (HERE / "new" / name).read_bytes()
    for name, before, lines in insertions:
        insert(name, before, lines)
        touched.add(name)
    said = paragraph(heading)
    for name in sorted(touched):
        folder, _, last = name.rpartition("/")
        # A new file's folder is named, or is the new room.
        is_said = folder in said or folder == "Sources/Toy" if name in files else last in said
        assert is_said, f"CONTRIBUTING.md, {heading!r}, does not name {name}"
    assert most is None or len(touched) <= int(str(most)), f"{heading} takes {len(touched)} files: {sorted(touched)}"
    say(f"{heading} takes {len(touched)} files: {', '.join(sorted(touched))}")


def run(*command: str, **options: object) -> None:
    """Runs a program in the copy, quietly unless it fails."""
    done = subprocess.run(
        command, cwd=COPY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options  # type: ignore[call-overload]
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-6000:]}")


def swift(*arguments: str) -> None:
    """Swift's package manager, with a place of its own."""
    run("swift", *arguments, "--scratch-path", str(PLACE / "build"))


def try_library() -> None:
    """The C interface and Python have the same."""
    say("the library and Python")
    swift("build", "--product", "spinnprop")
    package = COPY / "python" / "spinnprop"
    library = package / "libspinnprop.so"
    shutil.copy(next((PLACE / "build").glob("*/debug/libspinnprop.so")), library)
    run(
        os.environ.get("CC", "cc"), "-shared", "-fPIC", "-Iinclude", f"-I{sysconfig.get_paths()['include']}",
        *map(str, sorted((COPY / "python" / "extension").glob("*.c"))), f"-L{package}", "-lspinnprop", "-Wl,-rpath,$ORIGIN",
        "-o", str(package / "_core.so"),
    )  # fmt: skip
    run(sys.executable, str(HERE / "try_python.py"), env={**os.environ, "PYTHONPATH": str(COPY / "python")})
    loaded, engine = ctypes.CDLL(str(library)), ctypes.c_void_p()

    class Options(ctypes.Structure):
        _fields_ = [("size", ctypes.c_size_t), ("latency", ctypes.c_double)]

    own, read = Options(), Options()
    for options in (own, read):
        loaded.spinnprop_toy_options_init(ctypes.byref(options))
    assert own.latency == 20e-3
    own.latency = 0.5
    assert loaded.spinnprop_toy_create(ctypes.byref(engine), ctypes.byref(own)) == 0
    assert loaded.spinnprop_toy_get_options(ctypes.byref(read), engine) == 0 and read.latency == 0.5
    own.latency = 2.0
    assert loaded.spinnprop_toy_create(ctypes.byref(engine), ctypes.byref(own)) == 1
    loaded.spinnprop_last_error.restype = ctypes.c_char_p
    assert loaded.spinnprop_last_error() == b"latency is 2.0; it must be 0.001 .. 1"


def main() -> None:
    """All of it."""
    copy_sources()
    insert(
        "Package.swift",
        "        .testTarget(name: \"CInterfaceTests\"",
        '        .executableTarget(name: "adding", dependencies: ["TestSupport", "Learning", "Networks", "Toy"], '
        'path: "Tests/adding/checks"),\n',
    )
    for addition in ADDITIONS:
        add(*addition)
    write()
    run(sys.executable, "scripts/generate.py")
    say("building the rooms that they need, and checking them")
    swift("build", "--product", "adding")
    run(str(next((PLACE / "build").glob("*/debug/adding"))))
    if os.environ.get("SPINNPROP_LONG") == "1":
        try_library()
    say("all is as CONTRIBUTING.md says")


if __name__ == "__main__":
    main()
