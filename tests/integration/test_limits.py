# SPDX-License-Identifier: MIT
"""Too few file descriptors, too many clients: accepting pauses and goes on, and nothing spins."""

import ctypes
import errno
import os
import resource
import select
import threading
import time

import pytest

from clients import (TIMEOUT, Crowd, ask_udp, connect, connect_narrow, greet, greet_many, is_greeted_within, read_all,
                     udp_socket)
from fault import RELIABLE
from processes import SANITIZER, SLOWNESS, cpu_seconds, descriptors, proportional_memory, wait_until
from service import GREETING, tcp, udp

LARGE = "x" * 1_000_000  # more than the kernel takes for a client that does not read
_PR_CAPBSET_DROP, _CAP_SYS_RESOURCE = 24, 24


def limit_descriptors(number):
    """Run in the child: a hard limit that it cannot raise, whoever it is."""

    def apply():
        if os.geteuid() == 0:
            ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, _CAP_SYS_RESOURCE, 0, 0, 0)
        resource.setrlimit(resource.RLIMIT_NOFILE, (number, number))

    return apply


def cpu_during(service, seconds):
    """How much processor time master and workers use meanwhile."""
    pids = [service.pid, *service.workers()]
    before = cpu_seconds(*pids)
    time.sleep(seconds)
    return cpu_seconds(*pids) - before


def test_default_is_lowered(daemon):
    """With 64 descriptors the default of limits.connections is lowered, with a warning, and everybody is greeted."""
    service = daemon({"tcp": tcp()}, preexec=limit_descriptors(64), workers={"processes": 2, "threads": 1})
    service.wait_log(r"^warning: limits\.connections: lowered from 10000 to \d+, because only 64 file "
                     r"descriptors per process are available \(LimitNOFILE, ulimit -n\)$")
    with Crowd(service.address(), 200) as crowd:
        for connection in crowd.connections:
            assert read_all(connection) == GREETING
            connection.close()
    assert service.stop()["sent"] == 200


def test_never_out_of_descriptors_when_lowered(daemon):
    """The lowered limit is one that the descriptors suffice for, down to the last client."""
    service = daemon({"tcp": tcp()}, preexec=limit_descriptors(64), workers={"processes": 1, "threads": 1},
                     timeouts={"linger": 10, "linger_total": 10, "drain": 0})
    room = int(service.wait_log(r"lowered from 10000 to (\d+),")[0][1])
    with Crowd(service.address(), room) as crowd:
        assert [read_all(connection) for connection in crowd.connections] == [GREETING] * room
        assert max(descriptors(service.workers()[0])) < 64
        assert "Too many open files" not in service.log()


def test_explicit_limit_that_cannot_be_had(spawn):
    """A limit that was set explicitly and cannot be had is an error: exit code 71."""
    service = spawn({"tcp": tcp()}, preexec=limit_descriptors(64), limits={"connections": 1000})
    service.wait_stopped(expect=71)
    assert "error: limits.connections: 1000 connections need " in service.log()
    assert "but only 64 are available; lower it, or raise LimitNOFILE (ulimit -n)" in service.log()


def test_hopeless_limit(spawn):
    """With too few descriptors to be of use the daemon does not start."""
    service = spawn({"tcp": tcp()}, preexec=limit_descriptors(24))
    service.wait_stopped(expect=71)
    assert "error: " in service.log()


def test_soft_limit_is_raised(daemon):
    """A soft limit is raised to what is needed, where the hard one allows it."""
    service = daemon({"tcp": tcp()}, preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 8192)),
                     limits={"connections": 1000}, workers={"processes": 2})
    assert "lowered" not in service.log()
    for worker in service.workers():
        with open(f"/proc/{worker}/limits", encoding="ascii") as file:
            assert next(int(line.split()[3]) for line in file if line.startswith("Max open files")) >= 500


