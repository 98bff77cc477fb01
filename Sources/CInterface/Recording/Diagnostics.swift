// What can make a recording's gradient vanish or explode.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Networks

extension spinnprop_diagnostics {
    static var initial: spinnprop_diagnostics {
        var diagnostics = spinnprop_diagnostics()
        diagnostics.size = MemoryLayout<spinnprop_diagnostics>.size
        diagnostics.smallest_slope = .infinity
        return diagnostics
    }
}

@c @implementation
public func spinnprop_recording_diagnose(
    _ diagnostics: UnsafeMutablePointer<spinnprop_diagnostics>?, _ recording: OpaquePointer?, _ layer: Int32
) -> spinnprop_status {
    fill(diagnostics, "diagnostics") {
        let recording = try box(recording, recordingKind, "recording").value
        let found = Diagnostics(recording, layer: try layerIndex(layer, of: recording.layers.count))
        var result = spinnprop_diagnostics.initial
        result.n_spikes = Int64(found.spikeCount)
        result.silent_neurons = Int64(found.silentNeurons.count { $0 })
        result.silent_pairs = Int64(found.silentPairs)
        result.near_tangential_spikes = Int64(found.nearTangentialSpikes)
        result.smallest_slope = found.smallestSlope
        result.impossible_spikes = Int64(found.impossibleSpikes)
        return result
    }
}

@c @implementation
public func spinnprop_recording_silent(
    _ silent: UnsafeMutablePointer<UInt8>?, _ n: Int64, _ recording: OpaquePointer?, _ layer: Int32
) -> spinnprop_status {
    barrier {
        let recording = try box(recording, recordingKind, "recording").value
        let index = try layerIndex(layer, of: recording.layers.count)
        let destination = try output(silent, n, needed: recording.layers[index].neuronCount, "silent")
        destination.fill(Diagnostics(recording, layer: index).silentNeurons.map { $0 ? 1 : 0 })
    }
}
