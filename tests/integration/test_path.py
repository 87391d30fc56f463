# SPDX-License-Identifier: MIT
"""What a greeting says of the packet that arrived, and of what the network did to it."""

import json
import socket

import pytest

from clients import HAS_IPV6, greet, read_all
from namespaces import IS_ROOT, Namespace
from operations import reconfigure
from service import tcp, udp

TCP_SAYS = "${ttl}|${hops}|${dscp}|${ecn}|${flow_label}|${mss}|${window_scale}|${syn_options}|${path_mtu}|${rtt}"
UDP_SAYS = "${ttl}|${hops}|${dscp}|${ecn}|${flow_label}|${mss}"
IPV6_TCLASS, IPV6_UNICAST_HOPS, IP_TTL, IP_TOS = 67, 16, 2, 1
needs_ipv6 = pytest.mark.skipif(not HAS_IPV6, reason="no IPv6 here")


def asked(kind, address, options=(), payload=b"x" * 600):
    """What a client says that has set these socket options."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family, kind) as client:
        client.settimeout(10)
        for level, name, value in options:
            client.setsockopt(level, name, value)
        client.connect(address)
        if kind == socket.SOCK_DGRAM:
            client.send(payload)
            return client.recv(2048).decode()
        return read_all(client).decode()


def marks(address, limit, traffic_class):
    """Socket options that set hop limit and traffic class."""
    if ":" in address[0]:
        return [(socket.IPPROTO_IPV6, IPV6_UNICAST_HOPS, limit), (socket.IPPROTO_IPV6, IPV6_TCLASS, traffic_class)]
    return [(socket.IPPROTO_IP, IP_TTL, limit), (socket.IPPROTO_IP, IP_TOS, traffic_class)]


@pytest.mark.parametrize("host", ["127.0.0.1", pytest.param("::1", marks=needs_ipv6)])
def test_tcp(daemon, host):
    """A SYN as the client sent it: hop limit 60, expedited forwarding, and a maximum segment size of its choice."""
    service = daemon({"tcp": tcp(host, greeting=TCP_SAYS)})
    options = [*marks(service.address(), 60, 46 << 2), (socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1000)]
    ttl, hops, dscp, ecn, flow, mss, scale, letters, mtu, rtt = asked(socket.SOCK_STREAM, service.address(), options).split("|")
    assert (ttl, hops, dscp, mss) == ("60", "4", "46", "1000")
    assert ecn in ("none", "asked") and 0 <= int(scale) <= 14
    assert letters[0] == "M" and set("SW") <= set(letters) <= set("MSTNW")
    assert int(mtu) >= 1280 and 0 < float(rtt) < 10000
    assert flow == "" if host == "127.0.0.1" else int(flow, 16) >= 0


@pytest.mark.parametrize("host", ["127.0.0.1", pytest.param("::1", marks=needs_ipv6)])
@pytest.mark.parametrize("mark, name", [(0, "none"), (1, "ect1"), (2, "ect0"), (3, "ce")])
def test_udp(daemon, host, mark, name):
    """A datagram's marks, as any client may set them."""
    service = daemon({"udp": udp(host, greeting=UDP_SAYS)})
    said = asked(socket.SOCK_DGRAM, service.address(), marks(service.address(), 100, 46 << 2 | mark)).split("|")
    assert said[:4] == ["100", "28", "46", name]
    assert said[4] == "" if host == "127.0.0.1" else int(said[4], 16) >= 0
    assert said[5] == "", "a datagram has no SYN"


@needs_ipv6
@pytest.mark.parametrize("kind, listener", [(socket.SOCK_STREAM, tcp), (socket.SOCK_DGRAM, udp)])
def test_dual_stack(daemon, kind, listener):
    """A client of IPv4 on a socket of IPv6."""
    service = daemon({"any": listener("", greeting="${ttl}|${dscp}|${client_address}|${flow_label}")})
    address = ("127.0.0.1", service.address()[1])
    assert asked(kind, address, marks(address, 61, 10 << 2)) == "61|10|127.0.0.1|"


def test_a_kept_socket_begins_to_look(daemon, sockgreetctl):
    """A reload asks for what the socket did not keep before; another that says none of it goes back."""
    listener = tcp(greeting="plain")
    service = daemon({"tcp": listener})
    assert greet(service.address()) == b"plain"
    for text, expected in (("${ttl}", b"64"), ("plain", b"plain"), ("${ttl}/${mss:-none}", b"64/")):
        reconfigure(service, listeners={"tcp": {**listener, "greeting": text}})
        assert sockgreetctl(service, "reload").code == 0
        assert greet(service.address()).startswith(expected)


