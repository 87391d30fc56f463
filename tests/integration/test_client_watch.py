# SPDX-License-Identifier: MIT
"""sockgreet --watch: what changes, and every outage with its length."""

import contextlib
import datetime
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import threading

import pytest

from clients import make_room
from conftest import program
from machine import write_hosts
from processes import BUSY, PATIENCE, SLOWNESS, wait_until
from service import free_port
from watching import OUTAGE, UTC, Watch, outages

TOTAL = re.compile(r"^(\d+) outages?( \(ongoing\))?, (\d+) ms in all, (\S+ %) of ([\d.]+) s$", re.M)
NSWITCH = "hosts: files\n"


def answer(name):
    """What a server of this name says."""
    return json.dumps({"hostname": name, "greeting": "hello"}).encode()


class Server:
    """Answers UDP datagrams, or TCP clients, on a socket with what it is told to say; says is None for silence, and is
    called with the client's connection where it can be called."""

    def __init__(self, bound, says):
        self.bound, self.says, self.asked = bound, says, 0
        self.port = bound.getsockname()[1]
        self.stop_here, self.stop_there = socket.socketpair()
        self.held = []
        self.thread = threading.Thread(target=self._run)

    def _answer(self):
        if self.bound.type == socket.SOCK_DGRAM:
            peer = self.bound.recvfrom(70000)[1]
            if self.says is not None:
                self.bound.sendto(self.says, peer)
            return
        connection = self.bound.accept()[0]
        if self.says is None:
            self.held.append(connection)
            return
        with connection, contextlib.suppress(OSError):
            connection.sendall(self.says)

    def _run(self):
        while True:
            ready = select.select([self.bound, self.stop_there], [], [])[0]
            if self.stop_there in ready:
                return
            self._answer()
            self.asked += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop_here.close()
        self.thread.join()
        for connection in [*self.held, self.stop_there, self.bound]:
            connection.close()


