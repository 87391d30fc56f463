# SPDX-License-Identifier: MIT
"""A Debian root of the tests' own, with the service in it, booted by systemd-nspawn and driven with nsenter.

Everything lives in one temporary directory, in mount, process and network namespaces of its own; close() ends what was
started, by pid, and removes the directory. The base root is the only thing that stays, as a tarball in the cache."""

import ctypes
import datetime
import glob
import hashlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
SUITE = "bookworm"
PACKAGES = ["dbus", "libconfig9", "libsystemd0", "systemd", "systemd-sysv"]
TOOLS = ["gcc", "make", "mmdebstrap", "nsenter", "systemd-nspawn", "tar", "unshare", "zstd"]
LOAD = "/usr/local/bin/load"
CONF = "/etc/sockgreet.conf"
UNIT = "sockgreet.service"
UNIX_PATH = "/run/sockgreet/greet.sock"
NOBODY = 65534
GREETING = "Thank you for connecting\r\n"
BIG = 1000000  # bytes of the greeting that a slow reader takes; the configuration file may have 1 MiB

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG, _CLONE_NEWNET = 1, 0x40000000


class Failed(Exception):
    """Why a case does not hold."""


def expect(condition, why):
    """The case fails unless the condition is true."""
    if not condition:
        raise Failed(why)


def wait_until(condition, timeout=5.0, what="a condition"):
    """Waits for condition() to be true and returns its value."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        expect(time.monotonic() < end, f"waited {timeout:g} s in vain for {what}")
        time.sleep(0.01)


def _run(*command, **more):
    """A command outside that must succeed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False,
                          **more)
    if done.returncode:
        raise Failed(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout[-2000:]}")
    return done.stdout


def cache_directory():
    """Where base roots are kept."""
    home = os.environ.get("XDG_CACHE_HOME")
    return os.path.join(home, "sockgreet-test") if home else "/var/cache/sockgreet-test"


def base_tarball():
    """The base root, made anew every week and whenever the list of packages changes."""
    key = hashlib.sha256(" ".join([SUITE, *PACKAGES]).encode()).hexdigest()[:12]
    year, week, _ = datetime.date.today().isocalendar()
    path = os.path.join(cache_directory(), f"{SUITE}-{key}-{year}w{week:02}.tar.zst")
    if os.path.exists(path):
        return path
    os.makedirs(cache_directory(), exist_ok=True)
    new = f"{path[:-8]}.{os.getpid()}.tar.zst"  # mmdebstrap compresses by the name's end
    try:
        _run("mmdebstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, new)
        for old in glob.glob(os.path.join(cache_directory(), f"{SUITE}-{key}-*w[0-9][0-9].tar.zst")):
            os.unlink(old)
        os.rename(new, path)
    finally:
        if os.path.exists(new):
            os.unlink(new)
    return path


def install_service(root, build):
    """Puts the service into the root. This is the step that packages will replace."""
    _run("make", "-C", build, "-s", "install", f"DESTDIR={root}", "systemdsystemunitdir=/lib/systemd/system",
         "sysusersdir=/usr/lib/sysusers.d", "catalogdir=/usr/lib/systemd/catalog")


def settle_service(machine):
    """What a package's triggers do, inside, before the first start."""
    machine.run("systemd-sysusers")
    machine.run("journalctl", "--update-catalog")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "enable", UNIT)


def build_load(root):
    """The benchmark's load generator, without shared libraries, so that it runs inside."""
    sources = [os.path.join(SOURCE, "tests/bench", name) for name in
               ("load.c", "load_stream.c", "load_dgram.c", "histogram.c")]
    _run("gcc", "-std=gnu17", "-D_GNU_SOURCE", "-O2", "-static", "-pthread", "-o", root + LOAD, *sources, "-lm")


def configuration(listeners="", settings="", big=True):
    """The text of a configuration: TCP, UDP, Unix, and a large greeting for slow readers."""
    large = f'  big = {{ type = "tcp"; port = 12346; greeting = "{"x" * (BIG - 2)}\\r\\n"; }};\n' if big else ""
    return (f'{settings}\nlisteners = {{\n  tcp = {{ type = "tcp"; port = 12345; }};\n'
            f'  udp = {{ type = "udp"; port = 12345; }};\n  local = {{ type = "unix"; path = "{UNIX_PATH}"; }};\n'
            f'{large}{listeners}}};\n')


