"""Sequences with one element per layer, of fixed length."""

from __future__ import annotations

from typing import Any, Callable, Generic, Iterator, TypeVar

from . import checks

Item = TypeVar("Item")


class LayerSequence(Generic[Item]):
    """One element per layer, 0 being the first layer after the input. Indexed by integers, negative ones too."""

    __slots__ = ("_name", "_length", "_get")

    def __init__(self, name: str, length: int, get: Callable[[int], Item]) -> None:
        self._name = name
        self._length = length
        self._get = get

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, layer: int) -> Item:
        return self._get(self._index(layer))

    def __iter__(self) -> Iterator[Item]:
        return map(self._get, range(self._length))

    def __repr__(self) -> str:
        return f"<{self._name} of {self._length} layers>"

    def _index(self, layer: Any) -> int:
        index = checks.integer(layer, "layer")
        if not -self._length <= index < self._length:
            raise IndexError(f"layer is {index}, but there are {self._length} layers, 0 .. {self._length - 1}")
        return index % self._length


class MutableLayerSequence(LayerSequence[Item]):
    """A `LayerSequence` whose elements can be assigned to."""

    __slots__ = ("_set",)

    def __init__(self, name: str, length: int, get: Callable[[int], Item], set: Callable[[int, Any], None]) -> None:
        super().__init__(name, length, get)
        self._set = set

    def __setitem__(self, layer: int, values: Any) -> None:
        self._set(self._index(layer), values)
