# SPDX-License-Identifier: MIT
"""The directory beside the configuration file: FILE.d/*.conf add to it, in the order of their names."""

import os
import pathlib
import re
import subprocess

import pytest

from clients import greet
from namespaces import mount_prefix
from operations import EX_CONFIG, ask
from service import GREETING, free_port, render, tcp

DAEMON = os.environ.get("SOCKGREETD", "sockgreetd")
CTL = os.environ.get("SOCKGREETCTL", "sockgreetctl")
NEWER = "files in its directory have changed; run sockgreetctl reload"
BASE = 'user = "daemon";\n'
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def listeners(**settings):
    """The text of a file that has nothing but listeners."""
    return render({"listeners": settings})


@pytest.fixture(name="main")
def fixture_main(tmp_path):
    """A configuration file."""
    path = tmp_path / "main.conf"
    path.write_text(BASE)
    return path


def put(main, **files):
    """Writes files into the directory of a configuration: a10 is a10.conf."""
    directory = pathlib.Path(f"{main}.d")
    directory.mkdir(exist_ok=True)
    for name, text in files.items():
        (directory / f"{name}.conf").write_text(text)
    return directory


def run(*arguments):
    """Runs the daemon's check: code, standard output, standard error without the warnings of this machine."""
    done = subprocess.run([DAEMON, *arguments], capture_output=True, text=True, timeout=30, check=False)
    errors = [line for line in done.stderr.splitlines() if ": warning: " not in line]
    return done.returncode, done.stdout, errors


def check(main):
    """What -t says."""
    return run("-t", "-c", main)


