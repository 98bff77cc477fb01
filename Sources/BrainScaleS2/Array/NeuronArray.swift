// The neuron array as a machine: its state lives on between runs.
import Mathematics

/// Up to 512 neurons that all differ, with 6-bit synapses from sources outside and from each other, and what watches them: correlation
/// sensors, rate counters, read-outs of membranes, and the processor whose programs change weights.
///
/// A run goes on where the last one ended, so two runs give the bits of one over both durations (where the times of their inputs add up
/// exactly). Between spikes it is exact; `ArrayState` and `NeuronCell` say how.
///
/// What it does not emulate: crosstalk between sensors, the time a program takes (that is estimated in `account`).
public final class NeuronArray: @unchecked Sendable {
    public let options: ArrayOptions
    public let neurons: ArrayNeurons
    let synapses: Synapses
    /// Each neuron's parameters.
    let cells: Block<NeuronCell>
    let state: ArrayState
    let isRefractory: Block<Bool>
    let sensors: CorrelationSensors?
    /// Spikes of each neuron since the counters were read.
    let counters: Block<Int>
    /// Spikes that neurons will have before the next event.
    var spikesToCome: TimedQueue
    var refractoryEnds: TimedQueue
    /// Events on their way, by their senders: spikes to other neurons, and inputs that wait for their turn.
    var flight: TimedQueue
    /// When the next event of the sources, and of the neurons, may come.
    var (sourcesFree, neuronsFree) = (0.0, 0.0)
    /// Events since the beginning that were lost because too many waited for their turn.
    public internal(set) var lostEvents = 0
    /// What a step of noise does to each membrane: a normal number times its kick.
    let kicks, normals: Block<Double>
    /// Seconds; +infinity without noise.
    let noiseStep: Double
    var noiseSteps = 0.0
    var noiseStream: RandomStream
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
        for neuron in 0..<count { cells.pointer[neuron] = NeuronCell(neurons[neuron]) }
        state = try ArrayState(cells.pointer, count)
        isRefractory = try Block(count)
        sensors = options.hasSensors ? try CorrelationSensors(options) : nil
        counters = try Block(count)
        (spikesToCome, refractoryEnds, flight) = (TimedQueue(), TimedQueue(), TimedQueue())
        (kicks, normals) = (try Block(count), try Block(count + 7))
        noiseStep = NeuronArray.noiseStep(UnsafeBufferPointer(start: cells.pointer, count: count), kicks.pointer)
        noiseStream = ArrayStream.noise.of(options.seed)
        jitterStream = ArrayStream.jitter.of(options.seed)
        processorStream = ArrayStream.processor.of(options.seed)
        (recordedTimes, recordedUnits) = (Block(), Block())
        restart()
    }

    /// An independent copy, with its state.
    public init(copying other: NeuronArray) throws(SpinnpropError) {
        (options, neurons) = (other.options, other.neurons)
        let count = options.neuronCount
        synapses = try Synapses(copying: other.synapses)
        cells = try Block(count)
        cells.pointer.update(from: other.cells.pointer, count: count)
        state = try ArrayState(cells.pointer, count)
        state.copy(other.state)
        isRefractory = try Block(count)
        isRefractory.pointer.update(from: other.isRefractory.pointer, count: count)
        sensors = if let sensors = other.sensors { try CorrelationSensors(copying: sensors) } else { nil }
        counters = try Block(count)
        spikesToCome = TimedQueue()
        refractoryEnds = try TimedQueue(copying: other.refractoryEnds)
        flight = try TimedQueue(copying: other.flight)
        (kicks, normals) = (try Block(count), try Block(count + 7))
        kicks.pointer.update(from: other.kicks.pointer, count: count)
        (noiseStep, noiseSteps, noiseStream) = (other.noiseStep, other.noiseSteps, other.noiseStream)
        jitterStream = other.jitterStream
        (processorStream, time, account) = (other.processorStream, other.time, other.account)
        (spikeCount, runStart) = (other.spikeCount, other.runStart)
        (sourcesFree, neuronsFree, lostEvents) = (other.sourcesFree, other.neuronsFree, other.lostEvents)
        (recordedTimes, recordedUnits) = (try Block(spikeCount), try Block(spikeCount))
        counters.pointer.update(from: other.counters.pointer, count: count)
        recordedTimes.pointer.update(from: other.recordedTimes.pointer, count: spikeCount)
        recordedUnits.pointer.update(from: other.recordedUnits.pointer, count: spikeCount)
    }

    /// Back to time 0 and to the membranes, streams, sensors and counters of then; synapses stay.
    public func reset() {
        noiseStream = ArrayStream.noise.of(options.seed)
        jitterStream = ArrayStream.jitter.of(options.seed)
        processorStream = ArrayStream.processor.of(options.seed)
        restart()
    }

    private func restart() {
        (time, runStart, spikeCount, account) = (0, 0, 0, ProcessorAccount())
        (sourcesFree, neuronsFree, lostEvents) = (0, 0, 0)
        sensors?.restart()
        counters.pointer.update(repeating: 0, count: options.neuronCount)
        state.restart(cells.pointer)
        isRefractory.pointer.update(repeating: false, count: options.neuronCount)
        flight.clear()
        refractoryEnds.clear()
        noiseSteps = 0
    }

    var nextNoise: Double { (noiseSteps + 1) * noiseStep }

    /// The time between two steps of noise, a small part of the shortest membrane time constant that has some, and each neuron's kick.
    private static func noiseStep(
        _ cells: UnsafeBufferPointer<NeuronCell>, _ kicks: UnsafeMutablePointer<Double>
    ) -> Double {
        let step = cells.reduce(Double.infinity) { $1.noise > 0 ? min($0, $1.tauMem / 32) : $0 }
        for (neuron, cell) in cells.enumerated() {
            let kept = cell.noise > 0 ? -Elementary.expm1(2 * cell.decayMem * step) : 0
            kicks[neuron] = cell.noise * kept.squareRoot()
        }
        return step
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

    /// Without a change: when states are moved is what later bits follow from.
    private func membrane(of neuron: Int) -> Double {
        var own = cells.pointer[neuron]
        guard !isRefractory.pointer[neuron] else { return own.reset - own.start }
        state.load(&own, neuron)
        state.catchUp(&own, neuron)
        own.move(to: max(own.time, time))
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
