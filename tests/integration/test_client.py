# SPDX-License-Identifier: MIT
"""The client against servers that nobody here wrote: Python's sockets and socat."""

import contextlib
import os
import pty
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

import pytest

from clients import make_room
from processes import SLOWNESS, wait_until
from service import free_port

CLIENT = os.environ.get("SOCKGREET", "sockgreet")
GREETING = b"Thank you for connecting\r\n"
HAS_IPV6 = os.path.exists("/proc/net/if_inet6") and any(
    line.startswith("0" * 31 + "1") for line in open("/proc/net/if_inet6")
)
needs_ipv6 = pytest.mark.skipif(not HAS_IPV6, reason="no IPv6 loopback")


DEFAULT_WAIT = 5  # seconds: -W


def waits(text, seconds, early=0.06, late=2.0 * SLOWNESS):
    """A message with the time that the client has waited, its last one, called T. It must be about so many seconds: on a
    busy machine it is a little more. What is wrong is the default, or none at all."""
    most = seconds + late if seconds >= DEFAULT_WAIT else min(seconds + late, DEFAULT_WAIT)

    def judge(match):
        waited = float(match[2]) / (1000 if match[3] == "ms" else 1)
        assert seconds - early <= waited < most, text
        return f"{match[1]}T"

    return re.sub(r"(.* (?:in|for) )(\d+(?:\.\d)?) (s|ms)\b", judge, text)


NO_GREETING = "TIMEOUT: connected in {} ms, but no greeting in T\n"
NO_DATAGRAM = "TIMEOUT: no answer in T (lost, filtered, or no server)\n"


def without_times(text):
    """A message without the time that the connection took."""
    return re.sub(r"connected in [\d.]+ ms", "connected in {} ms", text)


