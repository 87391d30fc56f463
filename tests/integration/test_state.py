# SPDX-License-Identifier: MIT
"""The state of the service: who may set it, what it follows from, what it outlives, and how HAProxy understands it."""

import contextlib
import csv
import grp
import http.client
import os
import signal
import socket
import stat
import tempfile
import time

import pytest

import proxies
from clients import ask_udp, connect, greet, read_all, run
from conftest import needs_root
from operations import EX_OSERR, EX_USAGE, ask, reconfigure, wait_status
from processes import SLOWNESS, is_running, run_as, wait_until
from service import free_port, tcp, udp, unix
from test_control import let_everybody_in
from test_upgrade import fixture_installed, fixture_old, install, upgrade  # pylint: disable=unused-import

EX_NOPERM = 77
SAYS = "${state} ${weight}% [${reason}]\n"
READY = "ready 100% []\n"


def agent(**settings):
    """A listener for HAProxy's agent-check."""
    return tcp(service="agent", **settings)


def said(service, name=None):
    """What a listener tells."""
    return greet(service.address(name)).decode()


def wait_said(service, text, name=None):
    """Waits until a listener tells this."""
    wait_until(lambda: said(service, name) == text, f"it says {text!r}, not {said(service, name)!r}")


def set_state(service, words):
    """Sets it over the control socket, and returns the answer."""
    answer = ask(service, f"state {words}")
    assert "error" not in answer, answer
    return answer


def told(manager):
    """The line that the service manager was told last."""
    return manager.tells("STATUS")[-1]["STATUS"]


