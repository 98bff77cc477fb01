/* Hostile input for neuron arrays; included by hostile.c, whose helpers it uses. */

enum { ARRAY_N = 3, ARRAY_SOURCES = 2, ARRAY_SENDERS = ARRAY_SOURCES + ARRAY_N, ARRAY_ELEMENTS = ARRAY_SENDERS * ARRAY_N };

static spinnprop_brainscales2_array_options good_array_options(void) {
    spinnprop_brainscales2_array_options options;
    spinnprop_brainscales2_array_options_init(&options);
    options.n_neurons = ARRAY_N;
    options.n_sources = ARRAY_SOURCES;
    options.is_recurrent = 1;
    options.has_sensors = 1;
    return options;
}

static spinnprop_brainscales2_array *good_array(void) {
    const spinnprop_brainscales2_array_options options = good_array_options();
    spinnprop_brainscales2_array *array = NULL;
    int8_t weights[ARRAY_ELEMENTS];
    for (int i = 0; i < ARRAY_ELEMENTS; i++) weights[i] = i < ARRAY_SOURCES * ARRAY_N ? 63 : 1;
    WORKS(spinnprop_brainscales2_array_create(&array, &options));
    WORKS(spinnprop_brainscales2_array_set_weights(array, weights, ARRAY_ELEMENTS));
    return array;
}

