// A substrate and gradient rule small enough to check by eye: one layer whose neurons spike at a time linear in their weights.
import Mathematics
import Networks
import Spikes

/// Neuron j of a one-layer network spikes once, at 20 ms - 5 ms sum_i w_ji (1 + t_i / 10 ms), if that is > 0 and < 40 ms.
struct ToySubstrate: Substrate {
    let name = "toy"
    var rule: any GradientRule { ToyRule() }
    /// Stops the run in this forward pass, counted by `calls`; negative: never.
    var onForward: (@Sendable (Int) throws(SpinnpropError) -> Void)?
    let calls = Calls()

    final class Calls: @unchecked Sendable {
        var count = 0
    }

    func forward(
        _ network: Network, _ input: SpikeTrains, options: ForwardOptions, monitor: Monitor?
    ) throws(SpinnpropError) -> Recording {
        calls.count += 1
        try onForward?(calls.count)
        let outputs = network.outputCount
        let weights = network.connections[0].weights
        let columns = try SpikeColumns()
        for sample in 0..<input.sampleCount {
            let (times, units) = input[sample]
            var spikes: [(time: Double, unit: Int)] = []
            for j in 0..<outputs {
                var time = 20e-3
                for (t, i) in zip(times, units) {
                    time -= 5e-3 * weights[j * network.inputCount + Int(i)] * (1 + t / 10e-3)
                }
                if time > 0 && time < 40e-3 { spikes.append((time, j)) }
            }
            for spike in spikes.sorted(by: <) { try columns.append(time: spike.time, unit: spike.unit, current: 2) }
            columns.ends.append(columns.count)
        }
        let layer = LayerRecording(neuronCount: outputs, isSpiking: true, thresholds: [1], segments: [columns])
        return Recording(
            input: input, layers: [layer], partition: [0..<input.sampleCount], fingerprint: network.fingerprint,
            engine: name, endTime: .infinity)
    }
}

struct ToyRule: GradientRule {
    let name = "toy"
    /// What the first element of the gradient is replaced by from this backward pass on.
    var poison: (call: Int, value: Double)?
    let calls = ToySubstrate.Calls()
    var parameters: [Double] { poison.map { [Double($0.call), $0.value] } ?? [] }

    func backward(
        _ network: Network, _ recording: Recording, _ objective: Objective, monitor: Monitor?
    ) throws(SpinnpropError) -> Gradients {
        calls.count += 1
        var gradients = Gradients(zerosFor: network)
        let scale = 1 / Double(recording.sampleCount)
        var sampler = OutputSampler(recording)
        for sample in 0..<recording.sampleCount {
            var errors = [Double](repeating: 0, count: network.outputCount)
            let label = objective.labels[sample]
            let units = sampler.withSample(part: 0, index: sample) { output, _ in
                let result = errors.withUnsafeMutableBufferPointer {
                    objective.loss.evaluate(
                        output, target: Target(label: label), errors: $0.baseAddress.unsafelyUnwrapped)
                }
                gradients.value += result.value * scale
                gradients.skippedCount += result.isSkipped ? 1 : 0
                gradients.missingWeight += result.isSkipped ? 1 : 0
                gradients.correctCount += objective.loss.predict(output) == label ? 1 : 0
                return (0..<output.spikeCount).map { Int(output.units[$0]) }
            }
            for (error, j) in zip(errors, units) {
                let (times, inputs) = recording.input[sample]
                for (t, i) in zip(times, inputs) {
                    gradients.weights[0][j * network.inputCount + Int(i)] -= error * 5e-3 * (1 + t / 10e-3) * scale
                }
            }
        }
        if let poison, calls.count >= poison.call { gradients.weights[0][0] = poison.value }
        return gradients
    }
}

/// Labelled spike trains a linear rule can tell apart: the label's own input comes late, the others early.
func toyData(samples: Int, seed: UInt64) -> (input: SpikeTrains, labels: [Int]) {
    var random = RandomStream(seed: seed, stream: 0)
    var (times, units, offsets, labels): ([Double], [Int32], [Int], [Int]) = ([], [], [0], [])
    for _ in 0..<samples {
        let label = random.index(below: 3)
        labels.append(label)
        for unit in 0..<4 {
            times.append(unit == label ? 8e-3 + 2e-3 * random.uniform() : 4e-3 * random.uniform())
            units.append(Int32(unit))
        }
        offsets.append(times.count)
    }
    return (SpikeTrains(trustedTimes: times, units: units, offsets: offsets, unitCount: 4), labels)
}

func toyNetwork(seed: UInt64 = 0) throws -> Network {
    var network = try Network(sizes: [4, 3])
    var random = RandomStream(seed: seed, stream: 1)
    try network.setWeights((0..<12).map { _ in 0.3 * random.normal() }, connection: 0)
    return network
}
