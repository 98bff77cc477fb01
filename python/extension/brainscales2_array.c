/* Neuron arrays: a call that runs one refuses company meanwhile. */
#include "core.h"

#include <string.h>

GIVES_INITIAL(brainscales2_array_defaults, brainscales2_array_options)
GIVES_INITIAL(brainscales2_run_defaults, brainscales2_run_options)
GIVES_INITIAL(brainscales2_program_defaults, brainscales2_program_options)

enum { N_PARAMETERS = 10 };

/* Options with their neurons, as Python has them; released whether reading succeeds or not. */
typedef struct asked_array {
    spinnprop_brainscales2_array_options options;
    array values[N_PARAMETERS];
    PyObject *held;
} asked_array;

/* From a dict, and a tuple of ten neuron parameters, each an array or None. */
static int asked_read(asked_array *asked, PyObject *dict, PyObject *parameters) {
    *asked = (asked_array){.values = {ARRAY_NONE}};
    spinnprop_brainscales2_array_options *o = &asked->options;
    spinnprop_brainscales2_array_options_init(o);
    const struct {
        const char *name;
        const double **values;
        int32_t *n;
    } places[N_PARAMETERS] = {
        {"tau_mem", &o->tau_mem, &o->n_tau_mem},          {"tau_syn_exc", &o->tau_syn_exc, &o->n_tau_syn_exc},
        {"tau_syn_inh", &o->tau_syn_inh, &o->n_tau_syn_inh}, {"threshold", &o->threshold, &o->n_threshold},
        {"reset", &o->reset, &o->n_reset},                {"drive", &o->drive, &o->n_drive},
        {"refractory", &o->refractory, &o->n_refractory}, {"gain", &o->gain, &o->n_gain},
        {"delay", &o->delay, &o->n_delay},                {"noise", &o->noise, &o->n_noise},
    };
    if (!PyTuple_Check(parameters) || PyTuple_Size(parameters) != N_PARAMETERS) {
        PyErr_SetString(PyExc_TypeError, "parameters must be a tuple of ten");
        return 0;
    }
    asked->held = set_fields(o, brainscales2_array_options_fields, dict, "options");
    int is_read = asked->held != NULL;
    for (int i = 0; is_read && i < N_PARAMETERS; i++) {
        array *own = &asked->values[i];
        is_read = array_read(own, PyTuple_GetItem(parameters, i), ARRAY_FLOAT64, places[i].name);
        *places[i].values = array_data(*own);
        *places[i].n = own->count > INT32_MAX ? INT32_MAX : (int32_t)own->count;
    }
    return is_read;
}

static void asked_release(asked_array *asked) {
    for (int i = 0; i < N_PARAMETERS; i++) array_release(&asked->values[i]);
    Py_XDECREF(asked->held);
}

/* An array from options, neuron parameters, the mask and the signs. */
static PyObject *brainscales2_array_create(PyObject *module, PyObject *args) {
    PyObject *dict, *parameters, *mask_object, *signs_object, *result = NULL;
    if (!PyArg_ParseTuple(args, "OOOO", &dict, &parameters, &mask_object, &signs_object)) return NULL;
    asked_array asked;
    array mask = ARRAY_NONE, signs = ARRAY_NONE;
    if (asked_read(&asked, dict, parameters) && array_read(&mask, mask_object, ARRAY_BYTES, "mask") &&
        array_read(&signs, signs_object, ARRAY_BYTES, "signs")) {
        spinnprop_brainscales2_array_options o = asked.options;
        o.mask = array_data(mask);
        o.n_mask = mask.count;
        o.signs = array_data(signs);
        o.n_signs = signs.count;
        spinnprop_brainscales2_array *created = NULL;
        spinnprop_status status;
        WITHOUT_GIL(status = spinnprop_brainscales2_array_create(&created, &o));
        result = status == SPINNPROP_OK ? handle_new(created, &brainscales2_array_kind) : raise_status(module, status);
    }
    array_release(&mask);
    array_release(&signs);
    asked_release(&asked);
    return result;
}

