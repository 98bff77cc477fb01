"""snnTorch (torch): surrogate gradient through T steps; the loop over time stands in the user's code, as documented."""

from importlib.metadata import version

import setting
import snntorch
import torch
import torch_loop

before = setting.resident_bytes()
torch_loop.prepare()


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.into_hidden = torch.nn.Linear(setting.INPUTS, setting.HIDDEN, bias=False)
        self.hidden = snntorch.Leaky(beta=setting.DECAY)
        self.into_output = torch.nn.Linear(setting.HIDDEN, setting.CLASSES, bias=False)
        self.output = snntorch.Leaky(beta=setting.DECAY, reset_mechanism="none")

    def forward(self, spikes):
        hidden_state, output_state = self.hidden.init_leaky(), self.output.init_leaky()
        total = 0
        for step in self.into_hidden(spikes):
            hidden, hidden_state = self.hidden(step, hidden_state)
            _, output_state = self.output(self.into_output(hidden), output_state)
            total = total + output_state
        return total


torch_loop.measure("snntorch", version("snntorch"), Network(), lambda model, spikes: model(spikes), before)
