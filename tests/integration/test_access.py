# SPDX-License-Identifier: MIT
"""Access lists: who is served, by the client's address, and how the others are refused."""

import os
import random
import re
import signal
import subprocess
import time

import pytest

from clients import HAS_IPV6, connect, exchange, read_all
from namespaces import SETTINGS_INSIDE
from operations import reconfigure, write_configuration
from processes import SLOWNESS, is_stopped, wait_until
from service import GREETING, tcp, udp

needs_ipv6 = pytest.mark.skipif(not HAS_IPV6, reason="no IPv6 here")
OFFICE = {"office": ["127.0.1.0/24", "127.0.2.7"]}
WITHIN = ("127.0.1.1", "127.0.1.255", "127.0.2.7")
OUTSIDE = ("127.0.0.1", "127.0.0.255", "127.0.2.0", "127.0.2.6", "127.0.2.8")


def inside(namespace, daemon, listeners, **settings):
    """A service in the namespace."""
    return daemon(listeners, prefix=namespace.prefix, **settings, **SETTINGS_INSIDE)


def port(service, name):
    """Of a listener."""
    return service.settings["listeners"][name]["port"]


def is_greeted(namespace, address, source):
    """Whether a TCP client from there is greeted; if not it sees the end of file at once."""
    with namespace.tcp(*address, source=source) as client:
        answer = read_all(client)
    assert answer in (GREETING, b"")
    return answer == GREETING


def is_answered(service, namespace, address, source):
    """Whether a datagram from there is answered: it has been if the service is done with it."""
    before = service.counters()["served"]
    with namespace.udp(source) as client:
        client.sendto(b"hello", address)
        service.wait_counter("served", before + 1)
        client.setblocking(False)
        try:
            return client.recv(4096) == GREETING
        except BlockingIOError:
            return False


def assert_served(service, namespace, name, served, refused):
    """That these sources are served by a listener, and those refused."""
    listener = service.settings["listeners"][name]
    before = service.counters()
    for source in (*served, *refused):
        address = ("::1" if ":" in source else "127.0.0.1", listener["port"])
        ask = is_greeted if listener["type"] == "tcp" else lambda *arguments: is_answered(service, *arguments)
        assert ask(namespace, address, source) == (source in served), source
    after = service.wait_counter("served", before["served"] + len(served) + len(refused))
    assert after["denied"] - before["denied"] == len(refused)
    assert after["sent"] - before["sent"] == len(served)


@pytest.mark.parametrize("listener", [tcp, udp])
def test_allow(namespace, daemon, listener):
    """With an allow list everybody else is refused, counted and logged."""
    service = inside(namespace, daemon, {"one": listener("")}, networks=OFFICE, access={"allow": ["office"]})
    assert_served(service, namespace, "one", WITHIN, OUTSIDE)
    service.wait_log(r"^Got [a-z]+ from 127\.0\.2\.8:[0-9]+ on one, sent 0 bytes \(denied\)$")
    assert service.stop()["denied"] == len(OUTSIDE)


@pytest.mark.parametrize("listener", [tcp, udp])
def test_deny(namespace, daemon, listener):
    """With a deny list alone everybody else is served."""
    service = inside(namespace, daemon, {"one": listener("")}, networks=OFFICE, access={"deny": ["office"]})
    assert_served(service, namespace, "one", OUTSIDE, WITHIN)


@pytest.mark.parametrize("listener", [tcp, udp])
def test_longest_prefix(namespace, daemon, listener):
    """Of several networks that a client is in, in whichever list, the smallest counts."""
    access = {"allow": ["127.0.0.0/8", "127.1.2.0/24"], "deny": ["127.1.0.0/16", "127.1.2.3"]}
    service = inside(namespace, daemon, {"one": listener("")}, access=access)
    assert_served(service, namespace, "one", ("127.0.0.1", "127.2.0.1", "127.1.2.2", "127.1.2.4"),
                  ("127.1.0.1", "127.1.3.0", "127.1.2.3"))


