"""Names of types that signatures share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Callable, Dict, Optional, Tuple, Union

import numpy as np

#: What a progress callable gets; it returns True to stop, None or False to go on.
Progress = Optional[Callable[[Dict[str, Any]], object]]
PathLike = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]

if TYPE_CHECKING:
    import numpy.typing as npt

    BoolArray = npt.NDArray[np.bool_]
    Float64Array = npt.NDArray[np.float64]
    Int8Array = npt.NDArray[np.int8]
    UInt8Array = npt.NDArray[np.uint8]
    Int32Array = npt.NDArray[np.int32]
    Int64Array = npt.NDArray[np.int64]
    #: Labels, targets, weights.
    Supervision = Tuple[Optional[Int64Array], Optional[Float64Array], Optional[Float64Array]]
else:
    # numpy.typing takes longer to import than all of this package.
    Supervision = tuple
    BoolArray = Float64Array = Int8Array = Int32Array = Int64Array = UInt8Array = np.ndarray
