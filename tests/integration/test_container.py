# SPDX-License-Identifier: MIT
"""The daemon as process 1 of a container: a process namespace of its own, with what a container runtime sets up around
it. The kernel throws away the signals that such a process has not blocked, gives it every orphan, and ends all others
with it (pid_namespaces(7))."""

import concurrent.futures
import contextlib
import os
import signal
import socket
import subprocess
import time

import pytest

from clients import ask_udp, connect, greet, read_all, run, slowly
from conftest import needs_root, program
from operations import EX_OSERR, Load, describe, lost, reconfigure, targets
from processes import SLOWNESS, children, cpu_seconds, is_running, status, wait_until
from service import GREETING, Service, free_port, tcp, udp, unix

pytestmark = needs_root

LARGE = "x" * 1_000_000
PATIENT = {"send": 60, "linger": 60, "linger_total": 60, "drain": 60}
UID = "1000670000"  # such as OpenShift gives to each project: nobody in /etc/passwd has it
NAME_SERVER = (f"127.53.{os.getpid() >> 8 & 255}.{os.getpid() & 255 or 1}", 53)  # other runs have others


class Contained(Service):
    """A sockgreetd that is process 1. What runs in the container is what stands in INSIDE, as from an image."""

    INSIDE = "/mnt"  # a file system of the container's own, there alone

    def __init__(self, sockgreetd, directory, settings, *, uid="0", setup=":", prefix=(), environment=None, **how):
        script = (f'mount -t tmpfs -o mode=1777 none {self.INSIDE}; cp "$1" {self.INSIDE}; {setup}; shift; '
                  f'exec setpriv --reuid {uid} --regid 0 --clear-groups --pdeathsig keep -- "$@"')
        unshare = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-ec", script, "sh", sockgreetd]
        environment = {"RUNTIME_DIRECTORY": f"{self.INSIDE}/run", **(environment or {})}
        self.init = None  # the process 1, as it is called outside
        super().__init__(f"{self.INSIDE}/sockgreetd", directory, settings, prefix=[*prefix, *unshare],
                         environment=environment, **how)

    @property
    def pid(self):
        """The master's."""
        if self.init is None:
            self.init = wait_until(lambda: children(self.process.pid), "process 1")[0]
        return self.init

    def path(self, name):
        """A file that the container sees in INSIDE, as it is called outside."""
        return f"/proc/{self.pid}/root{self.INSIDE}/{name}"

    def enter(self, *command, **how):
        """Runs a command in the container, as "podman exec" does."""
        environment = {**os.environ, "RUNTIME_DIRECTORY": f"{self.INSIDE}/run"}
        return subprocess.run(["nsenter", "--target", str(self.pid), "--pid", "--mount", *command], env=environment,
                              capture_output=True, text=True, timeout=30 * SLOWNESS, check=False, **how)

    def cleanup(self):
        """Ends whatever is left of it: process 1, and so everything in the container."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self.process.wait()


@pytest.fixture(name="container")
def fixture_container(sockgreetd, tmp_path):
    """Starts daemons as process 1 and waits until they serve; those that still run are stopped in the end: cleanly."""
    made = []

    def start(listeners, ready=True, **settings):
        directory = tmp_path / f"container{len(made)}"
        directory.mkdir()
        names = ("options", "prefix", "environment", "uid", "setup", "file")
        how = {name: settings.pop(name) for name in names if name in settings}
        made.append(Contained(sockgreetd, directory, {**settings, "listeners": listeners}, **how))
        return made[-1].wait_ready() if ready else made[-1]

    yield start
    try:
        for service in made:
            if service.process.poll() is None:
                service.stop()
    finally:
        for service in made:
            service.cleanup()


def complaints(service):
    """Errors and warnings in the log."""
    return [line for line in service.lines() if line.startswith(("error: ", "warning: "))]


def is_gone(pid):
    """Whether not even a zombie is left."""
    return not os.path.exists(f"/proc/{pid}")


# Serving


def test_greets(container, tmp_path):
    """Every transport is served, the log is on standard error, and the end has exit code 0."""
    service = container({"tcp": tcp(), "udp": udp(), "local": unix(tmp_path / "greet.sock")}, options=["-f"])
    assert status(service.pid)["NSpid"].split()[-1] == "1"
    assert greet(service.address("tcp"), b"hello") == greet(service.address("local")) == GREETING
    assert ask_udp(service.address("udp"))[0] == GREETING
    service.wait_log("^Got connection from 127.0.0.1:[0-9]+ on tcp, sent 26 bytes$")
    assert service.stop()["sent"] == 3
    assert not complaints(service)


def test_reload(container):
    """SIGHUP and sockgreetctl, which finds process 1 from a process beside it, reload the configuration."""
    service = container({"tcp": tcp()})
    reconfigure(service, greeting="hung up\n")
    os.kill(service.pid, signal.SIGHUP)
    service.wait_log("^Reloaded: generation 2 serves")
    assert greet(service.address()) == b"hung up\n"
    reconfigure(service, greeting="asked\n")
    done = service.enter(program("SOCKGREETCTL"), "reload")
    assert (done.returncode, done.stdout) == (0, "Reloaded: generation 3 serves with 2 workers\n")
    assert greet(service.address()) == b"asked\n"


def test_killed_worker_is_replaced(container):
    """Workers of a process 1 are replaced like any others."""
    service = container({"tcp": tcp()})
    victim = service.workers()[0]
    os.kill(victim, signal.SIGKILL)
    service.wait_log(r"^error: worker \d+ \(pid \d+\) killed by signal 9 \(KILL\): replaced at once$")
    wait_until(lambda: victim not in service.workers() and len(service.workers()) == 2, "a successor")
    assert greet(service.address()) == GREETING
    assert is_gone(victim)


# Orphans


def test_orphans(container):
    """Orphans, of whom nobody here knows, are taken leave of, whatever they died of, and nobody says a word."""
    service = container({"tcp": tcp()})
    workers = service.workers()
    assert service.enter("sh", "-c", "for i in 1 2 3; do (sleep 1000 >&- 2>&- &); done").returncode == 0
    orphans = wait_until(lambda: [pid for pid in children(service.pid) if pid not in workers], "orphans")
    assert len(orphans) == 3
    for orphan, number in zip(orphans, (signal.SIGTERM, signal.SIGSEGV, signal.SIGKILL)):
        os.kill(orphan, number)
    wait_until(lambda: all(map(is_gone, orphans)), "the orphans are reaped")
    assert service.enter("sh", "-c", "for i in $(seq 50); do (sh -c 'exit 3' &); done").returncode == 0
    wait_until(lambda: not set(service_children(service)) - set(workers), "no zombie is left")
    before = cpu_seconds(service.pid)
    time.sleep(0.3)
    assert cpu_seconds(service.pid) - before < 0.1
    assert service.workers() == workers
    assert not complaints(service)
    assert greet(service.address()) == GREETING


def service_children(service):
    """The master's children, zombies among them."""
    with open(f"/proc/{service.pid}/task/{service.pid}/children", encoding="ascii") as file:
        return [int(pid) for pid in file.read().split()]


