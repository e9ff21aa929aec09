"""The parts of the grader: what a submission's process can read and reach, names that an answer may not use."""

import ast
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import types

import numpy as np
import pytest

from gdcore.check.declaration import FORBIDDEN, question, questions
from gdcore.check.functions import function
from gdcore.grade import __main__ as command
from gdcore.grade import confine, parent, results, student
from gdcore.grade.cells import tree
from gdcore.grade.parent import PREFIXES, Child, Sandbox
from gdcore.grade.shortcuts import parsed, shortcut
from gdcore.grade.student import grade
from gdcore.grade.submissions import Student, Unreadable, read
from tests.grading.common import ROOT
from tests.grading.hostile import ALL, FIRST, RIGHT, notebook

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="the grader needs Linux or macOS")]
ASKED = question("01.2")
LANDLOCK = confine.landlock() if sys.platform == "linux" else 0


def said(source, hidden=()):
    """What the function `mse` of a cell returns in a confined process: here it may be a text."""
    child = Child(Sandbox.strongest(hidden), [FIRST, source, 'check("01.2", mse)'])
    try:
        assert child.errors == {}
        return child.ask(ASKED, {"prediction": [1.0], "y": [1.0]}, 5)
    finally:
        child.end()


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
    assert ("The network was closed." in page) == (prefix is not None) and ("process numbers of its own" in page) == (level == 0)
    assert ("Not everything could be confined" in done.stdout) == (level > 0 or not LANDLOCK)
    assert subprocess.run(["pgrep", "-f", f"^{mark}"], capture_output=True).returncode == 1


# -- names that an answer may not use ----------------------------------------------------------------------------------------------

ALLOWED = [
    "import torch\nimport torch.optim as optim\nimport optax",  # imported, and not used by the answer
    "from gdcore.rules import Adam\nprint(Adam().update)",
    "from gdcore import check, claim\ncheck.all(); check.progress()",
    "import re\npattern = re.compile('x')\nmodel.eval()\nimport scipy.optimize",
    "def other():\n    import torch.optim\n    return torch.optim.SGD",
    'def mse(p, y):\n    """As torch.optim.SGD does it, but see optax.sgd."""\n    return {"torch": "x.y"}["torch"]',
]
CAUGHT = [
    ("import torch\ndef mse(p, y):\n    return torch.optim.SGD", "torch.optim"),
    ("import torch.optim as o\ndef mse(p, y):\n    return o.SGD", "torch.optim"),
    ("from torch import optim as o\nstep = o.SGD\nhelp_me = lambda: step\ndef mse(p, y):\n    return help_me()", "torch.optim"),
    ("import torch as t\nu = t\ndef mse(p, y):\n    return u.optim.SGD", "torch.optim"),
    ("import torch\ndef mse(p, y):\n    return getattr(torch, 'optim')", "torch.optim"),
    ("def mse(p, y):\n    from gdcore.check.questions.ch01 import mse\n    return mse", "gdcore.check.questions.ch01.mse"),
    ("from gdcore import check as c\ndef mse(p, y):\n    return c.questions.ch01.mse.oracle(p, y)", "gdcore.check.questions"),
    ("from gdcore.rules import *\ndef mse(p, y):\n    return GD", "gdcore.rules.*"),
    ("import importlib\ndef mse(p, y):\n    return importlib.import_module('x')", "importlib"),
    ("import os\ndef mse(p, y):\n    return os.sys.modules", "os.sys.modules"),
    ("exec('def mse(p, y): return 0')", "exec"),
    ("import optax\nmine = {}\nmine['x'] = optax.sgd\ndef mse(p, y):\n    return mine", "optax"),
    ("from optax import sgd\nmine = {}\nmine.update(x=sgd)\ndef mse(p, y):\n    return mine", "optax.sgd"),
    ("import optax\nyours = optax.sgd\ncheck('01.2', yours)", "optax"),
    ("import pydoc\ndef mse(p, y):\n    return pydoc.locate('torch.optim.SGD')", "torch.optim.SGD"),
    ("import pkgutil\ndef mse(p, y):\n    return pkgutil.resolve_name('torch.optim:SGD')", "torch.optim.SGD"),
    ("import torch\ndef mse(p, y):\n    return vars(torch)['optim']", "torch.optim"),
    ("import torch as t\ndef mse(p, y):\n    return t.__dict__['optim']", "torch.optim"),
]  # fmt: skip


@pytest.mark.parametrize("source", ALLOWED, ids=range(len(ALLOWED)))
def test_what_the_answer_does_not_use_is_no_shortcut(source):
    assert shortcut(parsed([source, FIRST, RIGHT, 'check("01.2", mse)']), ASKED) == ""


@pytest.mark.parametrize("source, name", CAUGHT, ids=range(len(CAUGHT)))
def test_a_shortcut_is_found_through_other_names(source, name):
    assert shortcut(parsed([source]), ASKED).startswith(name)


