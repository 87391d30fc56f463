# SPDX-License-Identifier: MIT
"""Things that break: a stopped journald, stopped and killed workers, a stopped master."""

import contextlib
import signal
import threading
import time

from clients import greet, greeted_text
from common import CONF, GREETING, configuration, expect, wait_until

ATTEMPTS = 3


@contextlib.contextmanager
def stopped(machine, *pids):
    """The processes are stopped for as long as the block runs."""
    for pid in pids:
        machine.kill(signal.SIGSTOP, pid)
    try:
        yield
    finally:
        for pid in pids:
            machine.run("sh", "-c", f"kill -CONT {pid} 2>/dev/null || :")


class Asker(threading.Thread):
    """Asks over TCP again and again; remembers the longest wait, and what went wrong."""

    def __init__(self, machine):
        super().__init__(daemon=True)
        self.machine, self.over = machine, threading.Event()
        self.count, self.worst, self.errors = 0, 0.0, []

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join(20)

    def run(self):
        end = time.monotonic() + 60
        while not self.over.is_set() and time.monotonic() < end:
            began = time.monotonic()
            try:
                if greet(self.machine) != GREETING.encode():
                    self.errors.append("cut")
            except OSError as error:
                self.errors.append(str(error))
            self.worst = max(self.worst, time.monotonic() - began)
            self.count += 1
            time.sleep(0.005)


def timed(action):
    """Seconds that the action takes."""
    began = time.monotonic()
    action()
    return time.monotonic() - began


def journald_stopped(machine):
    """With journald stopped: greeting, kill -9 of a worker, reload and stop work as if it ran."""
    machine.fresh()
    journald = int(machine.output("systemctl", "show", "systemd-journald", "-p", "MainPID", "--value"))
    with stopped(machine, journald):
        for _ in range(5):  # more than its queue takes
            for _ in range(300):
                expect(greet(machine) == GREETING.encode(), "a wrong greeting")
            time.sleep(0.5)
        before = machine.workers()
        machine.kill(signal.SIGKILL, before[0])
        replaced = timed(lambda: wait_until(lambda: len(machine.workers()) == 2 and before[0] not in machine.workers(),
                                            "another worker", 3))
        machine.write(CONF, configuration('  extra = { type = "tcp"; port = 12400; };\n'))
        code, out, err = machine.run("sockgreetctl", "reload", check=False, timeout=15)
        expect(code == 0, f"reload: exit code {code}: {out}{err}")
        greet(machine, 12400)
        reloaded = timed(lambda: machine.systemctl("reload", timeout=15))
        greeted_text(machine)
        ended = timed(lambda: machine.systemctl("stop", timeout=15))
        result = machine.show("Result")
        expect(result == "success" and ended < 3, f"stop took {ended:.2f} s: {result}")
    machine.systemctl("start")
    greeted_text(machine)
    return f"worker replaced in {replaced * 1000:.0f} ms, reload {reloaded * 1000:.0f} ms, stop {ended * 1000:.0f} ms"


def all_workers_stopped(machine):
    """All workers stopped by SIGSTOP: the service recovers within its supervision's time."""
    machine.fresh()
    main, before = machine.main_pid(), machine.workers()
    with stopped(machine, *before):
        took = timed(lambda: expect(greet(machine) == GREETING.encode(), "a wrong greeting"))
        wait_until(lambda: len(machine.workers()) == 2 and not set(before) & set(machine.workers()), "new workers", 4)
    expect(machine.main_pid() == main, "the master was restarted, too")
    expect(took < 3.5, f"the first client waited {took:.1f} s")
    return f"a client that came then waited {took:.2f} s"


def time_to_another_master(machine, main):
    """Waits until the service runs with another one. Returns the seconds."""
    return timed(lambda: wait_until(
        lambda: machine.main_pid() not in (0, main) and machine.show("ActiveState") == "active", "another master"))


def master_stopped(machine):
    """A master that is stopped: workers serve on, the watchdog replaces it, nobody fails. What else the machine does can only
    make the waits longer: they count when they were too long each time."""
    for _ in range(ATTEMPTS):
        machine.fresh(drop_in="WatchdogSec=2")
        main = machine.main_pid()
        with Asker(machine) as asker, stopped(machine, main):
            took = time_to_another_master(machine, main)
        expect(not asker.errors, f"{len(asker.errors)} of {asker.count} failed: {asker.errors[:3]}")
        if took < 5 and asker.worst < 0.75:
            break
    expect(took < 5, f"another master came after {took:.1f} s")
    expect(asker.worst < 0.75, f"somebody waited {asker.worst:.2f} s")
    return f"replaced after {took:.1f} s; {asker.count} asked, 0 failed, worst {asker.worst * 1000:.0f} ms"


def master_killed_workers_stopped(machine):
    """kill -9 of the master while a worker is stopped: no orphan is left."""
    machine.fresh()
    old, main = machine.pids(), machine.main_pid()
    with stopped(machine, machine.workers()[0]):
        machine.kill(signal.SIGKILL, main)
        took = timed(lambda: wait_until(lambda: machine.main_pid() not in (0, main) and
                                        machine.show("ActiveState") == "active", "another master"))
    expect(not set(old) & set(machine.pids()), f"orphans: {set(old) & set(machine.pids())}")
    greeted_text(machine)
    return f"replaced after {took:.2f} s"


def upgrade_signal_refused(machine):
    """SIGUSR2 is refused under systemd, with a message."""
    machine.fresh()
    since, pids = machine.now(), machine.pids()
    machine.kill(signal.SIGUSR2, machine.main_pid())
    wait_until(lambda: any("SIGUSR2 ignored" in str(entry["MESSAGE"]) for entry in machine.journal(since)), "the message", 3)
    expect(machine.pids() == pids, "the processes changed")
    greeted_text(machine)
    return ""


CASES = [journald_stopped, all_workers_stopped, master_stopped, master_killed_workers_stopped, upgrade_signal_refused]
