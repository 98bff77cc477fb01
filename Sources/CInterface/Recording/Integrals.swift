// Integrals of a leaky read-out's membranes.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Mathematics
import Networks
import Spinnprop

@c @implementation
public func spinnprop_recording_integrate(
    _ integrated: UnsafeMutablePointer<OpaquePointer?>?, _ recording: OpaquePointer?, _ network: OpaquePointer?,
    _ tau: Double, _ progress: spinnprop_progress_callback?, _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    create(integrated, "integrated", recordingKind) {
        let recording = try box(recording, recordingKind, "recording").value
        let network = try box(network, networkKind, "network").value
        let monitor = Listener(callback: progress, payload: payload).monitor(total: recording.sampleCount)
        return try recording.integrated(by: network, tau: tau, monitor: monitor)
    }
}

@c @implementation
public func spinnprop_recording_integrals(
    _ values: UnsafeMutablePointer<Double>?, _ n: Int64, _ recording: OpaquePointer?
) -> spinnprop_status {
    barrier {
        guard let own = try box(recording, recordingKind, "recording").value.integrals else {
            throw SpinnpropError.unsupported(
                "the recording has no integrals; make one that has them by spinnprop_recording_integrate")
        }
        try output(values, n, needed: own.values.count, "values").fill(own.values)
    }
}
