# SPDX-License-Identifier: MIT
"""Calls of the hot path that fail, with every error of their manuals, again and again: nothing spins, what does not need the
call goes on, and all is well as soon as it works again."""

import errno
import os
import time

import pytest

from clients import TIMEOUT, connect, exchange, greet, read_all, udp_socket
from fault import RELIABLE
from processes import SLOWNESS, cpu_seconds, wait_until, within
from service import GREETING, tcp, udp

pytestmark = pytest.mark.skipif(not RELIABLE, reason="a sanitizer's functions come first")

LOOK = 0.2  # seconds in which processor time is measured
MOST = 0.05  # of one processor
RECOVERED = 0.2  # seconds
NUMBERS = {
    # accept(2), with what it says of pending network errors and of other systems' kernels
    "accept4": "EAGAIN EBADF ECONNABORTED EFAULT EINTR EINVAL EMFILE ENFILE ENOBUFS ENOMEM ENOTSOCK EOPNOTSUPP EPERM EPROTO "
               "ENOSR ESOCKTNOSUPPORT EPROTONOSUPPORT ETIMEDOUT ENETDOWN ENOPROTOOPT EHOSTDOWN ENONET EHOSTUNREACH "
               "ENETUNREACH",
    # recv(2), recvmmsg(2)
    "recvmmsg": "EAGAIN EBADF ECONNREFUSED EFAULT EINTR EINVAL ENOMEM ENOTCONN ENOTSOCK",
    # send(2), sendmmsg(2), udp(7), ip(7)
    "sendmmsg": "EACCES EAGAIN EALREADY EBADF ECONNREFUSED ECONNRESET EDESTADDRREQ EFAULT EHOSTUNREACH EINTR EINVAL EISCONN "
                "EMSGSIZE ENETDOWN ENETUNREACH ENOBUFS ENOMEM ENOTCONN ENOTSOCK EOPNOTSUPP EPERM EPIPE",
    # epoll_wait(2)
    "epoll_wait": "EBADF EFAULT EINTR EINVAL",
}


class Clients:
    """One client of each kind that has asked."""

    def __init__(self, service):
        self.address = service.address("udp")
        self.stream, self.dgram = connect(service.address("tcp")), udp_socket(self.address)
        self.dgram.sendto(b"hello", self.address)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()
        self.dgram.close()

    def greeted(self, function):
        """Waits until both are served; an answer that was not sent has to be asked for again."""
        self.stream.settimeout(TIMEOUT)
        assert read_all(self.stream) == GREETING
        if function == "sendmmsg":
            assert exchange(self.dgram, self.address)[0] == GREETING
        else:
            assert self.dgram.recv(100) == GREETING


def others_are_served(service, function):
    """Clients who do not need the call that fails."""
    if function in ("recvmmsg", "sendmmsg"):
        assert greet(service.address("tcp")) == GREETING
    elif function == "accept4":
        with udp_socket(service.address("udp")) as client:
            assert exchange(client, service.address("udp"))[0] == GREETING


def starve(service, faults, function, number):
    """The call fails for a while: (part of a processor that was used meanwhile, seconds until all was well after)."""
    faults.arm(function, error=number, again=True)
    with Clients(service) as clients:
        wait_until(faults.hits, "a call that fails")
        pids = [service.pid, *service.workers()]
        before, started = cpu_seconds(*pids), time.monotonic()
        time.sleep(LOOK)
        used = (cpu_seconds(*pids) - before) / (time.monotonic() - started)
        others_are_served(service, function)
        faults.disarm()
        started = time.monotonic()
        clients.greeted(function)
        return used, time.monotonic() - started


@pytest.mark.parametrize("function", NUMBERS)
def test_every_error(daemon, faults, figures, function):
    """Whatever the error is: under 5 % of a processor while it lasts, and served within 200 ms after."""
    service = daemon({"tcp": tcp(), "udp": udp(shards=1)}, environment=faults.environment, log={"greetings": "off"},
                     workers={"processes": 1, "threads": 1})
    worst = {}
    for name in NUMBERS[function].split():
        found = []

        def measure(name=name, found=found):
            found.append(starve(service, faults, function, getattr(errno, name)))
            return max(min(used for used, _ in found) / MOST, min(seconds for _, seconds in found) / (RECOVERED * SLOWNESS))

        within(1, measure)
        worst[name] = min(used for used, _ in found), min(seconds for _, seconds in found)
    figures(f"{function}: at most {max(used for used, _ in worst.values()):.1%} of a processor, "
            f"recovered within {max(seconds for _, seconds in worst.values()) * 1e3:.0f} ms")
    bad = {name: found for name, found in worst.items() if found[0] > MOST or found[1] > RECOVERED * SLOWNESS}
    assert not bad, {name: f"{used:.0%}, {seconds * 1e3:.0f} ms" for name, (used, seconds) in bad.items()}