def test_accepting_pauses_at_the_limit(daemon):
    """Clients beyond limits.connections wait, unharmed and at no cost, and are greeted when others have left. Those inside
    do not have the whole of their greeting: whoever has it would give way."""
    service = daemon({"tcp": tcp(), "large": tcp(greeting=LARGE)}, workers={"processes": 1, "threads": 1},
                     limits={"connections": 8}, timeouts={"send": 30, "drain": 0})
    with Crowd(service.address("large"), 8, connect_narrow) as inside, Crowd(service.address("tcp"), 3) as outside:
        assert all(is_greeted_within(connection, TIMEOUT) for connection in inside.connections)
        assert not is_greeted_within(outside.connections[0], 0.3)
        assert cpu_during(service, 1.0) < 0.05 * SLOWNESS
        for connection in inside.connections[:3]:
            connection.close()
        for connection in outside.connections:
            connection.settimeout(TIMEOUT)
            assert read_all(connection) == GREETING
    service.wait_log(r"^warning: Accepting paused \d+ times?: limits\.connections is reached$")


def test_limit_is_for_the_whole_service(daemon):
    """limits.connections is divided among processes and threads: never more are held at once."""
    service = daemon({"tcp": tcp(greeting=LARGE)}, workers={"processes": 2, "threads": 2}, limits={"connections": 6},
                     timeouts={"send": 30, "drain": 0})
    with Crowd(service.address(), 20, connect_narrow) as crowd:
        time.sleep(0.5)
        assert len(select.select(crowd.connections, [], [], 0)[0]) <= 6
        while crowd.connections:
            greeted = select.select(crowd.connections, [], [], 5 * SLOWNESS)[0]
            assert 0 < len(greeted) <= 6
            for connection in greeted:
                crowd.connections.remove(connection)
                connection.close()


def test_fewer_connections_than_threads(daemon):
    """Threads without room for a client leave the clients to the others."""
    service = daemon({"tcp": tcp(), "udp": udp()}, workers={"processes": 2, "threads": 2}, limits={"connections": 2})
    for _ in range(20):
        assert greet(service.address("tcp")) == GREETING
        assert ask_udp(service.address("udp"))[0] == GREETING


def test_descriptors_run_out(daemon):
    """Without descriptors accepting pauses: no busy loop, one line in the log, UDP goes on, all are greeted after."""
    same_user = {"user": "root", "group": "root"} if os.geteuid() == 0 else {}  # prlimit(2) works on one's own
    service = daemon({"tcp": tcp(), "udp": udp()}, workers={"processes": 1, "threads": 2}, **same_user)
    worker = service.workers()[0]
    limits = resource.prlimit(worker, resource.RLIMIT_NOFILE, (3, resource.prlimit(worker, resource.RLIMIT_NOFILE)[1]))
    with Crowd(service.address("tcp"), 20) as crowd:
        assert not is_greeted_within(crowd.connections[0], 0.3)
        assert cpu_during(service, 1.0) < 0.1 * SLOWNESS
        assert ask_udp(service.address("udp"))[0] == GREETING
        resource.prlimit(worker, resource.RLIMIT_NOFILE, limits)
        for connection in crowd.connections:
            connection.settimeout(TIMEOUT)
            assert read_all(connection) == GREETING
    assert len(service.wait_log(r"^warning: Accepting paused \d+ times?: Too many open files$")) == 1
    assert service.counters()["accept_pauses"] < 100


class Talkers:
    """Clients that take every place there is, never close, and send a byte now and then; whoever is sent away comes
    again."""

    def __init__(self, address, count):
        self.address, self.greeted, self._over = address, 0, threading.Event()
        self._connections = [connect(address) for _ in range(count)]
        self._thread = threading.Thread(target=self._talk)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()
        for connection in self._connections:
            connection.close()

    def _say(self, index):
        try:
            if self._connections[index].recv(100):
                self.greeted += 1
            self._connections[index].send(b"x")
        except BlockingIOError:  # it waits for its greeting
            pass
        except OSError:
            self._connections[index].close()
            self._connections[index] = connect(self.address)
        self._connections[index].setblocking(False)

    def _talk(self):
        for connection in self._connections:
            connection.setblocking(False)
        while not self._over.wait(0.2):
            for index in range(len(self._connections)):
                self._say(index)


