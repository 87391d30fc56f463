# SPDX-License-Identifier: MIT
"""Faults in a daemon's calls, on command (fault.c)."""

import mmap
import os
import resource
import struct

from processes import SANITIZER

FAIL, ABORT, HANG = range(3)
_LAYOUT = struct.Struct("32s6q")


class Faults:
    """What the preloaded library is told, and how often it has worked."""

    def __init__(self, library, directory):
        path = directory / "faults"
        path.write_bytes(bytes(4096))
        path.chmod(0o666)
        with open(path, "r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 4096)
        self.environment = {"LD_PRELOAD": str(library), "FAULT_CONTROL": str(path)}

    def arm(self, function, number=1, error=12, action=FAIL, again=False):
        """The number-th call from now on is hit, and with again every later one as well."""
        self.disarm()
        self._memory[32:_LAYOUT.size] = _LAYOUT.pack(b"", number, 0, 0, error, action, again)[32:]
        self._memory[:32] = function.encode().ljust(32, b"\0")

    def disarm(self):
        """Nothing is hit any more."""
        self._memory[:32] = bytes(32)

    def calls(self):
        """Calls of the function since it was armed."""
        return _LAYOUT.unpack(self._memory[:_LAYOUT.size])[2]

    def hits(self):
        """How many of them were hit."""
        return _LAYOUT.unpack(self._memory[:_LAYOUT.size])[3]


def without_core():
    """For preexec: a session of its own, and no core files."""
    os.setsid()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


RELIABLE = not SANITIZER  # a sanitizer's own functions come before the library's
