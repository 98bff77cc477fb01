/*
 * spinnprop.h - exact, event-based training of spiking neural networks.
 *
 * This header is the only public one and the authority on the C interface. It is written to be read from top to
 * bottom: the conventions, a first program, then each noun in turn.
 *
 * CONVENTIONS
 *   Names       spinnprop_<noun>_<verb>. Handles are opaque; <noun>_create makes one, <noun>_free ends it and accepts NULL.
 *   Results     Every function that can fail returns a spinnprop_status and writes its results through pointers, which
 *               come first. On failure nothing is changed and spinnprop_last_error() tells, for this thread, what was
 *               wrong, the value that was seen and the remedy. Nothing ever aborts, traps or throws.
 *   Arrays      belong to the caller and come with their number of elements, which must be exact. Matrices are row
 *               by row, (post, pre): element (j, i) belongs to the synapse from neuron i to neuron j.
 *   Paths       are the operating system's: bytes in no particular encoding. Messages show what is no UTF-8 as \xff.
 *   Structs     start with `size`, the bytes of them that your program knows. Fill them by their _init function, then change
 *               what you like; they only ever grow at the end, by whole 8-byte words. What your program does not know
 *               keeps its default when it is read, and is not written when it is filled.
 *   Options     are structs to read; NULL instead means all defaults (but a network needs its layer sizes).
 *   Rows        of tables, histories and accounts are read by one call, as an array of structs: n of them, exactly as many
 *               as there are, of which the first has been filled by its _init function. Its `size` is how far they lie apart.
 *   Units       seconds; float64; weights without unit, threshold 1 by default; a silent neuron's time is +infinity.
 *   Threads     A handle may be read by several threads at once, and changed by one thread while no other uses it.
 *               spinnprop_set_threads concerns the whole process. Results never depend on the number of threads.
 *   Layers      are counted from 0, the first layer after the input.
 *
 * LINKING      PREFIX is where the tarball (make tarball) was unpacked, or what scripts/install.sh PREFIX was given:
 *   cc program.c -I PREFIX/include -L PREFIX/lib -lspinnprop -Wl,-rpath,PREFIX/lib
 *   or $(pkg-config --cflags --libs spinnprop) and, where PREFIX/lib is not searched by itself, LD_LIBRARY_PATH=PREFIX/lib;
 *   or CMake's find_package(spinnprop), with -DCMAKE_PREFIX_PATH=PREFIX. The library's name, libspinnprop.so.1, ends in SPINNPROP_ABI_VERSION.
 *
 * A FIRST PROGRAM (examples/ has longer ones)
 *   #include <spinnprop.h>
 *   #include <stdio.h>
 *   #include <stdlib.h>
 *
 *   enum { N = 1000, N_FEATURES = 4, N_INPUTS = N_FEATURES + 1, N_CLASSES = 3 };
 *   static double x[N * N_FEATURES], times[N * N_INPUTS];
 *   static int32_t units[N * N_INPUTS];
 *   static int64_t labels[N], classes[N], offsets[N + 1];
 *
 *   static void check(spinnprop_status status) {
 *       if (status == SPINNPROP_OK) return;
 *       fprintf(stderr, "%s\n", spinnprop_last_error());
 *       exit(1);
 *   }
 *
 *   int main(void) {
 *       // A data set, each feature turned into one spike between 0 and 30 ms, and one more unit that spikes at 0.
 *       check(spinnprop_yin_yang(x, N * N_FEATURES, labels, N, 42));
 *       check(spinnprop_encode_latency(times, units, N * N_INPUTS, offsets, N + 1, x, N, N_FEATURES, 0.0, 30e-3, 0.0,
 *                                      SPINNPROP_EARLY_SMALL));
 *       spinnprop_spikes spikes;
 *       spinnprop_spikes_init(&spikes);
 *       spikes.times = times;
 *       spikes.units = units;
 *       spikes.offsets = offsets;
 *       spikes.n_spikes = N * N_INPUTS;
 *       spikes.n_samples = N;
 *       spikes.n_units = N_INPUTS;
 *
 *       // A network of 5 inputs, 60 hidden and 3 output neurons.
 *       int32_t sizes[] = {N_INPUTS, 60, N_CLASSES};
 *       spinnprop_network_options network_options;
 *       spinnprop_network_options_init(&network_options);
 *       network_options.layer_sizes = sizes;
 *       network_options.n_layer_sizes = 3;
 *       spinnprop_network *network = NULL;
 *       check(spinnprop_network_create(&network, &network_options));
 *
 *       // Train a copy of it, then take that copy.
 *       spinnprop_training_options options;
 *       spinnprop_training_options_init(&options);
 *       options.epochs = 10;
 *       spinnprop_trainer *trainer = NULL;
 *       check(spinnprop_trainer_create(&trainer, network, &options));
 *       check(spinnprop_trainer_run(trainer, &spikes, labels, N, NULL, NULL, 0, NULL, NULL));
 *       spinnprop_network *trained = NULL;
 *       check(spinnprop_trainer_network(&trained, trainer));
 *
 *       // Which output neuron spikes first?
 *       spinnprop_recording *recording = NULL;
 *       check(spinnprop_network_forward(&recording, trained, &spikes, NULL, NULL, NULL));
 *       check(spinnprop_recording_predict(classes, N, recording, NULL));
 *       int right = 0;
 *       for (int sample = 0; sample < N; sample++) right += classes[sample] == labels[sample];
 *       printf("%d of %d samples right\n", right, N);
 *
 *       spinnprop_recording_free(recording);
 *       spinnprop_network_free(trained);
 *       spinnprop_trainer_free(trainer);
 *       spinnprop_network_free(network);
 *       return 0;
 *   }
 */
#ifndef SPINNPROP_H
#define SPINNPROP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SPINNPROP_API __attribute__((visibility("default")))
#else
#define SPINNPROP_API
#endif

/* ---------------------------------------------------------------------------------------------- version and status */

#define SPINNPROP_VERSION_MAJOR 0
#define SPINNPROP_VERSION_MINOR 1
#define SPINNPROP_VERSION_PATCH 0
#define SPINNPROP_VERSION "0.1.0"
/* Raised whenever a program compiled against an older header would no longer work. */
#define SPINNPROP_ABI_VERSION 1

/* The version of the library that is running, e.g. "0.1.0": a constant string, never freed. */
SPINNPROP_API const char *spinnprop_version(void);
SPINNPROP_API int32_t spinnprop_abi_version(void);

typedef int32_t spinnprop_status;
enum {
    SPINNPROP_OK = 0,
    SPINNPROP_INVALID_VALUE = 1,   /* an argument's value is not acceptable                                           */
    SPINNPROP_INVALID_INDEX = 2,   /* a layer, unit or sample that does not exist                                     */
    SPINNPROP_OUT_OF_MEMORY = 3,   /* more memory was needed than there is, or than any machine has                   */
    SPINNPROP_FILE_NOT_FOUND = 4,
    SPINNPROP_FILE_ERROR = 5,      /* a file that cannot be read or written, or whose content is malformed            */
    SPINNPROP_CANCELLED = 6,       /* the progress callback asked to stop                                             */
    SPINNPROP_TOO_MANY_SPIKES = 7, /* a run passed max_spikes: runaway activity                                       */
    SPINNPROP_STALE_RECORDING = 8, /* the network's parameters have changed since the recording was made              */
    SPINNPROP_UNSUPPORTED = 9,     /* a combination (engine and network, loss and read-out) that makes no sense       */
    SPINNPROP_INTERNAL = 10        /* a defect of this library: please report it                                      */
};

/* This thread's message for its last call that failed; "" if none has. One line of UTF-8, at most 1023 bytes. Valid
 * until the thread's next failing call. */
SPINNPROP_API const char *spinnprop_last_error(void);

enum { SPINNPROP_MAX_THREADS = 1024 };

/* Number of host threads used by every call of this process, at most SPINNPROP_MAX_THREADS; 0 means one for each processor that the process may use (its
 * affinity and its container's quota, looked at again now and then). The start value is the number in the environment's SPINNPROP_THREADS or else
 * OMP_NUM_THREADS, which process pools such as joblib's set for their workers; 0 where neither is a number that is taken. */
SPINNPROP_API spinnprop_status spinnprop_set_threads(int32_t threads);
SPINNPROP_API int32_t spinnprop_get_threads(void);
/* How many threads that comes to just now, at least 1. */
SPINNPROP_API int32_t spinnprop_thread_count(void);

/* ------------------------------------------------------------------------------------------------------- progress */

typedef struct spinnprop_progress {
    size_t size;
    int32_t epoch, n_epochs;      /* 0, 0 outside training; epoch counts from 0                                       */
    int64_t done, total;          /* batches of this epoch in training, samples otherwise                             */
    int32_t epoch_finished;       /* 1 in the one call that ends an epoch: then the numbers below are final           */
    double loss, accuracy;        /* means over this epoch's samples so far; one without an answer is wrong and counts as log(n_outputs) */
    double validation_loss, validation_accuracy; /* NaN without validation or before the epoch's end                  */
    double hidden_spikes, output_spikes;         /* per sample, over this epoch so far                                */
    double skipped;               /* fraction of samples without an answer to learn from, over this epoch so far     */
} spinnprop_progress;

/* Return 0 to go on and anything else to stop cleanly (SPINNPROP_CANCELLED). Called on the thread that made the call,
 * at least every 50 ms or so; a call that is over sooner may never call it. It may use the library, but not the trainer
 * that is running, and must not throw or jump out. NULL is accepted wherever a callback is. */
typedef int (*spinnprop_progress_callback)(const spinnprop_progress *progress, void *payload);

/* --------------------------------------------------------------------------------------------------------- spikes */

/* Spike trains of n_samples samples in compressed rows: the spikes of sample s are offsets[s] .. offsets[s + 1] - 1.
 * A view: the arrays stay the caller's. times and units have n_spikes elements, offsets n_samples + 1; offsets start at 0,
 * never fall and end at n_spikes. Times are finite and >= 0, units 0 .. n_units - 1; within a sample they may come
 * unsorted or repeated. */
typedef struct spinnprop_spikes {
    size_t size;
    const double *times;
    const int32_t *units;
    const int64_t *offsets;
    int64_t n_spikes;
    int64_t n_samples;
    int32_t n_units;
} spinnprop_spikes;

SPINNPROP_API void spinnprop_spikes_init(spinnprop_spikes *spikes);
/* SPINNPROP_OK if the view satisfies all that is said above. Every function that takes spikes checks as much. */
SPINNPROP_API spinnprop_status spinnprop_spikes_check(const spinnprop_spikes *spikes);

/* ----------------------------------------------------------------------------------------------- data and encoding */

/* The Yin-Yang data set (Kriener et al. 2021), bit for bit as published: x is (n, 4), labels 0, 1, 2. seed 0 .. 2^32 - 1;
 * the published sets are 5000 samples of seed 42 (training), 1000 of 41 (validation), 1000 of 40 (test). */
SPINNPROP_API spinnprop_status spinnprop_yin_yang(double *x, int64_t n_x, int64_t *labels, int64_t n, int64_t seed);

/* Which values spike early: with the other choice, 1 - x is coded in place of x. */
enum { SPINNPROP_EARLY_SMALL = 0, SPINNPROP_EARLY_LARGE = 1 };

/* Latency code: x (n_samples, n_features) in [0, 1], clipped where only rounding (a few units in the last place) lies outside,
 * becomes one spike per feature at t_early + x * (t_late - t_early), with SPINNPROP_EARLY_SMALL as published.
 * With a finite `bias`, one more input unit, the last, spikes in every sample at that time (NaN: no such unit).
 * times and units hold n_samples * (n_features + (bias ? 1 : 0)) elements, offsets n_samples + 1. */
SPINNPROP_API spinnprop_status spinnprop_encode_latency(double *times, int32_t *units, int64_t n_spikes,
                                                        int64_t *offsets, int64_t n_offsets, const double *x,
                                                        int64_t n_samples, int32_t n_features, double t_early,
                                                        double t_late, double bias, int32_t early);

/* Latency code on a grid of steps (spec of the SpiNNaker2 training): large x is early with
 * SPINNPROP_EARLY_LARGE, as published. The spike of x then comes at step
 * round(min(tau * (1 - x), 0.99 * tau) + t_min), tau = steps - 1 - t_min, and a bias unit spikes at step 0.
 * times and units hold n_samples * (n_features + 1) elements; times are steps times time_step. */
SPINNPROP_API spinnprop_status spinnprop_encode_latency_grid(double *times, int32_t *units, int64_t n_spikes,
                                                             int64_t *offsets, int64_t n_offsets, const double *x,
                                                             int64_t n_samples, int32_t n_features, int32_t steps,
                                                             int32_t t_min, double time_step, int32_t early);

/* -------------------------------------------------------------------------------------------------------- network */

typedef struct spinnprop_network spinnprop_network;

enum { SPINNPROP_DELAYS_NONE = 0, SPINNPROP_DELAYS_SYNAPTIC = 1, SPINNPROP_DELAYS_AXONAL = 2, SPINNPROP_DELAYS_DENDRITIC = 3 };
enum { SPINNPROP_READOUT_SPIKING = 0, SPINNPROP_READOUT_LEAKY = 1 };

/* Layers of leaky integrate-and-fire neurons with exponential currents. A neuron parameter is given once for all
 * (n = 1), per layer (n = number of layers) or per neuron (n = neurons of all layers, layer after layer). */
typedef struct spinnprop_network_options {
    size_t size;
    const int32_t *layer_sizes; /* input units first; at least two numbers                                            */
    int32_t n_layer_sizes;
    const double *tau_mem;   int32_t n_tau_mem;    /* NULL, 0: the engine's choice, 20 ms for exact events           */
    const double *tau_syn;   int32_t n_tau_syn;    /* NULL, 0: the engine's choice, 5 ms for exact events             */
    const double *threshold; int32_t n_threshold;  /* NULL, 0: 1                                                      */
    const double *reset;     int32_t n_reset;      /* NULL, 0: 0                                                      */
    /* SPINNPROP_DELAYS_*: NULL, 0: none; one kind for all layers, or one for the connections into each, recurrent ones among
     * them; where connections are given, one for each of these. Delays start at 0.                                   */
    const int32_t *delays;   int32_t n_delays;
    const int32_t *recurrent; int32_t n_recurrent; /* NULL, 0: none; one flag for all hidden layers of a chain, or one each */
    int32_t readout;             /* SPINNPROP_READOUT_*: whether the last layer spikes                                */
    /* Initial feed-forward weights ~ N(weight_mean, weight_std), recurrent ones ~ N(0, weight_std / 2 of the layer);
     * one number per layer. NULL, 0: the engine's spread, by the number of units in all sources of a layer; for exact events, about
     * half of a layer spikes on latency-coded input.                                                                 */
    const double *weight_mean; int32_t n_weight_mean;
    const double *weight_std;  int32_t n_weight_std;
    uint64_t seed;               /* of the initial weights                                                            */
    const struct spinnprop_engine *engine; /* whose setting (spinnprop_engine_setting) time constants and the spread are
                                  * unless they are given; NULL: exact events. Any engine may run the network         */
    /* What weights are held to, as SPINNPROP_MASK .. SPINNPROP_WEIGHT_BOUNDS of all connections one after another: those into each layer,
     * then the recurrent ones, or in the order in which connections are given. NULL, 0: nothing. Bounds are two numbers for all connections, or two for each. Weights are drawn to suit:
     * by default stronger where there are fewer synapses, of the sign of their sender.                                */
    const double *masks;         int64_t n_masks;
    const double *signs;         int64_t n_signs;
    const double *weight_bounds; int64_t n_weight_bounds;
    /* (source, target) of each connection, 2 * n_connections numbers in any order: 0 the input, k the k-th layer; (k, k) connects a layer
     * to itself. No pair twice, none from a later layer to an earlier one, and to every layer one from elsewhere. NULL, 0: the chain,
     * with the recurrence that recurrent says.                                                                       */
    const int32_t *connections; int32_t n_connections;
    /* A constant current; a neuron whose drive is not below its threshold fires by itself. Seconds for which a membrane stays at the
     * reset after a spike. Exact events, and BrainScaleS-2, run networks in which either is not 0; others refuse them. */
    const double *drive;      int32_t n_drive;      /* NULL, 0: 0                                                     */
    const double *refractory; int32_t n_refractory; /* NULL, 0: 0                                                     */
} spinnprop_network_options;

SPINNPROP_API void spinnprop_network_options_init(spinnprop_network_options *options);
/* The arrays of the options are read during the call only. */
SPINNPROP_API spinnprop_status spinnprop_network_create(spinnprop_network **network,
                                                        const spinnprop_network_options *options);
SPINNPROP_API spinnprop_status spinnprop_network_copy(spinnprop_network **copy, const spinnprop_network *network);
SPINNPROP_API void spinnprop_network_free(spinnprop_network *network);

typedef struct spinnprop_network_info {
    size_t size;
    int32_t n_inputs, n_layers, n_outputs, readout, n_connections;
} spinnprop_network_info;
SPINNPROP_API void spinnprop_network_info_init(spinnprop_network_info *info);
SPINNPROP_API spinnprop_status spinnprop_network_describe(spinnprop_network_info *info, const spinnprop_network *network);
/* (source, target) of each connection as in the options, in the network's order: 0 .. n_layers - 1 are the first ones into each layer, from the
 * one before or, where that is no source, from the first source; then all others that lead forward, by target and source; then
 * recurrent ones. n: 2 * n_connections. */
