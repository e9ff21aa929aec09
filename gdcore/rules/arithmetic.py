"""The arithmetic that rules are written in: it asks the array itself which world it lives in.

A rule says `sqrt(v)`; whether `v` is a Python float, a NumPy, torch or JAX array, a SymPy symbol or a traced
value is found out here, so that no rule names a framework and importing the rules imports none.
"""

import builtins
import functools
import importlib
import math
import sys

__all__ = ["sqrt", "sign", "maximum", "minimum", "clip", "where", "equal", "ratio", "norm", "rms", "mean", "total", "matmul", "transpose",
           "addmm", "inverse_root", "eigenvectors", "follow", "zeros_like", "full_like", "eye_like", "shape", "size", "matrix_shape",
           "cast", "machine_eps", "named", "NAMED", "is_scalar", "world"]

_MODULES = {"numpy": "numpy", "torch": "torch", "jax": "jax.numpy", "jaxlib": "jax.numpy", "sympy": "gdcore.rules.symbols",
            "tensorflow": "gdcore.rules.tensorflow_world"}


def world(*values):
    """The module whose functions act on these values; None for plain Python numbers.

    A type may bring its own arithmetic as the attribute `_arithmetic_` (the tracer does).
    """
    for value in values:
        kind = type(value)
        found = _worlds[kind] if kind in _worlds else _world_of(kind)
        if found is not None:
            return found
    return None


_worlds = {}  # {type: its world}; a dictionary, since torch.compile warns of functools.cache


def _world_of(kind):
    own = getattr(kind, "_arithmetic_", None)
    homes = (base.__module__.partition(".")[0] for base in kind.__mro__)  # a subclass of a tensor is a tensor
    name = next((_MODULES[home] for home in homes if home in _MODULES), None)
    _worlds[kind] = own if own is not None or name is None else importlib.import_module(name)
    return _worlds[kind]


def is_scalar(x):
    """True for a plain Python number."""
    return world(x) is None


def sqrt(x):
    w = world(x)
    if w is None:  # like every array world, the root of a negative number is nan and not an exception
        return math.sqrt(x) if x >= 0 else math.nan
    return w.sqrt(x)


def sign(x):
    w = world(x)
    if w is None:
        return float((x > 0) - (x < 0))
    return w.sign(x)


def maximum(a, b):
    return _two("maximum", builtins.max, a, b)


def minimum(a, b):
    return _two("minimum", builtins.min, a, b)


def clip(x, low, high):
    """x, but not below low and not above high."""
    return minimum(maximum(x, low), high)


def _two(name, python, a, b):
    w = world(a, b)
    if w is None:
        return python(a, b)
    if w.__name__ == "torch":  # torch's maximum takes tensors only, its clamp takes a number as well
        if is_scalar(a):
            a, b = b, a
        if is_scalar(b):
            return w.clamp(a, min=b) if name == "maximum" else w.clamp(a, max=b)
    return getattr(w, name)(a, b)


def where(condition, a, b):
    """`a` where the condition holds, else `b`; a Python condition picks one of them whole."""
    w = world(condition)
    if w is None:
        return a if condition else b
    if w.__name__ == "torch":  # a condition on numbers lies on the CPU, what it chooses from may lie elsewhere
        there = (v.device for v in (a, b) if not is_scalar(v) and v.device != condition.device)
        condition = condition.to(next(there, condition.device))
    return w.where(condition, a, b)


def equal(a, b):
    """Whether two scalars are equal (on symbols, the equation and not its truth)."""
    w = world(a, b)
    return w.equal(a, b) if w is not None and hasattr(w, "SYMBOLIC") else a == b


def ratio(a, b):
    """a / b, and nan where Python would raise because b is 0: array worlds go on, so do rules."""
    return math.nan if is_scalar(b) and b == 0 else a / b


def norm(x):
    """The Euclidean length of all entries together (Frobenius norm of a matrix)."""
    w = world(x)
    if w is None:
        return abs(x)
    return w.linalg.norm(x) if hasattr(w, "linalg") else w.norm(x)  # of all entries, whatever the shape


def rms(x):
    """The root mean square of all entries."""
    w = world(x)
    if w is None:
        return abs(x)
    return w.rms(x) if hasattr(w, "rms") else norm(x) / math.sqrt(math.prod(x.shape))


def mean(x, axis=None):
    """The mean along one axis, which is kept with length 1; without an axis the mean of all entries, one number."""
    w = world(x)
    if axis is None:
        return x if w is None else w.mean(x) if hasattr(w, "OWN") else x.mean()
    return w.mean(x, axis) if hasattr(w, "OWN") else x.mean(axis, keepdims=True)


def total(x):
    """The sum of all entries, one number."""
    w = world(x)
    return x if w is None else w.total(x) if hasattr(w, "OWN") else x.sum()


def shape(x):
    """The shape of an array, () for a number; symbols stand for matrices of unknown shape."""
    return () if is_scalar(x) else world(x).shape(x) if hasattr(world(x), "OWN") else tuple(x.shape)


def size(x):
    """How many entries an array has; 0 for a number."""
    if is_scalar(x):
        return 0
    return world(x).size(x) if hasattr(world(x), "OWN") else math.prod(x.shape)


def matrix_shape(x):
    """(rows, columns) of a matrix; ValueError for anything else."""
    size = shape(x)
    if len(size) != 2:
        raise ValueError(
            f"This rule works on matrices and got an array of shape {size}; give vectors and numbers to another rule, such as AdamW."
        )
    return size


