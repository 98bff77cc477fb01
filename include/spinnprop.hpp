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
inline void initialise(spinnprop_setting &o) { spinnprop_setting_init(&o); }
inline void initialise(spinnprop_chip_info &o) { spinnprop_chip_info_init(&o); }
inline void initialise(spinnprop_chip_constant &o) { spinnprop_chip_constant_init(&o); }
inline void initialise(spinnprop_chip_published &o) { spinnprop_chip_published_init(&o); }
inline void initialise(spinnprop_chip_fit_options &o) { spinnprop_chip_fit_options_init(&o); }
inline void initialise(spinnprop_chip_fit &o) { spinnprop_chip_fit_init(&o); }
inline void initialise(spinnprop_chip_account &o) { spinnprop_chip_account_init(&o); }
inline void initialise(spinnprop_chip_phase &o) { spinnprop_chip_phase_init(&o); }
inline void initialise(spinnprop_chip_program &o) { spinnprop_chip_program_init(&o); }
inline void initialise(spinnprop_chip_pe &o) { spinnprop_chip_pe_init(&o); }
inline void initialise(spinnprop_chip_buffer &o) { spinnprop_chip_buffer_init(&o); }
inline void initialise(spinnprop_chip_counters &o) { spinnprop_chip_counters_init(&o); }
inline void initialise(spinnprop_chip_slip &o) { spinnprop_chip_slip_init(&o); }
inline void initialise(spinnprop_sparse_options &o) { spinnprop_sparse_options_init(&o); }
inline void initialise(spinnprop_sparse_info &o) { spinnprop_sparse_info_init(&o); }
inline void initialise(spinnprop_sparse_run_options &o) { spinnprop_sparse_run_options_init(&o); }
inline void initialise(spinnprop_sparse_summary &o) { spinnprop_sparse_summary_init(&o); }
inline void initialise(spinnprop_sparse_lyapunov_options &o) { spinnprop_sparse_lyapunov_options_init(&o); }

struct Free {
    void operator()(spinnprop_network *handle) const noexcept { spinnprop_network_free(handle); }
    void operator()(spinnprop_recording *handle) const noexcept { spinnprop_recording_free(handle); }
    void operator()(spinnprop_gradient *handle) const noexcept { spinnprop_gradient_free(handle); }
    void operator()(spinnprop_trainer *handle) const noexcept { spinnprop_trainer_free(handle); }
    void operator()(spinnprop_engine *handle) const noexcept { spinnprop_engine_free(handle); }
    void operator()(spinnprop_account *handle) const noexcept { spinnprop_account_free(handle); }
    void operator()(spinnprop_sparse *handle) const noexcept { spinnprop_sparse_free(handle); }
    void operator()(spinnprop_sparse_recording *handle) const noexcept { spinnprop_sparse_recording_free(handle); }
    void operator()(spinnprop_sparse_gradient *handle) const noexcept { spinnprop_sparse_gradient_free(handle); }
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

namespace detail {

// What a C function fills in, its first argument.
template <class Struct, class Function, class... Arguments> Struct filled(Function function, Arguments... arguments) {
    Struct result = options<Struct>();
    check(function(&result, arguments...));
    return result;
}

} // namespace detail

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

// What has run on an emulated chip: a copy that never changes. Rows count from 0; describe() says how many there are.
class Account {
public:
    explicit Account(detail::Handle<spinnprop_account> handle) : handle_(std::move(handle)) {}

