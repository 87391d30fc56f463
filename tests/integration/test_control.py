# SPDX-License-Identifier: MIT
"""The control socket: what it answers to whom, that the answer is true at the moment, and that nobody who connects to it
can keep it from anybody else."""

import contextlib
import grp
import json
import os
import re
import signal
import socket
import threading
import time

import pytest

from clients import connect, greet
from operations import ask, reconfigure, told, wait_drained, wait_status, write_configuration
from processes import SANITIZER, SLOWNESS, is_running, run_as, wait_until
from service import GREETING, tcp, udp, unix

EX_USAGE, EX_OSERR, EX_NOPERM, EX_CONFIG = 64, 71, 77, 78
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def dial(service):
    """A connection to the control socket."""
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(10 * SLOWNESS)
    client.connect(str(service.runtime / "control.sock"))
    return client


def read_answer(client):
    """The answer as it came."""
    return b"".join(iter(lambda: client.recv(65536), b""))


def counted(service):
    """What status says is greeted."""
    return ask(service, "status")["greeted"]


# What is answered


def test_status(daemon, tmp_path):
    """Everything that status promises, and figures of the moment: three greetings were "0 greeted" for up to five
    seconds."""
    service = daemon({"tcp": tcp(), "udp": udp(shards=2), "local": unix(tmp_path / "greet.sock")})
    status = ask(service, "status")
    assert (status["pid"], status["state"], status["generation"]) == (service.pid, "serving", 1)
    assert status["listeners"] == {"up": 3, "down": 0, "trouble": ""}
    assert status["workers"] == {"ready": 2, "wanted": 2}
    assert (status["finishing"], status["restarts"], status["last_failure"], status["refused"]) == ([], 0, None, None)
    assert status["configuration"]["file"] == str(service.configuration)
    modified = status["configuration"]["modified"]
    assert modified["seconds"] * 10**9 + modified["nanoseconds"] == service.configuration.stat().st_mtime_ns
    assert status["last_reload"] is None and 0 <= status["uptime"] < 600
    for text in (status["started"], status["state_since"], status["configuration"]["loaded"],
                 status["configuration"]["in_effect_since"]):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text), text
    for number in range(1, 4):
        assert greet(service.address("tcp")) == GREETING
        # the greeting may be read before it is counted
        wait_until(lambda: counted(service) == number, f"{number} greeted", 1)  # pylint: disable=cell-var-from-loop


def clients_of(service, name):
    """Greetings and refusals of a listener."""
    found = [(listener["greetings"], listener["refusals"])
             for listener in ask(service, "listeners")["listeners"] if listener["name"] == name]
    assert len(found) == 1
    return found[0]


def test_clients_are_counted_by_listener(daemon):
    """What a listener counted stays its own when workers are killed, and when a reload numbers listeners anew or leaves
    one out for a while; all of them together are the service's."""
    first, second = tcp(), tcp(deny=["127.0.0.0/8"])
    service = daemon({"a": first, "b": second}, workers={"processes": 2, "threads": 2})
    for _ in range(7):
        assert greet(service.address("a")) == GREETING
    for _ in range(3):
        assert greet(service.address("b")) == b""
    wait_until(lambda: (clients_of(service, "a"), clients_of(service, "b")) == ((7, 0), (0, 3)), "all are counted")
    for worker in service.workers():
        os.kill(worker, signal.SIGKILL)
    wait_until(lambda: all(worker["restarts"] == 1 and worker["state"] == "serving"
                           for worker in ask(service, "workers")["workers"]), "successors serve")
    assert (clients_of(service, "a"), clients_of(service, "b")) == ((7, 0), (0, 3))
    for listeners in ({"b": second}, {"c": tcp(), "b": second, "a": first}):
        reconfigure(service, listeners=listeners)
        assert ask(service, "reload", 30)["code"] == 0
        assert clients_of(service, "b") == (0, 3)
    wait_drained(service, 2)
    assert greet(service.address("a")) == GREETING
    wait_until(lambda: clients_of(service, "a") == (8, 0), "it goes on where it was")
    assert (clients_of(service, "b"), clients_of(service, "c")) == ((0, 3), (0, 0))
    assert counted(service) == 11


