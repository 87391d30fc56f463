# SPDX-License-Identifier: MIT
"""The client that asks many times: the clock does not wait for answers, signals, names that change, what it is told."""

import calendar
import contextlib
import os
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

from machine import write_hosts
from namespaces import mount_prefix
from processes import BUSY, PATIENCE, SLOWNESS, wait_until
from proxies import binary
from service import tcp as tcp_listener
from service import udp as udp_listener
from test_client import CLIENT, GREETING, ask, reply, say, tcp, udp, unix, unused_port, with_hosts

SEQUENCE = re.compile(r"^seq=(\d+) .* time=(\d+\.\d\d) ms", re.M)


@contextlib.contextmanager
def running(*arguments, prefix=(), ignore=False, **options):
    """The client at work, with SIGINT as a terminal's programs have it, or ignored."""

    def set_interrupt():
        signal.signal(signal.SIGINT, signal.SIG_IGN if ignore else signal.SIG_DFL)

    process = subprocess.Popen([*prefix, CLIENT, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, preexec_fn=set_interrupt, **options)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def read_until(stream, pattern):
    """The text up to the first line in which the pattern is."""
    text = ""
    while line := stream.readline():
        text += line
        if re.search(pattern, line):
            return text
    raise AssertionError(f"no {pattern} in {text}")


def finish(process, number=signal.SIGINT):
    """(what else it prints, standard error, exit status) after a signal."""
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    return out, err, process.returncode


# The clock


def test_others_do_not_wait_for_those_that_are_held():
    """One request that waited stopped the clock: an outage of two seconds was one slow answer."""
    count = []
    release = threading.Event()

    def serve(connection):
        count.append(connection)
        if len(count) % 5 == 0:
            threading.Thread(target=lambda: (release.wait(PATIENCE), connection.close())).start()
            return
        connection.sendall(GREETING)
        connection.close()

    with tcp(serve) as server:
        result = ask("-c", "20", "-i", "50ms", "-W", "2", server.target)
        release.set()
    out = result.out.decode()
    assert [int(number) for number, _ in SEQUENCE.findall(out)] == [n for n in range(1, 21) if n % 5]
    assert "20 sent, 16 answered, 20 % lost" in out and "\n4 lost: 4 TIMEOUT\n" in out
    took = int(re.search(r", time (\d+) ms", out)[1])
    assert 2900 <= took < 2950 + 3000 * SLOWNESS  # the last of them leaves after 0.95 s; one after another: 8 s
    for late in re.findall(r"^seq=(\d+) .* tcp TIMEOUT: connected in [\d.]+ ms, but no greeting in 2\.\d s$", out, re.M):
        assert int(late) % 5 == 0


def test_a_thousand_requests_at_a_millisecond():
    """3892 of 5000 were sent in 5 s: every wait began when the one before it was over."""
    with udp() as server:
        result = ask("-q", "-c", "1000", "-i", "1ms", server.target)
    out = result.out.decode()
    took = int(re.search(r"1000 sent, 1000 answered, 0 % lost, time (\d+) ms", out)[1])
    assert result.returncode == 0 and took >= 998
    if not BUSY and not SLOWNESS > 1:
        assert took < 1500
    assert len({peer for _, peer in server.received}) >= 900  # a socket each; a port may come again


def test_an_interval_of_nothing_asks_again_when_the_answer_is_there():
    asked = []

    def serve(bound, peer):
        asked.append(time.monotonic())
        time.sleep(0.05)
        bound.sendto(GREETING, peer)

    with udp(serve) as server:
        result = ask("-c", "10", "-i", "0", server.target)
    assert b"10 sent, 10 answered" in result.out
    assert all(later - earlier >= 0.045 for earlier, later in zip(asked, asked[1:]))


def test_without_a_count_until_the_interrupt():
    """-i without -c was refused, against all habits."""
    with tcp() as server, running("-i", "20ms", server.target) as process:
        said = read_until(process.stdout, "seq=5 ")
        out, err, status = finish(process)
    assert said.startswith(f"GREET 127.0.0.1:{server.port} tcp\n") and said.count("greeting: ") == 1
    assert (err, status) == ("", 0) and re.search(r"\n\d+ sent, \d+ answered, 0 % lost, ", out)


# Signals


def test_quit_tells_how_things_are_and_goes_on():
    with tcp() as server, running("-c", "0", "-i", "20ms", server.target) as process:
        read_until(process.stdout, "seq=3 ")
        process.send_signal(signal.SIGQUIT)
        interim = process.stderr.readline()
        read_until(process.stdout, "seq=[1-9][0-9] ")
        out, _, status = finish(process)
    pattern = (rf"tcp://127\.0\.0\.1:{server.port}: \d+/\d+ answered, 0 % lost in \d+\.\d s, "
               r"min/avg/p99/max = \d+\.\d{3}/\d+\.\d{3}/\d+\.\d{3}/\d+\.\d{3} ms\n")
    assert re.fullmatch(pattern, interim), interim
    assert status == 0 and "greeting statistics" in out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=lambda number: number.name)
