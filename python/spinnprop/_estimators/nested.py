"""Parameters of what an estimator is given, as its engine and its loss, by names with two underscores: ``engine__steps``."""

from __future__ import annotations

from typing import Any, Dict

from .._engines.names import resolve
from .._support import checks
from .._support.values import Value


class NestedParameters:
    """A base before `BaseEstimator`, whose parameters that are `Value`s are searched and set field by field.

    Values never change: another one takes its place.
    """

    def get_params(self, deep: bool = True) -> Dict[str, Any]:
        """The parameters by name.

        Parameters
        ----------
        deep : bool
            Whether with those of engine, loss and other values, as ``engine__steps``.
        """
        params: Dict[str, Any] = super().get_params(deep=False)  # type: ignore[misc]
        if checks.boolean(deep, "deep"):
            for name, value in list(params.items()):
                if isinstance(value, Value):
                    params.update({f"{name}__{field}": own for field, own in vars(value).items()})
        return params

    def set_params(self, **params: Any) -> Any:
        """Sets parameters by name, ``engine__steps`` and the like among them; an engine that is given by its name has them, too.

        Raises
        ------
        ValueError, TypeError
            If there is no such parameter, or a value does not take it.
        """
        own = self.get_params(deep=False)
        nested: Dict[str, Dict[str, Any]] = {}
        for name in [name for name in params if "__" in name]:
            outer, _, inner = name.partition("__")
            nested.setdefault(outer, {})[inner] = params.pop(name)
        for outer, changes in nested.items():
            if outer not in own:
                super().set_params(**{outer: None})  # type: ignore[misc]  # which refuses it, and says what there is
            params[outer] = _replaced(outer, params.get(outer, own[outer]), changes)
        super().set_params(**params)  # type: ignore[misc]
        return self


def _replaced(name: str, value: Any, changes: Dict[str, Any]) -> Value:
    """A value like the one that is there, with other fields."""
    if name == "engine" and isinstance(value, str):
        value = resolve(value)
    if not isinstance(value, Value):
        raise ValueError(f"{name} is {value!r}, which has no parameter {next(iter(changes))!r}; set {name} to an object that has it first")
    fields = vars(value)
    for field in changes:
        if field not in fields:
            raise ValueError(f"{type(value).__name__} has no parameter {field!r}; it has {', '.join(map(repr, fields)) or 'none'}")
    replaced: Value = type(value)(**{**fields, **changes})
    return replaced
