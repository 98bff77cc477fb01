// Arrays without elements may be NULL, wherever arrays are written.
// swift-format-ignore-file: AlwaysUseLowerCamelCase
import CSpinnprop
import Testing

@testable import CInterface

@Suite struct EmptyArrayTests {
    private let good = spinnprop_status(SPINNPROP_OK)

    @Test func data() {
        #expect(spinnprop_yin_yang(nil, 0, nil, 0, 42) == good)
        var offsets: [Int64] = [-1]
        #expect(spinnprop_encode_latency(nil, nil, 0, &offsets, 1, nil, 0, 4, 0, 30e-3, 0, 0) == good)
        #expect(offsets == [0])
        offsets = [-1]
        #expect(spinnprop_encode_latency_grid(nil, nil, 0, &offsets, 1, nil, 0, 4, 27, 2, 1e-3, 1) == good)
        #expect(offsets == [0])
    }

    @Test func recordingAndGradient() throws {
        var sizes: [Int32] = [2, 3]
        var (network, recording, gradient): (OpaquePointer?, OpaquePointer?, OpaquePointer?)
        sizes.withUnsafeBufferPointer { sizes in
            var options = spinnprop_network_options.initial
            (options.layer_sizes, options.n_layer_sizes) = (sizes.baseAddress, 2)
            #expect(spinnprop_network_create(&network, &options) == good)
        }
        sizes = []
        defer { spinnprop_network_free(network) }
        // There is no such array: no recurrence, no delays.
        #expect(spinnprop_network_get(nil, 0, network, Int32(SPINNPROP_RECURRENT_WEIGHTS), 0) == good)
        var offsets: [Int64] = [0]
        offsets.withUnsafeBufferPointer { offsets in
            var spikes = spinnprop_spikes.initial
            (spikes.offsets, spikes.n_units) = (offsets.baseAddress, 2)
            #expect(spinnprop_network_forward(&recording, network, &spikes, nil, nil, nil) == good)
        }
        defer { spinnprop_recording_free(recording) }
        #expect(spinnprop_recording_spikes(nil, nil, nil, nil, 0, &offsets, 1, recording, 0) == good)
        #expect(spinnprop_recording_first_spike_times(nil, 0, recording) == good)
        #expect(spinnprop_recording_predict(nil, 0, recording, nil) == good)
        #expect(spinnprop_recording_probabilities(nil, 0, recording, nil) == good)
        var value = -1.0
        let status = spinnprop_network_gradient(
            &gradient, &value, network, recording, nil, nil, 0, nil, 0, nil, nil, nil)
        if status == good {
            #expect(spinnprop_gradient_input_times(nil, 0, gradient) == good)
            #expect(spinnprop_gradient_get(nil, 0, gradient, Int32(SPINNPROP_DELAYS), 0) == good)
        }
        spinnprop_gradient_free(gradient)
    }

    @Test func sparse() {
        var options = spinnprop_sparse_options.initial
        (options.n_neurons, options.degree) = (10, 2)
        var (network, recording): (OpaquePointer?, OpaquePointer?)
        #expect(spinnprop_sparse_create(&network, &options, nil, nil) == good)
        defer { spinnprop_sparse_free(network) }
        var run = spinnprop_sparse_run_options.initial
        (run.n_spikes, run.t_end) = (.max, 0)
        #expect(spinnprop_sparse_run(&recording, network, &run, nil, nil) == good)
        defer { spinnprop_sparse_recording_free(recording) }
        #expect(spinnprop_sparse_recording_spikes(nil, nil, 0, recording) == good)
        #expect(spinnprop_sparse_recording_traces(nil, 0, recording) == good)
        var (value, contraction, duration) = (0.0, 0.0, 0.0)
        #expect(spinnprop_sparse_rate_loss(&value, nil, 0, recording, Array(repeating: 1.0, count: 10), 10) == good)
        _ = spinnprop_sparse_lyapunov(nil, 0, &contraction, &duration, recording, nil, nil, nil)
    }

    @Test func trainer() {
        var sizes: [Int32] = [2, 3]
        var (network, trainer): (OpaquePointer?, OpaquePointer?)
        sizes.withUnsafeMutableBufferPointer { sizes in
            var options = spinnprop_network_options.initial
            (options.layer_sizes, options.n_layer_sizes) = (UnsafePointer(sizes.baseAddress), 2)
            #expect(spinnprop_network_create(&network, &options) == good)
        }
        #expect(spinnprop_trainer_create(&trainer, network, nil) == good)
        #expect(spinnprop_trainer_history(nil, 0, trainer) == good)
        spinnprop_trainer_free(trainer)
        spinnprop_network_free(network)
    }
}
