#!/bin/sh
# Tests the C library as its users meet it: the header alone, what the library exports, C and C++ hosts under two
# compilers, hostile input under valgrind and the address sanitizer, a short fuzzing run, pkg-config and CMake.
# Everything is built under .build/hosts. A tool that is missing is reported as skipped, with what to type for it.
# Usage: scripts/test-hosts.sh
set -u
cd "$(dirname "$0")/.."
root=$PWD
out=$root/.build/hosts
defects=0
skipped=
rm -rf "$out"
mkdir -p "$out"

say() { printf 'test-hosts: %s\n' "$*"; }
skip() { # what, remedy
    say "SKIPPED $1 (to have it: $2)"
    skipped="$skipped
  $1: $2"
}
# Runs a command; shows what it printed only if it fails.
expect() { # what, command...
    what=$1
    shift
    if "$@" >"$out/last.log" 2>&1; then
        say "ok      $what"
    else
        defects=$((defects + 1))
        say "FAILED  $what: $*"
        sed 's/^/    /' "$out/last.log" | tail -n 40
    fi
}
has() { command -v "$1" >/dev/null 2>&1; }

warnings="-Wall -Wextra -Wpedantic -Wshadow -Werror"
c_compilers=
cxx_compilers=
for pair in gcc:g++ clang:clang++; do
    if has "${pair%:*}" && has "${pair#*:}"; then
        c_compilers="$c_compilers ${pair%:*}"
        cxx_compilers="$cxx_compilers ${pair#*:}"
    else
        skip "hosts compiled by ${pair%:*}" "apt-get install ${pair#*:}"
    fi
done
[ -n "$c_compilers" ] || { say "FAILED  there is no C compiler at all"; exit 1; }

# ----------------------------------------------------------------------------------------------------------- headers
for compiler in $c_compilers; do
    expect "spinnprop.h alone as C11, $compiler" \
        $compiler -x c -std=c11 $warnings -fsyntax-only include/spinnprop.h
done
for compiler in $cxx_compilers; do
    expect "spinnprop.h alone as C++17, $compiler" \
        $compiler -x c++ -std=c++17 $warnings -fsyntax-only include/spinnprop.h
    expect "spinnprop.hpp alone as C++17, $compiler" \
        $compiler -x c++ -std=c++17 $warnings -Wconversion -Iinclude -fsyntax-only include/spinnprop.hpp
done

# ----------------------------------------------------------------------------------------------------------- library
say "building the library"
if ! SPINNPROP_SYMBOLS=1 scripts/build-library.sh >"$out/build.log" 2>&1; then
    say "FAILED  the library does not build:"
    tail -n 40 "$out/build.log"
    exit 1
fi
# The same library with its functions' names, so that valgrind can tell them; then the one that is installed.
mkdir "$out/named"
cp -L "$(tail -n 1 "$out/build.log")" "$out/named/libspinnprop.so"
scripts/build-library.sh >"$out/build.log" 2>&1 || { say "FAILED  the library does not link"; exit 1; }
library=$(tail -n 1 "$out/build.log")
folder=$(dirname "$library")

nm -D --defined-only "$library" | sed 's/.* //' | LC_ALL=C sort >"$out/exported"
scripts/export-map.sh | sed -n 's/^ *\(spinnprop_[a-z0-9_]*\);$/\1/p' | LC_ALL=C sort >"$out/declared"
expect "the header's $(wc -l <"$out/declared") functions are exported, and nothing else" \
    diff "$out/declared" "$out/exported"
expect "the export map has every SPINNPROP_API" test \
    "$(wc -l <"$out/declared")" -eq "$(grep -c '^SPINNPROP_API ' include/spinnprop.h)"
