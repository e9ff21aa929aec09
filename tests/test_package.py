"""`import gdcore` is light, and everything is there when it is asked for."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import gdcore


def fresh(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", gdcore.__all__)
def test_each_name_is_there_in_a_fresh_process(name):
    done = fresh(f"import gdcore; print(gdcore.{name}.__name__)")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().rpartition(".")[2] == name


LIGHT = ["gdcore", "gdcore.rules", "gdcore.minimize", "gdcore.surfaces", "gdcore.schedules", "gdcore.check", "gdcore.line_search",
         "gdcore.clipping", "gdcore.data", "gdcore.seeding", "gdcore.views", "gdcore.figures",
         "gdcore.figures.live.arithmetic"]  # fmt: skip
HEAVY = ("torch", "jax", "sympy", "matplotlib", "scipy", "IPython")


@pytest.mark.parametrize("module", LIGHT)
def test_no_framework_is_imported_unasked(module):
    done = fresh(f"import sys, {module}; print([m for m in {HEAVY} if m in sys.modules])")
    assert done.stdout.strip() == "[]", done.stderr


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'adam'"):
        _ = gdcore.adam
    assert set(gdcore.__all__) <= set(dir(gdcore))


def test_every_file_is_packaged():
    """Scripts and style sheets only come with an installed gdcore if pyproject.toml names them."""
    root = Path(gdcore.__file__).parents[1]
    named = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["package-data"]
    folders = {root / package.replace(".", "/"): patterns for package, patterns in named.items()}
    packaged = {path for folder, patterns in folders.items() for pattern in patterns for path in folder.glob(pattern)}
    here = {path for path in (root / "gdcore").rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    assert here and here <= packaged, sorted(here - packaged)
