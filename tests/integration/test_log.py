# SPDX-License-Identifier: MIT
"""The log: every client is in it once, or in a count; it never holds up a greeting."""

import errno
import fcntl
import os
import pathlib
import re
import signal
import socket
import time

import pytest

from clients import HAS_IPV6, ask_udp, connect, dgram_socket, exchange, greet, greet_many, is_greeted_within, read_all
from namespaces import SETTINGS_INSIDE, mount_prefix
from operations import ask, reconfigure
from processes import SLOWNESS, is_stopped, wait_until
from service import GREETING, is_accounted, render, tcp, udp, unix, unix_dgram

GREETED = "628f6245a59e418ebee2d5c4d7c5de0b"
SUMMARY = "37f5cf77321241f6b301c2b117cb3fd6"
STARTED = "d82dc5152aa644a1b5bc9373306e583a"
STOPPING = "89bdd762a66045c9b92d1ffb2e31c04d"
DROPPED = "73f1938080f543db8dcc39443a262abb"
COUNTERS = "d4d0a4e66e564d41aacaea9734c69093"
CLOCKS = 0.02  # a thread reads its clock once a turn, and the log converts it


def wait_served(address):
    """Waits until clients are greeted, where the log cannot say so."""

    def look():
        try:
            return greet(address) == GREETING
        except OSError:
            return False

    wait_until(look, "a greeting")


def summarised(service):
    """How many clients the summaries in the log name."""
    return sum(int(number) for number in re.findall(r"Served (\d+) (?:more )?clients? in", service.log()))


def dropped(service):
    """How many clients are not in the log, as it says."""
    return sum(int(number) for number in re.findall(r" (\d+) log entr(?:y|ies) about clients dropped", service.log()))


def written(service):
    """How many clients have a line of their own."""
    return sum(line.startswith(("Got connection from ", "Got datagram from ")) for line in service.lines())


# Text


@pytest.mark.parametrize("host,shown", [
    ("127.0.0.1", "127.0.0.1:{}"),
    pytest.param("::1", "[::1]:{}", marks=pytest.mark.skipif(not HAS_IPV6, reason="no IPv6 here")),
])
def test_tcp_text(daemon, host, shown):
    """The old words, exactly."""
    service = daemon({"tcp": tcp(host)})
    with connect(service.address()) as connection:
        assert read_all(connection) == GREETING
        port = connection.getsockname()[1]
    service.wait_log("^Got connection")
    assert f"Got connection from {shown.format(port)} on tcp, sent 26 bytes" in service.lines()


def test_lines_of_a_whole_life(daemon):
    """What the log says from start to end."""
    service = daemon({"front": tcp()})
    greet(service.address())
    service.wait_log("^Got connection")
    service.stop()
    host, port = service.address()
    lines = service.lines()
    assert lines[0] == f"Listening on {host}:{port} (front, tcp)"
    assert re.fullmatch(r"Ready: 1 listener, 2 workers with \d+ threads? each", lines[1])
    assert re.fullmatch(rf"Got connection from {host}:\d+ on front, sent 26 bytes", lines[2])
    assert lines[3] == "Stopping on SIGTERM: waiting up to 2.0 s for connected clients"
    assert lines[4].startswith("debug: Counters: served=1 sent=1 ")
    assert lines[5:] == ["Stopped: 1 client served"]


def test_every_line_has_a_time(daemon):
    """On a terminal every line begins with local time, to the millisecond."""
    service = daemon({"tcp": tcp()})
    greet(service.address())
    service.stop()
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \S", line) for line in service.log().splitlines())


def test_payload_never_reaches_the_log(daemon):
    """Whatever a client sends, its words are not in the log."""
    service = daemon({"tcp": tcp(), "udp": udp()})
    words = b"\nGot connection from 6.6.6.6:6 on tcp, sent 26 bytes\x1b[31m\n%n%s"
    greet(service.address("tcp"), words)
    ask_udp(service.address("udp"), words)
    service.stop()
    assert "6.6.6.6" not in service.log() and "\x1b" not in service.log()


