"""Training: the core's trainer for networks and spike trains."""

from __future__ import annotations

import copy
import math
import warnings
import zlib
from concurrent.futures import Executor
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, List, Mapping, NoReturn, Optional, Tuple, Union

import numpy as np

from . import _core
from ._batches import run_batches
from ._engines.names import EngineLike, resolve
from ._gradients import Gradients
from ._library import __version__, must_be_here
from ._network import Network, _forward_options
from ._recording import Recording, _fields
from ._spikes import SpikeTrains, trains
from ._support import checks
from ._support.callers import caller_level
from ._support.jobs import must_be_sendable
from ._support.training import (
    DELAY_PARAMETERS,
    NEURONS,
    OPTIMIZERS,
    SCHEDULES,
    TRAINED,
    Rates,
    delay_init_fields,
    layer_rates,
    neuron_rates,
    trained_kinds,
)
from ._support.types import Float64Array, Int64Array, PathLike, Progress, Supervision
from .losses import (
    Custom,
    Loss,
    RateRegularisation,
    SpikeCountCrossEntropy,
    SpikeCountMSE,
    SpikeTimeMSE,
    VIntegralCrossEntropy,
    VMaxCrossEntropy,
)

if TYPE_CHECKING:
    import numpy.typing as npt


def _remembered(y: Any, n_outputs: int) -> Tuple[Optional[Int64Array], Optional[Float64Array]]:
    """What the core knows of targets that are anything: labels, of which it counts the right ones, or a checksum for each sample, by which it
    tells that a run goes on with the same."""
    if isinstance(y, np.ndarray) and y.ndim == 1 and y.dtype.kind in "iu" and ((y >= 0) & (y < n_outputs)).all():
        return y.astype(np.int64), None
    return None, _checksums(y)


def _checksums(y: Any) -> Float64Array:
    rows = (b"".join(map(np.ndarray.tobytes, row)) if isinstance(row, tuple) else _bytes(row) for row in y)
    return np.array([[zlib.crc32(row)] for row in rows], np.float64).reshape(len(y), 1)


def _bytes(row: Any) -> bytes:
    return repr(row).encode() if np.asarray(row).dtype.hasobject else np.ascontiguousarray(row).tobytes()


def _run_batch(
    version: str, options: Dict[str, Any], network: Network, spikes: SpikeTrains, y: Any, weights: Optional[Float64Array]
) -> Float64Array:
    """What a batch gives a trainer with such options that has it run elsewhere."""
    must_be_here(version, "who sends it work")
    return Trainer(network, **options)._batch(spikes, y, weights)


