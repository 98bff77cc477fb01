#!/bin/sh
# Builds libspinnprop.so as it is installed (the Swift runtime inside, only spinnprop_* exported, stripped) and prints
# its path as the last line. Usage: scripts/build-library.sh [scratch folder, default .build/dist]
set -eu
cd "$(dirname "$0")/.."
scratch=${1:-.build/dist}
mkdir -p .build
scripts/export-map.sh >.build/spinnprop.map.new
# Left alone when nothing changed, so that the linker need not run again.
if cmp -s .build/spinnprop.map.new .build/spinnprop.map; then
    rm .build/spinnprop.map.new
else
    mv .build/spinnprop.map.new .build/spinnprop.map
    # SwiftPM does not watch the map: without the old library it links anew.
    rm -f "$scratch"/*/release/libspinnprop.so
fi
export SPINNPROP_DIST=1
swift build -c release --product spinnprop --scratch-path "$scratch" >&2
echo "$(swift build -c release --show-bin-path --scratch-path "$scratch")/libspinnprop.so"
