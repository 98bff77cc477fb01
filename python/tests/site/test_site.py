"""The site that `make docs` has built, in a headless Chromium: every page opens, and every link leads somewhere."""

import functools
import http.server
import json
import re
import threading
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from browser import Browser, program

HTML = Path(__file__).resolve().parents[3] / ".build" / "docs" / "html"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address():
    if not (HTML / "index.html").exists():
        pytest.skip("there is no site: make docs")
    handler = functools.partial(Quiet, directory=str(HTML))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if program() is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    with Browser(str(tmp_path_factory.mktemp("profile"))) as browser:
        yield browser


def file_of(path):
    """What a server gives for a path."""
    file = HTML / unquote(path).lstrip("/")
    return file / "index.html" if file.is_dir() else file


def is_well_formed(link):
    parts = urlsplit(link)
    return parts.scheme in ("https", "http") and "." in parts.netloc and not re.search(r"\s", link)


def test_every_page_opens_and_every_link_leads_somewhere(address, browser):
    pages, waiting, defects = {}, [address + "index.html"], []
    while waiting:
        page = waiting.pop()
        if page in pages:
            continue
        pages[page] = look = browser.open(page)
        defects += [f"{page}: {each}" for each in look["wrong"] + look["broken"]]
        if not look["title"] or look["text"] < 20:
            defects.append(f"{page}: is empty")
        for link in look["links"]:
            inside = urldefrag(link)[0]
            # DocC's thousands of pages are below.
            if inside.startswith(address) and inside.endswith(".html"):
                waiting.append(inside)
    for page, look in pages.items():
        for link in look["links"]:
            inside, place = urldefrag(link)
            if not link.startswith(address):
                if not link.startswith(("mailto:", "javascript:")) and not is_well_formed(link):
                    defects.append(f"{page}: {link} is no address")
            elif not file_of(urlsplit(link).path).is_file():
                defects.append(f"{page}: {link} leads nowhere")
            elif place and inside in pages and unquote(place) not in pages[inside]["places"]:
                defects.append(f"{page}: {link} leads to no place on that page")
    assert not defects, "\n".join(sorted(set(defects)))
    assert len(pages) > 100
    # Nothing was left out: all that Sphinx has written is reached, but for what readers of searches and indices alone see.
    written = {path.relative_to(HTML).as_posix() for path in HTML.rglob("*.html") if path.relative_to(HTML).parts[0] not in ("swift", "_static")}
    reached = {urlsplit(page).path.lstrip("/") for page in pages}
    assert written - reached <= {"genindex.html", "search.html", "py-modindex.html"}


def test_pages_of_swift(address, browser):
    rooms = re.findall(r'href="\.\./(swift/documentation/[^"]*)"', (HTML / "api" / "swift.html").read_text(encoding="utf-8"))
    assert "swift/documentation/networks/" in rooms
    for room in rooms:
        look = browser.open(address + room, "document.querySelector('h1') !== null")
        assert not look["wrong"] + look["broken"], room
        inside = [link for link in look["links"] if link.startswith(address)]
        assert inside, f"{room} is empty"
        assert not [link for link in inside if not file_of(urlsplit(link).path).is_file()]


def test_links_between_pages_of_swift():
    """Those of all pages, from what DocC draws them of."""
    if not (HTML / "index.html").exists():
        pytest.skip("there is no site: make docs")
    pages = list((HTML / "swift" / "data" / "documentation").rglob("*.json"))
    assert len(pages) > 1000
    for path in pages:
        for reference in json.loads(path.read_text(encoding="utf-8"))["references"].values():
            link = urlsplit(reference.get("url", ""))
            if link.path.startswith("/documentation/"):
                assert file_of("swift" + link.path).is_file(), (path, link.path)
            elif link.path and not link.scheme:
                raise AssertionError((path, link.path))
