// A run can be stopped in the middle of a sample, not only between samples.
import EventDriven
import Learning
import Mathematics
import Networks
import Neurons
import Spikes
import Testing

@testable import TestSupport

@Suite struct CancellationTests {
    /// One sample long enough that every engine loop is asked many times; nobody spikes.
    private func input(_ count: Int) throws -> SpikeTrains {
        try SpikeTrains(
            times: (0..<count).map { Double($0 ^ 5) * 1e-6 }, units: (0..<count).map { Int32($0 % 7) },
            offsets: [0, count],
            unitCount: 7)
    }

    @Test(
        arguments: [
            (DelayKind.none, false, false), (.none, false, true), (.none, true, false), (.axonal, false, false),
            (.dendritic, false, false), (.synaptic, true, false),
        ])
    func forwardStopsWithinASample(delays: DelayKind, isRecurrent: Bool, isLeaky: Bool) throws {
        let network = try Network(
            sizes: isRecurrent || !isLeaky ? [7, 960, 2] : [7, 960], delays: [delays],
            recurrent: [isRecurrent].filter { $0 },
            leakyReadout: isLeaky)
        // Weights are zero: the time goes into events alone.
        let monitor = Monitor { false }
        #expect(throws: SpinnpropError.cancelled) {
            try EventSubstrate().forward(
                network, try input(400_000), options: ForwardOptions(endTime: 1e3), monitor: monitor)
        }
        #expect(monitor.done == 0, "the sample was run to its end before anyone was asked")
    }

    @Test func backwardStopsWithinASample() throws {
        // Many times the 20 ms after which somebody is asked.
        let hidden = 192
        var network = try Network(sizes: [7, hidden, 2])
        try network.setWeights([Double](repeating: 1e-3, count: hidden * 7), connection: 0)
        let trains = try input(900_000)
        // Late spikes that somebody is to blame for: the adjoint has to go through all events.
        let columns = [try SpikeColumns(), try SpikeColumns()]
        for unit in 0..<hidden { try columns[0].append(time: 1, unit: unit, current: 2) }
        for unit in 0..<2 { try columns[1].append(time: 1.01, unit: unit, current: 2) }
        for own in columns { own.ends = [own.count] }
        try network.setWeights([Double](repeating: 1, count: 2 * hidden), connection: 1)
        let layers = zip(network.layers, columns).map { layer, own in
            LayerRecording(neuronCount: layer.neuronCount, isSpiking: true, thresholds: [1], segments: [own])
        }
        let recording = Recording(
            input: trains, layers: layers, partition: [0..<1], fingerprint: nil, engine: "event", endTime: 2)
        let monitor = Monitor { false }
        #expect(throws: SpinnpropError.cancelled) {
            try EventAdjoint().backward(
                network, recording, Objective(loss: TTFSCrossEntropy(), labels: [0]), monitor: monitor)
        }
        #expect(monitor.done == 0, "the sample was run to its end before anyone was asked")
    }
}
