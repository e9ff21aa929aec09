"""Any rule as a torch.optim.Optimizer."""

import functools
import re

import torch
from torch.optim.optimizer import _global_optimizer_post_hooks, _global_optimizer_pre_hooks

from gdcore.kernels import structure
from gdcore.optim.plan import Names, Plan, compiled, count_of, recorded_step, seen
from gdcore.rules import L2, Ascent, DecoupledDecay, Rule

__all__ = ["Optimizer", "RuleOptimizer", "given"]


ROUNDING = 1e-12  # of the first learning rate


class RuleOptimizer(torch.optim.Optimizer):
    """The base of all optimizers here: it turns each parameter group into a rule and lets the rule step its tensors.

    A subclass says in `rule(group)` which rule a group of hyper-parameters means, and in `names` what torch calls the memory.
    """

    names = {}  # the rule's name of a memory -> torch's
    foreach_takes_tensors = True  # False where torch refuses foreach=True with a tensor as lr
    restarts = False  # True if the steps are counted since the memory began

    def __init__(self, params, defaults, **common):
        self._plans = {}
        self._check(defaults | common | {"params": []})  # a wrong value is told before the parameters are looked at
        super().__init__(params, defaults | common)

    def rule(self, group):
        """The rule that this group's hyper-parameters describe, without weight decay by the gradient and `maximize`."""
        raise NotImplementedError(f"{type(self).__name__} must define rule(group).")

    def full_rule(self, group):
        """The rule with what the group adds around it. Raises ValueError for a value out of range, naming the class that was typed."""
        try:
            return self._full_rule(group)
        except ValueError as error:
            raise ValueError(re.sub(r"^\w+ got ", f"{type(self).__name__} got ", str(error))) from None

    def _full_rule(self, group):
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
            raise ValueError(f"Tensor lr must be 1-element, got one of shape {tuple(lr.shape)}.")
        if len({isinstance(b, torch.Tensor) for b in betas}) > 1:
            raise ValueError(f"betas must be all numbers or all tensors, got {betas}.")
        if group.get("foreach") and not self.foreach_takes_tensors and any(isinstance(v, torch.Tensor) for v in (lr, *betas)):
            raise ValueError("foreach=True takes lr and betas as numbers, got a tensor: leave foreach out, or pass numbers.")
        if group.get("fused") and group.get("foreach"):
            raise RuntimeError("fused=True and foreach=True were both given: choose one.")
        if group.get("capturable"):
            raise RuntimeError("capturable=True is not offered here; the rule's own `update` is pure: capture that.")
        if group.get("differentiable"):
            if compiled(group):
                raise RuntimeError("differentiable=True and a fused step were both asked for: autograd cannot see into a kernel.")
            if any(isinstance(v, torch.Tensor) and v.requires_grad for v in (lr, *betas)):
                raise ValueError("lr and betas must not require a gradient: differentiable=True follows the parameters and their memory "
                                 "through a step; for the gradient by a hyper-parameter take gdcore.algorithms.unroll.")
        rule = self.full_rule(group)
        for p in group["params"]:
            if rule.reads == "matrix" and p.ndim != 2:
                raise ValueError(
                    f"{type(self).__name__} works on matrices and got a parameter of shape {tuple(p.shape)}; give it to AdamW."
                )

    def __setstate__(self, state):
        takes = state.get("defaults", self.__dict__.get("defaults", {}))
        differentiable = "differentiable" in takes  # torch's own line below gives it to all, and not all have it
        super().__setstate__(state)
        if not differentiable:
            self.defaults.pop("differentiable", None)
        self._plans = {}  # the memory may be other tensors now
        for group in self.param_groups:
            for key, value in self.defaults.items():
                group.setdefault(key, value)
            for p in group["params"]:
                if "step" in (state := self.state.get(p, {})):
                    state["step"] = count_of(state["step"])
                self.loaded(p, state)

    # -- checkpoints, which are torch's ----------------------------------------------------------------------------------

    def state_dict(self):
        """The state as torch.optim.Optimizer.state_dict gives it, which torch's optimizer of this name loads, and the other way round.

        "step" is a float32 tensor of its own on the CPU; the arrays are the live ones, as torch's are.
        """
        live, self.state = self.state, dict(self.state)
        try:
            for group in self.param_groups:
                for p in group["params"]:
                    if saved := self.saved(p, live.get(p, {}), group):
                        self.state[p] = saved
            return super().state_dict()
        finally:
            self.state = live

    def saved(self, p, state, group):
        """The state of one parameter under torch's names; {} if there is none. A subclass adds what torch keeps besides."""
        return state | {"step": count_of(state["step"])} if "step" in state else dict(state)

    def loaded(self, p, state):
        """Change the state of one parameter, just loaded, from torch's names to ours. The reverse of `saved`."""

    # -- the step --------------------------------------------------------------------------------------------------------

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
            if group.get("differentiable"):
                self._record(index, group)
                continue
            plan = self._plans.get(index)
            if plan is None or not plan.fits(group["params"], self.state):
                plan = self._plan(index, group)
            elif plan.watchful or plan.seen != seen(group):  # a scheduler was here
                rule = self.full_rule(group)
                if structure(rule) == structure(plan.rule) and compiled(group) == plan.compile:
                    plan.set(rule, group)
                else:
                    plan = self._plan(index, group)
            plan.step(self.state)

    @torch.enable_grad()
    def _record(self, index, group):
        self._plans.pop(index, None)
        rule = self._possible(group)
        recorded_step(rule, group, Names(rule, self.names, self.restarts), self.state)

    def _possible(self, group):
        """The group's rule, if it can step these parameters."""
        rule = self.full_rule(group)
        if not rule.lazy and any(p.grad is not None and p.grad.is_sparse for p in group["params"]):
            raise RuntimeError(
                f"{type(self).__name__} does not support sparse gradients with these options: use SGD without momentum or Adagrad.")
        if rule.reads != "entry" and any(p.is_complex() for p in group["params"]):
            raise RuntimeError(f"{type(self).__name__} does not support complex parameters: give it their real and imaginary parts.")
        if compiled(group) and any(p.device.type == "meta" for p in group["params"] if p.grad is not None):
            raise RuntimeError("`fused=True` requires all the params to be floating point Tensors with a memory, got one on meta.")
        return rule

    def _plan(self, index, group):
        rule = self._possible(group)
        self._plans[index] = Plan(rule, group, Names(rule, self.names, self.restarts), self.state)
        return self._plans[index]

    # -- the point to evaluate -------------------------------------------------------------------------------------------

    @torch.no_grad()
    def eval(self):
        """Put the rule's answer into the parameters (the average, for rules that keep one); `train` undoes it.

        The statistics of batch normalisation are still those of the moving weights: after this, with the model in train mode, call
        torch.optim.swa_utils.update_bn(loader, model).
        """
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
        names = Names(rule, self.names, self.restarts)
        for p in group["params"]:
            if self.state.get(p):
                change(p, rule.answer(p, *names.values(self.state[p])), self.state[p])


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

