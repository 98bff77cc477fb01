// Recurrent layers that are moved as one, and layers that go four neurons at a time, against the same layers neuron by neuron.
import Mathematics
import Networks
import Neurons
import Spikes
import Testing

@testable import EventDriven
@testable import TestSupport

struct TogetherTests {
    static let configurations: [Configuration] = {
        var all: [Configuration] = []
        for ratio in [4, 2, 1, 3.3, 0.5] {
            for delays in DelayKind.allCases {
                for own in [false, true] {
                    all.append(
                        Configuration(
                            sizes: [3, 13, 5], ratio: ratio, delays: [delays], recurrent: true, reset: own ? 0.1 : 0,
                            ownThresholds: own, samples: 5, spikesPerInput: 3))
                }
            }
            for own in [false, true] {
                for (spikes, leaky) in [(1, false), (3, true), (25, false)] {
                    all.append(
                        Configuration(
                            sizes: [3, 13, 5], ratio: ratio, delays: [.synaptic], leaky: leaky, reset: own ? 0.1 : 0,
                            ownThresholds: own, samples: 5, spikesPerInput: spikes, gain: spikes > 20 ? 0.3 : 1.5))
                }
            }
        }
        for ratio in [4, 2, 1, 3.3, 0.5] {
            for delays in DelayKind.allCases {
                for recurrent in [false, true] where recurrent || delays == .synaptic {
                    all.append(
                        Configuration(
                            sizes: [3, 13, 5], ratio: ratio, delays: [delays], recurrent: recurrent, drive: -0.5...0.7,
                            samples: 5, spikesPerInput: 3))
                }
                for refractory in [0.02...0.5, -0.1...2] where delays == .none || delays == .axonal {
                    all.append(
                        Configuration(
                            sizes: [3, 13, 5], ratio: ratio, delays: [delays], recurrent: true,
                            ownThresholds: ratio < 3,
                            refractory: refractory, samples: 5, spikesPerInput: 8, gain: 3))
                }
            }
        }
        return all + neuronsThatDiffer(sizes: [3, 13, 5], ratios: [4, 2, 3.3, nil], spikesPerInput: 8, gain: 1.5)
    }()

    /// Time constants of their own, periods and drives above thresholds beside recurrence and delays.
    static func neuronsThatDiffer(
        sizes: [Int], ratios: [Double?], spikesPerInput: Int, gain: Double
    ) -> [Configuration] {
        var all: [Configuration] = []
        for ratio in ratios {
            for delays in DelayKind.allCases {
                for recurrent in [false, true] {
                    for (drive, refractory) in [
                        (nil, nil), (nil, -0.1...0.6), (-0.3...1.5, nil), (-0.3...1.5, 0.02...0.5),
                    ] as [(ClosedRange<Double>?, ClosedRange<Double>?)] {
                        all.append(
                            Configuration(
                                sizes: sizes, ratio: ratio, delays: [delays], recurrent: recurrent, drive: drive,
                                refractory: refractory, samples: 3, spikesPerInput: spikesPerInput, gain: gain))
                    }
                }
            }
        }
        return all
    }

    private func forward(
        _ network: Network, _ input: SpikeTrains, _ options: ForwardOptions, asOne: Bool, throughSynapses: Bool?
    ) throws -> Recording {
        let plans = try LayerPlan.all(network, asOne: asOne, throughSynapses: throughSynapses, monitor: nil)
        let forward = try EventForward(network, input, options, plans, nil)
        try forward.run()
        return forward.recording(network.fingerprint)
    }

    /// A linear loss and rates.
    private func objective(_ network: Network, _ recording: Recording, unit: Double) -> Objective {
        Objective(
            loss: LinearLoss(
                seed: 3, unit: unit, needsLeakyReadout: !network.layers[network.layers.count - 1].isSpiking),
            labels: [Int](repeating: 0, count: recording.sampleCount),
            rate: RateRegularisation(strength: 0.5, target: 1, tau: 4 * unit))
    }

    /// Its gradients, by neurons that are moved together where they can be, or as far as four side by side.
    private func backward(
        _ network: Network, _ recording: Recording, unit: Double, asOne: Bool, throughSynapses: Bool?
    ) throws -> Gradients {
        let plans = try LayerPlan.all(network, asOne: asOne, throughSynapses: throughSynapses, monitor: nil)
        let backward = try AdjointRun(network, recording, objective(network, recording, unit: unit), plans, nil)
        try backward.run()
        return try backward.gradients()
    }

