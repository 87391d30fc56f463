# SPDX-License-Identifier: MIT
"""What the service says about itself, to whom: the control socket, the unit's status text, ps."""

import json
import re
import socket
import threading
import time

from clients import LingeringClient, greet
from common import CONF, GREETING, NOBODY, SOURCE, UNIT, configuration, expect, wait_until

CONTROL = "/run/sockgreet/control.sock"
EX_NOPERM = 77
RELOADS = 100
ASKING = ("status", "counters")  # in turn


def ask(machine, request):
    """One question over the control socket, by this process."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(machine.root + CONTROL)
        client.sendall(f"{request}\n".encode())
        return json.loads(b"".join(iter(lambda: client.recv(65536), b"")))


class Repeating(threading.Thread):
    """Does the same again and again while the block runs, and keeps what came of it; the first failure ends it."""

    def __init__(self, action):
        super().__init__(daemon=True)
        self.action, self.over = action, threading.Event()
        self.results, self.error = [], None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join(20)

    def run(self):
        try:
            while not self.over.is_set():
                self.results.append(self.action(len(self.results)))
        except Exception as error:  # pylint: disable=broad-except; what it was is the case's business
            self.error = error


def check_status(answer, pid):
    """An answer during reloads that all succeed: whatever the moment, it is whole and nothing is wrong."""
    expect(answer["pid"] == pid and answer["state"] in ("serving", "reloading"), f"{answer}")
    expect(answer["workers"] == {"ready": 2, "wanted": 2} and answer["restarts"] == 0, f"{answer}")
    expect(answer["listeners"] == {"up": 4, "down": 0, "trouble": ""}, f"{answer}")
    expect(answer["last_failure"] is None and answer["refused"] is None, f"{answer}")
    expect(all(gone["generation"] < answer["generation"] for gone in answer["finishing"]), f"{answer}")
    expect(answer["configuration"]["file"] == CONF, f"{answer}")


def never_falls(numbers, what):
    """These figures must be in order."""
    for first, second in zip(numbers, numbers[1:]):
        expect(first <= second, f"{what}: {second} after {first}")


def status_during_reloads(machine):
    """Asked as fast as it goes during 100 reloads, with clients: every answer is consistent."""
    machine.fresh()
    main = machine.main_pid()
    started = time.monotonic()
    with Repeating(lambda i: ask(machine, ASKING[i % 2])) as asker, Repeating(lambda _: greet(machine)) as client:
        for _ in range(RELOADS):
            machine.systemctl("reload")
    took = time.monotonic() - started
    expect(not asker.error and not client.error, f"asking: {asker.error!r}; a client: {client.error!r}")
    expect(set(client.results) == {GREETING.encode()}, "a wrong greeting")
    states, counters = asker.results[::2], asker.results[1::2]
    expect(len(states) > RELOADS, f"only {len(states)} answers")
    for answer in states:
        check_status(answer, main)
    for answer in counters:
        expect(answer["served"] == answer["sent"] and answer["written"] <= answer["served"], f"{answer}")
    never_falls([answer["generation"] for answer in states], "generation")
    greeted = [answer["greeted" if "greeted" in answer else "served"] for answer in asker.results]
    never_falls(greeted, "greeted")
    expect(machine.generation() == RELOADS + 1, f"generation {machine.generation()} after {RELOADS} reloads")
    wait_until(lambda: ask(machine, "status")["greeted"] == len(client.results), f"{len(client.results)} greeted")
    return f"{len(asker.results) / took:.0f} answers and {len(client.results) / took:.0f} greetings a second for {took:.1f} s"


def run_as(machine, uid, groups, *command):
    """Runs a command as such a user, with these groups. Returns (exit code, standard output, standard error)."""
    return machine.run("setpriv", f"--reuid={uid}", f"--regid={uid}",
                       f"--groups={','.join(groups)}" if groups else "--clear-groups", "--", *command, check=False)


def who_may_what(machine):
    """An ordinary user may look at everything and change nothing; a member of the group sockgreet may reload."""
    machine.fresh()
    for command, wanted in (("status", "is serving\nRunning since "), ("listeners", "12345"), ("workers", "serving"),
                            ("counters", "served"), ("config", "listeners")):
        code, out, err = run_as(machine, NOBODY, [], "sockgreetctl", command)
        expect(code == 0 and wanted in out and not err, f"sockgreetctl {command}: exit code {code}: {out}{err}")
    code, out, err = run_as(machine, NOBODY, [], "sockgreetctl", "reload")
    expect(code == EX_NOPERM and not out, f"sockgreetctl reload: exit code {code}: {out}{err}")
    expect(re.search(r"'reload' is allowed for root, .* control\.group", " ".join(err.split())), f"it says {err!r}")
    expect(machine.generation() == 1, "it was reloaded nevertheless")
    code, out, err = run_as(machine, NOBODY, [machine.output("id", "-g", "sockgreet").strip()], "sockgreetctl", "reload")
    expect(code == 0 and machine.generation() == 2, f"a member of the group: exit code {code}: {out}{err}")
    return "5 commands; reload refused with 77, and allowed to the group"


def status_at_the_end(machine):
    """While it drains and after it has stopped, the unit's status says so, with the true number of clients."""
    machine.fresh(configuration(settings="timeouts = { linger = 20; linger_total = 20; };"))
    for _ in range(7):
        greet(machine)
    client = LingeringClient(machine, 3.0)
    wait_until(lambda: client.size == len(GREETING), "the client's greeting")
    machine.systemctl("stop", "--no-block")
    text = wait_until(lambda: (said := machine.show("StatusText")).startswith("Draining: ") and said, "Draining: ...", 3)
    client.finish()
    expect(re.match(r"Draining: [12] workers? finishing, [78] greeted", text), f"while it drains: {text!r}")
    wait_until(lambda: machine.show("ActiveState") == "inactive", "the stop")
    stopped = machine.show("StatusText")
    expect(stopped.startswith("Stopped: 8 greeted"), f"when it has stopped: {stopped!r}")
    shown = machine.systemctl("status", check=False)[1]
    expect(stopped in shown, f"systemctl status says {shown}")
    machine.systemctl("start")
    return f"{text!r}, {stopped!r}"


