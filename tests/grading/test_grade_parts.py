"""The grader's processes: what a submission can read and reach, its limits, and the files that are kept."""

import os
import shutil
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from gdcore.check.declaration import question, questions
from gdcore.check.functions import function
from gdcore.grade import confine, parent, results, sieve
from gdcore.grade.parent import PREFIXES, Child, Sandbox
from gdcore.grade.student import grade
from gdcore.grade.submissions import Student
from tests.grading.common import ROOT
from tests.grading.confined import ASKED, WEAKEST, said
from tests.grading.hostile import ALL, FIRST, RIGHT, notebook

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="the grader needs Linux or macOS")]
LANDLOCK = confine.landlock() if sys.platform == "linux" else 0


# -- what a submission can read and reach ------------------------------------------------------------------------------------------


def test_nothing_of_the_grader_is_in_its_environment_or_its_command(monkeypatch):
    monkeypatch.setenv("GRADER_SECRET", "do not tell")
    value = said('def mse(p, y):\n    return [sorted(os.environ), sys.argv, open("/proc/self/environ").read()]')["value"]
    names = {"HOME", "LANG", "LC_CTYPE", "MPLBACKEND", "PATH", "PYTHONHASHSEED", "TMPDIR", *parent.THREADS}
    assert set(value[0]) <= names and value[1] == [""] and "do not tell" not in value[2] and "OMP_NUM_THREADS=1" in value[2]


def test_it_reads_neither_answers_nor_seed_nor_others_work_nor_the_graders_memory(tmp_path):
    if not LANDLOCK:
        pytest.skip("no Landlock here: a submission reads what its user can read, and class.html says so")
    (tmp_path / "seed").write_text("a secret seed")
    package = parent.PACKAGE
    paths = [tmp_path / "seed", ROOT / "solutions/01_loss.ipynb", package / "check/questions/ch01.py", package / "grade/parent.py",
             *(package / "check/questions/__pycache__").glob("ch01*.pyc"), "/proc/1/environ", f"/proc/{os.getpid()}/environ",
             f"/proc/{os.getpid()}/mem", f"/proc/{os.getpid()}/cmdline", f"/proc/{os.getpid()}/maps", "/etc/passwd",
             os.path.expanduser("~/.bashrc"), __file__]  # fmt: skip
    source = f"""
def mse(p, y):
    opened = []
    for path in {[str(p) for p in paths if str(p) != "/proc/1/environ"]}:
        try:
            open(path, "rb").read(10)
            opened.append(path)
        except OSError:
            pass
    return opened"""
    assert said(source, [tmp_path])["value"] == []
    control = said(f"def mse(p, y):\n    return open({str(package / 'check/values.py')!r}).read()[:3]")
    assert control["value"] == '"""'  # what it needs, it reads


def test_it_writes_into_its_own_folder_only(tmp_path):
    if not LANDLOCK:
        pytest.skip("no Landlock here: a submission writes where its user can write, and class.html says so")
    source = f"""
def mse(p, y):
    written = []
    for path in ["mine.txt", {str(tmp_path / "no.txt")!r}, "/tmp/gdcore-no.txt", "/dev/shm/gdcore-no.txt", "/var/tmp/gdcore-no.txt"]:
        try:
            open(path, "w").write("x")
            written.append(path)
        except OSError:
            pass
    return written"""
    assert said(source)["value"] == ["mine.txt"]


def test_its_folder_goes_with_it():
    source = "os.makedirs('a/b/c'); open('a/file', 'w').write('x'); os.chmod('a/b', 0)\ndef mse(p, y):\n    return os.getcwd()"
    folder = said(source)["value"]
    assert "gdcore-grade-" in folder and not os.path.exists(folder)


def test_the_network_is_closed():
    if not Sandbox.strongest().prefix:
        pytest.skip("this system lets nobody close the network (unshare -rn), and class.html says so")
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.bind(("127.0.0.1", 0))
        datagrams.settimeout(0.5)
        source = f"""
import socket
def mse(p, y):
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"hello", ("127.0.0.1", {datagrams.getsockname()[1]}))
    except OSError:
        pass
    try:
        socket.create_connection(("127.0.0.1", {server.getsockname()[1]}), 1)
        return "open"
    except OSError:
        return "closed" """
        assert said(source)["value"] == "closed"
        with pytest.raises(TimeoutError):
            datagrams.recv(100)


