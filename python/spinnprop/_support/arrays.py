"""Arrays that say why they cannot be changed."""

from __future__ import annotations

from typing import Any

import numpy as np


class ReadOnly(np.ndarray):
    """A protected array; what is computed from it is a plain one, and its copies can be changed."""

    _remedy = "change a copy, array.copy()"

    def __array_finalize__(self, origin: Any) -> None:
        self._remedy = getattr(origin, "_remedy", ReadOnly._remedy)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = (), **options: Any) -> Any:
        for array in out:
            if isinstance(array, ReadOnly):
                array._must_be_writeable()
        plain = [np.asarray(each) if isinstance(each, ReadOnly) else each for each in inputs]
        if out:
            options["out"] = tuple(np.asarray(each) if isinstance(each, ReadOnly) else each for each in out)
        return getattr(ufunc, method)(*plain, **options)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._must_be_writeable()
        super().__setitem__(key, value)

    def __repr__(self) -> str:
        return repr(np.asarray(self))

    def _must_be_writeable(self) -> None:
        if not self.flags.writeable:
            raise ValueError(f"this array is a read-only copy; {self._remedy}")
