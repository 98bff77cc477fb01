"""What README.md and pages of docs/ say was measured is what Benchmarks/RESULTS.md, other pages and the notebooks have."""

import importlib
import json
import re
from pathlib import Path

import yaml

import spinnprop as sp

ROOT = Path(__file__).resolve().parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MEASURED = (ROOT / "Benchmarks" / "RESULTS.md").read_text(encoding="utf-8")
RESULTS = (ROOT / "docs" / "guide" / "results.md").read_text(encoding="utf-8")


def rows(text, first):
    """The cells of the tables' rows whose first cell begins so."""
    cells = [[cell.strip() for cell in line.strip("| ").split("|")] for line in text.splitlines() if line.startswith("|")]
    return [row for row in cells if row[0].startswith(first)]


def median(contestant, threads):
    (row,) = [row for row in rows(MEASURED, contestant) if row[2] == str(threads)]
    return f"{float(row[3]):,.0f}"


def test_times_of_an_epoch():
    (claim,) = [line for line in README.splitlines() if line.startswith("- **Fast.**")]
    assert f"takes {median('spinnprop, event', 1)} ms on one thread" in claim
    assert f"take {median('spyx, update split and compiled by hand', 1)} ms in spyx" in claim
    for peer in ("spikingjelly", "snntorch", "norse"):
        assert f"{median(peer, 1)} in {peer}" in claim


def test_accuracies():
    def shown(text):
        return text.replace("+-", "±")

    published = shown(rows(RESULTS, "the published setting, 5-200-3")[0][1]).split("; published ")
    assert rows(README, "Yin-Yang, 5-200-3")[0][1:] == published
    for part in [*published, shown(rows(RESULTS, "the defaults, 5-120-3, 100 epochs")[0][1])]:
        assert part in README.split("## Install")[0]
    grid = rows(RESULTS, "the published setting, 27 steps")[0]
    said = rows(README, "Yin-Yang in 27 steps")[0]
    assert said[1] in grid[1] and said[2] == "bound " + grid[2]
    chip = rows((ROOT / "docs" / "guide" / "brainscales2.md").read_text(encoding="utf-8"), "4-30-3, axonal delays")[0]
    here, there = rows(README, "Yin-Yang, 4-30-3, axonal")[0][1:]
    assert chip[6] == f"{here[:-2]} ({there[:-2]})"
    assert f"{here} where weights trained elsewhere drop to {chip[2]} %" in " ".join(README.split())
    for data, start in (("Japanese Vowels", "japanese-vowels"), ("MNIST", "mnist5k")):
        assert rows(README, data)[0][1] == rows(MEASURED, start)[0][5] + " %"


def test_time_of_a_spike_among_a_billion_neurons():
    row = rows(MEASURED, "1000000000")[0]
    assert rows(README, "a spike of a network of 10⁹")[0][1:] == [f"{float(row[1]):.1f} µs", f"{float(row[3]):.0f} µs"]


def test_times_of_a_homeostatic_network_beside_brian2():
    said = page("guide/brainscales2.md")
    stepped, written = ([row[-1] for row in rows(MEASURED, f"Brian2, {how}")] for how in ("0.1 ms steps", "C++ standalone"))
    assert "takes {} times as long at .58 kHz of input to each and {} times at .80 kHz".format(*stepped) in said
    assert "(`cpp_standalone`) takes {} and {} times as long".format(*written) in said


def page(name):
    return " ".join((ROOT / "docs" / name).read_text(encoding="utf-8").split())


