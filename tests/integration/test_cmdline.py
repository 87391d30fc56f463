# SPDX-License-Identifier: MIT
"""The daemon's command line: -l, -f, -V, and its exit codes."""

import os
import pathlib
import re
import subprocess

import pytest

from clients import HAS_IPV6, ask_udp, dgram_socket, exchange, greet
from conftest import needs_root, program
from namespaces import SETTINGS_INSIDE
from processes import SLOWNESS, wait_until
from service import GREETING, free_port, tcp


def run_daemon(sockgreetd, *arguments, **options):
    """Runs a daemon that is expected to end by itself."""
    return subprocess.run([sockgreetd, *arguments], capture_output=True, text=True, timeout=10 * SLOWNESS, check=False,
                          stdin=subprocess.DEVNULL, **options)


def test_endpoints(spawn, tmp_path):
    """-l replaces the listeners, in the client's words for a target, as often as it is given."""
    port, stream, dgram = free_port(), str(tmp_path / "stream"), str(tmp_path / "dgram")
    options = ["-f", "-l", f"127.0.0.1:{port}", "-l", f"udp://127.0.0.1:{port}", "-l", f"unix:{stream}",
               "--listen", f"unix-dgram:{dgram}", "-l", f"tcp://127.0.0.2:{port}"]
    if HAS_IPV6:
        options += ["-l", f"[::1]:{port}"]
    service = spawn({}, file=False, options=options).wait_ready()
    assert "No configuration file: using default settings\n" in service.log(), "it says that it serves this host only"
    assert greet(("127.0.0.1", port)) == greet(("127.0.0.2", port)) == greet(stream) == GREETING
    assert ask_udp(("127.0.0.1", port))[0] == GREETING
    with dgram_socket() as client:
        assert exchange(client, dgram)[0] == GREETING
    if HAS_IPV6:
        assert greet(("::1", port)) == GREETING
    for name in ("tcp", "tcp2", "udp", "unix", "unix-dgram"):
        assert f"({name}, " in service.log()
    service.stop()


def test_endpoints_stand_in_for_the_files(daemon, tmp_path):
    """With -l and -c the file gives everything but the listeners."""
    path = str(tmp_path / "only")
    service = daemon({"tcp": tcp()}, greeting="hello from the file", options=["-l", f"unix:{path}"])
    assert greet(path) == b"hello from the file"
    with pytest.raises(ConnectionRefusedError):
        greet(service.address())


def test_file_without_listeners(namespace, spawn):
    """A file without listeners means TCP and UDP on port 12345 of every address, and the usual Unix socket."""
    service = spawn({}, prefix=namespace.prefix, **SETTINGS_INSIDE)
    text = re.sub(r"listeners = \{\n\};\n", "", service.configuration.read_text())
    service.cleanup()
    service.configuration.write_text(text + 'greeting = "x";\n')
    shown = run_daemon(service.process.args[len(namespace.prefix)], "-T", "-c", str(service.configuration))
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.count("12345") >= 2 and "/run/sockgreet/greet.sock" in shown.stdout


@needs_root
def test_built_in_defaults_serve_loopback_only(namespace, spawn, tmp_path):
    """Without a file the host itself is served and nobody else, and the daemon says so."""
    namespace.add_address("192.168.5.5")
    environment = {"XDG_RUNTIME_DIR": str(tmp_path)}
    prefix = ["unshare", "--mount", "sh", "-ec", 'mount -t tmpfs none /run; exec "$@"', "sh"]
    service = spawn({}, file=False, options=["-f"], prefix=[*namespace.prefix, *prefix], environment=environment)
    service.wait_ready()
    assert "No configuration file: using the built-in defaults, which serve this host only" in service.log()
    for host in ("127.0.0.1", *(["::1"] if HAS_IPV6 else [])):
        with namespace.tcp(host, 12345) as connection:
            assert connection.recv(100) == GREETING
        with namespace.udp(host) as client:
            assert exchange(client, (host, 12345))[0] == GREETING
    with pytest.raises(AssertionError, match="refused"):
        namespace.tcp("192.168.5.5", 12345)
    service.stop()


def test_missing_file(sockgreetd, tmp_path):
    """A file that was named and is not there is a configuration error."""
    result = run_daemon(sockgreetd, "-f", "-c", str(tmp_path / "nothing"))
    assert result.returncode == 78 and str(tmp_path / "nothing") in result.stderr


