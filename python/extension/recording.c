/* Recordings: nothing changes them, so reading one needs no guard. */
#include "core.h"

GIVES_STRUCT(recording_describe, recording_info, recording)

/* A number of a layer, from (recording, layer). */
static PyObject *layer_number(PyObject *module, PyObject *args,
                              spinnprop_status (*read)(int64_t *number, const spinnprop_recording *, int32_t layer)) {
    PyObject *capsule;
    int32_t layer;
    if (!PyArg_ParseTuple(args, "OO&", &capsule, int32_from, &layer)) return NULL;
    handle *own = handle_from(capsule, &recording_kind);
    if (!own) return NULL;
    int64_t number = 0;
    spinnprop_status status = read(&number, own->object, layer);
    return status == SPINNPROP_OK ? PyLong_FromLongLong(number) : raise_status(module, status);
}

GIVES_STRUCT(recording_engine, engine_info, recording)

static PyObject *recording_layer_size(PyObject *module, PyObject *args) {
    return layer_number(module, args, spinnprop_recording_layer_size);
}

static PyObject *recording_spike_count(PyObject *module, PyObject *args) {
    return layer_number(module, args, spinnprop_recording_spike_count);
}

static PyObject *recording_spikes(PyObject *module, PyObject *args) {
    PyObject *times_object, *units_object, *currents_object, *membranes_object, *offsets_object, *capsule;
    PyObject *result = NULL;
    int32_t layer;
    if (!PyArg_ParseTuple(args, "OOOOOOO&", &times_object, &units_object, &currents_object, &membranes_object,
                          &offsets_object, &capsule, int32_from, &layer))
        return NULL;
    handle *own = handle_from(capsule, &recording_kind);
    array times = ARRAY_NONE, units = ARRAY_NONE, currents = ARRAY_NONE, membranes = ARRAY_NONE, offsets = ARRAY_NONE;
    if (own && array_write(&times, times_object, ARRAY_FLOAT64, "times") &&
        array_write(&units, units_object, ARRAY_INT32, "units") &&
        array_write(&currents, currents_object, ARRAY_FLOAT64, "currents") &&
        array_write(&membranes, membranes_object, ARRAY_FLOAT64, "membranes") &&
        array_write(&offsets, offsets_object, ARRAY_INT64, "offsets")) {
        if (units.count != times.count || (currents.is_held && currents.count != times.count) ||
            (membranes.is_held && membranes.count != times.count)) {
            PyErr_SetString(PyExc_ValueError, "times, units, currents and membranes must be equally long");
        } else {
            spinnprop_status status;
            WITHOUT_GIL(status = spinnprop_recording_spikes(array_data(times), array_data(units), array_data(currents), array_data(membranes), times.count,
                                                array_data(offsets), offsets.count, own->object, layer));
            result = none_or_raise(module, status);
        }
    }
    array_release(&times);
    array_release(&units);
    array_release(&currents);
    array_release(&membranes);
    array_release(&offsets);
    return result;
}

FILLS_FREELY(recording_first_spike_times, recording, ARRAY_FLOAT64)

static PyObject *recording_maxima(PyObject *module, PyObject *args) {
    PyObject *values_object, *times_object, *capsule, *result = NULL;
    if (!PyArg_ParseTuple(args, "OOO", &values_object, &times_object, &capsule)) return NULL;
    handle *own = handle_from(capsule, &recording_kind);
    array values = ARRAY_NONE, times = ARRAY_NONE;
    if (own && array_write(&values, values_object, ARRAY_FLOAT64, "values") &&
        array_write(&times, times_object, ARRAY_FLOAT64, "times")) {
        if (values.count != times.count) {
            PyErr_SetString(PyExc_ValueError, "values and times must be equally long");
        } else {
            spinnprop_status status;
            WITHOUT_GIL(status = spinnprop_recording_maxima(array_data(values), array_data(times), values.count,
                                                            own->object));
            result = none_or_raise(module, status);
        }
    }
    array_release(&values);
    array_release(&times);
    return result;
}