def greet_on_and_on(address, done):
    """Asks for greetings until it is done; a worker that is killed may take its client along."""
    while not done.is_set():
        with contextlib.suppress(OSError):
            greet(address)


def test_no_counter_goes_back(daemon):
    """Whatever is killed or loaded again while clients come, and whatever listeners are called meanwhile."""
    first, second = tcp(), udp()
    service = daemon({"a": first, "u": second}, workers={"processes": 2, "threads": 1})
    done, seen = threading.Event(), {}
    greeter = threading.Thread(target=greet_on_and_on, args=(service.address("a"), done))

    def look():
        numbers = {("service", name): value for name, value in ask(service, "counters").items()}
        numbers |= {(listener["name"], kind): listener[kind] for listener in ask(service, "listeners")["listeners"]
                    for kind in ("greetings", "refusals")}
        for name, value in numbers.items():
            assert value >= seen.get(name, 0), (name, value, seen)
        seen.update(numbers)

    greeter.start()
    try:
        for turn in range(4):
            reached = seen.get(("a", "greetings"), 0) + 20
            os.kill(service.workers()[-1], signal.SIGKILL)
            wait_until(lambda: look() or seen.get(("a", "greetings"), 0) >= reached,  # pylint: disable=cell-var-from-loop
                       "clients are greeted meanwhile")
            reconfigure(service, listeners={"a": first, "u": second} if turn % 2 else {"new": udp(), "a": first})
            reload = threading.Thread(target=ask, args=(service, "reload", 30))
            reload.start()
            while reload.is_alive():
                look()
        wait_until(lambda: look() or len(service.workers()) == 2, "the old workers have ended")
    finally:
        done.set()
        greeter.join()
    assert seen[("service", "taken")] >= 80


def test_listeners(daemon, tmp_path):
    """Where it listens, a line for each endpoint; a listener whose file is gone is down, and says why."""
    service = daemon({"tcp": tcp(), "udp": udp(shards=2), "local": unix(tmp_path / "greet.sock")})
    listeners = {listener["name"]: listener for listener in ask(service, "listeners")["listeners"]}
    port = service.address("tcp")[1]
    assert listeners["tcp"] == {"name": "tcp", "transport": "tcp", "endpoint": f"127.0.0.1:{port}", "interface": "",
                                "sockets": 1, "state": "up", "trouble": "", "greetings": 0, "refusals": 0,
                                "connections": 0}
    assert (listeners["udp"]["sockets"], listeners["local"]["endpoint"]) == (2, str(tmp_path / "greet.sock"))
    os.unlink(tmp_path / "greet.sock")
    local = next(listener for listener in ask(service, "listeners")["listeners"] if listener["name"] == "local")
    assert local["state"] == "down" and local["trouble"].startswith("its path is gone")
    status = ask(service, "status")
    assert (status["listeners"]["up"], status["listeners"]["down"]) == (2, 1)
    assert status["listeners"]["trouble"].startswith("local: its path is gone")


def test_workers_and_generations(daemon):
    """Workers that finish belong to their generation: "4 of 2 workers" was said after every reload."""
    service = daemon({"tcp": tcp(greeting="x" * 100000)}, timeouts={"drain": 30, "send": 30})
    with connect(service.address()):
        service.wait_counter("taken", 1)
        assert ask(service, "reload")["generation"] == 2
        status = wait_until(lambda: (s := ask(service, "status"))["finishing"] and s, "the old one finishes")
        assert status["workers"] == {"ready": 2, "wanted": 2}
        assert status["finishing"][0]["generation"] == 1 and status["finishing"][0]["workers"] in (1, 2)
        workers = ask(service, "workers")["workers"]
        assert sorted(w["worker"] for w in workers if w["generation"] == 2) == [0, 1]
        assert {w["state"] for w in workers if w["generation"] == 2} == {"serving"}
        assert {w["state"] for w in workers if w["generation"] == 1} == {"finishing"}
    wait_until(lambda: ask(service, "status")["finishing"] == [], "it has finished")
    assert sorted(w["pid"] for w in ask(service, "workers")["workers"]) == sorted(service.workers())