def test_it_cannot_end_the_grader():
    if Sandbox.strongest().alone and LANDLOCK < 6:
        pytest.skip("neither process numbers of its own nor Landlock 6: a submission can send signals to processes of its user")
    victim = subprocess.Popen(["sleep", "60"])
    try:
        source = f"""
def mse(p, y):
    for pid in ({victim.pid}, os.getppid()):
        try:
            os.kill(pid, 9) if pid else None
        except OSError:
            pass
    return 1.0"""
        assert said(source)["value"] == 1.0 and victim.poll() is None
    finally:
        victim.kill()
        victim.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has this switch")
def test_the_graders_memory_is_closed_to_others_of_its_user():
    code = "import ctypes; from gdcore.grade.confine import hide_memory; hide_memory(); print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    assert script(code).stdout == "0\n"


def test_limits_hold():
    value = said("import resource as r\nkinds = r.RLIMIT_AS, r.RLIMIT_FSIZE, r.RLIMIT_CORE\n"
                 "def mse(p, y):\n    return [list(r.getrlimit(n)) for n in kinds]")  # fmt: skip
    assert value["value"] == [[confine.MEMORY] * 2, [confine.FILE] * 2, [0, 0]]


def test_a_process_that_claims_too_much_is_not_believed():
    inputs = {"prediction": [1.0], "y": [1.0]}
    lied = parent._doubted({"value": [0.1, 2.0], "single": True, "changed": ["y", "z", 3]}, inputs)
    assert lied == {"changed": ["y"], "single": False}
    assert parent._doubted({"value": [0.5, 3], "single": True, "changed": "y"}, inputs) == {"changed": [], "single": True}
    assert parent._deep([[[]] * 2] * 3) is False
    deep = []
    for _ in range(500):
        deep = [deep]
    assert parent._deep(deep) is True


def test_time_is_measured_by_the_grader():
    source = "import signal\ndef mse(p, y):\n    signal.setitimer(signal.ITIMER_REAL, 0)\n    time.sleep(3.2)\n    return 0.0"
    child = Child(Sandbox.strongest(), [FIRST, source])
    try:
        assert 3 < child.ask(ASKED, {"prediction": [1.0], "y": [1.0]}, 2)["seconds"] < 6
    finally:
        child.end()


def test_a_notebook_that_sleeps_is_not_tried_beyond_its_time(monkeypatch):
    """Each answer stays within its own limit; the notebook as a whole does not."""
    allowed = sum(q.limit * len(q.cases("a secret seed")) for q in questions("01").values())
    monkeypatch.setattr("gdcore.grade.student.TOTAL", 3 - allowed)
    sleepy = notebook([FIRST, RIGHT.replace("):\n", "):\n    time.sleep(1.2)\n"), 'check("01.2", mse)'])
    begin = time.monotonic()
    found = grade(Student("anna", [("01_loss.ipynb", "")]), [sleepy.encode()], "a secret seed", Sandbox.strongest())
    assert time.monotonic() - begin < 10
    verdict = found["questions"]["01.2"]
    assert 0 < verdict["points"] < 2 and "seconds were used up" in verdict["why"]
    assert found["questions"]["01.3"]["points"] == 0


def test_what_lies_behind_a_box_stays_with_the_grader():
    inputs = question("02.8").cases("a seed")[4].inputs
    source = """
def arrive(box, x):
    g, here = box.gradient(x), box(x)
    box.left = 10**6
    raised = []
    for more in ([], [0.0] * 20_000, *[x] * 96):
        try:
            box(more)
        except Exception as error:
            raised += [type(error).__name__, str(error)]
    return [here, g.tolist(), raised]"""
    child = Child(Sandbox.strongest(), [FIRST, source])
    try:
        here, g, raised = child.ask(question("02.8"), inputs, 5)["value"]
    finally:
        child.end()
    box = function(**inputs["box"])
    assert here == box(np.array(inputs["x"])) and g == box.gradient(np.array(inputs["x"])).tolist()
    assert raised[0] == "ValueError" and raised[2:4] == ["ValueError", "a point has at most 10000 numbers"]
    assert raised[4:] == ["BudgetSpent", "0 evaluations of the budget of 100 are left, and this one costs 1"]


