#!/bin/sh
# SPDX-License-Identifier: MIT
# The metrics are what the parsers of others take, and the dashboard and the alerts of contrib/ ask for no other.
set -eu

top=${srcdir:-.}
print=tests/metrics/print
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$print" open >"$scratch/open"
"$print" classic >"$scratch/classic"
"$print" json >"$scratch/json"

# Every name that the dashboard and the alerts use is there, in whichever format Prometheus asks for.
for file in "$top/contrib/prometheus/sockgreet.rules.yml" "$top/contrib/grafana/sockgreet.json"; do
    grep -o '\bsockgreet_[a-z_]*' "$file" | sort -u >"$scratch/used"
    if ! [ -s "$scratch/used" ]; then
        echo "$file uses no metrics"
        exit 1
    fi
    while read -r name; do
        for format in open classic; do
            if ! grep -q "^${name}[{ ]" "$scratch/$format"; then
                echo "$file: there are no metrics called $name in the format $format"
                exit 1
            fi
        done
    done <"$scratch/used"
done

# Both formats have the same samples.
grep -v '^#' "$scratch/open" >"$scratch/open.samples"
grep -v '^#' "$scratch/classic" >"$scratch/classic.samples"
diff -u "$scratch/open.samples" "$scratch/classic.samples"

if ! command -v promtool >/dev/null || ! /usr/bin/python3 -c 'import prometheus_client' 2>/dev/null; then
    echo "prometheus and python3-prometheus-client are not installed: no parser has judged the texts"
    exit 77
fi
promtool check metrics <"$scratch/classic"
promtool check rules "$top/contrib/prometheus/sockgreet.rules.yml"
promtool test rules "$top/tests/metrics/rules.test.yml"
/usr/bin/python3 "$top/tests/metrics/check.py" <"$scratch/open"
/usr/bin/python3 -m json.tool "$scratch/json" >/dev/null
/usr/bin/python3 -m json.tool "$top/contrib/grafana/sockgreet.json" >/dev/null
