// Local learning written plainly: one neuron, one synapse, one step after another.
import Mathematics

@testable import LocalLearning

/// A sample's run and its gradient, by the formulas as they stand in the paper or, for bits, in the order that the room documents.
struct Restatement {
    let network: LocalNetwork
    let options: LocalOptions
    /// x[l][t][i]: whether i spikes, layer 0 being the input.
    var x: [[[Bool]]]
    /// v[l][t][j] of layer l, which x[l] leads to.
    var v: [[[Float]]] = []

    init(_ network: LocalNetwork, _ options: LocalOptions, input: [[Bool]]) {
        (self.network, self.options, x) = (network, options, [input])
        let (d, theta) = (Float(options.decay), Float(options.threshold))
        for layer in network.layers.indices {
            let (weights, biases) = (network.weights(layer: layer), network.biases(layer: layer))
            let (pre, post) = (network.sizes[layer], network.sizes[layer + 1])
            var membranes = [[Float]](repeating: [Float](repeating: 0, count: post), count: options.steps)
            var spikes = [[Bool]](repeating: [Bool](repeating: false, count: post), count: options.steps)
            for step in 0..<options.steps {
                for j in 0..<post {
                    var value = biases[j]
                    if step > 0 { value = (spikes[step - 1][j] ? 0 : d * membranes[step - 1][j]) + biases[j] }
                    for i in 0..<pre where x[layer][step][i] { value += weights[j * pre + i] }
                    membranes[step][j] = value
                    spikes[step][j] = value > theta
                }
            }
            v.append(membranes)
            x.append(spikes)
        }
    }

    func h(_ layer: Int, _ step: Int, _ j: Int) -> Float {
        (v[layer][step][j] - Float(options.threshold)).magnitude < Float(options.window) ? Float(options.amplitude) : 0
    }

    /// The spike counts of the output up to and with a step, from `countsFrom` on.
    func counts(_ step: Int) -> [Int] {
        (0..<network.outputCount).map { output in
            (0...step).filter { $0 >= options.countsFrom && x[network.layers.count][$0][output] }.count
        }
    }

    /// The error of each error step.
    func errors(_ label: Int) -> [[Double]] {
        (options.softStart..<options.steps).map { step in
            let counts = counts(options.counts == .final ? options.steps - 1 : step)
            let largest = counts.max() ?? 0
            let powers = counts.map { Elementary.exp(Double($0 - largest)) }
            let sum = powers.reduce(0, +)
            return powers.enumerated().map { $1 / sum - ($0 == label ? 1 : 0) }
        }
    }

    /// a of the output: spikes of the error neurons, or errors.
    func dendrites(_ label: Int) -> [Float] {
        let errors = errors(label)
        return (0..<network.outputCount).map { output in
            var (plus, minus, sum): (Float, Float, Float) = (0, 0, 0)
            for error in errors {
                if options.rule != .biograd {
                    sum += Float(error[output])
                    continue
                }
                plus += Float(error[output])
                minus -= Float(error[output])
                let (isUp, isDown) =
                    options.includesThreshold ? (plus >= 1, minus >= 1) : (plus > 1, minus > 1)
                if isUp { (plus, sum) = (plus - 1, sum + 1) }
                if isDown { (minus, sum) = (minus - 1, sum - 1) }
            }
            return sum
        }
    }

    /// a of a layer over the number of error steps.
    func shares(_ layer: Int, _ label: Int) -> [Float] {
        let output = dendrites(label)
        let steps = Float(options.steps - options.softStart)
        guard layer < network.layers.count - 1 else { return output.map { $0 / steps } }
        let (feedback, outputs) = (network.feedback(layer: layer), network.outputCount)
        return (0..<network.sizes[layer + 1]).map { j in
            var sum: Float = 0
            for k in 0..<outputs where output[k] != 0 { sum += output[k] * feedback[j * outputs + k] }
            return sum / steps
        }
    }

