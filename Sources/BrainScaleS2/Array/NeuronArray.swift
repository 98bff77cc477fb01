// The neuron array as a machine: its state lives on between runs.
import Mathematics

/// Up to 512 neurons that all differ, with 6-bit synapses from sources outside and from each other, and what watches them: correlation
/// sensors, rate counters, read-outs of membranes, and the processor whose programs change weights.
///
/// A run goes on where the last one ended, so two runs give the bits of one over both durations (where the times of their inputs add up
/// exactly). Between spikes it is exact; `NeuronCell` says how.
///
/// What it does not emulate: limits of event rates, crosstalk between sensors, the time a program takes (that is estimated in `account`).
public final class NeuronArray: @unchecked Sendable {
    public let options: ArrayOptions
    public let neurons: ArrayNeurons
    let synapses: Synapses
    let cells: Block<NeuronCell>
    /// Arrivals that wait at each neuron, `NeuronCell.room` of them.
    let waitingTimes: Block<Double>
    let waitingCurrents: Block<Double>
    let sensors: CorrelationSensors?
    /// Spikes of each neuron since the counters were read.
    let counters: Block<Int>
    var silences: SilenceQueue
    var flight: ArrivalQueue
    var noiseStreams: [RandomStream]
    var jitterStream: RandomStream
    var processorStream: RandomStream
    /// Seconds since the beginning.
    public internal(set) var time = 0.0
    public internal(set) var account = ProcessorAccount()
    /// The spikes of the last run: seconds since it began, and neurons, in the order of time.
    let recordedTimes: Block<Double>
    let recordedUnits: Block<Int32>
    public internal(set) var spikeCount = 0
    /// When the last run began.
    var runStart = 0.0

    /// - Parameters:
    ///   - mask: (senders, neurons), where synapses are; empty: everywhere.
    ///   - signs: one per sender: 1, -1, or 0 for both; empty: both everywhere.
    /// - Throws: `invalidValue` naming the parameter and its value; `outOfMemory`.
    public init(
        _ options: ArrayOptions, _ neurons: ArrayNeurons, mask: [UInt8] = [], signs: [Int8] = []
    ) throws(SpinnpropError) {
        try options.check()
        try neurons.check(neuronCount: options.neuronCount)
        (self.options, self.neurons) = (options, neurons)
        let count = options.neuronCount
        synapses = try Synapses(options, mask: mask, signs: signs)
        cells = try Block(count)
        (waitingTimes, waitingCurrents) = (try Block(count * NeuronCell.room), try Block(count * NeuronCell.room))
        sensors = options.hasSensors ? try CorrelationSensors(options) : nil
        counters = try Block(count)
        silences = try SilenceQueue(count: count)
        flight = ArrivalQueue()
        noiseStreams = (0..<count).map { ArrayStream.noise.of(options.seed, $0) }
        jitterStream = ArrayStream.jitter.of(options.seed)
        processorStream = ArrayStream.processor.of(options.seed)
        (recordedTimes, recordedUnits) = (Block(), Block())
        for neuron in 0..<count { cells.pointer[neuron] = NeuronCell(neurons[neuron]) }
        restart()
    }

    /// An independent copy, with its state.
    public init(copying other: NeuronArray) throws(SpinnpropError) {
        (options, neurons) = (other.options, other.neurons)
        let count = options.neuronCount
        synapses = try Synapses(copying: other.synapses)
        cells = try Block(count)
        (waitingTimes, waitingCurrents) = (try Block(count * NeuronCell.room), try Block(count * NeuronCell.room))
        sensors = if let sensors = other.sensors { try CorrelationSensors(copying: sensors) } else { nil }
        counters = try Block(count)
        silences = try SilenceQueue(copying: other.silences)
        flight = try ArrivalQueue(copying: other.flight)
        (noiseStreams, jitterStream) = (other.noiseStreams, other.jitterStream)
        (processorStream, time, account) = (other.processorStream, other.time, other.account)
        (spikeCount, runStart) = (other.spikeCount, other.runStart)
        (recordedTimes, recordedUnits) = (try Block(spikeCount), try Block(spikeCount))
        cells.pointer.update(from: other.cells.pointer, count: count)
        waitingTimes.pointer.update(from: other.waitingTimes.pointer, count: count * NeuronCell.room)
        waitingCurrents.pointer.update(from: other.waitingCurrents.pointer, count: count * NeuronCell.room)
        counters.pointer.update(from: other.counters.pointer, count: count)
        recordedTimes.pointer.update(from: other.recordedTimes.pointer, count: spikeCount)
        recordedUnits.pointer.update(from: other.recordedUnits.pointer, count: spikeCount)
    }

