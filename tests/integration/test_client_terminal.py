# SPDX-License-Identifier: MIT
"""The client's lines on terminals: they fit, colours are for terminals that have them, and no server reaches them."""

import contextlib
import fcntl
import os
import pty
import re
import socket
import struct
import subprocess
import termios

import pytest

from test_client import CLIENT, Server, after_request, say, tcp, udp, unused_port

ESC = b"\x1b"


def in_terminal(*arguments, columns=80, prefix=(), **environment):
    """What the client writes to a terminal of so many columns."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    everything = {**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm", **environment}
    everything = {name: value for name, value in everything.items() if value is not None}
    with subprocess.Popen([*prefix, CLIENT, *map(str, arguments)], stdout=slave, stderr=slave, env=everything) as process:
        os.close(slave)
        output = b""
        with contextlib.suppress(OSError):
            while chunk := os.read(master, 65536):
                output += chunk
        os.close(master)
    return output.replace(b"\r\n", b"\n")


def visible(output):
    """The lines without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", output.decode()).splitlines()


@pytest.mark.parametrize("columns", [80, 40, 20])
def test_a_greeting_fits_into_a_line(columns):
    """Cut where it is longer, with an ellipsis; wide characters take two columns."""
    for greeting, width in ((b"x" * 300, 1), ("\u4f60\u597d".encode() * 100, 2)):
        with tcp(say(greeting)) as server:
            lines = visible(in_terminal("-c", "1", server.target, columns=columns))
        line = next(line for line in lines if line.startswith("greeting: "))
        text = line.removeprefix("greeting: ")
        cells = 10 + width * (len(text) - 1) + 1
        assert text.endswith("\u2026") and columns - 2 <= cells <= columns


def test_lines_fit_into_eighty_columns():
    """An answer, a loss and the summary, with the longest port."""
    holder, port = unused_port()
    with holder, tcp(say(b"hello\n"), port=0) as server:
        output = in_terminal("-c", "3", "-i", "1ms", server.target, f"127.0.0.1:{port}")
    assert all(len(line) <= 80 for line in visible(output)), output


@pytest.mark.parametrize("columns, shown", [(200, ["connect", "first", "time"]), (56, ["connect", "time"]), (40, ["time"])])
def test_times_that_do_not_fit_are_left_out(columns, shown):
    """On a terminal; the time of the whole stays."""
    with tcp(say(b"hello\n")) as server:
        lines = visible(in_terminal("-c", "1", server.target, columns=columns))
        piped = subprocess.run([CLIENT, "-c", "1", server.target], stdout=subprocess.PIPE, check=True).stdout
    line = next(line for line in lines if line.startswith("seq=1 "))
    assert re.findall(r"(\w+)=", line)[1:] == shown and len(line) <= columns
    assert b" connect=" in piped and b" first=" in piped


@pytest.mark.parametrize("columns", [80, 60])
def test_lines_of_a_long_address_fit(namespace, columns):
    """The longest that IPv6 has, with the longest port."""
    host = "2001:db81:aaaa:bbbb:cccc:dddd:eeee:ffff"
    namespace.add_address(host)

    def make():
        made = socket.socket(socket.AF_INET6)
        made.bind((host, 65535))
        made.listen()
        return made

    bound = namespace.socket(make)
    bound.settimeout(None)
    with Server(bound, say(b"hello\n")) as server:
        lines = visible(in_terminal("-c", "2", "-i", "1ms", server.target, columns=columns, prefix=namespace.prefix))
    answers = [line for line in lines if line.startswith("seq=")]
    assert len(answers) == 2 and all(line.endswith(" ms") for line in answers)
    assert all(len(line) <= max(columns, 72) for line in answers), answers


def test_the_remark_of_a_loss_gives_way_to_a_narrow_line():
    with udp(lambda *_: None) as server:
        wide = visible(in_terminal("-c", "1", "-W", "20ms", server.target, columns=200))
        narrow = visible(in_terminal("-c", "1", "-W", "20ms", server.target, columns=80))
    wide, narrow = ([line for line in lines if "TIMEOUT: " in line][0] for lines in (wide, narrow))
    assert wide.endswith(" ms (lost, filtered, or no server)")
    assert re.search(r"no answer in \d+ ms$", narrow) and len(narrow) <= 80


@pytest.mark.parametrize("environment, coloured", [
    ({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False), ({"TERM": None}, False)])
def test_colours_are_for_terminals_that_have_them(environment, coloured):
    holder, port = unused_port()
    with holder:
        output = in_terminal("-c", "1", f"127.0.0.1:{port}", **environment)
        piped = subprocess.run([CLIENT, "-c", "1", f"127.0.0.1:{port}"], env={**os.environ, "TERM": "xterm"},
                               stdout=subprocess.PIPE, check=False).stdout
    assert (ESC in output) == coloured and b"REFUSED" in output
    assert ESC not in piped and b" REFUSED: " in piped


EVIL = {
    "escape": b"\x1b[2J\x1b]0;title\x07",
    "C1": b"\xc2\x9b31m",
    "direction": "\u202e\u2066abc\u061c\u200f".encode(),
    "tags": "a\U000e0041\U000e0042\U000e007f".encode(),
    "separators": "a\u2028b\u2029c".encode(),
    "returns": b"over\rwritten\x08\x08",
    "not UTF-8": b"\xff\xfe\xc3",
}
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\U000e0000-\U000e007f]")


@pytest.mark.parametrize("options", [[], ["-c", "1"], ["-c", "1", "--who", ".*"], ["--expect", "nothing of that"],
                                     ["-c", "1", "--http"], ["-v"]], ids=" ".join)
@pytest.mark.parametrize("greeting", EVIL.values(), ids=EVIL)
def test_no_server_reaches_the_terminal(greeting, options):
    """Nothing that it sends arrives there as it is, whichever way it is printed."""
    if "--http" in options:
        greeting = b"HTTP/1.0 200 " + greeting + b"\r\nServer: " + greeting + b"\r\n\r\n" + greeting
    with tcp(say(greeting + b"\n") if "--http" not in options else after_request(greeting + b"\n")) as server:
        output = in_terminal(*options, server.target, NO_COLOR="1")
    assert not HIDDEN.search(output.decode()), output


def test_a_status_of_http_is_escaped():
    with tcp(after_request(b"HTTP/1.0 404 \x1b[31mred\r\n\r\nbody")) as server:
        output = in_terminal("--http", server.target)
    assert b"UNEXPECTED: answered with status 404 \\x1b[31mred" in output and ESC not in output


def test_json_with_escapes_in_it():
    """What JSON hides in \\u001b is a control when it is read."""
    answer = rb'{"hostname": "\u001b[2Jhost", "instance": "a\u202eb", "greeting": "\u001b[31mred\u061c"}' + b"\n"
    with tcp(say(answer)) as server:
        output = in_terminal("-c", "2", "-i", "1ms", server.target, NO_COLOR="1")
    assert not HIDDEN.search(output.decode()), output
    assert b"red" in output and b"answered by: " in output
