// Trains a spiking network on the Yin-Yang data set and uses it, in C++17.
//
//   c++ -std=c++17 yin_yang.cpp $(pkg-config --cflags --libs spinnprop) -o yin_yang
//   ./yin_yang [epochs, default 30] [file to save the network in, default yin_yang.safetensors]
#include <spinnprop.hpp>

#include <cmath>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <string>
#include <vector>

namespace {

// Labels, and the spikes that stand for the samples.
struct Dataset {
    spinnprop::SpikeTrains spikes;
    std::vector<std::int64_t> labels;
};

// Draws n samples and encodes them: each of the four features becomes one spike between 0 and 30 ms, and a fifth input
// unit, the bias, spikes at 0 in every sample.
Dataset dataset(std::int64_t n, std::int64_t seed) {
    auto [x, labels] = spinnprop::yin_yang(n, seed);
    return {spinnprop::encode_latency(x, 4, 0.0, 30e-3, 0.0), std::move(labels)};
}

// The percentage of samples that the network gives the right class.
double accuracy(const spinnprop::Network &network, const Dataset &set) {
    const auto classes = network.forward(set.spikes).predict();
    std::size_t n_right = 0;
    for (std::size_t sample = 0; sample < classes.size(); sample++) n_right += classes[sample] == set.labels[sample];
    return 100.0 * static_cast<double>(n_right) / static_cast<double>(classes.size());
}

void run(int epochs, const std::string &path) {
    // The published sets.
    const Dataset training = dataset(5000, 42), validation = dataset(1000, 41), test = dataset(1000, 40);

    // A network of 5 inputs, 120 hidden and 3 output neurons.
    auto network_options = spinnprop::options<spinnprop_network_options>();
    network_options.seed = 1;
    const spinnprop::Network network({5, 120, 3}, network_options);

    // Training; all that is not set keeps its default.
    auto options = spinnprop::options<spinnprop_training_options>();
    options.epochs = epochs;
    options.seed = 1;
    spinnprop::Trainer trainer(network, options);
    trainer.run(training.spikes, training.labels, validation.spikes, validation.labels,
                [](const spinnprop_progress &progress) {
                    if (progress.epoch_finished)
                        std::cout << "epoch " << progress.epoch + 1 << "/" << progress.n_epochs << "   loss "
                                  << std::setprecision(4) << progress.loss << "   accuracy " << std::setprecision(1)
                                  << 100 * progress.accuracy << " %   validation " << 100 * progress.validation_accuracy
                                  << " %\n";
                    return true; // false would stop the training
                });

    // The trainer worked on a copy: the network as it stands now is fetched, saved and loaded again.
    trainer.network().save(path);
    const auto loaded = spinnprop::Network::load(path);
    std::cout << "test accuracy before training " << accuracy(network, test) << " %\n";
    std::cout << "test accuracy " << accuracy(loaded, test) << " % (network saved in " << path << ")\n";

    // A gradient by hand, without the trainer.
    const auto recording = loaded.forward(test.spikes);
    const auto gradient =
        loaded.gradient(recording, spinnprop::loss(SPINNPROP_LOSS_TTFS_CROSS_ENTROPY), test.labels);
    double norm = 0;
    for (const double slope : gradient.get(SPINNPROP_WEIGHTS, 0, loaded)) norm += slope * slope;
    std::cout << std::setprecision(4) << "test loss " << gradient.value()
              << ", norm of its gradient in the first layer " << std::sqrt(norm) << "\n";
}

} // namespace

int main(int argc, char **argv) {
    std::cout << std::fixed << std::setprecision(1);
    try {
        run(argc > 1 ? std::atoi(argv[1]) : 30, argc > 2 ? argv[2] : "yin_yang.safetensors");
    } catch (const std::exception &error) {
        std::cerr << "yin_yang: " << error.what() << "\n";
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
