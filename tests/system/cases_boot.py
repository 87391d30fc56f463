# SPDX-License-Identifier: MIT
"""What a boot has that a start by hand has not: things that the service needs and that come later."""

import contextlib
import socket
import struct
import threading

from clients import greet
from common import CONF, GREETING, expect, wait_until

NAME, ADDRESS = "late.sockgreet.test", "127.0.0.5"
RESOLV_CONF = "/etc/resolv.conf"
EX_OSERR = 71
_TYPE_A, _RESPONSE, _ANSWER = 1, 0x8580, struct.pack(">HHHIH", 0xC00C, 1, 1, 60, 4) + socket.inet_aton(ADDRESS)


class NameServer(threading.Thread):
    """Knows one name, which has one IPv4 address, and answers whatever it is asked with that."""

    def __init__(self, machine):
        super().__init__(daemon=True)
        self.socket = machine.in_network(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.socket.bind(("127.0.0.1", 53))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):  # it says that there is no peer, and wakes the thread all the same
            self.socket.shutdown(socket.SHUT_RDWR)
        self.join(5)
        self.socket.close()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                query, client = self.socket.recvfrom(512)
                if not query:
                    return
                self.socket.sendto(answer(query), client)


def answer(query):
    """The reply to a query: its question again and, if it asks for an IPv4 address, that."""
    end = query.index(b"\0", 12) + 5
    known = query[end - 4:end - 2] == struct.pack(">H", _TYPE_A)
    return query[:2] + struct.pack(">HHHHH", _RESPONSE, 1, known, 0, 0) + query[12:end] + (_ANSWER if known else b"")


def name_server_late(machine):
    """The name server comes after the service: a listener with a host name serves then, and nobody has to do anything.

    Such a start once ended with 78, as if the file were wrong, which systemd does not try again."""
    machine.fresh()
    before = machine.run("cat", RESOLV_CONF, check=False)[1]
    machine.write(CONF, f'listeners = {{ named = {{ type = "tcp"; address = "{NAME}"; port = 12345; }}; }};\n')
    machine.write(RESOLV_CONF, "nameserver 127.0.0.1\n")
    since = machine.now()
    try:
        machine.boot()
        wait_until(lambda: int(machine.show("NRestarts")) >= 2, "the service to be tried again")
        expect(machine.show("ActiveState") != "active", "it serves although its name stands for nothing")
        ends = [text for entry in machine.journal(since) if "Main process exited" in (text := str(entry["MESSAGE"]))]
        expect(all(f"status={EX_OSERR}" in text for text in ends), f"it ended so: {ends[:3]}")
        errors = [str(entry["MESSAGE"]) for entry in machine.journal(since, "-p", "err")]
        expect(any(NAME in message for message in errors), f"the errors are {errors[:3]}")
        with NameServer(machine):
            wait_until(lambda: machine.show("ActiveState") == "active", "the service to come up")
        expect(greet(machine, host=ADDRESS) == GREETING.encode(), "a wrong greeting")
        restarts = machine.show("NRestarts")
    finally:
        machine.write(RESOLV_CONF, before)
    machine.fresh()
    return f"tried {restarts} times before"


CASES = [name_server_late]
