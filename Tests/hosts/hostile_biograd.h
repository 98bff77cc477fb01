/* Hostile input for local learning; included by hostile.c, whose helpers it uses. */

enum { BIOGRAD_SAMPLES = 4, BIOGRAD_INPUTS = 3, BIOGRAD_HIDDEN = 5, BIOGRAD_OUTPUTS = 2 };

static const int64_t biograd_sizes[] = {BIOGRAD_INPUTS, BIOGRAD_HIDDEN, BIOGRAD_OUTPUTS};
static const int64_t biograd_labels[BIOGRAD_SAMPLES] = {0, 1, 0, 1};
static double biograd_x[BIOGRAD_SAMPLES * BIOGRAD_INPUTS] = {0, 1, .5, 1, 0, .5, 0, 1, 1, .5, .5, 0};

static spinnprop_biograd_options good_biograd_options(void) {
    spinnprop_biograd_options options;
    spinnprop_biograd_options_init(&options);
    options.epochs = 1;
    return options;
}

static spinnprop_biograd *good_biograd(void) {
    const spinnprop_biograd_options options = good_biograd_options();
    spinnprop_biograd *training = NULL;
    WORKS(spinnprop_biograd_create(&training, biograd_sizes, 3, &options));
    return training;
}

static spinnprop_step_input good_step_input(void) {
    spinnprop_step_input input;
    spinnprop_step_input_init(&input);
    input.probabilities = biograd_x;
    input.n_samples = BIOGRAD_SAMPLES;
    input.n_units = BIOGRAD_INPUTS;
    return input;
}

