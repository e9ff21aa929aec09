"""How a rule meets many tensors: laid out in memory so that plain mathematics runs as fast as hand-written kernels.

Small tensors share one flat buffer, so that a step costs a few calls and not a few calls each; large ones are walked in
chunks that fit the processor's cache, so that temporaries never reach main memory.
"""

import ctypes
import functools
import math
import os
import shutil
import types
import warnings
from concurrent.futures import ThreadPoolExecutor

import torch

from gdcore.kernels import NotTraceable, structure, trace
from gdcore.kernels.eager import EagerKernel
from gdcore.kernels.fused import FusedKernel
from gdcore.kernels.native import CannotCompile, NativeKernel
from gdcore.rules.arithmetic import world

__all__ = ["PLAIN", "bucket_for", "is_plain", "plain_step", "program_of"]

CHUNK = 262144  # entries: five arrays of this length fit into a last-level cache, and a call costs little beside them
TASK = 65536  # entries: a thread's portion of a compiled loop, which has no calls to save
SMALL = 16384  # entries for each torch call that packing saves: below this the call costs more than the copies
PLAIN = (torch.Tensor, torch.nn.Parameter)
_programs, _kernels = {}, {}


def program_of(rule):
    """The rule's traced program, or None if it has none; traced once for each structure."""
    key = structure(rule)
    if key not in _programs:
        try:
            _programs[key] = trace(rule)
        except NotTraceable:
            _programs[key] = None
    return _programs[key]


def _kernel(kind, rule, *extra):
    """The rule's kernel of this kind, None if it has none, False if this machine makes none; tried once for each structure."""
    key = (kind, structure(rule), *extra)
    if key not in _kernels:
        _kernels[key] = None
        if program_of(rule) is not None:
            try:
                _kernels[key] = kind(program_of(rule), *extra)
            except NotTraceable:
                pass
            except CannotCompile as reason:
                _say(str(reason))
                _kernels[key] = False
    return _kernels[key]


def is_plain(*tensors):
    """Whether these are torch's own tensors, with memory of their own. Subclasses (DTensor, FakeTensor, …) may have none."""
    return all(type(a) in PLAIN and a.layout is torch.strided for a in tensors)


def bucket_for(rule, params, memory, compile, odd=False):
    """The bucket that steps these parameters. memory: for each parameter its {name: array} of live memory.

    odd: their memory is not like them, or they are no plain tensors, or one is there twice: each is stepped alone, by torch's own calls.
    """
    first = _real(params[0])
    if odd or not first.is_contiguous():
        return TensorBucket(params, memory)
    if compile and first.device.type == "cpu" and first.dtype in (torch.float32, torch.float64):
        kernel = _kernel(NativeKernel, rule, first.dtype)
        if kernel:
            return NativeBucket(params, memory, kernel)
        compile = kernel is not False
    compile = compile and (first.device.type != "cpu" or _torch_compiles())
    matrices = rule.reads == "matrix"  # their products take the time, and on a CPU no compiler makes them faster
    if first.device.type == "cpu" and (matrices or rule.reads == "tensor" and not compile):  # elsewhere each length would be waited for
        kernel = _kernel(EagerKernel, rule)
        if kernel is not None:
            return FlatBucket(params, memory, kernel)
    if rule.reads != "entry":
        return TensorBucket(params, memory, compile and not (matrices and first.device.type == "cpu"))
    by_torch = compile and first.device.type != "cpu"  # there torch.compile fuses; torch calls one by one would not
    return FlatBucket(params, memory, None if by_torch else _kernel(EagerKernel, rule), compile)


@functools.cache
def _say(reason):
    """Why steps are taken uncompiled, once for each reason: they give the same numbers, and take longer."""
    warnings.warn(f"A compiled step was asked for, and gdcore {reason}. Steps are taken uncompiled.", RuntimeWarning, stacklevel=2)


@functools.cache
def _torch_compiles():
    """Whether torch.compile can work on this machine's processor: it asks for a C++ compiler."""
    found = any(shutil.which(name) for name in (os.environ.get("CXX"), "g++", "clang++") if name)
    if not found:
        _say("found no C++ compiler: install g++ or clang++, or name one in CXX")
    return found