def state_is_kept(machine):
    """What sockgreetctl state has set is there after a restart, and after a stop and a start; the unit's status says it."""
    machine.fresh()
    machine.run("sockgreetctl", "state", "drain", "50%", "kernel update")
    for verbs in (["restart"], ["stop", "start"]):
        for verb in verbs:
            machine.systemctl(verb)
        state = ask(machine, "state")
        expect((state["state"], state["weight"], state["reason"]) == ("drain", 50, "kernel update"), f"{verbs}: {state}")
        text = machine.show("StatusText")
        expect(text.startswith("DRAIN (kernel update). Generation 1"), f"{verbs}: the status is {text!r}")
    machine.run("sockgreetctl", "state", "ready")
    wait_until(lambda: machine.show("StatusText").startswith("Generation 1"), "the status says nothing of it any more")
    return f"{text!r}"


def commands_of_the_operators_page(machine):
    """Those of doc/operating.md for a running service: counters in the journal, and a drain that is ended early."""
    with open(f"{SOURCE}/doc/operating.md", encoding="utf-8") as page:
        text = page.read()
    log_counters, end_drain = (f"systemctl kill -s {name} sockgreet" for name in ("SIGUSR1", "SIGINT"))
    expect(f"`{log_counters}`" in text and f"`{end_drain}`" in text, "the page has other commands")
    machine.fresh(configuration(settings="timeouts = { drain_delay = 600.0; };"))
    since = machine.now()
    machine.run(*log_counters.split())
    wait_until(lambda: any("taken" in str(entry["MESSAGE"]) for entry in machine.journal(since)), "the counters in the journal")
    stopping = machine.popen("systemctl", "stop", UNIT)
    wait_until(lambda: machine.ask("status")["state"] == "stopping", "the phase 'stopping'")
    expect(greet(machine) == GREETING.encode(), "during the delay clients are not greeted")
    machine.run(*end_drain.split())
    stopping.communicate(timeout=20)
    machine.started.remove(stopping)
    expect(machine.show("ActiveState") == "inactive", f"the unit is {machine.show('ActiveState')}")
    return "counters logged, drain ended"


def titles(machine):
    """ps tells the master from its workers, and the workers of one generation from those of another."""
    machine.fresh()
    machine.systemctl("reload")
    wait_until(lambda: len(machine.pids()) == 3, "the first generation to end")
    title = {pid: machine.output("cat", f"/proc/{pid}/cmdline").rstrip("\0") for pid in machine.pids()}
    expect(title.pop(machine.main_pid()) == f"sockgreetd: master {CONF}", "the master is called something else")
    wanted = [f"sockgreetd: worker {i} of generation 2" for i in (0, 1)]
    expect(sorted(title.values()) == wanted, f"the workers are called {sorted(title.values())}")
    shown = machine.systemctl("status")[1]
    expect(all(text in shown for text in [f"sockgreetd: master {CONF}", *wanted]), f"systemctl status {UNIT} says {shown}")
    return ", ".join(wanted)


CASES = [status_during_reloads, who_may_what, status_at_the_end, state_is_kept, commands_of_the_operators_page,
         titles]
