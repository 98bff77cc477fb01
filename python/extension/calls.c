/* The longest calls: they run without the GIL, and now and then take it back to listen to signals and to report progress. */
#include "core.h"

#include <string.h>
#include <time.h>

int call_init(PyObject *module, call *call, PyObject *callable) {
    call->state = PyModule_GetState(module);
    call->n_forks = call->state->n_forks;
    call->thread = NULL;
    call->callable = callable == Py_None ? NULL : callable;
    call->schedule = call->batches = NULL;
    if (call->callable && !PyCallable_Check(callable)) {
        PyErr_Format(PyExc_TypeError, "progress must be callable or None, got %R", (PyObject *)Py_TYPE(callable));
        return 0;
    }
    return 1;
}

void call_begin(call *call) {
    atomic_fetch_add(&call->state->n_long_calls, 1);
    call->thread = PyEval_SaveThread();
}

void call_end(call *call) {
    /* A call whose callable forked is not counted in the child. */
    if (call->n_forks == call->state->n_forks) atomic_fetch_sub(&call->state->n_long_calls, 1);
    PyEval_RestoreThread(call->thread);
}

int asks_to_stop(PyObject *answer, const char *who) {
    if (answer == Py_None) return 0;
    if (PyLong_Check(answer)) { /* truths are such, and so is "epoch_finished" of what progress is given */
        int overflow;
        const long number = PyLong_AsLongAndOverflow(answer, &overflow);
        if (!overflow && (number == 0 || number == 1)) return (int)number;
    }
    /* numpy's have no common ancestor with Python's. */
    PyObject *name = PyObject_GetAttrString((PyObject *)Py_TYPE(answer), "__name__");
    const int is_of_numpy = name && (PyUnicode_CompareWithASCIIString(name, "bool") == 0 || PyUnicode_CompareWithASCIIString(name, "bool_") == 0);
    Py_XDECREF(name);
    if (is_of_numpy) return PyObject_IsTrue(answer);
    if (name) PyErr_Format(PyExc_TypeError, "%s returned %R; it must return None or False to go on, or True to stop", who, answer);
    return -1;
}

int call_progress(const spinnprop_progress *progress, void *payload) {
    call *call = payload;
    /* While the interpreter goes down, a thread that asks for the GIL never comes back, and must not do so as long as
     * the library's own frames and workers depend on it. */
    if (atomic_load(&call->state->is_exiting)) return 1;
    PyEval_RestoreThread(call->thread);
    int stops = PyErr_CheckSignals() < 0;
    if (!stops && call->callable) {
        PyObject *fields = dict_from_fields(progress, progress_fields);
        PyObject *answer = fields ? PyObject_CallFunctionObjArgs(call->callable, fields, NULL) : NULL;
        stops = answer ? asks_to_stop(answer, "progress") != 0 : 1;
        Py_XDECREF(answer);
        Py_XDECREF(fields);
    }
    call->thread = PyEval_SaveThread();
    return stops;
}

double call_schedule(int32_t epoch, void *payload) {
    call *call = payload;
    if (atomic_load(&call->state->is_exiting)) return Py_NAN;
    PyEval_RestoreThread(call->thread);
    PyObject *answer = PyObject_CallFunction(call->schedule, "i", epoch);
    double factor = Py_NAN;
    if (answer && !double_from(answer, &factor)) factor = Py_NAN;
    Py_XDECREF(answer);
    call->thread = PyEval_SaveThread();
    return factor;
}

/* (times, units, offsets, n_units), whose arrays are bytes of their own: the library's are gone when the call is over. */
static PyObject *spikes_copied(const spinnprop_spikes *spikes) {
    return Py_BuildValue("(y#y#y#i)", spikes->n_spikes > 0 ? (const char *)spikes->times : "", (Py_ssize_t)(spikes->n_spikes * 8),
                         spikes->n_spikes > 0 ? (const char *)spikes->units : "", (Py_ssize_t)(spikes->n_spikes * 4),
                         (const char *)spikes->offsets, (Py_ssize_t)((spikes->n_samples + 1) * 8), (int)spikes->n_units);
}

