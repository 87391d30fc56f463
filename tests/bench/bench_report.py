# SPDX-License-Identifier: MIT
"""Medians, ratios within rounds, the tables, and the targets."""
import os
import platform
import statistics


def machine():
    """What the figures were measured on."""
    model = "unknown"
    with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
        for line in cpuinfo:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return {"kernel": platform.release(), "processors": len(os.sched_getaffinity(0)), "model": model}


def figure(figures, path):
    """The value at a path such as c64.latency_us.p50, or None."""
    for key in path.split("."):
        if not isinstance(figures, dict) or key not in figures:
            return None
        figures = figures[key]
    return figures


def values(results, name, path):
    """One figure of one server, round by round."""
    server = results["servers"].get(name)
    found = [figure(figures, path) for figures in server["rounds"]] if server else []
    return found if found and None not in found else []


def ratios(results, name, other, path):
    """One server's figure over another's, round by round."""
    return [a / b for a, b in zip(values(results, name, path), values(results, other, path)) if b]


def spread(numbers):
    """Half the distance between the quartiles, as a share of the median."""
    if len(numbers) < 4 or not statistics.median(numbers):
        return 0.0
    low, _, high = statistics.quantiles(numbers, n=4)
    return (high - low) / 2 / statistics.median(numbers)


def turn_line(name, figures):
    """One line about one server's turn."""
    c64 = figures["c64"]
    return (f"{name:18} {c64['per_second']:8.0f}/s  {c64['server']['cpu_us_each']:6.2f} us each"
            f"  p50 {c64['latency_us']['p50']:7.0f} us  p99 {c64['latency_us']['p99']:7.0f} us"
            f"  {c64['failures']['all']} failed")


COLUMNS = [
    ("per second", "c64.per_second", "{:.0f}"),
    ("CPU us", "c64.server.cpu_us_each", "{:.2f}"),
    ("client us", "c64.generator.cpu_us_each", "{:.2f}"),
    ("p50 1", "c1.latency_us.p50", "{:.1f}"),
    ("p99 1", "c1.latency_us.p99", "{:.0f}"),
    ("p99.9 1", "c1.latency_us.p999", "{:.0f}"),
    ("p50 64", "c64.latency_us.p50", "{:.0f}"),
    ("p99 64", "c64.latency_us.p99", "{:.0f}"),
    ("p99.9 64", "c64.latency_us.p999", "{:.0f}"),
    ("p50 1024", "c1024.latency_us.p50", "{:.0f}"),
    ("p99 1024", "c1024.latency_us.p99", "{:.0f}"),
    ("p99.9 1024", "c1024.latency_us.p999", "{:.0f}"),
    ("first ms", "first_greeting_ms", "{:.1f}"),
    ("idle MB", "pss_idle", "mb"),
    ("loaded MB", "pss_loaded", "mb"),
]


def cell(form, numbers):
    if not numbers:
        return "-"
    middle = statistics.median(numbers)
    return f"{middle / 1e6:.2f}" if form == "mb" else form.format(middle)


def failed(rounds):
    """Failures without talkers, and talkers that were reset, of how many."""
    plain = sum(figures[part]["failures"]["all"] for figures in rounds for part in ("c1", "c64", "c1024") if part in figures)
    talk = [figures["talk"] for figures in rounds if "talk" in figures]
    if not talk:
        return str(plain), "-"
    return str(plain), f"{sum(t['failures']['all'] for t in talk)} of {sum(t['started'] for t in talk)}"


def align(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(text.ljust(width) if i == 0 else text.rjust(width)
                               for i, (text, width) in enumerate(zip(row, widths))) for row in rows)


def table(results):
    """Medians of all servers; latencies in microseconds at 1, 64 and 1024 clients."""
    rows = [["server", *(title for title, _, _ in COLUMNS), "spread", "failed", "talkers failed"]]
    for name, server in results["servers"].items():
        row = [name]
        row += [cell(form, values(results, name, path)) for _, path, form in COLUMNS]
        row.append(f"{spread(values(results, name, 'c64.server.cpu_us_each')) * 100:.0f} %")
        rows.append([*row, *failed(server["rounds"])])
    return "\n" + align(rows)


