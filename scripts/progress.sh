#!/bin/sh
# Runs a command and shows how far it is: of what it prints only what a sed program lets through; all of it if it fails.
# Usage: scripts/progress.sh SED-PROGRAM COMMAND...
set -eu
program=$1
shift
log=$(mktemp)
trap 'rm -f "$log" "$log.failed"' EXIT
trap 'exit 130' INT TERM
{ "$@" 2>&1 || echo $? >"$log.failed"; } | tee "$log" | sed -un "$program" >&2
if [ -e "$log.failed" ]; then
    cat "$log" >&2
    exit "$(cat "$log.failed")"
fi
