# SPDX-License-Identifier: MIT
"""systemd: sockets it passes, and what it is told."""

import contextlib
import os
import re
import shutil
import signal
import socket
import sys
import time

import pytest

from clients import ask_udp, connect, dgram_socket, exchange, greet
from operations import reconfigure, wait_status, write_configuration
from processes import SLOWNESS, is_running, wait_until
from service import GREETING, free_port, tcp, udp, unix, unix_dgram

needs_activate = pytest.mark.skipif(not shutil.which("systemd-socket-activate"), reason="no systemd-socket-activate")


def activate(spawn, listeners, *options, **settings):
    """A daemon that systemd-socket-activate starts when the first client comes."""
    service = spawn(listeners, prefix=["systemd-socket-activate", *options], **settings)
    wait_until(lambda: "Listening on" in service.log(), "systemd-socket-activate listens")
    return service


@needs_activate
def test_streams_from_systemd_socket_activate(spawn, tmp_path):
    """TCP and Unix listeners are adopted by type and address, whatever their order; the path stays afterwards."""
    path = str(tmp_path / "greet.sock")
    one, two = tcp(), tcp()
    service = activate(spawn, {"one": one, "two": two, "local": unix(path)}, "-l", path, "-l",
                       f"127.0.0.1:{two['port']}", "-l", f"127.0.0.1:{one['port']}")
    assert greet(service.address("two"), b"x" * 100) == GREETING
    service.wait_ready()
    for name in ("one", "two", "local"):
        assert greet(service.address(name)) == GREETING
        service.wait_log(rf"^Got connection from .* on {name}, sent 26 bytes$")
    service.stop()
    assert os.path.exists(path), "a path adopted from systemd is never unlinked"
    assert "does not belong to a listener" not in service.log()


@needs_activate
def test_what_arrived_at_sockets_from_systemd(spawn):
    """A socket that somebody else made keeps what greetings say of packets; the first client came before it was asked to."""
    stream, dgram = tcp(greeting="${ttl} ${interface}"), udp(greeting="${ttl} ${interface}", shards=1)
    service = activate(spawn, {"tcp": stream}, "-l", f"127.0.0.1:{stream['port']}")
    greet(service.address())
    service.wait_ready()
    assert greet(service.address()) == b"64 lo"
    service.stop()
    service = activate(spawn, {"udp": dgram}, "--datagram", "-l", f"127.0.0.1:{dgram['port']}")
    ask_udp(service.address())
    service.wait_ready()
    assert ask_udp(service.address())[0] == b"64 lo"


@needs_activate
def test_datagrams_from_systemd_socket_activate(spawn, tmp_path):
    """UDP and Unix datagram listeners are adopted too."""
    path = str(tmp_path / "greet.sock")
    listener = udp(shards=1)
    service = activate(spawn, {"udp": listener, "local": unix_dgram(path)}, "--datagram", "-l", path, "-l",
                       f"127.0.0.1:{listener['port']}")
    assert ask_udp(service.address("udp"))[0] == GREETING
    with dgram_socket() as client:
        assert exchange(client, path)[0] == GREETING
    service.wait_ready()
    service.stop()
    assert os.path.exists(path)


LAUNCHER = """
import os, sys
pid, first, count = sys.argv[1] or str(os.getpid()), int(sys.argv[2]), int(sys.argv[3])
for i in range(count):
    os.dup2(first + i, 3 + i, inheritable=True)
    os.close(first + i)
os.environ.update(LISTEN_PID=pid, LISTEN_FDS=str(count))
os.execvp(sys.argv[4], sys.argv[4:])
"""


def pass_sockets(spawn, sockets, listeners, pid="", **settings):
    """A daemon that inherits these sockets from descriptor 3 on, as the protocol has it."""
    first = 200  # out of the way of whatever is open here
    for i, bound in enumerate(sockets):
        os.dup2(bound.fileno(), first + i)
    passed = range(first, first + len(sockets))
    service = spawn(listeners, prefix=[sys.executable, "-c", LAUNCHER, pid, str(first), str(len(sockets))],
                    pass_fds=passed, **settings)
    for fd in passed:
        os.close(fd)
    return service


