/* What the fuzz target and the program that makes its first inputs share. */
#ifndef SPINNPROP_TEST_FUZZ_H
#define SPINNPROP_TEST_FUZZ_H

#include <spinnprop.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first byte of an input says what the rest is. */
enum { FUZZ_SPIKES = 0, FUZZ_NETWORK = 1, FUZZ_RECORDING = 2, FUZZ_BIOGRAD = 3, N_FUZZ_KINDS = 4 };

enum { FUZZ_INPUTS = 3, FUZZ_OUTPUTS = 2, N_FUZZ_NETWORKS = 5 };

static inline void fuzz_require(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "fuzz: %s (last error: %s)\n", what, spinnprop_last_error());
    abort();
}

/* Tiny networks of every sort: plain, equal time constants, delays, recurrence, a leaky read-out. */
static inline spinnprop_network *fuzz_network(int which) {
    static const int32_t sizes[] = {FUZZ_INPUTS, 3, FUZZ_OUTPUTS};
    static const int32_t recurrent = 1;
    static const double taus[N_FUZZ_NETWORKS] = {20e-3, 5e-3, 10e-3, 20e-3, 7e-3};
    static const double spread[] = {2.0, 2.0};
    spinnprop_network_options options;
    spinnprop_network *network = NULL;
    spinnprop_network_options_init(&options);
    options.layer_sizes = sizes;
    options.n_layer_sizes = 3;
    options.tau_mem = &taus[which];
    options.n_tau_mem = 1;
    options.weight_std = spread;
    options.n_weight_std = 2;
    options.seed = (uint64_t)which;
    static const int32_t kinds[] = {SPINNPROP_DELAYS_SYNAPTIC, SPINNPROP_DELAYS_NONE}, dendritic = SPINNPROP_DELAYS_DENDRITIC;
    if (which == 2) {
        options.delays = kinds;
        options.n_delays = 2;
    }
    if (which == 3) {
        options.recurrent = &recurrent;
        options.n_recurrent = 1;
        options.delays = &dendritic;
        options.n_delays = 1;
    }
    if (which == 4) options.readout = SPINNPROP_READOUT_LEAKY;
    fuzz_require(spinnprop_network_create(&network, &options) == SPINNPROP_OK, "a tiny network cannot be made");
    return network;
}

/* A tiny training by local learning, in float32 or in integers. */
static inline spinnprop_biograd *fuzz_biograd(int32_t is_integer) {
    static const int64_t sizes[] = {FUZZ_INPUTS, 3, FUZZ_OUTPUTS};
    spinnprop_biograd_options options;
    spinnprop_biograd *training = NULL;
    spinnprop_biograd_options_init(&options);
    options.integer = is_integer;
    options.epochs = 1;
    fuzz_require(spinnprop_biograd_create(&training, sizes, 3, &options) == SPINNPROP_OK, "a tiny training cannot be made");
    return training;
}

/* Trains with two samples. */
static inline spinnprop_status fuzz_learn(spinnprop_biograd *training) {
    static const double probabilities[2 * FUZZ_INPUTS] = {0.9, 0.5, 0, 0, 0.5, 0.9};
    static const int64_t labels[] = {0, 1};
    spinnprop_step_input input;
    spinnprop_step_input_init(&input);
    input.probabilities = probabilities;
    input.n_samples = 2;
    input.n_units = FUZZ_INPUTS;
    return spinnprop_biograd_run(training, &input, labels, 2, NULL, NULL, NULL, NULL);
}

#endif
