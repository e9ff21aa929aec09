"""The whole of `suite.py` on a second device, in a process of its own: torch knows the device from then on, and only one of its kind."""

import pathlib
import re
import subprocess
import sys

import pytest

from tests.elsewhere.device import compiler

SUITE = pathlib.Path(__file__).with_name("suite.py")


@pytest.mark.slow
@pytest.mark.skipif(compiler() is None, reason="needs a C++ compiler to build a second device: install g++ or clang")
def test_another_device_gives_the_numbers_of_the_cpu(record_property):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(SUITE)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    record_property("elsewhere", re.search(r"\d+ passed", run.stdout)[0])
