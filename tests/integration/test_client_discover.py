# SPDX-License-Identifier: MIT
"""sockgreet --discover against the real daemon, on a network of namespaces around a bridge."""

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time

import jsonschema
import pytest

from namespaces import SETTINGS_INSIDE, Namespace
from processes import PATIENCE, wait_until

CLIENT = os.environ.get("SOCKGREET", "sockgreet")
SCHEMA = jsonschema.Draft202012Validator(
    json.loads((pathlib.Path(__file__).parents[2] / "doc/client.schema.json").read_text(encoding="utf-8")))
PORT = 2000


class Network:
    """Hosts 1, 2, ... on one bridge: 10.99.0.N and fe80::N on eth0. Host 1 is where the client runs."""

    def __init__(self, hosts):
        self.switch, self.hosts = Namespace(), []
        self.switch.ip("link", "add", "bridge", "type", "bridge")
        self.switch.ip("link", "set", "bridge", "up")
        for _ in range(hosts):
            self.add_host()

    def add_host(self):
        host = Namespace()
        self.hosts.append(host)
        number = len(self.hosts)
        port = f"port{number}"
        self.switch.connect(port, host, "eth0")
        self.switch.ip("link", "set", port, "master", "bridge")
        host.ip("address", "flush", "dev", "eth0")
        host.ip("link", "set", "eth0", "addrgenmode", "none")
        host.ip("address", "add", f"10.99.0.{number}/24", "brd", "10.99.0.255", "dev", "eth0")
        host.ip("address", "add", f"fe80::{number}/64", "dev", "eth0", "nodad")
        wait_until(lambda: self._forwards(port), "the bridge forwards")

    def _forwards(self, port):
        shown = subprocess.run([*self.switch.prefix, "ip", "-d", "link", "show", port], capture_output=True, check=True)
        return b"state forwarding" in shown.stdout

    def discover(self, *arguments, timeout=PATIENCE):
        """Runs the client on host 1."""
        command = [*self.hosts[0].prefix, CLIENT, "--discover", "-p", str(PORT), *map(str, arguments)]
        result = subprocess.run(command, capture_output=True, timeout=timeout, env={**os.environ, "LC_ALL": "C"})
        result.out, result.err = result.stdout.decode(), result.stderr.decode()
        return result

    def close(self):
        for namespace in (*self.hosts, self.switch):
            namespace.close()


@pytest.fixture
def network():
    made = Network(3)
    yield made
    made.close()


@pytest.fixture
def serve(daemon):
    """Starts a daemon on a host that answers broadcasts, by default with JSON."""

    def start(host, instance, **settings):
        listener = {"type": "udp", "address": "", "port": PORT, "format": "json", "max_datagram": 1232,
                    "answer_broadcast": True, **settings}
        return daemon({"udp": listener}, prefix=host.prefix, instance=instance, **SETTINGS_INSIDE)

    return start


def rows(result):
    """The columns of the table; of lines that continue a server, the address and the time."""
    lines = result.out.split("\n\n")[0].splitlines()
    assert lines[0].split() == ["ADDRESS", "NAME", "VERSION", "TIME"]
    return [line.split() for line in lines[1:]]


def events(result):
    found = [json.loads(line) for line in result.out.splitlines()]
    for event in found:
        SCHEMA.validate(event)
    return found


def test_each_server_is_listed_once_with_all_its_addresses(network, serve):
    serve(network.hosts[1], "web-2")
    serve(network.hosts[2], "web-3")
    result = network.discover()
    table = rows(result)
    assert [row[0] for row in table] == ["10.99.0.2", "fe80::2%eth0", "10.99.0.3", "fe80::3%eth0"]
    name = socket.gethostname()
    assert [row[1:3] for row in table[::2]] == [[name, "(web-2)"], [name, "(web-3)"]]
    assert all(row[-1] == "ms" and 0 < float(row[-2]) < 5000 for row in table)
    assert result.out.endswith("\n\n2 servers answered.\n")
    assert (result.err, result.returncode) == ("", 0)


def test_a_host_finds_its_own_daemon_too(network, serve):
    serve(network.hosts[0], "here")
    assert [row[0] for row in rows(network.discover())] == ["10.99.0.1", "fe80::1%eth0"]


