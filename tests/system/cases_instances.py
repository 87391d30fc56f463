# SPDX-License-Identifier: MIT
"""Further instances, sockgreet@NAME.service: beside each other and beside sockgreet.service, and none harms another."""

import contextlib

from clients import ask_udp, greet, greeted_text
from common import CONF, GREETING, NOBODY, UNIX_PATH, configuration, expect, wait_until

DIRECTORY = "/etc/sockgreet"
PORTS = {"one": 12501, "two": 12502}


def unit_of(name):
    return f"sockgreet@{name}.service"


def conf_of(name):
    return f"{DIRECTORY}/{name}.conf"


def path_of(name):
    return f"/run/sockgreet/{name}/greet.sock"


def text_of(name, greeting=None, more=""):
    """The configuration of an instance: a port and a Unix socket of its own, and a greeting that tells it from others."""
    port = PORTS[name]
    return (f'greeting = "{greeting or name}\\r\\n";\nlisteners = {{\n'
            f'  tcp = {{ type = "tcp"; port = {port}; }};\n  udp = {{ type = "udp"; port = {port}; }};\n'
            f'  local = {{ type = "unix"; path = "{path_of(name)}"; }};\n}};\n{more}')


def greets(machine, name, greeting=None):
    """The instance greets over TCP, UDP and, another user, its Unix socket."""
    wanted = f"{greeting or name}\r\n"
    expect(greet(machine, PORTS[name]) == wanted.encode(), f"{name} greets otherwise over TCP")
    expect(ask_udp(machine, port=PORTS[name]) == wanted.encode(), f"{name} greets otherwise over UDP")
    out = machine.output("sockgreet", f"unix:{path_of(name)}", user=NOBODY)
    expect(out.strip() == wanted.strip(), f"{name} greets with {out!r} at {path_of(name)}")


def start(machine, name):
    machine.write(conf_of(name), text_of(name))
    machine.systemctl("enable", "--now", unit=unit_of(name))


def forget(machine, *names):
    """Ends instances, and removes what they had."""
    for name in names:
        machine.systemctl("disable", "--now", unit=unit_of(name), check=False)
        machine.systemctl("reset-failed", unit=unit_of(name), check=False)
        machine.run("rm", "-rf", conf_of(name), f"/run/sockgreet/{name}")


@contextlib.contextmanager
def instances(machine, *names):
    """These instances are enabled and run for as long as the block runs, beside the service."""
    try:
        for name in names:
            start(machine, name)
        yield
    finally:
        forget(machine, *names)


def identity(machine, name=None):
    """Process and generation of an instance, or of the service."""
    status = machine.ask("status", name)
    return status["pid"], status["generation"]


def side_by_side(machine):
    """Two instances and the service: each reloads alone, and sockgreetctl -n tells them apart."""
    machine.fresh()
    with instances(machine, *PORTS):
        pids = {name: machine.main_pid(unit_of(name)) for name in PORTS} | {None: machine.main_pid()}
        expect(len(set(pids.values()) - {0}) == 3, f"they do not run: {pids}")
        for name, pid in pids.items():
            expect(identity(machine, name) == (pid, 1), f"sockgreetctl takes {identity(machine, name)} for {name}")
        machine.write(conf_of("one"), text_of("one", "changed"))
        machine.systemctl("reload", unit=unit_of("one"))
        greets(machine, "one", "changed")
        greets(machine, "two")
        greeted_text(machine)
        machine.output("sockgreetctl", "-n", "two", "reload")
        wanted = {"one": (pids["one"], 2), "two": (pids["two"], 2), None: (pids[None], 1)}
        expect({name: identity(machine, name) for name in pids} == wanted, "not only those that were asked reloaded")
        told = machine.output("sockgreetctl", "-n", "two", "status", user=NOBODY)
        expect(conf_of("two") in told and f"pid {pids['two']}" in told, f"sockgreetctl -n two status says {told}")
        machine.systemctl("restart")
        expect({name: identity(machine, name)[0] for name in PORTS} == {name: pids[name] for name in PORTS},
               "a restart of the service touched an instance")
        greets(machine, "two")
    return "each with its process, generation and greeting"


def broken_alone(machine):
    """One with a broken file, in every way: the others, and what they would fall back to, stay as they are.

    A copy of the unit that shared the runtime directory once took the other's last good configuration."""
    machine.fresh()
    with instances(machine, *PORTS):
        machine.write(conf_of("one"), text_of("one", more="nonsense = 1;\n"))
        before = {name: identity(machine, name) for name in ("two", None)}
        code, said = machine.systemctl("reload", unit=unit_of("one"), check=False)
        expect(code == 1, f"a reload with a broken file: exit code {code}: {said}")
        machine.systemctl("restart", unit=unit_of("one"))
        greets(machine, "one")
        status = machine.show("StatusText", unit=unit_of("one"))
        expect("CONFIGURATION REFUSED" in status and conf_of("one") in status, f"its status is {status!r}")
        machine.systemctl("stop", unit=unit_of("one"))
        code, said = machine.systemctl("start", unit=unit_of("one"), check=False)
        expect(code == 1 and machine.show("ExecMainStatus", unit=unit_of("one")) == "78", f"exit code {code}: {said}")
        expect({name: identity(machine, name) for name in before} == before, "another was touched")
        greets(machine, "two")
        greeted_text(machine)
        for text in (machine.show("StatusText"), machine.show("StatusText", unit=unit_of("two"))):
            expect("REFUSED" not in text, f"another's status is {text!r}")
    return "reload refused, restart with its own last good one, start refused with 78"