class TensorBucket:
    """One tensor after the other, by the rule's own `update`: for rules that look at whole tensors, and odd layouts."""

    def __init__(self, params, memory, compile=False):
        self.params, self.memory = params, memory
        self.prepared = _compiled if compile else _plain

    def step(self, rule, hyper, t, scalars):
        update = self.prepared(rule, t, scalars)
        for p, memory in zip(self.params, self.memory, strict=True):
            new = update(_real(p), _real(p.grad), {n: _real(a) for n, a in memory.items()})
        return new  # the scalar memory is the same for all tensors of a bucket


def _real(a):
    """Complex numbers as pairs of real ones, as torch's optimizers see them."""
    return torch.view_as_real(a.resolve_conj()) if a.is_complex() else a


def _whole(a):
    """All (real) numbers of a tensor in its own shape: a view."""
    return _real(a.detach())


def _flat(a):
    """All (real) numbers of a contiguous tensor in a row: a view."""
    return _real(a.detach()).view(-1)


def plain_step(rule, t, x, g, arrays, scalars):
    """One plain step in place; returns the new scalar memory. A switched-off memory takes part as 0."""
    names = rule.state_names
    state = [arrays.get(n, scalars.get(n, 0.0)) for n in names]
    new_x, *new = rule.update(x, g, t, *state)
    _put(x, new_x)
    for name, value in zip(names, new, strict=True):
        if name in arrays:
            _put(arrays[name], value)
    return {n: v for n, v in zip(names, new, strict=True) if n in scalars}


def _put(a, value):
    """a becomes the value; one that is shared out among processes (a DTensor) gets its own parts of it."""
    if hasattr(a, "placements"):
        value = value.redistribute(a.device_mesh, a.placements)
    if a.dim() == 0:  # torch.compile of 2.13 forgets what is copied into a CPU tensor without axes, unless through a view
        a, value = a.view(1), value.view(1)
    a.copy_(value)


def _plain(rule, t, scalars):
    """The plain step at this t, as a function of one tensor's arrays."""
    return lambda x, g, arrays: plain_step(rule, t, x, g, arrays, scalars)


def _compiled(rule, t, scalars):
    """The same through torch.compile: numbers go in as tensors, so that a new t or learning rate compiles nothing anew.

    What depends on numbers alone is computed here, once for all tensors, if the rule can be traced; else the compiler is given the rule
    as it is.
    """
    kernel = _kernel(FusedKernel, rule)
    if kernel is None:
        return _compiled_rule(rule, t, scalars)
    constants, new = kernel.scalars(rule.hyperparameters(), float(t), scalars)
    constants = [_number(c) for c in constants]

    def step(x, g, arrays):
        _fusing(rule, x, g, kernel.step)(x, g, *(arrays[n] for n in kernel.program.arrays), *constants)
        return new

    return step


def _compiled_rule(rule, t, scalars):
    h = {k: _number(v) for k, v in rule.hyperparameters().items() if type(v) is float}
    t, scalars = _number(float(t)), {k: _number(v) for k, v in scalars.items()}

    def step(x, g, arrays):
        new = _fusing(rule, x, g, _tensor_update)(rule, t, h, x, g, arrays, scalars)
        return {n: v.item() for n, v in new.items()}

    return step


_fused = {}


def _fusing(rule, *given):
    """The function, the last one given, through torch.compile; made once for each structure, as torch gives up one that serves too many."""
    key, (*arrays, function) = structure(rule), given
    if key not in _fused:
        for value in (*arrays, 0.0, 0, True):  # known before, since the compiler stops where a world is looked for the first time
            world(value)
        own = types.FunctionType(function.__code__.replace(co_name=f"step_of_{type(rule).__name__}"), function.__globals__)
        _fused[key] = torch.compile(own, dynamic=True)
    return _fused[key]


def _number(value):
    """A number for the compiler; one that counts or chooses, such as how often to iterate, is a part of the program."""
    return torch.tensor(value, dtype=torch.float64) if type(value) is float else value


def _tensor_update(rule, t, h, x, g, arrays, scalars):
    return plain_step(rule.with_hyperparameters(**h), t, x, g, arrays, scalars)


