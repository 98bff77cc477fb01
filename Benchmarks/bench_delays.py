"""Yin-Yang by published networks with and without trained delays: accuracies over seeds beside what is published.

    python Benchmarks/bench_delays.py FOLDER [FOLDER ...]

Each folder is what `spinnprop reproduce delgrad-yin-yang` (or `fast-and-deep-yin-yang`, `eventprop-delays-yin-yang`) has written with `--out`.
Writes a section of RESULTS.md and copies pictures to docs/pictures, with the folder's name before theirs. Nothing of it depends on the machine.
"""

import argparse
import json
from pathlib import Path

import results

HEADER = ["network", "delays", "engine", "parameters", "median", "quartiles", "mean", "mean on the published test set", "known of the published"]


def rows(networks):
    """A line for each network of a folder."""
    for own in networks:
        spread = "" if own["standard_deviation"] is None else f" +- {own['standard_deviation']:.1f}"
        yield [
            own["network"], own["delays"], own["engine"], own["parameters"], f"{own['median']:.1f}", "{:.1f} .. {:.1f}".format(*own["quartiles"]),
            f"{own['mean']:.1f}{spread}", f"{own['mean_on_published_test']:.1f}", "" if own["known"] is None else f"{own['known']:.1f}",
        ]  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    section = results.Section("First spikes and trained delays: accuracies")
    text = "Test accuracies in percent on 10,000 samples; the published test set has 1,000.\n"
    for folder in parser.parse_args().folders:
        found = json.loads((folder / "metrics.json").read_text())
        options = found["options"]
        way = " --as-published" if options.get("as_published") else ""
        text += f"\n`spinnprop reproduce {found['setting']}{way}`, "
        text += f"{options['seeds']} seeds, {options['epochs']} epochs:\n\n"
        text += results.table(HEADER, rows(found["networks"])) + "\n"
        for ended in found.get("ended", []):
            text += f"\nEnded early, and counts with what it had learnt: {ended}.\n"
        for picture in results.take_pictures(folder, folder.name):
            text += f"\nPicture: `docs/pictures/{picture}`.\n"
    section.write(text.rstrip(), tells_load=False)


if __name__ == "__main__":
    main()
