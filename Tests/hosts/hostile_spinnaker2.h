/* Hostile input for the emulated SpiNNaker2; included by hostile.c, whose helpers it uses. */

/* Rows that a function fills, read as (rows, n, of): none, too few, too many, wrong sizes, nobody's handle. They are put together
 * as far apart as an older and larger program would have them, too. */
#define EACH_WRONG_ROWS(structure, function, n_rows, of) \
    do { \
        const int64_t n_good = n_rows, wrong_counts[] = {-1, n_good - 1, n_good + 1, INT64_MAX, INT64_MIN}; \
        structure *rows = allocate(sizeof *rows * (size_t)(n_good + 1)); \
        structure##_init(NULL); \
        structure##_init(rows); \
        for (size_t at = 0; at < sizeof wrong_counts / sizeof *wrong_counts; at++) \
            INVALID(function(rows, wrong_counts[at], of)); \
        INVALID(function(rows, n_good, NULL)); \
        if (n_good > 0) { \
            INVALID(function(NULL, n_good, of)); \
            EACH_WRONG_SIZE(*rows, function(rows, n_good, of)); \
        } \
        WORKS(function(rows, n_good, of)); \
        for (int64_t at = 0; at < n_good; at++) HOLDS(rows[at].size == sizeof *rows); \
        free(rows); \
    } while (0)

static spinnprop_engine *good_spinnaker2(void) {
    spinnprop_engine *engine = NULL;
    spinnprop_spinnaker2_options o;
    spinnprop_spinnaker2_options_init(&o);
    o.steps = 60;
    WORKS(spinnprop_spinnaker2_create(&engine, &o));
    return engine;
}

static void spinnaker2_that_cannot_be(void) {
    spinnprop_engine *engine = NOBODY(spinnprop_engine), *chip = NULL, *event = NULL;
    spinnprop_spinnaker2_options o;
    spinnprop_spinnaker2_info info;
    begin("chip");
    spinnprop_spinnaker2_options_init(&o);
    WATCH(engine);
    const int32_t wrong_numbers[] = {-1, INT32_MIN};
    for (int i = 0; i < 2; i++) {
        WITH(o.chips, wrong_numbers[i], INVALID_VALUE, spinnprop_spinnaker2_create(&engine, &o));
        WITH(o.copies, wrong_numbers[i], INVALID_VALUE, spinnprop_spinnaker2_create(&engine, &o));
        WITH(o.batch_size, wrong_numbers[i], INVALID_VALUE, spinnprop_spinnaker2_create(&engine, &o));
        WITH(o.fifo_packets, wrong_numbers[i], INVALID_VALUE, spinnprop_spinnaker2_create(&engine, &o));
        WITH(o.largest_slice, wrong_numbers[i], INVALID_VALUE, spinnprop_spinnaker2_create(&engine, &o));
        WITH(o.overflow, wrong_numbers[i], INVALID_VALUE, spinnprop_spinnaker2_create(&engine, &o));
        WITH(o.faults, wrong_numbers[i], INVALID_VALUE, spinnprop_spinnaker2_create(&engine, &o));
        WITH(o.placement, wrong_numbers[i], INVALID_VALUE, spinnprop_spinnaker2_create(&engine, &o));
        WITH(o.power, wrong_numbers[i], INVALID_VALUE, spinnprop_spinnaker2_create(&engine, &o));
        WITH(o.n_constants, wrong_numbers[i], INVALID_VALUE, spinnprop_spinnaker2_create(&engine, &o));
    }
    WITH(o.chips, 0, INVALID_VALUE, spinnprop_spinnaker2_create(&engine, &o));
    WITH(o.chips, 49, INVALID_VALUE, spinnprop_spinnaker2_create(&engine, &o));
    const double wrong_rates[] = {NAN, INFINITY, -1.0};
    for (int i = 0; i < 3; i++) {
        WITH(o.spikes_per_neuron, wrong_rates[i], INVALID_VALUE, spinnprop_spinnaker2_create(&engine, &o));
        WITH(o.active_senders, wrong_rates[i], INVALID_VALUE, spinnprop_spinnaker2_create(&engine, &o));
    }
    const char *names[] = {"no_such_constant"};
    double values[] = {1.0};
    WITH(o.n_constants, 1, INVALID_VALUE, spinnprop_spinnaker2_create(&engine, &o));
    o.constant_names = names;
    o.constant_values = values;
    WITH(o.n_constants, 1, INVALID_VALUE, spinnprop_spinnaker2_create(&engine, &o));
    names[0] = NULL;
    WITH(o.n_constants, 1, INVALID_VALUE, spinnprop_spinnaker2_create(&engine, &o));
    names[0] = "hop_energy";
    for (int i = 0; i < 3; i++) {
        values[0] = wrong_rates[i];
        WITH(o.n_constants, 1, INVALID_VALUE, spinnprop_spinnaker2_create(&engine, &o));
    }

    begin("chips that are");
    chip = good_spinnaker2();
    WORKS(spinnprop_engine_create(&event, SPINNPROP_ENGINE_EVENT));
    spinnprop_spinnaker2_info_init(NULL);
    spinnprop_spinnaker2_info_init(&info);
    INVALID(spinnprop_spinnaker2_describe(NULL, chip));
    INVALID(spinnprop_spinnaker2_describe(&info, NULL));
    FAILS(UNSUPPORTED, spinnprop_spinnaker2_describe(&info, event));
    EACH_WRONG_SIZE(info, spinnprop_spinnaker2_describe(&info, chip));
    WORKS(spinnprop_spinnaker2_describe(&info, chip));
    HOLDS(info.chips == 1 && info.n_constants > 20 && info.n_workloads > 0);
    EACH_WRONG_ROWS(spinnprop_spinnaker2_constant, spinnprop_spinnaker2_constants, info.n_constants, chip);
    EACH_WRONG_ROWS(spinnprop_spinnaker2_workload, spinnprop_spinnaker2_workloads, info.n_workloads, chip);
    spinnprop_spinnaker2_options made;
    spinnprop_spinnaker2_options_init(&made);
    INVALID(spinnprop_spinnaker2_get_options(NULL, chip));
    INVALID(spinnprop_spinnaker2_get_options(&made, NULL));
    FAILS(UNSUPPORTED, spinnprop_spinnaker2_get_options(&made, event));
    EACH_WRONG_SIZE(made, spinnprop_spinnaker2_get_options(&made, chip));
    WORKS(spinnprop_spinnaker2_get_options(&made, chip));
    HOLDS(made.steps == 60 && made.copies == 0 && made.chips == 1 && made.n_constants == 0);
    spinnprop_engine_free(event);
    spinnprop_engine_free(chip);
}

