#!/bin/sh
# SPDX-License-Identifier: MIT
# The metrics are what the parsers of others take.
set -eu

top=${srcdir:-.}
print=tests/metrics/print
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$print" open >"$scratch/open"
"$print" classic >"$scratch/classic"
"$print" json >"$scratch/json"

# Both formats have the same samples.
grep -v '^#' "$scratch/open" >"$scratch/open.samples"
grep -v '^#' "$scratch/classic" >"$scratch/classic.samples"
diff -u "$scratch/open.samples" "$scratch/classic.samples"

if ! command -v promtool >/dev/null || ! /usr/bin/python3 -c 'import prometheus_client' 2>/dev/null; then
    echo "prometheus and python3-prometheus-client are not installed: no parser has judged the texts"
    exit 77
fi
promtool check metrics <"$scratch/classic"
/usr/bin/python3 "$top/tests/metrics/check.py" <"$scratch/open"
/usr/bin/python3 -m json.tool "$scratch/json" >/dev/null
