# SPDX-License-Identifier: MIT
"""Reload: the new configuration serves before the old one goes, and whatever fails changes nothing."""

import contextlib
import os
import random
import re
import resource
import signal
import socket
import subprocess
import time

import pytest

from clients import HAS_IPV6, Crowd, abstract, ask_udp, connect, dgram_socket, exchange, greet, read_all, udp_socket
from operations import (EX_CONFIG, EX_OSERR, EX_UNAVAILABLE, EX_USAGE, LONG, Load, control_environment, describe,
                        duration, generation, idle_descriptors, lost, master_resources, reconfigure, targets, wait_drained,
                        write_configuration)
from processes import SANITIZER, SLOWNESS, descriptors, is_stopped, status, stays, wait_until
from service import GREETING, free_port, render, tcp, udp, unix, unix_dgram

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
QUIET = {"log": {"greetings": "summary"}}
# For workers that cannot have a thread: the leak check needs one as well.
WITHOUT_LEAK_CHECK = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
OTHER = b"Another greeting\r\n"
LARGE = "x" * 1_000_000
HELD = {"timeouts": {"drain": 60, "send": 60, "linger": 60, "linger_total": 60}}


def everything(directory):
    """A listener of each type."""
    return {"tcp": tcp(), "udp": udp(), "local": unix(directory / "greet.sock"),
            "dgram": unix_dgram(directory / "dgram.sock")}


def ask(service, name):
    """One client's answer, whatever the listener's type."""
    kind, address = service.settings["listeners"][name]["type"], service.address(name)
    if kind == "udp":
        return ask_udp(address)[0]
    if kind == "unix-dgram":
        with dgram_socket() as client:
            return exchange(client, abstract(address))[0]
    return greet(address)


def ask_all(service):
    """One answer of each listener."""
    return {name: ask(service, name) for name in service.settings["listeners"]}


def accepted(result, service, number):
    """Whether a reload did what it should."""
    assert result.code == 0, result
    workers = len_workers(service)
    assert result.out == f"Reloaded: generation {number} serves with {workers} worker{'s' * (workers != 1)}\n"
    assert result.err == ""


def len_workers(service):
    """Workers as configured."""
    return service.settings.get("workers", {}).get("processes", 2)


def stop_workers(service):
    """Has every worker stand still; returns what sets them going again."""
    workers = service.workers()
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    for pid in workers:
        wait_until(lambda pid=pid: is_stopped(pid), "the worker stops")

    def go_on():
        for pid in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    return go_on


# Under load


def change_at_random(service, rng, extra):
    """Other numbers of workers and threads, and another listener that comes and goes."""
    listeners = {name: listener for name, listener in service.settings["listeners"].items() if name not in extra}
    if rng.random() < 0.5:
        listeners.update(extra)
    workers = {"processes": rng.choice((2, 4)), "threads": rng.choice((1, 2, 3))}
    reconfigure(service, listeners=listeners, workers=workers)


def full_load(program, service, names):
    """Answers a second of all listeners together when nothing else happens."""
    with Load(program, targets(service, *names), 1) as load:
        return sum(result["per_second"] for result in load.results().values())


def test_reload_under_load(daemon, load_program, sockgreetctl, figures, tmp_path):
    """A reload every 100 ms loses no client of a kept listener, whatever else it changes."""
    names, rng = ("tcp", "udp", "local"), random.Random(3)
    service = daemon({"tcp": tcp(), "udp": udp(), "local": unix(tmp_path / "greet.sock")}, **QUIET,
                     workers={"processes": 4, "threads": 1})
    extra = {"extra": tcp(), "more": udp(), "further": unix(tmp_path / "further.sock")}
    before, reloads, slowest = full_load(load_program, service, names), 0, 0
    with Load(load_program, targets(service, *names), duration(5)) as load:
        while load.running():
            due = time.monotonic() + 0.1
            change_at_random(service, rng, extra)
            result = sockgreetctl(service, "reload")
            assert result.code == 0, result
            reloads, slowest = reloads + 1, max(slowest, result.seconds)
            time.sleep(max(0, due - time.monotonic()))
        results = load.results()
    full = (before + full_load(load_program, service, names)) / 2
    share = sum(result["per_second"] for result in results.values()) / full
    figures(f"{reloads} reloads in {duration(5):g} s at {share:.0%} of full load ({full:.0f}/s), slowest reload "
            f"{slowest * 1e3:.0f} ms: {describe(results)}")
    assert lost(results) == 0
    assert reloads >= duration(5) / SLOWNESS  # each takes its time when the processors have more to do
    assert share >= 0.7 or not LONG or SANITIZER
    assert service.stop(timeout=20)["abandoned"] == 0


