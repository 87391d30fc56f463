# SPDX-License-Identifier: MIT
"""The results as tables: each a title, a note or "", and rows of cells of which the first row names the columns."""
import statistics
import textwrap

import bench_growth
import bench_stats

WIDTH = 100  # of a terminal
LATENCY = ("p50", "p99", "p999")


def without_empty(rows):
    """Columns in which something was measured."""
    kept = [i for i in range(len(rows[0])) if len(rows) == 1 or any(row[i] != "-" for row in rows[1:])]
    return [[row[i] for i in kept] for row in rows]


class Table:
    def __init__(self, title, note, rows):
        self.title, self.note, self.rows = title, note, without_empty(rows)

    def text(self):
        """For a terminal."""
        head = textwrap.wrap(f"{self.title} ({self.note})" if self.note else self.title, WIDTH)
        return "\n" + "\n".join(head + ["  " + line for line in align(self.rows)])

    def markdown(self):
        head, *body = self.rows
        lines = [head, ["---", *["---:"] * (len(head) - 1)], *body]
        table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
        return f"### {self.title}\n\n" + (f"{self.note[0].upper()}{self.note[1:]}.\n\n" if self.note else "") + table


def align(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(text.ljust(width) if i == 0 else text.rjust(width)
                      for i, (text, width) in enumerate(zip(row, widths))).rstrip() for row in rows]


def number(value, form="{:.0f}"):
    return "-" if value is None else form.format(value)


def megabytes(value):
    return "-" if value is None else f"{value / 1e6:.2f}"


def percent(value):
    return "-" if value is None else f"{value * 100:.0f} %"


def total(results, name, part, key="failures"):
    """How many failed in a part, in all rounds; None if it was not measured."""
    found = [figures[part] for figures in results["servers"][name]["rounds"] if part in figures]
    if not found:
        return None
    return sum(figures["failures"]["all"] if key == "failures" else figures[key] for figures in found)


def rate_table(results):
    rows = [["server", "1", "64", "1024", "CPU us", "spread", "client us", "failed", "talkers failed"]]
    for name in results["servers"]:
        cpu = bench_stats.values(results, name, "c64.server.cpu_us_each")
        lost = sum(total(results, name, part) or 0 for part in ("c1", "c64", "c1024", "open"))
        talkers, talked = total(results, name, "talk"), total(results, name, "talk", "started")
        rows.append([name, *(number(bench_stats.median(results, name, f"{part}.per_second"))
                             for part in ("c1", "c64", "c1024")),
                     number(statistics.median(cpu), "{:.2f}"), percent(bench_stats.spread(cpu)),
                     number(bench_stats.median(results, name, "c64.generator.cpu_us_each"), "{:.2f}"), str(lost),
                     "-" if talkers is None else f"{talkers} of {talked}"])
    return Table("Greetings a second with 1, 64 and 1024 clients, and CPU per greeting with 64",
                 "client us: the load generator's own; talkers send before they read", rows)


def latency_table(results):
    rows = [["server"] + [f"{clients}: {title}" if i == 0 else title for clients in (1, 64, 1024)
                          for i, title in enumerate(("p50", "p99", "p99.9"))]]
    for name in results["servers"]:
        rows.append([name] + [number(bench_stats.median(results, name, f"{part}.latency_us.{quantile}"))
                              for part in ("c1", "c64", "c1024") for quantile in LATENCY])
    return Table("Latency in microseconds with 1, 64 and 1024 clients", "closed loop", rows)


def open_table(results):
    rows = [["server", "p50", "p99", "p99.9", "late", "idle MB", "load MB", "after MB", "first ms"]]
    for name in results["servers"]:
        started, late = total(results, name, "open", "started"), total(results, name, "open", "late")
        rows.append([name, *(number(bench_stats.median(results, name, f"open.latency_us.{quantile}"))
                             for quantile in LATENCY), f"{late / started * 100:.1f} %" if started else "-",
                     *(megabytes(bench_stats.median(results, name, path))
                       for path in ("pss_idle", "c1024.pss", "pss_loaded")),
                     number(bench_stats.median(results, name, "first_greeting_ms"), "{:.1f}")])
    return Table("Latency in microseconds at a fixed rate; memory (PSS of all processes); exec to first greeting",
                 "5000 TCP clients or 20 000 datagrams a second, from the moment each was due; late: started more than "
                 "1 ms late; load MB: with 1024 clients", rows)