needs_no_swift() { ! ldd "$library" | grep -i -E 'swift|foundation|not found'; }
expect "no Swift runtime is needed where it runs" needs_no_swift
expect "code for newer processors stays apart" scripts/check-dispatch.sh "$folder"
size=$(wc -c <"$library")
expect "the library is below 8 MB ($size bytes)" test "$size" -lt 8000000
is_stripped() { ! readelf -S "$library" | grep -q '\.symtab'; }
expect "it is stripped" is_stripped
has_soname() { readelf -d "$library" | grep -q 'soname: \[libspinnprop.so\]'; }
expect "its soname is libspinnprop.so" has_soname
link_fails_without_a_body() {
    sed 's/^SPINNPROP_API int32_t spinnprop_abi_version(void);/&\nSPINNPROP_API void spinnprop_no_body(void);/' \
        include/spinnprop.h >"$out/more.h" && scripts/export-map.sh "$out/more.h" >.build/spinnprop.map || return 1
    rm -f "$library"
    ! SPINNPROP_DIST=1 swift build -c release --product spinnprop --scratch-path .build/dist >"$out/no_body.log" 2>&1 &&
        grep -q "spinnprop_no_body.*not defined" "$out/no_body.log"
}
expect "a function of the header without a body fails the link" link_fails_without_a_body
expect "and the library is built again" scripts/build-library.sh
for name in $(cat "$out/declared"); do
    grep -q "$name(" Tests/hosts/hostile.c Tests/hosts/hostile_chip.h Tests/hosts/hostile_sparse.h || { defects=$((defects + 1)); say "FAILED  hostile.c and its headers do not call $name"; }
done

# ------------------------------------------------------------------------------------------------------------- hosts
# The program in the header's first comment.
sed -n '/^ \* A FIRST PROGRAM/,/^ \*\//s/^ \*   //p' include/spinnprop.h >"$out/first.c"
expect "the header has a first program" grep -q 'int main(void)' "$out/first.c"

build_c() { # compiler, source, program, folder of the library, flags
    $1 -std=c11 -O1 -g $warnings -I"$root/include" ${5:-} "$2" "$4/libspinnprop.so" -Wl,-rpath,"$4" -lm -pthread -o "$3"
}
build_cxx() {
    $1 -std=c++17 -O1 -g $warnings -Wconversion -I"$root/include" "$2" "$4/libspinnprop.so" -Wl,-rpath,"$4" -o "$3"
}
for compiler in $c_compilers; do
    for source in Tests/hosts/hostile.c Tests/hosts/threads.c examples/c/yin_yang.c "$out/first.c"; do
        name=$(basename "$source" .c)
        expect "$name compiles, $compiler" build_c "$compiler" "$source" "$out/$name-$compiler" "$folder"
        case $name in
        yin_yang) set -- 3 "$out/c.safetensors" ;;
        hostile) set -- "$out" ;;
        *) set -- ;;
        esac
        expect "$name runs, $compiler" "$out/$name-$compiler" "$@"
        [ "$name" != yin_yang ] || cp "$out/last.log" "$out/yin_yang-c.log"
    done
done
for compiler in $cxx_compilers; do
    for source in Tests/hosts/wrapper.cpp examples/cpp/yin_yang.cpp; do
        name=$(basename "$source" .cpp)
        expect "$name compiles, $compiler" build_cxx "$compiler" "$source" "$out/$name-$compiler" "$folder"
        if [ "$name" = yin_yang ]; then set -- 3 "$out/cpp.safetensors"; else set --; fi
        expect "$name runs, $compiler" "$out/$name-$compiler" "$@"
        [ "$name" != yin_yang ] || cp "$out/last.log" "$out/yin_yang-cpp.log"
    done
done
# 3 epochs are enough to tell learning from chance, 33 %.
accuracy() { sed -n 's/^test accuracy \([0-9]*\)\.[0-9]* % (.*/\1/p' "$1"; }
learns() { [ "$(accuracy "$1")" -ge 60 ]; }
expect "the C example learns ($(accuracy "$out/yin_yang-c.log") % after 3 epochs)" learns "$out/yin_yang-c.log"
expect "the C++ example learns ($(accuracy "$out/yin_yang-cpp.log") % after 3 epochs)" learns "$out/yin_yang-cpp.log"
expect "both end with the very same network" cmp "$out/c.safetensors" "$out/cpp.safetensors"

