"""The Optuna study of a search: a new one, or the one that a file keeps."""

from __future__ import annotations

import os
from typing import Any, Dict, Mapping, Optional

from .._core import SpinnpropError
from .._estimators.spiking import SpikingClassifier
from .._support import checks
from .._support.optional import need
from .._support.types import PathLike
from . import space as spaces
from .result import NOTES

#: The median pruner judges no trial before so many have finished, nor in its first epochs.
_PRUNER_TRIALS = 5
_PRUNER_EPOCHS = 3


def make_pruner(pruner: Optional[str]) -> Any:
    """Optuna's pruner of a name."""
    pruners = need("optuna", "spinnprop.search", "search").pruners
    if pruner == "median":
        return pruners.MedianPruner(n_startup_trials=_PRUNER_TRIALS, n_warmup_steps=_PRUNER_EPOCHS)
    return pruners.NopPruner() if pruner is None else pruners.HyperbandPruner()


def open_study(storage: Optional[PathLike], name: str, pruner: Any, made_with: Dict[str, Any]) -> Any:
    """A new study, or the one in the file if it was made with the same."""
    optuna = need("optuna", "spinnprop.search", "search")
    if not isinstance(name, str) or not name:
        raise TypeError(f"name is {name!r}; it must be the name of a study")
    path = None if storage is None else os.path.abspath(os.fsdecode(checks.path(storage, "storage")))
    if path is not None and not os.path.isdir(os.path.dirname(path)):
        raise FileNotFoundError(f"storage is {path}, but there is no such folder")
    if path is not None and "?" in path:
        raise ValueError(f"storage is {path}; the name of an SQLite file cannot hold a question mark here")
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.create_study(
            storage=None if path is None else f"sqlite:///{path}",
            study_name=name,
            pruner=pruner,
            directions=["maximize", *["minimize"] * (len(made_with["objectives"]) - 1)],
            load_if_exists=True,
        )
    except ImportError:
        raise
    except Exception as error:
        reason = str(error).splitlines()[0]
        raise SpinnpropError(f"{path} cannot be used as the storage of a search: {reason}") from error
    finally:
        optuna.logging.set_verbosity(verbosity)
    before = study.user_attrs.get(NOTES)
    if before is None and not study.get_trials(deepcopy=False):
        study.set_user_attr(NOTES, made_with)
    elif before != made_with:
        raise ValueError(
            f"the study {name!r} in {path} was made with other {_difference(before, made_with)}; "
            "take another name or file, or search as before"
        )
    return study


def _difference(before: Any, now: Dict[str, Any]) -> str:
    """What is not the same, for a message."""
    for part, value in now.items():
        earlier = before.get(part) if isinstance(before, dict) else None
        if earlier == value:
            continue
        if part == "data" or earlier is None:
            return part
        if isinstance(value, dict):
            name = next(name for name in (*value, *earlier) if value.get(name) != earlier.get(name))
            return f"{part}: {name} was {earlier.get(name)}, is {value.get(name)}"
        return f"{part}: {earlier} before, {value} now"
    return "settings"


def fingerprint(estimator: Any, space: Mapping[str, Any]) -> Dict[str, str]:
    """The parameters that are not searched, in words."""
    if estimator is None:
        estimator = SpikingClassifier()
    if callable(estimator):
        return {"callable": spaces.describe(estimator)}
    params = estimator.get_params(deep=False)
    return {name: spaces.describe(params[name]) for name in sorted(params) if name not in (*space, "verbose")}
