/* Hostile input for sparse recurrent networks; included by hostile.c, whose helpers it uses. */

enum { SPARSE_N = 6, SPARSE_K = 2, SPARSE_SPIKES = 12 };

static const int64_t row_ends[] = {0, 2, 3, 3, 3, 3, 4};
static const int32_t row_targets[] = {1, 2, 0, 3};

static spinnprop_sparse_options good_sparse_options(void) {
    spinnprop_sparse_options options;
    spinnprop_sparse_options_init(&options);
    options.n_neurons = SPARSE_N;
    options.degree = SPARSE_K;
    return options;
}

static spinnprop_sparse *good_sparse(void) {
    const spinnprop_sparse_options options = good_sparse_options();
    spinnprop_sparse *network = NULL;
    WORKS(spinnprop_sparse_create(&network, &options, NULL, NULL));
    return network;
}

static spinnprop_sparse_recording *good_sparse_recording(const spinnprop_sparse *network) {
    spinnprop_sparse_run_options options;
    spinnprop_sparse_recording *recording = NULL;
    spinnprop_sparse_run_options_init(&options);
    options.n_spikes = SPARSE_SPIKES;
    WORKS(spinnprop_sparse_run(&recording, network, &options, NULL, NULL));
    return recording;
}

static void sparse_networks_that_cannot_be(void) {
    begin("sparse networks");
    spinnprop_sparse *out = NOBODY(spinnprop_sparse);
    spinnprop_sparse_options o = good_sparse_options();
    WATCH(out);
#define CREATE spinnprop_sparse_create(&out, &o, NULL, NULL)
    INVALID(spinnprop_sparse_create(NULL, &o, NULL, NULL));
    INVALID(spinnprop_sparse_create(&out, NULL, NULL, NULL));
    EACH_WRONG_SIZE(o, CREATE);
    const int64_t counts[] = {-1, 0, 1, SPARSE_K, INT64_MIN, INT64_MAX, (int64_t)1 << 31};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) WITH(o.n_neurons, counts[i], INVALID_VALUE, CREATE);
    const int64_t degrees[] = {-1, 0, SPARSE_N, SPARSE_N + 1, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < sizeof degrees / sizeof *degrees; i++) WITH(o.degree, degrees[i], INVALID_VALUE, CREATE);
    WITH(o.tau, 1e-200, INVALID_VALUE, CREATE);
    WITH(o.tau, 1e200, INVALID_VALUE, CREATE);
    const int32_t models[] = {-1, 4, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) WITH(o.model, models[i], INVALID_VALUE, CREATE);
    for (size_t i = 0; i < sizeof not_positive / sizeof *not_positive; i++) {
        WITH(o.rate, not_positive[i], INVALID_VALUE, CREATE);
        WITH(o.coupling, not_positive[i], INVALID_VALUE, CREATE);
        WITH(o.tau, not_positive[i], INVALID_VALUE, CREATE);
        o.model = SPINNPROP_SPARSE_EIF;
        WITH(o.slope, not_positive[i], INVALID_VALUE, CREATE);
        o.model = SPINNPROP_SPARSE_LIF;
    }
    double drives[SPARSE_N] = {1, 1, 1, 1, 1, 1};
    o.drives = drives;
    const int64_t lengths[] = {-1, 0, 2, SPARSE_N - 1, INT64_MIN, INT64_MAX};
    for (size_t i = 2; i < sizeof lengths / sizeof *lengths; i++) {
        if (lengths[i] > SPARSE_N) continue;
        WITH(o.n_drives, lengths[i], INVALID_VALUE, CREATE);
    }
    WITH(o.n_drives, INT64_MAX, INVALID_VALUE, CREATE);
    o.n_drives = SPARSE_N;
    for (int32_t model = SPINNPROP_SPARSE_LIF; model <= SPINNPROP_SPARSE_EIF_TABLE; model++) {
        o.model = model;
        for (size_t i = 0; i < sizeof not_positive / sizeof *not_positive; i++)
            WITH(drives[3], not_positive[i], INVALID_VALUE, CREATE);
        WITH(o.drives, NULL, INVALID_VALUE, CREATE);
    }
    o.model = SPINNPROP_SPARSE_LIF;
    o.drives = NULL;
    o.n_drives = 0;
    double weights[SPARSE_N * SPARSE_K] = {0};
    o.weights = weights;
    o.n_weights = SPARSE_N * SPARSE_K;
    for (size_t i = 0; i < sizeof not_numbers / sizeof *not_numbers; i++)
        WITH(weights[11], not_numbers[i], INVALID_VALUE, CREATE);
    WITH(weights[0], 1e300, INVALID_VALUE, CREATE);
    WITH(o.n_weights, 2, INVALID_VALUE, CREATE);
    WITH(o.n_weights, (int64_t)1 << 39, OUT_OF_MEMORY, CREATE);
    WITH(o.n_weights, -1, INVALID_VALUE, CREATE);
    WITH(o.weights, NULL, INVALID_VALUE, CREATE);
    o.weights = NULL;
    o.n_weights = 0;
    int64_t ends[SPARSE_N + 1];
    int32_t targets[4];
    memcpy(ends, row_ends, sizeof ends);
    memcpy(targets, row_targets, sizeof targets);
    o.offsets = ends;
    o.n_offsets = SPARSE_N + 1;
    o.targets = targets;
    o.n_targets = 4;
    WITH(o.n_offsets, SPARSE_N, INVALID_VALUE, CREATE);
    WITH(o.n_offsets, INT64_MAX, INVALID_VALUE, CREATE);
    WITH(o.n_offsets, INT64_MIN, INVALID_VALUE, CREATE);
    WITH(o.n_offsets, 0, INVALID_VALUE, CREATE);
    WITH(o.n_targets, 3, INVALID_VALUE, CREATE);
    WITH(o.n_targets, -1, INVALID_VALUE, CREATE);
    WITH(o.offsets, NULL, INVALID_VALUE, CREATE);
    WITH(o.targets, NULL, INVALID_VALUE, CREATE);
    const int64_t wrong_ends[] = {-1, 4, 5, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < sizeof wrong_ends / sizeof *wrong_ends; i++) WITH(ends[2], wrong_ends[i], INVALID_VALUE, CREATE);
    WITH(ends[0], 1, INVALID_VALUE, CREATE);
    WITH(ends[SPARSE_N], 3, INVALID_VALUE, CREATE);
    WITH(targets[0], 0, INVALID_VALUE, CREATE);
    WITH(targets[1], 1, INVALID_VALUE, CREATE);
    WITH(targets[1], SPARSE_N, INVALID_INDEX, CREATE);
    WITH(targets[1], -1, INVALID_INDEX, CREATE);
    WITH(targets[1], INT32_MIN, INVALID_INDEX, CREATE);
    begin("sparse networks given by rows");
    WORKS(CREATE);
    spinnprop_sparse_free(out);
