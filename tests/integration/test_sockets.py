# SPDX-License-Identifier: MIT
"""Listening sockets over everything that happens to them: paths that lead elsewhere, interfaces that go, families that are
missing, starts that fail, descriptors that run out or were left open. Each case was seen to go wrong."""

import contextlib
import ctypes
import errno
import os
import pwd
import resource
import shutil
import signal
import socket
import stat
import subprocess
import time

import pytest

from clients import HAS_IPV6, ask_udp, connect, dgram_socket, exchange, greet
from fault import RELIABLE, without_core
from namespaces import SETTINGS_INSIDE, mount_prefix
from operations import EX_OSERR, reconfigure, wait_drained, wait_status
from processes import SANITIZER, SLOWNESS, cpu_seconds, descriptors, is_running, let_enter, stays, wait_until
from service import GREETING, free_port, tcp, udp, unix, unix_dgram
from test_upgrade import end_successors, main_pid, restart

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
NOBODY = 65534
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


def open_to_all(directory):
    """Lets every user into a test's directory."""
    directory.mkdir(exist_ok=True)
    let_enter(*list(directory.parents)[:3])
    directory.chmod(0o777)
    return directory


def mode_of(path):
    """Mode bits of the file itself, not of what a link leads to."""
    return os.lstat(path).st_mode & 0o7777


# Paths


@ROOT
def test_reload_follows_no_link(daemon, sockgreetctl, tmp_path):
    """The workers' user puts a link to a secret in the socket's place: a reload by root changes nobody's file."""
    place = open_to_all(tmp_path / "place")
    secret = tmp_path / "secret"
    secret.write_text("secret")
    secret.chmod(0o600)
    service = daemon({"local": unix(place / "s", owner="nobody", mode="0660")})
    assert mode_of(place / "s") == 0o660 and os.stat(place / "s").st_uid == pwd.getpwnam("nobody").pw_uid
    os.unlink(place / "s")
    os.symlink(secret, place / "s")
    result = sockgreetctl(service, "reload")
    assert (secret.stat().st_mode & 0o777, secret.stat().st_uid) == (0o600, 0)
    assert result.code == EX_OSERR and "Address already in use" in result.err
    os.unlink(place / "s")
    assert sockgreetctl(service, "reload").code == 0
    assert greet(str(place / "s")) == GREETING
    service.stop()
    assert secret.read_text() == "secret"


@pytest.mark.parametrize("how", ["reload", "restart"])
@pytest.mark.parametrize("make, ask", [(unix, greet), (unix_dgram, None)], ids=["unix", "unix-dgram"])
def test_deleted_path_is_bound_anew(daemon, spawn, manager, sockgreetctl, tmp_path, how, make, ask):
    """A cleaner of directories deletes the socket's file: reload and restart said "success", and nobody could connect."""
    path = str(tmp_path / "s")
    service = daemon({"local": make(path), "tcp": tcp()}, environment=manager.environment)
    os.unlink(path)
    wait_until(lambda: wait_status(service)["listeners"]["trouble"].startswith("local: its path is gone"), "the status", 1)
    if how == "reload":
        assert sockgreetctl(service, "reload").code == 0
    else:
        service.stop()
        service = restart(spawn, service, manager).wait_ready()
    if ask:
        assert ask(path) == GREETING
    else:
        with dgram_socket() as client:
            assert exchange(client, path)[0] == GREETING
    assert wait_status(service)["listeners"]["down"] == 0
    service.stop()


def test_path_taken_over_by_a_live_server(daemon, sockgreetctl, tmp_path):
    """Somebody else's socket at our path is never changed, removed or replaced, at a reload or at the end."""
    path = str(tmp_path / "s")
    service = daemon({"local": unix(path), "tcp": tcp()})
    os.unlink(path)
    with socket.socket(socket.AF_UNIX) as theirs:
        theirs.bind(path)
        theirs.listen()
        os.chmod(path, 0o600)
        result = sockgreetctl(service, "reload")
        assert result.code == EX_OSERR and "another program listens there (ss -lxp shows which)" in result.err
        assert mode_of(path) == 0o600
        service.stop()
        assert stat.S_ISSOCK(os.lstat(path).st_mode), "it is somebody else's"


def test_path_taken_over_by_a_server_that_is_gone(daemon, sockgreetctl, tmp_path):
    """A socket that nobody has is replaced, whosever it was."""
    path = str(tmp_path / "s")
    service = daemon({"local": unix(path)})
    os.unlink(path)
    with socket.socket(socket.AF_UNIX) as theirs:
        theirs.bind(path)
    assert sockgreetctl(service, "reload").code == 0
    assert greet(path) == GREETING


