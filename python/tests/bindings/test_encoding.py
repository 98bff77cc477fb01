"""Data sets and encoders: arguments and errors. Their values are compared elsewhere, in agreement/."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import spinnprop as sp


def test_yin_yang_arguments():
    X, y = sp.datasets.yin_yang(7)
    assert X.shape == (7, 4) and X.dtype == np.float64 and y.shape == (7,) and y.dtype == np.int64
    assert np.array_equal(X, sp.datasets.yin_yang(7, seed=42)[0])
    assert sp.datasets.yin_yang(0)[0].shape == (0, 4)
    assert len(sp.datasets.yin_yang(np.int32(3), seed=np.uint32(2**32 - 1))[1]) == 3
    for n, seed in ((-1, 42), (5, -1), (5, 2**32), (2**62, 1)):
        with pytest.raises(ValueError):
            sp.datasets.yin_yang(n, seed)
    for n, seed in ((1.5, 42), ("5", 42), (5, 1.0), (5, None), (True, 1)):
        with pytest.raises(TypeError):
            sp.datasets.yin_yang(n, seed)
    for n in (2**50, 2**57):
        with pytest.raises(MemoryError):
            sp.datasets.yin_yang(n)


def test_latency_arguments():
    assert sp.encoding.latency([[0.0, 1.0]]).n_units == 2
    assert sp.encoding.latency([[0.0, 1.0]], bias=0.0).n_units == 3
    assert len(sp.encoding.latency(np.empty((0, 4)))) == 0
    for X in ([0.0, 1.0], [[]], [[1.5]], [[-1e-9]], [[np.nan]], [[np.inf]], [[[0.5]]], 0.5):
        with pytest.raises(ValueError):
            sp.encoding.latency(X)
    for X in (None, "abc", [["a"]], np.array([[1j]]), [[None]]):
        with pytest.raises(TypeError):
            sp.encoding.latency(X)
    for wrong in (
        dict(t_early=-1.0),
        dict(t_late=np.nan),
        dict(t_late=np.inf),
        dict(t_early=2.0, t_late=1.0),
        dict(bias=-1.0),
        dict(bias=np.nan),
        dict(bias=np.inf),
    ):
        with pytest.raises(ValueError):
            sp.encoding.latency([[0.5]], **wrong)
    with pytest.raises(TypeError):
        sp.encoding.latency([[0.5]], t_late="late")


def test_latency_grid_arguments():
    assert sp.encoding.latency_grid([[0.0, 1.0]]).n_units == 3
    for X in ([0.0, 1.0], [[]], [[1.5]], [[np.nan]]):
        with pytest.raises(ValueError):
            sp.encoding.latency_grid(X)
    for wrong in (
        dict(steps=0),
        dict(steps=3, t_min=5),
        dict(steps=-1),
        dict(t_min=-1),
        dict(time_step=0.0),
        dict(time_step=np.nan),
        dict(time_step=-1e-3),
        dict(steps=2**31),
    ):
        with pytest.raises(ValueError):
            sp.encoding.latency_grid([[0.5]], **wrong)
    for wrong in (dict(steps=27.0), dict(t_min="2"), dict(time_step=None)):
        with pytest.raises(TypeError):
            sp.encoding.latency_grid([[0.5]], **wrong)


@given(hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=4), elements=st.floats(width=64)))
def test_any_numbers_are_encoded_or_refused(X):
    inside = np.all((X >= -8 * np.finfo(float).eps) & (X <= 1 + 8 * np.finfo(float).eps))
    for encode in (sp.encoding.latency, sp.encoding.latency_grid):
        if inside:
            assert len(encode(X)) == len(X)
        else:
            with pytest.raises(ValueError):
                encode(X)


@pytest.mark.parametrize("early", ["small", "large"])
def test_refused_values_are_shown_as_given(early):
    for encode in (sp.encoding.latency, sp.encoding.latency_grid):
        with pytest.raises(ValueError, match=r"is 1\.5;"):
            encode([[0.5, 1.5]], early=early)
