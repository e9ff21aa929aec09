"""Costs, differences and cards: what they say is counted, looked up in the libraries, or run."""

import dataclasses
import importlib
import inspect
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from gdcore import rules as R
from gdcore import views
from gdcore.views.differences import COUNTERPARTS, DIFFERENCES
from gdcore.views.page import page

ROOT = pathlib.Path(__file__).parents[2]
ALL = [*R.RULES, *R.WRAPPERS, *R.COMPOSITIONS, *R.TOLD]


# -- cost ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule, bytes_, reads, writes", [
    (R.GD, 0, 2, 1),
    (R.HeavyBall, 4, 3, 2),
    (R.RMSProp, 4, 3, 2),
    (R.RMSProp(centered=True, momentum=0.9), 12, 5, 4),
    (R.Adam, 8, 4, 3),
    (R.Adam(beta1=0.0), 4, 3, 2),  # no memory of the gradient
    (R.AMSGrad, 12, 5, 4),
    (R.LARS, 4, 2 + 3, 2),  # the lengths need a look at x and g before the step
    (R.LAMB, 8, 4 + 4, 3),
    (R.Adafactor, 0, 2 + 1 + 2, 1),  # the mean of g² and the size of x; the size of u; the step
    (R.ScheduleFreeSGD, 8, 3, 3),  # y is written and not read
    (R.EMA(R.Adam()), 12, 5, 4),
    (R.Lookahead(R.Adam()), 12, 5, 4),
    (R.EMA(R.LAMB()), 12, 9, 4),
], ids=str)
def test_cost(rule, bytes_, reads, writes):
    c = views.cost(rule)
    assert (c.bytes_per_parameter, c.reads, c.writes) == (bytes_, reads, writes)


def test_the_cost_of_what_is_kept_by_rows_and_columns():
    assert views.cost(R.Adafactor).memory == {"r": "row", "c": "column"}
    assert views.cost(R.Shampoo).memory == {"l": "row × row", "r": "column × column"}
    assert views.cost(R.NAdam).memory["p"] == "number"
    assert views.cost(R.SAM(R.GD())).gradients == 2
    assert views.cost(R.Muon).reads is None


def test_no_memory_that_counts_is_left_out():
    """What `cost` leaves out can be overwritten with anything, and the steps stay the same; what it counts cannot."""
    rng = np.random.default_rng(0)
    for rule in (kind() for kind in R.RULES):
        x, g, wind = rng.normal(size=(3, 4, 5))
        counted = views.cost(rule).memory
        for name in rule.state_names:
            memory = dict(zip(rule.state_names, rule.init(x)))
            _, *old = rule.update(x, g, 1, *memory.values())
            ends = []
            for noise in (0.0, 3.0):
                new = dict(zip(rule.state_names, old))
                new[name] = new[name] + noise * (np.eye(len(new[name])) if isinstance(rule, R.Shampoo) else wind)
                point, *new = rule.update(x, g + 1, 2, *new.values())
                for t in range(3, 10):  # an average shows in the answer only, RAdam's divisor from step 6
                    point, *new = rule.update(point, g - 2, t, *new)
                ends.append((point, rule.answer(point, *new)))
            same = all(np.array_equal(a, b) for a, b in zip(*ends))
            if name in counted:
                assert not same or isinstance(rule, R.ASGD) or np.ndim(memory[name]) == 0, (rule, name)
            else:
                assert same, (rule, name)


def test_measured_time_names_the_machine(capsys):
    assert views.measure(R.Adam, shape=(8, 8), repeats=3) > 0
    text = capsys.readouterr().out
    assert "cores" in text and "NumPy" in text
    with pytest.raises(ValueError, match="must be 'numpy' or 'torch'"):
        views.measure(R.Adam, world="jax")


# -- defaults of the libraries, as they are installed -----------------------------------------------------------------------------

