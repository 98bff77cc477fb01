/* Sparse recurrent networks: nothing changes one once it is made, so that reading it needs no guard. */
#include "core.h"

GIVES_INITIAL(sparse_defaults, sparse_options)

static PyObject *sparse_create(PyObject *module, PyObject *args) {
    PyObject *dict, *offsets_object, *targets_object, *drives_object, *weights_object, *result = NULL;
    if (!PyArg_ParseTuple(args, "OOOOO", &dict, &offsets_object, &targets_object, &drives_object, &weights_object))
        return NULL;
    spinnprop_sparse_options options;
    spinnprop_sparse_options_init(&options);
    array offsets = ARRAY_NONE, targets = ARRAY_NONE, drives = ARRAY_NONE, weights = ARRAY_NONE;
    PyObject *held = set_fields(&options, sparse_options_fields, dict, "options");
    if (held && array_read(&offsets, offsets_object, ARRAY_INT64, "offsets") &&
        array_read(&targets, targets_object, ARRAY_INT32, "targets") &&
        array_read(&drives, drives_object, ARRAY_FLOAT64, "drives") &&
        array_read(&weights, weights_object, ARRAY_FLOAT64, "weights")) {
        options.offsets = array_data(offsets);
        options.n_offsets = offsets.count;
        options.targets = array_data(targets);
        options.n_targets = targets.count;
        options.drives = array_data(drives);
        options.n_drives = drives.count;
        options.weights = array_data(weights);
        options.n_weights = weights.count;
        spinnprop_sparse *network = NULL;
        call call;
        call_init(module, &call, Py_None);
        call_begin(&call);
        spinnprop_status status = spinnprop_sparse_create(&network, &options, call_progress, &call);
        call_end(&call);
        if (status == SPINNPROP_OK && !PyErr_Occurred()) {
            result = handle_new(network, &sparse_kind);
        } else {
            spinnprop_sparse_free(network);
            raise_status(module, status);
        }
    }
    array_release(&offsets);
    array_release(&targets);
    array_release(&drives);
    array_release(&weights);
    Py_XDECREF(held);
    return result;
}

GIVES_STRUCT(sparse_describe, sparse_info, sparse)

/* Fills an array from (values, network). */
static PyObject *values_get(PyObject *module, PyObject *args, const char *name,
                            spinnprop_status (*read)(double *values, int64_t n, const spinnprop_sparse *)) {
    PyObject *values_object, *capsule, *result = NULL;
    if (!PyArg_ParseTuple(args, "OO", &values_object, &capsule)) return NULL;
    handle *own = handle_from(capsule, &sparse_kind);
    array values = ARRAY_NONE;
    if (own && array_write(&values, values_object, ARRAY_FLOAT64, name)) {
        spinnprop_status status;
        WITHOUT_GIL(status = read(array_data(values), values.count, own->object));
        result = none_or_raise(module, status);
    }
    array_release(&values);
    return result;
}

static PyObject *sparse_drives(PyObject *module, PyObject *args) {
    return values_get(module, args, "drives", spinnprop_sparse_drives);
}

static PyObject *sparse_weights(PyObject *module, PyObject *args) {
    return values_get(module, args, "weights", spinnprop_sparse_weights);
}

static PyObject *sparse_with_weights(PyObject *module, PyObject *args) {
    PyObject *capsule, *weights_object, *result = NULL;
    if (!PyArg_ParseTuple(args, "OO", &capsule, &weights_object)) return NULL;
    handle *own = handle_from(capsule, &sparse_kind);
    array weights = ARRAY_NONE;
    if (own && array_read(&weights, weights_object, ARRAY_FLOAT64, "weights")) {
        spinnprop_sparse *changed = NULL;
        spinnprop_status status = spinnprop_sparse_copy(&changed, own->object);
        if (status == SPINNPROP_OK)
            WITHOUT_GIL(status = spinnprop_sparse_set_weights(changed, array_data(weights), weights.count));
        if (status == SPINNPROP_OK) {
            result = handle_new(changed, &sparse_kind);
        } else {
            spinnprop_sparse_free(changed);
            raise_status(module, status);
        }
    }
    array_release(&weights);
    return result;
}

