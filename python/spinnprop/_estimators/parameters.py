"""The parameters of a spiking estimator, in one place: their defaults, their domains, and whose they are."""

from __future__ import annotations

import inspect
import math
import os
from numbers import Integral, Real
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

try:
    from sklearn.base import BaseEstimator
    from sklearn.utils._param_validation import Interval, StrOptions
except ImportError as error:
    raise ImportError(
        f"estimators and searches need scikit-learn 1.3 or newer ({error}); pip install 'spinnprop[sklearn]'"
    ) from error

from .. import _core
from .._engines.base import BaseEngine
from .._engines.names import EngineLike
from .._recording import _is_loss
from .._spikes import SpikeTrains
from .._support import checks
from .._support.layers import Ends
from .._support.network_arguments import DELAY_KINDS, Delays
from .._support.training import DELAY_PARAMETERS, OPTIMIZERS, SCHEDULES, Rates
from .._support.types import PathLike
from ..losses import Loss, RateRegularisation
from .nested import NestedParameters

#: Those that an engine chooses for its neurons and its grid unless they are given.
CHOSEN = ("tau_mem", "tau_syn", "t_late", "learning_rate", "clip_norm", "bump")
#: Of these, those that neurons have, and those that a trainer takes.
OF_NEURONS = ("tau_mem", "tau_syn")
OF_OPTIMISER = ("learning_rate", "clip_norm", "bump")
#: Those of the network alone, the trainer alone, and both, under the same names.
OF_NETWORK = (
    "threshold",
    "reset",
    "drive",
    "refractory",
    "delays",
    "recurrent",
    "connections",
    "readout",
    "weight_mean",
    "weight_std",
    "masks",
    "recurrent_masks",
    "signs",
    "recurrent_signs",
    "weight_bounds",
)
#: Those that say how numbers become spikes.
OF_CODE = ("rescale", "early", "t_early", "bias", "t_min", "encoder")
OF_TRAINER = (
    "t_end",
    "max_spikes",
    "gradient_engine",
    "rate",
    "epochs",
    "batch_size",
    "accumulate",
    "average_epochs",
    "optimizer",
    "train",
    "neuron_learning_rate",
    "delay_learning_rate",
    "delay_parameter",
    "delay_shift",
    "delay_scale",
    "delay_l1",
    "delay_l2",
    "delay_init",
    "momentum",
    "beta1",
    "beta2",
    "epsilon",
    "weight_decay",
    "schedule",
    "schedule_epochs",
    "schedule_gamma",
    "clip_value",
    "bump_hidden_limit",
    "bump_output_limit",
    "bump_pairs",
    "input_dropout",
    "checkpoint",
    "checkpoint_every",
    "resume",
)


def _interval(domain: Dict[str, Any]) -> Interval:
    """A domain of the core's as scikit-learn has it."""
    kind, number = (Integral, int) if domain["is_whole"] else (Real, float)
    low, high = (None if math.isinf(bound) else number(bound) for bound in (domain["low"], domain["high"]))
    # As a float, 2^63 - 1 is 2^63.
    high = min(high, checks.INT64) if high is not None and domain["is_whole"] else high
    closed = {(1, 1): "both", (1, 0): "left", (0, 1): "right", (0, 0): "neither"}
    return Interval(kind, low, high, closed=closed[domain["includes_low"], domain["includes_high"]])


_DOMAINS = {
    name: _interval(domain)
    for of in (_core.DOMAINS_TRAINING, _core.DOMAINS_FORWARD)
    for name, domain in checks.domains(of).items()
}


