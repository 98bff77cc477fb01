// What a sparse network's run left: spikes, traces, and losses on them.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Mathematics
import SparseRecurrent

@c @implementation
public func spinnprop_sparse_recording_free(_ recording: OpaquePointer?) {
    freeHandle(recording, sparseRecordingKind)
}

@c @implementation
public func spinnprop_sparse_recording_summary(
    _ summary: UnsafeMutablePointer<spinnprop_sparse_summary>?, _ recording: OpaquePointer?
) -> spinnprop_status {
    fill(summary, "summary") {
        let recording = try box(recording, sparseRecordingKind, "recording").value
        return spinnprop_sparse_summary(recording.summary)
    }
}

@c @implementation
public func spinnprop_sparse_recording_spikes(
    _ times: UnsafeMutablePointer<Double>?, _ units: UnsafeMutablePointer<Int32>?, _ n: Int64,
    _ recording: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let recording = try box(recording, sparseRecordingKind, "recording").value
        let allTimes = try output(times, n, needed: recording.spikeCount, "times")
        let allUnits = try output(units, n, needed: recording.spikeCount, "units")
        allTimes.fill(recording.times)
        allUnits.fill(recording.units)
    }
}

@c @implementation
public func spinnprop_sparse_recording_trace_count(
    _ n_samples: UnsafeMutablePointer<Int64>?, _ recording: OpaquePointer?
) -> spinnprop_status {
    answer(n_samples, "n_samples") {
        let recording = try box(recording, sparseRecordingKind, "recording").value
        return recording.traces.count / max(1, recording.options.traceUnits.count)
    }
}

@c @implementation
public func spinnprop_sparse_recording_traces(
    _ values: UnsafeMutablePointer<Double>?, _ n: Int64, _ recording: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let recording = try box(recording, sparseRecordingKind, "recording").value
        try output(values, n, needed: recording.traces.count, "values").fill(recording.traces)
    }
}

@c @implementation
public func spinnprop_sparse_spike_time_loss(
    _ value: UnsafeMutablePointer<Double>?, _ time_errors: UnsafeMutablePointer<Double>?, _ n: Int64,
    _ recording: OpaquePointer?, _ targets: UnsafePointer<spinnprop_spikes>?, _ tau0: Double
) -> spinnprop_status {
    barrier {
        let destination = try given(value, "value")
        let recording = try box(recording, sparseRecordingKind, "recording").value
        let errors = try output(time_errors, n, needed: recording.spikeCount, "time_errors")
        let loss = try recording.spikeTimeLoss(
            try spikeTrains(targets, "targets"), tau0: tau0 == 0 ? SparseRecording.defaultTau0 : tau0)
        destination.pointee = loss.value
        errors.fill(loss.timeErrors)
    }
}

@c @implementation
public func spinnprop_sparse_rate_loss(
    _ value: UnsafeMutablePointer<Double>?, _ time_errors: UnsafeMutablePointer<Double>?, _ n: Int64,
    _ recording: OpaquePointer?, _ targets: UnsafePointer<Double>?, _ n_targets: Int64
) -> spinnprop_status {
    barrier {
        let destination = try given(value, "value")
        let recording = try box(recording, sparseRecordingKind, "recording").value
        let errors = try output(time_errors, n, needed: recording.spikeCount, "time_errors")
        let wanted = try copy(targets, n_targets, "targets")
        let loss = try recording.rateLoss(wanted)
        destination.pointee = loss.value
        errors.fill(loss.timeErrors)
    }
}
