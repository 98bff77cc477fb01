// The Jacobian of a recorded run applied to vectors, and its Lyapunov spectrum.
import Mathematics

/// Rates at which volumes of the state grow or shrink along a run.
public struct LyapunovSpectrum: Equatable, Sendable {
    /// 1/s, in falling order but for fluctuations of a finite run; -infinity where an avalanche tied neurons together. One of a
    /// complete spectrum belongs to the neutral direction: 0.
    public let exponents: [Double]
    /// Per second: the sum over all events of ln D of all inputs. Equals the sum of a complete spectrum (Liouville); -infinity with it.
    public let contraction: Double
    /// Model time they are averaged over, seconds.
    public let duration: Double
}

extension SparseRecording {
    /// What becomes of a small change of the initial state, given and returned as changes of the times of the neurons' next spikes
    /// (any one unit of time), at a fixed order of spikes. Equal changes of all stay as they are.
    ///
    /// - Throws: `invalidValue` for a wrong number of elements or one that is not finite, `unsupported` without a tape.
    public func jacobianProduct(_ tangent: [Double], monitor: Monitor? = nil) throws(SpinnpropError) -> [Double] {
        guard tangent.count == network.neuronCount else {
            throw .invalidValue("\(tangent.count) elements for \(network.neuronCount) neurons; give one each")
        }
        for (neuron, value) in tangent.enumerated() where !value.isFinite {
            throw .invalidValue("element \(neuron) of the tangent is \(value); every element must be finite")
        }
        var work = ProductWork(recording: self, tape: try usableTape(), tangent: tangent, monitor: monitor)
        return try network.withKernel(&work)
    }

    /// The `count` largest Lyapunov exponents: tangent vectors, first random, are carried along and made orthonormal every
    /// `interval` events (QR). Costs O(K count) per spike and O(N count^2) per QR.
    ///
    /// - Parameters:
    ///   - skip: spikes (and inputs) at the begin that only align the vectors.
    ///   - interval: 0: N / 32, at least 1.
    ///   - seed: the vectors start as normal numbers from `RandomStream(seed: seed, stream: 2)`, neuron by neuron.
    /// - Throws: `invalidValue` for numbers out of their domain, `unsupported` without a tape, `cancelled`, `outOfMemory`.
    public func lyapunovSpectrum(
        count: Int, skip: Int = 0, interval: Int = 0, seed: UInt64 = 0, monitor: Monitor? = nil
    ) throws(SpinnpropError) -> LyapunovSpectrum {
        let tape = try usableTape()
        guard count >= 1, count <= network.neuronCount else {
            throw .invalidValue("count is \(count); there are 1 .. \(network.neuronCount) exponents")
        }
        guard skip >= 0, skip < tape.eventCount, interval >= 0 else {
            throw .invalidValue(
                "skip is \(skip) and interval \(interval) in a run of \(tape.eventCount) events; both must be >= 0, and events "
                    + "must be left after skip")
        }
        var work = SpectrumWork(
            recording: self, tape: tape, count: count, skip: skip,
            interval: interval > 0 ? interval : max(1, network.neuronCount / 32), seed: seed, monitor: monitor)
        return try network.withKernel(&work)
    }
}

private struct ProductWork: KernelWork {
    let recording: SparseRecording
    let tape: EventTape
    let tangent: [Double]
    let monitor: Monitor?

    func run<K: ExponentialKeys>(exponential kernel: K) throws(SpinnpropError) -> [Double] { try run(kernel) }
    func run<K: TimedKernel>(timed kernel: K) throws(SpinnpropError) -> [Double] { try run(kernel) }

    private func run<K: Kernel>(_ kernel: K) throws(SpinnpropError) -> [Double] {
        let tangents = try Tangents(try Replay(recording, kernel, tape), vectorCount: 1, monitor: monitor)
        for (neuron, value) in tangent.enumerated() { tangents.values.pointer[neuron] = value }
        for event in 0..<tape.eventCount { try tangents.play(event) }
        return tangents.values.elements
    }
}

private struct SpectrumWork: KernelWork {
    let recording: SparseRecording
    let tape: EventTape
    let count: Int
    let skip: Int
    let interval: Int
    let seed: UInt64
    let monitor: Monitor?

    func run<K: ExponentialKeys>(exponential kernel: K) throws(SpinnpropError) -> LyapunovSpectrum {
        try run(kernel)
    }
    func run<K: TimedKernel>(timed kernel: K) throws(SpinnpropError) -> LyapunovSpectrum { try run(kernel) }

    private func run<K: Kernel>(_ kernel: K) throws(SpinnpropError) -> LyapunovSpectrum {
        let tangents = try Tangents(try Replay(recording, kernel, tape), vectorCount: count, monitor: monitor)
        var stream = RandomStream(seed: seed, stream: 2)
        for index in 0..<tangents.values.count { tangents.values.pointer[index] = stream.normal() }
        var logarithms = [Double](repeating: 0, count: count)
        var begin = 0.0
        try tangents.orthonormalise(&logarithms)
        for event in 0..<tape.eventCount {
            if event == skip {
                try tangents.orthonormalise(&logarithms)
                logarithms = [Double](repeating: 0, count: count)
                tangents.contraction = 0
                begin = event == 0 ? 0 : K.time(tape.clocks[event - 1], epoch: tangents.replay.epoch)
            }
            try tangents.play(event)
            if event % interval == interval - 1 {
                try tangents.orthonormalise(&logarithms)
            }
        }
        try tangents.orthonormalise(&logarithms)
        let end = K.time(tape.clocks[tape.eventCount - 1], epoch: tangents.replay.epoch)
        guard end > begin else {
            throw .invalidValue("the events after skip = \(skip) are all at one time; exponents need a longer run")
        }
        let duration = (end - begin) * recording.network.tau
        return LyapunovSpectrum(
            exponents: logarithms.map { $0 / duration }, contraction: tangents.contraction / duration,
            duration: duration)
    }
}
