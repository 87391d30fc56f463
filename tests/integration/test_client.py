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
import threading
import time

import pytest

from processes import wait_until
from service import free_port

CLIENT = os.environ.get("SOCKGREET", "sockgreet")
GREETING = b"Thank you for connecting\r\n"
HAS_IPV6 = os.path.exists("/proc/net/if_inet6") and any(
    line.startswith("0" * 31 + "1") for line in open("/proc/net/if_inet6")
)
needs_ipv6 = pytest.mark.skipif(not HAS_IPV6, reason="no IPv6 loopback")


def waits(text, seconds, early=0.06, late=2.0):
    """A message without the times in it that the client has waited, which must be about so many seconds: it says how
    long it took, and on a busy machine that is a little more. What is wrong is the default of 5 s, or none at all."""

    def judge(match):
        assert seconds - early <= float(match[1]) < seconds + late, text
        return "timed out"

    return re.sub(r"timed out after (\d+\.\d|0\.0\d\d) s", judge, text)


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
        self.thread = threading.Thread(target=self.run, daemon=True)

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


def reply(greeting):
    return lambda bound, peer: bound.sendto(greeting, peer)


def tcp(serve=say(GREETING), host="127.0.0.1", port=0):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return Server(socket.create_server((host, port), family=family), serve)


def udp(serve=reply(GREETING), host="127.0.0.1", port=0):
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind((host, port))
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
    assert "trying 127.0.0.1:12345 over tcp" in result.err


def test_service_name_as_port():
    result = ask("-v", "-W", "0.5", "127.0.0.1:echo")
    assert "trying 127.0.0.1:7 over tcp" in result.err or "no such service" in result.err


def test_several_targets_in_order():
    with tcp(say(b"one\n")) as one, udp(reply(b"two\n")) as two:
        result = ask(f"127.0.0.1:{one.port}", f"udp://127.0.0.1:{two.port}", f"tcp://127.0.0.1:{one.port}")
    assert (result.out, result.returncode) == (b"one\ntwo\none\n", 0)


def test_one_of_several_targets_without_an_answer():
    holder, port = unused_port()
    with holder, tcp() as server:
        result = ask(f"127.0.0.1:{port}", f"127.0.0.1:{server.port}")
    assert (result.out, result.returncode) == (GREETING, 1)
    assert result.err == f"sockgreet: 127.0.0.1 port {port} (127.0.0.1, tcp): connection refused\n"


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
    assert waits(result.err, 0.3) == f"sockgreet: 127.0.0.1 port {server.port} (127.0.0.1, udp): timed out\n"


@pytest.mark.parametrize("host", ["127.255.255.255"])
def test_broadcast_is_answered_by_any_address(host):
    with udp(host="") as server:
        result = ask("-u", "-c", "1", "-W", "2", f"{host}:{server.port}")
    assert result.returncode == 0
    assert result.out.startswith(f"26 bytes from 127.0.0.1:{server.port} over udp: seq=1 ".encode())


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
    assert b'seq=2' in result.out and b'"in time"' in result.out and b'"late"' not in result.out
    assert b"2 sent, 1 answered, 50% lost" in result.out
    assert "seq=1 timed out\n" in waits(result.err, 1.5)
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
    assert result.err == f"sockgreet: 127.0.0.1 port {port} (127.0.0.1, tcp): connection refused\n"


def test_udp_is_refused_at_once():
    port = free_port()
    started = time.monotonic()
    result = ask("-u", "-W", "15", f"127.0.0.1:{port}")
    assert time.monotonic() - started < 10
    assert result.err == f"sockgreet: 127.0.0.1 port {port} (127.0.0.1, udp): connection refused\n"
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
    assert result.err.endswith("(127.0.0.1, tcp): connection reset by peer after 11 bytes\n")


def test_reset_before_data():
    def serve(connection):
        time.sleep(0.1)
        reset(connection)

    with tcp(serve) as server:
        result = ask(f"127.0.0.1:{server.port}")
    assert result.err.endswith("(127.0.0.1, tcp): connection reset by peer\n")
    assert result.returncode == 1


def test_closed_without_a_greeting():
    with tcp(lambda connection: connection.close()) as server:
        result = ask(f"127.0.0.1:{server.port}")
    assert result.err.endswith("(127.0.0.1, tcp): connection closed without a greeting\n")
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
    assert waits(result.err, float(timeout)).endswith(" (127.0.0.1, tcp): timed out\n")


