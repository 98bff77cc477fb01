/* Training. */
#include "core.h"

GIVES_INITIAL(training_defaults, training_options)

static PyObject *trainer_create(PyObject *module, PyObject *args) {
    PyObject *capsule, *dict, *forward_dict, *loss_dict, *gradient_dict, *result = NULL;
    if (!PyArg_ParseTuple(args, "OOOOO", &capsule, &dict, &forward_dict, &loss_dict, &gradient_dict)) return NULL;
    spinnprop_network *network = network_snapshot(module, capsule);
    spinnprop_training_options options;
    spinnprop_training_options_init(&options);
    spinnprop_forward_options forward;
    spinnprop_forward_options_init(&forward);
    loss_arrays loss = LOSS_NONE;
    own_function *function = NULL;
    spinnprop_gradient_options gradient;
    spinnprop_gradient_options_init(&gradient);
    PyObject *held = network ? set_fields(&options, training_options_fields, dict, "options") : NULL;
    PyObject *held_forward = held ? set_fields(&forward, forward_options_fields, forward_dict, "forward") : NULL;
    PyObject *held_gradient = held_forward ? set_fields(&gradient, gradient_options_fields, gradient_dict, "gradient") : NULL;
    int is_read = held_gradient && loss_read(module, &loss, loss_dict);
    if (is_read && loss.given && loss.loss.function) {
        function = loss.loss.payload = PyMem_Calloc(1, sizeof *function);
        if (!function) is_read = PyErr_NoMemory() != NULL;
    }
    if (is_read) {
        options.loss = loss.given;
        options.forward = &forward;
        options.gradient = &gradient;
        spinnprop_trainer *trainer = NULL;
        spinnprop_status status;
        WITHOUT_GIL(status = spinnprop_trainer_create(&trainer, network, &options));
        result = status == SPINNPROP_OK ? handle_new(trainer, &trainer_kind) : raise_status(module, status);
        if (result && function) {
            handle_from(result, &trainer_kind)->payload = function;
            function = NULL;
        }
    }
    PyMem_Free(function);
    loss_release(&loss);
    Py_XDECREF(held);
    Py_XDECREF(held_forward);
    Py_XDECREF(held_gradient);
    spinnprop_network_free(network);
    return result;
}

static PyObject *trainer_run(PyObject *module, PyObject *args) {
    PyObject *capsule, *input_object, *wanted_object, *validation_object, *validation_wanted_object, *progress, *schedule, *callable, *batches;
    if (!PyArg_ParseTuple(args, "OOOOOOOOO", &capsule, &input_object, &wanted_object, &validation_object,
                          &validation_wanted_object, &progress, &schedule, &callable, &batches))
        return NULL;
    handle *own = NULL;
    spike_arrays input = SPIKES_NONE, validation = SPIKES_NONE;
    supervision_arrays wanted = SUPERVISION_NONE, validation_wanted = SUPERVISION_NONE;
    const int validates = validation_object != Py_None;
    call call;
    PyObject *result = NULL;
    if (spikes_read(&input, input_object, "input") && supervision_read(&wanted, wanted_object, "supervision") &&
        (!validates || (spikes_read(&validation, validation_object, "validation") &&
                        supervision_read(&validation_wanted, validation_wanted_object, "validation_supervision"))) &&
        call_init(module, &call, progress) && (own = idle_from(module, capsule, &trainer_kind))) {
        own->is_running = 1;
        call.schedule = schedule == Py_None ? NULL : schedule;
        call.batches = batches == Py_None ? NULL : batches;
        own_function *function = own->payload;
        if (function) *function = (own_function){callable, &call};
        call_begin(&call);
        /* The trainer knows the call as long as it lasts alone. */
        spinnprop_trainer_set_schedule(own->object, call.schedule ? call_schedule : NULL, &call);
        spinnprop_status status = spinnprop_trainer_set_batches(own->object, call.batches ? call_batches : NULL, &call);
        if (status == SPINNPROP_OK)
            status = spinnprop_trainer_run_supervised(
                own->object, &input.spikes, &wanted.supervision, validates ? &validation.spikes : NULL,
                validates ? &validation_wanted.supervision : NULL, call_progress, &call);
        spinnprop_trainer_set_schedule(own->object, NULL, NULL);
        spinnprop_trainer_set_batches(own->object, NULL, NULL);
        call_end(&call);
        own->is_running = 0;
        if (function) *function = (own_function){NULL, NULL};
        if (!PyErr_Occurred() && (status == SPINNPROP_OK || status == SPINNPROP_CANCELLED))
            result = PyBool_FromLong(status == SPINNPROP_OK);
        else
            raise_status(module, status);
    }
    spikes_release(&input);
    spikes_release(&validation);
    supervision_release(&wanted);
    supervision_release(&validation_wanted);
    return result;
}

