// A sample's credit: what its traces, or backpropagation through time, add to the gradient.
import Mathematics

/// The gradient of some samples' loss with respect to weights (a row per sender) and biases of each layer, summed.
final class LocalGradient: BatchSums {
    let rows: [Block<Float>]
    let biases: [Block<Float>]

    init(_ network: LocalNetwork) throws(SpinnpropError) {
        rows = try network.layers.map { (layer) throws(SpinnpropError) in
            let block = try Block<Float>(layer.rows.count)
            try block.clear(layer.rows.count)
            return block
        }
        biases = try network.layers.map { (layer) throws(SpinnpropError) in
            let block = try Block<Float>(layer.stride)
            try block.clear(layer.stride)
            return block
        }
    }
}

/// What one group of samples after another adds, in one thread.
///
/// BioGrad's trace of a synapse, e <- (d e) (1 - s - v h) + x, collects G = sum of h e, and the weight's change is a G / (T - soft start)
/// (arXiv 2110.14092). Written the other way round, an input spike in step t is worth
///
///     lambda(t) = delta(t) h(t) + d (1 - s(t) - v(t) h(t)) lambda(t + 1),   delta = a / (T - soft start),
///
/// to the receiver, the same for all senders: the sum over spikes of lambda is the sum over steps of traces, term by term, without a trace
/// per synapse. Backpropagation through time is the same with delta(t) from the layer above: its weights times its lambda(t).
final class Credit {
    private let forward: LocalForward
    private let network: LocalNetwork
    private let options: LocalOptions
    /// lambda of each layer, in rows as the membranes.
    private let lambdas: [Block<Float>]
    /// The error dendrites of a layer over T - soft start.
    private let dendrites = Block<Float>()
    private let deltas = Block<Float>()
    /// Of each output the errors from the running step on, summed.
    private let laterErrors = Block<Float>()
    /// Spikes of a layer ordered by sender: the rows of each, and where they begin.
    private let order = Block<Int32>()
    private let starts = Block<Int>()

    init(_ forward: LocalForward) throws(SpinnpropError) {
        self.forward = forward
        (network, options) = (forward.network, forward.options)
        lambdas = try network.layers.map { (layer) throws(SpinnpropError) in
            try Block(forward.largestGroup * forward.options.steps * layer.stride)
        }
    }

    /// Adds the samples that `forward` has run, each with its error.
    func add(_ errors: [OutputError], to gradient: LocalGradient) throws(SpinnpropError) {
        for layer in network.layers.indices.reversed() {
            for (sample, error) in errors.enumerated() { try assign(layer, sample, error) }
            try sum(layer, to: gradient)
        }
    }

    private func assign(_ layer: Int, _ sample: Int, _ error: OutputError) throws(SpinnpropError) {
        let own = network.layers[layer]
        let isLast = layer == network.layers.count - 1
        let isTwin = options.rule == .bptt
        try deltas.clear(own.stride)
        if isTwin { try laterErrors.clear(own.stride) } else { try fillDendrites(own, error, isLast: isLast) }
        let rows = forward.rows(sample)
        for (step, row) in rows.enumerated().reversed() {
            let (v, lambda) = (
                forward.membranes[layer].pointer + row * own.stride, lambdas[layer].pointer + row * own.stride
            )
            if isTwin { fillDeltas(layer, step, row, error, v, isLast: isLast) }
            begin(lambda, v, isTwin ? deltas.pointer : dendrites.pointer, step, own.stride)
            if step < options.steps - 1 { carry(lambda + own.stride, v, to: lambda, own.stride) }
            try forward.poller.spend(isTwin && !isLast ? own.stride * network.layers[layer + 1].stride / 8 : own.stride)
        }
    }

    /// lambda(t) = delta(t) h(t).
    private func begin(
        _ lambda: UnsafeMutablePointer<Float>, _ v: UnsafePointer<Float>, _ delta: UnsafePointer<Float>, _ step: Int,
        _ count: Int
    ) {
        let (threshold, window) = (Float(options.threshold), Float(options.window))
        let slope = step >= options.tracesFrom ? Float(options.amplitude) : 0
        var j = 0
        while j < count {
            let worth = delta[j] * slope
            lambda[j] = (v[j] - threshold).magnitude < window ? worth : 0
            j &+= 1
        }
    }

