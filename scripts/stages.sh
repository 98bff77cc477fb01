#!/bin/sh
# Makes targets one after the other, says which is on and how long each took, and stops at the first that fails.
# Usage: scripts/stages.sh TARGET...
set -eu
all=$(date +%s)
number=0
for target in "$@"; do
    number=$((number + 1))
    echo "spinnprop: $number of $#, make $target"
    begun=$(date +%s)
    "${MAKE:-make}" "$target" || {
        echo "spinnprop: make $target FAILED after $(($(date +%s) - begun)) s" >&2
        exit 1
    }
    echo "spinnprop: make $target took $(($(date +%s) - begun)) s"
done
echo "spinnprop: all of it took $(($(date +%s) - all)) s"
