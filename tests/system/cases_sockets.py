# SPDX-License-Identifier: MIT
"""Listeners that change their endpoint, with the packaged unit: each edit by reload and by restart, with clients that ask
all the time where the old and the new endpoint overlap."""

import socket
import threading
import time

import generator
from clients import ask_udp, greet, greeted_text
from common import CONF, GREETING, SOCKET_UNIT, UNIT, UNIX_PATH, configuration, expect, wait_until

RATE, BEFORE, AFTER = 400, 0.3, 0.5  # clients a second; seconds of asking before and after a change
NOT_TAKEN = ConnectionRefusedError


def listeners(**all_of_them):
    """A configuration of listeners, each given as the text of its settings."""
    lines = "".join(f"  {name} = {{ {text} }};\n" for name, text in all_of_them.items())
    return f"listeners = {{\n{lines}}};\n"


def both(settings):
    """A TCP and a UDP listener with the same settings on port 12345."""
    return {"tcp": f'type = "tcp"; port = 12345; {settings}', "udp": f'type = "udp"; port = 12345; {settings}'}


ANY, LOOPBACK, V4, V6 = ('address = "";', 'address = "127.0.0.1";', 'address = "0.0.0.0";', 'address = "::";')
HOST, LO = 'address = "127.0.0.2";', 'address = ""; interface = "lo";'
SWAPPED = [{"one": 'type = "tcp"; port = 12345;', "two": 'type = "tcp"; port = 12346;'},
           {"one": 'type = "tcp"; port = 12346;', "two": 'type = "tcp"; port = 12345;'}]
SHARDS = [{"udp": f'type = "udp"; port = 12345; shards = {n};'} for n in (4, 1)]
# what changes, back and forth; the targets that both have
EDITS = [
    ("any and 127.0.0.1", both(ANY), both(LOOPBACK), ("tcp://127.0.0.1:12345", "udp://127.0.0.1:12345")),
    ("any and 0.0.0.0", both(ANY), both(V4), ("tcp://127.0.0.1:12345", "udp://127.0.0.1:12345")),
    ('"::" and any', both(V6), both(ANY), ("tcp://[::1]:12345", "udp://[::1]:12345")),
    ("a host and any", both(HOST), both(ANY), ("tcp://127.0.0.2:12345", "udp://127.0.0.2:12345")),
    ("interface and none", both(LO), both(ANY), ("tcp://127.0.0.1:12345", "udp://127.0.0.1:12345")),
    ("ports swapped", *SWAPPED, ("tcp://127.0.0.1:12345", "tcp://127.0.0.1:12346")),
    ("4 shards and 1", *SHARDS, ("udp://127.0.0.1:12345",)),
]


class Askers:
    """The load generator at some targets, at a fixed rate, until it has asked for long enough."""

    def __init__(self, machine, targets, seconds):
        self.machine, self.processes = machine, {}
        for target in targets:
            self.processes[target] = machine.popen(*generator.arguments("sockgreet", target, 1000, seconds, 4, rate=RATE,
                                                                        answer=GREETING, threads=1))

    def finish(self):
        """{target: (answered, failures by kind)}"""
        result = {}
        for target, process in self.processes.items():
            out, err = process.communicate(timeout=60)
            self.machine.started.remove(process)
            expect(process.returncode in (0, 1), f"the load generator ended with {process.returncode}: {err}")
            one = generator.figures(out)
            result[target] = one["answered"], {kind: n for kind, n in one["failures"].items() if n and kind != "all"}
        return result


def change(machine, how, targets, text):
    """Writes the configuration and has it served, under load. Returns how many were answered."""
    askers = Askers(machine, targets, BEFORE + AFTER + 0.7)
    time.sleep(BEFORE)
    machine.write(CONF, text)
    restarts = machine.show("NRestarts")
    code, said = machine.systemctl(how, check=False)
    figures = askers.finish()
    expect(code == 0, f"{how}: exit code {code}: {said}")
    expect(machine.show("ActiveState", "NRestarts") == ["active", restarts], f"{how}: the unit is not as it should be")
    expect("REFUSED" not in machine.show("StatusText"), f"{how}: STATUS is {machine.show('StatusText')!r}")
    failed = {target: kinds for target, (_, kinds) in figures.items() if kinds}
    expect(not failed, f"{how}: {failed}; answered {figures}")
    return sum(answered for answered, _ in figures.values())


