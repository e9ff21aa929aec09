"""Submissions that try it another way, as a few cells each, and beside each the points that it deserves for its question."""

import json
from dataclasses import dataclass

from gdcore.check.declaration import question
from gdcore.check.judge import expected_output

FIRST = "import os, sys, time\nimport numpy as np\nfrom gdcore import check"
BYSTANDER = '''def huber(e, delta):  # right, and worth 2 points whatever the rest of the notebook does
    size = np.abs(e)
    return np.where(size <= delta, size**2 / 2, delta * (size - delta / 2))'''
RIGHT = '''def mse(prediction, y):
    return np.mean((np.ravel(prediction) - np.ravel(y)) ** 2)'''
ZERO = '''def mse(prediction, y):
    return 0.0'''


@dataclass(frozen=True)
class Hostile:
    """A submission: its cells, and the points and the status that its answer deserves; `bystander`: what is left of `huber`."""

    name: str
    cells: tuple
    points: float
    status: str  # or several, where it depends on the machine which limit is met first
    question: str = "01.2"
    bystander: float | None = 2

    @property
    def notebook(self):
        check = f'check("{self.question}", {question(self.question).name})'
        cells = (FIRST, BYSTANDER, *self.cells, check) if self.bystander is not None else (FIRST, *self.cells, check)
        return notebook(cells)