def test_what_is_in_effect_since_when(daemon):
    """A refused reload changes neither the configuration in effect nor since when the service serves, and is told with its
    reason; the next one takes effect, and the service still serves since its start."""
    service = daemon({"tcp": tcp()})
    good, first = service.configuration.read_bytes(), ask(service, "status")
    write_configuration(service, "greting = 3;\nlisteners = 4;\n")
    answer = ask(service, "reload")
    status = ask(service, "status")
    for name in ("started", "state", "state_since", "generation", "configuration"):
        assert status[name] == first[name], name
    last = status["last_reload"]
    assert (last["result"], last["code"], last["reason"]) == ("refused", EX_CONFIG, answer["error"].splitlines()[0])
    assert last["reason"].startswith(f"{service.configuration}:1: greting: ")
    assert last["time"] >= first["configuration"]["in_effect_since"]
    write_configuration(service, good)
    assert ask(service, "reload")["code"] == 0
    status = ask(service, "status")
    assert (status["state"], status["state_since"], status["generation"]) == ("serving", first["state_since"], 2)
    assert (status["last_reload"]["result"], status["last_reload"]["reason"]) == ("succeeded", None)
    configuration = status["configuration"]
    assert last["time"] <= configuration["loaded"] <= configuration["in_effect_since"] <= status["last_reload"]["time"]


def test_failure_until_the_next_success(daemon):
    """The last failure is shown with its time until the same goes well: a mended one stayed for ever."""
    service = daemon({"tcp": tcp()})
    good = service.configuration.read_bytes()
    write_configuration(service, "greting = 3;\n")
    refused = ask(service, "reload")
    assert refused["code"] == EX_CONFIG and "greting" in refused["error"]
    failure = ask(service, "status")["last_failure"]
    assert failure["text"].startswith("reload refused: ") and "greting" in failure["text"]
    write_configuration(service, good)
    assert ask(service, "reload")["code"] == 0
    assert ask(service, "status")["last_failure"] is None
    wait_drained(service, 2)
    victim = service.workers()[0]
    os.kill(victim, signal.SIGKILL)
    failed = wait_until(lambda: ask(service, "status")["last_failure"], "the failure is told")
    assert f"pid {victim}" in failed["text"] and "KILL" in failed["text"]
    wait_until(lambda: ask(service, "status")["last_failure"] is None, "its successor has lasted")
    exits = [w["last_exit"] for w in ask(service, "workers")["workers"]]
    assert any("KILL" in text for text in exits), exits
    assert ask(service, "status")["restarts"] == 1


def test_death_of_a_worker_is_no_reason_for_a_refusal(daemon):
    """What the death of a worker says during a reload was taken for the reason why the reload was refused."""
    service = daemon({"tcp": tcp()}, workers={"processes": 8, "threads": 1})
    write_configuration(service, "greting = 3;\n")
    for worker in service.workers()[:6]:
        os.kill(worker, signal.SIGKILL)
    refused = ask(service, "reload")
    assert refused["code"] == EX_CONFIG and "greting" in refused["error"]
    assert "killed" not in refused["error"] and refused["error"].count("\n") == 0, refused


def test_counters_and_configuration(daemon):
    """Counters are numbers; config is what is in effect, with what the file leaves open as it has come out."""
    service = daemon({"tcp": tcp(), "udp": udp()}, workers={"processes": 1, "threads": 0})
    greet(service.address("tcp"))
    service.wait_counter("served", 1)
    counters = service.wait_accounted()
    answer = ask(service, "counters")
    assert {key: answer[key] for key in counters} == service.counters()
    config = ask(service, "config")
    threads = re.search(r"threads = (\d+);", config["text"])
    shards = re.search(r"shards = (\d+);", config["text"])
    assert int(threads[1]) == os.cpu_count() or int(threads[1]) == len(os.sched_getaffinity(0))
    assert 1 <= int(shards[1]) <= 8
    assert f'port = {service.address("tcp")[1]};' in config["text"]


def test_what_is_no_request(daemon):
    """The answer says what is allowed, and shows what came without its control characters."""
    service = daemon({"tcp": tcp()})
    for request in ("", "frobnicate", "status now", "\x1b[31mred", "x" * 200):
        answer = ask(service, request)
        assert answer["code"] == EX_USAGE and "allowed: status, listeners" in answer["error"], answer
        assert "\x1b" not in answer["error"]


