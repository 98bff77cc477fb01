"""A spiking network as a module of PyTorch."""

from __future__ import annotations

import json
import math
import numbers
from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple, Type, Union

import numpy as np
import torch
import torch.nn.utils.parametrize
from torch import Tensor, nn

from .._engines.names import EngineLike, resolve
from .._gradients import NEURON_PARAMETERS
from .._network import Network
from .._spikes import SpikeTrains
from .._support import checks
from ._layer import Array, Layer, Readings, structure_of, trained_names, values_of
from ._operators import event_prop

#: Under this name a state_dict has what `get_extra_state` gives.
_EXTRA_STATE = "_extra_state"
_OUTPUTS = {"spiking": ("spikes",), "leaky": ("maxima", "membrane", "integrals")}


class Parameters(nn.Module):
    """The trained arrays of one kind: one per layer, and by a pair (source, target) those that lead past a layer."""

    def __init__(self, tensors: Dict[str, Tensor], n_layers: int) -> None:
        super().__init__()
        self._n_layers, self._names = n_layers, tuple(tensors)
        for name, tensor in tensors.items():
            self.register_parameter(name, nn.Parameter(tensor))

    def __getitem__(self, key: Union[int, Tuple[int, int]]) -> Tensor:
        if isinstance(key, tuple):
            name = "-".join(map(str, key))
        else:
            name = str(key + self._n_layers if isinstance(key, numbers.Integral) and -self._n_layers <= key < 0 else key)
        if name not in self._names:
            raise IndexError(f"there is no {key!r}; there are {', '.join(self._names)}")
        found: Tensor = getattr(self, name)
        return found

    def __iter__(self) -> Iterator[Tensor]:
        return (getattr(self, name) for name in self._names)

    def __len__(self) -> int:
        return len(self._names)

    def extra_repr(self) -> str:
        return ", ".join(f"({name}): {' x '.join(map(str, own.shape))}" for name, own in zip(self._names, self))


