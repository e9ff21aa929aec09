"""A second device for tests on machines without a GPU: see elsewhere.cpp. A process that has registered it keeps it to its end."""

import functools
import hashlib
import os
import pathlib
import shutil
import subprocess
import types

import torch
from torch.utils.cpp_extension import include_paths

from gdcore.kernels.native import cache

SOURCE = pathlib.Path(__file__).with_name("elsewhere.cpp")


def compiler():
    """The C++ compiler's command, None if there is none."""
    return os.environ.get("CXX") or next((c for c in ("c++", "g++", "clang++") if shutil.which(c)), None)


def build():
    """The device as a library, made once for each text and each torch."""
    key = hashlib.sha256(SOURCE.read_bytes() + torch.__version__.encode()).hexdigest()[:16]
    path = cache() / f"elsewhere-{key}.so"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(f".{os.getpid()}")
        lib = pathlib.Path(torch.__file__).with_name("lib")
        command = [*compiler().split(), "-shared", "-fPIC", "-std=c++20", "-O1", "-w", *(f"-isystem{folder}" for folder in include_paths()),
                   str(SOURCE), "-o", str(beside), f"-L{lib}", "-ltorch_cpu", "-lc10"]  # fmt: skip
        subprocess.run(command, check=True)
        os.replace(beside, path)
    return path


@functools.cache
def register():
    """The torch.device "elsewhere", known to this process from now on."""
    torch.utils.rename_privateuse1_backend("elsewhere")
    torch.ops.load_library(build())
    module = types.ModuleType("torch.elsewhere")
    for name, value in {"is_available": True, "device_count": 1, "current_device": 0, "_is_in_bad_fork": False}.items():
        setattr(module, name, lambda value=value: value)
    module.manual_seed_all = lambda seed: None  # its numbers come from the CPU's generator
    module.get_amp_supported_dtype = lambda: [torch.bfloat16, torch.float16]
    torch._register_device_module("elsewhere", module)
    torch.utils.generate_methods_for_privateuse1_backend()
    return torch.device("elsewhere")
