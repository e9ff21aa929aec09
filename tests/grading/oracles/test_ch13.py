"""The oracles of chapter 13 against PyTorch, optax, Keras's own numbers where it is installed, and closed forms."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from gdcore.check.declaration import question
from gdcore.check.judge import expected_output
from gdcore.check.questions import ch13_port
from gdcore.check.values import arrays
from gdcore.rules import Adam

SEEDS = (0, 1, "a secret")


def cases(id):
    for seed in SEEDS:
        for case in question(id).cases(seed):
            yield {name: arrays(value) for name, value in case.inputs.items()}, expected_output(question(id), case)["value"]


def walked(make, gradients, rates=None):
    w = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer, path = make([w]), [0.0]
    for t, g in enumerate(gradients):
        if rates is not None:
            optimizer.param_groups[0]["lr"] = float(rates[t])
        w.grad = torch.tensor([float(g)], dtype=torch.float64)
        optimizer.step()
        path.append(w.item())
    return np.array(path)


def test_the_six_numbers_are_those_of_pytorch_and_of_closed_forms():
    told = question("13.1").oracle
    assert np.isclose(walked(lambda p: torch.optim.RMSprop(p, lr=1e-3), [4.0])[1], told["RMSprop, PyTorch"], rtol=1e-5)
    assert np.isclose(walked(lambda p: torch.optim.RMSprop(p, lr=1e-3, alpha=0.9), [4.0])[1], told["RMSprop, Keras"], rtol=1e-5)
    assert np.isclose(walked(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), [1, 1], [0.1, 0.01])[2], told["momentum, PyTorch"])
    assert np.isclose(0.9 * -0.1 - 0.01 - 0.1, told["momentum, Keras"]) and np.isclose(np.hypot(1, 0.5), told["clipnorm"])
    with_large_eps = walked(lambda p: torch.optim.Adam(p, lr=1e-3, eps=1e-7 / 0.001**0.5), [3e-6])[1]
    assert np.isclose(with_large_eps, told["Adam, Keras"], rtol=1e-6)


def test_momentum_with_the_rate_inside_is_pytorchs_fed_with_the_rate():
    for given, path in cases("13.2"):
        make = lambda p, given=given: torch.optim.SGD(p, lr=1.0, momentum=given["mu"], nesterov=given["nesterov"])
        np.testing.assert_allclose(path, given["w"] + walked(make, np.array(given["rates"]) * given["gradients"]), rtol=1e-9, atol=1e-12)


def test_adam_in_three_places_is_the_rule_with_an_epsilon_that_says_so():
    for given, path in cases("13.3"):
        w, memory, found = np.zeros(1), Adam().init(np.zeros(1)), [0.0]
        v = 0.0
        for t, g in enumerate(given["gradients"], 1):
            v = given["beta2"] * v + (1 - given["beta2"]) * g**2
            root = np.sqrt(v / (1 - given["beta2"] ** t))
            eps = {"after": given["eps"], "before": given["eps"] / np.sqrt(1 - given["beta2"] ** t),
                   "inside": np.sqrt(root**2 + given["eps"]) - root}[given["where"]]  # fmt: skip
            rule = Adam(lr=given["lr"], beta1=given["beta1"], beta2=given["beta2"], eps=eps)
            w, *memory = rule.update(w, np.array([g]), t, *memory)
            found.append(w[0])
        np.testing.assert_allclose(path, found, rtol=1e-9, atol=1e-15)


def test_the_port_is_pytorchs_linear_layer_with_one_norm():
    for given, losses in cases("13.4"):
        as_torch = {k: torch.tensor(np.asarray(given[k], dtype=float)) for k in ("kernel", "bias", "X", "Y")}
        layer = torch.nn.Linear(*as_torch["kernel"].shape, dtype=torch.float64)
        layer.weight.data, layer.bias.data = as_torch["kernel"].T.clone(), as_torch["bias"].clone()
        optimizer, found = torch.optim.SGD(layer.parameters(), lr=given["lr"]), []
        for _ in range(given["steps"] + 1):
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(layer(as_torch["X"]), as_torch["Y"])
            loss.backward()
            torch.nn.utils.clip_grad_norm_(layer.parameters(), given["limit"])
            optimizer.step()
            found.append(loss.item())
        np.testing.assert_allclose(losses, found, rtol=1e-5)  # torch adds 1e-6 to the norm


def test_rates_for_the_other_form_walk_with_it_in_pytorch():
    for seed in SEEDS:
        for case in question("13.5").cases(seed):
            given = {name: arrays(value) for name, value in case.inputs.items()}
            rates, mu = np.array(given["rates"]), given["mu"]
            found = ch13_port.weighed(rates, mu)
            assert ch13_port.same_walk(found, given, {}) == "" and ch13_port.same_walk(found * (1 + 1e-5), given, {})
            outside = walked(lambda p, mu=mu: torch.optim.SGD(p, lr=1.0, momentum=mu), np.ones(len(rates)), found)
            inside = walked(lambda p, mu=mu: torch.optim.SGD(p, lr=1.0, momentum=mu), rates)
            np.testing.assert_allclose(outside, inside, rtol=1e-9)


def test_the_chain_is_that_of_optax():
    jax, optax = pytest.importorskip("jax"), pytest.importorskip("optax")
    with jax.enable_x64(True):
        for case in (case for seed in SEEDS for case in question("13.6").cases(seed)):
            given, path = case.inputs, expected_output(question("13.6"), case)["value"]
            s, lr = given["settings"], given["settings"]["lr"]
            chain = optax.chain(optax.clip_by_global_norm(s["limit"]), optax.add_decayed_weights(s["weight_decay"]),
                                optax.trace(s["momentum"]))  # fmt: skip
            p = [np.array(a) for a in given["parameters"]]
            state = chain.init(p)
            for t, grads in enumerate(given["gradients"], 1):
                lr = given.get("changes", {}).get(str(t), {}).get("lr", lr)
                updates, state = chain.update([np.array(g) for g in grads], state, p)
                p = [np.array(a - lr * u) for a, u in zip(p, updates)]
                for ours, theirs in zip(path[t], p):
                    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.slow
def test_kerass_numbers_are_those_of_keras():
    pytest.importorskip("keras", reason="Keras is not installed: pip install -r requirements-tools.txt")
    program = """
