/* Emulated chips: their tables, what fits, and accounts as dictionaries of lists. */
#include "core.h"

#include <string.h>

/* Appends a struct's fields to a list. Takes over nothing; 0 with an exception on failure. */
static int append(PyObject *list, const void *row, const field *fields) {
    PyObject *dict = dict_from_fields(row, fields);
    const int status = dict ? PyList_Append(list, dict) : -1;
    Py_XDECREF(dict);
    return status == 0;
}

/* Puts a value under a name; takes it over. 0 with an exception on failure, which a value NULL is. */
static int put(PyObject *dict, const char *name, PyObject *value) {
    const int status = value ? PyDict_SetItemString(dict, name, value) : -1;
    Py_XDECREF(value);
    return status == 0;
}

/* A list of n rows, each read by `call` into `row`, a struct whose _init has run. */
#define ROWS(list, n, row, fields, call) \
    do { \
        for (int32_t i = 0; list && i < (n); i++) { \
            const spinnprop_status status = call; \
            if (status != SPINNPROP_OK) raise_status(module, status); \
            if (status != SPINNPROP_OK || !append(list, &row, fields)) Py_CLEAR(list); \
        } \
    } while (0)

static PyObject *engine_chip(PyObject *module, PyObject *capsule) {
    handle *own = handle_from(capsule, engine_name);
    if (!own) return NULL;
    spinnprop_chip_info info;
    spinnprop_chip_constant constant;
    spinnprop_chip_published published;
    spinnprop_chip_info_init(&info);
    spinnprop_chip_constant_init(&constant);
    spinnprop_chip_published_init(&published);
    const spinnprop_status status = spinnprop_engine_chip(&info, own->object);
    if (status != SPINNPROP_OK) return raise_status(module, status);
    PyObject *result = dict_from_fields(&info, chip_info_fields), *rows = PyList_New(0);
    ROWS(rows, info.n_constants, constant, constant_fields, spinnprop_engine_constant(&constant, own->object, i));
    if (result && !put(result, "constants", rows)) Py_CLEAR(result);
    rows = result ? PyList_New(0) : NULL;
    ROWS(rows, info.n_published, published, published_fields, spinnprop_engine_published(&published, own->object, i));
    if (result && !put(result, "published", rows)) Py_CLEAR(result);
    return result;
}

static PyObject *list_of(const array *numbers) {
    PyObject *list = PyList_New(0);
    for (int64_t i = 0; list && i < numbers->count; i++) {
        PyObject *number = PyLong_FromLong(((const int32_t *)numbers->view.buf)[i]);
        if (!number || PyList_Append(list, number) < 0) Py_CLEAR(list);
        Py_XDECREF(number);
    }
    return list;
}

static PyObject *engine_fit(PyObject *module, PyObject *args) {
    PyObject *capsule, *sizes_object, *activity_object, *slices_object, *largest_object, *result = NULL;
    spinnprop_chip_fit_options options;
    spinnprop_chip_fit_options_init(&options);
    PyObject *input_activity;
    if (!PyArg_ParseTuple(args, "OOO&O&OOOO", &capsule, &sizes_object, int32_from, &options.recurrent, int32_from,
                          &options.batch_size, &input_activity, &activity_object, &slices_object, &largest_object))
        return NULL;
    if (input_activity != Py_None && !double_from(input_activity, &options.input_activity)) return NULL;
    handle *own = handle_from(capsule, engine_name);
    array sizes = ARRAY_NONE, activity = ARRAY_NONE, slices = ARRAY_NONE, largest = ARRAY_NONE;
    if (own && array_read(&sizes, sizes_object, ARRAY_INT32, "sizes")
        && array_read(&activity, activity_object, ARRAY_FLOAT64, "activity")
        && array_write(&slices, slices_object, ARRAY_INT32, "slices")
        && array_write(&largest, largest_object, ARRAY_INT32, "largest")) {
        options.layer_sizes = array_data(sizes);
        options.n_layer_sizes = (int32_t)sizes.count;
        options.activity = array_data(activity);
        options.n_activity = (int32_t)activity.count;
        spinnprop_chip_fit fit;
        spinnprop_chip_fit_init(&fit);
        spinnprop_status status = SPINNPROP_OK;
        if (slices.count != sizes.count - 1 || largest.count != sizes.count)
            PyErr_SetString(PyExc_ValueError, "slices and largest do not suit sizes");
        else {
            WITHOUT_GIL(status = spinnprop_engine_fit(&fit, array_data(slices), array_data(largest), own->object, &options));
            result = status == SPINNPROP_OK ? dict_from_fields(&fit, fit_fields) : raise_status(module, status);
        }
        if (result && (!put(result, "slices", list_of(&slices)) || !put(result, "largest", list_of(&largest))))
            Py_CLEAR(result);
    }
    array_release(&sizes);
    array_release(&activity);
    array_release(&slices);
    array_release(&largest);
    return result;
}

