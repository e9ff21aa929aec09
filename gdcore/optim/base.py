"""Any rule as a torch.optim.Optimizer."""

import collections
import functools
import itertools
import operator

import torch
from torch.optim.optimizer import _global_optimizer_post_hooks, _global_optimizer_pre_hooks

from gdcore.kernels import structure
from gdcore.optim.engine import PLAIN, bucket_for, is_plain, plain_step, program_of
from gdcore.rules import L2, Ascent, DecoupledDecay, Rule

__all__ = ["Optimizer", "RuleOptimizer", "given"]


ROUNDING = 1e-12  # of the first learning rate


class RuleOptimizer(torch.optim.Optimizer):
    """The base of all optimizers here: it turns each parameter group into a rule and lets the rule step its tensors.

    A subclass says in `rule(group)` which rule a group of hyper-parameters means, and in `names` what torch calls the memory.
    """

    names = {}  # the rule's name of a memory -> torch's

    def __init__(self, params, defaults, **common):
        self._plans = {}
        self._check(defaults | common | {"params": []})  # a wrong value is told before the parameters are looked at
        super().__init__(params, defaults | common)

    def rule(self, group):
        """The rule that this group's hyper-parameters describe, without weight decay by the gradient and `maximize`."""
        raise NotImplementedError(f"{type(self).__name__} must define rule(group).")

    def full_rule(self, group):
        """The rule with what the group adds around it. Raises ValueError for a value out of range."""
        plain = {k: v if k == "params" else _number(v) for k, v in group.items()}
        if -ROUNDING * abs(plain.get("initial_lr", 1.0)) <= (plain.get("lr") or 0.0) < 0:
            plain["lr"] = 0.0  # a scheduler that ends at 0 may end a rounding below it
        rule = self.rule(plain)
        if "weight_decay" in group and "weight_decay" not in rule.hyperparameters():
            decay = DecoupledDecay if group.get("decoupled_weight_decay") else L2
            wrapped = decay(rule, weight_decay=_number(group["weight_decay"]))
            rule = wrapped if wrapped.weight_decay else rule
        return Ascent(rule) if group.get("maximize") else rule

    # -- what torch.optim.Optimizer asks for ----------------------------------------------------------------------------

    def add_param_group(self, param_group):
        """Add parameters in mid-run. Raises as torch does for duplicates; ValueError for a value out of range."""
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        try:
            self._check(group)
        except BaseException:
            self.param_groups.pop()  # nothing is left half-added
            raise

    def _check(self, group):
        lr, betas = group.get("lr"), group.get("betas", ())
        if isinstance(lr, torch.Tensor) and lr.numel() != 1:
            raise ValueError(f"lr must be a number or a tensor of one element, got a tensor of shape {tuple(lr.shape)}.")
        if len({isinstance(b, torch.Tensor) for b in betas}) > 1:
            raise ValueError(f"betas must be all numbers or all tensors, got {betas}.")
        if group.get("foreach") and any(isinstance(v, torch.Tensor) for v in (lr, *betas)):
            raise ValueError("foreach=True takes lr and betas as numbers, got a tensor: leave foreach out, or pass numbers.")
        if group.get("fused") and group.get("foreach"):
            raise RuntimeError("fused=True and foreach=True were both given: choose one.")
        for name in ("differentiable", "capturable"):
            if group.get(name):
                raise RuntimeError(f"{name}=True is not offered here; the rule's own `update` is pure: differentiate or capture that.")
        rule = self.full_rule(group)
        for p in group["params"]:
            if rule.reads == "matrix" and p.ndim != 2:
                raise ValueError(
                    f"{type(self).__name__} works on matrices and got a parameter of shape {tuple(p.shape)}; give it to AdamW."
                )

    def __setstate__(self, state):
        super().__setstate__(state)
        self._plans = {}  # the memory may be other tensors now
        for group in self.param_groups:
            for key, value in self.defaults.items():
                group.setdefault(key, value)

    @staticmethod
    def profile_hook_step(step):
        """torch's wrapper of `step`, with hooks and a label for the profiler: a third of a small step, so it waits for a listener."""
        watched = torch.optim.Optimizer.profile_hook_step(step)

        @functools.wraps(step)
        def wrapper(self, *args, **kwargs):
            heard = (torch.autograd._profiler_enabled() or self._optimizer_step_pre_hooks or self._optimizer_step_post_hooks
                     or _global_optimizer_pre_hooks or _global_optimizer_post_hooks)  # fmt: skip
            return (watched if heard else step)(self, *args, **kwargs)

        return wrapper

    def step(self, closure=None):
        """One step on all parameters that have a gradient.

        closure: recomputes the loss (and the gradients), is called with gradients enabled. Returns its value, else None.
        Raises RuntimeError for a sparse gradient that the rule cannot use.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        if torch.compiler.is_compiling():  # our kernels are made already: the compiler steps around them
            torch._dynamo.disable(self._step)()
        else:
            self._step()
        return loss

    @torch.no_grad()
    def _step(self):
        for index, group in enumerate(self.param_groups):
            if group.get("train_mode") is False:
                raise RuntimeError(f"{type(self).__name__}.step() was called after eval(): call train() first.")
            plan = self._plans.get(index)
            if plan is None or not plan.fits(group["params"], self.state):
                plan = self._plan(index, group)
            elif plan.watchful or plan.seen != _seen(group):  # a scheduler was here
                rule = self.full_rule(group)
                if structure(rule) == structure(plan.rule) and _compiled(group) == plan.compile:
                    plan.set(rule, group)
                else:
                    plan = self._plan(index, group)
            plan.step(self.state)

    def _plan(self, index, group):
        rule = self.full_rule(group)
        if not rule.lazy and any(p.grad is not None and p.grad.is_sparse for p in group["params"]):
            raise RuntimeError(
                f"{type(self).__name__} does not support sparse gradients with these options: use SGD without momentum or Adagrad.")
        if rule.reads != "entry" and any(p.is_complex() for p in group["params"]):
            raise RuntimeError(f"{type(self).__name__} does not support complex parameters: give it their real and imaginary parts.")
        self._plans[index] = _Plan(rule, group, _Names(rule, self.names), self.state)
        return self._plans[index]

    # -- the point to evaluate -------------------------------------------------------------------------------------------

    @torch.no_grad()
    def eval(self):
        """Put the rule's answer into the parameters (the average, for rules that keep one); `train` undoes it."""
        for group in self.param_groups:
            if group.get("train_mode", True):
                group["train_mode"] = False
                self._swap(group, lambda p, answer, state: state.update(parked=p.clone()) or p.copy_(answer))

    @torch.no_grad()
    def train(self):
        """Back to the parameters that `step` moves."""
        for group in self.param_groups:
            if not group.get("train_mode", True):
                group["train_mode"] = True
                self._swap(group, lambda p, answer, state: p.copy_(state.pop("parked")))

    def _swap(self, group, change):
        rule = self.full_rule(group)
        if type(rule).answer is Rule.answer:
            return
        names = _Names(rule, self.names)
        for p in group["params"]:
            if self.state.get(p):
                change(p, rule.answer(p, *names.values(self.state[p])), self.state[p])


