# SPDX-License-Identifier: MIT
"""Supervision: workers that are killed, stand still or crash again and again; clients hardly notice."""

import concurrent.futures
import os
import random
import re
import signal
import time

import pytest

from clients import connect, greet, read_all
from fault import ABORT, HANG, RELIABLE, without_core
from operations import LONG, Load, UdpProbe, ask, describe, duration, kill_hard, lost, targets
from processes import SLOWNESS, is_running, is_stopped, stays, wait_until, within
from service import GREETING, tcp, udp, unix

LASTED = 1.1  # seconds after which a worker has served and is replaced at once


def stand_still(pid):
    """SIGSTOP, and waits until it has worked."""
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: is_stopped(pid), "the process stops")


# kill -9


def kill_at_random(service, load, rng):
    """kill -9 of a random worker every 100 ms while the load lasts, less often where workers take longer to start: with none
    left clients only wait. Returns how many."""
    kills = 0
    while load.running():
        due = time.monotonic() + 0.1 * SLOWNESS
        victims = service.workers()
        if victims:
            kill_hard(rng.choice(victims))
            kills += 1
        time.sleep(max(0, due - time.monotonic()))
    return kills


def test_kill_under_load(daemon, load_program, figures, tmp_path):
    """kill -9 of a random worker every 100 ms: nobody is refused, at most those in its hands are lost and counted."""

    def measure():
        service = daemon({"tcp": tcp(), "udp": udp(), "local": unix(tmp_path / "s")}, log={"greetings": "summary"},
                         workers={"processes": 4, "threads": 1})
        probe = UdpProbe(service.address("udp"))
        with Load(load_program, targets(service, "tcp", "local"), duration(5), clients=64, rate=1500) as load:
            kills = kill_at_random(service, load, random.Random(5))
            results = load.results()
        answers, silence = probe.end()
        counters = service.stop()
        figures(f"{kills} kills in {duration(5):g} s: {describe(results)}; UDP {answers} answered, silent for at most "
                f"{silence * 1e3:.0f} ms; taken {counters['taken']} = served {counters['served']} + abandoned "
                f"{counters['abandoned']}")
        assert sum(result["failures"]["refused"] for result in results.values()) == 0
        assert lost(results) <= counters["abandoned"]
        assert kills >= duration(5) * 3 / SLOWNESS
        return silence

    limit = 0.2 * SLOWNESS
    assert within(limit, measure) < limit


def test_killed_worker_is_replaced_at_once(daemon, figures):
    """However short a life that SIGKILL ends after READY, the next begins at once, at most 20 times a second."""
    service = daemon({"tcp": tcp()}, workers={"processes": 1, "threads": 1})
    lives, started = 0, time.monotonic()
    while lives < 30 and time.monotonic() - started < 15 * SLOWNESS:
        workers = service.workers()
        if workers and is_serving(workers[0]):
            kill_hard(workers[0])
            lives += 1
        time.sleep(0.002)
    seconds = time.monotonic() - started
    figures(f"{lives} lives in {seconds:g} s")
    assert lives <= 20 * seconds + 1
    assert lives == 30  # with the delays after crashes it would be 11 in a minute
    assert "trying again in" not in service.log()
    assert greet(service.address()) == GREETING


def is_serving(pid):
    """Whether the worker has told the master so: its main thread sleeps in poll(2), its last thread in epoll."""
    try:
        with open(f"/proc/{pid}/wchan", encoding="ascii") as file:
            return len(os.listdir(f"/proc/{pid}/task")) >= 3 and "poll" in file.read()
    except OSError:
        return False


# SIGSTOP


@pytest.mark.parametrize("victim_index", [0, 1])
def test_stopped_worker_is_replaced(daemon, figures, victim_index):
    """A worker that stands still is killed and replaced within stuck_after heartbeats."""

    def measure():
        service = daemon({"tcp": tcp()}, workers={"processes": 2, "threads": 1},
                         supervision={"heartbeat": 0.5, "stuck_after": 2})
        time.sleep(0.7)
        victim, other = service.workers()[victim_index], service.workers()[1 - victim_index]
        stand_still(victim)
        started = time.monotonic()
        wait_until(lambda: not is_running(victim), "it is killed")
        killed = time.monotonic() - started
        wait_until(lambda: len(service.workers()) == 2 and victim not in service.workers(), "a successor")
        figures(f"killed {killed:.2f} s after SIGSTOP, with a heartbeat of 0.5 s and stuck_after 2")
        assert other in service.workers()
        service.wait_log(rf"^error: worker \d \(pid {victim}\) made no progress and was killed: replaced at once$")
        return killed

    limit = 1.0 * SLOWNESS + 0.15
    assert within(limit, measure) < limit