SPINNPROP_API spinnprop_status spinnprop_network_connections(int32_t *ends, int64_t n, const spinnprop_network *network);
/* SPINNPROP_DELAYS_* of each connection. n: n_connections. */
SPINNPROP_API spinnprop_status spinnprop_network_delay_kinds(int32_t *kinds, int64_t n, const spinnprop_network *network);

/* Arrays, by index: of a connection for SPINNPROP_WEIGHTS and SPINNPROP_DELAYS (of a chain connection l is that into layer l), of a layer for
 * all others. Weights are (post, pre), recurrent ones with the diagonal; delays (post, pre),
 * (pre, 1) or (post, 1) as the kind of delay says; neuron parameters (n, 1). What has no such array (recurrent weights of a
 * layer without recurrence, delays of a connection without) has shape (0, 0), but zeros of the synaptic shape may be set. */
enum {
    SPINNPROP_WEIGHTS = 0, SPINNPROP_RECURRENT_WEIGHTS = 1, SPINNPROP_DELAYS = 2, SPINNPROP_RECURRENT_DELAYS = 3,
    SPINNPROP_TAU_MEM = 4, SPINNPROP_TAU_SYN = 5, SPINNPROP_THRESHOLD = 6, SPINNPROP_RESET = 7,
    SPINNPROP_DRIVE = 8, SPINNPROP_REFRACTORY = 9
};
/* What the weights of a layer are held to, whatever trains them: 1 where there is a synapse and 0 where there is none, whose weight is 0,
 * shaped as the weights; the sign of each sender's weights, 1, -1 or 0 for any, (pre, 1); the least and the largest weight, (2, 1), infinite
 * for none. Setting one of these brings weights to the nearest that it allows; setting weights that are not allowed is an error. A layer
 * without the connection has shape (0, 0). */
enum {
    SPINNPROP_MASK = 16, SPINNPROP_RECURRENT_MASK = 17, SPINNPROP_SIGNS = 18, SPINNPROP_RECURRENT_SIGNS = 19,
    SPINNPROP_WEIGHT_BOUNDS = 20, SPINNPROP_RECURRENT_WEIGHT_BOUNDS = 21
};
SPINNPROP_API spinnprop_status spinnprop_network_shape(int64_t *rows, int64_t *columns, const spinnprop_network *network,
                                                       int32_t parameter, int32_t index);
SPINNPROP_API spinnprop_status spinnprop_network_get(double *values, int64_t n, const spinnprop_network *network,
                                                     int32_t parameter, int32_t index);
SPINNPROP_API spinnprop_status spinnprop_network_set(spinnprop_network *network, int32_t parameter, int32_t index,
                                                     const double *values, int64_t n);

/* Files are safetensors: no code in them. Written beside the target first, then renamed, so a crash leaves the old file.
 * The _bytes pair does the same in memory: with bytes NULL, needed alone is written; otherwise n must be at least it. */
SPINNPROP_API spinnprop_status spinnprop_network_save(const spinnprop_network *network, const char *path);
SPINNPROP_API spinnprop_status spinnprop_network_load(spinnprop_network **network, const char *path);
SPINNPROP_API spinnprop_status spinnprop_network_to_bytes(uint8_t *bytes, int64_t n, int64_t *needed,
                                                          const spinnprop_network *network);
SPINNPROP_API spinnprop_status spinnprop_network_from_bytes(spinnprop_network **network, const uint8_t *bytes, int64_t n);

/* --------------------------------------------------------------------------------------------------------- engine */

/* What a network runs on, and whose rule differentiates it. Wherever an engine is optional, NULL stands for exact events
 * (or, for a gradient, for the engine which made the recording). Engines may be freed while a trainer made with them lives. */
typedef struct spinnprop_engine spinnprop_engine;

enum {
    SPINNPROP_ENGINE_EVENT = 0,  /* exact events in continuous time, exact adjoint                                    */
    SPINNPROP_ENGINE_CLOCK = 1,  /* time steps in float32: see "time steps" below                                     */
    SPINNPROP_ENGINE_SPINNAKER2 = 2, /* those time steps by programs: see "emulated SpiNNaker2" below                 */
    SPINNPROP_ENGINE_FIRST_SPIKE = 3, /* each neuron's first spike in closed form: see "first spikes" below           */
    SPINNPROP_ENGINE_BRAINSCALES2 = 4, /* analog circuits that differ: see "emulated BrainScaleS-2" below             */
    SPINNPROP_ENGINE_MEASURED = -1 /* of recordings only: spikes that somebody else has measured                      */
};

/* An engine of any kind with all its defaults. Kinds that have options have a _create function of their own, too, and a
 * _get_options function that fills in what an engine was made with. */
SPINNPROP_API spinnprop_status spinnprop_engine_create(spinnprop_engine **engine, int32_t kind);
SPINNPROP_API void spinnprop_engine_free(spinnprop_engine *engine);

enum { SPINNPROP_DECAY_EXPONENTIAL = 0, SPINNPROP_DECAY_EULER = 1 };

/* What all engines have: a kind, and a grid of time steps or none. */
typedef struct spinnprop_engine_info {
    size_t size;
    int32_t kind;        /* SPINNPROP_ENGINE_*                                                                        */
    int32_t steps;       /* of a run, that at time 0 included; 0 in continuous time, and so are all below             */
    double time_step;    /* seconds                                                                                   */
    int32_t decay;       /* SPINNPROP_DECAY_*: of a neuron in a step, e^(-dt / tau) or 1 - dt / tau                   */
    int32_t copies;      /* of the network, in whose order gradients are summed; 0: as many as fit                    */
    int32_t weight_bits; /* that runs round weights to; 0: they do not                                                */
} spinnprop_engine_info;
SPINNPROP_API void spinnprop_engine_info_init(spinnprop_engine_info *info);
SPINNPROP_API spinnprop_status spinnprop_engine_describe(spinnprop_engine_info *info, const spinnprop_engine *engine);

/* What suits training a network on an engine and its grid; a NULL engine stands for exact events, to which all other defaults of
 * this header are tuned. With those, outputs fall silent on a grid of time steps, which no gradient repairs; there time constants
 * are as long as the run. A network takes its part by its options' engine; the rest is for a host to copy to its encoding and its
 * training options. Without a network (NULL) it is said for one of 5 inputs with the engine's time constants.
 * spinnprop_engine_loss says which loss goes with it. */
typedef struct spinnprop_setting {
    size_t size;
    double tau_mem, tau_syn;    /* seconds, of all layers                                                             */
    /* Mean and standard deviation of initial weights into hidden layers and into the last, in units of threshold /
     * (PSP peak * sqrt(number of senders)).                                                                          */
    double hidden_mean, hidden_std, output_mean, output_std;
    double learning_rate, clip_norm, bump; /* of training                                                             */
    double t_late;              /* seconds: of a latency code from 0 on, when its last features spike                */
    double later_mean, later_std; /* as hidden_mean and hidden_std, but into hidden layers after the first           */
} spinnprop_setting;
SPINNPROP_API void spinnprop_setting_init(spinnprop_setting *setting);
SPINNPROP_API spinnprop_status spinnprop_engine_setting(spinnprop_setting *setting, const spinnprop_engine *engine,
                                                         const spinnprop_network *network);

/* ------------------------------------------------------------------------------------------------------ time steps */

/* SPINNPROP_ENGINE_CLOCK: time steps in float32, the twin of what runs on a SpiNNaker2 (arXiv 2412.15021). Input comes at the
 * nearest step; a delay takes the nearest number of whole steps, and training moves the delay itself, in seconds; t_end must be infinite,
 * weight gradients are with tau_syn in steps. */
typedef struct spinnprop_clock_options {
    size_t size;
    double time_step;    /* seconds                                                                                   */
    int32_t steps;       /* of a run, that at time 0 included, >= 2                                                   */
    int32_t decay;       /* SPINNPROP_DECAY_*                                                                         */
    int32_t copies;      /* gradients are summed as a SpiNNaker2 sums them that holds so many copies of the network   */
    int32_t weight_bits; /* 2 .. 16: runs round the weights into a neuron to whole multiples of a scale, the largest being
                            2^(bits - 1) - 1, or with 2 bits to -1, 0 or 1 of it; gradients are with respect to rounded
                            weights, and training gives them to those that are rounded. 0 (the default): none are     */
} spinnprop_clock_options;
SPINNPROP_API void spinnprop_clock_options_init(spinnprop_clock_options *options);
SPINNPROP_API spinnprop_status spinnprop_clock_create(spinnprop_engine **engine, const spinnprop_clock_options *options);
SPINNPROP_API spinnprop_status spinnprop_clock_get_options(spinnprop_clock_options *options,
                                                           const spinnprop_engine *engine);
/* The weights that a run reads where weight_bits rounds them, and the whole numbers that these are of a scale, n of each: connection after connection,
 * each (n_post, n_pre). units: the scale of each neuron, n_neurons of all layers one after another; 0 where all weights into it are. */
SPINNPROP_API spinnprop_status spinnprop_clock_round_weights(double *rounded, int32_t *whole, int64_t n, double *units,
                                                             int64_t n_neurons, const spinnprop_engine *engine,
                                                             const spinnprop_network *network);

/* ---------------------------------------------------------------------------------------------------- first spikes */

/* SPINNPROP_ENGINE_FIRST_SPIKE: first spikes in closed form and their exact derivatives (arXiv 1912.11443; delays: arXiv
 * 2404.19165). Every neuron spikes at most once, so its reset has no effect; input units may spike at will. tau_mem is tau_syn or
 * twice that, one ratio per layer; recurrent layers, leaky read-outs, and layers that hear several sources with dendritic delays or with delays of
 * several kinds are refused. */
typedef struct spinnprop_first_spike_options {
    size_t size;
    double max_weight_step; /* where |dL/dT dT/dw| of a sample (L: the batch mean of the loss) is larger for any of a
                               neuron's weights, they get no gradient from the sample; 0 (the default): no limit      */
} spinnprop_first_spike_options;
SPINNPROP_API void spinnprop_first_spike_options_init(spinnprop_first_spike_options *options);
SPINNPROP_API spinnprop_status spinnprop_first_spike_create(spinnprop_engine **engine,
                                                            const spinnprop_first_spike_options *options);
SPINNPROP_API spinnprop_status spinnprop_first_spike_get_options(spinnprop_first_spike_options *options,
                                                                 const spinnprop_engine *engine);

/* ------------------------------------------------------------------------------------------- forward and recording */

typedef struct spinnprop_recording spinnprop_recording;

typedef struct spinnprop_forward_options {
    size_t size;
    const spinnprop_engine *engine; /* NULL (the default): exact events                                               */
    double t_end;        /* seconds, inclusive; +infinity (the default): until silent. Needed with recurrence.        */
    int64_t max_spikes;  /* of all samples and layers together; 0: the default, 4 million and 200 for each neuron in
                            each sample, at most 100 million                                                          */
} spinnprop_forward_options;

SPINNPROP_API void spinnprop_forward_options_init(spinnprop_forward_options *options);
/* Runs the network on every sample. The recording keeps what the backward pass needs, input included. */
SPINNPROP_API spinnprop_status spinnprop_network_forward(spinnprop_recording **recording, const spinnprop_network *network,
                                                         const spinnprop_spikes *input,
                                                         const spinnprop_forward_options *options,
                                                         spinnprop_progress_callback progress, void *payload);
/* Scales initial weights up, layer after layer, until enough of each layer spikes on the first 512 samples: half a layer does by
 * itself only if input spikes come as a latency code has them, and what is silent has no gradient. What spikes enough stays as it
 * is. Takes several runs, whose samples progress counts one run after another. */
SPINNPROP_API spinnprop_status spinnprop_network_wake(spinnprop_network *network, const spinnprop_spikes *input,
                                                      const spinnprop_forward_options *options,
                                                      spinnprop_progress_callback progress, void *payload);
SPINNPROP_API void spinnprop_recording_free(spinnprop_recording *recording);

typedef struct spinnprop_recording_info {
    size_t size;
    int64_t n_samples;
    int32_t n_inputs, n_layers, n_outputs, readout;
} spinnprop_recording_info;
SPINNPROP_API void spinnprop_recording_info_init(spinnprop_recording_info *info);
SPINNPROP_API spinnprop_status spinnprop_recording_describe(spinnprop_recording_info *info,
                                                            const spinnprop_recording *recording);

/* The engine a recording was made by, as spinnprop_engine_describe says it; SPINNPROP_ENGINE_MEASURED if by none. */
SPINNPROP_API spinnprop_status spinnprop_recording_engine(spinnprop_engine_info *info,
                                                          const spinnprop_recording *recording);
/* The number of neurons of a layer. */
SPINNPROP_API spinnprop_status spinnprop_recording_layer_size(int64_t *n_neurons, const spinnprop_recording *recording,
                                                              int32_t layer);
/* Spikes of a layer, each sample's in order of time (ties: of unit). currents: the synaptic current at each spike, before
 * any arrival of its own; membranes: the membrane's value, which is the threshold in continuous time and lies above it on
 * a grid of steps. Either is NULL if not wanted. A leaky read-out layer has no spikes. */
SPINNPROP_API spinnprop_status spinnprop_recording_spike_count(int64_t *n_spikes, const spinnprop_recording *recording,
                                                               int32_t layer);
SPINNPROP_API spinnprop_status spinnprop_recording_spikes(double *times, int32_t *units, double *currents,
                                                          double *membranes, int64_t n_spikes, int64_t *offsets,
                                                          int64_t n_offsets, const spinnprop_recording *recording,
                                                          int32_t layer);
/* The first spike time of each output in each sample, (n_samples, n_outputs); +infinity where silent, everywhere for a leaky read-out. */
SPINNPROP_API spinnprop_status spinnprop_recording_first_spike_times(double *times, int64_t n,
                                                                     const spinnprop_recording *recording);
/* Each leaky read-out's largest membrane value over the run (0, at time 0, if it never rises above) and its time,
 * (n_samples, n_outputs) both. */
SPINNPROP_API spinnprop_status spinnprop_recording_maxima(double *values, double *times, int64_t n,
                                                          const spinnprop_recording *recording);

/* Integrals over the run of e^(-t / tau) V(t), V the membranes of a leaky read-out, exact: a recording that is the same but has them, which losses that look at
 * them are asked about (SPINNPROP_LOSS_V_INTEGRAL_CROSS_ENTROPY, tau being its tau0; spinnprop_recording_predict). tau: seconds, +infinity for a weight of 1; it or
 * t_end is finite. network: as in spinnprop_recording_states. A gradient needs no such recording. */
SPINNPROP_API spinnprop_status spinnprop_recording_integrate(spinnprop_recording **integrated,
                                                             const spinnprop_recording *recording,
                                                             const spinnprop_network *network, double tau,
                                                             spinnprop_progress_callback progress, void *payload);
/* (n_samples, n_outputs), of a recording that has them. */
SPINNPROP_API spinnprop_status spinnprop_recording_integrals(double *values, int64_t n, const spinnprop_recording *recording);

/* Membranes and synaptic currents of a layer just before whatever happens at a time: the membrane before a reset, the current before arrivals.
 * Exact, from the recorded spikes; of measured recordings those of the network under the measured spikes. (n_samples, n_times, n_neurons) both,
 * of n_samples samples from first_sample on; currents may be NULL. times: seconds, 0 .. t_end, in any order. network: the one that made the
 * recording, its parameters unchanged since. Of recordings in continuous time alone. */
SPINNPROP_API spinnprop_status spinnprop_recording_states(double *membranes, double *currents, int64_t n,
                                                          const spinnprop_recording *recording,
                                                          const spinnprop_network *network, int32_t layer,
                                                          int64_t first_sample, int64_t n_samples, const double *times,
                                                          int64_t n_times, spinnprop_progress_callback progress,
                                                          void *payload);

typedef struct spinnprop_diagnostics {
    size_t size;
    int64_t n_spikes;
    int64_t silent_neurons;          /* neurons that spiked in no sample                                              */
    int64_t silent_pairs;            /* (sample, neuron) pairs without a spike                                        */
    int64_t near_tangential_spikes;  /* spikes with current + drive - membrane < 1e-3 threshold: derivatives explode */
    double smallest_slope;           /* min of (current + drive - membrane) / threshold over them; +infinity if none. In
                                      * continuous time the membrane is at the threshold, but for measured spikes       */
    int64_t impossible_spikes;       /* in continuous time, not among those above: current + drive <= membrane, or of
                                      * measured spikes a membrane below threshold / 10. Their times are taken as given */
} spinnprop_diagnostics;
SPINNPROP_API void spinnprop_diagnostics_init(spinnprop_diagnostics *diagnostics);
SPINNPROP_API spinnprop_status spinnprop_recording_diagnose(spinnprop_diagnostics *diagnostics,
                                                            const spinnprop_recording *recording, int32_t layer);
