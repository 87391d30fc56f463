# SPDX-License-Identifier: MIT
"""Datagrams that get no answer, or a short one: greeters never greet each other, nor help to flood anybody."""

import struct
import time

import pytest

from clients import HAS_IPV6, exchange, is_silent
from namespaces import SETTINGS_INSIDE
from service import GREETING, udp

needs_ipv6 = pytest.mark.skipif(not HAS_IPV6, reason="no IPv6 here")
QUIET = 0.5  # seconds; a loop on the loopback interface makes tens of thousands of datagrams in it


def spoof(raw, source, destination, payload=b"hello"):
    """Sends a datagram whose source port is whatever it says."""
    header = struct.pack("!HHHH", source[1], destination[1], 8 + len(payload), 0)
    raw.bind((source[0], 0))
    raw.sendto(header + payload, (destination[0], 0))


@pytest.fixture
def inside(namespace, daemon):
    """Starts a daemon in the namespace, which has global addresses."""
    namespace.add_global_addresses()

    def start(listeners, **settings):
        return daemon(listeners, prefix=namespace.prefix, **SETTINGS_INSIDE, **settings)

    return start


def served_after_a_while(service):
    """How many clients were served, when there was time for a loop."""
    time.sleep(QUIET)
    return service.counters()["served"]


def test_two_listeners_of_one_daemon(namespace, inside):
    """A datagram that seems to come from another listener of the daemon's own is not answered."""
    one, two = udp("127.0.0.2"), udp("127.0.0.3")
    service = inside({"one": one, "two": two})
    with namespace.raw_udp() as raw:
        spoof(raw, ("127.0.0.3", two["port"]), ("127.0.0.2", one["port"]))
        spoof(raw, ("127.0.0.2", one["port"]), ("127.0.0.3", two["port"]))
    service.wait_counter("served", 2)
    assert served_after_a_while(service) == 2
    assert service.counters()["unanswerable"] == 2


def test_a_listener_and_itself(namespace, inside):
    """Nor is one that seems to come from the listener itself, as an address or as the wildcard."""
    one, any_address = udp("127.0.0.2"), udp("")
    service = inside({"one": one, "any": any_address})
    with namespace.raw_udp() as raw:
        spoof(raw, ("127.0.0.2", one["port"]), ("127.0.0.2", one["port"]))
        spoof(raw, ("127.0.0.4", any_address["port"]), ("127.0.0.5", any_address["port"]))
    service.wait_counter("served", 2)
    assert served_after_a_while(service) == 2
    assert service.counters()["unanswerable"] == 2


def test_two_daemons_on_the_same_port(namespace, inside):
    """Two greeters on the same port of two hosts, spoofed at each other, exchange nothing."""
    one = udp("127.0.0.2")
    services = [inside({"udp": one}), inside({"udp": {**one, "address": "127.0.0.3"}})]
    with namespace.raw_udp() as raw:
        spoof(raw, ("127.0.0.3", one["port"]), ("127.0.0.2", one["port"]))
    services[0].wait_counter("served", 1)
    assert [served_after_a_while(service) for service in services] == [1, 0]


def test_two_daemons_on_two_ports(namespace, inside):
    """Two greeters on different ports, spoofed at each other, exchange nothing for long."""
    one, two = udp("127.0.0.2"), udp("127.0.0.3")
    services = [inside({"udp": one}, log={"greetings": "off"}), inside({"udp": two}, log={"greetings": "off"})]
    with namespace.raw_udp() as raw:
        spoof(raw, ("127.0.0.3", two["port"]), ("127.0.0.2", one["port"]))
    services[0].wait_counter("served", 1)
    served = [served_after_a_while(service) for service in services]
    for service in services:
        service.stop()
    assert sum(served) <= 4, served


def test_source_port_zero(namespace, inside):
    """A datagram from port 0 is not answered."""
    listener = udp("127.0.0.1")
    service = inside({"udp": listener})
    with namespace.raw_udp() as raw:
        spoof(raw, ("127.0.0.1", 0), ("127.0.0.1", listener["port"]))
    assert service.wait_counter("unanswerable", 1)["sent"] == 0
    service.wait_log(r"^Got datagram from 127\.0\.0\.1:0 on udp, sent 0 bytes \(unanswerable\)$")


