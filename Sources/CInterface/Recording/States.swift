// Membranes and currents of a recording.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Mathematics
import Networks
import Spinnprop

@c @implementation
public func spinnprop_recording_states(
    _ membranes: UnsafeMutablePointer<Double>?, _ currents: UnsafeMutablePointer<Double>?, _ n: Int64,
    _ recording: OpaquePointer?, _ network: OpaquePointer?, _ layer: Int32, _ first_sample: Int64, _ n_samples: Int64,
    _ times: UnsafePointer<Double>?, _ n_times: Int64, _ progress: spinnprop_progress_callback?,
    _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    barrier {
        let recording = try box(recording, recordingKind, "recording").value
        let network = try box(network, networkKind, "network").value
        let layer = try layerIndex(layer, of: recording.layers.count)
        let (first, samples) = (try count(first_sample, "first_sample"), try count(n_samples, "n_samples"))
        let timeCount = try count(n_times, "n_times")
        let perSample = try product(timeCount, recording.layers[layer].neuronCount, "membranes")
        let needed = try product(samples, perSample, "membranes")
        let destination = try output(membranes, n, needed: needed, "membranes")
        let times = try copy(times, n_times, "times")
        let monitor = Listener(callback: progress, payload: payload).monitor(total: samples)
        let found = try recording.states(
            of: network, layer: layer, samples: first..<first + samples, times: times, monitor: monitor)
        destination.fill(found.membranes)
        if currents != nil { try output(currents, n, needed: needed, "currents").fill(found.currents) }
    }
}