def script(code):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=environment)


WEAKER = """
import sys
from gdcore.grade import parent
parent.PREFIXES = {prefixes}
from gdcore.grade.__main__ import main
main({arguments})
"""


@pytest.mark.parametrize("level", [0, 1, 2], ids=["own_processes", "no_network", "nothing"])
def test_a_weaker_system_gives_the_same_points_and_says_what_it_cannot(tmp_path, level):
    """On a system that allows less: what a submission leaves behind is ended all the same."""
    prefix = [*PREFIXES, None][level]
    if prefix and (not shutil.which("unshare") or subprocess.run([*prefix, "true"], capture_output=True).returncode):
        pytest.skip(f"this system does not allow {' '.join(prefix)}, and class.html says so")
    mark = f"gdcore-weaker-{os.getpid()}-{level}"
    fork = next(one for one in ALL if one.name == "forks_sleepers").cells[0].replace("gdcore-hostile-sleeper", mark) + "\ntime.sleep(0.3)"
    (tmp_path / "class").mkdir()
    (tmp_path / "class/anna.ipynb").write_text(notebook([FIRST, fork, RIGHT, 'check("01.2", mse)']))
    arguments = [str(tmp_path / "class"), "--out", str(tmp_path / "out"), "--workers", "1"]
    done = script(WEAKER.format(prefixes=(prefix,) if prefix else (), arguments=arguments))
    assert "anna: 2 points" in done.stdout, done.stderr
    page = (tmp_path / "out/class.md").read_text("utf-8")
    assert ("The network was closed." in page) == (prefix is not None or sieve.works())
    assert ("process numbers of its own" in page) == (level == 0)
    assert ("Submissions could start threads, and no processes." in page) == (level > 0 and sieve.works())
    assert ("Not everything could be confined" in done.stdout) == (level > 0 or not LANDLOCK)
    assert subprocess.run(["pgrep", "-f", f"^{mark}"], capture_output=True).returncode == 1


def test_no_right_and_no_time_of_a_file_can_be_changed(tmp_path):
    if not Sandbox.strongest().walled:
        pytest.skip("this system lets nobody make mounts of its own, and class.html says so")
    (tmp_path / "classmate.ipynb").write_text("x")
    source = f"""
def mse(p, y):
    done = []
    for what in (lambda f: os.chmod(f, 0), lambda f: os.utime(f, (0, 0)), lambda f: os.truncate(f, 0), os.remove):
        for path in ({str(tmp_path / "classmate.ipynb")!r}, {str(tmp_path)!r}):
            try:
                what(path)
                done.append(path)
            except OSError:
                pass
    return [done, os.readlink("/proc/self/ns/ipc")]"""
    done, shared = said(source)["value"]
    assert done == [] and shared != os.readlink("/proc/self/ns/ipc")
    assert (tmp_path / "classmate.ipynb").stat().st_mode & 0o777 and (tmp_path / "classmate.ipynb").stat().st_mtime > 1e9


def test_what_a_system_leaves_open_is_said(monkeypatch):
    """With all that this system may offer, and with nothing: each thing that is open is said in capitals."""
    for name, module in (("works", sieve), ("landlock", confine)):
        monkeypatch.setattr(module, name, lambda: 0)
    for root, processes in ((0, "could start processes WITHOUT LIMIT"), (1000, "an answer which uses JAX MAY HAVE FAILED")):
        monkeypatch.setattr(os, "geteuid", lambda root=root: root)
        told = " ".join(Sandbox(()).words())
        open_ones = ("The network was OPEN", "CHANGE RIGHTS AND TIMES", "USE SOCKETS", "SHARE MEMORY by number", "READ ALL FILES")
        assert all(one in told for one in (*open_ones, processes))
    told = " ".join(Sandbox(PREFIXES[0], walled=True, grouped=True).words())
    assert "SHARE MEMORY" not in told and "OPEN" not in told and "CHANGE" not in told and "(cgroup)" in told


