// What one part of a batch adds up: gradients as the loops over senders meet them, and the loss.
import Mathematics
import Networks

final class GradientSums: @unchecked Sendable {
    /// Per layer, in the layout of its weights. A row that has not been touched holds anything.
    let weights: [Block<Double>]
    /// Per layer, in the layout of its delays; rows as those of the weights, if one for each sender.
    let delays: [Block<Double>]
    /// Per layer and sender: whether a sample has touched its rows.
    private let isTouched: [Block<Bool>]
    private let layers: [FirstSpikeLayer]
    var judged = JudgedSum()

    init(_ layers: [FirstSpikeLayer]) throws(SpinnpropError) {
        self.layers = layers
        weights = try layers.map { (own) throws(SpinnpropError) in try Block(own.weights.count) }
        delays = try layers.map { (own) throws(SpinnpropError) in try Block(own.delays.count) }
        isTouched = try layers.map { (own) throws(SpinnpropError) in try Block(own.weights.preCount) }
        clear()
    }

    /// Before another batch.
    func clear() {
        for own in isTouched { own.pointer.update(repeating: false, count: own.capacity) }
        for (own, layer) in zip(delays, layers) where layer.delayKind != .synaptic {
            own.pointer.update(repeating: 0, count: layer.delays.count)
        }
        judged = JudgedSum()
    }

    /// Sets the rows of some spikes' senders to zero that are touched for the first time.
    func touch(_ layer: FirstSpikeLayer, _ units: UnsafePointer<Int32>, count: Int) {
        let isTouched = isTouched[layer.index].pointer
        let (weights, delays) = (weights[layer.index].pointer, delays[layer.index].pointer)
        for n in 0..<count where !isTouched[Int(units[n])] {
            isTouched[Int(units[n])] = true
            (weights + Int(units[n]) &* layer.stride).update(repeating: 0, count: layer.stride)
            guard layer.delayKind == .synaptic else { continue }
            (delays + Int(units[n]) &* layer.stride).update(repeating: 0, count: layer.stride)
        }
    }

    /// Adds the parts in order, always the same, into the first: the gradients of a layer's weights and delays.
    static func total(
        _ sums: [GradientSums], _ layer: FirstSpikeLayer
    ) -> (weights: UnsafeMutablePointer<Double>, delays: UnsafeMutablePointer<Double>) {
        let (weights, delays) = (sums[0].weights[layer.index].pointer, sums[0].delays[layer.index].pointer)
        let isSynaptic = layer.delayKind == .synaptic
        for pre in 0..<layer.weights.preCount {
            add(sums, layer, pre, to: weights) { $0.weights[layer.index].pointer }
            if isSynaptic { add(sums, layer, pre, to: delays) { $0.delays[layer.index].pointer } }
        }
        if !isSynaptic {
            for other in sums.dropFirst() {
                for n in 0..<layer.delays.count { delays[n] += other.delays[layer.index].pointer[n] }
            }
        }
        return (weights, delays)
    }

    @inline(__always)
    private static func add(
        _ sums: [GradientSums], _ layer: FirstSpikeLayer, _ pre: Int, to total: UnsafeMutablePointer<Double>,
        _ values: (GradientSums) -> UnsafeMutablePointer<Double>
    ) {
        let row = total + pre &* layer.stride
        if !sums[0].isTouched[layer.index].pointer[pre] { row.update(repeating: 0, count: layer.stride) }
        for other in sums.dropFirst() where other.isTouched[layer.index].pointer[pre] {
            let part = values(other) + pre &* layer.stride
            var n = 0
            while n < layer.stride {
                row[n] += part[n]
                n &+= 1
            }
        }
    }
}

/// Sums that a training keeps from batch to batch.
final class GradientMemory {
    private var sums: [GradientSums] = []

    /// All zero, one per part.
    func sums(_ layers: [FirstSpikeLayer], parts: Int) throws(SpinnpropError) -> [GradientSums] {
        for own in sums.prefix(parts) { own.clear() }
        while sums.count < parts { sums.append(try GradientSums(layers)) }
        return Array(sums.prefix(parts))
    }
}