def test_a_signal_that_ends_it_sums_up(number):
    """timeout(1) sends SIGTERM, and a closed terminal SIGHUP: all that had been counted was lost."""
    with tcp() as server, running("-c", "0", "-i", "20ms", server.target) as process:
        read_until(process.stdout, "seq=3 ")
        out, err, status = finish(process, number)
    assert re.search(r"\n\d+ sent, \d+ answered, 0 % lost, ", out) and (err, status) == ("", 0)


def test_an_ignored_interrupt_stays_ignored():
    """A job in the background of a script has SIGINT ignored: Ctrl-C is for the one in front."""
    with tcp() as server, running("-c", "0", "-i", "20ms", server.target, ignore=True) as process:
        read_until(process.stdout, "seq=3 ")
        process.send_signal(signal.SIGINT)
        read_until(process.stdout, "seq=[1-9][0-9] ")
        assert finish(process, signal.SIGTERM)[2] == 0


def test_what_is_outstanding_at_the_deadline_is_no_loss():
    held = []
    with tcp(held.append) as server:
        result = ask("-c", "2", "-i", "10ms", "-w", "1", "-W", "30", server.target)
    assert b"\n2 sent, 0 answered, 0 % lost, 2 outstanding, time " in result.out
    assert (result.err, result.returncode) == ("", 1)


# Lines


def test_lines_for_what_is_outstanding():
    """-O, as ping has it: when the next one leaves, and no answer is there yet."""
    held = []
    with tcp(held.append) as server:
        result = ask("-O", "-c", "2", "-i", "0.2", "-W", "1", server.target)
    lines = result.out.decode().splitlines()
    assert lines[1] == f"seq=1 127.0.0.1:{server.port} tcp no answer yet"
    assert lines[2].startswith(f"seq=1 127.0.0.1:{server.port} tcp TIMEOUT: ") and "no answer yet" not in lines[3]


def test_time_stamps():
    with tcp() as server:
        before = time.time()
        result = ask("-D", "-c", "1", server.target)
    lines = result.out.decode().splitlines()
    for line in lines[:3]:
        stamp = re.match(r"\[(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d{6}Z\] (GREET|greeting|seq=1) ?", line)
        seconds = calendar.timegm(time.strptime(stamp[1], "%Y-%m-%dT%H:%M:%S"))
        assert before - 2 < seconds < time.time() + 2


def test_options_of_other_tools():
    """-n does nothing and -h helps; -z is content with a connection."""
    held = []
    with tcp(held.append) as server:
        assert ask("-n", "-z", "-W", "9", server.target).returncode == 0
        many = ask("-z", "-c", "2", "-i", "1ms", server.target)
    assert len(re.findall(rf"^seq=. 127\.0\.0\.1:{server.port} tcp connect=\d+\.\d\d time=\d+\.\d\d ms$",
                          many.out.decode(), re.M)) == 2
    assert b"greeting:" not in many.out and many.returncode == 0
    assert ask("-h").out == ask("--help").out and ask("-h").returncode == 0


