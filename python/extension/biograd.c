/* Local learning. */
#include "core.h"

GIVES_INITIAL(biograd_defaults, biograd_options)

/* Samples from a tuple (probabilities, n_samples, n_units, spikes, step_time), in which probabilities or spikes are None. */
typedef struct step_input {
    spinnprop_step_input input;
    array probabilities;
    spike_arrays spikes;
} step_input;
#define STEP_INPUT_NONE {.probabilities = ARRAY_NONE, .spikes = SPIKES_NONE}

static int step_input_read(step_input *own, PyObject *tuple) {
    PyObject *probabilities, *spikes;
    int64_t n_samples, n_units;
    double step_time;
    spinnprop_step_input_init(&own->input);
    if (!PyTuple_Check(tuple)) {
        PyErr_SetString(PyExc_TypeError, "input must be a tuple (probabilities, n_samples, n_units, spikes, step_time)");
        return 0;
    }
    if (!PyArg_ParseTuple(tuple, "OO&O&OO&", &probabilities, int64_from, &n_samples, int64_from, &n_units, &spikes, double_from,
                          &step_time) ||
        !array_read(&own->probabilities, probabilities, ARRAY_FLOAT64, "probabilities") ||
        (spikes != Py_None && !spikes_read(&own->spikes, spikes, "spikes")))
        return 0;
    /* Sizes within the array's, whose product therefore cannot overflow. */
    if (spikes == Py_None && (n_samples < 0 || n_units < 1 || n_samples > own->probabilities.count / n_units ||
                              n_samples * n_units != own->probabilities.count)) {
        PyErr_Format(PyExc_ValueError, "probabilities has %lld elements, not %lld x %lld",
                     (long long)own->probabilities.count, (long long)n_samples, (long long)n_units);
        return 0;
    }
    if (spikes == Py_None) {
        /* An empty array still is one. */
        static const double none;
        own->input.probabilities = own->probabilities.count > 0 ? array_data(own->probabilities) : &none;
    } else {
        own->input.events = &own->spikes.spikes;
    }
    own->input.n_samples = n_samples;
    own->input.n_units = n_units;
    own->input.step_time = step_time;
    return 1;
}

static void step_input_release(step_input *own) {
    array_release(&own->probabilities);
    spikes_release(&own->spikes);
}

/* The training as it is now, to read without the GIL; free it after that. NULL with an exception on failure. */
static spinnprop_biograd *biograd_snapshot(PyObject *module, PyObject *capsule) {
    handle *own = idle_from(module, capsule, &biograd_kind);
    spinnprop_biograd *snapshot = NULL;
    spinnprop_status status = own ? spinnprop_biograd_copy(&snapshot, own->object) : SPINNPROP_OK;
    if (status != SPINNPROP_OK) raise_status(module, status);
    return snapshot;
}

static PyObject *biograd_create(PyObject *module, PyObject *args) {
    PyObject *sizes_object, *dict, *result = NULL;
    if (!PyArg_ParseTuple(args, "OO", &sizes_object, &dict)) return NULL;
    spinnprop_biograd_options options;
    spinnprop_biograd_options_init(&options);
    array sizes = ARRAY_NONE;
    PyObject *held = set_fields(&options, biograd_options_fields, dict, "options");
    if (held && array_read(&sizes, sizes_object, ARRAY_INT64, "layer_sizes")) {
        spinnprop_biograd *training = NULL;
        spinnprop_status status;
        WITHOUT_GIL(status = spinnprop_biograd_create(&training, array_data(sizes), sizes.count, &options));
        result = status == SPINNPROP_OK ? handle_new(training, &biograd_kind) : raise_status(module, status);
    }
    array_release(&sizes);
    Py_XDECREF(held);
    return result;
}

static PyObject *biograd_copy(PyObject *module, PyObject *capsule) {
    spinnprop_biograd *copy = biograd_snapshot(module, capsule);
    return copy ? handle_new(copy, &biograd_kind) : NULL;
}

