/* Losses and gradients. */
#include "core.h"

#include <string.h>

/* Gives what (value, derivatives) a callable answers to (values, shape, samples, is_validation, weights); 0 with an exception on failure. */
static int ask(PyObject *callable, spinnprop_loss_batch *batch) {
    const int64_t n = batch->n_samples * batch->n_outputs * batch->depth;
    PyObject *weights = Py_None;
    if (batch->weights)
        weights = PyBytes_FromStringAndSize((const char *)batch->weights, (Py_ssize_t)(batch->n_samples * 8));
    else
        Py_INCREF(weights);
    /* The library's arrays are gone when the call is over; what the callable keeps is its own. */
    PyObject *answer =
        weights ? PyObject_CallFunction(callable, "y#(LLL)y#iO", n > 0 ? (const char *)batch->values : "", (Py_ssize_t)(n * 8),
                                        (long long)batch->n_samples, (long long)batch->n_outputs, (long long)batch->depth,
                                        n > 0 ? (const char *)batch->samples : "", (Py_ssize_t)(batch->n_samples * 8),
                                        (int)batch->is_validation, weights)
                : NULL;
    Py_XDECREF(weights);
    int is_good = 0;
    if (answer && !(PyTuple_Check(answer) && PyTuple_Size(answer) == 2))
        PyErr_SetString(PyExc_TypeError, "the function of a loss must return (value, derivatives)");
    else if (answer)
        is_good = double_from(PyTuple_GetItem(answer, 0), &batch->value) &&
                  array_copy(batch->derivatives, n, PyTuple_GetItem(answer, 1), "derivatives");
    Py_XDECREF(answer);
    return is_good;
}

/* The library's callback: payload is an own_function whose call is between begin and end. */
static int call_loss(spinnprop_loss_batch *batch, void *payload) {
    own_function *own = payload;
    call *call = own->call;
    /* As in call_progress. */
    if (!call || atomic_load(&call->state->is_exiting)) return 1;
    PyEval_RestoreThread(call->thread);
    int stops = PyErr_CheckSignals() < 0;
    if (!stops && (!own->callable || own->callable == Py_None)) {
        PyErr_SetString(PyExc_TypeError, "the loss is one of the caller's own, and no function for it is given");
        stops = 1;
    }
    if (!stops) stops = !ask(own->callable, batch);
    call->thread = PyEval_SaveThread();
    return stops;
}

int loss_read(PyObject *module, loss_arrays *arrays, PyObject *dict) {
    if (dict == Py_None) return 1;
    spinnprop_loss *loss = &arrays->loss;
    memset(loss, 0, sizeof *loss);
    if (!PyDict_Check(dict)) {
        PyErr_Format(PyExc_TypeError, "loss must be a dict or None, got %R", (PyObject *)Py_TYPE(dict));
        return 0;
    }
    PyObject *numbers = PyDict_Copy(dict), *held = NULL;
    if (!numbers) return 0;
    PyObject *key = PyUnicode_FromString("times");
    PyObject *times = key ? PyDict_GetItemWithError(numbers, key) : NULL;
    int is_good = (times || !PyErr_Occurred()) &&
                  (!times || array_read(&arrays->times, times, ARRAY_FLOAT64, "times")) &&
                  (!times || PyDict_DelItem(numbers, key) == 0) &&
                  (held = set_fields(loss, loss_fields, numbers, "loss")) != NULL;
    Py_XDECREF(key);
    if (is_good) {
        const int32_t kind = loss->kind;
        const spinnprop_status status = spinnprop_loss_init(loss, kind);
        /* Nothing in a loss points into the dictionary. */
        Py_DECREF(held);
        held = status == SPINNPROP_OK ? set_fields(loss, loss_fields, numbers, "loss") : raise_status(module, status);
        is_good = held != NULL;
    }
    Py_XDECREF(held);
    Py_DECREF(numbers);
    loss->times = array_data(arrays->times);
    loss->n_times = arrays->times.count;
    if (is_good && loss->kind == SPINNPROP_LOSS_CUSTOM) {
        loss->function = call_loss;
        loss->payload = &arrays->function;
    }
    arrays->given = loss;
    return is_good;
}

