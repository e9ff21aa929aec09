"""Flower in earnest on one machine: a SuperLink, four SuperNodes and an app that is sent to them, each a process, over loopback."""

import contextlib
import json
import logging
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

from examples.ledger import Ledger

__all__ = ["alone", "main", "over_loopback"]

APP = pathlib.Path(__file__).parent / "federated"
ROUNDS = 5
TOML = """[superlink]
default = "here"
[superlink.here]
address = "127.0.0.1:{port}"
insecure = true
"""


def main(again=False):
    logging.getLogger("flwr").setLevel(logging.ERROR)
    ledger = Ledger("federated_processes", again)
    ledger.once("in one process", alone)
    ledger.once("over loopback", over_loopback)


def alone(rounds=ROUNDS):
    """The same apps in this process, one shop after another."""
    from examples.federated.shops import client, data, server
    from gdcore.bridges import LocalGrid

    grid = LocalGrid(client.app, data.SHOPS)
    return server.train(grid, rounds) | {"sent": grid.bytes_sent, "received": grid.bytes_received}


def over_loopback(rounds=ROUNDS, shops=4):
    """What the server found, with a process for the SuperLink and one for each shop.

    Raises RuntimeError with what they said last if there is no answer within four minutes.
    """
    with tempfile.TemporaryDirectory() as home, contextlib.ExitStack() as running:
        home = pathlib.Path(home)
        port, *ports = free_ports(1 + shops)
        (home / "config.toml").write_text(TOML.format(port=port))
        begin = lambda name, *options: running.enter_context(_process(home, name, options))
        begin("flower-superlink", "--insecure", "--disable-runtime-dependency-installation", "--host", "127.0.0.1", "--port", str(port))
        answers(port)
        for shop, own in enumerate(ports):
            begin("flower-supernode", "--insecure", "--superlink", f"127.0.0.1:{port}", "--port", str(own),
                  "--node-config", f"partition-id={shop} num-partitions={shops}")  # fmt: skip
        out = home / "out.json"
        begin("flwr", "run", str(APP), "here", "--run-config", f'rounds={rounds} out="{out}"')
        return waited_for(out, home)


@contextlib.contextmanager
def _process(home, name, options):
    """One of Flower's programs, ended with all that it began; it reports to nobody, and writes in `home` only."""
    program = pathlib.Path(sys.executable).parent / name
    quiet = {"FLWR_HOME": str(home), "FLWR_TELEMETRY_ENABLED": "0", "FLWR_DISABLE_UPDATE_CHECK": "1", "OMP_NUM_THREADS": "1"}
    quiet["PATH"] = f"{program.parent}{os.pathsep}{os.environ.get('PATH', '')}"  # it begins its workers by name
    with open(home / f"{name}.log", "ab") as log:
        process = subprocess.Popen([program, *options], env=os.environ | quiet, stdout=log, stderr=log, start_new_session=True)
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 15)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait()


def free_ports(count):
    """Ports of the loopback address that nothing listens on."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def answers(port, within=60):
    """Wait until something listens there."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"Nothing listened on port {port} within {within} seconds.")


def waited_for(out, home, within=240):
    end = time.monotonic() + within
    while time.monotonic() < end:
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            return json.loads(out.read_text())
        time.sleep(0.2)
    said = "\n".join(f"{log.name}: {log.read_text(errors='replace')[-1500:]}" for log in sorted(home.glob("*.log")))
    raise RuntimeError(f"Flower had no answer within {within} seconds.\n{said}")
