"""Seconds, and joules where the machine tells: a stopwatch that can be held while something else is measured."""

import pathlib
import time

import torch

__all__ = ["Meter"]

RAPL = pathlib.Path("/sys/class/powercap")  # Linux's counters of the processor's energy, in microjoules, one folder a package


class Meter:
    """The seconds and the joules between `start` and `hold`, added up. joules is None where no counter can be read.

    On the CPU: the packages' RAPL counters, which count everything that runs on the processor. On CUDA: NVML's counter of the GPU,
    if the package nvidia-ml-py is there.
    """

    def __init__(self, device="cpu", seconds=0.0, joules=0.0):
        self.device, self.seconds = torch.device(device), seconds
        self._counters = _gpu_counter(self.device) if self.device.type == "cuda" else _cpu_counters()
        self.joules = joules if self._counters else None

    def start(self):
        self._wait()
        self._energy = [read() for read, _ in self._counters]
        self._time = time.perf_counter()

    def hold(self):
        self._wait()
        self.seconds += time.perf_counter() - self._time
        for (read, wraps_at), before in zip(self._counters, self._energy):
            used = read() - before
            self.joules += used + wraps_at if used < 0 else used

    def _wait(self):
        """For what a GPU has been told to do and has not done yet."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


def _cpu_counters():
    """(read joules, joules at which the counter begins again) of each processor package whose counter we may read."""
    counters = []
    for package in sorted(RAPL.glob("intel-rapl:[0-9]*")):
        if package.name.count(":") > 1:  # a part of a package, counted with it
            continue
        try:
            int((package / "energy_uj").read_text())
            wraps_at = int((package / "max_energy_range_uj").read_text()) / 1e6
        except (OSError, ValueError):  # not ours to read, as on most shared machines
            return []
        counters.append((lambda path=package / "energy_uj": int(path.read_text()) / 1e6, wraps_at))
    return counters


def _gpu_counter(device):
    try:
        import pynvml

        pynvml.nvmlInit()
        index = torch.cuda.current_device() if device.index is None else device.index
        handle = pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{torch.cuda.get_device_properties(index).uuid}")
        read = lambda: pynvml.nvmlDeviceGetTotalEnergyConsumption(handle) / 1e3
        read()
    except Exception:  # no such package, no such counter: then there are no joules, and the training goes on
        return []
    return [(read, 0.0)]
