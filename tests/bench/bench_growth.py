# SPDX-License-Identifier: MIT
"""What lingering clients cost: memory for each, and other clients' latency meanwhile. A lingering client has its greeting
and does not close."""
import contextlib
import resource
import socket
import statistics

import bench_load
import bench_proc
import bench_regimes
import bench_server
import bench_servers

STEPS = (1, 10, 100, 1000, 10000)
RATE = 1000  # other clients a second
SPARE = 500  # descriptors for everything else

SETTINGS = """timeouts = { linger = 3600; linger_total = 3600; };
limits = { connections = 20000; };
"""


@contextlib.contextmanager
def many_descriptors():
    """As many as we may have, meanwhile; servers that are started before do not get them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield hard
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def linger(port):
    """A client that has its greeting and its end of file, and stays."""
    client = socket.create_connection((bench_server.HOST, port), timeout=bench_servers.Sockgreet.patience)
    answer = b""
    while piece := client.recv(2048):
        answer += piece
    if answer != bench_server.GREETING:
        raise bench_server.Failed(f"a lingering client was told {answer!r}")
    return client


def step(options, server, count):
    """What is measured while so many linger."""
    memory = bench_proc.memory(server.process.pid)
    figures = bench_load.measured(options.build, server, 256, options.seconds / 2, rate=RATE)
    del figures["latency_us"]["curve"]
    return {"clients": count, "pss": memory["pss"], "own": memory["own"], "load": figures}


def climb(options, server):
    """All steps, on a server that has greeted others before."""
    clients, steps = [], []
    with contextlib.ExitStack() as held, many_descriptors() as limit:
        for count in STEPS:
            if count > options.lingerers or count > limit - SPARE:
                break
            while len(clients) < count:
                clients.append(held.enter_context(linger(server.port)))
            steps.append(step(options, server, count))
    return steps


def run(options, port):
    """One climb: its steps, and the memory that each client more took."""
    server = bench_servers.Sockgreet("sockgreet-lingering", options.build, extra=SETTINGS)
    with bench_server.running(server, bench_server.next_port(port), bench_regimes.TWO):
        bench_load.run(options.build, server, 64, options.settle)
        steps = climb(options, server)
    first, last = steps[0], steps[-1]
    more = max(1, last["clients"] - first["clients"])
    return {"steps": steps, "bytes_each": (last["own"] - first["own"]) / more}


def medians(results):
    """[(clients, {figure: median of all climbs})]"""
    climbs = results.get("growth") or []
    rows = []
    for steps in zip(*(climb["steps"] for climb in climbs)):
        load = [one["load"] for one in steps]
        rows.append((steps[0]["clients"], {
            "own": statistics.median(one["own"] for one in steps),
            "pss": statistics.median(one["pss"] for one in steps),
            "p50": statistics.median(one["latency_us"]["p50"] for one in load),
            "p99": statistics.median(one["latency_us"]["p99"] for one in load),
            "failed": sum(one["failures"]["all"] for one in load)}))
    return rows


def faults(results):
    return [f"{clients} lingering clients: {row['failed']} others failed"
            for clients, row in medians(results) if row["failed"]]
