# SPDX-License-Identifier: MIT
"""Changing the configuration: reloads that work, reloads and starts that are refused, and what the store then holds."""

import socket
import time

from clients import LingeringClient, Load, Tally, connect, greet, greeted_text
from common import CONF, GREETING, configuration, expect, wait_until

EXTRA = '  extra = { type = "tcp"; port = 12400; greeting = "Another\\r\\n"; };\n'


def reload_good(machine):
    """A reload under load: the job succeeds, a new generation serves, nobody fails."""
    machine.fresh()
    tally = Tally()
    load = Load(machine, 1.2, 0.5)
    time.sleep(0.15)
    machine.write(CONF, configuration(EXTRA))
    main, before = machine.main_pid(), machine.generation()
    code, text = machine.systemctl("reload", check=False)
    tally.add(load.finish())
    expect(code == 0, f"systemctl reload: exit code {code}: {text}")
    expect(machine.main_pid() == main and machine.generation() == before + 1, f"STATUS is {machine.show('StatusText')!r}")
    expect(greet(machine, 12400) == b"Another\r\n", "the new listener does not greet")
    expect(tally.failed() == 0, tally.text())
    return tally.text()


def reload_broken(machine):
    """A refused reload: the job fails, status and journal name file and line, the service goes on as before."""
    machine.fresh()
    text = configuration() + "greetign = 1;\n"
    place = f"{CONF}:{text.count(chr(10))}:"
    machine.write(CONF, text)
    main, since = machine.main_pid(), machine.now()
    code, said = machine.systemctl("reload", check=False)
    expect(code == 1, f"systemctl reload: exit code {code}: {said}")
    status = machine.systemctl("status", check=False)[1]
    expect(place in status and "status=78" in status, f"{place} or 78 is not in systemctl status: {status}")
    expect(place in machine.show("StatusText"), f"STATUS is {machine.show('StatusText')!r}")
    errors = [str(entry["MESSAGE"]) for entry in machine.journal(since, "-p", "err")]
    expect(any(place in message for message in errors), f"{place} is not in the journal's errors: {errors}")
    expect(machine.main_pid() == main and machine.generation() == 1, "the service is not as before")
    expect(machine.show("ActiveState") == "active", f"the unit is {machine.show('ActiveState')}")
    code, _, err = machine.run("sockgreetctl", "reload", check=False)
    expect(code == 78 and place in err, f"sockgreetctl reload: exit code {code}: {err}")
    greeted_text(machine)
    machine.write(CONF, configuration())
    machine.systemctl("reload")
    expect(machine.generation() == 2, f"STATUS is {machine.show('StatusText')!r}")
    return f"exit codes 1 and 78, {place}"


def reload_missing_file(machine):
    """A reload without the file is refused, and so is one with an address in use."""
    machine.fresh()
    machine.run("rm", CONF)
    code, _ = machine.systemctl("reload", check=False)
    expect(code == 1, f"without the file: exit code {code}")
    taken = machine.in_network(lambda: socket.create_server(("127.0.0.1", 12401)))
    with taken:
        machine.write(CONF, configuration('  extra = { type = "tcp"; address = "127.0.0.1"; port = 12401; };\n'))
        code, _, err = machine.run("sockgreetctl", "reload", check=False)
        expect(code == 71 and "12401" in err, f"with an address in use: exit code {code}: {err}")
    greeted_text(machine)
    machine.systemctl("reload")
    expect(greet(machine, 12401) == GREETING.encode(), "no greeting from the address that is free now")
    return "refused with 78 and 71; then loaded"


def first_start_broken(machine):
    """A first start with a broken file fails with 78 and is not tried again; a mended file starts."""
    machine.systemctl("stop")
    machine.drop_in("")
    machine.write(CONF, "nonsense = 1;\n")
    restarts = machine.show("NRestarts")
    code, _ = machine.systemctl("start", check=False)
    time.sleep(0.5)
    state = machine.show("ActiveState", "Result", "ExecMainStatus")
    expect(code == 1 and state == ["failed", "exit-code", "78"], f"exit code {code}, state {state}")
    expect(machine.show("NRestarts") in ("0", restarts), "it was started again")
    machine.write(CONF, configuration())
    machine.systemctl("start")
    greeted_text(machine)
    return "exit code 78, no restart"


def store_follows_configuration(machine):
    """A listener that is added is stored, one that is removed leaves the store."""
    machine.fresh()
    before = machine.wait_stored(3 + machine.shards())
    machine.write(CONF, configuration(EXTRA))
    machine.systemctl("reload")
    added = machine.wait_stored(len(before) + 1)
    expect(sorted(added.values()) == sorted([*before.values(), "tcp 12400"]), f"after adding: {sorted(added.values())}")
    expect(before.items() <= added.items(), "a socket that was kept is another one")
    machine.write(CONF, configuration())
    machine.systemctl("reload")
    wait_until(lambda: machine.stored() == before, f"the store after removing: {sorted(machine.stored().values())}")
    machine.write(CONF, configuration(EXTRA))
    machine.systemctl("restart")  # added by a restart
    machine.wait_stored(len(before) + 1)
    expect("tcp 12400" in machine.stored().values(), "a listener added by a restart is not stored")
    machine.write(CONF, configuration())
    machine.systemctl("restart")  # and removed by one
    wait_until(lambda: machine.stored() == before, f"the store after a restart: {sorted(machine.stored().values())}")
    try:
        connect(machine, 12400).close()
    except ConnectionRefusedError:
        pass
    else:
        expect(False, "the removed listener still accepts")
    return f"{len(before)} sockets, {len(added)} with the listener that was added"


def store_adopted_by_address(machine):
    """After a restart the same sockets serve, whatever their listeners are called now and in whatever order."""
    machine.fresh(configuration(big=False))
    before = machine.wait_stored(2 + machine.shards())
    text = configuration(big=False)
    head, _, rest = text.partition("listeners = {\n")
    lines = [line for line in rest.splitlines() if line.startswith("  ")]
    renamed = "\n".join(line.replace("  ", "  new-", 1) for line in reversed(lines))
    machine.write(CONF, f"{head}listeners = {{\n{renamed}\n}};\n")
    machine.systemctl("restart")
    expect(machine.stored() == before, f"{before} became {machine.stored()}")
    greeted_text(machine)
    return ", ".join(sorted(set(before.values())))


def extended_stop(machine):
    """A drain longer than TimeoutStopSec= is allowed to end."""
    machine.fresh(configuration(settings="timeouts = { linger = 5; linger_total = 6; };"), drop_in="TimeoutStopSec=2")
    client = LingeringClient(machine, 3.5)
    time.sleep(0.1)
    began = time.monotonic()
    machine.systemctl("stop")
    took = time.monotonic() - began
    client.finish()
    result = machine.show("Result")
    expect(result == "success" and took > 3, f"stopped after {took:.1f} s: {result}")
    return f"a lingering client was waited for; stopped after {took:.1f} s with TimeoutStopSec=2"


CASES = [reload_good, reload_broken, reload_missing_file, first_start_broken, store_follows_configuration,
         store_adopted_by_address, extended_stop]