class Parameters(NestedParameters, BaseEstimator):
    """Base of spiking estimators; `SpikingClassifier` says what the parameters mean."""

    _parameter_constraints: Dict[str, List[Any]] = {
        "hidden": [tuple, list, np.ndarray, Interval(Integral, 1, None, closed="left")],
        "engine": [str, BaseEngine],
        "epochs": [_DOMAINS["epochs"]],
        "batch_size": [_DOMAINS["batch_size"]],
        "accumulate": [_DOMAINS["accumulate"]],
        "average_epochs": [_DOMAINS["average_epochs"]],
        "seed": [Interval(Integral, 0, checks.UINT64, closed="both")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "patience": [Interval(Integral, 1, checks.INT32, closed="both")],
        "rescale": ["boolean"],
        "early": [StrOptions({"large", "small"})],
        "t_early": [Interval(Real, 0, None, closed="left")],
        "t_late": [Interval(Real, 0, None, closed="left"), None],
        "bias": [Interval(Real, 0, None, closed="left"), None],
        "t_min": [Interval(Integral, 0, checks.INT32, closed="both")],
        "encoder": [callable, None],
        "loss": [Loss, None],
        "tau_mem": [Real, "array-like", None],
        "tau_syn": [Real, "array-like", None],
        "threshold": [Real, "array-like"],
        "reset": [Real, "array-like"],
        "drive": [Real, "array-like"],
        "refractory": [Real, "array-like"],
        "delays": [StrOptions({name for name in DELAY_KINDS if name}), list, tuple, np.ndarray, None],
        "recurrent": ["boolean", "array-like"],
        "connections": ["array-like", None],
        "readout": [StrOptions({"spiking", "leaky"})],
        "weight_mean": ["array-like", None],
        "weight_std": ["array-like", None],
        "masks": [tuple, list, None],
        "recurrent_masks": [tuple, list, None],
        "signs": [tuple, list, None],
        "recurrent_signs": [tuple, list, None],
        "weight_bounds": ["array-like", None],
        "t_end": [_DOMAINS["t_end"], None],
        "max_spikes": [_DOMAINS["max_spikes"], None],
        "gradient_engine": [str, BaseEngine, None],
        "optimizer": [StrOptions({name for name in OPTIMIZERS if name})],
        "learning_rate": [_DOMAINS["learning_rate"], "array-like", None],
        "train": [tuple, list, None],
        "neuron_learning_rate": [_DOMAINS["neuron_learning_rate"], "array-like", dict],
        "delay_learning_rate": [_DOMAINS["delay_learning_rate"], "array-like"],
        "delay_parameter": [StrOptions({name for name in DELAY_PARAMETERS if name})],
        "delay_shift": [_DOMAINS["delay_shift"]],
        "delay_scale": [_DOMAINS["delay_scale"], None],
        "delay_l1": [_DOMAINS["delay_l1"]],
        "delay_l2": [_DOMAINS["delay_l2"]],
        "delay_init": [tuple, list, None],
        "momentum": [_DOMAINS["momentum"]],
        "beta1": [_DOMAINS["beta1"]],
        "beta2": [_DOMAINS["beta2"]],
        "epsilon": [_DOMAINS["epsilon"]],
        "weight_decay": [_DOMAINS["weight_decay"]],
        "schedule": [StrOptions({name for name in SCHEDULES if name}), callable],
        "schedule_epochs": [_DOMAINS["schedule_epochs"]],
        "schedule_gamma": [_DOMAINS["schedule_gamma"]],
        "clip_value": [_DOMAINS["clip_value"]],
        "clip_norm": [_DOMAINS["clip_norm"], None],
        "bump": [_DOMAINS["bump"], None],
        "bump_hidden_limit": [_DOMAINS["bump_hidden_limit"]],
        "bump_output_limit": [_DOMAINS["bump_output_limit"]],
        "bump_pairs": ["boolean"],
        "input_dropout": [_DOMAINS["input_dropout"]],
        "rate": [RateRegularisation, None],
        "checkpoint": [str, bytes, os.PathLike, None],
        "checkpoint_every": [_DOMAINS["checkpoint_every"]],
        "resume": ["boolean"],
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "random_state": ["random_state"],
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
    }

    def _validate_params(self) -> None:
        # Found by scikit-learn it would be a class that it is not an instance of.
        if checks.a_function(self.loss):
            _is_loss(self.loss)
        super()._validate_params()

    def __init_subclass__(cls, without: Sequence[str] = (), **defaults: Any) -> None:
        """A class `without` some of the parameters, or with `defaults` of its own."""
        super().__init_subclass__()
        if not without and not defaults:
            return
        first, *own = inspect.signature(Parameters.__init__).parameters.values()
        taken = inspect.Signature(
            [first, *(each.replace(default=defaults.get(each.name, each.default)) for each in own if each.name not in without)]
        )

        def __init__(*arguments: Any, **parameters: Any) -> None:
            bound = taken.bind(*arguments, **parameters)
            bound.apply_defaults()
            Parameters.__init__(*bound.args, **bound.kwargs)

        # Where scikit-learn finds the names of parameters.
        __init__.__signature__ = taken  # type: ignore[attr-defined]
        cls.__init__ = __init__  # type: ignore[method-assign]
        cls._parameter_constraints = {
            name: [*kinds, None] if name in defaults and defaults[name] is None else kinds
            for name, kinds in cls._parameter_constraints.items()
            if name not in without
        }

    def __init__(
        self,
        hidden: Any = (120,),
        engine: EngineLike = "event",
        epochs: int = 100,
        batch_size: int = 150,
        seed: int = 0,
        early_stopping: bool = False,
        *,
        validation_fraction: float = 0.1,
        patience: int = 10,
        rescale: bool = True,
        early: str = "large",
        t_early: float = 0.0,
        t_late: Optional[float] = None,
        bias: Optional[float] = 0.0,
        t_min: int = 2,
        encoder: Optional[Callable[[Any], SpikeTrains]] = None,
        loss: Optional[Loss] = None,
        tau_mem: Any = None,
        tau_syn: Any = None,
        threshold: Any = 1.0,
        reset: Any = 0.0,
        drive: Any = 0.0,
        refractory: Any = 0.0,
        delays: Delays = None,
        recurrent: Any = False,
        connections: Optional[Sequence[Ends]] = None,
        readout: str = "spiking",
        weight_mean: Any = None,
        weight_std: Any = None,
        masks: Optional[Sequence[Any]] = None,
        recurrent_masks: Optional[Sequence[Any]] = None,
        signs: Optional[Sequence[Any]] = None,
        recurrent_signs: Optional[Sequence[Any]] = None,
        weight_bounds: Optional[Tuple[float, float]] = None,
        t_end: Optional[float] = None,
        max_spikes: Optional[int] = None,
        gradient_engine: Optional[EngineLike] = None,
        optimizer: str = "adam",
        learning_rate: Optional[Rates] = None,
        train: Optional[Sequence[str]] = None,
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
        accumulate: int = 1,
        average_epochs: int = 1,
        clip_value: float = math.inf,
        clip_norm: Optional[float] = None,
        bump: Optional[float] = None,
        bump_hidden_limit: float = 0.3,
        bump_output_limit: float = 0.0,
        bump_pairs: bool = False,
        input_dropout: float = 0.0,
        rate: Optional[RateRegularisation] = None,
        checkpoint: Optional[PathLike] = None,
        checkpoint_every: int = 1,
        resume: bool = False,
        class_weight: Union[None, str, Dict[Any, float]] = None,
        random_state: Any = None,
        warm_start: bool = False,
        verbose: Union[bool, int] = False,
    ) -> None:
        self.hidden = hidden
        self.engine = engine
        self.epochs = epochs
        self.batch_size = batch_size
        self.seed = seed
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.rescale = rescale
        self.early = early
        self.t_early = t_early
        self.t_late = t_late
        self.bias = bias
        self.t_min = t_min
        self.encoder = encoder
        self.loss = loss
        self.tau_mem = tau_mem
        self.tau_syn = tau_syn
        self.threshold = threshold
        self.reset = reset
        self.drive = drive
        self.refractory = refractory
        self.delays = delays
        self.recurrent = recurrent
        self.connections = connections
        self.readout = readout
        self.weight_mean = weight_mean
        self.weight_std = weight_std
        self.masks = masks
        self.recurrent_masks = recurrent_masks
        self.signs = signs
        self.recurrent_signs = recurrent_signs
        self.weight_bounds = weight_bounds
        self.t_end = t_end
        self.max_spikes = max_spikes
        self.gradient_engine = gradient_engine
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.train = train
        self.neuron_learning_rate = neuron_learning_rate
        self.delay_learning_rate = delay_learning_rate
        self.delay_parameter = delay_parameter
        self.delay_shift = delay_shift
        self.delay_scale = delay_scale
        self.delay_l1 = delay_l1
        self.delay_l2 = delay_l2
        self.delay_init = delay_init
        self.momentum = momentum
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weight_decay = weight_decay
        self.schedule = schedule
        self.schedule_epochs = schedule_epochs
        self.schedule_gamma = schedule_gamma
        self.accumulate = accumulate
        self.average_epochs = average_epochs
        self.clip_value = clip_value
        self.clip_norm = clip_norm
        self.bump = bump
        self.bump_hidden_limit = bump_hidden_limit
        self.bump_output_limit = bump_output_limit
        self.bump_pairs = bump_pairs
        self.input_dropout = input_dropout
        self.rate = rate
        self.checkpoint = checkpoint
        self.checkpoint_every = checkpoint_every
        self.resume = resume
        self.class_weight = class_weight
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
