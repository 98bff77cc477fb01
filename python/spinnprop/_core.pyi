"""spinnprop.h for the modules of this package: arrays by the buffer protocol, handles as capsules."""

import sys
from typing import Any, Callable, Dict, Final, Optional, Tuple, Union

import numpy as np

if sys.version_info >= (3, 12):
    from collections.abc import Buffer
else:
    from typing_extensions import Buffer

# A capsule: what it holds is known to the extension alone.
_Handle = object
# numpy declares its arrays to be buffers for Python 3.12 and newer only.
_Array = Union[Buffer, "np.ndarray[Any, Any]"]
_Spikes = Tuple[_Array, _Array, _Array, int]
_Progress = Optional[Callable[[Dict[str, Any]], object]]

DELAYS: Final[int]
DELAYS_AXONAL: Final[int]
DELAYS_DENDRITIC: Final[int]
DELAYS_NONE: Final[int]
DELAYS_SYNAPTIC: Final[int]
DECAY_EULER: Final[int]
DECAY_EXPONENTIAL: Final[int]
ENGINE_CLOCK: Final[int]
ENGINE_EVENT: Final[int]
LOSS_SPIKE_COUNT_CROSS_ENTROPY: Final[int]
LOSS_SPIKE_TIME_MSE: Final[int]
LOSS_STEP_TTFS_CROSS_ENTROPY: Final[int]
LOSS_TTFS_CROSS_ENTROPY: Final[int]
LOSS_VMAX_CROSS_ENTROPY: Final[int]
OPTIMIZER_ADAM: Final[int]
OPTIMIZER_ADAMW: Final[int]
OPTIMIZER_SGD: Final[int]
READOUT_LEAKY: Final[int]
READOUT_SPIKING: Final[int]
RECURRENT_DELAYS: Final[int]
RECURRENT_WEIGHTS: Final[int]
RESET: Final[int]
SCHEDULE_CONSTANT: Final[int]
SCHEDULE_EXPONENTIAL: Final[int]
SCHEDULE_SMOOTH: Final[int]
SCHEDULE_STEP: Final[int]
TAU_MEM: Final[int]
TAU_SYN: Final[int]
THRESHOLD: Final[int]
WEIGHTS: Final[int]
EPOCH_FIELDS: Final[Tuple[str, ...]]

class SpinnpropError(RuntimeError): ...

def version() -> str: ...
def set_threads(threads: int, /) -> None: ...
def get_threads() -> int: ...
def calls_running() -> int: ...
def spikes_check(spikes: _Spikes, /) -> None: ...
def yin_yang(x: _Array, labels: _Array, seed: int, /) -> None: ...
def encode_latency(
    times: _Array,
    units: _Array,
    offsets: _Array,
    x: _Array,
    n_features: int,
    t_early: float,
    t_late: float,
    bias: float,
    /,
) -> None: ...
def encode_latency_grid(
    times: _Array,
    units: _Array,
    offsets: _Array,
    x: _Array,
    n_features: int,
    steps: int,
    t_min: int,
    time_step: float,
    /,
) -> None: ...
def network_create(
    layer_sizes: _Array,
    tau_mem: Optional[_Array],
    tau_syn: Optional[_Array],
    threshold: Optional[_Array],
    reset: Optional[_Array],
    delays: int,
    recurrent: Optional[_Array],
    readout: int,
    weight_mean: Optional[_Array],
    weight_std: Optional[_Array],
    seed: int,
    /,
) -> _Handle: ...
def network_copy(network: _Handle, /) -> _Handle: ...
def network_describe(network: _Handle, /) -> Dict[str, int]: ...
def network_shape(network: _Handle, parameter: int, layer: int, /) -> Tuple[int, int]: ...
def network_get(values: _Array, network: _Handle, parameter: int, layer: int, /) -> None: ...
def network_set(network: _Handle, parameter: int, layer: int, values: _Array, /) -> None: ...
def network_save(network: _Handle, path: bytes, /) -> None: ...
def network_load(path: bytes, /) -> _Handle: ...
def network_to_bytes(network: _Handle, /) -> bytes: ...
def network_from_bytes(data: _Array, /) -> _Handle: ...
def engine_defaults() -> Dict[str, Any]: ...
def engine_create(options: Dict[str, Any], /) -> _Handle: ...
def engine_describe(engine: _Handle, /) -> Dict[str, Any]: ...
def engine_loss(engine: _Handle, readout: int, /) -> Dict[str, Any]: ...
def forward_defaults() -> Dict[str, Any]: ...
def network_forward(network: _Handle, spikes: _Spikes, options: Dict[str, Any], progress: _Progress, /) -> _Handle: ...
def recording_describe(recording: _Handle, /) -> Dict[str, int]: ...
def recording_engine(recording: _Handle, /) -> Dict[str, Any]: ...
def recording_layer_size(recording: _Handle, layer: int, /) -> int: ...
def recording_spike_count(recording: _Handle, layer: int, /) -> int: ...
def recording_spikes(
    times: _Array,
    units: _Array,
    currents: Optional[_Array],
    membranes: Optional[_Array],
    offsets: _Array,
    recording: _Handle,
    layer: int,
    /,
) -> None: ...
def recording_first_spike_times(times: _Array, recording: _Handle, /) -> None: ...
def recording_maxima(values: _Array, times: _Array, recording: _Handle, /) -> None: ...
def recording_diagnose(recording: _Handle, layer: int, /) -> Dict[str, Any]: ...
def recording_silent(silent: _Array, recording: _Handle, layer: int, /) -> None: ...
def recording_to_bytes(recording: _Handle, /) -> bytes: ...
def recording_from_bytes(data: _Array, /) -> _Handle: ...
def recording_predict(classes: _Array, recording: _Handle, loss: Optional[Dict[str, Any]], /) -> None: ...
def recording_probabilities(
    probabilities: _Array, recording: _Handle, loss: Optional[Dict[str, Any]], /
) -> None: ...
def loss_defaults(kind: int, /) -> Dict[str, Any]: ...
def loss_check(loss: Dict[str, Any], /) -> None: ...
def gradient_defaults() -> Dict[str, Any]: ...
def network_gradient(
    network: _Handle,
    recording: _Handle,
    loss: Optional[Dict[str, Any]],
    labels: Optional[_Array],
    targets: Optional[_Array],
    options: Dict[str, Any],
    progress: _Progress,
    /,
) -> Tuple[_Handle, float]: ...
def gradient_get(values: _Array, gradient: _Handle, parameter: int, layer: int, /) -> None: ...
def gradient_input_times(values: _Array, gradient: _Handle, /) -> None: ...
def gradient_skipped(gradient: _Handle, /) -> int: ...
def training_defaults() -> Dict[str, Any]: ...
def trainer_create(
    network: _Handle,
    options: Dict[str, Any],
    forward: Dict[str, Any],
    loss: Optional[Dict[str, Any]],
    gradient: Dict[str, Any],
    /,
) -> _Handle: ...
def trainer_run(
    trainer: _Handle,
    input: _Spikes,
    labels: _Array,
    validation: Optional[_Spikes],
    validation_labels: Optional[_Array],
    progress: _Progress,
    /,
) -> bool: ...
def trainer_network(trainer: _Handle, /) -> _Handle: ...
def trainer_epochs_done(trainer: _Handle, /) -> int: ...
def trainer_history(epochs: _Array, trainer: _Handle, /) -> None: ...