#undef CREATE
}

static void sparse_network_access(void) {
    begin("sparse networks' arrays");
    spinnprop_sparse *network = good_sparse(), *out = NOBODY(spinnprop_sparse);
    double values[SPARSE_N * SPARSE_K] = {0};
    int64_t ends[SPARSE_N + 1] = {0};
    int32_t targets[SPARSE_N * SPARSE_K] = {0};
    spinnprop_sparse_info info;
    spinnprop_sparse_info_init(&info);
    WATCH(values);
    WATCH(ends);
    WATCH(targets);
    INVALID(spinnprop_sparse_copy(&out, NULL));
    INVALID(spinnprop_sparse_copy(NULL, network));
    INVALID(spinnprop_sparse_describe(NULL, network));
    INVALID(spinnprop_sparse_describe(&info, NULL));
    EACH_WRONG_SIZE(info, spinnprop_sparse_describe(&info, network));
    const int64_t wrong[] = {-1, 0, 2, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        INVALID(spinnprop_sparse_drives(values, wrong[i], network));
        INVALID(spinnprop_sparse_weights(values, wrong[i], network));
        INVALID(spinnprop_sparse_set_weights(network, values, wrong[i]));
        INVALID(spinnprop_sparse_adjacency(ends, wrong[i], targets, SPARSE_N * SPARSE_K, network));
        INVALID(spinnprop_sparse_adjacency(ends, SPARSE_N + 1, targets, wrong[i], network));
    }
    INVALID(spinnprop_sparse_drives(NULL, 1, network));
    INVALID(spinnprop_sparse_weights(NULL, 1, network));
    INVALID(spinnprop_sparse_weights(values, 1, NULL));
    INVALID(spinnprop_sparse_set_weights(network, NULL, 1));
    INVALID(spinnprop_sparse_set_weights(NULL, values, 1));
    INVALID(spinnprop_sparse_adjacency(NULL, SPARSE_N + 1, targets, SPARSE_N * SPARSE_K, network));
    INVALID(spinnprop_sparse_adjacency(ends, SPARSE_N + 1, NULL, SPARSE_N * SPARSE_K, network));
    begin("sparse networks' weights");
    WORKS(spinnprop_sparse_copy(&out, network));
    for (size_t i = 0; i < sizeof not_numbers / sizeof *not_numbers; i++) {
        values[1] = not_numbers[i];
        INVALID(spinnprop_sparse_set_weights(network, values, SPARSE_N * SPARSE_K));
    }
    values[1] = 0.5;
    WORKS(spinnprop_sparse_set_weights(network, values, SPARSE_N * SPARSE_K));
    WORKS(spinnprop_sparse_describe(&info, out));
    HOLDS(info.n_weights == 1 && info.n_synapses == SPARSE_N * SPARSE_K);
    WORKS(spinnprop_sparse_adjacency(ends, SPARSE_N + 1, targets, SPARSE_N * SPARSE_K, out));
    HOLDS(ends[SPARSE_N] == SPARSE_N * SPARSE_K);
    /* One noun's handle is no other's. */
    INVALID(spinnprop_sparse_describe(&info, (const spinnprop_sparse *)(const void *)nobody));
    spinnprop_sparse_free(out);
    spinnprop_sparse_free(network);
}

