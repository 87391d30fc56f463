# SPDX-License-Identifier: MIT
"""TCP: every client gets the whole greeting and a clean end of file."""

import calendar
import concurrent.futures
import contextlib
import random
import time

import pytest

from clients import HAS_IPV6, Crowd, connect, connect_narrow, greet, greet_many, read_all, reset, run, slowly
from fault import RELIABLE
from namespaces import SETTINGS_INSIDE
from processes import SANITIZER, wait_until
from service import GREETING, tcp

needs_ipv6 = pytest.mark.skipif(not HAS_IPV6, reason="no IPv6 here")
HOSTS = ["127.0.0.1", pytest.param("::1", marks=needs_ipv6)]
MIB = 1 << 20


def large(size):
    """A listener whose greeting has exactly this many bytes, more than fit into a configuration file as they are."""
    name = "l" * 64
    repeats, rest = divmod(size, len(name))
    return {name: tcp(greeting="${listener}" * repeats + "r" * rest)}, b"l" * 64 * repeats + b"r" * rest


@pytest.mark.parametrize("host", HOSTS)
def test_python(daemon, host):
    """A client that only reads gets the greeting, over IPv4 and IPv6."""
    service = daemon({"tcp": tcp(host)})
    assert greet(service.address()) == GREETING


@pytest.mark.parametrize("host", HOSTS)
def test_netcat(daemon, host):
    """netcat prints the greeting and ends."""
    service = daemon({"tcp": tcp(host)})
    assert run("nc", "-w", "5", *service.address()) == GREETING


@pytest.mark.parametrize("host", HOSTS)
def test_socat(daemon, host):
    """socat prints the greeting and ends, whether it sends something or not."""
    service = daemon({"tcp": tcp(host)})
    target = f"TCP:[{host}]:{service.address()[1]}" if ":" in host else f"TCP:{host}:{service.address()[1]}"
    assert run("socat", "-u", target, "STDOUT") == GREETING
    assert run("socat", "-", target, payload=b"hello\n") == GREETING


@pytest.mark.parametrize("host", HOSTS)
def test_curl_telnet(daemon, host):
    """curl's telnet client prints the greeting."""
    service = daemon({"tcp": tcp(host)})
    port = service.address()[1]
    url = f"telnet://[{host}]:{port}" if ":" in host else f"telnet://{host}:{port}"
    assert run("curl", "-s", "--max-time", "5", url) == GREETING


@pytest.mark.parametrize("size", [1, 2, 1447, 1448, 1449, 65535, 65536, 100_000, MIB - 1, MIB])
def test_greeting_of_any_size(daemon, size):
    """Greetings from 1 byte to 1 MiB arrive byte for byte."""
    listeners, expected = large(size)
    service = daemon(listeners)
    assert greet(service.address()) == expected
    assert greet(service.address(), b"x" * 1000) == expected
    assert service.stop()["bytes"] == 2 * size


def test_every_byte_but_zero(daemon):
    """A greeting may hold any byte that a configuration can hold."""
    expected = bytes(range(1, 256))
    service = daemon({"tcp": tcp(greeting=expected.replace(b"$", b"$$"))})
    assert greet(service.address()) == expected


def test_slow_reader_of_a_large_template(daemon):
    """Large greetings with variables are kept for each of several slow readers while others are greeted."""
    listeners, static = large(MIB - 100)
    next(iter(listeners.values()))["greeting"] += " ${client_port} ${server_port}"
    service = daemon(listeners, timeouts={"send": 60})

    def read(_):
        with connect(service.address()) as connection:
            port = connection.getsockname()[1]
            return slowly(connection, MIB) == static + f" {port} {service.address()[1]}".encode()

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read, range(8))) == [True] * 8
    assert service.stop()["sent"] == 8


def test_large_greeting_to_a_client_that_talks_all_the_time(daemon):
    """A client that sends while it gets a large greeting waits for nobody, nor does the daemon."""
    listeners, expected = large(MIB)
    service = daemon(listeners)
    with connect(service.address()) as connection:
        for _ in range(16):
            connection.sendall(b"x" * 2048)
        assert read_all(connection) == expected


