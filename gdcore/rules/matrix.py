"""Rules that treat a weight matrix as a matrix."""

from dataclasses import dataclass
from typing import ClassVar

from gdcore.rules.arithmetic import (
    addmm,
    cast,
    eigenvectors,
    equal,
    eye_like,
    follow,
    inverse_root,
    machine_eps,
    matmul,
    matrix_shape,
    maximum,
    mean,
    minimum,
    named,
    norm,
    rms,
    shape,
    sqrt,
    transpose,
    where,
    zeros_like,
)
from gdcore.rules.base import Rule

__all__ = ["Adafactor", "Muon", "SOAP", "Shampoo", "newton_schulz"]


@dataclass(frozen=True)
class Adafactor(Rule):
    """Adafactor: a divisor like Adam's, kept as one number for each row and one for each column.

    Shazeer and Stern (2018), arXiv:1804.04235. Matches torch.optim.Adafactor: the learning rate `lr` is relative to the
    size of the weights, and the squared gradient is held above eps1² where the paper adds it. Vectors keep the whole
    divisor. With eps1 = None it is the machine precision of the weights.
    """

    lr: float = 1e-2
    beta2_decay: float = -0.8
    eps1: float | None = None
    eps2: float = 1e-3
    d: float = 1.0
    weight_decay: float = 0.0
    reads: ClassVar[str] = "tensor"

    def init(self, x):
        if len(shape(x)) < 2:
            return zeros_like(x), 0.0
        return zeros_like(mean(x, -1)), zeros_like(mean(x, -2))

    def update(self, x, g, t, r, c):
        eps1 = machine_eps(x) if self.eps1 is None else self.eps1
        beta2 = 1 - t**self.beta2_decay
        if len(shape(g)) < 2:
            r = beta2 * r + (1 - beta2) * g**2
            v = r
        else:
            r = beta2 * r + (1 - beta2) * mean(g**2, -1)
            c = beta2 * c + (1 - beta2) * mean(g**2, -2)
            v = r * c / maximum(mean(r, -2), eps1)
        u = g / sqrt(maximum(v, eps1**2))
        eta = maximum(self.eps2, rms(x)) * minimum(self.lr, 1 / sqrt(t))
        x = (1 - self.lr * self.weight_decay) * x
        return x - eta / maximum(1.0, rms(u) / self.d) * u, r, c


@named(r"\operatorname{NS}_k")
def newton_schulz(x, steps=5, coefficients=(3.4445, -4.7750, 2.0315), eps=1e-7, precision="full"):
    """Nearly the nearest orthogonal matrix: singular values go to about 1, singular vectors stay.

    Jordan et al. (2024), Muon: An optimizer for hidden layers in neural networks. Each step maps every singular value s to
    a s + b s³ + c s⁵; those of the result lie between 0.68 and 1.2 (for inputs of at least 0.003 of the norm). So rough a
    result needs few digits: precision "bfloat16" is several times faster where the machine multiplies such numbers.
    """
    if precision != "full":
        return cast(newton_schulz(cast(x, precision), steps, coefficients, eps), x.dtype)
    a, b, c = coefficients
    rows, columns = matrix_shape(x)
    tall = rows > columns
    if tall:
        x = transpose(x)
    x = x / maximum(norm(x), eps)
    for _ in range(steps):
        gram = matmul(x, transpose(x))
        x = addmm(x, addmm(gram, gram, gram, b, c), x, a)
    return transpose(x) if tall else x


def shape_scale(x, adjust="original"):
    """How much longer a step is for a matrix of this shape."""
    rows, columns = matrix_shape(x)
    return sqrt(maximum(1, rows / columns)) if adjust == "original" else 0.2 * sqrt(maximum(rows, columns))


