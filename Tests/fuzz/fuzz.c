/* libFuzzer target: whatever bytes come, as spike trains, as a network's file, a recording's or a training's, the library answers
 * with a status and keeps its promises. */
#include "fuzz.h"

#include <math.h>

typedef struct reader {
    const uint8_t *data;
    size_t size;
} reader;

static uint8_t next_byte(reader *in) {
    if (in->size == 0) return 0;
    in->size--;
    return *in->data++;
}

/* A number of any kind: mostly a plausible time, sometimes eight raw bytes, so NaN and infinity too. */
static double next_time(reader *in) {
    uint8_t kind = next_byte(in);
    if (kind >= 8) return 1e-3 * (kind & 31) + 1e-5 * next_byte(in);
    uint8_t raw[8];
    double time;
    for (int index = 0; index < 8; index++) raw[index] = next_byte(in);
    memcpy(&time, raw, sizeof time);
    return time;
}

/* All that can be asked of a recording, and the gradient of a loss over it. */
static void use(const spinnprop_network *network, const spinnprop_recording *recording) {
    spinnprop_recording_info info;
    spinnprop_recording_info_init(&info);
    fuzz_require(spinnprop_recording_describe(&info, recording) == SPINNPROP_OK, "a recording cannot be described");
    if (info.n_samples > 4096 || info.n_outputs > 64 || info.n_layers > 64) return;
    int64_t *offsets = malloc(((size_t)info.n_samples + 1) * sizeof *offsets);
    for (int32_t layer = 0; layer < info.n_layers; layer++) {
        int64_t n = -1;
        fuzz_require(spinnprop_recording_spike_count(&n, recording, layer) == SPINNPROP_OK && n >= 0, "no spike count");
        int64_t n_neurons = 0;
        fuzz_require(spinnprop_recording_layer_size(&n_neurons, recording, layer) == SPINNPROP_OK, "no layer size");
        /* A few bytes can claim any number of silent neurons; the fuzzer's memory is limited. */
        if (n > 1 << 20 || n_neurons > 1 << 20) continue;
        double *times = malloc(((size_t)n + 1) * sizeof *times), *currents = malloc(((size_t)n + 1) * sizeof *currents);
        int32_t *units = malloc(((size_t)n + 1) * sizeof *units);
        fuzz_require(spinnprop_recording_spikes(times, units, currents, NULL, n, offsets, info.n_samples + 1, recording,
                                                layer) == SPINNPROP_OK,
                     "the spikes of a recording cannot be read");
        spinnprop_spikes spikes;
        spinnprop_spikes_init(&spikes);
        spikes.times = times;
        spikes.units = units;
        spikes.offsets = offsets;
        spikes.n_spikes = n;
        spikes.n_samples = info.n_samples;
        spikes.n_units = (int32_t)n_neurons;
        fuzz_require(spinnprop_spikes_check(&spikes) == SPINNPROP_OK, "a recording's spikes are no spike trains");
        spinnprop_diagnostics diagnostics;
        spinnprop_diagnostics_init(&diagnostics);
        fuzz_require(spinnprop_recording_diagnose(&diagnostics, recording, layer) == SPINNPROP_OK &&
                         diagnostics.n_spikes == n,
                     "a recording cannot be diagnosed");
        free(times);
        free(currents);
        free(units);
    }
    free(offsets);

    spinnprop_gradient *gradient = NULL;
    double value = 0;
    int64_t *labels = calloc((size_t)info.n_samples + 1, sizeof *labels);
    fuzz_require(spinnprop_recording_predict(labels, info.n_samples, recording, NULL) == SPINNPROP_OK,
                 "no predictions");
    memset(labels, 0, (size_t)info.n_samples * sizeof *labels);
    /* May fail, since the network may be another one; if not, what comes back is a number. */
    if (spinnprop_network_gradient(&gradient, &value, network, recording, NULL, labels, info.n_samples, NULL, 0, NULL,
                                   NULL, NULL) == SPINNPROP_OK)
        fuzz_require(isfinite(value), "a loss is not a number");
    spinnprop_gradient_free(gradient);
    free(labels);
}

