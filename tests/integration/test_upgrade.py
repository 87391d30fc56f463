# SPDX-License-Identifier: MIT
"""Upgrade by SIGUSR2, and restart with a descriptor store: the sockets outlive the process."""

import contextlib
import os
import pathlib
import shutil
import signal
import time

import pytest

from clients import ask_udp, connect, greet, read_all
from fault import without_core
from operations import EX_CONFIG, Load, ask, describe, idle_descriptors, lost, session_members, targets, write_configuration
from processes import SLOWNESS, descriptors, is_running, stays, wait_until
from service import GREETING, render, tcp, udp, unix

LARGE = "x" * 1_000_000


@pytest.fixture(name="installed")
def fixture_installed(sockgreetd, tmp_path):
    """A copy of the daemon that can be replaced."""
    path = tmp_path / "bin" / "sockgreetd"
    path.parent.mkdir()
    shutil.copy(sockgreetd, path)
    return path


@pytest.fixture(name="old")
def fixture_old(daemon, installed, tmp_path):
    """Starts a daemon that can be upgraded; ends all of its successors."""
    services = []

    def start(listeners=None, **settings):
        listeners = listeners or {"tcp": tcp(), "udp": udp(), "local": unix(tmp_path / "greet.sock")}
        services.append(daemon(listeners, program=str(installed), preexec=without_core, **settings))
        return services[-1]

    yield start
    for service in services:
        if service.process.poll() is not None:
            end_successors(service)


def end_successors(service):
    """Stops who serves in the place of a daemon that has gone. They end by themselves: with a sanitizer each has a leak
    check to finish, and that is a process of its own, which must not be killed under it."""
    try:
        with contextlib.suppress(OSError):  # there may be none
            os.kill(main_pid(service), signal.SIGTERM)
        wait_until(lambda: not session_members(service.pid), "the successors end")
    finally:
        for pid in session_members(service.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def install(path, script=None):
    """Puts another file in the program's place, as a package manager does: the same program, or a shell script."""
    new = path.with_suffix(".new")
    if script is None:
        shutil.copy(path, new)
    else:
        new.write_text(f"#!/bin/sh\n{script}\n")
        new.chmod(0o755)
    os.replace(new, path)


def main_pid(service):
    """The process in the pid file."""
    return int((service.runtime / "sockgreetd.pid").read_text())


def upgrade(service, pid):
    """SIGUSR2 to a master; returns its successor when that serves and the old one has gone."""
    os.kill(pid, signal.SIGUSR2)
    if pid == service.pid:
        service.wait_stopped(15)
    wait_until(lambda: not is_running(pid), "the old one goes")
    assert main_pid(service) != pid, "the pid file follows"
    return main_pid(service)


def test_upgrade_under_load(old, installed, load_program, figures):
    """Three upgrades in a row under load: nobody is refused or lost, on any transport."""
    service = old(log={"greetings": "off"})
    pid, took = service.pid, []
    with Load(load_program, targets(service, "tcp", "udp", "local"), 2.5) as load:
        for _ in range(3):
            time.sleep(0.4)
            install(installed)
            started = time.monotonic()
            pid = upgrade(service, pid)
            took.append(time.monotonic() - started)
        results = load.results()
    figures(f"3 upgrades of at most {max(took):.2f} s: {describe(results)}")
    assert lost(results) == 0
    assert greet(service.address("tcp")) == greet(service.address("local")) == GREETING
    assert ask_udp(service.address("udp"))[0] == GREETING
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not is_running(pid), "the last one ends")
    wait_until(lambda: not session_members(service.pid), "nobody is left")
    assert not os.path.exists(service.address("local"))
    assert not (service.runtime / "sockgreetd.pid").exists()


def test_old_clients_finish(old):
    """A client in the middle of a greeting of the old process gets the rest of it."""
    service = old({"tcp": tcp(greeting=LARGE)}, timeouts={"drain": 20, "send": 20})
    with connect(service.address()) as client:
        service.wait_counter("taken", 1)
        os.kill(service.pid, signal.SIGUSR2)
        service.wait_log("^Upgrade: pid [0-9]+ is serving; this process drains and ends")
        wait_until(lambda: main_pid(service) != service.pid, "the pid file follows")
        assert read_all(client) == LARGE.encode()
    service.wait_stopped()
    with connect(service.address()) as client:
        assert read_all(client) == LARGE.encode()