class _Names:
    """Which memory of a rule is alive, and what it is called in the optimizer's state."""

    def __init__(self, rule, names):
        program = program_of(rule)
        self.rule, self.called = rule, {n: names.get(n, n) for n in rule.state_names}
        self.live = rule.state_names if program is None else program.arrays + program.scalars
        # a rule without a program may keep numbers, too: they are known by their type
        self.traced, self.scalars = program is not None, rule.state_names if program is None else program.scalars

    def start(self, p, state):
        """Fill in what is missing: before the first step of a parameter, or when a memory was switched on just now."""
        missing = [n for n in self.live if state.get(self.called[n]) is None]  # torch once stored None for no momentum yet
        state.setdefault("step", 1 if len(missing) < len(self.live) else 0)  # torch's SGD keeps memory but counts no steps
        if missing:
            initial = dict(zip(self.rule.state_names, self.rule.init(_real(p.detach())), strict=True))
            for n in missing:
                value = initial[n]
                if isinstance(value, torch.Tensor):
                    value = torch.view_as_complex(value.clone()) if p.is_complex() else value.clone()
                state[self.called[n]] = value
        if self.traced:
            for n in self.scalars:  # torch keeps some of them as tensors
                state[self.called[n]] = float(state[self.called[n]])

    def check(self, p, state):
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
                    f"The memory {self.called[n]!r} has the shape {tuple(a.shape)}, and a parameter of shape {tuple(p.shape)} needs "
                    f"{tuple(fresh[n].shape)}: load a checkpoint of the same parameters in the same order, or make a new optimizer.")
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


