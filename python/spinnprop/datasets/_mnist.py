"""MNIST and Fashion-MNIST from their files: IDX, as they are or compressed."""

from __future__ import annotations

import gzip
import os
import zlib
from typing import TYPE_CHECKING, Dict, Tuple

import numpy as np

from .._support import memory
from .._support.types import Float64Array, Int64Array, PathLike
from ._files import folder_name, judge, part_name

if TYPE_CHECKING:
    import numpy.typing as npt

#: How the files of each part begin.
_PARTS: Dict[str, str] = {"train": "train", "test": "t10k"}
_SIDE = 28
#: Where the files of each set are.
_SOURCES = {
    "MNIST": "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "Fashion-MNIST": "https://github.com/zalandoresearch/fashion-mnist, folder data/fashion,",
}
_BLOCK = 1 << 24


def mnist(folder: PathLike, part: str = "train") -> Tuple[Float64Array, Int64Array]:
    """MNIST, from its files on this machine.

    Parameters
    ----------
    folder : path
        Where train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte lie, also with .gz, and
        spelt train-images.idx3-ubyte. Nothing is downloaded.
    part : "train" or "test"
        60,000 or 10,000 images, in the order of the files.

    Returns
    -------
    X : (n, 784) float64
        Pixels in [0, 1], row by row; 0 is the background.
    y : (n,) int64
        0 .. 9.

    Raises
    ------
    FileNotFoundError
        If a file is missing; the message says where it is from and where it belongs.
    NotADirectoryError, PermissionError
        If the folder is a file, or it or a file may not be read.
    ValueError
        If a file is not what it should be, cut short for instance; the message names the file and what was found.

    MemoryError
        If there is no room for it.

    Without another encoder `SpikingClassifier` codes each pixel by one spike, bright ones early. Files are read within a second or so: nothing is kept, and
    there is no bar. See `mnist5k` for images that a package brings.
    """
    return _images(folder, part, "MNIST")


def fashion_mnist(folder: PathLike, part: str = "train") -> Tuple[Float64Array, Int64Array]:
    """Fashion-MNIST, from its files on this machine: they are named as those of MNIST, and lie in a folder of their own.

    Parameters
    ----------
    folder, part
        As in `mnist`.

    Returns
    -------
    X : (n, 784) float64
        Pixels in [0, 1], row by row; 0 is the background.
    y : (n,) int64
        0 .. 9: t-shirt, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag, ankle boot.

    Raises
    ------
    FileNotFoundError, ValueError, MemoryError
        As `mnist` does.

    Notes
    -----
    Xiao, Rasul and Vollgraf (2017), arXiv 1708.07747. See `mnist` for what the estimator makes of images, and why nothing is
    kept.
    """
    return _images(folder, part, "Fashion-MNIST")


def _images(folder: PathLike, part: str, name: str) -> Tuple[Float64Array, Int64Array]:
    where, start = folder_name(folder), _PARTS[part_name(part)]
    path, (n, rows, columns), pixels = _read(where, f"{start}-images", 3, name)
    if (rows, columns) != (_SIDE, _SIDE):
        raise ValueError(f"{path} has images of {rows} x {columns} pixels; those of {name} have {_SIDE} x {_SIDE}; get the file again")
    labels_path, (n_labels,), labels = _read(where, f"{start}-labels", 1, name)
    if n != n_labels:
        raise ValueError(f"{path} has {n} images, {labels_path} {n_labels} labels; get both files of one set")
    if n and labels.max() > 9:
        place = int((labels > 9).argmax())
        raise ValueError(f"label {place} of {labels_path} is {labels[place]}; labels are 0 .. 9; get the file again")
    memory.must_fit(8.0 * len(pixels), path, "free some")
    return pixels.reshape(n, _SIDE**2) / 255.0, labels.astype(np.int64)


def _read(folder: str, start: str, ndim: int, name: str) -> Tuple[str, Tuple[int, ...], npt.NDArray[np.uint8]]:
    """The path, sizes and bytes of an IDX file of bytes with so many dimensions (0, 0, 8, their number, big-endian sizes, bytes)."""
    path = _find(folder, start, ndim, name)
    judge(path)
    head = 4 * (1 + ndim)
    with gzip.open(path) if path.endswith(".gz") else open(path, "rb") as file:
        try:
            begin = file.read(head)
            magic = int.from_bytes(begin[:4], "big")
            if len(begin) >= 4 and magic != 0x800 + ndim:
                raise ValueError(f"{path} begins with {magic}, where {0x800 + ndim} says what it is; get the file again")
            sizes = tuple(int.from_bytes(begin[at : at + 4], "big") for at in range(4, head, 4))
            wanted = 1
            for size in sizes:
                wanted *= size
            # Only what is there is read, whatever the sizes say, and a byte more if there is one.
            rest = bytearray()
            while len(rest) <= wanted:
                # Growing, they may be in memory twice.
                memory.must_fit(2.0 * len(rest) + _BLOCK, path, "get the file again if it is larger than it was")
                more = file.read(min(_BLOCK, wanted + 1 - len(rest)))
                if not more:
                    break
                rest += more
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{path} cannot be read: {error}; get the file again") from error
    if len(begin) < head or len(rest) != wanted:
        found = f"{len(begin) + len(rest)} bytes" if len(rest) <= wanted else f"more than {head + wanted} bytes"
        promised = f"; its sizes, {' x '.join(map(str, sizes))}, take {head + wanted}" if len(begin) == head else ", which is no header"
        raise ValueError(f"{path} has {found}{promised}; get the file again")
    return path, sizes, np.frombuffer(rest, np.uint8)


def _find(folder: str, start: str, ndim: int, name: str) -> str:
    spellings = [f"{start}{point}idx{ndim}-ubyte{end}" for point in "-." for end in ("", ".gz")]
    for spelling in spellings:
        path = os.path.join(folder, spelling)
        if os.path.isfile(path):
            return path
    raise FileNotFoundError(
        f"{folder} has no {spellings[0]} and no {spellings[1]}; {name} is four files such as these; "
        f"get them from {_SOURCES[name]} and put them into one folder, compressed or not"
    )