@pytest.mark.parametrize("level,greeted,noticed", [
    ("debug", True, True),
    ("info", True, False),
    ("notice", False, False),
    ("error", False, False),
])
def test_level(spawn, level, greeted, noticed):
    """Entries below log.level are not written."""
    service = spawn({"tcp": tcp()}, log={"level": level})
    wait_served(service.address())
    service.stop()
    assert ("Got connection" in service.log()) == greeted
    assert ("Counters: served=1 " in service.log()) == noticed


def test_reload_changes_the_level(spawn, sockgreetctl):
    """The workers of a new generation kept the level of the old one, because they were forked before the master took the
    new one: after a reload from warning to info nobody was in the log until a worker died."""
    service = spawn({"tcp": tcp()}, log={"level": "warning"})
    wait_served(service.address())
    reconfigure(service, log={"level": "info"})
    assert sockgreetctl(service, "reload").code == 0
    assert greet(service.address()) == GREETING
    service.wait_log("^Got connection")
    reconfigure(service, log={"level": "warning"})
    assert sockgreetctl(service, "reload").code == 0
    assert greet_many(service.address(), [b""] * 5) == [GREETING] * 5
    service.stop()
    assert written(service) == 1


def test_reload_changes_the_target(spawn, journal, sockgreetctl):
    """The same for log.target: the new workers wrote where the old ones did."""
    service = spawn({"tcp": tcp()}, prefix=journal.prefix, **SETTINGS_INSIDE).wait_ready()
    reconfigure(service, log={"target": "journal"})
    assert sockgreetctl(service, "reload").code == 0
    assert greet(service.address()) == GREETING
    journal.wait(MESSAGE_ID=GREETED)
    reconfigure(service, log={"target": "stderr"})
    assert sockgreetctl(service, "reload").code == 0
    assert greet(service.address()) == GREETING
    service.wait_log("^Got connection")
    service.stop()
    assert written(service) == 1
    assert sum(dict(entry).get("MESSAGE_ID") == GREETED for entry in journal.read()) == 1


# Accounting


@pytest.mark.parametrize("clients,most", [(300, 0), (300, 20), (300, 100000)])
def test_accounting(daemon, clients, most):
    """written + summarised + dropped = served, in the counters and in the lines of the log, exactly."""
    service = daemon({"tcp": tcp()}, log={"max_per_second": most})
    assert greet_many(service.address(), [b"x" * 10] * clients) == [GREETING] * clients
    counters = service.stop()
    assert counters["served"] == counters["sent"] == clients
    assert written(service) == counters["written"]
    assert summarised(service) == counters["summarised"]
    assert counters["dropped"] == 0
    assert (counters["written"] == clients) == (most > clients) and (counters["written"] > 0) == (most > 0)


def test_accounting_of_datagrams(daemon):
    """The same for datagrams, which come faster."""
    service = daemon({"udp": udp()}, log={"max_per_second": 10})
    for _ in range(500):
        ask_udp(service.address())
    counters = service.stop()
    assert counters["served"] == 500
    assert (written(service), summarised(service)) == (counters["written"], counters["summarised"])


def test_no_more_than_max_per_second(daemon):
    """All workers together stay under max_per_second."""
    service = daemon({"tcp": tcp()}, log={"max_per_second": 5}, workers={"processes": 2, "threads": 2})
    started = time.monotonic()
    greet_many(service.address(), [b""] * 400)
    service.wait_accounted()
    seconds = int(time.monotonic() - started) + 2
    assert 5 <= written(service) <= 5 * seconds


def test_summary(daemon):
    """With greetings = "summary" clients are only counted, once in every summary_interval."""
    service = daemon({"tcp": tcp()}, log={"greetings": "summary"})
    greet_many(service.address(), [b""] * 50)
    wait_until(lambda: summarised(service) == 50, "summaries")
    service.stop()
    assert written(service) == 0 and summarised(service) == 50
    assert re.search(r"Served \d+ clients? in \d+\.\d s, not logged one by one", service.log())