def edits(machine, how):
    """Every edit, there and back."""
    asked = 0
    for name, old, new, targets in EDITS:
        machine.fresh(listeners(**old))
        for text in (new, old):
            try:
                asked += change(machine, how, targets, listeners(**text))
            except Exception as error:
                raise type(error)(f"{name}: {error}") from error
    return f"{2 * len(EDITS)} changes, {asked} asked, 0 failed"


def address_edits_by_reload(machine):
    """Each change of an endpoint by reload: nobody whom both old and new endpoint serve is refused."""
    return edits(machine, "reload")


def address_edits_by_restart(machine):
    """The same by restart."""
    return edits(machine, "restart")


def narrowed_means_narrowed(machine):
    """After any address became 127.0.0.1 the other addresses are closed, also what waited there; nothing else is stored."""
    for how in ("reload", "restart"):
        machine.fresh(listeners(**both(ANY)))
        machine.write(CONF, listeners(**both(LOOPBACK)))
        machine.systemctl(how)
        greet(machine)

        def closed():
            try:
                greet(machine, host="127.0.0.2")
            except NOT_TAKEN:
                return True
            return False

        wait_until(closed, f"127.0.0.2 to be closed after a {how}")
        machine.wait_stored(1 + machine.shards())
    return f"{len(machine.stored())} sockets stored"


def unix_kind_changes(machine):
    """unix to unix-dgram on one path and back, by reload and by restart; the path is there at every moment."""
    stream, dgram = (listeners(tcp='type = "tcp"; port = 12345;', local=f'type = "{kind}"; path = "{UNIX_PATH}";')
                     for kind in ("unix", "unix-dgram"))
    for how in ("reload", "restart"):
        machine.fresh(stream)
        missing, over = [], threading.Event()

        def watch():
            while not over.is_set():
                if machine.run("test", "-S", UNIX_PATH, check=False)[0]:
                    missing.append(time.monotonic())

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        for text, target in ((dgram, f"unix-dgram:{UNIX_PATH}"), (stream, f"unix:{UNIX_PATH}")):
            machine.write(CONF, text)
            machine.systemctl(how)
            out = machine.output("sockgreet", target)
            expect(out.strip() == GREETING.strip(), f"after a {how} {target} answered {out!r}")
        over.set()
        watcher.join(10)
        expect(not missing, f"the path was missing {len(missing)} times during a {how}")
    return "both kinds, by reload and restart"


def ipv6_comes_and_goes(machine):
    """Without AF_INET6 any address is 0.0.0.0; with it, both families; each change is a restart that refuses nobody."""
    without = "RestrictAddressFamilies=\nRestrictAddressFamilies=AF_UNIX AF_INET"
    machine.fresh(listeners(**both(ANY)), drop_in=without)
    for drop_in, families in (("", 2), (without, 1)):
        askers = Askers(machine, ("tcp://127.0.0.1:12345", "udp://127.0.0.1:12345"), BEFORE + AFTER + 0.7)
        time.sleep(BEFORE)
        machine.drop_in(drop_in)
        machine.systemctl("restart")
        failed = {target: kinds for target, (_, kinds) in askers.finish().items() if kinds}
        expect(not failed, f"{failed}")
        if families == 2:
            greet(machine, host="::1")
    machine.drop_in("")
    return "0.0.0.0 to [::] and back"


