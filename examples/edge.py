"""What a training costs in processor seconds and bytes, and what a device with little of both can still learn."""

import functools
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrize
from torch.utils.flop_counter import FlopCounterMode

import gdcore.optim as optim
from examples._digits import batches, digits, error_of, loss_of, network
from examples.ledger import Ledger, short
from gdcore import data, export, schedules, seed
from gdcore.models.cnn import Convolution, FashionNet
from gdcore.training import Batches
from gdcore.training.vision import as_input, judge

WIDTHS, IMAGES, SEEDS, TUNED = (8, 16, 32), 5000, (0, 1, 2), 100
RATES = {"SGD": (0.03, 0.1, 0.3), "AdamW": (0.001, 0.003, 0.01), "Muon": (0.01, 0.03, 0.1)}
TRAININGS = {  # one thing is changed at a time: rule, batch, epochs, precision
    "SGD": ("SGD", 128, 4, False), "AdamW": ("AdamW", 128, 4, False), "Muon": ("Muon", 128, 4, False), "batch 32": ("SGD", 32, 4, False),
    "batch 512": ("SGD", 512, 4, False), "1 epoch": ("SGD", 128, 1, False), "2 epochs": ("SGD", 128, 2, False),
    "8 epochs": ("SGD", 128, 8, False), "bfloat16": ("SGD", 128, 4, True),
}  # fmt: skip
WAYS = ("all weights", "low rank", "last layer and biases", "last layer")


def main(again=False):
    torch.set_num_threads(1)
    ledger = Ledger("edge", again)
    ledger.once("operations", operations)
    for name in TRAININGS:
        ledger.once(f"training: {name}", functools.partial(paid, *TRAININGS[name]))
    for way in WAYS:
        ledger.once(f"adapted: {way}", functools.partial(adapted, way))
    ledger.once("pruned", pruned)
    ledger.once("pruned at half", pruned_at_half)
    ledger.once("exported", exported)
    ledger.once("latency", latency)


@functools.cache
def pictures(seed_):
    found = data.fashion_mnist(seed=seed_)
    part = lambda p, n: (as_input(p.x[:n]), torch.tensor(p.y[:n], dtype=torch.int64))
    return part(found.train, IMAGES), part(found.validation, 2000), part(found.test, 10_000)


# -- what a training costs ----------------------------------------------------------------------------------------------------


def operations():
    """Operations of one picture forward, and forward and backward, and the bytes of its weights and of what is kept for the way back."""
    model, x, y = FashionNet(WIDTHS), pictures(0)[0][0][:1], pictures(0)[0][1][:1]
    told = {}
    for name, ways in (("forward", 1), ("both ways", 2)):
        with FlopCounterMode(display=False) as counter:
            loss = F.cross_entropy(model(x), y)
            loss.backward() if ways == 2 else None
        told[name] = counter.get_total_flops()
    weights = sum(p.numel() for p in model.parameters())
    return {**told, "weights": weights, "kept by 1": kept(model, x, y), "kept by 128": kept(model, *(a[:128] for a in pictures(0)[0]))}


def kept(model, x, y):
    """Bytes that autograd holds between the two ways, weights and pictures left out; what is held twice counts once."""
    known, found = {p.data_ptr() for p in model.parameters()} | {x.data_ptr(), y.data_ptr()}, {}

    def pack(t):
        if t.data_ptr() not in known:
            found[t.data_ptr()] = t.numel() * t.element_size()
        return t

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        loss = F.cross_entropy(model(x), y)
    del loss  # the graph lives until here, so that no place in memory is given twice
    return sum(found.values())


def paid(rule, size, epochs, half):
    """The rate that is best on validation, and with it accuracy on test and processor seconds of three trainings."""
    tried = {lr: trained(rule, lr, size, epochs, half, TUNED)[1] for lr in RATES[rule]}
    lr = max(tried, key=tried.get)
    runs = [trained(rule, lr, size, epochs, half, s) for s in SEEDS]
    return {"rate": lr, "tried": {str(k): short(v) for k, v in tried.items()}, "accuracy": [short(r[2]) for r in runs],
            "processor seconds": [short(r[0]) for r in runs], "pictures": IMAGES * epochs}  # fmt: skip