    /// The gradient of a layer's weights in float64, (post, pre), with a trace for each synapse as in the paper.
    func traced(_ layer: Int, _ label: Int) -> [Double] {
        let (pre, post) = (network.sizes[layer], network.sizes[layer + 1])
        let (shares, d) = (shares(layer, label), Double(Float(options.decay)))
        var gradient = [Double](repeating: 0, count: pre * post)
        for j in 0..<post {
            for i in 0..<pre {
                var (trace, sum) = (0.0, 0.0)
                for step in 0..<options.steps {
                    trace = d * trace + (x[layer][step][i] ? 1 : 0)
                    let (h, v) = (Double(h(layer, step, j)), Double(v[layer][step][j]))
                    if step >= options.tracesFrom { sum += h * trace }
                    trace *= 1 - (x[layer + 1][step][j] ? 1 : 0) - v * h
                }
                gradient[j * pre + i] = Double(shares[j]) * sum
            }
        }
        return gradient
    }

    /// The gradient of a layer's weights and biases bit for bit.
    func exact(_ layer: Int, _ label: Int) -> (weights: [Float], biases: [Float]) {
        let (pre, post) = (network.sizes[layer], network.sizes[layer + 1])
        let (shares, d) = (shares(layer, label), Float(options.decay))
        var (weights, biases) = ([Float](repeating: 0, count: pre * post), [Float](repeating: 0, count: post))
        for j in 0..<post {
            var lambda = [Float](repeating: 0, count: options.steps)
            for step in (0..<options.steps).reversed() {
                let h = h(layer, step, j)
                let kept = (x[layer + 1][step][j] ? 0 : 1) - v[layer][step][j] * h
                lambda[step] = step >= options.tracesFrom ? shares[j] * h : 0
                if step < options.steps - 1 { lambda[step] += d * kept * lambda[step + 1] }
            }
            for step in 0..<options.steps { biases[j] += lambda[step] }
            for i in 0..<pre {
                for step in 0..<options.steps where x[layer][step][i] { weights[j * pre + i] += lambda[step] }
            }
        }
        return (weights, biases)
    }

    /// The derivative of the loss with respect to each weight of a layer in float64, forward in time: how every later membrane and spike
    /// moves with the weight, spikes by their surrogate derivative.
    func sensitivities(_ layer: Int, _ label: Int) -> [Double] {
        let (pre, post) = (network.sizes[layer], network.sizes[layer + 1])
        let errors = errors(label)
        var gradient: [Double] = []
        for j in 0..<post {
            for i in 0..<pre {
                // dv and ds of all neurons from this layer on.
                var dv = network.sizes[(layer + 1)...].map { [Double](repeating: 0, count: $0) }
                var ds = dv
                var (count, total) = ([Double](repeating: 0, count: network.outputCount), 0.0)
                for step in 0..<options.steps {
                    for upper in layer..<network.layers.count {
                        let n = upper - layer
                        let (below, weights) = (network.sizes[upper], network.weights(layer: upper))
                        for k in 0..<network.sizes[upper + 1] {
                            var change = 0.0
                            if step > 0 {
                                let before = step - 1
                                let spike = x[upper + 1][before][k] ? 1.0 : 0
                                change =
                                    options.decay * (1 - spike - Double(v[upper][before][k] * h(upper, before, k)))
                                    * dv[n][k]
                            }
                            if n == 0 {
                                if k == j && x[layer][step][i] { change += 1 }
                            } else {
                                for m in 0..<below { change += Double(weights[k * below + m]) * ds[n - 1][m] }
                            }
                            dv[n][k] = change
                            ds[n][k] = Double(h(upper, step, k)) * change
                        }
                    }
                    guard let last = ds.last else { continue }
                    if step >= options.countsFrom { for k in count.indices { count[k] += last[k] } }
                    if step >= options.softStart, options.counts == .running {
                        for k in count.indices { total += errors[step - options.softStart][k] * count[k] }
                    }
                }
                if options.counts == .final {
                    gradient.append(zip(errors[0], count).reduce(0) { $0 + $1.0 * $1.1 })
                } else {
                    gradient.append(total / Double(errors.count))
                }
            }
        }
        return gradient
    }
}
