// An optimiser of parameters that stay in an engine's own layout: the same steps, bit by bit, as `Optimizer` takes.
import Mathematics

/// The optimiser's memory beside an engine's weights and delays, and what a session says of them.
public final class ResidentOptimizer<Real: BinaryFloatingPoint & Sendable> {
    /// The weights of each connection, then the delays of each.
    private let arrays: [SenderRows<Real>]
    private let connectionCount: Int
    /// The optimiser's m and v of each array; empty for arrays that are not trained.
    private let mean: [Block<Real>]
    private let square: [Block<Real>]
    /// Options, numbers of steps and bounds; its own memory is not kept up.
    private var base: Optimizer
    /// The network as it was given or read back last; its parameters hold until a step changes them.
    private var shown: Network
    private var isShown = true
    private let timeStretch: Double

    /// - Parameters:
    ///   - weights: the engine's, one array per connection of the network and with its values.
    ///   - delays: the engine's, one array per connection; none if they are not trained and stay elsewhere.
    public init(
        _ optimizer: Optimizer, _ network: Network, weights: [SenderRows<Real>], delays: [SenderRows<Real>]
    ) throws(SpinnpropError) {
        let arrays = weights + delays
        (base, shown, self.arrays, connectionCount) = (optimizer, network, arrays, weights.count)
        timeStretch = network.timeStretch
        mean = try zip(arrays, optimizer.first).map { (rows, values) throws(SpinnpropError) in
            try ResidentOptimizer.memory(rows, values)
        }
        square = try zip(arrays, optimizer.second).map { (rows, values) throws(SpinnpropError) in
            try ResidentOptimizer.memory(rows, values)
        }
    }

    private static func memory(_ rows: SenderRows<Real>, _ values: [Double]) throws(SpinnpropError) -> Block<Real> {
        let block = try Block<Real>(values.isEmpty ? 0 : rows.count)
        if !values.isEmpty { rows.at(block.pointer).load(values, Poller(nil)) }
        return block
    }

    /// The network as it stands: in float64 as it was set, until a step in single precision rounds it.
    public var network: Network {
        if !isShown {
            for (index, rows) in arrays.enumerated() {
                shown.withMutableParameters(connection: index % connectionCount) { weights, delays in
                    _ = (isDelay(index) ? delays : weights).baseAddress.map { rows.store($0) }
                }
            }
            isShown = true
        }
        return shown
    }

    /// Takes over weights and delays; see `Session.setWeightsAndDelays`.
    public func setWeightsAndDelays(of network: Network) {
        (shown, isShown) = (network, true)
        for (index, rows) in arrays.enumerated() {
            let connection = network.connections[index % connectionCount]
            rows.load(isDelay(index) ? connection.delays : connection.weights, Poller(nil))
        }
    }

    private func isDelay(_ array: Int) -> Bool { array >= connectionCount }

    public var optimizer: Optimizer {
        var whole = base
        for (index, rows) in arrays.enumerated() where mean[index].capacity > 0 {
            whole.first[index] = rows.at(mean[index].pointer).values
            if square[index].capacity > 0 { whole.second[index] = rows.at(square[index].pointer).values }
        }
        return whole
    }

    /// Takes a step with gradients in the layout of the parameters, which it changes. - Parameter delays: none unless they are trained.
    @_specialize(where Real == Double)
    @_specialize(where Real == Float)
    public func step(
        weights: [UnsafeMutablePointer<Real>], delays: [UnsafeMutablePointer<Real>], rateFactor: Double
    ) throws(SpinnpropError) {
        let gradients = weights + delays
        var largest = 0.0
        for (index, gradient) in gradients.enumerated() {
            let rows = arrays[index]
            guard let own = survey(gradient, rows.count), survey(rows.pointer, rows.count) != nil else {
                return try refuse(gradients)
            }
            largest = max(largest, Double(own) * scale(index))
        }
        let clipping = clipping(gradients, largest: min(largest, base.options.clipValue))
        let rules: (weights: UpdateRule<Real>, delays: UpdateRule<Real>) = base.advance(rateFactor: rateFactor)
        for (index, gradient) in gradients.enumerated() {
            update(index, gradient, clipping, isDelay(index) ? rules.delays : rules.weights)
        }
        isShown = false
    }

    /// What a gradient is multiplied with before it is clipped: `Optimizer` says why that is not 1 for delays.
    private func scale(_ array: Int) -> Double { isDelay(array) ? timeStretch : 1 }

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
        for (index, gradient) in gradients.enumerated() {
            let values = arrays[index].at(gradient).values
            if isDelay(index) { whole.delays[index - connectionCount] = values } else { whole.weights[index] = values }
        }
        try base.checkBounds(network, whole)
    }

    /// - Parameter largest: the largest magnitude of an entry that is scaled and clipped to `clipValue`.
    @inline(__always)
    private func clipping(_ gradients: [UnsafeMutablePointer<Real>], largest: Double) -> AppliedClipping {
        var applied = AppliedClipping(value: base.options.clipValue, takesNorm: base.options.clipNorm < .infinity)
        guard applied.takesNorm, largest > 0 else { return applied }
        var sum = 0.0
        for (index, gradient) in gradients.enumerated() {
            addSquares(arrays[index].at(gradient), scale(index), applied, largest, to: &sum)
        }
        let norm = largest * sum.squareRoot()
        if norm > base.options.clipNorm { applied.factor = base.options.clipNorm / norm }
        return applied
    }

    /// Adds the squares of the entries over the largest, in the order of the network's array: the sum's bits depend on it.
    @inline(__always)
    private func addSquares(
        _ rows: SenderRows<Real>, _ scale: Double, _ clipping: AppliedClipping, _ largest: Double, to sum: inout Double
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
                        let entry = max(-clipping.value, min(clipping.value, Double(own[k]) * scale)) / largest
                        squares[k &* pre &+ i] = entry * entry
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

    /// Updates an array piece by piece, so that each stays in the cache.
    @inline(__always)
    private func update(
        _ array: Int, _ gradient: UnsafeMutablePointer<Real>, _ clipping: AppliedClipping, _ rule: UpdateRule<Real>
    ) {
        let (rows, scale, isDelay) = (arrays[array], scale(array), isDelay(array))
        let mean = mean[array].pointer
        // SGD has no v and reads none.
        let square = square[array].capacity > 0 ? square[array].pointer : mean
        let isClipped = clipping.value < .infinity || clipping.factor != 1 || scale != 1
        var first = 0
        while first < rows.count {
            let end = min(first &+ 1024, rows.count)
            if isClipped {
                var n = first
                while n < end {
                    gradient[n] = Real(clipping(Double(gradient[n]) * scale))
                    n &+= 1
                }
            }
            rule.update(
                rows.pointer + first, gradient + first, mean + first, square + first, count: end &- first)
            if isDelay {
                for n in first..<end { rows.pointer[n] = rows.pointer[n] > 0 ? rows.pointer[n] : 0 }
            }
            first = end
        }
    }
}
