# SPDX-License-Identifier: MIT
"""A listener's endpoint changes on its port or path, by reload and by restart: served as the file says, and whoever asks
where the old and the new endpoint overlap is never refused. The commonest edit there is, any address to 127.0.0.1, was
refused by reload because of the service's own socket, and took the service down for good by restart."""

import contextlib
import os
import shutil
import signal
import socket
import threading
import time

import pytest

from clients import HAS_IPV6, dgram_socket
from operations import LONG, reconfigure
from processes import SANITIZER, SLOWNESS, let_enter, wait_until
from service import free_port

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

PRIVILEGED = pytest.mark.parametrize("privileged", [
    pytest.param(True, id="root", marks=ROOT),
    pytest.param(False, id="nobody", marks=pytest.mark.skipif(bool(SANITIZER), reason="slow with a sanitizer"))])

# What a client on the loopback interface reaches, by the listener's address.
ADDRESSES = {
    "any": ({"address": ""}, {"127.0.0.1", "127.0.0.2", "::1"}),
    "v4any": ({"address": "0.0.0.0"}, {"127.0.0.1", "127.0.0.2"}),
    "v6any": ({"address": "::"}, {"::1"}),
    "loopback": ({"address": "127.0.0.1"}, {"127.0.0.1"}),
    "host": ({"address": "127.0.0.2"}, {"127.0.0.2"}),
    "interface": ({"address": "", "interface": "lo"}, {"127.0.0.1", "127.0.0.2", "::1"}),
}


class Shape:
    """One of the sixteen endpoints that a listener can have, and who reaches it."""

    def __init__(self, kind, name, settings, clients):
        self.kind, self.name, self.settings, self.clients = kind, f"{kind}-{name}", {"type": kind, **settings}, clients


def make_shapes(directory):
    """All of them, on one port, one path and one abstract name."""
    port, path = free_port(), str(directory / "greet.sock")
    shapes = []
    for kind in ("tcp", "udp"):
        for name, (settings, hosts) in ADDRESSES.items():
            more = {"shards": 2} if kind == "udp" else {"backlog": 4096}
            shapes.append(Shape(kind, name, {**settings, **more, "port": port}, {(kind, host, port) for host in hosts}))
    for kind in ("unix", "unix-dgram"):
        shapes.append(Shape(kind, "path", {"path": path}, {(kind, path)}))
        shapes.append(Shape(kind, "abstract", {"path": f"@{path}"}, {(kind, f"\0{path}")}))
    return shapes


