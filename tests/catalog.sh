#!/bin/sh
# SPDX-License-Identifier: MIT
# Every MESSAGE_ID of the daemon has its entry in the catalog, the catalog has no other, and journalctl can read it.
set -eu

top=${srcdir:-.}
header=$top/src/log/message_ids.h
catalog=$top/systemd/sockgreet.catalog
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

sed -n 's/^#define MESSAGE_[A-Z_]* "\([0-9a-f]\{32\}\)"$/\1/p' "$header" | sort >"$scratch/header"
sed -n 's/^-- \([0-9a-f]\{32\}\)$/\1/p' "$catalog" | sort >"$scratch/catalog"

if [ "$(grep -c '^#define MESSAGE_' "$header")" -ne "$(wc -l <"$scratch/header")" ]; then
    echo "$header: a MESSAGE_ID is not 32 lower-case hexadecimal digits"
    exit 1
fi
if [ "$(grep -c '^-- ' "$catalog")" -ne "$(wc -l <"$scratch/catalog")" ]; then
    echo "$catalog: an entry does not begin with a MESSAGE_ID"
    exit 1
fi
if [ -n "$(uniq -d "$scratch/header")$(uniq -d "$scratch/catalog")" ] || ! [ -s "$scratch/header" ]; then
    echo "a MESSAGE_ID is there twice, or none at all:"
    uniq -d "$scratch/header"
    uniq -d "$scratch/catalog"
    exit 1
fi
if ! diff -u "$scratch/header" "$scratch/catalog"; then
    echo "the MESSAGE_IDs above have no catalog entry (-) or no event (+)"
    exit 1
fi
if [ "$(grep -c '^Subject: .' "$catalog")" -ne "$(wc -l <"$scratch/catalog")" ]; then
    echo "$catalog: an entry has no subject"
    exit 1
fi

# Only fields that the daemon writes may be named in the texts; both ends of a connection share a format.
for field in $(grep -o '@[A-Z_]*@' "$catalog" | tr -d @ | sort -u); do
    either=$(echo "$field" | sed 's/_CLIENT_\|_SERVER_/_%s_/')
    if ! grep -qs -e "\"${field}[=\"]" -e "\"${either}=" "$top"/src/*/*.c; then
        echo "$catalog: the daemon writes no field $field"
        exit 1
    fi
done

if ! command -v journalctl >/dev/null; then
    echo "journalctl is not installed: the catalog was not compiled"
    exit 0
fi
mkdir -p "$scratch/root/usr/lib/systemd/catalog" "$scratch/root/var/lib/systemd/catalog"
cp "$catalog" "$scratch/root/usr/lib/systemd/catalog/"
journalctl --root="$scratch/root" --update-catalog
journalctl --root="$scratch/root" --list-catalog | cut -d ' ' -f 1 | sort >"$scratch/compiled"
diff -u "$scratch/header" "$scratch/compiled"
