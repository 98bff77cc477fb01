"""The reference of the Swift library, by DocC: pages of each room from what the compiler left beside the library."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Dict

ROOT = Path(__file__).resolve().parents[2]
#: Where the pages lie on the site; DocC's pages know it.
BASE = "swift"


def rooms() -> Dict[str, str]:
    """What lives in each room that Swift programs may import, as CONTRIBUTING.md has it."""
    table = re.findall(r"^\| `(\w+)` \| (.+?) \| .* \|$", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.MULTILINE)
    return {name: text for name, text in table if name not in ("CSupport", "CInterface", "ClockArithmetic")}


def page() -> str:
    """The site's page that leads to them."""
    lists = "\n".join(f'<li><a href="../{BASE}/documentation/{name.lower()}/">{name}</a></li>' for name in rooms())
    texts = "\n".join(f"- **{name}**: {text}" for name, text in rooms().items())
    begin = "# Swift\n\n`import Spinnprop` brings all of these, the rooms of the library. Their pages are DocC's:"
    return f"{begin}\n\n<ul>\n{lists}\n</ul>\n\nWhat lives where:\n\n{texts}\n"


def build(work: Path, html: Path) -> None:
    """Extracts what is public, with its comments, from the library that scripts/build-library.sh has built; writes the pages."""
    built = [path for path in (ROOT / ".build" / "dist-v3" / "release", ROOT / ".build" / "dist" / "release") if (path / "Modules").is_dir()]
    if not built:
        raise SystemExit("site: no library is built: scripts/build-library.sh")
    graphs, out = work / "graphs", html / BASE
    for folder in (graphs, out):
        shutil.rmtree(folder, ignore_errors=True)
    graphs.mkdir(parents=True)
    machine = subprocess.run(["uname", "-m"], check=True, stdout=subprocess.PIPE).stdout.decode().strip()
    for room in rooms():
        subprocess.run(
            ["swift", "symbolgraph-extract", "-module-name", room, "-I", str(built[0] / "Modules"), "-target", machine + "-unknown-linux-gnu"]
            + ["-Xcc", f"-fmodule-map-file={built[0] / 'CSupport.build' / 'module.modulemap'}", "-minimum-access-level", "public"]
            + ["-skip-synthesized-members", "-skip-inherited-docs", "-output-dir", str(graphs)], check=True)
    # What rooms add to types of Swift's own is for themselves.
    for path in graphs.glob("*@Swift.symbols.json"):
        path.unlink()
    catalogue = work / "Spinnprop.docc"
    catalogue.mkdir(exist_ok=True)
    (catalogue / "Spinnprop.md").write_text("# ``Spinnprop``\n\nWhat programs import: engines by name, defaults, composition.\n")
    # Its pages ask for this, and may do without.
    (catalogue / "theme-settings.json").write_text("{}\n")
    printed = subprocess.run(
        ["docc", "convert", str(catalogue), "--fallback-display-name", "Spinnprop", "--fallback-bundle-identifier", "spinnprop"]
        + ["--additional-symbol-graph-dir", str(graphs), "--output-path", str(out), "--transform-for-static-hosting", "--hosting-base-path", BASE],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = printed.stdout.decode()
    # A comment need not speak of every parameter, and may call it by the name that callers know.
    accepted = re.compile(r".* is missing documentation|.*External name '\w+' used to document parameter")
    warnings = [line for line in text.splitlines() if re.match("warning|error", line) and not accepted.fullmatch(line)]
    if printed.returncode or warnings:
        raise SystemExit("site: DocC warns:\n" + ("\n".join(warnings) or text))