static void fits_that_cannot_be(void) {
    spinnprop_engine *chip = good_spinnaker2();
    spinnprop_spinnaker2_fit fit;
    spinnprop_spinnaker2_fit_options o;
    int32_t layers[] = {5, 120, 3}, slices[2] = {0}, largest[3] = {0};
    begin("fit");
    spinnprop_spinnaker2_fit_init(NULL);
    spinnprop_spinnaker2_fit_init(&fit);
    spinnprop_spinnaker2_fit_options_init(NULL);
    spinnprop_spinnaker2_fit_options_init(&o);
    o.layer_sizes = layers;
    o.n_layer_sizes = 3;
    o.batch_size = 8;
    WATCH(slices);
    WATCH(largest);
#define FIT spinnprop_spinnaker2_estimate(&fit, slices, largest, chip, &o)
    INVALID(spinnprop_spinnaker2_estimate(NULL, slices, largest, chip, &o));
    INVALID(spinnprop_spinnaker2_estimate(&fit, slices, largest, NULL, &o));
    INVALID(spinnprop_spinnaker2_estimate(&fit, slices, largest, chip, NULL));
    EACH_WRONG_SIZE(fit, FIT);
    EACH_WRONG_SIZE(o, FIT);
    WITH(o.layer_sizes, NULL, INVALID_VALUE, FIT);
    const int32_t wrong[] = {-1, 0, INT32_MIN};
    for (int i = 0; i < 3; i++) {
        WITH(o.n_layer_sizes, wrong[i], INVALID_VALUE, FIT);
        WITH(o.batch_size, wrong[i], INVALID_VALUE, FIT);
        WITH(layers[1], wrong[i], INVALID_VALUE, FIT);
    }
    WITH(layers[1], INT32_MAX, INVALID_VALUE, FIT);
    const double activities[] = {NAN, INFINITY, -1.0};
    for (int i = 0; i < 3; i++) WITH(o.input_activity, activities[i], INVALID_VALUE, FIT);
    WITH(o.n_activity, 1, INVALID_VALUE, FIT);
    begin("fits that are");
    WORKS(FIT);
    HOLDS(fit.fits == 1 && largest[1] >= 120 && fit.spikes_per_neuron == 2.0 && fit.active_senders == 0.5);
    int32_t wide[] = {784, 350, 10};
    o.layer_sizes = wide;
    WORKS(FIT);
    HOLDS(fit.fits == 0);
    o.makes_room = 1;
    WORKS(FIT);
    HOLDS(fit.fits == 1 && fit.spikes_per_neuron == 1.0 && fit.active_senders == 1.0);
    spinnprop_engine_free(chip);
}

