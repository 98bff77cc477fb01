// A batch in integers as work for several threads, and the update it ends with.
import Mathematics

extension LocalSamples {
    /// Runs all samples in integers, cut into the given parts.
    func run(
        _ network: LocalNetwork, _ options: LocalOptions, _ parts: [IntegerPart], monitor: Monitor?
    ) throws(SpinnpropError) -> LocalBatchResult {
        let own = try IntegerNetwork(network, options)
        return try run(parts, layerCount: network.layers.count, monitor: monitor) { () throws(SpinnpropError) in
            IntegerWorker(try IntegerForward(own, Poller(monitor)))
        }
    }
}

private struct IntegerWorker: BatchWorker {
    let forward: IntegerForward
    let credit: IntegerCredit
    let largestGroup = 1

    init(_ forward: IntegerForward) { (self.forward, credit) = (forward, IntegerCredit(forward)) }

    func run(_ samples: LocalSamples, _ group: Range<Int>, _ part: IntegerPart) throws(SpinnpropError) {
        for n in group {
            let (sample, label) = (samples[n], samples.label(n))
            try forward.run(samples.input, sample: sample, random: samples.random(sample))
            if let label, let sums = part.sums {
                let error = try IntegerError(forward, label: label)
                part.result.loss += error.loss
                try credit.add(error, to: sums)
            }
            part.add(forward.outputCounts, label: label)
            part.result.add(forward.spikes)
        }
    }
}

extension IntegerSums {
    /// Of all parts, in the first one's.
    static func total(_ parts: [IntegerPart]) -> IntegerSums? {
        let sums = parts.compactMap(\.sums)
        for other in sums.dropFirst() { sums[0].add(other) }
        return sums.first
    }
}

extension LocalNetwork {
    /// What one of the sums is, in units of weights. A trace is a gradient after `amplitude`, its 8 bits, and the error steps; a hidden
    /// layer's dendrites are in units of its feedback.
    private func unit(_ layer: LocalLayer, _ options: LocalOptions) -> Double {
        options.amplitude / Double(options.errorSteps)
            / Double(1 << (IntegerCredit.pointBits + (layer.feedbackExponent ?? 0)))
    }

    /// W -= rate mean(gradient), biases alike: whole numbers of the grid, up or down by chance, -127 ... 127. In each update a layer draws a
    /// word for each weight, sender by sender, then for each bias.
    mutating func descend(
        _ sums: IntegerSums, _ options: LocalOptions, sampleCount: Int, epoch: Int, batch: Int
    ) {
        for layer in layers.indices {
            let (pre, count, stride) = (layers[layer].preCount, layers[layer].neuronCount, layers[layer].stride)
            let scale = Float(1 << (layers[layer].weightExponent ?? 0))
            let rate = options.learningRate * unit(layers[layer], options) / Double(sampleCount)
            let factor = Factor(rate * Double(scale))
            var random = LocalPurpose.rounding.stream(
                seed: options.seed, UInt64(epoch), UInt64(batch * layers.count + layer))
            let sums = sums.rows[layer].pointer
            func move(_ value: inout Float, _ place: Int) {
                let step = factor.rounded(-sums[place], by: random.nextUInt64())
                value = Float(Saturation.clamp(Int(value * scale) + step, Saturation.weight)) / scale
            }
            for place in 0..<pre * stride where place % stride < count { move(&layers[layer].rows[place], place) }
            for neuron in 0..<count { move(&layers[layer].biases[neuron], pre * stride + neuron) }
        }
    }

    /// The mean gradient of a layer's weights, a row for each sender, and of its biases.
    func gradient(_ sums: IntegerSums, _ options: LocalOptions, sampleCount: Int, layer: Int) -> (
        rows: [Float], biases: [Float]
    ) {
        let own = layers[layer]
        let factor = unit(own, options) / Double(sampleCount)
        let values = (0..<own.rows.count + own.stride).map { Float(Double(sums.rows[layer].pointer[$0]) * factor) }
        return (Array(values.prefix(own.rows.count)), Array(values.suffix(own.stride)))
    }
}
