/* Engines: what networks run on. */
#include "core.h"

static PyObject *engine_create(PyObject *module, PyObject *args) {
    int32_t kind;
    if (!PyArg_ParseTuple(args, "O&", int32_from, &kind)) return NULL;
    spinnprop_engine *engine = NULL;
    const spinnprop_status status = spinnprop_engine_create(&engine, kind);
    return status == SPINNPROP_OK ? handle_new(engine, &engine_kind) : raise_status(module, status);
}

GIVES_STRUCT(engine_describe, engine_info, engine)

/* Defines what an engine needs that is made from a struct of options and nothing else: its defaults, itself, what it was made with. */
#define TAKES_OPTIONS(noun) \
    GIVES_INITIAL(noun##_defaults, noun##_options) \
\
    static PyObject *noun##_create(PyObject *module, PyObject *dict) { \
        spinnprop_##noun##_options options; \
        spinnprop_##noun##_options_init(&options); \
        PyObject *held = set_fields(&options, noun##_options_fields, dict, "options"); \
        if (!held) return NULL; \
        Py_DECREF(held); \
        spinnprop_engine *engine = NULL; \
        const spinnprop_status status = spinnprop_##noun##_create(&engine, &options); \
        return status == SPINNPROP_OK ? handle_new(engine, &engine_kind) : raise_status(module, status); \
    } \
\
    GIVES_STRUCT(noun##_get_options, noun##_options, engine)

TAKES_OPTIONS(clock)

static PyObject *clock_round_weights(PyObject *module, PyObject *args) {
    PyObject *rounded_object, *whole_object, *units_object, *engine, *capsule, *result = NULL;
    if (!PyArg_ParseTuple(args, "OOOOO", &rounded_object, &whole_object, &units_object, &engine, &capsule)) return NULL;
    array rounded = ARRAY_NONE, whole = ARRAY_NONE, units = ARRAY_NONE;
    handle *own = handle_from(engine, &engine_kind);
    spinnprop_network *network = own ? network_snapshot(module, capsule) : NULL;
    if (network && array_write(&rounded, rounded_object, ARRAY_FLOAT64, "rounded") && array_write(&whole, whole_object, ARRAY_INT32, "whole") &&
        array_write(&units, units_object, ARRAY_FLOAT64, "units")) {
        if (rounded.count != whole.count)
            PyErr_Format(PyExc_ValueError, "rounded has %lld elements and whole %lld; they must be as many", (long long)rounded.count,
                         (long long)whole.count);
        else {
            spinnprop_status status;
            WITHOUT_GIL(status = spinnprop_clock_round_weights(array_data(rounded), array_data(whole), whole.count,
                                                               array_data(units), units.count, own->object, network));
            result = none_or_raise(module, status);
        }
    }
    spinnprop_network_free(network);
    array_release(&rounded);
    array_release(&whole);
    array_release(&units);
    return result;
}

PyMethodDef clock_methods[] = {
    {"clock_defaults", clock_defaults, METH_NOARGS, "clock_defaults($module, /)\n--\n\nThe core's defaults."},
    {"clock_get_options", clock_get_options, METH_O,
     "clock_get_options($module, engine, /)\n--\n\nThe options it was made with."},
    {"clock_round_weights", clock_round_weights, METH_VARARGS,
     "clock_round_weights($module, rounded, whole, units, engine, network, /)\n--\n\nWhat a run reads where weight_bits rounds weights."},
    {"clock_create", clock_create, METH_O, "clock_create($module, options, /)\n--\n\nA new engine of time steps."},
    {NULL, NULL, 0, NULL},
};

TAKES_OPTIONS(first_spike)

PyMethodDef first_spike_methods[] = {
    {"first_spike_defaults", first_spike_defaults, METH_NOARGS,
     "first_spike_defaults($module, /)\n--\n\nThe core's defaults."},
    {"first_spike_get_options", first_spike_get_options, METH_O,
     "first_spike_get_options($module, engine, /)\n--\n\nThe options it was made with."},
    {"first_spike_create", first_spike_create, METH_O,
     "first_spike_create($module, options, /)\n--\n\nA new engine of first spikes."},
    {NULL, NULL, 0, NULL},
};

static PyObject *engine_loss(PyObject *module, PyObject *args) {
    PyObject *capsule, *network;
    if (!PyArg_ParseTuple(args, "OO", &capsule, &network)) return NULL;
    handle *own = handle_from(capsule, &engine_kind);
    handle *of = own ? handle_from(network, &network_kind) : NULL;
    if (!of) return NULL;
    spinnprop_loss loss = {.size = sizeof loss};
    spinnprop_status status = spinnprop_engine_loss(&loss, own->object, of->object);
    return status == SPINNPROP_OK ? dict_from_fields(&loss, loss_fields) : raise_status(module, status);
}

static PyObject *engine_setting(PyObject *module, PyObject *args) {
    PyObject *capsule, *network;
    if (!PyArg_ParseTuple(args, "OO", &capsule, &network)) return NULL;
    handle *own = handle_from(capsule, &engine_kind);
    handle *of = own && network != Py_None ? handle_from(network, &network_kind) : NULL;
    if (!own || (!of && network != Py_None)) return NULL;
    spinnprop_setting setting;
    spinnprop_setting_init(&setting);
    spinnprop_status status = spinnprop_engine_setting(&setting, own->object, of ? of->object : NULL);
    return status == SPINNPROP_OK ? dict_from_fields(&setting, setting_fields) : raise_status(module, status);
}

PyMethodDef engine_methods[] = {
    {"engine_create", engine_create, METH_VARARGS,
     "engine_create($module, kind, /)\n--\n\nA new engine of a kind, with its default options."},
    {"engine_describe", engine_describe, METH_O, "engine_describe($module, engine, /)\n--\n\nIts kind and its grid."},
    {"engine_loss", engine_loss, METH_VARARGS,
     "engine_loss($module, engine, network, /)\n--\n\nThe loss that suits what it records of a network."},
    {"engine_setting", engine_setting, METH_VARARGS,
     "engine_setting($module, engine, network, /)\n--\n\nWhat suits training a network on it; None: one of its own time constants."},
    {NULL, NULL, 0, NULL},
};
