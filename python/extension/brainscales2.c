/* Emulated BrainScaleS-2: chips and the engine on them. */
#include "core.h"

GIVES_INITIAL(brainscales2_defaults, brainscales2_options)

static PyObject *brainscales2_preset(PyObject *module, PyObject *args) {
    int32_t preset;
    if (!PyArg_ParseTuple(args, "O&", int32_from, &preset)) return NULL;
    spinnprop_brainscales2_chip_options options;
    spinnprop_brainscales2_chip_options_init(&options);
    const spinnprop_status status = spinnprop_brainscales2_preset(&options, preset);
    return status == SPINNPROP_OK ? dict_from_fields(&options, brainscales2_chip_options_fields) : raise_status(module, status);
}

static PyObject *brainscales2_chip_create(PyObject *module, PyObject *dict) {
    spinnprop_brainscales2_chip_options options;
    spinnprop_brainscales2_chip_options_init(&options);
    PyObject *held = set_fields(&options, brainscales2_chip_options_fields, dict, "options");
    if (!held) return NULL;
    Py_DECREF(held);
    spinnprop_brainscales2_chip *chip = NULL;
    spinnprop_status status;
    WITHOUT_GIL(status = spinnprop_brainscales2_chip_create(&chip, &options));
    return status == SPINNPROP_OK ? handle_new(chip, &brainscales2_chip_kind) : raise_status(module, status);
}

GIVES_INITIAL(brainscales2_calibration_defaults, brainscales2_calibration_options)

/* From a chip and options. */
static PyObject *brainscales2_chip_calibrate(PyObject *module, PyObject *args) {
    PyObject *capsule, *dict;
    if (!PyArg_ParseTuple(args, "OO", &capsule, &dict)) return NULL;
    handle *own = handle_from(capsule, &brainscales2_chip_kind);
    spinnprop_brainscales2_calibration_options options;
    spinnprop_brainscales2_calibration_options_init(&options);
    PyObject *held = own ? set_fields(&options, brainscales2_calibration_options_fields, dict, "options") : NULL;
    if (!held) return NULL;
    Py_DECREF(held);
    spinnprop_brainscales2_chip *chip = NULL;
    spinnprop_status status;
    WITHOUT_GIL(status = spinnprop_brainscales2_chip_calibrate(&chip, own->object, &options));
    return status == SPINNPROP_OK ? handle_new(chip, &brainscales2_chip_kind) : raise_status(module, status);
}

static PyObject *brainscales2_chip_code_count(PyObject *module, PyObject *capsule) {
    handle *own = handle_from(capsule, &brainscales2_chip_kind);
    if (!own) return NULL;
    int64_t n = 0;
    const spinnprop_status status = spinnprop_brainscales2_chip_code_count(&n, own->object);
    return status == SPINNPROP_OK ? PyLong_FromLongLong(n) : raise_status(module, status);
}

static PyObject *brainscales2_chip_codes(PyObject *module, PyObject *args) {
    PyObject *codes_object, *capsule, *result = NULL;
    if (!PyArg_ParseTuple(args, "OO", &codes_object, &capsule)) return NULL;
    handle *own = handle_from(capsule, &brainscales2_chip_kind);
    array codes = ARRAY_NONE;
    if (own && array_write(&codes, codes_object, ARRAY_INT32, "codes")) {
        spinnprop_status status;
        WITHOUT_GIL(status = spinnprop_brainscales2_chip_codes(array_data(codes), codes.count, own->object));
        result = none_or_raise(module, status);
    }
    array_release(&codes);
    return result;
}

/* From options and an array of codes. */
static PyObject *brainscales2_chip_create_with_codes(PyObject *module, PyObject *args) {
    PyObject *dict, *codes_object, *result = NULL;
    if (!PyArg_ParseTuple(args, "OO", &dict, &codes_object)) return NULL;
    spinnprop_brainscales2_chip_options options;
    spinnprop_brainscales2_chip_options_init(&options);
    PyObject *held = set_fields(&options, brainscales2_chip_options_fields, dict, "options");
    array codes = ARRAY_NONE;
    if (held && array_read(&codes, codes_object, ARRAY_INT32, "codes")) {
        spinnprop_brainscales2_chip *chip = NULL;
        spinnprop_status status;
        WITHOUT_GIL(status = spinnprop_brainscales2_chip_create_with_codes(&chip, &options, array_data(codes), codes.count));
        result = status == SPINNPROP_OK ? handle_new(chip, &brainscales2_chip_kind) : raise_status(module, status);
    }
    Py_XDECREF(held);
    array_release(&codes);
    return result;
}

