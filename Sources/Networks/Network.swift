// A network: populations of neurons and the connections between them.
import Mathematics
import Neurons
import Spikes

/// A population of leaky integrate-and-fire neurons.
public struct Layer: Equatable, Sendable {
    public let neuronCount: Int
    /// `false`: a leaky read-out, whose membrane is never reset and which sends no spikes.
    public let isSpiking: Bool
    public internal(set) var parameters: LIFParameters
}

/// What each delay of a connection belongs to: a synapse, a sender or a receiver.
public enum DelayKind: Int32, Sendable, CaseIterable {
    case none = 0
    case synaptic = 1
    case axonal = 2
    case dendritic = 3
}

/// All synapses from one population to another (or to itself).
public struct Connection: Equatable, Sendable {
    /// The index of the layer whose spikes it carries; `nil`: the input.
    public let source: Int?
    public let target: Int
    public let preCount: Int
    public let postCount: Int
    public let delayKind: DelayKind
    /// Weights as (post, pre), row by row.
    public internal(set) var weights: [Double]
    /// Delays in seconds, >= 0: (post, pre) if synaptic, (pre) if axonal, (post) if dendritic, empty if none.
    public internal(set) var delays: [Double]
    /// What the weights are held to.
    public internal(set) var constraints = WeightConstraints()

    public var isRecurrent: Bool { source == target }

    public static func delayCount(_ kind: DelayKind, preCount: Int, postCount: Int) -> Int {
        switch kind {
        case .none: return 0
        case .synaptic: return preCount * postCount
        case .axonal: return preCount
        case .dendritic: return postCount
        }
    }

    /// What messages call a weight: the array, the layer, row and column.
    package func name(ofWeight index: Int) -> String {
        Connection.name("weights", layer: target, isRecurrent: isRecurrent, index: index, columns: preCount)
    }

    /// What messages call a delay: the array, the layer, and row and column, or the sender or receiver. Of a connection without delays, one of
    /// a synapse.
    package func name(ofDelay index: Int) -> String {
        let isOfNeuron = delayKind == .axonal || delayKind == .dendritic
        return Connection.name(
            "delays", layer: target, isRecurrent: isRecurrent, index: index, columns: isOfNeuron ? nil : preCount)
    }

    /// - Parameter columns: of the array; `nil`: it has one dimension.
    package static func name(
        _ array: String, layer: Int, isRecurrent: Bool, index: Int, columns: Int?
    ) -> String {
        let place = columns.map { "\(index / $0), \(index % $0)" } ?? "\(index)"
        return "\(isRecurrent ? "recurrent_" : "")\(array)[\(layer)][\(place)]"
    }

    init(source: Int?, target: Int, preCount: Int, postCount: Int, delayKind: DelayKind) {
        self.source = source
        self.target = target
        self.preCount = preCount
        self.postCount = postCount
        self.delayKind = delayKind
        weights = [Double](repeating: 0, count: preCount * postCount)
        delays = [Double](
            repeating: 0, count: Connection.delayCount(delayKind, preCount: preCount, postCount: postCount))
    }
}

extension Connection {
    mutating func withMutableParameters(
        _ body: (_ weights: UnsafeMutableBufferPointer<Double>, _ delays: UnsafeMutableBufferPointer<Double>) -> Void
    ) {
        weights.withUnsafeMutableBufferPointer { weights in
            delays.withUnsafeMutableBufferPointer { delays in body(weights, delays) }
        }
    }
}

/// A spiking network. Layers are in an order in which every connection leads from the input or an earlier layer to a later
/// one, or from a layer to itself.
///
/// `init` builds the usual chain; connections 0 ..< layers.count are then the feed-forward ones, in order, and the recurrent
/// ones follow.
public struct Network: Equatable, Sendable {
    public let inputCount: Int
    public private(set) var layers: [Layer]
    public private(set) var connections: [Connection]

    public var outputCount: Int { layers[layers.count - 1].neuronCount }
    public var hasRecurrence: Bool { connections.contains { $0.isRecurrent } }
    public var hasDelays: Bool { connections.contains { $0.delayKind != .none } }

