// Traces in integers, synapse by synapse, and what a sample adds to its batch.
import Mathematics

/// What the samples of a part of a batch add up to in each layer: error dendrite times what the trace has collected, a row for each sender,
/// then one for the biases. Whole numbers, in units of the layer's feedback and of 2^-8.
final class IntegerSums: BatchSums {
    let rows: [Block<Int>]
    private let counts: [Int]

    init(_ network: LocalNetwork) throws(SpinnpropError) {
        counts = network.layers.map { $0.rows.count + $0.stride }
        rows = try counts.map { (count) throws(SpinnpropError) in try Block(count) }
        clear()
    }

    func clear() { for (block, count) in zip(rows, counts) { block.pointer.update(repeating: 0, count: count) } }

    func add(_ other: IntegerSums) {
        for (layer, count) in counts.enumerated() {
            let (own, other) = (rows[layer].pointer, other.rows[layer].pointer)
            for n in 0..<count { own[n] &+= other[n] }
        }
    }
}

/// One sample after another, in one thread. A synapse has a trace, as in the paper:
///
///     e <- d (1 - s - v h) e + x,   G <- G + e within the window
///
/// each product rounded once; the height of h is left to the learning rate. Nothing but the sample's end needs the error, so traces of a sample without one are left out.
final class IntegerCredit {
    static let pointBits = 8

    private let forward: IntegerForward
    private let network: IntegerNetwork
    /// d (1 - s - v h) of each step and neuron, in 4096ths, and -1 where a trace is collected, else 0.
    private let factors = Block<Int32>()
    private let gates = Block<Int32>()
    private let traces = Block<Int32>()
    private let collected = Block<Int32>()
    private let dendrites = Block<Int32>()
    /// Whether a sender spikes in a step.
    private let isSpiking = Block<Bool>()

    init(_ forward: IntegerForward) {
        self.forward = forward
        network = forward.network
    }

    /// Adds the sample that `forward` has run.
    func add(_ error: IntegerError, to sums: IntegerSums) throws(SpinnpropError) {
        guard error.dendrites.contains(where: { $0 != 0 }) else { return }
        for (layer, own) in network.layers.enumerated() {
            try fillDendrites(own, error)
            try fillFactors(layer, own)
            try fillSpikes(layer, own)
            try traces.reserve(own.stride)
            try collected.reserve(own.stride)
            let steps = network.options.steps
            for sender in 0...own.preCount {
                guard let first = (0..<steps).first(where: { isSpiking.pointer[sender * steps + $0] })
                else { continue }
                run(own, sender, from: first)
                try forward.poller.spend(steps * own.stride / 8)
                let (a, g) = (dendrites.pointer, collected.pointer)
                let row = sums.rows[layer].pointer + sender * own.stride
                for j in 0..<own.stride {
                    let state = Saturation.clamp(Int(g[j]), Saturation.state)
                    row[j] &+= Int(a[j]) &* state
                }
            }
        }
    }

    /// a of the output, or feedback times it.
    private func fillDendrites(_ own: IntegerLayer, _ error: IntegerError) throws(SpinnpropError) {
        try dendrites.clear(own.stride)
        for neuron in 0..<own.neuronCount {
            var sum = 0
            if own.feedback.isEmpty {
                sum = error.dendrites[neuron]
            } else {
                for (output, dendrite) in error.dendrites.enumerated() {
                    sum += dendrite * Int(own.feedback[output * own.stride + neuron])
                }
            }
            dendrites.pointer[neuron] = Int32(Saturation.clamp(sum, Saturation.state))
        }
    }

    private func fillFactors(_ layer: Int, _ own: IntegerLayer) throws(SpinnpropError) {
        let options = network.options
        let count = options.steps * own.stride
        try factors.reserve(count)
        try gates.reserve(count)
        let amplitude = Int((options.amplitude * Double(1 << IntegerCredit.pointBits)).rounded())
        let bits = own.exponent + IntegerCredit.pointBits
        let all = forward.membranes[layer].pointer
        for n in 0..<count {
            let isInside = all[n] > own.low && all[n] < own.high
            let kept = (all[n] > own.threshold ? 0 : 1 << bits) - (isInside ? amplitude * Int(all[n]) : 0)
            // v h has 51 bits at most; saturated at 47 and times 12 of the decay it stays below 2^63.
            let factor = (network.decay.value * Saturation.clamp(kept, Saturation.sum) + 1 << (bits - 1)) >> bits
            factors.pointer[n] = Int32(Saturation.clamp(factor, Int(Saturation.trace)))
            gates.pointer[n] = isInside && n >= options.tracesFrom * own.stride ? -1 : 0
        }
    }

    private func fillSpikes(_ layer: Int, _ own: IntegerLayer) throws(SpinnpropError) {
        let (steps, list) = (network.options.steps, forward.spikes[layer])
        let count = try Memory.product(steps, own.preCount + 1, bytesPerElement: 1, "the spikes of \(steps) steps")
        try isSpiking.reserve(count)
        isSpiking.pointer.update(repeating: false, count: count)
        for step in 0..<steps {
            for n in list.range(step) { isSpiking.pointer[Int(list.pointer[n]) * steps + step] = true }
            isSpiking.pointer[own.preCount * steps + step] = true
        }
    }

    /// The traces of a sender's synapses from its first spike on.
    private func run(_ own: IntegerLayer, _ sender: Int, from first: Int) {
        let (e, sum, bound) = (traces.pointer, collected.pointer, Saturation.trace)
        e.update(repeating: 0, count: own.stride)
        sum.update(repeating: 0, count: own.stride)
        for step in first..<network.options.steps {
            let isImpulse = isSpiking.pointer[sender * network.options.steps + step]
            let impulse: Int32 = isImpulse ? 1 << IntegerCredit.pointBits : 0
            let gate = gates.pointer + step * own.stride
            // Of the step before; in the first there is no trace yet.
            let factor = factors.pointer + max(0, step - 1) * own.stride
            var j = 0
            while j < own.stride {
                // 15 bits times 15.
                let kept = (factor[j] &* e[j] &+ 1 << (Int32(Decay.bits) &- 1)) &>> Int32(Decay.bits)
                let next = max(-bound, min(bound, kept &+ impulse))
                e[j] = next
                sum[j] &+= next & gate[j]
                j &+= 1
            }
        }
    }
}
