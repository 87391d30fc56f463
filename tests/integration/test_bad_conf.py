# SPDX-License-Identifier: MIT
"""Bad configurations: each is refused with exit code 78 and exactly the expected messages.

The files in bad_conf/ hold cases of this form; in the messages "@" stands for the file:

    ==== title
    the configuration
    ----
    @:1: setting: what is wrong, what is allowed
"""

import os
import pathlib
import shutil
import socket
import subprocess

import pytest

DAEMON = os.environ.get("SOCKGREETD", "sockgreetd")
CASES = pathlib.Path(__file__).parent / "bad_conf"
EX_CONFIG = 78
MEBIBYTE = 1024 * 1024


def read_cases():
    for path in sorted(CASES.glob("*.txt")):
        for case in ("\n" + path.read_text()).split("\n==== ")[1:]:
            title, rest = case.split("\n", 1)
            text, messages = rest.rstrip("\n").rsplit("----\n", 1)
            yield pytest.param(text, messages.splitlines(), id=f"{path.stem}: {title}")


def check(path, user=None, program=DAEMON, may_be_good=False):
    """The exit code and the errors of a check, without the warnings, which depend on the machine."""
    done = subprocess.run(
        [program, "-t", "-c", path], capture_output=True, text=True, timeout=30, check=False, user=user
    )
    assert done.stdout == "" or may_be_good
    return done.returncode, [line for line in done.stderr.splitlines() if ": warning: " not in line]


@pytest.fixture(name="conf")
def fixture_conf(tmp_path):
    return tmp_path / "bad.conf"


@pytest.mark.parametrize("text, messages", read_cases())
def test_case(conf, text, messages):
    conf.write_text(text)
    assert messages, "a case without messages"
    assert check(conf) == (EX_CONFIG, [line.replace("@:", f"{conf}:", 1) for line in messages])


def test_there_are_enough_cases():
    assert len(list(read_cases())) >= 100


TCP = 'user = "daemon"; listeners = {{ a = {{ type = "tcp"; {} }}; }};'
UNIX = 'user = "daemon"; listeners = {{ a = {{ type = "unix"; path = "/tmp/x"; {} }}; }};'


@pytest.mark.parametrize(
    "around, setting",
    [
        (UNIX, "mode = 0660;"),
        (UNIX, "mode = 660;"),
        (TCP, 'address = "0.0.0.0:80";'),
        (TCP, 'address = "[::1]:12345";'),
        (TCP, 'address = "localhost:http";'),
        (TCP, 'address = ":80";'),
        ('user = "daemon"; {}', 'log.level = "debug";'),
        ('user = "daemon"; {}', "timeouts.drain = 2.5;"),
        ('user = "daemon"; {}', 'listeners.tcp.type = "tcp";'),
    ],
)
def test_advice_works_as_it_stands(conf, around, setting):
    """Advice to leave a zero out, or to add an L, led to the next error."""
    conf.write_text(around.format(setting))
    code, messages = check(conf)
    assert code == EX_CONFIG and len(messages) == 1
    conf.write_text(around.format(messages[0].partition("; write ")[2]))
    assert check(conf, may_be_good=True) == (0, [])


# What is no text, or no file.

RAW = [
    (b"user = \"daemon\";\n\0", "2: syntax: a NUL byte; allowed: text"),
    (b"greeting = \"a\0b\";\n", "1: syntax: a NUL byte; allowed: text"),
    (b"\xef\xbb\xbfuser = \"daemon\";\n",
     "1: syntax: the file begins with a byte-order mark; save it as UTF-8 without one"),
    (b"# mine\ruser = \"daemon\";\r",
     "1: syntax: the comment continues after a carriage return; allowed: lines that end with a newline"),
    (b"\x7fELF\x02\x01\x01", '1: syntax: "\\x7f" where a setting\'s name is expected'),
    (b"user = \"daemon\";\r\nlimits = { connections = 0; };\r\n",
     "2: limits.connections: 0 is out of range; allowed: a whole number from 1 to 1000000"),
    (b"user = \"daemon\";\n" + b"\n" * 70000 + b"limits = { connections = 0; };\n",
     "70002: limits.connections: 0 is out of range; allowed: a whole number from 1 to 1000000"),
    (b"listeners = { u = { type = \"udp\"; greeting = \"" + b"x" * 513 + b"\"; }; };\n",
     "1: listeners.u.greeting: can be 513 bytes long, but max_datagram is 512; allowed: a shorter one, "
     "or max_datagram up to 1232"),
    (b"\ngreeting = \"" + b"x" * 521 + b"\";\n",
     "2: greeting: can be 521 bytes long, but a datagram of listeners.udp holds 512; allowed: a shorter one, or a listener "
     "with max_datagram up to 1232"),
    (b"listeners = {" + b"".join(b"l%d={type=\"tcp\";};" % i for i in range(1025)) + b"};",
     "1: listeners: 1025 listeners; allowed: 1 to 1024"),
]


@pytest.mark.parametrize("data, message", RAW, ids=range(len(RAW)))
def test_bytes(conf, data, message):
    conf.write_bytes(data)
    assert check(conf) == (EX_CONFIG, [f"{conf}:{message}"])


def test_missing_file(conf):
    assert check(conf) == (EX_CONFIG, [f"{conf}: cannot be opened: No such file or directory"])


