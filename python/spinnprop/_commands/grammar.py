"""What the commands' grammars share: kinds of numbers, common options, and what unusable arguments are told."""

from __future__ import annotations

import argparse
import contextlib
import math
import re
from typing import Any, Callable, Dict, Iterator, Optional

from .. import _core
from .._support import checks
from . import folder

#: The core's options of training by name: domain and default.
TRAINING: Dict[str, Any] = checks.domains(_core.DOMAINS_TRAINING)


#: What is a negative number, not an option. Until Python 3.14 argparse knows none with exponents; what is no finite one is refused as a number.
_NEGATIVE_NUMBER = re.compile(r"-((\d+\.?\d*|\.\d+)(e[-+]?\d+)?|inf(inity)?|nan)$", re.IGNORECASE)


class Unusable(Exception):
    """Arguments that cannot be used, singly or together; the command ends with 2, as for those that have no meaning at all."""


@contextlib.contextmanager
def judged() -> Iterator[None]:
    """Within, what the library refuses was an argument of the command."""
    try:
        yield
    except (ValueError, TypeError) as error:
        raise Unusable(str(error)) from error


def in_flags(text: str, parser: Optional[argparse.ArgumentParser]) -> str:
    """What the library says of its parameters, said of a command's flags of the same names.

    A name of several words means a parameter wherever it stands, but for quotes; one that is a word of English, too, only where a value is given to it or
    found to be wrong.
    """
    for action in parser._actions if parser else ():
        # There can be more or fewer of what is counted, not of what is chosen.
        sizes = "larger|smaller|lower|shorter|longer" + ("|more|fewer" if action.choices is None else "")
        for flag in (flag for flag in action.option_strings if flag.startswith("--")):
            name = flag[2:].replace("-", "_")
            alone = rf"(?<![\w.\-'\"`]){name}"
            text = re.sub(rf'{alone}="?([\w.+\-]+)"?', rf"{flag} \1", text)
            text = re.sub(rf"{alone}(?!\w)" if "_" in name else rf"(?:^|(?<=[:;,(] )){name}(?= is )", flag, text)
            text = re.sub(rf'\b(use|with) {name} "([\w\-]+)"', rf"\1 {flag} \2", text)
            text = re.sub(rf"\b(use|set) {name} = ", rf"\1 {flag} ", text)
            text = re.sub(rf"\b(set|raise|{sizes}) {name}(?= to | or |[,;]|$)", rf"\1 {flag}", text)
    return text


def whole(low: int, high: int) -> Callable[[str], int]:
    """Whole numbers low .. high."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"{text} is outside {low} .. {high}")
        return number

    return read


def positive(text: str) -> int:
    """A number of things."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number > checks.INT32:
        raise argparse.ArgumentTypeError(f"{text} is too large; at most {checks.INT32}")
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive integer")
    return number


def number(low: float) -> Callable[[str], float]:
    """A finite number, not below `low`."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and value >= low):
            raise argparse.ArgumentTypeError(f"{text!r} is not a finite number{'' if low == -math.inf else f' >= {low:g}'}")
        return value

    return read


def above_zero(text: str) -> float:
    """A finite number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return number


def learning_rate(text: str) -> float:
    """Within the core's domain, and not 0, with which nothing would be learnt."""
    try:
        return float(checks.option(above_zero(text), "X", _core.DOMAINS_TRAINING, "learning_rate"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not {TRAINING['learning_rate']['text']}") from None


def trained(name: str) -> Callable[[str], float]:
    """A number within the domain of the core's option of training of this name."""

    def read(text: str) -> float:
        try:
            return float(checks.option(float(text), name, _core.DOMAINS_TRAINING))
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number {TRAINING[name]['text']}") from None

    return read


#: Of everything that is drawn.
seed = whole(0, checks.UINT64)


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Names defaults, but None, of which the text itself says what it means."""

    def _get_help_string(self, action: argparse.Action) -> Optional[str]:
        return action.help if action.default is None else super()._get_help_string(action)


def command(
    family: Any, name: str, run: Callable[[argparse.Namespace], Any], summary: str, description: str, pictures: bool = False
) -> argparse.ArgumentParser:
    """A command of a family with what all have."""
    parser: argparse.ArgumentParser = family.add_parser(
        name, help=summary, description=description, formatter_class=_Help
    )
    parser._negative_number_matcher = _NEGATIVE_NUMBER
    parser.add_argument(
        "--threads",
        type=whole(0, _core.MAX_THREADS),
        metavar="N",
        help=f"host threads, at most {_core.MAX_THREADS}; 0: one per processor; unless given, SPINNPROP_THREADS or else "
        "OMP_NUM_THREADS of the environment",
    )
    if pictures:
        parser.add_argument(
            "--pictures", default="png", choices=list(folder.PICTURES), help="what files pictures are written as"
        )
    parser.set_defaults(run=run, grammar=parser)
    return parser


def family(commands: Any, name: str, summary: str, description: str, title: str, metavar: str) -> Any:
    """Commands with a first word in common."""
    parser = commands.add_parser(name, help=summary, description=description)
    return parser.add_subparsers(title=title, metavar=metavar, required=True)


def add_out(parser: argparse.ArgumentParser, default: str, text: str = "where to write the results") -> None:
    """The folder of the results; each command has a default of its own, so that none meets another's files."""
    parser.add_argument("--out", default=default, metavar="FOLDER", help=text)
