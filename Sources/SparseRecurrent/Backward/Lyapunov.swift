// The Jacobian of a recorded run applied to vectors, and its Lyapunov spectrum.
import Mathematics

/// Rates at which volumes of the state grow or shrink along a run.
public struct LyapunovSpectrum: Equatable, Sendable {
    /// 1/s, in falling order but for fluctuations of a finite run. One of a complete spectrum belongs to the neutral direction: 0.
    /// -infinity for directions that are lost: a neuron that is pushed over its threshold forgets its state. As many are finite as
    /// directions are left, in exact arithmetic.
    public let exponents: [Double]
    /// The sum over all events of ln D of all inputs, per second. Equals the sum of a complete spectrum (Liouville); -infinity
    /// with it.
    public let contraction: Double
    /// The time of the model that exponents are averaged over, in seconds.
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
    ///   - skip: spikes (and inputs) at the begin that only align the vectors; an avalanche belongs to the spike that began it.
    ///     What is lost there does not count.
    ///   - interval: at most so many, fewer where vectors come too close to each other for float64. 0: N / 32, at least 1.
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
        try tangents.settle(isLast: true)
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
        let spectrum = try Spectrum(tangents, seed: seed, monitor: monitor)
        tangents.watcher = spectrum
        defer { tangents.watcher = nil }
        var begin: Double?
        var previous = 0
        for event in 0..<tape.eventCount {
            // An avalanche is not taken apart.
            if !tangents.replay.isForced(event) {
                try tangents.settle()
                if begin == nil && event >= skip {
                    begin = event == 0 ? 0 : K.time(tape.clocks[event - 1], epoch: tangents.replay.epoch)
                    try spectrum.restart()
                } else if event / interval != previous / interval {
                    try spectrum.orthonormalise()
                }
                previous = event
            }
            try tangents.play(event)
        }
        try tangents.settle(isLast: true)
        let logarithms = try spectrum.finish()
        let end = K.time(tape.clocks[tape.eventCount - 1], epoch: tangents.replay.epoch)
        guard let begin, end > begin else {
            throw .invalidValue("the events after skip = \(skip) are all at one time; exponents need a longer run")
        }
        let duration = (end - begin) * recording.network.tau
        return LyapunovSpectrum(
            exponents: logarithms.map { $0 / duration }, contraction: tangents.contraction / duration,
            duration: duration)
    }
}
