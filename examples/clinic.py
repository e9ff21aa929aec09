"""The clinic's records: each patient of `examples._patients` goes through every test once, with one seed, on one core."""

import copy
import json
import math
import os

import numpy as np
import torch
from torch.nn import functional as F

from examples._patients import PATIENTS, STEPS, cured, digits
from gdcore import clinic
from gdcore.training import monitor

EVERY, CHECKED = 10, 3  # steps between two looks, the step of the gradient check
FACTORS = (1e-3, 1e-2, 1e-1, 1, 10, 100, 1000)

# name: (what somebody says who has only seen the end of it, what the evidence is and what mends it)
STORIES = {
    "healthy": (
        "The validation loss went up a little towards the end. Is something broken?",
        "Every test is as it should be: the first loss is ln 10, one batch is learned by heart, fresh data agrees."),
    "rate too high": (
        "The loss jumps up at once and never comes back to where it began.",
        "The first loss is right, and the sweep trains well at a hundredth of the rate. A tenth is not enough. Mend: divide the rate by"
        " 50."),
    "rate too low": (
        "It runs and runs, and the accuracy hardly moves.",
        "Updates are 1e-5 of the weights and the sweep is best far above. Mend: raise the rate a thousand times."),
    "no warm-up": (
        "This transformer trains badly. A colleague with nearly the same settings has 96 %.",
        "The rate is at its largest at step 1, and the first updates are large against the weights. Mend: a warm-up of 100 steps."),
    "weight decay on norms": (
        "It was good after 50 steps, and then it forgot everything.",
        "The training loss rises again while the rate is constant, and a step moves every matrix by 1 to 6 % of its length although "
        "the gradients are small: that is decay, η λ = 0.06. Mend: less decay, and none on norms and biases."),
    "dead units": (
        "The loss is stuck at 2.30 from the first step to the last.",
        "Nearly all units behind a ReLU give 0 for whole batches, and no gradient passes. Mend: biases that start at 0."),
    "saturated softmax": (
        "The loss begins in the hundreds, and after a while it does not move any more.",
        "The first loss is not ln 10: the logits are huge before any step, and what follows kills the units. Mend: a last layer that "
        "starts small."),
    "leak": (
        "100 % on validation! Can we ship it?",
        "Validation examples stand among the training examples, and fresh data is far worse. Mend: split before anything else."),
    "loss summed, not averaged": (
        "The loss printed at the start is 79. It never gets below 70.",
        'The gradient is 32 times as long as that of the mean, in the same direction: a batch of 32 was summed. Mend: reduction="mean".'),
    "eval() forgotten": (
        "Validation is clearly worse than training, and differs from run to run of the same weights.",
        "Two evaluations of the same weights disagree: dropout is still at work. Mend: model.eval() before, model.train() after."),
    "frozen layers": (
        "It learns a little, then no more. The optimizer is fine, I use it everywhere.",
        "Only the last matrix has a gradient and moves. Mend: requires_grad=True, or give them to the optimizer."),
    "softmax applied twice": (
        "94 % accuracy, but the loss never falls below 1.46.",
        "1.461 is the least a softmax of probabilities can have: −ln(e/(e + 9)). One batch ends there, too. Mend: give cross_entropy "
        "the logits."),
    "gradient not zeroed": (
        "The loss falls for five steps and then climbs without end.",
        "The gradient at a step is many times that of its batch, and points elsewhere: old ones are in it. Mend: optimizer.zero_grad() "
        "in each step."),
    "accumulated without scaling": (
        "It trained with batches of 32. Now 16 of them are accumulated, and the loss is NaN.",
        "The gradient is 16 times that of the mean of all examples of the step, in the same direction, while the first loss is right. "
        "Mend: divide each loss by 16."),
    "one bad batch": (
        "All was well until half of the run, then it suddenly forgot.",
        "One spike at one step, and one batch whose inputs are far larger than all others. Mend: check the data; clip the gradient."),
    "overflow in half precision": (
        "NaN from the second step on.",
        "In float64 the same program trains: the scaled gradient is beyond 65504. Mend: a GradScaler, which skips the step and lowers "
        "its scale."),
    "updates rounded away": (
        "It hardly learns, whatever I do. The gradients look fine.",
        "Gradients arrive, but the weights do not move by as much as they should; in float64 the same program learns at the same rate, "
        "so the rate is not to blame (at a larger one fewer steps are rounded away, and the sweep looks better). Mend: keep the "
        "weights in float32 (autocast does)."),
    "shuffled labels": (
        "Training loss falls, slowly; validation never leaves 10 %.",
        "2 of 20 labels fit their pictures: labels and pictures were shuffled separately. Mend: one permutation for both."),
    "symmetric start": (
        "It learns something, but very little for a network of this size.",
        "The first loss is exactly ln 10, and one batch is not learned by heart: the units of a layer are copies of each other. Mend: "
        "random weights."),
    "vanishing gradients": (
        "A deep network of sigmoids, stuck at 2.30.",
        "The gradient of the first matrix is thousands of times shorter than that of the last. Mend: ReLU, skips, norms."),
    "validation scaled otherwise": (
        "Training is perfect, validation jumps between 30 % and 60 %.",
        "Inputs of validation have another mean and size than those of training; fresh data, prepared like training, is fine. Mend: one"
        " function that prepares all."),
    "schedule stepped once a batch": (
        "It starts well and freezes after a dozen steps.",
        "The learning rate is gone: × 0.7 a batch instead of an epoch. Mend: scheduler.step() where it belongs."),
    "data sorted by class": (
        "The training loss looks like a saw, and validation lags behind.",
        "The classes come one after the other: each batch holds one of them. Mend: shuffle=True."),
    "mask the wrong way round": (
        "Rows of unequal number, padded and masked. The loss is 2.30 for ever.",
        "The first matrices get no gradient although their units are alive: what they give is thrown away later. Mend: turn the mask."),
}  # fmt: skip


