// A loss that blames every output spike, or every maximum of a leaky read-out, smoothly: for checks of rules that need some loss.
import Mathematics
import Networks

/// Cross-entropy of softmax(n), n = sum over an output's spikes of exp(-t / tau), or its largest membrane value. A sample whose label
/// neuron is silent adds nothing.
struct CountLoss: Loss {
    let tau: Double
    let needsLeakyReadout: Bool

    var name: String { "count" }
    var parameters: [Double] { [tau] }
    func check() throws(SpinnpropError) {}

    private func counts(_ output: OutputSample) -> [Double] {
        guard !needsLeakyReadout else { return (0..<output.outputCount).map { output.maxima[$0] } }
        var counts = [Double](repeating: 0, count: output.outputCount)
        for spike in 0..<output.spikeCount {
            counts[Int(output.units[spike])] += Elementary.exp(-output.times[spike] / tau)
        }
        return counts
    }

    private func shares(_ output: OutputSample) -> [Double] {
        let powers = counts(output).map { Elementary.exp($0) }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
    }

    func evaluate(_ output: OutputSample, target: Target, errors: UnsafeMutablePointer<Double>) -> SampleResult {
        if !needsLeakyReadout, output.firstSpikes[target.label] < 0 { return SampleResult(value: 0, isSkipped: true) }
        let shares = shares(output)
        func error(_ unit: Int) -> Double { shares[unit] - (unit == target.label ? 1 : 0) }
        if needsLeakyReadout {
            for unit in 0..<output.outputCount { errors[unit] += error(unit) }
        } else {
            for spike in 0..<output.spikeCount {
                errors[spike] -= error(Int(output.units[spike])) * Elementary.exp(-output.times[spike] / tau) / tau
            }
        }
        return SampleResult(value: -Elementary.log(shares[target.label]))
    }

    func predict(_ output: OutputSample) -> Int {
        if !needsLeakyReadout, output.spikeCount == 0 { return -1 }
        let counts = counts(output)
        return counts.indices.max { (counts[$0], -$0) < (counts[$1], -$1) } ?? -1
    }

    func probabilities(_ output: OutputSample, into probabilities: UnsafeMutablePointer<Double>) {
        for (unit, share) in shares(output).enumerated() { probabilities[unit] = share }
    }
}

/// For `checkGradientRule`.
func countLoss(needsLeakyReadout: Bool) -> any Loss { CountLoss(tau: 10e-3, needsLeakyReadout: needsLeakyReadout) }
