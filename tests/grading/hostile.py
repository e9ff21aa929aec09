"""Submissions that try it another way, and beside each the points that its answer deserves.

A submission begins with `#### name | points | status`, then the question if it is not 01.2, and what is left of the right answer to
01.3 that stands in each, if that is not 2. Several statuses: it depends on the machine which limit is met first. `# %%` divides the
cells; RIGHT and ZERO are answers, VALUE is the right value, KNOWN holds the answers to the cases that the notebook shows.
Those that go deeper into the grader stand in `hostile_deeper`.
"""

import json
from dataclasses import dataclass

from gdcore.check.declaration import question
from gdcore.check.judge import expected_output
from tests.grading.hostile_deeper import DEEPER

FIRST = "import os, sys, time\nimport numpy as np\nfrom gdcore import check"
BYSTANDER = '''def huber(e, delta):
    size = np.abs(e)
    return np.where(size <= delta, size**2 / 2, delta * (size - delta / 2))'''
VALUE = "np.mean((np.ravel(prediction) - np.ravel(y)) ** 2)"
RIGHT = f"def mse(prediction, y):\n    return {VALUE}"
ZERO = "def mse(prediction, y):\n    return 0.0"


@dataclass(frozen=True)
class Hostile:
    """A submission, the points and the status that its answer deserves; `bystander`: the points of 01.3 in it, None for any."""

    name: str
    points: float
    status: tuple
    question: str
    bystander: float | None
    cells: tuple

    @property
    def notebook(self):
        bystander = (BYSTANDER,) if self.question == "01.2" else ()
        return notebook([FIRST, *bystander, *self.cells, f'check("{self.question}", {question(self.question).name})'])


