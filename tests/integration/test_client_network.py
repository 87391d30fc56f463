# SPDX-License-Identifier: MIT
"""The client and what networks do to its requests: each loss has its class, and the addresses of a name race."""

import re
import socket
import subprocess
import time

import pytest

from namespaces import Namespace, mount_prefix
from processes import wait_until
from test_client import CLIENT, GREETING, Server, reply, say, waits

HOSTS = {"IPv4": "192.0.2.2", "IPv6": "fd88::2"}
CLIENTS = {"IPv4": "192.0.2.1", "IPv6": "fd88::1"}
SILENCE = {
    "tcp": "TIMEOUT: no answer to the connection request in T (filtered, or no such host)",
    "udp": "TIMEOUT: no answer in T (lost, filtered, or no server)",
}
# What a router or a filter can say to a request, by the port at which it is said here: over IPv4, and over IPv6.
PORTS = {
    2001: ("drop", "drop"),
    2002: ("reject with icmp port-unreachable", "reject with icmpv6 port-unreachable"),
    2003: ("reject with icmp host-unreachable", "reject with icmpv6 addr-unreachable"),
    2004: ("reject with icmp admin-prohibited", "reject with icmpv6 admin-prohibited"),
    2005: ("reject with icmp net-unreachable", "reject with icmpv6 no-route"),
}
FILTERED = "blocked by a packet filter (administratively prohibited)"
SAID = {
    ("IPv4", 2002): "REFUSED: connection refused",
    ("IPv6", 2002): "REFUSED: connection refused",
    ("IPv4", 2003): "UNREACHABLE: no route to host",
    ("IPv6", 2003): "UNREACHABLE: no route to host",
    ("IPv4", 2004): "UNREACHABLE: no route to host",
    ("IPv6", 2004): f"UNREACHABLE: {FILTERED}",
    ("IPv4", 2005): "UNREACHABLE: network is unreachable",
    ("IPv6", 2005): "UNREACHABLE: network is unreachable",
}


class Network:
    """A namespace with the client, and one with servers behind a filter."""

    def __init__(self):
        self.client, self.server = Namespace(), Namespace()
        self.client.connect("east", self.server, "west")
        for namespace, interface, hosts in ((self.client, "east", CLIENTS), (self.server, "west", HOSTS)):
            namespace.ip("address", "add", hosts["IPv4"] + "/24", "dev", interface)
            namespace.ip("address", "add", hosts["IPv6"] + "/64", "dev", interface, "nodad")
        self.server.run("sh", "-c", "echo 0 >/proc/sys/net/ipv4/icmp_ratelimit; echo 0 >/proc/sys/net/ipv6/icmp/ratelimit")
        self.servers = []
        for host in HOSTS.values():  # a new link is not ready at once
            wait_until(lambda host=host: "REFUSED" in self.ask("-W", "0.3", at(host, 1))[1], "the link is up")

    def close(self):
        """Ends servers and namespaces."""
        for server in self.servers:
            server.__exit__()
        self.client.close()
        self.server.close()

    def filter(self, *rules):
        """Rules for what comes in at the servers' side."""
        chain = "\n".join(f"add rule inet t in {rule}" for rule in rules)
        self.server.run("nft", "-f", "-", text=f"""table inet t {{}}
            delete table inet t
            add table inet t
            add chain inet t in {{ type filter hook input priority 0; }}
            {chain}\n""")

    def serve(self, host, port, serve, kind=socket.SOCK_STREAM):
        """A server on the servers' side."""

        def make():
            made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((host, port))
            if kind == socket.SOCK_STREAM:
                made.listen(1000)
            return made

        bound = self.server.socket(make)
        bound.settimeout(None)
        server = Server(bound, serve)
        server.__enter__()
        self.servers.append(server)
        return server

    def command(self, *arguments, hosts=None, directory=None):
        """The client's command, where /etc/hosts says this."""
        prefix = self.client.prefix
        if hosts is not None:
            (directory / "hosts").write_text(hosts)
            (directory / "nsswitch.conf").write_text("hosts: files\n")
            script = 'mount --bind "$1/hosts" /etc/hosts; mount --bind "$1/nsswitch.conf" /etc/nsswitch.conf'
            prefix = [*prefix, *mount_prefix(script, str(directory))]
        return [*prefix, CLIENT, *map(str, arguments)]

    def ask(self, *arguments, **names):
        """(standard output, standard error, exit status) of the client."""
        done = subprocess.run(self.command(*arguments, **names), capture_output=True, text=True, timeout=60, check=False)
        return done.stdout, done.stderr, done.returncode


@pytest.fixture(name="network")
def fixture_network():
    """Two connected namespaces."""
    made = Network()
    yield made
    made.close()