void loss_release(loss_arrays *arrays) { array_release(&arrays->times); }

static PyObject *loss_defaults(PyObject *module, PyObject *args) {
    int32_t kind;
    if (!PyArg_ParseTuple(args, "O&", int32_from, &kind)) return NULL;
    spinnprop_loss loss;
    spinnprop_status status = spinnprop_loss_init(&loss, kind);
    return status == SPINNPROP_OK ? dict_from_fields(&loss, loss_fields) : raise_status(module, status);
}

static PyObject *loss_check(PyObject *module, PyObject *dict) {
    loss_arrays loss = LOSS_NONE;
    PyObject *result = loss_read(module, &loss, dict) ? none_or_raise(module, spinnprop_loss_check(loss.given)) : NULL;
    loss_release(&loss);
    return result;
}

GIVES_INITIAL(gradient_defaults, gradient_options)

static PyObject *network_gradient(PyObject *module, PyObject *args) {
    PyObject *network_object, *recording_object, *loss_object, *wanted_object, *dict, *progress, *function;
    if (!PyArg_ParseTuple(args, "OOOOOOO", &network_object, &recording_object, &loss_object, &wanted_object, &dict,
                          &progress, &function))
        return NULL;
    handle *recording = handle_from(recording_object, &recording_kind);
    spinnprop_network *network = recording ? network_snapshot(module, network_object) : NULL;
    loss_arrays loss = LOSS_NONE;
    spinnprop_gradient_options options;
    spinnprop_gradient_options_init(&options);
    supervision_arrays wanted = SUPERVISION_NONE;
    call call;
    PyObject *held = network ? set_fields(&options, gradient_options_fields, dict, "options") : NULL, *result = NULL;
    if (held && loss_read(module, &loss, loss_object) &&
        supervision_read(&wanted, wanted_object, "supervision") && call_init(module, &call, progress)) {
        spinnprop_gradient *gradient = NULL;
        double value = 0;
        loss.function.callable = function;
        loss.function.call = &call;
        call_begin(&call);
        spinnprop_status status =
            spinnprop_network_gradient_supervised(&gradient, &value, network, recording->object, loss.given,
                                                  &wanted.supervision, &options, call_progress, &call);
        call_end(&call);
        PyObject *capsule = NULL;
        if (status == SPINNPROP_OK && PyErr_Occurred()) {
            spinnprop_gradient_free(gradient);
        } else if (status == SPINNPROP_OK) {
            capsule = handle_new(gradient, &gradient_kind);
        } else {
            raise_status(module, status);
        }
        if (capsule) result = Py_BuildValue("Nd", capsule, value);
    }
    supervision_release(&wanted);
    loss_release(&loss);
    Py_XDECREF(held);
    spinnprop_network_free(network);
    return result;
}

