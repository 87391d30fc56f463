# SPDX-License-Identifier: MIT
"""The network that the documentation of the client speaks of: a client, two greeters web-1 and web-2 on its link, and one
behind a router that rewrites packets."""

import contextlib
import os
import re
import signal
import subprocess
import threading
import time

from documented import KEYS, fits, without_numbers
from namespaces import Namespace
from processes import PATIENCE, SLOWNESS, wait_until
from service import Service

CLIENT, WEB1, WEB2, SERVICE, ROUTER, FAR, DEAD = (
    "192.0.2.100", "192.0.2.1", "192.0.2.2", "192.0.2.9", "192.0.2.254", "198.51.100.2", "2001:db8::dead")
HOSTS = f"""\
127.0.0.1 localhost
{WEB1} web-1.example
{WEB2} web-2.example
{WEB1} web.example
{WEB2} web.example
{DEAD} dual.example
{WEB1} dual.example
{SERVICE} service.example
{WEB1} mail.example
{FAR} host.example
{ROUTER} lb.example
"""
MACHINES = """\
web-1.example
web-2.example 12345    # the port may be left out
web-1.example:82
"""
# What the shell that runs a command sees: the names above, and the directory of the socket.
SCRIPT = """
mount --bind "$1/hosts" /etc/hosts
mount --bind "$1/nsswitch.conf" /etc/nsswitch.conf
mount -t tmpfs none /run
ln -s "$1/$2" /run/sockgreet
cd "$1/home"
PATH="$1/bin:/usr/lib/nagios/plugins:$PATH" exec sh -c "$3"
"""


def _kill_group(leader):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def _listener(kind, address, port, **settings):
    return {"type": kind, "address": address, "port": port, **settings}


def _json(kind, address, **settings):
    return _listener(kind, address, 12345, format="json", **({"max_datagram": 1232} if kind == "udp" else {}), **settings)


def _of_localhost(directory):
    return {"tcp": _listener("tcp", "127.0.0.1", 12345), "udp": _listener("udp", "127.0.0.1", 12345),
            "local": {"type": "unix", "path": f"{directory}/run/greet.sock", "mode": "0666"}}


def _of_web(address):
    return {
        "tcp": _listener("tcp", address, 12345, greeting="Hello ${client_address}, this is ${hostname}\r\n"),
        "tcp6": _listener("tcp", "2001:db8::1" if address == WEB1 else "2001:db8::2", 12345),
        "json": _listener("tcp", address, 2000, format="json"),
        "service": _listener("tcp", SERVICE, 80, format="json"),
        "udp": _json("udp", "", answer_broadcast=True),
        "mail": _listener("tcp", address, 25, greeting="220 mail.example ESMTP\r\n", end="hold"),
        "http": _listener("tcp", address, 80, service="http"),
        "silent": _listener("tcp", address, 83, delay=60),
        "reset": _listener("tcp", address, 84, greeting="Hello", delay=0.1, end="reset"),
        "proxied": _listener("tcp", address, 8080, proxy_from=["192.0.2.0/24"], greeting="Hello ${client_address}\r\n"),
        "escapes": _listener("tcp", address, 8081, greeting="\x1b]0;owned\x07Hello\r\n"),
    }