def trained(rule, lr, size, epochs, half, seed_):
    """(processor seconds, accuracy on validation, on test)."""
    seed(seed_)
    train, validation, test = pictures(seed_)
    model = FashionNet(WIDTHS)
    shown = Batches(*train, size, seed_)
    optimizers = made(rule, model, lr)
    rates, steps, t = schedules.one_cycle(epochs * len(shown)), epochs * len(shown), 0
    begin = time.process_time()
    for epoch in range(epochs):
        model.train()
        for x, y in shown.epoch(epoch):
            for optimizer in optimizers:
                for group in optimizer.param_groups:
                    group["lr"] = group["initial_lr"] * rates(min(t, steps - 1))
                optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                loss = F.cross_entropy(model(x), y)
            loss.backward()
            for optimizer in optimizers:
                optimizer.step()
            t += 1
    spent = time.process_time() - begin
    return spent, judge(model, *validation)["accuracy"], judge(model, *test)["accuracy"]


def made(rule, model, lr):
    """The optimizers of a rule; Muon steps the hidden matrices, AdamW the rest."""
    if rule == "SGD":
        found = [optim.SGD(model.parameters(), lr=lr, momentum=0.9, nesterov=True, weight_decay=5e-4)]
    elif rule == "AdamW":
        found = [optim.AdamW(model.parameters(), lr=lr, weight_decay=0.05)]
    else:
        hidden = [m.weight for m in model.modules() if isinstance(m, Convolution)][1:]
        others = [p for p in model.parameters() if not any(p is h for h in hidden)]
        found = [optim.Muon(hidden, lr=lr, weight_decay=0.05), optim.AdamW(others, lr=0.003, weight_decay=0.05)]
    for optimizer in found:
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]
    return found


# -- learning on the device ---------------------------------------------------------------------------------------------------


class LowRank(nn.Module):
    """W + AB, of which only A and B learn: Hu et al. (2022), arXiv:2106.09685."""

    def __init__(self, weight, rank=2):
        super().__init__()
        self.A, self.B = nn.Parameter(torch.zeros(len(weight), rank)), nn.Parameter(torch.randn(rank, weight[0].numel()) / rank)

    def forward(self, weight):
        return weight + (self.A @ self.B).view_as(weight)


class Folded(nn.Module):
    """A batch normalisation whose statistics and scale are fixed: x times a number plus a bias, and a bias needs nothing of x."""

    def __init__(self, norm):
        super().__init__()
        scale = norm.weight.detach() / (norm.running_var + norm.eps).sqrt()
        self.register_buffer("scale", scale[:, None, None])
        self.bias = nn.Parameter(norm.bias.detach() - norm.running_mean * scale)

    def forward(self, x):
        return x * self.scale + self.bias[:, None, None]


def folded(model):
    for parent in [*model.modules()]:
        for name, child in parent.named_children():
            if isinstance(child, nn.BatchNorm2d):
                setattr(parent, name, Folded(child))


def other_camera(x):
    """The pictures as another camera has them: turned by a quarter, dark and bright exchanged."""
    return (-x).rot90(1, (2, 3)).contiguous(memory_format=torch.channels_last)


def opened(model, way):
    """The parameters that learn; all others are frozen, and so are the statistics of batch normalisation."""
    last = {*model.scores.parameters()}
    if way == "low rank":
        for module in model.modules():
            if isinstance(module, Convolution):
                parametrize.register_parametrization(module, "weight", LowRank(module.weight.detach()))
    if way == "last layer and biases":
        folded(model)
    for name, p in model.named_parameters():
        fits = {"all weights": True, "low rank": name.endswith((".A", ".B")), "last layer and biases": name.endswith("bias")}
        p.requires_grad_(fits.get(way, False) or p in last)
    return [p for p in model.parameters() if p.requires_grad]


