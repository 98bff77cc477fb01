"""A headless Chromium, spoken to by its debugging pipe: opens pages, and says what is on them and what went wrong."""

import itertools
import json
import os
import shutil
import subprocess
import time
from typing import Any, Dict, List, Optional

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

#: What is asked of a page that has loaded: its links, its places, and its pictures that did not come.
LOOK = """(() => ({
    links: Array.from(document.querySelectorAll('a[href]'), a => a.href),
    places: Array.from(document.querySelectorAll('[id], a[name]'), each => each.id || each.name),
    broken: Array.from(document.images).filter(image => image.complete && image.naturalWidth === 0).map(image => image.src),
    title: document.title,
    text: document.body.innerText.length
}))()"""


def program() -> Optional[str]:
    """Where a Chromium is, if there is one."""
    return next((found for found in map(shutil.which, NAMES) if found), None)


class Browser:
    """One tab. `with Browser(folder) as browser:`; its profile lies in the folder."""

    def __init__(self, folder: str) -> None:
        # The browser reads from 3 and writes to 4.
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", 'exec "$@" 3<&0 4>&1 </dev/null >/dev/null', "sh", program() or "chromium"]
            + ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking"]
            + ["--remote-debugging-pipe", f"--user-data-dir={folder}", "about:blank"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # fmt: skip
        assert self._process.stdin and self._process.stdout
        self._out, self._in = self._process.stdin.fileno(), self._process.stdout.fileno()
        self._numbers = itertools.count(1)
        self._pending = b""
        self._events: List[Dict[str, Any]] = []
        self._session: Optional[str] = None
        targets = self._ask("Target.getTargets")["targetInfos"]
        target = next(each["targetId"] for each in targets if each["type"] == "page")
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._ask(domain + ".enable")

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _read(self) -> Dict[str, Any]:
        while b"\0" not in self._pending:
            piece = os.read(self._in, 1 << 20)
            if not piece:
                raise EOFError("Chromium has ended")
            self._pending += piece
        message, self._pending = self._pending.split(b"\0", 1)
        return dict(json.loads(message))

    def _ask(self, method: str, **parameters: Any) -> Dict[str, Any]:
        number = next(self._numbers)
        request = {"id": number, "method": method, "params": parameters}
        if self._session:
            request["sessionId"] = self._session
        os.write(self._out, json.dumps(request).encode() + b"\0")
        while True:
            message = self._read()
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return dict(message["result"])
            self._events.append(message)

    def open(self, address: str, wanted: str = "true") -> Dict[str, Any]:
        """Opens a page, waits until it has loaded and `wanted`, an expression, is true; what LOOK says, and under "wrong" what failed."""
        self._events.clear()
        self._ask("Page.navigate", url=address)
        while not any(each.get("method") == "Page.loadEventFired" for each in self._events):
            self._events.append(self._read())
        for _ in range(600):
            if self._ask("Runtime.evaluate", expression=wanted, returnByValue=True)["result"].get("value"):
                break
            time.sleep(0.1)
        else:
            raise TimeoutError(f"{address}: {wanted} does not come true")
        page = dict(self._ask("Runtime.evaluate", expression=LOOK, returnByValue=True)["result"]["value"])
        page["wrong"] = list(self._wrong())
        return page

    def _wrong(self) -> List[str]:
        found = []
        for event in self._events:
            method, about = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                found.append("exception: " + about["exceptionDetails"]["text"])
            elif method == "Log.entryAdded" and about["entry"]["level"] == "error":
                found.append(f"{about['entry']['text']} {about['entry'].get('url', '')}")
            elif method == "Network.requestWillBeSent":
                address = about["request"]["url"]
                if not address.startswith(("http://127.0.0.1:", "data:", "blob:", "about:")):
                    found.append(f"asks {address}")
        return found