def first_start_waits_for_its_port(machine):
    """At boot another program has the port: the unit is activating, says why, logs it once, and is up by itself."""
    machine.systemctl("stop")
    machine.write(CONF, configuration())
    since = machine.now()
    with machine.in_network(lambda: socket.create_server(("", 12345))):
        starting = machine.popen("systemctl", "start", UNIT)
        wait_until(lambda: "trying again" in machine.show("StatusText"), "the status")
        status = machine.show("StatusText")
        expect("cannot bind" in status and "12345 (address already in use), trying again" in status, f"STATUS is {status!r}")
        time.sleep(3)
        expect(machine.show("ActiveState", "NRestarts")[0] == "activating", "it does not wait")
    began = time.monotonic()
    starting.communicate(timeout=20)
    machine.started.remove(starting)
    expect(starting.returncode == 0, f"systemctl start: exit code {starting.returncode}")
    said = [entry for entry in machine.journal(since) if "Address already in use" in str(entry["MESSAGE"])]
    expect(len(said) <= 2, f"{len(said)} entries")  # one a listener
    greeted_text(machine)
    return f"{len(said)} entries; up {time.monotonic() - began:.1f} s after the port was free"


def restart_that_cannot_bind(machine):
    """A restart with one more listener whose port is taken: the last good configuration serves, and says so."""
    machine.fresh()
    stored, inode = machine.wait_stored(3 + machine.shards()), machine.output("stat", "-c", "%i", UNIX_PATH)
    with machine.in_network(lambda: socket.create_server(("", 12400))):
        machine.write(CONF, configuration('  extra = { type = "tcp"; port = 12400; };\n'))
        code, said = machine.systemctl("restart", check=False)
        expect(code == 0, f"restart: exit code {code}: {said}")
        status = machine.show("StatusText")
        expect("CONFIGURATION REFUSED, using the last good one (cannot bind" in status, f"STATUS is {status!r}")
        greeted_text(machine)
        expect(machine.stored() == stored, f"{stored} became {machine.stored()}")
        expect(machine.output("stat", "-c", "%i", UNIX_PATH) == inode, "the path is another file")
    machine.systemctl("reload")
    expect(greet(machine, 12400) == GREETING.encode(), "the listener does not greet")
    return "the sockets are the same"


def deleted_path(machine):
    """The socket's file is deleted: status says so, reload and restart bind it anew."""
    for how in ("reload", "restart"):
        machine.fresh()
        machine.run("rm", UNIX_PATH)
        wait_until(lambda: "1 listener down (local: its path is gone" in machine.show("StatusText"), "the status")
        machine.systemctl(how)
        greeted_text(machine)
    return "reload, restart"


def paths_that_the_unit_forbids(machine):
    """A path outside the runtime directory and a group of strangers: the messages say what to do; /tmp is warned about."""
    machine.fresh()
    since = machine.now()
    for settings, words in (('path = "/run/greet.sock";', "the service may create sockets only below /run/sockgreet"),
                            ('path = "/run/sockgreet/adm.sock"; group = "adm";', "SupplementaryGroups=adm")):
        machine.write(CONF, configuration(f'  x = {{ type = "unix"; {settings} }};\n'))
        code, _, err = machine.run("sockgreetctl", "reload", check=False)
        expect(code == 71 and words in err, f"exit code {code}: {err}")
    machine.write(CONF, configuration('  x = { type = "unix"; path = "/tmp/greet.sock"; };\n'))
    machine.systemctl("reload")
    wait_until(lambda: any("private to this service (PrivateTmp=)" in str(entry["MESSAGE"]) for entry in
                           machine.journal(since)), "the warning about /tmp")
    machine.fresh(configuration('  x = { type = "unix"; path = "/run/sockgreet/adm.sock"; group = "adm"; };\n'),
                  drop_in="SupplementaryGroups=adm")
    owner = machine.output("stat", "-c", "%G", "/run/sockgreet/adm.sock").strip()
    expect(owner == "adm", f"the socket belongs to group {owner}")
    return "refused with advice; what it advises works"


def files_that_the_unit_hides(machine):
    """A file that everybody may read is found in /etc, and neither in /home nor in /tmp."""
    machine.fresh()
    for directory, code in (("/etc", 0), ("/home", 78), ("/tmp", 78), ("/var/tmp", 78)):
        path = f"{directory}/sockgreet-greeting"
        machine.run("sh", "-c", f"echo hidden >{path}; chmod 644 {path}")
        machine.write(CONF, configuration(f'  x = {{ type = "tcp"; port = 12401; greeting = "${{file:{path}}}"; }};\n'))
        status, _, err = machine.run("sockgreetctl", "reload", check=False)
        machine.run("rm", path)
        expect(status == code and (code == 0 or path in err), f"{path}: exit code {status}: {err}")
    machine.fresh()
    return "/etc is seen; /home, /tmp and /var/tmp are not"


