# SPDX-License-Identifier: MIT
"""What an operator sees of a healthy service: its state, its journal, its processes, its sockets."""

import json
import os
import socket
import time

from clients import ask_udp, connect, greet, greeted_text
from common import GREETING, NOBODY, UNIT, UNIX_PATH, configuration, expect, wait_until

FIELDS = ["LISTENER", "TRANSPORT", "CLIENT_ADDRESS", "CLIENT_PORT", "SERVER_ADDRESS", "SERVER_PORT", "BYTES", "RESULT"]


def started_by_systemd(machine):
    """Starts, is enabled, and says in its status text how many workers serve and whom."""
    machine.fresh()
    expect(machine.show("ActiveState", "SubState") == ["active", "running"], "the service does not run")
    expect(machine.run("systemctl", "is-enabled", UNIT)[1].strip() == "enabled", "the service is not enabled")
    text = machine.systemctl("status")[1]
    expect("Status: \"Generation 1 serving: 2 of 2 workers" in text, f"systemctl status says {text}")
    for _ in range(7):
        greet(machine)
    status = wait_until(lambda: "7 greeted" in machine.show("StatusText") and machine.show("StatusText"), "7 greeted in STATUS")
    return status


def greets_everybody(machine):
    """TCP and UDP, both families, and a Unix socket, asked by another user with the packaged client and with nc."""
    machine.fresh()
    ways = []
    for host, literal in (("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")):
        ways += [["sockgreet", f"tcp://{literal}"], ["sockgreet", f"udp://{literal}"], ["nc", "-N", "-w", "5", host, "12345"],
                 ["sh", "-c", 'echo | nc -u -W 1 -w 5 "$0" 12345', host]]
    ways += [["sockgreet", f"unix:{UNIX_PATH}"], ["nc", "-N", "-w", "5", "-U", UNIX_PATH]]
    for way in ways:
        out = machine.output(*way, user=NOBODY)
        expect(out.strip() == GREETING.strip(), f"{' '.join(way)} printed {out!r}")
    return f"{len(ways)} ways, as uid {NOBODY}"


def journal_of_a_greeting(machine):
    """Every promised field of a greeting, found by the client's address; and its catalog text.

    The identifier was ": worker 0 of generation 1": libsystemd takes it from where the title for ps is put."""
    machine.fresh()
    since = machine.now()
    with machine.in_network(lambda: socket.create_connection(("127.0.0.1", 12345), 5, ("127.7.7.7", 0))) as client:
        port = client.getsockname()[1]
        while client.recv(4096):
            pass

    def entry():
        machine.run("journalctl", "--sync")
        out = machine.output("journalctl", "SOCKGREET_CLIENT_ADDRESS=127.7.7.7", "--since", since, "-o", "json")
        return out and json.loads(out.splitlines()[-1])

    found = wait_until(entry, "the greeting's entry")
    expect(found["SYSLOG_IDENTIFIER"] == "sockgreetd", f"the identifier is {found['SYSLOG_IDENTIFIER']!r}")
    got = {name: found.get(f"SOCKGREET_{name}") for name in FIELDS}
    wanted = {"LISTENER": "tcp", "TRANSPORT": "tcp", "CLIENT_ADDRESS": "127.7.7.7", "CLIENT_PORT": str(port),
              "SERVER_ADDRESS": "127.0.0.1", "SERVER_PORT": "12345", "BYTES": str(len(GREETING)), "RESULT": "sent"}
    expect(got == wanted, f"fields are {got}, not {wanted}")
    expect(found["MESSAGE"] == f"Got connection from 127.7.7.7:{port} on tcp, sent {len(GREETING)} bytes",
           f"the text is {found['MESSAGE']!r}")
    explained = machine.output("journalctl", "-x", "SOCKGREET_CLIENT_ADDRESS=127.7.7.7", "--since", since)
    catalog = [line.removeprefix("░░ ") for line in explained.splitlines() if line.startswith("░░ ")]
    expect(catalog[0] == "Subject: 127.7.7.7 asked tcp (tcp) for a greeting: sent" and len(catalog) <= 3,
           f"journalctl -x says {explained}")
    arrived, written = (int(found[name]) for name in ("SOCKGREET_ARRIVAL_USEC", "__REALTIME_TIMESTAMP"))
    lasted = int(found["SOCKGREET_DURATION_USEC"])
    expect(0 <= lasted and abs(written - arrived - lasted) < 1_000_000,
           f"it came at {arrived}, stayed for {lasted} us, and was written at {written}")
    return f"{len(FIELDS)} fields, catalog text, here for {lasted / 1e3:.1f} ms"


