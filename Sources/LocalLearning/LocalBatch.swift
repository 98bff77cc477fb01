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

    mutating func add(_ wake: Wake, _ error: OutputError, label: Int) {
        samples += 1
        loss += error.loss
        correct += error.answer == label ? 1 : 0
        silent += error.answer == nil ? 1 : 0
        for layer in spikes.indices { spikes[layer] += wake.spikes[layer + 1].count }
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

enum LocalBatch {
    /// Into so many parts a batch is cut, whatever the number of threads: sums of floats depend on it.
    static let parts = 8

    /// Runs samples; leaves the counts of their output spikes in `counts`, (samples, outputs), if that is wanted.
    ///
    /// - Parameter gradients: one for each part, which samples are added to; none: samples are only run.
    static func run(
        _ network: LocalNetwork, _ samples: LocalSamples, _ options: LocalOptions, gradients: [LocalGradient],
        counts: UnsafeMutablePointer<Int32>? = nil, monitor: Monitor?
    ) throws(SpinnpropError) -> LocalBatchResult {
        let total = samples.order.count
        let parts = min(total, gradients.isEmpty ? 64 : LocalBatch.parts)
        let results = LocalParts(count: max(1, parts), LocalBatchResult(layerCount: network.layers.count))
        let outputs = LocalTarget(pointer: counts)
        let lent = LocalGradients(all: gradients)
        let workers = WorkerPool { () throws(SpinnpropError) in
            let wake = try Wake(network, options)
            return (wake, try Credit(wake))
        }
        try parallelLoop(parts: parts, monitor: monitor) { (part) throws(SpinnpropError) in
            try workers.withWorker { (worker) throws(SpinnpropError) in
                let (wake, credit) = worker
                for n in total * part / parts..<total * (part + 1) / parts {
                    try Memory.poll()
                    if let monitor, monitor.poll() { throw .cancelled }
                    let sample = samples[n]
                    try wake.run(samples.input, sample: sample, random: samples.random(sample))
                    let label = samples.labels.isEmpty ? 0 : samples.labels[sample]
                    let error = OutputError(
                        wake.spikes[network.layers.count], label: label, options, outputCount: network.outputCount)
                    if !lent.all.isEmpty { try credit.add(error, to: lent.all[part]) }
                    results[part].add(wake, error, label: label)
                    for (output, count) in error.counts.enumerated() {
                        outputs.pointer?[n * network.outputCount + output] = Int32(truncatingIfNeeded: count)
                    }
                }
            }
        }
        var result = LocalBatchResult(layerCount: network.layers.count)
        for part in 0..<parts { result.add(results[part]) }
        return result
    }
}

/// Each part writes to its own samples' places.
private struct LocalTarget: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Int32>?
}

/// Each part adds to its own gradient.
private struct LocalGradients: @unchecked Sendable {
    let all: [LocalGradient]
}

/// A place for what each part of a parallel loop leaves.
final class LocalParts<Value>: @unchecked Sendable {
    private let values: UnsafeMutablePointer<Value>
    private let count: Int

    init(count: Int, _ value: Value) {
        self.count = count
        values = .allocate(capacity: count)
        values.initialize(repeating: value, count: count)
    }

    deinit {
        values.deinitialize(count: count)
        values.deallocate()
    }

    subscript(part: Int) -> Value {
        get { values[part] }
        set { values[part] = newValue }
    }
}
