"""Faults of `python -m tests.planted` that no test can see there, each with its reason."""

ARGUED = {  # {module: {the fault's name: why it changes nothing that anybody can see, or who sees it}}
    "minimize.run": {
        "_Run.trace: shape = (0, *np.shape(self.x)) one line too late": "the function in between reads shape only when it is called",
    },
    "minimize.objective": {
        "Objective._jax: without the line value, g = jax.value_and_grad(lambda x: jax.numpy.reshape(self._call(x), ()))(x)":
            "JAX does not work in a fork: test_all_worlds_walk_the_same_path in test_minimize.py sees it",
    },
}  # fmt: skip
