"""Fashion-MNIST: three optimizers under equal tuning budgets, every regulariser's effect, and what it costs."""

import functools
import statistics
import time

import torch
from torch.nn import functional as F

import gdcore.optim
from examples.ledger import Ledger
from gdcore import data, device, schedules, seed
from gdcore.models.cnn import Convolution, FashionNet
from gdcore.training import Batches, fit
from gdcore.training.vision import as_input, calibration, flipped, judge, predict, shifted

SEEDS = (0, 1, 2)
EPOCHS, BATCH = 6, 128
RATES = {  # eight trials each: five, and more while the best of one lay at the end
    "SGD": (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0),
    "AdamW": (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1),
    "Muon": (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0),
}
DENSE_RATES = (0.0003, 0.001, 0.003, 0.01, 0.03)  # AdamW's
CONSTANT_RATES = (0.001, 0.003, 0.01, 0.03, 0.1)  # momentum 0.9, as in "SGD"
FEW_RATES = (0.003, 0.01, 0.03)


def main(again=False):
    ledger = Ledger("cnn_images", again)
    for name, rates in RATES.items():  # chosen on the validation part, with 20,000 images for 3 epochs
        for lr in rates:
            ledger.once(f"tune {name} {lr}", functools.partial(story, name, lr, seed_=10, epochs=3, images=20_000))
    best = {name: max(rates, key=lambda lr: ledger[f"tune {name} {lr}"]["validation"]["accuracy"]) for name, rates in RATES.items()}
    for s in SEEDS:
        for name, lr in best.items():
            ledger.once(f"{name} seed {s}", functools.partial(full, name, lr, s))
    for s in SEEDS:  # five thousand images, so that there is something to regularise
        for name, change in REGULARISERS.items():
            ledger.once(f"{name} seed {s}", functools.partial(story, "SGD", best["SGD"], s, epochs=8, images=5_000, **change))
    for s in SEEDS:  # all images, minutes each; "everything" is the full training by SGD
        for name, change in REGULARISERS.items():
            if change:
                ledger.once(f"all images, {name} seed {s}", functools.partial(story, "SGD", best["SGD"], s, **change))
    ledger.once("optimizer time", functools.partial(optimizer_time, best["AdamW"]))
    for name, make in FEW.items():  # four thousand images: does the small network with windows need another rate, or more steps?
        for epochs in (4, 12):
            for lr in FEW_RATES:
                ledger.once(f"few {name} {lr} {epochs}", functools.partial(on_few, make, lr, epochs))
    ledger.once("few small 0.003 4 with shifts", functools.partial(on_few, FEW["small"], 0.003, 4, augment=shifted))
    for name, change in MOVED.items():  # at a rate of its own, and at the dense network's
        for lr, epochs in ((0.03, 12), (0.003, 4)):
            ledger.once(f"moved {name} {lr} {epochs}", functools.partial(when_moved, lr, epochs, **change))
    for lr in DENSE_RATES:  # the dense network on all images, its rate chosen as the others' were
        ledger.once(f"tune dense {lr}", functools.partial(story, "dense", lr, seed_=10, epochs=3, images=20_000))
    lr = max(DENSE_RATES, key=lambda lr: ledger[f"tune dense {lr}"]["validation"]["accuracy"])
    for s in SEEDS:
        ledger.once(f"dense seed {s}", functools.partial(story, "dense", lr, s))
    constant = functools.partial(story, "SGD", schedule=schedules.constant())
    for lr in CONSTANT_RATES:  # a constant rate of its own, not the peak of the one-cycle
        ledger.once(f"tune constant {lr}", functools.partial(constant, lr, seed_=10, epochs=3, images=20_000))
    lr = max(CONSTANT_RATES, key=lambda lr: ledger[f"tune constant {lr}"]["validation"]["accuracy"])
    for s in SEEDS:
        ledger.once(f"constant seed {s}", functools.partial(constant, lr, s, epochs=8, images=5_000))
    for s in SEEDS:  # and on all images, against the one-cycle of "SGD"
        ledger.once(f"all images, constant seed {s}", functools.partial(constant, lr, s))


REGULARISERS = {
    "everything": {},
    "without mirror": {"augment": ()},
    "without label smoothing": {"smoothing": 0.0},
    "without weight decay": {"weight_decay": 0.0},
    "without one-cycle": {"schedule": schedules.constant()},
    "with dropout": {"dropout": 0.3},
    "with shifts": {"augment": (flipped, shifted)},
}


def dense():
    """784 points, 128 hidden units, 10 scores: no point knows its neighbours."""
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))