/* 1 per neuron that spiked in no sample, 0 otherwise. */
SPINNPROP_API spinnprop_status spinnprop_recording_silent(uint8_t *silent, int64_t n, const spinnprop_recording *recording,
                                                          int32_t layer);

/* ------------------------------------------------------------------------------------------------ measured spikes */

/* A recording of spikes that somebody else has measured, a chip with the network's weights say. Gradient rules in continuous time
 * differentiate it like any other: what the chip does not tell, current and membrane at each spike, are those of the network under
 * the measured spikes, those that reached the neuron, input and recurrence among them, with delays, and its own before. So a neuron whose
 * threshold differs from the network's, or whose weights all do by one factor, has the derivatives that it has on the chip. A chip is
 * trained in the loop: measure, make a recording, take its gradient, change the weights, measure again (examples/c/in_the_loop.c).
 *
 * layers: n_layers of them, in order, each with as many units as the layer has neurons and as many samples as the input; the first one's
 * `size` is how far they lie apart. A leaky read-out is replayed from the layer before and may be left out. t_end: seconds, when the
 * measurement ended, +infinity if all was silent; later spikes are refused, as is a neuron that spikes twice at one time. A neuron
 * without a spike was silent; where it was the label's, losses add nothing for the sample (spinnprop_gradient_skipped).
 *
 * A spike may be one at which the network's membrane does not rise, or is below a tenth of the threshold. Its time is then taken as given: no
 * gradient passes through it, and the neuron's membrane forgets at it what was before. The diagnosis counts them (impossible_spikes). Where a spike and an arrival have the same time, the arrival came later if the spike was possible without it,
 * and before if it was only with it; the recording has such spikes earlier or later in their last digit. In a recurrent layer it came
 * later. */
SPINNPROP_API spinnprop_status spinnprop_recording_create_measured(spinnprop_recording **recording,
                                                                   const spinnprop_network *network,
                                                                   const spinnprop_spikes *input,
                                                                   const spinnprop_spikes *layers, int64_t n_layers,
                                                                   double t_end, spinnprop_progress_callback progress,
                                                                   void *payload);
/* Measured first spike times minus the model's own, (n_samples, n_neurons), seconds. The model's are those of the network given the
 * measured spikes that reach the layer, so that deviations do not add up over layers. -infinity where only the measured neuron
 * spiked, +infinity where only the model's would have, NaN where neither. Of measured recordings and layers that spike only. */
SPINNPROP_API spinnprop_status spinnprop_recording_deviations(double *values, int64_t n,
                                                              const spinnprop_recording *recording, int32_t layer);

SPINNPROP_API spinnprop_status spinnprop_recording_to_bytes(uint8_t *bytes, int64_t n, int64_t *needed,
                                                            const spinnprop_recording *recording);
SPINNPROP_API spinnprop_status spinnprop_recording_from_bytes(spinnprop_recording **recording, const uint8_t *bytes,
                                                              int64_t n);

/* ------------------------------------------------------------------------------------------------ loss and gradient */

enum {
    /* -log softmax(-t / tau0)[label] + alpha (exp(t_label / tau1) - 1), t the first spike times; outputs that never
     * spike are left out of the sum; a sample whose label neuron is silent adds nothing. In the units of Fast & Deep
     * (arXiv 1912.11443): tau0 = xi tau_syn, tau1 = beta tau_syn.                             Fields: tau0, alpha, tau1 */
    SPINNPROP_LOSS_TTFS_CROSS_ENTROPY = 0,
    /* -log softmax(max over time of V)[label] of a leaky read-out.                                       Fields: none  */
    SPINNPROP_LOSS_VMAX_CROSS_ENTROPY = 1,
    /* 1/2 sum over outputs of ((t - target) / tau0)^2, t the first spike times; silent outputs and infinite targets add
     * nothing. Targets are given, or t_label for the label and t_other, which must be later, for the others; then a sample
     * whose label neuron is silent adds nothing. A training's history, early stopping and restore_best count each silent
     * output with a given target as a spike at 0 would, at least as one tau0 off: max(1, (target / tau0)^2) / 2. That
     * amount is a choice of this library, no part of the gradient.                   Fields: tau0, t_label, t_other */
    SPINNPROP_LOSS_SPIKE_TIME_MSE = 2,
    /* -log softmax(scale * n)[label], n = sum over a neuron's spikes of exp(-t / tau0): a spike count with a soft edge in
     * time. tau0 = +infinity is the plain count, whose gradient is zero. A sample whose label neuron is silent adds
     * nothing.                                                                                    Fields: scale, tau0  */
    SPINNPROP_LOSS_SPIKE_COUNT_CROSS_ENTROPY = 3,
    /* -log softmax(-t / xi)[label] + alpha (exp(t_label / beta) - 1), t the first spike times counted in steps, that of a
     * silent output the number of steps; of recordings on a grid only. Of outputs that spike first together the lowest is
     * the class, or with ties_are_wrong none.                                 Fields: xi, alpha, beta, ties_are_wrong */
    SPINNPROP_LOSS_STEP_TTFS_CROSS_ENTROPY = 4,
    /* 1/2 sum over the other outputs of ((t - t_label - separation) / tau0)^2, t the first spike times, with the gradient through
     * t_label too; silent outputs add nothing, nor does a sample whose label neuron is silent. Fields: separation, tau0 */
    SPINNPROP_LOSS_SHIFT_INVARIANT_MSE = 5,
    /* 1/2 sum over outputs of (max over time of V - target)^2 of a leaky read-out. Targets are given, finite, or 1 for the label and 0 for
     * the others.                                                                                        Fields: none  */
    SPINNPROP_LOSS_VMAX_MSE = 6,
    /* -log softmax(scale / T * integral of e^(-t / tau0) V)[label] of a leaky read-out, T the end of the run or, of a run until silence, tau0; tau0 =
     * +infinity is a weight of 1 (loss shaping, arXiv 2212.01232). By exact events alone.            Fields: tau0, scale  */
    SPINNPROP_LOSS_V_INTEGRAL_CROSS_ENTROPY = 7,
    /* 1/2 sum over times and outputs of (V(t) - target)^2 of a leaky read-out. Targets are given, (n_samples, n_times, n_outputs), or 1 for the
     * label and 0 for the others at all times. By the rule of exact events alone.                       Fields: times */
    SPINNPROP_LOSS_MEMBRANE_MSE = 8,
    /* 1/2 sum over outputs of (n - target)^2, n as for SPINNPROP_LOSS_SPIKE_COUNT_CROSS_ENTROPY. Targets are given, finite and >= 0, or n_label
     * for the label and n_other, which must be fewer, for the others. No sample is skipped.  Fields: tau0, n_label, n_other */
    SPINNPROP_LOSS_SPIKE_COUNT_MSE = 9,
    /* Van Rossum's distance, added up over outputs: 1/2 [sum_ij e(t_i - t_j) + sum_kl e(s_k - s_l) - 2 sum_ik e(t_i - s_k)], e(d) =
     * exp(-|d| / tau0), t an output's spikes and s its targets, which are given, (n_samples, n_outputs, n) with +infinity for none.
     *                                                                                                     Fields: tau0 */
    SPINNPROP_LOSS_VAN_ROSSUM = 10,
    /* -log softmax(-t / tau0)[label] + alpha min(t) / tau1, t the first spike times: the penalty is on the time of the decision, whoever
     * makes it; else as SPINNPROP_LOSS_TTFS_CROSS_ENTROPY.                                       Fields: tau0, alpha, tau1 */
    SPINNPROP_LOSS_EARLY_DECISION_CROSS_ENTROPY = 11,
    /* What a function of the host's says of a whole batch.                     Fields: reads, times, tau0, function, payload */
    SPINNPROP_LOSS_CUSTOM = 100
};

/* What the function of a SPINNPROP_LOSS_CUSTOM is shown of the read-out. */
enum {
    SPINNPROP_READS_FIRST_SPIKES = 0, /* (n_samples, n_outputs), seconds, +infinity where an output is silent          */
    SPINNPROP_READS_SPIKES = 1,       /* (n_samples, n_outputs, depth): each output's spikes in order, filled up with +infinity to the
                                       * largest number of any                                                        */
    SPINNPROP_READS_MAXIMA = 2,       /* (n_samples, n_outputs): the largest membrane values of a leaky read-out      */
    SPINNPROP_READS_MEMBRANES = 3,    /* (n_samples, depth, n_outputs): the membranes of a leaky read-out at `times`, depth of them; by the
                                       * rule of exact events alone                                                   */
    SPINNPROP_READS_INTEGRALS = 4     /* (n_samples, n_outputs): integrals of the membranes of a leaky read-out with the weight
                                       * e^(-t / tau0), +infinity for a weight of 1; by the rule of exact events alone */
};

/* A batch as the function sees it: what it reads, and what it is to write. Pointers are valid during the call only. */
typedef struct spinnprop_loss_batch {
    size_t size;
    int64_t n_samples, n_outputs, depth; /* depth is 1 where an output has one value                                  */
    const double *values;
    double *derivatives;           /* to be written: that of `value` with respect to each of `values`, 0 before. Those of spikes that are not
                                    * there are not looked at                                                         */
    const int64_t *samples;        /* the number of each sample among the data that training or validation was given: for whatever the
                                    * host knows of them                                                              */
    const int64_t *labels;         /* one per sample; NULL where none were given                                      */
    const double *targets;         /* n_targets per sample, as many as were given; NULL where none were               */
    int64_t n_targets;
    const double *weights;         /* one per sample; NULL where none were given                                      */
    int32_t is_validation;         /* 1: of validation data, where derivatives are not looked at                      */
    double value;                  /* to be written, finite. Taken as it is, like the derivatives: what a mean over the batch is, and
                                    * what weights do, the function says                                              */
} spinnprop_loss_batch;

/* Called once for each batch, on the thread that made the call. Returns 0; anything else stops with SPINNPROP_CANCELLED and leaves all as it was
 * before the batch. It must not use the trainer that is running, nor throw or jump out. */
typedef int (*spinnprop_loss_function)(spinnprop_loss_batch *batch, void *payload);

typedef struct spinnprop_loss {
    size_t size;
    int32_t kind;
    double tau0, alpha, tau1, t_label, t_other, scale, xi, beta;
    int32_t ties_are_wrong;
    double separation;
    int32_t reads;                 /* SPINNPROP_READS_*                                                               */
    const double *times;           /* seconds, n_times of them, at which membranes are read; else NULL. Copied by what reads the loss */
    int64_t n_times;
    spinnprop_loss_function function; /* to be called as long as a trainer lives that was made with the loss. A checkpoint cannot know it: going on */
    void *payload;                    /* with the same one is the host's business                                     */
    double n_label, n_other;
} spinnprop_loss;

/* Sets the defaults of a kind. */
SPINNPROP_API spinnprop_status spinnprop_loss_init(spinnprop_loss *loss, int32_t kind);
SPINNPROP_API spinnprop_status spinnprop_loss_check(const spinnprop_loss *loss);
/* The loss that suits what an engine (NULL: exact events) records of a network: what NULL stands for wherever a loss is read. Its
 * seconds are those of spinnprop_loss_init times (tau_mem + tau_syn) / 25 ms of the network, the mean over its layers. */
SPINNPROP_API spinnprop_status spinnprop_engine_loss(spinnprop_loss *loss, const spinnprop_engine *engine,
                                                     const spinnprop_network *network);

/* Firing-rate regularisation of the hidden layers, added to the loss:
 * strength / 2 * sum over hidden neurons of (batch mean of n - target)^2, n = sum over spikes of exp(-t / tau). */
typedef struct spinnprop_gradient_options {
    size_t size;
    const spinnprop_engine *engine; /* whose rule; NULL (the default): that of the engine which made the recording    */
    double rate_strength;       /* 0: off                                                                             */
    double rate_target;         /* spikes per sample                                                                  */
    double rate_tau;            /* seconds; 0 (the default): 20 ms, and as many times more as the network's time constants
                                 * tau_mem + tau_syn are larger than 25 ms                                            */
    int32_t neurons;            /* 1: gradients of SPINNPROP_TAU_MEM .. SPINNPROP_REFRACTORY, too, which take time; by the rule of exact
                                 * events alone. A trainer asks for what it trains, whatever stands here              */
    int32_t input_times;        /* 0: no derivatives with respect to input spike times, which takes less time         */
} spinnprop_gradient_options;
SPINNPROP_API void spinnprop_gradient_options_init(spinnprop_gradient_options *options);

typedef struct spinnprop_gradient spinnprop_gradient;

/* Mean over the batch of the loss and its gradient. n is the recording's number of samples. labels: n of them,
 * 0 .. n_outputs - 1. targets: NULL, or (n, n_outputs) target times of SPINNPROP_LOSS_SPIKE_TIME_MSE or membranes of SPINNPROP_LOSS_VMAX_MSE, in which case
 * labels may be NULL. The network must be the one that made the recording, its parameters unchanged since. */
SPINNPROP_API spinnprop_status spinnprop_network_gradient(spinnprop_gradient **gradient, double *value,
                                                          const spinnprop_network *network,
                                                          const spinnprop_recording *recording, const spinnprop_loss *loss,
                                                          const int64_t *labels, int64_t n, const double *targets,
                                                          int64_t n_targets, const spinnprop_gradient_options *options,
                                                          spinnprop_progress_callback progress, void *payload);
/* What samples should give, and how much each of them counts. The arrays stay the caller's. */
typedef struct spinnprop_supervision {
    size_t size;
    const int64_t *labels;         /* one per sample; NULL where targets stand in their place                         */
    int64_t n_labels;
    const double *targets;         /* (samples, outputs), of the losses that take them; or NULL                       */
    int64_t n_targets;
    const double *weights;         /* what each sample's loss and derivatives are multiplied by, finite and >= 0; NULL: 1. */
    int64_t n_weights;             /*   The divisor of means stays the number of samples: whole numbers stand for repeated
                                    *   samples but for that. Accuracies, and how many samples are skipped, are counts */
} spinnprop_supervision;
SPINNPROP_API void spinnprop_supervision_init(spinnprop_supervision *supervision);

/* The same, with weights if there are any. */
SPINNPROP_API spinnprop_status spinnprop_network_gradient_supervised(
    spinnprop_gradient **gradient, double *value, const spinnprop_network *network, const spinnprop_recording *recording,
    const spinnprop_loss *loss, const spinnprop_supervision *supervision, const spinnprop_gradient_options *options,
    spinnprop_progress_callback progress, void *payload);
/* One that is all zero, for a loop of one's own: a sum of gradients, say, or one that is scaled. It has those of neuron parameters once any of
 * them is set. */
SPINNPROP_API spinnprop_status spinnprop_gradient_create(spinnprop_gradient **gradient, const spinnprop_network *network);
SPINNPROP_API void spinnprop_gradient_free(spinnprop_gradient *gradient);
/* Sets an array, of exactly as many elements as it has. */
SPINNPROP_API spinnprop_status spinnprop_gradient_set(spinnprop_gradient *gradient, int32_t parameter, int32_t index,
                                                      const double *values, int64_t n);
/* The gradient of an array. Indices and shapes as spinnprop_network_shape says; of SPINNPROP_TAU_MEM .. SPINNPROP_REFRACTORY one number per neuron,
 * if the options asked for them: that of a value which neurons share is their sum. */
SPINNPROP_API spinnprop_status spinnprop_gradient_get(double *values, int64_t n, const spinnprop_gradient *gradient,
                                                      int32_t parameter, int32_t index);
/* Derivatives with respect to input spike times (1/s), one per input spike, in the order in which the input came, unless the options left them
 * out. */
SPINNPROP_API spinnprop_status spinnprop_gradient_input_times(double *values, int64_t n, const spinnprop_gradient *gradient);
/* How many samples added nothing because their label neuron, or all outputs with a target time, or with SPINNPROP_LOSS_CUSTOM of spikes all outputs, were
 * silent. */
SPINNPROP_API spinnprop_status spinnprop_gradient_skipped(int64_t *skipped, const spinnprop_gradient *gradient);

/* What errors that somebody else has taken make of parameters and input times: the product of these derivatives with the recording's
 * Jacobian, not divided by the number of samples. It is read like any gradient; nothing is skipped. So a loss may be any function of
 * spike times, maxima and membranes.
 * errors: derivatives with respect to the time of each spike (1/s), layer after layer in the order of spinnprop_recording_spikes; of a leaky
 * read-out with respect to its maxima, (n_samples, n_outputs). Or, where hidden spikes have none, of the read-out alone. times: NULL, or n_times at which the membranes of a leaky read-out
 * were read by spinnprop_recording_states, seconds; membrane_errors: derivatives with respect to these, (n_samples, n_times, n_outputs).
 * By the rule of exact events alone, as integral_errors: NULL, or derivatives with respect to integrals with this tau (spinnprop_recording_integrals),
 * (n_samples, n_outputs). Rate regularisation among the options is left out. */
SPINNPROP_API spinnprop_status spinnprop_network_pull_back(spinnprop_gradient **gradient, const spinnprop_network *network,
                                                           const spinnprop_recording *recording, const double *errors,
                                                           int64_t n_errors, const double *times, int64_t n_times,
                                                           const double *membrane_errors, int64_t n_membrane_errors,
                                                           const double *integral_errors, int64_t n_integral_errors,
                                                           double tau,
                                                           const spinnprop_gradient_options *options,
                                                           spinnprop_progress_callback progress, void *payload);