def fetched(service, path):
    """A status and a content over HTTP."""
    connection = http.client.HTTPConnection(*service.address("http"), timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()


# What is said


def test_everybody_says_it(daemon, tmp_path):
    """Greetings over every transport, of all workers, and agents, as soon as the answer to the change is there."""
    service = daemon({"tcp": tcp(greeting=SAYS), "udp": udp(greeting=SAYS), "agent": agent(),
                      "local": unix(tmp_path / "agent.sock", service="agent")}, workers={"processes": 4, "threads": 2})
    for words, greeting, line in (
            ("ready", READY, "ready up 100%\n"), ("ready 50%", "ready 50% []\n", "ready up 50%\n"),
            ("drain kernel update", "drain 100% [kernel update]\n", "drain # kernel update\n"),
            ("maint 7% # more", "maint 7% [# more]\n", "maint # # more\n"), ("ready", READY, "ready up 100%\n")):
        set_state(service, words)
        for _ in range(20):
            assert said(service, "tcp") == greeting
            assert ask_udp(service.address("udp"))[0].decode() == greeting
            assert said(service, "agent") == line
        with connect(service.address("local")) as client:
            assert read_all(client).decode() == line


def test_agent_waits_for_nobody(daemon):
    """Nothing has to be sent, and whatever is sent changes nothing."""
    service = daemon({"agent": agent()})
    assert run("nc", "-N", *map(str, service.address())).decode() == "ready up 100%\n"
    assert greet(service.address(), b"state maint\r\n" * 100).decode() == "ready up 100%\n"


def test_ready_over_http(daemon):
    """What a health check of HTTP asks for: 200 if it is ready, 503 if not, and while it stops."""
    service = daemon({"http": tcp(service="http", greeting="hello ${state}\n")}, timeouts={"drain_delay": 60.0})
    assert fetched(service, "/ready") == (200, "ready\n")
    set_state(service, "drain kernel update")
    assert fetched(service, "/ready") == (503, "drain: kernel update\n")
    assert fetched(service, "/") == (200, "hello drain\n")
    set_state(service, "ready 50%")
    assert fetched(service, "/ready") == (200, "ready\n")
    os.kill(service.pid, signal.SIGTERM)
    wait_until(lambda: fetched(service, "/ready") == (503, "drain: stopping\n"), "it says that it stops")
    service.stop()


def test_weight_by_load(daemon):
    """A weight of no more than what was set, and of nothing only if that was set."""
    service = daemon({"agent": agent(weight_by_load=True), "plain": agent()})
    load = os.getloadavg()[0] / os.cpu_count()
    set_state(service, "ready 80%")
    weight = int(said(service, "agent").removeprefix("ready up ").removesuffix("%\n"))
    assert 1 <= weight <= 80 and abs(weight - 80 / (1 + load)) < 20, (weight, load)
    assert said(service, "plain") == "ready up 80%\n"
    set_state(service, "ready 0%")
    assert said(service, "agent") == "ready up 0%\n"


def test_status_says_it(daemon, manager, sockgreetctl):
    """The status, the answer to state, the line for the service manager, and the log."""
    service = daemon({"tcp": tcp()}, environment=manager.environment)
    assert ask(service, "state").items() >= {"state": "ready", "weight": 100, "reason": "", "origin": "default",
                                             "unkept": ""}.items()
    assert sockgreetctl(service, "state").out == "ready\n"
    done = sockgreetctl(service, "state", "drain", "50%", "kernel", "update")
    assert done.code == 0 and done.out.startswith("drain, weight 50%, since ") and done.err == ""
    assert done.out.endswith(" (operator): kernel update\n") and sockgreetctl(service, "state").out == done.out
    answer = ask(service, "state")
    assert answer.items() >= {"state": "drain", "weight": 50, "reason": "kernel update", "origin": "operator",
                              "set": {"state": "drain", "weight": 50, "reason": "kernel update"}}.items()
    assert ask(service, "status")["readiness"] == answer
    assert f"\nReadiness      {done.out}" in sockgreetctl(service, "status").out
    wait_until(lambda: told(manager).startswith("DRAIN (kernel update). Generation 1 serving"), "the manager is told")
    service.wait_log(rf"^State: drain, weight 50%: kernel update \(set by uid {os.getuid()}\)$")
    assert ask(service, "state ready")["state"] == "ready"
    service.wait_log(rf"^State: ready, weight 100% \(set by uid {os.getuid()}\)$")
    wait_until(lambda: told(manager).startswith("Generation 1 serving"), "the manager is told again")


def test_who_is_told_twice_logs_once(daemon):
    """The same state again is no change."""
    service = daemon({"tcp": tcp()})
    since = set_state(service, "drain")["since"]
    assert set_state(service, "drain")["since"] == since
    set_state(service, "ready")
    assert len(service.wait_log("^State: ", count=2)) == 2


# Who may, and what is no state


@needs_root
def test_who_may_set_it(daemon):
    """Everybody may see it; root, the user of the master and the members of control.group may set it, as they may reload."""
    group = grp.getgrnam("games")
    service = daemon({"tcp": tcp()}, control={"group": group.gr_name})
    let_everybody_in(service)
    for uid, gid, groups, may in ((65534, 65534, [], False), (65534, group.gr_gid, [], True),
                                  (65534, 65534, [3, group.gr_gid, 7], True), (0, 0, [], True)):
        set_state(service, "ready")
        answer = run_as(uid, gid, groups, lambda: ask(service, "state maint by somebody"))
        if not may:
            assert answer["code"] == EX_NOPERM and "control.group" in answer["error"], answer
        assert ask(service, "state")["state"] == ("maint" if may else "ready")
        assert run_as(uid, gid, groups, lambda: ask(service, "state")["origin"]) == ("operator" if may else "default")


BAD = [("up", "unknown state 'up'; allowed: ready, drain, maint"),
       ("READY", "unknown state 'READY'"),
       ("ready 300%", "invalid weight 300%; allowed: 0% to 256%"),
       ("ready -1%", "invalid weight -1%"),
       ("ready 1e2%", "invalid weight 1e2%"),
       (f"drain {'x' * 65}", "the reason is too long; allowed: at most 64 bytes"),
       (f"drain {'x ' * 4000}", "the reason is too long; allowed: at most 64 bytes"),
       ("drain don't", "the reason contains '''; allowed: printable ASCII"),
       ("drain caf\u00e9", "the reason contains '\\xc3'"),
       ("drain \x1b[31mred", "the reason contains '\\x1b'")]


@pytest.mark.parametrize("words, message", BAD)
def test_what_is_no_state(daemon, sockgreetctl, words, message):
    """A clear message and 64, from the service and from sockgreetctl before it asks; and nothing has changed."""
    service = daemon({"tcp": tcp(greeting=SAYS)})
    set_state(service, "drain 50% before")
    answer = ask(service, f"state {words}")
    assert answer["code"] == EX_USAGE and message in answer["error"], answer
    done = sockgreetctl(service, "state", "--", *words.split(" "))
    assert done.code == EX_USAGE and message in done.err and done.out == "", done
    assert said(service) == "drain 50% [before]\n"
    assert (service.runtime / "state").read_text() == "drain 50% before\n"


def test_newline_in_a_reason(daemon, sockgreetctl):
    """It would end the request, and what comes after it would be lost."""
    service = daemon({"tcp": tcp(greeting=SAYS)})
    done = sockgreetctl(service, "state", "drain", "one\ntwo")
    assert done.code == EX_USAGE and "the reason contains '\\n'" in done.err
    assert said(service) == READY


# What it outlives


def restart(service, spawn, **settings):
    """A successor in the same runtime directory, when it serves."""
    service.stop()
    successor = spawn(service.settings["listeners"], **settings, environment={"RUNTIME_DIRECTORY": str(service.runtime)})
    successor.runtime = service.runtime
    return successor.wait_ready()


def test_reload(daemon):
    """The workers of a new configuration are told from the beginning."""
    service = daemon({"tcp": tcp(greeting=SAYS)})
    set_state(service, "drain 50% kernel update")
    for number in range(2, 5):
        os.kill(service.pid, signal.SIGHUP)
        service.wait_log(f"^Reloaded: generation {number} serves")
        for _ in range(20):
            assert said(service) == "drain 50% [kernel update]\n"
    set_state(service, "ready")
    assert said(service) == READY


def test_successor_of_a_worker(daemon):
    """A worker that comes in the place of one that was killed is told, too."""
    service = daemon({"tcp": tcp(greeting=SAYS)}, workers={"processes": 1, "threads": 1})
    set_state(service, "maint")
    victim = service.workers()[0]
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: service.workers() and victim not in service.workers(), "its successor")
    assert said(service) == "maint 100% []\n"


