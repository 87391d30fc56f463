#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Judges metrics on standard input by the strict parser of OpenMetrics that Prometheus' Python client has.

Says nothing if they are good, and for each family how many samples it has if asked for with --list."""
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families


def main():
    """Parses all; a flaw is an exception."""
    text = sys.stdin.read()
    seen = set()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            series = (sample.name, tuple(sorted(sample.labels.items())))
            if series in seen:  # which the parser lets pass
                sys.exit(f"there twice: {series}")
            seen.add(series)
        if not family.documentation:
            sys.exit(f"{family.name} has no help")
        if "--list" in sys.argv[1:]:
            print(family.name, family.type, len(family.samples))
    if not seen:
        sys.exit("there is nothing")


if __name__ == "__main__":
    main()