def test_default_timeout_is_five_seconds():
    held = []
    with tcp(held.append) as server:
        result = ask(f"127.0.0.1:{server.port}")
    assert waits(result.err, 5).endswith("timed out\n")


def test_greeting_without_end_of_file():
    held = []

    def serve(connection):
        held.append(connection)
        connection.send(b"220 mail\r\n")

    with tcp(serve) as server:
        result = ask("-W", "1", f"127.0.0.1:{server.port}")
        counted = ask("-W", "1", "-c", "1", f"127.0.0.1:{server.port}")
    assert (result.out, result.returncode) == (b"220 mail\r\n", 0)
    assert result.err == f"sockgreet: 127.0.0.1 port {server.port}: 10 bytes, but no end of file in time\n"
    # The time of the greeting, not of the end that does not come.
    answer = re.search(rb'time=(\d+\.\d{3}) ms "220 mail\\r\\n" \(no end of file\)\n', counted.out)
    assert float(answer[1]) < 700


def test_unix_errors(tmp_path):
    missing = ask(f"unix:{tmp_path}/missing")
    assert missing.err == f"sockgreet: {tmp_path}/missing (unix): no such file or directory\n"
    assert missing.returncode == 1
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(f"{tmp_path}/stale")
    stale.close()
    assert ask(f"unix:{tmp_path}/stale").err.endswith("(unix): connection refused\n")
    assert ask(f"unix-dgram:{tmp_path}/missing").err.endswith("(unix-dgram): no such file or directory\n")


def test_unix_listener_with_a_full_queue(tmp_path):
    path = f"{tmp_path}/s"
    bound = socket.socket(socket.AF_UNIX)
    bound.bind(path)
    bound.listen(0)
    waiting = socket.socket(socket.AF_UNIX)
    waiting.connect(path)
    result = ask("-W", "0.3", f"unix:{path}")
    assert waits(result.err, 0.3) == f"sockgreet: {path} (unix): timed out\n"

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
    assert waits(result.err, 0.2) == f"sockgreet: {tmp_path}/s (unix-dgram): timed out\n"


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
    assert result.err == f"sockgreet: no-such-host.invalid port 12345: {words}\n"
    assert result.returncode == 1


def test_no_such_service():
    result = ask("127.0.0.1:no-such-service")
    assert result.err == "sockgreet: 127.0.0.1 port no-such-service: no such service\n"
    assert result.returncode == 1


@pytest.mark.parametrize("option,host,family", [("-4", "::1", "IPv4"), ("-6", "127.0.0.1", "IPv6")])
def test_address_of_the_wrong_family(option, host, family):
    result = ask(option, host)
    assert result.err == f"sockgreet: {host} port 12345: no {family} address\n"
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
    assert re.findall(r"trying (\S+):", result.err) == ["127.0.0.2", "127.0.0.3", "127.0.0.4"]
    assert result.err.count("connection refused") == 2
    assert (quietly.out, quietly.err, quietly.returncode) == (GREETING, "", 0)


def test_every_address_that_failed_is_told(tmp_path):
    holder, port = unused_port()
    with holder:
        result = with_hosts(tmp_path, HOSTS, "many", port)
    assert result.returncode == 1
    assert result.err == "".join(
        f"sockgreet: many port {port} (127.0.0.{n}, tcp): connection refused\n" for n in (2, 3, 4)
    )


def test_udp_goes_on_after_refusal_and_silence(tmp_path):
    with udp(host="127.0.0.4") as server, udp(lambda *_: None, host="127.0.0.3", port=server.port):
        result = with_hosts(tmp_path, HOSTS, "-v", "-u", "-W", "3", "many", server.port)
    assert (result.out, result.returncode) == (GREETING, 0)
    assert "(127.0.0.2, udp): connection refused" in result.err
    assert "(127.0.0.3, udp): timed out" in waits(result.err, 1.5, early=0.8, late=1)


