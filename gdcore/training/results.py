"""Results of long trainings, stored with what made them: seeds, versions, processor, seconds."""

import json
import os
import pathlib
import platform

import torch

__all__ = ["machine", "read_results", "write_results"]


def machine():
    """The processor, its cores, the GPU if there is one, and the versions: a time means nothing without them."""
    facts = {"CPU": _processor(), "cores": os.cpu_count(), "threads": torch.get_num_threads(), "Python": platform.python_version(),
             "torch": torch.__version__}  # fmt: skip
    return facts | ({"GPU": torch.cuda.get_device_name()} if torch.cuda.is_available() else {})


def _processor():
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        if names:
            return names[0]
    return platform.processor() or platform.machine()


def write_results(path, results, script):
    """Write {name: plain values} as JSON, whole or not at all, with `machine()` and the name of the script that made them."""
    path = pathlib.Path(path)
    beside = path.with_name(path.name + ".new")
    path.parent.mkdir(parents=True, exist_ok=True)
    beside.write_text(json.dumps({"script": script, "machine": machine(), **results}, indent=1, default=_plain) + "\n", encoding="utf-8")
    os.replace(beside, path)


def read_results(path):
    """What `write_results` wrote. Raises FileNotFoundError, with the command that makes the file."""
    path = pathlib.Path(path)
    if not path.exists():
        raise FileNotFoundError(f"There is no {path}: `make examples` trains what belongs into it, which takes an hour or more.")
    return json.loads(path.read_text(encoding="utf-8"))


def _plain(value):
    """NumPy's and torch's numbers, arrays and records as JSON knows them."""
    for method in ("as_dict", "tolist", "item"):
        if hasattr(value, method):
            return getattr(value, method)()
    raise TypeError(f"A {type(value).__name__} cannot be stored as a result; give numbers, texts, lists, dicts or records.")
