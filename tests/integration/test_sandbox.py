# SPDX-License-Identifier: MIT
"""The sandbox of workers: what one that was taken over can do, and what is said of a sandbox that is not whole."""

import json
import os
import re
import signal

import pytest

from clients import connect, greet, read_all
from conftest import HERE, needs_root
from intruder import ABORT, SCRIBBLE, Intruder
from operations import EX_OSERR, EX_UNAVAILABLE, ask, reconfigure
from processes import SANITIZER, let_enter, status, wait_until
from service import GREETING, tcp, udp, unix_dgram

NOBODY = 65534
WHOLE = re.compile(r"seccomp, landlock \(ABI \d+\)")
confined = pytest.mark.skipif(bool(SANITIZER), reason="a build with a sanitizer has no sandbox")

# Whoever starts the service: root, whose workers become nobody, or an ordinary user.
STARTERS = [pytest.param(True, id="root", marks=needs_root), pytest.param(False, id="user")]
# What is let through: the journal's socket.
NEEDED = {"journal"}
# What every process may do that is not confined, whichever user it is.
ANYBODY = {"read", "list", "memfd", "tcp", "bind", "connect", "fastopen", "local", "netlink", "fork", "kill-other",
           "tgkill-other", "pidfd", "limit", "code", "unshare"}


@pytest.fixture
def intruder(build, tmp_path):
    """A worker that was taken over."""
    library = build("intruder.so", [HERE / "intruder.c"], "-shared", "-fPIC")
    library.parent.chmod(0o755)
    return Intruder(library, tmp_path)


@pytest.fixture
def forbid(build):
    """A prefix under which a system call fails: forbid("landlock", errno.EPERM)."""
    path = build("forbid", [HERE / "forbid.c"])
    return lambda what, error: [path, what, str(error)]


def start(daemon, tmp_path, as_root, environment, prefix=(), **settings):
    """A daemon that this user, or an ordinary one, has started; its runtime directory is its own."""
    runtime = tmp_path / "run"
    runtime.mkdir()
    if os.geteuid() == 0 and not as_root:
        let_enter(tmp_path, *list(tmp_path.parents)[:2])
        os.chown(runtime, NOBODY, NOBODY)
        prefix = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]
    service = daemon({"tcp": tcp()}, workers={"processes": 2, "threads": 1}, prefix=prefix,
                     environment={**environment, "RUNTIME_DIRECTORY": str(runtime)}, **settings)
    service.runtime = runtime
    return service


def greets(service):
    """Whether it does; a listening socket that was shut down is brought back by the master, soon."""
    try:
        return greet(service.address("tcp")) == GREETING
    except OSError:
        return False


@confined
@pytest.mark.parametrize("as_root", STARTERS)
def test_worker_that_was_taken_over(daemon, intruder, tmp_path, as_root):
    """It runs no program, opens no file or connection, and reaches no other process: not the master, not the runtime
    directory, not another worker.

    A listening socket that was shut down still connected to anybody, by sendto() with MSG_FASTOPEN."""
    service = start(daemon, tmp_path, as_root, intruder.environment)
    assert WHOLE.fullmatch(ask(service, "status")["sandbox"])
    attempts = intruder.attempts(service)
    assert len(attempts) > 25
    assert {name for name, error in attempts.items() if not error} == NEEDED
    assert {error for name, error in attempts.items() if name not in NEEDED} == {"EPERM"}
    assert not (service.runtime / "intruder").exists()
    wait_until(lambda: greets(service), "the service greets")


@confined
@pytest.mark.parametrize("as_root", STARTERS)
def test_worker_without_a_sandbox(daemon, intruder, tmp_path, as_root):
    """The same attempts without a sandbox: they can succeed, or the test above shows nothing."""
    service = start(daemon, tmp_path, as_root, intruder.environment, sandbox="off")
    assert ask(service, "status")["sandbox"] == "off"
    possible = {name for name, error in intruder.attempts(service).items() if not error}
    expected = ANYBODY | NEEDED | (set() if as_root else {"write", "unlink", "mkdir", "control", "kill-master", "tgkill-master"})
    assert expected <= possible
    assert "sandbox" not in service.log()


