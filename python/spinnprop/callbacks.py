"""What watches a training: trackers that keep the numbers of every epoch, for TensorBoard and for MLflow."""

from __future__ import annotations

import itertools
import os
import time
from contextlib import contextmanager
from typing import Any, Dict, Iterator, Mapping, Optional, Tuple

import numpy as np

from ._support import checks
from ._support.optional import need
from ._support.public import only
from ._support.types import PathLike

__all__ = ["MLflow", "TensorBoard"]
__dir__ = only(__all__)

#: What a progress dict says of a run's state, not of its quality.
_OF_STATE = ("epoch", "n_epochs", "done", "total", "epoch_finished")
#: Two files of one process would otherwise have the same name within a second.
_files = itertools.count()


class _Tracker:
    """Called after every epoch, as `progress` or with the trainer, it keeps the epoch's numbers; as a context it is closed at the end."""

    _is_closed = False

    def __call__(self, seen: Any) -> None:
        """Keeps the numbers of an epoch that has ended.

        Parameters
        ----------
        seen : dict, or Trainer
            What `progress` and `callbacks` of a training are given.
        """
        if self._is_closed:
            raise ValueError("the tracker is closed; make a new one")
        if isinstance(seen, dict):
            if not seen["epoch_finished"]:
                return
            epoch, row = seen["epoch"] + 1, {name: value for name, value in seen.items() if name not in _OF_STATE}
        else:
            history = seen.history
            if not len(history):
                return
            epoch, row = len(history), dict(zip(history.dtype.names, history[-1]))
        # NaN stands for what there is not, as accuracies without a validation set.
        numbers = {name: value for name, value in _numbers(row) if np.isfinite(value)}
        if numbers:
            self._keep(epoch, numbers)

    def _keep(self, epoch: int, numbers: Dict[str, float]) -> None:
        raise NotImplementedError

    def _end(self, state: str) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """Ends the record; closed twice it stays as it is."""
        self._close("FINISHED")

    def _close(self, state: str) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._end(state)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, kind: Any, *error: object) -> None:
        self._close("FINISHED" if kind is None else "KILLED" if issubclass(kind, KeyboardInterrupt) else "FAILED")


class TensorBoard(_Tracker):
    """Writes the numbers of every epoch to an event file that TensorBoard shows; `tensorboardX` is needed, TensorFlow is not.

    To be given as ``progress=`` or among ``callbacks=``. Each epoch is on the disk when the next begins, so that a training can be watched while it goes
    on and nothing is lost where it ends. NaN, as accuracies without a validation set, is left out.

    Parameters
    ----------
    folder : path
        Made if it is not there. One for each run: TensorBoard shows the folders within one side by side.

    Raises
    ------
    ImportError
        If tensorboardX is missing.
    OSError
        If the folder cannot be written, also later, from the training that it watches.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(100)
    >>> with sp.callbacks.TensorBoard("runs/first") as board:
    ...     clf = sp.SpikingClassifier(hidden=(20,), epochs=2).fit(X, y, progress=board)
    """

    def __init__(self, folder: PathLike) -> None:
        path = os.fsdecode(checks.path(folder, "folder"))
        events = need("tensorboardX.event_file_writer", "callbacks.TensorBoard", "tensorboard")
        self._summary: Any = need("tensorboardX.summary", "callbacks.TensorBoard", "tensorboard")
        self._event: Any = need("tensorboardX.proto.event_pb2", "callbacks.TensorBoard", "tensorboard").Event
        os.makedirs(path, exist_ok=True)
        self._folder = path
        # tensorboardX's own queue writes in a thread: after an error there, a full disk say, whoever writes next would wait for ever.
        self._writer: Any = events.EventsWriter(os.path.join(path, "events"), f".{os.getpid()}.{next(_files)}")

    def _keep(self, epoch: int, numbers: Dict[str, float]) -> None:
        with self._writing():
            for name, value in numbers.items():
                # Curves with the same beginning are shown together.
                if name.startswith("validation_"):
                    tag = f"{name[len('validation_') :]}/validation"
                else:
                    tag = f"{name}/training" if name in ("loss", "accuracy") else name
                self._writer.write_event(self._event(wall_time=time.time(), step=epoch, summary=self._summary.scalar(tag, value)))
            self._writer.flush()

    def _end(self, state: str) -> None:
        with self._writing():
            self._writer.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            # A training writes other files, too, and the error of one that is open does not name it.
            error.filename = error.filename or self._folder
            raise


class MLflow(_Tracker):
    """Logs the numbers of every epoch as metrics of a run in MLflow; `mlflow-skinny` is enough.

    To be given as ``progress=`` or among ``callbacks=``. The run begins here and ends with `close`, or at the end of a ``with``: as FINISHED, after an
    error as FAILED, at Ctrl-C as KILLED. MLflow's own active run is left alone.

    Parameters
    ----------
    experiment : str
        Its name; made if it is not there.
    run_name : str or None
        None: MLflow finds one.
    params : mapping or None
        Logged as the run's parameters, as text: `get_params()` of an estimator, say.
    tracking_uri : str or None
        Of a server, or of a database as ``"sqlite:///mlflow.db"``; None: what MLflow is set to.

    Attributes
    ----------
    run_id : str

    Raises
    ------
    ImportError
        If mlflow is missing.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(100)
    >>> clf = sp.SpikingClassifier(hidden=(20,), epochs=2)
    >>> with sp.callbacks.MLflow("yin-yang", params=clf.get_params(), tracking_uri="sqlite:///mlflow.db") as run:  # doctest: +SKIP
    ...     clf.fit(X, y, progress=run)
    """

    def __init__(
        self,
        experiment: str = "spinnprop",
        run_name: Optional[str] = None,
        params: Optional[Mapping[str, Any]] = None,
        tracking_uri: Optional[str] = None,
    ) -> None:
        if not isinstance(experiment, str) or not experiment:
            raise TypeError(f"experiment is {checks.shown(experiment)}; it must be a name")
        if params is not None and not isinstance(params, Mapping):
            raise TypeError(f"params is {checks.shown(params)}; it must be a mapping from names to values, or None")
        self._entities: Any = need("mlflow.entities", "callbacks.MLflow", "mlflow")
        self._client: Any = need("mlflow", "callbacks.MLflow", "mlflow").MlflowClient(tracking_uri=tracking_uri)
        known = self._client.get_experiment_by_name(experiment)
        place = self._client.create_experiment(experiment) if known is None else known.experiment_id
        self.run_id: str = self._client.create_run(place, run_name=run_name).info.run_id
        try:
            for name, value in (params or {}).items():
                self._client.log_param(self.run_id, name, checks.shown(value))
        except BaseException:
            self._close("FAILED")
            raise

    def _keep(self, epoch: int, numbers: Dict[str, float]) -> None:
        now = int(1e3 * time.time())
        self._client.log_batch(self.run_id, [self._entities.Metric(name, value, now, epoch) for name, value in numbers.items()])

    def _end(self, state: str) -> None:
        self._client.set_terminated(self.run_id, state)


def _numbers(row: Mapping[str, Any]) -> Iterator[Tuple[str, float]]:
    """Names and numbers; of what an epoch has of every layer, a number for each."""
    for name, value in row.items():
        values = np.asarray(value)
        if values.dtype.kind in "biuf":
            yield from ((name if values.ndim == 0 else f"{name}/{place}", float(own)) for place, own in enumerate(values.ravel()))
