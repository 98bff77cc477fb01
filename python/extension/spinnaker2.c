/* Emulated SpiNNaker2: engines, their tables, what fits, and accounts as dictionaries of lists. */
#include "core.h"

#include <string.h>

GIVES_INITIAL(spinnaker2_defaults, spinnaker2_options)

/* From options and a tuple of pairs (bytes, float): constants that are replaced, by name. */
static PyObject *spinnaker2_create(PyObject *module, PyObject *args) {
    PyObject *dict, *constants;
    if (!PyArg_ParseTuple(args, "OO!", &dict, &PyTuple_Type, &constants)) return NULL;
    const Py_ssize_t n = PyTuple_Size(constants);
    const char **names = PyMem_Calloc((size_t)n + 1, sizeof *names);
    double *values = PyMem_Calloc((size_t)n + 1, sizeof *values);
    int is_good = names && values;
    if (!is_good) PyErr_NoMemory();
    for (Py_ssize_t i = 0; is_good && i < n; i++) {
        PyObject *pair = PyTuple_GetItem(constants, i);
        is_good = PyTuple_Check(pair) && PyArg_ParseTuple(pair, "yd", &names[i], &values[i]);
        if (!is_good && !PyErr_Occurred()) PyErr_SetString(PyExc_TypeError, "constants must be pairs (bytes, float)");
    }
    spinnprop_spinnaker2_options options;
    spinnprop_spinnaker2_options_init(&options);
    PyObject *held = is_good ? set_fields(&options, spinnaker2_options_fields, dict, "options") : NULL, *result = NULL;
    if (held) {
        options.constant_names = names;
        options.constant_values = values;
        options.n_constants = n;
        spinnprop_engine *engine = NULL;
        spinnprop_status status;
        WITHOUT_GIL(status = spinnprop_spinnaker2_create(&engine, &options));
        result = status == SPINNPROP_OK ? handle_new(engine, &engine_kind) : raise_status(module, status);
    }
    Py_XDECREF(held);
    PyMem_Free(names);
    PyMem_Free(values);
    return result;
}

GIVES_STRUCT(spinnaker2_get_options, spinnaker2_options, engine)

/* Puts a value under a name; takes it over. 0 with an exception on failure, which a value NULL is. */
static int put(PyObject *dict, const char *name, PyObject *value) {
    const int status = value ? PyDict_SetItemString(dict, name, value) : -1;
    Py_XDECREF(value);
    return status == 0;
}

/* Declares `rows` and reads n structs into it by a function of the library, from what that belongs to; `rows` is NULL with an
 * exception on failure, and to be freed by PyMem_Free. */
#define READ_ROWS(structure, rows, n_rows, function, of) \
    structure *rows = PyMem_Calloc((size_t)(n_rows) + 1, sizeof(structure)); \
    if (!rows) PyErr_NoMemory(); \
    else { \
        structure##_init(rows); \
        const spinnprop_status rows_status = function(rows, n_rows, of); \
        if (rows_status != SPINNPROP_OK) { \
            raise_status(module, rows_status); \
            PyMem_Free(rows); \
            rows = NULL; \
        } \
    }

#define LIST(rows, from, n, fields) (rows ? list_from_rows(rows + (from), n, sizeof *rows, fields) : NULL)

