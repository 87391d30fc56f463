# SPDX-License-Identifier: MIT
"""A machine of a test's own, on which command lines run as a user types them."""

import os
import subprocess

from conftest import program
from namespaces import mount_prefix
from processes import PATIENCE

QUOTES = ("/usr/share/games/fortunes/fortunes", "/etc/sockgreet/thoughts")  # which a machine need not have
# A /run of the machine's own, with the programs, which are in PATH, and a copy of a directory, which is at home.
PRIVATE = """
mount -t tmpfs none /run
mkdir /run/bin /run/sockgreet
cp "$1" /run/bin/sockgreetd
cp "$2" /run/bin/sockgreetctl
cp "$3" /run/bin/sockgreet
cp -R "$4" /run/home
cd /run/home
export PATH="/run/bin:$PATH"
"""


def write(directory, text, home=None):
    """Writes a configuration into a directory, which is at home there, with quotes that exist."""
    (directory / "quotes").write_text("Well begun is half done.\n")
    for path in QUOTES:
        text = text.replace(path, f"{home or directory}/quotes")
    conf = directory / "sockgreet.conf"
    conf.write_text(text)
    return conf


def write_hosts(path, text):
    """Writes a file of host names into its place, where it may be mounted elsewhere and read at any time: in one step,
    without cutting it off first. Lines that are empty at the end stand for longer texts before."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
    os.write(descriptor, text.ljust(256, "\n").encode())
    os.close(descriptor)


def run(*command, **options):
    """What a command prints, which must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False, **options)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


class Machine:
    """Processes with a network and a /run of their own, and command lines as a user types them."""

    def __init__(self, network, spawn, home):
        self.network, self.spawn, self.home = network, spawn, home
        home.mkdir()
        self.service = None

    def start(self, command, runtime="/run/sockgreet"):
        """Runs a daemon there, and waits until it serves."""
        private = mount_prefix(PRIVATE.strip(), program("SOCKGREETD"), program("SOCKGREETCTL"),
                               program("SOCKGREET"), str(self.home))
        self.service = self.spawn({}, prefix=[*self.network.prefix, *private], program="sh", file=False,
                                  options=["-c", f"exec {command}"], environment={"RUNTIME_DIRECTORY": runtime})
        self.service.wait_ready()

    def configure(self, text):
        """Runs a daemon there with this configuration."""
        write(self.home, text, "/run/home")
        self.start("sockgreetd -f -c sockgreet.conf")

    def run(self, command):
        """What a command prints there."""
        return run("nsenter", "--target", str(self.service.pid), "--mount", "--net", "--wd", "sh", "-c", command,
                   env={"PATH": f"/run/bin:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "TERM": "dumb"})

    def receive(self, host, port):
        """What a client of TCP is told."""
        with self.network.tcp(host, port) as client:
            return b"".join(iter(lambda: client.recv(65536), b""))

    def receive_udp(self, host, port):
        """What a client of UDP is told."""
        with self.network.udp(host) as client:
            client.sendto(b"", (host, port))
            return client.recv(2000)
