// Gradients of networks against fourth-order differences, and what the limit of a weight's step leaves out.
import FirstSpike
import Mathematics
import Networks
import Testing

@testable import TestSupport

struct GradientTests {
    @Test(arguments: Configuration.firstSpikes)
    func matchesDifferences(_ configuration: Configuration) throws {
        var (kept, discarded, worst) = (0, 0, 0.0)
        for seed in 1...3 as ClosedRange<UInt64> {
            let instance = try RandomCase(configuration, seed: seed)
            let loss = LinearLoss(seed: seed, unit: configuration.tauSyn)
            let rate = RateRegularisation(strength: 0.7, target: 0.4, tau: 4 * configuration.tauSyn)
            for comparison in try instance.compare(
                loss, rate: seed % 2 == 0 ? rate : nil, relativeStep: configuration.step, limit: 6,
                FirstSpikeSubstrate(), FirstSpikeRule())
            {
                kept += comparison.kept
                discarded += comparison.discarded
                worst = max(worst, comparison.error)
                #expect(comparison.error <= 1e-7, "\(instance): \(comparison)")
            }
        }
        print("first spikes: \(configuration): \(kept) entries kept, \(discarded) discarded, worst error \(worst)")
        #expect(kept >= 3 * discarded && kept >= 18, "\(kept) entries kept, \(discarded) discarded")
    }

    /// Neurons with a weight beyond the limit add nothing to their weights' gradient, and pass all else on.
    @Test(arguments: [1.0, 2.0])
    func limitsSteps(_ ratio: Double) throws {
        var (dropped, left) = (0, 0)
        for (seed, delays) in [(1, DelayKind.none), (2, .synaptic), (3, .axonal), (4, .none), (5, .dendritic)] {
            let own = try RandomCase(
                Configuration(sizes: [4, 6, 3], ratio: ratio, delays: [delays], samples: 1, gain: 4), seed: UInt64(seed)
            )
            let recording = try own.forward(FirstSpikeSubstrate())
            let objective = Objective(loss: LinearLoss(seed: 5, unit: 5e-3), labels: own.labels)
            let whole = try FirstSpikeRule().backward(own.network, recording, objective, monitor: nil)
            var options = FirstSpikeOptions()
            // The middle of what neurons have.
            var sizes: [Double] = []
            for (connection, weights) in zip(own.network.connections, whole.weights) {
                for first in stride(from: 0, to: weights.count, by: connection.preCount) {
                    let largest = weights[first..<first + connection.preCount].map { abs($0) }.max() ?? 0
                    if largest > 0 { sizes.append(largest) }
                }
            }
            let limit = try #require(sizes.sorted().dropFirst(sizes.count / 2).first, "\(own)")
            options.maxWeightStep = limit
            let limited = try FirstSpikeRule(options).backward(own.network, recording, objective, monitor: nil)
            #expect(limited.inputTimes == whole.inputTimes && limited.delays == whole.delays, "\(own)")
            for (index, connection) in own.network.connections.enumerated() {
                for post in 0..<connection.postCount {
                    let range = post * connection.preCount..<(post + 1) * connection.preCount
                    let (before, after) = (Array(whole.weights[index][range]), Array(limited.weights[index][range]))
                    let isBeyond = (before.map { abs($0) }.max() ?? 0) > limit
                    #expect(after == (isBeyond ? before.map { _ in 0 } : before), "\(own), neuron \(post)")
                    if isBeyond { dropped += 1 } else { left += 1 }
                }
            }
        }
        #expect(dropped > 4 && left > 4)
        for wrong in [0, -1, Double.nan, .infinity] {
            var options = FirstSpikeOptions()
            options.maxWeightStep = wrong
            #expect(throws: SpinnpropError.self, "\(wrong)") { try FirstSpikeRule(options) }
        }
    }

    /// An interval between inputs beyond what one exponential can hold.
    @Test(arguments: [1, 2])
    func inputsFarApart(_ ratio: Int) throws {
        let tau = Double(ratio)
        let weights = [3.0, 2, 4]
        let near = try SingleLayer(ratio: ratio, times: [0.1, 0.3, 0.4], weights: [weights.map { 2 * $0 }])
        let nearest = try near.derivatives(near.run())
        // Another input, 5000 time constants earlier, whose neuron-wide effect is gone.
        let far = try SingleLayer(
            ratio: ratio, times: [0.1, 0.3, 0.4].map { $0 + 5000 * tau } + [0], weights: [weights.map { 2 * $0 } + [1]])
        let recording = try far.run()
        let (byWeight, byTime) = try far.derivatives(recording)
        #expect(normRelative(Array(byWeight.dropLast()), nearest.byWeight) <= 1e-11)
        #expect(normRelative(Array(byTime.dropLast()), nearest.byTime) <= 1e-11)
        #expect(byWeight.last == 0 && byTime.last == 0)
    }
}
