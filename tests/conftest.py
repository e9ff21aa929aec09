"""One browser for all tests of a process, and at the end of a run what it cost and how many of the planted bugs were found."""

import collections
import contextlib
import re

import pytest

with contextlib.suppress(ImportError):  # before anything brings in TensorFlow: the other way round a process dies
    import triton  # noqa: F401


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
    for line in bill(report for reports in terminalreporter.stats.values() for report in reports if hasattr(report, "duration")):
        terminalreporter.write_line(line)


def bill(reports):
    """Seconds of each chapter (its notebook, and the tests whose names hold its number) and of each folder of tests, dearest first."""
    chapters, folders = collections.Counter(), collections.Counter()
    for report in reports:
        number = re.search(r"(?<![\d.])(\d\d)(?:_[a-z]|\.\d(?!\d))", report.nodeid)
        place = chapters if number else folders
        place[number[1] if number else "/".join(report.nodeid.split("::")[0].split("/")[:2])] += report.duration
    shown = lambda counts: " · ".join(f"{name} {seconds:.0f}" for name, seconds in counts.most_common() if seconds >= 1)
    return [f"seconds of {what}: {shown(counts)}" for what, counts in (("chapters", chapters), ("the rest", folders)) if shown(counts)]
