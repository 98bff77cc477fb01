"""Search for parameters of the estimator, driven by Optuna."""

from __future__ import annotations

import contextlib
from concurrent.futures import Executor
from typing import Any, Callable, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from .. import _core
from .._engines.base import BaseEngine
from .._engines.names import resolve
from .._estimators.base import SpikingEstimator
from .._estimators.regressor import SpikingRegressor
from .._estimators.spiking import SpikingClassifier
from .._estimators.validation import together
from .._library import __version__
from .._spikes import SpikeTrains
from .._support import checks
from .._support.bars import Bar
from .._support.jobs import must_be_sendable
from .._support.types import PathLike
from ..executors import workers
from . import space as spaces
from .costs import EngineOrKind, named
from .costs import resolve as resolve_costs
from .durations import Durations
from .evaluation import Judge, Work
from .result import ACCURACY, SearchResult, counted, must_be_sound
from .runners import Runners
from .study import fingerprint, make_pruner, open_study, storage_failures
from .trials import Trials, show

_PRUNERS = ("median", "hyperband", None)
_MOST_JOBS = 1024


def search(
    X: Any,
    y: Any,
    space: Mapping[str, Any],
    *,
    estimator: Union[SpikingEstimator, Callable[..., SpikingEstimator], None] = None,
    validation: Optional[Tuple[Any, Any]] = None,
    validation_fraction: float = 0.1,
    n_trials: int = 50,
    objectives: Union[str, Sequence[str], None] = None,
    costs: Optional[Mapping[str, Callable[[SpikingEstimator], float]]] = None,
    last_epochs: int = 1,
    pruner: Optional[str] = "median",
    seed: int = 0,
    storage: Optional[PathLike] = None,
    name: str = "search",
    n_jobs: Optional[int] = None,
    executor: Optional[Executor] = None,
    timeout: Optional[float] = None,
    verbose: bool = False,
) -> SearchResult:
    """Searches for parameters of an estimator that give the best validation accuracy, of a regressor R2, alone or against a cost.

    Parameters
    ----------
    X, y
        As in the estimator's fit.
    space : dict
        From names of the estimator's parameters to what to draw: a range ``(low, high)``, `Uniform` or `LogUniform`
        (integers between integers), a list of choices, or a `Build`.
    estimator : SpikingClassifier, SpikingRegressor, callable or None
        Has the parameters that are not searched; None: a classifier. A callable is given what was drawn by name and gives the estimator:
        for parameters that hang together.
    validation : (X, y) or None
        What trials are judged by; None: `validation_fraction` of the samples, held out with the seed.
    n_trials : int
        Trials in all, those in `storage` included.
    objectives : str, sequence of str or None
        "accuracy", or ("accuracy", cost, ...) for a Pareto front; of regressors "r2" in its place, as their `score` gives it. None: the one of the
        estimator alone, of a callable "accuracy". Costs are "spikes" (per sample, hidden and output),
        "energy" (joules) and "time" (seconds) of a sample run forward on an emulated SpiNNaker2, or names in `costs`.
        Energy and time are estimated, from the account of the training that runs on such a chip; with engine "clock", from the account of
        up to 512 validation samples that the trained network is run on forward, on one chip with the same grid and a copy for
        each sample of a batch, as far as they fit: small batches leave much of a chip idle, and pay for it.
    costs : dict or None
        More costs by name: called with the fitted estimator, less is better.
    last_epochs : int
        The score is the mean validation accuracy of so many last epochs: more than one where it swings from epoch to
        epoch. With early_stopping, that of the parameters restored; of a regressor that of the parameters it ends with, the mean of its last
        `average_epochs`.
    pruner : "median", "hyperband" or None
        Gives up trials that lag behind others in validation accuracy after the same epoch. Used for this objective alone:
        with several, a trial that lags may be on the front for being cheap, and a regressor's R2 is known at its end. Trials on an `executor` run to
        their end.
    seed : int
        Seeds what is drawn, not the networks (their seed is the estimator's). With one trial at a time these depend on nothing
        else, whether interrupted and resumed or not (hyperband's decisions excepted); with several, on which end first, too.
    storage : path, str or None
        What keeps the trials: with the same name, a search goes on where an earlier one ended. Any number of processes may give the same
        storage at the same time and share the trials: each returns when all `n_trials` are there, and what one that is
        killed had begun, another does again. A path is an SQLite file, for the processes of one machine; one that ends in
        ".journal" is a journal of Optuna's, for machines that share a folder (as in a SLURM array); an address such as
        ``"postgresql://user@host/database"`` is a database, which needs its Python driver.
    name : str
        The name of the study in the storage.
    n_jobs : int or None
        Trials at the same time, in threads of this process or on `executor`. As in scikit-learn: None is 1; -1 is one for each thread that the
        library would use (see `set_threads`) or for each worker of the executor, which is fastest; -2 is one less.
    executor : concurrent.futures.Executor or None
        Where trials are trained: processes, or a cluster by `spinnprop.executors`. What is drawn and what came of it stay
        here, so workers need no storage. The estimator, its data and costs must be ones that the executor can send.
    timeout : float or None
        Seconds after which a trial is given up and noted as failed, and the search goes on. Its training ends when it next tells how far it is. What
        does not end within ten seconds more, code of your own that hangs say, is left to itself, with a warning: the thread that it runs on, or
        the executor's worker, which then gets no other trial; of `executors.processes`, `ray` and `dask` (where a worker has a nanny) the process is
        ended. Those seconds do not count while a process of `executors.processes` still starts. On a cluster, and with more trials at the same
        time than a pool has workers, they count from when a trial last ended, since one may have waited for a worker.
    verbose : bool
        Whether to show progress: a bar, or lines where there is no terminal.

    Returns
    -------
    SearchResult
        With ``.best_params``, ``.best_score``, ``.trials``, ``.pareto``, ``.study`` and ``.refit(X, y)``.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C, within 0.2 s, or ten where a trial on one of several threads hangs. Finished trials are kept: in the file, and as the
        exception's attribute ``result``, which any other error that a trial ends the search with has, too.
    ValueError, TypeError
        If an argument is out of its domain, parameters do not suit the estimator, or the study in the file was made
        with another space, estimator, data or objectives. A trial whose network runs away or cannot run on the chip
        (`SpinnpropError`), does not fit (`MemoryError`) or kills its worker is noted as failed, and the search goes on.
    concurrent.futures.BrokenExecutor
        If the executor does not work any more; says which trial may have been the cause, and its parameters.
    SpinnpropError
        If the storage cannot be reached, fails or is damaged. Trials that have ended are in it.

    Warns
    -----
    RuntimeWarning
        Of a trial that is given up but still runs; without a `timeout` of one that has run for over a minute and ten times as long as any that has
        ended here, or for over ten minutes if none has; of one that no worker has begun in ten minutes in which none ran
        another, where the executor tells (`executors.processes`, pools of `concurrent.futures`).

    Notes
    -----
    The sampler is Optuna's tree-structured Parzen estimator: Bergstra et al. (2011); Akiba et al. (2019), arXiv
    1907.10902.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(200)
    >>> found = sp.search(
    ...     X, y, {"hidden": [(10,), (20,)], "learning_rate": sp.LogUniform(1e-3, 1e-1)},
    ...     estimator=sp.SpikingClassifier(epochs=2), n_trials=3,
    ... )
    >>> sorted(found.best_params), len(found.trials)
    (['hidden', 'learning_rate'], 3)
    >>> found.refit(X, y).predict(X).shape
    (200,)
    """
    n_trials = checks.integer(n_trials, "n_trials", 1, checks.INT32)
    checks.integer(last_epochs, "last_epochs", 1, checks.INT32)
    checks.integer(seed, "seed", 0, checks.UINT64)
    if pruner not in _PRUNERS:
        raise ValueError(f"pruner is {pruner!r}; it must be {', '.join(map(repr, _PRUNERS))}")
    if executor is not None:
        checks.executor(executor)
    jobs = _jobs(n_jobs, executor)
    if timeout is not None:
        timeout = checks.positive(timeout, "timeout", "seconds")
    verbose = checks.boolean(verbose, "verbose")
    space = spaces.checked(space)
    make, names = _maker(estimator, space), named(objectives, estimator)
    X = together(X)
    if validation is None:
        from sklearn.model_selection import train_test_split

        X, X_validation, y, y_validation = train_test_split(
            X, y, test_size=validation_fraction, random_state=seed % 2**32, stratify=y if names[0] == ACCURACY else None
        )
        validation = (X_validation, y_validation)
    X_validation, y_validation = checks.pair(validation, "validation", "(X, y)")
    X_validation = together(X_validation)
    validation = (X_validation, y_validation)
    judged = X_validation if isinstance(X_validation, SpikeTrains) else np.asarray(X_validation)
    costs_of = resolve_costs(names, costs, _known_engines(estimator, space), judged)
    is_pruned = names == (ACCURACY,) and pruner is not None
    must_be_sendable(executor, estimator=make, costs=costs_of)
    study = open_study(
        storage,
        name,
        make_pruner(pruner if is_pruned else None),
        {
            "version": __version__,
            "space": {key: spaces.describe(part) for key, part in space.items()},
            "estimator": fingerprint(estimator, space),
            "data": [spaces.digest(part) for part in (X, y, *validation)],
            "objectives": list(names),
            **({"costs": {cost: spaces.describe(costs[cost]) for cost in names if cost in costs}} if costs else {}),
            "last_epochs": last_epochs,
        },
    )

    result = SearchResult(study, space, make, names)
    with storage_failures():
        must_be_sound(result, name)
        durations = Durations(timeout)
        work = Work(make, (X, y, validation), Judge(names, costs_of, last_epochs, validation), timeout)
        with Bar(n_trials, "trial", shown=verbose, begun=len(counted(study))) as bar, Runners(study, durations) as runners:
            trials = Trials(result, work, n_trials, seed, jobs, is_pruned, runners, durations)
            try:
                if executor is None:
                    trials.all(lambda: show(bar, result))
                else:
                    trials.on(executor, lambda: show(bar, result))
            except BaseException as error:
                # A study in memory would be lost with all trials that have ended.
                with contextlib.suppress(AttributeError):
                    error.result = result  # type: ignore[attr-defined]
                raise
    return result


