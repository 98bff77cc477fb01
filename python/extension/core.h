/* What the files of the extension share: handles, arrays, options, errors and long calls. */
#ifndef SPINNPROP_PYTHON_CORE_H
#define SPINNPROP_PYTHON_CORE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdatomic.h>

#include "spinnprop.h"

/* -- errors.c: what raises returns NULL, so that callers can return it. */
/* Raises the exception a status stands for, with the library's message. */
PyObject *raise_status(PyObject *module, spinnprop_status status);
/* None if the status is good. */
PyObject *none_or_raise(PyObject *module, spinnprop_status status);
PyObject *raise_spinnprop_error(PyObject *module, const char *message);
int add_exceptions(PyObject *module);

typedef struct module_state {
    PyObject *error;        /* spinnprop.SpinnpropError */
    atomic_int is_exiting;  /* 1 once the interpreter is going down */
    atomic_int n_long_calls; /* running in this process, and waited for at its end */
    int n_forks;             /* that lead from where the module was imported to this process */
} module_state;

/* -- numbers.c: 1 on success, 0 with an exception. They run no Python code; the first three are O& converters. */
int int32_from(PyObject *object, void *result);
int int64_from(PyObject *object, void *result);
int uint64_from(PyObject *object, void *result);
int double_from(PyObject *object, void *result);

/* -- arrays.c: borrowed buffers. */
typedef enum array_kind { ARRAY_FLOAT64, ARRAY_INT32, ARRAY_INT64, ARRAY_BYTES } array_kind;
typedef struct array {
    Py_buffer view;
    int is_held;
    int64_t count;
} array;
/* Borrow a contiguous array of native numbers; None gives data NULL and count 0. Release it whether this succeeds or
 * not. */
int array_read(array *array, PyObject *object, array_kind kind, const char *name);
int array_write(array *array, PyObject *object, array_kind kind, const char *name);
void array_release(array *array);
#define ARRAY_NONE {.is_held = 0, .count = 0}
#define array_data(array) ((array).is_held ? (array).view.buf : NULL)

typedef struct spike_arrays {
    array times, units, offsets;
    spinnprop_spikes spikes;
} spike_arrays;
#define SPIKES_NONE {.times = ARRAY_NONE, .units = ARRAY_NONE, .offsets = ARRAY_NONE}
/* From a tuple (times, units, offsets, n_units). */
int spikes_read(spike_arrays *arrays, PyObject *tuple, const char *name);
void spikes_release(spike_arrays *arrays);

/* -- fields.c: structs of numbers as dictionaries, by tables. */
typedef enum field_type { FIELD_INT32, FIELD_INT64, FIELD_UINT64, FIELD_DOUBLE, FIELD_PATH, FIELD_ENGINE, FIELD_TEXT } field_type;
typedef struct field {
    const char *name; /* NULL ends a table */
    field_type type;
    size_t offset;
} field;
PyObject *dict_from_fields(const void *options, const field *fields);
/* Overwrites the fields a dictionary names. Returns a new reference to what the paths and engines among them live in, or
 * NULL with an exception: release it when the options are done with. */
PyObject *set_fields(void *options, const field *fields, PyObject *dict, const char *name);
extern const field progress_fields[], forward_fields[], loss_fields[], gradient_fields[], training_fields[];
extern const field engine_fields[], network_info_fields[], recording_info_fields[], diagnostics_fields[], epoch_fields[];
extern const field sparse_fields[], sparse_info_fields[], sparse_run_fields[], sparse_summary_fields[];
extern const field sparse_lyapunov_fields[], setting_fields[];
extern const field chip_info_fields[], constant_fields[], published_fields[], fit_fields[], account_fields[], phase_fields[];
extern const field program_fields[], pe_fields[], buffer_fields[], counter_fields[], slip_fields[];
/* A loss from a dictionary with at least its kind, or NULL from None. 0 with an exception on failure. */
int loss_from(PyObject *module, const spinnprop_loss **loss, spinnprop_loss *storage, PyObject *dict);

/* -- handles.c: the library's objects as capsules. Recordings, gradients, engines and sparse
 * networks never change. */
typedef struct handle {
    void *object;
    void (*free)(void *object);
    uint64_t changes; /* of a network: how often its object has been replaced by a changed one */
    int is_running;   /* of a trainer: whether a call changes it without the GIL */
} handle;
extern const char network_name[], recording_name[], gradient_name[], trainer_name[], engine_name[];
extern const char sparse_name[], sparse_recording_name[], sparse_gradient_name[];
/* Takes over the object, also on failure. */
PyObject *handle_new(void *object, const char *name);
handle *handle_from(PyObject *capsule, const char *name);
/* The network as it is now, to read without the GIL whatever other threads make of the handle; free it after that. It
 * costs no copy of an array. NULL with an exception on failure. */
spinnprop_network *network_snapshot(PyObject *module, PyObject *capsule);
/* A trainer that no call is running; NULL with an exception otherwise. */
handle *trainer_from(PyObject *module, PyObject *capsule);
/* Fills an array of a layer from (values, capsule, parameter, layer): of a network, or of a gradient. */
PyObject *parameter_get(PyObject *module, PyObject *args, const char *name);

/* A statement that takes time and touches nothing of Python's. */
#define WITHOUT_GIL(statement) \
    do { \
        PyThreadState *thread_state = PyEval_SaveThread(); \
        statement; \
        PyEval_RestoreThread(thread_state); \
    } while (0)

/* -- calls.c: the longest calls listen to signals and to a Python callable meanwhile. */
typedef struct call {
    module_state *state;
    PyObject *callable; /* borrowed; NULL for none */
    int n_forks;        /* when it began */
    PyThreadState *thread;
} call;
int call_init(PyObject *module, call *call, PyObject *callable);
void call_begin(call *call);
void call_end(call *call);
/* The library's callback: payload is a call between begin and end. */
int call_progress(const spinnprop_progress *progress, void *payload);
/* Sees to it that the interpreter ends without waiting for calls that go on for ever, nor a forked child for calls that
 * only its parent has. */
int watch_exit_and_fork(PyObject *module);

/* -- the functions Python sees, one table per noun. */
extern PyMethodDef library_methods[], data_methods[], network_methods[], recording_methods[], loss_methods[];
extern PyMethodDef training_methods[], engine_methods[], sparse_methods[], sparse_recording_methods[], chip_methods[];

#endif