def test_why_nothing_was_answered_is_told_also_quietly():
    """-q -c 3 said "100% lost" and not a word more."""
    holder, port = unused_port()
    held = []
    with holder, tcp(held.append) as silent:
        result = ask("-q", "-c", "3", "-i", "1ms", f"127.0.0.1:{port}", "-W", "0.2")
        assert b"\n3 lost: 3 REFUSED\n" in result.out
        both = ask("-q", "-c", "1", "-W", "0.2", f"127.0.0.1:{port}", silent.target, "no-such-host.invalid:1")
    assert re.findall(rb"\n1 lost: 1 (\w+)\n", both.out) == [b"REFUSED", b"TIMEOUT", b"DNS"]


@pytest.mark.parametrize("answered, sent, percent", [(1, 1500, "99.9"), (1499, 1500, "0.07"), (0, 3, "100"), (3, 3, "0")])
def test_all_and_nothing_only_when_it_is_so(answered, sent, percent):
    """"3000 sent, 1 answered, 100% lost"."""
    count = []

    def serve(bound, peer):
        count.append(peer)
        if len(count) <= answered:
            bound.sendto(GREETING, peer)

    with udp(serve) as server:
        result = ask("-q", "-c", sent, "-i", "1ms", "-W", "3", server.target)
    assert f"{sent} sent, {answered} answered, {percent}" in result.out.decode()
    assert re.search(rf", {re.escape(percent)}\d* % lost", result.out.decode())


def test_the_greeting_again_when_it_changes():
    """Once at the head, and again when it is another one: not when only the numbers in it differ."""
    greetings = iter([b"web 1 at 10:00:01\n", b"web 2 at 10:00:02\n", b"web 3 at 9:00\n", b"app 3 at 10:00\n",
                      b"app 4 at 10:00\n"])

    def serve(connection):
        connection.sendall(next(greetings))
        connection.close()

    with tcp(serve) as server:
        result = ask("-c", "5", "-i", "50ms", server.target)
    told = re.findall("^greeting: (.*)$|^seq=(.) ", result.out.decode(), re.M)
    assert told == [("web 1 at 10:00:01", ""), ("", "1"), ("", "2"), ("web 3 at 9:00", ""), ("", "3"),
                    ("app 3 at 10:00", ""), ("", "4"), ("", "5")]


# Who answers, and what is expected


def test_who_answered(daemon):
    """From the JSON greeting of sockgreetd, or by a pattern."""
    service = daemon({"json": tcp_listener(format="json"), "text": tcp_listener(greeting="220 mx-${worker} ready\n")})
    for name in ("json", "text"):
        host, port = service.address(name)
        options = ["--who", r"^220 ([a-z]+)"] if name == "text" else []
        result = ask("-c", "2", "-i", "1ms", *options, host, port)
        who = "mx" if name == "text" else socket.gethostname()
        out = result.out.decode()
        assert re.search(rf"^answered by: {re.escape(who)} 2 \(100 %\)$", out, re.M), out
        assert re.search(rf"^seq=2 .* ms {re.escape(who)}$", out, re.M), out


def test_two_that_answer_in_turn():
    names = iter(["web-1", "web-2", "web-1", "web-1"])

    def serve(connection):
        connection.sendall(f"hello from {next(names)}\n".encode())
        connection.close()

    with tcp(serve) as server:
        result = ask("-c", "4", "-i", "50ms", "--who", "from (.*)", server.target)
    out = result.out.decode()
    assert re.findall(r"ms (web-.)$", out, re.M) == ["web-1", "web-2", "web-1", "web-1"]
    assert "\nanswered by: web-1 3 (75 %), web-2 1 (25 %)\n" in out


