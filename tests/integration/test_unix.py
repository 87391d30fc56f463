# SPDX-License-Identifier: MIT
"""Unix sockets: streams and datagrams, files and abstract names."""

import array
import grp
import os
import pwd
import secrets
import socket
import stat
import time

import pytest

from clients import Crowd, abstract, abstract_name, connect, dgram_socket, exchange, greet, greet_many, is_silent, read_all, reset, run
from conftest import needs_root
from processes import SANITIZER, descriptors, proportional_memory
from service import GREETING, tcp, unix, unix_dgram


def test_stream(daemon, place):
    """A stream client gets the greeting, at a path and at an abstract name."""
    service = daemon({"local": unix(place)})
    assert greet(place) == GREETING
    assert greet(place, b"x" * 1000) == GREETING
    service.wait_log(rf"^Got connection from uid {os.getuid()} \(pid {os.getpid()}\) on local, sent 26 bytes$", count=2)


def test_netcat_and_socat(daemon, tmp_path):
    """netcat and socat print the greeting and end."""
    path, name = tmp_path / "greet.sock", abstract_name()
    daemon({"file": unix(path), "abstract": unix(name)})
    assert run("nc", "-U", path) == GREETING
    assert run("socat", "-u", f"UNIX-CONNECT:{path}", "STDOUT") == GREETING
    assert run("socat", "-", f"ABSTRACT-CONNECT:{name[1:]}", payload=b"hi\n") == GREETING


def test_200_clients_at_once(daemon, place):
    """200 clients at once are all greeted."""
    daemon({"local": unix(place)})
    assert greet_many(place, [b""] * 200, at_once=200) == [GREETING] * 200


def test_large_greeting(daemon, tmp_path):
    """A greeting of 1 MB arrives whole."""
    path = str(tmp_path / "greet.sock")
    daemon({"local": unix(path, greeting="x" * 1_000_000)})
    assert greet(path) == b"x" * 1_000_000


def test_slow_reader_is_dropped_in_the_end(daemon, tmp_path):
    """Each byte that a client took began timeouts.send anew: one that read 4 KB a second of a greeting of 900 KB kept
    its place for minutes, and limits.connections of them stopped the service. timeouts.send_total ends that."""
    path = str(tmp_path / "greet.sock")
    service = daemon({"local": unix(path, greeting="x" * 1_000_000)}, timeouts={"send": 1.5, "send_total": 3})
    started = time.monotonic()
    with connect(path) as connection:
        while "Got connection" not in service.log():
            connection.recv(20_000)
            time.sleep(0.1)
            assert time.monotonic() - started < 20, "it still has its place"
    assert time.monotonic() - started >= 3, "timeouts.send, though it made progress"
    sent = service.wait_log(r"on local, sent (\d+) bytes \(timed-out\)$")[0][1]
    assert 300_000 < int(sent) < 1_000_000


def test_copies_for_clients_that_never_read(daemon, tmp_path):
    """Each client that read nothing of a rendered greeting of 1 MB cost 0.78 MB of the worker's heap, 500 of them 380 MB,
    and 7.8 GB at the default limit. Copies are bounded: who is longest without progress gives way, and whoever reads is
    greeted meanwhile."""
    path = str(tmp_path / "greet.sock")
    expected = b"x" * 1_000_000 + f"uid {os.getuid()}".encode()
    service = daemon({"local": unix(path, greeting="x" * 1_000_000 + "${client_address}")}, timeouts={"send": 60},
                     workers={"processes": 1, "threads": 1}, supervision={"heartbeat": 30})  # a sanitizer copies slowly
    worker, most = service.workers()[0], 0
    with Crowd(path, 0) as crowd:
        for i in range(500):
            crowd.connections.append(connect(path))
            if i % 50 == 49:
                assert greet(path) == expected
                most = max(most, proportional_memory(worker))
        assert service.wait_counter("timed-out", 400)["timed-out"] < 500, "some are still held"
        most = max(most, proportional_memory(worker))
        assert service.wait_counter("sent", 10)["sent"] == 10
        assert greet(path) == expected
    assert SANITIZER or most < 50e6, f"{most / 1e6:.0f} MB"


def test_clients_that_break_off(daemon, place):
    """Clients that close with and without reading harm nobody."""
    service = daemon({"local": unix(place)})
    for i in range(60):
        connection = connect(place)
        if i % 2:
            connection.sendall(b"x")
        if i % 3 == 0:
            read_all(connection)
        if i % 3 == 1:
            reset(connection)
        connection.close()
    assert greet(place) == GREETING
    assert service.wait_counter("served", 61)["served"] == 61


def test_variables(daemon, place):
    """A Unix client is known by its user, the server by its path."""
    daemon({"local": unix(place, greeting="${client_address}|${client_port:-no port}|${server_address}|${transport}")})
    assert greet(place).decode() == f"uid {os.getuid()}|no port|{place}|unix"


