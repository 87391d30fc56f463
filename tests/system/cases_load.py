# SPDX-License-Identifier: MIT
"""Restarts and crashes of the whole service, which clients under load must not notice."""

import signal
import time

from clients import LingeringClient, Load, SlowReader, Tally, full_load, greeted_text
from harness import CONF, configuration, expect, wait_until

RESTARTS, KILLS, BROKEN = 20, 10, 5
FRACTION = 0.5  # of what clients get at most while nothing happens
SECONDS = 1.2  # of load in each round
SETTLE = 0.15  # of those before something is done to the service
WORST_MS = 500


def quiet_ms(machine):
    """How long somebody waits, at the same load, while nothing is done to the service: what else the machine does."""
    tally = Tally()
    tally.add(Load(machine, SECONDS, FRACTION).finish())
    return tally.slowest()


def judge(machine, tally, quiet, rounds, what):
    """Nobody refused, nobody failed, nobody waited for long."""
    quiet = max(quiet, quiet_ms(machine))
    text = (f"{rounds} {what} at {FRACTION * 100:.0f} % of {sum(full_load(machine).values()):.0f}/s: {tally.text()}; "
            f"worst without {quiet:.0f} ms")
    expect(tally.failed() == 0, f"{text}; the journal: {tally.story}")
    expect(tally.slowest() <= WORST_MS + quiet, f"somebody waited longer than {WORST_MS} ms: {text}")
    return text


def round_under_load(machine, tally, action):
    """One load with the action in it, and clients that are held meanwhile."""
    since = machine.now()
    holders = [LingeringClient(machine), SlowReader(machine)]
    load = Load(machine, SECONDS, FRACTION)
    try:
        time.sleep(SETTLE)
        action()
    finally:
        failed = tally.add(load.finish())
    if failed and not tally.story:  # what the service said when it first happened
        tally.story = [str(entry["MESSAGE"]) for entry in machine.journal(since, "-p", "notice")][:20]
    for holder in holders:
        holder.finish()


def restart(machine):
    before = machine.main_pid()
    machine.systemctl("restart")
    expect(machine.main_pid() not in (0, before), "the service was not restarted")


def kill_master(machine):
    before = machine.main_pid()
    machine.kill(signal.SIGKILL, before)
    wait_until(lambda: machine.show("ActiveState") == "active" and machine.main_pid() not in (0, before), 5,
               "the service to come back")


def restarts_under_load(machine):
    """Restart 20 times under load, with a lingering client and a slow reader held."""
    machine.fresh()
    tally, quiet = Tally(), quiet_ms(machine)
    for _ in range(RESTARTS):
        round_under_load(machine, tally, lambda: restart(machine))
    greeted_text(machine)
    return judge(machine, tally, quiet, RESTARTS, "restarts")


def kill_master_under_load(machine):
    """Kill the master with SIGKILL under load; systemd starts it again."""
    machine.fresh()
    tally, quiet = Tally(), quiet_ms(machine)
    restarts = int(machine.show("NRestarts"))
    old = []
    for _ in range(KILLS):
        old += machine.pids()
        round_under_load(machine, tally, lambda: kill_master(machine))
        orphans = set(old) & set(machine.pids())
        expect(not orphans, f"processes of a killed master are left: {orphans}")
    greeted_text(machine)
    expect(int(machine.show("NRestarts")) == restarts + KILLS, f"NRestarts is {machine.show('NRestarts')}")
    return judge(machine, tally, quiet, KILLS, "kills")


def restart_broken_under_load(machine):
    """Restart with a broken configuration under load: the last good one serves, and everything says so."""
    machine.fresh()
    tally, quiet = Tally(), quiet_ms(machine)
    since = machine.now()
    machine.write(CONF, configuration() + "nonsense = 1;\n")
    for _ in range(BROKEN):
        round_under_load(machine, tally, lambda: restart(machine))
    status = machine.show("StatusText")
    expect("CONFIGURATION REFUSED" in status and f"{CONF}:" in status and "nonsense" in status, f"STATUS is {status!r}")
    told = machine.output("sockgreetctl", "status")
    expect("CONFIGURATION REFUSED" in told, f"sockgreetctl says {told!r}")
    errors = machine.journal(since, "-p", "err")
    expect(any("last good" in str(entry["MESSAGE"]) for entry in errors), "the journal has no error about the last good one")
    expect(any("nonsense" in str(entry["MESSAGE"]) for entry in errors), "the journal does not name the setting")
    code, text = machine.systemctl("reload", check=False)
    expect(code != 0, f"a reload with the broken file succeeded: {text}")
    expect("CONFIGURATION REFUSED" in machine.show("StatusText"), "a refused reload ended the warning")
    machine.write(CONF, configuration())
    machine.systemctl("reload")
    for status in (machine.show("StatusText"), machine.output("sockgreetctl", "status")):
        expect("REFUSED" not in status, f"after a good reload: {status!r}")
    return judge(machine, tally, quiet, BROKEN, "restarts with a broken file")


CASES = [restarts_under_load, kill_master_under_load, restart_broken_under_load]