def test_listener_with_its_own(namespace, daemon):
    """A listener with a list of its own has none of the service's; an empty one is one."""
    listeners = {"usual": tcp(""), "own": tcp("", deny=["127.0.0.9"]), "open": udp("", allow=[])}
    service = inside(namespace, daemon, listeners, networks=OFFICE, access={"allow": ["office"]})
    assert_served(service, namespace, "usual", ["127.0.1.1"], ["127.0.0.9", "127.0.0.8"])
    assert_served(service, namespace, "own", ["127.0.1.1", "127.0.0.8"], ["127.0.0.9"])
    assert_served(service, namespace, "open", ["127.0.1.1", "127.0.0.8", "127.0.0.9"], [])


@needs_ipv6
@pytest.mark.parametrize("listener", [tcp, udp])
def test_ipv6_and_mapped(namespace, daemon, listener):
    """IPv6 networks are for IPv6 clients. On a dual-stack socket, where it comes as a mapped one, an IPv4 client is in IPv4
    networks alone, and a mapped network is one of these."""
    for host in ("fd00:db8::1", "fd00:db8:1::1", "fd00:db9::1"):
        namespace.add_address(host)
    access = {"allow": ["fd00:db8::/32", "::/96", "::ffff:127.0.1.0/120"], "deny": ["fd00:db8:1::/48"]}
    service = inside(namespace, daemon, {"one": listener("")}, access=access)
    assert_served(service, namespace, "one", ["fd00:db8::1", "::1", "127.0.1.1"],
                  ["fd00:db8:1::1", "fd00:db9::1", "127.0.0.1"])


def denying(**settings):
    """Settings of listeners that refuse this machine, each in its way."""
    return {"quiet": tcp(deny=["127.0.0.0/8"], **settings), "loud": tcp(deny=["127.0.0.0/8"], on_refuse="reset", **settings)}


def is_reset(address):
    """Whether a client sees a reset, which may come while it connects, and not the end of file."""
    try:
        with connect(address) as client:
            assert read_all(client) == b""
    except ConnectionResetError:
        return True
    return False


def test_close_and_reset(daemon):
    """By default a refused client sees the end of file, with on_refuse = "reset" a reset."""
    service = daemon(denying())
    assert not is_reset(service.address("quiet"))
    assert is_reset(service.address("loud"))
    assert service.wait_counter("denied", 2)["reset"] == 0


def test_the_service_says_how(daemon):
    """access.on_refuse holds for all listeners that say nothing of it."""
    listeners = {"usual": tcp(), "quiet": tcp(on_refuse="close")}
    service = daemon(listeners, access={"deny": ["127.0.0.1"], "on_refuse": "reset"})
    assert is_reset(service.address("usual"))
    assert not is_reset(service.address("quiet"))