NAMES = {
    "PyTorch": {
        "beta1": "betas.0",
        "beta2": "betas.1",
        "power": "alpha",
        "eta_minus": "etas.0",
        "eta_plus": "etas.1",
        "step_min": "step_sizes.0",
        "step_max": "step_sizes.1",
        "eps1": "eps.0",
        "eps2": "eps.1",
    },
    "optax": {
        "lr": "learning_rate",
        "beta1": "b1",
        "beta2": "b2",
        "alpha": "decay",
        "step_min": "min_step_size",
        "step_max": "max_step_size",
        "trust": "trust_coefficient",
        "d": "clipping_threshold",
    },
}
ONE_BY_ONE = {("Muon", "optax", "momentum"): "beta", ("ScheduleFreeSGD", "optax", "momentum"): "b1",
              ("Adan", "optax", "beta_change"): "b2", ("Adan", "optax", "beta2"): "b3", ("AdEMAMix", "optax", "beta3"): "b3",
              ("AdEMAMix", "optax", "mix"): "alpha", ("Prodigy", "optax", "beta1"): "betas.0", ("Prodigy", "optax", "beta2"): "betas.1",
              ("Prodigy", "optax", "beta_distance"): "beta3", ("Prodigy", "optax", "d0"): "estim_lr0",
              ("Prodigy", "optax", "d_coef"): "estim_lr_coef", ("Sophia", "optax", "beta_curvature"): "b2"}


@pytest.mark.parametrize("rule, library", [(r, lib) for r, there in COUNTERPARTS.items() for lib in there if lib != "Keras"])
def test_the_defaults_are_those_of_the_installed_library(rule, library):
    path, defaults = COUNTERPARTS[rule][library]
    module, _, name = path.rpartition(".")
    parameters = inspect.signature(getattr(importlib.import_module(module), name)).parameters
    for ours, value in defaults.items():
        theirs, _, index = ONE_BY_ONE.get((rule, library, ours), NAMES[library].get(ours, ours)).partition(".")
        assert theirs in parameters, f"{path} has no {theirs}"
        default = parameters[theirs].default
        if default is inspect.Parameter.empty:
            default = None
        assert (default[int(index)] if index else default) == value, f"{path}: {theirs}"


def test_the_rules_have_the_defaults_of_torch():
    for rule in R.RULES:
        defaults = COUNTERPARTS.get(rule.__name__, {}).get("PyTorch", ("", {}))[1]
        for name, value in defaults.items():
            if name != "momentum" or rule not in (R.HeavyBall, R.Nesterov):  # plain SGD by default in torch
                assert getattr(rule(), name) == value, (rule, name)


def test_every_name_in_the_tables_is_a_hyperparameter():
    rules = {r.__name__: {f.name for f in dataclasses.fields(r)} for r in ALL}
    assert set(DIFFERENCES) <= set(rules) and set(COUNTERPARTS) <= set(rules)
    for rule, there in COUNTERPARTS.items():
        for _, defaults in there.values():
            assert set(defaults) <= rules[rule], rule


# -- what is said of optax, by running it --------------------------------------------------------------------------------------


def distance(rule, other, steps=30, size=1.0):
    """How far apart (in shares of the way gone) our rule and an optax one are after some steps with the same gradients, in float64."""
    import jax
    import optax

    with jax.enable_x64(True):
        rng = np.random.default_rng(3)
        x = y = rng.normal(size=(6, 4))
        memory, state = rule.init(x), other.init(jax.numpy.asarray(y))
        for t in range(1, steps + 1):
            g = size * rng.normal(size=x.shape) * 10 ** rng.uniform(-3, 0)
            x, *memory = rule.update(x, g, t, *memory)
            change, state = other.update(jax.numpy.asarray(g), state, jax.numpy.asarray(y))
            y = np.asarray(optax.apply_updates(jax.numpy.asarray(y), change))
        start = np.random.default_rng(3).normal(size=x.shape)
    return np.linalg.norm(x - y) / np.linalg.norm(x - start)


def test_epsilon_inside_the_root_in_optax():
    import optax

    assert distance(R.RMSProp(lr=0.01, alpha=0.9, eps=1e-3), optax.rmsprop(0.01, eps=1e-3)) > 1e-3
    assert distance(R.RMSProp(lr=0.01, alpha=0.9, eps=1e-3), optax.rmsprop(0.01, eps=1e-3, eps_in_sqrt=False)) < 1e-12
    assert distance(R.AdaGrad(lr=0.01, initial_accumulator_value=0.1, eps=1e-3), optax.adagrad(0.01, eps=1e-3)) > 1e-5
    assert distance(R.AdaGrad(lr=0.01, initial_accumulator_value=0.1, eps=0.0), optax.adagrad(0.01, eps=0.0)) < 1e-12
    assert distance(R.AdaGrad(lr=0.01), optax.adagrad(0.01)) > 0.1  # at the defaults