    /// A chain of layers with all weights 0.
    ///
    /// - Parameters:
    ///   - sizes: units of the input, then neurons of each layer; at least two numbers, all >= 1.
    ///   - parameters: one for all layers, or one per layer.
    ///   - delays: the kind of delay of all connections, or of those into each layer, recurrent ones among them.
    ///   - recurrent: empty, one flag for all hidden layers, or one per hidden layer.
    ///   - leakyReadout: whether the last layer is a leaky read-out that never spikes.
    public init(
        sizes: [Int], parameters: [LIFParameters] = [LIFParameters()], delays: [DelayKind] = [.none],
        recurrent: [Bool] = [], leakyReadout: Bool = false
    ) throws(SpinnpropError) {
        guard sizes.count >= 2 else {
            throw .invalidValue("a network needs an input and at least one layer; \(sizes.count) sizes were given")
        }
        for (index, size) in sizes.enumerated() where !Network.layerSizes.contains(Double(size)) {
            throw .invalidValue("size \(index) of the network is \(size); it must be \(Network.layerSizes.text)")
        }
        let layerCount = sizes.count - 1
        guard parameters.count == 1 || parameters.count == layerCount else {
            throw .invalidValue(
                "\(parameters.count) sets of neuron parameters for \(layerCount) layers; give 1 or one each")
        }
        guard delays.count == 1 || delays.count == layerCount else {
            throw .invalidValue(
                "\(delays.count) kinds of delay for \(layerCount) layers; give one for all, or one each")
        }
        let hiddenCount = layerCount - 1
        guard recurrent.count <= 1 || recurrent.count == hiddenCount else {
            throw .invalidValue(
                "recurrent has \(recurrent.count) flags for \(hiddenCount) hidden layers; give one for all, or one each"
            )
        }
        // The largest array must be addressable before anything is allocated.
        var total = 0
        for layer in 0..<layerCount {
            let isRecurrent = layer < hiddenCount && !recurrent.isEmpty
            for pre in [sizes[layer]] + (isRecurrent ? [sizes[layer + 1]] : []) {
                let (product, overflow) = pre.multipliedReportingOverflow(by: sizes[layer + 1])
                total = total.addingReportingOverflow(product).partialValue
                guard !overflow, product <= Network.largestArray, total <= Network.largestArray else {
                    throw SpinnpropError(
                        .outOfMemory,
                        "the network has more than \(Network.largestArray) weights at layer \(layer), "
                            + "\(pre) x \(sizes[layer + 1]); use smaller layers")
                }
            }
        }
        // Weights, and the numbers they are drawn as.
        try Memory.check(count: total, bytesPerElement: 2 * MemoryLayout<Double>.stride, "the network's weights")
        inputCount = sizes[0]
        layers = []
        for layer in 0..<layerCount {
            let own = parameters[parameters.count == 1 ? 0 : layer]
            try own.check(neuronCount: sizes[layer + 1])
            layers.append(
                Layer(
                    neuronCount: sizes[layer + 1], isSpiking: !(leakyReadout && layer == layerCount - 1),
                    parameters: own.simplified))
        }
        connections = []
        for layer in 0..<layerCount {
            connections.append(
                Connection(
                    source: layer == 0 ? nil : layer - 1, target: layer, preCount: sizes[layer],
                    postCount: sizes[layer + 1], delayKind: delays[delays.count == 1 ? 0 : layer]))
        }
        for layer in 0..<hiddenCount where !recurrent.isEmpty && recurrent[recurrent.count == 1 ? 0 : layer] {
            connections.append(
                Connection(
                    source: layer, target: layer, preCount: sizes[layer + 1], postCount: sizes[layer + 1],
                    delayKind: connections[layer].delayKind))
        }
    }

    /// 2^33 float64 numbers, 64 GiB: more than fits a machine this is meant for, far below overflow.
    static let largestArray = 1 << 33

    /// The longest delay in seconds, far below where adding it to a spike time could overflow.
    public static let longestDelay = 1e100
    /// Units of a layer, and of the input.
    public static let layerSizes = Domain.count(from: 1)

    /// The index of a layer's feed-forward or recurrent connection in `connections`.
    public func connectionIndex(into layer: Int, recurrent: Bool) -> Int? {
        connections.firstIndex { $0.target == layer && $0.isRecurrent == recurrent }
    }

    /// - Throws: `outOfMemory` unless there is room for so many numbers per weight and delay.
    public func checkRoom(numbers: Int = 1, _ what: String) throws(SpinnpropError) {
        let count = connections.reduce(0) { $0 + $1.weights.count + $1.delays.count }
        try Memory.check(count: count, bytesPerElement: numbers * MemoryLayout<Double>.stride, what)
    }