def test_autobound_datagram_client_is_answered(daemon, place):
    """A datagram from an autobound socket is answered."""
    service = daemon({"local": unix_dgram(place)})
    with dgram_socket() as client:
        for payload in (b"hello", b"", b"x" * 50_000):
            assert exchange(client, abstract(place), payload)[0] == GREETING
    service.wait_log(rf"^Got datagram from uid {os.getuid()} \(pid {os.getpid()}\) on local, sent 26 bytes$", count=3)


def test_datagram_variables(daemon, place):
    """Variables are rendered for datagrams too."""
    greeting = "${client_address} ${server_address} ${listener} ${transport}"
    daemon({"local": unix_dgram(place, greeting=greeting, max_datagram=1232)})
    with dgram_socket() as client:
        assert exchange(client, abstract(place))[0].decode() == f"uid {os.getuid()} {place} local unix-dgram"


def test_path_bound_datagram_client_is_not_answered(daemon, place, tmp_path):
    """A sender bound to a path, or to an abstract name of its choice, is counted as unanswerable."""
    service = daemon({"local": unix_dgram(place)})
    almost_autobound = ["\0" + secrets.token_hex(2), "\0" + secrets.token_hex(3), "\0g" + secrets.token_hex(2)]
    for name in (str(tmp_path / "client"), abstract(abstract_name()), *almost_autobound):
        with dgram_socket(name) as client:
            client.sendto(b"hello", abstract(place))
            assert is_silent(client, 0.1)
    counters = service.wait_counter("unanswerable", 5)
    assert (counters["sent"], counters["unanswerable"]) == (0, 5)
    service.wait_log(r"on local, sent 0 bytes \(unanswerable\)$", count=5)


def test_unbound_datagram_client_is_not_answered(daemon, place):
    """A sender without an address is counted as unanswerable."""
    service = daemon({"local": unix_dgram(place)})
    with dgram_socket(None) as client:
        client.sendto(b"hello", abstract(place))
    assert service.wait_counter("unanswerable", 1)["sent"] == 0


def test_descriptors_sent_along_are_not_kept(daemon, place):
    """The kernel gave the worker every descriptor sent along with a datagram as far as there was room for it, and nobody
    closed them: 80 datagrams of 20 descriptors each filled the table, and no stream client was greeted any more."""
    service = daemon({"local": unix_dgram(place), "tcp": tcp()}, workers={"processes": 1, "threads": 1})
    worker = service.workers()[0]
    before = descriptors(worker)
    with dgram_socket() as client, open("/dev/null", "rb") as file:
        rights = socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [file.fileno()] * 20)
        for _ in range(20):
            for _ in range(5):
                client.sendmsg([b"hello"], [rights], 0, abstract(place))
            assert [client.recv(100) for _ in range(5)] == [GREETING] * 5
        assert descriptors(worker) == before
    assert greet(service.address("tcp")) == GREETING


def test_greeter_is_not_made_to_answer_itself(daemon, tmp_path):
    """A sender that swaps its path for a link to the greeter's makes nothing go round."""
    path, mine = str(tmp_path / "greet.sock"), str(tmp_path / "mine")
    service = daemon({"local": unix_dgram(path)})
    with dgram_socket(mine) as client:
        os.unlink(mine)
        os.symlink(path, mine)
        client.sendto(b"hello", path)
    with dgram_socket() as client:
        assert exchange(client, path)[0] == GREETING
    assert service.stop()["served"] == 2


@pytest.mark.parametrize("length", [10, pytest.param(512, marks=needs_root)])
def test_datagram_client_that_never_reads(daemon, namespace, place, length):
    """A full receiver's queue does not stop the loop: others are answered, and what did not fit is counted. The kernel lets
    ten answers wait; with the 512 of systemd (net.unix.max_dgram_qlen) one such client filled the listener's send buffer, and
    the next one was not answered."""
    if length != 10:
        namespace.run("sysctl", "-q", "-w", f"net.unix.max_dgram_qlen={length}")
    service = daemon({"local": unix_dgram(place)}, workers={"processes": 1, "threads": 1}, prefix=namespace.prefix)
    requests = 2 * length
    with namespace.socket(dgram_socket) as deaf, namespace.socket(dgram_socket) as client:
        for _ in range(requests):
            deaf.sendto(b"hello", abstract(place))
        assert exchange(client, abstract(place))[0] == GREETING
        counters = service.wait_counter("served", requests + 1)
    assert length <= counters["sent"] < requests, "all of them or none were refused"
    assert counters["sent"] + counters["refused"] == requests + 1


def test_datagram_clients_that_are_gone(daemon, place):
    """Answers to sockets that are closed do not stop the loop."""
    service = daemon({"local": unix_dgram(place)})
    for _ in range(50):
        with dgram_socket() as client:
            client.sendto(b"hello", abstract(place))
    with dgram_socket() as client:
        assert exchange(client, abstract(place))[0] == GREETING
    assert service.wait_counter("served", 51)["served"] == 51


