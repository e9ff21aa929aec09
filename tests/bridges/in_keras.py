"""What test_keras asks, in a process of its own: `python -m tests.bridges.in_keras tensorflow` prints its findings as JSON."""

import contextlib
import json
import os
import sys
import tempfile

os.environ["KERAS_BACKEND"] = sys.argv[1]
with contextlib.suppress(ImportError):
    import triton  # noqa: F401  (before tensorflow, or the process dies)

import keras
import numpy as np

import gdcore.rules as R
from gdcore import bridges
from tests.bridges.test_optax import RULES, by_rule, matrices, problem

ROOT = np.random.default_rng(1)
X = ROOT.normal(size=(64, 8)).astype("float32")
Y = np.tanh(X[:, :1])


def iterates(rule):
    """How far from the rule by itself, relatively, and whether the answer is the rule's."""
    params, gradients = problem(rule)
    variables = {k: keras.Variable(x, dtype="float32") for k, x in params.items()}
    optimizer = bridges.keras(rule, out_axis=0)
    for g in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(g[k], dtype="float32") for k in params], list(variables.values()))
    read = lambda: {k: np.array(keras.ops.convert_to_numpy(v)) for k, v in variables.items()}
    ends, answers = by_rule(rule, params, gradients)
    far = lambda found, expected: max(float(np.abs(found[k] - expected[k]).max() / max(1, np.abs(expected[k]).max())) for k in params)
    end = far(read(), ends)
    optimizer.finalize_variable_values(list(variables.values()))
    return max(end, far(read(), answers)), matrices(rule)


def model():
    keras.utils.set_random_seed(0)
    layers = keras.layers
    return keras.Sequential([layers.Input((8,)), layers.Dense(16, activation="tanh"), layers.Dense(1)])


def trained(optimizer, epochs=8):
    made = model()
    made.compile(optimizer, "mse")
    return made, made.fit(X, Y, batch_size=16, epochs=epochs, shuffle=False, verbose=0).history["loss"]


def resumed(rule, **more):
    """The losses of two epochs more, of the model and of its copy from a file; and whether the copy has the rule."""
    made, losses = trained(bridges.keras(rule, **more), epochs=3)
    with tempfile.TemporaryDirectory() as folder:
        made.save(f"{folder}/model.keras")
        copy = keras.models.load_model(f"{folder}/model.keras")
    more = [m.fit(X, Y, batch_size=16, epochs=2, shuffle=False, verbose=0).history["loss"] for m in (made, copy)]
    return losses, *more, copy.optimizer.gdcore_rule == rule


def refused(make):
    try:
        make()
    except (TypeError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    return "nothing was raised"


def embedding():
    """Rows that are not used must still feel the momentum: a dense gradient of zeros."""
    layers = keras.layers
    table = keras.Sequential([layers.Input((1,), dtype="int32"), layers.Embedding(3, 2), layers.Flatten(), layers.Dense(1)])
    table.compile(bridges.keras(R.HeavyBall(0.1)), "mse")
    weights = lambda: np.array(table.layers[0].get_weights()[0])
    table.fit(np.array([[0]]), np.array([[5.0]]), verbose=0)
    before = weights()
    table.fit(np.array([[1]]), np.array([[5.0]]), verbose=0)
    return np.abs(weights() - before).max(axis=1).tolist()


def main():
    O = keras.optimizers
    schedule = lambda: O.schedules.CosineDecay(0.1, 32)
    both = lambda ours, theirs: {"ours": trained(ours)[1], "theirs": trained(theirs)[1]}
    found = {
        "iterates": {type(rule).__name__: iterates(rule) for rule in RULES},
        "fit": both(bridges.keras(R.HeavyBall(0.1)), O.SGD(0.1, momentum=0.9)),
        "schedule": both(bridges.keras(R.GD(0.1), learning_rate=schedule()), O.SGD(schedule())),
        "clipped": both(bridges.keras(R.GD(0.1), global_clipnorm=0.1), O.SGD(0.1, global_clipnorm=0.1)),
        "resumed": {"Muon": resumed(R.Muon(0.02), others=R.AdamW(1e-3)), "ScheduleFreeAdamW": resumed(R.ScheduleFreeAdamW(0.01)),
                    "Lookahead": resumed(R.Lookahead(R.L2(R.Adam(0.01), 0.1)), learning_rate=schedule())},
        "embedding": embedding(),
        "refused": {"bias": refused(lambda: trained(bridges.keras(R.Muon()))), "second": refused(lambda: bridges.keras(R.SAM(R.GD(0.1)))),
                    "type": refused(lambda: bridges.keras("adam"))},
    }  # fmt: skip
    print(json.dumps(found))


if __name__ == "__main__":
    main()
