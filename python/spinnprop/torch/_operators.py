"""The layer as operators of torch, forward and backward, so that autograd, torch.compile and transforms know what they do.

They are defined by themselves and not by `torch.library.custom_op`, which registers the same and adds some 30 microseconds to each call.
"""

from __future__ import annotations

from typing import Any, Optional, Tuple
from weakref import WeakValueDictionary

import numpy as np
import torch
from torch import Tensor

from .._spikes import SpikeTrains
from ._layer import Layer, Run, dense_spikes

_INPUTS = "Tensor times, Tensor? units, Tensor? offsets, Tensor trained, Tensor fixed, str layer, bool neurons"
torch.library.define("spinnprop::event_prop", f"({_INPUTS}) -> (Tensor output, Tensor hidden, Tensor tape)")
torch.library.define(
    "spinnprop::event_prop_backward",
    f"(Tensor output_errors, Tensor hidden_errors, Tensor tape, {_INPUTS}) -> (Tensor times, Tensor trained)",
)


class _Tape(np.ndarray):
    """The memory of a tensor, which keeps the run that made it for as long as the tensor's memory is needed."""

    run: Run
    layer: Layer


#: Tapes by the addresses of their memory. A tensor that is a copy of one has another: the run is then repeated, to the same bits.
_tapes: WeakValueDictionary[int, _Tape] = WeakValueDictionary()


@torch.library.impl("spinnprop::event_prop", "cpu")
@torch.compiler.disable
def _forward(
    times: Tensor, units: Optional[Tensor], offsets: Optional[Tensor], trained: Tensor, fixed: Tensor, layer: str, neurons: bool
) -> Tuple[Tensor, Tensor, Tensor]:
    own = Layer.of(layer)
    run = own.run(*_spikes(own, times, units, offsets), _array(trained), _array(fixed))
    output, hidden = own.read(run)
    tape = np.zeros(1, np.uint8).view(_Tape)
    tape.run, tape.layer = run, own
    memory = torch.from_numpy(tape)
    _tapes[memory.data_ptr()] = tape
    return torch.from_numpy(output), torch.from_numpy(hidden), memory


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
    known = _tapes.get(tape.data_ptr())
    own = Layer.of(layer) if known is None else known.layer
    run = own.run(*_spikes(own, times, units, offsets), _array(trained), _array(fixed)) if known is None else known.run
    of_times, of_trained = own.pull_back(run, _array(output_errors), _array(hidden_errors), neurons)
    gradient = np.zeros(times.shape)
    gradient.ravel()[run.input_places] = of_times
    return torch.from_numpy(gradient), torch.from_numpy(of_trained)


@torch.library.register_fake("spinnprop::event_prop_backward")
def _(
    output_errors: Tensor, hidden_errors: Tensor, tape: Tensor,
    times: Tensor, units: Optional[Tensor], offsets: Optional[Tensor], trained: Tensor, fixed: Tensor, layer: str, neurons: bool,
) -> Tuple[Tensor, Tensor]:  # fmt: skip
    return times.new_empty(times.shape), trained.new_empty(trained.shape)


def _keep(ctx: Any, inputs: Tuple[Any, ...], output: Tuple[Tensor, ...]) -> None:
    times, units, offsets, trained, fixed, ctx.layer, ctx.neurons = inputs
    if fixed.requires_grad:
        raise RuntimeError("EventProp has no derivatives with respect to its buffer `fixed`; name what is to be trained, as train=['weights', 'tau_mem']")
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


def event_prop(*inputs: Any) -> Tuple[Tensor, Tensor]:
    """The output and all hidden spikes of a layer; see `EventProp.forward`."""
    output, hidden, _ = torch.ops.spinnprop.event_prop.default(*inputs)
    return output, hidden


def _array(tensor: Tensor) -> Any:
    return tensor.detach().numpy()


def _spikes(layer: Layer, times: Tensor, units: Optional[Tensor], offsets: Optional[Tensor]) -> Tuple[SpikeTrains, Any]:
    """The input, and where each of its spikes stands in `times`."""
    if units is None or offsets is None:
        return dense_spikes(np.ascontiguousarray(_array(times)))
    return SpikeTrains(_array(times), _array(units), _array(offsets), layer.sizes[0]), slice(None)
