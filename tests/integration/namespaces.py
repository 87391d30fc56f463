# SPDX-License-Identifier: MIT
"""Network namespaces of a test's own, made as root or, where that is allowed, by any user."""

import array
import ctypes
import functools
import os
import shutil
import socket
import subprocess

import pytest

from clients import make_room
from processes import wait_until

IS_ROOT = os.geteuid() == 0
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_NEW_USER = () if IS_ROOT else ("--map-root-user",)

# Settings that a daemon inside needs: a user who is not root outside has no other to change to.
SETTINGS_INSIDE = {} if IS_ROOT else {"user": "root", "group": "root"}


def settings_inside(prefix):
    """The same for a daemon whose command has this prefix; none if it stays outside."""
    return SETTINGS_INSIDE if prefix and prefix[0] in ("unshare", "nsenter") else {}


def mount_prefix(script, *arguments):
    """A command prefix: the rest runs in a mount namespace of its own, after the shell script."""
    if subprocess.run(["unshare", *_NEW_USER, "--mount", "true"], stderr=subprocess.DEVNULL, check=False).returncode:
        pytest.skip("this user may not make mount namespaces")
    script = f'{script}; shift {len(arguments)}; exec "$@"'
    return ["unshare", *_NEW_USER, "--mount", "sh", "-ec", script, "sh", *arguments]


@functools.cache
def _user_namespace():
    """How a user who is not root enters the user namespace that all network namespaces share: only those that belong to one
    can be connected. The process that holds it ends with this one."""
    if IS_ROOT:
        return []
    holder = subprocess.Popen(["unshare", *_NEW_USER, "sh", "-c", "echo made && exec cat"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if holder.stdout.readline() != b"made\n":
        pytest.skip("this user may not make user namespaces")
    _user_namespace.holder = holder
    return ["nsenter", "--target", str(holder.pid), "--user", "--preserve-credentials"]


class Namespace:
    """A network namespace, which lives as long as the process that holds it."""

    def __init__(self):
        if not shutil.which("ip"):
            pytest.fail("the ip command (iproute2) is missing")
        self.holder = subprocess.Popen(
            [*_user_namespace(), "unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec cat"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if self.holder.stdout.readline() != b"up\n":
            self.close()
            pytest.skip("this user may not make network namespaces")

    def close(self):
        """Ends the holder, and with it the namespace."""
        self.holder.stdin.close()
        self.holder.wait(10)
        self.holder.stdout.close()

    @property
    def prefix(self):
        """What to put before a command that is to run inside."""
        user = [] if IS_ROOT else ["--user", "--preserve-credentials"]
        return ["nsenter", "--target", str(self.holder.pid), *user, "--net"]

    def ip(self, *arguments):
        """Runs ip inside."""
        subprocess.run([*self.prefix, "ip", *map(str, arguments)], check=True)

    def add_address(self, address):
        """One more address of the loopback interface. The kernel adds the route to one of IPv6 a moment later."""
        if ":" in address:
            self.ip("address", "add", f"{address}/128", "dev", "lo", "nodad")
            ask = [*self.prefix, "ip", "route", "get", address]
            wait_until(lambda: subprocess.run(ask, capture_output=True, check=False).returncode == 0, f"a route to {address}")
        else:
            self.ip("address", "add", f"{address}/32", "dev", "lo")

    def add_global_addresses(self):
        """Two IPv4 and two IPv6 addresses that no one would call private (documentation ranges)."""
        for address in ("203.0.113.1", "203.0.113.2", "2001:db8::1", "2001:db8::2"):
            self.add_address(address)

    def add_link(self):
        """A pair of connected interfaces, east and west, with addresses on east."""
        self.ip("link", "add", "name", "east", "type", "veth", "peer", "name", "west")
        self.ip("address", "add", "192.168.77.1/24", "dev", "east")
        self.ip("address", "add", "fe80::77/64", "dev", "east", "nodad")
        self.ip("link", "set", "east", "up")
        self.ip("link", "set", "west", "up")

    def connect(self, interface, other, others_interface):
        """A link to another namespace."""
        self.ip("link", "add", interface, "type", "veth", "peer", "name", others_interface, "netns", other.holder.pid)
        self.ip("link", "set", interface, "up")
        other.ip("link", "set", others_interface, "up")

    def run(self, *command, text=""):
        """Runs a command inside, which must succeed."""
        subprocess.run([*self.prefix, *map(str, command)], input=text.encode(), check=True)

    def _enter(self):
        libc = ctypes.CDLL(None, use_errno=True)
        for kind, name in ((0 if IS_ROOT else _CLONE_NEWUSER, "user"), (_CLONE_NEWNET, "net")):
            if kind:
                with open(f"/proc/{self.holder.pid}/ns/{name}", "rb") as file:
                    if libc.setns(file.fileno(), kind):
                        raise OSError(ctypes.get_errno(), "setns")

    def socket(self, make):
        """The socket that make() returns, made inside. A child makes it, because only a process without threads may
        enter a user namespace."""
        here, there = socket.socketpair()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                self._enter()
                made = make()
                there.sendmsg([b"s"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [made.fileno()]))])
                status = 0
            except OSError as error:
                there.send(str(error).encode())
            finally:
                os._exit(status)
        there.close()
        message, descriptors, _, _ = socket.recv_fds(here, 256, 1)
        os.waitpid(child, 0)
        here.close()
        assert descriptors, f"no socket inside: {message.decode()}"
        result = socket.socket(fileno=descriptors[0])
        result.settimeout(10)
        return result

    def index(self, interface):
        """The number of an interface inside."""
        command = [*self.prefix, "ip", "-o", "link", "show", interface]
        return int(subprocess.run(command, capture_output=True, check=True).stdout.partition(b":")[0])

    def udp(self, host, port=0, scope=None):
        """A UDP socket inside, bound; scope is a link-local host's interface."""

        def make():
            made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            made.bind((host, port) if scope is None else (host, port, 0, scope))
            return made

        return self.socket(make)

    def tcp(self, *address, source=None):
        """A TCP connection made inside; address as for connect(), source is the host that it comes from."""

        def make():
            made = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
            made.settimeout(10)
            if source:
                made.bind((source, 0))
            made.connect(address)
            return made

        return self.socket(make)

    def raw_udp(self):
        """A raw IPv4 socket inside that sends UDP with whatever header."""
        return self.socket(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP))

    def capture(self, interface="lo", many=False):
        """A packet socket inside that sees what passes an interface; many: it holds 16 MiB of it until it is read."""
        if many and not IS_ROOT:
            pytest.skip("only root may make a socket's buffer so large")

        def make():
            made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            if many:
                make_room(made)
            made.bind((interface, 0))
            return made

        return self.socket(make)

    def raw_ipv6(self):
        """A raw socket inside that sends IPv6 packets, header and all."""
        return self.socket(lambda: socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW))