static void neuron_arrays_that_cannot_be(void) {
    begin("neuron arrays");
    spinnprop_brainscales2_array *out = NOBODY(spinnprop_brainscales2_array);
    spinnprop_brainscales2_array_options o = good_array_options();
    WATCH(out);
#define CREATE spinnprop_brainscales2_array_create(&out, &o)
    INVALID(spinnprop_brainscales2_array_create(NULL, &o));
    /* Without sources and recurrence. */
    INVALID(spinnprop_brainscales2_array_create(&out, NULL));
    EACH_WRONG_SIZE(o, CREATE);
    const int32_t counts[] = {-1, 0, 513, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        WITH(o.n_neurons, counts[i], INVALID_VALUE, CREATE);
        if (counts[i] != 0 && counts[i] != 513) WITH(o.n_sources, counts[i], INVALID_VALUE, CREATE);
        if (counts[i] < 1 || counts[i] == INT32_MAX) WITH(o.fan_in, counts[i], INVALID_VALUE, CREATE);
    }
    WITH(o.fan_in, ARRAY_SENDERS - 1, INVALID_VALUE, CREATE);
    WITH(o.n_sources, 16385, INVALID_VALUE, CREATE);
    for (size_t i = 0; i < sizeof not_positive / sizeof *not_positive; i++) {
        WITH(o.speedup, not_positive[i], INVALID_VALUE, CREATE);
        WITH(o.sensor_tau_causal, not_positive[i], INVALID_VALUE, CREATE);
        WITH(o.sensor_tau_acausal, not_positive[i], INVALID_VALUE, CREATE);
    }
    for (size_t i = 0; i < sizeof not_numbers / sizeof *not_numbers; i++) {
        WITH(o.resolution, not_numbers[i], INVALID_VALUE, CREATE);
        WITH(o.event_interval, not_numbers[i], INVALID_VALUE, CREATE);
        WITH(o.delay_jitter, not_numbers[i], INVALID_VALUE, CREATE);
        WITH(o.sensor_amplitude, not_numbers[i], INVALID_VALUE, CREATE);
        WITH(o.sensor_spread, not_numbers[i], INVALID_VALUE, CREATE);
        WITH(o.sensor_offset, not_numbers[i], INVALID_VALUE, CREATE);
        WITH(o.read_low, not_numbers[i], INVALID_VALUE, CREATE);
        WITH(o.read_high, not_numbers[i], INVALID_VALUE, CREATE);
    }
    WITH(o.read_high, o.read_low, INVALID_VALUE, CREATE);
    double values[ARRAY_N] = {1e-2, 1e-2, 1e-2};
    const struct {
        const double **values;
        int32_t *n;
    } parameters[] = {
        {&o.tau_mem, &o.n_tau_mem}, {&o.tau_syn_exc, &o.n_tau_syn_exc}, {&o.tau_syn_inh, &o.n_tau_syn_inh},
        {&o.threshold, &o.n_threshold}, {&o.reset, &o.n_reset}, {&o.drive, &o.n_drive}, {&o.refractory, &o.n_refractory},
        {&o.gain, &o.n_gain}, {&o.delay, &o.n_delay}, {&o.noise, &o.n_noise},
    };
    const int32_t lengths[] = {-1, 0, 2, ARRAY_N + 1, INT32_MIN, INT32_MAX};
    for (size_t p = 0; p < sizeof parameters / sizeof *parameters; p++) {
        *parameters[p].n = ARRAY_N;
        INVALID(CREATE);
        *parameters[p].values = values;
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) WITH(*parameters[p].n, lengths[i], INVALID_VALUE, CREATE);
        for (size_t i = 0; i < sizeof not_numbers / sizeof *not_numbers; i++) WITH(values[2], not_numbers[i], INVALID_VALUE, CREATE);
        *parameters[p].values = NULL;
        *parameters[p].n = 0;
    }
    o.reset = values;
    o.n_reset = ARRAY_N;
    WITH(values[1], 1.0, INVALID_VALUE, CREATE);
    o.reset = NULL;
    o.n_reset = 0;
    uint8_t mask[ARRAY_ELEMENTS] = {0};
    int8_t signs[ARRAY_SENDERS] = {1, -1, 0, 1, -1};
    o.mask = mask;
    const int64_t array_sizes[] = {-1, 0, ARRAY_ELEMENTS - 1, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < sizeof array_sizes / sizeof *array_sizes; i++)
        if (array_sizes[i] != 0) WITH(o.n_mask, array_sizes[i], INVALID_VALUE, CREATE);
    o.mask = NULL;
    o.n_mask = ARRAY_ELEMENTS;
    INVALID(CREATE);
    o.n_mask = 0;
    o.signs = signs;
    o.n_signs = ARRAY_SENDERS;
    for (size_t i = 0; i < sizeof array_sizes / sizeof *array_sizes; i++)
        if (array_sizes[i] != 0) WITH(o.n_signs, array_sizes[i], INVALID_VALUE, CREATE);
    WITH(o.signs, NULL, INVALID_VALUE, CREATE);
    WITH(signs[4], 2, INVALID_VALUE, CREATE);
    WITH(signs[4], INT8_MIN, INVALID_VALUE, CREATE);
#undef CREATE
}