@pytest.mark.skipif(not sieve.works(), reason="this system sieves no calls, and class.html says what that leaves open")
def test_without_namespaces_a_sieve_closes_what_they_would(tmp_path):
    """No process, no signal to others, no right or time of a file, no socket by path, no memory by number; threads and pairs are left."""
    mate, place = tmp_path / "classmate.ipynb", tmp_path / "socket"
    mate.write_text("x")
    victim = subprocess.Popen(["sleep", "60"])
    source = f"""
import asyncio, ctypes, resource, shutil, signal, socket, subprocess, threading
libc = ctypes.CDLL(None, use_errno=True)
mate = {str(mate)!r}
tries = {{
    "fork": lambda: os.fork() or os._exit(0), "spawn": lambda: subprocess.run(["true"]), "kill": lambda: os.kill({victim.pid}, 9),
    "limits": lambda: resource.prlimit({victim.pid}, resource.RLIMIT_CPU, (1, 1)), "priority": lambda: os.setpriority(0, {victim.pid}, 19),
    "unix": lambda: socket.socket(socket.AF_UNIX).connect({str(place)!r}), "network": lambda: socket.socket(),
    "letters": lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM),
    "memory": lambda: libc.shmget(4711, 4096, 0o1666) >= 0 or 1 / 0, "queue": lambda: libc.msgget(4711, 0o1666) >= 0 or 1 / 0,
}}
def mse(p, y):
    done = []
    for name, what in tries.items():
        try:
            what()
            done.append(name)
        except (OSError, ZeroDivisionError):
            pass
    for what in (lambda: os.chmod(mate, 0), lambda: os.utime(mate, (0, 0)), lambda: os.setxattr(mate, "user.x", b"y"),
                 lambda: os.chown(mate, 1, 1)):
        try:
            what()
        except OSError:
            pass
    open("a", "w").write("x")
    shutil.copy2("a", "b")  # which sets rights and times, and must not fail
    os.kill(os.getpid(), 0)
    signal.raise_signal(signal.SIGCHLD)
    ran = []
    workers = [threading.Thread(target=ran.append, args=(1,)) for _ in range(20)]
    [w.start() for w in workers] and [w.join() for w in workers]
    async def waits():
        await asyncio.sleep(0)
    asyncio.run(waits())
    return [done, len(ran)]"""
    before = mate.stat()
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(place))
            server.listen()
            assert said(source, sandbox=WEAKEST)["value"] == [[], 20]
        assert victim.poll() is None
    finally:
        victim.kill()
        victim.wait()
    after = mate.stat()
    assert (after.st_mode, after.st_mtime, after.st_uid) == (before.st_mode, before.st_mtime, before.st_uid)
    assert not hasattr(os, "listxattr") or os.listxattr(mate) == []


# -- what is kept ------------------------------------------------------------------------------------------------------------------


def test_file_names_are_safe_and_differ():
    names = ["anna", "Anna", "a/b", "a_b", "..", ".", "-x", "x" * 300, "x" * 301, "a b", "ä", "con|<>"]
    made = [results.filename(name) for name in names]
    assert len({m.casefold() for m in made}) == len(names)
    assert all(len(m) < 100 and "/" not in m and not m.startswith((".", "-")) for m in made)
    assert results.filename("anna") == "anna"
    with pytest.MonkeyPatch.context() as patch:  # a system whose files have plain names only
        patch.setattr(results.os, "fsencode", lambda name: name.encode("ascii"))
        assert results.filename("ä") == results.filename("ä") and results.filename("ä").isascii() and results.filename("anna") == "anna"
    taken = results.filename("a b")  # somebody may bear the name that another one's file has
    assert taken != results.filename(taken)


def test_two_workers_write_the_same_file_whole(tmp_path):
    path = tmp_path / "deep" / "file"
    threads = [threading.Thread(target=results.write, args=(path, str(n) * 100_000)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(path.read_text())) == 1 and [p.name for p in path.parent.iterdir()] == ["file"]
