# SPDX-License-Identifier: MIT
"""What README.md says about the installed service: its commands, as they stand there."""

import os
import re

from cases_instances import conf_of, forget
from clients import greet, greeted_text
from common import CONF, GREETING, SOCKET_UNIT, SOURCE, UNIT, expect

INSTALL = "sudo apt install "
INSTANCE, INSTANCE_PORT = "blue", 12503
INSTANCE_TEXT = f'greeting = "Instance\\r\\n";\nlisteners = {{ tcp = {{ type = "tcp"; port = {INSTANCE_PORT}; }}; }};\n'
# Replaces the file, without asking, by one that the test wrote.
EDITOR = '#!/bin/sh -eu\nexec cp /tmp/edited "$1"\n'
EDITED = 'greeting = "Edited\\r\\n";\n'
# The cases are root, and systems without sudo are tested too. Programs are found as by an ordinary user, and by sudo.
USER = """
PATH=/usr/local/bin:/usr/bin:/bin
sudo() (
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    "$@"
)
"""


def section(name):
    """The text of a section."""
    with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
        return file.read().partition(f"\n## {name}\n")[2].partition("\n## ")[0]


def blocks(name, language):
    """The blocks of a language in a section."""
    return re.findall(rf"^```{language}\n(.*?)^```$", section(name), re.M | re.S)


def commands(name):
    """The commands of a section, without their remarks."""
    found = [line.partition(" #")[0].strip() for text in blocks(name, "sh") for line in text.splitlines()]
    expect(found, f"README.md has no commands under {name}")
    return found


def as_printed(machine, command, edited=""):
    """What a command prints; an editor, if it starts one, saves this text."""
    machine.write("/tmp/edited", edited)
    machine.write("/usr/local/bin/editor", EDITOR)
    machine.run("chmod", "755", "/usr/local/bin/editor")
    try:
        return machine.output("sh", "-euc", USER + command)
    finally:
        machine.run("rm", "/usr/local/bin/editor", "/tmp/edited")


def enabled_and_started(machine):
    """After "apt install" the service is enabled and runs, and the socket unit is there but idle."""
    command = next((command for command in commands("Install") if command.startswith(INSTALL)), None)
    expect(command, "README.md does not say how to install")
    machine.run("sh", "-euc", f"{USER}cd {machine.packages}; {command}", timeout=120)
    states = {unit: machine.output("systemctl", "show", unit, "-p", "ActiveState,UnitFileState", "--value").split()
              for unit in (UNIT, SOCKET_UNIT)}
    expect(states == {UNIT: ["active", "enabled"], SOCKET_UNIT: ["inactive", "disabled"]}, f"the units are {states}")
    expect(machine.output("stat", "-c", "%a %U", CONF) == "644 root\n", f"{CONF} is not as it should be")
    greeted_text(machine)
    return command


def readme_tour(machine):
    """The other commands of the section, with an editor that changes the greeting."""
    before = machine.output("cat", CONF)
    tour = [command for command in commands("Install") if not command.startswith(("scripts/", INSTALL))]
    said = [as_printed(machine, command, EDITED) for command in tour]
    answers = [text.strip() for text, command in zip(said, tour) if command == "sockgreet localhost"]
    expect(answers == [GREETING.strip(), "Edited"], f"the client's answers were {answers}")
    expect("Status: \"Generation 1 serving: 2 of 2 workers" in said[0], f"{tour[0]} says {said[0]}")
    entries = [line for line in said[-1].splitlines() if "Got connection from" in line]
    expect(len(entries) >= 2, f"{tour[-1]} says {said[-1]}")
    machine.write(CONF, before)
    machine.systemctl("reload")
    return "; ".join(tour)


def readme_configuration(machine):
    """The file of the section, checked and put into effect by its commands."""
    before = machine.output("cat", CONF)
    (text,) = blocks("Configure", "conf")
    machine.write(CONF, text)
    names = sorted(re.findall(r"^  ([\w-]+) += \{ type", text, re.M))
    try:
        check, _, listeners, config = [as_printed(machine, command) for command in commands("Configure")]
        expect("configuration OK" in check, f"the check says {check}")
        expect(sorted(line.split()[0] for line in listeners.splitlines()[1:]) == names, f"{listeners} are not {names}")
        expect(all(f"{name} = " in config for name in names), f"the configuration is {config}")
        expect(" this is " in machine.output("sockgreet", "localhost"), "the greeting is not that of the file")
    finally:
        machine.write(CONF, before)
        machine.systemctl("reload")
    return ", ".join(names)


def readme_instance(machine):
    """The commands of the section, with an editor that gives the instance a port of its own."""
    machine.fresh()
    try:
        said = [as_printed(machine, command, INSTANCE_TEXT) for command in commands("Several instances")]
        expect("configuration OK" in said[1], f"the check says {said[1]}")
        expect(conf_of(INSTANCE) in said[-1] and " is serving\n" in said[-1], f"the status is {said[-1]}")
        expect(greet(machine, INSTANCE_PORT) == b"Instance\r\n", "the instance greets otherwise")
        greeted_text(machine)
    finally:
        forget(machine, INSTANCE)
    return "; ".join(commands("Several instances"))


FIRST = [enabled_and_started, readme_tour, readme_configuration]
CASES = [readme_instance]
