#!/bin/sh
# Proves that code compiled for newer processors cannot leak into what older ones run. Usage: scripts/check-dispatch.sh [folder
# of the distribution build's objects, default that of scripts/build-library.sh]
#
# Both compilations of an engine emit shared (weak) functions, of which the linker keeps the first it sees: so every one that
# the newer compilations emit must be emitted by an older one too, and one of those must come before all newer ones.
set -eu
cd "$(dirname "$0")/.."
objects=${1:-$(SPINNPROP_DIST=1 swift build -c release --show-bin-path --scratch-path .build/dist)}
if ! ls -d "$objects"/*V3.build >/dev/null 2>&1; then
    echo "check-dispatch: one compilation only on $(uname -m), nothing to prove"
    exit 0
fi
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
weak() { nm "$1/"*.o | awk '$2 == "W" { print $3 }' | sort -u; }
# Rooms in the order in which the linker sees them: what each newer one shares must have come from an older one before it.
sed 's,/[^/]*$,,; s,.*/,,; s,\.build$,,' "$objects/spinnprop.product/Objects.LinkFileList" | uniq >"$temporary/order"
: >"$temporary/older"
: >"$temporary/shared"
while read -r room; do
    [ -d "$objects/$room.build" ] || continue
    case $room in
    *V3)
        weak "$objects/$room.build" | grep -v "${room}" | sort -u >"$temporary/newer"
        sort -u "$temporary/older" >"$temporary/before"
        leaks=$(comm -23 "$temporary/newer" "$temporary/before")
        if [ -n "$leaks" ]; then
            echo "check-dispatch: $room emits under a shared name what no older compilation has emitted before it:" >&2
            echo "$leaks" >&2
            exit 1
        fi
        cat "$temporary/newer" >>"$temporary/shared"
        ;;
    *) weak "$objects/$room.build" >>"$temporary/older" ;;
    esac
done <"$temporary/order"
count=$(sort -u "$temporary/shared" | wc -l)
[ "$count" -gt 0 ] || { echo "check-dispatch: no shared function found; has the layout of the build changed?" >&2; exit 1; }
echo "check-dispatch: $count shared functions, all taken from baseline compilations"