/* The adjoint behind a gradient, of the neurons of a layer at any times: what a kick just before whatever happens at a time would do to what the gradient is
 * of, the mean over the batch or the product with given errors: dL/dV = -tau_mem lambda_v, dL/dI = -tau_syn lambda_i. lambda_v jumps at spikes, at ends
 * of refractory periods, at maxima and membranes with errors, where the value is that on the left; minus tau_syn times the sum of lambda_i over
 * arrivals is the gradient of a weight. Exact, worked out anew for the samples that are asked for. (n_samples, n_times, n_neurons) both; samples and times
 * as in spinnprop_recording_states. Of gradients by the rule of exact events that no other function has made or changed. */
SPINNPROP_API spinnprop_status spinnprop_gradient_adjoint(double *lambda_v, double *lambda_i, int64_t n,
                                                          const spinnprop_gradient *gradient, int32_t layer,
                                                          int64_t first_sample, int64_t n_samples, const double *times,
                                                          int64_t n_times, spinnprop_progress_callback progress,
                                                          void *payload);

/* Decisions: the class of each sample (-1: no output spoke), and the loss's softmax over outputs (n_samples, n_outputs;
 * uniform where no output spoke). */
SPINNPROP_API spinnprop_status spinnprop_recording_predict(int64_t *classes, int64_t n, const spinnprop_recording *recording,
                                                           const spinnprop_loss *loss);
SPINNPROP_API spinnprop_status spinnprop_recording_probabilities(double *probabilities, int64_t n,
                                                                 const spinnprop_recording *recording,
                                                                 const spinnprop_loss *loss);

/* ------------------------------------------------------------------------------------------------------- training */

typedef struct spinnprop_trainer spinnprop_trainer;

enum { SPINNPROP_OPTIMIZER_SGD = 0, SPINNPROP_OPTIMIZER_ADAM = 1, SPINNPROP_OPTIMIZER_ADAMW = 2 };
enum { SPINNPROP_DELAY_PARAMETER_CLIP = 0, SPINNPROP_DELAY_PARAMETER_SIGMOID = 1 };
enum {
    SPINNPROP_TRAIN_WEIGHTS = 1, SPINNPROP_TRAIN_DELAYS = 2, SPINNPROP_TRAIN_TAU_MEM = 4, SPINNPROP_TRAIN_TAU_SYN = 8,
    SPINNPROP_TRAIN_THRESHOLD = 16, SPINNPROP_TRAIN_RESET = 32, SPINNPROP_TRAIN_DRIVE = 64
};
enum {
    SPINNPROP_SCHEDULE_CONSTANT = 0, SPINNPROP_SCHEDULE_STEP = 1, SPINNPROP_SCHEDULE_EXPONENTIAL = 2,
    SPINNPROP_SCHEDULE_SMOOTH = 3
};

typedef struct spinnprop_training_options {
    size_t size;
    const spinnprop_forward_options *forward;   /* these three are read when the trainer is created;                  */
    const spinnprop_loss *loss;                 /* NULL: all defaults, the engine's own loss among them;              */
    const spinnprop_gradient_options *gradient; /* max_spikes is for each batch_size samples of a run                 */
    int32_t epochs;
    int32_t batch_size;
    uint64_t seed;                 /* of the order of samples, of input dropout and of initial delays                 */
    int32_t optimizer;             /* SPINNPROP_OPTIMIZER_*                                                           */
    double learning_rate;
    double delay_learning_rate;    /* per step, of what is trained (see delay_parameter); 0: delays stay, outside their range,
                                    * too, and what follows on delays is without effect, but where they are drawn     */
    int32_t delay_parameter;       /* SPINNPROP_DELAY_PARAMETER_*: delays themselves, in seconds, brought back into their
                                    * range after each step; or p without a unit, of which a delay is
                                    * delay_shift + delay_scale / (1 + exp(-p)), and is in the range without its ends */
    double delay_shift;            /* the smallest delay, seconds                                                     */
    double delay_scale;            /* the largest less the smallest, seconds; 0: left open, no upper limit, or for a
                                    * sigmoid the network's mean tau_syn                                              */
    double delay_l1, delay_l2;     /* the loss that is descended, not the value that is reported, has the sum over all delays of
                                    * delay_l1 d + delay_l2 d^2 / 2 (1/s, 1/s^2) besides. Clipped delays that do not pay end
                                    * at exactly delay_shift by delay_l1                                              */
    int32_t delay_init;            /* 1: delays are drawn when the trainer is made: what is trained (see delay_parameter) is
                                    * normal with these two, clipped delays then brought into their range             */
    double delay_init_mean, delay_init_std;
    double momentum;               /* SGD                                                                             */
    double beta1, beta2, epsilon;  /* Adam, AdamW                                                                     */
    double weight_decay;           /* L2 term (SGD, Adam) or decoupled (AdamW)                                        */
    int32_t schedule;              /* SPINNPROP_SCHEDULE_*: learning rates x gamma every schedule_epochs epochs (step),  */
    int32_t schedule_epochs;       /*   x gamma every epoch (exponential), or as much by an equal factor after every  */
                                   /*   batch (smooth)                                                                */
    double schedule_gamma;
    double clip_value;             /* largest magnitude of a gradient's entry; +infinity: off                         */
    double clip_norm;              /* largest Euclidean norm of the whole gradient; +infinity: off                    */
    double bump;                   /* weight bumping of silent neurons: first amount, doubled while it stays so; 0: off */
    double bump_hidden_limit;      /*   silent fraction of a hidden layer that calls for it                           */
    double bump_output_limit;      /*   silent fraction of the last layer that calls for it                           */
    int32_t bump_pairs;            /*   0: of neurons, silent in all samples of a batch; 1: of pairs of a sample and a
                                    *   neuron, as Goeltz et al. have it: all neurons that miss a sample are raised   */
    double input_dropout;          /* probability with which an input spike is left out in training                   */
    int32_t patience;              /* epochs without a better validation loss before stopping; 0: never               */
    int32_t restore_best;          /* 1: end with the parameters of the best validation loss. Here, as for early
                                    * stopping, the loss is that of the history                                       */
    const char *checkpoint_path;   /* NULL: none. Written atomically                                                  */
    int32_t checkpoint_every;      /* epochs                                                                          */
    int32_t resume;                /* 1: go on from checkpoint_path if it exists                                      */
    int32_t train;                 /* what is trained, a sum of SPINNPROP_TRAIN_*, recurrent connections among weights and delays; 0:
                                    * left open, weights, and delays that have a learning rate. Neuron parameters by the
                                    * rule of exact events alone                                                      */
    double neuron_learning_rate;   /* per step, of p, which begins at 0: tau_mem, tau_syn and threshold are what they were times exp(p), a
                                    * reset or drive what it was plus p thresholds, resets kept below the threshold. Neurons of a layer that share a
                                    * value go on sharing it; where any two differ, each has its own                  */
    int32_t accumulate;            /* batches per step: the gradient is that of the mean over all their samples, the order of samples that of
                                    * batches as large as all of them together                                        */
    int32_t average_epochs;        /* > 1: the network that is handed out, and judged on the validation data, is the mean of the parameters at the
                                    * ends of so many last epochs, or of all while there are fewer; training goes on from the parameters themselves */
} spinnprop_training_options;
SPINNPROP_API void spinnprop_training_options_init(spinnprop_training_options *options);

/* Which values a number among options may have, and its default. */
typedef struct spinnprop_domain {
    size_t size;
    char name[32];                     /* of the field                                                                */
    double low, high;                  /* -infinity and +infinity where there is no bound                             */
    int32_t includes_low, includes_high; /* whether the bounds are in the domain                                      */
    int32_t is_whole;                  /* whether the field holds whole numbers                                       */
    int32_t is_optional;               /* whether 0, or no array, leaves it open                                      */
    double initial;
    char text[64];                     /* the domain as messages say it: "it must be ..."                             */
} spinnprop_domain;
SPINNPROP_API void spinnprop_domain_init(spinnprop_domain *domain);
/* of: the numbers of a struct of options by SPINNPROP_DOMAINS_*, the elements of a network's arrays among them, or those of a loss by
 * its number SPINNPROP_LOSS_*. Flags and seeds have no rows. */
enum {
    SPINNPROP_DOMAINS_TRAINING = -1, SPINNPROP_DOMAINS_FORWARD = -2, SPINNPROP_DOMAINS_GRADIENT = -3, SPINNPROP_DOMAINS_CLOCK = -4,
    SPINNPROP_DOMAINS_SPINNAKER2 = -5, SPINNPROP_DOMAINS_NETWORK = -6, SPINNPROP_DOMAINS_FIRST_SPIKE = -7, SPINNPROP_DOMAINS_BIOGRAD = -8,
    SPINNPROP_DOMAINS_BRAINSCALES2_CHIP = -9, SPINNPROP_DOMAINS_BRAINSCALES2 = -10,
    SPINNPROP_DOMAINS_BRAINSCALES2_CALIBRATION = -11, SPINNPROP_DOMAINS_BRAINSCALES2_PROGRAM = -12
};
SPINNPROP_API spinnprop_status spinnprop_domain_count(int64_t *n, int32_t of);
SPINNPROP_API spinnprop_status spinnprop_domain_rows(spinnprop_domain *rows, int64_t n, int32_t of);

/* Means over samples. A sample whose label neuron is silent has no answer to learn from: it is in skipped, counts as log(n_outputs)
 * in the loss, and as wrong. With SPINNPROP_LOSS_CUSTOM of spikes those without a spike of the outputs are in skipped; the loss is the function's. */
typedef struct spinnprop_epoch {
    size_t size;
    double loss, accuracy, validation_loss, validation_accuracy; /* NaN without validation; accuracies without labels */
    double hidden_spikes, output_spikes;                         /* per training sample                               */
    double skipped;                                              /* fraction of training samples without an answer    */
    double learning_rate, seconds;                               /* of weights, the largest of all layers             */
} spinnprop_epoch;
SPINNPROP_API void spinnprop_epoch_init(spinnprop_epoch *epoch);

/* Takes a copy of the network. */
SPINNPROP_API spinnprop_status spinnprop_trainer_create(spinnprop_trainer **trainer, const spinnprop_network *network,
                                                        const spinnprop_training_options *options);
SPINNPROP_API void spinnprop_trainer_free(spinnprop_trainer *trainer);
/* Trains until `epochs` are done in all, early stopping ends it or the callback does; call it again, with the same data,
 * to go on after that: the end is the very same as without the stop. An error leaves the trainer after its last good
 * batch. validation may be NULL with n_validation 0. While this runs, every other call with the same trainer is refused.
 */
SPINNPROP_API spinnprop_status spinnprop_trainer_run(spinnprop_trainer *trainer, const spinnprop_spikes *input,
                                                     const int64_t *labels, int64_t n, const spinnprop_spikes *validation,
                                                     const int64_t *validation_labels, int64_t n_validation,
                                                     spinnprop_progress_callback progress, void *payload);
/* The same on numbers in place of labels, (samples, outputs): target times for SPINNPROP_LOSS_SPIKE_TIME_MSE, seconds, +infinity for
 * none; membranes for SPINNPROP_LOSS_VMAX_MSE. Accuracies are NaN then, and silent outputs count as the loss says. */
SPINNPROP_API spinnprop_status spinnprop_trainer_run_targets(spinnprop_trainer *trainer, const spinnprop_spikes *input,
                                                             const double *targets, int64_t n_targets,
                                                             const spinnprop_spikes *validation,
                                                             const double *validation_targets, int64_t n_validation_targets,
                                                             spinnprop_progress_callback progress, void *payload);
/* The same on labels or targets, with weights if there are any; for SPINNPROP_LOSS_CUSTOM as many targets for each sample as its function likes.
 * validation may be NULL, with NULL after it. */
SPINNPROP_API spinnprop_status spinnprop_trainer_run_supervised(
    spinnprop_trainer *trainer, const spinnprop_spikes *input, const spinnprop_supervision *supervision,
    const spinnprop_spikes *validation, const spinnprop_supervision *validation_supervision,
    spinnprop_progress_callback progress, void *payload);
/* Learning rates layer by layer, from the next batch on: of the kinds of parameters that a sum of SPINNPROP_TRAIN_* names, all of which are trained;
 * recurrent and skipping connections have those of the layer that they lead to. 0 .. 1e6; 0 freezes: what belongs to the layer keeps its bits,
 * whatever decay, bumping and ranges would have, and its gradient is left out of the norm that is clipped. The options' rates are those of all layers. */
SPINNPROP_API spinnprop_status spinnprop_trainer_set_learning_rates(spinnprop_trainer *trainer, int32_t kinds,
                                                                    const double *rates, int64_t n_layers);
/* What all learning rates are multiplied with in an epoch, counted from 0, in the stead of the options' schedule: 0 .. 1e6, anything else ends the
 * run with SPINNPROP_INVALID_VALUE. Asked for when an epoch begins or goes on, on the thread that runs; as a progress callback it may use the library,
 * but not the trainer. NULL: the options' schedule. */
typedef double (*spinnprop_schedule_callback)(int32_t epoch, void *payload);
SPINNPROP_API spinnprop_status spinnprop_trainer_set_schedule(spinnprop_trainer *trainer, spinnprop_schedule_callback schedule,
                                                              void *payload);
/* How many epochs there are in all: more than are done, and a run that had come to its end goes on, unless early stopping has ended it. */
SPINNPROP_API spinnprop_status spinnprop_trainer_set_epochs(spinnprop_trainer *trainer, int32_t epochs);
/* Batches of one step, which somebody else is to run: see spinnprop_trainer_set_batches. Pointers are valid during the call only. */
typedef struct spinnprop_batches {
    size_t size;
    const spinnprop_network *network; /* with the parameters as they stand                                            */
    int64_t n_batches;
    const spinnprop_spikes *spikes;   /* n_batches of them; what input_dropout leaves out is left out                 */
    const int64_t *samples;        /* batch after batch the number of each sample among the data that the training was given, by which the host knows its
                                    * label, target and weight                                                        */
    double *numbers;               /* to be written: (n_batches, n_numbers), of each batch those of spinnprop_trainer_batch */
    int64_t n_numbers;
} spinnprop_batches;

/* Called once for each step, on the thread that made the call. Returns 0; anything else stops with SPINNPROP_CANCELLED and leaves all as it was before
 * the step. It must not use the trainer that is running, nor throw or jump out. */
typedef int (*spinnprop_batches_callback)(spinnprop_batches *batches, void *payload);

/* Has the batches of each step (`accumulate` of them) run by the host: in other processes, or on other machines. Their gradients are added up here, in
 * the order of the batches, as without it, and the step has the same bits. Validation stays here. An emulated SpiNNaker2, which keeps account of what runs
 * on it, refuses it when the trainer runs. NULL: batches run here. */
SPINNPROP_API spinnprop_status spinnprop_trainer_set_batches(spinnprop_trainer *trainer, spinnprop_batches_callback batches,
                                                             void *payload);
/* What a batch gives such a function: the numbers that its trainer wants, in an order of their own. To be run by a trainer of the network that the
 * function was shown, with the same loss, rate regularisation, engines, and kinds of parameters that are trained, bumping as well. Nothing changes. */
SPINNPROP_API spinnprop_status spinnprop_trainer_batch(double *numbers, int64_t n_numbers, spinnprop_trainer *trainer,
                                                       const spinnprop_spikes *batch, const spinnprop_supervision *supervision,
                                                       spinnprop_progress_callback progress, void *payload);
/* How many numbers that are. */
SPINNPROP_API spinnprop_status spinnprop_trainer_batch_size(int64_t *n_numbers, const spinnprop_trainer *trainer);
/* A step of the optimiser with a gradient of the network as it stands, in a loop of one's own: epochs are not counted, no schedule is followed, no
 * checkpoint written, and average_epochs has no effect. Where a run has left a mean of parameters, the step changes the parameters themselves, and they are
 * the network handed out, and averaging begins anew. rate_factor: of all learning rates, 0 .. 1e6. An error changes nothing. */
SPINNPROP_API spinnprop_status spinnprop_trainer_step(spinnprop_trainer *trainer, const spinnprop_gradient *gradient,
                                                      double rate_factor);
/* The same with the gradient of a batch. value: the batch mean of the loss before the step. */
SPINNPROP_API spinnprop_status spinnprop_trainer_step_batch(double *value, spinnprop_trainer *trainer,
                                                            const spinnprop_spikes *batch,
                                                            const spinnprop_supervision *supervision, double rate_factor,
                                                            spinnprop_progress_callback progress, void *payload);
/* Writes a checkpoint to a path of one's own: the network, the optimiser's memory and all else that a trainer with resume needs. That one is made of
 * the network the run began with or of the one that spinnprop_network_load reads from this file. */
SPINNPROP_API spinnprop_status spinnprop_trainer_save(const spinnprop_trainer *trainer, const char *path);
/* A copy of the network as it stands. */
SPINNPROP_API spinnprop_status spinnprop_trainer_network(spinnprop_network **network, const spinnprop_trainer *trainer);
/* The same with neuron parameters that are trained as they were when the run began, before a checkpoint, too: the loss of a trainer that was given none
 * is spinnprop_engine_loss of it. */
