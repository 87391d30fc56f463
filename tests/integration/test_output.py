# SPDX-License-Identifier: MIT
"""Standard output and standard error of all three programs: full, closed, not read, and pipes that do not wait."""

import contextlib
import fcntl
import os
import signal
import socket
import struct
import subprocess
import termios
import time

import pytest

from processes import SLOWNESS, status, wait_until
from test_client import CLIENT, say, tcp

DAEMON = os.environ.get("SOCKGREETD", "sockgreetd")
CONTROL = os.environ.get("SOCKGREETCTL", "sockgreetctl")
FAILED = {CLIENT: 2, DAEMON: 71, CONTROL: 71}
LARGE = b"x" * 1_000_000  # more than any pipe holds

ABOUT = [
    pytest.param(path, option, id=f"{os.path.basename(path)} {option}")
    for path, options in {
        CLIENT: ["--help", "-?", "--usage", "-V"],
        DAEMON: ["--help", "-h", "-V"],
        CONTROL: ["--help", "-h", "--usage", "-V"],
    }.items()
    for option in options
]
programs = pytest.mark.parametrize("path", [CLIENT, DAEMON, CONTROL], ids=os.path.basename)
waiting = pytest.mark.parametrize("blocking", [True, False], ids=["blocking", "non-blocking"])


def run(*command, **options):
    """A program's end: options as of subprocess.run()."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "timeout": 30 * SLOWNESS, **options}
    return subprocess.run([str(word) for word in command], check=False, **options)


def held(pipe):
    """The bytes that wait in a pipe."""
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]


@contextlib.contextmanager
def full_pipe(blocking=True):
    """A pipe that takes no more: (end to read from, end to write to, bytes in it)."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"." * 4096)
    os.set_blocking(writer, blocking)
    try:
        yield reader, writer, held(reader)
    finally:
        os.close(reader)
        with contextlib.suppress(OSError):
            os.close(writer)


def is_asleep(process):
    """Whether it waits, or has ended, which would be another answer."""
    return process.poll() is not None or status(process.pid)["State"].startswith("S")


def read_rest(reader, before):
    """What was written to a pipe after so many bytes, when nobody else has it open for writing."""
    with open(os.dup(reader), "rb") as pipe:
        return pipe.read()[before:]


def spawn(*command, **options):
    """A program with SIGINT as a terminal's programs have it."""
    return subprocess.Popen(
        [str(word) for word in command],
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        **options,
    )


def ended(process, most=10):
    """Its status and what it said on standard error, when it ends although nobody reads its standard output."""
    try:
        errors = process.communicate(timeout=most * SLOWNESS)[1]
    finally:
        process.kill()
    return process.returncode, (errors or b"").decode()


@pytest.mark.parametrize("path, option", ABOUT)
@pytest.mark.parametrize("output, reason", [(">/dev/full", "no space left on device"), (">&-", "bad file descriptor")])
def test_a_failed_last_flush_is_an_exit_status(path, option, output, reason):
    """--help and -V of the client ended with 0, and nothing was said."""
    done = run("sh", "-c", f'exec "$0" {option} {output}', path)
    name = os.path.basename(path)
    assert done.stderr.decode().lower() == f"{name}: standard output: {reason}\n"
    assert done.returncode == FAILED[path]