def directory_of_all(machine):
    """Whoever comes first: the directory in which all have theirs is the service's, and no start or stop changes another's.

    Where an instance had made it, it was root's, and a start of the service then gave the instance's sockets its group."""
    machine.fresh()
    machine.systemctl("stop")
    machine.run("rm", "-rf", "/run/sockgreet")
    machine.run("systemd-tmpfiles", "--create", "sockgreet.conf")
    machine.write(conf_of("one"), text_of("one"))
    try:
        machine.systemctl("start", unit=unit_of("one"))
        shown = machine.output("stat", "-c", "%a %U %G", "/run/sockgreet", "/run/sockgreet/one").splitlines()
        expect(shown == ["755 sockgreet sockgreet"] * 2, f"the directories are {shown}")
        machine.run("chgrp", "adm", path_of("one"))
        before = machine.output("stat", "-c", "%i %a %U %G", path_of("one"))
        for action in ("start", "restart", "stop"):
            machine.systemctl(action)
            after = machine.output("stat", "-c", "%i %a %U %G", path_of("one"))
            expect(after == before, f"after {action} of the service: {after}, before: {before}")
            greets(machine, "one")
        machine.systemctl("start")
        machine.systemctl("stop", unit=unit_of("one"))
        greeted_text(machine)
        machine.ask("status")
    finally:
        forget(machine, "one")
    return before.strip()


def directory_shared(machine):
    """Two services with one runtime directory: the second warns, and leaves alone what the first has in it."""
    machine.fresh()
    with instances(machine, "one"):
        machine.systemctl("stop", unit=unit_of("one"))
        machine.drop_in("RuntimeDirectory=\nRuntimeDirectory=sockgreet", unit=unit_of("one"))
        machine.write(conf_of("one"), text_of("one").replace("/one/greet.sock", "/one.sock"))
        since, main = machine.now(), machine.main_pid()
        try:
            machine.systemctl("start", unit=unit_of("one"))
            wait_until(lambda: any("/run/sockgreet is used by another sockgreetd" in str(entry["MESSAGE"]) for entry in
                                   machine.journal(since, "-p", "warning", unit=unit_of("one"))), "the warning")
            expect(identity(machine) == (main, 1), "sockgreetctl finds the second, not the first")
            machine.write(conf_of("one"), "nonsense = 1;\n")
            code, said = machine.systemctl("restart", unit=unit_of("one"), check=False)
            expect(code == 1, f"with a broken file it serves the first one's configuration: {said}")
            expect(identity(machine) == (main, 1), "the first was touched")
            greeted_text(machine)
        finally:
            machine.drop_in("", unit=unit_of("one"))
    return "warned"


def path_of_another(machine):
    """An instance cannot make a Unix socket in the service's directory, and says where it can.

    It could, where systemd leaves /run writable in spite of ProtectSystem=strict."""
    machine.fresh(configuration().replace(f'  local = {{ type = "unix"; path = "{UNIX_PATH}"; }};\n', ""))
    machine.run("rm", "-f", UNIX_PATH)  # a stop leaves it
    since = machine.now()
    machine.write(conf_of("one"), text_of("one").replace(path_of("one"), UNIX_PATH))
    try:
        machine.systemctl("start", "--no-block", unit=unit_of("one"))
        said = wait_until(lambda: [text for entry in machine.journal(since, "-p", "err", unit=unit_of("one"))
                                   if UNIX_PATH in (text := str(entry["MESSAGE"]))], "the error")
        expect(machine.show("ActiveState", unit=unit_of("one")) != "active", "it serves")
        expect(any("/run/sockgreet/one" in text for text in said), f"the errors are {said[:3]}")
        greet(machine)
    finally:
        forget(machine, "one")
    return said[0]


def hardened(machine):
    """The template is as tight as the service, and systemd finds nothing to say of it."""
    code, out, err = machine.run("systemd-analyze", "security", "--threshold=15", "--no-pager", unit_of("one"), check=False)
    expect(code == 0, f"exit code {code}: {(out.strip() or err).splitlines()[-1]}")
    code, _, err = machine.run("systemd-analyze", "verify", "--man=no", unit_of("one"), check=False)
    expect(code == 0 and not err.strip(), f"systemd-analyze verify: {err}")
    return ""


CASES = [side_by_side, broken_alone, directory_of_all, directory_shared, path_of_another, hardened]