def _jobs(n_jobs: Optional[int], executor: Optional[Executor]) -> int:
    """How many trials there are at the same time."""
    if n_jobs is None:
        return 1
    given: int = checks.integer(n_jobs, "n_jobs", -_MOST_JOBS, _MOST_JOBS)
    if given == 0:
        raise ValueError("n_jobs is 0; give how many trials there are to be at a time, -1 for as many as there are processors, or None for one")
    if given > 0:
        return given
    return max(1, min(_MOST_JOBS, 1 + given + (_core.thread_count() if executor is None else workers(executor))))


def _maker(estimator: Any, space: Mapping[str, Any]) -> Callable[..., Any]:
    """From drawn parameters to an estimator."""
    if estimator is None:
        estimator = SpikingClassifier()
    if callable(estimator):
        return estimator  # type: ignore[no-any-return]
    if not isinstance(estimator, (SpikingClassifier, SpikingRegressor)):
        raise TypeError(f"estimator is {checks.shown(estimator)}; it must be a SpikingClassifier or a SpikingRegressor, or make one")
    known = estimator.get_params(deep=False)
    unknown = sorted(name for name in space if name.partition("__")[0] not in known)
    if unknown:
        raise ValueError(f"space has {', '.join(map(repr, unknown))}, which {type(estimator).__name__} does not take")
    if estimator.checkpoint is not None:
        raise ValueError("the estimator writes checkpoints, which trials would overwrite; set checkpoint=None")
    return Varied(estimator)


class Varied:
    """From drawn parameters to a copy of an estimator with these; a class, so that it can be sent to other processes."""

    def __init__(self, estimator: SpikingEstimator) -> None:
        self._estimator = estimator

    def __call__(self, **params: Any) -> SpikingEstimator:
        from sklearn.base import clone

        varied: SpikingEstimator = clone(self._estimator).set_params(**params)
        return varied


def _known_engines(estimator: Any, space: Mapping[str, Any]) -> List[EngineOrKind]:
    """The engines that trials will run on, as far as that is known before."""
    if callable(estimator):
        return []
    part = space.get("engine", [(estimator or SpikingClassifier()).engine])
    if isinstance(part, spaces.Build):
        return [part.make] if isinstance(part.make, type) and issubclass(part.make, BaseEngine) else []
    return [resolve(engine) for engine in part] if isinstance(part, list) else []
