// A host's progress callback as the core's monitor.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Mathematics

extension spinnprop_progress {
    init(done: Int, total: Int) {
        self.init(
            size: MemoryLayout<spinnprop_progress>.size, epoch: 0, n_epochs: 0, done: Int64(done), total: Int64(total),
            epoch_finished: 0, loss: .nan, accuracy: .nan, validation_loss: .nan, validation_accuracy: .nan,
            hidden_spikes: .nan, output_spikes: .nan, skipped: .nan)
    }
}

/// A callback of the host and what it wants to be handed.
struct Listener {
    let callback: spinnprop_progress_callback?
    let payload: UnsafeMutableRawPointer?

    /// Tells the host; returns whether to go on.
    func tell(_ progress: spinnprop_progress) -> Bool {
        guard let callback else { return true }
        return withUnsafePointer(to: progress) { callback($0, payload) == 0 }
    }

    /// A monitor of a call that works through so many samples; none without a callback.
    func monitor(total: Int) -> Monitor? {
        guard callback != nil else { return nil }
        // The monitor owns its closure, which therefore knows it weakly.
        final class Reference { weak var monitor: Monitor? }
        let reference = Reference()
        let monitor = Monitor { tell(spinnprop_progress(done: min(reference.monitor?.done ?? 0, total), total: total)) }
        reference.monitor = monitor
        return monitor
    }
}
