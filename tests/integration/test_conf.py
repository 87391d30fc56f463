# SPDX-License-Identifier: MIT
"""Good configurations: -t accepts them, and what -T prints is a file that means the same."""

import os
import pathlib
import re
import subprocess

import pytest

from namespaces import mount_prefix
from processes import children, status, wait_until

DAEMON = os.environ.get("SOCKGREETD", "sockgreetd")
TOP = pathlib.Path(__file__).parents[2]
EXAMPLE = TOP / "etc/sockgreet.conf"
MANUAL = TOP / "man/sockgreet.conf.5"
MEBIBYTE = 1024 * 1024
RUNS_AS = ": warning: under systemd the service runs as user sockgreet, which cannot "


def run(*arguments, **options):
    done = subprocess.run([DAEMON, *arguments], capture_output=True, timeout=30, check=False, **options)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture(name="effective")
def fixture_effective(tmp_path):
    """The -T of a configuration, after a look whether the -T of it is the same."""

    def effective(text, *arguments):
        first, second = tmp_path / "first.conf", tmp_path / "second.conf"
        first.write_bytes(text if isinstance(text, bytes) else text.encode())
        printed = run("-T", "-c", first, *arguments)
        second.write_bytes(printed)
        assert run("-T", "-c", second) == printed
        return printed.decode("latin-1")

    return effective


def uncommented(text):
    """The example with all its settings: a space follows the slashes of prose, but not those of settings."""
    return re.sub(r"^//(?! \S)", "", text, flags=re.M)


def settings_of(printed):
    """Dotted paths of all settings in a printed configuration, those of listeners without the listener."""
    groups, paths = [], set()
    for line in printed.splitlines():
        name = re.match(r" *([\w-]+) = ", line)
        if line.endswith("{"):
            groups.append(name[1])
        elif line.strip() == "};":
            groups.pop()
        elif name:
            paths.add(name[1] if groups[:1] == ["listeners"] else ".".join([*groups, name[1]]))
    return paths


def test_check_says_so(tmp_path):
    conf = tmp_path / "x.conf"
    conf.write_text('user = "daemon";')
    done = subprocess.run([DAEMON, "-t", "-c", conf], capture_output=True, text=True, timeout=30, check=False)
    said = [line for line in done.stderr.splitlines() if RUNS_AS not in line]  # where sockgreet is installed
    assert (done.returncode, done.stdout, said) == (0, f"{conf}: configuration OK\n", [])


def test_an_empty_file_serves_every_address(effective):
    printed = effective("")
    assert printed.count('address = "";') == 2
    assert 'path = "/run/sockgreet/greet.sock";' in printed


def test_the_example_changes_nothing(effective):
    defaults = effective("")
    text = EXAMPLE.read_text()
    assert effective(text) == defaults
    assert effective(uncommented(text)) == defaults


def test_the_example_has_every_setting(effective):
    # the datagram listener of Unix sockets has no setting that others have not
    text = uncommented(EXAMPLE.read_text())
    for path in settings_of(effective("")):
        assert re.search(rf"^ *{path.split('.')[-1]} = ", text, re.M), path
    assert 'greeting = "Thank you' in text.split("listeners =")[1]


def all_services(directory):
    """The words that are allowed, as an error has them."""
    conf = directory / "unknown.conf"
    conf.write_text('listeners = { a = { type = "tcp"; service = "x"; }; };')
    done = subprocess.run([DAEMON, "-t", "-c", conf], capture_output=True, text=True, timeout=30, check=False)
    return set(re.findall(r'"(\w+)"', done.stderr.split("allowed:")[1]))


def test_the_example_has_a_line_for_every_service(effective, tmp_path):
    """Each is as good as it stands, alone or beside the listeners above it."""
    text = EXAMPLE.read_text()
    (tmp_path / "quotes").write_text("Well said.\n")
    quotes = f'quotes = ("{tmp_path}/quotes")'
    ready = re.findall(r"^// ([\w-]+ = \{.*\};)", text, re.M)
    for line in ready:
        effective(f"{quotes}; listeners = {{ {line} }};")
    both = effective(re.sub(r"^// (?=[\w-]+ = \{.*\};)", "", uncommented(text), flags=re.M).replace("quotes = ()", quotes))
    assert set(re.findall(r'service = "(\w+)"', both)) == all_services(tmp_path)


def test_the_manual_has_every_setting(effective):
    text = MANUAL.read_text()
    for path in settings_of(effective("")):
        assert f".It Ic {path} " in text, path


