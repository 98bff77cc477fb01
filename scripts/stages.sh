#!/bin/sh
# Makes targets: the first alone, then the others side by side, as many at once as there are processors. Shows how far each is, all that
# it printed where it fails, and at the end the time that each took, by the clock and of processors.
# Usage: scripts/stages.sh FIRST TARGET...
set -eu
cd "$(dirname "$0")/.."

# What is let through of all that a stage prints: what our own scripts say, modules compiled, files tested, results.
shown='
/^spinnprop: /p
/^test-hosts: /p
/^adding: /p
s/^\[\([0-9/]*\)\] Compiling \([A-Za-z0-9]*\).*/spinnprop: test-swift, \1: compiling \2/p
s/^.* \(Test run with .*\)/spinnprop: test-swift: \1/p
s/^python\/tests\/\([^ ]*\) .*\[ *\([0-9]*%\)\]$/spinnprop: pytest, \2: \1/p
s/^SKIPPED \(.*\)/spinnprop: pytest: skipped \1/p
s/^=* \(.* in [0-9.]*s.*[^ =]\) =*$/spinnprop: pytest: \1/p'

if [ "$1" = --stage ]; then
    target=$2 folder=$3 outcome=took
    begun=$(date +%s)
    echo "spinnprop: make $target"
    scripts/progress.sh "$shown" "${MAKE:-make}" "$target" || outcome="FAILED after"
    seconds=$(($(date +%s) - begun))
    # The second line is of the children: user and system time, as 1m2.345s.
    times >"$folder/$target.times"
    processors=$(tail -n 1 "$folder/$target.times" | tr 'ms' '  ' | awk '{ printf "%.0f", 60 * ($1 + $3) + $2 + $4 }')
    echo "spinnprop: make $target $outcome $seconds s ($processors s of processors)" | tee -a "$folder/all"
    [ "$outcome" = took ]
    exit
fi

begun=$(date +%s)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
failed=
first=$1
shift
if scripts/stages.sh --stage "$first" "$folder"; then
    printf '%s\n' "$@" | xargs -P "$(nproc)" -I TARGET scripts/stages.sh --stage TARGET "$folder" || failed=1
else
    failed=1
fi
echo "spinnprop: all in all"
cat "$folder/all"
echo "spinnprop: $(($(date +%s) - begun)) s"
[ -z "$failed" ]
