"""Training: the core's trainer for networks and spike trains."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any, Dict, Iterable, NoReturn, Optional, Tuple, Union

import numpy as np

from . import _core
from ._engines.names import EngineLike, resolve
from ._gradients import Gradients
from ._network import Network, _forward_options
from ._recording import _fields
from ._spikes import SpikeTrains, trains
from ._support import checks
from ._support.types import PathLike, Progress
from .losses import Loss, RateRegularisation

if TYPE_CHECKING:
    import numpy.typing as npt

_OPTIMIZERS: Dict[Optional[str], int] = {
    "sgd": _core.OPTIMIZER_SGD,
    "adam": _core.OPTIMIZER_ADAM,
    "adamw": _core.OPTIMIZER_ADAMW,
}
_DELAY_PARAMETERS: Dict[Optional[str], int] = {
    "clip": _core.DELAY_PARAMETER_CLIP,
    "sigmoid": _core.DELAY_PARAMETER_SIGMOID,
}
_TRAINED: Dict[str, int] = {
    "weights": _core.TRAIN_WEIGHTS,
    "delays": _core.TRAIN_DELAYS,
    "tau_mem": _core.TRAIN_TAU_MEM,
    "tau_syn": _core.TRAIN_TAU_SYN,
    "threshold": _core.TRAIN_THRESHOLD,
    "reset": _core.TRAIN_RESET,
    "drive": _core.TRAIN_DRIVE,
}
_SCHEDULES: Dict[Optional[str], int] = {
    "constant": _core.SCHEDULE_CONSTANT,
    "step": _core.SCHEDULE_STEP,
    "exponential": _core.SCHEDULE_EXPONENTIAL,
    "smooth": _core.SCHEDULE_SMOOTH,
}


def _train(value: Any) -> int:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(f"train is {value!r}; it must be a list of names, as ['weights', 'tau_mem'], or None")
    names = list(value)
    for n, name in enumerate(names):
        if not isinstance(name, str) or name not in _TRAINED:
            raise ValueError(f"element {n} of train is {name!r}; it must be one of {', '.join(map(repr, _TRAINED))}")
    if not names:
        raise ValueError("train is empty; name what is to be trained, as ['weights'], or give None")
    return sum(_TRAINED[name] for name in set(names))


def _delay_init(value: Any) -> Dict[str, Any]:
    parts = checks.pair(value, "delay_init", "(mean, std)")
    fields = ("delay_init_mean", "delay_init_std")
    numbers = (
        checks.option(part, f"delay_init[{n}]", _core.DOMAINS_TRAINING, field)
        for n, (part, field) in enumerate(zip(parts, fields))
    )
    return {"delay_init": 1, **dict(zip(fields, numbers))}


class Trainer:
    """Trains a copy of a network by mini-batches.

    Parameters
    ----------
    network : Network
        Copied; take the trained one from `network`.
    loss : Loss or None
        None: the engine's own choice for the read-out, with the network's time constants: seconds are those of the loss's
        defaults times (tau_mem + tau_syn) / 25 ms, the mean over layers.
    engine, t_end, max_spikes
        As in `Network.forward`.
    gradient_engine : None, "event", "clock", "spinnaker2", "first-spike", "brainscales2" or an engine object
        The gradient rule, as in `Network.gradient`; None: the engine's own. With an emulated chip as `engine` and its twin here,
        the chip runs forward, and gradients and updates are the host's.
    rate : RateRegularisation or None
        Added to the loss.
    epochs : int
        Passes through the training set.
    batch_size : int
        Samples per step; a partial last batch is used.
    seed : int
        Seeds the order of samples, input dropout and initial delays.
    optimizer : "sgd", "adam" or "adamw"
    train : list of str, or None
        What is trained, of "weights", "delays" (recurrent ones among them), "tau_mem", "tau_syn", "threshold", "reset" and
        "drive"; None: weights, and delays that have a learning rate. Neuron parameters by the gradient rule of "event" alone. Neurons of a
        layer that share a value go on sharing it; where any two differ, each has its own.
    learning_rate : float
    neuron_learning_rate : float
        Per step, of numbers p without a unit that begin at 0: tau_mem, tau_syn and threshold are what they were times exp(p), a reset
        or drive what it was plus p thresholds, resets kept below the threshold. Where a drive may reach its threshold on the way, give t_end.
    delay_learning_rate : float
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
    schedule : "constant", "step", "exponential" or "smooth"
        Learning rates are times schedule_gamma every schedule_epochs epochs (step), every epoch (exponential), or as much
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
        Written atomically every `checkpoint_every` epochs; with `resume`, training goes on from it if it exists.

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
    """

    __slots__ = ("_handle", "_loss", "_n_outputs")

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
        seed: int = 0,
        optimizer: str = "adam",
        train: Optional[Iterable[str]] = None,
        learning_rate: float = 2e-2,
        neuron_learning_rate: float = 1e-2,
        delay_learning_rate: float = 0.0,
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
        schedule: str = "exponential",
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
        self._n_outputs = network.layer_sizes[-1]
        self._loss = runs_on._default_loss(network._handle) if loss is None else loss
        if rate is not None and not isinstance(rate, RateRegularisation):
            raise TypeError(f"rate is {rate!r}; it must be a spinnprop.losses.RateRegularisation")
        own = partial(checks.option, of=_core.DOMAINS_TRAINING)
        self._handle = _core.trainer_create(
            network._handle,
            {
                "epochs": own(epochs, "epochs"),
                "batch_size": own(batch_size, "batch_size"),
                "seed": checks.integer(seed, "seed", 0, checks.UINT64),
                "optimizer": checks.choice(optimizer, "optimizer", _OPTIMIZERS),
                **({} if train is None else {"train": _train(train)}),
                "learning_rate": own(learning_rate, "learning_rate"),
                "neuron_learning_rate": own(neuron_learning_rate, "neuron_learning_rate"),
                "delay_learning_rate": own(delay_learning_rate, "delay_learning_rate"),
                "delay_parameter": checks.choice(delay_parameter, "delay_parameter", _DELAY_PARAMETERS),
                "delay_shift": own(delay_shift, "delay_shift"),
                **({} if delay_scale is None else {"delay_scale": own(delay_scale, "delay_scale")}),
                "delay_l1": own(delay_l1, "delay_l1"),
                "delay_l2": own(delay_l2, "delay_l2"),
                **({} if delay_init is None else _delay_init(delay_init)),
                "momentum": own(momentum, "momentum"),
                "beta1": own(beta1, "beta1"),
                "beta2": own(beta2, "beta2"),
                "epsilon": own(epsilon, "epsilon"),
                "weight_decay": own(weight_decay, "weight_decay"),
                "schedule": checks.choice(schedule, "schedule", _SCHEDULES),
                "schedule_epochs": own(schedule_epochs, "schedule_epochs"),
                "schedule_gamma": own(schedule_gamma, "schedule_gamma"),
                "clip_value": own(clip_value, "clip_value"),
                "clip_norm": own(clip_norm, "clip_norm"),
                "bump": own(bump, "bump"),
                "bump_hidden_limit": own(bump_hidden_limit, "bump_hidden_limit"),
                "bump_output_limit": own(bump_output_limit, "bump_output_limit"),
                "bump_pairs": int(checks.boolean(bump_pairs, "bump_pairs")),
                "input_dropout": own(input_dropout, "input_dropout"),
                "patience": own(patience, "patience"),
                "restore_best": int(checks.boolean(restore_best, "restore_best")),
                "checkpoint_path": None if checkpoint is None else checks.path(checkpoint, "checkpoint"),
                "checkpoint_every": own(checkpoint_every, "checkpoint_every"),
                "resume": int(checks.boolean(resume, "resume")),
            },
            _forward_options(runs_on, t_end, max_spikes),
            _fields(self._loss),
            {
                **({} if rate is None else rate._fields()),
                **({} if gradient_engine is None else {"engine": resolve(gradient_engine)._handle}),
            },
        )

    def run(
        self,
        spikes: SpikeTrains,
        y: Any,
        validation: Optional[Union[Tuple[SpikeTrains, Any], Tuple[SpikeTrains, Any, Any]]] = None,
        progress: Progress = None,
        *,
        sample_weight: Any = None,
    ) -> bool:
        """Trains until all epochs are done, patience ends or `progress` asks to stop; called again, it goes on.

        Parameters
        ----------
        spikes : SpikeTrains
        y : (n_samples,) int64, or (n_samples, n_outputs) float64
            Labels, 0 .. n_outputs - 1; or targets: seconds, +inf for none, for `losses.SpikeTimeMSE`, membranes for `losses.VMaxMSE`.
        validation : None, or (SpikeTrains, y), or (SpikeTrains, y, sample_weight)
            Judged after every epoch; labels or targets, as `y`.
        progress : callable or None
            Now and then, and at the end of each epoch, given a dict with the keys epoch, n_epochs, done, total (batches
            of this epoch), epoch_finished, loss, accuracy, validation_loss, validation_accuracy, hidden_spikes,
            output_spikes (per sample), skipped; returns something true to stop.
        sample_weight : (n_samples,) float64, optional
            What each sample's loss and its derivatives are multiplied by, finite and >= 0; None: 1. A batch's sum is divided by its number of
            samples all the same: whole numbers do what repeating samples would, but for that divisor. Accuracies and `skipped` count samples.

        Returns
        -------
        bool
            False if `progress` asked to stop.

        Raises
        ------
        KeyboardInterrupt
            On Ctrl-C, within 0.2 s. What was learnt so far is kept; call again to go on.
        ValueError, TypeError, SpinnpropError
            If the data do not fit the network, or a run passes max_spikes.
        """
        n_outputs = self._n_outputs
        own = trains(spikes, "spikes")
        wanted = checks.supervision(y, sample_weight, len(own), n_outputs)
        held_out, held_out_wanted = None, None
        if validation is not None:
            given: Any = validation
            has_weight = isinstance(given, (tuple, list)) and len(given) == 3
            held_out_spikes, held_out_y = checks.pair(given[:2] if has_weight else given, "validation", "(spikes, y)")
            held_out_weight = given[2] if has_weight else None
            held_out_own = trains(held_out_spikes, "validation[0]")
            held_out = held_out_own._arrays
            held_out_wanted = checks.supervision(
                held_out_y, held_out_weight, len(held_out_own), n_outputs, "validation[1]", "validation[2]"
            )
            if (wanted[0] is None) != (held_out_wanted[0] is None):
                raise ValueError(
                    f"y has {np.ndim(y)} and validation[1] {np.ndim(held_out_y)} dimensions; give labels or targets for both"
                )
        return _core.trainer_run(self._handle, own._arrays, wanted, held_out, held_out_wanted, progress)

    def step(self, gradients: Gradients, factor: float = 1.0) -> None:
        """One step of the optimiser with gradients of one's own: for losses, batches and schedules that `run` does not have.

        The optimiser, its memory, clipping, limits of gradients, and what is trained are the trainer's; masks, signs and bounds are kept to. Epochs
        are not counted, `schedule` is not followed, bumping and checkpoints are left out.

        Parameters
        ----------
        gradients : Gradients
            Of ``trainer.network`` as it stands, or of what you have made of them: scaled, added up over batches, set to 0 for layers that stay.
        factor : float
            Of all learning rates, finite and >= 0.

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
        >>> for epoch in range(2):
        ...     for first in range(0, 300, 50):
        ...         batch = slice(first, first + 50)
        ...         rec = trainer.network.forward(spikes[batch])
        ...         value, grad = trainer.network.gradient(rec, sp.losses.TTFSCrossEntropy(), y[batch])
        ...         trainer.step(grad, factor=0.9**epoch)
        """
        if not isinstance(gradients, Gradients):
            raise TypeError(f"gradients is {type(gradients).__name__!r}; it must be Gradients, as Network.gradient gives")
        _core.trainer_step(self._handle, self.network._core_gradients(gradients), checks.real(factor, "factor"))

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
        """The network as it stands: not to be changed; ``copy.copy`` of it is."""
        network = Network._of(_core.trainer_network(self._handle))
        network._is_frozen = True
        return network

    @property
    def epochs_done(self) -> int:
        """How many epochs are done."""
        return _core.trainer_epochs_done(self._handle)

    @property
    def history(self) -> npt.NDArray[np.void]:
        """(epochs_done,) structured array, read-only: ``history["loss"]`` is a curve, ``history[-1]`` the last epoch.

        A sample whose label neuron is silent gives no answer to learn from: it counts as wrong, and as log(n_outputs) in the loss. With targets
        in place of labels accuracies are NaN, and a sample whose outputs with a target are all silent counts as n_outputs / 2.

        Fields: loss, accuracy, validation_loss, validation_accuracy (NaN without validation), hidden_spikes and
        output_spikes per training sample, skipped (fraction of training samples without an answer), learning_rate, seconds.
        """
        rows = _core.trainer_history(self._handle)
        fields = [(name, np.float64) for name in _core.epoch_defaults()]
        return checks.read_only(np.array([tuple(row[name] for name, _ in fields) for row in rows], fields))
