"""`python -m benchmarks.pages`: Lighthouse's grade for the performance of each chapter, on this machine, which should be at rest.

The book is built into a temporary folder and served with compression. The goal is 0.90 in the median.
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from gdcore.training import machine
from tests.book import lighthouse
from tests.book.conftest import Book

GOAL = 0.90
TIMES = ("first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "speed-index")


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description="Grade the chapters' performance with Lighthouse.")
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    if lighthouse.program() is None:
        sys.exit(lighthouse.MISSING)
    print(", ".join(f"{key} {value}" for key, value in machine().items() if key not in ("torch", "threads")) + "\n")
    print(f"{'median of ' + str(asked.runs) + ' runs; times in ms':34}{'grade':>7}{'worst':>7}" + "".join(f"{time:>26}" for time in TIMES))
    with tempfile.TemporaryDirectory() as folder:
        book = Book(Path(folder))
        if book.status:
            sys.exit(f"The book does not build:\n{book.log[-3000:]}")
        with lighthouse.serve(book.html) as address:
            pages = [page for page in book.pages if page.startswith("chapters/")]
            grades = [_row(page, [lighthouse.report(f"{address}/{page}.html") for _ in range(asked.runs)]) for page in pages]
    sys.exit(0 if min(grades) >= GOAL else f"\nThe goal is a median of {GOAL:.2f} for each.")


def _row(page, reports):
    grades = [lighthouse.scores(report)["performance"] for report in reports]
    times = [statistics.median(lighthouse.value(report, time) for report in reports) for time in TIMES]
    print(f"{page:34}{statistics.median(grades):7.2f}{min(grades):7.2f}" + "".join(f"{time:26.0f}" for time in times), flush=True)
    return statistics.median(grades)


if __name__ == "__main__":
    main()
