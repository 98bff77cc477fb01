/* Networks as layers between dense arrays, where +infinity stands for spikes that are not there: few calls, so that little else than the
 * library runs for a batch. */
#include "core.h"

#include <math.h>
#include <string.h>

static PyObject *layer_network(PyObject *module, PyObject *args) {
    PyObject *capsule, *places, *arrays;
    if (!PyArg_ParseTuple(args, "OO!O!", &capsule, &PyTuple_Type, &places, &PyTuple_Type, &arrays)) return NULL;
    const Py_ssize_t n = PyTuple_Size(places);
    if (PyTuple_Size(arrays) != n) return PyErr_Format(PyExc_ValueError, "there must be %zd arrays, one for each place", n);
    spinnprop_network *network = network_snapshot(module, capsule);
    int is_good = network != NULL;
    for (Py_ssize_t i = 0; is_good && i < n; i++) {
        int32_t parameter, index;
        array values = ARRAY_NONE;
        PyObject *place = PyTuple_GetItem(places, i);
        if (!PyTuple_Check(place)) PyErr_SetString(PyExc_TypeError, "a place must be a tuple (parameter, index)");
        is_good = PyTuple_Check(place) && PyArg_ParseTuple(place, "O&O&", int32_from, &parameter, int32_from, &index) &&
                  array_read(&values, PyTuple_GetItem(arrays, i), ARRAY_FLOAT64, "values");
        if (is_good) {
            spinnprop_status status;
            WITHOUT_GIL(status = spinnprop_network_set(network, parameter, index, array_data(values), values.count));
            is_good = status == SPINNPROP_OK;
            if (!is_good) raise_status(module, status);
        }
        array_release(&values);
    }
    if (is_good) return handle_new(network, &network_kind);
    spinnprop_network_free(network);
    return NULL;
}

/* Dense times, (n_samples, n_units) or (n_samples, n_units, k), any number of them infinite. */
typedef struct dense {
    array array;
    double *data;
    int64_t n_samples, n_units, k;
} dense;
#define DENSE_NONE {.array = ARRAY_NONE}

/* With n_units -1: whatever there is. */
static int dense_from(dense *dense, PyObject *object, int is_written, int64_t n_samples, int64_t n_units, const char *name) {
    if (!(is_written ? array_write : array_read)(&dense->array, object, ARRAY_FLOAT64, name)) return 0;
    const Py_buffer *view = &dense->array.view;
    const int has_shape = dense->array.is_held && (view->ndim == 2 || view->ndim == 3) && view->shape[1] <= INT32_MAX;
    if (!has_shape || (n_units >= 0 && (view->shape[0] != n_samples || view->shape[1] != n_units))) {
        PyErr_Format(PyExc_ValueError, "%s must be (n_samples, n_units) or (n_samples, n_units, k), as many of each as there are", name);
        return 0;
    }
    dense->data = view->buf;
    dense->n_samples = view->shape[0];
    dense->n_units = view->shape[1];
    dense->k = view->ndim == 3 ? view->shape[2] : 1;
    return 1;
}

/* Rows of spikes, with room for so many. */
typedef struct rows {
    double *times;
    int32_t *units;
    int64_t *offsets;
} rows;

static int rows_new(rows *rows, int64_t n_spikes, int64_t n_samples) {
    rows->times = PyMem_Malloc((size_t)n_spikes * sizeof *rows->times);
    rows->units = PyMem_Malloc((size_t)n_spikes * sizeof *rows->units);
    rows->offsets = PyMem_Malloc(((size_t)n_samples + 1) * sizeof *rows->offsets);
    if (rows->times && rows->units && rows->offsets) return 1;
    PyErr_NoMemory();
    return 0;
}

static void rows_free(rows *rows) {
    PyMem_Free(rows->times);
    PyMem_Free(rows->units);
    PyMem_Free(rows->offsets);
}

/* The finite ones among dense times in their order; their number, or where one is that is no time: -1 - place. */
static int64_t rows_from_dense(rows *rows, const dense *dense) {
    const double *time = dense->data;
    int64_t n = 0;
    rows->offsets[0] = 0;
    for (int64_t sample = 0; sample < dense->n_samples; sample++) {
        for (int64_t unit = 0; unit < dense->n_units; unit++) {
            for (int64_t own = 0; own < dense->k; own++, time++) {
                if (!(*time >= 0)) return -1 - (time - dense->data);
                rows->times[n] = *time;
                rows->units[n] = (int32_t)unit;
                n += *time != INFINITY;
            }
        }
        rows->offsets[sample + 1] = n;
    }
    return n;
}