def socket_unit_and_another_address(machine):
    """sockgreet.socket has any address, the file says 127.0.0.1: the start says whose socket is in the way."""
    machine.systemctl("stop")
    machine.drop_in("")
    machine.write(CONF, listeners(tcp='type = "tcp"; address = "127.0.0.1"; port = 12345;'))
    machine.run("systemctl", "start", SOCKET_UNIT)
    try:
        since = machine.now()
        starting = machine.popen("systemctl", "start", UNIT)
        wait_until(lambda: any("sockgreet.socket already has" in str(entry["MESSAGE"]) and "change that unit too" in
                               str(entry["MESSAGE"]) for entry in machine.journal(since)), "the reason in the journal")
        machine.write(CONF, listeners(tcp='type = "tcp"; port = 12345;'))
        machine.kill(1, machine.main_pid())
        starting.communicate(timeout=20)
        machine.started.remove(starting)
        expect(starting.returncode == 0, "the mended configuration does not start")
        wait_until(lambda: "passed by sockgreet.socket, does not belong to a listener" in machine.show("StatusText"),
                   f"the status to name what nobody wants: {machine.show('StatusText')}")
        greet(machine)
    finally:
        machine.systemctl("stop", check=False)
        machine.run("systemctl", "stop", SOCKET_UNIT)
    machine.fresh()
    return "named in journal and status"


def start_many(machine, kind, hosts, more=""):
    """Starts the service with a listener for each of these addresses."""
    lines = {f"t{i}": f'type = "{kind}"; address = "{host}"; port = 12500;{more}' for i, host in enumerate(hosts)}
    machine.fresh("workers = { processes = 1; threads = 1; };\n" + listeners(**lines))


def change_many(machine, hosts, ask):
    """Asks the first and the last of them, also after a reload and after a restart. Returns how long each took."""

    def greets(what):
        for host in hosts[:3] + hosts[-3:]:
            expect(ask(host) == GREETING.encode(), f"{host} does not greet after {what}")

    took = []
    greets("the start")
    for how in ("reload", "restart"):
        began = time.monotonic()
        machine.systemctl(how)
        took.append(f"{how} {time.monotonic() - began:.2f} s")
        greets(f"a {how}")
    return ", ".join(took)


MANY = [f"127.1.{i // 250}.{i % 250 + 1}" for i in range(1024)]


def many_listeners(machine):
    """1024 listeners with the unit's own limits: start, reload, restart."""
    start_many(machine, "tcp", MANY)
    began = time.monotonic()
    wait_until(lambda: int(machine.show("NFileDescriptorStore")) == len(MANY), "all sockets to be stored", 60)
    stored = time.monotonic() - began
    took = change_many(machine, MANY, lambda host: greet(machine, 12500, host))
    machine.fresh()
    return f"{len(MANY)} sockets, stored after {stored:.1f} s, {took}"


def many_shards(machine):
    """1024 UDP listeners of 8 sockets each, most of which systemd has not stored yet."""
    start_many(machine, "udp", MANY, " shards = 8;")
    took = change_many(machine, MANY, lambda host: ask_udp(machine, host, 12500))
    stored = machine.show("NFileDescriptorStore")
    machine.fresh()
    return f"{8 * len(MANY)} sockets, {took}; {stored} were stored by then"


CASES = [address_edits_by_reload, address_edits_by_restart, narrowed_means_narrowed, unix_kind_changes, ipv6_comes_and_goes,
         first_start_waits_for_its_port, restart_that_cannot_bind, deleted_path, paths_that_the_unit_forbids,
         files_that_the_unit_hides, socket_unit_and_another_address, many_listeners, many_shards]
