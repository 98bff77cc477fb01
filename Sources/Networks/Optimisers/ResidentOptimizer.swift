// An optimiser of parameters that stay in an engine's own layout: the same steps, bit by bit, as `Optimizer` takes.
import Mathematics

/// The optimiser's memory beside an engine's weights and delays, and what a session says of them.
public final class ResidentOptimizer<Real: MachineReal> {
    /// The weights of each connection, then the delays of each.
    private let arrays: [SenderRows<Real>]
    /// What is trained in their stead: the arrays themselves, but for weights that are held to something and delays that are functions of
    /// other numbers.
    private let trained: [SenderRows<Real>]
    private let parameterBlocks: [Block<Real>]
    private let connectionCount: Int
    /// Of each connection, if its weights are held to something.
    private let held: [HeldWeights<Real>?]
    /// Whose gradients come as those of the synapses alone.
    private let isSparse: [Bool]
    /// For each connection 1 where there is a synapse with a delay; empty where all are there.
    private let present: [Block<Real>]
    /// The optimiser's m and v of each array; empty for arrays that are not trained.
    private let mean: [Block<Real>]
    private let square: [Block<Real>]
    /// For each connection the gradient of what is trained of its delays, before it is clipped; empty where that is the delays' own.
    private let delayGradients: [Block<Double>]
    /// Of each array, whether steps leave it alone.
    private let isFrozen: [Bool]
    /// Options, numbers of steps and bounds; its own memory is not kept up.
    private var base: Optimizer
    /// The network as it was given or read back last; its parameters hold until a step changes them.
    private var shown: Network
    private var isShown = true
    private var delayRule: DelayRule { base.delayRule }

    /// - Parameters:
    ///   - weights: the engine's, one array per connection of the network and with its values.
    ///   - delays: the engine's, one array per connection; none if they are not trained and stay elsewhere.
    ///   - isSparse: for each connection whether the gradient that `step` is given has the synapses that exist alone, in the order of the
    ///     network's array, padded by zeros to a multiple of four. None: no connection's has.
    public init(
        _ optimizer: Optimizer, _ network: Network, weights: [SenderRows<Real>], delays: [SenderRows<Real>],
        isSparse: [Bool] = []
    ) throws(SpinnpropError) {
        guard optimizer.trainsSynapsesAlone else {
            throw SpinnpropError(.internal, "neurons, or delays without weights, are trained by a PlainSession")
        }
        let arrays = weights + delays
        (base, shown, self.arrays, connectionCount) = (optimizer, network, arrays, weights.count)
        isFrozen =
            network.connections.map { optimizer.weightRate($0) == nil }
            + (delays.isEmpty ? [] : network.connections.map { optimizer.delayRate($0) == nil })
        var (trained, blocks): ([SenderRows<Real>], [Block<Real>]) = (arrays, [])
        self.isSparse = isSparse.isEmpty ? weights.map { _ in false } : isSparse
        held = try zip(network.connections, zip(weights, self.isSparse)).map { (own, engine) throws(SpinnpropError) in
            own.constraints.isNone && !engine.1 ? nil : try HeldWeights(own, rows: engine.0)
        }
        for (index, own) in held.enumerated() { trained[index] = own?.trained ?? trained[index] }
        present = try zip(network.connections, delays).map { (own, rows) throws(SpinnpropError) in
            let isMasked = own.constraints.hasMask && own.delayKind == .synaptic
            return try ResidentOptimizer.memory(rows, isMasked ? own.constraints.mask.map { $0 ? 1 : 0 } : [])
        }
        for (index, rows) in delays.enumerated() where !optimizer.delayParameters[index].isEmpty {
            let block = try ResidentOptimizer.memory(rows, optimizer.delayParameters[index])
            trained[weights.count + index] = rows.at(block.pointer)
            blocks.append(block)
        }
        (self.trained, parameterBlocks) = (trained, blocks)
        delayGradients = try delays.map { (rows) throws(SpinnpropError) in
            let isDerived = optimizer.trainsDelays && !optimizer.delayRule.isIdentity
            let block = try Block<Double>(isDerived ? rows.count : 0)
            try block.clear(block.capacity)
            return block
        }
        let own = (trained, held)
        let memory = { (index: Int, values: [Double]) throws(SpinnpropError) -> Block<Real> in
            let held = index < own.1.count && !values.isEmpty ? own.1[index] : nil
            return try ResidentOptimizer.memory(own.0[index], held?.part(of: values) ?? values)
        }
        mean = try arrays.indices.map { (index) throws(SpinnpropError) in try memory(index, optimizer.first[index]) }
        square = try arrays.indices.map { (index) throws(SpinnpropError) in try memory(index, optimizer.second[index]) }
    }