def test_a_question_may_allow_more():
    asked = type("Asked", (), {"id": "01.2", "name": "mse", "forbid": tuple(f for f in FORBIDDEN if f != "optax")})
    source = "import optax\ndef mse(p, y):\n    return optax.sgd"
    assert shortcut(parsed([source]), ASKED) and not shortcut(parsed([source]), asked)


CELLS = [  # a cell, and the Python that Jupyter makes of it
    ("%time\nx = 3", "pass\nx = 3"),
    ("x = '''\n%y'''", "x = '\\n%y'"),
    ("np.mean?\nif y:\n    ?x\na = !ls\nb = %pwd\ny = 1", "pass\nif y:\n    pass\na = ['']\nb = None\ny = 1"),
    ("%time mse = mine", "mse = mine"),
    ("x = %time 3 + 4", "x = 3 + 4"),
    ("%%time\nx = 2\ny = x", "x = 2\ny = x"),
    ("%%bash\nmse=5", "pass"),
    ("%matplotlib inline\nn = (7\n     % 4)", "pass\nn = 7 % 4"),
    ("!pip install -q numpy \\\n    scipy\nx = 1", "pass\nx = 1"),
    ("a, = !ls", "a, = ['']"),
    ("if 'google.colab' in str(get_ipython()):\n    !pip install x", "if 'google.colab' in str(get_ipython()):\n    pass"),
]


@pytest.mark.parametrize("source, runs", CELLS, ids=range(len(CELLS)))
def test_a_cell_is_what_jupyter_makes_of_it(source, runs):
    assert ast.unparse(tree(source)) == runs


@pytest.mark.parametrize("dense", ["(" * 300 + ")" * 300, "x = 1\n" * 100_000, "-" * 100_000 + "1", "x" + ".a" * 1500, "x = ("])
def test_a_cell_that_cannot_be_read_is_left_out(dense):
    with pytest.raises(SyntaxError):
        tree(dense)
    assert parsed([dense]) == []


HONEST = [  # cells beside an answer that cost it nothing
    'print(eval("1 + 1"))',
    "import torch\ndef demo():\n    opt = torch.optim.SGD([torch.ones(2)], lr=0.1)\n    print(vars(opt).keys())\ndemo()",
    "from gdcore.rules import GD\nrule, p, y = GD(lr=0.1), np.array([1.0]), 0.1\nfor t in range(5):\n    p = rule.update(p, p, t + 1)[0]",
]


@pytest.mark.parametrize("source", HONEST, ids=range(len(HONEST)))
def test_a_comparison_of_ones_own_costs_nothing(source):
    assert shortcut(parsed([FIRST, RIGHT, 'check("01.2", mse)', source]), ASKED) == ""
    assert shortcut(parsed([source, FIRST, RIGHT, 'check("01.2", mse)']), ASKED) == ""


def test_what_comes_after_the_check_does_not_count():
    cells = [FIRST, RIGHT, 'check("01.2", mse)', "import optax\nmse = optax.sgd"]
    assert shortcut(parsed(cells), ASKED, 3) == "" and shortcut(parsed(cells), ASKED).startswith("optax")


def test_older_and_odd_notebooks_are_read():
    made = read("01_x.ipynb", b'{"cells": [{"cell_type": "code", "source": ["a = 1\\n", "b"]}, 3, {"source": 5}]}')
    assert made.code == ["a = 1\nb"] and made.chapters == ["01"]
    with pytest.raises(Unreadable, match="x.ipynb is larger than 100 MB: clear its outputs"):
        read("x.ipynb", b"x" * (100 * 2**20 + 1))


# -- what the notebook accepts, the grader accepts -------------------------------------------------------------------------------------

CHECK = 'check("01.2", mse)'
RIGHT_BY_HELPER = "def mse(p, y):\n    return h(np.ravel(p) - np.ravel(y))"
AGREED = {  # the cells after the first: right in the notebook
    "a helper that a later cell defines anew": ["def h(e):\n    return np.mean(e**2)", RIGHT_BY_HELPER, CHECK, "def h(e):\n    return 0.0"],
    "the best of several checks": [RIGHT, CHECK, "def mse(p, y):\n    return 0.0", CHECK],
    "a longer float": ["def mse(p, y):\n    return np.mean((p.ravel() - y.ravel()).astype(np.longdouble) ** 2)", CHECK],
    "the report is used": [RIGHT, f"assert {CHECK}.passed and {CHECK}.points == 2", "del mse"],
    "a shell is asked for": ['if "google.colab" in str(get_ipython()):\n    !pip install x\n' + RIGHT, CHECK],
    "await in a cell": ["import asyncio\nawait asyncio.sleep(0)\n" + RIGHT, CHECK],
    "a timed line": [RIGHT.replace("mse", "mine"), "%time mse = mine", CHECK],
    "another language": [RIGHT, "%%bash\nmse=5", CHECK],
    "what the last line gave": [RIGHT.replace("mse", "mine"), "mine", 'check("01.2", _)'],
    "checked, then deleted": [RIGHT, CHECK, "del mse"],
    "never checked": [RIGHT],
}