def test_configuration_error(sockgreetd, tmp_path):
    """A bad configuration ends the start with exit code 78 and names file and line."""
    path = tmp_path / "bad.conf"
    path.write_text("\nworkers = { processes = 0; };\n")
    result = run_daemon(sockgreetd, "-c", str(path))
    assert result.returncode == 78
    assert f"{path}:2: workers.processes: " in result.stderr


@pytest.mark.parametrize("arguments", [["--unknown"], ["-c"], ["-x"], ["something"], ["-l"]])
def test_usage(sockgreetd, arguments):
    """What the command line does not know ends with exit code 64 and a hint."""
    result = run_daemon(sockgreetd, *arguments)
    assert result.returncode == 64 and "Try 'sockgreetd --help'." in result.stderr and result.stdout == ""


@pytest.fixture(params=["sockgreet", "sockgreetd", "sockgreetctl", "check_sockgreet"])
def any_program(request, tmp_path):
    """The path and the status after wrong usage of each program; the plug-in is the client under another name."""
    if request.param != "check_sockgreet":
        return program(request.param.upper()), 2 if request.param == "sockgreet" else 64
    (tmp_path / request.param).symlink_to(program("SOCKGREET"))
    return str(tmp_path / request.param), 3


@pytest.mark.parametrize("option, named", [("--nonsense", "'--nonsense'"), ("-y", "'y'")])
def test_unknown_option(any_program, option, named):
    """Names the option, and the program without its directory, on standard error."""
    path, status = any_program
    result = run_daemon(path, option)
    first, *hint = result.stderr.splitlines()
    assert result.returncode == status and result.stdout == ""
    assert first.startswith(f"{pathlib.Path(path).name}: ") and named in first
    advised = set(re.findall(r"--\w+", " ".join(hint)))
    assert "--help" in advised
    assert all(run_daemon(path, advice).stdout.startswith("Usage: ") for advice in advised)


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help(any_program, option):
    """Is printed on standard output. Of plug-ins monitors expect status 3 even then."""
    path, _ = any_program
    result = run_daemon(path, option)
    assert result.returncode == (3 if path.endswith("check_sockgreet") else 0)
    assert result.stderr == "" and result.stdout.startswith("Usage: ")


@pytest.mark.parametrize("name", ["sockgreet", "sockgreetctl", "check_sockgreet"])
def test_nothing_to_do(name, tmp_path):
    """Without arguments a program that needs some prints a few lines of usage, not all that there is."""
    (tmp_path / name).symlink_to(program("SOCKGREETCTL" if name == "sockgreetctl" else "SOCKGREET"))
    result = run_daemon(tmp_path / name)
    lines = result.stderr.splitlines()
    assert result.returncode in (2, 3, 64) and result.stdout == ""
    assert lines[0].startswith(f"Usage: {name} ") and 2 <= len(lines) <= 4
    assert lines[-1] == f"Try '{name} --help' for all options, 'man {name}' for the manual."


@pytest.mark.parametrize("endpoint", ["127.0.0.1:0", "127.0.0.1:65536", "http://x", "[::1", "", "tcp://127.0.0.1:x y"])
def test_bad_endpoint(sockgreetd, endpoint):
    """A bad endpoint is refused before anything is bound."""
    result = run_daemon(sockgreetd, "-f", "-l", endpoint)
    assert result.returncode in (64, 78) and "-l" in result.stderr


def test_version_and_help(sockgreetd):
    """-V prints version and features, -h the options; both on standard output."""
    version, usage = run_daemon(sockgreetd, "-V"), run_daemon(sockgreetd, "--help")
    assert (version.returncode, usage.returncode, version.stderr, usage.stderr) == (0, 0, "", "")
    assert re.match(r"sockgreetd \d+\.\d+\.\d+\n.*\n", version.stdout)
    assert all(option in usage.stdout for option in ("-c, ", "-t, ", "-T, ", "-l, ", "-f, ", "-V, "))


def test_it_never_daemonises(daemon):
    """The process that was started is the master, in the foreground."""
    service = daemon({"tcp": tcp()})
    wait_until(lambda: len(service.workers()) == 2, "workers")
    assert service.process.poll() is None and os.getpgid(service.pid) == os.getpgid(0)