def test_families_and_interfaces_limit_it(network, serve):
    serve(network.hosts[1], "web-2")
    host = network.hosts[0]
    host.connect("eth1", network.hosts[2], "eth1")
    host.ip("address", "add", "10.98.0.1/24", "brd", "10.98.0.255", "dev", "eth1")
    assert [row[0] for row in rows(network.discover("-4"))] == ["10.99.0.2"]
    assert [row[0] for row in rows(network.discover("-6"))] == ["fe80::2%eth0"]
    assert [row[0] for row in rows(network.discover("-I", "eth0"))] == ["10.99.0.2", "fe80::2%eth0"]
    assert [row[0] for row in rows(network.discover("-I", "10.99.0.1"))] == ["10.99.0.2"]
    assert [row[0] for row in rows(network.discover("-I", "fe80::1%eth0"))] == ["fe80::2%eth0"]
    assert network.discover("-I", "eth1", "-w", "0.2").returncode == 1


def test_each_broadcast_leaves_by_its_own_interface(network, serve):
    """Of 255.255.255.255 the routes know only one."""
    host, other = network.hosts[0], network.hosts[2]
    host.connect("eth1", other, "eth1")
    host.ip("address", "add", "10.98.0.1/24", "brd", "+", "dev", "eth1")
    other.ip("address", "add", "10.98.0.3/24", "brd", "+", "dev", "eth1")
    other.ip("link", "set", "eth0", "down")
    for where, instance in ((network.hosts[1], "web-2"), (other, "web-3")):
        serve(where, instance, answer_broadcast=False, address="<broadcast>")
    found = events(network.discover("-4", "-j"))[:-1]
    assert [(event["instance"], event["addresses"][0]["interface"]) for event in found] == [
        ("web-3", "eth1"), ("web-2", "eth0")]


def test_servers_bound_to_the_broadcast_address_answer(network, serve):
    serve(network.hosts[1], "web-2", answer_broadcast=False, address="<broadcast>")
    assert [row[0] for row in rows(network.discover("-4"))] == ["10.99.0.2"]


def test_who_does_not_answer_broadcasts_is_not_found(network, serve):
    serve(network.hosts[1], "web-2", answer_broadcast=False)
    result = network.discover("-w", "0.3")
    assert (result.out, result.returncode) == ("", 1)
    assert re.match(rf"sockgreet: no answer on UDP port {PORT} in \d+\.\d s ", result.err)
    assert "answer_broadcast" in result.err
    assert network.discover("-w", "0.1", "-q").err == ""


def test_what_is_sent_where(network):
    result = network.discover("-v", "-w", "0.2")
    places = (f"10.99.0.255:{PORT}", f"255.255.255.255:{PORT}", f"[ff02::1%eth0]:{PORT}")
    lines = result.err.splitlines()[:-1]
    assert sorted(lines) == sorted(f"sockgreet: eth0: sent to {place}, request {number} of 3"
                                   for place in places for number in (1, 2, 3))


def test_an_interface_that_cannot_be_asked(network):
    network.hosts[0].ip("link", "set", "eth0", "down")
    result = network.discover()
    assert (result.out, result.returncode) == ("", 2)
    assert network.discover("-6", "-I", "eth0").err == "sockgreet: -I: the network interface is not up, or has no link-local IPv6 address\n"
    assert result.err == "sockgreet: no network interface is up and has a broadcast or link-local IPv6 address\n"


def test_json_lines(network, serve):
    serve(network.hosts[1], "büro-2")
    result = network.discover("-j")
    greeter, end = events(result)
    assert {key: greeter[key] for key in ("schema", "event", "name", "instance")} == {
        "schema": 1, "event": "greeter", "name": socket.gethostname(), "instance": "büro-2"}
    assert greeter["version"][0].isdigit()
    assert [(a["address"], a["port"], a["interface"]) for a in greeter["addresses"]] == [
        ("10.99.0.2", PORT, "eth0"), ("fe80::2%eth0", PORT, "eth0")]
    assert all(0 < a["time_ms"] < 5000 for a in greeter["addresses"])
    del end["timestamp"]
    assert end == {"schema": 1, "event": "discovered", "greeters": 1, "addresses": 2, "complete": True}


class Fake:
    """Answers the datagrams that come to a host over IPv4, each with what greeting() says of its number, if anything."""

    def __init__(self, host, greeting, source_port=None):
        self.asked, self.ended = 0, False
        self.socket = host.udp("", PORT)
        self.sender = host.udp("", source_port) if source_port else self.socket
        self.greeting = greeting
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        self.socket.settimeout(0.05)
        while not self.ended:
            with contextlib.suppress(TimeoutError):
                _, peer = self.socket.recvfrom(70000)
                self.asked += 1
                if self.greeting(self.asked) is not None:
                    self.sender.sendto(self.greeting(self.asked), peer)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended = True
        self.thread.join()
        self.socket.close()
        self.sender.close()


