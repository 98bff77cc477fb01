"""Cache misses per delivered spike of the sparse networks, counted: by the processor, or by a simulation of its caches.

`perf stat` asks the processor; on machines that do not let it (most virtual ones) valgrind's cachegrind runs the program on caches of this
machine's sizes. What comes before the spikes is taken out by counting two runs of different length.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

K = 100
ROOT = Path(__file__).resolve().parent.parent
EVENTS = ("L1-dcache-load-misses", "cache-misses")


def caches():
    """(level, "size,ways,line") of this machine's data caches as cachegrind takes them: sets are a power of two."""
    found = []
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        def read(name):
            return (folder / name).read_text().strip()

        try:
            ways, line = int(read("ways_of_associativity")), int(read("coherency_line_size"))
            size = int(read("size").rstrip("K")) * 1024
            if read("type") == "Instruction":
                continue
            sets = 2 ** ((size // (ways * line)).bit_length() - 1)
            found.append((int(read("level")), "%d,%d,%d" % (sets * ways * line, ways, line)))
        except (OSError, ValueError, ZeroDivisionError):
            continue
    return found


def program():
    """The Swift program that does nothing but simulate, or None where there is no Swift."""
    if shutil.which("swift") is None:
        return None
    # For any processor and without debug information: valgrind knows neither all instructions nor all of DWARF 5.
    command = ["swift", "build", "-c", "release", "--product", "bench-sparse", "-Xlinker", "-S"]
    if subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
        return None
    where = subprocess.run([*command[:4], "--show-bin-path"], cwd=ROOT, stdout=subprocess.PIPE, universal_newlines=True)
    return str(Path(where.stdout.strip()) / "bench-sparse")


def perf_misses(command):
    """Misses as the processor counted them, in the order of EVENTS, or None where it does not tell."""
    if shutil.which("perf") is None:
        return None
    finished = subprocess.run(["perf", "stat", "-x", ",", "-e", ",".join(EVENTS), *command], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, universal_newlines=True)
    counts = {}
    for line in finished.stderr.splitlines():
        cells = line.split(",")
        if len(cells) > 2 and cells[0].isdigit():
            counts[cells[2].split(":")[0]] = int(cells[0])
    return [counts[event] for event in EVENTS] if not finished.returncode and set(EVENTS) <= set(counts) else None


def simulated_misses(command, first, last):
    """Data misses of two levels of cache, or None where valgrind does not run."""
    finished = subprocess.run(
        ["valgrind", "--tool=cachegrind", "--cache-sim=yes", "--cachegrind-out-file=/dev/null", "--D1=" + first, "--LL=" + last,
         *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, universal_newlines=True)
    found = [re.search(name + r" +misses: +([\d,]+)", finished.stderr) for name in ("D1", "LLd")]
    if finished.returncode or not all(found):
        print(finished.stderr[-300:], file=sys.stderr)
        return None
    return [int(each.group(1).replace(",", "")) for each in found]


def per_delivery(count, path, model, n, spikes):
    """The difference of a run of so many spikes and one of a tenth, per delivered spike."""
    runs = [count([path, "--count", "%s,%d,%d" % (model, n, each)]) for each in (spikes // 10, spikes)]
    if None in runs:
        return None
    return [(late - early) / (K * (spikes - spikes // 10)) for early, late in zip(*runs)]


def table(sizes, models=("lif", "qif")):
    """(how it was counted, header, rows); rows are empty where nothing can count."""
    path = program()
    if path is None:
        return "not counted: no Swift compiler", [], []
    levels = caches()
    if perf_misses(["true"]):
        how = "counted by the processor (perf stat)"
        names = ["L1 loads", "last level"]

        def count(model, n, spikes):
            return per_delivery(perf_misses, path, model, n, spikes)
    elif shutil.which("valgrind") is None or len(levels) < 2:
        return "not counted: neither perf's counters nor valgrind are to be had here", [], []
    else:
        how = "counted by cachegrind, on caches of this machine's sizes"
        names = ["L%d (%d KB)" % (level, int(shape.split(",")[0]) / 1024) for level, shape in levels]

        def count(model, n, spikes):
            # Cachegrind knows two levels: every further one takes the place of the second in a run of its own.
            found = []
            for _, shape in levels[1:]:
                misses = per_delivery(lambda command: simulated_misses(command, levels[0][1], shape), path, model, n, spikes)
                if misses is None:
                    return None
                found = found or misses[:1]
                found.append(misses[1])
            return found
    rows = []
    for model in models:
        for n in sizes:
            found = count(model, n, max(100_000, n // 30))
            rows.append([model, n, 1, *(["-"] * len(names) if found is None else ["%.3f" % each for each in found])])
    return how, ["model", "neurons", "assumed", *names], rows


if __name__ == "__main__":
    import results

    how, header, rows = table([10**4, 10**5, 10**6])
    print(how)
    if rows:
        print(results.table(header, rows))