def test_all_addresses_together_take_no_longer_than_the_timeout(tmp_path):
    silent = lambda *_: None
    with udp(silent, "127.0.0.2") as server, udp(silent, "127.0.0.3", server.port), udp(silent, "127.0.0.4", server.port):
        started = time.monotonic()
        result = with_hosts(tmp_path, HOSTS, "-u", "-W", "1.5", "many", server.port)
        took = time.monotonic() - started
    waited = [float(seconds) for seconds in re.findall(r"timed out after ([\d.]+) s", result.err)]
    assert result.returncode == 1 and took < 4  # each on its own: 4.5
    assert len(waited) == 3 and min(waited) > 0.05 and waited[0] < 1.2 and 1.3 < sum(waited) < 4


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
        for options, words in (([], "www.example port 12345"), (["--resolve"], "www.example")):
            started = time.monotonic()
            result = with_hosts(tmp_path, HOSTS, "-W", "0.5", *options, "www.example", services="files dns")
            assert time.monotonic() - started < 4  # the resolver's own patience is 5 s, twice
            assert waits(result.err, 0.5) == f"sockgreet: {words}: timed out\n"
            assert result.returncode == 1


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
    assert foreign.err.endswith("cannot make a socket to ask from: cannot assign requested address\n")
    assert foreign.returncode == 2
    family = ask("-6", "-I", "127.0.0.1", "localhost")
    assert (family.err, family.returncode) == ("sockgreet: -I: '127.0.0.1' is not an IPv6 address\n", 2)


def test_quiet():
    with tcp() as server:
        result = ask("-q", f"127.0.0.1:{server.port}")
    assert (result.out, result.err, result.returncode) == (b"", "", 0)


def test_verbose():
    with tcp() as server:
        result = ask("-v", f"127.0.0.1:{server.port}")
    label = f"sockgreet: 127.0.0.1 port {server.port}: "
    lines = result.err.splitlines()
    assert result.out == GREETING
    assert lines[0] == f"{label}trying 127.0.0.1:{server.port} over tcp"
    assert re.fullmatch(re.escape(label) + r"connected in \d+\.\d{3} ms from 127\.0\.0\.1:\d+", lines[1])
    assert re.fullmatch(
        re.escape(label)
        + rf"26 bytes from 127\.0\.0\.1:{server.port}, the first after \d+\.\d{{3}} ms, the last after \d+\.\d{{3}} ms",
        lines[2],
    )
    assert len(lines) == 3


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
        ([], "no target"),
        (["--nonsense", "a"], "unrecognized option"),
        (["-x", "a"], "invalid option"),
        (["-p"], "requires an argument"),
        (["-p", "0", "a"], "-p: '0' is neither a number from 1 to 65535 nor the name of a service"),
        (["-p", "65536", "a"], "-p: '65536' is neither"),
        (["-c", "-1", "a"], "-c: '-1' is not a number from 0"),
        (["-c", "1.5", "a"], "-c: '1.5' is not a whole number"),
        (["-c", "many", "a"], "-c: 'many' is not a number"),
        (["-c", "", "a"], "-c: '' is not a number"),
        (["-c", "1", "-i", "-1", "a"], "-i: '-1' is not a number from 0"),
        (["-c", "1", "-i", "1e3", "a"], "-i: '1e3' is not a number"),
        (["-c", "1", "-i", "nan", "a"], "-i: 'nan' is not a number"),
        (["-i", "1", "a"], "-i needs -c"),
        (["-W", "0", "a"], "-W: '0' is not a number from 0.001 to 1000000"),
        (["-W", "inf", "a"], "-W: 'inf' is not a number"),
        (["-w", "1x", "a"], "-w: '1x' is not a number"),
        (["-w", "1000001", "a"], "-w: '1000001' is not a number"),
        (["--pad", "65508", "a"], "--pad: '65508' is not a number from 0 to 65507"),
        (["-4", "-6", "a"], "-4 and -6 exclude each other"),
        (["a:0"], '"a:0": the port must be a number from 1 to 65535 or the name of a service'),
        (["[::1"], "the closing bracket is missing"),
        (["http://a"], "the transport must be tcp://, udp://, unix: or unix-dgram:"),
        (["unix:"], "the path of the socket is missing"),
        (["a:1", "80"], "names its port already, so the port 80 cannot follow"),
        (["unix:/x", "80"], "a Unix socket has no port"),
        (["a\x1b[31m"], '"a\\x1b[31m": a host is a name or an address in printable ASCII without spaces'),
    ],
)
def test_wrong_usage(arguments, words):
    result = ask(*arguments)
    assert words in result.err and result.err.startswith("sockgreet: ")
    assert (result.out, result.returncode) == (b"", 2)


# Counting

LINE = re.compile(
    r'26 bytes from 127\.0\.0\.1:(\d+) over (tcp|udp): seq=(\d+) time=(\d+\.\d{3}) ms "Thank you for connecting\\r\\n"'
)
TIMES = re.compile(r"min/avg/max/mdev = ([\d.]+)/([\d.]+)/([\d.]+)/([\d.]+) ms")


