/* Throws hostile input at every function of spinnprop.h: each call must come back with the right status and a message,
 * and leave every object and every output as it was. Run as it is, under valgrind and with the address sanitizer. */
#include "hostile.h"

static const double not_numbers[] = {NAN, INFINITY, -INFINITY};
static const double not_positive[] = {NAN, INFINITY, -INFINITY, 0.0, -1.0};

/* ------------------------------------------------------------------------------------------ things to be hostile to */

enum { N_SAMPLES = 4, N_INPUTS = 3, N_OUTPUTS = 3, N_SPIKES = N_SAMPLES * N_INPUTS };

static double times[N_SPIKES];
static int32_t units[N_SPIKES];
static int64_t offsets[N_SAMPLES + 1];
static int64_t labels[N_SAMPLES] = {0, 1, 2, 0};

static spinnprop_spikes good_spikes(void) {
    spinnprop_spikes spikes;
    for (int spike = 0; spike < N_SPIKES; spike++) {
        times[spike] = 1e-3 * (spike % 7);
        units[spike] = spike % N_INPUTS;
    }
    for (int sample = 0; sample <= N_SAMPLES; sample++) offsets[sample] = N_INPUTS * sample;
    spinnprop_spikes_init(&spikes);
    spikes.times = times;
    spikes.units = units;
    spikes.offsets = offsets;
    spikes.n_spikes = N_SPIKES;
    spikes.n_samples = N_SAMPLES;
    spikes.n_units = N_INPUTS;
    return spikes;
}

static const int32_t sizes[] = {N_INPUTS, 4, N_OUTPUTS};

static spinnprop_network_options good_options(void) {
    spinnprop_network_options options;
    spinnprop_network_options_init(&options);
    options.layer_sizes = sizes;
    options.n_layer_sizes = 3;
    return options;
}

/* A network whose every neuron spikes on good_spikes. */
static spinnprop_network *good_network(int32_t delays, int32_t readout) {
    spinnprop_network_options options = good_options();
    spinnprop_network *network = NULL;
    double weights[4 * 4];
    options.delays = &delays;
    options.n_delays = 1;
    options.readout = readout;
    WORKS(spinnprop_network_create(&network, &options));
    for (int index = 0; index < 16; index++) weights[index] = 2.0 + 0.1 * index;
    WORKS(spinnprop_network_set(network, SPINNPROP_WEIGHTS, 0, weights, 4 * N_INPUTS));
    WORKS(spinnprop_network_set(network, SPINNPROP_WEIGHTS, 1, weights, N_OUTPUTS * 4));
    return network;
}

static spinnprop_recording *good_recording(const spinnprop_network *network) {
    spinnprop_spikes spikes = good_spikes();
    spinnprop_recording *recording = NULL;
    WORKS(spinnprop_network_forward(&recording, network, &spikes, NULL, NULL, NULL));
    return recording;
}

/* The network as bytes, to see that nothing changed. */
static uint8_t *bytes_of(const spinnprop_network *network, int64_t *n) {
    uint8_t *bytes;
    WORKS(spinnprop_network_to_bytes(NULL, 0, n, network));
    bytes = allocate((size_t)*n);
    WORKS(spinnprop_network_to_bytes(bytes, *n, n, network));
    return bytes;
}

static int stop_at_once(const spinnprop_progress *progress, void *payload) {
    HOLDS(progress != NULL && progress->size == sizeof *progress);
    ++*(int *)payload;
    return 1;
}

/* ------------------------------------------------------------------------------------------------- version, threads */

static void version_and_threads(void) {
    begin("version and threads");
    char version[64];
    snprintf(version, sizeof version, "%d.%d.%d", SPINNPROP_VERSION_MAJOR, SPINNPROP_VERSION_MINOR,
             SPINNPROP_VERSION_PATCH);
    HOLDS(strcmp(version, SPINNPROP_VERSION) == 0);
    HOLDS(strcmp(spinnprop_version(), SPINNPROP_VERSION) == 0);
    HOLDS(spinnprop_abi_version() == SPINNPROP_ABI_VERSION);
    HOLDS(strcmp(spinnprop_last_error(), "") == 0);
    WORKS(spinnprop_set_threads(SPINNPROP_MAX_THREADS));
    INVALID(spinnprop_set_threads(-1));
    INVALID(spinnprop_set_threads(SPINNPROP_MAX_THREADS + 1));
    INVALID(spinnprop_set_threads(INT32_MIN));
    INVALID(spinnprop_set_threads(INT32_MAX));
    HOLDS(spinnprop_get_threads() == SPINNPROP_MAX_THREADS && spinnprop_thread_count() == SPINNPROP_MAX_THREADS);
    WORKS(spinnprop_set_threads(0));
    HOLDS(spinnprop_get_threads() == 0 && spinnprop_thread_count() >= 1);
}

/* Void functions that take NULL. */
static void null_where_nothing_is_returned(void) {
    begin("NULL where nothing is returned");
    spinnprop_spikes_init(NULL);
    spinnprop_network_options_init(NULL);
    spinnprop_network_info_init(NULL);
    spinnprop_engine_info_init(NULL);
    spinnprop_clock_options_init(NULL);
    spinnprop_spinnaker2_options_init(NULL);
    spinnprop_epoch_init(NULL);
    spinnprop_forward_options_init(NULL);
    spinnprop_recording_info_init(NULL);
    spinnprop_diagnostics_init(NULL);
    spinnprop_gradient_options_init(NULL);
    spinnprop_training_options_init(NULL);
    spinnprop_network_free(NULL);
    spinnprop_recording_free(NULL);
    spinnprop_gradient_free(NULL);
    spinnprop_trainer_free(NULL);
    spinnprop_engine_free(NULL);
    spinnprop_sparse_options_init(NULL);
    spinnprop_sparse_info_init(NULL);
    spinnprop_sparse_run_options_init(NULL);
    spinnprop_sparse_summary_init(NULL);
    spinnprop_sparse_lyapunov_options_init(NULL);
    spinnprop_sparse_free(NULL);
    spinnprop_sparse_recording_free(NULL);
    spinnprop_sparse_gradient_free(NULL);
    spinnprop_brainscales2_array_options_init(NULL);
    spinnprop_brainscales2_array_info_init(NULL);
    spinnprop_brainscales2_program_options_init(NULL);
    spinnprop_brainscales2_run_options_init(NULL);
    spinnprop_brainscales2_array_free(NULL);
}

/* ----------------------------------------------------------------------------------------------------------- spikes */

static void spikes_that_break_the_rules(void) {
    spinnprop_spikes s = good_spikes();
    begin("spikes");
    WORKS(spinnprop_spikes_check(&s));
    INVALID(spinnprop_spikes_check(NULL));
    EACH_WRONG_SIZE(s, spinnprop_spikes_check(&s));
    WITH(s.times, NULL, INVALID_VALUE, spinnprop_spikes_check(&s));
    WITH(s.units, NULL, INVALID_VALUE, spinnprop_spikes_check(&s));
    WITH(s.offsets, NULL, INVALID_VALUE, spinnprop_spikes_check(&s));
    const int64_t counts[] = {-1, 0, N_SPIKES - 1, N_SPIKES + 1, INT64_MIN, INT64_MAX, INT64_MAX / 8 + 1};
    for (size_t index = 0; index < sizeof counts / sizeof *counts; index++)
        WITH(s.n_spikes, counts[index], INVALID_VALUE, spinnprop_spikes_check(&s));
    /* A larger n_samples would have the library read beyond the array, unless it is absurd. */
    const int64_t samples[] = {-1, 0, N_SAMPLES - 1, INT64_MIN, INT64_MAX, INT64_MAX / 8};
    for (size_t index = 0; index < sizeof samples / sizeof *samples; index++)
        WITH(s.n_samples, samples[index], INVALID_VALUE, spinnprop_spikes_check(&s));
    const int32_t n_units[] = {-1, 0, N_INPUTS - 1, INT32_MIN};
    for (size_t index = 0; index < sizeof n_units / sizeof *n_units; index++)
        WITH(s.n_units, n_units[index], INVALID_VALUE, spinnprop_spikes_check(&s));
    for (int index = 0; index < 3; index++)
        for (int spike = 0; spike < N_SPIKES; spike += N_SPIKES - 1)
            WITH(times[spike], not_numbers[index], INVALID_VALUE, spinnprop_spikes_check(&s));
    WITH(times[3], -1e-300, INVALID_VALUE, spinnprop_spikes_check(&s));
    WITH(units[3], -1, INVALID_VALUE, spinnprop_spikes_check(&s));
    WITH(units[3], N_INPUTS, INVALID_VALUE, spinnprop_spikes_check(&s));
    WITH(units[N_SPIKES - 1], INT32_MAX, INVALID_VALUE, spinnprop_spikes_check(&s));
    WITH(offsets[0], 1, INVALID_VALUE, spinnprop_spikes_check(&s));
    WITH(offsets[0], -1, INVALID_VALUE, spinnprop_spikes_check(&s));
    WITH(offsets[1], -1, INVALID_VALUE, spinnprop_spikes_check(&s));
    WITH(offsets[2], 1, INVALID_VALUE, spinnprop_spikes_check(&s));
    WITH(offsets[2], INT64_MAX, INVALID_VALUE, spinnprop_spikes_check(&s));
    WITH(offsets[2], INT64_MIN, INVALID_VALUE, spinnprop_spikes_check(&s));
    WITH(offsets[N_SAMPLES], N_SPIKES + 1, INVALID_VALUE, spinnprop_spikes_check(&s));
    /* An older program's struct ended earlier: what it does not have is not read. */
    WITH(s.size, offsetof(spinnprop_spikes, n_samples), INVALID_VALUE, spinnprop_spikes_check(&s));

    /* Allowed: unsorted, repeated, -0.0, samples without spikes, no samples at all. */
    times[1] = -0.0;
    offsets[1] = 0;
    WORKS(spinnprop_spikes_check(&s));
    s.n_samples = s.n_spikes = 0;
    s.times = NULL;
    s.units = NULL;
    WORKS(spinnprop_spikes_check(&s));
}

/* ------------------------------------------------------------------------------------------------ data and encoding */

static void data_and_encoding(void) {
    double x[12], t[15], more[4];
    int64_t y[3], o[4];
    int32_t u[15];
    double features[12] = {0.0, 0.25, 0.5, 0.75, 1.0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8};
    begin("Yin-Yang");
    memset(x, 0x55, sizeof x);
    memset(y, 0x55, sizeof y);
    WATCH(x);
    WATCH(y);
    INVALID(spinnprop_yin_yang(NULL, 12, y, 3, 42));
    INVALID(spinnprop_yin_yang(x, 12, NULL, 3, 42));
    INVALID(spinnprop_yin_yang(x, 11, y, 3, 42));
    INVALID(spinnprop_yin_yang(x, 12, y, 2, 42));
    INVALID(spinnprop_yin_yang(x, -12, y, -3, 42));
    INVALID(spinnprop_yin_yang(x, 12, y, 3, -1));
    INVALID(spinnprop_yin_yang(x, 12, y, 3, INT64_C(1) << 32));
    INVALID(spinnprop_yin_yang(x, 0, y, INT64_C(1) << 62, 42));
    INVALID(spinnprop_yin_yang(x, 12, y, INT64_MAX, 42));
    INVALID(spinnprop_yin_yang(x, INT64_MIN, y, INT64_MIN, 42));
    WORKS(spinnprop_yin_yang(NULL, 0, NULL, 0, 42));
    WORKS(spinnprop_yin_yang(x, 12, y, 3, (INT64_C(1) << 32) - 1));

    begin("latency code");
    memset(t, 0x55, sizeof t);
    memset(u, 0x55, sizeof u);
    memset(o, 0x55, sizeof o);
    WATCH(t);
    WATCH(u);
    WATCH(o);
    enum { SMALL = SPINNPROP_EARLY_SMALL, LARGE = SPINNPROP_EARLY_LARGE };
    INVALID(spinnprop_encode_latency(NULL, u, 15, o, 4, features, 3, 4, 0, 30e-3, 0, SMALL));
    INVALID(spinnprop_encode_latency(t, NULL, 15, o, 4, features, 3, 4, 0, 30e-3, 0, SMALL));
    INVALID(spinnprop_encode_latency(t, u, 15, NULL, 4, features, 3, 4, 0, 30e-3, 0, SMALL));
    INVALID(spinnprop_encode_latency(t, u, 15, o, 4, NULL, 3, 4, 0, 30e-3, 0, SMALL));
    const int64_t wrong_counts[] = {12, 14, 16, 0, -15, INT64_MAX, INT64_MIN};
    for (size_t index = 0; index < sizeof wrong_counts / sizeof *wrong_counts; index++) {
        INVALID(spinnprop_encode_latency(t, u, wrong_counts[index], o, 4, features, 3, 4, 0, 30e-3, 0, SMALL));
        INVALID(spinnprop_encode_latency_grid(t, u, wrong_counts[index], o, 4, features, 3, 4, 27, 2, 1e-3, LARGE));
    }
    INVALID(spinnprop_encode_latency(t, u, 15, o, 4, features, 3, 4, 0, 30e-3, NAN, SMALL));
    INVALID(spinnprop_encode_latency(t, u, 15, o, 3, features, 3, 4, 0, 30e-3, 0, SMALL));
    INVALID(spinnprop_encode_latency(t, u, 15, o, -1, features, 3, 4, 0, 30e-3, 0, SMALL));
    INVALID(spinnprop_encode_latency(t, u, 15, o, 4, features, -3, 4, 0, 30e-3, 0, SMALL));
    INVALID(spinnprop_encode_latency(t, u, 15, o, 4, features, 3, -4, 0, 30e-3, 0, SMALL));
    INVALID(spinnprop_encode_latency(t, u, 3, o, 4, features, 3, 0, 0, 30e-3, 0, SMALL));
    INVALID(spinnprop_encode_latency(t, u, 15, o, 4, features, INT64_MAX, 4, 0, 30e-3, 0, SMALL));
    INVALID(spinnprop_encode_latency(t, u, 15, o, 4, features, INT64_MAX / 4, INT32_MAX, 0, 30e-3, 0, SMALL));
    FAILS(OUT_OF_MEMORY,
          spinnprop_encode_latency(t, u, 15, o, 4, features, INT64_C(1) << 40, INT32_MAX - 1, 0, 30e-3, 0, SMALL));
    for (int index = 0; index < 3; index++) {
        INVALID(spinnprop_encode_latency(t, u, 15, o, 4, features, 3, 4, not_numbers[index], 30e-3, 0, SMALL));
        INVALID(spinnprop_encode_latency(t, u, 15, o, 4, features, 3, 4, 0, not_numbers[index], 0, SMALL));
        WITH(features[7], not_numbers[index], INVALID_VALUE,
             spinnprop_encode_latency(t, u, 15, o, 4, features, 3, 4, 0, 30e-3, 0, SMALL));
        WITH(features[7], not_numbers[index], INVALID_VALUE,
             spinnprop_encode_latency_grid(t, u, 15, o, 4, features, 3, 4, 27, 2, 1e-3, LARGE));
    }
    INVALID(spinnprop_encode_latency(t, u, 15, o, 4, features, 3, 4, -1e-3, 30e-3, 0, SMALL));
    INVALID(spinnprop_encode_latency(t, u, 15, o, 4, features, 3, 4, 0, -1e-3, 0, SMALL));
    INVALID(spinnprop_encode_latency(t, u, 15, o, 4, features, 3, 4, 0, 30e-3, -1e-3, SMALL));
    INVALID(spinnprop_encode_latency(t, u, 15, o, 4, features, 3, 4, 0, 30e-3, INFINITY, SMALL));
    INVALID(spinnprop_encode_latency(t, u, 15, o, 4, features, 3, 4, 0, 30e-3, -INFINITY, SMALL));
    WITH(features[7], 1.0000001, INVALID_VALUE, spinnprop_encode_latency(t, u, 15, o, 4, features, 3, 4, 0, 30e-3, 0, SMALL));
    WITH(features[7], -1e-9, INVALID_VALUE, spinnprop_encode_latency(t, u, 15, o, 4, features, 3, 4, 0, 30e-3, 0, SMALL));

    section = "latency code on a grid";
    INVALID(spinnprop_encode_latency_grid(NULL, u, 15, o, 4, features, 3, 4, 27, 2, 1e-3, LARGE));
    INVALID(spinnprop_encode_latency_grid(t, NULL, 15, o, 4, features, 3, 4, 27, 2, 1e-3, LARGE));
    INVALID(spinnprop_encode_latency_grid(t, u, 15, NULL, 4, features, 3, 4, 27, 2, 1e-3, LARGE));
    INVALID(spinnprop_encode_latency_grid(t, u, 15, o, 4, NULL, 3, 4, 27, 2, 1e-3, LARGE));
    INVALID(spinnprop_encode_latency_grid(t, u, 15, o, 5, features, 3, 4, 27, 2, 1e-3, LARGE));
    INVALID(spinnprop_encode_latency_grid(t, u, 15, o, 4, features, -3, 4, 27, 2, 1e-3, LARGE));
    INVALID(spinnprop_encode_latency_grid(t, u, 15, o, 4, features, 3, -4, 27, 2, 1e-3, LARGE));
    INVALID(spinnprop_encode_latency_grid(t, u, 3, o, 4, features, 3, 0, 27, 2, 1e-3, LARGE));
    INVALID(spinnprop_encode_latency_grid(t, u, 15, o, 4, features, INT64_MAX, INT32_MAX, 27, 2, 1e-3, LARGE));
    FAILS(OUT_OF_MEMORY,
          spinnprop_encode_latency_grid(t, u, 15, o, 4, features, INT64_C(1) << 40, INT32_MAX - 1, 27, 2, 1e-3, LARGE));
    const int32_t wrong_steps[] = {0, -1, 1, 2, 3, INT32_MIN};
    for (size_t index = 0; index < sizeof wrong_steps / sizeof *wrong_steps; index++)
        INVALID(spinnprop_encode_latency_grid(t, u, 15, o, 4, features, 3, 4, wrong_steps[index], 3, 1e-3, LARGE));
    const int32_t wrong_starts[] = {-1, 27, 100, INT32_MAX, INT32_MIN};
    for (size_t index = 0; index < sizeof wrong_starts / sizeof *wrong_starts; index++)
        INVALID(spinnprop_encode_latency_grid(t, u, 15, o, 4, features, 3, 4, 27, wrong_starts[index], 1e-3, LARGE));
    for (size_t index = 0; index < sizeof not_positive / sizeof *not_positive; index++)
        INVALID(spinnprop_encode_latency_grid(t, u, 15, o, 4, features, 3, 4, 27, 2, not_positive[index], LARGE));
    INVALID(spinnprop_encode_latency_grid(t, u, 15, o, 4, features, 3, 4, INT32_MAX, 2, 1e308, LARGE));
    const int32_t wrong_ends[] = {-1, 2, INT32_MAX, INT32_MIN};
    for (size_t index = 0; index < sizeof wrong_ends / sizeof *wrong_ends; index++) {
        INVALID(spinnprop_encode_latency(t, u, 15, o, 4, features, 3, 4, 0, 30e-3, 0, wrong_ends[index]));
        INVALID(spinnprop_encode_latency_grid(t, u, 15, o, 4, features, 3, 4, 27, 2, 1e-3, wrong_ends[index]));
    }
    WITH(features[0], 1.5, INVALID_VALUE, spinnprop_encode_latency_grid(t, u, 15, o, 4, features, 3, 4, 27, 2, 1e-3, LARGE));

    WORKS(spinnprop_encode_latency(t, u, 15, o, 4, features, 3, 4, 0, 30e-3, 0, SMALL));
    WORKS(spinnprop_encode_latency(t, u, 12, o, 4, features, 3, 4, 0, 30e-3, NAN, SMALL));
    WORKS(spinnprop_encode_latency_grid(t, u, 15, o, 4, features, 3, 4, 27, 2, 1e-3, LARGE));
    WORKS(spinnprop_encode_latency(NULL, NULL, 0, o, 1, NULL, 0, 4, 0, 30e-3, 0, SMALL));
    (void)more;
}

