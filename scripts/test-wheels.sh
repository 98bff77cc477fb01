#!/bin/sh
# Tries the wheels in dist/ on every CPython that is found: in PATH and /usr/bin, and what pyenv and uv have installed. Builds those that are missing,
# one for each Python below 3.11; then one more from the source distribution in dist/, as from any folder without a repository. All of them have to
# train the very same network. Usage: scripts/test-wheels.sh
set -eu
cd "$(dirname "$0")/.."
failed=0
models=
describe='
import importlib.util, os, sys, sysconfig
if sys.implementation.name != "cpython":
    refused = "it is not CPython"
elif sys.version_info < (3, 8):
    refused = "it is older than 3.8"
elif sysconfig.get_config_var("Py_GIL_DISABLED"):
    refused = "it has no global lock"
elif importlib.util.find_spec("ensurepip") is None:
    refused = "it has no ensurepip: apt-get install python3-venv"
else:
    refused = ""
wheel = "cp311-abi3" if sys.version_info >= (3, 11) else "cp%d%d-cp%d%d" % (sys.version_info[:2] * 2)
print("%d.%d.%d" % sys.version_info[:3], os.path.realpath(sys.executable), wheel, refused, sep="\t")'

# Each Python once: version, path, its wheel, why it is left out.
pythons() {
    {
        echo "$PATH:/usr/bin" | tr : '\n' | while read -r folder; do ls "$folder"/python3 "$folder"/python3.*[0-9] 2>/dev/null || true; done
        ls "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/python3 "${XDG_DATA_HOME:-$HOME/.local/share}"/uv/python/*/bin/python3 2>/dev/null || true
    } | while read -r python; do "$python" -c "$describe" 2>/dev/null </dev/null || true; done | sort -u -V
}
trial() { # what, Python, wheel
    if model=$(scripts/test-wheel.sh "$2" "$3"); then
        echo "test-wheels: ok       $1: ${3##*/}"
        models="$models$model
"
    else
        failed=$((failed + 1))
        echo "test-wheels: FAILED   $1: ${3##*/}"
    fi
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
pythons >"$folder/pythons"
while IFS="$(printf '\t')" read -r version python tag refused; do
    if [ -n "$refused" ]; then
        echo "test-wheels: skipped  $python $version, as $refused"
        continue
    fi
    [ -e "$(echo dist/*-"$tag"-*.whl)" ] || scripts/wheel.sh "$python" || { failed=$((failed + 1)); continue; }
    trial "$python $version" "$python" dist/*-"$tag"-*.whl
done <"$folder/pythons"
if scripts/wheel.sh .venv/bin/python "$folder" dist/spinnprop-*.tar.gz; then
    trial "from the source distribution" .venv/bin/python "$folder"/*.whl
else
    failed=$((failed + 1))
fi
if [ "$(printf '%s' "$models" | sort -u | wc -l)" -ne 1 ]; then
    echo "test-wheels: FAILED   not all trained the same network:"
    printf '%s' "$models"
    failed=$((failed + 1))
fi
[ "$failed" = 0 ]
