// spinnprop.hpp - spinnprop.h for C++17: handles that free themselves, std::vector, exceptions.
//
// Everything is a thin layer over spinnprop.h, which remains the manual; its option structs are used as they are, and
// `options<T>()` fills one with its defaults. Handles move; `copy()` copies. What returns a status in C throws
// spinnprop::Error here, with the library's message.
//
//   auto [x, labels] = spinnprop::yin_yang(5000, 42);
//   auto spikes = spinnprop::encode_latency(x, 4, 0.0, 30e-3, 0.0);
//   spinnprop::Network network({5, 120, 3});
//   spinnprop::Trainer trainer(network, spinnprop::options<spinnprop_training_options>());
//   trainer.run(spikes, labels);
#ifndef SPINNPROP_HPP
#define SPINNPROP_HPP

#include <spinnprop.h>

#include <cmath>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace spinnprop {

// A call that failed: the library's message and the status behind it.
class Error : public std::runtime_error {
public:
    Error(spinnprop_status status, const std::string &message) : std::runtime_error(message), status_(status) {}
    spinnprop_status status() const noexcept { return status_; }

private:
    spinnprop_status status_;
};

inline void check(spinnprop_status status) {
    if (status != SPINNPROP_OK) throw Error(status, spinnprop_last_error());
}

namespace detail {

template <class T> std::int64_t size(const std::vector<T> &values) { return static_cast<std::int64_t>(values.size()); }

inline void initialise(spinnprop_network_options &o) { spinnprop_network_options_init(&o); }
inline void initialise(spinnprop_engine_options &o) { spinnprop_engine_options_init(&o); }
inline void initialise(spinnprop_forward_options &o) { spinnprop_forward_options_init(&o); }
inline void initialise(spinnprop_gradient_options &o) { spinnprop_gradient_options_init(&o); }
inline void initialise(spinnprop_training_options &o) { spinnprop_training_options_init(&o); }
inline void initialise(spinnprop_network_info &o) { spinnprop_network_info_init(&o); }
inline void initialise(spinnprop_recording_info &o) { spinnprop_recording_info_init(&o); }
inline void initialise(spinnprop_diagnostics &o) { spinnprop_diagnostics_init(&o); }

struct Free {
    void operator()(spinnprop_network *handle) const noexcept { spinnprop_network_free(handle); }
    void operator()(spinnprop_recording *handle) const noexcept { spinnprop_recording_free(handle); }
    void operator()(spinnprop_gradient *handle) const noexcept { spinnprop_gradient_free(handle); }
    void operator()(spinnprop_trainer *handle) const noexcept { spinnprop_trainer_free(handle); }
    void operator()(spinnprop_engine *handle) const noexcept { spinnprop_engine_free(handle); }
};
template <class T> using Handle = std::unique_ptr<T, Free>;

// Makes a handle by a C function whose first argument is where to put it.
template <class T, class Function, class... Arguments> Handle<T> make(Function function, Arguments... arguments) {
    T *handle = nullptr;
    check(function(&handle, arguments...));
    return Handle<T>(handle);
}

// The bytes of an object by its C function spinnprop_<noun>_to_bytes.
template <class T, class Function> std::vector<std::uint8_t> bytes(Function function, const T *handle) {
    std::int64_t needed = 0;
    check(function(nullptr, 0, &needed, handle));
    std::vector<std::uint8_t> result(static_cast<std::size_t>(needed));
    check(function(result.data(), size(result), &needed, handle));
    return result;
}

} // namespace detail

// An option struct with its defaults.
template <class Struct> Struct options() {
    Struct result;
    detail::initialise(result);
    return result;
}

// A loss of the given kind (SPINNPROP_LOSS_*) with its defaults.
inline spinnprop_loss loss(std::int32_t kind) {
    spinnprop_loss result;
    check(spinnprop_loss_init(&result, kind));
    return result;
}

// ------------------------------------------------------------------------------------------------------------ progress

// Told now and then how far a long call is; returns whether to go on. What it throws comes out of that call.
using Progress = std::function<bool(const spinnprop_progress &)>;

namespace detail {

struct Listener {
    const Progress &progress;
    std::exception_ptr thrown = nullptr;

    static int call(const spinnprop_progress *progress, void *payload) noexcept {
        auto *self = static_cast<Listener *>(payload);
        try {
            return self->progress(*progress) ? 0 : 1;
        } catch (...) {
            self->thrown = std::current_exception();
            return 1;
        }
    }
    spinnprop_progress_callback callback() const { return progress ? &Listener::call : nullptr; }
    void check(spinnprop_status status) const {
        if (thrown) std::rethrow_exception(thrown);
        spinnprop::check(status);
    }
};

} // namespace detail

