# SPDX-License-Identifier: MIT
"""Every example of sockgreet.conf(5), sockgreetd(8) and sockgreetctl(8) works as printed."""

import json
import pathlib
import re

import pytest

from conftest import needs_root
from documented import fits
from machine import Machine, run, write
from processes import wait_until
from service import GREETING

TOP = pathlib.Path(__file__).parents[2]
CONF, DAEMON, CTL = (TOP / "man" / name for name in ("sockgreet.conf.5", "sockgreetd.8", "sockgreetctl.8"))
OPERATING = TOP / "doc/operating.md"


def plain(text):
    """A line or lines of mdoc as they are printed."""
    text = re.sub(r"^\\&", "", text, flags=re.M)
    return text.replace("\\(dq", '"').replace("\\e", "\\").replace("\\&", "")


def examples(page):
    """The literal text of a page: each display, and adjacent single lines together."""
    found = re.findall(r"^\.Bd -literal.*\n((?:.*\n)*?)\.Ed|((?:^\.Dl .*\n)+)", page.read_text(), re.M)
    return [plain(display or re.sub(r"^\.Dl ", "", lines, flags=re.M)) for display, lines in found]


def commands(page):
    """The commands of a page, each with the lines that are printed below it."""
    found = []
    for example in examples(page):
        for line in example.splitlines():
            if re.match(r"[$#] ", line):
                found.append((line[2:], []))
            elif found and found[-1][0].endswith("|"):
                found[-1] = (f"{found[-1][0]} {line.strip()}", [])
            elif found:
                found[-1][1].append(line)
    return found


CONFIGURATIONS = [text for text in examples(CONF) if re.match(r"[a-z_]+ = ", text)]


def of_conf(pattern):
    """The one example of sockgreet.conf(5), configurations aside, that matches."""
    found = [text for text in examples(CONF) if re.search(pattern, text) and text not in CONFIGURATIONS]
    assert len(found) == 1, found
    return found[0]


def test_each_example_is_tested_here():
    """Those of sockgreet.conf(5) that are not configurations, and all commands."""
    others = [text for text in examples(CONF) if text not in CONFIGURATIONS]
    assert len(CONFIGURATIONS) >= 10
    assert sorted(others) == sorted(of_conf(pattern) for pattern in ("^sockgreetd -t", r"^\$ curl", "^.Service", "^ready up"))
    tested = ("sockgreetd ", "sockgreetctl ", "journalctl ", "systemctl ", "editor ", "echo status ")
    assert [text for text, _ in commands(DAEMON) + commands(CTL) if not text.startswith(tested)] == []


@pytest.mark.parametrize("page", sorted((TOP / "man").iterdir()), ids=lambda page: page.name)
def test_page_names_the_version(page, sockgreetd):
    version = run(sockgreetd, "-V").split()[1]
    assert f"\n.Os sockgreet {version}\n" in page.read_text()


@pytest.mark.parametrize("text", CONFIGURATIONS, ids=lambda text: text.split(" = ")[0])
def test_configuration_is_valid(text, sockgreetd, tmp_path):
    conf = write(tmp_path, text)
    command = of_conf("^sockgreetd -t").strip().replace("sockgreetd", sockgreetd).replace("FILE", str(conf))
    assert "configuration OK" in run("sh", "-c", command)


def test_group_of_the_unit_is_that_of_the_listener():
    assert of_conf("^.Service") == "[Service]\nSupplementaryGroups=staff\n"
    assert any('group = "staff";' in text for text in CONFIGURATIONS)


@pytest.fixture(name="machine")
def fixture_machine(spawn, namespace, tmp_path):
    return Machine(namespace, spawn, tmp_path / "home")


@needs_root
@pytest.mark.parametrize("text", [text for text in CONFIGURATIONS if "listeners = " in text],
                         ids=lambda text: re.search(r"([\w-]+) = \{ *\n? *type", text)[1])
def test_listeners_listen(text, machine):
    machine.configure(text)
    machine.run("mkdir -p /run/sockgreet")
    listeners = json.loads(machine.run("sockgreetctl --json listeners"))["listeners"]
    assert {one["state"] for one in listeners} == {"up"}
    assert {one["name"] for one in listeners} == set(re.findall(r"([\w-]+) = \{ *\n? *type", text))


@needs_root
def test_http(machine):
    text, json_text = of_conf(r"^\$ curl").replace("$ ", "").splitlines()
    machine.configure(next(text for text in CONFIGURATIONS if 'service = "http"' in text))
    assert machine.run(text) == GREETING.decode().replace("\r\n", "\n")
    assert json.loads(machine.run(json_text))["transport"] == "tcp"


@needs_root
def test_agent(machine):
    """Its three states, one by one."""
    ready, drain, maint = of_conf("^ready up").splitlines()
    listeners = next(text for text in CONFIGURATIONS if 'service = "agent"' in text)
    file = re.search(r"/\S+", maint)[0]
    machine.configure(f'maintenance_file = "{file.replace("/etc", "/run")}";\n{listeners}')

    def wait_line(line):
        wait_until(lambda: machine.receive("127.0.0.1", 12349).decode().strip() == line, line)

    wait_line(ready)
    machine.run("sockgreetctl state drain kernel update")
    wait_line(drain)
    machine.run(f"touch {file.replace('/etc', '/run')}")
    wait_line(maint.replace("/etc", "/run"))


