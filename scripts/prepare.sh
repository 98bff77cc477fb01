#!/bin/sh
# Makes the virtual environment that the make targets work in, and whatever it takes to build the package into it.
# Says what it does, does nothing where all is there, and starts over where it was interrupted.
# Usage: scripts/prepare.sh PYTHON VENV
set -eu
cd "$(dirname "$0")/.."
python=$1
venv=$2

fail() {
    echo "spinnprop: $1" >&2
    exit 1
}

# The Python it is and the one the environment was made with, e.g. "/usr/bin/python3.11 3.11.2".
describe='import os, sys; print(os.path.realpath(sys.executable), ".".join(map(str, sys.version_info[:3])))'
identity=$("$python" -c "$describe" 2>/dev/null) || fail "no Python answers to '$python'; give one: make PYTHON=/path/to/python3"
if [ -f "$venv/.made-with" ] && [ "$(cat "$venv/.made-with")" = "$identity" ] && "$venv/bin/python" -c '' 2>/dev/null
then
    exit 0
fi

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 8))' ||
    fail "Python 3.8 or newer is needed, this is $identity; give another: make PYTHON=/path/to/python3"
command -v swift >/dev/null ||
    fail "no swift in PATH: Swift 6.3 or newer is needed, see https://www.swift.org/install/linux/"
swift_version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
case $swift_version in
    [0-5].* | 6.[0-2]) fail "Swift 6.3 or newer is needed, this is $swift_version; see https://www.swift.org/install/linux/" ;;
esac

# What Debian and Ubuntu split off their Python, and the compiler that Python was made with.
missing=
has_headers='import os, sys, sysconfig; sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))'
has_compiler='import shutil, sys, sysconfig; sys.exit(not shutil.which((sysconfig.get_config_var("CC") or "cc").split()[0]))'
need() {
    missing=
    "$python" -c "$has_headers" || missing="$missing python3-dev libpython3-dev"
    "$python" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
    [ -n "${CC:-}" ] || "$python" -c "$has_compiler" || missing="$missing gcc"
}
need
if [ -n "$missing" ]; then
    case $identity in
        /usr/bin/*) ;;
        *) case $missing in *python3-*)
            fail "$identity came without its C headers or without the venv module: install it with them, or give another Python: make PYTHON=/usr/bin/python3" ;;
        esac ;;
    esac
    if ! command -v apt-get >/dev/null; then
        fail "needed and missing, in Debian's names:$missing; install your system's packages of that kind"
    elif [ "$(id -u)" = 0 ]; then
        sudo=
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        sudo="sudo -n"
    else
        fail "some packages are missing; type: sudo apt-get install$missing"
    fi
    echo "spinnprop: installing$missing"
    # The package lists may be absent or old: an update that fails is no reason to stop if the install then works.
    $sudo apt-get update -qq >/dev/null || true
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing >/dev/null </dev/null ||
        fail "apt-get could not install the missing packages; type: sudo apt-get update && sudo apt-get install$missing"
    need
    [ -z "$missing" ] || fail "still missing after the installation:$missing (for $identity)"
fi

echo "spinnprop: 1 of 3, making $venv with Python ${identity##* }"
"$python" -m venv --clear "$venv"
"$venv/bin/python" -m pip install -q --disable-pip-version-check --no-compile --upgrade pip setuptools wheel
# Written last: an environment without it is made again.
echo "$identity" >"$venv/.made-with"
