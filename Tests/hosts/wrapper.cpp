// What spinnprop.hpp promises beyond spinnprop.h: exceptions, ownership, vectors of the right size.
#include <spinnprop.hpp>
#include <algorithm>

#include <cmath>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

int n_defects = 0;

void holds(bool condition, const std::string &what) {
    if (condition) return;
    n_defects++;
    std::cout << "DEFECT wrapper: " << what << "\n";
}

// The status of the spinnprop::Error that a call throws.
template <class Call> spinnprop_status thrown(Call call) {
    try {
        call();
    } catch (const spinnprop::Error &error) {
        holds(std::string(error.what()).size() > 10, "an error has no message");
        return error.status();
    }
    return SPINNPROP_OK;
}

spinnprop::SpikeTrains spikes(std::int64_t n) {
    return spinnprop::encode_latency(spinnprop::yin_yang(n).x, 4, 0.0, 30e-3, 0.0);
}

void errors() {
    holds(thrown([] { spinnprop::Network({5}); }) == SPINNPROP_INVALID_VALUE, "a network of one size is made");
    holds(thrown([] { spinnprop::Network(std::vector<std::int32_t>{}); }) == SPINNPROP_INVALID_VALUE,
          "a network of no size is made");
    holds(thrown([] { spinnprop::Network::load("no such file"); }) == SPINNPROP_FILE_NOT_FOUND, "a missing file loads");
    holds(thrown([] { spinnprop::Network::from_bytes({}); }) == SPINNPROP_FILE_ERROR, "no bytes are a network");
    holds(thrown([] { spinnprop::yin_yang(-1); }) == SPINNPROP_INVALID_VALUE, "-1 samples are drawn");
    holds(thrown([] { spinnprop::encode_latency({0.5}, 2, 0, 1e-3); }) == SPINNPROP_INVALID_VALUE,
          "half a sample is encoded");
    holds(thrown([] { spinnprop::encode_latency({0.5}, 0, 0, 1e-3); }) == SPINNPROP_INVALID_VALUE,
          "no feature is encoded");
    holds(thrown([] { spinnprop::loss(99); }) == SPINNPROP_INVALID_VALUE, "a loss of kind 99 exists");
    spinnprop::SpikeTrains uneven;
    uneven.times = {1e-3};
    holds(thrown([&] { uneven.view(); }) == SPINNPROP_INVALID_VALUE, "a time without a unit is viewed");
    spinnprop::Network network({5, 4, 3});
    holds(thrown([&] { network.set(SPINNPROP_WEIGHTS, 0, {1.0}); }) == SPINNPROP_INVALID_VALUE, "one weight is set");
    holds(thrown([&] { network.get(SPINNPROP_WEIGHTS, 2); }) == SPINNPROP_INVALID_INDEX, "layer 2 of 2 exists");
}

