/* Option and result structs as dictionaries: one table per struct, read in both directions. */
#include "core.h"

#include <string.h>

#define FIELD(type, structure, member) {#member, type, offsetof(structure, member)}
#define END_OF_FIELDS {NULL, FIELD_INT32, 0}

const field progress_fields[] = {
    FIELD(FIELD_INT32, spinnprop_progress, epoch),
    FIELD(FIELD_INT32, spinnprop_progress, n_epochs),
    FIELD(FIELD_INT64, spinnprop_progress, done),
    FIELD(FIELD_INT64, spinnprop_progress, total),
    FIELD(FIELD_INT32, spinnprop_progress, epoch_finished),
    FIELD(FIELD_DOUBLE, spinnprop_progress, loss),
    FIELD(FIELD_DOUBLE, spinnprop_progress, accuracy),
    FIELD(FIELD_DOUBLE, spinnprop_progress, validation_loss),
    FIELD(FIELD_DOUBLE, spinnprop_progress, validation_accuracy),
    FIELD(FIELD_DOUBLE, spinnprop_progress, hidden_spikes),
    FIELD(FIELD_DOUBLE, spinnprop_progress, output_spikes),
    END_OF_FIELDS,
};

const field engine_fields[] = {
    FIELD(FIELD_INT32, spinnprop_engine_options, kind),
    FIELD(FIELD_DOUBLE, spinnprop_engine_options, time_step),
    FIELD(FIELD_INT32, spinnprop_engine_options, steps),
    FIELD(FIELD_INT32, spinnprop_engine_options, decay),
    FIELD(FIELD_INT32, spinnprop_engine_options, copies),
    FIELD(FIELD_INT32, spinnprop_engine_options, chips),
    FIELD(FIELD_INT32, spinnprop_engine_options, batch_size),
    FIELD(FIELD_DOUBLE, spinnprop_engine_options, spikes_per_neuron),
    FIELD(FIELD_DOUBLE, spinnprop_engine_options, active_senders),
    FIELD(FIELD_INT32, spinnprop_engine_options, fifo_packets),
    FIELD(FIELD_INT32, spinnprop_engine_options, overflow),
    FIELD(FIELD_INT32, spinnprop_engine_options, faults),
    FIELD(FIELD_INT32, spinnprop_engine_options, largest_slice),
    FIELD(FIELD_INT32, spinnprop_engine_options, placement),
    FIELD(FIELD_INT32, spinnprop_engine_options, power),
    FIELD(FIELD_INT32, spinnprop_engine_options, power_threshold),
    FIELD(FIELD_UINT64, spinnprop_engine_options, placement_seed),
    END_OF_FIELDS,
};

const field setting_fields[] = {
    FIELD(FIELD_DOUBLE, spinnprop_setting, tau_mem),
    FIELD(FIELD_DOUBLE, spinnprop_setting, tau_syn),
    FIELD(FIELD_DOUBLE, spinnprop_setting, hidden_mean),
    FIELD(FIELD_DOUBLE, spinnprop_setting, hidden_std),
    FIELD(FIELD_DOUBLE, spinnprop_setting, output_mean),
    FIELD(FIELD_DOUBLE, spinnprop_setting, output_std),
    FIELD(FIELD_DOUBLE, spinnprop_setting, learning_rate),
    FIELD(FIELD_DOUBLE, spinnprop_setting, clip_norm),
    FIELD(FIELD_DOUBLE, spinnprop_setting, bump),
    END_OF_FIELDS,
};

const field network_info_fields[] = {
    FIELD(FIELD_INT32, spinnprop_network_info, n_inputs),
    FIELD(FIELD_INT32, spinnprop_network_info, n_layers),
    FIELD(FIELD_INT32, spinnprop_network_info, n_outputs),
    FIELD(FIELD_INT32, spinnprop_network_info, delays),
    FIELD(FIELD_INT32, spinnprop_network_info, readout),
    END_OF_FIELDS,
};