@confined
def test_landlock_alone(daemon, intruder, tmp_path, forbid):
    """Where seccomp cannot be had, Landlock alone keeps files, TCP and other processes from a worker."""
    service = start(daemon, tmp_path, True, intruder.environment, prefix=forbid("seccomp", 1))
    assert re.match(r"landlock \(ABI \d+\); no seccomp \(Operation not permitted: forbidden from outside",
                    ask(service, "status")["sandbox"])
    attempts = intruder.attempts(service)
    assert attempts["tcp"] == "", "seccomp is away"
    for name in ("read", "list", "write", "bind", "connect"):
        assert attempts[name] == "EACCES", name
    for name in ("ptrace", "kill-master", "kill-other", "tgkill-other"):
        assert attempts[name] == "EPERM", name


@confined
def test_abort_in_a_sandbox(daemon, intruder):
    """A worker whose own checks fail ends by the signal that says so, also from a thread, and is replaced."""
    service = daemon({"tcp": tcp()}, environment=intruder.environment, workers={"processes": 1, "threads": 1})
    intruder.order(service, ABORT)
    service.wait_log(r"killed by signal 6 \(ABRT\)")
    wait_until(lambda: greets(service), "the successor greets")


@confined
@pytest.mark.parametrize("pattern", [0xff, 0x80, 0x7f, 0, -1])
def test_scribbled_memory(daemon, intruder, sockgreetctl, pattern):
    """A worker that was taken over writes whatever it likes to all memory that it shares. The master reads nothing but
    counters there: it serves on, with other workers, says what it is asked, and reloads.

    Counters of more than 63 bits were JSON numbers that sockgreetctl could not read."""
    service = daemon({"tcp": tcp(), "udp": udp()}, environment=intruder.environment, workers={"processes": 2, "threads": 1})
    victim = intruder.order(service, SCRIBBLE, pattern)
    for command in ("status", "workers", "listeners", "counters"):
        result = sockgreetctl(service, command)
        assert result.code == 0, (command, result)
    assert ask(service, "status")["state"] == "serving"
    if victim in service.workers():
        os.kill(victim, signal.SIGKILL)
    wait_until(lambda: victim not in service.workers() and ask(service, "status")["workers"]["ready"] == 2, "a successor")
    assert sockgreetctl(service, "reload").code == 0
    wait_until(lambda: greets(service), "the new generation greets")
    os.kill(service.pid, signal.SIGTERM)
    assert service.process.wait(10) == 0


@confined
@pytest.mark.parametrize("what,error,text", [
    ("landlock", 1, r"seccomp; no landlock \(Operation not permitted: forbidden from outside, .*\)"),
    ("landlock", 38, r"seccomp; no landlock \(Function not implemented: missing in this kernel, .*\)"),
    ("landlock", 95, r"seccomp; no landlock \(Operation not supported: disabled at boot\)")])
def test_sandbox_that_is_not_whole(daemon, sockgreetctl, forbid, what, error, text):
    """What cannot be had is said once, however many workers and generations there are, and shown by the status."""
    service = daemon({"tcp": tcp()}, prefix=forbid(what, error), workers={"processes": 3})
    service.wait_log(rf"^warning: The sandbox of the workers is incomplete: {text}$")
    assert re.fullmatch(text, ask(service, "status")["sandbox"])
    shown = " ".join(sockgreetctl(service, "status").out.split())
    assert re.search(r"Sandbox " + text, shown)
    assert sockgreetctl(service, "reload").code == 0
    assert greet(service.address()) == GREETING
    assert len(re.findall("sandbox", service.log())) == 1


