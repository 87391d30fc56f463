# SPDX-License-Identifier: MIT
"""The targets, and whether they hold: medians of ratios within rounds, or of plain figures."""
import statistics

import bench_client
import bench_soak
import bench_stats
import bench_turns
from bench_regimes import ONE, REGIMES, TWO

CPU = "server.cpu_us_each"
RATE = "per_second"
P50, P99 = "latency_us.p50", "latency_us.p99"
NGINX = ("nginx", "nginx-rate")  # the better one counts
NGINX_UDP = ("nginx-udp", "nginx-udp-rate")


class Target:
    """A median of a figure, or of its ratio over another server's, that must stay within a limit. over: the other server, or
    several, of which the best counts; a better figure is the greater one if at_least."""

    def __init__(self, text, limit, name, path, over=(), at_least=False, scale=1.0):
        self.text, self.limit, self.name, self.path = text, limit, name, path
        self.over, self.at_least, self.scale = over, at_least, scale

    def numbers(self, results):
        if self.over:
            other = bench_stats.best_of(results, self.over, self.path, self.at_least)
            return bench_stats.ratios(results, self.name, other, self.path) if other else []
        return [value / self.scale for value in bench_stats.values(results, self.name, self.path)]

    def judge(self, results):
        """The verdict, or None if it was not measured."""
        numbers = self.numbers(results)
        return verdict(self.text, numbers, self.limit, self.at_least) if numbers else None


def verdict(text, numbers, limit, at_least=False):
    value = statistics.median(numbers)
    return {"text": text, "value": value, "spread": bench_stats.spread(numbers), "limit": limit, "at_least": at_least,
            "passed": value >= limit if at_least else value <= limit}


def of_regime(regime, cpu, rate):
    """The targets that TCP has in each regime."""
    def target(text, limit, part, path, over=NGINX, at_least=False):
        return Target(f"TCP, {regime.title}, {text}", limit, "sockgreet", f"{regime.name}.{part}.{path}", over, at_least)

    return [
        target("64 clients: CPU per greeting, of nginx's", cpu, "c64", CPU),
        target("64 clients: rate, of nginx's", rate, "c64", RATE, at_least=True),
        *(target(f"{part[1:]} client{'s' * (part != 'c1')}: CPU per greeting, of the bare loop's", 1.05, part, CPU, ("bare",))
          for part in ("c1", "c2", "c64", "c1024")),
        target("64 clients: p99 latency, of nginx's", 1.00, "c64", P99),
        target("half the rate that 64 clients reach: p99 latency, of nginx's", 1.00, "open", P99),
        target("1 client: p50 latency, of nginx's", 1.05, "c1", P50),
    ]


def with_two(text, limit, name, path, over=(), at_least=False, scale=1.0):
    """A target for the regime with two generators."""
    return Target(text, limit, name, f"{TWO.name}.{path}", over, at_least, scale)


TARGETS = [
    *of_regime(TWO, cpu=0.60, rate=1.15),
    *of_regime(ONE, cpu=0.87, rate=1.02),
    with_two("TCP, linger = 0: CPU per greeting, of the bare loop's", 1.05, "sockgreet-close", f"c64.{CPU}", ("bare-close",)),
    with_two("TCP, linger = 0: CPU per greeting, of nginx's", 0.82, "sockgreet-close", f"c64.{CPU}", NGINX),
    with_two("TCP, log summary: rate, of logging off", 0.95, "sockgreet-summary", f"c64.{RATE}", ("sockgreet",), at_least=True),
    with_two("TCP, log each: rate, of logging off", 0.95, "sockgreet-each", f"c64.{RATE}", ("sockgreet",), at_least=True),
    *(target for suffix, kind in (("", "TCP"), ("-udp", "UDP")) for target in (
        with_two(f"{kind}, limits for every source: CPU per greeting, of without", 1.05, f"sockgreet{suffix}-limits",
                 f"c64.{CPU}", (f"sockgreet{suffix}",)),
        with_two(f"{kind}, limits, 10 000 networks refused and sandbox: CPU per greeting, of without", 1.10,
                 f"sockgreet{suffix}-guarded", f"c64.{CPU}", (f"sockgreet{suffix}-unguarded",)))),
    *(Target(f"{kind}, {title}, all variables as JSON: CPU per greeting, of as many constant bytes", limit,
             f"sockgreet{suffix}-json", f"{regime.name}.{part}.{CPU}", (f"sockgreet{suffix}-long",))
      for suffix, kind in (("", "TCP"), ("-udp", "UDP"))
      for regime, part, title, limit in ((ONE, "c1", "one generator, 1 client", 1.25),
                                         (ONE, "c64", "one generator, 64 clients", 1.25),
                                         (TWO, "c64", "two generators, 64 clients", 1.40))),
    with_two("UDP: rate, of nginx's", 1.30, "sockgreet-udp", f"c64.{RATE}", NGINX_UDP, at_least=True),
    with_two("UDP: CPU per reply, of nginx's", 0.70, "sockgreet-udp", f"c64.{CPU}", NGINX_UDP),
    with_two("UDP: CPU per reply, of the bare loop's", 1.05, "sockgreet-udp", f"c64.{CPU}", ("bare-udp",)),
    with_two("PSS idle, MB", 2.2, "sockgreet", "pss_idle", scale=1e6),
    with_two("PSS after load, MB", 2.2, "sockgreet", "pss_loaded", scale=1e6),
    with_two("first greeting after exec, built-in defaults, ms", 3.0, "sockgreet-defaults", "first_greeting_ms"),
    with_two("first greeting after exec, of nginx's", 1.00, "sockgreet", "first_greeting_ms", NGINX),
]


def failures(results):
    """How many TCP clients failed, talkers among them; None if there were none."""
    server = results["servers"].get("sockgreet")
    if not server:
        return None
    return sum(turns[regime.name][part]["failures"]["all"] for turns in server["rounds"] for regime in REGIMES
               if regime.name in turns for part in bench_turns.PARTS if part in turns[regime.name])


def judge(results, soak=None):
    """All targets that could be measured."""
    found = [one for target in TARGETS if (one := target.judge(results))]
    failed = failures(results)
    if failed is not None:
        found.append(verdict("TCP clients that failed, talkers among them", [failed], 0))
    if results.get("growth"):
        found.append(verdict("user memory of a lingering client, bytes",
                             [climb["bytes_each"] for climb in results["growth"]], 256))
    found += [verdict(f"sockgreet --load, asking {name}: rate, of a bare loop's", ratios, bench_client.LEAST, at_least=True)
              for name, ratios in (results.get("client") or {}).items()]
    if soak:
        found.append(soak_verdict(soak))
    return found


def soak_verdict(soak):
    return verdict(f"growth in {soak['seconds']:.0f} s of load, KiB", [bench_soak.grown(soak) / 1024], 0)
