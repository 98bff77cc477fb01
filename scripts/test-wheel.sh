#!/bin/sh
# Installs a wheel into an empty environment in an empty folder and trains with it, with neither Swift nor a compiler in PATH.
# Usage: scripts/test-wheel.sh PYTHON WHEEL
set -eu
python=$("$1" -c 'import sys; print(sys.executable)')
wheel=$(realpath "$2")
folder=$(mktemp -d)
trap 'PATH=${path:-$PATH}; rm -rf "$folder"' EXIT
cd "$folder"
"$python" -m venv environment
environment/bin/python -m pip install -q --disable-pip-version-check "$wheel[all]"
mkdir tools
for tool in sh env uname; do ln -s "$(command -v $tool)" tools/$tool; done
path=$PATH
PATH="$folder/tools:$folder/environment/bin"
export PATH
unset LD_LIBRARY_PATH PYTHONPATH
for tool in swift cc gcc clang; do
    if command -v $tool >/dev/null; then echo "$tool is in PATH; the test would prove nothing" >&2; exit 1; fi
done
spinnprop train yin-yang --epochs 3 --samples 500 --out run
[ -s run/model.safetensors ] && [ -s run/decision_map.png ]
echo "the wheel works without Swift: ${wheel##*/}"