def test_orphans_during_reloads(container, tmp_path):
    """No orphan is mistaken for a reload's loader or for a worker, or the other way round, when they end together."""
    service = container({"tcp": tcp()}, workers={"processes": 1})
    flag = tmp_path / "flag"
    flag.touch()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        storm = pool.submit(service.enter, "sh", "-c", f"while [ -e {flag} ]; do (exit 78 &); sleep 0.002; done")
        try:
            for number in range(2, 6):
                os.kill(service.pid, signal.SIGHUP)
                service.wait_log(f"^Reloaded: generation {number} serves")
                assert greet(service.address()) == GREETING
        finally:
            flag.unlink()
        assert storm.result().returncode == 0
    wait_until(lambda: len(service_children(service)) == 1, "one worker is left")
    assert not complaints(service)


# The end


def test_slow_client_at_the_end(container):
    """SIGTERM lets a slow client have the whole greeting, and the exit code is 0."""
    service = container({"tcp": tcp(greeting=LARGE)}, timeouts=PATIENT)
    with connect(service.address()) as client:
        service.wait_counter("taken", 1)
        os.kill(service.pid, signal.SIGTERM)
        service.wait_log("^Stopping on SIGTERM")
        assert slowly(client, len(LARGE)) == LARGE.encode()
    assert service.wait_stopped()["sent"] == 1


