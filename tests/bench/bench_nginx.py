# SPDX-License-Identifier: MIT
"""nginx as well as it can be set up: all settings that bear on greetings are tried, and in each regime those count that took
the least CPU, and those that gave the highest rate."""
import collections
import datetime
import itertools
import os
import statistics

import bench_journal
import bench_load
import bench_regimes
import bench_results
import bench_server
from bench_regimes import ONE, TWO

FILE = "nginx.json"
COMMITTED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../doc/performance")
ROUNDS = 3
WHERE = (("tcp", TWO), ("tcp", ONE), ("udp", TWO))  # over UDP there are no targets with one generator
BY = {"cpu": min, "rate": max}

Settings = collections.namedtuple("Settings", "workers reuseport multi_accept accept_mutex")
USUAL = Settings(2, True, False, False)


def all_settings():
    """Every combination; a single worker takes no mutex, whatever is said."""
    return [found for found in (Settings(*values) for values in itertools.product((2, 1), *[(True, False)] * 3))
            if found.workers > 1 or not found.accept_mutex]


def words(settings):
    """For people."""
    names = [name for name in ("reuseport", "multi_accept", "accept_mutex") if getattr(settings, name)]
    return ", ".join([f"{settings.workers} worker{'s' * (settings.workers > 1)}", *names])


class Nginx(bench_server.Server):
    """Debian's nginx with the stream module's return. settings: {regime: Settings}"""

    log_mark = "^127"

    def __init__(self, name, build, settings, transport="tcp", journalled=False):
        super().__init__(name, build, journalled)
        self.transport = transport
        self.settings = settings

    def check(self):
        bench_server.program("nginx", "nginx")
        if not os.path.exists("/usr/lib/nginx/modules/ngx_stream_module.so"):
            raise bench_server.Unavailable("nginx's stream module is missing (apt install libnginx-mod-stream)")
        if self.journalled and (reason := bench_journal.missing()):
            raise bench_server.Unavailable(reason)

    def access_log(self):
        if not self.journalled:
            return "access_log off;"
        return (f"log_format greeting '$remote_addr:$remote_port $bytes_sent';\n"
                f"    access_log syslog:server=unix:{bench_journal.SYSLOG},nohostname greeting;")

    def listen(self, settings):
        how = "backlog=4096" if self.transport == "tcp" else "udp rcvbuf=1m"
        return f"{bench_server.HOST}:{self.port} {how}{' reuseport' * settings.reuseport}"

    def command(self):
        user = "user root;" if os.geteuid() == 0 else ""
        settings = self.settings[self.regime]
        conf = self.write("nginx.conf", f"""
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off; {user}
worker_processes {settings.workers};
worker_rlimit_nofile 20000;
pid {self.directory}/nginx.pid;
error_log {self.directory}/error.log crit;
events {{
    worker_connections 8192;
    multi_accept {"on" if settings.multi_accept else "off"};
    accept_mutex {"on" if settings.accept_mutex else "off"};
}}
stream {{
    {self.access_log()}
    server {{ listen {self.listen(settings)}; return "Thank you for connecting\\r\\n"; }}
}}
""")
        return [bench_server.program("nginx", "nginx"), "-e", f"{self.directory}/error.log", "-c", conf]


def measure(options, port, transport, regime, settings):
    """One turn with 64 clients, and a look whether 1024 are all answered. Returns the port, and the figures."""
    server = Nginx("nginx", options.build, {regime: settings}, transport)
    port = bench_server.next_port(port)
    with bench_server.running(server, port, regime):
        bench_load.run(options.build, server, 64, options.settle)
        figures = bench_load.measured(options.build, server, 64, options.seconds / 4)
        crowd = bench_load.run(options.build, server, options.crowd, options.settle)
    failed = figures["failures"]["all"] + crowd["failures"]["all"]
    return port, {"cpu": figures["server"]["cpu_us_each"], "rate": figures["per_second"], "failed": failed}


def try_all(options, port, progress):
    """Tries them all, in interleaved rounds. Returns the port, and all figures."""
    rows = [{"transport": transport, "regime": regime.name, "settings": settings._asdict(), "rounds": []}
            for transport, regime in WHERE for settings in all_settings()]
    rows = rows[:2] if options.smoke else rows
    for number in range(min(ROUNDS, options.rounds)):
        for row in rows:
            regime = next(found for found in bench_regimes.REGIMES if found.name == row["regime"])
            port, figures = measure(options, port, row["transport"], regime, Settings(**row["settings"]))
            row["rounds"].append(figures)
        progress(f"nginx's settings, {number + 1} of {min(ROUNDS, options.rounds)}: {len(rows)} tried")
    for row in rows:
        row.update({key: statistics.median(figures[key] for figures in row["rounds"]) for key in BY})
        row["failed"] = sum(figures["failed"] for figures in row["rounds"])
        del row["rounds"]
    return port, {"tried": rows, "date": datetime.date.today().isoformat()}


def best(found, transport, regime, by):
    """The settings with which a figure is best and nobody is left without an answer; the usual ones if there are none."""
    tried_in = TWO if transport == "udp" else regime
    rows = [row for row in found["tried"] if (row["transport"], row["regime"]) == (transport, tried_in.name)
            and not row["failed"]] if found else []
    if not rows:
        return USUAL
    return Settings(**BY[by](rows, key=lambda row: row[by])["settings"])


def figures_of(tried, transport, regime, settings):
    """What some settings came to; None if they were not tried."""
    return next((row for row in tried["tried"] if Settings(**row["settings"]) == settings and
                 (row["transport"], row["regime"]) == (transport, regime.name)), None)


def known(directory):
    """What was tried before: in this directory, or else as it was when doc/performance.md was made; None if never."""
    return bench_results.load(directory, FILE) or bench_results.load(COMMITTED, FILE)
