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

/// What the samples of a part of a batch add up to.
protocol BatchSums: AnyObject {
    /// Zeros.
    init(_ network: LocalNetwork) throws(SpinnpropError)
    func clear()
}

typealias LocalPart = BatchPart<LocalGradient>
typealias IntegerPart = BatchPart<IntegerSums>

/// What the samples of a part of a batch leave; one thread at a time fills it.
final class BatchPart<Sums: BatchSums>: @unchecked Sendable {
    /// `nil`: samples are only run.
    let sums: Sums?
    var result: LocalBatchResult
    /// Spikes of each output neuron, sample after sample.
    fileprivate(set) var counts: [Int32] = []

    /// Parts that are only run.
    static func run(_ network: LocalNetwork, sampleCount: Int) -> [BatchPart] {
        (0..<min(64, sampleCount)).map { _ in BatchPart(network, nil) }
    }

    /// Parts that are learnt from.
    static func learn(_ network: LocalNetwork, sampleCount: Int) throws(SpinnpropError) -> [BatchPart] {
        try (0..<LocalBatch.partCount(sampleCount)).map { (_) throws(SpinnpropError) in
            BatchPart(network, try Sums(network))
        }
    }

    private init(_ network: LocalNetwork, _ sums: Sums?) {
        self.sums = sums
        result = LocalBatchResult(layerCount: network.layers.count)
    }

    /// Before another batch; nothing to do if nothing has been added.
    fileprivate func clear() {
        guard result.samples > 0 else { return }
        sums?.clear()
        result = LocalBatchResult(layerCount: result.spikes.count)
        counts.removeAll(keepingCapacity: true)
    }

    /// A sample's spikes of each output neuron.
    func add(_ counts: [Int], label: Int?) {
        result.add(counts: counts, label: label)
        self.counts += counts.map { Int32(truncatingIfNeeded: $0) }
    }
}

/// What runs samples forward and assigns credit, in one thread.
protocol BatchWorker: SendableMetatype {
    associatedtype Sums: BatchSums
    /// The most samples at once.
    var largestGroup: Int { get }
    func run(_ samples: LocalSamples, _ group: Range<Int>, _ part: BatchPart<Sums>) throws(SpinnpropError)
}

extension LocalSamples {
    /// `nil` where samples are only run.
    func label(_ n: Int) -> Int? { labels.isEmpty ? nil : labels[self[n]] }

    /// Runs all samples, cut into the given parts, or as many of them as there are samples.
    func run<Worker: BatchWorker>(
        _ parts: [BatchPart<Worker.Sums>], layerCount: Int, monitor: Monitor?,
        _ make: @escaping @Sendable () throws(SpinnpropError) -> Worker
    ) throws(SpinnpropError) -> LocalBatchResult {
        let used = min(order.count, parts.count)
        let workers = WorkerPool(make)
        try parallelLoop(parts: used, monitor: monitor) { (index) throws(SpinnpropError) in
            try workers.withWorker { (worker) throws(SpinnpropError) in
                parts[index].clear()
                let end = order.count * (index + 1) / used
                var first = order.count * index / used
                while first < end {
                    try Memory.poll()
                    if let monitor, monitor.poll() { throw .cancelled }
                    let group = first..<min(end, first + worker.largestGroup)
                    try worker.run(self, group, parts[index])
                    monitor?.finish(group.count)
                    first = group.upperBound
                }
            }
        }
        for part in parts[used...] { part.clear() }
        var result = LocalBatchResult(layerCount: layerCount)
        for part in parts { result.add(part.result) }
        return result
    }

    /// The same in float32.
    func run(
        _ network: LocalNetwork, _ options: LocalOptions, _ parts: [LocalPart], monitor: Monitor?
    ) throws(SpinnpropError) -> LocalBatchResult {
        let largest = (order.count + max(1, parts.count) - 1) / max(1, parts.count)
        return try run(parts, layerCount: network.layers.count, monitor: monitor) { () throws(SpinnpropError) in
            try LocalWorker(LocalForward(network, options, sampleCount: max(1, largest), Poller(monitor)))
        }
    }
}

private struct LocalWorker: BatchWorker {
    let forward: LocalForward
    let credit: Credit

    init(_ forward: LocalForward) throws(SpinnpropError) {
        self.forward = forward
        credit = try Credit(forward)
    }

    var largestGroup: Int { forward.largestGroup }

    func run(_ samples: LocalSamples, _ group: Range<Int>, _ part: LocalPart) throws(SpinnpropError) {
        try forward.run(samples, group)
        var errors: [OutputError] = []
        for (sample, n) in group.enumerated() {
            let label = samples.label(n)
            part.add(forward.outputCounts(sample), label: label)
            if let label, part.sums != nil {
                let error = try OutputError(forward, sample, label: label)
                part.result.loss += error.loss
                errors.append(error)
            }
        }
        part.result.add(forward.spikes)
        if let sums = part.sums { try credit.add(errors, to: sums) }
    }
}
