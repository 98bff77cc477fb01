"""Norse (torch): surrogate gradient through T steps; layers lifted over time, as its documentation shows."""

from importlib.metadata import version

import norse.torch as snn
import setting
import torch
import torch_loop

before = setting.resident_bytes()
torch_loop.prepare()
neuron = snn.LIFBoxParameters(tau_mem_inv=torch.tensor(1 / setting.TAU_MEM))
read_out = snn.LIBoxParameters(tau_mem_inv=torch.tensor(1 / setting.TAU_MEM))
# A step adds TIME_STEP / TAU_MEM of the input; the gain undoes it, so that weights mean the same as for the others.
gain = setting.TAU_MEM / setting.TIME_STEP


class Network(torch.nn.Module):
    """Dense layers over all steps at once, then the neurons step by step, without a synaptic current: the least work."""

    def __init__(self):
        super().__init__()
        self.into_hidden = torch.nn.Linear(setting.INPUTS, setting.HIDDEN, bias=False)
        self.hidden = snn.Lift(snn.LIFBoxCell(neuron, dt=setting.TIME_STEP))
        self.into_output = torch.nn.Linear(setting.HIDDEN, setting.CLASSES, bias=False)
        self.output = snn.Lift(snn.LIBoxCell(read_out, dt=setting.TIME_STEP))

    def forward(self, spikes):
        hidden, _ = self.hidden(gain * self.into_hidden(spikes))
        membrane, _ = self.output(gain * self.into_output(hidden))
        return membrane


torch_loop.measure("norse", version("norse"), Network(), lambda model, spikes: model(spikes).sum(dim=0), before)
