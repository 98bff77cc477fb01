"""The page of a run: all its numbers and pictures, complete in itself, whole or not there."""

import base64
import csv
import json
import os
import resource
import signal
from html.parser import HTMLParser

import pytest
from running import QUICK, spinnprop

from spinnprop import _commands
from spinnprop._commands import report


class Page(HTMLParser):
    """The cells, headings and pictures of a page."""

    def __init__(self, path):
        super().__init__()
        self.text = path.read_text(encoding="utf-8")
        self.cells, self.headings, self.pictures, self.open = [], [], [], []
        self.feed(self.text)
        assert not self.open and self.text.startswith("<!DOCTYPE html>") and self.text.endswith("</html>\n")

    def handle_starttag(self, tag, attributes):
        assert tag not in ("script", "link", "iframe", "object", "a") and not [name for name, _ in attributes if name.startswith("on")]
        if tag == "img":
            start, _, data = dict(attributes)["src"].partition(",")
            assert start == "data:image/png;base64"
            self.pictures.append(base64.b64decode(data))
        elif tag != "meta":
            self.open.append(tag)
            if tag in ("td", "th"):
                self.cells.append("")
            elif tag in ("h1", "h2", "h3"):
                self.headings.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.cells[-1] += data
        elif self.open and self.open[-1] in ("h1", "h2", "h3"):
            self.headings[-1] += data


def numbers(content):
    """All numbers within what JSON holds."""
    if isinstance(content, dict):
        content = list(content.values())
    if isinstance(content, list):
        for each in content:
            yield from numbers(each)
    elif isinstance(content, (int, float)) and not isinstance(content, bool):
        yield content


@pytest.mark.parametrize("engine", ["event", "spinnaker2"])
def test_a_trainings_page_has_all_of_it(engine, tmp_path):
    assert _commands.main(["train", "yin-yang", *QUICK, "--engine", engine, "--out", str(tmp_path)]) == 0
    page = Page(tmp_path / "report.html")
    assert page.headings[0] == f"Yin-Yang, network 5-20-3, engine {engine}"
    with open(tmp_path / "metrics.csv", newline="") as file:
        history = [[float(value) for value in row if value] for row in list(csv.reader(file))[1:]]
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    words = set(" ".join(page.cells).replace(",", " ").split())
    assert {f"{number:.6g}" if isinstance(number, float) else str(number) for number in numbers(metrics)} <= words
    assert {f"{number:.6g}" for number in numbers(history)} <= words
    pictures = {path.name: path.read_bytes() for path in tmp_path.glob("*.png")}
    assert sorted(pictures.values()) == sorted(page.pictures)
    assert ("membrane.png" in pictures) == (engine == "event") and {"confusion_matrix.png", "learning_curve.png", "raster.png"} <= set(pictures)
    assert "hidden layer 1" in page.cells
    if engine == "spinnaker2":
        account = json.loads((tmp_path / "spinnaker2.json").read_text())
        assert {row["name"] for row in account["constants"]} <= set(page.cells) and any("all are estimated" in own for own in page.headings)


@pytest.mark.parametrize("engine", ["first-spike", "brainscales2", "clock"])
def test_every_engine_has_a_page(engine, tmp_path):
    assert _commands.main(["train", "yin-yang", *QUICK, "--engine", engine, "--pictures", "pdf", "--out", str(tmp_path)]) == 0
    # PDF cannot be shown within a page.
    assert len(Page(tmp_path / "report.html").pictures) == len(list(tmp_path.glob("*.pdf"))) and not list(tmp_path.glob("*.png"))


def test_pages_of_other_commands(tmp_path):
    sparse, search = tmp_path / "sparse", tmp_path / "search"
    assert _commands.main(["simulate", "sparse", "--n", "100", "--k", "10", "--seconds", "0.1", "--out", str(sparse)]) == 0
    page = Page(sparse / "report.html")
    assert page.pictures == [(sparse / "raster.png").read_bytes()] and str(json.loads((sparse / "metrics.json").read_text())["spikes"]) in page.cells
    assert _commands.main(["search", "yin-yang", *QUICK, "--trials", "2", "--out", str(search)]) == 0
    page = Page(search / "report.html")
    best = json.loads((search / "best.json").read_text())
    assert page.pictures == [(search / "history.png").read_bytes()] and f"{best['accuracy']['test']:.6g}" in page.cells
    with open(search / "trials.csv", newline="") as file:
        assert all(f"{float(row['accuracy']):.6g}" in page.cells for row in csv.DictReader(file))


def test_a_page_escapes_what_comes_from_outside(tmp_path):
    hostile = "<script>alert('&')</script>"
    content = {hostile: hostile, "rows": [{hostile: [hostile, 1.5]}], "one": {hostile: None}, "many": list(range(100))}
    report.write(str(tmp_path), hostile, [(hostile, [report.values(content), report.picture(b"png", '"><script>')]), ("empty", [])])
    page = Page(tmp_path / "report.html")
    assert page.headings == [hostile, hostile, "rows"] and page.cells.count(hostile) == 3 and f"{hostile}, 1.5" in page.cells
    assert "<script" not in page.text and any(cell.endswith("(100 in all)") for cell in page.cells)


def test_a_full_disk_leaves_all_but_the_page(tmp_path):
    command = ["train", "yin-yang", *QUICK, "--out", "run"]

    def limit():
        # Larger than every file but the page, which holds all pictures.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    done = spinnprop(*command, cwd=str(tmp_path), preexec_fn=limit)
    assert done.returncode == 1 and b"Traceback" not in done.stderr and b"File too large" in done.stderr.splitlines()[-1]
    left = set(os.listdir(tmp_path / "run"))
    assert {"model.safetensors", "metrics.json", "metrics.csv", "raster.png", "membrane.png"} <= left
    assert not [name for name in left if name.startswith("report") or ".part" in name]
    # What was learnt is not learnt again.
    assert spinnprop(*command, "--resume", cwd=str(tmp_path)).returncode == 0
    Page(tmp_path / "run" / "report.html")


def test_an_earlier_page_does_not_stay_beside_another_run(tmp_path):
    assert _commands.main(["train", "yin-yang", *QUICK, "--out", str(tmp_path)]) == 0
    first = (tmp_path / "report.html").read_bytes()
    assert _commands.main(["train", "yin-yang", *QUICK, "--seed", "1", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "report.html").read_bytes() != first


def test_parts_of_files_that_a_killed_run_left_go(tmp_path):
    (tmp_path / "report.html.12-34.part").write_text("<h1>")
    (tmp_path / "mine.12-34.part").write_text("stays")
    assert _commands.main(["train", "yin-yang", *QUICK, "--out", str(tmp_path)]) == 0
    assert [path.name for path in tmp_path.glob("*.part")] == ["mine.12-34.part"]
