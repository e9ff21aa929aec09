"""The other side of every comparison: torch, optax and schedulefree, and oracles written down from the papers.

A reference is a function (x0, gradients, rates) -> the iterates after each step, in float64.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytorch_optimizer
import schedulefree
import torch

jax.config.update("jax_enable_x64", True)


def by_torch(cls, read=None, **kwargs):
    """An optimizer class of torch (or in its manner), with the learning rate set before each step.

    read: the name of the state that is compared, else the parameter.
    """

    def run(x0, gradients, rates):
        p = torch.nn.Parameter(torch.tensor(x0))
        optimizer, iterates = cls([p], lr=rates[0], **kwargs), []
        if hasattr(optimizer, "train"):
            optimizer.train()
        for g, lr in zip(gradients, rates, strict=True):
            optimizer.param_groups[0]["lr"] = lr
            p.grad = torch.tensor(g)
            optimizer.step()
            iterates.append((optimizer.state[p][read] if read else p.detach()).numpy().copy())
        return iterates

    return run


def by_optax(make, **kwargs):
    """An optax transformation, whose learning rate is a schedule of the step."""

    def run(x0, gradients, rates):
        table = jnp.asarray(rates)
        transform = make(lambda count: table[count], **kwargs)
        x, iterates = jnp.asarray(x0), []
        state, step = transform.init(x), jax.jit(transform.update)
        for g in gradients:
            updates, state = step(jnp.asarray(g), state, x)
            x = optax.apply_updates(x, updates)
            iterates.append(np.asarray(x))
        return iterates

    return run


def prodigy_by_torch(**kwargs):
    """pytorch_optimizer's Prodigy, with its two sums, which take torch's default type, in double precision."""

    def run(x0, gradients, rates):
        usual = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)
        try:
            return by_torch(pytorch_optimizer.Prodigy, **kwargs)(x0, gradients, rates)
        finally:
            torch.set_default_dtype(usual)

    return run


def diagonal(g, t):
    """An estimate of a curvature for Sophia at every third step, negative here and there; else None."""
    return abs(g) * (30.0, 3.0, 0.3)[t % 3] - 1e-4 if t % 3 == 1 else None


def sophia_by_torch(gamma, eps, weight_decay, beta1, beta2):
    """pytorch_optimizer's SophiaH, told the same curvatures. It clips m/max(h, ε) at p, which is p times ours at γ = p and ε p."""

    def run(x0, gradients, rates):
        p = torch.nn.Parameter(torch.tensor(x0))
        optimizer = pytorch_optimizer.SophiaH([p], betas=(beta1, beta2), p=gamma, eps=eps / gamma, weight_decay=weight_decay * gamma,
                                              update_period=10**6)  # fmt: skip
        iterates = []
        for t, (g, lr) in enumerate(zip(gradients, rates, strict=True), 1):
            optimizer.param_groups[0]["lr"] = lr / gamma
            p.grad, told = torch.tensor(g), diagonal(torch.tensor(g), t)
            optimizer.step(hessian=None if told is None else [told])
            iterates.append(p.detach().numpy().copy())
        return iterates

    return run


def lookahead_by_optax(x0, gradients, rates):
    transform = optax.lookahead(optax.adam(lambda count: jnp.asarray(rates)[count]), sync_period=4, slow_step_size=0.3)
    params = optax.LookaheadParams.init_synced(jnp.asarray(x0))
    state, iterates = transform.init(params), []
    for g in gradients:
        updates, state = transform.update(jnp.asarray(g), state, params)
        params = optax.apply_updates(params, updates)
        iterates.append(np.asarray(params.fast))
    return iterates


def schedule_free(cls, **kwargs):
    return by_torch(cls, **kwargs)


SF_SGD, SF_ADAMW = schedulefree.SGDScheduleFreeReference, schedulefree.AdamWScheduleFreeReference


# -- oracles: the papers once more, in other words ---------------------------------------------------------------------------