def test_restart(daemon, spawn):
    """What was set is there again; the log says it once, with what it is."""
    service = daemon({"tcp": tcp(greeting=SAYS)})
    set_state(service, "drain 50% kernel update")
    successor = restart(service, spawn)
    assert said(successor) == "drain 50% [kernel update]\n"
    assert ask(successor, "state")["origin"] == "operator"
    assert len(successor.wait_log(r"^State: drain, weight 50%: kernel update \(operator\)$")) == 1
    set_state(successor, "ready")
    last = restart(successor, spawn)
    assert said(last) == READY and "State:" not in last.log()
    last.stop()


def test_without_its_directory(daemon, spawn):
    """As after a boot: it is ready."""
    service = daemon({"tcp": tcp(greeting=SAYS)})
    set_state(service, "maint")
    (service.runtime / "state").unlink()
    successor = restart(service, spawn)
    assert said(successor) == READY and "warning" not in successor.log()
    successor.stop()


@pytest.mark.parametrize("content", [
    b"", b"down\n", b"ready 300%\n", b"drain \xff\n", b"\0" * 1000, b"drain " + b"x" * 100000, None,
], ids=["empty", "word", "weight", "byte", "zeros", "long", "fifo"])
def test_broken_file(daemon, spawn, content):
    """A warning, and it is ready; what is set then is kept again."""
    service = daemon({"tcp": tcp(greeting=SAYS)})
    path = service.runtime / "state"
    if content is None:
        os.mkfifo(path)
    else:
        path.write_bytes(content)
    successor = restart(service, spawn)
    successor.wait_log("^warning: cannot use the file state in the runtime directory: .*; the state is ready$")
    assert said(successor) == READY
    set_state(successor, "drain again")
    assert path.read_text() == "drain 100% again\n" and stat.S_IMODE(path.stat().st_mode) == 0o644
    last = restart(successor, spawn)
    assert said(last) == "drain 100% [again]\n"
    last.stop()


