"""L-BFGS as a torch optimizer: the one whose step asks for the loss several times."""

import math

import torch

from gdcore.algorithms.second_order import two_loops
from gdcore.line_search import strong_wolfe

__all__ = ["LBFGS"]


class LBFGS(torch.optim.Optimizer):
    """L-BFGS: Newton's direction from the last changes of the gradient, for the whole batch. Nocedal (1980); Liu and Nocedal (1989).

    Drop-in for torch.optim.LBFGS, with its arguments, defaults and state. `step(closure)` takes up to max_iter iterations and max_eval
    evaluations (None: 1.25 max_iter) and returns the loss before them. lr: the length of a step, and the first length that a line search
    tries; the first iteration of all is shorter, min(1, 1/Σ|g|) lr. line_search_fn: None takes every step as it is, which needs a
    fitting lr; "strong_wolfe" is gdcore.line_search's. Ends early when the largest entry of the gradient is at most tolerance_grad, or a
    step or the loss changes by less than tolerance_change, or where the loss is not finite: the parameters stay. history_size: pairs of
    vectors kept, each as large as all parameters. One group only; float64 where the last digits matter. Raises ValueError for values out
    of range, TypeError without a closure.
    """

    def __init__(self, params, lr=1, max_iter=20, max_eval=None, tolerance_grad=1e-7, tolerance_change=1e-9, history_size=100,
                 line_search_fn=None):
        if isinstance(lr, torch.Tensor):
            if lr.numel() != 1:
                raise ValueError(f"Tensor lr must be 1-element, got one of shape {tuple(lr.shape)}.")
            lr = lr.item()
        if not lr >= 0:
            raise ValueError(f"LBFGS got lr = {lr!r}; give a number from 0 up.")
        for name, value in dict(max_iter=max_iter, history_size=history_size).items():
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"LBFGS got {name} = {value!r}; give a whole number from 1 up.")
        if line_search_fn not in (None, "strong_wolfe"):
            raise ValueError(f"LBFGS got line_search_fn = {line_search_fn!r}; it is None or 'strong_wolfe'.")
        super().__init__(params, dict(
            lr=lr, max_iter=max_iter, max_eval=max_iter * 5 // 4 if max_eval is None else max_eval, tolerance_grad=tolerance_grad,
            tolerance_change=tolerance_change, history_size=history_size, line_search_fn=line_search_fn))  # fmt: skip
        if len(self.param_groups) != 1:
            raise ValueError(f"LBFGS has one group of parameters, got {len(self.param_groups)}: all of them make one direction.")

    @property
    def _params(self):
        return self.param_groups[0]["params"]

    @torch.no_grad()
    def step(self, closure=None):
        """Iterate; closure() clears the gradients, computes the loss, calls backward and returns the loss. Returns the first loss."""
        if closure is None:
            raise TypeError("LBFGS.step needs a closure that clears the gradients, calls backward and returns the loss: step(closure).")
        group, closure = self.param_groups[0], torch.enable_grad()(closure)
        state = self.state[self._params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        first = closure()
        loss, g, evaluations = float(first), self._gradient(), 1
        state["func_evals"] += 1
        for iteration in range(group["max_iter"]):
            if g.abs().max() <= group["tolerance_grad"]:
                break
            d = self._direction(state, group, g)
            start = group["lr"] / max(1.0, float(g.abs().sum())) if state["n_iter"] == 1 else group["lr"]
            before, state["prev_flat_grad"], state["d"], state["t"] = loss, g.clone(), d, start
            slope = float(g @ d)
            if slope > -group["tolerance_change"] or not math.isfinite(loss + slope):
                break
            if group["line_search_fn"] and slope >= 0:  # nothing to search for
                break
            last = iteration + 1 == group["max_iter"]
            state["t"], loss, g, cost = self._along(closure, group, loss, g, d, start, last)
            evaluations += cost
            state["func_evals"] += cost
            state["prev_loss"] = before
            if evaluations >= group["max_eval"] or float((d * state["t"]).abs().max()) <= group["tolerance_change"]:
                break
            if abs(loss - before) < group["tolerance_change"]:
                break
        return first

    def _direction(self, state, group, g):
        """Minus the inverse Hessian that the pairs stand for, times g; the newest pair is noted first."""
        state["n_iter"] += 1
        if state["n_iter"] == 1:
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
            return -g
        y, s = g - state["prev_flat_grad"], state["d"] * state["t"]
        curved = float(y @ s)
        if curved > 1e-10:
            for name, new in (("old_dirs", y), ("old_stps", s), ("ro", 1.0 / curved)):
                state[name].append(new)
                del state[name][: -group["history_size"]]
            state["H_diag"] = curved / float(y @ y)
        if not state["old_dirs"]:
            return -g * state["H_diag"]
        return two_loops(list(zip(state["old_stps"], state["old_dirs"])), -g)

    def _along(self, closure, group, loss, g, d, start, last):
        """Go along d: (length, loss there, gradient there, evaluations)."""
        x = torch.cat([_real(p).reshape(-1) for p in self._params])
        if group["line_search_fn"] is None:
            self._write(x + start * d)
            if last:  # nobody will look at the gradient there
                return start, loss, g, 0
            return start, float(closure()), self._gradient(), 1
        seen = {}

        def value(z):
            if z is x or torch.equal(z, x):
                return loss
            self._write(z)
            seen["loss"], seen["gradient"] = float(closure()), self._gradient()
            return seen["loss"]

        found = strong_wolfe(value, x, d, lambda z: g if z is x else seen["gradient"], start=start, most=25)
        self._write(x + found.step * d)
        return found.step, found.value, found.gradient if found.step else g, found.evaluations - 1

    def _gradient(self):
        parts = (torch.zeros_like(p) if p.grad is None else p.grad.to_dense() if p.grad.is_sparse else p.grad for p in self._params)
        return torch.cat([_real(part).reshape(-1) for part in parts])

    def _write(self, x):
        for p, part in zip(self._params, x.split([_real(p).numel() for p in self._params])):
            _real(p).copy_(part.view_as(_real(p)))


def _real(a):
    """Complex numbers as pairs of real ones."""
    return torch.view_as_real(a.resolve_conj()) if a.is_complex() else a
