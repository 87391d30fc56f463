# SPDX-License-Identifier: MIT
"""sockgreet --path: what the network did to the packets, in networks that do it."""

import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess

import jsonschema
import pytest

from namespaces import IS_ROOT, Namespace
from processes import wait_until
from service import tcp, udp
from test_client import Server, lookup_words, say, unused_port
from test_client import tcp as tcp_server

SCHEMA = json.loads((pathlib.Path(__file__).parents[2] / "doc/client.schema.json").read_text(encoding="utf-8"))
CLIENT = os.environ.get("SOCKGREET", "sockgreet")
CLIENT4, SERVER4 = "192.0.2.2", "198.51.100.2"
CLIENT6, SERVER6 = "2001:db8:1::2", "2001:db8:3::2"


class Network:
    """A client, two routers and a server: client -- near -- far -- server, in both families."""

    def __init__(self):
        self.client, self.near, self.far, self.server = self.all = [Namespace() for _ in range(4)]
        self.client.connect("wan", self.near, "left")
        self.near.connect("right", self.far, "left")
        self.far.connect("right", self.server, "wan")
        for namespace, interface, host4, host6 in (
                (self.client, "wan", CLIENT4, CLIENT6), (self.near, "left", "192.0.2.1", "2001:db8:1::1"),
                (self.near, "right", "203.0.113.1", "2001:db8:2::1"), (self.far, "left", "203.0.113.2", "2001:db8:2::2"),
                (self.far, "right", "198.51.100.1", "2001:db8:3::1"), (self.server, "wan", SERVER4, SERVER6)):
            namespace.ip("address", "add", f"{host4}/24", "dev", interface)
            namespace.ip("address", "add", f"{host6}/64", "dev", interface, "nodad")
        for namespace, *gateways in ((self.client, "192.0.2.1", "2001:db8:1::1"),
                                     (self.near, "203.0.113.2", "2001:db8:2::2"),
                                     (self.far, "203.0.113.1", "2001:db8:2::1"),
                                     (self.server, "198.51.100.1", "2001:db8:3::1")):
            for gateway in gateways:
                namespace.ip("route", "add", "default", "via", gateway)
        for router in (self.near, self.far):
            router.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1",
                       "net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0", "net.ipv4.icmp_msgs_per_sec=100000")

    def close(self):
        for namespace in self.all:
            namespace.close()

    def mangle(self, *rules, hook="forward", kind="filter"):
        """Has the router that is near the client follow these rules of nftables, instead of others at this hook."""
        lines = "\n".join(rules)
        self.near.run("nft", "-f", "-", text=f"""
            table inet {hook}
            delete table inet {hook}
            table inet {hook} {{
                chain mangling {{
                    type {kind} hook {hook} priority 0
                    {lines}
                }}
            }}
            """)

    def lower_mtu(self, mtu):
        """Between the routers, in both directions."""
        self.near.ip("link", "set", "right", "mtu", mtu)
        self.far.ip("link", "set", "left", "mtu", mtu)

    def ask(self, *arguments):
        """Runs the client in its place."""
        return ask(*arguments, prefix=self.client.prefix)

    def search(self, *arguments):
        """The same until the search for the path MTU finds one: a server that waits for a processor for 0.2 s leaves the
        client unsure, which it says."""
        unsure = "path MTU there: not known"
        return wait_until(lambda: (result := self.ask(*arguments)) and unsure not in result.stdout and result,
                          "the search finds it")


def ask(*arguments, prefix=()):
    """Runs the client with --path."""
    result = subprocess.run([*prefix, CLIENT, "--path", *map(str, arguments)], capture_output=True, text=True, timeout=60,
                            check=False)
    result.lines = result.stdout.splitlines()
    return result


def checked(line):
    """An event that follows the schema."""
    event = json.loads(line)
    jsonschema.validate(event, SCHEMA, format_checker=jsonschema.FormatChecker())
    return event


