"""What is given away: a wheel and an sdist that hold gdcore and nothing of the book, agree on the version, and pass their own tests."""

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml

import gdcore

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]
BUILD = "from setuptools import build_meta as b; b.build_sdist({0!r}); b.build_wheel({0!r})"
WHOLE = ("tests/rules", "tests/algorithms", "tests/optim")
QUICK = ("tests/rules/test_theory.py", "tests/algorithms/test_proximal.py", "tests/algorithms/test_federated.py")


def tracked():
    names = ("pyproject.toml", "README.md", "LICENSE", "CITATION.cff", "CHANGELOG.md", "MANIFEST.in", "constraints.txt")
    folders = [p for name in ("gdcore", "tests") for p in (ROOT / name).rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    return [*(ROOT / name for name in names), *folders]


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """A folder with both files, built from a copy, and the wheel installed in its folder `site`."""
    folder = tmp_path_factory.mktemp("release")
    for path in tracked():
        to = folder / "source" / path.relative_to(ROOT)
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(path.read_bytes())
    subprocess.run([sys.executable, "-c", BUILD.format(str(folder))], cwd=folder / "source", check=True, capture_output=True)
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", folder / "site"]
    subprocess.run([*install, next(folder.glob("*.whl"))], check=True, capture_output=True)
    return folder


def test_one_version_everywhere(release):
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), flags=re.M)[1]
    assert citation["version"] == newest == gdcore.__version__
    assert {p.name for p in release.glob("gdcore-*")} == {f"gdcore-{newest}.tar.gz", f"gdcore-{newest}-py3-none-any.whl"}


def test_the_wheel_holds_the_package_and_nothing_else(release):
    with zipfile.ZipFile(next(release.glob("*.whl"))) as wheel:
        there = {name for name in wheel.namelist() if ".dist-info/" not in name}
    wanted = {p.relative_to(ROOT).as_posix() for p in tracked() if p.is_relative_to(ROOT / "gdcore")}
    assert there == wanted


def test_the_sdist_passes_its_tests_on_the_installed_wheel_without_the_book(release):
    with tarfile.open(next(release.glob("*.tar.gz"))) as archive:
        archive.extractall(release / "unpacked", filter="data")
    source = next((release / "unpacked").iterdir())
    assert not {p.name for p in source.iterdir()} & {"book", "chapters", "exercises", "solutions", "examples"}
    (source / "gdcore").rename(source / "not_this_one")
    environment = os.environ | {"PYTHONPATH": str(release / "site"), "OMP_NUM_THREADS": "1"}
    asked = WHOLE if os.environ.get("GDCORE_TEST_ALL") else QUICK
    run = subprocess.run([sys.executable, "-m", "pytest", "-q", "-m", "not slow", "-p", "no:cacheprovider", "-p", "no:xdist", *asked],
                         cwd=source, env=environment, capture_output=True, text=True)  # fmt: skip
    assert run.returncode == 0 and " passed" in run.stdout, run.stdout[-3000:]
    where = subprocess.run([sys.executable, "-c", "import gdcore; print(gdcore.__file__)"], cwd=source, env=environment,
                           capture_output=True, text=True, check=True)  # fmt: skip
    assert Path(where.stdout.strip()).is_relative_to(release / "site")


def test_it_is_usable_with_numpy_alone(release):
    """Where torch, SciPy and Matplotlib are not installed the rules, minimize and the algorithms work all the same."""
    code = ("import sys\n"
            "for name in ('torch', 'scipy', 'matplotlib', 'sklearn', 'jax', 'sympy'): sys.modules[name] = None\n"
            "from gdcore import minimize, surfaces\nfrom gdcore.rules import Adam\n"
            "from gdcore.algorithms import federated, gradient_free, second_order\n"
            "print(minimize(surfaces.booth, [-2.0, 3.0], Adam(lr=0.1), steps=2000).status)")  # fmt: skip
    environment = os.environ | {"PYTHONPATH": str(release / "site")}
    run = subprocess.run([sys.executable, "-c", code], cwd=release, env=environment, capture_output=True, text=True)
    assert run.stdout.strip() == "converged", run.stderr
