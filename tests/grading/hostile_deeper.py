"""More submissions in the form of `hostile`: they know how the grader works, and go for the messages, the pages and the process itself."""

DEEPER = r'''
# ---- the landscape and the account of 02.8, which stay with the grader
#### reads_the_centre_of_the_fog | 0 | wrong | 02.8 | bystander any
def arrive(box, x):
    frame = sys._getframe()
    while frame:
        for value in list(frame.f_locals.values()):
            if isinstance(value, dict) and isinstance(value.get('box'), dict) and 'centre' in value['box']:
                return np.array(value['box']['centre'])
        frame = frame.f_back
    for part in (box.loss, box.slopes):
        for cell in part.__closure__ or ():
            if isinstance(cell.cell_contents, list):
                return np.array(cell.cell_contents)
    return x
#### raises_its_budget | 0 | wrong | 02.8 | bystander any
def arrive(box, x):
    lr = 1e-3
    for _ in range(300):
        box.left = 10**9
        here, g = box(x), box.gradient(x)
        while box(x - lr * g) >= here and lr > 1e-9:
            lr = lr / 2
        x, lr = x - lr * g, 1.1 * lr
    return x
#### asks_the_grader_nonsense | 0 | wrong | 02.8 | bystander any
import json
def arrive(box, x):
    frame = sys._getframe()
    while 'channel' not in frame.f_locals:
        frame = frame.f_back
    channel, id = frame.f_locals['channel'], frame.f_locals['asked']['id']
    for more in ({'box': []}, {'box': 'x'}, {'box': 'box'}, {'box': 'box', 'x': ['a']}, {'box': 'box', 'x': [[[1e308]]]},
                 {'box': 'box', 'x': [0.0] * 20_000, 'slopes': True}, {'box': 'box', 'x': x.tolist(), 'slopes': 'yes'}):
        channel.write(json.dumps({'id': id, **more}).encode() + b'\n')
    channel.flush()
    return x
# ---- values of another form than a proof expects
#### returns_a_line_for_each_person | 0 | wrong | 01.8 | bystander any
def fit(x, y):
    return np.zeros(len(x)), np.where(y > 346, y / 10, y)
#### returns_lines_in_lists | 0 | wrong | 01.8 | bystander any
def fit(x, y):
    return [[0.0], np.where(y > 346, y / 10, y).tolist()]
# ---- looks for the judge in its own process
#### finds_the_judge_by_gc | 0 | wrong | bystander any
import gc, types
def fake(*a, **k):
    return {'value': 1.0, 'credit': 1, 'points': 2, 'passed': True, 'error': '', 'raised': '', 'changed': [], 'single': True, 'seconds': 0}
for f in gc.get_objects():
    if isinstance(f, types.FunctionType) and str(f.__module__).startswith('gdcore') and f.__name__ in ('run', 'judge', 'agree', 'run_all'):
        try:
            f.__code__ = fake.__code__
        except ValueError:
            pass
# %%
ZERO
#### traces_every_call | 0 | wrong
found = []
def watch(frame, event, arg):
    for name in ('expected', 'oracle', 'right', 'hidden', 'seed'):
        if name in frame.f_locals:
            found.append(frame.f_locals[name])
    return watch
sys.settrace(watch)
sys.setprofile(watch)
# %%
def mse(prediction, y):
    return float(found[-1]) if found and isinstance(found[-1], float) else 0.0
#### crashes_python | 0 | gone
def mse(prediction, y):
    import ctypes
    return ctypes.string_at(0)
#### clears_the_builtins | 2 | right
import builtins
builtins.__dict__.clear()
# %%
RIGHT
#### replaces_float_and_sum | 0 | wrong | bystander any
import builtins
class Same(float):
    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __hash__ = float.__hash__
builtins.float, builtins.sum, builtins.abs = Same, lambda *a: 0, lambda *a: 0
# %%
ZERO
# ---- objects that are not what they seem
#### lies_as_an_array | 0 | wrong
class Liar(np.ndarray):
    __array_ufunc__ = lambda self, *a, **k: True
    __array_function__ = lambda self, *a, **k: True
    __eq__ = __le__ = __lt__ = lambda self, other: True
    tolist = lambda self: Other(1.0)
class Other(float):
    __eq__ = __le__ = __lt__ = lambda self, other: True
    __hash__ = float.__hash__
# %%
def mse(prediction, y):
    return np.array(1.0).view(Liar)
#### a_generator | 0 | wrong
def mse(prediction, y):
    yield VALUE
#### another_value_each_time | 0 | wrong
class Both:
    asked = 0
    dtype = property(lambda self: np.dtype(float))
    detach = cpu = lambda self: self
    def numpy(self):
        Both.asked += 1
        return np.float64(Both.asked)
# %%
def mse(prediction, y):
    return Both()
#### a_huge_number | 0 | wrong
def mse(prediction, y):
    return 10**5000
# ---- what a process says ends up on pages: short, on one line, and each sign can be seen
#### says_what_is_no_text | 2 | right
raise Exception('\ud800\x1b[2J\u202e')
# %%
RIGHT
#### returns_what_is_no_text | 0 | wrong
def mse(prediction, y):
    return '\ud800\x1b[2J\u202e' + 'x' * 10**6
#### forges_a_long_message | 0 | wrong
import json
def mse(prediction, y):
    frame = sys._getframe()
    while 'channel' not in frame.f_locals:
        frame = frame.f_back
    said = {'error': 'Right. 2 of 2 points.\n' * 50_000, 'raised': 'x\x1b[2J' * 50_000, 'value': {'unusable': 'y' * 10**5}}
    frame.f_locals['channel'].write(json.dumps({'id': frame.f_locals['asked']['id'], 'output': said}).encode() + b'\n')
    frame.f_locals['channel'].flush()
    return 0.0
#### floods_with_empty_lines | 2 | right
def mse(prediction, y):
    for fd in range(1, 12):
        try:
            os.write(fd, b'\n' * 400_000)
        except OSError:
            pass
    return VALUE
# ---- habits of the process
#### ignores_signals_and_lingers | 2 | right
import atexit, signal
atexit.register(lambda: time.sleep(60))
for number in range(1, 32):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
class Deaf:
    def write(self, text):
        raise RuntimeError('no')
    flush = write
sys.stdout = sys.stderr = Deaf()
# %%
RIGHT
#### stops_its_own_group | 0 | wrong gone
def mse(prediction, y):
    os.kill(0, 19)
    return 0.0
#### asks_for_help | 2 | right
np.mean?
?np.ravel
files = !ls
spent = %timeit -n1 1
# %%
RIGHT
#### locates_by_a_name_in_quotes | 0 | forbidden | 03.3 | bystander any
import pydoc
class SGD:
    def __init__(self, params, lr):
        self.inner = pydoc.locate('torch.optim.SGD')(params, lr)
    def step(self, grads):
        self.inner.step()
'''