# What can change


def test_greeting_changes_at_once(daemon, sockgreetctl, tmp_path):
    """When sockgreetctl is back, every client gets the new greeting."""
    service = daemon(everything(tmp_path), **QUIET)
    for number in range(2, 8):
        words = f"Greeting {number}\r\n".encode()
        reconfigure(service, greeting=words)
        accepted(sockgreetctl(service, "reload"), service, number)
        for _ in range(20):
            assert set(ask_all(service).values()) == {words}


def test_greeting_changes_while_an_old_client_is_held(daemon, sockgreetctl, tmp_path):
    """Also while workers of the old generation wait for a client of theirs: they take no new ones."""
    service = daemon(everything(tmp_path), **QUIET, **HELD)
    with connect(service.address("tcp")):
        service.wait_counter("taken", 1)
        reconfigure(service, greeting=OTHER)
        accepted(sockgreetctl(service, "reload"), service, 2)
        answers = [answer for _ in range(50) for answer in ask_all(service).values()]
    assert answers.count(OTHER) == len(answers), f"{answers.count(GREETING)} of {len(answers)} got the old greeting"


def test_workers_and_threads(daemon, sockgreetctl):
    """Processes and threads change by reload, and the old ones go."""
    service = daemon({"tcp": tcp()}, workers={"processes": 2, "threads": 1})
    for number, (processes, threads) in enumerate(((4, 2), (1, 3), (2, 1)), 2):
        reconfigure(service, workers={"processes": processes, "threads": threads})
        accepted(sockgreetctl(service, "reload"), service, number)
        wait_drained(service, processes)
        for worker in service.workers():
            assert len(os.listdir(f"/proc/{worker}/task")) >= threads + 2
        assert greet(service.address()) == GREETING


def test_limits(daemon, sockgreetctl):
    """limits.connections changes by reload."""
    service = daemon({"tcp": tcp()}, workers={"processes": 1, "threads": 1}, limits={"connections": 2}, **HELD)
    reconfigure(service, limits={"connections": 30})
    accepted(sockgreetctl(service, "reload"), service, 2)
    wait_drained(service, 1)
    with Crowd(service.address(), 30):
        service.wait_counter("taken", 30)


def backlogs(service, name):
    """What ss(8) says is the backlog of a listener."""
    address = service.address(name)
    command = ["ss", "-lxH"] if isinstance(address, str) else ["ss", "-ltnH"]
    wanted = address if isinstance(address, str) else f"{address[0]}:{address[1]}"
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [int(line.split()[3 if isinstance(address, str) else 2]) for line in lines if wanted in line.split()]


def test_backlog(daemon, sockgreetctl, tmp_path):
    """The backlog of a kept socket changes by reload."""
    service = daemon({"tcp": tcp(backlog=100), "local": unix(tmp_path / "s", backlog=100)})
    assert [backlogs(service, name) for name in ("tcp", "local")] == [[100], [100]]
    listeners = {name: {**listener, "backlog": 200} for name, listener in service.settings["listeners"].items()}
    reconfigure(service, listeners=listeners)
    accepted(sockgreetctl(service, "reload"), service, 2)
    assert [backlogs(service, name) for name in ("tcp", "local")] == [[200], [200]]


