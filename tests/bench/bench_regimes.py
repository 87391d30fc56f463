# SPDX-License-Identifier: MIT
"""The regimes: which processors the load generator has, and which the server. The figures of one regime say nothing about
another: what is cheap beside a processor that idles may be dear beside one that has no time."""
import contextlib
import os
import signal

import bench_proc

ALLOWED = sorted(os.sched_getaffinity(0))
FIRST, SECOND = ALLOWED[0], ALLOWED[1 % len(ALLOWED)]


class Regime:
    """generators: the processors of the generator's threads, one each; servers: those that all of the server shares."""

    def __init__(self, name, title, generators, servers):
        self.name, self.title, self.generators, self.servers = name, title, generators, servers

    def options(self):
        """Arguments of the load generator."""
        return {"threads": len(self.generators), "cpus": self.generators}

    def suffix(self):
        """What distinguishes the names of this regime's pictures."""
        return "" if self is TWO else f"-{self.name}"


TWO = Regime("two", "two generators", (FIRST, SECOND), {FIRST, SECOND})
ONE = Regime("one", "one generator", (FIRST,), {SECOND})
REGIMES = (TWO, ONE)


def keep_to_two():
    """Whatever is started from now on has two processors, however many there are: servers that start a thread for each of
    them start two."""
    os.sched_setaffinity(0, {FIRST, SECOND})


@contextlib.contextmanager
def standing_still(root):
    """Stops a process tree for the block, with what it starts while it is being stopped."""
    stopped = []
    try:
        while more := [pid for pid in bench_proc.tree(root) if pid not in stopped]:
            for pid in more:
                stopped.append(pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
                if not bench_proc.wait_still(pid):
                    raise RuntimeError(f"process {pid} does not stop")
        yield stopped
    finally:
        for pid in stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def pin(root, regime):
    """Gives a server's process tree its processors in this regime. The tree is stopped meanwhile: a process or thread that is
    being created copies its creator's processors before it can be seen in /proc."""
    with standing_still(root) as pids:
        for _, tid in bench_proc.run_time(pids):
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(tid, regime.servers)


def processors(root):
    """Those on which a process tree may run."""
    found = set()
    for _, tid in bench_proc.run_time(bench_proc.tree(root)):
        try:
            found |= os.sched_getaffinity(tid)
        except ProcessLookupError:
            continue
    return found


def describe():
    """{name: {generators, servers}}"""
    return {regime.name: {"generators": list(regime.generators), "servers": sorted(regime.servers)} for regime in REGIMES}
