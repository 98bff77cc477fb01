// Losses that somebody writes in Swift: what conforms to the protocols trains, in every engine, with no other change.
import ClockDriven
import EventDriven
import FirstSpike
import Learning
import Mathematics
@testable import Networks
import Spikes
import Testing

@testable import TestSupport

/// -t of the label, in units of 10 ms: somebody's own loss of one sample.
private struct Late: Loss {
    let name = "Late"
    let parameters: [Double] = []
    let needsLeakyReadout = false

    func check() {}

    func evaluate(_ output: OutputSample, target: Target, errors: UnsafeMutablePointer<Double>) -> SampleResult {
        guard output.firstSpikes[target.label] >= 0 else { return SampleResult(value: 0, isSkipped: true) }
        errors[output.firstSpikes[target.label]] -= 100
        return SampleResult(value: -100 * output.firstTime(target.label))
    }

    func predict(_ output: OutputSample) -> Int { output.earliestOutput }

    func probabilities(_ output: OutputSample, into probabilities: UnsafeMutablePointer<Double>) {
        probabilities.update(repeating: 1 / Double(output.outputCount), count: output.outputCount)
    }
}

/// The same of a whole batch.
private struct LateBatch: BatchLoss {
    let name = "LateBatch"
    let parameters: [Double] = []
    let values: OutputValues
    /// What the derivative of a spike is that is not there.
    var ofSilence = Double.nan

    func evaluate(_ batch: OutputBatch) -> Double {
        var value = 0.0
        for n in batch.derivatives.indices where batch.values[n] == .infinity { batch.derivatives[n] = ofSilence }
        for sample in 0..<batch.sampleCount {
            let own = (sample * batch.outputCount + batch.labels[sample]) * batch.depth
            guard batch.values[own] < .infinity else { continue }
            let weight = batch.weight(sample) / Double(batch.sampleCount)
            value -= 100 * weight * batch.values[own]
            batch.derivatives[own] = -100 * weight
        }
        return value
    }
}

struct OwnLossTests {
    private static let grid = TimeGrid(timeStep: 1e-3, steps: 40)
    private static let engines: [(Configuration, any Substrate)] = [
        (Configuration(ratio: 2, samples: 50), EventSubstrate()),
        (Configuration(ratio: 2, reset: -1e12, samples: 50, gain: 2.5), FirstSpikeSubstrate()),
        (Configuration(ratio: 2, samples: 50, grid: grid), ClockSubstrate(grid)),
    ]

    private func run(
        _ loss: some Loss, _ substrate: any Substrate, _ own: RandomCase, _ examples: Examples
    ) throws -> Trainer {
        var options = TrainingOptions()
        (options.loss, options.epochs, options.batchSize, options.forward) = (loss, 2, 20, own.options)
        let trainer = try Trainer(own.network, options, substrate: substrate)
        try trainer.run(examples, validation: examples)
        return trainer
    }

    @Test(arguments: engines.indices) func bothTrainAlike(engine: Int) throws {
        let (configuration, substrate) = OwnLossTests.engines[engine]
        let own = try RandomCase(configuration, seed: 3)
        for weights in [[], (0..<own.input.sampleCount).map { Double($0 % 3) }] {
            let examples = Examples(own.input, labels: own.labels, weights: weights)
            let one = try run(Late(), substrate, own, examples)
            #expect(one.network.connections[0].weights != own.network.connections[0].weights)
            for values in [OutputValues.firstSpikes, .spikes] {
                let whole = try run(LateBatch(values: values), substrate, own, examples)
                #expect(whole.history.map(\.accuracy) == one.history.map(\.accuracy))
                #expect(whole.history.map(\.validationAccuracy) == one.history.map(\.validationAccuracy))
                for (a, b) in zip(one.network.connections, whole.network.connections) {
                    let distance = zip(a.weights, b.weights).map { abs($0 - $1) }.max() ?? 0
                    #expect(distance < (configuration.grid == nil ? 1e-7 : 1e-3), "\(values): \(distance)")
                }
            }
        }
    }

