"""The command ``spinnprop``: one file for each command, with its grammar and its work."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from typing import Any, Optional, Sequence, Type, cast

from .._core import SpinnpropError
from .._library import __version__, set_threads
from . import brainscales2, grammar, reproduce, search, simulate, spinnaker2, train


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Runs the command; returns its exit code: 0, 1 after a failure, 2 for unusable arguments, 130 after Ctrl-C."""
    parser: Optional[argparse.ArgumentParser] = None

    def tell(text: str) -> None:
        print(f"spinnprop: {grammar.in_flags(text, parser)}", file=sys.stderr)

    def warn(message: Any, category: Type[Warning], *where: Any) -> None:
        if issubclass(category, (RuntimeWarning, UserWarning)):
            tell(f"warning: {message}")

    try:
        options = build_parser().parse_args(arguments)
        parser = options.grammar
        if options.threads is not None:
            set_threads(options.threads)
        with warnings.catch_warnings():
            warnings.showwarning = cast(Any, warn)
            # Only an answer of no has a code of its own.
            return options.run(options) or 0
    except KeyboardInterrupt:
        print("\nspinnprop: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read the output has had enough of it; keep the interpreter from complaining when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except grammar.Unusable as error:
        tell(str(error))
        return 2
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        tell(_said(error))
        return 1


def _said(error: Exception) -> str:
    """One line for somebody who knows nothing of Python."""
    if isinstance(error, MemoryError) and (type(error) is not MemoryError or not str(error)):
        return "there is not enough memory for this; give smaller numbers"
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    text = " ".join(str(error).split())
    if isinstance(error, (ValueError, ImportError, MemoryError, OSError, SpinnpropError)) and text:
        return text
    return f"a defect of spinnprop ({text or type(error).__name__}): please report it with what PYTHONDEVMODE=1 shows"


def build_parser() -> argparse.ArgumentParser:
    """The command's grammar."""
    parser = argparse.ArgumentParser(prog="spinnprop", description="Exact, event-based training of spiking networks.")
    parser.add_argument("--version", action="version", version=f"spinnprop {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in (train, search, simulate, spinnaker2, brainscales2, reproduce):
        module.add_parser(commands)
    return parser
