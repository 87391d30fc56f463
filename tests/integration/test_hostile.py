# SPDX-License-Identifier: MIT
"""Clients that mean harm: what they can put into the log, what they can hold, and what the others notice of it."""

import contextlib
import json
import multiprocessing
import os
import random
import re
import resource
import secrets
import select
import socket
import struct
import time

import pytest

from clients import HAS_IPV6, TIMEOUT, Crowd, connect, dgram_socket, exchange, greet, read_all, udp_socket
from namespaces import SETTINGS_INSIDE
from operations import EX_USAGE, LONG, Load, describe, lost, targets
from processes import BUSY, SANITIZER, SLOWNESS, descriptors, own_memory, wait_until
from service import GREETING, tcp, udp, unix, unix_dgram
from test_log import GREETED

# A line of its own, a terminal's commands, an end of text, no text at all, formats, text from right to left.
NASTY = [b"\nGot connection from 6.6.6.6:6 on tcp, sent 26 bytes\n", b"\r\x1b[2J\x1b]0;mine\x07", b"a\0b",
         b"\xff\xfe\xc3(\x80", b"%n%n%s%99999d", "\u202egpj.exe\u2066\u200f".encode(),
         b"\nMESSAGE=forged\nPRIORITY=0\n", b"\x9b31m\x85\xe2\x80\xa8"]
ODD_LINK = "e\x1b[7m\u202e"  # a name that the kernel lets an interface have
IP_BIND_ADDRESS_NO_PORT = 24
SAFE = re.compile(r"[ -~]*")


# What they say, in the log


def say_over_streams(service, directory):
    """Clients who say something nasty, some of whose own sockets have a nasty name. Returns how many there were."""
    count = 0
    for words in NASTY:
        for name in ("tcp", "stream"):
            with connect(service.address(name)) as client:
                client.sendall(words)
                assert read_all(client) == GREETING
                count += 1
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(TIMEOUT)
            client.bind(b"\0" + words + secrets.token_bytes(4))
            client.connect(str(directory / "stream"))
            assert read_all(client) == GREETING
            count += 1
    return count


def say_in_datagrams(service, directory):
    """The same in datagrams; whose name is one of their choice are not answered."""
    address, count = str(directory / "dgram"), 0
    for number, words in enumerate(NASTY):
        with udp_socket(service.address("udp")) as client:
            assert exchange(client, service.address("udp"), words)[0] == GREETING
        with dgram_socket() as client:
            assert exchange(client, address, words)[0] == GREETING
        path = bytes(directory) + b"/%d" % number + words.replace(b"/", b"").replace(b"\0", b"")
        for name in (b"\0" + words + secrets.token_bytes(4), path[:107]):
            with dgram_socket(name) as client:
                client.sendto(words, address)
        count += 4
    return count


def say_to_the_master(service):
    """Requests over the control socket. Returns how many there were."""
    for words in NASTY:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(TIMEOUT)
            client.connect(str(service.runtime / "control.sock"))
            client.sendall(words.strip() + b"\n")
            answer = b"".join(iter(lambda: client.recv(65536), b"")).decode("ascii")
        assert json.loads(answer)["code"] == EX_USAGE and SAFE.fullmatch(answer.rstrip("\n")), answer
    return len(NASTY)


def say_everything(service, directory):
    """All of it. Returns how many clients of listeners there were."""
    say_to_the_master(service)
    return say_over_streams(service, directory) + say_in_datagrams(service, directory)


def listeners_in(directory):
    """One of each kind."""
    return {"tcp": tcp(), "udp": udp(), "stream": unix(directory / "stream"), "dgram": unix_dgram(directory / "dgram")}


def test_one_line_for_each_client(daemon, tmp_path):
    """Whatever clients say, and whatever their sockets are called: each has one line in the log, of printable ASCII."""
    service = daemon(listeners_in(tmp_path))
    count = say_everything(service, tmp_path)
    service.wait_counter("served", count)
    service.wait_accounted()
    service.stop()
    stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} "
    client = r"Got (connection|datagram) from (uid \d+ \(pid \d+\)|127\.0\.0\.1:\d+)"
    lines = service.log_file.read_bytes().decode("ascii").split("\n")
    assert lines.pop() == "" and all(SAFE.fullmatch(line) and re.match(stamp, line) for line in lines)
    end = r" on (tcp|udp|stream|dgram), sent (26|0) bytes( \(unanswerable\))?"
    assert sum(bool(re.fullmatch(stamp + client + end, line)) for line in lines) == count
    assert sum("Got " in line for line in lines) == count