    /// Back to time 0 and to the membranes, streams, sensors and counters of then; synapses stay.
    public func reset() {
        for neuron in 0..<options.neuronCount {
            cells.pointer[neuron].restart()
            noiseStreams[neuron] = ArrayStream.noise.of(options.seed, neuron)
        }
        jitterStream = ArrayStream.jitter.of(options.seed)
        processorStream = ArrayStream.processor.of(options.seed)
        restart()
    }

    private func restart() {
        (time, runStart, spikeCount, account) = (0, 0, 0, ProcessorAccount())
        sensors?.restart()
        counters.pointer.update(repeating: 0, count: options.neuronCount)
        flight.clear()
        silences.clear()
        for neuron in 0..<options.neuronCount { settle(neuron) }
    }

    // MARK: - Synapses

    public var synapseCount: Int { synapses.count }

    /// (senders, neurons); valid within `body` alone.
    public func withWeights<Result>(
        _ body: (UnsafeBufferPointer<Int8>) throws(SpinnpropError) -> Result
    ) throws(SpinnpropError) -> Result {
        try body(UnsafeBufferPointer(start: synapses.weights, count: synapses.elementCount))
    }

    /// Where synapses are: 1, else 0; (senders, neurons); valid within `body` alone.
    public func withMask<Result>(
        _ body: (UnsafeBufferPointer<UInt8>) throws(SpinnpropError) -> Result
    ) throws(SpinnpropError) -> Result {
        try body(UnsafeBufferPointer(start: synapses.mask, count: synapses.elementCount))
    }

    /// - Parameter weights: (senders, neurons), 0 where no synapse is; beyond the last bit of a sender's sign nothing is cut off.
    /// - Throws: `invalidValue` naming the first that no such synapse can have; nothing is changed then.
    public func setWeights(_ weights: UnsafeBufferPointer<Int8>) throws(SpinnpropError) {
        try synapses.setWeights(weights)
    }

    // MARK: - What watches

    /// Membrane values now, as the emulation knows them, and what the chip's 8 bits make of them.
    public func membranes() -> (values: [Double], readOuts: [UInt8]) {
        let values = (0..<options.neuronCount).map { membrane(of: $0) }
        let scale = 255 / (options.readHigh - options.readLow)
        return (values, values.map { UInt8(max(0, min(255, ($0 - options.readLow) * scale)).rounded()) })
    }

    /// Without a change: when a state is moved is what later bits follow from.
    private func membrane(of neuron: Int) -> Double {
        var own = cells.pointer[neuron]
        let room = NeuronCell.room
        own.advance(
            to: max(own.time, time), waitingTimes.pointer + neuron * room, waitingCurrents.pointer + neuron * room)
        return own.membrane - own.start
    }

    /// Spikes since the counters were read last, at most 255; reading resets.
    public func readRates() -> [UInt8] {
        let rates = (0..<options.neuronCount).map { UInt8(clamping: counters.pointer[$0]) }
        counters.pointer.update(repeating: 0, count: options.neuronCount)
        return rates
    }

    /// Read-outs of all sensors, (senders, neurons); `resets`: as reading does on the chip.
    /// - Throws: `unsupported` where there are no sensors.
    public func readCorrelations(
        causal: UnsafeMutablePointer<UInt8>, acausal: UnsafeMutablePointer<UInt8>, resets: Bool
    ) throws(SpinnpropError) {
        let sensors = try sensorsOrThrow()
        for sender in 0..<options.senderCount {
            let row = sender * options.neuronCount
            sensors.read(
                sender: sender, synapses.targets(of: sender), causal: causal + row, acausal: acausal + row)
        }
        if resets { sensors.clear() }
    }

    func sensorsOrThrow() throws(SpinnpropError) -> CorrelationSensors {
        guard let sensors else {
            throw .unsupported(
                "this array has no correlation sensors; make it with has_sensors (sensors=True in Python)")
        }
        return sensors
    }

    /// The spikes of the last run, whether it ended well or not: seconds since it began, and neurons.
    public var lastSpikes: (times: UnsafeBufferPointer<Double>, units: UnsafeBufferPointer<Int32>) {
        (
            UnsafeBufferPointer(start: recordedTimes.pointer, count: spikeCount),
            UnsafeBufferPointer(start: recordedUnits.pointer, count: spikeCount)
        )
    }
}