def test_missing_directory(conf):
    path = conf / "x.conf"
    conf.write_text("")
    assert check(path) == (EX_CONFIG, [f"{path}: cannot be opened: Not a directory"])


def test_directory(tmp_path):
    assert check(tmp_path) == (EX_CONFIG, [f"{tmp_path}: is a directory; allowed: a regular file"])


def test_fifo_is_not_waited_for(conf):
    os.mkfifo(conf)
    assert check(conf) == (EX_CONFIG, [f"{conf}: is a FIFO; allowed: a regular file"])


@pytest.mark.parametrize("device", ["/dev/null", "/dev/zero", "/dev/tty"])
def test_device(device):
    code, messages = check(device)
    assert code == EX_CONFIG
    assert messages in (
        [f"{device}: is a device; allowed: a regular file"],
        [f"{device}: cannot be opened: No such device or address"],  # no terminal
    )


def test_socket(conf):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(conf))
        assert check(conf) == (EX_CONFIG, [f"{conf}: cannot be opened: No such device or address"])


def test_unreadable_file(conf):
    """Root may read everything, so the check runs as somebody else then, whom the program must let in, too."""
    conf.write_text("")
    conf.chmod(0)
    user, program = None, DAEMON
    if os.geteuid() == 0:
        user, program = 65534, shutil.copy(DAEMON, conf.parent)
        for folder in conf.parents[:3]:  # pytest's own, which only their owner may enter
            folder.chmod(folder.stat().st_mode | 0o011)
    assert check(conf, user, program) == (EX_CONFIG, [f"{conf}: cannot be opened: Permission denied"])


def test_symbolic_link_to_itself(conf):
    conf.symlink_to(conf)
    assert check(conf) == (EX_CONFIG, [f"{conf}: cannot be opened: Too many levels of symbolic links"])


def test_one_byte_too_many(conf):
    conf.write_bytes(b"#" * MEBIBYTE)
    subprocess.run([DAEMON, "-t", "-c", conf], timeout=30, check=True)
    conf.write_bytes(b"#" * (MEBIBYTE + 1))
    assert check(conf) == (EX_CONFIG, [f"{conf}: is too large; allowed: at most {MEBIBYTE} bytes"])


def test_name_with_control_characters(tmp_path):
    path = tmp_path / "a\x1b[2J\n.conf"
    path.write_text("limits = 3;\n")
    code, messages = check(path)
    assert code == EX_CONFIG
    assert messages == [f"{tmp_path}/a\\x1b[2J\\n.conf:1: limits: is a whole number; allowed: a group {{ ... }}"]


def test_many_errors_are_counted(conf):
    conf.write_text('user = "daemon";\n' + "".join(f"unknown_setting_{i} = {i};\n" for i in range(1000)))
    code, messages = check(conf)
    assert code == EX_CONFIG
    assert messages[-1] == f"... and {1000 - len(messages) + 1} more"
    assert 32768 < sum(map(len, messages)) <= 65536


def test_a_parser_without_end_is_ended(conf):
    """libconfig looks at all settings of a group for each new one."""
    conf.write_text("".join(f"a{i:x}=1;" for i in range(100000))[:MEBIBYTE - 100].rsplit(";", 1)[0] + ";")
    code, messages = check(conf)
    assert code == EX_CONFIG
    assert messages[-1].startswith((f"{conf}: loading failed: ", "... and "))


def listen_errors(conf, *endpoints):
    """What -t says of these values of -l, without warnings; the file has no settings."""
    conf.write_text("")
    options = [word for endpoint in endpoints for word in ("-l", endpoint)]
    done = subprocess.run([DAEMON, "-t", "-c", conf, *options], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == EX_CONFIG
    return [line for line in done.stderr.splitlines() if ": warning: " not in line]


@pytest.mark.parametrize(
    "endpoint, message",
    [
        ("127.1", '-l: "127.1" is not an IPv4 address; '
                  "allowed: four numbers from 0 to 255 without leading zeros"),
        ("tcp://127.0.0.1:0", None),
        ("tcp://127.0.0.1:no-such-service", None),
        ("unix:relative", '-l: "relative" is a relative path; '
                          "allowed: an absolute path, or @ and an abstract name"),
        ("unix:", None),
        ("sctp://127.0.0.1", None),
    ],
)
def test_listen_option(conf, endpoint, message):
    errors = listen_errors(conf, endpoint)
    assert len(errors) == 1
    assert errors[0].startswith("-l: ")
    if message:
        assert errors == [message]


@pytest.mark.parametrize(
    "second, message",
    [
        ("tcp://127.0.0.1:5000", "-l: tcp 127.0.0.1:5000 is given twice; allowed: each endpoint once"),
        ("tcp://0.0.0.0:5000", "-l: tcp 0.0.0.0:5000 overlaps 127.0.0.1:5000; allowed: each endpoint once"),
    ],
)
def test_listen_option_twice(conf, second, message):
    """The message named a listener, "listeners.tcp2", which nobody had written."""
    assert listen_errors(conf, "tcp://127.0.0.1:5000", second) == [message]


@pytest.mark.parametrize("arguments", [["-x"], ["-c"], ["-l"], ["extra"], ["--no-such-option"], ["-t", "extra"]])
def test_usage(arguments):
    done = subprocess.run([DAEMON, *arguments], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 64
    assert done.stdout == ""
    assert done.stderr.endswith("Try 'sockgreetd --help'.\n")