def logging_table(results):
    names = ("sockgreet", "sockgreet-summary", "sockgreet-each", "sockgreet-all", "nginx", "nginx-log")
    rows = [["server", "per second", "of log off", "CPU us", "journald us", "entries per greeting"]]
    for name in names:
        base = "nginx" if name.startswith("nginx") else "sockgreet"
        if name not in results["servers"] or base not in results["servers"]:
            continue
        ratio = bench_stats.ratios(results, name, base, "c64.per_second")
        rows.append([name, number(bench_stats.median(results, name, "c64.per_second")),
                     number(statistics.median(ratio), "{:.3f}"),
                     number(bench_stats.median(results, name, "c64.server.cpu_us_each"), "{:.2f}"),
                     number(bench_stats.median(results, name, "c64.journal.cpu_us_each"), "{:.2f}"),
                     number(bench_stats.median(results, name, "c64.journal.entries_each"), "{:.3f}")])
    return Table("Logging to journald, 64 clients", "each: at most 300 entries a second, the rest counted, as by default; "
                 "all: an entry for every greeting", rows)


def listeners_table(results):
    rows = [["", "1 listener", "1000 listeners", "ratio"]]
    for title, path, other, form in (
            ("greetings a second, one listener asked", "c64.per_second", None, "{:.0f}"),
            ("greetings a second, all asked in turn", "c64.per_second", "spread.per_second", "{:.0f}"),
            ("CPU us per greeting, one asked", "c64.server.cpu_us_each", None, "{:.2f}"),
            ("CPU us per greeting, all asked in turn", "c64.server.cpu_us_each", "spread.server.cpu_us_each", "{:.2f}"),
            ("p50 latency of 1 client, us", "c1.latency_us.p50", None, "{:.1f}"),
            ("first greeting, ms", "first_greeting_ms", None, "{:.1f}"),
            ("PSS idle, kB", "pss_idle", None, "kB"),
            ("PSS after load, kB", "pss_loaded", None, "kB")):
        one = bench_stats.values(results, "sockgreet", path)
        many = bench_stats.values(results, "sockgreet-1000", other or path)
        if one and many:
            cells = [statistics.median(one), statistics.median(many)]
            rows.append([title, *(f"{x / 1000:.0f}" if form == "kB" else form.format(x) for x in cells),
                         f"{statistics.median(b / a for a, b in zip(one, many)):.2f}"])
    return Table("1000 listeners", "", rows)


def growth_table(results):
    rows = [["lingering clients", "PSS MB", "own memory MB", "p50 us", "p99 us", "others failed"]]
    for clients, row in bench_growth.medians(results):
        rows.append([str(clients), megabytes(row["pss"]), megabytes(row["own"]), number(row["p50"]), number(row["p99"]),
                     str(row["failed"])])
    note = ""
    if results.get("growth"):
        each = statistics.median(climb["bytes_each"] for climb in results["growth"])
        note = f"{each:.0f} bytes of user memory each; latency of {bench_growth.RATE} other clients a second"
    return Table("Lingering clients", note, rows)


def soak_table(soak):
    rows = [["over", "per second", "answered", "failed", "p50 us", "p99 us", "p99.9 us", "max us"]]
    for transport, figures in soak["loads"].items():
        rows.append([transport, number(figures["per_second"]), str(figures["answered"]),
                     str(figures["failures"]["all"]), *(number(figures["latency_us"][quantile]) for quantile in (*LATENCY, "max"))])
    return Table(f"{soak['seconds']:.0f} seconds of load", "open loop", rows)


def soak_memory_table(soak):
    first = next(iter(soak["samples"]), None)
    rows = [["process", "first own KiB", "last own KiB", "growth KiB", "last PSS KiB"]]
    for pid, process in sorted(soak["growth"].items(), key=lambda item: int(item[0])):
        last = soak["samples"][-1]["processes"].get(pid)
        start = first["processes"].get(pid)
        if last and start:
            rows.append([process["name"], f"{start['own'] / 1024:.0f}", f"{last['own'] / 1024:.0f}",
                         number(process.get("own", 0) / 1024), f"{last['pss'] / 1024:.0f}"])
    return Table("Memory of each process meanwhile",
                 "own: not from files; growth: from the first third after the warm-up to the last", rows)


def target_table(targets):
    rows = [["target", "limit", "measured", "spread", ""]]
    for target in targets:
        sign = ">=" if target["at_least"] else "<="
        rows.append([target["text"], f"{sign} {target['limit']:.2f}", f"{target['value']:.3f}",
                     percent(target["spread"]), "pass" if target["passed"] else "MISS"])
    return Table("Targets", "medians of ratios within rounds; spread: half the distance between the quartiles", rows)


def all_tables(results, soak):
    """What there are figures for."""
    tables = []
    if results:
        tables = [rate_table(results), latency_table(results), open_table(results), logging_table(results),
                  listeners_table(results), growth_table(results)]
    if soak:
        tables += [soak_table(soak), soak_memory_table(soak)]
    return [table for table in tables if len(table.rows) > 1]