def test_one_summary_for_the_service(daemon):
    """Each worker wrote its own summary: four workers, four lines at a time, and none of them was the whole."""
    service = daemon({"udp": udp()}, log={"greetings": "summary", "summary_interval": 1.0}, workers={"processes": 4})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:

        def look():
            for _ in range(20):
                client.sendto(b"hello", service.address())
            return service.log().count("Served ") >= 4

        wait_until(look, "four summaries")
        times = re.findall(r"^\S+ (\d\d):(\d\d):(\S+) Served ", service.log(), re.M)
    seconds = [int(hours) * 3600 + int(minutes) * 60 + float(rest) for hours, minutes, rest in times]
    span = (seconds[-1] - seconds[0]) % 86400  # one of them may be late
    assert len(seconds) - 1 <= span + 1, times
    counters = service.stop()
    assert summarised(service) == counters["summarised"] == counters["served"]


def test_off(daemon):
    """With greetings = "off" nothing is said about clients."""
    service = daemon({"tcp": tcp()}, log={"greetings": "off"})
    greet_many(service.address(), [b""] * 50)
    counters = service.stop()
    assert counters["served"] == 50
    assert written(service) == 0 and "Served" not in service.log()


def test_accounting_over_a_killed_worker(daemon):
    """No client is counted twice or lost when a worker is killed at work."""
    service = daemon({"tcp": tcp()}, log={"max_per_second": 300})
    results = []
    for _ in range(3):
        time.sleep(1.05)  # so that the successor comes at once
        victim = service.workers()[0]
        results += greet_many(service.address(), [b"x" * 100] * 300)
        os.kill(victim, signal.SIGKILL)
        results += greet_many(service.address(), [b"x" * 100] * 300)
    wait_until(lambda: len(service.workers()) == 2, "both workers")
    service.wait_accounted()
    counters = service.stop()
    assert counters["taken"] == counters["served"] + counters["abandoned"]
    assert summarised(service) == counters["summarised"]
    assert counters["taken"] >= results.count(GREETING)
    assert results.count(GREETING) >= 1800 - 64


# Where it goes


def test_full_pipe_that_nobody_reads(spawn):
    """A standard error that takes nothing more holds up neither greeting nor start nor stop."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(writing, False)
    try:
        while os.write(writing, b"x" * 100):
            pass
    except BlockingIOError:
        pass
    os.set_blocking(writing, True)
    service = spawn({"tcp": tcp(), "udp": udp()}, stderr=writing)
    wait_served(service.address("tcp"))
    assert greet_many(service.address("tcp"), [b"x" * 100] * 3000) == [GREETING] * 3000
    for _ in range(100):
        assert ask_udp(service.address("udp"))[0] == GREETING
    service.workers()
    for number in (signal.SIGUSR1, signal.SIGHUP):
        service.process.send_signal(number)
    assert greet(service.address("tcp")) == GREETING
    service.stop()
    os.close(reading)
    os.close(writing)


def test_pipe_whose_reader_is_gone(spawn):
    """A standard error that nobody can read any more is no reason to end."""
    reading, writing = os.pipe()
    service = spawn({"tcp": tcp()}, stderr=writing)
    os.close(writing)
    wait_served(service.address())
    os.close(reading)
    assert greet_many(service.address(), [b""] * 50) == [GREETING] * 50
    service.stop()


def test_closed_standard_error(spawn):
    """Without any standard streams the daemon serves all the same, and no client gets to hear the log."""
    service = spawn({"tcp": tcp()}, preexec=lambda: os.closerange(0, 3))
    wait_served(service.address())
    assert greet_many(service.address(), [b""] * 50) == [GREETING] * 50
    service.stop()


def test_journald_absent(spawn):
    """log.target = "journal" without journald: greetings go on, and so does the master."""
    prefix = mount_prefix("mount -t tmpfs none /run")
    service = spawn({"tcp": tcp(), "udp": udp()}, log={"target": "journal"}, prefix=prefix, **SETTINGS_INSIDE)
    wait_served(service.address("tcp"))
    assert greet_many(service.address("tcp"), [b"x"] * 500) == [GREETING] * 500
    assert ask_udp(service.address("udp"))[0] == GREETING
    service.process.send_signal(signal.SIGUSR1)
    service.stop()


def test_nothing_counts_as_written_without_journald(spawn):
    """sd_journal_sendv() says 0 where no journald is, and "written" was what had left the ring: written=300 and not a
    line anywhere. Standard error says once what is the matter."""
    prefix = mount_prefix("mount -t tmpfs none /run")
    service = spawn({"tcp": tcp()}, log={"target": "journal"}, prefix=prefix, **SETTINGS_INSIDE)
    wait_served(service.address())
    greet_many(service.address(), [b""] * 30)
    counters = wait_until(lambda: (c := ask(service, "counters"))["dropped"] >= 31 and c, "dropped entries")
    assert (counters["served"], counters["dropped"], counters["written"]) == (31, 31, 0)
    counters = service.stop()
    assert counters["written"] == 0
    assert service.log().count("The journal does not accept entries (No such file or directory)") == 1


def test_journald_comes_back(spawn, journal):
    """What was dropped while no journald was there is said when one is."""
    service = spawn({"tcp": tcp()}, log={"target": "journal"}, prefix=journal.prefix, **SETTINGS_INSIDE)
    journal.wait(MESSAGE_ID=STARTED)
    journal.close()
    greet_many(service.address(), [b""] * 30)
    wait_until(lambda: ask(service, "counters")["dropped"] == 30, "dropped entries")
    journal.open()

    def said():
        """How many dropped entries the journal knows of."""
        entries = [entry for entry in map(dict, journal.read()) if entry.get("MESSAGE_ID") == DROPPED]
        return sum(int(entry["SOCKGREET_COUNT"]) for entry in entries)

    wait_until(lambda: said() == 30, "30 dropped entries in the journal")
    assert greet(service.address()) == GREETING
    journal.wait(MESSAGE_ID=GREETED)
    counters = service.stop()
    assert (counters["written"], counters["dropped"]) == (1, 30)
    assert service.log().count("The journal does not accept entries") == 1


@pytest.fixture
def small_disk(spawn, tmp_path):
    """Starts a daemon whose log is on a disk of its own, 64 KiB large; where that is, as the test sees it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    held = []

    def start(listeners):
        prefix = mount_prefix('mount -t tmpfs -o size=64k none "$1"; exec 2>>"$1/log"', str(disk))
        service = spawn(listeners, prefix=prefix, **SETTINGS_INSIDE)
        wait_served(service.address("tcp"))
        there = f"/proc/{service.pid}/root{disk}"
        held.append(os.open(f"{there}/log", os.O_RDONLY))
        service.log_file = pathlib.Path(f"/proc/self/fd/{held[0]}")
        service.wait_ready()
        return service, there

    yield start
    for fd in held:
        os.close(fd)


