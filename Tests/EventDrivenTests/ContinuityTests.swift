// Results do not jump where one method of finding a crossing takes over from another.
import EventDriven
import Networks
import Neurons
import Spikes
import Testing

@testable import TestSupport

struct ContinuityTests {
    static let ratios = [1, 2, 4, 0.5, 0.25] as [Double]

    /// The results of a case with tau_mem / tau_syn = ratio (1 + gap).
    private func run(_ seed: UInt64, _ ratio: Double, _ gap: Double, _ delays: DelayKind) throws -> (
        Recording, Gradients
    ) {
        // The case is drawn at the ratio itself, so that only tau_mem differs.
        var instance = try RandomCase(Configuration(ratio: ratio, delays: [delays]), seed: seed)
        for layer in instance.network.layers.indices {
            var parameters = instance.network.layers[layer].parameters
            parameters.tauMem = parameters.tauMem.map { $0 * (1 + gap) }
            try instance.network.setParameters(parameters, layer: layer)
        }
        let recording = try instance.forward()
        let objective = Objective(loss: LinearLoss(seed: seed, unit: 5e-3), labels: [0, 0, 0])
        return (recording, try EventAdjoint().backward(instance.network, recording, objective, monitor: nil))
    }

    @Test(arguments: ratios, [DelayKind.none, .dendritic])
    func throughSpecialRatios(_ ratio: Double, _ delays: DelayKind) throws {
        var compared = 0
        for seed in 1...6 as ClosedRange<UInt64> {
            let (base, baseGradients) = try run(seed, ratio, 0, delays)
            // How fast times really change: the slope over a gap wide enough to see it and too narrow to bend.
            for gap in [1e-15, -1e-15, 1e-14, -1e-14, 1e-12, -1e-12, 1e-10, -1e-10, 1e-8, -1e-8, 1e-7, -1e-7] {
                let place = "ratio \(ratio), seed \(seed), delays \(delays), gap \(gap)"
                let (near, nearGradients) = try run(seed, ratio, gap, delays)
                let (far, farGradients) = try run(seed, ratio, gap < 0 ? -1e-6 : 1e-6, delays)
                for layer in base.layers.indices {
                    let times = base.layers[layer].spikes.times
                    guard far.layers[layer].spikes.units == base.layers[layer].spikes.units else { continue }
                    #expect(near.layers[layer].spikes.units == base.layers[layer].spikes.units, "\(place)")
                    for (k, time) in near.layers[layer].spikes.times.enumerated() where k < times.count {
                        let expected = (far.layers[layer].spikes.times[k] - times[k]) * abs(gap) / 1e-6
                        // Second order is what a wide gap has of its own; a jump would not shrink with the gap.
                        #expect(
                            abs(time - times[k] - expected) <= 2e-2 * abs(expected) + 1e-13 * times[k],
                            "\(place): \(times[k]) became \(time), \(expected) later was expected")
                        compared += 1
                    }
                }
                guard far.layers.map(\.spikes.units) == base.layers.map(\.spikes.units) else { continue }
                let change = normRelative(nearGradients.weights.flatMap { $0 }, baseGradients.weights.flatMap { $0 })
                let expected = normRelative(farGradients.weights.flatMap { $0 }, baseGradients.weights.flatMap { $0 })
                #expect(change <= 2 * expected * abs(gap) / 1e-6 + 1e-11, "\(place): gradients changed by \(change)")
            }
        }
        #expect(compared > 1000)
    }
}
