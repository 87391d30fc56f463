# SPDX-License-Identifier: MIT
"""The servers that are compared: how each is configured and started, and what it answers."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import bench_proc

HERE = os.path.dirname(os.path.abspath(__file__))
HOST = "127.0.0.1"
GREETING = b"Thank you for connecting\r\n"
START_LIMIT = 10  # seconds until the first greeting
POLL = 0.0002     # seconds between two looks for it


class Unavailable(Exception):
    """This server is not installed here."""


class Failed(Exception):
    """A server that should work did not."""


def program(name, package):
    """The path of a program that may only be in root's PATH."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        raise Unavailable(f"{name} is missing (apt install {package})")
    return path


class Server:
    """One server on loopback. transport is tcp or udp; answer is None where it changes (then: any line)."""

    transport = "tcp"
    answer = GREETING

    def __init__(self, name, build):
        self.name = name
        self.build = build
        self.port = 0
        self.directory = None
        self.process = None
        self.first_greeting = None

    def command(self):
        """The arguments to execute; configuration files go into self.directory."""
        raise NotImplementedError

    def check(self):
        """Raises Unavailable if this server cannot be run here."""

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="ascii") as out:
            out.write(text)
        return path

    def target(self):
        return f"{self.transport}:{HOST}:{self.port}"

    def start(self, directory, port):
        """Starts it, and waits for its first greeting."""
        self.directory, self.port = directory, port
        if bench_proc.in_use(self.transport, port):
            raise Failed(f"another server holds port {port}")
        arguments = self.command()
        self.process = None
        with open(os.path.join(directory, "output"), "wb") as output:
            self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=self.log(output),
                                            cwd=directory, start_new_session=True)
        self.await_greeting(time.monotonic())  # Popen returns when the program is being executed

    def log(self, output):
        """Where standard error goes."""
        return output

    def await_greeting(self, began):
        while True:
            answer = ask(self.transport, self.port)
            if answer is not None:
                self.first_greeting = time.monotonic() - began
                if not answer or (self.answer and answer != self.answer):
                    raise Failed(f"{self.name} answers {answer!r}")
                return
            if self.process.poll() is not None or time.monotonic() > began + START_LIMIT:
                with open(os.path.join(self.directory, "output"), encoding="utf-8", errors="replace") as output:
                    raise Failed(f"{self.name} does not start: {output.read()[-1000:]}")
            time.sleep(POLL)

    def stop(self):
        """Stops it and everything it started."""
        if not self.process:
            return
        pids = bench_proc.tree(self.process.pid)
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pid in pids[1:] if not bench_proc.wait_gone(pids[1:], 2) else []:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process = None
        end = time.monotonic() + 5
        while bench_proc.in_use(self.transport, self.port) and time.monotonic() < end:
            time.sleep(0.01)


def ask(transport, port):
    """The answer to one client; None if nobody listens yet."""
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as client:
        client.settimeout(1)
        try:
            client.connect((HOST, port))
            if transport == "udp":
                client.send(b"")
                return client.recv(2048)
            answer = b""
            while piece := client.recv(2048):
                answer += piece
            return answer
        except ConnectionRefusedError:
            return None
        except (TimeoutError, ConnectionResetError):
            return None


class Sockgreet(Server):
    """sockgreetd with 2 workers and otherwise default settings."""

    def __init__(self, name, build, transport="tcp", greetings="off", linger=None, extra=""):
        super().__init__(name, build)
        self.transport = transport
        self.settings = f'log = {{ target = "stderr"; greetings = "{greetings}"; }};\n{extra}'
        if linger is not None:
            self.settings += f"timeouts = {{ linger = {linger}; }};\n"

    def check(self):
        path = os.path.join(self.build, "sockgreetd")
        if not os.access(path, os.X_OK):
            raise Unavailable(f"{path} is missing (make)")

    def log(self, output):
        return subprocess.DEVNULL

    def command(self):
        conf = self.write("sockgreet.conf", f'{self.settings}listeners = {{ greet = {{ type = "{self.transport}"; '
                                            f'address = "{HOST}"; port = {self.port}; }}; }};\n')
        os.chmod(self.directory, 0o755)
        return [os.path.join(self.build, "sockgreetd"), "-f", "-c", conf]


class Nginx(Server):
    """Debian's nginx with the stream module's return, as fast as it is set up."""

    def __init__(self, name, build, transport="tcp"):
        super().__init__(name, build)
        self.transport = transport
        if transport == "tcp":
            self.listen = "reuseport backlog=4096"
        else:
            self.listen = "udp reuseport rcvbuf=1m"

    def check(self):
        program("nginx", "nginx")
        if not os.path.exists("/usr/lib/nginx/modules/ngx_stream_module.so"):
            raise Unavailable("nginx's stream module is missing (apt install libnginx-mod-stream)")

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
    access_log off;
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


def all_servers(build):
    """Every server, in the order in which a round runs them: those that are compared stand close together."""
    return [
        Bare("bare", build, "tcp"),
        Sockgreet("sockgreet", build),
        Nginx("nginx", build),
        Sockgreet("sockgreet-summary", build, greetings="summary"),
        Sockgreet("sockgreet-each", build, greetings="each"),
        Bare("bare-close", build, "tcp-close"),
        Sockgreet("sockgreet-close", build, linger=0),
        Xinetd("xinetd", build),
        Tutorial("tutorial", build),
        Bare("bare-udp", build, "udp"),
        Sockgreet("sockgreet-udp", build, transport="udp"),
        Nginx("nginx-udp", build, transport="udp"),
    ]