void values() {
    spinnprop::Network network({5, 4, 3});
    const auto weights = network.get(SPINNPROP_WEIGHTS, 0);
    holds(weights.size() == 20 &&
              network.shape(SPINNPROP_WEIGHTS, 0) == std::make_pair(std::int64_t{4}, std::int64_t{5}),
          "the shape of the weights is wrong");
    spinnprop::Network copy = network.copy();
    copy.set(SPINNPROP_WEIGHTS, 0, std::vector<double>(20, 2.0));
    holds(network.get(SPINNPROP_WEIGHTS, 0) == weights, "a copy shares its weights");
    const spinnprop::Network moved = std::move(copy);
    holds(moved.get(SPINNPROP_WEIGHTS, 0)[0] == 2.0, "a move loses the weights");
    holds(spinnprop::Network::from_bytes(moved.to_bytes()).to_bytes() == moved.to_bytes(), "bytes do not come back");

    auto masked = moved.copy();
    std::vector<double> mask(20, 1.0);
    mask[7] = 0.0;
    masked.set(SPINNPROP_MASK, 0, mask);
    masked.set(SPINNPROP_SIGNS, 0, {1, 0, 0, 0, -1});
    masked.set(SPINNPROP_WEIGHT_BOUNDS, 0, {-1.0, 1.0});
    const auto held = masked.get(SPINNPROP_WEIGHTS, 0);
    holds(held[7] == 0.0 && held[4] == 0.0 && held[0] == 1.0 && masked.get(SPINNPROP_MASK, 0) == mask,
          "weights do not keep to mask, sign and bounds");
    holds(thrown([&] { masked.set(SPINNPROP_WEIGHTS, 0, std::vector<double>(20, 1.0)); }) == SPINNPROP_INVALID_VALUE,
          "an absent synapse is given a weight");
    holds(spinnprop::Network::from_bytes(masked.to_bytes()).to_bytes() == masked.to_bytes(), "constraints do not come back");
    auto options = spinnprop::options<spinnprop_network_options>();
    const std::vector<double> masks(32, 0.0), signs(9, 1.0), bounds = {0.0, 2.0};
    options.masks = masks.data(), options.n_masks = 31;
    holds(thrown([&] { spinnprop::Network({5, 4, 3}, options); }) == SPINNPROP_INVALID_VALUE, "31 of 32 synapses are a mask");
    options.n_masks = 32;
    options.signs = signs.data(), options.n_signs = 9;
    options.weight_bounds = bounds.data(), options.n_weight_bounds = 2;
    holds(spinnprop::Network({5, 4, 3}, options).get(SPINNPROP_WEIGHTS, 0) == std::vector<double>(20, 0.0),
          "absent synapses have weights");

    auto skipping = spinnprop::options<spinnprop_network_options>();
    const std::vector<std::int32_t> ends = {0, 2, 1, 2, 0, 1, 1, 1}, kinds = {SPINNPROP_DELAYS_AXONAL, 0, 0, 0};
    skipping.connections = ends.data(), skipping.n_connections = 4;
    skipping.delays = kinds.data(), skipping.n_delays = 4;
    const spinnprop::Network skips({5, 4, 3}, skipping);
    holds(skips.connections() == decltype(skips.connections()){{0, 1}, {1, 2}, {0, 2}, {1, 1}} &&
              skips.delay_kinds() == std::vector<std::int32_t>{0, 0, SPINNPROP_DELAYS_AXONAL, 0},
          "connections are others, or in another order");
    holds(skips.get(SPINNPROP_WEIGHTS, 2).size() == 15 && skips.get(SPINNPROP_DELAYS, 2).size() == 5 &&
              skips.get(SPINNPROP_WEIGHTS, 3) == skips.get(SPINNPROP_RECURRENT_WEIGHTS, 0),
          "a connection is not addressed by its index");
    holds(spinnprop::Network::from_bytes(skips.to_bytes()).connections() == skips.connections(),
          "connections do not come back");

    const auto input = spikes(10);
    const auto recording = moved.forward(input);
    const auto hidden = recording.spikes(0);
    holds(hidden.n_units == 4 && hidden.offsets.size() == 11 && !hidden.times.empty(), "hidden spikes are wrong");
    holds(spinnprop::Recording::from_bytes(recording.to_bytes()).spikes(0).times == hidden.times,
          "a recording changes");
    holds(recording.first_spike_times().size() == 30, "first spike times are wrong");
    holds(recording.diagnose(0).n_spikes == static_cast<std::int64_t>(hidden.times.size()), "the diagnosis is wrong");
    const auto loss = spinnprop::loss(SPINNPROP_LOSS_TTFS_CROSS_ENTROPY);
    holds(recording.predict(loss).size() == 10 && recording.probabilities(loss).size() == 30, "decisions are missing");
    const spinnprop::Engine engine;
    auto forward = spinnprop::options<spinnprop_forward_options>();
    forward.engine = engine.get();
    holds(engine.describe().kind == SPINNPROP_ENGINE_EVENT && engine.loss(moved).kind == loss.kind, "the engine is another");
    // A network on which nothing spikes is woken.
    spinnprop::Network woken = moved.copy();
    woken.set(SPINNPROP_WEIGHTS, 0, std::vector<double>(20, 0.1));
    woken.wake(input);
    holds(woken.get(SPINNPROP_WEIGHTS, 0)[0] > 0.1 && engine.setting(woken).t_late == engine.setting().t_late,
          "a silent network is not woken");
    const auto again = moved.forward(input, forward);
    holds(again.predict() == recording.predict(loss) && again.probabilities() == recording.probabilities(loss),
          "an engine's own loss decides otherwise");
    const std::vector<std::int64_t> labels(10, 1);
    const auto gradient = moved.gradient(recording, loss, labels);
    holds(gradient.get(SPINNPROP_WEIGHTS, 0, moved).size() == 20, "the gradient has another shape");
    holds(gradient.input_times(input.times.size()).size() == 50 && gradient.skipped() >= 0,
          "the gradient is incomplete");
    // The last errors are those of the output's spikes.
    std::vector<double> errors(hidden.times.size() + recording.spikes(1).times.size());
    errors.back() = 1;
    const auto back = moved.pull_back(recording, errors).get(SPINNPROP_WEIGHTS, 1, moved);
    holds(back.size() == 12 && std::any_of(back.begin(), back.end(), [](double own) { return own != 0; }),
          "errors are not taken back");
    errors.erase(errors.begin(), errors.begin() + static_cast<std::ptrdiff_t>(hidden.times.size()));
    holds(moved.pull_back(recording, errors).get(SPINNPROP_WEIGHTS, 1, moved) == back,
          "errors of the read-out alone are taken back otherwise");
    holds(thrown([&] { moved.integrate(recording); }) == SPINNPROP_UNSUPPORTED, "spikes are integrated");
    std::vector<double> currents;
    const auto membranes = moved.membranes(recording, 0, {1e-3, 0.0}, &currents);
    holds(membranes.size() == 80 && currents.size() == 80 && membranes[4] == 0 && currents[4] == 0,
          "membranes are read elsewhere");
    const auto [lambda_v, lambda_i] = gradient.adjoint(recording, 0, 2, 3, {0.0, 1e-3});
    holds(lambda_v.size() == 24 && lambda_i.size() == 24 && lambda_i[0] != 0, "adjoints are read elsewhere");
    const auto measured = moved.measured(input, {hidden, recording.spikes(1)});
    const auto deviations = measured.deviations(0);
    holds(deviations.size() == 40 && !(deviations[0] > 1e-12) && measured.spikes(1).times == recording.spikes(1).times,
          "measured spikes are others");
    holds(moved.gradient(measured, loss, labels).value() == gradient.value(), "measured spikes have another loss");
    holds(thrown([&] { moved.measured(input, {hidden}); }) == SPINNPROP_INVALID_VALUE, "a layer is missing unnoticed");
    holds(thrown([&] { network.gradient(recording, loss, labels); }) == SPINNPROP_STALE_RECORDING,
          "a stale recording passes");
}

