// Gradients against fourth-order central differences over random networks and seeds.
import EventDriven
import Networks
import Testing

@testable import TestSupport

struct GradientSweepTests {
    static let configurations: [Configuration] = {
        var all: [Configuration] = []
        for ratio in [4, 2, 1, 0.5, 0.25, 3.3, 0.7, 1 + 1e-12] as [Double] {
            all.append(Configuration(ratio: ratio))
        }
        for delays in [DelayKind.synaptic, .axonal, .dendritic] {
            all.append(Configuration(ratio: 4, delays: [delays]))
            all.append(Configuration(ratio: 0.5, delays: [delays], recurrent: true))
            all.append(Configuration(ratio: nil, delays: [delays], recurrent: true, reset: 0.2, gain: 1))
        }
        all.append(Configuration(ratio: 4, recurrent: true))
        all.append(Configuration(ratio: 1, recurrent: true, reset: -0.3))
        all.append(Configuration(sizes: [3, 5, 4, 3], ratio: 4, reset: 0.1))
        all.append(Configuration(sizes: [3, 5, 4, 3], ratio: nil, delays: [.synaptic]))
        all.append(Configuration(sizes: [3, 5, 4, 3], ratio: 2, delays: [.axonal], recurrent: true))
        all.append(Configuration(ratio: nil))
        for ratio in [4, 2, 1, 0.5, nil] as [Double?] {
            all.append(Configuration(ratio: ratio, leaky: true))
        }
        all.append(Configuration(ratio: 4, delays: [.synaptic], recurrent: true, leaky: true))
        all.append(Configuration(ratio: 0.25, delays: [.dendritic], leaky: true))
        for ratio in [4, 2, 3.3] {
            all.append(Configuration(ratio: ratio, reset: -0.1, ownThresholds: true))
            all.append(Configuration(ratio: ratio, delays: [.dendritic], ownThresholds: true))
        }
        all.append(Configuration(sizes: [3, 5, 4, 3], ratio: 4, delays: [.axonal], reset: 0.1, ownThresholds: true))
        all.append(Configuration(sizes: [3, 5, 4, 3], ratio: 0.7, delays: [.dendritic, .synaptic, .dendritic]))
        // Time constants far apart: spikes go on for hundreds of the shorter one after the last arrival.
        for delays in [DelayKind.none, .synaptic] {
            all.append(
                Configuration(sizes: [4, 3], ratio: 0.01, delays: [delays], samples: 2, spikesPerInput: 1, gain: 1.8))
        }
        // A slow membrane hardly feels a shift of its input: the differences need a wider step to see it.
        all.append(Configuration(ratio: 100, step: 3e-4))
        all.append(Configuration(ratio: 100, delays: [.dendritic], leaky: true, step: 3e-4))
        for (seed, ratio) in [(0, 4), (1, nil), (2, 2), (4, 1), (5, 3.3), (6, 4), (7, nil), (8, 4), (9, 0.7)]
            as [(Int, Double?)]
        {
            var own = Configuration(
                ratio: ratio, recurrent: seed % 2 == 1, leaky: seed % 4 == 2, ownThresholds: seed % 3 == 1, samples: 2)
            own.wire(layers: 3 + seed % 3, seed: UInt64(seed))
            all.append(own)
        }
        all += driven
        all.append(Configuration(sizes: [2, 17, 9], ratio: 4, samples: 1))
        all.append(Configuration(sizes: [2, 8, 7], ratio: 2, samples: 40, spikesPerInput: 1))
        return all
    }()

    /// Drives below, around and above thresholds, and refractory periods.
    static let driven: [Configuration] = {
        var all: [Configuration] = []
        for ratio in [4, 2, 1, 3.3, 0.5, nil] as [Double?] {
            all.append(Configuration(ratio: ratio, drive: -0.5...0.6))
            all.append(Configuration(ratio: ratio, drive: 0.5...1.8, gain: 0.7))
            all.append(Configuration(ratio: ratio, refractory: 0.05...0.6))
            all.append(Configuration(ratio: ratio, reset: -0.2, drive: -0.3...1.5, refractory: 0.05...0.5, gain: 1))
        }
        for delays in [DelayKind.synaptic, .axonal, .dendritic] {
            all.append(Configuration(ratio: 4, delays: [delays], drive: -0.5...0.6))
            all.append(Configuration(ratio: nil, delays: [delays], recurrent: true, drive: -0.5...0.6, gain: 1))
            all.append(
                Configuration(
                    ratio: 2, delays: [delays], recurrent: true, drive: -0.3...1.5, refractory: 0.05...0.5, gain: 1))
            all.append(Configuration(ratio: 0.7, delays: [delays], reset: 0.1, refractory: 0.05...0.5))
            all.append(Configuration(ratio: 4, delays: [delays], leaky: true, drive: -0.5...0.6))
        }
        all.append(Configuration(ratio: 4, recurrent: true, drive: -0.5...0.6))
        all.append(Configuration(ratio: 4, recurrent: true, refractory: 0.05...0.5))
        for ratio in [4, 1, 0.5, nil] as [Double?] {
            all.append(Configuration(ratio: ratio, leaky: true, drive: -0.5...1.5, refractory: 0.05...0.5))
        }
        return all
    }()

    @Test(arguments: configurations)
    func matchesDifferences(_ configuration: Configuration) throws {
        var kept = 0
        var discarded = 0
        var worst = 0.0
        for seed in 1...3 as ClosedRange<UInt64> {
            let instance = try RandomCase(configuration, seed: seed)
            let loss = LinearLoss(seed: seed, unit: configuration.tauSyn, needsLeakyReadout: configuration.leaky)
            let rate = RateRegularisation(strength: 0.7, target: 0.4, tau: 4 * configuration.tauSyn)
            for comparison in try instance.compare(
                loss, rate: seed % 2 == 0 ? rate : nil, relativeStep: configuration.step, limit: 6, EventSubstrate(),
                EventAdjoint())
            {
                kept += comparison.kept
                discarded += comparison.discarded
                worst = max(worst, comparison.error)
                #expect(comparison.error <= 1e-7, "\(instance): \(comparison)")
            }
        }
        print("gradients: \(configuration): \(kept) entries kept, \(discarded) discarded, worst error \(worst)")
        #expect(kept >= 3 * discarded && kept >= 24, "\(kept) entries kept, \(discarded) discarded")
    }

    /// Among the read-outs' maxima are kinks, where an inhibitory arrival ends the rise: their times move with it.
    @Test func sweepsSeeKinks() throws {
        var kinks = 0
        for configuration in GradientSweepTests.configurations where configuration.leaky {
            for seed in 1...3 as ClosedRange<UInt64> {
                let instance = try RandomCase(configuration, seed: seed)
                let recording = try instance.forward()
                let outputs = instance.network.outputCount
                for own in histories(instance.network, recording, layer: recording.layers.count - 1) {
                    let time = recording.outputLayer.maximumTimes[own.sample * outputs + own.unit]
                    if own.arrivalSet(before: time) != own.arrivalSet(before: time.nextUp) { kinks += 1 }
                }
            }
        }
        #expect(kinks >= 5, "\(kinks) maxima sit on an arrival")
    }
}
