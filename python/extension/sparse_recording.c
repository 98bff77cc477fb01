/* What runs of sparse networks leave, and their derivatives: nothing changes a recording or a gradient. */
#include "core.h"

GIVES_STRUCT(sparse_recording_summary, sparse_summary, sparse_recording)

static PyObject *sparse_recording_spikes(PyObject *module, PyObject *args) {
    PyObject *times_object, *units_object, *capsule, *result = NULL;
    if (!PyArg_ParseTuple(args, "OOO", &times_object, &units_object, &capsule)) return NULL;
    handle *own = handle_from(capsule, &sparse_recording_kind);
    array times = ARRAY_NONE, units = ARRAY_NONE;
    if (own && array_write(&times, times_object, ARRAY_FLOAT64, "times") &&
        array_write(&units, units_object, ARRAY_INT32, "units")) {
        if (units.count != times.count) {
            PyErr_SetString(PyExc_ValueError, "times and units must be equally long");
        } else {
            spinnprop_status status;
            WITHOUT_GIL(status = spinnprop_sparse_recording_spikes(array_data(times), array_data(units), times.count,
                                                                   own->object));
            result = none_or_raise(module, status);
        }
    }
    array_release(&times);
    array_release(&units);
    return result;
}

static PyObject *sparse_recording_trace_count(PyObject *module, PyObject *capsule) {
    handle *own = handle_from(capsule, &sparse_recording_kind);
    if (!own) return NULL;
    int64_t n = 0;
    spinnprop_status status = spinnprop_sparse_recording_trace_count(&n, own->object);
    return status == SPINNPROP_OK ? PyLong_FromLongLong(n) : raise_status(module, status);
}

static PyObject *sparse_recording_traces(PyObject *module, PyObject *args) {
    PyObject *values_object, *capsule, *result = NULL;
    if (!PyArg_ParseTuple(args, "OO", &values_object, &capsule)) return NULL;
    handle *own = handle_from(capsule, &sparse_recording_kind);
    array values = ARRAY_NONE;
    if (own && array_write(&values, values_object, ARRAY_FLOAT64, "values")) {
        spinnprop_status status;
        WITHOUT_GIL(status = spinnprop_sparse_recording_traces(array_data(values), values.count, own->object));
        result = none_or_raise(module, status);
    }
    array_release(&values);
    return result;
}

static PyObject *sparse_spike_time_loss(PyObject *module, PyObject *args) {
    PyObject *errors_object, *capsule, *targets_object, *result = NULL;
    double tau0;
    if (!PyArg_ParseTuple(args, "OOOO&", &errors_object, &capsule, &targets_object, double_from, &tau0)) return NULL;
    handle *own = handle_from(capsule, &sparse_recording_kind);
    array errors = ARRAY_NONE;
    spike_arrays targets = SPIKES_NONE;
    if (own && array_write(&errors, errors_object, ARRAY_FLOAT64, "time_errors") &&
        spikes_read(&targets, targets_object, "targets")) {
        double value = 0;
        spinnprop_status status;
        WITHOUT_GIL(status = spinnprop_sparse_spike_time_loss(&value, array_data(errors), errors.count, own->object,
                                                              &targets.spikes, tau0));
        result = status == SPINNPROP_OK ? PyFloat_FromDouble(value) : raise_status(module, status);
    }
    array_release(&errors);
    spikes_release(&targets);
    return result;
}

static PyObject *sparse_rate_loss(PyObject *module, PyObject *args) {
    PyObject *errors_object, *capsule, *targets_object, *result = NULL;
    if (!PyArg_ParseTuple(args, "OOO", &errors_object, &capsule, &targets_object)) return NULL;
    handle *own = handle_from(capsule, &sparse_recording_kind);
    array errors = ARRAY_NONE, targets = ARRAY_NONE;
    if (own && array_write(&errors, errors_object, ARRAY_FLOAT64, "time_errors") &&
        array_read(&targets, targets_object, ARRAY_FLOAT64, "targets")) {
        double value = 0;
        spinnprop_status status;
        WITHOUT_GIL(status = spinnprop_sparse_rate_loss(&value, array_data(errors), errors.count, own->object,
                                                        array_data(targets), targets.count));
        result = status == SPINNPROP_OK ? PyFloat_FromDouble(value) : raise_status(module, status);
    }
    array_release(&errors);
    array_release(&targets);
    return result;
}

static PyObject *sparse_differentiate(PyObject *module, PyObject *args) {
    PyObject *capsule, *errors_object, *final_object, *progress, *result = NULL;
    if (!PyArg_ParseTuple(args, "OOOO", &capsule, &errors_object, &final_object, &progress)) return NULL;
    handle *own = handle_from(capsule, &sparse_recording_kind);
    array errors = ARRAY_NONE, final = ARRAY_NONE;
    call call;
    if (own && array_read(&errors, errors_object, ARRAY_FLOAT64, "time_errors") &&
        array_read(&final, final_object, ARRAY_FLOAT64, "next_time_errors") && call_init(module, &call, progress)) {
        spinnprop_sparse_gradient *gradient = NULL;
        call_begin(&call);
        spinnprop_status status =
            spinnprop_sparse_differentiate(&gradient, own->object, array_data(errors), errors.count, array_data(final),
                                           final.count, call_progress, &call);
        call_end(&call);
        if (status == SPINNPROP_OK && !PyErr_Occurred()) {
            result = handle_new(gradient, &sparse_gradient_kind);
        } else {
            spinnprop_sparse_gradient_free(gradient);
            raise_status(module, status);
        }
    }
    array_release(&errors);
    array_release(&final);
    return result;
}

