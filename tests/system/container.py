# SPDX-License-Identifier: MIT
"""A Debian root of the tests' own, booted by systemd-nspawn and driven with nsenter.

Everything lives in one temporary directory, in mount, process and network namespaces of its own; close() ends what was
started, by pid, and removes the directory."""

import os
import shutil
import signal
import subprocess
import tempfile

import root
from common import SOURCE, expect, run_outside, wait_until
from system import System, libc

TOOLS = ["mmdebstrap", "nsenter", "systemd-nspawn", "tar", "unshare", "zstd"]
_PR_SET_PDEATHSIG = 1


def _children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def _own_groups():
    """This process's directory in each hierarchy of control groups that a systemd inside needs."""
    with open("/proc/self/cgroup", encoding="ascii") as file:
        lines = file.read().splitlines()
    for line in lines:
        _, names, path = line.split(":", 2)
        if names == "name=systemd":
            yield f"/sys/fs/cgroup/systemd{path}"
        elif not names:
            unified = "/sys/fs/cgroup/unified"
            yield (unified if os.path.isdir(unified) else "/sys/fs/cgroup") + path


def _remove_groups(top):
    """Removes a directory of control groups; one that is in use stays."""
    for directory, _, _ in os.walk(top, topdown=False):
        try:
            os.rmdir(directory)
        except OSError:
            pass


def _die_with_parent():
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Container(System):
    """The booted root. The packages are in /srv/out of it, the source's tests in /srv/source."""

    packages = "/srv"

    def __init__(self, packages, installed):
        """packages: the directory outside that has them; installed: what the root has from the start."""
        super().__init__()
        self.work = tempfile.mkdtemp(prefix="sockgreet-system-", dir="/var/tmp")
        self.nspawn = None
        self.directory_of_packages, self.installed = packages, installed
        self.groups = [os.path.join(group, f"sockgreet-test-{os.getpid()}") for group in _own_groups()]

    def open(self):
        """Makes the root, boots it and waits until it runs."""
        for name in ("base", "upper", "scratch", "root"):
            os.mkdir(os.path.join(self.work, name))
        os.chmod(self.work, 0o755)
        os.chmod(self._path("upper"), 0o755)
        self._fill(self._path("base"))
        for group in self.groups:
            os.mkdir(group)
        self._start()
        self.run("systemctl", "is-system-running", "--wait", check=False)

    def _path(self, name):
        return os.path.join(self.work, name)

    def _fill(self, base):
        run_outside("tar", "-C", base, "-xf", root.tarball(self.installed))
        shutil.copytree(self.directory_of_packages, base + "/srv/out",
                        ignore=lambda directory, names: [name for name in names if not name.endswith(".deb")])
        for name in ("debian", "tests/bench", "tests/system"):
            shutil.copytree(os.path.join(SOURCE, name), f"{base}/srv/source/{name}",
                            ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(os.path.join(SOURCE, "README.md"), base + "/srv/source")
        for path, text in (("etc/hostname", "greeter\n"), ("etc/hosts", "127.0.0.1 localhost greeter\n::1 localhost\n"),
                           ("etc/apt/apt.conf.d/50yes", 'APT::Get::Assume-Yes "true";\n')):
            with open(os.path.join(base, path), "w", encoding="ascii") as file:
                file.write(text)
        os.makedirs(os.path.join(base, "var/log/journal"), exist_ok=True)  # the journal is kept, and so seen from outside

    def _start(self):
        script = ('for group in $6; do echo $$ >"$group/cgroup.procs" || exit 1; done && '
                  'mount -t tmpfs -o mode=755 tmpfs /run && '
                  'mount -t overlay -o "lowerdir=$1,upperdir=$2,workdir=$3" overlay "$4" && '
                  'exec systemd-nspawn -q -M "$5" -D "$4" --boot --register=no --keep-unit --private-network '
                  '--link-journal=no --console=pipe '
                  # What a machine of its own has, and what only a container refuses.
                  '--system-call-filter="landlock_create_ruleset landlock_add_rule landlock_restrict_self"')
        with open(self._path("console"), "ab") as console:
            self.nspawn = subprocess.Popen(
                ["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", self._path("base"),
                 self._path("upper"), self._path("scratch"), self._path("root"), f"sockgreet{os.getpid()}",
                 " ".join(self.groups)], stdin=subprocess.DEVNULL, stdout=console, stderr=console,
                start_new_session=True, preexec_fn=_die_with_parent)
        self.init = wait_until(self._find_init, "the container's first process")
        self.root = f"/proc/{self.init}/root"
        wait_until(lambda: os.path.exists(f"{self.root}/run/dbus/system_bus_socket"), "the container's bus")

    def _find_init(self):
        expect(self.nspawn.poll() is None, f"systemd-nspawn ended: {self.console()}")
        for child in _children(self.nspawn.pid):
            try:
                with open(f"/proc/{child}/comm", encoding="ascii") as file:
                    if file.read() == "systemd\n":
                        return child
            except OSError:  # one of its helpers, which is gone
                pass
        return None

    def console(self):
        """What the boot printed, its end."""
        with open(self._path("console"), encoding="utf-8", errors="replace") as file:
            return file.read()[-2000:]

    def boot(self):
        """Ends the container in order and boots it again, as far as services begin to start: one may have to wait."""
        self.run("systemctl", "poweroff", check=False)
        self.nspawn.wait(60)
        self._start()
        wait_until(lambda: self.show("ActiveState") != "inactive", "the service to be started", 60)

    def close(self):
        super().close()
        if self.nspawn:
            for child in _children(self.nspawn.pid):
                os.kill(child, signal.SIGKILL)  # all of the container's processes end with its first
            self.nspawn.terminate()
            try:
                self.nspawn.wait(10)
            except subprocess.TimeoutExpired:
                self.nspawn.kill()
                self.nspawn.wait()
            self.nspawn = None
        for group in self.groups:
            _remove_groups(group)
        shutil.rmtree(self.work, ignore_errors=True)

    def prefix(self, user=None):
        return ["nsenter", "-t", str(self.init), "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w",
                *(["-S", str(user), "-G", str(user)] if user else []), "--"]
