"""The grader's side of a submission's process: start it, put requests to it, end it, whatever it does.

What comes back is bounded in size and in time, and is read as JSON values. How long an answer took is measured here.
"""

import builtins
import json
import math
import os
import pathlib
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field

import numpy as np

import gdcore
from gdcore.check.functions import BudgetSpent, function
from gdcore.grade import confine, sieve, together

__all__ = ["Child", "Gone", "Sandbox", "stop", "stopped"]

TOTAL = 90  # seconds for a notebook, all in all
CELL = 10  # seconds for one of its cells, before any question is asked
STARTING = 15  # seconds for Python itself to start
GRACE = 1.5  # seconds more than the child's own alarm, before it is ended from here
LARGEST_REPLY = 2 << 20  # bytes
LONGEST_WORDS = 200  # characters of what a process says of itself
LARGEST_POINT = 10_000  # numbers in a point that a `Box` is asked about
DEEPEST = 20  # lists within lists
LARGEST_FOLDER, MOST_FILES, MOST_DEEP = 64 << 20, 2000, 100  # bytes, files and folders, folders within folders
LARGEST_ALL = confine.MEMORY + (256 << 20)  # bytes of memory of all its processes; what they share counts once
TOO_MUCH = f"It used more than {confine.MEMORY >> 30} GB of memory in all, and was ended."
PACKAGE = pathlib.Path(gdcore.__file__).resolve().parent
# no network, own processes, mounts, and memory shared by number; no network
PREFIXES = (("unshare", "-rnipf", "--kill-child", "--mount-proc"), ("unshare", "-rn"))
START = "import sys; sys.path.insert(0, sys.argv[1]); from gdcore.grade.child import main; main()"
THREADS = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")} | {"VECLIB_MAXIMUM_THREADS": "1"}
THREADS |= {"NPROC": "1"}  # of JAX, which starts a pool of them for each core

_living, _stopped, _spawning = set(), threading.Event(), threading.Lock()


class Gone(Exception):
    """The process is no more, with a sentence that says why; `cell` is the number of the cell that it was running, if any."""

    def __init__(self, why, cell=None):
        super().__init__(why)
        self.cell = cell


def stop():
    """End all processes, and let none be started any more."""
    _stopped.set()
    for child in list(_living):
        child.end()


def stopped():
    """Whether `stop` was called: what came back since then is no verdict."""
    return _stopped.is_set()


@dataclass(frozen=True)
class Sandbox:
    """How far this system can confine a process: the command in front of Python, and in words what holds and what does not."""

    prefix: tuple
    hidden: tuple = field(default=())
    walled: bool = False  # the process has mounts of its own, in which it can change no file but those in its folder
    grouped: bool = False  # a cgroup limits the memory and the number of all that a submission starts

    @classmethod
    def strongest(cls, hidden=()):
        """The most that works here; `hidden`: folders and files that no submission may read."""
        everything = tuple(str(p) for p in (PACKAGE / "check" / "questions", PACKAGE / "grade", *hidden))
        together.ungroup(tried := together.group())
        grouped = tried is not None
        for prefix in PREFIXES if sys.platform == "linux" and shutil.which("unshare") else ():
            if subprocess.run([*prefix, "true"], capture_output=True).returncode == 0:
                mounts = [*prefix, "sh", "-c", "mount -o remount,bind,ro / && mount -t tmpfs tmpfs /tmp"]  # as `confine.wall` does
                walled = "--mount-proc" in prefix and subprocess.run(mounts, capture_output=True).returncode == 0
                return cls(prefix, everything, walled, grouped)
        return cls((), everything, grouped=grouped)

    @property
    def alone(self):
        """Whether the process shares its numbers with all others, and may therefore start none."""
        return len(self.prefix) < 3

    def words(self):
        """What holds on this system, a sentence each."""
        root, sieved = hasattr(os, "geteuid") and os.geteuid() == 0, sieve.works()
        if self.prefix or sieved:
            yield "The network was closed."
        else:
            yield "The network was OPEN: this system does not let the grader close it (unshare)."
        if not self.alone:
            yield "Each notebook had process numbers of its own: whatever it started ended with it, and it saw no other process."
        elif sieved:
            yield "Submissions could start threads, and no processes."
        elif root:
            yield "Submissions could start processes WITHOUT LIMIT, since the grader ran as root: run it as an ordinary user."
        else:
            yield "Submissions could start no processes and no threads, so that an answer which uses JAX MAY HAVE FAILED."
        if self.walled:
            yield "Outside a folder of its own, of 64 MB, no notebook could change a file, its rights or its times."
        elif sieved:
            yield "No notebook could change the rights or the times of a file, or use a socket (seccomp)."
        else:
            yield "Notebooks could CHANGE RIGHTS AND TIMES of your files and USE SOCKETS of others: there are no mounts and no seccomp."
        if not sieved and self.alone:
            yield "Notebooks could SHARE MEMORY by number (System V) with others: this system has no seccomp and no numbers of their own."
        if self.grouped:
            yield "Memory and number of all processes of a submission were limited together (cgroup)."
        elif sys.platform == "linux":
            yield "Memory of all processes of a submission was added up four times a second, since no cgroup could be made here."
        else:
            yield "The memory of submissions was NOT LIMITED: only Linux does that."
        if confine.landlock():
            yield "Submissions could read Python and its packages only, without the answers (Landlock)."
        else:
            yield "Submissions could READ ALL FILES that you can read: this system has no Landlock. Use a user or a container of its own."