static PyObject *trainer_step(PyObject *module, PyObject *args) {
    PyObject *capsule, *gradient_object;
    double rate_factor;
    if (!PyArg_ParseTuple(args, "OOO&", &capsule, &gradient_object, double_from, &rate_factor)) return NULL;
    handle *gradient = handle_from(gradient_object, &gradient_kind), *own = gradient ? idle_from(module, capsule, &trainer_kind) : NULL;
    if (!own) return NULL;
    own->is_running = 1;
    spinnprop_status status;
    WITHOUT_GIL(status = spinnprop_trainer_step(own->object, gradient->object, rate_factor));
    own->is_running = 0;
    return none_or_raise(module, status);
}

static PyObject *trainer_step_batch(PyObject *module, PyObject *args) {
    PyObject *capsule, *batch_object, *wanted_object, *progress, *callable, *result = NULL;
    double rate_factor;
    if (!PyArg_ParseTuple(args, "OOOO&OO", &capsule, &batch_object, &wanted_object, double_from, &rate_factor, &progress, &callable))
        return NULL;
    handle *own = NULL;
    spike_arrays batch = SPIKES_NONE;
    supervision_arrays wanted = SUPERVISION_NONE;
    call call;
    if (spikes_read(&batch, batch_object, "batch") && supervision_read(&wanted, wanted_object, "supervision") &&
        call_init(module, &call, progress) && (own = idle_from(module, capsule, &trainer_kind))) {
        double value = 0;
        own->is_running = 1;
        own_function *function = own->payload;
        if (function) *function = (own_function){callable, &call};
        call_begin(&call);
        spinnprop_status status = spinnprop_trainer_step_batch(&value, own->object, &batch.spikes, &wanted.supervision, rate_factor,
                                                               call_progress, &call);
        call_end(&call);
        own->is_running = 0;
        if (function) *function = (own_function){NULL, NULL};
        result = status == SPINNPROP_OK && !PyErr_Occurred() ? PyFloat_FromDouble(value) : raise_status(module, status);
    }
    spikes_release(&batch);
    supervision_release(&wanted);
    return result;
}

static PyObject *trainer_batch(PyObject *module, PyObject *args) {
    PyObject *numbers_object, *capsule, *batch_object, *wanted_object, *progress, *callable, *result = NULL;
    if (!PyArg_ParseTuple(args, "OOOOOO", &numbers_object, &capsule, &batch_object, &wanted_object, &progress, &callable)) return NULL;
    handle *own = NULL;
    array numbers = ARRAY_NONE;
    spike_arrays batch = SPIKES_NONE;
    supervision_arrays wanted = SUPERVISION_NONE;
    call call;
    if (array_write(&numbers, numbers_object, ARRAY_FLOAT64, "numbers") && spikes_read(&batch, batch_object, "batch") &&
        supervision_read(&wanted, wanted_object, "supervision") && call_init(module, &call, progress) &&
        (own = idle_from(module, capsule, &trainer_kind))) {
        own->is_running = 1;
        own_function *function = own->payload;
        if (function) *function = (own_function){callable, &call};
        call_begin(&call);
        spinnprop_status status = spinnprop_trainer_batch(array_data(numbers), numbers.count, own->object, &batch.spikes,
                                                          &wanted.supervision, call_progress, &call);
        call_end(&call);
        own->is_running = 0;
        if (function) *function = (own_function){NULL, NULL};
        result = PyErr_Occurred() ? NULL : none_or_raise(module, status);
    }
    array_release(&numbers);
    spikes_release(&batch);
    supervision_release(&wanted);
    return result;
}