    /// lambda(t) += d (1 - s(t) - v(t) h(t)) lambda(t + 1).
    private func carry(
        _ later: UnsafePointer<Float>, _ v: UnsafePointer<Float>, to lambda: UnsafeMutablePointer<Float>, _ count: Int
    ) {
        let (decay, threshold) = (Float(options.decay), Float(options.threshold))
        let (window, amplitude) = (Float(options.window), Float(options.amplitude))
        var j = 0
        while j < count {
            let h = (v[j] - threshold).magnitude < window ? amplitude : 0
            let kept = (v[j] > threshold ? 0 : 1) - v[j] * h
            lambda[j] += decay * kept * later[j]
            j &+= 1
        }
    }

    /// a / (T - soft start): a of a hidden layer is feedback times a of the output, step by step the same sum.
    private func fillDendrites(_ own: LocalLayer, _ error: OutputError, isLast: Bool) throws(SpinnpropError) {
        try dendrites.clear(own.stride)
        let target = dendrites.pointer
        for (output, dendrite) in error.dendrites.enumerated() where dendrite != 0 {
            if isLast {
                target[output] = dendrite
            } else {
                own.feedback.withUnsafeBufferPointer { rows in
                    guard let rows = rows.baseAddress else { return }
                    Rows.add(rows + output * own.stride, times: dendrite, to: target, own.stride)
                }
            }
        }
        let steps = Float(options.errorSteps)
        for neuron in 0..<own.stride { target[neuron] /= steps }
    }

    /// The derivative of the loss with respect to each neuron's spike in a step: of the output all errors that count it, of a hidden layer
    /// what the layer above makes of it in the same step. Only where the surrogate derivative is not 0.
    private func fillDeltas(
        _ layer: Int, _ step: Int, _ row: Int, _ error: OutputError, _ v: UnsafeMutablePointer<Float>, isLast: Bool
    ) {
        let own = network.layers[layer]
        let target = deltas.pointer
        if isLast {
            for output in 0..<own.neuronCount { target[output] = outputDelta(step, output, error) }
            return
        }
        let upper = network.layers[layer + 1]
        let lambda = lambdas[layer + 1].pointer + row * upper.stride
        upper.rows.withUnsafeBufferPointer { rows in
            guard let rows = rows.baseAddress else { return }
            for neuron in 0..<own.neuronCount
            where (v[neuron] - Float(options.threshold)).magnitude < Float(options.window) {
                target[neuron] = Rows.dot(rows + neuron * upper.stride, lambda, upper.stride)
            }
        }
    }

    /// Steps come from the last to the first, and so do the errors that count a step's spikes.
    private func outputDelta(_ step: Int, _ output: Int, _ error: OutputError) -> Float {
        if options.counts == .final { return step >= options.countsFrom ? error.error(0, output) : 0 }
        if step >= options.softStart { laterErrors.pointer[output] += error.error(step - options.softStart, output) }
        return step >= options.countsFrom ? laterErrors.pointer[output] / Float(options.errorSteps) : 0
    }

    /// Adds lambda of every input spike to its sender's row, and of every step to the biases.
    private func sum(_ layer: Int, to gradient: LocalGradient) throws(SpinnpropError) {
        let own = network.layers[layer]
        let lambda = lambdas[layer].pointer
        let list = forward.spikes[layer]
        for row in 0..<list.rowCount {
            Rows.add(lambda + row * own.stride, times: 1, to: gradient.biases[layer].pointer, own.stride)
            try forward.poller.spend(own.stride / 8)
        }
        try sort(list, senderCount: own.preCount)
        let (rows, order, starts) = (gradient.rows[layer].pointer, order.pointer, starts.pointer)
        var first = 0
        while first < own.stride {
            let width = Rows.width(own.stride - first)
            for sender in 0..<own.preCount where starts[sender] < starts[sender &+ 1] {
                Rows.add(
                    lambda + first, own.stride, order + starts[sender], starts[sender &+ 1] &- starts[sender],
                    to: rows + sender &* own.stride + first, width: width)
                try forward.poller.spend((starts[sender &+ 1] &- starts[sender]) &* width / 8)
            }
            first += width
        }
    }

    /// Counting sort by sender; rows of a sender stay in order.
    private func sort(_ list: StepLists, senderCount: Int) throws(SpinnpropError) {
        try order.reserve(list.count)
        try starts.clear(senderCount + 2)
        let (units, order, starts) = (list.pointer, order.pointer, starts.pointer)
        for n in 0..<list.count { starts[Int(units[n]) &+ 2] &+= 1 }
        for sender in 0..<senderCount { starts[sender &+ 2] &+= starts[sender &+ 1] }
        for row in 0..<list.rowCount {
            for n in list.range(row) {
                let place = starts[Int(units[n]) &+ 1]
                order[place] = Int32(truncatingIfNeeded: row)
                starts[Int(units[n]) &+ 1] = place &+ 1
            }
        }
    }
}