static PyObject *network_pull_back(PyObject *module, PyObject *args) {
    PyObject *network_object, *recording_object, *errors_object, *times_object, *membranes_object, *integrals_object;
    PyObject *dict, *progress;
    double tau;
    if (!PyArg_ParseTuple(args, "OOOOOOdOO", &network_object, &recording_object, &errors_object, &times_object,
                          &membranes_object, &integrals_object, &tau, &dict, &progress))
        return NULL;
    handle *recording = handle_from(recording_object, &recording_kind);
    spinnprop_network *network = recording ? network_snapshot(module, network_object) : NULL;
    spinnprop_gradient_options options;
    spinnprop_gradient_options_init(&options);
    array errors = ARRAY_NONE, times = ARRAY_NONE, membranes = ARRAY_NONE, integrals = ARRAY_NONE;
    double *of_layers = NULL;
    int64_t n_errors = 0;
    call call;
    PyObject *held = network ? set_fields(&options, gradient_options_fields, dict, "options") : NULL, *result = NULL;
    if (held &&
        (PyTuple_Check(errors_object) ? layer_errors(module, &of_layers, &n_errors, errors_object, recording_object)
                                      : array_read(&errors, errors_object, ARRAY_FLOAT64, "errors")) &&
        array_read(&times, times_object, ARRAY_FLOAT64, "times") &&
        array_read(&membranes, membranes_object, ARRAY_FLOAT64, "membrane_errors") &&
        array_read(&integrals, integrals_object, ARRAY_FLOAT64, "integral_errors") && call_init(module, &call, progress)) {
        spinnprop_gradient *gradient = NULL;
        call_begin(&call);
        spinnprop_status status = spinnprop_network_pull_back(
            &gradient, network, recording->object, of_layers ? of_layers : array_data(errors), of_layers ? n_errors : errors.count,
            array_data(times), times.count, array_data(membranes), membranes.count, array_data(integrals), integrals.count, tau, &options,
            call_progress, &call);
        call_end(&call);
        if (status == SPINNPROP_OK && PyErr_Occurred()) {
            spinnprop_gradient_free(gradient);
        } else if (status == SPINNPROP_OK) {
            result = handle_new(gradient, &gradient_kind);
        } else {
            raise_status(module, status);
        }
    }
    PyMem_Free(of_layers);
    array_release(&errors);
    array_release(&times);
    array_release(&membranes);
    array_release(&integrals);
    Py_XDECREF(held);
    spinnprop_network_free(network);
    return result;
}

static PyObject *gradient_create(PyObject *module, PyObject *capsule) {
    spinnprop_network *network = network_snapshot(module, capsule);
    if (!network) return NULL;
    spinnprop_gradient *gradient = NULL;
    spinnprop_status status;
    WITHOUT_GIL(status = spinnprop_gradient_create(&gradient, network));
    spinnprop_network_free(network);
    return status == SPINNPROP_OK ? handle_new(gradient, &gradient_kind) : raise_status(module, status);
}

static PyObject *gradient_set(PyObject *module, PyObject *args) {
    PyObject *capsule, *values_object, *result = NULL;
    int32_t parameter, index;
    if (!PyArg_ParseTuple(args, "OO&O&O", &capsule, int32_from, &parameter, int32_from, &index, &values_object)) return NULL;
    handle *own = handle_from(capsule, &gradient_kind);
    array values = ARRAY_NONE;
    if (own && array_read(&values, values_object, ARRAY_FLOAT64, "values")) {
        spinnprop_status status;
        WITHOUT_GIL(status = spinnprop_gradient_set(own->object, parameter, index, array_data(values), values.count));
        result = none_or_raise(module, status);
    }
    array_release(&values);
    return result;
}

static PyObject *gradient_get(PyObject *module, PyObject *args) { return parameter_get(module, args, &gradient_kind); }

static PyObject *gradient_input_times(PyObject *module, PyObject *args) {
    PyObject *values_object, *capsule, *result = NULL;
    if (!PyArg_ParseTuple(args, "OO", &values_object, &capsule)) return NULL;
    handle *own = handle_from(capsule, &gradient_kind);
    array values = ARRAY_NONE;
    if (own && array_write(&values, values_object, ARRAY_FLOAT64, "values")) {
        spinnprop_status status;
        WITHOUT_GIL(status = spinnprop_gradient_input_times(array_data(values), values.count, own->object));
        result = none_or_raise(module, status);
    }
    array_release(&values);
    return result;
}

static PyObject *gradient_skipped(PyObject *module, PyObject *capsule) {
    handle *own = handle_from(capsule, &gradient_kind);
    if (!own) return NULL;
    int64_t skipped = 0;
    spinnprop_status status = spinnprop_gradient_skipped(&skipped, own->object);
    return status == SPINNPROP_OK ? PyLong_FromLongLong(skipped) : raise_status(module, status);
}

