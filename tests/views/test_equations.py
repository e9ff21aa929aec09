"""The printed equations are the code: evaluated, by SymPy and from the LaTeX text itself, they give the same numbers."""

import re
import subprocess
import sys

import numpy as np
import pytest
import sympy

from gdcore import rules as R
from gdcore.rules import arithmetic
from gdcore.rules.hyperparameters import HYPERPARAMETERS
from gdcore.views.equations import equations, latex, start
from gdcore.views.notation import symbols
from gdcore.views.syntax import program
from tests.views.latex import Reader

pytestmark = pytest.mark.slow

SHOWN = [
    *(rule() for rule in R.RULES),
    R.HeavyBall(dampening=0.3),
    R.AdaGrad(lr_decay=0.1),
    R.RMSProp(centered=True, momentum=0.9),
    R.RMSProp(momentum=0.9),
    R.Lion(weight_decay=0.1),
    R.Adafactor(weight_decay=0.1, eps1=1e-2),
    R.LARS(weight_decay=0.1),
    R.LAMB(weight_decay=0.1),
    R.Muon(nesterov=False, adjust_lr="match_rms_adamw"),
    R.ScheduleFreeSGD(weight_decay=0.1, warmup_steps=20, r=0.5),
    R.ScheduleFreeAdamW(weight_decay=0.1, warmup_steps=20, r=0.5),
    R.Lookahead(R.Adam(), sync_period=2),
    R.EMA(R.HeavyBall()),
    R.SAM(R.GD()),
    R.L2(R.Adam(), weight_decay=0.1),
    R.DecoupledDecay(R.Adam(), weight_decay=0.1),
    R.Ascent(R.GD()),
    R.Prodigy(beta_distance=0.8, weight_decay=0.1, bias_correction=True, safeguard_warmup=True),
    R.Cautious(R.HeavyBall()),
    R.Sophia(),
]
by_rule = pytest.mark.parametrize("rule", SHOWN, ids=lambda r: repr(r) if r not in SHOWN[: len(R.RULES)] else type(r).__name__)
TOLERANCE = 1e-13


# -- one random step, by the code and by the equations -------------------------------------------------------------------------


def draw(rule, seed):
    """A rule with random hyper-parameters, and x, g, t and memory for it."""
    rng = np.random.default_rng(seed)
    random = {
        "lr": rng.uniform(0.05, 0.9),
        "eps": rng.uniform(0.05, 0.5),
        "t0": float(rng.integers(0, 4)),
        "power": rng.uniform(0.3, 2),
        "lambd": rng.uniform(0.1, 0.9),
        "momentum_decay": rng.uniform(0.1, 2),
        "beta2": rng.choice([0.7, 0.99]) + rng.uniform(0, 0.009),
        "trust": rng.uniform(0.1, 1),
        "step_min": 0.4,
        "step_max": 1.1,
        "eta_minus": rng.uniform(0.4, 0.9),
        "eta_plus": rng.uniform(1.1, 1.6),
        "gamma": rng.uniform(0.3, 2),
        "d0": rng.uniform(0.05, 0.5),
        "d_coef": rng.uniform(0.5, 2),
        "least": rng.uniform(0.1, 0.6),
        "radius": rng.uniform(0.1, 1),
        "decay": rng.uniform(0.1, 0.9),
        "slow_step_size": rng.uniform(0.2, 0.9),
        "weight_lr_power": rng.uniform(1, 3),
        "eps2": rng.uniform(0.1, 1.5),
        "d": rng.uniform(1, 1.2),
        "beta2_decay": -rng.uniform(0.2, 1),
    }
    used = rule.hyperparameters()
    off = {n for n, v in used.items() if not v and not isinstance(v, str)}
    values = {n: v for n, v in random.items() if n in used and n not in off}
    values |= {
        n: rng.uniform(0.3, 0.95)
        for n in ("beta1", "beta_distance", "momentum", "alpha", "rho", "weight_decay", "lr_decay", "r", "dampening")
        if n in used and n not in off
    }
    rule = rule.with_hyperparameters(**values)
    matrix = rule.reads == "matrix" or isinstance(rule, R.Adafactor)
    size = tuple(int(n) for n in rng.integers(2, 5, 2)) if matrix else (12,)
    x, g = rng.normal(size=size), rng.normal(size=size)
    t = int(rng.integers(1, 13))
    memory = [state(rule, n, s, rng) for n, s in zip(rule.state_names, rule.init(x))]
    return rule, x, g, t, memory


def state(rule, name, like, rng):
    if isinstance(rule, R.Shampoo):
        half = rng.normal(size=like.shape)
        return half @ half.T + np.eye(len(like))
    size = np.shape(like)
    scale = rng.uniform(0.2, 0.9, size) if size else rng.uniform(0.2, 0.9)
    return scale if name in {"v", "s", "u", "d", "r", "c", "p", "v_max", "lr_max", "total"} else 0.4 * rng.normal(size=size)


