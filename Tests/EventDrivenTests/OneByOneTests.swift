// Layers that are moved as one against the same layers neuron by neuron.
import EventDriven
import Mathematics
import Networks
import Neurons
import Spikes
import Testing

@testable import TestSupport

struct OneByOneTests {
    static let configurations: [Configuration] = {
        var all: [Configuration] = []
        for ratio in [4, 2, 1, 3.3, 0.25, nil] as [Double?] {
            for delays in [DelayKind.none, .axonal, .dendritic] {
                for own in [false, true] {
                    all.append(
                        Configuration(
                            sizes: [3, 7, 5], ratio: ratio, delays: [delays],
                            // A read-out forgets by how much all it receives is late.
                            leaky: ratio == nil && own && delays != .dendritic,
                            reset: own ? 0.1 : 0, ownThresholds: own, samples: 5, spikesPerInput: 3))
                }
            }
        }
        for ratio in [4, 2, 1, 3.3, 0.25, nil] as [Double?] {
            for delays in [DelayKind.none, .axonal, .dendritic] {
                all.append(
                    Configuration(
                        sizes: [3, 7, 5], ratio: ratio, delays: [delays], leaky: ratio == nil && delays != .dendritic,
                        drive: -0.5...0.7, samples: 5, spikesPerInput: 3))
                // Periods shorter and longer than the intervals between arrivals, and some of 0.
                for (drive, refractory, gain) in [
                    (nil, 0.02...0.5, 1.5), (-0.5...0.7, 0.3...0.3, 1.5), (nil, -0.05...2, 3), (nil, 0.05...0.05, 3),
                ] as [(ClosedRange<Double>?, ClosedRange<Double>, Double)] {
                    all.append(
                        Configuration(
                            sizes: [3, 7, 5], ratio: ratio, delays: [delays], reset: gain > 2 ? -0.1 : 0,
                            ownThresholds: drive == nil, drive: drive, refractory: refractory, samples: 5,
                            spikesPerInput: 8, gain: gain))
                }
            }
        }
        return all
    }()

    @Test(arguments: configurations)
    func movedAsOneOrNot(_ configuration: Configuration) throws {
        for seed in 51...54 as ClosedRange<UInt64> {
            var instance = try RandomCase(configuration, seed: seed)
            instance.options.maxSpikes = 30_000
            let spikes = try TogetherTests().compare(
                instance.network, instance.input, instance.options, unit: configuration.tauSyn, "\(instance)")
            #expect(spikes > 20, "\(instance)")
        }
    }

    /// tau_m / tau_s from 1e-3 to 1e3, for all neurons or each. One layer: a second would be driven out of all bounds by membranes that forget at once.
    @Test(arguments: [false, true])
    func anyRatio(_ isOwn: Bool) throws {
        var random = RandomStream(seed: 7, stream: 14)
        func drawn() -> Double { Elementary.exp((2 * random.uniform() - 1) * Elementary.log(1e3)) }
        for seed in 1...40 as ClosedRange<UInt64> {
            let configuration = Configuration(
                sizes: [3, 9], ratio: drawn(), delays: [isOwn ? .axonal : .none], samples: 2)
            var instance = try RandomCase(configuration, seed: seed)
            instance.options = ForwardOptions(endTime: 6 * configuration.tauSyn, maxSpikes: 1_000_000)
            if isOwn {
                for layer in instance.network.layers.indices {
                    let count = instance.network.layers[layer].neuronCount
                    var parameters = instance.network.layers[layer].parameters
                    parameters.tauMem = parameters.tauMem + (1..<count).map { _ in drawn() * parameters.tauSyn[0] }
                    // Thresholds as far as before from what arrives.
                    let peaks = (0..<count).map { PostsynapticPotential(parameters[$0]).peak }
                    parameters.threshold = peaks.map { $0 / peaks[0] }
                    try instance.network.setParameters(parameters, layer: layer)
                }
            }
            try TogetherTests().compare(
                instance.network, instance.input, instance.options, unit: configuration.tauSyn, "\(instance)")
        }
    }

    /// Thresholds at the ends of what float64 has, where a current in thresholds would leave it.
    @Test(arguments: [1e-300, 1e-100, 1e100, 1e300])
    func thresholdsFarFromOne(_ scale: Double) throws {
        let configuration = Configuration(sizes: [3, 7, 5], delays: [.dendritic], ownThresholds: true)
        let instance = try RandomCase(configuration, seed: 45)
        let expected = try instance.forward()
        var other = instance.network
        for layer in other.layers.indices {
            var parameters = other.layers[layer].parameters
            parameters.threshold = parameters.threshold.map { $0 * scale }
            parameters.reset = parameters.reset.map { $0 * scale }
            try other.setParameters(parameters, layer: layer)
        }
        for (index, connection) in other.connections.enumerated() {
            try other.setWeights(connection.weights.map { $0 * scale }, connection: index)
        }
        let own = try instance.forward(other)
        for (layer, reference) in zip(own.layers, expected.layers) {
            #expect(layer.spikes.units == reference.spikes.units)
            #expect(worstRelative(layer.spikes.times, reference.spikes.times) < 1e-12)
        }
    }

    /// What only a layer that is moved as one computes must not fail it: spikes that come after the end, currents in thresholds.
    @Test func whatNoNeuronDoesIsNoError() throws {
        let input = try SpikeTrains(times: [0.01], units: [0], offsets: [0, 1], unitCount: 1)
        var late = try Network(sizes: [1, 2], parameters: [LIFParameters()], delays: [.dendritic])
        try late.setWeights([9, 1e12], connection: 0)
        try late.setDelays([0, 1], connection: 0)
        let spikes = try EventSubstrate().forward(
            late, input, options: ForwardOptions(endTime: 0.06, maxSpikes: 10), monitor: nil)
        #expect(spikes.layers[0].spikes.units.allSatisfy { $0 == 0 } && spikes.layers[0].spikes.spikeCount > 0)
        var low = LIFParameters()
        (low.threshold, low.reset) = ([1e-90, 1], [0, 0])
        var quiet = try Network(sizes: [1, 2], parameters: [low])
        try quiet.setWeights([-1e250, 9], connection: 0)
        let other = try EventSubstrate().forward(quiet, input, options: ForwardOptions(), monitor: nil)
        #expect(other.layers[0].spikes.units.allSatisfy { $0 == 1 } && other.layers[0].spikes.spikeCount > 0)
    }
}
