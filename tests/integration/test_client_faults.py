# SPDX-License-Identifier: MIT
"""The client when things go wrong around it: name servers that are slow, a processor that is taken, broken answers."""

import contextlib
import ipaddress
import os
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

import pytest

from client_events import read_event
from conftest import program
from namespaces import Namespace, mount_prefix
from processes import PATIENCE, SLOWNESS, wait_until
from service import free_port

NAME, TYPE_A, TYPE_AAAA = "two.example", 1, 28


def ask(*arguments, prefix=(), **options):
    """Runs the client to its end."""
    command = [*prefix, program("SOCKGREET"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False, **options)


@contextlib.contextmanager
def server(answer, host="127.0.0.1", port=0):
    """A TCP server, which hands each connection to answer(), in a thread of its own. Yields its port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=1024)

    def serve(connection):
        with connection, contextlib.suppress(OSError):
            answer(connection)

    def accept():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()


def greet(connection):
    """Answers."""
    connection.sendall(b"well met\r\n")


def answered(query, addresses):
    """The answer of a name server: addresses of the family that is asked for."""
    question = query[12:]
    end = question.index(0) + 5
    kind = int.from_bytes(question[end - 4:end - 2], "big")
    found = [ipaddress.ip_address(address).packed for address in addresses]
    found = [packed for packed in found if len(packed) == {TYPE_A: 4, TYPE_AAAA: 16}.get(kind)]
    records = b"".join(
        b"\xc0\x0c" + kind.to_bytes(2, "big") + b"\0\1\0\0\0\0" + len(packed).to_bytes(2, "big") + packed for packed in found)
    return query[:2] + b"\x81\x80\0\1" + len(found).to_bytes(2, "big") + b"\0\0\0\0" + question[:end] + records, kind


@contextlib.contextmanager
def name_server(tmp_path, addresses, is_held):
    """A name server: is_held(kind) answers wait for a call of the second that it yields. The first is a command prefix."""
    if os.geteuid() != 0:
        pytest.skip("only root can be a name server")
    bound, held, lock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), [], threading.Lock()
    address = f"127.55.{os.getpid() >> 8 & 255}.{os.getpid() & 255 or 1}"  # other runs have others
    try:
        bound.bind((address, 53))
    except OSError:
        pytest.skip("a name server runs on this machine")
    state = {"holds": True}

    def serve():
        while True:
            query, client = bound.recvfrom(4096)
            if not query:
                return
            reply, kind = answered(query, addresses)
            with lock:
                if state["holds"] and is_held(kind):
                    held.append((reply, client))
                else:
                    bound.sendto(reply, client)

    def release():
        with lock:
            state["holds"] = False
            for reply, client in held:
                bound.sendto(reply, client)

    thread = threading.Thread(target=serve)
    thread.start()
    (tmp_path / "resolv.conf").write_text(f"nameserver {address}\noptions timeout:{PATIENCE:.0f}\n")
    (tmp_path / "nsswitch.conf").write_text("hosts: dns\n")
    script = 'for name in resolv.conf nsswitch.conf; do mount --bind "$1/$name" "/etc/$name" || exit; done'
    try:
        yield mount_prefix(script, str(tmp_path)), release
    finally:
        bound.sendto(b"", (address, 53))
        thread.join()
        bound.close()


def ask_until_refused(prefix, port, release):
    """Asks for the name, and calls release() once an address has refused. Returns (output, messages, exit status)."""
    process = subprocess.Popen([*prefix, program("SOCKGREET"), "-v", "-W", f"{PATIENCE:.0f}", f"{NAME}:{port}"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    said = line = process.stderr.readline()
    while line and "REFUSED" not in said:
        line = process.stderr.readline()
        said += line
    release()
    out, err = process.communicate(timeout=PATIENCE)
    return out, said + err, process.returncode


@pytest.mark.parametrize("late,first,second", [(TYPE_A, "::1", "127.0.0.1"), (TYPE_AAAA, "127.0.0.1", "::1")])
def test_the_family_that_is_found_late_is_tried_too(tmp_path, late, first, second):
    """A name has a dead address of one family, and the other one comes when the first has failed already: what was looked up
    first was all that was asked (RFC 8305, section 3, has the late ones join)."""
    with server(greet, second, free_port()) as port, name_server(
            tmp_path, [first, second], lambda kind: kind == late) as (prefix, release):
        out, said, status = ask_until_refused(prefix, port, release)
    assert (out, status) == ("well met\n", 0), said
    assert f"answered instead of {first} (REFUSED)" in said


def test_a_failure_is_told_when_no_more_addresses_can_come(tmp_path):
    """The other family ends the request, also when it has no address."""
    with name_server(tmp_path, ["127.0.0.1"], lambda kind: kind == TYPE_AAAA) as (prefix, release):
        out, said, status = ask_until_refused(prefix, free_port(), release)
    assert (out, status) == ("", 1), said
    assert said.count("trying") == 1


def test_the_deadline_comes_before_the_late_family(tmp_path):
    """What has failed by then is the reason, and not that a name server still owes something."""
    with name_server(tmp_path, ["127.0.0.1"], lambda kind: kind == TYPE_AAAA) as (prefix, _):
        result = ask("-W", "0.5", f"{NAME}:{free_port()}", prefix=prefix)
    assert "REFUSED: connection refused" in result.stderr and result.returncode == 1


def test_looking_up_again_does_not_take_half_a_name_for_a_change(tmp_path):
    """The families of a name are told of one after the other, again and again: that is no other name."""
    with server(greet, "127.0.0.1", free_port()) as port, name_server(
            tmp_path, ["::1", "127.0.0.1"], lambda kind: False) as (prefix, _):
        result = ask("-c", "4", "-i", "1.1", f"{NAME}:{port}", prefix=prefix)
    assert result.returncode == 0 and "(now" not in result.stdout, result.stdout


def test_answers_of_a_time_when_the_client_was_stopped_are_answers():
    """All but the first 64 counted as lost, though they had come in time: the client had looked at its deadlines first."""
    count, connections, asked = 200, [], threading.Event()

    def wait(connection):
        connections.append(connection)
        asked.wait(PATIENCE)
        greet(connection)

    with server(wait) as port:
        with subprocess.Popen([program("SOCKGREET"), "-q", "-c", str(count), "-i", "1ms", "-W", "5", f"127.0.0.1:{port}"],
                              stdout=subprocess.PIPE, text=True) as process:
            wait_until(lambda: len(connections) == count, "every connection")
            process.send_signal(signal.SIGSTOP)
            asked.set()
            time.sleep(5.5)  # until -W is over for all of them
            process.send_signal(signal.SIGCONT)
            out, _ = process.communicate(timeout=PATIENCE)
    assert f"{count} sent, {count} answered" in out and process.returncode == 0, out


def test_a_round_after_the_answers_waits_for_every_target(tmp_path):
    """-i 0 begins the next round when the last one has ended: a first target that failed at once let it begin too soon."""
    with server(lambda connection: connection.recv(1)) as port:
        result = ask("-c", "3", "-i", "0", "-W", "0.2", f"unix:{tmp_path}/nobody", f"127.0.0.1:{port}")
    assert re.findall(r"seq=(\d)", result.stdout) == ["1", "1", "2", "2", "3", "3"]


def test_order_of_many_targets_takes_little_time(tmp_path):
    """One in the middle answers last: it took seconds to find the order of the others' results, and they were lost by it."""
    count, answered_first, all_others = 4000, [], threading.Event()

    def answer(connection):
        greet(connection)
        answered_first.append(1)
        if len(answered_first) >= count:
            all_others.set()

    def answer_last(connection):
        all_others.wait(PATIENCE)
        greet(connection)

    with contextlib.ExitStack() as servers:
        last = servers.enter_context(server(answer_last))
        ports = [servers.enter_context(server(answer, "0.0.0.0")) for _ in range(8)]  # a queue is as long as they are many
        lines = [f"127.1.{i // 200}.{i % 200 + 1}:{ports[i % 8]}\n" for i in range(count)]
        lines.insert(count // 2, f"127.0.0.1:{last}\n")
        (tmp_path / "targets").write_text("".join(lines))
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        result = ask("-W", f"{PATIENCE:.0f}", "-f", tmp_path / "targets")
        used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    assert result.stdout == "well met\n" * (count + 1) and result.stderr == ""
    assert used < 1 * SLOWNESS  # it was 2 s


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nServer: x\r\n", b"HTTP/1.1 2000\r\n\r\n"])
def test_http_answer_without_the_end_of_its_header_is_none(answer):
    """A server that broke off, or hung, in the middle of its header was healthy."""
    def send(connection):
        connection.recv(4096)
        connection.sendall(answer)

    with server(send) as port:
        result = ask("--http", f"127.0.0.1:{port}")
    assert "UNEXPECTED: the " in result.stderr and (result.stdout, result.returncode) == ("", 1)


@pytest.mark.parametrize("call,error,words", [("eventfd2", "EMFILE", "too many open files"),
                                              ("clone3,clone", "EAGAIN", "resource temporarily unavailable")])
def test_look_up_that_could_not_begin_is_an_error_of_this_side(call, error, words):
    """It counted as a loss of the name service (DNS)."""
    # A search for leaks cannot trace what is traced.
    options = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
    result = ask("localhost:1", prefix=["env", f"ASAN_OPTIONS={options}", "strace", "-qq", "-f", "-o", "/dev/null",
                                        "-e", f"trace={call}", "-e", f"inject={call}:error={error}"])
    if "ptrace" in result.stderr:
        pytest.skip("this user may not trace")
    assert result.stderr == f"sockgreet: localhost:1 tcp: LOCAL: cannot look up the name: {words}\n"
    assert result.returncode == 2


@pytest.mark.parametrize("option", ["--exit-code=keepalived", "--exit=keepalived", "--exi"])
def test_keepalived_never_hears_two(option):
    """It would take the server for healthy. getopt takes options that are cut short, so the search for this one must too."""
    options = [option] if "=" in option else [option, "keepalived"]
    assert ask("--nonsense", *options, "localhost").returncode == 1
    assert ask(*options, "--nonsense", "localhost").returncode == 1


def test_change_event_names_who_answered_before_an_outage():
    """It named the one before."""
    names = iter(["one", "two"])

    def answer(connection):
        name = next(names, None)
        if name:
            connection.sendall(b'{"hostname":"%s"}\n' % name.encode())

    with server(answer) as port:
        result = ask("-j", "--watch", "-c", "3", "-i", "20ms", f"127.0.0.1:{port}")
    changes = [event for event in map(read_event, result.stdout.splitlines()) if event["event"] == "change"]
    assert [(change["before"] or {}).get("who") for change in changes] == [None, "one", "two"]


def test_path_that_takes_less_leaves_the_processor_alone():
    """What a router says of a datagram that is too large stays in a queue, which kept the client busy until its deadline."""
    client, router, greeter = made = [Namespace() for _ in range(3)]
    try:
        for host, near, number in ((client, "near", 1), (greeter, "far", 2)):
            host.connect("lan", router, near)
            host.ip("address", "add", f"10.9.{number}.1/24", "dev", "lan")
            router.ip("address", "add", f"10.9.{number}.2/24", "dev", near)
            router.ip("link", "set", near, "up")
            host.ip("link", "set", "lan", "up")
            host.ip("route", "add", "default", "via", f"10.9.{number}.2")
        router.ip("link", "set", "far", "mtu", 900)
        subprocess.run([*router.prefix, "sysctl", "-qw", "net.ipv4.ip_forward=1"], check=True)
        silent = subprocess.Popen(
            [*greeter.prefix, sys.executable, "-c", "import socket, sys; s = socket.socket(type=socket.SOCK_DGRAM); "
             "s.bind(('10.9.2.1', 5000)); print(flush=True); sys.stdin.read()"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        with silent:
            silent.stdout.readline()
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            result = ask("-u", "-W", "2", "--pad", "1300", "10.9.2.1:5000", prefix=client.prefix)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            silent.stdin.close()
    finally:
        for namespace in made:
            namespace.close()
    assert "TIMEOUT: no answer" in result.stderr
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1 * SLOWNESS  # it was all of 2 s


def test_reset_of_a_new_connection_is_not_one_of_the_request_for_it():
    """A server may have accepted and reset before connect() returns: one in three counted as not connected at all."""
    def reset(connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with server(reset) as port:
        result = ask("-j", "-c", 500, "-i", "1ms", f"127.0.0.1:{port}")
    losses = [event for event in map(read_event, result.stdout.splitlines()) if event["event"] == "loss"]
    assert {(loss["class"], loss["phase"]) for loss in losses} == {("RESET", "greeting")} and len(losses) == 500