    spinnprop_chip_account describe() const {
        return detail::filled<spinnprop_chip_account>(spinnprop_account_describe, get());
    }
    spinnprop_chip_phase phase(std::int32_t index) const {
        return detail::filled<spinnprop_chip_phase>(spinnprop_account_phase, get(), index);
    }
    spinnprop_chip_program program(std::int32_t index) const {
        return detail::filled<spinnprop_chip_program>(spinnprop_account_program, get(), index);
    }
    spinnprop_chip_pe pe(std::int32_t index) const {
        return detail::filled<spinnprop_chip_pe>(spinnprop_account_pe, get(), index);
    }
    spinnprop_chip_buffer buffer(std::int32_t pe_index, std::int32_t index) const {
        return detail::filled<spinnprop_chip_buffer>(spinnprop_account_buffer, get(), pe_index, index);
    }
    spinnprop_chip_counters phase_counters(std::int32_t phase) const {
        return detail::filled<spinnprop_chip_counters>(spinnprop_account_phase_counters, get(), phase);
    }
    spinnprop_chip_counters program_counters(std::int32_t program, std::int32_t phase) const {
        return detail::filled<spinnprop_chip_counters>(spinnprop_account_program_counters, get(), program, phase);
    }
    spinnprop_chip_counters pe_counters(std::int32_t pe_index, std::int32_t phase) const {
        return detail::filled<spinnprop_chip_counters>(spinnprop_account_pe_counters, get(), pe_index, phase);
    }
    spinnprop_chip_slip slip(std::int32_t index) const {
        return detail::filled<spinnprop_chip_slip>(spinnprop_account_slip, get(), index);
    }
    // At 6 * chip + direction.
    std::vector<std::int64_t> link_bits() const {
        std::vector<std::int64_t> bits(static_cast<std::size_t>(describe().n_links));
        check(spinnprop_account_link_bits(bits.data(), detail::size(bits), get()));
        return bits;
    }
    const spinnprop_account *get() const noexcept { return handle_.get(); }

private:
    detail::Handle<spinnprop_account> handle_;
};

// Whether a network fits a chip.
struct Fit {
    spinnprop_chip_fit answer;
    std::vector<std::int32_t> slices;  // processing elements of each layer of a copy; zeros if it does not fit
    std::vector<std::int32_t> largest; // sizes of the largest network of this shape that fits; zeros if none does
};

// What a network runs on. It must live while options point to it.
class Engine {
public:
    explicit Engine(const spinnprop_engine_options &options = spinnprop::options<spinnprop_engine_options>())
        : handle_(detail::make<spinnprop_engine>(spinnprop_engine_create, &options)) {}
    // What it was made with.
    spinnprop_engine_options describe() const {
        return detail::filled<spinnprop_engine_options>(spinnprop_engine_describe, get());
    }
    // The loss that suits what it records of a read-out (SPINNPROP_READOUT_*).
    spinnprop_loss loss(std::int32_t readout = SPINNPROP_READOUT_SPIKING) const {
        spinnprop_loss result;
        check(spinnprop_engine_loss(&result, get(), readout));
        return result;
    }
    // What suits training on it, for a host to begin with.
    spinnprop_setting setting() const { return detail::filled<spinnprop_setting>(spinnprop_engine_setting, get()); }

    // The rest is of an emulated chip; other engines throw SPINNPROP_UNSUPPORTED.
    spinnprop_chip_info chip() const { return detail::filled<spinnprop_chip_info>(spinnprop_engine_chip, get()); }
    spinnprop_chip_constant constant(std::int32_t index) const {
        return detail::filled<spinnprop_chip_constant>(spinnprop_engine_constant, get(), index);
    }
    spinnprop_chip_published published(std::int32_t index) const {
        return detail::filled<spinnprop_chip_published>(spinnprop_engine_published, get(), index);
    }
    // That a network does not fit is an answer, no error.
    Fit fit(const std::vector<std::int32_t> &sizes, std::int32_t batch_size,
            spinnprop_chip_fit_options options = spinnprop::options<spinnprop_chip_fit_options>()) const {
        options.layer_sizes = sizes.data();
        options.n_layer_sizes = static_cast<std::int32_t>(sizes.size());
        options.batch_size = batch_size;
        Fit fit{spinnprop::options<spinnprop_chip_fit>(), {}, std::vector<std::int32_t>(sizes.size())};
        fit.slices.resize(sizes.empty() ? 0 : sizes.size() - 1);
        check(spinnprop_engine_fit(&fit.answer, fit.slices.data(), fit.largest.data(), get(), &options));
        return fit;
    }
    Account account() const { return Account(detail::make<spinnprop_account>(spinnprop_engine_account, get())); }
    void reset_account() const { check(spinnprop_engine_reset_account(get())); }
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
        return detail::filled<spinnprop_recording_info>(spinnprop_recording_describe, get());
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
        return detail::filled<spinnprop_diagnostics>(spinnprop_recording_diagnose, get(), layer);
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
        return detail::filled<spinnprop_network_info>(spinnprop_network_describe, get());
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

// ------------------------------------------------------------------------------------------- sparse recurrent networks

// The gradient of a loss on spike times of a sparse recurrent network.
class SparseGradient {
public:
    explicit SparseGradient(detail::Handle<spinnprop_sparse_gradient> handle) : handle_(std::move(handle)) {}
    // With respect to one of SPINNPROP_SPARSE_WEIGHTS .. SPINNPROP_SPARSE_INPUT_WEIGHTS.
    std::vector<double> get(std::int32_t of) const {
        std::int64_t n = 0;
        check(spinnprop_sparse_gradient_count(&n, handle_.get(), of));
        std::vector<double> values(static_cast<std::size_t>(n));
        check(spinnprop_sparse_gradient_get(values.data(), n, handle_.get(), of));
        return values;
    }

private:
    detail::Handle<spinnprop_sparse_gradient> handle_;
};

// A loss on spike times: its value, and its derivative with respect to each spike's time (1/s).
struct SparseLoss {
    double value = 0;
    std::vector<double> time_errors;
};

// The largest Lyapunov exponents (1/s), the rate at which volumes of the state change, and the seconds all are means
// over.
struct Lyapunov {
    std::vector<double> exponents;
    double contraction = 0, duration = 0;
};

// What a run of a sparse recurrent network left behind. What differentiates needs a run with keeps_tape = 1.
class SparseRecording {
public:
    explicit SparseRecording(detail::Handle<spinnprop_sparse_recording> handle) : handle_(std::move(handle)) {}

