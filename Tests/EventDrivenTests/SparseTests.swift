// Layers most of whose synapses are absent: against the same layers neuron by neuron, and against differences.
import Learning
import Mathematics
import Networks
import Spikes
import Testing

@testable import EventDriven
@testable import TestSupport

struct SparseTests {
    static let configurations: [Configuration] = {
        var all: [Configuration] = []
        for ratio in [4, 2, 1, 3.3] {
            for delays in DelayKind.allCases {
                for own in [false, true] {
                    all.append(
                        Configuration(
                            sizes: [150, 61, 5], ratio: ratio, delays: [delays], recurrent: true, reset: own ? 0.1 : 0,
                            ownThresholds: own, samples: 3, spikesPerInput: 3, gain: 1.1))
                }
                for (spikes, own) in [(3, false), (3, true), (40, false)] {
                    all.append(
                        Configuration(
                            sizes: [120, 23, 5], ratio: ratio, delays: [delays], reset: own ? 0.1 : 0,
                            ownThresholds: own,
                            samples: 3, spikesPerInput: spikes, gain: spikes > 20 ? 0.16 : 1.1))
                }
            }
        }
        return all
            + TogetherTests.neuronsThatDiffer(sizes: [120, 23, 5], ratios: [4, nil], spikesPerInput: 3, gain: 1.1)
    }()

    @Test(arguments: configurations)
    func synapsesAloneOrAll(_ configuration: Configuration) throws {
        for seed in 71...73 as ClosedRange<UInt64> {
            var instance = try RandomCase(configuration, seed: seed, density: configuration.recurrent ? 0.012 : 0.04)
            // Such runs end by themselves.
            let isEndless = configuration.recurrent || configuration.drive != nil
            for end in [6 * configuration.tauSyn, .infinity] where !isEndless || end < .infinity {
                instance.options = ForwardOptions(endTime: end, maxSpikes: 300_000)
                let spikes = try TogetherTests().compare(
                    instance.network, instance.input, instance.options, unit: configuration.tauSyn, "\(instance)",
                    throughSynapses: true)
                #expect(spikes > 10, "\(instance)")
            }
        }
    }

    /// Few synapses from several sources, and delays of a kind for each.
    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func severalSources(_ seed: UInt64) throws {
        let ends = [Ends(0, 1), Ends(1, 2), Ends(0, 2), Ends(2, 3), Ends(1, 3), Ends(0, 3)]
        let loops = seed % 3 == 0 ? [] : [Ends(1, 1), Ends(2, 2)]
        let kinds = (ends + loops).indices.map { DelayKind.allCases[(Int(seed) + $0 * $0) % 4] }
        let own = Configuration(
            sizes: [60, 23, 21, 5], ratio: [4, 2, 1, 3.3][Int(seed % 4)], delays: kinds, connections: ends + loops,
            ownThresholds: seed % 2 == 0, samples: 3,
            spikesPerInput: 3, gain: 1.1)
        var instance = try RandomCase(own, seed: seed, density: seed % 3 == 0 ? 0.06 : 0.025)
        instance.options = ForwardOptions(endTime: 6 * own.tauSyn, maxSpikes: 300_000)
        try TogetherTests().compare(
            instance.network, instance.input, instance.options, unit: own.tauSyn, "\(instance)", throughSynapses: true)
    }

    /// What few synapses exist has the gradients of differences, whether a layer goes through them alone or through all.
    @Test(arguments: [0.01, 0.05, 0.6], [DelayKind.none, .synaptic, .axonal])
    func matchesDifferences(_ density: Double, _ delays: DelayKind) throws {
        for recurrent in [false, true] { try matchesDifferences(density, delays, recurrent) }
    }