STRINGS = [
    r"plain",
    r"\\ \" \n \r \t \f",
    r"\x01\x02\x1b\x7f",
    r"\x80\xff\xC3\xa4",
    "\u00e4\u20ac\U0001f600",
    r"$$ $${pid}",
    r"${hostname} ${client_address:-nobody}",
    'two" "strings',
    "a\nline\tor two",
    "# // /* no comment */",
]


@pytest.mark.parametrize("text", STRINGS)
def test_strings(effective, text):
    printed = effective(f'greeting = "{text}";')
    assert printed.splitlines()[1].startswith('greeting = "')


def test_what_only_an_agent_has(effective):
    listeners = """
        a = { type = "tcp"; port = 1; service = "agent"; weight_by_load = true; };
        b = { type = "unix"; path = "/run/b"; service = "agent"; };
        c = { type = "tcp"; port = 2; };"""
    printed = effective(f'maintenance_file = "/run/m"; listeners = {{ {listeners} }};')
    assert re.findall("weight_by_load = (.*);", printed) == ["true", "false"]
    assert printed.count('service = "agent";') == 2 and 'maintenance_file = "/run/m";' in printed


def test_all_bytes(effective):
    every = bytes(i for i in range(1, 256) if i not in b'"\\$')
    printed = effective(b'greeting = "' + every + b'";')
    assert '\\x01\\x02' in printed


def test_a_large_greeting(effective):
    greeting = "x" * (MEBIBYTE - 8192)
    text = f'greeting = "{greeting}"; listeners = {{ t = {{ type = "tcp"; }}; }};'
    assert effective(text).count(greeting) == 1


@pytest.mark.parametrize(
    "written, printed",
    [
        ("0", "0.0"),
        ("1", "1.0"),
        ("2L", "2.0"),
        ("0x2", "2.0"),
        ("0.1", "0.1"),
        ("1e-3", "0.001"),
        (".5", "0.5"),
        ("1.", "1.0"),
        ("0.000000001", "0.000000001"),
        ("4.999999999", "4.999999999"),
        ("0.30000000000000004", "0.3"),
    ],
)
def test_times(effective, written, printed):
    assert f"    linger = {printed};\n" in effective(f"timeouts = {{ linger = {written}; }};")


@pytest.mark.parametrize("written, printed", [("1", "1.0"), ("1.1", "1.1"), ("2.50", "2.5"), ("1000", "1000.0")])
def test_numbers(effective, written, printed):
    text = f'listeners = {{ u = {{ type = "udp"; max_amplification = {written}; }}; }};'
    assert f"max_amplification = {printed};" in effective(text)


@pytest.mark.parametrize(
    "written, printed",
    [
        ("2130706433", "2130706433"),
        ("3232235777L", "3232235777L"),
        ('"3232235777"', "3232235777L"),
        ("0x7f000001", "2130706433"),
        ('"127.0.0.1"', '"127.0.0.1"'),
        ('"::1"', '"::1"'),
        ('"[::1]"', '"[::1]"'),
        ('"localhost"', '"localhost"'),
        ('"*"', '"*"'),
        ('"fe80::1%lo"', '"fe80::1%lo"'),
    ],
)
def test_addresses(effective, written, printed):
    text = f'listeners = {{ t = {{ type = "tcp"; address = {written}; }}; }};'
    assert f"        address = {printed};\n" in effective(text)


def test_a_socket_without_a_file(effective):
    printed = effective('listeners = { a = { type = "unix"; path = "@a b"; }; };')
    assert "mode" not in printed
    assert 'path = "@a b";' in printed


def test_a_comment_on_the_last_line(effective):
    assert "connections = 7;" in effective("limits = { connections = 7; }; // seven")


def test_listen_option(effective):
    printed = effective('greeting = "hi"; listeners = { old = { type = "tcp"; }; };', "-f", "-l", "127.0.0.1:1", "-l",
                        "udp://[::1]:2", "-l", "tcp://*:3", "-l", "unix:/tmp/x", "--listen=unix-dgram:@y")
    assert re.findall(r"^    ([\w-]+) = {", printed, re.M) == ["tcp", "udp", "tcp2", "unix", "unix-dgram"]
    assert 'target = "stderr";' in printed
    assert 'greeting = "hi";' in printed


def test_options_in_long():
    assert run("--print", "--stderr", "--listen", "localhost:7").count(b"port = 7;") == 1
    assert b"--config" in run("--help")
    assert run("--version").startswith(b"sockgreetd ")