static PyObject *trainer_batch_size(PyObject *module, PyObject *capsule) {
    handle *own = idle_from(module, capsule, &trainer_kind);
    if (!own) return NULL;
    int64_t n_numbers = 0;
    spinnprop_status status = spinnprop_trainer_batch_size(&n_numbers, own->object);
    return status == SPINNPROP_OK ? PyLong_FromLongLong(n_numbers) : raise_status(module, status);
}

static PyObject *trainer_set_learning_rates(PyObject *module, PyObject *args) {
    PyObject *capsule, *rates_object, *result = NULL;
    int32_t kinds;
    if (!PyArg_ParseTuple(args, "OO&O", &capsule, int32_from, &kinds, &rates_object)) return NULL;
    array rates = ARRAY_NONE;
    handle *own;
    if (array_read(&rates, rates_object, ARRAY_FLOAT64, "rates") && (own = idle_from(module, capsule, &trainer_kind)))
        result = none_or_raise(module, spinnprop_trainer_set_learning_rates(own->object, kinds, array_data(rates), rates.count));
    array_release(&rates);
    return result;
}

static PyObject *trainer_set_epochs(PyObject *module, PyObject *args) {
    PyObject *capsule;
    int32_t epochs;
    if (!PyArg_ParseTuple(args, "OO&", &capsule, int32_from, &epochs)) return NULL;
    handle *own = idle_from(module, capsule, &trainer_kind);
    return own ? none_or_raise(module, spinnprop_trainer_set_epochs(own->object, epochs)) : NULL;
}

static PyObject *trainer_save(PyObject *module, PyObject *args) {
    PyObject *capsule;
    const char *path;
    if (!PyArg_ParseTuple(args, "Oy", &capsule, &path)) return NULL;
    handle *own = idle_from(module, capsule, &trainer_kind);
    if (!own) return NULL;
    own->is_running = 1;
    spinnprop_status status;
    WITHOUT_GIL(status = spinnprop_trainer_save(own->object, path));
    own->is_running = 0;
    return none_or_raise(module, status);
}

/* A network that an idle trainer hands out. */
static PyObject *network_of(
    PyObject *module, PyObject *capsule,
    spinnprop_status (*give)(spinnprop_network **network, const spinnprop_trainer *trainer)) {
    handle *own = idle_from(module, capsule, &trainer_kind);
    if (!own) return NULL;
    spinnprop_network *network = NULL;
    spinnprop_status status = give(&network, own->object);
    return status == SPINNPROP_OK ? handle_new(network, &network_kind) : raise_status(module, status);
}

static PyObject *trainer_network(PyObject *module, PyObject *capsule) {
    return network_of(module, capsule, spinnprop_trainer_network);
}

static PyObject *trainer_beginning(PyObject *module, PyObject *capsule) {
    return network_of(module, capsule, spinnprop_trainer_beginning);
}

static PyObject *trainer_epochs_done(PyObject *module, PyObject *capsule) {
    handle *own = idle_from(module, capsule, &trainer_kind);
    if (!own) return NULL;
    int64_t n_epochs = 0;
    spinnprop_status status = spinnprop_trainer_epochs_done(&n_epochs, own->object);
    return status == SPINNPROP_OK ? PyLong_FromLongLong(n_epochs) : raise_status(module, status);
}