def at(host, port):
    """An address as the client writes it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_each_loss_has_its_class(network, transport):
    """Every way in which a filter answers, over both families; a filter that says nothing is told from a silent server."""
    network.filter(*(f"{transport} dport {port} meta nfproto {family} {verdict}" for port, verdicts in PORTS.items()
                     for family, verdict in zip(("ipv4", "ipv6"), verdicts)))
    targets = {at(host, port): (family, port) for family, host in HOSTS.items() for port in PORTS}
    out, err, status = network.ask("-c", "1", "-W", "3", *(f"{transport}://{target}" for target in targets))
    assert (err, status) == ("", 1)
    for target, key in targets.items():
        said = re.search(rf"^seq=1 {re.escape(target)} {transport} (.*)$", out, re.M)[1]
        said = waits(said, 3)
        # A remark in parentheses is left out of a long line.
        assert SAID.get(key, SILENCE[transport]).startswith(said), (key, said)
        word = said.partition(":")[0]
        block = out.partition(f"--- {transport}://{target} greeting statistics ---\n")[2].splitlines()
        assert block[0].startswith("1 sent, 0 answered, 100 % lost") and block[1] == f"1 lost: 1 {word}"
    _, one, _ = network.ask("-W", "3", f"{transport}://{at(HOSTS['IPv4'], 2001)}")
    assert waits(one, 3) == f"sockgreet: {at(HOSTS['IPv4'], 2001)} {transport}: {SILENCE[transport]}\n"


def test_a_reset_by_a_filter_is_a_refusal(network):
    network.filter("tcp dport 2001 reject with tcp reset")
    for host in HOSTS.values():
        assert network.ask(at(host, 2001)) == ("", f"sockgreet: {at(host, 2001)} tcp: REFUSED: connection refused\n", 1)


def test_a_filter_of_this_machine_is_named(network):
    network.client.run("nft", "-f", "-", text="""add table inet t
        add chain inet t out { type filter hook output priority 0; }
        add rule inet t out udp dport 2001 drop\n""")
    target = at(HOSTS["IPv4"], 2001)
    assert network.ask("-u", target) == (
        "", f"sockgreet: {target} udp: UNREACHABLE: blocked by a packet filter of this machine\n", 1)


def test_without_a_route(network):
    assert network.ask("198.51.100.1") == (
        "", "sockgreet: 198.51.100.1:12345 tcp: UNREACHABLE: network is unreachable\n", 1)


def test_a_dead_neighbour(network):
    """Nobody has the address: the kernel gives up by itself."""
    _, err, status = network.ask("-W", "20", "192.0.2.99")
    assert (err, status) == ("sockgreet: 192.0.2.99:12345 tcp: UNREACHABLE: no route to host\n", 1)


@pytest.mark.parametrize("silent_ipv6", ["drop", "reject with icmpv6 addr-unreachable"])
def test_a_dead_ipv6_costs_a_quarter_of_a_second(network, tmp_path, silent_ipv6):
    """Broken IPv6 was waited for through half of the timeout, and not a word said about it."""
    network.serve(HOSTS["IPv4"], 2000, say(GREETING))
    network.server.ip("address", "add", "fd88::77/64", "dev", "west", "nodad")
    network.filter(f"ip6 daddr fd88::77 tcp dport 2000 {silent_ipv6}")
    names = {"hosts": f"fd88::77 he.test\n{HOSTS['IPv4']} he.test\n", "directory": tmp_path}
    word = "TIMEOUT" if silent_ipv6 == "drop" else "UNREACHABLE"
    started = time.monotonic()
    out, err, status = network.ask("-W", "20", "he.test:2000", **names)
    assert time.monotonic() - started < 5, out + err
    assert (out.strip(), status) == (GREETING.decode().strip(), 0)
    assert err == f"sockgreet: 192.0.2.2:2000 tcp: answered instead of fd88::77 ({word})\n"
    out, _, status = network.ask("-W", "20", "-c", "2", "-i", "0.5", "he.test:2000", **names)
    lines = re.findall(r"^seq=\d 192\.0\.2\.2:2000 tcp connect=.* time=(.*) ms instead of fd88::77 \((\w+)\)$", out, re.M)
    assert status == 0 and [line[1] for line in lines] == [word, word]
    least = min(float(line[0]) for line in lines)
    assert 250 <= least < 1000 if word == "TIMEOUT" else least < 250
    assert out.startswith("GREET he.test:2000 tcp (fd88::77, 192.0.2.2)\n")


def test_ipv4_is_first_without_a_route_to_ipv6(network, tmp_path):
    network.serve(HOSTS["IPv4"], 2000, say(GREETING))
    hosts = f"2001:db8::77 he.test\n{HOSTS['IPv4']} he.test\n"
    out, err, status = network.ask("-c", "1", "he.test:2000", hosts=hosts, directory=tmp_path)
    assert out.startswith("GREET he.test:2000 tcp (192.0.2.2, 2001:db8::77)\n") and "instead" not in out
    assert (err, status) == ("", 0)


def test_slow_datagrams_of_many_addresses_are_not_timed_out(network, tmp_path):
    """Thirty addresses that each answer after 0.3 s were "timed out after 0.2 s", thirty times."""
    hosts = ""
    for number in range(30):
        host = f"192.0.2.{100 + number}"
        network.server.ip("address", "add", f"{host}/24", "dev", "west")
        hosts += f"{host} many.example\n"

        def late(bound, peer):
            time.sleep(0.3)
            bound.sendto(GREETING, peer)

        network.serve(host, 2000, late, socket.SOCK_DGRAM)
    out, err, status = network.ask("-u", "many.example:2000", hosts=hosts, directory=tmp_path)
    assert (out.encode().replace(b"\n", b"\r\n"), status) == (GREETING, 0) and "TIMEOUT" not in err.replace("(TIMEOUT)", "")


def test_a_round_of_dead_targets_takes_no_longer_than_the_timeout(network):
    """Asked one after another, ten dropped targets took ten timeouts, and held up the others."""
    network.filter("tcp dport 3000-3044 drop")
    for port in range(3045, 3050):
        network.serve(HOSTS["IPv4"], port, say(GREETING))
    targets = [f"192.0.2.2:{port}" for port in range(3000, 3050)]
    started = time.monotonic()
    out, err, status = network.ask("-c", "3", "-i", "0.5", "-W", "1.5", *targets)
    took = time.monotonic() - started
    assert (err, status) == ("", 1)
    assert 2.5 <= took < 10  # each on its own: 202 s
    assert len(re.findall(r"^seq=. 192\.0\.2\.2:30.. tcp TIMEOUT: ", out, re.M)) == 3 * 45
    for port in range(3045, 3050):
        assert f"--- tcp://192.0.2.2:{port} greeting statistics ---\n3 sent, 3 answered, 0 % lost" in out


@pytest.mark.parametrize("host", HOSTS.values())
def test_a_path_that_takes_less_than_the_request(network, host):
    """The first request was "message too long": what a router says about its MTU was taken for the answer."""
    router = Namespace()
    try:
        router.connect("inner", network.server, "outer")
        client_side, server_side = ("fd01::1/64", "fd01::2/64") if ":" in host else ("10.1.0.1/24", "10.1.0.2/24")
        network.client.connect("north", router, "south")
        network.client.ip("address", "add", client_side, "dev", "north", *(["nodad"] if ":" in host else []))
        router.ip("address", "add", server_side, "dev", "south", *(["nodad"] if ":" in host else []))
        far, near = ("fd02::2", "fd02::1") if ":" in host else ("10.2.0.2", "10.2.0.1")
        length = "64" if ":" in host else "24"
        family = "-6" if ":" in host else "-4"
        router.ip("address", "add", f"{near}/{length}", "dev", "inner", *(["nodad"] if ":" in host else []))
        network.server.ip("address", "add", f"{far}/{length}", "dev", "outer", *(["nodad"] if ":" in host else []))
        router.ip("link", "set", "inner", "mtu", "1300")
        network.server.ip("link", "set", "outer", "mtu", "1300")
        router.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding")
        network.client.ip(family, "route", "add", "default", "via", server_side.partition("/")[0])
        network.server.ip(family, "route", "add", "default", "via", near)
        server = network.serve(far, 2000, reply(GREETING), socket.SOCK_DGRAM)
        out, err, status = network.ask("-u", "-c", "3", "-i", "0.2", "--pad", "1400", at(far, 2000))
        assert "3 sent, 3 answered, 0 % lost" in out and "\nseq=1 " in out, out
        assert (err, status) == ("", 0)
        assert {len(data) for data, _ in server.received} == {1400}
    finally:
        router.close()


def test_link_local_addresses_need_their_interface(network):
    network.serve("::", 2000, say(GREETING))
    link = subprocess.run([*network.server.prefix, "ip", "-6", "-o", "address", "show", "dev", "west", "scope", "link"],
                          capture_output=True, text=True, check=True).stdout
    host = re.search(r"fe80::[0-9a-f:]+", link)[0]
    out, err, status = network.ask(f"[{host}]:2000")
    assert (out, status) == ("", 2)
    assert err == f"sockgreet: {host} is link-local and needs an interface, such as {host}%eth0\n"
    for form in (f"[{host}%east]:2000", f"[{host}%25east]:2000"):
        out, err, status = network.ask("-W", "9", form)
        assert (out.strip(), err, status) == (GREETING.decode().strip(), "", 0)
    _, err, _ = network.ask(f"[{host}%nosuch]:2000")
    assert err == f"sockgreet: [{host}%nosuch]:2000 tcp: DNS: this machine has no network interface 'nosuch'\n"
