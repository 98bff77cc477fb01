"""The pages of the C interface: include/spinnprop.h, whose comments are its manual, section by section."""

import re
from typing import Dict, Iterator, List, Tuple

SECTION = re.compile(r"^/\* -{20,} (.+) \*/$", re.MULTILINE)
FUNCTION = re.compile(r"^SPINNPROP_API\s+([^;]+);$")
# What is a name of the interface or of code, and so set as such; what Markdown would take for its own.
SPECIAL = re.compile(r"(`[^`]*`|(?:\w|<\w+>)*_(?:\w|<\w+>)+\*?(?:\(\))?|\bNULL\b)|([\\*<>\[\]$|])")


def prose(comment: str) -> str:
    """A comment's text as Markdown, with names as code."""
    lines = [re.sub(r"^ \* ?", "", line).strip() for line in comment.strip()[2:-2].splitlines()]
    return SPECIAL.sub(lambda found: f"`{found[1].strip('`')}`" if found[1] else "\\" + found[2], "\n".join(lines).strip())


def chunks(text: str) -> Iterator[Tuple[str, str]]:
    """Comments that stand alone ("comment") and declarations with the comments within them ("code"), in order."""
    lines = text.splitlines()
    bare = re.sub(r"/\*.*?\*/", lambda comment: re.sub(r"[^\n]", " ", comment[0]), text, flags=re.DOTALL).splitlines()
    n = 0
    while n < len(lines):
        if not lines[n].strip():
            n += 1
            continue
        first = n
        if lines[n].startswith("/*"):
            while "*/" not in lines[n]:
                n += 1
            kind = "comment"
        elif lines[n].startswith("#"):
            kind = "code"
        else:
            depth = 0
            while True:
                depth += sum(bare[n].count(each) for each in "{(") - sum(bare[n].count(each) for each in "})")
                if depth == 0 and bare[n].rstrip().endswith(";"):
                    break
                n += 1
            kind = "code"
        n += 1
        yield kind, "\n".join(lines[first:n])


def section(title: str, text: str) -> str:
    """One page: what a comment says, then what it says it of."""
    page = [f"# {title[0].upper()}{title[1:]}\n"]
    said = ""
    functions: List[str] = []

    def flush() -> None:
        nonlocal said
        page.extend("::::{c:function} %s\n%s\n::::\n" % (each, "" if n else said) for n, each in enumerate(functions))
        if not functions:
            page.append(said + "\n")
        said = ""
        functions.clear()

    for kind, chunk in chunks(text):
        found = FUNCTION.match(" ".join(chunk.split()) if kind == "code" else "")
        if kind == "comment":
            flush()
            said = prose(chunk)
        elif found:
            functions.append(found[1])
        else:
            flush()
            page.append("```c\n" + chunk + "\n```\n")
    flush()
    return "\n".join(each for each in page if each.strip())


def pages(header: str) -> Dict[str, str]:
    """Names of pages without suffix, and their Markdown; "index" first."""
    start = header.index("#ifndef")
    preface = [re.sub(r"^ \* ?", "", line) for line in header[:start].splitlines()[1:-1]]
    parts = SECTION.split(header[start : header.rindex("#ifdef __cplusplus")])
    names = [re.sub(r"\W+", "-", title.lower()) for title in parts[1::2]]
    conventions, linking, program = (next(n for n, line in enumerate(preface) if line.startswith(word)) for word in ("CONVENTIONS", "LINKING", "A FIRST"))
    rows: List[List[str]] = []
    for line in preface[conventions + 1 : linking]:
        new = re.match(r"  (\w+) +(.*)", line)
        if new and not line.startswith("    "):
            rows.append([new[1], new[2]])
        elif line.strip():
            rows[-1][1] += " " + line.strip()
    index = ["# C\n", prose("/*" + "\n".join(preface[:conventions]) + "*/") + "\n", "## Conventions\n"]
    index += [f"**{name}**\n: {prose('/*' + text + '*/')}\n" for name, text in rows]
    index += ["## Linking\n", "```text\n" + "\n".join(preface[linking:program]).rstrip() + "\n```\n"]
    index += ["## A first program\n", "```c\n" + "\n".join(line[2:] for line in preface[program + 1 :]).rstrip() + "\n```\n", "## Each noun\n"]
    index += [f"- [{title}]({name}.md)" for title, name in zip(parts[1::2], names)]
    return {"index": "\n".join(index) + "\n", **{name: section(title, text) for name, title, text in zip(names, parts[1::2], parts[2::2])}}
