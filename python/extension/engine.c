/* Engines: what networks run on. */
#include "core.h"

static PyObject *engine_defaults(PyObject *module, PyObject *unused) {
    (void)module, (void)unused;
    spinnprop_engine_options options;
    spinnprop_engine_options_init(&options);
    return dict_from_fields(&options, engine_fields);
}

/* From options and a tuple of pairs (bytes, float): constants that are replaced, by name. */
static PyObject *engine_create(PyObject *module, PyObject *args) {
    PyObject *dict, *constants;
    if (!PyArg_ParseTuple(args, "OO!", &dict, &PyTuple_Type, &constants)) return NULL;
    const Py_ssize_t n = PyTuple_Size(constants);
    if (n > INT32_MAX) return PyErr_NoMemory();
    const char **names = PyMem_Calloc((size_t)n + 1, sizeof *names);
    double *values = PyMem_Calloc((size_t)n + 1, sizeof *values);
    int is_good = names && values;
    if (!is_good) PyErr_NoMemory();
    for (Py_ssize_t i = 0; is_good && i < n; i++) {
        PyObject *pair = PyTuple_GetItem(constants, i);
        is_good = PyTuple_Check(pair) && PyArg_ParseTuple(pair, "yd", &names[i], &values[i]);
        if (!is_good && !PyErr_Occurred()) PyErr_SetString(PyExc_TypeError, "constants must be pairs (bytes, float)");
    }
    spinnprop_engine_options options;
    spinnprop_engine_options_init(&options);
    PyObject *held = is_good ? set_fields(&options, engine_fields, dict, "options") : NULL, *result = NULL;
    if (held) {
        options.constant_names = names;
        options.constant_values = values;
        options.n_constants = (int32_t)n;
        spinnprop_engine *engine = NULL;
        spinnprop_status status;
        WITHOUT_GIL(status = spinnprop_engine_create(&engine, &options));
        result = status == SPINNPROP_OK ? handle_new(engine, engine_name) : raise_status(module, status);
    }
    Py_XDECREF(held);
    PyMem_Free(names);
    PyMem_Free(values);
    return result;
}

static PyObject *engine_describe(PyObject *module, PyObject *capsule) {
    handle *own = handle_from(capsule, engine_name);
    if (!own) return NULL;
    spinnprop_engine_options options;
    spinnprop_engine_options_init(&options);
    spinnprop_status status = spinnprop_engine_describe(&options, own->object);
    return status == SPINNPROP_OK ? dict_from_fields(&options, engine_fields) : raise_status(module, status);
}

static PyObject *engine_loss(PyObject *module, PyObject *args) {
    PyObject *capsule;
    int32_t readout;
    if (!PyArg_ParseTuple(args, "OO&", &capsule, int32_from, &readout)) return NULL;
    handle *own = handle_from(capsule, engine_name);
    if (!own) return NULL;
    spinnprop_loss loss;
    spinnprop_status status = spinnprop_engine_loss(&loss, own->object, readout);
    return status == SPINNPROP_OK ? dict_from_fields(&loss, loss_fields) : raise_status(module, status);
}

static PyObject *engine_setting(PyObject *module, PyObject *capsule) {
    handle *own = handle_from(capsule, engine_name);
    if (!own) return NULL;
    spinnprop_setting setting;
    spinnprop_setting_init(&setting);
    spinnprop_status status = spinnprop_engine_setting(&setting, own->object);
    return status == SPINNPROP_OK ? dict_from_fields(&setting, setting_fields) : raise_status(module, status);
}

PyMethodDef engine_methods[] = {
    {"engine_defaults", engine_defaults, METH_NOARGS, "engine_defaults($module, /)\n--\n\nThe core's defaults."},
    {"engine_create", engine_create, METH_VARARGS,
     "engine_create($module, options, constants, /)\n--\n\nA new engine."},
    {"engine_describe", engine_describe, METH_O,
     "engine_describe($module, engine, /)\n--\n\nThe options it was made with."},
    {"engine_loss", engine_loss, METH_VARARGS,
     "engine_loss($module, engine, readout, /)\n--\n\nThe loss that suits what it records of a read-out."},
    {"engine_setting", engine_setting, METH_O,
     "engine_setting($module, engine, /)\n--\n\nWhat suits training on it."},
    {NULL, NULL, 0, NULL},
};