def test_mode(daemon, sockgreetctl, tmp_path):
    """The mode of a Unix socket changes by reload, and the socket file stays the same."""
    path = tmp_path / "greet.sock"
    service = daemon({"local": unix(path, mode="0666")})
    inode = path.stat().st_ino
    reconfigure(service, listeners={"local": unix(path, mode="0600")})
    accepted(sockgreetctl(service, "reload"), service, 2)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_ino == inode
    assert greet(str(path)) == GREETING


def udp_sockets(port):
    """How many UDP sockets the kernel has at a port of 127.0.0.1 that take datagrams from anybody."""
    table = subprocess.run(["ss", "-Huln", "src", f"127.0.0.1:{port}"], capture_output=True, text=True, check=True).stdout
    return sum(line.split()[4].endswith(":*") for line in table.splitlines())


@pytest.mark.parametrize("shards", [(2, 4), (4, 1), (8, 2), (1, 3)])
def test_shards_change(daemon, load_program, sockgreetctl, shards):
    """The number of a UDP listener's sockets follows the file, and nobody who asks meanwhile is left without an answer."""
    before, after = shards
    service = daemon({"udp": udp(shards=before)})
    assert udp_sockets(service.address()[1]) == before
    with Load(load_program, targets(service, "udp"), duration(1, 10), clients=16) as load:
        reconfigure(service, listeners={"udp": {**service.settings["listeners"]["udp"], "shards": after}})
        accepted(sockgreetctl(service, "reload"), service, 2)
        results = load.results()
    assert lost(results) == 0, describe(results)
    wait_until(lambda: udp_sockets(service.address()[1]) == after, f"{after} sockets")
    for _ in range(50):
        assert ask(service, "udp") == GREETING


def test_renamed_listener_keeps_its_socket(daemon, load_program, sockgreetctl, figures):
    """The name is a label: the socket stays, and nobody notices."""
    service = daemon({"first": tcp()}, **QUIET)
    endpoint = service.settings["listeners"]["first"]
    with Load(load_program, targets(service, "first"), 1) as load:
        for number, name in enumerate(("second", "third", "first"), 2):
            reconfigure(service, listeners={name: endpoint})
            accepted(sockgreetctl(service, "reload"), service, number)
        results = load.results()
    figures(describe(results))
    assert lost(results) == 0


# Listeners that go and come


def queue_clients(service, name, count):
    """Clients that wait in a listener's queue; returns what reads their answers."""
    kind, address = service.settings["listeners"][name]["type"], service.address(name)
    if kind in ("tcp", "unix"):
        clients = [connect(address) for _ in range(count)]
        return lambda: [read_all(client) for client in clients]
    clients = [udp_socket(address) if kind == "udp" else dgram_socket() for _ in range(min(count, 8))]
    for client in clients:
        client.sendto(b"hello", address if kind == "udp" else abstract(address))
    return lambda: [client.recv(4096) for client in clients]


@pytest.mark.parametrize("name", ["tcp", "udp", "local", "dgram"])
def test_queue_of_a_removed_listener_is_served(daemon, sockgreetctl, tmp_path, name):
    """Who was in a removed listener's queue is greeted before it closes."""
    service = daemon({**everything(tmp_path), "kept": tcp()}, supervision={"heartbeat": 10})
    address, go_on = service.address(name), stop_workers(service)
    answers = queue_clients(service, name, 40)
    reconfigure(service, listeners={k: v for k, v in service.settings["listeners"].items() if k != name})
    accepted(sockgreetctl(service, "reload"), service, 2)
    go_on()
    assert set(answers()) == {GREETING}
    wait_drained(service, 2)
    wait_until(lambda: is_closed(address, name), "the listener closes")
    assert set(ask_all(service).values()) == {GREETING}


def is_closed(address, name):
    """Whether nobody listens there any more."""
    try:
        if name == "udp":
            with udp_socket(address) as client:
                client.settimeout(0.1)
                client.connect(address)
                client.send(b"hello")
                return not client.recv(4096)
        if name == "dgram":
            with dgram_socket() as client:
                client.connect(abstract(address))
                return False
        connect(address, 1).close()
    except (ConnectionRefusedError, FileNotFoundError):
        return True
    except TimeoutError:
        return False
    return False