@functools.cache
def grown(seed_):
    """A network that knows Fashion-MNIST, as a state."""
    seed(seed_)
    model, (train, _, _) = FashionNet(WIDTHS), pictures(seed_)
    optimizer = optim.AdamW(model.parameters(), lr=0.005, weight_decay=0.05)
    for epoch in range(4):
        for x, y in Batches(*train, 128, seed_).epoch(epoch):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
    return model.state_dict()


def adapted(way, shown=300, steps=200, size=16):
    """Accuracy with another camera after some steps on few of its pictures, and the bytes that learning takes at a batch of 1 and of 16."""

    def run(lr, seed_):
        model, (train, validation, test) = FashionNet(WIDTHS), pictures(seed_)
        model.load_state_dict(grown(seed_))
        seed(seed_)
        learning = opened(model.eval(), way)
        optimizer = optim.SGD(learning, lr=lr, momentum=0.9)
        x, y = other_camera(train[0][:shown]), train[1][:shown]
        for t, (a, b) in enumerate(batches((x, y), steps, seed_, size)):
            optimizer.param_groups[0]["lr"] = lr * (1 - t / steps)
            optimizer.zero_grad()
            F.cross_entropy(model(a), b).backward()
            optimizer.step()
        both = [judge(model, other_camera(p[0][:2000]), p[1][:2000])["accuracy"] for p in (validation, test)]
        return model, learning, both

    tried = {lr: run(lr, TUNED)[2][0] for lr in (0.003, 0.01, 0.03, 0.1, 0.3)}
    lr = max(tried, key=tried.get)
    runs = [run(lr, s) for s in SEEDS]
    model, learning, _ = runs[0]
    x, y = other_camera(pictures(0)[0][0][:size]), pictures(0)[0][1][:size]
    blank = FashionNet(WIDTHS)
    blank.load_state_dict(grown(0))
    before = judge(blank, other_camera(pictures(0)[2][0][:2000]), pictures(0)[2][1][:2000])["accuracy"]
    return {"rate": lr, "accuracy": [short(r[2][1]) for r in runs], "learning": sum(p.numel() for p in learning), "before": short(before),
            "kept by 1": kept(model, x[:1], y[:1]), "kept by 16": kept(model, x, y)}  # fmt: skip


# -- fewer weights ------------------------------------------------------------------------------------------------------------


def pruned(steps=600, shares=(0.5, 0.8, 0.9, 0.95, 0.98), seeds=range(5)):
    """Test error with a share of the weights at zero: taken away step by step while training, all at once at its end, or at its start."""
    ways = ("while training", "at the end", "at the start, by chance")
    told = {way: [[short(thinned(way, share, steps, s)) for s in seeds] for share in shares] for way in ways}
    return {**told, "shares": shares, "whole": [short(thinned("at the end", 0.0, steps, s)) for s in seeds]}


def pruned_at_half(steps=600, shares=(0.5, 0.8, 0.9, 0.95, 0.98), seeds=range(5)):
    """Test error where the share goes all at once after half of the steps, and the rest goes on learning."""
    return {"errors": [[short(thinned("at half", share, steps, s)) for s in seeds] for share in shares], "shares": shares}