def daemons():
    """The commands of sockgreetd(8) that start one."""
    return [text for text, _ in commands(DAEMON) if text.startswith("sockgreetd -f")]


@needs_root
def test_daemon_on_loopback(machine):
    command = daemons()[0]
    machine.start(command)
    hosts = {line.split()[0] for line in machine.run("getent ahosts localhost").splitlines()}
    for host in hosts:
        assert machine.receive(host, 12345) == machine.receive_udp(host, 12345) == GREETING


@needs_root
def test_daemon_on_all_addresses(machine):
    command = daemons()[1].replace("/tmp/", "/run/")  # where no other test has a socket
    machine.start(command)
    port, path = re.fullmatch(r"sockgreetd -f -l :(\d+) -l unix:(\S+)", command).groups()
    for host in ("127.0.0.1", "::1"):
        assert machine.receive(host, int(port)) == GREETING
    assert machine.run(f"socat - UNIX-CONNECT:{path}") == GREETING.decode().replace("\r\n", "\n")
    assert len(daemons()) == 2


def test_check(sockgreetd, tmp_path):
    (command,) = [text for text, _ in commands(DAEMON) if text.startswith("sockgreetd -t")]
    write(tmp_path, "")
    assert "configuration OK" in run("sh", "-c", command.replace("sockgreetd", sockgreetd, 1), cwd=tmp_path)


def test_journal(tmp_path):
    """The command is understood, and its field is one that entries have."""
    (command,) = [text for text, _ in commands(DAEMON) if text.startswith("journalctl")]
    run("sh", "-c", command.replace("-f", f"--directory={tmp_path}", 1))
    field = re.search(r"\bSOCKGREET_\w+(?==)", command)[0]
    assert f".It Dv {field}\n" in DAEMON.read_text()


@needs_root
def test_instance(machine):
    name, *_ = re.findall(r"sockgreet@(\w+)$", "\n".join(text for text, _ in commands(DAEMON)), re.M)
    (command,) = [text for text, _ in commands(DAEMON) if text.startswith("sockgreetctl")]
    machine.start("sockgreetd -f -l :2000", f"/run/sockgreet/{name}")
    assert " is serving\nRunning since " in machine.run(command)


@needs_root
def test_control(machine):
    """The commands of sockgreetctl(8) in turn; of tables, the words at their heads."""
    machine.configure("""listeners = { greet = { type = "tcp"; address = "127.0.0.1"; };
                                      time = { type = "udp"; port = 37; service = "time"; }; };""")
    for command, expected in commands(CTL):
        if command.startswith("editor "):
            continue
        printed = machine.run(command).splitlines()
        if command.endswith("status"):
            machine.run("sockgreetctl state drain kernel update")
            machine.run("echo 'greting = 3;' >> sockgreet.conf; ! sockgreetctl reload")
            labels = [line[:15].split() for line in machine.run(command).splitlines()[1:]]
            assert list(filter(None, labels)) == list(filter(None, (line[:15].split() for line in expected[1:])))
        elif command.endswith("top"):
            heads = [line.split() for line in printed if line.isupper()]
            assert heads == [line.split() for line in expected if line.isupper()] != []
        elif command.startswith("echo"):
            assert_documented(json.loads("\n".join(printed)))
        else:
            assert fits(expected, printed), f"{command}: {printed}, not {expected}"


def assert_documented(answer):
    """Each member, and those of objects in it, is named in sockgreetctl(8)."""
    known = set(re.findall(r"\w+", " ".join(re.findall(r"^\.(?:It )?Va (.*)", CTL.read_text(), re.M))))
    for name, value in answer.items():
        assert name in known, name
        if isinstance(value, dict):
            assert_documented(value)


@needs_root
def test_each_member_is_in_the_manual(machine):
    machine.configure("")
    for command in ("status", "config", "state", "reload"):
        assert_documented(json.loads(machine.run(f"sockgreetctl --json {command}")))
    for command in ("listeners", "workers"):
        for answer in json.loads(machine.run(f"sockgreetctl --json {command}"))[command]:
            assert_documented(answer)


@needs_root
def test_each_counter_is_in_the_manual(machine):
    machine.configure("")
    counters = {line.split()[0] for line in machine.run("sockgreetctl counters").splitlines()}
    assert len(counters) > 20
    assert counters - set(re.findall(r"[\w-]+", " ".join(re.findall(r"^\.It Cm (.*)", DAEMON.read_text(), re.M)))) == set()
    table = OPERATING.read_text().split("## What does each counter mean?")[1]
    assert re.findall(r"^\| `([\w-]+)` \|", table, re.M) == sorted(counters, key=table.index)
    assert len(re.findall(r"^\| `", table, re.M)) == len(counters)
