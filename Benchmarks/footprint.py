"""What spinnprop takes up: the library on disk, the time its import adds to numpy's, the memory training adds.

    python Benchmarks/footprint.py
"""

import statistics
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import results

IMPORT = "import time, numpy; start = time.perf_counter(); import spinnprop; print(time.perf_counter() - start)"
# VmHWM is the largest the process ever was, its imports included.
MEMORY = """
import re, sys
import numpy, sklearn.base, sklearn.preprocessing, sklearn.model_selection

def status(field):
    return int(re.search(field + r":\\s*(\\d+)", open("/proc/self/status").read()).group(1)) * 1024

before = status("VmRSS")
import spinnprop as sp
x, y = sp.datasets.yin_yang(5000, seed=42)
sp.SpikingClassifier(hidden=(120,), epochs=5, batch_size=150, seed=0).fit(x, y)
print(status("VmHWM") - before)
"""


def python(code):
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(process.stdout.split()[-1])


def main():
    section = results.Section("Footprint")
    package = Path(find_spec("spinnprop").origin).parent
    library = (package / "libspinnprop.so").stat().st_size
    imports = [python(IMPORT) for _ in range(11)]
    memory = [python(MEMORY) for _ in range(5)]
    rows = [
        ["libspinnprop.so, Swift runtime included", "%.2f MB" % (library / 1e6), "16 MB"],
        ["`import spinnprop` after `import numpy`, median of %d" % len(imports),
         "%.1f ms (%.1f to %.1f)" % (1e3 * statistics.median(imports), 1e3 * min(imports), 1e3 * max(imports)), "10 ms"],
        ["peak memory of training 5-120-3 on 5,000 samples, above numpy and scikit-learn, largest of %d" % len(memory),
         "%.1f MB" % (max(memory) / 1e6), "60 MB"],
    ]
    section.write(results.table(["what", "measured", "aim: below"], rows))


if __name__ == "__main__":
    main()
