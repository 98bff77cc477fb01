#!/bin/sh
# Installs the library, its headers, the files by which pkg-config and CMake find them, and the examples. What is installed may be moved.
# Usage: [LIBDIR=lib] [DESTDIR=] scripts/install.sh [PREFIX, default /usr/local]
set -eu
umask 022
cd "$(dirname "$0")/.."
usage() {
    echo "$1; usage: [LIBDIR=lib] [DESTDIR=] scripts/install.sh [PREFIX, default /usr/local]" >&2
    exit 1
}
[ $# -le 1 ] || usage "$# arguments, where one is taken"
PREFIX=${1-${PREFIX:-/usr/local}}
LIBDIR=${LIBDIR:-lib}
DESTDIR=${DESTDIR:-}
case $PREFIX in /*) ;; *) usage "PREFIX is '$PREFIX'; it must start with /" ;; esac
case /$LIBDIR/ in //* | */./* | */../*) usage "LIBDIR is '$LIBDIR'; it must be a folder within PREFIX, such as lib64, with no part . or .." ;; esac

number() { sed -n "s/^#define SPINNPROP_VERSION_$1 //p" include/spinnprop.h; }
major=$(number MAJOR)
minor=$(number MINOR)
version=$major.$minor.$(number PATCH)
# From <prefix>/<libdir>/pkgconfig and <prefix>/<libdir>/cmake/spinnprop back to the prefix.
up=$(echo "$LIBDIR" | sed 's#[^/][^/]*#..#g')

# Programs remember this name: a library that they would not work with has another.
soname=libspinnprop.so.$(sed -n 's/^#define SPINNPROP_ABI_VERSION //p' include/spinnprop.h)
library=$(SPINNPROP_SONAME=$soname scripts/build-library.sh)
root=$DESTDIR$PREFIX
fill() { # template, destination
    sed -e "s#@VERSION@#$version#g" -e "s#@MAJOR@#$major#g" -e "s#@MINOR@#$minor#g" -e "s#@LIBDIR@#$LIBDIR#g" -e "s#@SONAME@#$soname#g" \
        -e "s#@PREFIX_FROM_PC@#$up/..#g" -e "s#@PREFIX_FROM_CMAKE@#$up/../..#g" "$1" >"$2"
    chmod 644 "$2"
}
documents=$root/share/doc/spinnprop
install -d "$root/$LIBDIR/pkgconfig" "$root/$LIBDIR/cmake/spinnprop" "$root/include" "$documents/examples/c" "$documents/examples/cpp"
(cd "$library" && find . -name libspinnprop.so) | while read -r file; do
    install -D -m 755 "$library/$file" "$root/$LIBDIR/$(dirname "$file")/$soname"
done
ln -sf "$soname" "$root/$LIBDIR/libspinnprop.so"
install -m 644 include/spinnprop.h include/spinnprop.hpp "$root/include/"
fill spinnprop.pc.in "$root/$LIBDIR/pkgconfig/spinnprop.pc"
fill cmake/spinnpropConfig.cmake.in "$root/$LIBDIR/cmake/spinnprop/spinnpropConfig.cmake"
fill cmake/spinnpropConfigVersion.cmake.in "$root/$LIBDIR/cmake/spinnprop/spinnpropConfigVersion.cmake"
install -m 644 LICENSE NOTICE CHANGELOG.md "$documents/"
# The header is the manual: its first comment says how to link, and what holds for all calls.
sed -n '2,/^ \*\//{/^ \*\//!{s/^ \*//;s/^ //;p;};}' include/spinnprop.h >"$documents/README"
chmod 644 "$documents/README"
install -m 644 examples/CMakeLists.txt "$documents/examples/"
install -m 644 examples/c/*.c "$documents/examples/c/"
install -m 644 examples/cpp/*.cpp "$documents/examples/cpp/"
echo "spinnprop $version installed in $root"
if [ -z "$DESTDIR" ]; then
    echo "programs that are linked with it find it by -Wl,-rpath,$PREFIX/$LIBDIR or LD_LIBRARY_PATH=$PREFIX/$LIBDIR, or after ldconfig where the system searches $PREFIX/$LIBDIR"
fi
