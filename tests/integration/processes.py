# SPDX-License-Identifier: MIT
"""What /proc says about processes, and waiting with an end."""

import json
import os
import time
import traceback

SANITIZER = os.environ.get("SOCKGREET_SANITIZER", "")
BUSY = os.environ.get("SOCKGREET_BUSY", "")  # the processors have more to do than one test: it measures nothing then
SLOWNESS = 4 if SANITIZER else 1  # how much longer everything may take under a sanitizer
PATIENCE = 30.0  # seconds after which what is awaited will not come, however little of the processors there is


def wait_until(condition, what, timeout=PATIENCE):
    """Waits for condition() to be true and returns its value; fails after timeout seconds. Fewer than by default are for what
    has to come in time. What is long in coming is looked for less often, so that looking takes little of the processors."""
    end, pause = time.monotonic() + timeout * SLOWNESS, 0.005
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"waited {timeout * SLOWNESS:g} s in vain: {what}"
        time.sleep(pause)
        pause = min(pause * 1.2, 0.05)


def stays(condition, seconds):
    """Whether condition() is true at every look during so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not condition():
            return False
        time.sleep(0.01)
    return True


def within(limit, measure, tries=10 if BUSY else 3):
    """The first of some times measured that is below the limit, or else the last: whatever else the machine does adds
    to a time and never takes from it."""
    for _ in range(tries):
        seconds = measure()
        if seconds < limit:
            break
    return seconds


def _stat(pid):
    """Fields of /proc/PID/stat from the state on; None if there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
            return file.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def _thread_states(pid):
    """The states of all threads of a process; none if there is no such process."""
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [(_stat(f"{pid}/task/{task}") or ["X"])[0] for task in tasks]


def is_running(pid):
    """Whether any thread of the process is left: the last one, not the first, closes its descriptors."""
    return any(state not in "ZX" for state in _thread_states(pid))


def is_stopped(pid):
    """Whether SIGSTOP has stopped every thread of the process."""
    return all(state == "T" for state in _thread_states(pid))


def children(parent):
    """The living children of a process, oldest first."""
    found = []
    for name in os.listdir("/proc"):
        fields = _stat(name) if name.isdigit() else None
        if fields and int(fields[1]) == parent and fields[0] not in "ZX":
            found.append((int(fields[19]), int(name)))
    return [pid for _, pid in sorted(found)]


def cpu_seconds(*pids):
    """Processor time that the threads of these processes have used."""
    nanoseconds = 0
    for pid in pids:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
                nanoseconds += int(file.read().split()[0])
    return nanoseconds / 1e9


def proportional_memory(*pids):
    """Bytes of memory of these processes, what they share divided among those who share it (PSS)."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            total += next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
    return total * 1024


def own_memory(*pids):
    """The same without what is from files, because the share in a library depends on who else uses it."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            total += sum(int(line.split()[1]) for line in file if line.startswith(("Pss_Anon:", "Pss_Shmem:")))
    return total * 1024


def status(pid):
    """/proc/PID/status as a dictionary."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return {key: value.strip() for key, _, value in (line.partition(":") for line in file)}


def descriptors(pid):
    """Numbers of the open file descriptors of a process."""
    return sorted(int(name) for name in os.listdir(f"/proc/{pid}/fd"))


def let_enter(*directories):
    """Lets every user into directories: pytest's are for their owner alone. One that is open already, such as /tmp, keeps its
    mode: chmod(0o755) took its sticky bit."""
    for directory in directories:
        mode = directory.stat().st_mode
        if mode & 0o005 != 0o005:
            directory.chmod(mode | 0o755)


def run_as(uid, gid, groups, function):
    """What function() returns, as JSON has it, when another user calls it in a child."""
    result, there = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups(groups)
            os.setresgid(gid, gid, gid)
            os.setresuid(uid, uid, uid)
            os.write(there, json.dumps(function()).encode())
        except BaseException:  # pylint: disable=broad-exception-caught
            traceback.print_exc()
        os._exit(0)
    os.close(there)
    with open(result, "rb") as file:
        text = file.read()
    os.waitpid(pid, 0)
    assert text, f"failed as user {uid}: see standard error"
    return json.loads(text)
