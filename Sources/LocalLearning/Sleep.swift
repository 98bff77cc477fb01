// The sleep phase: random spikes of either sign run up the network, and feedback learns what they do to the output.
import CSupport
import Mathematics

/// What the samples of a part have dreamt in one layer, summed; one thread at a time fills it.
private final class Dreams: @unchecked Sendable {
    /// H^T O, a row per output.
    var correlations: [Int]
    /// Each output's count to the power of p.
    var powers: [Double]

    init(_ outputCount: Int, _ neuronCount: Int) {
        correlations = [Int](repeating: 0, count: outputCount * neuronCount)
        powers = [Double](repeating: 0, count: outputCount)
    }

    func add(_ other: Dreams) {
        for n in correlations.indices { correlations[n] += other.correlations[n] }
        for n in powers.indices { powers[n] += other.powers[n] }
    }
}

extension LocalNetwork {
    /// Aligns the feedback of each hidden layer, the top one first (arXiv 2110.14092):
    ///
    ///     r ~ U(0, 1);  s+, s- ~ Bernoulli(r) of each neuron and step;  W (s+ - s-) runs to the output, biases left out
    ///     B += lr_s (H^T O - mean(O^p) B),  H = sum of s+ - s-,  O = sum of output spikes
    ///
    /// - Parameter index: counts the sleeps of a training; random numbers depend on it.
    public mutating func sleep(
        _ options: LocalOptions, sampleCount: Int, index: Int, monitor: Monitor?
    ) throws(SpinnpropError) {
        var next = self
        for layer in layers.indices.dropLast().reversed() {
            let dreams = try dream(layer, options, sampleCount, index, monitor)
            let scale = options.averagesSleep ? 1 / Double(sampleCount) : 1
            let own = layers[layer]
            for output in 0..<outputCount {
                let decay = Float(dreams.powers[output] / Double(sampleCount))
                for neuron in 0..<own.neuronCount {
                    let place = output * own.stride + neuron
                    let correlation = Float(Double(dreams.correlations[output * own.neuronCount + neuron]) * scale)
                    let old = own.feedback[place]
                    let new = old + Float(options.sleepRate) * (correlation - decay * old)
                    guard new.isFinite else {
                        throw LocalNetwork.feedbackOverflow(neuron: neuron, layer: layer, sleep: index)
                    }
                    next.layers[layer].feedback[place] = new
                }
            }
        }
        self = next
    }

    package static func feedbackOverflow(neuron: Int, layer: Int, sleep: Int) -> SpinnpropError {
        .invalidValue(
            "the feedback of neuron \(neuron) of layer \(layer) overflows float32 in sleep \(sleep); use a smaller sleep_rate"
        )
    }

    private func dream(
        _ layer: Int, _ options: LocalOptions, _ sampleCount: Int, _ index: Int, _ monitor: Monitor?
    ) throws(SpinnpropError) -> Dreams {
        let parts = LocalBatch.partCount(sampleCount)
        var shared = LocalPurpose.sleep.stream(seed: options.seed, UInt64(index), UInt64(layer))
        let common = shared.uniform()
        let neuronCount = layers[layer].neuronCount
        try Memory.check(
            count: parts * outputCount * neuronCount, bytesPerElement: 2 * MemoryLayout<Int>.stride,
            "a sleep's correlations")
        let found = (0..<parts).map { _ in Dreams(outputCount, neuronCount) }
        try parallelLoop(parts: parts, monitor: monitor) { (part) throws(SpinnpropError) in
            let dreamer = try Dreamer(self, layer, options, Poller(monitor))
            for sample in sampleCount * part / parts..<sampleCount * (part + 1) / parts {
                try Memory.poll()
                var random = LocalPurpose.dreams.stream(
                    seed: options.seed, UInt64(index), UInt64(sample * layers.count + layer))
                try dreamer.run(common, &random)
                dreamer.add(to: found[part])
                monitor?.finish(1)
            }
        }
        let total = Dreams(outputCount, neuronCount)
        for own in found { total.add(own) }
        return total
    }
}

/// One sample's dream after another, from one layer up.
private final class Dreamer {
    private let network: LocalNetwork
    private let layer: Int
    private let options: LocalOptions
    /// The membranes of the layers above, and who of them, and of the layer itself, spikes in the running step.
    private let membranes: [Block<Float>]
    private let spikes: [Block<Int32>]
    private let hidden: Block<Int>
    private let outputs: Block<Int>
    private let hiddenCount: Int
    private let poller: Poller