    spinnprop_sparse_summary summary() const {
        return detail::filled<spinnprop_sparse_summary>(spinnprop_sparse_recording_summary, get());
    }
    // In order of time: when, and of which neuron.
    std::pair<std::vector<double>, std::vector<std::int32_t>> spikes() const {
        std::vector<double> times(n_spikes());
        std::vector<std::int32_t> units(times.size());
        check(spinnprop_sparse_recording_spikes(times.data(), units.data(), detail::size(times), get()));
        return {std::move(times), std::move(units)};
    }
    // (n_samples, n_trace_units) row by row; n_trace_units as in the options of the run.
    std::vector<double> traces(std::int64_t n_trace_units) const {
        std::int64_t n_samples = 0;
        check(spinnprop_sparse_recording_trace_count(&n_samples, get()));
        if (n_trace_units < 0) throw Error(SPINNPROP_INVALID_VALUE, "n_trace_units must not be negative");
        std::vector<double> values(static_cast<std::size_t>(n_samples) * static_cast<std::size_t>(n_trace_units));
        check(spinnprop_sparse_recording_traces(values.data(), detail::size(values), get()));
        return values;
    }
    // Squared error of spike times, in units of tau0 (0: 5 ms). targets: one sample with a unit per neuron.
    SparseLoss spike_time_loss(const SpikeTrains &targets, double tau0 = 0) const {
        const auto view = targets.view();
        SparseLoss loss{0, std::vector<double>(n_spikes())};
        check(spinnprop_sparse_spike_time_loss(&loss.value, loss.time_errors.data(), detail::size(loss.time_errors),
                                               get(), &view, tau0));
        return loss;
    }
    // Squared error of rates. targets: Hz, one per neuron, NaN for any rate.
    SparseLoss rate_loss(const std::vector<double> &targets) const {
        SparseLoss loss{0, std::vector<double>(n_spikes())};
        check(spinnprop_sparse_rate_loss(&loss.value, loss.time_errors.data(), detail::size(loss.time_errors), get(),
                                         targets.data(), detail::size(targets)));
        return loss;
    }
    // next_time_errors: derivatives with respect to each neuron's next spike time at the end of the run, or empty.
    SparseGradient differentiate(const std::vector<double> &time_errors,
                                 const std::vector<double> &next_time_errors = {},
                                 const Progress &progress = {}) const {
        detail::Listener listener{progress};
        spinnprop_sparse_gradient *gradient = nullptr;
        listener.check(spinnprop_sparse_differentiate(
            &gradient, get(), time_errors.data(), detail::size(time_errors),
            next_time_errors.empty() ? nullptr : next_time_errors.data(), detail::size(next_time_errors),
            listener.callback(), &listener));
        return SparseGradient(detail::Handle<spinnprop_sparse_gradient>(gradient));
    }
    // What becomes of a small change of the neurons' next spike times.
    std::vector<double> jacobian_product(const std::vector<double> &tangent, const Progress &progress = {}) const {
        detail::Listener listener{progress};
        std::vector<double> product(tangent.size());
        listener.check(spinnprop_sparse_jacobian_product(product.data(), tangent.data(), detail::size(tangent), get(),
                                                         listener.callback(), &listener));
        return product;
    }
    Lyapunov lyapunov(std::size_t n_exponents,
                      const spinnprop_sparse_lyapunov_options &options =
                          spinnprop::options<spinnprop_sparse_lyapunov_options>(),
                      const Progress &progress = {}) const {
        detail::Listener listener{progress};
        Lyapunov result{std::vector<double>(n_exponents)};
        listener.check(spinnprop_sparse_lyapunov(result.exponents.data(), detail::size(result.exponents),
                                                 &result.contraction, &result.duration, get(), &options,
                                                 listener.callback(), &listener));
        return result;
    }
    const spinnprop_sparse_recording *get() const noexcept { return handle_.get(); }

private:
    std::size_t n_spikes() const { return static_cast<std::size_t>(summary().n_spikes); }
    detail::Handle<spinnprop_sparse_recording> handle_;
};

// One population of neurons with few synapses each, simulated spike by spike.
class SparseNetwork {
public:
    // Is handed spikes in order of time, some thousand at once; returns whether to go on. What it throws comes out of
    // that call.
    using Sink = std::function<bool(const double *times, const std::int32_t *units, std::int64_t n)>;

