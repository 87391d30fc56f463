# SPDX-License-Identifier: MIT
"""What the load generator, sockgreet --load, costs itself: its rate over that of a bare loop of clients, which neither
measures nor compares anything. Both have one thread on a processor of its own, and ask the same server in turns."""
import os
import statistics
import subprocess

import bench_load
import bench_server
import bench_servers
from bench_regimes import ONE

CLIENTS = 64
LEAST = 0.95        # of the bare loop's rate
SMOKE_LEAST = 0.5   # where nobody keeps the machine quiet
ROUNDS = 9


def bare(options, server):
    """The bare loop's answers a second."""
    command = [os.path.join(options.build, "tests/bench/bare_load"), bench_server.HOST, str(server.port), str(CLIENTS),
               str(options.seconds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=options.seconds + bench_load.GRACE, check=False,
                          preexec_fn=lambda: os.sched_setaffinity(0, ONE.generators))
    if done.returncode:
        raise bench_server.Failed(f"{' '.join(command)}: exit code {done.returncode}")
    return float(done.stdout)


def rate(options, measure):
    """Answers a second, as measure() returns them; in a smoke until there are any."""
    return bench_load.repeated(options, measure, lambda found: found > 0)


def ratios(options, server, port):
    """Of each round, of which every other one begins with the bare loop."""
    found = []
    with bench_server.running(server, port, ONE):
        bench_load.run(options.build, server, CLIENTS, options.settle)
        for number in range(max(3, min(ROUNDS, options.rounds))):
            first = rate(options, lambda: bare(options, server)) if number % 2 else None
            own = rate(options, lambda: bench_load.run(options.build, server, CLIENTS, options.seconds)["per_second"])
            found.append(own / (first or rate(options, lambda: bare(options, server))))
    return found


def run(options, port, progress):
    """{server: ratios}. Returns the last port too."""
    found = {}
    for server in (bench_servers.Sockgreet("sockgreet", options.build), bench_servers.Bare("bare", options.build, "tcp")):
        port = bench_server.next_port(port)
        found[server.name] = ratios(options, server, port)
        progress(f"sockgreet --load, asking {server.name}: {statistics.median(found[server.name]):.2f} of a bare loop's rate")
    return port, found


def smoke_faults(results):
    return [f"sockgreet --load reaches {statistics.median(found):.2f} of the bare loop's rate with {name}"
            for name, found in results.get("client", {}).items() if statistics.median(found) < SMOKE_LEAST]
