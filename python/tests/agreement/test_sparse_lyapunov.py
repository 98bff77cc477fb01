"""Lyapunov spectra of LIF networks against products of Jacobians in exact fractions, where directions can be lost."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

import spinnprop as sp

mpmath = pytest.importorskip("mpmath")
MASK = 2**64 - 1


class Stream:
    """The library's documented random numbers: xoshiro256++, seeded by SplitMix64."""

    def __init__(self, seed, stream):
        first = self.split_mix(seed)[0]
        state, self.words = first ^ stream, []
        for _ in range(4):
            word, state = self.split_mix(state)
            self.words.append(word)

    @staticmethod
    def split_mix(state):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31), state

    def uniform(self):
        s = self.words
        total = (s[0] + s[3]) & MASK
        result = (((total << 23) | (total >> 41)) + s[0]) & MASK
        shifted = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= shifted
        s[3] = ((s[3] << 45) | (s[3] >> 19)) & MASK
        return (result >> 11) * 2.0**-53

    def normal(self):
        while True:
            u, v = 2 * self.uniform() - 1, 2 * self.uniform() - 1
            square = u * u + v * v
            if 0 < square < 1:
                return u * math.sqrt(-2 * math.log(square) / square)


def jacobian(n, drive, matrix, phases, n_spikes):
    """Who spikes, and the Jacobian of next spike times, in fractions.

    In z = e^(next spike time / tau) a spike at E = z_j takes z_i to z_i - E w_ij / I and z_j to E (1 + I) / I.
    """
    inverse = 1 / Fraction(drive)
    period = math.log1p(1 / drive)
    z = [Fraction(math.exp((1 - phase) * period)) for phase in phases]
    rows = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
    units, clock, starter, before, forced = [], Fraction(1), None, None, []

    def settle():
        for i in range(n):
            if i != starter and i not in forced and before[i] != z[i]:
                slope = before[i] / z[i]
                rows[i] = [b + slope * (a - b) for a, b in zip(rows[i], rows[starter])]
        for i in forced:
            rows[i] = list(rows[starter])

    for _ in range(n_spikes):
        j = min(range(n), key=lambda i: (z[i], i))
        if z[j] < clock:
            forced.append(j)
        else:
            if starter is not None:
                settle()
            clock, starter, before, forced = z[j], j, list(z), []
        units.append(j)
        for i in range(n):
            if matrix[j][i]:
                z[i] -= clock * Fraction(matrix[j][i]) * inverse
        z[j] = clock * (1 + inverse)
    # Over their threshold, but too late to spike.
    forced += [i for i in range(n) if z[i] < clock]
    settle()
    return units, rows


def rank(rows):
    rows = [list(row) for row in rows]
    found = 0
    for column in range(len(rows[0])):
        pivot = next((i for i in range(found, len(rows)) if rows[i][column]), None)
        if pivot is None:
            continue
        rows[found], rows[pivot] = rows[pivot], rows[found]
        for i in range(found + 1, len(rows)):
            factor = rows[i][column] / rows[found][column]
            rows[i] = [a - factor * b for a, b in zip(rows[i], rows[found])]
        found += 1
    return found


def determinant(rows):
    rows, value = [list(row) for row in rows], Fraction(1)
    for column in range(len(rows)):
        pivot = next((i for i in range(column, len(rows)) if rows[i][column]), None)
        if pivot is None:
            return Fraction(0)
        if pivot != column:
            rows[column], rows[pivot], value = rows[pivot], rows[column], -value
        value *= rows[column][column]
        for i in range(column + 1, len(rows)):
            factor = rows[i][column] / rows[column][column]
            rows[i] = [a - factor * b for a, b in zip(rows[i], rows[column])]
    return value


def volumes(rows, vectors):
    """ln of the volumes that the first 1, 2, ... vectors span after the product, -inf where that is 0."""
    moved = [[sum(a * v for a, v in zip(row, vector)) for row in rows] for vector in vectors]
    found = []
    for count in range(1, len(vectors) + 1):
        gram = [[sum(a * b for a, b in zip(u, v)) for v in moved[:count]] for u in moved[:count]]
        value = determinant(gram)
        found.append(mpmath.log(mpmath.mpf(value.numerator) / value.denominator) / 2 if value else -mpmath.inf)
    return found


def expected(rows, n, count, seed=0):
    """What each vector's length grows by (ln), beside those before it."""
    stream = Stream(seed, 2)
    numbers = [[Fraction(stream.normal()) for _ in range(count)] for _ in range(n)]
    vectors = [list(vector) for vector in zip(*numbers)]
    with mpmath.workdps(50):
        before = volumes([[Fraction(int(i == j)) for j in range(n)] for i in range(n)], vectors)
        after = volumes(rows, vectors)
        return [
            float(after[k] - before[k] - (after[k - 1] - before[k - 1] if k else 0)) if after[k] > -mpmath.inf else -math.inf
            for k in range(count)
        ]