@pytest.mark.parametrize("host", ["203.0.113.2", "192.168.5.5", pytest.param("2001:db8::2", marks=needs_ipv6)])
def test_low_source_port(namespace, inside, host):
    """A datagram from a port under 1024, where other small services live, is not answered."""
    namespace.add_address("192.168.5.5")
    listener = udp("")
    service = inside({"udp": listener})
    server = "2001:db8::1" if ":" in host else "203.0.113.1"
    for port in (1, 7, 19, 1023):
        with namespace.udp(host, port) as client:
            client.sendto(b"hello", (server, listener["port"]))
            assert is_silent(client, 0.1)
    with namespace.udp(host, 1024) as client:
        assert exchange(client, (server, listener["port"]), b"x" * 100)[0] == GREETING
    assert service.counters()["unanswerable"] == 4


@pytest.mark.parametrize("host", ["127.0.0.1", pytest.param("::1", marks=needs_ipv6)])
def test_low_source_port_of_the_host_itself(namespace, inside, host):
    """A low port of the loopback interface is answered."""
    listener = udp("")
    inside({"udp": listener})
    with namespace.udp(host, 1000) as client:
        assert exchange(client, (host, listener["port"]))[0] == GREETING


@pytest.mark.parametrize("host,server,headers", [
    ("203.0.113.2", "203.0.113.1", 28),
    pytest.param("2001:db8::2", "2001:db8::1", 48, marks=needs_ipv6),
])
@pytest.mark.parametrize("address", ["", "own"])
def test_no_amplification_for_global_sources(namespace, inside, host, server, headers, address):
    """To a global address the reply's packet is never larger than the request's, or than 64 bytes."""
    greeting = "0123456789" * 30
    listener = udp(server if address == "own" else address, greeting=greeting)
    service = inside({"udp": listener})
    sizes = (0, 1, 10, 35, 36, 37, 100, 299, 300, 512)
    with namespace.udp(host) as client:
        for size in sizes:
            answer, _ = exchange(client, (server, listener["port"]), b"x" * size)
            allowed = max(size + headers, 64) - headers
            assert answer.decode() == greeting[:allowed]
    counters = service.wait_counter("served", len(sizes))
    assert (counters["truncated"], counters["sent"]) == (8, 2)
    service.wait_log(r" on udp, sent 299 bytes \(truncated\)$")


@pytest.mark.parametrize("host", ["127.0.0.1", "10.1.2.3", "172.16.9.9", "192.168.5.5", "169.254.3.3", "100.64.0.1",
                                  pytest.param("::1", marks=needs_ipv6), pytest.param("fd00::5", marks=needs_ipv6)])
def test_whole_greeting_for_local_sources(namespace, inside, host):
    """Loopback, link-local, private and unique-local clients get everything, however short the request."""
    if host not in ("127.0.0.1", "::1"):
        namespace.add_address(host)
    listener = udp("", greeting="x" * 400)
    inside({"udp": listener})
    with namespace.udp(host) as client:
        assert exchange(client, (host, listener["port"]), b"")[0] == b"x" * 400


def test_max_amplification(namespace, inside):
    """max_amplification allows more."""
    listener = udp("", greeting="x" * 400, max_amplification=3)
    inside({"udp": listener})
    with namespace.udp("203.0.113.2") as client:
        assert len(exchange(client, ("203.0.113.1", listener["port"]), b"?" * 72)[0]) == 3 * 100 - 28


def test_multicast_and_broadcast_sources(namespace, inside):
    """Whatever the kernel lets through, nothing is sent to a group or to everybody."""
    listener = udp("")
    service = inside({"udp": listener})
    with namespace.raw_udp() as raw:
        raw.setsockopt(0, 3, 1)  # IP_HDRINCL
        for source in ("255.255.255.255", "224.0.0.1"):
            payload = struct.pack("!HHHH", 5000, listener["port"], 13, 0) + b"hello"
            addresses = bytes(map(int, source.split("."))) + bytes([127, 0, 0, 1])
            raw.sendto(struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, 64, 17, 0) + addresses + payload,
                       ("127.0.0.1", 0))
    time.sleep(0.2)
    assert service.counters()["sent"] == 0