@pytest.mark.parametrize("size", [0, 1, 100, 1460, 16384, 65535, 65536])
def test_client_that_talks_first(daemon, size):
    """What a client sends before it reads, up to 64 KiB, costs it nothing of its greeting: no reset."""
    service = daemon({"tcp": tcp()})
    assert greet_many(service.address(), [b"x" * size] * 50, at_once=10) == [GREETING] * 50
    assert service.stop()["sent"] == 50


def test_client_that_talks_after_it_has_read(daemon):
    """A client may go on talking after the end of file without a reset."""
    service = daemon({"tcp": tcp()})
    with connect(service.address()) as connection:
        assert read_all(connection) == GREETING
        connection.sendall(b"thank you too")
        connection.sendall(b"really")
    assert service.stop()["sent"] == 1


def test_client_that_half_closes(daemon):
    """A client that ends its side at once still gets everything."""
    service = daemon({"tcp": tcp()})
    for payload in (b"", b"hello"):
        with connect(service.address()) as connection:
            connection.sendall(payload)
            connection.shutdown(1)
            assert read_all(connection) == GREETING


def test_half_closed_client_of_a_large_greeting(daemon):
    """The same for a greeting that is larger than the socket's buffer."""
    listeners, expected = large(MIB)
    service = daemon(listeners)
    with connect(service.address()) as connection:
        connection.shutdown(1)
        assert slowly(connection, MIB, pause=0.005) == expected


def test_200_clients_at_once(daemon):
    """200 clients that are all connected before the first reads are all greeted."""
    service = daemon({"tcp": tcp()})
    with Crowd(service.address(), 200) as crowd:
        assert [read_all(connection) for connection in crowd.connections] == [GREETING] * 200
    assert service.stop()["sent"] == 200


def test_clients_that_reset(daemon):
    """Clients that break off in any state harm nobody, and each is counted once."""
    service = daemon({"tcp": tcp(), "large": tcp(greeting="x" * 1_000_000)})
    for name in ("tcp", "large"):
        for i in range(50):
            connection = connect(service.address(name))
            if i % 2:
                connection.sendall(b"x" * 100)
            if i % 3:
                connection.recv(10)
            reset(connection)
    assert greet(service.address()) == GREETING
    assert service.wait_counter("served", 101)["reset"] > 0
    assert service.stop()["served"] == 101


def test_clients_that_connect_and_close_at_once(daemon):
    """Clients that do not wait for their greeting harm nobody."""
    service = daemon({"tcp": tcp()})
    for _ in range(100):
        connect(service.address()).close()
    assert greet(service.address()) == GREETING
    assert service.wait_counter("served", 101)["served"] == 101


def test_client_that_never_reads(daemon):
    """A client that never reads a large greeting is dropped at the send deadline, and others do not notice."""
    service = daemon({"tcp": tcp(), "large": tcp(greeting="x" * 1_000_000)},
                     timeouts={"send": 0.5, "linger": 60, "linger_total": 60})
    started = time.monotonic()
    connection = connect_narrow(service.address("large"))
    assert greet(service.address()) == GREETING
    counters = service.wait_counter("timed-out", 1)
    assert time.monotonic() - started >= 0.5
    assert counters["timed-out"] == 1
    service.wait_log(r"on large, sent \d+ bytes \(timed-out\)")
    connection.close()