def network(n, drive, matrix):
    targets = [[i for i in range(n) if matrix[j][i]] for j in range(n)]
    offsets = np.cumsum([0] + [len(row) for row in targets])
    weights = [matrix[j][i] for j in range(n) for i in targets[j]]
    return sp.sparse.RecurrentNetwork(
        n, 1, adjacency=(offsets, np.array(list(itertools.chain(*targets)), np.int32)), drives=[drive], weights=weights)


def check(n, drive, matrix, phases, n_spikes, intervals=(0, 1, 2, 3, 10, 1000)):
    run = network(n, drive, matrix).run(n_spikes, phases)
    units, rows = jacobian(n, drive, matrix, phases, n_spikes)
    assert list(run.units) == units
    directions = rank(rows)
    for count in {n, max(1, n - 1), 1}:
        want = np.array(expected(rows, n, count))
        assert np.isfinite(want).sum() == min(directions, count)
        for interval in intervals:
            spectrum = run.lyapunov_spectrum(count, interval=interval)
            found = spectrum.exponents * spectrum.duration
            assert np.array_equal(np.isneginf(found), np.isneginf(want)), (interval, found, want)
            finite = np.isfinite(want)
            worst = np.abs(found[finite] - want[finite]).max()
            assert worst < 1e-8 * (1 + np.abs(want[finite]).max()), (interval, found, want)
            if count == n:
                assert (directions < n) <= np.isneginf(spectrum.contraction)
                if directions == n:
                    assert abs(spectrum.contraction * spectrum.duration - found.sum()) < 1e-8 * (1 + abs(found).sum())
    # The products of vectors with the same Jacobian, and with its transpose.
    exact = np.array([[float(x) for x in row] for row in rows])
    for k in range(n):
        unit = np.eye(n)[k]
        scale = np.abs(exact).max()
        assert np.abs(run.jacobian_product(unit) - exact[:, k]).max() < 1e-12 * scale
        transposed = run.gradient(np.zeros(n_spikes), unit).next_times
        assert np.abs(transposed - exact[k]).max() < 1e-12 * scale
    return directions


def dense(n, weight):
    return [[weight if i != j else 0 for i in range(n)] for j in range(n)]


@pytest.mark.parametrize("n_spikes", [10, 30, 31, 32])
def test_an_avalanche_leaves_one_direction(n_spikes):
    assert check(3, 0.5, dense(3, 0.4), [0.1, 0.4, 0.8], n_spikes) == 1


def test_a_pair_is_tied_and_others_are_not():
    matrix = [[0, 0.9, -0.1, 0], [0.9, 0, 0, -0.1], [-0.05, -0.02, 0, -0.2], [0, -0.1, -0.1, 0]]
    assert check(4, 0.5, matrix, [0.2, 0.7, 0.4, 0.1], 25) == 3


def test_what_two_tied_neurons_get_differently_does_not_give_directions_back():
    # 0 and 1 are tied at once; later 2 reaches only 0, so their rows differ, but still span as much as one row and 2's.
    matrix = [[0, 1.2, 0, 0], [0, 0, -0.1, 0], [-0.3, 0, 0, -0.1], [-0.1, -0.2, 0, 0]]
    assert check(4, 0.6, matrix, [0.9, 0.5, 0.7, 0.3], 12) == 3


@pytest.mark.parametrize("seed", range(12))
def test_random_networks(seed):
    random = np.random.RandomState(seed)
    n = random.randint(3, 7)
    matrix = random.uniform(-0.3, 0.5, (n, n)) * (random.uniform(size=(n, n)) < 0.6)
    np.fill_diagonal(matrix, 0)
    check(n, 0.5, matrix.tolist(), random.uniform(size=n).tolist(), 24)


def test_strong_inhibition_takes_vectors_apart_faster_than_rounding_allows():
    assert check(3, 1e-6, dense(3, -1e3), [0.1, 0.4, 0.8], 12) == 3
    assert check(4, 0.5, dense(4, -0.4), [0.1, 0.4, 0.8, 0.3], 60) == 4


def test_what_is_lost_before_skip_does_not_count():
    matrix = [[0, 1.2, -0.1], [0, 0, -0.1], [-0.3, -0.1, 0]]
    run = network(3, 0.6, matrix).run(20, [0.9, 0.5, 0.7])
    whole = run.lyapunov_spectrum()
    assert np.isneginf(whole.exponents[-1]) and np.isneginf(whole.contraction)
    later = [run.lyapunov_spectrum(skip=skip) for skip in range(18)]
    for spectrum in later:
        assert np.isneginf(spectrum.exponents[-1]) == np.isneginf(spectrum.contraction)
    finite = [spectrum for spectrum in later if np.isfinite(spectrum.contraction)]
    assert finite
    for spectrum in finite:
        assert abs(spectrum.exponents.sum() - spectrum.contraction) < 1e-8 * abs(spectrum.contraction)