def thinned(way, share, steps, seed_):
    parts, net = digits(seed_), network(seed_, (64, 64))
    net = {name: p.requires_grad_() for name, p in net.items()}
    masks = {name: torch.ones_like(p) for name, p in net.items() if name.startswith("W")}
    draw = torch.Generator().manual_seed(seed_)
    if way == "at the start, by chance":
        masks = {name: (torch.rand(p.shape, generator=draw) >= share).float() for name, p in masks.items()}
    optimizer = torch.optim.Adam(net.values(), lr=0.003)
    for t, (x, y) in enumerate(batches(parts["train"], steps, seed_)):
        if way == "while training" and t % 20 == 0 and t <= 0.75 * steps:  # Zhu and Gupta: the share rises fast, then slowly
            masks = smallest(net, share * (1 - (1 - t / (0.75 * steps)) ** 3))
        if way == "at half" and t == steps // 2:
            masks = smallest(net, share)
        _cut(net, masks)
        optimizer.zero_grad()
        loss_of(net, x, y).backward()
        optimizer.step()
    _cut(net, smallest(net, share) if way == "at the end" else masks)
    return error_of(net, *parts["test"])


def smallest(net, share):
    """Masks without the given share of all weights, the smallest by size."""
    sizes = torch.cat([p.detach().abs().ravel() for name, p in net.items() if name.startswith("W")])
    limit = sizes.kthvalue(round(share * len(sizes))).values if round(share * len(sizes)) else -1.0
    return {name: (p.detach().abs() > limit).float() for name, p in net.items() if name.startswith("W")}


def _cut(net, masks):
    with torch.no_grad():
        for name, mask in masks.items():
            net[name].mul_(mask)


# -- out of torch -------------------------------------------------------------------------------------------------------------


def exported():
    """A network as a file: bytes, accuracy in torch and onnxruntime; a program that trains: its bytes, its distance from torch."""
    model, test = FashionNet(WIDTHS), pictures(0)[2]
    model.load_state_dict(grown(0))
    model.eval()
    x, y = test[0][:1000].contiguous(), test[1][:1000]
    plain, small = (export.to_onnx(model, x[:2], int8=int8) for int8 in (False, True))
    with torch.no_grad():
        right = model(x)
    told = {"scores apart": float((export.run_onnx(plain, x) - right).abs().max()), "bytes": [len(plain), len(small)]}
    answers = right, export.run_onnx(plain, x), export.run_onnx(small, x)
    told["accuracy"] = [short((a.argmax(1) == y).float().mean().item()) for a in answers]
    parts, (program, apart, seconds) = digits(0), trained_inside()
    return {**told, "program": program, "losses apart": apart, "seconds": seconds, "pictures": len(parts["train"][0])}


def latency(calls=500):
    """Milliseconds for one picture, the median of many calls on one thread: torch, and the file by onnxruntime, plain and in bytes."""
    import onnxruntime

    model, x = FashionNet(WIDTHS).eval(), pictures(0)[2][0][:2].contiguous()
    model.load_state_dict(grown(0))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1

    def session(int8):
        content = export.to_onnx(model, x, int8=int8)
        held = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        name, row = held.get_inputs()[0].name, x[:1].numpy()
        return lambda: held.run(None, {name: row})

    told = {}
    with torch.no_grad():
        for name, run in (("torch", lambda: model(x[:1])), ("onnxruntime", session(False)), ("onnxruntime, int8", session(True))):
            seconds = []
            for _ in range(calls):
                begin = time.perf_counter()
                run()
                seconds.append(time.perf_counter() - begin)
            told[name] = short(1000 * float(np.median(seconds[calls // 10 :])))
    return told


def trained_inside(steps=138, size=32):
    """(bytes of the program, largest distance of its loss to torch's, processor seconds of both)."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    shown = batches(digits(0)["train"], steps, 0, size)
    content = export.training_program(net, F.cross_entropy, *shown[0])
    there, here = export.TrainingProgram(content, *shown[0], lr=0.1, momentum=0.9), torch.optim.SGD(net.parameters(), 0.1, 0.9)
    begin = time.process_time()
    told = [there.step(x, y) for x, y in shown]
    middle, found = time.process_time(), []
    for x, y in shown:
        here.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        here.step()
        found.append(loss.item())
    return len(content), float(np.abs(np.subtract(told, found)).max()), [short(middle - begin), short(time.process_time() - middle)]



__all__ = ["main"]
