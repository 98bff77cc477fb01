// A loss that is linear in what an engine computes: its finite differences see the engine and nothing else.
import Foundation
import Mathematics
import Networks

/// Sum over all output spikes of c t / unit, c in [-1, 1] drawn for each (output, how many spikes before); for a leaky
/// read-out, sum of c V_max.
struct LinearLoss: Loss {
    let seed: UInt64
    let unit: Double
    var needsLeakyReadout = false
    /// Whether only first spikes count.
    var firstOnly = false
    /// Whether all c are 1.
    var isPlain = false

    var name: String { "linear" }
    var parameters: [Double] { [] }
    func check() throws(SpinnpropError) {}

    func coefficient(_ output: Int, _ ordinal: Int) -> Double {
        if isPlain { return 1 }
        var random = RandomStream(seed: seed, stream: UInt64(output * 1000 + ordinal))
        return 2 * random.uniform() - 1
    }

    func evaluate(_ output: OutputSample, target: Target, errors: UnsafeMutablePointer<Double>) -> SampleResult {
        var value = 0.0
        if needsLeakyReadout {
            for neuron in 0..<output.outputCount {
                value += coefficient(neuron, 0) * output.maxima[neuron]
                errors[neuron] += coefficient(neuron, 0)
            }
            return SampleResult(value: value)
        }
        var count = [Int](repeating: 0, count: output.outputCount)
        for spike in 0..<output.spikeCount {
            let neuron = Int(output.units[spike])
            if !firstOnly || count[neuron] == 0 {
                let c = coefficient(neuron, count[neuron]) / unit
                value += c * output.times[spike]
                errors[spike] += c
            }
            count[neuron] += 1
        }
        return SampleResult(value: value)
    }

    /// The batch mean, from a recording's plain values: shares nothing with the adjoint.
    func value(_ recording: Recording, rate: RateRegularisation?) -> Double {
        var value = 0.0
        let output = recording.outputLayer
        for sample in 0..<recording.sampleCount {
            guard !needsLeakyReadout else {
                for neuron in 0..<output.neuronCount {
                    value += coefficient(neuron, 0) * output.maxima[sample * output.neuronCount + neuron]
                }
                continue
            }
            for (neuron, times) in spikesByUnit(output.spikes, sample: sample).enumerated() {
                for (ordinal, time) in times.enumerated() where ordinal == 0 || !firstOnly {
                    value += coefficient(neuron, ordinal) / unit * time
                }
            }
        }
        value /= Double(recording.sampleCount)
        guard let rate else { return value }
        for layer in recording.layers.dropLast() {
            let spikes = layer.spikes
            var mean = [Double](repeating: 0, count: layer.neuronCount)
            for (time, unit) in zip(spikes.times, spikes.units) {
                mean[Int(unit)] +=
                    exp(-time / (rate.tau ?? RateRegularisation.defaultTau)) / Double(recording.sampleCount)
            }
            for n in mean { value += rate.strength / 2 * (n - rate.target) * (n - rate.target) }
        }
        return value
    }

    func predict(_ output: OutputSample) -> Int { -1 }
    func probabilities(_ output: OutputSample, into probabilities: UnsafeMutablePointer<Double>) {}
}
