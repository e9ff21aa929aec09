"""`python -m benchmarks [--problems a b c] [--methods Adam …] [--seconds 1] [--json FILE]`: prints a table, writes JSON."""

import argparse
import gc
import json
import pathlib

from benchmarks.contestants import CONTESTANTS, OURS, PEERS
from benchmarks.floors import FLOORS, floors, scaled
from benchmarks.goals import verdicts
from benchmarks.problems import PROBLEMS, gpt2_small, parameters
from benchmarks.timing import first_step, race
from gdcore.training import machine

MUON_BLOCKS = 1  # of the 12 of GPT-2: a step of all would take half a minute


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Time the optimizers of gdcore against their peers.")
    parser.add_argument("--problems", nargs="+", choices=PROBLEMS, default=list(PROBLEMS))
    parser.add_argument("--methods", nargs="+", choices=CONTESTANTS, default=list(CONTESTANTS))
    parser.add_argument("--seconds", type=float, default=2.0, help="for each contestant on each problem")
    parser.add_argument("--json", type=pathlib.Path, default=pathlib.Path("_build/benchmarks.json"))
    asked = parser.parse_args()

    facts = machine()
    print(", ".join(f"{key} {value}" for key, value in facts.items()))
    print("Milliseconds a step, float32. (a) 6 small tensors, (b) ResNet-18, (c) GPT-2 small; for Muon the hidden matrices alone,")
    print(f"of GPT-2 those of {MUON_BLOCKS} of 12 blocks. First: seconds of the first compiled step.\n")
    columns = (*OURS, *PEERS)
    print(f"{'':20}" + "".join(f"{name.removeprefix('pytorch_'):>16}" for name in columns) + f"{'first':>8}   ratios")
    results = []
    for problem in asked.problems:
        for method in asked.methods:
            result = measure(problem, method, asked.seconds)
            results.append(result)
            times = "".join(f"{result['ms'][name]:16.3f}" if name in result["ms"] else f"{'–':>16}" for name in columns)
            print(f"({problem}) {method:16}{times}{result['first_compiled_step_s']:8.2f}   {in_words(result)}", flush=True)
    print("", *verdicts(results), sep="\n")
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    asked.json.write_text(json.dumps({"machine": facts, "results": results}, indent=1) + "\n", encoding="utf-8")
    print(f"\nWritten to {asked.json}.")


def measure(problem, method, seconds):
    """The timings of one method on one problem, all contestants on the same parameters and gradients."""
    muon = method.startswith("Muon")
    shapes = gpt2_small(MUON_BLOCKS) if muon and problem == "c" else PROBLEMS[problem]()
    params = parameters(shapes, matrices=muon)
    optimizers, first = {}, {}
    for name, make in CONTESTANTS[method].items():
        optimizers[name], first[name] = first_step(make, params)
    raced = scaled(method, race(optimizers | floors(problem, method, params), seconds))
    optimizers.clear()
    gc.collect()
    ms = {name: time for name, time in raced.items() if name not in FLOORS}
    return {
        "problem": problem, "method": method, "tensors": len(params), "numbers": sum(p.numel() for p in params), "ms": ms,
        "floor_ms": {name: time for name, time in raced.items() if name in FLOORS},
        "first_compiled_step_s": first[OURS[1]], "ratios": ratios(ms),
    }  # fmt: skip


def ratios(ms):
    """What the goals are about: below 1, ours is faster."""
    eager, compiled = (ms[name] for name in OURS)
    found = {f"eager / {name.removeprefix('torch ')}": eager / ms[name] for name in PEERS[:2] if name in ms}
    if "torch fused" in ms:
        found["compiled / fused"] = compiled / ms["torch fused"]
    others = [ms[name] for name in PEERS if name in ms]
    return found | {"best peer / compiled": min(others) / compiled}


def in_words(result):
    return ", ".join(f"{name} {value:.2f}" for name, value in result["ratios"].items())


if __name__ == "__main__":
    main()