static void local_learning_that_cannot_be(void) {
    begin("local learning");
    spinnprop_biograd *out = NOBODY(spinnprop_biograd);
    spinnprop_biograd_options o = good_biograd_options();
    WATCH(out);
#define CREATE spinnprop_biograd_create(&out, biograd_sizes, 3, &o)
    INVALID(spinnprop_biograd_create(NULL, biograd_sizes, 3, &o));
    INVALID(spinnprop_biograd_create(&out, NULL, 3, &o));
    EACH_WRONG_SIZE(o, CREATE);
    const int64_t lengths[] = {-1, 0, 1, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        INVALID(spinnprop_biograd_create(&out, biograd_sizes, lengths[i], &o));
    const int64_t wrong_neurons[] = {-1, 0, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < sizeof wrong_neurons / sizeof *wrong_neurons; i++) {
        const int64_t own[] = {3, wrong_neurons[i], 2};
        INVALID(spinnprop_biograd_create(&out, own, 3, &o));
    }
    const int64_t huge[] = {1 << 24, 1 << 24, 1 << 24};
    FAILS(OUT_OF_MEMORY, spinnprop_biograd_create(&out, huge, 3, &o));
    for (size_t i = 0; i < sizeof not_positive / sizeof *not_positive; i++)
        WITH(o.threshold, not_positive[i], INVALID_VALUE, CREATE);
    const double wrong_reals[] = {-1, NAN, INFINITY, -INFINITY, 1e300};
    for (size_t i = 0; i < sizeof wrong_reals / sizeof *wrong_reals; i++) {
        WITH(o.decay, wrong_reals[i], INVALID_VALUE, CREATE);
        WITH(o.window, wrong_reals[i], INVALID_VALUE, CREATE);
        WITH(o.amplitude, wrong_reals[i], INVALID_VALUE, CREATE);
        WITH(o.sleep_rate, wrong_reals[i], INVALID_VALUE, CREATE);
        WITH(o.learning_rate, wrong_reals[i], INVALID_VALUE, CREATE);
    }
    const int32_t wrong_counts[] = {-1, INT32_MIN};
    for (size_t i = 0; i < sizeof wrong_counts / sizeof *wrong_counts; i++) {
        WITH(o.steps, wrong_counts[i], INVALID_VALUE, CREATE);
        WITH(o.soft_start, wrong_counts[i], INVALID_VALUE, CREATE);
        WITH(o.sleep_steps, wrong_counts[i], INVALID_VALUE, CREATE);
        WITH(o.sleep_power, wrong_counts[i], INVALID_VALUE, CREATE);
        WITH(o.batch_size, wrong_counts[i], INVALID_VALUE, CREATE);
        WITH(o.epochs, wrong_counts[i], INVALID_VALUE, CREATE);
        WITH(o.counts_from, wrong_counts[i], INVALID_VALUE, CREATE);
        WITH(o.traces_from, wrong_counts[i], INVALID_VALUE, CREATE);
        WITH(o.rule, wrong_counts[i], INVALID_VALUE, CREATE);
        WITH(o.feedback, wrong_counts[i], INVALID_VALUE, CREATE);
        WITH(o.counts, wrong_counts[i], INVALID_VALUE, CREATE);
        WITH(o.sleep_draw, wrong_counts[i], INVALID_VALUE, CREATE);
    }
    WITH(o.rule, 3, INVALID_VALUE, CREATE);
    WITH(o.sleep_power, 9, INVALID_VALUE, CREATE);
    WITH(o.soft_start, o.steps, INVALID_VALUE, CREATE);
    /* Integers: one hidden layer, one rule, sums that fit. */
    o.integer = 1;
    WITH(o.rule, 2, INVALID_VALUE, CREATE);
    WITH(o.steps, 1 << 16, INVALID_VALUE, CREATE);
    WITH(o.sleep_steps, INT32_MAX, INVALID_VALUE, CREATE);
    WITH(o.batch_size, 1 << 16, INVALID_VALUE, CREATE);
    const int64_t deep[] = {3, 5, 5, 2};
    INVALID(spinnprop_biograd_create(&out, deep, 4, &o));
    INVALID(spinnprop_biograd_create(&out, deep, 2, &o));
    o.integer = 0;
#undef CREATE
    spinnprop_biograd_options_init(NULL);
    spinnprop_biograd_free(NULL);
    INVALID(spinnprop_biograd_copy(&out, NULL));
}

static void local_learning_access(void) {
    begin("access to local learning");
    spinnprop_biograd *training = good_biograd(), *copy = NULL;
    spinnprop_biograd_info info;
    spinnprop_biograd_info_init(&info);
    spinnprop_biograd_info_init(NULL);
    WORKS(spinnprop_biograd_describe(&info, training));
    WORKS(spinnprop_biograd_copy(&copy, training));
    INVALID(spinnprop_biograd_copy(NULL, training));
    spinnprop_biograd_free(copy);
    double values[64] = {0}, others[64] = {0};
    WATCH(values);
    WATCH(others);
    WATCH(info);
    INVALID(spinnprop_biograd_describe(NULL, training));
    INVALID(spinnprop_biograd_describe(&info, NULL));
    const int64_t n = BIOGRAD_INPUTS * BIOGRAD_HIDDEN;
    const int64_t lengths[] = {-1, 0, n - 1, n + 1, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        INVALID(spinnprop_biograd_get(values, lengths[i], training, SPINNPROP_BIOGRAD_WEIGHTS, 0));
        if (lengths[i] <= 64) INVALID(spinnprop_biograd_set(training, SPINNPROP_BIOGRAD_WEIGHTS, 0, values, lengths[i]));
    }
    INVALID(spinnprop_biograd_get(NULL, n, training, SPINNPROP_BIOGRAD_WEIGHTS, 0));
    INVALID(spinnprop_biograd_get(values, n, NULL, SPINNPROP_BIOGRAD_WEIGHTS, 0));
    INVALID(spinnprop_biograd_set(training, SPINNPROP_BIOGRAD_WEIGHTS, 0, NULL, n));
    INVALID(spinnprop_biograd_set(NULL, SPINNPROP_BIOGRAD_WEIGHTS, 0, values, n));
    INVALID(spinnprop_biograd_get(values, n, training, 4, 0));
    INVALID(spinnprop_biograd_set(training, -1, 0, values, n));
    FAILS(INVALID_INDEX, spinnprop_biograd_get(values, n, training, SPINNPROP_BIOGRAD_WEIGHTS, 2));
    FAILS(INVALID_INDEX, spinnprop_biograd_set(training, SPINNPROP_BIOGRAD_WEIGHTS, -1, values, n));
    INVALID(spinnprop_biograd_get(values, 4, training, SPINNPROP_BIOGRAD_FEEDBACK, 1));
    double bad[BIOGRAD_INPUTS * BIOGRAD_HIDDEN] = {0};
    const double not_finite[] = {NAN, INFINITY, 1e300};
    for (int i = 0; i < 3; i++) {
        bad[7] = not_finite[i];
        INVALID(spinnprop_biograd_set(training, SPINNPROP_BIOGRAD_WEIGHTS, 0, bad, n));
    }
    int64_t layers[4] = {0};
    WATCH(layers);
    INVALID(spinnprop_biograd_layer_sizes(layers, 2, training));
    INVALID(spinnprop_biograd_layer_sizes(layers, 4, training));
    INVALID(spinnprop_biograd_layer_sizes(NULL, 3, training));
    INVALID(spinnprop_biograd_layer_sizes(layers, 3, NULL));
    spinnprop_biograd_options own = good_biograd_options();
    WATCH(own);
    INVALID(spinnprop_biograd_get_options(NULL, training));
    INVALID(spinnprop_biograd_get_options(&own, NULL));
    INVALID(spinnprop_biograd_set_epochs(NULL, 1));
    INVALID(spinnprop_biograd_set_epochs(training, -1));
    INVALID(spinnprop_biograd_set_epochs(training, INT32_MIN));
    INVALID(spinnprop_biograd_get(values, 3, training, SPINNPROP_BIOGRAD_UNITS, 0));
    INVALID(spinnprop_biograd_set(training, SPINNPROP_BIOGRAD_UNITS, 0, values, 2));
    spinnprop_biograd_epoch epoch;
    spinnprop_biograd_epoch_init(&epoch);
    spinnprop_biograd_epoch_init(NULL);
    INVALID(spinnprop_biograd_history(&epoch, 1, training));
    INVALID(spinnprop_biograd_history(&epoch, 0, NULL));
    INVALID(spinnprop_biograd_curves(values, 1, others, 0, others, 0, training));
    INVALID(spinnprop_biograd_curves(values, 0, others, 1, others, 0, training));
    INVALID(spinnprop_biograd_curves(values, 0, others, 0, others, -1, training));
    INVALID(spinnprop_biograd_curves(values, 0, others, 0, others, 0, NULL));
    INVALID(spinnprop_biograd_alignment(values, 0, others, 1, training, NULL, NULL));
    INVALID(spinnprop_biograd_alignment(values, 1, others, 2, training, NULL, NULL));
    INVALID(spinnprop_biograd_alignment(NULL, 1, others, 1, training, NULL, NULL));
    INVALID(spinnprop_biograd_alignment(values, 1, others, 1, NULL, NULL, NULL));
    spinnprop_biograd_free(training);
}

/* Engines that do not learn locally, networks that do not fit, and what no program does. Nothing has run then. */
static void local_learning_on_engines(void) {
    begin("engines of local learning");
    spinnprop_biograd *training = good_biograd();
    const spinnprop_step_input in = good_step_input();
    int32_t counts[BIOGRAD_SAMPLES * BIOGRAD_OUTPUTS] = {0};
    spinnprop_spinnaker2_account *account = NOBODY(spinnprop_spinnaker2_account);
    spinnprop_engine *event = NULL, *chip = NULL;
    WATCH(counts);
    WATCH(account);
    WORKS(spinnprop_engine_create(&event, SPINNPROP_ENGINE_EVENT));
    spinnprop_spinnaker2_options options;
    spinnprop_spinnaker2_options_init(&options);
    options.copies = 5;
    WORKS(spinnprop_spinnaker2_create(&chip, &options));
#define RUN_ON(training, engine) spinnprop_biograd_run(training, &in, biograd_labels, BIOGRAD_SAMPLES, engine, NULL, NULL, NULL)
    FAILS(UNSUPPORTED, RUN_ON(training, event));
    FAILS(UNSUPPORTED, spinnprop_biograd_counts(counts, 8, training, &in, 0, event, NULL, NULL));
    INVALID(RUN_ON(training, (const spinnprop_engine *)training));
    spinnprop_biograd_options own = good_biograd_options();
    own.rule = SPINNPROP_BIOGRAD_BPTT;
    spinnprop_biograd *twin = NULL, *small = NULL, *large = NULL;
    WORKS(spinnprop_biograd_create(&twin, biograd_sizes, 3, &own));
    FAILS(UNSUPPORTED, RUN_ON(twin, chip));
    own = good_biograd_options();
    own.batch_size = 4;
    WORKS(spinnprop_biograd_create(&small, biograd_sizes, 3, &own));
    INVALID(RUN_ON(small, chip));
    own = good_biograd_options();
    const int64_t large_sizes[] = {BIOGRAD_INPUTS, 20000, BIOGRAD_OUTPUTS};
    WORKS(spinnprop_biograd_create(&large, large_sizes, 3, &own));
    FAILS(OUT_OF_MEMORY, RUN_ON(large, chip));
    INVALID(spinnprop_spinnaker2_account_create(&account, chip));
    spinnprop_biograd_free(large);
    spinnprop_biograd_free(small);
    spinnprop_biograd_free(twin);
    spinnprop_engine_free(chip);
    spinnprop_engine_free(event);
    spinnprop_biograd_free(training);
}

static void local_learning_data(void) {
    begin("data of local learning");
    spinnprop_biograd *training = good_biograd();
    spinnprop_step_input in = good_step_input();
    spinnprop_step_input_init(NULL);
    int32_t counts[BIOGRAD_SAMPLES * BIOGRAD_OUTPUTS] = {0};
    double weights[25] = {0}, biases[7] = {0};
    WATCH(counts);
    WATCH(weights);
    WATCH(biases);
#define RUN spinnprop_biograd_run(training, &in, biograd_labels, BIOGRAD_SAMPLES, NULL, NULL, NULL, NULL)
#define COUNT spinnprop_biograd_counts(counts, 8, training, &in, 0, NULL, NULL, NULL)
    EACH_WRONG_SIZE(in, RUN);
    INVALID(spinnprop_biograd_run(NULL, &in, biograd_labels, 4, NULL, NULL, NULL, NULL));
    INVALID(spinnprop_biograd_run(training, NULL, biograd_labels, 4, NULL, NULL, NULL, NULL));
    INVALID(spinnprop_biograd_run(training, &in, NULL, 4, NULL, NULL, NULL, NULL));
    INVALID(spinnprop_biograd_run(training, &in, biograd_labels, 3, NULL, NULL, NULL, NULL));
    INVALID(spinnprop_biograd_run(training, &in, biograd_labels, -1, NULL, NULL, NULL, NULL));
    INVALID(spinnprop_biograd_run(training, &in, biograd_labels, 4, NULL, "", NULL, NULL));
    const int64_t wrong_labels[] = {0, 2, 0, -1};
    FAILS(INVALID_INDEX, spinnprop_biograd_run(training, &in, wrong_labels, 4, NULL, NULL, NULL, NULL));
    WITH(in.probabilities, NULL, INVALID_VALUE, RUN);
    WITH(in.n_units, 0, INVALID_VALUE, RUN);
    WITH(in.n_units, -3, INVALID_VALUE, RUN);
    WITH(in.n_samples, -1, INVALID_VALUE, RUN);
    WITH(in.n_samples, 0, INVALID_VALUE, RUN);
    const double wrong[] = {-1, 1.5, NAN, INFINITY};
    for (int i = 0; i < 4; i++) WITH(biograd_x[5], wrong[i], INVALID_VALUE, RUN);
    INVALID(spinnprop_biograd_counts(NULL, 8, training, &in, 0, NULL, NULL, NULL));
    INVALID(spinnprop_biograd_counts(counts, 7, training, &in, 0, NULL, NULL, NULL));
    INVALID(spinnprop_biograd_counts(counts, 8, NULL, &in, 0, NULL, NULL, NULL));
    INVALID(spinnprop_biograd_counts(counts, 8, training, NULL, 0, NULL, NULL, NULL));
    INVALID(spinnprop_biograd_counts(counts, 8, training, &in, -1, NULL, NULL, NULL));
    INVALID(spinnprop_biograd_counts(counts, 8, training, &in, INT64_MAX, NULL, NULL, NULL));
    WITH(in.n_units, 2, INVALID_VALUE, COUNT);
    INVALID(spinnprop_biograd_gradient(weights, 24, biases, 7, training, &in, biograd_labels, 4, 0, NULL, NULL));
    INVALID(spinnprop_biograd_gradient(weights, 25, biases, 6, training, &in, biograd_labels, 4, 0, NULL, NULL));
    INVALID(spinnprop_biograd_gradient(NULL, 25, biases, 7, training, &in, biograd_labels, 4, 0, NULL, NULL));
    INVALID(spinnprop_biograd_gradient(weights, 25, NULL, 7, training, &in, biograd_labels, 4, 0, NULL, NULL));
    INVALID(spinnprop_biograd_gradient(weights, 25, biases, 7, NULL, &in, biograd_labels, 4, 0, NULL, NULL));
    INVALID(spinnprop_biograd_gradient(weights, 25, biases, 7, training, NULL, biograd_labels, 4, 0, NULL, NULL));
    INVALID(spinnprop_biograd_gradient(weights, 25, biases, 7, training, &in, NULL, 4, 0, NULL, NULL));
    INVALID(spinnprop_biograd_gradient(weights, 25, biases, 7, training, &in, biograd_labels, 4, -1, NULL, NULL));
    const int64_t wrong_samples[] = {0, -1, INT64_MIN, INT64_MAX};
    for (int i = 0; i < 4; i++) INVALID(spinnprop_biograd_sleep(training, wrong_samples[i], NULL, NULL));
    INVALID(spinnprop_biograd_sleep(NULL, 1, NULL, NULL));
    INVALID(spinnprop_biograd_wake(training, NULL, NULL, NULL));
    INVALID(spinnprop_biograd_wake(NULL, &in, NULL, NULL));
    const double own_times[] = {0, 1};
    const int32_t own_units[] = {0, 2};
    const int64_t own_offsets[] = {0, 1, 1, 2, 2};
    spinnprop_spikes events;
    spinnprop_spikes_init(&events);
    events.times = own_times;
    events.units = own_units;
    events.offsets = own_offsets;
    events.n_spikes = 2;
    events.n_samples = 4;
    events.n_units = 3;
    WITH(in.events, &events, INVALID_VALUE, RUN);
    in.probabilities = NULL;
    in.events = &events;
    for (size_t i = 0; i < sizeof not_positive / sizeof *not_positive; i++)
        WITH(in.step_time, not_positive[i], INVALID_VALUE, RUN);
    in.step_time = 0.1;
    WITH(events.n_units, 2, INVALID_VALUE, RUN);
    unwatch_all();
    WORKS(COUNT);
    WORKS(RUN);
#undef RUN
#undef COUNT
    spinnprop_biograd_free(training);
}

static void local_learning_files(void) {
    begin("files of local learning");
    const char *nowhere = "no/such/folder/file";
    for (int32_t is_integer = 0; is_integer < 2; is_integer++) {
        spinnprop_biograd_options o = good_biograd_options();
        o.integer = is_integer;
        spinnprop_biograd *training = NULL, *again = NULL, *out = NOBODY(spinnprop_biograd);
        WORKS(spinnprop_biograd_create(&training, biograd_sizes, 3, &o));
        int64_t n = 0, needed = 0;
        WORKS(spinnprop_biograd_to_bytes(NULL, 0, &n, training));
        uint8_t *bytes = allocate((size_t)n);
        WORKS(spinnprop_biograd_to_bytes(bytes, n, &n, training));
        WATCH(out);
        INVALID(spinnprop_biograd_to_bytes(bytes, n, &needed, NULL));
        INVALID(spinnprop_biograd_to_bytes(bytes, n, NULL, training));
        INVALID(spinnprop_biograd_to_bytes(bytes, n - 1, &needed, training));
        INVALID(spinnprop_biograd_to_bytes(bytes, -1, &needed, training));
        INVALID(spinnprop_biograd_from_bytes(NULL, bytes, n));
        INVALID(spinnprop_biograd_from_bytes(&out, NULL, n));
        INVALID(spinnprop_biograd_from_bytes(&out, bytes, -1));
        INVALID(spinnprop_biograd_from_bytes(&out, bytes, INT64_MIN));
        for (int64_t length = 0; length < n; length += 1 + length / 8)
            FAILS(FILE_ERROR, spinnprop_biograd_from_bytes(&out, bytes, length));
        /* Every byte counts. */
        for (int64_t place = 0; place < n; place += 7) {
            bytes[place] ^= 1;
            FAILS(FILE_ERROR, spinnprop_biograd_from_bytes(&out, bytes, n));
            bytes[place] ^= 1;
        }
        FAILS(FILE_NOT_FOUND, spinnprop_biograd_load(&out, nowhere));
        FAILS(FILE_ERROR, spinnprop_biograd_load(&out, "/"));
        INVALID(spinnprop_biograd_load(&out, NULL));
        INVALID(spinnprop_biograd_load(&out, ""));
        INVALID(spinnprop_biograd_load(NULL, nowhere));
        FAILS(FILE_NOT_FOUND, spinnprop_biograd_save(training, nowhere));
        FAILS(FILE_ERROR, spinnprop_biograd_save(training, "/"));
        INVALID(spinnprop_biograd_save(training, NULL));
        INVALID(spinnprop_biograd_save(training, ""));
        INVALID(spinnprop_biograd_save(NULL, nowhere));
        unwatch_all();
        WORKS(spinnprop_biograd_from_bytes(&again, bytes, n));
        /* The other's bytes are the same: nothing is left out. */
        uint8_t *others = allocate((size_t)n);
        WORKS(spinnprop_biograd_to_bytes(others, n, &needed, again));
        HOLDS(needed == n && memcmp(bytes, others, (size_t)n) == 0);
        const spinnprop_step_input in = good_step_input();
        FAILS(FILE_NOT_FOUND, spinnprop_biograd_run(training, &in, biograd_labels, 4, NULL, nowhere, NULL, NULL));
        free(bytes);
        free(others);
        spinnprop_biograd_free(training);
        spinnprop_biograd_free(again);
    }
}
