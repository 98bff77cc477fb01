"""Search for parameters of the estimator, driven by Optuna."""

from __future__ import annotations

import contextlib
import math
import os
import threading
import time
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from . import _checks, _engines, _space
from ._core import SpinnpropError
from ._costs import resolve as resolve_costs
from ._estimator import SpikingClassifier

#: Under this name a trial, and a study, keeps what Optuna has no place for.
_NOTES = "spinnprop"
#: The pruner judges no trial before so many have finished, nor in its first epochs.
_PRUNER_TRIALS = 5
_PRUNER_EPOCHS = 3

_PRUNERS = ("median", "hyperband", None)


class SearchResult:
    """What a search found so far. See `search`.

    Attributes
    ----------
    objectives : tuple of str
    study : optuna.Study
    trials : list of dict
    best_trial, best_params, best_score
    pareto : list of dict
    """

    def __init__(self, study: Any, space: Mapping[str, Any], make: Callable[..., Any], objectives: Sequence[str]) -> None:
        self.study = study
        self.objectives = tuple(objectives)
        self._space = dict(space)
        self._make = make

    @property
    def trials(self) -> List[Dict[str, Any]]:
        """One dict per trial, in order: those that were interrupted are left out.

        Keys: number, state ("complete", "pruned" or "failed"), params (as `SpikingClassifier` takes them), drawn (the
        numbers and choices behind them, ``"loss.tau0"`` for a part of a built object), one per objective (NaN where not
        known; the accuracy of a pruned trial is its last), epochs, seconds, error (why a trial failed; otherwise None).
        """
        return [self._record(trial) for trial in _counted(self.study)]

    @property
    def pareto(self) -> List[Dict[str, Any]]:
        """The complete trials that no other beats in one objective without being worse in another, best accuracy last."""
        found = [self._record(trial) for trial in self.study.best_trials]
        return sorted(found, key=lambda trial: ([trial[name] for name in self.objectives], -trial["number"]))

    @property
    def best_trial(self) -> Dict[str, Any]:
        """The complete trial of the best accuracy; of equals the cheapest, then the first.

        Raises
        ------
        SpinnpropError
            If no trial is complete.
        """
        complete = [trial for trial in self.trials if trial["state"] == "complete"]
        if not complete:
            raise SpinnpropError(f"none of {len(self.trials)} trials is complete{self._reason()}")
        costs = self.objectives[1:]
        return min(complete, key=lambda trial: (-trial["accuracy"], [trial[name] for name in costs], trial["number"]))

    @property
    def best_params(self) -> Dict[str, Any]:
        """The parameters of the best trial, as `SpikingClassifier` takes them."""
        params: Dict[str, Any] = self.best_trial["params"]
        return params

    @property
    def best_score(self) -> float:
        """The validation accuracy of the best trial."""
        return float(self.best_trial["accuracy"])

    def estimator(self, number: Optional[int] = None) -> SpikingClassifier:
        """An estimator with the parameters of a trial, not fitted yet; None: of the best trial."""
        if number is None:
            return _made(self._make, self.best_params)
        known = {trial["number"]: trial for trial in self.trials}
        if number not in known:
            raise ValueError(f"number is {number!r}; there are the trials {sorted(known)}")
        return _made(self._make, known[number]["params"])

    def refit(
        self, X: Any, y: Any, number: Optional[int] = None, validation: Optional[Tuple[Any, Any]] = None
    ) -> SpikingClassifier:
        """Fits an estimator with the parameters of a trial (None: of the best trial) to all of X and y."""
        estimator: SpikingClassifier = self.estimator(number).fit(X, y, validation)
        return estimator

    def __repr__(self) -> str:
        states = [trial["state"] for trial in self.trials]
        counts = ", ".join(f"{states.count(state)} {state}" for state in ("complete", "pruned", "failed"))
        best = f", best accuracy {self.best_score:.3f}" if "complete" in states else ""
        return f"<SearchResult {counts}{best}>"

    def _record(self, trial: Any) -> Dict[str, Any]:
        from optuna.trial import FixedTrial

        notes = trial.user_attrs.get(_NOTES, {})
        complete = trial.state.name == "COMPLETE"
        scores = trial.values if complete else [notes.get("accuracy")] + [None] * (len(self.objectives) - 1)
        return {
            "number": trial.number,
            "state": "complete" if complete else "failed" if notes.get("error") else "pruned",
            "params": _space.draw(FixedTrial(trial.params), self._space),
            "drawn": dict(trial.params),
            **{name: math.nan if value is None else value for name, value in zip(self.objectives, scores)},
            "epochs": notes.get("epochs", 0),
            "seconds": notes.get("seconds", math.nan),
            "error": notes.get("error"),
        }

    def _reason(self) -> str:
        errors = [trial["error"] for trial in self.trials if trial["error"]]
        return f"; the last failed: {errors[-1]}" if errors else ""


