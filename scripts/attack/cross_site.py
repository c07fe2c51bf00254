"""A page in a real browser against the control API: it reads nothing and changes nothing.

The page is served from another port of this machine, by each of its names, and goes through every route in every way a
page has: fetch, XMLHttpRequest, forms, frames, images, scripts, EventSource, WebSocket, sendBeacon, navigation. A page
of camsim's own port does the same with success, which proves that the browser would have told. Needs chromium
(Debian: apt-get install chromium); without it the attack is skipped.
"""

from __future__ import annotations

import argparse
import contextlib
import html
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

from camsim.control.routes import ROUTES

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PAGES = ("127.0.0.1", "localhost")
PATIENCE_S, BROWSER_S = 60.0, 180
BODIES = {
    "reset": {"scope": "all"},
    "devices": {"id": "EVIL1", "callback_url": "http://127.0.0.1:9/internal"},
    "uplink": {"online": False},
    "faults": {"where": "callback.send", "do": "drop"},
    "clock": {"mode": "manual"},
    "config": {"knobs": {"rest.latency": "1s"}},
}
# What the page does, all of it from JavaScript. `found` is what it could read: nothing may stand there.
SCRIPT = """
const targets = TARGETS, found = [], tried = {n: 0};
const kinds = ["text/plain", "application/x-www-form-urlencoded", "application/json", ""];
const note = (how, where, what) => found.push([how, where, String(what).slice(0, 80)]);
const quiet = promise => Promise.race([promise.catch(() => {}), new Promise(done => setTimeout(done, 4000))]);
async function read(how, url, options) {
  tried.n++;
  const answer = await fetch(url, options);
  if (!answer.type.startsWith("opaque")) note(how, url, answer.status + " " + await answer.text());
}
function element(tag, url, property) {
  tried.n++;
  return new Promise(done => {
    const made = document.createElement(tag);
    made.onload = () => { if (tag !== "iframe") note(tag, url, "loaded"); done(); };
    made.onerror = done;
    made[property] = url;
    document.body.append(made);
    setTimeout(done, 1500);
  });
}
function form(method, url, body, enctype, into) {
  tried.n++;
  const made = document.createElement("form"), field = document.createElement("input");
  const text = JSON.stringify(body), cut = text.lastIndexOf("}");
  made.method = method; made.action = url; made.enctype = enctype; made.target = into;
  // `{"a": 1, "x": "=` `"}`: a form that is a JSON text.
  field.name = text.slice(0, cut) + (cut > 1 ? "," : "") + '"x":"'; field.value = '"}'; field.type = "hidden";
  made.append(field); document.body.append(made); made.submit();
}
function stream(url) {
  tried.n++;
  return new Promise(done => {
    const source = new EventSource(url);
    source.onopen = () => note("EventSource", url, "open");
    source.onmessage = event => note("EventSource", url, event.data);
    source.onerror = () => { source.close(); done(); };
  });
}
function socket(url) {
  tried.n++;
  return new Promise(done => {
    const made = new WebSocket(url.replace("http", "ws"));
    made.onopen = () => { note("WebSocket", url, "open"); made.close(); };
    made.onclose = made.onerror = done;
  });
}
function old(method, url, body) {
  tried.n++;
  return new Promise(done => {
    const call = new XMLHttpRequest();
    call.onload = () => { note("XMLHttpRequest", url, call.responseText); done(); };
    call.onerror = done;
    call.open(method, url); call.send(body);
  });
}
async function attack(target) {
  const {method, url, body} = target, text = method === "GET" ? undefined : JSON.stringify(body);
  const work = [];
  for (const mode of ["cors", "no-cors"]) for (const credentials of ["omit", "include"]) for (const kind of kinds) {
    if (mode === "no-cors" && !["GET", "POST"].includes(method)) continue;
    const headers = kind && text ? {"Content-Type": kind} : {};
    work.push(quiet(read("fetch " + mode, url, {method, mode, credentials, headers, body: text})));
    if (method === "GET") continue;
    work.push(quiet(read("fetch POST", url, {method: "POST", mode, credentials, headers, body: text})));
  }
  work.push(quiet(old(method === "GET" ? "GET" : "POST", url, text)));
  if (method === "GET") {
    work.push(element("img", url, "src"), element("script", url, "src"), element("iframe", url, "src"));
    work.push(element("link", url, "href"), quiet(stream(url)), quiet(socket(url)));
  } else {
    tried.n++;
    navigator.sendBeacon(url, text);
    navigator.sendBeacon(url, new Blob([text], {type: "text/plain"}));
    const frame = document.createElement("iframe");
    frame.name = "f" + tried.n; document.body.append(frame);
    for (const kind of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
      form("POST", url, body, kind, frame.name);
  }
  await Promise.all(work);
}
(async () => {
  while (targets.length) await Promise.all(targets.splice(0, 8).map(attack));
  const boxed = document.createElement("iframe");  // its origin is null
  boxed.sandbox = "allow-scripts allow-forms"; boxed.srcdoc = SANDBOXED; document.body.append(boxed);
  await new Promise(done => setTimeout(done, 1500));
  await fetch("/done", {method: "POST", body: JSON.stringify({tried: tried.n, found})});
  document.title = "done";
})();
"""
SANDBOXED = """<script>for (const target of TARGETS) {
  const post = target.method !== "GET";
  const body = post ? JSON.stringify(target.body) : undefined;
  fetch(target.url, {method: post ? "POST" : "GET", mode: "no-cors", body});
}</script>"""
# A page may also leave: what the browser then shows is a navigation of its own.
LEAVING = """<form id=f method=METHOD action="URL" enctype="text/plain">
<input name='{"scope":"all","x":"' value='"}'></form>
<script>document.getElementById("f").submit()</script>"""


