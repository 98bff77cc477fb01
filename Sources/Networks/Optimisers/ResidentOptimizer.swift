// An optimiser of weights that stay in an engine's own layout: the same steps, bit by bit, as `Optimizer` takes.
import Mathematics

/// The optimiser's memory beside an engine's weights, and what a session says of both. For weights alone: delays stay.
public final class ResidentOptimizer<Real: BinaryFloatingPoint & Sendable> {
    private let weights: [SenderRows<Real>]
    private let mean: [Block<Real>]
    private let square: [Block<Real>]
    /// Options, numbers of steps and bounds; its own memory is not kept up.
    private var base: Optimizer
    /// The network as it was given or read back last; its weights hold until a step changes them.
    private var shown: Network
    private var isShown = true

    /// - Parameter weights: the engine's, one per connection of the network and with its values.
    public init(
        _ optimizer: Optimizer, _ network: Network, weights: [SenderRows<Real>]
    ) throws(SpinnpropError) {
        (base, shown, self.weights) = (optimizer, network, weights)
        mean = try zip(weights, optimizer.first).map { (rows, values) throws(SpinnpropError) in
            try ResidentOptimizer.memory(rows, values)
        }
        square = try zip(weights, optimizer.second).map { (rows, values) throws(SpinnpropError) in
            try ResidentOptimizer.memory(rows, values)
        }
    }

    private static func memory(_ rows: SenderRows<Real>, _ values: [Double]) throws(SpinnpropError) -> Block<Real> {
        let block = try Block<Real>(values.isEmpty ? 0 : rows.count)
        if !values.isEmpty { rows.at(block.pointer).load(values, Poller(nil)) }
        return block
    }

    /// In float64 as it was set, until a step in single precision rounds it.
    public var network: Network {
        get {
            if !isShown {
                for (index, rows) in weights.enumerated() {
                    shown.withMutableParameters(connection: index) { values, _ in
                        values.baseAddress.map { rows.store($0) }
                    }
                }
                isShown = true
            }
            return shown
        }
        set {
            (shown, isShown) = (newValue, true)
            for (rows, connection) in zip(weights, newValue.connections) { rows.load(connection.weights, Poller(nil)) }
        }
    }

    public var optimizer: Optimizer {
        var whole = base
        for (index, rows) in weights.enumerated() {
            whole.first[index] = rows.at(mean[index].pointer).values
            if square[index].capacity > 0 { whole.second[index] = rows.at(square[index].pointer).values }
        }
        return whole
    }

    /// Takes a step. - Parameter gradients: of the weights, in their layout; changed by it.
    @_specialize(where Real == Double)
    @_specialize(where Real == Float)
    public func step(_ gradients: [UnsafeMutablePointer<Real>], rateFactor: Double) throws(SpinnpropError) {
        var largest = Real(0)
        for (rows, gradient) in zip(weights, gradients) {
            guard let own = survey(gradient, rows.count), survey(rows.pointer, rows.count) != nil else {
                return try refuse(gradients)
            }
            largest = max(largest, own)
        }
        let clipping = clipping(gradients, largest: min(Double(largest), base.options.clipValue))
        let rule: UpdateRule<Real> = base.advance(rateFactor: rateFactor)
        for (index, rows) in weights.enumerated() {
            update(
                rows, gradients[index], mean[index].pointer,
                square[index].capacity > 0 ? square[index].pointer : mean[index].pointer, clipping, rule)
        }
        isShown = false
    }

    /// The largest magnitude; `nil` if one is beyond the bounds or no number.
    @inline(__always)
    private func survey(_ values: UnsafeMutablePointer<Real>, _ count: Int) -> Real? {
        let limit = Real(base.largestMagnitude)
        var (even, odd) = (Real(0), Real(0))
        var n = 0
        // Rows are padded to an even number.
        while n < count {
            let (x, y) = (values[n].magnitude, values[n &+ 1].magnitude)
            if !(x <= limit && y <= limit) { return nil }
            even = x > even ? x : even
            odd = y > odd ? y : odd
            n &+= 2
        }
        return even > odd ? even : odd
    }

    /// Throws what `Optimizer` does, in the network's order.
    private func refuse(_ gradients: [UnsafeMutablePointer<Real>]) throws(SpinnpropError) {
        var whole = Gradients(zerosFor: shown)
        for (index, rows) in weights.enumerated() { whole.weights[index] = rows.at(gradients[index]).values }
        try base.checkBounds(network, whole)
    }

    /// - Parameter largest: magnitude of a clipped entry.
    @inline(__always)
    private func clipping(_ gradients: [UnsafeMutablePointer<Real>], largest: Double) -> AppliedClipping {
        var applied = AppliedClipping(value: base.options.clipValue, takesNorm: base.options.clipNorm < .infinity)
        guard applied.takesNorm, largest > 0 else { return applied }
        var sum = 0.0
        for (rows, gradient) in zip(weights, gradients) { addSquares(rows.at(gradient), applied, largest, to: &sum) }
        let norm = largest * sum.squareRoot()
        if norm > base.options.clipNorm { applied.factor = base.options.clipNorm / norm }
        return applied
    }

    /// Adds the squares of the entries, scaled by the largest, in the order of the network's array: the sum's bits depend on it.
    @inline(__always)
    private func addSquares(
        _ rows: SenderRows<Real>, _ clipping: AppliedClipping, _ largest: Double, to sum: inout Double
    ) {
        let (pre, stride, gradient) = (rows.preCount, rows.stride, rows.pointer)
        withUnsafeTemporaryAllocation(of: Double.self, capacity: 4 * pre) { buffer in
            guard let squares = buffer.baseAddress else { return }
            var first = 0
            while first < rows.postCount {
                var i = 0
                while i < pre {
                    let own = gradient + (i &* stride &+ first)
                    var k = 0
                    while k < 4 {
                        let scaled = max(-clipping.value, min(clipping.value, Double(own[k]))) / largest
                        squares[k &* pre &+ i] = scaled * scaled
                        k &+= 1
                    }
                    i &+= 1
                }
                let count = min(4, rows.postCount &- first) &* pre
                var n = 0
                while n < count {
                    sum += squares[n]
                    n &+= 1
                }
                first &+= 4
            }
        }
    }

    /// Piece by piece, so that each stays in the cache.
    @inline(__always)
    private func update(
        _ rows: SenderRows<Real>, _ gradient: UnsafeMutablePointer<Real>, _ mean: UnsafeMutablePointer<Real>,
        _ square: UnsafeMutablePointer<Real>, _ clipping: AppliedClipping, _ rule: UpdateRule<Real>
    ) {
        let isClipped = clipping.value < .infinity || clipping.factor != 1
        var first = 0
        while first < rows.count {
            let end = min(first &+ 1024, rows.count)
            if isClipped {
                var n = first
                while n < end {
                    gradient[n] = Real(clipping(Double(gradient[n])))
                    n &+= 1
                }
            }
            rule.update(
                rows.pointer + first, gradient + first, mean + first, square + first, count: end &- first)
            first = end
        }
    }
}