@pytest.mark.parametrize("numbers", [(signal.SIGTERM, signal.SIGTERM), (signal.SIGTERM, signal.SIGQUIT),
                                     (signal.SIGINT, signal.SIGINT), (signal.SIGQUIT,)],
                         ids=lambda numbers: " ".join(number.name for number in numbers))
def test_no_wait_for_slow_clients(container, numbers):
    """A second SIGTERM or SIGINT ends the drain, and SIGQUIT comes without one."""
    service = container({"tcp": tcp(greeting=LARGE)}, timeouts=PATIENT)
    with connect(service.address()):
        service.wait_counter("taken", 1)
        for number in numbers[:-1]:
            os.kill(service.pid, number)
            service.wait_log(f"^Stopping on {number.name}: waiting up to 60.0 s for connected clients")
        assert service.process.poll() is None
        started = time.monotonic()
        os.kill(service.pid, numbers[-1])
        service.wait_stopped()
        assert time.monotonic() - started < 5 * SLOWNESS


def test_drain_delay(container, load_program, figures):
    """For drain_delay, while a load balancer turns away, everybody is greeted."""
    service = container({"tcp": tcp(), "udp": udp()}, timeouts={"drain_delay": 60}, log={"greetings": "off"})
    os.kill(service.pid, signal.SIGTERM)
    with Load(load_program, targets(service, "tcp", "udp"), 0.5) as load:
        results = load.results()
    figures(describe(results))
    assert lost(results) == 0
    assert service.process.poll() is None
    service.stop()  # with a second signal


