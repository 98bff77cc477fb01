// Gradients of a loss on a recorded run: what is asked, what comes back, and the checks between.
import Mathematics

/// Derivatives of a loss at a fixed order of spikes.
public struct SparseGradient: Equatable, Sendable {
    /// With respect to the weights: as many as the network has.
    public var weights: [Double]
    /// With respect to each neuron's initial phase.
    public var phases: [Double]
    /// With respect to each neuron's first spike time (seconds) had there been no inputs: the initial state in
    /// the coordinates in which Jacobians are taken.
    public var nextTimes: [Double]
    /// With respect to time (seconds) and weight of each input spike, in order of `InputSpikes`.
    public var inputTimes: [Double]
    public var inputWeights: [Double]
}

extension SparseRecording {
    /// The gradient of a loss whose derivative with respect to each spike's time (1/s) is `timeErrors`.
    ///
    /// One pass through the run in reverse, O(K) per spike. The order of spikes is taken as fixed: the loss is smooth in the
    /// parameters only between the points where it changes.
    ///
    /// - Parameter nextTimeErrors: derivatives of the loss with respect to the final state: the times in seconds at which the
    ///   neurons would spike next. Empty: none. With nothing else, `nextTimes` is the transposed Jacobian's product with it.
    /// - Throws: `invalidValue` for wrong numbers of errors, or errors that are not finite; `unsupported` without a tape; `cancelled`.
    public func gradient(
        timeErrors: [Double], nextTimeErrors: [Double] = [], monitor: Monitor? = nil
    ) throws(SpinnpropError) -> SparseGradient {
        guard timeErrors.count == spikeCount else {
            throw .invalidValue("\(timeErrors.count) errors for \(spikeCount) spikes; give dL/dt of each")
        }
        guard nextTimeErrors.isEmpty || nextTimeErrors.count == network.neuronCount else {
            throw .invalidValue(
                "\(nextTimeErrors.count) errors of final states for \(network.neuronCount) neurons; give one each, or none"
            )
        }
        for (name, errors) in [("error of spike", timeErrors), ("error of final state", nextTimeErrors)] {
            for (index, error) in errors.enumerated() where !error.isFinite {
                throw .invalidValue("the \(name) \(index) is \(error); every element must be finite")
            }
        }
        try Memory.check(count: network.weightCount, bytesPerElement: 16, "the gradient")
        var work = BackwardWork(
            recording: self, tape: try usableTape(), timeErrors: timeErrors, nextTimeErrors: nextTimeErrors,
            monitor: monitor)
        return try network.withKernel(&work)
    }

    func usableTape() throws(SpinnpropError) -> EventTape {
        guard let tape else {
            throw .unsupported("this run kept no tape; run again and keep the tape for gradients and Jacobians")
        }
        return tape
    }
}

private struct BackwardWork: KernelWork {
    let recording: SparseRecording
    let tape: EventTape
    let timeErrors: [Double]
    let nextTimeErrors: [Double]
    let monitor: Monitor?

    func run<K: ExponentialKeys>(exponential kernel: K) throws(SpinnpropError) -> SparseGradient {
        let adjoint = try Adjoint(recording, tape, kernel, timeErrors, nextTimeErrors, monitor)
        try adjoint.runExponential()
        return try adjoint.result { $0.keys[$1] }
    }

    func run<K: TimedKernel>(timed kernel: K) throws(SpinnpropError) -> SparseGradient {
        let adjoint = try Adjoint(recording, tape, kernel, timeErrors, nextTimeErrors, monitor)
        try adjoint.runTimed()
        return try adjoint.result { _, _ in 1 }
    }
}
