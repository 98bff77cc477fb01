#!/bin/sh
# Packs the library as scripts/install.sh installs it, to be unpacked anywhere: dist/libspinnprop-VERSION-linux-MACHINE.tar.gz.
# Usage: scripts/tarball.sh
set -eu
cd "$(dirname "$0")/.."
name=libspinnprop-$(sed -n 's/^#define SPINNPROP_VERSION "\(.*\)"/\1/p' include/spinnprop.h)-linux-$(uname -m)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
LIBDIR=lib DESTDIR=$folder scripts/install.sh "/$name" >"$folder/log" || { cat "$folder/log" >&2; exit 1; }
mkdir -p dist
tar -C "$folder" --sort=name --owner=0 --group=0 --numeric-owner -czf "dist/$name.tar.gz.new" "$name"
mv "dist/$name.tar.gz.new" "dist/$name.tar.gz"
echo "dist/$name.tar.gz"
