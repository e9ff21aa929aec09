"""One browser for all tests of a process, and at the end of a run what it cost and how many of the planted bugs were found."""

import collections
import contextlib
import json
import os
import pathlib
import re

import pytest

with contextlib.suppress(ImportError):  # before anything brings in TensorFlow: the other way round a process dies
    import triton  # noqa: F401


BILL, WHOLE = pathlib.Path(__file__).with_name("bill.json"), 30  # what each chapter cost, in a run of so many notebooks and all tests


@pytest.fixture(scope="session")
def chromium():
    from tools.chromium import browser  # only those who ask for it need playwright

    with browser() as found:
        yield found


def pytest_collection_modifyitems(items):
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):  # a browser takes its time
            item.add_marker(pytest.mark.slow)


def pytest_terminal_summary(terminalreporter):
    counts = {"planted": 0, "killed": 0}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "call":
                for key, value in getattr(report, "user_properties", []):
                    if key in counts:
                        counts[key] += value
    if counts["planted"]:
        terminalreporter.write_line(f"planted bugs: {counts['killed']} of {counts['planted']} killed")
    timed = [report for reports in terminalreporter.stats.values() for report in reports if hasattr(report, "duration")]
    for line in bill(timed):
        terminalreporter.write_line(line)
    # what sets up a browser for all falls on whoever comes first: it is left out
    chapters, folders = spent(report for report in timed if report.when == "call")
    notebooks = {report.nodeid[:11] for report in timed if report.nodeid.startswith("chapters/")}
    if len(notebooks) < WHOLE or not {"tests/book", "tests/grading", "tests/optim"} <= folders.keys():
        return
    if os.environ.get("GDCORE_BILL") == "write":
        BILL.write_text(json.dumps({name: round(seconds) for name, seconds in sorted(chapters.items())}, indent=1) + "\n")
    elif dear := grown(chapters, json.loads(BILL.read_text())):
        for line in dear:
            terminalreporter.write_line(line, red=True)
        terminalreporter._session.exitstatus = pytest.ExitCode.TESTS_FAILED


def bill(reports):
    """Seconds of each chapter (its notebook, and the tests whose names hold its number) and of each folder of tests, dearest first."""
    shown = lambda counts: " · ".join(f"{name} {seconds:.0f}" for name, seconds in counts.most_common() if seconds >= 1)
    return [f"seconds of {what}: {shown(counts)}" for what, counts in zip(("chapters", "the rest"), spent(reports)) if shown(counts)]


def spent(reports):
    """(seconds of each chapter, seconds of each folder)."""
    chapters, folders = collections.Counter(), collections.Counter()
    for report in reports:
        number = re.search(r"(?<![\d.])([012]\d|30)(?:_[a-z]|\.\d(?!\d))", report.nodeid)
        place = chapters if number else folders
        place[number[1] if number else "/".join(report.nodeid.split("::")[0].split("/")[:2])] += report.duration
    return chapters, folders


def grown(chapters, noted):
    """A sentence for each chapter whose share of all chapters' seconds is more than twice what was noted: shares, since machines differ."""
    whole, before = sum(chapters.values()), sum(noted.values())
    dear = {name: seconds for name, seconds in chapters.items() if seconds / whole > 2 * (noted.get(name, before / len(noted)) / before)}
    return [f"Chapter {name} cost {seconds:.0f} s of the {whole:.0f} s of all chapters, more than twice its share so far: make its tests "
            "cheaper, or note the new bill with GDCORE_BILL=write make test." for name, seconds in sorted(dear.items())]  # fmt: skip
