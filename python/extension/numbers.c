/* Python numbers as C numbers: exact, without overflow errors and without running Python code. */
#include "core.h"

int int64_from(PyObject *object, void *result) {
    if (!PyLong_Check(object)) {
        PyErr_Format(PyExc_TypeError, "expected an int, got %R", (PyObject *)Py_TYPE(object));
        return 0;
    }
    int overflow = 0;
    long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (overflow) {
        PyErr_SetString(PyExc_ValueError, "an integer is too large; it must fit 64 bits");
        return 0;
    }
    *(int64_t *)result = value;
    return 1;
}

int int32_from(PyObject *object, void *result) {
    int64_t value = 0;
    if (!int64_from(object, &value)) return 0;
    if (value < INT32_MIN || value > INT32_MAX) {
        PyErr_Format(PyExc_ValueError, "%lld is too large; it must fit 32 bits", (long long)value);
        return 0;
    }
    *(int32_t *)result = (int32_t)value;
    return 1;
}

int uint64_from(PyObject *object, void *result) {
    if (!PyLong_Check(object)) {
        PyErr_Format(PyExc_TypeError, "expected an int, got %R", (PyObject *)Py_TYPE(object));
        return 0;
    }
    unsigned long long value = PyLong_AsUnsignedLongLong(object);
    if (PyErr_Occurred()) {
        PyErr_SetString(PyExc_ValueError, "an integer must be 0 .. 2^64 - 1");
        return 0;
    }
    *(uint64_t *)result = value;
    return 1;
}

int double_from(PyObject *object, void *result) {
    double value;
    if (PyFloat_Check(object)) {
        value = PyFloat_AsDouble(object);
    } else if (PyLong_Check(object)) {
        value = PyLong_AsDouble(object);
    } else {
        PyErr_Format(PyExc_TypeError, "expected a float, got %R", (PyObject *)Py_TYPE(object));
        return 0;
    }
    if (PyErr_Occurred()) {
        PyErr_SetString(PyExc_ValueError, "an integer is too large for float64");
        return 0;
    }
    *(double *)result = value;
    return 1;
}