class FlatBucket:
    """Rules for single entries: small tensors packed together, large ones in chunks. Whole kernels see whole tensors."""

    def __init__(self, params, memory, kernel, compile=False):
        self.kernel, self.names = kernel, list(memory[0])
        for m in memory:  # somebody may have put it there in another layout
            m.update((n, m[n].contiguous()) for n in self.names)
        self.prepared = _compiled if compile else _plain
        like = _real(params[0])
        chunks = like.device.type == "cpu" and kernel is not None and not kernel.whole  # a cache asks for chunks
        self.chunk = CHUNK if chunks else max(p.numel() for p in params) * 2
        self.packs = self._pack(params, memory, like)
        packed = {id(p) for pack in self.packs for p in pack.params}
        large = [(p, m) for p, m in zip(params, memory, strict=True) if id(p) not in packed]
        longest = max([pack.x.numel() for pack in self.packs] + [min(self.chunk, _real(p).numel()) for p, _ in large])
        self.temporaries = [like.new_empty(longest, requires_grad=False) for _ in range(kernel.temporaries if kernel else 0)]
        for pack in self.packs:
            pack.temporaries = self._cut(pack.x)
        short = [kernel is not None and _real(p).numel() <= self.chunk for p, _ in large]  # torch.compile sees rows: one shape, one program
        self.whole = [self._entry(p, m, _whole) for (p, m), fits in zip(large, short, strict=True) if fits]
        self.long = [self._entry(p, m, _flat) for (p, m), fits in zip(large, short, strict=True) if not fits]

    def _entry(self, p, memory, lay):
        """(parameter, its numbers, its memory, temporaries of its shape)."""
        x = lay(p)
        return p, x, [lay(memory[n]) for n in self.names], self._cut(x) if lay is _whole else None

    def _cut(self, x):
        """The temporaries as long as x and of its shape."""
        return [b[: x.numel()].view(x.shape) for b in self.temporaries]

    def _pack(self, params, memory, like):
        """Packs of small tensors, each of at most CHUNK entries; they share the space into which they are gathered."""
        if self.kernel and self.kernel.whole:
            return []
        runs, room = [], -1  # the first tensor opens a run, an empty one too
        small = min(CHUNK, SMALL * (self.kernel.calls - 1)) if self.kernel else SMALL
        for p, m in zip(params, memory, strict=True):
            if p.numel() <= small and not p.is_complex():
                if p.numel() > room:
                    runs.append([])
                    room = CHUNK
                runs[-1].append((p, m))
                room -= p.numel()
        longest = max((sum(p.numel() for p, _ in run) for run in runs), default=0)
        space = [like.new_empty(longest, requires_grad=False) for _ in range(2)]
        return [_Pack(run, self.names, *space) for run in runs]

    def step(self, rule, hyper, t, scalars):
        walk = self._walker(rule, hyper, t, scalars)
        for pack in self.packs:
            pack.gather()
            new = walk(pack.x, pack.g, pack.memory, pack.temporaries)
            pack.scatter()
        for p, x, memory, temporaries in self.whole:
            new = walk(x, _real(p.grad), memory, temporaries)
        for p, *numbers in self.long:
            for x, g, memory, temporaries in self._chunks(p.grad, *numbers):
                new = walk(x, g, memory, temporaries)
        return new

    def _chunks(self, grad, numbers, memory, _):
        for x, g, *arrays in zip(*(a.split(self.chunk) for a in (numbers, _real(grad).reshape(-1), *memory)), strict=True):
            yield x, g, arrays, self._cut(x)

    def _walker(self, rule, hyper, t, scalars):
        """This step as a function of a row of numbers and its memory, which returns the new scalar memory."""
        if self.kernel is None:
            update = self.prepared(rule, t, scalars)
            return lambda x, g, memory, _: update(x, g, dict(zip(self.names, memory, strict=True)))
        step, (constants, new) = self.kernel.step, self.kernel.scalars(hyper, t, scalars)

        def walk(x, g, memory, temporaries):
            step(x, g, *memory, *temporaries, *constants)
            return new

        return walk


class _Pack:
    """Small tensors that are stepped as one; their memory lies in one buffer, of which the optimizer's arrays are views."""

    def __init__(self, run, names, x, g):
        self.params = [p for p, _ in run]
        sizes = [p.numel() for p in self.params]
        self.x, self.g = x[: sum(sizes)], g[: sum(sizes)]
        self.x_parts, self.g_parts = ([part.view(p.shape) for p, part in zip(self.params, a.split(sizes), strict=True)]
                                      for a in (self.x, self.g))
        self.memory = []
        for name in names:
            flat = torch.cat([m[name].reshape(-1) for _, m in run])
            for (p, m), part in zip(run, flat.split(sizes), strict=True):
                m[name] = part.view(p.shape)
            self.memory.append(flat)

    def gather(self):
        torch._foreach_copy_(self.x_parts, self.params)
        torch._foreach_copy_(self.g_parts, [p.grad for p in self.params])

    def scatter(self):
        torch._foreach_copy_(self.params, self.x_parts)