static PyObject *sparse_gradient_count(PyObject *module, PyObject *args) {
    PyObject *capsule;
    int32_t of;
    if (!PyArg_ParseTuple(args, "OO&", &capsule, int32_from, &of)) return NULL;
    handle *own = handle_from(capsule, &sparse_gradient_kind);
    if (!own) return NULL;
    int64_t n = 0;
    spinnprop_status status = spinnprop_sparse_gradient_count(&n, own->object, of);
    return status == SPINNPROP_OK ? PyLong_FromLongLong(n) : raise_status(module, status);
}

FILLS_OF(sparse_gradient_get, sparse_gradient, ARRAY_FLOAT64)

static PyObject *sparse_jacobian_product(PyObject *module, PyObject *args) {
    PyObject *product_object, *tangent_object, *capsule, *progress, *result = NULL;
    if (!PyArg_ParseTuple(args, "OOOO", &product_object, &tangent_object, &capsule, &progress)) return NULL;
    handle *own = handle_from(capsule, &sparse_recording_kind);
    array product = ARRAY_NONE, tangent = ARRAY_NONE;
    call call;
    if (own && array_write(&product, product_object, ARRAY_FLOAT64, "product") &&
        array_read(&tangent, tangent_object, ARRAY_FLOAT64, "tangent") && call_init(module, &call, progress)) {
        if (product.count != tangent.count) {
            PyErr_SetString(PyExc_ValueError, "product and tangent must be equally long");
        } else {
            call_begin(&call);
            spinnprop_status status = spinnprop_sparse_jacobian_product(
                array_data(product), array_data(tangent), product.count, own->object, call_progress, &call);
            call_end(&call);
            result = PyErr_Occurred() ? NULL : none_or_raise(module, status);
        }
    }
    array_release(&product);
    array_release(&tangent);
    return result;
}

static PyObject *sparse_lyapunov(PyObject *module, PyObject *args) {
    PyObject *exponents_object, *capsule, *dict, *progress, *result = NULL;
    if (!PyArg_ParseTuple(args, "OOOO", &exponents_object, &capsule, &dict, &progress)) return NULL;
    handle *own = handle_from(capsule, &sparse_recording_kind);
    spinnprop_sparse_lyapunov_options options;
    spinnprop_sparse_lyapunov_options_init(&options);
    array exponents = ARRAY_NONE;
    call call;
    PyObject *held = own ? set_fields(&options, sparse_lyapunov_options_fields, dict, "options") : NULL;
    if (held && array_write(&exponents, exponents_object, ARRAY_FLOAT64, "exponents") &&
        call_init(module, &call, progress)) {
        double contraction = 0, duration = 0;
        call_begin(&call);
        spinnprop_status status =
            spinnprop_sparse_lyapunov(array_data(exponents), exponents.count, &contraction, &duration, own->object,
                                      &options, call_progress, &call);
        call_end(&call);
        result = status == SPINNPROP_OK && !PyErr_Occurred() ? Py_BuildValue("dd", contraction, duration)
                                                             : raise_status(module, status);
    }
    array_release(&exponents);
    Py_XDECREF(held);
    return result;
}

GIVES_INITIAL(sparse_lyapunov_defaults, sparse_lyapunov_options)

PyMethodDef sparse_recording_methods[] = {
    {"sparse_recording_summary", sparse_recording_summary, METH_O,
     "sparse_recording_summary($module, recording, /)\n--\n\nSpikes, end and rate."},
    {"sparse_recording_spikes", sparse_recording_spikes, METH_VARARGS,
     "sparse_recording_spikes($module, times, units, recording, /)\n--\n\nFill times and units."},
    {"sparse_recording_trace_count", sparse_recording_trace_count, METH_O,
     "sparse_recording_trace_count($module, recording, /)\n--\n\nHow often voltages were kept."},
    {"sparse_recording_traces", sparse_recording_traces, METH_VARARGS,
     "sparse_recording_traces($module, values, recording, /)\n--\n\nFill values, (samples, traced neurons)."},
    {"sparse_spike_time_loss", sparse_spike_time_loss, METH_VARARGS,
     "sparse_spike_time_loss($module, time_errors, recording, targets, tau0, /)\n--\n\nFill time_errors; the value."},
    {"sparse_rate_loss", sparse_rate_loss, METH_VARARGS,
     "sparse_rate_loss($module, time_errors, recording, targets, /)\n--\n\nFill time_errors; the value."},
    {"sparse_differentiate", sparse_differentiate, METH_VARARGS,
     "sparse_differentiate($module, recording, time_errors, next_time_errors, progress, /)\n--\n\nThe gradient."},
    {"sparse_gradient_count", sparse_gradient_count, METH_VARARGS,
     "sparse_gradient_count($module, gradient, of, /)\n--\n\nHow many elements a part has."},
    {"sparse_gradient_get", sparse_gradient_get, METH_VARARGS,
     "sparse_gradient_get($module, values, gradient, of, /)\n--\n\nFill values with a part."},
    {"sparse_jacobian_product", sparse_jacobian_product, METH_VARARGS,
     "sparse_jacobian_product($module, product, tangent, recording, progress, /)\n--\n\nFill product."},
    {"sparse_lyapunov_defaults", sparse_lyapunov_defaults, METH_NOARGS,
     "sparse_lyapunov_defaults($module, /)\n--\n\nThe core's defaults."},
    {"sparse_lyapunov", sparse_lyapunov, METH_VARARGS,
     "sparse_lyapunov($module, exponents, recording, options, progress, /)\n--\n\n"
     "Fill exponents; contraction and duration."},
    {NULL, NULL, 0, NULL},
};
