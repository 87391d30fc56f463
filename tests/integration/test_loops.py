# SPDX-License-Identifier: MIT
"""Datagrams that get no answer, or a short one: greeters never greet each other, nor help to flood anybody."""

import collections
import itertools
import re
import socket
import struct
import subprocess
import time

import pytest

from clients import HAS_IPV6, TIMEOUT, exchange, is_silent
from namespaces import IS_ROOT, SETTINGS_INSIDE
from processes import wait_until
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


# What greeters say to each other: one byte, as much as a datagram holds, texts and templates of all kinds.
SAID = ["x", "y" * 1232, GREETING.decode(), "Hello ${client_address}, this is ${hostname}\r\n", "${time} is the time\r\n",
        "Hi ${client_port}"]
PAIRS = list(itertools.product(SAID, SAID))


def pairs(host, first):
    """Listeners that say what one side of each pair does."""
    return {f"pair{number}": udp(host, greeting=pair[0 if first else 1], max_datagram=1232)
            for number, pair in enumerate(PAIRS)}


def answers(services):
    """How many each pair's two listeners have sent, by the logs."""
    found = collections.Counter()
    for service in services:
        found.update(match[1] for line in service.lines()
                     if (match := re.search(r"^Got datagram from .* on (pair[0-9]+), sent [1-9]", line)))
    return found


@pytest.mark.parametrize("same_port", [False, True], ids=["two ports", "one port"])
def test_two_daemons(namespace, inside, figures, same_port):
    """Two greeters on two hosts, whatever they say, spoofed at each other, are silent after 64 answers in all. What was
    compared were beginnings, so all but identical texts answered each other 55 000 to 98 000 times a second."""
    one, two = pairs("127.0.0.2", True), pairs("127.0.0.3", False)
    if same_port:
        two = {name: {**listener, "port": one[name]["port"]} for name, listener in two.items()}
    services = [inside(one), inside(two)]
    with namespace.raw_udp() as raw:
        for name, listener in one.items():
            spoof(raw, ("127.0.0.3", two[name]["port"]), ("127.0.0.2", listener["port"]))
    services[0].wait_counter("served", len(PAIRS))
    wait_until(lambda: is_quiet(services), "the loops have died")
    found = answers(services)
    figures(f"{len(PAIRS)} pairs, answers of each: {min(found.values(), default=0)} to {max(found.values(), default=0)}")
    assert max(found.values(), default=0) <= 64
    assert (len(found) == 0) == same_port
    assert sum(service.counters()["loop"] for service in services) == (0 if same_port else len(PAIRS))


def is_quiet(services):
    """Whether a second passes in which nobody is served."""
    before = [service.wait_accounted()["served"] for service in services]
    time.sleep(1)
    return [service.wait_accounted()["served"] for service in services] == before


def xinetd(directory, name, host, port):
    """The command of xinetd with one of its internal services over UDP."""
    conf = directory / f"{name}.conf"
    conf.write_text(f"""
defaults
{{
    instances = UNLIMITED
    cps = 1000000 1
}}
service {name}
{{
    type = INTERNAL UNLISTED
    id = {name}-dgram
    socket_type = dgram
    protocol = udp
    wait = yes
    user = root
    bind = {host}
    port = {port}
}}
""")
    return ["xinetd", "-dontfork", "-f", str(conf), "-pidfile", str(directory / f"{name}.pid")]


def nginx(directory, host, port):
    """The command of nginx as a greeter over UDP."""
    conf = directory / "nginx.conf"
    conf.write_text(f"""
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off;
pid {directory}/nginx.pid;
events {{ }}
stream {{ server {{ listen {host}:{port} udp; return "Hello from nginx\\n"; }} }}
""")
    return ["nginx", "-e", f"{directory}/nginx.log", "-c", str(conf)]


OTHERS = {
    "nginx": lambda directory, host: (nginx(directory, host, 7777), 7777),
    "echo": lambda directory, host: (xinetd(directory, "echo", host, 7), 7),
    "daytime": lambda directory, host: (xinetd(directory, "daytime", host, 13), 13),
    "time": lambda directory, host: (xinetd(directory, "time", host, 37), 37),
}