def test_single_client_on_an_idle_system(daemon, figures):
    """The one client whom a worker that stands still was meant to take waits for at most one heartbeat."""
    service = daemon({"tcp": tcp()}, workers={"processes": 2, "threads": 1},
                     supervision={"heartbeat": 1, "stuck_after": 20})

    def measure(victim_index):
        victim = service.workers()[victim_index]
        stand_still(victim)
        with connect(service.address()) as client:
            started = time.monotonic()
            assert read_all(client) == GREETING
            seconds = time.monotonic() - started
        kill_hard(victim)
        wait_until(lambda: len(service.workers()) == 2, "a successor")
        time.sleep(0.2)
        return seconds

    limit = 1.9  # one heartbeat and no second; the worker would be killed after 20
    worst = max(within(limit, lambda: measure(0)), within(limit, lambda: measure(1)))
    figures(f"waited {worst * 1e3:.0f} ms at most, with a heartbeat of 1 s")
    assert worst < limit


def test_only_worker_stands_still(daemon, figures):
    """With a single worker a client waits until the successor takes it from the queue."""
    service = daemon({"tcp": tcp()}, workers={"processes": 1, "threads": 2},
                     supervision={"heartbeat": 0.5, "stuck_after": 2})
    stand_still(service.workers()[0])
    started = time.monotonic()
    assert greet(service.address()) == GREETING
    figures(f"greeted after {time.monotonic() - started:.2f} s")
    assert time.monotonic() - started < 3 * SLOWNESS


def test_working_workers_are_left_alone(daemon, load_program):
    """Idle, under load and over a second of nothing at all nobody is taken for stuck, the heartbeat being short."""
    service = daemon({"tcp": tcp()}, log={"greetings": "off"}, supervision={"heartbeat": 0.2, "stuck_after": 5})
    workers = service.workers()
    with Load(load_program, targets(service, "tcp"), 1) as load:
        load.results()
    everybody = [service.pid, *workers]
    for pid in everybody:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(1.2)  # as if the whole machine slept
    for pid in reversed(everybody):
        os.kill(pid, signal.SIGCONT)
    assert stays(lambda: service.workers() == workers, 0.5)


def test_supervision_off(daemon):
    """With stuck_after = 0 nobody is killed."""
    service = daemon({"tcp": tcp()}, supervision={"heartbeat": 0.2, "stuck_after": 0})
    victim = service.workers()[0]
    stand_still(victim)
    assert stays(lambda: is_running(victim), 1.2)
    os.kill(victim, signal.SIGCONT)


# Crashes


def back_offs(service):
    """The delays in the log."""
    return [float(delay) for delay in re.findall(r"it ended too soon; trying again in ([\d.]+) s", service.log())]


@pytest.mark.skipif(not RELIABLE, reason="a sanitizer's functions come first")
@pytest.mark.parametrize("function", ["ready", "pthread_create"])
def test_back_off(daemon, faults, figures, function):
    """A worker that crashes before READY, or soon after, is started again after 0.1, 0.2, 0.4 … 10 s."""
    service = daemon({"tcp": tcp()}, workers={"processes": 1, "threads": 1}, environment=faults.environment,
                     preexec=without_core)
    faults.arm(function, action=ABORT, again=True)
    kill_hard(service.workers()[0])
    started = time.monotonic()
    delays = [0.1, 0.2, 0.4, 0.8]
    service.wait_log("trying again in", count=len(delays))
    if LONG and function == "ready":
        time.sleep(started + 60 - time.monotonic())
    forks = len(back_offs(service))
    figures(f"crash at {function}: {forks} lives in {time.monotonic() - started:.0f} s, delays {back_offs(service)}")
    assert back_offs(service)[:4] == delays
    assert forks <= 12
    service.wait_log(r"^error: worker 0 \(pid \d+\) killed by signal 6 \(ABRT\): it ended too soon")
    faults.disarm()
    assert greet_patiently(service) == GREETING
    service.stop()


def greet_patiently(service):
    """A greeting of a service whose next worker may be ten seconds away."""
    with connect(service.address(), 20) as client:
        client.settimeout(20)
        return read_all(client)