@pytest.mark.parametrize("held", [False, True], ids=["idle", "while an old client lingers"])
def test_removed_and_added_again(daemon, sockgreetctl, tmp_path, held):
    """A listener that was removed works again after it was added again, even if its old generation still drains."""
    service = daemon({"kept": tcp(), **everything(tmp_path)}, **QUIET, **HELD)
    listeners = dict(service.settings["listeners"])
    with contextlib.ExitStack() as stack:
        if held:
            stack.enter_context(connect(service.address("kept")))
            stack.enter_context(connect(service.address("tcp")))
            stack.enter_context(connect(service.address("local")))
        for number in (2, 4):
            reconfigure(service, listeners={"kept": listeners["kept"]})
            accepted(sockgreetctl(service, "reload"), service, number)
            reconfigure(service, listeners=listeners)
            accepted(sockgreetctl(service, "reload"), service, number + 1)
            for _ in range(20):
                assert set(ask_all(service).values()) == {GREETING}
    wait_drained(service, 2)
    assert set(ask_all(service).values()) == {GREETING}
    service.stop()
    assert not os.path.exists(listeners["local"]["path"]) and not os.path.exists(listeners["dgram"]["path"])


def test_removed_listener_leaves_nothing(daemon, sockgreetctl, tmp_path):
    """Its port and its path are free, and its descriptors are gone."""
    service = daemon({"kept": tcp()})
    before = len(idle_descriptors(service))
    for number in (2, 4, 6):
        reconfigure(service, listeners={"kept": service.settings["listeners"]["kept"], **everything(tmp_path)})
        accepted(sockgreetctl(service, "reload"), service, number)
        reconfigure(service, listeners={"kept": service.settings["listeners"]["kept"]})
        accepted(sockgreetctl(service, "reload"), service, number + 1)
    wait_drained(service, 2)
    wait_until(lambda: len(descriptors(service.pid)) == before, "the descriptors are closed")
    assert not list(tmp_path.glob("*.sock"))


# Many reloads


