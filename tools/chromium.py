"""A real browser, for tests of the pages and for the book on paper: which one, and how to start it."""

import contextlib
import shutil
import subprocess
import sys

from playwright.sync_api import Error, sync_playwright

__all__ = ["NAMES", "browser"]

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--hide-scrollbars")  # fmt: skip


@contextlib.contextmanager
def browser():
    """An installed Chromium, or playwright's own, which is fetched if there is none. Raises RuntimeError where neither can be had."""
    with sync_playwright() as p:
        for program in filter(None, map(shutil.which, NAMES)):
            with p.chromium.launch(executable_path=program, args=FLAGS) as found:
                yield found
            return
        with contextlib.suppress(Error), p.chromium.launch(args=FLAGS) as found:
            yield found
            return
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], capture_output=True, timeout=600)
        try:
            found = p.chromium.launch(args=FLAGS)
        except Error as error:
            raise RuntimeError(
                f"No browser: the book's pages are opened in Chromium, and none of {', '.join(NAMES)} is installed, nor could "
                "`playwright install chromium` fetch one. Install Chromium with your package manager."
            ) from error
        with found:
            yield found
