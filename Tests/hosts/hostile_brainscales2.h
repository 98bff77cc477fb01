/* Hostile input for the emulated BrainScaleS-2; included by hostile.c, whose helpers it uses. */

static void brainscales2_chips_that_cannot_be(void) {
    spinnprop_brainscales2_chip *chip = NOBODY(spinnprop_brainscales2_chip);
    spinnprop_brainscales2_chip_options o, made;
    begin("analog chips");
    spinnprop_brainscales2_chip_options_init(NULL);
    spinnprop_brainscales2_chip_options_init(&o);
    WATCH(chip);
    INVALID(spinnprop_brainscales2_chip_create(NULL, &o));
    EACH_WRONG_SIZE(o, spinnprop_brainscales2_chip_create(&chip, &o));
    const double wrong[] = {-1.0, NAN, INFINITY, -INFINITY, 1e300};
    double *numbers[] = {&o.tau_mem_spread, &o.tau_syn_spread, &o.threshold_spread, &o.threshold_shift, &o.reset_spread,
                         &o.gain_spread, &o.row_offset, &o.delay_spread, &o.noise, &o.batch_noise, &o.jitter, &o.drift,
                         &o.age, &o.resolution, &o.event_interval, &o.correlation};
    for (size_t at = 0; at < sizeof numbers / sizeof *numbers; at++)
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
            WITH(*numbers[at], wrong[i], INVALID_VALUE, spinnprop_brainscales2_chip_create(&chip, &o));
    const int32_t wrong_bits[] = {-1, 17, INT32_MIN, INT32_MAX};
    for (int i = 0; i < 4; i++) {
        WITH(o.weight_bits, wrong_bits[i], INVALID_VALUE, spinnprop_brainscales2_chip_create(&chip, &o));
        WITH(o.readout_bits, wrong_bits[i], INVALID_VALUE, spinnprop_brainscales2_chip_create(&chip, &o));
        INVALID(spinnprop_brainscales2_preset(&o, wrong_bits[i]));
    }
    INVALID(spinnprop_brainscales2_preset(NULL, SPINNPROP_BRAINSCALES2_IDEAL));
    EACH_WRONG_SIZE(o, spinnprop_brainscales2_preset(&o, SPINNPROP_BRAINSCALES2_IDEAL));

    begin("analog chips that are");
    o.seed = UINT64_MAX;
    WORKS(spinnprop_brainscales2_preset(&o, SPINNPROP_BRAINSCALES2_UNCALIBRATED));
    HOLDS(o.seed == UINT64_MAX && o.tau_syn_spread == 0.35);
    WORKS(spinnprop_brainscales2_chip_create(&chip, &o));
    spinnprop_brainscales2_chip_options_init(&made);
    INVALID(spinnprop_brainscales2_chip_get_options(NULL, chip));
    INVALID(spinnprop_brainscales2_chip_get_options(&made, NULL));
    INVALID(spinnprop_brainscales2_chip_get_options(&made, NOBODY(spinnprop_brainscales2_chip)));
    EACH_WRONG_SIZE(made, spinnprop_brainscales2_chip_get_options(&made, chip));
    WORKS(spinnprop_brainscales2_chip_get_options(&made, chip));
    HOLDS(made.seed == UINT64_MAX && made.tau_syn_spread == 0.35);
    double values[512];
    memset(values, 0, sizeof values);
    WATCH(values);
    const int64_t wrong_counts[] = {-1, 0, 511, 513, INT64_MAX, INT64_MIN};
    for (int i = 0; i < 6; i++)
        INVALID(spinnprop_brainscales2_chip_values(values, wrong_counts[i], chip, SPINNPROP_BRAINSCALES2_GAIN));
    INVALID(spinnprop_brainscales2_chip_values(NULL, 512, chip, SPINNPROP_BRAINSCALES2_GAIN));
    INVALID(spinnprop_brainscales2_chip_values(values, 512, NULL, SPINNPROP_BRAINSCALES2_GAIN));
    FAILS(INVALID_INDEX, spinnprop_brainscales2_chip_values(values, 512, chip, 7));
    FAILS(INVALID_INDEX, spinnprop_brainscales2_chip_values(values, 512, chip, -1));
    unwatch_all();
    for (int32_t parameter = 0; parameter <= SPINNPROP_BRAINSCALES2_ROW; parameter++)
        WORKS(spinnprop_brainscales2_chip_values(values, 512, chip, parameter));
    begin("calibration");
    spinnprop_brainscales2_chip *calibrated = NOBODY(spinnprop_brainscales2_chip);
    spinnprop_brainscales2_calibration_options c;
    spinnprop_brainscales2_calibration_options_init(NULL);
    spinnprop_brainscales2_calibration_options_init(&c);
    WATCH(calibrated);
    INVALID(spinnprop_brainscales2_chip_calibrate(NULL, chip, &c));
    INVALID(spinnprop_brainscales2_chip_calibrate(&calibrated, NULL, &c));
    EACH_WRONG_SIZE(c, spinnprop_brainscales2_chip_calibrate(&calibrated, chip, &c));
    double *targets[] = {&c.tau_mem, &c.tau_syn, &c.threshold, &c.reset, &c.noise};
    for (size_t at = 0; at < sizeof targets / sizeof *targets; at++)
        for (size_t i = 1; i < sizeof wrong / sizeof *wrong; i++)
            WITH(*targets[at], wrong[i], INVALID_VALUE, spinnprop_brainscales2_chip_calibrate(&calibrated, chip, &c));
    WITH(c.repeats, 0, INVALID_VALUE, spinnprop_brainscales2_chip_calibrate(&calibrated, chip, &c));
    WITH(c.repeats, INT32_MAX, INVALID_VALUE, spinnprop_brainscales2_chip_calibrate(&calibrated, chip, &c));
    int64_t n_codes = 5;
    INVALID(spinnprop_brainscales2_chip_code_count(NULL, chip));
    INVALID(spinnprop_brainscales2_chip_code_count(&n_codes, NULL));
    WORKS(spinnprop_brainscales2_chip_code_count(&n_codes, chip));
    HOLDS(n_codes == 0);
    unwatch_all();
    WORKS(spinnprop_brainscales2_chip_calibrate(&calibrated, chip, NULL));
    WORKS(spinnprop_brainscales2_chip_code_count(&n_codes, calibrated));
    HOLDS(n_codes == 2048);
    int32_t codes[2048] = {0};
    INVALID(spinnprop_brainscales2_chip_codes(codes, 2047, calibrated));
    INVALID(spinnprop_brainscales2_chip_codes(NULL, 2048, calibrated));
    INVALID(spinnprop_brainscales2_chip_codes(codes, 2048, NULL));
    WORKS(spinnprop_brainscales2_chip_codes(codes, 2048, calibrated));
    spinnprop_brainscales2_chip *again = NOBODY(spinnprop_brainscales2_chip);
    INVALID(spinnprop_brainscales2_chip_create_with_codes(NULL, &o, codes, 2048));
    INVALID(spinnprop_brainscales2_chip_create_with_codes(&again, &o, NULL, 2048));
    const int64_t wrong_codes[] = {-1, 0, 2047, INT64_MAX, INT64_MIN};
    for (int i = 0; i < 5; i++) INVALID(spinnprop_brainscales2_chip_create_with_codes(&again, &o, codes, wrong_codes[i]));
    WITH(codes[7], -1, INVALID_VALUE, spinnprop_brainscales2_chip_create_with_codes(&again, &o, codes, 2048));
    WITH(codes[7], 1024, INVALID_VALUE, spinnprop_brainscales2_chip_create_with_codes(&again, &o, codes, 2048));
    WITH(codes[7], INT32_MAX, INVALID_VALUE, spinnprop_brainscales2_chip_create_with_codes(&again, &o, codes, 2048));
    EACH_WRONG_SIZE(o, spinnprop_brainscales2_chip_create_with_codes(&again, &o, codes, 2048));
    WORKS(spinnprop_brainscales2_chip_create_with_codes(&again, &o, codes, 2048));
    double here[512], there[512];
    WORKS(spinnprop_brainscales2_chip_values(here, 512, calibrated, SPINNPROP_BRAINSCALES2_TAU_SYN));
    WORKS(spinnprop_brainscales2_chip_values(there, 512, again, SPINNPROP_BRAINSCALES2_TAU_SYN));
    HOLDS(memcmp(here, there, sizeof here) == 0);
    spinnprop_brainscales2_chip_free(again);
    spinnprop_brainscales2_chip_free(calibrated);
    spinnprop_brainscales2_chip_free(NULL);
    spinnprop_brainscales2_chip_free(chip);
}

