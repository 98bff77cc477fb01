// The arrays of a layer that the header numbers: their shapes, and where the core keeps them.
import CSpinnprop
import Mathematics
import Networks
import Neurons

/// SPINNPROP_WEIGHTS .. SPINNPROP_RESET.
enum Parameter {
    case weights(recurrent: Bool)
    case delays(recurrent: Bool)
    case neuron(WritableKeyPath<LIFParameters, [Double]>, name: String)

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
        default:
            throw .invalidValue("parameter is \(number); it must be SPINNPROP_WEIGHTS (0) .. SPINNPROP_RESET (7)")
        }
    }

    var name: String {
        switch self {
        case .weights(let recurrent): recurrent ? "recurrent weights" : "weights"
        case .delays(let recurrent): recurrent ? "recurrent delays" : "delays"
        case .neuron(_, let name): name
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
        case .weights(let recurrent):
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
        }
    }

    private func connection(_ network: Network, _ layer: Int, _ recurrent: Bool) -> Connection? {
        network.connectionIndex(into: layer, recurrent: recurrent).map { network.connections[$0] }
    }
}
