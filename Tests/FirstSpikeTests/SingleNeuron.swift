// One layer of neurons with inputs of its own, one spike each: what tests of closed forms look at.
import FirstSpike
import Networks
import Neurons
import Spikes

@testable import TestSupport

struct SingleLayer {
    var network: Network
    var input: SpikeTrains

    /// - Parameters:
    ///   - times: one per input unit.
    ///   - weights: per neuron, one per input unit.
    init(
        ratio: Int, tauMem: Double? = nil, threshold: Double = 1, reset: Double = 0, times: [Double],
        weights: [[Double]]
    ) throws {
        let tauMem = tauMem ?? Double(ratio)
        network = try Network(
            sizes: [times.count, weights.count],
            parameters: [
                LIFParameters(
                    tauMem: [tauMem], tauSyn: [tauMem / Double(ratio)], threshold: [threshold], reset: [reset])
            ])
        try network.setWeights(weights.flatMap { $0 }, connection: 0)
        input = try SpikeTrains(
            times: times, units: times.indices.map { Int32($0) }, offsets: [0, times.count], unitCount: times.count)
    }

    func run(endTime: Double = .infinity) throws -> Recording {
        try FirstSpikeSubstrate().forward(network, input, options: ForwardOptions(endTime: endTime), monitor: nil)
    }

    /// The derivatives of the first neuron's spike time.
    func derivatives(_ recording: Recording) throws -> (byWeight: [Double], byTime: [Double]) {
        let gradients = try FirstSpikeRule().backward(
            network, recording, Objective(loss: LinearLoss(seed: 1, unit: 1, isPlain: true), labels: [0]), monitor: nil)
        return (gradients.weights[0], gradients.inputTimes)
    }
}