static void brainscales2_fits_that_cannot_be(void) {
    begin("analog fits");
    spinnprop_brainscales2_fit fit;
    spinnprop_brainscales2_fit_options o;
    spinnprop_brainscales2_fit_init(NULL);
    spinnprop_brainscales2_fit_init(&fit);
    spinnprop_brainscales2_fit_options_init(NULL);
    spinnprop_brainscales2_fit_options_init(&o);
    int32_t merged[2] = {7, 7};
    WATCH(merged);
    INVALID(spinnprop_brainscales2_place(&fit, merged, 2, &o));
    const int32_t layers[] = {25, 120, 3}, wrong[] = {25, 0, 3};
    o.layer_sizes = wrong;
    o.n_layer_sizes = 3;
    INVALID(spinnprop_brainscales2_place(&fit, merged, 2, &o));
    o.layer_sizes = layers;
    INVALID(spinnprop_brainscales2_place(NULL, merged, 2, &o));
    INVALID(spinnprop_brainscales2_place(&fit, NULL, 2, &o));
    INVALID(spinnprop_brainscales2_place(&fit, merged, 3, &o));
    INVALID(spinnprop_brainscales2_place(&fit, merged, INT64_MIN, &o));
    INVALID(spinnprop_brainscales2_place(&fit, merged, 2, NULL));
    WITH(o.n_layer_sizes, -1, INVALID_VALUE, spinnprop_brainscales2_place(&fit, merged, 2, &o));
    WITH(o.n_layer_sizes, 1, INVALID_VALUE, spinnprop_brainscales2_place(&fit, merged, 2, &o));
    WITH(o.delays, 4, INVALID_VALUE, spinnprop_brainscales2_place(&fit, merged, 2, &o));
    WITH(o.delays, -1, INVALID_VALUE, spinnprop_brainscales2_place(&fit, merged, 2, &o));
    WITH(o.input_copies, 0, INVALID_VALUE, spinnprop_brainscales2_place(&fit, merged, 2, &o));
    WITH(o.input_copies, INT32_MAX, INVALID_VALUE, spinnprop_brainscales2_place(&fit, merged, 2, &o));
    WITH(o.input_spikes, -1, INVALID_VALUE, spinnprop_brainscales2_place(&fit, merged, 2, &o));
    WITH(o.input_spikes, INT64_MIN, INVALID_VALUE, spinnprop_brainscales2_place(&fit, merged, 2, &o));
    const double wrong_times[] = {-1.0, NAN, -INFINITY};
    for (int i = 0; i < 3; i++) WITH(o.duration, wrong_times[i], INVALID_VALUE, spinnprop_brainscales2_place(&fit, merged, 2, &o));
    const double wrong_speeds[] = {0.0, -1.0, NAN, INFINITY, 1e300};
    for (int i = 0; i < 5; i++) WITH(o.speedup, wrong_speeds[i], INVALID_VALUE, spinnprop_brainscales2_place(&fit, merged, 2, &o));
    EACH_WRONG_SIZE(o, spinnprop_brainscales2_place(&fit, merged, 2, &o));
    EACH_WRONG_SIZE(fit, spinnprop_brainscales2_place(&fit, merged, 2, &o));
    unwatch_all();
    WORKS(spinnprop_brainscales2_place(&fit, merged, 2, &o));
    HOLDS(fit.fits == 1 && fit.circuits == 123 && merged[0] == 1 && fit.carried_spikes == INT64_MAX);
    o.input_spikes = INT64_MAX;
    WORKS(spinnprop_brainscales2_place(&fit, merged, 2, &o));
    HOLDS(fit.fits == 1);
    const double durations[] = {0.0, 30e-3, 1e300};
    const int64_t carried[] = {129, 3879, INT64_MAX};
    for (int i = 0; i < 3; i++) {
        o.duration = durations[i];
        WORKS(spinnprop_brainscales2_place(&fit, merged, 2, &o));
        HOLDS(fit.fits == (i == 2) && fit.carried_spikes == carried[i]);
    }
    o.duration = 0.0;
    o.input_spikes = 129;
    WORKS(spinnprop_brainscales2_place(&fit, merged, 2, &o));
    HOLDS(fit.fits == 1);

    spinnprop_brainscales2_cost costs[SPINNPROP_BRAINSCALES2_COSTS];
    spinnprop_brainscales2_cost_init(NULL);
    spinnprop_brainscales2_cost_init(&costs[0]);
    const double wrong_durations[] = {-1.0, NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 4; i++) INVALID(spinnprop_brainscales2_costs(costs, SPINNPROP_BRAINSCALES2_COSTS, wrong_durations[i], 1));
    INVALID(spinnprop_brainscales2_costs(NULL, SPINNPROP_BRAINSCALES2_COSTS, 1e-5, 1));
    INVALID(spinnprop_brainscales2_costs(costs, 1, 1e-5, 1));
    INVALID(spinnprop_brainscales2_costs(costs, SPINNPROP_BRAINSCALES2_COSTS, 1e-5, 0));
    INVALID(spinnprop_brainscales2_costs(costs, SPINNPROP_BRAINSCALES2_COSTS, 1e-5, INT64_MAX));
    EACH_WRONG_SIZE(costs[0], spinnprop_brainscales2_costs(costs, SPINNPROP_BRAINSCALES2_COSTS, 1e-5, 1));
    WORKS(spinnprop_brainscales2_costs(costs, SPINNPROP_BRAINSCALES2_COSTS, 1e-5, 1));
    HOLDS(costs[1].sample_seconds == 1 / 85000.0);
}

