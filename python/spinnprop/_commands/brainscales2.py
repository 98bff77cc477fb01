"""``spinnprop brainscales2``: what fits an emulated BrainScaleS-2, and what it takes there."""

from __future__ import annotations

import argparse
import json
import math
from typing import Any

from .. import brainscales2
from . import grammar


def fit(options: argparse.Namespace) -> int:
    """Says whether a network fits; gives the exit code, 1 if it does not."""
    try:
        sizes = [int(size) for size in options.sizes.split("-")]
    except ValueError:
        raise grammar.Unusable(f"{options.sizes!r} are no sizes; give them as 25-120-3, the input first") from None
    delays = None if options.delays == "none" else options.delays
    with grammar.judged():
        answer = brainscales2.fit(
            sizes, options.input_copies, delays=delays, recurrent=options.recurrent, input_spikes=options.input_spikes,
            duration=options.duration, speedup=options.speedup,
        )  # fmt: skip
    print(json.dumps(vars(answer), indent=2) if options.json else answer)
    return 0 if answer else 1


def account(options: argparse.Namespace) -> None:
    """Prints what a sample and a step take, estimated."""
    if not 0 < options.duration < math.inf:
        raise grammar.Unusable(f"SECONDS is {options.duration}; it must be finite and > 0")
    with grammar.judged():
        answer = brainscales2.account(options.duration, batch_size=options.batch_size)
    print(json.dumps({"estimated": True, **vars(answer)}, indent=2) if options.json else answer)


def add_parser(commands: Any) -> None:
    """The grammar of ``spinnprop brainscales2``."""
    questions = grammar.family(
        commands,
        "brainscales2",
        "what fits an emulated BrainScaleS-2, and what it takes",
        "What fits an emulated BrainScaleS-2, and how long a sample takes and how much energy, estimated.",
        "questions",
        "QUESTION",
    )
    fits = grammar.command(questions, "fit", fit, "whether a network fits; nothing is run", "Whether a network fits; nothing is run.")
    add = fits.add_argument
    add("sizes", metavar="SIZES", help="as 25-120-3, the input first")
    add("--input-copies", type=grammar.positive, default=1, metavar="N", help="synapses of each pair of an input and a neuron")
    add("--delays", choices=["none", "synaptic", "axonal", "dendritic"], default="none", help="of all connections")
    add("--recurrent", action="store_true", help="hidden layers are connected to themselves")
    add("--input-spikes", type=grammar.whole(0, 2**63 - 1), default=0, metavar="N", help="of a sample; wants --duration")
    add("--duration", type=grammar.number(0.0), metavar="SECONDS", help="from the first input spike to the last, in the network's time; says what is carried")
    add("--speedup", type=float, default=1000.0, metavar="FACTOR", help="by how much the chip is faster than the network's times say")
    add("--json", action="store_true", help="print JSON")
    text = "time and energy of a sample and of a training step"
    accounts = grammar.command(questions, "account", account, text, text[0].upper() + text[1:] + ".")
    add = accounts.add_argument
    add("duration", type=float, metavar="SECONDS", help="how long a sample runs, in the network's time, a thousand times the chip's")
    add("--batch-size", type=grammar.positive, default=150, metavar="N", help="samples of a step")
    add("--json", action="store_true", help="print JSON")
