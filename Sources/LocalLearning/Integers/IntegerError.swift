// The error of the output in integers, and the spikes that carry it.
import Mathematics

/// How far a sample's output is from what it should have said.
struct IntegerError {
    /// Of probabilities and of the error neurons' threshold.
    private static let one = 1 << 16
    /// e^-n in 65536ths; 0 from there on.
    private static let powers = (0..<12).map { Int((Elementary.exp(-Double($0)) * Double(one)).rounded()) }

    /// The cross-entropy of the softmax of counts with the label, the mean over the steps that have an error. Nothing depends on it.
    private(set) var loss = 0.0
    /// Spikes of one sign less those of the other, of each output's error neurons.
    private(set) var dendrites: [Int]

    /// Of the sample that has been run forward.
    init(_ forward: IntegerForward, label: Int) throws(SpinnpropError) {
        let (spikes, options) = (forward.spikes[2], forward.network.options)
        let outputs = forward.network.output.neuronCount
        dendrites = [Int](repeating: 0, count: outputs)
        var (counts, above, below) = (dendrites, dendrites, dendrites)
        let last = options.counts == .final ? options.steps : 0
        for step in options.countsFrom..<max(options.countsFrom, last) { IntegerError.count(spikes, step, &counts) }
        for step in 0..<options.steps {
            if options.counts == .running, step >= options.countsFrom { IntegerError.count(spikes, step, &counts) }
            try forward.poller.spend(8 * outputs)
            guard step >= options.softStart else { continue }
            let largest = counts.max() ?? 0
            let shares = counts.map { largest - $0 < IntegerError.powers.count ? IntegerError.powers[largest - $0] : 0 }
            let sum = shares.reduce(0, +)
            loss += Elementary.log(Double(sum) / Double(IntegerError.one)) - Double(counts[label] - largest)
            for output in 0..<outputs {
                let share = (shares[output] * IntegerError.one + sum / 2) / sum
                let error = share - (output == label ? IntegerError.one : 0)
                above[output] += error
                below[output] -= error
                dendrites[output] +=
                    IntegerError.spike(&above[output], options) - IntegerError.spike(&below[output], options)
            }
        }
        loss /= Double(options.errorSteps)
    }

    private static func count(_ spikes: StepLists, _ step: Int, _ counts: inout [Int]) {
        guard step < spikes.rowCount else { return }
        for n in spikes.range(step) { counts[Int(spikes.pointer[n])] += 1 }
    }

    /// Whether an error neuron spikes; its reset is soft.
    private static func spike(_ membrane: inout Int, _ options: LocalOptions) -> Int {
        guard options.includesThreshold ? membrane >= one : membrane > one else { return 0 }
        membrane -= one
        return 1
    }
}