def test_one_entry_for_each_client(spawn, journal, tmp_path):
    """The same in the journal: each has one entry, with one value in each field."""
    service = spawn(listeners_in(tmp_path), log={"target": "journal"}, prefix=journal.prefix, **SETTINGS_INSIDE)
    journal.wait_message("Ready: ")
    count = say_everything(service, tmp_path)

    def greeted():
        return sum(("MESSAGE_ID", GREETED) in entry for entry in journal.read())

    wait_until(lambda: greeted() >= count, "an entry for each")
    service.stop()
    assert greeted() == count
    for entry in journal.read():
        keys = [key for key, _ in entry]
        assert len(keys) == len(set(keys)) and keys.count("MESSAGE") == 1
        assert all(SAFE.fullmatch(value) for _, value in entry), entry


@pytest.mark.skipif(not HAS_IPV6, reason="no IPv6 here")
def test_interface_with_an_odd_name(namespace, daemon):
    """A link-local client is shown with its interface, whose name was copied as it is: it could clear the reader's screen."""
    namespace.add_link()
    namespace.ip("link", "set", "dev", "east", "down")
    namespace.ip("link", "set", "dev", "east", "name", ODD_LINK)
    namespace.ip("link", "set", "dev", ODD_LINK, "up")
    namespace.ip("address", "replace", "fe80::77/64", "dev", ODD_LINK, "nodad")
    listener = udp("", greeting="${client_address}")
    service = daemon({"udp": listener}, prefix=namespace.prefix, **SETTINGS_INSIDE)
    index = namespace.index(ODD_LINK)
    with namespace.udp("::") as client:
        client.sendto(b"hello", ("fe80::77", listener["port"], 0, index))
        assert client.recv(100) == b"fe80::77%%%d" % index
    service.wait_log(rf"^Got datagram from \[fe80::77%{index}\]:\d+ on udp, sent \d+ bytes$")
    assert SAFE.fullmatch(service.log().replace("\n", ""))


# What they can hold


