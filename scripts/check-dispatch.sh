#!/bin/sh
# Proves that code compiled for newer processors cannot leak into what older ones run. Usage: scripts/check-dispatch.sh [folder
# of the distribution build's objects, default that of scripts/build-library.sh]
#
# Both compilations of EventDriven emit shared (weak) functions, of which the linker keeps the first it sees: so every one that
# the newer compilation emits must be emitted by the older one too, and the older one must come first.
set -eu
cd "$(dirname "$0")/.."
objects=${1:-$(SPINNPROP_DIST=1 swift build -c release --show-bin-path --scratch-path .build/dist)}
if [ ! -d "$objects/EventDrivenV3.build" ]; then
    echo "check-dispatch: one compilation only on $(uname -m), nothing to prove"
    exit 0
fi
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
for room in EventDriven EventDrivenV3; do
    nm "$objects/$room.build/"*.o | awk '$2 == "W" { print $3 }' | sort -u >"$temporary/$room"
done
grep -v EventDrivenV3 "$temporary/EventDrivenV3" >"$temporary/shared"
leaks=$(comm -23 "$temporary/shared" "$temporary/EventDriven")
if [ -n "$leaks" ]; then
    echo "check-dispatch: emitted for newer processors alone, yet under a shared name:" >&2
    echo "$leaks" >&2
    exit 1
fi
order=$(sed 's,/[^/]*$,,' "$objects/spinnprop.product/Objects.LinkFileList" | uniq | grep -o 'EventDriven[A-Z0-9]*' | tr '\n' ' ')
if [ "$order" != "EventDriven EventDrivenV3 " ]; then
    echo "check-dispatch: link order is \"$order\"; EventDriven must come first" >&2
    exit 1
fi
echo "check-dispatch: $(wc -l <"$temporary/shared") shared functions, all taken from the baseline compilation"