@pytest.mark.parametrize("make,kind", [(unix, socket.SOCK_STREAM), (unix_dgram, socket.SOCK_DGRAM)])
def test_stale_socket_file_is_replaced(daemon, tmp_path, make, kind):
    """The socket file of a server that is gone is replaced."""
    path = str(tmp_path / "greet.sock")
    with socket.socket(socket.AF_UNIX, kind) as stale:
        stale.bind(path)
    inode = os.stat(path).st_ino, os.stat(path).st_ctime_ns
    daemon({"local": make(path)})
    assert (os.stat(path).st_ino, os.stat(path).st_ctime_ns) != inode


@pytest.mark.parametrize("make", [unix, unix_dgram])
@pytest.mark.parametrize("what", ["file", "directory", "link"])
def test_what_is_no_socket_is_never_touched(spawn, tmp_path, make, what):
    """A path where something else lies is refused with a message, and nothing there changes."""
    path = tmp_path / "greet.sock"
    if what == "file":
        path.write_text("precious")
    elif what == "directory":
        path.mkdir()
    else:
        path.symlink_to(tmp_path / "nowhere")
    service = spawn({"local": make(path)})
    service.wait_stopped(expect=71)
    assert f"listeners.local: cannot bind {path}: Address already in use" in service.log()
    assert {"file": path.is_file, "directory": path.is_dir, "link": path.is_symlink}[what]()
    if what == "file":
        assert path.read_text() == "precious"


@pytest.mark.parametrize("make,kind", [(unix, socket.SOCK_STREAM), (unix_dgram, socket.SOCK_DGRAM)])
def test_live_socket_is_not_stolen(spawn, tmp_path, make, kind):
    """A socket that somebody serves is refused with a message and goes on working."""
    path = str(tmp_path / "greet.sock")
    with socket.socket(socket.AF_UNIX, kind) as live:
        live.bind(path)
        if kind == socket.SOCK_STREAM:
            live.listen()
        service = spawn({"local": make(path)})
        service.wait_stopped(expect=71)
        assert f"listeners.local: cannot bind {path}: Address already in use" in service.log()
        with socket.socket(socket.AF_UNIX, kind) as client:
            client.connect(path)


def test_live_socket_with_a_full_queue_is_not_stolen(spawn, tmp_path):
    """Nor is one whose server is too busy to accept."""
    path = str(tmp_path / "greet.sock")
    waiting = []
    with socket.socket(socket.AF_UNIX) as live:
        live.bind(path)
        live.listen(0)
        for _ in range(2):
            waiting.append(socket.socket(socket.AF_UNIX))
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(path)
        service = spawn({"local": unix(path)})
        service.wait_stopped(expect=71)
        assert stat.S_ISSOCK(os.stat(path).st_mode)
    for client in waiting:
        client.close()


def test_socket_file_is_removed_at_the_end(daemon, tmp_path):
    """Nothing is left after a clean stop."""
    paths = [tmp_path / "stream", tmp_path / "dgram"]
    service = daemon({"stream": unix(paths[0]), "dgram": unix_dgram(paths[1])})
    assert all(path.is_socket() for path in paths)
    service.stop()
    assert not any(path.exists() for path in paths)


def test_socket_files_are_removed_when_the_start_fails(spawn, tmp_path):
    """A start that fails at a later listener leaves no socket file."""
    (tmp_path / "busy").write_text("")
    service = spawn({"one": unix(tmp_path / "one"), "two": unix(tmp_path / "busy")})
    service.wait_stopped(expect=71)
    assert not (tmp_path / "one").exists()


def test_missing_directory_is_made(daemon, tmp_path):
    """The directory of a socket is made if it is missing."""
    path = str(tmp_path / "run" / "greet.sock")
    daemon({"local": unix(path)})
    assert greet(path) == GREETING


@pytest.mark.parametrize("mode", ["0666", "0600", "660", "0777"])
def test_mode(daemon, tmp_path, mode):
    """The socket file has the configured mode, whatever the umask."""
    path = tmp_path / "greet.sock"
    daemon({"local": unix(path, mode=mode)}, preexec=lambda: os.umask(0o077))
    assert stat.S_IMODE(path.stat().st_mode) == int(mode, 8)


@needs_root
def test_owner_and_group(daemon, tmp_path):
    """The socket file belongs to the configured user and group."""
    path = tmp_path / "greet.sock"
    daemon({"local": unix(path, owner="daemon", group="mail")})
    assert pwd.getpwuid(path.stat().st_uid).pw_name == "daemon"
    assert grp.getgrgid(path.stat().st_gid).gr_name == "mail"


def test_path_with_strange_bytes_is_escaped(daemon, tmp_path):
    """A path's control bytes do not reach the log."""
    path = str(tmp_path / "a\n2026 forged\x1b[31m")
    service = daemon({"local": unix(path)})
    assert greet(path) == GREETING
    assert r"a\n2026 forged\x1b[31m (local, unix)" in service.log()
    assert not any(line.startswith("2026 forged") for line in service.log().splitlines())