static PyObject *sparse_adjacency(PyObject *module, PyObject *args) {
    PyObject *offsets_object, *targets_object, *capsule, *result = NULL;
    if (!PyArg_ParseTuple(args, "OOO", &offsets_object, &targets_object, &capsule)) return NULL;
    handle *own = handle_from(capsule, &sparse_kind);
    array offsets = ARRAY_NONE, targets = ARRAY_NONE;
    if (own && array_write(&offsets, offsets_object, ARRAY_INT64, "offsets") &&
        array_write(&targets, targets_object, ARRAY_INT32, "targets")) {
        spinnprop_status status;
        WITHOUT_GIL(status = spinnprop_sparse_adjacency(array_data(offsets), offsets.count, array_data(targets),
                                                        targets.count, own->object));
        result = none_or_raise(module, status);
    }
    array_release(&offsets);
    array_release(&targets);
    return result;
}

GIVES_INITIAL(sparse_run_defaults, sparse_run_options)

/* Run options and the arrays they point into. */
typedef struct run_arrays {
    PyObject *held;
    array phases, times, units, weights, traced;
} run_arrays;
#define RUN_ARRAYS_NONE \
    {.held = NULL, .phases = ARRAY_NONE, .times = ARRAY_NONE, .units = ARRAY_NONE, .weights = ARRAY_NONE, .traced = ARRAY_NONE}

/* arrays: a tuple (initial_phases, input_times, input_units, input_weights, trace_units), each may be None. */
static int run_options_read(spinnprop_sparse_run_options *options, run_arrays *own, PyObject *dict, PyObject *arrays) {
    spinnprop_sparse_run_options_init(options);
    if (!PyTuple_Check(arrays) || PyTuple_Size(arrays) != 5) {
        PyErr_SetString(PyExc_TypeError, "arrays must be a tuple of five");
        return 0;
    }
    own->held = set_fields(options, sparse_run_options_fields, dict, "options");
    if (!own->held || !array_read(&own->phases, PyTuple_GetItem(arrays, 0), ARRAY_FLOAT64, "initial_phases") ||
        !array_read(&own->times, PyTuple_GetItem(arrays, 1), ARRAY_FLOAT64, "input times") ||
        !array_read(&own->units, PyTuple_GetItem(arrays, 2), ARRAY_INT32, "input units") ||
        !array_read(&own->weights, PyTuple_GetItem(arrays, 3), ARRAY_FLOAT64, "input weights") ||
        !array_read(&own->traced, PyTuple_GetItem(arrays, 4), ARRAY_INT32, "trace units"))
        return 0;
    if (own->times.count != own->units.count || own->times.count != own->weights.count) {
        PyErr_Format(PyExc_ValueError, "inputs have %lld times, %lld units and %lld weights; give one of each per spike",
                     (long long)own->times.count, (long long)own->units.count, (long long)own->weights.count);
        return 0;
    }
    options->initial_phases = array_data(own->phases);
    options->n_initial_phases = own->phases.count;
    options->input_times = array_data(own->times);
    options->input_units = array_data(own->units);
    options->input_weights = array_data(own->weights);
    options->n_inputs = own->times.count;
    options->trace_units = array_data(own->traced);
    options->n_trace_units = own->traced.count;
    return 1;
}

static void run_options_release(run_arrays *own) {
    array_release(&own->phases);
    array_release(&own->times);
    array_release(&own->units);
    array_release(&own->weights);
    array_release(&own->traced);
    Py_XDECREF(own->held);
}

static PyObject *sparse_run(PyObject *module, PyObject *args) {
    PyObject *capsule, *dict, *arrays, *progress, *result = NULL;
    if (!PyArg_ParseTuple(args, "OOOO", &capsule, &dict, &arrays, &progress)) return NULL;
    handle *own = handle_from(capsule, &sparse_kind);
    spinnprop_sparse_run_options options;
    run_arrays own_arrays = RUN_ARRAYS_NONE;
    call call;
    if (own && run_options_read(&options, &own_arrays, dict, arrays) && call_init(module, &call, progress)) {
        spinnprop_sparse_recording *recording = NULL;
        call_begin(&call);
        spinnprop_status status = spinnprop_sparse_run(&recording, own->object, &options, call_progress, &call);
        call_end(&call);
        if (status == SPINNPROP_OK && !PyErr_Occurred()) {
            result = handle_new(recording, &sparse_recording_kind);
        } else {
            spinnprop_sparse_recording_free(recording);
            raise_status(module, status);
        }
    }
    run_options_release(&own_arrays);
    return result;
}