// -------------------------------------------------------------------------------------------------------- data, spikes

// Spike trains in compressed rows: the spikes of sample s are offsets[s] .. offsets[s + 1] - 1.
struct SpikeTrains {
    std::vector<double> times;
    std::vector<std::int32_t> units;
    std::vector<std::int64_t> offsets{0};
    std::int32_t n_units = 1;

    // What the C functions take; valid while this object lives and is not changed.
    spinnprop_spikes view() const {
        if (times.size() != units.size() || offsets.empty())
            throw Error(SPINNPROP_INVALID_VALUE, "times and units must be equally long, and offsets must not be empty");
        spinnprop_spikes result;
        spinnprop_spikes_init(&result);
        result.times = times.data();
        result.units = units.data();
        result.offsets = offsets.data();
        result.n_spikes = detail::size(times);
        result.n_samples = detail::size(offsets) - 1;
        result.n_units = n_units;
        return result;
    }
};

struct Samples {
    std::vector<double> x; // row by row
    std::vector<std::int64_t> labels;
};

inline Samples yin_yang(std::int64_t n, std::int64_t seed = 42) {
    if (n < 0) throw Error(SPINNPROP_INVALID_VALUE, "n is " + std::to_string(n) + "; it must not be negative");
    Samples result{std::vector<double>(4 * static_cast<std::size_t>(n)),
                   std::vector<std::int64_t>(static_cast<std::size_t>(n))};
    check(spinnprop_yin_yang(result.x.data(), detail::size(result.x), result.labels.data(), n, seed));
    return result;
}

// One spike per feature at t_early + x * (t_late - t_early); a finite bias adds a unit that spikes at that time.
inline SpikeTrains encode_latency(const std::vector<double> &x, std::int32_t n_features, double t_early, double t_late,
                                  double bias = std::numeric_limits<double>::quiet_NaN()) {
    if (n_features < 1 || x.size() % static_cast<std::size_t>(n_features) != 0)
        throw Error(SPINNPROP_INVALID_VALUE,
                    std::to_string(x.size()) + " values are no rows of " + std::to_string(n_features) + " features");
    const std::size_t n_samples = x.size() / static_cast<std::size_t>(n_features);
    SpikeTrains result;
    result.n_units = n_features + (std::isnan(bias) ? 0 : 1);
    result.times.resize(n_samples * static_cast<std::size_t>(result.n_units));
    result.units.resize(result.times.size());
    result.offsets.resize(n_samples + 1);
    check(spinnprop_encode_latency(result.times.data(), result.units.data(), detail::size(result.times),
                                   result.offsets.data(), detail::size(result.offsets), x.data(),
                                   static_cast<std::int64_t>(n_samples), n_features, t_early, t_late, bias));
    return result;
}

// -------------------------------------------------------------------------------------------------------------- engine

// What a network runs on. It must live while options point to it.
class Engine {
public:
    explicit Engine(const spinnprop_engine_options &options = spinnprop::options<spinnprop_engine_options>())
        : handle_(detail::make<spinnprop_engine>(spinnprop_engine_create, &options)) {}
    // What it was made with.
    spinnprop_engine_options describe() const {
        auto result = options<spinnprop_engine_options>();
        check(spinnprop_engine_describe(&result, get()));
        return result;
    }
    // The loss that suits what it records of a read-out (SPINNPROP_READOUT_*).
    spinnprop_loss loss(std::int32_t readout = SPINNPROP_READOUT_SPIKING) const {
        spinnprop_loss result;
        check(spinnprop_engine_loss(&result, get(), readout));
        return result;
    }
    const spinnprop_engine *get() const noexcept { return handle_.get(); }

private:
    detail::Handle<spinnprop_engine> handle_;
};

// ----------------------------------------------------------------------------------------------------------- recording

// What a run left behind.
class Recording {
public:
    explicit Recording(detail::Handle<spinnprop_recording> handle) : handle_(std::move(handle)) {}