class Target:
    """A median of ratios within rounds, or of a figure, that must stay within a limit."""

    def __init__(self, text, limit, name, path, over=None, at_least=False, scale=1.0):
        self.text, self.limit, self.name, self.path = text, limit, name, path
        self.over, self.at_least, self.scale = over, at_least, scale

    def judge(self, results):
        """{text, value, spread, limit, passed}, or None if it was not measured."""
        if self.over:
            numbers = ratios(results, self.name, self.over, self.path)
        else:
            numbers = [value / self.scale for value in values(results, self.name, self.path)]
        if not numbers:
            return None
        value = statistics.median(numbers)
        passed = value >= self.limit if self.at_least else value <= self.limit
        return {"text": self.text, "value": value, "spread": spread(numbers), "limit": self.limit,
                "at_least": self.at_least, "passed": passed}


CPU = "c64.server.cpu_us_each"
TARGETS = [
    Target("TCP CPU per greeting, of the bare loop's", 1.05, "sockgreet", CPU, "bare"),
    Target("TCP CPU per greeting, of nginx's", 1.00, "sockgreet", CPU, "nginx"),
    Target("TCP CPU per greeting, each greeting logged, of nginx's", 1.00, "sockgreet-each", CPU, "nginx"),
    Target("TCP CPU per greeting, linger = 0, of the bare loop's", 1.05, "sockgreet-close", CPU, "bare-close"),
    Target("TCP CPU per greeting, linger = 0, of nginx's", 0.82, "sockgreet-close", CPU, "nginx"),
    Target("TCP latency p50 of 1 client, of nginx's", 1.00, "sockgreet", "c1.latency_us.p50", "nginx"),
    Target("TCP rate, each greeting logged, of logging off", 0.95, "sockgreet-each", "c64.per_second", "sockgreet",
           at_least=True),
    Target("UDP rate, of nginx's", 1.30, "sockgreet-udp", "c64.per_second", "nginx-udp", at_least=True),
    Target("UDP CPU per reply, of nginx's", 0.80, "sockgreet-udp", CPU, "nginx-udp"),
    Target("UDP CPU per reply, of the bare loop's", 1.05, "sockgreet-udp", CPU, "bare-udp"),
    Target("memory idle, MB", 3.0, "sockgreet", "pss_idle", scale=1e6),
    Target("memory after load, MB", 4.0, "sockgreet", "pss_loaded", scale=1e6),
    Target("first greeting after exec, ms", 5.0, "sockgreet", "first_greeting_ms"),
    Target("first greeting after exec, of nginx's", 1.00, "sockgreet", "first_greeting_ms", "nginx"),
]


def exact(text, value, limit):
    return {"text": text, "value": value, "spread": 0.0, "limit": limit, "at_least": False, "passed": value <= limit}


def judge(results):
    """All targets that could be measured."""
    verdicts = [verdict for target in TARGETS if (verdict := target.judge(results))]
    server = results["servers"].get("sockgreet")
    if server:
        count = sum(figures[part]["failures"]["all"] for figures in server["rounds"]
                    for part in ("c1", "c64", "c1024", "talk") if part in figures)
        verdicts.append(exact("TCP clients that failed, talkers among them", count, 0))
    return verdicts


def verdict(targets):
    """The table of targets."""
    rows = [["target", "limit", "measured", "spread", ""]]
    for target in targets:
        sign = ">=" if target["at_least"] else "<="
        rows.append([target["text"], f"{sign} {target['limit']:.2f}", f"{target['value']:.3f}",
                     f"{target['spread'] * 100:.0f} %", "PASS" if target["passed"] else "MISS"])
    return "\n" + align(rows)
