/* Arrays in and out through the buffer protocol, without a copy. */
#include "core.h"

#include <string.h>

static const struct {
    const char *codes; /* of the struct module */
    size_t item_size;
    const char *name;
} kinds[] = {
    [ARRAY_FLOAT64] = {"d", 8, "float64"},
    [ARRAY_INT32] = {"il", 4, "int32"},
    [ARRAY_INT64] = {"lq", 8, "int64"},
    [ARRAY_BYTES] = {"B?", 1, "uint8"},
};

/* What a view's elements are, by the struct module's codes; native ones without what says so, as numpy has it where they are not aligned. */
static const char *format_of(const Py_buffer *view) {
    const char *format = view->format ? view->format : "B";
    return format + (*format == '@' || *format == '=');
}

static int array_borrow(array *array, PyObject *object, array_kind kind, const char *name, int flags) {
    array->is_held = 0;
    array->count = 0;
    if (object == Py_None) return 1;
    if (PyObject_GetBuffer(object, &array->view, flags | PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) < 0) {
        if (PyErr_ExceptionMatches(PyExc_MemoryError)) return 0;
        PyErr_Format(PyExc_TypeError, "%s must be a%s contiguous array of %s, got %R", name,
                     (flags & PyBUF_WRITABLE) ? " writable," : "", kinds[kind].name, (PyObject *)Py_TYPE(object));
        return 0;
    }
    array->is_held = 1;
    const char *format = format_of(&array->view);
    int is_right = strlen(format) == 1 && strchr(kinds[kind].codes, *format) != NULL &&
                   (size_t)array->view.itemsize == kinds[kind].item_size &&
                   (uintptr_t)array->view.buf % kinds[kind].item_size == 0;
    if (!is_right) {
        PyErr_Format(PyExc_TypeError, "%s must be an aligned array of native %s, got elements of type '%s'", name,
                     kinds[kind].name, array->view.format ? array->view.format : "B");
        return 0;
    }
    array->count = array->view.len / array->view.itemsize;
    return 1;
}

int array_read(array *array, PyObject *object, array_kind kind, const char *name) {
    return array_borrow(array, object, kind, name, PyBUF_SIMPLE);
}

int array_write(array *array, PyObject *object, array_kind kind, const char *name) {
    return array_borrow(array, object, kind, name, PyBUF_WRITABLE);
}

int array_copy(double *to, int64_t count, PyObject *object, const char *name) {
    Py_buffer view;
    if (PyObject_GetBuffer(object, &view, PyBUF_STRIDES | PyBUF_FORMAT) < 0) return 0;
    const char *format = format_of(&view);
    int is_good = strcmp(format, "d") == 0 && view.len == count * (int64_t)sizeof *to;
    if (is_good)
        is_good = PyBuffer_ToContiguous(to, &view, view.len, 'C') == 0;
    else
        PyErr_Format(PyExc_TypeError, "%s must be %lld native float64, got %lld bytes of elements of type '%s'", name, (long long)count,
                     (long long)view.len, format);
    PyBuffer_Release(&view);
    return is_good;
}

void array_release(array *array) {
    if (array->is_held) PyBuffer_Release(&array->view);
    array->is_held = 0;
}

int spikes_read(spike_arrays *arrays, PyObject *tuple, const char *name) {
    spinnprop_spikes *spikes = &arrays->spikes;
    spinnprop_spikes_init(spikes);
    if (!PyTuple_Check(tuple) || PyTuple_Size(tuple) != 4) {
        PyErr_Format(PyExc_TypeError, "%s must be a tuple (times, units, offsets, n_units)", name);
        return 0;
    }
    if (!array_read(&arrays->times, PyTuple_GetItem(tuple, 0), ARRAY_FLOAT64, "times") ||
        !array_read(&arrays->units, PyTuple_GetItem(tuple, 1), ARRAY_INT32, "units") ||
        !array_read(&arrays->offsets, PyTuple_GetItem(tuple, 2), ARRAY_INT64, "offsets") ||
        !int32_from(PyTuple_GetItem(tuple, 3), &spikes->n_units))
        return 0;
    if (arrays->times.count != arrays->units.count) {
        PyErr_Format(PyExc_ValueError, "times has %lld elements and units %lld; they must be equally long",
                     (long long)arrays->times.count, (long long)arrays->units.count);
        return 0;
    }
    if (arrays->offsets.count < 1) {
        PyErr_SetString(PyExc_ValueError, "offsets is empty; it needs n_samples + 1 elements, [0] for no samples");
        return 0;
    }
    spikes->times = array_data(arrays->times);
    spikes->units = array_data(arrays->units);
    spikes->offsets = array_data(arrays->offsets);
    spikes->n_spikes = arrays->times.count;
    spikes->n_samples = arrays->offsets.count - 1;
    return 1;
}

void spikes_release(spike_arrays *arrays) {
    array_release(&arrays->times);
    array_release(&arrays->units);
    array_release(&arrays->offsets);
}

int supervision_read(supervision_arrays *arrays, PyObject *tuple, const char *name) {
    spinnprop_supervision *supervision = &arrays->supervision;
    spinnprop_supervision_init(supervision);
    if (!PyTuple_Check(tuple) || PyTuple_Size(tuple) != 3) {
        PyErr_Format(PyExc_TypeError, "%s must be a tuple (labels, targets, weights)", name);
        return 0;
    }
    if (!array_read(&arrays->labels, PyTuple_GetItem(tuple, 0), ARRAY_INT64, "labels") ||
        !array_read(&arrays->targets, PyTuple_GetItem(tuple, 1), ARRAY_FLOAT64, "targets") ||
        !array_read(&arrays->weights, PyTuple_GetItem(tuple, 2), ARRAY_FLOAT64, "weights"))
        return 0;
    supervision->labels = array_data(arrays->labels);
    supervision->n_labels = arrays->labels.count;
    supervision->targets = array_data(arrays->targets);
    supervision->n_targets = arrays->targets.count;
    supervision->weights = array_data(arrays->weights);
    supervision->n_weights = arrays->weights.count;
    return 1;
}

void supervision_release(supervision_arrays *arrays) {
    array_release(&arrays->labels);
    array_release(&arrays->targets);
    array_release(&arrays->weights);
}