def test_full_disk(small_disk):
    """61 greetings on a full disk: 46 lines, one of them cut and joined with the next, and written=61 dropped=0."""
    service, disk = small_disk({"tcp": tcp(), "udp": udp()})
    line = len(service.wait_log("^Got connection")[0].string) + len("2026-11-26 11:22:33.444 \n")
    # The log's last page is not to end where a line does.
    while not 1 < -len(service.log()) % 4096 % line < line - 1:
        asked = service.log().count("Got datagram") + 1
        ask_udp(service.address("udp"))
        service.wait_log("^Got datagram", count=asked)
    with open(f"{disk}/filler", "wb", buffering=0) as filler:
        try:
            while filler.write(bytes(4096)):
                pass
        except OSError as error:
            assert error.errno == errno.ENOSPC
    greet_many(service.address("tcp"), [b""] * 60)
    counters = wait_until(lambda: is_accounted(c := ask(service, "counters")) and c, "everything accounted for")
    before = service.log()
    assert not before.endswith("\n") and counters["dropped"] > 0
    assert counters["written"] == written(service)
    os.unlink(f"{disk}/filler")
    greet(service.address("tcp"))
    wait_until(lambda: dropped(service) == counters["dropped"], "the log says what was dropped")
    assert service.log().startswith(f"{before}\n"), "the next line begins on a new one"
    last = service.stop()
    assert (last["written"], last["dropped"]) == (counters["written"] + 1, counters["dropped"])
    assert all(re.match(r"\d{4}-\d\d-\d\d ", line) for line in service.log().splitlines())


def test_full_device(spawn):
    """/dev/full takes nothing, so nothing is written."""
    with open("/dev/full", "wb") as full:
        service = spawn({"tcp": tcp()}, stderr=full)
    wait_served(service.address())
    greet_many(service.address(), [b""] * 30)
    wait_until(lambda: ask(service, "counters")["dropped"] == 31, "dropped entries")
    assert ask(service, "counters")["written"] == 0
    service.stop()


