"""What the files that run on the second device share."""

import functools

import pytest
import torch

from gdcore.optim import engine


@pytest.fixture(scope="module")
def traced():
    """torch.compile as far as it goes without a code generator for this device: dynamo traces a step as one graph, which is run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "compile", functools.partial(torch.compile, backend="eager", fullgraph=True))
        patch.setattr(engine, "_fused", {})
        patch.setattr(torch._dynamo.config, "fail_on_recompile_limit_hit", True)  # else it would go on without compiling
        yield