def main(again=False):
    if clinic.FILE.exists() and not again:
        return
    torch.set_num_threads(1)
    order = np.random.default_rng(1).permutation(len(PATIENTS))
    names = [list(PATIENTS)[i] for i in order]
    files = []
    for number, name in enumerate(names, 1):
        print(f"patient {number} of {len(names)}", flush=True)
        complaint, why = STORIES[name]
        well = run(cured(name)())["curves"]["validation accuracy"][-1]
        files.append({"complaint": complaint, "diagnosis": clinic.checksum(number, name), "why": clinic.veiled(why), "cured": _round(well),
                      "tests": _round(examine(PATIENTS[name]))})  # fmt: skip
    text = json.dumps({"diagnoses": sorted(PATIENTS), "patients": files}, separators=(",", ":"), allow_nan=False)
    beside = clinic.FILE.with_name(clinic.FILE.name + ".new")
    beside.write_text(text + "\n", "utf-8")
    os.replace(beside, clinic.FILE)
    clinic._stored.cache_clear()


def examine(kind):
    """All tests of a patient."""
    found = run(kind())
    sweep = [[factor, run(kind(factor))["curves"]["validation accuracy"][-1]] for factor in FACTORS]
    single, exact, plain = losses(kind(one_batch=True), 100), losses(kind(kind=torch.float64), STEPS), losses(kind(), STEPS)
    return found | {
        "one batch": {"steps": list(range(0, 100, 5)), "loss": single[::5]},
        "double precision": {"steps": list(range(9, STEPS, 10)), "as it is": tens(plain), "float64": tens(exact)},
        "rate sweep": {"accuracy": sweep},
        "batch": batch(kind()), "overlap": overlap(kind()), "gradient check": checked(kind()),
    }  # fmt: skip