class Site(BaseHTTPRequestHandler):
    """A web site of somebody: its pages, and what its script reports."""

    pages: ClassVar[dict[str, str]] = {}
    reports: ClassVar[list[dict[str, object]]] = []

    def do_GET(self) -> None:
        page = self.pages.get(self.path.split("?")[0])
        self.send_response(404 if page is None else 200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write((page or "no page").encode())

    def do_POST(self) -> None:
        self.reports.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *values: object) -> None:
        """Say nothing."""


@contextmanager
def site() -> Iterator[int]:
    """The attacker's port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()


@contextmanager
def simulator(folder: Path) -> Iterator[str]:
    """A camsim of its own; yields its management URL."""
    ready = folder / "ready.json"
    words = ["serve", "--port", "0", "--management-port", "0", "--devices", "2", "--clock", "manual", "--quiet"]
    process = subprocess.Popen([sys.executable, "-m", "camsim", *words, "--ready-file", str(ready)])
    try:
        until = time.monotonic() + PATIENCE_S
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("camsim did not start")
            time.sleep(0.05)
        yield str(json.loads(ready.read_text())["management_url"])
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def call(url: str) -> bytes:
    """A call of a program."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:  # noqa: S310  our own
            return bytes(answer.read())
    except urllib.error.HTTPError as refusal:  # of a device that is no longer there, if a page got through
        return bytes(refusal.read())


def state(api: str) -> dict[str, object]:
    """All that a page might change, as it is now."""
    places = (
        "devices",
        "devices/SIM00001",
        "devices/SIM00001/digest",
        "faults",
        "config",
        "clock",
        "commands",
        "ledger",
    )
    shown = {place: json.loads(call(f"{api}/api/{place}")) for place in places}
    shown["entries"] = [entry["operation"] for entry in json.loads(call(f"{api}/api/journal")).get("entries", [])]
    return shown


def targets(api: str) -> list[dict[str, object]]:
    """Every route, and paths that there may be some day."""
    found: list[dict[str, object]] = [
        {"method": "GET", "url": f"{api}{path}", "body": {}} for path in ("/", "/api/events")
    ]
    for route in ROUTES:
        path = route.path.replace("{stgid}", "SIM00001").replace("{id}", "1")
        path = re.sub(r"\{\w+\}", "1", path)
        found.append(
            {"method": route.method, "url": f"{api}/api/{path}", "body": BODIES.get(route.path, {"user": "1"})}
        )
    return found