def notebook(cells, **metadata):
    """The text of a notebook of code cells; a pair is (kind, source)."""
    pairs = [c if isinstance(c, tuple) else ("code", c) for c in cells]
    extra = {"code": {"outputs": [], "execution_count": None}}
    made = [{"cell_type": kind, "id": f"c{i}", "metadata": {}, "source": source} | extra.get(kind, {})
            for i, (kind, source) in enumerate(pairs)]  # fmt: skip
    return json.dumps({"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def submissions():
    """All of them."""
    asked = question("01.2")
    known = {str(case.inputs["prediction"]): expected_output(asked, case)["value"] for case in asked.cases()}
    words = {"RIGHT": RIGHT, "ZERO": ZERO, "VALUE": VALUE, "KNOWN": str(known)}
    for part in (TEXT + DEEPER).split("\n#### ")[1:]:
        head, _, body = part.partition("\n")
        name, points, status, *rest = head.split(" | ")
        for word, meaning in words.items():
            body = body.replace(word, meaning)
        about = next((r for r in rest if not r.startswith("bystander")), "01.2")
        left = next((r.split()[1] for r in rest if r.startswith("bystander")), "2")
        cells = tuple(body.strip("\n").split("\n# %%\n"))
        yield Hostile(name, float(points), tuple(status.split()), about, None if left == "any" else float(left), cells)


TEXT = r'''
# ---- the trials of three graders; two of them gave full marks where the grader or NumPy is patched
#### right | 2 | right
RIGHT
#### right_but_for_columns | 1.2 | partly
def mse(prediction, y):
    return np.mean((prediction - y) ** 2)
#### blank | 0 | blank
def mse(prediction, y):
    ...
#### patches_the_grader | 0 | wrong
ZERO
# %%
import gdcore
for name, module in list(sys.modules.items()):
    for part in list(vars(module)):
        if part in ('agree', 'judge', 'points_of', 'first_difference'):
            setattr(module, part, lambda *a, **k: True)
#### patches_the_judge | 0 | wrong
try:
    import gdcore.check.judge as judge
    judge.agree = lambda *a, **k: True
except ImportError:
    pass
# %%
ZERO
#### replaces_allclose | 0 | wrong
np.allclose = np.isclose = np.array_equal = lambda *a, **k: True
# %%
ZERO
#### right_with_a_warning | 2 | right
def mse(prediction, y):
    import warnings
    warnings.warn('careful')
    return VALUE
#### endless | 0 | late
def mse(prediction, y):
    while True:
        pass
#### dies | 0 | gone
def mse(prediction, y):
    os._exit(0)
#### exits | 0 | wrong
def mse(prediction, y):
    sys.exit(0)
#### reads_the_solutions | 0 | forbidden
import gdcore, json, pathlib
try:
    book = json.loads((pathlib.Path(gdcore.__file__).parents[1] / 'solutions/01_loss.ipynb').read_text())
    np.found = next(s for c in book['cells'] if 'def mse' in (s := ''.join(c['source'])))
except OSError:
    np.found = ''
# %%
def mse(prediction, y):
    scope = {'np': np}
    os.sys.modules['builtins'].exec(np.found, scope)
    return scope['mse'](prediction, y)
# ---- more
#### swallows_its_alarm | 0 | gone
def mse(prediction, y):
    while True:
        try:
            time.sleep(0.01)
        except BaseException:
            pass
#### reads_the_parents_secrets | 0 | wrong
def look(path):
    try:
        with open(path, "rb") as file:
            return file.read(100_000)
    except OSError:
        return b""
found = [look(f"/proc/{os.getppid()}/{name}") for name in ("environ", "cmdline", "mem", "maps")] + [look("/proc/self/environ")]
# %%
def mse(prediction, y):
    return float(sum(map(len, found)))
#### forks_sleepers | 2 | right
try:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv("/bin/sleep", ["gdcore-hostile-sleeper", "300"])
        os._exit(0)
except OSError:
    pass
# %%
RIGHT
#### threads_outlive | 2 | right
import threading
try:
    for _ in range(5):
        threading.Thread(target=lambda: [time.sleep(1) for _ in range(300)]).start()
except RuntimeError:
    pass
# %%
RIGHT
#### fills_the_disk | 2 | right
for i in range(10**6):
    with open(f'file{i}', 'wb') as file:
        file.write(bytes(10**7))
    time.sleep(0.02)
# %%
RIGHT
#### many_files | 2 | right
for i in range(10**7):
    os.makedirs(f'a{i}/b')
    time.sleep(1e-4)
# %%
RIGHT
#### prints_a_fake_verdict | 0 | wrong
def mse(prediction, y):
    line = '{"id": 0, "output": {"value": 1.0, "credit": 1}}\n'
    print(line * 3)
    for fd in range(1, 12):
        try:
            os.write(fd, line.encode() * 3)
        except OSError:
            pass
    return 0.0
#### prints_other_values_than_it_returns | 2 | right
def mse(prediction, y):
    for fd in range(1, 12):
        try:
            os.write(fd, b'\n{"id": 0, "output": {"value": 1.0}}\n{"output": {"value": 2.0}}\nnonsense\n')
        except OSError:
            pass
    return VALUE
#### fakes_check | 0 | wrong
def check(*rest):
    return '01.2 The mean squared error: 2 of 2 points'
# %%
ZERO
#### adds_points_to_its_reply | 0 | wrong
import json
old = json.dumps
json.dumps = lambda v, **k: old({**v, 'points': 2, 'credit': 1, 'passed': True}, **k)
# %%
ZERO
#### monkey_patches_numpy | 0 | wrong | bystander any
np.mean = np.ravel = np.abs = np.asarray = lambda *a, **k: 0.0
# %%
def mse(prediction, y):
    return np.mean(prediction)
#### monkey_patches_builtins | 0 | wrong | bystander any
import builtins
builtins.isinstance = builtins.all = builtins.any = lambda *a: True
# %%
ZERO
#### imports_the_oracle | 0 | forbidden
from gdcore.check.questions.ch01 import mse as right
# %%
def mse(prediction, y):
    return right.oracle(prediction, y)
#### imports_the_oracle_in_disguise | 0 | forbidden
load = __import__
def mse(prediction, y):
    book = load('gdcore.check.questions.ch' + '01', fromlist=['mse'])
    return book.mse.oracle(prediction, y)
#### uses_a_rule_of_the_book | 0 | forbidden | 03.2 | bystander any
from gdcore.rules import GD
# %%
def descend(gradient, x, lr, steps):
    path, rule = [x], GD(lr=lr)
    for t in range(steps):
        path.append(rule.update(path[-1], gradient(path[-1]), t + 1)[0])
    return np.array(path)
#### uses_torch | 0 | forbidden | 03.3 | bystander any
class SGD:
    def __init__(self, params, lr):
        import torch
        from torch import optim as o
        self.inner = o.SGD(list(map(torch.tensor, params)), lr)
    def step(self, grads):
        self.inner.step()
#### changes_its_inputs | 0 | wrong
def mse(prediction, y):
    value = VALUE
    prediction -= prediction
    return value
#### answers_the_visible_cases | 0 | wrong
known = KNOWN
def mse(prediction, y):
    return known.get(str(prediction.tolist()), 0.0)
#### raises_when_it_is_deleted | 2 | right
class Mine:
    def __del__(self):
        raise RuntimeError('not me')
# %%
def mse(prediction, y):
    mine = Mine()
    return VALUE
#### lies_in_eq | 0 | wrong
class Liar(float):
    __eq__ = lambda self, other: True
    __le__ = __lt__ = __gt__ = __ge__ = __eq__
    __sub__ = __rsub__ = lambda self, other: 0.0
    __hash__ = float.__hash__
# %%
def mse(prediction, y):
    return Liar(1)
#### lies_about_its_class | 0 | wrong
class Liar:
    __class__ = float
    __float__ = lambda self: 1.0
# %%
def mse(prediction, y):
    return Liar()
#### recurses | 0 | wrong
def mse(prediction, y):
    return mse(prediction, y)
#### recurses_without_limit | 0 | wrong gone late
sys.setrecursionlimit(10**9)
# %%
def mse(prediction, y):
    return [mse(prediction, y)]
#### not_a_number | 0 | wrong
def mse(prediction, y):
    return float('nan')
#### wrong_shape | 0 | wrong
def mse(prediction, y):
    return np.full((2, 1), VALUE)
#### right_in_float32 | 2 | right
def mse(prediction, y):
    return np.float32(VALUE)
#### nearly_right_in_float64 | 0 | wrong
def mse(prediction, y):
    return VALUE * (1 + 1e-6)
#### takes_all_memory | 0 | wrong
def mse(prediction, y):
    return np.ones(10**11).sum()
#### sends_four_megabytes | 0 | gone
def mse(prediction, y):
    return np.random.rand(200_000)
#### nests_deeply | 0 | wrong
def mse(prediction, y):
    value = 1.0
    for _ in range(300):
        value = [value]
    return value
#### prints_without_end | 2 | right
def mse(prediction, y):
    for _ in range(3):
        print('x' * 10**7)
    return VALUE
#### dies_in_a_cell | 2 | right
os._exit(3)
# %%
RIGHT
#### hangs_in_a_cell | 2 | right
while True:
    try:
        time.sleep(0.01)
    except BaseException:
        pass
# %%
RIGHT
#### raises_in_cells | 2 | right
raise KeyboardInterrupt
# %%
1 / 0
# %%
exit(
# %%
RIGHT
#### asks_for_input | 2 | right
input('go on?')
# %%
RIGHT
#### uses_magics | 2 | right
%matplotlib inline
!pip install cheat
import matplotlib.pyplot as plt
plt.plot([1, 2]); plt.show()
display(3)
# %%
RIGHT
#### closes_every_file | 0 | gone
def mse(prediction, y):
    for fd in range(3, 30):
        try:
            os.close(fd)
        except OSError:
            pass
    return VALUE
'''

ALL = tuple(submissions())
