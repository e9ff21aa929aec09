"""Faults of `python -m tests.planted` that no test can see there, each with its reason."""

ARGUED = {  # {module: {the fault's name: why it changes nothing that anybody can see, or who sees it}}
    "minimize.run": {
        "_Run.trace: shape = (0, *np.shape(self.x)) one line too late": "the function in between reads shape only when it is called",
    },
    "minimize.objective": {
        "Objective._jax: without the line value, g = jax.value_and_grad(lambda x: jax.numpy.reshape(self._call(x), ()))(x)":
            "JAX does not work in a fork: test_all_worlds_walk_the_same_path in test_minimize.py sees it",
    },
    "clipping": {
        "_by_norm_: 1000000000000000.0 becomes 1000000000000001.0": "between two ways to one number, and both are right at the border",
        "_by_norm_: 1e-15 becomes 1.000000000000001": "between two ways to one number: the careful one is only slower",
        "_by_norm_: 4 becomes 5": "between two ways to one number: the careful one is only slower",
        "_wide: 4 becomes 5": "single precision made single is itself",
        "_factor: 1.0 becomes 2.0, making return where(norm > limit, limit / where(norm > 0, norm, 2.0), 1.0)":
            "a norm of 0 is not above the limit: this share is thrown away",
        "_clip_units: 1.0 becomes 2.0, making return _as(g * where(length > longest, longest / where(length > 0, length, 2.0), 1.0), g)":
            "a length of 0 is not above the longest: this share is thrown away",
        "_unit_norms: x = _wide(x) one line too late": "the largest entry of a half is the same number in single",
        "_unit: 1.0 becomes 2.0": "0 and infinity are the same after a division by 2",
    },
    "training.vision": {
        "shifted: 1 becomes 2, making padded = x.min().expand(n, 2, h + 2 * by, w + 2 * by).clone()": "the second channel is never read",
        "shifted: 2 becomes 3, making padded = x.min().expand(n, 1, h + 3 * by, w + 2 * by).clone()": "the rows below are never read",
        "shifted: 2 becomes 3, making padded = x.min().expand(n, 1, h + 2 * by, w + 3 * by).clone()": "the columns beyond are never read",
    },
    "training.batches": {
        "generator: 1 becomes 2": "the first of two numbers of a seed is its only one",
    },
    "training.compare": {
        "compare: 1 becomes 2": "of the sign only the direction is read",
        "compare: 1 becomes 2, making sign = 1 if better == 'lower' else -2": "of the sign only the direction is read",
        "_settings: 0 becomes 1": "without a name to search nothing of the point is read",
        "_settings: spans = [ranges[name] for name in open_] one line too late": "the line in between does not read it",
    },
    "training.loop": {
        "_Run.__init__: half = torch.float16 if self.device.type == 'cuda' and (not torch.cuda.is_bf16_supported()) else torch.bfloat16 "
        "one line too late": "the function in between reads it only when it is called",
        "_Run.__init__: self.parameters = [p for o in self.optimizers for group in o.param_groups for p in group['params']] "
        "one line too late": "the schedulers in between change none of them",
        "_Run._next: 1 becomes 2": "an epoch that is too short ends with the same error, at the next batch that is asked for",
    },
    "algorithms.distributed": {
        "ring_all_reduce: 1 becomes 2, making pieces = [[piece.copy() for piece in np.array_split(part.reshape(-2), workers)] for part in "
        "parts]": "NumPy takes any negative number for the rest",
        "TopK.send: 1 becomes 2, making large.reshape(-2)[np.argpartition(size, -count, axis=None)[-count:]] = True":
            "NumPy takes any negative number for the rest",
        "TopK.send: -count loses its sign, making large = size >= np.partition(size, count, axis=None)[-count]":
            "then the sizes are taken for equal, which gives the same places later",
        "TopK.send: -count loses its sign": "then the sizes are taken for equal, which gives the same places later",
        "ring_all_reduce: turn - workers becomes turn + workers": "a place is counted modulo the number of workers",
        "ring_all_reduce: turn - workers loses its right side": "a place is counted modulo the number of workers",
        "QSGD.send: 1.0 becomes 2.0": "0 is the same after a division by 2",
    },
    "algorithms.federated": {
        "masked: 0 becomes 1": "of 64 random bits NumPy makes the same number from 0 up as from 1 up, but for 0 itself",
        "Scaffold.update: weights = None if examples is None else [examples[name] for name in clients] one line too late":
            "the function in between reads it only when it is called",
    },
    "algorithms.gradient_free": {
        "SPSA.ask: self.c / state['t'] ** self.gamma * draw.choice([-1.0, 1.0], size=len(state['x'])) becomes "
        "self.c / state['t'] ** self.gamma / draw.choice([-1.0, 1.0], size=len(state['x']))": "1 and −1 are their own inverses",
        "Genetic.tell: values = np.array([_number(v) for v in values]) one line too late":
            "the lines in between put together what they are given",
    },
    "algorithms.proximal": {
        "group_lasso: 1 becomes 2, making return x * np.maximum(1 - lr * weight / np.where(length > 0, length, 2), 0)":
            "a row of length 0 stays 0, whatever its factor",
    },
    "algorithms.quantum": {
        "rotosolve: theta[i] + math.pi becomes theta[i] - math.pi": "an angle is counted modulo 2π",
    },
    "algorithms.reinforcement": {
        "advantages: 1 becomes 2, making following = np.concatenate([values[:, 1:] * alive[:, 1:], np.zeros((len(values), 2))], axis=1)":
            "a column beyond the last step is never read",
    },
    "algorithms.unroll": {
        "hypergradient: hyper = {name: torch.as_tensor(value) for name, value in hyper.items()} one line too late":
            "the function in between has numbers of its own",
    },
    "check.judge": {
        "expected_output: 0 becomes 1": "the oracle has no ways: this number is never read",
        "expected_output: 1 becomes 2": "every number below 0 is the oracle",
        "_compared: 0 becomes 1, making return Verdict(1, short(expected) if shapes[0] == () else _all(math.prod(shapes[1])), "
        "expected, value)": "the two shapes are one by then",
        "_compared: 0 becomes 1, making return Verdict(1, short(expected) if shapes[1] == () else _all(math.prod(shapes[0])), "
        "expected, value)": "the two shapes are one by then",
    },
    "training.monitor": {
        "_unusual: 1.0 becomes 2.0": "a spread of 1 and one of 2 are both usual",
        "_unusual: 0.0 becomes 1.0, making yield (not math.isfinite(point.get('loss', 1.0)) and 'The loss is not finite.')":
            "1 is as finite as 0",
        "_unusual: silent = [name for name in watch.parameters if name not in point['gradients']] one line too late":
            "the line in between does not read it",
        "_unusual: mute = [name for name, g in point['gradients'].items() if g == 0] one line too late":
            "the line in between does not read it",
        "Monitor._look: weights = [float(n) for n in torch._foreach_norm(self._before)] one line too late":
            "the line in between does not read it",
        "Monitor._look: gradients = {name: float(length) for name, length in zip(with_gradient, lengths)} one line too late":
            "the line in between does not read it",
    },
    "algorithms.second_order": {
        "TrustRegion.update: 1.0 becomes 2.0": "a gain of 1 and one of 2 are both above 0.75",
        "_within: low + high loses its left side": "low is never 0: the floor is at least 1e-14",
        "_within: low + high loses its right side": "low is never 0: the floor is at least 1e-14",
        "_within: low + high becomes low - high": "low is never 0: the floor is at least 1e-14",
        "_within: (low + high) / 2 becomes (low + high) * 2": "low is never 0: the floor is at least 1e-14",
        "_within: (low + high) / 2 loses its right side": "low is never 0: the floor is at least 1e-14",
        "_within: (low + high) / 2 loses its left side": "low is never 0: the floor is at least 1e-14",
        "_within: 2 becomes 3": "low is never 0: the floor is at least 1e-14",
        "_within: 0 becomes 1, making middle = math.sqrt(low * high) if low > 1 else (low + high) / 2":
            "either mean halves the way two hundred times, to the same number",
        "_within: 200 becomes 201": "after two hundred halvings both ends are one number",
        "_within: 1e-14 becomes 1.00000000000001, making low, high = (floor, least + np.linalg.norm(g) / radius + 1.00000000000001)":
            "a higher end is halved away",
        "_within: slopes = vectors.T @ g one line too late": "the function in between reads it only when it is called",
        "_within: 1.0 becomes 2.0": "1e-14 is a rounding error of the border",
        "_within: least + 1e-14 * max(1.0, abs(values).max()) becomes least - 1e-14 * max(1.0, abs(values).max())":
            "1e-14 is a rounding error of the border",
        "_within: 1.0 becomes 2.0, making p = np.where(values > values[0] + 1e-12, -slopes / np.where(values + least > 0, values + least, "
        "2.0), 0.0)": "where the quotient is read the sum is above 0",
        "of_torch: parameters = list(parameters) one line too late": "the function in between reads it only when it is called",
        "Problem._counted: known = deque(maxlen=2) one line too late": "the function in between reads it only when it is called",
        "_within: least + np.linalg.norm(g) / radius + 1e-14 loses its right side":
            "1e-14 is a rounding error of the border",
        "_within: least + np.linalg.norm(g) / radius + 1e-14 becomes least + np.linalg.norm(g) / radius - 1e-14":
            "1e-14 is a rounding error of the border",
    },
}  # fmt: skip