@pytest.mark.skipif(not RELIABLE, reason="a sanitizer's functions come first")
def test_one_crash_among_others(daemon, faults):
    """While one worker crashes again and again, the other greets everybody."""
    service = daemon({"tcp": tcp()}, workers={"processes": 2, "threads": 1}, environment=faults.environment,
                     preexec=without_core)
    faults.arm("ready", action=ABORT, again=True)
    kill_hard(service.workers()[0])
    service.wait_log("trying again in", count=2)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: greet(service.address()), range(200))) == {GREETING}
    faults.disarm()


@pytest.mark.skipif(not RELIABLE, reason="a sanitizer's functions come first")
def test_crash_after_a_long_life(daemon, faults):
    """A worker that crashed after it had served is replaced at once, and its failures are forgotten."""
    service = daemon({"tcp": tcp()}, workers={"processes": 1, "threads": 1}, environment=faults.environment,
                     preexec=without_core)
    time.sleep(LASTED)
    os.kill(service.workers()[0], signal.SIGTERM)
    service.wait_log(r"exited with status 0: replaced at once$")
    wait_until(lambda: [worker["state"] for worker in ask(service, "workers")["workers"]] == ["serving"], "a successor")
    faults.arm("ready", action=ABORT)
    kill_hard(service.workers()[0])
    time.sleep(0.5)
    assert back_offs(service) in ([0.1], [])
    assert greet(service.address()) == GREETING


# The watchdog


def test_watchdog(daemon, manager, figures):
    """The watchdog is fed while any worker makes progress, and only then."""
    environment = {**manager.environment, "WATCHDOG_USEC": "400000"}
    service = daemon({"tcp": tcp()}, environment=environment, workers={"processes": 2, "threads": 1},
                     supervision={"heartbeat": 0.3, "stuck_after": 20})
    manager.wait("WATCHDOG=1", 5)
    workers = service.workers()
    stand_still(workers[0])
    count = manager.count("WATCHDOG=1")
    manager.wait("WATCHDOG=1", count + 3, 4)
    os.kill(workers[0], signal.SIGCONT)
    figures(f"{manager.count('WATCHDOG=1')} times fed")


@pytest.mark.skipif(not RELIABLE, reason="a sanitizer's functions come first")
def test_watchdog_starves(daemon, manager, faults):
    """With no worker that gets ready it is fed no more."""
    environment = {**manager.environment, **faults.environment, "WATCHDOG_USEC": "400000"}
    service = daemon({"tcp": tcp()}, environment=environment, workers={"processes": 2, "threads": 1},
                     preexec=without_core)
    manager.wait("WATCHDOG=1", 2)
    faults.arm("pthread_create", action=HANG, again=True)
    for worker in service.workers():
        kill_hard(worker)

    def starves():
        count = manager.count("WATCHDOG=1")
        return stays(lambda: manager.count("WATCHDOG=1") == count, 0.8)

    wait_until(starves, "it is fed no more")
    count = manager.count("WATCHDOG=1")
    faults.disarm()
    for worker in service.workers():
        kill_hard(worker)
    manager.wait("WATCHDOG=1", count + 2)


@pytest.mark.skipif(not RELIABLE, reason="a sanitizer's functions come first")
def test_hang_before_ready(daemon, faults, figures):
    """A successor that does not get ready is killed and replaced like one that stands still later."""
    service = daemon({"tcp": tcp()}, environment=faults.environment, workers={"processes": 1, "threads": 1},
                     preexec=without_core)
    faults.arm("pthread_create", action=HANG)
    kill_hard(service.workers()[0])
    hanging = wait_until(service.workers, "a successor")[0]
    started = time.monotonic()
    wait_until(lambda: not is_running(hanging), "the one that hangs is killed")
    figures(f"killed after {time.monotonic() - started:.1f} s")
    assert greet(service.address()) == GREETING


# The status


def test_status_tells_of_deaths(daemon, sockgreetctl):
    """sockgreetctl status counts restarts and says why the last worker ended."""
    service = daemon({"tcp": tcp()})
    time.sleep(LASTED)
    victim = service.workers()[0]
    kill_hard(victim)
    status = wait_until(lambda: (s := ask(service, "status"))["workers"]["ready"] == 2 and s["restarts"] == 1 and s,
                        "the status is true")
    assert re.fullmatch(rf"worker \d \(pid {victim}\) killed by signal 9 \(KILL\)", status["last_failure"]["text"])
    assert "killed by signal 9 (KILL)" in sockgreetctl(service, "workers").out