const field recording_info_fields[] = {
    FIELD(FIELD_INT64, spinnprop_recording_info, n_samples),
    FIELD(FIELD_INT32, spinnprop_recording_info, n_inputs),
    FIELD(FIELD_INT32, spinnprop_recording_info, n_layers),
    FIELD(FIELD_INT32, spinnprop_recording_info, n_outputs),
    FIELD(FIELD_INT32, spinnprop_recording_info, readout),
    END_OF_FIELDS,
};

const field diagnostics_fields[] = {
    FIELD(FIELD_INT64, spinnprop_diagnostics, n_spikes),
    FIELD(FIELD_INT64, spinnprop_diagnostics, silent_neurons),
    FIELD(FIELD_INT64, spinnprop_diagnostics, silent_pairs),
    FIELD(FIELD_INT64, spinnprop_diagnostics, near_tangential_spikes),
    FIELD(FIELD_DOUBLE, spinnprop_diagnostics, smallest_slope),
    END_OF_FIELDS,
};

const field forward_fields[] = {
    FIELD(FIELD_ENGINE, spinnprop_forward_options, engine),
    FIELD(FIELD_DOUBLE, spinnprop_forward_options, t_end),
    FIELD(FIELD_INT64, spinnprop_forward_options, max_spikes),
    END_OF_FIELDS,
};

const field loss_fields[] = {
    FIELD(FIELD_INT32, spinnprop_loss, kind),
    FIELD(FIELD_DOUBLE, spinnprop_loss, tau0),
    FIELD(FIELD_DOUBLE, spinnprop_loss, alpha),
    FIELD(FIELD_DOUBLE, spinnprop_loss, tau1),
    FIELD(FIELD_DOUBLE, spinnprop_loss, t_label),
    FIELD(FIELD_DOUBLE, spinnprop_loss, t_other),
    FIELD(FIELD_DOUBLE, spinnprop_loss, scale),
    FIELD(FIELD_DOUBLE, spinnprop_loss, xi),
    FIELD(FIELD_DOUBLE, spinnprop_loss, beta),
    FIELD(FIELD_INT32, spinnprop_loss, ties_are_wrong),
    END_OF_FIELDS,
};

const field gradient_fields[] = {
    FIELD(FIELD_ENGINE, spinnprop_gradient_options, engine),
    FIELD(FIELD_DOUBLE, spinnprop_gradient_options, rate_strength),
    FIELD(FIELD_DOUBLE, spinnprop_gradient_options, rate_target),
    FIELD(FIELD_DOUBLE, spinnprop_gradient_options, rate_tau),
    END_OF_FIELDS,
};

const field training_fields[] = {
    FIELD(FIELD_INT32, spinnprop_training_options, epochs),
    FIELD(FIELD_INT32, spinnprop_training_options, batch_size),
    FIELD(FIELD_UINT64, spinnprop_training_options, seed),
    FIELD(FIELD_INT32, spinnprop_training_options, optimizer),
    FIELD(FIELD_DOUBLE, spinnprop_training_options, learning_rate),
    FIELD(FIELD_DOUBLE, spinnprop_training_options, delay_learning_rate),
    FIELD(FIELD_DOUBLE, spinnprop_training_options, momentum),
    FIELD(FIELD_DOUBLE, spinnprop_training_options, beta1),
    FIELD(FIELD_DOUBLE, spinnprop_training_options, beta2),
    FIELD(FIELD_DOUBLE, spinnprop_training_options, epsilon),
    FIELD(FIELD_DOUBLE, spinnprop_training_options, weight_decay),
    FIELD(FIELD_INT32, spinnprop_training_options, schedule),
    FIELD(FIELD_INT32, spinnprop_training_options, schedule_epochs),
    FIELD(FIELD_DOUBLE, spinnprop_training_options, schedule_gamma),
    FIELD(FIELD_DOUBLE, spinnprop_training_options, clip_value),
    FIELD(FIELD_DOUBLE, spinnprop_training_options, clip_norm),
    FIELD(FIELD_DOUBLE, spinnprop_training_options, bump),
    FIELD(FIELD_DOUBLE, spinnprop_training_options, bump_hidden_limit),
    FIELD(FIELD_DOUBLE, spinnprop_training_options, bump_output_limit),
    FIELD(FIELD_DOUBLE, spinnprop_training_options, input_dropout),
    FIELD(FIELD_INT32, spinnprop_training_options, early_stopping),
    FIELD(FIELD_INT32, spinnprop_training_options, restore_best),
    FIELD(FIELD_PATH, spinnprop_training_options, checkpoint_path),
    FIELD(FIELD_INT32, spinnprop_training_options, checkpoint_every),
    FIELD(FIELD_INT32, spinnprop_training_options, resume),
    END_OF_FIELDS,
};