def ask(client, timeout=5.0):
    """One greeting, or an OSError."""
    kind, *address = client
    address = tuple(address) if len(address) > 1 else address[0]
    if kind == "unix-dgram":
        made = dgram_socket()
    else:
        family = socket.AF_UNIX if kind == "unix" else socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        made = socket.socket(family, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
    with made:
        made.settimeout(timeout * SLOWNESS)
        made.connect(address)
        if kind in ("udp", "unix-dgram"):
            made.send(b"x" * 64)
            return made.recv(4096)
        answer = b""
        while data := made.recv(4096):
            answer += data
        return answer


class Asker:
    """Asks all the time at what must never refuse, and notes what went wrong."""

    def __init__(self, clients, allowed):
        self.clients, self.allowed = sorted(clients), allowed
        self.failures, self.asked = [], 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._end.is_set():
            for client in self.clients:
                began = time.monotonic()
                try:
                    answer = ask(client)
                    if answer not in self.allowed:
                        self.failures.append((client, answer))
                except OSError as error:
                    self.failures.append((client, error, f"after {time.monotonic() - began:.3f} s"))
                self.asked += 1
            time.sleep(0.0005)

    def end(self):
        """Stops asking; returns what failed."""
        self._end.set()
        self._thread.join()
        return self.failures


def is_closed(client):
    """Whether nobody answers there any more."""
    try:
        ask(client, 0.2)
    except OSError:
        return True
    return False


def every_pair(shapes):
    """A walk that goes from each shape to each, itself included."""
    walk = []
    for i, shape in enumerate(shapes):
        walk += [shape, shape]
        for other in shapes[i + 1:]:
            walk += [other, shape]
    return walk


def walks(shapes, privileged):
    """Every pair of all sixteen; where everything is slow, or only privileges matter, every pair of a kind."""
    shapes = [shape for shape in shapes if HAS_IPV6 or "v6" not in shape.name]
    if (privileged and not SANITIZER) or LONG:
        return [every_pair(shapes)]
    families = ("tcp",), ("udp",), ("unix", "unix-dgram")
    return [every_pair([shape for shape in shapes if shape.kind in kinds]) for kinds in families]


def test_every_pair_is_walked():
    """The walk leaves no pair out."""
    walk = every_pair("abcd")
    assert {a + b for a, b in zip(walk, walk[1:])} == {a + b for a in "abcd" for b in "abcd"}


def step(old, new, number, change, privileged):
    """From one shape to another, with clients that ask where both are. Without privilege a socket of an interface that is
    wanted again is still looked after by the workers of a few steps before."""
    greetings = {f"step {i}\r\n".encode() for i in range(number - (1 if privileged else 12), number + 1)}
    common = {client for client in old.clients & new.clients if old.kind == new.kind}
    asker = Asker(common, greetings) if common else None
    change(new, f"step {number}\r\n")
    where = f"step {number}: {old.name} to {new.name}"
    if asker:
        wait_until(lambda count=asker.asked: asker.asked > count + len(common), f"{where}: answers")
        failures = asker.end()
        assert not failures, f"{where}: {failures[:5]} of {asker.asked}"
    for client in new.clients:
        wait_until(lambda client=client: ask(client).decode() == f"step {number}\r\n", f"{where}: the new greeting")
    for client in old.clients - new.clients:
        wait_until(lambda client=client: is_closed(client), f"{where}: {client} is closed")


@PRIVILEGED
def test_reload(spawn, sockgreetctl, tmp_path, privileged):
    """Every pair of endpoints, by reload."""
    for number, walk in enumerate(walks(make_shapes(tmp_path), privileged)):
        directory = tmp_path / f"walk{number}"
        directory.mkdir()
        service = start(spawn, directory, walk[0], privileged)
        service.wait_ready()

        def change(shape, greeting, service=service):
            reconfigure(service, greeting=greeting, listeners={"one": shape.settings})
            result = sockgreetctl(service, "reload")
            assert result.code == 0, result

        for i, (old, new) in enumerate(zip(walk, walk[1:]), 1):
            step(old, new, i, change, privileged)
        service.stop()


def start(spawn, directory, shape, privileged, environment=None, **how):
    """A daemon with one listener of this shape."""
    directory.chmod(0o777)
    directory.parent.chmod(0o777)
    let_enter(*list(directory.parents)[1:3])
    settings = {"greeting": "step 0\r\n", "log": {"greetings": "off"}, "workers": {"processes": 1, "threads": 1}}
    prefix = list(how.pop("prefix", []))
    if os.geteuid() == 0 and not privileged:
        prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all",
                  *prefix]
    runtime = directory / "run"
    runtime.mkdir(exist_ok=True)
    if os.geteuid() == 0 and not privileged:
        os.chown(runtime, 65534, 65534)
    made = spawn({"one": shape.settings}, prefix=prefix,
                 environment={"RUNTIME_DIRECTORY": str(runtime), **(environment or {})}, **settings, **how)
    made.runtime = runtime
    return made


def successor_of(spawn, service, manager, directory, privileged):
    """The process that a restart brings: with the stored sockets and the file as it is now."""
    place, environment, copies = manager.pass_store()
    made = start(spawn, directory, Shape("tcp", "none", {}, set()), privileged, environment=environment, preexec=place,
                 file=False, options=["-c", str(service.configuration)], pass_fds=range(3, 3 + len(copies)),
                 prefix=["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh"])
    for descriptor in copies:
        os.close(descriptor)
    made.configuration = service.configuration
    return made


@pytest.mark.skipif(bool(SANITIZER), reason="slow with a sanitizer")
@PRIVILEGED
def test_restart(spawn, manager, tmp_path, privileged):
    """Every pair of endpoints, by a restart with the descriptor store."""
    os.chmod(manager.environment["NOTIFY_SOCKET"], 0o777)
    for number, walk in enumerate(walks(make_shapes(tmp_path), privileged)):
        directory = tmp_path / f"walk{number}"
        directory.mkdir()
        services = [start(spawn, directory, walk[0], privileged, manager.environment)]
        ready = manager.count("READY=1")
        manager.wait("READY=1", ready + 1)

        def change(shape, greeting, services=services, directory=directory):
            service = services[-1]
            reconfigure(service, greeting=greeting, listeners={"one": shape.settings})
            ready = manager.count("READY=1")
            service.process.send_signal(signal.SIGTERM)
            service.process.wait(10 * SLOWNESS)
            services.append(successor_of(spawn, service, manager, directory, privileged))
            services[-1].settings = service.settings
            manager.wait("READY=1", ready + 1)

        for i, (old, new) in enumerate(zip(walk, walk[1:]), 1):
            step(old, new, i, change, privileged)
            shutil.rmtree(services[-2].log_file.parent) if len(services) > 4 else None
            services[:-3] = []
        services[-1].stop()
        with contextlib.suppress(OSError):
            os.unlink(walk[0].settings.get("path", ""))
