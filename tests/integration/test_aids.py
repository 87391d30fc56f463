# SPDX-License-Identifier: MIT
"""Listeners that are bad servers on purpose: late, dripping, cut off, without an end."""

import socket
import time

import pytest

import proxies
from clients import connect, greet, read_all, run
from processes import wait_until
from service import GREETING, free_port, tcp, unix


@pytest.fixture(params=["tcp", "unix"], name="listener")
def fixture_listener(request, tmp_path):
    """Makes a stream listener of either kind."""

    def make(**settings):
        return tcp(**settings) if request.param == "tcp" else unix(tmp_path / "greet.sock", **settings)

    return make


def test_delay(daemon, listener):
    """Nothing comes before the time, and then all of it, to clients that talk or are silent meanwhile."""
    service = daemon({"one": listener(delay=1.0)})
    started = time.monotonic()
    with connect(service.address()) as silent, connect(service.address()) as talker:
        talker.sendall(b"hello?")
        assert read_all(silent) == GREETING
        assert time.monotonic() - started >= 1.0
        assert read_all(talker) == GREETING
    assert service.wait_counter("sent", 2)["reset"] == 0


def test_who_leaves_during_the_delay(daemon):
    """A client that breaks off is counted then, not when its greeting would be due."""
    service = daemon({"one": tcp(delay=600.0)})
    with connect(service.address()) as client:
        wait_until(lambda: service.counters()["taken"] == 1, "it is in a worker's hands")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    service.wait_counter("reset", 1)
    assert service.stop()["sent"] == 0


def test_delay_of_an_answer(daemon):
    """It begins when the request is whole."""
    service = daemon({"web": tcp(service="http", delay=0.5, greeting="late\n")})
    started = time.monotonic()
    host, port = service.address()
    assert run("curl", "-sS", "--fail", f"http://{host}:{port}/") == b"late\n"
    assert time.monotonic() - started >= 0.5


@pytest.mark.parametrize("greeting", ["0123456789", "0123${transport:-x}456789 ${client_port}"])
def test_chunk(daemon, greeting):
    """Each piece comes alone, with a pause after it, whether the greeting is the same for all or not."""
    service = daemon({"one": tcp(greeting=greeting, chunk=3, chunk_pause=0.3)})
    pieces, started = [], time.monotonic()
    with connect(service.address()) as client:
        while piece := client.recv(100):
            pieces.append(piece)
            # The client may have slept through a pause, and then has two at once.
            assert len(b"".join(pieces)) <= 3 * (1 + (time.monotonic() - started) // 0.3)
        whole = greeting.replace("${transport:-x}", "tcp").replace("${client_port}", str(client.getsockname()[1])).encode()
    assert b"".join(pieces) == whole
    assert service.wait_counter("sent", 1)["bytes"] == len(whole)


def test_who_does_not_read_pieces(daemon):
    """A client that takes nothing is given up in the end."""
    service = daemon({"one": unix_flood(chunk=65536, chunk_pause=0.001)}, timeouts={"send": 0.2, "send_total": 0.5})
    with connect(service.address()):
        assert service.wait_counter("timed-out", 1)["sent"] == 0


def unix_flood(**settings):
    """A greeting that no socket buffer holds."""
    return unix(f"@sockgreet-test-{free_port()}", greeting="x" * 1000000, **settings)


def test_reset(daemon):
    """The greeting comes, and then the connection is cut off; the delay lets the client see that it is connected."""
    service = daemon({"one": tcp(end="reset", delay=0.2)})
    with connect(service.address()) as client:
        assert client.recv(len(GREETING), socket.MSG_WAITALL) == GREETING
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    service.wait_counter("sent", 1)


def test_hold(daemon, listener):
    """The greeting comes, and no end, until the client ends."""
    service = daemon({"one": listener(end="hold")}, timeouts={"linger": 0.2, "linger_total": 0.2})
    with connect(service.address()) as client:
        assert client.recv(len(GREETING), socket.MSG_WAITALL) == GREETING
        client.settimeout(0.6)
        with pytest.raises(TimeoutError):
            client.recv(1)
        assert service.counters()["served"] == 0
    service.wait_counter("sent", 1)


def test_who_is_held_gives_way(daemon):
    """limits.connections holds, and nobody waits for those who have their greeting."""
    service = daemon({"one": tcp(end="hold")}, workers={"processes": 1, "threads": 1}, limits={"connections": 2})
    clients = [connect(service.address()) for _ in range(4)]
    for client in clients:
        assert client.recv(len(GREETING), socket.MSG_WAITALL) == GREETING
    for client in clients:
        client.close()


def test_a_stop_ends_them(daemon):
    """Neither a delay nor a hold outlasts timeouts.drain."""
    service = daemon({"late": tcp(delay=600.0), "held": tcp(end="hold")}, timeouts={"drain": 0.5})
    with connect(service.address("late")), connect(service.address("held")) as held:
        assert held.recv(len(GREETING), socket.MSG_WAITALL) == GREETING
        wait_until(lambda: service.counters()["taken"] == 2, "both are in a worker's hands")
        assert service.stop()["abandoned"] == 0


def test_a_check_of_haproxy_sees_a_late_server(daemon, tmp_path):
    """What the delay is for."""
    service = daemon({"one": tcp(delay=600.0), "two": tcp()})
    port = free_port()
    server = f"127.0.0.1:{service.address('one')[1]} check inter 100ms rise 1 fall 1"
    check = "option tcp-check\n    tcp-check expect string Thank\n    timeout check 300ms"
    with proxies.haproxy(tmp_path, port, server, check):
        wait_until(lambda: "is DOWN" in (tmp_path / "haproxy.log").read_text(), "HAProxy takes it for down")
    assert greet(service.address("two")) == GREETING