class NativeBucket:
    """All tensors in one compiled loop, shared out among threads (a call into C lets go of Python's lock).

    C trusts what it is given. The memory is looked at here, and the plan sees before each step that parameters and memory lie where they
    lay, with as many numbers of the same kind; gradients are new at each step, and `_gradients` looks at them.
    """

    def __init__(self, params, memory, kernel):
        self.params, self.kernel = params, kernel
        names = kernel.program.arrays
        for m in memory:
            m.update((n, m[n].contiguous()) for n in names)
        self.sizes = [_real(p).numel() for p in params]
        self.dtype, rows = params[0].dtype, [[m[n] for n in names] for m in memory]
        for p, size, row in zip(params, self.sizes, rows, strict=True):
            if not all(_real(a).numel() == size and a.dtype == self.dtype and is_plain(a) for a in (p, *row)) or not p.is_contiguous():
                raise RuntimeError(f"The memory of a parameter of {size} numbers is not like it: make a new optimizer.")
        width = 2 + len(names)
        pointers = [place for p, row in zip(params, rows, strict=True) for place in (p.data_ptr(), None, *(a.data_ptr() for a in row))]
        self.arrays, self.slots = (ctypes.c_void_p * len(pointers))(*pointers), range(1, len(pointers), width)
        self.tasks = [(k, i, min(TASK, n - i)) for k, n in enumerate(self.sizes) for i in range(0, n, TASK)]
        self.shares = self._share(torch.get_num_threads())

    def _share(self, threads):
        """The tasks cut into runs of about equal length, each as (first task, three C arrays)."""
        total, shares, part, done = sum(self.sizes), [], [], 0
        for task in self.tasks:
            part.append(task)
            done += task[2]
            if done * threads >= total * (len(shares) + 1):
                shares.append(part)
                part = []
        shares = [s for s in [*shares, part] if s] if total > TASK else [self.tasks]
        return [(len(s), *((ctypes.c_long * len(s))(*column) for column in zip(*s, strict=True))) for s in shares if s]

    def step(self, rule, hyper, t, scalars):
        constants, new = self.kernel.scalars(hyper, t, scalars)
        c, arrays = (ctypes.c_double * len(constants))(*constants), self.arrays
        grads = self._gradients()  # alive until the step is done: some may be copies
        for slot, g in zip(self.slots, grads, strict=True):
            arrays[slot] = g.data_ptr()
        norms = self._norms(arrays, c) if self.kernel.norms else None
        self._run(lambda share: self.kernel.step(*share, arrays, c, norms))
        torch.autograd.graph.increment_version(self.params)
        return new

    def _gradients(self):
        """The gradients as the kernel may read them."""
        grads, dtype, cut, like = [], self.dtype, torch.strided, self.dtype.is_complex
        for p in self.params:
            g = p.grad
            if not (type(g) in PLAIN and g.layout is cut and g.dtype is dtype and g.is_cpu and p.shape == g.shape and p.is_contiguous()):
                raise RuntimeError(f"A parameter of shape {tuple(p.shape)} changed its layout after the first step: make a new optimizer.")
            grads.append((g.resolve_conj() if like else g).resolve_neg().contiguous())
        return grads

    def _norms(self, arrays, c):
        """The length of each array that the rule asks for, one row a tensor; summed in a fixed order."""
        width = len(self.kernel.norms)
        sums = [(ctypes.c_double * (width * share[0]))() for share in self.shares]
        self._run(lambda pair: self.kernel.lengths(*pair[0], arrays, c, pair[1]), zip(self.shares, sums, strict=True))
        norms = [0.0] * (width * len(self.params))
        for (_, owners, *_), found in zip(self.shares, sums, strict=True):
            for place, value in enumerate(found):
                norms[width * owners[place // width] + place % width] += value
        return (ctypes.c_double * len(norms))(*map(math.sqrt, norms))

    def _run(self, work, shares=None):
        first, *rest = self.shares if shares is None else shares
        others = [_workers().submit(work, share) for share in rest]
        work(first)
        for other in others:
            other.result()


_pool = None


def _workers():
    global _pool
    if _pool is None:
        _pool = ThreadPoolExecutor(max(1, torch.get_num_threads() - 1), thread_name_prefix="gdcore")
    return _pool
