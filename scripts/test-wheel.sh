#!/bin/sh
# Installs a wheel into an empty environment, in a folder with a space and a letter beyond ASCII in its name, and runs the demo with it, with
# neither Swift nor a compiler in PATH. Prints the checksum of the trained network last. Usage: scripts/test-wheel.sh PYTHON WHEEL
set -eu
cd "$(dirname "$0")/.."
python=$1
wheel=$(realpath "$2")
temporary=$(mktemp -d)
trap 'PATH=${path:-$PATH}; rm -rf "$temporary"' EXIT
trap 'exit 130' INT TERM
folder="$temporary/a folder ü"
mkdir "$folder"
"$python" -m venv "$folder/environment"
cd "$folder"
environment/bin/python -m pip install -q --disable-pip-version-check --no-compile "$wheel[sklearn,plot]"
installed() { PATH=$path find environment/lib/python*/site-packages/spinnprop -type f -not -name "*.pyc" | PATH=$path sort; }
mkdir tools
for tool in sh env uname; do ln -s "$(command -v $tool)" tools/$tool; done
path=$PATH
PATH="$folder/tools:$folder/environment/bin"
export PATH
unset LD_LIBRARY_PATH PYTHONPATH
for tool in swift cc gcc clang; do
    if command -v $tool >/dev/null; then echo "$tool is in PATH; the test would prove nothing" >&2; exit 1; fi
done
installed >before
spinnprop train yin-yang --out run >log 2>&1 || { PATH=$path cat log >&2; exit 1; }
# But for compiled modules nothing is written where it is installed, which may be a folder that cannot be written.
installed | PATH=$path diff before -
python - <<'END'
import json, os

import spinnprop

spinnprop.get_threads()
with open("/proc/self/maps") as maps:
    files = {line.split(None, 5)[5].rstrip("\n") for line in maps if "/" in line}
folder = os.path.dirname(spinnprop.__file__)
ours = [file for file in files if "spinnprop" in os.path.basename(file)]
assert len(ours) == 1 and os.path.commonpath([ours[0], folder]) == folder, ours
assert not [file for file in files if "swift" in file.lower()], files
with open("run/metrics.json") as file:
    metrics = json.load(file)
assert os.path.getsize("run/decision_map.png") and metrics["accuracy"]["test"] > 0.9, metrics
print(metrics["model_sha256"])
END