const field epoch_fields[] = {
    FIELD(FIELD_DOUBLE, spinnprop_epoch, loss),
    FIELD(FIELD_DOUBLE, spinnprop_epoch, accuracy),
    FIELD(FIELD_DOUBLE, spinnprop_epoch, validation_loss),
    FIELD(FIELD_DOUBLE, spinnprop_epoch, validation_accuracy),
    FIELD(FIELD_DOUBLE, spinnprop_epoch, hidden_spikes),
    FIELD(FIELD_DOUBLE, spinnprop_epoch, output_spikes),
    FIELD(FIELD_DOUBLE, spinnprop_epoch, skipped),
    FIELD(FIELD_DOUBLE, spinnprop_epoch, learning_rate),
    FIELD(FIELD_DOUBLE, spinnprop_epoch, seconds),
    END_OF_FIELDS,
};

const field sparse_fields[] = {
    FIELD(FIELD_INT64, spinnprop_sparse_options, n_neurons),
    FIELD(FIELD_INT64, spinnprop_sparse_options, degree),
    FIELD(FIELD_INT32, spinnprop_sparse_options, model),
    FIELD(FIELD_INT32, spinnprop_sparse_options, is_stored),
    FIELD(FIELD_DOUBLE, spinnprop_sparse_options, rate),
    FIELD(FIELD_DOUBLE, spinnprop_sparse_options, coupling),
    FIELD(FIELD_DOUBLE, spinnprop_sparse_options, tau),
    FIELD(FIELD_DOUBLE, spinnprop_sparse_options, slope),
    FIELD(FIELD_UINT64, spinnprop_sparse_options, seed),
    END_OF_FIELDS,
};

const field sparse_info_fields[] = {
    FIELD(FIELD_INT64, spinnprop_sparse_info, n_neurons),
    FIELD(FIELD_INT64, spinnprop_sparse_info, n_synapses),
    FIELD(FIELD_INT64, spinnprop_sparse_info, n_drives),
    FIELD(FIELD_INT64, spinnprop_sparse_info, n_weights),
    FIELD(FIELD_DOUBLE, spinnprop_sparse_info, threshold_phase),
    FIELD(FIELD_DOUBLE, spinnprop_sparse_info, reset_phase),
    END_OF_FIELDS,
};

const field sparse_run_fields[] = {
    FIELD(FIELD_INT64, spinnprop_sparse_run_options, n_spikes),
    FIELD(FIELD_DOUBLE, spinnprop_sparse_run_options, t_end),
    FIELD(FIELD_DOUBLE, spinnprop_sparse_run_options, trace_interval),
    FIELD(FIELD_INT32, spinnprop_sparse_run_options, keeps_tape),
    END_OF_FIELDS,
};

const field sparse_summary_fields[] = {
    FIELD(FIELD_INT64, spinnprop_sparse_summary, n_spikes),
    FIELD(FIELD_DOUBLE, spinnprop_sparse_summary, t_end),
    FIELD(FIELD_DOUBLE, spinnprop_sparse_summary, rate),
    END_OF_FIELDS,
};