void training() {
    const auto input = spikes(60);
    const auto labels = spinnprop::yin_yang(60).labels;
    auto options = spinnprop::options<spinnprop_training_options>();
    options.epochs = 3;
    options.batch_size = 20;
    spinnprop::Trainer trainer(spinnprop::Network({5, 10, 3}), options);
    int calls = 0;
    const auto stop = [&](const spinnprop_progress &) { return ++calls == 0; };
    holds(thrown([&] { trainer.run(input, labels, stop); }) == SPINNPROP_CANCELLED && calls == 1,
          "false does not stop");
    bool is_caught = false;
    try {
        trainer.run(input, labels, [](const spinnprop_progress &) -> bool { throw std::logic_error("mine"); });
    } catch (const std::logic_error &error) {
        is_caught = std::string(error.what()) == "mine";
    }
    holds(is_caught, "what a callback throws is lost");
    is_caught = false;
    trainer.set_schedule([](std::int32_t) -> double { throw std::logic_error("mine"); });
    try {
        trainer.run(input, labels);
    } catch (const std::logic_error &) {
        is_caught = true;
    }
    holds(is_caught, "what a schedule throws is lost");
    trainer.set_schedule([](std::int32_t epoch) { return epoch == 0 ? 1.0 : 0.5; });
    trainer.set_learning_rates(SPINNPROP_TRAIN_WEIGHTS, {0, 1e-2});
    trainer.run(input, labels);
    holds(trainer.history().size() == 3 && trainer.history()[2].learning_rate == 5e-3, "a schedule is not followed");
    trainer.set_schedule(nullptr);
    trainer.set_epochs(4);
    trainer.run(input, labels);
    spinnprop::Supervision wanted;
    wanted.labels = labels;
    holds(std::isfinite(trainer.step(input, wanted)), "a step with a batch has no loss");
    spinnprop_loss distance;
    spinnprop::check(spinnprop_loss_init(&distance, SPINNPROP_LOSS_SPIKE_TIME_MSE));
    spinnprop_training_options aimed = options;
    aimed.loss = &distance;
    spinnprop::Trainer aims(spinnprop::Network({5, 10, 3}), aimed);
    const std::vector<double> targets(3 * labels.size(), 20e-3);
    aims.run_targets(input, targets, input, targets);
    holds(std::isnan(aims.history().back().accuracy) && std::isfinite(aims.history().back().validation_loss),
          "a training on target times has no accuracy");
    spinnprop::Supervision weighed;
    weighed.targets = targets;
    weighed.weights.assign(labels.size(), 2);
    spinnprop::Trainer twice(spinnprop::Network({5, 10, 3}), aimed);
    twice.run(input, weighed, input, weighed);
    holds(std::abs(twice.history()[0].validation_loss / twice.history()[0].loss) > 0, "weighed targets are not trained on");
    spinnprop::Network own({5, 10, 3});
    const auto recording = own.forward(input);
    const double once = own.gradient(recording, distance, labels).value();
    weighed.targets.clear();
    weighed.labels = labels;
    holds(std::abs(own.gradient(recording, distance, weighed).value() - 2 * once) < 1e-12 * once, "weights do not multiply");
    holds(trainer.history().size() == 4, "the history is incomplete");
    holds(trainer.network().forward(input).describe().n_samples == 60, "the trained network does not run");
}

