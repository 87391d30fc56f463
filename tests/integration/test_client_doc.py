# SPDX-License-Identifier: MIT
"""Every command that doc/client.md, sockgreet(1) and check_sockgreet(1) show prints what is printed there; and what they say
of other tools, where it is cheap to see."""

import pathlib
import re
import shutil

import pytest

from conftest import needs_root, program
from documented import Command, commands_of, commands_of_manual, commands_of_markdown, fits
from documented_network import DocumentedNetwork

TOP = pathlib.Path(__file__).parents[2]
PAGE = (TOP / "doc/client.md").read_text(encoding="utf-8")
CHECK_TCP = "/usr/lib/nagios/plugins/check_tcp"

pytestmark = needs_root


def _shown():
    """The commands of all pages, each with its place."""
    yield from (pytest.param(command, id=f"client.md: {command.text}") for command in commands_of_markdown(PAGE))
    for name in ("sockgreet.1", "check_sockgreet.1"):
        text = (TOP / "man" / name).read_text(encoding="utf-8")
        yield from (pytest.param(command, id=f"{name}: {command.text}") for command in commands_of_manual(text))


@pytest.fixture(name="network", scope="module")
def fixture_network(tmp_path_factory):
    """The network of the documentation."""
    directory = tmp_path_factory.mktemp("documented")
    for path in (directory, directory.parent):
        path.chmod(0o755)
    made = DocumentedNetwork({"sockgreetd": program("SOCKGREETD"), "sockgreet": program("SOCKGREET")}, directory)
    yield made
    made.close()


@pytest.mark.parametrize("command", _shown())
def test_a_command_prints_what_is_printed_below_it(network, command):
    lines = network.run(command)
    assert fits(command.expected, lines), "\n".join(["", "$ " + command.text, *lines])


def _questions():
    """The rows of the table: the question, and the cells of the tools."""
    rows = [re.split(r" *\| *", line.strip("| ")) for line in PAGE.splitlines() if line.startswith("| ")]
    assert rows[0][1] == "sockgreet" and len(rows) > 20
    return rows[1:]


@pytest.mark.parametrize("row", _questions(), ids=lambda row: row[0])
def test_the_table_says_yes_and_shows_how(row):
    """Every question is answered with yes, and has a section with a command of the client."""
    question, anchor = re.fullmatch(r"\[(.*)\]\(#(.*)\)", row[0]).groups()
    assert row[1] == "yes" and set(row[2:]) <= {"yes", "part", "-", "n/a"} and len(row) == 11
    assert anchor == re.sub(r"[^a-z0-9 -]", "", question.lower()).replace(" ", "-")
    assert any("sockgreet " in command.text for command in commands_of_markdown(PAGE) if command.section == question)


def test_every_section_is_in_the_table():
    sections = re.findall(r"^## (.*)", PAGE, re.M)
    assert sections == [re.match(r"\[(.*)\]", row[0])[1] for row in _questions()]


@pytest.mark.parametrize("expected, lines, same", [
    (["a 1 ms"], ["a 22.5 ms"], True),
    (["a 1 ms"], ["b 1 ms"], False),
    (["a 1 ms"], ["a 1 ms", "b"], False),
    (["a", "b"], ["a"], False),
    ([], ["a"], False),
    (["192.0.2.1:80 tcp"], ["192.0.2.2:80 tcp"], False),
    (["192.0.2.1:80 tcp"], ["192.0.2.1:81 tcp"], False),
    (["192.0.2.1:40000 tcp"], ["192.0.2.1:50000 tcp"], True),
    (["web-1 answers"], ["web-2 answers"], False),
    (["p99 1"], ["p50 1"], False),
    (["a", "...", "b"], ["a", "x", "y", "b"], True),
    (["a", "...", "b"], ["a", "b"], True),
    (["a", "...", "b"], ["a", "x"], False),
    (["time    1.50"], ["time 1234.50"], True),
    (["2026-11-28T08:13:51.123456Z x"], ["2027-01-02T03:04:05.678901Z x"], True),
])
def test_the_comparison_is_strict(expected, lines, same):
    assert fits(expected, lines) is same


def test_a_command_that_goes_on_in_the_next_line():
    command, = commands_of(["$ a \\", "    b", "c"])
    assert (command.text, command.expected) == ("a b", ["c"])


# What is said of other tools.


@pytest.mark.parametrize("text, expected", [
    ("nc -zv web-1.example 83", "succeeded!"),
    ("nc -zuv -w 1 web-1.example 9 || echo no", "no"),
    ("nc -U -w 1 /run/sockgreet/greet.sock", "Thank you for connecting"),
    ("curl -s -o /dev/null http://web-1.example:82; echo $?", r"^7$"),
    ("curl -s -m 0.5 -o /dev/null http://web-1.example:81; echo $?", r"^28$"),
    ("curl -s -o /dev/null -w '%{time_namelookup} %{time_connect} %{time_starttransfer} %{time_total}' http://web-1.example",
     r"^(\d\.\d+ ?){4}$"),
    ("curl -s --haproxy-protocol telnet://web-1.example:8080", "Hello 192.0.2.100"),
    ("nc -w 1 web-1.example 8081", "\x1b]0;owned"),
    ("ping -c 1 web-1.example", "1 received"),
    (f"{CHECK_TCP} -H web-1.example -p 83", "^TCP OK"),
    (f"{CHECK_TCP} -H web-1.example -p 82; echo $?", r"^2$"),
    (f"{CHECK_TCP} -H web-1.example -p 25 -e 220; echo $?", r"^0$"),
    (f"{CHECK_TCP} -H web-1.example -p 8081 -e Hello", "\x1b]0;owned"),
])
def test_other_tools(network, text, expected):
    """They do what the table grants them, and miss what it denies them: check_tcp takes a silent port for a good one."""
    if not shutil.which(text.split()[0]):
        pytest.skip(f"{text.split()[0]} is not installed")
    assert re.search(expected, "\n".join(network.run(Command(text, ""))), re.M)
