// A batch in integers as work for several threads, and the update it ends with.
import Mathematics

/// What the samples of a part of a batch leave; one thread at a time fills it.
final class IntegerPart: @unchecked Sendable {
    /// `nil`: samples are only run.
    fileprivate let sums: IntegerSums?
    fileprivate var result: LocalBatchResult
    /// Spikes of each output neuron, sample after sample.
    fileprivate(set) var counts: [Int32] = []

    /// Parts that are only run.
    static func run(_ network: LocalNetwork, sampleCount: Int) -> [IntegerPart] {
        (0..<min(64, sampleCount)).map { _ in IntegerPart(network, nil) }
    }

    /// Parts that are learnt from.
    static func learn(_ network: LocalNetwork, sampleCount: Int) throws(SpinnpropError) -> [IntegerPart] {
        try (0..<min(LocalPart.count, sampleCount)).map { (_) throws(SpinnpropError) in
            IntegerPart(network, try IntegerSums(network))
        }
    }

    private init(_ network: LocalNetwork, _ sums: IntegerSums?) {
        self.sums = sums
        result = LocalBatchResult(layerCount: network.layers.count)
    }

    /// Before another batch.
    func clear() {
        sums?.clear()
        result = LocalBatchResult(layerCount: result.spikes.count)
        counts.removeAll(keepingCapacity: true)
    }
}

extension LocalSamples {
    /// Runs all samples, cut into the given parts, or as many of them as there are samples.
    func run(
        _ network: LocalNetwork, _ options: LocalOptions, _ parts: [IntegerPart], monitor: Monitor?
    ) throws(SpinnpropError) -> LocalBatchResult {
        let used = min(order.count, parts.count)
        let own = try IntegerNetwork(network, options)
        let workers = WorkerPool { () throws(SpinnpropError) in
            let forward = try IntegerForward(own)
            return (forward, IntegerCredit(forward))
        }
        try parallelLoop(parts: used, monitor: monitor) { (index) throws(SpinnpropError) in
            let part = parts[index]
            try workers.withWorker { (worker) throws(SpinnpropError) in
                let (forward, credit) = worker
                for n in order.count * index / used..<order.count * (index + 1) / used {
                    try Memory.poll()
                    if let monitor, monitor.poll() { throw .cancelled }
                    let sample = self[n]
                    try forward.run(input, sample: sample, random: random(sample))
                    let counts = forward.outputCounts
                    let label = labels.isEmpty ? nil : labels[sample]
                    if let label, let sums = part.sums {
                        let error = IntegerError(forward, label: label)
                        part.result.loss += error.loss
                        try credit.add(error, to: sums)
                    }
                    part.result.add(counts: counts, label: label)
                    part.result.add(forward.spikes)
                    part.counts += counts.map { Int32(truncatingIfNeeded: $0) }
                    monitor?.finish(1)
                }
            }
        }
        var result = LocalBatchResult(layerCount: network.layers.count)
        for part in parts { result.add(part.result) }
        return result
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