def search(
    X: Any,
    y: Any,
    space: Mapping[str, Any],
    *,
    estimator: Union[SpikingClassifier, Callable[..., SpikingClassifier], None] = None,
    validation: Optional[Tuple[Any, Any]] = None,
    validation_fraction: float = 0.1,
    n_trials: int = 50,
    objectives: Union[str, Sequence[str]] = "accuracy",
    costs: Optional[Mapping[str, Callable[[SpikingClassifier], float]]] = None,
    last_epochs: int = 1,
    pruner: Optional[str] = "median",
    seed: int = 0,
    storage: Optional[_checks.PathLike] = None,
    name: str = "search",
    n_jobs: int = 1,
    verbose: bool = False,
) -> SearchResult:
    """Searches for parameters of the estimator that give the best validation accuracy, alone or against a cost.

    Parameters
    ----------
    X, y
        As in `SpikingClassifier.fit`.
    space : dict
        From names of the estimator's parameters to what to draw: a range ``(low, high)``, `Uniform` or `LogUniform`
        (integers between integers), a list of choices, or a `Build`.
    estimator : SpikingClassifier, callable or None
        Has the parameters that are not searched. A callable is given what was drawn by name and gives the estimator:
        for parameters that hang together.
    validation : (X, y) or None
        What trials are judged by; None: `validation_fraction` of the samples, held out with the seed.
    n_trials : int
        Trials in all, those in `storage` included.
    objectives : str or sequence of str
        "accuracy", or ("accuracy", cost, ...) for a Pareto front. Costs are "spikes" (per sample, hidden and output),
        "energy" (joules) and "time" (seconds) where the engine estimates them, or names in `costs`.
    costs : dict or None
        More costs by name: called with the fitted estimator, less is better.
    last_epochs : int
        The score is the mean validation accuracy of so many last epochs: more than one where it swings from epoch to
        epoch. With early_stopping, that of the parameters restored.
    pruner : "median", "hyperband" or None
        Gives up trials that lag behind others in validation accuracy after the same epoch. Used for one objective only:
        with several, a trial that lags may be on the front for being cheap.
    seed : int
        Of what is drawn, not of the networks (that is the estimator's). With ``n_jobs=1`` the trials depend on nothing
        else, whether interrupted and resumed or not (hyperband's decisions excepted).
    storage : path or None
        An SQLite file that keeps the trials. With the same name, a search goes on where an earlier one ended.
    name : str
        Of the study in the file.
    n_jobs : int
        Trials at the same time.
    verbose : bool
        Whether to show a progress bar.

    Returns
    -------
    SearchResult
        With ``.best_params``, ``.best_score``, ``.trials``, ``.pareto``, ``.study`` and ``.refit(X, y)``.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C, within 0.2 s. Finished trials are kept: in the file, and as the exception's attribute ``result``.
    ValueError, TypeError
        If an argument is out of its domain, parameters do not suit the estimator, or the study in the file was made
        with another space, estimator, data or objectives. A trial whose network runs away (`SpinnpropError`) is
        noted as failed, and the search goes on.

    Notes
    -----
    The sampler is Optuna's tree-structured Parzen estimator (Bergstra et al. 2011; Akiba et al. 2019, arXiv 1907.10902).

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
    n_trials = _checks.integer(n_trials, "n_trials", 1, 2**31 - 1)
    n_jobs = _checks.integer(n_jobs, "n_jobs", 1, 1024)
    _checks.integer(last_epochs, "last_epochs", 1, 2**31 - 1)
    _checks.integer(seed, "seed", 0, 2**64 - 1)
    if pruner not in _PRUNERS:
        raise ValueError(f"pruner is {pruner!r}; it must be {', '.join(map(repr, _PRUNERS))}")
    space = _space.checked(space)
    make = _maker(estimator, space)
    names, cost_functions = resolve_costs(objectives, costs, _fixed_engine(estimator, space))
    if validation is None:
        from sklearn.model_selection import train_test_split

        X, X_validation, y, y_validation = train_test_split(
            X, y, test_size=validation_fraction, random_state=seed % 2**32, stratify=y
        )
        validation = (X_validation, y_validation)
    _checks.pair(validation, "validation", "(X, y)")
    study = _open_study(
        storage,
        name,
        _optuna_pruner(pruner if len(names) == 1 else None),
        {
            "space": {key: _space.describe(part) for key, part in space.items()},
            "estimator": _fingerprint(estimator, space),
            "data": [_space.digest(part) for part in (X, y, *validation)],
            "objectives": list(names),
            "last_epochs": last_epochs,
        },
    )

    def judge(fitted: SpikingClassifier) -> List[float]:
        return [_score(fitted, last_epochs), *(float(cost(fitted)) for cost in cost_functions)]

    result = SearchResult(study, space, make, names)
    run = _Run(result, (X, y, validation), judge, n_trials, seed, n_jobs, reports=len(names) == 1 and pruner is not None)
    try:
        with _Bar(study, n_trials, verbose) as bar:
            run.all(bar)
    except KeyboardInterrupt as interrupt:
        interrupt.result = result  # type: ignore[attr-defined]
        raise
    return result


class _Run:
    """The trials of one call."""

    def __init__(
        self,
        result: SearchResult,
        data: Tuple[Any, Any, Tuple[Any, Any]],
        judge: Callable[[SpikingClassifier], List[float]],
        n_trials: int,
        seed: int,
        n_jobs: int,
        reports: bool,
    ) -> None:
        self._result = result
        self._study = result.study
        self._data = data
        self._judge = judge
        self._n_trials = n_trials
        self._seed = seed
        self._n_jobs = n_jobs
        self._reports = reports
        self._lock = threading.Lock()
        self._running = 0
        self._stopped = threading.Event()
        self._error: Optional[BaseException] = None

    def all(self, bar: Callable[[], None]) -> None:
        """Runs until there are enough trials."""
        if self._n_jobs == 1:
            while self._one():
                bar()
            return
        threads = [threading.Thread(target=self._work, args=(bar,), daemon=True) for _ in range(self._n_jobs)]
        for thread in threads:
            thread.start()
        try:
            # Only a main thread that wakes up now and then sees Ctrl-C.
            while any(thread.is_alive() for thread in threads):
                for thread in threads:
                    thread.join(0.05)
        finally:
            self._stopped.set()
            for thread in threads:
                thread.join()
        if self._error is not None:
            raise self._error

    def _work(self, bar: Callable[[], None]) -> None:
        try:
            while not self._stopped.is_set() and self._one():
                with self._lock:
                    bar()
        except BaseException as error:
            self._error = self._error or error
            self._stopped.set()

    def _one(self) -> bool:
        """Runs one trial; false if there are enough."""
        with self._lock:
            position = len(_counted(self._study)) + self._running
            if position >= self._n_trials:
                return False
            trial, params = self._ask(position)
            self._running += 1
        try:
            self._run(trial, params)
        finally:
            with self._lock:
                self._running -= 1
        return not self._stopped.is_set()

    def _ask(self, position: int) -> Tuple[Any, Dict[str, Any]]:
        from optuna.samplers import TPESampler

        # A stream of its own for each position: a resumed search draws what an uninterrupted one would have drawn.
        stream = np.random.SeedSequence([self._seed, position]).generate_state(1)[0]
        # That holds only if what runs, or was left running by a process that died, is not taken for a bad trial.
        options: Dict[str, Any] = {"constant_liar": False} if self._n_jobs == 1 else {}
        self._study.sampler = TPESampler(seed=int(stream), **options)
        trial = self._study.ask()
        with self._interrupted_if_it_fails(trial):
            return trial, _space.draw(trial, self._result._space)

    def _run(self, trial: Any, params: Dict[str, Any]) -> None:
        from optuna.trial import TrialState

        started = time.perf_counter()
        last: Dict[str, Any] = {"epochs": 0, "accuracy": None}
        is_pruned = False

        def watch(progress: Dict[str, Any]) -> bool:
            nonlocal is_pruned
            if progress["epoch_finished"]:
                last.update(epochs=progress["epoch"] + 1, accuracy=progress["validation_accuracy"])
                if self._reports:
                    trial.report(progress["validation_accuracy"], progress["epoch"] + 1)
                    is_pruned = last["epochs"] < progress["n_epochs"] and trial.should_prune()
            return is_pruned or self._stopped.is_set()

        with self._interrupted_if_it_fails(trial):
            X, y, validation = self._data
            values, error = None, None
            try:
                fitted = _made(self._result._make, params).fit(X, y, validation, progress=watch)
                if self._stopped.is_set():
                    self._study.tell(trial, state=TrialState.FAIL)
                    return
                if not is_pruned:
                    values = self._judge(fitted)
            except SpinnpropError as failure:
                error = str(failure)
            trial.set_user_attr(_NOTES, {**last, "seconds": time.perf_counter() - started, "error": error})
            # The sampler learns nothing from Optuna's failed trials, but everything from pruned ones.
            self._study.tell(trial, values, TrialState.PRUNED if values is None else TrialState.COMPLETE)

    @contextlib.contextmanager
    def _interrupted_if_it_fails(self, trial: Any) -> Iterator[None]:
        """An unfinished trial is told to be one, so that it does not count when the search goes on."""
        from optuna.trial import TrialState

        try:
            yield
        except BaseException:
            self._study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
            raise


class _Bar:
    """A tqdm bar that counts trials. Does nothing unless `shown`."""

    def __init__(self, study: Any, n_trials: int, shown: bool) -> None:
        self._study = study
        self._bar: Any = None
        if shown:
            from tqdm.auto import tqdm

            self._bar = tqdm(total=n_trials, initial=len(_counted(study)), unit="trial")

    def __call__(self) -> None:
        if self._bar is None:
            return
        trials = _counted(self._study)
        accuracies = [trial.values[0] for trial in trials if trial.state.name == "COMPLETE"]
        if accuracies:
            self._bar.set_postfix({"best": f"{100 * max(accuracies):.1f} %"}, refresh=False)
        self._bar.update(len(trials) - self._bar.n)

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *failure: object) -> None:
        if self._bar is not None:
            self._bar.close()


def _counted(study: Any) -> List[Any]:
    """The trials that have ended by themselves."""
    from optuna.trial import TrialState

    trials: List[Any] = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
    return trials


def _maker(estimator: Any, space: Mapping[str, Any]) -> Callable[..., Any]:
    """From drawn parameters to an estimator."""
    from sklearn.base import clone

    if estimator is None:
        estimator = SpikingClassifier()
    if callable(estimator):
        return estimator  # type: ignore[no-any-return]
    if not isinstance(estimator, SpikingClassifier):
        raise TypeError(f"estimator is {_checks._shown(estimator)}; it must be a SpikingClassifier or make one")
    unknown = sorted(set(space) - set(estimator.get_params(deep=False)))
    if unknown:
        raise ValueError(f"space has {', '.join(map(repr, unknown))}, which SpikingClassifier does not take")
    if estimator.checkpoint is not None:
        raise ValueError("the estimator writes checkpoints, which trials would overwrite; set checkpoint=None")
    return lambda **params: clone(estimator).set_params(**params)


def _made(make: Callable[..., Any], params: Mapping[str, Any]) -> SpikingClassifier:
    estimator = make(**params)
    if not isinstance(estimator, SpikingClassifier):
        raise TypeError(f"estimator made {_checks._shown(estimator)}; it must make a SpikingClassifier")
    return estimator


def _fingerprint(estimator: Any, space: Mapping[str, Any]) -> Dict[str, str]:
    """The parameters that are not searched, in words."""
    if estimator is None:
        estimator = SpikingClassifier()
    if callable(estimator):
        return {"callable": _space.describe(estimator)}
    params = estimator.get_params(deep=False)
    return {name: _space.describe(params[name]) for name in sorted(params) if name not in (*space, "verbose")}


def _fixed_engine(estimator: Any, space: Mapping[str, Any]) -> Optional[_engines.Engine]:
    """The engine of all trials, where it is known before they run."""
    if callable(estimator) or "engine" in space:
        return None
    return _engines.resolve((estimator or SpikingClassifier()).engine)


def _score(estimator: SpikingClassifier, last_epochs: int) -> float:
    history = estimator.history_
    if not len(history):
        raise ValueError("epochs is 0; a search needs at least one epoch to judge a trial by")
    if estimator.early_stopping:
        return float(history["validation_accuracy"][np.argmin(history["validation_loss"])])
    return float(np.mean(history["validation_accuracy"][-last_epochs:]))


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise ImportError(f"spinnprop.search needs optuna ({error}); pip install 'spinnprop[search]'") from error
    return optuna


def _optuna_pruner(pruner: Optional[str]) -> Any:
    pruners = _optuna().pruners
    if pruner == "median":
        return pruners.MedianPruner(n_startup_trials=_PRUNER_TRIALS, n_warmup_steps=_PRUNER_EPOCHS)
    return pruners.NopPruner() if pruner is None else pruners.HyperbandPruner()


def _open_study(storage: Optional[_checks.PathLike], name: str, pruner: Any, made_with: Dict[str, Any]) -> Any:
    """A new study, or the one in the file if it was made with the same."""
    optuna = _optuna()
    if not isinstance(name, str) or not name:
        raise TypeError(f"name is {name!r}; it must be the name of a study")
    path = None if storage is None else os.path.abspath(os.fsdecode(_checks.path(storage, "storage")))
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
        raise SpinnpropError(f"{path} cannot be used as the storage of a search: {str(error).splitlines()[0]}") from error
    finally:
        optuna.logging.set_verbosity(verbosity)
    before = study.user_attrs.get(_NOTES)
    if before is None and not study.get_trials(deepcopy=False):
        study.set_user_attr(_NOTES, made_with)
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
