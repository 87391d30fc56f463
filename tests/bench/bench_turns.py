# SPDX-License-Identifier: MIT
"""One server's turn in a round: what is measured, and what must never happen whatever the machine does."""
import contextlib
import statistics
import tempfile
import time

import bench_load
import bench_proc
import bench_server

PARTS = ("c1", "c64", "c1024", "open", "spread", "talk")
OPEN_RATE = {"tcp": 5000, "udp": 20000}  # starts a second in the open loop: well below what any of them can do

LOG_LIMIT = 3  # seconds until an entry about clients is in the journal


def first_greetings(options, server, port):
    """Milliseconds from exec to the first greeting, of several starts."""
    found = []
    for _ in range(options.starts):
        with running(server, port):
            found.append(server.first_greeting * 1000)
    return found


def loads(options, server):
    """All kinds of load, one after the other."""
    build, short = options.build, options.seconds / 2
    result = {"c64": bench_load.measured(build, server, 64, options.seconds)}
    if options.quick:
        return result
    result["c1"] = bench_load.measured(build, server, 1, short)
    result["c1024"] = bench_load.measured(build, server, options.crowd, short, memory=True)
    result["open"] = bench_load.measured(build, server, 1024, short, "-r", str(OPEN_RATE[server.transport]))
    if server.ports > 1:
        result["spread"] = bench_load.measured(build, server, 64, short, target=server.all_targets())
    if server.transport == "tcp":
        result["talk"] = bench_load.run(build, server, 64, 10, "-n", str(options.talkers), "-b", "64")
    return result


def forget_curves(result):
    """Only two curves are drawn."""
    for part in PARTS:
        if part in result and part not in ("c64", "open"):
            del result[part]["latency_us"]["curve"]


def turn(options, server, port):
    """Returns everything measured in one server's turn."""
    result = {}
    starts = [] if server.journalled or options.quick else first_greetings(options, server, port)
    with running(server, port):
        time.sleep(options.settle)
        starts.append(server.first_greeting * 1000)
        result["pss_idle"], result["processes"] = bench_proc.pss(server.process.pid)
        bench_load.run(options.build, server, 64, options.settle)  # warm: pages touched, neighbours known
        result.update(loads(options, server))
        result["pss_loaded"] = bench_proc.pss(server.process.pid)[0]
        if server.journal:
            found = server.journal.await_entry(server.log_mark, LOG_LIMIT)
            result["journal"] = {"entries": server.journal.entries(), "found": found}
    if not server.journalled:  # their programs are executed twice
        result["first_greeting_ms"] = statistics.median(starts)
    forget_curves(result)
    return result


def line(name, figures):
    """One line about one server's turn."""
    c64 = figures["c64"]
    return (f"{name:18} {c64['per_second']:8.0f}/s  {c64['server']['cpu_us_each']:6.2f} us each"
            f"  p50 {c64['latency_us']['p50']:7.0f} us  p99 {c64['latency_us']['p99']:7.0f} us"
            f"  {c64['failures']['all']} failed")


def counted(server, part, failures):
    """The failures that are faults: every kind for sockgreetd, unless it closes at once on clients that talk; wrong bytes
    for everybody."""
    if server.name.startswith("sockgreet") and not (part == "talk" and server.name == "sockgreet-close"):
        return {kind: count for kind, count in failures.items() if kind != "all"}
    return {kind: count for kind, count in failures.items() if kind == "wrong"}


def faults_of(server, figures):
    """What went wrong in one turn: descriptions."""
    for part in PARTS:
        if part not in figures:
            continue
        if bad := counted(server, part, figures[part]["failures"]):
            yield f"{part}: {bad}"
        may_fail = part == "talk" and not server.name == "sockgreet"  # all of them reset, perhaps
        if figures[part]["answered"] == 0 and not may_fail:
            yield f"{part}: nobody was answered"
    if server.journalled and not figures["journal"]["found"]:
        yield "no entry about a client has arrived in the journal"


def faults(servers, results):
    """Everything that went wrong in all rounds."""
    return [f"{server.name}, round {number}, {fault}" for server in servers
            for number, figures in enumerate(results["servers"][server.name]["rounds"], 1)
            for fault in faults_of(server, figures)]


def next_port(server, port):
    return bench_server.next_port(port, server.ports)
