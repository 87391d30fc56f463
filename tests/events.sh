#!/bin/sh
# SPDX-License-Identifier: MIT
# The events of the client follow their published schema, and a terminal heeds nothing in them.
set -eu

top=${srcdir:-.}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

LC_ALL=C tests/events/print >"$scratch/ascii"
LC_ALL=C.UTF-8 tests/events/print >"$scratch/utf-8"
if LC_ALL=C grep -n '[^ -~]' "$scratch/ascii"; then
    echo "in the locale C these are more than printable ASCII"
    exit 1
fi
if ! /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
    echo "python3-jsonschema is not installed: nothing has judged the events by the schema"
    exit 77
fi
/usr/bin/python3 "$top/tests/events/check.py" "$top/doc/client.schema.json" "$scratch/ascii" "$scratch/utf-8"
