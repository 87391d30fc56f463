# SPDX-License-Identifier: MIT
"""limits.rate and what goes with it: over a limit one source suffers, and nobody else."""

import contextlib
import os
import signal
import time

import pytest

from clients import HAS_IPV6, TIMEOUT, exchange, read_all
from namespaces import SETTINGS_INSIDE
from operations import reconfigure
from processes import wait_until
from service import GREETING, tcp, udp

needs_ipv6 = pytest.mark.skipif(not HAS_IPV6, reason="no IPv6 here")
SLOW = {"rate": 0.05, "burst": 5}
# A thread whose clock is a moment behind may find one too many of a burst: exact to the last is only one that is alone.
ALONE = {"workers": {"processes": 1, "threads": 1}, **SETTINGS_INSIDE}


def greeted(namespace, address, source, count):
    """How many of so many TCP clients in a row get the greeting; the others get nothing."""
    found = []
    for _ in range(count):
        with namespace.tcp(*address, source=source) as client:
            found.append(read_all(client))
    assert set(found) <= {GREETING, b""}
    return found.count(GREETING)


def answered(service, client, address, count):
    """How many of so many datagrams are answered: as many as the service says once it has dealt with the last, and all of
    these arrive. The kernel may deliver one later than it says that it was sent."""
    before = service.counters()
    for _ in range(count):
        client.sendto(b"hello", address)
    after = service.wait_counter("served", before["served"] + count)
    found = after["sent"] - before["sent"]
    client.settimeout(TIMEOUT)
    assert [client.recv(4096) for _ in range(found)] == [GREETING] * found
    return found


def test_streams_and_datagrams(namespace, daemon):
    """A source has a burst and then its rate; others have theirs. Datagrams count apart, because their source can be forged:
    nobody can keep another from connecting with them."""
    service = daemon({"tcp": tcp(""), "udp": udp("")}, prefix=namespace.prefix, limits=SLOW, **ALONE)
    stream, dgram = (("127.0.0.1", service.settings["listeners"][name]["port"]) for name in ("tcp", "udp"))
    with namespace.udp("127.0.0.9") as client:
        assert answered(service, client, dgram, 8) == 5
    assert greeted(namespace, stream, "127.0.0.9", 8) == 5
    assert greeted(namespace, stream, "127.0.0.10", 5) == 5
    counters = service.wait_counter("served", 21)
    assert (counters["rate-limited"], counters["sent"]) == (6, 15)
    service.wait_log(r"^Got connection from 127\.0\.0\.9:[0-9]+ on tcp, sent 0 bytes \(rate-limited\)$", count=3)


def greeted_and_held(namespace, address, source, count, held):
    """Opens so many clients that read their greeting and stay; returns those that got it, and counts the others."""
    refused = 0
    for _ in range(count):
        client = held.enter_context(namespace.tcp(*address, source=source))
        client.settimeout(10)
        refused += client.recv(100) != GREETING
    return refused


def test_source_holds_so_many(namespace, daemon):
    """Of one source so many clients are there at once, at all workers together; who goes makes room for the next."""
    service = daemon({"tcp": tcp(""), "more": tcp("", per_source=7), "any": tcp("", per_source=0)}, prefix=namespace.prefix,
                     limits={"per_source": 3}, workers={"processes": 3, "threads": 2}, timeouts={"linger": 60.0, "linger_total": 60.0},
                     **SETTINGS_INSIDE)
    address, more, without = (("127.0.0.1", service.settings["listeners"][name]["port"]) for name in ("tcp", "more", "any"))
    with contextlib.ExitStack() as held:
        assert greeted_and_held(namespace, address, "127.0.0.9", 10, held) == 7
        assert greeted_and_held(namespace, address, "127.0.0.10", 3, held) == 0
        assert greeted_and_held(namespace, more, "127.0.0.9", 10, held) == 3
        assert greeted_and_held(namespace, without, "127.0.0.9", 10, held) == 0
        counters = service.wait_counter("source-full", 10)
        service.wait_log(r"^Got connection from 127\.0\.0\.9:[0-9]+ on tcp, sent 0 bytes \(source-full\)$", count=7)
        assert counters["source-full"] == 10
    service.wait_counter("sent", 20)
    with contextlib.ExitStack() as held:
        assert greeted_and_held(namespace, address, "127.0.0.9", 4, held) == 1


def test_a_killed_worker_holds_nobody(namespace, daemon):
    """What its clients counted for goes with it."""
    service = daemon({"tcp": tcp("")}, prefix=namespace.prefix, limits={"per_source": 3}, workers={"processes": 1},
                     timeouts={"linger": 60.0, "linger_total": 60.0}, **SETTINGS_INSIDE)
    with contextlib.ExitStack() as held:
        assert greeted_and_held(namespace, service.address(), "127.0.0.9", 4, held) == 1
        victim = service.workers()[0]
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: service.workers() not in ([], [victim]), "a successor")
        assert greeted_and_held(namespace, service.address(), "127.0.0.9", 4, held) == 1


