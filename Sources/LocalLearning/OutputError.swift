// The error of the output, and the spikes that carry it.
import Mathematics

/// How far a sample's output is from what it should have said.
package struct OutputError {
    private let outputCount: Int
    /// The cross-entropy of the softmax of counts with the label, the mean over the steps that have an error.
    private(set) var loss = 0.0
    /// The softmax of counts less the label's one, for each error step; one row for all where only the final counts matter.
    private(set) var errors: [Float] = []
    /// z+ - z- of each output neuron, summed over the steps: its error dendrite at the end.
    private(set) var dendrites: [Float]

    /// Of a sample of the group that has been run forward.
    init(_ forward: LocalForward, _ sample: Int, label: Int) throws(SpinnpropError) {
        let (spikes, options) = (forward.spikes[forward.network.layers.count], forward.options)
        outputCount = forward.network.outputCount
        dendrites = [Float](repeating: 0, count: outputCount)
        var counts = [Int](repeating: 0, count: outputCount)
        for (step, row) in forward.rows(sample).enumerated() {
            if step >= options.countsFrom {
                for n in spikes.range(row) { counts[Int(spikes.pointer[n])] += 1 }
            }
            if options.counts == .running, step >= options.softStart { append(counts, label) }
            try forward.poller.spend(16 * outputCount)
        }
        if options.counts == .final { append(counts, label) }
        loss /= Double(errors.count / outputCount)
        integrate(options)
    }

    private mutating func append(_ counts: [Int], _ label: Int) {
        loss += OutputError.append(counts, label, to: &errors)
    }

    /// The softmax of counts less the label's one. - Returns: the cross-entropy.
    package static func append(_ counts: [Int], _ label: Int, to errors: inout [Float]) -> Double {
        let largest = counts.max() ?? 0
        let powers = counts.map { Elementary.exp(Double($0 - largest)) }
        let sum = powers.reduce(0, +)
        for (output, power) in powers.enumerated() { errors.append(Float(power / sum - (output == label ? 1 : 0))) }
        return Elementary.log(sum) - Double(counts[label] - largest)
    }

    /// The error of an error step.
    func error(_ step: Int, _ output: Int) -> Float {
        errors.count == outputCount ? errors[output] : errors[step * outputCount + output]
    }

    /// What the error neurons of each output spike; or the errors themselves.
    private mutating func integrate(_ options: LocalOptions) {
        for output in 0..<outputCount {
            var (neurons, dendrite) = (ErrorNeurons(), 0 as Float)
            for step in 0..<options.errorSteps {
                let error = error(step, output)
                dendrite +=
                    options.rule == .biograd
                    ? neurons.step(error, includesThreshold: options.includesThreshold) : error
            }
            dendrites[output] = dendrite
        }
    }
}

/// Two interneurons of an output, for errors of either sign, with threshold 1 and a soft reset.
package struct ErrorNeurons {
    private var above: Float = 0
    private var below: Float = 0

    package init() {}

    /// Takes a step's error in. - Returns: z+ - z-.
    package mutating func step(_ error: Float, includesThreshold: Bool) -> Float {
        var spikes: Float = 0
        above += error
        below -= error
        if includesThreshold ? above >= 1 : above > 1 {
            above -= 1
            spikes += 1
        }
        if includesThreshold ? below >= 1 : below > 1 {
            below -= 1
            spikes -= 1
        }
        return spikes
    }
}
