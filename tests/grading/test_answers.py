"""Which answers count: names that one may not use, cells as Jupyter runs them, and what the notebook accepts."""

import ast
import os
import time
import types

import numpy as np
import pytest

from gdcore.check.declaration import FORBIDDEN, manual_questions, question
from gdcore.grade import __main__ as command
from gdcore.grade import manual, pages, student
from gdcore.grade.cells import tree
from gdcore.grade.parent import Sandbox
from gdcore.grade.shortcuts import parsed, shortcut
from gdcore.grade.student import grade
from gdcore.grade.submissions import Student, Unreadable, read
from tests.grading.hostile import FIRST, RIGHT, notebook

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="the grader needs Linux or macOS")]
ASKED = question("01.2")


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


SAYS = """
import json
def mse(p, y):
    frame = sys._getframe()
    while not (isinstance(frame.f_locals.get("asked"), dict) and "id" in frame.f_locals["asked"]):
        frame = frame.f_back
    asked = frame.f_locals["asked"]
    while not hasattr(frame.f_locals.get("self"), "channel"):
        frame = frame.f_back
    channel, said = frame.f_locals["self"].channel, {"error": "SEEN" + str(np.ravel(y).tolist()), "raised": RAISED}
    channel.write(json.dumps({"id": asked["id"], "output": said}).encode() + b"\\n")
    channel.flush()
    return 0.0"""
SEES = "seen = []\n" + RIGHT.replace("    return", "    seen.append(np.ravel(y).tolist())\n    return")  # and is right
LEAKS = {  # cells that try to bring the inputs of the secret cases onto a page
    **{f"says that it {name}": [SAYS.replace("RAISED", repr(raised)), CHECK] for name, raised in (
        ("is missing", "missing"), ("is late", "Endless"), ("is gone", "gone"), ("was not tried", "not tried"), ("raised", "ValueError"))},
    "a later cell raises them": [SEES, CHECK, "raise ValueError('SEEN' + str(seen[-1]))"],
    "a later cell makes them its error": [SEES, CHECK, "raise type('SEEN' + str(seen[-1][0]).replace('.', 'p'), (Exception,), {})"],
    "a later answer is made of them": [SEES, CHECK, "predicted = {'squared': 'SEEN' + str(seen[-1])}", 'check("01.1", predicted)'],
}  # fmt: skip


@pytest.mark.parametrize("cells", LEAKS.values(), ids=LEAKS)
def test_no_input_of_a_secret_case_comes_onto_a_page(cells):
    made = notebook([FIRST, *cells]).encode()
    found = grade(Student("anna", [("01_loss.ipynb", "")]), [made], "a secret seed", Sandbox.strongest())
    found["answers"] = {}
    lines = pages.rows(found, ["01"], {}, {}, "anna")
    told = pages.markdown(*pages.student_page("anna", found, lines, {}, {})) + pages.grades({"anna": lines})
    told += pages.markdown(*pages.class_page({"anna": lines}, {"anna": found}, {}, ()))
    plain = told.replace("\\", "")
    shown = [str(np.ravel(case.inputs["y"]).tolist()) for case in ASKED.cases()]
    for case in ASKED.cases("a secret seed"):
        y = np.ravel(case.inputs["y"]).tolist()
        assert str(y) in shown or (f"SEEN{y}"[:40] not in plain and f"SEEN{y[0]}".replace(".", "p") not in plain), plain
    assert found["questions"]["01.2"]["points"] == (2 if SEES in cells else 0)


def test_what_went_wrong_before_any_check_is_told_in_full():
    made = notebook([FIRST, "raise ValueError('look here')", RIGHT, CHECK, "raise KeyError('and there')", "x = ("]).encode()
    found = grade(Student("anna", [("01_loss.ipynb", "")]), [made], "a secret seed", Sandbox.strongest())
    assert found["notes"] == ["01_loss.ipynb: code cell 2 raised ValueError: look here.", "01_loss.ipynb: code cell 5 raised KeyError.",
                              "01_loss.ipynb: code cell 6 raised SyntaxError: '(' was never closed (<unknown>, line 1)."]


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