def slope(x):
    """The gradient of some function, for SAM."""
    return np.cos(x) + 0.1 * x


def by_code(rule, x, g, t, memory):
    point = rule.probe(x, g, t, *memory)
    return rule.update(x, g if point is None else slope(point), t, *memory)


def inputs(rule, x, g, t, memory):
    """{symbol: value} before the step."""
    p, used = program(rule), rule.hyperparameters()
    names = symbols(p)
    known = dict(zip((p.x, "g", "t", *rule.state_names), (x, g, float(t), *memory)))
    values = {text: known[key[:-2]] for key, text in names.items() if key.endswith(".0")}
    values |= {text: used[key[5:]] for key, text in names.items() if key.startswith("self.") and isinstance(used[key[5:]], (int, float))}
    rows, columns = x.shape if x.ndim == 2 else (1, 1)
    return values | {r"\text{rows}": float(rows), r"\text{columns}": float(columns), r"\varepsilon_{\text{machine}}": np.finfo(x.dtype).eps}


def functions(rule, t, memory):
    inner = getattr(rule, "rule", None)
    step = (lambda x, g: inner.update(x, g, t, *memory[len(memory) - len(inner.state_names):])[0]) if inner else None
    return {
        "step": step,
        rf"\operatorname{{{type(inner).__name__}}}": step,
        r"\nabla f": slope,
        r"\operatorname{sign}": np.sign,
        r"\operatorname{RMS}": arithmetic.rms,
        r"\operatorname{sum}": np.sum,
        r"\operatorname{mean}_{\text{row}}": lambda a: a.mean(-1, keepdims=True),
        r"\operatorname{mean}_{\text{column}}": lambda a: a.mean(-2, keepdims=True),
        r"\operatorname{mean}": np.mean,
        r"\operatorname{NS}_k": lambda a: R.newton_schulz(
            a, getattr(rule, "ns_steps", 5), (3.4445, -4.7750, 2.0315), getattr(rule, "eps", 0)
        ),
        r"\operatorname{clip}": np.clip,
        r"\max": np.maximum,
        r"\min": np.minimum,
    }


def by_latex(text, rule, x, g, t, memory):
    values = inputs(rule, x, g, t, memory)
    for row in text.splitlines()[1:-1]:
        symbol, formula = re.sub(r" ?\\\\(\[.*\])?$", "", row).split(" &= ")
        values[symbol] = Reader(formula, values, functions(rule, t, memory)).whole()
    return values


def by_sympy(rule, x, g, t, memory):
    values = inputs(rule, x, g, t, memory)
    known = functions(rule, t, memory)
    modules = {
        "Maximum": np.maximum,
        "Minimum": np.minimum,
        "Norm": np.linalg.norm,
        "RMS": arithmetic.rms,
        "step": known["step"],
        "gradient": slope,
        "Mean": lambda a, axis=None: a.mean(axis, keepdims=axis is not None),
        "Total": np.sum,
        "MatrixProduct": np.matmul,
        "Transposed": np.transpose,
        "InverseRoot": arithmetic.inverse_root,
        "newton_schulz": lambda a, *more: known[r"\operatorname{NS}_k"](a),
        "rows": values[r"\text{rows}"],
    }
    values |= {"rows": values[r"\text{rows}"], "columns": values[r"\text{columns}"]}
    for step in equations(rule):
        free = sorted(step.expression.free_symbols, key=str)
        values[step.symbol] = sympy.lambdify(free, step.expression, [modules, "numpy"])(*(values[s.name] for s in free))
    return values


def after(rule, values):
    """(x, memory) after the step, by name."""
    p = program(rule)
    names = symbols(p)
    return {n: values[names[v.id if hasattr(v, "id") else f"{n}.new"]] for n, v in p.returns.items()}


def error(rule, new, values):
    """The largest difference between code and equations, relative to the size of what is compared."""
    p = program(rule)
    code = dict(zip((p.x, *rule.state_names), new))
    worst = 0.0
    for name, value in after(rule, values).items():
        size = max(np.max(np.abs(code[name])), 1e-300)
        worst = max(worst, np.max(np.abs(code[name] - value)) / size)
    return worst if np.isfinite(worst) else np.inf


def largest_error(rule, text, seeds):
    worst = 0.0
    for seed in seeds:
        drawn = draw(rule, seed)
        try:
            worst = max(worst, error(drawn[0], by_code(*drawn), by_latex(text, *drawn)))
        except (AssertionError, ValueError):  # the formula cannot be read, or its shapes do not fit
            return np.inf
        if worst > TOLERANCE:
            return worst
    return worst


@by_rule
def test_the_text_of_the_formula_gives_the_numbers_of_the_code(rule):
    for seed in range(20):
        drawn = draw(rule, seed)
        assert error(drawn[0], by_code(*drawn), by_latex(latex(drawn[0]), *drawn)) <= TOLERANCE


