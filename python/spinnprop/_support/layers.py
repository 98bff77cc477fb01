"""Sequences with one element per layer, of fixed length."""

from __future__ import annotations

from typing import (
    AbstractSet,
    Any,
    Callable,
    Collection,
    Dict,
    Generic,
    Iterable,
    Iterator,
    List,
    Mapping,
    Tuple,
    TypeVar,
)

from . import checks

Item = TypeVar("Item")
#: A connection: the population that sends, 0 being the input and k the k-th layer, and the one that receives.
Ends = Tuple[int, int]


class LayerSequence(Generic[Item]):
    """One element per layer, 0 being the first layer after the input. Indexed by integers, negative ones too."""

    __slots__ = ("_name", "_length", "_get")

    def __init__(self, name: str, length: int, get: Callable[[int], Item]) -> None:
        self._name = name
        self._length = length
        self._get = get

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, layer: Any) -> Item:
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

    def __setitem__(self, layer: Any, values: Any) -> None:
        self._set(self._index(layer), values)


class ConnectionSequence(MutableLayerSequence[Item]):
    """One element per layer, of the first connection into it; a pair (source, target) stands for any connection."""

    __slots__ = ("_places",)

    def __init__(
        self, name: str, length: int, get: Callable[[int], Item], set: Callable[[int, Any], None], places: Mapping[Ends, int]
    ) -> None:
        super().__init__(name, length, get, set)
        self._places = places

    def _index(self, layer: Any) -> int:
        return self._places[known(layer, self._places)] if isinstance(layer, tuple) else super()._index(layer)


class ConnectionList(List[Item]):
    """A list with one element per layer, of the first connection into it; a pair (source, target) stands for any connection."""

    def __init__(
        self,
        items: Iterable[Item],
        firsts: Mapping[Ends, int],
        further: Dict[Ends, Item],
        recurrent: List[Item],
        loops: AbstractSet[Ends],
    ) -> None:
        """`firsts`: whose the list's own elements are; `recurrent`: where those of recurrent connections, `loops`, are, by layer."""
        super().__init__(items)
        self._parts = (firsts, further, recurrent, loops)

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, tuple):
            return super().__getitem__(key)
        store, place = self._place(key)
        return store[place]

    def __setitem__(self, key: Any, value: Any) -> None:
        if not isinstance(key, tuple):
            super().__setitem__(key, value)
        else:
            store, place = self._place(key)
            store[place] = value

    def places(self) -> List[Any]:
        """One index for each array but those of recurrent connections."""
        return [*range(len(self)), *self._parts[1]]

    def __reduce__(self) -> Tuple[Any, ...]:
        return ConnectionList, (list(self), *self._parts)

    def _place(self, key: Tuple[Any, ...]) -> Tuple[Any, Any]:
        firsts, further, recurrent, loops = self._parts
        ends = known(key, (*firsts, *further, *loops))
        if ends in loops:
            return recurrent, ends[1] - 1
        return (self, firsts[ends]) if ends in firsts else (further, ends)


def known(pair: Tuple[Any, ...], connections: Collection[Ends]) -> Ends:
    """The pair if it is one of the connections."""
    ends = tuple(checks.integer(end, "an end of a connection") for end in pair)
    for own in connections:
        if own == ends:
            return own
    raise IndexError(f"{pair!r} is no connection of this network; it has {checks.shown(list(connections))}")