FEW = {"dense": dense, "small": functools.partial(FashionNet, widths=(8, 16, 32))}


@functools.cache
def parts():
    """The three parts as tensors: {name: (x, y)}."""
    splits = data.fashion_mnist()
    return {name: (as_input(getattr(splits, name).x, device()), torch.tensor(getattr(splits, name).y, device=device()))
            for name in ("train", "validation", "test")}  # fmt: skip


def optimizers(name, net, lr, weight_decay=None):
    """The recipe's optimizers: Nesterov's momentum, AdamW, or Muon for the hidden matrices and AdamW for the rest."""
    decay = lambda usual: usual if weight_decay is None else weight_decay
    if name == "SGD":
        return [gdcore.optim.SGD(net.parameters(), lr, momentum=0.9, nesterov=True, weight_decay=decay(5e-4), compile=True)]
    if name in ("AdamW", "dense"):
        return [gdcore.optim.AdamW(net.parameters(), lr, weight_decay=decay(0.05), compile=True)]
    hidden = net.hidden_matrices()
    rest = [p for p in net.parameters() if all(p is not q for q in hidden)]
    muon = gdcore.optim.Muon(hidden, lr, weight_decay=decay(0.05))
    return [muon, gdcore.optim.AdamW(rest, 0.005, weight_decay=decay(0.05), compile=True)]


def train(name, lr, seed_, epochs=EPOCHS, images=None, augment=(flipped,), smoothing=0.05, weight_decay=None, dropout=0.0,
          schedule=None, every=None):
    """A training: the network, and its story as plain values."""
    seed(seed_)
    net = (dense() if name == "dense" else FashionNet(dropout=dropout)).to(device())
    x, y = (part[:images] for part in parts()["train"])
    change = lambda batch, draws: functools.reduce(lambda b, f: f(b, draws), augment, batch)
    batches = Batches(x, y, BATCH, seed_, change)
    schedule = schedule or schedules.one_cycle(epochs * len(batches), rise=0.25)
    loss = lambda model, x, y: F.cross_entropy(model(x), y, label_smoothing=smoothing)
    record = fit(net, batches, loss, optimizers(name, net, lr, weight_decay), epochs=epochs, schedule=schedule,
                 every=every or epochs * len(batches), measure=lambda model: judge(model, *parts()["validation"]))
    return net, {"lr": lr, "seed": seed_, "record": record.as_dict(), "validation": judge(net, *parts()["validation"]),
                 "test": judge(net, *parts()["test"])}  # fmt: skip


def story(*arguments, **options):
    """A training's story alone."""
    return train(*arguments, **options)[1]


def trained_on_few(make, lr, epochs, x, y, augment=None):
    """A network of each seed, one after the other, trained on a few images."""
    for s in SEEDS:
        seed(s)
        net, batches = make().to(device()), Batches(x, y, 64, s, augment)
        fit(net, batches, lambda model, x, y: F.cross_entropy(model(x), y), gdcore.optim.AdamW(net.parameters(), lr), epochs=epochs,
            schedule=schedules.one_cycle(epochs * len(batches)))  # fmt: skip
        yield net


def few_parts(images=4_000, held=2_000):
    """(x, y) of a few training images, (x, y) of a few of the validation part."""
    return (tuple(t[:n] for t in parts()[name]) for name, n in (("train", images), ("validation", held)))


def on_few(make, lr, epochs, augment=None):
    """What a network reaches with few images: accuracy on 2,000 validation images for each seed, and when these lie three points aside."""
    (x, y), (xv, yv) = few_parts()
    found = {"in place": [], "aside": []}
    for net in trained_on_few(make, lr, epochs, x, y, augment):
        found["in place"].append(judge(net, xv, yv)["accuracy"])
        found["aside"].append(judge(net, pushed(xv, 3), yv)["accuracy"])
    return {"lr": lr, "epochs": epochs, **found}


def pushed(x, by):
    """The images moved down and to the right: what crosses the edge is gone, background comes in."""
    moved = torch.full_like(x, x.min().item())
    moved[..., by:, by:] = x[..., :-by, :-by]
    return moved


def cut(x, by):
    """The images where they are, without what such a move pushes over the edge."""
    left = torch.full_like(x, x.min().item())
    left[..., :-by, :-by] = x[..., :-by, :-by]
    return left


def rolled(x, by):
    """The images moved in a circle: what crosses the edge comes in on the other side."""
    return x.roll((by, by), dims=(-2, -1)).contiguous(memory_format=torch.channels_last)


