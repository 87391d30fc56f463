# SPDX-License-Identifier: MIT
"""A journald for the benchmark alone: the real program in a mount namespace of its own, with /run in memory. The
machine's own journal, if it has one, sees nothing of it."""
import ctypes
import functools
import os
import re
import shutil
import signal
import socket
import subprocess
import time

JOURNALD = "/lib/systemd/systemd-journald"
SYSLOG = "/run/systemd/journal/dev-log"
START_LIMIT = 5  # seconds
PR_SET_PDEATHSIG = 1

# No rate limit: what is compared is what servers and journal can do, not where a limit was set.
CONFIGURATION = """[Journal]
Storage=volatile
RuntimeMaxUse=256M
RateLimitIntervalSec=0
RateLimitBurst=0
ReadKMsg=no
Audit=no
ForwardToWall=no
ForwardToSyslog=no
"""

NAMESPACE = f"""set -e
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/log
mkdir -p /run/systemd/journald.conf.d
printf '%s' "$1" >/run/systemd/journald.conf.d/bench.conf
exec {JOURNALD}
"""


@functools.cache
def missing():
    """What keeps a journald from being run here, or None."""
    if os.geteuid() != 0:
        return "a mount namespace needs root"
    if not os.path.exists(JOURNALD):
        return "journald is missing (apt install systemd)"
    if not all(shutil.which(tool) for tool in ("unshare", "nsenter", "journalctl")):
        return "unshare, nsenter or journalctl is missing (apt install util-linux systemd)"
    if not os.path.exists("/etc/machine-id"):
        return "/etc/machine-id is missing (systemd-machine-id-setup)"
    may_mount = subprocess.run(["unshare", "-m", "--propagation", "private", "mount", "-t", "tmpfs", "tmpfs", "/run"],
                               stderr=subprocess.DEVNULL, check=False)
    return "mount namespaces are not allowed here" if may_mount.returncode else None


def die_with_parent():
    """So that no journald is left if the benchmark is killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Journal:
    """One running journald."""

    def __init__(self):
        self.process = subprocess.Popen(
            ["unshare", "-m", "--propagation", "private", "sh", "-c", NAMESPACE, "sh", CONFIGURATION],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, preexec_fn=die_with_parent)
        self.pid = self.process.pid
        try:
            self.await_start()
        except BaseException:
            self.stop()
            raise

    def await_start(self):
        end = time.monotonic() + START_LIMIT
        while not os.path.exists(self.inside("/run/systemd/journal/io.systemd.journal")):
            if self.process.poll() is not None or time.monotonic() > end:
                raise OSError("journald does not start in a mount namespace of its own")
            time.sleep(0.01)

    def inside(self, path):
        """A path of its namespace, seen from outside."""
        return f"/proc/{self.pid}/root{path}"

    def enter(self, command):
        """The arguments that execute a command where the journal is."""
        return ["nsenter", "-t", str(self.pid), "-m", *command]

    def stream(self, name):
        """A stream to the journal for a service's standard error, as systemd makes it."""
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        stream.connect(self.inside("/run/systemd/journal/stdout"))
        stream.send(f"{name}\n\n6\n1\n0\n0\n0\n".encode())
        return stream

    def environment(self, stream):
        """What systemd tells a service whose standard error is that stream."""
        status = os.fstat(stream.fileno())
        return {**os.environ, "JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}

    def ask(self, *options):
        done = subprocess.run(self.enter(["journalctl", "--quiet", "--no-pager", *options]), stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, encoding="utf-8", errors="replace", timeout=60, check=False)
        return done.stdout

    def entries(self):
        """How many entries there have been, rotated away or not: they are numbered."""
        self.ask("--sync")
        numbers = re.findall(r"^Tail sequential number: (\d+)", self.ask("--header"), re.MULTILINE)
        return max(map(int, numbers), default=0)

    def await_entry(self, pattern, seconds):
        """The last entry that matches, "" if there is none after so long."""
        end = time.monotonic() + seconds
        while True:
            found = self.ask("-n", "1", "-o", "cat", "-g", pattern).strip()
            if found or time.monotonic() > end:
                return found
            time.sleep(0.1)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
