// Fourth-order central differences that notice when their stencil leaves the smooth neighbourhood of a network.
import Mathematics
import Networks
import Neurons
import Spikes

/// What must stay the same for a loss to depend smoothly on the parameters: for every spike the arrivals before it and before its release, for
/// every maximum of a read-out the arrivals before it and whether it sits on one or on the end of the run.
func structure(_ network: Network, _ recording: Recording) -> [UInt64] {
    var result: [UInt64] = []
    for history in histories(network, recording) {
        if network.layers[history.layer].isSpiking {
            result.append(UInt64(history.spikes.count))
            for spike in history.spikes {
                result.append(history.arrivalSet(before: spike))
                if history.neuron.refractory > 0 {
                    result.append(history.arrivalSet(before: spike + history.neuron.refractory))
                }
            }
        } else {
            let time = recording.outputLayer.maximumTimes[history.sample * network.outputCount + history.unit]
            result.append(history.arrivalSet(before: time))
            result.append(history.arrivalSet(before: time.nextUp))
            result.append(time == recording.endTime ? 1 : 0)
        }
    }
    return result
}

/// Some parameters of one kind, whose derivatives are alike in unit: how many there are, the step, and how to shift one of them.
struct ParameterGroup {
    let name: String
    let kind: String
    let count: Int
    let step: Double
    let gradient: [Double]
    let shifted: (_ element: Int, _ amount: Double) throws -> (Network, SpikeTrains)
}

struct Comparison {
    let name: String
    var kept = 0
    /// Entries whose stencil changes the structure, or is too wide for fourth order to mean 1e-9.
    var discarded = 0
    /// |gradient - difference| / |difference| over the entries kept.
    var error = 0.0
}

extension RandomCase {
    /// Everything the adjoint differentiates with respect to.
    func groups(_ gradients: Gradients, relativeStep: Double) -> [ParameterGroup] {
        var groups: [ParameterGroup] = []
        let timeStep = relativeStep * configuration.tauSyn
        for (index, connection) in network.connections.enumerated() {
            let kind = connection.isRecurrent ? "recurrent" : "feed-forward"
            let synapses = connection.weights.indices.filter(connection.constraints.exists)
            let mean = connection.weights.reduce(0) { $0 + abs($1) } / Double(max(1, synapses.count))
            groups.append(
                ParameterGroup(
                    name: "\(kind) weights into layer \(connection.target)", kind: "weights",
                    count: synapses.count, step: relativeStep * mean,
                    gradient: synapses.map { gradients.weights[index][$0] }
                ) { element, amount in
                    var network = network
                    var weights = connection.weights
                    weights[synapses[element]] += amount
                    try network.setWeights(weights, connection: index)
                    return (network, input)
                })
            guard !connection.delays.isEmpty else { continue }
            let delayed = connection.delayKind == .synaptic ? synapses : Array(connection.delays.indices)
            groups.append(
                ParameterGroup(
                    name: "\(kind) delays into layer \(connection.target)", kind: "times",
                    count: delayed.count, step: timeStep, gradient: delayed.map { gradients.delays[index][$0] }
                ) { element, amount in
                    var network = network
                    var delays = connection.delays
                    delays[delayed[element]] += amount
                    try network.setDelays(delays, connection: index)
                    return (network, input)
                })
        }
        groups.append(
            ParameterGroup(
                name: "input times", kind: "times", count: input.spikeCount, step: timeStep,
                gradient: gradients.inputTimes
            ) { element, amount in
                var times = input.times
                times[element] += amount
                let shifted = try SpikeTrains(
                    times: times, units: input.units, offsets: input.offsets, unitCount: input.unitCount)
                return (network, shifted)
            })
        for (layer, own) in gradients.neurons.enumerated() {
            let count = network.layers[layer].neuronCount
            for field in LIFParameters.fields {
                let values = network.layers[layer].parameters[keyPath: field.path]
                // Resets and drives may be 0, and move as thresholds do.
                let isShift = field.name == "reset" || field.name == "drive"
                let scale = isShift ? network.layers[layer].parameters.threshold : values
                // A refractory period of 0 cannot be shorter.
                guard let least = scale.min(), least > 0 else { continue }
                // With more of a drive a leaky read-out would rise for ever.
                if field.name == "drive", !network.layers[layer].isSpiking, options.endTime == .infinity { continue }
                let step = relativeStep * least
                groups.append(
                    ParameterGroup(
                        name: "\(field.name) of layer \(layer)", kind: field.name, count: count, step: step,
                        gradient: own[keyPath: field.path]
                    ) { element, amount in
                        var network = network
                        var parameters = network.layers[layer].parameters
                        var shifted = (0..<count).map { values[values.count == 1 ? 0 : $0] }
                        shifted[element] += amount
                        parameters[keyPath: field.path] = shifted
                        try network.setParameters(parameters, layer: layer)
                        return (network, input)
                    })
            }
        }
        return groups
    }

