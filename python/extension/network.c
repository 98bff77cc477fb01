/* Networks: making, reading, changing, storing, and running them. */
#include "core.h"

static PyObject *network_create(PyObject *module, PyObject *args) {
    enum { N_ARRAYS = 15 };
    PyObject *objects[N_ARRAYS], *engine_capsule, *result = NULL;
    spinnprop_network_options options;
    spinnprop_network_options_init(&options);
    if (!PyArg_ParseTuple(args, "OOOOOOOOOO&OOO&OOOOO", &objects[0], &objects[1], &objects[2], &objects[3], &objects[4],
                          &objects[5], &objects[6], &objects[7], &objects[8], int32_from, &options.readout, &objects[9],
                          &objects[10], uint64_from, &options.seed, &engine_capsule, &objects[11], &objects[12],
                          &objects[13], &objects[14]))
        return NULL;
    const handle *engine = handle_from(engine_capsule, &engine_kind);
    if (!engine) return NULL;
    options.engine = engine->object;
    const struct {
        const char *name;
        array_kind kind;
        const void **data;
        int32_t *count;
        int64_t *long_count;
    } fields[N_ARRAYS] = {
        {"layer_sizes", ARRAY_INT32, (const void **)&options.layer_sizes, &options.n_layer_sizes, NULL},
        {"tau_mem", ARRAY_FLOAT64, (const void **)&options.tau_mem, &options.n_tau_mem, NULL},
        {"tau_syn", ARRAY_FLOAT64, (const void **)&options.tau_syn, &options.n_tau_syn, NULL},
        {"threshold", ARRAY_FLOAT64, (const void **)&options.threshold, &options.n_threshold, NULL},
        {"reset", ARRAY_FLOAT64, (const void **)&options.reset, &options.n_reset, NULL},
        {"drive", ARRAY_FLOAT64, (const void **)&options.drive, &options.n_drive, NULL},
        {"refractory", ARRAY_FLOAT64, (const void **)&options.refractory, &options.n_refractory, NULL},
        {"delays", ARRAY_INT32, (const void **)&options.delays, &options.n_delays, NULL},
        {"recurrent", ARRAY_INT32, (const void **)&options.recurrent, &options.n_recurrent, NULL},
        {"weight_mean", ARRAY_FLOAT64, (const void **)&options.weight_mean, &options.n_weight_mean, NULL},
        {"weight_std", ARRAY_FLOAT64, (const void **)&options.weight_std, &options.n_weight_std, NULL},
        {"masks", ARRAY_FLOAT64, (const void **)&options.masks, NULL, &options.n_masks},
        {"signs", ARRAY_FLOAT64, (const void **)&options.signs, NULL, &options.n_signs},
        {"weight_bounds", ARRAY_FLOAT64, (const void **)&options.weight_bounds, NULL, &options.n_weight_bounds},
        {"connections", ARRAY_INT32, (const void **)&options.connections, &options.n_connections, NULL},
    };
    array arrays[N_ARRAYS] = {ARRAY_NONE};
    int is_good = 1;
    for (int i = 0; is_good && i < N_ARRAYS; i++) {
        is_good = array_read(&arrays[i], objects[i], fields[i].kind, fields[i].name);
        if (is_good && fields[i].count && arrays[i].count > INT32_MAX) {
            PyErr_Format(PyExc_ValueError, "%s has %lld elements, which is too many", fields[i].name,
                         (long long)arrays[i].count);
            is_good = 0;
        }
        if (is_good && arrays[i].is_held) {
            *fields[i].data = arrays[i].view.buf;
            if (fields[i].count)
                *fields[i].count = (int32_t)arrays[i].count;
            else
                *fields[i].long_count = arrays[i].count;
        }
    }
    /* Pairs are counted, not their numbers. */
    if (is_good && options.n_connections % 2) {
        PyErr_Format(PyExc_ValueError, "connections has %d numbers; give two for each", options.n_connections);
        is_good = 0;
    }
    options.n_connections /= 2;
    if (is_good) {
        spinnprop_network *network = NULL;
        spinnprop_status status;
        WITHOUT_GIL(status = spinnprop_network_create(&network, &options));
        result = status == SPINNPROP_OK ? handle_new(network, &network_kind) : raise_status(module, status);
    }
    for (int i = 0; i < N_ARRAYS; i++) array_release(&arrays[i]);
    return result;
}

static PyObject *network_copy(PyObject *module, PyObject *capsule) {
    spinnprop_network *copy = network_snapshot(module, capsule);
    return copy ? handle_new(copy, &network_kind) : NULL;
}

GIVES_STRUCT(network_describe, network_info, network)

FILLS(network_delay_kinds, network, ARRAY_INT32)
FILLS(network_connections, network, ARRAY_INT32)