/* From an array for the circuits of each layer's neurons, sizes, and options. */
static PyObject *brainscales2_place(PyObject *module, PyObject *args) {
    PyObject *merged_object, *sizes_object, *dict, *result = NULL;
    if (!PyArg_ParseTuple(args, "OOO", &merged_object, &sizes_object, &dict)) return NULL;
    spinnprop_brainscales2_fit_options options;
    spinnprop_brainscales2_fit_options_init(&options);
    PyObject *held = set_fields(&options, brainscales2_fit_options_fields, dict, "options");
    array merged = ARRAY_NONE, sizes = ARRAY_NONE;
    if (held && array_write(&merged, merged_object, ARRAY_INT32, "merged") && array_read(&sizes, sizes_object, ARRAY_INT32, "sizes")) {
        options.layer_sizes = array_data(sizes);
        options.n_layer_sizes = (int32_t)sizes.count;
        spinnprop_brainscales2_fit fit;
        spinnprop_brainscales2_fit_init(&fit);
        spinnprop_status status;
        WITHOUT_GIL(status = spinnprop_brainscales2_place(&fit, array_data(merged), merged.count, &options));
        result = status == SPINNPROP_OK ? dict_from_fields(&fit, brainscales2_fit_fields) : raise_status(module, status);
    }
    Py_XDECREF(held);
    array_release(&merged);
    array_release(&sizes);
    return result;
}

static PyObject *brainscales2_costs(PyObject *module, PyObject *args) {
    double duration;
    int64_t batch_size;
    if (!PyArg_ParseTuple(args, "O&O&", double_from, &duration, int64_from, &batch_size)) return NULL;
    spinnprop_brainscales2_cost costs[SPINNPROP_BRAINSCALES2_COSTS];
    spinnprop_brainscales2_cost_init(&costs[0]);
    const spinnprop_status status = spinnprop_brainscales2_costs(costs, SPINNPROP_BRAINSCALES2_COSTS, duration, batch_size);
    return status == SPINNPROP_OK
               ? list_from_rows(costs, SPINNPROP_BRAINSCALES2_COSTS, sizeof *costs, brainscales2_cost_fields)
               : raise_status(module, status);
}

GIVES_STRUCT(brainscales2_chip_get_options, brainscales2_chip_options, brainscales2_chip)

FILLS_OF(brainscales2_chip_values, brainscales2_chip, ARRAY_FLOAT64)

/* From options and a tuple of chips. */
static PyObject *brainscales2_create(PyObject *module, PyObject *args) {
    PyObject *dict, *chips, *result = NULL;
    if (!PyArg_ParseTuple(args, "OO!", &dict, &PyTuple_Type, &chips)) return NULL;
    const Py_ssize_t n = PyTuple_Size(chips);
    const spinnprop_brainscales2_chip **own = PyMem_Calloc((size_t)n + 1, sizeof *own);
    if (!own) return PyErr_NoMemory();
    int is_good = 1;
    for (Py_ssize_t i = 0; is_good && i < n; i++) {
        handle *chip = handle_from(PyTuple_GetItem(chips, i), &brainscales2_chip_kind);
        if (chip) own[i] = chip->object;
        is_good = chip != NULL;
    }
    spinnprop_brainscales2_options options;
    spinnprop_brainscales2_options_init(&options);
    PyObject *held = is_good ? set_fields(&options, brainscales2_options_fields, dict, "options") : NULL;
    if (held) {
        spinnprop_engine *engine = NULL;
        spinnprop_status status;
        WITHOUT_GIL(status = spinnprop_brainscales2_create(&engine, own, n, &options));
        result = status == SPINNPROP_OK ? handle_new(engine, &engine_kind) : raise_status(module, status);
    }
    Py_XDECREF(held);
    PyMem_Free(own);
    return result;
}

GIVES_STRUCT(brainscales2_get_options, brainscales2_options, engine)