static PyObject *biograd_get(PyObject *module, PyObject *args) {
    PyObject *values_object, *capsule, *result = NULL;
    int32_t parameter, layer;
    if (!PyArg_ParseTuple(args, "OOO&O&", &values_object, &capsule, int32_from, &parameter, int32_from, &layer)) return NULL;
    spinnprop_biograd *own = biograd_snapshot(module, capsule);
    array values = ARRAY_NONE;
    if (own && array_write(&values, values_object, ARRAY_FLOAT64, "values")) {
        spinnprop_status status;
        WITHOUT_GIL(status = spinnprop_biograd_get(array_data(values), values.count, own, parameter, layer));
        result = none_or_raise(module, status);
    }
    spinnprop_biograd_free(own);
    array_release(&values);
    return result;
}

static PyObject *biograd_set(PyObject *module, PyObject *args) {
    PyObject *values_object, *capsule, *result = NULL;
    int32_t parameter, layer;
    if (!PyArg_ParseTuple(args, "OO&O&O", &capsule, int32_from, &parameter, int32_from, &layer, &values_object)) return NULL;
    array values = ARRAY_NONE;
    handle *own;
    if (array_read(&values, values_object, ARRAY_FLOAT64, "values") && (own = idle_from(module, capsule, &biograd_kind))) {
        spinnprop_status status;
        own->is_running = 1;
        WITHOUT_GIL(status = spinnprop_biograd_set(own->object, parameter, layer, array_data(values), values.count));
        own->is_running = 0;
        result = none_or_raise(module, status);
    }
    array_release(&values);
    return result;
}

/* The engine of a capsule, NULL for None, which stands for the host. 0 with an exception on failure. */
static int engine_or_host(PyObject *capsule, const spinnprop_engine **engine) {
    handle *own = capsule == Py_None ? NULL : handle_from(capsule, &engine_kind);
    *engine = own ? own->object : NULL;
    return capsule == Py_None || own;
}

static PyObject *biograd_run(PyObject *module, PyObject *args) {
    PyObject *capsule, *input_object, *labels_object, *engine_object, *path, *progress, *result = NULL;
    const spinnprop_engine *engine;
    const char *checkpoint = NULL;
    if (!PyArg_ParseTuple(args, "OOOOOO", &capsule, &input_object, &labels_object, &engine_object, &path, &progress) ||
        !engine_or_host(engine_object, &engine) || (path != Py_None && !PyArg_Parse(path, "y", &checkpoint)))
        return NULL;
    step_input input = STEP_INPUT_NONE;
    array labels = ARRAY_NONE;
    handle *own;
    call call;
    if (step_input_read(&input, input_object) && array_read(&labels, labels_object, ARRAY_INT64, "labels") &&
        call_init(module, &call, progress) && (own = idle_from(module, capsule, &biograd_kind))) {
        own->is_running = 1;
        call_begin(&call);
        spinnprop_status status =
            spinnprop_biograd_run(own->object, &input.input, array_data(labels), labels.count, engine, checkpoint, call_progress, &call);
        call_end(&call);
        own->is_running = 0;
        if (!PyErr_Occurred() && (status == SPINNPROP_OK || status == SPINNPROP_CANCELLED))
            result = PyBool_FromLong(status == SPINNPROP_OK);
        else
            raise_status(module, status);
    }
    step_input_release(&input);
    array_release(&labels);
    return result;
}

static PyObject *biograd_counts(PyObject *module, PyObject *args) {
    PyObject *counts_object, *capsule, *input_object, *engine_object, *progress, *result = NULL;
    const spinnprop_engine *engine;
    int64_t showing;
    if (!PyArg_ParseTuple(args, "OOOO&OO", &counts_object, &capsule, &input_object, int64_from, &showing, &engine_object,
                          &progress) ||
        !engine_or_host(engine_object, &engine))
        return NULL;
    step_input input = STEP_INPUT_NONE;
    array counts = ARRAY_NONE;
    spinnprop_biograd *own = NULL;
    call call;
    if (step_input_read(&input, input_object) && array_write(&counts, counts_object, ARRAY_INT32, "counts") &&
        call_init(module, &call, progress) && (own = biograd_snapshot(module, capsule))) {
        call_begin(&call);
        spinnprop_status status = spinnprop_biograd_counts(array_data(counts), counts.count, own, &input.input, showing,
                                                           engine, call_progress, &call);
        call_end(&call);
        result = PyErr_Occurred() ? NULL : none_or_raise(module, status);
    }
    spinnprop_biograd_free(own);
    step_input_release(&input);
    array_release(&counts);
    return result;
}