def test_end_of_file_ends_a_request(daemon):
    """printf status | socat - UNIX-CONNECT:... works without a newline."""
    service = daemon({"tcp": tcp()})
    with dial(service) as client:
        client.sendall(b"status")
        client.shutdown(socket.SHUT_WR)
        assert json.loads(read_answer(client))["state"] == "serving"
    with dial(service) as client:  # and while it waits
        client.sendall(b"reload\n")
        client.shutdown(socket.SHUT_WR)
        assert json.loads(read_answer(client))["generation"] == 2


# Who may


def let_everybody_in(service):
    """The directories of tests are root's alone."""
    for directory in (service.runtime, *service.runtime.parents):
        if not directory.stat().st_mode & 1:
            directory.chmod(directory.stat().st_mode | 0o011)


@ROOT
def test_who_may_change(daemon):
    """Everybody may read; reload is for root, the user of the master and the members of control.group."""
    group = grp.getgrnam("games")
    service = daemon({"tcp": tcp()}, control={"group": group.gr_name})
    let_everybody_in(service)
    for uid, gid, groups, may in ((65534, 65534, [], False), (65534, group.gr_gid, [], True),
                                  (65534, 65534, [3, group.gr_gid, 7], True), (0, 0, [], True)):
        assert run_as(uid, gid, groups, lambda: ask(service, "status")["state"]) == "serving"
        answer = run_as(uid, gid, groups, lambda: ask(service, "reload"))
        if may:
            assert answer["code"] == 0, answer
        else:
            assert answer["code"] == EX_NOPERM and "control.group" in answer["error"]


@ROOT
def test_no_group(daemon):
    """An unknown group is a mistake; the default one need not exist, and "" is none."""
    service = daemon({"tcp": tcp()}, control={"group": ""})
    reconfigure(service, control={"group": "no-such-group"})
    refused = ask(service, "reload")
    assert refused["code"] == EX_CONFIG and re.search(r"sockgreet\.conf:\d+: control\.group: ", refused["error"])


# What cannot be done to it


def test_garbage(daemon):
    """A mebibyte of anything is answered with an error, and memory does not grow."""
    service = daemon({"tcp": tcp()})
    for garbage in (b"\xff" * (1 << 20), b"\n" * (1 << 20), b"status " * 150000):
        with dial(service) as client:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                client.sendall(garbage)
                client.shutdown(socket.SHUT_WR)
            assert json.loads(read_answer(client))["code"] == EX_USAGE
    assert ask(service, "status")["state"] == "serving"


def test_connections_that_do_nothing(daemon):
    """A hundred who say nothing, and a hundred who do not read, keep nobody out and are closed after a while."""
    service = daemon({"tcp": tcp()}, workers={"processes": 8, "threads": 1})
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(dial(service)) for _ in range(100)]
        deaf = [stack.enter_context(dial(service)) for _ in range(100)]
        for client in deaf:
            client.sendall(b"workers\n")
        started = time.monotonic()
        assert ask(service, "status")["state"] == "serving"
        assert time.monotonic() - started < 1 * SLOWNESS
        assert greet(service.address()) == GREETING
        for client in silent:
            assert client.recv(1) == b""
    assert ask(service, "status")["state"] == "serving"


@ROOT
def test_others_make_room_for_others(daemon):
    """An ordinary user's connections without end are bounded: the oldest makes room for the newest, and root's are not
    touched."""
    service = daemon({"tcp": tcp()})
    let_everybody_in(service)

    def flood():
        held = [dial(service) for _ in range(200)]
        answers = [ask(service, "status")["state"] for _ in range(3)]
        closed = sum(1 for client in held if is_closed_now(client))
        return answers, closed

    with dial(service) as mine:
        answers, closed = run_as(65534, 65534, [], flood)
        assert answers == ["serving"] * 3
        assert closed >= 200 - 64
        mine.sendall(b"status\n")
        assert json.loads(read_answer(mine))["state"] == "serving"


def test_own_connections_are_bounded_too(daemon):
    """Of root and the service's user there can be more, and there too the oldest makes room."""
    service = daemon({"tcp": tcp()})
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(dial(service)) for _ in range(256)]
        assert ask(service, "status")["state"] == "serving"
        assert [is_closed_now(client) for client in held] == [True] + [False] * 255