/* More input spikes than the link carries: refused before a run and a training, unless what is lost is counted. */
static void brainscales2_inputs_of_too_many_events(const spinnprop_engine *strict) {
    begin("analog inputs of too many events");
    enum { MANY = 200 };
    static double burst_times[MANY];
    static int32_t burst_units[MANY];
    const int64_t burst_offsets[] = {0, 0, MANY};
    const int64_t burst_labels[] = {0, 1};
    const int32_t layers[] = {1, 2};
    spinnprop_spikes burst;
    spinnprop_spikes_init(&burst);
    burst.times = burst_times;
    burst.units = burst_units;
    burst.offsets = burst_offsets;
    burst.n_spikes = MANY;
    burst.n_samples = 2;
    burst.n_units = 1;
    spinnprop_network_options small;
    spinnprop_network_options_init(&small);
    small.layer_sizes = layers;
    small.n_layer_sizes = 2;
    spinnprop_network *network = NULL;
    WORKS(spinnprop_network_create(&network, &small));
    spinnprop_forward_options forward;
    spinnprop_forward_options_init(&forward);
    forward.engine = strict;
    spinnprop_recording *recording = NOBODY(spinnprop_recording);
    WATCH(recording);
    FAILS(UNSUPPORTED, spinnprop_network_forward(&recording, network, &burst, &forward, NULL, NULL));
    burst_times[MANY - 1] = 1e300;
    burst_times[0] = 5e-324;
    unwatch_all();
    WORKS(spinnprop_network_forward(&recording, network, &burst, &forward, NULL, NULL));
    spinnprop_recording_free(recording);
    burst_times[MANY - 1] = 0;
    spinnprop_training_options training;
    spinnprop_training_options_init(&training);
    training.forward = &forward;
    training.epochs = 1;
    training.batch_size = 1;
    spinnprop_trainer *trainer = NULL;
    WORKS(spinnprop_trainer_create(&trainer, network, &training));
    FAILS(UNSUPPORTED, spinnprop_trainer_run(trainer, &burst, burst_labels, 2, NULL, NULL, 0, NULL, NULL));
    spinnprop_trainer_free(trainer);

    spinnprop_brainscales2_options counting;
    spinnprop_brainscales2_options_init(&counting);
    counting.count_losses = 1;
    spinnprop_brainscales2_chip *chip = NULL;
    WORKS(spinnprop_brainscales2_chip_create(&chip, NULL));
    const spinnprop_brainscales2_chip *chips[] = {chip};
    spinnprop_engine *engine = NULL;
    WORKS(spinnprop_brainscales2_create(&engine, chips, 1, &counting));
    spinnprop_brainscales2_chip_free(chip);
    forward.engine = engine;
    WORKS(spinnprop_network_forward(&recording, network, &burst, &forward, NULL, NULL));
    spinnprop_recording_free(recording);
    int64_t lost = 0;
    WORKS(spinnprop_brainscales2_lost_events(&lost, engine));
    HOLDS(lost == MANY - 129);
    spinnprop_engine_free(engine);
    spinnprop_network_free(network);
}