def ask(*arguments, timeout=20, **options):
    """Runs the client; out is bytes, err is text."""
    result = subprocess.run(
        [CLIENT, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, **options
    )
    result.out, result.err = result.stdout, result.stderr.decode()
    return result


def reset(connection):
    """Closes with a reset instead of an end of file."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Server:
    """Serves every client of a bound socket in a thread; what the clients sent is in received."""

    def __init__(self, bound, serve):
        self.socket, self.serve, self.received = bound, serve, []
        self.port = bound.getsockname()[1] if bound.family != socket.AF_UNIX else None
        self.place, self.target = self.names()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def names(self):
        """What the client calls the server, and what to call it with."""
        stream = self.socket.type == socket.SOCK_STREAM
        name = self.socket.getsockname()
        if self.socket.family == socket.AF_UNIX:
            kind = "unix" if stream else "unix-dgram"
            return f"{name} {kind}", f"{kind}:{name}"
        kind = "tcp" if stream else "udp"
        host = f"[{name[0]}]" if ":" in name[0] else name[0]
        return f"{host}:{self.port} {kind}", f"{kind}://{host}:{self.port}"

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                if self.socket.type == socket.SOCK_STREAM:
                    connection, peer = self.socket.accept()
                    self.received.append(peer)
                    self.serve(connection)
                else:
                    data, peer = self.socket.recvfrom(70000)
                    if peer is None:
                        return  # shut down
                    self.received.append((data, peer))
                    self.serve(self.socket, peer)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def say(greeting):
    def serve(connection):
        connection.sendall(greeting)
        connection.close()

    return serve


def after_request(greeting):
    """What is said to whom has said something: otherwise what was not read would end in a reset."""

    def serve(connection):
        connection.recv(65536)
        say(greeting)(connection)

    return serve


def reply(greeting):
    return lambda bound, peer: bound.sendto(greeting, peer)


def tcp(serve=say(GREETING), host="127.0.0.1", port=0):
    """A server at a port, or at one that is free on every address, and that the kernel gives to no client."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return Server(socket.create_server((host, port or free_port()), family=family), serve)


def udp(serve=reply(GREETING), host="127.0.0.1", port=0):
    """The same for datagrams."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    make_room(bound)
    bound.bind((host, port or free_port()))
    return Server(bound, serve)


def unix(path, kind, serve):
    bound = socket.socket(socket.AF_UNIX, kind)
    bound.bind(path)
    if kind == socket.SOCK_STREAM:
        bound.listen()
    return Server(bound, serve)


def unused_port():
    """A port nobody listens on; bound, not listening, so that nobody takes it either. It is none of those that the
    kernel gives to clients, so it can be let go and bound again."""
    bound = socket.socket()
    bound.bind(("127.0.0.1", free_port()))
    return bound, bound.getsockname()[1]


def in_terminal(*arguments):
    """What the client writes to a terminal, with the terminal's own CR before LF taken out, and its exit code."""
    master, slave = pty.openpty()
    environment = dict(os.environ, LC_ALL="C.UTF-8")
    process = subprocess.Popen([CLIENT, *map(str, arguments)], stdout=slave, env=environment)
    os.close(slave)
    output = b""
    with contextlib.suppress(OSError):
        while chunk := os.read(master, 65536):
            output += chunk
    os.close(master)
    return output.replace(b"\r\n", b"\n"), process.wait(timeout=10)


# Targets


def test_tcp_bytes_come_out_as_they_went_in():
    greeting = bytes(range(256)) * 3
    with tcp(say(greeting)) as server:
        result = ask(f"127.0.0.1:{server.port}")
    assert (result.out, result.err, result.returncode) == (greeting, "", 0)


@pytest.mark.parametrize(
    "form", ["127.0.0.1:{}", "tcp://127.0.0.1:{}", "localhost:{}", "2130706433:{}", "127.1:{}", "TCP://127.0.0.1:{}"]
)
def test_tcp_target_forms(form):
    with tcp() as server:
        result = ask(form.format(server.port))
    assert (result.out, result.returncode) == (GREETING, 0)


@needs_ipv6
@pytest.mark.parametrize("form", [["[::1]:{}"], ["tcp://[::1]:{}"], ["::1", "{}"], ["-p", "{}", "::1"], ["[::1]", "{}"]])
def test_ipv6_target_forms(form):
    with tcp(host="::1") as server:
        result = ask(*[part.format(server.port) for part in form])
    assert (result.out, result.returncode) == (GREETING, 0)


def test_two_operands_are_host_and_port():
    with tcp() as server:
        assert ask("127.0.0.1", server.port).out == GREETING


def test_option_p_is_for_targets_without_a_port():
    with tcp() as server, tcp(say(b"other")) as other:
        assert ask("-p", server.port, "127.0.0.1").out == GREETING
        assert ask("-p", other.port, f"127.0.0.1:{server.port}").out == GREETING
        assert ask("-p", other.port, "127.0.0.1", server.port).out == GREETING


def test_default_port_is_12345():
    result = ask("-v", "-W", "0.5", "127.0.0.1")
    assert "127.0.0.1:12345 tcp: trying\n" in result.err


def test_service_name_as_port():
    result = ask("-v", "-W", "0.5", "127.0.0.1:echo")
    assert "127.0.0.1:7 tcp: trying\n" in result.err or "no such service" in result.err


def test_several_targets_in_order():
    with tcp(say(b"one\n")) as one, udp(reply(b"two\n")) as two:
        result = ask(f"127.0.0.1:{one.port}", f"udp://127.0.0.1:{two.port}", f"tcp://127.0.0.1:{one.port}")
    assert (result.out, result.returncode) == (b"one\ntwo\none\n", 0)


def test_one_of_several_targets_without_an_answer():
    holder, port = unused_port()
    with holder, tcp() as server:
        result = ask(f"127.0.0.1:{port}", f"127.0.0.1:{server.port}")
    assert (result.out, result.returncode) == (GREETING, 1)
    assert result.err == f"sockgreet: 127.0.0.1:{port} tcp: REFUSED: connection refused\n"


@pytest.mark.parametrize("options,form", [(["-u"], "127.0.0.1:{}"), ([], "udp://127.0.0.1:{}"), (["-u"], "127.1:{}")])
def test_udp(options, form):
    with udp() as server:
        result = ask(*options, form.format(server.port))
    assert (result.out, result.err, result.returncode) == (GREETING, "", 0)


def test_option_u_does_not_override_a_named_transport():
    with tcp() as server:
        assert ask("-u", f"tcp://127.0.0.1:{server.port}").out == GREETING


@needs_ipv6
def test_udp_over_ipv6():
    with udp(host="::1") as server:
        assert ask("-u", f"[::1]:{server.port}").out == GREETING


@pytest.mark.parametrize("where", ["{}/greet.sock", "@sockgreet-test{}"])
def test_unix_stream(tmp_path, where):
    path = where.format(tmp_path)
    with unix(path.replace("@", "\0"), socket.SOCK_STREAM, say(GREETING)):
        result = ask(f"unix:{path}")
    assert (result.out, result.err, result.returncode) == (GREETING, "", 0)


@pytest.mark.parametrize("where", ["{}/greet.sock", "@sockgreet-dgram{}"])
def test_unix_dgram_autobinds(tmp_path, where):
    path = where.format(tmp_path)
    with unix(path.replace("@", "\0"), socket.SOCK_DGRAM, reply(GREETING)) as server:
        result = ask(f"unix-dgram:{path}")
    assert (result.out, result.err, result.returncode) == (GREETING, "", 0)
    assert server.received[0][1].startswith(b"\0") and len(server.received[0][1]) == 6


def test_unix_is_not_touched_by_inet_options(tmp_path):
    path = f"{tmp_path}/s"
    with unix(path, socket.SOCK_STREAM, say(GREETING)):
        assert ask("-u", "-6", "-p", "9", "-I", "::1", f"unix:{path}").out == GREETING


@pytest.mark.skipif(not shutil.which("socat"), reason="socat is not installed")
@pytest.mark.parametrize("kind", ["tcp", "udp", "unix"])
def test_socat(tmp_path, kind):
    holder, port = unused_port()
    holder.close()
    listen, target = {
        "tcp": (f"TCP4-LISTEN:{port},fork,bind=127.0.0.1,reuseaddr", f"127.0.0.1:{port}"),
        "udp": (f"UDP4-RECVFROM:{port},fork,bind=127.0.0.1", f"udp://127.0.0.1:{port}"),
        "unix": (f"UNIX-LISTEN:{tmp_path}/s,fork", f"unix:{tmp_path}/s"),
    }[kind]
    server = subprocess.Popen(["socat", listen, "SYSTEM:echo hello"], stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 10
        result = ask("-W", "1", target)
        while result.returncode and time.monotonic() < until:
            time.sleep(0.1)
            result = ask("-W", "1", target)
        assert (result.out, result.returncode) == (b"hello\n", 0)
    finally:
        server.terminate()
        server.wait()


# Datagrams


@pytest.mark.parametrize("options,size", [([], 512), (["--pad", "0"], 0), (["--pad=1"], 1), (["--pad=65507"], 65507)])
def test_request_is_padded_with_zeros(options, size):
    with udp() as server:
        assert ask("-u", *options, f"127.0.0.1:{server.port}").returncode == 0
    assert server.received[0][0] == bytes(size)


def test_unix_dgram_request_is_padded(tmp_path):
    with unix(f"{tmp_path}/s", socket.SOCK_DGRAM, reply(GREETING)) as server:
        assert ask("--pad", "3", f"unix-dgram:{tmp_path}/s").returncode == 0
    assert server.received[0][0] == b"\0\0\0"


def test_empty_datagram_is_an_answer():
    with udp(reply(b"")) as server:
        result = ask("-u", f"127.0.0.1:{server.port}")
    assert (result.out, result.err, result.returncode) == (b"", "", 0)


def test_largest_datagram():
    greeting = os.urandom(65507)
    with udp(reply(greeting)) as server:
        assert ask("-u", f"127.0.0.1:{server.port}").out == greeting


def test_answer_from_another_address_is_not_believed():
    other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    other.bind(("127.0.0.1", 0))
    with other, udp(lambda bound, peer: other.sendto(b"forged", peer)) as server:
        result = ask("-u", "-W", "0.3", f"127.0.0.1:{server.port}")
    assert (result.out, result.returncode) == (b"", 1)
    assert waits(result.err, 0.3) == f"sockgreet: 127.0.0.1:{server.port} udp: {NO_DATAGRAM}"


@pytest.mark.parametrize("host", ["127.255.255.255"])
def test_broadcast_is_answered_by_any_address(host):
    with udp(host="") as server:
        result = ask("-u", "-c", "1", "-W", "2", f"{host}:{server.port}")
    assert result.returncode == 0
    assert f"\nseq=1 127.0.0.1:{server.port} udp time=".encode() in result.out


def test_late_answer_is_not_counted_for_another_request():
    late = []

    def serve(bound, peer):
        late.append(peer)
        if len(late) == 1:
            return
        bound.sendto(b"late", late[0])
        time.sleep(0.1)
        bound.sendto(b"in time", peer)

    with udp(serve) as server:
        result = ask("-u", "-c", "2", "-i", "0", "-W", "1.5", f"127.0.0.1:{server.port}")
    assert b"greeting: in time\nseq=2 " in result.out and b"late" not in result.out
    assert b"2 sent, 1 answered, 50 % lost" in result.out
    loss = re.search("seq=1 .*", result.out.decode())[0]
    assert waits(loss, 1.5) == f"seq=1 127.0.0.1:{server.port} udp TIMEOUT: no answer in T"
    assert result.returncode == 1


# Streams


def test_large_greeting():
    greeting = os.urandom(1 << 20)
    with tcp(say(greeting)) as server:
        assert ask(f"127.0.0.1:{server.port}").out == greeting


def test_greeting_in_pieces():
    def serve(connection):
        for byte in b"piece":
            connection.send(bytes([byte]))
            time.sleep(0.05)
        connection.close()

    with tcp(serve) as server:
        assert ask(f"127.0.0.1:{server.port}").out == b"piece"


def test_endless_greeting_is_an_error():
    def serve(connection):
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(bytes(1 << 20))

    with tcp(serve) as server:
        result = ask("-W", "15", f"127.0.0.1:{server.port}")
    assert (result.out, result.returncode) == (b"", 1)
    assert result.err.endswith("the greeting is larger than 16 MiB\n")


def test_greeting_of_exactly_the_limit():
    with tcp(say(bytes(16 << 20))) as server:
        result = ask("-W", "15", f"127.0.0.1:{server.port}")
    assert (len(result.out), result.returncode) == (16 << 20, 0)


def test_connection_is_refused():
    holder, port = unused_port()
    with holder:
        result = ask(f"127.0.0.1:{port}")
    assert (result.out, result.returncode) == (b"", 1)
    assert result.err == f"sockgreet: 127.0.0.1:{port} tcp: REFUSED: connection refused\n"


def test_udp_is_refused_at_once():
    port = free_port()
    started = time.monotonic()
    result = ask("-u", "-W", "15", f"127.0.0.1:{port}")
    assert time.monotonic() - started < 10
    assert result.err == f"sockgreet: 127.0.0.1:{port} udp: REFUSED: connection refused\n"
    assert result.returncode == 1


def unread(connection):
    """Bytes that the client of a connection over 127.0.0.1 has not read yet, as the kernel says."""
    ends = [f"0100007F:{address[1]:04X}" for address in (connection.getpeername(), connection.getsockname())]
    with open("/proc/net/tcp", encoding="ascii") as file:
        return next(int(line.split()[4].partition(":")[2], 16) for line in file if line.split()[1:3] == ends)


def test_reset_after_data():
    def serve(connection):
        connection.send(b"half a gree")
        wait_until(lambda: unread(connection) == 0, "the client reads")
        reset(connection)

    with tcp(serve) as server:
        result = ask(f"127.0.0.1:{server.port}")
    assert (result.out, result.returncode) == (b"", 1)
    assert result.err == f"sockgreet: 127.0.0.1:{server.port} tcp: RESET: connection reset by peer after 11 bytes\n"


def test_reset_before_data():
    def serve(connection):
        time.sleep(0.1)
        reset(connection)

    with tcp(serve) as server:
        result = ask(f"127.0.0.1:{server.port}")
    assert without_times(result.err) == (
        f"sockgreet: 127.0.0.1:{server.port} tcp: RESET: connected in {{}} ms, then reset before a greeting\n"
    )
    assert result.returncode == 1


def test_closed_without_a_greeting():
    with tcp(lambda connection: connection.close()) as server:
        result = ask(f"127.0.0.1:{server.port}")
    assert without_times(result.err) == (
        f"sockgreet: 127.0.0.1:{server.port} tcp: OTHER: connected in {{}} ms, then closed without a greeting\n"
    )
    assert result.returncode == 1


@pytest.mark.parametrize("timeout", ["0.3", "1", "0.05"])
def test_server_that_never_answers(timeout):
    held = []
    with tcp(held.append) as server:
        started = time.monotonic()
        result = ask("-W", timeout, f"127.0.0.1:{server.port}")
        took = time.monotonic() - started
    assert result.returncode == 1
    assert float(timeout) <= took < float(timeout) + 3
    assert without_times(waits(result.err, float(timeout))).endswith(f" tcp: {NO_GREETING}")


def test_default_timeout_is_five_seconds():
    held = []
    with tcp(held.append) as server:
        result = ask(f"127.0.0.1:{server.port}")
    assert without_times(waits(result.err, 5)).endswith(NO_GREETING)


@pytest.mark.parametrize("of_unix", [False, True])
def test_greeting_without_end_of_file(tmp_path, of_unix):
    """A line and silence is an answer; who asks for the whole waits for the end, and is told that there was none."""
    held = []

    def serve(connection):
        held.append(connection)
        connection.send(b"220 mail\r\n")

    with unix(f"{tmp_path}/s", socket.SOCK_STREAM, serve) if of_unix else tcp(serve) as server:
        started = time.monotonic()
        result = ask("-W", "9", server.target)
        assert 0.2 <= time.monotonic() - started < 6
        counted = ask("-W", "9", "-c", "3", "-i", "0", server.target)
        whole = ask("-W", "0.5", "--whole", server.target)
    assert (result.out, result.err, result.returncode) == (b"220 mail\r\n", "", 0)
    # The time of the greeting, not of the silence after it.
    times = [float(time) for time in re.findall(rb"\nseq=. .* time=(\d+\.\d\d) ms", counted.out)]
    assert len(times) == 3 and min(times) < 150
    assert (whole.out, whole.returncode) == (b"220 mail\r\n", 0)
    assert whole.err == f"sockgreet: {server.place}: 10 bytes, but no end of file in time\n"


def test_an_unfinished_line_is_waited_for():
    def serve(connection):
        connection.send(b"220 ma")
        time.sleep(0.5)
        connection.send(b"il\r\n")
        time.sleep(1)
        connection.close()

    with tcp(serve) as server:
        assert ask(server.target).out == b"220 mail\r\n"


def test_unix_errors(tmp_path):
    missing = ask(f"unix:{tmp_path}/missing")
    assert missing.err == f"sockgreet: {tmp_path}/missing unix: REFUSED: no such file or directory\n"
    assert missing.returncode == 1
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(f"{tmp_path}/stale")
    stale.close()
    assert ask(f"unix:{tmp_path}/stale").err.endswith("/stale unix: REFUSED: connection refused\n")
    assert ask(f"unix-dgram:{tmp_path}/missing").err.endswith(" unix-dgram: REFUSED: no such file or directory\n")


def test_unix_listener_with_a_full_queue(tmp_path):
    path = f"{tmp_path}/s"
    bound = socket.socket(socket.AF_UNIX)
    bound.bind(path)
    bound.listen(0)
    waiting = socket.socket(socket.AF_UNIX)
    waiting.connect(path)
    result = ask("-W", "0.3", f"unix:{path}")
    assert waits(result.err, 0.3) == f"sockgreet: {path} unix: TIMEOUT: the queue of the socket stayed full for T\n"

    def accept():
        time.sleep(0.3)
        for _ in range(2):
            connection, _ = bound.accept()
            connection.send(GREETING)
            connection.close()

    threading.Thread(target=accept, daemon=True).start()
    assert ask(f"unix:{path}").out == GREETING


def test_unix_dgram_server_that_never_answers(tmp_path):
    with unix(f"{tmp_path}/s", socket.SOCK_DGRAM, lambda *_: None):
        result = ask("-W", "0.2", f"unix-dgram:{tmp_path}/s")
    assert waits(result.err, 0.2) == f"sockgreet: {tmp_path}/s unix-dgram: {NO_DATAGRAM}"


# Names and addresses


def lookup_words(host):
    try:
        socket.getaddrinfo(host, 1)
    except socket.gaierror as error:
        return {socket.EAI_NONAME: "no such host", socket.EAI_AGAIN: "the name service does not answer"}.get(error.errno)
    return None


def test_no_such_host():
    words = lookup_words("no-such-host.invalid")
    if not words:
        pytest.skip("this machine's resolver knows every name")
    result = ask("-W", "15", "no-such-host.invalid")
    assert result.err == f"sockgreet: no-such-host.invalid:12345 tcp: DNS: {words}\n"
    assert result.returncode == 1


def test_no_such_service():
    result = ask("127.0.0.1:no-such-service")
    assert result.err == "sockgreet: 127.0.0.1:no-such-service tcp: DNS: no such service\n"
    assert result.returncode == 1


@pytest.mark.parametrize("option,host,family", [("-4", "[::1]", "IPv4"), ("-6", "127.0.0.1", "IPv6")])
def test_address_of_the_wrong_family(option, host, family):
    result = ask(option, host)
    other = {"IPv4": "IPv6", "IPv6": "IPv4"}[family]
    words = f"this is an {other} address, but {family} was requested (-4, -6 or -I)"
    assert result.err == f"sockgreet: {host}:12345 tcp: DNS: {words}\n"
    assert result.returncode == 1


def with_hosts(tmp_path, hosts, *arguments, services="files"):
    """Runs the client where /etc/hosts (and resolv.conf, if written) say this, which only root can arrange."""
    (tmp_path / "hosts").write_text(hosts)
    (tmp_path / "nsswitch.conf").write_text(f"hosts: {services}\n")
    files = ["hosts", "nsswitch.conf"] + ["resolv.conf"] * (tmp_path / "resolv.conf").exists()
    script = " && ".join([f"mount --bind {tmp_path}/{name} /etc/{name}" for name in files] + ['exec "$@"'])
    probe = subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL)
    if probe.returncode or not os.path.exists("/etc/nsswitch.conf"):
        pytest.skip("cannot make a mount namespace")
    result = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", CLIENT, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=20,
    )
    result.out, result.err = result.stdout, result.stderr.decode()
    return result