@pytest.mark.parametrize("expected, met", [
    ("connecting", True), ("/^Thank .*ing/", True), ("disconnecting", False), ("/^you/", False)])
def test_what_is_expected(expected, met):
    with tcp() as server:
        one = ask("--expect", expected, server.target)
        many = ask("--expect", expected, "-c", "1", server.target)
    assert (one.returncode, many.returncode) == ((0, 0) if met else (1, 1))
    if met:
        assert (one.out, one.err) == (GREETING, "")
    else:
        assert one.err.startswith(f"sockgreet: 127.0.0.1:{server.port} tcp: UNEXPECTED: ") and expected in one.err
        assert f"seq=1 127.0.0.1:{server.port} tcp UNEXPECTED: ".encode() in many.out
        assert b"\n1 lost: 1 UNEXPECTED\n" in many.out


# What is sent


@pytest.mark.parametrize("text, expected", [
    (r"QUIT\r\n", b"QUIT\r\n"), (r"a\tb\\\x00\xff", b"a\tb\\\0\xff"), ("plain", b"plain"), ("", b"")])
def test_what_is_sent_first(text, expected):
    """Over a connection, and as a datagram, which is then no longer than that."""
    heard = []

    def serve(connection):
        data = b""
        while len(data) < len(expected):
            data += connection.recv(100)
        heard.append(data)
        connection.sendall(GREETING)
        connection.close()

    with tcp(serve) as server, udp() as datagrams:
        assert ask("--send", text, server.target).out == GREETING
        assert ask("--send", text, datagrams.target).out == GREETING
        assert ask("--send", text, "--pad", "20", datagrams.target).out == GREETING
    assert heard == [expected]
    assert [data for data, _ in datagrams.received] == [expected, expected.ljust(20, b"\0")]


def test_what_is_sent_from_a_file(tmp_path):
    request = os.urandom(1000) + b"\\n"
    (tmp_path / "request").write_bytes(request)
    with udp() as server:
        assert ask("--send", f"@{tmp_path}/request", server.target).out == GREETING
    assert server.received[0][0] == request
    missing = ask("--send", f"@{tmp_path}/missing", server.target)
    assert "missing" in missing.err and missing.returncode == 2


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_proxy_header(daemon, version):
    """As a proxy would send it: of this connection, or of whom it is told; sockgreetd believes it."""
    who = "${client_address} ${client_port} of ${server_address} by ${proxy_address:-nobody}\n"
    service = daemon({"t": tcp_listener(greeting=who, proxy_from=["127.0.0.0/8"]),
                      "u": udp_listener(greeting=who, proxy_from=["127.0.0.0/8"])})
    host, port = service.address("t")
    own = ask("--proxy", version, "-I", "127.0.0.9", host, port)
    assert re.fullmatch(rb"127\.0\.0\.9 \d+ of 127\.0\.0\.1 by nobody\n", own.out), own
    given = ask("--proxy", f"{version},192.0.2.1:40001,198.51.100.1:80", host, port)
    assert given.out == b"192.0.2.1 40001 of 127.0.0.1 by 127.0.0.1\n"
    ipv6 = ask("--proxy", f"{version},[2001:db8::7]:1,[2001:db8::8]:2", host, port)
    assert ipv6.out == b"2001:db8::7 1 of 127.0.0.1 by 127.0.0.1\n"
    if version == "v2":
        host, port = service.address("u")
        assert ask("-u", "--proxy", "v2,192.0.2.1:40001,198.51.100.1:80", host, port).out == (
            b"192.0.2.1 40001 of 127.0.0.1 by 127.0.0.1\n")