@dataclass(frozen=True)
class Muon(Rule):
    """Muon: an averaged gradient whose singular values are all made about equal.

    Jordan et al. (2024), Muon: An optimizer for hidden layers in neural networks; the scale "match_rms_adamw" is of Liu et
    al. (2025), arXiv:2502.16982. Matches torch.optim.Muon, whose ns_precision is always "bfloat16". For matrices only.
    """

    lr: float = 1e-3
    weight_decay: float = 0.1
    momentum: float = 0.95
    nesterov: bool = True
    ns_coefficients: tuple = (3.4445, -4.7750, 2.0315)
    eps: float = 1e-7
    ns_steps: int = 5
    adjust_lr: str = "original"
    ns_precision: str = "full"
    reads: ClassVar[str] = "matrix"

    def update(self, x, g, t, b):
        b = self.momentum * b + (1 - self.momentum) * g
        u = self.momentum * b + (1 - self.momentum) * g if self.nesterov else b
        o = newton_schulz(u, self.ns_steps, self.ns_coefficients, self.eps,
                          self.ns_precision)
        x = (1 - self.lr * self.weight_decay) * x
        return x - self.lr * shape_scale(x, self.adjust_lr) * o, b


@dataclass(frozen=True)
class Shampoo(Rule):
    """Shampoo: the gradient, whitened along its rows and along its columns.

    Gupta, Koren and Singer (2018), arXiv:1802.09568, Algorithm 1: both memories start at eps times the identity. For
    matrices only.
    """

    lr: float = 1e-1
    eps: float = 1e-4
    reads: ClassVar[str] = "matrix"

    def init(self, x):
        rows, columns = matrix_shape(x)
        return eye_like(x, rows, self.eps), eye_like(x, columns, self.eps)

    def update(self, x, g, t, l, r):
        l = l + matmul(g, transpose(g))
        r = r + matmul(transpose(g), g)
        return x - self.lr * matmul(matmul(inverse_root(l, 4), g), inverse_root(r, 4)), l, r


@dataclass(frozen=True)
class SOAP(Rule):
    """SOAP: Adam in the basis in which Shampoo is diagonal, a basis that is brought up to date every few steps.

    Vyas et al. (2024), arXiv:2409.11321, Algorithm 3, as in their code: the first gradient only founds the bases, the decay follows the
    step. Matches pytorch_optimizer's SOAP. For matrices only.
    """

    lr: float = 3e-3
    beta1: float = 0.95
    beta2: float = 0.95
    eps: float = 1e-8
    weight_decay: float = 1e-2
    precondition_frequency: int = 10
    reads: ClassVar[str] = "matrix"

    def init(self, x):
        rows, columns = matrix_shape(x)
        l, r = eye_like(x, rows, 0.0), eye_like(x, columns, 0.0)
        return zeros_like(x), zeros_like(x), l, r, eye_like(x, rows), eye_like(x, columns)

    def update(self, x, g, t, m, v, l, r, p, q):
        steps = maximum(t - 1, 1)
        begun = where(t > 1, 1.0, 0.0)  # the first gradient is looked at, not followed
        m = begun * (self.beta1 * m + (1 - self.beta1) * g)
        v = begun * (self.beta2 * v + (1 - self.beta2) * turned(p, g, q) ** 2)
        lr = self.lr * sqrt(1 - self.beta2**steps) / (1 - self.beta1**steps)
        u = turned(p, m, q) / (sqrt(v) + self.eps)
        x = x - lr * turned(transpose(p), u, transpose(q))
        x = (1 - begun * self.lr * self.weight_decay) * x
        l = self.beta2 * l + (1 - self.beta2) * matmul(g, transpose(g))
        r = self.beta2 * r + (1 - self.beta2) * matmul(transpose(g), g)
        p, q, v = self.bases(t, l, r, p, q, v)
        return x, m, v, l, r, p, q

    def bases(self, t, l, r, p, q, v):
        """The bases for the next step, and v with its rows and columns in their order."""
        def found():
            return eigenvectors(l), eigenvectors(r), v

        def renewed():
            (new_p, rows), (new_q, columns) = follow(l, p), follow(r, q)
            return new_p, new_q, v[rows][:, columns]

        first, due = equal(t, 1), equal((t - 1) % self.precondition_frequency, 0)
        return _if(first, found, lambda: _if(due, renewed, lambda: (p, q, v)))


def turned(p, a, q):
    """The matrix a in other bases: pᵀ a q."""
    return matmul(matmul(transpose(p), a), q)


def _if(condition, yes, no):
    """What one of two functions returns: a condition of plain numbers calls that one only, since both are dear."""
    if isinstance(condition, bool):
        return yes() if condition else no()
    return tuple(where(condition, a, b) for a, b in zip(yes(), no(), strict=True))
