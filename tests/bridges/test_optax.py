"""Rules as optax transformations: to float precision the rule itself, under jit, in chains, and with what optax users do."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import gdcore.rules as R
from gdcore import bridges, schedules

SHAPES = {"matrix": (6, 4), "vector": (5,), "number": ()}
WRAPPED = [R.L2(R.HeavyBall(0.1), 0.1), R.DecoupledDecay(R.NAdam(0.01), 0.1), R.Lookahead(R.Adam(0.1), sync_period=3), R.EMA(R.RMSProp()),
           R.Ascent(R.Lion(0.01))]  # fmt: skip
RULES = [*(kind() for kind in R.RULES), *WRAPPED]
matrices = lambda rule: rule.reads == "matrix"


def problem(rule, steps=12):
    rng = np.random.default_rng(0)
    shapes = {"matrix": (6, 4), "tall": (3, 5)} if matrices(rule) else SHAPES
    draw = lambda: {name: rng.normal(size=shape) for name, shape in shapes.items()}
    return draw(), [draw() for _ in range(steps)]


def by_rule(rule, params, gradients, factors=None):
    """The rule by itself on NumPy, and its answer."""
    ends, answers = {}, {}
    for name, x in params.items():
        memory = rule.init(x)
        for t, g in enumerate(gradients, 1):
            now = rule if factors is None else rule.with_hyperparameters(lr=rule.lr * factors[t - 1])
            x, *memory = now.update(x, g[name], t, *memory)
        ends[name], answers[name] = x, rule.answer(x, *memory)
    return ends, answers


def by_optax(transformation, params, gradients, dtype):
    params = jax.tree.map(lambda x: jnp.asarray(x, dtype), params)
    state = transformation.init(params)

    @jax.jit
    def step(params, state, g):
        updates, state = transformation.update(g, state, params)
        return optax.apply_updates(params, updates), state

    for g in gradients:
        params, state = step(params, state, jax.tree.map(lambda x: jnp.asarray(x, dtype), g))
    return params, state


def far(found, expected):
    return max(float(np.abs(np.asarray(found[k], dtype=float) - expected[k]).max() / max(1, np.abs(expected[k]).max())) for k in expected)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
@pytest.mark.parametrize("x64", [True, False], ids=["float64", "float32"])
def test_it_is_the_rule_under_jit(rule, x64):
    params, gradients = problem(rule)
    with jax.enable_x64(x64):
        found, state = by_optax(bridges.optax(rule, out_axis=0), params, gradients, "float64" if x64 else "float32")
        answer = bridges.answer(rule, state, found, out_axis=0)
        assert all(m.dtype == found[k].dtype for k, kept in zip(sorted(found), state.memory) for m in kept if m.ndim)
    ends, answers = by_rule(rule, params, gradients)
    # a number in the memory of RAdam and its like stays single: 1e-6. float32: 12 steps of rounding, magnified by the roots
    tolerance = 2e-6 if x64 else 2e-4
    assert far(found, ends) < tolerance and far(answer, answers) < tolerance
    assert far(found, params) > 1e-5  # it moved


def test_a_schedule_multiplies_the_rate():
    rule, factors = R.AdamW(0.1, weight_decay=0.1), schedules.cosine(12)
    params, gradients = problem(rule)
    with jax.enable_x64(True):
        found, _ = by_optax(bridges.optax(rule, schedule=optax.cosine_decay_schedule(1.0, 12)), params, gradients, "float64")
    ends, _ = by_rule(rule, params, gradients, [float(factors(t)) for t in range(12)])
    assert far(found, ends) < 1e-6


def test_a_matrix_is_seen_as_outputs_by_inputs():
    """Muon's step grows with outputs/inputs: a kernel of JAX, (inputs, outputs), must be turned."""
    rule = R.Muon(0.1, weight_decay=0.0)
    params, gradients = problem(rule)
    turn = lambda tree: {k: v.T for k, v in tree.items()}
    found, _ = by_optax(bridges.optax(rule), turn(params), [turn(g) for g in gradients], "float32")
    ends, _ = by_rule(rule, params, gradients)
    assert far(turn(found), ends) < 1e-4
    other, _ = by_optax(bridges.optax(rule, out_axis=0), turn(params), [turn(g) for g in gradients], "float32")
    assert far(turn(other), ends) > 1e-2


def test_it_chains_masks_and_nests_like_optax_own():
    rule = R.Adam(0.1)
    params, gradients = problem(rule)
    ours, theirs = (optax.chain(optax.clip_by_global_norm(1.0), optax.masked(inner, {"matrix": True, "vector": False, "number": True}))
                    for inner in (bridges.optax(rule), optax.adam(0.1)))  # fmt: skip
    found, expected = (by_optax(made, params, gradients, "float32")[0] for made in (ours, theirs))
    assert far(found, jax.tree.map(np.asarray, expected)) < 1e-5
    several = optax.MultiSteps(bridges.optax(rule), 3)
    nested = {"layer": [jnp.ones((2, 2)), {"b": jnp.ones(2)}]}
    state = several.init(nested)
    for _ in range(3):
        updates, state = several.update(jax.tree.map(jnp.ones_like, nested), state, nested)
    assert jax.tree.all(jax.tree.map(lambda u: bool(np.allclose(u, -0.1, rtol=1e-4)), updates))


def test_what_it_cannot_do_is_one_sentence():
    params = {"kernel": jnp.ones((2, 3)), "bias": jnp.ones(3)}
    with pytest.raises(ValueError, match=r"Muon works on matrices, and params\['bias'\] has the shape \(3,\).*others="):
        bridges.optax(R.Muon()).init(params)
    both = bridges.optax(R.Muon(0.1), others=R.SignSGD(0.5))
    updates, _ = both.update(params, both.init(params), params)
    assert np.allclose(updates["bias"], -0.5) and not np.allclose(updates["kernel"], -0.5)
    with pytest.raises(ValueError, match="needs the parameters"):
        both.update(params, both.init(params))
    for wrong in (R.SAM(R.GD(0.1)), R.EMA(R.SAM(R.GD(0.1)))):
        with pytest.raises(TypeError, match="second gradient"):
            bridges.optax(wrong)
    for wrong in ("adam", R.Adam, optax.adam(0.1)):
        with pytest.raises(TypeError, match="must be a rule such as"):
            bridges.optax(wrong)
    with pytest.raises(TypeError, match="for matrices only"):
        bridges.optax(R.Adam(), others=R.Muon())
    with pytest.raises(TypeError, match="must be the RuleState"):
        bridges.answer(R.EMA(R.GD()), optax.EmptyState(), params)
