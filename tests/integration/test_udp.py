# SPDX-License-Identifier: MIT
"""UDP: one datagram is answered by one, from the address that was asked."""

import contextlib
import statistics

import pytest

from clients import HAS_IPV6, ask_udp, exchange, first_answer, is_silent, udp_socket
from namespaces import SETTINGS_INSIDE
from processes import descriptors
from service import GREETING, udp

needs_ipv6 = pytest.mark.skipif(not HAS_IPV6, reason="no IPv6 here")
HOSTS = ["127.0.0.1", pytest.param("::1", marks=needs_ipv6)]


@pytest.mark.parametrize("host", HOSTS)
def test_python(daemon, host):
    """A datagram is answered by the greeting, over IPv4 and IPv6."""
    service = daemon({"udp": udp(host)})
    assert ask_udp(service.address()) == (GREETING, service.address())


@pytest.mark.parametrize("host", HOSTS)
def test_netcat(daemon, host):
    """netcat prints the answer."""
    service = daemon({"udp": udp(host)})
    assert first_answer("nc", "-u", "-w", "10", *service.address(), expected=GREETING) == GREETING


@pytest.mark.parametrize("host", HOSTS)
def test_socat(daemon, host):
    """socat, whose socket is connected, prints the answer."""
    service = daemon({"udp": udp(host)})
    target = f"UDP:[{host}]:{service.address()[1]}" if ":" in host else f"UDP:{host}:{service.address()[1]}"
    assert first_answer("socat", "-t", "10", "-", target, expected=GREETING) == GREETING


@pytest.mark.parametrize("address", ["", "*", "0.0.0.0"])
def test_answer_leaves_from_the_ipv4_address_asked(daemon, address):
    """A wildcard listener answers from 127.0.0.1 to 127.0.0.9, whichever was asked."""
    service = daemon({"udp": udp(address, greeting="${server_address}", shards=3)})
    port = service.address()[1]
    for last in range(1, 10):
        host = f"127.0.0.{last}"
        assert ask_udp((host, port)) == (host.encode(), (host, port))


@needs_ipv6
@pytest.mark.parametrize("address", ["", "*", "::"])
def test_answer_leaves_from_the_ipv6_address_asked(daemon, address):
    """A wildcard listener answers from ::1."""
    service = daemon({"udp": udp(address, greeting="${server_address}", shards=2)})
    port = service.address()[1]
    assert ask_udp(("::1", port)) == (b"::1", ("::1", port))


def test_answer_leaves_from_the_global_ipv6_address_asked(daemon, namespace):
    """The same with several IPv6 addresses, of which the routing would choose another."""
    namespace.add_global_addresses()
    service = daemon({"udp": udp("")}, prefix=namespace.prefix, **SETTINGS_INSIDE)
    for host in ("2001:db8::1", "2001:db8::2", "::1"):
        client = namespace.udp("::1")
        assert exchange(client, (host, service.address()[1]), b"x" * 100) == (GREETING, (host, service.address()[1]))


@pytest.mark.parametrize("size", [0, 1, 512, 1472, 65507])
def test_datagram_of_any_size(daemon, size):
    """The content does not matter: the empty datagram of an RFC 868 client is answered like the largest one."""
    service = daemon({"udp": udp()})
    assert ask_udp(service.address(), b"x" * size)[0] == GREETING


def test_one_answer_for_one_datagram(daemon):
    """Each of 1000 datagrams gets exactly one answer."""
    service = daemon({"udp": udp()})
    with udp_socket(service.address()) as client:
        for _ in range(100):
            for _ in range(10):
                client.sendto(b"x", service.address())
            assert [client.recv(100) for _ in range(10)] == [GREETING] * 10
        assert is_silent(client)
    counters = service.stop()
    assert (counters["sent"], counters["bytes"]) == (1000, 26000)