NAMED = {}  # {name: function} of those decorated


def named(latex):
    """Decorator: on symbols, the function stays one named operator, shown as `latex`, and its body is not entered."""

    def decorate(function):
        @functools.wraps(function)
        def call(*args):
            w = world(*args)
            return w.operator(function.__name__, latex, *args) if hasattr(w, "SYMBOLIC") else function(*args)

        call.latex = latex
        NAMED[function.__name__] = call
        return call

    return decorate


def matmul(a, b):
    """The matrix product."""
    w = _matrix_world(a, "A matrix product")
    if _slow(w, a):
        return w.matmul(a.float(), b.float()).to(a.dtype)
    return w.matmul(a, b)


def addmm(c, a, b, beta=1, alpha=1):
    """beta c + alpha a b, a matrix product with what is added to it: in one go where the world can."""
    w = _matrix_world(c, "A matrix product")
    if w.__name__ == "torch":
        if _slow(w, c):
            return w.addmm(c.float(), a.float(), b.float(), beta=beta, alpha=alpha).to(c.dtype)
        return w.addmm(c, a, b, beta=beta, alpha=alpha)
    return beta * c + alpha * w.matmul(a, b)


def _slow(w, x):
    """Whether torch multiplies these matrices number by number: bfloat16, on a processor that has no instructions for it.

    It sums such products in single precision and rounds once. The product in single precision, rounded, is the same but for the order
    of the sum, and there up to a hundred times faster (pytorch/pytorch#146508 has measurements).
    """
    return w.__name__ == "torch" and x.dtype == w.bfloat16 and x.device.type == "cpu" and not _multiplies_bfloat16()


def _multiplies_bfloat16():
    """Whether this processor has instructions for it, as far as torch knows."""
    capabilities = getattr(sys.modules["torch"].cpu, "get_capabilities", dict)()  # older versions have no such list
    return any(has for name, has in capabilities.items() if "bf16" in name)


def transpose(x):
    """The last two axes exchanged."""
    w = _matrix_world(x, "A transpose")
    return w.transpose(x) if hasattr(w, "OWN") else x.mT


def inverse_root(a, p):
    """A^(-1/p) of a symmetric positive semi-definite matrix, through its eigenvalues; those that are 0 up to rounding count as rounding."""
    w = _matrix_world(a, "An inverse root")
    if hasattr(w, "OWN"):
        return w.inverse_root(a, p)
    if w.__name__ == "torch":  # single precision loses the small eigenvalues, which the root makes large
        values, vectors = w.linalg.eigh(a.double())
        values = values.clamp(min=sys.float_info.epsilon * values.abs().max())
        return ((vectors * values ** (-1 / p)) @ vectors.mT).to(a.dtype)
    values, vectors = w.linalg.eigh(a)
    values = w.maximum(values, w.finfo(a.dtype).eps * abs(values).max())
    return (vectors * values ** (-1 / p)) @ vectors.mT


def eigenvectors(a):
    """The eigenvectors of a symmetric matrix as columns, that of the largest eigenvalue first."""
    w, wide = _wide(a)
    return cast(w.flip(w.linalg.eigh(wide)[1], (1,)), a.dtype)


def follow(a, q):
    """The basis q, turned towards the eigenvectors of a by a step of orthogonal iteration, and its columns' order, largest first."""
    w, wide = _wide(a)
    product = w.matmul(wide, cast(q, wide.dtype))
    order = w.argsort(-(q * product).sum(0))
    return cast(w.linalg.qr(product[:, order])[0], a.dtype), order


def _wide(a):
    """The world of a matrix whose eigenvectors are wanted, and the matrix: torch has them in full precision only."""
    w = _matrix_world(a, "An eigenbasis")
    if hasattr(w, "OWN"):
        raise TypeError(f"An eigenbasis needs a NumPy, torch or JAX matrix, got {type(a).__name__}.")
    return w, a.double() if w.__name__ == "torch" else a


def zeros_like(x):
    return full_like(x, 0.0)


def full_like(x, value):
    w = world(x)
    if w is None or not hasattr(w, "full_like"):
        return value
    return w.full_like(x, value)


def eye_like(x, n, scale=1.0):
    """`scale` times the n × n identity, in the dtype (and on the device) of x."""
    w = _matrix_world(x, "An identity matrix")
    extra = {"device": x.device} if w.__name__ == "torch" else {}
    return scale * w.eye(n, dtype=x.dtype, **extra)


def machine_eps(x):
    """The distance from 1 to the next number that the dtype of x can hold."""
    w = world(x)
    if w is None:
        return sys.float_info.epsilon
    return w.machine_eps(x) if hasattr(w, "OWN") else float(w.finfo(x.dtype).eps)


def cast(x, dtype):
    """x in another floating-point type: that of the name given, such as "bfloat16", or a dtype of x's own world."""
    w = world(x)
    kind = getattr(w, dtype, None) if isinstance(dtype, str) else dtype
    if kind is None:
        owner = w.__name__ if w else "Python"
        raise TypeError(f"{owner} has no numbers of the type {dtype}: give torch or JAX arrays, or ask for full precision.")
    return w.cast(x, kind) if hasattr(w, "OWN") else x.to(kind) if w.__name__ == "torch" else x.astype(kind)


def _matrix_world(x, what):
    w = world(x)
    if w is None or not (hasattr(w, "linalg") or hasattr(w, "OWN")):
        raise TypeError(f"{what} needs a NumPy, torch, JAX or TensorFlow matrix, got {type(x).__name__}.")
    return w