# ---------------------------------------------------------------------------------------------------------- valgrind
first_compiler=${c_compilers# }
first_compiler=${first_compiler%% *}
if has valgrind; then
    memcheck="valgrind -q --num-callers=30 --leak-check=full --show-leak-kinds=definite,indirect,possible"
    memcheck="$memcheck --errors-for-leak-kinds=definite,indirect,possible --error-exitcode=9"
    # The options are split on purpose; so no path with spaces may be among them.
    memcheck="$memcheck --suppressions=Tests/hosts/valgrind.supp"
    for source in Tests/hosts/hostile.c Tests/hosts/threads.c "$out/first.c"; do
        name=$(basename "$source" .c)
        expect "$name compiles for valgrind" build_c "$first_compiler" "$source" "$out/named/$name" "$out/named"
        case $name in
        hostile) set -- "$out" ;;
        threads) set -- --no-fork ;;
        *) set -- ;;
        esac
        expect "$name under valgrind" $memcheck "$out/named/$name" "$@"
    done
    # A check that cannot fail proves nothing.
    cat >"$out/leak.c" <<'END'
#include <spinnprop.h>
int main(void) {
    const int32_t sizes[] = {2, 2};
    spinnprop_network_options options;
    spinnprop_network *network = NULL;
    spinnprop_network_options_init(&options);
    options.layer_sizes = sizes;
    options.n_layer_sizes = 2;
    spinnprop_status status = spinnprop_network_create(&network, &options);
    network = NULL;
    return status;
}
END
    build_c "$first_compiler" "$out/leak.c" "$out/named/leak" "$out/named"
    finds_a_leak() { $memcheck "$out/named/leak" >/dev/null 2>&1; [ $? -eq 9 ]; }
    expect "valgrind does find a forgotten network" finds_a_leak
else
    skip "valgrind" "apt-get install valgrind"
fi

# -------------------------------------------------------------------------------------- address sanitizer and fuzzer
# The sanitizer's runtime must be that of Swift's own clang.
swift_clang=$(dirname "$(readlink -f "$(command -v swift)")")/clang
printf 'int main(void) { return 0; }\n' >"$out/empty.c"
printf 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { (void)d; (void)n; return 0; }\n' >"$out/empty_fuzz.c"
if [ -x "$swift_clang" ] &&
    "$swift_clang" -fuse-ld=lld -fsanitize=address "$out/empty.c" -o "$out/empty" 2>"$out/last.log"; then
    say "building the library with the address sanitizer"
    if swift build -c release --product spinnprop --scratch-path .build/sanitized --sanitize=address \
        -Xswiftc -sanitize-coverage=edge,inline-8bit-counters,pc-table >"$out/build.log" 2>&1; then
        sanitized=$(dirname "$(readlink -f .build/sanitized/release/libspinnprop.so)")
        build_sanitized() { # sanitizers, source, program
            build_c "$swift_clang" "$2" "$3" "$sanitized" "-fuse-ld=lld -fsanitize=$1"
        }
        expect "hostile compiles with the address sanitizer" \
            build_sanitized address,undefined Tests/hosts/hostile.c "$out/hostile-asan"
        expect "hostile under the address sanitizer" "$out/hostile-asan" "$out"
        expect "the fuzzer's first inputs compile" build_sanitized address Tests/fuzz/seeds.c "$out/seeds"
        mkdir "$out/corpus"
        expect "the fuzzer's first inputs" "$out/seeds" "$out/corpus"
        if "$swift_clang" -fuse-ld=lld -fsanitize=fuzzer "$out/empty_fuzz.c" -o "$out/empty" 2>"$out/last.log"; then
            expect "the fuzz target compiles" build_sanitized fuzzer,address Tests/fuzz/fuzz.c "$out/fuzz"
            expect "20000 fuzzed inputs" "$out/fuzz" -runs=20000 -seed=1 -max_len=4096 -timeout=20 \
                -artifact_prefix="$out/" "$out/corpus"
        else
            skip "libFuzzer" "a Swift toolchain whose clang has libclang_rt.fuzzer (swift.org's have)"
        fi
    else
        defects=$((defects + 1))
        say "FAILED  the library does not build with the address sanitizer:"
        tail -n 40 "$out/build.log"
    fi
