/* Results are the same bits for any number of threads; several threads may use one network; a forked child works. */
#define _POSIX_C_SOURCE 200809L
#include <spinnprop.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { N = 300, N_FEATURES = 4, N_INPUTS = 5, N_HIDDEN = 60, N_CLASSES = 3, N_REPEATS = 12, N_HOST_THREADS = 4 };
static double x[N * N_FEATURES], times[N * N_INPUTS];
static int32_t units[N * N_INPUTS];
static int64_t labels[N], offsets[N + 1];
static spinnprop_spikes spikes;

static void require(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "threads: %s (last error: %s)\n", what, spinnprop_last_error());
    exit(EXIT_FAILURE);
}
static void check(spinnprop_status status) { require(status == SPINNPROP_OK, "a call failed"); }

/* First spike times and the gradient of the first layer. */
typedef struct result {
    double first[N * N_CLASSES], gradient[N_HIDDEN * N_INPUTS], value;
} result;

static void compute(result *to, const spinnprop_network *network) {
    spinnprop_recording *recording = NULL;
    spinnprop_gradient *gradient = NULL;
    spinnprop_loss loss;
    check(spinnprop_loss_init(&loss, SPINNPROP_LOSS_TTFS_CROSS_ENTROPY));
    check(spinnprop_network_forward(&recording, network, &spikes, NULL, NULL, NULL));
    check(spinnprop_recording_first_spike_times(to->first, N * N_CLASSES, recording));
    check(spinnprop_network_gradient(&gradient, &to->value, network, recording, &loss, labels, N, NULL, 0, NULL, NULL,
                                     NULL));
    check(spinnprop_gradient_get(to->gradient, N_HIDDEN * N_INPUTS, gradient, SPINNPROP_WEIGHTS, 0));
    spinnprop_gradient_free(gradient);
    spinnprop_recording_free(recording);
}

static result expected;
static spinnprop_network *network;

static void expect_same(const char *what) {
    result *own = calloc(1, sizeof *own);
    require(own != NULL, "out of memory");
    compute(own, network);
    require(memcmp(own, &expected, sizeof *own) == 0, what);
    free(own);
}

static void *work(void *unused) {
    (void)unused;
    for (int repeat = 0; repeat < N_REPEATS / 4; repeat++) expect_same("results differ between threads of the host");
    /* Errors belong to the thread that made them. */
    require(strcmp(spinnprop_last_error(), "") == 0, "a thread sees another one's error");
    require(spinnprop_spikes_check(NULL) == SPINNPROP_INVALID_VALUE, "NULL is accepted");
    return NULL;
}

int main(int argc, char **argv) {
    /* Under valgrind a child's copy of threads that do not exist there counts as lost. */
    int forks = argc < 2 || strcmp(argv[1], "--no-fork") != 0;
    check(spinnprop_yin_yang(x, N * N_FEATURES, labels, N, 42));
    check(spinnprop_encode_latency(times, units, N * N_INPUTS, offsets, N + 1, x, N, N_FEATURES, 0, 30e-3, 0,
                                   SPINNPROP_EARLY_SMALL));
    spinnprop_spikes_init(&spikes);
    spikes.times = times;
    spikes.units = units;
    spikes.offsets = offsets;
    spikes.n_spikes = N * N_INPUTS;
    spikes.n_samples = N;
    spikes.n_units = N_INPUTS;
    const int32_t sizes[] = {N_INPUTS, N_HIDDEN, N_CLASSES};
    spinnprop_network_options options;
    spinnprop_network_options_init(&options);
    options.layer_sizes = sizes;
    options.n_layer_sizes = 3;
    check(spinnprop_network_create(&network, &options));

    check(spinnprop_set_threads(1));
    compute(&expected, network);
    const int32_t counts[] = {2, 3, 8, 1, 0};
    for (int index = 0; index < 5; index++) {
        check(spinnprop_set_threads(counts[index]));
        for (int repeat = 0; repeat < N_REPEATS; repeat++) expect_same("results depend on the number of threads");
    }

    pthread_t threads[N_HOST_THREADS];
    for (int index = 0; index < N_HOST_THREADS; index++)
        require(pthread_create(&threads[index], NULL, work, NULL) == 0, "no thread");
    for (int index = 0; index < N_HOST_THREADS; index++) require(pthread_join(threads[index], NULL) == 0, "no join");

    /* The parent has used threads already; the child has none of them. */
    pid_t child = forks ? fork() : 1;
    require(child >= 0, "no child");
    if (child == 0) {
        alarm(60);
        expect_same("results differ in a forked child");
        _exit(EXIT_SUCCESS);
    }
    int status = -1;
    require(!forks || (waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS),
            "the forked child failed");
    spinnprop_network_free(network);
    printf("threads: the same bits with 1, 2, 3 and 8 threads, in %d threads of the host%s\n", N_HOST_THREADS,
           forks ? " and in a forked child" : "");
    return EXIT_SUCCESS;
}
