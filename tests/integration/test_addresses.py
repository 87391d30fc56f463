# SPDX-License-Identifier: MIT
"""Every form in which a configuration can say where to listen."""

import socket

import pytest

from clients import HAS_IPV6, ask_udp, exchange, greet, read_all
from namespaces import IS_ROOT, SETTINGS_INSIDE
from service import GREETING, tcp, udp

needs_ipv6 = pytest.mark.skipif(not HAS_IPV6, reason="no IPv6 here")


def both(address, **settings):
    """A tcp and a udp listener on the same address and port."""
    listener = tcp(address, **settings)
    return {"tcp": listener, "udp": {**listener, "type": "udp"}}


def is_greeted(host, port):
    """Whether a host is greeted there over TCP and UDP."""
    return greet((host, port)) == GREETING and ask_udp((host, port)) == (GREETING, (host, port))


def is_refused(host, port):
    """Whether nobody listens there for TCP."""
    try:
        socket.create_connection((host, port), 5).close()
    except ConnectionRefusedError:
        return True
    return False


@needs_ipv6
@pytest.mark.parametrize("address", ["", "*"])
def test_any_address_of_both_families(daemon, address):
    """"" and "*" are every address of IPv4 and IPv6, on one socket."""
    service = daemon(both(address))
    port = service.address()[1]
    assert is_greeted("127.0.0.1", port) and is_greeted("127.0.0.9", port) and is_greeted("::1", port)
    service.wait_log(rf"^Listening on \[::\]:{port} \(tcp, tcp\)$")


@pytest.mark.parametrize("address,host,other", [
    ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
    ("127.0.0.5", "127.0.0.5", "127.0.0.1"),
    ("0.0.0.0", "127.0.0.3", None),
    pytest.param("::1", "::1", "127.0.0.1", marks=needs_ipv6),
    pytest.param("::", "::1", "127.0.0.1", marks=needs_ipv6),
])
def test_numeric_address(daemon, address, host, other):
    """A numeric address is that address and no other; :: is IPv6 alone."""
    service = daemon(both(address))
    port = service.address()[1]
    assert is_greeted(host, port)
    assert other is None or is_refused(other, port)


@pytest.mark.parametrize("address,host", [
    (2130706433, "127.0.0.1"),
    ("2130706434", "127.0.0.2"),
    (0x7F000003, "127.0.0.3"),
])
def test_integer_address(daemon, address, host):
    """An integer is the IPv4 address in host byte order."""
    service = daemon(both(address))
    assert is_greeted(host, service.address()[1])


@pytest.mark.parametrize("text", ["3232235777L", '"3232235777"'])
def test_integer_address_beyond_31_bits(namespace, daemon, text):
    """Values above 2147483647 are written with an L or as a string."""
    namespace.add_address("192.168.1.1")

    class Literal(int):
        """Stands in the file as it is."""
        __str__ = __format__ = lambda self, *_: text

    listener = tcp(Literal())
    daemon({"tcp": listener}, prefix=namespace.prefix, **SETTINGS_INSIDE)
    with namespace.tcp("192.168.1.1", listener["port"]) as connection:
        assert read_all(connection) == GREETING


def test_host_name(daemon):
    """A host name is every address it has."""
    service = daemon(both("localhost"))
    port = service.address()[1]
    found = {info[4][0] for info in socket.getaddrinfo("localhost", None, type=socket.SOCK_STREAM)}
    for host in found:
        if ":" not in host or HAS_IPV6:
            assert is_greeted(host, port)


def test_service_name_as_port(namespace, daemon):
    """A port may be a service name."""
    port = socket.getservbyname("qotd", "tcp")
    service = daemon({"tcp": {"type": "tcp", "address": "127.0.0.1", "port": "qotd"}}, prefix=namespace.prefix,
                     **SETTINGS_INSIDE)
    with namespace.tcp("127.0.0.1", port) as connection:
        assert read_all(connection) == GREETING
    service.stop()


def test_broadcast(namespace, daemon):
    """"<broadcast>" is answered to those who ask everybody, from an address of the host."""
    namespace.add_link()
    listener = udp("<broadcast>")
    daemon({"udp": listener}, prefix=namespace.prefix, **SETTINGS_INSIDE)
    with namespace.udp("192.168.77.1") as client:
        answer, source = exchange(client, ("255.255.255.255", listener["port"]))
    assert (answer, source) == (GREETING, ("192.168.77.1", listener["port"]))


@pytest.mark.parametrize("asked", ["255.255.255.255", "192.168.77.255", pytest.param("ff02::1", marks=needs_ipv6)])
@pytest.mark.parametrize("wanted", [False, True], ids=["by default", "answer_broadcast"])
def test_broadcast_to_any_address(namespace, daemon, asked, wanted):
    """A wildcard listener answers what was sent to everybody if it is told to, from an address of the host. One forged
    datagram had every host of a network answer its victim."""
    namespace.add_link()
    listener = udp("", answer_broadcast=wanted)
    service = daemon({"udp": listener}, prefix=namespace.prefix, **SETTINGS_INSIDE)
    host, scope = ("fe80::77", namespace.index("east")) if ":" in asked else ("192.168.77.1", None)
    with namespace.udp(host, 0, scope) as client:
        address = (asked, listener["port"]) if scope is None else (asked, listener["port"], 0, scope)
        if wanted:
            answer, source = exchange(client, address)
            assert (answer, source[1]) == (GREETING, listener["port"])
            assert source[0].partition("%")[0] == host
        else:
            client.sendto(b"hello", address)
            assert service.wait_counter("unanswerable", 1)["sent"] == 0


