#!/bin/sh
# SPDX-License-Identifier: MIT
# Every claim of doc/security.md names a test, and every test that is named there exists.
set -eu

top=${srcdir:-.}
page=$top/doc/security.md
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Claims are the list's items under "What is defended"; those that name no test.
awk '
    function judge() { if (claim != "" && !named) print line ": " claim }
    /^## /  { judge(); claim = ""; defended = /^## What is defended$/ }
    /^### / { judge(); claim = "" }
    defended && /^\* / { judge(); claim = $0; line = NR; named = 0; claims++ }
    /`tests\/[^`]*::[^`]*`/ { named = 1 }
    END { judge(); if (claims < 10) print "there are " claims + 0 " claims only" }
' "$page" >"$scratch/unnamed"
if [ -s "$scratch/unnamed" ]; then
    echo "$page: claims without a test:"
    cat "$scratch/unnamed"
    exit 1
fi

# PATH::NAME, a function of Python or a Test(suite, NAME) of C.
# shellcheck disable=SC2016 # these backticks are the document's
grep -o '`tests/[^`]*::[^`]*`' "$page" | tr -d '`' | sort -u >"$scratch/named"
status=0
while read -r test; do
    file=${test%%::*} name=${test#*::}
    case $test in
    *.py::*) pattern="^def $name(" ;;
    *.c::*) pattern="^Test([a-z0-9_]*, ${name}[,)]" ;;
    *) pattern= ;;
    esac
    if [ -z "$pattern" ] || ! grep -qs -e "$pattern" "$top/$file"; then
        echo "$page: there is no test $test"
        status=1
    fi
done <"$scratch/named"
exit $status
