# SPDX-License-Identifier: MIT
"""The results as tables: each a title, a note or "", and rows of cells of which the first row names the columns."""
import statistics
import textwrap

import bench_growth
import bench_nginx
import bench_stats
from bench_regimes import REGIMES, TWO

WIDTH = 100  # of a terminal
LATENCY = ("p50", "p99", "p999")
CLIENTS = ("1", "2", "64", "1024")
PARTS = tuple(f"c{clients}" for clients in CLIENTS)


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


def total(results, name, regime, part, key="failures"):
    """How many failed in a part, in all rounds; None if it was not measured."""
    found = [turns[regime.name][part] for turns in results["servers"][name]["rounds"] if part in turns.get(regime.name, {})]
    if not found:
        return None
    return sum(figures["failures"]["all"] if key == "failures" else figures[key] for figures in found)


def median_of(results, name, regime, path, form="{:.0f}"):
    return number(bench_stats.median(results, name, f"{regime.name}.{path}"), form)


def loaded(results, regime):
    """The servers that had load in a regime."""
    return [name for name in results["servers"] if total(results, name, regime, "c64") is not None]


def cores_table(results):
    rows = [["regime", "load generator", "server"]]
    for regime in REGIMES:
        found = results["regimes"][regime.name]
        rows.append([regime.title, *(" and ".join(map(str, found[who])) for who in ("generators", "servers"))])
    return Table("The regimes: which processors have what", "with one client only a generator's first thread has work", rows)


def rate_table(results, regime):
    rows = [["server", *CLIENTS, "client us", "failed", "talkers failed"]]
    for name in loaded(results, regime):
        lost = sum(total(results, name, regime, part) or 0 for part in (*PARTS, "open"))
        talkers, talked = total(results, name, regime, "talk"), total(results, name, regime, "talk", "started")
        rows.append([name, *(median_of(results, name, regime, f"{part}.per_second") for part in PARTS),
                     median_of(results, name, regime, "c64.generator.cpu_us_each", "{:.2f}"), str(lost),
                     "-" if talkers is None else f"{talkers} of {talked}"])
    return Table(f"Greetings a second with 1, 2, 64 and 1024 clients, {regime.title}",
                 "client us: the load generator's own CPU, 64 clients; talkers send before they read", rows)


def cpu_table(results, regime):
    rows = [["server", *CLIENTS, "spread"]]
    for name in loaded(results, regime):
        cpu = bench_stats.values(results, name, f"{regime.name}.c64.server.cpu_us_each")
        rows.append([name, *(median_of(results, name, regime, f"{part}.server.cpu_us_each", "{:.2f}") for part in PARTS),
                     percent(bench_stats.spread(cpu))])
    return Table(f"Server CPU per greeting in microseconds with 1, 2, 64 and 1024 clients, {regime.title}",
                 "spread: with 64 clients", rows)


def latency_table(results, regime):
    shown = [(part, quantile, title) for part in PARTS for quantile, title in zip(LATENCY, ("p50", "p99", "p99.9"))
             if quantile != "p999" or part in ("c64", "c1024")]
    rows = [["server", *(f"{part[1:]}: {title}" if quantile == "p50" else title for part, quantile, title in shown)]]
    for name in loaded(results, regime):
        rows.append([name, *(median_of(results, name, regime, f"{part}.latency_us.{quantile}")
                             for part, quantile, _ in shown)])
    return Table(f"Latency in microseconds with 1, 2, 64 and 1024 clients, {regime.title}", "closed loop", rows)


def open_table(results, regime):
    rows = [["server", "p50", "p99", "p99.9", "late", "CPU us"]]
    for name in loaded(results, regime):
        started, late = (total(results, name, regime, "open", key) for key in ("started", "late"))
        if started:
            rows.append([name, *(median_of(results, name, regime, f"open.latency_us.{quantile}") for quantile in LATENCY),
                         f"{late / started * 100:.1f} %",
                         median_of(results, name, regime, "open.server.cpu_us_each", "{:.2f}")])
    return Table(f"Latency in microseconds at a fixed rate, {regime.title}",
                 f"{results['rates'].get(regime.name, 0):.0f} TCP clients a second, half of what the slowest of these can do with "
                 f"64 clients, or {results['rates'].get('datagrams', 20000)} datagrams; from the moment each was due; late: started more than 1 ms "
                 "late", rows)


def memory_table(results):
    rows = [["server", "idle MB", "load MB", "after MB", "first ms"]]
    for name in results["servers"]:
        rows.append([name, *(megabytes(bench_stats.median(results, name, f"{TWO.name}.{path}"))
                             for path in ("pss_idle", "c1024.pss", "pss_loaded")),
                     median_of(results, name, TWO, "first_greeting_ms", "{:.1f}")])
    return Table("Memory (PSS of all processes); exec to first greeting", f"{TWO.title}; load MB: with 1024 clients", rows)