static void raise_time(const dense *dense, int64_t place) {
    const long long own = place % dense->k, unit = place / dense->k % dense->n_units, sample = place / dense->k / dense->n_units;
    static const char *remedy = "spike times are seconds >= 0, or +inf where there is no spike";
    PyObject *time = PyFloat_FromDouble(dense->data[place]);
    if (time && dense->array.view.ndim == 2)
        PyErr_Format(PyExc_ValueError, "times[%lld, %lld] is %R; %s", sample, unit, time, remedy);
    else if (time)
        PyErr_Format(PyExc_ValueError, "times[%lld, %lld, %lld] is %R; %s", sample, unit, own, time, remedy);
    Py_XDECREF(time);
}

static PyObject *layer_forward(PyObject *module, PyObject *args) {
    PyObject *capsule, *times_object, *dict;
    if (!PyArg_ParseTuple(args, "OOO", &capsule, &times_object, &dict)) return NULL;
    spinnprop_network *network = network_snapshot(module, capsule);
    spinnprop_forward_options options;
    spinnprop_forward_options_init(&options);
    dense times = DENSE_NONE;
    rows given = {0};
    call call;
    PyObject *held = network ? set_fields(&options, forward_options_fields, dict, "options") : NULL, *result = NULL;
    if (held && dense_from(&times, times_object, 0, -1, -1, "times") && call_init(module, &call, Py_None) &&
        /* One more, as what is not heard is written and then written over. */
        rows_new(&given, times.array.count + 1, times.n_samples)) {
        spinnprop_recording *recording = NULL;
        spinnprop_status status = SPINNPROP_OK;
        call_begin(&call);
        const int64_t n = rows_from_dense(&given, &times);
        if (n >= 0) {
            spinnprop_spikes spikes;
            spinnprop_spikes_init(&spikes);
            spikes.times = given.times;
            spikes.units = given.units;
            spikes.offsets = given.offsets;
            spikes.n_spikes = n;
            spikes.n_samples = times.n_samples;
            spikes.n_units = (int32_t)times.n_units;
            status = spinnprop_network_forward(&recording, network, &spikes, &options, call_progress, &call);
        }
        call_end(&call);
        if (n < 0) {
            raise_time(&times, -1 - n);
        } else if (status == SPINNPROP_OK && !PyErr_Occurred()) {
            result = handle_new(recording, &recording_kind);
        } else {
            if (status == SPINNPROP_OK) spinnprop_recording_free(recording);
            raise_status(module, status);
        }
    }
    rows_free(&given);
    array_release(&times.array);
    Py_XDECREF(held);
    spinnprop_network_free(network);
    return result;
}

/* What of a recording's spikes stands in dense arrays. */
typedef struct reading {
    const spinnprop_recording *recording;
    spinnprop_recording_info info;
    dense output, hidden;
    rows rows;        /* with room for the spikes of any layer that is read */
    int64_t *seen;
    int64_t n_spikes, n_output_spikes; /* of all layers, of the read-out */
} reading;

/* Release it whether this succeeds or not. */
static int reading_from(PyObject *module, reading *reading, PyObject *capsule, PyObject *output, PyObject *hidden, int is_written) {
    memset(reading, 0, sizeof *reading);
    const handle *own = handle_from(capsule, &recording_kind);
    if (!own) return 0;
    reading->recording = own->object;
    spinnprop_recording_info_init(&reading->info);
    spinnprop_status status = spinnprop_recording_describe(&reading->info, reading->recording);
    int64_t n_hidden = 0, n_outputs = 0, most = 0;
    for (int32_t layer = 0; status == SPINNPROP_OK && layer < reading->info.n_layers; layer++) {
        int64_t n = 0;
        n_hidden += n_outputs;
        status = spinnprop_recording_layer_size(&n_outputs, reading->recording, layer);
        if (status == SPINNPROP_OK) status = spinnprop_recording_spike_count(&n, reading->recording, layer);
        reading->n_spikes += n;
        reading->n_output_spikes = n;
        if (n > most && (hidden != Py_None || layer == reading->info.n_layers - 1)) most = n;
    }
    const int64_t n_samples = reading->info.n_samples;
    if (status != SPINNPROP_OK) {
        raise_status(module, status);
        return 0;
    }
    if ((output != Py_None && !dense_from(&reading->output, output, is_written, n_samples, n_outputs, "output")) ||
        (hidden != Py_None && !dense_from(&reading->hidden, hidden, is_written, n_samples, n_hidden, "hidden")) ||
        !rows_new(&reading->rows, most, n_samples))
        return 0;
    reading->seen = PyMem_Malloc((size_t)(n_hidden + n_outputs) * sizeof *reading->seen);
    if (!reading->seen) PyErr_NoMemory();
    return reading->seen != NULL;
}

static void reading_release(reading *reading) {
    PyMem_Free(reading->seen);
    rows_free(&reading->rows);
    array_release(&reading->hidden.array);
    array_release(&reading->output.array);
}

/* Meets the spikes of all layers in their order: those of the read-out are in `output`, those of hidden layers, one layer beside the other, in
 * `hidden`, each neuron's first k; either may be empty. With `errors` it takes from there one number for each spike, 0 for spikes that have no place,
 * and none for hidden ones if no hidden layer is read; without it writes their times there. */