static PyObject *gradient_adjoint(PyObject *module, PyObject *args) {
    PyObject *v_object, *i_object, *capsule, *times_object, *progress, *result = NULL;
    int32_t layer;
    int64_t first, n_samples;
    if (!PyArg_ParseTuple(args, "OOOO&O&O&OO", &v_object, &i_object, &capsule, int32_from, &layer, int64_from, &first,
                          int64_from, &n_samples, &times_object, &progress))
        return NULL;
    handle *own = handle_from(capsule, &gradient_kind);
    array v = ARRAY_NONE, i = ARRAY_NONE, times = ARRAY_NONE;
    call call;
    if (own && array_write(&v, v_object, ARRAY_FLOAT64, "lambda_v") &&
        array_write(&i, i_object, ARRAY_FLOAT64, "lambda_i") &&
        array_read(&times, times_object, ARRAY_FLOAT64, "times") && call_init(module, &call, progress)) {
        if (i.count != v.count) {
            PyErr_SetString(PyExc_ValueError, "lambda_v and lambda_i must be equally long");
        } else {
            call_begin(&call);
            spinnprop_status status =
                spinnprop_gradient_adjoint(array_data(v), array_data(i), v.count, own->object, layer, first, n_samples,
                                           array_data(times), times.count, call_progress, &call);
            call_end(&call);
            if (!PyErr_Occurred()) result = none_or_raise(module, status);
        }
    }
    array_release(&v);
    array_release(&i);
    array_release(&times);
    return result;
}

PyMethodDef loss_methods[] = {
    {"loss_defaults", loss_defaults, METH_VARARGS, "loss_defaults($module, kind, /)\n--\n\nThe core's defaults."},
    {"loss_check", loss_check, METH_O, "loss_check($module, loss, /)\n--\n\nRaise unless the loss is in its domain."},
    {"gradient_defaults", gradient_defaults, METH_NOARGS, "gradient_defaults($module, /)\n--\n\nThe core's defaults."},
    {"network_gradient", network_gradient, METH_VARARGS,
     "network_gradient($module, network, recording, loss, supervision, options, progress, function, /)\n--\n\n"
     "(gradient, value) for a tuple (labels, targets, weights); function is that of a loss of one's own, or None."},
    {"network_pull_back", network_pull_back, METH_VARARGS,
     "network_pull_back($module, network, recording, errors, times, membrane_errors, integral_errors, tau, options, progress, /)\n--\n\n"
     "The gradient of given errors, of each spike and maximum or a tuple of dense arrays (output, hidden) of the first spikes of each neuron, or of"
     " maxima, either of which may be None; times, membrane_errors and integral_errors may be None."},
    {"gradient_create", gradient_create, METH_O, "gradient_create($module, network, /)\n--\n\nOne that is all zero."},
    {"gradient_set", gradient_set, METH_VARARGS,
     "gradient_set($module, gradient, parameter, index, values, /)\n--\n\nSet an array; nobody else may use the gradient meanwhile."},
    {"gradient_get", gradient_get, METH_VARARGS,
     "gradient_get($module, values, gradient, parameter, index, /)\n--\n\nFill values with an array's gradient."},
    {"gradient_input_times", gradient_input_times, METH_VARARGS,
     "gradient_input_times($module, values, gradient, /)\n--\n\nFill values, one per input spike."},
    {"gradient_adjoint", gradient_adjoint, METH_VARARGS,
     "gradient_adjoint($module, lambda_v, lambda_i, gradient, layer, first_sample, n_samples, times, progress, /)\n--\n\n"
     "Fill both with a layer's adjoint at times."},
    {"gradient_skipped", gradient_skipped, METH_O,
     "gradient_skipped($module, gradient, /)\n--\n\nSamples that added nothing."},
    {NULL, NULL, 0, NULL},
};