static PyObject *biograd_gradient(PyObject *module, PyObject *args) {
    PyObject *weights_object, *biases_object, *capsule, *input_object, *labels_object, *progress, *result = NULL;
    int64_t showing;
    call call;
    if (!PyArg_ParseTuple(args, "OOOOOO&O", &weights_object, &biases_object, &capsule, &input_object, &labels_object,
                          int64_from, &showing, &progress))
        return NULL;
    step_input input = STEP_INPUT_NONE;
    array weights = ARRAY_NONE, biases = ARRAY_NONE, labels = ARRAY_NONE;
    spinnprop_biograd *own = NULL;
    if (step_input_read(&input, input_object) && array_write(&weights, weights_object, ARRAY_FLOAT64, "weights") &&
        array_write(&biases, biases_object, ARRAY_FLOAT64, "biases") &&
        array_read(&labels, labels_object, ARRAY_INT64, "labels") && call_init(module, &call, progress) &&
        (own = biograd_snapshot(module, capsule))) {
        call_begin(&call);
        spinnprop_status status =
            spinnprop_biograd_gradient(array_data(weights), weights.count, array_data(biases), biases.count, own, &input.input,
                                       array_data(labels), labels.count, showing, call_progress, &call);
        call_end(&call);
        result = PyErr_Occurred() ? NULL : none_or_raise(module, status);
    }
    spinnprop_biograd_free(own);
    step_input_release(&input);
    array_release(&weights);
    array_release(&biases);
    array_release(&labels);
    return result;
}

static PyObject *biograd_wake(PyObject *module, PyObject *args) {
    PyObject *capsule, *input_object, *progress, *result = NULL;
    if (!PyArg_ParseTuple(args, "OOO", &capsule, &input_object, &progress)) return NULL;
    step_input input = STEP_INPUT_NONE;
    handle *own;
    call call;
    if (step_input_read(&input, input_object) && call_init(module, &call, progress) &&
        (own = idle_from(module, capsule, &biograd_kind))) {
        own->is_running = 1;
        call_begin(&call);
        spinnprop_status status = spinnprop_biograd_wake(own->object, &input.input, call_progress, &call);
        call_end(&call);
        own->is_running = 0;
        result = PyErr_Occurred() ? NULL : none_or_raise(module, status);
    }
    step_input_release(&input);
    return result;
}

static PyObject *biograd_save(PyObject *module, PyObject *args) {
    PyObject *capsule;
    const char *path;
    if (!PyArg_ParseTuple(args, "Oy", &capsule, &path)) return NULL;
    spinnprop_biograd *own = biograd_snapshot(module, capsule);
    if (!own) return NULL;
    spinnprop_status status;
    WITHOUT_GIL(status = spinnprop_biograd_save(own, path));
    spinnprop_biograd_free(own);
    return none_or_raise(module, status);
}

static PyObject *biograd_load(PyObject *module, PyObject *args) {
    const char *path;
    if (!PyArg_ParseTuple(args, "y", &path)) return NULL;
    spinnprop_biograd *training = NULL;
    spinnprop_status status;
    WITHOUT_GIL(status = spinnprop_biograd_load(&training, path));
    return status == SPINNPROP_OK ? handle_new(training, &biograd_kind) : raise_status(module, status);
}

static PyObject *biograd_to_bytes(PyObject *module, PyObject *capsule) {
    spinnprop_biograd *own = biograd_snapshot(module, capsule);
    if (!own) return NULL;
    int64_t needed = 0;
    spinnprop_status status = spinnprop_biograd_to_bytes(NULL, 0, &needed, own);
    PyObject *bytes = status == SPINNPROP_OK ? PyBytes_FromStringAndSize(NULL, needed) : NULL;
    if (bytes) {
        uint8_t *data = (uint8_t *)PyBytes_AsString(bytes);
        WITHOUT_GIL(status = spinnprop_biograd_to_bytes(data, needed, &needed, own));
    }
    spinnprop_biograd_free(own);
    if (status == SPINNPROP_OK) return bytes;
    Py_XDECREF(bytes);
    return raise_status(module, status);
}

