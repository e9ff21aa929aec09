"""One browser for all tests of a process, and at the end of a run the number of planted bugs and how many were found."""

import pytest


@pytest.fixture(scope="session")
def chromium():
    from tests.book.chromium import browser  # only those who ask for it need playwright

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
