"""Objects that are their numbers: never changing, compared by value. (Data classes would take longer to import.)"""

from __future__ import annotations

from typing import Any, Tuple

from . import checks


class Value:
    """Base of classes whose fields are floats, set once by `_set` in the order in which `__init__` takes them."""

    def _set(self, **fields: Any) -> None:
        for name, value in fields.items():
            self.__dict__[name] = checks.real(value, name)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} never changes; make a new one with another {name}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} never changes; {name} cannot be deleted")

    def __eq__(self, other: object) -> bool:
        return vars(self) == vars(other) if type(self) is type(other) else NotImplemented

    def __hash__(self) -> int:
        return hash((type(self), *vars(self).values()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"

    def __reduce__(self) -> Tuple[Any, ...]:
        return type(self), tuple(vars(self).values())
