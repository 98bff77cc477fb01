"""What tests of the commands share: a quick training, all commands with their grammars, and commands in a process of their own."""

import argparse
import subprocess
import sys

from spinnprop import _commands

QUICK = ["--samples", "300", "--epochs", "2", "--hidden", "20"]


def spinnprop(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "spinnprop", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    )


def leaves(parser, words=()):
    """Every command's words and its grammar."""
    inner = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not inner:
        yield words, parser
    for action in inner:
        for name, each in action.choices.items():
            yield from leaves(each, (*words, name))


GRAMMAR = _commands.build_parser()
LEAVES = list(leaves(GRAMMAR))