def held_by_the_kernel(port):
    """Server's ends of connections on a port that no process has any more and whose data was not taken (FIN_WAIT1)."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        fields = [line.split() for line in file.readlines()[1:]]
    return sum(int(entry[1].split(":")[1], 16) == port and entry[3] == "04" for entry in fields)


@pytest.mark.skipif(not RELIABLE, reason="a sanitizer's functions come first")
def test_clients_given_up_leave_the_kernel(daemon, faults):
    """40 clients that read nothing of a greeting of 1 MB were given up after 5 s, but the kernel held 72 MB for them, and
    sent window probes, for another 345 s. It is told to stop after 30 s, which are one second here."""
    service = daemon({"tcp": tcp(greeting="x" * 1_000_000)}, timeouts={"send": 0.5, "send_total": 0.5},
                     environment=faults.environment)
    faults.arm("user-timeout", again=True)
    with contextlib.ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(connect_narrow(service.address()))
        service.wait_counter("timed-out", 10)
        port = service.address()[1]
        assert held_by_the_kernel(port) == 10, "an honest client could still take the rest"
        assert faults.hits() == 10
        wait_until(lambda: held_by_the_kernel(port) == 0, "the kernel has let them go")


def test_many_that_never_read(daemon):
    """50 clients that never read hold up nobody, and no thread works for them meanwhile."""
    service = daemon({"tcp": tcp(), "large": tcp(greeting="x" * 1_000_000)},
                     timeouts={"send": 1, "linger": 60, "linger_total": 60})
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(connect_narrow(service.address("large")))
        assert greet_many(service.address(), [b""] * 100) == [GREETING] * 100
        assert service.wait_counter("timed-out", 50)["sent"] == 100


def test_variables(daemon):
    """A greeting tells the client what the daemon sees of it."""
    greeting = "${listener} ${transport} ${client_address} ${client_port} ${server_address} ${server_port} ${pid} $$"
    service = daemon({"front-1": tcp(greeting=greeting)})
    with connect(service.address()) as connection:
        words = read_all(connection).decode().split(" ")
        client = connection.getsockname()
    assert words[:2] == ["front-1", "tcp"]
    assert words[2:6] == [client[0], str(client[1]), "127.0.0.1", str(service.address()[1])]
    assert int(words[6]) in service.workers() and words[7] == "$"


def test_hostname_time_and_default(daemon):
    """${hostname} and ${time} are those of the host; a default is for what is empty."""
    service = daemon({"tcp": tcp(greeting="${hostname:-none}|${time}|${client_port:-none}")})
    hostname, moment, port = greet(service.address()).decode().split("|")
    assert hostname == run("hostname").decode().strip()
    spoken = calendar.timegm(time.strptime(moment, "%Y-%m-%dT%H:%M:%SZ"))
    assert abs(spoken - time.time()) < 5 and port.isdigit()


@needs_ipv6
def test_mapped_address_is_shown_as_ipv4(daemon):
    """An IPv4 client of a dual-stack listener is 127.0.0.1 in greeting and log, not ::ffff:127.0.0.1."""
    service = daemon({"tcp": tcp("", greeting="${client_address} ${server_address}")})
    assert greet(("127.0.0.1", service.address()[1])) == b"127.0.0.1 127.0.0.1"
    assert greet(("127.0.0.3", service.address()[1])) == b"127.0.0.1 127.0.0.3"
    assert greet(("::1", service.address()[1])) == b"::1 ::1"
    service.wait_log(r"^Got connection from 127\.0\.0\.1:\d+ on tcp", count=2)
    service.wait_log(r"^Got connection from \[::1\]:\d+ on tcp")


def test_greeting_and_end_of_file_in_one_segment(daemon, namespace):
    """The greeting leaves together with the end of file, in one packet."""
    service = daemon({"tcp": tcp()}, prefix=namespace.prefix, **SETTINGS_INSIDE)
    port = service.address()[1]
    packets = namespace.capture()
    with namespace.tcp("127.0.0.1", port) as connection:
        assert read_all(connection) == GREETING
    with_data = []
    packets.settimeout(0.3)
    try:
        while True:
            packet, where = packets.recvfrom(65536)
            segment = packet[14 + 20:]
            payload = segment[(segment[12] >> 4) * 4:]
            if where[2] != 4 and int.from_bytes(segment[:2], "big") == port and payload:  # 4: PACKET_OUTGOING
                with_data.append((payload, segment[13] & 1))
    except TimeoutError:
        pass
    assert with_data == [(GREETING, 1)]


def test_10000_clients_that_talk_first(daemon, capsys):
    """10 000 clients that send 0 to 64 KiB before they read: 0 resets, 0 short."""
    count = 2000 if SANITIZER else 10_000
    service = daemon({"tcp": tcp()}, log={"max_per_second": 300})
    sizes = random.Random(12345)
    payload = b"x" * 65536
    started = time.monotonic()
    results = greet_many(service.address(), (payload[:sizes.randint(0, 65536)] for _ in range(count)))
    seconds = time.monotonic() - started
    whole = results.count(GREETING)
    resets = sum(result in ("ConnectionResetError", "BrokenPipeError") for result in results)
    figures = f"{count} clients that talk first: {whole} whole, {resets} resets, {count - whole - resets} short or " \
              f"failed, in {seconds:.1f} s"
    with capsys.disabled():
        print(f"\n{figures}")
    assert (whole, resets) == (count, 0), figures
    wait_until(lambda: service.counters()["served"] == count, "all are counted")
    assert service.stop()["sent"] == count
