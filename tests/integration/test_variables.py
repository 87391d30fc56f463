# SPDX-License-Identifier: MIT
"""What a greeting can say: of the host, of the service, of the client and of itself."""

import concurrent.futures
import os
import platform
import re
import socket
import time

from clients import ask_udp, connect, dgram_socket, exchange, greet, read_all
from operations import reconfigure
from service import tcp, udp, unix, unix_dgram


def said(service, name=None):
    return greet(service.address(name)).decode()


def test_the_host(daemon):
    """The kernel, the boot and the system are those that other programs see."""
    service = daemon({"tcp": tcp(greeting="${kernel}|${boot_id}|${os}|${hostname}")})
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        boot = file.read().strip()
    assert said(service) == "|".join((platform.release(), boot, platform.freedesktop_os_release()["PRETTY_NAME"],
                                      socket.gethostname()))


def test_the_instance(daemon, sockgreetctl):
    """It is the host's name until it has one of its own."""
    service = daemon({"tcp": tcp(greeting="${instance}")})
    assert said(service) == socket.gethostname()
    reconfigure(service, instance="web-3")
    assert sockgreetctl(service, "reload").code == 0
    assert said(service) == "web-3"


def test_the_environment(daemon, sockgreetctl):
    """Only what the setting lists is told; the rest may be a secret."""
    service = daemon({"tcp": tcp(greeting="none")}, environment={"GREETING_REGION": "north", "GREETING_KEY": "secret"})
    names = ["GREETING_REGION", "GREETING_ABSENT"]
    told = tcp(greeting="${env:GREETING_REGION}, ${env:GREETING_ABSENT:-nowhere}")
    reconfigure(service, listeners={"tcp": {**service.settings["listeners"]["tcp"], **told}}, environment=names)
    assert sockgreetctl(service, "reload").code == 0
    assert said(service) == "north, nowhere"


def test_who_speaks(daemon, sockgreetctl):
    """Worker and generation are those of the process that answers; after a reload it is another."""
    service = daemon({"tcp": tcp(greeting="${pid} ${worker} ${generation} ${version}")}, workers={"processes": 2})
    answers = [said(service).split() for _ in range(20)]
    assert {int(pid) for pid, *_ in answers} <= set(service.workers())
    assert {worker for _, worker, *_ in answers} <= {"0", "1"}
    assert len({(pid, worker) for pid, worker, *_ in answers}) == len({pid for pid, *_ in answers})
    assert {number for *_, number, _ in answers} == {"1"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", answers[0][-1])
    assert sockgreetctl(service, "reload").code == 0
    assert said(service).split()[2] == "2"


def test_no_two_requests_have_the_same_id(daemon, sockgreetctl):
    """Over all workers and threads, and over a reload."""
    service = daemon({"tcp": tcp(greeting="${request_id}"), "udp": udp(greeting="${request_id}")},
                     workers={"processes": 2, "threads": 2})
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        ids = list(pool.map(lambda _: said(service, "tcp"), range(200)))
        ids += [ask_udp(service.address("udp"))[0].decode() for _ in range(50)]
        assert sockgreetctl(service, "reload").code == 0
        ids += list(pool.map(lambda _: said(service, "tcp"), range(200)))
    assert len(set(ids)) == 450
    assert all(re.fullmatch(r"[0-9a-f]{16}-[0-9a-f]+", one) for one in ids)


def test_the_time(daemon):
    """It is the time, however it is written."""
    service = daemon({"tcp": tcp(greeting="${time:ms}|${unix}|${unix_us}|${time:%a, %d %b %Y %H:%M:%S}")})
    before = time.time()
    exact, seconds, microseconds, written = said(service).split("|")
    after = time.time()
    assert before - 0.01 <= int(microseconds) / 1e6 <= after
    assert before - 1 <= int(seconds) <= after
    assert time.strftime("%a, %d %b %Y %H:%M:%S", time.gmtime(int(seconds))) == written
    assert re.fullmatch(time.strftime(r"%Y-%m-%dT%H:%M:%S\.[0-9]{3}Z", time.gmtime(int(seconds))), exact)


def test_uptime_and_load(daemon, sockgreetctl):
    """The service is as old as its master, whatever the age of its workers."""
    service = daemon({"tcp": tcp(greeting="${uptime} ${load}")})
    time.sleep(1.1)
    assert sockgreetctl(service, "reload").code == 0
    uptime, load = said(service).split()
    assert 1 <= int(uptime) <= 60
    assert float(load) >= 0 and re.fullmatch(r"\d+\.\d\d", load)


def test_users_of_unix_sockets(daemon, tmp_path):
    """Who asks over a Unix socket is a user, a group and a process, of both types."""
    greeting = "${family} ${client_uid} ${client_gid} ${client_pid} ${proxied}"
    service = daemon({"stream": unix(f"{tmp_path}/stream", greeting=greeting),
                      "dgram": unix_dgram(f"{tmp_path}/dgram", greeting=greeting)})
    expected = f"unix {os.getuid()} {os.getgid()} {os.getpid()} no"
    with connect(f"{tmp_path}/stream") as connection:
        assert read_all(connection).decode() == expected
    with dgram_socket() as client:
        assert exchange(client, f"{tmp_path}/dgram")[0].decode() == expected


def test_others_are_no_users(daemon):
    """A client of TCP has a family and no user."""
    service = daemon({"tcp": tcp(greeting="${family}[${client_uid}${client_gid}${client_pid}]")})
    assert said(service) == "ipv4[]"
