"""What minimize gives back and shows: the trace, its repr, its pickle, and the progress bar."""

import math
import pickle
import time

import jupyter_client
import numpy as np
import pytest

from gdcore import surfaces as S
from gdcore.minimize import Trace, minimize
from gdcore.rules import GD, Adam

BOWL = S.quadratic(100)


def test_the_trace_holds_the_values_and_lengths_at_its_points():
    trace = minimize(S.rosenbrock, None, Adam(0.05), 200)
    np.testing.assert_allclose(trace.values, S.rosenbrock(trace.x), rtol=1e-13)
    np.testing.assert_allclose(trace.gradient_norms, np.linalg.norm(S.rosenbrock.gradient(trace.x), axis=1), rtol=1e-14)
    assert len(trace) == 201 and 0 < trace.steps_to(3.0) == np.argmax(trace.values <= 3.0) and trace.steps_to(-1) == math.inf


def test_the_repr_says_it_all():
    assert repr(minimize(BOWL, None, GD(0.01), 2)) == (
        "Trace(budget spent at step 2: the gradient's length is still 0.98; lowest value 0.480298, "
        "3 evaluations of f and 3 of its gradient)")
    assert "1 evaluation of f" in repr(minimize(BOWL, None, GD(0.01), 0))


def test_a_trace_can_be_pickled():
    trace = minimize(BOWL, None, GD(0.01), 3)
    again = pickle.loads(pickle.dumps(trace))
    assert isinstance(again, Trace) and repr(again) == repr(trace)


def test_a_seed_makes_noise_the_same_again(restore_generators):
    noisy = lambda x: BOWL.gradient(x) + np.random.normal(size=2)
    a, b, c = (minimize(BOWL, None, GD(0.01), 20, gradient=noisy, seed=seed).x for seed in (1, 1, 2))
    assert (a == b).all() and (a != c).any()


def test_the_bar_follows_the_steps_and_stays_away_if_nobody_is_there(capsys):
    minimize(lambda x: time.sleep(0.05) or x * x, 3.0, steps=25, gradient=lambda x: 2 * x)  # longer than a second
    assert capsys.readouterr().err == ""
    minimize(BOWL, None, GD(0.01), 50, progress=True)
    assert "/50" in capsys.readouterr().err


@pytest.mark.parametrize("person", [True, False])
def test_in_a_notebook_a_bar_is_for_persons_and_leaves_no_trace_in_a_stored_run(person):
    outputs = []
    with jupyter_client.run_kernel(kernel_name="python3") as client:
        code = """
import time
from gdcore import minimize
t = minimize(lambda x: time.sleep(0.05) or x * x, 3.0, steps=25, gradient=lambda x: 2 * x)
assert t.status == "budget spent"
"""
        reply = client.execute_interactive(code, allow_stdin=person, timeout=60, output_hook=outputs.append)
    assert reply["content"]["status"] == "ok", reply["content"]
    assert any(o["msg_type"] == "display_data" or "25" in str(o["content"].get("text")) for o in outputs) == person
