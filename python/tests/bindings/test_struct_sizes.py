"""Programs that know an older, smaller form of a struct: nothing is written beyond what they say they have.

Every function of the header that fills a struct is called with every size the struct may ever have had.
"""

import ctypes
import importlib.util
import os
from pathlib import Path

import pytest

from spinnprop import _core

ROOT = Path(__file__).resolve().parents[3]
GUARD = 0xA5


def _generator():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "scripts" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATE = _generator()
HEADER = GENERATE.read_header(GENERATE.HEADER.read_text())
SIZED = GENERATE.sized(HEADER)


def fills(function):
    """Whether a function's first argument is a struct that it fills."""
    first = function.parameters[0] if function.parameters and not function.name.endswith("_init") else None
    return first and first.base in SIZED and function.result == "spinnprop_status" and not first.is_const


FILLING = [f for f in HEADER.functions if fills(f)]
NUMBERS = {"int32_t": ctypes.c_int32, "int64_t": ctypes.c_int64, "uint64_t": ctypes.c_uint64, "double": ctypes.c_double}


@pytest.fixture(scope="module")
def library():
    loaded = ctypes.CDLL(os.path.join(os.path.dirname(_core.__file__), "libspinnprop.so"))
    loaded.spinnprop_last_error.restype = ctypes.c_char_p
    return loaded


def struct(name):
    """The struct as ctypes has it."""
    fields = []
    for member in HEADER.structs[name]:
        if member.stars:
            kind = ctypes.c_void_p
        elif member.base == "char":
            kind = ctypes.c_char * int(member.length)
        else:
            kind = {**NUMBERS, "size_t": ctypes.c_size_t, "spinnprop_loss_function": ctypes.c_void_p}[member.base]
        fields.append((member.name, kind))
    return type(name, (ctypes.Structure,), {"_fields_": fields})


def initial(library, name):
    own = struct(name)()
    own.size = ctypes.sizeof(own)
    init = [f for f in HEADER.functions if f.name == name + "_init"][0]
    if len(init.parameters) == 1:
        getattr(library, init.name)(ctypes.byref(own))
    assert own.size == ctypes.sizeof(own), f"{name} is {own.size} bytes in the library"
    return own