class DocumentedNetwork:
    """Runs commands where the names and servers are those of the documentation."""

    calm = 0.0  # seconds before each event of an outage, where the output is for people

    def __init__(self, programs, directory):
        self.stack, self.directory = contextlib.ExitStack(), directory
        try:
            self._build(programs)
        except BaseException:
            self.close()
            raise

    def close(self):
        self.stack.close()

    def _namespace(self):
        made = Namespace()
        self.stack.callback(made.close)
        return made

    def _build(self, programs):
        self.switch = self._namespace()
        self.switch.ip("link", "add", "bridge", "type", "bridge")
        self.switch.ip("link", "set", "bridge", "up")
        self.client, self.web1, self.web2, self.router = (
            self._host(number, address) for number, address in ((100, CLIENT), (1, WEB1), (2, WEB2), (254, ROUTER)))
        self.far = self._namespace()
        self._route()
        for host in (self.web1, self.web2):
            host.add_address(SERVICE)
        self.client.ip("route", "add", SERVICE, "via", WEB1)
        self.web2.add_address(DEAD)
        self._filter()
        self._write(programs)
        self._start_servers(programs)

    def _start_servers(self, programs):
        daemon = programs["sockgreetd"]
        self._start(daemon, self.client, "localhost", _of_localhost(self.directory))
        self._start(daemon, self.web1, "web-1", _of_web(WEB1))
        self._start(daemon, self.web2, "web-2", _of_web(WEB2))
        self._start(daemon, self.far, "web-3", {"tcp": _json("tcp", FAR), "udp": _json("udp", FAR)})

    def _host(self, number, address):
        """A host on the link, which has both families."""
        host, port = self._namespace(), f"port{number}"
        self.switch.connect(port, host, "eth0")
        self.switch.ip("link", "set", port, "master", "bridge")
        host.ip("address", "flush", "dev", "eth0")
        host.ip("link", "set", "eth0", "addrgenmode", "none")
        host.ip("address", "add", f"{address}/24", "brd", "192.0.2.255", "dev", "eth0")
        for global_or_local in ("2001:db8", "fe80"):
            host.ip("address", "add", f"{global_or_local}::{number}/64", "dev", "eth0", "nodad")
        wait_until(lambda: self._forwards(port), "the bridge forwards")
        return host

    def _forwards(self, port):
        shown = subprocess.run([*self.switch.prefix, "ip", "-d", "link", "show", port], capture_output=True, check=True)
        return b"state forwarding" in shown.stdout

    def _route(self):
        """The router clears the DSCP, clamps the MSS, translates the source, and has a link with a lower MTU."""
        self.router.connect("far", self.far, "eth0")
        self.router.ip("address", "add", "198.51.100.1/24", "dev", "far")
        self.router.ip("link", "set", "far", "mtu", 1400)
        self.far.ip("address", "add", f"{FAR}/24", "dev", "eth0")
        self.far.ip("route", "add", "default", "via", "198.51.100.1")
        self.client.ip("route", "add", "default", "via", ROUTER)
        self.router.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.icmp_ratelimit=0",
                        "net.ipv4.icmp_msgs_per_sec=100000")
        self.router.run("nft", "-f", "-", text=f"""
            table inet rewriting {{
                chain forward {{
                    type filter hook forward priority 0
                    ip daddr {SERVICE} drop
                    oifname "far" ip dscp set cs0
                    oifname "far" tcp flags & (syn | rst) == syn tcp option maxseg size set 1360
                }}
                chain postrouting {{
                    type nat hook postrouting priority 100
                    oifname "far" meta l4proto {{ tcp, udp }} masquerade to :61000-61999
                }}
            }}
            """)

    def _filter(self):
        """Port 81 is filtered, port 85 is rejected, and one address does not answer."""
        for host in (self.web1, self.web2):
            host.run("nft", "-f", "-", text=f"""
                table inet filtering {{
                    chain input {{
                        type filter hook input priority 0
                        ip6 daddr {DEAD} drop
                        tcp dport 81 drop
                        tcp dport 85 reject with icmpx type admin-prohibited
                    }}
                }}
                """)

    def _write(self, programs):
        for name in ("bin", "run", "home"):
            (self.directory / name).mkdir()
        (self.directory / "hosts").write_text(HOSTS)
        (self.directory / "nsswitch.conf").write_text("hosts: files\nservices: files\n")
        (self.directory / "home/machines").write_text(MACHINES)
        for name in ("sockgreet", "check_sockgreet"):
            (self.directory / "bin" / name).symlink_to(programs["sockgreet"])

    def _start(self, daemon, host, name, listeners):
        """A daemon on a host of that name."""
        directory = self.directory / name
        directory.mkdir()
        service = Service(daemon, directory, {"listeners": listeners}, prefix=self.named(host, name))
        self.stack.callback(service.cleanup)
        service.wait_ready()

    @staticmethod
    def named(host, name):
        """What to put before a command that is to run on a host of that name."""
        return [*host.prefix, "unshare", "--uts", "sh", "-ec", 'hostname "$0"; exec "$@"', name]

    def move_service(self, gateway):
        """Has the address of service.example lead elsewhere; the router takes its packets and drops them."""
        self.client.ip("route", "replace", SERVICE, "via", gateway)

    def run(self, command):
        """What the command prints, as lines. Where a key is printed, as ^C, the client gets its signal. A command that waits
        for a key in vain, because it prints something else, is ended."""
        self.client.ip("route", "flush", "cache")  # which knows the path MTU after --path
        self.move_service(WEB1)
        host, runtime = {"": (self.client, "run"), "web-1": (self.web1, "web-1/run")}[command.host]
        process = subprocess.Popen(
            [*host.prefix, "unshare", "--mount", "sh", "-ec", SCRIPT, "sh", self.directory, runtime, command.text],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, "LC_ALL": "C.UTF-8"})
        limit = threading.Timer(PATIENCE * SLOWNESS, _kill_group, (process.pid,))
        limit.start()
        try:
            return self._follow(process, command.expected)
        finally:
            limit.cancel()
            _kill_group(process.pid)
            process.wait(PATIENCE)
            process.stdout.close()

    def _follow(self, process, expected):
        keys = [at for at, line in enumerate(expected) if line in KEYS]
        lines = []
        for line in process.stdout:
            lines.append(line.decode().rstrip("\r\n"))
            self._react(lines[-1])
            if keys and fits(expected[:keys[0]], lines):
                lines.append(expected[keys.pop(0)])
                os.killpg(process.pid, KEYS[lines[-1]])
        return lines

    def _react(self, line):
        """What happens to service.example while it is watched: it goes, and comes back elsewhere."""
        for words, gateway in (("web-1 answers$", ROUTER), ("TIMEOUT: ", WEB2), ("web-2 answers instead ", WEB2)):
            if re.match(rf"CLOCK {SERVICE}:\d+ tcp {words}", without_numbers(line)):
                time.sleep(self.calm)
                self.move_service(gateway)
