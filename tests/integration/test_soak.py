# SPDX-License-Identifier: MIT
"""Reloads under load for a long time: ten minutes with SOCKGREET_LONG=1, otherwise a few seconds."""

import time

from operations import Load, describe, duration, lost, master_resources, targets, wait_drained
from processes import SANITIZER
from service import tcp, udp, unix, unix_dgram

SECONDS = duration(6, full=600)
RATE = 1000  # of each transport; the processors have time to spare, so that whatever is late is late by itself
GROWTH = 256  # KiB that memory may vary by


def anonymous(pid):
    """KiB of memory that is no file's."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Anonymous:"))


def held(service):
    """What master and workers hold when only those of the last generation are left."""
    wait_drained(service, 2)
    return master_resources(service) | {"workers_kb": sum(map(anonymous, service.workers()))}


def test_reloads_every_second(daemon, load_program, sockgreetctl, figures, tmp_path):
    """Nobody is lost on any transport, and neither descriptors nor memory grow."""
    service = daemon({"tcp": tcp(), "udp": udp(), "local": unix(tmp_path / "greet.sock"),
                      "dgram": unix_dgram(tmp_path / "dgram.sock")}, log={"greetings": "off"})
    for _ in range(3):
        assert sockgreetctl(service, "reload").code == 0
    before, reloads = held(service), 0
    with Load(load_program, targets(service, "tcp", "udp", "local", "dgram"), SECONDS, rate=RATE) as load:
        while load.running():
            due = time.monotonic() + 1
            result = sockgreetctl(service, "reload")
            assert result.code == 0, result
            reloads += 1
            time.sleep(max(0, due - time.monotonic()))
        results = load.results()
    after = held(service)
    figures(f"{reloads} reloads in {SECONDS:g} s: {describe(results)}; before {before}, after {after}")
    assert lost(results) == 0
    assert after["descriptors"] == before["descriptors"] and after["maps"] <= before["maps"] + 2
    if not SANITIZER:  # which keeps what was freed
        assert after["anonymous_kb"] <= before["anonymous_kb"] + GROWTH
        assert after["workers_kb"] <= before["workers_kb"] + GROWTH
    assert service.stop(timeout=20)["abandoned"] == 0