/* From (recording's network, input, [measured spikes of each layer], t_end, progress). */
static PyObject *recording_create_measured(PyObject *module, PyObject *args) {
    PyObject *capsule, *spikes, *layers, *progress, *result = NULL;
    double t_end;
    if (!PyArg_ParseTuple(args, "OOO!O&O", &capsule, &spikes, &PyTuple_Type, &layers, double_from, &t_end, &progress))
        return NULL;
    const Py_ssize_t n = PyTuple_Size(layers);
    spinnprop_network *network = network_snapshot(module, capsule);
    if (!network) return NULL;
    spike_arrays input = SPIKES_NONE;
    spike_arrays *arrays = PyMem_Calloc((size_t)n + 1, sizeof *arrays);
    spinnprop_spikes *views = PyMem_Calloc((size_t)n + 1, sizeof *views);
    call call;
    int is_good = arrays && views;
    if (!is_good) PyErr_NoMemory();
    is_good = is_good && spikes_read(&input, spikes, "spikes");
    for (Py_ssize_t i = 0; is_good && i < n; i++) {
        is_good = spikes_read(&arrays[i], PyTuple_GetItem(layers, i), "layers");
        views[i] = arrays[i].spikes;
    }
    if (is_good && call_init(module, &call, progress)) {
        spinnprop_recording *recording = NULL;
        call_begin(&call);
        spinnprop_status status = spinnprop_recording_create_measured(&recording, network, &input.spikes, views, n, t_end,
                                                                      call_progress, &call);
        call_end(&call);
        if (status == SPINNPROP_OK && !PyErr_Occurred()) {
            result = handle_new(recording, &recording_kind);
        } else {
            if (status == SPINNPROP_OK) spinnprop_recording_free(recording);
            raise_status(module, status);
        }
    }
    for (Py_ssize_t i = 0; arrays && i < n; i++) spikes_release(&arrays[i]);
    spikes_release(&input);
    PyMem_Free(views);
    PyMem_Free(arrays);
    spinnprop_network_free(network);
    return result;
}

static PyObject *recording_states(PyObject *module, PyObject *args) {
    PyObject *membranes_object, *currents_object, *recording_object, *network_object, *times_object, *progress, *result = NULL;
    int32_t layer;
    int64_t first, n_samples;
    if (!PyArg_ParseTuple(args, "OOOOO&O&O&OO", &membranes_object, &currents_object, &recording_object, &network_object,
                          int32_from, &layer, int64_from, &first, int64_from, &n_samples, &times_object, &progress))
        return NULL;
    handle *recording = handle_from(recording_object, &recording_kind);
    spinnprop_network *network = recording ? network_snapshot(module, network_object) : NULL;
    if (!network) return NULL;
    array membranes = ARRAY_NONE, currents = ARRAY_NONE, times = ARRAY_NONE;
    call call;
    if (array_write(&membranes, membranes_object, ARRAY_FLOAT64, "membranes") &&
        array_write(&currents, currents_object, ARRAY_FLOAT64, "currents") &&
        array_read(&times, times_object, ARRAY_FLOAT64, "times") && call_init(module, &call, progress)) {
        if (currents.is_held && currents.count != membranes.count) {
            PyErr_SetString(PyExc_ValueError, "membranes and currents must be equally long");
        } else {
            call_begin(&call);
            spinnprop_status status = spinnprop_recording_states(
                array_data(membranes), array_data(currents), membranes.count, recording->object, network, layer, first,
                n_samples, array_data(times), times.count, call_progress, &call);
            call_end(&call);
            if (!PyErr_Occurred()) result = none_or_raise(module, status);
        }
    }
    array_release(&membranes);
    array_release(&currents);
    array_release(&times);
    spinnprop_network_free(network);
    return result;
}

