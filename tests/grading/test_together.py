"""What a submission and all that it started take together: memory, processes and files, by a cgroup or added up."""

import os
from pathlib import Path

import pytest

from gdcore.grade import confine, parent, together
from gdcore.grade.parent import Child, Sandbox
from tests.grading.confined import ASKED, WEAKEST, said
from tests.grading.hostile import FIRST, RIGHT

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="the grader needs Linux or macOS")]


def test_memory_of_all_processes_is_added_up(monkeypatch):
    if not Sandbox.strongest().prefix[2:]:
        pytest.skip("no process may be started here")
    monkeypatch.setattr(parent, "LARGEST_ALL", 400 << 20)
    source = """
def mse(p, y):
    for _ in range(4):
        if os.fork() == 0:
            full = np.ones(150 << 17)  # 150 MB
            time.sleep(30)
            os._exit(0)
    time.sleep(30)"""
    with pytest.raises(parent.Gone, match="It used more than 3 GB of memory in all, and was ended."):
        said(source)
    shared = """
def mse(p, y):
    full = np.ones(300 << 17)
    for _ in range(4):
        if os.fork() == 0:
            time.sleep(1)
            os._exit(0)
    time.sleep(1)
    return 1.0"""
    assert said(shared)["value"] == 1.0  # what five processes share counts once


def test_processes_are_counted_together(monkeypatch):
    """Also where the grader runs as root, of whose processes the system counts none."""
    if not Sandbox.strongest().prefix[2:]:
        pytest.skip("no process may be started here")
    monkeypatch.setattr(confine, "PROCESSES", 5)
    with pytest.raises(parent.Gone, match="It started more than 5 processes, and was ended."):
        said("def mse(p, y):\n    for _ in range(8):\n        os.fork() or time.sleep(20)\n    time.sleep(20)")


@pytest.mark.parametrize("how", ["os.remove('a')", "os.rename('a', 'b')"], ids=["nameless", "named"])
def test_files_count_with_and_without_a_name(how):
    """Where the folder is an ordinary one: files of 15 MB, held open."""
    source = f"""
held = []
def mse(p, y):
    for _ in range(6):
        held.append(open('a', 'wb'))
        held[-1].write(bytes(15 << 20))
        held[-1].flush()
        {how.replace("'b'", "f'b{len(held)}'")}
        time.sleep(0.2)
    time.sleep(3)
    return 1.0"""
    with pytest.raises(parent.Gone, match="It wrote more than 64 MB or 2000 files, and was ended."):
        said(source, sandbox=WEAKEST)


def test_a_cgroup_is_made_where_one_may_be(tmp_path):
    """The files of a cgroup as plain ones: which folder is taken, what is written, and that a process goes in before it does anything."""
    inside = tmp_path / "user.slice/app.slice/terminal.scope"
    inside.mkdir(parents=True)
    for folder, handed in ((tmp_path, "memory pids"), (inside.parents[1], "memory"), (inside.parent, "cpu memory pids"), (inside, "")):
        (folder / "cgroup.subtree_control").write_text(handed + "\n")
        (folder / "cgroup.procs").write_text("")
    mounts, own = tmp_path / "mounts", tmp_path / "own"
    mounts.write_text(f"proc /proc proc rw 0 0\ncgroup2 {tmp_path} cgroup2 rw 0 0\n")
    own.write_text("4:memory:/x\n0::/user.slice/app.slice/terminal.scope\n")
    made = together.group(mounts, own)
    assert os.path.dirname(made) == str(inside.parent)
    limits = [open(f"{made}/{name}").read() for name in ("memory.max", "pids.max")]
    assert limits == [str(confine.MEMORY), str(confine.PROCESSES)]
    own.write_text("4:memory:/x\n")
    assert together.group(mounts, own) is None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(together, "group", lambda: made)
        patch.setattr(together, "ungroup", lambda group: None)
        grouped = Sandbox.strongest()
        child = Child(grouped, [FIRST, RIGHT])
        pid = child.process.pid
        assert child.ask(ASKED, {"prediction": [1.0], "y": [3.0]}, 5)["value"] == 4.0
        child.end()
    assert open(f"{made}/cgroup.procs").read() == f"{pid}\n" and "limited together (cgroup)" in " ".join(grouped.words())


def test_what_a_full_cgroup_ends_ends_together_and_is_told(tmp_path, monkeypatch):
    """The files of a cgroup as plain ones, which the kernel would make with the folder; it counts what it ended in `memory.events`."""
    names = ("memory.max", "pids.max", "memory.swap.max", "memory.oom.group", "cgroup.procs")
    (tmp_path / "cgroup.subtree_control").write_text("memory pids\n")
    (tmp_path / "cgroup.procs").write_text("")
    (tmp_path / "mounts").write_text(f"cgroup2 {tmp_path} cgroup2 rw 0 0\n")
    (tmp_path / "own").write_text("0::/\n")
    mkdir = Path.mkdir
    monkeypatch.setattr(together.pathlib.Path, "mkdir", lambda made: mkdir(made) or [(made / name).write_text("") for name in names])
    made = together.group(tmp_path / "mounts", tmp_path / "own")
    assert [open(f"{made}/{name}").read() for name in names[:4]] == [str(confine.MEMORY), str(confine.PROCESSES), "0", "1"]
    monkeypatch.setattr(together, "group", lambda: made)
    monkeypatch.setattr(together, "ungroup", lambda group: None)
    for ended, why in ((0, "The process ended"), (1, "It used more than 3 GB of memory in all, and was ended.")):
        Path(made, "memory.events").write_text(f"low 0\nmax 7\noom 1\noom_kill {ended}\n")
        with pytest.raises(parent.Gone, match=why):
            said("def mse(p, y):\n    os._exit(9)", sandbox=Sandbox((), grouped=True))


def test_a_cgroup_ends_with_what_is_in_it(tmp_path):
    class Kernel:  # it takes back a group only when all in it has ended
        asked = 0

    made = tmp_path / "gdcore-grade-x"
    made.mkdir()

    def rmdir(path):
        Kernel.asked += 1
        if Kernel.asked < 3:
            raise OSError("busy")
        made.rename(tmp_path / "ended")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(together.os, "rmdir", rmdir)
        together.ungroup(str(made))
        together.ungroup(None)
    assert not made.exists() and Kernel.asked == 3
