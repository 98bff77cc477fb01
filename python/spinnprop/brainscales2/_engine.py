"""The engine that runs networks on an emulated BrainScaleS-2."""

from __future__ import annotations

from typing import Sequence, Tuple, Union

import numpy as np

from .. import _core
from .._engines.base import BaseEngine
from .._support import checks
from .._support.types import Float64Array
from ._chip import Chip


class Engine(BaseEngine):
    """Runs networks on an emulated BrainScaleS-2, for training in the loop. ``engine="brainscales2"``.

    The network runs on the chip's circuits: with time constants, thresholds, resets and delays of their own, weights in six bits,
    noise, and events that the chip's clock rounds. What comes back is a recording of measured spikes (`Recording.measured`)
    of the network that was given; its gradient takes the model's equations at the chip's spike times. Weights that were trained
    without the chip, run on it, are a transfer.

    Noise is drawn from the chip's ``noise_seed``, the network's parameters and the input: the same run gives the same
    spikes, however often and on however many threads; each step of a training changes the parameters, and so the noise.

    Parameters
    ----------
    chip : Chip, or a sequence of chips
        None: a calibrated one of seed 0. With several each run, in training each batch, takes one of them, drawn as the noise is: training
        on many chips at once.
    input_copies : int
        Synapses of each pair of an input and a neuron, 1 .. 128, whose weights add up.
    weight_scale : float
        Steps of 63 that a weight of 1 is worth: weights beyond 63 / weight_scale (times input_copies for those of inputs) saturate.
    speedup : float
        By how much the chip is faster than the network's times say: 1000 for times of biology, 1 for the chip's own, microseconds.
    readout_range : float
        The membrane value up to which a leaky read-out is read.
    single_spikes : bool
        Whether a neuron is silent after its first spike of a sample, as by a refractory period longer than that:
        ``gradient_engine="first-spike"`` wants it.
    count_losses : bool
        Whether an input of more spikes than the chip's link carries is run all the same, and what is lost of it counted in `lost_events`.
        Otherwise it is refused.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its domain.
    SpinnpropError
        When a network is run that takes more than 512 circuits; the message has its sizes. A circuit has synapses for 128 signed inputs: neurons
        of more take several. Each trained delay takes a circuit, too. Likewise, before any sample of a run or a training, when one has more
        input spikes than the link carries from its first to its last: one per ``event_interval`` of the chip, and 128 that wait. See `fit`.

    Notes
    -----
    Neurons are those of the exact engine, with one synaptic time constant each. Noise of a membrane moves a spike by how far the membrane is
    moved over how fast it rises, by a tau_mem at most: no spike comes or goes by noise. Spikes of a recurrent layer reach the layer itself when
    they happen; on the way out they are jittered and rounded. The events of the input, each of which reaches all its copies, and those of each
    layer take turns: one per ``event_interval``, while up to 128 wait; further ones are lost, and counted (`lost_events`).

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(150)
    >>> spikes = sp.encoding.latency(X, bias=0.0)
    >>> net = sp.Network([5, 30, 3], seed=1)
    >>> engine = sp.brainscales2.Engine(sp.brainscales2.Chip(seed=3), input_copies=5)
    >>> rec = net.forward(spikes, engine=engine)
    >>> value, grad = net.gradient(rec, sp.losses.TTFSCrossEntropy(), y)
    >>> trainer = sp.Trainer(net, engine=engine, gradient_engine="event", epochs=1)
    """

    name = "brainscales2"
    chip: Union[Chip, Tuple[Chip, ...]]
    input_copies: int
    weight_scale: float
    speedup: float
    readout_range: float
    single_spikes: bool
    count_losses: bool

    def __init__(
        self,
        chip: Union[None, Chip, Sequence[Chip]] = None,
        input_copies: int = 1,
        weight_scale: float = 30.0,
        speedup: float = 1000.0,
        readout_range: float = 2.0,
        single_spikes: bool = False,
        count_losses: bool = False,
    ) -> None:
        of = _core.DOMAINS_BRAINSCALES2
        self.__dict__.update(
            chip=_chips(chip),
            input_copies=checks.option(input_copies, "input_copies", of),
            weight_scale=checks.option(weight_scale, "weight_scale", of),
            speedup=checks.option(speedup, "speedup", of),
            readout_range=checks.option(readout_range, "readout_range", of),
            single_spikes=checks.boolean(single_spikes, "single_spikes"),
            count_losses=checks.boolean(count_losses, "count_losses"),
        )
        self._make()

    def _made(self) -> object:
        options = {name: int(value) if isinstance(value, bool) else value for name, value in vars(self).items() if name != "chip"}
        chips = self.chip if isinstance(self.chip, tuple) else (self.chip,)
        return _core.brainscales2_create(options, tuple(chip._handle for chip in chips))

    @property
    def lost_events(self) -> int:
        """How many events were lost on their way, because too many waited for their turn, in all runs of this engine so far: those of trainings
        that it was given to, too.

        >>> import spinnprop as sp
        >>> sp.brainscales2.Engine().lost_events
        0
        """
        return _core.brainscales2_lost_events(self._handle)

    def weights(self, network: object, layer: int = 0) -> Float64Array:
        """The weights of a network's connection as the (first) chip's synapses have them: whole numbers over `weight_scale`, times the gain
        of each neuron.

        Parameters
        ----------
        network : Network
        layer : int
            The index of a connection: of those into each layer first.

        Returns
        -------
        float64 array of shape (post, pre)
        """
        own = getattr(network, "_handle", None)
        if own is None:
            raise TypeError(f"network is {checks.shown(network)}; it must be a Network")
        index = checks.integer(layer, "layer", 0, checks.INT32)
        values = np.empty(_core.network_shape(own, _core.WEIGHTS, index))
        _core.brainscales2_weights(values, self._handle, own, index)
        return values


def _chips(chip: Union[None, Chip, Sequence[Chip]]) -> Union[Chip, Tuple[Chip, ...]]:
    if chip is None:
        return Chip()
    if isinstance(chip, Chip):
        return chip
    chips = tuple(checks.each(chip, "chip", "chips"))
    for index, own in enumerate(chips):
        if not isinstance(own, Chip):
            raise TypeError(f"chip[{index}] is {checks.shown(own)}; it must be a brainscales2.Chip")
    if not chips:
        raise ValueError("chip is empty; give at least one brainscales2.Chip")
    return chips


