"""A synthetic set in the format of the Spiking Heidelberg Digits: 20 classes that timing alone tells apart."""

import numpy as np

CLASSES, CHANNELS, GROUPS = 20, 700, 70
#: Seconds: of a pattern, by which channels of a group differ, and by which whole samples are shifted.
DURATION, JITTER, SHIFT = 0.5, 10e-3, 20e-3
#: When the last spike may come, for most purposes.
END = 0.6


def draw(n, seed):
    """Every sample has one spike in each channel: what its class is lies in when each group of ten neighbours spikes.

    Times (n, CHANNELS), shifted as a whole and each by some jitter, channels in their order, and labels.
    """
    patterns = np.random.default_rng(0).uniform(0, DURATION, (CLASSES, GROUPS))
    random = np.random.default_rng([1, seed])
    labels = random.permutation(np.arange(n) % CLASSES)
    times = np.repeat(patterns[labels], CHANNELS // GROUPS, axis=1)
    times = times + random.normal(0, JITTER, times.shape) + random.uniform(0, SHIFT, (n, 1))
    return np.clip(times, 0, END), labels


def write(path, times, labels, units=None, time_type="f4", classes=CLASSES):
    """A file as the published ones: arrays of different lengths of times and of units, labels, names of classes, speakers."""
    import h5py

    units = [np.arange(len(own)) for own in times] if units is None else units
    with h5py.File(path, "w") as file:
        for name, rows, dtype in (("times", times, time_type), ("units", units, "u2")):
            own = file.create_dataset(f"spikes/{name}", (len(rows),), h5py.vlen_dtype(np.dtype(dtype)))
            for n, row in enumerate(rows):
                own[n] = np.asarray(row, dtype)
        file["labels"] = np.asarray(labels, "u2")
        file["extra/speaker"] = np.zeros(len(labels), "u2")
        file["extra/keys"] = np.array([f"word {n}".encode() for n in range(classes)])


def write_set(folder, n_train=1000, n_test=500):
    """shd_train.h5 and shd_test.h5, each sample in order of time."""
    for seed, (part, n) in enumerate((("train", n_train), ("test", n_test))):
        times, labels = draw(n, seed)
        order = np.argsort(times, axis=1)
        write(folder / f"shd_{part}.h5", np.take_along_axis(times, order, axis=1), labels, order)


def write_few(folder, n_train, n_test, seed, *, name="shd", classes=CLASSES, n_valid=0):
    """A harder set of the same form: words of .8 s that each of 140 channels hears twice, each time by 15 ms too early or late, with a fifth of
    the spikes lost and 40 that mean nothing.
    """
    drawn = np.random.default_rng([7, seed])
    words, channels = drawn.uniform(0, 0.8, (classes, 140, 2)), drawn.permutation(CHANNELS)[:140]
    for part, n, own in (("train", n_train, 1), ("test", n_test, 2), ("valid", n_valid, 3)):
        if not n:
            continue
        random = np.random.default_rng([seed, own])
        labels = random.permutation(np.arange(n) % classes)
        times, units = [], []
        for label in labels:
            heard = (words[label] + random.normal(0, 15e-3, (140, 2)) + random.uniform(0, 40e-3)).ravel()
            kept = random.random(280) < 0.8
            every = np.clip(np.append(heard[kept], random.uniform(0, 0.8, 40)), 0, 1)
            order = np.argsort(every)
            times.append(every[order])
            units.append(np.append(np.repeat(channels, 2)[kept], random.integers(0, CHANNELS, 40))[order])
        write(folder / f"{name}_{part}.h5", times, labels, units, classes=classes)