static PyObject *engine_reset_account(PyObject *module, PyObject *capsule) {
    handle *own = handle_from(capsule, engine_name);
    if (!own) return NULL;
    spinnprop_status status;
    WITHOUT_GIL(status = spinnprop_engine_reset_account(own->object));
    return none_or_raise(module, status);
}

static PyObject *pes_of(PyObject *module, const spinnprop_account *account, const spinnprop_chip_account *totals) {
    spinnprop_chip_pe pe;
    spinnprop_chip_buffer buffer;
    spinnprop_chip_counters counters;
    spinnprop_chip_pe_init(&pe);
    spinnprop_chip_buffer_init(&buffer);
    spinnprop_chip_counters_init(&counters);
    PyObject *pes = PyList_New(0);
    for (int32_t index = 0; pes && index < totals->n_pes; index++) {
        const spinnprop_status status = spinnprop_account_pe(&pe, account, index);
        PyObject *dict = status == SPINNPROP_OK ? dict_from_fields(&pe, pe_fields) : raise_status(module, status);
        PyObject *rows = dict ? PyList_New(0) : NULL;
        ROWS(rows, pe.n_buffers, buffer, buffer_fields, spinnprop_account_buffer(&buffer, account, index, i));
        if (dict && !put(dict, "buffers", rows)) Py_CLEAR(dict);
        rows = dict ? PyList_New(0) : NULL;
        ROWS(rows, totals->n_phases, counters, counter_fields, spinnprop_account_pe_counters(&counters, account, index, i));
        if (dict && !put(dict, "counters", rows)) Py_CLEAR(dict);
        if (!dict || PyList_Append(pes, dict) < 0) Py_CLEAR(pes);
        Py_XDECREF(dict);
    }
    return pes;
}

static PyObject *programs_of(PyObject *module, const spinnprop_account *account, const spinnprop_chip_account *totals) {
    spinnprop_chip_program program;
    spinnprop_chip_counters counters;
    spinnprop_chip_program_init(&program);
    spinnprop_chip_counters_init(&counters);
    PyObject *programs = PyList_New(0);
    for (int32_t index = 0; programs && index < totals->n_programs; index++) {
        const spinnprop_status status = spinnprop_account_program(&program, account, index);
        PyObject *dict = status == SPINNPROP_OK ? dict_from_fields(&program, program_fields) : raise_status(module, status);
        PyObject *rows = dict ? PyList_New(0) : NULL;
        ROWS(rows, totals->n_phases, counters, counter_fields,
             spinnprop_account_program_counters(&counters, account, index, i));
        if (dict && !put(dict, "counters", rows)) Py_CLEAR(dict);
        if (!dict || PyList_Append(programs, dict) < 0) Py_CLEAR(programs);
        Py_XDECREF(dict);
    }
    return programs;
}