else
    skip "address sanitizer and libFuzzer" "a Swift toolchain with its own clang (swift.org's have it)"
fi

# ------------------------------------------------------------------------------------------------------ installation
prefix=$out/prefix
expect "installs" env PREFIX="$prefix" LIBDIR=lib/host DESTDIR= scripts/install.sh
# A tree that was moved must still be found.
mv "$prefix" "$out/moved"
prefix=$out/moved
if has pkg-config; then
    with_pkg_config() {
        flags=$(PKG_CONFIG_PATH="$prefix/lib/host/pkgconfig" pkg-config --cflags --libs spinnprop) || return 1
        # pkg-config quotes what the shell would split.
        eval "$first_compiler -std=c11 $warnings \"\$out/first.c\" $flags -o \"\$out/first-pkg-config\"" &&
            LD_LIBRARY_PATH="$prefix/lib/host" "$out/first-pkg-config"
    }
    expect "a host through pkg-config" with_pkg_config
    version=$(sed -n 's/^#define SPINNPROP_VERSION "\(.*\)"/\1/p' include/spinnprop.h)
    expect "pkg-config tells version $version" env PKG_CONFIG_PATH="$prefix/lib/host/pkgconfig" \
        pkg-config --exact-version="$version" spinnprop
else
    skip "pkg-config" "apt-get install pkg-config"
fi
cmake=$(command -v cmake || { [ -x "$root/.venv/bin/cmake" ] && echo "$root/.venv/bin/cmake"; })
if [ -n "$cmake" ]; then
    mkdir "$out/cmake"
    cat >"$out/cmake/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.15)
project(host LANGUAGES C CXX)
set(CMAKE_CXX_STANDARD 17)
find_package(spinnprop 0.1 REQUIRED)
add_executable(first "${SOURCE}")
target_link_libraries(first PRIVATE spinnprop::spinnprop)
add_executable(wrapper "${WRAPPER}")
target_link_libraries(wrapper PRIVATE spinnprop::spinnprop)
END
    with_cmake() {
        "$cmake" -S "$out/cmake" -B "$out/cmake/build" -Dspinnprop_DIR="$prefix/lib/host/cmake/spinnprop" \
            -DSOURCE="$out/first.c" -DWRAPPER="$root/Tests/hosts/wrapper.cpp" &&
            "$cmake" --build "$out/cmake/build" && "$out/cmake/build/first" && "$out/cmake/build/wrapper"
    }
    expect "hosts through CMake's find_package" with_cmake
    refuses_a_newer_one() {
        sed -i 's/spinnprop 0.1 /spinnprop 9.0 /' "$out/cmake/CMakeLists.txt"
        ! "$cmake" -S "$out/cmake" -B "$out/cmake/newer" -Dspinnprop_DIR="$prefix/lib/host/cmake/spinnprop" \
            -DSOURCE="$out/first.c" -DWRAPPER="$root/Tests/hosts/wrapper.cpp"
    }
    expect "CMake refuses version 9.0" refuses_a_newer_one
else
    skip "CMake" "pip install cmake"
fi

if [ -n "$skipped" ]; then say "skipped:$skipped"; fi
if [ "$defects" -gt 0 ]; then
    say "$defects checks FAILED"
    exit 1
fi
say "all checks passed"
