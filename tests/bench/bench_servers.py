# SPDX-License-Identifier: MIT
"""The servers that are compared: how each is configured and executed."""
import os
import re
import subprocess
import sys
import tempfile

import bench_journal
import bench_nginx
import bench_proc
from bench_regimes import ONE, REGIMES, TWO
from bench_server import HOST, PORT_FIRST, START_LIMIT, Server, Unavailable, program

# A user and groups that there are, as after an installation: to look for one there is not takes half a millisecond.
USER = 'user = "nobody"; group = "nogroup"; control = { group = "nogroup"; };\n'
HERE = os.path.dirname(os.path.abspath(__file__))


class Sockgreet(Server):
    """sockgreetd with 2 workers and otherwise default settings."""

    def __init__(self, name, build, transport="tcp", log='greetings = "off";', extra="", ports=1, journalled=False, says=""):
        super().__init__(name, build, journalled)
        self.says = says
        self.answer = None if says else self.answer
        self.transport = transport
        self.ports = ports
        self.log_mark = "Served [0-9]+ clients" if "summary" in log else "Got connection from"
        self.settings = f'{USER}log = {{ {log} }};\n{extra}'

    def check(self):
        path = os.path.join(self.build, "sockgreetd")
        if not os.access(path, os.X_OK):
            raise Unavailable(f"{path} is missing (make)")
        if self.journalled and (reason := bench_journal.missing()):
            raise Unavailable(reason)
        if self.ports > 1:
            self.check_conf()

    def check_conf(self):
        """Whether it may listen on so many ports."""
        with tempfile.TemporaryDirectory(prefix="bench-") as self.directory:
            self.port = PORT_FIRST
            done = subprocess.run([*self.command(), "-t"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  encoding="utf-8", errors="replace", timeout=START_LIMIT, check=False)
        if done.returncode:
            raise Unavailable(done.stdout.strip().rpartition("\n")[2])

    def listener(self, port):
        return f'greet{port} = {{ type = "{self.transport}"; address = "{HOST}"; port = {port}; {self.says} }};\n'

    def command(self):
        listeners = "".join(self.listener(port) for port in range(self.port, self.port + self.ports))
        conf = self.write("sockgreet.conf", f"{self.settings}listeners = {{\n{listeners}}};\n")
        os.chmod(self.directory, 0o755)
        return [os.path.join(self.build, "sockgreetd"), *([] if self.journal else ["-f"]), "-c", conf]


class Xinetd(Server):
    """xinetd's internal daytime."""

    answer = None

    def check(self):
        program("xinetd", "xinetd")
        if os.geteuid() != 0:
            raise Unavailable("xinetd runs only as root")

    def command(self):
        conf = self.write("xinetd.conf", f"""
defaults
{{
    instances = UNLIMITED
    per_source = UNLIMITED
    cps = 1000000 1
}}
service daytime
{{
    type = INTERNAL UNLISTED
    id = daytime-stream
    socket_type = stream
    protocol = tcp
    wait = no
    user = root
    bind = {HOST}
    port = {self.port}
}}
""")
        return [program("xinetd", "xinetd"), "-dontfork", "-f", conf, "-pidfile", f"{self.directory}/xinetd.pid"]


class Tutorial(Server):
    """The first server everyone writes."""

    def command(self):
        return [sys.executable, os.path.join(HERE, "tutorial.py"), HOST, str(self.port)]


class Defaults(Sockgreet):
    """sockgreetd with no settings of its own, for the time to the first greeting. It listens where it does by default."""

    port_by_default = 12345

    def check(self):
        super().check()
        if os.geteuid() != 0:
            raise Unavailable("only root may make its default Unix socket, /run/sockgreet/greet.sock")
        if bench_proc.in_use(self.transport, self.port_by_default):
            raise Unavailable(f"port {self.port_by_default} is in use")

    def start(self, directory, port):
        super().start(directory, self.port_by_default)

    def command(self):
        conf = self.write("sockgreet.conf", USER)
        os.chmod(self.directory, 0o755)
        return [os.path.join(self.build, "sockgreetd"), "-f", "-c", conf]


class Bare(Server):
    """The floor: a C loop with the fewest system calls, 2 processes. later: after how many microseconds it looks at a client
    that it has greeted; None: its own choice."""

    def __init__(self, name, build, mode, later=None):
        super().__init__(name, build)
        self.mode = mode
        self.later = [] if later is None else [str(later)]
        self.transport = "udp" if mode == "udp" else "tcp"

    def check(self):
        path = os.path.join(self.build, "tests/bench/bare")
        if not os.access(path, os.X_OK):
            raise Unavailable(f"{path} is missing (make bench)")

    def command(self):
        return [os.path.join(self.build, "tests/bench/bare"), self.mode, HOST, str(self.port), "2", *self.later]


# Every look-up of the limiter for every client, and nobody refused: the generator's addresses are in networks of their own.
LIMITS = "limits = { rate = 10000; burst = 100000; net_rate = 10000; net_burst = 100000; };\n"
# All that stands between a stranger and a worker, and what has none of it.
NETWORKS = ", ".join(f'"10.{n >> 8}.{n & 255}.0/24"' for n in range(10000))
GUARDED = f"""{LIMITS.replace("};", "per_source = 50000; };")}networks = {{ many = [{NETWORKS}]; }};
access = {{ deny = ["many"]; }};
sandbox = "strict";
"""
UNGUARDED = 'sandbox = "off";\n'
JSON_TCP, JSON_UDP = 1061, 744  # bytes of a greeting with all variables
EVERY_GREETING = 'greetings = "each"; max_per_second = 1000000;'
CLIENTS = ("c64", "c1", "c2", "c1024")
TCP_MATRIX = {TWO: (*CLIENTS, "open", "talk"), ONE: (*CLIENTS, "open")}
UDP_MATRIX = {TWO: (*CLIENTS, "open"), ONE: CLIENTS}


def in_turn(server, parts):
    """A server, and what is measured of it."""
    server.parts = parts
    return server


def nginx(build, tried, transport):
    """One or two servers: with the settings that take the least CPU, and, in regimes where these are others, with those that
    give the highest rate."""
    name, matrix = ("nginx", TCP_MATRIX) if transport == "tcp" else ("nginx-udp", UDP_MATRIX)
    cpu, rate = ({regime: bench_nginx.best(tried, transport, regime, by) for regime in REGIMES} for by in ("cpu", "rate"))
    found = [in_turn(bench_nginx.Nginx(name, build, cpu, transport), matrix)]
    if differ := {regime: matrix[regime] for regime in REGIMES if rate[regime] != cpu[regime]}:
        found.append(in_turn(bench_nginx.Nginx(f"{name}-rate", build, rate, transport), differ))
    return found


def guards(suffix, build):
    """What protection costs: limits alone, all of it, none."""
    kinds = {"limits": LIMITS, "guarded": GUARDED, "unguarded": UNGUARDED}
    return [in_turn(Sockgreet(f"sockgreet{suffix}-{kind}", build, suffix[1:] or "tcp", extra=extra), {TWO: ("c64",)})
            for kind, extra in kinds.items()]


def says(suffix, build):
    """What it costs to send all variables, and to send as many bytes that are always the same."""
    room, length = (" max_datagram = 1232;", JSON_UDP) if suffix else ("", JSON_TCP)
    kinds = {"json": 'format = "json";', "long": f'greeting = "{"x" * (length - 1)}\\n";'}
    parts = {ONE: ("c1", "c64"), TWO: ("c64",)}
    return [in_turn(Sockgreet(f"sockgreet{suffix}-{kind}", build, suffix[1:] or "tcp", says=one + room), parts)
            for kind, one in kinds.items()]


def compared(build, tried):
    """Those that have targets in both regimes, over TCP and then over UDP."""
    return ([in_turn(Bare("bare", build, "tcp"), TCP_MATRIX), in_turn(Sockgreet("sockgreet", build), TCP_MATRIX),
             *guards("", build), *says("", build),
             *nginx(build, tried, "tcp")],
            [in_turn(Bare("bare-udp", build, "udp"), UDP_MATRIX),
             in_turn(Sockgreet("sockgreet-udp", build, transport="udp"), UDP_MATRIX),
             *guards("-udp", build), *says("-udp", build),
             *nginx(build, tried, "udp")])


def others(build, tried):
    """Those that show what a setting costs, and what else people use."""
    logged = {TWO: ("c64", "talk")}
    usual = {TWO: ("c64", "c1", "c1024", "talk")}
    best = {TWO: bench_nginx.best(tried, "tcp", TWO, "cpu")}
    return [
        in_turn(Sockgreet("sockgreet-summary", build, log='greetings = "summary"; summary_interval = 1;', journalled=True),
                logged),
        in_turn(Sockgreet("sockgreet-each", build, log='greetings = "each";', journalled=True), logged),
        in_turn(Sockgreet("sockgreet-all", build, log=EVERY_GREETING, journalled=True), logged),
        in_turn(bench_nginx.Nginx("nginx-log", build, best, journalled=True), logged),
        in_turn(Bare("bare-close", build, "tcp-close"), usual),
        in_turn(Sockgreet("sockgreet-close", build, extra="timeouts = { linger = 0; };\n"), usual),
        in_turn(Xinetd("xinetd", build), usual),
        in_turn(Tutorial("tutorial", build), usual),
        in_turn(Sockgreet("sockgreet-1000", build, ports=1000), {TWO: ("c64", "c1", "spread")}),
        in_turn(Defaults("sockgreet-defaults", build), {TWO: ()}),
    ]


def all_servers(build, tried=None):
    """Every server, in the order in which a round runs them: those that are compared stand close together. tried: nginx's
    settings."""
    tcp, udp = compared(build, tried)
    return [*tcp, *others(build, tried), *udp]


def bare_later(build, name):
    """bare-N: the bare loop that looks N microseconds later, to find the best delay; None if the name is not of this kind."""
    found = re.fullmatch(r"bare-(\d+)", name)
    return in_turn(Bare(name, build, "tcp", found[1]), TCP_MATRIX) if found else None