static void neuron_arrays_on_chips_that_cannot_be(void) {
    begin("neuron arrays on chips");
    enum { N_VALUES = 10 * ARRAY_N };
    double values[N_VALUES];
    for (int i = 0; i < N_VALUES; i++) values[i] = -7;
    spinnprop_brainscales2_chip *chip = NULL;
    WORKS(spinnprop_brainscales2_chip_create(&chip, NULL));
    spinnprop_brainscales2_array_options o = good_array_options(), placed = good_array_options();
    WATCH(values);
    WATCH(placed);
#define PLACE spinnprop_brainscales2_array_place(&placed, values, N_VALUES, &o, chip)
    INVALID(spinnprop_brainscales2_array_place(NULL, values, N_VALUES, &o, chip));
    INVALID(spinnprop_brainscales2_array_place(&placed, NULL, N_VALUES, &o, chip));
    INVALID(spinnprop_brainscales2_array_place(&placed, values, N_VALUES, &o, NULL));
    INVALID(spinnprop_brainscales2_array_place(&placed, values, N_VALUES, &o, NOBODY(spinnprop_brainscales2_chip)));
    const int64_t wrong[] = {-1, 0, N_VALUES - 1, N_VALUES + 1, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) INVALID(spinnprop_brainscales2_array_place(&placed, values, wrong[i], &o, chip));
    EACH_WRONG_SIZE(o, PLACE);
    /* Without sources and recurrence. */
    INVALID(spinnprop_brainscales2_array_place(&placed, values, N_VALUES, NULL, chip));
    const int32_t counts[] = {-1, 0, 513, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) WITH(o.n_neurons, counts[i], INVALID_VALUE, PLACE);
    double own[ARRAY_N] = {1, 1, NAN};
    o.tau_mem = own;
    o.n_tau_mem = ARRAY_N;
    INVALID(PLACE);
    o.n_tau_mem = 1;
    const struct {
        int32_t weight_bits, readout_bits;
        double row_offset;
    } others[] = {{4, 8, 0}, {0, 8, 0}, {6, 0, 0}, {6, 8, 1}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        spinnprop_brainscales2_chip_options options;
        spinnprop_brainscales2_chip_options_init(&options);
        options.weight_bits = others[i].weight_bits;
        options.readout_bits = others[i].readout_bits;
        options.row_offset = others[i].row_offset;
        spinnprop_brainscales2_chip *other = NULL;
        WORKS(spinnprop_brainscales2_chip_create(&other, &options));
        FAILS(UNSUPPORTED, spinnprop_brainscales2_array_place(&placed, values, N_VALUES, &o, other));
        spinnprop_brainscales2_chip_free(other);
    }
    unwatch_all();
    WORKS(PLACE);
    HOLDS(placed.tau_mem == values && placed.n_tau_mem == ARRAY_N && placed.noise == values + 9 * ARRAY_N && placed.event_interval == 8e-9);
    EACH_WRONG_SIZE(placed, PLACE);
    /* What a chip has made of neurons may lie where another's go, and the options, too. */
    WORKS(spinnprop_brainscales2_array_place(&placed, values, N_VALUES, &placed, chip));
    placed.n_tau_mem = 0;
    placed.tau_mem = NULL;
    spinnprop_brainscales2_array *array = NULL;
    WORKS(spinnprop_brainscales2_array_create(&array, &placed));
    spinnprop_brainscales2_array_free(array);
    spinnprop_brainscales2_chip_free(chip);
#undef PLACE
}