SPINNPROP_API spinnprop_status spinnprop_trainer_beginning(spinnprop_network **network, const spinnprop_trainer *trainer);
/* Epochs finished so far, which is how many rows spinnprop_trainer_history fills, in order. */
SPINNPROP_API spinnprop_status spinnprop_trainer_epochs_done(int64_t *n_epochs, const spinnprop_trainer *trainer);
SPINNPROP_API spinnprop_status spinnprop_trainer_history(spinnprop_epoch *epochs, int64_t n,
                                                         const spinnprop_trainer *trainer);

/* -------------------------------------------------------------------------------------------------- local learning */

/* Layers of neurons in time steps, without synaptic currents: v <- d v (1 - s) + b + W x, s = [v > theta]. They learn without a
 * backward pass, by BioGrad (Tang et al., arXiv 2110.14092): a trace at each synapse, an error that comes as spikes through feedback
 * weights, and a sleep after each batch that aligns these with the forward weights. In float32; the same bits for any number of threads. */
enum { SPINNPROP_BIOGRAD_RULE = 0,       /* error spikes, feedback, traces                                            */
       SPINNPROP_BIOGRAD_EXACT_ERROR = 1, /* the same with the error itself in place of its spikes                     */
       SPINNPROP_BIOGRAD_BPTT = 2 };     /* the twin: surrogate-gradient backpropagation through time, no sleep       */
enum { SPINNPROP_FEEDBACK_RANDOM = 0, SPINNPROP_FEEDBACK_ALIGNED = 1 /* with the product of the forward weights       */ };
enum { SPINNPROP_COUNTS_RUNNING = 0, SPINNPROP_COUNTS_FINAL = 1 };
enum { SPINNPROP_DRAW_PER_BATCH = 0, SPINNPROP_DRAW_PER_SAMPLE = 1, SPINNPROP_DRAW_PER_STEP = 2 };

typedef struct spinnprop_biograd_options {
    size_t size;
    int32_t steps;                 /* of a sample                                                                     */
    int32_t soft_start;            /* the first step with an error, below steps                                       */
    double decay;                  /* d, 0 .. 1                                                                       */
    double threshold;              /* theta                                                                           */
    double window;                 /* the surrogate derivative is amplitude where |v - theta| < window, else 0        */
    double amplitude;
    int32_t rule;                  /* SPINNPROP_BIOGRAD_*                                                             */
    int32_t feedback;              /* SPINNPROP_FEEDBACK_*: at the start                                              */
    int32_t sleep;                 /* 1: a sleep after each batch                                                     */
    int32_t sleep_steps;
    double sleep_rate;             /* learning rate of the feedback weights                                           */
    int32_t sleep_power;           /* p of mean(O^p) in their decay, 1 .. 8                                           */
    int32_t batch_size;
    double learning_rate;          /* of weights and biases, plain descent                                            */
    int32_t epochs;                /* in all                                                                          */
    int32_t counts;                /* SPINNPROP_COUNTS_*: output spikes in a step's softmax, those so far or all      */
    uint64_t seed;                 /* of weights, feedback, order, encoding and sleep                                 */
    int32_t counts_from;           /* the first step whose output spikes count in the error                           */
    int32_t traces_from;           /* the first step whose surrogate derivatives count                                */
    int32_t includes_threshold;    /* 1: an error neuron spikes at its threshold, too                                 */
    int32_t sleep_draw;            /* SPINNPROP_DRAW_*: how often the probability of a sleep's spikes is drawn        */
    int32_t averages_sleep;        /* 1: correlations of a sleep are means over its samples, not sums                 */
    int32_t integer;               /* 1: whole numbers all along, as on Loihi; one hidden layer, SPINNPROP_BIOGRAD_RULE */
} spinnprop_biograd_options;
SPINNPROP_API void spinnprop_biograd_options_init(spinnprop_biograd_options *options);

/* Samples: either probabilities or events, the other NULL. Read during the call only. */
typedef struct spinnprop_step_input {
    size_t size;
    /* (n_samples, n_units), 0 .. 1: an input spikes in each step with its probability, drawn anew at each showing. */
    const double *probabilities;
    int64_t n_samples, n_units;
    /* A spike at time t comes in the last step k with k step_time <= t; several of an input in one step are one, what comes later is left out. */
    const spinnprop_spikes *events;
    double step_time;              /* seconds                                                                         */
} spinnprop_step_input;
SPINNPROP_API void spinnprop_step_input_init(spinnprop_step_input *input);

/* A training with its network: all of it is one value between two batches. */
typedef struct spinnprop_biograd spinnprop_biograd;
/* layer_sizes: inputs, then the neurons of each layer. Weights are drawn with variance 1 / (3 n_before), feedback with
 * 1 / (5 outputs), biases are 0. options NULL: the defaults. */
SPINNPROP_API spinnprop_status spinnprop_biograd_create(spinnprop_biograd **training, const int64_t *layer_sizes,
                                                        int64_t n_layer_sizes, const spinnprop_biograd_options *options);
SPINNPROP_API spinnprop_status spinnprop_biograd_copy(spinnprop_biograd **copy, const spinnprop_biograd *training);
SPINNPROP_API void spinnprop_biograd_free(spinnprop_biograd *training);

enum { SPINNPROP_BIOGRAD_WEIGHTS = 0, /* (n, n_before)                                                                */
       SPINNPROP_BIOGRAD_BIASES = 1,  /* (n)                                                                          */
       SPINNPROP_BIOGRAD_FEEDBACK = 2, /* (n, outputs) of a hidden layer, empty for the last                          */
       SPINNPROP_BIOGRAD_UNITS = 3    /* (2): what integers of weights and biases, and of feedback, count; 0 in float32 */ };
/* float32 numbers in float64 arrays; what is set is rounded, of an integer training to multiples of the units, at most 127 of them. Units
 * are only read. */
SPINNPROP_API spinnprop_status spinnprop_biograd_get(double *values, int64_t n, const spinnprop_biograd *training,
                                                     int32_t parameter, int32_t layer);
SPINNPROP_API spinnprop_status spinnprop_biograd_set(spinnprop_biograd *training, int32_t parameter, int32_t layer,
                                                     const double *values, int64_t n);

/* Trains until `epochs` are done in all or the callback stops it; called again with the same data it goes on, and ends with the very
 * bits of a run that was never stopped; other data are refused. An error leaves the training after its last good batch.
 * engine: NULL, the host; or one of kind SPINNPROP_ENGINE_SPINNAKER2, whose programs for input, neurons, error neurons and sleep do the same
 * to the bit, unless packets are lost and only counted, and keep account of it. Of its options time_step, steps, decay, batch_size, spikes_per_neuron and active_senders are not read, and
 * copies is at most the 8 parts that a batch is learnt in. SPINNPROP_UNSUPPORTED with SPINNPROP_BIOGRAD_BPTT and in integers,
 * SPINNPROP_OUT_OF_MEMORY for a network that does not fit, before anything has run.
 * checkpoint_path: a file that is written as by spinnprop_biograd_save after each epoch and on a stop; NULL: none. */
SPINNPROP_API spinnprop_status spinnprop_biograd_run(spinnprop_biograd *training, const spinnprop_step_input *input,
                                                     const int64_t *labels, int64_t n, const spinnprop_engine *engine,
                                                     const char *checkpoint_path,
                                                     spinnprop_progress_callback progress, void *payload);
/* The spikes of each output neuron, (n_samples, outputs). showing: which of the encoding's drawings, 0 .. 2^28 - 1. A sample's drawing
 * depends on its content, not on its place: its counts are the same whatever else is shown. engine: as in spinnprop_biograd_run. */
SPINNPROP_API spinnprop_status spinnprop_biograd_counts(int32_t *counts, int64_t n, const spinnprop_biograd *training,
                                                        const spinnprop_step_input *input, int64_t showing,
                                                        const spinnprop_engine *engine,
                                                        spinnprop_progress_callback progress, void *payload);
/* The mean gradient over all samples by the training's rule: weights of all layers, one after another, then biases likewise. Probabilities are
 * drawn by a sample's place, as in a training. SPINNPROP_INVALID_VALUE where it leaves float32. */
SPINNPROP_API spinnprop_status spinnprop_biograd_gradient(double *weights, int64_t n_weights, double *biases,
                                                          int64_t n_biases, const spinnprop_biograd *training,
                                                          const spinnprop_step_input *input, const int64_t *labels,
                                                          int64_t n, int64_t showing,
                                                          spinnprop_progress_callback progress, void *payload);
/* A sleep of so many samples, as after a batch: all of it, or nothing. Progress counts them once for each hidden layer. */
SPINNPROP_API spinnprop_status spinnprop_biograd_sleep(spinnprop_biograd *training, int64_t n_samples,
                                                       spinnprop_progress_callback progress, void *payload);

/* Scales initial weights up until each layer spikes on the first 150 samples: neurons in a tenth of the steps, the output in nearly every
 * sample. Weights of layers that do are left alone, and all weights if the network cannot be woken. Takes several runs. */
SPINNPROP_API spinnprop_status spinnprop_biograd_wake(spinnprop_biograd *training, const spinnprop_step_input *input,
                                                      spinnprop_progress_callback progress, void *payload);

typedef struct spinnprop_biograd_info {
    size_t size;
    int64_t n_layers, n_outputs;
    int64_t epochs_done, batches_done; /* batches_done: of the running epoch                                          */
    int64_t sleeps;
} spinnprop_biograd_info;
SPINNPROP_API void spinnprop_biograd_info_init(spinnprop_biograd_info *info);
SPINNPROP_API spinnprop_status spinnprop_biograd_describe(spinnprop_biograd_info *info, const spinnprop_biograd *training);

/* n: n_layers + 1. */
SPINNPROP_API spinnprop_status spinnprop_biograd_layer_sizes(int64_t *layer_sizes, int64_t n, const spinnprop_biograd *training);
/* What it was made with, and another number of epochs in all. */
SPINNPROP_API spinnprop_status spinnprop_biograd_get_options(spinnprop_biograd_options *options,
                                                             const spinnprop_biograd *training);
SPINNPROP_API spinnprop_status spinnprop_biograd_set_epochs(spinnprop_biograd *training, int32_t epochs);

/* All that a training is, options and network, feedback and history, in a safetensors file with a checksum: numbers only, written atomically.
 * What is loaded goes on to the same bits. SPINNPROP_FILE_ERROR for a file that is damaged or something else. */
SPINNPROP_API spinnprop_status spinnprop_biograd_save(const spinnprop_biograd *training, const char *path);
SPINNPROP_API spinnprop_status spinnprop_biograd_load(spinnprop_biograd **training, const char *path);
/* The same in memory, as spinnprop_network_to_bytes. */
SPINNPROP_API spinnprop_status spinnprop_biograd_to_bytes(uint8_t *bytes, int64_t n, int64_t *needed,
                                                          const spinnprop_biograd *training);
SPINNPROP_API spinnprop_status spinnprop_biograd_from_bytes(spinnprop_biograd **training, const uint8_t *bytes, int64_t n);

/* Means over an epoch's samples; one whose output stayed silent counts as wrong. */
typedef struct spinnprop_biograd_epoch {
    size_t size;
    double loss, accuracy, silent;
} spinnprop_biograd_epoch;
SPINNPROP_API void spinnprop_biograd_epoch_init(spinnprop_biograd_epoch *epoch);
/* A row per epoch done. */
SPINNPROP_API spinnprop_status spinnprop_biograd_history(spinnprop_biograd_epoch *epochs, int64_t n,
                                                         const spinnprop_biograd *training);
/* spikes: (epochs, layers), per sample. Angles in degrees between the feedback of each hidden layer and the product of the weights from it
 * to the output, and the feedback's norm over the product's: (epochs, hidden layers), at the end of each. */
SPINNPROP_API spinnprop_status spinnprop_biograd_curves(double *spikes, int64_t n_spikes, double *angles,
                                                        int64_t n_angles, double *norm_ratios, int64_t n_norm_ratios,
                                                        const spinnprop_biograd *training);
/* Both as they are now: one for each hidden layer, which progress counts. */
SPINNPROP_API spinnprop_status spinnprop_biograd_alignment(double *angles, int64_t n_angles, double *norm_ratios,
                                                           int64_t n_norm_ratios, const spinnprop_biograd *training,
                                                           spinnprop_progress_callback progress, void *payload);

/* ------------------------------------------------------------------------------------------- sparse recurrent networks */

/* One population of n neurons, each driven by a constant current, that move each other's membranes: a spike of j adds the weight
 * of each of its synapses to the target's V at once. Simulated spike by spike, exactly, in O(K) each (Engelken,
 * arXiv 2312.17216). Time in units of tau, V between threshold and reset: */
enum {
    SPINNPROP_SPARSE_LIF = 0,       /* V' = -V + I, threshold 0, reset -1                                             */
    SPINNPROP_SPARSE_QIF = 1,       /* V' = V^2 + I, threshold +infinity, reset -infinity: the theta neuron           */
    SPINNPROP_SPARSE_EIF = 2,       /* V' = -V + slope exp(V / slope) + I, threshold +infinity, reset -1; by polynomials */
    SPINNPROP_SPARSE_EIF_TABLE = 3  /* as SPINNPROP_SPARSE_EIF, by a fine table                                       */
};
/* The exponential neurons' polynomials are fitted when a network is made. Where drives differ there is one set, 1 to 4 MB, for each
 * sixteenth octave of slope + I in which there are any, fitted within 0.1 s: both grow with the spread of the drives only. */

typedef struct spinnprop_sparse spinnprop_sparse;

/* The defaults are the balanced network: I = tau sqrt(degree) coupling rate for all neurons, weight
 * -coupling / sqrt(degree) for all synapses, `degree` targets per neuron drawn from the seed. */
typedef struct spinnprop_sparse_options {
    size_t size;
    int64_t n_neurons;
    int64_t degree;                 /* K: targets per neuron, 1 .. n_neurons - 1; where an adjacency is given, K in the formulas */
    int32_t model;                  /* SPINNPROP_SPARSE_*                                                             */
    int32_t is_stored;              /* 0: draw a neuron's targets again whenever it spikes, which saves 4 bytes per synapse;
                                     * the network is the same                                                        */
    double rate;                    /* Hz: sets the drive; the rate that results is larger by a factor of O(1)        */
    double coupling;
    double tau;                     /* seconds, 1e-100 .. 1e100                                                   */
    double slope;                   /* of the exponential neuron                                                      */
    uint64_t seed;                  /* of targets and initial phases                                                  */
    const int64_t *offsets; int64_t n_offsets; /* NULL, 0: drawn targets. Else n_neurons + 1: neuron j sends to       */
    const int32_t *targets; int64_t n_targets; /*   targets[offsets[j]] .. targets[offsets[j + 1] - 1]                */
    const double *drives;   int64_t n_drives;  /* I. NULL, 0: from rate; one for all, or one each                     */
    const double *weights;  int64_t n_weights; /* NULL, 0: from coupling; one for all, or one per synapse; any sign   */
} spinnprop_sparse_options;
SPINNPROP_API void spinnprop_sparse_options_init(spinnprop_sparse_options *options);
/* How targets are drawn, the same in every release: neuron j reads words of SplitMix64 (Steele, Lea and Flood 2014) started at a key,
 * from word j 2^32 on. Word x is the number floor(x (n_neurons - 1) / 2^64), and that, plus 1 from j on, a target; one that j has
 * already is passed over. The key is the first word of xoshiro256++ (Blackman and Vigna 2021) from the first four words of SplitMix64
 * started at the first word of SplitMix64 started at the seed. */
/* Refuses a neuron that sends to itself or twice to the same target. The arrays of the options are read during the call only. The
 * progress counts neurons whose targets have been drawn. */
SPINNPROP_API spinnprop_status spinnprop_sparse_create(spinnprop_sparse **network, const spinnprop_sparse_options *options,
                                                       spinnprop_progress_callback progress, void *payload);
/* A copy that shares the arrays with the network until one of both is changed. */
SPINNPROP_API spinnprop_status spinnprop_sparse_copy(spinnprop_sparse **copy, const spinnprop_sparse *network);
SPINNPROP_API void spinnprop_sparse_free(spinnprop_sparse *network);

typedef struct spinnprop_sparse_info {
    size_t size;
    int64_t n_neurons, n_synapses;
    int64_t n_drives, n_weights;      /* 1: one for all                                                               */
    double threshold_phase, reset_phase; /* between which a neuron's phase runs                                       */
} spinnprop_sparse_info;
SPINNPROP_API void spinnprop_sparse_info_init(spinnprop_sparse_info *info);
SPINNPROP_API spinnprop_status spinnprop_sparse_describe(spinnprop_sparse_info *info, const spinnprop_sparse *network);
SPINNPROP_API spinnprop_status spinnprop_sparse_drives(double *drives, int64_t n_drives, const spinnprop_sparse *network);
/* The weights in the order of the targets. Any network may be given one weight for all synapses, or one for each. */
SPINNPROP_API spinnprop_status spinnprop_sparse_weights(double *weights, int64_t n_weights, const spinnprop_sparse *network);
SPINNPROP_API spinnprop_status spinnprop_sparse_set_weights(spinnprop_sparse *network, const double *weights,
                                                            int64_t n_weights);
