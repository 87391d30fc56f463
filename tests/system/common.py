# SPDX-License-Identifier: MIT
"""What every part of these tests uses: names, figures, and how a case fails."""

import os
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
CONF = "/etc/sockgreet.conf"
UNIT = "sockgreet.service"
SOCKET_UNIT = "sockgreet.socket"
PACKAGES = ("sockgreet", "sockgreet-client")
UNIX_PATH = "/run/sockgreet/greet.sock"
NOBODY = 65534
GREETING = "Thank you for connecting\r\n"
BIG = 1000000  # bytes of the greeting that a slow reader takes; the configuration file may have 1 MiB


class Failed(Exception):
    """Why a case does not hold."""


def expect(condition, why):
    """The case fails unless the condition is true."""
    if not condition:
        raise Failed(why)


def wait_until(condition, what, timeout=30.0):
    """Waits for condition() to be true and returns its value. A shorter time is for what has to come in time."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        expect(time.monotonic() < end, f"waited {timeout:g} s in vain for {what}")
        time.sleep(0.01)


def run_outside(*command, **more):
    """A command outside of the tested system that must succeed. Returns what it printed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False,
                          **more)
    if done.returncode:
        raise Failed(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout[-2000:]}")
    return done.stdout


def configuration(listeners="", settings="", big=True):
    """The text of a configuration: TCP, UDP, Unix, and a large greeting for slow readers."""
    large = f'  big = {{ type = "tcp"; port = 12346; greeting = "{"x" * (BIG - 2)}\\r\\n"; }};\n' if big else ""
    return (f'{settings}\nlisteners = {{\n  tcp = {{ type = "tcp"; port = 12345; }};\n'
            f'  udp = {{ type = "udp"; port = 12345; }};\n  local = {{ type = "unix"; path = "{UNIX_PATH}"; }};\n'
            f'{large}{listeners}}};\n')
