# SPDX-License-Identifier: MIT
"""What a greeting can say: of the host, of the service, of the client and of itself."""

import concurrent.futures
import datetime
import os
import platform
import re
import signal
import socket
import ssl
import subprocess
import time

import pytest

import proxies
from clients import TIMEOUT, ask_udp, connect, dgram_socket, exchange, greet, read_all, udp_socket
from namespaces import SETTINGS_INSIDE, Namespace
from operations import reconfigure
from processes import wait_until
from service import free_port, tcp, udp, unix, unix_dgram


def said(service, name=None):
    return greet(service.address(name)).decode()


def test_the_host(daemon):
    """The kernel, the boot and the system are those that other programs see."""
    service = daemon({"tcp": tcp(greeting="${kernel}|${boot_id}|${os}|${hostname}")})
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        boot = file.read().strip()
    assert said(service) == "|".join((platform.release(), boot, platform.freedesktop_os_release()["PRETTY_NAME"],
                                      socket.gethostname()))


def test_the_instance(daemon, sockgreetctl):
    """It is the host's name until it has one of its own."""
    service = daemon({"tcp": tcp(greeting="${instance}")})
    assert said(service) == socket.gethostname()
    reconfigure(service, instance="web-3")
    assert sockgreetctl(service, "reload").code == 0
    assert said(service) == "web-3"


def test_the_environment(daemon, sockgreetctl):
    """Only what the setting lists is told; the rest may be a secret."""
    service = daemon({"tcp": tcp(greeting="none")}, environment={"GREETING_REGION": "north", "GREETING_KEY": "secret"})
    names = ["GREETING_REGION", "GREETING_ABSENT"]
    told = tcp(greeting="${env:GREETING_REGION}, ${env:GREETING_ABSENT:-nowhere}")
    reconfigure(service, listeners={"tcp": {**service.settings["listeners"]["tcp"], **told}}, environment=names)
    assert sockgreetctl(service, "reload").code == 0
    assert said(service) == "north, nowhere"