@pytest.fixture(name="many_descriptors")
def fixture_many_descriptors():
    """As many descriptors as may be had, for this process and those that it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def held(service):
    """How many connections the workers have, about."""
    return sum(len(descriptors(pid)) for pid in service.workers())


def drip(clients):
    """Each client sends a byte, if it can."""
    for client in clients:
        with contextlib.suppress(OSError):
            client.send(b"x", socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)


TOTAL = 16 if SANITIZER else 8  # timeouts.linger_total: longer than it takes until all of a crowd are there


@pytest.mark.parametrize("processes", [1, 2])
def test_clients_that_drip(daemon, many_descriptors, figures, processes):
    """5 000 clients who have their greeting, stay, and send a byte a second are gone after timeouts.linger_total, though
    they never fall silent for timeouts.linger; somebody else is greeted meanwhile."""
    count = min(1000 if SANITIZER else 5000, many_descriptors // 2 - 100)
    service = daemon({"tcp": tcp()}, workers={"processes": processes, "threads": 1},
                     limits={"connections": processes * (count + 100)},  # nobody gives way, whoever takes them
                     timeouts={"linger": TOTAL, "linger_total": TOTAL}, log={"greetings": "off"})
    before = held(service)
    with Crowd(service.address(), count) as crowd:
        drip(crowd.connections)
        wait_until(lambda: held(service) - before > count / 2, "most of the crowd is there")
        most, began = held(service), time.monotonic()
        assert greet(service.address()) == GREETING
        next_drip = began
        while held(service) > before + 10 and time.monotonic() < began + TOTAL + 10 * SLOWNESS:
            if time.monotonic() >= next_drip:
                drip(crowd.connections)
                next_drip += 1
            time.sleep(0.05)
        seconds = time.monotonic() - began
    figures(f"{most - before} of {count} held at once; all gone {seconds:.1f} s after the last came")
    assert seconds < TOTAL + SLOWNESS
    assert service.wait_counter("served", count + 1)["sent"] == count + 1


ROOM = 1000  # limits.connections
RATE, BURST, SEND = 50, 100, 4  # what one source may, and how long it may take for a greeting
LARGE = "x" * 1_000_000  # more than the kernel takes for a client that does not read


def _open_and_hold(addresses, source, pipe):
    """One source that opens connections as fast as it can, and reads of each greeting a byte a second. Whom it sees refused
    it forgets."""
    poll, clients, opened, next_read = select.epoll(), {}, 0, 0.0
    while not pipe.poll():
        for address in addresses:
            client = socket.socket()
            client.setblocking(False)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
            client.bind((source, 0))
            client.connect_ex(address)
            poll.register(client, select.EPOLLRDHUP | select.EPOLLHUP)
            clients[client.fileno()] = client
            opened += 1
        for descriptor, _ in poll.poll(0):
            clients.pop(descriptor).close()
        if time.monotonic() >= next_read:
            next_read = time.monotonic() + 1
            for client in clients.values():
                with contextlib.suppress(OSError):
                    client.recv(1)
    pipe.send(opened)


class Attack:
    """Such a source at work, until the block ends."""

    def __init__(self, *addresses):
        self.pipe, there = multiprocessing.Pipe()
        fork = multiprocessing.get_context("fork")
        self.process = fork.Process(target=_open_and_hold, args=(addresses, "127.0.0.66", there), daemon=True)

    def __enter__(self):
        self.process.start()
        return self

    def give_way(self):
        """From now on it has what the others leave of the processors, so that they wait for the service alone."""
        os.sched_setscheduler(self.process.pid, os.SCHED_IDLE, os.sched_param(0))

    def __exit__(self, *_):
        self.pipe.send(None)
        self.opened = self.pipe.recv()
        self.process.join()


def latency(program, service):
    """Of others, who come at a fixed rate from 64 addresses: p99 in microseconds. All of them are greeted."""
    with Load(program, targets(service, "small"), 1.5, clients=64, rate=RATE * 16) as load:
        results = load.results()
    assert lost(results) == 0, describe(results)
    return results["small"]["latency_us"]["p99"]


@pytest.mark.parametrize("limits, refusal, least, most", [
    ({"rate": RATE, "burst": BURST}, "rate-limited", BURST / 2, BURST + RATE * SEND),
    ({"per_source": 100}, "source-full", 50, 100),
], ids=["rate", "per_source"])
def test_one_source_that_opens_and_holds(daemon, load_program, many_descriptors, figures, limits, refusal, least, most):
    """One source that opens connections as fast as it can and reads slowly has what a limit allows it, and no more: of the
    others nobody is refused or waits for a place, and their p99 is less than twice what it is without it, where nothing else
    runs that would add to it."""
    del many_descriptors
    service = daemon({"small": tcp(), "large": tcp(greeting=LARGE)}, log={"greetings": "off"},
                     limits={"connections": ROOM, **limits},
                     timeouts={"send": 2, "send_total": SEND, "linger": 2, "linger_total": SEND})
    idle, attacked, holds = [], [], 0
    for _ in range(6):  # whatever else the machine does adds to a time and never takes from it
        idle.append(latency(load_program, service))
        refused = service.counters()[refusal]
        with Attack(service.address("small"), service.address("large")) as attack:
            service.wait_counter(refusal, refused + 100)
            holds = max(holds, held(service))
            attack.give_way()
            attacked.append(latency(load_program, service))
            holds = max(holds, held(service))
        if SANITIZER or BUSY or min(attacked) < 2 * min(idle):
            break
    counters = service.counters()
    figures(f"p99 {min(idle):.0f} us idle, {min(attacked):.0f} us with {attack.opened} connections, at most {holds} held; "
            f"{counters[refusal]} refused")
    assert SANITIZER or BUSY or min(attacked) < 2 * min(idle)
    assert least < holds < most + 200
    assert counters["accept_pauses"] == 0


def flood(raw, port, count, rng):
    """So many datagrams from as many random addresses."""
    udp_header = struct.pack("!HHHH", 40000, port, 8, 0)
    for _ in range(count):
        source = struct.pack("!I", rng.randrange(0x0b000000, 0x7f000000))
        raw.sendto(struct.pack("!BBHHHBBH", 0x45, 0, 28, 0, 0, 64, 17, 0) + source + b"\x7f\0\0\1" + udp_header,
                   ("127.0.0.1", 0))


def test_flood_of_forged_sources(namespace, daemon, figures):
    """Datagrams from thirty thousand random sources (ten million with SOCKGREET_LONG=1) leave all processes as large as
    they were, and every client that keeps to its rate gets its answers."""
    namespace.ip("route", "add", "local", "0.0.0.0/0", "dev", "lo")  # where the answers go
    service = daemon({"udp": udp("")}, prefix=namespace.prefix, limits={"rate": 20, "burst": 20}, log={"greetings": "off"},
                     workers={"processes": 2, "threads": 2}, **SETTINGS_INSIDE)
    address, rng = ("127.0.0.1", service.settings["listeners"]["udp"]["port"]), random.Random(1)
    pids = [service.pid, *service.workers()]
    rounds, asked, heard, before = 100000 if LONG else 300, 0, 0, 0
    clients = [namespace.udp(f"127.0.0.{host}") for host in range(100, 200)]
    with namespace.raw_udp() as raw:
        raw.setsockopt(socket.IPPROTO_IP, socket.IP_HDRINCL, 1)
        for number in range(rounds):
            flood(raw, address[1], 100, rng)
            client = clients[number % len(clients)]
            client.settimeout(1.0 * SLOWNESS)
            asked += 1
            with contextlib.suppress(TimeoutError):
                heard += exchange(client, address)[0] == GREETING
            if number == rounds // 3:
                before = own_memory(*pids)
    after = own_memory(*pids)
    for client in clients:
        client.close()
    counters = service.counters()
    figures(f"{counters['served'] - asked} forged, {heard} of {asked} answered; "
            f"{before / 1e6:.2f} MB, then {after / 1e6:.2f} MB")
    assert counters["served"] >= rounds * 99
    assert heard >= 0.999 * asked
    assert SANITIZER or after < before + (1 << 18)
