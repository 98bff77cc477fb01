#!/bin/sh
# Writes the linker's version script for libspinnprop.so to standard output: every function the header declares, nothing
# else. With --no-undefined-version a function that is declared but has no body fails the link.
# Usage: scripts/export-map.sh [header]
set -eu
header=${1:-"$(dirname "$0")/../include/spinnprop.h"}
names=$(tr '\n' ' ' <"$header" |
    sed 's#/\*[^*]*\*\+\([^/*][^*]*\*\+\)*/##g' |
    tr ';' '\n' |
    sed -n 's/.*SPINNPROP_API[^(]*[ *]\(spinnprop_[a-z0-9_]*\)(.*/\1/p' |
    LC_ALL=C sort -u)
[ -n "$names" ] || { echo "$header declares no SPINNPROP_API function" >&2; exit 1; }
echo "{"
echo "    global:"
for name in $names; do echo "        $name;"; done
echo "    local: *;"
echo "};"