@pytest.mark.parametrize("option", ["-h", "-V", "-t", "-T"])
@pytest.mark.parametrize("output, reason", [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")])
def test_output_that_cannot_be_written(option, output, reason):
    """-h and -V had no answer, and the exit status 0."""
    done = subprocess.run(["sh", "-c", f'exec "$0" {option} -l 127.0.0.1 {output}', DAEMON], stderr=subprocess.PIPE,
                          text=True, timeout=30, check=False)
    errors = [line for line in done.stderr.splitlines() if ": warning: " not in line]
    assert (done.returncode, errors) == (71, [f"sockgreetd: standard output: {reason}"])


def fill(pipe):
    """Until nothing more fits into it."""
    os.set_blocking(pipe, False)
    size = 0
    try:
        while True:
            size += os.write(pipe, bytes(4096))
    except BlockingIOError:
        return size


def is_waiting(process):
    """Whether it sleeps, and not for its loader, or has ended, which would be another answer."""
    return process.poll() is not None or (status(process.pid)["State"].startswith("S") and not children(process.pid))


@pytest.mark.parametrize("option", ["-h", "-V", "-t", "-T"])
def test_output_to_a_full_pipe(tmp_path, option):
    """A pipe that does not wait, as a program at its other end may have set it, lost what did not fit into it."""
    conf = tmp_path / "large.conf"
    conf.write_text('greeting = "' + "x" * 500_000 + '";\nlisteners = { a = { type = "tcp"; }; };\n')
    expected = run(option, "-c", conf)
    reader, writer = os.pipe()
    size = fill(writer)
    with subprocess.Popen([DAEMON, option, "-c", conf], stdout=writer, stderr=subprocess.PIPE) as process:
        os.close(writer)
        wait_until(lambda: is_waiting(process), "the program waits")
        with open(reader, "rb") as pipe:
            assert pipe.read()[size:] == expected
        assert b"standard output" not in process.stderr.read()
    assert process.returncode == 0


# Checks, does what a warning advises and checks again, until there is no advice; what was said is printed.
UNTIL_READABLE = """
for round in 1 2 3; do
    said=$("$0" -t -c "$1" 2>&1 >/dev/null) || exit
    test "$said" || exit 0
    printf '%s\\n' "$said"
    case $said in *": ch"*) sh -ec "${said##*: }";; *) exit 0;; esac
done
exit 1
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("prepare, expected", [
    ("chmod 644 {}", []),
    ("chmod 640 {}; chgrp sockgreet {}", []),
    ("chmod 600 {}", ["read it: chgrp sockgreet {} && chmod g+r {}"]),
    ("chmod 200 {}; chown sockgreet {}", ["read it: chmod u+r {}"]),
    ("chmod 700 /srv/etc", ["enter its directory: chmod a+x /srv/etc"]),
    ("chmod 600 {}; chmod 644 /srv/etc",
     ["enter its directory: chmod a+x /srv/etc", "read it: chgrp sockgreet {} && chmod g+r {}"]),
    ("mv {} /srv/real; mkdir -m 700 /srv/links; ln -s /srv/real /srv/links/a; ln -s /srv/links/a {}",
     ["follow the link to it"]),
])
@pytest.mark.parametrize("path", ["/srv/etc/a.conf", "/srv/etc/a b.conf"])
def test_file_that_only_root_can_read(tmp_path, path, prepare, expected):
    """-t as root said OK about a file that the service of the unit could not read; what is advised now helps."""
    for name, line in (("passwd", "sockgreet:x:4711:4712::/:/bin/false"), ("group", "sockgreet:x:4712:")):
        (tmp_path / name).write_text(pathlib.Path("/etc", name).read_text(encoding="utf-8") + line + "\n")
    word = f"'{path}'" if " " in path else path
    prefix = mount_prefix(
        'mount --bind "$1/passwd" /etc/passwd; mount --bind "$1/group" /etc/group; '
        f"mount -t tmpfs -o mode=755 none /srv; mkdir -m 755 /srv/etc; : > {word}; "
        + prepare.format(*[word] * 4), str(tmp_path))
    done = subprocess.run([*prefix, "sh", "-c", UNTIL_READABLE, DAEMON, path], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.stdout.splitlines() == [path + RUNS_AS + line.format(*[word] * 2) for line in expected]
    assert (done.returncode, done.stderr) == (0, "")