class Trainer:
    """Trains a copy of a network by mini-batches.

    `history` has a row for each epoch of `run`. It is a structured array of NumPy, no dict: ``history["loss"]`` is a column, ``history.dtype.names`` has
    the names of all, and ``"loss" in history`` or ``history.keys()`` fail.

    Parameters
    ----------
    network : Network
        Copied; take the trained one from `network`.
    loss : Loss or None
        None: the engine's own choice for the read-out, with the network's time constants: seconds are those of the loss's
        defaults times (tau_mem + tau_syn) / 25 ms, the mean over layers.
    engine, t_end, max_spikes
        As in `Network.forward`; max_spikes for each batch_size samples of a run, of training or validation.
    gradient_engine : None, "event", "clock", "spinnaker2", "first-spike", "brainscales2" or an engine object
        The gradient rule, as in `Network.gradient`; None: the engine's own. With an emulated chip as `engine` and its twin here,
        the chip runs forward, and gradients and updates are the host's.
    rate : RateRegularisation or None
        Added to the loss.
    epochs : int
        Passes through the training set.
    batch_size : int
        Samples per step; a partial last batch is used.
    accumulate : int
        Batches per step: the gradient is that of the mean over all their samples, as of one batch so much larger up to rounding (means that `rate`
        looks at are those of each batch), with the memory that one batch takes. On chips that are noisy each batch is a run of its own.
    average_epochs : int
        More than 1: `network`, and what is judged on validation data, is the mean of the parameters at the ends of so many last epochs, or of all
        while there are fewer. Training goes on from the parameters themselves.
    seed : int
        Seeds the order of samples, input dropout and initial delays.
    optimizer : "sgd", "adam" or "adamw"
    train : list of str, or None
        What is trained, of "weights", "delays" (recurrent ones among them), "tau_mem", "tau_syn", "threshold", "reset" and
        "drive"; None: weights, and delays that have a learning rate. Neuron parameters by the gradient rule of "event" alone. Neurons of a
        layer that share a value go on sharing it; where any two differ, each has its own.
    learning_rate : float, or one for each layer
        Of weights; recurrent and skipping connections have that of the layer they lead to. 0 freezes: a layer's weights keep their bits,
        whatever weight_decay and bump would have, and their gradient does not count in clip_norm. Likewise of the next two.
    neuron_learning_rate : float, or one for each layer, or a dict of kinds
        {"tau_mem": 1e-2, "threshold": [0, 1e-3]}: kinds that it leaves out have the default. Per step, of numbers p without a unit that
        begin at 0: tau_mem, tau_syn and threshold are what they were times exp(p), a reset
        or drive what it was plus p thresholds, resets kept below the threshold. Where a drive may reach its threshold on the way, give t_end.
    delay_learning_rate : float, or one for each layer
        Per step, of what is trained: seconds, or a number without a unit with a sigmoid. 0 leaves delays as they are, outside their
        range, too: delay_parameter, _shift, _scale, _l1 and _l2 are for delays that are trained, or drawn by delay_init.
    delay_parameter : "clip" or "sigmoid"
        What is trained. "clip": delays, in seconds, brought back into their range after each step; "sigmoid": a number p without
        a unit, delay = delay_shift + delay_scale / (1 + exp(-p)), so that delays must begin inside their range, its ends not
        included. Limits of gradients (clip_value, clip_norm) and epsilon are for gradients of what is trained; of delays in
        seconds in the time of a network with default time constants.
    delay_shift, delay_scale : float, float or None
        Seconds: delays lie in [delay_shift, delay_shift + delay_scale]. A scale of None is no upper limit, or for a sigmoid the
        network's mean tau_syn.
    delay_l1, delay_l2 : float
        Per second and per second squared: sum of delay_l1 * delay + delay_l2 * delay**2 / 2 over all delays, added to the loss
        that is descended, not to the one in the history. With "clip", delays that do not pay end at exactly delay_shift by
        delay_l1.
    delay_init : None or (float, float)
        Mean and standard deviation of what is trained, drawn when the trainer is made; delays that are clipped are brought into
        their range. None: the network's delays. DelGrad has (0, 0.25) with a sigmoid. What `Network.wake` made of the weights
        was for the delays before: where volleys that are drawn apart would leave neurons silent, set the network's delays, then wake it.
        The estimator wakes its network with the delays that are drawn.
    momentum : float
        Of SGD, in [0, 1).
    beta1, beta2, epsilon : float
        Decay of the mean gradient and of the mean square, and what is added to its root (Adam, AdamW).
    weight_decay : float
        An L2 term (SGD, Adam), or decoupled (AdamW).
    schedule : "constant", "step", "exponential", "smooth", or a callable
        A callable gives the factor of all learning rates in an epoch, counted from 0: ``lambda epoch: 0.5 ** (epoch // 10)``. Else they are
        times schedule_gamma every schedule_epochs epochs (step), every epoch (exponential), or as much
        in the course of an epoch, by an equal factor after every batch (smooth).
    clip_value, clip_norm : float
        Largest magnitude of a gradient's entry, and largest Euclidean norm of the whole; inf: off.
    bump : float
        First amount added to the weights of silent neurons, doubled while they stay so; 0: off.
    bump_hidden_limit, bump_output_limit : float
        The silent fraction of a layer above which its silent neurons are bumped.
    bump_pairs : bool
        What is silent: neurons, in all samples of a batch, or, as Goeltz et al. have it (arXiv 1912.11443), pairs of a sample and
        a neuron; then all neurons that miss a sample are bumped.
    input_dropout : float
        Probability with which an input spike is left out in training.
    patience : int
        Epochs without a better validation loss before stopping; 0: never.
    restore_best : bool
        Whether to end with the parameters of the best validation loss.
    checkpoint : path or None
        Written atomically every `checkpoint_every` epochs; with `resume`, training goes on from it if it exists: with more epochs, other learning
        rates and another schedule, average_epochs, patience and restore_best, if you like; all else must be as it was.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its domain.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(300)
    >>> trainer = sp.Trainer(sp.Network([5, 30, 3]), epochs=2, batch_size=50)
    >>> trainer.run(sp.encoding.latency(X, bias=0.0), y)
    True
    >>> trainer.history["accuracy"].shape
    (2,)
    >>> "hidden_spikes" in trainer.history.dtype.names
    True
    """

    __slots__ = ("_handle", "_loss", "_sizes", "_epochs", "_schedule", "_rates", "_of_batches", "_batch_size", "_input_dropout", "_of_quiet_weights")

    def __init__(
        self,
        network: Network,
        loss: Optional[Loss] = None,
        *,
        engine: EngineLike = "event",
        t_end: Optional[float] = None,
        max_spikes: Optional[int] = None,
        gradient_engine: Optional[EngineLike] = None,
        rate: Optional[RateRegularisation] = None,
        epochs: int = 100,
        batch_size: int = 150,
        accumulate: int = 1,
        average_epochs: int = 1,
        seed: int = 0,
        optimizer: str = "adam",
        train: Optional[Iterable[str]] = None,
        learning_rate: Rates = 2e-2,
        neuron_learning_rate: Union[Rates, Mapping[str, Rates]] = 1e-2,
        delay_learning_rate: Rates = 0.0,
        delay_parameter: str = "clip",
        delay_shift: float = 0.0,
        delay_scale: Optional[float] = None,
        delay_l1: float = 0.0,
        delay_l2: float = 0.0,
        delay_init: Optional[Tuple[float, float]] = None,
        momentum: float = 0.0,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
        schedule: Union[str, Callable[[int], float]] = "exponential",
        schedule_epochs: int = 20,
        schedule_gamma: float = 0.96,
        clip_value: float = math.inf,
        clip_norm: float = 0.1,
        bump: float = 0.0,
        bump_hidden_limit: float = 0.3,
        bump_output_limit: float = 0.0,
        bump_pairs: bool = False,
        input_dropout: float = 0.0,
        patience: int = 0,
        restore_best: bool = False,
        checkpoint: Optional[PathLike] = None,
        checkpoint_every: int = 1,
        resume: bool = False,
    ) -> None:
        if not isinstance(network, Network):
            raise TypeError(f"network is {type(network).__name__!r}; it must be a Network")
        runs_on = resolve(engine)
        self._sizes = network.layer_sizes[1:]
        if rate is not None and not isinstance(rate, RateRegularisation):
            raise TypeError(f"rate is {rate!r}; it must be a spinnprop.losses.RateRegularisation")
        own = partial(checks.option, of=_core.DOMAINS_TRAINING)
        n_layers = len(self._sizes)
        weight_rates = layer_rates(learning_rate, "learning_rate", n_layers)
        delay_rates = layer_rates(delay_learning_rate, "delay_learning_rate", n_layers)
        trained = trained_kinds(train) if train is not None else ["weights", *(["delays"] if any(delay_rates) else [])]
        of_neurons = neuron_rates(neuron_learning_rate, n_layers, trained)
        self._schedule = schedule if callable(schedule) else None
        self._of_batches: Dict[str, Any] = {
            **{"engine": engine, "t_end": t_end, "max_spikes": max_spikes, "gradient_engine": gradient_engine},
            **{"rate": rate, "bump": bump, "bump_pairs": bump_pairs, "train": ["weights", *(kind for kind in trained if kind in NEURONS)]},
        }
        #: What is to be done where weights are too small; who has made the network for somebody else says otherwise.
        self._of_quiet_weights = "scale the weights up to the data before the trainer is made, net.wake(spikes, t_end=t_end), or give larger ones"
        self._epochs: int = own(epochs, "epochs")
        self._batch_size: int = own(batch_size, "batch_size")
        self._input_dropout: float = own(input_dropout, "input_dropout")
        self._handle = _core.trainer_create(
            network._handle,
            {
                "epochs": self._epochs,
                "batch_size": self._batch_size,
                "accumulate": own(accumulate, "accumulate"),
                "average_epochs": own(average_epochs, "average_epochs"),
                "seed": checks.integer(seed, "seed", 0, checks.UINT64),
                "optimizer": checks.choice(optimizer, "optimizer", OPTIMIZERS),
                **({} if train is None else {"train": sum(TRAINED[name] for name in set(trained))}),
                "learning_rate": max(weight_rates),
                "delay_learning_rate": max(delay_rates),
                "delay_parameter": checks.choice(delay_parameter, "delay_parameter", DELAY_PARAMETERS),
                "delay_shift": own(delay_shift, "delay_shift"),
                **({} if delay_scale is None else {"delay_scale": own(delay_scale, "delay_scale")}),
                "delay_l1": own(delay_l1, "delay_l1"),
                "delay_l2": own(delay_l2, "delay_l2"),
                **({} if delay_init is None else delay_init_fields(delay_init)),
                "momentum": own(momentum, "momentum"),
                "beta1": own(beta1, "beta1"),
                "beta2": own(beta2, "beta2"),
                "epsilon": own(epsilon, "epsilon"),
                "weight_decay": own(weight_decay, "weight_decay"),
                **({} if callable(schedule) else {"schedule": checks.choice(schedule, "schedule", SCHEDULES)}),
                "schedule_epochs": own(schedule_epochs, "schedule_epochs"),
                "schedule_gamma": own(schedule_gamma, "schedule_gamma"),
                "clip_value": own(clip_value, "clip_value"),
                "clip_norm": own(clip_norm, "clip_norm"),
                "bump": own(bump, "bump"),
                "bump_hidden_limit": own(bump_hidden_limit, "bump_hidden_limit"),
                "bump_output_limit": own(bump_output_limit, "bump_output_limit"),
                "bump_pairs": int(checks.boolean(bump_pairs, "bump_pairs")),
                "input_dropout": self._input_dropout,
                "patience": own(patience, "patience"),
                "restore_best": int(checks.boolean(restore_best, "restore_best")),
                "checkpoint_path": None if checkpoint is None else checks.path(checkpoint, "checkpoint"),
                "checkpoint_every": own(checkpoint_every, "checkpoint_every"),
                "resume": int(checks.boolean(resume, "resume")),
            },
            _forward_options(runs_on, t_end, max_spikes),
            None if loss is None else _fields(loss),
            {
                **({} if rate is None else rate._fields()),
                **({} if gradient_engine is None else {"engine": resolve(gradient_engine)._handle}),
            },
        )
        # Of the network that the run began with, whose time constants it follows.
        self._loss = runs_on._default_loss(_core.trainer_beginning(self._handle)) if loss is None else loss
        self._of_batches["loss"] = self._loss
        usual = checks.domains(_core.DOMAINS_TRAINING)["neuron_learning_rate"]["initial"]
        rates = {"weights": weight_rates, "delays": delay_rates, **neuron_rates(usual, n_layers, trained), **of_neurons}
        self._rates = {kind: own for kind, own in rates.items() if kind in trained}
        self._set_rates(self._rates)

    def _set_rates(self, rates: Mapping[str, List[float]]) -> None:
        for kind in rates:
            if kind not in self._rates:
                raise ValueError(f"{kind} are not trained; name them in train when the trainer is made")
        for kind, own in rates.items():
            _core.trainer_set_learning_rates(self._handle, TRAINED[kind], np.array(own))
            self._rates[kind] = own

    def run(
        self,
        spikes: SpikeTrains,
        y: Any,
        validation: Optional[Union[Tuple[SpikeTrains, Any], Tuple[SpikeTrains, Any, Any]]] = None,
        progress: Progress = None,
        *,
        sample_weight: Any = None,
        callbacks: Iterable[Callable[[Trainer], object]] = (),
        executor: Optional[Executor] = None,
    ) -> bool:
        """Trains until all epochs are done, patience ends, or `progress` or a callback asks to stop; called again, it goes on.

        Parameters
        ----------
        spikes : SpikeTrains
        y : (n_samples,) int64, or (n_samples, n_outputs) float64
            Labels, 0 .. n_outputs - 1; or targets: seconds, +inf for none, for `losses.SpikeTimeMSE`, membranes for `losses.VMaxMSE`, counts for
            `losses.SpikeCountMSE`; of other shapes for `losses.MembraneMSE` and `losses.VanRossum`;
            for `losses.Custom` any array whose first axis is the sample, or SpikeTrains. Accuracies are of labels alone.
        validation : None, or (SpikeTrains, y), or (SpikeTrains, y, sample_weight)
            Judged after every epoch; labels or targets, as `y`.
        progress : callable or None
            Now and then, and at the end of each epoch, given a dict with the keys epoch, n_epochs, done, total (batches
            of this epoch), epoch_finished, loss, accuracy, validation_loss, validation_accuracy, hidden_spikes,
            output_spikes (per sample), skipped; returns True to stop, None or False to go on.
        sample_weight : (n_samples,) float64, optional
            What each sample's loss and its derivatives are multiplied by, finite and >= 0; None: 1. A batch's sum is divided by its number of
            samples all the same: whole numbers do what repeating samples would, but for that divisor. Accuracies and `skipped` count samples.
        callbacks : iterable of callables
            Called one after another at the end of each epoch, given the trainer, which stands still meanwhile: `network` and `history` can
            be read, learning rates and `epochs` set. One that returns True stops, None or False go on, all else is an error; what one raises,
            `run` raises, and the epochs before are kept. A checkpoint is written before each.
        executor : concurrent.futures.Executor or None
            Where the batches of each step are run, `accumulate` of them at once: threads, processes, or a cluster's (`executors`). Gradients are
            added up here, in the order of the batches, and validation runs here: every bit is the same as without an executor. With n samples a step
            on w workers, give batch_size = n / w and accumulate = w, or a multiple of w. What runs on a worker that dies is done again where
            the executor does that (Ray, Dask, `executors.processes`); else its error comes out here, and `run` goes on from the last step.

        Returns
        -------
        bool
            False if `progress` or a callback asked to stop.

        Raises
        ------
        KeyboardInterrupt
            On Ctrl-C, within 0.2 s. What was learnt so far is kept; call again to go on.
        ValueError, TypeError, SpinnpropError
            If the data do not fit the network, or a run passes max_spikes; with an executor for an emulated SpiNNaker2, which keeps account of what
            runs on it, and where `rate` has no tau and time constants are trained.

        Warns
        -----
        RuntimeWarning
            If in the last epoch no hidden neuron spiked, no sample had an answer, or the loss was above that of the first epoch and outputs were silent, or
            the derivative is that of a function in `losses.Custom`; if plain counts of spikes, or such a function, have no derivative; if target times are
            of another unit than spikes; where patience has ended the training before, and nothing is done.
        """
        own = trains(spikes, "spikes")
        wanted, own_y = self._supervision(y, sample_weight, len(own))
        held_out, held_out_wanted, own_held_out_y = None, None, None
        if validation is not None:
            given: Any = validation
            has_weight = isinstance(given, (tuple, list)) and len(given) == 3
            held_out_spikes, held_out_y = checks.pair(given[:2] if has_weight else given, "validation", "(spikes, y)")
            held_out_weight = given[2] if has_weight else None
            held_out_own = trains(held_out_spikes, "validation[0]")
            if held_out_weight is None and sample_weight is not None and isinstance(self._loss, Custom):
                # Its function takes weights in each of its calls, or in none.
                held_out_weight = np.ones(len(held_out_own))
            held_out = held_out_own._arrays
            held_out_wanted, own_held_out_y = self._supervision(
                held_out_y, held_out_weight, len(held_out_own), "validation[1]", "validation[2]"
            )
            if (wanted[0] is None) != (held_out_wanted[0] is None):
                if isinstance(self._loss, Custom):
                    # Numbers of which only some look like labels are none.
                    wanted, held_out_wanted = (
                        (None, _checksums(one), told[2]) for one, told in ((own_y, wanted), (own_held_out_y, held_out_wanted))
                    )
                else:
                    raise ValueError(
                        f"y has {np.ndim(y)} and validation[1] {np.ndim(held_out_y)} dimensions; give labels or targets for both"
                    )
        checks.progress(progress)
        calls = [checks.function(call, f"callbacks[{n}]") for n, call in enumerate(checks.each(callbacks, "callbacks", "callables"))]
        function = self._function(own_y, own_held_out_y)
        batches = None if executor is None else self._elsewhere(checks.executor(executor), y, sample_weight)

        def go_on(progress: Progress) -> bool:
            return _core.trainer_run(
                self._handle, own._arrays, wanted, held_out, held_out_wanted, progress, self._factor(), function, batches
            )

        times = wanted[1] if isinstance(self._loss, SpikeTimeMSE) else None
        if times is not None:
            self._warn_of_units(own, times)
        begun, into_outputs = self.epochs_done, self._weights_into_outputs()
        is_over = self._all_epochs(go_on, progress, calls)
        if self.epochs_done > begun:
            first, last = self.history[0], self.history[-1]
            if not (self._warn_of_silence(first, last, own) or self._warn_of_standstill(last, into_outputs)):
                self._warn_of_a_rise(first, last, own, times)
                self._warn_of_maxima(last, own, self.epochs_done - begun)
        elif is_over and self.epochs_done < self.epochs:
            early = f"patience has ended the training after {self.epochs_done} of {self.epochs} epochs, and it does not go on"
            warnings.warn(f"{early}; resume a checkpoint with a larger patience, or with 0", RuntimeWarning, stacklevel=caller_level())
        return is_over

    def _all_epochs(self, go_on: Callable[[Progress], bool], progress: Progress, calls: List[Callable[..., Any]]) -> bool:
        """What `run` gives: in one go, or from one epoch's end to the next where there are callbacks."""
        if not calls:
            return go_on(progress)
        while True:
            done, has_stopped = self.epochs_done, False

            def watch(state: Dict[str, Any]) -> bool:
                nonlocal has_stopped
                is_at_the_end = bool(state["epoch_finished"])
                has_stopped = progress is not None and _core.asks_to_stop(progress(state), "progress")
                return has_stopped or is_at_the_end

            is_over = go_on(watch)
            if self.epochs_done > done:
                # Each is called, whatever those before it say.
                asks = [_core.asks_to_stop(call(self), f"callbacks[{n}] ({checks.named(call)})") for n, call in enumerate(calls)]
                has_stopped = any(asks) or has_stopped
            if is_over or has_stopped:
                return not has_stopped

    def _warn_of_silence(self, first: np.void, last: np.void, spikes: SpikeTrains) -> bool:
        """Says so where the last epoch had nothing to learn from, which a loss that stays where it is does not tell; gives whether it has."""
        if len(self._sizes) > 1 and last["hidden_spikes"] == 0:
            found = "no hidden neuron spiked in the last epoch: hidden layers learn nothing"
            has_fallen_silent, into = first["hidden_spikes"] > 0, 0
        elif last["skipped"] == 1:
            found = "no sample had an answer in the last epoch, as the outputs that should give it are silent: nothing is learnt from them"
            has_fallen_silent, into = first["skipped"] < 1, -1
        elif last["skipped"] > 0.5 > 5 * first["skipped"]:
            share = 100 * last["skipped"]
            found = f"{share:.3g} % of the samples had no answer in the last epoch, as outputs that should give it fell silent: nothing is learnt from these"
            has_fallen_silent, into = True, -1
        else:
            return False
        if not len(spikes.times):
            remedy = "the samples have no spikes; see where they were lost"
        elif (late := self._share_after_the_end(spikes)) > 0.5:
            t_end = self._of_batches["t_end"]
            remedy = f"{100 * late:.3g} % of the input spikes come after t_end = {t_end}; give times in seconds, or a larger t_end"
        # Where some answer, that they do to whole samples tells nothing.
        elif self._input_dropout and (into == 0 or last["skipped"] == 1) and self._answers_to_all(spikes, into):
            little = f"to samples that are whole they answer: with input_dropout = {self._input_dropout} too little is left"
            remedy = f"{little}; give a smaller one, or larger weights"
        elif has_fallen_silent:
            of_hidden = "a lower learning_rate keeps them awake, and a larger bump wakes neurons that fall silent"
            remedy = f"they spiked in the first one: {self._of_fallen_silent if into else of_hidden}"
            if isinstance(self._loss, Custom) and into == -1:
                remedy += "; a loss of one's own should leave out samples whose label's output is silent, which only push its rivals later, "
                remedy += "and pull the label's spike forward"
        elif not (self.network.weights[into] > 0).any():
            remedy = "no weight into them is above 0; give larger ones"
        elif self._is_far(lasting := spikes.times.max(initial=0.0)):
            remedy = f"input lasts {lasting:.3g} s, very long for the network's time constants: give longer ones, or time_unit='ms' with spikes in milliseconds"
        else:
            remedy = f"{self._of_quiet_weights}; see that t_end and delays leave time for a response"
        warnings.warn(f"{found}; {remedy}", RuntimeWarning, stacklevel=caller_level())
        return True

    def _weights_into_outputs(self) -> Optional[Float64Array]:
        """Those that a loss moves first, where there may be none that it moves."""
        is_plain = isinstance(self._loss, (SpikeCountCrossEntropy, SpikeCountMSE)) and self._loss.tau0 == math.inf
        is_learnt = any(self.learning_rate[-1:])
        return self.network.weights[-1] if is_learnt and (is_plain or isinstance(self._loss, Custom)) else None

    def _warn_of_standstill(self, last: np.void, before: Optional[Float64Array]) -> bool:
        """Says so where a loss that is not 0 has not moved weights into the outputs from what they were; gives whether it has."""
        if before is None or 0 in (last["loss"], last["learning_rate"]):
            return False
        after = self.network.weights[-1]
        # Engines with time steps round weights to float32 before they move them.
        if not (np.array_equal(before, after) or np.array_equal(before.astype(np.float32), after)):
            return False
        if isinstance(self._loss, Custom):
            remedy = "see by finite differences that the one which the function returns is that of its value"
        else:
            remedy = "whole spikes do not come and go by degrees; give a tau0 that is finite, about as long as the input lasts"
        warnings.warn(f"no weight into the outputs has moved, as the loss has no derivative: {remedy}", RuntimeWarning, stacklevel=caller_level())
        return True

    def _warn_of_a_rise(self, first: np.void, last: np.void, spikes: SpikeTrains, targets: Optional[Float64Array]) -> None:
        """Says so where the loss has risen in the course of a training, with what is most often behind it; `targets` are times."""
        if last["loss"] - first["loss"] <= 0.1 * abs(first["loss"]):
            return
        found = f"the loss rose from {first['loss']:.3g} in the first epoch to {last['loss']:.3g} in the last"
        remedies = []
        if (silent := self._silent_share(spikes, targets)) > 0.1:
            whose = "outputs" if targets is None else "outputs that have target times"
            found += f", and {100 * silent:.3g} % of the first spikes of {whose} are missing, of which nothing is learnt"
            remedies.append(self._of_fallen_silent)
        if isinstance(self._loss, Custom) and self._loss.autograd is None:
            remedies.append("see by finite differences that the derivative which the function returns is that of its value")
        if remedies:
            warnings.warn("; ".join([found, *remedies]), RuntimeWarning, stacklevel=caller_level())

    def _warn_of_maxima(self, last: np.void, spikes: SpikeTrains, epochs: int) -> None:
        """Says so where maxima of membranes tell little of the classes after many epochs of a run, though integrals would tell more."""
        by_chance = math.log(self._sizes[-1])
        if not isinstance(self._loss, VMaxCrossEntropy) or epochs < 10 or last["loss"] <= by_chance / 2:
            return
        usual = VIntegralCrossEntropy._over_input(spikes, self._of_batches["t_end"])
        if usual is None or resolve(self._of_batches["engine"]).name != "event":
            return
        found = f"the loss of the last epoch, {last['loss']:.3g}, is more than half of that by chance, log({self._sizes[-1]}) = {by_chance:.3g}"
        better = f"losses.VIntegralCrossEntropy(tau0={usual.tau0:.3g}, scale={usual.scale:.3g})"
        remedy = f"from weights as they are drawn maxima of membranes come together; loss={better} feels every spike"
        warnings.warn(f"{found}: {remedy}", RuntimeWarning, stacklevel=caller_level())

    @property
    def _of_fallen_silent(self) -> str:
        bump, has_pairs = self._of_batches["bump"], self._of_batches["bump_pairs"]
        more = f"a bump above {bump}" if bump and has_pairs else f"bump={bump or 0.01} with bump_pairs=True"
        return f"{more} wakes outputs for each sample that they miss, and a lower learning_rate helps them to stay awake"

    def _warn_of_units(self, spikes: SpikeTrains, targets: Float64Array) -> None:
        """Says so where no output can spike at a time that is wanted, though numbers of other units or meanings would be right."""
        first, last = float(targets.min(initial=math.inf)), float(spikes.times.max(initial=0.0))
        # Driven neurons spike at any time.
        is_late = 100 * last < first < math.inf and self._is_far(first) and not any(drive.any() for drive in self.network.drive)
        if checks.is_one_hot(targets):
            found = "y is 1 once in each row and else 0, which counts as times in seconds; give labels, y.argmax(axis=1)"
        elif is_late:
            found = f"target times begin at {first:.3g} s, and input ends at {last:.3g} s; give both in seconds"
        else:
            return
        warnings.warn(found, RuntimeWarning, stacklevel=caller_level())

    def _is_far(self, time: float) -> bool:
        """Whether a time is so long for the network that it may be of another unit."""
        net = self.network
        return time > 200 * max(float(np.max(own)) for own in (*net.tau_mem, *net.tau_syn))

    def _share_after_the_end(self, spikes: SpikeTrains) -> float:
        t_end = self._of_batches["t_end"]
        return 0.0 if t_end is None else float(np.mean(spikes.times >= t_end))

    def _answers_to_all(self, spikes: SpikeTrains, layer: int) -> bool:
        """Whether neurons of a layer respond where no input is left out."""
        seen = self._of_some(spikes)
        return seen is not None and len(seen.spikes[layer].times) > 0

    def _silent_share(self, spikes: SpikeTrains, targets: Optional[Float64Array]) -> float:
        """Of outputs, those that have a target if there are any, in some of the samples."""
        seen = self._of_some(spikes) if self.network.readout == "spiking" else None
        if seen is None:
            return 0.0
        times = seen.first_spike_times
        heard = np.isfinite(times if targets is None else times[np.isfinite(targets[: len(times)])])
        return 1.0 - float(np.mean(heard)) if heard.size else 0.0

    def _of_some(self, spikes: SpikeTrains) -> Optional[Recording]:
        """What a batch of samples does where no input is left out; a copy of the engine keeps account of that."""
        engine, t_end, max_spikes = (self._of_batches[name] for name in ("engine", "t_end", "max_spikes"))
        try:
            return self.network.forward(spikes[: self._batch_size], copy.copy(resolve(engine)), t_end, max_spikes)
        except _core.SpinnpropError:  # so many spikes, say
            return None

    def _elsewhere(self, executor: Executor, y: Any, sample_weight: Any) -> Callable[..., Any]:
        """What runs the batches of a step on an executor."""
        rate = self._of_batches["rate"]
        if rate is not None and rate.tau is None and {"tau_mem", "tau_syn"} & set(self._rates):
            raise ValueError("rate has no tau, and the time constants that it would follow are trained; give it one to train on an executor")
        must_be_sendable(executor, loss=self._of_batches)
        wanted = y if isinstance(y, SpikeTrains) else np.asarray(y)
        weights = None if sample_weight is None else np.asarray(sample_weight)
        return partial(run_batches, executor, partial(_run_batch, __version__, self._of_batches), wanted, weights)

    def _batch(self, spikes: SpikeTrains, y: Any, sample_weight: Any) -> Float64Array:
        wanted, own_y = self._supervision(y, sample_weight, len(spikes))
        numbers = np.empty(_core.trainer_batch_size(self._handle))
        _core.trainer_batch(numbers, self._handle, spikes._arrays, wanted, None, self._function(own_y))
        return numbers

    def _function(self, own_y: Any, own_held_out_y: Any = None) -> Optional[Callable[..., Any]]:
        """What the core calls for a loss of one's own, for what samples should give as `_supervision` has it."""
        return self._loss._asked(own_y, own_held_out_y) if isinstance(self._loss, Custom) else None

    def _supervision(
        self, y: Any, sample_weight: Any, n_samples: int, name: str = "y", weight_name: str = "sample_weight"
    ) -> Tuple[Supervision, Any]:
        """Labels or targets, and weights, as the core takes them; and what a loss of one's own is given for them."""
        if not isinstance(self._loss, Custom):
            known = self._loss._supervision(y, sample_weight, n_samples, self._sizes[-1], name, weight_name)
            if known[0] is not None:
                checks.one_each(known[0], name, n_samples, "labels")
            return known, None
        own: Any = y if isinstance(y, SpikeTrains) else checks.numbers_of(y, name)
        if own.shape == () or len(own) != n_samples:
            raise ValueError(f"{name} has shape {own.shape}; there are {n_samples} samples, and its first axis must be theirs")
        return (*_remembered(own, self._sizes[-1]), checks.weights(sample_weight, n_samples, weight_name)), own

    def _factor(self) -> Optional[Callable[[int], float]]:
        """The schedule, of numbers alone."""
        schedule = self._schedule
        return None if schedule is None else lambda epoch: checks.real(schedule(epoch), f"what schedule gives for epoch {epoch}")

    def step(
        self, batch: Union[Gradients, Tuple[SpikeTrains, Any], Tuple[SpikeTrains, Any, Any]], factor: float = 1.0
    ) -> Optional[float]:
        """One step of the optimiser, for loops of one's own: with a batch, or with gradients that are not those of the trainer's loss.

        The optimiser, its memory, clipping, limits of gradients, and what is trained are the trainer's; masks, signs and bounds are kept to. Epochs
        are not counted, `schedule` is not followed, bumping, dropout, checkpoints and `average_epochs` are left out: where `run` has left a mean of
        parameters, the step changes the parameters themselves, they are `network`, and averaging begins anew.

        Parameters
        ----------
        batch : (SpikeTrains, y), (SpikeTrains, y, sample_weight), or Gradients
            y and sample_weight as in `run`. Gradients are of ``trainer.network`` as it stands, or what you have made of them: scaled, added up over
            batches, set to 0 for layers that stay.
        factor : float
            Of all learning rates, 0 .. 1e6.

        Returns
        -------
        float or None
            The batch mean of the loss before the step; None for gradients, which come with theirs.

        Raises
        ------
        ValueError, TypeError
            If gradients do not fit the network or are not finite, or those of neuron parameters are missing that are trained; nothing has
            changed then.

        Examples
        --------
        >>> import spinnprop as sp
        >>> X, y = sp.datasets.yin_yang(300)
        >>> spikes = sp.encoding.latency(X, bias=0.0)
        >>> trainer = sp.Trainer(sp.Network([5, 30, 3]))
        >>> losses = [trainer.step((spikes[n : n + 50], y[n : n + 50])) for n in range(0, 300, 50)]
        >>> for epoch in range(2):
        ...     for first in range(0, 300, 50):
        ...         batch = slice(first, first + 50)
        ...         rec = trainer.network.forward(spikes[batch])
        ...         value, grad = trainer.network.gradient(rec, sp.losses.TTFSCrossEntropy(), y[batch])
        ...         trainer.step(grad, factor=0.9**epoch)
        """
        rate_factor = checks.real(factor, "factor")
        if isinstance(batch, Gradients):
            _core.trainer_step(self._handle, self.network._core_gradients(batch), rate_factor)
            return None
        if not isinstance(batch, tuple) or len(batch) not in (2, 3):
            raise TypeError(f"batch is {type(batch).__name__!r}; it must be (spikes, y) or (spikes, y, sample_weight), or Gradients, as Network.gradient gives")
        own = trains(batch[0], "batch[0]")
        wanted, own_y = self._supervision(batch[1], batch[2] if len(batch) == 3 else None, len(own), "batch[1]", "batch[2]")
        return _core.trainer_step_batch(self._handle, own._arrays, wanted, rate_factor, None, self._function(own_y))

    def save(self, path: PathLike) -> None:
        """Writes a checkpoint to a path of its own: the network with the optimiser's memory, the history, and where the training stands.

        ``sp.load(path)`` gives the network. ``sp.Trainer(network, ..., checkpoint=path, resume=True)`` goes on, with the network that the training began
        with or with the one from the file as it is now: once it has gone on, load it again.

        Raises
        ------
        FileNotFoundError, SpinnpropError
            If the file cannot be written; it is whole or not there.

        Examples
        --------
        >>> import spinnprop as sp
        >>> X, y = sp.datasets.yin_yang(300)
        >>> spikes = sp.encoding.latency(X, bias=0.0)
        >>> trainer = sp.Trainer(sp.Network([5, 30, 3]), epochs=2)
        >>> trainer.run(spikes, y)
        True
        >>> trainer.save("model.safetensors")
        >>> network = sp.load("model.safetensors")
        >>> more = sp.Trainer(network, epochs=3, checkpoint="model.safetensors", resume=True)
        >>> more.epochs_done
        2
        """
        _core.trainer_save(self._handle, checks.path(path))

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a Trainer can be neither pickled nor copied; pickle its network, or train with a checkpoint and resume"
        )

    @property
    def loss(self) -> Loss:
        """What is minimised."""
        return self._loss

    @property
    def network(self) -> Network:
        """The network as it stands, or on average over the last epochs: not to be changed; ``copy.copy`` of it is."""
        network = Network._of(_core.trainer_network(self._handle))
        network._is_frozen = True
        return network

    @property
    def learning_rate(self) -> Tuple[float, ...]:
        """Of the weights that lead to each layer; assign one number or one for each layer, 0 to freeze."""
        return tuple(self._rates.get("weights", ()))

    @learning_rate.setter
    def learning_rate(self, rates: Rates) -> None:
        self._set_rates({"weights": layer_rates(rates, "learning_rate", len(self._sizes))})

    @property
    def delay_learning_rate(self) -> Tuple[float, ...]:
        """Of delays, likewise; empty where they are not trained."""
        return tuple(self._rates.get("delays", ()))

    @delay_learning_rate.setter
    def delay_learning_rate(self, rates: Rates) -> None:
        self._set_rates({"delays": layer_rates(rates, "delay_learning_rate", len(self._sizes))})

    @property
    def neuron_learning_rate(self) -> Dict[str, Tuple[float, ...]]:
        """Of each kind of neuron parameter that is trained, likewise; assign one number, one for each layer, or a dict of them."""
        return {kind: tuple(own) for kind, own in self._rates.items() if kind in NEURONS}

    @neuron_learning_rate.setter
    def neuron_learning_rate(self, rates: Union[Rates, Mapping[str, Rates]]) -> None:
        self._set_rates(neuron_rates(rates, len(self._sizes), self._rates))

    @property
    def epochs(self) -> int:
        """Passes through the training set, in all; assign more than are done to go on, or fewer to end earlier."""
        return self._epochs

    @epochs.setter
    def epochs(self, count: int) -> None:
        own: int = checks.option(count, "epochs", of=_core.DOMAINS_TRAINING)
        _core.trainer_set_epochs(self._handle, own)
        self._epochs = own

    @property
    def epochs_done(self) -> int:
        """How many epochs are done."""
        return _core.trainer_epochs_done(self._handle)

    @property
    def history(self) -> npt.NDArray[np.void]:
        """(epochs_done,) structured array, read-only: ``history["loss"]`` is a curve, ``history[-1]`` the last epoch, ``history.dtype.names`` its fields.

        A sample whose label neuron is silent gives no answer to learn from: it counts as wrong, and as log(n_outputs) in the loss. With target
        times in place of labels accuracies are NaN, and each silent output with a target counts as if it had spiked at 0, at least as one tau0 off. With
        `losses.Custom` the loss is what the function says, and a sample gives no answer if it looks at spikes and all outputs are silent.

        Fields: loss, accuracy, validation_loss, validation_accuracy (NaN without validation), hidden_spikes and
        output_spikes per training sample, skipped (fraction of training samples without an answer), learning_rate, seconds.
        """
        rows = _core.trainer_history(self._handle)
        fields = [(name, np.float64) for name in _core.epoch_defaults()]
        return checks.read_only(np.array([tuple(row[name] for name, _ in fields) for row in rows], fields))