    private static func memory(_ rows: SenderRows<Real>, _ values: [Double]) throws(SpinnpropError) -> Block<Real> {
        let block = try Block<Real>(values.isEmpty ? 0 : rows.count)
        if !values.isEmpty { rows.at(block.pointer).load(values, Poller(nil)) }
        return block
    }

    /// The network as it stands: in float64 as it was set, until a step in single precision rounds it.
    public var network: Network {
        if !isShown {
            for (index, rows) in arrays.enumerated() where !isFrozen[index] {
                shown.withMutableParameters(connection: index % connectionCount) { weights, delays in
                    _ = (isDelay(index) ? delays : weights).baseAddress.map { rows.store($0) }
                }
            }
            isShown = true
        }
        return shown
    }

    /// Takes over weights; see `Session.setWeights`.
    public func setWeights(of other: Network) {
        var own = network
        own.takeWeights(of: other)
        shown = own
        for (rows, connection) in zip(arrays, own.connections) { rows.load(connection.weights, Poller(nil)) }
        for own in held { own?.load() }
    }

    private func isDelay(_ array: Int) -> Bool { array >= connectionCount }

    /// Whether the gradient of what is trained of an array is in `delayGradients`.
    private func isDerived(_ array: Int) -> Bool { isDelay(array) && !delayRule.isIdentity }

    public var optimizer: Optimizer {
        var whole = base
        for index in arrays.indices where mean[index].capacity > 0 {
            whole.first[index] = values(index, mean[index].pointer)
            if square[index].capacity > 0 { whole.second[index] = values(index, square[index].pointer) }
        }
        for connection in whole.delayParameters.indices where !whole.delayParameters[connection].isEmpty {
            whole.delayParameters[connection] = trained[connectionCount + connection].values
        }
        return whole
    }

    /// Numbers of what is trained of an array, in the network's order.
    private func values(_ array: Int, _ own: UnsafeMutablePointer<Real>) -> [Double] {
        (isDelay(array) ? nil : held[array])?.whole(own) ?? trained[array].at(own).values
    }

    /// Takes a step with gradients in the layout of the parameters, which it changes. - Parameter delays: none unless they are trained.
    @_specialize(where Real == Double)
    @_specialize(where Real == Float)
    public func step(
        weights: [UnsafeMutablePointer<Real>], delays: [UnsafeMutablePointer<Real>], rateFactor: Double
    ) throws(SpinnpropError) {
        let own = weights.indices.map { isSparse[$0] ? weights[$0] : held[$0]?.gather(weights[$0]) ?? weights[$0] }
        let gradients = own + delays
        var largest = 0.0
        for (index, gradient) in gradients.enumerated() {
            let rows = trained[index]
            if isDelay(index) { leaveOutAbsent(index, gradient) }
            guard let own = survey(gradient, rows.count), survey(rows.pointer, rows.count) != nil else {
                return try refuse(gradients)
            }
            guard !isFrozen[index] else { continue }
            largest = max(largest, isDerived(index) ? differentiateDelays(index, gradient) : Double(own))
        }
        let clipping = clipping(gradients, largest: min(largest, base.options.clipValue))
        let rules: [UpdateRule<Real>?] = base.advance(shown.connections, rateFactor: rateFactor)
        for (index, gradient) in gradients.enumerated() {
            guard let rule = rules[index] else { continue }
            if isDerived(index) {
                let own = delayGradients[index - connectionCount].pointer
                for n in 0..<arrays[index].count { gradient[n] = Real(clipping(own[n])) }
                update(index, gradient, nil, rule)
            } else {
                update(index, gradient, clipping, rule)
            }
            if isDelay(index) { setDelays(index) } else { held[index]?.settle() }
        }
        isShown = false
    }

