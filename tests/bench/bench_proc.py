# SPDX-License-Identifier: MIT
"""What the kernel says about processes and ports: run time, memory, who listens."""
import collections
import errno
import os
import socket
import time


def tree(root):
    """The process ids of root and all its descendants."""
    children = collections.defaultdict(list)
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as stat:
                    parent = int(stat.read().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            children[parent].append(int(name))
    pids = [root]
    for pid in pids:
        pids += children[pid]
    return pids


def run_time(pids):
    """{(pid, tid): nanoseconds on a processor} of all threads."""
    times = {}
    for pid in pids:
        try:
            for tid in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{tid}/schedstat", encoding="ascii") as schedstat:
                    times[pid, int(tid)] = int(schedstat.read().split()[0])
        except OSError:
            continue
    return times


class RunTime:
    """Run time that a process tree uses from one moment on. A thread that ends between the two looks takes its time
    with it: ended says how many did, and a figure with ended > 0 is not to be trusted."""

    def __init__(self, root):
        self.root = root
        self.start = run_time(tree(root))

    def stop(self):
        """(nanoseconds, {name: nanoseconds}, ended)"""
        end = run_time(tree(self.root))
        by_name = collections.Counter()
        for task, value in end.items():
            try:
                with open(f"/proc/{task[0]}/task/{task[1]}/comm", encoding="utf-8", errors="replace") as comm:
                    by_name[comm.read().strip()] += value - self.start.get(task, 0)
            except OSError:
                by_name["?"] += value - self.start.get(task, 0)
        return sum(by_name.values()), dict(by_name), len(self.start.keys() - end.keys())


def pss(root):
    """Proportional set size of a process tree in bytes, and the number of processes."""
    total = count = 0
    for pid in tree(root):
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as smaps:
                for line in smaps:
                    if line.startswith("Pss:"):
                        total += int(line.split()[1]) * 1024
        except OSError:
            continue
        count += 1
    return total, count


MEMORY = {"Pss": "pss", "Pss_Anon": "own", "Pss_Shmem": "own"}


def memory_of(pid):
    """{name, pss, own, descriptors} of a process, in bytes; None if it has ended. own is what is not from a file, so
    does not depend on who else uses the same libraries."""
    found = {"pss": 0, "own": 0}
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as smaps:
            for line in smaps:
                key = MEMORY.get(line.partition(":")[0])
                if key:
                    found[key] += int(line.split()[1]) * 1024
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as comm:
            found["name"] = comm.read().strip()
        found["descriptors"] = len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return None
    return found


def memory(root):
    """{pss, own} of a process tree in bytes."""
    processes = [found for pid in tree(root) if (found := memory_of(pid))]
    return {key: sum(process[key] for process in processes) for key in ("pss", "own")}


def in_use(transport, port):
    """Whether any socket listens on (TCP) or is bound to (UDP) a port, shared with SO_REUSEPORT or not. Tried rather than
    read from /proc/net/tcp, which takes long with a hundred thousand connections in TIME_WAIT."""
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    for family, anywhere in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        try:
            with socket.socket(family, kind) as probe:
                if transport == "tcp":  # does not mind TIME_WAIT, but does mind a listener
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind((anywhere, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return True
    return False


def state(task):
    """The state of a process, or of PID/task/TID; X if there is none."""
    try:
        with open(f"/proc/{task}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0]
    except OSError:
        return "X"


def has_ended(pid):
    """Whether a process has, though whoever inherited it may not have asked for its status yet."""
    return state(pid) in "ZX"


def wait_still(pid, seconds=30):
    """Waits until every thread of a process is stopped, or has ended. Returns whether that is so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if all(state(f"{pid}/task/{tid}") in "TZX" for tid in os.listdir(f"/proc/{pid}/task")):
                return True
        except OSError:
            return True
        time.sleep(0.0005)
    return False


def wait_gone(pids, seconds=5):
    """Waits until none of the processes is left. Returns whether they are gone."""
    end = time.monotonic() + seconds
    while not all(has_ended(pid) for pid in pids):
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def busy_share(before, after):
    """Share of all processors' time that was used between two looks at processor_times()."""
    used, idle = (y - x for x, y in zip(before, after))
    return used / (used + idle) if used + idle else 0.0


def processor_times():
    """(used, idle) ticks of all processors."""
    with open("/proc/stat", encoding="ascii") as stat:
        values = [int(x) for x in stat.readline().split()[1:9]]
    idle = values[3] + values[4]
    return sum(values) - idle, idle
