"""How the steps of one group are done: which of its memory is alive, and which parameters are stepped together."""

import collections
import operator

import numpy
import torch

from gdcore.optim.engine import PLAIN, bucket_for, is_plain, plain_step, program_of

__all__ = ["Names", "Plan", "compiled", "count_of", "recorded_step", "seen"]


class Names:
    """Which memory of a rule is alive, and what it is called in the optimizer's state."""

    def __init__(self, rule, names, restarts):
        program = program_of(rule)
        self.restarts = restarts
        self.rule, self.called = rule, {n: names.get(n, n) for n in rule.state_names}
        self.live = rule.state_names if program is None else program.arrays + program.scalars
        # a rule without a program may keep numbers, too: they are known by their type
        self.traced, self.scalars = program is not None, rule.state_names if program is None else program.scalars

    def start(self, p, state):
        """Fill in what is missing: before the first step of a parameter, or when a memory was switched on just now."""
        missing = [n for n in self.live if state.get(self.called[n]) is None]  # torch once stored None for no momentum yet
        state.setdefault("step", 1 if len(missing) < len(self.live) else 0)  # torch's SGD keeps memory but counts no steps
        state["step"] = float(state["step"])
        if missing:
            if self.restarts:
                state["step"] = 0.0
            initial = dict(zip(self.rule.state_names, self.rule.init(_real(p.detach())), strict=True))
            for n in missing:
                value = initial[n]
                if isinstance(value, torch.Tensor):
                    value = torch.view_as_complex(value.clone()) if p.is_complex() else value.clone()
                state[self.called[n]] = value

    def settle(self, state):
        """The numbers among the memory as plain numbers: torch keeps some of them as tensors."""
        if self.traced:
            for n in self.scalars:
                state[self.called[n]] = float(state[self.called[n]])

    def check(self, p, state, group):
        """Raise RuntimeError if a memory belongs to a parameter of another shape; whether all are of the parameter's dtype and device."""
        arrays = {n: _real(a) for n, a in self.arrays(state).items()}
        try:
            like = _real(torch.empty_like(p, device="meta", requires_grad=False)) if is_plain(p) else _real(p.detach())
            fresh = dict(zip(self.rule.state_names, self.rule.init(like), strict=True))
        except (NotImplementedError, RuntimeError):  # a rule whose init looks at numbers
            fresh = dict(zip(self.rule.state_names, self.rule.init(_real(p.detach())), strict=True))
        for n, a in arrays.items():
            if isinstance(fresh[n], torch.Tensor) and fresh[n].shape != a.shape:
                raise RuntimeError(
                    f"The memory {self.called[n]!r} of {_which(p, group)} has the shape {tuple(a.shape)}, and a parameter of shape "
                    f"{tuple(p.shape)} needs {tuple(fresh[n].shape)}: load a checkpoint of the same parameters in the same order, or make "
                    "a new optimizer.")
        for n in arrays:  # torch loads a memory in the parameter's type; one that counts in bytes goes back to them
            if isinstance(fresh[n], torch.Tensor) and not fresh[n].is_floating_point() and not p.is_complex():
                state[self.called[n]] = state[self.called[n]].to(fresh[n].dtype)
        return all(is_plain(a) and a.dtype == _real(p).dtype and a.device == p.device for a in arrays.values())

    def values(self, state):
        """The whole memory in the rule's order; what is switched off is 0."""
        return [state.get(self.called[n], 0.0) for n in self.rule.state_names]

    def arrays(self, state):
        return {n: state[c] for n, c in self.called.items() if isinstance(state.get(c), torch.Tensor)}

    def numbers(self, state):
        return {n: state[c] for n in self.scalars if isinstance(state.get(c := self.called[n]), float)}


class Plan:
    """How the steps of one group are done, as long as its tensors stay as they are."""

    def __init__(self, rule, group, names, state):
        self.names, self.compile = names, compiled(group)
        self.set(rule, group)
        self.place = torch.Tensor.data_ptr if all(type(p) in PLAIN for p in group["params"]) else _nowhere
        self.signature = _signature(group["params"], self.place)
        self.sparse, self.buckets, kinds = [], [], {}
        wanting = [p for p in group["params"] if p.grad is not None]
        times = collections.Counter(wanting)  # a parameter that is listed twice takes two steps, as in torch
        for p in times:
            names.start(p, state[p])
            names.settle(state[p])
            like = names.check(p, state[p], group)
            if p.grad.is_sparse:
                self.sparse += [p] * times[p]
            else:
                odd = times[p] > 1 or not (like and is_plain(p, p.grad))
                kinds.setdefault((self._kind(p, state[p]), odd, id(p) if odd else None), []).append(p)
        for (_, odd, _), members in kinds.items():
            memory = [names.arrays(state[p]) for p in members]
            bucket = bucket_for(rule, members, memory, self.compile, odd)
            for p, arrays in zip(members, memory, strict=True):  # the bucket may have moved them into one buffer
                state[p].update((names.called[n], a) for n, a in arrays.items())
            self.buckets.append(_Part(members, bucket, [state[p] for p in members], names, times[members[0]]))

    def set(self, rule, group):
        """Go on with other values of the hyper-parameters."""
        self.rule, self.hyper, self.seen = rule, rule.hyperparameters(), seen(group)
        # a tensor may change in place, so that it is equal to itself and yet another number
        self.watchful = any(isinstance(v, torch.Tensor) for value in self.seen for v in (value if type(value) is tuple else [value]))

    def _kind(self, p, state):
        """Parameters of one kind share a bucket: one dtype, one device, one step, one scalar memory."""
        scalars = tuple(self.names.numbers(state).items())
        return p.dtype, p.device, p.is_contiguous(), float(state["step"]), scalars

    def fits(self, params, state):
        """Whether the same tensors still want a step, and their memory is what this plan laid out."""
        return self.signature == _signature(params, self.place) and all(part.is_as_it_was(state) for part in self.buckets)

    def step(self, state):
        for p in self.sparse:
            self._rows(p, state[p])
        for part in self.buckets:
            first = self.names.restarts and part.t == 0
            for _ in range(part.times):
                if first and part.times > 1:  # torch's SGD puts a first velocity into the state after both steps
                    part.forget()
                new = part.bucket.step(self.rule, self.hyper, part.t + 1, self.names.numbers(part.memory[0]))
                part.note({self.names.called[n]: v for n, v in new.items()}, part.t + 1)

    def _rows(self, p, state):
        """A sparse gradient touches its own rows only."""
        g, t = p.grad.coalesce(), int(state["step"]) + 1
        at = tuple(g.indices())
        x, arrays = p[at], self.names.arrays(state)
        rows = {n: a[at] for n, a in arrays.items()}
        plain_step(self.rule, t, x, g.values(), rows, {})
        p[at] = x
        for n, a in arrays.items():
            a[at] = rows[n]
        state["step"] = count_of(t)


