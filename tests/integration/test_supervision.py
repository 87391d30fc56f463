# SPDX-License-Identifier: MIT
"""Master and workers: who is replaced, who outlives whom, and how the service ends."""

import concurrent.futures
import ctypes
import fcntl
import os
import pty
import re
import signal
import termios
import threading
import time

import pytest

from clients import Crowd, ask_udp, connect, greet, greet_many, is_greeted_within, read_all, slowly
from operations import wait_status
from processes import SANITIZER, SLOWNESS, is_running, is_stopped, wait_until
from service import GREETING, tcp, udp, unix

LASTED = 1.1  # seconds after which a worker has served and is replaced at once
_PR_SET_CHILD_SUBREAPER = 36


def kill(pid, number=signal.SIGKILL):
    """Sends a signal, and for SIGKILL and SIGSTOP waits until it has worked."""
    os.kill(pid, number)
    if number == signal.SIGKILL:
        wait_until(lambda: not is_running(pid), "the process dies")
    if number == signal.SIGSTOP:
        wait_until(lambda: is_stopped(pid), "the process stops")


def wait_replaced(service, victim, count):
    """Waits until there are count workers again, without the victim."""
    wait_until(lambda: victim not in service.workers() and len(service.workers()) == count, "a successor")


def thread_names(pid):
    """The names of a process's threads; a sanitizer's own has that of the process or of its first thread."""
    names = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/comm", encoding="ascii") as file:
            names.append(file.read().strip())
    return names


# Workers


@pytest.mark.parametrize("processes", [1, 2, 5])
def test_processes(daemon, processes):
    """There are as many workers as configured, each with its threads and a logger."""
    service = daemon({"tcp": tcp()}, workers={"processes": processes, "threads": 3})
    assert len(service.workers()) == processes
    for worker in service.workers():
        names = sorted(name for name in thread_names(worker) if not name.startswith("sockgreetd"))
        if SANITIZER:  # a thread of its own comes with the first one, and has that one's name
            names = sorted(set(names))
        assert names == ["greeter-0", "greeter-1", "greeter-2", "logger"]
    assert set(thread_names(service.pid)) == {"sockgreetd"}


def test_killed_worker_is_replaced_at_once(daemon):
    """A worker that had served is replaced at once, and the log says why it ended."""
    service = daemon({"tcp": tcp()})
    time.sleep(LASTED)
    victim = service.workers()[0]
    kill(victim)
    wait_replaced(service, victim, 2)
    service.wait_log(rf"^error: worker \d+ \(pid {victim}\) killed by signal 9 \(KILL\): replaced at once$")
    assert greet(service.address()) == GREETING


def test_worker_that_ends_by_itself_is_replaced(daemon):
    """Whatever ends a worker is in the log in words, also when nobody killed it."""
    service = daemon({"tcp": tcp()})
    victim = service.workers()[0]
    os.kill(victim, signal.SIGTERM)
    wait_replaced(service, victim, 2)
    service.wait_log(rf"^error: worker \d+ \(pid {victim}\) exited with status 0: ")


def test_killed_ones_are_replaced_at_once(daemon):
    """A worker that somebody kills is replaced at once, however short its life was."""
    service = daemon({"tcp": tcp()}, workers={"processes": 1})
    for restarts in range(1, 5):
        victim = service.workers()[0]
        kill(victim)
        service.wait_log(rf"\(pid {victim}\) killed by signal 9 \(KILL\): replaced at once$")
        wait_replaced(service, victim, 1)
        assert greet(service.address()) == GREETING
        # It greets a moment before it has told the master that it is ready.
        wait_until(lambda: ((status := wait_status(service))["workers"], status["restarts"])
                   == ({"ready": 1, "wanted": 1}, restarts), "it is ready")


def test_others_serve_while_one_is_down(daemon):
    """While a worker waits for its next start, the other greets everybody."""
    service = daemon({"tcp": tcp(), "udp": udp()})
    kill(service.workers()[0])
    assert greet_many(service.address("tcp"), [b"x"] * 100) == [GREETING] * 100
    for _ in range(20):
        assert ask_udp(service.address("udp"))[0] == GREETING


