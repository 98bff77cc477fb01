// Neuron parameters under training: the numbers that are trained in their stead, and the domain they keep to.
import Mathematics
import Neurons

/// What training does to neuron parameters beside the optimiser's formula. All trained numbers p begin at 0 and have no unit:
///
///     tau_mem, tau_syn, threshold     x = x_0 e^p             dL/dp = x dL/dx, and so > 0 whatever the step
///     reset, drive                    x = x_0 + theta_0 p     dL/dp = theta_0 dL/dx, theta_0 the threshold in the beginning
///
/// Neurons that share a value in the beginning go on sharing it: its derivative is the sum of theirs.
///
/// After a step p is brought back to where float64 and the domain of neurons end: time constants within a factor of 1e6 of each other,
/// all within one of 1e100 of where they were, and thresholds above resets, of the two the one that is trained, by 0.1 % of the threshold. Drives
/// keep within what `LIFParameters.largestDrive` leaves them.
package struct NeuronRule: Equatable, Sendable {
    /// One kind of parameter of one layer.
    struct Kind: Equatable, Sendable {
        let layer: Int
        /// Among `LIFParameters.fields`.
        let field: Int
        /// What the values were in the beginning: one for all neurons, or one each.
        let initial: [Double]
        /// What a step of 1 adds to a reset or a drive.
        let unit: [Double]

        var path: WritableKeyPath<LIFParameters, [Double]> { LIFParameters.fields[field].path }
        fileprivate var isAdded: Bool { unit.count > 0 }
    }

    /// In the order in which the optimiser keeps them: layer by layer, in that of `LIFParameters.fields`.
    let arrays: [Kind]

    init(_ trained: TrainedParameters, _ network: Network) {
        let names = trained.fields.map(\.name)
        arrays = network.layers.enumerated().flatMap { index, layer in
            LIFParameters.fields.enumerated().filter { names.contains($1.name) }.map { at, field in
                let own = layer.parameters
                let initial = own[keyPath: field.path]
                let thresholds = initial.indices.map {
                    initial.count == 1 ? own.threshold.max() ?? 1 : own[$0].threshold
                }
                return Kind(
                    layer: index, field: at, initial: initial,
                    unit: ["reset", "drive"].contains(field.name) ? thresholds : [])
            }
        }
    }

    /// Turns the gradients of neuron parameters into those of what is trained in their stead; of what is not trained none are left.
    func differentiate(_ gradients: inout Gradients, _ network: Network) {
        let neurons = gradients.neurons
        gradients.neurons = network.layers.map { _ in .none }
        for own in arrays {
            let values = network.layers[own.layer].parameters[keyPath: own.path]
            let gradient = neurons[own.layer][keyPath: own.path]
            var sums = [Double](repeating: 0, count: own.initial.count)
            for (neuron, entry) in gradient.enumerated() {
                let at = own.initial.count == 1 ? 0 : neuron
                sums[at] += entry * (own.isAdded ? own.unit[at] : values[values.count == 1 ? 0 : neuron])
            }
            gradients.neurons[own.layer][keyPath: own.path] = sums
        }
    }

    /// Brings the trained numbers of all arrays that are not frozen back into the domain and sets the parameters that they stand for.
    func apply(
        _ trained: inout [[Double]], to network: inout Network, isFrozen: [Bool]
    ) throws(SpinnpropError) {
        for layer in network.layers.indices {
            var own = network.layers[layer].parameters
            let places = arrays.indices.filter { arrays[$0].layer == layer && !isFrozen[$0] }
            guard !places.isEmpty else { continue }
            for at in places {
                for n in trained[at].indices { trained[at][n] = max(-230, min(230, trained[at][n])) }
                own[keyPath: arrays[at].path] = values(at, trained[at])
            }
            // Each of a pair that is trained gives way to the other, as far as the neurons that share it need.
            for at in places {
                let limits = limits(at, own, neuronCount: network.layers[layer].neuronCount)
                for (n, value) in own[keyPath: arrays[at].path].enumerated() {
                    let bounded = max(limits[n].low, min(limits[n].high, value))
                    guard bounded != value else { continue }
                    own[keyPath: arrays[at].path][n] = bounded
                    trained[at][n] = number(at, n, bounded)
                }
            }
            try network.setParameters(own, layer: layer)
        }
    }

    private func values(_ array: Int, _ trained: [Double]) -> [Double] {
        let own = arrays[array]
        return trained.indices.map { n in
            own.isAdded ? own.initial[n] + own.unit[n] * trained[n] : own.initial[n] * Elementary.exp(trained[n])
        }
    }

    /// The number that stands for a value.
    private func number(_ array: Int, _ n: Int, _ value: Double) -> Double {
        let own = arrays[array]
        return own.isAdded ? (value - own.initial[n]) / own.unit[n] : Elementary.log(value / own.initial[n])
    }

    /// Within which each value of an array keeps the neurons that have it in the domain.
    private func limits(_ array: Int, _ parameters: LIFParameters, neuronCount: Int) -> [(low: Double, high: Double)] {
        let own = arrays[array]
        var limits = [(low: Double, high: Double)](repeating: (-.infinity, .infinity), count: own.initial.count)
        for neuron in 0..<neuronCount {
            let at = own.initial.count == 1 ? 0 : neuron
            let values = parameters[neuron]
            let largest = LIFParameters.largestDrive(threshold: values.threshold, reset: values.reset)
            // What a drive asks of the threshold and of its way from the reset, and a little for rounding.
            let least = values.drive.magnitude * 1.000001e-6
            let (low, high): (Double, Double) =
                switch LIFParameters.fields[own.field].name {
                case "tau_mem": (values.tauSyn * 1e-6, values.tauSyn * 1e6)
                case "tau_syn": (values.tauMem * 1e-6, values.tauMem * 1e6)
                case "threshold":
                    (
                        max(values.reset > 0 ? values.reset / (1 - NeuronRule.gap) : 0, least, values.reset + least),
                        .infinity
                    )
                case "reset": (-.infinity, min(values.threshold * (1 - NeuronRule.gap), values.threshold - least))
                default: (-largest, largest)
                }
            limits[at] = (max(limits[at].low, low), min(limits[at].high, high))
        }
        return limits
    }

    /// By how much of a threshold a reset stays below it.
    private static let gap = 1e-3
}
