// Recordings of spikes that a host has measured.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Mathematics
import Networks
import Spikes
import Spinnprop

@c @implementation
public func spinnprop_recording_create_measured(
    _ recording: UnsafeMutablePointer<OpaquePointer?>?, _ network: OpaquePointer?,
    _ input: UnsafePointer<spinnprop_spikes>?, _ layers: UnsafePointer<spinnprop_spikes>?, _ n_layers: Int64,
    _ t_end: Double, _ progress: spinnprop_progress_callback?, _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    create(recording, "recording", recordingKind) {
        let network = try box(network, networkKind, "network").value
        let spikes = try spikeTrains(input, "input")
        guard n_layers >= 0, n_layers <= Int64(network.layers.count) else {
            throw SpinnpropError.invalidValue(
                "layers has \(n_layers) elements, the network \(network.layers.count) layers; give one for each")
        }
        var measured: [SpikeTrains] = []
        for index in 0..<Int(n_layers) {
            let first = UnsafeRawPointer(try given(layers, "layers"))
            let stride = try spinnprop_spikes.stride(layers, "layers")
            let row = (first + index * stride).assumingMemoryBound(to: spinnprop_spikes.self)
            do throws(SpinnpropError) {
                measured.append(try spikeTrains(row, "layers"))
            } catch {
                throw SpinnpropError(error.kind, "measured spikes of layer \(index): \(error.message)")
            }
        }
        let listener = Listener(callback: progress, payload: payload)
        return try Recording.measured(
            network, spikes, measured, endTime: t_end, monitor: listener.monitor(total: spikes.sampleCount))
    }
}

@c @implementation
public func spinnprop_recording_deviations(
    _ values: UnsafeMutablePointer<Double>?, _ n: Int64, _ recording: OpaquePointer?, _ layer: Int32
) -> spinnprop_status {
    barrier {
        let recording = try box(recording, recordingKind, "recording").value
        let found = try recording.deviations(layer: try layerIndex(layer, of: recording.layers.count))
        try output(values, n, needed: found.count, "values").fill(found)
    }
}