static PyObject *phases_of(PyObject *module, const spinnprop_account *account, const spinnprop_chip_account *totals) {
    spinnprop_chip_phase phase;
    spinnprop_chip_counters counters;
    spinnprop_chip_phase_init(&phase);
    spinnprop_chip_counters_init(&counters);
    PyObject *phases = PyList_New(0);
    for (int32_t index = 0; phases && index < totals->n_phases; index++) {
        spinnprop_status status = spinnprop_account_phase(&phase, account, index);
        if (status == SPINNPROP_OK) status = spinnprop_account_phase_counters(&counters, account, index);
        PyObject *dict = status == SPINNPROP_OK ? dict_from_fields(&phase, phase_fields) : raise_status(module, status);
        if (dict && !put(dict, "counters", dict_from_fields(&counters, counter_fields))) Py_CLEAR(dict);
        if (!dict || PyList_Append(phases, dict) < 0) Py_CLEAR(phases);
        Py_XDECREF(dict);
    }
    return phases;
}

static PyObject *links_of(PyObject *module, const spinnprop_account *account, const spinnprop_chip_account *totals) {
    int64_t *bits = PyMem_Calloc((size_t)totals->n_links + 1, sizeof *bits);
    if (!bits) return PyErr_NoMemory();
    const spinnprop_status status = spinnprop_account_link_bits(bits, totals->n_links, account);
    PyObject *list = status == SPINNPROP_OK ? PyList_New(0) : raise_status(module, status);
    for (int32_t i = 0; list && i < totals->n_links; i++) {
        PyObject *number = PyLong_FromLongLong(bits[i]);
        if (!number || PyList_Append(list, number) < 0) Py_CLEAR(list);
        Py_XDECREF(number);
    }
    PyMem_Free(bits);
    return list;
}

static PyObject *engine_account(PyObject *module, PyObject *capsule) {
    handle *own = handle_from(capsule, engine_name);
    if (!own) return NULL;
    spinnprop_account *account = NULL;
    spinnprop_status status;
    WITHOUT_GIL(status = spinnprop_engine_account(&account, own->object));
    spinnprop_chip_account totals;
    spinnprop_chip_account_init(&totals);
    if (status == SPINNPROP_OK) status = spinnprop_account_describe(&totals, account);
    PyObject *result = status == SPINNPROP_OK ? dict_from_fields(&totals, account_fields) : raise_status(module, status);
    if (result && !put(result, "phases", phases_of(module, account, &totals))) Py_CLEAR(result);
    if (result && !put(result, "programs", programs_of(module, account, &totals))) Py_CLEAR(result);
    if (result && !put(result, "pes", pes_of(module, account, &totals))) Py_CLEAR(result);
    if (result && !put(result, "link_bits", links_of(module, account, &totals))) Py_CLEAR(result);
    spinnprop_chip_slip slip;
    spinnprop_chip_slip_init(&slip);
    PyObject *rows = result ? PyList_New(0) : NULL;
    ROWS(rows, totals.n_slips, slip, slip_fields, spinnprop_account_slip(&slip, account, i));
    if (result && !put(result, "slips", rows)) Py_CLEAR(result);
    spinnprop_account_free(account);
    return result;
}

PyMethodDef chip_methods[] = {
    {"engine_chip", engine_chip, METH_O, "engine_chip($module, engine, /)\n--\n\nThe chip's tables."},
    {"engine_fit", engine_fit, METH_VARARGS,
     "engine_fit($module, engine, sizes, recurrent, batch_size, input_activity, activity, slices, largest, /)\n--\n\n"
     "Whether a network fits, and what a step would cost."},
    {"engine_account", engine_account, METH_O, "engine_account($module, engine, /)\n--\n\nWhat has run on a chip."},
    {"engine_reset_account", engine_reset_account, METH_O,
     "engine_reset_account($module, engine, /)\n--\n\nStarts the account anew."},
    {NULL, NULL, 0, NULL},
};