    spinnprop_recording_info describe() const {
        auto info = options<spinnprop_recording_info>();
        check(spinnprop_recording_describe(&info, get()));
        return info;
    }
    SpikeTrains spikes(std::int32_t layer) const {
        std::int64_t n = 0;
        check(spinnprop_recording_spike_count(&n, get(), layer));
        SpikeTrains result;
        result.times.resize(static_cast<std::size_t>(n));
        result.units.resize(static_cast<std::size_t>(n));
        result.offsets.resize(static_cast<std::size_t>(describe().n_samples) + 1);
        check(spinnprop_recording_spikes(result.times.data(), result.units.data(), nullptr, nullptr, n,
                                         result.offsets.data(), detail::size(result.offsets), get(), layer));
        std::int64_t n_neurons = 0;
        check(spinnprop_recording_layer_size(&n_neurons, get(), layer));
        result.n_units = static_cast<std::int32_t>(n_neurons);
        return result;
    }
    // (n_samples, n_outputs), +infinity where silent.
    std::vector<double> first_spike_times() const {
        std::vector<double> times(output_size());
        check(spinnprop_recording_first_spike_times(times.data(), detail::size(times), get()));
        return times;
    }
    spinnprop_diagnostics diagnose(std::int32_t layer) const {
        auto diagnostics = options<spinnprop_diagnostics>();
        check(spinnprop_recording_diagnose(&diagnostics, get(), layer));
        return diagnostics;
    }
    // Under a loss; without one, under that of the engine which made the recording.
    std::vector<std::int64_t> predict(const spinnprop_loss *loss = nullptr) const {
        std::vector<std::int64_t> classes(static_cast<std::size_t>(describe().n_samples));
        check(spinnprop_recording_predict(classes.data(), detail::size(classes), get(), loss));
        return classes;
    }
    std::vector<std::int64_t> predict(const spinnprop_loss &loss) const { return predict(&loss); }
    // (n_samples, n_outputs), likewise.
    std::vector<double> probabilities(const spinnprop_loss *loss = nullptr) const {
        std::vector<double> values(output_size());
        check(spinnprop_recording_probabilities(values.data(), detail::size(values), get(), loss));
        return values;
    }
    std::vector<double> probabilities(const spinnprop_loss &loss) const { return probabilities(&loss); }
    std::vector<std::uint8_t> to_bytes() const { return detail::bytes(spinnprop_recording_to_bytes, get()); }
    static Recording from_bytes(const std::vector<std::uint8_t> &bytes) {
        return Recording(
            detail::make<spinnprop_recording>(spinnprop_recording_from_bytes, bytes.data(), detail::size(bytes)));
    }
    const spinnprop_recording *get() const noexcept { return handle_.get(); }

private:
    std::size_t output_size() const {
        const auto info = describe();
        return static_cast<std::size_t>(info.n_samples) * static_cast<std::size_t>(info.n_outputs);
    }
    detail::Handle<spinnprop_recording> handle_;
};

// ------------------------------------------------------------------------------------------------------------- network

class Gradient;

// A network of layers of spiking neurons.
class Network {
public:
    explicit Network(const std::vector<std::int32_t> &sizes,
                     spinnprop_network_options options = spinnprop::options<spinnprop_network_options>()) {
        options.layer_sizes = sizes.data();
        options.n_layer_sizes = static_cast<std::int32_t>(sizes.size());
        handle_ = detail::make<spinnprop_network>(spinnprop_network_create, &options);
    }
    explicit Network(detail::Handle<spinnprop_network> handle) : handle_(std::move(handle)) {}
    Network copy() const { return Network(detail::make<spinnprop_network>(spinnprop_network_copy, get())); }

    static Network load(const std::string &path) {
        return Network(detail::make<spinnprop_network>(spinnprop_network_load, path.c_str()));
    }
    void save(const std::string &path) const { check(spinnprop_network_save(get(), path.c_str())); }
    std::vector<std::uint8_t> to_bytes() const { return detail::bytes(spinnprop_network_to_bytes, get()); }
    static Network from_bytes(const std::vector<std::uint8_t> &bytes) {
        return Network(
            detail::make<spinnprop_network>(spinnprop_network_from_bytes, bytes.data(), detail::size(bytes)));
    }

    spinnprop_network_info describe() const {
        auto info = options<spinnprop_network_info>();
        check(spinnprop_network_describe(&info, get()));
        return info;
    }
    // Rows and columns of SPINNPROP_WEIGHTS .. SPINNPROP_RESET of a layer.
    std::pair<std::int64_t, std::int64_t> shape(std::int32_t parameter, std::int32_t layer) const {
        std::int64_t rows = 0, columns = 0;
        check(spinnprop_network_shape(&rows, &columns, get(), parameter, layer));
        return {rows, columns};
    }
    std::vector<double> get(std::int32_t parameter, std::int32_t layer) const {
        const auto [rows, columns] = shape(parameter, layer);
        std::vector<double> values(static_cast<std::size_t>(rows * columns));
        check(spinnprop_network_get(values.data(), detail::size(values), get(), parameter, layer));
        return values;
    }
    void set(std::int32_t parameter, std::int32_t layer, const std::vector<double> &values) {
        check(spinnprop_network_set(handle_.get(), parameter, layer, values.data(), detail::size(values)));
    }