const field sparse_lyapunov_fields[] = {
    FIELD(FIELD_INT64, spinnprop_sparse_lyapunov_options, skip),
    FIELD(FIELD_INT64, spinnprop_sparse_lyapunov_options, interval),
    FIELD(FIELD_UINT64, spinnprop_sparse_lyapunov_options, seed),
    END_OF_FIELDS,
};

const field chip_info_fields[] = {
    FIELD(FIELD_INT32, spinnprop_chip_info, chips),
    FIELD(FIELD_INT32, spinnprop_chip_info, width),
    FIELD(FIELD_INT32, spinnprop_chip_info, height),
    FIELD(FIELD_INT32, spinnprop_chip_info, pes_per_chip),
    FIELD(FIELD_INT32, spinnprop_chip_info, sram_available),
    FIELD(FIELD_INT32, spinnprop_chip_info, n_constants),
    FIELD(FIELD_INT32, spinnprop_chip_info, n_published),
    END_OF_FIELDS,
};

const field constant_fields[] = {
    FIELD(FIELD_TEXT, spinnprop_chip_constant, name),
    FIELD(FIELD_DOUBLE, spinnprop_chip_constant, value),
    FIELD(FIELD_TEXT, spinnprop_chip_constant, unit),
    FIELD(FIELD_TEXT, spinnprop_chip_constant, mark),
    FIELD(FIELD_TEXT, spinnprop_chip_constant, source),
    END_OF_FIELDS,
};

const field published_fields[] = {
    FIELD(FIELD_TEXT, spinnprop_chip_published, workload),
    FIELD(FIELD_TEXT, spinnprop_chip_published, quantity),
    FIELD(FIELD_TEXT, spinnprop_chip_published, unit),
    FIELD(FIELD_DOUBLE, spinnprop_chip_published, predicted_low),
    FIELD(FIELD_DOUBLE, spinnprop_chip_published, predicted_high),
    FIELD(FIELD_DOUBLE, spinnprop_chip_published, published),
    FIELD(FIELD_DOUBLE, spinnprop_chip_published, factor),
    FIELD(FIELD_TEXT, spinnprop_chip_published, remark),
    END_OF_FIELDS,
};

const field fit_fields[] = {
    FIELD(FIELD_INT32, spinnprop_chip_fit, fits),
    FIELD(FIELD_INT32, spinnprop_chip_fit, copies),
    FIELD(FIELD_INT32, spinnprop_chip_fit, pes_per_copy),
    FIELD(FIELD_INT32, spinnprop_chip_fit, optimizer_pes),
    FIELD(FIELD_INT32, spinnprop_chip_fit, used_pes),
    FIELD(FIELD_INT32, spinnprop_chip_fit, available_pes),
    FIELD(FIELD_INT32, spinnprop_chip_fit, rounds),
    FIELD(FIELD_INT32, spinnprop_chip_fit, slips),
    FIELD(FIELD_INT32, spinnprop_chip_fit, tightest_bytes),
    FIELD(FIELD_INT32, spinnprop_chip_fit, sram_used),
    FIELD(FIELD_INT32, spinnprop_chip_fit, sram_available),
    FIELD(FIELD_TEXT, spinnprop_chip_fit, tightest_program),
    FIELD(FIELD_TEXT, spinnprop_chip_fit, tightest_buffer),
    FIELD(FIELD_DOUBLE, spinnprop_chip_fit, seconds_per_step),
    FIELD(FIELD_DOUBLE, spinnprop_chip_fit, energy_per_step),
    FIELD(FIELD_DOUBLE, spinnprop_chip_fit, mean_power),
    FIELD(FIELD_DOUBLE, spinnprop_chip_fit, forward_seconds),
    FIELD(FIELD_DOUBLE, spinnprop_chip_fit, loss_seconds),
    FIELD(FIELD_DOUBLE, spinnprop_chip_fit, backward_seconds),
    FIELD(FIELD_DOUBLE, spinnprop_chip_fit, gather_seconds),
    FIELD(FIELD_DOUBLE, spinnprop_chip_fit, update_seconds),
    FIELD(FIELD_TEXT, spinnprop_chip_fit, reason),
    FIELD(FIELD_DOUBLE, spinnprop_chip_fit, input_activity),
    FIELD(FIELD_DOUBLE, spinnprop_chip_fit, activity),
    END_OF_FIELDS,
};