def nginx_table(tried):
    """All settings, with a mark at the best of each figure."""
    columns = [(transport, regime, by) for transport, regime in bench_nginx.WHERE for by in bench_nginx.BY]
    best = {column: bench_nginx.best(tried, *column) for column in columns}
    rows = [["settings", *(f"{transport.upper()} {regime.name} {'us' if by == 'cpu' else 'per s'}"
                           for transport, regime, by in columns)]]
    for settings in bench_nginx.all_settings():
        cells = []
        for transport, regime, by in columns:
            figures = bench_nginx.figures_of(tried, transport, regime, settings) or {by: None, "failed": 0}
            mark = "!" if figures["failed"] else "*" if best[transport, regime, by] == settings else ""
            cells.append(number(figures[by], "{:.2f}" if by == "cpu" else "{:.0f}") + (mark if figures[by] else ""))
        rows.append([bench_nginx.words(settings), *cells])
    return Table("nginx's settings", f"tried on {tried['date']} with 64 clients, medians; two, one: generators; us: the server's "
                 "CPU; *: the best, which is used: as nginx for CPU, and as nginx-rate for the rate where that is another row; "
                 "!: ruled out, because clients were left without an answer", rows)


def logging_table(results):
    names = ("sockgreet", "sockgreet-summary", "sockgreet-each", "sockgreet-all", "nginx", "nginx-log")
    rows = [["server", "per second", "of log off", "CPU us", "journald us", "entries per greeting"]]
    for name in names:
        base = "nginx" if name.startswith("nginx") else "sockgreet"
        if name not in results["servers"] or base not in results["servers"]:
            continue
        ratio = bench_stats.ratios(results, name, base, "two.c64.per_second")
        rows.append([name, number(bench_stats.median(results, name, "two.c64.per_second")),
                     number(statistics.median(ratio), "{:.3f}"),
                     number(bench_stats.median(results, name, "two.c64.server.cpu_us_each"), "{:.2f}"),
                     number(bench_stats.median(results, name, "two.c64.journal.cpu_us_each"), "{:.2f}"),
                     number(bench_stats.median(results, name, "two.c64.journal.entries_each"), "{:.3f}")])
    return Table("Logging to journald, 64 clients", "two generators; each: at most 300 entries a second, the rest "
                 "counted, as by default; all: an entry for every greeting", rows)


def listeners_table(results):
    rows = [["", "1 listener", "1000 listeners", "ratio"]]
    for title, path, other, form in (
            ("greetings a second, one listener asked", "two.c64.per_second", None, "{:.0f}"),
            ("greetings a second, all asked in turn", "two.c64.per_second", "two.spread.per_second", "{:.0f}"),
            ("CPU us per greeting, one asked", "two.c64.server.cpu_us_each", None, "{:.2f}"),
            ("CPU us per greeting, all asked in turn", "two.c64.server.cpu_us_each", "two.spread.server.cpu_us_each", "{:.2f}"),
            ("p50 latency of 1 client, us", "two.c1.latency_us.p50", None, "{:.1f}"),
            ("first greeting, ms", "two.first_greeting_ms", None, "{:.1f}"),
            ("PSS idle, kB", "two.pss_idle", None, "kB"),
            ("PSS after load, kB", "two.pss_loaded", None, "kB")):
        one = bench_stats.values(results, "sockgreet", path)
        many = bench_stats.values(results, "sockgreet-1000", other or path)
        if one and many:
            cells = [statistics.median(one), statistics.median(many)]
            rows.append([title, *(f"{x / 1000:.0f}" if form == "kB" else form.format(x) for x in cells),
                         f"{statistics.median(b / a for a, b in zip(one, many)):.2f}"])
    return Table("1000 listeners", "two generators", rows)


def growth_table(results):
    rows = [["lingering clients", "PSS MB", "own memory MB", "p50 us", "p99 us", "others failed"]]
    for clients, row in bench_growth.medians(results):
        rows.append([str(clients), megabytes(row["pss"]), megabytes(row["own"]), number(row["p50"]), number(row["p99"]),
                     str(row["failed"])])
    note = ""
    if results.get("growth"):
        each = statistics.median(climb["bytes_each"] for climb in results["growth"])
        note = f"{each:.0f} bytes of user memory each; two generators; latency of {bench_growth.RATE} other clients a second"
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
        tables = [cores_table(results),
                  *(table(results, regime) for regime in REGIMES
                    for table in (rate_table, cpu_table, latency_table, open_table)),
                  memory_table(results), logging_table(results), listeners_table(results), growth_table(results)]
        if results["nginx"]:
            tables.append(nginx_table(results["nginx"]))
    if soak:
        tables += [soak_table(soak), soak_memory_table(soak)]
    return [table for table in tables if len(table.rows) > 1]