def words_of(browser: str, folder: Path) -> list[str]:
    """The browser without a window, and without calls of its own."""
    words = [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    words += [f"--user-data-dir={folder / 'profile'}", "--disable-background-networking", "--disable-popup-blocking"]
    return [*words, "--disable-component-update", "--disable-sync", "--no-default-browser-check"]


def run_page(browser: str, url: str, folder: Path) -> None:
    """Keep a page open until its script has reported."""
    process = subprocess.Popen(
        [*words_of(browser, folder), "--remote-debugging-port=0", url],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until = time.monotonic() + BROWSER_S
        while not Site.reports and process.poll() is None and time.monotonic() < until:
            time.sleep(0.1)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        time.sleep(0.5)  # what it had sent still arrives


def open_page(browser: str, url: str, folder: Path) -> str:
    """What the browser shows of a page in the end."""
    words = [*words_of(browser, folder), "--dump-dom", "--virtual-time-budget=5000", "--timeout=60000"]
    try:
        done = subprocess.run([*words, url], capture_output=True, text=True, timeout=BROWSER_S, check=False)
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode("utf-8", "replace")
    return done.stdout


def scripted(wanted: list[dict[str, object]]) -> str:
    """The attacking page."""
    told = json.dumps(wanted)
    boxed = json.dumps(SANDBOXED.replace("TARGETS", told)).replace("</", "<\\/")
    script = SCRIPT.replace("TARGETS", told, 1).replace("SANDBOXED", boxed, 1)
    return f"<!doctype html><meta charset=utf-8><title>at it</title><body><script>{script}</script>"


def attacked_by_script(browser: str, api: str, port: int, name: str, folder: Path) -> tuple[list[str], int]:
    """What broke, and how many things were tried."""
    before = state(api)
    Site.pages["/page"], Site.reports[:] = scripted(targets(api)), []
    run_page(browser, f"http://{name}:{port}/page", folder)
    if not Site.reports:
        return [f"the page of {name} did not come to its end: nothing is proved"], 0
    (report,) = Site.reports
    broken = [f"{name} read by {how}: {where}: {what}" for how, where, what in report["found"]]  # type: ignore[attr-defined]
    return broken + changed(before, state(api), name), int(str(report["tried"]))


def attacked_by_leaving(browser: str, api: str, port: int, name: str, folder: Path) -> list[str]:
    """Navigation by a form and by a link: the browser shows the answer, which is a refusal."""
    broken, before = [], state(api)
    pages = {
        "/post": LEAVING.replace("METHOD", "post").replace("URL", f"{api}/api/reset"),
        "/get": LEAVING.replace("METHOD", "get").replace("URL", f"{api}/api/devices"),
        "/script": f"<script>location = '{api}/api/devices'</script>",
        "/refresh": f'<meta http-equiv="refresh" content="0;url={api}/api/devices">',
    }
    Site.pages.update(pages)
    for path in pages:
        shown = ""
        for _ in range(3):  # a busy machine may see no more than the page itself
            shown = shown or open_page(browser, f"http://{name}:{port}{path}", folder)
        if "foreign_origin" not in shown:
            broken.append(f"{name}{path} was not refused: {html.unescape(shown)[:200]}")
    return broken + changed(before, state(api), name)


def changed(before: dict[str, object], after: dict[str, object], name: str) -> list[str]:
    """What is no longer as it was."""
    return [f"the page of {name} changed {place}: {after[place]}" for place in before if before[place] != after[place]]


def main() -> int:
    """0 when nothing was read and nothing changed, or when there is no browser."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--browser", help="a Chromium; else the first of " + ", ".join(BROWSERS))
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    browser = given.browser or next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        why = "no chromium (Debian: apt-get install chromium)"
        print(json.dumps({"held": True, "skipped": why}) if given.json else f"skipped: {why}")
        return 0
    broken, tried = [], 0
    with tempfile.TemporaryDirectory() as name, site() as port, simulator(Path(name)) as management:
        number = management.rsplit(":", 1)[1]
        own = open_page(browser, f"{management}/api/devices", Path(name))
        if "SIM00001" not in own:  # typed into the address bar: it may
            broken.append(f"the browser sees nothing of camsim at all, so nothing is proved: {own[:200]}")
        for page in PAGES:
            for target in PAGES:
                api = f"http://{target}:{number}"
                found, count = attacked_by_script(browser, api, port, page, Path(name))
                broken += found + attacked_by_leaving(browser, api, port, page, Path(name))
                tried += count
                print(f"page of {page} at {target}: {count} attempts", file=sys.stderr, flush=True)
    for what in broken:
        print(what, file=sys.stderr)
    if given.json:
        print(json.dumps({"held": not broken, "tried": tried, "broken": broken}, indent=1))
    else:
        print(f"{tried} attempts of pages in {Path(browser).name}: {len(broken)} got through")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