static PyObject *biograd_from_bytes(PyObject *module, PyObject *object) {
    array bytes = ARRAY_NONE;
    PyObject *result = NULL;
    if (array_read(&bytes, object, ARRAY_BYTES, "bytes")) {
        spinnprop_biograd *training = NULL;
        spinnprop_status status;
        WITHOUT_GIL(status = spinnprop_biograd_from_bytes(&training, array_data(bytes), bytes.count));
        result = status == SPINNPROP_OK ? handle_new(training, &biograd_kind) : raise_status(module, status);
    }
    array_release(&bytes);
    return result;
}

static PyObject *biograd_set_epochs(PyObject *module, PyObject *args) {
    PyObject *capsule;
    int32_t epochs;
    if (!PyArg_ParseTuple(args, "OO&", &capsule, int32_from, &epochs)) return NULL;
    handle *own = idle_from(module, capsule, &biograd_kind);
    return own ? none_or_raise(module, spinnprop_biograd_set_epochs(own->object, epochs)) : NULL;
}

FILLS(biograd_layer_sizes, biograd, ARRAY_INT64)

static PyObject *biograd_sleep(PyObject *module, PyObject *args) {
    PyObject *capsule, *progress;
    int64_t n_samples;
    call call;
    if (!PyArg_ParseTuple(args, "OO&O", &capsule, int64_from, &n_samples, &progress) || !call_init(module, &call, progress))
        return NULL;
    handle *own = idle_from(module, capsule, &biograd_kind);
    if (!own) return NULL;
    own->is_running = 1;
    call_begin(&call);
    spinnprop_status status = spinnprop_biograd_sleep(own->object, n_samples, call_progress, &call);
    call_end(&call);
    own->is_running = 0;
    return PyErr_Occurred() ? NULL : none_or_raise(module, status);
}

GIVES_STRUCT(biograd_describe, biograd_info, biograd)
GIVES_STRUCT(biograd_get_options, biograd_options, biograd)

static PyObject *biograd_history(PyObject *module, PyObject *capsule) {
    handle *own = idle_from(module, capsule, &biograd_kind);
    if (!own) return NULL;
    spinnprop_biograd_info info;
    spinnprop_biograd_info_init(&info);
    spinnprop_status status = spinnprop_biograd_describe(&info, own->object);
    const int64_t n = info.epochs_done;
    RETURN_ROWS(biograd_epoch, n, (spinnprop_biograd_epoch_init(rows), spinnprop_biograd_history(rows, n, own->object)));
}

static PyObject *biograd_curves(PyObject *module, PyObject *args) {
    PyObject *spikes_object, *angles_object, *ratios_object, *capsule, *result = NULL;
    if (!PyArg_ParseTuple(args, "OOOO", &spikes_object, &angles_object, &ratios_object, &capsule)) return NULL;
    spinnprop_biograd *own = biograd_snapshot(module, capsule);
    array spikes = ARRAY_NONE, angles = ARRAY_NONE, ratios = ARRAY_NONE;
    if (own && array_write(&spikes, spikes_object, ARRAY_FLOAT64, "spikes") &&
        array_write(&angles, angles_object, ARRAY_FLOAT64, "angles") &&
        array_write(&ratios, ratios_object, ARRAY_FLOAT64, "norm_ratios")) {
        spinnprop_status status;
        WITHOUT_GIL(status = spinnprop_biograd_curves(array_data(spikes), spikes.count, array_data(angles), angles.count,
                                                      array_data(ratios), ratios.count, own));
        result = none_or_raise(module, status);
    }
    spinnprop_biograd_free(own);
    array_release(&spikes);
    array_release(&angles);
    array_release(&ratios);
    return result;
}

