"""Lighthouse, Google's judge of web pages, run on pages from a server that compresses, as real ones do."""

import contextlib
import functools
import gzip
import http.server
import json
import os
import shutil
import subprocess
import threading
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.book.conftest import ROOT
from tools.chromium import NAMES

CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
FLAGS = "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync"
MISSING = (
    "Lighthouse is not here: install it with `npm install --no-save lighthouse@12`, or name its program in $LIGHTHOUSE "
    "(.ci/run installs it where npm is)."
)


def program():
    """Where Lighthouse is: $LIGHTHOUSE, on the PATH, or in node_modules; None if nowhere. FileNotFoundError if $LIGHTHOUSE is no file."""
    if named := os.environ.get("LIGHTHOUSE"):
        if not Path(named).exists():
            raise FileNotFoundError(f"$LIGHTHOUSE is {named!r}, and there is no such file; name lighthouse's program, or unset it.")
        return named
    local = ROOT / "node_modules" / ".bin" / "lighthouse"
    return shutil.which("lighthouse") or (str(local) if local.exists() else None)


@contextlib.contextmanager
def serve(folder):
    """The folder over http on this machine, text compressed: yields its address."""

    class Compressing(http.server.SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args):
            pass

        def do_GET(self):
            path = Path(self.translate_path(self.path))
            if not path.is_file():
                return self.send_error(404)
            kind, data = self.guess_type(path), path.read_bytes()
            text = not kind.startswith(("font", "image/png"))
            data = gzip.compress(data, 6) if text else data
            self.send_response(200)
            for name, value in {"Content-Type": kind, "Content-Length": len(data), "Cache-Control": "max-age=3600"}.items():
                self.send_header(name, str(value))
            if text:
                self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            self.wfile.write(data)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Compressing, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@functools.cache
def _chromium():
    if found := next(filter(None, map(shutil.which, NAMES)), None):
        return found
    with sync_playwright() as p:
        return p.chromium.executable_path


def report(url):
    """Lighthouse's report on a page, as on its emulated phone: a slow 4G network and a processor a quarter as fast."""
    command = [program(), url, "--quiet", f"--chrome-flags={FLAGS}", "--output=json", f"--only-categories={','.join(CATEGORIES)}"]
    environment = {"CHROME_PATH": os.environ.get("CHROME_PATH") or _chromium()}
    run = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, encoding="utf-8", timeout=180)
    if run.returncode:
        raise RuntimeError(f"Lighthouse could not judge {url}:\n{run.stderr[-2000:]}")
    return json.loads(run.stdout)


def scores(found):
    """{category: score from 0 to 1}."""
    return {name: found["categories"][name]["score"] for name in CATEGORIES}


def value(found, audit):
    """The number that an audit found: milliseconds, bytes, elements, or a share."""
    return found["audits"][audit]["numericValue"]