def test_link_is_not_followed(daemon, spawn, tmp_path):
    """The directory may belong to somebody who is not root."""
    service = daemon({"tcp": tcp(greeting=SAYS)})
    (tmp_path / "elsewhere").write_text("maint\n")
    (service.runtime / "state").symlink_to(tmp_path / "elsewhere")
    successor = restart(service, spawn)
    assert said(successor) == READY
    set_state(successor, "drain")
    assert (tmp_path / "elsewhere").read_text() == "maint\n"
    successor.stop()


@needs_root
def test_what_cannot_be_kept(daemon, sockgreetctl):
    """It is set all the same, and the answer says that it cannot be saved."""
    service = daemon({"tcp": tcp(greeting=SAYS)})
    (service.runtime / "state.new").mkdir()
    done = sockgreetctl(service, "state", "drain")
    assert done.code == 0 and "cannot be saved" in done.out
    service.wait_log("^warning: the state cannot be saved and is lost when this process ends: ")
    assert said(service) == "drain 100% []\n"
    (service.runtime / "state.new").rmdir()
    assert "unkept" not in sockgreetctl(service, "state", "drain", "at", "last").out
    assert ask(service, "state")["unkept"] == ""


def test_upgrade(old, installed):
    """The new process has it, and says nothing else while both serve."""
    service = old({"tcp": tcp(greeting=SAYS)})
    set_state(service, "maint 50% new binary")
    pid, heard = service.pid, set()
    install(installed)
    os.kill(pid, signal.SIGUSR2)
    while is_running(pid) and service.process.poll() is None:
        heard.add(said(service))
    wait_status(service)
    heard.update(said(service) for _ in range(20))
    assert heard == {"maint 50% [new binary]\n"}
    assert set_state(service, "ready")["state"] == "ready" and said(service) == READY
    upgrade(service, wait_status(service)["pid"])
    assert said(service) == READY


# The maintenance file


def test_maintenance_file(daemon, tmp_path):
    """It comes and goes, and is seen within about a second; a start finds it before the first client does."""
    path = tmp_path / "maintenance"
    path.touch()
    service = daemon({"tcp": tcp(greeting=SAYS), "agent": agent()}, maintenance_file=str(path))
    reason = f"maintenance_file exists: {path}"[:64]
    assert said(service, "tcp") == f"maint 100% [{reason}]\n" and said(service, "agent") == f"maint # {reason}\n"
    path.unlink()
    wait_said(service, READY, "tcp")
    set_state(service, "drain 50% by hand")
    path.touch()
    started = time.monotonic()
    wait_said(service, f"maint 50% [{reason}]\n", "tcp")
    assert time.monotonic() - started < 5 * SLOWNESS
    assert ask(service, "state").items() >= {"origin": "maintenance_file", "state": "maint", "set": {
        "state": "drain", "weight": 50, "reason": "by hand"}}.items()
    set_state(service, "maint by hand")
    assert said(service, "tcp") == "maint 100% [by hand]\n", "the operator's reason comes first"
    set_state(service, "ready")
    path.unlink()
    wait_said(service, READY, "tcp")
    service.wait_log(r"^State: maint, weight 50%: maintenance_file exists: .* \(maintenance_file\)$")


def test_maintenance_file_by_reload(daemon, tmp_path):
    """Another file, or none, counts from the reload on."""
    service = daemon({"tcp": tcp(greeting=SAYS)})
    (tmp_path / "here").touch()
    reconfigure(service, maintenance_file=str(tmp_path / "here"))
    assert ask(service, "reload")["code"] == 0
    wait_until(lambda: said(service).startswith("maint "), "the file is seen")
    reconfigure(service, maintenance_file="")
    assert ask(service, "reload")["code"] == 0
    wait_said(service, READY)