def test_older_generations_do_not_hold_up(old, sockgreetctl):
    """A process that is replaced while a generation from before a reload drains leaves new clients to the new one at once."""
    service = old({"large": tcp(greeting=LARGE), "tcp": tcp()}, timeouts={"drain": 60, "send": 60})
    first = set(service.workers())
    with connect(service.address("large")) as client:
        service.wait_counter("taken", 1)
        assert sockgreetctl(service, "reload").code == 0
        current = wait_until(lambda: set(service.workers()) - first, "the workers of the second generation")
        os.kill(service.pid, signal.SIGUSR2)
        service.wait_log("is serving; this process drains and ends$")
        wait_until(lambda: not any(map(is_running, current)), "they end before the client of the first generation is done")
        assert greet(service.address("tcp")) == GREETING
        assert read_all(client) == LARGE.encode()
    service.wait_stopped()
    assert greet(service.address("tcp")) == GREETING


def test_new_clients_are_the_successors(old, installed):
    """While the old process waits for a client of its own, new clients are greeted by the new one."""
    service = old({"large": tcp(greeting=LARGE), "tcp": tcp(greeting="${pid}\n")}, timeouts={"drain": 20, "send": 20})
    before = {str(pid) for pid in service.workers()}
    with connect(service.address("large")):
        service.wait_counter("taken", 1)
        install(installed)
        os.kill(service.pid, signal.SIGUSR2)
        service.wait_log("is serving; this process drains and ends$")

        def answers():
            return {greet(service.address("tcp")).decode().strip() for _ in range(40)}

        # A thread of the old process that is accepting just then may greet somebody yet.
        wait_until(lambda: not before & answers(), "40 in a row are greeted by the new process")
        assert service.process.poll() is None, "the old process waits for its client"
    wait_until(lambda: service.process.poll() is not None, "the old process leaves")


def test_no_descriptor_is_passed_on(old, installed):
    """After upgrades a master has as many descriptors as the first one had."""
    service = old()
    pid, before = service.pid, len(idle_descriptors(service))
    for _ in range(3):
        install(installed)
        pid = upgrade(service, pid)
    wait_until(lambda: len(descriptors(pid)) == before, f"there are {before} descriptors")


@pytest.mark.parametrize("script, words, seconds", [
    ("exit 1", "ended before it was ready", 15),
    ("kill -SEGV $$", "ended before it was ready", 15),
    ("exec sleep 100", "was not ready within 16 s", 25),
])
def test_broken_program(old, installed, figures, script, words, seconds):
    """A new program that fails or hangs is given up after ten seconds; the old one serves on, and can be upgraded."""
    service = old()
    fds = len(idle_descriptors(service))
    install(installed, script)
    for _ in range(3 if seconds < 10 else 1):
        count = service.log().count(words)
        started = time.monotonic()
        os.kill(service.pid, signal.SIGUSR2)
        wait_until(lambda count=count: service.log().count(words) > count, words, seconds)
        figures(f"{script}: given up after {time.monotonic() - started:.2f} s")
        assert greet(service.address("tcp")) == GREETING
    assert main_pid(service) == service.pid
    wait_until(lambda: len(descriptors(service.pid)) == fds, "descriptors are closed")
    wait_until(lambda: set(session_members(service.pid)) == set(service.workers()), "the new program is gone")


def test_missing_program(old, installed):
    """A program that is not there changes nothing."""
    service = old()
    installed.unlink()
    os.kill(service.pid, signal.SIGUSR2)
    service.wait_log("^error: Upgrade failed: the new process cannot be executed: No such file or directory; this one keeps "
                     "serving$")
    assert greet(service.address("tcp")) == GREETING


def test_broken_configuration(old, sockgreetctl):
    """An upgrade with a broken file fails, and the old one serves on."""
    service = old()
    write_configuration(service, "greting = 3;\n")
    os.kill(service.pid, signal.SIGUSR2)
    service.wait_log("^error: Upgrade failed: ")
    assert greet(service.address("tcp")) == GREETING
    assert ask(service, "status")["last_failure"]["text"] == "upgrade failed: the new process ended before it was ready"
    assert "upgrade failed: the new process ended before it was ready" in sockgreetctl(service, "status").out


def test_stop_during_an_upgrade(old, installed):
    """SIGTERM while the new one starts ends both."""
    service = old()
    install(installed, "exec sleep 100")
    os.kill(service.pid, signal.SIGUSR2)
    service.wait_log("^Upgrade: started ")
    service.stop()
    wait_until(lambda: not session_members(service.pid), "nobody is left")


def test_second_request_during_an_upgrade(old, installed):
    """One upgrade at a time."""
    service = old()
    install(installed, "exec sleep 100")
    os.kill(service.pid, signal.SIGUSR2)
    service.wait_log("^Upgrade: started ")
    os.kill(service.pid, signal.SIGUSR2)
    service.wait_log("^warning: SIGUSR2 ignored: the service is starting, reloading, stopping or upgrading$")


def test_control_after_an_upgrade(old, installed, sockgreetctl):
    """sockgreetctl finds the successor, which reloads."""
    service = old()
    install(installed)
    pid = upgrade(service, service.pid)
    assert sockgreetctl(service, "reload").code == 0
    status = ask(service, "status")
    assert (status["pid"], status["generation"], status["state"]) == (pid, 2, "serving")
    assert is_running(pid)