HOSTS = "127.0.0.2 many\n127.0.0.3 many\n127.0.0.4 many\n127.0.0.1 localhost\n"


def test_addresses_are_tried_in_order_until_one_answers(tmp_path):
    with tcp(host="127.0.0.4") as server:
        result = with_hosts(tmp_path, HOSTS, "-v", "many", server.port)
        quietly = with_hosts(tmp_path, HOSTS, "many", server.port)
    assert (result.out, result.returncode) == (GREETING, 0)
    assert re.findall(r"(\S+):\d+ tcp: trying\n", result.err) == ["127.0.0.2", "127.0.0.3", "127.0.0.4"]
    assert result.err.count("connection refused") == 2
    assert (quietly.out, quietly.returncode) == (GREETING, 0)
    assert quietly.err == f"sockgreet: 127.0.0.4:{server.port} tcp: answered instead of 127.0.0.2 (REFUSED)\n"


def test_every_address_that_failed_is_told(tmp_path):
    holder, port = unused_port()
    with holder:
        result = with_hosts(tmp_path, HOSTS, "many", port)
    assert result.returncode == 1
    assert result.err == "".join(
        f"sockgreet: many:{port}: 127.0.0.{n}:{port} tcp: REFUSED: connection refused\n" for n in (2, 3, 4)
    )