static void brainscales2_engines_that_cannot_be(void) {
    spinnprop_engine *engine = NOBODY(spinnprop_engine), *event = NULL;
    spinnprop_brainscales2_chip *chip = NULL;
    spinnprop_brainscales2_options o, made;
    begin("analog engines");
    WORKS(spinnprop_brainscales2_chip_create(&chip, NULL));
    const spinnprop_brainscales2_chip *chips[] = {chip, chip}, *nobodies[] = {chip, NULL};
    spinnprop_brainscales2_options_init(NULL);
    spinnprop_brainscales2_options_init(&o);
    WATCH(engine);
    INVALID(spinnprop_brainscales2_create(NULL, chips, 2, &o));
    INVALID(spinnprop_brainscales2_create(&engine, NULL, 2, &o));
    INVALID(spinnprop_brainscales2_create(&engine, nobodies, 2, &o));
    const int64_t wrong_counts[] = {-1, 0, INT64_MAX, INT64_MIN};
    for (int i = 0; i < 4; i++) INVALID(spinnprop_brainscales2_create(&engine, chips, wrong_counts[i], &o));
    EACH_WRONG_SIZE(o, spinnprop_brainscales2_create(&engine, chips, 2, &o));
    const double wrong[] = {0.0, -1.0, NAN, INFINITY, -INFINITY, 1e300};
    for (int i = 0; i < 6; i++) {
        WITH(o.weight_scale, wrong[i], INVALID_VALUE, spinnprop_brainscales2_create(&engine, chips, 2, &o));
        WITH(o.speedup, wrong[i], INVALID_VALUE, spinnprop_brainscales2_create(&engine, chips, 2, &o));
        WITH(o.readout_range, wrong[i], INVALID_VALUE, spinnprop_brainscales2_create(&engine, chips, 2, &o));
    }
    WITH(o.input_copies, 0, INVALID_VALUE, spinnprop_brainscales2_create(&engine, chips, 2, &o));
    WITH(o.input_copies, INT32_MAX, INVALID_VALUE, spinnprop_brainscales2_create(&engine, chips, 2, &o));

    begin("analog engines that are");
    o.input_copies = 5;
    WORKS(spinnprop_brainscales2_create(&engine, chips, 2, &o));
    spinnprop_brainscales2_chip_free(chip);
    WORKS(spinnprop_engine_create(&event, SPINNPROP_ENGINE_EVENT));
    spinnprop_brainscales2_options_init(&made);
    INVALID(spinnprop_brainscales2_get_options(NULL, engine));
    INVALID(spinnprop_brainscales2_get_options(&made, NULL));
    FAILS(UNSUPPORTED, spinnprop_brainscales2_get_options(&made, event));
    EACH_WRONG_SIZE(made, spinnprop_brainscales2_get_options(&made, engine));
    WORKS(spinnprop_brainscales2_get_options(&made, engine));
    HOLDS(made.input_copies == 5 && made.count_losses == 0);
    int64_t lost = -1;
    INVALID(spinnprop_brainscales2_lost_events(NULL, engine));
    INVALID(spinnprop_brainscales2_lost_events(&lost, NULL));
    FAILS(UNSUPPORTED, spinnprop_brainscales2_lost_events(&lost, event));
    HOLDS(lost == -1);
    WORKS(spinnprop_brainscales2_lost_events(&lost, engine));
    HOLDS(lost == 0);
    brainscales2_inputs_of_too_many_events(engine);
    const int32_t layers[] = {5, 510, 3};
    spinnprop_network_options wide;
    spinnprop_network_options_init(&wide);
    wide.layer_sizes = layers;
    wide.n_layer_sizes = 3;
    spinnprop_network *network = NULL;
    WORKS(spinnprop_network_create(&network, &wide));
    double values[3 * 510];
    FAILS(UNSUPPORTED, spinnprop_brainscales2_weights(values, 3 * 510, engine, network, 1));
    spinnprop_network_free(network);
    const int32_t fitting[] = {5, 51, 3};
    wide.layer_sizes = fitting;
    WORKS(spinnprop_network_create(&network, &wide));
    INVALID(spinnprop_brainscales2_weights(NULL, 153, engine, network, 1));
    INVALID(spinnprop_brainscales2_weights(values, 152, engine, network, 1));
    INVALID(spinnprop_brainscales2_weights(values, 153, NULL, network, 1));
    INVALID(spinnprop_brainscales2_weights(values, 153, engine, NULL, 1));
    FAILS(UNSUPPORTED, spinnprop_brainscales2_weights(values, 153, event, network, 1));
    FAILS(INVALID_INDEX, spinnprop_brainscales2_weights(values, 153, engine, network, 2));
    FAILS(INVALID_INDEX, spinnprop_brainscales2_weights(values, 153, engine, network, -1));
    WORKS(spinnprop_brainscales2_weights(values, 153, engine, network, 1));
    spinnprop_network_free(network);
    spinnprop_engine_free(event);
    spinnprop_engine_free(engine);
}