def test_refused_under_systemd(daemon, manager):
    """Under a service manager SIGUSR2 is refused with a message."""
    service = daemon({"tcp": tcp()}, environment=manager.environment)
    os.kill(service.pid, signal.SIGUSR2)
    service.wait_log("^warning: SIGUSR2 ignored: under systemd, use systemctl restart, which does not refuse connections")
    assert stays(lambda: is_running(service.pid), 0.2)
    assert greet(service.address()) == GREETING


# Restart with the descriptor store


def restart(spawn, service, manager, **changes):
    """A successor that gets the stored sockets, in the same runtime directory, with the same file."""
    place, environment, copies = manager.pass_store()
    environment["RUNTIME_DIRECTORY"] = str(service.runtime)
    successor = spawn(service.settings["listeners"], environment=environment, preexec=place, file=False,
                      options=["-c", str(service.configuration)], pass_fds=range(3, 3 + len(copies)), prefix=[
                          "sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh"], **changes)
    for descriptor in copies:
        os.close(descriptor)
    successor.configuration, successor.runtime = service.configuration, service.runtime
    return successor


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("broken", [False, True], ids=["good file", "broken file"])
def test_restart(daemon, spawn, manager, load_program, sockgreetctl, figures, tmp_path, end, broken):
    """Over a restart, or kill -9 of the master, nobody is refused; a broken file has the last good one serve."""
    service = daemon({"tcp": tcp(backlog=4096), "udp": udp(), "local": unix(tmp_path / "greet.sock", backlog=4096)},
                     environment=manager.environment, log={"greetings": "off"})
    manager.wait("READY=1")
    with Load(load_program, targets(service, "tcp", "udp", "local"), 1.5) as load:
        time.sleep(0.3)
        if broken:
            write_configuration(service, "greting = 3;\n")
        os.kill(service.pid, end)
        service.process.wait(10)
        successor = restart(spawn, service, manager)
        manager.wait("READY=1", 2)
        results = load.results()
    figures(f"{end.name}, {'broken' if broken else 'good'} file: {describe(results)}; "
            f"refused {sum(r['failures']['refused'] for r in results.values())}")
    assert sum(result["failures"]["refused"] for result in results.values()) == 0
    assert end == signal.SIGKILL or lost(results) == 0
    check_degraded(successor, manager, sockgreetctl, broken)
    successor.stop()


def test_restart_with_a_broken_file_in_the_directory(daemon, spawn, manager):
    """The last good configuration is one file that has everything in it; no directory is read with it."""
    service = daemon({"tcp": tcp()}, environment=manager.environment)
    directory = pathlib.Path(f"{service.configuration}.d")
    directory.mkdir()
    extra = tcp()
    (directory / "extra.conf").write_text(render({"listeners": {"extra": extra}}))
    assert ask(service, "reload")["code"] == 0
    (directory / "bad.conf").write_text("\ngreting = 3;\n")
    beside = service.runtime / "last-good.conf.d"
    beside.mkdir()
    (beside / "bad.conf").write_text("greting = 3;\n")
    os.kill(service.pid, signal.SIGTERM)
    service.process.wait(10)
    successor = restart(spawn, service, manager)
    manager.wait("READY=1", 3)
    assert greet(service.address("tcp")) == greet(("127.0.0.1", extra["port"])) == GREETING
    assert f"{directory}/bad.conf:2: greting: " in ask(successor, "status")["refused"]
    successor.stop()


def check_degraded(service, manager, sockgreetctl, broken):
    """With a broken file the service says so until a reload succeeds."""
    words = "CONFIGURATION REFUSED, using the last good one"
    assert greet(service.address("tcp")) == GREETING
    assert (ask(service, "status")["refused"] is not None) == broken
    assert (words in manager.tells("READY")[-1]["STATUS"]) == broken
    if not broken:
        return
    assert "greting" in ask(service, "status")["refused"] and "greting" in sockgreetctl(service, "status").out
    service.wait_log("^error: The configuration was refused; the last good one is used until a reload succeeds$")
    assert sockgreetctl(service, "reload").code == EX_CONFIG
    assert ask(service, "status")["refused"]
    shutil.copy(service.runtime / "last-good.conf", service.configuration)
    assert sockgreetctl(service, "reload").code == 0
    assert ask(service, "status")["refused"] is None


def test_first_start_with_a_broken_file(spawn, manager):
    """Without stored sockets a broken file is an error: 78."""
    service = spawn({"tcp": tcp()}, environment=manager.environment, workers={"processes": 0})
    with contextlib.suppress(AssertionError):
        service.wait_stopped(5 * SLOWNESS, EX_CONFIG)
    assert service.process.returncode == EX_CONFIG
