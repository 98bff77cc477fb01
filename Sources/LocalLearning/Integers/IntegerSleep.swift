// The sleep phase in integers.
import Mathematics

/// What the samples of a part have dreamt, summed; one thread at a time fills it.
private final class IntegerDreams: @unchecked Sendable {
    /// H^T O, a row per output.
    var correlations: [Int]
    /// Each output's count to the power of p; sums of numbers >= 0 saturate alike in any order.
    var powers: [Int]

    init(_ outputCount: Int, _ neuronCount: Int) {
        correlations = [Int](repeating: 0, count: outputCount * neuronCount)
        powers = [Int](repeating: 0, count: outputCount)
    }

    func add(_ other: IntegerDreams) {
        for n in correlations.indices { correlations[n] &+= other.correlations[n] }
        for n in powers.indices { powers[n] = min(Saturation.sum, powers[n] + other.powers[n]) }
    }
}

extension LocalNetwork {
    /// Aligns the feedback as `sleep` does, with the same random spikes, the update rounded up or down by chance:
    ///
    ///     B += lr_s / n (c H^T O - sum(O^p) B) in units of B,   c = 2^exponent, times n unless correlations are averaged
    ///
    /// Each output and neuron takes a word of the sleep's own stream.
    mutating func sleepInIntegers(
        _ options: LocalOptions, sampleCount: Int, index: Int, monitor: Monitor?
    ) throws(SpinnpropError) {
        let network = try IntegerNetwork(self, options)
        let dreams = try network.dream(sampleCount, index, monitor)
        let hidden = network.hidden
        let rate = Factor(options.sleepRate / Double(sampleCount))
        let unit = options.averagesSleep ? 1 : sampleCount
        let scale = Float(1 << hidden.feedbackExponent)
        var random = LocalPurpose.sleepRounding.stream(seed: options.seed, UInt64(index))
        for output in 0..<outputCount {
            for neuron in 0..<hidden.neuronCount {
                let place = output * hidden.stride + neuron
                let old = Int(hidden.feedback[place])
                let correlation = Saturation.product(
                    Saturation.product(
                        dreams.correlations[output * hidden.neuronCount + neuron], 1 << hidden.feedbackExponent),
                    unit)
                let step = rate.rounded(correlation - dreams.powers[output] * old, by: random.nextUInt64())
                layers[0].feedback[place] = Float(Saturation.clamp(old + step, Saturation.weight)) / scale
            }
        }
    }
}

extension IntegerNetwork {
    fileprivate func dream(
        _ sampleCount: Int, _ index: Int, _ monitor: Monitor?
    ) throws(SpinnpropError) -> IntegerDreams {
        let parts = LocalBatch.partCount(sampleCount)
        var shared = LocalPurpose.sleep.stream(seed: options.seed, UInt64(index))
        let common = shared.uniform()
        try Memory.check(
            count: (parts + 1) * output.neuronCount * hidden.neuronCount, bytesPerElement: MemoryLayout<Int>.stride,
            "a sleep's correlations")
        let found = (0..<parts).map { _ in IntegerDreams(output.neuronCount, hidden.neuronCount) }
        try parallelLoop(parts: parts, monitor: monitor) { (part) throws(SpinnpropError) in
            let membranes = try Block<Int32>(output.stride)
            let poller = Poller(monitor)
            for sample in sampleCount * part / parts..<sampleCount * (part + 1) / parts {
                try Memory.poll()
                // As of two layers.
                var random = LocalPurpose.dreams.stream(seed: options.seed, UInt64(index), UInt64(sample * 2))
                try dream(common, &random, membranes.pointer, poller, into: found[part])
                monitor?.finish(1)
            }
        }
        let total = IntegerDreams(output.neuronCount, hidden.neuronCount)
        for own in found { total.add(own) }
        return total
    }

    private func dream(
        _ common: Double, _ random: inout RandomStream, _ v: UnsafeMutablePointer<Int32>, _ poller: Poller,
        into dreams: IntegerDreams
    ) throws(SpinnpropError) {
        var differences = [Int](repeating: 0, count: hidden.neuronCount)
        var counts = [Int](repeating: 0, count: output.neuronCount)
        v.update(repeating: 0, count: output.stride)
        var words = 0
        var rate = options.sleepDraw == .perBatch ? common : random.uniform()
        for step in 0..<options.sleepSteps {
            if options.sleepDraw == .perStep, step > 0 { rate = random.uniform() }
            output.leak(v, to: v, decay)
            try poller.spend(hidden.neuronCount * output.stride / 8)
            random.signs(rate, count: differences.count, words: &words) { neuron, sign in
                output.add(row: neuron, times: Int32(sign), to: v)
                differences[neuron] += sign
            }
            output.saturate(v)
            for neuron in counts.indices where v[neuron] > output.threshold { counts[neuron] += 1 }
        }
        for (output, count) in counts.enumerated() where count > 0 {
            for (neuron, difference) in differences.enumerated() {
                dreams.correlations[output * differences.count + neuron] &+= count * difference
            }
            let power = (0..<options.sleepPower).reduce(1) { (power, _) in min(Saturation.sum, power * count) }
            dreams.powers[output] = min(Saturation.sum, dreams.powers[output] + power)
        }
    }
}