@pytest.mark.skipif(not IS_ROOT, reason="xinetd runs only as root")
@pytest.mark.parametrize("other", OTHERS)
def test_another_service(namespace, inside, tmp_path, figures, other):
    """Nor does a service that nobody here wrote keep up a conversation, not even one of this host on a low port."""
    command, port = OTHERS[other](tmp_path, "127.0.0.3")
    listener = udp("127.0.0.2", greeting="${time} is the time\r\n")
    service = inside({"pair0": listener})
    process = subprocess.Popen([*namespace.prefix, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with namespace.udp("127.0.0.1") as client:
            client.settimeout(0.2)
            wait_until(lambda: answers_at_all(client, ("127.0.0.3", port)), f"{other} answers")
        sent = [0]  # before each attempt: what was said longer than two seconds before it is another conversation
        with namespace.raw_udp() as raw:

            def they_answer_each_other():
                spoof(raw, ("127.0.0.3", port), ("127.0.0.2", listener["port"]))
                wait_until(lambda: is_quiet([service]), "the loop has died")
                counters = service.counters()
                sent.append(counters["sent"])
                return counters["served"] >= 3

            wait_until(they_answer_each_other, "they answer each other")  # xinetd now and then drops one, and it is over
    finally:
        process.terminate()
        process.wait(10)
    most = max(after - before for before, after in zip(sent, sent[1:]))
    figures(f"{other}: {most} answers of ours")
    assert most <= 32


def answers_at_all(client, address):
    """Whether somebody answers there."""
    try:
        exchange(client, address)
    except OSError:
        return False
    return True


def ask_in_a_row(client, address, count, patience):
    """Asks again as soon as there is an answer; returns how many there were not."""
    client.settimeout(patience)
    missing = 0
    for _ in range(count):
        try:
            exchange(client, address)
        except TimeoutError:
            missing += 1
    return missing


def test_clients_are_no_services(namespace, inside):
    """Who asks from a port that clients have is always answered, as fast as it asks; who has a port as services have them,
    from address translation, misses one answer in two hundred at most."""
    listener = udp("127.0.0.2")
    service = inside({"udp": listener}, log={"greetings": "off"})
    address = ("127.0.0.2", listener["port"])
    with namespace.udp("127.0.0.9", 40000) as client:
        assert ask_in_a_row(client, address, 2000, TIMEOUT) == 0
    with namespace.udp("127.0.0.9", 2000) as client:
        assert 1 <= ask_in_a_row(client, address, 2000, 1) <= 10  # two seconds would end the row
    assert service.counters()["loop"] <= 10


@needs_ipv6
def test_ipv4_address_in_an_ipv6_packet(namespace, inside):
    """A datagram over IPv6 from ::ffff:127.0.0.1 is not from this host. It was answered, over IPv4, and daytime there
    answered that, for ever."""
    listener = udp("")
    service = inside({"udp": listener})
    with namespace.raw_ipv6() as raw:
        payload = struct.pack("!HHHH", 13, listener["port"], 8 + 5, 0) + b"hello"
        source = bytes(10) + b"\xff\xff" + bytes([127, 0, 0, 1])
        target = bytes(15) + b"\x01"
        checksum = udp6_checksum(source, target, payload)
        payload = payload[:6] + struct.pack("!H", checksum) + payload[8:]
        raw.sendto(struct.pack("!IHBB", 6 << 28, len(payload), 17, 64) + source + target + payload, ("::1", 0))
    assert service.wait_counter("unanswerable", 1)["sent"] == 0


def udp6_checksum(source, target, payload):
    """RFC 8200 section 8.1."""
    data = source + target + struct.pack("!II", len(payload), 17) + payload + bytes(len(payload) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff or 0xffff


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
    assert service.wait_counter("served", 5)["unanswerable"] == 4


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


# Around the 64 bytes that every source gets and the largest greeting, and many between them.
LENGTHS = sorted({1, 2, 15, 16, 17, 35, 36, 37, 64, 512, 513, 1231, 1232, *range(3, 1232, 61)})
SIZES = sorted({*range(40), 63, 64, 65, *range(40, 1300, 13), 1231, 1232, 1233, 1472, 1473, 9000, 32767, 65506, 65507})
PACKET_OUTGOING, ETHERNET = 4, 14


def sent_packets(capture, ports, headers):
    """Sizes of the packets that have left these ports since the last look, by their own headers."""
    while True:
        try:
            frame, where = capture.recvfrom(1 << 17)
        except BlockingIOError:
            return
        packet = frame[ETHERNET:]
        udp_header, protocol = headers - 8, packet[9] if headers == 28 else packet[6]
        if where[2] == PACKET_OUTGOING and protocol == 17 and struct.unpack_from("!H", packet, udp_header)[0] in ports:
            yield len(packet)


@pytest.mark.parametrize("host,server,headers", [
    ("203.0.113.2", "203.0.113.1", 28),
    pytest.param("2001:db8::2", "2001:db8::1", 48, marks=needs_ipv6),
])
@pytest.mark.parametrize("factor", [1, 2.5])
def test_packets_are_never_larger_than_allowed(namespace, inside, figures, host, server, headers, factor):
    """Requests of every kind of size to greetings of every kind of length: on the wire, one packet for each, and it has
    exactly the bytes that are allowed or that there are."""
    texts = {f"g{length}": "0123456789" * 124 for length in LENGTHS}
    texts = {name: text[:int(name[1:])] for name, text in texts.items()} | {"template": "${client_address} " + "x" * 600}
    listeners = {name: udp("", greeting=text, max_datagram=1232, max_amplification=factor) for name, text in texts.items()}
    inside(listeners, log={"greetings": "off"})
    ports, asked, answered = {listener["port"] for listener in listeners.values()}, 0, 0
    with namespace.udp(host) as client, namespace.capture(many=True) as capture:
        capture.setblocking(False)
        for name, size in itertools.product(listeners, SIZES):
            answer, _ = exchange(client, (server, listeners[name]["port"]), b"?" * size)
            allowed = max(int((size + headers) * factor), 64)
            expected = texts[name].replace("${client_address}", host).encode()[:allowed - headers]
            packets = list(sent_packets(capture, ports, headers))
            assert answer == expected and packets == [len(expected) + headers], (name, size, packets)
            asked, answered = asked + size + headers, answered + packets[0]
    figures(f"{len(listeners) * len(SIZES)} requests, {asked / 1e6:.1f} MB in, {answered / 1e6:.1f} MB out")


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
