// The arrays of a layer or connection that the header numbers: their shapes, and where the core keeps them.
import CSpinnprop
import Mathematics
import Networks
import Neurons

/// SPINNPROP_WEIGHTS .. SPINNPROP_REFRACTORY, SPINNPROP_MASK .. SPINNPROP_RECURRENT_WEIGHT_BOUNDS.
enum Parameter {
    case weights(recurrent: Bool)
    case delays(recurrent: Bool)
    case neuron(WritableKeyPath<LIFParameters, [Double]>, name: String)
    case mask(recurrent: Bool)
    case signs(recurrent: Bool)
    case bounds(recurrent: Bool)

    init(_ number: Int32) throws(SpinnpropError) {
        switch Int(number) {
        case SPINNPROP_WEIGHTS: self = .weights(recurrent: false)
        case SPINNPROP_RECURRENT_WEIGHTS: self = .weights(recurrent: true)
        case SPINNPROP_DELAYS: self = .delays(recurrent: false)
        case SPINNPROP_RECURRENT_DELAYS: self = .delays(recurrent: true)
        case SPINNPROP_TAU_MEM: self = .neuron(\.tauMem, name: "tau_mem")
        case SPINNPROP_TAU_SYN: self = .neuron(\.tauSyn, name: "tau_syn")
        case SPINNPROP_THRESHOLD: self = .neuron(\.threshold, name: "threshold")
        case SPINNPROP_RESET: self = .neuron(\.reset, name: "reset")
        case SPINNPROP_DRIVE: self = .neuron(\.drive, name: "drive")
        case SPINNPROP_REFRACTORY: self = .neuron(\.refractory, name: "refractory")
        case SPINNPROP_MASK: self = .mask(recurrent: false)
        case SPINNPROP_RECURRENT_MASK: self = .mask(recurrent: true)
        case SPINNPROP_SIGNS: self = .signs(recurrent: false)
        case SPINNPROP_RECURRENT_SIGNS: self = .signs(recurrent: true)
        case SPINNPROP_WEIGHT_BOUNDS: self = .bounds(recurrent: false)
        case SPINNPROP_RECURRENT_WEIGHT_BOUNDS: self = .bounds(recurrent: true)
        default:
            throw .invalidValue(
                "parameter is \(number); it must be SPINNPROP_WEIGHTS (0) .. SPINNPROP_REFRACTORY (9), or SPINNPROP_MASK (16) .. "
                    + "SPINNPROP_RECURRENT_WEIGHT_BOUNDS (21)")
        }
    }

    var name: String {
        switch self {
        case .weights(let recurrent): recurrent ? "recurrent weights" : "weights"
        case .delays(let recurrent): recurrent ? "recurrent delays" : "delays"
        case .neuron(_, let name): name
        case .mask(let recurrent): recurrent ? "recurrent mask" : "mask"
        case .signs(let recurrent): recurrent ? "recurrent signs" : "signs"
        case .bounds(let recurrent): recurrent ? "recurrent weight bounds" : "weight bounds"
        }
    }

    struct Shape {
        let rows: Int
        let columns: Int
        var count: Int { rows * columns }
        static let none = Shape(rows: 0, columns: 0)
    }

    /// What the array is one of: a layer, or for what is not called recurrent of weights, delays and constraints, a connection.
    func index(_ index: Int32, layers: Int, connections: Int) throws(SpinnpropError) -> Int {
        switch self {
        case .weights(recurrent: false), .delays(recurrent: false), .mask(recurrent: false), .signs(recurrent: false),
            .bounds(recurrent: false):
            guard index >= 0, Int(index) < connections else {
                throw .invalidIndex(
                    "index is \(index); this network has connections 0 .. \(connections - 1), of which 0 .. \(layers - 1) are the first "
                        + "into each layer")
            }
            return Int(index)
        default: return try layerIndex(index, of: layers)
        }
    }

    func index(_ index: Int32, in network: Network) throws(SpinnpropError) -> Int {
        try self.index(index, layers: network.layers.count, connections: network.connections.count)
    }

    /// The shape of the array; (0, 0) if there is none.
    func shape(in network: Network, _ index: Int) -> Shape {
        switch self {
        case .weights(let recurrent), .mask(let recurrent):
            guard let connection = connection(network, index, recurrent) else { return .none }
            return Shape(rows: connection.postCount, columns: connection.preCount)
        case .delays(let recurrent):
            guard let connection = connection(network, index, recurrent) else { return .none }
            switch connection.delayKind {
            case .none: return .none
            case .synaptic: return Shape(rows: connection.postCount, columns: connection.preCount)
            case .axonal: return Shape(rows: connection.preCount, columns: 1)
            case .dendritic: return Shape(rows: connection.postCount, columns: 1)
            }
        case .neuron: return Shape(rows: network.layers[index].neuronCount, columns: 1)
        case .signs(let recurrent):
            return connection(network, index, recurrent).map { Shape(rows: $0.preCount, columns: 1) } ?? .none
        case .bounds(let recurrent):
            return connection(network, index, recurrent) == nil ? .none : Shape(rows: 2, columns: 1)
        }
    }