    /// Sets the weights of a connection.
    ///
    /// - Throws: `invalidValue` on a wrong count, a value that is not finite or one that the connection's constraints do not allow.
    public mutating func setWeights(_ values: [Double], connection: Int) throws(SpinnpropError) {
        let old = connections[connection]
        try Network.check(
            values, name: old.isRecurrent ? "recurrent_weights" : "weights", count: old.weights.count,
            shape: (old.postCount, old.preCount), layer: old.target, element: old.name(ofWeight:))
        try old.checkAllowed(values)
        connections[connection].weights = values
    }

    mutating func change(
        _ connection: Int, _ body: (inout Connection) throws(SpinnpropError) -> Void
    ) throws(SpinnpropError) { try body(&connections[connection]) }

    /// Takes over the weights of a network with the same layers and connections.
    public mutating func takeWeights(of other: Network) {
        for index in connections.indices { connections[index].weights = other.connections[index].weights }
    }

    /// Sets the delays of a connection. A connection without delays accepts zeros of the synaptic shape.
    public mutating func setDelays(_ values: [Double], connection: Int) throws(SpinnpropError) {
        let old = connections[connection]
        let kind: DelayKind = old.delayKind == .none ? .synaptic : old.delayKind
        let shape = (kind == .axonal ? 1 : old.postCount, kind == .dendritic ? 1 : old.preCount)
        let name = old.isRecurrent ? "recurrent_delays" : "delays"
        try Network.check(
            values, name: name, count: shape.0 * shape.1, shape: shape, layer: old.target, element: old.name(ofDelay:))
        for (index, value) in values.enumerated() {
            guard value >= 0, value <= Network.longestDelay else {
                throw .invalidValue(
                    "\(old.name(ofDelay: index)) is \(value); delays must be 0 .. \(Network.longestDelay) seconds")
            }
            guard old.delayKind != .none || value == 0 else {
                throw .invalidValue(
                    "\(old.name(ofDelay: index)) is \(value), but layer \(old.target) was made without delays; give the kind of delay "
                        + "when the network is made")
            }
        }
        if old.delayKind != .none { connections[connection].delays = values }
    }

    /// Sets the neuron parameters of a layer.
    public mutating func setParameters(_ parameters: LIFParameters, layer: Int) throws(SpinnpropError) {
        try parameters.check(neuronCount: layers[layer].neuronCount)
        layers[layer].parameters = parameters.simplified
    }

    /// Hands the weights and delays of a connection to an optimiser, in place; it keeps them finite and delays >= 0.
    ///
    /// - Parameter isHeld: whether weights are then brought to the nearest that are allowed; else whoever changes them sees to that.
    public mutating func withMutableParameters(
        connection: Int, isHeld: Bool = false,
        _ body: (_ weights: UnsafeMutableBufferPointer<Double>, _ delays: UnsafeMutableBufferPointer<Double>) -> Void
    ) {
        // Not the connection, of whose arrays there would then be two copies.
        let (constraints, preCount) = (connections[connection].constraints, connections[connection].preCount)
        connections[connection].withMutableParameters { weights, delays in
            body(weights, delays)
            if isHeld { constraints.project(weights, preCount: preCount) }
        }
    }

    private static func check(
        _ values: [Double], name: String, count: Int, shape: (Int, Int), layer: Int, element: (Int) -> String
    ) throws(SpinnpropError) {
        guard values.count == count else {
            throw .invalidValue(
                "\(name)[\(layer)] has \(values.count) elements; it takes \(count), shape (\(shape.0), \(shape.1))")
        }
        for (index, value) in values.enumerated() where !value.isFinite {
            throw .invalidValue("\(element(index)) is \(value); every element must be finite")
        }
    }

    /// A hash of every parameter, the same in every process and on every machine: what a recording remembers of the
    /// network that made it.
    public var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.add(UInt64(inputCount))
        for layer in layers {
            hash.add(UInt64(layer.neuronCount))
            hash.add(layer.isSpiking ? 1 : 0)
            for values in [
                layer.parameters.tauMem, layer.parameters.tauSyn, layer.parameters.threshold, layer.parameters.reset,
            ] { hash.add(values) }
        }
        for connection in connections {
            hash.add(UInt64(bitPattern: Int64(connection.source ?? -1)))
            hash.add(UInt64(connection.target))
            hash.add(UInt64(connection.delayKind.rawValue))
            hash.add(connection.weights)
            hash.add(connection.delays)
            connection.constraints.add(to: &hash)
        }
        return hash.value
    }
}