static void fuzz_spikes(reader in) {
    static spinnprop_network *networks[N_FUZZ_NETWORKS];
    enum { MAX_SPIKES = 256, MAX_SAMPLES = 8 };
    double times[MAX_SPIKES];
    int32_t units[MAX_SPIKES];
    int64_t offsets[MAX_SAMPLES + 1] = {0};
    int which = next_byte(&in) % N_FUZZ_NETWORKS;
    if (networks[which] == NULL) networks[which] = fuzz_network(which);

    spinnprop_forward_options options;
    spinnprop_forward_options_init(&options);
    uint8_t end = next_byte(&in);
    if (end < 4) options.t_end = next_time(&in);
    else if (which == 3 || end < 128) options.t_end = 1e-3 * end;
    options.max_spikes = 2000;
    if (which == 3 && isfinite(options.t_end) && options.t_end > 10) options.t_end = 10;

    spinnprop_spikes spikes;
    spinnprop_spikes_init(&spikes);
    spikes.n_samples = next_byte(&in) % (MAX_SAMPLES + 1);
    for (int64_t sample = 1; sample <= spikes.n_samples; sample++)
        offsets[sample] = offsets[sample - 1] + (int8_t)next_byte(&in) % 40;
    spikes.n_units = next_byte(&in) < 8 ? (int8_t)next_byte(&in) : FUZZ_INPUTS;
    while (in.size > 0 && spikes.n_spikes < MAX_SPIKES) {
        uint8_t unit = next_byte(&in);
        units[spikes.n_spikes] = unit < 8 ? (int8_t)next_byte(&in) : unit % FUZZ_INPUTS;
        times[spikes.n_spikes++] = next_time(&in);
    }
    /* Mostly the offsets end where they must. */
    if (next_byte(&in) % 16 < 15 && offsets[spikes.n_samples] >= 0 && offsets[spikes.n_samples] <= spikes.n_spikes)
        spikes.n_spikes = offsets[spikes.n_samples];
    spikes.times = times;
    spikes.units = units;
    spikes.offsets = offsets;

    spinnprop_recording *recording = NULL;
    spinnprop_status checked = spinnprop_spikes_check(&spikes);
    spinnprop_status ran = spinnprop_network_forward(&recording, networks[which], &spikes, &options, NULL, NULL);
    fuzz_require((ran == SPINNPROP_OK) == (recording != NULL), "a failed run left a recording");
    if (checked != SPINNPROP_OK) fuzz_require(ran == checked, "spikes that fail the check ran");
    if (ran == SPINNPROP_OK) use(networks[which], recording);
    spinnprop_recording_free(recording);
}

static void fuzz_network_bytes(reader in) {
    spinnprop_network *network = NULL, *again = NULL;
    spinnprop_status status = spinnprop_network_from_bytes(&network, in.data, (int64_t)in.size);
    fuzz_require((status == SPINNPROP_OK) == (network != NULL), "a failed load left a network");
    if (status != SPINNPROP_OK) return;
    /* What loads can be written, and what is written loads as the same. */
    int64_t n = 0, n_again = 0;
    fuzz_require(spinnprop_network_to_bytes(NULL, 0, &n, network) == SPINNPROP_OK,
                 "a loaded network cannot be written");
    uint8_t *bytes = malloc((size_t)n), *bytes_again = malloc((size_t)n);
    fuzz_require(spinnprop_network_to_bytes(bytes, n, &n, network) == SPINNPROP_OK,
                 "a loaded network cannot be written");
    fuzz_require(spinnprop_network_from_bytes(&again, bytes, n) == SPINNPROP_OK, "a written network cannot be loaded");
    fuzz_require(spinnprop_network_to_bytes(bytes_again, n, &n_again, again) == SPINNPROP_OK && n == n_again &&
                     memcmp(bytes, bytes_again, (size_t)n) == 0,
                 "a network changes by being written");
    spinnprop_network_info info;
    spinnprop_network_info_init(&info);
    fuzz_require(spinnprop_network_describe(&info, network) == SPINNPROP_OK, "a loaded network cannot be described");
    double time = 1e-3;
    int32_t unit = 0;
    int64_t offsets[2] = {0, 1};
    spinnprop_spikes spikes;
    spinnprop_spikes_init(&spikes);
    spikes.times = &time;
    spikes.units = &unit;
    spikes.offsets = offsets;
    spikes.n_spikes = spikes.n_samples = 1;
    spikes.n_units = info.n_inputs;
    spinnprop_forward_options options;
    spinnprop_forward_options_init(&options);
    options.t_end = 30e-3;
    options.max_spikes = 500;
    spinnprop_recording *recording = NULL;
    if (spinnprop_network_forward(&recording, network, &spikes, &options, NULL, NULL) == SPINNPROP_OK)
        use(network, recording);
    spinnprop_recording_free(recording);
    spinnprop_network_free(network);
    spinnprop_network_free(again);
    free(bytes);
    free(bytes_again);
}

static void fuzz_recording_bytes(reader in) {
    static spinnprop_network *networks[N_FUZZ_NETWORKS];
    int which = next_byte(&in) % N_FUZZ_NETWORKS;
    if (networks[which] == NULL) networks[which] = fuzz_network(which);
    spinnprop_recording *recording = NULL;
    spinnprop_status status = spinnprop_recording_from_bytes(&recording, in.data, (int64_t)in.size);
    fuzz_require((status == SPINNPROP_OK) == (recording != NULL), "a failed load left a recording");
    if (status == SPINNPROP_OK) use(networks[which], recording);
    spinnprop_recording_free(recording);
}

