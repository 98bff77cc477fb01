// What spinnprop.hpp promises beyond spinnprop.h: exceptions, ownership, vectors of the right size.
#include <spinnprop.hpp>

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
    holds(engine.describe().kind == SPINNPROP_ENGINE_EVENT && engine.loss().kind == loss.kind, "the engine is another");
    const auto again = moved.forward(input, forward);
    holds(again.predict() == recording.predict(loss) && again.probabilities() == recording.probabilities(loss),
          "an engine's own loss decides otherwise");
    const std::vector<std::int64_t> labels(10, 1);
    const auto gradient = moved.gradient(recording, loss, labels);
    holds(gradient.get(SPINNPROP_WEIGHTS, 0, moved).size() == 20, "the gradient has another shape");
    holds(gradient.input_times(input.times.size()).size() == 50 && gradient.skipped() >= 0,
          "the gradient is incomplete");
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
    trainer.run(input, labels);
    holds(trainer.history().size() == 3, "the history is incomplete");
    holds(trainer.network().forward(input).describe().n_samples == 60, "the trained network does not run");
}

} // namespace

int main() {
    try {
        errors();
        values();
        training();
    } catch (const std::exception &error) {
        holds(false, std::string("unexpected: ") + error.what());
    }
    std::cout << "wrapper: " << n_defects << " defects\n";
    return n_defects == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
