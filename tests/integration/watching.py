# SPDX-License-Identifier: MIT
"""A client that watches (sockgreet --watch), and what it prints."""

import re
import signal
import subprocess

from conftest import program
from processes import PATIENCE, SLOWNESS, wait_until

STAMP = r"\d\d:\d\d:\d\d\.\d{3}"
UTC = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
OUTAGE = re.compile(rf"^({STAMP}|{UTC}) +(\d+) ms  (\d+) lost: ([A-Z, ]+)  before: (\S+)(?:  after: (\S+)|  ongoing)$", re.M)


class Watch:
    """A client that watches, and what it has printed so far."""

    def __init__(self, directory, *arguments, prefix=()):
        self.path = directory / "watched"
        with open(self.path, "wb") as out:
            self.process = subprocess.Popen(
                [*prefix, program("SOCKGREET"), "--watch", *map(str, arguments)], stdout=out, stderr=subprocess.PIPE,
                preexec_fn=lambda: [signal.signal(number, signal.SIG_DFL) for number in (signal.SIGINT, signal.SIGQUIT)])
        self.err = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stderr.close()

    @property
    def text(self):
        return self.path.read_text()

    def lines(self):
        """Of changes: what follows the time of day."""
        return re.findall(rf"^(?:{STAMP}|{UTC}) (?! )(.*)$", self.text.partition("\n---")[0], re.M)

    def wait(self, pattern, count=1):
        """Waits for so many lines of changes that match."""
        return wait_until(lambda: len(found := [line for line in self.lines() if re.search(pattern, line)]) >= count
                          and found, f"{count} lines like {pattern!r}")

    def end(self, number=signal.SIGINT):
        """Ends it by a signal; returns all that it has printed."""
        self.process.send_signal(number)
        self.err = self.process.communicate(timeout=PATIENCE * SLOWNESS)[1].decode()
        return self.text


def outages(text):
    """(milliseconds, lost, classes, before, after) of each outage that is listed."""
    return [(int(ms), int(lost), classes, before, after or None)
            for _, ms, lost, classes, before, after in OUTAGE.findall(text)]