    /// To the last bit.
    @Test(arguments: engines.indices) func derivativesAreTakenAsGivenErrors(engine: Int) throws {
        let (configuration, substrate) = OwnLossTests.engines[engine]
        let own = try RandomCase(configuration, seed: 4)
        let recording = try substrate.forward(own.network, own.input, options: own.options, monitor: nil)
        for silent in [Double.nan, .infinity, 0] {
            let loss = LateBatch(values: .firstSpikes, ofSilence: silent)
            let found = try substrate.rule.backward(
                own.network, recording, Objective(loss: loss, labels: own.labels), monitor: nil)
            var layers = recording.layers.map { _ in [Double]() }
            layers[layers.count - 1] = firstOfLabels(recording, own.labels)
            let wanted = try substrate.rule.backward(
                own.network, recording, Objective(GivenErrors(layers: layers)), monitor: nil)
            #expect(found.weights == wanted.weights && found.inputTimes == wanted.inputTimes)
            #expect(found.value < 0 && found.weights[0].contains { $0 != 0 })
        }
    }

    private func firstOfLabels(_ recording: Recording, _ labels: [Int]) -> [Double] {
        let spikes = recording.outputLayer.spikes
        var errors = [Double](repeating: 0, count: spikes.times.count)
        for sample in labels.indices {
            let first = (spikes.offsets[sample]..<spikes.offsets[sample + 1]).first {
                Int(spikes.units[$0]) == labels[sample]
            }
            if let first { errors[first] = -100 * (1 / Double(labels.count)) }
        }
        return errors
    }

    // MARK: Van Rossum

    /// The integral by the trapezoidal rule on a fine grid, which begins at every spike.
    private func integral(_ spikes: [Double], _ targets: [Double], tau: Double) -> Double {
        let step = 1e-6
        var (trace, sum) = (0.0, 0.0)
        var events = (spikes.map { ($0, 1.0) } + targets.map { ($0, -1.0) }).sorted { $0.0 < $1.0 }[...]
        for n in 0..<150_000 {
            let time = Double(n) * step
            while let event = events.first, event.0 <= time + step / 2 {
                trace += event.1
                events = events.dropFirst()
            }
            let next = trace * Elementary.exp(-step / tau)
            sum += (trace * trace + next * next) / 2 * step
            trace = next
        }
        return sum / tau
    }

    private func distance(_ spikes: [Double], _ targets: [Double], tau: Double) throws -> (Double, [Double]) {
        let values = spikes.isEmpty ? [Double.infinity] : spikes
        var derivatives = values.map { _ in 0.0 }
        let own = try values.withUnsafeBufferPointer { values in
            try derivatives.withUnsafeMutableBufferPointer { derivatives in
                try VanRossum(tau0: tau).evaluate(
                    OutputBatch(
                        sampleCount: 1, outputCount: 1, depth: values.count, values: values, derivatives: derivatives,
                        samples: [0], isValidation: false, labels: [], targets: targets + [.infinity], sampleWeights: []
                    )
                )
            }
        }
        return (own, derivatives)
    }

    @Test func vanRossumIsItsIntegral() throws {
        let tau = 5e-3
        for (spikes, targets) in [
            ([2e-3, 9e-3, 11e-3], [4e-3, 9.5e-3]), ([1e-3], [1e-3]), ([], [3e-3]), ([3e-3, 40e-3], []), ([], []),
        ] {
            let (value, _) = try distance(spikes, targets, tau: tau)
            #expect(abs(value - integral(spikes, targets, tau: tau)) < 1e-6, "\(spikes), \(targets): \(value)")
        }
        #expect(try distance([1e-3], [1e-3], tau: tau).0 == 0 && distance([], [3e-3], tau: tau).0 == 0.5)
    }

    @Test func vanRossumAgainstDifferences() throws {
        let (spikes, targets) = ([2e-3, 9e-3, 11e-3], [4e-3, 9.5e-3])
        let (_, derivatives) = try distance(spikes, targets, tau: 5e-3)
        for n in spikes.indices {
            let step = 1e-6
            func value(_ shift: Double) throws -> Double {
                var moved = spikes
                moved[n] += shift
                return try distance(moved, targets, tau: 5e-3).0
            }
            let numeric =
                (8 * (try value(step) - value(-step)) - (try value(2 * step) - value(-2 * step))) / (12 * step)
            #expect(abs(numeric - derivatives[n]) < 1e-7 * abs(derivatives[n]), "\(n): \(numeric), \(derivatives[n])")
        }
    }
}
