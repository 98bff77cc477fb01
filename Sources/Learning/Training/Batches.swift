// Mini-batches: the order of samples, and the spikes of some of them as spike trains of their own.
import Mathematics
import Networks
import Spikes

/// Draws batches from examples.
struct Batches {
    let examples: Examples
    let batchSize: Int
    private var order: [Int]

    /// In the order of the examples, until they are shuffled.
    init(_ examples: Examples, batchSize: Int) {
        self.examples = examples
        self.batchSize = batchSize
        order = Array(0..<examples.input.sampleCount)
    }

    private var input: SpikeTrains { examples.input }
    var count: Int { (input.sampleCount + batchSize - 1) / batchSize }

    /// Shuffles for an epoch: the order depends on the seed and the epoch alone.
    mutating func shuffle(seed: UInt64, epoch: Int) {
        order.removeAll(keepingCapacity: true)
        order.append(contentsOf: 0..<input.sampleCount)
        var random = RandomPurpose.order.stream(seed: seed, UInt64(epoch))
        random.shuffle(&order)
    }

    /// Batch `index` of the epoch; the last one may be smaller.
    ///
    /// - Parameter dropout: the probability of leaving out a spike, and the stream that decides.
    func batch(
        _ index: Int, dropout: (probability: Double, stream: RandomStream)?
    ) throws(SpinnpropError) -> Examples {
        try Memory.poll()
        let samples = order[index * batchSize..<min(order.count, (index + 1) * batchSize)]
        let total = samples.reduce(0) { $0 + input.offsets[$1 + 1] - input.offsets[$1] }
        try Memory.check(count: total, bytesPerElement: 12, "the spikes of a batch")
        let spikes: SpikeTrains
        if let dropout {
            spikes = thinned(samples, dropout.probability, dropout.stream)
        } else {
            spikes = gathered(samples)
        }
        return examples.some(samples, spikes: spikes)
    }

    private func gathered(_ samples: ArraySlice<Int>) -> SpikeTrains {
        var offsets = [0]
        offsets.reserveCapacity(samples.count + 1)
        var total = 0
        for sample in samples {
            total += input.offsets[sample + 1] - input.offsets[sample]
            offsets.append(total)
        }
        return SpikeTrains(
            trustedTimes: rows(samples, of: input.times, total: total),
            units: rows(samples, of: input.units, total: total), offsets: offsets, unitCount: input.unitCount)
    }

    private func rows<Element: BitwiseCopyable>(
        _ samples: ArraySlice<Int>, of column: [Element], total: Int
    ) -> [Element] {
        column.withUnsafeBufferPointer { source in
            input.offsets.withUnsafeBufferPointer { offsets in
                [Element](unsafeUninitializedCapacity: total) { target, count in
                    guard let from = source.baseAddress, let to = target.baseAddress else { return }
                    for sample in samples {
                        let length = offsets[sample + 1] - offsets[sample]
                        (to + count).initialize(from: from + offsets[sample], count: length)
                        count += length
                    }
                }
            }
        }
    }

    private func thinned(_ samples: ArraySlice<Int>, _ probability: Double, _ stream: RandomStream) -> SpikeTrains {
        var random = stream
        var times: [Double] = []
        var units: [Int32] = []
        var offsets = [0]
        for sample in samples {
            for spike in input.offsets[sample]..<input.offsets[sample + 1] where random.uniform() >= probability {
                times.append(input.times[spike])
                units.append(input.units[spike])
            }
            offsets.append(times.count)
        }
        return SpikeTrains(trustedTimes: times, units: units, offsets: offsets, unitCount: input.unitCount)
    }
}