def bound_socket(family, kind, address):
    """A bound socket; a stream socket listens."""
    bound = socket.socket(family, kind)
    bound.bind(address)
    if kind == socket.SOCK_STREAM:
        bound.listen()
    return bound


def test_all_types_mixed(spawn, tmp_path):
    """Descriptors are matched by what they are, not by where they stand; what is not passed is bound."""
    stream, dgram, both, own = str(tmp_path / "stream"), str(tmp_path / "dgram"), free_port(), tcp()
    sockets = [
        bound_socket(socket.AF_UNIX, socket.SOCK_DGRAM, dgram),
        bound_socket(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", both)),
        bound_socket(socket.AF_UNIX, socket.SOCK_STREAM, stream),
        bound_socket(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", both)),
    ]
    listeners = {
        "tcp": {"type": "tcp", "address": "127.0.0.1", "port": both},
        "udp": {"type": "udp", "address": "127.0.0.1", "port": both, "shards": 1},
        "stream": unix(stream),
        "dgram": unix_dgram(dgram),
        "own": own,
    }
    service = pass_sockets(spawn, sockets, listeners).wait_ready()
    for bound in sockets:
        bound.close()
    assert greet(service.address("tcp")) == greet(stream) == greet(service.address("own")) == GREETING
    assert ask_udp(service.address("udp"))[0] == GREETING
    with dgram_socket() as client:
        assert exchange(client, dgram)[0] == GREETING
    service.stop()
    assert os.path.exists(stream) and os.path.exists(dgram)


def test_udp_with_shards_is_adopted(spawn):
    """A passed UDP socket takes the place of a listener that would have several."""
    listener = udp()
    with bound_socket(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", listener["port"])) as bound:
        service = pass_sockets(spawn, [bound], {"udp": {**listener, "shards": 4}}).wait_ready()
    for _ in range(20):
        assert ask_udp(service.address())[0] == GREETING
    service.stop()


def test_dual_stack_socket_is_adopted(spawn):
    """A socket for both families, as ListenStream=PORT makes it, is the listener of any address."""
    listener = tcp("")
    with socket.create_server(("", listener["port"]), family=socket.AF_INET6, dualstack_ipv6=True) as bound:
        service = pass_sockets(spawn, [bound], {"tcp": listener}).wait_ready()
    assert greet(("127.0.0.1", listener["port"])) == greet(("::1", listener["port"])) == GREETING
    service.stop()


def test_socket_of_no_listener_is_closed(spawn):
    """A passed socket that the configuration does not know is closed, with a warning."""
    with bound_socket(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", free_port())) as stranger:
        address = stranger.getsockname()
        service = pass_sockets(spawn, [stranger], {"tcp": tcp()}).wait_ready()
    service.wait_log(rf"^warning: socket 127\.0\.0\.1:{address[1]}, passed by unknown, does not belong to a listener: closed; change that ")
    wait_until(lambda: f"socket 127.0.0.1:{address[1]}, passed by unknown, does not belong to a listener" in wait_status(service)["unwanted"],
               "the status names it", 1)
    with pytest.raises(ConnectionRefusedError):
        connect(address)
    assert greet(service.address()) == GREETING
    service.stop()


def test_blocking_socket_that_was_passed(spawn):
    """A unit's sockets block: a thread that tried one before anybody waited there was stuck, and so was the end."""
    listener = tcp()
    with bound_socket(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", listener["port"])) as bound:
        service = pass_sockets(spawn, [bound], {"tcp": listener}, timeouts={"drain": 30.0}).wait_ready()
    assert greet(service.address()) == GREETING
    service.stop()


def test_one_passed_socket_of_a_listener_with_shards(spawn):
    """A unit passes one UDP socket, and the listener would have several: they cannot share the unit's port."""
    listener = udp(shards=4)
    with bound_socket(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", listener["port"])) as bound:
        service = pass_sockets(spawn, [bound], {"udp": listener}).wait_ready()
    assert ask_udp(service.address())[0] == GREETING
    service.stop()


def test_sockets_for_another_process_are_not_ours(spawn):
    """With another process's LISTEN_PID nothing is adopted."""
    listener = tcp()
    with bound_socket(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", listener["port"])) as bound:
        service = pass_sockets(spawn, [bound], {"tcp": listener}, pid="1")
        service.wait_stopped(expect=71)
    assert "Address already in use" in service.log()


def test_first_start_whose_port_is_taken_waits(spawn, manager):
    """A manager starts a service that failed again and again. At boot, with a port that another program had, that filled
    the log six times a second and never ended: the service waits inside, says why once, and is up as soon as it can."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        service = spawn({"tcp": tcp(port=port)}, environment={"NOTIFY_SOCKET": manager.path})
        waiting = f"STATUS=cannot bind 127.0.0.1:{port} (address already in use), trying again"
        wait_until(lambda: sum(waiting in message for message in manager.read()) >= 4, "four tries")
        manager.wait_match(r"EXTEND_TIMEOUT_USEC=\d{8}")
        assert "READY=1" not in [word for message in manager.messages for word in message]
    manager.wait("READY=1")
    assert greet(("127.0.0.1", port)) == GREETING
    assert service.log().count("Address already in use") == 1
    service.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_end_while_the_port_is_taken(spawn, manager, number):
    """A service that waits for a port ends when it is told to."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        service = spawn({"tcp": tcp(port=taken.getsockname()[1])}, environment={"NOTIFY_SOCKET": manager.path})
        manager.wait_match("STATUS=.* trying again")
        service.process.send_signal(number)
        service.wait_stopped(3)
    assert "READY=1" not in [word for message in manager.read() for word in message]


def test_reload_while_the_port_is_taken(spawn, manager):
    """The file is mended while the service waits for a port: SIGHUP has it read again; a broken one changes nothing."""
    free = tcp()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        service = spawn({"tcp": tcp(port=taken.getsockname()[1])}, environment={"NOTIFY_SOCKET": manager.path})
        manager.wait_match("STATUS=.* trying again")
        write_configuration(service, "greting = 3;")
        service.process.send_signal(signal.SIGHUP)
        service.wait_log("greting: unknown setting")
        reconfigure(service, listeners={"tcp": free})
        service.process.send_signal(signal.SIGHUP)
        manager.wait("READY=1")
    assert greet(service.address()) == GREETING
    service.stop()


# Notification


class Manager:
    """Receives what a service tells its manager."""

    def __init__(self, directory):
        self.path = str(directory / "notify")
        self.socket = dgram_socket(self.path)
        os.chmod(self.path, 0o666)
        self.messages = []

    def read(self):
        """All messages so far, each a list of assignments."""
        self.socket.setblocking(False)
        try:
            while True:
                self.messages.append(self.socket.recv(4096).decode().splitlines())
        except BlockingIOError:
            return self.messages

    def wait(self, assignment):
        """Waits for a message with this assignment."""

        def look():
            return next((message for message in self.read() if assignment in message), None)

        return wait_until(look, f"{assignment} in {self.messages}")

    def wait_match(self, pattern):
        """Waits for an assignment that matches."""

        def look():
            return any(re.fullmatch(pattern, assignment) for message in self.read() for assignment in message)

        wait_until(look, f"{pattern} in {self.messages}")


@pytest.fixture
def manager(tmp_path):
    """A stand-in for systemd's notification socket."""
    made = Manager(tmp_path)
    yield made
    made.socket.close()


def test_ready_and_stopping(spawn, manager):
    """READY=1 comes once, when every worker serves, with a STATUS; STOPPING=1 once, at the end."""
    service = spawn({"tcp": tcp(), "udp": udp()}, workers={"processes": 3}, environment={"NOTIFY_SOCKET": manager.path})
    ready = manager.wait("READY=1")
    assert ready == ["READY=1", "STATUS=Generation 1 serving: 3 of 3 workers, 0 greeted (0/s), 0 restarts"]
    assert greet(service.address("tcp")) == GREETING
    service.wait_counter("served", 1)
    assert len(service.workers()) == 3
    service.stop()
    stopping = manager.wait("STOPPING=1")
    assert stopping[1].startswith("STATUS=Draining: 3 workers finishing, 1 greeted")
    everything = [assignment for message in manager.read() for assignment in message]
    assert everything.count("READY=1") == everything.count("STOPPING=1") == 1
    assert everything.index("READY=1") < everything.index("STOPPING=1")


def test_ready_only_when_all_serve(spawn, manager):
    """Nothing is ready before the workers are: with a worker that cannot start there is no READY=1."""
    if os.geteuid() != 0:
        pytest.skip("needs root, for a drop of privileges that fails")
    service = spawn({"tcp": tcp()}, prefix=["setpriv", "--bounding-set=-setuid", "--"],
                    environment={"NOTIFY_SOCKET": manager.path})
    service.wait_log("cannot start: setresuid")
    time.sleep(0.2)
    assert not any("READY=1" in message for message in manager.read())
    service.checked = False
    service.stop()


def test_failed_start_says_why(spawn, manager):
    """`systemctl status` shows the last STATUS: it was "Stopped: 0 greeted", and the error was only in the journal."""
    service = spawn({"tcp": tcp()}, greeting="${weather}", environment={"NOTIFY_SOCKET": manager.path})
    service.wait_stopped(expect=os.EX_CONFIG)
    status = [assignment for message in manager.read() for assignment in message if assignment.startswith("STATUS=")][-1]
    assert re.fullmatch(r"STATUS=Stopped; start failed: \S+/sockgreet\.conf:\d+: greeting.*", status)


def test_ready_means_served(spawn, manager):
    """Right after READY=1 a client is greeted: no retry."""
    for _ in range(5):
        service = spawn({"tcp": tcp()}, environment={"NOTIFY_SOCKET": manager.path})
        manager.wait("READY=1")
        assert greet(service.address()) == GREETING
        service.stop()
        manager.messages.clear()


def test_status_is_refreshed(spawn, manager):
    """STATUS= follows the number of clients."""
    service = spawn({"tcp": tcp()}, environment={"NOTIFY_SOCKET": manager.path})
    manager.wait("READY=1")
    for _ in range(3):
        greet(service.address())
    manager.wait_match(r"STATUS=Generation 1 serving: 2 of 2 workers, 3 greeted \([01]/s\), 0 restarts")
    service.stop()


def test_workers_do_not_notify(spawn, manager):
    """Only the master speaks to the manager: workers forget where it is, and their deaths are no end of the service."""
    service = spawn({"tcp": tcp()}, environment={"NOTIFY_SOCKET": manager.path})
    manager.wait("READY=1")
    victim = service.workers()[0]
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: not is_running(victim) and len(service.workers()) == 2, "a successor")
    time.sleep(0.1 * SLOWNESS)
    everything = [assignment for message in manager.read() for assignment in message]
    assert everything.count("READY=1") == 1 and "STOPPING=1" not in everything
    service.stop()


def test_manager_that_is_gone(daemon, tmp_path):
    """A notification socket that is gone is no reason to end."""
    service = daemon({"tcp": tcp()}, environment={"NOTIFY_SOCKET": str(tmp_path / "gone")})
    assert greet(service.address()) == GREETING


def test_manager_that_does_not_read(daemon, tmp_path):
    """A notification socket that is full holds up neither greetings nor the master."""
    path = str(tmp_path / "full")
    with dgram_socket(path), dgram_socket(None) as filler:
        filler.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                filler.sendto(b"x", path)
        service = daemon({"tcp": tcp()}, environment={"NOTIFY_SOCKET": path})
        assert greet(service.address()) == GREETING
        service.stop()