/* A call that hands spikes to a Python callable. */
typedef struct stream {
    call call;
    PyObject *sink;
    int is_stopped; /* by the sink, which did not raise */
} stream;

static int stream_spikes(const double *times, const int32_t *units, int64_t n, void *payload) {
    stream *stream = payload;
    if (atomic_load(&stream->call.state->is_exiting)) return 1;
    PyEval_RestoreThread(stream->call.thread);
    int stops = PyErr_CheckSignals() < 0;
    if (!stops) {
        PyObject *batch = Py_BuildValue("y#y#", (const char *)times, (Py_ssize_t)(n * (int64_t)sizeof *times),
                                        (const char *)units, (Py_ssize_t)(n * (int64_t)sizeof *units));
        PyObject *answer = batch ? PyObject_CallObject(stream->sink, batch) : NULL;
        const int truth = answer ? PyObject_IsTrue(answer) : -1;
        stops = truth != 0;
        stream->is_stopped = truth == 1;
        Py_XDECREF(answer);
        Py_XDECREF(batch);
    }
    stream->call.thread = PyEval_SaveThread();
    return stops;
}

static PyObject *sparse_stream(PyObject *module, PyObject *args) {
    PyObject *capsule, *dict, *arrays, *sink, *progress, *result = NULL;
    if (!PyArg_ParseTuple(args, "OOOOO", &capsule, &dict, &arrays, &sink, &progress)) return NULL;
    handle *own = handle_from(capsule, &sparse_kind);
    spinnprop_sparse_run_options options;
    run_arrays own_arrays = RUN_ARRAYS_NONE;
    stream stream = {.sink = sink, .is_stopped = 0};
    if (own && !PyCallable_Check(sink))
        PyErr_Format(PyExc_TypeError, "sink must be callable, got %R", (PyObject *)Py_TYPE(sink));
    else if (own && run_options_read(&options, &own_arrays, dict, arrays) && call_init(module, &stream.call, progress)) {
        spinnprop_sparse_summary summary;
        spinnprop_sparse_summary_init(&summary);
        call_begin(&stream.call);
        spinnprop_status status = spinnprop_sparse_stream(&summary, own->object, &options, stream_spikes, &stream,
                                                          call_progress, &stream.call);
        call_end(&stream.call);
        if (status == SPINNPROP_CANCELLED && stream.is_stopped && !PyErr_Occurred()) {
            Py_INCREF(Py_None);
            result = Py_None;
        } else if (status == SPINNPROP_OK && !PyErr_Occurred()) {
            result = dict_from_fields(&summary, sparse_summary_fields);
        } else {
            raise_status(module, status);
        }
    }
    run_options_release(&own_arrays);
    return result;
}

PyMethodDef sparse_methods[] = {
    {"sparse_defaults", sparse_defaults, METH_NOARGS, "sparse_defaults($module, /)\n--\n\nThe core's defaults."},
    {"sparse_create", sparse_create, METH_VARARGS,
     "sparse_create($module, options, offsets, targets, drives, weights, /)\n--\n\n"
     "A new network; None for the arrays that follow from the options."},
    {"sparse_describe", sparse_describe, METH_O, "sparse_describe($module, network, /)\n--\n\nSizes and phases."},
    {"sparse_drives", sparse_drives, METH_VARARGS, "sparse_drives($module, drives, network, /)\n--\n\nFill drives."},
    {"sparse_weights", sparse_weights, METH_VARARGS,
     "sparse_weights($module, weights, network, /)\n--\n\nFill weights."},
    {"sparse_with_weights", sparse_with_weights, METH_VARARGS,
     "sparse_with_weights($module, network, weights, /)\n--\n\nThe network with other weights."},
    {"sparse_adjacency", sparse_adjacency, METH_VARARGS,
     "sparse_adjacency($module, offsets, targets, network, /)\n--\n\nFill offsets and targets."},
    {"sparse_run_defaults", sparse_run_defaults, METH_NOARGS,
     "sparse_run_defaults($module, /)\n--\n\nThe core's defaults."},
    {"sparse_run", sparse_run, METH_VARARGS,
     "sparse_run($module, network, options, arrays, progress, /)\n--\n\nRun; the recording."},
    {"sparse_stream", sparse_stream, METH_VARARGS,
     "sparse_stream($module, network, options, arrays, sink, progress, /)\n--\n\n"
     "Run and hand batches of times and units over as bytes; the summary, or None if the sink answered true."},
    {NULL, NULL, 0, NULL},
};
