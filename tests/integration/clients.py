# SPDX-License-Identifier: MIT
"""Clients that nobody here wrote: Python's sockets, netcat, socat and curl."""

import concurrent.futures
import contextlib
import os
import secrets
import socket
import struct
import subprocess
import time

from processes import SLOWNESS

TIMEOUT = 10 * SLOWNESS
_SO_RCVBUFFORCE = 33
HAS_IPV6 = os.path.exists("/proc/net/if_inet6") and "0" * 31 + "1" in open("/proc/net/if_inet6").read()


def connect(address, timeout=TIMEOUT):
    """A connected stream socket; address is (host, port), or a path, with @ first for an abstract one."""
    if not isinstance(address, str):
        return socket.create_connection(address, timeout)
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(timeout)
    connection.connect(abstract(address))
    return connection


def connect_narrow(address):
    """A TCP connection with little room in the kernel, however fast the loopback interface is: small segments keep the
    server's buffer small as well, so that a large greeting waits in the server until it is read."""
    connection = socket.socket()
    connection.settimeout(TIMEOUT)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 4096)
    connection.connect(address)
    return connection


def abstract(path):
    """A Unix path as the socket interface wants it."""
    return "\0" + path[1:] if path.startswith("@") else path


def abstract_name():
    """An abstract name that nobody uses."""
    return "@sockgreet-test-" + secrets.token_hex(8)


def read_all(connection):
    """Everything up to the end of file; a reset is an exception."""
    chunks = []
    while chunk := connection.recv(1 << 16):
        chunks.append(chunk)
    return b"".join(chunks)


def greet(address, payload=b""):
    """Connects, sends the payload, and only then reads the whole greeting."""
    with connect(address) as connection:
        if payload:
            connection.sendall(payload)
        return read_all(connection)


def greet_many(address, payloads, at_once=64):
    """One client for each payload, so many at once: how often each outcome was seen."""

    def one(payload):
        try:
            return greet(address, payload)
        except OSError as error:
            return type(error).__name__

    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(one, payloads))


def reset(connection):
    """Closes with a reset instead of an end of file."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def is_greeted_within(connection, seconds):
    """Whether the first bytes of a greeting come in time."""
    connection.settimeout(seconds)
    try:
        return connection.recv(1) != b""
    except TimeoutError:
        return False


def udp_socket(address, bind=None):
    """A UDP socket of the right family."""
    bound = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_DGRAM)
    bound.settimeout(TIMEOUT)
    if bind:
        bound.bind(bind)
    return bound


def ask_udp(address, payload=b"hello", bind=None):
    """Asks once over UDP: (answer, the address it came from)."""
    with udp_socket(address, bind) as client:
        return exchange(client, address, payload)


def exchange(client, address, payload=b"hello"):
    """Sends one datagram: (answer, the address it came from)."""
    client.sendto(payload, address)
    answer, source = client.recvfrom(65536)
    return answer, source[:2] if isinstance(source, tuple) else source


def is_silent(client, seconds=0.3):
    """Whether no datagram comes for so long."""
    client.settimeout(seconds * SLOWNESS)
    try:
        client.recv(65536)
    except TimeoutError:
        return True
    finally:
        client.settimeout(TIMEOUT)
    return False


def make_room(bound):
    """Gives a socket as large a receive buffer as may be had: those who send one datagram a millisecond filled the usual one
    while its owner waited for a processor."""
    try:
        bound.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 1 << 24)
    except PermissionError:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)  # the kernel gives less


def dgram_socket(bind=""):
    """A Unix datagram socket; by default autobound (unix(7)), None leaves it without an address."""
    client = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    client.settimeout(TIMEOUT)
    if bind is not None:
        client.bind(bind)
    return client


def run(*command, payload=b"", timeout=20):
    """A client program's standard output."""
    done = subprocess.run(list(map(str, command)), input=payload, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          timeout=timeout * SLOWNESS, check=False)
    return done.stdout


def first_answer(*command, expected, payload=b"hello\n"):
    """What a client prints that would wait for more than the expected answer; it is ended then."""
    with subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as client:
        client.stdin.write(payload)
        client.stdin.close()
        answer = client.stdout.read(len(expected))  # less of it when the client gives up
        client.kill()
        return answer + client.stdout.read()


class Crowd:
    """Clients that hold their connections until the block ends; how is connect() or connect_narrow()."""

    def __init__(self, address, count, how=connect):
        self.address, self.count, self.how, self.connections = address, count, how, []

    def __enter__(self):
        for _ in range(self.count):
            self.connections.append(self.how(self.address))
        return self

    def __exit__(self, *_):
        for connection in self.connections:
            connection.close()


def slowly(connection, total, pieces=20, pause=0.02):
    """Reads so many bytes in about so many pieces, with pauses."""
    chunks, size = [], 0
    with contextlib.suppress(TimeoutError):
        while chunk := connection.recv(total // pieces + 1):
            chunks.append(chunk)
            size += len(chunk)
            time.sleep(pause)
    return b"".join(chunks)