def printed(notebook):
    """What is stored as printed by the notebook's cells."""
    cells = json.loads((ROOT / "examples" / "notebooks" / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
    return "".join("".join(output.get("text", "")) for cell in cells for output in cell.get("outputs", ()))


def test_what_delays_do_for_small_networks():
    def row(kind, hidden):
        (found,) = re.findall(rf"^{kind}: {hidden} hidden, (\d+) parameters, error (\S+) %", printed("delays"), re.MULTILINE)
        return found

    (parameters, error), (more_parameters, less_error) = row("synaptic", 10), row("no delays", 30)
    said = page("guide/networks.md")
    assert f"synaptic delays ({parameters} parameters) do nearly as well as 30 without delays ({more_parameters})" in said
    assert f"over ten seeds is {error} and {less_error} %" in said
    others = [row(kind, 10)[1] for kind in ("axonal", "dendritic")]
    assert [round(float(each)) for each in others] == [10, 10]
    assert f"it is about 10 %, without delays {row('no delays', 10)[1]} %" in said


def test_what_is_remembered():
    def of_both(kind):
        found = re.findall(rf"^  {kind}: median (\S+) %", printed("temporal-tasks"), re.MULTILINE)
        assert len(found) == 2
        return map(float, found)

    limits = re.findall(r"at best (\d+) % without memory", printed("temporal-tasks"))
    said = page("guide/networks.md")
    assert "delayed XOR, of which {} % can be had without any, and a delayed match, {} %".format(*limits) in said
    assert "answer {:g} and {:g} % of the test trials".format(*of_both("all")) in said
    assert "stay as they were drawn, {:.0f} and {:.0f} %".format(*of_both("delays, as drawn")) in said


def test_what_averaging_does():
    said = page("how-to/average.md")
    for first, words in (("constant", "changes by {} % from one epoch to the next over the second half, and ends at {} %"),
                         ("constant, mean", "changes by {} % and ends at {} %, but"), ("x 0.96", "changes by {} % and ends at {} %: where")):
        row = rows(MEASURED, first)[0]
        assert words.format(row[1], row[3]) in said


def analog(experiment):
    """The cells of an experiment's table on the emulated analog chip, but for the heading's."""
    (section,) = [part for part in MEASURED.split("\n## ") if part.startswith(f"An emulated BrainScaleS-2: `brainscales2-{experiment}\n")]
    return rows(section, "")[2:]


def test_what_the_loop_is_worth():
    guide = (ROOT / "docs" / "guide" / "brainscales2.md").read_text(encoding="utf-8")

    def medians(experiment):
        return {(network, delays, how, where): (published, median)
                for network, delays, _, how, where, published, median, _ in analog(experiment)}  # fmt: skip

    measured = medians("yin-yang`, 300 epochs")
    columns = [("ideal", "the same"), ("ideal", "the chip"), ("hardware-aware", "the same"), ("hardware-aware", "the chip"),
               ("several-chips", "the chip"), ("in-the-loop", "the chip")]  # fmt: skip
    for name, delays in (("4-30-3, no delays", "none"), ("4-30-3, axonal delays", "axonal"), ("5-120-3, no delays", "none")):
        found = [measured.get((name.split(",")[0], delays, *column), ("", "")) for column in columns]
        assert rows(guide, name)[0][1:] == [median + f" ({published})" * bool(published) for published, median in found]
    of = medians("digits`, 40 epochs")
    said = " ".join(guide.split())
    (ideal, transferred, others, loop), axonal = (
        [of[("64-200-10", delays, *columns[column])][1] for column in (0, 1, 4, 5)] for delays in ("none", "axonal")
    )
    assert f"five chips: {ideal} % ideal, {transferred} transferred, {others} trained on ten other chips, {loop} in the loop;" in said
    assert "with axonal delays {}, {}, {} and {}.".format(*axonal) in said


def test_what_spread_costs_in_the_loop_and_homeostasis():
    said = page("guide/brainscales2.md")
    by_delays = {kind: [row[6] for row in analog("robustness`, 300 epochs") if row[1] == kind] for kind in ("none", "axonal")}
    assert "--epochs 300 --seeds 10` 4-30-3 has {}, {}, {} and {} %".format(*by_delays["none"]) in said
    assert "with axonal delays {}, {}, {} and {} %.".format(*by_delays["axonal"]) in said
    of = {row[0]: row[2] for row in analog("homeostasis`")}
    times, held, regulated = ([of[f"{what}, {rate:.2f} kHz"] for rate in (0.58, 0.65, 0.72, 0.8)] for what in (
        "autocorrelation time, s", "rate with weights held, Hz", "rate while regulated, Hz"))  # fmt: skip
    short = [time.lstrip("0") for time in times]
    assert "{} s at .58 kHz of input to each neuron, {} s at .65, {} s at .72 and {} s at .80 kHz".format(*short) in said
    assert "networks fire at {}, {}, {} and {} Hz".format(*held) in said and "regulated at {}, {}, {} and {}.".format(*regulated) in said


def test_what_plasticity_does():
    said = page("guide/brainscales2.md")
    measured = {name: {row[0]: row[2:] for row in analog(f"{name}`")} for name in ("pong", "path-integration", "sampling", "structural-plasticity")}
    hits = {case: (median, *quartiles.split(" .. ")) for case in ("ideal", "calibrated", "uncalibrated", "even-sensors")
            for median, quartiles in [measured["pong"][f"{case}: hits of the last quarter (%)"]]}  # fmt: skip
    assert hits["ideal"][0] == "100.0"
    for case, words in (("calibrated", "{} % on calibrated ones ({} to {}), "), ("uncalibrated", "{} % on uncalibrated ones ({} to {};"),
                        ("even-sensors", "these are {} % on calibrated ones ({} to {}).")):  # fmt: skip
        assert words.format(*hits[case]) in said
    nearest = [measured["path-integration"][f"{case}: nearest on the way back (steps from home)"][0]
               for case in ("ideal", "calibrated", "uncalibrated", "no-memory")]  # fmt: skip
    assert "within {} (a chip without spread), {} (calibrated) and {} steps (uncalibrated;".format(*nearest) in said
    assert f"without memory within {float(nearest[3]):.0f}." in said
    reached = {case: float(measured["structural-plasticity"][f"{case}: test accuracy at the end (%)"][0])
               for case in ("re-drawn", "even-sensors", "fixed", "unforgetting")}  # fmt: skip
    assert f"reach {reached['re-drawn']} % of a task ({reached['even-sensors']} with sensors of correlations that do not differ)" in said
    assert f"drawn {max(reached['fixed'], reached['unforgetting'])} % at best" in said
    distances = [float(measured["sampling"][f"distance: {what}"][0]) for what in (
        "no imperfections but 6-bit weights", "mismatch", "temporal noise", "mismatch, activations measured",
        "temporal noise, activations measured", "all of it, activations measured")]  # fmt: skip
    words = ("is {} with no imperfections but six bits. Mismatch leaves {} and temporal noise {} where activations are taken for ideal ones, "
             "{} and {} where they are measured first; all imperfections together leave {} then")  # fmt: skip
    shown = (f"{value:.{digits}f}".lstrip("0") for value, digits in zip(distances, (4, 2, 3, 4, 4, 4)))
    assert words.format(*shown) in said


def test_the_plan_follows_from_what_was_measured(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "Benchmarks"))
    plan = importlib.import_module("plan")
    assert plan.PAGE.read_text(encoding="utf-8").endswith("\n" + plan.text()), "python Benchmarks/plan.py writes it again"


def test_what_the_plan_says_of_a_shard_holds_for_all_that_were_measured():
    said = page("how-to/many-machines.md")
    (section,) = re.findall(r"^## Many machines\n(.*?)^## ", (ROOT / "Benchmarks/RESULTS.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    measured = {150 // int(shards): float(ms) for shards, ms in re.findall(r"^\| 784-350-10 \| (\d+) \|.*?\|.*?\| ([\d.]+) \|", section, re.MULTILINE)}
    ((least, of_all, of_each),) = re.findall(r"from (\d+) samples on about ([\d.]+) ms, and ([\d.]+) ms for each sample", said)
    for samples, ms in measured.items():
        (told,) = re.findall(rf"([\d.]+) ms with {samples} samples?\b", said)
        assert abs(float(told) - ms) < 0.05 * ms
        if samples >= int(least):
            assert abs(float(of_all) + samples * float(of_each) - ms) < 0.05 * ms
    ((batch, workers),) = re.findall(r"for B = ([\d,]+) that is (\d+) workers", said)
    assert len(measured) == 3 and int(batch.replace(",", "")) / int(workers) >= int(least)


def test_citation():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0" and citation["type"] == "software" and citation["message"]
    assert citation["title"] == "spinnprop" and citation["version"] == sp.__version__
    assert citation["license"] == "Apache-2.0" and "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    for work in [citation, *citation["references"]]:
        assert work["title"] and all("name" in author or {"family-names", "given-names"} <= set(author) for author in work["authors"])
    # The papers, and no others, have a line in the guide.
    papers = (ROOT / "docs" / "guide" / "papers.md").read_text(encoding="utf-8")
    arxiv = [identifier["value"] for work in citation["references"] for identifier in work["identifiers"]]
    assert sorted(arxiv) == sorted("arXiv:" + number for number in set(re.findall(r"arXiv (\d+\.\d+)", papers)))
