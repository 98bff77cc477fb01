// Weights in few bits, as chips hold them: rounded for a run, while training keeps those that were rounded.
import Mathematics
import Networks

extension Network {
    /// The weights that a run on this grid reads, by connection; `nil` if as they are.
    ///
    /// All weights into a neuron are whole multiples of one scale: a chip that adds up whole numbers holds them so, with the neuron's
    /// threshold in the same scale. The scale makes the largest 2^(bits - 1) - 1. With 2 bits, weights above .7 times the mean of all
    /// that are not 0 become 1 or -1 times the mean of those, the others 0 (Li et al. 2016, arXiv 1605.04711).
    ///
    /// Gradients are taken with respect to rounded weights, and a step is taken with them as if they were of those that were rounded:
    /// the straight-through estimator (Bengio et al. 2013, arXiv 1308.3432).
    func roundedWeights(_ grid: TimeGrid, _ poller: Poller) throws(SpinnpropError) -> [[Double]]? {
        guard let bits = grid.weightBits else { return nil }
        try Memory.check(count: weightCount, bytesPerElement: MemoryLayout<Double>.stride, "rounded weights")
        var rounded = connections.map(\.weights)
        try forEachNeuron(bits) { (_, scale, rows) throws(SpinnpropError) in
            for row in rows {
                for place in row.places {
                    rounded[row.connection][place] = scale.rounded(rounded[row.connection][place])
                }
                try poller.spend(row.places.count)
            }
        }
        return rounded
    }

    fileprivate var weightCount: Int { connections.reduce(0) { $0 + $1.weights.count } }

    /// Calls `body` for each neuron, layer after layer: with the layer, the scale of the weights into the neuron, and where these lie.
    fileprivate func forEachNeuron(
        _ bits: Int,
        _ body: (Int, WeightScale, [(connection: Int, places: Range<Int>)]) throws(SpinnpropError) -> Void
    ) throws(SpinnpropError) {
        for layer in layers.indices {
            let incoming = connections.indices.filter { connections[$0].target == layer }
            for neuron in 0..<layers[layer].neuronCount {
                let rows = incoming.map { (index) in
                    let pre = connections[index].preCount
                    return (connection: index, places: neuron * pre..<(neuron + 1) * pre)
                }
                let scale = WeightScale(bits: bits, rows.map { connections[$0.connection].weights[$0.places] })
                try body(layer, scale, rows)
            }
        }
    }
}

/// Rounded weights as what they are: whole numbers times a scale.
public struct WholeWeights: Sendable {
    /// By connection, like weights.
    public internal(set) var whole: [[Int32]] = []
    /// What a run on the grid reads in the weights' stead.
    public internal(set) var rounded: [[Double]] = []
    /// The scale of each neuron, layer after layer; 0 where all its weights are.
    public internal(set) var units: [Double] = []
}

extension Network {
    /// The weights that a run on this grid reads, and the whole numbers that they stand for.
    ///
    /// - Throws: `invalidValue` for a grid that does not round, and for weights beyond what float64 can scale.
    public func wholeWeights(_ grid: TimeGrid) throws(SpinnpropError) -> WholeWeights {
        guard let bits = grid.weightBits else {
            throw .invalidValue("the engine does not round weights; make one with weight_bits")
        }
        try Memory.check(count: weightCount, bytesPerElement: MemoryLayout<Double>.stride, "rounded weights")
        try Memory.check(count: weightCount, bytesPerElement: MemoryLayout<Int32>.stride, "whole weights")
        var found = WholeWeights()
        found.rounded = connections.map(\.weights)
        found.whole = connections.map { [Int32](repeating: 0, count: $0.weights.count) }
        try forEachNeuron(bits) { (layer, scale, rows) throws(SpinnpropError) in
            guard scale.unit.isFinite else {
                throw .invalidValue("the weights into layer \(layer) are too large to be rounded; scale them down")
            }
            found.units.append(scale.unit)
            for row in rows where scale.unit > 0 {
                for place in row.places {
                    let weight = connections[row.connection].weights[place]
                    found.rounded[row.connection][place] = scale.rounded(weight)
                    found.whole[row.connection][place] = Int32(scale.whole(weight))
                }
            }
        }
        return found
    }
}

/// What weights into a neuron are whole multiples of.
private struct WeightScale {
    let unit: Double
    private let largest: Double
    /// Ternary weights: below it they are 0.
    private let least: Double?

    init(bits: Int, _ weights: [ArraySlice<Double>]) {
        var (peak, sum, count) = (0.0, 0.0, 0.0)
        for own in weights {
            for weight in own where weight != 0 {
                peak = max(peak, abs(weight))
                (sum, count) = (sum + abs(weight), count + 1)
            }
        }
        largest = Double((1 << (bits - 1)) - 1)
        guard bits == 2 else {
            (unit, least) = (peak / largest, nil)
            return
        }
        let bound = count > 0 ? 0.7 * (sum / count) : 0
        (sum, count) = (0, 0)
        for own in weights {
            for weight in own where abs(weight) > bound { (sum, count) = (sum + abs(weight), count + 1) }
        }
        (unit, least) = (count > 0 ? sum / count : 0, bound)
    }

    /// As it is where all are 0, or beyond what float64 can scale: what comes of those is refused as too large for float32, or 0 there.
    func rounded(_ weight: Double) -> Double {
        guard unit > 0, unit.isFinite, weight.isFinite else { return weight }
        return whole(weight) * unit
    }

    /// How many units, of a positive scale.
    func whole(_ weight: Double) -> Double {
        if let least { return abs(weight) > least ? (weight > 0 ? 1 : -1) : 0 }
        return max(-largest, min(largest, (weight / unit).rounded(.toNearestOrEven)))
    }
}
