/* Hostile input for the emulated SpiNNaker2; included by hostile.c, whose helpers it uses. */

static const int32_t no_rows[] = {-1, 1 << 20, INT32_MIN, INT32_MAX};

/* A struct that a getter fills: nothing, wrong sizes, nobody's handle, and rows that do not exist. */
#define EACH_WRONG_ROW(object, call_of_index, call_without) \
    do { \
        INVALID(call_without); \
        EACH_WRONG_SIZE(object, call_of_index(0)); \
        for (size_t at = 0; at < sizeof no_rows / sizeof *no_rows; at++) FAILS(INVALID_INDEX, call_of_index(no_rows[at])); \
        WORKS(call_of_index(0)); \
    } while (0)

static spinnprop_engine *good_chip(void) {
    spinnprop_engine *engine = NULL;
    spinnprop_engine_options o;
    spinnprop_engine_options_init(&o);
    o.kind = SPINNPROP_ENGINE_SPINNAKER2;
    o.steps = 60;
    WORKS(spinnprop_engine_create(&engine, &o));
    return engine;
}

static void chips_that_cannot_be(void) {
    spinnprop_engine *engine = NOBODY(spinnprop_engine), *chip = NULL, *event = NULL;
    spinnprop_engine_options o;
    spinnprop_chip_info info;
    spinnprop_chip_constant constant;
    spinnprop_chip_published row;
    begin("chip");
    spinnprop_engine_options_init(&o);
    o.kind = SPINNPROP_ENGINE_SPINNAKER2;
    WATCH(engine);
    const int32_t wrong_numbers[] = {-1, INT32_MIN};
    for (int i = 0; i < 2; i++) {
        WITH(o.chips, wrong_numbers[i], INVALID_VALUE, spinnprop_engine_create(&engine, &o));
        WITH(o.copies, wrong_numbers[i], INVALID_VALUE, spinnprop_engine_create(&engine, &o));
        WITH(o.batch_size, wrong_numbers[i], INVALID_VALUE, spinnprop_engine_create(&engine, &o));
        WITH(o.fifo_packets, wrong_numbers[i], INVALID_VALUE, spinnprop_engine_create(&engine, &o));
        WITH(o.largest_slice, wrong_numbers[i], INVALID_VALUE, spinnprop_engine_create(&engine, &o));
        WITH(o.overflow, wrong_numbers[i], INVALID_VALUE, spinnprop_engine_create(&engine, &o));
        WITH(o.faults, wrong_numbers[i], INVALID_VALUE, spinnprop_engine_create(&engine, &o));
        WITH(o.placement, wrong_numbers[i], INVALID_VALUE, spinnprop_engine_create(&engine, &o));
        WITH(o.power, wrong_numbers[i], INVALID_VALUE, spinnprop_engine_create(&engine, &o));
        WITH(o.n_constants, wrong_numbers[i], INVALID_VALUE, spinnprop_engine_create(&engine, &o));
    }
    WITH(o.chips, 0, INVALID_VALUE, spinnprop_engine_create(&engine, &o));
    WITH(o.chips, 49, INVALID_VALUE, spinnprop_engine_create(&engine, &o));
    const double wrong_rates[] = {NAN, INFINITY, -1.0};
    for (int i = 0; i < 3; i++) {
        WITH(o.spikes_per_neuron, wrong_rates[i], INVALID_VALUE, spinnprop_engine_create(&engine, &o));
        WITH(o.active_senders, wrong_rates[i], INVALID_VALUE, spinnprop_engine_create(&engine, &o));
    }
    const char *names[] = {"no_such_constant"};
    double values[] = {1.0};
    WITH(o.n_constants, 1, INVALID_VALUE, spinnprop_engine_create(&engine, &o));
    o.constant_names = names;
    o.constant_values = values;
    WITH(o.n_constants, 1, INVALID_VALUE, spinnprop_engine_create(&engine, &o));
    names[0] = NULL;
    WITH(o.n_constants, 1, INVALID_VALUE, spinnprop_engine_create(&engine, &o));
    names[0] = "hop_energy";
    for (int i = 0; i < 3; i++) {
        values[0] = wrong_rates[i];
        WITH(o.n_constants, 1, INVALID_VALUE, spinnprop_engine_create(&engine, &o));
    }

    begin("chips that are");
    chip = good_chip();
    WORKS(spinnprop_engine_create(&event, NULL));
    spinnprop_chip_info_init(NULL);
    spinnprop_chip_info_init(&info);
    spinnprop_chip_constant_init(NULL);
    spinnprop_chip_constant_init(&constant);
    spinnprop_chip_published_init(NULL);
    spinnprop_chip_published_init(&row);
    INVALID(spinnprop_engine_chip(NULL, chip));
    INVALID(spinnprop_engine_chip(&info, NULL));
    FAILS(UNSUPPORTED, spinnprop_engine_chip(&info, event));
    EACH_WRONG_SIZE(info, spinnprop_engine_chip(&info, chip));
    WORKS(spinnprop_engine_chip(&info, chip));
    HOLDS(info.chips == 1 && info.n_constants > 20 && info.n_published > 0);
#define CONSTANT(i) spinnprop_engine_constant(&constant, chip, i)
    EACH_WRONG_ROW(constant, CONSTANT, spinnprop_engine_constant(NULL, chip, 0));
#define PUBLISHED(i) spinnprop_engine_published(&row, chip, i)
    EACH_WRONG_ROW(row, PUBLISHED, spinnprop_engine_published(NULL, chip, 0));
    INVALID(spinnprop_engine_constant(&constant, NULL, 0));
    INVALID(spinnprop_engine_published(&row, NULL, 0));
    spinnprop_engine_free(event);
    spinnprop_engine_free(chip);
}

