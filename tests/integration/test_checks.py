# SPDX-License-Identifier: MIT
"""The checks that monitoring systems make: check_tcp and check_udp of Debian's monitoring-plugins-basic."""

import os
import subprocess
import time

import pytest

from clients import HAS_IPV6
from processes import wait_until
from service import free_port, tcp, udp, unix

PLUGINS = "/usr/lib/nagios/plugins"
OK, WARNING, CRITICAL = range(3)


def check(plugin, address, *options):
    """A plugin's verdict and what it prints; the address is (host, port), or a path."""
    path = f"{PLUGINS}/{plugin}"
    if not os.path.exists(path):
        pytest.exit("install monitoring-plugins-basic", 4)
    where = ["-H", address] if isinstance(address, str) else ["-H", address[0], "-p", str(address[1])]
    done = subprocess.run([path, *where, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=60)
    return done.returncode, done.stdout.decode()


@pytest.mark.parametrize("host", ["127.0.0.1", pytest.param("::1", marks=pytest.mark.skipif(not HAS_IPV6, reason="no IPv6 here"))])
def test_greeting(daemon, host):
    """A greeting that is expected is good, over TCP and UDP; another one is a warning."""
    service = daemon({"tcp": tcp(host), "udp": udp(host)})
    for plugin in ("tcp", "udp"):
        send = ("-s", "hello") if plugin == "udp" else ()
        verdict, text = check(f"check_{plugin}", service.address(plugin), *send, "-e", "Thank you for")
        assert verdict == OK and f"{plugin.upper()} OK" in text and "[Thank you for connecting]" in text
        verdict, text = check(f"check_{plugin}", service.address(plugin), *send, "-e", "Go away")
        assert verdict == WARNING and "Unexpected response" in text


def test_unix_socket(daemon, tmp_path):
    """check_tcp knows Unix sockets."""
    service = daemon({"unix": unix(f"{tmp_path}/s")})
    assert check("check_tcp", service.address(), "-e", "Thank you")[0] == OK


def test_nobody_there():
    """Where nothing listens, the verdict is critical."""
    assert check("check_tcp", ("127.0.0.1", free_port()))[0] == CRITICAL
    assert check("check_udp", ("127.0.0.1", free_port()), "-s", "hello", "-e", "Thank you", "-t", "2")[0] == CRITICAL


def test_what_the_check_says_is_counted_not_refused(daemon):
    """A check that sends something and says goodbye ends as others do: nobody is reset."""
    service = daemon({"tcp": tcp(greeting="${client_address}\r\n")})
    assert check("check_tcp", service.address(), "-s", "hello", "-e", "127.0.0.1", "-q", "quit")[0] == OK
    service.wait_log(r"^Got connection from 127\.0\.0\.1:\d+ on tcp, sent 11 bytes$")


def test_slow_service(daemon):
    """A delay is what the check measures."""
    service = daemon({"tcp": tcp(delay=1.5)})
    began = time.monotonic()
    verdict, text = check("check_tcp", service.address(), "-e", "Thank you", "-w", "1", "-c", "30")
    assert verdict == WARNING and "TCP WARNING" in text and time.monotonic() - began >= 1.5
    assert check("check_tcp", service.address(), "-e", "Thank you", "-c", "1")[0] == CRITICAL


def test_state(daemon, sockgreetctl):
    """A greeting that says the state is a check of it."""
    service = daemon({"tcp": tcp(greeting="${state} ${weight}% ${reason}\n"), "udp": udp(greeting="${state}\n")})

    def verdicts():
        return (check("check_tcp", service.address("tcp"), "-e", "ready", "-M", "crit")[0],
                check("check_udp", service.address("udp"), "-s", "?", "-e", "ready", "-M", "warn")[0])

    assert verdicts() == (OK, OK)
    assert sockgreetctl(service, "state", "drain", "kernel update").code == 0
    wait_until(lambda: verdicts() == (CRITICAL, WARNING), "the checks see the drain")
    assert sockgreetctl(service, "state", "ready").code == 0
    wait_until(lambda: verdicts() == (OK, OK), "the checks see the end of it")


def test_limits(daemon):
    """Who checks too often is refused, which the check reports."""
    service = daemon({"tcp": tcp()}, limits={"rate": 0.01, "burst": 2})
    verdicts = [check("check_tcp", service.address(), "-e", "Thank you", "-M", "crit")[0] for _ in range(4)]
    assert verdicts[:2] == [OK, OK] and CRITICAL in verdicts[2:] and OK not in verdicts[2:]