def test_where_optax_takes_the_maximum_in_amsgrad():
    import optax

    assert distance(R.AMSGrad(lr=0.01), optax.amsgrad(0.01)) > 0.01
    assert distance(R.Adam(lr=0.01), optax.adam(0.01)) < 1e-12  # so it is not the rest of it


def test_the_momentum_of_nadam_in_optax():
    import optax

    assert distance(R.NAdam(lr=0.01), optax.nadam(0.01)) > 0.01
    assert distance(R.NAdam(lr=0.01, momentum_decay=1e6), optax.nadam(0.01)) < 1e-6


def test_rprop_in_optax_steps_back():
    import optax

    assert distance(R.Rprop(), optax.rprop(0.01)) > 0.01


def test_the_denominator_of_lars_in_optax():
    import optax

    ours = dict(lr=0.1, momentum=0.9, trust=0.001)
    theirs = dict(momentum=0.9, trust_coefficient=0.001)
    assert distance(R.LARS(**ours, weight_decay=0.1), optax.lars(0.1, 0.1, **theirs)) > 1e-3
    assert distance(R.LARS(**ours), optax.lars(0.1, 0.0, **theirs)) < 1e-12


def test_where_optax_adds_epsilon_in_radam():
    import optax

    assert distance(R.RAdam(lr=0.01, eps=1e-3), optax.radam(0.01, eps=1e-3)) > 1e-4
    assert distance(R.RAdam(lr=0.01, eps=0.0), optax.radam(0.01, eps=0.0)) < 1e-6


def test_prodigy_in_optax_is_lost_at_a_first_gradient_of_0():
    import jax.numpy as jnp
    import optax

    for g, lost in ((0.0, True), (1.0, False)):
        other, x = optax.contrib.prodigy(), jnp.ones(3)
        change, _ = other.update(g * x, other.init(x), x)
        assert bool(jnp.isnan(change).any()) == lost
    rule, x = R.Prodigy(), np.ones(3)
    assert np.array_equal(rule.update(x, 0 * x, 1, *rule.init(x))[0], x)


# -- the cards -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ALL, ids=lambda r: r.__name__)
def test_a_card_says_it_all(rule):
    text = views.markdown(rule)
    assert views.latex(rule) in text
    assert views.source(rule) in text
    assert "**Cost.**" in text and "**Source.**" in text
    for name in (f.name for f in dataclasses.fields(rule)):
        assert name == "rule" or f"`{name}`" in text
    assert "None" not in text.replace(views.source(rule), "").replace(" = None it is", "")


def test_arxiv_numbers_are_links():
    assert "[arXiv:1412.6980](https://arxiv.org/abs/1412.6980)" in views.markdown(R.Adam)


def test_show_prints_outside_of_a_notebook(capsys):
    views.show(R.Adam)
    text = capsys.readouterr().out
    assert text.startswith("Adam: An averaged gradient, divided by its own root mean square.") and "v_hat" in text


def test_a_notebook_gets_markdown_and_plain_text():
    bundle = views.Card(R.Lookahead(R.Adam()))._repr_mimebundle_()
    assert set(bundle) == {"text/markdown", "text/plain"}
    assert "Lookahead around Adam" in bundle["text/markdown"] and r"\operatorname{Adam}" in bundle["text/markdown"]
    assert bundle["text/markdown"].startswith('<div class="gd-card">\n\n')


def test_the_page_of_cards_is_up_to_date():
    stored = (ROOT / "book" / "rule_cards.md").read_text(encoding="utf-8")
    assert stored == page(), "run: python -m gdcore.views.page > book/rule_cards.md"
    made = subprocess.run([sys.executable, "-m", "gdcore.views.page"], capture_output=True, cwd=ROOT, check=True).stdout
    assert made.decode("utf-8") == stored


def test_the_page_has_an_anchor_for_every_rule():
    text = page()
    for rule in ALL:
        assert f"(card-{rule.__name__.lower()})=\n### {rule.__name__}\n" in text