static void fits_that_cannot_be(void) {
    spinnprop_engine *chip = good_chip();
    spinnprop_chip_fit fit;
    spinnprop_chip_fit_options o;
    int32_t layers[] = {5, 120, 3}, slices[2] = {0}, largest[3] = {0};
    begin("fit");
    spinnprop_chip_fit_init(NULL);
    spinnprop_chip_fit_init(&fit);
    spinnprop_chip_fit_options_init(NULL);
    spinnprop_chip_fit_options_init(&o);
    o.layer_sizes = layers;
    o.n_layer_sizes = 3;
    o.batch_size = 8;
    WATCH(slices);
    WATCH(largest);
#define FIT spinnprop_engine_fit(&fit, slices, largest, chip, &o)
    INVALID(spinnprop_engine_fit(NULL, slices, largest, chip, &o));
    INVALID(spinnprop_engine_fit(&fit, slices, largest, NULL, &o));
    INVALID(spinnprop_engine_fit(&fit, slices, largest, chip, NULL));
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
    HOLDS(fit.fits == 1 && largest[1] >= 120);
    spinnprop_engine_free(chip);
}

static void accounts_that_cannot_be(void) {
    spinnprop_network *network = good_network(SPINNPROP_DELAYS_NONE, SPINNPROP_READOUT_SPIKING);
    spinnprop_spikes s = good_spikes();
    spinnprop_engine *chip = good_chip(), *event = NULL;
    spinnprop_account *account = NULL, *none = NOBODY(spinnprop_account);
    spinnprop_recording *recording = NULL;
    spinnprop_forward_options forward;
    spinnprop_chip_account totals;
    spinnprop_chip_phase phase;
    spinnprop_chip_program program;
    spinnprop_chip_pe pe;
    spinnprop_chip_buffer buffer;
    spinnprop_chip_counters counters;
    spinnprop_chip_slip slip;
    begin("account");
    WORKS(spinnprop_engine_create(&event, NULL));
    spinnprop_forward_options_init(&forward);
    forward.engine = chip;
    WORKS(spinnprop_network_forward(&recording, network, &s, &forward, NULL, NULL));
    spinnprop_chip_account_init(NULL);
    spinnprop_chip_account_init(&totals);
    spinnprop_chip_phase_init(NULL);
    spinnprop_chip_phase_init(&phase);
    spinnprop_chip_program_init(NULL);
    spinnprop_chip_program_init(&program);
    spinnprop_chip_pe_init(NULL);
    spinnprop_chip_pe_init(&pe);
    spinnprop_chip_buffer_init(NULL);
    spinnprop_chip_buffer_init(&buffer);
    spinnprop_chip_counters_init(NULL);
    spinnprop_chip_counters_init(&counters);
    spinnprop_chip_slip_init(NULL);
    spinnprop_chip_slip_init(&slip);
    spinnprop_account_free(NULL);
    WATCH(none);
    INVALID(spinnprop_engine_account(NULL, chip));
    INVALID(spinnprop_engine_account(&none, NULL));
    FAILS(UNSUPPORTED, spinnprop_engine_account(&none, event));
    FAILS(UNSUPPORTED, spinnprop_engine_reset_account(event));
    INVALID(spinnprop_engine_reset_account(NULL));
    WORKS(spinnprop_engine_account(&account, chip));
    INVALID(spinnprop_account_describe(NULL, account));
    INVALID(spinnprop_account_describe(&totals, NULL));
    EACH_WRONG_SIZE(totals, spinnprop_account_describe(&totals, account));
    WORKS(spinnprop_account_describe(&totals, account));
    HOLDS(totals.forward_samples == N_SAMPLES && totals.n_pes > 0 && totals.seconds > 0 && totals.energy > 0);
#define PHASE(i) spinnprop_account_phase(&phase, account, i)
    EACH_WRONG_ROW(phase, PHASE, spinnprop_account_phase(NULL, account, 0));
#define PROGRAM(i) spinnprop_account_program(&program, account, i)
    EACH_WRONG_ROW(program, PROGRAM, spinnprop_account_program(NULL, account, 0));
#define PE(i) spinnprop_account_pe(&pe, account, i)
    EACH_WRONG_ROW(pe, PE, spinnprop_account_pe(NULL, account, 0));
#define BUFFER(i) spinnprop_account_buffer(&buffer, account, 0, i)
    EACH_WRONG_ROW(buffer, BUFFER, spinnprop_account_buffer(NULL, account, 0, 0));
#define PHASE_COUNTERS(i) spinnprop_account_phase_counters(&counters, account, i)
    EACH_WRONG_ROW(counters, PHASE_COUNTERS, spinnprop_account_phase_counters(NULL, account, 0));
#define PROGRAM_COUNTERS(i) spinnprop_account_program_counters(&counters, account, 0, i)
    EACH_WRONG_ROW(counters, PROGRAM_COUNTERS, spinnprop_account_program_counters(NULL, account, 0, 0));
#define PE_COUNTERS(i) spinnprop_account_pe_counters(&counters, account, 0, i)
    EACH_WRONG_ROW(counters, PE_COUNTERS, spinnprop_account_pe_counters(NULL, account, 0, 0));
    for (size_t at = 0; at < sizeof no_rows / sizeof *no_rows; at++) {
        FAILS(INVALID_INDEX, spinnprop_account_buffer(&buffer, account, no_rows[at], 0));
        FAILS(INVALID_INDEX, spinnprop_account_program_counters(&counters, account, no_rows[at], 0));
        FAILS(INVALID_INDEX, spinnprop_account_pe_counters(&counters, account, no_rows[at], 0));
        FAILS(INVALID_INDEX, spinnprop_account_slip(&slip, account, no_rows[at]));
    }
    int64_t *bits = allocate(sizeof *bits * (size_t)(totals.n_links + 1));
    const int64_t wrong_counts[] = {-1, totals.n_links + 1, INT64_MAX, INT64_MIN};
    for (int i = 0; i < 4; i++) INVALID(spinnprop_account_link_bits(bits, wrong_counts[i], account));
    INVALID(spinnprop_account_link_bits(NULL, totals.n_links, account));
    INVALID(spinnprop_account_link_bits(bits, totals.n_links, NULL));
    WORKS(spinnprop_account_link_bits(bits, totals.n_links, account));
    free(bits);
    WORKS(spinnprop_engine_reset_account(chip));
    /* An account is a copy: it outlives its engine. */
    spinnprop_engine_free(chip);
    WORKS(spinnprop_account_describe(&totals, account));
    HOLDS(totals.forward_samples == N_SAMPLES);
    spinnprop_account_free(account);
    spinnprop_engine_free(event);
    spinnprop_recording_free(recording);
    spinnprop_network_free(network);
}