void local_learning() {
    spinnprop::StepInput input;
    input.n_units = 4;
    input.probabilities = spinnprop::yin_yang(60).x;
    const auto labels = spinnprop::yin_yang(60).labels;
    auto options = spinnprop::options<spinnprop_biograd_options>();
    options.epochs = 2;
    spinnprop::BioGrad training({4, 10, 3}, options);
    training.wake(input);
    const auto before = training.get(SPINNPROP_BIOGRAD_WEIGHTS, 0);
    training.run(input, labels);
    holds(training.history().size() == 2 && training.info().sleeps == 4, "the training is incomplete");
    holds(before.size() == 40 && before != training.get(SPINNPROP_BIOGRAD_WEIGHTS, 0), "nothing is learnt");
    holds(training.counts(input).size() == 180, "counts are missing");
    spinnprop::BioGrad on_chip({4, 10, 3}, options);
    const spinnprop::SpiNNaker2Engine chip;
    on_chip.wake(input);
    on_chip.run(input, labels, chip);
    for (const std::int32_t parameter : {SPINNPROP_BIOGRAD_WEIGHTS, SPINNPROP_BIOGRAD_BIASES, SPINNPROP_BIOGRAD_FEEDBACK})
        holds(on_chip.get(parameter, 0) == training.get(parameter, 0), "the chip's bits are not the host's");
    holds(on_chip.counts(input, 0, chip) == training.counts(input), "the chip's counts are not the host's");
    holds(chip.account().describe().backward_samples == 120, "the chip's account is incomplete");
    training.set(SPINNPROP_BIOGRAD_FEEDBACK, 0, std::vector<double>(30, 0.5));
    training.sleep(10);
    holds(training.get(SPINNPROP_BIOGRAD_FEEDBACK, 0).size() == 30, "the feedback has another shape");
    holds(thrown([&] { training.get(SPINNPROP_BIOGRAD_WEIGHTS, 2); }) == SPINNPROP_INVALID_INDEX, "a missing layer passes");
    const auto again = spinnprop::BioGrad::from_bytes(training.to_bytes());
    holds(again.layer_sizes() == training.layer_sizes() && again.options().epochs == 2, "bytes lose the training's shape");
    holds(again.to_bytes() == training.to_bytes(), "bytes lose something");
    holds(thrown([&] { spinnprop::BioGrad::load("no/such/file"); }) == SPINNPROP_FILE_NOT_FOUND, "a missing file loads");
    training.set_epochs(3);
    holds(thrown([&] { training.run(input, labels, {}, "no/such/folder/file"); }) == SPINNPROP_FILE_NOT_FOUND,
          "a checkpoint goes nowhere");
    options.integer = 1;
    spinnprop::BioGrad integers({4, 10, 3}, options);
    integers.run(input, labels);
    holds(integers.get(SPINNPROP_BIOGRAD_UNITS, 0)[0] > 0 && training.get(SPINNPROP_BIOGRAD_UNITS, 0)[0] == 0, "integers have no unit");
    input.n_units = 0;
    holds(thrown([&] { training.counts(input); }) == SPINNPROP_INVALID_VALUE, "samples without inputs pass");
}

