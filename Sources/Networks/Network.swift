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
    /// Whether it is the first into its layer, which weights and delays of that layer stand for unless sources are named.
    public let isFirst: Bool
    /// Weights as (post, pre), row by row.
    public internal(set) var weights: [Double]
    /// Delays in seconds, >= 0: (post, pre) if synaptic, (pre) if axonal, (post) if dendritic, empty if none.
    public internal(set) var delays: [Double]
    /// What the weights are held to.
    public internal(set) var constraints = WeightConstraints()

    public var isRecurrent: Bool { source == target }
    public var ends: Ends { Ends(source.map { $0 + 1 } ?? 0, target + 1) }

    public static func delayCount(_ kind: DelayKind, preCount: Int, postCount: Int) -> Int {
        switch kind {
        case .none: return 0
        case .synaptic: return preCount * postCount
        case .axonal: return preCount
        case .dendritic: return postCount
        }
    }

    /// What messages call one of its arrays: by the layer, or by both ends.
    package func name(_ array: String) -> String {
        if isRecurrent { return "recurrent_\(array)[\(target)]" }
        return isFirst ? "\(array)[\(target)]" : "\(array)[\(ends.source), \(ends.target)]"
    }

    /// What messages call a weight: the array, row and column.
    package func name(ofWeight index: Int) -> String { "\(name("weights"))[\(index / preCount), \(index % preCount)]" }

    /// What messages call a delay: the array, and row and column, or the sender or receiver. Of a connection without delays, one of a synapse.
    package func name(ofDelay index: Int) -> String {
        let isOfNeuron = delayKind == .axonal || delayKind == .dendritic
        return name("delays") + (isOfNeuron ? "[\(index)]" : "[\(index / preCount), \(index % preCount)]")
    }

    init(_ ends: Ends, preCount: Int, postCount: Int, delayKind: DelayKind, isFirst: Bool) {
        source = ends.source == 0 ? nil : ends.source - 1
        target = ends.target - 1
        self.isFirst = isFirst
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
/// Connections 0 ..< layers.count are the first ones into each layer, in order: from the layer before or, where that is no source, from the first
/// source. Further ones that lead forward follow, by target and source, and then recurrent ones.
public struct Network: Equatable, Sendable {
    public let inputCount: Int
    public private(set) var layers: [Layer]
    public private(set) var connections: [Connection]

    public var outputCount: Int { layers[layers.count - 1].neuronCount }
    /// Of all layers.
    public var neuronCount: Int { layers.reduce(0) { $0 + $1.neuronCount } }
    public var hasRecurrence: Bool { connections.contains { $0.isRecurrent } }
    public var hasDelays: Bool { connections.contains { $0.delayKind != .none } }

    /// - Throws: `unsupported` for neurons with a drive or a refractory period, which an engine of this name does not have.
    public func checkPlainNeurons(engine: String) throws(SpinnpropError) {
        for (index, layer) in layers.enumerated() {
            for (name, values) in [("drive", layer.parameters.drive), ("refractory", layer.parameters.refractory)] {
                guard let neuron = values.firstIndex(where: { $0 != 0 }) else { continue }
                throw .unsupported(
                    "\(name) of neuron \(neuron) of layer \(index) is \(values[neuron]); engine \"\(engine)\" has neurons without: set "
                        + "\(name) to 0, or use \"event\" in its place")
            }
        }
    }

    /// Layers with all weights 0: a chain, or connected as is said.
    ///
    /// - Parameters:
    ///   - sizes: units of the input, then neurons of each layer; at least two numbers, all >= 1.
    ///   - parameters: one for all layers, or one per layer.
    ///   - delays: the kind of delay of all connections; of a chain also of those into each layer, recurrent ones among them, otherwise of
    ///     each connection in the order in which they are given.
    ///   - recurrent: empty, one flag for all hidden layers of a chain, or one per hidden layer.
    ///   - leakyReadout: whether the last layer is a leaky read-out that never spikes.
    ///   - given: connections in any order, each once, none from a later layer to an earlier one; every layer hears another population. `nil`: the chain.
    public init(
        sizes: [Int], parameters: [LIFParameters] = [LIFParameters()], delays: [DelayKind] = [.none],
        recurrent: [Bool] = [], leakyReadout: Bool = false, connections given: [Ends]? = nil
    ) throws(SpinnpropError) {
        try Network.checkSizes(sizes)
        let layerCount = sizes.count - 1
        guard parameters.count == 1 || parameters.count == layerCount else {
            throw .invalidValue(
                "\(parameters.count) sets of neuron parameters for \(layerCount) layers; give 1 or one each")
        }
        let kindCount = given?.count ?? layerCount
        guard delays.count == 1 || delays.count == kindCount else {
            throw .invalidValue(
                "\(delays.count) kinds of delay for \(kindCount) \(given == nil ? "layers" : "connections"); give one for all, or one each"
            )
        }
        guard given == nil || !recurrent.contains(true) else {
            throw .invalidValue("recurrent is given beside connections; add the layer as (k, k) to connections instead")
        }
        let wiring =
            if let given {
                try Wiring(given, layerCount: layerCount, leakyReadout: leakyReadout)
            } else {
                try Wiring(chainOf: layerCount, recurrent: recurrent)
            }
        // The largest array must be addressable before anything is allocated.
        var total = 0
        for own in wiring.ends {
            let (pre, post) = (sizes[own.source], sizes[own.target])
            let (product, overflow) = pre.multipliedReportingOverflow(by: post)
            total = total.addingReportingOverflow(product).partialValue
            guard !overflow, product <= Network.largestArray, total <= Network.largestArray else {
                throw SpinnpropError(
                    .outOfMemory,
                    "the network has more than \(Network.largestArray) weights at layer \(own.target - 1), "
                        + "\(pre) x \(post); use smaller layers")
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
        connections = wiring.ends.enumerated().map { (index, own) in
            let kind = delays.count == 1 ? 0 : given == nil ? own.target - 1 : wiring.order[index]
            return Connection(
                own, preCount: sizes[own.source], postCount: sizes[own.target], delayKind: delays[kind],
                isFirst: index < layerCount)
        }
    }

    /// 2^33 float64 numbers, 64 GiB: more than fits a machine this is meant for, far below overflow.
    static let largestArray = 1 << 33

    /// The longest delay in seconds, far below where adding it to a spike time could overflow.
    public static let longestDelay = 1e100
    /// Units of a layer, and of the input.
    public static let layerSizes = Domain.count(from: 1)

    /// - Throws: `invalidValue` unless there are an input and a layer, and somebody in all of them.
    public static func checkSizes(_ sizes: [Int]) throws(SpinnpropError) {
        guard sizes.count >= 2 else {
            throw .invalidValue("a network needs an input and at least one layer; its sizes are \(sizes)")
        }
        for (index, size) in sizes.enumerated() where !layerSizes.contains(Double(size)) {
            throw .invalidValue("size \(index) of the network is \(size); it must be \(layerSizes.text)")
        }
    }

    /// Whether each layer is connected to the next, hidden ones perhaps to themselves with the same kind of delay, and nothing else.
    public var isChain: Bool {
        connections.allSatisfy {
            $0.isRecurrent
                ? $0.target < layers.count - 1 && $0.delayKind == connections[$0.target].delayKind
                : $0.ends.source + 1 == $0.ends.target
        }
    }

    /// The index of a layer's first or recurrent connection in `connections`.
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
            values, name: old.name("weights"), count: old.weights.count, shape: (old.postCount, old.preCount),
            element: old.name(ofWeight:))
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
        try Network.check(
            values, name: old.name("delays"), count: shape.0 * shape.1, shape: shape, element: old.name(ofDelay:))
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
        _ values: [Double], name: String, count: Int, shape: (Int, Int), element: (Int) -> String
    ) throws(SpinnpropError) {
        guard values.count == count else {
            throw .invalidValue(
                "\(name) has \(values.count) elements; it takes \(count), shape (\(shape.0), \(shape.1))")
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
            let own = layer.parameters
            for values in [own.tauMem, own.tauSyn, own.threshold, own.reset] { hash.add(values) }
            for (tag, values) in [own.drive, own.refractory].enumerated() where values != [0] {
                hash.add(UInt64(tag))
                hash.add(values)
            }
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
