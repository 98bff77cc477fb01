// Recurrent layers whose neurons receive at times of their own, window of time by window, against the same layers neuron by neuron.
import Mathematics
import Networks
import Neurons
import Spikes
import Testing

@testable import EventDriven
@testable import TestSupport

struct WindowTests {
    /// Long input: many windows, delays from none to longer than the run, of few spikes and of so many that most windows are gone through again.
    @Test(arguments: [0, 1e-9, 1e-3, 1, 40] as [Double], [0.1, 1.5] as [Double])
    func longInput(_ scale: Double, _ strength: Double) throws {
        for (ratio, delays) in [(4, .synaptic), (nil, .synaptic), (2, .dendritic), (nil, .none)]
            as [(Double?, DelayKind)]
        {
            let configuration = Configuration(
                sizes: [6, 21, 2], ratio: ratio, delays: [delays], recurrent: true, samples: 2, spikesPerInput: 60,
                gain: 0.3)
            var instance = try RandomCase(configuration, seed: 17)
            // As long as the input of many spikes takes.
            let times = instance.input.times.map { 20 * $0 }
            instance.input = try SpikeTrains(
                times: times, units: instance.input.units, offsets: instance.input.offsets, unitCount: 6)
            instance.options = ForwardOptions(
                endTime: (times.max() ?? 0) + configuration.tauSyn, maxSpikes: 100_000)
            for index in instance.network.connections.indices {
                let own = instance.network.connections[index]
                if delays != .none {
                    try instance.network.setDelays(own.delays.map { $0 * scale }, connection: index)
                }
                let factor = own.isRecurrent ? strength : 2
                try instance.network.setWeights(own.weights.map { $0 * factor }, connection: index)
            }
            let spikes = try TogetherTests().compare(
                instance.network, instance.input, instance.options, unit: configuration.tauSyn,
                "\(instance), delays x \(scale), recurrence x \(strength)")
            #expect(spikes > 100, "\(instance), delays x \(scale), recurrence x \(strength): \(spikes)")
        }
    }

    /// Volleys of more spikes at one time than a window has room for, silence as long as a thousand windows, and spikes at the very end.
    @Test func volleysAndSilence() throws {
        for kind in [DelayKind.synaptic, .dendritic] {
            let configuration = Configuration(
                sizes: [90, 10, 2], delays: [kind], recurrent: true, samples: 1, spikesPerInput: 1, gain: 0.2)
            var instance = try RandomCase(configuration, seed: 5)
            let tau = configuration.tauSyn
            let volleys = [0, 2, 2 + 1e-13, 2000, 2003] as [Double]
            instance.input = try SpikeTrains(
                times: volleys.flatMap { [Double](repeating: $0 * tau, count: 90) },
                units: volleys.flatMap { _ in (0..<90).map { Int32($0) } }, offsets: [0, 90 * volleys.count],
                unitCount: 90)
            for index in instance.network.connections.indices {
                let own = instance.network.connections[index]
                let factor = own.isRecurrent ? 1.0 : 12
                try instance.network.setWeights(own.weights.map { $0.magnitude * factor }, connection: index)
                if !own.isRecurrent {
                    try instance.network.setDelays(own.delays.map { _ in 0 }, connection: index)
                }
            }
            for end in [2003, 2004.5] as [Double] {
                instance.options = ForwardOptions(endTime: end * tau, maxSpikes: 100_000)
                let spikes = try TogetherTests().compare(
                    instance.network, instance.input, instance.options, unit: tau, "\(kind), end \(end)")
                #expect(spikes > 30, "\(kind), end \(end): \(spikes)")
            }
        }
    }

    /// Whoever is drawn above the threshold by a drive alone: without any input, to the end.
    @Test(arguments: [4, 1, 3.3, nil] as [Double?], [false, true])
    func nothingButDrives(_ ratio: Double?, _ recurrent: Bool) throws {
        for delays in DelayKind.allCases {
            for refractory in [nil, 0.1...0.7] as [ClosedRange<Double>?] {
                let configuration = Configuration(
                    sizes: [2, 9, 3], ratio: ratio, delays: [delays], recurrent: recurrent, drive: 0.7...1.6,
                    refractory: refractory, samples: 1, gain: 0.6)
                var instance = try RandomCase(configuration, seed: 8)
                instance.input = try SpikeTrains(times: [], units: [], offsets: [0, 0], unitCount: 2)
                instance.options = ForwardOptions(endTime: 15 * configuration.tauSyn, maxSpikes: 100_000)
                let spikes = try TogetherTests().compare(
                    instance.network, instance.input, instance.options, unit: configuration.tauSyn, "\(instance)")
                #expect(spikes > 5, "\(instance): \(spikes)")
            }
        }
    }

    /// Runaway activity stops at the budget, and however large weights are, there is an error.
    @Test func whatIsTooMuch() throws {
        let configuration = Configuration(sizes: [2, 5, 2], delays: [.synaptic], recurrent: true, samples: 1)
        var instance = try RandomCase(configuration, seed: 3)
        instance.options = ForwardOptions(endTime: 10 * configuration.tauSyn, maxSpikes: 10_000)
        let index = try #require(instance.network.connectionIndex(into: 0, recurrent: true))
        try instance.network.setWeights([Double](repeating: 1e3, count: 25), connection: index)
        #expect { try instance.forward() } throws: { ($0 as? SpinnpropError)?.kind == .tooManySpikes }
        try instance.network.setWeights([Double](repeating: 1e308, count: 25), connection: index)
        #expect(throws: SpinnpropError.self) { try instance.forward() }
    }
}