static int stop_sink(const double *sink_times, const int32_t *sink_units, int64_t n, void *payload) {
    HOLDS(sink_times != NULL && sink_units != NULL && n > 0);
    ++*(int *)payload;
    return 1;
}

static void sparse_runs_that_cannot_be(void) {
    begin("sparse runs");
    spinnprop_sparse *network = good_sparse();
    spinnprop_sparse_recording *out = NOBODY(spinnprop_sparse_recording);
    spinnprop_sparse_summary summary;
    spinnprop_sparse_run_options o;
    double phases[SPARSE_N] = {0}, input_times[2] = {0}, input_weights[2] = {0};
    int32_t input_units[2] = {0}, traced[2] = {0};
    int calls = 0;
    spinnprop_sparse_summary_init(&summary);
    spinnprop_sparse_run_options_init(&o);
    WATCH(out);
#define RUN spinnprop_sparse_run(&out, network, &o, NULL, NULL)
    INVALID(spinnprop_sparse_run(NULL, network, &o, NULL, NULL));
    INVALID(spinnprop_sparse_run(&out, NULL, &o, NULL, NULL));
    EACH_WRONG_SIZE(o, RUN);
    WITH(o.n_spikes, -1, INVALID_VALUE, RUN);
    WITH(o.n_spikes, INT64_MIN, INVALID_VALUE, RUN);
    WITH(o.n_spikes, INT64_MAX, INVALID_VALUE, RUN);
    WITH(o.t_end, NAN, INVALID_VALUE, RUN);
    WITH(o.t_end, -1.0, INVALID_VALUE, RUN);
    o.initial_phases = phases;
    o.n_initial_phases = SPARSE_N;
    WITH(o.n_initial_phases, SPARSE_N - 1, INVALID_VALUE, RUN);
    WITH(o.n_initial_phases, -1, INVALID_VALUE, RUN);
    WITH(o.n_initial_phases, INT64_MAX, INVALID_VALUE, RUN);
    WITH(o.initial_phases, NULL, INVALID_VALUE, RUN);
    const double wrong_phases[] = {NAN, INFINITY, -INFINITY, 1.0, 2.0, -1e300};
    for (size_t i = 0; i < sizeof wrong_phases / sizeof *wrong_phases; i++)
        WITH(phases[5], wrong_phases[i], INVALID_VALUE, RUN);
    o.input_times = input_times;
    o.input_units = input_units;
    o.input_weights = input_weights;
    o.n_inputs = 2;
    WITH(o.n_inputs, -1, INVALID_VALUE, RUN);
    WITH(o.n_inputs, (int64_t)1 << 39, OUT_OF_MEMORY, RUN);
    WITH(o.n_inputs, INT64_MAX, INVALID_VALUE, RUN);
    WITH(o.input_times, NULL, INVALID_VALUE, RUN);
    WITH(o.input_units, NULL, INVALID_VALUE, RUN);
    WITH(o.input_weights, NULL, INVALID_VALUE, RUN);
    WITH(input_times[1], -1e-300, INVALID_VALUE, RUN);
    for (size_t i = 0; i < sizeof not_numbers / sizeof *not_numbers; i++) {
        WITH(input_times[1], not_numbers[i], INVALID_VALUE, RUN);
        WITH(input_weights[1], not_numbers[i], INVALID_VALUE, RUN);
    }
    WITH(input_units[1], SPARSE_N, INVALID_INDEX, RUN);
    WITH(input_units[1], -1, INVALID_INDEX, RUN);
    WITH(input_units[0], INT32_MIN, INVALID_INDEX, RUN);
    o.trace_units = traced;
    o.n_trace_units = 2;
    WITH(o.n_trace_units, -1, INVALID_VALUE, RUN);
    WITH(o.trace_units, NULL, INVALID_VALUE, RUN);
    WITH(traced[1], SPARSE_N, INVALID_INDEX, RUN);
    WITH(traced[1], -1, INVALID_INDEX, RUN);
    for (size_t i = 0; i < sizeof not_positive / sizeof *not_positive; i++)
        WITH(o.trace_interval, not_positive[i], INVALID_VALUE, RUN);
    INVALID(spinnprop_sparse_stream(&summary, network, &o, NULL, NULL, NULL, NULL));
    INVALID(spinnprop_sparse_stream(NULL, network, &o, stop_sink, &calls, NULL, NULL));
    INVALID(spinnprop_sparse_stream(&summary, NULL, &o, stop_sink, &calls, NULL, NULL));
    EACH_WRONG_SIZE(summary, spinnprop_sparse_stream(&summary, network, &o, stop_sink, &calls, NULL, NULL));
    WATCH(summary);
    HOLDS(calls == 0);
    FAILS(CANCELLED, spinnprop_sparse_stream(&summary, network, &o, stop_sink, &calls, NULL, NULL));
    HOLDS(calls == 1);
    o.n_spikes = INT64_MAX;
    o.t_end = 1e300;
    FAILS(CANCELLED, spinnprop_sparse_run(&out, network, &o, stop_at_once, &calls));
    HOLDS(calls == 2);
    double excitation = 1e6;
    begin("runaway excitation");
    WORKS(spinnprop_sparse_set_weights(network, &excitation, 1));
    FAILS(TOO_MANY_SPIKES, spinnprop_sparse_run(&out, network, &o, NULL, NULL));
#undef RUN
    spinnprop_sparse_free(network);
}

