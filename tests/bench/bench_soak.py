# SPDX-License-Identifier: MIT
"""A long run under load at a fixed rate over every transport: does any process grow?"""
import contextlib
import statistics
import sys
import time

import bench_journal
import bench_load
import bench_proc
import bench_server
import bench_servers

LOADS = (("tcp", 2000), ("udp", 5000), ("unix", 2000), ("unix-dgram", 1000))  # and starts a second
WARM_UP = 60      # seconds, or a quarter of a shorter run
GROWTH_LIMIT = 0  # bytes, of what a process has of its own
SETTLE = 10       # seconds in which the last clients have gone, and their descriptors with them
DESCRIPTOR_LIMIT = 2  # the log's, which come with the first entry
CLIENTS = 256     # at once at most, over each transport
CROWD = 1024      # before that, so that what more clients at once need has been touched


class Everything(bench_servers.Sockgreet):
    """sockgreetd with a listener of each kind, and the journal if there is one."""

    def __init__(self, build):
        super().__init__("sockgreet-soak", build, log='greetings = "each";', journalled=bench_journal.missing() is None)

    def target_of(self, transport):
        if transport.startswith("unix"):
            return f"{transport}:{self.directory}/{transport}"
        return f"{transport}://{bench_server.HOST}:{self.port}"

    def listener(self, port):
        return super().listener(port) + (
            f'other = {{ type = "udp"; address = "{bench_server.HOST}"; port = {port}; }};\n'
            f'stream = {{ type = "unix"; path = "{self.directory}/unix"; }};\n'
            f'dgram = {{ type = "unix-dgram"; path = "{self.directory}/unix-dgram"; }};\n')


def sample(server, began, known=()):
    """What each process has now, those also that are known from before: a listing of /proc can lack one while another ends."""
    pids = {str(pid) for pid in bench_proc.tree(server.process.pid)}.union(known)
    processes = {pid: bench_proc.memory_of(pid) for pid in pids}
    return {"seconds": time.monotonic() - began, "processes": {pid: m for pid, m in processes.items() if m}}


def watch(server, generators, began, seconds, interval):
    """Samples until the time is up. began: a time before the first generator starts, so that one that runs its full
    time is not taken for one that ended early."""
    samples = [sample(server, began)]
    while (now := time.monotonic()) < began + seconds:
        time.sleep(min(interval, began + seconds - now))
        samples.append(sample(server, began, samples[-1]["processes"]))
        own = sum(process["own"] for process in samples[-1]["processes"].values())
        pss = sum(process["pss"] for process in samples[-1]["processes"].values())
        print(f"soak: {samples[-1]['seconds']:6.0f} of {seconds:.0f} s: PSS {pss / 1e6:.3f} MB, of their own"
              f" {own / 1e6:.3f} MB", file=sys.stderr, flush=True)
        if ended := [transport for transport, generator in generators.items() if generator.poll() is not None]:
            if time.monotonic() < began + seconds - interval:
                raise bench_server.Failed(f"the load on {', '.join(ended)} ended early")
    return samples


def descriptors(server):
    """How many each process has."""
    return {pid: process["descriptors"] for pid, process in sample(server, 0)["processes"].items()}


def descriptors_left(server, before):
    """How many more than before each process has once nobody asks any more: under load clients come and go."""
    end = time.monotonic() + SETTLE
    while True:
        left = {pid: count - before.get(pid, 0) for pid, count in descriptors(server).items()}
        if all(count <= 0 for count in left.values()) or time.monotonic() > end:
            return left
        time.sleep(0.1)


def crowd(build, server):
    """Over each transport more clients at once than there will be again."""
    for transport, _ in LOADS:
        bench_load.run(build, server, CROWD, 0.5, target=server.target_of(transport))


def run(build, port, seconds, interval=10.0, part=1.0):
    """The whole run, with that part of the load. Returns samples, the load's figures and the verdict."""
    server, generators, loads = Everything(build), {}, {}
    with bench_server.running(server, bench_server.next_port(port)), contextlib.ExitStack() as running:
        before = descriptors(server)
        crowd(build, server)
        began = time.monotonic()
        for transport, rate in LOADS:
            command = bench_load.command(build, server, server.target_of(transport), CLIENTS, seconds,
                                         rate=round(rate * part), threads=1)
            generators[transport] = running.enter_context(bench_load.started(command))
        samples = watch(server, generators, began, seconds, interval)
        for transport, generator in generators.items():
            loads[transport] = bench_load.result(generator, [f"load {transport}"], 60)
            del loads[transport]["latency_us"]["curve"]
        left = descriptors_left(server, before)
    return {"seconds": seconds, "interval": interval, "samples": samples, "loads": loads,
            "growth": growth(samples, seconds, left)}


def growth(samples, seconds, left):
    """Of each process after the warm-up, what it grew by: the median of the last third of the samples over that of the
    first; and the descriptors that it has left. A process that is not there in every sample was replaced, and has
    neither."""
    warm = [one for one in samples if one["seconds"] > min(WARM_UP, seconds / 4)]
    third = max(1, len(warm) // 3)
    found = {}
    for pid in {pid for one in samples for pid in one["processes"]}:
        if not all(pid in one["processes"] for one in samples):
            found[pid] = {"name": next(one["processes"][pid]["name"] for one in samples if pid in one["processes"])}
            continue
        process = [one["processes"][pid] for one in warm]
        found[pid] = {"name": process[0]["name"]}
        early = statistics.median(one["own"] for one in process[:third])
        late = statistics.median(one["own"] for one in process[-third:])
        found[pid].update(own=late - early, descriptors=left.get(pid, 0))
    return found


def grown(soak):
    """Bytes by which all processes together grew."""
    return sum(max(0, process.get("own", 0)) for process in soak["growth"].values())


def faults(soak):
    """What must not have happened: descriptions."""
    found = [f"soak: {process['name']} was replaced" for process in soak["growth"].values() if "own" not in process]
    for process in soak["growth"].values():
        if process.get("own", 0) > GROWTH_LIMIT:
            found.append(f"soak: {process['name']} grew by {process['own'] / 1024:.0f} KiB")
        if process.get("descriptors", 0) > DESCRIPTOR_LIMIT:
            found.append(f"soak: {process['name']} has {process['descriptors']} descriptors more than before it")
    for transport, figures in soak["loads"].items():
        if figures["failures"]["all"] or figures["unexpected"]:
            found.append(f"soak: {transport}: {figures['failures']}, {figures['unexpected']} unexpected")
    return found
