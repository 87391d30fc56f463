# SPDX-License-Identifier: MIT
"""A sockgreetd under test: its configuration, its process, its log."""

import contextlib
import fcntl
import os
import random
import re
import signal
import socket
import subprocess

from namespaces import settings_inside
from processes import PATIENCE, SLOWNESS, children, is_running, wait_until

GREETING = b"Thank you for connecting\r\n"
PORTS = range(10000, 20000)  # below those of the benchmark, and those that the kernel gives to clients
USER = "nobody" if os.geteuid() == 0 else None

CLAIMS = "/tmp/sockgreet-test-ports"  # wherever else TMPDIR is: another user's tests may run beside these

_used_ports = set()


def _open_claims():
    """Opens the file in which each claimed port is a locked byte; the tests of all users share it."""
    umask = os.umask(0)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(CLAIMS, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666))
    os.umask(umask)
    return os.open(CLAIMS, os.O_RDWR | os.O_NOFOLLOW)


_claims = _open_claims()


def _is_free(port):
    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            try:
                with socket.socket(family, kind) as probe:
                    probe.bind((address, port))
            except OSError as error:
                if error.errno != 97:  # EAFNOSUPPORT
                    return False
    return True


def _claim(port):
    """Claims a port for as long as this process lives, among tests that run beside it; whether it could."""
    try:
        fcntl.lockf(_claims, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    return True


def free_port():
    """A port that nobody uses, for any transport and family; never the same twice."""
    for port in random.sample(PORTS, len(PORTS)):
        if port not in _used_ports and _claim(port) and _is_free(port):
            _used_ports.add(port)
            return port
    raise AssertionError("no free port")


def tcp(address="127.0.0.1", **settings):
    """A tcp listener on a free port."""
    return {"type": "tcp", "address": address, "port": free_port(), **settings}


def udp(address="127.0.0.1", **settings):
    """A udp listener on a free port."""
    return {"type": "udp", "address": address, "port": free_port(), **settings}


def unix(path, **settings):
    """A unix listener."""
    return {"type": "unix", "path": str(path), **settings}


def unix_dgram(path, **settings):
    """A unix-dgram listener."""
    return {"type": "unix-dgram", "path": str(path), **settings}


def _quote(text):
    data = text if isinstance(text, bytes) else text.encode()
    return '"' + "".join(chr(c) if 32 <= c < 127 and c not in b'"\\' else f"\\x{c:02x}" for c in data) + '"'


def render(settings, depth=0):
    """Settings as the text of a configuration file."""
    lines = []
    for key, value in settings.items():
        if isinstance(value, dict):
            value = "{\n" + render(value, depth + 1) + "  " * depth + "}"
        elif isinstance(value, bool):
            value = str(value).lower()
        elif isinstance(value, (str, bytes)):
            value = _quote(value)
        elif isinstance(value, list):
            value = "[" + ", ".join(map(_quote, value)) + "]"
        lines.append(f"{'  ' * depth}{key} = {value};\n")
    return "".join(lines)


def effective(settings):
    """Settings with what makes tests quick."""
    result = {"log": {}, "timeouts": {}, **settings}
    result["log"] = {"target": "stderr", "level": "debug", "max_per_second": 100000, "summary_interval": 0.2, **result["log"]}
    result["timeouts"] = {"linger": 5.0, "linger_total": 10.0, "send": 10.0, "drain": 2.0, **result["timeouts"]}
    if USER and "user" not in result:
        result["user"] = USER
    return result


class Service:
    """One sockgreetd. Its standard error is a file, so that nobody has to read it in time."""

    def __init__(self, program, directory, settings, *, options=(), prefix=(), stderr=None, environment=None,
                 preexec=None, pass_fds=(), file=True):
        self.settings = effective({**settings_inside(prefix), **settings})
        self.configuration = directory / "sockgreet.conf"
        self.log_file = directory / "log"
        self.runtime = directory / "run"  # RUNTIME_DIRECTORY
        self.checked = stderr is None  # whether the log can be read
        arguments = [*prefix, program]
        if file:
            self.configuration.write_text(render(self.settings))
            arguments += ["-c", str(self.configuration)]
        self.known_workers = set()
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen(
                [*arguments, *options], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, preexec_fn=preexec,
                stderr=log if stderr is None else stderr, pass_fds=pass_fds,
                env={**os.environ, "RUNTIME_DIRECTORY": str(self.runtime), **(environment or {})})

    @property
    def pid(self):
        """The master's."""
        return self.process.pid

    def address(self, name=None):
        """Where a client finds a listener: (host, port), or the path; without a name the first one."""
        listeners = self.settings["listeners"]
        listener = listeners[name or next(iter(listeners))]
        if "path" in listener:
            return listener["path"]
        host = {"": "127.0.0.1", "*": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}
        return host.get(listener["address"], listener["address"]), listener["port"]

    def log(self):
        """Everything written to standard error so far."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def lines(self):
        """The log's messages, without time stamps; not the beginning of one that is being written."""
        whole = self.log().rpartition("\n")[0]
        return [re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} ", "", line) for line in whole.splitlines()]

    def wait_log(self, pattern, timeout=PATIENCE, count=1):
        """Waits for so many lines that match, and returns the matches."""

        def look():
            found = [match for match in (re.search(pattern, line) for line in self.lines()) if match]
            return found if len(found) >= count else None

        return wait_until(look, f"{count} lines like {pattern!r} in:\n{self.log()[-3000:]}", timeout)

    def wait_ready(self):
        """Waits until every worker is serving."""

        def look():
            ended = self.process.poll()
            assert ended is None, f"sockgreetd ended with status {ended}:\n{self.log()}"
            return re.search(r" Ready: ", self.log())

        wait_until(look, "Ready")
        self.workers()
        return self

    def _counters_lines(self):
        return [line for line in self.lines() if line.startswith(("Counters: ", "debug: Counters: "))]

    def counters(self):
        """The counters, as SIGUSR1 writes them to the log."""
        before = len(self._counters_lines())
        os.kill(self.pid, signal.SIGUSR1)
        wait_until(lambda: len(self._counters_lines()) > before, "Counters")
        return _parse_counters(self._counters_lines()[-1])

    def wait_counter(self, name, value, timeout=PATIENCE):
        """Waits until a counter has at least this value, and returns all of them."""
        return wait_until(lambda: (c := self.counters())[name] >= value and c, f"{name} >= {value}", timeout)

    def wait_accounted(self):
        """Waits until the log has caught up with what was served, and returns the counters."""
        return wait_until(lambda: is_accounted(c := self.counters()) and c, "the log catches up")

    def workers(self):
        """The workers' process ids, oldest first."""
        found = children(self.pid)
        self.known_workers.update(found)
        return found

    def stop(self, number=signal.SIGTERM, timeout=PATIENCE):
        """Stops the service, which must be clean: exit 0, nobody left behind, every client accounted for."""
        self.workers()
        os.kill(self.pid, number)
        return self.wait_stopped(timeout)

    def wait_stopped(self, timeout=PATIENCE, expect=0):
        """Waits for the end after a signal, which must be clean. Returns the last counters."""
        try:
            code = self.process.wait(timeout * SLOWNESS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"not stopped within {timeout * SLOWNESS:g} s:\n{self.log()[-3000:]}") from None
        assert code == expect, f"exit code {code}:\n{self.log()[-3000:]}"
        assert not [pid for pid in self.known_workers if is_running(pid)], "workers outlived the master"
        if not self.checked or not self._counters_lines():
            return None
        assert "while stopping" not in self.log(), self.log()[-3000:]
        counters = _parse_counters(self._counters_lines()[-1])
        assert is_accounted(counters), counters
        return counters

    def cleanup(self):
        """Ends whatever is left of it."""
        with contextlib.suppress(Exception):
            self.workers()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pid in self.known_workers:
            if is_running(pid) and is_worker(pid):
                os.kill(pid, signal.SIGKILL)


def is_worker(pid):
    """Whether the process still is one of ours, and not another that got its number."""
    try:
        with open(f"/proc/{pid}/comm", encoding="ascii") as file:
            return file.read().startswith("sockgreetd")
    except OSError:
        return False


def _parse_counters(line):
    return {key: int(value) for key, value in re.findall(r"([a-z0-9_-]+)=(\d+)", line)}


def is_accounted(counters):
    """written + summarised + dropped = served, and every client taken in hand was served or lost with its worker."""
    return (counters["served"] == counters["written"] + counters["summarised"] + counters["dropped"]
            and counters["taken"] == counters["served"] + counters["abandoned"])