class Child:
    """A process that has run the code cells of a notebook. Raises `Gone`.

    skip: numbers of cells to leave out. asked: the questions whose answers are looked through; `uses` is what was found, None where it took
    too long. checked(child, id): called where the notebook checks an answer, which `ask` then tries; gives what `check` returns there.
    """

    def __init__(self, sandbox, cells, skip=(), seconds=TOTAL, asked=(), checked=None):
        if _stopped.is_set():
            raise Gone("The grader was stopped.")
        self.folder = tempfile.mkdtemp(prefix="gdcore-grade-")
        self.socket, theirs = socket.socketpair()
        self.rest, self.cell, self.until, self.checked = b"", None, 0.0, checked
        self.looked, self.uses, self.unread = False, None, {}
        self.errors, self.tried = {}, False  # of cells in full, as long as no answer was tried: then the process knows inputs
        environment = {"HOME": self.folder, "TMPDIR": self.folder, "MPLBACKEND": "Agg", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8",
                       "PYTHONHASHSEED": "0", **THREADS}  # fmt: skip
        root = str(PACKAGE.parent)
        command = [*sandbox.prefix, sys.executable, "-I", "-B", "-c", START, root, str(theirs.fileno())]
        self.group = together.group() if sandbox.grouped else None
        if self.group:  # before anything else runs
            command = ["sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', self.group, *command]
        self.first_of_its_own = not sandbox.alone
        nothing = subprocess.DEVNULL
        with _spawning:
            self.process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=nothing, stdout=nothing, stderr=nothing,
                                            env=environment, cwd=self.folder, start_new_session=True)  # fmt: skip
            _living.add(self)
        theirs.close()
        try:
            setup = {"cells": cells, "skip": list(skip), "cell seconds": CELL, "seconds": math.ceil(seconds), "alone": sandbox.alone,
                     "root": root, "package": str(PACKAGE), "hidden": sandbox.hidden, "walled": sandbox.walled,
                     "asked": [{"id": q.id, "name": q.name, "forbid": q.forbid} for q in asked]}  # fmt: skip
            late = self._told(self._request(setup, seconds, CELL + GRACE).get("errors"), len(cells))
            if self.tried:
                late = {n: _kind(said) for n, said in late.items()} | self.errors
            self.errors = late | {n: said for n, said in self._told(self.unread, len(cells)).items() if n in late}
        except BaseException:
            self.end()
            raise

    @staticmethod
    def _told(errors, cells):
        """What went wrong in the cells, as {number: text}, of whatever came."""
        numbers = {str(n) for n in range(1, cells + 1)}
        return {int(n): words(said) for n, said in errors.items() if n in numbers} if isinstance(errors, dict) else {}

    def ask(self, question, inputs, limit):
        """The output of the answer for one case; `seconds` in it is what was measured here, where it is beyond doubt too long.

        What is behind a box stays here: the process asks for each value, and the account of its budget is kept here, too.
        """
        begin = time.monotonic()
        boxes = {name: value for name, value in inputs.items() if isinstance(value, dict) and value.get("part") == "box"}
        told = inputs | {name: {"part": "box", "budget": value["budget"]} for name, value in boxes.items()}
        asked = {"question": question.id, "name": question.name, "mode": question.mode, "inputs": told, "limit": limit}
        output = self._request(asked, limit + GRACE, boxes={name: function(**value) for name, value in boxes.items()}).get("output")
        if not isinstance(output, dict) or _deep(output):
            output = {"error": "The answer came back in a form that cannot be read."}
        output |= {name: words(output[name]) for name in ("error", "raised") if isinstance(output.get(name), str)}
        if output.get("raised") in ("gone", "not tried"):  # only the grader says this
            output["raised"] = "an error"
        taken = time.monotonic() - begin
        return output | _doubted(output, inputs) | {"seconds": taken if taken > limit + 1 else 0.0}

    def _request(self, message, seconds, between=None, boxes=None):
        """Send a message and return the reply that bears its number; `between`: seconds from one cell to the next.

        boxes: what the process may ask about meanwhile, {name: Box}.
        """
        id, begin, self.rest = secrets.token_hex(16), time.monotonic(), b""
        end = begin + seconds
        self._send(message | {"id": id}, min(seconds, 10))
        self.until = min(end, begin + STARTING + between) if between else end
        for line in self._lines(id.encode()):
            try:
                reply = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if not isinstance(reply, dict) or reply.get("id") != id:
                continue
            if boxes and isinstance(reply.get("box"), str) and reply["box"] in boxes:
                self._send(_looked_up(boxes[reply["box"]], reply), 1)
                continue
            if "uses" in reply and not self.looked:  # the first thing said, before any cell: it is our own word
                self.looked, self.uses, self.unread = True, reply["uses"], reply.get("unread")
                continue
            if "check" in reply and between:
                self._try(reply["check"])
                self.until = min(end, time.monotonic() + between)
                continue
            if "cell" not in reply:
                self.cell = None
                return reply
            self.cell = reply["cell"] if isinstance(reply["cell"], int) else None
            if not self.tried:
                self.errors = self._told(reply.get("errors"), self.cell or 0)
            self.until = min(end, time.monotonic() + between) if between else end

    def _try(self, id):
        """Let the grader try an answer where its check stands; the process waits for the end of it."""
        cell, self.tried = self.cell, True
        report = self.checked(self, id) if self.checked and isinstance(id, str) else {}
        self.cell = cell
        self._send({"done": report}, 1)

    def _send(self, message, seconds):
        try:
            self.socket.settimeout(seconds)
            self.socket.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            raise self._gone("The process ended (it was closed, or it crashed).") from None

    def _lines(self, number):
        """The lines with this number that come, up to `until`; `Gone` if the process ends, or takes, sends or writes too much."""
        received, looked = 0, time.monotonic()
        while True:
            now = time.monotonic()
            if now > self.until:
                raise self._gone("It did not stop when its time was up, and was ended.")
            if now - looked > 0.25:
                looked = now
                self._look()
            self.socket.settimeout(0.1)
            try:
                more = self.socket.recv(1 << 16)
            except TimeoutError:
                if self.process.poll() is not None:
                    raise self._gone("The process ended (it was closed, or it crashed).") from None
                continue
            except OSError:
                more = b""
            received += len(more)
            if not more:
                raise self._gone("The process ended (it was closed, or it crashed).")
            if received > LARGEST_REPLY:
                raise self._gone(f"It sent more than {LARGEST_REPLY >> 20} MB, and was ended.")
            *lines, self.rest = (self.rest + more).split(b"\n")
            yield from (line for line in lines if number in line)

    def _look(self):
        """End a process that, with all that it started, fills the disk or the memory."""
        size = files = 0
        pids = together.family(self.process.pid)
        for at, folders, names in os.walk(self.folder):
            files += len(folders) + len(names)
            for name in names:
                try:
                    size += os.lstat(os.path.join(at, name)).st_size
                except OSError:
                    pass
            if at.count(os.sep) - self.folder.count(os.sep) > MOST_DEEP:
                raise self._gone(f"It made more than {MOST_DEEP} folders within folders, and was ended.")
        size += together.nameless(pids)
        if len(pids) > confine.PROCESSES:  # of root the system counts none
            raise self._gone(f"It started more than {confine.PROCESSES} processes, and was ended.")
        if size > LARGEST_FOLDER or files > MOST_FILES:
            raise self._gone(f"It wrote more than {LARGEST_FOLDER >> 20} MB or {MOST_FILES} files, and was ended.")
        if sum(map(together.resident, pids)) > LARGEST_ALL and sum(map(together.proportional, pids)) > LARGEST_ALL:
            raise self._gone(TOO_MUCH)

    def _gone(self, why):
        cell, why = self.cell, TOO_MUCH if together.overfull(self.group) else why
        self.end()
        return Gone(why, cell)

    def end(self):
        """End the process, all that it started, and its folder. May be called twice."""
        if self not in _living:
            return
        _living.discard(self)
        for pid in together.children(self.process.pid):  # of `unshare`: the first process of the namespace, with which all others in it end
            _kill(os.kill, pid)
        if self.first_of_its_own:
            try:
                self.process.wait(1)  # until all of them have ended
            except subprocess.TimeoutExpired:
                pass
        _kill(os.kill, self.process.pid)
        _kill(os.killpg, self.process.pid)
        self.process.wait()
        _sweep()
        together.ungroup(self.group)
        self.socket.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        if os.path.exists(self.folder):  # folders without rights, or nested too deeply for Python
            subprocess.run(["chmod", "-R", "u+rwx", self.folder], capture_output=True)
            subprocess.run(["rm", "-rf", self.folder], capture_output=True)


