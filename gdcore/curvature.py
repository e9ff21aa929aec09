"""The curvature of a loss: Hessian-vector products, the extreme eigenvalues, and the density of all of them.

A loss that is still attached to its graph comes in with the tensors it depends on. What passes are products H v, each at the price of
about two gradients; the matrix itself is never built (but by `dense`, to check on small networks). What leaves are NumPy numbers.
"""

import numpy as np
import torch

__all__ = ["Hessian"]


class Hessian:
    """The Hessian of a scalar loss with respect to tensors, as an operator: `H @ v`, `H.sharpness()`, `H.spectrum()`.

    loss: a tensor with one element that was computed from the parameters and still has its graph. parameters: a tensor or an iterable
    of tensors that require gradients; n is the number of all their entries, in the order in which they are given. The products are
    Pearlmutter's (1994): the gradient of g·v. They hold the graph, so make a new Hessian after each step.
    Raises ValueError for a loss of more than one element or one without a graph, and for parameters that require no gradient or none
    at all; TypeError for what is no tensor.

    >>> x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    >>> H = Hessian((x[0] ** 2 + 5 * x[1] ** 2) / 2, x)
    >>> H @ torch.tensor([1.0, 1.0], dtype=torch.float64)
    tensor([1., 5.], dtype=torch.float64)
    """

    def __init__(self, loss, parameters):
        self.parameters = [parameters] if isinstance(parameters, torch.Tensor) else list(parameters)
        _check(loss, self.parameters)
        gradients = torch.autograd.grad(loss, self.parameters, create_graph=True, allow_unused=True)
        self._gradients = [torch.zeros_like(p) if g is None else g for p, g in zip(self.parameters, gradients)]
        self._dtype, self._device = self.parameters[0].dtype, self.parameters[0].device

    def __len__(self):
        """n, the number of parameters."""
        return sum(p.numel() for p in self.parameters)

    @property
    def gradient(self):
        """The gradient, flat, of shape (n,)."""
        return torch.cat([g.detach().reshape(-1) for g in self._gradients])

    def __matmul__(self, v):
        """H v for a vector of shape (n,), as a tensor or an array; ValueError for another shape."""
        v = torch.as_tensor(v, dtype=self._dtype, device=self._device)
        if v.shape != (len(self),):
            raise ValueError(f"The vector has the shape {tuple(v.shape)}; with {len(self)} parameters it must be ({len(self)},).")
        pieces = v.split([p.numel() for p in self.parameters])
        bent = [(g, piece.view_as(g)) for g, piece in zip(self._gradients, pieces) if g.requires_grad]  # the others are constant
        if not bent:
            return torch.zeros_like(v)
        slopes, vectors = zip(*bent)
        products = torch.autograd.grad(slopes, self.parameters, vectors, retain_graph=True, allow_unused=True)
        return torch.cat([(torch.zeros_like(p) if h is None else h).reshape(-1) for p, h in zip(self.parameters, products)])

    def dense(self):
        """The whole matrix, of shape (n, n), by n products: for small n, to check by."""
        return np.stack([(self @ row).cpu().numpy() for row in torch.eye(len(self), dtype=self._dtype, device=self._device)])

    def extremes(self, k=1, tol=1e-6):
        """The k smallest and the k largest eigenvalues, ascending, 2k in all, by SciPy's Lanczos method to a relative tolerance.

        Where 2k is n or more, all n. The start vector is fixed, so the answer is the same each time.
        """
        if 2 * k >= len(self):
            return np.linalg.eigvalsh(self.dense().astype(float))
        from scipy.sparse.linalg import LinearOperator, eigsh

        product = lambda v: (self @ v.ravel()).cpu().numpy().astype(float)
        operator = LinearOperator((len(self), len(self)), matvec=product, dtype=float)
        start = np.random.default_rng(0).normal(size=len(self))
        return np.sort(eigsh(operator, 2 * k, which="BE", v0=start, tol=tol, return_eigenvectors=False))

    def sharpness(self, tol=1e-4):
        """The largest eigenvalue: on a bowl, a constant learning rate above 2 / sharpness explodes."""
        return float(self.extremes(1, tol)[-1])

    def trace(self, probes=16, seed=0):
        """An estimate of the sum of all eigenvalues: the mean of v·Hv over random signs v (Hutchinson 1990)."""
        return float(np.mean([float(v @ (self @ v)) for v in self._signs(probes, seed)]))

    def spectrum(self, steps=64, probes=4, seed=0):
        """(values, weights): points that stand for the density of all eigenvalues, ascending; the weights sum to 1.

        Stochastic Lanczos quadrature (Golub and Welsch 1969; for networks Ghorbani, Krishnan and Xiao 2019, arXiv:1901.10159): from each
        of `probes` random starts, `steps` products, orthogonalised in full. Sum of weights · f(values) estimates mean f(λ); it is exact
        for polynomials up to degree 2·steps − 1 along each start. Far outliers are found to many digits.
        """
        found = [_lanczos(lambda v: (self @ v).cpu().double(), v.cpu().double(), min(steps, len(self))) for v in self._signs(probes, seed)]
        values = np.concatenate([v for v, _ in found])
        weights = np.concatenate([w for _, w in found]) / probes
        order = np.argsort(values)
        return values[order], weights[order]

    def _signs(self, probes, seed):
        generator = torch.Generator().manual_seed(seed)
        for _ in range(probes):
            signs = 2 * torch.randint(0, 2, (len(self),), generator=generator) - 1
            yield signs.to(dtype=self._dtype, device=self._device)


def _lanczos(product, start, steps):
    """The eigenvalues of the tridiagonal matrix that `steps` products make from a start, and the weight of each in that start."""
    q = start / start.norm()
    basis, diagonal, beside = [q], [], []
    for _ in range(steps):
        w = product(basis[-1])
        diagonal.append(float(w @ basis[-1]))
        known = torch.stack(basis)
        for _ in range(2):  # once is not enough in floating point
            w = w - known.T @ (known @ w)
        beside.append(float(w.norm()))
        if beside[-1] <= 1e-12 * (abs(diagonal[0]) + beside[0]):  # nothing new: the start lies in a smaller space
            break
        basis.append(w / beside[-1])
    n = len(diagonal)
    values, vectors = np.linalg.eigh(np.diag(diagonal) + np.diag(beside[: n - 1], 1) + np.diag(beside[: n - 1], -1))
    return values, vectors[0] ** 2


def _check(loss, parameters):
    if not isinstance(loss, torch.Tensor) or not all(isinstance(p, torch.Tensor) for p in parameters):
        raise TypeError("A Hessian takes a loss that is a tensor, and the tensors it depends on, such as list(model.parameters()).")
    if not parameters:
        raise ValueError("There are no parameters: give the tensors that the loss depends on, such as list(model.parameters()).")
    if loss.numel() != 1:
        raise ValueError(f"The loss has the shape {tuple(loss.shape)}; a Hessian belongs to one number, such as loss.mean().")
    if not loss.requires_grad:
        raise ValueError("The loss has no graph: compute it from the parameters, outside torch.no_grad(), and do not detach it.")
    if not all(p.requires_grad for p in parameters):
        raise ValueError("A parameter requires no gradient: leave it out, or call requires_grad_() before the loss is computed.")
