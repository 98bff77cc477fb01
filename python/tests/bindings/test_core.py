"""The extension itself: nothing that is passed to it can crash it."""

import gc
import inspect
import os
import pickle
import random
import re
import sys

import numpy as np
import pytest

import spinnprop as sp
from spinnprop import _core

FUNCTIONS = [getattr(_core, name) for name in sorted(dir(_core)) if inspect.isbuiltin(getattr(_core, name))]
EXPECTED = (ValueError, TypeError, IndexError, MemoryError, FileNotFoundError, sp.SpinnpropError, BufferError)


class Hostile:
    """Fails whatever is asked of it."""

    def fail(self, *arguments):
        raise LookupError("hostile")

    __index__ = __float__ = __len__ = __getitem__ = __iter__ = __bool__ = __call__ = fail


def things():
    """Arguments of every sort, handles and near misses among them."""
    net = sp.Network([5, 4, 3], recurrent=True)
    spikes = sp.encoding.latency(sp.datasets.yin_yang(6)[0], bias=0.0)
    rec = net.forward(spikes, t_end=0.1)
    trainer = sp.Trainer(net, epochs=1, t_end=0.1)
    gradient, _ = _core.network_gradient(
        net._handle, rec._handle, sp.losses.TTFSCrossEntropy()._fields(), (np.zeros(6, np.int64), None, None), {}, None, None
    )
    frozen = np.zeros(6)
    frozen.flags.writeable = False
    return [
        net._handle, rec._handle, trainer._handle, gradient, _core.engine_create(_core.ENGINE_EVENT), gc, None, True, 0, 1, 2, -1, 6, 2**31, 2**63, -(2**70),
        0.5, float("nan"), float("inf"), "text", b"bytes", b"", bytearray(48), memoryview(b"abcdefgh"), [], [1], (), {},
        np.zeros(6), np.zeros(12), np.zeros((6, 3)), np.zeros(0), np.zeros(6, np.int64), np.zeros(30, np.int32),
        np.zeros(7, np.int64), np.zeros(6, ">f8"), np.zeros(12)[::2], np.zeros((), np.float64), np.zeros(6, object),
        frozen, spikes._arrays, (None, None, None, 5), spikes._arrays[:3], (spikes.times, spikes.units, None, -1),
        {"kind": 0}, {"kind": 99}, {"kind": 0, "tau0": float("nan")}, {"kind": "0"}, {"nonsense": 1}, {1: 2},
        {"epochs": 1}, {"engine": _core.engine_create(_core.ENGINE_EVENT)}, {"engine": net._handle}, {"kind": 1000}, {"steps": 5},
        sp.spinnaker2.Engine()._handle, {"checkpoint_path": b"a\0b"}, {"t_end": 0.1},
        {"engine": 3}, Hostile(), Hostile, lambda progress: 1, lambda progress: Hostile(), print, object(),
    ]  # fmt: skip


def n_arguments(function):
    return len(inspect.signature(function).parameters)