@by_rule
def test_the_symbolic_expressions_give_the_numbers_of_the_code(rule):
    for seed in range(5):
        drawn = draw(rule, seed)
        assert error(drawn[0], by_code(*drawn), by_sympy(*drawn)) <= TOLERANCE


# -- the checks bite -----------------------------------------------------------------------------------------------------------


def faults(text):
    """The text with one sign, one maximum or one index changed, for each there is."""
    for found in re.finditer(r" [-+] |\\max\b|\\min\b|\\beta_1|\\beta_2|\\sqrt\{|_\{t-1\}", text):
        new = {
            " - ": " + ",
            " + ": " - ",
            r"\max": r"\min",
            r"\min": r"\max",
            r"\beta_1": r"\beta_2",
            r"\beta_2": r"\beta_1",
            r"\sqrt{": r"{",
            "_{t-1}": "_t",
        }[found[0]]
        if text[found.start() - 1] in "^_{" and found[0] in (r"\max", r"\min"):
            continue  # part of a name
        yield text[: found.start()] + new + text[found.end():]


@by_rule
def test_a_fault_in_the_formula_is_found(rule):
    texts = list(faults(latex(rule)))
    if isinstance(rule, R.LAMB) and not rule.weight_decay:  # its step has the length of the weights, so the size of m̂ cancels
        texts = [t for t in texts if r"\hat{m}_t &= \frac{m_t}{1 - \beta_1^t}" in t]
    survivors = [t for t in texts if largest_error(rule, t, range(30)) <= TOLERANCE]
    assert not survivors


def test_epsilon_inside_the_root_is_found():
    text = latex(R.Adam)
    wrong = text.replace(r"\sqrt{\hat{v}_t} + \varepsilon", r"\sqrt{\hat{v}_t + \varepsilon}")
    assert wrong != text
    assert largest_error(R.Adam(), wrong, range(3)) > 1e-3


# -- as a paper would print it -------------------------------------------------------------------------------------------------


def test_adam_reads_as_in_the_paper():
    assert latex(R.Adam) == r"""\begin{aligned}
m_t &= \beta_1 m_{t-1} + (1 - \beta_1) g_t \\
v_t &= \beta_2 v_{t-1} + (1 - \beta_2) g_t^2 \\[0.6ex]
\hat{m}_t &= \frac{m_t}{1 - \beta_1^t} \\[0.6ex]
\hat{v}_t &= \frac{v_t}{1 - \beta_2^t} \\[0.6ex]
x_t &= x_{t-1} - \eta\, \frac{\hat{m}_t}{\sqrt{\hat{v}_t} + \varepsilon}
\end{aligned}"""


def test_options_that_are_off_leave_no_trace():
    assert [s.name for s in equations(R.RMSProp)] == ["v", "d", "x"]
    assert [s.name for s in equations(R.RMSProp(centered=True, momentum=0.9))] == ["v", "m", "d", "b", "x"]
    assert r"\lambda" not in latex(R.LAMB) and r"\lambda" in latex(R.LAMB(weight_decay=0.1))


def test_where_the_memory_starts():
    assert [str(s) for s in start(R.Adam)] == ["m_0 = 0", "v_0 = 0"]
    assert [str(s) for s in start(R.Rprop)] == ["g'_0 = 0", r"\Delta_0 = \eta"]
    assert [str(s) for s in start(R.Shampoo)] == [r"L_0 = \varepsilon I", r"R_0 = \varepsilon I"]
    assert [str(s) for s in start(R.Lookahead)] == ["s_0 = x_0"]


@by_rule
def test_no_symbol_means_two_things(rule):
    names = symbols(program(rule))
    shown = [text for key, text in names.items() if not key.endswith(".new")]
    assert len(shown) == len(set(shown))
    steps = [s.symbol for s in equations(rule)]
    assert len(steps) == len(set(steps))


def test_every_hyperparameter_has_a_symbol():
    for rule in R.RULES:
        for name, value in rule().hyperparameters().items():
            assert name in HYPERPARAMETERS or isinstance(value, (bool, str, tuple)), (rule, name)


def test_what_cannot_be_shown_is_refused_clearly():
    with pytest.raises(TypeError, match="A rule is wanted"):
        equations("Adam")

    class Loop(R.Rule):
        def update(self, x, g, t):
            for _ in range(3):
                x = x - g
            return (x,)

    with pytest.raises(NotImplementedError, match="neither an assignment, a branch on an option, nor a return"):
        equations(Loop())


def test_the_views_need_neither_torch_nor_sympy():
    code = "import sys, gdcore.views as v, gdcore.rules as r; v.latex(r.Adam); v.javascript(r.Adam); v.markdown(r.Adam); "
    code += "assert not {'torch', 'sympy', 'IPython'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
