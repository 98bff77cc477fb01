/* The library's objects as capsules. A library object may be read by several threads at once, or changed by one. So a
 * network's is never changed, but replaced under the GIL, and calls work on the one they found; a trainer's, which has no
 * cheap copy, refuses company while it runs. */
#include "core.h"

const char network_name[] = "spinnprop.network", recording_name[] = "spinnprop.recording";
const char gradient_name[] = "spinnprop.gradient", trainer_name[] = "spinnprop.trainer";
const char engine_name[] = "spinnprop.engine", sparse_name[] = "spinnprop.sparse";
const char sparse_recording_name[] = "spinnprop.sparse_recording", sparse_gradient_name[] = "spinnprop.sparse_gradient";

static void free_network(void *object) { spinnprop_network_free(object); }
static void free_recording(void *object) { spinnprop_recording_free(object); }
static void free_gradient(void *object) { spinnprop_gradient_free(object); }
static void free_trainer(void *object) { spinnprop_trainer_free(object); }
static void free_engine(void *object) { spinnprop_engine_free(object); }
static void free_sparse(void *object) { spinnprop_sparse_free(object); }
static void free_sparse_recording(void *object) { spinnprop_sparse_recording_free(object); }
static void free_sparse_gradient(void *object) { spinnprop_sparse_gradient_free(object); }

static void (*free_of(const char *name))(void *) {
    if (name == network_name) return free_network;
    if (name == recording_name) return free_recording;
    if (name == gradient_name) return free_gradient;
    if (name == engine_name) return free_engine;
    if (name == sparse_name) return free_sparse;
    if (name == sparse_recording_name) return free_sparse_recording;
    if (name == sparse_gradient_name) return free_sparse_gradient;
    return free_trainer;
}

static void handle_free(PyObject *capsule) {
    handle *own = PyCapsule_GetPointer(capsule, PyCapsule_GetName(capsule));
    if (!own) return;
    own->free(own->object);
    PyMem_Free(own);
}

PyObject *handle_new(void *object, const char *name) {
    handle *own = PyMem_Calloc(1, sizeof *own);
    if (!own) {
        free_of(name)(object);
        return PyErr_NoMemory();
    }
    own->object = object;
    own->free = free_of(name);
    PyObject *capsule = PyCapsule_New(own, name, handle_free);
    if (!capsule) {
        own->free(object);
        PyMem_Free(own);
    }
    return capsule;
}

handle *handle_from(PyObject *capsule, const char *name) {
    if (!PyCapsule_IsValid(capsule, name)) {
        PyErr_Format(PyExc_TypeError, "expected a %s, got %R", name, (PyObject *)Py_TYPE(capsule));
        return NULL;
    }
    return PyCapsule_GetPointer(capsule, name);
}

spinnprop_network *network_snapshot(PyObject *module, PyObject *capsule) {
    handle *own = handle_from(capsule, network_name);
    spinnprop_network *snapshot = NULL;
    spinnprop_status status = own ? spinnprop_network_copy(&snapshot, own->object) : SPINNPROP_OK;
    if (status != SPINNPROP_OK) raise_status(module, status);
    return snapshot;
}

handle *trainer_from(PyObject *module, PyObject *capsule) {
    handle *own = handle_from(capsule, trainer_name);
    if (own && own->is_running) {
        raise_spinnprop_error(module, "the trainer is in use by another call; wait until that has returned");
        return NULL;
    }
    return own;
}

PyObject *parameter_get(PyObject *module, PyObject *args, const char *name) {
    PyObject *values_object, *capsule, *result = NULL;
    int32_t parameter, layer;
    if (!PyArg_ParseTuple(args, "OOO&O&", &values_object, &capsule, int32_from, &parameter, int32_from, &layer))
        return NULL;
    const int is_network = name == network_name;
    spinnprop_network *network = is_network ? network_snapshot(module, capsule) : NULL;
    handle *gradient = is_network ? NULL : handle_from(capsule, name);
    array values = ARRAY_NONE;
    if ((network || gradient) && array_write(&values, values_object, ARRAY_FLOAT64, "values")) {
        spinnprop_status status;
        WITHOUT_GIL(status = is_network
                        ? spinnprop_network_get(array_data(values), values.count, network, parameter, layer)
                        : spinnprop_gradient_get(array_data(values), values.count, gradient->object, parameter, layer));
        result = none_or_raise(module, status);
    }
    array_release(&values);
    spinnprop_network_free(network);
    return result;
}