    /// Returns the number of spikes of the first layer.
    @discardableResult
    func compare(
        _ network: Network, _ input: SpikeTrains, _ options: ForwardOptions, unit: Double, _ place: String,
        throughSynapses: Bool? = nil
    ) throws -> Int {
        let plan = try LayerPlan(network, layer: 0, throughSynapses: throughSynapses, monitor: nil)
        #expect(plan.isSynchronous || plan.isShifted || plan.isSideBySide, "\(place)")
        return try agree(network, input, options, unit: unit, place, throughSynapses: throughSynapses)
    }

    /// The same for networks whose first layer need not be moved together.
    @discardableResult
    func agree(
        _ network: Network, _ input: SpikeTrains, _ options: ForwardOptions, unit: Double, _ place: String,
        throughSynapses: Bool? = nil
    ) throws -> Int {
        let own = try forward(network, input, options, asOne: true, throughSynapses: throughSynapses)
        let reference = try forward(network, input, options, asOne: false, throughSynapses: nil)
        for (layer, expected) in zip(own.layers, reference.layers) {
            #expect(layer.spikes.units == expected.spikes.units, "\(place)")
            #expect(layer.spikes.offsets == expected.spikes.offsets, "\(place)")
            #expect(worstRelative(layer.spikes.times, expected.spikes.times) < 1e-12, "\(place)")
            #expect(worstRelative(layer.currents, expected.currents) < 1e-10, "\(place)")
            #expect(worstRelative(layer.maxima, expected.maxima) < 1e-12, "\(place)")
        }
        // Of the same spikes: where some hardly reach the threshold, gradients amplify what rounding makes of times.
        let expected = try PlainAdjoint.gradients(network, own, objective(network, own, unit: unit))
        for asOne in [true, false] {
            let gradients = try backward(network, own, unit: unit, asOne: asOne, throughSynapses: throughSynapses)
            for index in network.connections.indices {
                #expect(normRelative(gradients.weights[index], expected.weights[index]) < 1e-10, "\(place)")
                #expect(normRelative(gradients.delays[index], expected.delays[index]) < 1e-10, "\(place)")
            }
            #expect(normRelative(gradients.inputTimes, expected.inputTimes) < 1e-10, "\(place)")
        }
        return own.layers[0].spikeCount
    }

    /// Layers with several sources, and delays of a kind for each.
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func severalSources(_ seed: UInt64) throws {
        var configuration = Configuration(
            ratio: [4, 2, 1, 3.3][Int(seed % 4)], recurrent: seed % 3 != 0, leaky: seed % 5 == 0,
            ownThresholds: seed % 2 == 0, samples: 5, spikesPerInput: 3)
        configuration.wire(layers: 3 + Int(seed % 3), seed: seed)
        var instance = try RandomCase(configuration, seed: seed)
        instance.options.endTime = 6 * configuration.tauSyn
        try compare(instance.network, instance.input, instance.options, unit: configuration.tauSyn, "\(instance)")
    }

    @Test(arguments: configurations)
    func movedAsOneOrNot(_ configuration: Configuration) throws {
        for seed in 41...46 as ClosedRange<UInt64> {
            var instance = try RandomCase(configuration, seed: seed)
            instance.options = ForwardOptions(endTime: 6 * configuration.tauSyn, maxSpikes: 30_000)
            let spikes = try compare(
                instance.network, instance.input, instance.options, unit: configuration.tauSyn, "\(instance)")
            #expect(spikes > 15, "\(instance)")
        }
    }