const field account_fields[] = {
    FIELD(FIELD_INT32, spinnprop_chip_account, chips),
    FIELD(FIELD_INT32, spinnprop_chip_account, copies),
    FIELD(FIELD_INT32, spinnprop_chip_account, n_pes),
    FIELD(FIELD_INT32, spinnprop_chip_account, steps),
    FIELD(FIELD_INT32, spinnprop_chip_account, n_phases),
    FIELD(FIELD_INT32, spinnprop_chip_account, n_programs),
    FIELD(FIELD_INT32, spinnprop_chip_account, n_links),
    FIELD(FIELD_INT32, spinnprop_chip_account, n_slips),
    FIELD(FIELD_INT64, spinnprop_chip_account, forward_samples),
    FIELD(FIELD_INT64, spinnprop_chip_account, backward_samples),
    FIELD(FIELD_INT64, spinnprop_chip_account, batches),
    FIELD(FIELD_INT64, spinnprop_chip_account, updates),
    FIELD(FIELD_INT64, spinnprop_chip_account, host_bytes),
    FIELD(FIELD_DOUBLE, spinnprop_chip_account, seconds),
    FIELD(FIELD_DOUBLE, spinnprop_chip_account, energy),
    FIELD(FIELD_DOUBLE, spinnprop_chip_account, mean_power),
    FIELD(FIELD_DOUBLE, spinnprop_chip_account, seconds_per_sample),
    FIELD(FIELD_DOUBLE, spinnprop_chip_account, energy_per_sample),
    FIELD(FIELD_DOUBLE, spinnprop_chip_account, seconds_per_step),
    FIELD(FIELD_DOUBLE, spinnprop_chip_account, energy_per_step),
    FIELD(FIELD_DOUBLE, spinnprop_chip_account, host_seconds),
    FIELD(FIELD_DOUBLE, spinnprop_chip_account, busiest_link_load),
    FIELD(FIELD_DOUBLE, spinnprop_chip_account, busiest_dram_load),
    FIELD(FIELD_DOUBLE, spinnprop_chip_account, set_up_seconds),
    FIELD(FIELD_INT64, spinnprop_chip_account, evaluation_samples),
    FIELD(FIELD_DOUBLE, spinnprop_chip_account, evaluation_seconds),
    FIELD(FIELD_DOUBLE, spinnprop_chip_account, evaluation_energy),
    END_OF_FIELDS,
};

const field phase_fields[] = {
    FIELD(FIELD_TEXT, spinnprop_chip_phase, name),
    FIELD(FIELD_INT64, spinnprop_chip_phase, ticks),
    FIELD(FIELD_INT64, spinnprop_chip_phase, slips),
    FIELD(FIELD_DOUBLE, spinnprop_chip_phase, seconds),
    FIELD(FIELD_DOUBLE, spinnprop_chip_phase, energy),
    FIELD(FIELD_DOUBLE, spinnprop_chip_phase, mean_power),
    FIELD(FIELD_DOUBLE, spinnprop_chip_phase, off_energy),
    FIELD(FIELD_DOUBLE, spinnprop_chip_phase, asleep_energy),
    FIELD(FIELD_DOUBLE, spinnprop_chip_phase, active_energy),
    FIELD(FIELD_DOUBLE, spinnprop_chip_phase, mesh_energy),
    FIELD(FIELD_DOUBLE, spinnprop_chip_phase, link_energy),
    FIELD(FIELD_DOUBLE, spinnprop_chip_phase, dram_energy),
    FIELD(FIELD_INT64, spinnprop_chip_phase, link_slips),
    FIELD(FIELD_INT64, spinnprop_chip_phase, dram_slips),
    END_OF_FIELDS,
};