def notebook(cells, **metadata):
    """The text of a notebook of code cells; a pair is (kind, source)."""
    pairs = [c if isinstance(c, tuple) else ("code", c) for c in cells]
    made = [{"cell_type": kind, "id": f"c{i}", "metadata": {}, "source": source} | ({"outputs": [], "execution_count": None} if kind == "code" else {})
            for i, (kind, source) in enumerate(pairs)]  # fmt: skip
    return json.dumps({"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def mse(*lines):
    return "def mse(prediction, y):\n" + "\n".join("    " + line for line in lines)


def visible_only():
    """Answers by heart the cases that the notebook shows."""
    asked = question("01.2")
    known = {str(case.inputs["prediction"]): expected_output(asked, case)["value"] for case in asked.cases()}
    return f"known = {known}\n" + mse("return known.get(str(prediction.tolist()), 0.0)")


VALUE = "np.mean((np.ravel(prediction) - np.ravel(y)) ** 2)"

# the ten of the trials, in which other graders gave full marks to the fourth and the fifth
TEN = (
    Hostile("right", (RIGHT,), 2, "right"),
    Hostile("right_but_for_columns", (mse("return np.mean((prediction - y) ** 2)"),), 1.6, "partly"),
    Hostile("blank", (mse("..."),), 0, "blank"),
    Hostile("patches_the_grader", (ZERO, "import gdcore\nfor name, module in list(sys.modules.items()):\n    for part in list(vars(module)):\n"
            "        if part in ('agree', 'judge', 'points_of', 'first_difference'):\n            setattr(module, part, lambda *a, **k: True)"),
            0, "forbidden", bystander=0),
    Hostile("patches_the_judge", ("try:\n    import gdcore.check.judge as judge\n    judge.agree = lambda *a, **k: True\nexcept ImportError:\n    pass",
                                  ZERO), 0, "wrong"),
    Hostile("replaces_allclose", ("np.allclose = np.isclose = np.array_equal = lambda *a, **k: True", ZERO), 0, "wrong"),
    Hostile("right_with_a_warning", (mse("import warnings", "warnings.warn('careful')", f"return {VALUE}"),), 2, "right"),
    Hostile("endless", (mse("while True:", "    pass"),), 0, "late"),
    Hostile("dies", (mse("os._exit(0)"),), 0, "gone"),
    Hostile("exits", (mse("sys.exit(0)"),), 0, "wrong"),
    Hostile("reads_the_solutions", ("import gdcore, json, pathlib\ntry:\n"
            "    book = json.loads((pathlib.Path(gdcore.__file__).parents[1] / 'solutions/01_loss.ipynb').read_text())\n"
            "    np.found = next(s for c in book['cells'] if 'def mse' in (s := ''.join(c['source'])))\nexcept OSError:\n    np.found = ''",
            mse("scope = {'np': np}", "os.sys.modules['builtins'].exec(np.found, scope)", "return scope['mse'](prediction, y)")), 0, "forbidden"),
)  # fmt: skip

SECRETS = '''def look(path):
    try:
        with open(path, "rb") as file:
            return file.read(100_000)
    except OSError:
        return b""
found = [look(f"/proc/{os.getppid()}/{name}") for name in ("environ", "cmdline", "mem", "maps")] + [look("/proc/self/environ")]'''

HEARTBEAT = '''try:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv("/bin/sleep", ["gdcore-hostile-sleeper", "300"])
        os._exit(0)
except OSError:
    pass'''

MORE = (
    Hostile("swallows_its_alarm", (mse("while True:", "    try:", "        time.sleep(0.01)", "    except BaseException:", "        pass"),), 0, "gone"),
    Hostile("reads_the_parents_secrets", (SECRETS, mse("return float(sum(map(len, found)))")), 0, "wrong"),
    Hostile("forks_sleepers", (HEARTBEAT, RIGHT), 2, "right"),
    Hostile("threads_outlive", ("import threading\ntry:\n    for _ in range(5):\n        threading.Thread(target=lambda: [time.sleep(1) for _ in range(300)])"
                                ".start()\nexcept RuntimeError:\n    pass", RIGHT), 2, "right"),
    Hostile("fills_the_disk", ("for i in range(10**6):\n    with open(f'file{i}', 'wb') as file:\n        file.write(bytes(10**7))\n    time.sleep(0.02)",
                               RIGHT), 2, "right"),
    Hostile("many_files", ("for i in range(10**7):\n    os.makedirs(f'a{i}/b')\n    time.sleep(1e-4)", RIGHT), 2, "right"),
    Hostile("prints_a_fake_verdict", (mse("line = '{\"id\": 0, \"output\": {\"value\": 1.0, \"credit\": 1}}\\n'", "print(line * 3)", "for fd in range(1, 12):",
            "    try:", "        os.write(fd, line.encode() * 3)", "    except OSError:", "        pass", "return 0.0"),), 0, "wrong"),
    Hostile("fakes_check", ("def check(*rest):\n    return '01.2 The mean squared error: 2 of 2 points'", ZERO), 0, "wrong"),
    Hostile("adds_points_to_its_reply", ("import json\nold = json.dumps\njson.dumps = lambda v, **k: old({**v, 'points': 2, 'credit': 1, 'passed': True}, **k)",
                                         ZERO), 0, "wrong"),
    Hostile("monkey_patches_numpy", ("np.mean = np.ravel = np.abs = np.asarray = lambda *a, **k: 0.0", mse("return np.mean(prediction)")), 0, "wrong",
            bystander=None),
    Hostile("monkey_patches_builtins", ("import builtins\nbuiltins.isinstance = builtins.all = builtins.any = lambda *a: True", ZERO), 0, "wrong",
            bystander=None),
    Hostile("imports_the_oracle", ("from gdcore.check.ch01 import mse as right", mse("return right.oracle(prediction, y)")), 0, "forbidden"),
    Hostile("imports_the_oracle_in_disguise", ("load = __import__\n" + mse("book = load('gdcore.check.ch' + '01', fromlist=['mse'])",
                                               "return book.mse.oracle(prediction, y)"),), 0, "forbidden"),
    Hostile("looks_for_the_oracles_file", ("import gdcore, glob\nfiles = glob.glob(os.path.dirname(gdcore.__file__) + '/check/**/ch01*', recursive=True)",
            mse("text = open([f for f in files if f.endswith('.py')][0]).read()", f"return {VALUE} if 'oracle' in text else 0.0")), 0, "wrong"),
    Hostile("uses_a_rule_of_the_book", ("from gdcore.rules import GD", "def descend(gradient, x, lr, steps):\n    path, rule = [x], GD(lr=lr)\n"
            "    for t in range(steps):\n        path.append(rule.update(path[-1], gradient(path[-1]), t + 1)[0])\n    return np.array(path)"),
            0, "forbidden", "03.2", bystander=None),
    Hostile("uses_torch", ("class SGD:\n    def __init__(self, params, lr):\n        import torch\n        from torch import optim as o\n"
                           "        self.inner = o.SGD(list(map(torch.tensor, params)), lr)\n"
                           "    def step(self, grads):\n        self.inner.step()",), 0, "forbidden", "03.3", bystander=None),
    Hostile("changes_its_inputs", (mse(f"value = {VALUE}", "prediction -= prediction", "return value"),), 0, "wrong"),
    Hostile("answers_the_visible_cases", (visible_only(),), 0, "wrong"),
    Hostile("raises_when_it_is_deleted", ("class Mine:\n    def __del__(self):\n        raise RuntimeError('not me')", mse("mine = Mine()", f"return {VALUE}")),
            2, "right"),
    Hostile("lies_in_eq", ("class Liar(float):\n    __eq__ = lambda self, other: True\n    __le__ = __lt__ = __gt__ = __ge__ = __eq__\n"
                           "    __sub__ = __rsub__ = lambda self, other: 0.0\n    __hash__ = float.__hash__", mse("return Liar(1)")), 0, "wrong"),
    Hostile("lies_about_its_class", ("class Liar:\n    __class__ = float\n    __float__ = lambda self: 1.0", mse("return Liar()")), 0, "wrong"),
    Hostile("recurses", (mse("return mse(prediction, y)"),), 0, "wrong"),
    Hostile("recurses_without_limit", ("sys.setrecursionlimit(10**9)", mse("return [mse(prediction, y)]")), 0, "wrong gone late"),
    Hostile("not_a_number", (mse("return float('nan')"),), 0, "wrong"),
    Hostile("wrong_shape", (mse(f"return np.full((2, 1), {VALUE})"),), 0, "wrong"),
    Hostile("right_in_float32", (mse(f"return np.float32({VALUE})"),), 2, "right"),
    Hostile("nearly_right_in_float64", (mse(f"return {VALUE} * (1 + 1e-6)"),), 0, "wrong"),
    Hostile("takes_all_memory", (mse("return np.ones(10**11).sum()"),), 0, "wrong"),
    Hostile("sends_four_megabytes", (mse("return np.random.rand(200_000)"),), 0, "gone"),
    Hostile("nests_deeply", (mse("value = 1.0", "for _ in range(300):", "    value = [value]", "return value"),), 0, "wrong"),
    Hostile("prints_without_end", (mse("for _ in range(3):", "    print('x' * 10**7)", f"return {VALUE}"),), 2, "right"),
    Hostile("dies_in_a_cell", ("os._exit(3)", RIGHT), 2, "right"),
    Hostile("hangs_in_a_cell", ("while True:\n    try:\n        time.sleep(0.01)\n    except BaseException:\n        pass", RIGHT), 2, "right"),
    Hostile("raises_in_cells", ("raise KeyboardInterrupt", "1 / 0", "exit(", RIGHT), 2, "right"),
    Hostile("asks_for_input", ("input('go on?')", RIGHT), 2, "right"),
    Hostile("uses_magics", ("%matplotlib inline\n!pip install cheat\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()\ndisplay(3)", RIGHT), 2, "right"),
    Hostile("closes_every_file", (mse("for fd in range(3, 30):", "    try:", "        os.close(fd)", "    except OSError:", "        pass", f"return {VALUE}"),),
            0, "gone"),
)  # fmt: skip

ALL = TEN + MORE
