// Lyapunov exponents by QR: tangent vectors, carried along and made orthonormal again and again.
import Mathematics

/// Sums up ln of what is left of each vector's length beside those before it.
///
/// Vectors are made orthonormal when asked, and before rounding could hide how long they are: bounds of how far the stretch since
/// the last time can have taken them apart are kept (norms of the rows of the stretch's Jacobian and of the columns of its inverse, as
/// if all terms were orthogonal).
final class Spectrum<K: Kernel>: StretchWatcher {
    private let tangents: Tangents<K>
    private let monitor: Monitor?
    private var stream: RandomStream
    private(set) var logarithms: [Double]
    /// Squares of the bounds, per neuron.
    private let growth: LargeBuffer<Double>
    private let shrinkage: LargeBuffer<Double>
    private var largest = (growth: 1.0, shrinkage: 1.0)
    /// What counts the directions that are left; `nil` until a neuron loses its own.
    private var exact: ExactRank?

    /// Vectors may be taken apart by 2^20: of 53 bits 33 are left.
    private static var limit: Double { 0x1p40 }
    /// A lost direction bends what is left by an amount that is not known; a guess.
    private static var tie: Double { 0x1p20 }

    init(_ tangents: Tangents<K>, seed: UInt64, monitor: Monitor?) throws(SpinnpropError) {
        self.tangents = tangents
        self.monitor = monitor
        let neuronCount = tangents.replay.states.count
        stream = RandomStream(seed: seed, stream: 2)
        logarithms = [Double](repeating: 0, count: tangents.vectorCount)
        growth = try LargeBuffer(count: neuronCount, repeating: 1, "the tangent vectors")
        shrinkage = try LargeBuffer(count: neuronCount, repeating: 1, "the tangent vectors")
        for index in 0..<tangents.values.count { tangents.values.pointer[index] = stream.normal() }
        try orthonormalise()
    }

    /// Forgets what has been counted; directions that were lost are drawn again.
    func restart() throws(SpinnpropError) {
        try orthonormalise()
        if let rank = try exact?.takeRank(monitor), rank < tangents.vectorCount {
            for neuron in 0..<tangents.replay.states.count {
                for vector in rank..<tangents.vectorCount {
                    tangents.values.pointer[neuron * tangents.vectorCount + vector] = stream.normal()
                }
            }
            try orthonormalise()
        }
        exact = nil
        for vector in logarithms.indices { logarithms[vector] = 0 }
        tangents.forgetContraction()
    }

    /// The sums, -infinity for directions that were lost. To be called once, at the end.
    func finish() throws(SpinnpropError) -> [Double] {
        try orthonormalise()
        // Any r random vectors stay independent as long as r directions are left: the last ones are lost.
        if let rank = try exact?.takeRank(monitor) {
            for vector in min(rank, logarithms.count)..<logarithms.count { logarithms[vector] = -.infinity }
        }
        return logarithms
    }

    func didTie(_ neuron: Int, to sender: Int?) throws(SpinnpropError) {
        if exact == nil {
            exact = try ExactRank(rowCount: tangents.replay.states.count, vectorCount: tangents.vectorCount)
        }
        exact?.tie(neuron, to: sender)
        let (growth, shrinkage) = (growth.pointer, shrinkage.pointer)
        growth[neuron] = sender.map { growth[$0] } ?? 1
        if let sender { note(sender, shrinkage: shrinkage[sender] + Self.tie * shrinkage[neuron]) }
        shrinkage[neuron] = 1
        try check()
    }

    func willTurn(_ target: Int, to sender: Int?, _ slope: Double) { exact?.turn(target, to: sender, slope: slope) }

    func didTurn(_ target: Int, to sender: Int?, _ slope: Double) throws(SpinnpropError) {
        let (growth, shrinkage) = (growth.pointer, shrinkage.pointer)
        let (square, rest) = (slope * slope, (1 - slope) * (1 - slope))
        growth[target] = square * growth[target] + (sender.map { rest * growth[$0] } ?? 0)
        largest.growth = max(largest.growth, growth[target])
        if let sender { note(sender, shrinkage: shrinkage[sender] + rest / square * shrinkage[target]) }
        note(target, shrinkage: shrinkage[target] / square)
        try check()
    }

    @inline(__always)
    private func note(_ neuron: Int, shrinkage value: Double) {
        shrinkage.pointer[neuron] = value
        largest.shrinkage = max(largest.shrinkage, value)
    }

    @inline(__always)
    private func check() throws(SpinnpropError) {
        if largest.growth * largest.shrinkage > Self.limit { try orthonormalise() }
    }

    /// Makes the vectors orthonormal (Gram and Schmidt, modified), one after another, and adds the logarithms of what
    /// was left of their lengths.
    func orthonormalise() throws(SpinnpropError) {
        let (count, rows, values) = (tangents.vectorCount, tangents.replay.states.count, tangents.values.pointer)
        for vector in 0..<count {
            if let monitor, monitor.poll() { throw .cancelled }
            var square = 0.0
            for row in 0..<rows { square += values[row * count + vector] * values[row * count + vector] }
            let length = square.squareRoot()
            logarithms[vector] += Elementary.log(length)
            // Lost directions may leave nothing at all.
            let scale = length > 0 ? 1 / length : 0
            for row in 0..<rows { values[row * count + vector] *= scale }
            // All later vectors in one pass over memory: products first, then subtraction.
            var products = [Double](repeating: 0, count: count)
            products.withUnsafeMutableBufferPointer { products in
                guard let products = products.baseAddress else { return }
                for row in 0..<rows {
                    let (line, own) = (values + row * count, values[row * count + vector])
                    var other = vector + 1
                    while other < count {
                        products[other] += own * line[other]
                        other &+= 1
                    }
                }
                for row in 0..<rows {
                    let (line, own) = (values + row * count, values[row * count + vector])
                    var other = vector + 1
                    while other < count {
                        line[other] -= own * products[other]
                        other &+= 1
                    }
                }
            }
        }
        growth.pointer.update(repeating: 1, count: rows)
        shrinkage.pointer.update(repeating: 1, count: rows)
        largest = (1, 1)
    }
}
