/*
 * Epochs of Yin-Yang, 5-120-3 in batches of 150 on the exact engine and one thread, by the library alone: what epochs.py does in Python.
 *
 *   epochs RUNS EPOCHS FILE
 *
 * Prints the processor seconds of each run, per epoch, and writes the trained network to FILE.
 */
#include <spinnprop.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { N = 5000, N_FEATURES = 4, N_INPUTS = 5, N_HIDDEN = 120, N_CLASSES = 3, BATCH = 150 };
static double x[N * N_FEATURES], times[N * N_INPUTS];
static int64_t labels[N], offsets[N + 1];
static int32_t units[N * N_INPUTS];

static void check(spinnprop_status status) {
    if (status == SPINNPROP_OK) return;
    fprintf(stderr, "epochs: %s\n", spinnprop_last_error());
    exit(EXIT_FAILURE);
}

int main(int argc, char **argv) {
    if (argc != 4) return EXIT_FAILURE;
    check(spinnprop_set_threads(1));
    check(spinnprop_yin_yang(x, N * N_FEATURES, labels, N, 42));
    check(spinnprop_encode_latency(times, units, N * N_INPUTS, offsets, N + 1, x, N, N_FEATURES, 0.0, 30e-3, 0.0, SPINNPROP_EARLY_SMALL));
    spinnprop_spikes spikes;
    spinnprop_spikes_init(&spikes);
    spikes.times = times;
    spikes.units = units;
    spikes.offsets = offsets;
    spikes.n_spikes = N * N_INPUTS;
    spikes.n_samples = N;
    spikes.n_units = N_INPUTS;
    const int32_t sizes[] = {N_INPUTS, N_HIDDEN, N_CLASSES};
    spinnprop_network_options network_options;
    spinnprop_network_options_init(&network_options);
    network_options.layer_sizes = sizes;
    network_options.n_layer_sizes = 3;
    spinnprop_network *network = NULL;
    check(spinnprop_network_create(&network, &network_options));
    spinnprop_training_options options;
    spinnprop_training_options_init(&options);
    options.epochs = atoi(argv[2]);
    options.batch_size = BATCH;
    for (int run = 0; run < atoi(argv[1]); run++) {
        spinnprop_trainer *trainer = NULL;
        check(spinnprop_trainer_create(&trainer, network, &options));
        const clock_t begun = clock();
        check(spinnprop_trainer_run(trainer, &spikes, labels, N, NULL, NULL, 0, NULL, NULL));
        printf("%.9f\n", (double)(clock() - begun) / CLOCKS_PER_SEC / options.epochs);
        spinnprop_network *trained = NULL;
        check(spinnprop_trainer_network(&trained, trainer));
        check(spinnprop_network_save(trained, argv[3]));
        spinnprop_network_free(trained);
        spinnprop_trainer_free(trainer);
    }
    spinnprop_network_free(network);
    return EXIT_SUCCESS;
}
