# SPDX-License-Identifier: MIT
"""A server on loopback: started, asked for its first greeting, stopped, and alone on its port."""
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import bench_journal
import bench_proc
import bench_regimes

HOST = "127.0.0.1"
GREETING = b"Thank you for connecting\r\n"
START_LIMIT = 10  # seconds until the first greeting
POLL = 0.0002     # seconds between two looks for it
PORT_FIRST, PORT_LAST = 20000, 32000  # below those that the kernel gives to clients


class Unavailable(Exception):
    """This server is not installed here."""


class Failed(Exception):
    """A server that should work did not."""


class Server:
    """One server on loopback. transport is tcp or udp; answer is None where it changes (then: any line); ports is how many
    in a row it listens on; journalled servers write to a journald that is started for them."""

    transport = "tcp"
    answer = GREETING
    ports = 1
    patience = 2   # seconds a client waits for the whole greeting and its end
    parts = {}     # {regime: what is measured in it, of bench_turns.PARTS}; a server has its turn in these regimes only
    log_mark = ""  # what entries about clients look like: a regular expression

    def __init__(self, name, build, journalled=False):
        self.name = name
        self.journalled = journalled
        self.journal = None
        self.build = build
        self.port = 0
        self.regime = None  # none: neither generator nor server is kept to any processor
        self.directory = None
        self.process = None
        self.first_greeting = None

    def command(self):
        """The arguments to execute; configuration files go into self.directory."""
        raise NotImplementedError

    def check(self):
        """Raises Unavailable if this server cannot be run here."""

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="ascii") as out:
            out.write(text)
        return path

    def target(self):
        """The first port, in the generator's words."""
        return self.target_at(self.port)

    def target_at(self, port):
        return f"{self.transport}://{HOST}:{port}"

    def all_targets(self):
        """All ports."""
        return [self.target_at(port) for port in range(self.port, self.port + self.ports)]

    def start(self, directory, port):
        """Starts it, and waits for its first greeting."""
        self.directory, self.port = directory, port
        for number in range(port, port + self.ports):
            if bench_proc.in_use(self.transport, number):
                raise Failed(f"another server holds port {number}")
        if self.journalled:
            self.journal = bench_journal.Journal()
        try:
            self.launch()
        except BaseException:
            self.stop()
            raise

    def launch(self):
        command, output = self.command(), os.path.join(self.directory, "output")
        with open(output, "wb") as out, self.log(out) as log:
            environment = None
            if self.journal:
                command, environment = self.journal.enter(command), self.journal.environment(log)
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=log, env=environment,
                                            cwd=self.directory, start_new_session=True)
        self.await_greeting(time.monotonic())  # Popen returns when the program is being executed

    def log(self, output):
        """Where standard error goes."""
        return self.journal.stream(self.name) if self.journal else open(output.name, "ab")

    def await_greeting(self, began):
        while True:
            answer = ask(self.transport, self.port)
            if answer is not None:
                self.first_greeting = time.monotonic() - began
                if not answer or (self.answer and answer != self.answer):
                    raise Failed(f"{self.name} answers {answer!r}")
                return
            if self.process.poll() is not None or time.monotonic() > began + START_LIMIT:
                with open(os.path.join(self.directory, "output"), encoding="utf-8", errors="replace") as output:
                    raise Failed(f"{self.name} does not start: {output.read()[-1000:]}")
            time.sleep(POLL)

    def stop(self):
        """Stops it and everything it started."""
        if self.process:
            self.end_tree()
            end = time.monotonic() + 5
            while bench_proc.in_use(self.transport, self.port) and time.monotonic() < end:
                time.sleep(0.01)
        if self.journal:
            self.journal.stop()
        self.process = self.journal = None

    def end_tree(self):
        pids = bench_proc.tree(self.process.pid)
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pid in pids[1:] if not bench_proc.wait_gone(pids[1:], 2) else []:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


@contextlib.contextmanager
def running(server, port, regime=None):
    """The server runs meanwhile, with a directory of its own; once it has greeted a client, on the regime's processors."""
    server.regime = regime
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        server.start(directory, port)
        try:
            if regime:
                bench_regimes.pin(server.process.pid, regime)
            yield
        finally:
            server.stop()


def program(name, package):
    """The path of a program that may only be in root's PATH."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        raise Unavailable(f"{name} is missing (apt install {package})")
    return path


def next_port(port, count=1):
    """The first of other free ports for each turn: a hundred thousand connections in TIME_WAIT make bind() on theirs take
    40 ms."""
    while True:
        port = port + 1 if port + count < PORT_LAST else PORT_FIRST
        if not any(bench_proc.in_use(transport, port + i) for i in range(count) for transport in ("tcp", "udp")):
            return port


def ask(transport, port):
    """The answer to one client; None if nobody listens yet."""
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as client:
        client.settimeout(1)
        try:
            client.connect((HOST, port))
            if transport == "udp":
                client.send(b"")
                return client.recv(2048)
            answer = b""
            while piece := client.recv(2048):
                answer += piece
            return answer
        except ConnectionRefusedError:
            return None
        except (TimeoutError, ConnectionResetError):
            return None