def test_200_clients_at_once(daemon):
    """200 sockets that have all asked before the first reads are all answered."""
    service = daemon({"udp": udp(greeting="${client_port}")})
    clients = [udp_socket(service.address()) for _ in range(200)]
    for client in clients:
        client.sendto(b"", service.address())
    for client in clients:
        assert int(client.recv(100)) == client.getsockname()[1]
        client.close()


def test_clients_that_are_gone(daemon):
    """The ICMP errors that answers to closed sockets bring do not stop the loop."""
    service = daemon({"udp": udp(shards=1)}, workers={"processes": 1, "threads": 1})
    for _ in range(20):
        for _ in range(20):
            with udp_socket(service.address()) as client:
                client.sendto(b"x", service.address())
        assert ask_udp(service.address())[0] == GREETING
    assert service.wait_counter("served", 420)["served"] == 420


@pytest.mark.parametrize("shards", [1, 5])
def test_shards(daemon, shards):
    """A listener has as many sockets as it was told to, and clients of all of them are answered."""
    service = daemon({"udp": udp(shards=shards)})
    inodes = [line.split()[9] for line in open("/proc/net/udp").readlines()[1:]
              if int(line.split()[1].split(":")[1], 16) == service.address()[1]]
    assert len(inodes) == shards
    for _ in range(100):
        assert ask_udp(service.address())[0] == GREETING


def asked_by_turns(service, clients, times):
    """The numbers of the workers that answered each client."""
    answers = {client: [] for client in clients}
    for _ in range(times):
        for client, answered in answers.items():
            client.sendto(b"", service.address())
            answered.append(int(client.recv(100)))
    return list(answers.values())


def test_a_shard_is_a_worker_s(daemon):
    """Whom the kernel sends to a worker's shard that worker answers, as long as it keeps up; the first worker answered all
    who came one after the other. Another may be faster where a machine is busy, but not as a rule."""
    service = daemon({"udp": udp(greeting="${worker}", shards=2)}, workers={"processes": 2, "threads": 1},
                     supervision={"heartbeat": 0})
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(udp_socket(service.address())) for _ in range(40)]
        answered = asked_by_turns(service, clients, 15)
    usual = [statistics.mode(workers) for workers in answered]
    assert set(usual) == {0, 1}
    assert sum(workers.count(worker) for workers, worker in zip(answered, usual)) > 40 * 15 * 0.8


@pytest.mark.parametrize("shards", [1, 4])
def test_a_second_daemon_does_not_share_the_port(daemon, spawn, shards):
    """A second daemon on the port is refused, however many sockets the first one has there."""
    listener = udp(shards=shards)
    daemon({"udp": listener})
    second = spawn({"udp": listener})
    second.wait_stopped(expect=71)
    assert f"listeners.udp: cannot bind 127.0.0.1:{listener['port']}: Address already in use" in second.log()


def test_variables(daemon):
    """A rendered greeting is each client's own, also within a batch."""
    service = daemon({"udp": udp(greeting="${client_address} ${client_port} ${server_port} ${transport}")})
    port = service.address()[1]
    for bind in ("127.0.0.1", "127.0.0.5"):
        with udp_socket(service.address(), (bind, 0)) as client:
            expected = f"{bind} {client.getsockname()[1]} {port} udp".encode()
            assert exchange(client, service.address()) == (expected, service.address())


@needs_ipv6
def test_mapped_address_is_shown_as_ipv4(daemon):
    """An IPv4 client of a dual-stack listener has an IPv4 address in greeting and log."""
    service = daemon({"udp": udp("", greeting="${client_address}")})
    assert ask_udp(("127.0.0.1", service.address()[1]))[0] == b"127.0.0.1"
    service.wait_log(r"^Got datagram from 127\.0\.0\.1:\d+ on udp, sent 9 bytes$")


def test_no_descriptor_is_used_up(daemon):
    """Datagrams leave no descriptors behind."""
    service = daemon({"udp": udp()})
    before = [descriptors(pid) for pid in service.workers()]
    for _ in range(200):
        ask_udp(service.address())
    assert [descriptors(pid) for pid in service.workers()] == before