static PyObject *domains(PyObject *module, PyObject *args) {
    int32_t of;
    if (!PyArg_ParseTuple(args, "O&", int32_from, &of)) return NULL;
    int64_t n = 0;
    spinnprop_status status = spinnprop_domain_count(&n, of);
    RETURN_ROWS(domain, n, (spinnprop_domain_init(rows), spinnprop_domain_rows(rows, n, of)));
}

GIVES_INITIAL(epoch_defaults, epoch)

static PyObject *trainer_history(PyObject *module, PyObject *capsule) {
    handle *own = idle_from(module, capsule, &trainer_kind);
    if (!own) return NULL;
    int64_t n = 0;
    spinnprop_status status = spinnprop_trainer_epochs_done(&n, own->object);
    RETURN_ROWS(epoch, n, (spinnprop_epoch_init(rows), spinnprop_trainer_history(rows, n, own->object)));
}

PyMethodDef training_methods[] = {
    {"training_defaults", training_defaults, METH_NOARGS, "training_defaults($module, /)\n--\n\nThe core's defaults."},
    {"domains", domains, METH_VARARGS,
     "domains($module, of, /)\n--\n\nOf training options (DOMAINS_TRAINING), or of a kind of loss: a dict for each number."},
    {"trainer_create", trainer_create, METH_VARARGS,
     "trainer_create($module, network, options, forward, loss, gradient, /)\n--\n\n"
     "A trainer of a copy of the network; loss None for the engine's own."},
    {"trainer_run", trainer_run, METH_VARARGS,
     "trainer_run($module, trainer, input, supervision, validation, validation_supervision, progress, schedule, function, batches, /)\n--\n\n"
     "Train on tuples (labels, targets, weights); False if the progress callable asked to stop.\n"
     "schedule: of an epoch the factor of learning rates, or None; function: of a loss of one's own, or None;\n"
     "batches: what batches give that are run elsewhere, from (network, spikes, samples), or None."},
    {"trainer_step", trainer_step, METH_VARARGS,
     "trainer_step($module, trainer, gradient, rate_factor, /)\n--\n\nOne step of the optimiser."},
    {"trainer_step_batch", trainer_step_batch, METH_VARARGS,
     "trainer_step_batch($module, trainer, batch, supervision, rate_factor, progress, function, /)\n--\n\n"
     "One step with the gradient of a batch; its loss before."},
    {"trainer_batch", trainer_batch, METH_VARARGS,
     "trainer_batch($module, numbers, trainer, batch, supervision, progress, function, /)\n--\n\nWhat a batch gives, for `batches` of trainer_run."},
    {"trainer_batch_size", trainer_batch_size, METH_O, "trainer_batch_size($module, trainer, /)\n--\n\nHow many numbers that are."},
    {"trainer_set_learning_rates", trainer_set_learning_rates, METH_VARARGS,
     "trainer_set_learning_rates($module, trainer, kinds, rates, /)\n--\n\nOne per layer, of kinds of parameters."},
    {"trainer_set_epochs", trainer_set_epochs, METH_VARARGS,
     "trainer_set_epochs($module, trainer, epochs, /)\n--\n\nAnother number of epochs in all."},
    {"trainer_save", trainer_save, METH_VARARGS, "trainer_save($module, trainer, path, /)\n--\n\nWrite a checkpoint."},
    {"trainer_network", trainer_network, METH_O, "trainer_network($module, trainer, /)\n--\n\nA copy of the network."},
    {"trainer_beginning", trainer_beginning, METH_O,
     "trainer_beginning($module, trainer, /)\n--\n\nA copy of the network, with trained neuron parameters as they began."},
    {"trainer_epochs_done", trainer_epochs_done, METH_O,
     "trainer_epochs_done($module, trainer, /)\n--\n\nEpochs so far."},
    {"epoch_defaults", epoch_defaults, METH_NOARGS, "epoch_defaults($module, /)\n--\n\nAn epoch in which nothing was."},
    {"trainer_history", trainer_history, METH_O, "trainer_history($module, trainer, /)\n--\n\nA dict for each epoch."},
    {NULL, NULL, 0, NULL},
};
