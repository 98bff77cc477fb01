"""The command ``spinnprop``, also as ``python -m spinnprop``: Ctrl-C ends it quietly even while all else is imported."""

import sys


def main() -> int:
    """Runs the command; returns its exit code."""
    try:
        from . import _commands

        return _commands.main()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
