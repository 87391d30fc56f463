#!/bin/sh
# SPDX-License-Identifier: MIT
# Every option of a program is in its manual page and in its completions, and these have no other.
# shellcheck disable=SC2317 # some functions are called by name, in compare()
set -eu

top=${srcdir:-.}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
status=0

# The client under its other name.
mkdir "$scratch/bin"
ln -s "$PWD/sockgreet" "$scratch/bin/check_sockgreet"

# Each line of help that names options, less their values and what they do.
options_of_help()
{
    command=./$1
    [ -x "$command" ] || command=$scratch/bin/$1
    "$command" --help | sed -n 's/^ \{2,6\}\(-[^ ,]*\(, -[^ ,]*\)*\).*/\1/p' | tr -d ' ' | tr ',' '\n' |
        sed 's/\[\{0,1\}=.*//'
}

# mdoc says "Fl c Ar file , Fl -config" for -c and --config, and "Fl f , -stderr" for -f and --stderr.
options_of_manual()
{
    awk '/^\.It Fl / {
        option = 0
        for (i = 2; i <= NF; i++) {
            if ($i == "Fl")
                option = 1
            else if ($i ~ /^(Ar|Ns|Op)$/)
                option = 0
            else if (option && $i != ",") {
                sub(/^\\&/, "", $i)
                print "-" $i
            }
        }
    }' "$1"
}

# The words of one quoted string.
options_of_bash()
{
    awk -v quote="'" 'sub("^    local options=" quote, "") { inside = 1 } inside { ends = index($0, quote); sub(quote ".*", ""); print }
        ends { exit }' "$1" | tr -s ' ' '\n' | sed '/^$/d; s/=$//'
}

# One option per line: what excludes it, its names, [what it does].
options_of_zsh()
{
    sed -n "s/^    '\([^[]*\)\[[^]].*/\1/p" "$1" | sed "s/^([^)]*)//; s/=-/=/g; s/-\([,}]\)/\1/g; s/[{},+='*]/ /g; s/[\\\\]//g" | tr -s ' ' '\n' |
        sed '/^-/!d'
}

options_of_fish()
{
    sed -n "s/^complete .* -s '\{0,1\}\([^ ']\).* -d '..*/-\1/p" "$1"
    sed -n "s/^complete .* -l \([^ ]*\).* -d '..*/--\1/p" "$1"
}

# compare PROGRAM FILE KIND [OPTION...]: the options named need not be in the file.
compare()
{
    program=$1 file=$2 kind=$3
    shift 3
    excused="$*"
    sort -u "$scratch/$program" >"$scratch/expected"
    "options_of_$kind" "$file" >"$scratch/found.all"
    for option in $excused; do
        grep -qxFe "$option" "$scratch/found.all" || sed -i "/^$(echo "$option" | sed 's/?/[?]/')\$/d" "$scratch/expected"
    done
    sort "$scratch/found.all" | uniq -d >"$scratch/twice"
    sort -u "$scratch/found.all" >"$scratch/found"
    if ! diff -u "$scratch/expected" "$scratch/found" >"$scratch/difference"; then
        echo "$file: options missing (-) or unknown to $program (+):"
        sed -n '3,$s/^\([-+]\)-/\1 -/p' "$scratch/difference"
        status=1
    elif [ -s "$scratch/twice" ] && [ "$kind" != manual ]; then
        echo "$file: twice: $(tr '\n' ' ' <"$scratch/twice")"
        status=1
    fi
}

for manual in "$top"/man/*.[18]; do
    program=$(basename "${manual%.*}")
    options_of_help "$program" >"$scratch/$program"
    if ! grep -qx -e --version "$scratch/$program"; then
        echo "$program --help: no options found"
        exit 1
    fi
    compare "$program" "$manual" manual '-?' -h --help --usage
    compare "$program" "$top/completions/bash/$program" bash
    compare "$program" "$top/completions/zsh/_$program" zsh
    compare "$program" "$top/completions/fish/$program.fish" fish
done

# A syntax check with the shells that are here.
for shell in bash zsh fish; do
    command -v "$shell" >/dev/null || continue
    for file in "$top/completions/$shell"/*; do
        "$shell" -n "$file" || status=1
    done
done
exit "$status"
