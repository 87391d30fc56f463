# SPDX-License-Identifier: MIT
"""README.md: its examples and its picture are what the programs print, its configuration is valid, and the lines that build
the programs do. tests/system runs those of the sections about the installed service."""

import os
import re
import shutil
import subprocess

import pytest

import picture
import readme
from conftest import needs_root, program
from documented import commands_of, fits
from machine import run, write
from namespaces import mount_prefix
from processes import PATIENCE, SANITIZER, wait_until

OF_THE_SYSTEM = ("Install", "Configure", "Several instances")  # tests/system/cases_readme.py
BUILD_TIME = 300 + PATIENCE  # seconds
# On a busy machine the daemon needs longer to start than the line that starts it waits.
WAIT_FOR_DAEMON = "for _ in $(seq 600); do [ -z \"$(ss -Hltn 'sport = :12345')\" ] || break; sleep 0.05; done\n"
# Commands that would change this machine do so to the directory $DESTDIR, or are only recorded.
ELSEWHERE = {
    "sudo": 'exec "$@"',
    "apt-get": 'echo "apt-get $*" >>"$RECORD"',
    "systemctl": 'echo "systemctl $*" >>"$RECORD"',
    "systemd-sysusers": 'exec /usr/bin/systemd-sysusers --root="$DESTDIR" "$@"',
    "systemd-tmpfiles": 'exec /usr/bin/systemd-tmpfiles --root="$DESTDIR" "$@"',
    "journalctl": 'exec /usr/bin/journalctl --root="$DESTDIR" "$@"',
}


def test_each_block_is_tested():
    """Those of the shell here or in tests/system, by their sections; of the others, all."""
    assert {one.language for one in readme.blocks()} == {"sh", "console", "conf", "haproxy"}
    assert {one.section for one in readme.blocks("sh")} == {"Two commands", "Build by hand", *OF_THE_SYSTEM}
    fences = re.findall(r"^ *```", readme.README.read_text(), re.M)
    assert len(fences) == 2 * len(readme.blocks())
    assert not re.search(r"^    \S", re.sub(r"```.*?```", "", readme.README.read_text(), flags=re.S), re.M)
    cases = (readme.TOP / "tests/system/cases_readme.py").read_text()
    for section in OF_THE_SYSTEM:
        assert f'"{section}"' in cases


def test_links_lead_somewhere():
    text = readme.README.read_text()
    links = re.findall(r"\]\(([^)]+)\)", text)
    headings = {re.sub(r"[^a-z0-9 -]", "", one.lower()).replace(" ", "-") for one in re.findall(r"^#+ (.*)", text, re.M)}
    assert len(links) > 15
    for link in links:
        assert link[1:] in headings if link.startswith("#") else (readme.TOP / link).exists(), link


@pytest.fixture(name="network", scope="module")
def fixture_network(tmp_path_factory):
    """The network of the examples."""
    directory = tmp_path_factory.mktemp("readme")
    for path in (directory, directory.parent):
        path.chmod(0o755)
    names = {"sockgreetd": "SOCKGREETD", "sockgreet": "SOCKGREET", "sockgreetctl": "SOCKGREETCTL"}
    made = readme.ReadmeNetwork({name: program(variable) for name, variable in names.items()}, directory)
    yield made
    made.close()


def prints(network, command):
    """Whether it prints what is expected; if not, says what."""
    lines = network.run(command)
    if not fits(command.expected, lines):
        print("\n".join(["", command.printed[0], *lines]))
        return False
    return True


@needs_root
@pytest.mark.parametrize("section", readme.examples())
def test_an_example_prints_what_is_printed_there(network, section):
    """Its commands in turn. HAProxy asks agents every second: until it has, it sends clients to all servers."""
    told = False
    with network.balanced():
        for command in readme.examples()[section]:
            if told:
                wait_until(lambda: prints(network, command), command.text)
            else:
                assert prints(network, command)
            told = told or "state drain" in command.text


@needs_root
def test_the_picture_is_what_the_programs_print(network):
    shown = commands_of(picture.lines_of(readme.SESSION.read_text()))
    with network.balanced():
        for command in shown:
            assert prints(network, command)
    assert [command.text for command in shown] == list(readme.IN_THE_PICTURE)


