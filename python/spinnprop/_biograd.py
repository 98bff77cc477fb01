"""Learning from local traces, error spikes and sleep."""

from __future__ import annotations

from copy import copy
from functools import partial
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np
import numpy.typing as npt

from . import _core
from ._spikes import SpikeTrains
from ._support import checks, overviews
from ._support.arrays import ReadOnly
from ._support.types import PathLike, Progress
from .spinnaker2 import Board, Chip, Engine

_RULES: Dict[Optional[str], int] = {
    "biograd": _core.BIOGRAD_RULE,
    "exact-error": _core.BIOGRAD_EXACT_ERROR,
    "bptt": _core.BIOGRAD_BPTT,
}
_FEEDBACK: Dict[Optional[str], int] = {"random": _core.FEEDBACK_RANDOM, "aligned": _core.FEEDBACK_ALIGNED}
_COUNTS: Dict[Optional[str], int] = {"running": _core.COUNTS_RUNNING, "final": _core.COUNTS_FINAL}
_DRAWS: Dict[Optional[str], int] = {
    "batch": _core.DRAW_PER_BATCH,
    "sample": _core.DRAW_PER_SAMPLE,
    "step": _core.DRAW_PER_STEP,
}
_CHOICES = {"rule": _RULES, "feedback": _FEEDBACK, "counts": _COUNTS, "sleep_draw": _DRAWS}
_FLAGS = ("sleep", "averages_sleep", "includes_threshold", "integer")
_ARRAYS: Dict[Optional[str], int] = {
    "weights": _core.BIOGRAD_WEIGHTS,
    "biases": _core.BIOGRAD_BIASES,
    "feedback": _core.BIOGRAD_FEEDBACK,
}