static PyObject *network_shape(PyObject *module, PyObject *args) {
    PyObject *capsule;
    int32_t parameter, index;
    if (!PyArg_ParseTuple(args, "OO&O&", &capsule, int32_from, &parameter, int32_from, &index)) return NULL;
    handle *own = handle_from(capsule, &network_kind);
    if (!own) return NULL;
    int64_t rows = 0, columns = 0;
    spinnprop_status status = spinnprop_network_shape(&rows, &columns, own->object, parameter, index);
    if (status != SPINNPROP_OK) return raise_status(module, status);
    return Py_BuildValue("LL", (long long)rows, (long long)columns);
}

static PyObject *network_get(PyObject *module, PyObject *args) { return parameter_get(module, args, &network_kind); }

static PyObject *network_set(PyObject *module, PyObject *args) {
    PyObject *capsule, *values_object, *result = NULL;
    int32_t parameter, index;
    if (!PyArg_ParseTuple(args, "OO&O&O", &capsule, int32_from, &parameter, int32_from, &index, &values_object))
        return NULL;
    handle *own = handle_from(capsule, &network_kind);
    array values = ARRAY_NONE;
    if (own && array_read(&values, values_object, ARRAY_FLOAT64, "values")) {
        spinnprop_status status = SPINNPROP_OK;
        /* Changed in the meantime by another thread, it is changed again as that left it. */
        for (int is_done = 0; !is_done && status == SPINNPROP_OK;) {
            const uint64_t changes = own->changes;
            spinnprop_network *changed = NULL;
            status = spinnprop_network_copy(&changed, own->object);
            if (status == SPINNPROP_OK)
                WITHOUT_GIL(
                    status = spinnprop_network_set(changed, parameter, index, array_data(values), values.count));
            is_done = status == SPINNPROP_OK && own->changes == changes;
            if (is_done) {
                spinnprop_network *old = own->object;
                own->object = changed;
                own->changes++;
                changed = old;
            }
            spinnprop_network_free(changed);
        }
        result = none_or_raise(module, status);
    }
    array_release(&values);
    return result;
}

static PyObject *network_wake(PyObject *module, PyObject *args) {
    PyObject *capsule, *spikes, *dict, *progress;
    if (!PyArg_ParseTuple(args, "OOOO", &capsule, &spikes, &dict, &progress)) return NULL;
    handle *own = handle_from(capsule, &network_kind);
    spinnprop_network *woken = own ? network_snapshot(module, capsule) : NULL;
    const uint64_t changes = own ? own->changes : 0;
    spinnprop_forward_options options;
    spinnprop_forward_options_init(&options);
    spike_arrays input = SPIKES_NONE;
    call call;
    PyObject *held = woken ? set_fields(&options, forward_options_fields, dict, "options") : NULL, *result = NULL;
    if (held && spikes_read(&input, spikes, "spikes") && call_init(module, &call, progress)) {
        call_begin(&call);
        spinnprop_status status = spinnprop_network_wake(woken, &input.spikes, &options, call_progress, &call);
        call_end(&call);
        if (status != SPINNPROP_OK || PyErr_Occurred()) {
            raise_status(module, status);
        } else if (own->changes != changes) {
            PyErr_SetString(PyExc_RuntimeError, "another thread has changed the network meanwhile; wake it again");
        } else {
            spinnprop_network *old = own->object;
            own->object = woken;
            own->changes++;
            woken = old;
            Py_INCREF(Py_None);
            result = Py_None;
        }
    }
    spikes_release(&input);
    Py_XDECREF(held);
    spinnprop_network_free(woken);
    return result;
}

static PyObject *network_save(PyObject *module, PyObject *args) {
    PyObject *capsule;
    const char *path;
    if (!PyArg_ParseTuple(args, "Oy", &capsule, &path)) return NULL;
    spinnprop_network *network = network_snapshot(module, capsule);
    if (!network) return NULL;
    spinnprop_status status;
    WITHOUT_GIL(status = spinnprop_network_save(network, path));
    spinnprop_network_free(network);
    return none_or_raise(module, status);
}

static PyObject *network_load(PyObject *module, PyObject *args) {
    const char *path;
    if (!PyArg_ParseTuple(args, "y", &path)) return NULL;
    spinnprop_network *network = NULL;
    spinnprop_status status;
    WITHOUT_GIL(status = spinnprop_network_load(&network, path));
    return status == SPINNPROP_OK ? handle_new(network, &network_kind) : raise_status(module, status);
}