const field program_fields[] = {
    FIELD(FIELD_TEXT, spinnprop_chip_program, name),
    FIELD(FIELD_INT64, spinnprop_chip_program, n_pes),
    END_OF_FIELDS,
};

const field pe_fields[] = {
    FIELD(FIELD_INT32, spinnprop_chip_pe, pe),
    FIELD(FIELD_INT32, spinnprop_chip_pe, chip),
    FIELD(FIELD_INT32, spinnprop_chip_pe, x),
    FIELD(FIELD_INT32, spinnprop_chip_pe, y),
    FIELD(FIELD_TEXT, spinnprop_chip_pe, program),
    FIELD(FIELD_INT32, spinnprop_chip_pe, copy),
    FIELD(FIELD_INT32, spinnprop_chip_pe, layer),
    FIELD(FIELD_INT32, spinnprop_chip_pe, first_unit),
    FIELD(FIELD_INT32, spinnprop_chip_pe, n_units),
    FIELD(FIELD_INT32, spinnprop_chip_pe, sram_used),
    FIELD(FIELD_INT32, spinnprop_chip_pe, sram_high_water),
    FIELD(FIELD_INT32, spinnprop_chip_pe, n_buffers),
    END_OF_FIELDS,
};

const field buffer_fields[] = {
    FIELD(FIELD_TEXT, spinnprop_chip_buffer, name),
    FIELD(FIELD_INT64, spinnprop_chip_buffer, bytes),
    END_OF_FIELDS,
};

const field counter_fields[] = {
    FIELD(FIELD_INT64, spinnprop_chip_counters, ticks),
    FIELD(FIELD_INT64, spinnprop_chip_counters, cycles),
    FIELD(FIELD_INT64, spinnprop_chip_counters, high_cycles),
    FIELD(FIELD_INT64, spinnprop_chip_counters, largest_tick),
    FIELD(FIELD_INT64, spinnprop_chip_counters, slips),
    FIELD(FIELD_INT64, spinnprop_chip_counters, packets_sent),
    FIELD(FIELD_INT64, spinnprop_chip_counters, packets_received),
    FIELD(FIELD_INT64, spinnprop_chip_counters, dropped),
    FIELD(FIELD_INT64, spinnprop_chip_counters, overwritten),
    FIELD(FIELD_INT64, spinnprop_chip_counters, stalled),
    FIELD(FIELD_INT64, spinnprop_chip_counters, unrouted),
    FIELD(FIELD_INT64, spinnprop_chip_counters, largest_fifo),
    FIELD(FIELD_INT64, spinnprop_chip_counters, hops),
    FIELD(FIELD_INT64, spinnprop_chip_counters, link_crossings),
    FIELD(FIELD_INT64, spinnprop_chip_counters, link_bits),
    FIELD(FIELD_INT64, spinnprop_chip_counters, payload_bytes),
    FIELD(FIELD_INT64, spinnprop_chip_counters, hop_bits),
    FIELD(FIELD_INT64, spinnprop_chip_counters, dma_transfers),
    FIELD(FIELD_INT64, spinnprop_chip_counters, dma_bytes),
    FIELD(FIELD_INT64, spinnprop_chip_counters, dram_bytes),
    END_OF_FIELDS,
};

const field slip_fields[] = {
    FIELD(FIELD_INT64, spinnprop_chip_slip, phase),
    FIELD(FIELD_INT64, spinnprop_chip_slip, tick),
    FIELD(FIELD_INT64, spinnprop_chip_slip, pe),
    FIELD(FIELD_INT64, spinnprop_chip_slip, cycles),
    FIELD(FIELD_TEXT, spinnprop_chip_slip, cause),
    FIELD(FIELD_INT64, spinnprop_chip_slip, chip),
    FIELD(FIELD_INT64, spinnprop_chip_slip, link),
    FIELD(FIELD_INT64, spinnprop_chip_slip, bytes),
    END_OF_FIELDS,
};