def is_closed_now(client):
    """Whether the other side has closed a connection."""
    client.setblocking(False)
    try:
        return client.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def test_client_that_leaves_while_it_waits(daemon):
    """Who asks for a reload and goes away changes nothing for the others."""
    service = daemon({"tcp": tcp()})
    for _ in range(20):
        with dial(service) as client:
            client.sendall(b"reload\n")
    assert ask(service, "reload")["code"] == 0
    assert ask(service, "status")["state"] == "serving"


def test_status_during_reloads(daemon, figures):
    """100 reloads while status is asked again and again: every answer is consistent."""
    service = daemon({"tcp": tcp()}, workers={"processes": 2, "threads": 1})
    reloads = 100 if not SANITIZER else 20
    answers, stop = [], threading.Event()

    def watch():
        while not stop.is_set():
            answers.append(ask(service, "status"))
            time.sleep(0.0005)

    watcher = threading.Thread(target=watch)
    watcher.start()
    started = time.monotonic()
    try:
        for number in range(reloads):
            assert ask(service, "reload")["generation"] == number + 2
    finally:
        stop.set()
        watcher.join()
    figures(f"{reloads} reloads and {len(answers)} answers in {time.monotonic() - started:.1f} s")
    assert len(answers) > reloads
    for answer in answers:
        assert answer["state"] in ("serving", "reloading"), answer
        assert answer["workers"] == {"ready": 2, "wanted": 2}, answer
        assert answer["listeners"]["up"] == 1 and answer["greeted"] == 0 and answer["restarts"] == 0, answer
        assert answer["last_failure"] is None, answer
        assert all(f["generation"] < answer["generation"] for f in answer["finishing"]), answer
    numbers = [answer["generation"] for answer in answers]
    assert numbers == sorted(numbers)


def test_state_while_it_waits(spawn, manager):
    """A start whose port is taken says what it waits for; who asks for a reload meanwhile is answered when it serves."""
    listener = tcp()
    with socket.create_server(("127.0.0.1", listener["port"])):
        service = spawn({"tcp": listener}, environment=manager.environment)
        status = wait_status(service, "waiting")
        assert f"cannot bind 127.0.0.1:{listener['port']}" in status["waiting"]
        assert status["configuration"] is None and status["listeners"]["up"] == 0
        client = dial(service)
        client.sendall(b"reload\n")
    with client:
        answer = json.loads(read_answer(client))
    assert answer["code"] == 0 and answer["generation"] == 2
    assert wait_status(service, "serving")["waiting"] == ""
    assert greet(service.address()) == GREETING
    service.stop()


@ROOT
def test_reload_during_a_start_that_fails(spawn):
    """Who asks for a reload while the first workers are tried is told when the service gives up: the connection was just
    closed. The model found it."""
    service = spawn({"tcp": tcp()}, prefix=["setpriv", "--bounding-set=-setuid", "--"])
    wait_status(service, "starting")
    with dial(service) as client:
        client.sendall(b"reload\n")
        answer = json.loads(read_answer(client))
    assert answer == {"error": "the service cannot start", "code": EX_OSERR}
    service.wait_stopped(expect=EX_OSERR)


def test_state_while_it_stops(daemon):
    """A service that drains says so, and who finishes; then its socket is gone."""
    service = daemon({"tcp": tcp(greeting="x" * 100000)}, timeouts={"drain": 30, "send": 30})
    with connect(service.address()):
        service.wait_counter("taken", 1)
        service.process.send_signal(signal.SIGTERM)
        status = wait_status(service, "draining")
        assert status["workers"] == {"ready": 0, "wanted": 0}
        assert sum(f["workers"] for f in status["finishing"]) >= 1
        assert ask(service, "reload")["code"] == EX_OSERR
    service.wait_stopped()
    assert told(service, "status") is None
    assert not list(service.runtime.glob("control.sock*"))


# Titles


def test_titles(daemon):
    """ps tells the master from its workers, and workers of one generation from those of another."""
    service = daemon({"tcp": tcp()})

    def title(pid):
        with open(f"/proc/{pid}/cmdline", encoding="ascii") as file:
            return file.read().rstrip("\0")

    assert title(service.pid) == f"sockgreetd: master {service.configuration}"
    assert sorted(title(pid) for pid in service.workers()) == [f"sockgreetd: worker {i} of generation 1" for i in (0, 1)]
    assert is_running(service.pid)