def test_the_picture_is_made_by_the_script():
    """Not by hand; and it needs nothing from elsewhere."""
    text = readme.SESSION.read_text()
    assert picture.render(picture.lines_of(text)) == text
    assert not re.search(r"<script|href|@import|url\(|foreignObject", text)
    assert len(text) < 10000


def test_the_picture_is_read_as_it_was_drawn():
    lines = ["$ a <b> & 'c'", "", "  two  blanks", "1.2.3.4:5 tcp TIMEOUT: no"]
    assert picture.lines_of(picture.render(lines)) == lines


def test_the_configuration_is_valid(sockgreetd, tmp_path):
    conf = write(tmp_path, readme.block("conf"))
    assert "configuration OK" in run(sockgreetd, "-t", "-c", str(conf))


# The lines that build.


@pytest.fixture(name="tree")
def fixture_tree(tmp_path):
    """A copy of the sources, as in a fresh clone."""
    if SANITIZER:
        pytest.skip("builds programs without a sanitizer")
    tree = tmp_path / "tree"
    listed = subprocess.run(["git", "-C", readme.TOP, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            capture_output=True, text=True, check=False)
    if listed.returncode:
        shutil.copytree(readme.TOP, tree, symlinks=True, ignore=shutil.ignore_patterns("build", "out"))
    for name in filter(None, listed.stdout.split("\0")):
        target = tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (readme.TOP / name).exists():
            shutil.copy2(readme.TOP / name, target)
    return tree


def shell(script, tree, prefix=(), **variables):
    """What a shell prints that runs the script in the tree; every command must succeed."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tree), "LC_ALL": "C.UTF-8", "CFLAGS": "-O0", **variables}
    done = subprocess.run([*prefix, "bash", "-e", "-o", "pipefail"], input=script, capture_output=True, text=True, cwd=tree,
                          timeout=BUILD_TIME, check=False, env=environment)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@needs_root
def test_two_commands(tree, namespace):
    """The first one, and those after it. The second one, scripts/test, is what runs this test."""
    first, second = (one.text for one in readme.blocks("sh") if one.section == "Two commands")
    assert [line.split()[0] for line in first.splitlines()] == ["scripts/quickstart", "scripts/test"]
    prefix = [*namespace.prefix, *mount_prefix("mount -t tmpfs none /run")]
    shell(first.splitlines()[0], tree, prefix)
    said = shell(re.sub(r"^sockgreetd .*\n", lambda line: line[0] + WAIT_FOR_DAEMON, second, flags=re.M), tree, prefix)
    assert said.startswith(2 * (re.search("prints: (.*)", second)[1] + "\n")), said
    assert "\n5 sent, 5 answered, 0 % lost" in said


def packages_of_the_build():
    """What scripts/lib.sh installs for it."""
    command = '. scripts/lib.sh; echo "${BUILD_PACKAGES[*]}"'
    return set(run("bash", "-c", command, cwd=readme.TOP).split())


def recorded(path, program_name):
    """The arguments that a command was given, each time."""
    return [line.split()[1:] for line in path.read_text().splitlines() if line.split()[0] == program_name]


@needs_root
def test_build_by_hand(tree, tmp_path):
    """With one unit test instead of all, which have a job of their own."""
    commands, root, record = tmp_path / "commands", tmp_path / "root", tmp_path / "record"
    commands.mkdir()
    for name, text in ELSEWHERE.items():
        (commands / name).write_text(f"#!/bin/sh\n{text}\n")
        (commands / name).chmod(0o755)
    one = "tests/unit/service/test_time"
    said = shell(readme.block("sh", "Build by hand"), tree, PATH=f"{commands}:{os.environ['PATH']}", DESTDIR=str(root),
                 RECORD=str(record), MAKEFLAGS=f"-j2 -- check_PROGRAMS={one} TESTS={one}")
    assert f"PASS: {one}" in said
    (_, *packages), = recorded(record, "apt-get")
    assert set(packages) >= packages_of_the_build() - {"libc6-dev"} | {"libcriterion-dev"}
    reload, (*enable, unit) = recorded(record, "systemctl")
    assert (reload, enable) == (["daemon-reload"], ["enable", "--now"])
    installed = {path.name for path in root.rglob("*") if path.is_file()}
    assert installed >= {f"{unit}.service", "sockgreetd", "sockgreetctl", "sockgreet", "sockgreet.conf", "sockgreet.1"}
    assert (root / "run/sockgreet").is_dir() and "sockgreet:" in (root / "etc/passwd").read_text()
