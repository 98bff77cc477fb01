// The engine of first spikes keeps what every substrate and every gradient rule promises.
import FirstSpike
import Networks
import Testing

@testable import TestSupport

extension Configuration {
    /// What the engine runs: both ratios, every kind of delay, one and several layers, neurons apart.
    static let firstSpikes: [Configuration] = {
        var all: [Configuration] = []
        for ratio in [1, 2] as [Double] {
            for delays in DelayKind.allCases {
                all.append(Configuration(ratio: ratio, delays: [delays], gain: 2.5))
                all.append(Configuration(sizes: [3, 7, 5, 4], ratio: ratio, delays: [delays], gain: 3))
            }
            for delays in [DelayKind.none, .axonal, .synaptic] {
                var skipping = Configuration(sizes: [3, 7, 5, 4], ratio: ratio, delays: [delays], gain: 3)
                skipping.connections = [Ends(1, 3), Ends(0, 1), Ends(0, 3), Ends(1, 2), Ends(0, 2), Ends(2, 3)]
                all.append(skipping)
            }
            all.append(Configuration(sizes: [5, 30, 3], ratio: ratio, samples: 20, spikesPerInput: 1, gain: 2.5))
            all.append(Configuration(sizes: [4, 3], ratio: ratio, reset: -0.5, samples: 1, gain: 2.5))
        }
        return all
    }()
}

@Suite(.serialized)
struct ConformanceTests {
    private func cases() throws -> [RandomCase] {
        try Configuration.firstSpikes.enumerated().map { try RandomCase($1, seed: UInt64(700 + $0)) }
    }

    @Test func substrate() throws { try checkSubstrate(on: cases()) { _ in FirstSpikeSubstrate() } }

    /// Weights, delays and the optimiser's memory after some batches in a session, with and without a limit to steps.
    @Test func session() throws {
        for (number, configuration) in Configuration.firstSpikes.enumerated() {
            var own = try RandomCase(configuration, seed: UInt64(number))
            own.options.maxSpikes = nil
            var options = FirstSpikeOptions()
            options.maxWeightStep = number % 2 == 0 ? nil : 0.01
            let substrate = try FirstSpikeSubstrate(options)
            let rate = RateRegularisation(strength: 0.5, target: 1, tau: 4 * configuration.tauSyn)
            let loss = LinearLoss(seed: 3, unit: configuration.tauSyn)
            let optimizer = everyOptimizer[number % everyOptimizer.count]
            for threads in [1, 3] {
                let difference = try withThreads(threads) {
                    try differenceOfSession(
                        substrate, plain: (FirstSpikeSubstrate(), FirstSpikeRule(options)), own.network,
                        [own.input, own.input, own.input],
                        { n in
                            Objective(
                                loss: loss, labels: own.labels, rate: n % 2 == 1 ? rate : nil, wantsInputTimes: false)
                        }, optimizer, forward: own.options)
                }
                #expect(difference == nil, "\(own), \(optimizer), \(threads) threads")
            }
        }
    }

    @Test func rule() throws {
        try checkGradientRule(on: cases(), loss: countLoss) { _ in (FirstSpikeRule(), FirstSpikeSubstrate()) }
    }
}