def lars_of_the_paper(momentum, weight_decay, trust):
    """You, Gitman and Ginsburg (2017), Algorithm 1 (optax and pytorch_optimizer have other denominators)."""

    def run(x0, gradients, rates):
        w, v, iterates = x0.copy(), np.zeros_like(x0), []
        for g, lr in zip(gradients, rates, strict=True):
            w_norm, g_norm = np.sqrt(np.sum(w * w)), np.sqrt(np.sum(g * g))
            local = trust * w_norm / (g_norm + weight_decay * w_norm)
            v = momentum * v + lr * local * (g + weight_decay * w)
            w = w - v
            iterates.append(w)
        return iterates

    return run


def cautious_of_the_authors(update, weight_decay=0.0, least=1e-3):
    """Liang et al. (2024): the decay first, then the update, masked and scaled; update(g, memory, t) -> (its direction, new memory)."""

    def run(x0, gradients, rates):
        w, memory, iterates = x0.copy(), {}, []
        for t, (g, lr) in enumerate(zip(gradients, rates, strict=True), 1):
            w = w - lr * weight_decay * w
            direction = update(g, memory, t)
            mask = (direction * g > 0).astype(float)
            w = w - lr * direction * (mask / np.clip(mask.mean(), least, None))
            iterates.append(w)
        return iterates

    return run


def adams_direction(g, memory, t, beta1=0.9, beta2=0.999, eps=1e-8):
    memory["m"] = memory.get("m", 0.0) + (1 - beta1) * (g - memory.get("m", 0.0))
    memory["v"] = memory.get("v", 0.0) + (1 - beta2) * (g * g - memory.get("v", 0.0))
    return memory["m"] / (1 - beta1**t) / (np.sqrt(memory["v"] / (1 - beta2**t)) + eps)


def heavy_direction(g, memory, t):
    memory["v"] = 0.9 * memory.get("v", 0.0) + g
    return memory["v"]


def muon_by_singular_values(momentum, nesterov, weight_decay, scale):
    """Five steps of the quintic on the singular values alone: no matrix iteration."""

    def run(x0, gradients, rates):
        w, b, iterates = x0.copy(), np.zeros_like(x0), []
        for g, lr in zip(gradients, rates, strict=True):
            b = b + (1 - momentum) * (g - b)
            u, s, vt = np.linalg.svd(g + momentum * (b - g) if nesterov else b, full_matrices=False)
            s = s / np.sqrt(np.sum(s * s))
            for _ in range(5):
                s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
            w = w - lr * weight_decay * w - lr * scale * (u * s) @ vt
            iterates.append(w)
        return iterates

    return run


def shampoo_by_power(eps):
    """Gupta, Koren and Singer (2018), Algorithm 1, with roots by SciPy's general matrix power."""
    from scipy.linalg import fractional_matrix_power

    def run(x0, gradients, rates):
        w, iterates = x0.copy(), []
        left, right = eps * np.eye(w.shape[0]), eps * np.eye(w.shape[1])
        for g, lr in zip(gradients, rates, strict=True):
            left, right = left + g @ g.T, right + g.T @ g
            w = w - lr * (fractional_matrix_power(left, -0.25) @ g @ fractional_matrix_power(right, -0.25)).real
            iterates.append(w)
        return iterates

    return run


def ema_by_torch(x0, gradients, rates):
    """Plain descent, averaged by torch.optim.swa_utils; the iterates are the averages."""
    p = torch.nn.ParameterList([torch.nn.Parameter(torch.tensor(x0))])
    averaged = torch.optim.swa_utils.AveragedModel(p, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9))
    averaged.update_parameters(p)  # the first call copies
    iterates = []
    for g, lr in zip(gradients, rates, strict=True):
        with torch.no_grad():
            p[0].sub_(lr * torch.tensor(g))
        averaged.update_parameters(p)
        iterates.append(next(averaged.parameters()).detach().numpy().copy())
    return iterates