static PyObject *spinnaker2_describe(PyObject *module, PyObject *capsule) {
    handle *own = handle_from(capsule, &engine_kind);
    if (!own) return NULL;
    spinnprop_spinnaker2_info info;
    spinnprop_spinnaker2_info_init(&info);
    const spinnprop_status status = spinnprop_spinnaker2_describe(&info, own->object);
    if (status != SPINNPROP_OK) return raise_status(module, status);
    PyObject *result = dict_from_fields(&info, spinnaker2_info_fields);
    READ_ROWS(spinnprop_spinnaker2_constant, constants, info.n_constants, spinnprop_spinnaker2_constants, own->object)
    if (result && !put(result, "constants", LIST(constants, 0, info.n_constants, spinnaker2_constant_fields))) Py_CLEAR(result);
    PyMem_Free(constants);
    READ_ROWS(spinnprop_spinnaker2_workload, workloads, info.n_workloads, spinnprop_spinnaker2_workloads, own->object)
    if (result && !put(result, "published", LIST(workloads, 0, info.n_workloads, spinnaker2_workload_fields))) Py_CLEAR(result);
    PyMem_Free(workloads);
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

static PyObject *spinnaker2_estimate(PyObject *module, PyObject *args) {
    PyObject *capsule, *sizes_object, *activity_object, *slices_object, *largest_object, *result = NULL;
    spinnprop_spinnaker2_fit_options options;
    spinnprop_spinnaker2_fit_options_init(&options);
    PyObject *input_activity;
    if (!PyArg_ParseTuple(args, "OOO&O&OOO&OO", &capsule, &sizes_object, int32_from, &options.recurrent, int32_from,
                          &options.batch_size, &input_activity, &activity_object, int32_from, &options.makes_room,
                          &slices_object, &largest_object))
        return NULL;
    if (input_activity != Py_None && !double_from(input_activity, &options.input_activity)) return NULL;
    handle *own = handle_from(capsule, &engine_kind);
    array sizes = ARRAY_NONE, activity = ARRAY_NONE, slices = ARRAY_NONE, largest = ARRAY_NONE;
    if (own && array_read(&sizes, sizes_object, ARRAY_INT32, "sizes")
        && array_read(&activity, activity_object, ARRAY_FLOAT64, "activity")
        && array_write(&slices, slices_object, ARRAY_INT32, "slices")
        && array_write(&largest, largest_object, ARRAY_INT32, "largest")) {
        options.layer_sizes = array_data(sizes);
        options.n_layer_sizes = (int32_t)sizes.count;
        options.activity = array_data(activity);
        options.n_activity = (int32_t)activity.count;
        spinnprop_spinnaker2_fit fit;
        spinnprop_spinnaker2_fit_init(&fit);
        spinnprop_status status = SPINNPROP_OK;
        if (slices.count != sizes.count - 1 || largest.count != sizes.count)
            PyErr_SetString(PyExc_ValueError, "slices and largest do not suit sizes");
        else {
            WITHOUT_GIL(status = spinnprop_spinnaker2_estimate(&fit, array_data(slices), array_data(largest), own->object, &options));
            result = status == SPINNPROP_OK ? dict_from_fields(&fit, spinnaker2_fit_fields) : raise_status(module, status);
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

static PyObject *spinnaker2_reset_account(PyObject *module, PyObject *capsule) {
    handle *own = handle_from(capsule, &engine_kind);
    if (!own) return NULL;
    spinnprop_status status;
    WITHOUT_GIL(status = spinnprop_spinnaker2_reset_account(own->object));
    return none_or_raise(module, status);
}

typedef const spinnprop_spinnaker2_account *const_account;
typedef const spinnprop_spinnaker2_totals *const_totals;

static PyObject *pes_of(PyObject *module, const_account account, const_totals totals) {
    const int64_t n_phases = totals->n_phases;
    READ_ROWS(spinnprop_spinnaker2_pe, pes, totals->n_pes, spinnprop_spinnaker2_account_pes, account)
    READ_ROWS(spinnprop_spinnaker2_buffer, buffers, totals->n_buffers, spinnprop_spinnaker2_account_buffers, account)
    READ_ROWS(spinnprop_spinnaker2_counters, counters, totals->n_pes * n_phases, spinnprop_spinnaker2_account_pe_counters,
              account)
    PyObject *list = LIST(pes, 0, totals->n_pes, spinnaker2_pe_fields);
    int64_t buffer = 0;
    for (int32_t i = 0; list && i < totals->n_pes; i++) {
        PyObject *pe = PyList_GetItem(list, i);
        const int32_t n_buffers = pes[i].n_buffers;
        if (!put(pe, "buffers", LIST(buffers, buffer, n_buffers, spinnaker2_buffer_fields)) ||
            !put(pe, "counters", LIST(counters, i * n_phases, n_phases, spinnaker2_counters_fields)))
            Py_CLEAR(list);
        buffer += n_buffers;
    }
    PyMem_Free(pes);
    PyMem_Free(buffers);
    PyMem_Free(counters);
    return list;
}

static PyObject *programs_of(PyObject *module, const_account account, const_totals totals) {
    const int64_t n_phases = totals->n_phases;
    READ_ROWS(spinnprop_spinnaker2_program, programs, totals->n_programs, spinnprop_spinnaker2_account_programs, account)
    READ_ROWS(spinnprop_spinnaker2_counters, counters, totals->n_programs * n_phases,
              spinnprop_spinnaker2_account_program_counters, account)
    PyObject *list = LIST(programs, 0, totals->n_programs, spinnaker2_program_fields);
    for (int32_t i = 0; list && i < totals->n_programs; i++)
        if (!put(PyList_GetItem(list, i), "counters", LIST(counters, i * n_phases, n_phases, spinnaker2_counters_fields)))
            Py_CLEAR(list);
    PyMem_Free(programs);
    PyMem_Free(counters);
    return list;
}

static PyObject *phases_of(PyObject *module, const_account account, const_totals totals) {
    READ_ROWS(spinnprop_spinnaker2_phase, phases, totals->n_phases, spinnprop_spinnaker2_account_phases, account)
    READ_ROWS(spinnprop_spinnaker2_counters, counters, totals->n_phases, spinnprop_spinnaker2_account_phase_counters, account)
    PyObject *list = counters ? LIST(phases, 0, totals->n_phases, spinnaker2_phase_fields) : NULL;
    for (int32_t i = 0; list && i < totals->n_phases; i++)
        if (!put(PyList_GetItem(list, i), "counters", dict_from_fields(&counters[i], spinnaker2_counters_fields)))
            Py_CLEAR(list);
    PyMem_Free(phases);
    PyMem_Free(counters);
    return list;
}

static PyObject *slips_of(PyObject *module, const_account account, const_totals totals) {
    READ_ROWS(spinnprop_spinnaker2_slip, slips, totals->n_slips, spinnprop_spinnaker2_account_slips, account)
    PyObject *list = LIST(slips, 0, totals->n_slips, spinnaker2_slip_fields);
    PyMem_Free(slips);
    return list;
}

static PyObject *links_of(PyObject *module, const_account account, const_totals totals) {
    int64_t *bits = PyMem_Calloc((size_t)totals->n_links + 1, sizeof *bits);
    if (!bits) return PyErr_NoMemory();
    const spinnprop_status status = spinnprop_spinnaker2_account_link_bits(bits, totals->n_links, account);
    PyObject *list = status == SPINNPROP_OK ? PyList_New(0) : raise_status(module, status);
    for (int32_t i = 0; list && i < totals->n_links; i++) {
        PyObject *number = PyLong_FromLongLong(bits[i]);
        if (!number || PyList_Append(list, number) < 0) Py_CLEAR(list);
        Py_XDECREF(number);
    }
    PyMem_Free(bits);
    return list;
}

static PyObject *spinnaker2_account(PyObject *module, PyObject *capsule) {
    handle *own = handle_from(capsule, &engine_kind);
    if (!own) return NULL;
    spinnprop_spinnaker2_account *account = NULL;
    spinnprop_status status;
    WITHOUT_GIL(status = spinnprop_spinnaker2_account_create(&account, own->object));
    spinnprop_spinnaker2_totals totals;
    spinnprop_spinnaker2_totals_init(&totals);
    if (status == SPINNPROP_OK) status = spinnprop_spinnaker2_account_describe(&totals, account);
    PyObject *result =
        status == SPINNPROP_OK ? dict_from_fields(&totals, spinnaker2_totals_fields) : raise_status(module, status);
    if (result && (!put(result, "phases", phases_of(module, account, &totals)) ||
                   !put(result, "programs", programs_of(module, account, &totals)) ||
                   !put(result, "pes", pes_of(module, account, &totals)) ||
                   !put(result, "link_bits", links_of(module, account, &totals)) ||
                   !put(result, "slips", slips_of(module, account, &totals))))
        Py_CLEAR(result);
    spinnprop_spinnaker2_account_free(account);
    return result;
}

PyMethodDef spinnaker2_methods[] = {
    {"spinnaker2_defaults", spinnaker2_defaults, METH_NOARGS,
     "spinnaker2_defaults($module, /)\n--\n\nThe core's defaults."},
    {"spinnaker2_create", spinnaker2_create, METH_VARARGS,
     "spinnaker2_create($module, options, constants, /)\n--\n\nA new emulated SpiNNaker2."},
    {"spinnaker2_get_options", spinnaker2_get_options, METH_O,
     "spinnaker2_get_options($module, engine, /)\n--\n\nThe options it was made with."},
    {"spinnaker2_describe", spinnaker2_describe, METH_O,
     "spinnaker2_describe($module, engine, /)\n--\n\nThe board, the constants, and what they predict."},
    {"spinnaker2_estimate", spinnaker2_estimate, METH_VARARGS,
     "spinnaker2_estimate($module, engine, sizes, recurrent, batch_size, input_activity, activity, makes_room, slices, largest, /)\n--\n\n"
     "Whether a network fits, and what a step would cost."},
    {"spinnaker2_account", spinnaker2_account, METH_O,
     "spinnaker2_account($module, engine, /)\n--\n\nWhat has run on it."},
    {"spinnaker2_reset_account", spinnaker2_reset_account, METH_O,
     "spinnaker2_reset_account($module, engine, /)\n--\n\nStarts the account anew."},
    {NULL, NULL, 0, NULL},
};
