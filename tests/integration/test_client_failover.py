# SPDX-License-Identifier: MIT
"""sockgreet --watch while keepalived moves an address from one sockgreetd to another."""

import json
import re
import shutil
import subprocess
import sys

import pytest

from conftest import needs_root
from namespaces import Namespace
from processes import BUSY, PATIENCE, SLOWNESS, wait_until
from service import free_port
from watching import Watch, outages

ADDRESS = "10.88.0.100"
NETWORK = {"client": "10.88.0.1", "blue": "10.88.0.2", "green": "10.88.0.3"}
PRIORITIES = {"blue": 200, "green": 100}

CONFIGURATION = """
global_defs {
    vrrp_version 3
}
vrrp_instance greet {
    state BACKUP
    interface lan
    virtual_router_id 77
    priority %d
    advert_int 0.1
    virtual_ipaddress {
        %s/24
    }
}
"""

# Asks every millisecond, each time from a socket of its own, until standard input ends. Prints a line when it is answered for
# the first time, and at the end for each request when it left, in seconds of the monotonic clock, and whether an answer came
# within half a second.
PROBER = """
import json, select, socket, sys, time
peer, waiting, asked, was_answered, polled = (sys.argv[1], int(sys.argv[2])), {}, [], [], select.epoll()
polled.register(0, select.EPOLLIN)

def answered(fd):
    bound, request = waiting.pop(fd)
    try:
        request[1] = len(bound.recv(65536)) > 0
        if len(was_answered) == 0:
            was_answered.append(print("answered", flush=True))
    except OSError:
        pass
    bound.close()

due, over = time.monotonic(), False
while waiting or not over:
    for fd, _ in polled.poll(max(due - time.monotonic(), 0.0)):
        if fd:
            answered(fd)
        elif not over:
            over = True
            polled.unregister(0)
    now = time.monotonic()
    for fd in [fd for fd, (_, request) in waiting.items() if now - request[0] > 0.5]:
        waiting.pop(fd)[0].close()
    if now < due:
        continue
    due = max(due + 0.001, now - 0.1)
    if over:
        continue
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.setblocking(False)
    request = [time.monotonic(), False]
    asked.append(request)
    waiting[bound.fileno()] = bound, request
    polled.register(bound, select.EPOLLIN)
    try:
        bound.connect(peer)
        bound.send(b"x" * 512)
    except OSError:
        pass
print(json.dumps(asked))
"""


def needed(name):
    """The path of a program."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/bin")
    if not path:
        pytest.exit(f"install {name}", 4)
    return path


@pytest.fixture
def lan():
    """Namespaces on one bridge: client, blue and green."""
    made = {name: Namespace() for name in ("switch", *NETWORK)}
    made["switch"].ip("link", "add", "bridge", "type", "bridge")
    made["switch"].ip("link", "set", "bridge", "up")
    for name, host in NETWORK.items():
        made[name].connect("lan", made["switch"], name)
        made["switch"].ip("link", "set", name, "master", "bridge")
        made[name].ip("address", "add", f"{host}/24", "dev", "lan")
    yield made
    for namespace in made.values():
        namespace.close()


def has_address(namespace):
    """Whether the address is there."""
    shown = subprocess.run([*namespace.prefix, "ip", "-o", "address", "show", "dev", "lan"], capture_output=True, check=True)
    return f" {ADDRESS}/" in shown.stdout.decode()


@pytest.fixture
def keepalived(lan, tmp_path):
    """keepalived on blue, which has the address while it is there, and on green."""
    processes = []
    for name, priority in PRIORITIES.items():
        configuration = tmp_path / f"{name}.conf"
        configuration.write_text(CONFIGURATION % (priority, ADDRESS))
        files = [f"--{option}={tmp_path / name}.{option}" for option in ("pid", "vrrp_pid")]
        with open(tmp_path / f"{name}.log", "wb") as log:
            processes.append(subprocess.Popen(
                [*lan[name].prefix, needed("keepalived"), "--dont-fork", "--log-console", "--dump-conf", "--vrrp",
                 f"--use-file={configuration}", *files], stdin=subprocess.DEVNULL, stdout=log, stderr=log))
    yield
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait(PATIENCE)


def outage_of(asked):
    """Of a prober's requests: when the last one left that was answered before the longest outage, the first one lost, the
    last one lost, and the first one answered again."""
    answered = [index for index, (_, was_answered) in enumerate(asked) if was_answered]
    before, after = max(zip(answered, answered[1:]), key=lambda pair: asked[pair[1]][0] - asked[pair[0]][0])
    assert after - before > 1
    return [asked[index][0] for index in (before, before + 1, after - 1, after)]


@needs_root
def test_an_address_moves(tmp_path, lan, keepalived, daemon, figures):  # pylint: disable=unused-argument
    """The prober's requests that were answered on either side, and the ones lost in between, are the least and the most that
    the outage can have been: what the machine does to the prober is in them. 20 ms are for the client, and more where it may
    have to wait for a processor."""
    late = 0.1 * SLOWNESS if BUSY else 0.02
    port = free_port()
    for name in PRIORITIES:
        listener = {"type": "udp", "address": "0.0.0.0", "port": port, "format": "json", "max_datagram": 1232}
        daemon({"udp": listener}, instance=name, prefix=lan[name].prefix)
    wait_until(lambda: has_address(lan["blue"]), "blue has the address")
    wait_until(lambda: not has_address(lan["green"]), "green has not")
    target = f"udp://{ADDRESS}:{port}"
    command = [*lan["client"].prefix, sys.executable, "-c", PROBER, ADDRESS, str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as prober:
        with Watch(tmp_path, "-i", "1ms", target, prefix=lan["client"].prefix) as watch:
            assert prober.stdout.readline() == b"answered\n"
            watch.wait("blue@.* answers$")
            lan["blue"].ip("link", "set", "lan", "down")
            watch.wait("green@.* answers instead of blue@")
            lan["blue"].ip("link", "set", "lan", "up")
            watch.wait("blue@.* answers instead of green@")
            text = watch.end()
        asked = json.loads(prober.communicate()[0])
    before, first, last, after = outage_of(asked)
    milliseconds, _, _, who_before, who_after = max(outages(text))
    figures(f"outage of {milliseconds} ms; the prober's is between {1000 * (last - first):.1f} and "
            f"{1000 * (after - before):.1f} ms")
    assert last - first - late <= milliseconds / 1000 <= after - before + late
    assert who_before.startswith("blue@") and who_after.startswith("green@")
    assert re.search(r"^answered by: blue@\S+ \d+ \(\S+ %\), green@\S+ \d+ \(\S+ %\)$", text, re.M)
