"""What all tests share: small networks and data, pictures without a screen, a cache of their own, repeatable hypothesis runs."""

import os
import signal
import sys
import tempfile

os.environ["MPLBACKEND"] = "Agg"
CACHE = tempfile.TemporaryDirectory()
os.environ["SPINNPROP_CACHE"] = CACHE.name

import hypothesis  # noqa: E402
import painting  # noqa: E402
import pytest  # noqa: E402

import spinnprop as sp  # noqa: E402

# What runs in a shell's background, or under nohup, ignores Ctrl-C, and so would the tests that send it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# However slow the machine is.
unhurried = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("repeatable", derandomize=True, database=None, max_examples=200, **unhurried)
hypothesis.settings.load_profile("repeatable")


@pytest.fixture
def data():
    """60 encoded samples of the Yin-Yang data, and their labels."""
    X, y = sp.datasets.yin_yang(60)
    return sp.encoding.latency(X, bias=0.0), y


@pytest.fixture
def net():
    return sp.Network([5, 30, 3], seed=1)


@pytest.fixture
def unpainted():
    """Pictures of commands are not painted."""
    with painting.unpainted():
        yield


@pytest.fixture(autouse=True)
def nothing_is_left():
    """No test leaves its number of threads or its open pictures to the next."""
    yield
    sp.set_threads(0)
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