static PyObject *field_value(const char *at, const field *field) {
    switch (field->type) {
    case FIELD_INT32: return PyLong_FromLong(*(const int32_t *)at);
    case FIELD_INT64: return PyLong_FromLongLong(*(const int64_t *)at);
    case FIELD_UINT64: return PyLong_FromUnsignedLongLong(*(const uint64_t *)at);
    case FIELD_DOUBLE: return PyFloat_FromDouble(*(const double *)at);
    case FIELD_ENGINE: break; /* no option struct is read back that has one */
    case FIELD_TEXT: return PyUnicode_FromString(at);
    case FIELD_PATH: {
        const char *path = *(const char *const *)at;
        if (path) return PyBytes_FromString(path);
        break;
    }
    }
    Py_INCREF(Py_None);
    return Py_None;
}

PyObject *dict_from_fields(const void *options, const field *fields) {
    PyObject *dict = PyDict_New();
    for (const field *each = fields; dict && each->name; each++) {
        PyObject *value = field_value((const char *)options + each->offset, each);
        if (!value || PyDict_SetItemString(dict, each->name, value) < 0) Py_CLEAR(dict);
        Py_XDECREF(value);
    }
    return dict;
}

static int set_field(char *at, const field *field, PyObject *value) {
    switch (field->type) {
    case FIELD_INT32: return int32_from(value, at);
    case FIELD_INT64: return int64_from(value, at);
    case FIELD_UINT64: return uint64_from(value, at);
    case FIELD_DOUBLE: return double_from(value, at);
    case FIELD_ENGINE: {
        handle *engine = value == Py_None ? NULL : handle_from(value, engine_name);
        *(const spinnprop_engine **)at = engine ? engine->object : NULL;
        return engine || value == Py_None;
    }
    case FIELD_TEXT: break; /* only ever read */
    case FIELD_PATH: {
        char *path = NULL;
        if (value != Py_None && PyBytes_AsStringAndSize(value, &path, NULL) < 0) return 0;
        *(const char **)at = path;
        return 1;
    }
    }
    return 0;
}

PyObject *set_fields(void *options, const field *fields, PyObject *dict, const char *name) {
    if (!PyDict_Check(dict)) {
        PyErr_Format(PyExc_TypeError, "%s must be a dict, got %R", name, (PyObject *)Py_TYPE(dict));
        return NULL;
    }
    /* A copy of its own: others may change theirs as soon as the GIL is released. */
    PyObject *own = PyDict_Copy(dict);
    Py_ssize_t position = 0;
    PyObject *key, *value;
    while (own && PyDict_Next(own, &position, &key, &value)) {
        const field *each = fields;
        while (each->name && !(PyUnicode_Check(key) && PyUnicode_CompareWithASCIIString(key, each->name) == 0)) each++;
        if (!each->name) PyErr_Format(PyExc_TypeError, "%s has no field %R", name, key);
        if (!each->name || !set_field((char *)options + each->offset, each, value)) Py_CLEAR(own);
    }
    return own;
}

int loss_from(PyObject *module, const spinnprop_loss **loss, spinnprop_loss *storage, PyObject *dict) {
    *loss = NULL;
    if (dict == Py_None) return 1;
    memset(storage, 0, sizeof *storage);
    PyObject *held = set_fields(storage, loss_fields, dict, "loss");
    if (held) {
        const int32_t kind = storage->kind;
        spinnprop_status status = spinnprop_loss_init(storage, kind);
        /* Nothing in a loss points into the dictionary. */
        Py_DECREF(held);
        held = status == SPINNPROP_OK ? set_fields(storage, loss_fields, dict, "loss") : raise_status(module, status);
    }
    Py_XDECREF(held);
    *loss = storage;
    return held != NULL;
}
