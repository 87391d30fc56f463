# SPDX-License-Identifier: MIT
"""sockgreetctl top, on a terminal and without one."""

import contextlib
import fcntl
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading
import time

import pytest

from clients import greet
from conftest import program
from operations import EX_OSERR, EX_UNAVAILABLE, EX_USAGE
from processes import PATIENCE, children, descriptors, is_running, is_stopped, stays, wait_until
from service import tcp, udp

ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"
HIDE, SHOW = b"\x1b[?25l", b"\x1b[?25h"


def environment_of(service, **more):
    """What sockgreetctl is started with."""
    return {**os.environ, "RUNTIME_DIRECTORY": str(service.runtime), "TERM": "xterm", "LC_ALL": "C.UTF-8", "TZ": "UTC",
            **more}


# A shell as far as it matters here: the program is in a process group of its own, which a stop does not orphan.
SHELL = """
import fcntl, os, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
child = os.fork()
if child == 0:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])
os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xff)
"""


class Terminal:
    """A terminal with sockgreetctl top on it, in the foreground of a session of its own, as a shell would start it."""

    def __init__(self, service, *arguments, size=(24, 80), **environment):
        self.master, slave = pty.openpty()
        self.slave = slave
        self.output = b""
        self.resize(*size)
        self.mode = termios.tcgetattr(slave)
        self.shell = subprocess.Popen([sys.executable, "-c", SHELL, program("SOCKGREETCTL"), "top", *arguments], stdin=slave,
                                      stdout=slave, stderr=slave, start_new_session=True,
                                      env=environment_of(service, **environment))
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        with contextlib.suppress(OSError):
            while chunk := os.read(self.master, 65536):
                self.output += chunk

    @property
    def pid(self):
        """Of sockgreetctl."""
        return children(self.shell.pid)[0]

    def resize(self, lines, columns):
        """As a window is."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def type(self, keys):
        """Sends keys."""
        os.write(self.master, keys)

    def frames(self):
        """The whole frames so far, without colours."""
        text = re.sub(rb"\x1b\[[0-9;]*m", b"", self.output).decode(errors="replace")
        return [frame.replace("\x1b[K", "") for frame in text.split("\x1b[H")[1:] if "\x1b[J" in frame]

    def wait_frame(self, pattern, after=0):
        """Waits for a frame with it."""
        return wait_until(lambda: next((f for f in self.frames()[after:] if re.search(pattern, f)), None),
                          f"a frame with {pattern!r}")

    def wait_end(self):
        """The exit code; the terminal is as it was."""
        self.shell.wait(PATIENCE)
        wait_until(self.is_restored, "the terminal is as it was")
        return self.shell.returncode

    def is_restored(self):
        """Whether nothing of it is left on the terminal."""
        return (self.output.rfind(LEAVE) > self.output.rfind(ENTER) and self.output.rfind(SHOW) > self.output.rfind(HIDE)
                and termios.tcgetattr(self.slave) == self.mode)

    def close(self):
        """Ends it."""
        if self.shell.poll() is None:
            with contextlib.suppress(OSError, IndexError):
                os.kill(self.pid, signal.SIGKILL)
            self.shell.wait(PATIENCE)
        os.close(self.slave)
        os.close(self.master)


@pytest.fixture(name="service")
def fixture_service(daemon):
    """Two listeners and two workers."""
    return daemon({"first": tcp(), "second": udp()}, workers={"processes": 2, "threads": 1})


@pytest.fixture(name="top")
def fixture_top(service):
    """Starts it on terminals."""
    with contextlib.ExitStack() as stack:
        def start(*arguments, **how):
            terminal = Terminal(service, *arguments, **how)
            stack.callback(terminal.close)
            return terminal

        yield start


def run(service, *arguments, **environment):
    """Runs it without a terminal."""
    return subprocess.run([program("SOCKGREETCTL"), *arguments], capture_output=True, text=True, check=False, timeout=60,
                          env=environment_of(service, **environment))


# On a terminal


def test_frames_and_the_key_q(service, top):
    """Rates of what was served in between; a frame is one piece, and nothing of it is beyond the screen."""
    terminal = top("-i", "0.2")
    terminal.wait_frame(r"first +tcp +127\.0\.0\.1:\d+ +0 +- +-")
    for _ in range(20):
        greet(service.address("first"))
    frame = terminal.wait_frame(r"first +tcp +127\.0\.0\.1:\d+ +\d+ +0 +[\d.]*[1-9][\d.]* +█+")
    assert re.search(r"^serving, generation 1, 2 of 2 workers, 2 endpoints +\d\d:\d\d:\d\d\r$", frame, re.M), frame
    assert re.search(r"^Greetings [\d.]+/s    Refused 0/s    Connections \d+    Sent [\d.]+ k?B/s\r$", frame, re.M), frame
    assert all(len(line) <= 80 for line in frame.split("\r\n")), frame
    assert not terminal.is_restored()
    terminal.type(b"xq")
    assert terminal.wait_end() == 0


@pytest.mark.parametrize("keys", [b"\x03", b"\x04", b"Q"])
def test_keys_that_end_it(top, keys):
    """Ctrl-C is one of them: it is how people leave such a program."""
    terminal = top()
    terminal.wait_frame("serving")
    terminal.type(keys)
    assert terminal.wait_end() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_signals_that_end_it(top, number):
    """The terminal is as it was, and who waits for it learns the signal."""
    terminal = top()
    terminal.wait_frame("serving")
    os.kill(terminal.pid, number)
    assert terminal.wait_end() == (-number & 0xff)


def is_connected(pid):
    """Whether a process has a socket."""
    for number in descriptors(pid):
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/{pid}/fd/{number}").startswith("socket:"):
                return True
    return False


def test_a_service_that_hangs_does_not_keep_it(service, top):
    """Nobody reads the request; Ctrl-C ends it at once."""
    terminal = top("-i", "0.1", "-w", "60")
    terminal.wait_frame("serving")
    os.kill(service.pid, signal.SIGSTOP)
    try:
        wait_until(lambda: stays(lambda: is_connected(terminal.pid), 0.3), "it waits for the answer")
        terminal.type(b"\x03")
        assert terminal.wait_end() == 0
    finally:
        os.kill(service.pid, signal.SIGCONT)


def test_stopped_and_continued(top):
    """While it is stopped the terminal is as it was; then its screen is drawn again."""
    terminal = top("-i", "0.2")
    terminal.wait_frame("serving")
    pid = terminal.pid
    terminal.type(b"\x1a")
    wait_until(lambda: is_stopped(pid), "it stops")
    wait_until(terminal.is_restored, "the terminal is as it was")
    before = len(terminal.frames())
    os.kill(pid, signal.SIGCONT)
    terminal.wait_frame("serving", before)
    assert terminal.output.count(ENTER) == 2 and not terminal.is_restored()
    terminal.type(b"q")
    assert terminal.wait_end() == 0


def test_resize(top):
    """It is drawn at once for the new size, also for a small one."""
    terminal = top("-i", "60")
    terminal.wait_frame("REFUSED/S")
    terminal.resize(40, 120)
    terminal.wait_frame(r"^.{110}.* up \d+ s")
    terminal.resize(8, 30)
    before = len(terminal.frames())
    wait_until(lambda: "REFUSED/S" not in re.sub(r"\x1b\[[0-9;]*m", "", terminal.output.decode()).split("\x1b[H")[-1],
               "it is drawn for it")
    last = terminal.output.split(b"\x1b[H")[-1]
    assert last.count(b"\r\n") <= 7 and before <= len(terminal.frames())
    terminal.type(b"q")
    assert terminal.wait_end() == 0


def test_space_asks_at_once(top):
    """Long before the interval is over."""
    terminal = top("-i", "60")
    terminal.wait_frame(r"Greetings -")

    def asked():
        terminal.type(b" ")
        time.sleep(0.1)
        return any("Greetings 0/s" in frame for frame in terminal.frames())

    wait_until(asked, "the space bar draws")
    terminal.type(b"q")
    assert terminal.wait_end() == 0


def test_a_service_that_is_restarted(service, top, spawn):
    """It says that there is none, and goes on with the next one, which counts anew."""
    terminal = top("-i", "0.1")
    for _ in range(5):
        greet(service.address("first"))
    terminal.wait_frame("serving")
    service.stop()
    terminal.wait_frame("no running sockgreetd found")
    before = len(terminal.frames())
    again = spawn({"third": tcp()}, environment={"RUNTIME_DIRECTORY": str(service.runtime)})
    again.wait_ready()
    terminal.wait_frame("third", before)
    terminal.wait_frame(r"Greetings 0/s", before)
    assert not any(re.search(r" -\d", frame) for frame in terminal.frames())
    terminal.type(b"q")
    assert terminal.wait_end() == 0


@pytest.mark.parametrize("environment, style", [({}, b"\x1b[1;31m"), ({"NO_COLOR": "1"}, b"\x1b[1m")])
def test_colours(service, top, environment, style):
    """Red is for trouble; with NO_COLOR that is bold."""
    terminal = top("-i", "0.1", **environment)
    terminal.wait_frame("serving")
    assert b"\x1b[1;31m" not in terminal.output
    service.stop()
    wait_until(lambda: style + b"no running sockgreetd found" in terminal.output, "it stands out")
    assert environment == {} or not re.search(rb"\x1b\[[0-9;]*3\dm", terminal.output)
    terminal.type(b"q")
    assert terminal.wait_end() == 0


def test_a_terminal_that_goes_away(top):
    """It ends, and does not write to nobody for ever."""
    terminal = top("-i", "0.1")
    terminal.wait_frame("serving")
    pid = terminal.pid
    os.close(terminal.slave)
    os.close(terminal.master)
    wait_until(lambda: not is_running(pid), "it ends")
    terminal.shell.wait(PATIENCE)
    terminal.slave, terminal.master = os.pipe()


def test_a_locale_without_blocks(service, top):
    """Bars are ASCII."""
    terminal = top("-i", "0.2", LC_ALL="C")
    terminal.wait_frame("serving")
    for _ in range(20):
        greet(service.address("first"))
    terminal.wait_frame(r"first .* #+\r")
    assert all(byte < 0x80 for byte in terminal.output)
    terminal.type(b"q")
    assert terminal.wait_end() == 0


def test_in_tmux(service, tmp_path):
    """What people see there, and what is there when it has ended."""
    tmux = [shutil.which("tmux") or pytest.fail("install tmux"), "-S", str(tmp_path / "tmux")]

    def screen():
        return subprocess.run([*tmux, "capture-pane", "-p"], capture_output=True, text=True, check=True).stdout

    subprocess.run([*tmux, "-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "sh"], check=True,
                   env=environment_of(service, ENV="", PS1="$ "))
    try:
        subprocess.run([*tmux, "send-keys", f"echo be''fore; {program('SOCKGREETCTL')} top -i 0.2", "Enter"], check=True)
        shown = wait_until(lambda: (text := screen()) and "Greetings 0/s" in text and text, "a frame")
        assert "before" not in shown and re.search(r"^LISTENER +TYPE +ENDPOINT", shown, re.M), shown
        assert shown.startswith("sockgreet on "), shown
        subprocess.run([*tmux, "send-keys", "q"], check=True)
        wait_until(lambda: "before\n" in screen() and "LISTENER" not in screen(), "the screen is as it was")
    finally:
        subprocess.run([*tmux, "kill-server"], check=True)


# Without a terminal


@pytest.mark.parametrize("arguments, environment", [(["--once"], {}), (["-1"], {}), ([], {}), ([], {"TERM": "dumb"})])
def test_one_frame(service, arguments, environment):
    """As text, after one interval; without --once because there is no terminal."""
    result = run(service, "top", "-i", "0.1", *arguments, **environment)
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert "\x1b" not in result.stdout and all(len(line) <= 80 and line == line.rstrip() for line in lines), result.stdout
    assert lines[3].startswith("Greetings 0/s    Refused 0/s    Connections 0    Sent 0 B/s"), result.stdout
    assert [line.split()[0] for line in lines[5:] if line] == ["LISTENER", "first", "second", "WORKER", "0", "1"], result.stdout


@pytest.mark.parametrize("arguments, environment", [(["-1"], {}), ([], {"TERM": "dumb"}), ([], {"TERM": ""})])
def test_one_frame_on_a_terminal(top, arguments, environment):
    """Where one is wanted, or the terminal has no cursor to move."""
    terminal = top("-i", "0.1", *arguments, **environment)
    assert terminal.shell.wait(PATIENCE) == 0
    wait_until(lambda: b"WORKER" in terminal.output, "a frame")
    assert b"\x1b" not in terminal.output


def test_no_service(service):
    """As the other commands say it, at the start as in between."""
    service.stop()
    for arguments in (["top"], ["top", "-1"]):
        result = run(service, *arguments)
        assert (result.returncode, result.stdout) == (EX_UNAVAILABLE, "")
        assert result.stderr.startswith("sockgreetctl: no running sockgreetd found (looked in "), result


def test_usage(service):
    """What is for top is refused elsewhere."""
    for arguments in ("-i 0.05 top", "-i 61 top", "-i x top", "-i 1x top", "-i nan top", "-i 1e1 top", "-i 1.2.3 top", "-j top",
                      "-1 status", "-i 1 status", "top 1"):
        result = run(service, *arguments.split())
        assert (result.returncode, result.stdout) == (EX_USAGE, "") and "sockgreetctl: " in result.stderr, result


def test_output_that_cannot_be_written(service):
    """The exit status says it."""
    with open("/dev/full", "wb") as full:
        result = subprocess.run([program("SOCKGREETCTL"), "top", "-i", "0.1"], stdout=full, stderr=subprocess.PIPE, text=True,
                                check=False, timeout=60, env=environment_of(service))
    assert (result.returncode, result.stderr) == (EX_OSERR, "sockgreetctl: standard output: No space left on device\n")