def test_drops_and_summaries_are_said_while_the_load_lasts(spawn):
    """The logger looked at what to report when its rings were empty, which under load they never are: 12 037 entries were
    dropped in four seconds, and the first word of it came when the load ended."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(reading, False)
    service = spawn({"udp": udp()}, stderr=writing, log={"max_per_second": 4000},
                    workers={"processes": 1, "threads": 1})
    os.close(writing)
    log = bytearray()

    def read():
        try:
            chunk = os.read(reading, 4096)
            log.extend(chunk)
            return chunk
        except BlockingIOError:
            return b"?"

    wait_until(lambda: read() and b"Ready: " in log, "Ready")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:

        def look():
            for _ in range(1000):  # far more than a pipe holds lines, so the log is never idle
                client.sendto(b"hello", service.address())
            read()
            return re.search(rb" log entr(?:y|ies) about clients dropped", log) and re.search(rb"Served \d+ more clients?", log)

        wait_until(look, "what was dropped and what was counted, in the log")

    def is_all_said():
        read()
        said = {"written": len(re.findall(rb"Got datagram from .* sent 26 bytes\n", log)),
                "dropped": sum(map(int, re.findall(rb" (\d+) log entr(?:y|ies) about clients dropped", log))),
                "summarised": sum(map(int, re.findall(rb"Served (\d+) more clients?", log)))}
        counters = ask(service, "counters")
        return is_accounted(counters) and said.items() <= counters.items()

    wait_until(is_all_said, "every client is in the log, in a line or in a count")
    os.close(reading)
    service.checked = False
    service.stop()


def test_events_that_find_no_room_are_counted_and_reported(daemon):
    """With a hundred listeners "Ready" was missing in every second start, and nothing said that anything was."""
    service = daemon({"tcp": tcp()}, supervision={"stuck_after": 1000})
    workers = service.workers()
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    for pid in workers:
        wait_until(lambda pid=pid: is_stopped(pid), "the worker stops")
    wrong = {f"wrong{number}": {"type": "smoke"} for number in range(100)}
    service.configuration.write_text(render({"listeners": wrong}))
    answer = ask(service, "reload")
    assert answer["code"] == 78, answer
    for pid in workers:
        os.kill(pid, signal.SIGCONT)

    def accounted():
        missing = sum(map(int, re.findall(r"warning: (\d+) messages? about the service missing here", service.log())))
        lines = [line for line in service.lines() if "wrong" in line or "Reload refused" in line]
        return missing > 0 and len(lines) + missing == 101

    wait_until(accounted, "every message is there, or counted as missing")


def test_stopped_journald(spawn, journal):
    """A journald that reads nothing more fills its socket, and holds up nobody."""
    service = spawn({"tcp": tcp()}, log={"target": "journal"}, prefix=journal.prefix, **SETTINGS_INSIDE)
    wait_served(service.address())
    for _ in range(5):
        assert greet_many(service.address(), [b"x" * 100] * 600) == [GREETING] * 600
        service.process.send_signal(signal.SIGUSR1)
    assert not any(is_greeted_late(service.address()) for _ in range(20))
    started = time.monotonic()
    service.checked = False  # what the loggers could not get rid of is lost with them
    service.stop()
    assert time.monotonic() - started < 5 * SLOWNESS


def is_greeted_late(address):
    """Whether a greeting takes longer than it should."""
    with connect(address) as connection:
        return not is_greeted_within(connection, 2 * SLOWNESS)


def test_option_f_overrides_the_target(daemon):
    """With -f the log goes to standard error, whatever the configuration says."""
    service = daemon({"tcp": tcp()}, log={"target": "journal"}, options=["-f"])
    greet(service.address())
    service.wait_log("^Got connection")


def test_target_auto_without_the_journal(daemon):
    """log.target = "auto" writes to a standard error that is not the journal's."""
    service = daemon({"tcp": tcp()}, log={"target": "auto"}, environment={"JOURNAL_STREAM": "1:2"})
    greet(service.address())
    service.wait_log("^Got connection")