class Objects:
    """One of every handle, made through the C functions."""

    def __init__(self, library):
        self.library = library
        self.kept = []
        n, sizes = 6, (ctypes.c_int32 * 3)(5, 8, 3)
        times = (ctypes.c_double * (n * 5))(*(1e-3 * (i % 20) for i in range(n * 5)))
        units = (ctypes.c_int32 * (n * 5))(*(i % 5 for i in range(n * 5)))
        offsets = (ctypes.c_int64 * (n + 1))(*(5 * i for i in range(n + 1)))
        labels = (ctypes.c_int64 * n)(*(i % 3 for i in range(n)))
        self.kept += [sizes, times, units, offsets, labels]
        spikes = initial(library, "spinnprop_spikes")
        spikes.times, spikes.units, spikes.offsets = (ctypes.addressof(a) for a in (times, units, offsets))
        spikes.n_spikes, spikes.n_samples, spikes.n_units = n * 5, n, 5
        options = initial(library, "spinnprop_network_options")
        options.layer_sizes, options.n_layer_sizes = ctypes.addressof(sizes), 3
        network = self.make("spinnprop_network_create", ctypes.byref(options))
        self.clock = self.make("spinnprop_clock_create", None)
        self.first_spike = self.make("spinnprop_first_spike_create", None)
        analog = self.make("spinnprop_brainscales2_chip_create", None)
        chips = (ctypes.c_void_p * 1)(analog.value)
        self.kept.append(chips)
        self.analog = self.make("spinnprop_brainscales2_create", chips, ctypes.c_int64(1), None)
        # Slow, so that ticks slip.
        names, values = (ctypes.c_char_p * 1)(b"high_clock"), (ctypes.c_double * 1)(2e5)
        self.kept += [names, values]
        chip = initial(library, "spinnprop_spinnaker2_options")
        chip.n_constants = 1
        chip.constant_names, chip.constant_values = ctypes.addressof(names), ctypes.addressof(values)
        engine = self.make("spinnprop_spinnaker2_create", ctypes.byref(chip))
        forward = initial(library, "spinnprop_forward_options")
        forward.engine = engine.value
        recording = self.make(
            "spinnprop_network_forward", network, ctypes.byref(spikes), ctypes.byref(forward), None, None
        )
        training = initial(library, "spinnprop_training_options")
        training.epochs = 2
        trainer = self.make("spinnprop_trainer_create", network, ctypes.byref(training))
        none = ctypes.c_int64(0)
        self.good("spinnprop_trainer_run", trainer, ctypes.byref(spikes), labels, ctypes.c_int64(n), None, None, none, None, None)
        sparse_options = initial(library, "spinnprop_sparse_options")
        sparse_options.n_neurons, sparse_options.degree = 50, 5
        sparse = self.make("spinnprop_sparse_create", ctypes.byref(sparse_options), None, None)
        run = initial(library, "spinnprop_sparse_run_options")
        run.n_spikes = 10
        self.sparse_run = run
        self.fit = initial(library, "spinnprop_spinnaker2_fit_options")
        self.fit.layer_sizes, self.fit.n_layer_sizes = ctypes.addressof(sizes), 3
        local_sizes = (ctypes.c_int64 * 3)(5, 4, 3)
        local = initial(library, "spinnprop_biograd_options")
        local.epochs = 2
        biograd = self.make("spinnprop_biograd_create", local_sizes, ctypes.c_int64(3), ctypes.byref(local))
        local_input = initial(library, "spinnprop_step_input")
        local_input.events, local_input.step_time = ctypes.addressof(spikes), 1e-3
        self.good("spinnprop_biograd_run", biograd, ctypes.byref(local_input), labels, ctypes.c_int64(n), None, None, None, None)
        analog_fit = initial(library, "spinnprop_brainscales2_fit_options")
        analog_fit.layer_sizes, analog_fit.n_layer_sizes = ctypes.addressof(sizes), 3
        self.analog_fit, self.merged = analog_fit, (ctypes.c_int32 * 2)()
        neurons = initial(library, "spinnprop_brainscales2_array_options")
        neurons.n_sources = 1
        self.neurons, self.circuits = neurons, (ctypes.c_double * (10 * neurons.n_neurons))()
        self.handles = {
            "spinnprop_brainscales2_array": self.make("spinnprop_brainscales2_array_create", ctypes.byref(neurons)),
            "spinnprop_brainscales2_chip": analog,
            "spinnprop_biograd": biograd,
            "spinnprop_network": network,
            "spinnprop_recording": recording,
            "spinnprop_trainer": trainer,
            "spinnprop_sparse": sparse,
            "spinnprop_sparse_recording": self.make(
                "spinnprop_sparse_run", sparse, ctypes.byref(run), None, None
            ),
            "spinnprop_spinnaker2_account": self.make("spinnprop_spinnaker2_account_create", engine),
        }
        self.engine = engine

    def good(self, name, *arguments):
        status = getattr(self.library, name)(*arguments)
        assert status == 0, f"{name}: {self.library.spinnprop_last_error().decode()}"

    def make(self, name, *arguments):
        handle = ctypes.c_void_p()
        self.good(name, ctypes.byref(handle), *arguments)
        return handle

    def argument(self, function, parameter):
        if parameter.base == "spinnprop_engine":
            if "_clock_" in function.name:
                return self.clock
            if "_brainscales2_" in function.name:
                return self.analog
            return self.first_spike if "_first_spike_" in function.name else self.engine
        if parameter.base in self.handles:
            return self.handles[parameter.base]
        if parameter.base == "spinnprop_sparse_run_options":
            return ctypes.byref(self.sparse_run)
        if function.name == "spinnprop_brainscales2_place" and parameter.name in ("merged", "n_layers", "options"):
            return {"merged": self.merged, "n_layers": ctypes.c_int64(2), "options": ctypes.byref(self.analog_fit)}[parameter.name]
        if function.name == "spinnprop_brainscales2_array_place" and parameter.name in ("values", "n", "options"):
            own = {"values": self.circuits, "n": ctypes.c_int64(len(self.circuits)), "options": ctypes.byref(self.neurons)}
            return own[parameter.name]
        if parameter.name == "batch_size":
            return ctypes.c_int64(1)
        if parameter.base == "spinnprop_spinnaker2_fit_options":
            return ctypes.byref(self.fit)
        if parameter.stars or parameter.base.endswith(("_callback", "_sink")):
            if parameter.base == "spinnprop_sparse_sink":
                self.sink = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_void_p] * 2, ctypes.c_int64, ctypes.c_void_p)(
                    lambda *_: 0
                )
                return self.sink
            return None
        return NUMBERS[parameter.base](0)