@pytest.mark.parametrize("processes", [1, 2])
def test_places_taken_by_those_who_are_done(daemon, processes):
    """1500 connections of one host that sent a byte a second had every place there is, though each had its greeting a
    millisecond after it came: honest clients waited for 13 s. Now who lingers longest gives way to who waits."""
    service = daemon({"tcp": tcp()}, workers={"processes": processes, "threads": 1}, limits={"connections": 40},
                     timeouts={"linger": 30, "linger_total": 60, "drain": 0})
    with Talkers(service.address(), 60) as talkers:
        for i in range(10):
            wait_until(lambda: talkers.greeted >= 60 + 20 * i, "all places are taken again")
            started = time.monotonic()
            assert greet(service.address()) == GREETING
            assert time.monotonic() - started < SLOWNESS


@pytest.mark.skipif(not RELIABLE, reason="a sanitizer's functions come first")
@pytest.mark.parametrize("error", [errno.EPROTO, errno.EPERM, errno.ENFILE])
def test_accepting_that_keeps_failing(daemon, faults, error):
    """Errors of accept4() that stand for one client in vain were answered by the next call, for ever and without a
    pause, when a firewall or a broken network made every call fail. UDP goes on meanwhile, and all are greeted after."""
    service = daemon({"tcp": tcp(), "udp": udp()}, environment=faults.environment,
                     workers={"processes": 1, "threads": 1})
    faults.arm("accept4", error=error, again=True)
    with Crowd(service.address("tcp"), 20) as crowd:
        wait_until(faults.hits, "a call that fails")
        assert cpu_during(service, 1.0) < 0.1
        assert faults.hits() < 2000  # 64 every tenth of a second
        assert ask_udp(service.address("udp"))[0] == GREETING
        faults.disarm()
        for connection in crowd.connections:
            assert read_all(connection) == GREETING
    service.wait_log(rf"^warning: Accepting paused \d+ times?: {os.strerror(error)}$")


@pytest.mark.skipif(not RELIABLE, reason="a sanitizer's functions come first")
@pytest.mark.parametrize("error", [errno.ECONNREFUSED, errno.ENOMEM])
def test_receiving_that_keeps_failing(daemon, faults, error):
    """The same with recvmmsg(): an error of an earlier answer is over with the call that says so, but one that comes
    again and again kept a thread busy. TCP goes on meanwhile, and who has asked is answered after."""
    service = daemon({"tcp": tcp(), "udp": udp(shards=1)}, environment=faults.environment,
                     workers={"processes": 1, "threads": 1})
    faults.arm("recvmmsg", error=error, again=True)
    with udp_socket(service.address("udp")) as client:
        client.sendto(b"hello", service.address("udp"))
        wait_until(faults.hits, "a call that fails")
        assert cpu_during(service, 1.0) < 0.1
        assert faults.hits() < 2000
        assert greet(service.address("tcp")) == GREETING
        faults.disarm()
        assert client.recv(100) == GREETING
    assert ask_udp(service.address("udp"))[0] == GREETING


def test_memory(daemon, capsys):
    """Idle, all processes together need at most 3 MB (PSS), and 4 MB after load."""
    service = daemon({"tcp": tcp(), "udp": udp()}, limits={"connections": 10000})
    pids = [service.pid, *service.workers()]
    idle = proportional_memory(*pids) / 1e6
    assert greet_many(service.address("tcp"), [b"x" * 1000] * 2000) == [GREETING] * 2000
    loaded = proportional_memory(*pids) / 1e6
    with capsys.disabled():
        print(f"\nmemory (PSS): {idle:.1f} MB idle, {loaded:.1f} MB after load")
    assert SANITIZER or (idle <= 3 and loaded <= 4)  # a sanitizer's shadow memory is not ours


def test_no_descriptor_is_used_up(daemon):
    """Clients of every behaviour leave no descriptors behind."""
    service = daemon({"tcp": tcp()}, timeouts={"linger": 0.2, "linger_total": 0.4})
    before = {pid: descriptors(pid) for pid in service.workers()}
    for i in range(100):
        with connect(service.address()) as connection:
            if i % 3:
                connection.sendall(b"x" * i)
            if i % 2:
                read_all(connection)
    service.wait_counter("served", 100)
    wait_until(lambda: {pid: descriptors(pid) for pid in service.workers()} == before, "descriptors are back")
