"""A JupyterLab on this machine only, on a free port, with settings of its own, for tests in a browser."""

import contextlib
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Lab", "jupyterlab"]

ROOT = Path(__file__).parents[1]


@dataclass
class Lab:
    """A running JupyterLab: its address, the folder it shows, and the folder of its settings."""

    url: str
    root: Path
    settings: Path

    def set(self, extension, **values):
        """What a page that is opened from now on finds in the settings of an extension, such as "notebook-extension/tracker"."""
        path = self.settings / "@jupyterlab" / f"{extension}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))


@contextlib.contextmanager
def jupyterlab(home, root):
    """A `Lab` that shows the folder `root` and keeps all that is its own in `home`, for as long as the block lasts."""
    places = {f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    places |= {f"JUPYTERLAB_{name}_DIR": str(home / name.lower()) for name in ("SETTINGS", "WORKSPACES")}
    environment = {k: v for k, v in os.environ.items() if k != "GDCORE_PROGRESS"} | places | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1", "--ServerApp.port=0", "--allow-root",
               "--IdentityProvider.token=", f"--ServerApp.root_dir={root}", "--LabApp.news_url=None",
               "--LabApp.expose_app_in_browser=True"]  # fmt: skip
    lab = Lab("", root, home / "settings")
    lab.set("apputils-extension/notification", fetchNews="false", checkForUpdates=False)
    with open(home / "log", "w") as log, subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=root) as server:
        try:
            lab.url = _address(server, home)
            yield lab
        finally:
            server.terminate()
            try:
                server.wait(30)  # its kernels go first, which takes long on a busy machine
            except subprocess.TimeoutExpired:
                server.kill()  # kernels end by themselves when nobody is left to ask them


def _address(server, home):
    """Where the server listens, once it says so."""
    for _ in range(600):
        assert server.poll() is None, (home / "log").read_text()[-3000:]
        for file in (home / "runtime").glob("jpserver-*.json"):
            with contextlib.suppress(ValueError):  # half written
                return json.loads(file.read_text())["url"]
        time.sleep(0.2)
    raise AssertionError(f"JupyterLab did not start within two minutes:\n{(home / 'log').read_text()[-3000:]}")