class _Plan:
    """How the steps of one group are done, as long as its tensors stay as they are."""

    def __init__(self, rule, group, names, state):
        self.names, self.compile = names, _compiled(group)
        self.set(rule, group)
        self.signature = _signature(group["params"])
        self.sparse, self.buckets, kinds = [], [], {}
        wanting = [p for p in group["params"] if p.grad is not None]
        twice = {p for p, n in collections.Counter(wanting).items() if n > 1}  # as torch, such a parameter takes two steps
        for place, p in enumerate(wanting):
            names.start(p, state[p])
            like = names.check(p, state[p])
            if p.grad.is_sparse:
                self.sparse.append(p)
            else:
                odd = p in twice or not (like and is_plain(p, p.grad))
                kinds.setdefault((self._kind(p, state[p]), odd, place if odd else None), []).append(p)
        for (_, odd, _), members in kinds.items():
            memory = [names.arrays(state[p]) for p in members]
            bucket = bucket_for(rule, members, memory, self.compile, odd)
            for p, arrays in zip(members, memory, strict=True):  # the bucket may have moved them into one buffer
                state[p].update((names.called[n], a) for n, a in arrays.items())
            self.buckets.append(_Part(members, bucket, [state[p] for p in members], names))

    def set(self, rule, group):
        """Go on with other values of the hyper-parameters."""
        self.rule, self.hyper, self.seen = rule, rule.hyperparameters(), _seen(group)
        # a tensor may change in place, so that it is equal to itself and yet another number
        self.watchful = any(isinstance(v, torch.Tensor) for value in self.seen for v in (value if type(value) is tuple else [value]))

    def _kind(self, p, state):
        """Parameters of one kind share a bucket: one dtype, one device, one step, one scalar memory."""
        scalars = tuple(self.names.numbers(state).items())
        return p.dtype, p.device, p.is_contiguous(), float(state["step"]), scalars

    def fits(self, params, state):
        """Whether the same tensors still want a step, and their memory is what this plan laid out."""
        if self.signature != _signature(params):
            return False
        return all(part.is_as_it_was(state) for part in self.buckets)

    def step(self, state):
        for p in self.sparse:
            self._rows(p, state[p])
        for part in self.buckets:
            t = int(part.memory[0]["step"]) + 1
            new = part.bucket.step(self.rule, self.hyper, t, self.names.numbers(part.memory[0]))
            part.note({self.names.called[n]: v for n, v in new.items()} | {"step": t})

    def _rows(self, p, state):
        """A sparse gradient touches its own rows only."""
        g, state["step"] = p.grad.coalesce(), int(state["step"]) + 1
        at = tuple(g.indices())
        x, arrays = p[at], self.names.arrays(state)
        rows = {n: a[at] for n, a in arrays.items()}
        plain_step(self.rule, state["step"], x, g.values(), rows, {})
        p[at] = x
        for n, a in arrays.items():
            a[at] = rows[n]


class _Part:
    """Parameters that are stepped together: their bucket, and their memory in the optimizer's state, which others may edit."""

    def __init__(self, members, bucket, memory, names):
        self.members, self.bucket, self.memory = members, bucket, memory
        self.keys = [k for n, k in names.called.items() if isinstance(memory[0].get(k), torch.Tensor)]
        self.arrays = {k: [m[k] for m in memory] for k in self.keys}
        self.plain = [a for arrays in self.arrays.values() for a in arrays if type(a) in PLAIN]
        self.places = list(map(torch.Tensor.data_ptr, self.plain))
        self.note({names.called[n]: v for n, v in names.numbers(memory[0]).items()} | {"step": memory[0]["step"]})

    def note(self, numbers):
        """Write the numbers that all members share."""
        self.noted = numbers
        for m in self.memory:
            m.update(numbers)

    def is_as_it_was(self, state):
        """Whether the state still holds the very arrays and numbers that were left in it: what people put there is what is used."""
        same, get = operator.is_, itertools.repeat
        return (
            all(map(same, map(state.get, self.members), self.memory))
            and all(all(map(same, map(dict.get, self.memory, get(k)), arrays)) for k, arrays in self.arrays.items())
            and all(all(map(same, map(dict.get, self.memory, get(k)), get(v))) for k, v in self.noted.items())
            and list(map(torch.Tensor.data_ptr, self.plain)) == self.places  # an array may be given other memory: a.data = b
        )


def _signature(params):
    return [(p.data_ptr() if type(p) in PLAIN else 0, id(p), p.numel(), p.dtype, g.is_sparse) for p in params if (g := p.grad) is not None]


def _seen(group):
    """The hyper-parameters of a group as they are now: a list is copied, since it may change in place."""
    return [tuple(v) if type(v) is list else v for k, v in group.items() if k != "params"]


def _real(a):
    return torch.view_as_real(a.resolve_conj()) if a.is_complex() else a


def _compiled(group):
    return bool(group.get("compile") or group.get("fused"))


def given(arguments):
    """The arguments of a constructor as the defaults of its groups: `given(locals())`."""
    return {k: v for k, v in arguments.items() if k not in ("self", "params", "__class__")}


def _number(value):
    """A hyper-parameter as a plain number: torch allows tensors of one element."""
    if isinstance(value, torch.Tensor):
        return value.item() if value.numel() == 1 else value
    return tuple(_number(v) for v in value) if type(value) in (tuple, list) else value


class Optimizer(RuleOptimizer):
    """Train with any rule: `Optimizer(model.parameters(), Lookahead(AdamW(lr=1e-3)))`.

    params: tensors, (name, tensor) pairs or groups, as in torch. rule: a Rule; its hyper-parameters become those of each
    group (`group["lr"]` may be changed, by a scheduler for instance). weight_decay: λ of the L2 penalty; where the rule has
    a decay of its own, use that. maximize: go uphill. compile: run the rule as one fused kernel. Raises TypeError without a
    rule, ValueError for a value out of range.
    """

    def __init__(self, params, rule, *, weight_decay=0.0, maximize=False, compile=False):
        if not isinstance(rule, Rule):
            raise TypeError(f"Optimizer needs a rule such as Adam(lr=1e-3), got {type(rule).__name__}.")
        self.template = rule
        super().__init__(params, {"weight_decay": weight_decay} | rule.hyperparameters(), maximize=maximize, compile=compile)

    def rule(self, group):
        return self.template.with_hyperparameters(**{k: group[k] for k in self.template.hyperparameters()})

    def __getstate__(self):
        return super().__getstate__() | {"template": self.template}