static PyObject *brainscales2_lost_events(PyObject *module, PyObject *capsule) {
    handle *own = handle_from(capsule, &engine_kind);
    if (!own) return NULL;
    int64_t n = 0;
    const spinnprop_status status = spinnprop_brainscales2_lost_events(&n, own->object);
    return status == SPINNPROP_OK ? PyLong_FromLongLong(n) : raise_status(module, status);
}

static PyObject *brainscales2_weights(PyObject *module, PyObject *args) {
    PyObject *values_object, *engine_object, *network_object, *result = NULL;
    int32_t index;
    if (!PyArg_ParseTuple(args, "OOOO&", &values_object, &engine_object, &network_object, int32_from, &index)) return NULL;
    handle *engine = handle_from(engine_object, &engine_kind);
    spinnprop_network *network = engine ? network_snapshot(module, network_object) : NULL;
    if (!network) return NULL;
    array values = ARRAY_NONE;
    if (array_write(&values, values_object, ARRAY_FLOAT64, "values")) {
        spinnprop_status status;
        WITHOUT_GIL(status = spinnprop_brainscales2_weights(array_data(values), values.count, engine->object, network, index));
        result = none_or_raise(module, status);
    }
    array_release(&values);
    spinnprop_network_free(network);
    return result;
}

PyMethodDef brainscales2_methods[] = {
    {"brainscales2_defaults", brainscales2_defaults, METH_NOARGS,
     "brainscales2_defaults($module, /)\n--\n\nThe core's defaults."},
    {"brainscales2_preset", brainscales2_preset, METH_VARARGS,
     "brainscales2_preset($module, preset, /)\n--\n\nThe options of one of the core's chips."},
    {"brainscales2_chip_create", brainscales2_chip_create, METH_O,
     "brainscales2_chip_create($module, options, /)\n--\n\nA new chip."},
    {"brainscales2_calibration_defaults", brainscales2_calibration_defaults, METH_NOARGS,
     "brainscales2_calibration_defaults($module, /)\n--\n\nThe core's defaults."},
    {"brainscales2_chip_calibrate", brainscales2_chip_calibrate, METH_VARARGS,
     "brainscales2_chip_calibrate($module, chip, options, /)\n--\n\nA calibrated copy."},
    {"brainscales2_chip_code_count", brainscales2_chip_code_count, METH_O,
     "brainscales2_chip_code_count($module, chip, /)\n--\n\nHow many settings calibration has found."},
    {"brainscales2_chip_codes", brainscales2_chip_codes, METH_VARARGS,
     "brainscales2_chip_codes($module, codes, chip, /)\n--\n\nThe settings that calibration has found."},
    {"brainscales2_chip_create_with_codes", brainscales2_chip_create_with_codes, METH_VARARGS,
     "brainscales2_chip_create_with_codes($module, options, codes, /)\n--\n\nA chip with such settings."},
    {"brainscales2_place", brainscales2_place, METH_VARARGS,
     "brainscales2_place($module, merged, sizes, options, /)\n--\n\nWhether a network fits."},
    {"brainscales2_costs", brainscales2_costs, METH_VARARGS,
     "brainscales2_costs($module, duration, batch_size, /)\n--\n\nWhat samples and steps take, by published measurements."},
    {"brainscales2_chip_get_options", brainscales2_chip_get_options, METH_O,
     "brainscales2_chip_get_options($module, chip, /)\n--\n\nThe options it was made with."},
    {"brainscales2_chip_values", brainscales2_chip_values, METH_VARARGS,
     "brainscales2_chip_values($module, values, chip, parameter, /)\n--\n\nWhat circuits or rows deviate by."},
    {"brainscales2_create", brainscales2_create, METH_VARARGS,
     "brainscales2_create($module, options, chips, /)\n--\n\nA new engine of analog circuits."},
    {"brainscales2_get_options", brainscales2_get_options, METH_O,
     "brainscales2_get_options($module, engine, /)\n--\n\nThe options it was made with."},
    {"brainscales2_lost_events", brainscales2_lost_events, METH_O,
     "brainscales2_lost_events($module, engine, /)\n--\n\nEvents lost in all its runs."},
    {"brainscales2_weights", brainscales2_weights, METH_VARARGS,
     "brainscales2_weights($module, values, engine, network, index, /)\n--\n\nWeights as the chip's synapses have them."},
    {NULL, NULL, 0, NULL},
};