def start_reload(service, *options):
    """sockgreetctl reload, not waited for."""
    return subprocess.Popen([os.environ["SOCKGREETCTL"], *options, "reload"], env=control_environment(service),
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def waiting_connections(service):
    """Connections to the control socket that nobody has accepted yet: they have its path, and no inode."""
    path = str(service.runtime / "control.sock")
    with open("/proc/net/unix", encoding="ascii") as file:
        # The socket was bound under another name, which is the one that the kernel shows.
        return sum(1 for line in file if (words := line.split())[-1] in (path, path + ".new") and words[6] == "0")


@pytest.mark.parametrize("count", [20, 60])
def test_reloads_at_once_collapse(daemon, figures, count):
    """Reloads that come at once become one, and each who asked is told the result."""
    service = daemon({"tcp": tcp()})
    os.kill(service.pid, signal.SIGSTOP)
    asking = [start_reload(service, "-w", "120") for _ in range(count)]
    wait_until(lambda: waiting_connections(service) >= count, "all are connected")
    wait_until(lambda: all(status(process.pid)["State"].startswith("S") for process in asking), "all have asked, and wait")
    os.kill(service.pid, signal.SIGCONT)
    words = [process.communicate() for process in asking]
    codes = [process.returncode for process in asking]
    figures(f"{count} reloads at once: {codes.count(0)} answered 0, {generation(service) - 1} made")
    assert codes == [0] * count, [err for _, err in words if err][:3]
    assert generation(service) - 1 <= 2


def test_four_generations_drain_at_a_time(daemon, sockgreetctl, figures):
    """With four generations that drain, a reload waits for one of them to end."""
    service = daemon({"tcp": tcp(greeting=LARGE)}, workers={"processes": 1, "threads": 1}, **HELD)
    held = []
    for number in range(2, 6):
        held.append(connect(service.address()))
        service.wait_counter("taken", len(held))
        accepted(sockgreetctl(service, "reload"), service, number)
    held.append(connect(service.address()))
    service.wait_counter("taken", 5)
    assert len(service.workers()) == 5
    waiting = start_reload(service, "-w", "60")
    assert stays(lambda: waiting.poll() is None, 0.7)
    wait_until(lambda: generation(service) == 5, "the log says so")
    assert greet_quickly(service) == LARGE.encode()
    started = time.monotonic()
    held.pop(0).close()
    assert waiting.communicate(timeout=30)[0] == "Reloaded: generation 6 serves with 1 worker\n"
    figures(f"the fifth reload went on {(time.monotonic() - started) * 1e3:.0f} ms after a generation had ended")
    for connection in held:
        connection.close()
    wait_drained(service, 1)


def greet_quickly(service):
    """A large greeting, read without delay."""
    with connect(service.address()) as connection:
        return read_all(connection)


def test_drain_does_not_spin(daemon, sockgreetctl):
    """A master with a generation that drains sleeps."""
    service = daemon({"tcp": tcp(greeting=LARGE)}, **HELD)
    with connect(service.address()):
        service.wait_counter("taken", 1)
        accepted(sockgreetctl(service, "reload"), service, 2)
        before = processor_seconds(service.pid)
        time.sleep(1)
        assert processor_seconds(service.pid) - before < 0.05 * SLOWNESS


def processor_seconds(pid):
    """Processor time of a process so far."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e9


# Refused


def refused(service, sockgreetctl, code, *patterns):
    """Reloads, which must be refused with this code and words, and change nothing."""
    number, workers = generation(service), service.workers()
    result = sockgreetctl(service, "reload")
    assert (result.code, result.out) == (code, ""), result
    for pattern in patterns:
        assert re.search(pattern, result.err), result.err
    assert result.seconds < 6 * SLOWNESS
    service.wait_log(rf"^error: Reload refused: generation {number} stays in effect$")
    wait_until(lambda: service.workers() == workers, "the old workers, and no others")


def test_address_in_use(daemon, sockgreetctl):
    """A listener whose port another program has: 71, and which it is; the old generation serves on."""
    service = daemon({"tcp": tcp()})
    with socket.create_server(("127.0.0.1", free_port())) as other:
        port = other.getsockname()[1]
        kept = service.settings["listeners"]["tcp"]
        reconfigure(service, listeners={"fresh": tcp(), "tcp": kept, "taken": {**kept, "port": port}})
        words = f"listeners.taken: cannot bind 127.0.0.1:{port}: Address already in use: another program listens there"
        refused(service, sockgreetctl, EX_OSERR, r"sockgreet\.conf:\d+: " + re.escape(words))
        assert greet(service.address("tcp")) == GREETING
        assert is_closed(service.address("fresh"), "tcp")
    accepted(sockgreetctl(service, "reload"), service, 2)
    assert greet(service.address("taken")) == GREETING


def test_unknown_user(daemon, sockgreetctl):
    """A user that does not exist: 78, with file and line."""
    service = daemon({"tcp": tcp()})
    write_configuration(service, 'user = "no-such-user";\n' + render({"listeners": service.settings["listeners"]}))
    refused(service, sockgreetctl, EX_CONFIG, r"sockgreet\.conf:1: user: ")
    assert greet(service.address()) == GREETING


def test_error_that_speaks_of_a_warning(daemon, sockgreetctl):
    """An error whose text has ": warning: " in it was taken for a warning: the reload was refused without a reason."""
    service = daemon({"tcp": tcp()})
    write_configuration(service, 'greeting = "${x: warning: y}";\n')
    refused(service, sockgreetctl, EX_CONFIG, r"sockgreet\.conf:1: greeting: unknown variable \$\{x: warning: y\}")
    service.wait_log(r"^error: \S+sockgreet\.conf:1: greeting: unknown variable \$\{x: warning: y\}")
    assert greet(service.address()) == GREETING


@ROOT
def test_workers_that_cannot_start(daemon, sockgreetctl):
    """Workers without threads: 71, and the old generation serves on; the next reload works."""
    service = daemon({"tcp": tcp()}, environment=WITHOUT_LEAK_CHECK)
    limits = resource.prlimit(service.pid, resource.RLIMIT_NPROC)
    resource.prlimit(service.pid, resource.RLIMIT_NPROC, (1, limits[1]))
    before = master_resources(service)["descriptors"]
    for _ in range(3):
        refused(service, sockgreetctl, EX_OSERR, r"worker \d \(pid \d+\) exited with status 71 ")
        assert greet(service.address()) == GREETING
    wait_until(lambda: master_resources(service)["descriptors"] == before, "descriptors are closed")
    resource.prlimit(service.pid, resource.RLIMIT_NPROC, limits)
    assert sockgreetctl(service, "reload").code == 0
    wait_until(lambda: generation(service) > 1, "the log says so")
    assert greet(service.address()) == GREETING


def test_hangup(daemon):
    """SIGHUP reloads as well, and the log says what came of it."""
    service = daemon({"tcp": tcp()})
    reconfigure(service, greeting=OTHER)
    os.kill(service.pid, signal.SIGHUP)
    service.wait_log("^Reloaded: generation 2 serves with 2 workers$")
    assert greet(service.address()) == OTHER
    write_configuration(service, "greting = 3;\n")
    os.kill(service.pid, signal.SIGHUP)
    service.wait_log("^error: Reload refused: generation 2 stays in effect$")
    service.wait_log(r"^error: \S+sockgreet\.conf:1: greting: ")
    assert greet(service.address()) == OTHER


# The service manager


def test_manager_is_told(daemon, sockgreetctl, manager):
    """RELOADING=1 with the time, then READY=1, in this order; READY=1 also comes after a refused reload."""
    service = daemon({"tcp": tcp()}, environment=manager.environment)
    for text, code in ((None, 0), ("greting = 3;", EX_CONFIG), (None, 0)):
        manager.wait("READY=1", 1 + manager.count("RELOADING=1"))
        count, good = len(manager.tells("RELOADING", "READY")), service.configuration.read_bytes()
        before = time.monotonic()
        write_configuration(service, text or good)
        assert sockgreetctl(service, "reload").code == code
        write_configuration(service, good)
        manager.wait("READY=1", 1 + manager.count("RELOADING=1"))
        reloading, ready = manager.tells("RELOADING", "READY")[count:]
        assert reloading["RELOADING"] == "1"
        assert before <= int(reloading["MONOTONIC_USEC"]) / 1e6 <= time.monotonic()
        assert ready["READY"] == "1"
        assert ready["STATUS"].startswith("Generation ")


def test_store_follows_the_listeners(daemon, sockgreetctl, manager, tmp_path):
    """Each socket is stored once, not polled, under its own name; one that a reload removes is removed there."""
    service = daemon({"tcp": tcp()}, environment=manager.environment)
    manager.wait("READY=1")
    assert len(manager.store) == 1
    kept = service.settings["listeners"]
    reconfigure(service, listeners={**everything(tmp_path), **kept, "six": tcp("::1") if HAS_IPV6 else tcp()})
    accepted(sockgreetctl(service, "reload"), service, 2)
    manager.wait("READY=1", 2)
    stored = manager.tells("FDSTORE")
    assert len({m["FDNAME"] for m in stored}) == len(stored)
    shards = service.settings["listeners"]["udp"].get("shards", min(os.cpu_count(), 8))
    assert len(stored) == len(manager.store) == 4 + shards
    assert all(m["FDPOLL"] == "0" and ":" not in m["FDNAME"] and len(m["FDNAME"]) <= 255 for m in stored)
    reconfigure(service, listeners=kept)
    accepted(sockgreetctl(service, "reload"), service, 3)
    wait_until(lambda: len(manager.store) == 1, "the store has one socket left")


# sockgreetctl


def test_control_codes(daemon, spawn, sockgreetctl, tmp_path):
    """sockgreetctl's exit codes are 0 done, 64 usage, 69 no service, 71 operating system, 78 configuration."""
    service = daemon({"tcp": tcp()})
    for arguments in ((), ("frobnicate",), ("reload", "reload"), ("-p", "0", "reload"), ("-w", "x", "reload")):
        result = sockgreetctl(service, *arguments)
        assert (result.code, result.out) == (EX_USAGE, ""), result
        assert result.err.startswith("sockgreetctl: " if arguments else "Usage: sockgreetctl ")
        assert "Traceback" not in result.err
    assert f"pid {service.pid}" in sockgreetctl(service, "status").out
    assert sockgreetctl(service, "-p", service.pid, "reload").code == 0
    write_configuration(service, "\n\ngreting = 3;\n")
    result = sockgreetctl(service, "reload")
    assert (result.code, result.out) == (EX_CONFIG, "")
    assert re.match(rf"{re.escape(str(service.configuration))}:3: greting: ", result.err)
    assert re.search(r"^Last reload +refused at ", sockgreetctl(service, "status").out, re.M)
    service.stop()
    for command in ("reload", "status"):
        result = sockgreetctl(service, command)
        assert result.code == EX_UNAVAILABLE and result.err.startswith("sockgreetctl: no running sockgreetd found")
    assert sockgreetctl(service, "-p", 4194303, "reload").code == EX_UNAVAILABLE


def test_control_of_a_service_that_stops(daemon, figures):
    """Who waits for a reload when the service stops is told so at once."""
    service = daemon({"tcp": tcp()})
    go_on = [start_reload(service, "-w", "20") for _ in range(5)]
    service.process.send_signal(signal.SIGTERM)
    started = time.monotonic()
    words = [process.communicate(timeout=30) for process in go_on]
    figures(f"codes {[process.returncode for process in go_on]} after {time.monotonic() - started:.2f} s")
    for process, (_, err) in zip(go_on, words):
        assert process.returncode in (0, EX_OSERR, EX_UNAVAILABLE), err
    service.wait_stopped()


def test_status_is_true(daemon, sockgreetctl, manager):
    """The status line says workers, generation, greetings and restarts as they are, in 120 characters at most."""
    service = daemon({"tcp": tcp()}, environment=manager.environment)
    for _ in range(7):
        greet(service.address())
    assert sockgreetctl(service, "reload").code == 0
    # The last one may have read the greeting before it is counted.
    pattern = r"Generation 2 serving: 2 of 2 workers, 7 greeted \(\d+/s\), 0 restarts"
    wait_until(lambda: re.fullmatch(pattern, manager.tells("STATUS")[-1]["STATUS"]), "the status is true")
    write_configuration(service, "x" * 200 + " = 1;\n")
    assert sockgreetctl(service, "reload").code == EX_CONFIG
    wait_until(lambda: "reload refused" in manager.tells("STATUS")[-1]["STATUS"], "the status says so")
    assert max(len(tells["STATUS"]) for tells in manager.tells("STATUS")) <= 120


def test_settings_untouched_by_a_refused_reload(daemon, sockgreetctl, tmp_path):
    """A refused reload changes neither mode nor backlog of a kept socket."""
    path = tmp_path / "s"
    service = daemon({"local": unix(path, mode="0666"), "tcp": tcp(backlog=100)})
    with socket.create_server(("127.0.0.1", free_port())) as other:
        taken = tcp()
        taken["port"] = other.getsockname()[1]
        good = dict(service.settings["listeners"])
        reconfigure(service, listeners={"local": unix(path, mode="0600"), "tcp": {**good["tcp"], "backlog": 7},
                                        "taken": taken})
        refused(service, sockgreetctl, EX_OSERR, "Address already in use")
    service.settings["listeners"] = good
    assert path.stat().st_mode & 0o777 == 0o666
    assert backlogs(service, "tcp") == [100]