void spinnaker2() {
    auto options = spinnprop::options<spinnprop_spinnaker2_options>();
    options.steps = 40;
    const spinnprop::SpiNNaker2Engine engine(options);
    holds(engine.options().steps == 40 && engine.describe().kind == SPINNPROP_ENGINE_SPINNAKER2, "the options are others");
    holds(spinnprop::Engine(spinnprop::options<spinnprop_clock_options>()).describe().steps == 27, "the grid is another");
    auto meant = spinnprop::options<spinnprop_network_options>();
    meant.engine = engine.get();
    holds(engine.setting().tau_mem == spinnprop::Network({5, 4, 3}, meant).get(SPINNPROP_TAU_MEM, 1)[2],
          "a network does not take its engine's choice");
    const auto info = engine.board();
    holds(info.chips == 1 && info.pes_per_chip > 100, "the board is another");
    holds(engine.constants().back().name[0] != 0 && engine.workloads().at(0).workload[0] != 0, "tables are empty");
    const auto fit = engine.fit({5, 12, 3}, 8);
    holds(fit.answer.fits == 1 && fit.slices.size() == 2 && fit.slices[0] >= 1 && fit.largest[1] > 12,
          "a small network does not fit");
    const auto wide = engine.fit({5, 1 << 20, 3}, 8);
    holds(wide.answer.fits == 0 && wide.answer.reason[0] != 0 && wide.slices[0] == 0, "a million neurons fit");
    holds(thrown([&] { engine.fit({}, 8); }) == SPINNPROP_INVALID_VALUE, "no network fits");
    holds(thrown([&] { engine.account(); }) == SPINNPROP_INVALID_VALUE, "there is an account of nothing");
    holds(thrown([] { spinnprop_spinnaker2_account *none = nullptr; spinnprop::check(spinnprop_spinnaker2_account_create(&none, spinnprop::Engine().get())); }) == SPINNPROP_UNSUPPORTED, "exact events have an account");

    auto forward = spinnprop::options<spinnprop_forward_options>();
    forward.engine = engine.get();
    const spinnprop::Network network({5, 12, 3});
    network.forward(spikes(10), forward);
    const spinnprop::SpiNNaker2Account account = engine.account();
    const auto totals = account.describe();
    holds(totals.forward_samples == 10 && totals.seconds > 0 && totals.energy > 0, "the account is empty");
    double seconds = 0;
    std::int64_t cycles = 0, of_programs = 0, of_pes = 0;
    for (const auto &phase : account.phases()) seconds += phase.seconds;
    for (const auto &counters : account.phase_counters()) cycles += counters.cycles;
    for (const auto &counters : account.program_counters()) of_programs += counters.cycles;
    for (const auto &counters : account.pe_counters()) of_pes += counters.cycles;
    holds(std::abs(seconds - totals.seconds) <= 1e-9 * totals.seconds, "phases do not add up");
    holds(cycles > 0 && cycles == of_programs && cycles == of_pes, "cycles do not add up");
    holds(account.programs().at(0).n_pes > 0 && account.pes().at(0).n_buffers > 0 && account.buffers().at(0).bytes > 0,
          "a processing element is empty");
    holds(account.link_bits().size() == static_cast<std::size_t>(totals.n_links), "links are missing");
    holds(account.slips().size() == static_cast<std::size_t>(totals.n_slips), "slips are missing");
    engine.reset_account();
    holds(account.describe().forward_samples == 10, "an account changes");
    holds(engine.account().describe().forward_samples == 0, "a reset forgets nothing");
}