static PyObject *network_to_bytes(PyObject *module, PyObject *capsule) {
    spinnprop_network *network = network_snapshot(module, capsule);
    if (!network) return NULL;
    int64_t needed = 0;
    spinnprop_status status = spinnprop_network_to_bytes(NULL, 0, &needed, network);
    PyObject *bytes = status == SPINNPROP_OK ? PyBytes_FromStringAndSize(NULL, needed) : NULL;
    if (bytes) {
        uint8_t *data = (uint8_t *)PyBytes_AsString(bytes);
        WITHOUT_GIL(status = spinnprop_network_to_bytes(data, needed, &needed, network));
    }
    spinnprop_network_free(network);
    if (status == SPINNPROP_OK) return bytes;
    Py_XDECREF(bytes);
    return raise_status(module, status);
}

static PyObject *network_from_bytes(PyObject *module, PyObject *object) {
    array bytes = ARRAY_NONE;
    PyObject *result = NULL;
    if (array_read(&bytes, object, ARRAY_BYTES, "bytes")) {
        spinnprop_network *network = NULL;
        spinnprop_status status;
        WITHOUT_GIL(status = spinnprop_network_from_bytes(&network, array_data(bytes), bytes.count));
        result = status == SPINNPROP_OK ? handle_new(network, &network_kind) : raise_status(module, status);
    }
    array_release(&bytes);
    return result;
}

GIVES_INITIAL(forward_defaults, forward_options)

static PyObject *network_forward(PyObject *module, PyObject *args) {
    PyObject *capsule, *spikes, *dict, *progress;
    if (!PyArg_ParseTuple(args, "OOOO", &capsule, &spikes, &dict, &progress)) return NULL;
    spinnprop_network *network = network_snapshot(module, capsule);
    spinnprop_forward_options options;
    spinnprop_forward_options_init(&options);
    spike_arrays input = SPIKES_NONE;
    call call;
    PyObject *held = network ? set_fields(&options, forward_options_fields, dict, "options") : NULL, *result = NULL;
    if (held && spikes_read(&input, spikes, "spikes") &&
        call_init(module, &call, progress)) {
        spinnprop_recording *recording = NULL;
        call_begin(&call);
        spinnprop_status status =
            spinnprop_network_forward(&recording, network, &input.spikes, &options, call_progress, &call);
        call_end(&call);
        if (status == SPINNPROP_OK && !PyErr_Occurred()) {
            result = handle_new(recording, &recording_kind);
        } else {
            if (status == SPINNPROP_OK) spinnprop_recording_free(recording);
            raise_status(module, status);
        }
    }
    spikes_release(&input);
    Py_XDECREF(held);
    spinnprop_network_free(network);
    return result;
}

PyMethodDef network_methods[] = {
    {"network_create", network_create, METH_VARARGS,
     "network_create($module, layer_sizes, tau_mem, tau_syn, threshold, reset, drive, refractory, delays, recurrent, readout,"
     " weight_mean, weight_std, seed, engine, masks, signs, weight_bounds, connections, /)\n--\n\nA new network; None for the core's default."},
    {"network_copy", network_copy, METH_O, "network_copy($module, network, /)\n--\n\nA copy."},
    {"network_describe", network_describe, METH_O, "network_describe($module, network, /)\n--\n\nSizes and kinds."},
    {"network_delay_kinds", network_delay_kinds, METH_VARARGS,
     "network_delay_kinds($module, values, network, /)\n--\n\nFill values with the kind of delay of each connection."},
    {"network_connections", network_connections, METH_VARARGS,
     "network_connections($module, values, network, /)\n--\n\nFill values with (source, target) of each connection."},
    {"network_shape", network_shape, METH_VARARGS,
     "network_shape($module, network, parameter, index, /)\n--\n\n(rows, columns) of an array."},
    {"network_get", network_get, METH_VARARGS,
     "network_get($module, values, network, parameter, index, /)\n--\n\nFill values with an array."},
    {"network_set", network_set, METH_VARARGS,
     "network_set($module, network, parameter, index, values, /)\n--\n\nSet an array."},
    {"network_wake", network_wake, METH_VARARGS,
     "network_wake($module, network, spikes, options, progress, /)\n--\n\nScale weights until enough spikes."},
    {"network_save", network_save, METH_VARARGS, "network_save($module, network, path, /)\n--\n\nWrite a file."},
    {"network_load", network_load, METH_VARARGS, "network_load($module, path, /)\n--\n\nRead a file."},
    {"network_to_bytes", network_to_bytes, METH_O, "network_to_bytes($module, network, /)\n--\n\nA file in memory."},
    {"network_from_bytes", network_from_bytes, METH_O,
     "network_from_bytes($module, data, /)\n--\n\nThe network of a file in memory."},
    {"forward_defaults", forward_defaults, METH_NOARGS, "forward_defaults($module, /)\n--\n\nThe core's defaults."},
    {"network_forward", network_forward, METH_VARARGS,
     "network_forward($module, network, spikes, options, progress, /)\n--\n\nRun; the recording."},
    {NULL, NULL, 0, NULL},
};