def test_modes_whatever_the_umask(daemon, tmp_path):
    """With umask 077 the directory was closed to everybody but the master."""
    path = tmp_path / "made" / "s"
    service = daemon({"local": unix(path)}, prefix=["sh", "-c", 'umask 077; exec "$@"', "sh"])
    assert mode_of(path) == 0o666
    assert mode_of(path.parent) == mode_of(service.runtime) == 0o755


@ROOT
def test_group_that_the_service_is_not_a_member_of(spawn, tmp_path):
    """The message names what helps."""
    place = open_to_all(tmp_path / "place")
    service = spawn({"local": unix(place / "s", group="adm")}, prefix=AS_NOBODY)
    service.wait_stopped(expect=EX_OSERR)
    assert ("cannot set mode and owner of " in service.log() and "the service is not a member of group adm; "
            "add SupplementaryGroups=adm to the section [Service] with systemctl edit sockgreet" in service.log())
    assert not os.path.exists(place / "s")


def test_private_directory_is_warned_about(daemon, tmp_path):
    """A socket in the unit's private /tmp is found by nobody; "Listening on" was all that the log said."""
    private = tmp_path / "systemd-private-test"
    private.mkdir()
    prefix = mount_prefix('mount --bind "$1" /var/tmp', str(private))
    service = daemon({"local": unix("/var/tmp/s"), "tcp": tcp()}, prefix=prefix)
    service.wait_log(r"^warning: listeners\.local: the directory of /var/tmp/s is private to this service \(PrivateTmp=\)")


# Interfaces


def test_deleted_interface(namespace, daemon, sockgreetctl):
    """A socket whose interface is gone passed for one of all interfaces, and every client was refused."""
    namespace.add_link()
    port = free_port()
    listeners = {"one": {"type": "tcp", "address": "", "port": port, "interface": "east"},
                 "two": {"type": "udp", "address": "", "port": port, "interface": "east"}}
    service = daemon(listeners, prefix=namespace.prefix, **SETTINGS_INSIDE)
    namespace.ip("link", "del", "east")
    wait_until(lambda: wait_status(service)["listeners"] == {"up": 0, "down": 2, "trouble": "one: its interface is gone"},
               "the status says so", 7)
    for listener in listeners.values():
        del listener["interface"]
    reconfigure(service, listeners=listeners)
    assert sockgreetctl(service, "reload").code == 0
    assert is_greeted(namespace, "127.0.0.1", port)
    with namespace.udp("127.0.0.1") as client:
        assert exchange(client, ("127.0.0.1", port))[0] == GREETING
    service.stop()


def test_recreated_interface(namespace, daemon, sockgreetctl):
    """An interface that was deleted and made again is served after a reload."""
    namespace.add_link()
    listener = {"type": "tcp", "address": "", "port": free_port(), "interface": "east"}
    service = daemon({"tcp": listener}, prefix=namespace.prefix, **SETTINGS_INSIDE)
    namespace.ip("link", "del", "east")
    result = sockgreetctl(service, "reload")
    assert result.code == EX_OSERR and "there is no such interface" in result.err
    namespace.add_link()
    assert sockgreetctl(service, "reload").code == 0
    assert is_greeted(namespace, "192.168.77.1", listener["port"], "east")
    service.stop()


def is_greeted(namespace, host, port, interface=None):
    """Whether a client inside, on an interface if one is named, is greeted over TCP."""

    def make():
        client = socket.socket()
        if interface:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode() + b"\0")
        client.settimeout(5)
        client.connect((host, port))
        return client

    if interface:  # what is sent to an own address goes over lo, whatever the interface: look at the socket instead
        table = subprocess.run([*namespace.prefix, "ss", "-Htln", "sport", f"= :{port}"], capture_output=True, text=True,
                               check=True).stdout
        index = namespace.index(interface)
        return f"%{interface}:" in table or f"%if{index}:" in table
    with namespace.socket(make) as client:
        return client.recv(100) == GREETING


def test_link_local_reload(namespace, daemon, sockgreetctl):
    """A link-local listener is recognised as the one it is, with and without "interface"."""
    if not HAS_IPV6:
        pytest.skip("no IPv6")
    namespace.add_link()
    port = free_port()
    service = daemon({"tcp": {"type": "tcp", "address": "fe80::77%east", "port": port}}, prefix=namespace.prefix,
                     **SETTINGS_INSIDE)
    before = listening(namespace, port)
    assert sockgreetctl(service, "reload").code == 0
    reconfigure(service, listeners={"tcp": {"type": "tcp", "address": "fe80::77", "interface": "east", "port": port}})
    assert sockgreetctl(service, "reload").code == 0
    assert listening(namespace, port) == before
    service.stop()


