// Recordings: describe, read.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Mathematics
import Networks
import Spinnprop

let recordingKind = HandleKind<Recording>(mark: 0x5350_5245_434F_5202, noun: "recording")

@c @implementation
public func spinnprop_recording_free(_ recording: OpaquePointer?) { freeHandle(recording, recordingKind) }

@c @implementation
public func spinnprop_recording_describe(
    _ info: UnsafeMutablePointer<spinnprop_recording_info>?, _ recording: OpaquePointer?
) -> spinnprop_status {
    fill(info, "info") {
        let recording = try box(recording, recordingKind, "recording").value
        var info = spinnprop_recording_info.initial
        info.n_samples = Int64(recording.sampleCount)
        info.n_inputs = Int32(clamping: recording.input.unitCount)
        info.n_layers = Int32(clamping: recording.layers.count)
        info.n_outputs = Int32(clamping: recording.outputLayer.neuronCount)
        info.readout = readout(isSpiking: recording.outputLayer.isSpiking)
        return info
    }
}

@c @implementation
public func spinnprop_recording_engine(
    _ info: UnsafeMutablePointer<spinnprop_engine_info>?, _ recording: OpaquePointer?
) -> spinnprop_status {
    fill(info, "info") {
        let recording = try box(recording, recordingKind, "recording").value
        let code = recording.isMeasured ? Int32(SPINNPROP_ENGINE_MEASURED) : try Engine(name: recording.engine).code
        return spinnprop_engine_info(code, recording.grid)
    }
}

/// The layer of a recording that a caller asks for.
private func layer(_ layer: Int32, of recording: Recording) throws(SpinnpropError) -> LayerRecording {
    recording.layers[try layerIndex(layer, of: recording.layers.count)]
}

@c @implementation
public func spinnprop_recording_layer_size(
    _ n_neurons: UnsafeMutablePointer<Int64>?, _ recording: OpaquePointer?, _ layer: Int32
) -> spinnprop_status {
    answer(n_neurons, "n_neurons") {
        let recording = try box(recording, recordingKind, "recording").value
        return try CInterface.layer(layer, of: recording).neuronCount
    }
}

@c @implementation
public func spinnprop_recording_spike_count(
    _ n_spikes: UnsafeMutablePointer<Int64>?, _ recording: OpaquePointer?, _ layer: Int32
) -> spinnprop_status {
    answer(n_spikes, "n_spikes") {
        let recording = try box(recording, recordingKind, "recording").value
        return try CInterface.layer(layer, of: recording).spikeCount
    }
}

@c @implementation
public func spinnprop_recording_spikes(
    _ times: UnsafeMutablePointer<Double>?, _ units: UnsafeMutablePointer<Int32>?,
    _ currents: UnsafeMutablePointer<Double>?, _ membranes: UnsafeMutablePointer<Double>?, _ n_spikes: Int64,
    _ offsets: UnsafeMutablePointer<Int64>?, _ n_offsets: Int64, _ recording: OpaquePointer?, _ layer: Int32
) -> spinnprop_status {
    barrier {
        let recording = try box(recording, recordingKind, "recording").value
        let own = try CInterface.layer(layer, of: recording)
        let needed = own.spikeCount
        let allTimes = try output(times, n_spikes, needed: needed, "times")
        let allUnits = try output(units, n_spikes, needed: needed, "units")
        let ends = try output(offsets, n_offsets, needed: recording.sampleCount + 1, "offsets")
        // Segments are copied column by column: no intermediate array of the whole layer.
        ends[0] = 0
        var start = 0
        var sample = 1
        for segment in own.segments {
            for spike in 0..<segment.count {
                allTimes[start + spike] = segment.times[spike]
                allUnits[start + spike] = segment.units[spike]
                currents?[start + spike] = segment.currents[spike]
            }
            if let membranes {
                for spike in 0..<segment.count {
                    let threshold = own.thresholds[own.thresholds.count == 1 ? 0 : Int(segment.units[spike])]
                    membranes[start + spike] = segment.membranes?[spike] ?? threshold
                }
            }
            for end in segment.ends {
                ends[sample] = Int64(start + end)
                sample += 1
            }
            start += segment.count
        }
    }
}

@c @implementation
public func spinnprop_recording_first_spike_times(
    _ times: UnsafeMutablePointer<Double>?, _ n: Int64, _ recording: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let recording = try box(recording, recordingKind, "recording").value
        let needed = try product(recording.sampleCount, recording.outputLayer.neuronCount, "times")
        try output(times, n, needed: needed, "times").fill(recording.firstSpikeTimes)
    }
}

@c @implementation
public func spinnprop_recording_maxima(
    _ values: UnsafeMutablePointer<Double>?, _ times: UnsafeMutablePointer<Double>?, _ n: Int64,
    _ recording: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let recording = try box(recording, recordingKind, "recording").value
        let own = recording.outputLayer
        guard !own.isSpiking else {
            throw SpinnpropError.unsupported(
                "the recording's last layer spikes and has no maxima; create the network with a leaky read-out")
        }
        let allValues = try output(values, n, needed: own.maxima.count, "values")
        let allTimes = try output(times, n, needed: own.maximumTimes.count, "times")
        allValues.fill(own.maxima)
        allTimes.fill(own.maximumTimes)
    }
}
