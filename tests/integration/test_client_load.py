# SPDX-License-Identifier: MIT
"""sockgreet --load: over every transport against sockgreetd, and against servers that stall, refuse, cut and lie."""

import contextlib
import fcntl
import json
import os
import pty
import re
import resource
import signal
import socket
import struct
import subprocess
import termios
import threading
import time
import xml.etree.ElementTree

import pytest

from client_events import read_event
from clients import reset
from operations import targets
from processes import PATIENCE, wait_until
from service import GREETING, free_port, tcp, udp, unix, unix_dgram

CLIENT = os.environ.get("SOCKGREET", "sockgreet")
ESCAPED = r"Thank you for connecting\r\n"
HOST = "127.0.0.1"
TRANSPORTS = ("tcp", "udp", "unix", "dgram")


def load(*arguments, **options):
    """Runs a load to its end."""
    return subprocess.run([CLIENT, "--load", *map(str, arguments)], capture_output=True, text=True, timeout=PATIENCE * 4,
                          check=False, **options)


def result(*arguments, expect=0, **options):
    """What a load says in JSON."""
    done = load("-j", *arguments, **options)
    assert done.returncode == expect, (done.stdout, done.stderr)
    line, = done.stdout.splitlines()
    return read_event(line)


@contextlib.contextmanager
def running(*arguments):
    """A load that runs meanwhile, and that SIGINT interrupts even if whoever runs the tests ignores it."""
    client = subprocess.Popen([CLIENT, "--load", *map(str, arguments)], stdout=subprocess.PIPE, text=True,
                              preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    try:
        yield client
    finally:
        client.kill()
        client.communicate()


@pytest.fixture
def service(daemon, tmp_path):
    return daemon({"tcp": tcp(), "udp": udp(), "unix": unix(tmp_path / "greet.sock"),
                   "dgram": unix_dgram(tmp_path / "dgram.sock")})


def one(service, name):
    return targets(service, name)[name]


@contextlib.contextmanager
def serving(serve, backlog=128, address=None):
    """A server of streams that gives each connection to serve(), one after the other. Yields the target."""
    server = socket.socket(socket.AF_UNIX if address else socket.AF_INET)
    server.bind(address or (HOST, free_port()))
    server.listen(backlog)

    def run():
        with contextlib.suppress(OSError):
            while True:
                serve(server.accept()[0])

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield f"unix:{address}" if address else f"{HOST}:{server.getsockname()[1]}"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
        server.close()


def say(greeting):
    def serve(connection):
        with connection:
            connection.sendall(greeting)

    return serve


# What is asked, and how often


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_closed_loop_over_every_transport(service, transport):
    """So many requests, every one answered with the greeting, and the server has counted as many: none beside them."""
    found = result("-c", 300, "--greeting", ESCAPED, one(service, transport))
    assert (found["schema"], found["event"], found["loop"], found["connections"]) == (1, "load", "closed", 16)
    assert (found["requests"], found["answered"], found["errors"], found["errors_by_class"]) == (300, 300, 0, {})
    assert (found["outstanding"], found["unexpected"], found["interrupted"]) == (0, 0, False)
    service.wait_counter("served", 300)
    latency = found["latency_ms"]
    assert 0 < latency["min"] <= latency["p50"] <= latency["p90"] <= latency["p99"] <= latency["p99.9"]
    assert latency["p99.9"] <= latency["p99.99"] <= latency["max"] and latency["min"] <= latency["avg"] <= latency["max"]
    assert sum(row["answers"] for row in found["histogram"]) == 300
    assert found["rate"] == pytest.approx(300 / found["seconds"], rel=1e-6)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_rate_is_held_over_every_transport(service, transport):
    found = result("--rate", 500, "--duration", "0.8s", "--greeting", ESCAPED, one(service, transport))
    assert (found["loop"], found["rate_wanted"]) == ("open", 500)
    assert found["requests"] + found["missed"] == 400
    assert (found["answered"], found["errors"]) == (found["requests"], 0)
    assert found["seconds"] >= 0.8


@pytest.mark.parametrize("rate, threads, duration, count", [(1, 1, "10ms", 1), (333, 3, "100ms", 34), (100, 4, "95ms", 10)])
def test_rate_is_shared_by_threads(service, rate, threads, duration, count):
    found = result("--rate", rate, "--threads", threads, "--duration", duration, one(service, "udp"))
    assert (found["client"]["threads"], found["requests"] + found["missed"]) == (threads, count)


def test_duration_ends_a_closed_loop(service):
    found = result("--duration", "300ms", "--connections", 2, one(service, "tcp"))
    assert found["seconds"] >= 0.3 and found["answered"] == found["requests"] > 2


def test_a_stall_is_seen_by_all_who_were_due_in_it():
    """A server that stops for half a second delays the 50 requests that are due meanwhile, though only one can be under way:
    latency counts from when each was due (coordinated omission)."""
    clients = []

    def stall_once(connection):
        clients.append(None)
        if len(clients) == 20:
            time.sleep(0.5)
        say(GREETING)(connection)

    with serving(stall_once) as target:
        found = result("--rate", 100, "--connections", 1, "--duration", "1s", target)
    assert found["requests"] + found["missed"] == 100 and found["errors"] == 0
    assert sum(row["answers"] for row in found["histogram"] if row["from_ms"] >= 100) >= 35
    assert found["late"] >= 35


def test_several_targets_are_asked_in_turn():
    counts = [0, 0]

    def counter(i):
        def serve(connection):
            counts[i] += 1
            say(GREETING)(connection)

        return serve

    with serving(counter(0)) as first, serving(counter(1)) as second:
        found = result("-c", 40, first, second)
    assert counts == [20, 20]
    assert [entry["address"] for entry in found["targets"]] == [first, second]


def test_name_with_an_address_that_nobody_listens_on():
    """The first address that can be connected to is the one that is asked."""
    with serving(say(GREETING)) as target:
        port = target.rpartition(":")[2]
        found = result("-c", 5, f"localhost:{port}")
    assert (found["answered"], found["targets"][0]["address"]) == (5, target)


def test_sources_take_turns():
    sources = []

    def note(connection):
        sources.append(connection.getpeername()[0])
        say(GREETING)(connection)

    with serving(note) as target:
        result("-c", 8, "--sources", 4, "--threads", 1, target)
    assert sorted(sources) == sorted(2 * ["127.1.0.1", "127.1.1.1", "127.1.2.1", "127.1.3.1"])


def test_source_is_used(service):
    assert result("-c", 5, "-I", "127.3.3.3", one(service, "tcp"))["answered"] == 5
    service.wait_log(r"127\.3\.3\.3:")


def test_message_is_sent_before_the_greeting_is_read():
    heard = []

    def listen(connection):
        with connection:
            heard.append(connection.recv(1000, socket.MSG_WAITALL))
            connection.sendall(GREETING)

    with serving(listen) as target:
        assert result("-c", 3, "--send", 1000 * "x", "--greeting", ESCAPED, target)["answered"] == 3
    assert heard == [1000 * b"x"] * 3


def test_pad_is_the_size_of_a_datagram():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((HOST, free_port()))
        server.settimeout(PATIENCE)
        port = server.getsockname()[1]
        with subprocess.Popen([CLIENT, "--load", "-q", "-c", "1", "--pad", "77", f"udp://{HOST}:{port}"],
                              stdout=subprocess.DEVNULL) as client:
            data, peer = server.recvfrom(2000)
            server.sendto(GREETING, peer)
            assert client.wait(PATIENCE) == 0
    assert data == bytes(77)


# What goes wrong


@pytest.mark.parametrize("target", ["tcp://{host}:{port}", "udp://{host}:{port}", "unix:{path}", "unix-dgram:{path}"])
def test_refused(tmp_path, target):
    target = target.format(host=HOST, port=free_port(), path=tmp_path / "nobody")
    done = load("-j", "-c", 20, "-W", "2s", target)
    assert done.returncode == 1
    if target.startswith("unix-dgram"):  # there is nothing to ask
        assert done.stdout == ""
        assert done.stderr == f"sockgreet: {tmp_path}/nobody unix-dgram: REFUSED: no such file or directory\n"
    else:
        found = json.loads(done.stdout)
        assert (found["answered"], found["errors_by_class"], found["latency_ms"]) == (0, {"REFUSED": 20}, None)


@pytest.mark.parametrize("kind", ["tcp", "udp", "unix", "unix-dgram"])
def test_timeout(tmp_path, kind):
    """Listening sockets that nobody serves."""
    family = socket.AF_UNIX if kind.startswith("unix") else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM if kind in ("tcp", "unix") else socket.SOCK_DGRAM) as silent:
        address = str(tmp_path / "silent") if family == socket.AF_UNIX else (HOST, free_port())
        silent.bind(address)
        if silent.type == socket.SOCK_STREAM:
            silent.listen()
        target = f"{kind}:{address}" if family == socket.AF_UNIX else f"{kind}://{HOST}:{address[1]}"
        found = result("-c", 12, "--connections", 4, "-W", "100ms", target, expect=1)
    assert (found["requests"], found["answered"], found["errors_by_class"]) == (12, 0, {"TIMEOUT": 12})
    assert found["seconds"] >= 0.3