@confined
def test_status_of_a_whole_sandbox(daemon, sockgreetctl):
    """The status says what is in force, as text and as JSON, and the log says nothing."""
    service = daemon({"tcp": tcp()}, sandbox="strict")
    assert re.search(r"^Sandbox +" + WHOLE.pattern + "$", sockgreetctl(service, "status").out, re.M)
    assert WHOLE.fullmatch(json.loads(sockgreetctl(service, "--json", "status").out)["sandbox"])
    assert "sandbox" not in service.log()
    for worker in service.workers():
        assert status(worker)["Seccomp"] == "2"


@confined
def test_strict_start(spawn, forbid):
    """With "strict" a service whose sandbox cannot be whole does not start, and says what is missing."""
    service = spawn({"tcp": tcp()}, sandbox="strict", prefix=forbid("landlock", 1))
    service.wait_stopped(expect=EX_OSERR)
    missing = r'sandbox = "strict" cannot be met: seccomp; no landlock \(Operation not permitted: forbidden from outside'
    assert re.search(rf"error: worker \d cannot start: {missing}", service.log())
    assert re.search(rf"error: No worker could start, after 3 tries each: .*exited with status 71 .*; {missing}", service.log())
    assert " Ready: " not in service.log()
    with pytest.raises(ConnectionRefusedError):
        connect(service.address())


@confined
def test_strict_reload(daemon, sockgreetctl, forbid):
    """A reload to "strict" that cannot be kept is refused with the reason; what ran before serves on."""
    service = daemon({"tcp": tcp()}, prefix=forbid("landlock", 1))
    before = service.workers()
    reconfigure(service, sandbox="strict", greeting="new")
    result = sockgreetctl(service, "reload")
    assert result.code in (EX_OSERR, EX_UNAVAILABLE)
    assert re.search(r'sandbox = "strict" cannot be met: seccomp; no landlock \(Operation not permitted',
                     " ".join(result.err.split()))
    assert greet(service.address()) == GREETING
    wait_until(lambda: service.workers() == before, "only the old workers are left")
    status = ask(service, "status")
    assert status["generation"] == 1, "and not that of the workers that could not start"
    assert status["last_reload"]["result"] == "refused" and 'sandbox = "strict"' in status["last_reload"]["reason"]
    reconfigure(service, sandbox="off", greeting="new")
    assert sockgreetctl(service, "reload").code == 0
    wait_until(lambda: greet(service.address()) == b"new", "the new generation greets")
    assert ask(service, "status")["sandbox"] == "off"


@confined
def test_unix_datagrams_are_greeted(daemon, tmp_path):
    """Clients of unix-dgram listeners have abstract names, as the kernel chooses them: greetings reach them."""
    service = daemon({"tcp": tcp(), "local": unix_dgram(tmp_path / "d")}, sandbox="strict")
    assert greet(service.address("tcp")) == GREETING
    with open("/proc/net/unix", encoding="ascii") as file:
        assert str(tmp_path / "d") in file.read()
    assert ask_datagram(tmp_path / "d") == GREETING


def ask_datagram(path):
    """The answer that a client with a name of the kernel's choice gets."""
    import socket  # pylint: disable=import-outside-toplevel
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.bind("")
        client.sendto(b"", str(path))
        return client.recv(4096)


def test_what_this_build_has(daemon, spawn):
    """A build with a sanitizer has no sandbox and says so; "strict" refuses to start. Any other has it."""
    service = daemon({"tcp": tcp()})
    said = ask(service, "status")["sandbox"]
    assert (said == "off in this build (sanitizer)") == bool(SANITIZER), said
    strict = spawn({"tcp": tcp()}, sandbox="strict")
    if SANITIZER:
        strict.wait_stopped(expect=EX_OSERR)
    else:
        strict.wait_ready()
    with connect(service.address()) as connection:
        assert read_all(connection) == GREETING
