# SPDX-License-Identifier: MIT
"""proxy_from: where clients come through a proxy, they are whom its header names; nothing is ever guessed."""

import socket
import time

import pytest

import proxies
from clients import connect, greet, is_silent, read_all, reset, udp_socket
from conftest import needs_root
from processes import cpu_seconds
from proxies import binary, line, local, tlv
from service import free_port, tcp, udp, unix

WHO = "${client_address} ${client_port} by ${proxy_address:-nobody}\n"
LOOPBACK = ["127.0.0.0/8"]


def proxied(**settings):
    """A tcp listener whose clients come through proxies on this host."""
    return tcp(greeting=WHO, proxy_from=LOOPBACK, **settings)


def is_refused(client):
    """Whether not a byte comes before the end, which is a reset where something was not read."""
    try:
        return read_all(client) == b""
    except ConnectionResetError:
        return True


def told(address, header):
    """The greeting after a header, of a client that says no more."""
    return greet(address, header).decode()


@pytest.mark.parametrize("header, client", [
    (line(), "192.0.2.1 40001"),
    (line("2001:db8::7", 1, "TCP6", "2001:db8::8"), "2001:db8::7 1"),
    (binary(), "192.0.2.1 40001"),
    (binary("2001:db8::7", 65535), "2001:db8::7 65535"),
    (binary("::ffff:192.0.2.9", 7), "192.0.2.9 7"),
    (binary(tlvs=tlv(0x04, b"") + tlv(0xee, b"?" * 300) + tlv(0x05, b"u" * 128)), "192.0.2.1 40001"),
    (line() + line("192.0.2.2"), "192.0.2.1 40001"),
    (binary() + binary("192.0.2.2"), "192.0.2.1 40001"),
    (binary() + b"GET / HTTP/1.0\r\n\r\n", "192.0.2.1 40001"),
    (line() + b"x" * 5000, "192.0.2.1 40001"),
])
def test_the_client_is_whom_the_header_names(daemon, header, client):
    """Only the first header is one; what follows, in the same segment or not, is the client's own."""
    service = daemon({"tcp": proxied()})
    assert told(service.address(), header) == f"{client} by 127.0.0.1\n"
    host, port = client.split()
    name = f"[{host}]" if ":" in host else host
    entry = service.wait_log(r"^Got connection from (\S+) through (127\.0\.0\.1:[0-9]+) on tcp, sent [0-9]+ bytes$")
    assert entry[0].group(1) == f"{name}:{port}"
    assert service.wait_counter("served", 1)["sent"] == 1


@pytest.mark.parametrize("header", [b"PROXY UNKNOWN\r\n", b"PROXY UNKNOWN a b c d\r\n", proxies.SIGNATURE + b"\x21\0\0\0",
                                    proxies.SIGNATURE + b"\x21\x31\0\xd8" + b"/x" * 108])
def test_who_sends_is_the_client_where_no_other_is_named(daemon, header):
    """UNKNOWN, UNSPEC, and a client of the proxy's own Unix socket."""
    service = daemon({"tcp": proxied()})
    with connect(service.address()) as client:
        client.sendall(header)
        assert read_all(client).decode() == f"127.0.0.1 {client.getsockname()[1]} by nobody\n"
    assert service.wait_counter("served", 1)["sent"] == 1


@pytest.mark.parametrize("header", [
    b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n",
    b"PROXY UNKNOWN " + b"0" * 92 + b"\r\n",
    b"PROXY " + b"x" * 200,
    b"GET / HTTP/1.0\r\n\r\n",
    b"\0",
    binary(command=0x11),
    binary(command=0x22),
    binary(protocol=3),
    binary(length=11),
    binary(length=65535),
    binary(tlvs=b"\x04\0\5x"),
    binary(tlvs=tlv(0x03, b"\0\0\0\0")),
    binary(tlvs=tlv(0x05, b"u" * 129)),
])
def test_a_header_that_is_not_exact_is_refused(daemon, header):
    """At once, and without a greeting. One whose length is wrong is waited for in vain, or ends within its own addresses."""
    service = daemon({"tcp": proxied()}, timeouts={"proxy": 1.0})
    with connect(service.address()) as client:
        client.sendall(header)
        assert is_refused(client)
    assert service.wait_counter("served", 1)["no-header"] == 1
    service.wait_log(r"^Got connection from 127\.0\.0\.1:[0-9]+ on tcp, sent 0 bytes \(no-header\)$")
    assert told(service.address(), line()) == "192.0.2.1 40001 by 127.0.0.1\n"