class _Part:
    """Parameters that are stepped together: their bucket, and their memory in the optimizer's state, which others may edit."""

    def __init__(self, members, bucket, memory, names, times):
        self.members, self.bucket, self.memory, self.times = members, bucket, memory, times
        arrays = [k for k in names.called.values() if isinstance(memory[0].get(k), torch.Tensor)]
        self.arrays = [m[k] for m in memory for k in arrays]
        self.plain = [a for a in self.arrays if type(a) in PLAIN]
        self.places = list(map(torch.Tensor.data_ptr, self.plain))
        t = int(memory[0]["step"])
        self.count = numpy.zeros(len(members), numpy.float32)  # NumPy writes there in no time, and unseen by the tensor's version
        with torch.inference_mode(False):
            self.steps = torch.from_numpy(self.count)
            for m, step in zip(memory, self.steps.unbind(), strict=True):  # one tensor for each parameter; all share one version
                m["step"] = step
        self.version = self.steps._version  # grows when somebody else writes there
        numbers = {names.called[n]: v for n, v in names.numbers(memory[0]).items()}
        self.keys = ["step", *arrays, *numbers] * len(memory)
        self.owners = [m for m in memory for _ in range(1 + len(arrays) + len(numbers))]
        self.left = list(map(dict.get, self.owners, self.keys))
        self.note(numbers, t)

    def note(self, numbers, t):
        """Write the numbers that all members share, and their count of steps."""
        self.t = t
        if numbers:
            for m in self.memory:
                m.update(numbers)
            self.left = list(map(dict.get, self.owners, self.keys))
        self.count.fill(t)

    def forget(self):
        """Back to before the first step."""
        for a in self.arrays:
            a.zero_()
        self.t = 0

    def is_as_it_was(self, state):
        """Whether the state still holds the very arrays and numbers that were left in it: what people put there is what is used."""
        return (
            self.steps._version == self.version
            and all(map(operator.is_, map(state.get, self.members), self.memory))
            and all(map(operator.is_, map(dict.get, self.owners, self.keys), self.left))
            and list(map(torch.Tensor.data_ptr, self.plain)) == self.places  # an array may be given other memory: a.data = b
        )


def recorded_step(rule, group, names, state):
    """One step that autograd records (differentiable=True): each memory becomes a new tensor, and nothing is packed or written over.

    A parameter must be no leaf that requires a gradient, as torch itself demands of whatever changes in place.
    """
    for p in group["params"]:
        if p.grad is None:
            continue
        own = state[p]
        names.start(p, own)
        names.check(p, own, group)
        t = int(own["step"]) + 1
        memory = [_real(a) if isinstance(a, torch.Tensor) else a for a in names.values(own)]
        x, *new = rule.update(_real(p.clone()), _real(p.grad), t, *memory)  # of a copy: what the graph keeps must not change below
        p.copy_(torch.view_as_complex(x) if p.is_complex() else x)
        for n, value in zip(rule.state_names, new, strict=True):
            if n in names.live:
                own[names.called[n]] = torch.view_as_complex(value) if p.is_complex() and isinstance(value, torch.Tensor) else value
        own["step"] = count_of(t)


def count_of(step):
    """A count of steps, be it a number or a tensor, as torch keeps it: a float32 tensor on the CPU, a new one."""
    return torch.tensor(float(step), dtype=torch.float32, device="cpu")


def _which(p, group):
    """What a parameter is called: by its name where the optimizer was given names, else by its place."""
    place = next(i for i, q in enumerate(group["params"]) if q is p)
    return repr(group["param_names"][place]) if "param_names" in group else f"parameter {place} of its group"


def _signature(params, place):
    """Which parameters want a step, where their numbers lie and of what kind they are."""
    return [(place(p), id(p), p.nbytes, p.dtype, g.is_sparse) for p in params if (g := p.grad) is not None]


def _nowhere(p):
    """Tensor subclasses may have no memory of their own."""
    return 0


def seen(group):
    """The hyper-parameters of a group as they are now: a list is copied, since it may change in place."""
    return [tuple(v) if type(v) is list else v for k, v in group.items() if k != "params"]


def _real(a):
    return torch.view_as_real(a.resolve_conj()) if a.is_complex() else a


def compiled(group):
    return bool(group.get("compile") or group.get("fused"))