    init(
        _ network: LocalNetwork, _ layer: Int, _ options: LocalOptions, _ poller: Poller
    ) throws(SpinnpropError) {
        (self.network, self.layer, self.options, self.poller) = (network, layer, options, poller)
        membranes = try network.layers[(layer + 1)...].map { (own) throws(SpinnpropError) in try Block(own.stride) }
        // Spikes of either sign: those of s+ from the start, those of s- from the neuron count on.
        spikes = try network.layers[layer...].map { (own) throws(SpinnpropError) in try Block(2 * own.stride) }
        hiddenCount = network.layers[layer].neuronCount
        hidden = try Block(hiddenCount)
        outputs = try Block(network.outputCount)
    }

    func run(_ common: Double, _ random: inout RandomStream) throws(SpinnpropError) {
        hidden.pointer.update(repeating: 0, count: hiddenCount)
        outputs.pointer.update(repeating: 0, count: network.outputCount)
        for (own, block) in zip(network.layers[(layer + 1)...], membranes) {
            block.pointer.update(repeating: 0, count: own.stride)
        }
        var rate = options.sleepDraw == .perBatch ? common : random.uniform()
        for step in 0..<options.sleepSteps {
            if options.sleepDraw == .perStep, step > 0 { rate = random.uniform() }
            let counts = draw(rate, &random)
            var (plus, minus) = counts
            for n in membranes.indices {
                try poller.spend(hiddenCount + (plus + minus + 1) * network.layers[layer + 1 + n].stride / 8)
                plus = move(n, plus, minus)
                minus = 0
            }
        }
    }

    /// Adds the last dream.
    func add(to dreams: Dreams) {
        for output in 0..<network.outputCount where outputs.pointer[output] != 0 {
            let (count, first, hidden) = (outputs.pointer[output], output * hiddenCount, hidden.pointer)
            for neuron in 0..<hiddenCount { dreams.correlations[first + neuron] += count * hidden[neuron] }
            var power = 1.0
            for _ in 0..<options.sleepPower { power *= Double(count) }
            dreams.powers[output] += power
        }
    }

    /// Returns how many neurons spike with either sign alone.
    private func draw(_ rate: Double, _ generator: inout RandomStream) -> (plus: Int, minus: Int) {
        var random = generator
        defer { generator = random }
        let (ups, downs, hidden) = (spikes[0].pointer, spikes[0].pointer + hiddenCount, hidden.pointer)
        var (plus, minus, words) = (0, 0, 0)
        // Both places are written, and one is kept: which, no branch could guess.
        random.signs(rate, count: hiddenCount, words: &words) { neuron, sign in
            ups[plus] = Int32(truncatingIfNeeded: neuron)
            downs[minus] = Int32(truncatingIfNeeded: neuron)
            hidden[neuron] &+= sign
            plus &+= (1 &+ sign) &>> 1
            minus &+= (1 &- sign) &>> 1
        }
        return (plus, minus)
    }

    /// A step of a layer above; returns how many of its neurons spike.
    private func move(_ n: Int, _ plus: Int, _ minus: Int) -> Int {
        let own = network.layers[layer + 1 + n]
        let (v, list) = (membranes[n].pointer, spikes[n + 1].pointer)
        let (decay, threshold) = (Float(options.decay), Float(options.threshold))
        let below = spikes[n].pointer
        return own.rows.withUnsafeBufferPointer { rows in
            guard let rows = rows.baseAddress else { return 0 }
            for j in 0..<own.stride { v[j] = v[j] > threshold ? 0 : decay * v[j] }
            Rows.add(
                rows, own.stride, plus: UnsafeBufferPointer(start: below, count: plus),
                minus: UnsafeBufferPointer(start: below + hiddenCount, count: minus), to: v)
            var count = 0
            for j in 0..<own.neuronCount {
                list[count] = Int32(truncatingIfNeeded: j)
                count += v[j] > threshold ? 1 : 0
            }
            if n == membranes.count - 1 {
                for k in 0..<count { outputs.pointer[Int(list[k])] += 1 }
            }
            return count
        }
    }
}

extension RandomStream {
    /// s+ - s- of each of `count` neurons in a step of a dream, where it is not 0, in order; 64 neurons have their trials at once, s+ before s-.
    ///
    /// - Parameter words: grows by the words that were drawn.
    @inline(__always)
    package mutating func signs<Failure: Error>(
        _ rate: Double, count: Int, words: inout Int, _ body: (_ neuron: Int, _ sign: Int) throws(Failure) -> Void
    ) throws(Failure) {
        var first = 0
        while first < count {
            let lanes = UInt64.max &>> UInt64(64 - min(64, count - first))
            let up = trials(rate, among: lanes, words: &words)
            var bits = up ^ trials(rate, among: lanes, words: &words)
            while bits != 0 {
                let lane = bits.trailingZeroBitCount
                try body(first &+ lane, Int(truncatingIfNeeded: 2 &* ((up &>> UInt64(lane)) & 1)) &- 1)
                bits &= bits &- 1
            }
            first &+= 64
        }
    }
}
