# SPDX-License-Identifier: MIT
"""The end: who was there is greeted, who comes meanwhile too, and it does not take longer than it may."""

import concurrent.futures
import contextlib
import os
import selectors
import signal
import time

import pytest

from clients import Crowd, connect, connect_narrow, greet, read_all, slowly
from operations import Load, describe, reconfigure, targets, wait_status
from processes import SLOWNESS, is_running, wait_until, within
from service import GREETING, tcp, udp, unix

MEBIBYTE = 1024 * 1024
LARGE = b"0123456789abcdef" * (MEBIBYTE // 16 - 64)  # as much as a configuration file has room for
# Seconds after the deadline: 0.25 are promised, and workers that are still there after 1.5 are killed, which the log says.
# With a sanitizer the master looks for leaks after that.
LATE = 1.4 * SLOWNESS
PATIENT = {"send": 60, "linger": 60, "linger_total": 60}


def end_of(service, started, deadline):
    """Waits for the end, which must come in time and by itself; returns how many seconds after the deadline it came."""
    service.wait_stopped(deadline + 10)
    late = time.monotonic() - started - deadline
    assert late < LATE, f"{late * 1e3:.0f} ms after the deadline"
    assert "did not end in time" not in service.log()
    return late


class SlowClients:
    """Many clients that read as much of a greeting as they are told to."""

    def __init__(self, address, count):
        self.received = {}
        self.selector = selectors.DefaultSelector()
        for _ in range(count):
            client = connect_narrow(address)
            client.setblocking(False)
            self.received[client] = 0
            self.selector.register(client, selectors.EVENT_READ)

    def _read(self, client, limit):
        """Reads; returns whether that client has enough."""
        start = self.received[client]
        data = client.recv(min(65536, limit - start))
        assert data == LARGE[start:start + len(data)], "wrong bytes"
        self.received[client] += len(data)
        return not data or self.received[client] >= limit

    def read_up_to(self, limit, timeout=30.0):
        """Has every client that is registered read so many bytes."""
        end = time.monotonic() + timeout * SLOWNESS
        waiting = len(self.selector.get_map())
        while waiting and time.monotonic() < end:
            for key, _ in self.selector.select(1):
                if self._read(key.fileobj, limit):
                    self.selector.unregister(key.fileobj)
                    waiting -= 1
        assert waiting == 0, f"{waiting} clients did not get {limit} bytes"

    def watch(self, clients):
        """Registers clients again."""
        for client in clients:
            self.selector.register(client, selectors.EVENT_READ)

    def close(self):
        """Ends all of them."""
        self.selector.close()
        for client in self.received:
            client.close()


def test_slow_readers(daemon, figures):
    """Of 1000 clients halfway through a greeting those that read finish, and the others do not hold up the end."""
    drain = 6.0
    service = daemon({"tcp": tcp(greeting=LARGE)}, timeouts={**PATIENT, "drain": drain}, log={"greetings": "off"})
    with contextlib.closing(SlowClients(service.address(), 1000)) as clients:
        clients.read_up_to(len(LARGE) // 2)
        readers = list(clients.received)[::2]
        service.process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        clients.watch(readers)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            end = pool.submit(end_of, service, started, drain)
            clients.read_up_to(len(LARGE) + 1)
            finished = time.monotonic() - started
            late = end.result()
        assert all(clients.received[reader] == len(LARGE) for reader in readers)
    figures(f"500 of 1000 clients read on and had all of {len(LARGE)} bytes after {finished:.2f} s; the end came "
            f"{late * 1e3:.0f} ms after the deadline of {drain:g} s")


def test_end_when_the_last_has_finished(daemon, figures):
    """Nobody waits for the deadline when everybody has gone."""
    service = daemon({"tcp": tcp(greeting=LARGE)}, timeouts={**PATIENT, "drain": 20})
    client = connect(service.address())
    service.wait_counter("taken", 1)
    service.process.send_signal(signal.SIGTERM)
    assert read_all(client) == LARGE
    client.close()
    started = time.monotonic()
    service.wait_stopped()
    figures(f"the end came {(time.monotonic() - started) * 1e3:.0f} ms after the last client")
    assert time.monotonic() - started < 5 * SLOWNESS


def test_clients_during_the_drain(daemon, load_program, figures, tmp_path):
    """While an older client is waited for, workers accept and greet as ever, on every listener."""
    service = daemon({"large": tcp(greeting=LARGE), "tcp": tcp(), "udp": udp(), "local": unix(tmp_path / "s")},
                     timeouts={**PATIENT, "drain": 20}, log={"greetings": "off"})
    with connect(service.address("large")) as old:
        service.wait_counter("taken", 1)
        service.process.send_signal(signal.SIGTERM)
        service.wait_log("^Stopping on SIGTERM")
        with Load(load_program, targets(service, "tcp", "udp", "local"), 1) as load:
            results = load.results()
        assert read_all(old) == LARGE
    service.wait_stopped()
    figures(describe(results))
    assert sum(result["failures"]["all"] for result in results.values()) == 0


def test_whole_greetings_at_the_end(daemon, figures):
    """Whoever connects while an older client is waited for gets a whole greeting, also if it reads slowly."""
    service = daemon({"tcp": tcp(greeting=LARGE)}, timeouts={**PATIENT, "drain": 20})
    old = connect(service.address())
    service.wait_counter("taken", 1)
    service.process.send_signal(signal.SIGTERM)
    service.wait_log("^Stopping on SIGTERM")
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        fresh = [connect(service.address()) for _ in range(50)]
        answers = [pool.submit(slowly, client, len(LARGE), 10, 0.01) for client in fresh]
        whole = sum(answer.result() == LARGE for answer in answers)
        for client in fresh:
            client.close()
    assert read_all(old) == LARGE
    old.close()
    service.wait_stopped()
    figures(f"{whole} of 50 who came during the drain had a whole greeting of {len(LARGE)} bytes")
    assert whole == 50


def test_drain_delay(daemon, load_program, figures):
    """For drain_delay after SIGTERM nothing changes, for clients who come; then the end."""
    service = daemon({"tcp": tcp(), "udp": udp()}, timeouts={"drain": 60, "drain_delay": 3}, log={"greetings": "off"})
    service.process.send_signal(signal.SIGTERM)
    started = time.monotonic()
    with Load(load_program, targets(service, "tcp", "udp"), 1.2) as load:
        results = load.results()
    late = end_of(service, started, 3)
    figures(f"{describe(results)}; the end came {late * 1e3:.0f} ms after the delay of 3 s")
    assert sum(result["failures"]["all"] for result in results.values()) == 0
    assert late > -0.01


def test_death_during_the_delay(daemon):
    """A worker that dies during drain_delay is replaced."""
    service = daemon({"tcp": tcp()}, timeouts={"drain": 5, "drain_delay": 60}, workers={"processes": 1})
    service.process.send_signal(signal.SIGTERM)
    service.wait_log("^Stopping on SIGTERM")
    victim = service.workers()[0]
    os.kill(victim, signal.SIGKILL)
    assert greet(service.address()) == GREETING
    service.stop()  # with a second signal


@pytest.mark.parametrize("delay", [0, 30])
@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_second_signal(daemon, figures, second, delay):
    """A second SIGTERM ends the drain, and the delay before it."""

    def measure():
        service = daemon({"tcp": tcp(greeting=LARGE)}, timeouts={**PATIENT, "drain": 60, "drain_delay": delay})
        with Crowd(service.address(), 5):
            service.wait_counter("taken", 5)
            service.process.send_signal(signal.SIGTERM)
            service.wait_log("^Stopping on SIGTERM")
            time.sleep(0.2)
            assert service.process.poll() is None
            service.process.send_signal(second)
            return end_of(service, time.monotonic(), 0)

    late = within(0.35 * SLOWNESS, measure)
    figures(f"ended {late * 1e3:.0f} ms after the second signal")
    assert late < 0.35 * SLOWNESS


@pytest.mark.parametrize("first", [None, signal.SIGTERM])
def test_quit(daemon, figures, first):
    """SIGQUIT does not wait for anybody."""

    def measure():
        service = daemon({"tcp": tcp(greeting=LARGE)}, timeouts={**PATIENT, "drain": 60, "drain_delay": 30})
        with Crowd(service.address(), 5):
            service.wait_counter("taken", 5)
            if first:
                service.process.send_signal(first)
                service.wait_log("^Stopping on SIGTERM")
            service.process.send_signal(signal.SIGQUIT)
            return end_of(service, time.monotonic(), 0)

    late = within(0.15 * SLOWNESS, measure)
    figures(f"ended {late * 1e3:.0f} ms after SIGQUIT")
    assert late < 0.15 * SLOWNESS


def test_manager_is_told_how_long(daemon, manager):
    """STOPPING=1 comes with a time that covers delay and drain."""
    service = daemon({"tcp": tcp()}, timeouts={"drain": 7, "drain_delay": 0.5}, environment=manager.environment)
    manager.wait("READY=1")
    service.stop()
    manager.wait("STOPPING=1")
    assert 7.5e6 <= int(manager.tells("STOPPING")[0]["EXTEND_TIMEOUT_USEC"]) <= 15e6
    assert len(manager.tells("READY")) == 1


def test_stop_while_a_generation_drains(daemon, sockgreetctl):
    """SIGTERM ends every generation, within the drain of each."""
    service = daemon({"tcp": tcp(greeting=LARGE)}, timeouts={**PATIENT, "drain": 1.5}, workers={"processes": 2})
    with Crowd(service.address(), 4):
        service.wait_counter("taken", 4)
        assert sockgreetctl(service, "reload").code == 0
        with Crowd(service.address(), 4):
            service.wait_counter("taken", 8)
            service.process.send_signal(signal.SIGTERM)
            end_of(service, time.monotonic(), 1.5)


@contextlib.contextmanager
def older_client(service, sockgreetctl):
    """A client that only a generation from before a reload still waits for; it gets the rest of its greeting at the end."""
    with connect_narrow(service.address("large")) as client:
        service.wait_counter("taken", 1)
        assert sockgreetctl(service, "reload").code == 0
        yield client
        assert read_all(client) == LARGE


@pytest.mark.parametrize("processes", [1, 3])
def test_clients_while_a_generation_drains(daemon, load_program, sockgreetctl, figures, processes):
    """A stop while a client from before a reload is waited for: clients are greeted until that one is done, also after a
    crash of the workers that greet them. Then the stop is as quick as any."""
    service = daemon({"large": tcp(greeting=LARGE), "tcp": tcp(), "udp": udp()}, timeouts={**PATIENT, "drain": 60},
                     workers={"processes": processes}, log={"greetings": "off"})
    before = set(service.workers())
    with older_client(service, sockgreetctl):
        service.process.send_signal(signal.SIGTERM)
        status = wait_status(service, "draining")
        assert [one["generation"] for one in status["finishing"]] == [1]
        with Load(load_program, targets(service, "tcp", "udp"), 1) as load:
            results = load.results()
        assert sum(result["failures"]["all"] for result in results.values()) == 0, describe(results)
        for worker in set(service.workers()) - before:
            os.kill(worker, signal.SIGKILL)
        assert greet(service.address("tcp")) == GREETING
    started = time.monotonic()
    service.wait_stopped()
    figures(f"{describe(results)}; the end came {(time.monotonic() - started) * 1e3:.0f} ms after the older client")
    assert time.monotonic() - started < 5 * SLOWNESS


def test_second_signal_while_a_generation_drains(daemon, sockgreetctl, figures):
    """A second SIGTERM ends every generation."""

    def measure():
        service = daemon({"large": tcp(greeting=LARGE)}, timeouts={**PATIENT, "drain": 60})
        with Crowd(service.address(), 5):
            service.wait_counter("taken", 5)
            assert sockgreetctl(service, "reload").code == 0
            service.process.send_signal(signal.SIGTERM)
            wait_status(service, "draining")
            service.process.send_signal(signal.SIGTERM)
            return end_of(service, time.monotonic(), 0)

    late = within(0.35 * SLOWNESS, measure)
    figures(f"ended {late * 1e3:.0f} ms after the second signal")
    assert late < 0.35 * SLOWNESS


def test_deadline_of_every_generation(daemon, sockgreetctl, figures):
    """The timeouts of the configuration in effect limit the stop, also for clients of one that allowed more. Those who come
    during the drain are greeted."""
    service = daemon({"large": tcp(greeting=LARGE), "tcp": tcp()}, timeouts={**PATIENT, "drain": 600})
    with Crowd(service.address("large"), 3):
        service.wait_counter("taken", 3)
        reconfigure(service, timeouts={**PATIENT, "drain": 2, "drain_delay": 0.5})
        assert sockgreetctl(service, "reload").code == 0
        with Crowd(service.address("large"), 3):
            service.wait_counter("taken", 6)
            service.process.send_signal(signal.SIGTERM)
            started = time.monotonic()
            greeted = 0
            while time.monotonic() < started + 1.5:
                assert greet(service.address("tcp")) == GREETING
                greeted += 1
            late = end_of(service, started, 2.5)
    figures(f"{greeted} clients were greeted, and the end came {late * 1e3:.0f} ms after the deadline of 2.5 s")


def test_stop_during_a_reload(daemon):
    """SIGTERM while a reload is on its way: the end is as clean."""
    for pause in (0, 0.002, 0.005, 0.01, 0.02):
        service = daemon({"tcp": tcp(), "udp": udp()})
        os.kill(service.pid, signal.SIGHUP)
        time.sleep(pause)
        service.stop()


def test_worker_that_stands_still(daemon, figures):
    """A worker that does not react is killed when the drain is over."""
    service = daemon({"tcp": tcp()}, timeouts={"drain": 0.5}, supervision={"heartbeat": 60})
    victim = service.workers()[0]
    os.kill(victim, signal.SIGSTOP)
    service.process.send_signal(signal.SIGTERM)
    started = time.monotonic()
    service.checked = False
    service.wait_stopped()
    figures(f"ended {time.monotonic() - started - 0.5:.2f} s after the deadline")
    assert time.monotonic() - started < 6 * SLOWNESS
    wait_until(lambda: not is_running(victim), "the worker is gone")
