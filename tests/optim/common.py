"""What the tests of optimizers share: parameters of many shapes, and gradients of many sizes."""

import torch

import gdcore.optim

SHAPES = ((6, 4), (5,), (), (300, 250))  # the last is walked in chunks, which are short here: see conftest.py
MATRICES = ((6, 4), (4, 9), (40, 50))


def parameters(shapes=SHAPES, dtype=torch.float64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.nn.Parameter(_normal(s, dtype, generator)) for s in shapes]


def _normal(shape, dtype, generator):
    """The same numbers for each precision."""
    wide = torch.complex128 if dtype.is_complex else torch.float64
    return torch.randn(shape, dtype=wide, generator=generator).to(dtype)


def set_gradients(params, generator):
    """Gradients over six orders of magnitude, the same for the same generator."""
    for p in params:
        real = torch.float64 if p.dtype.is_complex else p.dtype
        size = (10 ** (-6 * torch.rand(p.shape, generator=generator, dtype=torch.float64))).to(real)
        p.grad = _normal(p.shape, p.dtype, generator) * size


def train(make, *, shapes=SHAPES, dtype=torch.float64, steps=30, seed=0, rates=(1.0, 0.3, 2.0)):
    """Make an optimizer, give it `steps` gradients while the learning rate changes; returns (parameters, optimizer)."""
    params = parameters(shapes, dtype, seed)
    optimizer, generator = make(params), torch.Generator().manual_seed(seed + 1)
    first = [group["lr"] for group in optimizer.param_groups]
    for t in range(steps):
        for group, lr in zip(optimizer.param_groups, first, strict=True):
            group["lr"] = lr * rates[t % len(rates)]
        set_gradients(params, generator)
        optimizer.step()
    return params, optimizer


def apart_from_rule(make, rule, shapes=SHAPES, steps=8):
    """The distance between what an optimizer and its rule, tensor by tensor, make of the same gradients."""
    ours, plain = parameters(shapes), parameters(shapes)
    optimizer, state = make(ours), [rule.init(p.detach().clone()) for p in plain]
    generators = [torch.Generator().manual_seed(1) for _ in range(2)]
    for t in range(1, steps + 1):
        set_gradients(ours, generators[0])
        set_gradients(plain, generators[1])
        optimizer.step()
        for i, p in enumerate(plain):
            p.data, *state[i] = rule.update(p.detach(), p.grad, t, *state[i])
    return distance(ours, plain)


def distance(ours, theirs):
    """The largest difference, relative to the largest entry of its tensor."""
    pairs = zip(ours, theirs, strict=True)
    worst = [(a - b).abs().max() / b.abs().max().clamp(min=1e-12) for a, b in pairs]
    return torch.stack([w.double() for w in worst]).nan_to_num(nan=torch.inf).max().item()  # Python's max may lose a nan


def overflow(device, **options):
    """Two scaled steps of Adam, of which the first overflows: whether that one was skipped and the second taken."""
    layer = torch.nn.Linear(4, 1).to(device)
    optimizer, before = gdcore.optim.Adam(layer.parameters(), **options), layer.weight.detach().clone()
    scaler, kept = torch.amp.GradScaler(torch.device(device).type, init_scale=2.0**14), []
    for x in (torch.full((2, 4), 1e30, device=device), torch.ones(2, 4, device=device)):
        optimizer.zero_grad()
        scaler.scale((layer(x) ** 2).mean()).backward()
        scaler.step(optimizer)
        scaler.update()
        kept.append((torch.equal(layer.weight, before), scaler.get_scale()))
    return kept == [(True, 2.0**13), (False, 2.0**13)] and bool(torch.isfinite(layer.weight).all())


def walk(cls, device, compile, shapes, dtype, steps=20):
    """The parameters after some steps with gradients that are made on the CPU, the same for every device."""
    here, params = parameters(shapes, dtype), [p.detach().to(device).requires_grad_() for p in parameters(shapes, dtype)]
    optimizer, generator = cls(params, compile=compile), torch.Generator().manual_seed(1)
    for _ in range(steps):
        set_gradients(here, generator)
        for p, q in zip(params, here, strict=True):
            p.grad = q.grad.to(device)
        optimizer.step()
    return [p.detach().cpu() for p in params]
