"""Which goals the measured ratios reach; where one is missed, what the measured floor says about the reason."""

from benchmarks.floors import FLOORS

__all__ = ["verdicts"]

# (ratio, problems, limit): a ratio of at most the limit is wanted; of "best peer / compiled" at least, where torch has nothing fused
AT_MOST = [("eager / foreach", "bc", 1.0), ("eager / loop", "a", 0.6), ("compiled / fused", "abc", 1.0)]
AT_LEAST = ("best peer / compiled", 3.0)
FIRST_STEP = 10.0  # seconds, on (b)


def verdicts(results):
    """One line on how many goals are reached, and one for each that is missed."""
    judged = [verdict for result in results for verdict in _judged(result)]
    missed = [words for reached, words in judged if not reached]
    return [f"{len(judged) - len(missed)} of {len(judged)} goals reached.", *missed]


def _judged(result):
    ratios, problem = result["ratios"], result["problem"]
    for name, problems, limit in AT_MOST:
        if name in ratios and problem in problems:
            yield ratios[name] <= limit, _words(result, name, f"at most {limit}")
    if "compiled / fused" not in ratios:
        name, limit = AT_LEAST
        yield ratios[name] >= limit, _words(result, name, f"at least {limit}")
    if problem == "b":
        seconds = result["first_compiled_step_s"]
        yield seconds <= FIRST_STEP, f"(b) {result['method']}: the first compiled step took {seconds:.1f} s, goal {FIRST_STEP:.0f} s."


def _words(result, name, goal):
    which = "gdcore eager" if name.startswith("eager") else "gdcore compiled"
    floor = next((f for f in FLOORS if f in result["floor_ms"]), None)
    why = f" Of its {result['ms'][which]:.3g} ms, {FLOORS[floor]} alone takes {result['floor_ms'][floor]:.3g} ms." if floor else ""
    return f"({result['problem']}) {result['method']}: {name} is {result['ratios'][name]:.2f}, goal {goal}.{why}"
