"""MNIST from its files: IDX, as they are or compressed."""

from __future__ import annotations

import gzip
import os
import zlib
from typing import TYPE_CHECKING, Dict, Tuple

import numpy as np

from .._support.types import Float64Array, Int64Array, PathLike
from ._files import folder_name, part_name

if TYPE_CHECKING:
    import numpy.typing as npt

#: How the files of each part begin.
_PARTS: Dict[str, str] = {"train": "train", "test": "t10k"}
_SIDE = 28
_HELP = (
    "MNIST is four files, such as train-images-idx3-ubyte.gz; get them from https://ossci-datasets.s3.amazonaws.com/mnist/ and "
    "put them into one folder, compressed or not"
)


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
    ValueError
        If a file is not what it should be, cut short for instance; the message names the file and what was found.

    See `mnist5k` for images that a package brings.
    """
    where, start = folder_name(folder), _PARTS[part_name(part)]
    path, (n, rows, columns), pixels = _read(where, f"{start}-images", 3)
    if (rows, columns) != (_SIDE, _SIDE):
        raise ValueError(f"{path} has images of {rows} x {columns} pixels; those of MNIST have {_SIDE} x {_SIDE}; get the file again")
    labels_path, (n_labels,), labels = _read(where, f"{start}-labels", 1)
    if n != n_labels:
        raise ValueError(f"{path} has {n} images, {labels_path} {n_labels} labels; get both files of one set")
    if n and labels.max() > 9:
        place = int((labels > 9).argmax())
        raise ValueError(f"label {place} of {labels_path} is {labels[place]}; labels are 0 .. 9; get the file again")
    return pixels.reshape(n, _SIDE**2) / 255.0, labels.astype(np.int64)


def _read(folder: str, name: str, ndim: int) -> Tuple[str, Tuple[int, ...], npt.NDArray[np.uint8]]:
    """The path, sizes and bytes of an IDX file of bytes with so many dimensions (0, 0, 8, their number, big-endian sizes, bytes)."""
    path = _find(folder, name, ndim)
    head = 4 * (1 + ndim)
    with gzip.open(path) if path.endswith(".gz") else open(path, "rb") as file:
        try:
            start = file.read(head)
            magic = int.from_bytes(start[:4], "big")
            if len(start) >= 4 and magic != 0x800 + ndim:
                raise ValueError(f"{path} begins with {magic}, where {0x800 + ndim} says what it is; get the file again")
            sizes = tuple(int.from_bytes(start[at : at + 4], "big") for at in range(4, head, 4))
            wanted = 1
            for size in sizes:
                wanted *= size
            # Only what is there is read, whatever the sizes say, and a byte more if there is one.
            rest = bytearray()
            while len(rest) <= wanted:
                more = file.read(min(1 << 24, wanted + 1 - len(rest)))
                if not more:
                    break
                rest += more
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{path} cannot be read: {error}; get the file again") from error
    if len(start) < head or len(rest) != wanted:
        found = f"{len(start) + len(rest)} bytes" if len(rest) <= wanted else f"more than {head + wanted} bytes"
        promised = f"; its sizes, {' x '.join(map(str, sizes))}, take {head + wanted}" if len(start) == head else ", which is no header"
        raise ValueError(f"{path} has {found}{promised}; get the file again")
    return path, sizes, np.frombuffer(rest, np.uint8)


def _find(folder: str, name: str, ndim: int) -> str:
    spellings = [f"{name}{point}idx{ndim}-ubyte{end}" for point in "-." for end in ("", ".gz")]
    for spelling in spellings:
        path = os.path.join(folder, spelling)
        if os.path.isfile(path):
            return path
    raise FileNotFoundError(f"{folder} has no {spellings[0]} and no {spellings[1]}; {_HELP}")