/* n_offsets is n_neurons + 1, n_targets is n_synapses. */
SPINNPROP_API spinnprop_status spinnprop_sparse_adjacency(int64_t *offsets, int64_t n_offsets, int32_t *targets,
                                                          int64_t n_targets, const spinnprop_sparse *network);

typedef struct spinnprop_sparse_run_options {
    size_t size;
    int64_t n_spikes;               /* the run ends with this many; INT64_MAX for as many as come until t_end         */
    double t_end;                   /* inclusive; +infinity for no end but n_spikes                                   */
    /* In units of phase (spinnprop_sparse_info), below the threshold. NULL, 0: drawn evenly from the seed.            */
    const double *initial_phases; int64_t n_initial_phases;
    /* Spikes from outside: each adds a weight to the V of one neuron at a time. Times need not be sorted.            */
    const double *input_times; const int32_t *input_units; const double *input_weights; int64_t n_inputs;
    const int32_t *trace_units; int64_t n_trace_units; /* neurons whose V is kept, every trace_interval seconds from 0 on */
    double trace_interval;
    int32_t keeps_tape;             /* 1: keep what derivatives need: bytes per spike: LIF 12, QIF 12 + K/2, EIF 12 + K/4 */
} spinnprop_sparse_run_options;
SPINNPROP_API void spinnprop_sparse_run_options_init(spinnprop_sparse_run_options *options);

typedef struct spinnprop_sparse_recording spinnprop_sparse_recording;

/* Runs from the initial state. `done` and `total` of the progress count spikes, total being n_spikes. A neuron that an input
 * pushes over its threshold (LIF only) spikes at that instant; more spikes at one instant than there are neurons are
 * SPINNPROP_TOO_MANY_SPIKES. */
SPINNPROP_API spinnprop_status spinnprop_sparse_run(spinnprop_sparse_recording **recording,
                                                    const spinnprop_sparse *network,
                                                    const spinnprop_sparse_run_options *options,
                                                    spinnprop_progress_callback progress, void *payload);

typedef struct spinnprop_sparse_summary {
    size_t size;
    int64_t n_spikes;
    double t_end;                   /* the time of the last spike, or the t_end that ended the run                    */
    double rate;                    /* spikes per neuron and second                                                   */
} spinnprop_sparse_summary;
SPINNPROP_API void spinnprop_sparse_summary_init(spinnprop_sparse_summary *summary);

/* Is handed spikes in order of time, some thousand at once; the arrays are valid during the call. Return 0 to go on, anything
 * else to stop. The rules of spinnprop_progress_callback hold. */
typedef int (*spinnprop_sparse_sink)(const double *times, const int32_t *units, int64_t n, void *sink_payload);

/* Runs without keeping anything: of any length in the same memory. Neither traces nor tape. SPINNPROP_CANCELLED if the sink
 * stopped it. */
SPINNPROP_API spinnprop_status spinnprop_sparse_stream(spinnprop_sparse_summary *summary, const spinnprop_sparse *network,
                                                       const spinnprop_sparse_run_options *options,
                                                       spinnprop_sparse_sink sink, void *sink_payload,
                                                       spinnprop_progress_callback progress, void *payload);

/* Recordings never change. They hold the network as it was when it ran. */
SPINNPROP_API void spinnprop_sparse_recording_free(spinnprop_sparse_recording *recording);
SPINNPROP_API spinnprop_status spinnprop_sparse_recording_summary(spinnprop_sparse_summary *summary,
                                                                  const spinnprop_sparse_recording *recording);
/* The spikes in order of time; n is the summary's n_spikes. */
SPINNPROP_API spinnprop_status spinnprop_sparse_recording_spikes(double *times, int32_t *units, int64_t n,
                                                                 const spinnprop_sparse_recording *recording);
/* Traces, (n_samples, n_trace_units): V at 0, trace_interval, 2 trace_interval ... as far as the run went. */
SPINNPROP_API spinnprop_status spinnprop_sparse_recording_trace_count(int64_t *n_samples,
                                                                      const spinnprop_sparse_recording *recording);
SPINNPROP_API spinnprop_status spinnprop_sparse_recording_traces(double *values, int64_t n,
                                                                 const spinnprop_sparse_recording *recording);

/* Losses: their value and their derivative with respect to each spike's time (1/s), n being the summary's n_spikes.
 * 1/2 sum ((t - target) / tau0)^2 over the k-th spikes of all neurons and their k-th targets, those without a partner left
 * out. targets: one sample with a unit per neuron. tau0 0: 5 ms. */
SPINNPROP_API spinnprop_status spinnprop_sparse_spike_time_loss(double *value, double *time_errors, int64_t n,
                                                                const spinnprop_sparse_recording *recording,
                                                                const spinnprop_spikes *targets, double tau0);
/* 1/2 sum (r - target)^2 over neurons, r = (number of spikes - 1) / (last - first spike time) in Hz: it depends on times even
 * where numbers stay. Targets: one per neuron, NaN for any rate; neurons with less than two spikes are left out. */
SPINNPROP_API spinnprop_status spinnprop_sparse_rate_loss(double *value, double *time_errors, int64_t n,
                                                          const spinnprop_sparse_recording *recording,
                                                          const double *targets, int64_t n_targets);

typedef struct spinnprop_sparse_gradient spinnprop_sparse_gradient;
enum {
    SPINNPROP_SPARSE_WEIGHTS = 0,        /* as many as the network has                                                */
    SPINNPROP_SPARSE_PHASES = 1,         /* initial phases, one per neuron                                            */
    SPINNPROP_SPARSE_NEXT_TIMES = 2,     /* the initial state as each neuron's first spike time without inputs        */
    SPINNPROP_SPARSE_INPUT_TIMES = 3,    /* one per input spike, in the order in which they were given                */
    SPINNPROP_SPARSE_INPUT_WEIGHTS = 4
};
/* The exact gradient, at the order of spikes as it was, of a loss with these derivatives with respect to each spike's time and,
 * unless NULL and 0, to each neuron's next spike time at the end of the run. O(K) per spike. Needs a tape, as do Jacobian
 * and Lyapunov exponents; the progress of all three counts spikes. */
SPINNPROP_API spinnprop_status spinnprop_sparse_differentiate(spinnprop_sparse_gradient **gradient,
                                                              const spinnprop_sparse_recording *recording,
                                                              const double *time_errors, int64_t n,
                                                              const double *next_time_errors, int64_t n_next_time_errors,
                                                              spinnprop_progress_callback progress, void *payload);
SPINNPROP_API void spinnprop_sparse_gradient_free(spinnprop_sparse_gradient *gradient);
SPINNPROP_API spinnprop_status spinnprop_sparse_gradient_count(int64_t *n, const spinnprop_sparse_gradient *gradient,
                                                               int32_t of);
SPINNPROP_API spinnprop_status spinnprop_sparse_gradient_get(double *values, int64_t n,
                                                             const spinnprop_sparse_gradient *gradient, int32_t of);

/* What becomes of a small change of the state over the run, both given as changes of the neurons' next spike times; n is the number of
 * neurons. Equal changes of all stay as they are. */
SPINNPROP_API spinnprop_status spinnprop_sparse_jacobian_product(double *product, const double *tangent, int64_t n,
                                                                 const spinnprop_sparse_recording *recording,
                                                                 spinnprop_progress_callback progress, void *payload);

typedef struct spinnprop_sparse_lyapunov_options {
    size_t size;
    int64_t skip;                   /* spikes and inputs at the begin that only align the vectors                     */
    int64_t interval;               /* spikes and inputs, at most, between QR decompositions; 0: n_neurons / 32       */
    uint64_t seed;                  /* of the first vectors                                                           */
} spinnprop_sparse_lyapunov_options;
SPINNPROP_API void spinnprop_sparse_lyapunov_options_init(spinnprop_sparse_lyapunov_options *options);
/* The n_exponents largest Lyapunov exponents (1/s); -infinity for directions that are lost, as a neuron that is pushed over its
 * threshold forgets its state. contraction: the rate at which volumes of the state change, by what they all
 * would add up to. duration: seconds they are means over. */
SPINNPROP_API spinnprop_status spinnprop_sparse_lyapunov(double *exponents, int64_t n_exponents, double *contraction,
                                                         double *duration, const spinnprop_sparse_recording *recording,
                                                         const spinnprop_sparse_lyapunov_options *options,
                                                         spinnprop_progress_callback progress, void *payload);
/* ------------------------------------------------------------------------------------------ emulated BrainScaleS-2 */

/* An analog chip: 512 neuron circuits, each with deviations of its own, drawn from a seed; the same seed is the same chip on any
 * machine. Spreads are standard deviations over circuits, relative to what the circuit was meant to have, unless another unit is
 * given; factors are log-normal with mean 1. The defaults, a calibrated chip's, are published statistics. */
typedef struct spinnprop_brainscales2_chip_options {
    size_t size;
    uint64_t seed;          /* of the circuits                                                                        */
    uint64_t noise_seed;    /* of noise, with each run's parameters and input                                         */
    double tau_mem_spread, tau_syn_spread;
    double threshold_spread; /* of the way from leak to threshold                                                     */
    double threshold_shift; /* by how much all thresholds are off, relative                                           */
    double reset_spread;    /* thresholds                                                                             */
    double gain_spread;     /* over neurons, of what a weight is worth                                                */
    double row_offset;      /* over synapse rows, of what is added to weights other than 0: steps of 63               */
    double delay_spread;
    double noise;           /* of a membrane, anew for each spike: thresholds                                         */
    double batch_noise;     /* of thresholds, anew for each batch                                                     */
    double jitter;          /* of spikes on their way: tau_syn                                                        */
    double drift;           /* over circuits, of the rates at which time constants and thresholds drift: 1/hour       */
    double age;             /* for how long they have drifted: hours                                                  */
    double resolution;      /* of event times: seconds of the chip; 0: they are not rounded                           */
    double event_interval;  /* from one event to the next: seconds of the chip; 0: no limit                           */
    int32_t weight_bits;    /* of a weight beside its sign, 1 .. 6; 0: weights are not rounded and do not saturate    */
    int32_t readout_bits;   /* of what reads the membranes of a leaky read-out, 1 .. 16; 0: it does not round         */
    double correlation;     /* between the deviations of one circuit, but for its delay: 0 .. 1; none is published     */
    double sensor_spread;   /* over synapses, of what their sensors of correlations add, relative: assumed             */
    double sensor_offset;   /* over synapses, of what is added to these sensors' read-outs: assumed                    */
} spinnprop_brainscales2_chip_options;
SPINNPROP_API void spinnprop_brainscales2_chip_options_init(spinnprop_brainscales2_chip_options *options);

enum {
    SPINNPROP_BRAINSCALES2_CALIBRATED = 0,     /* what _init fills in                                                 */
    SPINNPROP_BRAINSCALES2_UNCALIBRATED = 1,   /* every circuit at the same setting                                   */
    SPINNPROP_BRAINSCALES2_HARDWARE_AWARE = 2, /* the published model for training in simulation (arXiv 2404.19165)   */
    SPINNPROP_BRAINSCALES2_IDEAL = 3           /* nothing differs, nothing is noisy; weights and times are rounded    */
};
/* Sets all spreads and noise to those of one of these; seeds stay. */
SPINNPROP_API spinnprop_status spinnprop_brainscales2_preset(spinnprop_brainscales2_chip_options *options, int32_t preset);

/* Calibration moves each circuit's settings, ten bits each, toward targets by bisection, by what noisy measurements say: what these leave
 * is the published spread of calibrated chips. */
typedef struct spinnprop_brainscales2_calibration_options {
    size_t size;
    uint64_t seed;          /* of the measurements' noise                                                             */
    double tau_mem, tau_syn, threshold; /* what is aimed at, over what circuits are meant to have: 1                  */
    double reset;           /* what is aimed at, less what circuits are meant to have, thresholds: 0                  */
    double noise;           /* of a measurement, over that which leaves the published spread; 0: none                 */
    int32_t repeats;        /* measurements of each setting, whose mean is taken                                      */
} spinnprop_brainscales2_calibration_options;
SPINNPROP_API void spinnprop_brainscales2_calibration_options_init(spinnprop_brainscales2_calibration_options *options);

enum { SPINNPROP_BRAINSCALES2_CIRCUITS = 512 /* that a chip has, and rows of synapses in its two halves */ };
typedef struct spinnprop_brainscales2_chip spinnprop_brainscales2_chip;
SPINNPROP_API spinnprop_status spinnprop_brainscales2_chip_create(spinnprop_brainscales2_chip **chip,
                                                                  const spinnprop_brainscales2_chip_options *options);
/* A calibrated copy. */
SPINNPROP_API spinnprop_status spinnprop_brainscales2_chip_calibrate(
    spinnprop_brainscales2_chip **calibrated, const spinnprop_brainscales2_chip *chip,
    const spinnprop_brainscales2_calibration_options *options);
/* The settings that calibration has found, 0 .. 1023: of tau_mem, tau_syn, threshold and reset, each of the 512 circuits; for keeping and making
 * the chip again. A chip that was not calibrated so has none: n is then 0. */
SPINNPROP_API spinnprop_status spinnprop_brainscales2_chip_code_count(int64_t *n, const spinnprop_brainscales2_chip *chip);
SPINNPROP_API spinnprop_status spinnprop_brainscales2_chip_codes(int32_t *codes, int64_t n,
                                                                 const spinnprop_brainscales2_chip *chip);
SPINNPROP_API spinnprop_status spinnprop_brainscales2_chip_create_with_codes(
    spinnprop_brainscales2_chip **chip, const spinnprop_brainscales2_chip_options *options, const int32_t *codes, int64_t n);
SPINNPROP_API void spinnprop_brainscales2_chip_free(spinnprop_brainscales2_chip *chip);
SPINNPROP_API spinnprop_status spinnprop_brainscales2_chip_get_options(spinnprop_brainscales2_chip_options *options,
                                                                       const spinnprop_brainscales2_chip *chip);

enum {
    SPINNPROP_BRAINSCALES2_TAU_MEM = 0,   /* of the 512 circuits, as all that follows but the last: over what was meant */
    SPINNPROP_BRAINSCALES2_TAU_SYN = 1,   /* likewise                                                                 */
    SPINNPROP_BRAINSCALES2_THRESHOLD = 2, /* likewise                                                                 */
    SPINNPROP_BRAINSCALES2_RESET = 3,     /* less what was meant, thresholds                                          */
    SPINNPROP_BRAINSCALES2_GAIN = 4,      /* what a weight is worth                                                   */
    SPINNPROP_BRAINSCALES2_DELAY = 5,     /* of a circuit that delays: over what was meant                            */
    SPINNPROP_BRAINSCALES2_ROW = 6        /* of the 2 x 256 synapse rows: weight steps                                */
};
SPINNPROP_API spinnprop_status spinnprop_brainscales2_chip_values(double *values, int64_t n,
                                                                  const spinnprop_brainscales2_chip *chip, int32_t parameter);

/* SPINNPROP_ENGINE_BRAINSCALES2: networks run on the chip's circuits, layer by layer, and leave measured recordings of the network that
 * was given (spinnprop_recording_create_measured), for training in the loop. With several chips each run takes one of them, drawn from
 * parameters and input as its noise is. What does not fit is refused with its sizes. */
typedef struct spinnprop_brainscales2_options {
    size_t size;
    double weight_scale;  /* steps of 63 that a weight of 1 is worth                                                  */
    double speedup;       /* by how much the chip is faster than the network's times say: 1000; 1 for times of the chip */
    double readout_range; /* membrane values that the converter of a leaky read-out reaches, from 0                   */
    int32_t input_copies; /* synapses of each pair of an input and a neuron, whose weights add up                     */
    int32_t single_spikes; /* whether a neuron is silent after its first spike of a sample, as rules of first spikes want */
    int32_t count_losses; /* whether an input of more spikes than the link carries is run and what is lost counted: else it is refused */
} spinnprop_brainscales2_options;
SPINNPROP_API void spinnprop_brainscales2_options_init(spinnprop_brainscales2_options *options);
/* The chips are copied. */
SPINNPROP_API spinnprop_status spinnprop_brainscales2_create(spinnprop_engine **engine,
                                                             const spinnprop_brainscales2_chip *const *chips, int64_t n,
                                                             const spinnprop_brainscales2_options *options);
SPINNPROP_API spinnprop_status spinnprop_brainscales2_get_options(spinnprop_brainscales2_options *options,
                                                                  const spinnprop_engine *engine);
/* The weights of a connection as the first chip's synapses have them, in the network's units: (post, pre). */
SPINNPROP_API spinnprop_status spinnprop_brainscales2_weights(double *values, int64_t n, const spinnprop_engine *engine,
                                                              const spinnprop_network *network, int32_t index);

/* Events lost on their way, because 128 waited for their turn already, in all runs of this engine so far, trainings and what shares the
 * engine among them. */
SPINNPROP_API spinnprop_status spinnprop_brainscales2_lost_events(int64_t *n, const spinnprop_engine *engine);

