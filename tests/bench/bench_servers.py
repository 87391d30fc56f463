# SPDX-License-Identifier: MIT
"""The servers that are compared: how each is configured and executed."""
import os
import shutil
import subprocess
import sys
import tempfile

import bench_journal
from bench_server import HOST, PORT_FIRST, START_LIMIT, Server, Unavailable

HERE = os.path.dirname(os.path.abspath(__file__))


def program(name, package):
    """The path of a program that may only be in root's PATH."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        raise Unavailable(f"{name} is missing (apt install {package})")
    return path


class Sockgreet(Server):
    """sockgreetd with 2 workers and otherwise default settings."""

    def __init__(self, name, build, transport="tcp", log='greetings = "off";', extra="", ports=1, journalled=False):
        super().__init__(name, build, journalled)
        self.transport = transport
        self.ports = ports
        self.log_mark = "Served [0-9]+ clients" if "summary" in log else "Got connection from"
        # A user there is, as after an installation: to look for one there is not takes half a millisecond.
        self.settings = f'user = "nobody"; group = "nogroup";\nlog = {{ {log} }};\n{extra}'

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
        return f'greet{port} = {{ type = "{self.transport}"; address = "{HOST}"; port = {port}; }};\n'

    def command(self):
        listeners = "".join(self.listener(port) for port in range(self.port, self.port + self.ports))
        conf = self.write("sockgreet.conf", f"{self.settings}listeners = {{\n{listeners}}};\n")
        os.chmod(self.directory, 0o755)
        return [os.path.join(self.build, "sockgreetd"), *([] if self.journal else ["-f"]), "-c", conf]


class Nginx(Server):
    """Debian's nginx with the stream module's return, as fast as it is set up."""

    log_mark = "^127"

    def __init__(self, name, build, transport="tcp", journalled=False):
        super().__init__(name, build, journalled)
        self.transport = transport
        if transport == "tcp":
            self.listen = "reuseport backlog=4096"
        else:
            self.listen = "udp reuseport rcvbuf=1m"

    def check(self):
        program("nginx", "nginx")
        if not os.path.exists("/usr/lib/nginx/modules/ngx_stream_module.so"):
            raise Unavailable("nginx's stream module is missing (apt install libnginx-mod-stream)")
        if self.journalled and (reason := bench_journal.missing()):
            raise Unavailable(reason)

    def access_log(self):
        if not self.journalled:
            return "access_log off;"
        return (f"log_format greeting '$remote_addr:$remote_port $bytes_sent';\n"
                f"    access_log syslog:server=unix:{bench_journal.SYSLOG},nohostname greeting;")

    def command(self):
        user = "user root;" if os.geteuid() == 0 else ""
        conf = self.write("nginx.conf", f"""
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off; {user}
worker_processes 2;
worker_rlimit_nofile 20000;
pid {self.directory}/nginx.pid;
error_log {self.directory}/error.log crit;
events {{ worker_connections 8192; }}
stream {{
    {self.access_log()}
    server {{ listen {HOST}:{self.port} {self.listen}; return "Thank you for connecting\\r\\n"; }}
}}
""")
        return [program("nginx", "nginx"), "-e", f"{self.directory}/error.log", "-c", conf]


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


class Bare(Server):
    """The floor: a C loop with the fewest system calls, 2 processes."""

    def __init__(self, name, build, mode):
        super().__init__(name, build)
        self.mode = mode
        self.transport = "udp" if mode == "udp" else "tcp"

    def check(self):
        path = os.path.join(self.build, "tests/bench/bare")
        if not os.access(path, os.X_OK):
            raise Unavailable(f"{path} is missing (make bench)")

    def command(self):
        return [os.path.join(self.build, "tests/bench/bare"), self.mode, HOST, str(self.port), "2"]


EVERY_GREETING = 'greetings = "each"; max_per_second = 1000000;'


def all_servers(build):
    """Every server, in the order in which a round runs them: those that are compared stand close together."""
    return [
        Bare("bare", build, "tcp"),
        Sockgreet("sockgreet", build),
        Nginx("nginx", build),
        Sockgreet("sockgreet-summary", build, log='greetings = "summary"; summary_interval = 1;', journalled=True),
        Sockgreet("sockgreet-each", build, log='greetings = "each";', journalled=True),
        Sockgreet("sockgreet-all", build, log=EVERY_GREETING, journalled=True),
        Nginx("nginx-log", build, journalled=True),
        Bare("bare-close", build, "tcp-close"),
        Sockgreet("sockgreet-close", build, extra="timeouts = { linger = 0; };\n"),
        Xinetd("xinetd", build),
        Tutorial("tutorial", build),
        Sockgreet("sockgreet-1000", build, ports=1000),
        Bare("bare-udp", build, "udp"),
        Sockgreet("sockgreet-udp", build, transport="udp"),
        Nginx("nginx-udp", build, transport="udp"),
    ]