def test_target_auto_with_the_journal(spawn, journal, tmp_path):
    """log.target = "auto" writes to the journal if standard error is connected to it."""
    with open(tmp_path / "stream", "wb") as stream:
        there = os.fstat(stream.fileno())
        service = spawn({"tcp": tcp()}, log={"target": "auto"}, prefix=journal.prefix, stderr=stream, **SETTINGS_INSIDE,
                        environment={"JOURNAL_STREAM": f"{there.st_dev}:{there.st_ino}"})
        journal.wait_message("Ready: ")
        greet(service.address())
        journal.wait(MESSAGE_ID=GREETED)
        service.stop()


# The journal


@pytest.fixture
def journaled(spawn, journal):
    """Starts a daemon that logs to the stand-in for journald."""
    services = []

    def start(listeners, **settings):
        services.append(spawn(listeners, log={"target": "journal"}, prefix=journal.prefix,
                              **SETTINGS_INSIDE, **settings))
        journal.wait(MESSAGE_ID=STARTED)
        return services[-1]

    yield start
    for service in services:
        service.stop()


def test_journal_fields_of_a_tcp_client(journaled, journal):
    """Every promised field, and its MESSAGE_ID; and the program's name, which once was ": worker 0 of generation 1":
    libsystemd takes it from where the title for ps is put."""
    service = journaled({"front": tcp("")})
    port = service.address()[1]
    with connect(("127.0.0.3", port)) as connection:
        assert read_all(connection) == GREETING
        client = connection.getsockname()
    entry = journal.wait(MESSAGE_ID=GREETED)
    assert entry["SYSLOG_IDENTIFIER"] == "sockgreetd"
    assert {key: value for key, value in entry.items() if not key.startswith("SYSLOG_")} == {
        "MESSAGE": f"Got connection from {client[0]}:{client[1]} on front, sent 26 bytes",
        "MESSAGE_ID": GREETED,
        "PRIORITY": "6",
        "SOCKGREET_LISTENER": "front",
        "SOCKGREET_TRANSPORT": "tcp",
        "SOCKGREET_CLIENT_ADDRESS": client[0],
        "SOCKGREET_CLIENT_PORT": str(client[1]),
        "SOCKGREET_SERVER_ADDRESS": "127.0.0.3",
        "SOCKGREET_SERVER_PORT": str(port),
        "SOCKGREET_BYTES": "26",
        "SOCKGREET_RESULT": "sent",
        "SOCKGREET_ARRIVAL_USEC": entry["SOCKGREET_ARRIVAL_USEC"],
        "SOCKGREET_DURATION_USEC": entry["SOCKGREET_DURATION_USEC"],
    }


def test_journal_fields_of_a_udp_client(journaled, journal):
    """The same for a datagram."""
    service = journaled({"udp": udp("")})
    port = service.address()[1]
    ask_udp(("127.0.0.3", port), bind=("127.0.0.4", 0))
    entry = journal.wait(MESSAGE_ID=GREETED)
    assert re.fullmatch(r"Got datagram from 127\.0\.0\.4:\d+ on udp, sent 26 bytes", entry["MESSAGE"])
    assert entry["SOCKGREET_CLIENT_ADDRESS"] == "127.0.0.4"
    assert (entry["SOCKGREET_SERVER_ADDRESS"], entry["SOCKGREET_SERVER_PORT"]) == ("127.0.0.3", str(port))
    assert (entry["SOCKGREET_TRANSPORT"], entry["SOCKGREET_RESULT"]) == ("udp", "sent")


def test_journal_says_when_a_client_came_and_how_long_it_stayed(journaled, journal):
    """A client that stays is logged when it is gone, so the time of the entry is not when it came: whoever asked "did my
    packet arrive" looked at the wrong second."""
    service = journaled({"tcp": tcp(), "udp": udp()})
    before = time.time()
    with connect(service.address("tcp")) as staying:
        assert staying.recv(100) == GREETING
        greeted = time.time()
        ask_udp(service.address("udp"))
        datagram = journal.wait(MESSAGE_ID=GREETED, SOCKGREET_LISTENER="udp")
        leaving = time.time()
    entry = journal.wait(MESSAGE_ID=GREETED, SOCKGREET_LISTENER="tcp")
    arrival, duration = (int(entry[f"SOCKGREET_{name}_USEC"]) / 1e6 for name in ("ARRIVAL", "DURATION"))
    assert before - CLOCKS <= arrival <= greeted + CLOCKS
    assert leaving - CLOCKS <= arrival + duration <= time.time() + CLOCKS
    assert greeted - CLOCKS <= int(datagram["SOCKGREET_ARRIVAL_USEC"]) / 1e6 <= leaving + CLOCKS
    assert datagram["SOCKGREET_DURATION_USEC"] == "0"