def udp_socket(host="127.0.0.1", port=0):
    """A bound UDP socket, at a port that no client gets, because it may be let go and bound again."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    make_room(bound)
    bound.bind((host, port or free_port()))
    return bound


def tcp_socket(host="127.0.0.1", port=0):
    """A listening TCP socket, at such a port."""
    return socket.create_server((host, port or free_port()), backlog=1000)


def udp(says, host="127.0.0.1", port=0):
    return Server(udp_socket(host, port), says)


def tcp(says, host="127.0.0.1", port=0):
    return Server(tcp_socket(host, port), says)


def more(server, count=5):
    """Waits until the server was asked so many times more."""
    until = server.asked + count
    wait_until(lambda: server.asked >= until, "requests")


def test_only_changes_are_printed(tmp_path):
    with udp(answer("web-1")) as server, Watch(tmp_path, "-i", "5ms", "-W", "1s", f"udp://127.0.0.1:{server.port}") as watch:
        place = f"127.0.0.1:{server.port} udp"
        more(server, 20)
        server.says = answer("web-2")
        watch.wait("web-2")
        more(server, 20)
        server.says = None
        watch.wait("TIMEOUT")
        more(server, 20)
        server.says = answer("web-2")
        watch.wait("again")
        more(server, 20)
        text = watch.end()
    lines = watch.lines()
    assert text.startswith(f"WATCH {place}, every 5 ms\n")
    assert lines[:2] == [f"{place} web-1 answers", f"{place} web-2 answers instead of web-1"]
    assert re.fullmatch(rf"{re.escape(place)} TIMEOUT: no answer in \d\.\d s", lines[2])
    after = re.fullmatch(rf"{re.escape(place)} web-2 answers again, after (\d+) ms", lines[3])
    assert len(lines) == 4 and after
    (outage,) = outages(text)
    assert outage[0] == int(after[1]) and outage[1] >= 20 and outage[2:] == ("TIMEOUT", "web-2", "web-2")
    assert int(re.search(r"^(\d+) lost: \1 TIMEOUT$", text, re.M)[1]) == outage[1]
    total = TOTAL.search(text)
    assert total[1] == "1" and int(total[3]) == outage[0] and "ongoing" not in text
    assert re.search(r"^answered by: web-1 \d+ \([\d.]+ %\), web-2 \d+ \([\d.]+ %\)$", text, re.M)
    assert (watch.err, watch.process.returncode) == ("", 0)


def test_no_change_and_no_outage(tmp_path):
    with tcp(b"hello\n") as server, Watch(tmp_path, "-i", "5ms", "-W", "30s", f"127.0.0.1:{server.port}") as watch:
        more(server, 50)
        text = watch.end()
    assert watch.lines() == [f"127.0.0.1:{server.port} tcp answers"]
    assert text.endswith("\nno outage\n") and not OUTAGE.search(text)


def test_who_is_what_a_pattern_finds(tmp_path):
    with udp(b"I am node=a7.\n") as server:
        target = f"udp://127.0.0.1:{server.port}"
        with Watch(tmp_path, "-i", "5ms", "-W", "30s", "--who", "node=([a-z0-9]+)", target) as watch:
            watch.wait("a7 answers$")
            server.says = b"I am node=b8.\n"
            watch.wait("b8 answers instead of .*a7")
            watch.end()
    assert len(watch.lines()) == 2


def test_class_changes_within_an_outage(tmp_path):
    with udp(None) as silent:
        port = silent.port
        with Watch(tmp_path, "-i", "5ms", "-W", "1s", f"udp://127.0.0.1:{port}") as watch:
            watch.wait("TIMEOUT")
            more(silent)
            silent.__exit__()
            watch.wait("REFUSED")
            with udp(answer("web-1"), port=port) as server:
                watch.wait("web-1 answers, after")
                more(server)
                text = watch.end()
    classes = [re.search(r"([A-Z]+): |web-1", line)[1] for line in watch.lines()]
    assert classes == ["TIMEOUT", "REFUSED", None]
    (outage,) = outages(text)
    assert outage[2:] == ("REFUSED, TIMEOUT", "none", "web-1")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_outage_that_is_not_over(tmp_path, number):
    with udp(answer("web-1")) as server, Watch(tmp_path, "-i", "5ms", "-W", "1s", f"udp://127.0.0.1:{server.port}") as watch:
        watch.wait("answers")
        server.says = None
        watch.wait("TIMEOUT")
        text = watch.end(number)
    (outage,) = outages(text)
    assert outage[2:] == ("TIMEOUT", "web-1", None)
    total = TOTAL.search(text)
    assert total[1] == "1" and total[2] and int(total[3]) == outage[0] > 0
    assert watch.process.returncode == 0


def test_down_from_the_start_is_down_for_all_of_the_time(tmp_path):
    with contextlib.closing(udp_socket()) as unread:
        target = f"udp://127.0.0.1:{unread.getsockname()[1]}"
        with Watch(tmp_path, "-i", "5ms", "-W", "1s", target) as watch:
            watch.wait("TIMEOUT")
            text = watch.end()
    (outage,) = outages(text)
    assert outage[2:] == ("TIMEOUT", "none", None)
    assert TOTAL.search(text)[4] == "100 %" and watch.process.returncode == 1


def test_nothing_has_ended_yet(tmp_path):
    with udp(None) as server, Watch(tmp_path, "-W", "60s", f"udp://127.0.0.1:{server.port}") as watch:
        more(server, 1)
        text = watch.end()
    assert text.endswith("\nno request has ended yet\n") and "outage" not in text and watch.process.returncode == 1


def test_quiet_prints_the_end_only(tmp_path):
    with udp(answer("web-1")) as server:
        with Watch(tmp_path, "-q", "-i", "5ms", "-W", "1s", f"udp://127.0.0.1:{server.port}") as watch:
            more(server)
            server.says = None
            more(server)
            server.says = answer("web-2")
            more(server, 300)  # of 5 ms: until what was lost has timed out
            text = watch.end()
    assert text.startswith(f"--- udp://127.0.0.1:{server.port} greeting statistics ---\n") and watch.lines() == []
    (outage,) = outages(text)
    assert outage[3:] == ("web-1", "web-2")


def test_whole_time_stamps(tmp_path):
    with udp(answer("web-1")) as server:
        with Watch(tmp_path, "-D", "-i", "5ms", "-W", "1s", f"udp://127.0.0.1:{server.port}") as watch:
            watch.wait("answers")
            server.says = None
            watch.wait("TIMEOUT")
            text = watch.end()
    down = re.search(rf"^({UTC}) \S+ udp TIMEOUT", text, re.M)[1]
    listed = OUTAGE.search(text)[1]
    assert abs((datetime.datetime.fromisoformat(down) - datetime.datetime.fromisoformat(listed)).total_seconds()) < 0.001
    away = datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.fromisoformat(down.replace("Z", "+00:00"))
    assert 0 < away.total_seconds() < 60


def test_several_targets(tmp_path):
    with udp(answer("web-1")) as one, tcp(answer("web-2")) as two:
        targets = f"udp://127.0.0.1:{one.port}", f"tcp://127.0.0.1:{two.port}"
        with Watch(tmp_path, "-i", "5ms", "-W", "1s", *targets) as watch:
            watch.wait("answers", 2)
            one.says = None
            watch.wait("TIMEOUT")
            more(two)
            text = watch.end()
    assert sorted(watch.lines()[:2]) == sorted([f"127.0.0.1:{one.port} udp web-1 answers",
                                                f"127.0.0.1:{two.port} tcp web-2 answers"])
    (line,) = watch.lines()[2:]
    assert re.fullmatch(rf"127\.0\.0\.1:{one.port} udp TIMEOUT: no answer in \d\.\d s", line)
    first, second = text.split("\n--- ")[1:]
    assert len(outages(first)) == 1 and second.endswith("\nno outage\n")


def test_interim_with_ctrl_backslash(tmp_path):
    with udp(answer("web-1")) as server:
        with Watch(tmp_path, "-i", "5ms", "-W", "1s", f"udp://127.0.0.1:{server.port}") as watch:
            watch.wait("answers")
            server.says = None
            watch.wait("TIMEOUT")
            watch.process.send_signal(signal.SIGQUIT)
            assert " answered, " in watch.process.stderr.readline().decode()
            assert re.match(r"1 outage \(ongoing\), \d+ ms in all, ", watch.process.stderr.readline().decode())
            server.says = answer("web-1")
            watch.wait("answers again")
            watch.end()


def test_colours_on_a_terminal(tmp_path):
    with contextlib.closing(udp_socket()) as bound:
        port = bound.getsockname()[1]
    command = [program("SOCKGREET"), "--watch", "-c", "1", "-u", f"127.0.0.1:{port}"]
    for variables, word in (({"TERM": "xterm"}, "\033[1;31mREFUSED\033[0m"), ({"TERM": "xterm", "NO_COLOR": "1"}, "REFUSED")):
        here, there = pty.openpty()
        environment = {**os.environ, "NO_COLOR": "", **variables}
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=there, env=environment, timeout=PATIENCE, check=False)
        os.close(there)
        text = b""
        with contextlib.suppress(OSError):  # how a terminal ends
            while chunk := os.read(here, 65536):
                text += chunk
        os.close(here)
        assert f" 127.0.0.1:{port} udp {word}: connection refused\r\n" in text.decode()


def test_one_request_after_the_other(tmp_path):
    with udp(b"hello") as server, Watch(tmp_path, "-i", "0", f"udp://127.0.0.1:{server.port}") as watch:
        more(server, 50)
        assert watch.end().startswith(f"WATCH 127.0.0.1:{server.port} udp, one request after the other\n")


def test_interval_of_a_millisecond(tmp_path):
    with udp(answer("web-1")) as server:
        with Watch(tmp_path, "-i", "1ms", "-c", "1500", "-W", "30s", f"udp://127.0.0.1:{server.port}") as watch:
            assert watch.process.wait(PATIENCE * SLOWNESS) == 0
            text = watch.text
    assert "1500 sent, 1500 answered, 0 % lost" in text and text.endswith("\nno outage\n")
    assert len(watch.lines()) == 1


@pytest.fixture
def names(tmp_path):
    """What /etc/hosts says to a client, and may say differently later: (set it, a command prefix)."""
    if subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL, check=False).returncode:
        pytest.skip("cannot make a mount namespace")
    (tmp_path / "nsswitch.conf").write_text(NSWITCH)
    script = 'for name in hosts nsswitch.conf; do mount --bind "$1/$name" "/etc/$name" || exit; done; shift; exec "$@"'
    return lambda text: write_hosts(tmp_path / "hosts", text), ["unshare", "-m", "sh", "-c", script, "sh", tmp_path]


def test_another_address_answers(tmp_path, names):
    set_hosts, prefix = names
    set_hosts("127.0.0.2 moving\n")
    with udp(answer("web-1"), "127.0.0.2") as one, udp(answer("web-2"), "127.0.0.3", one.port):
        with Watch(tmp_path, "-i", "10ms", "-W", "30s", "-u", f"moving:{one.port}", prefix=prefix) as watch:
            watch.wait("web-1 answers$")
            set_hosts("127.0.0.3 moving\n")
            watch.wait("web-2")
            text = watch.end()
    assert watch.lines() == [f"127.0.0.2:{one.port} udp web-1 answers",
                             f"127.0.0.3:{one.port} udp web-2 answers instead of web-1 (127.0.0.2:{one.port})"]
    assert text.startswith(f"WATCH moving:{one.port} udp, every 10 ms\n") and text.endswith("\nno outage\n")


def test_addresses_stand_for_servers_without_names(tmp_path, names):
    set_hosts, prefix = names
    set_hosts("127.0.0.2 moving\n")
    with udp(b"hello", "127.0.0.2") as one, udp(b"hello", "127.0.0.3", one.port):
        with Watch(tmp_path, "-i", "10ms", "-W", "1s", "-u", f"moving:{one.port}", prefix=prefix) as watch:
            watch.wait("udp answers$")
            one.says = None
            watch.wait("TIMEOUT")
            set_hosts("127.0.0.3 moving\n")
            watch.wait("answers instead")
            text = watch.end()
    line = watch.lines()[-1]
    assert re.fullmatch(rf"127\.0\.0\.3:{one.port} udp answers instead of 127\.0\.0\.2:{one.port}, after \d+ ms", line)
    assert outages(text)[0][3:] == (f"127.0.0.2:{one.port}", f"127.0.0.3:{one.port}")


# Outages by a packet filter


class Capture:
    """The requests to a port that reach a namespace's loopback interface, with the kernel's times, before a filter has seen
    them: requests is a list of [seconds, client's port, whether an answer left]."""

    def __init__(self, namespace, port):
        self.packets, self.port = namespace.capture(many=True), port
        self.packets.setsockopt(socket.SOL_SOCKET, 35, 1)  # SO_TIMESTAMPNS
        self.requests, self.latest = [], {}

    def _take(self, packet, seconds):
        header = (packet[14] & 15) * 4 + 14
        protocol, ports, flags = packet[23], packet[header : header + 4], packet[header + 13 : header + 14]
        if len(ports) < 4 or protocol not in (socket.IPPROTO_TCP, socket.IPPROTO_UDP):
            return
        source, destination = struct.unpack("!HH", ports)
        opening = protocol == socket.IPPROTO_UDP or flags in (b"\x02", b"\xc2")  # SYN
        answering = protocol == socket.IPPROTO_UDP or flags[0] & 0x12 == 0x12  # SYN and ACK
        if destination == self.port and opening:
            sequence = packet[header + 4 : header + 8] if protocol == socket.IPPROTO_TCP else None
            before = self.latest.get(source)
            if before and sequence and before[3] == sequence:
                self.latest[source] = [*before]  # repeated: what is answered from now on is not the request that was lost
                return
            self.latest[source] = [seconds, source, False, sequence]
            self.requests.append(self.latest[source])
        elif source == self.port and answering and destination in self.latest:
            self.latest[destination][2] = True

    def read(self):
        """Reads what there is."""
        self.packets.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                packet, control, _, address = self.packets.recvmsg(2048, 256)
                if address[2] == 0:  # PACKET_HOST: coming in
                    whole, part = struct.unpack("qq", control[0][2])
                    self._take(packet, whole + part / 1e9)
        return self.requests


def edges(requests):
    """Of captured requests with one outage: when the last one was answered, the first one lost, the last one lost, and the
    first one answered again. What was outstanding at the end does not count."""
    answered = [request[2] for request in requests]
    while not answered[-1]:
        answered.pop()
    first = answered.index(False)
    last = len(answered) - 1 - answered[::-1].index(False)
    assert first > 0 and not any(answered[first:last])
    return [requests[i][0] for i in (first - 1, first, last, last + 1)]


FILTER = """
table inet outage {
    set dropped { type inet_service; flags timeout; }
    set rejected { type inet_service; flags timeout; }
    chain input {
        type filter hook input priority 0;
        meta l4proto { tcp, udp } th dport @dropped drop
        tcp dport @rejected reject with tcp reset
        udp dport @rejected reject
    }
}
"""
DROP = "add element inet outage dropped { PORT timeout 2s }"
DROP_THEN_REJECT = ("add element inet outage dropped { PORT timeout 1s };"
                    "add element inet outage rejected { PORT timeout 2s }")


@pytest.mark.parametrize("transport, rules, timeout, classes", [
    ("udp", DROP, "3s", ["TIMEOUT"]),
    ("udp", DROP_THEN_REJECT, "3s", ["TIMEOUT", "REFUSED"]),
    ("tcp", DROP, "900ms", ["TIMEOUT"]),
    ("tcp", DROP_THEN_REJECT, "900ms", ["TIMEOUT", "REFUSED"]),
    ("tcp", DROP, "5s", ["TIMEOUT"]),  # TCP repeats a connection request after 1 s and 3 s
], ids=["udp-drop", "udp-reject", "tcp-drop", "tcp-reject", "tcp-repeats"])
def test_outage_of_two_seconds(tmp_path, namespace, transport, rules, timeout, classes):
    """The kernel itself ends the rules after 2.000 s. How long the requests were without an answer is what a capture says:
    the length must be that, and two seconds must lie between the requests on either side."""
    interval, jiffies = 0.01, 0.02
    late = 0.1 * SLOWNESS if BUSY else interval  # a client that has looked at its clock may wait for a processor to send
    namespace.run("nft", "-f", "-", text=FILTER)
    with Server(namespace.socket(tcp_socket if transport == "tcp" else udp_socket), answer("web-1")) as server:
        capture = Capture(namespace, server.port)
        with contextlib.closing(capture.packets):
            target = f"{transport}://127.0.0.1:{server.port}"
            with Watch(tmp_path, "-D", "-i", "10ms", "-W", timeout, target, prefix=namespace.prefix) as watch:
                more(server, 20)
                namespace.run("nft", rules.replace("PORT", str(server.port)))
                watch.wait("answers again")
                more(server, 20)
                text = watch.end()
            before, first, last, after = edges(capture.read())
    (outage,) = outages(text)
    assert abs(outage[0] / 1000 - (after - first)) <= late
    assert last - first <= 2 + jiffies and after - before >= 2 - jiffies
    stamp = datetime.datetime.fromisoformat(OUTAGE.search(text)[1].replace("Z", "+00:00"))
    assert abs(stamp.timestamp() - first) <= late
    assert [re.search(r" ([A-Z]+): ", line)[1] for line in watch.lines() if ": " in line] == classes
    assert outage[2] == ", ".join(sorted(classes)) and outage[3:] == ("web-1", "web-1")