@pytest.fixture(scope="module")
def objects(library):
    return Objects(library)


def n_rows(function, objects):
    """How many rows a table has: what it refuses says so."""
    name = function.name
    arguments = [objects.argument(function, p) for p in function.parameters[1:]]
    if [p.name for p in function.parameters[1:2]] != ["n"]:
        return 1, arguments
    arguments[0] = ctypes.c_int64(-1)
    assert getattr(objects.library, name)(None, *arguments) != 0
    needed = int(objects.library.spinnprop_last_error().decode().rpartition(" ")[2])
    arguments[0] = ctypes.c_int64(needed)
    return needed, arguments


def test_there_are_such_functions():
    names = {f.name for f in FILLING}
    assert {"spinnprop_engine_loss", "spinnprop_trainer_history", "spinnprop_recording_describe"} <= names
    assert len(names) >= 20


@pytest.mark.parametrize("function", FILLING, ids=lambda f: f.name)
def test_nothing_is_written_past_a_smaller_struct(function, library, objects):
    name = function.parameters[0].base
    call = getattr(library, function.name)
    whole = ctypes.sizeof(struct(name))
    n, arguments = n_rows(function, objects)
    assert n > 0
    memory = (ctypes.c_ubyte * (n * whole + 64))()
    sizes = range(16, whole + 1, 8)
    filled = {}
    for size in sizes:
        ctypes.memset(memory, GUARD, ctypes.sizeof(memory))
        ctypes.cast(memory, ctypes.POINTER(ctypes.c_size_t))[0] = size
        status = call(memory, *arguments)
        assert status == 0, library.spinnprop_last_error().decode()
        assert set(memory[n * size :]) == {GUARD}, f"{function.name} writes past {n} x {size} bytes"
        rows = [bytes(memory[i * size : (i + 1) * size]) for i in range(n)]
        assert all(int.from_bytes(row[:8], "little") == size for row in rows)
        filled[size] = [row[8:] for row in rows]
    for size in sizes:
        assert filled[size] == [row[: size - 8] for row in filled[whole]], f"{function.name} fills {size} bytes otherwise"


@pytest.mark.parametrize("function", FILLING, ids=lambda f: f.name)
@pytest.mark.parametrize("size", [0, 8, 12, 17, "larger"])
def test_sizes_that_no_version_has_are_refused(function, size, library, objects):
    n, arguments = n_rows(function, objects)
    whole = ctypes.sizeof(struct(function.parameters[0].base))
    memory = (ctypes.c_ubyte * (n * whole + 64))()
    ctypes.cast(memory, ctypes.POINTER(ctypes.c_size_t))[0] = whole + 8 if size == "larger" else size
    before = bytes(memory)
    assert getattr(library, function.name)(memory, *arguments) != 0
    assert "size" in library.spinnprop_last_error().decode() and bytes(memory) == before