    /// Compares the gradient of an exact substrate and rule with differences over at most `limit` entries of each group, drawn from the seed.
    func compare(
        _ loss: LinearLoss, rate: RateRegularisation?, relativeStep: Double, limit: Int, _ substrate: some Substrate,
        _ rule: some GradientRule
    ) throws -> [Comparison] {
        let objective = Objective(
            loss: loss, labels: [Int](repeating: 0, count: input.sampleCount), rate: rate,
            wantsNeurons: rule.differentiatesNeurons)
        return try compare(
            relativeStep: relativeStep, limit: limit, substrate, rule, objective: { _ in objective },
            value: { loss.value($1, rate: rate) })
    }

    /// The same for any function of a network's recording. - Parameter objective: whose derivative the function has.
    func compare(
        relativeStep: Double, limit: Int, _ substrate: some Substrate, _ rule: some GradientRule,
        objective: (Recording) throws -> Objective, value: (Network, Recording) throws -> Double
    ) throws -> [Comparison] {
        let function = value
        let recording = try forward(substrate)
        let gradients = try rule.backward(network, recording, objective(recording), monitor: nil)
        let base = structure(network, recording)
        var random = RandomStream(seed: seed, stream: 77)
        let groups = groups(gradients, relativeStep: relativeStep)
        var comparisons: [Comparison] = []
        for group in groups {
            var comparison = Comparison(name: group.name)
            var difference = 0.0
            var norm = 0.0
            // A group's own norm, but never less than a hundredth of what its kind reaches.
            let kind = groups.lazy.filter { $0.kind == group.kind }.flatMap { $0.gradient }.map(abs).max() ?? 0
            for drawn in 0..<min(limit, group.count) {
                let element = group.count <= limit ? drawn : Int(random.uniform() * Double(group.count))
                func value(_ place: Double) throws -> Double? {
                    let (network, input) = try group.shifted(element, place * group.step)
                    let shifted = try forward(substrate, network, input)
                    return structure(network, shifted) == base ? try function(network, shifted) : nil
                }
                guard let plus2 = try value(2), let minus2 = try value(-2), let plus = try value(1),
                    let minus = try value(-1)
                else {
                    comparison.discarded += 1
                    continue
                }
                let narrow = (plus - minus) / (2 * group.step)
                let wide = (plus2 - minus2) / (4 * group.step)
                // Second order is off by h^2 f'''; where that is more than 1e-4.5, fourth order need not hold to 1e-9.
                guard abs(narrow - wide) <= 3e-5 * max(abs(narrow), 1e-2 * kind) else {
                    comparison.discarded += 1
                    continue
                }
                let slope = (4 * narrow - wide) / 3
                comparison.kept += 1
                difference += (slope - group.gradient[element]) * (slope - group.gradient[element])
                norm += slope * slope
            }
            norm = max(norm.squareRoot(), 1e-2 * kind)
            comparison.error = difference == 0 ? 0 : difference.squareRoot() / norm
            comparisons.append(comparison)
        }
        return comparisons
    }
}