    /// The number of elements `set` takes: where there is no array, zeros of the synaptic shape.
    func countToSet(in network: Network, _ index: Int) -> Int {
        let shape = shape(in: network, index)
        if shape.count > 0 { return shape.count }
        switch self {
        case .weights(let recurrent), .delays(let recurrent):
            guard let connection = connection(network, index, recurrent) else {
                return network.layers[index].neuronCount * network.layers[index].neuronCount
            }
            return connection.postCount * connection.preCount
        case .neuron: return network.layers[index].neuronCount
        case .mask, .signs, .bounds: return 0
        }
    }

    func values(in network: Network, _ index: Int) -> [Double] {
        switch self {
        case .weights(let recurrent): return connection(network, index, recurrent)?.weights ?? []
        case .delays(let recurrent): return connection(network, index, recurrent)?.delays ?? []
        case .neuron(let path, _):
            let values = network.layers[index].parameters[keyPath: path]
            let neuronCount = network.layers[index].neuronCount
            return values.count == neuronCount ? values : [Double](repeating: values[0], count: neuronCount)
        case .mask(let recurrent):
            guard let own = connection(network, index, recurrent) else { return [] }
            return own.weights.indices.map { own.constraints.exists($0) ? 1 : 0 }
        case .signs(let recurrent):
            guard let own = connection(network, index, recurrent) else { return [] }
            return own.constraints.signs.isEmpty
                ? [Double](repeating: 0, count: own.preCount) : own.constraints.signs.map(Double.init)
        case .bounds(let recurrent):
            return connection(network, index, recurrent).map { [$0.constraints.low, $0.constraints.high] } ?? []
        }
    }

    /// Sets the array to `values`, as many as `countToSet` says, or none where there is no such array.
    func set(_ values: [Double], in network: inout Network, _ index: Int) throws(SpinnpropError) {
        if values.isEmpty { return }
        switch self {
        case .weights(let recurrent), .delays(let recurrent):
            guard let connection = place(network, index, recurrent) else {
                guard let element = values.firstIndex(where: { $0 != 0 }) else { return }
                let array = if case .weights = self { "weights" } else { "delays" }
                let columns = network.layers[index].neuronCount
                throw .invalidValue(
                    "recurrent_\(array)[\(index)][\(element / columns), \(element % columns)] is \(values[element]), but layer "
                        + "\(index) has no recurrent connection; create the network with `recurrent`")
            }
            if case .weights = self {
                try network.setWeights(values, connection: connection)
            } else {
                try network.setDelays(values, connection: connection)
            }
        case .neuron(let path, _):
            var parameters = network.layers[index].parameters
            parameters[keyPath: path] = values
            try network.setParameters(parameters, layer: index)
        case .mask(let recurrent), .signs(let recurrent), .bounds(let recurrent):
            guard let connection = place(network, index, recurrent) else { return }
            switch self {
            case .mask: try network.setMask(try Parameter.mask(values, name), connection: connection)
            case .signs: try network.setSigns(try Parameter.signs(values, name), connection: connection)
            default: try network.setBounds(low: values[0], high: values[1], connection: connection)
            }
        }
    }

    static func mask(_ values: [Double], _ name: String) throws(SpinnpropError) -> [Bool] {
        if let index = values.firstIndex(where: { $0 != 0 && $0 != 1 }) {
            throw .invalidValue(
                "element \(index) of \(name) is \(values[index]); it must be 1, where there is a synapse, or 0")
        }
        return values.map { $0 == 1 }
    }

    static func signs(_ values: [Double], _ name: String) throws(SpinnpropError) -> [Int8] {
        try values.enumerated().map { (index, value) throws(SpinnpropError) in
            guard let sign = Int8(exactly: value) else {
                throw .invalidValue(
                    "element \(index) of \(name) is \(value); it must be 1 (excitatory), -1 (inhibitory) or 0 (free)")
            }
            return sign
        }
    }

    private func place(_ network: Network, _ index: Int, _ recurrent: Bool) -> Int? {
        recurrent ? network.connectionIndex(into: index, recurrent: true) : index
    }

    private func connection(_ network: Network, _ index: Int, _ recurrent: Bool) -> Connection? {
        place(network, index, recurrent).map { network.connections[$0] }
    }
}
