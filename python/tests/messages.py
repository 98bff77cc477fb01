"""Finds what the sources say: every message of the package and of the core, and which of them name a remedy."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: What messages ask for, in the imperative.
VERBS = (
    r"(?:ask|call|change|connect|convert|count|fill|give|install|leave|list|lower|make|move|pass|pickle|raise|report|rescale|"
    r"run|say|search|set|take|train|try|use|wait|wake|write)"
)
#: It begins a clause, or follows "or", "and" or "so" in one.
REMEDY = re.compile(rf"(?:^|[;:,]\s|\(|\b(?:or|and|so|them|first)\s){VERBS}\b(?!\s+(?:must|is|are)\b)|pip install|convert it|writes one")


def python_messages():
    """The text of each raise in the package, and what read-only arrays say; a null stands for what is put in."""

    def text(node):
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else ""
        return "".join(part.value if isinstance(part, ast.Constant) else "\0" for part in node.values)

    for path in sorted((ROOT / "python" / "spinnprop").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found = []
            if isinstance(node, ast.Raise) and node.exc is not None:
                found = [node.exc]
            elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "read_only":
                found = node.args[1:]
            elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "_remedy":
                found = [node.value]
            for one in found:
                whole = [each for each in ast.walk(one) if isinstance(each, ast.JoinedStr)]
                inner = {id(part) for each in whole for part in ast.walk(each)} - {id(each) for each in whole}
                for each in ast.walk(one):
                    if isinstance(each, (ast.JoinedStr, ast.Constant)) and id(each) not in inner:
                        yield text(each)


def core_messages():
    """The literals of the core's sources, those that are added up as one; a null stands for what is put in."""
    for path in sorted((ROOT / "Sources").rglob("*.swift")):
        source = re.sub(r"//[^\n]*", "", path.read_text(encoding="utf-8"))
        start, literals = 0, []
        while (start := source.find('"', start)) >= 0:
            end, text = start + 1, ""
            while source[end] != '"':
                if source.startswith("\\(", end):
                    depth, end = 1, end + 2
                    while depth:
                        depth += {"(": 1, ")": -1}.get(source[end], 0)
                        end += 1
                    text += "\0"
                elif source[end] == "\\":
                    text, end = text + source[end + 1], end + 2
                else:
                    text, end = text + source[end], end + 1
            end += 1
            if literals and re.fullmatch(r"\s*\+\s*", source[literals[-1][1] : start]):
                literals[-1] = (literals[-1][0], end, literals[-1][2] + text)
            else:
                literals.append((start, end, text))
            start = end
        yield from (text for _, _, text in literals)


def with_remedy(messages):
    """Their patterns."""
    found = {message for message in messages if REMEDY.search(message) and len(message.split()) > 3}
    return {re.compile(".*".join(map(re.escape, message.split("\0")))) for message in found}
