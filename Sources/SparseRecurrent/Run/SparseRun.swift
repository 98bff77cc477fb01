// Running a sparse network: all at once, or with its spikes handed over as they come.
import Mathematics

/// A run that is kept.
public struct SparseRecording: Sendable {
    /// The network as it was when it ran.
    public let network: SparseNetwork
    /// Spike times in seconds, never falling.
    public let times: [Double]
    public let units: [Int32]
    public let summary: SparseRunSummary
    /// V of the traced neurons, (sample, trace unit).
    public let traces: [Double]
    public let options: SparseRunOptions
    let tape: EventTape?

    public var spikeCount: Int { times.count }
    /// Spikes per neuron and second.
    public var rate: Double { summary.rate }
}

extension SparseNetwork {
    /// Runs from the initial state and keeps all spikes.
    ///
    /// - Parameter monitor: counts spikes.
    /// - Throws: `invalidValue`, `invalidIndex` for options out of their domain, `tooManySpikes` for an avalanche that does not
    ///   end, `cancelled`, `outOfMemory`.
    public func run(
        _ options: SparseRunOptions = SparseRunOptions(), monitor: Monitor? = nil
    ) throws(SpinnpropError) -> SparseRecording {
        var times: [Double] = []
        var units: [Int32] = []
        let expected = min(options.spikes, 1 << 20)
        times.reserveCapacity(expected)
        units.reserveCapacity(expected)
        // Arrays double when they grow; a tape is as large again.
        let bytes = options.keepsTape ? 48 : 24
        var failure: SpinnpropError?
        let (summary, traces, tape): (SparseRunSummary, [Double], EventTape?)
        do throws(SpinnpropError) {
            (summary, traces, tape) = try stream(options, monitor) {
                do throws(SpinnpropError) {
                    try Memory.check(count: times.count + $0.count, bytesPerElement: bytes, "the spikes of this run")
                } catch {
                    failure = error
                    return false
                }
                times.append(contentsOf: $0)
                units.append(contentsOf: $1)
                return true
            }
        } catch {
            throw failure ?? error
        }
        return SparseRecording(
            network: self, times: times, units: units, summary: summary, traces: traces, options: options, tape: tape)
    }

    /// Runs and hands over spikes in order of time, in batches (times in seconds, units), without keeping them. `sink` returns
    /// whether to go on; traces and tape are not available.
    public func stream(
        _ options: SparseRunOptions, monitor: Monitor? = nil,
        _ sink: (UnsafeBufferPointer<Double>, UnsafeBufferPointer<Int32>) -> Bool
    ) throws(SpinnpropError) -> SparseRunSummary {
        var plain = options
        plain.keepsTape = false
        plain.traceUnits = []
        return try stream(plain, monitor, sink).summary
    }

    private func stream(
        _ options: SparseRunOptions, _ monitor: Monitor?,
        _ sink: (UnsafeBufferPointer<Double>, UnsafeBufferPointer<Int32>) -> Bool
    ) throws(SpinnpropError) -> (summary: SparseRunSummary, traces: [Double], tape: EventTape?) {
        try withoutActuallyEscaping(sink) { (sink) throws(SpinnpropError) in
            var run = Run(network: self, options: options, monitor: monitor, sink: sink)
            return try withKernel(&run)
        }
    }
}

private struct Run: KernelWork {
    let network: SparseNetwork
    let options: SparseRunOptions
    let monitor: Monitor?
    let sink: (UnsafeBufferPointer<Double>, UnsafeBufferPointer<Int32>) -> Bool

    typealias Result = (summary: SparseRunSummary, traces: [Double], tape: EventTape?)

    func run<K: ExponentialKeys>(exponential kernel: K) throws(SpinnpropError) -> Result {
        try run(kernel, needsSnapshots: false)
    }

    func run<K: TimedKernel>(timed kernel: K) throws(SpinnpropError) -> Result {
        try run(kernel, needsSnapshots: true)
    }

    @inline(__always)
    private func run<K: Kernel>(_ kernel: K, needsSnapshots: Bool) throws(SpinnpropError) -> Result {
        let simulation = try Simulation(
            network, kernel, options: options, needsSnapshots: needsSnapshots, monitor: monitor)
        var last = 0.0
        try simulation.run(spikes: options.spikes) {
            last = $0[$0.count - 1]
            return sink($0, $1)
        }
        let count = simulation.spikeCount
        let endTime = count == options.spikes ? last : options.endTime
        let rate = endTime > 0 && endTime < .infinity ? Double(count) / (Double(network.neuronCount) * endTime) : 0
        return (
            SparseRunSummary(spikeCount: count, endTime: endTime, rate: rate), simulation.traces, simulation.tape
        )
    }
}
