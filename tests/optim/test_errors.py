"""What torch's own database of errors rejects, ours rejects with the same type, in one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch.testing._internal.common_optimizers import OptimizerErrorEnum

import gdcore.optim
from gdcore.rules import Muon
from tests.optim.common import parameters, set_gradients
from tests.optim.test_parity import CLASSES

ROOT = Path(__file__).parents[2]


def error_inputs():
    for name, info in CLASSES.items():
        for case in info.optim_error_inputs_func("cpu", torch.float32):
            yield pytest.param(name, case, id=f"{name}-{case.optimizer_error_input.desc}")


def test_the_database_holds_what_it_should():
    assert len(list(error_inputs())) >= 100


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("name", "case"), list(error_inputs()))
def test_rejected_with_the_same_type(name, case):
    cls, given = getattr(gdcore.optim, name), case.optimizer_error_input
    if case.error_on == OptimizerErrorEnum.CONSTRUCTION_ERROR:
        with pytest.raises(case.error_type) as caught:
            cls(given.params, **given.kwargs)
    else:
        optimizer = cls(given.params, **given.kwargs)
        with pytest.raises(case.error_type) as caught:
            optimizer.step()
    assert len(str(caught.value)) > 15


def test_the_sentence_says_what_came_and_what_is_allowed():
    with pytest.raises(ValueError, match=r"lr = -0\.1, but lr \(learning rate.*\) must lie in \[0, inf\)"):
        gdcore.optim.Adam(parameters(), lr=-0.1)
    with pytest.raises(ValueError, match=r"beta2 = 1\.0, but beta2 .* must lie in \[0, 1\)"):
        gdcore.optim.Adam(parameters(), betas=(0.9, 1.0))
    with pytest.raises(ValueError, match="matrices and got a parameter of shape"):
        gdcore.optim.Muon(parameters())
    with pytest.raises(TypeError, match="needs a rule such as Adam"):
        gdcore.optim.Optimizer(parameters(), "adam")
    with pytest.raises(ValueError, match="nesterov=True needs a momentum above 0"):
        gdcore.optim.SGD(parameters(), nesterov=True)


def test_a_rejected_group_leaves_the_optimizer_as_it_was():
    optimizer = gdcore.optim.Adam(parameters())
    with pytest.raises(ValueError, match="lr"):
        optimizer.add_param_group({"params": parameters(seed=5), "lr": -1.0})
    assert len(optimizer.param_groups) == 1
    set_gradients(optimizer.param_groups[0]["params"], torch.Generator().manual_seed(0))
    optimizer.step()


@pytest.mark.parametrize("make", [lambda p: gdcore.optim.Adam(p), lambda p: gdcore.optim.SGD(p, momentum=0.9)])
def test_sparse_gradients_where_the_rule_needs_dense_ones(make):
    p = torch.nn.Parameter(torch.ones(4, 2))
    p.grad = torch.sparse_coo_tensor([[1]], torch.ones(1, 2), (4, 2))
    with pytest.raises(RuntimeError, match="does not support sparse gradients"):
        make([p]).step()


@pytest.mark.parametrize(("name", "kwargs"), [("SGD", {"lr": 0.1}), ("Adagrad", {"lr": 0.1}), ("SGD", {"lr": 0.1, "maximize": True})])
def test_sparse_gradients_as_torch(name, kwargs):
    def run(module):
        p = torch.nn.Parameter(torch.arange(12.0, dtype=torch.float64).reshape(6, 2))
        optimizer = getattr(module, name)([p], **kwargs)
        for rows in ([1, 4], [4, 4], [0, 5]):  # the second names a row twice
            p.grad = torch.sparse_coo_tensor([rows], torch.ones(2, 2, dtype=torch.float64), (6, 2))
            optimizer.step()
        return p

    assert torch.allclose(run(gdcore.optim), run(torch.optim), rtol=1e-13)


def test_matrix_rules_refuse_vectors_and_complex_numbers():
    with pytest.raises(RuntimeError, match="complex"):
        p = torch.nn.Parameter(torch.ones(2, 2, dtype=torch.complex64))
        p.grad = torch.ones_like(p)
        gdcore.optim.LAMB([p]).step()
    with pytest.raises(ValueError, match="matrices"):
        gdcore.optim.Optimizer([torch.nn.Parameter(torch.ones(3))], Muon())


BARE = """
import sys, warnings
for name in ("matplotlib", "scipy", "sklearn", "jax", "IPython", "anywidget"):
    sys.modules[name] = None
import torch, gdcore.optim as G
def run(cls, **options):
    p = torch.nn.Parameter(torch.arange(6.0).view(2, 3))
    optimizer = cls([p], lr=0.1, **options)
    for _ in range(3):
        p.grad = p.detach().cos()
        optimizer.step()
    return p
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    for cls in (G.SGD, G.Adam, G.AdamW, G.Adagrad, G.LAMB, G.Muon, G.Adafactor, G.NAdam):
        fused = [{"fused": True}] if cls in (G.SGD, G.Adam, G.AdamW, G.Adagrad) else []
        for options in ({"compile": True}, *fused):
            assert torch.allclose(run(cls, **options), run(cls), rtol=1e-6), (cls, options)
for w in said:
    print(w.category.__name__, w.message)
"""


@pytest.mark.parametrize("lack", ["compiler", "cache"])
def test_where_nothing_can_be_compiled_steps_are_plain_and_one_line_says_why(lack, tmp_path):
    """As `pip install gdcore[torch]` leaves it on a machine without a compiler, or with a home that nobody may write to."""
    (tmp_path / "file").touch()
    environment = os.environ | {"PYTHONPATH": str(ROOT), "GDCORE_CACHE": str(tmp_path / "file" / "kernels")}
    environment |= {"PATH": str(tmp_path), "CC": "no-such-compiler", "CXX": "no-such-compiler"} if lack == "compiler" else {}
    run = subprocess.run([sys.executable, "-c", BARE], env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    said = [line for line in run.stdout.splitlines() if "gdcore" in line]
    assert all(line.startswith("RuntimeWarning A compiled step was asked for, and gdcore ") for line in said)
    for words in ("found no C compiler: install gcc or clang", "found no C++") if lack == "compiler" else ("cannot keep kernels in ",):
        assert sum(words in line for line in said) == 1, said