    explicit SparseNetwork(const spinnprop_sparse_options &options, const Progress &progress = {}) {
        detail::Listener listener{progress};
        spinnprop_sparse *network = nullptr;
        listener.check(spinnprop_sparse_create(&network, &options, listener.callback(), &listener));
        handle_.reset(network);
    }
    SparseNetwork copy() const {
        return SparseNetwork(detail::make<spinnprop_sparse>(spinnprop_sparse_copy, handle_.get()));
    }

    spinnprop_sparse_info describe() const {
        return detail::filled<spinnprop_sparse_info>(spinnprop_sparse_describe, get());
    }
    // One for all, or one per neuron.
    std::vector<double> drives() const {
        std::vector<double> values(static_cast<std::size_t>(describe().n_drives));
        check(spinnprop_sparse_drives(values.data(), detail::size(values), get()));
        return values;
    }
    // One for all, or one per synapse in the order of the targets.
    std::vector<double> weights() const {
        std::vector<double> values(static_cast<std::size_t>(describe().n_weights));
        check(spinnprop_sparse_weights(values.data(), detail::size(values), get()));
        return values;
    }
    void set_weights(const std::vector<double> &values) {
        check(spinnprop_sparse_set_weights(handle_.get(), values.data(), detail::size(values)));
    }
    // Neuron j sends to targets[offsets[j]] .. targets[offsets[j + 1] - 1]: offsets, then targets.
    std::pair<std::vector<std::int64_t>, std::vector<std::int32_t>> adjacency() const {
        const auto info = describe();
        std::vector<std::int64_t> offsets(static_cast<std::size_t>(info.n_neurons) + 1);
        std::vector<std::int32_t> targets(static_cast<std::size_t>(info.n_synapses));
        check(spinnprop_sparse_adjacency(offsets.data(), detail::size(offsets), targets.data(), detail::size(targets),
                                         get()));
        return {std::move(offsets), std::move(targets)};
    }

    SparseRecording run(const spinnprop_sparse_run_options &options, const Progress &progress = {}) const {
        detail::Listener listener{progress};
        spinnprop_sparse_recording *recording = nullptr;
        listener.check(spinnprop_sparse_run(&recording, get(), &options, listener.callback(), &listener));
        return SparseRecording(detail::Handle<spinnprop_sparse_recording>(recording));
    }
    // Runs without keeping anything.
    spinnprop_sparse_summary stream(const spinnprop_sparse_run_options &options, const Sink &sink,
                                    const Progress &progress = {}) const {
        detail::Listener listener{progress};
        Drain drain{sink};
        auto summary = spinnprop::options<spinnprop_sparse_summary>();
        const auto status = spinnprop_sparse_stream(&summary, get(), &options, sink ? &Drain::call : nullptr, &drain,
                                                    listener.callback(), &listener);
        if (drain.thrown) std::rethrow_exception(drain.thrown);
        listener.check(status);
        return summary;
    }
    const spinnprop_sparse *get() const noexcept { return handle_.get(); }

private:
    struct Drain {
        const Sink &sink;
        std::exception_ptr thrown = nullptr;

        static int call(const double *times, const std::int32_t *units, std::int64_t n, void *payload) noexcept {
            auto *self = static_cast<Drain *>(payload);
            try {
                return self->sink(times, units, n) ? 0 : 1;
            } catch (...) {
                self->thrown = std::current_exception();
                return 1;
            }
        }
    };
    explicit SparseNetwork(detail::Handle<spinnprop_sparse> handle) : handle_(std::move(handle)) {}
    detail::Handle<spinnprop_sparse> handle_;
};

} // namespace spinnprop

#endif