def _children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def _own_groups():
    """This process's directory in each hierarchy of control groups that a systemd inside needs."""
    for line in open("/proc/self/cgroup", encoding="ascii"):
        _, names, path = line.strip().split(":", 2)
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
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Machine:
    """The booted root."""

    def __init__(self, build):
        self.work = tempfile.mkdtemp(prefix="sockgreet-system-", dir="/var/tmp")
        self.nspawn = self.leader = None
        self.full_load = None
        self.started = []  # processes outside that clients run in
        self.build = build
        self.groups = [os.path.join(group, f"sockgreet-test-{os.getpid()}") for group in _own_groups()]

    def open(self):
        """Makes the root, boots it and waits until it runs."""
        base, upper, scratch, root = (os.path.join(self.work, name) for name in ("base", "upper", "scratch", "root"))
        for directory in (base, upper, scratch, root):
            os.mkdir(directory)
        os.chmod(self.work, 0o755)
        os.chmod(upper, 0o755)
        _run("tar", "-C", base, "-xf", base_tarball())
        install_service(base, self.build)
        build_load(base)
        with open(os.path.join(base, "etc/hostname"), "w", encoding="ascii") as file:
            file.write("greeter\n")
        with open(os.path.join(base, "etc/hosts"), "w", encoding="ascii") as file:
            file.write("127.0.0.1 localhost greeter\n::1 localhost\n")
        os.makedirs(os.path.join(base, "var/log/journal"), exist_ok=True)  # the journal is kept, and so seen from outside
        for group in self.groups:
            os.mkdir(group)
        script = ('for group in $6; do echo $$ >"$group/cgroup.procs" || exit 1; done && '
                  'mount -t tmpfs -o mode=755 tmpfs /run && '
                  'mount -t overlay -o "lowerdir=$1,upperdir=$2,workdir=$3" overlay "$4" && '
                  'exec systemd-nspawn -q -M "$5" -D "$4" --boot --register=no --keep-unit --private-network '
                  '--link-journal=no --console=pipe')
        with open(os.path.join(self.work, "console"), "wb") as console:
            self.nspawn = subprocess.Popen(
                ["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", base, upper, scratch, root,
                 f"sockgreet{os.getpid()}", " ".join(self.groups)], stdin=subprocess.DEVNULL, stdout=console, stderr=console,
                start_new_session=True, preexec_fn=_die_with_parent)
        self.leader = wait_until(self._find_leader, 20, "the container's first process")
        wait_until(lambda: os.path.exists(f"/proc/{self.leader}/root/run/dbus/system_bus_socket"), 30, "the container's bus")
        self.run("systemctl", "is-system-running", "--wait", check=False)
        settle_service(self)

    def _find_leader(self):
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
        with open(os.path.join(self.work, "console"), encoding="utf-8", errors="replace") as file:
            return file.read()[-2000:]

    def close(self):
        """Ends everything that was started and removes the directory."""
        for process in self.started:
            if process.poll() is None:
                process.kill()
                process.wait()
        self.started.clear()
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

    # Commands inside.

    def prefix(self, user=None):
        """What to put before a command that is to run inside."""
        return ["nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w",
                *(["-S", str(user), "-G", str(user)] if user else []), "--"]

    def popen(self, *command, user=None, **more):
        """Starts a command inside; close() ends it if nobody did."""
        environment = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "SYSTEMD_PAGER": "cat"}
        process = subprocess.Popen([*self.prefix(user), *command], env=environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
        self.started.append(process)
        return process

    def run(self, *command, user=None, check=True, timeout=60):
        """Runs a command inside to its end. Returns (exit code, standard output, standard error)."""
        process = self.popen(*command, user=user)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Failed(f"{' '.join(command)}: did not end in {timeout} s") from None
        finally:
            self.started.remove(process)
        expect(not check or process.returncode == 0, f"{' '.join(command)}: exit code {process.returncode}: {out}{err}")
        return process.returncode, out, err

    def output(self, *command, user=None):
        """Standard output of a command inside that must succeed."""
        return self.run(*command, user=user)[1]

    def systemctl(self, *words, check=True, timeout=60):
        """systemctl WORDS sockgreet. Returns (exit code, both outputs)."""
        code, out, err = self.run("systemctl", *words, UNIT, check=check, timeout=timeout)
        return code, out + err

    def kill(self, number, pid):
        """Sends a signal to a process, by its pid inside."""
        self.run("sh", "-c", f"kill -{int(number)} {int(pid)}")

    # The service.

    def show(self, *properties):
        """Properties of the unit, as text."""
        out = self.output("systemctl", "show", UNIT, "-p", ",".join(properties))
        values = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
        return values[properties[0]] if len(properties) == 1 else [values[name] for name in properties]

    def main_pid(self):
        """The master's pid inside; 0 if there is none."""
        return int(self.show("MainPID"))

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

    def generation(self):
        """The number in the unit's status text."""
        words = self.show("StatusText").replace("(", " ").split()
        return int(words[words.index("Generation") + 1]) if "Generation" in words else 0

    def write(self, path, text):
        """Writes a file inside."""
        with open(f"/proc/{self.leader}/root{path}", "w", encoding="utf-8") as file:
            file.write(text)

    def drop_in(self, text):
        """Overrides settings of the unit; "" ends that."""
        directory = f"/run/systemd/system/{UNIT}.d"
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

    def journal(self, since, *words):
        """The unit's entries from that time on, as dictionaries."""
        self.run("journalctl", "--sync")
        out = self.output("journalctl", "-u", UNIT, "--since", since, "-o", "json", *words)
        return [json.loads(line) for line in out.splitlines()]

    # Sockets.

    def in_network(self, make):
        """Calls make() in the container's network namespace; what it makes stays there."""
        own = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        theirs = os.open(f"/proc/{self.leader}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            if _libc.setns(theirs, _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
            return make()
        finally:
            _libc.setns(own, _CLONE_NEWNET)
            os.close(own)
            os.close(theirs)

    def stored(self):
        """The listening sockets in the descriptor store: {inode: "tcp 12345", "udp 12345", "unix PATH"}."""
        held = set()
        for entry in os.listdir(f"/proc/{self.leader}/fd"):
            try:
                target = os.readlink(f"/proc/{self.leader}/fd/{entry}")
            except OSError:
                continue
            if target.startswith("socket:["):
                held.add(target[8:-1])
        return {inode: name for inode, name in self._listening() if inode in held}

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