/* The options of an array on a chip from options and neuron parameters; what the chip makes of these goes to an array. */
static PyObject *brainscales2_array_place(PyObject *module, PyObject *args) {
    PyObject *dict, *parameters, *values_object, *capsule, *result = NULL;
    if (!PyArg_ParseTuple(args, "OOOO", &values_object, &dict, &parameters, &capsule)) return NULL;
    handle *chip = handle_from(capsule, &brainscales2_chip_kind);
    if (!chip) return NULL;
    asked_array asked;
    array values = ARRAY_NONE;
    if (asked_read(&asked, dict, parameters) && array_write(&values, values_object, ARRAY_FLOAT64, "values")) {
        spinnprop_brainscales2_array_options placed;
        spinnprop_brainscales2_array_options_init(&placed);
        const spinnprop_status status =
            spinnprop_brainscales2_array_place(&placed, array_data(values), values.count, &asked.options, chip->object);
        result = status == SPINNPROP_OK ? dict_from_fields(&placed, brainscales2_array_options_fields) : raise_status(module, status);
    }
    array_release(&values);
    asked_release(&asked);
    return result;
}

static PyObject *brainscales2_array_copy(PyObject *module, PyObject *capsule) {
    handle *own = idle_from(module, capsule, &brainscales2_array_kind);
    if (!own) return NULL;
    spinnprop_brainscales2_array *copy = NULL;
    spinnprop_status status = spinnprop_brainscales2_array_copy(&copy, own->object);
    return status == SPINNPROP_OK ? handle_new(copy, &brainscales2_array_kind) : raise_status(module, status);
}

static PyObject *brainscales2_array_reset(PyObject *module, PyObject *capsule) {
    handle *own = idle_from(module, capsule, &brainscales2_array_kind);
    return own ? none_or_raise(module, spinnprop_brainscales2_array_reset(own->object)) : NULL;
}

GIVES_STRUCT(brainscales2_array_describe, brainscales2_array_info, brainscales2_array)
FILLS(brainscales2_array_weights, brainscales2_array, ARRAY_BYTES)
FILLS(brainscales2_array_mask, brainscales2_array, ARRAY_BYTES)
FILLS(brainscales2_array_rates, brainscales2_array, ARRAY_BYTES)
FILLS(brainscales2_array_state, brainscales2_array, ARRAY_BYTES)