static PyObject *recording_integrate(PyObject *module, PyObject *args) {
    PyObject *recording_object, *network_object, *progress, *result = NULL;
    double tau;
    if (!PyArg_ParseTuple(args, "OOdO", &recording_object, &network_object, &tau, &progress)) return NULL;
    handle *recording = handle_from(recording_object, &recording_kind);
    spinnprop_network *network = recording ? network_snapshot(module, network_object) : NULL;
    call call;
    if (network && call_init(module, &call, progress)) {
        spinnprop_recording *integrated = NULL;
        call_begin(&call);
        spinnprop_status status = spinnprop_recording_integrate(&integrated, recording->object, network, tau, call_progress, &call);
        call_end(&call);
        if (status == SPINNPROP_OK && PyErr_Occurred()) {
            spinnprop_recording_free(integrated);
        } else if (status == SPINNPROP_OK) {
            result = handle_new(integrated, &recording_kind);
        } else {
            raise_status(module, status);
        }
    }
    spinnprop_network_free(network);
    return result;
}

FILLS_FREELY(recording_integrals, recording, ARRAY_FLOAT64)
FILLS_OF(recording_deviations, recording, ARRAY_FLOAT64)

static PyObject *recording_diagnose(PyObject *module, PyObject *args) {
    PyObject *capsule;
    int32_t layer;
    if (!PyArg_ParseTuple(args, "OO&", &capsule, int32_from, &layer)) return NULL;
    handle *own = handle_from(capsule, &recording_kind);
    if (!own) return NULL;
    spinnprop_diagnostics diagnostics;
    spinnprop_diagnostics_init(&diagnostics);
    spinnprop_status status;
    WITHOUT_GIL(status = spinnprop_recording_diagnose(&diagnostics, own->object, layer));
    return status == SPINNPROP_OK ? dict_from_fields(&diagnostics, diagnostics_fields) : raise_status(module, status);
}

FILLS_OF(recording_silent, recording, ARRAY_BYTES)

static PyObject *recording_to_bytes(PyObject *module, PyObject *capsule) {
    handle *own = handle_from(capsule, &recording_kind);
    if (!own) return NULL;
    int64_t needed = 0;
    spinnprop_status status;
    WITHOUT_GIL(status = spinnprop_recording_to_bytes(NULL, 0, &needed, own->object));
    if (status != SPINNPROP_OK) return raise_status(module, status);
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, needed);
    if (!bytes) return NULL;
    uint8_t *data = (uint8_t *)PyBytes_AsString(bytes);
    WITHOUT_GIL(status = spinnprop_recording_to_bytes(data, needed, &needed, own->object));
    if (status == SPINNPROP_OK) return bytes;
    Py_DECREF(bytes);
    return raise_status(module, status);
}

static PyObject *recording_from_bytes(PyObject *module, PyObject *object) {
    array bytes = ARRAY_NONE;
    PyObject *result = NULL;
    if (array_read(&bytes, object, ARRAY_BYTES, "bytes")) {
        spinnprop_recording *recording = NULL;
        spinnprop_status status;
        WITHOUT_GIL(status = spinnprop_recording_from_bytes(&recording, array_data(bytes), bytes.count));
        result = status == SPINNPROP_OK ? handle_new(recording, &recording_kind) : raise_status(module, status);
    }
    array_release(&bytes);
    return result;
}

/* What a loss makes of a recording, into an array: from (array, recording, loss). */
static PyObject *judge(PyObject *module, PyObject *args, int is_class) {
    PyObject *answers_object, *capsule, *dict, *result = NULL;
    if (!PyArg_ParseTuple(args, "OOO", &answers_object, &capsule, &dict)) return NULL;
    handle *own = handle_from(capsule, &recording_kind);
    loss_arrays loss = LOSS_NONE;
    array answers = ARRAY_NONE;
    if (own && loss_read(module, &loss, dict) &&
        array_write(&answers, answers_object, is_class ? ARRAY_INT64 : ARRAY_FLOAT64,
                    is_class ? "classes" : "probabilities")) {
        spinnprop_status status;
        WITHOUT_GIL(
            status = is_class
                         ? spinnprop_recording_predict(array_data(answers), answers.count, own->object, loss.given)
                         : spinnprop_recording_probabilities(array_data(answers), answers.count, own->object, loss.given));
        result = none_or_raise(module, status);
    }
    array_release(&answers);
    loss_release(&loss);
    return result;
}