def test_journal_fields_of_a_unix_client(journaled, journal, tmp_path):
    """A Unix client has a user and a process, and nobody forges fields through a path."""
    path = str(tmp_path / "s\nSOCKGREET_RESULT=forged\n")  # whoever runs this is root in there
    journaled({"local": unix(path), "dgram": unix_dgram(tmp_path / "d")})
    assert greet(path) == GREETING
    entry = journal.wait(MESSAGE_ID=GREETED, SOCKGREET_LISTENER="local")
    assert entry["MESSAGE"] == f"Got connection from uid 0 (pid {os.getpid()}) on local, sent 26 bytes"
    assert entry["SOCKGREET_CLIENT_UID"] == "0" and entry["SOCKGREET_CLIENT_PID"] == str(os.getpid())
    assert entry["SOCKGREET_SERVER_ADDRESS"] == path
    for pairs in journal.entries:
        keys = [key for key, _ in pairs]
        assert len(keys) == len(set(keys)) and ("SOCKGREET_RESULT", "forged") not in pairs
    with dgram_socket("") as client:
        exchange(client, str(tmp_path / "d"))
    entry = journal.wait(MESSAGE_ID=GREETED, SOCKGREET_LISTENER="dgram")
    assert (entry["SOCKGREET_TRANSPORT"], entry["SOCKGREET_CLIENT_PID"]) == ("unix-dgram", str(os.getpid()))


def test_journal_result_of_an_unanswerable_datagram(journaled, journal, tmp_path):
    """Who gets no answer is written down with the reason."""
    journaled({"dgram": unix_dgram(tmp_path / "d")})
    with dgram_socket(None) as client:
        client.sendto(b"x", str(tmp_path / "d"))
    entry = journal.wait(MESSAGE_ID=GREETED)
    assert (entry["SOCKGREET_RESULT"], entry["SOCKGREET_BYTES"]) == ("unanswerable", "0")


def test_journal_names_no_place_in_the_sources(journaled, journal):
    """Entries do not say where in the program they come from."""
    service = journaled({"tcp": tcp()})
    greet(service.address())
    journal.wait(MESSAGE_ID=GREETED)
    assert not any(key.startswith("CODE_") for pairs in journal.entries for key, _ in pairs)


def test_journal_of_a_whole_life(spawn, journal):
    """Start, counters and end have a MESSAGE_ID each; a worker's death names worker and reason."""
    service = spawn({"tcp": tcp()}, log={"target": "journal"}, prefix=journal.prefix, **SETTINGS_INSIDE)
    journal.wait(MESSAGE_ID=STARTED)
    service.process.send_signal(signal.SIGUSR1)
    assert journal.wait(MESSAGE_ID=COUNTERS)["MESSAGE"].startswith("Counters: served=0 ")
    victim = service.workers()[0]
    os.kill(victim, signal.SIGKILL)
    entry = journal.wait_message(f"(pid {victim}) killed by signal 9 (KILL)")
    assert entry["SOCKGREET_REASON"] == "killed by signal 9 (KILL)" and entry["SOCKGREET_WORKER"].isdigit()
    assert entry["PRIORITY"] == "3"
    wait_until(lambda: len(service.workers()) == 2, "a successor")
    service.stop()
    journal.wait(MESSAGE_ID=STOPPING)


def test_journal_summary(spawn, journal):
    """A summary says how many clients it stands for."""
    service = spawn({"tcp": tcp()}, log={"target": "journal", "max_per_second": 0}, prefix=journal.prefix,
                    **SETTINGS_INSIDE)
    journal.wait(MESSAGE_ID=STARTED)
    greet_many(service.address(), [b""] * 30)
    service.stop()
    summaries = [entry for entry in map(dict, journal.read()) if entry.get("MESSAGE_ID") == SUMMARY]
    assert sum(int(entry["SOCKGREET_COUNT"]) for entry in summaries) == 30