@needs_ipv6
def test_link_local_on_any(namespace, daemon):
    """The scope of the server's address is that of the connection, though nothing in the client's SYN says it."""
    namespace.add_link()
    listener = tcp("", greeting="${server_address} ${ttl}")
    daemon({"tcp": listener}, prefix=namespace.prefix, **SETTINGS_INSIDE)
    with namespace.tcp("fe80::77", listener["port"], 0, namespace.index("east")) as connection:
        assert read_all(connection) == b"fe80::77%east 64"


@needs_ipv6
def test_link_local_with_scope(namespace, daemon):
    """A link-local address is given with its interface, and shown with it."""
    namespace.add_link()
    listener = tcp("fe80::77%east", greeting="${server_address} ${client_address}")
    service = daemon({"tcp": listener, "udp": {**listener, "type": "udp"}}, prefix=namespace.prefix, **SETTINGS_INSIDE)
    index = namespace.index("east")
    address = ("fe80::77", listener["port"], 0, index)
    with namespace.tcp(*address) as connection:
        assert read_all(connection) == b"fe80::77%east fe80::77%east"
    with namespace.udp("::") as client:
        client.sendto(b"hello", address)
        answer, source = client.recvfrom(100)
    assert (answer, source[1:]) == (b"fe80::77%east fe80::77%east", (listener["port"], 0, index))
    service.wait_log(r"^Got connection from \[fe80::77%east\]:\d+ on tcp, sent 27 bytes$")


@needs_ipv6
def test_link_local_client_of_a_wildcard_listener(namespace, daemon):
    """The answer to a link-local client leaves from the address and through the interface that it came by."""
    namespace.add_link()
    listener = udp("")
    daemon({"udp": listener}, prefix=namespace.prefix, **SETTINGS_INSIDE)
    with namespace.udp("::") as client:
        client.sendto(b"hello", ("fe80::77", listener["port"], 0, namespace.index("east")))
        answer, source = client.recvfrom(100)
    assert (answer, source[0].partition("%")[0]) == (GREETING, "fe80::77")


@pytest.mark.parametrize("kind", ["tcp", "udp"])
def test_interface(namespace, daemon, kind):
    """A listener with an interface hears that interface alone."""
    namespace.add_link()
    listener = {"tcp": tcp, "udp": udp}[kind]("", interface="east")
    daemon({"one": listener}, prefix=namespace.prefix, **SETTINGS_INSIDE)
    if kind == "tcp":
        with pytest.raises(AssertionError, match="refused"):
            namespace.tcp("127.0.0.1", listener["port"])
    else:
        with namespace.udp("127.0.0.1") as client:
            client.connect(("127.0.0.1", listener["port"]))
            client.send(b"hello")
            with pytest.raises(ConnectionRefusedError):
                client.recv(100)


def test_free_bind(namespace, daemon):
    """With free_bind an address can be bound before it arrives, and served when it does."""
    listeners = both("192.168.99.1", free_bind=True)
    daemon(listeners, prefix=namespace.prefix, **SETTINGS_INSIDE)
    namespace.add_address("192.168.99.1")
    port = listeners["tcp"]["port"]
    with namespace.tcp("192.168.99.1", port) as connection:
        assert read_all(connection) == GREETING
    with namespace.udp("127.0.0.1") as client:
        assert exchange(client, ("192.168.99.1", port))[0] == GREETING


def test_address_that_is_not_here(namespace, spawn):
    """Without free_bind it is refused, with a hint."""
    service = spawn(both("192.168.99.1"), prefix=namespace.prefix, **SETTINGS_INSIDE)
    service.wait_stopped(expect=71)
    assert "Cannot assign requested address: no interface has this address (free_bind = true" in service.log()


def test_busy_port_names_file_and_line(spawn):
    """A port that is taken ends the start with exit code 71 and says where it stands; each is reported."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        ports = [bound.getsockname()[1] for bound in (one, two)]
        service = spawn({f"l{p}": {"type": "tcp", "address": "127.0.0.1", "port": p} for p in ports})
        service.wait_stopped(expect=71)
    for port in ports:
        line = 1 + service.configuration.read_text().splitlines().index(f"  l{port} = {{")
        assert (f"{service.configuration}:{line}: listeners.l{port}: cannot bind 127.0.0.1:{port}: Address already in "
                "use: another program listens there (ss -lntup shows which)") in service.log()


@pytest.mark.skipif(not IS_ROOT, reason="needs root, to become a user who may not")
def test_low_port_without_the_right(namespace, spawn):
    """Who may not bind a low port is told what it takes."""
    prefix = [*namespace.prefix, "setpriv", "--bounding-set=-net_bind_service", "--"]
    service = spawn({"tcp": {"type": "tcp", "address": "127.0.0.1", "port": 17}}, prefix=prefix)
    service.wait_stopped(expect=71)
    assert "Permission denied: ports below 1024 need CAP_NET_BIND_SERVICE" in service.log()