def test_log_names_the_loudest(namespace, daemon):
    """One line says how many were refused, and whose most of them were; the next comes half a minute later."""
    service = daemon({"udp": udp("")}, prefix=namespace.prefix, limits=SLOW, **ALONE)
    address = ("127.0.0.1", service.settings["listeners"]["udp"]["port"])
    with namespace.udp("127.0.0.9") as loud, namespace.udp("127.0.0.10") as other:
        assert answered(service, loud, address, 100) == 5
        assert answered(service, other, address, 20) == 5
    line = r"^warning: Refused ([0-9]+) clients? over a limit, ([0-9]+) of them from 127\.0\.0\.9$"
    refused, loudest = map(int, service.wait_log(line)[0].groups())
    assert 0 < loudest <= 95 and loudest <= refused <= 110
    service.stop()
    total = sum(int(match[1]) for match in service.wait_log(r"^warning: Refused ([0-9]+) clients? over a limit, ", count=1))
    assert total == 110


def test_network(namespace, daemon):
    """The addresses of a /24 have a limit together."""
    service = daemon({"udp": udp("")}, prefix=namespace.prefix, limits={"net_rate": 0.05, "net_burst": 5},
                     **ALONE)
    address = ("127.0.0.1", service.settings["listeners"]["udp"]["port"])
    found = 0
    for host in range(2, 10):
        with namespace.udp(f"127.0.0.{host}") as client:
            found += answered(service, client, address, 1)
    assert found == 5
    with namespace.udp("127.0.1.1") as client:
        assert exchange(client, address)[0] == GREETING
    assert service.counters()["net-limited"] == 3


@needs_ipv6
def test_ipv6_sources(namespace, daemon):
    """Of IPv6 it is the /64 that counts."""
    for host in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"):
        namespace.add_address(host)
    service = daemon({"udp": udp("", max_amplification=10)}, prefix=namespace.prefix, limits=SLOW, **ALONE)
    address = ("::1", service.settings["listeners"]["udp"]["port"])
    with namespace.udp("2001:db8::1") as one, namespace.udp("2001:db8::2") as two, namespace.udp("2001:db8:0:1::1") as other:
        assert answered(service, one, address, 3) == 3
        assert answered(service, two, address, 4) == 2
        assert answered(service, other, address, 5) == 5


def test_listener_with_its_own(namespace, daemon):
    """A listener's own limit counts apart from the service's."""
    service = daemon({"strict": udp("", rate=0.05, burst=2), "usual": udp(""), "free": udp("", rate=0)},
                     prefix=namespace.prefix, limits=SLOW, **ALONE)
    ports = {name: listener["port"] for name, listener in service.settings["listeners"].items()}
    with namespace.udp("127.0.0.9") as client:
        assert answered(service, client, ("127.0.0.1", ports["strict"]), 10) == 2
        assert answered(service, client, ("127.0.0.1", ports["usual"]), 10) == 5
        assert answered(service, client, ("127.0.0.1", ports["free"]), 20) == 20


def test_dry_run(namespace, daemon):
    """limits.dry_run counts who would be refused, and serves."""
    service = daemon({"udp": udp("")}, prefix=namespace.prefix, limits={**SLOW, "dry_run": True}, **ALONE)
    with namespace.udp("127.0.0.9") as client:
        assert answered(service, client, ("127.0.0.1", service.settings["listeners"]["udp"]["port"]), 20) == 20
    counters = service.counters()
    assert (counters["sent"], counters["rate-limited"], counters["spared"]) == (20, 0, 15)
    service.wait_log(r"^warning: Would have refused [0-9]+ clients? over a limit, [0-9]+ of them from 127\.0\.0\.9$")


def test_reload_keeps_what_is_remembered(namespace, daemon, sockgreetctl):
    """New workers know who is over a limit, and a new limit holds at once."""
    service = daemon({"udp": udp("")}, prefix=namespace.prefix, limits={"rate": 0.05, "burst": 5}, **ALONE)
    address = ("127.0.0.1", service.settings["listeners"]["udp"]["port"])
    with namespace.udp("127.0.0.9") as client:
        assert answered(service, client, address, 10) == 5
        assert sockgreetctl(service, "reload").code == 0
        assert answered(service, client, address, 10) == 0
        reconfigure(service, limits={"rate": 0})
        assert sockgreetctl(service, "reload").code == 0
        assert answered(service, client, address, 10) == 10


def test_workers_count_together(namespace, daemon):
    """However many workers and threads: a source passes as often as with one."""
    service = daemon({"udp": udp("", shards=8)}, prefix=namespace.prefix, limits={"rate": 100, "burst": 100},
                     workers={"processes": 4, "threads": 2}, log={"greetings": "off"}, **SETTINGS_INSIDE)
    address = ("127.0.0.1", service.settings["listeners"]["udp"]["port"])
    clients = [namespace.udp("127.0.0.9") for _ in range(32)]
    before = time.monotonic()
    assert exchange(clients[0], address)[0] == GREETING
    started = time.monotonic()  # by now the source's clock runs, however late the first worker was
    while time.monotonic() < started + 2:
        for client in clients:
            client.sendto(b"hello", address)
    service.wait_counter("sent", 100 + 100 * 2 - 1)
    counters = service.wait_accounted()
    seconds = time.monotonic() - before  # what waited in a queue may have been looked at until now
    for client in clients:
        client.close()
    assert counters["rate-limited"] > 1000
    assert counters["sent"] <= 100 + 100 * seconds + 8
