#!/bin/sh
# Installs libspinnprop.so, its headers, and the files by which pkg-config and CMake find them.
# Usage: [PREFIX=/usr/local] [LIBDIR=lib] [DESTDIR=] scripts/install.sh
set -eu
cd "$(dirname "$0")/.."
PREFIX=${PREFIX:-/usr/local}
LIBDIR=${LIBDIR:-lib}
DESTDIR=${DESTDIR:-}
case $PREFIX in /*) ;; *) echo "PREFIX is $PREFIX; it must start with /" >&2; exit 1 ;; esac
case $LIBDIR in
/* | *..*) echo "LIBDIR is $LIBDIR; it must be a folder within PREFIX, such as lib64" >&2; exit 1 ;;
esac

number() { sed -n "s/^#define SPINNPROP_VERSION_$1 //p" include/spinnprop.h; }
major=$(number MAJOR)
minor=$(number MINOR)
version=$major.$minor.$(number PATCH)
# From <prefix>/<libdir>/pkgconfig and <prefix>/<libdir>/cmake/spinnprop back to the prefix.
up=$(echo "$LIBDIR" | sed 's#[^/][^/]*#..#g')

library=$(scripts/build-library.sh | tail -n 1)
root=$DESTDIR$PREFIX
fill() { # template, destination
    sed -e "s#@VERSION@#$version#g" -e "s#@MAJOR@#$major#g" -e "s#@MINOR@#$minor#g" -e "s#@LIBDIR@#$LIBDIR#g" \
        -e "s#@PREFIX_FROM_PC@#$up/..#g" -e "s#@PREFIX_FROM_CMAKE@#$up/../..#g" "$1" >"$2"
    chmod 644 "$2"
}
install -d "$root/$LIBDIR/pkgconfig" "$root/$LIBDIR/cmake/spinnprop" "$root/include"
install -m 755 "$library" "$root/$LIBDIR/libspinnprop.so"
install -m 644 include/spinnprop.h include/spinnprop.hpp "$root/include/"
fill spinnprop.pc.in "$root/$LIBDIR/pkgconfig/spinnprop.pc"
fill cmake/spinnpropConfig.cmake.in "$root/$LIBDIR/cmake/spinnprop/spinnpropConfig.cmake"
fill cmake/spinnpropConfigVersion.cmake.in "$root/$LIBDIR/cmake/spinnprop/spinnpropConfigVersion.cmake"
echo "spinnprop $version installed in $root"
