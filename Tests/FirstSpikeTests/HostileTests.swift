// Networks the engine refuses, with the engine that runs them; and inputs at the ends of float64.
import FirstSpike
import Mathematics
import Networks
import Neurons
import Spikes
import Testing

@testable import TestSupport

struct HostileTests {
    private func refusal(_ network: Network) throws -> SpinnpropError? {
        let input = try SpikeTrains(times: [0.1], units: [0], offsets: [0, 1], unitCount: network.inputCount)
        var refusals: [SpinnpropError] = []
        do throws(SpinnpropError) {
            _ = try FirstSpikeSubstrate().forward(network, input, options: ForwardOptions(), monitor: nil)
        } catch { refusals.append(error) }
        do throws(SpinnpropError) {
            let recording = Recording(
                input: input, layers: [], partition: [0..<1], fingerprint: nil, engine: "event", endTime: .infinity)
            _ = try FirstSpikeRule().backward(
                network, recording, Objective(loss: LinearLoss(seed: 1, unit: 1), labels: [0]), monitor: nil)
        } catch { refusals.append(error) }
        #expect(refusals.count == 2 && refusals.first == refusals.last, "forward and backward refuse the same")
        return refusals.first
    }

    @Test func refusesByName() throws {
        func parameters(_ tauMem: [Double]) -> LIFParameters { LIFParameters(tauMem: tauMem, tauSyn: [5e-3]) }
        let skipping = [Ends(0, 1), Ends(1, 2), Ends(0, 2)]
        let refused = [
            try Network(sizes: [2, 3, 2], parameters: [parameters([10e-3])], recurrent: [true]),
            try Network(sizes: [2, 3, 2], parameters: [parameters([10e-3])], leakyReadout: true),
            try Network(sizes: [2, 3, 2], parameters: [parameters([20e-3])]),
            try Network(
                sizes: [2, 3, 2], parameters: [parameters([10e-3])], delays: [.dendritic], connections: skipping),
            try Network(
                sizes: [2, 3, 2], parameters: [parameters([10e-3])], delays: [.axonal, .none, .axonal],
                connections: skipping),
            try Network(sizes: [2, 3, 2], parameters: [parameters([10e-3 * (1 + 1e-14)])]),
            try Network(sizes: [2, 3, 2], parameters: [parameters([5e-3, 10e-3, 5e-3]), parameters([5e-3])]),
        ]
        for network in refused {
            let error = try refusal(network)
            #expect(
                error?.kind == .unsupported && error?.message.contains("\"event\" in its place") == true,
                "\(error as Any)")
        }
        // One ratio per layer, whatever the time constants.
        let mixed = [
            LIFParameters(tauMem: [10e-3, 4e-3, 6e-3], tauSyn: [5e-3, 2e-3, 3e-3]),
            LIFParameters(tauMem: [7e-3], tauSyn: [7e-3], threshold: [1, 2]),
        ]
        let input = try SpikeTrains(times: [0.1], units: [0], offsets: [0, 1], unitCount: 2)
        _ = try FirstSpikeSubstrate().forward(
            Network(sizes: [2, 3, 2], parameters: mixed), input, options: ForwardOptions(), monitor: nil)
        // 4 units of the last place of the ratio are rounding.
        _ = try FirstSpikeSubstrate().forward(
            Network(sizes: [2, 3, 2], parameters: [parameters([10e-3 * (1 + 4e-16)])]), input,
            options: ForwardOptions(), monitor: nil)
    }

    /// A recording of another engine in which a neuron spikes twice.
    @Test func refusesSecondSpikes() throws {
        let layer = try SingleLayer(ratio: 2, times: [0.25], weights: [[8]])
        let columns = try SpikeColumns()
        for time in [0.5, 0.75] { try columns.append(time: time, unit: 0, current: 2) }
        columns.ends = [2]
        let recording = Recording(
            input: layer.input,
            layers: [LayerRecording(neuronCount: 1, isSpiking: true, thresholds: [1], segments: [columns])],
            partition: [0..<1], fingerprint: nil, engine: "event", endTime: .infinity)
        #expect(throws: SpinnpropError.self) { try layer.derivatives(recording) }
    }

    @Test func options() throws {
        let layer = try SingleLayer(ratio: 2, times: [0.25], weights: [[8]])
        for options in [ForwardOptions(endTime: -1), ForwardOptions(endTime: .nan), ForwardOptions(maxSpikes: 0)] {
            #expect(throws: SpinnpropError.self, "\(options)") {
                try FirstSpikeSubstrate().forward(layer.network, layer.input, options: options, monitor: nil)
            }
        }
    }

    @Test(arguments: [1, 2])
    func overflow(_ ratio: Int) throws {
        for weights in [[1e308, 1.7e308], [-1.7e308, -1.7e308], [1.7e308, -1.7e308, -1.7e308, 1.7e308]] {
            let layer = try SingleLayer(
                ratio: ratio, times: weights.map { _ in 0.5 },
                weights: [[Double](repeating: 1, count: weights.count), weights])
            do throws(SpinnpropError) {
                _ = try FirstSpikeSubstrate().forward(
                    layer.network, layer.input, options: ForwardOptions(), monitor: nil)
            } catch {
                #expect(error.kind == .invalidValue && error.message.contains("overflows"), "\(error)")
                continue
            }
            #expect(weights.count == 4, "\(weights) overflow")
        }
        for weight in [1e-300, 1e3, 1e100, 1e300] {
            let layer = try SingleLayer(ratio: ratio, times: [0.5, 0.5], weights: [[weight, weight]])
            let recording = try layer.run()
            #expect(recording.firstSpikeTimes[0] == .infinity || recording.firstSpikeTimes[0] >= 0.5, "\(weight)")
            #expect((weight > 1) == (recording.firstSpikeTimes[0] < .infinity), "\(weight)")
        }
    }

    /// What a tiny threshold leaves of the time of a spike does not depend on the scale of the weights.
    @Test(arguments: [1, 2])
    func hugeWeights(_ ratio: Int) throws {
        func time(_ scale: Double, threshold: Double) throws -> Double {
            try SingleLayer(
                ratio: ratio, threshold: threshold, times: [0.1, 0.2], weights: [[-scale, 10 * scale]]
            ).run().firstSpikeTimes[0]
        }
        let limit = try time(1e100, threshold: 1)
        for scale in [1e153, 1e154, 1e155, 1e200, 1e300] {
            #expect(abs(try time(scale, threshold: 1) - limit) <= 1e-14, "\(scale)")
            #expect(abs(try time(scale / 1e150, threshold: 1e-150) - limit) <= 1e-14, "\(scale)")
        }
    }

    @Test(arguments: [1, 2])
    func hugeTimes(_ ratio: Int) throws {
        for first in [0, 1e3, 1e15, 1e300, 1.7e308] as [Double] {
            let layer = try SingleLayer(ratio: ratio, times: [0, first], weights: [[1, 8]])
            let time = try layer.run().firstSpikeTimes[0]
            #expect(time >= first && time.isFinite, "\(first): \(time)")
            let (byWeight, byTime) = try layer.derivatives(layer.run())
            #expect((byWeight + byTime).allSatisfy { $0.isFinite }, "\(first)")
        }
        // Time constants at the ends, too.
        for tauMem in [1e-300, 1e-9, 1e9, 1e300] {
            let layer = try SingleLayer(ratio: ratio, tauMem: tauMem, times: [0, 1e5], weights: [[1, 8], [0, 0]])
            let time = try layer.run().firstSpikeTimes[0]
            #expect(time >= 0 && time.isFinite, "\(tauMem): \(time)")
        }
    }

    /// A hundred thousand inputs, at once and one after the other, to neurons with and without delays of their own.
    @Test(arguments: [1, 2], [DelayKind.none, .synaptic])
    func manyInputs(_ ratio: Int, _ delays: DelayKind) throws {
        let count = 100_000
        var network = try Network(
            sizes: [count, 3], parameters: [LIFParameters(tauMem: [Double(ratio)], tauSyn: [1])], delays: [delays])
        try network.setWeights((0..<3 * count).map { Double($0 / count + 1) * 10 / Double(count) }, connection: 0)
        for window in [0, 1e-9, 2] as [Double] {
            let input = try SpikeTrains(
                times: (0..<count).map { 5 + window * Double($0) / Double(count) },
                units: (0..<count).map { Int32(count - 1 - $0) }, offsets: [0, count], unitCount: count)
            let recording = try FirstSpikeSubstrate().forward(
                network, input, options: ForwardOptions(), monitor: nil)
            let times = recording.firstSpikeTimes
            #expect(times[2] < times[1] && times[1] < times[0] && times[0] < 8, "\(times)")
            let gradients = try FirstSpikeRule().backward(
                network, recording, Objective(loss: LinearLoss(seed: 1, unit: 1, isPlain: true), labels: [0]),
                monitor: nil)
            #expect(abs(gradients.inputTimes.reduce(0, +) - 3) <= 1e-11, "window \(window)")
        }
    }
}