class BioGrad:
    """A network that learns without a backward pass: from a trace at each synapse, an error that comes as spikes, and sleep.

    In each time step a neuron's membrane is v <- d v (1 - s) + b + W x, and s = 1 where v > threshold. Spikes of error neurons reach
    hidden layers through feedback weights; after each batch a sleep of random spikes aligns these with the forward weights. Float32; the
    same bits for any number of threads.

    Parameters
    ----------
    layer_sizes : sequence of int
        Inputs, then the neurons of each layer. Weights are drawn with variance 1 / (3 n_before), feedback weights with
        1 / (5 n_outputs); biases are 0.
    rule : "biograd", "exact-error" or "bptt"
        What changes weights: error spikes and traces; the error itself in place of its spikes; or backpropagation through time with the
        same surrogate derivative, loss and network, the twin to compare with (without sleep). The twin's gradients are smaller: it wants a
        larger `learning_rate`, 0.02 to 0.05 in place of the default.
    feedback : "random" or "aligned"
        Feedback weights at the start; aligned: the product of the weights that lead to the output.
    steps : int
        Time steps of a sample.
    soft_start : int
        The first step in which there is an error, below `steps`.
    decay : float
        What membranes and traces keep from step to step, in [0, 1].
    threshold, window, amplitude : float
        The surrogate derivative of a spike is `amplitude` where \\|v - threshold\\| < window, else 0. With a window above the threshold,
        neurons at rest can learn to spike; the published window is as wide as the threshold.
    sleep : bool
        Whether a sleep follows each batch.
    sleep_steps : int
        Time steps of a sleep.
    sleep_rate : float
        Learning rate of the feedback weights.
    sleep_power : int
        p of the mean of O^p in the feedback's decay, O being an output neuron's spikes in a sleep.
    sleep_draw : "batch", "sample" or "step"
        How often the probability of a sleep's spikes is drawn anew.
    averages_sleep : bool
        Whether correlations in a sleep are means over its samples, not sums.
    learning_rate : float
        Of weights and biases, by plain descent.
    batch_size : int
        Samples per step; fewer that are left at the end of an epoch take so much smaller a step.
    epochs : int
    seed : int
        Of weights, feedback, the order of samples, encoding and sleep.
    counts : "running" or "final"
        Which output spikes the softmax of a step's error counts: those so far, or those of the whole sample.
    counts_from : int
        The first step whose output spikes count in the error.
    traces_from : int
        The first step whose surrogate derivatives enter the gradient.
    includes_threshold : bool
        Whether an error neuron spikes at its threshold too, not only above it.
    integer : bool
        Whether all is whole numbers, as on Loihi: weights, biases and feedback in int8 times a power of two of their layer (see `units`),
        membranes in 24 bits, traces in 16, decays by multiplication and shift, updates rounded up or down by chance. Sums saturate. With
        one hidden layer, rule "biograd", and at most 65535 steps, sleep_steps and batch_size.
    engine : "host", "spinnaker2", spinnaker2.Engine, Chip or Board
        Where `run` and `counts` run, to the same bits unless packets are lost and only counted. On an emulated SpiNNaker2 programs for input,
        neurons, error neurons and sleep do, and its engine keeps account of them: ``training.engine.account()``. Of an engine's options
        those for chip, copies, placement, FIFOs, power and `credit` matter; steps are the training's own. Rule "bptt" and integers have no
        programs.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its domain.
    MemoryError
        When a network is run that does not fit the chip; before anything runs.

    Notes
    -----
    Tang et al., arXiv 2110.14092. Samples are (n_samples, n_inputs) probabilities in [0, 1], by which an input spikes in each step, drawn
    anew at each showing; or `SpikeTrains` with `step_time` in seconds: a spike at time t comes in the last step k with k step_time <= t.

    Examples
    --------
    >>> import numpy as np
    >>> import spinnprop as sp
    >>> X = np.repeat([[0.9, 0.1], [0.1, 0.9]], 20, axis=0)
    >>> y = np.repeat([0, 1], 20)
    >>> training = sp.BioGrad([2, 10, 2], epochs=5, batch_size=10, learning_rate=0.1)
    >>> training.run(X, y)
    True
    >>> training.history.shape
    (5,)
    """

    __slots__ = ("_handle", "_runs_on", "_sizes")

    _sizes: Tuple[int, ...]

    def __init__(
        self,
        layer_sizes: Sequence[int],
        *,
        rule: str = "biograd",
        feedback: str = "random",
        steps: int = 20,
        soft_start: int = 5,
        decay: float = 0.5,
        threshold: float = 0.5,
        window: float = 1.0,
        amplitude: float = 1.0,
        sleep: bool = True,
        sleep_steps: int = 50,
        sleep_rate: float = 3.33e-5,
        sleep_power: int = 2,
        sleep_draw: str = "sample",
        averages_sleep: bool = False,
        learning_rate: float = 5e-3,
        batch_size: int = 32,
        epochs: int = 60,
        seed: int = 0,
        counts: str = "running",
        counts_from: int = 0,
        traces_from: int = 0,
        includes_threshold: bool = False,
        integer: bool = False,
        engine: Union[str, Engine, Chip, Board] = "host",
    ) -> None:
        self.engine = engine
        own = partial(checks.option, of=_core.DOMAINS_BIOGRAD)
        sizes = checks.array(layer_sizes, np.int64, "layer_sizes", ndim=1)
        options = {
            "rule": checks.choice(rule, "rule", _RULES),
            "feedback": checks.choice(feedback, "feedback", _FEEDBACK),
            "steps": own(steps, "steps"),
            "soft_start": own(soft_start, "soft_start"),
            "decay": own(decay, "decay"),
            "threshold": own(threshold, "threshold"),
            "window": own(window, "window"),
            "amplitude": own(amplitude, "amplitude"),
            "sleep": int(checks.boolean(sleep, "sleep")),
            "sleep_steps": own(sleep_steps, "sleep_steps"),
            "sleep_rate": own(sleep_rate, "sleep_rate"),
            "sleep_power": own(sleep_power, "sleep_power"),
            "sleep_draw": checks.choice(sleep_draw, "sleep_draw", _DRAWS),
            "averages_sleep": int(checks.boolean(averages_sleep, "averages_sleep")),
            "learning_rate": own(learning_rate, "learning_rate"),
            "batch_size": own(batch_size, "batch_size"),
            "epochs": own(epochs, "epochs"),
            "seed": checks.integer(seed, "seed", 0, checks.UINT64),
            "counts": checks.choice(counts, "counts", _COUNTS),
            "counts_from": own(counts_from, "counts_from"),
            "traces_from": own(traces_from, "traces_from"),
            "includes_threshold": int(checks.boolean(includes_threshold, "includes_threshold")),
            "integer": int(checks.boolean(integer, "integer")),
        }
        self._take(_core.biograd_create(sizes, options))

    def run(
        self,
        X: Any,
        y: Any,
        *,
        step_time: Optional[float] = None,
        checkpoint: Optional[PathLike] = None,
        progress: Progress = None,
    ) -> bool:
        """Trains until all epochs are done or `progress` asks to stop; called again with the same data, it goes on.

        Other data are refused: another training, with these weights if they are `set`, learns from those. While it runs, in `progress` too, nothing
        else of this training can be asked; `copy` it between two runs.

        Parameters
        ----------
        X : (n_samples, n_inputs) float in [0, 1], or SpikeTrains
        y : (n_samples,) int
            Labels, 0 .. n_outputs - 1.
        step_time : float or None
            Seconds per step, of SpikeTrains alone.
        checkpoint : path or None
            A file that is written as by `save` after each epoch and when the run is stopped: `load` it to go on from there.
        progress : callable or None
            Now and then given a dict with the keys epoch, n_epochs, done, total (batches of this epoch), epoch_finished, loss, accuracy
            among those that `Trainer.run` has, the others NaN; returns True to stop, None or False to go on.

        Returns
        -------
        bool
            False if `progress` asked to stop.

        Raises
        ------
        KeyboardInterrupt
            On Ctrl-C. What was learnt so far is kept; call again to go on.
        ValueError, TypeError, SpinnpropError
            If the data do not fit, or a step leaves float32.
        """
        file = None if checkpoint is None else checks.path(checkpoint, "checkpoint")
        own = self._input(X, step_time)
        return _core.biograd_run(self._handle, own, checks.labels(y), self._core_engine, file, progress)

    def save(self, path: PathLike) -> None:
        """Writes all that the training is, its options and history too, to a safetensors file with a checksum: numbers only, no pickle. A
        crash leaves the old file as it was.

        Raises
        ------
        FileNotFoundError
            If the folder does not exist.
        SpinnpropError
            If the file cannot be written.

        Examples
        --------
        >>> import spinnprop as sp, tempfile, os
        >>> path = os.path.join(tempfile.mkdtemp(), "training.safetensors")
        >>> sp.BioGrad([4, 10, 2]).save(path)
        >>> sp.BioGrad.load(path)
        BioGrad([4, 10, 2], epochs_done=0)
        """
        _core.biograd_save(self._handle, checks.path(path))

    @classmethod
    def load(cls, path: PathLike) -> BioGrad:
        """Reads a training that `save` or a run's checkpoint wrote; it goes on to the same bits.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        SpinnpropError
            If it cannot be read, is damaged, or is no training.
        """
        return cls._of(_core.biograd_load(checks.path(path)))

    def counts(
        self, X: Any, *, step_time: Optional[float] = None, showing: int = 0, progress: Progress = None
    ) -> npt.NDArray[np.int32]:
        """The spikes of each output neuron: (n_samples, n_outputs) int32.

        showing : int
            Which drawing of probabilities it is. It depends on the sample itself, not on its place among others.
        progress : callable or None
            Now and then given a dict with the keys done and total, in samples; returns True to stop, which raises SpinnpropError.
        """
        own = self._input(X, step_time)
        counts = np.empty((len(X), self.layer_sizes[-1]), np.int32)
        place = checks.integer(showing, "showing", 0, 2**28 - 1)
        _core.biograd_counts(counts, self._handle, own, place, self._core_engine, progress)
        return counts

    def predict(self, X: Any, *, step_time: Optional[float] = None, showing: int = 0) -> npt.NDArray[np.int64]:
        """The output neuron that spikes most, the first of several, -1 where none does: (n_samples,) int64."""
        return answers(self.counts(X, step_time=step_time, showing=showing))

    def gradient(
        self, X: Any, y: Any, *, step_time: Optional[float] = None, showing: int = 0, progress: Progress = None
    ) -> Tuple[List[npt.NDArray[np.float64]], List[npt.NDArray[np.float64]]]:
        """The mean gradient over all samples by the training's rule: of the weights, (n, n_before) for each layer, and of the biases.

        showing : int
            Which drawing of probabilities it is. As in `run`, it depends on a sample's place.
        progress : callable or None
            As in `counts`.
        """
        shapes = list(zip(self.layer_sizes[1:], self.layer_sizes))
        weights = np.empty(sum(n * before for n, before in shapes))
        biases = np.empty(sum(self.layer_sizes[1:]))
        place = checks.integer(showing, "showing", 0, 2**28 - 1)
        _core.biograd_gradient(weights, biases, self._handle, self._input(X, step_time), checks.labels(y), place, progress)
        ends = np.cumsum([n * before for n, before in shapes])[:-1]
        parts = np.split(weights, ends)
        return (
            [part.reshape(shape) for part, shape in zip(parts, shapes)],
            np.split(biases, np.cumsum(self.layer_sizes[1:])[:-1]),
        )

    def wake(self, X: Any, *, step_time: Optional[float] = None, progress: Progress = None) -> None:
        """Scales initial weights up until each layer spikes on the first 150 samples: neurons in a tenth of the steps, the output in nearly
        every sample. Weights of layers that do are left alone, and all weights if the network cannot be woken. Several
        runs, whose samples `progress` (as in `counts`) counts one run after another."""
        _core.biograd_wake(self._handle, self._input(X, step_time), progress)

    def sleep(self, n_samples: int, *, progress: Progress = None) -> None:
        """Sleeps once with so many samples, as after a batch: all of it, or nothing. `progress`, as in `counts`, counts them once for each hidden
        layer."""
        _core.biograd_sleep(self._handle, checks.integer(n_samples, "n_samples", 1, 2**40), progress)

    @property
    def layer_sizes(self) -> Tuple[int, ...]:
        """Inputs, then the neurons of each layer."""
        return self._sizes

    @property
    def weights(self) -> List[npt.NDArray[np.float64]]:
        """Copies of the weights of each layer, (n, n_before)."""
        return self._arrays("weights", len(self.layer_sizes) - 1)

    @property
    def biases(self) -> List[npt.NDArray[np.float64]]:
        """Copies of the biases of each layer, (n,)."""
        return self._arrays("biases", len(self.layer_sizes) - 1)

    @property
    def feedback(self) -> List[npt.NDArray[np.float64]]:
        """Copies of the feedback weights of each hidden layer, (n, n_outputs)."""
        return self._arrays("feedback", len(self.layer_sizes) - 2)

    @property
    def units(self) -> npt.NDArray[np.float64]:
        """What a 1 of an integer training stands for: (layers, 2), of weights and biases, and of feedback; 0 in float32."""
        units = np.empty((len(self.layer_sizes) - 1, 2))
        for layer, own in enumerate(units):
            _core.biograd_get(own, self._handle, _core.BIOGRAD_UNITS, layer)
        return units

    def set(self, name: str, layer: int, values: Any) -> None:
        """Replaces an array of a layer, rounded to float32, or to the multiples of `units` that int8 counts.

        Parameters
        ----------
        name : "weights", "biases" or "feedback"
        layer : int
            Counted from 0; feedback is of hidden layers alone.
        values : array
            Of the shape that the property of this name has.
        """
        parameter = checks.choice(name, "name", _ARRAYS)
        if name == "feedback" and len(self.layer_sizes) == 2:
            raise ValueError("name is 'feedback', but there is no hidden layer, which alone has feedback weights")
        place = checks.integer(layer, "layer", 0, len(self.layer_sizes) - (3 if name == "feedback" else 2))
        array = checks.array(values, np.float64, name)
        checks.shape(array, self._shape(name, place), name)
        _core.biograd_set(self._handle, parameter, place, array)

    @property
    def options(self) -> Dict[str, Any]:
        """The keywords it was made with."""
        options: Dict[str, Any] = _core.biograd_get_options(self._handle)
        for name, words in _CHOICES.items():
            options[name] = next(word for word, number in words.items() if number == options[name])
        for name in _FLAGS:
            options[name] = bool(options[name])
        return options

    @property
    def epochs(self) -> int:
        """Passes over the data, in all; assign to have the training go on for longer, or end earlier."""
        count: int = _core.biograd_get_options(self._handle)["epochs"]
        return count

    @epochs.setter
    def epochs(self, count: int) -> None:
        _core.biograd_set_epochs(self._handle, checks.option(count, "epochs", of=_core.DOMAINS_BIOGRAD))

    @property
    def epochs_done(self) -> int:
        """Epochs that are finished."""
        return _core.biograd_describe(self._handle)["epochs_done"]

    @property
    def history(self) -> npt.NDArray[Any]:
        """One row per epoch: loss, accuracy (silent samples count as wrong), silent (their fraction), and for each layer spikes (per sample),
        for each hidden layer angle (degrees between its feedback and the product of the weights to the output) and norm_ratio (of both).
        Rule "bptt" reads no feedback: there they say nothing of what is learnt."""
        rows = _core.biograd_history(self._handle)
        layers = len(self.layer_sizes) - 1
        spikes = np.empty((len(rows), layers))
        angles, ratios = np.empty((len(rows), layers - 1)), np.empty((len(rows), layers - 1))
        _core.biograd_curves(spikes, angles, ratios, self._handle)
        history = np.empty(
            len(rows),
            [(name, "f8") for name in ("loss", "accuracy", "silent")]
            + [("spikes", "f8", (layers,)), ("angle", "f8", (layers - 1,)), ("norm_ratio", "f8", (layers - 1,))],
        )
        for name in ("loss", "accuracy", "silent"):
            history[name] = [row[name] for row in rows]
        history["spikes"], history["angle"], history["norm_ratio"] = spikes, angles, ratios
        history.flags.writeable = False
        return history

    @property
    def alignment(self) -> Tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Angle and norm ratio of each hidden layer's feedback as they are now; see `history`. Worked out anew each time."""
        angles, ratios = np.empty(len(self.layer_sizes) - 2), np.empty(len(self.layer_sizes) - 2)
        _core.biograd_alignment(angles, ratios, self._handle, None)
        return angles, ratios

    def __copy__(self) -> BioGrad:
        return self._of(_core.biograd_copy(self._handle), self.engine)

    def __deepcopy__(self, memo: Any) -> BioGrad:
        return self._of(_core.biograd_copy(self._handle), copy(self.engine))

    def __reduce__(self) -> Tuple[Any, ...]:
        return BioGrad._from_bytes, (_core.biograd_to_bytes(self._handle), self.engine)

    @classmethod
    def _from_bytes(cls, data: bytes, engine: Optional[Engine]) -> BioGrad:
        return cls._of(_core.biograd_from_bytes(data), engine)

    @classmethod
    def _of(cls, handle: Any, engine: Optional[Engine] = None) -> BioGrad:
        made = cls.__new__(cls)
        made._runs_on = engine
        made._take(handle)
        return made

    def _take(self, handle: Any) -> None:
        self._handle = handle
        sizes = np.empty(_core.biograd_describe(handle)["n_layers"] + 1, np.int64)
        _core.biograd_layer_sizes(sizes, handle)
        self._sizes = tuple(sizes.tolist())

    def __repr__(self) -> str:
        try:
            return f"BioGrad({list(self.layer_sizes)}, epochs_done={self.epochs_done})"
        except _core.SpinnpropError:
            return f"BioGrad({list(self.layer_sizes)}, running)"

    def _repr_html_(self) -> Optional[str]:
        try:
            return overviews.biograd(self)
        except _core.SpinnpropError:
            return None

    @property
    def engine(self) -> Optional[Engine]:
        """What runs it: a spinnaker2.Engine, or None for the host. May be set to what the keyword may be; files do not keep it."""
        return self._runs_on

    @engine.setter
    def engine(self, engine: Union[None, str, Engine, Chip, Board]) -> None:
        self._runs_on = _engine(engine)

    @property
    def _core_engine(self) -> Optional[object]:
        return None if self._runs_on is None else self._runs_on._handle

    def _shape(self, name: str, layer: int) -> Tuple[int, ...]:
        n = self.layer_sizes[layer + 1]
        return {"weights": (n, self.layer_sizes[layer]), "biases": (n,), "feedback": (n, self.layer_sizes[-1])}[name]

    def _arrays(self, name: str, count: int) -> List[npt.NDArray[np.float64]]:
        arrays: List[npt.NDArray[np.float64]] = []
        for layer in range(count):
            values = np.empty(self._shape(name, layer))
            _core.biograd_get(values, self._handle, _ARRAYS[name], layer)
            shown: ReadOnly = values.view(ReadOnly)
            shown._remedy = f'change a copy and hand it to set("{name}", {layer}, copy)'
            shown.flags.writeable = False
            arrays.append(shown)
        return arrays

    def _input(self, X: Any, step_time: Optional[float]) -> Tuple[Any, int, int, Any, float]:
        if isinstance(X, SpikeTrains):
            if step_time is None:
                raise ValueError("X is SpikeTrains; give step_time, the seconds that a step takes")
            return None, 0, 1, X._arrays, checks.real(step_time, "step_time")
        if step_time is not None:
            raise ValueError(f"step_time is {step_time!r}, but X has probabilities, which have no times; leave it out")
        values = checks.array(X, np.float64, "X", ndim=2)
        if values.shape[1] != self.layer_sizes[0]:
            raise ValueError(f"X has {values.shape[1]} columns; the network has {self.layer_sizes[0]} inputs")
        return values, values.shape[0], values.shape[1], None, 0.0


def _engine(engine: Any) -> Optional[Engine]:
    """What runs a training: None for the host."""
    if engine is None:
        return None
    if isinstance(engine, str):
        return Engine() if checks.choice(engine, "engine", {"host": 0, Engine.name: 1}) else None
    if isinstance(engine, (Chip, Board)):
        return Engine(engine)
    if isinstance(engine, Engine):
        return engine
    raise TypeError(
        f'engine is {checks.shown(engine)}; it must be "host", "{Engine.name}", a spinnaker2.Engine, a spinnaker2.Chip or a '
        "spinnaker2.Board"
    )


def answers(counts: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """The output neuron that spiked most, the first of several, -1 where none did: (n_samples,) int64."""
    return np.where(counts.any(axis=1), counts.argmax(axis=1), -1).astype(np.int64)