def test_json_says_it_too(daemon):
    """With numbers where there are any."""
    service = daemon({"tcp": tcp(format="json"), "udp": udp(format="json", max_datagram=1232)})
    stream = json.loads(greet(service.address("tcp")))
    datagram = json.loads(asked(socket.SOCK_DGRAM, service.address("udp"), payload=b"x" * 1232))
    assert stream["ttl"] == datagram["ttl"] == 64 and stream["hops"] == datagram["hops"] == 0
    assert stream["mss"] > 1000 and "mss" not in datagram and isinstance(stream["rtt"], float)


@pytest.mark.parametrize("host", ["127.0.0.2", pytest.param("::1", marks=needs_ipv6)])
def test_the_server_that_a_syn_names(daemon, host):
    """It is the one that the kernel knows, also on a socket of all addresses."""
    service = daemon({"seen": tcp("", greeting="${server_address} ${server_port} ${ttl:-none}")})
    address = (host, service.address()[1])
    assert asked(socket.SOCK_STREAM, address) == f"{host} {address[1]} 64"


REDIRECTION = """
table ip redirection {
    chain of_own {
        type nat hook output priority -100;
        tcp dport 7 redirect to :%d
    }
}
"""


@pytest.mark.skipif(not IS_ROOT, reason="only root may redirect")
@pytest.mark.parametrize("says, after", [("", ""), (" ${ttl:-none}", " 64")])
def test_the_server_behind_a_redirection(daemon, says, after):
    """Who is redirected asks for another port than the one that answers."""
    namespace = Namespace()
    try:
        service = daemon({"tcp": tcp("", greeting="${server_address} ${server_port}" + says)}, prefix=namespace.prefix)
        port = service.address()[1]
        namespace.run("nft", "-f", "-", text=REDIRECTION % port)
        with namespace.socket(lambda: socket.create_connection(("127.0.0.3", 7), timeout=10)) as client:
            assert read_all(client).decode() == f"127.0.0.1 {port}{after}"
    finally:
        namespace.close()


MANGLING = """
table inet mangling {
    chain on_the_way {
        type filter hook forward priority mangle;
        ip daddr 198.51.100.1 ip dscp set cs0
        ip6 daddr 2001:db8:2::1 ip6 dscp set cs0
        tcp flags & (syn | rst) == syn tcp option maxseg size set 1360
    }
}
"""


@pytest.fixture(name="route")
def fixture_route():
    """A client and a server, and a router between them that clears the DSCP and clamps the MSS."""
    if not IS_ROOT:
        pytest.skip("only root may connect namespaces")
    client, router, server = made = [Namespace() for _ in range(3)]
    client.connect("wan", router, "left")
    server.connect("wan", router, "right")
    for namespace, interface, side, last in ((client, "wan", 1, 1), (router, "left", 1, 2), (router, "right", 2, 2),
                                             (server, "wan", 2, 1)):
        host4 = f"192.0.2.{last}" if side == 1 else f"198.51.100.{last}"
        namespace.ip("address", "add", f"{host4}/24", "dev", interface)
        namespace.ip("address", "add", f"2001:db8:{side}::{last}/64", "dev", interface, "nodad")
    for namespace, gateway in ((client, ("192.0.2.2", "2001:db8:1::2")), (server, ("198.51.100.2", "2001:db8:2::2"))):
        for host in gateway:
            namespace.ip("route", "add", "default", "via", host)
    router.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
    router.run("nft", "-f", "-", text=MANGLING)
    yield client, server
    for namespace in made:
        namespace.close()


@pytest.mark.parametrize("host", ["198.51.100.1", "2001:db8:2::1"])
def test_a_router_that_rewrites(daemon, route, host):
    """DSCP 46 and an MSS of 1460 (1440) leave the client; 0 and 1360 arrive, one hop later. UDP shows the former too."""
    client, server = route
    service = daemon({"tcp": tcp(host, greeting=TCP_SAYS), "udp": udp(host, greeting=UDP_SAYS)}, prefix=server.prefix)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET

    def make(kind, name):
        made = socket.socket(family, kind)
        for level, option, value in marks((host,), 64, 46 << 2):
            made.setsockopt(level, option, value)
        made.settimeout(10)
        made.connect((host, service.address(name)[1]))
        return made

    with client.socket(lambda: make(socket.SOCK_STREAM, "tcp")) as stream:
        ttl, hops, dscp, _, _, mss, *_ = read_all(stream).decode().split("|")
    assert (ttl, hops, dscp, mss) == ("63", "1", "0", "1360")
    with client.socket(lambda: make(socket.SOCK_DGRAM, "udp")) as datagram:
        datagram.send(b"x" * 600)
        ttl, hops, dscp, ecn, *_ = datagram.recv(2048).decode().split("|")
    assert (ttl, hops, dscp, ecn) == ("63", "1", "0", "none")
