"""minimize: what it says to bad arguments, and that its name stays the function's."""

import math
import subprocess
import sys

import jax.numpy as jnp
import numpy as np
import pytest
import torch

import gdcore.rules as R
from gdcore import surfaces as S
from gdcore.minimize import minimize
from gdcore.rules import GD

BOWL = S.quadratic(100)


@pytest.mark.parametrize("call, kind, match", [
    (lambda: minimize(lambda x: x * x), TypeError, "minimize needs a start x0, because f brings none"),
    (lambda: minimize(3, 1.0), TypeError, "f is a int, but must be a function"),
    (lambda: minimize(BOWL, gradient=1), TypeError, "gradient is a int, but must be a function"),
    (lambda: minimize(BOWL, schedule=0.5), TypeError, "schedule is a float, but must be a function"),
    (lambda: minimize(BOWL, callback="x"), TypeError, "callback is a str"),
    (lambda: minimize(BOWL, rule=GD), TypeError, r"which is no rule; write GD\(\)"),
    (lambda: minimize(BOWL, rule="adam"), TypeError, r"'adam', which is no rule; give one such as GD"),
    (lambda: minimize(BOWL, steps=-1), ValueError, "steps is -1"),
    (lambda: minimize(BOWL, steps=1.5), ValueError, "steps is 1.5"),
    (lambda: minimize(BOWL, tolerance=-1), ValueError, "tolerance is -1, but must be at least 0"),
    (lambda: minimize(BOWL, tolerance=math.nan), ValueError, "tolerance is nan"),
    (lambda: minimize(BOWL, target=math.nan), ValueError, "target is nan"),
    (lambda: minimize(BOWL, "start"), TypeError, "x0 is a str; a start is a number"),
    (lambda: minimize(BOWL, ["a"]), TypeError, "x0 is a list; a start is"),
    (lambda: minimize(BOWL, {1: 2}), TypeError, "x0 is a dict"),
    (lambda: minimize(BOWL, [np.nan, 1]), ValueError, "x0 contains nan or inf"),
    (lambda: minimize(lambda x: x, np.ones(3)), ValueError, r"f gave an array of shape \(3,\)"),
    (lambda: minimize(lambda x: x, torch.ones(3)), ValueError, r"f gave an array of shape \(3,\)"),
    (lambda: minimize(lambda x: x, jnp.ones(3)), ValueError, r"f gave an array of shape \(3,\)"),
    (lambda: minimize(lambda x: "low", 1.0), TypeError, "f gave a str; a function to minimise gives one number"),
    (lambda: minimize(lambda x: None, np.ones(2)), TypeError, "f gave a NoneType"),
    (lambda: minimize(lambda x: None, torch.ones(2)), TypeError, "f gave a NoneType"),
    (lambda: minimize(lambda x: x.detach().sum(), torch.ones(3)), ValueError, "torch finds no gradient"),
    (lambda: minimize(BOWL, gradient=lambda x: np.ones(3)), ValueError, r"The gradient has shape \(3,\) where x has \(2,\)"),
    (lambda: minimize(BOWL, torch.ones(2), gradient=lambda x: torch.ones(3)), ValueError, r"shape \(3,\) where x has \(2,\)"),
    (lambda: minimize(S.quartic, 1.0, gradient=lambda x: None), TypeError, "gradient gave a NoneType"),
    (lambda: minimize(BOWL, gradient=lambda x: None), TypeError, "gradient gave a NoneType"),
    (lambda: minimize(BOWL, torch.ones(2), gradient=lambda x: None), TypeError, "gradient gave a NoneType"),
    (lambda: minimize(BOWL, rule=R.Muon()), ValueError, "works on matrices"),
    (lambda: minimize(BOWL, schedule=lambda t: -1.0), ValueError, "lr = -0.001")])
def test_bad_arguments_get_one_clear_sentence(call, kind, match):
    with pytest.raises(kind, match=match) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_a_rule_without_a_learning_rate_has_no_schedule():
    class Still(R.Rule):
        def update(self, x, g, t):
            return (x,)

    with pytest.raises(ValueError, match="Still has no learning rate lr"):
        minimize(BOWL, rule=Still(), schedule=lambda t: 1.0)


@pytest.mark.parametrize("first", [
    "import gdcore.minimize", "from gdcore.minimize import Trace", "from gdcore import minimize",
    "import gdcore; gdcore.minimize", "import gdcore.minimize.run",
    "import importlib; importlib.import_module('gdcore.minimize')"])
def test_the_function_stays_the_function_whatever_was_imported_first(first):
    code = f"""
{first}
import gdcore, gdcore.minimize, sys, types
from gdcore import minimize
import gdcore.minimize as renamed
from gdcore.minimize import Trace, minimize as same
assert minimize is same is renamed is gdcore.minimize and isinstance(minimize, types.FunctionType)
assert isinstance(sys.modules["gdcore.minimize"], types.ModuleType)
assert gdcore.minimize(lambda x: x * x, 1.0, steps=1).step == 1
from gdcore.surfaces import rosenbrock
assert minimize(rosenbrock, steps=2).step == 2
print([m for m in ("torch", "jax", "sympy", "matplotlib") if m in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


@pytest.mark.parametrize("x0", [np.array(0j), np.array([1j, 2]), torch.tensor(0j)])
def test_complex_starts_are_refused(x0):
    with pytest.raises(TypeError, match="x0 is complex, and a rule walks on real numbers"):
        minimize(lambda z: abs(z) ** 2, x0, GD(0.1))