def test_every_function_says_what_it_takes():
    assert len(FUNCTIONS) >= 45
    for function in FUNCTIONS:
        assert function.__doc__ and isinstance(n_arguments(function), int)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_nothing_crashes_it(function, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # some arguments are good file names
    threads = sp.get_threads()
    choice = random.Random(function.__name__)
    pool, n = things(), n_arguments(function)
    for _ in range(1500):
        arguments = [choice.choice(pool) for _ in range(n)]
        try:
            function(*arguments)
        except EXPECTED:
            pass
        except LookupError as error:
            assert str(error) == "hostile"
    for wrong in (n + 1, max(n - 1, 0)):
        if wrong != n:
            with pytest.raises(TypeError):
                function(*pool[:wrong])
    sp.set_threads(threads)


def test_fields_are_checked():
    handle = sp.Network([5, 3])._handle
    for options in (
        {"epochs": 1.0},
        {"epochs": "1"},
        {"seed": None},
        {"checkpoint_path": "text"},
    ):
        with pytest.raises(TypeError):
            _core.trainer_create(handle, options, {}, None, {})
    for options in ({"epochs": 2**31}, {"seed": -1}, {"seed": 2**64}, {"learning_rate": 10**400}):
        with pytest.raises(ValueError):
            _core.trainer_create(handle, options, {}, None, {})
    for wrong in (
        ({"nonsense": 1}, {}, None, {}),
        ({}, {"nonsense": 1}, None, {}),
        ({}, {}, {"nonsense": 1}, {}),
        ({}, {}, None, {"nonsense": 1}),
    ):
        with pytest.raises(TypeError, match="nonsense"):
            _core.trainer_create(handle, *wrong)
    for wrong in (
        ({}, {"engine": 0}, None, {}),
        ({}, {"engine": handle}, None, {}),
        ({}, {}, {"kind": 0.0}, {}),
        ({}, None, None, {}),
        ({}, {}, None, {"engine": b""}),
    ):
        with pytest.raises(TypeError):
            _core.trainer_create(handle, *wrong)


def test_arrays_that_are_too_short_are_refused_before_they_are_written():
    net = sp.Network([5, 4, 3])
    guard = np.full(40, 7.0)
    for n in (0, 1, 19, 21, 39):
        with pytest.raises(ValueError):
            _core.network_get(guard[:n], net._handle, _core.WEIGHTS, 0)
        with pytest.raises(ValueError):
            _core.network_set(net._handle, _core.WEIGHTS, 0, guard[:n])
    assert np.all(guard == 7.0)
    for parameter, layer in ((99, 0), (-1, 0), (0, 2), (0, -1)):
        with pytest.raises((ValueError, IndexError)):
            _core.network_shape(net._handle, parameter, layer)


def test_constants_are_the_headers():
    path = os.path.join(os.path.dirname(__file__), "..", "..", "..", "include", "spinnprop.h")
    with open(path, encoding="utf-8") as header:
        declared = dict(re.findall(r"SPINNPROP_([A-Z0-9_]+) = (-?\d+)", header.read()))
    ours = {name: value for name, value in vars(_core).items() if name.isupper() and isinstance(value, int)}
    assert ours and all(declared[name] == str(value) for name, value in ours.items())
    missing = set(declared) - set(ours)
    statuses = {"OK", "INVALID_VALUE", "INVALID_INDEX", "OUT_OF_MEMORY", "FILE_NOT_FOUND", "FILE_ERROR", "CANCELLED",
                "TOO_MANY_SPIKES", "STALE_RECORDING", "UNSUPPORTED", "INTERNAL"}  # fmt: skip
    assert missing == statuses


def extension_sources():
    """The extension's files by name, with what its macros call written out."""
    folder = os.path.join(os.path.dirname(__file__), "..", "..", "extension")
    for name in sorted(os.listdir(folder)):
        if name.endswith(".c"):
            with open(os.path.join(folder, name), encoding="utf-8") as source:
                text = source.read()
            parts = r"GIVES_INITIAL(\1_defaults, \1_options) spinnprop_\1_create(&engine); GIVES_STRUCT(\1_get_options, \1_options, engine)"
            text = re.sub(r"(?<!define )TAKES_OPTIONS\((\w+)\)", parts, text)
            text = re.sub(r"(?<!define )TAKES_BYTES\((\w+), .*\)\n", r"spinnprop_\1(bytes);\n", text)
            text = re.sub(r"FILLS\((\w+), .*\)\n", r"spinnprop_\1(values);\n", text)
            text = re.sub(r"FILLS_FREELY\((\w+), .*\)\n", r"WITHOUT_GIL(spinnprop_\1(values));\n", text)
            text = re.sub(r"FILLS_OF\((\w+), .*\)\n", r"WITHOUT_GIL(spinnprop_\1(values));\n", text)
            text = re.sub(r"GIVES_INITIAL\(\w+, (\w+)\)", r"spinnprop_\1_init(&initial);", text)
            text = re.sub(r"GIVES_STRUCT\((\w+), (\w+), \w+\)", r"spinnprop_\2_init(&filled); spinnprop_\1(&filled);", text)
            yield name, re.sub(r"READ_ROWS\((\w+)", r"\1_init(rows); READ_ROWS(\1", text)


#: What others that are bound do too, with more arguments.
SHORTER = {"spinnprop_network_gradient", "spinnprop_trainer_run", "spinnprop_trainer_run_targets"}


def test_every_function_of_the_header_is_bound():
    folder = os.path.join(os.path.dirname(__file__), "..", "..", "..")
    with open(os.path.join(folder, "include", "spinnprop.h"), encoding="utf-8") as header:
        declared = set(re.findall(r"^SPINNPROP_API [^;]*?(spinnprop_\w+)\(", header.read(), re.MULTILINE))
    sources = "".join(text for _, text in extension_sources())
    with open(os.path.join(folder, "python", "extension", "autogenerated", "handles.inc"), encoding="utf-8") as handles:
        sources += "".join(f"spinnprop_{noun}_free(" for noun in re.findall(r"HANDLE\((\w+)\)", handles.read()))
    assert len(declared) > 50 and not {name for name in declared - SHORTER if not re.search(name + r"\b[(,)]", sources)}


#: What may run under the GIL: its time does not grow with spikes, samples or weights.
SHORT = re.compile(
    r"spinnprop_(\w+_(init|free|describe|connections|delay_kinds|shape|layer_sizes?|spike_count|skipped|copy|epochs_done|history)"
    r"|version|abi_version|last_error|set_threads|get_threads|thread_count|trainer_network|trainer_beginning|trainer_batch_size|trainer_set_\w+|loss_check|recording_engine"
    r"|domain_\w+|engine_(loss|setting|create)|(clock|first_spike)_(create|get_options)|biograd_(get_options|set_epochs)|spinnaker2_(get_options|account_\w+)|brainscales2_(preset|get_options|chip_get_options|chip_code_count|costs)|sparse_recording_(summary|trace_count)|sparse_gradient_count)"
)


def test_long_calls_release_the_gil():
    found = set()
    for name, text in extension_sources():
        released = [match.span() for match in re.finditer(r"WITHOUT_GIL\(.*?\);\n|call_begin\(.*?call_end\(", text, re.DOTALL)]
        for call in re.finditer(r"\b(spinnprop_[a-z_]+)\(", text):
            if any(start <= call.start() < end for start, end in released):
                found.add(call.group(1))
                continue
            is_question_of_size = text.startswith("NULL, 0, &needed", call.end())
            assert SHORT.fullmatch(call.group(1)) or is_question_of_size, f"{name} calls {call.group(1)} under the GIL"
    assert "spinnprop_spikes_check" in found and len(found) > 20, found


def test_errors_say_their_status(tmp_path):
    net, spikes = sp.Network([5, 3], seed=0), sp.encoding.latency(sp.datasets.yin_yang(10)[0], bias=0.0)
    recording = net.forward(spikes)
    (tmp_path / "bad").write_text("no network")
    cases = [
        (lambda: net.forward(spikes, max_spikes=1), "too_many_spikes"),
        (lambda: sp.load(tmp_path / "none"), "file_not_found"),
        (lambda: sp.load(tmp_path / "bad"), "file_error"),
        (lambda: net.forward(sp.SpikeTrains([], [], [0, 0], 4)), "invalid_value"),
        (lambda: net.gradient(recording, sp.losses.VMaxCrossEntropy(), np.zeros(len(spikes), int)), "unsupported"),
    ]
    changed = sp.Network([5, 3], seed=1)
    cases.append((lambda: changed.gradient(recording, sp.losses.TTFSCrossEntropy(), np.zeros(len(spikes), int)), "stale_recording"))
    for call, status in cases:
        with pytest.raises(Exception) as caught:
            call()
        assert caught.value.status == status and pickle.loads(pickle.dumps(caught.value)).status == status
    assert sp.SpinnpropError("found in Python").status is None


def test_exceptions_hold_no_references():
    net = sp.Network([5, 3])
    count = sys.getrefcount(net._handle)
    for _ in range(100):
        with pytest.raises(ValueError):
            _core.network_get(np.zeros(1), net._handle, _core.WEIGHTS, 0)
    assert sys.getrefcount(net._handle) <= count + 1  # the last traceback may hold one