/* Defines a function that hands bytes to a setter. */
#define TAKES_BYTES(function, name) \
    static PyObject *function(PyObject *module, PyObject *args) { \
        PyObject *capsule, *bytes_object, *result = NULL; \
        if (!PyArg_ParseTuple(args, "OO", &capsule, &bytes_object)) return NULL; \
        array bytes = ARRAY_NONE; \
        handle *own; \
        if (array_read(&bytes, bytes_object, ARRAY_BYTES, name) && (own = idle_from(module, capsule, &brainscales2_array_kind))) \
            result = none_or_raise(module, spinnprop_##function(own->object, array_data(bytes), bytes.count)); \
        array_release(&bytes); \
        return result; \
    }

TAKES_BYTES(brainscales2_array_set_weights, "weights")
TAKES_BYTES(brainscales2_array_set_state, "state")

static PyObject *brainscales2_array_state_size(PyObject *module, PyObject *capsule) {
    handle *own = idle_from(module, capsule, &brainscales2_array_kind);
    if (!own) return NULL;
    int64_t n = 0;
    const spinnprop_status status = spinnprop_brainscales2_array_state_size(&n, own->object);
    return status == SPINNPROP_OK ? PyLong_FromLongLong(n) : raise_status(module, status);
}

static PyObject *brainscales2_array_spikes(PyObject *module, PyObject *args) {
    PyObject *times_object, *units_object, *capsule, *result = NULL;
    if (!PyArg_ParseTuple(args, "OOO", &times_object, &units_object, &capsule)) return NULL;
    array times = ARRAY_NONE, units = ARRAY_NONE;
    handle *own;
    if (array_write(&times, times_object, ARRAY_FLOAT64, "times") && array_write(&units, units_object, ARRAY_INT32, "units") &&
        (own = idle_from(module, capsule, &brainscales2_array_kind))) {
        if (units.count == times.count)
            result = none_or_raise(module, spinnprop_brainscales2_array_spikes(array_data(times), array_data(units), times.count,
                                                                               own->object));
        else
            PyErr_SetString(PyExc_ValueError, "times and units must be equally long");
    }
    array_release(&times);
    array_release(&units);
    return result;
}

static PyObject *brainscales2_array_membranes(PyObject *module, PyObject *args) {
    PyObject *values_object, *read_outs_object, *capsule, *result = NULL;
    if (!PyArg_ParseTuple(args, "OOO", &values_object, &read_outs_object, &capsule)) return NULL;
    array values = ARRAY_NONE, read_outs = ARRAY_NONE;
    handle *own;
    if (array_write(&values, values_object, ARRAY_FLOAT64, "values") &&
        array_write(&read_outs, read_outs_object, ARRAY_BYTES, "read_outs") &&
        (own = idle_from(module, capsule, &brainscales2_array_kind))) {
        if (values.count == read_outs.count)
            result = none_or_raise(module, spinnprop_brainscales2_array_membranes(array_data(values), array_data(read_outs),
                                                                                  values.count, own->object));
        else
            PyErr_SetString(PyExc_ValueError, "values and read_outs must be equally long");
    }
    array_release(&values);
    array_release(&read_outs);
    return result;
}

static PyObject *brainscales2_array_correlations(PyObject *module, PyObject *args) {
    PyObject *causal_object, *acausal_object, *capsule, *result = NULL;
    int resets;
    if (!PyArg_ParseTuple(args, "OOOp", &causal_object, &acausal_object, &capsule, &resets)) return NULL;
    array causal = ARRAY_NONE, acausal = ARRAY_NONE;
    handle *own;
    if (array_write(&causal, causal_object, ARRAY_BYTES, "causal") && array_write(&acausal, acausal_object, ARRAY_BYTES, "acausal") &&
        (own = idle_from(module, capsule, &brainscales2_array_kind))) {
        if (causal.count == acausal.count)
            result = none_or_raise(module, spinnprop_brainscales2_array_correlations(array_data(causal), array_data(acausal),
                                                                                     causal.count, own->object, resets));
        else
            PyErr_SetString(PyExc_ValueError, "causal and acausal must be equally long");
    }
    array_release(&causal);
    array_release(&acausal);
    return result;
}

/* A call whose rule is a Python callable. */
typedef struct rule_call {
    call call;
    PyObject *rule; /* borrowed */
    int64_t n_neurons, n_synapses;
} rule_call;

/* Bytes of a tuple's element into a matrix. */
static int take_bytes(void *matrix, int64_t n, PyObject *answer, Py_ssize_t place, const char *name) {
    array bytes = ARRAY_NONE;
    int is_taken = array_read(&bytes, PyTuple_GetItem(answer, place), ARRAY_BYTES, name);
    if (is_taken && bytes.count != n) {
        PyErr_Format(PyExc_ValueError, "%s has %lld elements; it must have %lld", name, (long long)bytes.count, (long long)n);
        is_taken = 0;
    }
    if (is_taken && n > 0) memcpy(matrix, array_data(bytes), (size_t)n);
    array_release(&bytes);
    return is_taken;
}

/* The rule is handed bytes of its own, so that nothing it keeps is the library's memory, and answers with those of weights and mask. */
static int call_rule(int8_t *weights, uint8_t *mask, const uint8_t *causal, const uint8_t *acausal, const uint8_t *rates,
                     const uint8_t *membranes, double time, uint64_t seed, void *payload) {
    rule_call *own = payload;
    if (atomic_load(&own->call.state->is_exiting)) return 1;
    PyEval_RestoreThread(own->call.thread);
    const Py_ssize_t n = (Py_ssize_t)own->n_synapses, n_neurons = (Py_ssize_t)own->n_neurons;
    int is_done = 0;
    PyObject *given = PyErr_CheckSignals() < 0
                          ? NULL
                          : Py_BuildValue("y#y#y#y#y#y#dK", (const char *)weights, n, (const char *)mask, n, (const char *)causal, n,
                                          (const char *)acausal, n, (const char *)rates, n_neurons, (const char *)membranes,
                                          n_neurons, time, (unsigned long long)seed);
    PyObject *answer = given ? PyObject_CallObject(own->rule, given) : NULL;
    if (answer && (!PyTuple_Check(answer) || PyTuple_Size(answer) != 2))
        PyErr_SetString(PyExc_TypeError, "a rule must answer with a tuple (weights, mask)");
    else if (answer)
        is_done = take_bytes(weights, own->n_synapses, answer, 0, "weights") && take_bytes(mask, own->n_synapses, answer, 1, "mask");
    Py_XDECREF(answer);
    Py_XDECREF(given);
    own->call.thread = PyEval_SaveThread();
    return !is_done;
}

/* A program from a dictionary, or a rule from a callable; both NULL from None. 0 with an exception on failure. */
static int program_read(spinnprop_brainscales2_program_options *storage, const spinnprop_brainscales2_program_options **program,
                        rule_call *rule, PyObject *object, PyObject **held) {
    *program = NULL;
    *held = NULL;
    rule->rule = NULL;
    if (object == Py_None) return 1;
    if (PyDict_Check(object)) {
        spinnprop_brainscales2_program_options_init(storage);
        *held = set_fields(storage, brainscales2_program_options_fields, object, "program");
        *program = storage;
        return *held != NULL;
    }
    if (!PyCallable_Check(object)) {
        PyErr_Format(PyExc_TypeError, "program must be a dictionary, a callable or None, got %R", (PyObject *)Py_TYPE(object));
        return 0;
    }
    rule->rule = object;
    return 1;
}

/* Runs an array (with spikes or None, and options), or with None for the options applies a program to it. */
static PyObject *run_or_apply(PyObject *module, PyObject *capsule, PyObject *spikes_object, PyObject *dict, PyObject *program_object,
                              PyObject *progress) {
    spinnprop_brainscales2_run_options options;
    spinnprop_brainscales2_program_options storage;
    const spinnprop_brainscales2_program_options *program;
    spike_arrays spikes = SPIKES_NONE;
    rule_call rule;
    handle *own;
    PyObject *held = NULL, *program_held = NULL, *result = NULL;
    const int runs = dict != Py_None;
    spinnprop_brainscales2_run_options_init(&options);
    if ((!runs || (held = set_fields(&options, brainscales2_run_options_fields, dict, "options"))) &&
        (spikes_object == Py_None || spikes_read(&spikes, spikes_object, "spikes")) &&
        program_read(&storage, &program, &rule, program_object, &program_held) && call_init(module, &rule.call, progress) &&
        (own = idle_from(module, capsule, &brainscales2_array_kind))) {
        spinnprop_brainscales2_array_info info;
        spinnprop_brainscales2_array_info_init(&info);
        spinnprop_status status = spinnprop_brainscales2_array_describe(&info, own->object);
        rule.n_neurons = info.n_neurons;
        rule.n_synapses = info.n_neurons * info.n_senders;
        own->is_running = 1;
        call_begin(&rule.call);
        if (status == SPINNPROP_OK && runs)
            status = spinnprop_brainscales2_array_run(own->object, spikes_object == Py_None ? NULL : &spikes.spikes, &options, program,
                                                      rule.rule ? call_rule : NULL, &rule, call_progress, &rule.call);
        else if (status == SPINNPROP_OK)
            status = spinnprop_brainscales2_array_apply(own->object, program, rule.rule ? call_rule : NULL, &rule);
        call_end(&rule.call);
        own->is_running = 0;
        result = PyErr_Occurred() ? NULL : none_or_raise(module, status);
    }
    spikes_release(&spikes);
    Py_XDECREF(held);
    Py_XDECREF(program_held);
    return result;
}

static PyObject *brainscales2_array_run(PyObject *module, PyObject *args) {
    PyObject *capsule, *spikes, *dict, *program, *progress;
    if (!PyArg_ParseTuple(args, "OOO!OO", &capsule, &spikes, &PyDict_Type, &dict, &program, &progress)) return NULL;
    return run_or_apply(module, capsule, spikes, dict, program, progress);
}

static PyObject *brainscales2_array_apply(PyObject *module, PyObject *args) {
    PyObject *capsule, *program;
    if (!PyArg_ParseTuple(args, "OO", &capsule, &program)) return NULL;
    return run_or_apply(module, capsule, Py_None, Py_None, program, Py_None);
}

PyMethodDef brainscales2_array_methods[] = {
    {"brainscales2_array_defaults", brainscales2_array_defaults, METH_NOARGS,
     "brainscales2_array_defaults($module, /)\n--\n\nThe core's defaults."},
    {"brainscales2_run_defaults", brainscales2_run_defaults, METH_NOARGS,
     "brainscales2_run_defaults($module, /)\n--\n\nThe core's defaults."},
    {"brainscales2_program_defaults", brainscales2_program_defaults, METH_NOARGS,
     "brainscales2_program_defaults($module, /)\n--\n\nThe core's defaults."},
    {"brainscales2_array_create", brainscales2_array_create, METH_VARARGS,
     "brainscales2_array_create($module, options, parameters, mask, signs, /)\n--\n\nA new array, weights 0."},
    {"brainscales2_array_place", brainscales2_array_place, METH_VARARGS,
     "brainscales2_array_place($module, values, options, parameters, chip, /)\n--\n\n"
     "The options of an array on a chip; what this makes of the neurons goes to values (10, n)."},
    {"brainscales2_array_copy", brainscales2_array_copy, METH_O,
     "brainscales2_array_copy($module, array, /)\n--\n\nA copy with its state."},
    {"brainscales2_array_reset", brainscales2_array_reset, METH_O,
     "brainscales2_array_reset($module, array, /)\n--\n\nBack to time 0."},
    {"brainscales2_array_describe", brainscales2_array_describe, METH_O,
     "brainscales2_array_describe($module, array, /)\n--\n\nSizes, time and the processor's account."},
    {"brainscales2_array_weights", brainscales2_array_weights, METH_VARARGS,
     "brainscales2_array_weights($module, weights, array, /)\n--\n\nFill weights."},
    {"brainscales2_array_set_weights", brainscales2_array_set_weights, METH_VARARGS,
     "brainscales2_array_set_weights($module, array, weights, /)\n--\n\nSet weights."},
    {"brainscales2_array_state_size", brainscales2_array_state_size, METH_O,
     "brainscales2_array_state_size($module, array, /)\n--\n\nBytes of its state."},
    {"brainscales2_array_state", brainscales2_array_state, METH_VARARGS,
     "brainscales2_array_state($module, state, array, /)\n--\n\nFill state."},
    {"brainscales2_array_set_state", brainscales2_array_set_state, METH_VARARGS,
     "brainscales2_array_set_state($module, array, state, /)\n--\n\nGo on from a state."},
    {"brainscales2_array_mask", brainscales2_array_mask, METH_VARARGS,
     "brainscales2_array_mask($module, mask, array, /)\n--\n\nFill mask: where synapses are."},
    {"brainscales2_array_run", brainscales2_array_run, METH_VARARGS,
     "brainscales2_array_run($module, array, spikes, options, program, progress, /)\n--\n\nGo on; program: fields, a rule or None."},
    {"brainscales2_array_apply", brainscales2_array_apply, METH_VARARGS,
     "brainscales2_array_apply($module, array, program, /)\n--\n\nRun a program, or a rule, now."},
    {"brainscales2_array_spikes", brainscales2_array_spikes, METH_VARARGS,
     "brainscales2_array_spikes($module, times, units, array, /)\n--\n\nFill times and units of the last run's spikes."},
    {"brainscales2_array_membranes", brainscales2_array_membranes, METH_VARARGS,
     "brainscales2_array_membranes($module, values, read_outs, array, /)\n--\n\nFill values and read_outs."},
    {"brainscales2_array_rates", brainscales2_array_rates, METH_VARARGS,
     "brainscales2_array_rates($module, rates, array, /)\n--\n\nFill rates, which are reset."},
    {"brainscales2_array_correlations", brainscales2_array_correlations, METH_VARARGS,
     "brainscales2_array_correlations($module, causal, acausal, array, resets, /)\n--\n\nFill causal and acausal."},
    {NULL, NULL, 0, NULL},
};