/* ---------------------------------------------------------------------------------------------------------- network */

static void networks_that_cannot_be(void) {
    spinnprop_network_options o = good_options();
    spinnprop_network *network = NOBODY(spinnprop_network);
    double values[64];
    int32_t flags[4] = {1, 1, 1, 1};
    int32_t wrong[3];
    for (int index = 0; index < 64; index++) values[index] = 1.0;
    begin("network options");
    WATCH(network);
    INVALID(spinnprop_network_create(NULL, &o));
    INVALID(spinnprop_network_create(&network, NULL));
    EACH_WRONG_SIZE(o, spinnprop_network_create(&network, &o));
    WITH(o.layer_sizes, NULL, INVALID_VALUE, spinnprop_network_create(&network, &o));
    const int32_t wrong_counts[] = {-1, 0, 1, INT32_MIN};
    for (size_t index = 0; index < sizeof wrong_counts / sizeof *wrong_counts; index++)
        WITH(o.n_layer_sizes, wrong_counts[index], INVALID_VALUE, spinnprop_network_create(&network, &o));
    o.layer_sizes = wrong;
    for (int at = 0; at < 3; at++) {
        const int32_t wrong_layer[] = {0, -1, INT32_MIN};
        for (int index = 0; index < 3; index++) {
            memcpy(wrong, sizes, sizeof wrong);
            wrong[at] = wrong_layer[index];
            INVALID(spinnprop_network_create(&network, &o));
        }
    }
    for (int at = 0; at < 3; at++) wrong[at] = INT32_MAX;
    FAILS(OUT_OF_MEMORY, spinnprop_network_create(&network, &o));
    wrong[0] = 1;
    FAILS(OUT_OF_MEMORY, spinnprop_network_create(&network, &o));
    /* 58 GB of weights, where that is more than there is. */
    for (int at = 0; at < 3; at++) wrong[at] = 60000;
    if ((double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE) < 58e9)
        FAILS(OUT_OF_MEMORY, spinnprop_network_create(&network, &o));
    o.layer_sizes = sizes;

    const struct parameter {
        const double **array;
        int32_t *n;
        int takes_zero, takes_negative;
        double too_large; /* 0: nothing finite is */
    } parameters[] = {{&o.tau_mem, &o.n_tau_mem, 0, 0, 0.0}, {&o.tau_syn, &o.n_tau_syn, 0, 0, 0.0},
                      {&o.threshold, &o.n_threshold, 0, 0, 0.0}, {&o.reset, &o.n_reset, 1, 1, 1.0},
                      {&o.drive, &o.n_drive, 1, 1, 1e300}, {&o.refractory, &o.n_refractory, 1, 0, 0.0}};
    for (size_t which = 0; which < sizeof parameters / sizeof *parameters; which++) {
        const struct parameter *p = &parameters[which];
        const int32_t counts[] = {-1, 3, 6, 8, INT32_MIN, INT32_MAX}; /* right: 0, 1, 2 layers, 7 neurons */
        *p->array = values;
        if (p->takes_zero)
            for (int index = 0; index < 64; index++) values[index] = 0.0;
        for (size_t index = 0; index < sizeof counts / sizeof *counts; index++)
            WITH(*p->n, counts[index], INVALID_VALUE, spinnprop_network_create(&network, &o));
        *p->n = 7;
        for (size_t index = 0; index < sizeof not_positive / sizeof *not_positive; index++) {
            const double value = not_positive[index];
            if (isfinite(value) && (value < 0 ? p->takes_negative : p->takes_zero)) continue;
            WITH(values[0], not_positive[index], INVALID_VALUE, spinnprop_network_create(&network, &o));
            WITH(values[6], not_positive[index], INVALID_VALUE, spinnprop_network_create(&network, &o));
        }
        if (p->too_large > 0)
            WITH(values[3], p->too_large, INVALID_VALUE, spinnprop_network_create(&network, &o));
        *p->array = NULL;
        INVALID(spinnprop_network_create(&network, &o));
        *p->n = 0;
    }
    const int32_t wrong_kinds[] = {-1, 4, INT32_MAX, INT32_MIN};
    for (int index = 0; index < 4; index++) {
        const int32_t kinds[] = {SPINNPROP_DELAYS_AXONAL, wrong_kinds[index]}, counts[] = {-1, 0, 2, 3, INT32_MAX};
        o.delays = kinds;
        for (int count = 0; count < 5; count++)
            WITH(o.n_delays, counts[count], INVALID_VALUE, spinnprop_network_create(&network, &o));
        o.delays = &wrong_kinds[index];
        WITH(o.n_delays, 1, INVALID_VALUE, spinnprop_network_create(&network, &o));
        o.delays = NULL;
        WITH(o.n_delays, 1, INVALID_VALUE, spinnprop_network_create(&network, &o));
        WITH(o.readout, index == 1 ? 2 : wrong_kinds[index], INVALID_VALUE, spinnprop_network_create(&network, &o));
    }
    WITH(o.n_recurrent, 1, INVALID_VALUE, spinnprop_network_create(&network, &o));
    o.recurrent = flags;
    const int32_t wrong_flags[] = {-1, 2, 3, INT32_MAX, INT32_MIN};
    for (size_t index = 0; index < sizeof wrong_flags / sizeof *wrong_flags; index++)
        WITH(o.n_recurrent, wrong_flags[index], INVALID_VALUE, spinnprop_network_create(&network, &o));
    o.recurrent = NULL;
    const int32_t pairs[] = {0, 1, 1, 2, 0, 2}, many[] = {-1, 0, 6, INT32_MAX, INT32_MIN};
    WITH(o.n_connections, 1, INVALID_VALUE, spinnprop_network_create(&network, &o));
    o.connections = pairs;
    for (int index = 0; index < 5; index++)
        WITH(o.n_connections, many[index], INVALID_VALUE, spinnprop_network_create(&network, &o));
    WITH(o.n_connections, 1, INVALID_VALUE, spinnprop_network_create(&network, &o)); /* nothing leads to layer 1 */
    const int32_t wrong_pairs[][4] = {{0, 1, 1, 1},  {0, 1, 2, 1},         {0, 1, 0, 1},         {0, 1, 1, 0}, {0, 1, 1, 3},
                                      {0, 1, -1, 2}, {0, 1, INT32_MAX, 2}, {0, 1, 1, INT32_MIN}, {0, 0, 1, 2}};
    o.n_connections = 2;
    for (size_t index = 0; index < sizeof wrong_pairs / sizeof *wrong_pairs; index++) {
        o.connections = wrong_pairs[index];
        INVALID(spinnprop_network_create(&network, &o));
    }
    o.connections = NULL;
    o.n_connections = 0;
    for (int index = 0; index < 64; index++) values[index] = 1.0;
    const double **spreads[] = {&o.weight_mean, &o.weight_std};
    int32_t *n_spreads[] = {&o.n_weight_mean, &o.n_weight_std};
    for (int which = 0; which < 2; which++) {
        *spreads[which] = values;
        const int32_t counts[] = {-1, 3, 7, INT32_MAX, INT32_MIN};
        for (size_t index = 0; index < sizeof counts / sizeof *counts; index++)
            WITH(*n_spreads[which], counts[index], INVALID_VALUE, spinnprop_network_create(&network, &o));
        *n_spreads[which] = 2;
        for (int index = 0; index < 3; index++)
            WITH(values[1], not_numbers[index], INVALID_VALUE, spinnprop_network_create(&network, &o));
        if (which == 1) WITH(values[0], -1e-9, INVALID_VALUE, spinnprop_network_create(&network, &o));
        *spreads[which] = NULL;
        INVALID(spinnprop_network_create(&network, &o));
        *n_spreads[which] = 0;
    }
    INVALID(spinnprop_network_copy(NULL, NULL));
    INVALID(spinnprop_network_copy(&network, NULL));
    INVALID(spinnprop_network_copy(&network, NOBODY(spinnprop_network)));
}

static void network_access(void) {
    spinnprop_network *network = good_network(SPINNPROP_DELAYS_SYNAPTIC, SPINNPROP_READOUT_SPIKING);
    spinnprop_network *plain = good_network(SPINNPROP_DELAYS_NONE, SPINNPROP_READOUT_SPIKING);
    spinnprop_recording *recording = good_recording(network);
    spinnprop_network_info info;
    int64_t rows = 77, columns = 77, n_before, n_after;
    double values[64];
    uint8_t *before = bytes_of(network, &n_before), *after;
    spinnprop_network_info_init(&info);
    info.n_inputs = 77;
    begin("network access");
    WATCH(rows);
    WATCH(columns);
    INVALID(spinnprop_network_describe(NULL, network));
    INVALID(spinnprop_network_describe(&info, NULL));
    INVALID(spinnprop_network_describe(&info, (const spinnprop_network *)(const void *)recording));
    EACH_WRONG_SIZE(info, spinnprop_network_describe(&info, network));
    HOLDS(info.n_inputs == 77);
    /* A struct of an older program, here only the first two numbers, is filled as far as it goes. */
    info.size = offsetof(spinnprop_network_info, n_outputs);
    info.n_outputs = 88;
    WORKS(spinnprop_network_describe(&info, network));
    HOLDS(info.n_inputs == N_INPUTS && info.n_outputs == 88 &&
          info.size == offsetof(spinnprop_network_info, n_outputs));

    int32_t kinds[] = {77, 77, 77};
    WATCH(kinds);
    INVALID(spinnprop_network_delay_kinds(NULL, 2, network));
    INVALID(spinnprop_network_delay_kinds(kinds, 2, NULL));
    INVALID(spinnprop_network_delay_kinds(kinds, 1, network));
    INVALID(spinnprop_network_delay_kinds(kinds, 3, network));
    INVALID(spinnprop_network_delay_kinds(kinds, INT64_MIN, network));

    int32_t ends[] = {77, 77, 77, 77, 77, 77};
    WATCH(ends);
    INVALID(spinnprop_network_connections(NULL, 4, network));
    INVALID(spinnprop_network_connections(ends, 4, NULL));
    INVALID(spinnprop_network_connections(ends, 2, network));
    INVALID(spinnprop_network_connections(ends, 6, network));
    INVALID(spinnprop_network_connections(ends, INT64_MIN, network));

    INVALID(spinnprop_network_copy(NULL, network));
    INVALID(spinnprop_network_shape(NULL, &columns, network, SPINNPROP_WEIGHTS, 0));
    INVALID(spinnprop_network_shape(&rows, NULL, network, SPINNPROP_WEIGHTS, 0));
    INVALID(spinnprop_network_shape(&rows, &columns, NULL, SPINNPROP_WEIGHTS, 0));
    for (int index = 0; index < 64; index++) values[index] = 0.5;
    WATCH(values);
    const int32_t wrong_parameters[] = {-1, 10, INT32_MAX, INT32_MIN}, wrong_layers[] = {-1, 2, INT32_MAX, INT32_MIN};
    for (int index = 0; index < 4; index++) {
        INVALID(spinnprop_network_shape(&rows, &columns, network, wrong_parameters[index], 0));
        INVALID(spinnprop_network_get(values, 12, network, wrong_parameters[index], 0));
        INVALID(spinnprop_network_set(network, wrong_parameters[index], 0, values, 12));
        FAILS(INVALID_INDEX, spinnprop_network_shape(&rows, &columns, network, 0, wrong_layers[index]));
        FAILS(INVALID_INDEX, spinnprop_network_get(values, 12, network, 0, wrong_layers[index]));
        FAILS(INVALID_INDEX, spinnprop_network_set(network, 0, wrong_layers[index], values, 12));
    }
    for (int32_t parameter = SPINNPROP_WEIGHTS; parameter <= SPINNPROP_REFRACTORY; parameter++) {
        int64_t n_rows, n_columns, n;
        WORKS(spinnprop_network_shape(&n_rows, &n_columns, network, parameter, 0));
        n = n_rows * n_columns;
        const int64_t counts[] = {-1, n - 1, n + 1, INT64_MAX, INT64_MIN};
        for (int index = 0; index < 5; index++) {
            INVALID(spinnprop_network_get(values, counts[index], network, parameter, 0));
            INVALID(spinnprop_network_set(network, parameter, 0, values, counts[index]));
        }
        INVALID(spinnprop_network_get(values, n, NULL, parameter, 0));
        INVALID(spinnprop_network_set(NULL, parameter, 0, values, n));
        if (n == 0) continue;
        INVALID(spinnprop_network_get(NULL, n, network, parameter, 0));
        INVALID(spinnprop_network_set(network, parameter, 0, NULL, n));
        double some[64];
        for (int index = 0; index < 3; index++) {
            for (int at = 0; at < 64; at++) some[at] = 0.5;
            some[n - 1] = not_numbers[index];
            INVALID(spinnprop_network_set(network, parameter, 0, some, n));
        }
        some[n - 1] = -1.0;
        if (parameter != SPINNPROP_WEIGHTS && parameter != SPINNPROP_RESET && parameter != SPINNPROP_DRIVE)
            INVALID(spinnprop_network_set(network, parameter, 0, some, n));
    }
    for (int32_t parameter = SPINNPROP_MASK; parameter <= SPINNPROP_RECURRENT_WEIGHT_BOUNDS; parameter++) {
        int64_t n_rows, n_columns, n;
        WORKS(spinnprop_network_shape(&n_rows, &n_columns, network, parameter, 0));
        n = n_rows * n_columns;
        double held[64];
        WORKS(spinnprop_network_get(held, n, network, parameter, 0));
        const int64_t counts[] = {-1, n - 1, n + 1, INT64_MAX, INT64_MIN};
        for (int index = 0; index < 5; index++) {
            INVALID(spinnprop_network_get(held, counts[index], network, parameter, 0));
            INVALID(spinnprop_network_set(network, parameter, 0, held, counts[index]));
        }
        INVALID(spinnprop_network_get(held, n, NULL, parameter, 0));
        INVALID(spinnprop_network_set(NULL, parameter, 0, held, n));
        if (n == 0) continue;
        INVALID(spinnprop_network_get(NULL, n, network, parameter, 0));
        INVALID(spinnprop_network_set(network, parameter, 0, NULL, n));
        const double wrong[] = {NAN, -INFINITY, 0.5, 2.0, 1e300};
        const int n_wrong = parameter < SPINNPROP_WEIGHT_BOUNDS ? 5 : 2;
        for (int index = 0; index < n_wrong; index++) {
            held[n - 1] = wrong[index];
            INVALID(spinnprop_network_set(network, parameter, 0, held, n));
        }
    }
    /* Where there is no array, only zeros may be set. */
    INVALID(spinnprop_network_set(plain, SPINNPROP_RECURRENT_WEIGHTS, 0, values, 16));
    INVALID(spinnprop_network_set(plain, SPINNPROP_RECURRENT_DELAYS, 0, values, 16));
    INVALID(spinnprop_network_set(plain, SPINNPROP_DELAYS, 0, values, 12));
    const double zeros[16] = {0};
    WORKS(spinnprop_network_set(plain, SPINNPROP_RECURRENT_WEIGHTS, 0, zeros, 16));
    WORKS(spinnprop_network_set(plain, SPINNPROP_RECURRENT_DELAYS, 0, zeros, 16));
    WORKS(spinnprop_network_set(plain, SPINNPROP_DELAYS, 0, zeros, 12));
    WORKS(spinnprop_network_get(NULL, 0, plain, SPINNPROP_DELAYS, 0));

    after = bytes_of(network, &n_after);
    HOLDS(n_after == n_before && memcmp(before, after, (size_t)n_before) == 0);
    free(before);
    free(after);
    spinnprop_recording_free(recording);
    spinnprop_network_free(network);
    spinnprop_network_free(plain);
}

