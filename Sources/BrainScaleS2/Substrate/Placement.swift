// Where a network's neurons and delays lie on the chip, or why it does not fit.
import Mathematics
import Networks

/// The circuits that a network takes: those of its neurons, layer by layer, then those that delay.
///
/// A circuit has synapses for 128 signed inputs; a neuron of more has its synapses on as many circuits as it takes, merged into one. Every
/// trained delay, of a sender, a receiver or a synapse, takes a circuit of its own, as if by a neuron that passes spikes on.
public struct BrainScaleS2Placement: Equatable, Sendable {
    public struct LayerPlace: Equatable, Sendable {
        public let neuronCount: Int
        /// Signed inputs of each neuron, copies of inputs counted.
        public let signedInputs: Int
        /// Circuits of each neuron.
        public let merged: Int
        /// The first circuit.
        public let first: Int

        public var circuitCount: Int { BrainScaleS2Placement.product(neuronCount, merged) }
    }

    /// A circuit has a pair of rows for each.
    static let signedInputsOfACircuit = ChipGeometry.rowCount / 2

    public let layers: [LayerPlace]
    /// For each connection the first circuit that delays.
    public let delays: [Int]
    public let circuitCount: Int

    /// Circuits that delay.
    public let delayCount: Int

    public var fits: Bool { circuitCount <= ChipGeometry.neuronCount }

    /// - Parameters:
    ///   - sizes: units of the input, then neurons of each layer.
    ///   - connections: ends and number of delays of each.
    init(sizes: [Int], connections: [(ends: Ends, delays: Int)], inputCopies: Int) {
        var (next, delaying) = (0, 0)
        layers = (1..<sizes.count).map { target in
            let inputs = connections.filter { $0.ends.target == target }.reduce(0) {
                $0 + sizes[$1.ends.source] * ($1.ends.source == 0 ? inputCopies : 1)
            }
            let merged = max(
                1,
                (inputs + BrainScaleS2Placement.signedInputsOfACircuit - 1)
                    / BrainScaleS2Placement.signedInputsOfACircuit)
            let place = LayerPlace(
                neuronCount: sizes[target], signedInputs: inputs, merged: merged, first: next)
            next = BrainScaleS2Placement.sum(next, place.circuitCount)
            return place
        }
        delays = connections.map { connection in
            defer {
                next = BrainScaleS2Placement.sum(next, connection.delays)
                delaying = BrainScaleS2Placement.sum(delaying, connection.delays)
            }
            return next
        }
        (circuitCount, delayCount) = (next, delaying)
    }

    /// The largest number stands for all that are larger: what is so large does not fit anyway.
    private static func sum(_ a: Int, _ b: Int) -> Int {
        let (sum, overflow) = a.addingReportingOverflow(b)
        return overflow ? .max : sum
    }

    private static func product(_ a: Int, _ b: Int) -> Int {
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        return overflow ? .max : product
    }

    /// Of a chain of layers, whether or not such a network could be made.
    ///
    /// - Parameters:
    ///   - sizes: units of the input, then neurons of each layer.
    ///   - delays: the kind of all connections.
    ///   - recurrent: whether hidden layers are.
    /// - Throws: `invalidValue` for sizes no network has.
    public init(
        sizes: [Int], delays: DelayKind = .none, recurrent: Bool = false, inputCopies: Int
    ) throws(SpinnpropError) {
        try Network.checkSizes(sizes)
        let last = sizes.count - 1
        var ends = (0..<last).map { Ends($0, $0 + 1) }
        if recurrent { ends += (1..<max(1, last)).map { Ends($0, $0) } }
        // Products of two sizes fit into 64 bits.
        self.init(
            sizes: sizes,
            connections: ends.map {
                ($0, Connection.delayCount(delays, preCount: sizes[$0.source], postCount: sizes[$0.target]))
            }, inputCopies: inputCopies)
    }

    public init(_ network: Network, inputCopies: Int) {
        self.init(
            sizes: [network.inputCount] + network.layers.map(\.neuronCount),
            connections: network.connections.map { ($0.ends, $0.delays.count) }, inputCopies: inputCopies)
    }

    /// - Throws: `unsupported` with the sizes if the network does not fit.
    func check() throws(SpinnpropError) {
        guard !fits else { return }
        let parts = layers.enumerated().map { (index, layer) in
            "\(layer.circuitCount) of layer \(index) (\(layer.neuronCount) neurons of \(layer.signedInputs) signed inputs, "
                + "\(layer.merged) merged for each)"
        }
        throw .unsupported(
            "the network takes \(circuitCount) neuron circuits of BrainScaleS-2's \(ChipGeometry.neuronCount): "
                + (parts + (delayCount > 0 ? ["\(delayCount) of delays"] : [])).joined(separator: ", ")
                + "; use smaller layers, fewer input_copies or fewer delays")
    }
}