def verdicts(result, transport):
    """What -j says of a transport, by topic."""
    event = checked(result.stdout)
    leg, = (leg for leg in event["legs"] if leg["transport"] == transport)
    return leg, {verdict["topic"]: verdict for verdict in leg["verdicts"]}


def both(host, **settings):
    """Listeners of both transports on one port."""
    stream = tcp(host, format="json", **settings)
    return {"tcp": stream, "udp": {**udp(host, format="json", max_datagram=1232, **settings), "port": stream["port"]}}


@pytest.fixture(name="network")
def fixture_network():
    """The network, as it is without any mangling."""
    if not IS_ROOT:
        pytest.skip("only root runs a daemon in connected namespaces")
    made = Network()
    yield made
    made.close()


class Relay(Server):
    """A proxy that sends a PROXY header."""

    def __init__(self, upstream):
        super().__init__(socket.create_server(("127.0.0.1", 0)), self.relay)
        self.upstream = upstream

    def relay(self, connection):
        peer, here = connection.getpeername(), connection.getsockname()
        with connection, socket.create_connection(self.upstream) as server, contextlib.suppress(OSError):
            server.sendall(f"PROXY TCP4 {peer[0]} {here[0]} {peer[1]} {here[1]}\r\n".encode())
            while chunk := server.recv(65536):
                connection.sendall(chunk)


