// Layers that are moved as one against the same layers neuron by neuron.
import EventDriven
import Networks
import Neurons
import Spikes
import Testing

@testable import TestSupport

struct OneByOneTests {
    static let configurations: [Configuration] = {
        var all: [Configuration] = []
        for ratio in [4, 2, 1, 3.3, 0.25] {
            for delays in [DelayKind.none, .axonal, .dendritic] {
                for own in [false, true] {
                    all.append(
                        Configuration(
                            sizes: [3, 7, 5], ratio: ratio, delays: [delays], reset: own ? 0.1 : 0, ownThresholds: own,
                            samples: 5, spikesPerInput: 3))
                }
            }
        }
        return all
    }()

    /// One neuron's time constant is a rounding away from the others', so that its layer has no time in common.
    @Test(arguments: configurations)
    func movedAsOneOrNot(_ configuration: Configuration) throws {
        for seed in 41...44 as ClosedRange<UInt64> {
            var instance = try RandomCase(configuration, seed: seed)
            instance.options = ForwardOptions(maxSpikes: 30_000)
            var other = instance.network
            for layer in other.layers.indices {
                var parameters = other.layers[layer].parameters
                let tau = parameters.tauMem[0]
                parameters.tauMem =
                    [tau.nextUp]
                    + [Double](
                        repeating: tau, count: other.layers[layer].neuronCount - 1)
                try other.setParameters(parameters, layer: layer)
            }
            let (own, reference) = (try instance.forward(), try instance.forward(other))
            for (layer, expected) in zip(own.layers, reference.layers) {
                #expect(layer.spikes.units == expected.spikes.units)
                #expect(worstRelative(layer.spikes.times, expected.spikes.times) < 1e-12)
            }
            let loss = LinearLoss(seed: 3, unit: configuration.tauSyn)
            let objective = Objective(
                loss: loss, labels: [Int](repeating: 0, count: 5),
                rate: RateRegularisation(strength: 0.5, target: 1, tau: 4 * configuration.tauSyn))
            let gradients = try EventAdjoint().backward(instance.network, own, objective, monitor: nil)
            let expected = try EventAdjoint().backward(other, reference, objective, monitor: nil)
            for connection in other.connections.indices {
                #expect(normRelative(gradients.weights[connection], expected.weights[connection]) < 1e-10)
                #expect(normRelative(gradients.delays[connection], expected.delays[connection]) < 1e-10)
            }
            #expect(own.layers[0].spikes.spikeCount > 20)
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
