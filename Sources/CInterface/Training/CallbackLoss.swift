// Losses that a C host writes.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Mathematics
import Networks

/// A function of the host's, called on the thread that called the library.
struct CallbackLoss: BatchLoss, @unchecked Sendable {
    typealias Function =
        @convention(c) (
            UnsafeMutablePointer<spinnprop_loss_batch>?, UnsafeMutableRawPointer?
        ) -> Int32

    let values: OutputValues
    private let function: Function
    private let payload: UnsafeMutableRawPointer?

    /// - Throws: `invalidValue` for a loss without a function, or that reads nothing there is.
    init(_ loss: spinnprop_loss) throws(SpinnpropError) {
        guard let function = loss.function else {
            throw .invalidValue("the loss's function is NULL; SPINNPROP_LOSS_CUSTOM needs one")
        }
        (self.function, payload) = (function, loss.payload)
        let times = try copy(loss.times, loss.n_times, "times")
        switch Int(loss.reads) {
        case SPINNPROP_READS_FIRST_SPIKES: values = .firstSpikes
        case SPINNPROP_READS_SPIKES: values = .spikes
        case SPINNPROP_READS_MAXIMA: values = .maxima
        case SPINNPROP_READS_MEMBRANES: values = .membranes(times: times)
        case SPINNPROP_READS_INTEGRALS: values = .integrals(tau: loss.tau0)
        default:
            throw .invalidValue(
                "reads is \(loss.reads); it must be a number of SPINNPROP_READS_*, 0 .. \(SPINNPROP_READS_INTEGRALS)")
        }
        guard times.isEmpty || values == .membranes(times: times) else {
            throw .invalidValue("the loss has \(times.count) times and reads no membranes; leave the times NULL")
        }
        try check()
    }

    var name: String { "Custom" }

    /// All that tells one from another; the function itself cannot be told.
    var parameters: [Double] {
        switch values {
        case .firstSpikes: [0]
        case .spikes: [1]
        case .maxima: [2]
        case .membranes(let times): [3] + times
        case .integrals(let tau): [4, tau]
        }
    }

    func evaluate(_ batch: OutputBatch) throws(SpinnpropError) -> Double {
        var own = spinnprop_loss_batch()
        own.size = MemoryLayout<spinnprop_loss_batch>.size
        (own.n_samples, own.n_outputs) = (Int64(batch.sampleCount), Int64(batch.outputCount))
        own.depth = Int64(batch.depth)
        (own.values, own.derivatives) = (batch.values.baseAddress, batch.derivatives.baseAddress)
        own.n_targets = Int64(batch.targets.count / max(1, batch.sampleCount))
        own.is_validation = batch.isValidation ? 1 : 0
        own.value = .nan
        let status = batch.samples.map { Int64($0) }.withUnsafeBufferPointer { samples in
            batch.labels.map { Int64($0) }.withUnsafeBufferPointer { labels in
                batch.targets.withUnsafeBufferPointer { targets in
                    batch.sampleWeights.withUnsafeBufferPointer { weights in
                        own.samples = samples.baseAddress
                        own.labels = labels.isEmpty ? nil : labels.baseAddress
                        own.targets = targets.isEmpty ? nil : targets.baseAddress
                        own.weights = weights.isEmpty ? nil : weights.baseAddress
                        return function(&own, payload)
                    }
                }
            }
        }
        guard status == 0 else {
            throw SpinnpropError(.cancelled, "the loss's function returned \(status), which stops; 0 goes on")
        }
        return own.value
    }
}
