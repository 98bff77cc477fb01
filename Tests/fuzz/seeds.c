/* Writes the fuzz target's first inputs into a folder: a network and a recording of every sort, a few spikes, trainings. */
#include "fuzz.h"

static void write_seed(const char *folder, const char *name, int which, const uint8_t *head, size_t n_head,
                       const uint8_t *bytes, int64_t n) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s-%d", folder, name, which);
    FILE *file = fopen(path, "wb");
    fuzz_require(file != NULL, "a seed cannot be written");
    fuzz_require(fwrite(head, 1, n_head, file) == n_head && (n == 0 || fwrite(bytes, 1, (size_t)n, file) == (size_t)n),
                 "a seed cannot be written");
    fuzz_require(fclose(file) == 0, "a seed cannot be written");
}

int main(int argc, char **argv) {
    double times[] = {1e-3, 2e-3, 3e-3, 1e-3, 4e-3};
    int32_t units[] = {0, 1, 2, 2, 0};
    int64_t offsets[] = {0, 3, 5};
    spinnprop_spikes spikes;
    if (argc != 2) return EXIT_FAILURE;
    spinnprop_spikes_init(&spikes);
    spikes.times = times;
    spikes.units = units;
    spikes.offsets = offsets;
    spikes.n_spikes = 5;
    spikes.n_samples = 2;
    spikes.n_units = FUZZ_INPUTS;
    for (int which = 0; which < N_FUZZ_NETWORKS; which++) {
        spinnprop_network *network = fuzz_network(which);
        spinnprop_recording *recording = NULL;
        spinnprop_forward_options options;
        int64_t n = 0;
        spinnprop_forward_options_init(&options);
        options.t_end = 50e-3;

        fuzz_require(spinnprop_network_to_bytes(NULL, 0, &n, network) == SPINNPROP_OK, "no size");
        uint8_t *bytes = malloc((size_t)n);
        fuzz_require(spinnprop_network_to_bytes(bytes, n, &n, network) == SPINNPROP_OK, "no bytes");
        write_seed(argv[1], "network", which, (uint8_t[]){FUZZ_NETWORK}, 1, bytes, n);
        free(bytes);

        fuzz_require(spinnprop_network_forward(&recording, network, &spikes, &options, NULL, NULL) == SPINNPROP_OK,
                     "no run");
        fuzz_require(spinnprop_recording_to_bytes(NULL, 0, &n, recording) == SPINNPROP_OK, "no size");
        bytes = malloc((size_t)n);
        fuzz_require(spinnprop_recording_to_bytes(bytes, n, &n, recording) == SPINNPROP_OK, "no bytes");
        write_seed(argv[1], "recording", which, (uint8_t[]){FUZZ_RECORDING, (uint8_t)which}, 2, bytes, n);
        free(bytes);

        /* Network, t_end, two samples of 3 and 2 spikes, 3 units; then unit and time of each spike. */
        const uint8_t plain[] = {
            FUZZ_SPIKES, (uint8_t)which, 100, 2, 3, 2, 9, 9, 17, 0, 10, 18, 0, 11, 19, 0, 9, 20, 0, 10, 30, 0};
        write_seed(argv[1], "spikes", which, plain, sizeof plain, NULL, 0);
        spinnprop_recording_free(recording);
        spinnprop_network_free(network);
    }
    for (int32_t is_integer = 0; is_integer < 2; is_integer++) {
        spinnprop_biograd *training = fuzz_biograd(is_integer);
        int64_t n = 0;
        fuzz_require(fuzz_learn(training) == SPINNPROP_OK, "nothing is learnt");
        fuzz_require(spinnprop_biograd_to_bytes(NULL, 0, &n, training) == SPINNPROP_OK, "no size");
        uint8_t *bytes = malloc((size_t)n);
        fuzz_require(spinnprop_biograd_to_bytes(bytes, n, &n, training) == SPINNPROP_OK, "no bytes");
        write_seed(argv[1], "biograd", is_integer, (uint8_t[]){FUZZ_BIOGRAD}, 1, bytes, n);
        free(bytes);
        spinnprop_biograd_free(training);
    }
    return EXIT_SUCCESS;
}
