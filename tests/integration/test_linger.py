# SPDX-License-Identifier: MIT
"""How long and for how much input the daemon lingers after a greeting."""

import contextlib
import time

import pytest

from clients import Crowd, connect, greet, greet_many, read_all
from processes import SANITIZER, SLOWNESS, stays, wait_until
from service import GREETING, tcp, unix


@pytest.fixture(params=["tcp", "unix"])
def listener(request, tmp_path):
    """Makes a stream listener of either kind."""

    def make(**settings):
        return tcp(**settings) if request.param == "tcp" else unix(tmp_path / "greet.sock", **settings)

    return make


def seconds_until_served(service, started):
    """When the daemon was done with its first client."""
    wait_until(lambda: any(line.startswith("Got connection") for line in service.lines()), "served")
    return time.monotonic() - started


def test_client_that_stays(daemon, listener):
    """A client that reads everything but does not close is let go after timeouts.linger."""
    service = daemon({"one": listener()}, timeouts={"linger": 0.5, "linger_total": 60})
    started = time.monotonic()
    with connect(service.address()) as connection:
        assert read_all(connection) == GREETING
        assert 0.5 <= seconds_until_served(service, started) < 5 * SLOWNESS
    assert service.stop()["sent"] == 1


def test_client_that_goes_on_talking(daemon, listener):
    """A client that never falls silent is let go after timeouts.linger_total."""
    service = daemon({"one": listener()}, timeouts={"linger": 1, "linger_total": 1.5})
    started = time.monotonic()
    with connect(service.address()) as connection:
        assert read_all(connection) == GREETING
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while time.monotonic() - started < 6 * SLOWNESS:
                connection.send(b"x")
                time.sleep(0.05)
        assert 1.5 <= time.monotonic() - started < 5 * SLOWNESS
    assert service.stop()["sent"] == 1


def test_talking_restarts_the_silence(daemon, listener):
    """Every sign of life gives a client timeouts.linger anew."""
    service = daemon({"one": listener()}, timeouts={"linger": 1.5, "linger_total": 60})
    with connect(service.address()) as connection:
        assert read_all(connection) == GREETING
        for _ in range(10):
            time.sleep(0.2)
            connection.send(b"x")
        assert "Got connection" not in service.log()


def test_a_clients_end_of_file_ends_the_lingering(daemon, listener):
    """A client that closes is let go at once, not after the time-out."""
    service = daemon({"one": listener()}, timeouts={"linger": 30, "linger_total": 30})
    started = time.monotonic()
    assert greet(service.address()) == GREETING
    assert seconds_until_served(service, started) < 5 * SLOWNESS


def test_linger_zero_closes_at_once(daemon, listener):
    """With linger = 0 nobody is waited for."""
    service = daemon({"one": listener(linger=0)}, timeouts={"linger": 30, "linger_total": 30})
    with connect(service.address()) as connection:
        assert read_all(connection) == GREETING
        assert seconds_until_served(service, time.monotonic()) < 5 * SLOWNESS


def test_a_listeners_own_linger(daemon, listener):
    """A listener's linger stands in for the service's."""
    service = daemon({"one": listener(linger=0.3)}, timeouts={"linger": 30, "linger_total": 30})
    started = time.monotonic()
    with connect(service.address()) as connection:
        assert read_all(connection) == GREETING
        assert 0.3 <= seconds_until_served(service, started) < 5 * SLOWNESS


def test_no_more_than_64_kib_are_discarded(daemon, listener):
    """A client that sends more than 64 KiB is cut off then, not at the time-out."""
    service = daemon({"one": listener()}, timeouts={"linger": 30, "linger_total": 30})
    with connect(service.address()) as connection:
        assert read_all(connection) == GREETING
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            for _ in range(1000):  # what the kernel has room for is no proof
                connection.sendall(b"x" * 65536)
                time.sleep(0.01)
    assert seconds_until_served(service, time.monotonic()) < 5 * SLOWNESS


def test_exactly_64_kib_are_discarded(daemon, listener):
    """A client that sends 64 KiB and waits is not cut off."""
    service = daemon({"one": listener()}, timeouts={"linger": 30, "linger_total": 30})
    with connect(service.address()) as connection:
        assert read_all(connection) == GREETING
        connection.sendall(b"x" * 65536)
        assert stays(lambda: "Got connection" not in service.log(), 0.3)


def test_clients_that_talk_first_over_a_unix_socket(daemon, tmp_path):
    """Unix streams reset just as TCP does, so they linger too: 0 of 500 lose anything."""
    service = daemon({"local": unix(tmp_path / "greet.sock")})
    results = greet_many(service.address(), [b"x" * (i * 131) for i in range(500)], at_once=32)
    assert results == [GREETING] * 500


def own_memory(pid):
    """What is in no file, in kB."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Anonymous:"))


@pytest.mark.skipif(bool(SANITIZER), reason="a sanitizer has memory of its own for every page")
def test_memory_of_a_crowd_is_given_back(daemon):
    """When the last of a crowd has gone, also where no heartbeat looks after it."""
    service = daemon({"tcp": tcp()}, workers={"processes": 1, "threads": 1}, supervision={"heartbeat": 0},
                     timeouts={"linger": 60, "linger_total": 60})
    worker = service.workers()[0]
    greet(service.address())
    before = own_memory(worker)
    with Crowd(service.address(), 1500):
        wait_until(lambda: own_memory(worker) > before + 200, "a crowd takes memory")
    wait_until(lambda: own_memory(worker) < before + 100, "it is given back")
