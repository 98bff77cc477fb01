// A batch as work for several threads: samples forward, errors, credit.
import Mathematics

/// What a batch says besides its gradient.
public struct LocalBatchResult: Equatable, Sendable {
    public internal(set) var samples = 0
    /// Sums over samples: the loss, right answers, samples whose output was silent, and each layer's spikes.
    public internal(set) var loss = 0.0
    public internal(set) var correct = 0
    public internal(set) var silent = 0
    public internal(set) var spikes: [Int]

    init(layerCount: Int) { spikes = [Int](repeating: 0, count: layerCount) }

    mutating func add(_ other: LocalBatchResult) {
        samples += other.samples
        loss += other.loss
        correct += other.correct
        silent += other.silent
        for layer in spikes.indices { spikes[layer] += other.spikes[layer] }
    }

    /// A sample's spikes of each output neuron. The answer is the one that spiked most, the first of several.
    mutating func add(counts: [Int], label: Int?) {
        samples += 1
        let most = counts.max() ?? 0
        silent += most == 0 ? 1 : 0
        if let label, most > 0, counts.firstIndex(of: most) == label { correct += 1 }
    }

    /// The spikes of a sample or of a group: of the input, then of each layer.
    mutating func add(_ spikes: [StepLists]) {
        for (layer, own) in spikes.dropFirst().enumerated() { self.spikes[layer] += own.count }
    }
}

/// Samples to be shown, with the streams that their encodings are drawn from.
struct LocalSamples {
    let input: LocalInput
    let labels: [Int]
    let order: ArraySlice<Int>
    let seed: UInt64
    /// Which showing of the data this is.
    let showing: Int
    /// Whether a sample's stream depends on its content in place of its number.
    var isByContent = false

    subscript(n: Int) -> Int { order[order.startIndex + n] }

    func random(_ sample: Int) -> RandomStream {
        isByContent
            ? LocalPurpose.showing.stream(seed: seed, UInt64(showing), input.fingerprint(sample: sample))
            : LocalPurpose.encoding.stream(seed: seed, UInt64(showing), UInt64(sample))
    }
}

/// What the samples of a part of a batch leave; one thread at a time fills it.
final class LocalPart: @unchecked Sendable {
    /// Into so many parts a batch that is learnt from is cut, whatever the number of threads: sums of floats depend on it.
    static let count = 8
    /// `nil`: samples are only run.
    let gradient: LocalGradient?
    fileprivate(set) var result: LocalBatchResult
    /// Spikes of each output neuron, sample after sample.
    fileprivate(set) var counts: [Int32] = []

    /// Parts that are only run.
    static func run(_ network: LocalNetwork, sampleCount: Int) -> [LocalPart] {
        (0..<min(64, sampleCount)).map { _ in LocalPart(network, nil) }
    }

    /// Parts that are learnt from.
    static func learn(_ network: LocalNetwork, sampleCount: Int) throws(SpinnpropError) -> [LocalPart] {
        try (0..<min(count, sampleCount)).map { (_) throws(SpinnpropError) in
            LocalPart(network, try LocalGradient(network))
        }
    }

    private init(_ network: LocalNetwork, _ gradient: LocalGradient?) {
        self.gradient = gradient
        result = LocalBatchResult(layerCount: network.layers.count)
    }

    /// Before another batch; nothing to do if nothing has been added.
    fileprivate func clear() {
        guard result.samples > 0 else { return }
        gradient?.clear()
        result = LocalBatchResult(layerCount: result.spikes.count)
        counts.removeAll(keepingCapacity: true)
    }
}

extension LocalSamples {
    /// Runs all samples, cut into the given parts, or as many of them as there are samples.
    func run(
        _ network: LocalNetwork, _ options: LocalOptions, _ parts: [LocalPart], monitor: Monitor?
    ) throws(SpinnpropError) -> LocalBatchResult {
        let used = min(order.count, parts.count)
        let workers = WorkerPool { () throws(SpinnpropError) in
            let forward = try LocalForward(network, options, sampleCount: (order.count + used - 1) / used)
            return (forward, try Credit(forward))
        }
        try parallelLoop(parts: used, monitor: monitor) { (index) throws(SpinnpropError) in
            try workers.withWorker { (worker) throws(SpinnpropError) in
                parts[index].clear()
                let end = order.count * (index + 1) / used
                var first = order.count * index / used
                while first < end {
                    try Memory.poll()
                    if let monitor, monitor.poll() { throw .cancelled }
                    let group = first..<min(end, first + worker.0.largestGroup)
                    try run(group, parts[index], worker.0, worker.1)
                    monitor?.finish(group.count)
                    first = group.upperBound
                }
            }
        }
        for part in parts[used...] { part.clear() }
        var result = LocalBatchResult(layerCount: network.layers.count)
        for part in parts { result.add(part.result) }
        return result
    }

    private func run(
        _ group: Range<Int>, _ part: LocalPart, _ forward: LocalForward, _ credit: Credit
    ) throws(SpinnpropError) {
        try forward.run(self, group)
        var errors: [OutputError] = []
        for (sample, n) in group.enumerated() {
            let counts = forward.outputCounts(sample)
            let label = labels.isEmpty ? nil : labels[self[n]]
            part.result.add(counts: counts, label: label)
            part.counts += counts.map { Int32(truncatingIfNeeded: $0) }
            if let label, part.gradient != nil {
                let error = OutputError(forward, sample, label: label)
                part.result.loss += error.loss
                errors.append(error)
            }
        }
        part.result.add(forward.spikes)
        if let gradient = part.gradient { try credit.add(errors, to: gradient) }
    }
}