@pytest.mark.parametrize("cells", AGREED.values(), ids=AGREED)
def test_what_the_notebook_accepts_gets_its_points(cells):
    made = notebook([FIRST, *cells]).encode()
    found = grade(Student("anna", [("01_loss.ipynb", "")]), [made], "a secret seed", Sandbox.strongest())
    assert found["questions"]["01.2"]["points"] == 2, found["questions"]["01.2"]


def test_visible_cases_run_where_no_secret_was_seen():
    """What a wrong answer says of its inputs on the student's page are those of the notebook."""
    source = "seen = []\ndef mse(p, y):\n    seen.append(np.ravel(y).tolist())\n    raise ValueError(str(seen))"
    made = notebook([FIRST, source, CHECK]).encode()
    found = grade(Student("anna", [("01_loss.ipynb", "")]), [made], "a secret seed", Sandbox.strongest())
    told = " ".join(message for _, _, message in found["questions"]["01.2"]["cases"])
    secret = [np.ravel(case.inputs["y"]).tolist() for case in ASKED.cases("a secret seed")]
    shown = [np.ravel(case.inputs["y"]).tolist() for case in ASKED.cases()]
    assert any(str(y)[:30] in told for y in shown) and not any(str(y)[:30] in told for y in secret if y not in shown)


def test_a_landscape_is_another_one_at_each_check():
    """Who checks twice may not spend the first budget on learning where the second one should look."""
    asked = question("02.8")
    source = f"""
known = []
def {asked.name}(*given):
    known.append([g for g in given if not callable(g)])
    return given[1] if len(given) > 1 else 0.0"""
    made = notebook([FIRST, source, *[f'check("02.8", {asked.name})'] * 3]).encode()
    tried, plain = [], student._Talk.checked

    def checked(self, child, id):
        found = plain(self, child, id)
        tried.append((self.seed, self.tried[id][-1][1]))
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(student._Talk, "checked", checked)
        grade(Student("anna", [("02_gradient.ipynb", "")]), [made], "a secret seed", Sandbox.strongest())
    secret = [str([c.inputs for c in cases]) for seed, cases in tried if seed]
    assert len(secret) == 3 == len(set(secret))


def test_a_second_hand_in_is_drawn_anew(tmp_path, monkeypatch):
    seeds, options = [], types.SimpleNamespace(out=tmp_path, lift=(), same_cases=False)
    nothing = {"questions": {}, "answers": {}, "notes": []}
    monkeypatch.setattr(command, "grade", lambda who, contents, seed, *rest: seeds.append(seed) or nothing)
    (tmp_path / "01_loss.ipynb").write_text("first")
    anna = Student("anna", [("01_loss.ipynb", tmp_path / "01_loss.ipynb")])
    command._one(anna, "s", "rules", None, options)
    command._one(anna, "s", "other rules", None, options)  # the grader has changed, not the work
    (tmp_path / "01_loss.ipynb").write_text("second")
    command._one(anna, "s", "rules", None, options)
    (tmp_path / "01_loss.ipynb").write_text("third")
    options.same_cases = True
    command._one(anna, "s", "rules", None, options)
    assert seeds == ["s", "s", "s 2", "s"]


def test_what_was_found_before_the_first_cell_cannot_be_said_anew():
    """An answer that speaks for the looker-through is not heard: what its process says once student's code runs is no word of ours."""
    source = """
def mse(p, y):
    import sys
    frame = sys._getframe()
    while frame:
        talk, asked = frame.f_locals.get("talk") or frame.f_locals.get("self"), frame.f_locals.get("asked")
        if hasattr(talk, "channel") and isinstance(asked, dict):
            import json
            talk.channel.write(json.dumps({"id": asked["id"], "uses": {}}).encode() + b"\\n")
        frame = frame.f_back
    import torch
    return torch.optim.SGD and np.mean((np.ravel(p) - np.ravel(y)) ** 2)"""
    made = notebook([FIRST, source, CHECK]).encode()
    found = grade(Student("anna", [("01_loss.ipynb", "")]), [made], "a secret seed", Sandbox.strongest())
    assert found["questions"]["01.2"]["status"] == "forbidden"


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


# -- what is kept ------------------------------------------------------------------------------------------------------------------


def test_file_names_are_safe_and_differ():
    names = ["anna", "Anna", "a/b", "a_b", "..", ".", "-x", "x" * 300, "x" * 301, "a b", "ä", "con|<>"]
    made = [results.filename(name) for name in names]
    assert len({m.casefold() for m in made}) == len(names)
    assert all(len(m) < 100 and "/" not in m and not m.startswith((".", "-")) for m in made)
    assert results.filename("anna") == "anna"
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
