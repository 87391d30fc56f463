# SPDX-License-Identifier: MIT
"""Rewrites the part of doc/performance.md that is made from results, and puts pictures and results beside it."""
import os
import shutil

import bench_nginx
import bench_plots
import bench_results
import bench_tables
import bench_targets
from bench_regimes import ONE, TWO

BEGIN = "<!-- Made by tests/bench/bench --report; changes are lost. -->"
END = "<!-- End of what tests/bench/bench --report makes. -->"
CAPTIONS = {
    "cpu": "Server CPU per TCP greeting",
    "rate": "TCP greetings a second by number of clients",
    "latency": "Latency percentiles with 64 clients",
    "open-loop": "Latency percentiles at a fixed rate",
    "udp-rate": "UDP replies a second by requests outstanding",
    "udp-cpu": "Server CPU per UDP reply",
    "logging": "Rates while logging to journald",
    "memory": "Memory after load",
    "first-greeting": "From exec to the first greeting",
    "lingering": "Memory and latency with lingering clients",
    "soak": "Memory of each process during the soak",
}


def machine_list(results):
    return "\n".join(f"* {key}: {value}" for key, value in results["machine"].items())


def caption(name):
    """What a picture shows, and, where there is one for each regime, of which it is."""
    kind = name.removesuffix(ONE.suffix())
    regime = f", {(TWO if kind == name else ONE).title}" if kind in bench_plots.IN_BOTH else ""
    return CAPTIONS[kind] + regime


def pictures(names):
    return [f"![{caption(name)}](performance/{name}.svg)" for name in names]


def made_part(results, soak, names):
    """The text between the markers."""
    targets = bench_tables.target_table(bench_targets.judge(results, soak))
    parts = ["## The latest run",
             f"{results['rounds']} interleaved rounds, {results['seconds']:g} s of load with 64 clients in each server's "
             "turn. Two generators saturate both processors; one generator leaves a processor to the server. A figure of one "
             "regime says nothing about the other.",
             machine_list(results), targets.markdown(), *pictures(names),
             *(table.markdown() for table in bench_tables.all_tables(results, soak))]
    return "\n\n".join(parts)


def rewrite(document, text):
    """Replaces what is between the markers; a document without them is left alone, with an error."""
    with open(document, encoding="utf-8") as source:
        old = source.read()
    if BEGIN not in old or END not in old:
        raise ValueError(f"{document} lacks the two markers between which results go")
    before, rest = old.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    with open(document, "w", encoding="utf-8") as out:
        out.write(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")


def publish(document, directory, results, soak, names):
    """Document, pictures and results."""
    beside = os.path.join(os.path.dirname(os.path.abspath(document)), "performance")
    os.makedirs(beside, exist_ok=True)
    rewrite(document, made_part(results, soak, names))
    others = ["bench.json"] + ([bench_nginx.FILE] if results["nginx"] else []) + (["soak.json"] if soak else [])
    bench_results.save(directory, bench_nginx.FILE, results["nginx"])
    for name in [f"{name}.svg" for name in names] + others:
        shutil.copyfile(os.path.join(directory, name), os.path.join(beside, name))
