# SPDX-License-Identifier: MIT
"""Load from sockgreet --load: its arguments, and its result. Used by the benchmark and by the tests."""
import json

SOURCES = 64  # addresses that TCP and UDP clients on loopback have
USE = ("cpu_seconds", "cpu_share", "busiest_share", "queued_share", "is_limit")
KINDS = ("dns", "refused", "timeout", "reset", "unreachable", "unexpected", "other", "local", "short", "wrong")


def escaped(answer):
    """An answer in the words of --greeting."""
    text = answer.decode() if isinstance(answer, bytes) else answer
    for character, word in (("\\", "\\\\"), ("\r", "\\r"), ("\n", "\\n")):
        text = text.replace(character, word)
    return text


def on_loopback(target):
    return "://127." in target


def arguments(program, targets, clients, seconds, wait, rate=None, answer=None, threads=2, cpus=(), talk=0, pad=0,
              requests=None):
    """The command line of a load: so many clients at once, for so long, each of which waits so long for its answer (any,
    if none is given). With a rate so many start a second. Several targets are asked in turn."""
    targets = [targets] if isinstance(targets, str) else targets
    found = [program, "--load", "-j", f"--connections={clients}", f"--duration={seconds}", f"--threads={threads}", "-W", wait,
             f"--pad={pad}"]
    found += [f"--rate={rate}"] if rate else []
    found += [f"--greeting={escaped(answer)}"] if answer is not None else []
    found += [f"--cpus={','.join(map(str, cpus))}"] if cpus else []
    found += [f"--send={talk * 'x'}"] if talk else []
    found += ["-c", requests] if requests else []
    found += [f"--sources={SOURCES}"] if all(map(on_loopback, targets)) else []
    return [*map(str, found), *targets]


def latency(found):
    """In microseconds; all 0 where nothing was answered."""
    found = found or {key: 0 for key in ("min", "avg", "p50", "p90", "p99", "p99.9", "p99.99", "max")} | {"curve": []}
    names = {"avg": "mean", "p99.9": "p999", "p99.99": "p9999"}
    return {names.get(key, key): [1000 * one for one in value] if key == "curve" else 1000 * value
            for key, value in found.items()}


def figures(printed):
    """What a load printed, as a dictionary: failures by kind and all of them, latency_us, and what the generator itself
    used."""
    found = json.loads(printed)
    kinds = {kind: 0 for kind in KINDS} | {kind.lower(): count for kind, count in found["errors_by_class"].items()}
    client = found["client"]
    return {"seconds": found["seconds"], "started": found["requests"], "answered": found["answered"],
            "per_second": found["rate"], "failures": kinds | {"all": found["errors"]}, "unexpected": found["unexpected"],
            "late": found["late"] + found["missed"], "latency_us": latency(found["latency_ms"]),
            "generator": {**{key: client[key] for key in USE},
                          "cpu_us_each": client["cpu_seconds"] * 1e6 / max(1, found["answered"])}}
