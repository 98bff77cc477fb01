// Who may learn a batch in the host's place, and what it is told.
import Mathematics

/// A machine with programs for local learning, an emulated chip. Whatever it does has the host's bits.
public protocol LocalSubstrate: Sendable {
    /// The network after a batch, its update and its sleep, and what the batch was.
    func learn(
        _ network: LocalNetwork, _ batch: LocalBatch, monitor: Monitor?
    ) throws(SpinnpropError) -> (LocalNetwork, LocalBatchResult)

    /// The output's spike counts, (samples, outputs).
    func counts(_ network: LocalNetwork, _ batch: LocalBatch, monitor: Monitor?) throws(SpinnpropError) -> [Int32]
}

/// Samples for a substrate, by their places in the batch.
public struct LocalBatch: Sendable {
    package let options: LocalOptions
    let samples: LocalSamples
    /// What the gradient's sum is divided by.
    let wholeBatch: Int
    /// Which sleep follows; `nil`: none.
    package let sleep: Int?

    package var count: Int { samples.order.count }

    /// What the mean gradient and the learning rate make of its sum.
    package var factor: Float { -Float(options.learningRate / Double(wholeBatch)) }

    /// Whatever the number of threads: sums of floats depend on it.
    private static let largestPartCount = 8

    /// Into so many parts a batch of so many samples is cut. Gradients are summed within a part, then over parts in order.
    package static func partCount(_ sampleCount: Int) -> Int { min(largestPartCount, sampleCount) }

    /// The places of each part.
    package var parts: [Range<Int>] {
        let parts = LocalBatch.partCount(count)
        return (0..<parts).map { count * $0 / parts..<count * ($0 + 1) / parts }
    }

    /// `nil` where samples are only run.
    package func label(_ place: Int) -> Int? { samples.label(place) }

    /// The inputs that spike in each step of a sample.
    package func fill(_ lists: StepLists, _ place: Int, scratch: LocalInputScratch) throws(SpinnpropError) {
        let sample = samples[place]
        try lists.begin(rows: options.steps)
        try samples.input.append(
            sample, steps: options.steps, to: lists, random: samples.random(sample), scratch: scratch)
    }

    /// Whether its spikes are drawn, by how many numbers.
    package func source(_ place: Int) -> (isDrawn: Bool, numbers: Int) {
        (samples.input.isDrawn, samples.input.numberCount(sample: samples[place]))
    }

    /// The host's sums over samples, added up in the host's order.
    ///
    /// - Parameters:
    ///   - counts: (samples, outputs); spikes: (samples, layers).
    package func result(losses: [Double], counts: [Int32], spikes: [Int]) -> LocalBatchResult {
        let layers = spikes.count / max(1, count)
        var total = LocalBatchResult(layerCount: layers)
        for part in parts {
            var own = LocalBatchResult(layerCount: layers)
            for place in part {
                own.loss += losses[place]
                let outputs = counts.count / count
                own.add(
                    counts: counts[place * outputs..<(place + 1) * outputs].map { Int($0) }, label: label(place))
                for layer in 0..<layers { own.spikes[layer] += spikes[place * layers + layer] }
            }
            total.add(own)
        }
        return total
    }
}
