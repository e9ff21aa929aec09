"""`python -m benchmarks.grading [--students 6] [--rounds 3]`: grading three chapters against letting Jupyter merely run them, in one run.

A grader such as nbgrader starts a kernel for each notebook and runs all its cells before it can judge one, so that is the least it takes.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import nbformat
from nbclient import NotebookClient

from gdcore.training import machine

ROOT = pathlib.Path(__file__).parents[1]


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grading", description="Time the grader against running the notebooks.")
    parser.add_argument("--students", type=int, default=6, help="half of them hand in the solutions, half the empty exercises")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"  # both sides on one core
    print(", ".join(f"{key} {value}" for key, value in machine().items()))
    ours, jupyter = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        submissions = hand_in(folder / "class", asked.students)
        for number in range(asked.rounds):  # in turn, so that both meet the same machine
            ours.append(seconds(grade, folder / "class", folder / f"out{number}") / asked.students)
            jupyter.append(seconds(run, submissions) / asked.students)
    print(verdict(statistics.median(ours), statistics.median(jupyter)))


def hand_in(folder, students):
    """Chapters 1 to 3 of so many students; the paths of their notebooks."""
    for number in range(students):
        source = ROOT / ("solutions" if number % 2 else "exercises")
        shutil.copytree(source, folder / f"s{number}", ignore=shutil.ignore_patterns("[!0]*", "0[04-9]*"))
    return sorted(folder.glob("*/*.ipynb"))


def grade(folder, out):
    line = [sys.executable, "-m", "gdcore.grade", str(folder), "--out", str(out), "--workers", "1"]
    subprocess.run(line, cwd=ROOT, check=True, capture_output=True)


def run(notebooks):
    quiet = ["--log-level=ERROR"]
    for path in notebooks:
        place = {"metadata": {"path": str(path.parent)}}
        NotebookClient(nbformat.read(path, as_version=4), allow_errors=True, resources=place, extra_arguments=quiet).execute()


def seconds(work, *arguments):
    begin = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - begin


def verdict(ours, jupyter):
    ratio = ours / jupyter
    reached = "reached" if ratio <= 1 else "missed"
    return f"A student's chapters 1 to 3: graded in {ours:.2f} s, run by Jupyter in {jupyter:.2f} s; ratio {ratio:.2f}, goal 1: {reached}."


if __name__ == "__main__":
    main()
