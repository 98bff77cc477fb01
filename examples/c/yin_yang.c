/*
 * Trains a spiking network on the Yin-Yang data set and uses it, in C11.
 *
 *   cc -std=c11 yin_yang.c $(pkg-config --cflags --libs spinnprop) -o yin_yang
 *   ./yin_yang [epochs, default 30] [file to save the network in, default yin_yang.safetensors]
 */
#include <spinnprop.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { N_FEATURES = 4, N_INPUTS = 5, N_HIDDEN = 120, N_CLASSES = 3 };

/* Every call that can fail returns a status; the message says what was wrong and what to do about it. */
static void check(spinnprop_status status) {
    if (status == SPINNPROP_OK) return;
    fprintf(stderr, "yin_yang: %s\n", spinnprop_last_error());
    exit(EXIT_FAILURE);
}

static void *allocate(size_t n, size_t size) {
    void *memory = calloc(n, size);
    if (memory == NULL) {
        fprintf(stderr, "yin_yang: out of memory\n");
        exit(EXIT_FAILURE);
    }
    return memory;
}

/* A data set: labels, and the spikes that stand for the samples. The arrays are ours, `spikes` is a view of them. */
typedef struct dataset {
    int64_t n;
    int64_t *labels;
    double *times;
    int32_t *units;
    int64_t *offsets;
    spinnprop_spikes spikes;
} dataset;

/* Draws n samples and encodes them: each of the four features becomes one spike between 0 and 30 ms, and a fifth input
 * unit, the bias, spikes at 0 in every sample. */
static dataset dataset_create(int64_t n, int64_t seed) {
    dataset set = {.n = n};
    int64_t n_spikes = n * N_INPUTS;
    double *x = allocate((size_t)n * N_FEATURES, sizeof *x);
    set.labels = allocate((size_t)n, sizeof *set.labels);
    set.times = allocate((size_t)n_spikes, sizeof *set.times);
    set.units = allocate((size_t)n_spikes, sizeof *set.units);
    set.offsets = allocate((size_t)n + 1, sizeof *set.offsets);

    check(spinnprop_yin_yang(x, n * N_FEATURES, set.labels, n, seed));
    check(spinnprop_encode_latency(set.times, set.units, n_spikes, set.offsets, n + 1, x, n, N_FEATURES, 0.0, 30e-3,
                                   0.0, SPINNPROP_EARLY_SMALL));
    free(x);

    spinnprop_spikes_init(&set.spikes);
    set.spikes.times = set.times;
    set.spikes.units = set.units;
    set.spikes.offsets = set.offsets;
    set.spikes.n_spikes = n_spikes;
    set.spikes.n_samples = n;
    set.spikes.n_units = N_INPUTS;
    return set;
}

static void dataset_free(dataset *set) {
    free(set->labels);
    free(set->times);
    free(set->units);
    free(set->offsets);
}

/* Called now and then while training runs. Returning anything but 0 would stop it. */
static int print_epoch(const spinnprop_progress *progress, void *payload) {
    (void)payload;
    if (progress->epoch_finished)
        printf("epoch %3d/%d   loss %.4f   accuracy %.1f %%   validation %.1f %%   hidden spikes per sample %.1f\n",
               (int)progress->epoch + 1, (int)progress->n_epochs, progress->loss, 100 * progress->accuracy,
               100 * progress->validation_accuracy, progress->hidden_spikes);
    return 0;
}

/* The fraction of samples that the network gives the right class. */
static double accuracy(const spinnprop_network *network, const dataset *set) {
    spinnprop_recording *recording = NULL;
    int64_t *classes = allocate((size_t)set->n, sizeof *classes);
    int64_t n_right = 0;
    check(spinnprop_network_forward(&recording, network, &set->spikes, NULL, NULL, NULL));
    check(spinnprop_recording_predict(classes, set->n, recording, NULL));
    for (int64_t sample = 0; sample < set->n; sample++) n_right += classes[sample] == set->labels[sample];
    spinnprop_recording_free(recording);
    free(classes);
    return (double)n_right / (double)set->n;
}

int main(int argc, char **argv) {
    int epochs = argc > 1 ? atoi(argv[1]) : 30;
    const char *path = argc > 2 ? argv[2] : "yin_yang.safetensors";

    /* The published sets. */
    dataset training = dataset_create(5000, 42);
    dataset validation = dataset_create(1000, 41);
    dataset test = dataset_create(1000, 40);

    /* A network of 5 inputs, 120 hidden and 3 output neurons. */
    const int32_t sizes[] = {N_INPUTS, N_HIDDEN, N_CLASSES};
    spinnprop_network_options network_options;
    spinnprop_network_options_init(&network_options);
    network_options.layer_sizes = sizes;
    network_options.n_layer_sizes = 3;
    network_options.seed = 1;
    spinnprop_network *network = NULL;
    check(spinnprop_network_create(&network, &network_options));

    /* Training; all that is not set keeps its default. */
    spinnprop_training_options options;
    spinnprop_training_options_init(&options);
    options.epochs = epochs;
    options.seed = 1;
    spinnprop_trainer *trainer = NULL;
    check(spinnprop_trainer_create(&trainer, network, &options));
    check(spinnprop_trainer_run(trainer, &training.spikes, training.labels, training.n, &validation.spikes,
                                validation.labels, validation.n, print_epoch, NULL));

    /* The trainer worked on a copy: the network as it stands now is fetched, saved and loaded again. */
    spinnprop_network *trained = NULL, *loaded = NULL;
    check(spinnprop_trainer_network(&trained, trainer));
    check(spinnprop_network_save(trained, path));
    check(spinnprop_network_load(&loaded, path));

    double after = accuracy(loaded, &test);
    printf("test accuracy before training %.1f %%\n", 100 * accuracy(network, &test));
    printf("test accuracy %.1f %% (network saved in %s)\n", 100 * after, path);

    /* One sample: when does each output neuron spike first? */
    double first[N_CLASSES];
    spinnprop_spikes one = test.spikes;
    one.n_samples = 1;
    one.n_spikes = N_INPUTS;
    spinnprop_recording *recording = NULL;
    check(spinnprop_network_forward(&recording, loaded, &one, NULL, NULL, NULL));
    check(spinnprop_recording_first_spike_times(first, N_CLASSES, recording));
    printf("first test sample, label %d: first spikes at", (int)test.labels[0]);
    for (int output = 0; output < N_CLASSES; output++) {
        if (isinf(first[output])) printf("  never");
        else printf("  %.2f ms", 1e3 * first[output]);
    }
    printf("\n");

    spinnprop_recording_free(recording);
    spinnprop_network_free(loaded);
    spinnprop_network_free(trained);
    spinnprop_trainer_free(trainer);
    spinnprop_network_free(network);
    dataset_free(&test);
    dataset_free(&validation);
    dataset_free(&training);
    return EXIT_SUCCESS;
}