@pytest.mark.parametrize("server_of,name", [(tcp, "tcp"), (udp, "udp")])
def test_count(server_of, name):
    with server_of() as server:
        result = ask("-c", "3", "-i", "0.05", f"{name}://127.0.0.1:{server.port}")
    lines = result.out.decode().splitlines()
    assert [LINE.fullmatch(line).group(3) for line in lines[:3]] == ["1", "2", "3"]
    assert lines[3:5] == ["", f"--- {name}://127.0.0.1:{server.port} greeting statistics ---"]
    assert re.fullmatch(r"3 sent, 3 answered, 0% lost, time \d+ ms", lines[5])
    least, average, most, deviation = map(float, TIMES.fullmatch(lines[6]).groups())
    times = [float(LINE.fullmatch(line).group(4)) for line in lines[:3]]
    assert least == min(times) and most == max(times) and least <= average <= most and deviation <= most
    assert abs(average - sum(times) / 3) < 0.002
    assert (len(lines), result.err, result.returncode) == (7, "", 0)


def test_count_over_unix(tmp_path):
    with unix(f"{tmp_path}/s", socket.SOCK_STREAM, say(GREETING)):
        result = ask("-c", "1", f"unix:{tmp_path}/s")
    assert result.out.startswith(f"26 bytes from {tmp_path}/s over unix: seq=1 time=".encode())
    assert f"--- unix:{tmp_path}/s greeting statistics ---".encode() in result.out


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
        result = ask("-c", "1", f"127.0.0.1:{server.port}")
    line = result.out.decode().splitlines()[0]
    assert line.startswith("1008 bytes from ")
    assert ' ms "\\x1b[2J\\x00\\xff"\\\\xxx' in line and line.endswith('x"...')
    assert len(line) < 200


def test_escapes_are_not_cut_in_half():
    with tcp(say(b"\x01" * 71)) as server:
        result = ask("-c", "1", f"127.0.0.1:{server.port}")
    assert re.search(rb' "(\\x01)+"\.\.\.\n', result.out)


def test_quiet_count_prints_the_summary_only():
    with tcp() as server:
        result = ask("-q", "-c", "2", "-i", "0.01", f"127.0.0.1:{server.port}")
    lines = result.out.decode().splitlines()
    assert lines[0] == f"--- tcp://127.0.0.1:{server.port} greeting statistics ---" and len(lines) == 3
    holder, port = unused_port()
    with holder:
        result = ask("-q", "-c", "2", "-i", "0.01", f"127.0.0.1:{port}")
    assert (result.err, result.returncode) == ("", 1)
    assert b"2 sent, 0 answered, 100% lost" in result.out and b"min/avg" not in result.out


def test_fewer_answers_than_asked_for():
    clients = []

    def serve(connection):
        clients.append(connection)
        if len(clients) != 2:
            connection.send(GREETING)
        connection.close()

    with tcp(serve) as server:
        result = ask("-c", "3", "-i", "0.01", f"127.0.0.1:{server.port}")
    assert b"3 sent, 2 answered, 33.3% lost" in result.out
    assert result.err == (
        f"sockgreet: 127.0.0.1 port {server.port} (127.0.0.1, tcp): seq=2 connection closed without a greeting\n"
    )
    assert result.returncode == 1