@pytest.mark.parametrize("where", ["tcp", "unix"])
@pytest.mark.parametrize("header", [line(), binary("2001:db8::7", 9, tlvs=tlv(0xee, b"?" * 40))])
def test_byte_by_byte(daemon, place, where, header):
    """It is read where it lies until it is whole."""
    listener = proxied() if where == "tcp" else unix(place, greeting=WHO, proxy_from="*")
    service = daemon({"it": listener}, timeouts={"proxy": 60.0})
    with connect(service.address()) as client:
        client.settimeout(10)
        for byte in header:
            client.sendall(bytes([byte]))
            time.sleep(0.002)
        assert read_all(client).startswith((b"192.0.2.1 40001 by ", b"2001:db8::7 9 by "))


def test_a_part_of_a_header_costs_nothing_and_ends(daemon):
    """Were its bytes left in the socket, that would be ready all the while, and the server busy."""
    service = daemon({"tcp": proxied()}, timeouts={"proxy": 2.0})
    before = cpu_seconds(*service.workers())
    started = time.monotonic()
    with connect(service.address()) as client:
        client.sendall(line()[:20])
        client.settimeout(60)
        assert is_refused(client)
    assert 1.9 <= time.monotonic() - started < 30
    assert cpu_seconds(*service.workers()) - before < 0.5
    assert service.wait_counter("served", 1)["no-header"] == 1


def test_an_end_inside_the_header_is_seen_at_once(daemon):
    """It need not be waited for; nor need one that ended before its first byte."""
    service = daemon({"tcp": proxied()}, timeouts={"proxy": 60.0})
    for header in (b"", line()[:20], binary()[:20]):
        with connect(service.address()) as client:
            client.sendall(header)
            client.shutdown(socket.SHUT_WR)
            assert is_refused(client)
    assert service.wait_counter("served", 3)["no-header"] == 3


def test_others_are_refused_whatever_they_say(daemon):
    """Who could say that it is somebody else would get past every list and limit."""
    service = daemon({"tcp": tcp(greeting=WHO, proxy_from=["127.0.0.2", "2001:db8::/32"])})
    for header in (line(), binary(), local(), b"hello"):
        with connect(service.address()) as client:
            client.sendall(header)
            assert is_refused(client)
    assert service.wait_counter("served", 4)["untrusted"] == 4
    with socket.create_connection(service.address(), 5, ("127.0.0.2", 0)) as client:
        client.sendall(line())
        assert read_all(client) == b"192.0.2.1 40001 by 127.0.0.2\n"


def test_what_a_proxy_asks_for_itself_counts_apart(daemon):
    """Health checks come every two seconds, and most of them break off; no greeting is counted, and no reset."""
    service = daemon({"tcp": proxied()})
    assert told(service.address(), local()).startswith("127.0.0.1 ")
    for header in (local(), None):
        client = connect(service.address())
        client.sendall(header or line("127.0.0.1", client.getsockname()[1]))
        reset(client)
    counters = service.wait_counter("served", 3)
    assert (counters["checked"], counters["sent"], counters["reset"]) == (3, 0, 0)


def test_limits_see_the_client(daemon):
    """Behind a proxy everybody comes from the proxy's address."""
    service = daemon({"tcp": proxied()}, limits={"rate": 0.01, "burst": 2})
    answers = [told(service.address(), line("192.0.2.1", port)) for port in range(1, 5)]
    assert [bool(answer) for answer in answers] == [True, True, False, False]
    assert told(service.address(), line("192.0.2.2")) == "192.0.2.2 40001 by 127.0.0.1\n"
    assert service.wait_counter("served", 5)["rate-limited"] == 2


def test_datagrams_have_one_each(daemon):
    """Version 2 in front of the payload; the answer goes back to the proxy."""
    service = daemon({"udp": udp(greeting=WHO, proxy_from=LOOPBACK)})
    with udp_socket(service.address()) as client:
        for header, answer in ((binary(protocol=2), b"192.0.2.1 40001 by 127.0.0.1\n"),
                               (binary("2001:db8::7", 9), b"2001:db8::7 9 by 127.0.0.1\n")):
            client.sendto(header + b"hello", service.address())
            assert client.recv(1000) == answer
        client.sendto(local(), service.address())
        assert client.recv(1000) == b"127.0.0.1 %d by nobody\n" % client.getsockname()[1]
        for bad in (b"", b"hello", line() + b"hello", binary()[:-1], binary(tlvs=tlv(3, b"abcd"))):
            client.sendto(bad, service.address())
        assert is_silent(client)
    counters = service.wait_counter("served", 8)
    assert (counters["sent"], counters["checked"], counters["no-header"]) == (2, 1, 5)
    service.wait_log(r"^Got datagram from 192\.0\.2\.1:40001 through 127\.0\.0\.1:[0-9]+ on udp, sent ")


def test_datagrams_of_others_are_refused(daemon):
    """As connections are."""
    service = daemon({"udp": udp(greeting=WHO, proxy_from=["192.0.2.0/24"])})
    with udp_socket(service.address()) as client:
        client.sendto(binary() + b"hello", service.address())
        assert is_silent(client)
    assert service.wait_counter("served", 1)["untrusted"] == 1


