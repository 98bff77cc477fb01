// Weights in few bits, as chips hold them: rounded for a run, while training keeps those that were rounded.
import Mathematics
import Networks

extension Network {
    /// The weights that a run on this grid reads, by connection; `nil` if as they are.
    ///
    /// All weights into a layer are whole multiples of one scale, a neuron's after it has multiplied them by what a current adds to
    /// its membrane in a step: a chip that adds up whole numbers holds them so. The scale makes the largest 2^(bits - 1) - 1.
    /// With 2 bits, weights above .7 times the mean of all that are not 0 become 1 or -1 times the mean of those, the others 0 (Li et
    /// al. 2016, arXiv 1605.04711).
    ///
    /// Gradients are taken with respect to rounded weights, and a step is taken with them as if they were of those that were rounded:
    /// the straight-through estimator (Bengio et al. 2013, arXiv 1308.3432).
    func roundedWeights(_ grid: TimeGrid, _ poller: Poller) throws(SpinnpropError) -> [[Double]]? {
        guard let bits = grid.weightBits else { return nil }
        let count = connections.reduce(0) { $0 + $1.weights.count }
        try Memory.check(count: count, bytesPerElement: MemoryLayout<Double>.stride, "rounded weights")
        var rounded = connections.map(\.weights)
        for layer in layers.indices {
            let gains = layers[layer].gains(grid)
            let incoming = connections.indices.filter { connections[$0].target == layer }
            let scale = WeightScale(bits: bits, incoming.map { connections[$0].weights }, gains)
            for index in incoming {
                let pre = max(1, connections[index].preCount)
                for place in rounded[index].indices {
                    rounded[index][place] = scale.rounded(rounded[index][place], gain: gains[place / pre])
                }
                try poller.spend(rounded[index].count)
            }
        }
        return rounded
    }
}

/// Rounded weights as what they are: whole numbers times a scale.
public struct WholeWeights: Sendable {
    /// By connection, like weights.
    public internal(set) var whole: [[Int32]] = []
    /// What a run on the grid reads in the weights' stead.
    public internal(set) var rounded: [[Double]] = []
    /// Of each layer the scale of its first neuron; 0 where all weights are.
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
        let count = connections.reduce(0) { $0 + $1.weights.count }
        try Memory.check(count: count, bytesPerElement: MemoryLayout<Double>.stride, "rounded weights")
        try Memory.check(count: count, bytesPerElement: MemoryLayout<Int32>.stride, "whole weights")
        var found = WholeWeights()
        found.rounded = connections.map(\.weights)
        found.whole = connections.map { [Int32](repeating: 0, count: $0.weights.count) }
        for layer in layers.indices {
            let gains = layers[layer].gains(grid)
            let incoming = connections.indices.filter { connections[$0].target == layer }
            let scale = WeightScale(bits: bits, incoming.map { connections[$0].weights }, gains)
            guard scale.unit.isFinite, gains.allSatisfy(\.isFinite) else {
                throw .invalidValue("the weights into layer \(layer) are too large to be rounded; scale them down")
            }
            found.units.append(scale.unit)
            for index in incoming where scale.unit > 0 {
                let pre = max(1, connections[index].preCount)
                for (place, weight) in connections[index].weights.enumerated() {
                    let gain = gains[place / pre]
                    found.rounded[index][place] = scale.rounded(weight, gain: gain)
                    found.whole[index][place] = Int32(scale.whole(weight * gain))
                }
            }
        }
        return found
    }
}

extension Layer {
    /// By what a neuron's current is multiplied in a step, relative to the layer's first neuron.
    fileprivate func gains(_ grid: TimeGrid) -> [Double] {
        let own = (0..<neuronCount).map { (neuron) -> Double in
            let elapsed = grid.timeStep / parameters[neuron].tauMem
            return grid.decay == .euler ? elapsed : -Elementary.expm1(-elapsed)
        }
        return own.map { $0 / own[0] }
    }
}

/// What weights into a layer are whole multiples of.
private struct WeightScale {
    let unit: Double
    private let largest: Double
    /// Ternary weights: below it they are 0.
    private let least: Double?

    init(bits: Int, _ weights: [[Double]], _ gains: [Double]) {
        var (peak, sum, count) = (0.0, 0.0, 0.0)
        func each(_ body: (Double) -> Void) {
            for own in weights {
                let pre = max(1, own.count / max(1, gains.count))
                for place in own.indices { body(abs(own[place] * gains[place / pre])) }
            }
        }
        each { (size) in
            peak = max(peak, size)
            if size > 0 { (sum, count) = (sum + size, count + 1) }
        }
        largest = Double((1 << (bits - 1)) - 1)
        guard bits == 2 else {
            (unit, least) = (peak / largest, nil)
            return
        }
        let bound = count > 0 ? 0.7 * (sum / count) : 0
        (sum, count) = (0, 0)
        each { (size) in if size > bound { (sum, count) = (sum + size, count + 1) } }
        (unit, least) = (count > 0 ? sum / count : 0, bound)
    }

    /// As it is where all are 0, or beyond what float64 can scale: what comes of those is refused as too large for float32, or 0 there.
    func rounded(_ weight: Double, gain: Double) -> Double {
        guard unit > 0, unit.isFinite, weight.isFinite else { return weight }
        return whole(weight * gain) * unit / gain
    }

    /// How many units, of a positive scale.
    func whole(_ size: Double) -> Double {
        if let least { return abs(size) > least ? (size > 0 ? 1 : -1) : 0 }
        return max(-largest, min(largest, (size / unit).rounded(.toNearestOrEven)))
    }
}
