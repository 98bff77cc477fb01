// Maxima of a read-out that several arrivals, or the end of the run, share a time with.
import EventDriven
import Networks
import Neurons
import Spikes
import Testing

@testable import TestSupport

struct KinkTests {
    /// dV_max/d(input times) of one read-out neuron, tau_mem 4, tau_syn 1, up to `endTime`.
    private func derivatives(
        weights: [Double], times: [Double], endTime: Double = .infinity, delays: DelayKind
    ) throws -> [Double] {
        var network = try Network(
            sizes: [weights.count, 1], parameters: [LIFParameters(tauMem: [4], tauSyn: [1])], delays: [delays],
            leakyReadout: true)
        try network.setWeights(weights, connection: 0)
        let input = try SpikeTrains(
            times: times, units: times.indices.map { Int32($0) }, offsets: [0, times.count], unitCount: times.count)
        let recording = try EventSubstrate().forward(
            network, input, options: ForwardOptions(endTime: endTime), monitor: nil)
        let loss = LinearLoss(seed: 1, unit: 1, needsLeakyReadout: true, isPlain: true)
        return try EventAdjoint().backward(network, recording, Objective(loss: loss, labels: [0]), monitor: nil)
            .inputTimes
    }

    /// An arrival of weight 0 changes nothing, also where another arrival, or the run, ends the rise at its time.
    @Test(arguments: [DelayKind.none, .synaptic, .axonal, .dendritic])
    func arrivalsWithoutWeight(_ delays: DelayKind) throws {
        let kink = try derivatives(weights: [5, -5], times: [0, 0.5], delays: delays)
        #expect(abs(kink[1] - 0.6431773901108075) <= 1e-12 && abs(kink[0] + kink[1]) <= 1e-12, "\(kink)")
        let before = try derivatives(weights: [5, 0, -5], times: [0, 0.5, 0.5], delays: delays)
        #expect(before == [kink[0], 0, kink[1]], "\(before)")
        let after = try derivatives(weights: [5, -5, 0], times: [0, 0.5, 0.5], delays: delays)
        #expect(after == [kink[0], kink[1], 0], "\(after)")
        let end = try derivatives(weights: [5, 0], times: [0, 0.5], endTime: 0.5, delays: delays)
        #expect(abs(end[0] - kink[0]) <= 1e-12 && end[1] == 0, "\(end)")
    }
}
