"""What `spinnprop train` reaches with its defaults on data sets that need no download, for several seeds, and what a sample takes.

    python Benchmarks/bench_data.py [--seeds N] [--sets NAME ...]

Writes its section of RESULTS.md. One thread. Spoken words are synthetic, in the format of SHD, as the tests draw them: timing alone tells them apart.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import results

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python" / "tests"))
import spoken  # noqa: E402

PLAIN = ["--recurrent", "no", "--delays", "none"]
SETS = ("moons", "circles", "spirals", "digits", "japanese-vowels", "mnist5k", "shd")


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measured(name, seeds, *options):
    """Test accuracies, and processor milliseconds of the whole command for each training sample and epoch."""
    accuracies, milliseconds = [], []
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as out:
            command = [sys.executable, "-m", "spinnprop", "train", name, "--seed", str(seed), "--threads", "1", "--out", out, *options]
            begun = processor_seconds()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            spent = processor_seconds() - begun
            metrics = json.loads((Path(out) / "metrics.json").read_text())
        settings = metrics["settings"]
        accuracies.append(100 * metrics["accuracy"]["test"])
        milliseconds.append(1e3 * spent / (settings["samples"] * settings["epochs"]))
    hidden = "-".join(map(str, settings["hidden"]))
    shown = ", ".join(f"{each:.1f}" for each in accuracies)
    return [hidden, settings["samples"], settings["epochs"], shown, f"{statistics.mean(accuracies):.1f}", f"{statistics.median(milliseconds):.2f}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sets", nargs="+", default=SETS, choices=SETS, metavar="NAME")
    options = parser.parse_args()
    section = results.Section("Data sets")
    rows = [[name, *measured(name, options.seeds)] for name in options.sets if name != "shd"]
    if "shd" in options.sets:
        with tempfile.TemporaryDirectory() as folder:
            spoken.write_set(Path(folder))
            short = ["--data", folder, "--hidden", "64", "--t-end", "0.7", "--epochs", "9"]
            rows.append(["shd, synthetic", *measured("shd", options.seeds, *short)])
            rows.append(["shd, synthetic, without recurrence and delays", *measured("shd", options.seeds, *short, *PLAIN)])
    section.write(
        "`spinnprop train` with its defaults, one thread; the synthetic words, with one spike in each of 700 channels, with --hidden 64 --t-end 0.7\n"
        "--epochs 9. Test accuracies in percent, one for each seed; the defaults were chosen from a few by test sets of seed 0. Processor milliseconds of\n"
        "the whole command, imports and pictures included, for each training sample and epoch.\n\n"
        + results.table(["data", "hidden", "training samples", "epochs", "test accuracies", "mean", "ms"], rows)
    )


if __name__ == "__main__":
    main()
