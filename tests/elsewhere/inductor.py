"""The code that torch.compile writes for a GPU, run on a machine without one.

Inductor is told that the second device is a GPU. It then prints Triton kernels for what happens there, and hands them numbers that lie on
the processor, as for CUDA. Triton's own interpreter runs each kernel, block by block, on NumPy's arrays: TRITON_INTERPRET=1 must be in the
environment before torch is imported. All of this leans on the insides of torch and Triton, of the versions in constraints.txt.
"""

import collections
import importlib.util
import re
import types

import numpy as np
import triton
import triton.language as tl
from torch._dynamo.device_interface import DeviceInterface, register_interface_for_device
from torch._inductor import async_compile, config, scheduler, utils
from torch._inductor.codegen.common import register_backend_for_device, register_device_op_overrides
from torch._inductor.codegen.cpu_device_op_overrides import CpuDeviceOpOverrides
from torch._inductor.codegen.triton import TritonScheduling
from torch._inductor.codegen.wrapper import PythonWrapperCodegen
from torch._inductor.runtime import triton_helpers, triton_heuristics
from triton.backends.compiler import GPUTarget
from triton.runtime.interpreter import TensorHandle

from tests.elsewhere.device import register

HOPPER = types.SimpleNamespace(major=9, minor=0, multi_processor_count=132, warp_size=32, regs_per_multiprocessor=65536,
                               max_threads_per_multi_processor=2048, max_threads_per_block=1024)  # fmt: skip
BLOCKS = {"XBLOCK": 256, "YBLOCK": 16, "R0_BLOCK": 64}  # entries that one program of a kernel computes
KINDS = ("pointwise", "reduction", "persistent_reduction")
launched = collections.Counter()  # {name of a kernel: how often it was called}


class Interface(DeviceInterface):
    """What the compilers ask of a device: one of the size of an H100, with one stream."""

    class Worker:
        current_device = staticmethod(lambda: 0)
        get_device_properties = staticmethod(lambda device=None: HOPPER)

    current_device = staticmethod(lambda: 0)
    device_count = staticmethod(lambda: 1)
    is_available = staticmethod(lambda: True)
    is_bf16_supported = staticmethod(lambda including_emulation=False: True)
    is_triton_capable = staticmethod(lambda device=None: True)
    get_compute_capability = staticmethod(lambda device=None: 90)
    get_raw_stream = staticmethod(lambda index: 0)


class Driver:
    """What Triton asks of a driver before it launches anything."""

    get_current_device = staticmethod(lambda: 0)
    get_current_stream = staticmethod(lambda device=None: 0)
    get_current_target = staticmethod(lambda: GPUTarget("cuda", 90, 32))


def by_numpy(function):
    """One of NVIDIA's library of functions, which the interpreter has not."""

    def call(*values):
        found = function(*(v.handle.data for v in values))
        kind = tl.int1 if found.dtype == bool else values[0].dtype
        return tl.tensor(TensorHandle(found, kind), tl.block_type(kind, list(found.shape)) if found.ndim else kind)

    return call


class Interpreted:
    """One of Inductor's kernels: `run(*arguments, stream=…)`, as its compiled code calls it."""

    def __init__(self, folder, name, source):
        path = folder / f"{name}_{len(list(folder.iterdir()))}.py"
        path.write_text(source, encoding="utf-8")
        saved = {kind: getattr(triton_heuristics, kind) for kind in KINDS}
        try:  # the decorator would compile for a GPU; instead it leaves the function as it is, and what is known of it
            for kind in KINDS:
                setattr(triton_heuristics, kind, lambda *_, **known: lambda function: (function, known))
            spec = importlib.util.spec_from_file_location(path.stem, path)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
        finally:
            for kind, decorator in saved.items():
                setattr(triton_heuristics, kind, decorator)
        self.name, (self.function, self.known) = name, getattr(module, name)

    def run(self, *arguments, stream):
        launched[self.name] += 1
        names, kind = self.function.arg_names, self.known["inductor_meta"]["grid_type"]
        sizes = {name: BLOCKS[name] for name in names if name in BLOCKS}
        given = {name: _scalar(value) for name, value in zip([name for name in names if name not in sizes], arguments, strict=True)}
        axes = {"Grid1D": "x", "Grid2D": "xy", "Grid2DWithYZOverflow": "xy"}[kind]
        grid = tuple(triton.cdiv(int(given[f"{a}numel"]), sizes.get(f"{a.upper()}BLOCK", 1)) for a in axes)
        self.function[(*grid, 1, 1)[:3]](**given, **sizes)


def _scalar(value):
    """A number of Python in double precision, as the kernel's signature has it; the interpreter would take it for a single one."""
    return tl.tensor(TensorHandle(np.array([value]), tl.float64), tl.float64) if type(value) is float else value


def register_gpu(folder):
    """The second device, with Inductor and Triton behind it; the sources of the kernels are kept in the folder."""
    there = register()
    triton.runtime.driver.set_active(Driver())
    triton_helpers.set_driver_to_gpu = lambda: None
    for name, function in {"sqrt": np.sqrt, "pow": np.power, "isnan": np.isnan}.items():
        setattr(triton_helpers.libdevice, name, by_numpy(function))
    register_interface_for_device(there.type, Interface)
    register_backend_for_device(there.type, TritonScheduling, PythonWrapperCodegen)
    register_device_op_overrides(there.type, CpuDeviceOpOverrides())
    utils.GPU_TYPES.append(there.type)
    scheduler.has_triton = lambda *_: True
    config.compile_threads, config.fx_graph_cache = 1, False
    async_compile.AsyncCompile.triton = lambda self, name, source, device_str="cuda": Interpreted(folder, _named(source), source)
    return there


def _named(source):
    return re.search(r"^def (\w+)\(", source, flags=re.MULTILINE)[1]
