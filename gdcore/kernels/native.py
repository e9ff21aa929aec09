"""A program as C: one loop over all entries of all tensors, built by the machine's own compiler and kept on disk."""

import ctypes
import hashlib
import os
import pathlib
import platform
import shlex
import shutil
import subprocess
import sysconfig
import tempfile

from gdcore.kernels.scalars import Scalars
from gdcore.kernels.trace import NotTraceable, late, reach

__all__ = ["CannotCompile", "NativeKernel", "build", "compiler"]

# nan passes through sign, max and min, as it does in torch
_HEADER = """#include <math.h>
#define SIGN(a) ((a) > 0 ? (T)1 : (a) < 0 ? (T)-1 : (a))
#define MAX(a, b) ((a) > (b) || (a) != (a) ? (a) : (b))
#define MIN(a, b) ((a) < (b) || (a) != (a) ? (a) : (b))
"""
_FORMS = {"add": "{} + {}", "mul": "{} * {}", "div": "{} / {}", "gt": "{} > {}", "eq": "{} == {}", "sqrt": "sqrt{f}({})",
          "sign": "SIGN({})", "abs": "fabs{f}({})", "max": "MAX({}, {})", "min": "MIN({}, {})", "where": "{} ? {} : {}"}
_FLAGS = ["-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-fopenmp-simd", "-fPIC", "-shared"]


class CannotCompile(RuntimeError):
    """This machine makes no kernels: no compiler, one that fails, or nowhere to keep what it made."""


class NativeKernel:
    """One step in C for torch.float32 or torch.float64.

    `lengths(tasks, arrays, c)` returns the sums of squares that the rule's norms need, one row a task; `step(tasks, arrays, c,
    norms)` changes the arrays in place. `scalars(h, t, s)` is the part that Python computes once a step.
    """

    def __init__(self, program, dtype):
        self.program = program
        self.type = {"torch.float32": "float", "torch.float64": "double"}[str(dtype)]
        outputs = [n for n in reach(*program.outputs.values()) if n.op != "const"]
        if any(n.op == "operator" for n in outputs):
            raise NotTraceable("The products of matrices have no loop over entries.")
        self.norms = [n for n in outputs if n.op == "norm"]
        if any(inner.op == "norm" for n in self.norms for inner in reach(n.args[0])):
            raise NotTraceable("The length of an array that itself depends on a length needs one more pass.")
        self._late = late(outputs)
        self.wanted = Scalars(program)
        self.source = self._source()
        self.scalars, _ = self.wanted.build()
        library = ctypes.CDLL(str(build(self.source)))
        self.step, self.lengths = library.step, library.lengths
        self.step.restype = self.lengths.restype = None

    def _source(self):
        names = ["param", "grad", *self.program.arrays]
        loads = [f"T *restrict {n}_ = arrays[{len(names)} * tensor[k] + {i}] + start[k];" for i, n in enumerate(names)]
        task = ["  for (long k = 0; k < tasks; k++) {", *(f"    {line}" for line in loads)]
        loop = ["{simd}    for (long i = 0; i < size[k]; i++) {{", *(f"      const T {n} = {n}_[i];" for n in names)]
        sums = [f"s{i}" for i in range(len(self.norms))]
        sum_loop = [loop[0].format(simd=f"    #pragma omp simd reduction(+:{', '.join(sums)})\n" if sums else ""), *loop[1:]]
        loop[0] = loop[0].format(simd="    #pragma omp simd\n")
        first, found = self._body([n.args[0] for n in self.norms])
        total = [f"      {s} += (double){v} * (double){v};" for s, v in zip(sums, found, strict=True)]
        late = [f"    const double n{n.number} = norms[{len(sums)} * tensor[k] + {i}];" for i, n in enumerate(self.norms)]
        scalar = self._scalars()
        body, results = self._body(list(self.program.outputs.values()))
        store = [f"      {n}_[i] = {v};" for n, v in zip(self.program.outputs, results, strict=True)]
        head = "(long tasks, const long *tensor, const long *start, const long *size, T **arrays, const double *c, double *norms) {"
        return "\n".join([
            _HEADER, f"#define T {self.type}", "",
            "void lengths" + head, *task, *(f"    double {s} = 0;" for s in sums), *sum_loop, *first, *total, "    }",
            *(f"    norms[{len(sums)} * k + {i}] = {s};" for i, s in enumerate(sums)), "  }", "}", "",
            "void step" + head, *task, *late, *scalar, *loop, *body, *store, "    }", "  }", "}", "",
        ])  # fmt: skip

    def _scalars(self):
        """Lines that compute, once for each tensor, what depends on its lengths."""
        lines = []
        for n in reach(*self.program.outputs.values()):
            if n.number in self._late and n.op != "norm":
                args = [self._name(a) for a in n.args]
                lines.append(f"    const double n{n.number} = {_FORMS[n.op].format(*args, f='')};")
        return lines

    def _body(self, roots):
        """(lines of the loop, the names of the roots' values)."""
        lines, f = [], "f" if self.type == "float" else ""
        for n in reach(*roots):
            if n.array and n.op not in ("x", "g", "state"):
                kind = "int" if n.op in ("gt", "eq") else "T"
                args = [self._name(a) if a.array else f"(T){self._name(a)}" for a in n.args]
                lines.append(f"      const {kind} n{n.number} = {_FORMS[n.op].format(*args, f=f)};")
        return lines, [self._name(r) for r in roots]

    def _name(self, n):
        if n.op in ("x", "g"):
            return {"x": "param", "g": "grad"}[n.op]
        if n.op == "state" and n.array:
            return n.args[0]
        if n.op == "const":
            return repr(n.args[0])
        if n.array or n.number in self._late:
            return f"n{n.number}"
        return f"c[{self.wanted.name(n)[1:]}]"


def compiler():
    """The C compiler's command; CannotCompile if the machine has none."""
    named = os.environ.get("CC") or sysconfig.get_config_var("CC") or ""
    for command in (*([shlex.split(named)] if named else []), ["cc"], ["gcc"], ["clang"]):
        if shutil.which(command[0]):
            return command[:1]
    raise CannotCompile("found no C compiler: install gcc or clang, or name one in CC")


def cache():
    """The folder of compiled kernels: GDCORE_CACHE, or the user's own cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(os.environ.get("GDCORE_CACHE") or pathlib.Path(base) / "gdcore")


def _processor():
    """What machine code for this processor depends on."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        return "".join(sorted({line for line in lines if line.startswith(("flags", "Features", "model name"))}))
    except OSError:
        return platform.processor() + platform.machine()


def build(source):
    """Path of the library compiled from this source; compiled once for each processor and compiler."""
    command = [*compiler(), *_FLAGS]
    key = hashlib.sha256("\0".join([source, *command, _processor()]).encode()).hexdigest()[:24]
    target = cache() / f"{key}.so"
    if target.exists():
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _compile(source, command, target)
    except OSError as error:
        raise CannotCompile(f"cannot keep kernels in {target.parent} ({error.strerror}): name another folder in GDCORE_CACHE") from None
    return target


def _compile(source, command, target):
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:  # then renamed: nobody loads half a library
        text, library = pathlib.Path(folder) / "kernel.c", pathlib.Path(folder) / "kernel.so"
        text.write_text(source)
        done = subprocess.run([*command, str(text), "-o", str(library), "-lm"], capture_output=True, text=True)
        if done.returncode:
            words = done.stderr.replace(f"{folder}/", "").strip()[:500]  # the same for each kernel, so that it is said once
            raise CannotCompile(f"found that {command[0]} fails: {words}")
        os.replace(library, target)
