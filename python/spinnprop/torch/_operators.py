"""The layer as operators of torch, forward and backward, so that autograd, torch.compile and transforms know what they do.

They are defined by themselves and not by `torch.library.custom_op`, which registers the same and adds some 30 microseconds to each call. Where
nobody looks on, a plain autograd function does the same work with half of what torch adds.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np
import torch
from torch import Tensor, nn

from .._spikes import SpikeTrains
from ._layer import Layer, Run, of_times, split, values_of

_INPUTS = "Tensor times, Tensor? units, Tensor? offsets, Tensor trained, Tensor fixed, str layer, bool neurons"
torch.library.define("spinnprop::event_prop", f"({_INPUTS}) -> (Tensor output, Tensor hidden, Tensor tape)")
torch.library.define(
    "spinnprop::event_prop_backward",
    f"(Tensor output_errors, Tensor hidden_errors, Tensor tape, {_INPUTS}) -> (Tensor times, Tensor trained)",
)


def event_prop(
    times: Union[Tensor, SpikeTrains], trained: Sequence[Tensor], fixed: Tensor, layer: Layer, neurons: bool
) -> Tuple[Tensor, ...]:
    """The output and all hidden spikes of a layer, where these are read, float64, from float64; see `EventProp.forward`.

    times: (n_samples, n_inputs) or (n_samples, n_inputs, k), or SpikeTrains.
    """
    if _is_eager() and _PLAIN.issuperset(map(type, (times, *trained))):
        own = times if isinstance(times, SpikeTrains) else _unwrapped(times)
        found: Tuple[Tensor, ...] = _apply(own, _unwrapped(fixed), layer, neurons, *map(_unwrapped, trained))
        return found
    if torch.autograd.forward_ad._current_level >= 0:
        # An operator that has no such formula would pass for constant.
        raise RuntimeError("EventProp has no forward-mode derivatives (jvp, jacfwd); take torch.autograd.grad")
    units = offsets = None
    if isinstance(times, SpikeTrains):
        times, units, offsets = _tensors(times)
    flat = torch.cat([each.reshape(-1) for each in trained]) if trained else torch.empty(0, dtype=torch.float64)
    try:
        output, hidden, _ = torch.ops.spinnprop.event_prop.default(times, units, offsets, flat, fixed, layer.key, neurons)
    except RuntimeError as error:
        if "setup_context" not in str(error):
            raise
        raise RuntimeError("EventProp has no torch.func.grad, vjp or jacrev; take torch.autograd.grad") from error
    return output, hidden


#: What is no tensor of a kind that wants to see what is done to it.
_PLAIN = frozenset((Tensor, nn.Parameter, SpikeTrains))


#: Runs by the addresses of their tapes. A tensor that is a copy of a tape has another: the run is then repeated, to the same bits.
_runs: Dict[int, Run] = {}


class _Tape(np.ndarray):
    """The memory of a tensor; the run that made it is known for as long as this is needed."""

    address: Optional[int] = None

    def __del__(self, _runs: Dict[int, Run] = _runs) -> None:
        _runs.pop(self.address, None)  # type: ignore[arg-type]


def _run(layer: Layer, network: object, times: Any) -> Tuple[Tensor, Optional[Tensor], Tensor]:
    run = layer.run(network, times)
    output, hidden = layer.read(run, len(times))
    tape = _Tape(1, np.uint8)
    tape[0] = 0
    memory = torch.from_numpy(tape)
    tape.address = memory.data_ptr()
    _runs[tape.address] = run
    return torch.from_numpy(output), None if hidden is None else torch.from_numpy(hidden), memory


def _run_of(tape: Tensor, again: Callable[[], Run]) -> Run:
    """The run that a tape is of."""
    known = _runs.get(tape.data_ptr())
    return again() if known is None else known


def _array(tensor: Tensor) -> Any:
    """The values of a tensor on the CPU, without its history; its own memory where it lies there one row after another."""
    return np.ascontiguousarray(tensor.numpy(force=True))


#: By names of their own: each found in a module of torch's is memory that a run before has pushed out of the processor's caches.
_is_compiling = torch.compiler.is_compiling
_are_transforms_active, _dispatch_depth = torch._C._are_functorch_transforms_active, torch._C._len_torch_dispatch_stack
_is_batched, _is_grad_enabled = torch._C._functorch.is_legacy_batchedtensor, torch.is_grad_enabled


def _is_eager() -> bool:
    """Whether nobody stands between this call and its numbers: no compiler, no transform, nothing that traces."""
    return not (_is_compiling() or _are_transforms_active() or _dispatch_depth())


def _refuse_fixed(fixed: Tensor) -> None:
    if fixed.requires_grad:
        raise RuntimeError("EventProp has no derivatives with respect to its buffer `fixed`; name what is to be trained, as train=['weights', 'tau_mem']")


class _Eager(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, times: Any, fixed: Tensor, layer: Layer, neurons: bool, *trained: Tensor) -> Tuple[Tensor, ...]:
        _refuse_fixed(fixed)
        network = layer.with_values([*map(_array, trained)], _array(fixed))
        is_tensor = isinstance(times, Tensor)
        output, hidden, tape = _run(layer, network, _array(times) if is_tensor else times)
        ctx.save_for_backward(tape, times if is_tensor else None)
        ctx.own = None if is_tensor else times, layer, neurons, network
        return (output,) if hidden is None else (output, hidden)

    @staticmethod
    def backward(ctx: Any, output_errors: Tensor, hidden_errors: Optional[Tensor] = None) -> Tuple[Optional[Tensor], ...]:
        tape, times = ctx.saved_tensors
        given, layer, neurons, network = ctx.own
        is_batched = _is_batched(output_errors) or (hidden_errors is not None and _is_batched(hidden_errors))
        if _is_eager() and not (is_batched or _is_grad_enabled()):
            run = _run_of(tape, lambda: layer.run(network, given if times is None else _array(times)))
            of_hidden, wants_times = None if hidden_errors is None else _array(hidden_errors), ctx.needs_input_grad[0]
            gradient = layer.pull_back(run, _array(output_errors), of_hidden, neurons, wants_times)
            parts = [torch.from_numpy(own) for own in layer.of_trained(gradient, neurons)]
            return torch.from_numpy(of_times(gradient, _array(times))) if wants_times else None, None, None, None, *parts
        inputs = _tensors(given) if times is None else (times, None, None)
        trained, fixed = (torch.from_numpy(_joined(values_of(network, arrays))) for arrays in (layer.trained, layer.fixed))
        # What depends on it is refused, should it be differentiated.
        trained.requires_grad_(any(ctx.needs_input_grad[4:]))
        if hidden_errors is None:
            hidden_errors = output_errors.new_empty(layer.hidden_shape(len(output_errors)))
        of_given, flat = torch.ops.spinnprop.event_prop_backward.default(
            output_errors, hidden_errors, tape, *inputs, trained, fixed, layer.key, neurons
        )
        parts = [flat[array.part].reshape(array.shape) for array in layer.trained]
        return None if times is None else of_given, None, None, None, *parts


#: What `Function.apply` comes to where no transform is active, without its looking at each argument in Python. What has left a transform is unwrapped.
_apply: Callable[..., Any] = super(torch.autograd.Function, _Eager).apply
_unwrapped: Callable[[Tensor], Tensor] = torch._C._functorch.unwrap_if_dead


@torch.library.impl("spinnprop::event_prop", "cpu")
@torch.compiler.disable
def _forward(
    times: Tensor, units: Optional[Tensor], offsets: Optional[Tensor], trained: Tensor, fixed: Tensor, layer: str, neurons: bool
) -> Tuple[Tensor, Tensor, Tensor]:
    own = Layer.of(layer)
    network = own.with_values(split(_array(trained), own.trained), _array(fixed))
    given = _given(own, times, units, offsets)
    output, hidden, tape = _run(own, network, given)
    return output, torch.empty(own.hidden_shape(len(given)), dtype=torch.float64) if hidden is None else hidden, tape


@torch.library.register_fake("spinnprop::event_prop")
def _(
    times: Tensor, units: Optional[Tensor], offsets: Optional[Tensor], trained: Tensor, fixed: Tensor, layer: str, neurons: bool
) -> Tuple[Tensor, Tensor, Tensor]:
    own = Layer.of(layer)
    n_samples = times.shape[0] if offsets is None else offsets.shape[0] - 1
    return (
        times.new_empty(own.output_shape(n_samples)),
        times.new_empty(own.hidden_shape(n_samples)),
        times.new_empty(1, dtype=torch.uint8),
    )


@torch.library.impl("spinnprop::event_prop_backward", "cpu")
@torch.compiler.disable
def _backward(
    output_errors: Tensor, hidden_errors: Tensor, tape: Tensor,
    times: Tensor, units: Optional[Tensor], offsets: Optional[Tensor], trained: Tensor, fixed: Tensor, layer: str, neurons: bool,
) -> Tuple[Tensor, Tensor]:  # fmt: skip
    own = Layer.of(layer)
    given = _given(own, times, units, offsets)
    run = _run_of(tape, lambda: own.run(own.with_values(split(_array(trained), own.trained), _array(fixed)), given))
    gradient = own.pull_back(run, _array(output_errors), _array(hidden_errors) if own.n_hidden else None, neurons)
    return torch.from_numpy(of_times(gradient, given)), torch.from_numpy(_joined(own.of_trained(gradient, neurons)))


@torch.library.register_fake("spinnprop::event_prop_backward")
def _(
    output_errors: Tensor, hidden_errors: Tensor, tape: Tensor,
    times: Tensor, units: Optional[Tensor], offsets: Optional[Tensor], trained: Tensor, fixed: Tensor, layer: str, neurons: bool,
) -> Tuple[Tensor, Tensor]:  # fmt: skip
    return times.new_empty(times.shape), trained.new_empty(trained.shape)


def _keep(ctx: Any, inputs: Tuple[Any, ...], output: Tuple[Tensor, ...]) -> None:
    times, units, offsets, trained, fixed, ctx.layer, ctx.neurons = inputs
    _refuse_fixed(fixed)
    ctx.save_for_backward(output[2], times, units, offsets, trained, fixed)


def _pull_back(ctx: Any, output_errors: Tensor, hidden_errors: Tensor, _: Any) -> Tuple[Optional[Tensor], ...]:
    of_times, of_trained = torch.ops.spinnprop.event_prop_backward.default(
        output_errors, hidden_errors, *ctx.saved_tensors, ctx.layer, ctx.neurons
    )
    return of_times, None, None, of_trained, None, None, None


def _refuse(ctx: Any, *errors: Tensor) -> None:
    raise RuntimeError(
        "EventProp has first derivatives alone: a gradient through it cannot be differentiated again (create_graph=True, a gradient penalty, a Hessian)"
    )


torch.library.register_autograd("spinnprop::event_prop", _pull_back, setup_context=_keep)
torch.library.register_autograd("spinnprop::event_prop_backward", _refuse)


def _joined(arrays: Sequence[Any]) -> Any:
    return np.concatenate([own.ravel() for own in arrays]) if arrays else np.empty(0)


def _given(layer: Layer, times: Tensor, units: Optional[Tensor], offsets: Optional[Tensor]) -> Any:
    """The input as it is worked on: padded times, or SpikeTrains where there are units."""
    if units is None or offsets is None:
        return _array(times)
    return SpikeTrains(_array(times), _array(units), _array(offsets), layer.sizes[0])


def _tensors(spikes: SpikeTrains) -> List[Tensor]:
    """SpikeTrains as an operator takes them."""
    return [torch.tensor(np.asarray(array)) for array in spikes._arrays[:3]]
