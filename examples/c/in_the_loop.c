/*
 * Trains a chip in the loop, in C11: the chip runs forward, its measured spikes give the gradient, the host takes the steps.
 *
 * The chip here is a simulation that knows better: its weights differ from what it was told by a tenth, and each spike is measured a
 * little too early or too late. Replace `measure` by your own chip's.
 *
 *   cc -std=c11 in_the_loop.c $(pkg-config --cflags --libs spinnprop) -lm -o in_the_loop
 *   ./in_the_loop [steps, default 150]
 */
#include <spinnprop.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { N = 600, N_FEATURES = 4, N_INPUTS = 5, N_HIDDEN = 60, N_CLASSES = 3, N_LAYERS = 2, MAX_WEIGHTS = N_INPUTS * N_HIDDEN };
static const int64_t n_weights[N_LAYERS] = {N_INPUTS * N_HIDDEN, N_HIDDEN * N_CLASSES};
static const int32_t n_neurons[N_LAYERS] = {N_HIDDEN, N_CLASSES};

static void check(spinnprop_status status) {
    if (status == SPINNPROP_OK) return;
    fprintf(stderr, "in_the_loop: %s\n", spinnprop_last_error());
    exit(EXIT_FAILURE);
}

/* Normal numbers from a generator of our own, the same everywhere. */
static double normal(uint64_t *state) {
    double u[2];
    for (int i = 0; i < 2; i++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        u[i] = ((double)(*state >> 11) + 0.5) / 9007199254740992.0;
    }
    return sqrt(-2 * log(u[0])) * cos(6.283185307179586 * u[1]);
}

/* What comes back from the chip: the spikes of each layer, and nothing else. */
typedef struct measurement {
    double times[N_LAYERS][N * N_HIDDEN];
    int32_t units[N_LAYERS][N * N_HIDDEN];
    int64_t offsets[N_LAYERS][N + 1];
    spinnprop_spikes layers[N_LAYERS];
} measurement;

/* The chip. `network` holds the weights that it is told, `mismatch` what it makes of them. */
static void measure(measurement *result, const spinnprop_network *network, double mismatch[N_LAYERS][MAX_WEIGHTS],
                    const spinnprop_spikes *input, const spinnprop_engine *engine, uint64_t *noise) {
    spinnprop_network *chip = NULL;
    spinnprop_recording *recording = NULL;
    spinnprop_forward_options options;
    spinnprop_forward_options_init(&options);
    options.engine = engine;
    check(spinnprop_network_copy(&chip, network));
    for (int layer = 0; layer < N_LAYERS; layer++) {
        double weights[MAX_WEIGHTS];
        check(spinnprop_network_get(weights, n_weights[layer], chip, SPINNPROP_WEIGHTS, layer));
        for (int64_t i = 0; i < n_weights[layer]; i++) weights[i] *= mismatch[layer][i];
        check(spinnprop_network_set(chip, SPINNPROP_WEIGHTS, layer, weights, n_weights[layer]));
    }
    check(spinnprop_network_forward(&recording, chip, input, &options, NULL, NULL));
    for (int layer = 0; layer < N_LAYERS; layer++) {
        spinnprop_spikes *spikes = &result->layers[layer];
        spinnprop_spikes_init(spikes);
        spikes->times = result->times[layer];
        spikes->units = result->units[layer];
        spikes->offsets = result->offsets[layer];
        spikes->n_samples = N;
        spikes->n_units = n_neurons[layer];
        check(spinnprop_recording_spike_count(&spikes->n_spikes, recording, layer));
        check(spinnprop_recording_spikes(result->times[layer], result->units[layer], NULL, NULL, spikes->n_spikes,
                                         result->offsets[layer], N + 1, recording, layer));
        for (int64_t i = 0; i < spikes->n_spikes; i++)
            result->times[layer][i] = fabs(result->times[layer][i] + 0.2e-3 * normal(noise));
    }
    spinnprop_recording_free(recording);
    spinnprop_network_free(chip);
}

/* The mean distance of the first spikes of a layer that both the chip and the model have. */
static double deviation(const spinnprop_recording *recording, int layer) {
    static double values[N * N_HIDDEN];
    double sum = 0;
    int64_t n = (int64_t)N * n_neurons[layer], n_both = 0;
    check(spinnprop_recording_deviations(values, n, recording, layer));
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(values[i])) continue;
        sum += fabs(values[i]);
        n_both++;
    }
    return n_both > 0 ? sum / (double)n_both : 0;
}

