"""The limits of a submission's process: memory, files and processes by rlimit, what it may read and reach by Landlock.

Landlock (Linux 5.13 and newer) needs no rights: a process gives up its own. It then reads Python and its packages, without the
answers, and writes into its own folder; other processes' memory and, on newer systems, TCP and signals are out of its reach.
"""

import ctypes
import os
import pathlib
import struct
import sys

from gdcore.grade import sieve

__all__ = ["adopt", "hide_memory", "landlock", "limit", "seal", "wall"]

MEMORY, FILE, FILES, PROCESSES = 3 << 30, 16 << 20, 256, 512  # bytes, bytes a file, open files, processes and threads
SYSTEM = ("/usr", "/lib", "/lib64", "/etc/fonts", "/etc/ld.so.cache", "/etc/localtime", "/proc/cpuinfo", "/proc/meminfo", "/proc/self",
          "/dev/null", "/dev/zero", "/dev/urandom")  # fmt: skip

# the rights of Landlock's first version, and what each later one added
EXECUTE, WRITE, READ, LIST = 1, 2, 4, 8
ALL, TRUNCATE = (1 << 13) - 1, 1 << 14
OF_FILES = EXECUTE | WRITE | READ | TRUNCATE
CREATE, ADD, RESTRICT = 444, 445, 446  # system calls, the same on every processor
NO_NEW_PRIVILEGES, DUMPABLE, SUBREAPER = 38, 4, 36
REMOUNT_READ_ONLY = 1 | 32 | 4096  # MS_RDONLY, MS_REMOUNT, MS_BIND
ROOM = b"size=64m,nr_inodes=2000"  # of the folder that a submission writes into


def limit(seconds, alone):
    """Set the limits of this process for good. alone: it shares its user's numbers with others, so it may start no process."""
    import resource  # only Unix has it

    set_to = {resource.RLIMIT_AS: MEMORY, resource.RLIMIT_FSIZE: FILE, resource.RLIMIT_NOFILE: FILES, resource.RLIMIT_CORE: 0,
              resource.RLIMIT_CPU: seconds, resource.RLIMIT_NPROC: 0 if alone else PROCESSES}  # fmt: skip
    if alone and sieve.works():
        del set_to[resource.RLIMIT_NPROC]  # which counts all that its user runs; the sieve lets it start threads and nothing else
    for which, most in set_to.items():
        try:
            resource.setrlimit(which, (most, most))
        except (OSError, ValueError):
            pass  # macOS knows some of them in name only; the deadlines of the parent hold everywhere


def hide_memory():
    """Close this process's memory and environment to others of the same user (on Linux; not to root)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DUMPABLE, 0, 0, 0, 0)


def adopt():
    """Become the parent of all that a submission leaves behind (on Linux), so that it can be found and ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)


def wall(folder, keep):
    """In mounts of its own (unshare -m): no file can be changed, nor its rights and times, and `folder` becomes an empty one in memory.

    Where nothing in `keep` lies below /run and /tmp, these are empty too: no socket of another program is there. Raises OSError.
    """
    libc = ctypes.CDLL(None, use_errno=True)

    def mount(kind, place, flags, data=None):
        if libc.mount(kind, os.fsencode(place), kind, flags, data) != 0:
            raise OSError(ctypes.get_errno(), f"{place} cannot be mounted anew")

    places = [line.split()[4].encode().decode("unicode_escape") for line in open("/proc/self/mountinfo", encoding="utf-8")]
    for place in places:
        try:
            mount(None, place, REMOUNT_READ_ONLY)
        except OSError:
            if place == "/":
                raise  # others may be locked as they are, or covered
    for place in ("/run", "/tmp"):
        if os.path.isdir(place) and not os.path.islink(place) and not any(pathlib.Path(k).resolve().is_relative_to(place) for k in keep):
            mount(b"tmpfs", place, 0, ROOM)
    os.makedirs(folder, exist_ok=True)  # it may have been below /tmp
    mount(b"tmpfs", folder, 0, ROOM)
    os.chdir(folder)
    header, nothing = struct.pack("=Ii", 0x20080522, 0), bytes(24)
    if libc.capset(header, nothing) != 0:  # the rights over its own mounts, which made this possible, are given up
        raise OSError(ctypes.get_errno(), "the process keeps rights that it should not have")


def landlock():
    """The version of Landlock on this system, 0 for none."""
    return max(0, ctypes.CDLL(None).syscall(CREATE, None, 0, 1)) if sys.platform == "linux" else 0


def seal(folder, package, hidden):
    """From here on this process reads Python, its packages and gdcore (`package`) without what is hidden, and writes into `folder`."""
    version = landlock()
    if not version:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    handled = ALL | (TRUNCATE if version >= 3 else 0)
    network, scoped = (3 if version >= 4 else 0), (3 if version >= 6 else 0)  # bind and connect; signals and nameless sockets
    attributes = struct.pack("=QQQ", handled, network, scoped)[:8 if version < 4 else 16 if version < 6 else 24]
    rules = libc.syscall(CREATE, attributes, len(attributes), 0)
    _allow(libc, rules, folder, handled)
    for root in (sys.prefix, sys.base_prefix, package, *SYSTEM):
        for path, rights in _beside(pathlib.Path(root).resolve(), [pathlib.Path(h).resolve() for h in hidden]):
            _allow(libc, rules, path, rights | (WRITE if str(path) == "/dev/null" else 0))
    libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if libc.syscall(RESTRICT, rules, 0) != 0:
        raise OSError(ctypes.get_errno(), "Landlock is there and could not be used")
    os.close(rules)


def _beside(root, hidden):
    """(path, rights) for the root; where something hidden lies below, for the things beside it, and names alone for the folder."""
    if root in hidden or not os.path.lexists(root):
        return
    if not any(root in h.parents for h in hidden):
        yield root, READ | EXECUTE | LIST
        return
    yield root, LIST
    for entry in sorted(root.iterdir()):
        if not entry.is_symlink():
            yield from _beside(entry, hidden)


def _allow(libc, rules, path, rights):
    handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        allowed = rights if os.path.isdir(path) else rights & OF_FILES
        libc.syscall(ADD, rules, 1, struct.pack("=Qi", allowed, handle), 0)
    finally:
        os.close(handle)