@pytest.mark.parametrize("how", ["send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options crc32c,unique-id,ssl"])
def test_haproxy(daemon, tmp_path, how):
    """Version 1, version 2, and with all that it can add."""
    service = daemon({"tcp": proxied()})
    port = free_port()
    with proxies.haproxy(tmp_path, port, f"127.0.0.1:{service.address()[1]} {how}"):
        with connect(("127.0.0.1", port)) as client:
            assert read_all(client) == b"127.0.0.1 %d by 127.0.0.1\n" % client.getsockname()[1]


@pytest.mark.parametrize("how, check", [("send-proxy", ""), ("send-proxy-v2", ""), ("send-proxy", "option tcp-check"),
                                        ("send-proxy-v2", "option tcp-check\n    tcp-check expect string by")])
def test_checks_of_haproxy(daemon, tmp_path, how, check):
    """They find the service up, and are counted for themselves."""
    service = daemon({"tcp": proxied()})
    port = free_port()
    server = f"127.0.0.1:{service.address()[1]} {how} check inter 100ms"
    with proxies.haproxy(tmp_path, port, server, check):
        service.wait_counter("checked", 3)
        with connect(("127.0.0.1", port)) as client:
            assert read_all(client) == b"127.0.0.1 %d by 127.0.0.1\n" % client.getsockname()[1]
    counters = service.wait_counter("sent", 1)
    assert counters["reset"] == 0 and counters["untrusted"] == 0, counters


def test_haproxy_over_a_unix_socket(daemon, tmp_path):
    """Whoever may connect to the path may send a header."""
    place = str(tmp_path / "greet.sock")
    service = daemon({"local": unix(place, greeting=WHO, proxy_from="*")})
    port = free_port()
    with proxies.haproxy(tmp_path, port, f"unix@{place} send-proxy-v2"):
        with connect(("127.0.0.1", port)) as client:
            answer = read_all(client)
            assert answer.startswith(b"127.0.0.1 %d by uid " % client.getsockname()[1])
    service.wait_log(r"^Got connection from 127\.0\.0\.1:[0-9]+ through uid [0-9]+ \(pid [0-9]+\) on local, sent ")


@needs_root
def test_nginx(daemon, tmp_path):
    """Version 1."""
    service = daemon({"tcp": proxied()})
    port = free_port()
    with proxies.nginx(tmp_path, port, f"127.0.0.1:{service.address()[1]}"):
        with connect(("127.0.0.1", port)) as client:
            assert read_all(client) == b"127.0.0.1 %d by 127.0.0.1\n" % client.getsockname()[1]


def test_dnsdist(daemon, tmp_path):
    """Version 2 in every datagram, in front of a question; our greeting is no answer that it passes on."""
    service = daemon({"udp": udp(greeting=WHO, proxy_from=LOOPBACK)})
    port = free_port()
    question = b"\x12\x34\x01\0\0\1\0\0\0\0\0\0\7example\0\0\1\0\1"
    with proxies.dnsdist(tmp_path, port, f"127.0.0.1:{service.address()[1]}"):
        with udp_socket(("127.0.0.1", port)) as client:
            for _ in range(3):
                client.sendto(question, ("127.0.0.1", port))
            service.wait_log(rf"^Got datagram from 127\.0\.0\.1:{client.getsockname()[1]} through 127\.0\.0\.1:[0-9]+ on udp, "
                             "sent ", count=3, timeout=15)
    assert service.counters()["no-header"] == 0


@pytest.mark.parametrize("where", ["tcp", "unix"])
def test_access_lists_see_the_client(daemon, tmp_path, where):
    """Nor do they keep the proxy's own checks out, which have its address or none."""
    listener = proxied() if where == "tcp" else unix(tmp_path / "greet.sock", greeting=WHO, proxy_from="*")
    service = daemon({"it": {**listener, "allow": ["customers"], "deny": ["192.0.2.13"]}},
                     networks={"customers": ["192.0.2.0/24", "2001:db8::/32"]})
    for client, is_allowed in (("192.0.2.1", True), ("192.0.2.13", False), ("198.51.100.1", False), ("2001:db8::1", True)):
        assert (told(service.address(), binary(client)) != "") == is_allowed
    assert told(service.address(), local()) != ""
    counters = service.wait_counter("served", 5)
    assert (counters["denied"], counters["checked"], counters["sent"]) == (2, 1, 2)


def test_proxies_of_a_network(daemon):
    """What networks names can be named here too."""
    service = daemon({"tcp": tcp(greeting=WHO, proxy_from=["balancers"])}, networks={"balancers": LOOPBACK})
    assert told(service.address(), line()) == "192.0.2.1 40001 by 127.0.0.1\n"
