"""Large sparse recurrent networks, simulated and differentiated spike by spike (Engelken, arXiv 2312.17216)."""

from .._support.public import only
from ._analysis import Gradient, LyapunovSpectrum
from ._network import RecurrentNetwork
from ._run import Run, Summary

__all__ = ["Gradient", "LyapunovSpectrum", "RecurrentNetwork", "Run", "Summary"]
__dir__ = only(__all__)