class EventProp(nn.Module):
    """Layers of spiking neurons with exact gradients, as a layer of a PyTorch model.

    Times go in and come out, seconds; gradients pass through them, so that encoders before it and further layers after it
    train. What a spike's time, the largest value of a membrane or a membrane at a given time depends on is differentiated
    exactly (EventProp); spikes that come or go are not.

    Parameters
    ----------
    layer_sizes : sequence of int, or Network
        Input units first, as for `spinnprop.Network`; or a network, which is copied.
    train : None or sequence of str
        What are parameters of the module, of "weights", "delays" (recurrent ones among them), "tau_mem", "tau_syn", "threshold", "reset",
        "drive" and "refractory"; None: weights, and delays where the network has them. All else is in the buffer ``fixed``. Those of neurons
        take time, and engine "event".
    n_spikes : int
        How many spikes of each output come out, the first ones.
    n_hidden_spikes : int
        How many spikes of each hidden neuron come out, too; 0: none.
    output : None, "spikes", "maxima", "membrane" or "integrals"
        What comes out: spikes of a spiking read-out; of a leaky one (``readout="leaky"``) the largest membrane values (None), those at `times`,
        or membranes integrated over the run.
    times : (n_times,) float64, optional
        Seconds, 0 .. t_end, for output "membrane".
    tau : float
        Seconds, > 0, for output "integrals": they are of exp(-t / tau) V(t); +inf for runs with a finite t_end.
    engine, t_end, max_spikes
        As in `spinnprop.Network.forward`. An emulated chip runs forward, and its twin or the model takes errors back.
    gradient_engine : None or as `engine`
        The gradient rule, as in `spinnprop.Network.gradient`; None: the engine's own. A pair that cannot differentiate what is trained is refused.
    seed : int, optional
        Of the initial weights; None: drawn from torch's generator, so that ``torch.manual_seed`` decides.
    dtype : torch.dtype, optional
        Of parameters; None: float64. Whatever it is, all is computed in float64.
    **network
        As in `spinnprop.Network`: tau_mem, delays, recurrent, readout, masks and so on.

    Attributes
    ----------
    weights, recurrent_weights, delays, recurrent_delays, tau_mem, ...
        What is trained: ``layer.weights[0]`` is a parameter, (n, n_before), ``layer.weights[0, 2]`` that of a connection past a layer.
    fixed : (n_fixed,) buffer
        All else, one array after another; change it by `load_network`.
    layer_sizes : tuple of int

    Raises
    ------
    ValueError, TypeError, ImportError
        If an argument is out of its domain, or PyTorch is missing.

    Notes
    -----
    Parameters that leave their domain in a step, as delays below 0, are an error in the next forward run: call `constrain_` after each
    step. Computing is done by the CPU; tensors elsewhere are refused. There are first derivatives alone, and no `torch.func.grad`;
    `torch.vmap` goes sample by sample. Wunderlich and Pehle (2021), arXiv 2009.08378.

    Examples
    --------
    >>> import torch
    >>> from spinnprop.torch import EventProp
    >>> model = torch.nn.Sequential(EventProp([4, 30, 3], seed=1), torch.nn.Flatten())
    >>> times = torch.rand(8, 4) * 20e-3
    >>> first = model(times)
    >>> first.shape, first.dtype
    (torch.Size([8, 3]), torch.float32)
    >>> torch.exp(-first / 5e-3).sum().backward()
    >>> model[0].weights[1].grad.shape
    torch.Size([3, 30])
    """

    fixed: Tensor

    def __init__(
        self,
        layer_sizes: Union[Sequence[int], Network],
        *,
        train: Optional[Iterable[str]] = None,
        n_spikes: int = 1,
        n_hidden_spikes: int = 0,
        output: Optional[str] = None,
        times: Any = None,
        tau: float = math.inf,
        engine: EngineLike = "event",
        gradient_engine: Optional[EngineLike] = None,
        t_end: Optional[float] = None,
        max_spikes: Optional[int] = None,
        seed: Optional[int] = None,
        dtype: Optional[torch.dtype] = None,
        **network: Any,
    ) -> None:
        super().__init__()
        runs_on = resolve(engine)
        if isinstance(layer_sizes, Network):
            own = layer_sizes
            if network or seed is not None:
                raise TypeError(f"{', '.join(network) or 'seed'} is given beside a network, which has its own; change the network before")
        else:
            drawn = int(torch.randint(2**63 - 1, ()).item()) if seed is None else seed
            own = Network(layer_sizes, seed=drawn, engine=runs_on, **network)
        kind = torch.float64 if dtype is None else dtype
        if not isinstance(kind, torch.dtype) or not kind.is_floating_point:
            raise TypeError(f"dtype is {dtype!r}; it must be one of torch's floating-point types, or None for torch.float64")
        self._layer = Layer(
            own,
            runs_on,
            None if gradient_engine is None else resolve(gradient_engine),
            t_end,
            max_spikes,
            _readings(own, output, times, tau, n_spikes, n_hidden_spikes),
            trained_names(train, own),
        )
        tensors: Dict[str, Dict[str, Tensor]] = {}
        for array, values in zip(self._layer.trained, values_of(own._handle, self._layer.trained)):
            tensors.setdefault(array.kind, {})[array.name] = torch.from_numpy(values).to(kind)
        for name, own_tensors in tensors.items():
            self.add_module(name, Parameters(own_tensors, len(own.layer_sizes) - 1))
        self.register_buffer("fixed", _flat([torch.from_numpy(values) for values in values_of(own._handle, self._layer.fixed)]).to(kind))

    @property
    def layer_sizes(self) -> Tuple[int, ...]:
        """Input units, then neurons of each layer."""
        return self._layer.sizes

    def forward(self, times: Union[Tensor, SpikeTrains]) -> Any:
        """Runs the network on every sample.

        Parameters
        ----------
        times : (n_samples, n_inputs) or (n_samples, n_inputs, k) tensor, or SpikeTrains
            Seconds, >= 0, any floating-point type; of each input its spikes in any order, +inf for none. No gradient passes through
            SpikeTrains.

        Returns
        -------
        output : tensor
            Of the type of `times`, or for SpikeTrains of the layer's own. (n_samples, n_outputs, n_spikes) spike times, +inf where an output spiked
            less often; or (n_samples, n_outputs) maxima or integrals; or (n_samples, n_times, n_outputs) membranes.
        hidden : list of tensors
            With `n_hidden_spikes` alone: of each hidden layer (n_samples, n, n_hidden_spikes), likewise.

        Raises
        ------
        ValueError, TypeError
            If an input or a parameter is out of its domain, or lies on another device than the CPU.
        SpinnpropError
            If a run passes max_spikes.
        """
        layer = self._layer
        if isinstance(times, SpikeTrains):
            if times.n_units != layer.sizes[0]:
                raise ValueError(f"times have {times.n_units} units; the layer has {layer.sizes[0]} inputs")
            dtype = self.fixed.dtype
        else:
            dtype = _checked(times, layer.sizes[0]).dtype
            if dtype is not torch.float64:
                times = times.to(torch.float64)
        trained = self._trained()
        for n, (array, tensor) in enumerate(zip(layer.trained, trained)):
            if not tensor.is_cpu:
                raise ValueError(f"{array.kind}[{array.name}] is on {tensor.device}; spinnprop computes on the CPU: layer.cpu()")
            if tensor.shape != array.shape:
                raise ValueError(f"{array.kind}[{array.name}] has shape {tuple(tensor.shape)}; it must be {array.shape}")
            if tensor.dtype is not torch.float64:
                trained[n] = _exact(array, tensor)
        fixed: Any = self._buffers["fixed"]
        neurons = layer.trains_neurons and any(
            tensor.requires_grad for array, tensor in zip(layer.trained, trained) if array.kind in NEURON_PARAMETERS
        )
        if fixed.dtype is not torch.float64:
            fixed = self._exact_fixed()
        output, *hidden = event_prop(times, trained, fixed, layer, neurons)
        if output.dtype is not dtype:
            output = output.to(dtype)
        if not layer.n_hidden:
            return output
        return output, list(hidden[0].to(dtype).split(list(layer.sizes[1:-1]), dim=1))

    def to_network(self) -> Network:
        """A `spinnprop.Network` with the values that parameters have now."""
        with torch.no_grad():
            values = [_exact(array, tensor).contiguous().numpy() for array, tensor in zip(self._layer.trained, self._trained())]
            return Network._of(self._layer.with_values(values, self._exact_fixed().numpy()))

    def load_network(self, network: Network) -> None:
        """Takes over all values of a network with the same connections, masks, signs and bounds.

        Raises
        ------
        ValueError, TypeError
            If the network has others.
        """
        if not isinstance(network, Network):
            raise TypeError(f"network is {type(network).__name__!r}; it must be a spinnprop.Network")
        own = self._layer
        _must_be_same(structure_of(network), structure_of(own.network), ValueError, "network", "make another, EventProp(network)")
        for kind in ("masks", "signs", "weight_bounds"):
            for pair in network.connections:
                if not np.array_equal(getattr(network, kind)[pair], getattr(own.network, kind)[pair]):
                    raise ValueError(f"network has other {kind} of the connection {pair} than this layer: make another, EventProp(network)")
        trained = values_of(network._handle, own.trained)
        fixed = _flat([torch.from_numpy(values) for values in values_of(network._handle, own.fixed)])
        own.with_values(trained, fixed.numpy())
        for array, values in zip(own.trained, trained):
            self._assign(array, torch.from_numpy(values))
        with torch.no_grad():
            self.fixed.copy_(fixed)

    def constrain_(self) -> None:
        """Brings parameters to the nearest values that they may have, to be called after each step of an optimiser.

        Weights keep to masks, signs and bounds of the network, delays and refractory periods are not below 0. Time constants, thresholds and
        resets have no nearest value; `torch.nn.utils.parametrize` keeps them positive.
        """
        network = self._layer.network
        for array, tensor in zip(self._layer.trained, self._trained()):
            values = tensor.detach()
            if array.kind in ("weights", "recurrent_weights"):
                pair = network.connections[array.place] if array.kind == "weights" else (array.place + 1, array.place + 1)
                mask, signs, (low, high) = (np.asarray(getattr(network, of)[pair]) for of in ("masks", "signs", "weight_bounds"))
                low, high = np.where(signs > 0, max(low, 0.0), low), np.where(signs < 0, min(high, 0.0), high)
                kept = values.clamp(_rounded(low, values.dtype, math.inf), _rounded(high, values.dtype, -math.inf)) * torch.tensor(mask)
                self._assign(array, kept)
            elif array.kind.replace("recurrent_", "") in ("delays", "refractory"):
                self._assign(array, values.clamp(min=0.0))

    def get_extra_state(self) -> Tensor:
        """What the values of the ``state_dict`` are of, JSON in bytes: a tensor, which every format of files takes."""
        return torch.frombuffer(bytearray(json.dumps(self._layer.structure()).encode()), dtype=torch.uint8)

    def set_extra_state(self, state: Any) -> None:
        """Raises RuntimeError if values are of another structure than this layer."""
        try:
            found = json.loads(bytes(state.to("cpu", torch.uint8).tolist()))
        except (AttributeError, TypeError, ValueError, RuntimeError):
            found = None
        if not isinstance(found, dict):
            raise RuntimeError(f"the _extra_state of an EventProp layer is {checks.shown(state)}; it must be what get_extra_state gives")
        _must_be_same(found, self._layer.structure(), RuntimeError, "the state", "load it into a layer made with the same arguments")

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *arguments: Any) -> None:
        # Before any value is taken over; by itself torch asks afterwards.
        if prefix + _EXTRA_STATE in state_dict:
            self.set_extra_state(state_dict[prefix + _EXTRA_STATE])
        super()._load_from_state_dict(state_dict, prefix, *arguments)

    def extra_repr(self) -> str:
        layer = self._layer
        return f"{'-'.join(map(str, layer.sizes))}, engine={layer.engine.name!r}, output={layer.readings.of!r}"

    def _trained(self) -> List[Tensor]:
        # As attributes tensors take longer to find; what is made of others, as by a parametrization, is found so alone.
        found = []
        for array in self._layer.trained:
            module: Any = self._modules[array.kind]
            own = module._parameters.get(array.name)
            found.append(getattr(module, array.name) if own is None else own)
        return found

    def _exact_fixed(self) -> Tensor:
        return _flat([_exact(array, self.fixed[array.part]) for array in self._layer.fixed])

    def _assign(self, array: Array, given: Tensor) -> None:
        module = self._modules[array.kind]
        with torch.no_grad():
            if nn.utils.parametrize.is_parametrized(module, array.name):
                setattr(module, array.name, given)
            else:
                getattr(module, array.name).copy_(given)


