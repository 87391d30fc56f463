# SPDX-License-Identifier: MIT
"""Faults: bad configurations, calls that fail, a full file system, a journald that stands still."""

import concurrent.futures
import contextlib
import errno
import itertools
import os
import random
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

from clients import ask_udp, connect, greet, read_all
from fault import HANG, RELIABLE, Faults, without_core
from namespaces import mount_prefix
from operations import (EX_CONFIG, EX_OSERR, LONG, Load, control_environment, describe, duration, generation,
                        idle_descriptors, kill_hard, lost, master_resources, reconfigure, session_members, targets, wait_status,
                        write_configuration)
from processes import SANITIZER, SLOWNESS, children, descriptors, is_running, status, wait_until
from service import GREETING, render, tcp, udp, unix
from test_bad_conf import read_cases

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
PRELOADED = pytest.mark.skipif(not RELIABLE, reason="a sanitizer's functions come first")
SEED = 20
BAD = 40 if SANITIZER else 200


# Bad configurations


def mutate(text, rng):
    """A configuration with a few bytes removed, doubled, or replaced."""
    data = bytearray(text.encode())
    for _ in range(rng.randint(1, 3)):
        at, action = rng.randrange(len(data)), rng.randrange(4)
        if action == 0:
            del data[at:at + rng.randint(1, 12)]
        elif action == 1:
            data[at:at] = data[at:at + rng.randint(1, 12)]
        elif action == 2:
            data[at] = rng.choice(b"{}()[];=,\"\\\n\0#/*x9-.@$\xff")
        else:
            data[at:at] = bytes([rng.randrange(256)])
    return bytes(data)


def check(program, path):
    """What the program's check says: (exit code, errors)."""
    done = subprocess.run([program, "-t", "-c", path], capture_output=True, timeout=30, check=False)
    lines = done.stderr.decode(errors="replace").splitlines()
    return done.returncode, [line for line in lines if ": warning: " not in line]


def bad_texts(service, program, directory, candidates):
    """Those of the candidates that a check refuses, with the errors that it finds."""
    path = directory / "candidate.conf"
    for text in candidates:
        path.write_bytes(text)
        started = time.monotonic()
        code, errors = check(program, path)
        if code == EX_CONFIG and time.monotonic() - started < 0.5 * SLOWNESS:
            yield text, [error.replace(str(path), str(service.configuration)) for error in errors]


