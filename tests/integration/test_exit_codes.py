# SPDX-License-Identifier: MIT
"""What may pass by itself, and what stays: 71 is tried again by the service manager, 78 is not."""

import re
import subprocess

import pytest

from clients import read_all
from fault import RELIABLE
from namespaces import SETTINGS_INSIDE, mount_prefix
from operations import EX_CONFIG, EX_OSERR
from service import GREETING, free_port, render


def without_name_server(tmp_path, options="timeout:1 attempts:1"):
    """A command prefix with a resolver that asks this host, where no name server answers."""
    resolv, nss = tmp_path / "resolv.conf", tmp_path / "nsswitch.conf"
    resolv.write_text(f"nameserver 127.0.0.1\noptions {options}\n")
    nss.write_text("hosts: files dns\npasswd: files\ngroup: files\nservices: files\n")
    return mount_prefix('mount --bind "$1" /etc/resolv.conf; mount --bind "$2" /etc/nsswitch.conf', str(resolv), str(nss))


def test_name_server_that_is_not_there_yet(namespace, spawn, tmp_path):
    """It was a mistake in the file (78), and the unit stayed down when the name could be looked up."""
    listener = {"type": "tcp", "address": "me.example.net", "port": free_port()}
    service = spawn({"tcp": listener}, prefix=[*namespace.prefix, *without_name_server(tmp_path)])
    service.wait_stopped(expect=EX_OSERR)
    assert 'the host "me.example.net" cannot be found: Temporary failure in name resolution' in service.log()


@pytest.mark.parametrize("more, code", [("nonsense = 1;", EX_CONFIG), ("", EX_OSERR)], ids=["and a mistake", "alone"])
def test_exit_code_of_a_check(sockgreetd, namespace, tmp_path, more, code):
    """-t says the same: 78 as soon as anything is wrong in the text."""
    path = tmp_path / "conf"
    path.write_text(f'{more}\nlisteners = {{ x = {{ type = "tcp"; address = "me.example.net"; }}; }};\n')
    done = subprocess.run([*namespace.prefix, *without_name_server(tmp_path), sockgreetd, "-t", "-c", path],
                          capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr


@pytest.mark.parametrize("more, code", [("nonsense = 1;", EX_CONFIG), ("", EX_OSERR)], ids=["and a mistake", "alone"])
def test_silent_name_server(sockgreetd, namespace, tmp_path, more, code):
    """A resolver's patience is longer than the loader's. A mistake that was found before still counts."""
    path = tmp_path / "conf"
    path.write_text(f'{more}\nlisteners = {{ x = {{ type = "tcp"; address = "me.example.net"; }}; }};\n')
    with namespace.udp("127.0.0.1", 53):
        done = subprocess.run([*namespace.prefix, *without_name_server(tmp_path, "timeout:30"), sockgreetd, "-t", "-c", path],
                              capture_output=True, text=True, check=False)
    assert "it took more than 5 s, while looking up listeners.x.address" in done.stderr
    assert done.returncode == code, done.stderr


@pytest.mark.skipif(not RELIABLE, reason="a sanitizer's functions come first")
@pytest.mark.parametrize("function, setting", [("getpwnam", "user"), ("getgrnam", "group")])
def test_user_database_that_fails(sockgreetd, build, tmp_path, function, setting):
    """A module of the name service switch that fails says nothing about the user. "There is no user" was said, with 78."""
    source, path = tmp_path / "nss.c", tmp_path / "conf"
    source.write_text(f"#include <errno.h>\nvoid *{function}(const char *name) {{ (void)name; errno = EIO; return 0; }}\n")
    path.write_text('user = "daemon";\ngroup = "daemon";\n')
    library = build(f"{function}.so", [source], "-shared", "-fPIC")
    done = subprocess.run([sockgreetd, "-t", "-c", path], capture_output=True, text=True, check=False,
                          env={"LD_PRELOAD": str(library)})
    assert f'{setting}: the {setting} "daemon" cannot be looked up: Input/output error' in done.stderr
    assert done.returncode == EX_OSERR, done.stderr


@pytest.mark.skipif(not RELIABLE, reason="a sanitizer's functions come first")
@pytest.mark.parametrize("error, code", [("EIO", EX_OSERR), ("EMFILE", EX_OSERR), ("EACCES", EX_CONFIG)])
@pytest.mark.parametrize("function", ["opendir", "readdir"])
def test_directory_that_cannot_be_read(sockgreetd, build, tmp_path, function, error, code):
    """The directory of a configuration is judged as the file is: a shortage or a device may pass, the rest stays."""
    source, path = tmp_path / "dir.c", tmp_path / "conf"
    source.write_text(f"#include <errno.h>\nvoid *{function}(void *what) {{ (void)what; errno = {error}; return 0; }}\n")
    path.write_text('user = "daemon";\n')
    (tmp_path / "conf.d").mkdir()
    library = build(f"{function}-{error}.so", [source], "-shared", "-fPIC")
    done = subprocess.run([sockgreetd, "-t", "-c", path], capture_output=True, text=True, check=False,
                          env={"LD_PRELOAD": str(library)})
    assert f"{path}.d: cannot be read: " in done.stderr
    assert done.returncode == code, done.stderr


def test_file_that_is_gone_at_a_reload(namespace, spawn, sockgreetd, sockgreetctl, tmp_path):
    """With the default file, an editor that renames first had the built-in defaults served: the public port was closed."""
    directory = tmp_path / "etc"
    directory.mkdir()
    port = free_port()
    settings = {**SETTINGS_INSIDE, "listeners": {"x": {"type": "tcp", "port": port}}}
    (directory / "sockgreet.conf").write_text(render(settings))
    said = subprocess.run([sockgreetd, "--help"], capture_output=True, text=True, check=True).stdout
    default = re.search(r"instead of (\S+)/sockgreet\.conf", said)[1]
    prefix = [*namespace.prefix, *mount_prefix('mount --bind "$1" "$2"', str(directory), default)]
    service = spawn({}, file=False, prefix=prefix).wait_ready()
    (directory / "sockgreet.conf").rename(directory / "sockgreet.conf~")
    refused = sockgreetctl(service, "reload")
    assert refused.code != 0 and "cannot be opened: No such file or directory" in refused.err, refused
    with namespace.tcp("127.0.0.1", port) as client:
        assert read_all(client) == GREETING
    service.stop()
