// The plasticity processor: what programs see of the array, in vectors of 8-bit numbers, and what they are charged.
import Mathematics

/// A program that changes weights. It may run at periods of a run, or by itself. `examples/plasticity/main.swift` is one, with an array on a chip.
public protocol PlasticityProgram: AnyObject {
    /// - Throws: ends the run, with what it and the program have done kept.
    func run(on processor: PlasticityProcessor) throws(SpinnpropError)
}

/// One call of a program: rows of synapses are senders', sources first, with a lane per neuron.
///
/// Each operation is charged to the processor's time (`ProcessorAccount`).
public final class PlasticityProcessor {
    private let array: NeuronArray
    public private(set) var costs = ProcessorCosts()

    init(_ array: NeuronArray) { self.array = array }

    public var senderCount: Int { array.options.senderCount }
    public var sourceCount: Int { array.options.sourceCount }
    public var neuronCount: Int { array.options.neuronCount }
    /// Seconds since the array's beginning.
    public var time: Double { array.time }

    // MARK: - Synapses

    /// 0 where no synapse is.
    public func weights(of sender: Int) -> SignedLanes {
        let lanes = SignedLanes(array.weightRow(sender))
        costs.rows += lanes.vectorCount
        return lanes
    }

    /// Weights of a sender's synapses, saturating at what 6 bits and its sign allow; where no synapse is nothing is written.
    public func setWeights(of sender: Int, _ lanes: SignedLanes) {
        array.setWeightRow(sender, lanes.values)
        costs.rows += lanes.vectorCount
    }

    /// Where synapses are: 1, else 0.
    public func synapses(of sender: Int) -> UnsignedLanes { UnsignedLanes(array.maskRow(sender)) }

    /// Writes other labels into synapses: they listen to other senders from now on, their sensors at 0.
    public func move(_ moves: [SynapseMove]) throws(SpinnpropError) {
        try array.move(moves)
        costs.rows += moves.count
    }

    /// All weights, where synapses are, and the read-outs of all sensors, which are reset; as a host's program wants them.
    public func readMatrices() throws(SpinnpropError) -> SynapseMatrices {
        let matrices = try SynapseMatrices(count: senderCount * neuronCount, hasSensors: array.sensors != nil)
        let vectors = senderCount * ((neuronCount + 127) / 128)
        matrices.weights.pointer.update(from: array.synapses.weights, count: matrices.count)
        matrices.mask.pointer.update(from: array.synapses.mask, count: matrices.count)
        costs.rows += vectors
        if let causal = matrices.causal, let acausal = matrices.acausal {
            try array.readCorrelations(causal: causal.pointer, acausal: acausal.pointer, resets: true)
            costs.conversions += 2 * vectors
        }
        return matrices
    }

    /// Writes weights and synapses back. - Throws: `invalidValue` naming what no synapse can have, and nothing is written.
    public func write(_ matrices: SynapseMatrices) throws(SpinnpropError) {
        try array.write(matrices)
        costs.rows += senderCount * ((neuronCount + 127) / 128)
    }

    // MARK: - Sensors and counters

    /// Read-outs of a sender's sensors. - Throws: `unsupported` without sensors.
    public func correlations(of sender: Int) throws(SpinnpropError) -> (causal: UnsignedLanes, acausal: UnsignedLanes) {
        let (causal, acausal) = try array.correlationRow(sender)
        let lanes = (causal: UnsignedLanes(causal), acausal: UnsignedLanes(acausal))
        costs.conversions += 2 * lanes.causal.vectorCount
        return lanes
    }

    /// Resets all sensors, as a program does that has read them.
    public func resetCorrelations() throws(SpinnpropError) {
        try array.sensorsOrThrow().clear()
        costs.rows += senderCount * ((neuronCount + 127) / 128)
    }

    /// Spikes of each neuron since they were read last; reading resets.
    public func rates() -> UnsignedLanes {
        let lanes = UnsignedLanes(array.readRates())
        costs.rows += lanes.vectorCount
        return lanes
    }

    public func membranes() -> UnsignedLanes {
        let lanes = UnsignedLanes(array.membranes().readOuts)
        costs.conversions += lanes.vectorCount
        return lanes
    }

    // MARK: - Arithmetic

    public func sum(_ x: SignedLanes, _ y: SignedLanes) -> SignedLanes {
        costs.instructions += x.vectorCount
        return x.combined(y) { $0 &+ $1 }
    }