def _must_be_same(found: Dict[str, Any], own: Dict[str, Any], error: Type[Exception], name: str, remedy: str) -> None:
    for what, value in own.items():
        other = found.get(what)
        if other == value:
            continue
        if isinstance(value, list) and isinstance(other, list) and len(value) == len(other):
            place = next(n for n, (one, another) in enumerate(zip(value, other)) if one != another)
            what, other, value = f"{what}[{place}]", other[place], value[place]
        raise error(f"{what} of {name} is {checks.shown(other)}, of this layer {checks.shown(value)}; {remedy}")


def _exact(array: Array, tensor: Tensor) -> Tensor:
    """Values in float64. What is rounded as a bound is lies on the bound, not beyond it."""
    exact = tensor.to(torch.float64)
    if tensor.dtype is not torch.float64:
        for bound in array.bounds:
            # What is added has no history: derivatives pass as if nothing had been rounded.
            exact = exact + torch.where(tensor == torch.tensor(bound, dtype=tensor.dtype), bound - exact.detach(), 0.0)
    return exact


def _rounded(bounds: Any, dtype: torch.dtype, inwards: float) -> Tensor:
    """Bounds of a type, none of them further out than it was."""
    exact = torch.tensor(bounds)
    rounded = exact.to(dtype)
    is_outside = (rounded.double() - exact) * math.copysign(1.0, inwards) < 0
    return torch.where(is_outside, torch.nextafter(rounded, torch.full_like(rounded, inwards)), rounded)


