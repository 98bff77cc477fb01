"""The site's sources: pages, notebooks and files from where they lie in the repository, with the links between them."""

import json
import os
import posixpath
import re
from pathlib import Path
from typing import Callable, Dict, List

import header
import swift

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"(\]\()([^)#\s]+)((?:#[^)]*)?\))")
LANGUAGES = {".c": "c", ".h": "c", ".hpp": "cpp", ".cpp": "cpp", ".swift": "swift", ".py": "python", ".cff": "yaml"}

# Where what lies elsewhere in the repository is on the site.
PLACES = {
    "README.md": "overview.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "Benchmarks/RESULTS.md": "benchmarks.md",
    "Benchmarks/billion.svg": "pictures/billion.svg",
}


def place(path: str) -> str:
    """Where a file of the repository is on the site."""
    if path in PLACES:
        return PLACES[path]
    for folder, there in (("docs/", ""), ("examples/notebooks/", "notebooks/")):
        if path.startswith(folder):
            return there + path[len(folder) :]
    return "sources/" + path + ".md"


def relink(text: str, path: str, wanted: Callable[[str], None]) -> str:
    """The text with its links leading to where things are on the site; tells of each file that it leads to."""

    def lead(found: "re.Match[str]") -> str:
        target = found[2]
        if "://" in target or target.startswith("mailto:"):
            return found[0]
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        wanted(target)
        return found[1] + posixpath.relpath(place(target), posixpath.dirname(place(path)) or ".") + found[3]

    # Code is no text: what looks like a link in it stays.
    parts = re.split(r"(^```.*?^```$|`[^`\n]+`)", text, flags=re.MULTILINE | re.DOTALL)
    return "".join(part if part.startswith("`") else LINK.sub(lead, part) for part in parts)


def contents(text: str) -> str:
    """Tables of contents of a page of lists: for each of its sections, the pages that it leads to."""
    page, seen = [text], set()
    for part in re.split(r"^## ", text, flags=re.MULTILINE):
        names = [os.path.splitext(target)[0] for _, target, _ in LINK.findall(part) if "://" not in target]
        names = [name for name in dict.fromkeys(names) if name not in seen]
        seen.update(names)
        caption = f":caption: {part.splitlines()[0]}\n" if not part.startswith("#") else ""
        if names:
            page.append("```{toctree}\n:hidden:\n" + caption + "\n" + "\n".join(names) + "\n```\n")
    return "\n".join(page)


def python_reference(modules: Dict[str, List[str]]) -> Dict[str, str]:
    """A page for each module, with a table of its names; each name has a page of its own."""
    pages = {}
    for module, names in modules.items():
        table = "\n".join("   " + name for name in sorted(names))
        pages[module] = (
            f"# {module}\n\n```{{eval-rst}}\n.. automodule:: {module}\n   :no-members:\n\n.. currentmodule:: {module}\n\n"
            f".. autosummary::\n   :toctree: generated\n\n{table}\n```\n"
        )
    lists = "\n".join(f"- [{module}]({module}.md)" for module in modules)
    pages["index"] = f"# Python\n\n`import spinnprop as sp` brings all of these; what else they need is imported when first used.\n\n{lists}\n"
    return pages


def write(folder: Path, modules: Dict[str, List[str]]) -> None:
    """Writes the sources of the whole site into a folder."""
    waiting = ["README.md", *(path.relative_to(ROOT).as_posix() for path in sorted(ROOT.glob("docs/**/*")) if path.is_file())]
    waiting += [path.relative_to(ROOT).as_posix() for path in sorted(ROOT.glob("examples/notebooks/*.ipynb"))]
    done = set()
    while waiting:
        path = waiting.pop()
        if path in done:
            continue
        done.add(path)
        source, target = ROOT / path, folder / place(path)
        if not source.is_file():
            raise SystemExit(f"site: a page leads to {path}, which is no file")
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.endswith(".md"):
            text = relink(source.read_text(encoding="utf-8"), path, waiting.append)
            if path == "docs/index.md":
                text = text.replace("- [Gallery]", "- [Reference](api/index.md): of Python, C and Swift\n- [Gallery]")
            if source.name in ("index.md", "notebooks.md"):
                text = contents(text)
            target.write_text(text, encoding="utf-8")
        elif path.endswith(".ipynb"):
            notebook = json.loads(source.read_text(encoding="utf-8"))
            for cell in notebook["cells"]:
                if cell["cell_type"] == "markdown":
                    cell["source"] = relink("".join(cell["source"]), path, waiting.append)
            target.write_text(json.dumps(notebook), encoding="utf-8")
        elif target.suffix == ".md":
            language = LANGUAGES.get(source.suffix, "text")
            text = source.read_text(encoding="utf-8").rstrip("\n")
            target.write_text(f"---\norphan: true\n---\n\n# {path}\n\n~~~~{language}\n{text}\n~~~~\n", encoding="utf-8")
        else:
            target.write_bytes(source.read_bytes())
    reference = {"c": header.pages((ROOT / "include" / "spinnprop.h").read_text(encoding="utf-8")), "python": python_reference(modules)}
    for language, pages in reference.items():
        (folder / "api" / language).mkdir(parents=True)
        for name, text in pages.items():
            (folder / "api" / language / (name + ".md")).write_text(contents(text) if name == "index" else text, encoding="utf-8")
    (folder / "api" / "index.md").write_text(contents("# Reference\n\n- [Python](python/index.md)\n- [C](c/index.md)\n- [Swift](swift.md)\n"), encoding="utf-8")
    (folder / "api" / "swift.md").write_text(swift.page(), encoding="utf-8")

