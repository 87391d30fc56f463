# SPDX-License-Identifier: MIT
"""One server's turn in a round, in one regime: what is measured, and what must never happen whatever the machine does."""
import statistics
import time

import bench_load
import bench_proc
import bench_regimes
import bench_server
from bench_regimes import REGIMES, TWO

PARTS = ("c1", "c2", "c64", "c1024", "open", "spread", "talk")
LOG_LIMIT = 20  # seconds until an entry about clients is in the journal


def first_greetings(options, server, regime, port):
    """Milliseconds from exec to the first greeting, of several starts."""
    found = []
    for _ in range(options.starts):
        with bench_server.running(server, port, regime):
            found.append(server.first_greeting * 1000)
    return found


def part_of(options, server, part, rates):
    """One part of a turn. 64 clients have all the time, each other load half of it."""
    build, short = options.build, options.seconds / 2
    if part == "c64":
        return bench_load.measured(build, server, 64, options.seconds)
    if part == "c1024":
        return bench_load.measured(build, server, options.crowd, short, memory=True)
    if part == "open":
        rate = rates[server.regime.name] if server.transport == "tcp" else rates["datagrams"]
        return bench_load.measured(build, server, 1024, short, rate=rate)
    if part == "spread":
        return bench_load.measured(build, server, 64, short, target=server.all_targets())
    if part == "talk":
        return bench_load.run(build, server, 64, 10, requests=options.talkers, talk=64)
    return bench_load.measured(build, server, int(part[1:]), short)


def seen(options, server, part, rates):
    """One part of a turn; in a smoke until it has shown something: somebody was answered, or there is a fault."""
    return bench_load.repeated(options, lambda: part_of(options, server, part, rates),
                               lambda figures: figures["answered"] or may_fail(server, part) or
                               counted(server, part, figures["failures"]))


def wanted(options, server, regime):
    """The parts of a turn."""
    return [part for part in server.parts[regime] if part == "c64" or not options.quick]


def loads(options, server, parts, rates):
    """All kinds of load, one after the other."""
    bench_load.run(options.build, server, 64, options.settle)  # warm: pages touched, neighbours known
    result = {part: seen(options, server, part, rates) for part in parts}
    result["pss_loaded"] = bench_proc.pss(server.process.pid)[0]
    return result


def forget_curves(result):
    """Only two curves are drawn."""
    for part in PARTS:
        if part in result and part not in ("c64", "open"):
            del result[part]["latency_us"]["curve"]


def turn(options, server, regime, port, rates):
    """Returns everything measured in one server's turn."""
    result, parts = {}, wanted(options, server, regime)
    starting = regime is TWO and not server.journalled  # journalled programs are executed twice
    starts = first_greetings(options, server, regime, port) if starting and not options.quick else []
    with bench_server.running(server, port, regime):
        time.sleep(options.settle)
        starts.append(server.first_greeting * 1000)
        result["pss_idle"], result["processes"] = bench_proc.pss(server.process.pid)
        if parts:
            result.update(loads(options, server, parts, rates))
        result["processors"] = sorted(bench_regimes.processors(server.process.pid))
        if server.journal:
            found = server.journal.await_entry(server.log_mark, LOG_LIMIT)
            result["journal"] = {"entries": server.journal.entries(), "found": found}
    if starting:
        result["first_greeting_ms"] = statistics.median(starts)
    forget_curves(result)
    return result


def line(name, regime, figures):
    """One line about one server's turn."""
    if "c64" not in figures:
        return f"{name:18} {regime.name}  first greeting after {figures['first_greeting_ms']:.1f} ms"
    c64 = figures["c64"]
    return (f"{name:18} {regime.name}  {c64['per_second']:8.0f}/s  {c64['server']['cpu_us_each']:6.2f} us each"
            f"  p50 {c64['latency_us']['p50']:7.0f} us  p99 {c64['latency_us']['p99']:7.0f} us"
            f"  {c64['failures']['all']} failed")


def counted(server, part, failures):
    """The failures that are faults: every kind for sockgreetd, unless it closes at once on clients that talk; wrong bytes
    for everybody."""
    if server.name.startswith("sockgreet") and not (part == "talk" and server.name == "sockgreet-close"):
        return {kind: count for kind, count in failures.items() if kind != "all"}
    return {kind: count for kind, count in failures.items() if kind == "wrong"}


def may_fail(server, part):
    """Whether it is acceptable that nobody is answered: a server may reset every client that talks."""
    return part == "talk" and server.name != "sockgreet"


def faults_of(server, regime, figures):
    """What went wrong in one turn: descriptions."""
    if figures["processors"] != sorted(regime.servers):
        yield f"ran on the processors {figures['processors']}"
    for part in PARTS:
        if part not in figures:
            continue
        if bad := counted(server, part, figures[part]["failures"]):
            yield f"{part}: {bad}"
        if figures[part]["answered"] == 0 and not may_fail(server, part):
            yield f"{part}: nobody was answered"
    if server.journalled and not figures["journal"]["found"]:
        yield "no entry about a client has arrived in the journal"


def faults(servers, results):
    """Everything that went wrong in all rounds."""
    return [f"{server.name}, {regime.title}, round {number}, {fault}"
            for server in servers
            for number, turns in enumerate(results["servers"][server.name]["rounds"], 1)
            for regime in REGIMES if regime.name in turns
            for fault in faults_of(server, regime, turns[regime.name])]


def next_port(server, port):
    return bench_server.next_port(port, server.ports)