int main(int argc, char **argv) {
    const int steps = argc > 1 ? atoi(argv[1]) : 150;
    static double x[N * N_FEATURES], times[N * N_INPUTS], mismatch[N_LAYERS][MAX_WEIGHTS];
    static double mean[N_LAYERS][MAX_WEIGHTS], square[N_LAYERS][MAX_WEIGHTS];
    static int64_t labels[N], offsets[N + 1], classes[N];
    static int32_t units[N * N_INPUTS];
    static measurement measured;
    uint64_t noise = 1;

    check(spinnprop_yin_yang(x, N * N_FEATURES, labels, N, 42));
    check(spinnprop_encode_latency(times, units, N * N_INPUTS, offsets, N + 1, x, N, N_FEATURES, 0.0, 30e-3, 0.0,
                                   SPINNPROP_EARLY_SMALL));
    spinnprop_spikes input;
    spinnprop_spikes_init(&input);
    input.times = times, input.units = units, input.offsets = offsets;
    input.n_spikes = N * N_INPUTS, input.n_samples = N, input.n_units = N_INPUTS;

    /* Neurons that spike once, with the time constants and initial weights that suit them. */
    const int32_t sizes[] = {N_INPUTS, N_HIDDEN, N_CLASSES};
    spinnprop_engine *engine = NULL;
    spinnprop_network *network = NULL;
    spinnprop_network_options network_options;
    check(spinnprop_engine_create(&engine, SPINNPROP_ENGINE_FIRST_SPIKE));
    spinnprop_network_options_init(&network_options);
    network_options.layer_sizes = sizes;
    network_options.n_layer_sizes = 3;
    network_options.engine = engine;
    network_options.seed = 1;
    check(spinnprop_network_create(&network, &network_options));
    for (int layer = 0; layer < N_LAYERS; layer++)
        for (int64_t i = 0; i < n_weights[layer]; i++) mismatch[layer][i] = 1 + 0.1 * normal(&noise);

    spinnprop_loss loss;
    spinnprop_gradient_options rule;
    check(spinnprop_loss_init(&loss, SPINNPROP_LOSS_TTFS_CROSS_ENTROPY));
    spinnprop_gradient_options_init(&rule);
    rule.engine = engine;
    double accuracy = 0;
    for (int step = 1; step <= steps; step++) {
        measure(&measured, network, mismatch, &input, engine, &noise);

        /* The weights are those that the chip was told: what it made of them shows in its spikes. */
        spinnprop_recording *recording = NULL;
        spinnprop_gradient *gradient = NULL;
        double value = 0;
        check(spinnprop_recording_create_measured(&recording, network, &input, measured.layers, N_LAYERS, INFINITY, NULL,
                                                  NULL));
        check(spinnprop_network_gradient(&gradient, &value, network, recording, &loss, labels, N, NULL, 0, &rule, NULL,
                                         NULL));
        check(spinnprop_recording_predict(classes, N, recording, &loss));
        int right = 0;
        for (int sample = 0; sample < N; sample++) right += classes[sample] == labels[sample];
        accuracy = (double)right / N;
        if (step % 25 == 0 || step == 1) {
            spinnprop_diagnostics diagnosis;
            spinnprop_diagnostics_init(&diagnosis);
            check(spinnprop_recording_diagnose(&diagnosis, recording, 0));
            printf("step %3d   loss %.4f   accuracy %.1f %%   hidden spikes off by %.2f ms, %d of %d impossible\n", step, value,
                   100 * accuracy, 1e3 * deviation(recording, 0), (int)diagnosis.impossible_spikes,
                   (int)diagnosis.n_spikes);
        }

        /* A step of Adam, its gradient clipped at norm 1. */
        for (int layer = 0; layer < N_LAYERS; layer++) {
            double weights[MAX_WEIGHTS], own[MAX_WEIGHTS], norm = 0;
            const int64_t n = n_weights[layer];
            check(spinnprop_network_get(weights, n, network, SPINNPROP_WEIGHTS, layer));
            check(spinnprop_gradient_get(own, n, gradient, SPINNPROP_WEIGHTS, layer));
            for (int64_t i = 0; i < n; i++) norm += own[i] * own[i];
            const double factor = norm > 1 ? 1 / sqrt(norm) : 1;
            for (int64_t i = 0; i < n; i++) {
                const double error = factor * own[i];
                mean[layer][i] += 0.1 * (error - mean[layer][i]);
                square[layer][i] += 0.01 * (error * error - square[layer][i]);
                weights[i] -= 2e-2 * mean[layer][i] / (1 - pow(0.9, step)) /
                              (sqrt(square[layer][i] / (1 - pow(0.99, step))) + 1e-8);
            }
            check(spinnprop_network_set(network, SPINNPROP_WEIGHTS, layer, weights, n));
        }
        spinnprop_gradient_free(gradient);
        spinnprop_recording_free(recording);
    }
    printf("training accuracy %.1f %% of the chip, from its measured spikes alone\n", 100 * accuracy);
    spinnprop_network_free(network);
    spinnprop_engine_free(engine);
    return EXIT_SUCCESS;
}