def words(text):
    """What a process says of itself, fit for any page: one line, not long, and each sign can be seen."""
    return "".join(c if c.isprintable() else " " for c in str(text)[:LONGEST_WORDS])


def _kind(said):
    """Of what went wrong in a cell no more than the kind of error: the text may hold what nobody should know."""
    found = re.match(r"raised (\w+)", said)
    known = found and isinstance(getattr(builtins, found[1], None), type)
    return f"raised {found[1]}" if known else "raised an error" if found else "was still running after its time and was stopped"


def _looked_up(box, asked):
    """What a `Box` says at a point, {"value": …}, or why it says nothing: {"spent": …} or {"refused": …}."""
    try:
        x = np.array(asked.get("x"), dtype=float)
        if x.size > LARGEST_POINT:
            return {"refused": f"a point has at most {LARGEST_POINT} numbers"}
        with np.errstate(all="ignore"):
            return {"value": np.asarray(box.gradient(x)).tolist() if asked.get("slopes") is True else float(box(x))}
    except BudgetSpent as error:
        return {"spent": words(error)}
    except Exception as error:  # this is no point of that landscape
        return {"refused": words(error)}


def _sweep():
    """End what submissions left behind: where they share their process numbers with us, orphans come to us (`confine.adopt`)."""
    with _spawning:
        ours = {child.process.pid for child in list(_living)}
        for task in os.listdir("/proc/self/task") if os.path.isdir("/proc/self/task") else ():
            for pid in set(together.children(os.getpid(), task)) - ours:
                try:
                    if os.getsid(pid) != os.getsid(0):  # what the grader itself runs is of its own session
                        os.kill(pid, signal.SIGKILL)
                        os.waitpid(pid, 0)
                except (ProcessLookupError, PermissionError, ChildProcessError):
                    pass


def _kill(how, pid):
    try:
        how(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def _deep(value):
    """Whether a value is nested deeper than any answer is: to walk down into it would take too many calls."""
    level, depth = [value], 0
    while level and depth <= DEEPEST:
        level, depth = [v for part in level if isinstance(part, (list, dict))
                        for v in (part.values() if isinstance(part, dict) else part)], depth + 1  # fmt: skip
    return bool(level)


def _doubted(output, inputs):
    """What the process says of its answer, as far as it can be checked: inputs that exist, and numbers that float32 can hold."""
    changed = output.get("changed")
    names = (*inputs, "gradients")
    return {"changed": [n for n in changed if n in names] if isinstance(changed, list) else [],
            "single": output.get("single") is True and _fits_single(output.get("value"))}  # fmt: skip


def _fits_single(value):
    if isinstance(value, list):
        return all(map(_fits_single, value))
    if isinstance(value, float):
        with np.errstate(over="ignore"):
            return value != value or float(np.float32(value)) == value
    return True