/* ------------------------------------------------------------------------------------------------------------ files */

static void files_that_are_no_networks(const char *folder) {
    spinnprop_network *network = good_network(SPINNPROP_DELAYS_DENDRITIC, SPINNPROP_READOUT_LEAKY);
    spinnprop_network *result = NOBODY(spinnprop_network);
    spinnprop_recording *recording = good_recording(network), *run = NOBODY(spinnprop_recording);
    int64_t n, n_recording, needed = 77;
    uint8_t *bytes = bytes_of(network, &n), *broken;
    char path[4096], long_path[8192];
    begin("files");
    WATCH(result);
    WATCH(run);
    WATCH(needed);
    snprintf(path, sizeof path, "%s/no such folder/file", folder);
    FAILS(FILE_NOT_FOUND, spinnprop_network_load(&result, path));
    HOLDS(strstr(spinnprop_last_error(), "no such folder") != NULL);
    FAILS(FILE_NOT_FOUND, spinnprop_network_save(network, path));
    FAILS(FILE_ERROR, spinnprop_network_load(&result, folder));
    FAILS(FILE_ERROR, spinnprop_network_save(network, folder));
    memset(long_path, 'a', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    FAILS(FILE_ERROR, spinnprop_network_load(&result, long_path));
    FAILS(FILE_ERROR, spinnprop_network_save(network, long_path));
    INVALID(spinnprop_network_load(&result, NULL));
    INVALID(spinnprop_network_load(&result, ""));
    FAILS(FILE_NOT_FOUND, spinnprop_network_load(&result, "\xff\xfe"));
    HOLDS(strstr(spinnprop_last_error(), "\\xff\\xfe: ") != NULL);
    INVALID(spinnprop_network_load(NULL, path));
    INVALID(spinnprop_network_save(network, NULL));
    INVALID(spinnprop_network_save(network, ""));
    INVALID(spinnprop_network_save(NULL, path));
    FAILS(FILE_NOT_FOUND, spinnprop_network_load(&result, "two\nlines"));

    INVALID(spinnprop_network_to_bytes(bytes, n, &needed, NULL));
    INVALID(spinnprop_network_to_bytes(bytes, n, NULL, network));
    INVALID(spinnprop_network_to_bytes(bytes, n - 1, &needed, network));
    INVALID(spinnprop_network_to_bytes(bytes, -1, &needed, network));
    INVALID(spinnprop_network_from_bytes(NULL, bytes, n));
    INVALID(spinnprop_network_from_bytes(&result, NULL, n));
    INVALID(spinnprop_network_from_bytes(&result, bytes, -1));
    INVALID(spinnprop_network_from_bytes(&result, bytes, INT64_MIN));
    for (int64_t length = 0; length < n; length += length < 64 ? 1 : 97)
        FAILS(FILE_ERROR, spinnprop_network_from_bytes(&result, bytes, length));
    FAILS(FILE_ERROR, spinnprop_network_from_bytes(&result, NULL, 0));

    begin("recordings as bytes");
    WATCH(result);
    WATCH(run);
    WORKS(spinnprop_recording_to_bytes(NULL, 0, &n_recording, recording));
    broken = allocate((size_t)n_recording);
    INVALID(spinnprop_recording_to_bytes(broken, n_recording - 1, &n_recording, recording));
    INVALID(spinnprop_recording_to_bytes(broken, n_recording, NULL, recording));
    INVALID(spinnprop_recording_to_bytes(broken, n_recording, &n_recording, NULL));
    INVALID(spinnprop_recording_to_bytes(broken, -1, &n_recording, recording));
    WORKS(spinnprop_recording_to_bytes(broken, n_recording, &n_recording, recording));
    INVALID(spinnprop_recording_from_bytes(NULL, broken, n_recording));
    INVALID(spinnprop_recording_from_bytes(&run, NULL, n_recording));
    INVALID(spinnprop_recording_from_bytes(&run, broken, -1));
    for (int64_t length = 0; length < n_recording; length += length < 64 ? 1 : 97)
        FAILS(FILE_ERROR, spinnprop_recording_from_bytes(&run, broken, length));
    /* An engine nobody has. */
    for (int64_t at = 0; at + 15 < n_recording; at++)
        if (memcmp(broken + at, "\"engine\":\"event\"", 16) == 0) {
            broken[at + 10] = 'E';
            FAILS(FILE_ERROR, spinnprop_recording_from_bytes(&run, broken, n_recording));
            broken[at + 10] = 'e';
        }
    /* One noun's bytes are not the other's. */
    FAILS(FILE_ERROR, spinnprop_network_from_bytes(&result, broken, n_recording));
    FAILS(FILE_ERROR, spinnprop_recording_from_bytes(&run, bytes, n));

    /* What was written comes back. */
    WORKS(spinnprop_recording_from_bytes(&run, broken, n_recording));
    WORKS(spinnprop_network_from_bytes(&result, bytes, n));
    spinnprop_network_free(result);
    snprintf(path, sizeof path, "%s/hostile.safetensors", folder);
    WORKS(spinnprop_network_save(network, path));
    WORKS(spinnprop_network_load(&result, path));
    int64_t n_result;
    uint8_t *again = bytes_of(result, &n_result);
    HOLDS(n_result == n && memcmp(again, bytes, (size_t)n) == 0);
    remove(path);
    free(again);
    free(bytes);
    free(broken);
    spinnprop_network_free(result);
    spinnprop_network_free(network);
    spinnprop_recording_free(recording);
    spinnprop_recording_free(run);
}

/* ---------------------------------------------------------------------------------------------------------- engine */

static void engines_that_cannot_be(void) {
    spinnprop_network *network = good_network(SPINNPROP_DELAYS_NONE, SPINNPROP_READOUT_SPIKING);
    spinnprop_engine *engine = NOBODY(spinnprop_engine);
    spinnprop_clock_options o, options;
    spinnprop_engine_info made;
    spinnprop_loss loss;
    spinnprop_clock_options_init(&o);
    spinnprop_clock_options_init(&options);
    /* Watched as a whole, padding too. */
    memset(&made, 0x55, sizeof made);
    made.size = sizeof made;
    memset(&loss, 0x55, sizeof loss);
    loss.size = sizeof loss;
    begin("engine");
    WATCH(engine);
    WATCH(made);
    WATCH(loss);
    INVALID(spinnprop_engine_create(NULL, SPINNPROP_ENGINE_EVENT));
    INVALID(spinnprop_clock_create(NULL, &o));
    EACH_WRONG_SIZE(o, spinnprop_clock_create(&engine, &o));
    const int32_t wrong_kinds[] = {-1, 1000, INT32_MAX, INT32_MIN};
    for (int index = 0; index < 4; index++)
        INVALID(spinnprop_engine_create(&engine, wrong_kinds[index]));
    const double wrong_steps_in_time[] = {0.0, -1e-3, NAN, INFINITY, -INFINITY, 1e-320, 1e308};
    for (int index = 0; index < 7; index++)
        WITH(o.time_step, wrong_steps_in_time[index], INVALID_VALUE, spinnprop_clock_create(&engine, &o));
    const int32_t wrong_steps[] = {0, 1, -1, INT32_MIN}, wrong_decays[] = {-1, 2, INT32_MAX, INT32_MIN};
    for (int index = 0; index < 4; index++) {
        WITH(o.steps, wrong_steps[index], INVALID_VALUE, spinnprop_clock_create(&engine, &o));
        WITH(o.decay, wrong_decays[index], INVALID_VALUE, spinnprop_clock_create(&engine, &o));
        if (wrong_steps[index] != 1)
            WITH(o.copies, wrong_steps[index], INVALID_VALUE, spinnprop_clock_create(&engine, &o));
        if (wrong_steps[index] != 0)
            WITH(o.weight_bits, wrong_steps[index], INVALID_VALUE, spinnprop_clock_create(&engine, &o));
    }
    WITH(o.weight_bits, 17, INVALID_VALUE, spinnprop_clock_create(&engine, &o));
    INVALID(spinnprop_engine_describe(&made, NULL));
    INVALID(spinnprop_engine_describe(&made, (const spinnprop_engine *)(const void *)network));
    INVALID(spinnprop_engine_loss(&loss, NOBODY(spinnprop_engine), network));
    INVALID(spinnprop_engine_loss(&loss, NULL, NULL));
    INVALID(spinnprop_engine_loss(&loss, NULL, NOBODY(spinnprop_network)));
    INVALID(spinnprop_engine_loss(NULL, NULL, network));
    spinnprop_setting setting;
    spinnprop_setting_init(NULL);
    spinnprop_setting_init(&setting);
    INVALID(spinnprop_engine_setting(&setting, NOBODY(spinnprop_engine), NULL));
    INVALID(spinnprop_engine_setting(&setting, NULL, NOBODY(spinnprop_network)));
    INVALID(spinnprop_engine_setting(NULL, NULL, NULL));
    EACH_WRONG_SIZE(setting, spinnprop_engine_setting(&setting, NULL, network));
    begin("engines that are");
    WORKS(spinnprop_clock_create(&engine, NULL));
    INVALID(spinnprop_clock_get_options(NULL, engine));
    INVALID(spinnprop_clock_get_options(&options, NULL));
    EACH_WRONG_SIZE(options, spinnprop_clock_get_options(&options, engine));
    WORKS(spinnprop_clock_get_options(&options, engine));
    HOLDS(options.steps == o.steps && options.time_step == o.time_step && options.copies == o.copies);
    double rounded[64], scales[5 + N_OUTPUTS];
    const int64_t n_neurons = 4 + N_OUTPUTS;
    int32_t whole[64];
    int64_t n_weights = 0;
    for (int32_t layer = 0; layer < 2; layer++) {
        int64_t rows = 0, columns = 0;
        WORKS(spinnprop_network_shape(&rows, &columns, network, SPINNPROP_WEIGHTS, layer));
        n_weights += rows * columns;
    }
    HOLDS(n_weights < 64);
    INVALID(spinnprop_clock_round_weights(rounded, whole, n_weights, scales, n_neurons, engine, network)); /* it does not round */
    spinnprop_engine_free(engine);
    o.weight_bits = 4;
    WORKS(spinnprop_clock_create(&engine, &o));
    o.weight_bits = 0;
    const int64_t no_weights[] = {-1, 0, n_weights - 1, n_weights + 1, INT64_MAX, INT64_MIN};
    for (int index = 0; index < 6; index++)
        INVALID(spinnprop_clock_round_weights(rounded, whole, no_weights[index], scales, n_neurons, engine, network));
    INVALID(spinnprop_clock_round_weights(rounded, whole, n_weights, scales, n_neurons + 1, engine, network));
    INVALID(spinnprop_clock_round_weights(NULL, whole, n_weights, scales, n_neurons, engine, network));
    INVALID(spinnprop_clock_round_weights(rounded, NULL, n_weights, scales, n_neurons, engine, network));
    INVALID(spinnprop_clock_round_weights(rounded, whole, n_weights, NULL, n_neurons, engine, network));
    INVALID(spinnprop_clock_round_weights(rounded, whole, n_weights, scales, n_neurons, NULL, network));
    INVALID(spinnprop_clock_round_weights(rounded, whole, n_weights, scales, n_neurons, engine, NULL));
    WORKS(spinnprop_clock_round_weights(rounded, whole, n_weights, scales, n_neurons, engine, network));
    for (int64_t index = 0; index < n_weights; index++) HOLDS(whole[index] >= -7 && whole[index] <= 7);
    spinnprop_engine_free(engine);
    WORKS(spinnprop_engine_create(&engine, SPINNPROP_ENGINE_EVENT));
    FAILS(UNSUPPORTED, spinnprop_clock_get_options(&options, engine));
    FAILS(UNSUPPORTED, spinnprop_clock_round_weights(rounded, whole, n_weights, scales, n_neurons, engine, network));
    spinnprop_first_spike_options first;
    spinnprop_first_spike_options_init(NULL);
    spinnprop_first_spike_options_init(&first);
    FAILS(UNSUPPORTED, spinnprop_first_spike_get_options(&first, engine));
    spinnprop_engine_free(engine);
    engine = NOBODY(spinnprop_engine);
    INVALID(spinnprop_first_spike_create(NULL, &first));
    EACH_WRONG_SIZE(first, spinnprop_first_spike_create(&engine, &first));
    const double wrong_limits[] = {-1.0, NAN, INFINITY, -INFINITY};
    for (int index = 0; index < 4; index++)
        WITH(first.max_weight_step, wrong_limits[index], INVALID_VALUE, spinnprop_first_spike_create(&engine, &first));
    first.max_weight_step = 0.25;
    WORKS(spinnprop_first_spike_create(&engine, &first));
    INVALID(spinnprop_first_spike_get_options(NULL, engine));
    INVALID(spinnprop_first_spike_get_options(&first, NULL));
    first.max_weight_step = 1.0;
    EACH_WRONG_SIZE(first, spinnprop_first_spike_get_options(&first, engine));
    WORKS(spinnprop_first_spike_get_options(&first, engine));
    HOLDS(first.max_weight_step == 0.25);
    spinnprop_engine_free(engine);
    WORKS(spinnprop_engine_create(&engine, SPINNPROP_ENGINE_EVENT));
    INVALID(spinnprop_engine_describe(NULL, engine));
    EACH_WRONG_SIZE(made, spinnprop_engine_describe(&made, engine));
    WORKS(spinnprop_engine_describe(&made, engine));
    HOLDS(made.kind == SPINNPROP_ENGINE_EVENT && made.steps == 0);
    EACH_WRONG_SIZE(loss, spinnprop_engine_loss(&loss, engine, network));
    WORKS(spinnprop_engine_loss(&loss, engine, network));
    HOLDS(loss.kind == SPINNPROP_LOSS_TTFS_CROSS_ENTROPY);
    spinnprop_network *leaky = good_network(SPINNPROP_DELAYS_NONE, SPINNPROP_READOUT_LEAKY);
    WORKS(spinnprop_engine_loss(&loss, NULL, leaky));
    spinnprop_network_free(leaky);
    HOLDS(loss.kind == SPINNPROP_LOSS_VMAX_CROSS_ENTROPY);
    WORKS(spinnprop_engine_setting(&setting, engine, NULL));
    spinnprop_training_options usual;
    spinnprop_training_options_init(&usual);
    HOLDS(setting.tau_mem == 20e-3 && setting.tau_syn == 5e-3 && setting.learning_rate == usual.learning_rate);
    HOLDS(setting.clip_norm == usual.clip_norm && setting.bump == usual.bump);
    /* A trainer outlives the engine and the options it was made with. */
    spinnprop_spikes s = good_spikes();
    spinnprop_forward_options forward;
    spinnprop_training_options training;
    spinnprop_trainer *trainer = NULL;
    spinnprop_forward_options_init(&forward);
    spinnprop_training_options_init(&training);
    forward.engine = engine;
    training.forward = &forward;
    training.epochs = 1;
    WORKS(spinnprop_trainer_create(&trainer, network, &training));
    spinnprop_engine_free(engine);
    memset(&forward, 0x55, sizeof forward);
    WORKS(spinnprop_trainer_run(trainer, &s, labels, N_SAMPLES, NULL, NULL, 0, NULL, NULL));
    spinnprop_trainer_free(trainer);
    spinnprop_network_free(network);
}

/* A grid of steps: what is refused only once it meets a network, spikes, a recording or a trainer. */
static void grids_that_do_not_fit(void) {
    spinnprop_network *network = good_network(SPINNPROP_DELAYS_NONE, SPINNPROP_READOUT_SPIKING);
    spinnprop_engine *clock = NULL, *coarse = NULL, *copies = NULL;
    spinnprop_clock_options o;
    spinnprop_engine_info made;
    spinnprop_spikes s = good_spikes();
    spinnprop_recording *recording = NULL, *exact = NULL, *none = NOBODY(spinnprop_recording);
    spinnprop_gradient *gradient = NOBODY(spinnprop_gradient);
    spinnprop_trainer *trainer = NOBODY(spinnprop_trainer);
    spinnprop_forward_options forward;
    spinnprop_gradient_options rule;
    spinnprop_training_options training;
    spinnprop_loss steps;
    double value = 0;
    int64_t n = 0, ends[N_SAMPLES + 1], classes[N_SAMPLES];
    begin("clock");
    spinnprop_clock_options_init(&o);
    spinnprop_engine_info_init(&made);
    spinnprop_loss_init(&steps, SPINNPROP_LOSS_STEP_TTFS_CROSS_ENTROPY);
    spinnprop_forward_options_init(&forward);
    spinnprop_gradient_options_init(&rule);
    spinnprop_training_options_init(&training);
    o.steps = 60;
    WORKS(spinnprop_clock_create(&clock, &o));
    o.time_step = 2e-3;
    WORKS(spinnprop_clock_create(&coarse, &o));
    o.copies = 5;
    WORKS(spinnprop_clock_create(&copies, &o));
    WORKS(spinnprop_engine_describe(&made, clock));
    HOLDS(made.kind == SPINNPROP_ENGINE_CLOCK && made.steps == 60 && made.time_step == 1e-3 && made.copies == 1);
    WORKS(spinnprop_engine_loss(&steps, clock, network));
    HOLDS(steps.kind == SPINNPROP_LOSS_STEP_TTFS_CROSS_ENTROPY && steps.xi > 0);
    spinnprop_setting setting;
    spinnprop_setting_init(&setting);
    WORKS(spinnprop_engine_setting(&setting, clock, NULL));
    HOLDS(setting.tau_mem >= 30e-3 && setting.tau_syn >= 20e-3 && setting.bump > 0);
    /* A network takes its part by itself, unless it is given. */
    spinnprop_network_options meant;
    spinnprop_network *made_for = NULL;
    const int32_t meant_sizes[] = {5, 4, 3};
    double tau[4];
    spinnprop_network_options_init(&meant);
    meant.layer_sizes = meant_sizes;
    meant.n_layer_sizes = 3;
    meant.engine = clock;
    WITH(meant.engine, NOBODY(spinnprop_engine), INVALID_VALUE, spinnprop_network_create(&made_for, &meant));
    WORKS(spinnprop_network_create(&made_for, &meant));
    WORKS(spinnprop_network_get(tau, 4, made_for, SPINNPROP_TAU_MEM, 0));
    HOLDS(tau[0] == setting.tau_mem && tau[3] == setting.tau_mem);
    spinnprop_network_free(made_for);
    const double wrong_scales[] = {0.0, -1.0, NAN, INFINITY};
    for (int index = 0; index < 4; index++) {
        WITH(steps.xi, wrong_scales[index], INVALID_VALUE, spinnprop_loss_check(&steps));
        WITH(steps.beta, wrong_scales[index], INVALID_VALUE, spinnprop_loss_check(&steps));
    }
    WATCH(none);
    forward.engine = clock;
    WITH(forward.t_end, 1.0, INVALID_VALUE, spinnprop_network_forward(&none, network, &s, &forward, NULL, NULL));
    WITH(times[0], 0.06, INVALID_VALUE, spinnprop_network_forward(&none, network, &s, &forward, NULL, NULL));
    WORKS(spinnprop_network_forward(&exact, network, &s, NULL, NULL, NULL));
    WORKS(spinnprop_network_forward(&recording, network, &s, &forward, NULL, NULL));
    WORKS(spinnprop_recording_engine(&made, recording));
    HOLDS(made.kind == SPINNPROP_ENGINE_CLOCK && made.steps == 60);
    WORKS(spinnprop_recording_engine(&made, exact));
    HOLDS(made.kind == SPINNPROP_ENGINE_EVENT);
    INVALID(spinnprop_recording_engine(&made, NULL));
    INVALID(spinnprop_recording_engine(NULL, exact));
    EACH_WRONG_SIZE(made, spinnprop_recording_engine(&made, exact));
    WORKS(spinnprop_recording_spike_count(&n, recording, 0));
    HOLDS(n > 0 && n < 100);
    double membranes[100], all_times[100];
    int32_t all_units[100];
    WORKS(spinnprop_recording_spikes(all_times, all_units, NULL, membranes, n, ends, N_SAMPLES + 1, recording, 0));
    for (int64_t spike = 0; spike < n && spike < 100; spike++) HOLDS(membranes[spike] > 1.0);
    WATCH(gradient);
    WATCH(value);
#define GRADIENT_OF(recording, loss) \
    spinnprop_network_gradient(&gradient, &value, network, recording, loss, labels, N_SAMPLES, NULL, 0, &rule, NULL, NULL)
    WITH(rule.engine, coarse, INVALID_VALUE, GRADIENT_OF(recording, NULL));
    WITH(rule.neurons, 1, UNSUPPORTED, GRADIENT_OF(recording, NULL));
    WITH(rule.engine, coarse, UNSUPPORTED, GRADIENT_OF(exact, NULL));
    FAILS(UNSUPPORTED, GRADIENT_OF(exact, &steps));
    FAILS(UNSUPPORTED, spinnprop_recording_predict(classes, N_SAMPLES, exact, &steps));
    training.forward = &forward;
    training.gradient = &rule;
    training.epochs = 1;
    WATCH(trainer);
    forward.engine = NULL;
    WITH(rule.engine, coarse, UNSUPPORTED, spinnprop_trainer_create(&trainer, network, &training));
    WITH(training.loss, &steps, UNSUPPORTED, spinnprop_trainer_create(&trainer, network, &training));
    forward.engine = copies;

    begin("clock that runs");
    /* More copies than samples in a batch: some are idle. */
    training.batch_size = 4;
    WORKS(spinnprop_trainer_create(&trainer, network, &training));
    WORKS(spinnprop_trainer_run(trainer, &s, labels, N_SAMPLES, NULL, NULL, 0, NULL, NULL));
    WORKS(GRADIENT_OF(recording, NULL));
    HOLDS(isfinite(value));
#undef GRADIENT_OF
    spinnprop_trainer_free(trainer);
    spinnprop_gradient_free(gradient);
    spinnprop_recording_free(recording);
    spinnprop_recording_free(exact);
    spinnprop_engine_free(clock);
    spinnprop_engine_free(coarse);
    spinnprop_engine_free(copies);
    spinnprop_network_free(network);
}

/* -------------------------------------------------------------------------------------------- forward and recording */

static void runs_that_cannot_be(void) {
    spinnprop_network *network = good_network(SPINNPROP_DELAYS_NONE, SPINNPROP_READOUT_SPIKING);
    spinnprop_recording *recording = NOBODY(spinnprop_recording);
    spinnprop_spikes s = good_spikes();
    spinnprop_forward_options o;
    int calls = 0;
    spinnprop_forward_options_init(&o);
    begin("forward");
    WATCH(recording);
    INVALID(spinnprop_network_wake(NULL, &s, &o, NULL, NULL));
    INVALID(spinnprop_network_wake(NOBODY(spinnprop_network), &s, &o, NULL, NULL));
    INVALID(spinnprop_network_wake(network, NULL, &o, NULL, NULL));
    EACH_WRONG_SIZE(o, spinnprop_network_wake(network, &s, &o, NULL, NULL));
    WITH(o.max_spikes, 1, TOO_MANY_SPIKES, spinnprop_network_wake(network, &s, &o, NULL, NULL));
    INVALID(spinnprop_network_forward(NULL, network, &s, &o, NULL, NULL));
    INVALID(spinnprop_network_forward(&recording, NULL, &s, &o, NULL, NULL));
    INVALID(spinnprop_network_forward(&recording, network, NULL, &o, NULL, NULL));
    INVALID(spinnprop_network_forward(&recording, NOBODY(spinnprop_network), &s, &o, NULL, NULL));
    EACH_WRONG_SIZE(o, spinnprop_network_forward(&recording, network, &s, &o, NULL, NULL));
    EACH_WRONG_SIZE(s, spinnprop_network_forward(&recording, network, &s, &o, NULL, NULL));
    WITH(o.engine, NOBODY(spinnprop_engine), INVALID_VALUE,
         spinnprop_network_forward(&recording, network, &s, &o, NULL, NULL));
    WITH(o.engine, (const spinnprop_engine *)(const void *)network, INVALID_VALUE,
         spinnprop_network_forward(&recording, network, &s, &o, NULL, NULL));
    const double wrong_ends[] = {NAN, -INFINITY, -1.0, -1e-300};
    for (int index = 0; index < 4; index++)
        WITH(o.t_end, wrong_ends[index], INVALID_VALUE,
             spinnprop_network_forward(&recording, network, &s, &o, NULL, NULL));
    WITH(o.max_spikes, -1, INVALID_VALUE, spinnprop_network_forward(&recording, network, &s, &o, NULL, NULL));
    WITH(o.max_spikes, INT64_MIN, INVALID_VALUE, spinnprop_network_forward(&recording, network, &s, &o, NULL, NULL));
    WITH(o.max_spikes, 1, TOO_MANY_SPIKES, spinnprop_network_forward(&recording, network, &s, &o, NULL, NULL));
    WITH(s.n_units, N_INPUTS + 1, INVALID_VALUE, spinnprop_network_forward(&recording, network, &s, &o, NULL, NULL));
    WITH(times[0], NAN, INVALID_VALUE, spinnprop_network_forward(&recording, network, &s, &o, NULL, NULL));

    /* Recurrence needs an end; runaway activity ends in an error, not in a hang. */
    spinnprop_network_options options = good_options();
    spinnprop_network *recurrent = NULL;
    double weights[16];
    const int32_t flag = 1;
    options.recurrent = &flag;
    options.n_recurrent = 1;
    WORKS(spinnprop_network_create(&recurrent, &options));
    for (int index = 0; index < 16; index++) weights[index] = 10.0;
    WORKS(spinnprop_network_set(recurrent, SPINNPROP_WEIGHTS, 0, weights, 12));
    WORKS(spinnprop_network_set(recurrent, SPINNPROP_RECURRENT_WEIGHTS, 0, weights, 16));
    INVALID(spinnprop_network_forward(&recording, recurrent, &s, &o, NULL, NULL));
    o.t_end = 1e6;
    o.max_spikes = 20000;
    FAILS(TOO_MANY_SPIKES, spinnprop_network_forward(&recording, recurrent, &s, &o, NULL, NULL));
    /* Seconds of work, stopped at the first call of the callback. */
    o.max_spikes = 0;
    FAILS(CANCELLED, spinnprop_network_forward(&recording, recurrent, &s, &o, stop_at_once, &calls));
    HOLDS(calls == 1);
    spinnprop_network_free(recurrent);
    spinnprop_network_free(network);
}

static void recording_access(void) {
    spinnprop_network *network = good_network(SPINNPROP_DELAYS_NONE, SPINNPROP_READOUT_SPIKING);
    spinnprop_network *leaky = good_network(SPINNPROP_DELAYS_NONE, SPINNPROP_READOUT_LEAKY);
    spinnprop_recording *recording = good_recording(network), *membrane = good_recording(leaky);
    spinnprop_recording_info info;
    spinnprop_diagnostics d;
    spinnprop_loss loss;
    int64_t n = 77, n_neurons = 77, o[N_SAMPLES + 1], classes[N_SAMPLES];
    double *t, values[N_SAMPLES * N_OUTPUTS], peak_times[N_SAMPLES * N_OUTPUTS];
    int32_t *u;
    uint8_t silent[4];
    WORKS(spinnprop_loss_init(&loss, SPINNPROP_LOSS_TTFS_CROSS_ENTROPY));
    spinnprop_recording_info_init(&info);
    spinnprop_diagnostics_init(&d);
    memset(o, 0x55, sizeof o);
    memset(values, 0x55, sizeof values);
    memset(peak_times, 0x55, sizeof peak_times);
    memset(silent, 0x55, sizeof silent);
    memset(classes, 0x55, sizeof classes);
    begin("recording access");
    WATCH(n);
    WATCH(n_neurons);
    WATCH(o);
    WATCH(values);
    WATCH(peak_times);
    WATCH(silent);
    WATCH(classes);
    const spinnprop_recording *other = (const spinnprop_recording *)(const void *)network;
    INVALID(spinnprop_recording_describe(NULL, recording));
    INVALID(spinnprop_recording_describe(&info, NULL));
    EACH_WRONG_SIZE(info, spinnprop_recording_describe(&info, recording));
    INVALID(spinnprop_recording_spike_count(NULL, recording, 0));
    INVALID(spinnprop_recording_spike_count(&n, NULL, 0));
    INVALID(spinnprop_recording_layer_size(NULL, recording, 0));
    INVALID(spinnprop_recording_layer_size(&n_neurons, other, 0));
    INVALID(spinnprop_recording_diagnose(NULL, recording, 0));
    INVALID(spinnprop_recording_diagnose(&d, NULL, 0));
    EACH_WRONG_SIZE(d, spinnprop_recording_diagnose(&d, recording, 0));
    INVALID(spinnprop_recording_silent(NULL, 4, recording, 0));
    INVALID(spinnprop_recording_silent(silent, 4, NULL, 0));
    INVALID(spinnprop_recording_silent(silent, 3, recording, 0));
    INVALID(spinnprop_recording_silent(silent, -4, recording, 0));
    const int32_t wrong_layers[] = {-1, 2, INT32_MAX, INT32_MIN};
    for (int index = 0; index < 4; index++) {
        FAILS(INVALID_INDEX, spinnprop_recording_spike_count(&n, recording, wrong_layers[index]));
        FAILS(INVALID_INDEX, spinnprop_recording_layer_size(&n_neurons, recording, wrong_layers[index]));
        FAILS(INVALID_INDEX, spinnprop_recording_diagnose(&d, recording, wrong_layers[index]));
        FAILS(INVALID_INDEX, spinnprop_recording_silent(silent, 4, recording, wrong_layers[index]));
        FAILS(INVALID_INDEX, spinnprop_recording_spikes(NULL, NULL, NULL, NULL, 0, o, 5, recording, wrong_layers[index]));
    }
    int64_t n_spikes;
    WORKS(spinnprop_recording_spike_count(&n_spikes, recording, 0));
    HOLDS(n_spikes > 0);
    t = allocate((size_t)n_spikes * sizeof *t);
    u = allocate((size_t)n_spikes * sizeof *u);
    memset(t, 0x55, (size_t)n_spikes * sizeof *t);
    memset(u, 0x55, (size_t)n_spikes * sizeof *u);
    watch("times", t, (size_t)n_spikes * sizeof *t);
    watch("units", u, (size_t)n_spikes * sizeof *u);
    INVALID(spinnprop_recording_spikes(NULL, u, NULL, NULL, n_spikes, o, 5, recording, 0));
    INVALID(spinnprop_recording_spikes(t, NULL, NULL, NULL, n_spikes, o, 5, recording, 0));
    INVALID(spinnprop_recording_spikes(t, u, NULL, NULL, n_spikes, NULL, 5, recording, 0));
    INVALID(spinnprop_recording_spikes(t, u, NULL, NULL, n_spikes, o, 5, NULL, 0));
    const int64_t wrong_counts[] = {-1, n_spikes - 1, n_spikes + 1, INT64_MAX, INT64_MIN};
    for (int index = 0; index < 5; index++)
        INVALID(spinnprop_recording_spikes(t, u, NULL, NULL, wrong_counts[index], o, 5, recording, 0));
    const int64_t wrong_offsets[] = {-1, 0, 4, 6, INT64_MAX, INT64_MIN};
    for (int index = 0; index < 6; index++)
        INVALID(spinnprop_recording_spikes(t, u, NULL, NULL, n_spikes, o, wrong_offsets[index], recording, 0));
    const int64_t wrong_sizes_of_output[] = {-1, 0, 11, 13, INT64_MAX, INT64_MIN};
    for (int index = 0; index < 6; index++) {
        INVALID(spinnprop_recording_first_spike_times(values, wrong_sizes_of_output[index], recording));
        INVALID(spinnprop_recording_maxima(values, peak_times, wrong_sizes_of_output[index], membrane));
        INVALID(spinnprop_recording_probabilities(values, wrong_sizes_of_output[index], recording, &loss));
        INVALID(spinnprop_recording_predict(classes, wrong_sizes_of_output[index], recording, &loss));
    }
    INVALID(spinnprop_recording_first_spike_times(NULL, 12, recording));
    INVALID(spinnprop_recording_first_spike_times(values, 12, NULL));
    INVALID(spinnprop_recording_maxima(NULL, peak_times, 12, membrane));
    INVALID(spinnprop_recording_maxima(values, NULL, 12, membrane));
    INVALID(spinnprop_recording_maxima(values, peak_times, 12, NULL));
    FAILS(UNSUPPORTED, spinnprop_recording_maxima(values, peak_times, 12, recording));
    INVALID(spinnprop_recording_predict(NULL, N_SAMPLES, recording, &loss));
    INVALID(spinnprop_recording_predict(classes, N_SAMPLES, NULL, &loss));
    INVALID(spinnprop_recording_probabilities(NULL, 12, recording, &loss));
    INVALID(spinnprop_recording_probabilities(values, 12, NULL, &loss));
    FAILS(UNSUPPORTED, spinnprop_recording_predict(classes, N_SAMPLES, membrane, &loss));
    FAILS(UNSUPPORTED, spinnprop_recording_probabilities(values, 12, membrane, &loss));
    EACH_WRONG_SIZE(loss, spinnprop_recording_predict(classes, N_SAMPLES, recording, &loss));
    WITH(loss.kind, 99, INVALID_VALUE, spinnprop_recording_predict(classes, N_SAMPLES, recording, &loss));
    free(t);
    free(u);
    spinnprop_recording_free(recording);
    spinnprop_recording_free(membrane);
    spinnprop_network_free(network);
    spinnprop_network_free(leaky);
}

static void measurements_that_cannot_be(void) {
    spinnprop_network *network = good_network(SPINNPROP_DELAYS_NONE, SPINNPROP_READOUT_SPIKING);
    spinnprop_network *leaky = good_network(SPINNPROP_DELAYS_NONE, SPINNPROP_READOUT_LEAKY);
    spinnprop_recording *made = good_recording(network), *r = NULL, *none = NOBODY(spinnprop_recording);
    spinnprop_spikes s = good_spikes(), layers[2];
    double at[2][64], values[N_SAMPLES * 4];
    int32_t who[2][64];
    int64_t ends[2][N_SAMPLES + 1];
    int calls = 0;
    begin("measured spikes");
    for (int layer = 0; layer < 2; layer++) {
        int64_t n = 0, n_neurons = 0;
        WORKS(spinnprop_recording_spike_count(&n, made, layer));
        WORKS(spinnprop_recording_layer_size(&n_neurons, made, layer));
        HOLDS(n <= 64);
        WORKS(spinnprop_recording_spikes(at[layer], who[layer], NULL, NULL, n, ends[layer], N_SAMPLES + 1, made, layer));
        spinnprop_spikes_init(&layers[layer]);
        layers[layer].times = at[layer];
        layers[layer].units = who[layer];
        layers[layer].offsets = ends[layer];
        layers[layer].n_spikes = n;
        layers[layer].n_samples = N_SAMPLES;
        layers[layer].n_units = (int32_t)n_neurons;
    }
#define MEASURED(network, input, layers, n, t_end) \
    spinnprop_recording_create_measured(&none, network, input, layers, n, t_end, NULL, NULL)
    WATCH(none);
    INVALID(spinnprop_recording_create_measured(NULL, network, &s, layers, 2, INFINITY, NULL, NULL));
    INVALID(MEASURED(NULL, &s, layers, 2, INFINITY));
    INVALID(MEASURED((const spinnprop_network *)(const void *)made, &s, layers, 2, INFINITY));
    INVALID(MEASURED(network, NULL, layers, 2, INFINITY));
    INVALID(MEASURED(network, &s, NULL, 2, INFINITY));
    INVALID(MEASURED(leaky, &s, layers, 2, INFINITY));
    const int64_t wrong_counts[] = {-1, 0, 1, 3, INT64_MAX, INT64_MIN};
    for (int index = 0; index < 6; index++) INVALID(MEASURED(network, &s, layers, wrong_counts[index], INFINITY));
    const double wrong_ends[] = {-1.0, NAN, -INFINITY, 1e-9};
    for (int index = 0; index < 4; index++) INVALID(MEASURED(network, &s, layers, 2, wrong_ends[index]));
    EACH_WRONG_SIZE(layers[0], MEASURED(network, &s, layers, 2, INFINITY));
    EACH_WRONG_SIZE(layers[1], MEASURED(network, &s, layers, 2, INFINITY));
    WITH(s.n_units, 1, INVALID_VALUE, MEASURED(network, &s, layers, 2, INFINITY));
    WITH(layers[1].times, NULL, INVALID_VALUE, MEASURED(network, &s, layers, 2, INFINITY));
    WITH(layers[0].n_units, 5, INVALID_VALUE, MEASURED(network, &s, layers, 2, INFINITY));
    WITH(layers[1].n_samples, 3, INVALID_VALUE, MEASURED(network, &s, layers, 2, INFINITY));
    WITH(who[0][0], 4, INVALID_VALUE, MEASURED(network, &s, layers, 2, INFINITY));
    WITH(at[0][0], -1e-3, INVALID_VALUE, MEASURED(network, &s, layers, 2, INFINITY));
    WITH(at[0][0], NAN, INVALID_VALUE, MEASURED(network, &s, layers, 2, INFINITY));
    /* A stop asked for is heeded wherever there is time to. */
    unwatch_all();
    spinnprop_status stopped = spinnprop_recording_create_measured(&r, network, &s, layers, 2, INFINITY, stop_at_once, &calls);
    HOLDS(stopped == (calls == 0 ? SPINNPROP_OK : SPINNPROP_CANCELLED));
    spinnprop_recording_free(r);
    WORKS(spinnprop_recording_create_measured(&r, network, &s, layers, 2, INFINITY, NULL, NULL));
    spinnprop_engine_info info;
    spinnprop_engine_info_init(&info);
    WORKS(spinnprop_recording_engine(&info, r));
    HOLDS(info.kind == SPINNPROP_ENGINE_MEASURED && info.steps == 0);
    memset(values, 0x55, sizeof values);
    WATCH(values);
    INVALID(spinnprop_recording_deviations(NULL, N_SAMPLES * 4, r, 0));
    INVALID(spinnprop_recording_deviations(values, N_SAMPLES * 4 - 1, r, 0));
    INVALID(spinnprop_recording_deviations(values, -1, r, 0));
    INVALID(spinnprop_recording_deviations(values, N_SAMPLES * 4, NULL, 0));
    FAILS(INVALID_INDEX, spinnprop_recording_deviations(values, N_SAMPLES * 4, r, 2));
    FAILS(UNSUPPORTED, spinnprop_recording_deviations(values, N_SAMPLES * 4, made, 0));
    unwatch_all();
    WORKS(spinnprop_recording_deviations(values, N_SAMPLES * 4, r, 0));
    for (int index = 0; index < N_SAMPLES * 4; index++) HOLDS(isnan(values[index]) || fabs(values[index]) < 1e-12);
    spinnprop_recording_free(r);
    spinnprop_recording_free(made);
    spinnprop_network_free(network);
    spinnprop_network_free(leaky);
}

/* ------------------------------------------------------------------------------------------------ loss and gradient */

static void losses_that_cannot_be(void) {
    spinnprop_loss loss, before;
    const int32_t wrong_kinds[] = {-1, 99, INT32_MAX, INT32_MIN};
    begin("losses");
    memset(&before, 0x55, sizeof before);
    loss = before;
    WATCH(loss);
    INVALID(spinnprop_loss_init(NULL, SPINNPROP_LOSS_TTFS_CROSS_ENTROPY));
    for (int index = 0; index < 4; index++) INVALID(spinnprop_loss_init(&loss, wrong_kinds[index]));
    INVALID(spinnprop_loss_check(NULL));
    unwatch_all();
    for (int32_t kind = 0; kind < 4; kind++) {
        WORKS(spinnprop_loss_init(&loss, kind));
        WORKS(spinnprop_loss_check(&loss));
        EACH_WRONG_SIZE(loss, spinnprop_loss_check(&loss));
        for (int index = 0; index < 4; index++)
            WITH(loss.kind, wrong_kinds[index], INVALID_VALUE, spinnprop_loss_check(&loss));
        for (size_t index = 0; index < sizeof not_positive / sizeof *not_positive; index++) {
            double value = not_positive[index];
            int is_count = kind == SPINNPROP_LOSS_SPIKE_COUNT_CROSS_ENTROPY;
            if (kind != SPINNPROP_LOSS_VMAX_CROSS_ENTROPY && !(is_count && value == INFINITY))
                WITH(loss.tau0, value, INVALID_VALUE, spinnprop_loss_check(&loss));
            if (kind == SPINNPROP_LOSS_TTFS_CROSS_ENTROPY) {
                WITH(loss.tau1, value, INVALID_VALUE, spinnprop_loss_check(&loss));
                if (value != 0) WITH(loss.alpha, value, INVALID_VALUE, spinnprop_loss_check(&loss));
            }
            if (is_count) WITH(loss.scale, value, INVALID_VALUE, spinnprop_loss_check(&loss));
        }
        if (kind == SPINNPROP_LOSS_SPIKE_TIME_MSE) {
            WITH(loss.t_label, NAN, INVALID_VALUE, spinnprop_loss_check(&loss));
            WITH(loss.t_other, NAN, INVALID_VALUE, spinnprop_loss_check(&loss));
            WITH(loss.t_label, -1.0, INVALID_VALUE, spinnprop_loss_check(&loss));
        }
    }
}

/* Errors that are given, and membranes that are read: of 4 samples, 4 hidden neurons, N_OUTPUTS outputs. */
static void errors_that_cannot_be(void) {
    spinnprop_network *network = good_network(SPINNPROP_DELAYS_NONE, SPINNPROP_READOUT_SPIKING);
    spinnprop_network *leaky = good_network(SPINNPROP_DELAYS_NONE, SPINNPROP_READOUT_LEAKY);
    spinnprop_recording *r = good_recording(network), *readout = good_recording(leaky);
    spinnprop_gradient *g = NOBODY(spinnprop_gradient);
    spinnprop_gradient_options o;
    spinnprop_gradient_options_init(&o);
    int64_t n_hidden = 0, n_output = 0, n_leaky = 0;
    WORKS(spinnprop_recording_spike_count(&n_hidden, r, 0));
    WORKS(spinnprop_recording_spike_count(&n_output, r, 1));
    WORKS(spinnprop_recording_spike_count(&n_leaky, readout, 0));
    const int64_t n = n_hidden + n_output, m = n_leaky + N_SAMPLES * N_OUTPUTS;
    double *errors = calloc((size_t)(n + m) + 1, sizeof *errors);
    double instants[2] = {5e-3, 1e-3}, membrane_errors[2 * N_SAMPLES * N_OUTPUTS] = {1.0}, values[2 * N_SAMPLES * 4];
    double currents[2 * N_SAMPLES * 4];
    HOLDS(errors && n > 0);
    begin("given errors");
    WATCH(g);
#define BACK(network, recording, n, moments, n_times, membranes, n_membranes) \
    spinnprop_network_pull_back(&g, network, recording, errors, n, moments, n_times, membranes, n_membranes, NULL, 0, 0, &o, NULL, NULL)
    INVALID(spinnprop_network_pull_back(NULL, network, r, errors, n, NULL, 0, NULL, 0, NULL, 0, 0, &o, NULL, NULL));
    INVALID(spinnprop_network_pull_back(&g, network, r, NULL, n, NULL, 0, NULL, 0, NULL, 0, 0, &o, NULL, NULL));
#define BACK_INTEGRALS(network, recording, n, integrals, n_integrals, tau) \
    spinnprop_network_pull_back(&g, network, recording, errors, n, NULL, 0, NULL, 0, integrals, n_integrals, tau, &o, NULL, NULL)
    INVALID(BACK(NULL, r, n, NULL, 0, NULL, 0));
    INVALID(BACK(network, NULL, n, NULL, 0, NULL, 0));
    INVALID(BACK(network, (const spinnprop_recording *)(const void *)network, n, NULL, 0, NULL, 0));
    INVALID(BACK((const spinnprop_network *)(const void *)r, r, n, NULL, 0, NULL, 0));
    const int64_t wrong_counts[] = {-1, 0, n - 1, n + 1, INT64_MAX, INT64_MIN};
    for (int index = 0; index < 6; index++) {
        if (wrong_counts[index] != n_output) INVALID(BACK(network, r, wrong_counts[index], NULL, 0, NULL, 0));
        if (wrong_counts[index] != 2) INVALID(BACK(leaky, readout, m, instants, wrong_counts[index], membrane_errors, 24));
        if (wrong_counts[index] != 24) INVALID(BACK(leaky, readout, m, instants, 2, membrane_errors, wrong_counts[index]));
    }
    WITH(errors[0], NAN, INVALID_VALUE, BACK(network, r, n, NULL, 0, NULL, 0));
    WITH(errors[n - 1], INFINITY, INVALID_VALUE, BACK(network, r, n, NULL, 0, NULL, 0));
    WITH(membrane_errors[3], NAN, INVALID_VALUE, BACK(leaky, readout, m, instants, 2, membrane_errors, 24));
    WITH(instants[1], NAN, INVALID_VALUE, BACK(leaky, readout, m, instants, 2, membrane_errors, 24));
    WITH(instants[1], -1.0, INVALID_VALUE, BACK(leaky, readout, m, instants, 2, membrane_errors, 24));
    WITH(instants[1], INFINITY, INVALID_VALUE, BACK(leaky, readout, m, instants, 2, membrane_errors, 24));
    FAILS(UNSUPPORTED, BACK(network, r, n, instants, 2, membrane_errors, 24));
    const int64_t not_twelve[] = {-1, 11, 13, INT64_MAX, INT64_MIN};
    for (int index = 0; index < 5; index++) {
        INVALID(BACK_INTEGRALS(leaky, readout, m, membrane_errors, not_twelve[index], 1.0));
        INVALID(BACK_INTEGRALS(network, r, n, membrane_errors, not_twelve[index], 1.0));
    }
    const double wrong_weights[] = {0, -1.0, NAN, -INFINITY, INFINITY}; /* the run went on until silence */
    for (int index = 0; index < 5; index++) INVALID(BACK_INTEGRALS(leaky, readout, m, membrane_errors, 12, wrong_weights[index]));
    INVALID(BACK_INTEGRALS(leaky, readout, m, NULL, 12, 1.0));
    WITH(membrane_errors[3], NAN, INVALID_VALUE, BACK_INTEGRALS(leaky, readout, m, membrane_errors, 12, 1.0));
    spinnprop_recording *integrated = NOBODY(spinnprop_recording);
    WATCH(integrated);
    INVALID(spinnprop_recording_integrate(NULL, readout, leaky, 1.0, NULL, NULL));
    INVALID(spinnprop_recording_integrate(&integrated, NULL, leaky, 1.0, NULL, NULL));
    INVALID(spinnprop_recording_integrate(&integrated, readout, NULL, 1.0, NULL, NULL));
    INVALID(spinnprop_recording_integrate(&integrated, (const spinnprop_recording *)(const void *)leaky, leaky, 1.0, NULL, NULL));
    for (int index = 0; index < 5; index++)
        INVALID(spinnprop_recording_integrate(&integrated, readout, leaky, wrong_weights[index], NULL, NULL));
    FAILS(UNSUPPORTED, spinnprop_recording_integrate(&integrated, r, network, 1.0, NULL, NULL));
    FAILS(UNSUPPORTED, spinnprop_recording_integrals(values, 12, readout));
    INVALID(BACK(network, readout, m, NULL, 0, NULL, 0)); /* another shape */
    EACH_WRONG_SIZE(o, BACK(network, r, n, NULL, 0, NULL, 0));
    WITH(o.engine, NOBODY(spinnprop_engine), INVALID_VALUE, BACK(network, r, n, NULL, 0, NULL, 0));
    spinnprop_network *changed = NULL;
    const double other_weights[12] = {1.0};
    WORKS(spinnprop_network_copy(&changed, network));
    WORKS(spinnprop_network_set(changed, SPINNPROP_WEIGHTS, 0, other_weights, 12));
    FAILS(STALE_RECORDING, BACK(changed, r, n, NULL, 0, NULL, 0));
    begin("errors taken back");
    WORKS(BACK(network, r, n, NULL, 0, NULL, 0));
    WORKS(spinnprop_gradient_get(values, 12, g, SPINNPROP_WEIGHTS, 0));
    for (int index = 0; index < 12; index++) HOLDS(values[index] == 0);
    spinnprop_gradient_free(g);
    WORKS(BACK(leaky, readout, m, instants, 2, membrane_errors, 24));
    spinnprop_gradient_free(g);
    WORKS(BACK_INTEGRALS(leaky, readout, m, membrane_errors, 12, 1e-2));
    spinnprop_gradient_free(g);

    begin("integrals");
    WORKS(spinnprop_recording_integrate(&integrated, readout, leaky, 1e-2, NULL, NULL));
    memset(values, 0x55, sizeof values);
    WATCH(values);
    INVALID(spinnprop_recording_integrals(NULL, 12, integrated));
    INVALID(spinnprop_recording_integrals(values, 12, NULL));
    INVALID(spinnprop_recording_integrals(values, 0, integrated));
    for (int index = 0; index < 5; index++) INVALID(spinnprop_recording_integrals(values, not_twelve[index], integrated));
    spinnprop_loss by_integrals;
    WORKS(spinnprop_loss_init(&by_integrals, SPINNPROP_LOSS_V_INTEGRAL_CROSS_ENTROPY));
    FAILS(UNSUPPORTED, spinnprop_recording_probabilities(values, 12, integrated, &by_integrals)); /* another tau */
    by_integrals.tau0 = 1e-2;
    FAILS(UNSUPPORTED, spinnprop_recording_probabilities(values, 12, readout, &by_integrals));
    unwatch_all();
    WORKS(spinnprop_recording_integrals(values, 12, integrated));
    for (int index = 0; index < 12; index++) HOLDS(isfinite(values[index]));
    WORKS(spinnprop_recording_probabilities(values, 12, integrated, &by_integrals));
    spinnprop_recording_free(integrated);

    begin("membranes");
    memset(values, 0x55, sizeof values);
    memset(currents, 0x55, sizeof currents);
    WATCH(values);
    WATCH(currents);
#define STATES(network, recording, layer, first, n_samples, n_times) \
    spinnprop_recording_states(values, currents, 32, recording, network, layer, first, n_samples, instants, n_times, NULL, NULL)
    INVALID(spinnprop_recording_states(NULL, currents, 32, r, network, 0, 0, 4, instants, 2, NULL, NULL));
    INVALID(spinnprop_recording_states(values, currents, 31, r, network, 0, 0, 4, instants, 2, NULL, NULL));
    INVALID(spinnprop_recording_states(values, currents, 32, r, network, 0, 0, 4, NULL, 2, NULL, NULL));
    INVALID(STATES(NULL, r, 0, 0, 4, 2));
    INVALID(STATES(network, NULL, 0, 0, 4, 2));
    INVALID(STATES((const spinnprop_network *)(const void *)r, r, 0, 0, 4, 2));
    INVALID(STATES(network, readout, 1, 0, 4, 2));
    const int32_t wrong_layers[] = {-1, 2, INT32_MAX, INT32_MIN};
    for (int index = 0; index < 4; index++) FAILS(INVALID_INDEX, STATES(network, r, wrong_layers[index], 0, 4, 2));
    FAILS(INVALID_INDEX, STATES(network, r, 0, 1, 4, 2));
    FAILS(INVALID_INDEX, STATES(network, r, 0, 4, 4, 2));
    const int64_t no_counts[] = {-1, 3, 5, INT64_MAX, INT64_MIN};
    for (int index = 0; index < 5; index++) {
        HOLDS(STATES(network, r, 0, 0, no_counts[index], 2) != SPINNPROP_OK);
        HOLDS(STATES(network, r, 0, 0, 4, no_counts[index]) != SPINNPROP_OK);
    }
    FAILS(STALE_RECORDING, STATES(changed, r, 0, 0, 4, 2));
    WITH(instants[0], NAN, INVALID_VALUE, STATES(network, r, 0, 0, 4, 2));
    WITH(instants[0], -1.0, INVALID_VALUE, STATES(network, r, 0, 0, 4, 2));
    unwatch_all();
    WORKS(STATES(network, r, 0, 0, 4, 2));
    for (int index = 0; index < 32; index++) HOLDS(isfinite(values[index]) && isfinite(currents[index]));
    WORKS(spinnprop_recording_states(values, NULL, 32, r, network, 0, 0, 4, instants, 2, NULL, NULL));
    WORKS(spinnprop_recording_states(NULL, NULL, 0, r, network, 0, 0, 4, NULL, 0, NULL, NULL));
    free(errors);
    spinnprop_network_free(changed);
    spinnprop_recording_free(r);
    spinnprop_recording_free(readout);
    spinnprop_network_free(network);
    spinnprop_network_free(leaky);
}

/* The adjoint behind a gradient, of N_SAMPLES samples and 4 hidden neurons; afterwards there is none. */
static void adjoints_that_cannot_be(spinnprop_gradient *g, const spinnprop_recording *r) {
    double v[32], i[32], instants[2] = {5e-3, 1e-3}, weights[12];
    begin("adjoints");
    memset(v, 0x55, sizeof v);
    memset(i, 0x55, sizeof i);
    WATCH(v);
    WATCH(i);
#define ADJOINT(gradient, layer, first, n_samples, n_times) \
    spinnprop_gradient_adjoint(v, i, 32, gradient, layer, first, n_samples, instants, n_times, NULL, NULL)
    INVALID(spinnprop_gradient_adjoint(NULL, i, 32, g, 0, 0, 4, instants, 2, NULL, NULL));
    INVALID(spinnprop_gradient_adjoint(v, NULL, 32, g, 0, 0, 4, instants, 2, NULL, NULL));
    INVALID(spinnprop_gradient_adjoint(v, i, 31, g, 0, 0, 4, instants, 2, NULL, NULL));
    INVALID(spinnprop_gradient_adjoint(v, i, 32, g, 0, 0, 4, NULL, 2, NULL, NULL));
    INVALID(ADJOINT(NULL, 0, 0, 4, 2));
    INVALID(ADJOINT((const spinnprop_gradient *)(const void *)r, 0, 0, 4, 2));
    const int32_t wrong_layers[] = {-1, 2, INT32_MAX, INT32_MIN};
    for (int index = 0; index < 4; index++) FAILS(INVALID_INDEX, ADJOINT(g, wrong_layers[index], 0, 4, 2));
    FAILS(INVALID_INDEX, ADJOINT(g, 0, 1, 4, 2));
    FAILS(INVALID_INDEX, ADJOINT(g, 0, 4, 4, 2));
    const int64_t no_counts[] = {-1, 3, 5, INT64_MAX, INT64_MIN};
    for (int index = 0; index < 5; index++) {
        HOLDS(ADJOINT(g, 0, 0, no_counts[index], 2) != SPINNPROP_OK);
        HOLDS(ADJOINT(g, 0, 0, 4, no_counts[index]) != SPINNPROP_OK);
        HOLDS(ADJOINT(g, 0, no_counts[index], 4, 2) != SPINNPROP_OK);
    }
    WITH(instants[0], NAN, INVALID_VALUE, ADJOINT(g, 0, 0, 4, 2));
    WITH(instants[0], -1.0, INVALID_VALUE, ADJOINT(g, 0, 0, 4, 2));
    WITH(instants[1], INFINITY, INVALID_VALUE, ADJOINT(g, 0, 0, 4, 2));
    unwatch_all();
    WORKS(ADJOINT(g, 0, 0, 4, 2));
    for (int index = 0; index < 32; index++) HOLDS(isfinite(v[index]) && isfinite(i[index]));
    WORKS(spinnprop_gradient_adjoint(NULL, NULL, 0, g, 0, 0, 4, NULL, 0, NULL, NULL));
    WORKS(spinnprop_gradient_get(weights, 12, g, SPINNPROP_WEIGHTS, 0));
    WORKS(spinnprop_gradient_set(g, SPINNPROP_WEIGHTS, 0, weights, 12));
    FAILS(UNSUPPORTED, ADJOINT(g, 0, 0, 4, 2));
}

static void gradients_that_cannot_be(void) {
    spinnprop_network *network = good_network(SPINNPROP_DELAYS_NONE, SPINNPROP_READOUT_SPIKING);
    spinnprop_network *leaky = good_network(SPINNPROP_DELAYS_NONE, SPINNPROP_READOUT_LEAKY);
    spinnprop_recording *r = good_recording(network), *membrane = good_recording(leaky);
    spinnprop_gradient *g = NOBODY(spinnprop_gradient);
    spinnprop_gradient_options o;
    spinnprop_loss loss, mse, vmax;
    double value = 77, targets[N_SAMPLES * N_OUTPUTS], values[16];
    int64_t wrong_labels[N_SAMPLES] = {0, 1, 2, 0}, skipped = 77;
    int calls = 0;
    WORKS(spinnprop_loss_init(&loss, SPINNPROP_LOSS_TTFS_CROSS_ENTROPY));
    WORKS(spinnprop_loss_init(&mse, SPINNPROP_LOSS_SPIKE_TIME_MSE));
    WORKS(spinnprop_loss_init(&vmax, SPINNPROP_LOSS_VMAX_CROSS_ENTROPY));
    for (int index = 0; index < N_SAMPLES * N_OUTPUTS; index++) targets[index] = 10e-3;
    spinnprop_gradient_options_init(&o);
    begin("gradient");
    WATCH(g);
    WATCH(value);
/* Of one with labels and weights. */
#define EACH_WRONG_SUPERVISION(s, call) \
    do { \
        EACH_WRONG_SIZE(s, call); \
        double wrong_weights[N_SAMPLES] = {1.0, 1.0, 1.0, 1.0}; \
        const double *right_weights = (s).weights; \
        const double no_weights[] = {-1e-300, -1.0, NAN, INFINITY, -INFINITY}; \
        const int64_t no_counts[] = {-1, 0, 3, 5, INT64_MAX, INT64_MIN}; \
        for (int count = 0; count < 6; count++) { \
            WITH((s).n_labels, no_counts[count], INVALID_VALUE, call); \
            WITH((s).n_weights, no_counts[count], INVALID_VALUE, call); \
            WITH((s).n_targets, no_counts[count] == 0 ? 1 : no_counts[count], INVALID_VALUE, call); \
        } \
        (s).weights = wrong_weights; \
        for (int wrong = 0; wrong < 5; wrong++) WITH(wrong_weights[2], no_weights[wrong], INVALID_VALUE, call); \
        (s).weights = NULL; \
        INVALID(call); \
        (s).weights = right_weights; \
        const int64_t *right_labels = (s).labels; \
        (s).labels = NULL; \
        INVALID(call); \
        (s).labels = right_labels; \
    } while (0)
#define GRADIENT(network, recording, loss, labels, n, targets, n_targets) \
    spinnprop_network_gradient(&g, &value, network, recording, loss, labels, n, targets, n_targets, &o, NULL, NULL)
    INVALID(spinnprop_network_gradient(NULL, &value, network, r, &loss, labels, 4, NULL, 0, &o, NULL, NULL));
    INVALID(spinnprop_network_gradient(&g, NULL, network, r, &loss, labels, 4, NULL, 0, &o, NULL, NULL));
    INVALID(GRADIENT(NULL, r, &loss, labels, 4, NULL, 0));
    INVALID(GRADIENT(network, NULL, &loss, labels, 4, NULL, 0));
    INVALID(GRADIENT(network, r, &loss, NULL, 4, NULL, 0));
    INVALID(GRADIENT(network, (const spinnprop_recording *)(const void *)network, &loss, labels, 4, NULL, 0));
    INVALID(GRADIENT((const spinnprop_network *)(const void *)r, r, &loss, labels, 4, NULL, 0));
    const int64_t wrong_counts[] = {-1, 0, 3, 5, INT64_MAX, INT64_MIN};
    for (int index = 0; index < 6; index++) {
        INVALID(GRADIENT(network, r, &loss, labels, wrong_counts[index], NULL, 0));
        INVALID(GRADIENT(network, r, &mse, NULL, wrong_counts[index], targets, 12));
        INVALID(GRADIENT(network, r, &mse, labels, 4, targets, wrong_counts[index]));
    }
    INVALID(GRADIENT(network, r, &mse, NULL, 4, NULL, 12));
    FAILS(UNSUPPORTED, GRADIENT(network, r, &loss, labels, 4, targets, 12)); /* takes no targets */
    const int64_t no_labels[] = {-1, N_OUTPUTS, INT64_MAX, INT64_MIN};
    for (int index = 0; index < 4; index++)
        WITH(wrong_labels[2], no_labels[index], INVALID_VALUE, GRADIENT(network, r, &loss, wrong_labels, 4, NULL, 0));
    WITH(targets[5], NAN, INVALID_VALUE, GRADIENT(network, r, &mse, NULL, 4, targets, 12));
    WITH(targets[5], -1.0, INVALID_VALUE, GRADIENT(network, r, &mse, NULL, 4, targets, 12));
    EACH_WRONG_SIZE(loss, GRADIENT(network, r, &loss, labels, 4, NULL, 0));
    EACH_WRONG_SIZE(o, GRADIENT(network, r, &loss, labels, 4, NULL, 0));
    WITH(loss.tau0, NAN, INVALID_VALUE, GRADIENT(network, r, &loss, labels, 4, NULL, 0));
    WITH(o.engine, NOBODY(spinnprop_engine), INVALID_VALUE, GRADIENT(network, r, &loss, labels, 4, NULL, 0));
    for (int index = 0; index < 3; index++)
        WITH(o.rate_strength, not_numbers[index], INVALID_VALUE, GRADIENT(network, r, &loss, labels, 4, NULL, 0));
    WITH(o.rate_strength, -1.0, INVALID_VALUE, GRADIENT(network, r, &loss, labels, 4, NULL, 0));
    o.rate_strength = 1.0;
    for (size_t index = 0; index < sizeof not_positive / sizeof *not_positive; index++)
        if (not_positive[index] != INFINITY)
            if (not_positive[index] != 0)
                WITH(o.rate_tau, not_positive[index], INVALID_VALUE, GRADIENT(network, r, &loss, labels, 4, NULL, 0));
    WITH(o.rate_target, NAN, INVALID_VALUE, GRADIENT(network, r, &loss, labels, 4, NULL, 0));
    WITH(o.rate_target, -1.0, INVALID_VALUE, GRADIENT(network, r, &loss, labels, 4, NULL, 0));
    o.rate_strength = 0.0;
    FAILS(UNSUPPORTED, GRADIENT(network, r, &vmax, labels, 4, NULL, 0));
    FAILS(UNSUPPORTED, GRADIENT(leaky, membrane, &loss, labels, 4, NULL, 0));
    INVALID(GRADIENT(leaky, r, &loss, labels, 4, NULL, 0)); /* another shape */
    spinnprop_network *changed = NULL;
    const double other_weights[12] = {1.0};
    WORKS(spinnprop_network_copy(&changed, network));
    WORKS(spinnprop_network_set(changed, SPINNPROP_WEIGHTS, 0, other_weights, 12));
    FAILS(STALE_RECORDING, GRADIENT(changed, r, &loss, labels, 4, NULL, 0));

    begin("gradients with weights");
    const double sample_weights[N_SAMPLES] = {0.0, 1.0, 2.0, 0.5};
    spinnprop_supervision supervision;
    spinnprop_supervision_init(NULL);
    spinnprop_supervision_init(&supervision);
#define SUPERVISED(gradient, value, network, recording) \
    spinnprop_network_gradient_supervised(gradient, value, network, recording, &loss, &supervision, &o, NULL, NULL)
    INVALID(SUPERVISED(&g, &value, network, r)); /* neither labels nor targets */
    supervision.labels = labels;
    supervision.n_labels = 4;
    supervision.weights = sample_weights;
    supervision.n_weights = 4;
    EACH_WRONG_SUPERVISION(supervision, SUPERVISED(&g, &value, network, r));
    INVALID(SUPERVISED(NULL, &value, network, r));
    INVALID(SUPERVISED(&g, NULL, network, r));
    INVALID(SUPERVISED(&g, &value, NULL, r));
    INVALID(SUPERVISED(&g, &value, network, NULL));
    INVALID(spinnprop_network_gradient_supervised(&g, &value, network, r, &loss, NULL, &o, NULL, NULL));
    WORKS(SUPERVISED(&g, &value, network, r));
    spinnprop_gradient_free(g);

    begin("gradient access");
    WORKS(GRADIENT(network, r, &loss, labels, 4, NULL, 0));
    HOLDS(isfinite(value));
    memset(values, 0x55, sizeof values);
    WATCH(values);
    WATCH(skipped);
    INVALID(spinnprop_gradient_get(NULL, 12, g, SPINNPROP_WEIGHTS, 0));
    INVALID(spinnprop_gradient_get(values, 12, NULL, SPINNPROP_WEIGHTS, 0));
    INVALID(spinnprop_gradient_get(values, 12, (const spinnprop_gradient *)(const void *)r, SPINNPROP_WEIGHTS, 0));
    const int64_t wrong_sizes_of_gradient[] = {-1, 0, 11, 13, INT64_MAX, INT64_MIN};
    for (int index = 0; index < 6; index++) {
        INVALID(spinnprop_gradient_get(values, wrong_sizes_of_gradient[index], g, SPINNPROP_WEIGHTS, 0));
        INVALID(spinnprop_gradient_input_times(values, wrong_sizes_of_gradient[index], g));
    }
    const int32_t wrong_parameters[] = {-1, SPINNPROP_TAU_MEM, SPINNPROP_REFRACTORY, SPINNPROP_MASK, INT32_MAX, INT32_MIN};
    for (int index = 0; index < 6; index++) INVALID(spinnprop_gradient_get(values, 12, g, wrong_parameters[index], 0));
    const int32_t wrong_layers[] = {-1, 2, INT32_MAX, INT32_MIN};
    for (int index = 0; index < 4; index++)
        FAILS(INVALID_INDEX, spinnprop_gradient_get(values, 12, g, SPINNPROP_WEIGHTS, wrong_layers[index]));
    INVALID(spinnprop_gradient_input_times(NULL, 12, g));
    INVALID(spinnprop_gradient_input_times(values, 12, NULL));
    INVALID(spinnprop_gradient_skipped(NULL, g));
    INVALID(spinnprop_gradient_skipped(&skipped, NULL));
    WORKS(spinnprop_gradient_get(NULL, 0, g, SPINNPROP_RECURRENT_DELAYS, 0));
    WORKS(spinnprop_gradient_input_times(values, 12, g));
    WORKS(spinnprop_gradient_skipped(&skipped, g));
    (void)calls;
    adjoints_that_cannot_be(g, r);
    spinnprop_gradient_free(g);

    begin("gradients that are made");
    double twelve[12];
    for (int index = 0; index < 12; index++) twelve[index] = 1e-3 * index;
    WATCH(g);
    INVALID(spinnprop_gradient_create(NULL, network));
    INVALID(spinnprop_gradient_create(&g, NULL));
    INVALID(spinnprop_gradient_create(&g, (const spinnprop_network *)(const void *)r));
    begin("gradients that are set");
    WORKS(spinnprop_gradient_create(&g, network));
    INVALID(spinnprop_gradient_set(NULL, SPINNPROP_WEIGHTS, 0, twelve, 12));
    INVALID(spinnprop_gradient_set((spinnprop_gradient *)(void *)r, SPINNPROP_WEIGHTS, 0, twelve, 12));
    INVALID(spinnprop_gradient_set(g, SPINNPROP_WEIGHTS, 0, NULL, 12));
    for (int index = 0; index < 6; index++) INVALID(spinnprop_gradient_set(g, SPINNPROP_WEIGHTS, 0, twelve, wrong_sizes_of_gradient[index]));
    for (int index = 0; index < 4; index++)
        FAILS(INVALID_INDEX, spinnprop_gradient_set(g, SPINNPROP_WEIGHTS, wrong_layers[index], twelve, 12));
    INVALID(spinnprop_gradient_set(g, SPINNPROP_MASK, 0, twelve, 12));
    INVALID(spinnprop_gradient_set(g, -1, 0, twelve, 12));
    WORKS(spinnprop_gradient_set(g, SPINNPROP_WEIGHTS, 0, twelve, 12));
    WORKS(spinnprop_gradient_set(g, SPINNPROP_RECURRENT_WEIGHTS, 0, NULL, 0));
    WORKS(spinnprop_gradient_get(values, 12, g, SPINNPROP_WEIGHTS, 0));
    HOLDS(values[11] == twelve[11]);
    INVALID(spinnprop_gradient_get(values, 4, g, SPINNPROP_TAU_MEM, 0));
    INVALID(spinnprop_gradient_set(g, SPINNPROP_TAU_MEM, 0, twelve, 5));
    INVALID(spinnprop_gradient_get(values, 4, g, SPINNPROP_TAU_MEM, 0)); /* still none of neurons */
    WORKS(spinnprop_gradient_set(g, SPINNPROP_TAU_MEM, 0, twelve, 4));
    WORKS(spinnprop_gradient_get(values, 3, g, SPINNPROP_DRIVE, 1));
    spinnprop_trainer *trainer = NULL;
    spinnprop_training_options training;
    spinnprop_training_options_init(&training);
    WORKS(spinnprop_trainer_create(&trainer, network, &training));
    INVALID(spinnprop_trainer_step(NULL, g, 1.0));
    INVALID(spinnprop_trainer_step(trainer, NULL, 1.0));
    INVALID(spinnprop_trainer_step(trainer, (const spinnprop_gradient *)(const void *)r, 1.0));
    for (int index = 0; index < 3; index++) INVALID(spinnprop_trainer_step(trainer, g, not_numbers[index]));
    INVALID(spinnprop_trainer_step(trainer, g, -1.0));
    WORKS(spinnprop_trainer_step(trainer, g, 0.0));
    WORKS(spinnprop_trainer_step(trainer, g, 1.0));
    twelve[3] = NAN;
    WORKS(spinnprop_gradient_set(g, SPINNPROP_WEIGHTS, 0, twelve, 12));
    INVALID(spinnprop_trainer_step(trainer, g, 1.0));
    spinnprop_trainer_free(trainer);
    spinnprop_gradient_free(g);

    begin("gradients without input times");
    o.input_times = 0;
    WORKS(GRADIENT(network, r, &loss, labels, 4, NULL, 0));
    INVALID(spinnprop_gradient_input_times(values, 0, g));
    WORKS(spinnprop_gradient_get(twelve, 12, g, SPINNPROP_WEIGHTS, 0));
    spinnprop_gradient_free(g);
    o.input_times = 1;

    begin("gradients of neuron parameters");
    o.neurons = 1;
    WORKS(GRADIENT(network, r, &loss, labels, 4, NULL, 0));
    for (int32_t parameter = SPINNPROP_TAU_MEM; parameter <= SPINNPROP_REFRACTORY; parameter++) {
        for (int index = 0; index < 6; index++)
            INVALID(spinnprop_gradient_get(values, wrong_sizes_of_gradient[index], g, parameter, 0));
        INVALID(spinnprop_gradient_get(NULL, 4, g, parameter, 0));
        FAILS(INVALID_INDEX, spinnprop_gradient_get(values, 4, g, parameter, 2));
        WORKS(spinnprop_gradient_get(values, 4, g, parameter, 0));
        for (int neuron = 0; neuron < 4; neuron++) HOLDS(isfinite(values[neuron]));
        WORKS(spinnprop_gradient_get(values, 3, g, parameter, 1));
    }
    spinnprop_gradient_free(g);
    spinnprop_recording_free(r);
    spinnprop_recording_free(membrane);
    spinnprop_network_free(network);
    spinnprop_network_free(changed);
    spinnprop_network_free(leaky);
}

/* A loss of the host's: what it is asked, and what it does wrong. */
typedef struct own_loss_state {
    int answer, mode;
    int64_t calls;
} own_loss_state;
static int own_loss(spinnprop_loss_batch *batch, void *payload) {
    own_loss_state *state = payload;
    state->calls++;
    if (state->answer) return state->answer;
    if (state->mode == 1) return 0;
    const int64_t n = batch->n_samples * batch->n_outputs * batch->depth;
    batch->value = state->mode == 2 ? NAN : 0.0;
    for (int64_t index = 0; index < n; index++) batch->derivatives[index] = state->mode == 3 ? INFINITY : batch->values[index];
    return 0;
}

/* --------------------------------------------------------------------------------------------------------- training */

static double no_factor(int32_t epoch, void *payload) {
    (void)payload;
    return epoch == 0 ? NAN : 1;
}

/* Whoever runs batches elsewhere, well or badly. */
typedef struct batch_runner {
    spinnprop_trainer *trainer;
    const int64_t *labels;
    int64_t n_numbers;
    int mode;
} batch_runner;

static int run_batches(spinnprop_batches *batches, void *payload) {
    batch_runner *own = payload;
    double number = 0;
    int64_t n = 0;
    /* The trainer is running. */
    INVALID(spinnprop_trainer_batch_size(&n, own->trainer));
    INVALID(spinnprop_trainer_set_batches(own->trainer, NULL, NULL));
    INVALID(spinnprop_trainer_batch(&number, 1, own->trainer, batches->spikes, NULL, NULL, NULL));
    HOLDS(batches->n_batches == 1 && batches->n_numbers == own->n_numbers && batches->spikes->n_samples == N_SAMPLES);
    WORKS(spinnprop_spikes_check(batches->spikes));
    if (own->mode == 1) return 1;
    if (own->mode == 2) return 0; /* nothing is written */
    for (int64_t index = 0; index < batches->n_numbers; index++) batches->numbers[index] = 0;
    if (own->mode == 3) return 0; /* of no samples */
    batches->numbers[1] = (double)batches->spikes->n_samples;
    if (own->mode == 4) batches->numbers[2] = 0.5;
    if (own->mode == 5) batches->numbers[0] = NAN;
    return 0;
}

static void trainings_that_cannot_be(void) {
    spinnprop_network *network = good_network(SPINNPROP_DELAYS_NONE, SPINNPROP_READOUT_SPIKING);
    spinnprop_network *result = NOBODY(spinnprop_network);
    spinnprop_trainer *trainer = NOBODY(spinnprop_trainer);
    spinnprop_training_options o;
    int64_t n_epochs = 77;
    spinnprop_training_options_init(&o);
    o.epochs = 2;
    begin("training options");
    WATCH(trainer);
    INVALID(spinnprop_trainer_create(NULL, network, &o));
    INVALID(spinnprop_trainer_create(&trainer, NULL, &o));
    INVALID(spinnprop_trainer_create(&trainer, NOBODY(spinnprop_network), &o));
    EACH_WRONG_SIZE(o, spinnprop_trainer_create(&trainer, network, &o));
    spinnprop_forward_options forward;
    spinnprop_loss loss;
    spinnprop_gradient_options gradient;
    spinnprop_forward_options_init(&forward);
    WORKS(spinnprop_loss_init(&loss, SPINNPROP_LOSS_TTFS_CROSS_ENTROPY));
    spinnprop_gradient_options_init(&gradient);
    o.forward = &forward;
    o.loss = &loss;
    o.gradient = &gradient;
    EACH_WRONG_SIZE(forward, spinnprop_trainer_create(&trainer, network, &o));
    EACH_WRONG_SIZE(loss, spinnprop_trainer_create(&trainer, network, &o));
    EACH_WRONG_SIZE(gradient, spinnprop_trainer_create(&trainer, network, &o));
    WITH(forward.engine, NOBODY(spinnprop_engine), INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
    WITH(forward.t_end, NAN, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
    WITH(forward.max_spikes, -1, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
    WITH(loss.kind, 99, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
    WITH(loss.tau0, NAN, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
    WITH(gradient.engine, NOBODY(spinnprop_engine), INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
    WITH(gradient.rate_strength, NAN, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
    WITH(loss.kind, SPINNPROP_LOSS_VMAX_CROSS_ENTROPY, UNSUPPORTED, spinnprop_trainer_create(&trainer, network, &o));
    const int32_t below[] = {0, -1, INT32_MIN}, kinds[] = {-1, 9, INT32_MAX, INT32_MIN};
    for (int index = 0; index < 3; index++) {
        if (below[index] != 0) {
            WITH(o.epochs, below[index], INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
            WITH(o.patience, below[index], INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
        }
        WITH(o.batch_size, below[index], INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
        o.schedule = SPINNPROP_SCHEDULE_STEP;
        WITH(o.schedule_epochs, below[index], INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
        o.schedule = SPINNPROP_SCHEDULE_CONSTANT;
        o.checkpoint_path = "checkpoint";
        WITH(o.checkpoint_every, below[index], INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
        o.checkpoint_path = NULL;
    }
    for (int index = 0; index < 4; index++) {
        WITH(o.optimizer, kinds[index], INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
        WITH(o.delay_parameter, kinds[index], INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
        WITH(o.schedule, kinds[index], INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
    }
    o.schedule = SPINNPROP_SCHEDULE_EXPONENTIAL;
    for (size_t index = 0; index < sizeof not_positive / sizeof *not_positive; index++) {
        double value = not_positive[index];
        WITH(o.epsilon, value, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
        WITH(o.schedule_gamma, value, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
        if (value != INFINITY) {
            WITH(o.clip_value, value, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
            WITH(o.clip_norm, value, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
        }
        if (value == 0) continue;
        WITH(o.learning_rate, value, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
        WITH(o.delay_learning_rate, value, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
        WITH(o.neuron_learning_rate, value, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
        WITH(o.delay_shift, value, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
        WITH(o.delay_scale, value, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
        WITH(o.delay_l1, value, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
        WITH(o.delay_l2, value, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
        WITH(o.delay_init_std, value, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
        if (!isfinite(value)) WITH(o.delay_init_mean, value, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
        WITH(o.momentum, value, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
        WITH(o.beta1, value, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
        WITH(o.beta2, value, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
        WITH(o.weight_decay, value, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
        WITH(o.bump, value, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
        WITH(o.bump_hidden_limit, value, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
        WITH(o.bump_output_limit, value, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
        WITH(o.input_dropout, value, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
    }
    const int32_t trains[] = {-1, 128, INT32_MAX, INT32_MIN, SPINNPROP_TRAIN_DELAYS};
    for (int index = 0; index < 5; index++)
        WITH(o.train, trains[index], INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
    o.train = SPINNPROP_TRAIN_WEIGHTS;
    WITH(o.delay_learning_rate, 1e-3, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
    o.train = 0;
    o.schedule = SPINNPROP_SCHEDULE_CONSTANT;
    WITH(o.beta1, 1.0, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
    WITH(o.beta2, 1.0, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
    WITH(o.input_dropout, 1.0, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));
    WITH(o.resume, 1, INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o)); /* without a path */
    WITH(o.checkpoint_path, "", INVALID_VALUE, spinnprop_trainer_create(&trainer, network, &o));

    begin("training");
    WORKS(spinnprop_trainer_create(&trainer, network, &o));
    spinnprop_spikes s = good_spikes();
    int64_t wrong_labels[N_SAMPLES] = {0, 1, 2, 0};
    int calls = 0;
    WATCH(result);
    WATCH(n_epochs);
    INVALID(spinnprop_trainer_run(NULL, &s, labels, 4, NULL, NULL, 0, NULL, NULL));
    INVALID(spinnprop_trainer_run(trainer, NULL, labels, 4, NULL, NULL, 0, NULL, NULL));
    INVALID(spinnprop_trainer_run(trainer, &s, NULL, 4, NULL, NULL, 0, NULL, NULL));
    INVALID(spinnprop_trainer_run(trainer, &s, labels, 4, &s, NULL, 4, NULL, NULL));
    INVALID(spinnprop_trainer_run(trainer, &s, labels, 4, NULL, labels, 4, NULL, NULL));
    const int64_t wrong_counts[] = {-1, 0, 3, 5, INT64_MAX, INT64_MIN};
    for (int index = 0; index < 6; index++) {
        INVALID(spinnprop_trainer_run(trainer, &s, labels, wrong_counts[index], NULL, NULL, 0, NULL, NULL));
        INVALID(spinnprop_trainer_run(trainer, &s, labels, 4, &s, labels, wrong_counts[index], NULL, NULL));
    }
    const int64_t no_labels[] = {-1, N_OUTPUTS, INT64_MAX, INT64_MIN};
    for (int index = 0; index < 4; index++) {
        WITH(wrong_labels[3], no_labels[index], INVALID_VALUE,
             spinnprop_trainer_run(trainer, &s, wrong_labels, 4, NULL, NULL, 0, NULL, NULL));
        WITH(wrong_labels[3], no_labels[index], INVALID_VALUE,
             spinnprop_trainer_run(trainer, &s, labels, 4, &s, wrong_labels, 4, NULL, NULL));
    }
    EACH_WRONG_SIZE(s, spinnprop_trainer_run(trainer, &s, labels, 4, NULL, NULL, 0, NULL, NULL));
    WITH(s.n_units, N_INPUTS + 1, INVALID_VALUE,
         spinnprop_trainer_run(trainer, &s, labels, 4, NULL, NULL, 0, NULL, NULL));
    spinnprop_spikes wider = s;
    wider.n_units = N_INPUTS + 1;
    INVALID(spinnprop_trainer_run(trainer, &s, labels, 4, &wider, labels, 4, NULL, NULL));
    double targets[N_SAMPLES * N_OUTPUTS] = {0};
    const int64_t n_targets = N_SAMPLES * N_OUTPUTS;
    INVALID(spinnprop_trainer_run_targets(NULL, &s, targets, n_targets, NULL, NULL, 0, NULL, NULL));
    INVALID(spinnprop_trainer_run_targets(trainer, NULL, targets, n_targets, NULL, NULL, 0, NULL, NULL));
    INVALID(spinnprop_trainer_run_targets(trainer, &s, NULL, n_targets, NULL, NULL, 0, NULL, NULL));
    INVALID(spinnprop_trainer_run_targets(trainer, &s, targets, n_targets, &s, NULL, n_targets, NULL, NULL));
    INVALID(spinnprop_trainer_run_targets(trainer, &s, targets, n_targets, NULL, targets, n_targets, NULL, NULL));
    const int64_t no_targets[] = {-1, 0, n_targets - 1, n_targets + 1, INT64_MAX, INT64_MIN};
    for (int index = 0; index < 6; index++) {
        INVALID(spinnprop_trainer_run_targets(trainer, &s, targets, no_targets[index], NULL, NULL, 0, NULL, NULL));
        INVALID(spinnprop_trainer_run_targets(trainer, &s, targets, n_targets, &s, targets, no_targets[index], NULL, NULL));
    }
    EACH_WRONG_SIZE(s, spinnprop_trainer_run_targets(trainer, &s, targets, n_targets, NULL, NULL, 0, NULL, NULL));
    /* This trainer's loss knows labels only. */
    FAILS(UNSUPPORTED, spinnprop_trainer_run_targets(trainer, &s, targets, n_targets, NULL, NULL, 0, NULL, NULL));
    spinnprop_loss distance;
    WORKS(spinnprop_loss_init(&distance, SPINNPROP_LOSS_SPIKE_TIME_MSE));
    spinnprop_training_options aimed = o;
    aimed.loss = &distance;
    spinnprop_trainer *aims = NULL;
    WORKS(spinnprop_trainer_create(&aims, network, &aimed));
    const double no_times[] = {-1e-300, -INFINITY, NAN};
    for (int index = 0; index < 3; index++) {
        WITH(targets[5], no_times[index], INVALID_VALUE,
             spinnprop_trainer_run_targets(aims, &s, targets, n_targets, NULL, NULL, 0, NULL, NULL));
    }
    WORKS(spinnprop_trainer_run_targets(aims, &s, targets, n_targets, &s, targets, n_targets, NULL, NULL));
    spinnprop_trainer_free(aims);
    const double sample_weights[N_SAMPLES] = {0.0, 1.0, 2.0, 0.5};
    spinnprop_supervision wanted, held_out;
    spinnprop_supervision_init(&wanted);
    INVALID(spinnprop_trainer_run_supervised(trainer, &s, &wanted, NULL, NULL, NULL, NULL));
    wanted.labels = labels;
    wanted.n_labels = 4;
    wanted.weights = sample_weights;
    wanted.n_weights = 4;
    held_out = wanted;
    EACH_WRONG_SUPERVISION(wanted, spinnprop_trainer_run_supervised(trainer, &s, &wanted, NULL, NULL, NULL, NULL));
    EACH_WRONG_SUPERVISION(held_out, spinnprop_trainer_run_supervised(trainer, &s, &wanted, &s, &held_out, NULL, NULL));
    INVALID(spinnprop_trainer_run_supervised(NULL, &s, &wanted, NULL, NULL, NULL, NULL));
    INVALID(spinnprop_trainer_run_supervised(trainer, NULL, &wanted, NULL, NULL, NULL, NULL));
    INVALID(spinnprop_trainer_run_supervised(trainer, &s, NULL, NULL, NULL, NULL, NULL));
    INVALID(spinnprop_trainer_run_supervised(trainer, &s, &wanted, &s, NULL, NULL, NULL));
    INVALID(spinnprop_trainer_run_supervised(trainer, &s, &wanted, NULL, &held_out, NULL, NULL));
    wanted.targets = targets;
    wanted.n_targets = n_targets;
    INVALID(spinnprop_trainer_run_supervised(trainer, &s, &wanted, NULL, NULL, NULL, NULL)); /* both */
    wanted.labels = NULL;
    wanted.n_labels = 0;
    FAILS(UNSUPPORTED, spinnprop_trainer_run_supervised(trainer, &s, &wanted, NULL, NULL, NULL, NULL));
    double value = 0;
    FAILS(UNSUPPORTED, spinnprop_trainer_step_batch(&value, trainer, &s, &wanted, 1, NULL, NULL));
    wanted = held_out;
    EACH_WRONG_SUPERVISION(wanted, spinnprop_trainer_step_batch(&value, trainer, &s, &wanted, 1, NULL, NULL));
    INVALID(spinnprop_trainer_step_batch(NULL, trainer, &s, &wanted, 1, NULL, NULL));
    INVALID(spinnprop_trainer_step_batch(&value, NULL, &s, &wanted, 1, NULL, NULL));
    INVALID(spinnprop_trainer_step_batch(&value, trainer, NULL, &wanted, 1, NULL, NULL));
    INVALID(spinnprop_trainer_step_batch(&value, trainer, &s, NULL, 1, NULL, NULL));
    EACH_WRONG_SIZE(s, spinnprop_trainer_step_batch(&value, trainer, &s, &wanted, 1, NULL, NULL));
    for (int index = 0; index < 3; index++)
        INVALID(spinnprop_trainer_step_batch(&value, trainer, &s, &wanted, not_numbers[index], NULL, NULL));
    HOLDS(value == 0);
    const double rates[] = {1e-2, 1e-2, 1e-2}, wrong_rates[] = {1e-2, NAN, 1e-2};
    const int32_t no_kinds[] = {0, -1, SPINNPROP_TRAIN_DELAYS, SPINNPROP_TRAIN_TAU_MEM, 128, INT32_MAX, INT32_MIN};
    const int64_t no_layers[] = {-1, 0, 1, 3, INT64_MAX, INT64_MIN};
    INVALID(spinnprop_trainer_set_learning_rates(NULL, SPINNPROP_TRAIN_WEIGHTS, rates, 2));
    INVALID(spinnprop_trainer_set_learning_rates(trainer, SPINNPROP_TRAIN_WEIGHTS, NULL, 2));
    INVALID(spinnprop_trainer_set_learning_rates(trainer, SPINNPROP_TRAIN_WEIGHTS, wrong_rates, 2));
    for (int index = 0; index < 7; index++) INVALID(spinnprop_trainer_set_learning_rates(trainer, no_kinds[index], rates, 2));
    for (int index = 0; index < 6; index++)
        INVALID(spinnprop_trainer_set_learning_rates(trainer, SPINNPROP_TRAIN_WEIGHTS, rates, no_layers[index]));
    WORKS(spinnprop_trainer_set_learning_rates(trainer, SPINNPROP_TRAIN_WEIGHTS, rates, 2));
    INVALID(spinnprop_trainer_save(NULL, "there"));
    INVALID(spinnprop_trainer_save(trainer, NULL));
    INVALID(spinnprop_trainer_save(trainer, ""));
    FAILS(FILE_NOT_FOUND, spinnprop_trainer_save(trainer, "/no/such/folder/file"));
    INVALID(spinnprop_trainer_set_epochs(NULL, 1));
    INVALID(spinnprop_trainer_set_epochs(trainer, -1));
    INVALID(spinnprop_trainer_set_epochs(trainer, INT32_MIN));
    WORKS(spinnprop_trainer_set_epochs(trainer, o.epochs));
    INVALID(spinnprop_trainer_set_schedule(NULL, no_factor, NULL));
    WORKS(spinnprop_trainer_set_schedule(trainer, no_factor, NULL));
    INVALID(spinnprop_trainer_run(trainer, &s, labels, 4, NULL, NULL, 0, NULL, NULL));
    WORKS(spinnprop_trainer_set_schedule(trainer, NULL, NULL));
    int64_t n_numbers = -1;
    INVALID(spinnprop_trainer_batch_size(NULL, trainer));
    INVALID(spinnprop_trainer_batch_size(&n_numbers, NULL));
    WORKS(spinnprop_trainer_batch_size(&n_numbers, trainer));
    double *numbers = malloc((size_t)n_numbers * sizeof(double));
    HOLDS(n_numbers > 5 && numbers);
    wanted = held_out;
    EACH_WRONG_SUPERVISION(wanted, spinnprop_trainer_batch(numbers, n_numbers, trainer, &s, &wanted, NULL, NULL));
    EACH_WRONG_SIZE(s, spinnprop_trainer_batch(numbers, n_numbers, trainer, &s, &wanted, NULL, NULL));
    const int64_t no_numbers[] = {-1, 0, n_numbers - 1, n_numbers + 1, INT64_MAX, INT64_MIN};
    for (int index = 0; index < 6; index++)
        INVALID(spinnprop_trainer_batch(numbers, no_numbers[index], trainer, &s, &wanted, NULL, NULL));
    INVALID(spinnprop_trainer_batch(NULL, n_numbers, trainer, &s, &wanted, NULL, NULL));
    INVALID(spinnprop_trainer_batch(numbers, n_numbers, NULL, &s, &wanted, NULL, NULL));
    INVALID(spinnprop_trainer_batch(numbers, n_numbers, trainer, NULL, &wanted, NULL, NULL));
    INVALID(spinnprop_trainer_batch(numbers, n_numbers, trainer, &s, NULL, NULL, NULL));
    WORKS(spinnprop_trainer_batch(numbers, n_numbers, trainer, &s, &wanted, NULL, NULL));
    batch_runner runner = {trainer, labels, n_numbers, 0};
    INVALID(spinnprop_trainer_set_batches(NULL, run_batches, &runner));
    WORKS(spinnprop_trainer_set_batches(trainer, run_batches, &runner));
    for (runner.mode = 1; runner.mode < 6; runner.mode++) {
        if (runner.mode == 1)
            FAILS(CANCELLED, spinnprop_trainer_run(trainer, &s, labels, 4, NULL, NULL, 0, NULL, NULL));
        else
            INVALID(spinnprop_trainer_run(trainer, &s, labels, 4, NULL, NULL, 0, NULL, NULL));
    }
    WORKS(spinnprop_trainer_set_batches(trainer, NULL, NULL));
    free(numbers);
    spinnprop_loss custom;
    WORKS(spinnprop_loss_init(&custom, SPINNPROP_LOSS_CUSTOM));
    INVALID(spinnprop_loss_check(&custom)); /* no function */
    custom.function = own_loss;
    own_loss_state state = {0, 0, 0};
    custom.payload = &state;
    WORKS(spinnprop_loss_check(&custom));
    const int32_t no_reads[] = {-1, 5, INT32_MAX, INT32_MIN};
    for (int index = 0; index < 4; index++) WITH(custom.reads, no_reads[index], INVALID_VALUE, spinnprop_loss_check(&custom));
    double reading_times[2] = {1e-3, 2e-3};
    custom.times = reading_times;
    custom.n_times = 2;
    INVALID(spinnprop_loss_check(&custom)); /* times and first spikes */
    custom.reads = SPINNPROP_READS_MEMBRANES;
    WORKS(spinnprop_loss_check(&custom));
    for (int index = 0; index < 3; index++)
        WITH(reading_times[1], no_times[index] < 0 ? no_times[index] : INFINITY, INVALID_VALUE, spinnprop_loss_check(&custom));
    const int64_t no_counts[] = {-1, 0, INT64_MAX, INT64_MIN};
    for (int index = 0; index < 4; index++) WITH(custom.n_times, no_counts[index], INVALID_VALUE, spinnprop_loss_check(&custom));
    WITH(custom.times, NULL, INVALID_VALUE, spinnprop_loss_check(&custom));
    EACH_WRONG_SIZE(custom, spinnprop_loss_check(&custom));
    aimed.loss = &custom;
    FAILS(UNSUPPORTED, spinnprop_trainer_create(&aims, network, &aimed)); /* no membranes */
    custom.reads = SPINNPROP_READS_FIRST_SPIKES;
    custom.times = NULL;
    custom.n_times = 0;
    WORKS(spinnprop_trainer_create(&aims, network, &aimed));
    wanted.labels = labels;
    wanted.n_labels = 4;
    wanted.targets = NULL;
    wanted.n_targets = 0;
    state.answer = 1;
    FAILS(CANCELLED, spinnprop_trainer_run_supervised(aims, &s, &wanted, NULL, NULL, NULL, NULL));
    for (state.answer = 0, state.mode = 1; state.mode < 4; state.mode++)
        INVALID(spinnprop_trainer_run_supervised(aims, &s, &wanted, NULL, NULL, NULL, NULL)); /* nothing, NaN, an infinite derivative */
    int64_t n_finished = -1;
    WORKS(spinnprop_trainer_epochs_done(&n_finished, aims));
    HOLDS(n_finished == 0);
    state.mode = 0;
    WORKS(spinnprop_trainer_run_supervised(aims, &s, &wanted, &s, &held_out, NULL, NULL));
    HOLDS(state.calls > 0);
    spinnprop_trainer_free(aims);
    /* Nothing has been trained yet. */
    int64_t n_before = 0, n_after = 0;
    spinnprop_network *untouched = NULL;
    WORKS(spinnprop_trainer_beginning(&untouched, trainer));
    spinnprop_network_free(untouched);
    WORKS(spinnprop_trainer_network(&untouched, trainer));
    uint8_t *before = bytes_of(network, &n_before), *after = bytes_of(untouched, &n_after);
    HOLDS(n_before == n_after && memcmp(before, after, (size_t)n_before) == 0);
    free(before);
    free(after);
    spinnprop_network_free(untouched);
    FAILS(CANCELLED, spinnprop_trainer_run(trainer, &s, labels, 4, NULL, NULL, 0, stop_at_once, &calls));
    HOLDS(calls == 1);
    INVALID(spinnprop_trainer_network(NULL, trainer));
    INVALID(spinnprop_trainer_network(&result, NULL));
    INVALID(spinnprop_trainer_beginning(NULL, trainer));
    INVALID(spinnprop_trainer_beginning(&result, NULL));
    INVALID(spinnprop_trainer_epochs_done(NULL, trainer));
    INVALID(spinnprop_trainer_epochs_done(&n_epochs, NULL));
    WORKS(spinnprop_trainer_run(trainer, &s, labels, 4, NULL, NULL, 0, NULL, NULL));
    /* A run that has begun takes no other data, but a validation set, from then on the same. */
    int64_t others[] = {labels[0], labels[1], labels[2], !labels[3]};
    INVALID(spinnprop_trainer_run(trainer, &s, others, 4, NULL, NULL, 0, NULL, NULL));
    WORKS(spinnprop_trainer_run(trainer, &s, labels, 4, &s, labels, 4, NULL, NULL));
    INVALID(spinnprop_trainer_run(trainer, &s, labels, 4, &s, others, 4, NULL, NULL));
    int64_t n_done;
    WORKS(spinnprop_trainer_epochs_done(&n_done, trainer));
    HOLDS(n_done == 2);
    spinnprop_epoch epochs[2];
    memset(epochs, 0x55, sizeof epochs);
    epochs->size = sizeof *epochs;
    WATCH(epochs);
    INVALID(spinnprop_trainer_history(NULL, 2, trainer));
    INVALID(spinnprop_trainer_history(epochs, 2, NULL));
    for (int index = 0; index < 6; index++) INVALID(spinnprop_trainer_history(epochs, wrong_counts[index], trainer));
    spinnprop_domain domains[64];
    int64_t n_domains = 0;
    const int32_t no_table[] = {SPINNPROP_DOMAINS_BRAINSCALES2_PROGRAM - 1, 1000, INT32_MAX, INT32_MIN};
    spinnprop_domain_init(NULL);
    spinnprop_domain_init(domains);
    begin("domains");
    INVALID(spinnprop_domain_count(NULL, SPINNPROP_DOMAINS_TRAINING));
    for (int index = 0; index < 4; index++) {
        INVALID(spinnprop_domain_count(&n_domains, no_table[index]));
        INVALID(spinnprop_domain_rows(domains, 1, no_table[index]));
    }
    WORKS(spinnprop_domain_count(&n_domains, SPINNPROP_DOMAINS_TRAINING));
    HOLDS(n_domains > 15 && n_domains < 64);
    INVALID(spinnprop_domain_rows(NULL, n_domains, SPINNPROP_DOMAINS_TRAINING));
    INVALID(spinnprop_domain_rows(domains, n_domains + 1, SPINNPROP_DOMAINS_TRAINING));
    EACH_WRONG_SIZE(*domains, spinnprop_domain_rows(domains, n_domains, SPINNPROP_DOMAINS_TRAINING));
    WORKS(spinnprop_domain_rows(domains, n_domains, SPINNPROP_DOMAINS_TRAINING));
    for (int32_t of = SPINNPROP_DOMAINS_BRAINSCALES2_PROGRAM; of < 0; of++) {
        WORKS(spinnprop_domain_count(&n_domains, of));
        HOLDS(n_domains >= 1 && n_domains < 64);
        WORKS(spinnprop_domain_rows(domains, n_domains, of));
        for (int64_t row = 0; row < n_domains; row++) {
            HOLDS(domains[row].low <= domains[row].high && domains[row].text[0] != 0 && strlen(domains[row].text) < 63);
            HOLDS(domains[row].is_optional || (domains[row].low <= domains[row].initial && domains[row].initial <= domains[row].high));
        }
    }
    WORKS(spinnprop_domain_count(&n_domains, SPINNPROP_LOSS_VMAX_CROSS_ENTROPY));
    HOLDS(n_domains == 0);
    WORKS(spinnprop_domain_rows(NULL, 0, SPINNPROP_LOSS_VMAX_CROSS_ENTROPY));
    begin("history");
    EACH_WRONG_SIZE(*epochs, spinnprop_trainer_history(epochs, 2, trainer));
    WORKS(spinnprop_trainer_history(epochs, 2, trainer));
    HOLDS(epochs[1].size == sizeof *epochs && epochs[1].seconds >= 0);
    spinnprop_trainer_free(trainer);
    spinnprop_network_free(network);
}

/* A callback that turns on the objects of the very call it is called from. */
typedef struct meddler {
    spinnprop_trainer *trainer;
    const spinnprop_spikes *spikes;
    int calls;
} meddler;

static int meddle(const spinnprop_progress *progress, void *payload) {
    meddler *m = payload;
    spinnprop_network *network = NOBODY(spinnprop_network);
    int64_t n = 77;
    spinnprop_epoch epoch;
    (void)progress;
    m->calls++;
    INVALID(spinnprop_trainer_run(m->trainer, m->spikes, labels, 4, NULL, NULL, 0, NULL, NULL));
    INVALID(spinnprop_trainer_network(&network, m->trainer));
    INVALID(spinnprop_trainer_beginning(&network, m->trainer));
    INVALID(spinnprop_trainer_epochs_done(&n, m->trainer));
    double value = 1;
    INVALID(spinnprop_trainer_set_epochs(m->trainer, 1));
    INVALID(spinnprop_trainer_save(m->trainer, "there"));
    INVALID(spinnprop_trainer_set_learning_rates(m->trainer, SPINNPROP_TRAIN_WEIGHTS, &value, 1));
    INVALID(spinnprop_trainer_set_schedule(m->trainer, NULL, NULL));
    INVALID(spinnprop_trainer_set_batches(m->trainer, NULL, NULL));
    INVALID(spinnprop_trainer_batch_size(&n, m->trainer));
    spinnprop_supervision wanted;
    spinnprop_supervision_init(&wanted);
    wanted.labels = labels;
    wanted.n_labels = 4;
    INVALID(spinnprop_trainer_step_batch(&value, m->trainer, m->spikes, &wanted, 1, NULL, NULL));
    INVALID(spinnprop_trainer_history(&epoch, 0, m->trainer));
    return 0;
}

static void callbacks_that_meddle(void) {
    spinnprop_network *network = good_network(SPINNPROP_DELAYS_NONE, SPINNPROP_READOUT_SPIKING);
    spinnprop_spikes s = good_spikes();
    spinnprop_training_options o;
    meddler m = {NULL, &s, 0};
    begin("callbacks that meddle");
    spinnprop_training_options_init(&o);
    o.epochs = 1;
    WORKS(spinnprop_trainer_create(&m.trainer, network, &o));
    WORKS(spinnprop_trainer_run(m.trainer, &s, labels, 4, NULL, NULL, 0, meddle, &m));
    HOLDS(m.calls > 0);
    spinnprop_trainer_free(m.trainer);
    spinnprop_network_free(network);
}

#include "hostile_spinnaker2.h"
#include "hostile_sparse.h"
#include "hostile_biograd.h"
#include "hostile_brainscales2_array.h"
#include "hostile_brainscales2.h"

int main(int argc, char **argv) {
    const char *folder = argc > 1 ? argv[1] : ".";
    version_and_threads();
    null_where_nothing_is_returned();
    spikes_that_break_the_rules();
    data_and_encoding();
    networks_that_cannot_be();
    network_access();
    files_that_are_no_networks(folder);
    engines_that_cannot_be();
    grids_that_do_not_fit();
    runs_that_cannot_be();
    recording_access();
    measurements_that_cannot_be();
    losses_that_cannot_be();
    errors_that_cannot_be();
    gradients_that_cannot_be();
    trainings_that_cannot_be();
    callbacks_that_meddle();
    spinnaker2_that_cannot_be();
    fits_that_cannot_be();
    accounts_that_cannot_be();
    sparse_networks_that_cannot_be();
    sparse_network_access();
    sparse_runs_that_cannot_be();
    sparse_derivatives_that_cannot_be();
    local_learning_that_cannot_be();
    local_learning_access();
    local_learning_data();
    local_learning_files();
    local_learning_on_engines();
    neuron_arrays_that_cannot_be();
    neuron_arrays_on_chips_that_cannot_be();
    neuron_array_access();
    neuron_array_runs_that_cannot_be();
    brainscales2_chips_that_cannot_be();
    brainscales2_engines_that_cannot_be();
    brainscales2_fits_that_cannot_be();
    begin("all statuses");
    /* SPINNPROP_INTERNAL is a defect of the library; the Swift tests of the error barrier produce it. */
    for (int status = SPINNPROP_OK; status < SPINNPROP_INTERNAL; status++)
        if (seen[status] == 0) {
            char text[64];
            snprintf(text, sizeof text, "status %d was never produced", status);
            defect(__LINE__, "main", text);
        }
    printf("hostile: %d calls, %d defects\n", n_calls, n_defects);
    return n_defects == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
