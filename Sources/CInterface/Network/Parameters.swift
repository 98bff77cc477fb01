// The arrays of a layer that the header numbers: their shapes, and where the core keeps them.
import CSpinnprop
import Mathematics
import Networks
import Neurons

/// SPINNPROP_WEIGHTS .. SPINNPROP_RESET, SPINNPROP_MASK .. SPINNPROP_RECURRENT_WEIGHT_BOUNDS.
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
        case SPINNPROP_MASK: self = .mask(recurrent: false)
        case SPINNPROP_RECURRENT_MASK: self = .mask(recurrent: true)
        case SPINNPROP_SIGNS: self = .signs(recurrent: false)
        case SPINNPROP_RECURRENT_SIGNS: self = .signs(recurrent: true)
        case SPINNPROP_WEIGHT_BOUNDS: self = .bounds(recurrent: false)
        case SPINNPROP_RECURRENT_WEIGHT_BOUNDS: self = .bounds(recurrent: true)
        default:
            throw .invalidValue(
                "parameter is \(number); it must be SPINNPROP_WEIGHTS (0) .. SPINNPROP_RESET (7), or SPINNPROP_MASK (16) .. "
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

    /// The shape of the array; (0, 0) if the layer has none.
    func shape(in network: Network, layer: Int) -> Shape {
        switch self {
        case .weights(let recurrent), .mask(let recurrent):
            guard let connection = connection(network, layer, recurrent) else { return .none }
            return Shape(rows: connection.postCount, columns: connection.preCount)
        case .delays(let recurrent):
            guard let connection = connection(network, layer, recurrent) else { return .none }
            switch connection.delayKind {
            case .none: return .none
            case .synaptic: return Shape(rows: connection.postCount, columns: connection.preCount)
            case .axonal: return Shape(rows: connection.preCount, columns: 1)
            case .dendritic: return Shape(rows: connection.postCount, columns: 1)
            }
        case .neuron: return Shape(rows: network.layers[layer].neuronCount, columns: 1)
        case .signs(let recurrent):
            return connection(network, layer, recurrent).map { Shape(rows: $0.preCount, columns: 1) } ?? .none
        case .bounds(let recurrent):
            return connection(network, layer, recurrent) == nil ? .none : Shape(rows: 2, columns: 1)
        }
    }

    /// The number of elements `set` takes: where there is no array, zeros of the synaptic shape.
    func countToSet(in network: Network, layer: Int) -> Int {
        let shape = shape(in: network, layer: layer)
        if shape.count > 0 { return shape.count }
        let neuronCount = network.layers[layer].neuronCount
        switch self {
        case .weights(let recurrent), .delays(let recurrent):
            return neuronCount * (recurrent ? neuronCount : connection(network, layer, false)?.preCount ?? 0)
        case .neuron: return neuronCount
        case .mask, .signs, .bounds: return 0
        }
    }

    func values(in network: Network, layer: Int) -> [Double] {
        switch self {
        case .weights(let recurrent): return connection(network, layer, recurrent)?.weights ?? []
        case .delays(let recurrent): return connection(network, layer, recurrent)?.delays ?? []
        case .neuron(let path, _):
            let values = network.layers[layer].parameters[keyPath: path]
            let neuronCount = network.layers[layer].neuronCount
            return values.count == neuronCount ? values : [Double](repeating: values[0], count: neuronCount)
        case .mask(let recurrent):
            guard let own = connection(network, layer, recurrent) else { return [] }
            return own.weights.indices.map { own.constraints.exists($0) ? 1 : 0 }
        case .signs(let recurrent):
            guard let own = connection(network, layer, recurrent) else { return [] }
            return own.constraints.signs.isEmpty
                ? [Double](repeating: 0, count: own.preCount) : own.constraints.signs.map(Double.init)
        case .bounds(let recurrent):
            return connection(network, layer, recurrent).map { [$0.constraints.low, $0.constraints.high] } ?? []
        }
    }

    /// Sets the array to `values`, as many as `countToSet` says, or none where the layer has no such array.
    func set(_ values: [Double], in network: inout Network, layer: Int) throws(SpinnpropError) {
        if values.isEmpty { return }
        switch self {
        case .weights(let recurrent), .delays(let recurrent):
            guard let connection = network.connectionIndex(into: layer, recurrent: recurrent) else {
                guard let index = values.firstIndex(where: { $0 != 0 }) else { return }
                let array = if case .weights = self { "weights" } else { "delays" }
                let element = Connection.name(
                    array, layer: layer, isRecurrent: recurrent, index: index,
                    columns: network.layers[layer].neuronCount)
                throw .invalidValue(
                    "\(element) is \(values[index]), but layer \(layer) has no recurrent connection; create the "
                        + "network with `recurrent`")
            }
            if case .weights = self {
                try network.setWeights(values, connection: connection)
            } else {
                try network.setDelays(values, connection: connection)
            }
        case .neuron(let path, _):
            var parameters = network.layers[layer].parameters
            parameters[keyPath: path] = values
            try network.setParameters(parameters, layer: layer)
        case .mask(let recurrent), .signs(let recurrent), .bounds(let recurrent):
            guard let connection = network.connectionIndex(into: layer, recurrent: recurrent) else { return }
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

    private func connection(_ network: Network, _ layer: Int, _ recurrent: Bool) -> Connection? {
        network.connectionIndex(into: layer, recurrent: recurrent).map { network.connections[$0] }
    }
}
