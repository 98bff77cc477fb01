// Samples that go through layers side by side, against each of them alone.
import Mathematics
import Networks
import Neurons
import Spikes
import Testing

@testable import EventDriven
@testable import TestSupport

struct SideBySideTests {
    static let configurations: [Configuration] = {
        var all: [Configuration] = []
        for ratio in [4, 2, 1, 0.5, 0.25, 3.3, nil] {
            for sizes in [[3, 61, 5, 2], [5, 2]] {
                var own = Configuration(sizes: sizes, ratio: ratio, samples: 70, spikesPerInput: 4, gain: 3)
                all.append(own)
                own.refractory = -1...1
                all.append(own)
                (own.refractory, own.drive) = (nil, -0.5...0.5)
                all.append(own)
                (own.drive, own.reset, own.ownThresholds) = (nil, -0.2, true)
                all.append(own)
                own.delays = [.dendritic]
                all.append(own)
            }
        }
        // Layers that take several samples beside others that do not.
        for delays in [DelayKind.none, .synaptic] {
            all.append(
                Configuration(
                    sizes: [3, 9, 7, 3], delays: [delays, .none, .none], recurrent: true, samples: 70, gain: 3))
        }
        return all
    }()

    @Test(arguments: configurations)
    func alone(_ configuration: Configuration) throws {
        var own = try RandomCase(configuration, seed: 5)
        own.options.maxSpikes = nil
        let together = try EventSubstrate().forward(own.network, own.input, options: own.options, monitor: nil)
        #expect(together.layers[0].spikeCount > configuration.samples, "\(configuration)")
        for sample in 0..<configuration.samples {
            let (times, units) = own.input[sample]
            let input = try SpikeTrains(
                times: Array(times), units: Array(units), offsets: [0, times.count], unitCount: own.input.unitCount)
            let alone = try EventSubstrate().forward(own.network, input, options: own.options, monitor: nil)
            for (layer, expected) in zip(together.layers, alone.layers) {
                let range = layer.spikes.offsets[sample]..<layer.spikes.offsets[sample + 1]
                #expect(
                    layer.spikes.times[range].map(\.bitPattern) == expected.spikes.times.map(\.bitPattern),
                    "\(configuration), sample \(sample)")
                #expect(Array(layer.spikes.units[range]) == expected.spikes.units, "\(configuration), sample \(sample)")
                #expect(
                    layer.currents[range].map(\.bitPattern) == expected.currents.map(\.bitPattern),
                    "\(configuration), sample \(sample)")
            }
        }
    }

    /// The first sample that fails, whichever others it went with.
    @Test(arguments: [1, 5, 300])
    func failures(_ width: Int) throws {
        var network = try Network(sizes: [1, width, 2])
        try network.setWeights([Double](repeating: -1e308, count: width), connection: 0)
        func run(twice: Set<Int>, limit: Int? = nil) throws -> Recording {
            var (times, offsets): ([Double], [Int]) = ([], [0])
            for sample in 0..<90 {
                times += twice.contains(sample) ? [1e-3, 1e-3] : [1e-3]
                offsets.append(times.count)
            }
            let input = try SpikeTrains(
                times: times, units: [Int32](repeating: 0, count: times.count), offsets: offsets, unitCount: 1)
            var options = ForwardOptions()
            options.maxSpikes = limit
            return try EventSubstrate().forward(network, input, options: options, monitor: nil)
        }
        #expect(try run(twice: []).layers[0].spikeCount == 0)
        let overflow = #expect(throws: SpinnpropError.self) { try run(twice: [42, 43]) }
        #expect(overflow?.message.hasPrefix("sample 42: the current of neuron 0 of layer 0") == true)
        // Each spike counts once.
        try network.setWeights([Double](repeating: 12, count: width), connection: 0)
        let total = try run(twice: [7]).layers.reduce(0) { $0 + $1.spikeCount }
        #expect(total > 90 * width)
        #expect(try run(twice: [7], limit: total).layers.reduce(0) { $0 + $1.spikeCount } == total)
        let tooMany = #expect(throws: SpinnpropError.self) { try run(twice: [7], limit: total - 1) }
        #expect(tooMany?.kind == .tooManySpikes)
    }
}