    Recording forward(const SpikeTrains &input,
                      const spinnprop_forward_options &options = spinnprop::options<spinnprop_forward_options>(),
                      const Progress &progress = {}) const {
        const auto view = input.view();
        detail::Listener listener{progress};
        spinnprop_recording *recording = nullptr;
        listener.check(spinnprop_network_forward(&recording, get(), &view, &options, listener.callback(), &listener));
        return Recording(detail::Handle<spinnprop_recording>(recording));
    }
    inline Gradient
    gradient(const Recording &recording, const spinnprop_loss &loss, const std::vector<std::int64_t> &labels,
             const spinnprop_gradient_options &options = spinnprop::options<spinnprop_gradient_options>(),
             const Progress &progress = {}) const;
    const spinnprop_network *get() const noexcept { return handle_.get(); }

private:
    detail::Handle<spinnprop_network> handle_;
};

// The gradient of a loss's mean over a batch.
class Gradient {
public:
    Gradient(detail::Handle<spinnprop_gradient> handle, double value) : handle_(std::move(handle)), value_(value) {}
    // The mean of the loss.
    double value() const noexcept { return value_; }
    // SPINNPROP_WEIGHTS .. SPINNPROP_RECURRENT_DELAYS of a layer, shaped as `of` says.
    std::vector<double> get(std::int32_t parameter, std::int32_t layer, const Network &of) const {
        const auto [rows, columns] = of.shape(parameter, layer);
        std::vector<double> values(static_cast<std::size_t>(rows * columns));
        check(spinnprop_gradient_get(values.data(), detail::size(values), handle_.get(), parameter, layer));
        return values;
    }
    // One per input spike; n_spikes is their number.
    std::vector<double> input_times(std::size_t n_spikes) const {
        std::vector<double> values(n_spikes);
        check(spinnprop_gradient_input_times(values.data(), detail::size(values), handle_.get()));
        return values;
    }
    std::int64_t skipped() const {
        std::int64_t n = 0;
        check(spinnprop_gradient_skipped(&n, handle_.get()));
        return n;
    }

private:
    detail::Handle<spinnprop_gradient> handle_;
    double value_;
};

inline Gradient Network::gradient(const Recording &recording, const spinnprop_loss &loss,
                                  const std::vector<std::int64_t> &labels, const spinnprop_gradient_options &options,
                                  const Progress &progress) const {
    detail::Listener listener{progress};
    spinnprop_gradient *gradient = nullptr;
    double value = 0;
    listener.check(spinnprop_network_gradient(&gradient, &value, get(), recording.get(), &loss, labels.data(),
                                              detail::size(labels), nullptr, 0, &options, listener.callback(),
                                              &listener));
    return Gradient(detail::Handle<spinnprop_gradient>(gradient), value);
}

// ------------------------------------------------------------------------------------------------------------ training

// Trains a copy of a network.
class Trainer {
public:
    Trainer(const Network &network, const spinnprop_training_options &options)
        : handle_(detail::make<spinnprop_trainer>(spinnprop_trainer_create, network.get(), &options)) {}

    // Trains until the options' epochs are done; to be called again after a stop.
    void run(const SpikeTrains &input, const std::vector<std::int64_t> &labels, const Progress &progress = {}) {
        run(input, labels, nullptr, nullptr, progress);
    }
    void run(const SpikeTrains &input, const std::vector<std::int64_t> &labels, const SpikeTrains &validation,
             const std::vector<std::int64_t> &validation_labels, const Progress &progress = {}) {
        run(input, labels, &validation, &validation_labels, progress);
    }
    Network network() const {
        return Network(detail::make<spinnprop_network>(spinnprop_trainer_network, handle_.get()));
    }
    std::vector<spinnprop_epoch> history() const {
        std::int64_t n = 0;
        check(spinnprop_trainer_epochs_done(&n, handle_.get()));
        std::vector<spinnprop_epoch> epochs(static_cast<std::size_t>(n));
        check(spinnprop_trainer_history(epochs.data(), n, handle_.get()));
        return epochs;
    }

private:
    void run(const SpikeTrains &input, const std::vector<std::int64_t> &labels, const SpikeTrains *validation,
             const std::vector<std::int64_t> *validation_labels, const Progress &progress) {
        const auto view = input.view();
        spinnprop_spikes validation_view{};
        if (validation) validation_view = validation->view();
        detail::Listener listener{progress};
        listener.check(spinnprop_trainer_run(
            handle_.get(), &view, labels.data(), detail::size(labels), validation ? &validation_view : nullptr,
            validation_labels ? validation_labels->data() : nullptr,
            validation_labels ? detail::size(*validation_labels) : 0, listener.callback(), &listener));
    }
    detail::Handle<spinnprop_trainer> handle_;
};

} // namespace spinnprop

#endif