/* Whether a chain of layers fits: a circuit has synapses for 128 signed inputs, neurons of more take several, each delay takes one; and whether a
 * sample's input does: its link carries an event in 8 ns, while 128 wait. That it does not fit is an answer, no error. */
typedef struct spinnprop_brainscales2_fit_options {
    size_t size;
    const int32_t *layer_sizes; /* input units first; at least two numbers                                            */
    int32_t n_layer_sizes;
    int32_t input_copies;
    int32_t delays;         /* SPINNPROP_DELAYS_*, of all connections                                                 */
    int32_t recurrent;      /* whether hidden layers are                                                              */
    int64_t input_spikes;   /* of a sample: 0                                                                         */
    double duration;        /* seconds of the network from the first to the last of them: INFINITY, no limit of rates */
    double speedup;         /* by how much the chip is faster than the network's times say: 1000                      */
} spinnprop_brainscales2_fit_options;
SPINNPROP_API void spinnprop_brainscales2_fit_options_init(spinnprop_brainscales2_fit_options *options);
typedef struct spinnprop_brainscales2_fit {
    size_t size;
    int32_t fits;
    int64_t circuits;        /* that it takes                                                                         */
    int32_t available;       /* 512                                                                                   */
    int64_t delay_circuits;  /* of those that it takes                                                                */
    int64_t carried_spikes;  /* of an input's, evenly spread over the duration, at most; INT64_MAX: no limit          */
} spinnprop_brainscales2_fit;
SPINNPROP_API void spinnprop_brainscales2_fit_init(spinnprop_brainscales2_fit *fit);
/* merged: of each layer, the circuits that a neuron takes; n_layers of them. */
SPINNPROP_API spinnprop_status spinnprop_brainscales2_place(spinnprop_brainscales2_fit *fit, int32_t *merged, int64_t n_layers,
                                                            const spinnprop_brainscales2_fit_options *options);

/* Time and energy by each published measurement: a sample lasts as long as the published one, or as it runs on the chip, if that is
 * longer, at the power that was measured. All estimated. A step's gradient, which the host finds, is not in it. */
typedef struct spinnprop_brainscales2_cost {
    size_t size;
    double published_seconds, published_joules; /* of one image: the constants that all else rests on                 */
    double watts;
    double sample_seconds, sample_joules;
    double step_seconds, step_joules;           /* of batch_size samples one after another                            */
    char source[64];
} spinnprop_brainscales2_cost;
SPINNPROP_API void spinnprop_brainscales2_cost_init(spinnprop_brainscales2_cost *cost);
enum { SPINNPROP_BRAINSCALES2_COSTS = 2 /* rows there are */ };
SPINNPROP_API spinnprop_status spinnprop_brainscales2_costs(spinnprop_brainscales2_cost *costs, int64_t n, double duration,
                                                            int64_t batch_size);

/* --------------------------------------------------------------------------------------------- emulated SpiNNaker2 */

/* SPINNPROP_ENGINE_SPINNAKER2: the bits of time steps by programs on an emulated SpiNNaker2, the optimiser's among them, which keeps
 * account of all that runs on it. What is counted (ticks, cycles, packets, bytes) follows from the programs; seconds, watts and joules
 * are estimated from the counts and a table of constants, of which some are assumptions and say so. Not emulated: single instructions,
 * conflicts in DRAM or on the mesh, anything analogue. Such an engine runs one call at a time, others wait; while a call runs, its
 * account is refused to the call's own callback. A gradient counts on it only if its options name the engine: NULL stands for the
 * clock-driven one, which gives the same bits. Text in structs is UTF-8 and ends with a zero. Indices count from 0. */

enum { SPINNPROP_SPINNAKER2_OVERFLOW_DROP = 0, SPINNPROP_SPINNAKER2_OVERFLOW_OVERWRITE = 1, SPINNPROP_SPINNAKER2_OVERFLOW_STALL = 2 };
enum { SPINNPROP_SPINNAKER2_FAULTS_ERROR = 0, SPINNPROP_SPINNAKER2_FAULTS_COUNT = 1 };
/* Which processing elements are taken: by number; shuffled; or as the authors' figure shows it: each copy of the network on the four processing elements of a quad, row by
 * row from (1, 1), the optimiser at (1, 6), one chip. What does not fit that is refused. */
enum {
    SPINNPROP_SPINNAKER2_PLACEMENT_COMPACT = 0,
    SPINNPROP_SPINNAKER2_PLACEMENT_SCATTERED = 1,
    SPINNPROP_SPINNAKER2_PLACEMENT_PUBLISHED = 2
};
enum { SPINNPROP_SPINNAKER2_POWER_LOW = 0, SPINNPROP_SPINNAKER2_POWER_HIGH = 1, SPINNPROP_SPINNAKER2_POWER_AUTOMATIC = 2 };
/* What BioGrad's programs keep of a sample for its gradient, to the same bits: membranes and input spikes of all steps, for one backward
 * recursion per neuron; or a trace and a gradient per synapse, as e-prop does. */
enum { SPINNPROP_SPINNAKER2_CREDIT_RECURSION = 0, SPINNPROP_SPINNAKER2_CREDIT_TRACES = 1 };

typedef struct spinnprop_spinnaker2_options {
    size_t size;
    double time_step;          /* seconds; these three as in spinnprop_clock_options                                  */
    int32_t steps, decay;
    int32_t copies;            /* of the network side by side; 0: as many as fit                                      */
    int32_t chips;             /* on the board, 1 .. 48                                                               */
    int32_t batch_size;        /* the largest batch there will be, and so the most copies of use; 0: any              */
    int32_t fifo_packets;      /* capacity of a receive FIFO; 0: the worst case, within reason                        */
    double spikes_per_neuron;  /* spikes per neuron and sample that tapes are made for                                */
    double active_senders;     /* part of a population that spikes in a sample: what sums per sample are made for     */
    int32_t overflow;          /* SPINNPROP_SPINNAKER2_OVERFLOW_*: what a full FIFO does                              */
    int32_t faults;            /* SPINNPROP_SPINNAKER2_FAULTS_*: what a lost, late or unrouted packet means           */
    int32_t largest_slice;     /* the most neurons of a layer on one processing element; 0: as many as fit            */
    int32_t placement;         /* SPINNPROP_SPINNAKER2_PLACEMENT_*                                                    */
    uint64_t placement_seed;   /* of SPINNPROP_SPINNAKER2_PLACEMENT_SCATTERED                                         */
    int32_t power;             /* SPINNPROP_SPINNAKER2_POWER_*                                                        */
    int32_t power_threshold;   /* of SPINNPROP_SPINNAKER2_POWER_AUTOMATIC: packets in a FIFO                          */
    int32_t credit;            /* SPINNPROP_SPINNAKER2_CREDIT_*, of BioGrad's programs                                */
    int32_t reserved;          /* 0                                                                                   */
    /* Rows of the table of constants that are to be replaced, by name; read during the call only, 0 and NULL when an engine's
     * options are filled in.                                                                                         */
    int64_t n_constants;
    const char *const *constant_names;
    const double *constant_values;
} spinnprop_spinnaker2_options;
SPINNPROP_API void spinnprop_spinnaker2_options_init(spinnprop_spinnaker2_options *options);
SPINNPROP_API spinnprop_status spinnprop_spinnaker2_create(spinnprop_engine **engine,
                                                           const spinnprop_spinnaker2_options *options);
SPINNPROP_API spinnprop_status spinnprop_spinnaker2_get_options(spinnprop_spinnaker2_options *options,
                                                                const spinnprop_engine *engine);

typedef struct spinnprop_spinnaker2_info {
    size_t size;
    int32_t chips, width, height; /* chip y * width + x of the board's torus                                          */
    int32_t pes_per_chip;         /* processing elements for applications                                             */
    int32_t sram_available;       /* bytes of a processing element for a program's data                               */
    int32_t n_constants, n_workloads;
} spinnprop_spinnaker2_info;
SPINNPROP_API void spinnprop_spinnaker2_info_init(spinnprop_spinnaker2_info *info);
SPINNPROP_API spinnprop_status spinnprop_spinnaker2_describe(spinnprop_spinnaker2_info *info,
                                                             const spinnprop_engine *engine);

/* A row of the table all estimates rest on. mark: "P" from the chip's makers, "S" quoted by others, "D" derived,
 * "assumed" or given by the user. The costs of programs are rows whose names begin with "cost_". */
typedef struct spinnprop_spinnaker2_constant {
    size_t size;
    char name[32];
    double value;
    char unit[16], mark[16], source[128];
} spinnprop_spinnaker2_constant;
SPINNPROP_API void spinnprop_spinnaker2_constant_init(spinnprop_spinnaker2_constant *constant);
/* n is n_constants. */
SPINNPROP_API spinnprop_status spinnprop_spinnaker2_constants(spinnprop_spinnaker2_constant *constants, int64_t n,
                                                              const spinnprop_engine *engine);

/* What the constants give for a workload whose measurement is published, and the measurement. basis: "prediction"; "derived" from
 * that measurement or its publication; "bound", a range too wide to be missed. factor (>= 1): of a prediction, between the
 * measurement and the farther end of the range; NaN for all else. */
typedef struct spinnprop_spinnaker2_workload {
    size_t size;
    char workload[128], quantity[64], unit[16], remark[512], basis[16];
    double predicted_low, predicted_high, published, factor;
} spinnprop_spinnaker2_workload;
SPINNPROP_API void spinnprop_spinnaker2_workload_init(spinnprop_spinnaker2_workload *workload);
/* n is n_workloads. */
SPINNPROP_API spinnprop_status spinnprop_spinnaker2_workloads(spinnprop_spinnaker2_workload *workloads, int64_t n,
                                                              const spinnprop_engine *engine);

/* Whether a network would fit an engine's chips, and the estimated cost of a training step; nothing is run. */
typedef struct spinnprop_spinnaker2_fit_options {
    size_t size;
    const int32_t *layer_sizes; /* input units first                                                                  */
    int32_t n_layer_sizes;
    int32_t recurrent;          /* whether hidden layers are                                                          */
    int32_t batch_size;         /* samples of a step                                                                  */
    int32_t n_activity;
    double input_activity;      /* spikes per input unit and sample                                                   */
    const double *activity;     /* spikes per neuron and sample, for each layer; the last counts for all further ones; NULL, 0:
                                 * a default                                                                          */
    int32_t makes_room;         /* 1: where the engine as it is has no room for that, the answer is for one that has: with
                                 * spikes_per_neuron and active_senders as the activity needs them                    */
} spinnprop_spinnaker2_fit_options;
SPINNPROP_API void spinnprop_spinnaker2_fit_options_init(spinnprop_spinnaker2_fit_options *options);

typedef struct spinnprop_spinnaker2_fit {
    size_t size;
    int32_t fits;               /* 0 or 1                                                                             */
    int32_t copies;             /* side by side                                                                       */
    int32_t pes_per_copy, optimizer_pes, used_pes, available_pes;
    int32_t rounds;             /* samples that a copy runs one after another in a step                               */
    int32_t slips;              /* of a step: tick periods by which the busiest processing element runs over, estimated */
    int32_t tightest_bytes;     /* of the largest buffer of the processing element with the least memory left         */
    int32_t sram_used, sram_available; /* of that processing element, in bytes                                        */
    char tightest_program[32], tightest_buffer[32];
    double seconds_per_step, energy_per_step, mean_power; /* estimated: s, J, W                                       */
    double forward_seconds, loss_seconds, backward_seconds, gather_seconds, update_seconds; /* of a step, estimated   */
    char reason[512];           /* why it does not fit; "" if it does                                                 */
    double input_activity, activity; /* assumed: spikes per unit of the input and per neuron of the first layer, and sample */
    double spikes_per_neuron, active_senders; /* of the engine that the answer is for                                 */
} spinnprop_spinnaker2_fit;
SPINNPROP_API void spinnprop_spinnaker2_fit_init(spinnprop_spinnaker2_fit *fit);
/* slices: over how many processing elements each layer of a copy is cut, n_layer_sizes - 1 of them, 0 if it does not fit;
 * largest: the sizes of the largest network of this shape that fits the engine as it is (or with makes_room), n_layer_sizes of them,
 * 0 if none does.
 * Either may be NULL. That a network does not fit is an answer, no error. */
SPINNPROP_API spinnprop_status spinnprop_spinnaker2_estimate(spinnprop_spinnaker2_fit *fit, int32_t *slices, int32_t *largest,
                                                             const spinnprop_engine *engine,
                                                             const spinnprop_spinnaker2_fit_options *options);

/* The account of all that has run on an engine since its last reset, or since a network of another shape was put on it. A
 * copy: it never changes, may be read by several threads and outlives the engine. SPINNPROP_INVALID_VALUE before the first
 * run. A run that failed or was stopped is in the counters as far as it came, but not in ticks and seconds. */
typedef struct spinnprop_spinnaker2_account spinnprop_spinnaker2_account;
SPINNPROP_API spinnprop_status spinnprop_spinnaker2_account_create(spinnprop_spinnaker2_account **account,
                                                                   const spinnprop_engine *engine);
SPINNPROP_API spinnprop_status spinnprop_spinnaker2_reset_account(const spinnprop_engine *engine);
SPINNPROP_API void spinnprop_spinnaker2_account_free(spinnprop_spinnaker2_account *account);

typedef struct spinnprop_spinnaker2_totals {
    size_t size;
    int32_t chips, copies, n_pes, steps; /* n_pes: processing elements with a program; steps: of a sample             */
    int32_t n_phases, n_programs, n_links, n_slips; /* n_slips: those that are listed, the first ones                 */
    int64_t n_buffers;                             /* of all processing elements                                      */
    int64_t forward_samples, backward_samples, updates, host_bytes;
    double seconds, energy, mean_power;            /* of the chips, without the host's traffic; estimated: s, J, W    */
    double seconds_per_sample, energy_per_sample;  /* of a sample run forward, copies side by side; estimated         */
    double seconds_per_step, energy_per_step;      /* of a training step: all but evaluations, over batches; estimated */
    double host_seconds;                           /* to move host_bytes between host and chips; estimated            */
    double busiest_link_load, busiest_dram_load;   /* part of the time the busiest link between chips, and the busiest
                                                    * memory interface, is in use; estimated                          */
    double set_up_seconds;                         /* to load programs and to clean up; not in seconds; estimated     */
    int64_t evaluation_samples;                    /* of forward_samples, those no backward run here has followed     */
    double evaluation_seconds, evaluation_energy;  /* of seconds and energy, what they took; estimated                */
    int64_t batches;                               /* backward runs: more than updates where the host raises weights of
                                                    * silent neurons instead, or trains delays                        */
} spinnprop_spinnaker2_totals;
SPINNPROP_API void spinnprop_spinnaker2_totals_init(spinnprop_spinnaker2_totals *totals);
SPINNPROP_API spinnprop_status spinnprop_spinnaker2_account_describe(spinnprop_spinnaker2_totals *totals,
                                                                     const spinnprop_spinnaker2_account *account);

/* A phase: "forward", "loss", "backward", "gather" (gradients to the optimiser), "update"; of BioGrad "forward", "error" (errors that wait
 * for final counts), "credit", "gather" (gradients of the copies to the first), "update", "sleep", "align" (of feedback). */
typedef struct spinnprop_spinnaker2_phase {
    size_t size;
    char name[16];
    int64_t ticks, slips;              /* of the machine; slips: tick periods added because some program, link
                                        * or memory interface had not finished                                        */
    double seconds, energy, mean_power; /* estimated: s, J, W                                                         */
    double off_energy, asleep_energy, active_energy, mesh_energy, link_energy, dram_energy; /* its parts, estimated: J */
    int64_t link_slips, dram_slips;    /* of the slips, those that links added to what the programs needed, and memory
                                        * interfaces to what both needed                                              */
} spinnprop_spinnaker2_phase;
SPINNPROP_API void spinnprop_spinnaker2_phase_init(spinnprop_spinnaker2_phase *phase);
/* n is n_phases. */
SPINNPROP_API spinnprop_status spinnprop_spinnaker2_account_phases(spinnprop_spinnaker2_phase *phases, int64_t n,
    const spinnprop_spinnaker2_account *account);

/* A program: "input", "neurons", "loss", "optimizer"; of BioGrad "input", "neurons", "errors". */
typedef struct spinnprop_spinnaker2_program {
    size_t size;
    char name[16];
    int64_t n_pes;
} spinnprop_spinnaker2_program;
SPINNPROP_API void spinnprop_spinnaker2_program_init(spinnprop_spinnaker2_program *program);
/* n is n_programs. */
SPINNPROP_API spinnprop_status spinnprop_spinnaker2_account_programs(spinnprop_spinnaker2_program *programs, int64_t n,
    const spinnprop_spinnaker2_account *account);

/* A processing element with a program, and what that holds of the network. */
typedef struct spinnprop_spinnaker2_pe {
    size_t size;
    int32_t pe, chip, x, y;       /* number on the board, chip, quad on the chip's mesh                               */
    char program[16];
    int32_t copy, layer;          /* -1: none                                                                         */
    int32_t first_unit, n_units;  /* of the layer, input or output; of an optimiser: parameters                       */
    int32_t sram_used, sram_high_water, n_buffers; /* bytes                                                           */
} spinnprop_spinnaker2_pe;
SPINNPROP_API void spinnprop_spinnaker2_pe_init(spinnprop_spinnaker2_pe *pe);
/* n is n_pes. */
SPINNPROP_API spinnprop_status spinnprop_spinnaker2_account_pes(spinnprop_spinnaker2_pe *pes, int64_t n,
    const spinnprop_spinnaker2_account *account);

