# SPDX-License-Identifier: MIT
"""The commands of doc/operating.md that need no service manager run, and print what stands there; those that read the journal
read a sample of it."""

import json
import pathlib
import re

import pytest

from conftest import needs_root
from documented import fits
from machine import Machine

TOP = pathlib.Path(__file__).parents[2]
PAGE = TOP / "doc/operating.md"
# The page's listeners, on addresses of this machine.
CONFIGURATION = """
listeners = {
    tcp = { type = "tcp"; };
    udp = { type = "udp"; };
    local = { type = "unix"; path = "/run/sockgreet/greet.sock"; };
    agent = { type = "tcp"; port = 12349; service = "agent"; };
    slow = { type = "tcp"; port = 12346; delay = 0.5; };
};
"""
# What only a booted system can do; tests/system does it.
OF_THE_MANAGER = ("systemctl ", "journalctl -f ", "journalctl -u sockgreet -p ", "cp -p /etc/")


def commands():
    """The commands of the page, each with what is printed below it."""
    found = []
    for block in re.findall(r"^    [$#] .*\n(?:    .*\n)*", PAGE.read_text(), re.M):
        for line in (line[4:] for line in block.splitlines()):
            if re.match(r"[$#] ", line):
                found.append((line[2:], []))
            elif found[-1][0].endswith("|") or found[-1][0].count("'") % 2:
                found[-1] = (f"{found[-1][0]}\n{line}", [])
            else:
                found[-1][1].append(line)
    return found


def is_for_the_manager(command):
    return command.startswith(OF_THE_MANAGER)


def sample(counts):
    """A journal as JSON that gives these counts: of addresses, or of results, listeners and addresses."""
    lines = [json.dumps({"MESSAGE": "Ready"})]
    for count in counts:
        number, _, what = count.strip().partition(" ")
        result, listener, address = what.split("\t") if "\t" in what else ("sent", "tcp", what)
        lines += [json.dumps({"SOCKGREET_RESULT": result, "SOCKGREET_LISTENER": listener, "SOCKGREET_CLIENT_ADDRESS": address,
                              "SOCKGREET_DURATION_USEC": "1500000"})] * int(number)
    return "\n".join(lines) + "\n"


@pytest.fixture(name="machine")
def fixture_machine(spawn, namespace, tmp_path):
    namespace.add_address("192.0.2.17")
    return Machine(namespace, spawn, tmp_path / "home")


def test_fields_are_those_of_the_manual():
    known = (TOP / "man/sockgreetd.8").read_text()
    fields = set(re.findall(r"SOCKGREET_\w+", PAGE.read_text()))
    assert len(fields) >= 5
    for field in fields:
        assert re.search(rf"^\.It Dv .*\b{field}\b", known, re.M), field


@pytest.mark.parametrize("message", [
    "the file was refused, so the last good one is in effect: ", "unknown setting; did you mean ",
    "limits.connections is reached", ", trying again", "the service may create sockets only below ", "the service is not a member of group "])
def test_quoted_messages_are_those_of_the_programs(message):
    """They need a service manager, or users and groups, to appear; tests/system provokes them."""
    assert message.strip() in re.sub(r"\s+", " ", PAGE.read_text())
    assert any(message in path.read_text() for path in (TOP / "src").rglob("*.c"))


def test_each_command_is_tested_or_needs_the_manager():
    assert len(commands()) >= 20
    for command, _ in commands():
        assert is_for_the_manager(command) or command.startswith(("sockgreet", "journalctl ")), command


@needs_root
def test_journal(machine):
    machine.configure(CONFIGURATION)
    machine.run("printf '#!/bin/sh\\ncat /run/home/sample\\n' >/run/bin/journalctl; chmod +x /run/bin/journalctl")
    tried = [(command, expected) for command, expected in commands() if re.match("journalctl .* jq ", command, re.S)]
    assert len(tried) == 3
    for command, expected in tried:
        machine.run(f"cat >/run/home/sample <<'END'\n{sample(expected or ['1 192.0.2.17'])}END")
        printed = machine.run(command).splitlines()
        if expected:
            assert [line.split() for line in printed] == [line.split() for line in expected]
        else:
            assert printed == ["1.5\tsent\ttcp\t192.0.2.17"]


@needs_root
def test_commands(machine):
    """In turn, with a second in place of twelve; of tables and statistics, what begins their lines."""
    machine.configure(CONFIGURATION)
    for command, expected in commands():
        if is_for_the_manager(command) or not command.startswith("sockgreet"):
            continue
        printed = machine.run(command.replace("-w 12", "-w 1").replace("sockgreetd -t", "sockgreetd -t -c sockgreet.conf")
                              .replace("/etc/", "/run/home/").replace("/root/", "/run/")).splitlines()
        if command == "sockgreetctl status":
            assert [line[:15] for line in printed[1:]] == [line[:15] for line in expected[1:]]
        elif command == "sockgreetctl listeners" and expected:
            assert printed[0].split() == [word for word in expected[0].split() if word != "REFUSALS"]
        elif command.startswith("sockgreet -q"):
            words = [[re.findall("[a-z]+", line)[:2] for line in lines[:3]] for lines in (printed, expected)]
            assert words[0] == words[1]
        elif command.startswith("sockgreet -c"):
            assert fits(expected[:2], [line for line in printed if line.startswith("seq=")])
        elif expected:
            assert fits(expected, printed), f"{command}: {printed}"
    assert machine.run("cmp /run/sockgreet.conf /run/home/sockgreet.conf") == ""
