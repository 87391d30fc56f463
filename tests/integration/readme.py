# SPDX-License-Identifier: MIT
"""README.md: its blocks, and the network that its examples speak of, where all servers have the configuration it shows."""

import contextlib
import pathlib
import re
import subprocess
from dataclasses import dataclass

from documented import commands_of
from documented_network import DocumentedNetwork
from processes import wait_until
from service import Service

TOP = pathlib.Path(__file__).parents[2]
README = TOP / "README.md"
SESSION = TOP / "doc/session.svg"
# The commands that the picture shows.
IN_THE_PICTURE = ("sockgreet web-1.example", "sockgreet -q -c 10 -i 100ms lb.example:2001",
                  "sockgreet --watch -i 20ms service.example:2000")
# Where the commands run as root already.
SUDO = '#!/bin/sh\nexec "$@"\n'
BALANCED_PORT = 2001


@dataclass
class Block:
    """A fenced block: the section it is in, the word after its fence, and its lines."""

    section: str
    language: str
    text: str


def blocks(language=None):
    """The blocks of the page, or those of one language."""
    found, section = [], ""
    pattern = r"^#+ (?P<section>[^\n]*)|^```(?P<language>\w+)\n(?P<text>.*?)^```$"
    for match in re.finditer(pattern, README.read_text(encoding="utf-8"), re.M | re.S):
        if match["section"]:
            section = match["section"]
        elif language in (None, match["language"]):
            found.append(Block(section, match["language"], match["text"]))
    return found


def block(language, section=None):
    """The one block of a language, in a section."""
    (found,) = [one for one in blocks(language) if section in (None, one.section)]
    return found.text


def examples():
    """The commands with their output: {section: commands}."""
    found = {}
    for one in blocks("console"):
        found.setdefault(one.section, []).extend(commands_of(one.text.splitlines(), one.section))
    return found


def session_commands():
    """Those of the picture."""
    shown = {}
    for commands in examples().values():
        for command in commands:
            shown.setdefault(command.text, command)
    return [shown[text] for text in IN_THE_PICTURE]


class ReadmeNetwork(DocumentedNetwork):
    """The network of the client's documentation, with servers as README.md configures them."""

    def _start_servers(self, programs):
        for name, host in (("web-1", self.web1), ("web-2", self.web2), ("web-3", self.far)):
            self._start_configured(programs["sockgreetd"], host, name)
        sudo = self.directory / "bin/sudo"
        sudo.write_text(SUDO)
        sudo.chmod(0o755)
        (self.directory / "bin/sockgreetctl").symlink_to(programs["sockgreetctl"])

    def _start_configured(self, daemon, host, name):
        directory = self.directory / name
        directory.mkdir()
        file = directory / "readme.conf"
        file.write_text(block("conf"))
        service = Service(daemon, directory, {"listeners": {}}, file=False, options=["-f", "-c", file],
                          prefix=self.named(host, name))
        self.stack.callback(service.cleanup)
        service.wait_ready()

    @contextlib.contextmanager
    def balanced(self):
        """With HAProxy in front of web-1 and web-2, as README.md configures it, on the router's machine."""
        file = self.directory / "haproxy.cfg"
        file.write_text(block("haproxy"))
        with open(self.directory / "haproxy.log", "wb") as log:
            process = subprocess.Popen([*self.router.prefix, "haproxy", "-db", "-f", file], stdin=subprocess.DEVNULL,
                                       stdout=log, stderr=log)
        try:
            wait_until(lambda: process.poll() is not None or self._is_open(BALANCED_PORT), "HAProxy listens")
            assert process.poll() is None, (self.directory / "haproxy.log").read_text()
            yield
        finally:
            process.terminate()
            process.wait(10)

    def _is_open(self, port):
        """Seen from outside: a connection would be one client more."""
        command = [*self.router.prefix, "ss", "-Hltn", f"sport = :{port}"]
        return subprocess.run(command, capture_output=True, check=True).stdout
