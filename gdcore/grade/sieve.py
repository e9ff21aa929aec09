"""A sieve of system calls (seccomp, Linux): what a process gives up for good, without any rights, and where there are no namespaces too.

The sieve is a small program that the kernel runs at each call. It sees the call's number and its arguments as numbers, and no text.
"""

import ctypes
import errno
import os
import platform
import struct
import sys

__all__ = ["close", "works"]

# System calls by their numbers on each kind of processor, which has a number, too. shared: memory, queues and keys that processes share by
# number (System V, POSIX); rights: rights and times of files; others, own: what a process does to others, or also to itself.
CALLS = {
    "x86_64": (0xC000003E, {"shared": (29, 64, 68, 240, 248, 249, 250), "rights": (90, 91, 92, 93, 94, 132, 188, 189, 190, 197, 198, 199,
                            235, 260, 261, 268, 280, 452, 463, 466), "sockets": (41, 425), "pair": 53, "clone": 56, "fork": (57, 58),
                            "others": (129, 141, 144, 200, 203, 251, 297, 424), "own": (62, 234, 302)}),
    "aarch64": (0xC00000B7, {"shared": (194, 190, 186, 180, 217, 218, 219), "rights": (5, 6, 7, 14, 15, 16, 52, 53, 54, 55, 88, 452, 463,
                             466), "sockets": (198, 425), "pair": 199, "clone": 220, "fork": (),
                             "others": (138, 140, 119, 130, 122, 30, 240, 424), "own": (129, 131, 261)}),
}  # fmt: skip
CLONE3, CLONE_THREAD, STREAM = 435, 1 << 16, 1
NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2


def works():
    """Whether system calls can be sieved here."""
    if sys.platform != "linux" or platform.machine() not in CALLS:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.prctl(SECCOMP, FILTER, None, 0, 0) != 0 and ctypes.get_errno() == errno.EFAULT  # it knows filters, and wants to see one


def close(alone, walled):
    """From here on this process shares no memory and no queue by number or name with another.

    Not walled: its calls that change rights and times of files do nothing, and it makes no socket but a connected pair. alone: it starts
    no process, only threads, and sends signals and limits to itself alone.
    """
    if not works():
        return
    machine, calls = CALLS[platform.machine()]
    refuse = dict.fromkeys(calls["shared"], errno.EPERM)
    if not walled:
        refuse |= dict.fromkeys(calls["sockets"], errno.EPERM) | dict.fromkeys(calls["rights"], 0)
    if alone:
        refuse |= dict.fromkeys(calls["fork"], errno.EAGAIN) | dict.fromkeys(calls["others"], errno.EPERM) | {CLONE3: errno.ENOSYS}
    load, jump, mask, give = 0x20, 0x15, 0x45, 0x06  # what is done: load a word, compare it, look for bits in it, return
    no = lambda number: (give, 0, 0, 0x00050000 | number)
    yes = (give, 0, 0, 0x7FFF0000)
    steps = [(load, 0, 0, 4), (jump, 1, 0, machine), no(errno.EPERM), (load, 0, 0, 0)]
    steps += [(0x35, 0, 1, 1 << 30), no(errno.EPERM)]  # the 32-bit names of the same calls
    for number, error in refuse.items():
        steps += [(jump, 0, 1, number), no(error)]
    if not walled:  # a pair is connected, of streams at least
        steps += [(jump, 0, 4, calls["pair"]), (load, 0, 0, 24), (0x54, 0, 0, 15), (jump, 1, 0, STREAM), no(errno.EPERM),
                  (load, 0, 0, 0)]  # fmt: skip
    if alone:
        steps += [(jump, 0, 3, calls["clone"]), (load, 0, 0, 16), (mask, 1, 0, CLONE_THREAD), no(errno.EAGAIN), (load, 0, 0, 0)]
        for number in calls["own"]:
            steps += [(jump, 0, 4, number), (load, 0, 0, 16), (jump, 2, 0, os.getpid()), (jump, 1, 0, 0), no(errno.EPERM),
                      (load, 0, 0, 0)]  # fmt: skip
    steps.append(yes)
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    program = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(code)))
    if libc.prctl(SECCOMP, FILTER, program, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the sieve of system calls is there and could not be used")
