// Spikes, currents, maxima, losses and gradients against a 60-digit solver that shares nothing with the engine.
import EventDriven
import Networks
import Neurons
import Testing

@testable import TestSupport

struct ReferenceTests {
    @Test func fixtureIsRead() throws {
        #expect(try ReferenceCase.file.get().count == 31)
    }

    @Test(arguments: ReferenceCase.all)
    func spikesAgree(_ reference: ReferenceCase) throws {
        let recording = try EventSubstrate().forward(
            reference.network(), reference.input(), options: reference.options, monitor: nil)
        var worst = 0.0
        for (layer, expected) in reference.spikes.enumerated() {
            let spikes = recording.layers[layer].spikes
            #expect(spikes.units == expected.units, "layer \(layer)")
            #expect(spikes.offsets == expected.offsets, "layer \(layer)")
            let error = worstRelative(spikes.times, expected.times)
            #expect(error <= 1e-12, "times, layer \(layer)")
            let currentError = worstRelative(recording.layers[layer].currents, expected.currents)
            #expect(currentError <= 1e-12, "currents, layer \(layer)")
            worst = max(worst, error, currentError)
        }
        if let maxima = reference.maxima, let times = reference.maximumTimes {
            let error = max(
                worstRelative(recording.outputLayer.maxima, maxima.flatMap { $0 }),
                worstRelative(recording.outputLayer.maximumTimes, times.flatMap { $0 }))
            #expect(error <= 1e-12, "maxima")
            worst = max(worst, error)
        }
        print("reference: \(reference.name): spikes and maxima, worst error \(worst)")
    }

    @Test(arguments: ReferenceCase.all)
    func gradientsAgree(_ reference: ReferenceCase) throws {
        let network = try reference.network()
        let recording = try EventSubstrate().forward(
            network, reference.input(), options: reference.options, monitor: nil)
        var worst = 0.0
        for (index, expected) in reference.objectives.enumerated() {
            let place = "\(reference.name), objective \(index) (\(expected.kind), rate \(expected.rate != nil))"
            let gradients = try EventAdjoint().backward(network, recording, expected.objective(), monitor: nil)
            #expect(gradients.skippedCount == expected.skipped, "\(place)")
            let valueError = worstRelative([gradients.value], [expected.value])
            #expect(valueError <= 1e-12, "\(place): \(gradients.value) instead of \(expected.value)")
            func compare(_ name: String, _ values: [Double], _ reference: [Double]) {
                let error = normRelative(values, reference)
                worst = max(worst, error)
                #expect(error <= 1e-8, "\(place), \(name): \(values) instead of \(reference)")
            }
            let g = expected.gradients
            for layer in network.layers.indices {
                let references = [g.tauMem, g.tauSyn, g.threshold, g.reset, g.drive, g.refractory]
                for (field, reference) in zip(LIFParameters.fields, references.map { $0[layer] }) {
                    let own = gradients.neurons[layer][keyPath: field.path]
                    compare("\(field.name) \(layer)", reference.count == 1 ? [own.reduce(0, +)] : own, reference)
                }
                for isRecurrent in [false, true] {
                    guard let at = network.connectionIndex(into: layer, recurrent: isRecurrent) else { continue }
                    compare(
                        "weights \(layer) recurrent \(isRecurrent)", gradients.weights[at],
                        (isRecurrent ? g.recurrentWeights : g.weights)[layer])
                    compare(
                        "delays \(layer) recurrent \(isRecurrent)", gradients.delays[at],
                        (isRecurrent ? g.recurrentDelaysValues : g.delaysValues)[layer])
                }
            }
            compare("input times", gradients.inputTimes, expected.gradients.inputTimes)
        }
        print("reference: \(reference.name): gradients, worst error in norm \(worst)")
    }
}
