"""Whole files of tests on a second device, in processes of their own: torch knows the device from then on, and only one of its kind."""

import importlib.util
import os
import pathlib
import re
import subprocess
import sys

import pytest

from tests.elsewhere.device import compiler

pytestmark = [pytest.mark.slow,
              pytest.mark.skipif(compiler() is None, reason="needs a C++ compiler to build a second device: install g++ or clang")]


def run(file, **environment):
    """What pytest counts in a file beside this one; what that skips, is skipped here, with its reasons."""
    path = pathlib.Path(__file__).with_name(file)
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "-p", "no:xdist", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    if skipped := re.findall(r"^SKIPPED .*", done.stdout, re.MULTILINE):
        pytest.skip("; ".join(skipped))
    return re.search(r"\d+ passed", done.stdout)[0]


def test_another_device_gives_the_numbers_of_the_cpu(record_property):
    record_property("elsewhere", run("suite.py"))


def test_the_worked_examples_run_on_another_device(record_property):
    record_property("examples elsewhere", run("examples.py"))


@pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="needs Triton, which is made for Linux only: pip install triton")
def test_the_kernels_of_a_gpu_give_the_numbers_of_the_cpu(record_property):
    record_property("fused", run("fused.py", TRITON_INTERPRET="1"))
