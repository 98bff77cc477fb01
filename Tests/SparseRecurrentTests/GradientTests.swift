// Gradients against finite differences at a fixed order of spikes.
import Mathematics
import Spikes
import Testing

@testable import SparseRecurrent

@Suite struct GradientTests {
    struct Setting: CustomTestStringConvertible {
        let model: NeuronModel
        let weight: Double
        let spread: Double
        var isVaried = false
        var spikes = 60
        var testDescription: String { "\(model) \(weight) \(spread) \(isVaried)" }
    }

    static let settings = [
        Setting(model: .lif, weight: -0.3, spread: 0.5),
        Setting(model: .lif, weight: -0.2, spread: 0.5, isVaried: true),
        Setting(model: .lif, weight: 0.02, spread: 0.5), Setting(model: .lif, weight: 0.05, spread: 3),
        Setting(model: .qif, weight: -0.3, spread: 0.5), Setting(model: .qif, weight: 0.2, spread: 0.5),
        Setting(model: .qif, weight: -0.1, spread: 3, isVaried: true),
        Setting(model: .eif(slope: 0.1, .chebyshev), weight: -0.2, spread: 0.5, spikes: 30),
        Setting(model: .eif(slope: 0.2, .table), weight: 0.05, spread: 2),
        Setting(model: .eif(slope: 0.1, .chebyshev), weight: -0.2, spread: 2, isVaried: true, spikes: 30),
        Setting(model: .eif(slope: 0.2, .table), weight: 0.05, spread: 2, isVaried: true),
    ]

    /// A linear loss on all spike times, and its value.
    private func errors(_ count: Int) -> [Double] {
        var stream = RandomStream(seed: 4, stream: 0)
        return (0..<count).map { _ in stream.normal() }
    }

    private func value(_ recording: SparseRecording) -> Double {
        zip(recording.times, errors(recording.spikeCount)).reduce(0) { $0 + $1.0 * $1.1 }
    }