@pytest.mark.parametrize("serve, word", [
    (reset, "RESET"),
    (lambda connection: connection.close(), "SHORT"),
    (say(GREETING[:-1]), "SHORT"),
    (say(GREETING + b"!"), "WRONG"),
    (say(GREETING.replace(b"y", b"t")), "WRONG"),
], ids=["reset", "nothing", "short", "more", "other"])
def test_answers_that_are_none(serve, word):
    with serving(serve) as target:
        found = result("-c", 20, "--greeting", ESCAPED, target, expect=1)
    assert (found["answered"], found["errors_by_class"]) == (0, {word: 20})


def test_without_an_expected_greeting_anything_counts_but_nothing():
    with serving(say(b"x")) as target:
        assert result("-c", 5, target)["answered"] == 5
    with serving(lambda connection: connection.close()) as target:
        assert result("-c", 5, target, expect=1)["errors_by_class"] == {"OTHER": 5}


def test_full_queue_of_a_unix_socket_is_waited_for(tmp_path):
    """Where a blocking client would wait; TCP tries again by itself."""
    def slow(connection):
        time.sleep(0.002)
        say(GREETING)(connection)

    with serving(slow, backlog=0, address=str(tmp_path / "narrow")) as target:
        found = result("-c", 60, "--connections", 20, target)
    assert (found["answered"], found["errors"]) == (60, 0)