    /// Strong feedback of either sign, to the neuron itself alone or not, at once, soon, or after the end of the run; by all synapses at once or by each.
    @Test(arguments: [4, 2, 1, 3.3], [-40, -1, 0.1, 0.5] as [Double])
    func strongFeedback(_ ratio: Double, _ strength: Double) throws {
        for (delays, scale) in [
            (DelayKind.none, 0.0), (.axonal, 0), (.axonal, 1), (.axonal, 100), (.synaptic, 0), (.synaptic, 1),
            (.dendritic, 1),
        ] {
            for isOwn in [false, true] {
                let configuration = Configuration(
                    sizes: [3, 9, 2], ratio: ratio, delays: [delays], recurrent: true, samples: 3)
                var instance = try RandomCase(configuration, seed: 51)
                instance.options.maxSpikes = nil
                instance.options.endTime = 4 * configuration.tauSyn
                let index = try #require(instance.network.connectionIndex(into: 0, recurrent: true))
                let own = instance.network.connections[index]
                try instance.network.setWeights(
                    own.weights.indices.map { isOwn && $0 / 9 != $0 % 9 ? 0 : strength * (1 + 0.01 * Double($0 % 7)) },
                    connection: index)
                if delays != .none {
                    try instance.network.setDelays(own.delays.map { $0 * scale }, connection: index)
                }
                for throughSynapses in [false, true] {
                    try compare(
                        instance.network, instance.input, instance.options, unit: configuration.tauSyn,
                        "\(instance), strength \(strength), delays x \(scale), own \(isOwn)",
                        throughSynapses: throughSynapses)
                }
            }
        }
    }

    /// Identical neurons spike at the same time, and none acts on another at that time.
    @Test(arguments: [4, 2, 1, 3.3], [DelayKind.none, .axonal])
    func simultaneousSpikes(_ ratio: Double, _ delays: DelayKind) throws {
        for weight in [-30, -0.5, 0.4] as [Double] {
            var network = try Network(
                sizes: [2, 7, 1], parameters: [LIFParameters(tauMem: [ratio], tauSyn: [1])], delays: [delays],
                recurrent: [true])
            try network.setWeights((0..<14).map { $0 % 2 == 0 ? 16 : 11 }, connection: 0)
            try network.setWeights([Double](repeating: 3, count: 7), connection: 1)
            try network.setWeights([Double](repeating: weight, count: 49), connection: 2)
            let input = try SpikeTrains(times: [0.5, 0.9, 1.2], units: [0, 1, 0], offsets: [0, 3], unitCount: 2)
            for throughSynapses in [false, true] {
                let spikes = try compare(
                    network, input, ForwardOptions(endTime: 1.5, maxSpikes: 20_000), unit: 1,
                    "ratio \(ratio), \(delays), weight \(weight)", throughSynapses: throughSynapses)
                #expect(spikes >= 7 && spikes % 7 == 0)
            }
        }
    }

    /// Input at the very time of a spike comes after it; a run that ends then has it.
    @Test(arguments: [4, 2, 1, 3.3])
    func spikesMeetArrivalsAndTheEnd(_ ratio: Double) throws {
        let configuration = Configuration(
            sizes: [3, 6, 2], ratio: ratio, recurrent: true, samples: 1, spikesPerInput: 3)
        var instance = try RandomCase(configuration, seed: 61)
        // The last input is kept for later.
        let kept = zip(instance.input.times, instance.input.units).filter { $0.1 != 2 }
        func input(_ more: [Double]) throws -> SpikeTrains {
            try SpikeTrains(
                times: kept.map(\.0) + more, units: kept.map(\.1) + more.map { _ in 2 },
                offsets: [0, kept.count + more.count], unitCount: 3)
        }
        let before = try instance.forward(nil, input([])).layers[0].spikes
        #expect(before.spikeCount > 6)
        let weights = instance.network.connections[0].weights
        for spike in stride(from: 0, to: before.spikeCount, by: 3) {
            let time = before.times[spike]
            let place = "ratio \(ratio), spike \(spike) at \(time)"
            for weight in [-1e3, 12] {
                try instance.network.setWeights(
                    weights.enumerated().map { $0.offset % 3 == 2 ? weight : $0.element }, connection: 0)
                let met = try instance.forward(nil, input([time])).layers[0].spikes
                #expect(Array(met.times.prefix(spike + 1)) == Array(before.times.prefix(spike + 1)), "\(place)")
                #expect(Array(met.units.prefix(spike + 1)) == Array(before.units.prefix(spike + 1)), "\(place)")
            }
            var ending = instance
            ending.options.endTime = time
            let ended = try ending.forward(nil, input([])).layers[0].spikes
            #expect(ended.times == Array(before.times.prefix(spike + 1)), "\(place)")
            ending.options.endTime = time.nextDown
            #expect(try ending.forward(nil, input([])).layers[0].spikeCount == spike, "\(place)")
        }
    }
}
