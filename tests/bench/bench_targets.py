# SPDX-License-Identifier: MIT
"""The targets, and whether they hold: medians of ratios within rounds, or of plain figures."""
import statistics

import bench_soak
import bench_stats

CPU = "c64.server.cpu_us_each"
RATE = "c64.per_second"
FIRST = "first_greeting_ms"


class Target:
    """A median of a figure, or of its ratio over another server's, that must stay within a limit."""

    def __init__(self, text, limit, name, path, over=None, at_least=False, scale=1.0):
        self.text, self.limit, self.name, self.path = text, limit, name, path
        self.over, self.at_least, self.scale = over, at_least, scale

    def numbers(self, results):
        if self.over:
            return bench_stats.ratios(results, self.name, self.over, self.path)
        return [value / self.scale for value in bench_stats.values(results, self.name, self.path)]

    def judge(self, results):
        """The verdict, or None if it was not measured."""
        numbers = self.numbers(results)
        return verdict(self.text, numbers, self.limit, self.at_least) if numbers else None


def verdict(text, numbers, limit, at_least=False):
    value = statistics.median(numbers)
    return {"text": text, "value": value, "spread": bench_stats.spread(numbers), "limit": limit, "at_least": at_least,
            "passed": value >= limit if at_least else value <= limit}


TARGETS = [
    Target("TCP: CPU per greeting, of the bare loop's", 1.05, "sockgreet", CPU, "bare"),
    Target("TCP: CPU per greeting, of nginx's", 1.00, "sockgreet", CPU, "nginx"),
    Target("TCP, linger = 0: CPU per greeting, of the bare loop's", 1.05, "sockgreet-close", CPU, "bare-close"),
    Target("TCP, linger = 0: CPU per greeting, of nginx's", 0.82, "sockgreet-close", CPU, "nginx"),
    Target("TCP, 1 client: p50 latency, of nginx's", 1.00, "sockgreet", "c1.latency_us.p50", "nginx"),
    Target("TCP, log summary: rate, of logging off", 0.95, "sockgreet-summary", RATE, "sockgreet", at_least=True),
    Target("TCP, log each: rate, of logging off", 0.95, "sockgreet-each", RATE, "sockgreet", at_least=True),
    Target("UDP: rate, of nginx's", 1.30, "sockgreet-udp", RATE, "nginx-udp", at_least=True),
    Target("UDP: CPU per reply, of nginx's", 0.80, "sockgreet-udp", CPU, "nginx-udp"),
    Target("UDP: CPU per reply, of the bare loop's", 1.05, "sockgreet-udp", CPU, "bare-udp"),
    Target("PSS idle, MB", 3.0, "sockgreet", "pss_idle", scale=1e6),
    Target("PSS after load, MB", 4.0, "sockgreet", "pss_loaded", scale=1e6),
    Target("first greeting after exec, ms", 5.0, "sockgreet", FIRST),
    Target("first greeting after exec, of nginx's", 1.00, "sockgreet", FIRST, "nginx"),
]


def failures(results):
    """How many TCP clients failed, talkers among them; None if there were none."""
    server = results["servers"].get("sockgreet")
    if not server:
        return None
    return sum(figures[part]["failures"]["all"] for figures in server["rounds"]
               for part in ("c1", "c64", "c1024", "open", "talk") if part in figures)


def judge(results, soak=None):
    """All targets that could be measured."""
    found = [one for target in TARGETS if (one := target.judge(results))]
    failed = failures(results)
    if failed is not None:
        found.append(verdict("TCP clients that failed, talkers among them", [failed], 0))
    if results.get("growth"):
        found.append(verdict("user memory of a lingering client, bytes",
                             [climb["bytes_each"] for climb in results["growth"]], 256))
    if soak:
        found.append(soak_verdict(soak))
    return found


def soak_verdict(soak):
    return verdict(f"growth in {soak['seconds']:.0f} s of load, KiB", [bench_soak.grown(soak) / 1024], 0)