def test_idle_client_of_a_killed_worker(daemon):
    """A client whose wake-up a worker took and did not use is greeted within a heartbeat."""
    for victim_index in (0, 1):
        service = daemon({"tcp": tcp()}, workers={"processes": 2, "threads": 1},
                         supervision={"heartbeat": 1, "stuck_after": 100})
        victim, other = service.workers()[victim_index], service.workers()[1 - victim_index]
        kill(victim, signal.SIGSTOP)
        kill(other, signal.SIGSTOP)
        with connect(service.address()) as client:
            os.kill(other, signal.SIGCONT)
            kill(victim)
            assert is_greeted_within(client, 1.9 * SLOWNESS)


def test_death_is_announced(daemon):
    """Such a client is greeted at once, even if the heartbeat is slow."""
    for victim_index in (0, 1):
        service = daemon({"tcp": tcp()}, workers={"processes": 2, "threads": 1}, supervision={"heartbeat": 60})
        victim, other = service.workers()[victim_index], service.workers()[1 - victim_index]
        kill(victim, signal.SIGSTOP)
        kill(other, signal.SIGSTOP)
        with connect(service.address()) as client:
            os.kill(other, signal.SIGCONT)
            time.sleep(0.2)
            kill(victim)
            assert is_greeted_within(client, 5 * SLOWNESS)


def test_stopped_worker(daemon):
    """While a worker stands still, the others greet everybody, at the latest at their heartbeat."""
    service = daemon({"tcp": tcp(), "udp": udp(shards=2)}, workers={"processes": 2, "threads": 1},
                     supervision={"heartbeat": 0.3, "stuck_after": 100}, timeouts={"linger": 0.5, "linger_total": 1})
    for victim in service.workers():
        kill(victim, signal.SIGSTOP)
        for _ in range(10):
            with connect(service.address("tcp")) as client:
                assert is_greeted_within(client, 2 * SLOWNESS)
            assert ask_udp(service.address("udp"))[0] == GREETING
        os.kill(victim, signal.SIGCONT)
    assert service.stop()["served"] == 40


def test_last_worker_is_killed_under_load(daemon):
    """With a single worker clients wait in the kernel's queue until its successor is there."""
    service = daemon({"tcp": tcp()}, workers={"processes": 1})
    time.sleep(LASTED)
    victim = service.workers()[0]
    kill(victim, signal.SIGSTOP)
    with Crowd(service.address(), 50) as crowd:
        kill(victim)
        assert [read_all(connection) for connection in crowd.connections] == [GREETING] * 50


# The master's death


def test_no_orphans(daemon):
    """A master that is killed leaves no worker behind after a second."""
    service = daemon({"tcp": tcp()}, workers={"processes": 3}, timeouts={"linger": 60, "linger_total": 60})
    workers = service.workers()
    with connect(service.address()):
        service.process.kill()
        service.process.wait()
        wait_until(lambda: not any(map(is_running, workers)), "workers end", 4)


