"""Arrays of an emulated BrainScaleS-2 on disk: they go on with the same bits, and what is no array is refused."""

import base64
import json
import pickle

import numpy as np
import pytest
from test_brainscales2_array import busy, noisy_rule, poisson

import spinnprop as sp
from spinnprop import _core

Array = sp.brainscales2.Array


def rewired(processor):
    """Weights and synapses that depend on the array's random numbers."""
    noisy_rule(processor)
    processor.mask = processor.mask & (processor.rng.random(processor.mask.shape) < 0.9)
    processor.weights = processor.weights * processor.mask


def arrays():
    chip = sp.brainscales2.Chip(seed=4)
    rng = np.random.default_rng(0)
    return {
        "busy": busy(signs=None, event_interval=1e-7, resolution=8e-9),
        "plain": Array(7, 5, weights=rng.integers(-60, 60, (5, 7)), gain=0.1),
        "signs": Array(3, 5, weights=np.full((5, 3), -9), signs=[-1] * 5, drive=2.0, refractory=0.1, sensors=True),
        "chip": Array.on(chip, n=9, n_sources=5, weights=rng.integers(-10, 60, (5, 9)), gain=4 / 63, refractory=2e-3),
    }


@pytest.mark.parametrize("kind", sorted(arrays()))
def test_saved_arrays_go_on_with_the_same_bits(kind, tmp_path):
    array, spikes = arrays()[kind], poisson(100, 5, 0.25, seed=2)
    array.run(spikes, 0.25, rewired if kind == "busy" else None, 0.0625 if kind == "busy" else None)
    array.save(tmp_path / "array.json")
    loaded = Array.load(tmp_path / "array.json")
    assert loaded.time == 0.25 and len(loaded.spikes.times) == 0 and repr(loaded) == repr(array)
    assert (tmp_path / "array.json").read_text().isascii()
    for other in (loaded, pickle.loads(pickle.dumps(array))):
        own = array.copy()
        rule = (rewired, 0.0625) if kind == "busy" else ()
        assert own.run(spikes, 0.25, *rule) == other.run(spikes, 0.25, *rule)
        assert len(own.spikes.times) > 2
        assert np.array_equal(own.membrane, other.membrane) and np.array_equal(own.weights, other.weights)
        assert np.array_equal(own.mask, other.mask) and np.array_equal(own.rates(), other.rates())
        assert own.account == other.account and own.lost_events == other.lost_events
        if kind in ("busy", "signs"):
            assert all(map(np.array_equal, own.correlations(), other.correlations()))
        own.reset(), other.reset()
        assert own.run(spikes, 0.25) == other.run(spikes, 0.25)


def state_of(array):
    state = np.empty(_core.brainscales2_array_state_size(array._handle), np.uint8)
    _core.brainscales2_array_state(state, array._handle)
    return state


def test_damaged_states_are_refused_or_harmless():
    """Whatever byte is another: an error and the array as it was, or a state that can be gone on from."""
    spikes = poisson(100, 5, 0.05, seed=2)
    array = busy(noise=0.0)
    array.run(spikes, 0.05)
    state = state_of(array)
    refused = 0
    for place in range(0, len(state), 5):
        for value in (0xFF, 0x7F, 0):
            damaged = state.copy()
            damaged[place] = value
            own = array.copy()
            try:
                _core.brainscales2_array_set_state(own._handle, damaged)
            except ValueError as error:
                assert "no state of such an array" in str(error)
                assert np.array_equal(state_of(own), state)
                refused += 1
                continue
            try:
                own.run(duration=min(0.01, 1e15 - own.time), max_spikes=300)
            except sp.SpinnpropError as error:
                assert "max_spikes" in str(error)
            own.membrane, own.rates(), own.correlations()
    assert refused > 50
    for wrong in (state[:-1], state[:-8], np.append(state, np.zeros(8, np.uint8)), state[:0], state[:8]):
        with pytest.raises(ValueError):
            _core.brainscales2_array_set_state(array._handle, wrong)
    for other in (busy(seed=8), busy(gain=0.1), busy(sensors=False), Array(12, 5)):
        with pytest.raises(ValueError, match="no state of such an array"):
            _core.brainscales2_array_set_state(other._handle, state)


def test_what_is_no_array_is_refused(tmp_path):
    path = tmp_path / "array.json"
    array = busy()
    array.run(poisson(100, 5, 0.05, seed=2), 0.05)
    array.save(path)
    whole = json.loads(path.read_text())

    def changed(**own):
        return {**whole, **own}

    wrong = [
        [], 3, None, {}, "text", {key: value for key, value in whole.items() if key != "state"},
        changed(format="another"), changed(options={}), changed(options=[1]), changed(options={**whole["options"], "n_neurons": 11}),
        changed(options={**whole["options"], "n_neurons": -12}), changed(options={**whole["options"], "n_neurons": "12"}),
        changed(options={**whole["options"], "n_sources": 1e300}), changed(options={**whole["options"], "noise": 1}),
        changed(options={**whole["options"], "seed": 2**64}), changed(parameters=whole["parameters"][:9]), changed(parameters=[["a"]] * 10),
        changed(parameters=[[float("nan")]] * 10), changed(parameters=[[]] * 10), changed(signs=[2] * 17), changed(signs=[1]), changed(signs=1),
        changed(mask=""), changed(mask=whole["mask"][:-4]), changed(mask="?"), changed(mask=None), changed(weights=whole["mask"]),
        changed(weights=base64.b64encode(bytes([64]) * 204).decode()), changed(state=""), changed(state=whole["state"][4:]), changed(state=whole["weights"]),
    ]  # fmt: skip
    for k, content in enumerate(wrong):
        path.write_text(json.dumps(content))
        with pytest.raises(ValueError, match="is no array; Array.save writes one"):
            pytest.fail(f"{Array.load(path)!r} of the content number {k}")
    for text in ("", "{", "[" * 100000, "\udc00".encode("utf-8", "surrogatepass").decode("latin-1")):
        path.write_text(text)
        with pytest.raises(ValueError, match="is no array; Array.save writes one"):
            Array.load(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="is no array"):
        Array.load(path)
    with pytest.raises(FileNotFoundError):
        Array.load(tmp_path / "nothing.json")
    with pytest.raises(FileNotFoundError):
        array.save(tmp_path / "no" / "folder.json")
    with pytest.raises(TypeError):
        array.save(3)
    sp.brainscales2.Chip(seed=1).save(path)
    with pytest.raises(ValueError, match="is no array"):
        Array.load(path)
