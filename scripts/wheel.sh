#!/bin/sh
# Builds a wheel for one Python. auditwheel names it after the oldest glibc that it runs with, and looks again whether that is true;
# abi3audit looks whether a wheel for all later Pythons keeps to what they promise. Both are in .venv (make wheel), abi3audit from Python 3.11 on.
# Usage: scripts/wheel.sh PYTHON [FOLDER, default dist [SDIST, default the sources here]]
set -eu
cd "$(dirname "$0")/.."
python=$1
result=${2:-dist}
source=${3:-.}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
PATH="$PWD/.venv/bin:$PATH"
rm -rf build
"$python" -m venv "$folder/environment"
"$folder/environment/bin/python" -m pip wheel -q --disable-pip-version-check --no-deps -w "$folder/plain" "$source"
auditwheel -v repair -w "$folder/repaired" "$folder"/plain/*.whl >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
wheel=$(echo "$folder"/repaired/*.whl)
auditwheel show "$wheel" >"$folder/log"
tag=$(tr '\n' ' ' <"$folder/log" | sed -n 's/.*consistent with the following platform tag: *"\([^"]*\)".*/\1/p')
case $tag:$wheel in
    manylinux_*:*"$tag"*.whl) ;;
    *) cat "$folder/log" >&2; echo "${wheel##*/} is not what it is called" >&2; exit 1 ;;
esac
case $wheel in
    *-abi3-*)
        if command -v abi3audit >/dev/null; then
            abi3audit --strict --summary "$wheel"
        else
            echo "wheel: skipped  abi3audit of ${wheel##*/}, as .venv has none: it needs a .venv of Python 3.11 or newer" >&2
        fi
        ;;
esac
mkdir -p "$result"
mv "$wheel" "$result/"
echo "$result/${wheel##*/}"