def test_what_a_server_says_is_cut_and_escaped(network):
    for said, shown in (
        (b"\r\nplain\nmore", "plain"),
        (b"\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
        (b"x" * 1000, "x" * 29 + "..."),
        (b"", ""),
        (b"{" * 5000, "{" * 29 + "..."),
        (json.dumps({"hostname": "a\x1bb", "version": "\u202e1"}).encode(), "a\\x1bb"),
        (b'{"hostname": 7}', '{"hostname": 7}'),
    ):
        with Fake(network.hosts[1], lambda _, said=said: said):
            result = network.discover("-4", "-w", "1")
            assert result.returncode == 0, said
            assert result.out.splitlines()[1].split("  ")[1].strip() == shown
            assert all(32 <= byte < 127 or byte == 10 for byte in result.stdout)


def test_answers_from_another_port_are_not_believed(network):
    with Fake(network.hosts[1], lambda _: b"hello", source_port=PORT + 1) as fake:
        assert network.discover("-4", "-w", "0.4").returncode == 1
        wait_until(lambda: fake.asked, "it was asked")


def test_a_datagram_that_is_lost_is_asked_for_again(network):
    """255.255.255.255 and the network's own address are asked each time, so the first two are of the first request."""
    with Fake(network.hosts[1], lambda number: b"late" if number > 2 else None) as fake:
        result = network.discover("-4")
        assert [row[:2] for row in rows(result)] == [["10.99.0.2", "late"]]
        wait_until(lambda: fake.asked >= 6, "all requests are there")
        assert fake.asked == 6


def test_ctrl_c_lists_who_has_answered(network, serve):
    service = serve(network.hosts[1], "web-2")
    command = [*network.hosts[0].prefix, CLIENT, "--discover", "-p", str(PORT), "-w", "1000"]
    client = subprocess.Popen(command, stdout=subprocess.PIPE)
    service.wait_log(r"^Got datagram from \[fe80::1%eth0\]")
    client.send_signal(signal.SIGINT)
    assert b"1 server answered." in client.communicate(timeout=PATIENCE)[0]


def test_a_flood_of_forged_answers_is_bounded(network):
    """From more addresses than are kept: the list is cut, and it says so."""
    ready, over = threading.Event(), threading.Event()
    asked = network.hosts[1].udp("", PORT)
    raw = network.hosts[1].raw_udp()

    def forge():
        _, (_, port) = asked.recvfrom(2000)
        ready.set()
        for number in list(range(6000)) * 5:  # what finds no room at first is sent again
            if over.is_set():
                return
            source = bytes([10, 99, 1 + number // 250, 1 + number % 250])
            datagram = PORT.to_bytes(2, "big") + port.to_bytes(2, "big") + (8 + 2).to_bytes(2, "big") + b"\0\0hi"
            header = b"\x45\0" + (20 + len(datagram)).to_bytes(2, "big") + b"\0\0\0\0\x40\x11\0\0" + source
            raw.sendto(header + socket.inet_aton("10.99.0.1") + datagram, ("10.99.0.1", 0))
            if number % 50 == 49:
                time.sleep(0.005)  # not faster than it can be received

    raw.setsockopt(socket.IPPROTO_IP, socket.IP_HDRINCL, 1)
    thread = threading.Thread(target=forge)
    thread.start()
    result = network.discover("-4", "-j", "-w", "8", timeout=60)
    over.set()
    thread.join()
    assert ready.is_set()
    assert result.err == "sockgreet: answers came from more than 4096 addresses; the others are left out\n"
    found = events(result)
    assert len(found) == 4097
    del found[-1]["timestamp"]
    assert found[-1] == {"schema": 1, "event": "discovered", "greeters": 4096, "addresses": 4096, "complete": False}


def test_schema_is_one():
    SCHEMA.check_schema(SCHEMA.schema)
    for wrong in ({"schema": 1, "event": "greeter"}, {"schema": 1, "event": "discovered", "greeters": 1}):
        with pytest.raises(jsonschema.ValidationError):
            SCHEMA.validate(wrong)


def test_usage():
    for arguments, message in (
        (["host"], "--discover takes no target; use -I to select an interface"),
        (["-f", "-"], "--discover takes no target; use -I to select an interface"),
        (["--resolve"], "--discover and --resolve cannot be combined"),
    ):
        result = subprocess.run([CLIENT, "--discover", *arguments], capture_output=True, stdin=subprocess.DEVNULL)
        assert result.stderr.decode().startswith(f"sockgreet: {message}\n")
        assert result.returncode == 2
    result = subprocess.run([CLIENT, "--discover", "-c", "1"], capture_output=True, stdin=subprocess.DEVNULL)
    assert result.stderr.startswith(b"sockgreet: --discover cannot be combined with ") and result.returncode == 2
