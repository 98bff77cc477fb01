"""SpikingJelly (torch): surrogate gradient through T steps in its multi-step mode, as its documentation shows."""

from importlib.metadata import version

import setting
import torch
import torch_loop
from spikingjelly.activation_based import functional, layer, neuron

before = setting.resident_bytes()
torch_loop.prepare()
model = torch.nn.Sequential(
    layer.Linear(setting.INPUTS, setting.HIDDEN, bias=False),
    neuron.LIFNode(tau=setting.TAU_MEM / setting.TIME_STEP, decay_input=False),
    layer.Linear(setting.HIDDEN, setting.CLASSES, bias=False),
    neuron.NonSpikingLIFNode(tau=setting.TAU_MEM / setting.TIME_STEP, decode="mean-mem"),
)
functional.set_step_mode(model, "m")
with torch.no_grad():
    # The read-out adds 1 / tau of its input in each step.
    model[2].weight *= setting.TAU_MEM / setting.TIME_STEP

torch_loop.measure(
    "spikingjelly",
    version("spikingjelly"),
    model,
    lambda model, spikes: setting.STEPS * model(spikes),
    before,
    reset=lambda: functional.reset_net(model),
)
