# SPDX-License-Identifier: MIT
"""What an operator does to a service, and the load it is under meanwhile."""

import collections
import contextlib
import json
import multiprocessing
import os
import re
import signal
import socket
import subprocess
import time

import generator
from processes import PATIENCE, SLOWNESS, descriptors, is_running, wait_until
from service import GREETING, effective, render

LONG = os.environ.get("SOCKGREET_LONG") == "1"
EX_USAGE, EX_UNAVAILABLE, EX_OSERR, EX_CONFIG = 64, 69, 71, 78

Result = collections.namedtuple("Result", "code out err seconds")


def duration(short, full=60.0):
    """Seconds that a test takes which waits for rare accidents."""
    return full if LONG else short


def control_environment(service):
    """Where sockgreetctl finds the service."""
    return {**os.environ, "RUNTIME_DIRECTORY": str(service.runtime)}


def control(path, service, *arguments, timeout=30):
    """Runs sockgreetctl for a service."""
    started = time.monotonic()
    done = subprocess.run([path, *map(str, arguments)], env=control_environment(service), capture_output=True,
                          text=True, timeout=timeout * SLOWNESS, check=False)
    return Result(done.returncode, done.stdout, done.stderr, time.monotonic() - started)


def write_configuration(service, text):
    """Replaces the configuration file in one step."""
    new = service.configuration.with_suffix(".new")
    if isinstance(text, bytes):
        new.write_bytes(text)
    else:
        new.write_text(text)
    os.replace(new, service.configuration)


def reconfigure(service, **changes):
    """Writes a configuration with these settings changed."""
    service.settings = effective({**service.settings, **changes})
    write_configuration(service, render(service.settings))


def generation(service):
    """The number of the generation that serves, as the log says."""
    numbers = re.findall(r" Reloaded: generation (\d+) serves", service.log())
    return int(numbers[-1]) if numbers else 1


def wait_drained(service, workers, timeout=PATIENCE):
    """Waits until only so many workers are left."""
    wait_until(lambda: len(service.workers()) == workers, f"{workers} workers are left", timeout)


def ask(service, request, timeout=10.0):
    """Asks over the control socket, and returns the answer. OSError if there is nobody."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(timeout * SLOWNESS)
        client.connect(str(service.runtime / "control.sock"))
        client.sendall(request.encode() + b"\n")
        return json.loads(b"".join(iter(lambda: client.recv(65536), b"")))


def told(service, request):
    """The same, None if there is nobody."""
    with contextlib.suppress(OSError, ValueError):
        return ask(service, request)
    return None


def wait_status(service, state="serving", timeout=PATIENCE):
    """Waits until the service says over its control socket that it is in this state, and returns all it says."""
    return wait_until(lambda: (status := told(service, "status")) and status["state"] == state and status,
                      f"the state {state}", timeout)


def is_asked(service):
    """Whether the master has connections at its control socket."""
    with open(f"/proc/{service.pid}/net/unix", encoding="utf-8") as file:
        rows = [line.split() for line in file]
    connected = {f"socket:[{row[6]}]" for row in rows if row[5] == "03" and row[-1].startswith(f"{service.runtime}/control.")}
    for fd in descriptors(service.pid):
        with contextlib.suppress(FileNotFoundError):
            if os.readlink(f"/proc/{service.pid}/fd/{fd}") in connected:
                return True
    return False


def idle_descriptors(service):
    """Descriptors of a master that has done what it was at and is not asked just now. It answers between two things that
    it does, so the pid file that it writes after saying Ready is closed; and whoever has read an answer is gone before the
    master knows."""
    wait_until(lambda: told(service, "status"), "it answers")
    wait_until(lambda: not is_asked(service), "nobody asks")
    return descriptors(service.pid)


def master_resources(service):
    """What a master must not have more of after a while: descriptors, mappings, memory that is no file's."""
    held = idle_descriptors(service)
    with open(f"/proc/{service.pid}/maps", encoding="utf-8") as file:
        maps = sum(1 for _ in file)
    with open(f"/proc/{service.pid}/smaps_rollup", encoding="ascii") as file:
        anonymous = next(int(line.split()[1]) for line in file if line.startswith("Anonymous:"))
    return {"descriptors": len(held), "maps": maps, "anonymous_kb": anonymous}


class Load:
    """The load generator at work on some of a service's listeners: its clients ask again as soon as they are answered,
    or at a rate, and every answer is compared with the greeting."""

    def __init__(self, program, targets, seconds, clients=24, expected=GREETING, wait=5, rate=0):
        self.processes = {}
        for name, target in targets.items():
            command = generator.arguments(program, target, clients, seconds, wait, rate=rate, answer=expected, threads=1,
                                          pad=64)
            self.processes[name] = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def running(self):
        """Whether any generator is still at work."""
        return any(process.poll() is None for process in self.processes.values())

    def results(self):
        """Waits for the end: {name: what the generator says}."""
        return {name: generator.figures(process.communicate()[0]) for name, process in self.processes.items()}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
            process.wait()
            process.stdout.close()


def target(service, name):
    """A listener in the load generator's words."""
    kind, address = service.settings["listeners"][name]["type"], service.address(name)
    return f"{kind}:{address}" if isinstance(address, str) else f"{kind}://{address[0]}:{address[1]}"


def targets(service, *names):
    """Several of them, by name."""
    return {name: target(service, name) for name in names}


def describe(results):
    """The figures of a load in one line."""
    return "; ".join(f"{name} {r['answered']} answered ({r['per_second']:.0f}/s), {r['failures']['all']} failed, "
                     f"worst {r['latency_us']['max'] / 1e3:.0f} ms" for name, r in results.items())


def lost(results):
    """Failures of all kinds, of all listeners."""
    return sum(r["failures"]["all"] + r["unexpected"] for r in results.values())


def _probe_udp(address, pipe):
    """Asks over UDP again and again, and notes the longest time without an answer. It must not be the one that is late
    because the processors are busy."""
    with contextlib.suppress(OSError):
        os.nice(-10)
    worst, answers, last = 0.0, 0, time.monotonic()
    while not pipe.poll():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.02)
            client.connect(address)
            with contextlib.suppress(OSError):
                client.send(b"hello")
                if client.recv(4096) == GREETING:
                    answers += 1
                    now = time.monotonic()
                    worst, last = max(worst, now - last), now
        time.sleep(0.001)
    pipe.send((answers, max(worst, time.monotonic() - last)))


class UdpProbe:
    """Measures for how long at most a UDP listener is silent."""

    def __init__(self, address):
        self.pipe, there = multiprocessing.Pipe()
        fork = multiprocessing.get_context("fork")
        self.process = fork.Process(target=_probe_udp, args=(address, there), daemon=True)
        self.process.start()

    def end(self):
        """(answers, the longest silence in seconds)"""
        self.pipe.send(None)
        result = self.pipe.recv()
        self.process.join()
        return result


def kill_hard(pid):
    """kill -9, and waits until it has worked."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_running(pid), "the process dies")


def session_members(leader):
    """Processes of the session that a daemon started with setsid leads, but for the daemon itself."""
    members = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if os.getsid(int(name)) == leader and int(name) != leader and is_running(int(name)):
                members.append(int(name))
    return members