def address(service, host, name="tcp"):
    """host:port of a listener, by whichever name."""
    port = service.address(name)[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


FAMILIES = pytest.mark.parametrize("client, server", [(CLIENT4, SERVER4), (CLIENT6, SERVER6)])


@FAMILIES
def test_nothing_changed(daemon, network, client, server):
    """Two routers that do what routers do. The answers over TCP show their hops only with IPv6."""
    service = daemon(both(server), prefix=network.server.prefix)
    network.ask(address(service, server))  # the first packet waits for the neighbours' link addresses
    result = network.ask(address(service, server))
    assert (result.stderr, result.returncode) == ("", 0)
    is_ipv6 = ":" in server
    mss, port = 1440 if is_ipv6 else 1460, service.address("tcp")[1]
    shown = re.sub(r"\d+\.\d{3} ms", "T", re.sub(rf"{re.escape(client)}(\]?):\d+", r"CLIENT\1:P", result.stdout))
    me, it = ("[CLIENT]:P", f"[{server}]:{port}") if is_ipv6 else ("CLIENT:P", f"{server}:{port}")
    assert shown.splitlines() == [
        f"path to {it} over tcp and udp",
        f"answered by: {os.uname().nodename} (tcp, udp)",
        f"not translated: seen as {me} (tcp)",
        f"not translated: seen as {me} (udp)",
        f"not redirected: {it} answered (tcp, udp)",
        "not proxied (tcp, udp)",
        *(["hops: 2 there, 2 back (tcp, udp)"] if is_ipv6 else ["hops: 2 there (tcp)", "hops: 2 there, 2 back (udp)"]),
        "DSCP: 46 sent, 46 arrived (tcp, udp)",
        "ECN: ect0 sent, ect0 arrived (udp)",
        f"MSS: {mss} sent, {mss} arrived (tcp)",
        f"MSS back: {mss} arrived (tcp)",
        "TCP options: window scale, SACK, timestamps arrived both ways (tcp)",
        "path MTU there: 1500, the MTU of this machine's interface (udp)",
        "path MTU back: 1500, as the server's kernel knows it (tcp)",
        "round-trip time: T here, T there (tcp)",
        "round-trip time: T from request to answer (udp)",
    ]


def rewrite_and_translate(network):
    """Clears the DSCP, clamps the MSS, and translates source address and port, on the way there."""
    network.mangle('oifname "right" ip dscp set cs0', 'oifname "right" ip6 dscp set cs0',
                   'oifname "right" tcp flags & (syn | rst) == syn tcp option maxseg size set 1360')
    network.mangle('oifname "right" meta l4proto { tcp, udp } masquerade to :61000-61999', hook="postrouting", kind="nat")


@FAMILIES
def test_a_router_that_rewrites_and_translates(daemon, network, client, server):
    """DSCP cleared, MSS clamped on the way there, source address and port translated."""
    service = daemon(both(server), prefix=network.server.prefix)
    rewrite_and_translate(network)
    result = network.ask(address(service, server))
    assert result.returncode == 0
    assert "DSCP: 46 sent, 0 arrived (tcp, udp)" in result.lines
    assert f"MSS: {1440 if ':' in server else 1460} sent, 1360 arrived (tcp)" in result.lines
    here, there = (r"\[2001:db8:1::2\]", r"\[2001:db8:2::1\]") if ":" in server else (r"192\.0\.2\.2", r"203\.0\.113\.1")
    for transport in ("tcp", "udp"):
        assert re.search(rf"^translated: {here}:\d+ seen as {there}:61\d\d\d \({transport}\)$", result.stdout, re.M)
    assert "MSS back: " in result.stdout and "not translated" not in result.stdout


@FAMILIES
def test_an_mss_clamped_on_the_way_back(daemon, network, client, server):
    """What the server sent it does not say; but less arrived than the path would take."""
    service = daemon(both(server), prefix=network.server.prefix)
    network.mangle('oifname "left" tcp flags & (syn | rst) == syn tcp option maxseg size set 1200')
    leg, said = verdicts(network.ask("-j", "tcp://" + address(service, server)), "tcp")
    allowed = 1440 if ":" in server else 1460
    assert said["mss_back"]["text"] == f"MSS back: 1200 arrived; a path MTU of 1500 allows {allowed}"
    assert said["mss_back"]["finding"] == "changed" and said["mss"]["finding"] == "kept"
    assert leg["back"]["mss"] == 1200


@pytest.mark.parametrize("option, name", [("timestamp", "timestamps"), ("sack-perm", "SACK"), ("window", "window scale")])
def test_tcp_options_removed(daemon, network, option, name):
    """A firewall that overwrites a TCP option, on the way there or on the way back."""
    service = daemon(both(SERVER4), prefix=network.server.prefix)
    network.mangle(f'oifname "right" reset tcp option {option}')
    result = network.ask("tcp://" + address(service, SERVER4))
    assert f"TCP options: {name} sent, but did not arrive" in result.lines
    network.mangle(f'oifname "left" reset tcp option {option}')
    result = network.ask("tcp://" + address(service, SERVER4))
    assert f"TCP options: {name} arrived, but missing in the answer (or not used by the server)" in result.lines


def test_a_port_that_is_forwarded(daemon, network):
    """The router near the client answers for a server behind it."""
    service = daemon(both(SERVER4), prefix=network.server.prefix)
    port = service.address("tcp")[1]
    network.mangle(f"ip daddr 192.0.2.1 meta l4proto {{ tcp, udp }} th dport 2007 dnat ip to {SERVER4}:{port}",
                   hook="prerouting", kind="nat")
    result = network.ask("192.0.2.1:2007")
    assert f"redirected: 192.0.2.1:2007 asked, {SERVER4}:{port} answered (tcp, udp)" in result.lines
    assert result.returncode == 0


@FAMILIES
def test_a_lower_mtu_that_a_router_tells(daemon, network, client, server):
    """The router's word, which is verified, and that it is its word."""
    service = daemon(both(server), prefix=network.server.prefix)
    network.lower_mtu(1400)
    leg, said = verdicts(network.ask("-j", "udp://" + address(service, server)), "udp")
    router = "2001:db8:1::1" if ":" in server else "192.0.2.1"
    assert said["path_mtu"] == {"topic": "path_mtu", "finding": "changed",
                                "text": f"path MTU there: 1400, reported by {router}; 1500 sent"}
    assert leg["path_mtu"] == {"there": 1400, "by": "told", "router": router, "interface": 1500,
                               "datagrams": leg["path_mtu"]["datagrams"]}
    assert leg["path_mtu"]["datagrams"] <= 12


@FAMILIES
@pytest.mark.parametrize("mtu", [1280, 1287, 1400, 1499])
def test_a_black_hole(daemon, network, client, server, mtu):
    """Routers that tell nothing: the search finds it, whatever it is."""
    service = daemon(both(server), prefix=network.server.prefix)
    network.lower_mtu(mtu)
    network.mangle("icmp type destination-unreachable drop", "icmpv6 type packet-too-big drop", hook="output")
    result = network.search("-u", address(service, server))
    assert f"path MTU there: {mtu}; larger packets are lost without a report" in result.lines
    assert result.returncode == 0


def test_routers_one_after_the_other(daemon, network):
    """Each names a smaller size; then the last of them becomes a black hole, so that only the first is true."""
    service = daemon(both(SERVER4), prefix=network.server.prefix)
    network.lower_mtu(1450)
    network.far.ip("link", "set", "right", "mtu", 1310)
    result = network.ask("-u", address(service, SERVER4))
    assert "path MTU there: 1310, reported by 203.0.113.2; 1500 sent" in result.lines
    network.mangle('iifname "right" icmp type destination-unreachable drop')
    result = network.search("-u", address(service, SERVER4))
    assert "path MTU there: 1310; larger packets are lost without a report" in result.lines


def test_jumbo_frames_and_a_black_hole(daemon, network):
    """The search takes no longer for a wide range."""
    service = daemon(both(SERVER4), prefix=network.server.prefix)
    network.client.ip("link", "set", "wan", "mtu", 9000)
    network.near.ip("link", "set", "left", "mtu", 9000)
    network.mangle("icmp type destination-unreachable drop", hook="output")
    leg, said = verdicts(network.search("-j", "-u", address(service, SERVER4)), "udp")
    assert said["path_mtu"]["text"] == "path MTU there: 1500; larger packets are lost without a report"
    assert leg["path_mtu"]["interface"] == 9000 and leg["path_mtu"]["datagrams"] < 250


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_request_that_is_lost(daemon, network, transport):
    """The first of them; that the second was answered is told, and no time that it took."""
    service = daemon(both(SERVER4), prefix=network.server.prefix)
    network.mangle(f'oifname "right" meta l4proto {transport} limit rate 1/minute burst 1 packets drop')
    result = network.ask(f"{transport}://{address(service, SERVER4)}")
    assert "loss: 2 requests were sent until one was answered" in result.lines
    assert "round-trip time" not in result.stdout and result.returncode == 0


def test_a_lower_mtu_behind_nat(daemon, network):
    """What the router behind says of the translated datagram comes through."""
    service = daemon(both(SERVER4), prefix=network.server.prefix)
    rewrite_and_translate(network)
    network.far.ip("link", "set", "right", "mtu", 1380)
    network.server.ip("link", "set", "wan", "mtu", 1380)
    result = network.ask(address(service, SERVER4))
    assert "path MTU there: 1380, reported by 203.0.113.2; 1500 sent (udp)" in result.lines
    assert "path MTU back: 1380, as the server's kernel knows it (tcp)" in result.lines


def test_congestion_and_ecn(daemon, network):
    """A router that marks congestion, and connection requests that ask for ECN."""
    service = daemon(both(SERVER4), prefix=network.server.prefix)
    for namespace in (network.client, network.server):
        namespace.run("sysctl", "-qw", "net.ipv4.tcp_ecn=1")
    network.mangle("meta l4proto udp ip ecn set ce")
    result = network.ask(address(service, SERVER4))
    assert "ECN: ect0 sent, ce arrived (udp)" in result.lines
    assert "ECN: requested and agreed (tcp)" in result.lines
    network.server.run("sysctl", "-qw", "net.ipv4.tcp_ecn=0")
    result = network.ask("--ecn", 1, address(service, SERVER4))
    assert "ECN: ect1 sent, ce arrived (udp)" in result.lines
    assert "ECN: requested; the request arrived, but the server did not agree (tcp)" in result.lines
    network.mangle("tcp flags & (syn | ack) == syn tcp flags set syn")
    result = network.ask("tcp://" + address(service, SERVER4))
    assert "ECN: requested; the request did not arrive" in result.lines


def test_marks_that_the_user_chose(daemon, network):
    """They are what is compared."""
    service = daemon(both(SERVER4), prefix=network.server.prefix)
    result = network.ask("--dscp", "af41", "--ecn", 0, "--ttl", 9, "--source-port", 4007, address(service, SERVER4))
    assert "DSCP: 34 sent, 34 arrived (tcp, udp)" in result.lines
    assert "ECN: none sent, none arrived (udp)" in result.lines
    assert f"not translated: seen as {CLIENT4}:4007 (tcp, udp)" in result.lines
    assert "hops: 2 there, 2 back (udp)" in result.lines


def test_marks_that_lose_packets(daemon, network):
    """A router that drops what has the code point: without it there is an answer, and this is said."""
    service = daemon(both(SERVER4), prefix=network.server.prefix)
    network.mangle("ip dscp ef drop")
    result = network.ask("-W", 3, address(service, SERVER4))
    assert "DSCP: 46 sent, no answer; answered without it (tcp, udp)" in result.lines
    assert "path MTU there: 1500, the MTU of this machine's interface (udp)" in result.lines
    assert "ECN" not in result.stdout and result.returncode == 0


def test_syn_cookies(daemon, network):
    """The server answers without having kept the connection request."""
    network.server.run("sysctl", "-qw", "net.ipv4.tcp_syncookies=2")
    service = daemon(both(SERVER4), prefix=network.server.prefix)
    result = network.ask("tcp://" + address(service, SERVER4))
    assert "the server does not report: hop limit, DSCP, MSS, TCP options" in result.lines
    assert not [line for line in result.lines if line.startswith(("hops", "DSCP", "MSS:", "TCP options"))]
    assert result.returncode == 0


def test_no_route_back(daemon, network):
    """Asked, but nobody answers: which transport, and how."""
    service = daemon(both(SERVER4), prefix=network.server.prefix)
    network.mangle("tcp flags syn drop", "meta l4proto udp reject with icmp type admin-prohibited")
    result = network.ask("-W", 1, address(service, SERVER4))
    silence = r"no answer to the connection request in \d+\.\d s \(filtered, or no such host\) \(tcp\)"
    assert re.fullmatch(silence, result.lines[1])
    assert result.lines[2:] == ["no answer: no route to host (udp)"]
    assert result.returncode == 1


# Servers that do not say


DOES_NOT_SAY = 'the server does not say what it received; sockgreetd does if the listener has format = "json"'


def test_a_text(daemon):
    """What is known without the server's word is shown all the same."""
    listener = tcp()
    service = daemon({"tcp": listener, "udp": {**udp(), "port": listener["port"]}})
    result = ask(address(service, "127.0.0.1"))
    assert f"{DOES_NOT_SAY} (tcp, udp)" in result.lines
    assert "hops: 0 back (udp)" in result.lines
    assert any(line.startswith("round-trip time: ") for line in result.lines)
    assert "path MTU there: 65535, the MTU of this machine's interface (udp)" in result.lines
    assert (result.returncode, result.stderr) == (1, "")


@pytest.mark.parametrize("greeting, line", [
    (b"220 mail ESMTP\r\n", DOES_NOT_SAY),
    (b"\x1b]0;owned\x07", DOES_NOT_SAY),
    (b"[1, 2, 3]", "the server does not say what it received: its JSON is not a greeting of sockgreetd"),
    (b'{"schema": 1, "greeting": "hi", "client_address": "\\u001b[2J", "client_port": 7}',
     "the server does not say what it received: its JSON is not a greeting of sockgreetd"),
    (b'{"schema": 2, "greeting": "hi"}', "the schema of the greeting is newer than this client"),
    (b'{"schema": 1, "greeting": "hi", "client_addr', "the greeting is truncated: part of what the server received is missing (see --pad)"),
    (b'{"a":' * 10000, DOES_NOT_SAY),
], ids=["text", "escape", "array", "address", "schema", "cut", "deep"])
def test_a_server_that_says_something_else(greeting, line):
    """Bytes from a server never come to the terminal, and never are taken for more than they say."""
    with tcp_server(say(greeting)) as server:
        result = ask(f"tcp://127.0.0.1:{server.port}")
    assert line in result.lines
    assert result.stdout.isprintable() or set(result.stdout) - set(map(chr, range(32, 127))) == {"\n"}
    assert (result.returncode, result.stderr) == (1, "")


def test_a_server_that_says_little():
    """As older ones may: what is missing is named."""
    greeting = b'{"schema":1,"greeting":"","client_address":"192.0.2.1","client_port":7,"ttl":300,"dscp":"46"}'
    with tcp_server(say(greeting)) as server:
        result = ask(f"tcp://127.0.0.1:{server.port}")
    assert re.search(r"^translated: 127\.0\.0\.1:\d+ seen as 192\.0\.2\.1:7$", result.stdout, re.M)
    assert "the server does not report: destination address, hop limit, DSCP, MSS, TCP options" in result.lines
    assert result.returncode == 0


def test_a_proxy(daemon):
    """The server names the client's address, but saw the proxy's packets: nothing is said of those."""
    service = daemon({"tcp": tcp(format="json", proxy_from=["127.0.0.0/8"])})
    with Relay(service.address()) as relay:
        result = ask(f"tcp://127.0.0.1:{relay.port}")
    assert re.search(r"^not translated: seen as 127\.0\.0\.1:\d+$", result.stdout, re.M)
    assert "proxied: by 127.0.0.1, whose packets the server received" in result.lines
    assert not [line for line in result.lines if line.startswith(("hops", "DSCP", "MSS", "TCP options", "redirected"))]
    assert result.returncode == 0


def test_nobody_there():
    """Neither transport is answered."""
    holder, port = unused_port()
    with holder:
        result = ask(f"127.0.0.1:{port}")
    assert result.lines == [f"path to 127.0.0.1:{port} over tcp and udp",
                            "no answer: connection refused (tcp, udp)"]
    assert (result.returncode, result.stderr) == (1, "")


def test_one_transport_is_enough(daemon):
    """What answers is shown, and what does not is named."""
    service = daemon({"tcp": tcp(format="json")})
    result = ask(address(service, "127.0.0.1"))
    assert "no answer: connection refused (udp)" in result.lines
    assert "DSCP: 46 sent, 46 arrived (tcp)" in result.lines
    assert result.returncode == 0


def test_json(daemon):
    """One object for each target, whatever came of it."""
    service = daemon(both("127.0.0.1"))
    holder, port = unused_port()
    with holder:
        result = ask("-j", address(service, "127.0.0.1"), f"127.0.0.1:{port}", "nosuch.invalid")
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    answered, silent, unknown = map(checked, result.lines)
    assert [leg["says"] for leg in answered["legs"]] == [True, True]
    assert answered["target"] == address(service, "127.0.0.1") and unknown["target"] == "nosuch.invalid:12345"
    assert answered["legs"][0]["seen"]["hop_limit"] == answered["legs"][0]["sent"]["hop_limit"] == 64
    assert [(leg["class"], leg["error"]) for leg in silent["legs"]] == [("REFUSED", "connection refused")] * 2
    assert unknown["legs"] == [] and unknown["error"]
    assert result.returncode == 1


def test_no_such_host():
    """In the words of every request."""
    words = lookup_words("nosuch.invalid")
    if not words:
        pytest.skip("this machine's resolver knows every name")
    result = ask("nosuch.invalid:7")
    assert (result.stderr, result.stdout, result.returncode) == (f"sockgreet: nosuch.invalid:7: DNS: {words}\n", "", 1)


def test_verbose(daemon):
    """What the verdicts come from."""
    service = daemon(both("127.0.0.1"))
    where = address(service, "127.0.0.1")
    assert ask("-4", address(service, "localhost")).lines[0] == f"path to localhost ({where}) over tcp and udp"
    result = ask("-v", address(service, "127.0.0.1"))
    for transport in ("tcp", "udp"):
        place, me = rf"^sockgreet: {where} {transport}", r"127\.0\.0\.1:\d+"
        assert re.search(rf"{place}: sent from {me}, hop limit 64, DSCP 46", result.stderr, re.M)
        assert re.search(rf"{place}: received from {me} at {where}, hop limit 64, DSCP 46", result.stderr, re.M)
        assert re.search(rf"{place}: answered, ", result.stderr, re.M)
    assert "sockgreet: 127.0.0.1:1 tcp: REFUSED: connection refused\n" in ask("-v", "tcp://127.0.0.1:1").stderr


def test_quiet(daemon):
    """The exit status alone."""
    service = daemon({"json": tcp(format="json"), "text": tcp()})
    for name, status in (("json", 0), ("text", 1)):
        result = ask("-q", "tcp://" + address(service, "127.0.0.1", name))
        assert (result.returncode, result.stdout, result.stderr) == (status, "", "")


def test_a_limit_is_no_black_hole(daemon, network):
    """A server that stops answering does not look like a path with a lower MTU."""
    service = daemon(both(SERVER4), limits={"rate": 0.01, "burst": 6}, prefix=network.server.prefix)
    network.lower_mtu(1400)
    network.mangle("icmp type destination-unreachable drop", hook="output")
    result = network.ask("-u", address(service, SERVER4))
    assert "path MTU there: not known" in result.stdout and "lost without a report" not in result.stdout


@pytest.mark.parametrize("arguments, message", [
    (["unix:/run/x"], "/run/x: --path needs TCP or UDP, and this is a Unix socket"),
    (["-c", "2", "localhost"], "--path cannot be combined with -a"),
    (["--send", "x", "localhost"], "--path cannot be combined with -a"),
])
def test_wrong_usage(arguments, message):
    """What --path cannot do is refused."""
    result = ask(*arguments)
    assert result.returncode == 2 and message in result.stderr and result.stdout == ""


# What requests leave with


def seen_by(service, name, network, *arguments):
    """What the server says it saw of an ordinary request."""
    where = f"{name}://{address(service, SERVER4, name)}"
    command = [*network.client.prefix, CLIENT, "--pad", "1232", *map(str, arguments), where]
    result = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_marks_arrive(daemon, network, transport):
    """Each of them, and none without being asked for."""
    service = daemon(both(SERVER4), prefix=network.server.prefix)
    plain = seen_by(service, transport, network)
    assert (plain["ttl"], plain["dscp"]) == (62, 0) and plain["ecn"] in ("none", "asked")
    assert seen_by(service, transport, network, "--ttl", 7)["ttl"] == 5
    assert seen_by(service, transport, network, "--dscp", "ef")["dscp"] == 46
    assert seen_by(service, transport, network, "--dscp", 0)["dscp"] == 0
    assert seen_by(service, transport, network, "--source-port", 4711)["client_port"] == 4711
    assert seen_by(service, transport, network, "-I", CLIENT4)["client_address"] == CLIENT4
    network.client.ip("address", "add", "192.0.2.77/24", "dev", "wan")
    assert seen_by(service, transport, network, "-I", "192.0.2.77")["client_address"] == "192.0.2.77"
    assert seen_by(service, transport, network, "-I", "wan")["client_address"] == CLIENT4
    ecn = seen_by(service, transport, network, "--ecn", 1)["ecn"]
    assert ecn == "ect1" if transport == "udp" else ecn in ("none", "asked"), "TCP keeps these bits to itself"


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_the_mark_of_policy_routing(daemon, network, transport):
    """--mark decides the route: the second gateway's packets come with another source address."""
    service = daemon(both(SERVER4), prefix=network.server.prefix)
    network.client.ip("address", "add", "192.0.2.88/24", "dev", "wan")
    network.client.ip("rule", "add", "fwmark", 7, "lookup", 77)
    network.client.ip("route", "add", "default", "via", "192.0.2.1", "src", "192.0.2.88", "table", 77)
    assert seen_by(service, transport, network)["client_address"] == CLIENT4
    assert seen_by(service, transport, network, "--mark", 7)["client_address"] == "192.0.2.88"


def test_no_fragments(daemon, network):
    """A datagram that is too large for the path comes in fragments once this is known, with --df it does not."""
    service = daemon(both(SERVER4), prefix=network.server.prefix)
    network.lower_mtu(1400)
    where = address(service, SERVER4, "udp")

    def answered(*arguments):
        command = [*network.client.prefix, CLIENT, "-u", "-W", "1", "--pad", "1450", *arguments, where]
        return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0

    assert not answered("--df")
    assert answered() or answered(), "the first may be lost for the kernel to learn the path's MTU"
    assert not answered("--df")


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("arguments, words", [
    (["-I", "192.0.2.250"], "192.0.2.250 is not an address of this machine"),
    (["-I", "2001:db8:1::250"], "2001:db8:1::250 is not an address of this machine"),
    (["-I", "fe80::1"], "-I fe80::1 needs an interface, such as fe80::1%eth0"),
    (["--source-port", "4712"], "port 4712 of this machine is in use"),
])
def test_no_socket_to_ask_from(daemon, network, transport, arguments, words):
    """The option that is to blame is named, and it is no answer's fault."""
    server = SERVER6 if ":" in arguments[1] else SERVER4
    service = daemon(both(server), prefix=network.server.prefix)
    with network.client.socket(lambda: bound("tcp", 4712)), network.client.socket(lambda: bound("udp", 4712)):
        result = network.ask(*arguments, f"{transport}://{address(service, server)}")
        command = [*network.client.prefix, CLIENT, *arguments, f"{transport}://{address(service, server)}"]
        plain = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.stderr == f"sockgreet: {address(service, server)} {transport}: LOCAL: {words}\n"
    assert (result.returncode, result.stdout) == (2, "")
    assert (plain.stderr, plain.returncode, plain.stdout) == (result.stderr, 2, "")


def bound(transport, port):
    """A socket that has a port for itself."""
    made = socket.socket(type=socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM)
    made.bind(("0.0.0.0", port))
    return made


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("arguments, words", [
    (["--mark", "1"], "--mark needs the capability CAP_NET_ADMIN"),
    (["--source-port", "90"], "port 90 needs the capability CAP_NET_BIND_SERVICE"),
])
def test_what_only_root_may(network, transport, arguments, words):
    """As another user."""
    prefix = [*network.client.prefix, "setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--inh-caps=-all"]
    result = ask(*arguments, f"{transport}://{SERVER4}:7", prefix=prefix)
    assert result.stderr == f"sockgreet: {SERVER4}:7 {transport}: LOCAL: {words}\n"
    assert (result.returncode, result.stdout) == (2, "")


@pytest.mark.parametrize("option, text, message", [
    ("--ttl", "0", "--ttl: '0' is not a whole number from 1 to 255"),
    ("--ttl", "256", "--ttl: '256' is not a whole number from 1 to 255"),
    ("--dscp", "64", "--dscp: '64' is not a code point; allowed: 0 to 63, or a name such as ef, af41 or cs1"),
    ("--dscp", "af44", "--dscp: 'af44' is not a code point; allowed: 0 to 63, or a name such as ef, af41 or cs1"),
    ("--ecn", "4", "--ecn: '4' is not a whole number from 0 to 3"),
    ("--mark", "0", "--mark: '0' is not a whole number from 1 to 4294967295"),
    ("--mark", "4294967296", "--mark: '4294967296' is not a whole number from 1 to 4294967295"),
    ("--source-port", "65536", "--source-port: '65536' is not a whole number from 1 to 65535"),
    ("-I", "nosuch0", "-I: 'nosuch0' is neither an IP address nor a network interface of this machine"),
])
def test_wrong_marks(option, text, message):
    """What is not allowed, and what is."""
    result = subprocess.run([CLIENT, option, text, "localhost"], capture_output=True, text=True, timeout=20, check=False)
    assert f"sockgreet: {message}\n" in result.stderr
    assert (result.returncode, result.stdout) == (2, "")
