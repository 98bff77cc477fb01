"""What notebooks show of objects: tables with their numbers, escaped, whole, and at once however large an object is."""

from html.parser import HTMLParser

import numpy as np
import pytest

import spinnprop as sp
from spinnprop import _core


class Reader(HTMLParser):
    """The cells of all tables, and whether every tag is closed in order."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.open, self.tags = [], [], set()
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        assert not [name for name, _ in attributes if name not in ("style", "colspan")]
        self.open.append(tag)
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


def rows(value):
    read = Reader(value._repr_html_())
    assert read.tags <= {"div", "b", "table", "thead", "tbody", "tr", "th", "td"}
    return read.rows


def test_a_network():
    net = sp.Network([5, 30, 3], tau_mem=[10e-3, 20e-3], delays=["axonal", None], recurrent=True, seed=1)
    net.delays[0] = [1e-3, 0.0, 0.0, 0.0, 2e-3]
    net.threshold[1] = [1.0, 0.5, 1.0]
    found = rows(net)
    assert found[0] == ["", "neurons", "tau_mem (ms)", "tau_syn (ms)", "threshold", "reset", "drive", "refractory (ms)"]
    assert found[1][:2] == ["input", "5"] and found[2] == ["hidden layer 1", "30", "10", "5", "1", "0", "0", "0"]
    assert found[3] == ["output", "3", "20", "5", "0.5 .. 1", "0", "0", "0"]
    weights = net.weights[0]
    assert found[5] == [
        "input", "hidden layer 1", "150", f"{weights.mean():.4g} ± {weights.std():.4g}", f"{weights.min():.4g} .. {weights.max():.4g}",
        "axonal", "0 .. 2",
    ]  # fmt: skip
    assert found[6][:3] == ["hidden layer 1", "output", "90"] and found[6][5:] == ["", ""] and found[7][:2] == ["hidden layer 1"] * 2
    assert "none" in rows(sp.Network([2, 3], readout="leaky"))[2]
    mask = np.zeros((3, 2), bool)
    assert rows(sp.Network([2, 3], masks=[mask]))[4][2:5] == ["0", "none", "none"]


def test_a_recording(net, data):
    rec = net.forward(data[0])
    found = rows(rec)
    assert found[:2] == [["samples", "60"], ["engine", "event"]]
    for line, trains, silent in zip(found[3:], (data[0], *rec.spikes), (None, *rec.silent)):
        assert line[1:3] == [str(trains.n_units), str(len(trains.times))]
        if silent is not None:
            assert line[3:] == [f"{len(trains.times) / 60 / trains.n_units:.4g}", str(int(silent.sum()))]
    assert rows(sp.Network([5, 3], readout="leaky").forward(data[0]))[-1] == ["output", "3", "0", "0", "never spikes"]
    grid = net.forward(sp.encoding.latency_grid(sp.datasets.yin_yang(3)[0]), engine="clock")
    assert rows(grid)[1] == ["engine", f"clock, {grid.grid.steps} steps of 1 ms"]
    rows(net.forward(sp.SpikeTrains([], [], [0], 5)))


def test_spike_trains():
    found = dict(rows(sp.SpikeTrains([1e-3, 4e-3, 2e-3], [0, 1, 1], [0, 2, 3], 2)))
    assert found == {"samples": "2", "units": "2", "spikes": "3", "per sample": "1.5 in the mean, 1 .. 2", "times (ms)": "1 .. 4"}
    empty = dict(rows(sp.SpikeTrains([], [], [0], 2)))
    assert empty["times (ms)"] == "none" and empty["per sample"] == "0 in the mean"


def test_gradients_whatever_was_made_of_them(net, data):
    value, grad = net.gradient(net.forward(data[0]), sp.losses.TTFSCrossEntropy(), data[1])
    found = rows(grad)
    assert found[1] == ["weights[0]", "30 x 5", f"{np.linalg.norm(grad.weights[0]):.4g}", f"{abs(grad.weights[0]).max():.4g}", "0"]
    assert [line[0] for line in found[1:]] == ["weights[0]", "weights[1]", "input_times"]
    value, grad = net.gradient(net.forward(data[0]), sp.losses.TTFSCrossEntropy(), data[1], neurons=True)
    assert "tau_mem[1]" in [line[0] for line in rows(grad)]
    grad.weights[0] = "<script>alert(1)</script>"
    grad.weights[1] = np.array([np.nan, np.inf, -1e300, 1e-300])
    found = {line[0]: line[1:] for line in rows(grad)}
    assert found["weights[0]"] == ["", *["not read"] * 3] and found["weights[1]"][-1] == "2"
    grad.delays, grad.recurrent_weights, grad.input_times = 3, [[[1.0], [2.0, 3.0]]], [1.0]
    assert {line[0]: line[1:] for line in rows(grad)}["recurrent_weights[0]"] == ["", *["not read"] * 3]
    grad.weights[1] = np.full((2, 2), 1e300)
    assert {line[0]: line for line in rows(grad)}["weights[1]"][2] == "2e+300"


def test_accounts():
    engine = sp.spinnaker2.Engine()
    sp.Network([5, 8, 3]).forward(sp.encoding.latency_grid(sp.datasets.yin_yang(2)[0]), engine=engine)
    account = engine.account()
    found = rows(account)
    assert ["energy, estimated"] == [line[0] for line in found if line[0].startswith("energy")]
    assert [line[0] for line in found[-len(account.phases) :]] == list(account.phases["name"])
    costs = sp.brainscales2.account(30e-3)
    assert [line[0] for line in rows(costs)[1:]] == [row["source"] for row in costs.rows]
    assert f"{1e6 * costs.rows[0]['sample_joules']:.4g}" in rows(costs)[1]
    programs = dict(rows(sp.brainscales2.Array(3, 2).account))
    assert programs["calls"] == "0" and float(programs["seconds of the chip (estimated)"]) == 0


def test_a_search_escapes_what_was_drawn():
    X, y = sp.datasets.yin_yang(60)
    names = {"<script>alert('a')</script>": 0.0, "<script>b & c": 0.0}
    found = sp.search(
        X, y, {"hidden": (4, 8), "bump": sp.Build(lambda which: names[which], which=list(names))},
        estimator=sp.SpikingClassifier(epochs=1), n_trials=3,
    )  # fmt: skip
    shown = rows(found)
    assert shown[0] == ["trial", "accuracy", *sorted(found.trials[0]["drawn"])] and len(shown) == 4
    assert shown[1][:2] == [str(found.best_trial["number"]), f"{found.best_score:.4g}"]
    assert sum("<script>" in cell for line in shown for cell in line) == 3


def test_a_training_by_local_learning():
    training = sp.BioGrad([4, 6, 3], epochs=1, batch_size=2)
    weights = training.weights[1]
    found = rows(training)
    assert found[0] == ["epochs", "0"]
    assert found[-1] == ["output", "3", "18", f"{weights.mean():.4g} ± {weights.std():.4g}", f"{weights.min():.4g} .. {weights.max():.4g}"]
    training.run(np.ones((4, 4)), [0, 1, 2, 0])
    assert dict(found for found in rows(training) if len(found) == 2)["loss"] == f"{training.history['loss'][-1]:.4g}"


def test_a_sparse_network_and_its_run():
    net = sp.sparse.RecurrentNetwork(200, 20)
    found = dict(rows(net))
    assert (found["neurons"], found["synapses"]) == ("200", f"{net.n_synapses}, {net.n_synapses / 200:.4g} a neuron in the mean")
    assert found["weights"] == f"{net.weights[0]:.4g}" and found["drives"] == f"{net.drives[0]:.4g}"
    run = sp.sparse.RecurrentNetwork(200, 20).run(1000)
    assert dict(rows(run))["spikes"] == "1000" and f"{run.rate:.4g}" in dict(rows(run)).values()


@pytest.fixture
def reads(monkeypatch):
    """The numbers of elements that are read of networks and recordings."""
    counted = []
    get, silent, spikes = _core.network_get, _core.recording_silent, _core.recording_spikes
    monkeypatch.setattr(_core, "network_get", lambda values, *rest: (counted.append(values.size), get(values, *rest))[1])
    monkeypatch.setattr(_core, "recording_silent", lambda values, *rest: (counted.append(values.size), silent(values, *rest))[1])
    monkeypatch.setattr(_core, "recording_spikes", lambda *arrays: (counted.append(arrays[0].size), spikes(*arrays))[1])
    return counted


def test_what_is_large_is_not_read(reads):
    net = sp.Network([2, 1_100_000, 1], connections=[(0, 2), (0, 1), (1, 2)])
    found = rows(net)
    assert found[2] == ["hidden layer 1", "1100000", *["not read"] * 6]
    assert found[5] == ["input", "hidden layer 1", "at most 2200000", "not read", "", "", ""]
    assert max(reads) <= 1 << 20
    rec = net.forward(sp.SpikeTrains([0.0], [0], [0, 1], 2))
    reads.clear()
    assert rows(rec)[4][-1] == "not counted" and max(reads, default=0) <= 1 << 20
    deep = sp.Network([1] * 3000)
    reads.clear()
    found = rows(deep)
    assert ["and 2988 more"] in found and ["and 2987 more"] in found and len(reads) < 200
    many = sp.SpikeTrains(np.zeros(1_100_000), np.zeros(1_100_000, np.int32), np.arange(1_100_001), 1)
    assert dict(rows(many))["times (ms)"] == "not read" and dict(rows(many))["per sample"] == "1 in the mean"
