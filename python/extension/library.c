/* The module itself, the library's version and its threads. */
#include "core.h"

static PyObject *version(PyObject *module, PyObject *unused) {
    (void)module, (void)unused;
    return PyUnicode_FromString(spinnprop_version());
}

static PyObject *set_threads(PyObject *module, PyObject *args) {
    int32_t threads;
    if (!PyArg_ParseTuple(args, "O&", int32_from, &threads)) return NULL;
    return none_or_raise(module, spinnprop_set_threads(threads));
}

static PyObject *get_threads(PyObject *module, PyObject *unused) {
    (void)module, (void)unused;
    return PyLong_FromLong(spinnprop_get_threads());
}

static PyObject *calls_running(PyObject *module, PyObject *unused) {
    (void)unused;
    return PyLong_FromLong(atomic_load(&((module_state *)PyModule_GetState(module))->n_long_calls));
}

PyMethodDef library_methods[] = {
    {"version", version, METH_NOARGS, "version($module, /)\n--\n\nThe library's version."},
    {"set_threads", set_threads, METH_VARARGS,
     "set_threads($module, threads, /)\n--\n\nHost threads; 0: one per processor."},
    {"get_threads", get_threads, METH_NOARGS, "get_threads($module, /)\n--\n\nWhat set_threads was last given."},
    {"calls_running", calls_running, METH_NOARGS,
     "calls_running($module, /)\n--\n\nHow many forward, gradient and training calls this process has under way."},
    {NULL, NULL, 0, NULL},
};

#define CONSTANT(name) {#name, SPINNPROP_##name}
static const struct {
    const char *name;
    long value;
} constants[] = {
    CONSTANT(DELAYS_NONE), CONSTANT(DELAYS_SYNAPTIC), CONSTANT(DELAYS_AXONAL), CONSTANT(DELAYS_DENDRITIC),
    CONSTANT(READOUT_SPIKING), CONSTANT(READOUT_LEAKY), CONSTANT(WEIGHTS), CONSTANT(RECURRENT_WEIGHTS),
    CONSTANT(DELAYS), CONSTANT(RECURRENT_DELAYS), CONSTANT(TAU_MEM), CONSTANT(TAU_SYN), CONSTANT(THRESHOLD),
    CONSTANT(RESET), CONSTANT(ENGINE_EVENT), CONSTANT(ENGINE_CLOCK), CONSTANT(ENGINE_SPINNAKER2),
    CONSTANT(OVERFLOW_DROP), CONSTANT(OVERFLOW_OVERWRITE), CONSTANT(OVERFLOW_STALL), CONSTANT(FAULTS_ERROR),
    CONSTANT(FAULTS_COUNT), CONSTANT(PLACEMENT_COMPACT), CONSTANT(PLACEMENT_SCATTERED), CONSTANT(POWER_LOW),
    CONSTANT(POWER_HIGH), CONSTANT(POWER_AUTOMATIC),
    CONSTANT(DECAY_EXPONENTIAL), CONSTANT(DECAY_EULER), CONSTANT(LOSS_TTFS_CROSS_ENTROPY), CONSTANT(LOSS_VMAX_CROSS_ENTROPY),
    CONSTANT(LOSS_SPIKE_TIME_MSE), CONSTANT(LOSS_SPIKE_COUNT_CROSS_ENTROPY),
    CONSTANT(LOSS_STEP_TTFS_CROSS_ENTROPY), CONSTANT(OPTIMIZER_SGD),
    CONSTANT(OPTIMIZER_ADAM), CONSTANT(OPTIMIZER_ADAMW), CONSTANT(SCHEDULE_CONSTANT), CONSTANT(SCHEDULE_STEP),
    CONSTANT(SCHEDULE_EXPONENTIAL), CONSTANT(SCHEDULE_SMOOTH), CONSTANT(SPARSE_LIF), CONSTANT(SPARSE_QIF),
    CONSTANT(SPARSE_EIF), CONSTANT(SPARSE_EIF_TABLE), CONSTANT(SPARSE_WEIGHTS), CONSTANT(SPARSE_PHASES),
    CONSTANT(SPARSE_NEXT_TIMES), CONSTANT(SPARSE_INPUT_TIMES), CONSTANT(SPARSE_INPUT_WEIGHTS),
};

/* The names of spinnprop_epoch's numbers, in order: what makes trainer_history's array readable. */
static int add_epoch_fields(PyObject *module) {
    Py_ssize_t n = 0;
    while (epoch_fields[n].name) n++;
    PyObject *names = PyTuple_New(n);
    for (Py_ssize_t i = 0; names && i < n; i++) {
        PyObject *name = PyUnicode_FromString(epoch_fields[i].name);
        if (!name || PyTuple_SetItem(names, i, name) < 0) Py_CLEAR(names);
    }
    if (!names) return -1;
    if (PyModule_AddObject(module, "EPOCH_FIELDS", names) < 0) {
        Py_DECREF(names);
        return -1;
    }
    return 0;
}

static int library_exec(PyObject *module) {
    if (spinnprop_abi_version() != SPINNPROP_ABI_VERSION) {
        PyErr_Format(PyExc_ImportError,
                     "libspinnprop.so has ABI version %d, this extension was built for %d; reinstall spinnprop",
                     (int)spinnprop_abi_version(), SPINNPROP_ABI_VERSION);
        return -1;
    }
    PyMethodDef *tables[] = {library_methods, data_methods, network_methods, recording_methods, loss_methods,
                             training_methods, engine_methods, sparse_methods, sparse_recording_methods,
                             chip_methods};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (PyModule_AddFunctions(module, tables[i]) < 0) return -1;
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
        if (PyModule_AddIntConstant(module, constants[i].name, constants[i].value) < 0) return -1;
    if (add_epoch_fields(module) < 0 || add_exceptions(module) < 0) return -1;
    return watch_exit_and_fork(module);
}

static int library_traverse(PyObject *module, visitproc visit, void *arg) {
    module_state *state = PyModule_GetState(module);
    if (state) Py_VISIT(state->error);
    return 0;
}

static int library_clear(PyObject *module) {
    module_state *state = PyModule_GetState(module);
    if (state) Py_CLEAR(state->error);
    return 0;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, library_exec}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "spinnprop._core",
    .m_doc = "spinnprop.h for the modules of this package: arrays by the buffer protocol, handles as capsules.",
    .m_size = sizeof(module_state),
    .m_slots = slots,
    .m_traverse = library_traverse,
    .m_clear = library_clear,
};

/* The symbols of the extension are hidden, this one has to be seen (Python 3.8's macro does not see to it). */
__attribute__((visibility("default"))) PyMODINIT_FUNC PyInit__core(void) { return PyModuleDef_Init(&definition); }
