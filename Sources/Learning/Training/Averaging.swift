// Averaging of parameters over the ends of epochs, which quietens what swings from one to the next.
import Mathematics
import Networks
import Neurons

extension Network {
    /// The mean of networks that differ in weights, delays and neuron parameters alone; `nil` of none. What they share keeps its bits, and no mean lies
    /// outside what it is of, so that signs, bounds and ranges are kept to.
    static func mean(of networks: [Network]) throws(SpinnpropError) -> Network? {
        guard var mean = networks.first else { return nil }
        // What all share is added 0.
        func add(_ others: [Double], _ count: Double, to own: UnsafeMutableBufferPointer<Double>) {
            for index in own.indices { own[index] += (others[index] - own[index]) / count }
        }
        for (n, other) in networks.enumerated().dropFirst() {
            try Memory.poll()
            let count = Double(n + 1)
            for index in mean.connections.indices {
                mean.withMutableParameters(connection: index) { weights, delays in
                    add(other.connections[index].weights, count, to: weights)
                    add(other.connections[index].delays, count, to: delays)
                }
            }
            for layer in mean.layers.indices {
                let neuronCount = mean.layers[layer].neuronCount
                var own = mean.layers[layer].parameters
                let others = other.layers[layer].parameters
                guard own != others else { continue }
                for field in LIFParameters.fields {
                    // Neurons that share a value have one, and may come to differ.
                    var values = own[keyPath: field.path]
                    var added = others[keyPath: field.path]
                    if values.count != added.count {
                        if values.count == 1 { values = [Double](repeating: values[0], count: neuronCount) }
                        if added.count == 1 { added = [Double](repeating: added[0], count: neuronCount) }
                    }
                    values.withUnsafeMutableBufferPointer { add(added, count, to: $0) }
                    own[keyPath: field.path] = values
                }
                try mean.setParameters(own, layer: layer)
            }
        }
        return mean
    }
}