void analog_chips() {
    auto options = spinnprop::BrainScaleS2Chip::preset(SPINNPROP_BRAINSCALES2_UNCALIBRATED);
    options.seed = 3;
    const spinnprop::BrainScaleS2Chip raw(options);
    const auto chip = raw.calibrate();
    const auto spread = [](const spinnprop::BrainScaleS2Chip &of) {
        double squares = 0;
        for (const double value : of.values(SPINNPROP_BRAINSCALES2_TAU_SYN)) squares += (value - 1) * (value - 1);
        return std::sqrt(squares / 512);
    };
    holds(raw.options().seed == 3 && raw.codes().empty() && chip.codes().size() == 2048, "a chip is another");
    holds(spread(raw) > 0.2 && spread(chip) < 0.1, "calibration does not bring circuits together");
    const spinnprop::BrainScaleS2Chip again(raw.options(), chip.codes());
    holds(again.values(SPINNPROP_BRAINSCALES2_THRESHOLD) == chip.values(SPINNPROP_BRAINSCALES2_THRESHOLD), "settings make another chip");
    holds(thrown([&] { spinnprop::BrainScaleS2Chip(options, {1, 2}); }) == SPINNPROP_INVALID_VALUE, "two settings make a chip");
    holds(thrown([&] { chip.values(7); }) == SPINNPROP_INVALID_INDEX, "a chip has another parameter");
    holds(thrown([] { spinnprop::BrainScaleS2Chip::preset(9); }) == SPINNPROP_INVALID_VALUE, "there are nine kinds of chips");

    auto substrate = spinnprop::options<spinnprop_brainscales2_options>();
    substrate.input_copies = 5;
    const spinnprop::BrainScaleS2Engine engine(chip, substrate);
    holds(engine.describe().kind == SPINNPROP_ENGINE_BRAINSCALES2 && engine.options().input_copies == 5, "the engine is another");
    auto both = std::vector<spinnprop::BrainScaleS2Chip>();
    both.emplace_back();
    both.push_back(raw.calibrate());
    const spinnprop::BrainScaleS2Engine several(both);
    holds(several.describe().kind == SPINNPROP_ENGINE_BRAINSCALES2, "two chips are no engine");
    holds(thrown([] { spinnprop::BrainScaleS2Engine(std::vector<spinnprop::BrainScaleS2Chip>()); }) == SPINNPROP_INVALID_VALUE,
          "no chip is an engine");

    auto fitting = spinnprop::options<spinnprop_brainscales2_fit_options>();
    fitting.input_copies = 5;
    const auto fit = spinnprop::BrainScaleS2Engine::fit({5, 120, 3}, fitting);
    holds(fit.answer.fits == 1 && fit.answer.circuits == 123 && fit.merged == std::vector<std::int32_t>{1, 1}, "25-120-3 does not fit");
    holds(spinnprop::BrainScaleS2Engine::fit({5, 600, 3}).answer.fits == 0, "600 neurons fit");
    fitting.input_spikes = 130;
    fitting.duration = 0;
    const auto burst = spinnprop::BrainScaleS2Engine::fit({5, 120, 3}, fitting);
    holds(burst.answer.fits == 0 && burst.answer.carried_spikes == 129, "130 spikes at once fit");
    holds(thrown([] { spinnprop::BrainScaleS2Engine::fit({}); }) == SPINNPROP_INVALID_VALUE, "no network fits");
    const auto costs = spinnprop::BrainScaleS2Engine::costs(30e-6, 10);
    holds(costs.size() == 2 && costs[0].source[0] != 0 && costs[1].step_joules > costs[1].sample_joules, "costs are missing");

    auto forward = spinnprop::options<spinnprop_forward_options>();
    forward.engine = engine.get();
    auto trained_so = spinnprop::options<spinnprop_training_options>();
    trained_so.forward = &forward;
    trained_so.epochs = 2;
    trained_so.batch_size = 20;
    const spinnprop::Network network({5, 10, 3});
    spinnprop::Trainer trainer(network, trained_so);
    trainer.run(spikes(60), spinnprop::yin_yang(60).labels);
    const auto trained = trainer.network();
    const auto rounded = engine.weights(trained, 0), exact = trained.get(SPINNPROP_WEIGHTS, 0);
    holds(trainer.history().size() == 2 && exact != network.get(SPINNPROP_WEIGHTS, 0), "nothing is learnt in the loop");
    holds(rounded.size() == 50 && rounded != exact && engine.lost_events() == 0, "weights have more than six bits");
    holds(trained.forward(spikes(10), forward).deviations(0).size() > 0, "a chip's recording is not a measured one");
}

