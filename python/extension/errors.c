/* Statuses of the library as Python exceptions. */
#include "core.h"

static PyObject *exception_of(PyObject *module, spinnprop_status status) {
    switch (status) {
    case SPINNPROP_INVALID_VALUE: return PyExc_ValueError;
    case SPINNPROP_INVALID_INDEX: return PyExc_IndexError;
    case SPINNPROP_OUT_OF_MEMORY: return PyExc_MemoryError;
    case SPINNPROP_FILE_NOT_FOUND: return PyExc_FileNotFoundError;
    default: return ((module_state *)PyModule_GetState(module))->error;
    }
}

PyObject *raise_status(PyObject *module, spinnprop_status status) {
    /* A signal handler or progress callable that raised says more than "cancelled". */
    if (!PyErr_Occurred()) PyErr_SetString(exception_of(module, status), spinnprop_last_error());
    return NULL;
}

PyObject *none_or_raise(PyObject *module, spinnprop_status status) {
    if (status != SPINNPROP_OK) return raise_status(module, status);
    Py_RETURN_NONE;
}

PyObject *raise_spinnprop_error(PyObject *module, const char *message) {
    PyErr_SetString(((module_state *)PyModule_GetState(module))->error, message);
    return NULL;
}

int add_exceptions(PyObject *module) {
    module_state *state = PyModule_GetState(module);
    state->error = PyErr_NewExceptionWithDoc(
        "spinnprop.SpinnpropError",
        "A failure that no built-in exception describes: a malformed file, runaway activity, a stale recording, a\n"
        "combination that makes no sense, an object in use by another thread. The message names the value seen and\n"
        "the remedy.",
        PyExc_RuntimeError, NULL);
    if (!state->error) return -1;
    Py_INCREF(state->error);
    if (PyModule_AddObject(module, "SpinnpropError", state->error) < 0) {
        Py_DECREF(state->error);
        return -1;
    }
    return 0;
}