def listening(namespace, port):
    """Inodes of what listens at a TCP port inside."""
    table = subprocess.run([*namespace.prefix, "ss", "-Htlne", "sport", f"= :{port}"], capture_output=True, text=True,
                           check=True).stdout
    return {word for line in table.splitlines() for word in line.split() if word.startswith("ino:")}


# Names and families


def hosts(tmp_path, *lines):
    """A command prefix with this hosts file."""
    path = tmp_path / "hosts"
    path.write_text("".join(line + "\n" for line in lines))
    return mount_prefix('mount --bind "$1" /etc/hosts', str(path))


@ROOT
@pytest.mark.parametrize("without", ["no IPv6", "no ::1"])
def test_localhost_where_an_address_is_missing(namespace, spawn, tmp_path, without):
    """IPv6 off by sysctl, with ::1 in the hosts file, is every container: the manual's own example failed there."""
    if without == "no IPv6":
        subprocess.run([*namespace.prefix, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1"], check=True)
    else:
        namespace.add_link()
        namespace.ip("address", "del", "::1/128", "dev", "lo")
    prefix = [*namespace.prefix, *hosts(tmp_path, "127.0.0.1 localhost", "::1 localhost")]
    listener = {"type": "tcp", "address": "localhost", "port": free_port()}
    service = spawn({"tcp": listener}, prefix=prefix).wait_ready()
    service.wait_log(r'^warning: .*: listeners\.tcp\.address: "localhost" also resolves to ::1, which this host does not have; ignored$')
    assert is_greeted(namespace, "127.0.0.1", listener["port"])
    service.stop()


@ROOT
def test_name_of_missing_addresses_only(namespace, spawn, tmp_path):
    """A name without any address that can be had is an error that names them."""
    subprocess.run([*namespace.prefix, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1"], check=True)
    prefix = [*namespace.prefix, *hosts(tmp_path, "::1 six")]
    service = spawn({"tcp": {"type": "tcp", "address": "six", "port": free_port()}}, prefix=prefix)
    service.wait_stopped(expect=78)
    assert '"six" resolves to ::1, which this host does not have' in service.log()


@pytest.mark.parametrize("argument", [":{port}", "*:{port}", "tcp://:{port}"])
def test_any_address_on_the_command_line(namespace, daemon, argument):
    """-l :PORT and *:PORT are any address of both families."""
    service = daemon({"configured": tcp()}, prefix=namespace.prefix, options=["-f", "-l", argument.format(port=2000)])
    for host in ("127.0.0.1", "::1") if HAS_IPV6 else ("127.0.0.1",):
        with namespace.tcp(host, 2000) as client:
            assert client.recv(100) == GREETING
    service.stop()


def test_number_alone_on_the_command_line(sockgreetd):
    """-l 2000 served the address 0.0.7.208."""
    done = subprocess.run([sockgreetd, "-t", "-l", "2000"], capture_output=True, text=True, check=False)
    assert done.returncode == 78 and "could be a port or an address; a port on all addresses is written :PORT" in done.stderr


def test_multicast(namespace, daemon, spawn):
    """A multicast listener joins its group on the interface, and without one is refused."""
    namespace.add_link()
    namespace.ip("route", "add", "239.1.2.3/32", "dev", "east")
    port = free_port()
    listener = {"type": "udp", "address": "239.1.2.3", "port": port, "interface": "east"}
    service = daemon({"udp": listener}, prefix=namespace.prefix, **SETTINGS_INSIDE)
    groups = subprocess.run([*namespace.prefix, "ip", "maddress", "show", "dev", "east"], capture_output=True, text=True,
                            check=True).stdout
    assert "239.1.2.3" in groups
    service.stop()
    for change, words in (({"type": "tcp"}, "is a multicast address; allowed: only in listeners of type udp"),
                          ({"interface": ""}, "is a multicast address without an interface; allowed: with the setting interface")):
        refused = spawn({"x": {**listener, **change}}, prefix=namespace.prefix, **SETTINGS_INSIDE)
        refused.wait_stopped(expect=78)
        assert words in refused.log()


def defaults(spawn, namespace, prefix=(), **how):
    """A daemon with neither a file nor -l, in a namespace where its ports are free."""
    return spawn({}, prefix=[*namespace.prefix, *prefix], file=False, options=["-f"], **how)


@ROOT
@pytest.mark.parametrize("place", ["missing", "foreign"])
def test_built_in_socket_is_optional(namespace, spawn, place):
    """The default Unix socket made the start fail where XDG_RUNTIME_DIR was missing or another user's."""
    directory = {"missing": "/nonexistent/xdg", "foreign": "/root"}[place]
    service = defaults(spawn, namespace, AS_NOBODY, environment={"XDG_RUNTIME_DIR": directory, "RUNTIME_DIRECTORY": ""})
    service.wait_ready()
    service.wait_log(rf"^warning: listeners\.local: cannot bind {directory}/sockgreet\.sock: ")
    with namespace.tcp("127.0.0.1", 12345) as client:
        assert client.recv(100) == GREETING
    service.stop()


@ROOT
def test_read_only_root(namespace, spawn, tmp_path):
    """Where nothing can be written the built-in defaults serve without the Unix socket; a configured one is an error."""
    prefix = mount_prefix("mount -t tmpfs -o ro none /run")
    service = defaults(spawn, namespace, prefix, environment={"RUNTIME_DIRECTORY": ""}).wait_ready()
    service.wait_log(r"^warning: listeners\.local: cannot bind /run/sockgreet/greet\.sock: ")
    with namespace.tcp("127.0.0.1", 12345) as client:
        assert client.recv(100) == GREETING
    service.stop()
    service = spawn({"local": unix("/run/x/s"), "tcp": tcp()}, prefix=mount_prefix("mount -t tmpfs -o ro none /run"))
    service.wait_stopped(expect=EX_OSERR)
    assert "cannot bind /run/x/s: No such file or directory" in service.log()


@ROOT
@pytest.mark.parametrize("root", [False, True], ids=["user 1000", "root"])
def test_no_user_database(spawn, root):
    """Without /etc/passwd the service starts as any user; root is told that numbers work."""
    nobody = mount_prefix("for file in passwd group nsswitch.conf; do mount --bind /dev/null /etc/$file; done")
    user = [] if root else ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups"]
    port = free_port()
    service = spawn({}, prefix=[*nobody, *user], file=False, options=["-f", "-l", f"tcp://127.0.0.1:{port}"],
                    environment={"RUNTIME_DIRECTORY": ""})
    if root:
        service.wait_stopped(expect=78)
        assert ('user: there is neither a user "sockgreet" nor "nobody"; allowed: an existing user, by name or number'
                in service.log())
    else:
        service.wait_ready()
        assert greet(("127.0.0.1", port)) == GREETING
        service.stop()


def test_ipv6_that_has_become_available(spawn, manager):
    """A stored 0.0.0.0 of a time without IPv6 is replaced by a socket for both families, and its queue is served."""
    if not HAS_IPV6:
        pytest.skip("no IPv6")
    port = free_port()
    with socket.create_server(("0.0.0.0", port)) as old:
        manager.store["sg.1"] = os.dup(old.fileno())
    with connect(("127.0.0.1", port)) as queued:
        place, environment, copies = manager.pass_store()
        service = spawn({"tcp": {"type": "tcp", "address": "", "port": port}}, environment=environment, preexec=place,
                        pass_fds=range(3, 3 + len(copies)), prefix=["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh"])
        for descriptor in copies:
            os.close(descriptor)
        service.wait_ready()
        assert queued.recv(100) == GREETING
    assert greet(("::1", port)) == greet(("127.0.0.1", port)) == GREETING
    wait_until(lambda: manager.count("FDSTOREREMOVE=1") == 1, "the old one leaves the store")
    service.stop()


# Two listeners that change places


@pytest.mark.parametrize("how", ["reload", "restart"])
def test_ports_swapped(daemon, spawn, manager, sockgreetctl, how):
    """Two listeners swap their ports: each socket goes on with the other's greeting."""
    one, two = tcp(greeting="one\r\n"), tcp(greeting="two\r\n")
    service = daemon({"one": one, "two": two}, environment=manager.environment)
    one["port"], two["port"] = two["port"], one["port"]
    reconfigure(service, listeners={"one": one, "two": two})
    if how == "reload":
        assert sockgreetctl(service, "reload").code == 0
    else:
        service.stop()
        service = restart(spawn, service, manager).wait_ready()
    assert greet(("127.0.0.1", one["port"])) == b"one\r\n"
    assert greet(("127.0.0.1", two["port"])) == b"two\r\n"
    assert not manager.count("FDSTOREREMOVE=1")
    service.stop()


# Starts that fail


def taken(stack, _faults, port):
    """Another program has the port."""
    stack.enter_context(socket.create_server(("127.0.0.1", port)))
    return "cannot bind"


def not_here(_stack, faults, _port):
    """The address has not come yet."""
    faults.arm("bind", 1, errno.EADDRNOTAVAIL, again=True)
    return "cannot bind"


def no_descriptors(_stack, faults, _port):
    """There are no descriptors left."""
    faults.arm("socket", 1, errno.EMFILE, again=True)
    return "cannot"


@pytest.mark.parametrize("trouble", [taken, not_here, no_descriptors])
def test_restart_that_cannot_bind(daemon, spawn, manager, faults, sockgreetctl, tmp_path, trouble):
    """A restart with a listener that cannot be had gave up all others: it serves the last good configuration, nothing
    that was stored is given up, and no path is removed."""
    if trouble is not taken and not RELIABLE:
        pytest.skip("a sanitizer's functions come first")
    path, third = str(tmp_path / "s"), tcp()
    service = daemon({"tcp": tcp(), "local": unix(path)}, environment=manager.environment)
    inode = os.stat(path).st_ino
    reconfigure(service, listeners={**service.settings["listeners"], "third": third})
    service.stop()
    with contextlib.ExitStack() as stack:
        words = trouble(stack, faults, third["port"])
        before = dict(manager.store)
        manager.environment.update(faults.environment)
        successor = restart(spawn, service, manager)
        if trouble is no_descriptors:  # not even the last good one can be had: it waits
            wait_until(lambda: manager.tells("EXTEND_TIMEOUT_USEC"), "it waits")
            faults.disarm()
            successor.wait_ready()
        else:
            successor.wait_ready()
            wait_until(lambda: "CONFIGURATION REFUSED, using the last good one (" in (
                line := manager.tells("STATUS")[-1]["STATUS"]) and words in line, "the status says why", 7)
            # Where no socket can be bound, the control socket cannot either.
            assert trouble is not_here or words in wait_status(successor)["refused"]
        assert manager.store == before or trouble is no_descriptors
        assert not manager.count("FDSTOREREMOVE=1")
        assert greet(successor.address("tcp")) == greet(path) == GREETING
        assert os.stat(path).st_ino == inode
        faults.disarm()
    if trouble in (not_here, no_descriptors):  # there may be no control socket
        os.kill(successor.pid, signal.SIGHUP)
        successor.wait_log("^Reloaded: generation 2 serves")
    else:
        assert sockgreetctl(successor, "reload").code == 0
    assert greet(("127.0.0.1", third["port"])) == GREETING
    successor.stop()


EDITS = {
    "narrower": (lambda port, path: {"type": "tcp", "address": "", "port": port},
                 lambda port, path: {"type": "tcp", "address": "127.0.0.1", "port": port}),
    "wider": (lambda port, path: {"type": "tcp", "address": "127.0.0.1", "port": port},
              lambda port, path: {"type": "tcp", "address": "", "port": port}),
    "udp": (lambda port, path: {"type": "udp", "address": "", "port": port, "shards": 2},
            lambda port, path: {"type": "udp", "address": "127.0.0.1", "port": port, "shards": 3}),
    "kind": (lambda port, path: unix(path), lambda port, path: unix_dgram(path)),
}
CALLS = {"socket": errno.EMFILE, "bind": errno.EADDRNOTAVAIL, "setsockopt": errno.ENOMEM, "listen": errno.EADDRINUSE,
         "calloc": errno.ENOMEM, "fork": errno.EAGAIN, "eventfd": errno.EMFILE, "pipe2": errno.EMFILE}


def ask(listener):
    """Whether a client of the listener is greeted, over the loopback interface."""
    try:
        if listener["type"] == "tcp":
            return greet(("127.0.0.1", listener["port"])) == GREETING
        if listener["type"] == "udp":
            return ask_udp(("127.0.0.1", listener["port"]))[0] == GREETING
        if listener["type"] == "unix":
            return greet(listener["path"]) == GREETING
        with dgram_socket() as client:
            return exchange(client, listener["path"])[0] == GREETING
    except OSError:
        return False


@pytest.mark.skipif(not RELIABLE, reason="a sanitizer's functions come first")
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("edit", EDITS)
def test_reload_with_a_call_that_fails(daemon, faults, sockgreetctl, figures, tmp_path, edit, call):
    """The n-th failing call during a change of endpoint: the old one goes on serving, and without the fault the same
    reload succeeds."""
    port, path = free_port(), str(tmp_path / "s")
    shapes = [make(port, path) for make in EDITS[edit]]
    service = daemon({"x": shapes[0]}, environment=faults.environment, workers={"processes": 1, "threads": 1})
    number, refused = 0, 0
    while True:
        number += 1 if number < 8 else number // 4
        reconfigure(service, listeners={"x": shapes[1]})
        faults.arm(call, number, CALLS[call])
        result = sockgreetctl(service, "reload")
        hit = faults.hits() > 0
        faults.disarm()
        assert ask(shapes[0 if result.code else 1]), f"{call} {number}: {result}"
        refused += result.code != 0
        if result.code:
            assert sockgreetctl(service, "reload").code == 0, f"{call} {number}, then without a fault"
            assert ask(shapes[1])
        reconfigure(service, listeners={"x": shapes[0]})
        assert sockgreetctl(service, "reload").code == 0
        assert ask(shapes[0])
        if not hit:
            break
    figures(f"{edit}, {call}: up to number {number}, {refused} refused")
    service.stop()


@pytest.mark.skipif(not RELIABLE, reason="a sanitizer's functions come first")
@pytest.mark.parametrize("call", ["socket", "bind", "setsockopt", "calloc"])
@pytest.mark.parametrize("edit", ["wider", "udp", "kind"])
def test_restart_with_a_call_that_fails(daemon, spawn, manager, faults, figures, tmp_path, edit, call):
    """The same for a restart: it serves the new endpoint, or the last good one, or waits and then serves; the next start
    without the fault has the same sockets."""
    port, path = free_port(), str(tmp_path / "s")
    shapes = [make(port, path) for make in EDITS[edit]]
    manager.environment.update(faults.environment)
    service = daemon({"x": shapes[0]}, environment=manager.environment, workers={"processes": 1, "threads": 1})
    number = 0
    while True:
        number += 1 if number < 3 else number
        reconfigure(service, listeners={"x": shapes[1]})
        service.stop()
        ready = manager.count("READY=1")
        faults.arm(call, number, CALLS[call])
        successor = restart(spawn, service, manager)
        wait_until(lambda: manager.count("READY=1") > ready or successor.process.poll() is not None, "an outcome")
        hit = faults.hits() > 0
        faults.disarm()
        if successor.process.poll() is None:
            degraded = "CONFIGURATION REFUSED" in manager.tells("READY")[-1]["STATUS"]
            assert ask(shapes[0 if degraded else 1]), f"{call} {number}:\n{successor.log()}"
            successor.stop()
        else:
            assert successor.process.returncode == EX_OSERR, successor.log()
        for shape in (1, 0):  # without a fault, there and back
            reconfigure(service, listeners={"x": shapes[shape]})
            service.settings = {**service.settings}
            successor = restart(spawn, service, manager).wait_ready()
            assert ask(shapes[shape]), f"{call} {number}, then without a fault"
            if shape:
                successor.stop()
        successor.settings, successor.configuration = service.settings, service.configuration
        service = successor
        if not hit:
            break
    figures(f"{edit}, {call}: up to number {number}")
    service.stop()


# Upgrades


@pytest.fixture(name="upgradable")
def fixture_upgradable(daemon, sockgreetd, tmp_path):
    """Starts a daemon whose program can be replaced; ends its successors."""
    services = []

    def start(listeners, **settings):
        program = tmp_path / "bin" / "sockgreetd"
        program.parent.mkdir()
        shutil.copy(sockgreetd, program)
        services.append(daemon(listeners, program=str(program), preexec=without_core, **settings))
        return services[-1]

    yield start
    for service in services:
        if service.process.poll() is not None:
            end_successors(service)


def test_failed_upgrade_keeps_the_path(upgradable, tmp_path):
    """An upgrade that fails took the Unix path of the process that goes on along."""
    path = str(tmp_path / "s")
    with socket.create_server(("127.0.0.1", 0)) as theirs:
        service = upgradable({"tcp": tcp(), "local": unix(path)})
        reconfigure(service, listeners={**service.settings["listeners"], "x": tcp(port=theirs.getsockname()[1])})
        os.kill(service.pid, signal.SIGUSR2)
        service.wait_log("^error: Upgrade failed: ")
    assert greet(path) == greet(service.address("tcp")) == GREETING


def test_upgrade_takes_sockets_of_a_generation_that_drains(upgradable, sockgreetctl):
    """An upgrade right after a reload that dropped a listener, with the listener in the file again, failed."""
    one, two = tcp(), tcp()
    service = upgradable({"one": one, "two": two})
    with connect(("127.0.0.1", two["port"])) as lingering:
        assert lingering.recv(100) == GREETING
        reconfigure(service, listeners={"one": one})
        assert sockgreetctl(service, "reload").code == 0
        reconfigure(service, listeners={"one": one, "two": two})
        os.kill(service.pid, signal.SIGUSR2)
        service.wait_log(r"^Upgrade: pid \d+ is serving; this process drains and ends$")
    assert greet(("127.0.0.1", two["port"])) == GREETING
    service.wait_stopped(15)
    assert greet(("127.0.0.1", two["port"])) == greet(("127.0.0.1", one["port"])) == GREETING


def many_listeners(count, shards):
    """UDP listeners on addresses of their own."""
    port = free_port()
    return {f"u{i}": {"type": "udp", "address": f"127.1.{i // 250}.{i % 250 + 1}", "port": port, "shards": shards}
            for i in range(count)}


@pytest.mark.skipif(bool(SANITIZER), reason="takes minutes with a sanitizer's functions in every call")
def test_1024_listeners_of_8_shards(upgradable, sockgreetctl, figures):
    """8192 sockets with the unit's own limits: start, reload, upgrade. The start ran out of descriptors, a reload took
    minutes of the master's time, and an upgrade could not be executed."""
    hard = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 524288)
    listeners = many_listeners(1024, 8)
    service = upgradable(listeners, workers={"processes": 1, "threads": 1}, log={"greetings": "off"},
                         prefix=["prlimit", f"--nofile=1024:{hard}"])  # as the unit has it, or as far as it goes here
    before = cpu_seconds(service.pid)
    assert sockgreetctl(service, "reload").code == 0
    figures(f"a reload of 8192 sockets took {cpu_seconds(service.pid) - before:.2f} s of the master's time")
    assert cpu_seconds(service.pid) - before < 1.0  # of which 0.3 s are the sockets'; the rest is what fork() copies
    last = ("127.1.4.24", listeners["u1023"]["port"])
    assert ask_udp(last)[0] == GREETING
    os.kill(service.pid, signal.SIGUSR2)
    service.wait_stopped(30)
    assert ask_udp(last)[0] == GREETING


# Descriptors and the environment


@ROOT
def test_descriptors_left_open_by_the_starter(daemon):
    """A worker of user nobody had /etc/shadow at 9 after 9</etc/shadow."""
    service = daemon({"tcp": tcp()}, prefix=["sh", "-c", 'exec "$@" 9</etc/shadow', "sh"])
    for pid in (service.pid, *service.workers()):
        held = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in descriptors(pid)]
        assert "/etc/shadow" not in held, held


def test_standard_descriptors_are_occupied(daemon):
    """With 0 to 2 closed the service's own took their places, and log lines were written into an eventfd."""
    service = daemon({"tcp": tcp()}, prefix=["sh", "-c", 'exec "$@" <&- >&-', "sh"])
    for pid in (service.pid, *service.workers()):
        assert [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in (0, 1)] == ["/dev/null"] * 2


def test_environment_is_believed_only_with_its_pid(daemon):
    """SOCKGREET_UPGRADE_FD=3 had the master close its own signals and take a whole processor."""
    service = daemon({"tcp": tcp()}, environment={"SOCKGREET_UPGRADE_FD": "3", "LISTEN_FDS": "1", "LISTEN_PID": "1"})
    before = cpu_seconds(service.pid)
    time.sleep(0.3)
    assert cpu_seconds(service.pid) - before < 0.1
    assert greet(service.address()) == GREETING
    service.stop()


def fetch_sockets(pid, kind, name):
    """Copies of the sockets of a kind at a port or path that a process has: what a worker that was taken over can use."""
    libc = ctypes.CDLL(None, use_errno=True)
    pidfd = os.pidfd_open(pid)
    found = []
    for fd in descriptors(pid):
        copy = libc.syscall(438, pidfd, fd, 0)  # pidfd_getfd
        if copy < 0:
            continue  # closed since
        if not stat.S_ISSOCK(os.fstat(copy).st_mode):
            os.close(copy)
            continue
        made = socket.socket(fileno=copy)
        own = made.getsockname()
        if made.type == kind and name in (own, own[1] if isinstance(own, tuple) else None):
            found.append(made)
        else:
            made.close()
    os.close(pidfd)
    assert found, f"process {pid} has no socket at {name}"
    return found


def shut(service, kind, name):
    """Shuts a service's sockets down, as one of its workers could."""
    for copy in fetch_sockets(service.workers()[0], kind, name):
        with copy, contextlib.suppress(OSError):  # ENOTCONN of a datagram socket is shut all the same
            copy.shutdown(socket.SHUT_RD)


def assert_nobody_spins(service):
    """No thread, nor the master, is busy with a socket that was shut down."""
    wait_drained(service, 2)
    pids = [service.pid, *service.workers()]
    before = cpu_seconds(*pids)
    time.sleep(0.5)
    assert cpu_seconds(*pids) - before < 0.15 * SLOWNESS


@ROOT
@pytest.mark.parametrize("again", [1, 5])
def test_listening_socket_that_was_shut_down(daemon, again):
    """shutdown() of the shared socket by a worker that was taken over stopped TCP for all, until a reload."""
    service = daemon({"tcp": tcp(), "other": tcp()}, workers={"processes": 2})
    port = service.address("tcp")[1]
    for _ in range(again):
        shut(service, socket.SOCK_STREAM, port)
        wait_until(lambda: ask(service.settings["listeners"]["tcp"]), "it listens again", 3)
        assert greet(service.address("other")) == GREETING
    service.wait_log(rf"^warning: listeners\.tcp: 127\.0\.0\.1:{port} was shut down by one of the workers; listening again$")
    assert_nobody_spins(service)
    service.stop()


@ROOT
@pytest.mark.parametrize("kind", ["unix", "unix-dgram", "udp"])
def test_other_sockets_that_were_shut_down(daemon, sockgreetctl, tmp_path, kind):
    """One that cannot listen again does not keep a processor busy: log and status say so, and a reload mends it."""
    path = str(tmp_path / "s")
    listener = udp(shards=1) if kind == "udp" else {"type": kind, "path": path}
    service = daemon({"x": listener, "tcp": tcp()}, workers={"processes": 2})
    shut(service, socket.SOCK_STREAM if kind == "unix" else socket.SOCK_DGRAM, listener.get("port", path))
    service.wait_log("^error: listeners\\.x: .* was shut down by one of the workers and cannot be opened again; a reload ")
    wait_until(lambda: wait_status(service)["listeners"]["trouble"] == "x: a worker has shut it down", "the status", 7)
    assert wait_status(service)["listeners"]["down"] == 1
    assert_nobody_spins(service)
    assert greet(service.address("tcp")) == GREETING
    assert sockgreetctl(service, "reload").code == 0
    assert ask(listener)
    assert wait_status(service)["listeners"]["down"] == 0
    assert_nobody_spins(service)
    service.stop()


@ROOT
@pytest.mark.parametrize("kind", ["unix", "unix-dgram"])
def test_abstract_socket_that_was_shut_down(daemon, spawn, manager, sockgreetctl, tmp_path, kind):
    """Its name is free only when nobody has the socket any more: a reload says so, and blamed another program; a restart
    mends it."""
    name = f"@{tmp_path}"
    listener = {"type": kind, "path": name}
    service = daemon({"x": listener, "tcp": tcp()}, environment=manager.environment)
    shut(service, socket.SOCK_STREAM if kind == "unix" else socket.SOCK_DGRAM, f"\0{name[1:]}".encode())
    service.wait_log("^error: listeners\\.x: .* was shut down by one of the workers and cannot be opened again; a restart ")
    refused = sockgreetctl(service, "reload")
    assert refused.code != 0
    assert f"a worker has shut down {name}, which this service still holds; restart it" in refused.err + refused.out
    service.stop()
    service = restart(spawn, service, manager).wait_ready()
    assert ask({**listener, "path": f"\0{name[1:]}"})
    assert greet(service.address("tcp")) == GREETING
    service.stop()


def test_one_file_by_two_names(daemon, sockgreetctl, tmp_path):
    """The second listener removed the first one's file, and took the place of it."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    path, same = tmp_path / "real" / "s", tmp_path / "link" / "s"
    service = daemon({"one": unix(str(path))})
    reconfigure(service, listeners={"one": unix(str(path)), "two": unix(str(same))})
    refused = sockgreetctl(service, "reload")
    assert refused.code != 0
    assert "listeners.two: cannot bind" in refused.err and "listeners.one has it, under another name" in refused.err
    assert greet(str(path)) == GREETING
    reconfigure(service, listeners={"two": unix(str(same))})
    assert sockgreetctl(service, "reload").code == 0
    assert greet(str(path)) == GREETING
    service.stop()
    assert os.listdir(tmp_path / "real") == []


def test_second_daemon_in_the_same_runtime_directory(daemon, sockgreetctl):
    """The second one overwrote the first one's status, and its end removed it. It says what it does without; its sockets may
    well be there."""

    def told_by_the_first():
        return {name: value for name, value in wait_status(first).items() if name != "uptime"}

    first = daemon({"tcp": tcp()})
    state = told_by_the_first()
    pid_file = (first.runtime / "sockgreetd.pid").read_text()
    second = daemon({"local": unix(first.runtime / "second.sock")}, environment={"RUNTIME_DIRECTORY": str(first.runtime)})
    second.wait_log(rf"^warning: .*/run is used by another sockgreetd \(pid {first.pid}\), .*; to run both, "
                    "set RUNTIME_DIRECTORY ")
    assert greet(second.address()) == GREETING
    second.stop()
    assert main_pid(first) == first.pid and told_by_the_first() == state
    assert (first.runtime / "sockgreetd.pid").read_text() == pid_file
    result = sockgreetctl(first, "status")
    assert result.code == 0 and f"pid {first.pid}" in result.out
    assert is_running(first.pid) and stays(lambda: (first.runtime / "control.sock").exists(), 0.1)
