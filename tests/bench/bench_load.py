# SPDX-License-Identifier: MIT
"""Runs the load generator, with the run time of whoever serves beside it."""
import contextlib
import os
import subprocess
import time

import bench_proc
import bench_server
import generator as load

GRACE = 60    # seconds after which a generator that does not end is a failure
PATIENCE = 30  # seconds after which a load that a smoke repeats has shown that nobody is answered


def command(build, server, targets, clients, seconds, **more):
    """The generator's arguments; more: as in generator.arguments()."""
    regime = server.regime.options() if server.regime else {}
    return load.arguments(os.path.join(build, "sockgreet"), targets, clients, seconds, server.patience, answer=server.answer,
                          **regime | more)


@contextlib.contextmanager
def started(arguments):
    """A generator that runs meanwhile."""
    generator = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        yield generator
    finally:
        if generator.poll() is None:
            generator.kill()
        generator.communicate()


def rounded(value):
    """Figures with six digits, which is more than they deserve."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    return [rounded(entry) for entry in value] if isinstance(value, list) else value


def figures_of(printed):
    """What the generator printed, without what does not vary, and kinds of failures that did not occur."""
    figures = rounded(load.figures(printed))
    figures["failures"] = {kind: count for kind, count in figures["failures"].items() if count or kind == "all"}
    return figures


def result(generator, arguments, seconds):
    """The figures of a generator when it has ended."""
    printed, _ = generator.communicate(timeout=seconds + GRACE)
    if generator.returncode not in (0, 1):
        raise bench_server.Failed(f"{' '.join(arguments)}: exit code {generator.returncode}")
    return figures_of(printed)


def run(build, server, clients, seconds, target=None, **more):
    """One run of the generator. Returns its figures."""
    arguments = command(build, server, target or server.target(), clients, seconds, **more)
    with started(arguments) as generator:
        return result(generator, arguments, seconds)


def repeated(options, measure, is_enough):
    """What measure() returns. Loads of a smoke are so short that on a busy machine one can end before its first client
    begins: there it is repeated until it is enough."""
    end = time.monotonic() + PATIENCE
    while True:
        found = measure()
        if not options.smoke or is_enough(found) or time.monotonic() > end:
            return found


def shared_out(run_time, answered):
    """A process tree's run time in microseconds for each answer."""
    spent, by_name, ended = run_time.stop()
    share = 1 / 1000 / max(1, answered)
    return {"cpu_us_each": spent * share, "tasks_ended": ended,
            "by_name_us_each": {name: value * share for name, value in by_name.items()}}


def measured(build, server, clients, seconds, target=None, memory=False, **more):
    """One run with the server's run time, the journal's if it has one, and, if asked for, its memory half way."""
    arguments = command(build, server, target or server.target(), clients, seconds, **more)
    entries = server.journal.entries() if server.journal else 0
    times = bench_proc.processor_times()
    cpu = bench_proc.RunTime(server.process.pid)
    journal_cpu = bench_proc.RunTime(server.journal.pid) if server.journal else None
    pss = None
    with started(arguments) as generator:
        if memory:
            time.sleep(seconds / 2)
            pss = bench_proc.pss(server.process.pid)[0]
        figures = result(generator, arguments, seconds)
    answered = figures["answered"]
    figures["server"] = shared_out(cpu, answered)
    figures["machine_busy"] = bench_proc.busy_share(times, bench_proc.processor_times())
    if pss is not None:
        figures["pss"] = pss
    if server.journal:
        figures["journal"] = shared_out(journal_cpu, answered)
        figures["journal"]["entries"] = server.journal.entries() - entries
        figures["journal"]["entries_each"] = figures["journal"]["entries"] / max(1, answered)
    return rounded(figures)