    @Test(arguments: settings)
    func agreesWithFiniteDifferences(setting: Setting) throws {
        var checked = 0
        for seed in 0..<3 as Range<UInt64> {
            let network = try Case.network(
                setting.model, n: 14, k: 4, weight: setting.weight, spread: setting.spread, seed: seed,
                isVaried: setting.isVaried, isStored: seed != 1)
            let phases = Case.phases(network, seed: seed)
            let inputs = try Case.inputs(network, count: 10, until: 0.03, seed: seed)
            func run(_ weights: [Double], _ phases: [Double], _ inputs: InputSpikes) throws -> SparseRecording {
                var changed = network
                try changed.setWeights(weights)
                return try changed.run(
                    SparseRunOptions(spikes: setting.spikes, initialPhases: phases, inputs: inputs, keepsTape: true))
            }
            let recording = try run(network.weights, phases, inputs)
            let gradient = try recording.gradient(timeErrors: errors(recording.spikeCount))
            func compare(
                _ name: String, _ expected: Double, _ changed: (Double) throws -> SparseRecording
            ) throws {
                // Two central differences, extrapolated: close to threshold models bend sharply.
                var differences: [Double] = []
                for step in [1e-6, 5e-7] {
                    let (up, down) = (try changed(step), try changed(-step))
                    // Where the order changes the loss is not smooth.
                    for other in [up, down] where other.tape?.events != recording.tape?.events { return }
                    for other in [up, down] where other.tape?.forced != recording.tape?.forced { return }
                    differences.append((value(up) - value(down)) / (2 * step))
                }
                let difference = (4 * differences[1] - differences[0]) / 3
                checked += 1
                #expect(
                    (difference - expected).magnitude < 3e-8 * (1 + expected.magnitude),
                    "\(name), seed \(seed): \(expected), \(difference)")
            }
            for synapse in stride(from: 0, to: network.weights.count, by: 3) {
                try compare("weight \(synapse)", gradient.weights[synapse]) {
                    var weights = network.weights
                    weights[synapse] += $0
                    return try run(weights, phases, inputs)
                }
            }
            for neuron in 0..<14 {
                try compare("phase \(neuron)", gradient.phases[neuron]) {
                    var changed = phases
                    changed[neuron] += $0
                    return try run(network.weights, changed, inputs)
                }
            }
            for input in 0..<10 {
                try compare("input weight \(input)", gradient.inputWeights[input]) {
                    var changed = inputs.weights
                    changed[input] += $0
                    return try run(
                        network.weights, phases,
                        InputSpikes(times: inputs.times, units: inputs.units, weights: changed, neuronCount: 14))
                }
                try compare("input time \(input)", gradient.inputTimes[input] * 1e-2) {
                    var changed = inputs.times
                    changed[input] += 1e-2 * $0
                    return try run(
                        network.weights, phases,
                        InputSpikes(times: changed, units: inputs.units, weights: inputs.weights, neuronCount: 14))
                }
            }
        }
        #expect(checked > 100, "only \(checked) parameters leave the order of spikes as it is")
    }

    @Test func excitationInTheSettingsAboveMakesAvalanches() throws {
        let network = try Case.network(.lif, n: 14, k: 4, weight: 0.05, spread: 3, seed: 0)
        let recording = try network.run(
            SparseRunOptions(spikes: 60, initialPhases: Case.phases(network, seed: 0), keepsTape: true))
        #expect((recording.tape?.forced.count ?? 0) > 2)
    }

    @Test(arguments: [NeuronModel.lif, .qif, .eif(slope: 0.1, .chebyshev)])
    func oneWeightForAllHasTheSumOfTheirGradients(model: NeuronModel) throws {
        let uniform = try Case.balanced(50, 10, 3, model)
        var each = uniform
        try each.setWeights([Double](repeating: uniform.weights[0], count: 500))
        let options = SparseRunOptions(spikes: 3000, keepsTape: true)
        let (a, b) = (try uniform.run(options), try each.run(options))
        #expect(a.times == b.times)
        // Early spikes only: the gradient of a chaotic run's late ones is beyond any precision.
        let errors = (0..<3000).map { $0 < 100 ? Double($0 % 7) - 3 : 0 }
        let (ga, gb) = (try a.gradient(timeErrors: errors), try b.gradient(timeErrors: errors))
        let sum = gb.weights.reduce(0, +)
        #expect((ga.weights[0] - sum).magnitude < 1e-9 * sum.magnitude)
        for neuron in 0..<50 { #expect((ga.phases[neuron] - gb.phases[neuron]).magnitude < 1e-12) }
    }

    /// Runs long enough for several re-basings and snapshots have the gradient of short ones.
    @Test(arguments: [NeuronModel.lif, .qif])
    func crossesRebasingsAndSnapshots(model: NeuronModel) throws {
        let network = try SparseNetwork(
            Connectivity(neuronCount: 10, degree: 3, seed: 2, isStored: true), model: model, drives: [0.2],
            weights: [model == .qif ? -1e-3 : -0.2], seed: 4)
        let count = 2600
        func run(_ weight: Double) throws -> SparseRecording {
            var changed = network
            try changed.setWeights([weight])
            return try changed.run(SparseRunOptions(spikes: count, keepsTape: true))
        }
        let recording = try run(network.weights[0])
        let tape = try recording.usableTape()
        #expect(tape.rebasings.count > 3 && (model == .lif || tape.snapshots.count > 2))
        var errors = [Double](repeating: 0, count: count)
        errors[count - 1] = 1
        let gradient = try recording.gradient(timeErrors: errors)
        let step = 1e-9
        let (up, down) = (try run(network.weights[0] + step), try run(network.weights[0] - step))
        #expect(up.units == recording.units && down.units == recording.units)
        let difference = (up.times[count - 1] - down.times[count - 1]) / (2 * step)
        #expect((gradient.weights[0] / difference - 1).magnitude < 1e-4, "\(gradient.weights[0]) \(difference)")
    }

    @Test func lossesHaveTheirDerivatives() throws {
        let network = try Case.network(.lif, n: 8, k: 3, weight: -0.3, spread: 0.5, seed: 1)
        let recording = try network.run(SparseRunOptions(spikes: 40))
        let targets = try SpikeTrains(
            times: [0.03, 0.01, 0.02, 0.9], units: [2, 2, 5, 5], offsets: [0, 4], unitCount: 8)
        func shifted(_ spike: Int, by step: Double) -> SparseRecording {
            var times = recording.times
            times[spike] += step
            return SparseRecording(
                network: network, times: times, units: recording.units, summary: recording.summary, traces: [],
                options: recording.options, tape: nil)
        }
        var rates = [Double](repeating: 50, count: 8)
        rates[3] = .nan
        for loss in [
            { (r: SparseRecording) in try r.spikeTimeLoss(targets) }, { (r: SparseRecording) in try r.rateLoss(rates) },
        ] {
            let errors = try loss(recording).timeErrors
            #expect(errors.contains { $0 != 0 })
            for spike in 0..<40 {
                let difference =
                    (try loss(shifted(spike, by: 1e-7)).value - (try loss(shifted(spike, by: -1e-7)).value)) / 2e-7
                #expect((difference - errors[spike]).magnitude < 1e-5 * (1 + errors[spike].magnitude))
            }
        }
    }
}
