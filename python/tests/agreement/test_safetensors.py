"""The safetensors package reads our files, and we read its."""

import json

import numpy as np
import pytest

import spinnprop as sp

safetensors = pytest.importorskip("safetensors")
numpy_files = pytest.importorskip("safetensors.numpy")


def arrays_of(net):
    names = ("weights", "recurrent_weights", "delays", "recurrent_delays")
    names += ("tau_mem", "tau_syn", "threshold", "reset", "drive", "refractory")
    return [array for name in names for array in getattr(net, name) if array.size]


@pytest.mark.parametrize(
    "delays, recurrent", [(None, False), ("synaptic", True), ("axonal", True), ("dendritic", False), (["axonal", None, "synaptic"], True)]
)
def test_it_reads_ours(delays, recurrent, tmp_path):
    net = sp.Network(
        [5, 7, 4, 3], delays=delays, recurrent=recurrent, seed=3, tau_mem=[1e-2, 2e-2, 3e-2], drive=0.25, refractory=3e-3
    )
    path = tmp_path / "net.safetensors"
    sp.save(net, path)
    found = numpy_files.load_file(str(path))
    stored = [tensor.astype(np.float64).ravel() for tensor in found.values()]
    for array in arrays_of(net):
        # Equal neuron parameters may be stored once.
        assert any(np.array_equal(np.broadcast_to(tensor, array.size), array.ravel())
                   for tensor in stored if tensor.size in (1, array.size)), array.shape  # fmt: skip
    with safetensors.safe_open(str(path), framework="numpy") as file:
        assert file.metadata() and len(list(file.keys())) == len(found)


def test_we_read_its(tmp_path):
    net = sp.Network([5, 7, 3], delays="synaptic", seed=3)
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    sp.save(net, ours)
    with safetensors.safe_open(str(ours), framework="numpy") as file:
        metadata = file.metadata()
    numpy_files.save_file(numpy_files.load_file(str(ours)), str(theirs), metadata=metadata)
    again = sp.load(theirs)
    assert all(np.array_equal(one, two) for one, two in zip(arrays_of(net), arrays_of(again)))


def test_kinds_of_delays_are_one_for_all_or_one_for_each_layer(tmp_path):
    net = sp.Network([5, 7, 3], delays="synaptic", seed=3)
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    sp.save(net, ours)
    with safetensors.safe_open(str(ours), framework="numpy") as file:
        metadata = file.metadata()
    assert metadata["delays"] == "synaptic"

    def load(kinds):
        numpy_files.save_file(numpy_files.load_file(str(ours)), str(theirs), metadata={**metadata, "delays": kinds})
        return sp.load(theirs)

    assert load("synaptic,synaptic").delay_kinds == net.delay_kinds
    for wrong in ("synaptic,none,none", "synaptic,sinaptic", "synaptic,", ",", "", "synaptic,axonal"):
        with pytest.raises(sp.SpinnpropError):
            load(wrong)
    mixed = sp.Network([5, 7, 3], delays=["axonal", None], seed=3)
    sp.save(mixed, ours)
    assert sp.load(ours).delay_kinds == ("axonal", None)


def test_the_header_is_json(tmp_path):
    sp.save(sp.Network([5, 3]), tmp_path / "net")
    data = (tmp_path / "net").read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    assert "__metadata__" in header and max(entry["data_offsets"][1] for name, entry in header.items()
                                            if name != "__metadata__") == len(data) - 8 - length  # fmt: skip