def test_an_address_that_the_resolver_repeats_is_tried_once(tmp_path):
    """It finds 127.0.0.1 in both lines."""
    holder, port = unused_port()
    with holder:
        result = with_hosts(tmp_path, "127.0.0.1 localhost\n::1 localhost\n", "-4", "localhost", port)
    assert result.err == f"sockgreet: 127.0.0.1:{port} tcp: REFUSED: connection refused\n"


def test_udp_goes_on_after_refusal_and_silence(tmp_path):
    with udp(host="127.0.0.4") as server, udp(lambda *_: None, host="127.0.0.3", port=server.port):
        result = with_hosts(tmp_path, HOSTS, "-v", "-u", "-W", "9", "many", server.port)
    assert (result.out, result.returncode) == (GREETING, 0)
    assert f"127.0.0.2:{server.port} udp: REFUSED: connection refused\n" in result.err
    assert f"127.0.0.3:{server.port} udp: cancelled, another address was faster\n" in result.err


def test_all_addresses_together_take_no_longer_than_the_timeout(tmp_path):
    """Each has the time that is left when its turn comes, a quarter of a second after the one before it."""
    silent = lambda *_: None
    with udp(silent, "127.0.0.2") as server, udp(silent, "127.0.0.3", server.port), udp(silent, "127.0.0.4", server.port):
        started = time.monotonic()
        result = with_hosts(tmp_path, HOSTS, "-u", "-W", "1.5", "many", server.port)
        took = time.monotonic() - started
    waited = [float(seconds) for seconds in re.findall(r"TIMEOUT: no answer in ([\d.]+) s", result.err)]
    assert result.returncode == 1 and took < 4  # each on its own: 4.5
    assert len(waited) == 3 and 1.4 <= waited[0] < 3.5 and waited[0] > waited[1] > waited[2] > 0.5


