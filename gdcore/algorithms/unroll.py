"""Differentiate through a whole training: what would a little more learning rate, or momentum at step 7, have done to the end?

A rule is pure, so T steps of it are one function of its hyper-parameters, and torch can differentiate that function as any other:
Domke (2012), "Generic methods for optimization-based modeling", AISTATS; Maclaurin, Duvenaud and Adams (2015), arXiv:1502.03492. Two ways
give the same number at different prices (Franceschi et al., 2017, arXiv:1703.01785). In reverse all T points are kept, and one pass back
gives the slope in every hyper-parameter. Forward nothing is kept, and each number among the hyper-parameters costs a pass of its own.
"""

import copy

import torch

from gdcore.rules import Rule, Wrapper

__all__ = ["hypergradient", "train", "with_tensors"]


def train(rule, hyper, loss, x, steps):
    """Run `steps` steps of a rule and return (the answer, the losses of the points before each step); nothing is changed in place.

    hyper: {name: tensor} of hyper-parameters of the rule (those of an inner rule included) that take the place of its own; one number, or
    one for each step, shape (steps,). loss: loss(x, t) is a torch number, t counts from 1. x: a tensor, or {name: tensor} as a network's
    parameters. All of it can be differentiated by torch.func and by autograd, in x and in hyper.
    Raises TypeError for what is no rule, ValueError for a name that the rule does not know or a tensor of another shape.
    """
    if not isinstance(rule, Rule):
        raise TypeError(f"A training needs a rule such as GD(lr=0.1), got {type(rule).__name__}.")
    _check(rule, hyper, steps)
    alone = not isinstance(x, dict)
    point = {"": x} if alone else dict(x)
    first = with_tensors(rule, _at(hyper, 0)) if steps else rule
    memory = {name: first.init(value) for name, value in point.items()}
    slope = torch.func.grad_and_value(lambda p, t: loss(p[""] if alone else p, t))
    losses = []
    for t in range(1, steps + 1):
        now = with_tensors(rule, _at(hyper, t - 1))
        g, value = slope(point, t)
        probes = {name: now.probe(point[name], g[name], t, *memory[name]) for name in point}
        if any(p is not None for p in probes.values()):
            g, _ = slope({name: point[name] if p is None else p for name, p in probes.items()}, t)
        told = {name: now.update(point[name], g[name], t, *memory[name]) for name in point}
        point, memory = {name: found[0] for name, found in told.items()}, {name: found[1:] for name, found in told.items()}
        losses.append(value)
    last = with_tensors(rule, _at(hyper, steps - 1)) if steps else rule
    answer = {name: last.answer(value, *memory[name]) for name, value in point.items()}
    return answer[""] if alone else answer, torch.stack(losses) if losses else torch.zeros(0)


def hypergradient(rule, hyper, loss, x, steps, outer, mode="reverse"):
    """(outer(answer), its slope in every hyper-parameter): outer judges the answer of `train(rule, hyper, loss, x, steps)`.

    outer: a function of the answer to a torch number, such as the loss on validation data. mode: "reverse" keeps every step and gives all
    slopes at once; "forward" keeps none, and runs the training once for each number in hyper. The slopes come as {name: tensor}.
    Raises ValueError for another mode, and what `train` raises.
    """
    hyper = {name: torch.as_tensor(value) for name, value in hyper.items()}

    def judged(hyper):
        return outer(train(rule, hyper, loss, x, steps)[0])

    if mode == "reverse":
        slopes, value = torch.func.grad_and_value(judged)(hyper)
        return value, slopes
    if mode != "forward":
        raise ValueError(f"mode is {mode!r}; a hypergradient is found in 'reverse' or 'forward'.")
    slopes, value = {name: torch.zeros_like(number) for name, number in hyper.items()}, None
    for name, number in hyper.items():
        for place in range(number.numel()):
            tangent = {other: torch.zeros_like(n) for other, n in hyper.items()}
            tangent[name].view(-1)[place] = 1
            value, slopes[name].view(-1)[place] = torch.func.jvp(judged, (hyper,), (tangent,))
    return (judged(hyper) if value is None else value), slopes


def with_tensors(rule, values):
    """The rule with tensors as hyper-parameters: what a rule's own check of its numbers would refuse."""
    made = copy.copy(rule)
    for name in vars(rule):
        if name in values:
            object.__setattr__(made, name, values[name])
    if isinstance(rule, Wrapper):
        object.__setattr__(made, "rule", with_tensors(rule.rule, values))
    return made


def _at(hyper, k):
    return {name: value[k] if value.ndim else value for name, value in hyper.items()}


def _check(rule, hyper, steps):
    known = rule.hyperparameters()
    for name, value in hyper.items():
        if name not in known:
            raise ValueError(f"{type(rule).__name__} has no hyper-parameter {name!r}; it has {', '.join(known)}.")
        if not isinstance(value, torch.Tensor) or not value.is_floating_point() or value.shape not in ((), (steps,)):
            raise ValueError(f"{name} is {value!r}; give a tensor of floats: one number, or {steps}, one for each step.")
