"""Experiments on an emulated BrainScaleS-2, published beside measured over seeds.

    python Benchmarks/bench_analog.py FOLDER [FOLDER ...]

Each folder is what `spinnprop reproduce brainscales2-...` has written with `--out`. Writes a section of RESULTS.md for each and copies pictures to
docs/pictures, with `brainscales2-` before their names. Nothing of it depends on the machine.
"""

import argparse
import json
from pathlib import Path

import results


def rows(found):
    """Header and lines of a folder: of trained networks, or of what an experiment measures."""
    if "table" in found:
        yield ["", "published", "median", "quartiles"]
        for own in found["table"]:
            digits = own["digits"]
            yield [own["what"], own["published"], f"{own['quartiles'][1]:.{digits}f}", "{:.{d}f} .. {:.{d}f}".format(*own["quartiles"][::2], d=digits)]
        return
    yield ["network", "delays", "chip", "trained", "tested on", "published", "median", "quartiles"]
    for own in found["networks"]:
        chip = ", ".join(f"{name} {value:g}" for name, value in own["chip"].items()) or "calibrated"
        published = "" if own["published"] is None else " to ".join(f"{value:.1f}" for value in dict.fromkeys(own["published"]))
        tested = "the chip" if own["tested"] == "chip" else "the same"
        yield [
            own["network"], own["delays"], chip, own["trained"], tested, published, f"{own['median']:.1f}", "{:.1f} .. {:.1f}".format(*own["quartiles"]),
        ]  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    for folder in parser.parse_args().folders:
        found = json.loads((folder / "metrics.json").read_text())
        options = found.get("options", found)
        epochs = f", {options['epochs']} epochs" if "epochs" in options else ""
        section = results.Section(f"An emulated BrainScaleS-2: `{found['setting']}`{epochs}")
        text = f"Medians and quartiles over {options['seeds']} seed{'s' * (options['seeds'] > 1)}, each a chip of its own; accuracies and hits in percent."
        header, *lines = rows(found)
        results.take_pictures(folder, "brainscales2")
        section.write(f"{text}\n\n{results.table(header, lines)}", tells_load=False)


if __name__ == "__main__":
    main()