/* A buffer in a processing element's memory, in the order in which they lie there. */
typedef struct spinnprop_spinnaker2_buffer {
    size_t size;
    char name[32];
    int64_t bytes;
} spinnprop_spinnaker2_buffer;
SPINNPROP_API void spinnprop_spinnaker2_buffer_init(spinnprop_spinnaker2_buffer *buffer);
/* n is n_buffers: all of the first processing element (its n_buffers), then all of the second, .... */
SPINNPROP_API spinnprop_status spinnprop_spinnaker2_account_buffers(spinnprop_spinnaker2_buffer *buffers, int64_t n,
    const spinnprop_spinnaker2_account *account);

typedef struct spinnprop_spinnaker2_counters {
    size_t size;
    int64_t ticks, cycles, high_cycles, largest_tick; /* high_cycles: at the high power level; largest_tick: in cycles */
    int64_t slips;
    int64_t packets_sent, packets_received, dropped, overwritten, stalled, unrouted, largest_fifo;
    int64_t hops, link_crossings, link_bits, payload_bytes, hop_bits;
    int64_t dma_transfers, dma_bytes, dram_bytes;
} spinnprop_spinnaker2_counters;
SPINNPROP_API void spinnprop_spinnaker2_counters_init(spinnprop_spinnaker2_counters *counters);
/* Counters of everything, of all processing elements with one program, and of each processing element: a row for each phase, for the first
 * program or element, then for the second, ... */
/* n is n_phases. */
SPINNPROP_API spinnprop_status spinnprop_spinnaker2_account_phase_counters(spinnprop_spinnaker2_counters *counters, int64_t n,
    const spinnprop_spinnaker2_account *account);
/* n is n_programs * n_phases. */
SPINNPROP_API spinnprop_status spinnprop_spinnaker2_account_program_counters(spinnprop_spinnaker2_counters *counters, int64_t n,
    const spinnprop_spinnaker2_account *account);
/* n is n_pes * n_phases. */
SPINNPROP_API spinnprop_status spinnprop_spinnaker2_account_pe_counters(spinnprop_spinnaker2_counters *counters, int64_t n,
    const spinnprop_spinnaker2_account *account);

/* Bits over each link between chips, n_links of them: 6 * chip + direction, of east, north-east, north, west, south-west,
 * south. */
SPINNPROP_API spinnprop_status spinnprop_spinnaker2_account_link_bits(int64_t *bits, int64_t n,
                                                                      const spinnprop_spinnaker2_account *account);

/* A tick that did not fit its period. cause: "work" of a processing element, "stall" of one whose packet found a full FIFO; "link": a
 * link between chips was to carry more in the tick than it can; "dram": a chip's memory interface was. What a link or a
 * memory interface is asked for within a tick goes one after another, and the tick lasts until all is done. */
typedef struct spinnprop_spinnaker2_slip {
    size_t size;
    int64_t phase, tick, pe, cycles; /* pe: -1, cycles: 0 unless the cause is a processing element                    */
    char cause[16];
    int64_t chip, link, bytes;       /* link: 6 * chip + direction, -1 unless it is the cause; bytes: that the link or the memory
                                      * interface had to move                                                         */
} spinnprop_spinnaker2_slip;
SPINNPROP_API void spinnprop_spinnaker2_slip_init(spinnprop_spinnaker2_slip *slip);
/* n is n_slips. */
SPINNPROP_API spinnprop_status spinnprop_spinnaker2_account_slips(spinnprop_spinnaker2_slip *slips, int64_t n,
    const spinnprop_spinnaker2_account *account);

/* ------------------------------------------------------------------------------- arrays of neurons with plasticity */

/* The neuron array of an emulated BrainScaleS-2 as a machine: up to 512 leaky integrate-and-fire neurons that all differ, each with an excitatory and
 * an inhibitory current, signed 6-bit weights, correlation sensors in each synapse, rate counters, and a processor whose programs change
 * weights at periods. Its state lives on: a run goes on where the last one ended. Between spikes it is exact.
 *
 *     tau_m dV/dt = -V + I_e + I_i + D + sigma sqrt(2 tau_m) xi,   tau_e dI_e/dt = -I_e,   tau_i dI_i/dt = -I_i
 *     arrival: I_e += g w for w > 0, I_i += g w for w < 0;   V reaches theta: V = V_reset for t_ref, the currents go on
 *
 * With noise, membranes get exact increments every 1 / 32 of the shortest tau_m of those that have noise.
 *
 * Senders are the n_sources sources and then, if it is recurrent, the neurons. Matrices are (senders, neurons), row by row. All times are the user's but
 * resolution and event_interval; on the chip the same takes 1 / speedup of it. What comes at one time goes in this order: neurons' spikes, arrivals, programs.
 * Not emulated: crosstalk between sensors, the time that programs take (estimated in spinnprop_brainscales2_array_info). */
typedef struct spinnprop_brainscales2_array spinnprop_brainscales2_array;

/* Neuron parameters are one number for all or one per neuron; NULL, 0: the default. */
typedef struct spinnprop_brainscales2_array_options {
    size_t size;
    int32_t n_neurons, n_sources;
    int32_t is_recurrent;       /* whether neurons are senders, too                                                   */
    int32_t fan_in;             /* the most synapses a neuron may have                                                */
    uint64_t seed;              /* of noise, jitter and the processor's random numbers                                */
    double speedup;             /* how many times faster than the user's time the chip is                             */
    double resolution;          /* of event times, seconds of the chip (8e-9 there): inputs go to the nearest point of the grid, spikes to the
                                 * next; 0: exact                                                                     */
    double delay_jitter;        /* spread of each spike's delay, seconds; no delay falls below 0                      */
    double sensor_amplitude;    /* what a pair of spikes at the same time adds to a read-out                          */
    double sensor_tau_causal, sensor_tau_acausal;
    double sensor_spread;       /* of amplitudes between synapses, relative                                           */
    double sensor_offset;       /* spread of offsets between synapses, in units of the read-out                       */
    double read_low, read_high; /* the membrane values that read as 0 and as 255                                      */
    int32_t has_sensors;        /* whether synapses have correlation sensors                                          */
    int32_t n_tau_mem;
    const double *tau_mem;      /* s, 20e-3                                                                           */
    const double *tau_syn_exc;  int32_t n_tau_syn_exc; /* s, 5e-3                                                     */
    const double *tau_syn_inh;  int32_t n_tau_syn_inh; /* s, 5e-3                                                     */
    const double *threshold;    int32_t n_threshold;   /* 1                                                           */
    const double *reset;        int32_t n_reset;       /* 0                                                           */
    const double *drive;        int32_t n_drive;       /* D, 0                                                        */
    const double *refractory;   int32_t n_refractory;  /* s, 0                                                        */
    const double *gain;         int32_t n_gain;        /* g, 1 / 63                                                   */
    const double *delay;        int32_t n_delay;       /* s, from a spike to its arrival at others, 0                 */
    const double *noise;        int32_t n_noise;       /* sigma, 0                                                    */
    const uint8_t *mask;        int64_t n_mask;  /* where synapses are, not 0; NULL, 0: everywhere                    */
    const int8_t *signs;        int64_t n_signs; /* of each sender's weights: 1, -1, 0 for both; NULL, 0: both        */
    double event_interval;      /* from one event to the next at least, seconds of the chip (8e-9 there): the sources' events take turns among
                                 * themselves, and so do the neurons'; of either up to 128 wait, further ones are lost; 0: any number at once */
    uint64_t sensor_seed;       /* of the sensors' amplitudes and offsets                                             */
} spinnprop_brainscales2_array_options;
SPINNPROP_API void spinnprop_brainscales2_array_options_init(spinnprop_brainscales2_array_options *options);

/* The options of an array on the first circuits of a chip, from those that are meant. What circuits make of the neurons goes to `values`,
 * n = SPINNPROP_BRAINSCALES2_NEURON_PARAMETERS * n_neurons of them, to which `placed` points then: tau_mem, tau_syn_exc, tau_syn_inh, threshold, reset, drive, refractory, gain, delay and
 * noise, each of every neuron. Noise, resolution, event_interval, delay_jitter, the seed (the chip's noise_seed) and the sensors' spread, offset and
 * seed are the chip's, whatever was meant; set others in `placed`. batch_noise makes no difference, as there are no batches. A chip with other
 * weight_bits than 6, other readout_bits than 8 or a row_offset is refused. */
enum { SPINNPROP_BRAINSCALES2_NEURON_PARAMETERS = 10 };
SPINNPROP_API spinnprop_status spinnprop_brainscales2_array_place(spinnprop_brainscales2_array_options *placed, double *values, int64_t n,
                                                                  const spinnprop_brainscales2_array_options *options,
                                                                  const spinnprop_brainscales2_chip *chip);

/* All weights are 0 at first. */
SPINNPROP_API spinnprop_status spinnprop_brainscales2_array_create(spinnprop_brainscales2_array **array,
                                                                   const spinnprop_brainscales2_array_options *options);
/* With its state. */
SPINNPROP_API spinnprop_status spinnprop_brainscales2_array_copy(spinnprop_brainscales2_array **copy,
                                                                 const spinnprop_brainscales2_array *array);
SPINNPROP_API void spinnprop_brainscales2_array_free(spinnprop_brainscales2_array *array);
/* Back to time 0 and the state of then, random numbers included; weights and synapses stay. */
SPINNPROP_API spinnprop_status spinnprop_brainscales2_array_reset(spinnprop_brainscales2_array *array);

typedef struct spinnprop_brainscales2_array_info {
    size_t size;
    int64_t n_neurons, n_sources, n_senders, n_synapses;
    int64_t n_spikes;             /* of the last run                                                                  */
    double time;                  /* s since the beginning                                                            */
    /* Since the beginning: calls of programs, and their operations on vectors of 128 lanes: rows of synapses or counters read or written,
     * read-outs of sensors and membranes converted, vectors computed.                                                */
    int64_t n_calls, n_rows, n_conversions, n_instructions;
    double processor_seconds;     /* that the two processors take for them, estimated: s of the chip                  */
    int64_t n_overruns;           /* calls that would last longer than their period, estimated                        */
    int64_t n_lost_events;        /* since the beginning, because 128 waited for their turn already                   */
} spinnprop_brainscales2_array_info;
SPINNPROP_API void spinnprop_brainscales2_array_info_init(spinnprop_brainscales2_array_info *info);
SPINNPROP_API spinnprop_status spinnprop_brainscales2_array_describe(spinnprop_brainscales2_array_info *info,
                                                                     const spinnprop_brainscales2_array *array);

/* The state as n bytes, n what _state_size says: membranes, currents, events on their way, sensors, counters, random numbers, account; neither weights,
 * mask nor the last run's spikes. An array with the same options and the same version of the library goes on from there with the same bits.
 * Anything else is refused, and the array left as it was. */
SPINNPROP_API spinnprop_status spinnprop_brainscales2_array_state_size(int64_t *n, const spinnprop_brainscales2_array *array);
SPINNPROP_API spinnprop_status spinnprop_brainscales2_array_state(uint8_t *bytes, int64_t n, const spinnprop_brainscales2_array *array);
SPINNPROP_API spinnprop_status spinnprop_brainscales2_array_set_state(spinnprop_brainscales2_array *array, const uint8_t *bytes, int64_t n);

/* n = n_senders * n_neurons, here and wherever matrices are read or written. Weights are -63 .. 63, 0 where no synapse is. */
SPINNPROP_API spinnprop_status spinnprop_brainscales2_array_weights(int8_t *weights, int64_t n,
                                                                    const spinnprop_brainscales2_array *array);
SPINNPROP_API spinnprop_status spinnprop_brainscales2_array_set_weights(spinnprop_brainscales2_array *array, const int8_t *weights,
                                                                        int64_t n);
SPINNPROP_API spinnprop_status spinnprop_brainscales2_array_mask(uint8_t *mask, int64_t n, const spinnprop_brainscales2_array *array);

/* A program of the plasticity processor, in whole numbers of 8 bits that saturate; factors have 12 bits after the point, -8 .. 8.
 *   RATE_HOMEOSTASIS      w += learning_rate (target - spikes since the last call) with a probability, each synapse by itself
 *   REWARD_MODULATED_STDP w += learning_rate * success * causal read-out, of the synapses of one sender; all sensors are reset
 *   STRUCTURAL_PLASTICITY synapses from sources with |w| < threshold are given, with a probability, to sources drawn among those that
 *                         their neuron does not hear, and begin with a weight; the number of a neuron's synapses stays */
enum {
    SPINNPROP_BRAINSCALES2_RATE_HOMEOSTASIS = 0,
    SPINNPROP_BRAINSCALES2_REWARD_MODULATED_STDP = 1,
    SPINNPROP_BRAINSCALES2_STRUCTURAL_PLASTICITY = 2
};
typedef struct spinnprop_brainscales2_program_options {
    size_t size;
    int32_t kind;         /* SPINNPROP_BRAINSCALES2_*                                                                 */
    int32_t target;       /* spikes per period, 0 .. 255                                                              */
    int32_t sender;
    int32_t threshold;    /* 0 .. 64                                                                                  */
    int32_t weight;       /* of new synapses, -63 .. 63                                                               */
    double learning_rate;
    double probability;
    double success;       /* the reward less what was to be expected                                                  */
} spinnprop_brainscales2_program_options;
SPINNPROP_API void spinnprop_brainscales2_program_options_init(spinnprop_brainscales2_program_options *program);

/* A program of the host: what it leaves in weights and mask, matrices as above, is what the array goes on with. causal and acausal are the
 * read-outs of all sensors, NULL without sensors, rates the spikes of each neuron since they were read last (at most 255), membranes their
 * read-outs; what is handed over has been read and therefore reset. seed is drawn anew for each call from the array's. Return 0 to go on,
 * anything else to stop with SPINNPROP_CANCELLED. The rules of spinnprop_progress_callback hold. */
typedef int (*spinnprop_brainscales2_rule)(int8_t *weights, uint8_t *mask, const uint8_t *causal, const uint8_t *acausal,
                                           const uint8_t *rates, const uint8_t *membranes, double time, uint64_t seed, void *rule_payload);

typedef struct spinnprop_brainscales2_run_options {
    size_t size;
    double duration;      /* s                                                                                        */
    double period;        /* s; programs run at each multiple of it, counted from time 0                              */
    int64_t max_spikes;   /* a run with more ends with SPINNPROP_TOO_MANY_SPIKES                                      */
} spinnprop_brainscales2_run_options;
SPINNPROP_API void spinnprop_brainscales2_run_options_init(spinnprop_brainscales2_run_options *options);

/* Goes on for a duration. spikes: one sample of the sources' spikes in seconds since the beginning of this run, or NULL; one of program and rule, or
 * neither (NULL). A run that fails on its way (SPINNPROP_CANCELLED, _TOO_MANY_SPIKES, a program's failure) leaves the array where it came to, with
 * the spikes until then; all else leaves it as it was. */
SPINNPROP_API spinnprop_status spinnprop_brainscales2_array_run(spinnprop_brainscales2_array *array, const spinnprop_spikes *spikes,
    const spinnprop_brainscales2_run_options *options, const spinnprop_brainscales2_program_options *program, spinnprop_brainscales2_rule rule,
    void *rule_payload, spinnprop_progress_callback progress, void *payload);
/* Runs a program or a rule now. */
SPINNPROP_API spinnprop_status spinnprop_brainscales2_array_apply(spinnprop_brainscales2_array *array,
    const spinnprop_brainscales2_program_options *program, spinnprop_brainscales2_rule rule, void *rule_payload);

/* Spikes of the last run in the order of time, seconds since its beginning: n_spikes of them. */
SPINNPROP_API spinnprop_status spinnprop_brainscales2_array_spikes(double *times, int32_t *units, int64_t n,
                                                                   const spinnprop_brainscales2_array *array);
/* Membranes now: as the emulation has them, and as the chip's 8 bits do. n = n_neurons. */
SPINNPROP_API spinnprop_status spinnprop_brainscales2_array_membranes(double *values, uint8_t *read_outs, int64_t n,
                                                                      const spinnprop_brainscales2_array *array);
/* Spikes of each neuron since they were read last, at most 255; reading resets. n = n_neurons. */
SPINNPROP_API spinnprop_status spinnprop_brainscales2_array_rates(uint8_t *rates, int64_t n, spinnprop_brainscales2_array *array);
/* Read-outs of all sensors, causal += e^{-(t_post - t_pre) / tau} at each spike of a neuron with its sender's last arrival, acausal at each arrival
 * with the neuron's last spike; times the amplitude, 0 .. 255. resets: 1 as on the chip, 0 to look only. */
SPINNPROP_API spinnprop_status spinnprop_brainscales2_array_correlations(uint8_t *causal, uint8_t *acausal, int64_t n,
                                                                         spinnprop_brainscales2_array *array, int32_t resets);

#ifdef __cplusplus
}
#endif

#endif
