#!/bin/sh
# SPDX-License-Identifier: MIT
# Every script that people call has a short --help, and names an option that it does not know instead of doing anything.
set -eu

top=${srcdir:-.}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
status=0

wrong()
{
    echo "scripts/$1"
    sed 's/^/    /' "$scratch/out" "$scratch/err"
    status=1
}

# run SCRIPT ARGUMENT...: its exit status is in $code.
run()
{
    code=0
    "$top/scripts/$1" "$2" >"$scratch/out" 2>"$scratch/err" </dev/null || code=$?
}

for script in bench deb fuzz install-packages quickstart test; do
    for option in -h --help; do
        run "$script" "$option"
        if [ "$code" -ne 0 ] || [ -s "$scratch/err" ] || [ "$(wc -l <"$scratch/out")" -gt 20 ] ||
            ! head -n 1 "$scratch/out" | grep -q "^usage: scripts/$script"; then
            wrong "$script $option"
        fi
    done
    if [ "$script" = bench ] && [ ! -x /usr/bin/python3 ]; then
        continue # it is Python that reads its options
    fi
    run "$script" --nosuch
    if [ "$code" -ne 64 ] || [ -s "$scratch/out" ] || ! grep -q -e "option.*--nosuch" -e "arguments: --nosuch" "$scratch/err"; then
        wrong "$script --nosuch: exit status $code"
    fi
done
exit "$status"