/* Gives what a callable answers, the numbers of each batch one after another, to (network, spikes, samples); 0 with an exception on failure. */
static int ask_for_batches(PyObject *callable, spinnprop_batches *batches) {
    spinnprop_network *copy = NULL;
    if (spinnprop_network_copy(&copy, batches->network) != SPINNPROP_OK) return PyErr_NoMemory() != NULL;
    PyObject *network = handle_new(copy, &network_kind), *list = network ? PyList_New((Py_ssize_t)batches->n_batches) : NULL;
    int64_t n_samples = 0;
    for (int64_t i = 0; list && i < batches->n_batches; i++) {
        n_samples += batches->spikes[i].n_samples;
        PyObject *spikes = spikes_copied(&batches->spikes[i]);
        if (!spikes || PyList_SetItem(list, (Py_ssize_t)i, spikes) < 0) Py_CLEAR(list);
    }
    PyObject *answer = list ? PyObject_CallFunction(callable, "OOy#", network, list, (const char *)batches->samples,
                                                    (Py_ssize_t)(n_samples * 8))
                            : NULL;
    Py_XDECREF(list);
    Py_XDECREF(network);
    array numbers = ARRAY_NONE;
    int is_good = answer && array_read(&numbers, answer, ARRAY_FLOAT64, "numbers");
    if (is_good && numbers.count != batches->n_batches * batches->n_numbers) {
        PyErr_Format(PyExc_ValueError, "%lld numbers came back of %lld batches; each has %lld", (long long)numbers.count,
                     (long long)batches->n_batches, (long long)batches->n_numbers);
        is_good = 0;
    }
    if (is_good) memcpy(batches->numbers, numbers.view.buf, (size_t)numbers.count * sizeof(double));
    array_release(&numbers);
    Py_XDECREF(answer);
    return is_good;
}

int call_batches(spinnprop_batches *batches, void *payload) {
    call *call = payload;
    if (atomic_load(&call->state->is_exiting)) return 1;
    PyEval_RestoreThread(call->thread);
    const int stops = PyErr_CheckSignals() < 0 || !ask_for_batches(call->batches, batches);
    call->thread = PyEval_SaveThread();
    return stops;
}

/* Run at exit: asks the calls of other threads to stop and gives them a second to do so. */
static PyObject *stop_calls(PyObject *module, PyObject *unused) {
    (void)unused;
    module_state *state = PyModule_GetState(module);
    const struct timespec pause = {0, 1000000};
    Py_BEGIN_ALLOW_THREADS;
    atomic_store(&state->is_exiting, 1);
    for (int waited = 0; waited < 1000 && atomic_load(&state->n_long_calls) > 0; waited++) nanosleep(&pause, NULL);
    Py_END_ALLOW_THREADS;
    Py_RETURN_NONE;
}

/* Run in a forked child: the calls of the parent's other threads do not go on here. What they were changing stays as the
 * fork found it, so a trainer that was running remains in use. */
static PyObject *forget_calls(PyObject *module, PyObject *unused) {
    (void)unused;
    module_state *state = PyModule_GetState(module);
    state->n_forks++;
    atomic_store(&state->n_long_calls, 0);
    Py_RETURN_NONE;
}

static PyMethodDef stop_method = {"_stop_calls", stop_calls, METH_NOARGS, NULL};
static PyMethodDef forget_method = {"_forget_calls", forget_calls, METH_NOARGS, NULL};

int watch_exit_and_fork(PyObject *module) {
    PyObject *atexit = PyImport_ImportModule("atexit"), *os = atexit ? PyImport_ImportModule("os") : NULL;
    PyObject *stop = os ? PyCFunction_New(&stop_method, module) : NULL;
    PyObject *forget = stop ? PyCFunction_New(&forget_method, module) : NULL;
    PyObject *answer = forget ? PyObject_CallMethod(atexit, "register", "O", stop) : NULL;
    if (answer) {
        Py_DECREF(answer);
        PyObject *name = Py_BuildValue("{sO}", "after_in_child", forget), *none = PyTuple_New(0);
        PyObject *fork = name && none ? PyObject_GetAttrString(os, "register_at_fork") : NULL;
        answer = fork ? PyObject_Call(fork, none, name) : NULL;
        Py_XDECREF(fork);
        Py_XDECREF(none);
        Py_XDECREF(name);
    }
    const int status = answer ? 0 : -1;
    Py_XDECREF(answer);
    Py_XDECREF(forget);
    Py_XDECREF(stop);
    Py_XDECREF(os);
    Py_XDECREF(atexit);
    return status;
}
