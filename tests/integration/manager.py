# SPDX-License-Identifier: MIT
"""A stand-in for systemd as a daemon's service manager: its messages, its descriptor store."""

import contextlib
import os
import socket
import threading

from processes import PATIENCE, wait_until


class Manager:
    """Receives what a daemon tells its service manager, in a thread: a daemon may wait for it."""

    def __init__(self, directory):
        path = directory / "notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.environment = {"NOTIFY_SOCKET": str(path)}
        self.messages = []
        self.store = {}  # name: descriptor
        self._thread = threading.Thread(target=self._receive, daemon=True)
        self._thread.start()

    def close(self):
        """Ends the thread and forgets the store."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self.socket.close()
        for descriptor in self.store.values():
            os.close(descriptor)

    def _receive(self):
        while True:
            data, descriptors, _, _ = socket.recv_fds(self.socket, 8192, 16)
            if not data:
                return
            pairs = (line.partition("=") for line in data.decode().splitlines())
            self._take({key: value for key, _, value in pairs}, descriptors)

    def _take(self, message, descriptors):
        name = message.get("FDNAME")
        if message.get("FDSTORE") == "1" and descriptors:
            self.store[name] = descriptors.pop()
        elif message.get("FDSTOREREMOVE") == "1" and name in self.store:
            os.close(self.store.pop(name))
        for descriptor in descriptors:
            os.close(descriptor)
        self.messages.append(message)

    def tells(self, *keys):
        """Messages so far that have any of these keys."""
        return [message for message in list(self.messages) if set(keys) & set(message)]

    def count(self, assignment):
        """How many messages had it."""
        key, _, value = assignment.partition("=")
        return sum(message.get(key) == value for message in list(self.messages))

    def wait(self, assignment, count=1, timeout=PATIENCE):
        """Waits for so many messages with this assignment."""
        wait_until(lambda: self.count(assignment) >= count, f"{count} messages with {assignment}", timeout)

    def pass_store(self):
        """How a daemon gets the stored sockets at its start: (preexec, environment, descriptors)."""
        names, copies = list(self.store), [os.dup(fd) for fd in self.store.values()]

        def place():
            high = [os.dup2(fd, 200 + i) for i, fd in enumerate(copies)]
            for i, fd in enumerate(high):
                os.dup2(fd, 3 + i)
                os.close(fd)
            os.environ["LISTEN_PID"] = str(os.getpid())

        environment = dict(self.environment)
        if names:
            environment |= {"LISTEN_FDS": str(len(names)), "LISTEN_FDNAMES": ":".join(names)}
        return place, environment, copies