    /// x - y of unsigned numbers, held to -128 ... 127.
    public func difference(_ x: UnsignedLanes, _ y: UnsignedLanes) -> SignedLanes {
        costs.instructions += x.vectorCount
        return x.combined(y) { $0 &- $1 }
    }

    /// Each lane times a factor, rounded to the nearest.
    public func product<Scalar>(_ x: SaturatingLanes<Scalar>, _ factor: Fraction) -> SignedLanes {
        // Factors have 16 bits, so that a vector of 128 lanes is two of products.
        costs.instructions += 2 * x.vectorCount
        return x.combined(x) { value, _ in factor.times(value) }
    }

    /// The lanes of x where `mask` is not 0, else 0.
    public func masked(_ x: SignedLanes, _ mask: UnsignedLanes) -> SignedLanes {
        costs.instructions += x.vectorCount
        return x.combined(mask) { $1 == 0 ? 0 : $0 }
    }

    // MARK: - Random numbers

    /// 1 with a probability, in each lane by itself, else 0.
    public func trials(_ probability: Double) -> UnsignedLanes {
        var lanes = UnsignedLanes(repeating: 0, count: neuronCount)
        for first in stride(from: 0, to: neuronCount, by: 64) {
            let count = min(64, neuronCount - first)
            let among = count == 64 ? UInt64.max : (1 << UInt64(count)) - 1
            let successes = array.processorStream.trials(probability, among: among)
            for lane in 0..<count {
                lanes.values[first + lane] = UInt8(truncatingIfNeeded: (successes >> UInt64(lane)) & 1)
            }
        }
        costs.instructions += 2 * lanes.vectorCount
        return lanes
    }

    /// Uniform in 0 ..< bound.
    public func index(below bound: Int) -> Int {
        costs.instructions += 1
        return array.processorStream.index(below: bound)
    }

    /// 64 random bits.
    public func word() -> UInt64 {
        costs.instructions += 1
        return array.processorStream.nextUInt64()
    }
}

/// Matrices of a whole array, (senders, neurons).
public final class SynapseMatrices {
    let count: Int
    public let weights: Block<Int8>
    /// Not 0 where synapses are.
    public let mask: Block<UInt8>
    public let causal, acausal: Block<UInt8>?

    init(count: Int, hasSensors: Bool) throws(SpinnpropError) {
        self.count = count
        (weights, mask) = (try Block(count), try Block(count))
        causal = hasSensors ? try Block(count) : nil
        acausal = hasSensors ? try Block(count) : nil
    }
}

extension NeuronArray {
    func write(_ matrices: SynapseMatrices) throws(SpinnpropError) {
        let new = UnsafeBufferPointer(start: matrices.mask.pointer, count: matrices.count)
        let moved = (0..<matrices.count).filter { new[$0] != 0 && synapses.mask[$0] == 0 }
        try synapses.set(
            weights: UnsafeBufferPointer(start: matrices.weights.pointer, count: matrices.count), mask: new)
        for element in moved {
            sensors?.forget(sender: element / options.neuronCount, neuron: element % options.neuronCount)
        }
    }

    func weightRow(_ sender: Int) -> [Int8] {
        Array(UnsafeBufferPointer(start: synapses.weights + sender * options.neuronCount, count: options.neuronCount))
    }

    func maskRow(_ sender: Int) -> [UInt8] {
        Array(UnsafeBufferPointer(start: synapses.mask + sender * options.neuronCount, count: options.neuronCount))
    }

    func setWeightRow(_ sender: Int, _ values: [Int8]) {
        let row = synapses.weights + sender * options.neuronCount
        let range = synapses.range(of: sender)
        for target in synapses.targets(of: sender) where Int(target) < values.count {
            row[Int(target)] = max(range.lowerBound, min(range.upperBound, values[Int(target)]))
        }
    }

    func move(_ moves: [SynapseMove]) throws(SpinnpropError) {
        for move in moves { sensors?.forget(sender: move.to, neuron: move.neuron) }
        try synapses.move(moves)
    }

    func correlationRow(_ sender: Int) throws(SpinnpropError) -> (causal: [UInt8], acausal: [UInt8]) {
        let sensors = try sensorsOrThrow()
        let count = options.neuronCount
        var causal = [UInt8](repeating: 0, count: count)
        var acausal = causal
        causal.withUnsafeMutableBufferPointer { causal in
            acausal.withUnsafeMutableBufferPointer { acausal in
                sensors.read(
                    sender: sender, synapses.targets(of: sender), causal: causal.baseAddress.unsafelyUnwrapped,
                    acausal: acausal.baseAddress.unsafelyUnwrapped)
            }
        }
        return (causal, acausal)
    }
}
