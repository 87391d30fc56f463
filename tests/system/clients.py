# SPDX-License-Identifier: MIT
"""Clients: load over TCP, UDP and Unix sockets, and single ones that are slow on purpose."""

import socket
import threading
import time

import generator
from common import BIG, GREETING, NOBODY, UNIX_PATH, expect

TARGETS = {"tcp": "tcp://127.0.0.1:12345", "udp": "udp://127.0.0.1:12345", "unix": f"unix:{UNIX_PATH}"}
WAIT = 4.0  # seconds after which a client counts as failed


def _start(machine, name, seconds, clients, rate):
    command = generator.arguments("sockgreet", TARGETS[name], clients, seconds, WAIT, rate=round(rate), answer=GREETING,
                                  threads=1)
    return machine.popen(*command, user=NOBODY)


def _finish(machine, process, seconds):
    out, err = process.communicate(timeout=seconds + WAIT + 30)
    machine.started.remove(process)
    expect(process.returncode in (0, 1), f"the load generator ended with {process.returncode}: {err}")
    return generator.figures(out)


def full_load(machine):
    """Answers a second that all three get side by side when nothing holds them back; measured once."""
    if not machine.full_load:
        processes = {name: _start(machine, name, 2.0, 32, 0) for name in TARGETS}
        machine.full_load = {name: _finish(machine, process, 2.0)["per_second"] for name, process in processes.items()}
    return machine.full_load


class Load:
    """TCP, UDP and Unix clients, each at a fraction of what it gets at most; as another user.

    Clients start at a fixed rate whatever the service does, and their time counts from when each was due."""

    def __init__(self, machine, seconds, fraction):
        self.machine, self.seconds = machine, seconds
        rates = full_load(machine)
        self.processes = {name: _start(machine, name, seconds, 1000, rates[name] * fraction) for name in TARGETS}

    def finish(self):
        """The figures of each kind of client."""
        return {name: _finish(self.machine, process, self.seconds) for name, process in self.processes.items()}


class Tally:
    """Figures of several loads, added up."""

    def __init__(self):
        self.answered, self.failures, self.worst, self.story = {}, {}, {}, []

    def add(self, figures):
        """Adds what Load.finish() returned. Returns how many failed in it."""
        for name, one in figures.items():
            self.answered[name] = self.answered.get(name, 0) + one["answered"]
            self.worst[name] = max(self.worst.get(name, 0.0), one["latency_us"]["max"] / 1000)
            for kind, count in one["failures"].items():
                if count and kind != "all":
                    key = f"{name} {kind}"
                    self.failures[key] = self.failures.get(key, 0) + count
        return sum(one["failures"]["all"] for one in figures.values())

    def failed(self):
        """How many failed in all."""
        return sum(self.failures.values())

    def slowest(self):
        """The longest that anybody waited, in milliseconds."""
        return max(self.worst.values())

    def text(self):
        """Everything in one line."""
        kinds = ", ".join(f"{name} {count} worst {self.worst[name]:.0f} ms" for name, count in self.answered.items())
        failures = ", ".join(f"{count} {kind}" for kind, count in self.failures.items()) or "0 failed"
        return f"{kinds}; {failures}"


def connect(machine, port=12345, buffer=None, host="127.0.0.1"):
    """A TCP connection to the service."""

    def make():
        client = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        if buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        client.settimeout(10)
        client.connect((host, port))
        return client

    return machine.in_network(make)


def ask_udp(machine, host="127.0.0.1", port=12345):
    """One answer over UDP."""
    with machine.in_network(lambda: socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET,
                                                  socket.SOCK_DGRAM)) as client:
        client.settimeout(5)
        client.sendto(b"", (host, port))
        return client.recv(2048)


def read_all(client):
    """Everything up to the end of file."""
    chunks = []
    while chunk := client.recv(1 << 16):
        chunks.append(chunk)
    return b"".join(chunks)


def greet(machine, port=12345, host="127.0.0.1"):
    """One greeting over TCP."""
    with connect(machine, port, host=host) as client:
        return read_all(client)


def greeted_text(machine):
    """The usual greeting, asked for over TCP, UDP and, as another user, a Unix socket; must be right."""
    for target in ("127.0.0.1", "udp://127.0.0.1", f"unix:{UNIX_PATH}"):
        out = machine.output("sockgreet", target, user=NOBODY)
        expect(out.strip() == GREETING.strip(), f"{target} answered {out!r}")


class Holder(threading.Thread):
    """A client that is slow on purpose; finish() says what it got."""

    def __init__(self, client):
        super().__init__(daemon=True)
        self.client, self.size, self.error = client, 0, None
        self.start()

    def finish(self):
        """Bytes read up to a clean end of file; a failure is an exception."""
        self.join(30)
        expect(not self.is_alive(), f"{type(self).__name__}: still there after 30 s")
        expect(self.error is None, f"{type(self).__name__}: {self.error} after {self.size} bytes")
        return self.size

    def run(self):
        try:
            with self.client:
                self.hold()
        except OSError as error:
            self.error = error


class LingeringClient(Holder):
    """Reads its greeting and keeps the connection for a while after the end of file."""

    def __init__(self, machine, seconds=0.6):
        self.seconds = seconds
        super().__init__(connect(machine))

    def hold(self):
        self.size = len(read_all(self.client))
        time.sleep(self.seconds)

    def finish(self):
        size = super().finish()
        expect(size == len(GREETING), f"the lingering client got {size} bytes")


class SlowReader(Holder):
    """Takes about so long to read a large greeting through a small receive buffer."""

    def __init__(self, machine, seconds=0.8):
        self.pause = seconds / 50
        super().__init__(connect(machine, 12346, buffer=16384))

    def hold(self):
        while True:
            wanted = BIG // 50
            while wanted > 0:
                chunk = self.client.recv(wanted)
                if not chunk:
                    return
                expect(not chunk.strip(b"x\r\n"), "the slow reader got other bytes")
                wanted -= len(chunk)
                self.size += len(chunk)
            time.sleep(self.pause)

    def finish(self):
        size = super().finish()
        expect(size == BIG, f"the slow reader got {size} of {BIG} bytes")
