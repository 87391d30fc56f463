# SPDX-License-Identifier: MIT
"""A booted system with the service in it, as the cases use it: commands, the unit, the journal, sockets.

What the system is (a container that these tests boot, or the machine they run on) is the business of the classes that
derive from System."""

import ctypes
import json
import os
import signal
import subprocess
import time

from common import CONF, UNIT, Failed, configuration, expect, wait_until

ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "SYSTEMD_PAGER": "cat",
               "DEBIAN_FRONTEND": "noninteractive", "HOME": "/root", "TERM": "dumb"}
_CLONE_NEWNET = 0x40000000

libc = ctypes.CDLL(None, use_errno=True)


class System:
    """The booted system."""

    init = 1  # the pid of its first process, as seen from here
    root = ""  # where its root directory is, as seen from here
    load = ""  # the load generator, a path inside
    packages = ""  # where the packages are, a directory inside; they are in its subdirectory out

    def __init__(self):
        self.full_load = None
        self.started = []  # processes that clients run in

    def open(self):
        """Makes the system ready for the cases."""
        raise NotImplementedError

    def close(self):
        """Ends everything that was started."""
        for process in self.started:
            if process.poll() is None:
                process.kill()
                process.wait()
        self.started.clear()

    def boot(self):
        """Has the system boot again."""
        raise NotImplementedError

    def prefix(self, user=None):
        """What to put before a command that is to run inside."""
        raise NotImplementedError

    # Commands inside.

    def popen(self, *command, user=None, **more):
        """Starts a command inside; close() ends it if nobody did."""
        process = subprocess.Popen([*self.prefix(user), *command], env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, **more)
        self.started.append(process)
        return process

    def run(self, *command, user=None, check=True, timeout=60):
        """Runs a command inside to its end. Returns (exit code, standard output, standard error)."""
        process = self.popen(*command, user=user)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # with what nsenter has forked, which has the pipes
            process.communicate()
            raise Failed(f"{' '.join(command)}: did not end in {timeout} s") from None
        finally:
            self.started.remove(process)
        expect(not check or process.returncode == 0, f"{' '.join(command)}: exit code {process.returncode}: {out}{err}")
        return process.returncode, out, err

    def output(self, *command, user=None):
        """Standard output of a command inside that must succeed."""
        return self.run(*command, user=user)[1]

    def systemctl(self, *words, unit=UNIT, check=True, timeout=60):
        """systemctl WORDS sockgreet. Returns (exit code, both outputs)."""
        code, out, err = self.run("systemctl", *words, unit, check=check, timeout=timeout)
        return code, out + err

    def kill(self, number, pid):
        """Sends a signal to a process, by its pid inside."""
        self.run("sh", "-c", f"kill -{int(number)} {int(pid)}")

    # The service.

    def show(self, *properties, unit=UNIT):
        """Properties of the unit, as text."""
        out = self.output("systemctl", "show", unit, "-p", ",".join(properties))
        values = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
        return values[properties[0]] if len(properties) == 1 else [values[name] for name in properties]

    def main_pid(self, unit=UNIT):
        """The master's pid inside; 0 if there is none."""
        return int(self.show("MainPID", unit=unit))

    def pids(self):
        """Every process of the unit, by its pid inside."""
        group = self.show("ControlGroup")
        if not group:
            return []
        out = self.run("sh", "-c", f"cat /sys/fs/cgroup/unified{group}/cgroup.procs /sys/fs/cgroup/systemd{group}/cgroup.procs "
                       f"/sys/fs/cgroup{group}/cgroup.procs 2>/dev/null", check=False)[1]
        return sorted({int(word) for word in out.split()})

    def workers(self):
        """The workers of the master that runs now."""
        main = self.main_pid()
        return [int(word) for word in self.output("cat", f"/proc/{main}/task/{main}/children").split()] if main else []

    def ask(self, command, name=None):
        """What sockgreetctl prints for programs; name: of which instance."""
        return json.loads(self.output("sockgreetctl", "--json", *(["--name", name] if name else []), command))

    def generation(self):
        """The number of the generation that serves."""
        return self.ask("status")["generation"]

    def write(self, path, text):
        """Writes a file inside."""
        with open(self.root + path, "w", encoding="utf-8") as file:
            file.write(text)

    def drop_in(self, text, unit=UNIT):
        """Overrides settings of the unit; "" ends that."""
        directory = f"/run/systemd/system/{unit}.d"
        self.run("mkdir", "-p", directory)
        self.write(f"{directory}/test.conf", f"[Service]\n{text}\n")
        self.run("systemctl", "daemon-reload")

    def fresh(self, conf=None, drop_in=""):
        """Stops the service and starts it with this configuration."""
        self.systemctl("stop", check=False)
        self.systemctl("reset-failed", check=False)
        self.drop_in(drop_in)
        self.write(CONF, conf or configuration())
        self.systemctl("start")

    # The journal.

    def now(self):
        """The present time as journalctl --since takes it (--after-cursor skips an entry if the cursor's own does not
        match the filter)."""
        return f"@{time.time():.6f}"

    def journal(self, since, *words, unit=UNIT):
        """The unit's entries from that time on, as dictionaries."""
        self.run("journalctl", "--sync")
        out = self.output("journalctl", "-u", unit, "--since", since, "-o", "json", *words)
        return [json.loads(line) for line in out.splitlines()]

    # Sockets.

    def in_network(self, make):
        """Calls make() in the container's network namespace; what it makes stays there."""
        own = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        theirs = os.open(f"/proc/{self.init}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            if libc.setns(theirs, _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
            return make()
        finally:
            libc.setns(own, _CLONE_NEWNET)
            os.close(own)
            os.close(theirs)

    def stored(self):
        """The listening sockets in the descriptor store: {inode: "tcp 12345", "udp 12345", "unix PATH"}."""
        held = set()
        for entry in os.listdir(f"/proc/{self.init}/fd"):
            try:
                target = os.readlink(f"/proc/{self.init}/fd/{entry}")
            except OSError:
                continue
            if target.startswith("socket:["):
                held.add(target[8:-1])
        return {inode: name for inode, name in self._listening() if inode in held}

    def shards(self):
        """How many sockets a UDP listener has by default."""
        return min(8, int(self.output("nproc")))

    def wait_stored(self, count):
        """stored(), as soon as there are so many: the service has the manager store them when it serves."""
        wait_until(lambda: len(self.stored()) == count, f"{count} sockets in the store: {self.stored()}")
        return self.stored()

    def _listening(self):
        for kind in ("tcp", "tcp6", "udp", "udp6"):
            for line in self.output("cat", f"/proc/net/{kind}").splitlines()[1:]:
                fields = line.split()
                if fields[3] in ("0A", "07"):
                    yield fields[9], f"{kind[:3]} {int(fields[1].rpartition(':')[2], 16)}"
        for line in self.output("cat", "/proc/net/unix").splitlines()[1:]:
            fields = line.split()
            if len(fields) > 7 and "sockgreet" in fields[7]:
                yield fields[6], f"unix {fields[7]}"
