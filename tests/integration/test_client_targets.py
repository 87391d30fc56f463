# SPDX-License-Identifier: MIT
"""What the client takes for a target: operands, and lines of a file."""

import os
import shutil
import socket
import subprocess

import pytest

from namespaces import Namespace
from test_client import CLIENT, GREETING, Server, needs_ipv6, say, tcp, unix


@pytest.fixture
def server():
    with tcp() as running:
        yield running


@pytest.fixture
def namespace():
    made = Namespace()
    yield made
    made.close()


def ask(*arguments, prefix=(), **options):
    """Runs the client; out is bytes, err is text."""
    result = subprocess.run([*prefix, CLIENT, *map(str, arguments)], capture_output=True, timeout=20, **options)
    result.out, result.err = result.stdout, result.stderr.decode()
    return result


def refused(*arguments, **options):
    """The message of a client that did not ask."""
    result = ask(*arguments, **options)
    assert (result.out, result.returncode) == (b"", 2)
    return result.err.removeprefix("sockgreet: ").rstrip("\n")


def test_a_number_beside_a_host_is_its_port(server):
    assert ask("127.0.0.1", server.port).out == GREETING
    assert refused("127.0.0.1", "70000") == "70000 is not a port; allowed: 1 to 65535"
    assert refused("127.0.0.1", server.port, "2000") == f"{server.port} is a port, not a host; allowed: HOST:{server.port}"
    assert len(server.received) == 1


def test_a_number_alone_is_a_port_of_this_machine(server):
    assert ask("-4", server.port).out == GREETING


def test_the_name_of_a_service_beside_a_host_is_its_port(namespace):
    """Of the two operands the second is in services(5); a host of that name is asked by a target that cannot be
    misread."""
    port = socket.getservbyname("qotd", "tcp")
    with namespace.socket(lambda: socket.create_server(("127.0.0.1", port))) as listener:
        with Server(listener, say(GREETING)):
            for target in (["127.0.0.1", "qotd"], ["127.0.0.1:qotd"], ["127.0.0.1", str(port)]):
                assert ask(*target, prefix=namespace.prefix).out == GREETING


def test_a_url_may_end_in_a_slash(server):
    assert ask(f"tcp://127.0.0.1:{server.port}/").out == GREETING


@needs_ipv6
def test_a_link_local_address_needs_its_interface(namespace):
    namespace.add_link()
    with namespace.socket(lambda: socket.create_server(("::", 2000), family=socket.AF_INET6)) as listener:
        with Server(listener, say(GREETING)):
            assert refused("fe80::77", "2000", prefix=namespace.prefix) == "fe80::77 is link-local and needs an interface, such as fe80::77%eth0"
            for target in ("fe80::77%east", "fe80::77%25east", "tcp://[fe80::77%25east]:2000/"):
                assert ask("-p", "2000", target, prefix=namespace.prefix).out == GREETING
            assert ask("-I", "east", "fe80::77", "2000", prefix=namespace.prefix).out == GREETING


def test_forms_that_are_not_ours():
    assert refused("fe80::1%lo]:80").endswith(": the opening bracket is missing; allowed: [IPV6] or [IPV6]:PORT")
    assert refused("@localhost").endswith(": a host name does not begin with @; an abstract Unix socket is written "
                                          "unix:@NAME")
    assert refused("localhost#80") == '"localhost#80": a port is written HOST:PORT, not HOST#PORT'


def test_targets_from_a_file(server, tmp_path):
    path = tmp_path / "targets"
    path.write_text(f"# who is asked\n127.0.0.1:{server.port}\n\n127.0.0.1 {server.port} # again\n")
    result = ask("-f", path)
    assert (result.out, result.err, result.returncode) == (2 * GREETING, "", 0)
    assert ask(f"tcp://127.0.0.1:{server.port}", "-f", path).out == 3 * GREETING


def test_targets_from_standard_input(server):
    result = ask("-f", "-", input=f"127.0.0.1 {server.port}\n".encode())
    assert (result.out, result.err, result.returncode) == (GREETING, "", 0)


def test_errors_in_a_file_name_the_line(tmp_path):
    path = tmp_path / "targets"
    for text, expected in (
        ("", f"{path}: contains no target; allowed: one target per line"),
        ("localhost\nlocalhost 70000\n", f"{path}:2: 70000 is not a port; allowed: 1 to 65535"),
        ("localhost other\n", f"{path}:1: more than one target; allowed: TARGET or HOST PORT, and # before a comment"),
        ("a\n" * 10001, f"{path}:10001: too many targets; allowed: 10000"),
        ("x" * 1000000, f"{path}:1: line too long; allowed: 510 bytes"),
    ):
        path.write_text(text)
        assert refused("-f", path) == expected
    assert refused("-f", tmp_path) == f"{tmp_path}: is a directory"
    assert refused("-f", tmp_path / "none") == f"{tmp_path}/none: no such file or directory"
    assert refused("-f", "-", input=b"\0") == "standard input:1: a NUL byte; allowed: lines of text"
    assert refused("-f", "/dev/zero").endswith("/dev/zero:1: a NUL byte; allowed: lines of text")


def test_a_scheme_is_read_in_every_locale(tmp_path):
    """In a Turkish locale of one byte a character, strncasecmp() says that I and i differ."""
    if not shutil.which("localedef") or not os.path.exists("/usr/share/i18n/locales/tr_TR"):
        pytest.skip("localedef or the source of the Turkish locale is missing")
    subprocess.run(["localedef", "-i", "tr_TR", "-f", "ISO-8859-9", tmp_path / "tr_TR"], check=True)
    path = tmp_path / "socket"
    environment = dict(os.environ, LOCPATH=str(tmp_path), LC_ALL="tr_TR")
    with unix(str(path), socket.SOCK_STREAM, say(GREETING)):
        assert ask(f"UNIX:{path}", env=environment).out == GREETING