static void accounts_that_cannot_be(void) {
    spinnprop_network *network = good_network(SPINNPROP_DELAYS_NONE, SPINNPROP_READOUT_SPIKING);
    spinnprop_spikes s = good_spikes();
    spinnprop_engine *chip = good_spinnaker2(), *event = NULL;
    spinnprop_spinnaker2_account *account = NULL, *none = NOBODY(spinnprop_spinnaker2_account);
    spinnprop_recording *recording = NULL;
    spinnprop_forward_options forward;
    spinnprop_spinnaker2_totals totals;
    begin("account");
    WORKS(spinnprop_engine_create(&event, SPINNPROP_ENGINE_EVENT));
    spinnprop_forward_options_init(&forward);
    forward.engine = chip;
    WORKS(spinnprop_network_forward(&recording, network, &s, &forward, NULL, NULL));
    spinnprop_spinnaker2_totals_init(NULL);
    spinnprop_spinnaker2_totals_init(&totals);
    spinnprop_spinnaker2_account_free(NULL);
    WATCH(none);
    INVALID(spinnprop_spinnaker2_account_create(NULL, chip));
    INVALID(spinnprop_spinnaker2_account_create(&none, NULL));
    FAILS(UNSUPPORTED, spinnprop_spinnaker2_account_create(&none, event));
    FAILS(UNSUPPORTED, spinnprop_spinnaker2_reset_account(event));
    INVALID(spinnprop_spinnaker2_reset_account(NULL));
    WORKS(spinnprop_spinnaker2_account_create(&account, chip));
    INVALID(spinnprop_spinnaker2_account_describe(NULL, account));
    INVALID(spinnprop_spinnaker2_account_describe(&totals, NULL));
    EACH_WRONG_SIZE(totals, spinnprop_spinnaker2_account_describe(&totals, account));
    WORKS(spinnprop_spinnaker2_account_describe(&totals, account));
    HOLDS(totals.forward_samples == N_SAMPLES && totals.n_pes > 0 && totals.seconds > 0 && totals.energy > 0);
    EACH_WRONG_ROWS(spinnprop_spinnaker2_phase, spinnprop_spinnaker2_account_phases, totals.n_phases, account);
    EACH_WRONG_ROWS(spinnprop_spinnaker2_program, spinnprop_spinnaker2_account_programs, totals.n_programs, account);
    EACH_WRONG_ROWS(spinnprop_spinnaker2_pe, spinnprop_spinnaker2_account_pes, totals.n_pes, account);
    EACH_WRONG_ROWS(spinnprop_spinnaker2_buffer, spinnprop_spinnaker2_account_buffers, totals.n_buffers, account);
    EACH_WRONG_ROWS(spinnprop_spinnaker2_counters, spinnprop_spinnaker2_account_phase_counters, totals.n_phases, account);
    EACH_WRONG_ROWS(spinnprop_spinnaker2_counters, spinnprop_spinnaker2_account_program_counters, totals.n_programs * totals.n_phases, account);
    EACH_WRONG_ROWS(spinnprop_spinnaker2_counters, spinnprop_spinnaker2_account_pe_counters, totals.n_pes * totals.n_phases, account);
    EACH_WRONG_ROWS(spinnprop_spinnaker2_slip, spinnprop_spinnaker2_account_slips, totals.n_slips, account);
    int64_t *bits = allocate(sizeof *bits * (size_t)(totals.n_links + 1));
    const int64_t wrong_counts[] = {-1, totals.n_links + 1, INT64_MAX, INT64_MIN};
    for (int i = 0; i < 4; i++) INVALID(spinnprop_spinnaker2_account_link_bits(bits, wrong_counts[i], account));
    INVALID(spinnprop_spinnaker2_account_link_bits(NULL, totals.n_links, account));
    INVALID(spinnprop_spinnaker2_account_link_bits(bits, totals.n_links, NULL));
    WORKS(spinnprop_spinnaker2_account_link_bits(bits, totals.n_links, account));
    free(bits);
    WORKS(spinnprop_spinnaker2_reset_account(chip));
    /* An account is a copy: it outlives its engine. */
    spinnprop_engine_free(chip);
    WORKS(spinnprop_spinnaker2_account_describe(&totals, account));
    HOLDS(totals.forward_samples == N_SAMPLES);
    spinnprop_spinnaker2_account_free(account);
    spinnprop_engine_free(event);
    spinnprop_recording_free(recording);
    spinnprop_network_free(network);
}