import json, keras
def walk(optimizer, gradients, rates=None, size=1):
    w = [keras.Variable([0.0] * len(g)) for g in gradients[0]]
    for t, gs in enumerate(gradients):
        if rates: optimizer.learning_rate = rates[t]
        optimizer.apply([keras.ops.convert_to_tensor(g) for g in gs], w)
    return [float(x) for v in w for x in keras.ops.convert_to_numpy(v)]
o = keras.optimizers
print(json.dumps([walk(o.RMSprop(), [[[4.0]]])[0], walk(o.SGD(0.1, momentum=0.9), [[[1.0]], [[1.0]]], [0.1, 0.01])[0],
                  walk(o.Adam(), [[[3e-6]]])[0], sum(x * x for x in walk(o.SGD(1.0, clipnorm=1.0), [[[3.0, 4.0], [0.3, 0.4]]])) ** 0.5]))
"""
    quiet = os.environ | {"KERAS_BACKEND": "torch", "TF_CPP_MIN_LOG_LEVEL": "3"}  # torch: no second process for TensorFlow's trap
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300, env=quiet)
    assert done.returncode == 0, done.stderr[-2000:]
    told = question("13.1").oracle
    wanted = [told[name] for name in ("RMSprop, Keras", "momentum, Keras", "Adam, Keras", "clipnorm")]
    np.testing.assert_allclose(json.loads(done.stdout.splitlines()[-1]), wanted, rtol=1e-4)