def check_restrained(main):
    """The same without the right to read everything, with which root stays the owner of its files."""
    prefix = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"]
    done = subprocess.run([*(prefix if os.geteuid() == 0 else []), DAEMON, "-t", "-c", main.name], cwd=main.parent,
                          capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stdout, [line for line in done.stderr.splitlines() if ": warning: " not in line]


def reload(service):
    """The answer to a reload."""
    return ask(service, "reload", timeout=30)


def is_stale(service):
    """Whether sockgreetctl says that other files are served."""
    done = subprocess.run([CTL, "status"], capture_output=True, text=True, timeout=30, check=True,
                          env={**os.environ, "RUNTIME_DIRECTORY": str(service.runtime)})
    words = " ".join(done.stdout.split())
    assert ("; run " in words) == (NEWER in words), done.stdout
    return NEWER in words


# Checks


def test_check_counts_the_files(main):
    """What -t says shows that they were found."""
    assert check(main) == (0, f"{main}: configuration OK\n", [])
    put(main)
    assert check(main) == (0, f"{main}: configuration OK\n", [])
    put(main, one="")
    assert check(main) == (0, f"{main} and 1 file in {main}.d: configuration OK\n", [])
    put(main, two="# nothing\n")
    assert check(main) == (0, f"{main} and 2 files in {main}.d: configuration OK\n", [])


def test_effective_configuration_is_merged(main, tmp_path):
    """-T prints one file that means the same; listeners come in the order of the names, in bytes."""
    put(main, b=listeners(late=tcp()) + "log = { level = \"debug\"; };\n", a10=listeners(second=tcp(), third=tcp()),
        B=listeners(first=tcp()) + "log = { max_per_second = 7; };\n")
    code, printed, errors = run("-T", "-c", main)
    assert (code, errors) == (0, [])
    places = [printed.index(f"    {name} = {{\n") for name in ("first", "second", "third", "late")]
    assert places == sorted(places)
    assert '    level = "debug";\n' in printed and "    max_per_second = 7;\n" in printed
    alone = tmp_path / "alone.conf"
    alone.write_text(printed)
    assert run("-T", "-c", alone) == (0, printed, [])


def test_set_twice(main):
    """Both places are named, whichever file they are in."""
    main.write_text(BASE + "limits = {\n    connections = 3;\n};\n")
    directory = put(main, a="\nlimits = { connections = 3; };\n" + listeners(x=tcp()), b=listeners(x=tcp()))
    assert check(main) == (EX_CONFIG, "", [
        f"{directory}/a.conf:2: limits.connections: is set twice, first in {main}:3",
        f"{directory}/b.conf:2: listeners.x: is set twice, first in {directory}/a.conf:4"])


def test_messages_name_their_file(main):
    """An error in one file hides none of another."""
    main.write_text(BASE + "greting = 1;\n")
    directory = put(main, a="\nlimits = { connections = 0; };\n", b="\n\n" + listeners(x=tcp(mode="0600")))
    assert check(main) == (EX_CONFIG, "", [
        f"{main}:2: greting: unknown setting; did you mean greeting?",
        f"{directory}/a.conf:2: limits.connections: 0 is out of range; allowed: a whole number from 1 to 1000000",
        f"{directory}/b.conf:8: listeners.x.mode: does not apply to listeners of type tcp; allowed: only in listeners of type "
        "unix, unix-dgram"])


def test_networks_of_all_files(main):
    """Lists of networks add up, and any file may name those of any other; messages have the file of the entry."""
    directory = put(main, a='access = { deny = ["guests", "office"]; };\n',
                    b='networks = { guests = "10.0.0.0/8"; };\n')
    main.write_text(BASE + 'networks = { office = "192.0.2.0/24"; };\n')
    assert check(main)[0] == 0
    put(main, c='networks = {\n  office = "10.0.0.0/8"; };\n')
    assert check(main)[2] == [f"{directory}/c.conf:2: networks.office: is set twice, first in {main}:2"]
    put(main, c='access = {\n  allow = ["guest"]; };\n')
    assert check(main)[2] == [
        f'{directory}/c.conf:2: access.allow: "guest" is not the name of a list in networks; did you mean "guests"?']
    put(main, c='access = {\n  allow = ["10.0.0.0/8"]; };\n')
    assert check(main)[2] == [f'{directory}/a.conf:1: access.deny: "guests" contains 10.0.0.0/8, which is also in allow; '
                              "allowed: each network in only one of allow and deny"]


@pytest.mark.parametrize("text, message", [
    ("limits = { connections = 0", "limits"),
    ('@include "/etc/passwd"', "syntax: @include"),
    ("limits = { connections = 010; };", 'limits.connections: "010" has a leading zero'),
    ("\0", "syntax: a NUL byte; allowed: text"),
])
def test_rules_of_the_main_file_hold(main, text, message):
    """Each file is read as the main one is."""
    directory = put(main, a=text, b="greting = 1;\n")
    code, out, errors = check(main)
    assert (code, out) == (EX_CONFIG, "")
    assert errors[0].startswith(f"{directory}/a.conf:1: {message}"), errors


def test_other_names_are_not_read(main):
    """Editors and package managers leave copies behind."""
    directory = put(main, good="")
    for name in ("good.conf~", ".good.conf.swp", ".good.conf", "good.conf.dpkg-old", "good.conf.rpmsave", "README", "conf"):
        (directory / name).write_text("greting = 1;\n")
    (directory / "directory.conf").mkdir()
    os.mkfifo(directory / "fifo.conf")
    (directory / "masked.conf").symlink_to("/dev/null")
    assert check(main) == (0, f"{main} and 1 file in {directory}: configuration OK\n", [])


def test_unreadable(main):
    """A file or directory that cannot be read is an error, as the main file is: nothing is left out in silence."""
    directory = put(main, a="", b="")
    (directory / "b.conf").chmod(0)
    assert check_restrained(main) == (EX_CONFIG, "", ["main.conf.d/b.conf: cannot be opened: Permission denied"])
    directory.chmod(0)
    assert check_restrained(main) == (EX_CONFIG, "", ["main.conf.d: cannot be read: Permission denied"])
    directory.chmod(0o700)


def test_link_to_nowhere(main):
    """Somebody wanted it to be read."""
    directory = put(main)
    (directory / "lost.conf").symlink_to("nowhere")
    assert check(main) == (EX_CONFIG, "", [f"{directory}/lost.conf: cannot be opened: No such file or directory"])


def test_no_directory(main):
    """What stands in its place is an error."""
    pathlib.Path(f"{main}.d").write_text("")
    assert check(main) == (EX_CONFIG, "", [f"{main}.d: cannot be read: Not a directory"])


def test_too_many(main):
    """64 files, and a mebibyte in all of them."""
    directory = put(main, **{f"f{number}": "" for number in range(64)})
    assert check(main)[0] == 0
    put(main, one_more="")
    assert check(main) == (EX_CONFIG, "", [f"{directory}: has too many files; allowed: at most 64 that end in .conf"])


def test_too_large(main):
    """The limit of one file is that of all."""
    directory = put(main, a="\n" * 600_000, b="\n" * 600_000)
    assert check(main) == (EX_CONFIG, "", [f"{directory}/b.conf: is too large; allowed: at most 1048576 bytes, "
                                           "together with the files before it"])


@ROOT
def test_file_that_only_root_can_read(tmp_path):
    """-t as root warns of each file that the user of the unit cannot read, as it does of the main file."""
    for name, line in (("passwd", "sockgreet:x:4711:4712::/:/bin/false"), ("group", "sockgreet:x:4712:")):
        (tmp_path / name).write_text(pathlib.Path("/etc", name).read_text(encoding="utf-8") + line + "\n")
    prefix = mount_prefix(
        'mount --bind "$1/passwd" /etc/passwd; mount --bind "$1/group" /etc/group; '
        "mount -t tmpfs -o mode=755 none /srv; umask 022; mkdir /srv/a.conf.d; : > /srv/a.conf; : > /srv/a.conf.d/x.conf; "
        ": > /srv/a.conf.d/y.conf; chmod 600 /srv/a.conf.d/y.conf", str(tmp_path))
    done = subprocess.run([*prefix, DAEMON, "-t", "-c", "/srv/a.conf"], capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.stderr.splitlines() == [
        "/srv/a.conf.d/y.conf: warning: under systemd the service runs as user sockgreet, which cannot read it: "
        "chgrp sockgreet /srv/a.conf.d/y.conf && chmod g+r /srv/a.conf.d/y.conf"]
    assert done.stdout == "/srv/a.conf and 2 files in /srv/a.conf.d: configuration OK\n"


# The running service


def test_reload_sees_new_files(daemon):
    """A new file is read by a reload, and one that is gone is not; a bad one is refused with its own name."""
    service = daemon({"main": tcp()})
    assert not is_stale(service)
    port = free_port()
    directory = put(service.configuration, extra=listeners(extra={"type": "tcp", "address": "127.0.0.1", "port": port}))
    assert is_stale(service)
    assert reload(service)["code"] == 0
    assert greet(("127.0.0.1", port)) == GREETING and greet(service.address("main")) == GREETING
    assert not is_stale(service)
    assert "    extra = {\n" in ask(service, "config")["text"]
    put(service.configuration, bad="\ngreting = 1;\n")
    refused = reload(service)
    assert refused["code"] == EX_CONFIG
    assert f"{directory}/bad.conf:2: greting: unknown setting" in refused["error"], refused
    assert greet(("127.0.0.1", port)) == GREETING
    (directory / "bad.conf").unlink()
    assert reload(service)["code"] == 0
    assert not is_stale(service)
    (directory / "extra.conf").unlink()
    assert is_stale(service)
    assert reload(service)["code"] == 0
    assert "    extra = {\n" not in ask(service, "config")["text"]
    assert greet(service.address("main")) == GREETING
    assert not is_stale(service)


def test_status_tells_how_many_files_and_of_when(daemon):
    """sockgreetctl compares the newest and the number; an old file that is put there counts, too."""
    service = daemon({"main": tcp()})
    directory = put(service.configuration, old="", new="")
    os.utime(directory / "old.conf", ns=(0, 1))
    os.utime(directory / "new.conf", ns=(0, 5 * 10**18 + 7))
    assert is_stale(service)
    assert reload(service)["code"] == 0
    status = ask(service, "status")["configuration"]
    assert (status["file"], status["files"]) == (str(service.configuration), 3)
    assert status["modified"] == {"seconds": 5_000_000_000, "nanoseconds": 7}
    assert not is_stale(service)
    os.utime(directory / "new.conf", ns=(0, 0))
    assert is_stale(service)


def test_listener_that_cannot_be_bound_names_its_file(spawn):
    """The place of a listener is in the message of its bind, also if it is not in the main file."""
    service = spawn({"main": tcp()}).wait_ready()
    directory = put(service.configuration, a="\n" + listeners(taken={"type": "tcp", "address": "192.0.2.1", "port": 1}))
    refused = reload(service)
    assert refused["code"] != 0
    assert f"{directory}/a.conf:3: listeners.taken: cannot bind 192.0.2.1:1: " in refused["error"], refused
    service.stop()


def test_built_in_defaults_have_no_directory():
    """Without a main file nothing is read: a directory alone is not a configuration."""
    usage = subprocess.run([DAEMON, "--help"], capture_output=True, text=True, timeout=30, check=True).stdout
    file = pathlib.Path(re.search(r"instead of (/\S+)", usage)[1])
    if not file.parent.is_dir():
        pytest.skip(f"there is no {file.parent} to put something in the place of")
    users = " ".join(f"test -e /etc/{name} || echo nobody:x:65534{rest} >/etc/{name};"
                     for name, rest in (("passwd", ":65534::/:"), ("group", ":")))
    script = f'mount -t tmpfs none "${{1%/*}}"; {users} mkdir "$1.d"; echo "greting = 1;" >"$1.d/a.conf"'

    def check_default(script):
        return subprocess.run([*mount_prefix(script, str(file)), DAEMON, "-t"], capture_output=True, text=True, timeout=30,
                              check=False)

    done = check_default(script)
    assert (done.returncode, done.stdout) == (0, "built-in defaults: configuration OK\n"), done
    done = check_default(script + '; : >"$1"')
    assert done.returncode == EX_CONFIG
    assert f"{file}.d/a.conf:1: greting: unknown setting" in done.stderr, done