    /// Works out the gradient of what is trained of a connection's delays; padding has none. - Returns: the largest magnitude.
    @inline(__always)
    private func differentiateDelays(_ array: Int, _ gradient: UnsafeMutablePointer<Real>) -> Double {
        let (rows, parameters, rule) = (arrays[array], trained[array].pointer, delayRule)
        let own = delayGradients[array - connectionCount].pointer
        var largest = 0.0
        for row in 0..<rows.preCount {
            for n in row &* rows.stride..<row &* rows.stride &+ rows.postCount {
                own[n] = rule.derivative(
                    Double(gradient[n]), delay: Double(rows.pointer[n]), parameter: Double(parameters[n]))
            }
        }
        leaveOutAbsent(array, own)
        for n in 0..<rows.count { largest = max(largest, own[n].magnitude) }
        return largest
    }

    /// Sets a connection's delays to what the trained numbers stand for.
    @inline(__always)
    private func setDelays(_ array: Int) {
        let (rows, parameters, rule) = (arrays[array], trained[array].pointer, delayRule)
        let bounds: (low: Real, high: Real) = rule.bounds()
        for row in 0..<rows.preCount {
            for n in row &* rows.stride..<row &* rows.stride &+ rows.postCount {
                rows.pointer[n] = rule.delay(parameters[n], within: bounds)
            }
        }
    }

    /// Delays of absent synapses have no gradient.
    private func leaveOutAbsent<Entry: BinaryFloatingPoint>(_ array: Int, _ values: UnsafeMutablePointer<Entry>) {
        let present = present[array - connectionCount]
        for n in 0..<present.capacity where present.pointer[n] == 0 { values[n] = 0 }
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
        for (index, gradient) in gradients.enumerated() {
            let values = values(index, gradient)
            if isDelay(index) { whole.delays[index - connectionCount] = values } else { whole.weights[index] = values }
        }
        try optimizer.checkBounds(network, whole)
    }

    /// - Parameter largest: the largest magnitude of an entry that is clipped to `clipValue`.
    @inline(__always)
    private func clipping(_ gradients: [UnsafeMutablePointer<Real>], largest: Double) -> AppliedClipping {
        var applied = AppliedClipping(value: base.options.clipValue, takesNorm: base.options.clipNorm < .infinity)
        guard applied.takesNorm, largest > 0 else { return applied }
        var sum = 0.0
        for (index, gradient) in gradients.enumerated() where !isFrozen[index] {
            let rows = trained[index]
            if isDerived(index) {
                let own = delayGradients[index - connectionCount].pointer
                addSquares(
                    SenderRows(preCount: rows.preCount, postCount: rows.postCount, stride: rows.stride, pointer: own),
                    applied, largest, to: &sum)
            } else {
                addSquares(rows.at(gradient), applied, largest, to: &sum)
            }
        }
        let norm = largest * sum.squareRoot()
        if norm > base.options.clipNorm { applied.factor = base.options.clipNorm / norm }
        return applied
    }

    /// Adds the squares of the entries over the largest, in the order of the network's array: the sum's bits depend on it.
    @inline(__always)
    private func addSquares<Entry: BinaryFloatingPoint>(
        _ rows: SenderRows<Entry>, _ clipping: AppliedClipping, _ largest: Double, to sum: inout Double
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
                        let entry = max(-clipping.value, min(clipping.value, Double(own[k]))) / largest
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

    /// Updates what is trained of an array piece by piece, so that each stays in the cache. - Parameter clipping: what is still to be done.
    @inline(__always)
    private func update(
        _ array: Int, _ gradient: UnsafeMutablePointer<Real>, _ clipping: AppliedClipping?, _ rule: UpdateRule<Real>
    ) {
        let rows = trained[array]
        let mean = mean[array].pointer
        // SGD has no v and reads none.
        let square = square[array].capacity > 0 ? square[array].pointer : mean
        var first = 0
        while first < rows.count {
            let end = min(first &+ 1024, rows.count)
            if let clipping, clipping.value < .infinity || clipping.factor != 1 {
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