def framed(x, by):
    """The images with so much more background on each side."""
    return F.pad(x, (by,) * 4, value=x.min().item()).contiguous(memory_format=torch.channels_last)


def around():
    """The small network without an edge: a window that leaves the image on one side looks at the other (circular padding)."""
    net = FEW["small"]()
    for layer in net.modules():
        if isinstance(layer, Convolution):  # one point more on each side, from the other side; what the zeros reached is cut away
            layer.register_forward_pre_hook(lambda layer, inputs: (F.pad(inputs[0], (1,) * 4, mode="circular"),))
            layer.register_forward_hook(lambda layer, inputs, out: out[..., 1:-1, 1:-1])
    return net


MOVED = {  # what changes against the small network as it is: to tell apart what it loses when all is moved
    "as it is": {},
    "without an edge": {"make": around},
    "in a frame": {"frame": 8},
    "with shifts": {"augment": shifted},
}


def when_moved(lr, epochs, make=FEW["small"], frame=0, augment=None):
    """Accuracy in place, and moved by 1 to 4 points in three ways: a list of the seeds for each move."""
    (x, y), (xv, yv) = few_parts()
    x, xv = framed(x, frame), framed(xv, frame)
    found = {"in place": [], "apart": [], **{move.__name__: [[] for _ in range(4)] for move in (rolled, pushed, cut)}}
    for net in trained_on_few(make, lr, epochs, x, y, augment):
        found["in place"].append(judge(net, xv, yv)["accuracy"])
        found["apart"].append((predict(net, rolled(xv, 4)) - predict(net, xv)).abs().max().item())  # of the scores, at most
        for move in (rolled, pushed, cut):
            for by in (1, 2, 3, 4):
                found[move.__name__][by - 1].append(judge(net, move(xv, by), yv)["accuracy"])
    return {"lr": lr, "epochs": epochs, **found}


def full(name, lr, seed_):
    """A training on all images, and how far its network can be trusted."""
    net, told = train(name, lr, seed_, every=len(parts()["train"][0]) // BATCH // 3)
    (x, y), (xv, yv) = parts()["test"], parts()["validation"]
    scores, chosen = predict(net, x), predict(net, xv)
    temperatures = torch.linspace(0.3, 2, 171).tolist()
    temperature = min(temperatures, key=lambda t: F.cross_entropy(chosen / t, yv).item())
    confusion = torch.bincount(10 * y + scores.argmax(dim=1), minlength=100).view(10, 10)
    wrong = (scores.argmax(dim=1) != y).nonzero().flatten()
    sure = scores.softmax(dim=1)[wrong].max(dim=1).values
    worst = [(wrong[k].item(), scores[wrong[k]].argmax().item(), sure[k].item()) for k in sure.argsort(descending=True)[:12]]
    twice = predict(net, x) + predict(net, x.flip(-1))
    return told | {"confusion": confusion, "worst": worst, "temperature": temperature,
                    "calibration": calibration(scores, y), "calibrated": calibration(scores / temperature, y),
                    "mirrored accuracy": (twice.argmax(dim=1) == y).float().mean().item(),
                    "mirrored alone": (predict(net, x.flip(-1)).argmax(dim=1) == y).float().mean().item()}  # fmt: skip


def optimizer_time(lr, rounds=40, steps=5):
    """Seconds a step of the same training with gdcore's compiled AdamW and with torch's fused one, in turns; the ratio of the medians."""
    seconds, contestants = {"gdcore": [], "torch": []}, {}
    x, y = (part[:BATCH] for part in parts()["train"])
    makes = {"gdcore": lambda p: gdcore.optim.AdamW(p, lr, compile=True), "torch": lambda p: torch.optim.AdamW(p, lr, fused=True)}
    for name, make in makes.items():
        seed(0)
        net = FashionNet().to(device())
        contestants[name] = (net, make(net.parameters()))
    for r in range(rounds + 1):
        for name, (net, optimizer) in contestants.items() if r % 2 else reversed(contestants.items()):
            begin = time.perf_counter()
            for _ in range(steps):
                optimizer.zero_grad()
                F.cross_entropy(net(x), y).backward()
                optimizer.step()
            if device().type == "cuda":
                torch.cuda.synchronize()
            seconds[name].append((time.perf_counter() - begin) / steps)
    medians = {name: statistics.median(values[1:]) for name, values in seconds.items()}  # the first round compiles
    return {"seconds": medians, "ratio": medians["gdcore"] / medians["torch"], "rounds": rounds, "steps": steps}
