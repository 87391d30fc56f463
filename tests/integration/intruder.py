# SPDX-License-Identifier: MIT
"""A worker that was taken over, on command (intruder.c)."""

import errno
import mmap
import re
import struct

from clients import connect
from processes import wait_until

TRY, SCRIBBLE, ABORT = 1, 2, 3
_LAYOUT = struct.Struct("6i104s2i")
_SIZE, _RANGES = 8192, 64
_RESULT = _LAYOUT.size + 16 * _RANGES


def _shared_memory(pid, own):
    """The writable shared mappings of a process, but for the intruder's own."""
    found = []
    with open(f"/proc/{pid}/maps", encoding="ascii") as file:
        for line in file:
            match = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw-s ", line)
            if match and str(own) not in line:
                start, end = (int(text, 16) for text in match.groups())
                found.append((start, end - start))
    return found


class Intruder:
    """What the preloaded library is told, and what it could do."""

    def __init__(self, library, directory):
        self.path = directory / "intruder-control"
        self.path.write_bytes(bytes(_SIZE))
        self.path.chmod(0o666)
        with open(self.path, "r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _SIZE)
        self.environment = {"LD_PRELOAD": str(library), "INTRUDER_CONTROL": str(self.path)}

    def order(self, service, what, pattern=0):
        """Has the service's first worker do it, and returns once it has."""
        victim, *others = service.workers()
        ranges = _shared_memory(victim, self.path)
        assert len(ranges) <= _RANGES and (ranges or what != SCRIBBLE)
        port = service.address()[1]
        self._memory[:] = bytes(_SIZE)
        packed = b"".join(struct.pack("2Q", *one) for one in ranges)
        self._memory[_LAYOUT.size:_LAYOUT.size + len(packed)] = packed
        self._memory[:_LAYOUT.size] = _LAYOUT.pack(what, victim, 0, service.pid, others[0] if others else 1, port,
                                                   bytes(service.runtime), pattern, len(ranges))

        def ask():
            try:
                connect(service.address()).close()
            except OSError:
                pass
            return _LAYOUT.unpack(self._memory[:_LAYOUT.size])[2]

        wait_until(ask, "the worker does as it is told")
        return victim

    def attempts(self, service):
        """What the worker tried: the name of the errno of each attempt, "" for one that succeeded."""
        self.order(service, TRY)
        text = self._memory[_RESULT:].split(b"\0")[0].decode()
        pairs = (line.split("=") for line in text.splitlines())
        return {name: errno.errorcode[int(number)] if int(number) else "" for name, number in pairs}
