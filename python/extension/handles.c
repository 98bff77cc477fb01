/* The library's objects as capsules. A library object may be read by several threads at once, or changed by one: the
 * counts below, guarded by the GIL, turn a breach of that into an exception. */
#include "core.h"

const char network_name[] = "spinnprop.network", recording_name[] = "spinnprop.recording";
const char gradient_name[] = "spinnprop.gradient", trainer_name[] = "spinnprop.trainer";

static void free_network(void *object) { spinnprop_network_free(object); }
static void free_recording(void *object) { spinnprop_recording_free(object); }
static void free_gradient(void *object) { spinnprop_gradient_free(object); }
static void free_trainer(void *object) { spinnprop_trainer_free(object); }

static void (*free_of(const char *name))(void *) {
    if (name == network_name) return free_network;
    if (name == recording_name) return free_recording;
    if (name == gradient_name) return free_gradient;
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

int handle_begin_read(PyObject *module, handle *handle) {
    if (handle->writers) {
        raise_spinnprop_error(module, "the object is being changed by another call; wait until that has returned");
        return 0;
    }
    handle->readers++;
    return 1;
}

void handle_end_read(handle *handle) { handle->readers--; }

int handle_begin_write(PyObject *module, handle *handle) {
    if (handle->writers || handle->readers) {
        raise_spinnprop_error(
            module, "the object is in use by another call; wait until that has returned, or change a copy");
        return 0;
    }
    handle->writers = 1;
    return 1;
}

void handle_end_write(handle *handle) { handle->writers = 0; }