static void neuron_array_access(void) {
    begin("neuron arrays, read and written");
    spinnprop_brainscales2_array *array = good_array(), *out = NOBODY(spinnprop_brainscales2_array);
    spinnprop_brainscales2_array_info info;
    int8_t weights[ARRAY_ELEMENTS] = {0};
    uint8_t bytes[ARRAY_ELEMENTS] = {0}, more[ARRAY_ELEMENTS] = {0};
    double values[ARRAY_N] = {0};
    int32_t spiking[ARRAY_N] = {0};
    spinnprop_brainscales2_array_info_init(&info);
    WATCH(out);
    WATCH(bytes);
    WATCH(more);
    WATCH(values);
    INVALID(spinnprop_brainscales2_array_copy(NULL, array));
    INVALID(spinnprop_brainscales2_array_copy(&out, NULL));
    INVALID(spinnprop_brainscales2_array_copy(&out, NOBODY(spinnprop_brainscales2_array)));
    INVALID(spinnprop_brainscales2_array_reset(NULL));
    INVALID(spinnprop_brainscales2_array_describe(NULL, array));
    INVALID(spinnprop_brainscales2_array_describe(&info, NULL));
    EACH_WRONG_SIZE(info, spinnprop_brainscales2_array_describe(&info, array));
    const int64_t array_sizes[] = {-1, 0, ARRAY_N - 1, ARRAY_ELEMENTS - 1, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < sizeof array_sizes / sizeof *array_sizes; i++) {
        INVALID(spinnprop_brainscales2_array_weights(weights, array_sizes[i], array));
        INVALID(spinnprop_brainscales2_array_set_weights(array, weights, array_sizes[i]));
        INVALID(spinnprop_brainscales2_array_mask(bytes, array_sizes[i], array));
        INVALID(spinnprop_brainscales2_array_correlations(bytes, more, array_sizes[i], array, 1));
        INVALID(spinnprop_brainscales2_array_rates(bytes, array_sizes[i], array));
        INVALID(spinnprop_brainscales2_array_membranes(values, bytes, array_sizes[i], array));
        if (array_sizes[i] != 0) INVALID(spinnprop_brainscales2_array_spikes(values, spiking, array_sizes[i], array));
    }
    INVALID(spinnprop_brainscales2_array_weights(NULL, ARRAY_ELEMENTS, array));
    INVALID(spinnprop_brainscales2_array_weights(weights, ARRAY_ELEMENTS, NULL));
    INVALID(spinnprop_brainscales2_array_set_weights(NULL, weights, ARRAY_ELEMENTS));
    INVALID(spinnprop_brainscales2_array_set_weights(array, NULL, ARRAY_ELEMENTS));
    const int8_t wrong[] = {64, -64, INT8_MAX, INT8_MIN};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        WITH(weights[7], wrong[i], INVALID_VALUE, spinnprop_brainscales2_array_set_weights(array, weights, ARRAY_ELEMENTS));
    INVALID(spinnprop_brainscales2_array_mask(NULL, ARRAY_ELEMENTS, array));
    INVALID(spinnprop_brainscales2_array_mask(bytes, ARRAY_ELEMENTS, NULL));
    INVALID(spinnprop_brainscales2_array_correlations(NULL, more, ARRAY_ELEMENTS, array, 1));
    INVALID(spinnprop_brainscales2_array_correlations(bytes, NULL, ARRAY_ELEMENTS, array, 1));
    INVALID(spinnprop_brainscales2_array_correlations(bytes, more, ARRAY_ELEMENTS, NULL, 1));
    INVALID(spinnprop_brainscales2_array_rates(NULL, ARRAY_N, array));
    INVALID(spinnprop_brainscales2_array_rates(bytes, ARRAY_N, NULL));
    INVALID(spinnprop_brainscales2_array_membranes(NULL, bytes, ARRAY_N, array));
    INVALID(spinnprop_brainscales2_array_membranes(values, NULL, ARRAY_N, array));
    INVALID(spinnprop_brainscales2_array_membranes(values, bytes, ARRAY_N, NULL));
    INVALID(spinnprop_brainscales2_array_spikes(values, spiking, 0, NULL));
    int64_t size = 0;
    uint8_t state[4096] = {0}, read_outs[ARRAY_N];
    double membranes[ARRAY_N];
    INVALID(spinnprop_brainscales2_array_state_size(NULL, array));
    INVALID(spinnprop_brainscales2_array_state_size(&size, NULL));
    WORKS(spinnprop_brainscales2_array_state_size(&size, array));
    HOLDS(size > 0 && size <= (int64_t)sizeof state);
    INVALID(spinnprop_brainscales2_array_state(NULL, size, array));
    INVALID(spinnprop_brainscales2_array_state(state, size, NULL));
    const int64_t state_sizes[] = {-1, 0, size - 1, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < sizeof state_sizes / sizeof *state_sizes; i++) INVALID(spinnprop_brainscales2_array_state(state, state_sizes[i], array));
    WORKS(spinnprop_brainscales2_array_state(state, size, array));
    INVALID(spinnprop_brainscales2_array_set_state(NULL, state, size));
    INVALID(spinnprop_brainscales2_array_set_state(array, NULL, size));
    for (int64_t n = -1; n < size; n++) INVALID(spinnprop_brainscales2_array_set_state(array, state, n));
    /* Whatever byte is another: refused, or a state that can be gone on from. */
    spinnprop_brainscales2_run_options run;
    spinnprop_brainscales2_run_options_init(&run);
    run.duration = 1e-3;
    run.max_spikes = 100;
    for (int64_t n = 0; n < size; n++) {
        const uint8_t own = state[n];
        state[n] = (uint8_t)~own;
        if (spinnprop_brainscales2_array_set_state(array, state, size) == SPINNPROP_OK) {
            spinnprop_brainscales2_array_run(array, NULL, &run, NULL, NULL, NULL, NULL, NULL);
            WORKS(spinnprop_brainscales2_array_membranes(membranes, read_outs, ARRAY_N, array));
        }
        state[n] = own;
    }
    WORKS(spinnprop_brainscales2_array_set_state(array, state, size));
    spinnprop_brainscales2_array_options o = good_array_options();
    o.has_sensors = 0;
    spinnprop_brainscales2_array *bare = NULL;
    WORKS(spinnprop_brainscales2_array_create(&bare, &o));
    FAILS(UNSUPPORTED, spinnprop_brainscales2_array_correlations(bytes, more, ARRAY_ELEMENTS, bare, 1));
    spinnprop_brainscales2_array_free(bare);
    spinnprop_brainscales2_array_free(array);
}

