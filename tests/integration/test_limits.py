# SPDX-License-Identifier: MIT
"""Too few file descriptors, too many clients: accepting pauses and goes on, and nothing spins."""

import ctypes
import os
import resource
import select
import time

from clients import TIMEOUT, Crowd, ask_udp, connect, greet, greet_many, is_greeted_within, read_all
from processes import SANITIZER, SLOWNESS, cpu_seconds, descriptors, proportional_memory, wait_until
from service import GREETING, tcp, udp

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
    service.wait_log(r"^warning: limits\.connections: lowered from 10000 to \d+, because no more than 64 file "
                     r"descriptors per process can be had \(LimitNOFILE, ulimit -n\)$")
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
    assert "error: limits.connections: 1000 need " in service.log()
    assert "but no more than 64 can be had: lower it, or raise LimitNOFILE (ulimit -n)" in service.log()


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
    """Clients beyond limits.connections wait, unharmed and at no cost, and are greeted when others have left."""
    service = daemon({"tcp": tcp()}, workers={"processes": 1, "threads": 1}, limits={"connections": 8},
                     timeouts={"linger": 30, "linger_total": 30, "drain": 0})
    with Crowd(service.address(), 8) as inside, Crowd(service.address(), 3) as outside:
        assert all(read_all(connection) == GREETING for connection in inside.connections)
        assert not is_greeted_within(outside.connections[0], 0.3)
        assert cpu_during(service, 1.0) < 0.05 * SLOWNESS
        for connection in inside.connections[:3]:
            connection.close()
        for connection in outside.connections:
            connection.settimeout(TIMEOUT)
            assert read_all(connection) == GREETING
    service.wait_log(r"^warning: Accepting paused \d+ times: limits\.connections is reached$")


def test_limit_is_for_the_whole_service(daemon):
    """limits.connections is divided among processes and threads: never more are held at once."""
    service = daemon({"tcp": tcp()}, workers={"processes": 2, "threads": 2}, limits={"connections": 6},
                     timeouts={"linger": 30, "linger_total": 30, "drain": 0})
    with Crowd(service.address(), 20) as crowd:
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
    assert len(service.wait_log(r"^warning: Accepting paused \d+ times: Too many open files$")) == 1
    assert service.counters()["accept_pauses"] < 100


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
    wait_until(lambda: {pid: descriptors(pid) for pid in service.workers()} == before, 5, "descriptors are back")
