"""A rule as an optax.GradientTransformation."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax as library

from gdcore.bridges.leaves import checked, chosen

__all__ = ["RuleState", "answer", "optax"]


class RuleState(NamedTuple):
    """The state of `optax(rule)`. count: steps taken. memory: a tuple for each leaf of the parameters, in the order of jax.tree.leaves."""

    count: Any
    memory: Any


def optax(rule, *, others=None, schedule=None, out_axis=-1):
    """Any rule of gdcore as an optax.GradientTransformation: chain it, mask it, inject it, compile it like one of optax's own.

    rule: such as gdcore.rules.Muon(lr=0.02). others: the rule for leaves that are no matrices, if `rule` is for matrices only.
    schedule: schedule(count), the factor on both learning rates at step 0, 1, …, of gdcore.schedules, optax or your own. out_axis: of a
    matrix, the axis of its outputs: −1 as in Flax and Haiku, 0 as in torch.
    update(gradients, state, params) needs params, and raises ValueError without them; TypeError for a rule with a second gradient.
    For rules that keep an average, `gdcore.bridges.answer` gives the point to evaluate.
    """
    checked(rule, others)

    def leaves(params):
        paths = jax.tree_util.tree_leaves_with_path(params)
        return [chosen(rule, others, x.shape, out_axis, f"params{jax.tree_util.keystr(path)}") for path, x in paths]

    def init(params):
        memory = [leaf.init(x) for leaf, x in zip(leaves(params), jax.tree.leaves(params))]
        arrays = jax.tree.map(lambda m: jnp.asarray(m) if hasattr(m, "dtype") else jnp.asarray(m, jnp.float32), memory)
        return RuleState(jnp.zeros([], jnp.int32), arrays)

    def update(gradients, state, params=None):
        if params is None:
            raise ValueError("This rule needs the parameters: call update(gradients, state, params).")
        factor = None if schedule is None else schedule(state.count)
        step = state.count + 1
        xs, structure = jax.tree.flatten(params)
        updates, memory = [], []
        for leaf, x, g, m in zip(leaves(params), xs, structure.flatten_up_to(gradients), state.memory):
            rate = None if factor is None else leaf.rule.hyperparameters()["lr"] * factor
            new, kept = leaf.update(x, g.astype(x.dtype), step, m, rate)
            updates.append((new - x).astype(x.dtype))
            memory.append(tuple(jnp.asarray(now, before.dtype) for now, before in zip(kept, m)))
        return structure.unflatten(updates), RuleState(library.safe_increment(state.count), memory)

    return library.GradientTransformation(init, update)


def answer(rule, state, params, *, others=None, out_axis=-1):
    """The point to evaluate: params themselves, or the average that the rule keeps (EMA, Lookahead, Schedule-Free, ASGD).

    rule, others, out_axis: as given to `optax`. state: the state of that transformation, a RuleState.
    """
    if not isinstance(state, RuleState):
        raise TypeError(f"state must be the RuleState of gdcore.bridges.optax(rule), got {type(state).__name__}; in a chain it is one of "
                        "the entries.")
    xs, structure = jax.tree.flatten(params)
    found = [chosen(rule, others, x.shape, out_axis, "a parameter").answer(x, m) for x, m in zip(xs, state.memory)]
    return structure.unflatten(found)