def test_who_speaks(daemon, sockgreetctl):
    """Worker and generation are those of the process that answers; after a reload it is another."""
    service = daemon({"tcp": tcp(greeting="${pid} ${worker} ${generation} ${version}")}, workers={"processes": 2})
    answers = [said(service).split() for _ in range(20)]
    assert {int(pid) for pid, *_ in answers} <= set(service.workers())
    assert {worker for _, worker, *_ in answers} <= {"0", "1"}
    assert len({(pid, worker) for pid, worker, *_ in answers}) == len({pid for pid, *_ in answers})
    assert {number for *_, number, _ in answers} == {"1"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", answers[0][-1])
    assert sockgreetctl(service, "reload").code == 0
    assert said(service).split()[2] == "2"


def test_no_two_requests_have_the_same_id(daemon, sockgreetctl):
    """Over all workers and threads, and over a reload."""
    service = daemon({"tcp": tcp(greeting="${request_id}"), "udp": udp(greeting="${request_id}")},
                     workers={"processes": 2, "threads": 2})
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        ids = list(pool.map(lambda _: said(service, "tcp"), range(200)))
        ids += [ask_udp(service.address("udp"))[0].decode() for _ in range(50)]
        assert sockgreetctl(service, "reload").code == 0
        ids += list(pool.map(lambda _: said(service, "tcp"), range(200)))
    assert len(set(ids)) == 450
    assert all(re.fullmatch(r"[0-9a-f]{16}-[0-9a-f]+", one) for one in ids)


def test_the_time(daemon):
    """It is the time, however it is written."""
    service = daemon({"tcp": tcp(greeting="${time:ms}|${unix}|${unix_us}|${time:%a, %d %b %Y %H:%M:%S}")})
    before = time.time()
    exact, seconds, microseconds, written = said(service).split("|")
    after = time.time()
    assert before - 0.01 <= int(microseconds) / 1e6 <= after
    assert before - 1 <= int(seconds) <= after
    assert time.strftime("%a, %d %b %Y %H:%M:%S", time.gmtime(int(seconds))) == written
    assert re.fullmatch(time.strftime(r"%Y-%m-%dT%H:%M:%S\.[0-9]{3}Z", time.gmtime(int(seconds))), exact)


def test_uptime_and_load(daemon, sockgreetctl):
    """The service is as old as its master, whatever the age of its workers."""
    service = daemon({"tcp": tcp(greeting="${uptime} ${load}")})
    time.sleep(1.1)
    assert sockgreetctl(service, "reload").code == 0
    uptime, load = said(service).split()
    assert 1 <= int(uptime) <= 60
    assert float(load) >= 0 and re.fullmatch(r"\d+\.\d\d", load)


def test_users_of_unix_sockets(daemon, tmp_path):
    """Who asks over a Unix socket is a user, a group and a process, of both types."""
    greeting = "${family} ${client_uid} ${client_gid} ${client_pid} ${proxied}"
    service = daemon({"stream": unix(f"{tmp_path}/stream", greeting=greeting),
                      "dgram": unix_dgram(f"{tmp_path}/dgram", greeting=greeting)})
    expected = f"unix {os.getuid()} {os.getgid()} {os.getpid()} no"
    with connect(f"{tmp_path}/stream") as connection:
        assert read_all(connection).decode() == expected
    with dgram_socket() as client:
        assert exchange(client, f"{tmp_path}/dgram")[0].decode() == expected


def test_others_are_no_users(daemon):
    """A client of TCP has a family and no user."""
    service = daemon({"tcp": tcp(greeting="${family}[${client_uid}${client_gid}${client_pid}]")})
    assert said(service) == "ipv4[]"


# --- The interface ---

def two_interfaces(namespace):
    """Addresses of the loopback interface, and others of one that packets from another namespace come in by."""
    client = Namespace()
    namespace.connect("upstream", client, "outside")
    for there, interface, number in ((namespace, "upstream", 1), (client, "outside", 2)):
        there.ip("address", "add", f"192.0.2.{number}/24", "dev", interface)
        there.ip("address", "add", f"2001:db8::{number}/64", "dev", interface, "nodad")
        there.ip("link", "set", interface, "up")
    return client


def asked_in(space, transport, address):
    """The greeting that a client in a namespace gets. A link and its routes are not ready at once, and then it gets none."""
    command = [*space.prefix, os.environ["SOCKGREET"], f"{transport}://{address}"]

    def greeting():
        return subprocess.run(command, stdout=subprocess.PIPE, check=False, timeout=30).stdout.decode().strip()

    return wait_until(greeting, f"a greeting of {address}")


@pytest.mark.parametrize("host,inside,outside", [("0.0.0.0", "127.0.0.1", "192.0.2.1"), ("*", "127.0.0.1", "192.0.2.1"),
                                                 ("*", "[::1]", "[2001:db8::1]"), ("::", "[::1]", "[2001:db8::1]")])
def test_the_interface(namespace, daemon, host, inside, outside):
    """It is the one that the client's packets came in by, also on sockets of both families; a new name is soon known."""
    greeting = "${interface:-unknown}\n"
    service = daemon({"tcp": tcp(host, greeting=greeting), "udp": udp(host, greeting=greeting)}, **SETTINGS_INSIDE,
                     prefix=namespace.prefix)
    client = two_interfaces(namespace)
    try:
        for transport in ("tcp", "udp"):
            port = service.address(transport)[1]
            assert asked_in(namespace, transport, f"{inside}:{port}") == "lo"
            assert asked_in(client, transport, f"{outside}:{port}") == "upstream"
        namespace.ip("link", "set", "upstream", "down")
        namespace.ip("link", "set", "upstream", "name", "renamed")
        namespace.ip("link", "set", "renamed", "up")
        namespace.ip("address", "replace", "2001:db8::1/64", "dev", "renamed", "nodad")
        for transport in ("tcp", "udp"):
            port = service.address(transport)[1]
            wait_until(lambda t=transport, p=port: asked_in(client, t, f"{outside}:{p}") == "renamed", "the new name is said")
    finally:
        client.close()


def test_unix_clients_have_no_interface(daemon, tmp_path):
    """Nor has their datagram waited in a queue that anybody watched."""
    greeting = "[${interface}${queue_time}]"
    service = daemon({"stream": unix(f"{tmp_path}/s", greeting=greeting), "dgram": unix_dgram(f"{tmp_path}/d", greeting=greeting)})
    with connect(service.address("stream")) as connection:
        assert read_all(connection) == b"[]"
    with dgram_socket() as client:
        assert exchange(client, service.address("dgram"))[0] == b"[]"


# --- This greeting ---

def test_received_bytes(daemon, tmp_path):
    """Of a datagram its payload, of a request all of it, of others what had come when they were greeted."""
    greeting = "${received_bytes}"
    service = daemon({"tcp": tcp(greeting=greeting, delay=0.5), "unix": unix(f"{tmp_path}/s", greeting=greeting, delay=0.5),
                      "udp": udp(greeting=greeting), "dgram": unix_dgram(f"{tmp_path}/d", greeting=greeting),
                      "http": tcp(service="http", greeting=greeting)})
    for name in ("tcp", "unix"):
        for payload in (b"", b"x" * 1000):
            with connect(service.address(name)) as connection:
                connection.sendall(payload)
                assert read_all(connection).decode() == str(len(payload))
    for payload in (b"", b"x" * 700):
        assert ask_udp(service.address("udp"), payload)[0].decode() == str(len(payload))
        with dgram_socket() as client:
            assert exchange(client, service.address("dgram"), payload)[0].decode() == str(len(payload))
    request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    with connect(service.address("http")) as connection:
        connection.sendall(request[:9])
        time.sleep(0.1)
        connection.sendall(request[9:])
        assert read_all(connection).partition(b"\r\n\r\n")[2].decode() == str(len(request))


def test_received_bytes_behind_a_proxy(daemon):
    """A proxy's header is none of the client's bytes."""
    greeting = "${received_bytes}"
    listeners = {"tcp": tcp(greeting=greeting, delay=0.5, proxy_from=["127.0.0.1"]),
                 "udp": udp(greeting=greeting, proxy_from=["127.0.0.1"])}
    service = daemon(listeners)
    assert greet(service.address("tcp"), proxies.binary() + b"hello") == b"5"
    assert ask_udp(service.address("udp"), proxies.binary(protocol=2) + b"hello")[0] == b"5"


def epoch(text):
    """Seconds of a time with milliseconds."""
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()


def test_accept_time(daemon):
    """The greeting may come later."""
    greeting = "${accept_time} ${time:ms}"
    service = daemon({"tcp": tcp(greeting=greeting, delay=1.0), "udp": udp(greeting=greeting)})
    before = time.time()
    accepted, greeted = map(epoch, said(service, "tcp").split())
    assert before - 0.1 <= accepted <= time.time() - 1
    assert 0.99 <= greeted - accepted
    assert epoch(ask_udp(service.address("udp"))[0].decode().strip()), "a datagram is not accepted"


def test_queue_time(daemon):
    """How long a datagram waited for a worker, here one that is stopped; a stream has no such time."""
    service = daemon({"udp": udp(greeting="${queue_time:-unknown}"), "tcp": tcp(greeting="${queue_time:-unknown}")},
                     workers={"processes": 1})
    assert said(service, "tcp") == "unknown"
    assert re.fullmatch(r"\d+\.\d{3}", ask_udp(service.address("udp"))[0].decode())
    worker, = service.workers()

    def waits():
        with udp_socket(service.address("udp")) as client:
            os.kill(worker, signal.SIGSTOP)
            client.sendto(b"hello", service.address("udp"))
            time.sleep(0.5)
            os.kill(worker, signal.SIGCONT)
            return 500 <= float(client.recv(1024)) < 1000 * TIMEOUT

    wait_until(waits, "the kernel notes when datagrams come, which it begins a while after it was asked to")


def test_queue_time_comes_and_goes_with_a_reload(daemon, sockgreetctl):
    """A socket is told to keep what is said of its datagrams, and no more."""
    service = daemon({"udp": udp(greeting="${queue_time:-unknown}")})
    listener = service.settings["listeners"]["udp"]
    for greeting, expected in (("plain", "plain"), ("${queue_time:-unknown}", r"\d+\.\d{3}")):
        reconfigure(service, listeners={"udp": {**listener, "greeting": greeting}})
        assert sockgreetctl(service, "reload").code == 0
        assert re.fullmatch(expected, ask_udp(service.address("udp"))[0].decode())


# --- Connections of the client's source ---

def test_client_connections(daemon, tmp_path):
    """All workers count together, and who has gone does not count; no limit is needed. Users and datagrams have none."""
    greeting = "${client_connections:-unknown}"
    service = daemon({"tcp": tcp("*", greeting=greeting), "unix": unix(f"{tmp_path}/s", greeting=greeting),
                      "udp": udp(greeting=greeting), "other": tcp(greeting="other")},
                     workers={"processes": 2}, timeouts={"linger": 60, "linger_total": 60})
    port = service.address("tcp")[1]
    held = []
    for number in range(1, 6):
        held.append(connect(("127.0.0.1", port)))
        assert held[-1].recv(64).decode() == str(number)
    with connect(("127.0.0.2", port)) as other:  # the source is still 127.0.0.1
        assert read_all(other) == b"6"
    assert said(service, "other") == "other"
    with connect(service.address("unix")) as connection:
        assert read_all(connection) == b"unknown"
    assert ask_udp(service.address("udp"))[0] == b"unknown"
    for connection in held:
        connection.close()
    wait_until(lambda: said(service, "tcp") == "1", "those who have gone are not counted")


def test_client_connections_with_a_limit(daemon):
    """What is said is what is limited."""
    service = daemon({"tcp": tcp(greeting="${client_connections}")}, limits={"per_source": 2},
                     timeouts={"linger": 60, "linger_total": 60})
    with connect(service.address()) as one:
        assert one.recv(64) == b"1"  # before the other comes, or it could count that
        with connect(service.address()) as two, connect(service.address()) as three:
            assert {two.recv(64), read_all(three)} == {b"2", b""}


def test_client_connections_behind_a_proxy(daemon, tmp_path):
    """They are those of the client that the proxy names, also where the proxy comes over a Unix socket."""
    service = daemon({"unix": unix(f"{tmp_path}/s", greeting="${client_connections}", proxy_from=["*"])},
                     timeouts={"linger": 60, "linger_total": 60})
    held = []
    for client, expected in (("192.0.2.1", b"1"), ("192.0.2.1", b"2"), ("192.0.2.2", b"1"), ("2001:db8::1", b"1"),
                             ("2001:db8::2", b"2")):
        held.append(connect(service.address()))
        held[-1].sendall(proxies.binary(client))
        assert held[-1].recv(64) == expected
    for connection in held:
        connection.close()


# --- The whole service ---

def test_what_the_service_counts(daemon, sockgreetctl):
    """All workers and generations together, each second."""
    service = daemon({"tcp": tcp(greeting="${connections:-none} ${greetings_total:-none}"), "other": tcp()},
                     workers={"processes": 2}, timeouts={"linger": 60, "linger_total": 60})
    held = [connect(service.address("other")) for _ in range(3)]
    for connection in held:
        assert connection.recv(100)
    wait_until(lambda: said(service, "tcp").split()[0] in ("3", "4"), "those who are there are counted, without this one or with")
    for connection in held:
        connection.close()
    wait_until(lambda: said(service, "tcp").split()[0] in ("0", "1"), "those who have gone are not")
    before = int(said(service, "tcp").split()[1])
    assert before >= 4
    assert sockgreetctl(service, "reload").code == 0
    for _ in range(10):
        greet(service.address("other"))
    wait_until(lambda: int(said(service, "tcp").split()[1]) >= before + 10, "a reload forgets none")


# --- What proxies say ---

def text_tlvs(authority, unique_id):
    """Both, among others."""
    return proxies.tlv(4, b"zeros") + proxies.tlv(2, authority) + proxies.tlv(5, unique_id)


@pytest.mark.parametrize("authority,unique_id,expected", [
    (b"www.example", b"7F000001:B1D2", "www.example 7F000001:B1D2"),
    (b"", b"", "none none"),
    (b"a\"b'c\\d\n\x00\x7f\xe9", b"$`{}", "a?b?c?d???? $`{}"),
    (b"a" * 300, b"b" * 128, "a" * 253 + " " + "b" * 128)])
def test_what_a_proxy_says(daemon, tmp_path, authority, unique_id, expected):
    """Cut and reduced to what is printable: anybody can name a host."""
    settings = {"greeting": "${proxy_authority:-none} ${proxy_unique_id:-none}", "proxy_from": ["127.0.0.0/8"]}
    service = daemon({"tcp": tcp(**settings), "udp": udp(**settings),
                      "unix": unix(f"{tmp_path}/s", **{**settings, "proxy_from": ["*"]})})
    tlvs = text_tlvs(authority, unique_id)
    assert greet(service.address("tcp"), proxies.binary(tlvs=tlvs)).decode() == expected
    assert ask_udp(service.address("udp"), proxies.binary(tlvs=tlvs, protocol=2))[0].decode() == expected
    with connect(service.address("unix")) as connection:
        connection.sendall(proxies.binary(tlvs=tlvs))
        assert read_all(connection).decode() == expected


def test_what_no_proxy_says_is_empty(daemon):
    """The next one is not told what the one before was: the buffer is the same."""
    settings = {"greeting": "[${proxy_authority}${proxy_unique_id}]", "proxy_from": ["127.0.0.0/8"]}
    service = daemon({"tcp": tcp(**settings), "udp": udp(**settings), "direct": tcp(greeting=settings["greeting"])})
    tlvs = text_tlvs(b"secret", b"secret")
    for _ in range(3):
        assert greet(service.address("tcp"), proxies.binary(tlvs=tlvs)) == b"[secretsecret]"
        assert greet(service.address("tcp"), proxies.line()) == b"[]"
        assert ask_udp(service.address("udp"), proxies.binary(tlvs=tlvs, protocol=2))[0] == b"[secretsecret]"
        assert ask_udp(service.address("udp"), proxies.binary(protocol=2))[0] == b"[]"
        assert ask_udp(service.address("udp"), proxies.local())[0] == b"[]"
    assert said(service, "direct") == "[]"


def test_what_haproxy_says(daemon, tmp_path):
    """The host that a TLS client names, and HAProxy's own name for the connection."""
    service = daemon({"tcp": tcp(greeting="${proxy_authority:-none} ${proxy_unique_id}", proxy_from=["127.0.0.1"])})
    port = free_port()
    certificate = proxies.certificate(tmp_path)
    server = f"127.0.0.1:{service.address()[1]} send-proxy-v2 proxy-v2-options authority,unique-id"
    with proxies.haproxy(tmp_path, port, server, tls=certificate, frontend="unique-id-format %{+X}o%ci-%cp-%pid"):
        context = ssl.create_default_context(cafile=certificate)
        with context.wrap_socket(connect(("127.0.0.1", port)), server_hostname="www.example") as client:
            own = client.getsockname()[1]
            authority, unique_id = read_all(client).decode().split()
    assert authority == "www.example"
    assert unique_id.startswith(f"7F000001-{own:04X}-")
