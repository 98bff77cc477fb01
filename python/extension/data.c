/* Data sets, encoders and the check of spike trains. */
#include "core.h"

static PyObject *spikes_check(PyObject *module, PyObject *args) {
    PyObject *tuple, *result = NULL;
    if (!PyArg_ParseTuple(args, "O", &tuple)) return NULL;
    spike_arrays arrays = SPIKES_NONE;
    if (spikes_read(&arrays, tuple, "spikes")) {
        spinnprop_status status;
        WITHOUT_GIL(status = spinnprop_spikes_check(&arrays.spikes));
        result = none_or_raise(module, status);
    }
    spikes_release(&arrays);
    return result;
}

static PyObject *yin_yang(PyObject *module, PyObject *args) {
    PyObject *x_object, *labels_object, *result = NULL;
    int64_t seed;
    if (!PyArg_ParseTuple(args, "OOO&", &x_object, &labels_object, int64_from, &seed)) return NULL;
    array x = ARRAY_NONE, labels = ARRAY_NONE;
    if (array_write(&x, x_object, ARRAY_FLOAT64, "x") && array_write(&labels, labels_object, ARRAY_INT64, "labels")) {
        spinnprop_status status;
        WITHOUT_GIL(status = spinnprop_yin_yang(array_data(x), x.count, array_data(labels), labels.count, seed));
        result = none_or_raise(module, status);
    }
    array_release(&x);
    array_release(&labels);
    return result;
}

/* What both encoders read and fill: x is (n_samples, n_features). */
typedef struct encoding {
    array times, units, offsets, x;
    int64_t n_samples;
} encoding;
#define ENCODING_NONE {.times = ARRAY_NONE, .units = ARRAY_NONE, .offsets = ARRAY_NONE, .x = ARRAY_NONE}

static int encoding_read(encoding *own, PyObject *times, PyObject *units, PyObject *offsets, PyObject *x,
                         int32_t n_features) {
    if (!array_write(&own->times, times, ARRAY_FLOAT64, "times") ||
        !array_write(&own->units, units, ARRAY_INT32, "units") ||
        !array_write(&own->offsets, offsets, ARRAY_INT64, "offsets") || !array_read(&own->x, x, ARRAY_FLOAT64, "x"))
        return 0;
    if (own->units.count != own->times.count) {
        PyErr_SetString(PyExc_ValueError, "times and units must be equally long");
        return 0;
    }
    if (n_features < 1 || own->x.count % n_features != 0) {
        PyErr_Format(PyExc_ValueError, "x has %lld elements, which are not rows of %d features",
                     (long long)own->x.count, (int)n_features);
        return 0;
    }
    own->n_samples = own->x.count / n_features;
    return 1;
}

static void encoding_release(encoding *own) {
    array_release(&own->times);
    array_release(&own->units);
    array_release(&own->offsets);
    array_release(&own->x);
}

static PyObject *encode_latency(PyObject *module, PyObject *args) {
    PyObject *times, *units, *offsets, *x, *result = NULL;
    int32_t n_features, early;
    double t_early, t_late, bias;
    if (!PyArg_ParseTuple(args, "OOOOO&O&O&O&O&", &times, &units, &offsets, &x, int32_from, &n_features, double_from,
                          &t_early, double_from, &t_late, double_from, &bias, int32_from, &early))
        return NULL;
    encoding own = ENCODING_NONE;
    if (encoding_read(&own, times, units, offsets, x, n_features)) {
        spinnprop_status status;
        WITHOUT_GIL(status = spinnprop_encode_latency(array_data(own.times), array_data(own.units), own.times.count,
                                          array_data(own.offsets), own.offsets.count, array_data(own.x), own.n_samples,
                                          n_features, t_early, t_late, bias, early));
        result = none_or_raise(module, status);
    }
    encoding_release(&own);
    return result;
}

static PyObject *encode_latency_grid(PyObject *module, PyObject *args) {
    PyObject *times, *units, *offsets, *x, *result = NULL;
    int32_t n_features, steps, t_min, early;
    double time_step;
    if (!PyArg_ParseTuple(args, "OOOOO&O&O&O&O&", &times, &units, &offsets, &x, int32_from, &n_features, int32_from,
                          &steps, int32_from, &t_min, double_from, &time_step, int32_from, &early))
        return NULL;
    encoding own = ENCODING_NONE;
    if (encoding_read(&own, times, units, offsets, x, n_features)) {
        spinnprop_status status;
        WITHOUT_GIL(status = spinnprop_encode_latency_grid(array_data(own.times), array_data(own.units), own.times.count,
                                               array_data(own.offsets), own.offsets.count, array_data(own.x),
                                               own.n_samples, n_features, steps, t_min, time_step, early));
        result = none_or_raise(module, status);
    }
    encoding_release(&own);
    return result;
}

PyMethodDef data_methods[] = {
    {"spikes_check", spikes_check, METH_VARARGS,
     "spikes_check($module, spikes, /)\n--\n\nRaise unless these are spike trains."},
    {"yin_yang", yin_yang, METH_VARARGS, "yin_yang($module, x, labels, seed, /)\n--\n\nFill x and labels."},
    {"encode_latency", encode_latency, METH_VARARGS,
     "encode_latency($module, times, units, offsets, x, n_features, t_early, t_late, bias, early, /)\n--\n\n"
     "Fill times, units and offsets."},
    {"encode_latency_grid", encode_latency_grid, METH_VARARGS,
     "encode_latency_grid($module, times, units, offsets, x, n_features, steps, t_min, time_step, early, /)\n--\n\n"
     "Fill times, units and offsets."},
    {NULL, NULL, 0, NULL},
};