static PyObject *biograd_alignment(PyObject *module, PyObject *args) {
    PyObject *angles_object, *ratios_object, *capsule, *progress, *result = NULL;
    call call;
    if (!PyArg_ParseTuple(args, "OOOO", &angles_object, &ratios_object, &capsule, &progress)) return NULL;
    spinnprop_biograd *own = NULL;
    array angles = ARRAY_NONE, ratios = ARRAY_NONE;
    if (array_write(&angles, angles_object, ARRAY_FLOAT64, "angles") &&
        array_write(&ratios, ratios_object, ARRAY_FLOAT64, "norm_ratios") && call_init(module, &call, progress) &&
        (own = biograd_snapshot(module, capsule))) {
        call_begin(&call);
        spinnprop_status status = spinnprop_biograd_alignment(array_data(angles), angles.count, array_data(ratios), ratios.count,
                                                              own, call_progress, &call);
        call_end(&call);
        result = PyErr_Occurred() ? NULL : none_or_raise(module, status);
    }
    spinnprop_biograd_free(own);
    array_release(&angles);
    array_release(&ratios);
    return result;
}

PyMethodDef biograd_methods[] = {
    {"biograd_defaults", biograd_defaults, METH_NOARGS, "biograd_defaults($module, /)\n--\n\nThe core's defaults."},
    {"biograd_create", biograd_create, METH_VARARGS,
     "biograd_create($module, layer_sizes, options, /)\n--\n\nA training with a network drawn from its seed."},
    {"biograd_copy", biograd_copy, METH_O, "biograd_copy($module, training, /)\n--\n\nAnother that stands where this one does."},
    {"biograd_get", biograd_get, METH_VARARGS,
     "biograd_get($module, values, training, parameter, layer, /)\n--\n\nFill values."},
    {"biograd_set", biograd_set, METH_VARARGS,
     "biograd_set($module, training, parameter, layer, values, /)\n--\n\nReplace an array."},
    {"biograd_run", biograd_run, METH_VARARGS,
     "biograd_run($module, training, input, labels, engine, checkpoint, progress, /)\n--\n\nTrain; False if the progress callable asked to "
     "stop."},
    {"biograd_counts", biograd_counts, METH_VARARGS,
     "biograd_counts($module, counts, training, input, showing, engine, progress, /)\n--\n\nFill counts of output spikes."},
    {"biograd_gradient", biograd_gradient, METH_VARARGS,
     "biograd_gradient($module, weights, biases, training, input, labels, showing, progress, /)\n--\n\nFill the mean gradient."},
    {"biograd_sleep", biograd_sleep, METH_VARARGS, "biograd_sleep($module, training, n_samples, progress, /)\n--\n\nSleep once."},
    {"biograd_wake", biograd_wake, METH_VARARGS,
     "biograd_wake($module, training, input, progress, /)\n--\n\nScale weights up until each layer spikes."},
    {"biograd_save", biograd_save, METH_VARARGS, "biograd_save($module, training, path, /)\n--\n\nWrite a file."},
    {"biograd_load", biograd_load, METH_VARARGS, "biograd_load($module, path, /)\n--\n\nRead a file."},
    {"biograd_to_bytes", biograd_to_bytes, METH_O, "biograd_to_bytes($module, training, /)\n--\n\nA file in memory."},
    {"biograd_from_bytes", biograd_from_bytes, METH_O,
     "biograd_from_bytes($module, data, /)\n--\n\nThe training of a file in memory."},
    {"biograd_layer_sizes", biograd_layer_sizes, METH_VARARGS,
     "biograd_layer_sizes($module, values, training, /)\n--\n\nFill the sizes of input and layers."},
    {"biograd_get_options", biograd_get_options, METH_O,
     "biograd_get_options($module, training, /)\n--\n\nThe options it was made with."},
    {"biograd_set_epochs", biograd_set_epochs, METH_VARARGS,
     "biograd_set_epochs($module, training, epochs, /)\n--\n\nAnother number of epochs in all."},
    {"biograd_describe", biograd_describe, METH_O, "biograd_describe($module, training, /)\n--\n\nSizes, and how far it is."},
    {"biograd_history", biograd_history, METH_O, "biograd_history($module, training, /)\n--\n\nA dict for each epoch."},
    {"biograd_curves", biograd_curves, METH_VARARGS,
     "biograd_curves($module, spikes, angles, norm_ratios, training, /)\n--\n\nFill what each layer did, epoch by epoch."},
    {"biograd_alignment", biograd_alignment, METH_VARARGS,
     "biograd_alignment($module, angles, norm_ratios, training, progress, /)\n--\n\nFill how far feedback is aligned now."},
    {NULL, NULL, 0, NULL},
};