@pytest.mark.parametrize("path, option", ABOUT)
def test_a_reader_that_went_away_is_nothing_to_talk_about(path, option):
    """`sockgreet ... | head -1` is no mistake. SIGPIPE is ignored here, as under systemd and for Python's children."""
    reader, writer = os.pipe()
    os.close(reader)
    done = run(path, option, stdout=writer, restore_signals=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (FAILED[path], b"")


@pytest.mark.parametrize("options", [[], ["-c", "3", "-i", "0"], ["-q", "-c", "1"]], ids=" ".join)
def test_the_client_ends_when_its_reader_went_away(options):
    """It has no use for further answers. The status is that of output that cannot be written."""
    reader, writer = os.pipe()
    os.close(reader)
    with tcp(say(LARGE)) as server:
        done = run(CLIENT, *options, f"127.0.0.1:{server.port}", stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (2, b"") and len(server.received) <= 1


@pytest.mark.parametrize("path, option", ABOUT)
def test_what_a_pipe_does_not_take_at_once_is_waited_for(path, option):
    """A pipe that does not wait, as whoever shares it may have set it, lost what did not fit into it."""
    expected = run(path, option).stdout
    with full_pipe(blocking=False) as (reader, writer, size), spawn(path, option, stdout=writer) as process:
        os.close(writer)
        wait_until(lambda: is_asleep(process), "the program waits")
        assert read_rest(reader, size) == expected
    assert process.returncode == 0


@programs
def test_messages_wait_too(path):
    """Standard error lost what a pipe that does not wait did not take."""
    expected = run(path, "--no-such-option")
    assert len(expected.stderr.splitlines()) == 2
    with full_pipe(False) as (reader, writer, size), spawn(path, "--no-such-option", stderr=writer) as process:
        os.close(writer)
        wait_until(lambda: is_asleep(process), "the program waits")
        assert read_rest(reader, size) == expected.stderr
    assert process.returncode == expected.returncode


@waiting
@pytest.mark.parametrize("option", [[], ["-w", "30"]], ids=["for ever", "-w 30"])
def test_a_greeting_larger_than_the_pipe_arrives_whole(blocking, option):
    """"standard output: resource temporarily unavailable", status 2 and 65536 bytes of a greeting of 1 MB."""
    reader, writer = os.pipe()
    os.set_blocking(writer, blocking)
    with tcp(say(LARGE)) as server:
        with spawn(CLIENT, *option, f"127.0.0.1:{server.port}", stdout=writer, stderr=subprocess.PIPE) as process:
            os.close(writer)
            wait_until(lambda: held(reader) >= 65536, "the pipe is full")
            assert read_rest(reader, 0) == LARGE
            assert ended(process) == (0, "")
    os.close(reader)


@waiting
@pytest.mark.parametrize("options", [[], ["-c", "0", "-i", "0"], ["-q", "-c", "0"], ["-v"]], ids=lambda o: " ".join(o))
def test_a_full_pipe_does_not_outlast_the_deadline(blocking, options):
    """With a pipe that nobody reads the client was still there 5 s after -w 2."""
    with tcp(say(LARGE)) as server, full_pipe(blocking) as (_, writer, _):
        begun = time.monotonic()
        with spawn(CLIENT, "-w", "1", *options, f"127.0.0.1:{server.port}", stdout=writer,
                   stderr=subprocess.PIPE) as process:
            code, errors = ended(process)
        assert time.monotonic() - begun >= 1
    assert code == 2
    assert "sockgreet: standard output: still full at the deadline\n" in errors
    assert ("answered, " in errors) == ("-c" in options)  # the summary, which standard output does not take


@waiting
@pytest.mark.parametrize("options", [["-v"], ["-v", "-c", "0", "-i", "0"]], ids=" ".join)
def test_a_full_standard_error_does_not_outlast_the_deadline(blocking, options):
    """What is told on standard error must not hold the client either; told first, it can leave no time to ask."""
    with tcp(say(b"hello")) as server, full_pipe(blocking) as (_, writer, _):
        with spawn(CLIENT, "-w", "1", *options, f"127.0.0.1:{server.port}", stdout=writer, stderr=writer) as process:
            assert ended(process)[0] in (1, 2)


@waiting
def test_interrupt_while_the_pipe_is_full(blocking):
    """With -c, SIGINT is blocked: it did not end a write that waited. The summary goes where it can be read."""
    with tcp() as server, full_pipe(blocking) as (_, writer, _):
        with spawn(CLIENT, "-v", "-c", "0", "-i", "0", f"127.0.0.1:{server.port}", stdout=writer,
                   stderr=subprocess.PIPE, bufsize=0) as process:
            while not (line := process.stderr.readline()).endswith(b": trying\n"):
                assert line, "the client ended before it asked"
            wait_until(lambda: server.received, "a request")
            process.send_signal(signal.SIGINT)
            code, errors = ended(process)
    assert (code, len(server.received)) == (2, 1)
    assert "sockgreet: standard output: still full when interrupted\n" in errors
    assert "\n1 sent, 0 answered, 0 % lost, 1 outstanding" in errors


def test_interrupt_while_both_streams_are_full():
    """The summary is printed if it can be; there is no waiting for it."""
    with tcp() as server, full_pipe() as (_, writer, _):
        with spawn(CLIENT, "-c", "0", f"127.0.0.1:{server.port}", stdout=writer, stderr=writer) as process:
            wait_until(lambda: server.received, "a request")
            process.send_signal(signal.SIGINT)
            assert ended(process)[0] == 2


@pytest.mark.parametrize("path, option", ABOUT[::4])
def test_interrupt_ends_what_waits_for_a_full_pipe(path, option):
    """Without -c it is not caught."""
    with full_pipe() as (_, writer, _), spawn(path, option, stdout=writer) as process:
        wait_until(lambda: is_asleep(process), "the program waits")
        process.send_signal(signal.SIGINT)
        assert ended(process)[0] == -signal.SIGINT


def test_a_reader_at_work_gets_all_of_an_answer_that_ends_with_the_deadline():
    """A server that keeps the connection open has answered at the deadline; a pipe that is full just then, because its
    reader is not as fast, is not one that nobody reads."""
    connections = []

    def keep_open(connection):
        connection.sendall(LARGE)
        connections.append(connection)

    with tcp(keep_open) as server:
        done = run(CLIENT, "-w", "1", "--whole", f"127.0.0.1:{server.port}")
    for connection in connections:
        connection.shutdown(socket.SHUT_RDWR)
        connection.close()
    assert (done.returncode, done.stdout) == (0, LARGE)
    assert b"no end of file in time" in done.stderr