def run(training):
    """The whole training, looked at every ten steps."""
    noted, rates = [], []
    start = training.evaluate("validation")
    x, y = (part[: training.batch] for part in training.parts["train"])
    with torch.no_grad():
        first = float(training.loss(training.forward(x.to(training.kind)), y))
    curves = {"steps": [0], "training loss": [first], "validation loss": [start[0]], "validation accuracy": [start[1]]}
    with monitor(training.model, training.optimizer, EVERY) as watch:
        for t in range(STEPS):
            rates.append(training.optimizer.param_groups[0]["lr"])
            training.step(t, lambda loss: noted.append(float(loss.detach())) or loss)
            if (t + 1) % EVERY == 0:
                loss, accuracy = training.evaluate("validation")
                for name, value in zip(curves, (t + 1, float(np.mean(noted[-EVERY:])), loss, accuracy)):
                    curves[name].append(value)
    steps = watch["step"]
    layers = [name for name, p in training.model.named_parameters() if p.ndim > 1]
    column = lambda key: {"steps": steps} | {name: [point[key].get(name, 0.0) for point in watch.points] for name in layers}
    units = {"steps": steps, "dead": watch["dead"]} if watch["dead"][-1] is not None else {}
    again = [training.evaluate("validation")[1] for _ in range(2)]
    return {
        "curves": curves, "first loss": {"loss": first, "ln 10": math.log(10)},
        "rates": {"steps": steps, "rate": rates[EVERY - 1 :: EVERY]},
        "gradients": column("gradients"), "updates": column("ratios"), "units": units, "twice": {"first": again[0], "second": again[1]},
        "fresh data": {"fresh": training.evaluate("fresh")[1], "validation": again[0]}
    }  # fmt: skip


def tens(values):
    """The mean of each ten in a row."""
    return [float(v) for v in np.reshape(values, (-1, 10)).mean(axis=1)]


def losses(training, steps):
    noted = []
    for t in range(steps):
        training.step(t, lambda loss: noted.append(float(loss.detach())) or loss)
    return noted


def batch(training):
    """What a person sees who prints the first batch, and what a sensor on the whole run has seen."""
    taken = [training.next_batch(t) for t in range(STEPS)]
    x, v = taken[0][0].float(), training.parts["validation"][0]
    y = torch.cat([y for _, y in taken[:3]])
    seen = torch.cat([x for x, _ in taken[:2]])[:20].float()
    there = training.parts["train"][0].float()
    rows = torch.cdist(seen, there).argmin(1)
    raw = training.data()["train"][0][rows]
    everything = [torch.cat([part[i] for part in digits().values()]) for i in (0, 1)]
    truth = everything[1][torch.cdist(raw, everything[0]).argmin(1)]
    return {
        "mean": float(x.mean()), "std": float(x.std()), "largest": float(x.abs().max()), "validation mean": float(v.mean()),
        "validation std": float(v.std()), "largest of all": max(float(x.abs().max()) for x, _ in taken), "classes": y[:24].tolist(),
        "labels that fit": int((truth == y[:20]).sum()),
    }  # fmt: skip


def overlap(training):
    train, validation = (training.data()[part][0] for part in ("train", "validation"))
    return {"shared": int((torch.cdist(validation, train).min(1).values < 1e-6).sum()), "validation": len(validation)}


def checked(training):
    """The gradient that a step used, beside that of the mean cross-entropy of its examples, at the same weights."""
    losses(training, CHECKED)
    before = copy.deepcopy(training.model)
    training.step(CHECKED, lambda loss: loss)
    parameters = [(p, q) for p, q in zip(training.model.parameters(), before.parameters()) if p.grad is not None]
    used = torch.cat([p.grad.flatten().double() for p, _ in parameters])
    training.model = before
    x, y = training.seen
    F.cross_entropy(training.forward(x).double(), y).backward()
    right = torch.cat([torch.zeros_like(q).flatten().double() if q.grad is None else q.grad.flatten().double() for _, q in parameters])
    size = lambda v: float(v.norm())
    return {"length": size(used) / size(right) if size(right) else None,
            "cosine": float(used @ right) / (size(used) * size(right)) if size(used) * size(right) else None}


def _round(value):
    """Three digits, and None for what is no number."""
    if isinstance(value, dict):
        return {name: _round(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_round(inner) for inner in value]
    if isinstance(value, float):
        return float(f"{value:.4g}") if math.isfinite(value) else None
    return value