def test_a_proxy_header_byte_by_byte():
    heard = []

    def serve(connection):
        heard.append(connection.recv(1000))
        connection.sendall(GREETING)
        connection.close()

    with tcp(serve) as server:
        assert ask("--proxy", "v2,192.0.2.1:40001,198.51.100.1:80", "--send", "hello", server.target).returncode == 0
        assert ask("--proxy", "v1,192.0.2.1:40001,198.51.100.1:80", server.target).returncode == 0
        assert ask("--proxy", "v1", server.target).returncode == 0
    assert heard[0].startswith(binary()) and heard[0].endswith(b"hello")
    assert heard[1] == b"PROXY TCP4 192.0.2.1 198.51.100.1 40001 80\r\n"
    client = server.received[2]
    assert heard[2] == f"PROXY TCP4 127.0.0.1 127.0.0.1 {client[1]} {server.port}\r\n".encode()


# Names


HOSTS_SCRIPT = 'mount --bind "$1/hosts" /etc/hosts; mount --bind "$1/nsswitch.conf" /etc/nsswitch.conf'


def move_name(tmp_path, *addresses):
    """Where web.test is from now on. Written into the same file, which is mounted elsewhere, and in one step: a client may
    look it up meanwhile."""
    write_hosts(tmp_path / "hosts", "".join(f"{address} web.test\n" for address in addresses))


@pytest.fixture(name="named")
def fixture_named(tmp_path):
    """A prefix under which web.test is what move_name() says."""
    write_hosts(tmp_path / "hosts", "127.0.0.2 web.test\n")
    (tmp_path / "nsswitch.conf").write_text("hosts: files\n")
    return mount_prefix(HOSTS_SCRIPT, str(tmp_path))


def test_a_name_is_looked_up_again(named, tmp_path):
    """After the name's address had changed, all requests went to the old one."""
    with tcp(host="127.0.0.2") as old, tcp(host="127.0.0.3", port=old.port):
        with running("-i", "50ms", f"web.test:{old.port}", prefix=named) as process:
            said = read_until(process.stdout, "seq=2 ")
            move_name(tmp_path, "127.0.0.3")
            said += read_until(process.stdout, r" tcp .* ms.* new address")
            finish(process)
    assert said.startswith(f"GREET web.test:{old.port} tcp (127.0.0.2)\n")
    assert f"\nGREET web.test:{old.port} tcp (now 127.0.0.3)\n" in said
    assert re.search(rf"\nseq=\d+ 127\.0\.0\.3:{old.port} tcp .* ms new address$", said)


def test_a_name_is_looked_up_once_where_that_is_asked_for(named, tmp_path):
    with tcp(host="127.0.0.2") as server:
        with running("-i", "50ms", "--resolve-once", f"web.test:{server.port}", prefix=named) as process:
            read_until(process.stdout, "seq=2 ")
            move_name(tmp_path, "127.0.0.3")
            said = read_until(process.stdout, "seq=50 ")
            finish(process)
    assert "now" not in said and set(re.findall(r"seq=\d+ (\S+):\d+ tcp connect", said)) == {"127.0.0.2"}


def test_a_name_that_comes_to_be(named, tmp_path):
    """Whoever has no address yet is looked up at each request; what was found is told."""
    with tcp(host="127.0.0.2") as server:
        move_name(tmp_path)
        with running("-i", "100ms", f"web.test:{server.port}", prefix=named) as process:
            said = read_until(process.stdout, "seq=2 .* DNS: no such host")
            move_name(tmp_path, "127.0.0.2")
            said += read_until(process.stdout, r"seq=\d+ 127\.0\.0\.2:.* ms")
            finish(process)
    assert f"\nGREET web.test:{server.port} tcp (now 127.0.0.2)\n" in said, said


def test_a_preferred_address_that_fails_is_told(tmp_path):
    hosts = "127.0.0.2 pair\n127.0.0.3 pair\n"
    with tcp(host="127.0.0.3") as server:
        result = with_hosts(tmp_path, hosts, "-c", "2", "-i", "1ms", "pair", server.port)
    assert result.out.decode().count(" ms instead of 127.0.0.2 (REFUSED)\n") == 2
    assert result.returncode == 0
