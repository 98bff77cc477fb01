// All bits of results, so that "the same" means the same.
import Networks
import Neurons

/// Of a recording: spikes, currents, membranes, and a leaky read-out's maxima.
func bits(_ recording: Recording) -> [[[UInt64]]] {
    recording.layers.map { layer in
        let spikes = layer.spikes
        return [
            spikes.times.map(\.bitPattern), spikes.units.map { UInt64($0) }, spikes.offsets.map { UInt64($0) },
            layer.currents.map(\.bitPattern), layer.membranes.map(\.bitPattern), layer.maxima.map(\.bitPattern),
            layer.maximumTimes.map(\.bitPattern), layer.maximumCurrents.map(\.bitPattern),
        ]
    }
}

/// Of gradients: every derivative, the value, and the numbers of samples skipped and right.
func bits(_ gradients: Gradients) -> [[UInt64]] {
    let neurons = gradients.neurons.flatMap { own in LIFParameters.fields.map { own[keyPath: $0.path] } }
    return (gradients.weights + gradients.delays + neurons + [gradients.inputTimes, [gradients.value]])
        .map { $0.map(\.bitPattern) }
        + [[UInt64(gradients.skippedCount), UInt64(gradients.correctCount)]]
}

func isIdentical(_ a: Recording, _ b: Recording) -> Bool { bits(a) == bits(b) }

func isIdentical(_ a: Gradients, _ b: Gradients) -> Bool { bits(a) == bits(b) }