def test_answers_that_come_too_late_are_not_counted_for_others():
    """A request that timed out has taken its socket with it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((HOST, free_port()))
        server.settimeout(PATIENCE)
        target = f"udp://{HOST}:{server.getsockname()[1]}"
        for _ in range(3):  # the kernel gives the second one the port of the first one in one of 28000 cases
            with running("-j", "-c", 2, "--connections", 1, "-W", "2s", target) as client:
                late = server.recvfrom(2000)[1]
                again = server.recvfrom(2000)[1]
                server.sendto(GREETING, late)
                found = json.loads(client.communicate(timeout=PATIENCE)[0])
            if late != again:
                break
    assert late != again
    assert (found["requests"], found["answered"], found["errors_by_class"]) == (2, 0, {"TIMEOUT": 2})


def test_unreachable_is_told_from_silent(namespace):
    """An address that nobody has, on a network of its own: over UDP the report of the kernel ends the request."""
    namespace.run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1")
    namespace.run("ip", "addr", "add", "10.99.0.1/24", "dev", "v0")
    namespace.run("ip", "link", "set", "v0", "up")
    namespace.run("ip", "link", "set", "v1", "up")
    done = subprocess.run([*namespace.prefix, CLIENT, "--load", "-j", "-c", "3", "-W", "10s", "udp://10.99.0.9"],
                          capture_output=True, text=True, timeout=PATIENCE * 4, check=False)
    assert done.returncode == 1
    assert json.loads(done.stdout)["errors_by_class"] == {"UNREACHABLE": 3}


def test_ports_that_are_used_up_are_our_own_fault(namespace):
    """Connections that the client closes first keep their ports; the kernel has 5 to give."""
    namespace.run("sysctl", "-qw", "net.ipv4.ip_local_port_range=30000 30004")
    program = ("import socket\nserver = socket.create_server(('127.0.0.1', 2000))\nprint(flush=True)\n"
               "held = []\nwhile True: held.append(server.accept())\n")
    with subprocess.Popen([*namespace.prefix, "python3", "-c", program], stdout=subprocess.PIPE) as server:
        server.stdout.readline()
        done = subprocess.run([*namespace.prefix, CLIENT, "--load", "-c", "20", "--connections", "10", "-W", "300ms",
                               f"{HOST}:2000"], capture_output=True, text=True, timeout=PATIENCE * 4, check=False)
        server.kill()
    assert done.returncode == 1
    assert re.search(r"^20 errors \(100 %\): \d+ TIMEOUT, \d+ LOCAL$", done.stdout, re.M), done.stdout
    assert "LOCAL: cannot assign requested address" in done.stdout


# Limits


def test_limits_that_are_kept(service):
    done = load("-q", "-c", 50, "--fail", "errors<1%", "--fail", "answered>=50", "--fail", "p99<60s", "--fail", "rate>0",
                one(service, "tcp"))
    assert (done.returncode, done.stderr) == (0, "")


def test_limits_that_are_broken_are_named(service):
    done = load("-q", "-c", 50, "--fail", "p99.9<1us", "--fail", "answered>=50", "--fail", "requests<50", one(service, "tcp"))
    assert done.returncode == 1
    assert re.fullmatch(r"limit not met: p99.9<1us: [\d.]+ ms\nlimit not met: requests<50: 50\n", done.stderr)


def test_limits_in_json(service):
    found = result("-c", 50, "--fail", "p50<1us", "--fail", "errors<=0%", one(service, "tcp"), expect=1)
    assert [(limit["limit"], limit["kept"]) for limit in found["limits"]] == [("p50<1us", False), ("errors<=0%", True)]
    assert found["limits"][0]["value"] == found["latency_ms"]["p50"] and found["limits"][1]["value"] == 0


def test_limits_where_nothing_is_answered():
    done = load("-q", "-c", 5, "--fail", "p99<1s", f"{HOST}:{free_port()}")
    assert (done.returncode, done.stderr) == (1, "limit not met: p99<1s: no answers\n")


# What is printed


def test_text(service):
    target = one(service, "tcp")
    done = load("-c", 100, "--threads", 1, target, env=dict(os.environ, LC_ALL="C.UTF-8"))
    lines = done.stdout.splitlines()
    assert lines[:3] == [f"LOAD {target}", "closed loop: 16 connections, 1 thread, 100 requests", ""]
    assert lines[3] == f"--- {target} load statistics ---"
    assert re.fullmatch(r"100 requests in \d+\.\d\d s, 100 answered \(100 %\), [\d.]+ a second", lines[4])
    assert lines[5] == "0 errors (0 %)"
    assert re.search(r"^latency min/avg/max = [\d.]+/[\d.]+/[\d.]+ ms\np50 [\d.]+  p90 [\d.]+  p99 [\d.]+  p99.9 [\d.]+  "
                     r"p99.99 [\d.]+ ms$", done.stdout, re.M)
    rows = re.findall(r"^ +([\d.]+) - +([\d.]+) +(\d+) +[<>]?[\d.]+ %(?:  [▏▎▍▌▋▊▉█]+)?$", done.stdout, re.M)
    assert sum(int(count) for _, _, count in rows) == 100
    assert all(len(line) <= 80 for line in lines)
    assert done.stderr == ""


def test_without_utf8_bars_are_ascii(service):
    done = load("-c", 20, one(service, "udp"), env=dict(os.environ, LC_ALL="C"))
    assert done.stdout.isascii() and "#" in done.stdout


def test_quiet_prints_the_statistics_only(service):
    done = load("-q", "-c", 20, one(service, "udp"))
    assert "LOAD" not in done.stdout and "answers" not in done.stdout and "20 answered (100 %)" in done.stdout


def test_verbose_says_how_far_it_is(service):
    done = load("-v", "--duration", "2.5s", "--rate", 100, one(service, "udp"))
    line = done.stderr.splitlines()[0]
    assert re.fullmatch(r"\d s: \d+ answers/s, \d+ answered, 0 errors, \d+ outstanding", line)


@pytest.mark.parametrize("columns", [80, 40])
def test_progress_on_a_terminal_is_one_line(service, columns):
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen([CLIENT, "--load", "--duration", "2.5s", "--rate", "50", one(service, "udp")],
                          stdout=subprocess.DEVNULL, stderr=slave) as client:
        os.close(slave)
        output = b""
        with contextlib.suppress(OSError):
            while chunk := os.read(master, 65536):
                output += chunk
        assert client.wait(PATIENCE) == 0
    os.close(master)
    parts = output.decode().split("\r")
    assert parts[0] == "" and "\n" not in output.decode()
    assert any(re.match(r"\d s: \d+ answers/s", part) for part in parts)
    assert all(len(part) < columns for part in parts)
    assert parts[-2].strip() == "" and parts[-1] == ""  # wiped off


# Plots


def test_plot_is_a_picture(service, tmp_path):
    path = tmp_path / "latency.svg"
    assert load("-q", "-c", 2000, "--plot", path, one(service, "unix")).returncode == 0
    picture = xml.etree.ElementTree.parse(path).getroot()
    space = "{http://www.w3.org/2000/svg}"
    assert picture.tag == f"{space}svg"
    texts = [text.text for text in picture.iter(f"{space}text")]
    assert texts[0] == f"Latency of {one(service, 'unix')}"
    assert {"0 %", "50 %", "90 %", "99 %", "99.9 %", "latency (ms)"} <= set(texts)
    points = [tuple(map(float, point.split(","))) for point in picture.find(f"{space}polyline").get("points").split()]
    assert len(points) > 100
    width, height = float(picture.get("width")), float(picture.get("height"))
    assert all(0 < x < width and 0 < y < height for x, y in points)
    assert all(a[0] < b[0] and a[1] >= b[1] for a, b in zip(points, points[1:]))  # never falls; 0 is at the top


def test_plot_of_a_target_with_markup_in_it(tmp_path):
    path, target = tmp_path / "latency.svg", str(tmp_path / "a&b<c>\u00e9")
    with serving(say(GREETING), address=target) as target:
        assert load("-q", "-c", 1, "--plot", path, target).returncode == 0
    assert "a&b<c>" in "".join(xml.etree.ElementTree.parse(path).getroot().itertext())


def test_plot_of_nothing(tmp_path):
    path = tmp_path / "latency.svg"
    assert load("-q", "-c", 1, "--plot", path, f"{HOST}:{free_port()}").returncode == 1
    assert "No answers." in "".join(xml.etree.ElementTree.parse(path).getroot().itertext())


def test_plot_that_cannot_be_written_is_said_before_the_load(service, tmp_path):
    done = load("-c", 10, "--plot", tmp_path / "none" / "latency.svg", one(service, "tcp"))
    assert done.returncode == 2 and done.stdout == "" and "none/latency.svg': No such file" in done.stderr
    assert service.counters()["served"] == 0


# Ends


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_interrupt_ends_early_and_reports(service, transport):
    with running("-j", "--duration", "1h", "--rate", 200, one(service, transport)) as client:
        wait_until(lambda: service.counters()["served"] > 20, "some are answered")
        client.send_signal(signal.SIGINT)
        found = json.loads(client.communicate(timeout=PATIENCE)[0])
        assert client.returncode == 0
    assert found["interrupted"] and found["answered"] > 20 and found["seconds"] < 3600


def test_interrupt_does_not_wait_for_what_is_outstanding():
    with socket.create_server((HOST, free_port())) as silent:
        target = f"{HOST}:{silent.getsockname()[1]}"
        with running("--connections", 3, "-W", "1h", target) as client:
            silent.settimeout(PATIENCE)
            held = [silent.accept()[0] for _ in range(3)]
            client.send_signal(signal.SIGINT)
            out, _ = client.communicate(timeout=PATIENCE)
            assert client.returncode == 1
        for connection in held:
            connection.close()
    assert "(interrupted)" in out and "3 outstanding when interrupted" in out and "0 errors (0 %)" in out


def test_deadline_ends_it(service):
    found = result("--duration", "1h", "--rate", 100, "-w", "1s", one(service, "udp"))
    assert found["interrupted"] and found["answered"] > 0


# Usage


@pytest.mark.parametrize("arguments, words", [
    (["--rate", "5"], "--rate needs --load"),
    (["--plot", "x"], "--plot needs --load"),
    (["--load", "-i", "1"], "--load cannot be combined with"),
    (["--load", "--watch"], "--load cannot be combined with"),
    (["--load", "--expect", "x"], "--load cannot be combined with"),
    (["--load", "--resolve"], "--load and --resolve cannot be combined"),
    (["--load", "--rate", "0"], "--rate: '0' is not a rate; allowed: more than 0 requests a second"),
    (["--load", "--rate", "x"], "--rate: 'x' is not a number"),
    (["--load", "--connections", "0"], "--connections: '0' is not a whole number from 1"),
    (["--load", "--duration", "5 parsecs"], "--duration: '5 parsecs' is not a time"),
    (["--load", "--threads", "65"], "--threads: '65' is not a whole number from 1 to 64"),
    (["--load", "--fail", "p99<5"], "--fail: 'p99<5' is not a limit; allowed: min, avg, max"),
    (["--load", "--cpus", "0,x"], "--cpus: '0,x' is not a list of processors"),
    (["--load", "--greeting", "\\q"], "--greeting: '\\q' is not an escape; allowed: \\n"),
    (["--load", "--sources", "4", "-I", "127.0.0.1"], "--sources and -I cannot be combined"),
    (["--load", "--sources", "4", "unix:/x"], "--sources: the sources are in 127.0.0.0/8"),
    (["--load", "--source-port", "5000"], "--source-port: a port allows only one connection"),
    (["--load", "udp://127.0.0.1"], "targets must be all streams (tcp, unix), or all datagrams"),
])
def test_wrong_usage(arguments, words):
    done = subprocess.run([CLIENT, *arguments, f"{HOST}:{free_port()}"], capture_output=True, text=True, timeout=PATIENCE,
                          check=False)
    assert done.returncode == 2 and words in done.stderr, done.stderr


def test_more_connections_than_open_files():
    done = load("--connections", 1000, f"{HOST}:{free_port()}",
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100)))
    assert done.returncode == 2
    assert "--connections: 1000 connections need more open files than the limit of 100 (ulimit -n)" in done.stderr


def test_name_that_is_none():
    done = load("--duration", "1h", "none.invalid", env=dict(os.environ, LC_ALL="C"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("sockgreet: none.invalid:12345 tcp: DNS: ")


def test_source_that_is_not_of_this_machine():
    done = load("-c", 1, "-I", "192.0.2.250", f"{HOST}:{free_port()}")
    assert (done.returncode, done.stdout) == (2, "")
    assert "LOCAL: 192.0.2.250 is not an address of this machine" in done.stderr