void sparse() {
    auto options = spinnprop::options<spinnprop_sparse_options>();
    options.n_neurons = 50;
    options.degree = 5;
    const spinnprop::SparseNetwork network(options);
    const auto info = network.describe();
    holds(info.n_neurons == 50 && info.n_synapses == 250 && network.drives().size() == 1, "the network is another");
    const auto [offsets, targets] = network.adjacency();
    holds(offsets.size() == 51 && offsets.back() == 250 && targets.size() == 250, "the synapses are others");
    auto other = network.copy();
    other.set_weights(std::vector<double>(250, -0.1));
    holds(other.weights().size() == 250 && network.weights().size() == 1, "a copy shares its weights");
    holds(thrown([&] { other.set_weights({1, 2}); }) == SPINNPROP_INVALID_VALUE, "two weights are set");
    holds(thrown([] { spinnprop::SparseNetwork(spinnprop::options<spinnprop_sparse_options>()); }) ==
              SPINNPROP_INVALID_VALUE,
          "a network of no size is made");

    auto run = spinnprop::options<spinnprop_sparse_run_options>();
    const std::vector<std::int32_t> traced{3, 4};
    run.n_spikes = 200;
    run.keeps_tape = 1;
    run.trace_units = traced.data();
    run.n_trace_units = 2;
    run.trace_interval = 1e-3;
    const auto recording = network.run(run);
    const auto [times, units] = recording.spikes();
    holds(recording.summary().n_spikes == 200 && times.size() == 200 && units.size() == 200, "spikes are missing");
    const auto traces = recording.traces(2);
    holds(!traces.empty() && traces.size() % 2 == 0, "traces are missing");
    holds(thrown([&] { recording.traces(3); }) == SPINNPROP_INVALID_VALUE, "a third trace is there");

    spinnprop::SpikeTrains wanted;
    wanted.n_units = 50;
    wanted.offsets = {0, 1};
    wanted.times = {1e-3};
    wanted.units = {units[0]};
    const auto loss = recording.spike_time_loss(wanted);
    holds(loss.value > 0 && loss.time_errors.size() == 200 && loss.time_errors[0] != 0, "the loss is another");
    holds(recording.spike_time_loss(wanted, 10e-3).value * 4 == loss.value, "tau0 is not heard");
    holds(recording.rate_loss(std::vector<double>(50, 1.0)).value > 0, "rates have no loss");
    const auto gradient = recording.differentiate(loss.time_errors);
    holds(gradient.get(SPINNPROP_SPARSE_PHASES).size() == 50 && gradient.get(SPINNPROP_SPARSE_WEIGHTS).size() == 1,
          "the gradient has another shape");
    holds(recording.differentiate(loss.time_errors, std::vector<double>(50, 1.0)).get(SPINNPROP_SPARSE_PHASES) !=
              gradient.get(SPINNPROP_SPARSE_PHASES),
          "next spike times are not heard");
    holds(thrown([&] { recording.differentiate({1.0}); }) == SPINNPROP_INVALID_VALUE, "one error stands for all");
    const auto product = recording.jacobian_product(std::vector<double>(50, 1.0));
    holds(std::abs(product.at(7) - 1.0) < 1e-9, "a shift of all does not stay one");
    const auto spectrum = recording.lyapunov(3);
    holds(spectrum.exponents.size() == 3 && spectrum.exponents[0] >= spectrum.exponents[2] && spectrum.duration > 0,
          "the spectrum is incomplete");

    run = spinnprop::options<spinnprop_sparse_run_options>();
    run.n_spikes = 200;
    std::vector<double> streamed;
    const auto keep = [&](const double *first, const std::int32_t *, std::int64_t n) {
        streamed.insert(streamed.end(), first, first + n);
        return true;
    };
    holds(network.stream(run, keep).n_spikes == 200 && streamed == times, "a stream brings other spikes");
    const auto stop = [](const double *, const std::int32_t *, std::int64_t) { return false; };
    holds(thrown([&] { network.stream(run, stop); }) == SPINNPROP_CANCELLED, "a sink's false does not stop");
    const auto fail = [](const double *, const std::int32_t *, std::int64_t) -> bool {
        throw std::logic_error("mine");
    };
    bool is_caught = false;
    try {
        network.stream(run, fail);
    } catch (const std::logic_error &) {
        is_caught = true;
    }
    holds(is_caught, "what a sink throws is lost");
}

} // namespace