def test_name_server_that_never_answers(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can be a name server")
    address = f"127.54.{os.getpid() >> 8 & 255}.{os.getpid() & 255 or 1}"  # other runs have others
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        silent.bind((address, 53))
    except OSError:
        pytest.skip("a name server runs on this machine")
    with silent:
        (tmp_path / "resolv.conf").write_text(f"nameserver {address}\n")
        for options, words in (([], "www.example:12345 tcp: DNS"), (["--resolve"], "www.example")):
            started = time.monotonic()
            result = with_hosts(tmp_path, HOSTS, "-W", "0.5", *options, "www.example", services="files dns")
            assert time.monotonic() - started < 4  # the resolver's own patience is 5 s, twice
            assert waits(result.err, 0.5) == f"sockgreet: {words}: the name service did not answer in T\n"
            assert result.returncode == 1
        started = time.monotonic()
        result = with_hosts(tmp_path, HOSTS, "-W", "0.5", "--resolve", "-v", "192.0.2.9", services="files dns")
        assert time.monotonic() - started < 4
        assert rows(result, VERBOSE_COLUMNS) == [("192.0.2.9", "IPv4", "192.0.2.9", "stream,dgram,raw", "-")]


# Options


def test_source_address():
    with tcp() as server, udp() as datagrams:
        assert ask("-I", "127.0.0.9", f"127.0.0.1:{server.port}").returncode == 0
        assert ask("-u", "-I", "127.0.0.9", f"127.0.0.1:{datagrams.port}").returncode == 0
    assert server.received[0][0] == "127.0.0.9"
    assert datagrams.received[0][1][0] == "127.0.0.9"


def test_source_interface():
    with tcp() as server:
        result = ask("-I", "lo", f"127.0.0.1:{server.port}")
    if "operation not permitted" in result.err:
        pytest.skip("this kernel lets only root choose an interface")
    assert (result.out, result.returncode) == (GREETING, 0)


def test_source_errors():
    nobody = ask("-I", "nosuchif0", "127.0.0.1")
    assert nobody.err == (
        "sockgreet: -I: 'nosuchif0' is neither an IP address nor a network interface of this machine\n"
    )
    assert nobody.returncode == 2
    foreign = ask("-I", "192.0.2.250", "127.0.0.1")
    assert foreign.err.endswith(": LOCAL: 192.0.2.250 is not an address of this machine\n")
    assert foreign.returncode == 2
    family = ask("-6", "-I", "127.0.0.1", "localhost")
    assert (family.err, family.returncode) == (
        "sockgreet: -I: the source address is IPv4, but -6 selects IPv6\n",
        2,
    )


def test_quiet():
    with tcp() as server:
        result = ask("-q", f"127.0.0.1:{server.port}")
    assert (result.out, result.err, result.returncode) == (b"", "", 0)


def test_verbose():
    with tcp() as server:
        result = ask("-v", f"127.0.0.1:{server.port}")
    label = re.escape(f"sockgreet: 127.0.0.1:{server.port} tcp: ")
    first, connected, answered = result.err.splitlines()
    assert result.out == GREETING
    assert re.fullmatch(label + "trying", first)
    assert re.fullmatch(label + r"connected in \d+\.\d{3} ms from 127\.0\.0\.1:\d+", connected)
    assert re.fullmatch(label + r"26 bytes, the first after \d+\.\d{3} ms, the end after \d+\.\d{3} ms", answered)


def test_version():
    result = ask("-V")
    assert re.fullmatch(rb"sockgreet \d\S*\nTransports: tcp udp unix unix-dgram\nFamilies: .*\n", result.out)
    assert result.returncode == 0
    assert ask("--version").out == result.out


def test_help_names_every_option():
    result = ask("--help")
    assert result.returncode == 0
    for option in "46Ipuciwqv":
        assert f"  -{option}, ".encode() in result.out
    for word in (b"-W, --timeout", b"-V, --version", b"--pad=SIZE", b"--resolve", b"Examples:", b"Exit status:"):
        assert word in result.out


def test_long_options():
    with udp() as server:
        result = ask(
            "--ipv4", "--udp", f"--port={server.port}", "--count=1", "--interval=1", "--timeout=2", "--deadline=9",
            "--source=127.0.0.1", "--quiet", "--pad=9", "127.0.0.1",
        )
    assert result.returncode == 0 and b"1 sent, 1 answered" in result.out
    assert len(server.received[0][0]) == 9


@pytest.mark.parametrize(
    "arguments,words",
    [
        (["-u"], "a target is missing"),
        (["--nonsense", "a"], "unrecognized option"),
        (["-x", "a"], "invalid option"),
        (["-p"], "requires an argument"),
        (["-p", "0", "a"], "-p: '0' is not a port; allowed: 1 to 65535, or the name of a service"),
        (["-p", "65536", "a"], "-p: '65536' is not a port"),
        (["-c", "-1", "a"], "-c: '-1' is not a whole number from 0 to 1000000000"),
        (["-c", "1.5", "a"], "-c: '1.5' is not a whole number"),
        (["-c", "many", "a"], "-c: 'many' is not a whole number"),
        (["-c", "", "a"], "-c: '' is not a whole number"),
        (["-c", "1", "-i", "-1", "a"], "-i: '-1' is not a time"),
        (["-c", "1", "-i", "1e3", "a"], "-i: '1e3' is not a time"),
        (["-c", "1", "-i", "nan", "a"], "-i: 'nan' is not a time"),
        (["-W", "0", "a"], "-W: '0' is not a time from 0.001 s to 1000000 s"),
        (["-W", "inf", "a"], "-W: 'inf' is not a time"),
        (["-w", "1x", "a"], "-w: '1x' is not a time"),
        (["-w", "1000001", "a"], "-w: '1000001' is not a time from 0.001 s to 1000000 s"),
        (["--pad", "65508", "a"], "--pad: '65508' is not a whole number from 0 to 65507"),
        (["-4", "-6", "a"], "-4 and -6 cannot be combined"),
        (["a:0"], '"a:0": the port must be a number from 1 to 65535 or the name of a service'),
        (["[::1"], "the closing bracket is missing"),
        (["http://a"], "the transport must be tcp://, udp://, unix: or unix-dgram:"),
        (["unix:"], "the path of the socket is missing"),
        (["a:1", "80"], "already includes a port; remove the port 80"),
        (["unix:/x", "80"], "a Unix socket has no port"),
        (["a\x1b[31m"], '"a\\x1b[31m": a host is a name or an address in printable ASCII without spaces'),
    ],
)
def test_wrong_usage(arguments, words):
    result = ask(*arguments)
    assert words in result.err and result.err.startswith("sockgreet: ")
    assert (result.out, result.returncode) == (b"", 2)


def test_no_argument_at_all():
    """A usage of three lines, and how to get help."""
    result = ask()
    assert (result.out, result.returncode) == (b"", 2)
    usage, more, last, advice = result.err.splitlines()
    assert usage.startswith("Usage: sockgreet ") and more.startswith("       sockgreet ") and last.startswith(more[:16])
    assert advice == "Try 'sockgreet --help' for all options, 'man sockgreet' for the manual."


def test_help_fits_a_terminal_of_80_columns():
    out = ask("--help", env={**os.environ, "COLUMNS": "80"}).out.decode()
    assert max(map(len, out.splitlines())) < 80
    examples = out.split("Examples:\n")[1].split("\n\n")[0]
    assert all(line.startswith("  sockgreet ") for line in examples.splitlines())


# Counting

LINE = re.compile(
    r"seq=(\d+) 127\.0\.0\.1:(\d+) (tcp|udp) (?:connect=(\d+\.\d\d) first=(\d+\.\d\d) )?time=(\d+\.\d\d) ms"
)
TIMES = re.compile(r"min/avg/max/mdev = ([\d.]+)/([\d.]+)/([\d.]+)/([\d.]+) ms")
PERCENTILES = re.compile(r"p50/p90/p99 = ([\d.]+)/([\d.]+)/([\d.]+) ms")


@pytest.mark.parametrize("server_of,name", [(tcp, "tcp"), (udp, "udp")])
def test_count(server_of, name):
    with server_of() as server:
        result = ask("-c", "3", "-i", "0.05", f"{name}://127.0.0.1:{server.port}")
    lines = result.out.decode().splitlines()
    assert lines[:2] == [f"GREET 127.0.0.1:{server.port} {name}", "greeting: Thank you for connecting"]
    answers = [LINE.fullmatch(line) for line in lines[2:5]]
    assert [answer[1] for answer in answers] == ["1", "2", "3"]
    assert lines[5:7] == ["", f"--- {name}://127.0.0.1:{server.port} greeting statistics ---"]
    assert re.fullmatch(r"3 sent, 3 answered, 0 % lost, time \d+ ms", lines[7])
    least, average, most, deviation = map(float, TIMES.fullmatch(lines[8]).groups())
    times = [float(answer[6]) for answer in answers]
    assert abs(least - min(times)) < 0.006 and abs(most - max(times)) < 0.006 and least <= average <= most
    assert abs(average - sum(times) / 3) < 0.006 and deviation <= most
    middle, many, nearly_all = map(float, PERCENTILES.fullmatch(lines[9]).groups())
    assert least * 0.99 <= middle <= many <= nearly_all <= most * 1.01
    for answer in answers if name == "tcp" else ():
        assert float(answer[4]) <= float(answer[5]) <= float(answer[6])
    assert (len(lines), result.err, result.returncode) == (10, "", 0)


def test_count_over_unix(tmp_path):
    with unix(f"{tmp_path}/s", socket.SOCK_STREAM, say(GREETING)):
        result = ask("-c", "1", f"unix:{tmp_path}/s")
    lines = result.out.decode().splitlines()
    assert lines[0] == f"GREET {tmp_path}/s unix" and lines[2].startswith(f"seq=1 {tmp_path}/s unix connect=")
    assert f"--- unix:{tmp_path}/s greeting statistics ---" in lines


def test_interval():
    with tcp() as server:
        started = time.monotonic()
        assert ask("-c", "6", "-i", "0.2", f"127.0.0.1:{server.port}").returncode == 0
        assert 1.0 <= time.monotonic() - started < 4  # with the default: 5
        started = time.monotonic()
        assert ask("-c", "2", f"127.0.0.1:{server.port}").returncode == 0
        assert 1.0 <= time.monotonic() - started < 4
        assert ask("-c", "500", "-i", "0", f"127.0.0.1:{server.port}").returncode == 0


def test_greeting_in_a_line_is_escaped_and_bounded():
    with tcp(say(b'\x1b[2J\x00\xff"\\' + b"x" * 1000)) as server:
        result = ask("-c", "1", f"127.0.0.1:{server.port}", env=dict(os.environ, LC_ALL="C"))
    line = result.out.decode().splitlines()[1]
    assert line.startswith('greeting: \\x1b[2J\\x00\\xff"\\xxx') and line.endswith("x...")
    assert len(line) <= 80


def test_escapes_are_not_cut_in_half():
    with tcp(say(b"\x01" * 71)) as server:
        result = ask("-c", "1", f"127.0.0.1:{server.port}", env=dict(os.environ, LC_ALL="C.UTF-8"))
    assert re.search(r"\ngreeting: (\\x01)+…\n", result.out.decode())


def test_quiet_count_prints_the_summary_only():
    with tcp() as server:
        result = ask("-q", "-c", "2", "-i", "0.01", f"127.0.0.1:{server.port}")
    lines = result.out.decode().splitlines()
    assert lines[0] == f"--- tcp://127.0.0.1:{server.port} greeting statistics ---"
    assert lines[1].startswith("2 sent, 2 answered") and b"seq=" not in result.out and b"greeting:" not in result.out
    holder, port = unused_port()
    with holder:
        result = ask("-q", "-c", "2", "-i", "0.01", f"127.0.0.1:{port}")
    assert (result.err, result.returncode) == ("", 1)
    assert b"2 sent, 0 answered, 100 % lost" in result.out and b"min/avg" not in result.out
    assert b"\n2 lost: 2 REFUSED\n" in result.out


def test_fewer_answers_than_asked_for():
    clients = []

    def serve(connection):
        clients.append(connection)
        if len(clients) != 2:
            connection.send(GREETING)
        connection.close()

    with tcp(serve) as server:
        result = ask("-c", "3", "-i", "0.01", f"127.0.0.1:{server.port}")
    assert b"3 sent, 2 answered, 33 % lost" in result.out and b"\n1 lost: 1 OTHER\n" in result.out
    lost = re.search("seq=2 .*", without_times(result.out.decode()))[0]
    assert lost == f"seq=2 127.0.0.1:{server.port} tcp OTHER: connected in {{}} ms, then closed without a greeting"
    assert (result.err, result.returncode) == ("", 1)


def test_server_that_appears_later():
    holder, port = unused_port()
    process = subprocess.Popen([CLIENT, "-c", "20", "-i", "0.1", f"127.0.0.1:{port}"], stdout=subprocess.PIPE)
    first = [process.stdout.readline() for _ in range(2)][-1]
    holder.close()
    with tcp(port=port):
        out, _ = process.communicate(timeout=20)
    assert b"seq=20" in out and first == f"seq=1 127.0.0.1:{port} tcp REFUSED: connection refused\n".encode()
    assert process.returncode == 1


def test_several_targets_have_a_summary_each():
    with tcp() as one, udp() as two:
        result = ask("-c", "2", "-i", "0.01", f"127.0.0.1:{one.port}", f"udp://127.0.0.1:{two.port}")
    answers = LINE.findall(result.out.decode())
    assert sorted((answer[2], answer[0]) for answer in answers) == [("tcp", "1"), ("tcp", "2"), ("udp", "1"), ("udp", "2")]
    assert result.out.count(b"2 sent, 2 answered") == 2


def interrupted(*arguments, lines=0, held=None, signals=1):
    """Interrupts the client after so many lines of its, or when a server holds it. It would wait for a minute."""
    process = subprocess.Popen([CLIENT, "-W", "60", *map(str, arguments)], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    try:
        said = b"".join(process.stdout.readline() for _ in range(lines))
        wait_until(lambda: held is None or held, "the client comes")
        for _ in range(signals):
            process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    finally:
        process.kill()
    return (said + out).decode(), err.decode(), process.returncode


def test_interrupt_summarises():
    with tcp() as server:
        out, err, status = interrupted("-c", "0", "-i", "0.1", f"127.0.0.1:{server.port}", lines=5, signals=3)
    sent, answered = map(int, re.search(r"(\d+) sent, (\d+) answered, 0 % lost", out).groups())
    assert sent - 1 <= answered <= sent  # one may have been on its way
    assert 3 <= answered == len(LINE.findall(out)) and TIMES.search(out)
    assert (err, status) == ("", 0)


def test_interrupt_before_the_count_is_reached():
    with tcp() as server:
        out, _, status = interrupted("-c", "100", "-i", "60", f"127.0.0.1:{server.port}", lines=3)
    assert "1 sent, 1 answered" in out and status == 1


def test_interrupt_while_waiting_for_an_answer():
    held = []
    with tcp(held.append) as server:
        out, err, status = interrupted("-c", "0", f"127.0.0.1:{server.port}", held=held)
    assert "\n1 sent, 0 answered, 0 % lost, 1 outstanding, time " in out
    assert (err, status) == ("", 1)


def test_interrupt_without_count_ends_the_program():
    held = []
    with tcp(held.append) as server:
        assert interrupted(f"127.0.0.1:{server.port}", held=held) == ("", "", -signal.SIGINT)


def test_deadline_of_a_run():
    with tcp() as server:
        started = time.monotonic()
        result = ask("-c", "0", "-i", "0.1", "-w", "1.05", f"127.0.0.1:{server.port}")
        took = time.monotonic() - started
    assert 1.0 <= took < 5 and result.returncode == 0
    assert 2 <= int(re.search(rb"(\d+) sent", result.out).group(1)) <= 11
    with tcp() as server:
        assert ask("-c", "100", "-i", "0.1", "-w", "0.3", f"127.0.0.1:{server.port}").returncode == 1


def test_deadline_cuts_a_request():
    held = []
    with tcp(held.append) as server:
        started = time.monotonic()
        result = ask("-w", "0.3", f"127.0.0.1:{server.port}")
        assert time.monotonic() - started < 4
    assert without_times(waits(result.err, 0.3)).endswith(NO_GREETING) and result.returncode == 1


# Terminals and broken outputs


@pytest.mark.parametrize(
    "greeting,shown",
    [
        (b"Thank you\r\n", b"Thank you\r\n"),
        (b"no newline", b"no newline\n"),
        (b"a\tb\nc\n", b"a\tb\nc\n"),
        (b"\x1b]0;title\x07\x1b[2J", b"\\x1b]0;title\\x07\\x1b[2J\n"),
        (b"over\rwritten\n", b"over\\rwritten\n"),
        (b"back\\slash\n", b"back\\slash\n"),
        (b"\x00\x7f\x80\xff\n", b"\\x00\\x7f\\x80\\xff\n"),
        ("Gr\u00fc\u00df Gott\n".encode(), "Gr\u00fc\u00df Gott\n".encode()),
        (b"\xc2\x9b31m\n", b"\\xc2\\x9b31m\n"),
        ("\u202eabc\n".encode(), b"\\xe2\\x80\\xaeabc\n"),
        ("a\u061c\u2028b\U000e0041\n".encode(), b"a\\xd8\\x9c\\xe2\\x80\\xa8b\\xf3\\xa0\\x81\\x81\n"),
        (("o" + 6 * "\u0308" + "\n").encode(), ("o" + 4 * "\u0308").encode() + 2 * b"\\xcc\\x88" + b"\n"),
        (b"cut \xc3", b"cut \\xc3\n"),
    ],
)
def test_terminal_is_kept_safe(greeting, shown):
    with tcp(say(greeting)) as server:
        assert in_terminal(f"127.0.0.1:{server.port}") == (shown, 0)


def test_full_disk():
    with tcp() as server, open("/dev/full", "wb") as full:
        for options in ([], ["-c", "3"], ["-q", "-c", "1"]):
            result = subprocess.run([CLIENT, *options, f"127.0.0.1:{server.port}"], stdout=full, stderr=subprocess.PIPE)
            assert result.stderr == b"sockgreet: standard output: no space left on device\n"
            assert result.returncode == 2
        result = subprocess.run([CLIENT, "--resolve", "127.0.0.1"], stdout=full, stderr=subprocess.PIPE)
        assert result.returncode == 2


def test_reader_that_went_away():
    with tcp(say(b"x" * 200000)) as server:
        reading, writing = os.pipe()
        os.close(reading)
        result = subprocess.run([CLIENT, f"127.0.0.1:{server.port}"], stdout=writing, stderr=subprocess.PIPE)
        os.close(writing)
    assert (result.stderr, result.returncode) == (b"", 2)


def test_closed_standard_output():
    with tcp() as server:
        result = subprocess.run(
            ["sh", "-c", 'exec "$0" "$1" >&-', CLIENT, f"127.0.0.1:{server.port}"], stderr=subprocess.PIPE
        )
    assert (result.stderr, result.returncode) == (b"sockgreet: standard output: bad file descriptor\n", 2)


def test_closed_standard_streams_do_not_reach_the_server():
    heard = []

    def serve(connection):
        connection.send(b"half")
        connection.settimeout(10)
        with contextlib.suppress(OSError):
            heard.append(connection.recv(100))
        connection.close()

    with tcp(serve) as server:
        subprocess.run(["sh", "-c", 'exec "$0" -v -W 2 "$1" <&- >&- 2>&-', CLIENT, f"127.0.0.1:{server.port}"])
        wait_until(lambda: heard, "the client's end of file")
    assert heard == [b""]


def test_no_free_descriptor_is_a_local_error():
    with tcp() as server:
        process = subprocess.Popen([CLIENT, "-c", "0", "-i", "2", f"127.0.0.1:{server.port}"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
        for _ in range(3):
            process.stdout.readline()
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (3, 3))
        out, err = process.communicate(timeout=10)
    assert process.returncode == 2 and b"\n1 sent, 1 answered, 0 % lost, time " in out and b"LOCAL" not in out
    words = "LOCAL: cannot create a socket: too many open files"
    assert err.decode() == f"sockgreet: 127.0.0.1:{server.port} tcp: {words}\n"


def test_no_thread_to_look_a_name_up_with_is_a_local_error():
    """It was taken for an answer about the name. Numbers need no thread."""
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    limited = ["setpriv", "--reuid=54321", "--clear-groups", "prlimit", "--nproc=1", CLIENT]
    with tempfile.TemporaryDirectory() as directory, tcp() as server:
        os.chmod(directory, 0o755)
        limited[-1] = shutil.copy(CLIENT, directory)  # where another user can execute it
        # A search for leaks at the end would be a thread as well.
        alone = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
        named = subprocess.run([*limited, f"localhost:{server.port}"], capture_output=True, text=True, check=False,
                               env=alone)
        number = subprocess.run([*limited, server.target], capture_output=True, check=False, env=alone)
    words = "LOCAL: cannot look up the name: resource temporarily unavailable"
    assert (named.stderr, named.returncode) == (f"sockgreet: localhost:{server.port} tcp: {words}\n", 2)
    assert (number.stdout, number.returncode) == (GREETING, 0)


# Look-up table


def rows(result, columns=("HOST", "FAMILY", "ADDRESS")):
    table = result.out.decode().split("\n\n")[0].splitlines()
    assert table[0].split() == list(columns)
    return [tuple(row.split()) for row in table[1:]]


def expected_rows(host, port, shown=str):
    """Each address once, in the order of getaddrinfo."""
    families = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}
    return list(dict.fromkeys((host, families[family], shown(address[0]))
                              for family, _, _, _, address in socket.getaddrinfo(host, port)))


def test_resolve_says_what_getaddrinfo_says():
    result = ask("--resolve", "localhost")
    assert rows(result) == expected_rows("localhost", None)
    assert (result.err, result.returncode) == ("", 0)


def test_resolve_with_port_and_filters():
    assert rows(ask("--resolve", "127.0.0.1:80")) == [("127.0.0.1", "IPv4", "127.0.0.1:80")]
    assert rows(ask("--resolve", "-p", "81", "::1")) == [("::1", "IPv6", "[::1]:81")]
    assert {row[1] for row in rows(ask("--resolve", "-4", "localhost"))} == {"IPv4"}
    assert rows(ask("--resolve", "-u", "127.0.0.1")) == [("127.0.0.1", "IPv4", "127.0.0.1")]
    assert rows(ask("--resolve", "unix-dgram:/x")) == [("/x", "Unix", "/x")]


def test_resolve_several_hosts_in_aligned_columns():
    result = ask("--resolve", "127.0.0.1", "unix:/a/long/path", "127.0.0.2")
    lines = result.out.decode().splitlines()
    assert {line.index(word) for line, word in zip(lines, ["FAMILY", "IPv4", "Unix", "IPv4"])} == {len("/a/long/path") + 2}
    assert rows(result) == [("127.0.0.1", "IPv4", "127.0.0.1"), ("/a/long/path", "Unix", "/a/long/path"),
                            ("127.0.0.2", "IPv4", "127.0.0.2")]


VERBOSE_COLUMNS = ("HOST", "FAMILY", "ADDRESS", "TYPES", "NAME")


def test_resolve_verbosely():
    """The types of sockets that an address is for, and its name as getnameinfo says."""
    def name_of(address):
        try:
            return socket.getnameinfo((address, 0), socket.NI_NAMEREQD)[0]
        except socket.gaierror:
            return "-"

    result = ask("--resolve", "-v", "127.0.0.1", "unix:/x")
    assert rows(result, VERBOSE_COLUMNS) == [("127.0.0.1", "IPv4", "127.0.0.1", "stream,dgram,raw", name_of("127.0.0.1")),
                                             ("/x", "Unix", "/x", "stream", "-")]
    result = ask("--resolve", "-v", "-u", "-W", "15", "127.0.0.99")
    assert rows(result, VERBOSE_COLUMNS) == [("127.0.0.99", "IPv4", "127.0.0.99", "dgram", name_of("127.0.0.99"))]


def test_resolve_tells_the_canonical_name(tmp_path):
    """And what a name service says is escaped: /etc/hosts may have any byte."""
    hosts = "192.0.2.1 web-1.example www\n192.0.2.2 \x1b]0;x\x07 odd\n"
    result = with_hosts(tmp_path, hosts, "--resolve", "-v", "www", "odd")
    assert result.out.decode().endswith("\n\nThe canonical name of www is web-1.example.\n"
                                        "The canonical name of odd is \\x1b]0;x\\x07.\n")
    assert [(row[0], row[2], row[4]) for row in rows(result, VERBOSE_COLUMNS)] == [
        ("www", "192.0.2.1", "web-1.example"), ("odd", "192.0.2.2", "\\x1b]0;x\\x07")]


def test_resolve_without_host_is_about_this_machine():
    name = socket.gethostname()
    words = lookup_words(name)
    result = ask("--resolve")
    assert result.returncode == (1 if words else 0)
    if not words:
        assert {row[0] for row in rows(result)} == {name}
    assert result.out.decode().endswith(f"\n\nThe host name of this machine is {name} (gethostname).\n")


def test_resolve_reports_what_it_cannot_find():
    words = lookup_words("no-such-host.invalid")
    if not words:
        pytest.skip("this machine's resolver knows every name")
    result = ask("--resolve", "-W", "15", "no-such-host.invalid", "127.0.0.1")
    assert result.err == f"sockgreet: no-such-host.invalid: {words}\n"
    assert len(rows(result)) == 1 and result.returncode == 1
