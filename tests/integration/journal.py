# SPDX-License-Identifier: MIT
"""A stand-in for journald that keeps what it is told."""

import os
import socket
import struct

from namespaces import mount_prefix
from processes import PATIENCE, wait_until


def parse(datagram):
    """The fields of an entry in journald's native protocol, in order: (key, value) pairs."""
    fields = []
    while datagram:
        line, _, rest = datagram.partition(b"\n")
        key, equals, value = line.partition(b"=")
        if equals:
            datagram = rest
        else:  # a value with line feeds: 64 bits of length, value, line feed
            length = struct.unpack("<Q", rest[:8])[0]
            value, datagram = rest[8:8 + length], rest[9 + length:]
        fields.append((key.decode(), value.decode()))
    return fields


class Journal:
    """Receives entries at journald's address in a mount namespace that only the daemon sees."""

    def __init__(self, directory):
        self.directory = directory / "journal"
        self.directory.mkdir()
        self.directory.chmod(0o755)
        self.entries = []
        self.open()

    def open(self):
        """Begins to receive."""
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.directory / "socket"))
        os.chmod(self.directory / "socket", 0o666)
        self.socket.setblocking(False)

    def close(self):
        """Ends as journald does when it is not running, and its socket is not there either."""
        os.unlink(self.directory / "socket")
        self.read()
        self.socket.close()

    @property
    def prefix(self):
        """What to put before the daemon's command."""
        script = 'mount -t tmpfs none /run; mkdir -p /run/systemd/journal; mount --bind "$1" /run/systemd/journal'
        return mount_prefix(script, str(self.directory))

    def read(self):
        """All entries so far, as lists of pairs."""
        try:
            while True:
                self.entries.append(parse(self.socket.recv(1 << 20)))
        except BlockingIOError:
            return self.entries

    def wait(self, timeout=PATIENCE, **wanted):
        """Waits for an entry with these fields and returns it as a dictionary."""

        def look():
            for entry in map(dict, self.read()):
                if all(entry.get(key) == value for key, value in wanted.items()):
                    return entry
            return None

        return wait_until(look, f"an entry with {wanted} among {self.entries}", timeout)

    def wait_message(self, text, timeout=PATIENCE):
        """Waits for an entry whose message contains text and returns it as a dictionary."""
        return wait_until(lambda: next((e for e in map(dict, self.read()) if text in e["MESSAGE"]), None),
                          f"{text!r} among {self.entries}", timeout)
