// The error of the output, and the spikes that carry it.
import Mathematics

/// What a sample's output says, and what it should have said.
struct OutputError {
    /// Spikes of each output neuron.
    private(set) var counts: [Int]
    /// The cross-entropy of the softmax of counts with the label, the mean over the steps that have an error.
    private(set) var loss = 0.0
    /// The softmax of counts less the label's one, for each error step; one row for all where only the final counts matter.
    private(set) var errors: [Float] = []
    /// z+ - z- of each output neuron, summed over the steps: its error dendrite at the end.
    private(set) var dendrites: [Float]

    /// - Parameter spikes: of the last layer.
    init(_ spikes: StepLists, label: Int, _ options: LocalOptions, outputCount: Int) {
        counts = [Int](repeating: 0, count: outputCount)
        dendrites = [Float](repeating: 0, count: outputCount)
        // In the error only what comes from `countsFrom` on.
        var counted = counts
        var running: [[Int]] = []
        for step in 0..<options.steps {
            for n in spikes.range(step) {
                counts[Int(spikes.pointer[n])] += 1
                if step >= options.countsFrom { counted[Int(spikes.pointer[n])] += 1 }
            }
            if step >= options.softStart { running.append(counted) }
        }
        if options.counts == .final { running = [counted] }
        for counts in running { append(counts, label) }
        loss /= Double(running.count)
        integrate(options)
    }

    private mutating func append(_ counts: [Int], _ label: Int) {
        let largest = counts.max() ?? 0
        let powers = counts.map { Elementary.exp(Double($0 - largest)) }
        let sum = powers.reduce(0, +)
        loss += Elementary.log(sum) - Double(counts[label] - largest)
        for (output, power) in powers.enumerated() { errors.append(Float(power / sum - (output == label ? 1 : 0))) }
    }

    /// The error of an error step.
    func error(_ step: Int, _ output: Int) -> Float {
        errors.count == counts.count ? errors[output] : errors[step * counts.count + output]
    }

    /// Two interneurons per output, for errors of either sign, with threshold 1 and a soft reset; or the errors themselves.
    private mutating func integrate(_ options: LocalOptions) {
        for output in counts.indices {
            var (above, below, dendrite) = (0 as Float, 0 as Float, 0 as Float)
            for step in 0..<options.errorSteps {
                let error = error(step, output)
                guard options.rule == .biograd else {
                    dendrite += error
                    continue
                }
                above += error
                below -= error
                if options.includesThreshold ? above >= 1 : above > 1 {
                    above -= 1
                    dendrite += 1
                }
                if options.includesThreshold ? below >= 1 : below > 1 {
                    below -= 1
                    dendrite -= 1
                }
            }
            dendrites[output] = dendrite
        }
    }

    /// The output neuron that spiked most, the first of several; `nil` if none did.
    var answer: Int? {
        guard let most = counts.max(), most > 0 else { return nil }
        return counts.firstIndex(of: most)
    }
}