def processes_without_privilege(machine):
    """User, groups, capabilities and NoNewPrivs of every process, as /proc says; what confines workers, as the status says."""
    machine.fresh()
    uid, gid = (machine.output("id", word, "sockgreet").strip() for word in ("-u", "-g"))
    main, low_ports = machine.main_pid(), 1 << 10
    pids = machine.pids()
    expect(len(pids) == 3, f"{len(pids)} processes, not a master and two workers")
    for pid in pids:
        lines = machine.output("cat", f"/proc/{pid}/status").splitlines()
        status = {name: value.split() for name, _, value in (line.partition(":") for line in lines)}
        expect(status["Uid"] == [uid] * 4 and status["Gid"] == [gid] * 4, f"pid {pid}: {status['Uid']} {status['Gid']}")
        expect(set(status["Groups"]) <= {gid}, f"pid {pid} is in the groups {status['Groups']}")
        expect(status["NoNewPrivs"] == ["1"] and status["Seccomp"] == ["2"], f"pid {pid}: no NoNewPrivs or no seccomp")
        for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            allowed = low_ports if pid == main else 0
            expect(int(status[name][0], 16) & ~allowed == 0, f"pid {pid}: {name} is {status[name][0]}")
    sandbox = json.loads(machine.output("sockgreetctl", "--json", "status"))["sandbox"]
    expect(sandbox.startswith("seccomp, landlock (ABI "), f"sandbox: {sandbox}")
    return f"master and {len(pids) - 1} workers: uid {uid}, workers without capabilities, in a sandbox: {sandbox}"


def exposure(machine):
    """systemd-analyze security gives 1.5 at most."""
    code, out, err = machine.run("systemd-analyze", "security", "--threshold=15", "--no-pager", UNIT, check=False)
    last = (out.strip() or err).splitlines()[-1]
    expect(code == 0, f"exit code {code}: {last}")
    checked = machine.run("systemd-analyze", "verify", "--man=no", UNIT, check=False)
    expect(checked[0] == 0 and not checked[2].strip(), f"systemd-analyze verify: {checked[2]}")
    return last.lstrip("→ ").strip()


def low_port(machine):
    """Ports 13 and 17 are served without root."""
    machine.fresh(configuration('  qotd = { type = "tcp"; port = 17; greeting = "A quote\\r\\n"; };\n'
                                '  day = { type = "udp"; port = 13; };\n'))
    expect(greet(machine, 17) == b"A quote\r\n", "wrong greeting on port 17")
    expect(ask_udp(machine, port=13) == GREETING.encode(), "wrong greeting on port 13")
    return "17/tcp, 13/udp"


def unix_path_survives_restart(machine):
    """The path is the same file after a restart and a crash, and another user can connect."""
    machine.fresh()
    before = machine.output("stat", "-c", "%i %a", UNIX_PATH)
    machine.systemctl("restart")
    expect(machine.output("stat", "-c", "%i %a", UNIX_PATH) == before, "the path is another file after a restart")
    main = machine.main_pid()
    machine.kill(9, main)
    wait_until(lambda: machine.main_pid() not in (0, main) and machine.show("ActiveState") == "active", "the restart")
    expect(machine.output("stat", "-c", "%i %a", UNIX_PATH) == before, "the path is another file after a crash")
    out = machine.output("sockgreet", f"unix:{UNIX_PATH}", user=NOBODY)
    expect(out.strip() == GREETING.strip(), f"the answer is {out!r}")
    return f"inode and mode {before.strip()}"


def stop_and_start(machine):
    """A stop leaves nobody who listens and empties the store; a start serves again."""
    machine.fresh()
    stored = len(machine.wait_stored(3 + machine.shards()))
    began = time.monotonic()
    machine.systemctl("stop")
    took = time.monotonic() - began
    expect(not machine.stored(), f"still in the store: {machine.stored()}")
    expect(machine.show("ActiveState", "Result") == ["inactive", "success"], "the stop was no success")
    for target in ("127.0.0.1", f"unix:{UNIX_PATH}"):
        code, _, err = machine.run("sockgreet", target, check=False)
        expect(code == 1 and "refused" in err, f"after the stop {target}: exit code {code}: {err}")
    machine.systemctl("start")
    greeted_text(machine)
    return f"{stored} sockets stored, then 0, stopped in {took * 1000:.0f} ms"


def drain_delay(machine):
    """After the order to stop everybody is still greeted for timeouts.drain_delay."""
    machine.fresh(configuration(settings="timeouts = { drain_delay = 1.5; };"))
    ordered = time.monotonic()
    stopping = machine.popen("systemctl", "stop", UNIT)
    wait_until(lambda: machine.show("ActiveState") != "active", "the order to arrive")  # systemctl may wait for a processor
    began = last = time.monotonic()
    greeted = 0
    while stopping.poll() is None and time.monotonic() < began + 10:
        try:
            expect(greet(machine) == GREETING.encode(), "a wrong greeting while stopping")
        except OSError:
            break
        greeted += 1
        last = time.monotonic()
        time.sleep(0.01)
    stopping.communicate(timeout=20)
    machine.started.remove(stopping)
    took = time.monotonic() - began
    expect(1.4 <= last - ordered and last - began <= 2.0 and took < 3.5,
           f"greeted for {last - began:.2f} to {last - ordered:.2f} s, stopped after {took:.2f} s")
    return f"{greeted} greeted for {last - ordered:.2f} s, stopped after {took:.2f} s"


CASES = [started_by_systemd, greets_everybody, journal_of_a_greeting, processes_without_privilege, exposure, low_port,
         unix_path_survives_restart, stop_and_start, drain_delay]
