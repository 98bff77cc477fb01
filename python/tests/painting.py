"""Pictures that are drawn up but not painted, which takes most of the time of short commands: for tests that are not of pictures."""

import contextlib

import pytest


@contextlib.contextmanager
def unpainted():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("matplotlib.figure.Figure.savefig", lambda figure, file, **options: file.write(b"not painted"))
        yield