    private func matchesDifferences(_ density: Double, _ delays: DelayKind, _ recurrent: Bool) throws {
        var kept = 0
        for seed in 1...3 as ClosedRange<UInt64> {
            let configuration = Configuration(
                sizes: [100, 41, 3], delays: [delays], recurrent: recurrent, spikesPerInput: 1, gain: 1, step: 1e-4)
            let instance = try RandomCase(configuration, seed: seed, density: density)
            let bound =
                recurrent ? (delays == .synaptic ? 1 / 3.0 : 1 / 30.0) : delays == .synaptic ? 0.2 : 1 / 25.0
            #expect(try LayerPlan(instance.network, layer: 0, monitor: nil).isSparse == (density < bound))
            let loss = LinearLoss(seed: seed, unit: configuration.tauSyn, needsLeakyReadout: false)
            for comparison in try instance.compare(
                loss, rate: RateRegularisation(strength: 0.7, target: 0.4, tau: 0.02),
                relativeStep: configuration.step, limit: 6, EventSubstrate(), EventAdjoint())
            {
                kept += comparison.kept
                #expect(comparison.error <= 1e-7, "\(instance): \(comparison)")
            }
        }
        #expect(kept >= 24, "\(kept) entries kept")
    }

    /// The session, which keeps the synapses alone, takes the steps of forward, backward and an optimiser of the network's arrays.
    @Test(arguments: [OptimizerKind.sgd, .adam, .adamW], [DelayKind.none, .synaptic])
    func sessionsHaveTheBitsOfPlainOnes(_ kind: OptimizerKind, _ delays: DelayKind) throws {
        for density in [0.03, 0.6] {
            let configuration = Configuration(
                sizes: [80, 21, 3], delays: [delays], samples: 20, spikesPerInput: 1, gain: 1.5)
            var instance = try RandomCase(configuration, seed: 5, density: density)
            let signs = (0..<80).map { Int8($0 % 3 - 1) }
            try instance.network.setSigns(signs, connection: 0)
            try instance.network.setBounds(low: -0.9, high: 1.4, connection: 1)
            var options = OptimizerOptions()
            (options.kind, options.weightDecay, options.clipNorm, options.clipValue) = (kind, 1e-2, 1e-2, 5e-3)
            if delays == .synaptic { options.delayLearningRate = 1e-3 }
            let optimizer = try Optimizer(options, for: instance.network)
            let substrate = EventSubstrate()
            let own = try substrate.session(instance.network, optimizer: optimizer, options: ForwardOptions())
            let plain = PlainSession(
                substrate, instance.network, rule: EventAdjoint(), optimizer: optimizer, options: ForwardOptions())
            let objective = Objective(
                loss: TTFSCrossEntropy(), labels: (0..<20).map { $0 % 3 }, wantsInputTimes: false)
            for step in 0..<6 {
                for session in [own, plain] as [any Session] {
                    _ = try session.batch(instance.input, objective, monitor: nil)
                    if step == 3 {
                        var network = session.network
                        network.withMutableParameters(connection: 0, isHeld: true) { weights, _ in
                            for index in weights.indices { weights[index] += 0.01 }
                        }
                        session.setWeights(of: network)
                    } else {
                        try session.step(rateFactor: 1)
                    }
                }
                #expect(own.network == plain.network, "step \(step), \(kind), density \(density)")
                #expect(own.optimizer == plain.optimizer, "step \(step), \(kind), density \(density)")
            }
            #expect(own.network.connections[0].weights != instance.network.connections[0].weights)
            for connection in own.network.connections {
                for (index, weight) in connection.weights.enumerated() where !connection.constraints.exists(index) {
                    #expect(weight == 0)
                }
            }
        }
    }

    /// Whoever gets nothing, and whoever gets more than others, beside each other.
    @Test func neuronsOfDifferentFanIn() throws {
        var network = try Network(sizes: [100, 6])
        try network.setWeights([Double](repeating: 3, count: 600), connection: 0)
        try network.setMask(
            (0..<600).map { $0 / 100 == 1 ? $0 % 100 < 15 : $0 / 100 == 4 ? $0 % 100 == 39 : false }, connection: 0)
        #expect(try LayerPlan(network, layer: 0, monitor: nil).isSparse)
        let times = (0..<40).map { 1e-3 * Double($0) }
        let input = try SpikeTrains(
            times: times, units: (0..<40).map { Int32($0) }, offsets: [0, 40, 40], unitCount: 100)
        for end in [0.012, 0.039, .infinity] {
            let own = try TogetherTests().compare(
                network, input, ForwardOptions(endTime: end, maxSpikes: 1000), unit: 5e-3, "end \(end)")
            #expect(own > 2)
        }
    }
}