static void sparse_derivatives_that_cannot_be(void) {
    begin("sparse recordings");
    spinnprop_sparse *network = good_sparse();
    spinnprop_sparse_recording *recording = good_sparse_recording(network);
    spinnprop_sparse_gradient *out = NOBODY(spinnprop_sparse_gradient), *gradient = NULL;
    double read[SPARSE_SPIKES] = {0}, errors[SPARSE_SPIKES] = {0}, final[SPARSE_N] = {0}, exponents[SPARSE_N] = {0};
    double more[SPARSE_N + 1] = {0};
    double value = 0, contraction = 0, duration = 0;
    int32_t who[SPARSE_SPIKES] = {0};
    int64_t n = 0;
    spinnprop_sparse_summary summary;
    spinnprop_sparse_lyapunov_options lyapunov;
    spinnprop_spikes targets = good_spikes();
    spinnprop_sparse_summary_init(&summary);
    spinnprop_sparse_lyapunov_options_init(&lyapunov);
    WATCH(out);
    WATCH(read);
    WATCH(who);
    WATCH(value);
    WATCH(exponents);
    WATCH(n);
    INVALID(spinnprop_sparse_recording_summary(NULL, recording));
    INVALID(spinnprop_sparse_recording_summary(&summary, NULL));
    EACH_WRONG_SIZE(summary, spinnprop_sparse_recording_summary(&summary, recording));
    const int64_t wrong[] = {-1, SPARSE_SPIKES - 1, SPARSE_SPIKES + 1, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        INVALID(spinnprop_sparse_recording_spikes(read, who, wrong[i], recording));
        INVALID(spinnprop_sparse_rate_loss(&value, read, wrong[i], recording, final, SPARSE_N));
        INVALID(spinnprop_sparse_rate_loss(&value, read, SPARSE_SPIKES, recording, more, wrong[i] == SPARSE_SPIKES + 1 ? SPARSE_N + 1 : -1));
        if (wrong[i] < SPARSE_SPIKES || wrong[i] == INT64_MAX)
            INVALID(spinnprop_sparse_differentiate(&out, recording, errors, wrong[i], NULL, 0, NULL, NULL));
        INVALID(spinnprop_sparse_jacobian_product(read, final, wrong[i], recording, NULL, NULL));
    }
    INVALID(spinnprop_sparse_recording_spikes(NULL, who, SPARSE_SPIKES, recording));
    INVALID(spinnprop_sparse_recording_spikes(read, NULL, SPARSE_SPIKES, recording));
    INVALID(spinnprop_sparse_recording_trace_count(NULL, recording));
    INVALID(spinnprop_sparse_recording_trace_count(&n, NULL));
    INVALID(spinnprop_sparse_recording_traces(read, 1, recording));
    /* Targets of other networks. */
    INVALID(spinnprop_sparse_spike_time_loss(&value, read, SPARSE_SPIKES, recording, &targets, 0.0));
    INVALID(spinnprop_sparse_spike_time_loss(&value, read, SPARSE_SPIKES, recording, NULL, 0.0));
    INVALID(spinnprop_sparse_spike_time_loss(&value, read, SPARSE_SPIKES, recording, &targets, NAN));
    INVALID(spinnprop_sparse_spike_time_loss(NULL, read, SPARSE_SPIKES, recording, &targets, 0.0));
    INVALID(spinnprop_sparse_rate_loss(NULL, read, SPARSE_SPIKES, recording, final, SPARSE_N));
    INVALID(spinnprop_sparse_rate_loss(&value, read, SPARSE_SPIKES, recording, NULL, SPARSE_N));
    WITH(final[2], -1.0, INVALID_VALUE, spinnprop_sparse_rate_loss(&value, read, SPARSE_SPIKES, recording, final, SPARSE_N));
    INVALID(spinnprop_sparse_differentiate(NULL, recording, errors, SPARSE_SPIKES, NULL, 0, NULL, NULL));
    INVALID(spinnprop_sparse_differentiate(&out, NULL, errors, SPARSE_SPIKES, NULL, 0, NULL, NULL));
    INVALID(spinnprop_sparse_differentiate(&out, recording, NULL, SPARSE_SPIKES, NULL, 0, NULL, NULL));
    INVALID(spinnprop_sparse_differentiate(&out, recording, errors, SPARSE_SPIKES, final, 5, NULL, NULL));
    INVALID(spinnprop_sparse_differentiate(&out, recording, errors, SPARSE_SPIKES, NULL, SPARSE_N, NULL, NULL));
    for (size_t i = 0; i < sizeof not_numbers / sizeof *not_numbers; i++) {
        WITH(errors[3], not_numbers[i], INVALID_VALUE,
             spinnprop_sparse_differentiate(&out, recording, errors, SPARSE_SPIKES, NULL, 0, NULL, NULL));
        WITH(final[3], not_numbers[i], INVALID_VALUE,
             spinnprop_sparse_differentiate(&out, recording, errors, SPARSE_SPIKES, final, SPARSE_N, NULL, NULL));
        WITH(final[3], not_numbers[i], INVALID_VALUE,
             spinnprop_sparse_jacobian_product(exponents, final, SPARSE_N, recording, NULL, NULL));
    }
    INVALID(spinnprop_sparse_jacobian_product(NULL, final, SPARSE_N, recording, NULL, NULL));
    INVALID(spinnprop_sparse_jacobian_product(exponents, NULL, SPARSE_N, recording, NULL, NULL));
#define LYAPUNOV spinnprop_sparse_lyapunov(exponents, SPARSE_N, &contraction, &duration, recording, &lyapunov, NULL, NULL)
    EACH_WRONG_SIZE(lyapunov, LYAPUNOV);
    WITH(lyapunov.skip, -1, INVALID_VALUE, LYAPUNOV);
    WITH(lyapunov.skip, SPARSE_SPIKES, INVALID_VALUE, LYAPUNOV);
    WITH(lyapunov.skip, INT64_MAX, INVALID_VALUE, LYAPUNOV);
    WITH(lyapunov.interval, -1, INVALID_VALUE, LYAPUNOV);
    WITH(lyapunov.interval, INT64_MIN, INVALID_VALUE, LYAPUNOV);
    INVALID(spinnprop_sparse_lyapunov(exponents, 0, &contraction, &duration, recording, NULL, NULL, NULL));
    INVALID(spinnprop_sparse_lyapunov(exponents, SPARSE_N + 1, &contraction, &duration, recording, NULL, NULL, NULL));
    INVALID(spinnprop_sparse_lyapunov(exponents, INT64_MAX, &contraction, &duration, recording, NULL, NULL, NULL));
    INVALID(spinnprop_sparse_lyapunov(NULL, SPARSE_N, &contraction, &duration, recording, NULL, NULL, NULL));
    INVALID(spinnprop_sparse_lyapunov(exponents, SPARSE_N, NULL, &duration, recording, NULL, NULL, NULL));
    INVALID(spinnprop_sparse_lyapunov(exponents, SPARSE_N, &contraction, NULL, recording, NULL, NULL, NULL));
    WORKS(spinnprop_sparse_differentiate(&gradient, recording, errors, SPARSE_SPIKES, NULL, 0, NULL, NULL));
    const int32_t parts[] = {-1, 5, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        INVALID(spinnprop_sparse_gradient_count(&n, gradient, parts[i]));
        INVALID(spinnprop_sparse_gradient_get(read, 1, gradient, parts[i]));
    }
    INVALID(spinnprop_sparse_gradient_count(NULL, gradient, SPINNPROP_SPARSE_WEIGHTS));
    INVALID(spinnprop_sparse_gradient_count(&n, NULL, SPINNPROP_SPARSE_WEIGHTS));
    INVALID(spinnprop_sparse_gradient_get(read, 2, gradient, SPINNPROP_SPARSE_WEIGHTS));
    INVALID(spinnprop_sparse_gradient_get(NULL, SPARSE_N, gradient, SPINNPROP_SPARSE_PHASES));
    begin("sparse recordings without a tape");
    spinnprop_sparse_run_options o;
    spinnprop_sparse_recording *bare = NULL;
    spinnprop_sparse_run_options_init(&o);
    o.n_spikes = SPARSE_SPIKES;
    o.keeps_tape = 0;
    WORKS(spinnprop_sparse_run(&bare, network, &o, NULL, NULL));
    FAILS(UNSUPPORTED, spinnprop_sparse_differentiate(&out, bare, errors, SPARSE_SPIKES, NULL, 0, NULL, NULL));
    FAILS(UNSUPPORTED, spinnprop_sparse_jacobian_product(exponents, final, SPARSE_N, bare, NULL, NULL));
    FAILS(UNSUPPORTED, spinnprop_sparse_lyapunov(exponents, SPARSE_N, &contraction, &duration, bare, NULL, NULL, NULL));
    /* A recording outlives its network, and what was freed is gone. */
    spinnprop_sparse_free(network);
    begin("sparse recordings that outlive their networks");
    WORKS(LYAPUNOV);
#undef LYAPUNOV
    spinnprop_sparse_gradient_free(gradient);
    spinnprop_sparse_recording_free(bare);
    spinnprop_sparse_recording_free(recording);
}