def test_maintenance_file_with_an_odd_name(daemon):
    """What cannot stand in a reason does not, and a long one is cut."""
    with tempfile.TemporaryDirectory() as directory:
        path = f"{directory}/o\"d'd\\\n{'x' * 80}"
        with open(path, "wb"):
            service = daemon({"tcp": tcp(greeting="${reason}\n")}, maintenance_file=path)
        assert said(service) == f"maintenance_file exists: {directory}/o?d?d??{'x' * 80}"[:64] + "\n"


# The end


def test_stop_says_drain(daemon):
    """While clients are greeted on, load balancers learn that there will be no service; nobody can say otherwise."""
    service = daemon({"tcp": tcp(greeting=SAYS), "agent": agent()}, timeouts={"drain_delay": 60.0})
    set_state(service, "ready 50%")
    os.kill(service.pid, signal.SIGTERM)
    wait_said(service, "drain # stopping\n", "agent")
    assert said(service, "tcp") == "drain 50% [stopping]\n"
    status = ask(service, "status")
    assert (status["state"], status["readiness"]["state"], status["readiness"]["origin"]) == ("stopping", "drain", "stop")
    assert ask(service, "state ready")["code"] == EX_OSERR
    assert said(service, "agent") == "drain # stopping\n"
    assert (service.runtime / "state").read_text() == "ready 50%\n", "what a stop says is not kept"
    assert "stopping" not in service.log(), "that the service stops is in the log already"
    service.stop()


def test_maint_is_worse_than_a_stop(daemon):
    """The worst counts, and its reason."""
    service = daemon({"agent": agent()}, timeouts={"drain_delay": 60.0})
    set_state(service, "maint broken")
    os.kill(service.pid, signal.SIGTERM)
    wait_status(service, "stopping")
    assert said(service) == "maint # broken\n"
    service.stop()


# HAProxy


class Balancer:
    """A HAProxy with one server, seen through its socket."""

    def __init__(self, path):
        self.path = path

    def server(self):
        """What it says of the server: its status, and its weight, which a drain or maintenance leaves as it was."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(self.path)
            client.sendall(b"show stat out 4 -1\n")
            text = b"".join(iter(lambda: client.recv(65536), b"")).decode()
        rows = csv.DictReader(text.removeprefix("# ").splitlines())
        row = next(row for row in rows if row["svname"] == "one")
        return row["status"].removesuffix(" (agent)"), int(row["weight"])

    def wait(self, *expected):
        """Waits until it sees the server so."""
        with contextlib.suppress(AssertionError):
            wait_until(lambda: self.server() == expected, expected)
        assert self.server() == expected


@pytest.fixture(name="balanced")
def fixture_balanced(daemon, tmp_path):
    """A service, and a HAProxy that asks its agent."""
    service = daemon({"tcp": tcp(), "agent": agent()}, timeouts={"drain_delay": 60.0})
    place = str(tmp_path / "haproxy.sock")
    server = (f"127.0.0.1:{service.address('tcp')[1]} weight 100 check inter 100ms agent-check "
              f"agent-port {service.address('agent')[1]} agent-inter 100ms")
    with proxies.haproxy(tmp_path, free_port(), server, stats=place):
        yield service, Balancer(place)


def test_haproxy_follows(balanced, sockgreetctl):
    """Ready, half, none, drain, maint, and back from each; the descriptions do no harm."""
    service, balancer = balanced
    balancer.wait("UP", 100)
    for words, status, weight in ((["ready", "50%"], "UP", 50), (["drain"], "DRAIN", 50), (["maint"], "MAINT", 50),
                                  (["ready"], "UP", 100), (["ready", "256%"], "UP", 256), (["ready", "0%"], "UP", 0),
                                  (["ready", "75%", "down", "#", "maint"], "UP", 75),
                                  (["maint", "ready", "up", "100%"], "MAINT", 75), (["drain", "maint"], "DRAIN", 75),
                                  (["ready", "50%"], "UP", 50)):
        done = sockgreetctl(service, "state", *words)
        assert done.code == 0, done
        balancer.wait(status, weight)
    os.kill(service.pid, signal.SIGTERM)
    balancer.wait("DRAIN", 50)
    service.stop()