def choose_bad(service, program, directory):
    """Bad configurations, half of them mutants of a good one, the others from bad_conf/."""
    rng = random.Random(SEED)
    good = render(service.settings).replace('"127.0.0.1"', "2130706433")  # a mutant must not be a name to look up
    cases = [case.values[0].encode() for case in read_cases()]
    rng.shuffle(cases)
    mutants = (mutate(good, rng) for _ in range(10 * BAD))
    return [bad for candidates in (cases, mutants)
            for bad in itertools.islice(bad_texts(service, program, directory, candidates), BAD // 2)]


def refuse_all(service, sockgreetctl, texts):
    """Reloads with each: refused with the errors of a check, in time. Returns the longest time."""
    slowest, workers, number = 0, service.workers(), generation(service)
    for text, errors in texts:
        write_configuration(service, text)
        result = sockgreetctl(service, "reload")
        assert (result.code, result.out) == (EX_CONFIG, ""), (text, result)
        assert [line for line in result.err.splitlines() if line not in errors] == [], (text, result.err, errors)
        assert errors[0].rstrip("\n") in result.err
        slowest = max(slowest, result.seconds)
    assert slowest < 6 * SLOWNESS
    assert generation(service) == number and service.workers() == workers, "the same generation serves"
    return slowest


def test_bad_configurations(daemon, sockgreetd, sockgreetctl, load_program, figures, tmp_path):
    """200 bad configurations under load: each is refused with 78 and the reason, and the master stays as it was."""
    service = daemon({"tcp": tcp(), "udp": udp(), "local": unix(tmp_path / "s")}, log={"greetings": "off"})
    texts = choose_bad(service, sockgreetd, tmp_path)
    longest = sorted(texts, key=lambda text: sum(map(len, text[1])))[-5:]  # so that memory for them is not new later
    refuse_all(service, sockgreetctl, [*texts[::4], *longest])
    before = master_resources(service)
    with Load(load_program, targets(service, "tcp", "udp", "local"), duration(6, 20), clients=8) as load:
        slowest = refuse_all(service, sockgreetctl, texts)
        results = load.results()
    after = master_resources(service)
    with_line = sum(bool(re.match(rf"{re.escape(str(service.configuration))}:\d+: ", errors[0])) for _, errors in texts)
    figures(f"{len(texts)} bad configurations, {with_line} with file:line, refused in at most {slowest * 1e3:.0f} ms; "
            f"master {before} before, {after} after; {describe(results)}")
    assert len(texts) == BAD and with_line > BAD / 2
    assert lost(results) == 0
    assert after["descriptors"] == before["descriptors"]
    assert SANITIZER or after["maps"] == before["maps"]  # a sanitizer maps what it likes
    assert SANITIZER or after["anonymous_kb"] <= before["anonymous_kb"] + 16
    reconfigure(service)
    assert sockgreetctl(service, "reload").code == 0


def odd_files(path):
    """What can stand in the place of a configuration: (what it is, words of the error, exit code)."""
    path.mkdir()
    yield "a directory", "is a directory", EX_CONFIG
    path.rmdir()
    os.mkfifo(path)
    yield "a FIFO", "is a FIFO", EX_CONFIG
    path.unlink()
    with open(path, "wb") as file:
        file.truncate(1 << 30)
    yield "1 GiB", "is too large", EX_CONFIG
    path.unlink()
    yield "nothing", "No such file or directory", EX_CONFIG
    path.symlink_to("/proc/self/mem")
    yield "a file that cannot be read", "Input/output error", EX_OSERR
    path.unlink()
    path.symlink_to(path)
    yield "a link to itself", "Too many levels of symbolic links", EX_CONFIG
    path.unlink()
    path.symlink_to("/dev/zero")
    yield "a device", "is a device", EX_CONFIG
    path.unlink()
    path.write_bytes(bytes(range(256)) * 4000)
    yield "a megabyte of bytes", ":1: ", EX_CONFIG
    path.write_text("".join(f"a{i:x}=1;" for i in range(100000)))
    yield "what libconfig takes minutes for", "loading failed: |... and ", EX_CONFIG


def test_odd_files(daemon, sockgreetctl, figures):
    """Whatever stands in the configuration's place is refused, in time."""
    service = daemon({"tcp": tcp()})
    service.configuration.unlink()
    before, slowest = None, ("", 0)
    for what, words, code in odd_files(service.configuration):
        result = sockgreetctl(service, "reload")
        assert result.code == code and re.search(words, result.err), (what, result)
        assert result.seconds < 10 * SLOWNESS, what  # the loader is given 5 s
        assert greet(service.address()) == GREETING
        before = before or master_resources(service)
        slowest = max(slowest, (what, result.seconds), key=lambda pair: pair[1])
    after = master_resources(service)
    figures(f"slowest: {slowest[0]}, {slowest[1]:.2f} s; master {before} before, {after} after")
    assert after["descriptors"] == before["descriptors"]
    assert SANITIZER or after["maps"] == before["maps"]  # a sanitizer maps what it likes
    assert SANITIZER or after["anonymous_kb"] <= before["anonymous_kb"] + 16


@ROOT
def test_unreadable(daemon, sockgreetctl):
    """A file that the master must not read: 78, and why."""
    service = daemon({"tcp": tcp()}, prefix=["setpriv", "--bounding-set", "-dac_override,-dac_read_search"])
    os.chown(service.configuration, 1, 1)
    service.configuration.chmod(0o600)
    result = sockgreetctl(service, "reload")
    assert result.code == EX_CONFIG and result.err.endswith("sockgreet.conf: cannot be opened: Permission denied\n")
    assert greet(service.address()) == GREETING


def is_greeted(service):
    """Whether a client is."""
    try:
        return greet(service.address("tcp")) == GREETING
    except OSError:
        return False


def test_edited_meanwhile(daemon, sockgreetctl, figures):
    """A file that is written over and over, piece by piece, gives a good configuration or a refusal, and no third."""
    service = daemon({"tcp": tcp(), "udp": udp()})
    text, stop = render(service.settings), threading.Event()

    def edit():
        for new in itertools.cycle(("{" * len(text), text)):
            with open(service.configuration, "r+", encoding="utf-8") as file:
                for start in range(0, len(text), 20):
                    file.write(new[start:start + 20])
                    file.flush()
                    if stop.wait(0.0005):
                        return

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        editor = pool.submit(edit)
        end, codes, greeted = time.monotonic() + duration(2, 20), [], []
        while time.monotonic() < end or (EX_CONFIG not in codes and time.monotonic() < end + 20 * SLOWNESS):
            codes.append(sockgreetctl(service, "reload").code)
            greeted.append(is_greeted(service))
        stop.set()
        editor.result()
    assert all(greeted)
    figures(f"{codes.count(0)} accepted, {codes.count(EX_CONFIG)} refused")
    assert set(codes) <= {0, EX_CONFIG} and codes.count(EX_CONFIG) > 0


def full_directory(tmp_path):
    """A runtime directory on a file system of its own, for the daemon alone: a command prefix."""
    run = tmp_path / "daemon0" / "run"
    return mount_prefix('mkdir -p "$1"; mount -t tmpfs -o size=64k none "$1"', str(run))


def fill(service):
    """Fills it. Returns what empties it again."""
    path = f"/proc/{service.pid}/root{service.runtime}/filler"
    with open(path, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass
    return lambda: os.unlink(path)


def control_inside(service, *arguments):
    """sockgreetctl in the daemon's mount namespace: (code, errors, seconds)."""
    command = ["nsenter", "--target", str(service.pid), "--mount", os.environ["SOCKGREETCTL"], *arguments]
    started = time.monotonic()
    done = subprocess.run(command, env={**os.environ, "RUNTIME_DIRECTORY": str(service.runtime)}, capture_output=True,
                          text=True, timeout=90, check=False)
    return done.returncode, done.stderr, time.monotonic() - started


@ROOT
@pytest.mark.parametrize("text, code", [("greting = 3;\n", EX_CONFIG), (None, 0)], ids=["bad file", "good file"])
def test_full_runtime_directory(daemon, figures, tmp_path, text, code):
    """Without room in the runtime directory a reload works or is refused as ever, and sockgreetctl says so in time."""
    service = daemon({"tcp": tcp()}, prefix=full_directory(tmp_path))
    assert control_inside(service, "reload")[0] == 0
    empty = fill(service)
    good = service.configuration.read_text()
    write_configuration(service, text or good)
    result = control_inside(service, "-w", "10", "reload")
    figures(f"code {result[0]} after {result[2]:.2f} s: {result[1].strip()}")
    assert greet(service.address()) == GREETING
    assert result[0] in (code, EX_OSERR) and result[2] < 9  # and not only when -w ends it
    empty()
    write_configuration(service, good)
    assert control_inside(service, "reload")[0] == 0


# Calls that fail

FUNCTIONS = ["malloc", "calloc", "fork", "socket", "bind", "listen", "setsockopt", "epoll_create1", "epoll_ctl",
             "pipe2", "signalfd", "eventfd", "pthread_create", "sendmsg", "mmap"]
MANY = ("malloc", "calloc", "mmap", "setsockopt", "epoll_ctl")  # calls of these
ERRORS = {"fork": errno.EAGAIN, "pthread_create": errno.EAGAIN, "socket": errno.EMFILE, "pipe2": errno.EMFILE,
          "signalfd": errno.EMFILE, "eventfd": errno.EMFILE, "epoll_create1": errno.EMFILE,
          "bind": errno.EADDRNOTAVAIL, "sendmsg": errno.ENOBUFS}


def numbers(function):
    """Which calls fail: each, or, if there are many and time is short, ever fewer of the later ones."""
    number = 1
    while True:
        yield number
        step = 1 if LONG else max(1, number // 6)
        number += step if function in MANY else 1


def listeners_for(directory):
    """One listener of each kind of client."""
    return {"tcp": tcp(), "udp": udp(shards=2), "local": unix(directory / "s")}


def is_served(service):
    """Whether every kind of client is greeted."""
    try:
        return (greet(service.address("tcp")) == greet(service.address("local")) == GREETING
                and ask_udp(service.address("udp"))[0] == GREETING)
    except OSError:
        return False


def outcome_of_start(service):
    """Waits until the daemon has ended with an error or greets: its exit code, or 0 if it greets."""

    wait_until(lambda: service.process.poll() is not None or " Ready: " in service.log(), "Ready, or an end")
    return service.process.poll() or 0


def judge_start(service, what, is_kept):
    """A start with a fault: a clear error, or a working service that ends cleanly. Then nobody is left."""
    code = outcome_of_start(service)
    if code == 0:
        assert is_served(service), f"{what}: it is ready and does not greet:\n{service.log()}"
        service.process.send_signal(signal.SIGTERM)
        code = service.process.wait(20)
        assert code == 0, f"{what}: exit code {code}:\n{service.log()}"
        result = "served"
    else:
        assert code in (EX_OSERR, EX_CONFIG), f"{what}: exit code {code}:\n{service.log()}"
        assert service.log().strip(), f"{what}: no message, exit code {code}"
        result = "refused"
    wait_until(lambda: not session_members(service.pid), f"{what}: nobody is left")
    assert is_kept or not os.path.exists(service.address("local")), f"{what}: the socket file is left"
    return result


def start_with_fault(spawn_here, library, directory, function, number):
    """One start whose number-th call fails: (served or refused, whether the call was reached)."""
    directory.mkdir()
    directory.chmod(0o755)
    faults = Faults(library, directory)
    faults.arm(function, number, ERRORS.get(function, errno.ENOMEM))
    service = spawn_here(listeners_for(directory), directory, {**faults.environment})
    try:
        result = judge_start(service, f"call {number} of {function}", function == "sendmsg")
    finally:
        if service.process.poll() is None:
            service.process.kill()
            service.process.wait()
        for pid in session_members(service.pid):
            os.kill(pid, signal.SIGKILL)
    return result, faults.hits() > 0


@PRELOADED
@pytest.mark.parametrize("function", FUNCTIONS)
def test_start_with_a_call_that_fails(spawn, fault_library, manager, figures, tmp_path, function):
    """The N-th call fails at the start, N = 1, 2, 3 … until none does: an error or a working service, nothing else."""

    def spawn_here(listeners, directory, environment):
        environment["RUNTIME_DIRECTORY"] = str(directory / "run")
        if function == "sendmsg":  # only the service manager is talked to so; it keeps sockets and their paths
            environment.update(manager.environment)
        return spawn(listeners, environment=environment, preexec=without_core,
                     workers={"processes": 2, "threads": 1})

    outcomes, clean, largest = [], 0, 0
    for number in numbers(function):
        result, hit = start_with_fault(spawn_here, fault_library, tmp_path / f"start{number}", function, number)
        outcomes.append(result)
        clean = 0 if hit else clean + 1
        largest = number if hit else largest
        if clean:
            break
    figures(f"start, {function}: {len(outcomes) - clean} calls failed, up to number {largest}: "
            f"served {outcomes.count('served') - clean}, refused {outcomes.count('refused')}")
    assert largest > 0, "it was never called"


def settle(service, fds):
    """Waits until old generations have gone, and their descriptors."""
    wait_until(lambda: len(service.workers()) == 2, "two workers are left")
    wait_until(lambda: len(descriptors(service.pid)) == fds, f"{fds} descriptors are left")


@PRELOADED
@pytest.mark.parametrize("function", FUNCTIONS)
def test_reload_with_a_call_that_fails(daemon, faults, manager, sockgreetctl, figures, tmp_path, function):
    """The N-th call fails in a reload: it works, or is refused with the reason; no descriptor, no process is left."""
    told = manager.environment if function == "sendmsg" else {}
    service = daemon(listeners_for(tmp_path), environment={**told, **faults.environment}, preexec=without_core,
                     workers={"processes": 2, "threads": 1}, supervision={"heartbeat": 30})
    extra = {**service.settings["listeners"], "extra": tcp(), "more": unix(tmp_path / "more")}
    plain, codes, largest = service.settings["listeners"], [], 0
    fds = len(idle_descriptors(service))
    for number in numbers(function):
        reconfigure(service, listeners=extra)
        faults.arm(function, number, ERRORS.get(function, errno.ENOMEM))
        result = sockgreetctl(service, "-w", "15", "reload")
        hit = faults.hits() > 0
        faults.disarm()
        assert result.code in (0, EX_OSERR, EX_CONFIG), (number, result)
        assert result.code == 0 or result.err.strip(), f"call {number}: refused without a reason"
        reconfigure(service, listeners=plain)
        assert is_served(service), f"call {number}: no greeting after code {result.code}"
        assert sockgreetctl(service, "reload").code == 0
        settle(service, fds)
        if not hit:
            break
        codes.append(result.code)
        largest = number
    figures(f"reload, {function}: {len(codes)} calls failed, up to number {largest}: {codes.count(0)} reloads worked, "
            f"{codes.count(EX_OSERR)} were refused with 71, {codes.count(EX_CONFIG)} with 78")
    assert largest > 0 or function in ("signalfd", "pipe2"), "it was never called"
    service.stop()
    wait_until(lambda: not session_members(service.pid), "nobody is left")


@PRELOADED
@pytest.mark.parametrize("function", ["fork", "pipe2"])
def test_upgrade_with_a_call_that_fails(daemon, faults, function):
    """An upgrade that cannot be started is reported, and leaves no descriptor."""
    service = daemon({"tcp": tcp()}, environment=faults.environment, preexec=without_core)
    fds = idle_descriptors(service)
    faults.arm(function, 1, ERRORS[function])
    os.kill(service.pid, signal.SIGUSR2)
    service.wait_log("^error: cannot upgrade: ")
    assert idle_descriptors(service) == fds
    assert greet(service.address()) == GREETING


@PRELOADED
def test_new_generation_that_hangs(daemon, faults, sockgreetctl, figures):
    """Workers that never get ready: refused after ten seconds, and the old generation serves."""
    service = daemon({"tcp": tcp()}, environment=faults.environment, preexec=without_core)
    workers = service.workers()
    faults.arm("pthread_create", action=HANG, again=True)
    result = sockgreetctl(service, "reload")
    figures(f"{result.seconds:.1f} s: {result.err.strip()}")
    assert result.code == EX_OSERR and "not ready within 10 s" in result.err
    faults.disarm()
    wait_until(lambda: service.workers() == workers, "the new workers are gone")
    assert greet(service.address()) == GREETING


def start_stopped_loader(service):
    """Begins a reload whose loader takes long, and stops it. Returns its process id and who asks."""
    write_configuration(service, "".join(f"a{number:x}=1;" for number in range(90000)))
    workers = set(service.workers())
    asking = subprocess.Popen([os.environ["SOCKGREETCTL"], "-w", "60", "reload"], env=control_environment(service),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    loader = wait_until(lambda: set(children(service.pid)) - workers, "the loader").pop()
    wait_until(lambda: status(loader)["NoNewPrivs"] == "1", "it is about to read the file")
    os.kill(loader, signal.SIGSTOP)
    return loader, asking


@PRELOADED
def test_loader_that_cannot_be_killed(daemon, faults, sockgreetctl, figures):
    """A process that waits for a hung file system does not die of SIGKILL. The master waited for it for ever: no
    worker was replaced, and it did not end. Now it is left behind, and reloads are refused until it is gone."""
    service = daemon({"tcp": tcp()}, environment=faults.environment, preexec=without_core)
    good = service.configuration.read_bytes()
    loader, asking = start_stopped_loader(service)
    try:
        faults.arm("kill", error=errno.EPERM, again=True)  # as good as a SIGKILL that has no effect
        started = time.monotonic()
        _, words = asking.communicate(timeout=20)
        figures(f"answered after {time.monotonic() - started:.1f} s")
        assert asking.returncode == EX_OSERR and "; its process cannot be killed" in words
        faults.disarm()
        write_configuration(service, good)
        refused = sockgreetctl(service, "reload")
        assert refused.code == EX_OSERR and f"process {loader} of an earlier reload" in refused.err
        victim = next(pid for pid in service.workers() if pid != loader)
        os.kill(victim, signal.SIGKILL)
        service.wait_log(rf"\(pid {victim}\) killed by signal 9 \(KILL\): ")
        assert greet(service.address()) == GREETING
    finally:
        os.kill(loader, signal.SIGKILL)
    wait_until(lambda: sockgreetctl(service, "reload").code == 0, "it is gone, and reloads work")
    service.stop()


@ROOT
def test_loader_has_no_capabilities(daemon):
    """The parser runs without capabilities, but for the one to read; and it cannot get others."""
    service = daemon({"tcp": tcp()})
    loader, asking = start_stopped_loader(service)
    try:
        said = status(loader)
        assert int(said["CapEff"], 16) == int(said["CapPrm"], 16) == 1 << 2  # CAP_DAC_READ_SEARCH
        assert (int(said["CapInh"], 16), int(said["CapAmb"], 16), said["NoNewPrivs"]) == (0, 0, "1")
    finally:
        os.kill(loader, signal.SIGKILL)
    assert asking.communicate(timeout=20)[1].count("killed by signal 9 (KILL)") == 1
    service.known_workers.discard(loader)
    service.stop()


@PRELOADED
def test_stop_beside_a_loader_that_cannot_be_killed(daemon, faults):
    """SIGTERM ends the service at once, whatever the loader does."""
    service = daemon({"tcp": tcp()}, environment=faults.environment, preexec=without_core)
    loader, asking = start_stopped_loader(service)
    service.known_workers.discard(loader)
    try:
        faults.arm("kill", 1, errno.EPERM)  # those after it tell the workers
        service.process.send_signal(signal.SIGTERM)
        service.wait_stopped(timeout=3)
        assert asking.communicate(timeout=5)[1] == "the service is stopping\n"
        assert asking.returncode == EX_OSERR
    finally:
        with contextlib.suppress(ProcessLookupError):  # it ends with the master
            os.kill(loader, signal.SIGKILL)


# A journald that stands still


@pytest.fixture(name="stuck")
def fixture_stuck(journal):
    """A journald whose queue is full and that nobody reads."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        sender.connect(str(journal.directory / "socket"))
        with contextlib.suppress(BlockingIOError):
            while True:
                sender.send(b"MESSAGE=full\n")
    return journal


def start_stuck(spawn, stuck, directory, **settings):
    """A daemon that logs there."""
    service = spawn({"tcp": tcp(), "udp": udp(), "local": unix(directory / "s")}, prefix=stuck.prefix,
                    log={"target": "journal", "greetings": "each"}, **settings)
    wait_status(service)
    wait_until(lambda: len(service.workers()) == 2, "workers")
    return service


def test_greeting_and_reload_without_journald(spawn, stuck, load_program, sockgreetctl, figures, tmp_path):
    """With journald stopped clients are greeted and reloads work as if it ran."""
    service = start_stuck(spawn, stuck, tmp_path)
    with Load(load_program, targets(service, "tcp", "udp", "local"), 2.5) as load:
        slowest = max(sockgreetctl(service, "reload").seconds for _ in range(3))
        results = load.results()
    result = sockgreetctl(service, "reload")
    figures(f"{describe(results)}; slowest reload {slowest * 1e3:.0f} ms")
    assert lost(results) == 0 and result.code == 0, result
    assert slowest < 3 * SLOWNESS  # whoever waits for journald waits for ever
    write_configuration(service, "greting = 3;\n")
    assert sockgreetctl(service, "reload").code == EX_CONFIG
    service.checked = False
    service.stop()


def test_death_of_a_worker_without_journald(spawn, stuck, figures, tmp_path):
    """With journald stopped a killed worker is replaced at once, again and again."""
    service = start_stuck(spawn, stuck, tmp_path)
    time.sleep(1.1)
    worst = 0
    for _ in range(20):
        victim = service.workers()[0]
        kill_hard(victim)
        started = time.monotonic()
        wait_until(lambda victim=victim: len(set(service.workers()) - {victim}) == 2, "a successor")
        worst = max(worst, time.monotonic() - started)
        assert greet(service.address("tcp")) == GREETING
        time.sleep(0.05)
    figures(f"20 workers killed, each replaced within {worst * 1e3:.0f} ms")
    assert worst < 2 * SLOWNESS  # whoever is not replaced at once waits for up to 10 s in the end
    service.checked = False
    service.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT])
def test_end_without_journald(spawn, stuck, figures, tmp_path, number):
    """With journald stopped the service ends in time, with code 0, and clients who are there are greeted."""
    service = start_stuck(spawn, stuck, tmp_path, timeouts={"drain": 60})
    for _ in range(50):
        assert greet(service.address("tcp")) == GREETING
    client = connect(service.address("tcp"))
    service.process.send_signal(number)
    started = time.monotonic()
    service.checked = False
    if number == signal.SIGTERM:
        assert read_all(client) == GREETING
    client.close()
    service.wait_stopped()
    figures(f"ended {time.monotonic() - started:.2f} s after {number.name}")
    assert time.monotonic() - started < 5 * SLOWNESS
    assert not [pid for pid in service.known_workers if is_running(pid)]