typedef struct array_rule {
    spinnprop_brainscales2_array *array;
    int calls, answer;
    int8_t weight;
    uint8_t synapse;
} array_rule;

/* Looks at all that it is handed, tries to use the array that runs, and leaves what the payload says. */
static int change_array(int8_t *weights, uint8_t *mask, const uint8_t *causal, const uint8_t *acausal, const uint8_t *rates,
                        const uint8_t *membranes, double time, uint64_t seed, void *payload) {
    array_rule *own = payload;
    int sum = 0;
    (void)seed;
    for (int i = 0; i < ARRAY_ELEMENTS; i++) sum += weights[i] + mask[i] + causal[i] + acausal[i];
    for (int i = 0; i < ARRAY_N; i++) sum += rates[i] + membranes[i];
    HOLDS(sum > 0 && time > 0);
    own->calls++;
    INVALID(spinnprop_brainscales2_array_reset(own->array));
    INVALID(spinnprop_brainscales2_array_weights(weights, ARRAY_ELEMENTS, own->array));
    INVALID(spinnprop_brainscales2_array_apply(own->array, NULL, change_array, own));
    weights[4] = own->weight;
    mask[4] = own->synapse;
    return own->answer;
}

static void neuron_array_runs_that_cannot_be(void) {
    begin("neuron arrays that run");
    spinnprop_brainscales2_array *array = good_array();
    spinnprop_brainscales2_run_options o;
    spinnprop_brainscales2_program_options p;
    spinnprop_spikes s;
    const double spike_times[] = {0.0, 1e-3, 2e-3, 3e-3};
    const int32_t spike_units[] = {0, 1, 0, 1};
    int64_t spike_offsets[] = {0, 4};
    int calls = 0;
    array_rule rule = {array, 0, 0, 0, 1};
    spinnprop_spikes_init(&s);
    s.times = spike_times;
    s.units = spike_units;
    s.offsets = spike_offsets;
    s.n_spikes = 4;
    s.n_samples = 1;
    s.n_units = ARRAY_SOURCES;
    spinnprop_brainscales2_run_options_init(&o);
    spinnprop_brainscales2_program_options_init(&p);
    o.duration = 0.01;
#define RUN spinnprop_brainscales2_array_run(array, &s, &o, NULL, NULL, NULL, NULL, NULL)
    INVALID(spinnprop_brainscales2_array_run(NULL, &s, &o, NULL, NULL, NULL, NULL, NULL));
    EACH_WRONG_SIZE(o, RUN);
    EACH_WRONG_SIZE(s, RUN);
    for (size_t i = 0; i < sizeof not_numbers / sizeof *not_numbers; i++) {
        WITH(o.duration, not_numbers[i], INVALID_VALUE, RUN);
        WITH(o.period, not_numbers[i], INVALID_VALUE, RUN);
    }
    WITH(o.duration, -1.0, INVALID_VALUE, RUN);
    WITH(o.duration, 1e300, INVALID_VALUE, RUN);
    WITH(o.duration, 1e-3, INVALID_VALUE, RUN);
    WITH(o.period, -1.0, INVALID_VALUE, RUN);
    WITH(o.max_spikes, 0, INVALID_VALUE, RUN);
    WITH(o.max_spikes, INT64_MIN, INVALID_VALUE, RUN);
    WITH(s.n_units, ARRAY_SOURCES + 1, INVALID_VALUE, RUN);
    WITH(s.n_samples, 0, INVALID_VALUE, RUN);
    INVALID(spinnprop_brainscales2_array_run(array, &s, &o, &p, NULL, NULL, NULL, NULL));
    INVALID(spinnprop_brainscales2_array_run(array, &s, &o, NULL, change_array, &rule, NULL, NULL));
    o.period = 0.005;
#define PROGRAM spinnprop_brainscales2_array_run(array, &s, &o, &p, NULL, NULL, NULL, NULL)
    INVALID(spinnprop_brainscales2_array_run(array, &s, &o, &p, change_array, &rule, NULL, NULL));
    EACH_WRONG_SIZE(p, PROGRAM);
    const int32_t kinds[] = {-1, 3, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) WITH(p.kind, kinds[i], INVALID_VALUE, PROGRAM);
    WITH(p.target, 256, INVALID_VALUE, PROGRAM);
    WITH(p.sender, -1, INVALID_VALUE, PROGRAM);
    WITH(p.threshold, 65, INVALID_VALUE, PROGRAM);
    WITH(p.weight, INT32_MIN, INVALID_VALUE, PROGRAM);
    for (size_t i = 0; i < sizeof not_numbers / sizeof *not_numbers; i++) {
        WITH(p.learning_rate, not_numbers[i], INVALID_VALUE, PROGRAM);
        WITH(p.probability, not_numbers[i], INVALID_VALUE, PROGRAM);
        WITH(p.success, not_numbers[i], INVALID_VALUE, PROGRAM);
    }
    INVALID(spinnprop_brainscales2_array_apply(array, NULL, NULL, NULL));
    INVALID(spinnprop_brainscales2_array_apply(NULL, &p, NULL, NULL));
    INVALID(spinnprop_brainscales2_array_apply(array, &p, change_array, &rule));
    p.kind = SPINNPROP_BRAINSCALES2_REWARD_MODULATED_STDP;
    p.sender = ARRAY_SENDERS;
    FAILS(INVALID_INDEX, spinnprop_brainscales2_array_apply(array, &p, NULL, NULL));
    begin("neuron arrays with rules");
#define RULE spinnprop_brainscales2_array_run(array, &s, &o, NULL, change_array, &rule, NULL, NULL)
    WORKS(RULE);
    HOLDS(rule.calls == 2);
    WITH(rule.weight, 64, INVALID_VALUE, RULE);
    WITH(rule.weight, INT8_MIN, INVALID_VALUE, RULE);
    rule.synapse = 0;
    WITH(rule.weight, 1, INVALID_VALUE, RULE);
    WITH(rule.answer, 1, CANCELLED, RULE);
    WITH(o.max_spikes, 1, TOO_MANY_SPIKES, RUN);
    spinnprop_brainscales2_array_info info;
    spinnprop_brainscales2_array_info_init(&info);
    WORKS(spinnprop_brainscales2_array_describe(&info, array));
    HOLDS(info.n_spikes == 1 && info.time > 0.02);
    o.duration = 1e6;
    o.period = 1e-4;
    spinnprop_brainscales2_program_options_init(&p);
    FAILS(CANCELLED, spinnprop_brainscales2_array_run(array, &s, &o, &p, NULL, NULL, stop_at_once, &calls));
    HOLDS(calls > 0);
    spinnprop_brainscales2_array_free(array);
#undef RULE
#undef PROGRAM
#undef RUN
}