def test_server_that_appears_later():
    holder, port = unused_port()
    process = subprocess.Popen([CLIENT, "-c", "20", "-i", "0.1", f"127.0.0.1:{port}"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    first = process.stderr.readline()
    holder.close()
    with tcp(port=port):
        out, _ = process.communicate(timeout=20)
    assert b"seq=20" in out and first.endswith(b"seq=1 connection refused\n")
    assert process.returncode == 1


def test_several_targets_have_a_summary_each():
    with tcp() as one, udp() as two:
        result = ask("-c", "2", "-i", "0.01", f"127.0.0.1:{one.port}", f"udp://127.0.0.1:{two.port}")
    assert [LINE.match(line).group(2, 3) for line in result.out.decode().splitlines()[:4]] == [
        ("tcp", "1"), ("udp", "1"), ("tcp", "2"), ("udp", "2"),
    ]
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
        out, err, status = interrupted("-c", "0", "-i", "0.1", f"127.0.0.1:{server.port}", lines=3, signals=3)
    sent, answered = map(int, re.search(r"(\d+) sent, (\d+) answered, 0% lost", out).groups())
    assert 3 <= sent == answered == len(LINE.findall(out)) and TIMES.search(out)
    assert (err, status) == ("", 0)


def test_interrupt_before_the_count_is_reached():
    with tcp() as server:
        out, _, status = interrupted("-c", "100", "-i", "60", f"127.0.0.1:{server.port}", lines=1)
    assert "1 sent, 1 answered" in out and status == 1


def test_interrupt_while_waiting_for_an_answer():
    held = []
    with tcp(held.append) as server:
        out, err, status = interrupted("-c", "0", f"127.0.0.1:{server.port}", held=held)
    assert "0 sent, 0 answered, 0% lost" in out
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
    assert waits(result.err, 0.3).endswith("timed out\n") and result.returncode == 1


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
        subprocess.run(["sh", "-c", 'exec "$0" -v -W 0.3 "$1" <&- >&- 2>&-', CLIENT, f"127.0.0.1:{server.port}"])
        wait_until(lambda: heard, "the client's end of file")
    assert heard == [b""]


def test_no_free_descriptor_is_a_local_error():
    with tcp() as server:
        process = subprocess.Popen([CLIENT, "-c", "0", "-i", "0.2", f"127.0.0.1:{server.port}"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
        process.stdout.readline()
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (3, 3))
        out, err = process.communicate(timeout=10)
    assert process.returncode == 2 and b" lost, time " in out
    assert err.endswith(b"cannot make a socket to ask from: too many open files\n")


# Look-up table


def rows(result):
    table = result.out.decode().split("\n\n")[0].splitlines()
    assert table[0].split() == ["HOST", "FAMILY", "TYPE", "PROTOCOL", "ADDRESS"]
    return [tuple(row.split()) for row in table[1:]]


def expected_rows(host, port, shown=str):
    families = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}
    types = {socket.SOCK_STREAM: "stream", socket.SOCK_DGRAM: "dgram", socket.SOCK_RAW: "raw"}
    protocols = {socket.IPPROTO_TCP: "tcp", socket.IPPROTO_UDP: "udp", 0: "any"}
    return [
        (host, families[family], types[kind], protocols[protocol], shown(address[0]))
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port)
    ]


def test_resolve_says_what_getaddrinfo_says():
    result = ask("--resolve", "localhost")
    assert rows(result) == expected_rows("localhost", None)
    assert result.out.decode().endswith(f"\n\nThis machine is called {socket.gethostname()} (gethostname).\n")
    assert (result.err, result.returncode) == ("", 0)


def test_resolve_with_port_and_filters():
    assert rows(ask("--resolve", "127.0.0.1:80")) == expected_rows("127.0.0.1", 80, lambda address: f"{address}:80")
    assert rows(ask("--resolve", "-p", "81", "::1"))[0] == ("::1", "IPv6", "stream", "tcp", "[::1]:81")
    assert {row[1] for row in rows(ask("--resolve", "-4", "localhost"))} == {"IPv4"}
    assert rows(ask("--resolve", "-u", "127.0.0.1")) == [("127.0.0.1", "IPv4", "dgram", "udp", "127.0.0.1")]
    assert rows(ask("--resolve", "unix-dgram:/x")) == [("/x", "Unix", "dgram", "any", "/x")]


def test_resolve_several_hosts_in_aligned_columns():
    result = ask("--resolve", "127.0.0.1", "unix:/a/long/path", "127.0.0.2")
    lines = result.out.decode().split("\n\n")[0].splitlines()
    assert len({line.index(word) for line, word in zip(lines, ["FAMILY", "IPv4"])}) == 1
    assert [row[0] for row in rows(result)] == ["127.0.0.1"] * 3 + ["/a/long/path"] + ["127.0.0.2"] * 3


def test_resolve_without_host_is_about_this_machine():
    name = socket.gethostname()
    words = lookup_words(name)
    result = ask("--resolve")
    assert result.returncode == (1 if words else 0)
    if not words:
        assert {row[0] for row in rows(result)} == {name}


def test_resolve_reports_what_it_cannot_find():
    words = lookup_words("no-such-host.invalid")
    if not words:
        pytest.skip("this machine's resolver knows every name")
    result = ask("--resolve", "-W", "15", "no-such-host.invalid", "127.0.0.1")
    assert result.err == f"sockgreet: no-such-host.invalid: {words}\n"
    assert len(rows(result)) == 3 and result.returncode == 1