__extension__ typedef unsigned __int128 wide;

/* The library's checksum goes on with these words. */
static uint64_t hash(uint64_t folded, const uint8_t *bytes, size_t n) {
    while (n > 0) {
        uint64_t word = *bytes;
        const size_t taken = n >= sizeof word ? sizeof word : 1;
        if (taken > 1) memcpy(&word, bytes, sizeof word);
        const wide product = (wide)(folded ^ word) * 0xD6E8FEB86659FD93u;
        folded = ((uint64_t)(product >> 64) ^ (uint64_t)product) + 0x9E3779B97F4A7C15u;
        bytes += taken;
        n -= taken;
    }
    return folded;
}

/* Makes the checksum right again: what is behind it shall be fuzzed, too. */
static void seal(uint8_t *bytes, size_t n) {
    static const char key[] = "\"checksum\":\"";
    enum { DIGITS = 16 };
    for (size_t start = 8; start + sizeof key - 1 + DIGITS <= n; start++) {
        if (memcmp(bytes + start, key, sizeof key - 1) != 0) continue;
        const size_t first = start + sizeof key - 1;
        char digits[DIGITS + 1];
        const uint64_t sum = hash(hash(0x9E3779B97F4A7C15u, bytes, first), bytes + first + DIGITS, n - first - DIGITS);
        snprintf(digits, sizeof digits, "%016llx", (unsigned long long)sum);
        memcpy(bytes + first, digits, DIGITS);
        return;
    }
}

static void fuzz_biograd_bytes(reader in) {
    uint8_t *sealed = malloc(in.size + 1);
    if (in.size > 0) memcpy(sealed, in.data, in.size);
    seal(sealed, in.size);
    spinnprop_biograd *training = NULL, *again = NULL;
    spinnprop_status status = spinnprop_biograd_from_bytes(&training, sealed, (int64_t)in.size);
    free(sealed);
    fuzz_require((status == SPINNPROP_OK) == (training != NULL), "a failed load left a training");
    if (status != SPINNPROP_OK) return;
    /* What loads can be written, and what is written loads as the same. */
    int64_t n = 0, n_again = 0;
    fuzz_require(spinnprop_biograd_to_bytes(NULL, 0, &n, training) == SPINNPROP_OK, "a loaded training cannot be written");
    uint8_t *bytes = malloc((size_t)n), *bytes_again = malloc((size_t)n);
    fuzz_require(spinnprop_biograd_to_bytes(bytes, n, &n, training) == SPINNPROP_OK, "a loaded training cannot be written");
    fuzz_require(spinnprop_biograd_from_bytes(&again, bytes, n) == SPINNPROP_OK, "a written training cannot be loaded");
    fuzz_require(spinnprop_biograd_to_bytes(bytes_again, n, &n_again, again) == SPINNPROP_OK && n == n_again &&
                     memcmp(bytes, bytes_again, (size_t)n) == 0,
                 "a training changes by being written");
    free(bytes);
    free(bytes_again);
    spinnprop_biograd_info info;
    spinnprop_biograd_info_init(&info);
    fuzz_require(spinnprop_biograd_describe(&info, training) == SPINNPROP_OK, "a loaded training cannot be described");
    spinnprop_biograd_options options;
    spinnprop_biograd_options_init(&options);
    fuzz_require(spinnprop_biograd_get_options(&options, training) == SPINNPROP_OK, "a loaded training has no options");
    /* May be refused; what takes long is left out. */
    if (options.steps <= 100 && options.sleep_steps <= 100 && info.epochs_done < INT32_MAX &&
        spinnprop_biograd_set_epochs(training, (int32_t)info.epochs_done + 1) == SPINNPROP_OK)
        fuzz_learn(training);
    spinnprop_biograd_free(training);
    spinnprop_biograd_free(again);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    /* Inputs are tiny: handing them to threads would take longer than working on them. */
    fuzz_require(spinnprop_set_threads(1) == SPINNPROP_OK, "threads cannot be set");
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    reader in = {data, size};
    switch (next_byte(&in) % N_FUZZ_KINDS) {
    case FUZZ_SPIKES: fuzz_spikes(in); break;
    case FUZZ_NETWORK: fuzz_network_bytes(in); break;
    case FUZZ_RECORDING: fuzz_recording_bytes(in); break;
    case FUZZ_BIOGRAD: fuzz_biograd_bytes(in); break;
    }
    return 0;
}