static spinnprop_status meet_spikes(double *errors, reading *reading) {
    const rows *rows = &reading->rows;
    const int64_t n_samples = reading->info.n_samples;
    int64_t first = 0;
    for (int32_t layer = 0; layer < reading->info.n_layers; layer++) {
        int64_t n_spikes = 0, n_neurons = 0;
        spinnprop_status status = spinnprop_recording_spike_count(&n_spikes, reading->recording, layer);
        if (status == SPINNPROP_OK) status = spinnprop_recording_layer_size(&n_neurons, reading->recording, layer);
        const int is_last = layer == reading->info.n_layers - 1;
        const dense *own = is_last ? &reading->output : &reading->hidden;
        if (status == SPINNPROP_OK && own->data)
            WITHOUT_GIL(status = spinnprop_recording_spikes(rows->times, rows->units, NULL, NULL, n_spikes, rows->offsets, n_samples + 1,
                                                            reading->recording, layer));
        if (status != SPINNPROP_OK) return status;
        if (!own->data) {
            for (int64_t spike = 0; errors && is_last && spike < n_spikes; spike++) *errors++ = 0;
        } else {
            double *places = own->data + (is_last ? 0 : first * own->k);
            for (int64_t sample = 0; sample < n_samples; sample++, places += own->n_units * own->k) {
                memset(reading->seen, 0, (size_t)n_neurons * sizeof *reading->seen);
                for (int64_t spike = rows->offsets[sample]; spike < rows->offsets[sample + 1]; spike++) {
                    const int32_t unit = rows->units[spike];
                    const int64_t rank = reading->seen[unit]++;
                    double *place = rank < own->k ? places + unit * own->k + rank : NULL;
                    if (errors)
                        *errors++ = place ? *place : 0;
                    else if (place)
                        *place = rows->times[spike];
                }
            }
        }
        first += n_neurons;
    }
    return SPINNPROP_OK;
}

static PyObject *layer_spikes(PyObject *module, PyObject *args) {
    PyObject *output, *hidden, *capsule, *result = NULL;
    if (!PyArg_ParseTuple(args, "OOO", &output, &hidden, &capsule)) return NULL;
    reading reading;
    if (reading_from(module, &reading, capsule, output, hidden, 1)) {
        for (int64_t i = 0; i < reading.output.array.count; i++) reading.output.data[i] = INFINITY;
        for (int64_t i = 0; i < reading.hidden.array.count; i++) reading.hidden.data[i] = INFINITY;
        result = none_or_raise(module, meet_spikes(NULL, &reading));
    }
    reading_release(&reading);
    return result;
}

int layer_errors(PyObject *module, double **errors, int64_t *n, PyObject *tuple, PyObject *capsule) {
    PyObject *output, *hidden;
    reading reading;
    *errors = NULL;
    if (!PyArg_ParseTuple(tuple, "OO;errors must be an array, or (output, hidden)", &output, &hidden)) return 0;
    if (reading_from(module, &reading, capsule, output, hidden, 0)) {
        const int is_leaky = reading.info.readout == SPINNPROP_READOUT_LEAKY;
        const int64_t n_maxima = is_leaky ? reading.info.n_samples * reading.info.n_outputs : 0;
        const int64_t n_spikes = reading.hidden.data ? reading.n_spikes : reading.n_output_spikes;
        *n = n_spikes + n_maxima;
        if (is_leaky && reading.output.data && reading.output.array.count != n_maxima)
            PyErr_Format(PyExc_ValueError, "output has %lld elements; there are %lld maxima", (long long)reading.output.array.count,
                         (long long)n_maxima);
        /* One more: none would be no memory. */
        else if (!(*errors = PyMem_Calloc((size_t)*n + 1, sizeof **errors)))
            PyErr_NoMemory();
        if (*errors && is_leaky && reading.output.data)
            memcpy(*errors + n_spikes, reading.output.data, (size_t)n_maxima * sizeof **errors);
        if (is_leaky) reading.output.data = NULL;
        const spinnprop_status status = *errors ? meet_spikes(*errors, &reading) : SPINNPROP_OK;
        if (status != SPINNPROP_OK) {
            raise_status(module, status);
            PyMem_Free(*errors);
            *errors = NULL;
        }
    }
    reading_release(&reading);
    return *errors != NULL;
}

PyMethodDef layer_methods[] = {
    {"layer_network", layer_network, METH_VARARGS,
     "layer_network($module, network, places, arrays, /)\n--\n\nA copy with other arrays at places, (parameter, index) each."},
    {"layer_forward", layer_forward, METH_VARARGS,
     "layer_forward($module, network, times, options, /)\n--\n\nRun on dense times; the recording."},
    {"layer_spikes", layer_spikes, METH_VARARGS,
     "layer_spikes($module, output, hidden, recording, /)\n--\n\nFill dense times with the first spikes; either may be None."},
    {NULL, NULL, 0, NULL},
};