def _flat(tensors: Sequence[Tensor]) -> Tensor:
    """All values, one tensor after another, float64."""
    if not tensors:
        return torch.empty(0, dtype=torch.float64)
    return torch.cat([tensor.to(torch.float64).reshape(-1) for tensor in tensors])


def _checked(times: Any, n_inputs: int) -> Tensor:
    """Spike times that a layer can take."""
    if not isinstance(times, Tensor):
        raise TypeError(f"times is {type(times).__name__!r}; it must be a tensor or SpikeTrains")
    if not times.dtype.is_floating_point:
        raise TypeError(f"times has dtype {times.dtype}; spike times are seconds, of a floating-point type")
    if not times.is_cpu:
        raise ValueError(f"times is on {times.device}; spinnprop computes on the CPU: times.cpu()")
    if times.layout is not torch.strided:
        raise TypeError(f"times has layout {times.layout}; give a dense tensor, +inf where there is no spike")
    if times.ndim not in (2, 3) or times.shape[1] != n_inputs:
        raise ValueError(f"times has shape {tuple(times.shape)}; it must be (n_samples, {n_inputs}) or (n_samples, {n_inputs}, k)")
    return times


def _readings(network: Network, output: Optional[str], times: Any, tau: Any, n_spikes: int, n_hidden_spikes: int) -> Readings:
    known = _OUTPUTS[network.readout]
    of = known[0] if output is None else output
    if of not in known:
        raise ValueError(f"output is {output!r}; a {network.readout} read-out gives {' or '.join(map(repr, known))}")
    if checks.real(tau, "tau") != math.inf and of != "integrals":
        raise ValueError(f"tau is {tau!r} for output {of!r}; it is of output='integrals' alone")
    if (times is None) != (of != "membrane"):
        raise ValueError(f"times is {checks.shown(times)} for output {of!r}; give the times at which membranes are read with output='membrane' alone")
    return Readings(
        of,
        checks.integer(n_spikes, "n_spikes", 1, checks.INT32),
        checks.integer(n_hidden_spikes, "n_hidden_spikes", 0, checks.INT32),
        () if times is None else tuple(checks.array(times, np.float64, "times", ndim=1).tolist()),
        checks.real(tau, "tau"),
    )
