"""Methods that are more than one pure step.

A rule (`gdcore.rules`) maps a point, its gradient and a memory to the next point, and needs nothing else. An algorithm needs more:
which example to look at, a second look at the function, a population, other machines. It is still written like a rule:

- a frozen dataclass whose fields are the hyper-parameters, with their usual values;
- `init(…)` gives the memory, and a pure `update(…)` gives the next point and the next memory, and changes nothing that the caller holds;
- chance comes in from outside, as a generator or as the drawn numbers themselves, so that a run can be repeated and checked;
- what it costs is counted in the field's own unit: gradients of examples, products with the Hessian, evaluations, bytes;
- it names its paper, is checked against a closed form or a peer, and tests plant its usual mistakes.

An algorithm may use rules, surfaces and curvature; nothing below this floor knows of it.

- `distributed`: ring all-reduce, top-k, QSGD and PowerSGD, DiLoCo, the time of a network.
- `federated`: FedAvg, FedProx, SCAFFOLD, any rule on the server, robust aggregates, clipping and noise, masks that cancel.
- `finite_sum`: SGD, SVRG and SAGA on a mean of many functions.
- `gradient_free`: random search, (1+1)-ES, annealing, Nelder-Mead, SPSA, OpenAI-ES, CMA-ES, a genetic algorithm.
- `proximal`: ISTA and FISTA on a smooth loss plus a penalty with corners.
- `quantum`: circuits of a few qubits, parameter shift, natural gradient, Rotosolve, QAOA; simulated bifurcation.
- `reinforcement`: worlds as tables with their exact gradient, REINFORCE, baselines, generalized advantages, PPO's loss.
- `second_order`: Newton, trust region, Gauss-Newton, conjugate gradients, Hessian-free, BFGS, L-BFGS.
- `unroll`: the slope of the end of a training in its rates and momenta, in reverse and forward.
"""

import importlib

__all__ = ["distributed", "federated", "finite_sum", "gradient_free", "proximal", "quantum", "reinforcement", "second_order", "unroll"]


def __getattr__(name):
    if name in __all__:
        return importlib.import_module(f"gdcore.algorithms.{name}")
    raise AttributeError(f"module 'gdcore.algorithms' has no attribute {name!r}")
