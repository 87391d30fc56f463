# SPDX-License-Identifier: MIT
"""The client's events (-j): each follows the published schema, and says what happened."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import threading

import pytest

from client_events import read_event
from processes import wait_until
from service import GREETING as GREETING_BY_DEFAULT
from service import free_port, tcp, udp, unix, unix_dgram

CLIENT = os.environ.get("SOCKGREET", "sockgreet")


def checked(output):
    """The events of an output, by the schema and with no member that it does not name."""
    events = [read_event(line) for line in output.splitlines()]
    assert events and events[0]["event"] == "start"
    return events


def ask(*arguments, locale="C.UTF-8"):
    """The events after the start, and the exit status."""
    result = subprocess.run([CLIENT, "-j", *map(str, arguments)], stdout=subprocess.PIPE, timeout=60,
                            env=dict(os.environ, LC_ALL=locale))
    return checked(result.stdout)[1:], result.returncode


def only(events, kind):
    """The one event of a kind."""
    found = [event for event in events if event["event"] == kind]
    assert len(found) == 1, events
    return found[0]


@contextlib.contextmanager
def server(serve, port=0):
    """A TCP server on loopback; its port."""
    listening = socket.create_server(("127.0.0.1", port or free_port()))

    def run():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                serve(connection)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def say(greeting):
    """Serves a connection with a greeting."""
    def serve(connection):
        with connection:
            connection.sendall(greeting)

    return serve


def test_every_transport(daemon, tmp_path):
    """Says what was asked, and what came."""
    service = daemon({"tcp": tcp(), "udp": udp(), "unix": unix(f"{tmp_path}/s"), "dgram": unix_dgram(f"{tmp_path}/d")})
    for name in ("tcp", "udp", "unix", "dgram"):
        address = service.address(name)
        local = name in ("unix", "dgram")
        transport = "unix-dgram" if name == "dgram" else name
        target = f"{transport}:{address}" if local else f"{transport}://127.0.0.1:{address[1]}"
        events, status = ask(target)
        answer = only(events, "answer")
        assert status == 0 and answer["target"] == target and answer["transport"] == transport
        assert answer["greeting"].encode() == GREETING_BY_DEFAULT and answer["bytes"] == len(GREETING_BY_DEFAULT)
        assert answer["complete"] and answer["seq"] == 1
        assert (answer["connect_ms"] is None) == (name in ("udp", "dgram"))
        assert 0 <= answer["first_ms"] <= answer["time_ms"]
        assert (answer["address"], answer["port"]) == ((str(address), None) if local else ("127.0.0.1", address[1]))
        assert answer["family"] == ("unix" if local else "ipv4")


def test_who_answered_and_the_summary(daemon):
    """The name that a greeting in the format json gives is counted."""
    service = daemon({"tcp": tcp(format="json", greeting="Hi\n")}, instance="blue")
    events, status = ask("-c", 3, "-i", "0.01", f"127.0.0.1:{service.address('tcp')[1]}")
    answers = [event for event in events if event["event"] == "answer"]
    summary = only(events, "summary")
    who = f"blue@{socket.gethostname()}"
    assert status == 0 and [answer["seq"] for answer in answers] == [1, 2, 3]
    assert {answer["who"] for answer in answers} == {who}
    assert {(answer["greeting"], answer["json"]["greeting"], answer["json"]["instance"]) for answer in answers} == {
        ("Hi", "Hi", "blue")}
    assert summary["answered_by"] == [{"who": who, "answers": 3}] and summary["final"]
    assert (summary["sent"], summary["answered"], summary["lost"], summary["loss_percent"]) == (3, 3, 0, 0)
    assert 0 < summary["min_ms"] <= summary["p50_ms"] <= summary["p99_ms"] <= summary["max_ms"]


def test_losses():
    """Have a class and a phase."""
    def reset(connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()

    held = []
    with server(reset) as resetting, server(held.append) as silent, server(say(b"web-1\n")) as greeting:
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", free_port()))
            cases = {("REFUSED", "connect"): [f"127.0.0.1:{bound.getsockname()[1]}"],
                     ("RESET", "greeting"): [f"127.0.0.1:{resetting}"],
                     ("TIMEOUT", "greeting"): ["-W", "0.2", f"127.0.0.1:{silent}"],
                     ("UNEXPECTED", "end"): ["--expect", "web-2", f"127.0.0.1:{greeting}"],
                     ("DNS", "name"): ["nosuch.invalid"]}
            for (outcome, phase), arguments in cases.items():
                events, status = ask(*arguments)
                loss = only(events, "loss")
                assert (loss["class"], loss["phase"], status) == (outcome, phase, 1), loss
                assert not loss["complete"] or outcome == "UNEXPECTED"
                assert loss["error"] and (loss["address"] is None) == (outcome == "DNS")
                assert (loss["greeting"] == "web-1\n") == (outcome == "UNEXPECTED")
                events, status = ask("-c", 1, *arguments)
                summary = only(events, "summary")
                assert (summary["lost"], summary["losses"][outcome], summary["loss_percent"]) == (1, 1, 100)
                assert summary["p50_ms"] is None and status == 1
    for connection in held:
        connection.close()


def test_attempts():
    """With -v each address that is tried is an event."""
    with server(say(b"Hi\n")) as port:
        events, status = ask("-v", f"127.0.0.1:{port}")
    assert status == 0
    assert [event["result"] for event in events if event["event"] == "attempt"] == ["started", "connected"]


def test_watch():
    """An outage is an event, with who answered before and after."""
    with server(say(b"hostname=web-1\n")) as port:
        client = subprocess.Popen([CLIENT, "-j", "--watch", "-i", "10ms", "-W", "1s", f"127.0.0.1:{port}"],
                                  stdout=subprocess.PIPE)
        os.set_blocking(client.stdout.fileno(), False)
        output = bytearray()

        def seen(pattern):
            output.extend(client.stdout.read() or b"")
            return re.search(pattern, output)

        wait_until(lambda: seen(rb'"event":"change".*web-1'), "the first answer")
    wait_until(lambda: seen(rb'"after":{"class":"REFUSED"'), "the outage")
    with server(say(b"hostname=web-2\n"), port=port):
        wait_until(lambda: seen(rb'"event":"outage"'), "its end")
        client.send_signal(signal.SIGINT)
        client.wait(timeout=30)
        seen(b"")
    events = checked(bytes(output))
    outage = only(events, "outage")
    assert (outage["who_before"], outage["who_after"]) == ("web-1", "web-2")
    assert outage["lost"] > 0 and outage["lost"] == sum(outage["losses"].values())
    assert outage["length_ms"] > 0 and outage["start"] < outage["end"]


def test_statistics_on_the_way():
    """SIGQUIT has a summary printed that is not the final one."""
    with server(say(b"Hi\n")) as port:
        client = subprocess.Popen([CLIENT, "-j", "-c", "0", "-i", "10ms", f"127.0.0.1:{port}"], stdout=subprocess.PIPE)
        lines = [client.stdout.readline(), client.stdout.readline()]
        client.send_signal(signal.SIGQUIT)
        while b'"summary"' not in lines[-1]:
            lines.append(client.stdout.readline())
        client.send_signal(signal.SIGINT)
        lines.append(client.communicate(timeout=30)[0])
    summaries = [event for event in checked(b"".join(lines)) if event["event"] == "summary"]
    assert [summary["final"] for summary in summaries] == [False, True]


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_garbage(locale):
    """Becomes valid JSON in which a terminal heeds nothing."""
    greeting = bytes(range(256)) + "\u061c\u202e\u2028\U000e0041\u00fc".encode() + b"\xc3"
    with server(say(greeting)) as port:
        result = subprocess.run([CLIENT, "-j", f"127.0.0.1:{port}"], stdout=subprocess.PIPE, timeout=60,
                                env=dict(os.environ, LC_ALL=locale))
    answer = only(checked(result.stdout), "answer")
    assert answer["bytes"] == len(greeting)
    assert answer["greeting"].startswith(bytes(range(128)).decode() + "\ufffd" * 128 + "\u061c")
    shown = result.stdout.decode()
    assert re.fullmatch(r"[ -~\n]*" if locale == "C" else r"[ -~\n\ufffd\u00fc]*", shown)
