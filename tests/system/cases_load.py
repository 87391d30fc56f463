# SPDX-License-Identifier: MIT
"""Restarts and crashes of the whole service, which clients under load must not notice."""

import signal
import time

from clients import LingeringClient, Load, SlowReader, Tally, full_load, greeted_text
from common import CONF, Failed, configuration, expect, wait_until

RESTARTS, KILLS, BROKEN = 20, 10, 5
FRACTION = 0.5  # of what clients get at most while nothing happens
SECONDS = 1.2  # of load in each round
SETTLE = 0.15  # of those before something is done to the service
WORST_MS = 500
ATTEMPTS = 3


def quiet_ms(machine):
    """How long somebody waits, at the same load, while nothing is done to the service: what else the machine does."""
    tally = Tally()
    tally.add(Load(machine, SECONDS, FRACTION).finish())
    return tally.slowest()


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


def series(machine, rounds, action, what):
    """So many rounds. Nobody may fail or be refused, and nobody wait for long. What else the machine does can only make
    the wait longer: a series in which somebody waited too long is tried again before it counts."""
    waits = []
    for _ in range(ATTEMPTS):
        tally, quiet = Tally(), quiet_ms(machine)
        for _ in range(rounds):
            round_under_load(machine, tally, action)
        quiet = max(quiet, quiet_ms(machine))
        waits.append(f"{tally.slowest():.0f} ms (without {what} {quiet:.0f})")
        text = (f"{rounds} {what} at {FRACTION * 100:.0f} % of {sum(full_load(machine).values()):.0f}/s: {tally.text()}; "
                f"the longest wait {', then '.join(waits)}")
        expect(tally.failed() == 0, f"{text}; the journal: {tally.story}")
        if tally.slowest() <= WORST_MS + quiet:
            return text
    raise Failed(f"somebody waited longer than {WORST_MS} ms: {text}")


def restart(machine):
    before = machine.main_pid()
    machine.systemctl("restart")
    expect(machine.main_pid() not in (0, before), "the service was not restarted")


def kill_master(machine):
    before = machine.main_pid()
    machine.kill(signal.SIGKILL, before)
    wait_until(lambda: machine.show("ActiveState") == "active" and machine.main_pid() not in (0, before),
               "the service to come back")


def restarts_under_load(machine):
    """Restart 20 times under load, with a lingering client and a slow reader held."""
    machine.fresh()
    text = series(machine, RESTARTS, lambda: restart(machine), "restarts")
    greeted_text(machine)
    return text


def kill_master_under_load(machine):
    """Kill the master with SIGKILL under load; systemd starts it again."""
    machine.fresh()
    restarts = int(machine.show("NRestarts"))
    old = []

    def kill():
        old.extend(machine.pids())
        kill_master(machine)
        orphans = set(old) & set(machine.pids())
        expect(not orphans, f"processes of a killed master are left: {orphans}")

    text = series(machine, KILLS, kill, "kills")
    greeted_text(machine)
    restarted = int(machine.show("NRestarts")) - restarts
    expect(restarted in [KILLS * (i + 1) for i in range(ATTEMPTS)], f"restarted {restarted} times")
    return text


def restart_broken_under_load(machine):
    """Restart with a broken configuration under load: the last good one serves, and everything says so."""
    machine.fresh()
    since = machine.now()
    machine.write(CONF, configuration() + "nonsense = 1;\n")
    text = series(machine, BROKEN, lambda: restart(machine), "restarts with a broken file")
    status = machine.show("StatusText")
    expect("CONFIGURATION REFUSED" in status and f"{CONF}:" in status and "nonsense" in status, f"STATUS is {status!r}")
    refused = machine.ask("status")["refused"]
    expect(refused and f"{CONF}:" in refused and "nonsense" in refused, f"sockgreetctl says {refused!r}")
    told = " ".join(machine.output("sockgreetctl", "status").split())
    expect(f"the file was refused, so the last good one is in effect: {refused}" in told, f"sockgreetctl says {told!r}")
    errors = machine.journal(since, "-p", "err")
    expect(any("last good" in str(entry["MESSAGE"]) for entry in errors), "the journal has no error about the last good one")
    expect(any("nonsense" in str(entry["MESSAGE"]) for entry in errors), "the journal does not name the setting")
    code, said = machine.systemctl("reload", check=False)
    expect(code != 0, f"a reload with the broken file succeeded: {said}")
    expect("CONFIGURATION REFUSED" in machine.show("StatusText"), "a refused reload ended the warning")
    machine.write(CONF, configuration())
    machine.systemctl("reload")
    status, refused = machine.show("StatusText"), machine.ask("status")["refused"]
    expect("REFUSED" not in status and refused is None, f"after a good reload: {status!r}, {refused!r}")
    return text


CASES = [restarts_under_load, kill_master_under_load, restart_broken_under_load]
