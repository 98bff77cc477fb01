// What networks may have, in combinations drawn from seeds: against differences, and against the same networks neuron by neuron.
import EventDriven
import Mathematics
import Networks
import Testing

@testable import TestSupport

struct CombinationTests {
    /// Sources, kinds of delay, recurrence, time constants and thresholds of its own for each neuron, drives on either side of thresholds, refractory
    /// periods, a leaky read-out, masks: each present or not.
    private static func drawn(_ seed: UInt64) throws -> RandomCase {
        var random = RandomStream(seed: seed, stream: 31)
        func pick<Value>(_ values: [Value]) -> Value { values[random.index(below: values.count)] }
        var own = Configuration()
        own.ratio = pick([nil, nil, 4, 2, 1, 3.3])
        own.recurrent = pick([false, true])
        own.leaky = pick([false, false, true])
        own.ownThresholds = pick([false, true])
        own.reset = pick([0, -0.2])
        own.drive = pick([nil, -0.5...0.6, 0.2...0.2, -0.3...1.4])
        own.refractory = pick([nil, 0.05...0.6, 0.4...0.4])
        own.gain = own.drive == nil ? 1.5 : 1
        own.samples = 2
        own.wire(layers: 2 + random.index(below: 3), seed: seed)
        let density = pick([1, 0.7, 0.3])
        if density == 0.3 {
            // So many inputs that a layer may go through its synapses alone.
            own.sizes[0] = 12
            own.spikesPerInput = 1
        }
        var instance = try RandomCase(own, seed: seed, density: density)
        if own.drive == 0.2...0.2 || own.refractory == 0.4...0.4 {
            // The same for all neurons of a layer, and told so.
            for layer in instance.network.layers.indices {
                try instance.network.setParameters(instance.network.layers[layer].parameters.simplified, layer: layer)
            }
        }
        return instance
    }

    @Test(arguments: 1...48 as ClosedRange<UInt64>)
    func matchDifferences(_ seed: UInt64) throws {
        let instance = try CombinationTests.drawn(seed)
        let own = instance.configuration
        let loss = LinearLoss(seed: seed, unit: own.tauSyn, needsLeakyReadout: own.leaky)
        let rate = RateRegularisation(strength: 0.7, target: 0.4, tau: 4 * own.tauSyn)
        var kept = 0
        for comparison in try instance.compare(
            loss, rate: seed % 2 == 0 ? rate : nil, relativeStep: own.step, limit: 4, EventSubstrate(), EventAdjoint())
        {
            kept += comparison.kept
            #expect(comparison.error <= 1e-7, "\(instance): \(comparison)")
        }
        #expect(kept >= 12, "\(instance): \(kept) entries kept")
    }

    @Test(arguments: 1...96 as ClosedRange<UInt64>)
    func movedAsOneOrNot(_ seed: UInt64) throws {
        var instance = try CombinationTests.drawn(seed)
        instance.options.endTime = 8 * instance.configuration.tauSyn
        try TogetherTests().agree(
            instance.network, instance.input, instance.options, unit: instance.configuration.tauSyn, "\(instance)")
    }
}
