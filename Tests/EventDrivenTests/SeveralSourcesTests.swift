// A layer with two sources against the same layer with one that is both.
import EventDriven
import Mathematics
import Networks
import Neurons
import Spikes
import Testing

@testable import TestSupport

struct SeveralSourcesTests {
    /// Kinds of delay from the input and from the first layer, and of the connection that stands for both.
    static let kinds: [(DelayKind, DelayKind, both: DelayKind)] = [
        (.none, .none, .none), (.axonal, .none, .axonal), (.none, .axonal, .axonal), (.synaptic, .none, .synaptic),
        (.dendritic, .axonal, .synaptic), (.synaptic, .dendritic, .synaptic), (.dendritic, .none, .synaptic),
    ]

    @Test(arguments: kinds, [4, 2, 1, 3.3, nil] as [Double?])
    func equalsOnePopulation(_ kinds: (DelayKind, DelayKind, both: DelayKind), _ ratio: Double?) throws {
        for (seed, leaky) in [(71, false), (72, false), (73, true)] as [(UInt64, Bool)] {
            var configuration = Configuration(
                sizes: [3, 6, 5], ratio: ratio, delays: [.none, kinds.0, kinds.1],
                connections: [Ends(0, 1), Ends(0, 2), Ends(1, 2)], leaky: leaky, samples: 6, gain: 2)
            configuration.reset = 0.1
            let own = try RandomCase(configuration, seed: seed)
            let recording = try own.forward()
            let hidden = recording.layers[0].spikes
            let (skip, next) = (own.network.connections[2], own.network.connections[1])
            #expect(skip.ends == Ends(0, 2) && next.ends == Ends(1, 2) && next.isFirst && !skip.isFirst)

            var twin = try Network(
                sizes: [9, 5], parameters: [own.network.layers[1].parameters], delays: [kinds.both], leakyReadout: leaky
            )
            let places = (0..<5).flatMap { post in (0..<9).map { (post: post, pre: $0) } }
            try twin.setWeights(
                places.map { $0.pre < 3 ? skip.weights[$0.post * 3 + $0.pre] : next.weights[$0.post * 6 + $0.pre - 3] },
                connection: 0)
            func delay(_ post: Int, _ pre: Int) -> Double {
                pre < 3 ? skip.delay(post: post, pre: pre) : next.delay(post: post, pre: pre - 3)
            }
            switch kinds.both {
            case .none: break
            case .axonal: try twin.setDelays((0..<9).map { delay(0, $0) }, connection: 0)
            default: try twin.setDelays(places.map { delay($0.post, $0.pre) }, connection: 0)
            }
            var (times, units, offsets): ([Double], [Int32], [Int]) = ([], [], [0])
            for sample in 0..<own.input.sampleCount {
                times += own.input[sample].0 + hidden[sample].0
                units += Array(own.input[sample].1) + hidden[sample].1.map { $0 + 3 }
                offsets.append(times.count)
            }
            let both = try SpikeTrains(times: times, units: units, offsets: offsets, unitCount: 9)
            let expected = try EventSubstrate().forward(twin, both, options: own.options, monitor: nil)
            let (found, wanted) = (recording.outputLayer, expected.outputLayer)
            // Neurons with arrivals and time constants of their own go from window to window of time, which end elsewhere: spikes may then differ by
            // rounding, and gradients by what a flat crossing makes of it.
            let goesByWindows = ratio == nil && kinds.both == .synaptic
            if goesByWindows {
                #expect(
                    found.spikes.units == wanted.spikes.units && found.spikes.offsets == wanted.spikes.offsets
                        && worstRelative(found.spikes.times, wanted.spikes.times) < 1e-12
                        && worstRelative(found.currents, wanted.currents) < 1e-12, "\(own)")
            } else {
                #expect(found.spikes == wanted.spikes && found.currents == wanted.currents, "\(own)")
            }
            #expect(found.maxima == wanted.maxima && found.maximumTimes == wanted.maximumTimes, "\(own)")
            #expect(leaky || found.spikeCount > 10, "\(own)")

            let loss = LinearLoss(seed: seed, unit: configuration.tauSyn, needsLeakyReadout: leaky)
            let objective = Objective(loss: loss, labels: own.labels)
            let gradients = try EventAdjoint().backward(own.network, recording, objective, monitor: nil)
            let reference = try EventAdjoint().backward(twin, expected, objective, monitor: nil)
            var stacked = [Double](repeating: 0, count: 45)
            for (n, place) in places.enumerated() {
                let (post, pre) = place
                stacked[n] = pre < 3 ? gradients.weights[2][post * 3 + pre] : gradients.weights[1][post * 6 + pre - 3]
            }
            #expect(worstRelative(stacked, reference.weights[0]) < (goesByWindows ? 1e-11 : 1e-12), "\(own)")
        }
    }
}