def test_another_client_sees_it(daemon):
    """socat warns of a reset, and not of the end of file."""
    service = daemon(denying())
    for name, is_reset_expected in (("quiet", False), ("loud", True)):
        host, number = service.address(name)
        done = subprocess.run(["socat", "-dd", "-u", f"TCP:{host}:{number}", "-"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=20 * SLOWNESS, check=False)
        assert (done.stdout, "Connection reset by peer" in done.stderr) == ("", is_reset_expected)


def test_close_is_no_reset(daemon):
    """A client that had talked before it was refused saw a reset, because nobody had read what it said."""
    service = daemon(denying(), workers={"processes": 1}, supervision={"heartbeat": 0})
    worker, = service.workers()
    os.kill(worker, signal.SIGSTOP)
    wait_until(lambda: is_stopped(worker), "the worker stops")
    with connect(service.address("quiet")) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        os.kill(worker, signal.SIGCONT)
        assert read_all(client) == b""


def test_limits_do_not_count_the_refused(namespace, daemon):
    """Who is refused uses up nothing of a limit, and a dry run of limits does not let it in."""
    service = inside(namespace, daemon, {"udp": udp("")}, access={"deny": ["127.0.0.9"]},
                     limits={"net_rate": 0.05, "net_burst": 2, "dry_run": True})
    assert_served(service, namespace, "udp", [], ["127.0.0.9"] * 5)
    assert_served(service, namespace, "udp", ["127.0.0.10", "127.0.0.10"], [])
    assert service.counters()["spared"] == 0
    assert_served(service, namespace, "udp", ["127.0.0.10"], [])
    assert service.counters()["spared"] == 1


def test_reload(namespace, daemon, sockgreetctl):
    """A reload puts a new list into effect, a bad one changes nothing."""
    service = inside(namespace, daemon, {"tcp": tcp(""), "udp": udp("")}, access={"deny": ["127.0.0.9"]})
    for name in ("tcp", "udp"):
        assert_served(service, namespace, name, ["127.0.0.8"], ["127.0.0.9"])
    reconfigure(service, access={"deny": ["127.0.0.8"]})
    assert sockgreetctl(service, "reload").code == 0
    for name in ("tcp", "udp"):
        assert_served(service, namespace, name, ["127.0.0.9"], ["127.0.0.8"])
    reconfigure(service, access={"deny": ["127.0.0.9/8"]})
    result = sockgreetctl(service, "reload")
    assert result.code != 0 and 'access.deny: "127.0.0.9/8" has host bits set' in result.err + result.out
    assert_served(service, namespace, "tcp", ["127.0.0.9"], ["127.0.0.8"])


def many_networks(count):
    """So many different networks, none of them of this machine."""
    numbers = random.Random(11)
    found = set()
    while len(found) < count:
        length = numbers.randint(16, 32)
        address = (numbers.randrange(1, 127) << 24 | numbers.getrandbits(24)) >> 32 - length << 32 - length
        found.add(f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}/{length}")
    return sorted(found)


def test_ten_thousand(namespace, daemon, sockgreetctl):
    """A list of ten thousand is loaded, shown and reloaded about as quickly as none."""
    listeners = {name: udp("", shards=1) for name in "abcdefgh"}
    service = inside(namespace, daemon, listeners)
    reconfigure(service, networks={"many": many_networks(10000)}, access={"deny": ["many", "127.0.0.9"]},
                listeners={name: {**listener, "allow": ["127.0.1.0/24"], "deny": ["many"]} if name < "e" else listener
                           for name, listener in listeners.items()})
    started = time.monotonic()
    assert sockgreetctl(service, "reload").code == 0
    assert time.monotonic() - started < 3 * SLOWNESS
    assert_served(service, namespace, "a", ["127.0.1.1"], ["127.0.0.1"])
    assert_served(service, namespace, "h", ["127.0.0.1"], ["127.0.0.9"])
    shown = sockgreetctl(service, "config").out
    assert all(f'"{network}"' in shown for network in service.settings["networks"]["many"])
    write_configuration(service, shown)
    assert sockgreetctl(service, "reload").code == 0
    assert sockgreetctl(service, "config").out == shown
    assert_served(service, namespace, "a", ["127.0.1.1"], ["127.0.0.1"])


def test_shown(daemon, sockgreetctl):
    """sockgreetctl shows how many were refused."""
    service = daemon({"tcp": tcp(deny=["127.0.0.0/8"])})
    with connect(service.address()) as client:
        assert read_all(client) == b""
    service.wait_counter("denied", 1)
    assert re.search(r"^denied +1$", sockgreetctl(service, "counters").out, re.M)


@needs_ipv6
def test_a_link_has_one_prefix(namespace, daemon):
    """A link-local client is in networks by its address, whatever the interface."""
    namespace.ip("address", "add", "fe80::1/64", "dev", "lo", "nodad")
    service = inside(namespace, daemon, {"udp": udp("")}, access={"deny": ["fe80::/10"]})
    with namespace.udp("fe80::1", scope=namespace.index("lo")) as client:
        client.sendto(b"hello", ("fe80::1", port(service, "udp"), 0, namespace.index("lo")))
        service.wait_counter("denied", 1)
    with namespace.udp("::1") as client:
        assert exchange(client, ("::1", port(service, "udp")))[0] == GREETING