static void neuron_arrays() {
    auto options = spinnprop::options<spinnprop_brainscales2_array_options>();
    options.n_neurons = 3;
    options.n_sources = 1;
    options.has_sensors = 1;
    spinnprop::NeuronArray array(options);
    array.set_weights({63, 63, 0});
    holds(array.weights() == std::vector<std::int8_t>{63, 63, 0} && array.mask() == std::vector<std::uint8_t>{1, 1, 1},
          "weights or synapses are others");
    holds(thrown([&] { array.set_weights({64, 0, 0}); }) == SPINNPROP_INVALID_VALUE, "a weight of seven bits is set");
    spinnprop::SpikeTrains inputs;
    for (int k = 0; k < 20; k++) {
        inputs.times.push_back(1e-3 * k);
        inputs.units.push_back(0);
    }
    inputs.offsets = {0, 20};
    auto run = spinnprop::options<spinnprop_brainscales2_run_options>();
    run.duration = 0.02;
    const auto before = array.copy();
    const auto spikes = array.run(inputs, run);
    holds(spikes.times.size() > 2 && spikes.n_units == 3 && array.describe().time == 0.02, "the run is another");
    holds(array.spikes().times == spikes.times && before.describe().time == 0, "a copy runs, too");
    holds(array.membranes().first.size() == 3 && array.membranes().second.size() == 3, "membranes are missing");
    auto other = array.copy();
    other.reset();
    other.set_state(array.state());
    holds(other.describe().time == 0.02 && other.membranes() == array.membranes() && other.state() == array.state(), "the state is another");
    holds(thrown([&] { other.set_state({1, 2, 3}); }) == SPINNPROP_INVALID_VALUE, "three bytes are a state");
    holds(array.correlations(false).first[0] > 0 && array.rates()[0] > 0 && array.rates()[0] == 0, "nothing was sensed");

    auto program = spinnprop::options<spinnprop_brainscales2_program_options>();
    program.kind = SPINNPROP_BRAINSCALES2_STRUCTURAL_PLASTICITY;
    array.apply(program);
    program.kind = SPINNPROP_BRAINSCALES2_RATE_HOMEOSTASIS;
    program.learning_rate = 1;
    run.period = 0.01;
    array.run(inputs, run, program);
    holds(array.weights()[2] == 20 && array.describe().n_calls == 3, "the program did something else");
    int calls = 0;
    const spinnprop::NeuronArray::Rule rule = [&](const spinnprop::NeuronArray::Synapses &synapses) {
        calls++;
        synapses.weights[2] = 7;
    };
    array.run(inputs, run, rule);
    holds(array.weights()[2] == 7 && calls == 2, "the rule did something else");
    const spinnprop::NeuronArray::Rule failing = [](const spinnprop::NeuronArray::Synapses &) { throw std::runtime_error("enough"); };
    try {
        array.apply(failing);
        holds(false, "what the rule threw is lost");
    } catch (const std::runtime_error &error) {
        holds(std::string(error.what()) == "enough", "the rule threw something else");
    }
    options.n_neurons = 2;
    const spinnprop::BrainScaleS2Chip chip;
    spinnprop::NeuronArray placed(chip, options);
    holds(placed.describe().n_neurons == 2, "an array on a chip has other neurons");
    options.n_neurons = -1;
    holds(thrown([&] { spinnprop::NeuronArray(chip, options); }) == SPINNPROP_INVALID_VALUE, "a chip has less than no neurons");
    array.reset();
    holds(array.describe().time == 0, "the array goes on");
    holds(array.run(run).times.empty() && array.describe().time == 0.02, "silence makes spikes, or takes no time");
    array.run(run, program);
    holds(array.describe().n_calls == 2, "a program does not run in silence");
}

int main() {
    try {
        errors();
        values();
        training();
        local_learning();
        spinnaker2();
        analog_chips();
        sparse();
        neuron_arrays();
    } catch (const std::exception &error) {
        holds(false, std::string("unexpected: ") + error.what());
    }
    std::cout << "wrapper: " << n_defects << " defects\n";
    return n_defects == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
