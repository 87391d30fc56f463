# SPDX-License-Identifier: MIT
"""Commands that the documentation shows, and whether what they print is what is printed there."""

import re
import signal
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"(?P<stamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z)|(?P<clock>\d\d:\d\d:\d\d\.\d+)"
    r"|(?P<address>\d+(?:\.\d+){3}|\[[0-9a-f:.]+\])(?::(?P<port>\d+))?|(?P<word>[A-Za-z_]\w*(?:-\w+)*)"
    r"|(?P<number>\d+(?:\.\d+)*(?:e-?\d+)?)")
_PROMPT = re.compile(r"(?P<host>[a-z]+-\d)?\$ ")
_FIRST_EPHEMERAL = 32768  # ports from here on are the kernel's choice
KEYS = {"^C": signal.SIGINT, "^\\": signal.SIGQUIT}


@dataclass
class Command:
    """A command, the lines that print it, what is printed below it, and the host in its prompt."""

    text: str
    section: str
    expected: list = field(default_factory=list)
    printed: list = field(default_factory=list)
    host: str = ""


def commands_of(lines, section=""):
    """The commands in lines as of a terminal, each with the lines up to the next."""
    found = []
    for line in lines:
        if prompt := _PROMPT.match(line):
            found.append(Command(line[prompt.end():], section, printed=[line], host=prompt["host"] or ""))
        elif found and found[-1].text.endswith("\\"):
            found[-1].text = found[-1].text[:-1] + line.strip()
            found[-1].printed.append(line)
        elif found:
            found[-1].expected.append(line)
        else:
            raise AssertionError(f"output without a command: {line}")
    for command in found:
        while command.expected and not command.expected[-1].strip():
            command.expected.pop()
    return found


def commands_of_markdown(text):
    """Those of the blocks that are fenced."""
    found, section, block = [], "", None
    for line in text.splitlines():
        if line.startswith("```"):
            if block is not None:
                found += commands_of(block, section)
            block = [] if block is None else None
        elif block is not None:
            block.append(line)
        elif line.startswith("#"):
            section = line.lstrip("# ")
    assert block is None, "a fence is not closed"
    return found


def commands_of_manual(text):
    """Those of the section EXAMPLES of a page in mdoc."""
    section = re.search(r"^\.Sh EXAMPLES\n(.*?)^\.Sh", text, re.M | re.S)[1]
    found = []
    for block in re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", section, re.M | re.S):
        lines = [line.removeprefix("\\&") for line in block.splitlines()]
        found += commands_of([line.replace("\\(dq", '"').replace("\\e", "\\") for line in lines])
    return found


def _without_number(match):
    if match["stamp"]:
        return "STAMP"
    if match["clock"]:
        return "CLOCK"
    if match["address"]:
        port = match["port"]
        return match["address"] + (f":{port if int(port) < _FIRST_EPHEMERAL else 'PORT'}" if port else "")
    return "N" if match["number"] else match[0]


def without_numbers(line):
    """A line without its numbers and the blanks that align them, and without requests that happened to be outstanding when
    the user pressed Ctrl-C. Addresses, ports of services and words with digits stay."""
    return re.sub(" +", " ", _TOKEN.sub(_without_number, line.rstrip())).replace(", N outstanding", "")


def fits(expected, lines):
    """Whether the lines are those that are expected, but for numbers; "..." stands for any lines."""
    if not expected:
        return not lines
    if expected[0] == "...":
        return any(fits(expected[1:], lines[skipped:]) for skipped in range(len(lines) + 1))
    return bool(lines) and without_numbers(expected[0]) == without_numbers(lines[0]) and fits(expected[1:], lines[1:])