# -- libraries that take their time, and threads ---------------------------------------------------------------------------------------


WEAKEST = Sandbox((), Sandbox.strongest().hidden)  # no namespaces at all: what is closed there, a sieve of system calls closes


def points_in(sandbox, *cells):
    made = notebook([FIRST, *cells]).encode()
    found = grade(Student("anna", [("01_loss.ipynb", "")]), [made], "a secret seed", sandbox)
    return found["questions"]["01.2"]["points"], found


@pytest.mark.parametrize("sandbox", [Sandbox.strongest(), WEAKEST], ids=["strongest", "weakest"])
def test_an_answer_in_jax_counts_where_processes_are_few(sandbox):
    pytest.importorskip("jax")
    source = """
def mse(p, y):
    import jax, jax.numpy as jnp
    jax.config.update("jax_enable_x64", True)
    value = jax.jit(lambda p, y: jnp.mean((p.ravel() - y.ravel()) ** 2))(jnp.asarray(p, float), jnp.asarray(y, float))
    assert len(os.listdir("/proc/self/task")) < 60
    return float(value)"""
    assert points_in(sandbox, source, CHECK)[0] == 2


@pytest.mark.parametrize("checked", [(CHECK,), ()], ids=["checked", "not_checked"])
def test_a_library_that_takes_long_to_import_costs_no_case_its_time(checked):
    library = 'open("slow_library.py", "w").write("import time; time.sleep(5); two = 2")\nsys.path.insert(0, os.getcwd())'
    source = "def mse(p, y):\n    from slow_library import two\n    return np.mean((np.ravel(p) - np.ravel(y)) ** two)"
    assert points_in(Sandbox.strongest(), library, source, *checked)[0] == 2


@pytest.mark.parametrize("dense", ["%time x = 1\n" * 16_000, "%time " * 30_000 + "x = 1"], ids=["timed", "nested"])
def test_a_cell_that_takes_long_to_take_apart_is_left_out_with_a_note(dense):
    """IPython takes a cell apart once for each magic in it: 200 kB of them would take minutes."""
    begin = time.monotonic()
    points, found = points_in(Sandbox.strongest(), dense, RIGHT, CHECK)
    assert points == 2 and "code cell 2 raised SyntaxError: the cell is too long" in " ".join(found["notes"]), found["notes"]
    assert time.monotonic() - begin < 40


def test_a_text_for_a_person_is_found_in_no_time_whatever_stands_around_it():
    asked = manual_questions()["01.9"]
    begin = time.monotonic()
    for around in ("%time x = 1\n" * 4000, "x?\n" * 60_000, "(" * 5000, "a" + ".b" * 30_000 + "\n"):
        found = manual.answer([("code", around + f'\n{asked.name} = """My words."""')], asked)
        assert "My words." in found or len(found) == manual.LONGEST
    assert time.monotonic() - begin < 2


def test_a_large_notebook_is_read_by_a_process_of_its_own():
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.monotonic()
    with pytest.raises(Unreadable, match="dense.ipynb is not a notebook"):
        read("dense.ipynb", b'{"cells": [' + b"[]," * 30_000_000 + b"[]]}")
    with pytest.raises(Unreadable, match="wide.ipynb is not a notebook"):
        read("wide.ipynb", b'{"cells": [' + b'{"cell_type": "code", "source": "x"},' * 400_000 + b"{}]}")
    assert time.monotonic() - begin < 60
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500 << 10  # kB; in this process it took 2.6 GB
    right = notebook([FIRST, RIGHT, CHECK], kernelspec={"language": "R"})
    made = read("01_x.ipynb", right[:-1].encode() + b', "x": "' + b"y" * (5 << 20) + b'"}')
    assert made.code == [FIRST, RIGHT, CHECK] and made.notes == ["01_x.ipynb is written for r, not for Python."]