def dns_answer(query):
    """127.0.0.1 for a question about an IPv4 address, else nothing."""
    end = query.index(b"\0", 12) + 5
    answer = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x7f\0\0\1" if query[end - 3] == 1 else b""
    return query[:2] + b"\x81\x80\0\1" + bytes([0, bool(answer), 0, 0, 0, 0]) + query[12:end] + answer


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_while_loading(container, tmp_path, number):
    """A signal that comes while the configuration is loaded, here while a name is looked up, is not lost. Ctrl-C, and
    some service managers, send it to everybody."""
    (tmp_path / "resolv.conf").write_text(f"nameserver {NAME_SERVER[0]}\n")
    (tmp_path / "nsswitch.conf").write_text("hosts: dns\n")
    setup = "; ".join(f"mount --bind {tmp_path}/{name} /etc/{name}" for name in ("resolv.conf", "nsswitch.conf"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.settimeout(10 * SLOWNESS)
        server.bind(NAME_SERVER)
        service = container({"tcp": tcp("greeter.example")}, ready=False, setup=setup)
        query, client = server.recvfrom(512)
        for pid in (service.pid, *service_children(service)):
            with contextlib.suppress(ProcessLookupError):  # the first may have ended the others
                os.kill(pid, number)
        server.settimeout(0.05)
        while service.process.poll() is None:
            with contextlib.suppress(TimeoutError):
                if query:
                    server.sendto(dns_answer(query), client)
                query = None
                query, client = server.recvfrom(512)
            assert "Ready: " not in service.log(), service.log()
    service.wait_stopped()
    service.wait_log(f"^Stopping on {number.name}: ")
    assert not complaints(service)


def test_killed(container):
    """With process 1 every process of the container ends."""
    service = container({"tcp": tcp()})
    workers = service.workers()
    os.kill(service.pid, signal.SIGKILL)
    service.process.wait(10 * SLOWNESS)
    wait_until(lambda: not any(map(is_running, workers)), "workers end")


def test_no_upgrade(container):
    """SIGUSR2 is refused: whoever replaced process 1 would end with it."""
    service = container({"tcp": tcp()})
    before = service_children(service)
    os.kill(service.pid, signal.SIGUSR2)
    service.wait_log("^warning: SIGUSR2 ignored: process 1 of a container cannot be replaced; start a new container$")
    assert service_children(service) == before
    assert greet(service.address()) == GREETING


# File systems and users

READ_ONLY = "mount -o remount,bind,ro /"


def copy_configuration(tmp_path):
    """A configuration that another user can read, in the container."""
    return f"cp {tmp_path}/container0/sockgreet.conf /mnt; chmod 644 /mnt/sockgreet.conf"


def test_any_user(container, tmp_path):
    """A user who is not in /etc/passwd serves on a read-only root, with one directory to write to."""
    inside = f"{Contained.INSIDE}/run/greet.sock"
    service = container({"tcp": tcp(), "udp": udp(), "local": unix(inside)}, uid=UID, file=True,
                        options=["-f", "-c", f"{Contained.INSIDE}/sockgreet.conf"],
                        setup=f"{copy_configuration(tmp_path)}; {READ_ONLY}")
    for pid in (service.pid, *service.workers()):
        assert status(pid)["Uid"].split() == [UID] * 4
    assert greet(service.address("tcp")) == greet(service.path("run/greet.sock")) == GREETING
    assert ask_udp(service.address("udp"))[0] == GREETING
    done = service.enter(program("SOCKGREETCTL"), "reload")
    assert done.returncode == 0, done.stderr
    assert not complaints(service)


def test_low_port(container, namespace, tmp_path):
    """Such a user serves port 17 where net.ipv4.ip_unprivileged_port_start allows it."""
    low = "echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start"
    listeners = {name: {"type": name, "address": "127.0.0.1", "port": 17} for name in ("tcp", "udp")}
    container(listeners, uid=UID, prefix=namespace.prefix, options=["-c", f"{Contained.INSIDE}/sockgreet.conf"],
              setup=f"{low}; {copy_configuration(tmp_path)}")
    for target in ("tcp://127.0.0.1:17", "udp://127.0.0.1:17"):
        assert run(*namespace.prefix, program("SOCKGREET"), target) == GREETING


def test_nothing_to_write_to(container):
    """Without a directory to write to it serves, and says that sockgreetctl will not find it."""
    service = container({"tcp": tcp()}, setup=READ_ONLY, environment={"RUNTIME_DIRECTORY": "/opt/run"})
    assert greet(service.address()) == GREETING
    service.wait_log("^warning: cannot write to /opt/run: .*; sockgreetctl will not find this process$")
    os.kill(service.pid, signal.SIGHUP)
    service.wait_log("^Reloaded: ")
    assert len(complaints(service)) == 1


def test_no_place_for_the_socket(container):
    """A Unix socket that cannot be made ends the start, with the reason."""
    service = container({"tcp": tcp(), "local": unix("/opt/run/greet.sock")}, ready=False, setup=READ_ONLY)
    service.wait_stopped(expect=EX_OSERR)
    service.wait_log(r"^error: .*/opt/run/greet\.sock.*(Read-only file system|No such file or directory)")


def test_built_in_defaults(container):
    """Without a configuration file the daemon says so, and -l serves what is wanted."""
    port = free_port()
    service = container({"tcp": {"type": "tcp", "address": "127.0.0.1", "port": port}}, file=False, uid=UID,
                        options=["-f", "-l", f"tcp://127.0.0.1:{port}"])
    assert greet(service.address()) == GREETING
    with connect(service.address()) as client:
        assert read_all(client) == GREETING
