"""What a submission and all that it started take together: a cgroup that limits it, and sums over the processes (Linux)."""

import os
import pathlib
import stat
import time

from gdcore.grade.confine import MEMORY, PROCESSES

__all__ = ["children", "family", "group", "nameless", "overfull", "proportional", "resident", "ungroup"]


def group(mounts="/proc/self/mounts", own="/proc/self/cgroup"):
    """A new cgroup that limits the memory and the number of all that is put into it, as a path, or None where none may be made.

    Only version 2 has what is needed: a folder of ours, or of one above, that hands on both controllers.
    """
    try:
        mounted = next(line.split()[1] for line in open(mounts, encoding="utf-8") if line.split()[2] == "cgroup2")
        inside = next(line.rstrip("\n")[3:] for line in open(own, encoding="utf-8") if line.startswith("0::"))
    except (OSError, StopIteration):
        return None
    top = pathlib.Path(mounted)
    at = top / inside.lstrip("/")
    for place in (p for p in (at, *at.parents) if p == top or top in p.parents):
        made = place / f"gdcore-grade-{os.urandom(8).hex()}"
        try:
            if not {"memory", "pids"} <= set((place / "cgroup.subtree_control").read_text().split()):
                continue
            made.mkdir()
            for name, most in (("memory.max", MEMORY), ("pids.max", PROCESSES)):
                (made / name).write_text(str(most))
            for name, most in (("memory.swap.max", 0), ("memory.oom.group", 1)):  # the second: all in it end together
                if (made / name).exists():  # not where swapping is not counted; since Linux 4.19
                    (made / name).write_text(str(most))
            if os.access(place / "cgroup.procs", os.W_OK):  # or nobody could be put into it
                return str(made)
        except OSError:
            pass
        if made.is_dir():
            made.rmdir()
    return None


def overfull(group):
    """Whether the system ended something in a cgroup because its memory was full."""
    try:
        counts = dict(line.split() for line in pathlib.Path(group, "memory.events").read_text().splitlines()) if group else {}
    except OSError:
        return False
    return int(counts.get("oom_kill", 0)) > 0


def children(pid, task=None):
    try:
        return [int(p) for p in pathlib.Path(f"/proc/{pid}/task/{task or pid}/children").read_text().split()]
    except OSError:
        return []


def family(pid):
    """A process and all below it."""
    found, near = [pid], [pid]
    while near:
        near = [child for parent in near for task in _entries(f"/proc/{parent}/task") for child in children(parent, task)]
        found += near
    return found


def _entries(folder):
    try:
        return os.listdir(folder)
    except OSError:
        return []


def nameless(pids):
    """Bytes of the files that these processes hold open and that have no name: in no folder they are seen."""
    held = {}
    for pid in pids:
        for handle in _entries(f"/proc/{pid}/fd"):
            try:
                about = os.stat(f"/proc/{pid}/fd/{handle}")
            except OSError:
                continue
            if stat.S_ISREG(about.st_mode) and about.st_nlink == 0:
                held[about.st_dev, about.st_ino] = about.st_blocks * 512
    return sum(held.values())


def resident(pid):
    """Bytes of memory of a process, with all that it shares with others."""
    try:
        return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
    except (OSError, IndexError):
        return 0


def proportional(pid):
    """The same, where of what several share each has its part: dearer to ask for."""
    try:
        lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().split("\n")
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0


def ungroup(group):
    """End all that is left in a cgroup, and the group."""
    for _ in range(100 if group else 0):
        try:
            pathlib.Path(group, "cgroup.kill").write_text("1")
        except OSError:
            pass  # before Linux 5.14; what was started has ended already
        try:
            return os.rmdir(group)
        except OSError:
            time.sleep(0.01)
