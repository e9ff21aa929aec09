"""Defaults are promises: all signatures of what readers call, as they were noted. `python -m tests.test_signatures` notes them anew."""

import importlib
import inspect
import pathlib
import pkgutil
import re

NOTED = pathlib.Path(__file__).with_name("signatures.txt")
PLACES = ("algorithms", "bridges", "clipping", "curvature", "line_search", "minimize", "optim", "rules", "schedules", "surfaces",
          "training")


def signatures():
    """One line for each public function and class: gdcore.schedules.one_cycle(steps, rise=0.3, …)."""
    lines = set()
    for place in PLACES:
        module = importlib.import_module(f"gdcore.{place}")
        inner = [f"{module.__name__}.{m.name}" for m in pkgutil.iter_modules(getattr(module, "__path__", ()))]
        for owner in (module, *(importlib.import_module(name) for name in inner if not re.search(r"keras|optax|flower|_world", name))):
            for name, value in vars(owner).items():
                if not name.startswith("_") and callable(value) and getattr(value, "__module__", "").startswith(owner.__name__):
                    try:
                        signature = inspect.signature(value)
                    except (TypeError, ValueError):
                        continue
                    lines.add(f"{value.__module__}.{name}{signature}")
    return sorted(line for line in lines if " at 0x" not in line)


def test_every_default_is_as_noted():
    noted, now = set(NOTED.read_text("utf-8").splitlines()), set(signatures())
    assert len(now) > 150
    assert not noted ^ now, f"Changed are {sorted(noted ^ now)}. If that is meant: python -m tests.test_signatures"


if __name__ == "__main__":
    NOTED.write_text("\n".join(signatures()) + "\n", encoding="utf-8")
