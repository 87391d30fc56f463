# SPDX-License-Identifier: MIT
"""Small services in place of inetd's, asked by the clients that people have for them."""

import datetime
import re
import shutil
import time

import pytest

from clients import ask_udp, connect, dgram_socket, exchange, greet, read_all, run
from service import tcp, udp, unix, unix_dgram

DAYTIME = "%d %b %Y %H:%M:%S UTC\r\n"
FROM_1900 = 2208988800


def is_now(text):
    """Whether this is what daytime says now."""
    said = datetime.datetime.strptime(text.title().replace("Utc", "UTC"), DAYTIME).replace(tzinfo=datetime.timezone.utc)
    return text == text.upper() and abs(said.timestamp() - time.time()) < 10


def rdate(service, name, *options):
    """What Debian's rdate prints: the time as a server says it, in words."""
    host, port = service.address(name)
    return run("rdate", "-p", "-o", str(port), *options, host).decode()


@pytest.fixture(name="clock")
def fixture_clock(daemon, tmp_path):
    """All services that tell the time, over everything there is."""
    transports = {"tcp": tcp, "udp": udp, "unix": lambda: unix(f"{tmp_path}/{len(listeners)}"),
                  "dgram": lambda: unix_dgram(f"{tmp_path}/{len(listeners)}")}
    listeners = {}
    for service in ("daytime", "time"):
        for name, listener in transports.items():
            listeners[f"{service}-{name}"] = {**listener(), "service": service}
    return daemon(listeners)


def test_daytime(clock):
    """One line, over streams and for any datagram, an empty one too."""
    assert is_now(greet(clock.address("daytime-tcp")).decode())
    assert is_now(greet(clock.address("daytime-tcp"), b"what time is it?\r\n" * 100).decode())
    assert is_now(ask_udp(clock.address("daytime-udp"), b"")[0].decode())
    assert is_now(ask_udp(clock.address("daytime-udp"), b"anything")[0].decode())
    with connect(clock.address("daytime-unix")) as connection:
        assert is_now(read_all(connection).decode())
    with dgram_socket() as client:
        assert is_now(exchange(client, clock.address("daytime-dgram"), b"")[0].decode())


def test_time(clock):
    """Four bytes, and the connection is closed."""
    for answer in (greet(clock.address("time-tcp")), ask_udp(clock.address("time-udp"), b"")[0]):
        assert len(answer) == 4
        assert abs(int.from_bytes(answer, "big") - FROM_1900 - time.time()) < 10


@pytest.mark.parametrize("name, options", [("time-tcp", ()), ("time-udp", ("-u",))])
def test_rdate(clock, name, options):
    """The client that Debian has for it, which sends an empty datagram."""
    assert shutil.which("rdate"), "rdate is not installed"
    year = re.search(r"\b(\d{4})\b", rdate(clock, name, *options))
    assert year and int(year[1]) in {time.gmtime().tm_year, time.localtime().tm_year}


def test_daytime_by_netcat(clock):
    """As people have always asked."""
    host, port = clock.address("daytime-tcp")
    assert is_now(run("nc", "-N", host, str(port)).decode())


def test_services_are_counted_and_shown(clock, sockgreetctl):
    """They are listeners like others: counted, logged, and printed with what they do."""
    greet(clock.address("daytime-tcp"))
    ask_udp(clock.address("time-udp"), b"")
    clock.wait_counter("sent", 2)
    printed = sockgreetctl(clock, "config").out
    assert printed.count('service = "daytime";') == 4 and printed.count('service = "time";') == 4
    assert clock.wait_accounted()
