"""K-FAC: natural gradient whose curvature is, for each layer, a product of two small matrices.

In come a model and, at each `curvature(output)`, its prediction; hooks keep what each layer was given. What passes are two factors a layer,
A of its inputs and G of the gradients at its outputs. What leaves is a step: G⁻¹ ∇W A⁻¹.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

__all__ = ["KFAC"]


class KFAC(torch.optim.Optimizer):
    """K-FAC for the linear and convolutional layers of a model: Martens and Grosse (2015), arXiv:1503.05671; Grosse and Martens (2016),
    arXiv:1602.01573, for convolutions.

    model: its nn.Linear and nn.Conv2d layers are trained (groups = 1, zero padding); `rest` lists the other parameters, for another
    optimizer. Between the forward pass and `loss.backward()` call `curvature(output)`, at every step or now and then; the loss is a mean.

    likelihood: what the output means, "categorical" (logits, for cross-entropy) or "gaussian" (for half the squared error). samples: how
    many targets are drawn from the model's own prediction for G; None goes through all outputs and is exact. damping: λ, added to the
    curvature and shared out between the factors. decay: memory of the factors. every: steps between two inversions. kl_clip: the largest
    η² ⟨step, gradient⟩ (Ba, Grosse and Martens 2017), None for none. generator: where the samples come from.
    Raises TypeError for parameters in place of a model, ValueError for values out of range and for other convolutions, RuntimeError for a
    step without curvature and for a prediction that is not finite.
    """

    def __init__(self, model, lr=0.1, momentum=0.9, weight_decay=0.0, damping=1e-2, decay=0.95, every=10, kl_clip=1e-3, *,
                 likelihood="categorical", samples=1, generator=None):
        if not isinstance(model, nn.Module):
            raise TypeError(f"KFAC takes the model itself, an nn.Module, to see what its layers are given; got {type(model).__name__}.")
        _check(("lr", lr, lr >= 0, "at least 0"), ("momentum", momentum, 0 <= momentum < 1, "in [0, 1)"),
               ("weight_decay", weight_decay, weight_decay >= 0, "at least 0"), ("damping", damping, damping >= 0, "at least 0"),
               ("decay", decay, 0 <= decay < 1, "in [0, 1)"), ("every", every, every >= 1, "at least 1"),
               ("kl_clip", kl_clip, kl_clip is None or kl_clip > 0, "above 0, or None"),
               ("samples", samples, samples is None or samples >= 1, "at least 1, or None"))
        if likelihood not in ("categorical", "gaussian"):
            raise ValueError(f"KFAC got likelihood = {likelihood!r}; it is 'categorical' or 'gaussian'.")
        self.layers = [m for m in model.modules() if isinstance(m, (nn.Linear, nn.Conv2d)) and m.weight.requires_grad]
        for layer in self.layers:
            if isinstance(layer, nn.Conv2d) and (layer.groups != 1 or layer.padding_mode != "zeros" or isinstance(layer.padding, str)):
                raise ValueError(f"KFAC takes convolutions with groups = 1 and a number of zeros as padding, got {layer}.")
        own = [p for layer in self.layers for p in layer.parameters(recurse=False)]
        if not own:
            raise ValueError("KFAC found no nn.Linear or nn.Conv2d with weights to train in this model: use another optimizer.")
        self.rest = [p for p in model.parameters() if all(p is not q for q in own)]
        self.likelihood, self.samples, self.generator = likelihood, samples, generator
        super().__init__(own, dict(lr=lr, momentum=momentum, weight_decay=weight_decay, damping=damping, decay=decay, every=every,
                                   kl_clip=kl_clip))
        self._seen = seen = {layer: [] for layer in self.layers}

        def keep(layer, inputs, output):  # a plain function: a copy of the model takes the hook along, and it knows its own layers
            if layer in seen and torch.is_grad_enabled() and output.requires_grad:
                seen[layer].append((inputs[0].detach(), output))

        for layer in self.layers:
            layer.register_forward_hook(keep)

    # -- the two factors ----------------------------------------------------------------------------------------------------

    def curvature(self, output):
        """Bring the factors up to date; output: the model's prediction, (..., classes), still with its graph."""
        pairs = [(layer, a, z) for layer, seen in self._seen.items() for a, z in seen]
        for seen in self._seen.values():
            seen.clear()
        if not pairs:
            raise RuntimeError("KFAC saw no forward pass with gradients since the last curvature(): call model(x) first.")
        if not output.isfinite().all():
            raise RuntimeError("KFAC got a prediction that is not finite: the training has diverged; take a lower lr or more damping.")
        count = output.numel() / output.shape[-1]  # of predictions
        outer = {layer: 0.0 for layer, _, _ in pairs}
        directions = list(self._directions(output.detach()))
        for v in directions:
            slopes = torch.autograd.grad(output, [z for _, _, z in pairs], v, retain_graph=True, allow_unused=True)
            for (layer, _, _), g in zip(pairs, slopes, strict=True):
                rows = _outputs(layer, g) if g is not None else output.new_zeros(1, len(layer.weight))
                outer[layer] = outer[layer] + rows.T @ rows / count / (self.samples or 1)
        with torch.no_grad():
            for layer, G in outer.items():
                a = torch.cat([_inputs(layer, a) for other, a, _ in pairs if other is layer])
                self._average(layer, a.T @ a / len(a), G)

    def _directions(self, output):
        """Vectors v, like the output, whose mean of v vᵀ (or sum, where they are all) is the curvature of the loss at it."""
        p = output.softmax(-1) if self.likelihood == "categorical" else None
        if self.samples is None:
            for c in range(output.shape[-1]):
                e = torch.zeros_like(output)
                e[..., c] = 1.0
                yield e if p is None else p[..., c : c + 1].sqrt() * (e - p)
        for _ in range(self.samples or 0):
            if p is None:
                yield torch.randn(output.shape, dtype=output.dtype, device=output.device, generator=self.generator)
            else:
                drawn = torch.multinomial(p.reshape(-1, p.shape[-1]), 1, generator=self.generator)
                yield p - F.one_hot(drawn.view(p.shape[:-1]), p.shape[-1]).to(p.dtype)

    def _average(self, layer, A, G):
        """The factors of all batches so far; the first counts whole."""
        state = self.state[layer.weight]
        t = state["batches"] = state.get("batches", 0) + 1
        keep = min(self.param_groups[0]["decay"], 1 - 1 / t)
        for name, new in (("A", A), ("G", G)):
            state[name] = new if t == 1 else keep * state[name] + (1 - keep) * new

    # -- the step -------------------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def step(self, closure=None):
        """One step on all layers that have a gradient. closure: computes the loss, and calls curvature and backward. Returns its value."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        group = self.param_groups[0]
        moves = [(layer, self._gradient(layer)) for layer in self.layers if layer.weight.grad is not None]
        steps = [self._natural(layer, g, group) for layer, g in moves]
        scale = 1.0
        if group["kl_clip"] is not None:
            length = group["lr"] ** 2 * sum((u * g).sum().item() for u, (_, g) in zip(steps, moves, strict=True))
            scale = min(1.0, math.sqrt(group["kl_clip"] / length)) if length > 0 else 1.0
        for (layer, _), u in zip(moves, steps, strict=True):
            state = self.state[layer.weight]
            state["momentum_buffer"] = b = group["momentum"] * state.get("momentum_buffer", 0.0) + scale * u
            for p, part in _parts(layer, b):
                p.mul_(1 - group["lr"] * group["weight_decay"]).sub_(group["lr"] * part)
        return loss

    def _gradient(self, layer):
        """Of weight and bias as one matrix, (outputs, inputs + 1)."""
        g = layer.weight.grad.flatten(1)
        return g if layer.bias is None else torch.cat([g, layer.bias.grad[:, None]], 1)

    def _natural(self, layer, g, group):
        """G⁻¹ g A⁻¹ of the damped factors, which are inverted every few steps."""
        state = self.state[layer.weight]
        if "A" not in state:
            raise RuntimeError("KFAC.step() needs the curvature: call curvature(model(x)) before the first step.")
        t = state["step"] = state.get("step", 0) + 1
        if (t - 1) % group["every"] == 0:
            A, G = state["A"], state["G"]
            ratio = A.diagonal().mean() / G.diagonal().mean().clamp(min=torch.finfo(G.dtype).tiny)
            share, root = ratio.sqrt().clamp(1e-6, 1e6), math.sqrt(group["damping"])
            state["A_inverse"], state["G_inverse"] = _inverse(A, root * share), _inverse(G, root / share)
        return state["G_inverse"] @ g @ state["A_inverse"]


def _check(*values):
    for name, value, fits, allowed in values:
        if not fits:
            raise ValueError(f"KFAC got {name} = {value!r}, but it must be {allowed}.")


def _inverse(a, damping):
    """Of a symmetric matrix with something added to its diagonal; without damping the pseudo-inverse, where there is no other."""
    wide = a.double() + damping * torch.eye(len(a), dtype=torch.float64, device=a.device)
    return (torch.cholesky_inverse(torch.linalg.cholesky(wide)) if damping > 0 else torch.linalg.pinv(wide, hermitian=True)).to(a.dtype)


def _inputs(layer, a):
    """What the layer multiplies by its weights, one row a product, with a 1 for the bias."""
    if isinstance(layer, nn.Conv2d):
        a = F.unfold(a, layer.kernel_size, layer.dilation, layer.padding, layer.stride).mT
    a = a.reshape(-1, a.shape[-1])
    return a if layer.bias is None else torch.cat([a, a.new_ones(len(a), 1)], 1)


def _outputs(layer, g):
    """The gradients at the layer's outputs, one row a product."""
    return g.movedim(1, -1).reshape(-1, g.shape[1]) if isinstance(layer, nn.Conv2d) else g.reshape(-1, g.shape[-1])


def _parts(layer, step):
    """A step of weight and bias as one matrix, taken apart."""
    yield layer.weight, (step if layer.bias is None else step[:, :-1]).reshape(layer.weight.shape)
    if layer.bias is not None:
        yield layer.bias, step[:, -1]
