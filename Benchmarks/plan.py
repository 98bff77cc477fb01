"""What a search of 100,000 trials and a training on 1,000 cores would take: computed from the section "Many machines" of RESULTS.md.

    python Benchmarks/plan.py

Writes it into docs/how-to/many-machines.md, as bench_many_machines.py does when it has measured. A test holds that page to what this says.
"""

import math
import re

import results

PAGE = results.FOLDER.parent / "docs" / "how-to" / "many-machines.md"
HEADING = "## How far it goes, on paper\n"
TRIALS, TRIAL_SECONDS = 100_000, 600
#: Of the data in a shard, and of a batch in a training: samples.
BATCH, PLANNED = 150, 1500
WORKERS, BITS_PER_SECOND = 1000, 10e9


def rows(section, columns):
    """The cells of a section's table that has so many columns, without its heading."""
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("| ")]
    return [row for row in found if len(row) == columns][1:]


def few(value):
    """A number with two digits that count."""
    digits = 1 - math.floor(math.log10(abs(value)))
    return f"{round(value, digits):,.{max(0, digits)}f}"


def search(section):
    """The leader begins and ends one trial after another."""
    (kilobytes,) = re.findall(r"is (\d+) kB to a worker", section)
    n, milliseconds = map(int, rows(section, 2)[-1])
    seconds = milliseconds / 1e3
    # Proportional to their number beyond what was measured, and below it.
    last = seconds * TRIALS / n
    return (
        f"**A search of {TRIALS:,} trials.** To begin and to end a trial, choosing its parameters included, takes the leading process some "
        f"{few(seconds)} s after {n:,} trials, growing a little slower than their number: at most\n{few(last)} s at the end, "
        f"{few(last * TRIALS / 2 / 3600)} hours in all. What is sent is little: {few(float(kilobytes))} kB a trial for Yin-Yang, "
        f"{few(float(kilobytes) * TRIALS / 1e6)} GB in all. Trials of {TRIAL_SECONDS // 60} minutes on one core are "
        f"{few(TRIALS * TRIAL_SECONDS / 3600 / 24 / 365.25)} years of a core; one leader keeps\n{few(TRIAL_SECONDS / seconds)} workers busy after "
        f"{n:,} trials and {few(TRIAL_SECONDS / last)} at the end. Beyond that, let processes share a storage, where each chooses for itself, or "
        "split the search into studies with other seeds.\n"
    )


def training(section):
    """Workers compute side by side; the leader sends, receives and adds up one shard after another."""
    name = "784-350-10"
    shards = [[float(cell) for cell in row[1:]] for row in rows(section, 6) if row[0] == name]
    samples = [round(BATCH / shard[0]) for shard in shards]
    whole, parts = shards[:2]
    # A straight line from the second row to the first; the samples of smaller shards take longer each.
    a_sample = (whole[3] - parts[3]) / (samples[0] - samples[1])
    a_shard = parts[3] - a_sample * samples[1]
    sent = 8e6 * (parts[1] + parts[2]) / BITS_PER_SECOND
    a_worker = sent + parts[4]
    best = round(math.sqrt(a_sample * PLANNED / a_worker))
    gain = (a_sample * PLANNED + a_shard + a_worker) / (a_sample * PLANNED / best + a_shard + a_worker * best)
    measured = ", ".join(f"{few(shard[3])} ms with {n} sample{'s' * (n > 1)}" for n, shard in zip(reversed(samples), reversed(shards)))
    return (
        f"**A training on {WORKERS:,} cores.** For a shard of {name} the worker takes {measured}: from {samples[1]} samples on about "
        f"{few(a_shard)} ms, and {few(a_sample)} ms for each sample, to which\nlarger shards are taken to keep. Its network is {few(parts[1] / 1e3)} MB "
        f"and its gradient {few(parts[2] / 1e3)}: {few(sent)} ms at {BITS_PER_SECOND / 1e9:.0f} Gbit/s, and {few(parts[4])} ms in which the leading "
        f"process packs, unpacks and adds up, one shard after another.\nWith batches of B samples on W workers, {samples[1]} or more for each, a step "
        f"takes {few(a_sample)} ms B / W + {few(a_shard)} ms + {few(a_worker)} ms W, least at W = √({few(a_sample / a_worker)} B): for "
        f"B = {PLANNED:,} that is {best} workers, and {few(gain)}\ntimes as fast as one; {WORKERS:,} workers would need batches of "
        f"{few(WORKERS**2 * a_worker / a_sample / 1e6)} million.\nThe cores of a large machine are better spent on seeds and trials, which send next "
        "to nothing.\n"
    )


def text():
    """The page's last section."""
    (section,) = re.findall(r"^## Many machines\n(.*?)(?=^## |\Z)", results.FILE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return (
        f'{HEADING}\nComputed, not tried, from [measured sizes and times](../../Benchmarks/RESULTS.md) ("Many machines") by `Benchmarks/plan.py`.\n\n'
        f"{search(section)}\n{training(section)}"
    )


def main():
    before = PAGE.read_text(encoding="utf-8").partition(HEADING)[0]
    PAGE.write_text(before + text(), encoding="utf-8")


if __name__ == "__main__":
    main()