static PyObject *recording_predict(PyObject *module, PyObject *args) { return judge(module, args, 1); }

static PyObject *recording_probabilities(PyObject *module, PyObject *args) { return judge(module, args, 0); }

PyMethodDef recording_methods[] = {
    {"recording_describe", recording_describe, METH_O,
     "recording_describe($module, recording, /)\n--\n\nSizes and kinds."},
    {"recording_engine", recording_engine, METH_O,
     "recording_engine($module, recording, /)\n--\n\nThe options of the engine that made it."},
    {"recording_layer_size", recording_layer_size, METH_VARARGS,
     "recording_layer_size($module, recording, layer, /)\n--\n\nNeurons of a layer."},
    {"recording_spike_count", recording_spike_count, METH_VARARGS,
     "recording_spike_count($module, recording, layer, /)\n--\n\nSpikes of a layer."},
    {"recording_spikes", recording_spikes, METH_VARARGS,
     "recording_spikes($module, times, units, currents, membranes, offsets, recording, layer, /)\n--\n\n"
     "Fill the arrays with a layer's spikes; currents and membranes may be None."},
    {"recording_first_spike_times", recording_first_spike_times, METH_VARARGS,
     "recording_first_spike_times($module, times, recording, /)\n--\n\nFill times."},
    {"recording_maxima", recording_maxima, METH_VARARGS,
     "recording_maxima($module, values, times, recording, /)\n--\n\nFill values and times."},
    {"recording_integrate", recording_integrate, METH_VARARGS,
     "recording_integrate($module, recording, network, tau, progress, /)\n--\n\nThe same with integrals of membranes."},
    {"recording_integrals", recording_integrals, METH_VARARGS,
     "recording_integrals($module, values, recording, /)\n--\n\nFill values, one per sample and output."},
    {"recording_states", recording_states, METH_VARARGS,
     "recording_states($module, membranes, currents, recording, network, layer, first_sample, n_samples, times, progress, /)\n--\n\n"
     "Fill the arrays, (samples, times, neurons); currents may be None."},
    {"recording_create_measured", recording_create_measured, METH_VARARGS,
     "recording_create_measured($module, network, spikes, layers, t_end, progress, /)\n--\n\n"
     "The recording of a tuple of measured spikes, one of each layer."},
    {"recording_deviations", recording_deviations, METH_VARARGS,
     "recording_deviations($module, values, recording, layer, /)\n--\n\nFill values: measured minus model's first spikes."},
    {"recording_diagnose", recording_diagnose, METH_VARARGS,
     "recording_diagnose($module, recording, layer, /)\n--\n\nSilent neurons and near-tangential spikes."},
    {"recording_silent", recording_silent, METH_VARARGS,
     "recording_silent($module, values, recording, layer, /)\n--\n\nFill values with 1 for neurons that never spiked."},
    {"recording_to_bytes", recording_to_bytes, METH_O,
     "recording_to_bytes($module, recording, /)\n--\n\nA file in memory."},
    {"recording_from_bytes", recording_from_bytes, METH_O,
     "recording_from_bytes($module, data, /)\n--\n\nThe recording of a file in memory."},
    {"recording_predict", recording_predict, METH_VARARGS,
     "recording_predict($module, classes, recording, loss, /)\n--\n\nFill classes; -1 where no output spoke."},
    {"recording_probabilities", recording_probabilities, METH_VARARGS,
     "recording_probabilities($module, probabilities, recording, loss, /)\n--\n\nFill probabilities."},
    {NULL, NULL, 0, NULL},
};