@pytest.fixture
def adopter():
    """This process adopts orphans, as process 1 of a container does, and is in their session."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0, os.strerror(ctypes.get_errno())
    yield os.getpid()
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def kill_master_of_a_stopped_worker(service):
    """Kills the master while a worker stands still, waits until no worker is left, and returns which there were."""
    workers = service.workers()
    kill(workers[0], signal.SIGSTOP)
    service.process.kill()
    service.process.wait()
    wait_until(lambda: not any(map(is_running, workers)), "workers end", 4)
    return workers


def test_no_orphans_that_are_stopped(daemon):
    """Not even one that stood still."""
    kill_master_of_a_stopped_worker(daemon({"tcp": tcp()}))


def test_no_orphans_that_are_stopped_and_adopted(daemon, adopter):
    """Even if the process that adopts it is in its session: then the kernel does not continue it."""
    service = daemon({"tcp": tcp()})
    assert os.getsid(service.workers()[0]) == os.getsid(adopter)
    for worker in kill_master_of_a_stopped_worker(service):
        assert os.waitpid(worker, 0)[0] == worker


def test_port_is_free_after_the_masters_death(daemon):
    """Nothing holds the port then: a successor starts, also in the place of its socket file."""
    listeners = {"tcp": tcp()}
    path = None
    for _ in range(3):
        service = daemon({**listeners, **({"local": unix(path)} if path else {})})
        path = path or str(service.configuration.parent / "greet.sock")
        assert greet(service.address("tcp")) == GREETING
        workers = service.workers()
        service.process.kill()
        service.process.wait()
        wait_until(lambda: not any(map(is_running, workers)), "workers end", 4)


# The end


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_stop(daemon, number):
    """SIGTERM, SIGINT and SIGQUIT end the service with exit code 0, at once when nobody is there."""
    service = daemon({"tcp": tcp(), "udp": udp()}, timeouts={"drain": 30})
    started = time.monotonic()
    service.stop(number)
    assert time.monotonic() - started < 5 * SLOWNESS
    assert any(line.startswith(f"Stopping on {number.name}: ") for line in service.lines())


def test_stop_before_it_is_ready(spawn):
    """A daemon that is stopped while it starts ends with exit code 0 as well."""
    for delay in (0.0, 0.005, 0.01, 0.02, 0.05):
        service = spawn({"tcp": tcp()}, preexec=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM}))
        time.sleep(delay)
        service.stop()


def test_stop_during_activity(daemon):
    """Clients that come while the service stops are greeted or refused, and those that are greeted get everything."""
    service = daemon({"tcp": tcp()}, timeouts={"drain": 60})
    stop = threading.Event()

    def visit(_):
        results = []
        while not stop.is_set():
            try:
                results.append(greet(service.address(), b"x" * 1000))
            except ConnectionRefusedError:
                results.append("refused")
                time.sleep(0.01)
            except (ConnectionResetError, BrokenPipeError):
                results.append("reset")
        return results

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        visitors = [pool.submit(visit, i) for i in range(8)]
        time.sleep(0.3)
        counters = service.stop()  # long before the drain has to end
        stop.set()
        results = [result for visitor in visitors for result in visitor.result()]
    assert set(results) <= {GREETING, "refused", "reset", b""}
    assert counters["sent"] >= results.count(GREETING) > 0
    assert results.count("reset") + results.count(b"") <= 64  # came after the last one had been accepted


def test_waiting_clients_are_served_before_the_end(daemon):
    """Who was connected when SIGTERM came is greeted."""
    service = daemon({"tcp": tcp()}, workers={"processes": 1}, timeouts={"drain": 20}, supervision={"heartbeat": 60})
    worker = service.workers()[0]
    kill(worker, signal.SIGSTOP)
    with Crowd(service.address(), 100) as crowd:
        service.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        os.kill(worker, signal.SIGCONT)
        assert [read_all(connection) for connection in crowd.connections] == [GREETING] * 100
    service.wait_stopped()


def test_slow_readers_are_waited_for(daemon):
    """Clients in the middle of a large greeting get all of it while the service stops."""
    service = daemon({"tcp": tcp(greeting="x" * 1_000_000)}, timeouts={"drain": 60, "send": 60})
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        connections = [connect(service.address()) for _ in range(4)]
        readers = [pool.submit(slowly, connection, 1_000_000, 20, 0.04) for connection in connections]
        time.sleep(0.2)
        service.process.send_signal(signal.SIGTERM)
        assert [reader.result() for reader in readers] == [b"x" * 1_000_000] * 4
        for connection in connections:
            connection.close()
    assert service.wait_stopped()["sent"] == 4


def test_drain_is_bounded(daemon):
    """Clients that never read are not waited for longer than timeouts.drain."""
    service = daemon({"tcp": tcp(greeting="x" * 1_000_000)}, timeouts={"drain": 0.7, "send": 60})
    with Crowd(service.address(), 5):
        service.wait_counter("taken", 5)
        started = time.monotonic()
        counters = service.stop()
        assert 0.7 <= time.monotonic() - started < 5 * SLOWNESS
    assert counters["timed-out"] == 5


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_second_signal_ends_the_drain(daemon, second):
    """Who asks twice does not wait for clients."""
    service = daemon({"tcp": tcp(greeting="x" * 1_000_000)}, timeouts={"drain": 60, "send": 60})
    with Crowd(service.address(), 5):
        service.wait_counter("taken", 5)
        service.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert service.process.poll() is None
        started = time.monotonic()
        service.process.send_signal(second)
        service.wait_stopped()
        assert time.monotonic() - started < 5 * SLOWNESS


def test_worker_that_does_not_end(daemon):
    """A worker that stands still is killed after the drain, and the service ends all the same."""
    service = daemon({"tcp": tcp()}, timeouts={"drain": 0})
    kill(service.workers()[0], signal.SIGSTOP)
    service.checked = False
    service.stop()
    assert "warning: workers of generation 1 did not end in time and are killed" in service.lines()


def test_udp_during_the_drain(daemon):
    """UDP clients are answered while stream clients are waited for."""
    service = daemon({"tcp": tcp(greeting="x" * 1_000_000), "udp": udp()}, timeouts={"drain": 20, "send": 20})
    with connect(service.address("tcp")) as client:
        service.wait_counter("taken", 1)
        service.process.send_signal(signal.SIGTERM)
        service.wait_log("^Stopping on SIGTERM")
        for _ in range(10):
            assert ask_udp(service.address("udp"))[0] == GREETING
        assert len(read_all(client)) == 1_000_000
    service.wait_stopped()


def test_signals_that_change_nothing(daemon):
    """Signals that daemons get by accident are ignored."""
    service = daemon({"tcp": tcp()})
    for number in (signal.SIGPIPE, signal.SIGWINCH, signal.SIGALRM):
        service.process.send_signal(number)
    for number in (signal.SIGPIPE, signal.SIGWINCH, signal.SIGHUP, signal.SIGINT, signal.SIGUSR1):
        for worker in service.workers():
            os.kill(worker, number)
    assert greet(service.address()) == GREETING


def test_workers_leave_the_end_to_the_master(daemon):
    """Ctrl-C on a terminal reaches every process of the group, and the drain goes on."""
    service = daemon({"tcp": tcp(greeting="x" * 1_000_000)}, preexec=os.setsid, timeouts={"drain": 20, "send": 20})
    with connect(service.address()) as client:
        service.wait_counter("taken", 1)
        os.killpg(service.pid, signal.SIGINT)
        service.wait_log("^Stopping on SIGINT")
        assert len(read_all(client)) == 1_000_000
    service.wait_stopped()


def test_counters(daemon):
    """SIGUSR1 writes every counter into one line."""
    service = daemon({"tcp": tcp()})
    greet(service.address())
    service.wait_counter("served", 1)
    line = [line for line in service.lines() if line.startswith("Counters: ")][-1]
    assert re.fullmatch(r"Counters: served=1 sent=1 truncated=0 reset=0 timed-out=0 refused=0 unanswerable=0 loop=0 "
                        r"rate-limited=0 net-limited=0 denied=0 source-full=0 untrusted=0 no-header=0 checked=0 "
                        r"bad-request=0 no-request=0 tls=0 http2=0 taken=1 bytes=26 "
                        r"summarised=0 dropped=0 abandoned=0 spared=0 "
                        r"accept_pauses=0 written=[01]", line)


# What is inherited from the starter, and what reaches workers by accident


@pytest.mark.parametrize("name", ["CHLD", "ALRM", "TERM", "HUP", "USR1"])
def test_signal_ignored_by_the_starter(daemon, sockgreetctl, name):
    """With SIGCHLD ignored the kernel reaped the workers: none came back, and SIGTERM was not obeyed."""
    service = daemon({"tcp": tcp()}, prefix=["env", f"--ignore-signal={name}"], workers={"processes": 1})
    worker = service.workers()[0]
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: service.workers() not in ([], [worker]), "a successor")
    assert greet(service.address()) == GREETING
    os.kill(service.pid, signal.SIGHUP)
    service.wait_log("^Reloaded: generation 2 ")
    service.stop()


def test_signals_of_the_master_that_reach_workers(daemon):
    """pkill -USR1 sockgreetd, for the counters, ended the workers, too."""
    service = daemon({"tcp": tcp()}, workers={"processes": 2})
    workers = service.workers()
    for name in ("HUP", "USR1", "USR2", "QUIT", "INT"):
        for pid in workers:
            os.kill(pid, getattr(signal, f"SIG{name}"))
    for _ in range(20):
        assert greet(service.address()) == GREETING
    assert service.workers() == workers
    service.stop()


@pytest.mark.parametrize("starter", [[], ["nohup"]], ids=["plain", "nohup"])
def test_closed_terminal(spawn, starter):
    """A daemon in the foreground of a terminal ends with it, unless it was started with nohup. It reloaded."""
    outer, inner = pty.openpty()

    def take_terminal():
        os.setsid()
        fcntl.ioctl(inner, termios.TIOCSCTTY, 0)

    service = spawn({"tcp": tcp()}, prefix=starter, preexec=take_terminal, pass_fds=[inner]).wait_ready()
    os.close(inner)
    os.kill(service.pid, signal.SIGHUP)  # while it is open this is a reload
    service.wait_log("^Reloaded: generation 2 ")
    os.close(outer)
    if starter:
        service.wait_log("^Reloaded: generation 3 ")
        assert greet(service.address()) == GREETING
        service.stop()
    else:
        service.wait_stopped()
